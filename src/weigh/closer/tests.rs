//! Drawn ground of 40 x 40 px: which pieces of it are concluded about, and from which pixels.

mod pixels;
mod years;

use super::*;
use crate::submodel::{self, SubModel};

const FEATURES: [Feature; 3] = [Feature::Ndvi, Feature::Bsi, Feature::Brightness];

const WHOLE: Window = Window { row0: 0, col0: 0, rows: 40, cols: 40 };

/// A pixel that moves this share of the way to bare soil after eight quiet views.
fn pixel(share: f32) -> Series {
    let line = |before: f32, bare: f32| -> Vec<f32> {
        (0..14).map(|view| if view < 8 { before } else { before + share * (bare - before) }).collect()
    };
    let flat = |value: f32| vec![value; 14];
    let z = |sign: f32| (0..14).map(|view| if view < 8 { 0.1 } else { sign * 8.0 * share }).collect();
    Series {
        views: (0..14).collect(),
        observed: vec![line(0.30, 0.08), line(0.05, 0.30), line(0.15, 0.25)],
        expected: vec![flat(0.30), flat(0.05), flat(0.15)],
        control: vec![flat(0.31), flat(0.06), flat(0.16)],
        z: vec![z(-1.0), z(1.0), z(1.0)],
        history: vec![(0.30, 0.30), (0.05, 0.05), (0.15, 0.15)],
    }
}

/// A pixel that was not seen in some views.
fn hidden(series: &Series, views: std::ops::Range<usize>) -> Series {
    let left =
        |line: &Vec<f32>| (0..14).filter(|view| !views.contains(view)).map(|view| line[view]).collect();
    let all = |lines: &[Vec<f32>]| lines.iter().map(left).collect();
    Series {
        views: (0..14).filter(|view| !views.contains(view)).collect(),
        observed: all(&series.observed),
        expected: all(&series.expected),
        control: all(&series.control),
        z: all(&series.z),
        history: series.history.clone(),
    }
}

fn g1() -> SubModel {
    submodel::select(&["G1".to_owned()]).unwrap().remove(0)
}

/// Asks of 2021 after a look-back in 2020: eight views and six.
fn with_question<Told>(ask: impl FnOnce(&Asked) -> Told) -> Told {
    let date = |view: i8| match view {
        0..8 => Date::constant(2020, 4 + view % 6, 5 + view),
        _ => Date::constant(2021, 4 + (view - 8), 10),
    };
    let dates: Vec<Date> = (0..14).map(date).collect();
    let look_back: Vec<bool> = (0..14).map(|view| view < 8).collect();
    let target = Period::parse("2021-01-01/2021-12-31").unwrap();
    ask(&Asked { features: &FEATURES, dates: &dates, look_back: &look_back, target })
}

/// The patch that evidence drew where `is_drawn`: evidence saturates, so it holds everything that moved.
fn drawn(is_drawn: impl Fn(usize, usize) -> bool) -> Patch {
    let inside: Vec<usize> = (0..1600).filter(|pixel| is_drawn(pixel / 40, pixel % 40)).collect();
    let value = |pixel: usize| if inside.contains(&pixel) { 10.0 } else { 0.0 };
    let field = Field { window: WHOLE, values: (0..1600).map(value).collect() };
    let pixels: Vec<Pixel> = inside.iter().map(|pixel| Pixel { row: pixel / 40, col: pixel % 40 }).collect();
    let window = tree::bounds(&pixels);
    Patch { window, pixels, ..tree::cut(&field, &inside, &inside).unwrap() }
}

/// A look at a patch with the pixels that `seen(row, col)` gives, each where its window has it.
fn look(patch: &Patch, seen: impl Fn(usize, usize) -> Series) -> Look<'_> {
    let mut look = Look::new(patch, WHOLE);
    let window = look.window();
    let places = (0..window.len()).map(|place| (place / window.cols, place % window.cols));
    let pixels = places.map(|(row, col)| seen(window.row0 + row, window.col0 + col));
    look.take(pixels.enumerate().collect(), vec![0.2, 0.4]);
    look
}

/// Conclusions about ground of which `share(row, col)` of the way to bare soil was gone.
fn conclusions(share: impl Fn(usize, usize) -> f32) -> Vec<Closer> {
    let patch = drawn(|row, col| share(row, col) > 0.05);
    let look = look(&patch, |row, col| pixel(share(row, col)));
    with_question(|asked| look.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), asked))
}

