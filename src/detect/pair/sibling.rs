//! Sibling residual: what a pixel's neighbours at several distances say it should look like.
//!
//! In: one band of both dates, standardised and smoothed. Out: after minus the local regression of after on before
//! over a box less its core, mean over the boxes.
//! Law: box sums are whole numbers of 1/4096, so that they do not depend on where the window starts.
//! Source: Kondmann et al. 2021 (SiROC, arXiv 2105.02068): distant neighbours predict a pixel; ours regresses in a ring.

use ndarray::ArrayView1;

use crate::baseline::lanes::wide;
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

/// Numbers that are summed: count, before, after, before squared, before times after.
const CHANNELS: usize = 5;
/// Sums over a box. Whole numbers far below 2^53, so that no order of adding changes them.
type Sums = [f64; CHANNELS];

/// Mean residual over the rings; 0 where invalid or without neighbours.
pub fn residual(before: &Plane, after: &Plane, valid: &Plane) -> Plane {
    let (rows, cols) = before.dim();
    let terms = Terms::of(before, after, valid);
    let mut boxes = [CORE, RADII[0], RADII[1], RADII[2], RADII[3]].map(|reach| Boxes::new(reach, cols));
    let mut result = Plane::zeros((rows, cols));
    for (row, mut line) in result.rows_mut().into_iter().enumerate() {
        let Some(line) = line.as_slice_mut() else { continue };
        wide(
            #[inline(always)]
            || {
                for boxes in &mut boxes {
                    boxes.advance(&terms, row);
                }
                let [core, rings @ ..] = &boxes;
                departures(core, rings, (before.row(row), after.row(row)), line);
            },
        );
        line.iter_mut().zip(valid.row(row)).for_each(|(value, valid)| {
            if *valid == 0.0 {
                *value = 0.0;
            }
        });
    }
    result
}

/// What is summed, by channel and pixel; 0 where a pixel is not valid.
struct Terms {
    rows: usize,
    cols: usize,
    channels: [Vec<f32>; CHANNELS - 2],
}

impl Terms {
    fn of(before: &Plane, after: &Plane, valid: &Plane) -> Self {
        let (rows, cols) = before.dim();
        let kept = |plane: &Plane| {
            let both = plane.iter().zip(valid);
            wide(
                #[inline(always)]
                || both.map(|(value, valid)| if *valid > 0.0 { whole(*value) } else { 0.0 }).collect(),
            )
        };
        let count = valid.iter().map(|valid| f32::from(*valid > 0.0)).collect();
        Self { rows, cols, channels: [count, kept(before), kept(after)] }
    }

    /// Adds a row, or takes it away, column by column.
    #[inline(always)]
    fn add(&self, row: usize, sign: f64, sums: &mut [Vec<f64>; CHANNELS]) {
        let place = row * self.cols..(row + 1) * self.cols;
        let [count, x, y] = &self.channels;
        let (count, x, y) = (&count[place.clone()], &x[place.clone()], &y[place]);
        let [n, sx, sy, sxx, sxy] = sums;
        let (n, sx, sy) = (&mut n[1..=self.cols], &mut sx[1..=self.cols], &mut sy[1..=self.cols]);
        let (sxx, sxy) = (&mut sxx[1..=self.cols], &mut sxy[1..=self.cols]);
        for col in 0..self.cols {
            let (x, y) = (f64::from(x[col]), f64::from(y[col]));
            let signed = sign * x;
            n[col] += sign * f64::from(count[col]);
            sx[col] += signed;
            sy[col] += sign * y;
            sxx[col] += signed * x;
            sxy[col] += signed * y;
        }
    }
}

/// Sums over the boxes of one size around every pixel of a row.
struct Boxes {
    reach: usize,
    /// Rows that the columns hold.
    held: std::ops::Range<usize>,
    /// Sums of the columns; a column of nought stands before the first.
    columns: [Vec<f64>; CHANNELS],
    /// Sums of all columns before one.
    before: [Vec<f64>; CHANNELS],
    /// Sums of the boxes.
    sums: [Vec<f64>; CHANNELS],
}

