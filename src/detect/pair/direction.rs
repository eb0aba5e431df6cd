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
