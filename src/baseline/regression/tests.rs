//! The laws of a pixel's own answer to its control, and of how donors scatter.

use super::*;
use crate::baseline::tests::{corner, drawn, near};
use crate::submodel::Feature;

impl Residuals {
    /// Changes that are given, by leaf: donor * views + view.
    pub fn given(changed: Vec<Vec<bool>>, views: usize) -> Self {
        Self { spreads: Vec::new(), features: 0, correlation: Vec::new(), changed, views }
    }
}

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
