//! Conditional residual: what one date lets one expect of the other, stratum by stratum.
//!
//! In: looks of the known date, bands of the wondered-at date. Out: residual per band and its squared Mahalanobis length
//! over the number of bands, 1 where nothing happened.
//! Law: robust (changed pixels lose their weight), sums in f64 in a fixed order.
//! Source: iteratively reweighted least squares with Huber-like weights (Huber 1964); scale by the median of chi-square.

use crate::detect::pair::strata::CodeBook;

/// Reweighting passes.
const PASSES: usize = 4;
/// Ridge, as a share of the sample, on standardised predictors.
const RIDGE: f64 = 1e-3;
/// A stratum with fewer samples uses the regression of all.
const FEWEST: usize = 200;
/// Squared length, in bands, from which a pixel loses weight.
const BEND: f64 = 1.5;
/// Medians of chi-square over its degrees of freedom, for 1 to 6 bands (tables).
const CHI_SQUARE_MEDIAN: [f64; 6] =
    [0.454_94, std::f64::consts::LN_2, 0.788_66, 0.839_17, 0.870_29, 0.891_35];

/// Regression of one stratum.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// By predictor (constant first), then band.
    slopes: Vec<f64>,
    /// Inverse of the lower Cholesky factor of the residual covariance, by row.
    whitening: Vec<f64>,
}

/// Regression of every stratum of a code book.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    bands: usize,
    lines: Vec<Line>,
}

/// Samples of both sides: looks of the known date and bands of the other, one pixel after another.
pub struct Samples<'a> {
    /// Numbers per look.
    pub dimensions: usize,
    /// Looks of the known date.
    pub looks: &'a [f32],
    /// Number of bands of the other date, at most 6.
    pub bands: usize,
    /// Bands of the other date.
    pub targets: &'a [f32],
}

impl Conditional {
    /// Fits each stratum of the book.
    pub fn learn(samples: &Samples<'_>, book: &CodeBook) -> Self {
        let count = samples.targets.len() / samples.bands;
        let mut members = vec![Vec::new(); book.len()];
        for (index, look) in samples.looks.chunks_exact(samples.dimensions).enumerate() {
            members[book.nearest(look)].push(index);
        }
        let everyone: Vec<usize> = (0..count).collect();
        let pooled = samples.fit(&everyone);
        let lines = members
            .iter()
            .map(|members| if members.len() < FEWEST { pooled.clone() } else { samples.fit(members) })
            .collect();
        Self { bands: samples.bands, lines }
    }

    /// Residual of a pixel into `residual` (one number per band), and its squared length over the number of bands.
    pub fn residual(&self, stratum: usize, look: &[f32], target: &[f32], residual: &mut [f64]) -> f64 {
        let line = &self.lines[stratum];
        line.residual(look, target, residual);
        line.length(residual) / self.bands as f64
    }
}

impl Line {
    fn residual(&self, look: &[f32], target: &[f32], residual: &mut [f64]) {
        let bands = target.len();
        for (band, residual) in residual.iter_mut().enumerate() {
            *residual = f64::from(target[band]) - self.slopes[band];
        }
        for (value, slopes) in look.iter().zip(self.slopes[bands..].chunks_exact(bands)) {
            for (residual, slope) in residual.iter_mut().zip(slopes) {
                *residual -= f64::from(*value) * slope;
            }
        }
    }

    fn length(&self, residual: &[f64]) -> f64 {
        let bands = residual.len();
        let mut length = 0.0;
        for (row, weights) in self.whitening.chunks_exact(bands).enumerate() {
            let term: f64 = weights[..=row].iter().zip(residual).map(|(a, b)| a * b).sum();
            length += term * term;
        }
        length
    }
}

