//! Patches by hand on drawn evidence: what is refined, where it is cut, which of overlapping regions is kept.

use super::*;
use crate::patch::label::Labeller;

/// A field of `rows` by 30 pixels of ground, that begins at row 40 and column 70.
struct Drawn {
    field: Field,
}

const COLS: usize = 30;

impl Drawn {
    fn new(ground: f32) -> Self {
        let window = Window { row0: 40, col0: 70, rows: 26, cols: COLS };
        Self { field: Field { window, values: vec![ground; window.len()] } }
    }

    /// Draws a rectangle, first row and column and then their numbers.
    fn with(mut self, (row, col): (usize, usize), (rows, cols): (usize, usize), value: f32) -> Self {
        block((row, col), (rows, cols)).into_iter().for_each(|pixel| self.field.values[pixel] = value);
        self
    }

    fn components(&self) -> Vec<Component> {
        let mut labeller = Labeller::new(300);
        for row in 0..self.field.window.rows {
            let line = (0..COLS).map(|col| (self.field.at(row * COLS + col) * 100.0) as i16);
            labeller.add_row(40 + row, 70, &line.collect::<Vec<_>>());
        }
        labeller.finish(300)
    }

    /// Patches of the only component.
    fn patches(&self) -> Vec<Patch> {
        let components = self.components();
        assert_eq!(components.len(), 1);
        patches(&components[0], &self.field)
    }

    fn numbers(&self) -> Vec<(usize, f32)> {
        self.patches().iter().map(|patch| (patch.pixels.len(), patch.core)).collect()
    }
}

fn block((row, col): (usize, usize), (rows, cols): (usize, usize)) -> Vec<usize> {
    (row..row + rows).flat_map(|row| (col..col + cols).map(move |col| row * COLS + col)).collect()
}

fn pixels(patch: &Patch) -> Vec<usize> {
    patch.pixels.iter().map(|pixel| (pixel.row - 40) * COLS + pixel.col - 70).collect()
}

#[test]
fn a_field_is_one_patch_of_its_own_pixels_with_its_own_area() {
    let found = Drawn::new(0.0).with((10, 9), (6, 8), 10.0).patches();
    assert_eq!(found.len(), 1);
    let patch = &found[0];
    assert_eq!(pixels(patch), block((10, 9), (6, 8)));
    assert_eq!(patch.window, Window { row0: 50, col0: 79, rows: 6, cols: 8 });
    assert_eq!((patch.core, patch.ring, patch.shape.sharpness), (10.0, 0.0, 1.0));
    // 48 less four corners of an eighth.
    assert!((patch.area_px.0 - 47.5).abs() < 1e-9);
}

#[test]
fn of_two_components_in_a_window_only_the_one_asked_for_gives_patches() {
    let both = Drawn::new(0.0).with((10, 3), (5, 5), 10.0).with((10, 20), (5, 6), 10.0);
    let components = both.components();
    let of = |index: usize| patches(&components[index], &both.field);
    assert_eq!((of(0).len(), pixels(&of(0)[0])), (1, block((10, 3), (5, 5))));
    assert_eq!((of(1).len(), pixels(&of(1)[0])), (1, block((10, 20), (5, 6))));
}

#[test]
fn only_a_part_of_four_pixels_with_a_peak_is_refined() {
    let flat = |value: f32| Drawn::new(0.0).with((10, 9), (3, 4), value).numbers();
    assert_eq!((flat(4.5), flat(4.4)), (vec![(12, 4.5)], vec![]));
    // Twelve pixels of 5 with higher ones in their midst: four of them lift the core, three do not.
    let with = |columns: usize, more: usize| {
        let base = Drawn::new(1.0).with((10, 9), (4, 4), 5.0).with((11, 10), (1, columns), 9.0);
        base.with((12, 10), (1, more), 9.0).numbers()
    };
    assert_eq!((with(2, 2), with(2, 1)), (vec![(16, 9.0)], vec![(16, 5.0)]));
}

#[test]
fn fewer_than_six_pixels_are_no_patch() {
    let of = |cols: usize| {
        let row = Drawn::new(0.0).with((10, 9), (1, cols), 10.0);
        cut(&row.field, &block((10, 9), (1, cols)), &[]).map(|patch| patch.pixels.len())
    };
    assert_eq!((of(5), of(6), of(7)), (None, Some(6), Some(7)));
}

