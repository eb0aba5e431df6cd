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

    /// Sums over pixels given as before and after.
    fn sums(pixels: &[(f32, f32)]) -> Sums {
        pixels.iter().fold([0; 5], |sum, &(x, y)| {
            let (x, y) = (whole(x), whole(y));
            [sum[0] + 1, sum[1] + x, sum[2] + y, sum[3] + x * x, sum[4] + x * y]
        })
    }

    fn ring(count: usize, of: impl Fn(f32) -> f32) -> Sums {
        let x = |index: usize| if index.is_multiple_of(2) { 1.0 } else { -1.0 };
        sums(&(0..count).map(|index| (x(index), of(x(index)))).collect::<Vec<_>>())
    }

    fn expects(outer: Sums, core: Sums, x: f64, expected: f64) {
        let found = predicted(outer, core, x).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn a_ring_expects_what_its_own_line_says_and_no_steeper_than_two_and_a_half() {
        // Variance 1, pulled by 0.05.
        expects(ring(30, |x| x + 1.0), [0; 5], 2.0, 1.0 + 2.0 / 1.05);
        expects(ring(30, |x| 3.0 * x), [0; 5], 2.0, 5.0);
        expects(ring(30, |x| 2.0 - x), [0; 5], 2.0, 1.0);
        expects(ring(30, |x| 0.25 - 0.25 * x), [0; 5], 2.0, 0.25 - 0.5 / 1.05);
    }

    #[test]
    fn a_plain_ring_expects_its_own_mean() {
        expects(sums(&[(3.0, 1.5); 40]), [0; 5], 9.0, 1.5);
    }

    #[test]
    fn before_that_is_not_even_on_the_mean_counts_from_the_mean() {
        // Before 0, 2, 4 in turn: mean 2, variance 8/3; after is half of it and 3.
        let pixels: Vec<(f32, f32)> = (0..30).map(|i| (2.0 * (i % 3) as f32, 3.0 + (i % 3) as f32)).collect();
        let slope = (4.0 / 3.0) / (8.0 / 3.0 + 0.05);
        expects(sums(&pixels), [0; 5], 5.0, 4.0 + slope * 3.0);
    }

    #[test]
    fn the_core_is_left_out_and_a_ring_of_fewer_than_thirty_says_nothing() {
        let core = sums(&[(9.0, -20.0); 7]);
        let both = |outer: Sums| std::array::from_fn(|index| outer[index] + core[index]);
        expects(both(ring(30, |x| x + 1.0)), core, 0.0, 1.0);
        assert_eq!(predicted(both(ring(29, |x| x)), core, 0.0), None);
    }

    #[test]
    fn a_box_holds_the_valid_pixels_within_its_reach_up_to_the_edge() {
        let valid = Plane::from_shape_fn((7, 9), |(row, col)| f32::from((row, col) != (3, 4)));
        let before = Plane::from_shape_fn((7, 9), |(row, col)| (row * 9 + col) as f32 / 4.0) * &valid;
        let after = before.mapv(|value| 1.0 - 2.0 * value) * &valid;
        let table = summed(&before, &after, &valid);
        for (place, radius) in [((3, 4), 1), ((2, 3), 2), ((0, 0), 2), ((6, 8), 3), ((1, 7), 10), ((6, 0), 0)]
        {
            let near =
                |(row, col): (usize, usize)| row.abs_diff(place.0).max(col.abs_diff(place.1)) <= radius;
            let held: Vec<(f32, f32)> = before
                .indexed_iter()
                .filter(|(at, _)| near(*at) && valid[*at] > 0.0)
                .map(|(at, value)| (*value, after[at]))
                .collect();
            assert_eq!(boxed(&table, (7, 9), place, radius), sums(&held), "{place:?} {radius}");
        }
    }

    #[test]
    fn what_is_beyond_thirty_units_is_cut_and_steps_are_of_one_in_4096() {
        assert_eq!([1e9, -1e9, 1.0, 0.5 / 4096.0, 0.0].map(whole), [122_880, -122_880, 4096, 1, 0]);
    }

    #[test]
    fn what_nobody_saw_or_has_no_neighbours_is_no_residual() {
        let mut valid = Plane::ones((40, 40));
        valid[[20, 20]] = 0.0;
        let before = Plane::zeros((40, 40));
        let mut after = &valid * 2.0;
        after[[5, 5]] = 5.0;
        let result = residual(&before, &after, &valid);
        assert_eq!(result[[20, 20]], 0.0);
        assert!((result[[5, 5]] - 3.0).abs() < 1e-5 && result[[30, 5]].abs() < 0.01);
        // A lone pixel among hidden ones: five by five of them are its core, no ring is left.
        let alone = Plane::from_shape_fn((40, 40), |(row, col)| f32::from(row < 3 && col < 3));
        let result = residual(&before, &(&alone * 2.0), &alone);
        assert!(result.iter().all(|value| *value == 0.0));
    }
}