impl Samples<'_> {
    fn pixel(&self, index: usize) -> (&[f32], &[f32]) {
        (
            &self.looks[index * self.dimensions..(index + 1) * self.dimensions],
            &self.targets[index * self.bands..(index + 1) * self.bands],
        )
    }

    fn fit(&self, members: &[usize]) -> Line {
        let mut weights = vec![1.0; members.len()];
        let bands = self.bands;
        let mut line = Line { slopes: Vec::new(), whitening: Vec::new() };
        let mut residual = vec![0.0; bands];
        for _ in 0..PASSES {
            line.slopes = self.slopes(members, &weights);
            line.whitening = whitening(&self.covariance(members, &weights, &line), bands);
            let lengths: Vec<f64> = members
                .iter()
                .map(|&index| {
                    let (look, target) = self.pixel(index);
                    line.residual(look, target, &mut residual);
                    line.length(&residual)
                })
                .collect();
            let expected = CHI_SQUARE_MEDIAN[bands.clamp(1, 6) - 1] * bands as f64;
            let scale = (median(&lengths) / expected).max(1e-12);
            let narrow = scale.sqrt();
            line.whitening.iter_mut().for_each(|value| *value /= narrow);
            for (weight, length) in weights.iter_mut().zip(&lengths) {
                *weight = (BEND * bands as f64 * scale / length.max(1e-12)).min(1.0);
            }
        }
        line
    }

    /// Weighted ridge regression, by predictor then band.
    fn slopes(&self, members: &[usize], weights: &[f64]) -> Vec<f64> {
        let size = self.dimensions + 1;
        let mut gram = vec![0.0; size * size];
        let mut moment = vec![0.0; size * self.bands];
        let mut total = 0.0;
        let mut look_of = vec![1.0; size];
        for (&index, &weight) in members.iter().zip(weights) {
            let (look, target) = self.pixel(index);
            for (slot, &value) in look_of[1..].iter_mut().zip(look) {
                *slot = f64::from(value);
            }
            total += weight;
            for row in 0..size {
                let factor = weight * look_of[row];
                for col in 0..=row {
                    gram[row * size + col] += factor * look_of[col];
                }
                for (slot, &value) in moment[row * self.bands..].iter_mut().zip(target) {
                    *slot += factor * f64::from(value);
                }
            }
        }
        for index in 1..size {
            gram[index * size + index] += RIDGE * total;
        }
        gram[0] += 1e-9;
        solved(&gram, size, &moment, self.bands)
    }

    /// Weighted covariance of the residuals, by row.
    fn covariance(&self, members: &[usize], weights: &[f64], line: &Line) -> Vec<f64> {
        let bands = self.bands;
        let mut sums = vec![0.0; bands * bands];
        let mut total = 0.0;
        let mut residual = vec![0.0; bands];
        for (&index, &weight) in members.iter().zip(weights) {
            let (look, target) = self.pixel(index);
            line.residual(look, target, &mut residual);
            total += weight;
            for row in 0..bands {
                for col in 0..bands {
                    sums[row * bands + col] += weight * residual[row] * residual[col];
                }
            }
        }
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum /= f64::max(total, 1e-9);
            if index % (bands + 1) == 0 {
                // A band that is predicted without error would make any difference infinitely rare.
                *sum += 1e-6;
            }
        }
        sums
    }
}

/// Middle value of a list, the upper of two; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (_, value, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    *value
}

/// Lower Cholesky factor of a symmetric positive matrix, of which the lower half is read.
fn cholesky(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut factor = vec![0.0; size * size];
    for row in 0..size {
        for col in 0..=row {
            let done: f64 = (0..col).map(|k| factor[row * size + k] * factor[col * size + k]).sum();
            let rest = matrix[row * size + col] - done;
            factor[row * size + col] =
                if row == col { rest.max(1e-12).sqrt() } else { rest / factor[col * size + col] };
        }
    }
    factor
}

/// Inverse of the lower Cholesky factor: turns a residual into uncorrelated units.
fn whitening(covariance: &[f64], size: usize) -> Vec<f64> {
    let factor = cholesky(covariance, size);
    let mut inverse = vec![0.0; size * size];
    for col in 0..size {
        for row in col..size {
            let unit = if row == col { 1.0 } else { 0.0 };
            let done: f64 = (col..row).map(|k| factor[row * size + k] * inverse[k * size + col]).sum();
            inverse[row * size + col] = (unit - done) / factor[row * size + row];
        }
    }
    inverse
}

/// Solves `matrix * x = right` for several right sides (by row, then side).
fn solved(matrix: &[f64], size: usize, right: &[f64], sides: usize) -> Vec<f64> {
    let factor = cholesky(matrix, size);
    let mut x = right.to_vec();
    for side in 0..sides {
        for row in 0..size {
            let done: f64 = (0..row).map(|k| factor[row * size + k] * x[k * sides + side]).sum();
            x[row * sides + side] = (x[row * sides + side] - done) / factor[row * size + row];
        }
        for row in (0..size).rev() {
            let done: f64 = (row + 1..size).map(|k| factor[k * size + row] * x[k * sides + side]).sum();
            x[row * sides + side] = (x[row * sides + side] - done) / factor[row * size + row];
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            [&[4.0, 1.0, 3.0, 2.0][..], &[5.0, 1.0, 2.0], &[7.0], &[]].map(median),
            [3.0, 2.0, 7.0, 0.0]
        );
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
                .map(|i| {
                    fitted.residual(0, &looks[i..=i], &targets[i * bands..(i + 1) * bands], &mut residual)
                })
                .collect();
            assert!(
                (median(&lengths) - CHI_SQUARE_MEDIAN[bands - 1]).abs() < 1e-6,
                "{bands}: {}",
                median(&lengths)
            );
        }
    }
}
