//! Conditional residual: what one date lets one expect of the other, stratum by stratum.
//!
//! In: looks of the known date, bands of the wondered-at date. Out: residual per band and its squared Mahalanobis length
//! over the number of bands, 1 where nothing happened.
//! Law: robust (changed pixels lose their weight), sums in f64 in a fixed order.
//! Source: iteratively reweighted least squares with Huber-like weights (Huber 1964); scale by the median of chi-square.

use serde::{Deserialize, Serialize};

use crate::baseline::lanes::{LANES, Lanes};
use crate::detect::pair::strata::CodeBook;

/// Most bands of a date.
const MOST_BANDS: usize = 6;
/// Residuals of sixteen pixels, by band.
pub type Residuals = [[f64; LANES]; MOST_BANDS];

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    /// By predictor (constant first), then band.
    slopes: Vec<f64>,
    /// Inverse of the lower Cholesky factor of the residual covariance, by row.
    whitening: Vec<f64>,
}

/// Regression of every stratum of a code book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

    /// Residuals of sixteen pixels, by band, and their squared lengths over the number of bands.
    ///
    /// Pixels side by side are mostly of one stratum or two: the line of each is followed for all of them at once.
    #[inline(always)]
    pub fn residuals(
        &self,
        strata: &[usize; LANES],
        look: &[Lanes],
        target: &[Lanes],
    ) -> (Residuals, [f64; LANES]) {
        let (mut residuals, mut lengths) = ([[0.0; LANES]; MOST_BANDS], [0.0; LANES]);
        let mut is_done = [false; LANES];
        while let Some(first) = is_done.iter().position(|done| !done) {
            let line = &self.lines[strata[first]];
            let own = line.residuals(look, target);
            let length = line.lengths(&own[..self.bands]);
            for lane in first..LANES {
                if strata[lane] == strata[first] {
                    is_done[lane] = true;
                    lengths[lane] = length[lane] / self.bands as f64;
                    for (all, own) in residuals.iter_mut().zip(&own) {
                        all[lane] = own[lane];
                    }
                }
            }
        }
        (residuals, lengths)
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

    /// [`Line::residual`] of sixteen pixels.
    #[inline(always)]
    fn residuals(&self, look: &[Lanes], target: &[Lanes]) -> Residuals {
        let bands = target.len();
        let mut residuals = [[0.0; LANES]; MOST_BANDS];
        for (band, (residual, target)) in residuals.iter_mut().zip(target).enumerate() {
            for (residual, target) in residual.iter_mut().zip(target) {
                *residual = f64::from(*target) - self.slopes[band];
            }
            for (value, slopes) in look.iter().zip(self.slopes[bands..].chunks_exact(bands)) {
                let slope = slopes[band];
                for (sum, value) in residual.iter_mut().zip(value) {
                    *sum -= f64::from(*value) * slope;
                }
            }
        }
        residuals
    }

    /// [`Line::length`] of sixteen pixels.
    #[inline(always)]
    fn lengths(&self, residuals: &[[f64; LANES]]) -> [f64; LANES] {
        let bands = residuals.len();
        let mut lengths = [0.0; LANES];
        for (row, weights) in self.whitening.chunks_exact(bands).enumerate() {
            let mut term = [0.0; LANES];
            for (weight, residual) in weights[..=row].iter().zip(residuals) {
                for (sum, residual) in term.iter_mut().zip(residual) {
                    *sum += weight * residual;
                }
            }
            for (length, term) in lengths.iter_mut().zip(term) {
                *length += term * term;
            }
        }
        lengths
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
mod tests;