#[test]
fn a_better_region_may_lie_in_a_wide_one_up_to_a_fifth_of_it() {
    // Nine pixels of 20 that touch the corner of a wide low square: a fifth of 45, a little more of 44.
    let peak = || Drawn::new(0.0).with((7, 7), (3, 3), 20.0);
    let whole = peak().with((10, 9), (6, 6), 4.6);
    assert_eq!(whole.numbers(), [(9, 20.0), (45, 4.6)]);
    let wider = peak().with((10, 9), (7, 7), 4.6);
    assert_eq!(wider.numbers(), [(9, 20.0), (58, 4.6)]);
    // One pixel less beneath: what the better one leaves over is a patch of its own.
    let less = peak().with((10, 9), (6, 6), 4.6).with((15, 14), (1, 1), 0.0);
    assert_eq!(less.numbers(), [(9, 20.0), (35, 4.6)]);
    assert_eq!(pixels(&less.patches()[1])[..6], block((10, 9), (1, 6)));
}

#[test]
fn what_a_better_region_leaves_over_is_a_patch_only_if_it_is_more_than_a_rim() {
    let around = |rim: usize| {
        let side = 5 + 2 * rim;
        Drawn::new(0.0).with((12 - rim, 12 - rim), (side, side), 4.6).with((12, 12), (5, 5), 20.0)
    };
    assert_eq!(around(1).numbers(), [(25, 20.0)]);
    assert_eq!(around(2).numbers(), [(25, 20.0)]);
    // Three pixels of rim hold an inside; a patch has no hole.
    let wide = around(3);
    assert_eq!(wide.numbers(), [(25, 20.0), (121, 4.6)]);
    assert_eq!(pixels(&wide.patches()[1]), block((9, 9), (11, 11)));
}

#[test]
fn the_core_is_the_lower_median_of_the_part() {
    let mut drawn = Drawn::new(0.0);
    let part = block((10, 9), (2, 3));
    for (pixel, value) in part.iter().zip([14.0, 11.0, 15.0, 10.0, 13.0, 12.0]) {
        drawn.field.values[*pixel] = value;
    }
    assert_eq!(cut(&drawn.field, &part, &[]).unwrap().core, 12.0);
    drawn.field.values[part[5]] = 12.5;
    drawn.field.values[part[0] - 1] = 16.0;
    let more = [&part[..], &[part[0] - 1]].concat();
    assert_eq!(cut(&drawn.field, &more, &[]).unwrap().core, 13.0);
}

#[test]
fn the_ring_is_the_median_of_the_seen_ground_around() {
    let part = block((10, 10), (5, 5));
    let ring = |drawn: Drawn| refined(&drawn.with((10, 10), (5, 5), 10.0).field, &part, &[]).unwrap().ring;
    assert_eq!(ring(Drawn::new(2.0)), 2.0);
    // More of the ground lies right of column 11.
    assert_eq!(ring(Drawn::new(1.0).with((0, 12), (26, 18), 3.0)), 3.0);
    assert_eq!(ring(Drawn::new(1.0).with((0, 0), (26, 11), 3.0)), 1.0);
    // What was not seen is not nought: of the ground only the rows below count.
    assert_eq!(ring(Drawn::new(f32::NAN).with((18, 0), (8, 30), 2.5)), 2.5);
    assert_eq!(ring(Drawn::new(f32::NAN)), 0.0);
    // Nor does what is nearer than three steps or farther than six.
    assert_eq!(ring(Drawn::new(2.0).with((8, 8), (9, 9), 7.0)), 2.0);
    assert_eq!(ring(Drawn::new(7.0).with((4, 4), (17, 17), 2.0)), 2.0);
}

/// A field of 10 on ground of 2, so that half is 6, with a strip of a value at its right.
fn with_strip(cols: usize, value: f32) -> Drawn {
    Drawn::new(2.0).with((10, 10), (4, 4), 10.0).with((10, 14), (4, cols), value)
}

#[test]
fn a_region_ends_at_half_of_core_and_ring() {
    let part = block((10, 10), (4, 4));
    let of = |value: f32| cut(&with_strip(1, value).field, &part, &[]).unwrap().pixels.len();
    assert_eq!((of(6.0), of(5.9), of(9.0)), (20, 16, 20));
}

