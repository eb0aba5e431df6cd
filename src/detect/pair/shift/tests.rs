//! The shift between two dates: where the peak lies, when it is believed, and what is resampled by it.

use super::*;

fn ground(row: f64, col: f64) -> f32 {
    let wave = |a: f64, b: f64, c: f64| (row * a + col * b + c).sin();
    // Edges as soft as a sensor makes them; a sharper step would not be the same edge half a pixel on.
    let fields = 0.03 * (2.0 * wave(0.35, 0.02, 0.0)).tanh() * (2.0 * wave(0.03, 0.24, 2.0)).tanh();
    (0.2 + 0.02 * wave(0.31, 0.17, 0.0) + 0.02 * wave(-0.11, 0.43, 1.0) + fields) as f32
}

#[test]
fn a_shift_of_half_a_pixel_is_found_and_undone() {
    let before = Array3::from_shape_fn((1, 128, 128), |(_, row, col)| ground(row as f64, col as f64));
    let after = Array3::from_shape_fn((1, 128, 128), |(_, row, col)| {
        1.2 * ground(row as f64 - 0.5, col as f64 + 1.25)
    });
    let mut sums = EdgeSums::default();
    sums.add(before.index_axis(ndarray::Axis(0), 0), after.index_axis(ndarray::Axis(0), 0));
    let shift = sums.peak().unwrap();
    assert!((shift.rows - 0.5).abs() < 0.12, "{shift:?}");
    assert!((shift.cols + 1.25).abs() < 0.12, "{shift:?}");
    let back = resampled(&after, &shift);
    let error = |other: &Array3<f32>| {
        let mut sum = 0.0;
        for row in 8..120 {
            for col in 8..120 {
                sum += (other[[0, row, col]] / 1.2 - before[[0, row, col]]).abs();
            }
        }
        sum
    };
    assert!(error(&back) < 0.4 * error(&after), "{} {}", error(&back), error(&after));
}

#[test]
fn a_missing_pixel_stays_missing_and_spreads_no_further_than_its_neighbours() {
    let mut values = Array3::from_elem((1, 9, 9), 0.3);
    values[[0, 4, 4]] = f32::NAN;
    let shift = Shift { rows: 0.0, cols: 0.4, correlation: 1.0, applied: true };
    let back = resampled(&values, &shift);
    assert_eq!(back.iter().filter(|value| value.is_nan()).count(), 2);
    assert!((back[[0, 0, 8]] - 0.3).abs() < 1e-6);
}

/// Sums as they are for edges of variance 1 whose correlation at a lag (rows, columns) is given.
pub(in crate::detect::pair) fn sums(count: f64, correlation: impl Fn(f64, f64) -> f64) -> EdgeSums {
    let mut sums = EdgeSums::default();
    for (place, lag) in sums.lags.iter_mut().enumerate() {
        let (row, col) = (place / SIDE, place % SIDE);
        let found = correlation(row as f64 - 4.0, col as f64 - 4.0);
        // Means 2 and -1.
        *lag = [count, 2.0 * count, -count, 5.0 * count, 2.0 * count, (found - 2.0) * count];
    }
    sums
}

pub(in crate::detect::pair) fn hill(top: f64, row: f64, col: f64) -> impl Fn(f64, f64) -> f64 {
    move |down, right| top - 0.04 * (down - row).powi(2) - 0.02 * (right - col).powi(2)
}

#[test]
fn the_peak_lies_where_the_correlation_is_highest_between_the_lags() {
    for (row, col) in [(0.3, -0.4), (-2.2, 1.25), (2.9, -2.9)] {
        let found = sums(10_000.0, hill(0.8, row, col)).peak().unwrap();
        assert!((found.rows - row).abs() < 1e-6 && (found.cols - col).abs() < 1e-6, "{found:?}");
        assert!(found.correlation > 0.78 && found.correlation <= 0.8 && !found.applied);
    }
}

