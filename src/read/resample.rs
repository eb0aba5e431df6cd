//! The rule by which a source grid is seen on the plan's grid. Pure arithmetic.
//!
//! In:  two grids of one CRS, pixels of the source.
//! Out: values on the plan's pixels.
//! Law: a value depends on the place of its pixel only, never on the window or tile that asks.
//!
//! Rule: whole-pixel shifts copy. Classes take the source pixel that holds the pixel's centre. A source at
//! least twice as fine is averaged over the source pixels whose centres fall in, if at least half of them are
//! valid. All else is bilinear at the pixel's centre over the valid ones of four neighbours, if the nearest is valid. A
//! displaced source with pixels as large as the target's is cubic where all sixteen neighbours are valid: it blurs less.
//! Source of the cubic: Keys 1981, cubic convolution, a = -0.5.

use std::ops::Range;

use ndarray::Array2;

use crate::grid::{Grid, Window};

/// How a band is brought to a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Source row = row + shift, the same for columns.
    Shift { rows: i64, cols: i64 },
    /// The source pixel that holds the centre.
    Nearest,
    /// Four neighbours of the centre.
    Bilinear,
    /// Mean of the source pixels whose centres fall in.
    Average,
    /// Sixteen neighbours of the centre; four where one of them is missing.
    Cubic,
}

/// The rule for a source grid on a target grid of the same CRS.
pub(crate) fn rule(source: &Grid, target: &Grid, classes: bool) -> Rule {
    if source.is_aligned_with(target) {
        let (row, col) = source.pixels(target.origin_x, target.origin_y);
        return Rule::Shift { rows: row.round() as i64, cols: col.round() as i64 };
    }
    let ratio = (target.pixel_width / source.pixel_width).min(target.pixel_height / source.pixel_height);
    match (classes, ratio >= 2.0 - 1e-6) {
        (true, _) => Rule::Nearest,
        (false, true) => Rule::Average,
        (false, false) => Rule::Bilinear,
    }
}

/// The same for a source that is put right by parts of a pixel.
pub(crate) fn rule_of_displaced(source: &Grid, target: &Grid, classes: bool) -> Rule {
    let is_one = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
    let are_alike =
        is_one(source.pixel_width, target.pixel_width) && is_one(source.pixel_height, target.pixel_height);
    match rule(source, target, classes) {
        Rule::Bilinear if are_alike => Rule::Cubic,
        rule => rule,
    }
}

/// A place on one axis of the source, in source pixels, for the start, centre and end of each target pixel.
struct Axis {
    start: Vec<f64>,
    centre: Vec<f64>,
    end: Vec<f64>,
}

/// Source positions are rounded to this part of a pixel, so that two descriptions of one grid agree.
const POSITION_STEP: f64 = 1.0 / 1_048_576.0;

fn position(value: f64) -> f64 {
    (value / POSITION_STEP).round() * POSITION_STEP
}

impl Axis {
    fn rows(source: &Grid, target: &Grid, window: Window) -> Self {
        let at = |row: f64| position(source.pixels(source.origin_x, target.world(row, 0.0).1).0);
        Self::new(window.row0..window.row_end(), at)
    }

    fn cols(source: &Grid, target: &Grid, window: Window) -> Self {
        let at = |col: f64| position(source.pixels(target.world(0.0, col).0, source.origin_y).1);
        Self::new(window.col0..window.col_end(), at)
    }

    fn new(range: Range<usize>, at: impl Fn(f64) -> f64) -> Self {
        let take = |shift: f64| range.clone().map(|index| at(index as f64 + shift)).collect();
        Self { start: take(0.0), centre: take(0.5), end: take(1.0) }
    }

    /// Source pixels that any of these targets can need, cut to `0..length`.
    fn span(&self, length: usize) -> Range<usize> {
        let first = self.start.first().copied().unwrap_or(0.0).floor() - 1.0;
        let last = self.end.last().copied().unwrap_or(0.0).ceil() + 1.0;
        let cut = |value: f64| value.clamp(0.0, length as f64) as usize;
        cut(first)..cut(last)
    }
}

