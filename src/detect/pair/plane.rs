//! Filters over planes with missing pixels: weighted mean, local spread.
//!
//! In: planes that are 0 where `valid` is 0. Out: planes that are 0 there.
//! Law: a pixel's result depends only on the pixels under its filter, summed in a fixed order, so that it is
//! the same whatever window it is computed in.

use ndarray::Array2;

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
}
