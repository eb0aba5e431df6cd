//! Direction: which way a place changed, for sub-models that ask for one.
//!
//! In: reflectance of one date. Out: NDVI, brightness, NDWI and texture of that date, or their difference.
//! Law: NaN where nothing was observed or a band is lacking; differences are after minus before.

use ndarray::{Array3, ArrayView2, Axis, Zip};

use crate::detect::pair::plane::Plane;
use crate::scene::Band;

/// Quantities of one date, or the difference of two.
#[derive(Debug, Clone)]
pub struct Direction {
    /// (nir - red) / (nir + red).
    pub ndvi: Plane,
    /// Mean reflectance of the visible bands.
    pub brightness: Plane,
    /// (green - nir) / (green + nir); open water is positive.
    pub ndwi: Plane,
    /// Mean over bands of the logarithm of the standard deviation over 5 x 5 pixels, in the date's own standard units.
    pub texture: Plane,
}

impl Direction {
    /// From reflectance by band, row and column, with texture computed elsewhere.
    pub fn of(values: &Array3<f32>, bands: &[Band], texture: Plane) -> Self {
        let band = |wanted: Band| {
            bands.iter().position(|&band| band == wanted).map(|index| values.index_axis(Axis(0), index))
        };
        let missing = || Plane::from_elem(texture.dim(), f32::NAN);
        let (red, nir, green) = (band(Band::Red), band(Band::Nir), band(Band::Green));
        let ndvi = nir.zip(red).map_or_else(missing, |(nir, red)| normalised(nir, red));
        let ndwi = green.zip(nir).map_or_else(missing, |(green, nir)| normalised(green, nir));
        let mut brightness = Plane::zeros(texture.dim());
        let visible: Vec<_> = [Band::Blue, Band::Green, Band::Red].into_iter().filter_map(band).collect();
        for plane in &visible {
            brightness += plane;
        }
        brightness /= visible.len().max(1) as f32;
        Self { ndvi, brightness, ndwi, texture }
    }

    /// After minus before.
    pub fn change(before: &Self, after: &Self) -> Self {
        Self {
            ndvi: &after.ndvi - &before.ndvi,
            brightness: &after.brightness - &before.brightness,
            ndwi: &after.ndwi - &before.ndwi,
            texture: &after.texture - &before.texture,
        }
    }
}

/// Normalised difference; NaN where the sum is not positive.
fn normalised(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Plane {
    Zip::from(a)
        .and(b)
        .map_collect(|&a, &b| if a + b > 0.0 { ((a - b) / (a + b)).clamp(-1.0, 1.0) } else { f32::NAN })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDS: [Band; 4] = [Band::Nir, Band::Red, Band::Green, Band::Blue];

    /// One pixel: near infrared, red, green, blue; texture 1.
    fn direction(values: [f32; 4], bands: usize) -> [f32; 4] {
        let values = Array3::from_shape_fn((bands, 1, 1), |(band, _, _)| values[band]);
        let of = Direction::of(&values, &BANDS[..bands], Plane::ones((1, 1)));
        [of.ndvi, of.ndwi, of.brightness, of.texture].map(|plane| plane[[0, 0]])
    }

    fn agree(found: [f32; 4], expected: [f32; 4]) {
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6 || found.is_nan() && expected.is_nan(),
                "{found} {expected}"
            );
        }
    }

    #[test]
    fn grass_is_green_dark_and_not_water() {
        agree(direction([0.3, 0.1, 0.2, 0.06], 4), [0.5, -0.2, 0.12, 1.0]);
        // Two visible bands: their own mean.
        agree(direction([0.3, 0.1, 0.2, 0.06], 3), [0.5, -0.2, 0.15, 1.0]);
    }

    #[test]
    fn an_index_without_its_bands_or_without_light_is_not_known_and_never_beyond_one() {
        agree(direction([0.3, 0.1, 0.2, 0.06], 2), [0.5, f32::NAN, 0.1, 1.0]);
        agree(direction([0.05, -0.1, -0.05, 0.0], 4), [f32::NAN, f32::NAN, -0.05, 1.0]);
        agree(direction([0.3, -0.1, -0.1, 0.2], 4), [1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn change_is_after_minus_before_in_each_quantity() {
        let of = |value: f32| Direction {
            ndvi: Plane::from_elem((1, 1), value),
            brightness: Plane::from_elem((1, 1), 2.0 * value),
            ndwi: Plane::from_elem((1, 1), 3.0 * value),
            texture: Plane::from_elem((1, 1), 4.0 * value),
        };
        let change = Direction::change(&of(1.0), &of(4.0));
        let planes = [change.ndvi, change.brightness, change.ndwi, change.texture];
        assert_eq!(planes.map(|plane| plane[[0, 0]]), [3.0, 6.0, 9.0, 12.0]);
    }
}