impl Boxes {
    fn new(reach: usize, cols: usize) -> Self {
        let empty = || std::array::from_fn(|_| vec![0.0; cols + 1]);
        Self { reach, held: 0..0, columns: empty(), before: empty(), sums: empty() }
    }

    /// Goes on to a row: the first, or the one after the last.
    #[inline(always)]
    fn advance(&mut self, terms: &Terms, row: usize) {
        let wanted = row.saturating_sub(self.reach)..(row + self.reach + 1).min(terms.rows);
        for new in self.held.end..wanted.end {
            terms.add(new, 1.0, &mut self.columns);
        }
        for old in self.held.start..wanted.start {
            terms.add(old, -1.0, &mut self.columns);
        }
        self.held = wanted;
        self.run(terms.cols);
        for (sums, before) in self.sums.iter_mut().zip(&self.before) {
            differences(&before[..=terms.cols], self.reach, &mut sums[..terms.cols]);
        }
    }

    /// Adds the columns up. The five sums run beside each other: one alone would wait for each of its own additions.
    #[inline(always)]
    fn run(&mut self, cols: usize) {
        let [n, x, y, xx, xy] = &self.columns;
        let (n, x, y, xx, xy) = (&n[..=cols], &x[..=cols], &y[..=cols], &xx[..=cols], &xy[..=cols]);
        let mut sums = [0.0; CHANNELS];
        for col in 0..=cols {
            for (sum, term) in sums.iter_mut().zip([n[col], x[col], y[col], xx[col], xy[col]]) {
                *sum += term;
            }
            for (before, sum) in self.before.iter_mut().zip(sums) {
                before[col] = sum;
            }
        }
    }

    /// The sums around a pixel.
    #[inline(always)]
    fn at(&self, col: usize) -> Sums {
        std::array::from_fn(|channel| self.sums[channel][col])
    }
}

/// Sums over the columns within reach of each, from the sums of all columns before one.
#[inline(always)]
fn differences(before: &[f64], reach: usize, sums: &mut [f64]) {
    let cols = sums.len();
    let edge = |col: usize| before[(col + reach + 1).min(cols)] - before[col.saturating_sub(reach)];
    let (start, end) = (reach.min(cols), cols.saturating_sub(reach).max(reach.min(cols)));
    for col in (0..start).chain(end..cols) {
        sums[col] = edge(col);
    }
    let ends = &before[(start + reach + 1).min(cols)..];
    for ((sum, end), start) in sums[start..end].iter_mut().zip(ends).zip(before) {
        *sum = end - start;
    }
}

/// A standardised value in whole steps.
#[inline(always)]
fn whole(value: f32) -> f32 {
    (value.clamp(-LIMIT, LIMIT) * STEPS).round()
}

/// After minus what the rings expect, mean over those that can say anything, of every pixel of a row.
#[inline(always)]
fn departures(
    core: &Boxes,
    rings: &[Boxes],
    (before, after): (ArrayView1<'_, f32>, ArrayView1<'_, f32>),
    line: &mut [f32],
) {
    for (col, ((result, before), after)) in line.iter_mut().zip(before).zip(after).enumerate() {
        let (core, x, y) = (core.at(col), f64::from(*before), f64::from(*after));
        let (mut total, mut count) = (0.0, 0.0);
        for ring in rings {
            let (expected, says) = predicted(ring.at(col), core, x);
            total += if says { y - expected } else { 0.0 };
            count += if says { 1.0 } else { 0.0 };
        }
        *result = if count > 0.0 { (total / count) as f32 } else { 0.0 };
    }
}