#[test]
fn a_region_reaches_two_pixels_beyond_its_part_and_over_the_ground_it_is_given() {
    let part = block((10, 10), (4, 4));
    let strip = with_strip(4, 8.0);
    let found = cut(&strip.field, &part, &[]).unwrap();
    assert_eq!((found.core, found.ring, found.pixels.len()), (10.0, 2.0, 24));
    let all = cut(&strip.field, &part, &block((10, 14), (4, 4))).unwrap();
    assert_eq!(pixels(&all), block((10, 10), (4, 8)));
    // Ground below the level is not filled.
    assert_eq!(cut(&strip.field, &part, &block((0, 0), (26, 30))).unwrap().pixels.len(), 32);
}

#[test]
fn the_outline_runs_at_half_of_core_and_ring() {
    // Core 12 of the inner part, ring 2, so 7: three eighths of the way from the rim of 10 to the ground.
    let drawn = Drawn::new(2.0).with((10, 10), (6, 6), 10.0).with((11, 11), (4, 4), 12.0);
    let patch = cut(&drawn.field, &block((11, 11), (4, 4)), &[]).unwrap();
    assert_eq!((patch.core, patch.ring, patch.pixels.len()), (12.0, 2.0, 36));
    // A square of 5 and twice 3/8 less four corners.
    assert!((patch.area_px.0 - (5.75 * 5.75 - 2.0 * 0.375 * 0.375)).abs() < 1e-6);
    // The rim is two pixels wide: twenty of 10 and twelve of 12, above ground of 2.
    let rim = (20.0 * 10.0 + 12.0 * 12.0) / 32.0;
    assert!((patch.shape.sharpness - (rim - 2.0) / 12.0).abs() < 1e-6);
}

#[test]
fn of_several_regions_the_one_that_holds_most_of_the_part_is_kept_then_the_larger_then_the_first() {
    let (left, right) = (block((10, 5), (3, 3)), block((10, 15), (3, 3)));
    let kept = |drawn: Drawn, part: &[&[usize]]| {
        let patch = cut(&drawn.field, &part.concat(), &[]).unwrap();
        (pixels(&patch)[0] % COLS, patch.pixels.len())
    };
    let two = || Drawn::new(0.0).with((10, 5), (3, 3), 10.0).with((10, 15), (3, 3), 10.0);
    assert_eq!(kept(two(), &[&left, &right]), (5, 9));
    assert_eq!(kept(two(), &[&left[..8], &right]), (15, 9));
    assert_eq!(kept(two(), &[&left, &right[..8]]), (5, 9));
    // Wider ground on the right wins a tie and nothing else.
    let wider = || two().with((13, 15), (1, 3), 10.0);
    assert_eq!(kept(wider(), &[&left, &right]), (15, 12));
    assert_eq!(kept(wider(), &[&left, &right[..8]]), (5, 9));
}

#[test]
fn a_region_scores_by_contrast_root_of_size_up_to_400_and_sharpness() {
    let of = |rows: usize, cols: usize| {
        let drawn = Drawn::new(2.0).with((3, 3), (rows, cols), 10.0);
        refined(&drawn.field, &block((3, 3), (rows, cols)), &[]).unwrap().score
    };
    // (10 - 2) x root of 16 x (10 - 2) / 10.
    assert!((of(4, 4) - 8.0 * 4.0 * 0.8).abs() < 1e-4);
    assert!((of(20, 20) - 8.0 * 20.0 * 0.8).abs() < 1e-3);
    assert_eq!(of(20, 20), of(20, 22));
}

