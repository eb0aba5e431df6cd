//! The regression of one date on the other: small systems worked out by hand, and what is robust of it.

use super::*;

impl Conditional {
    /// Residual of one pixel, among fifteen others of the same stratum, and its squared length over the number of bands.
    fn residual(&self, stratum: usize, look: &[f32], target: &[f32], residual: &mut [f64]) -> f64 {
        let lanes = |values: &[f32]| values.iter().map(|value| [*value; LANES]).collect::<Vec<_>>();
        let (found, lengths) = self.residuals(&[stratum; LANES], &lanes(look), &lanes(target));
        residual.iter_mut().zip(found).for_each(|(residual, found)| *residual = found[LANES - 1]);
        lengths[LANES - 1]
    }
}

#[test]
fn sixteen_pixels_of_mixed_strata_get_what_each_gets_alone() {
    let fitted = two_strata(400, 300);
    let value = |lane: usize, by: usize| ((lane * by) % 13) as f32 - 6.0;
    let (look, target) =
        ([std::array::from_fn(|lane| value(lane, 5))], [std::array::from_fn(|lane| value(lane, 7))]);
    let strata: [usize; LANES] = std::array::from_fn(|lane| (lane / 3) % 2);
    let (residuals, lengths) = fitted.residuals(&strata, &look, &target);
    for lane in 0..LANES {
        let mut alone = [0.0];
        let length = fitted.residual(strata[lane], &[look[0][lane]], &[target[0][lane]], &mut alone);
        assert_eq!((residuals[0][lane], lengths[lane]), (alone[0], length), "{lane}");
        // Nor is it another way of counting than the one that learns.
        fitted.lines[strata[lane]].residual(&[look[0][lane]], &[target[0][lane]], &mut alone);
        assert_eq!(residuals[0][lane], alone[0]);
    }
}

#[test]
fn a_linear_relation_is_found_although_one_pixel_in_ten_changed() {
    let count = 2000;
    let wave = |i: usize, k: f32| (i as f32 * k).sin();
    let looks: Vec<f32> = (0..count).flat_map(|i| [wave(i, 0.7), wave(i, 1.3)]).collect();
    let targets: Vec<f32> = (0..count)
        .flat_map(|i| {
            let change = if i % 10 == 0 { 4.0 } else { 0.0 };
            let noise = 0.05 * wave(i, 3.1);
            [2.0 * wave(i, 0.7) + noise + change, 0.5 - wave(i, 1.3) + noise]
        })
        .collect();
    let samples = Samples { dimensions: 2, looks: &looks, bands: 2, targets: &targets };
    let book = CodeBook::learn(&looks, 2, 1);
    let fitted = Conditional::learn(&samples, &book);
    let mut residual = [0.0; 2];
    let quiet = fitted.residual(0, &looks[2..4], &targets[2..4], &mut residual);
    let changed = fitted.residual(0, &looks[20..22], &targets[20..22], &mut residual);
    assert!((residual[0] - 4.0).abs() < 0.3, "{residual:?}");
    assert!(quiet < 10.0 && changed > 200.0, "{quiet} {changed}");
}

const LOWER: [f64; 9] = [4.0, f64::NAN, f64::NAN, 2.0, 5.0, f64::NAN, 2.0, 3.0, 6.0];

fn agree(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
}

#[test]
fn the_factor_of_a_small_matrix_and_its_inverse_are_those_worked_out_by_hand() {
    agree(&cholesky(&LOWER, 3), &[2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 1.0, 2.0]);
    agree(&whitening(&LOWER, 3), &[0.5, 0.0, 0.0, -0.25, 0.5, 0.0, -0.125, -0.25, 0.5]);
}

#[test]
fn equations_are_solved_for_each_right_side() {
    // The matrix times (1, -2, 3) and times (0.5, 0, 2).
    let right = [6.0, 6.0, 1.0, 7.0, 14.0, 13.0];
    agree(&solved(&LOWER, 3, &right, 2), &[1.0, 0.5, -2.0, 0.0, 3.0, 2.0]);
}

#[test]
fn a_residual_is_what_the_line_leaves_and_its_length_is_taken_in_uncorrelated_units() {
    let line = Line { slopes: vec![1.0, 2.0, 0.5, -1.0], whitening: vec![2.0, 99.0, 1.0, 3.0] };
    let mut residual = [0.0; 2];
    line.residual(&[3.0], &[4.0, 4.0], &mut residual);
    agree(&residual, &[1.5, 5.0]);
    // (2 * 1.5)^2 + (1.5 + 15)^2, over two bands.
    let fitted = Conditional { bands: 2, lines: vec![line] };
    assert_eq!(fitted.residual(0, &[3.0], &[4.0, 4.0], &mut residual), 281.25 / 2.0);
}

