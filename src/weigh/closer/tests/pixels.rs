//! What a closer look makes of its pixels: medians, the inner half, surroundings, amplitudes.

use super::*;
use crate::patch::label::neighbours;

#[test]
fn a_view_counts_from_three_of_ten_pixels_and_a_view_of_none_never() {
    let medians = |seen: usize| {
        // Ten pixels of the field's first row, of which so many saw the last six views.
        let series = |row: usize, col: usize| match row == 14 && (14..14 + seen).contains(&col) {
            true => pixel(1.0),
            false => hidden(&pixel(1.0), 8..14),
        };
        on_the_field(series, |look| {
            let row: Vec<usize> = (14..24).map(|col| look.place(Pixel { row: 14, col })).collect();
            with_question(|asked| look.medians(&row, 3, 14, asked.look_back))
        })
    };
    assert_eq!(medians(3).views, (0..14).collect::<Vec<usize>>());
    assert_eq!(medians(2).views, (0..8).collect::<Vec<usize>>());
    assert_eq!((medians(2).observed[0].len(), medians(2).z[2].len()), (8, 8));
    let none = on_the_field(|_, _| pixel(1.0), |look| look.medians(&[], 3, 14, &[false; 14]));
    assert!(none.views.is_empty() && none.observed.len() == 3);
}

#[test]
fn a_place_is_a_pixel_of_the_window_row_by_row() {
    let patch = drawn(|row, col| in_block(row, col, (12, 24)));
    let look = Look::new(&patch, WHOLE);
    // Eight pixels around: rows from 6, columns 4 to 31.
    assert_eq!(look.window(), Window { row0: 6, col0: 4, rows: 26, cols: 28 });
    let at = |row, col| look.place(Pixel { row, col });
    assert_eq!((at(6, 4), at(6, 31), at(7, 4), at(10, 9)), (0, 27, 28, 117));
    let ground = look.ground();
    assert_eq!((ground.len(), ground[0], ground[119]), (120, 8 * 28 + 8, 17 * 28 + 19));
}

#[test]
fn the_inner_half_moved_most_and_leaves_out_what_is_taken() {
    // Each row of the field moved farther than the one before.
    let patch = drawn(|row, col| in_block(row, col, (14, 24)));
    let look = look(&patch, |_, _| pixel(1.0));
    let window = look.window();
    let values = (0..window.len()).map(|place| (place / window.cols) as f32).collect();
    let field = Field { window, values };
    let none = vec![false; window.len()];
    let rows =
        |half: Vec<usize>| half.iter().map(|place| window.row0 + place / window.cols).collect::<Vec<usize>>();
    let half = rows(look.inner_half(&patch, &field, &none));
    assert_eq!(half.len(), 50);
    assert!(half.iter().all(|row| (19..24).contains(row)));
    // The last three rows are another piece of ground: half of the other seven.
    let mut taken = none.clone();
    (21..24).for_each(|row| (14..24).for_each(|col| taken[look.place(Pixel { row, col })] = true));
    let half = rows(look.inner_half(&patch, &field, &taken));
    assert_eq!((half.len(), half[0], half[34]), (35, 20, 17));
    // Where hardly anything is left four pixels speak.
    let mut taken = vec![true; window.len()];
    (14..20).for_each(|col| taken[look.place(Pixel { row: 15, col })] = false);
    assert_eq!(look.inner_half(&patch, &field, &taken).len(), 4);
}

#[test]
fn the_surroundings_are_neither_of_the_first_patch_nor_of_the_cut_one_and_nan_where_hidden() {
    // Evidence drew the field; the cut one lies beside it; the rest was hidden in three views.
    let cut = drawn(|row, col| in_block(row, col, (24, 28)));
    let seen = |row: usize, col: usize| match (in_block(row, col, (14, 24)), in_block(row, col, (24, 28))) {
        (true, _) => pixel(1.0),
        (_, true) => pixel(0.5),
        _ => hidden(&pixel(0.1), 10..13),
    };
    let around = on_the_field(seen, |look| {
        let series = pixel(1.0);
        with_question(|asked| look.around(&cut, &series, 3, (14, asked.look_back)))
    });
    assert_eq!((around.len(), around[0].len()), (3, 14));
    for (view, ndvi) in around[0].iter().enumerate() {
        let known = if view < 8 { 0.30 } else { 0.30 - 0.1 * 0.22 };
        let is_hidden = (10..13).contains(&view);
        assert!(if is_hidden { ndvi.is_nan() } else { (ndvi - known).abs() < 1e-5 });
    }
}