#[test]
fn sharpness_compares_the_two_pixels_inside_with_what_lies_two_to_three_outside() {
    let region = block((9, 9), (7, 7));
    let drawn = |rim: f32, beyond: f32| {
        // The inside, the first pixel outside and what lies far off do not count.
        let far = Drawn::new(77.0).with((6, 6), (13, 13), beyond).with((8, 8), (9, 9), 50.0);
        far.with((9, 9), (7, 7), rim).with((11, 11), (3, 3), 100.0).field
    };
    let near = |found: f32, expected: f32| (found - expected).abs() < 1e-6;
    // Steps are octagons: at the corners of the square some of the far ground is three steps off, or none.
    let round = |mut field: Field, beyond: f32| {
        let steps = steps_from(&region, field.window, 3);
        (0..steps.len()).filter(|at| (2..=3).contains(&steps[*at])).for_each(|at| field.values[at] = beyond);
        field
    };
    assert!(near(sharpness(&round(drawn(10.0, 4.0), 4.0), &region, 12.0), 0.5));
    assert!(near(sharpness(&round(drawn(10.0, 0.0), 0.0), &region, 5.0), 1.2));
    assert!(near(sharpness(&round(drawn(4.0, 9.0), 9.0), &region, 5.0), 0.0));
    // Ground that was not seen says nothing about the edge.
    let mut unseen = round(drawn(10.0, 4.0), 4.0);
    (0..12 * COLS).filter(|at| !region.contains(at)).for_each(|at| unseen.values[at] = f32::NAN);
    assert!(near(sharpness(&unseen, &region, 12.0), 0.5));
}

#[test]
fn steps_make_octagons_around_a_pixel() {
    let window = Window { row0: 3, col0: 5, rows: 11, cols: 13 };
    let steps = steps_from(&[5 * 13 + 6], window, 4);
    let number = |step: u8| steps.iter().filter(|found| **found == step).count();
    assert_eq!([0, 1, 2, 3, 4].map(number), [1, 4, 16, 16, 32]);
    assert_eq!(number(u8::MAX), 11 * 13 - 69);
    let at = |row: usize, col: usize| steps[row * 13 + col];
    assert_eq!((at(5, 7), at(6, 7), at(6, 8), at(7, 8), at(8, 7), at(9, 8)), (1, 2, 2, 3, 3, 4));
}

#[test]
fn holes_are_filled_and_bays_are_not() {
    let window = Window { row0: 3, col0: 5, rows: 5, cols: 6 };
    let of = |drawing: [&str; 5]| {
        let region: Vec<usize> = drawing
            .concat()
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'#')
            .map(|(at, _)| at)
            .collect();
        filled(&region, window).len() - region.len()
    };
    assert_eq!(of(["......", ".####.", ".#..#.", ".####.", "......"]), 2);
    assert_eq!(of(["......", "..##..", ".#..#.", "..##..", "......"]), 0);
    // A gap at a corner lets the outside in, and so does the border of the window on each side.
    assert_eq!(of(["......", ".####.", ".#..#.", ".###..", "......"]), 0);
    assert_eq!(of([".#.#..", ".###..", "......", "......", "......"]), 0);
    assert_eq!(of(["......", "......", "......", ".###..", ".#.#.."]), 0);
    assert_eq!(of(["......", "##....", ".#....", "##....", "......"]), 0);
    assert_eq!(of(["......", "....##", "....#.", "....##", "......"]), 0);
    assert_eq!(of(["######", "#....#", "#.##.#", "#....#", "######"]), 10);
}

#[test]
fn bounds_hold_all_pixels_and_no_more() {
    let at = |row: usize, col: usize| Pixel { row, col };
    let found = bounds(&[at(12, 40), at(13, 38), at(15, 39)]);
    assert_eq!(found, Window { row0: 12, col0: 38, rows: 4, cols: 3 });
    assert_eq!(bounds(&[]), Window { row0: 0, col0: 0, rows: 0, cols: 0 });
}

#[test]
fn a_margin_around_a_component_is_all_that_its_patches_need() {
    // Ground of 1 up to four pixels away and of 2 beyond: most of the ring lies beyond.
    let ground = Drawn::new(2.0).with((5, 6), (15, 16), 1.0);
    let drawn = ground.with((9, 10), (7, 8), 6.0).with((10, 11), (4, 4), 9.0);
    let component = &drawn.components()[0];
    let window = component.window.grown(MARGIN, drawn.field.window);
    let rows = window.row0..window.row_end();
    let line = |row: usize| {
        let from = (row - 40) * COLS + window.col0 - 70;
        drawn.field.values[from..from + window.cols].to_vec()
    };
    let cut = Field { window, values: rows.flat_map(line).collect() };
    assert!(window.cols < COLS);
    assert_eq!(patches(component, &cut), patches(component, &drawn.field));
}