#[test]
fn a_peak_at_the_last_lag_is_not_believed() {
    let at = |row: f64, col: f64| sums(10_000.0, hill(0.8, row, col)).peak();
    assert!(at(3.0, 0.0).is_some() && at(-3.0, 0.0).is_some() && at(0.0, 3.0).is_some());
    assert_eq!([at(4.0, 0.0), at(-4.0, 0.0), at(0.0, 4.0), at(0.0, -4.0)], [None; 4]);
}

#[test]
fn a_weak_peak_or_one_of_few_pixels_is_not_believed() {
    let at = |top: f64, count: f64| sums(count, hill(top, 0.0, 0.0)).peak().is_some();
    assert!(at(0.151, 40_000.0) && !at(0.149, 40_000.0));
    // 0.5 times the square root of 1600 is 20.
    assert!(at(0.5, 1610.0) && !at(0.5, 1590.0));
    assert!(at(0.9, 1000.0) && !at(0.9, 999.0));
}

#[test]
fn blocks_summed_elsewhere_count_as_if_added_here() {
    let mut both = sums(800.0, hill(0.8, 0.3, 0.0));
    assert_eq!(both.peak(), None);
    both.merge(&sums(800.0, hill(0.8, 0.3, 0.0)));
    assert_eq!(both.peak(), sums(1600.0, hill(0.8, 0.3, 0.0)).peak());
}

#[test]
fn correlation_is_covariance_over_both_spreads_and_nought_of_a_plain_band() {
    // Deviations: variance 4 and 9, covariance 3; means 2 and -1.
    let count = 2000.0;
    let made = [count, 2.0 * count, -count, 8.0 * count, 10.0 * count, count];
    assert!((correlation(&made) - 0.5).abs() < 1e-9);
    assert_eq!(correlation(&[count, 2.0 * count, -count, 4.0 * count, 10.0 * count, count]), 0.0);
}

/// The surface through nine values with its top at a place, and how it falls down, right and across.
fn surface(top: (f64, f64), [down, right, cross]: [f64; 3]) -> [f64; 9] {
    std::array::from_fn(|i| {
        let (y, x) = ((i / 3) as f64 - 1.0 - top.0, (i % 3) as f64 - 1.0 - top.1);
        0.7 + down * y * y + right * x * x + cross * x * y
    })
}

#[test]
fn the_top_of_a_tilted_hill_is_found_exactly() {
    for top in [(0.3, -0.4), (-0.9, 0.2), (0.0, 0.0), (0.6, 0.7)] {
        let (rows, cols) = vertex(&surface(top, [-0.2, -0.1, 0.15])).unwrap();
        assert!((rows - top.0).abs() < 1e-9 && (cols - top.1).abs() < 1e-9, "{rows} {cols}");
    }
}

#[test]
fn a_saddle_a_hollow_and_a_top_more_than_a_pixel_away_are_no_peak() {
    assert_eq!(vertex(&surface((0.1, 0.1), [-0.2, 0.1, 0.0])), None);
    assert_eq!(vertex(&surface((0.1, 0.1), [0.2, -0.1, 0.0])), None);
    assert_eq!(vertex(&surface((0.1, 0.1), [-0.2, -0.1, 0.5])), None);
    assert_eq!(vertex(&surface((0.1, 0.1), [0.2, 0.1, 0.0])), None);
    assert_eq!(vertex(&surface((1.1, 0.0), [-0.2, -0.1, 0.0])), None);
    assert_eq!(vertex(&surface((0.0, -1.1), [-0.2, -0.1, 0.0])), None);
    assert_eq!(vertex(&[0.5; 9]), None);
}

