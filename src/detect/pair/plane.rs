//! Filters over planes with missing pixels: weighted mean, local spread.
//!
//! In: planes that are 0 where `valid` is 0. Out: planes that are 0 there.
//! Law: a pixel's result depends only on the pixels under its filter, summed in a fixed order, so that it is
//! the same whatever window it is computed in.

use ndarray::Array2;

use crate::baseline::lanes::wide;

/// A plane of numbers by row and column.
pub type Plane = Array2<f32>;

/// Weights of a Gaussian of the given sigma (pixels) out to three sigmas.
pub fn gaussian(sigma: f32) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil() as i32;
    (-radius..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect()
}

/// Equal weights over `2 * radius + 1` pixels.
pub fn boxcar(radius: usize) -> Vec<f32> {
    vec![1.0; 2 * radius + 1]
}

/// A separable weighted mean over valid pixels.
pub struct Smoother {
    kernel: Vec<f32>,
    inverse_weight: Plane,
}

impl Smoother {
    /// A smoother for planes with this validity (1 valid, 0 not).
    pub fn new(valid: &Plane, kernel: Vec<f32>) -> Self {
        let mut inverse_weight = convolved(valid, &kernel);
        inverse_weight.zip_mut_with(valid, |weight, &valid| {
            *weight = if valid > 0.0 && *weight > 0.0 { 1.0 / *weight } else { 0.0 };
        });
        Self { kernel, inverse_weight }
    }

    /// The weighted mean of a plane.
    pub fn smooth(&self, plane: &Plane) -> Plane {
        let mut sum = convolved(plane, &self.kernel);
        sum.zip_mut_with(&self.inverse_weight, |sum, &inverse| *sum *= inverse);
        sum
    }
}

/// Separable sum of a plane under a symmetric kernel; outside the plane counts as 0.
fn convolved(plane: &Plane, kernel: &[f32]) -> Plane {
    wide(
        #[inline(always)]
        || convolved_in_lanes(plane, kernel),
    )
}

#[inline(always)]
fn convolved_in_lanes(plane: &Plane, kernel: &[f32]) -> Plane {
    let (rows, cols) = plane.dim();
    let radius = kernel.len() / 2;
    let mut line = vec![0.0; cols + 2 * radius];
    let mut along = vec![0.0; (rows + 2 * radius) * cols];
    for (source, target) in plane.rows().into_iter().zip(along[radius * cols..].chunks_exact_mut(cols)) {
        for (slot, &value) in line[radius..].iter_mut().zip(source) {
            *slot = value;
        }
        for (offset, &weight) in kernel.iter().enumerate() {
            add_scaled(target, weight, &line[offset..offset + cols]);
        }
    }
    let mut sum = Plane::zeros((rows, cols));
    for (row, mut target) in sum.rows_mut().into_iter().enumerate() {
        let Some(target) = target.as_slice_mut() else { continue };
        for (offset, &weight) in kernel.iter().enumerate() {
            let start = (row + offset) * cols;
            add_scaled(target, weight, &along[start..start + cols]);
        }
    }
    sum
}

#[inline(always)]
fn add_scaled(target: &mut [f32], weight: f32, source: &[f32]) {
    for (target, source) in target.iter_mut().zip(source) {
        *target += weight * source;
    }
}

/// Texture: logarithm of the standard deviation over 5 x 5 pixels plus 0.02 (both in the plane's unit).
///
/// The plane is in standard units, so single precision is enough for the squares.
pub fn texture(plane: &Plane, mean: &Smoother, valid: &Plane) -> Plane {
    let average = mean.smooth(plane);
    let mut spread = mean.smooth(&plane.mapv(|value| value * value));
    spread.zip_mut_with(&average, |square, &average| {
        *square = ((*square - average * average).max(0.0).sqrt() + 0.02).ln();
    });
    spread * valid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_constant_beside_missing_pixels() {
        let mut valid = Plane::ones((9, 11));
        valid[[4, 4]] = 0.0;
        let plane = &valid * 3.0;
        let smooth = Smoother::new(&valid, gaussian(1.0)).smooth(&plane);
        for (place, value) in smooth.indexed_iter() {
            let expected = if place == (4, 4) { 0.0 } else { 3.0 };
            assert!((value - expected).abs() < 1e-5, "{place:?}: {value}");
        }
    }

    #[test]
    fn texture_of_a_plain_surface_is_the_floor_and_grows_with_contrast() {
        let valid = Plane::ones((15, 15));
        let mean = Smoother::new(&valid, boxcar(2));
        let plain = texture(&Plane::from_elem((15, 15), 2.0), &mean, &valid);
        assert!((plain[[7, 7]] - 0.02_f32.ln()).abs() < 0.1);
        let board = Plane::from_shape_fn((15, 15), |(row, col)| ((row + col) % 2) as f32);
        assert!(texture(&board, &mean, &valid)[[7, 7]] > -0.8);
    }

    #[test]
    fn a_gaussian_falls_by_its_sigma_and_ends_at_three_of_them() {
        let expected = [-4.5_f32, -2.0, -0.5, 0.0, -0.5, -2.0, -4.5].map(f32::exp);
        assert!(gaussian(1.0).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
        let broad = gaussian(1.5);
        assert_eq!((broad.len(), broad[5]), (11, 1.0));
        assert!((broad[8] - (-2.0_f32).exp()).abs() < 1e-6);
        assert_eq!(boxcar(2), [1.0; 5]);
    }

    #[test]
    fn a_smoothed_pixel_is_the_weighted_mean_of_the_valid_ones_around_it() {
        let valid = Plane::from_shape_fn((7, 9), |(row, col)| f32::from(!(row * 9 + col).is_multiple_of(5)));
        let plane = Plane::from_shape_fn((7, 9), |(row, col)| ((row * 31 + col * 17) % 13) as f32) * &valid;
        let smooth = Smoother::new(&valid, gaussian(1.0)).smooth(&plane);
        for ((row, col), found) in smooth.indexed_iter() {
            let (mut sum, mut weights) = (0.0, 0.0);
            for ((down, right), value) in plane.indexed_iter() {
                let (rows, cols) = (row as f32 - down as f32, col as f32 - right as f32);
                if valid[[down, right]] > 0.0 && rows.abs() <= 3.0 && cols.abs() <= 3.0 {
                    let weight = (-0.5 * (rows * rows + cols * cols)).exp();
                    sum += weight * value;
                    weights += weight;
                }
            }
            let expected = if valid[[row, col]] > 0.0 { sum / weights } else { 0.0 };
            assert!((found - expected).abs() < 1e-4, "{row} {col}: {found} {expected}");
        }
    }

    #[test]
    fn texture_is_the_logarithm_of_the_spread_over_five_by_five_and_nought_where_nothing_is_seen() {
        let mut valid = Plane::ones((11, 11));
        valid[[9, 9]] = 0.0;
        let board = Plane::from_shape_fn((11, 11), |(row, col)| 2.0 * ((row + col) % 2) as f32) * &valid;
        let result = texture(&board, &Smoother::new(&valid, boxcar(2)), &valid);
        // Twelve of 25 pixels are 2: the standard deviation is 2 sqrt(0.48 * 0.52).
        let expected = (2.0 * (0.48_f32 * 0.52).sqrt() + 0.02).ln();
        assert!((result[[4, 4]] - expected).abs() < 1e-4, "{}", result[[4, 4]]);
        assert_eq!(result[[9, 9]], 0.0);
    }
}