/// The source window that a target window needs; empty when they do not meet.
pub(crate) fn source_window(rule: Rule, source: &Grid, target: &Grid, window: Window) -> Window {
    let (rows, cols) = match rule {
        Rule::Shift { rows, cols } => (
            shifted(window.row0..window.row_end(), rows, source.rows),
            shifted(window.col0..window.col_end(), cols, source.cols),
        ),
        _ => (
            Axis::rows(source, target, window).span(source.rows),
            Axis::cols(source, target, window).span(source.cols),
        ),
    };
    Window { row0: rows.start, col0: cols.start, rows: rows.len(), cols: cols.len() }
}

fn shifted(range: Range<usize>, shift: i64, length: usize) -> Range<usize> {
    let cut = |index: usize| (index as i64 + shift).clamp(0, length as i64) as usize;
    cut(range.start)..cut(range.end)
}

/// Values of the target window from the pixels of `from` (the window given by [`source_window`]).
///
/// `pixels` has the shape of `from`, NaN where nothing was observed; the result has the shape of `window`.
pub(crate) fn apply(
    rule: Rule,
    (source, from, pixels): (&Grid, Window, &Array2<f32>),
    target: &Grid,
    window: Window,
) -> Array2<f32> {
    let mut result = Array2::from_elem((window.rows, window.cols), f32::NAN);
    if from.is_empty() {
        return result;
    }
    if let Rule::Shift { rows, cols } = rule {
        let row0 = (from.row0 as i64 - rows - window.row0 as i64) as usize;
        let col0 = (from.col0 as i64 - cols - window.col0 as i64) as usize;
        for ((row, col), value) in pixels.indexed_iter() {
            result[(row0 + row, col0 + col)] = *value;
        }
        return result;
    }
    let (rows, cols) = (Axis::rows(source, target, window), Axis::cols(source, target, window));
    let view = View { from, pixels };
    for ((row, col), value) in result.indexed_iter_mut() {
        *value = match rule {
            Rule::Average => {
                view.average(centres(rows.start[row], rows.end[row]), centres(cols.start[col], cols.end[col]))
            }
            Rule::Bilinear => view.bilinear(rows.centre[row], cols.centre[col]),
            Rule::Cubic => view.cubic(rows.centre[row], cols.centre[col]),
            Rule::Nearest | Rule::Shift { .. } => view.nearest(rows.centre[row], cols.centre[col]),
        };
    }
    result
}

/// Source pixels whose centres lie in `[start, end)`.
fn centres(start: f64, end: f64) -> Range<i64> {
    (start - 0.5).ceil() as i64..(end - 0.5).ceil() as i64
}

/// Weights of the four neighbours on one axis at a part of a pixel behind the second of them.
fn weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [0.5 * (2.0 * t2 - t - t3), 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, 0.5 * (t3 - t2)]
}

struct View<'a> {
    from: Window,
    pixels: &'a Array2<f32>,
}