#[test]
fn how_far_a_pixel_moved_is_the_middle_of_its_season_and_nought_where_it_was_not_seen() {
    let model = g1();
    let moved = |series: Series| {
        let prepared = Prepared::new(&model, &FEATURES, |_, _| 0.0);
        let clone = move |_: usize, _: usize| series.clone();
        on_the_field(clone, |look| with_question(|asked| look.moved(0, &prepared, asked)))
    };
    let (all, half) = (moved(pixel(1.0)), moved(pixel(0.5)));
    // Linear in the share that is gone; tens of the least spread.
    assert!(all > 10.0 && (half / all - 0.5).abs() < 1e-4, "{half} {all}");
    assert_eq!(moved(hidden(&pixel(1.0), 8..14)), 0.0);
    // Nothing moves the other way, whatever the other half of the evidence says.
    let mut turned = pixel(1.0);
    turned.observed = turned.expected.clone();
    assert_eq!(moved(turned), 0.0);
}

#[test]
fn an_amplitude_is_of_the_chosen_views_alone_and_nan_where_none_was_seen() {
    let model = g1();
    let prepared = Prepared::new(&model, &FEATURES, |_, _| 0.0);
    let seen = |row: usize, _: usize| if row < 14 { hidden(&pixel(1.0), 8..14) } else { pixel(1.0) };
    let values =
        |views: &[usize]| on_the_field(seen, |look| look.amplitudes(&prepared, &FEATURES, 0, views).values);
    let (quiet, bare) = (values(&[6, 7]), values(&[9, 10, 11]));
    // Bare spring: -.7 of NDVI, .7 of the bare-soil index and .3 of brightness, in units of the least spread.
    let far = 0.7 * 0.22 / 0.015 + 0.7 * 0.25 / 0.015 + 0.3 * 0.10 / 0.010;
    let last = bare.len() - 1;
    assert!(bare[0].is_nan() && (bare[last] - far).abs() < 1e-3, "{}", bare[last]);
    assert_eq!((quiet[0], quiet[last]), (0.0, 0.0));
}

#[test]
fn where_amplitude_gives_no_region_the_patch_stays_as_evidence_drew_it() {
    let patch = drawn(|row, col| in_block(row, col, (14, 24)));
    let seed: Vec<usize> = (0..3).map(|col| 14 * 40 + 14 + col).collect();
    let values = (0..1600).map(|pixel| if seed.contains(&pixel) { 9.0 } else { 0.0 }).collect();
    let few = Field { window: WHOLE, values };
    assert_eq!(recut(&patch, &few, &seed, &seed), (patch.clone(), 0.0));
    // A region of its own keeps core and ring of the evidence; amplitude is core less ring of the field.
    let seed: Vec<usize> = (0..1600).filter(|pixel| in_block(pixel / 40, pixel % 40, (14, 20))).collect();
    let is_near =
        |pixel: usize| seed.iter().any(|own| neighbours(*own, 40, 40, true).any(|next| next == pixel));
    let value = |pixel: usize| {
        if seed.contains(&pixel) {
            9.0
        } else if is_near(pixel) {
            3.0
        } else {
            2.0
        }
    };
    let field = Field { window: WHOLE, values: (0..1600).map(value).collect() };
    let (cut, amplitude) = recut(&patch, &field, &seed, &seed);
    assert_eq!((cut.pixels.len(), cut.core, cut.ring, amplitude), (60, 10.0, 0.0, 7.0));
}