#[test]
fn cubic_weights_are_those_of_keys() {
    assert_eq!(cubic(0.0), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(cubic(0.5), [-0.0625, 0.5625, 0.5625, -0.0625]);
    assert_eq!(cubic(0.25), [-0.070_312_5, 0.867_187_5, 0.226_562_5, -0.023_437_5]);
    assert_eq!(linear(0.25), [0.0, 0.75, 0.25, 0.0]);
}

#[test]
fn a_slope_is_resampled_to_where_it_lay_and_the_edge_repeats() {
    let values = Array3::from_shape_fn((2, 12, 14), |(band, row, col)| {
        100.0 * band as f32 + 2.0 * row as f32 + 3.0 * col as f32
    });
    let shift = Shift { rows: -1.25, cols: 2.5, correlation: 1.0, applied: true };
    let back = resampled(&values, &shift);
    for ((band, row, col), found) in back.indexed_iter() {
        if (3..11).contains(&row) && (0..9).contains(&col) {
            let expected = 100.0 * band as f32 + 2.0 * (row as f32 - 1.25) + 3.0 * (col as f32 + 2.5);
            assert!((found - expected).abs() < 1e-3, "{band} {row} {col}: {found} {expected}");
        }
    }
    assert!((back[[0, 0, 13]] - 39.0).abs() < 1e-3, "{}", back[[0, 0, 13]]);
}

#[test]
fn beside_a_missing_pixel_the_two_by_two_around_the_place_suffice() {
    let mut values = Array3::from_shape_fn((1, 1, 9), |(_, _, col)| (col * col) as f32);
    values[[0, 0, 6]] = f32::NAN;
    let shift = Shift { rows: 0.0, cols: 0.25, correlation: 1.0, applied: true };
    let back = resampled(&values, &shift);
    // Between 4 and 5 the cubic needs 6: the straight line serves, 0.75 * 16 + 0.25 * 25.
    assert!((back[[0, 0, 4]] - 18.25).abs() < 1e-4, "{}", back[[0, 0, 4]]);
    assert!(back[[0, 0, 5]].is_nan() && back[[0, 0, 6]].is_nan());
    assert!((back[[0, 0, 2]] - 5.0625).abs() < 1e-4, "{}", back[[0, 0, 2]]);
}

#[test]
fn a_gradient_is_known_only_where_all_four_neighbours_are() {
    let smooth = Plane::from_shape_fn((5, 6), |(row, col)| 1.5 * row as f32 - 2.0 * col as f32);
    let mut valid = Plane::ones((5, 6));
    assert_eq!(gradient(&smooth, &valid, (2, 3)), Some(5.0));
    assert_eq!([(0, 3), (4, 3), (2, 0), (2, 5)].map(|place| gradient(&smooth, &valid, place)), [None; 4]);
    assert_eq!(gradient(&smooth, &valid, (3, 4)), Some(5.0));
    valid[[2, 3]] = 0.0;
    let around = [(2, 3), (1, 3), (3, 3), (2, 2), (2, 4)];
    assert_eq!(around.map(|place| gradient(&smooth, &valid, place)), [None; 5]);
    assert_eq!(gradient(&smooth, &valid, (1, 2)), Some(5.0));
}

#[test]
fn an_edge_stands_out_of_the_mean_around_it() {
    let band = Plane::from_shape_fn((40, 40), |(_, col)| f32::from(col >= 20));
    let mut band = band;
    band[[5, 5]] = f32::NAN;
    let edges = edges(band.view());
    assert!(edges[[30, 20]] > 0.3 && edges[[30, 19]] > 0.3, "{}", edges[[30, 20]]);
    assert!(edges[[30, 15]] < -0.05 && edges[[30, 30]].abs() < 1e-3);
    assert!(edges[[5, 5]].is_nan() && edges[[5, 6]].is_nan() && edges[[0, 9]].is_nan());
    assert!(!edges[[6, 6]].is_nan());
}

#[test]
fn a_block_no_larger_than_the_lags_adds_nothing() {
    let of = |rows: usize, cols: usize| {
        let plane = Plane::from_shape_fn((rows, cols), |(row, col)| ((row * 7 + col * 3) % 5) as f32);
        let mut sums = EdgeSums::default();
        sums.add(plane.view(), plane.view());
        sums.lags.iter().map(|lag| lag[0]).sum::<f64>()
    };
    assert_eq!([of(8, 30), of(30, 8)], [0.0, 0.0]);
    // One row or column within the margin of four, less the unknown outermost one.
    assert!(of(9, 30) > 0.0 && of(30, 9) > 0.0);
}