#[test]
fn the_middle_of_an_even_number_is_the_upper_one() {
    assert_eq!([&[4.0, 1.0, 3.0, 2.0][..], &[5.0, 1.0, 2.0], &[7.0], &[]].map(median), [3.0, 2.0, 7.0, 0.0]);
}

#[test]
fn slopes_are_weighted_and_pulled_a_thousandth_to_nought() {
    let (looks, targets) = ([1.0, -1.0, 5.0], [3.0, -1.0, 400.0]);
    let samples = Samples { dimensions: 1, looks: &looks, bands: 1, targets: &targets };
    let found = samples.slopes(&[0, 1, 2], &[2.0, 2.0, 0.0]);
    assert!((found[0] - 1.0).abs() < 1e-6 && (found[1] - 2.0 / 1.001).abs() < 1e-6, "{found:?}");
    // The third pixel alone, with another: a line through two points, whatever the weights.
    let found = samples.slopes(&[0, 2], &[0.5, 3.0]);
    assert!((found[0] + 5.0 * found[1] - 400.0).abs() < 0.5, "{found:?}");
}

#[test]
fn the_covariance_of_residuals_is_weighted_and_never_without_any_error() {
    let looks = [0.0; 3];
    let targets = [1.0, 2.0, -3.0, 1.0, 50.0, 50.0];
    let samples = Samples { dimensions: 1, looks: &looks, bands: 2, targets: &targets };
    let line = Line { slopes: vec![0.0; 4], whitening: Vec::new() };
    let found = samples.covariance(&[0, 1, 2], &[1.0, 3.0, 0.0], &line);
    agree(&found, &[28.0 / 4.0 + 1e-6, -7.0 / 4.0, -7.0 / 4.0, 7.0 / 4.0 + 1e-6]);
}

/// Pixels of two strata, left of nought and right of it: after is 2 before and 1, or 3 before and -1, and noise.
fn two_strata(left: usize, right: usize) -> Conditional {
    let noise = |i: usize| 0.01 * (i as f32 * 2.3).sin();
    let spread = |i: usize| (i as f32 * 0.7).sin();
    let looks: Vec<f32> =
        (0..left + right).map(|i| if i < left { -10.0 } else { 10.0 } + spread(i)).collect();
    let of = |(i, look): (usize, &f32)| {
        noise(i) + if i < left { 2.0 * (look + 10.0) + 1.0 } else { 3.0 * (look - 10.0) - 1.0 }
    };
    let targets: Vec<f32> = looks.iter().enumerate().map(of).collect();
    let samples = Samples { dimensions: 1, looks: &looks, bands: 1, targets: &targets };
    Conditional::learn(&samples, &CodeBook::learn(&looks, 1, 2))
}

#[test]
fn a_stratum_of_two_hundred_has_its_own_line_and_one_of_fewer_that_of_all() {
    let off = |fitted: &Conditional, right: f32, target: f32| {
        let mut residual = [0.0];
        let lengths = [0, 1].map(|stratum| {
            fitted.residual(stratum, &[right], &[target], &mut residual);
            residual[0].abs()
        });
        lengths[0].min(lengths[1])
    };
    let own = two_strata(400, 200);
    assert!(off(&own, 10.5, 0.5) < 0.1 && off(&own, -9.5, 2.0) < 0.1);
    let pooled = two_strata(400, 199);
    assert!(off(&pooled, 10.5, 0.5) > 0.2, "{}", off(&pooled, 10.5, 0.5));
    assert!(off(&pooled, -9.5, 2.0) < 0.1);
}

#[test]
fn half_of_all_pixels_lie_within_the_median_of_chi_square() {
    let wave = |i: usize, k: f32| (i as f32 * k).sin();
    for bands in [1, 2, 4, 6] {
        let looks: Vec<f32> = (0..901).map(|i| wave(i, 0.7)).collect();
        let targets: Vec<f32> = (0..901)
            .flat_map(|i| (0..bands).map(move |band| wave(i, 0.7) + wave(i, 1.9 + 0.83 * band as f32)))
            .collect();
        let samples = Samples { dimensions: 1, looks: &looks, bands, targets: &targets };
        let fitted = Conditional::learn(&samples, &CodeBook::learn(&looks, 1, 1));
        let mut residual = vec![0.0; bands];
        let lengths: Vec<f64> = (0..901)
            .map(|i| fitted.residual(0, &looks[i..=i], &targets[i * bands..(i + 1) * bands], &mut residual))
            .collect();
        assert!(
            (median(&lengths) - CHI_SQUARE_MEDIAN[bands - 1]).abs() < 1e-6,
            "{bands}: {}",
            median(&lengths)
        );
    }
}