impl View<'_> {
    fn at(&self, row: i64, col: i64) -> f32 {
        let local = |index: i64, start: usize| usize::try_from(index - start as i64).ok();
        match (local(row, self.from.row0), local(col, self.from.col0)) {
            (Some(row), Some(col)) => self.pixels.get((row, col)).copied().unwrap_or(f32::NAN),
            _ => f32::NAN,
        }
    }

    fn nearest(&self, row: f64, col: f64) -> f32 {
        self.at(row.floor() as i64, col.floor() as i64)
    }

    fn bilinear(&self, row: f64, col: f64) -> f32 {
        if self.nearest(row, col).is_nan() {
            return f32::NAN;
        }
        let (top, left) = ((row - 0.5).floor(), (col - 0.5).floor());
        let (down, right) = (row - 0.5 - top, col - 0.5 - left);
        let (top, left) = (top as i64, left as i64);
        let (mut sum, mut weights) = (0.0_f64, 0.0_f64);
        for (step_row, step_col, weight) in [
            (0, 0, (1.0 - down) * (1.0 - right)),
            (0, 1, (1.0 - down) * right),
            (1, 0, down * (1.0 - right)),
            (1, 1, down * right),
        ] {
            let value = self.at(top + step_row, left + step_col);
            if !value.is_nan() {
                sum += weight * f64::from(value);
                weights += weight;
            }
        }
        (sum / weights) as f32
    }

    fn cubic(&self, row: f64, col: f64) -> f32 {
        let (top, left) = ((row - 0.5).floor(), (col - 0.5).floor());
        let (down, right) = (weights(row - 0.5 - top), weights(col - 0.5 - left));
        let mut sum = 0.0_f64;
        for (step_row, row_weight) in (-1..).zip(down) {
            for (step_col, col_weight) in (-1..).zip(right) {
                // A weight of 0 must not let a missing neighbour in.
                if row_weight != 0.0 && col_weight != 0.0 {
                    let value = self.at(top as i64 + step_row, left as i64 + step_col);
                    sum += row_weight * col_weight * f64::from(value);
                }
            }
        }
        if sum.is_nan() { self.bilinear(row, col) } else { sum as f32 }
    }

    fn average(&self, rows: Range<i64>, cols: Range<i64>) -> f32 {
        let (mut sum, mut valid, mut all) = (0.0_f64, 0_u32, 0_u32);
        for row in rows {
            for col in cols.clone() {
                let value = self.at(row, col);
                all += 1;
                if !value.is_nan() {
                    sum += f64::from(value);
                    valid += 1;
                }
            }
        }
        if valid == 0 || valid * 2 < all { f32::NAN } else { (sum / f64::from(valid)) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Crs;

    fn grid(rows: usize, cols: usize, origin: (f64, f64), size: f64) -> Grid {
        let (origin_x, origin_y) = origin;
        let crs = Crs::epsg(32649);
        Grid { rows, cols, origin_x, origin_y, pixel_width: size, pixel_height: size, crs }
    }

    /// A plane a + b*x + c*y at the pixel centres.
    fn plane(grid: &Grid) -> Array2<f32> {
        Array2::from_shape_fn((grid.rows, grid.cols), |(row, col)| {
            let (x, y) = grid.world(row as f64 + 0.5, col as f64 + 0.5);
            (0.25 * (x - 1000.0) - 0.5 * (y - 2000.0)) as f32
        })
    }

    fn seen(
        source: &Grid,
        pixels: &Array2<f32>,
        target: &Grid,
        window: Window,
        classes: bool,
    ) -> Array2<f32> {
        let rule = rule_of_displaced(source, target, classes);
        let from = source_window(rule, source, target, window);
        let part = Array2::from_shape_fn((from.rows, from.cols), |(row, col)| {
            pixels[(from.row0 + row, from.col0 + col)]
        });
        apply(rule, (source, from, &part), target, window)
    }

    #[test]
    fn a_plane_stays_a_plane_when_20_m_are_seen_at_10_m() {
        let (source, target) = (grid(20, 20, (1000.0, 2000.0), 20.0), grid(36, 36, (1020.0, 1980.0), 10.0));
        let found = seen(&source, &plane(&source), &target, target.whole(), false);
        let expected = plane(&target);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn a_plane_stays_a_plane_when_it_is_put_right_by_parts_of_a_pixel() {
        let (source, target) = (grid(20, 20, (1003.0, 1995.0), 10.0), grid(16, 16, (1020.0, 1980.0), 10.0));
        assert_eq!(rule_of_displaced(&source, &target, false), Rule::Cubic);
        assert_eq!(rule_of_displaced(&source, &target, true), Rule::Nearest);
        let from = source_window(Rule::Cubic, &source, &target, target.whole());
        let whole = plane(&source);
        let part = Array2::from_shape_fn((from.rows, from.cols), |(row, col)| {
            whole[(from.row0 + row, from.col0 + col)]
        });
        let found = apply(Rule::Cubic, (&source, from, &part), &target, target.whole());
        assert!(found.iter().zip(&plane(&target)).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn cubic_keeps_more_of_a_ripple_than_bilinear_and_a_missing_neighbour_is_bilinear() {
        let (source, target) = (grid(30, 30, (1005.0, 2000.0), 10.0), grid(20, 20, (1050.0, 1950.0), 10.0));
        let mut pixels = Array2::from_shape_fn((30, 30), |(_, col)| (col as f32 * 1.6).sin());
        let of = |rule: Rule, pixels: &Array2<f32>| {
            let from = source_window(rule, &source, &target, target.whole());
            let part = Array2::from_shape_fn((from.rows, from.cols), |(row, col)| {
                pixels[(from.row0 + row, from.col0 + col)]
            });
            apply(rule, (&source, from, &part), &target, target.whole())
        };
        let power =
            |plane: &Array2<f32>| plane.iter().map(|value| value * value).sum::<f32>() / plane.len() as f32;
        let (cubic, bilinear) = (of(Rule::Cubic, &pixels), of(Rule::Bilinear, &pixels));
        assert!(power(&cubic) > 1.15 * power(&bilinear), "{} {}", power(&cubic), power(&bilinear));
        pixels[(12, 12)] = f32::NAN;
        let (cubic, bilinear) = (of(Rule::Cubic, &pixels), of(Rule::Bilinear, &pixels));
        let alike = cubic.iter().zip(&bilinear).filter(|(a, b)| a == b || (a.is_nan() && b.is_nan())).count();
        // The row through it, as the shift is along columns alone: four pixels have it among their neighbours.
        assert!((4..9).contains(&alike), "{alike}");
    }

    #[test]
    fn a_source_four_times_finer_is_averaged() {
        let (source, target) = (grid(40, 40, (1000.0, 2000.0), 2.5), grid(10, 10, (1000.0, 2000.0), 10.0));
        assert_eq!(rule(&source, &target, false), Rule::Average);
        let found = seen(&source, &plane(&source), &target, target.whole(), false);
        assert!(found.iter().zip(&plane(&target)).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn a_pixel_has_the_same_value_whatever_the_window() {
        for (origin, size) in [
            ((1003.0, 1996.0), 20.0),
            ((1000.0, 2000.0), 10.0),
            ((1003.7, 1996.1), 10.0),
            ((1001.0, 1999.0), 3.0),
        ] {
            let source = grid(60, 60, origin, size);
            let mut pixels = plane(&source);
            pixels[(7, 9)] = f32::NAN;
            let target = grid(50, 45, (990.0, 2010.0), 10.0);
            for classes in [false, true] {
                let whole = seen(&source, &pixels, &target, target.whole(), classes);
                for tile in target.whole().tiles(7) {
                    let part = seen(&source, &pixels, &target, tile, classes);
                    for ((row, col), value) in part.indexed_iter() {
                        let expected = whole[(tile.row0 + row, tile.col0 + col)];
                        assert_eq!(value.to_bits(), expected.to_bits(), "{tile} {row} {col}");
                    }
                }
            }
        }
    }

    #[test]
    fn classes_are_picked_and_never_mixed() {
        let (source, target) = (grid(2, 2, (1000.0, 2000.0), 20.0), grid(4, 4, (1000.0, 2000.0), 10.0));
        let pixels = ndarray::array![[4.0, 8.0], [3.0, 11.0]];
        let found = seen(&source, &pixels, &target, target.whole(), true);
        assert_eq!(found.row(0).to_vec(), [4.0, 4.0, 8.0, 8.0]);
        assert_eq!(found.row(3).to_vec(), [3.0, 3.0, 11.0, 11.0]);
    }

    #[test]
    fn nodata_does_not_bleed_and_outside_is_nan() {
        let (source, target) = (grid(4, 4, (1000.0, 2000.0), 20.0), grid(12, 12, (980.0, 2020.0), 10.0));
        let mut pixels = Array2::from_elem((4, 4), 5.0_f32);
        pixels[(1, 1)] = f32::NAN;
        let found = seen(&source, &pixels, &target, target.whole(), false);
        assert!(found[(0, 0)].is_nan() && found[(4, 4)].is_nan() && found[(11, 11)].is_nan());
        assert!(found.iter().all(|value| value.is_nan() || *value == 5.0));
        assert_eq!(found.iter().filter(|value| !value.is_nan()).count(), 60);
    }
}
