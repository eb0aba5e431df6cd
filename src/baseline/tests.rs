//! Drawn worlds for the tests of this room, and what a whole cell learns from one.

use super::*;
use crate::date::Date;
use crate::observe::MISSING;

use crate::submodel::Feature;

/// The window of a whole number of rows and columns from the corner of the grid.
pub fn corner(rows: usize, cols: usize) -> Window {
    Window { row0: 0, col0: 0, rows, cols }
}

/// A stack with a view every ten days; `look` gives the features of a pixel in a view, or nothing where it was not seen.
pub fn drawn<const N: usize>(
    window: Window,
    views: usize,
    features: [Feature; N],
    look: impl Fn(usize, usize) -> Option<[f32; N]>,
) -> Stack {
    let first = Date::constant(2020, 1, 1);
    let date = |view: usize| first.checked_add(jiff::Span::new().days(10 * view as i64)).unwrap();
    let mut stack = Stack::new(window, (0..views).map(date).collect(), features.to_vec());
    for view in 0..views {
        let looks: Vec<Option<[f32; N]>> = (0..window.len()).map(|pixel| look(pixel, view)).collect();
        let plane =
            |feature: usize| looks.iter().map(|look| look.map_or(f32::NAN, |look| look[feature])).collect();
        let planes: Vec<Vec<f32>> = (0..N).map(plane).collect();
        stack.lay(view, &planes, &vec![true; window.len()]);
    }
    stack
}

/// Asserts that two numbers agree to within `within`.
#[track_caller]
pub fn near(found: f32, expected: f32, within: f32) {
    assert!((found - expected).abs() <= within, "{found}, not {expected}");
}

/// The drawn cell lies at row 100 and column 200 of the grid: 20 rows, 60 columns.
const WINDOW: Window = Window { row0: 100, col0: 200, rows: 20, cols: 60 };

/// Its first 40 columns, from which it is learned; the last 20 are another country.
const AROUND: Window = Window { cols: 40, ..WINDOW };

/// Eight views of the look-back, then four of the target period.
const SEASON: [f32; 12] = [0.0, 0.02, 0.04, 0.06, 0.06, 0.04, 0.02, 0.0, 0.1, 0.1, 0.0, 0.0];

const LOOK_BACK: [bool; 12] = [true, true, true, true, true, true, true, true, false, false, false, false];

/// A pixel of the eastern half of the cell, in a row that stays as it is.
const HERE: usize = 15 * 60 + 30;

/// Two halves of 20 x 20 px, NDVI .30 in the west and .36 in the east, that go through the seasons together.
///
/// In view 9 the first five rows of the east lose .1 of NDVI. View 3 does not see `HERE`; view 10 sees all of the west,
/// and of the east but one row; view 11 sees nothing. The north-western pixel is never seen in the look-back.
fn look(pixel: usize, view: usize) -> Option<[f32; 2]> {
    let (row, col) = (pixel / 60, pixel % 60);
    let is_west = col < 20;
    let is_seen = match view {
        3 => pixel != HERE,
        10 => is_west || row == 15,
        11 => false,
        _ => true,
    };
    if !is_seen || (pixel == 0 && LOOK_BACK[view]) {
        return None;
    }
    let change = if view == 9 && row < 5 && (20..40).contains(&col) { -0.1 } else { 0.0 };
    let level = if is_west { 0.30 } else { 0.36 } + if col < 40 { 0.0 } else { 0.4 };
    Some([level + SEASON[view] + change, 0.2])
}

/// What the drawn cell learns.
fn learned(check: impl Fn(&Baseline)) {
    let stack = drawn(WINDOW, 12, [Feature::Ndvi, Feature::Brightness], look);
    let descriptors = Descriptors::of(&stack, &LOOK_BACK, &[AROUND]);
    check(&Baseline::learn(&stack, &descriptors, &LOOK_BACK, AROUND).unwrap());
}

fn series(baseline: &Baseline, pixel: usize) -> Series {
    baseline.series_of(&[pixel]).remove(0)
}