fn in_block(row: usize, col: usize, (from, to): (usize, usize)) -> bool {
    (14..24).contains(&row) && (from..to).contains(&col)
}

/// All of the way in a block of 10 x 10 px, nowhere else.
fn field(row: usize, col: usize) -> f32 {
    f32::from(u8::from(in_block(row, col, (14, 24))))
}

#[test]
fn the_faint_rim_of_a_field_is_no_second_piece_of_ground() {
    // Gated like the field, but less than half as far gone: outside its outline.
    let rim = |row: usize, col: usize| (12..26).contains(&row) && (12..26).contains(&col);
    let share = |row, col| match (in_block(row, col, (14, 24)), rim(row, col)) {
        (true, _) => 1.0,
        (_, true) => 0.48,
        _ => 0.0,
    };
    let found = conclusions(share);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].patch.pixels.len(), 100);
}

#[test]
fn two_fields_apart_are_two_pieces_of_ground() {
    let fields = |row, col| in_block(row, col, (8, 18)) || in_block(row, col, (22, 32));
    assert_eq!(conclusions(|row, col| f32::from(u8::from(fields(row, col)))).len(), 2);
}

#[test]
fn a_look_needs_the_patch_and_eight_pixels_around_within_the_grid() {
    let patch = drawn(|row, col| in_block(row, col, (3, 13)));
    let known = Window { row0: 6, col0: 0, rows: 26, cols: 21 };
    assert_eq!(Look::new(&patch, WHOLE).window(), known);
}

#[test]
fn one_field_is_concluded_about_by_its_own_pixels_and_its_surroundings_apart() {
    let found = conclusions(field);
    assert_eq!(found.len(), 1);
    let Closer { series, patch, around, views, .. } = &found[0];
    assert_eq!(*views, (8, 6));
    let block: Vec<(usize, usize)> = patch.pixels.iter().map(|pixel| (pixel.row, pixel.col)).collect();
    let known: Vec<(usize, usize)> = (14..24).flat_map(|row| (14..24).map(move |col| (row, col))).collect();
    assert_eq!(block, known);
    assert_eq!(series.views, (0..14).collect::<Vec<usize>>());
    // Each line is of its own kind: observed, expected, control, z.
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    assert!(near(series.observed[0][13], 0.08) && near(series.observed[1][13], 0.30));
    assert!(near(series.observed[0][7], 0.30) && near(series.expected[2][13], 0.15));
    assert!(near(series.control[0][13], 0.31) && near(series.z[0][13], -8.0) && near(series.z[1][0], 0.1));
    assert_eq!(series.history, [(0.30, 0.30), (0.05, 0.05), (0.15, 0.15)]);
    assert!((0..14).all(|view| near(around[0][view], 0.30) && near(around[1][view], 0.05)));
}

#[test]
fn a_conclusion_says_its_gate_its_season_and_how_far_the_ground_moved() {
    let found = conclusions(field);
    let one = &found[0];
    assert_eq!(one.passed.as_ref().map(|passed| passed.gate.as_str()), Some("bare"));
    assert!(one.persistence.confirmed_on.is_some());
    // Donors left out: the mean of what the cells told; nothing told is nothing left out.
    assert!((one.contamination - 0.3).abs() < 1e-6);
    let patch = drawn(|row, col| in_block(row, col, (14, 24)));
    let mut untold = look(&patch, |row, col| pixel(field(row, col)));
    untold.contamination.clear();
    let untold = with_question(|asked| untold.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), asked));
    assert_eq!(untold[0].contamination, 0.0);
    // A look-back of .1 sigma in each feature is hardly a hundredth of a change of 8.
    assert!(one.seen_before.abs() < 0.05, "{}", one.seen_before);
    // Core and ring keep saying what the evidence was; amplitude is in units of the least spread.
    assert_eq!((one.patch.core, one.patch.ring), (10.0, 0.0));
    let model = g1();
    let kind = model.evidence.iter().find(|kind| kind.name == one.kind).unwrap();
    let weight = |feature: Feature| kind.weights.get(&feature).copied().unwrap_or(0.0);
    let far = weight(Feature::Ndvi) * -0.22 / 0.015
        + weight(Feature::Bsi) * 0.25 / 0.015
        + weight(Feature::Brightness) * 0.10 / 0.010;
    assert!((one.amplitude - far).abs() < 1e-3, "{} {far}", one.amplitude);
}

