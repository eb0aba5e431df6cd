//! The laws of a pixel's own answer to its control.

use super::*;
use crate::baseline::tests::near;

#[test]
fn a_pixel_that_follows_its_control_has_no_z() {
    let m: Vec<f32> = (0..12).map(|view| 0.2 + 0.02 * view as f32).collect();
    let x: Vec<f32> = m.iter().map(|m| m + 0.05).collect();
    let fit = Fit::shrunken(&x, &m, &(0..8).collect::<Vec<_>>(), 0.02, 0.015);
    assert!((8..12).all(|view| fit.z(x[view], m[view]).abs() < 0.3));
    assert!(fit.z(x[9] - 0.2, m[9]) < -4.0);
}

#[test]
fn a_drought_outside_the_look_back_widens_the_spread() {
    let m: Vec<f32> = (0..10).map(|view| 0.3 + 0.005 * view as f32).collect();
    let fit = Fit::shrunken(&m, &m, &(0..10).collect::<Vec<_>>(), 0.02, 0.015);
    assert!(fit.z(0.22, 0.32).abs() > fit.z(0.0, 0.1).abs());
}

#[test]
fn one_missed_cloud_in_the_look_back_moves_little() {
    let m = vec![0.5; 9];
    let mut x = vec![0.6; 9];
    x[4] = 0.05;
    let fit = Fit::shrunken(&x, &m, &(0..9).collect::<Vec<_>>(), 0.02, 0.015);
    assert!((fit.expected(0.5) - 0.6).abs() < 0.02);
}

/// The fit of a pixel to its control over all of its views.
fn fitted(x: &[f32], m: &[f32], prior: f32, floor: f32) -> Fit {
    Fit::shrunken(x, m, &(0..x.len()).collect::<Vec<_>>(), prior, floor)
}

/// A control of .4 that swings by `swing` from view to view.
fn swinging(views: usize, swing: f32) -> Vec<f32> {
    (0..views).map(|view| if view % 2 == 0 { 0.4 - swing } else { 0.4 + swing }).collect()
}

#[test]
fn z_of_a_pixel_without_scatter_rests_on_the_spread_of_its_stratum() {
    let fit = fitted(&[0.6; 10], &[0.5; 10], 0.02, 0.01);
    // Variance (8 x .02 x .02) / (8 + 10 - 2); the mean of ten views adds a tenth.
    let sigma = (0.0002_f32 * 1.1).sqrt();
    near(fit.expected(0.5), 0.6, 1e-6);
    near(fit.z(0.63, 0.5), 0.03 / sigma, 1e-3);
    near(fit.z(0.57, 0.5), -0.03 / sigma, 1e-3);
    // A control .02 off what it was: over eight floors squared that is another half.
    near(fit.expected(0.52), 0.62, 1e-6);
    near(fit.z(0.65, 0.52), 0.03 / (0.0002_f32 * 1.6).sqrt(), 1e-3);
    near(fit.z(0.61, 0.48), 0.03 / (0.0002_f32 * 1.6).sqrt(), 1e-3);
}

#[test]
fn a_pixel_that_swings_twice_as_much_as_its_control_is_met_half_way_by_as_many_prior_views() {
    let m = swinging(8, 0.05);
    let x: Vec<f32> = m.iter().map(|m| 2.0 * m + 0.1).collect();
    let fit = fitted(&x, &m, 0.01, 0.005);
    near(fit.expected(0.4), 0.9, 1e-5);
    near(fit.expected(0.5), 0.9 + 1.5 * 0.1, 1e-5);
    // Each view is .025 off that line; eight views and the eight of the prior, less two.
    let error = 1.4826 * 0.025_f32;
    let variance = (8.0 * 0.01 * 0.01 + 8.0 * error * error) / 14.0;
    // The control has moved .05 in each of 8 views and as much in the prior's 8.
    let widening = 1.0 + 1.0 / 8.0 + 0.1 * 0.1 / (16.0 * 0.05 * 0.05);
    near(fit.z(1.0, 0.5), -0.05 / (variance * widening).sqrt(), 1e-3);
}

