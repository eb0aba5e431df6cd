//! Pixels of a chip between the pixels of the grid: cubic convolution, one axis after the other.
//!
//! In:  three planes, NaN where nothing was observed. Out: rows of the picture.
//! Law: where one of the sixteen grid pixels around a place was not observed, the nearest alone speaks; where that was not,
//!      nothing does.
//! Source: Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2.

use ndarray::{ArrayView3, Axis};

/// The four grid pixels around a place along one axis, with their weights.
struct Taps {
    nearest: usize,
    indices: [usize; 4],
    weights: [f32; 4],
}

impl Taps {
    /// The edge pixel stands for those beyond it.
    fn at(position: u32, scale: f64, count: usize) -> Taps {
        let place = (f64::from(position) + 0.5) / scale;
        let middle = place - 0.5;
        let t = (middle - middle.floor()) as f32;
        let (t2, t3) = (t * t, t * t * t);
        let weights = [-t + 2.0 * t2 - t3, 2.0 - 5.0 * t2 + 3.0 * t3, t + 4.0 * t2 - 3.0 * t3, t3 - t2];
        let inside = |index: i64| usize::try_from(index).unwrap_or(0).min(count - 1);
        let first = middle.floor() as i64 - 1;
        Taps {
            nearest: inside(place as i64),
            indices: [0, 1, 2, 3].map(|step| inside(first + step)),
            weights: weights.map(|weight| weight / 2.0),
        }
    }
}

/// Planes that were enlarged along their rows already.
pub(crate) struct Enlarged<'a> {
    pixels: ArrayView3<'a, f32>,
    scale: f64,
    across: Vec<Taps>,
    /// By plane and row of the grid: a row of the picture's width.
    lines: [Vec<Vec<f32>>; 3],
}

impl<'a> Enlarged<'a> {
    /// `scale` picture pixels a grid pixel, `width` picture pixels a row.
    pub(crate) fn new(pixels: ArrayView3<'a, f32>, scale: f64, width: u32) -> Self {
        let cols = pixels.dim().2;
        let across: Vec<Taps> = (0..width).map(|x| Taps::at(x, scale, cols)).collect();
        let along = |plane: usize| {
            let rows = pixels.index_axis(Axis(0), plane);
            let line = |taps: &Taps, row: usize| -> f32 {
                taps.indices.iter().zip(taps.weights).map(|(col, weight)| weight * rows[[row, *col]]).sum()
            };
            (0..rows.dim().0).map(|row| across.iter().map(|taps| line(taps, row)).collect()).collect()
        };
        Self { lines: [0, 1, 2].map(along), pixels, scale, across }
    }

    /// A row of the picture: the three planes of every pixel, `None` where nothing was observed.
    pub(crate) fn row(&self, y: u32) -> impl Iterator<Item = Option<[f32; 3]>> {
        let down = Taps::at(y, self.scale, self.pixels.dim().1);
        let sums: [Vec<f32>; 3] = [0, 1, 2].map(|plane| {
            let mut sum = vec![0.0; self.across.len()];
            for (row, weight) in down.indices.into_iter().zip(down.weights) {
                sum.iter_mut().zip(&self.lines[plane][row]).for_each(|(sum, value)| *sum += weight * value);
            }
            sum
        });
        self.across.iter().enumerate().map(move |(x, across)| {
            let smooth = [0, 1, 2].map(|plane| sums[plane][x]);
            let own = || [0, 1, 2].map(|plane| self.pixels[[plane, down.nearest, across.nearest]]);
            let is_seen = |values: &[f32; 3]| values.iter().all(|value| value.is_finite());
            if is_seen(&smooth) { Some(smooth) } else { Some(own()).filter(is_seen) }
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn an_enlarged_ramp_is_the_ramp_and_missing_pixels_are_the_nearest_or_nothing() {
        let mut pixels =
            Array3::from_shape_fn((3, 8, 8), |(plane, row, col)| (plane + row * 10 + col) as f32);
        pixels[[1, 0, 0]] = f32::NAN;
        let enlarged = Enlarged::new(pixels.view(), 4.0, 32);
        let rows: Vec<Vec<Option<[f32; 3]>>> = (0..32).map(|y| enlarged.row(y).collect()).collect();
        // Nothing where the pixel itself was not seen; as it is where only a neighbour was not.
        assert!(rows[..4].iter().all(|row| row[..4].iter().all(Option::is_none)));
        assert_eq!(rows[5][5], Some([11.0, 12.0, 13.0]));
        for (y, row) in rows.iter().enumerate().skip(12).take(8) {
            for (x, found) in row.iter().enumerate().skip(12).take(8) {
                let at = |place: usize| (place as f32 + 0.5) / 4.0 - 0.5;
                let expected = at(y) * 10.0 + at(x);
                assert!((found.unwrap()[0] - expected).abs() < 1e-4, "{x} {y} {found:?} {expected}");
            }
        }
    }
}