#[test]
fn a_season_of_the_look_back_counts_as_a_share_of_the_target_s() {
    // The same bare field in the last four views of the look-back, half as strong.
    let before = |series: Series| {
        let mut series = series;
        for (line, sign) in series.z.iter_mut().zip([-1.0, 1.0, 1.0]) {
            (0..8).for_each(|view| line[view] = sign * 4.0);
        }
        series
    };
    let patch = drawn(|row, col| in_block(row, col, (14, 24)));
    let look = look(&patch, |row, col| before(pixel(field(row, col))));
    let found = with_question(|asked| look.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), asked));
    assert!((0.3..0.6).contains(&found[0].seen_before), "{}", found[0].seen_before);
}

#[test]
fn ground_of_which_no_pixel_passes_a_gate_is_judged_as_a_whole() {
    let found = conclusions(|row, col| 0.1 * field(row, col));
    assert_eq!(found.len(), 1);
    assert!(found[0].passed.is_none() && found[0].patch.pixels.len() == 100);
}

#[test]
fn three_pixels_that_pass_a_gate_speak_for_no_ground_of_their_own_and_four_do() {
    let seed = |cols: &[usize]| {
        on_the_field(
            |_, _| pixel(1.0),
            |look| {
                let mut gated = vec![false; look.pixels.len()];
                let places: Vec<usize> =
                    cols.iter().map(|col| look.place(Pixel { row: 15, col: *col })).collect();
                places.iter().for_each(|place| gated[*place] = true);
                let is_all = |seed: Vec<usize>| seed == places;
                look.strongest(&gated, &vec![1.0; gated.len()]).map(is_all)
            },
        )
    };
    assert_eq!((seed(&[14, 15, 16]), seed(&[14, 15, 16, 17])), (None, Some(true)));
    // Three and three apart are no four.
    assert_eq!(seed(&[14, 15, 16, 18, 19, 20]), None);
}

#[test]
fn the_ground_that_moved_most_altogether_is_concluded_about_first() {
    // A strip of 60 px all of the way gone before a block of 100 px half gone.
    let share = |row: usize, col: usize| match (in_block(row, col, (6, 16)), in_block(row, col, (22, 28))) {
        (true, _) => 0.5,
        (_, true) => 1.0,
        _ => 0.0,
    };
    let found = conclusions(share);
    assert_eq!(found.iter().map(|one| one.patch.pixels.len()).collect::<Vec<usize>>(), [60, 100]);
    // Nor is the strongest one first: 60 px of all are less than 200 px of a half.
    let share = |row: usize, col: usize| match ((8..28).contains(&row), col) {
        (true, 6..16) => 0.5,
        (true, 22..25) => 1.0,
        _ => 0.0,
    };
    let found = conclusions(share);
    assert_eq!(found.iter().map(|one| one.patch.pixels.len()).collect::<Vec<usize>>(), [200, 60]);
}

#[test]
fn nine_pixels_that_moved_three_times_as_far_are_a_pit_in_thinned_grass_and_eight_are_not() {
    let found = |pit: f32, cols: std::ops::Range<usize>, rows: std::ops::Range<usize>| {
        conclusions(|row, col| match (field(row, col) > 0.0, rows.contains(&row) && cols.contains(&col)) {
            (_, true) => pit,
            (true, _) => 0.5,
            _ => 0.0,
        })
    };
    let sizes =
        |closers: Vec<Closer>| closers.iter().map(|one| one.patch.pixels.len()).collect::<Vec<usize>>();
    assert_eq!(sizes(found(1.6, 17..20, 17..20)), [9, 100]);
    assert_eq!(sizes(found(1.6, 17..19, 17..21)), [100]);
    assert_eq!(sizes(found(1.4, 17..20, 17..20)), [100]);
}

/// A pixel that is bare in some views and quiet in all others.
fn bare_in(views: std::ops::Range<usize>) -> Series {
    let (mut series, quiet) = (pixel(1.0), pixel(0.0));
    for view in (8..14).filter(|view| !views.contains(view)) {
        for feature in 0..3 {
            series.observed[feature][view] = quiet.observed[feature][view];
            series.z[feature][view] = 0.1;
        }
    }
    series
}