/// What the ring between two boxes expects after, given before, and whether it can say anything.
#[inline(always)]
fn predicted(outer: Sums, core: Sums, x: f64) -> (f64, bool) {
    let ring: Sums = std::array::from_fn(|index| outer[index] - core[index]);
    let count = ring[0];
    let step = f64::from(STEPS);
    let (mean_x, mean_y) = (ring[1] / count / step, ring[2] / count / step);
    let variance = (ring[3] / count / (step * step) - mean_x * mean_x).max(0.0);
    let covariance = ring[4] / count / (step * step) - mean_x * mean_y;
    let slope = (covariance / (variance + SHRINK)).clamp(-0.5, 2.5);
    (mean_y + slope * (x - mean_x), count >= FEWEST)
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
        pixels.iter().fold([0.0; 5], |sum, &(x, y)| {
            let (x, y) = (f64::from(whole(x)), f64::from(whole(y)));
            [sum[0] + 1.0, sum[1] + x, sum[2] + y, sum[3] + x * x, sum[4] + x * y]
        })
    }

    fn ring(count: usize, of: impl Fn(f32) -> f32) -> Sums {
        let x = |index: usize| if index.is_multiple_of(2) { 1.0 } else { -1.0 };
        sums(&(0..count).map(|index| (x(index), of(x(index)))).collect::<Vec<_>>())
    }

    fn expects(outer: Sums, core: Sums, x: f64, expected: f64) {
        let (found, says) = predicted(outer, core, x);
        assert!(says);
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn a_ring_expects_what_its_own_line_says_and_no_steeper_than_two_and_a_half() {
        // Variance 1, pulled by 0.05.
        expects(ring(30, |x| x + 1.0), [0.0; 5], 2.0, 1.0 + 2.0 / 1.05);
        expects(ring(30, |x| 3.0 * x), [0.0; 5], 2.0, 5.0);
        expects(ring(30, |x| 2.0 - x), [0.0; 5], 2.0, 1.0);
        expects(ring(30, |x| 0.25 - 0.25 * x), [0.0; 5], 2.0, 0.25 - 0.5 / 1.05);
    }

    #[test]
    fn a_plain_ring_expects_its_own_mean() {
        expects(sums(&[(3.0, 1.5); 40]), [0.0; 5], 9.0, 1.5);
    }

    #[test]
    fn before_that_is_not_even_on_the_mean_counts_from_the_mean() {
        // Before 0, 2, 4 in turn: mean 2, variance 8/3; after is half of it and 3.
        let pixels: Vec<(f32, f32)> = (0..30).map(|i| (2.0 * (i % 3) as f32, 3.0 + (i % 3) as f32)).collect();
        let slope = (4.0 / 3.0) / (8.0 / 3.0 + 0.05);
        expects(sums(&pixels), [0.0; 5], 5.0, 4.0 + slope * 3.0);
    }

    #[test]
    fn the_core_is_left_out_and_a_ring_of_fewer_than_thirty_says_nothing() {
        let core = sums(&[(9.0, -20.0); 7]);
        let both = |outer: Sums| std::array::from_fn(|index| outer[index] + core[index]);
        expects(both(ring(30, |x| x + 1.0)), core, 0.0, 1.0);
        assert!(!predicted(both(ring(29, |x| x)), core, 0.0).1);
    }

    #[test]
    fn a_box_holds_the_valid_pixels_within_its_reach_up_to_the_edge() {
        let valid = Plane::from_shape_fn((7, 9), |(row, col)| f32::from((row, col) != (3, 4)));
        let before = Plane::from_shape_fn((7, 9), |(row, col)| (row * 9 + col) as f32 / 4.0) * &valid;
        let after = before.mapv(|value| 1.0 - 2.0 * value) * &valid;
        let terms = Terms::of(&before, &after, &valid);
        for (place, radius) in [((3, 4), 1), ((2, 3), 2), ((0, 0), 2), ((6, 8), 3), ((1, 7), 10), ((6, 0), 0)]
        {
            let near =
                |(row, col): (usize, usize)| row.abs_diff(place.0).max(col.abs_diff(place.1)) <= radius;
            let held: Vec<(f32, f32)> = before
                .indexed_iter()
                .filter(|(at, _)| near(*at) && valid[*at] > 0.0)
                .map(|(at, value)| (*value, after[at]))
                .collect();
            let mut boxes = Boxes::new(radius, 9);
            (0..=place.0).for_each(|row| boxes.advance(&terms, row));
            assert_eq!(boxes.at(place.1), sums(&held), "{place:?} {radius}");
        }
    }

    #[test]
    fn what_is_beyond_thirty_units_is_cut_and_steps_are_of_one_in_4096() {
        assert_eq!([1e9, -1e9, 1.0, 0.5 / 4096.0, 0.0].map(whole), [122_880.0, -122_880.0, 4096.0, 1.0, 0.0]);
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