#[test]
fn the_slope_stays_between_0_and_3() {
    let m = swinging(16, 0.05);
    let rise = |slope: f32| {
        let x: Vec<f32> = m.iter().map(|m| slope * m).collect();
        let fit = fitted(&x, &m, 0.02, 0.015);
        (fit.expected(0.5) - fit.expected(0.4)) / 0.1
    };
    near(rise(20.0), 3.0, 1e-4);
    near(rise(-20.0), 0.0, 1e-4);
    near(rise(1.0), 1.0, 1e-4);
    near(rise(2.5), (16.0 * 2.5 + 8.0) / 24.0, 1e-4);
}

/// Means are kept to half of 1/10 000.
const KEPT: f32 = 6e-5;

#[test]
fn an_odd_view_counts_as_three_sigma_of_whatever_spread_is_the_widest() {
    let mean = |differences: [f32; 9], prior: f32, floor: f32| {
        let x = differences.map(|difference| 0.5 + difference);
        fitted(&x, &[0.5; 9], prior, floor).expected(0.5) - 0.5
    };
    let one_off = [0.1, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1, 0.1];
    near(mean(one_off, 0.02, 0.01), 0.1 + 3.0 * 0.02 / 9.0, KEPT);
    near(mean(one_off, 0.01, 0.03), 0.1 + 3.0 * 0.03 / 9.0, KEPT);
    near(mean(one_off.map(|difference| -difference), 0.02, 0.01), -0.1 - 3.0 * 0.02 / 9.0, KEPT);
    // Its own scatter: half of the views lie within .05 of the middle one.
    let scatter = [0.05, -0.05, 0.05, -0.05, 0.05, -0.05, 0.0, 0.0, -0.5];
    near(mean(scatter, 0.02, 0.01), -3.0 * 1.4826 * 0.05 / 9.0, KEPT);
}

#[test]
fn an_odd_view_moves_the_slope_no_farther_than_it_moves_the_mean() {
    let m = swinging(8, 0.05);
    let mut x = m.clone();
    x[7] += 0.5;
    // The odd view counts as .06: its part of the slope is .05 x .06 over 16 times .05 x .05.
    let fit = fitted(&x, &m, 0.02, 0.015);
    near((fit.expected(0.5) - fit.expected(0.4)) / 0.1, 1.0 + 0.05 * 0.06 / (16.0 * 0.05 * 0.05), 1e-4);
    near(fit.expected(0.4), 0.4 + 0.06 / 8.0, 1e-5);
}

#[test]
fn no_pixel_is_credited_with_less_than_the_least_spread() {
    let fit = fitted(&[0.6; 10], &[0.5; 10], 0.001, 0.015);
    near(fit.z(0.63, 0.5), 2.0 / 1.1_f32.sqrt(), 1e-3);
}

#[test]
fn z_is_clipped_at_8_on_both_sides() {
    let fit = fitted(&[0.6; 10], &[0.5; 10], 0.02, 0.015);
    assert_eq!([fit.z(5.0, 0.5), fit.z(-5.0, 0.5)], [8.0, -8.0]);
}

#[test]
fn without_a_history_nothing_is_expected() {
    let fit = Fit::shrunken(&[0.5], &[0.5], &[], 0.02, 0.015);
    assert!(fit.expected(0.5).is_nan() && fit.z(0.5, 0.5).is_nan());
}

#[test]
fn a_single_view_of_history_counts_as_one() {
    let fit = Fit::shrunken(&[0.9, 0.5], &[0.1, 0.4], &[1], 0.02, 0.01);
    near(fit.expected(0.4), 0.5, 1e-6);
    near(fit.z(0.53, 0.4), 0.03 / (8.0 * 0.02 * 0.02 / 7.0 * 2.0_f32).sqrt(), 1e-3);
}

#[test]
fn the_median_of_an_even_count_is_the_upper_of_the_two_in_the_middle() {
    assert_eq!(median(&mut [3.0, -1.0, 2.0]), 2.0);
    assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 3.0);
    assert_eq!(median(&mut [7.0]), 7.0);
}