/// How many pixels each piece of ground has, in the order of conclusions.
fn sizes_of(patch: &Patch, seen: impl Fn(usize, usize) -> Series) -> Vec<usize> {
    let look = look(patch, seen);
    let found = with_question(|asked| look.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), asked));
    found.iter().map(|one| one.patch.pixels.len()).collect()
}

#[test]
fn two_neighbouring_cuts_of_different_seasons_are_two_pieces_of_ground() {
    let patch = drawn(|row, col| in_block(row, col, (14, 30)));
    let seen = |row: usize, col: usize| match (in_block(row, col, (14, 24)), in_block(row, col, (24, 30))) {
        (true, _) => bare_in(8..11),
        (_, true) => bare_in(11..14),
        _ => pixel(0.0),
    };
    assert_eq!(sizes_of(&patch, seen), [100, 60]);
}

#[test]
fn a_piece_may_hold_three_tenths_of_ground_that_is_concluded_about_already() {
    // A strip of 40 px all of the way gone; beside it a block of which less is gone. Between them a column that hides
    // in most views, so that both pass a gate apart; the outline of the block, at its lower level, holds the strip too.
    let sizes = |cols: std::ops::Range<usize>, share: f32| {
        let patch = drawn(|row, col| in_block(row, col, (9, cols.end)));
        sizes_of(&patch, |row, col| match col {
            _ if !in_block(row, col, (9, cols.end)) => pixel(0.0),
            9..13 => pixel(1.0),
            13 => hidden(&pixel(0.4), 8..12),
            _ => pixel(share),
        })
    };
    // 40 of 180 px are 22 %, of 130 px 31 %: there only what lies beside the strip is new, if five pixels wide.
    assert_eq!(sizes(14..27, 0.3), [40, 180]);
    assert_eq!(sizes(14..22, 0.4), [40, 90]);
    assert_eq!(sizes(14..17, 0.4), [40]);
}

#[test]
fn a_change_beside_the_patch_is_another_patch_s_matter() {
    // Evidence drew the left of two fields alone; both lie in the window that the look needs.
    let patch = drawn(|row, col| in_block(row, col, (8, 18)));
    let both = |row: usize, col: usize| in_block(row, col, (8, 18)) || in_block(row, col, (21, 31));
    assert_eq!(sizes_of(&patch, |row, col| pixel(f32::from(u8::from(both(row, col))))), [100]);
}

/// A look at the field, of which its own methods are asked.
fn on_the_field<Told>(seen: impl Fn(usize, usize) -> Series, ask: impl FnOnce(&Look) -> Told) -> Told {
    let patch = drawn(|row, col| in_block(row, col, (14, 24)));
    ask(&look(&patch, seen))
}

#[test]
fn faint_ground_beside_a_strong_change_is_a_piece_of_its_own() {
    // Between them lies what passes no gate, and yet more than half of the faint ground's maximum.
    let share = |row, col| match (in_block(row, col, (4, 16)), in_block(row, col, (18, 34))) {
        (true, _) => 1.0,
        (_, true) => 0.34,
        _ if in_block(row, col, (16, 18)) => 0.18,
        _ => 0.0,
    };
    let found = conclusions(share);
    let sizes: Vec<usize> = found.iter().map(|closer| closer.patch.pixels.len()).collect();
    assert_eq!(sizes, [120, 180]);
}

#[test]
fn a_field_that_grew_is_as_large_as_it_grew() {
    // Bare in the look-back already, and beside it ground that became bare since: one seed, as strong everywhere.
    let patch = drawn(|row, col| in_block(row, col, (4, 36)));
    let old = |mut series: Series| {
        for (line, sign) in series.z.iter_mut().zip([-1.0, 1.0, 1.0]) {
            (0..8).for_each(|view| line[view] = sign * 8.0);
        }
        series
    };
    let seen = |row: usize, col: usize| match (in_block(row, col, (4, 18)), in_block(row, col, (18, 36))) {
        (true, _) => old(pixel(1.0)),
        (_, true) => pixel(1.0),
        _ => pixel(0.0),
    };
    let look = look(&patch, seen);
    let found = with_question(|asked| look.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), asked));
    let told: Vec<(usize, bool)> =
        found.iter().map(|one| (one.patch.pixels.len(), one.seen_before > MOST_SEEN_BEFORE)).collect();
    assert_eq!(told, [(180, false), (140, true)]);
}
