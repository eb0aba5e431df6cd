//! Sibling residual: what a pixel's neighbours at several distances say it should look like.
//!
//! In: one band of both dates, standardised and smoothed. Out: after minus the local regression of after on before
//! over a box less its core, mean over the boxes.
//! Law: box sums are whole numbers of 1/4096, so their differences do not depend on where the window starts.
//! Source: Kondmann et al. 2021 (SiROC, arXiv 2105.02068): distant neighbours predict a pixel; ours regresses in a ring.

use crate::detect::pair::plane::Plane;

/// Half widths of the boxes in pixels: about 100 to 500 m at 10 m.
const RADII: [usize; 4] = [6, 10, 16, 24];
/// Half width of the core that is left out, in pixels.
const CORE: usize = 2;
/// Steps of a standardised unit in the whole-number sums.
const STEPS: f32 = 4096.0;
/// Standardised values beyond this are cut, so that sums cannot overflow.
const LIMIT: f32 = 30.0;
/// Variance (standardised units) that pulls the slope of a plain box to 0.
const SHRINK: f64 = 0.05;
/// Fewest pixels of a ring that can say anything.
const FEWEST: f64 = 30.0;

/// Sums over a box: count, before, after, before squared, before times after.
type Sums = [i64; 5];

/// Mean residual over the rings; 0 where invalid or without neighbours.
pub fn residual(before: &Plane, after: &Plane, valid: &Plane) -> Plane {
    let table = summed(before, after, valid);
    let (rows, cols) = before.dim();
    let mut residual = Plane::zeros((rows, cols));
    for ((row, col), result) in residual.indexed_iter_mut() {
        if valid[[row, col]] == 0.0 {
            continue;
        }
        let core = boxed(&table, (rows, cols), (row, col), CORE);
        let (x, y) = (f64::from(before[[row, col]]), f64::from(after[[row, col]]));
        let mut total = 0.0;
        let mut rings = 0.0;
        for radius in RADII {
            let outer = boxed(&table, (rows, cols), (row, col), radius);
            if let Some(expected) = predicted(outer, core, x) {
                total += y - expected;
                rings += 1.0;
            }
        }
        if rings > 0.0 {
            *result = (total / rings) as f32;
        }
    }
    residual
}

/// Summed-area table with one row and column of zeros in front.
fn summed(before: &Plane, after: &Plane, valid: &Plane) -> Vec<Sums> {
    let (rows, cols) = before.dim();
    let width = cols + 1;
    let mut table = vec![[0_i64; 5]; (rows + 1) * width];
    for row in 0..rows {
        let mut line = [0_i64; 5];
        for col in 0..cols {
            if valid[[row, col]] > 0.0 {
                let (x, y) = (whole(before[[row, col]]), whole(after[[row, col]]));
                for (sum, term) in line.iter_mut().zip([1, x, y, x * x, x * y]) {
                    *sum += term;
                }
            }
            let above = table[row * width + col + 1];
            for (index, cell) in table[(row + 1) * width + col + 1].iter_mut().enumerate() {
                *cell = above[index] + line[index];
            }
        }
    }
    table
}

/// A standardised value in whole steps.
fn whole(value: f32) -> i64 {
    (value.clamp(-LIMIT, LIMIT) * STEPS).round() as i64
}

/// Sums over the box around a pixel, cut at the plane's edge.
fn boxed(table: &[Sums], (rows, cols): (usize, usize), (row, col): (usize, usize), radius: usize) -> Sums {
    let width = cols + 1;
    let (top, bottom) = (row.saturating_sub(radius), (row + radius + 1).min(rows));
    let (left, right) = (col.saturating_sub(radius), (col + radius + 1).min(cols));
    let (a, b) = (&table[top * width + left], &table[top * width + right]);
    let (c, d) = (&table[bottom * width + left], &table[bottom * width + right]);
    std::array::from_fn(|index| d[index] - b[index] - c[index] + a[index])
}

/// What the ring between two boxes expects after, given before.
fn predicted(outer: Sums, core: Sums, x: f64) -> Option<f64> {
    let ring: [f64; 5] = std::array::from_fn(|index| (outer[index] - core[index]) as f64);
    let count = ring[0];
    if count < FEWEST {
        return None;
    }
    let step = f64::from(STEPS);
    let (mean_x, mean_y) = (ring[1] / count / step, ring[2] / count / step);
    let variance = (ring[3] / count / (step * step) - mean_x * mean_x).max(0.0);
    let covariance = ring[4] / count / (step * step) - mean_x * mean_y;
    let slope = (covariance / (variance + SHRINK)).clamp(-0.5, 2.5);
    Some(mean_y + slope * (x - mean_x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_that_departs_from_its_neighbours_stands_out() {
        let valid = Plane::ones((60, 60));
        let before =
            Plane::from_shape_fn((60, 60), |(row, col)| ((row * 7 + col * 13) % 11) as f32 / 5.0 - 1.0);
        let mut after = before.mapv(|value| 1.5 * value + 0.3);
        after[[30, 30]] += 2.0;
        let result = residual(&before, &after, &valid);
        assert!((result[[30, 30]] - 2.0).abs() < 0.2, "{}", result[[30, 30]]);
        assert!(result[[10, 45]].abs() < 0.2, "{}", result[[10, 45]]);
    }
}