#[test]
fn a_pixel_is_followed_through_the_views_that_saw_it_and_know_its_look_alikes() {
    learned(|baseline| {
        let series = series(baseline, HERE);
        // Not view 3, which did not see it, nor view 10, which saw only 7 of its stratum's donors.
        assert_eq!(series.views, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert!((series.observed.len(), series.control.len(), series.z.len()) == (2, 2, 2));
        for (place, &view) in series.views.iter().enumerate() {
            near(series.observed[0][place], 0.36 + SEASON[view], 1e-6);
            near(series.observed[1][place], 0.2, 1e-6);
            near(series.expected[0][place], 0.36 + SEASON[view], 1e-4);
            near(series.expected[1][place], 0.2, 1e-6);
        }
        assert!(series.z.iter().flatten().all(|z| z.abs() < 0.01), "{:?}", series.z);
    });
}

#[test]
fn the_control_blends_the_strata_by_how_near_they_are() {
    learned(|baseline| {
        // The medians lie two units of .03 apart: weights 1 / .25 and 1 / 4.25, so 17/18 and 1/18.
        let series = series(baseline, HERE + 1);
        near(series.control[0][0], 0.36 * 17.0 / 18.0 + 0.30 / 18.0, 1e-4);
        near(series.control[1][0], 0.2, 1e-6);
    });
}

#[test]
fn a_pixel_that_leaves_its_look_alikes_has_a_z_that_can_be_worked_out_by_hand() {
    learned(|baseline| {
        let series = series(baseline, 2 * 60 + 30);
        assert_eq!(series.views, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        near(series.observed[0][9], 0.36, 1e-6);
        near(series.expected[0][9], 0.46, 1e-4);
        // Seasons of the look-back: mean .03, squares .004. The spread is its floor, .015; the control has eight views
        // behind it, and stands .07 beyond their mean, over .004 and as much again of the prior slope.
        let widening: f32 = 1.0 + 1.0 / 8.0 + 0.07 * 0.07 / 0.008;
        near(series.z[0][9], -0.1 / (0.015 * widening.sqrt()), 0.02);
        near(series.z[1][9], 0.0, 1e-3);
        near(series.z[0][8], 0.0, 0.01);
    });
}

#[test]
fn a_series_tells_the_range_that_was_expected_in_the_look_back() {
    learned(|baseline| {
        let series = series(baseline, 2 * 60 + 30);
        near(series.history[0].0, 0.36, 1e-4);
        near(series.history[0].1, 0.42, 1e-4);
        near(series.history[1].0, 0.2, 1e-6);
    });
}

#[test]
fn a_series_used_again_is_as_good_as_a_new_one() {
    learned(|baseline| {
        let (there, mut strip) = (2 * 60 + 30, baseline.strip());
        let mut again = series(baseline, there);
        baseline.follow(&[there, HERE], &mut strip);
        baseline.follow(&[HERE], &mut strip);
        strip.series(0, &mut again);
        assert_eq!(format!("{again:?}"), format!("{:?}", series(baseline, HERE)));
    });
}

#[test]
fn pixels_side_by_side_are_followed_as_each_alone() {
    learned(|baseline| {
        let pixels: Vec<usize> = (0..37).map(|place| place * 59 % WINDOW.len()).chain([HERE, 0]).collect();
        for (pixel, together) in pixels.iter().zip(baseline.series_of(&pixels)) {
            assert_eq!(format!("{together:?}"), format!("{:?}", series(baseline, *pixel)));
        }
    });
}

#[test]
fn a_view_counts_where_strata_of_half_a_blend_are_known() {
    let stack = drawn(corner(1, 1), 3, [Feature::Ndvi], |_, view| (view < 2).then_some([0.3]));
    // The first stratum is known in every view, the second in the first alone.
    let control = Control::given(vec![3000, 3000, 3000, 5000, MISSING, MISSING], 3, 1);
    let views = |weights: [f32; 2]| {
        let (mut strip, mut series) = (Strip::new(&stack, &[true; 3]), Series::default());
        strip.lay(4, 0, (&control, &[(0, weights[0]), (1, weights[1])]));
        strip.fit(|_| [0.02; LANES]);
        strip.series(4, &mut series);
        series.views
    };
    assert_eq!(views([0.5, 0.5]), [0, 1]);
    assert_eq!(views([0.4375, 0.5625]), [0]);
}

#[test]
fn a_pixel_without_look_back_is_not_followed_and_counts_as_contaminated() {
    learned(|baseline| {
        let series = baseline.series_of(&[HERE, 0]).remove(1);
        assert!(series.views.is_empty() && series.z.iter().all(Vec::is_empty) && series.z.len() == 2);
        assert_eq!(series.history, [(f32::INFINITY, f32::NEG_INFINITY); 2]);
        assert_eq!(baseline.contamination(0), 1.0);
    });
}

#[test]
fn contamination_counts_the_donors_that_changed_themselves() {
    learned(|baseline| {
        // Every third pixel of the east is a donor: 134, of which 34 lie in the first five rows. View 10 sees one row.
        let views = 134.0 * 10.0 + 7.0;
        near(baseline.contamination(HERE + 1), 17.0 / 18.0 * 34.0 / views, 2e-4);
        near(baseline.contamination(15 * 60 + 10), 1.0 / 18.0 * 34.0 / views, 2e-4);
    });
}

#[test]
fn what_changed_together_is_the_median_of_the_views_asked_and_the_mean_of_the_strata() {
    learned(|baseline| {
        let half = 34.0 / 134.0 / 2.0;
        near(baseline.control().changed_together(|view| view == 9), half, 1e-6);
        // A view that nobody saw has no say.
        near(baseline.control().changed_together(|view| view == 9 || view == 11), half, 1e-6);
        near(baseline.control().changed_together(|view| (8..10).contains(&view)), half, 1e-6);
        near(baseline.control().changed_together(|view| (7..10).contains(&view)), 0.0, 1e-6);
        near(baseline.control().changed_together(|_| false), 0.0, 0.0);
    });
}

#[test]
fn the_level_of_a_view_is_the_median_of_the_strata_known_then() {
    learned(|baseline| {
        near(baseline.control().level(8, 0), 0.46, 1e-6);
        near(baseline.control().level(8, 1), 0.2, 1e-6);
        near(baseline.control().level(10, 0), 0.30, 1e-6);
        assert!(baseline.control().level(11, 0).is_nan());
    });
}

#[test]
fn the_stack_of_a_cell_is_the_one_it_was_learned_from() {
    learned(|baseline| assert_eq!((baseline.stack().window, baseline.stack().dates.len()), (WINDOW, 12)));
}

#[test]
fn features_that_scatter_against_each_other_correlate_so() {
    let look = |pixel: usize, view: usize| {
        let step = [0.0, 0.01, -0.01, 0.01, -0.01][(pixel / 20 + pixel % 20 + view) % 5];
        Some([0.4 + step, 0.2 - step])
    };
    let stack = drawn(corner(20, 20), 12, [Feature::Ndvi, Feature::Brightness], look);
    let descriptors = Descriptors::of(&stack, &LOOK_BACK, &[stack.window]);
    let baseline = Baseline::learn(&stack, &descriptors, &LOOK_BACK, stack.window).unwrap();
    near(baseline.correlation(0, 0), 1.0, 1e-5);
    near(baseline.correlation(0, 1), -1.0, 0.02);
    near(baseline.correlation(1, 0), -1.0, 0.02);
}

#[test]
fn fewer_than_60_pixels_with_a_history_are_no_control_cell() {
    let is_learned = |described: usize| {
        let look = |pixel: usize, _| (pixel < described).then_some([0.4]);
        let stack = drawn(corner(10, 10), 12, [Feature::Ndvi], look);
        let descriptors = Descriptors::of(&stack, &LOOK_BACK, &[stack.window]);
        Baseline::learn(&stack, &descriptors, &LOOK_BACK, stack.window).is_some()
    };
    assert!(is_learned(60) && !is_learned(59));
}

#[test]
fn the_range_of_some_values_is_their_lowest_and_highest() {
    assert_eq!(range([3.0, -1.5, 2.0].into_iter()), (-1.5, 3.0));
    assert_eq!(range([7.0].into_iter()), (7.0, 7.0));
    assert_eq!(range(std::iter::empty()), (f32::INFINITY, f32::NEG_INFINITY));
}

/// Pixels left of a window after `drop_cloudy_blocks`, when `is_seen` told which were seen, in each of two views.
fn left(window: Window, is_seen: impl Fn(usize, usize, usize) -> bool) -> [Vec<(usize, usize)>; 2] {
    let place = |pixel: usize| (window.row0 + pixel / window.cols, window.col0 + pixel % window.cols);
    let look = |pixel: usize, view: usize| is_seen(place(pixel).0, place(pixel).1, view).then_some([0.4]);
    let mut stack = drawn(window, 2, [Feature::Ndvi], look);
    drop_cloudy_blocks(&mut stack);
    [0, 1].map(|view| (0..window.len()).filter(|pixel| stack.is_seen(view, *pixel)).map(place).collect())
}

#[test]
fn a_block_of_which_less_than_three_tenths_are_clear_is_forgotten_in_that_view_alone() {
    // 1229 of 4096 are three tenths. The second view sees one pixel more of the same block.
    let window = Window { row0: 64, col0: 128, rows: 64, cols: 64 };
    let seen = |row: usize, col: usize, view: usize| (row - 64) * 64 + col - 128 < 1228 + view;
    let [first, second] = left(window, seen);
    assert_eq!((first.len(), second.len()), (0, 1229));
}

#[test]
fn a_block_of_which_just_three_tenths_are_clear_stays() {
    // The window holds 2 x 5 pixels of a block.
    let window = Window { row0: 62, col0: 59, rows: 2, cols: 5 };
    let [first, second] = left(window, |_, col, view| (59..61 + view).contains(&col));
    assert_eq!((first.len(), second.len()), (4, 6));
    let [two, three] = left(window, |row, col, view| row == 62 && col < 61 + view);
    assert_eq!((two.len(), three.len()), (0, 3));
}

#[test]
fn blocks_lie_on_the_lattice_of_the_grid_wherever_the_window_begins() {
    // Cut by the lattice lines at row 4224 and column 8256: four blocks, of which each sees its own share.
    let window = Window { row0: 4166, col0: 8222, rows: 80, cols: 70 };
    let share = |row: usize, col: usize| match (row < 4224, col < 8256) {
        (true, true) | (false, false) => 4,
        _ => 2,
    };
    let is_seen = |row: usize, col: usize, _| (row + 3 * col) % 10 < share(row, col);
    let [found, _] = left(window, is_seen);
    let stays = |row: usize, col: usize| is_seen(row, col, 0) && share(row, col) == 4;
    let rows = window.row0..window.row_end();
    let places = rows.flat_map(|row| (window.col0..window.col_end()).map(move |col| (row, col)));
    let expected: Vec<(usize, usize)> = places.filter(|(row, col)| stays(*row, *col)).collect();
    assert_eq!(found, expected);
}
