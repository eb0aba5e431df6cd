//! Where and from how many pixels a pair is learned, and what is made of them.

use super::*;
use crate::detect::pair::shift::tests::{hill, sums};
use crate::detect::pair::tests::grid;

/// A model that expects nothing in particular.
pub(in crate::detect::pair) fn plain_model(params: PairParams, ranks: Vec<RankTable>) -> PairModel {
    let book = CodeBook::learn(&[0.0, 1.0], 1, 1);
    let samples = Samples { dimensions: 1, looks: &[0.0, 1.0], bands: 1, targets: &[0.0, 1.0] };
    let side = || (book.clone(), Conditional::learn(&samples, &book));
    let shift = Shift { rows: 0.0, cols: 0.0, correlation: 0.0, applied: false };
    let standard =
        Standard { bands: vec![Band::Red], before: Units::default(), after: Units::default(), shift };
    let expectation = Expectation {
        forward: side(),
        backward: side(),
        codes: (book.clone(), book.clone()),
        transitions: Transitions::learn([(0, 0)].into_iter(), 1, 1),
        siblings: vec![(0.0, 1.0)],
    };
    PairModel { params, standard, expectation, ranks, clear: 2000, beyond: 0, whole: true }
}

#[test]
fn up_to_1_6_million_pixels_are_learned_whole() {
    let blocks = blocks(&grid(1000, 1600));
    assert_eq!(blocks.len(), 28);
    assert_eq!(blocks.iter().map(Window::len).sum::<usize>(), 1_600_000);
}

#[test]
fn a_larger_scene_is_learned_from_six_by_six_blocks_spread_evenly_over_it() {
    let blocks = blocks(&grid(1000, 1601));
    assert_eq!(blocks.len(), 36);
    assert!(blocks.iter().all(|block| (block.rows, block.cols) == (256, 256)));
    // Twelfths of the 744 rows and 1345 columns that a block can be moved over.
    let starts: Vec<(usize, usize)> = blocks.iter().map(|block| (block.row0, block.col0)).collect();
    assert_eq!(starts[..2], [(62, 112), (62, 336)]);
    assert_eq!((starts[6], starts[35]), ((186, 112), (682, 1232)));
}

#[test]
fn a_long_narrow_scene_has_one_row_of_blocks() {
    let blocks = blocks(&grid(200, 9000));
    assert_eq!(blocks.len(), 6);
    assert!(blocks.iter().all(|block| (block.row0, block.rows, block.cols) == (0, 200, 256)));
}

#[test]
fn one_pixel_too_many_takes_every_second() {
    assert_eq!([0, 159_999, 160_000, 160_001].map(|sampled| stride(sampled, FITTED)), [1, 1, 1, 2]);
}

#[test]
fn pixels_are_taken_by_their_place_on_the_grid_and_the_next_row_starts_elsewhere() {
    let block = Window { row0: 0, col0: 0, rows: 3, cols: 6 };
    assert_eq!(taken(&block, 5).collect::<Vec<_>>(), [(0, 0), (0, 5), (1, 3), (2, 1)]);
    let block = Window { row0: 4, col0: 6, rows: 1, cols: 5 };
    assert_eq!(taken(&block, 5).collect::<Vec<_>>(), [(4, 7)]);
    assert_eq!(taken(&block, 1).count(), 5);
    // What is collected of a stack of that block are those places, less what is missing.
    let stack = Array3::from_shape_fn((2, 2, 5), |(band, row, col)| (band * 100 + row * 10 + col) as f32);
    let mut stack = stack;
    stack[[1, 0, 1]] = f32::NAN;
    let values = collected(&stack, &Window { row0: 4, col0: 6, rows: 2, cols: 5 }, 5);
    // Row 5: 35 + col is a multiple at column 10.
    assert_eq!(values, [vec![1.0, 14.0], vec![114.0]]);
}

#[test]
fn units_are_the_median_and_the_spread_without_the_outermost() {
    let mut values: Vec<f32> = (0..1001).map(|i| ((i * 5) % 1001) as f32).collect();
    // The largest is a cloud, the least a fault.
    values.iter_mut().for_each(|value| match *value as i32 {
        1000 => *value = 1e6,
        0 => *value = -1e6,
        _ => {}
    });
    let units = units(vec![values, vec![3.0; 10], Vec::new()]);
    assert_eq!(units.centre, [500.0, 3.0, 0.0]);
    let cut: Vec<f64> = (0..1001).map(|i| f64::from(i).clamp(2.0, 998.0)).collect();
    let variance = cut.iter().map(|value| (value - 500.0).powi(2)).sum::<f64>() / 1001.0;
    assert!((f64::from(units.scale[0]) - variance.sqrt()).abs() < 1e-3, "{:?}", units.scale);
    assert_eq!(units.scale[1..], [1e-6, 1e-6]);
}

#[test]
fn one_wild_value_moves_neither_centre_nor_scale() {
    assert_eq!(robust(&[3.0, 1.0, 100.0, 4.0, 2.0]), (3.0, 1.4826));
    assert_eq!(robust(&[2.0; 5]), (2.0, 1e-6));
}

#[test]
fn the_band_whose_edges_agree_better_says_how_the_dates_lie() {
    let of = |top: f64, row: f64| sums(10_000.0, hill(top, row, 0.0));
    let rows = |red: EdgeSums, nir: EdgeSums| chosen(&[red, nir], &PairParams::default()).rows.round();
    assert_eq!(rows(of(0.5, 1.0), of(0.8, -1.0)), -1.0);
    assert_eq!(rows(of(0.8, 1.0), of(0.5, -1.0)), 1.0);
    assert_eq!(rows(of(0.8, 1.0), of(0.8, -1.0)), 1.0);
    assert_eq!(rows(EdgeSums::default(), of(0.5, -1.0)), -1.0);
    let none = chosen(&[EdgeSums::default(), EdgeSums::default()], &PairParams::default());
    assert_eq!((none.rows, none.cols, none.correlation, none.applied), (0.0, 0.0, 0.0, false));
}

#[test]
fn a_shift_is_mended_from_0_15_to_2_5_pixels() {
    let is_applied = |row: f64, col: f64| {
        let edges = sums(10_000.0, hill(0.8, row, col));
        chosen(&[edges.clone(), edges], &PairParams::default()).applied
    };
    assert!(!is_applied(0.1, 0.1) && is_applied(0.11, 0.11));
    assert!(is_applied(-1.7, 1.8) && !is_applied(-1.8, 1.8));
}

#[test]
fn a_pair_is_quiet_only_if_all_of_it_was_looked_at() {
    let mut model = plain_model(PairParams::default(), Vec::new());
    assert!(model.is_quiet());
    model.whole = false;
    assert!(!model.is_quiet());
    (model.whole, model.beyond) = (true, 10);
    assert!(!model.is_quiet());
    let said = model.to_string();
    assert!(said.starts_with("10 of 2000 clear pixels (0.500 %) change beyond 2.5 sigma"), "{said}");
    assert!(!said.contains("no change beyond chance") && said.ends_with("left as it is"), "{said}");
}

#[test]
fn a_model_keeps_the_thresholds_it_was_learned_with() {
    let params = PairParams { seed: 5.0, grow: 2.0, ..PairParams::default() };
    assert_eq!(plain_model(params, Vec::new()).params(), &params);
}
