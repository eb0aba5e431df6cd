//! Reflectance of one view -> spectral features.
//!
//! Law: a feature whose bands are missing is absent for all views; it is never filled in silently.
//! Source: formulas beside `Feature`; brightness falls back to visible light where a sensor has no
//! short-wave infrared (GF-1/6 WFV, PlanetScope, aerial RGBN).

use std::collections::BTreeMap;

use crate::scene::{Band, BandFile, Scene};
use crate::submodel::Feature;

/// Reflectance planes of one view by band, row-major, NaN = not observed. All of one length.
#[derive(Debug, Clone, Default)]
pub struct Reflectance {
    /// Plane of each band.
    pub planes: BTreeMap<Band, Vec<f32>>,
}

impl Reflectance {
    /// Adds a band given as raw numbers; scale and offset come from the product (`BandFile`).
    pub fn add(&mut self, band: Band, raw: impl IntoIterator<Item = f32>, file: &BandFile) {
        let (scale, offset) = (file.scale as f32, file.offset as f32);
        self.planes.insert(band, raw.into_iter().map(|number| number * scale + offset).collect());
    }

    /// One plane, if the band is there.
    pub fn plane(&self, band: Band) -> Option<&[f32]> {
        self.planes.get(&band).map(Vec::as_slice)
    }
}

/// The bands that a feature needs from a scene, or nothing if it cannot be made from this scene.
pub fn bands_for(feature: Feature, scene: &Scene) -> Option<Vec<Band>> {
    let nir_narrow = if scene.has(Band::Nir08) { Band::Nir08 } else { Band::Nir };
    let bands = match feature {
        Feature::Ndvi => vec![Band::Red, Band::Nir],
        Feature::Ndmi => vec![nir_narrow, Band::Swir16],
        Feature::Bsi => vec![Band::Blue, Band::Red, Band::Nir, Band::Swir16],
        Feature::Brightness if scene.has(Band::Swir16) => vec![Band::Red, Band::Swir16],
        Feature::Brightness => vec![Band::Green, Band::Red],
        Feature::Ndwi => vec![Band::Green, Band::Nir],
    };
    bands.iter().all(|band| scene.has(*band)).then_some(bands)
}

/// A feature and the bands that it is made of, in words.
pub fn recipe(feature: Feature) -> &'static str {
    match feature {
        Feature::Ndvi => "NDVI (red, nir)",
        Feature::Ndmi => "NDMI (nir or nir08, swir16)",
        Feature::Bsi => "BSI (blue, red, nir, swir16)",
        Feature::Brightness => "brightness (red and swir16, or green and red)",
        Feature::Ndwi => "NDWI (green, nir)",
    }
}

/// The features that every one of the scenes can give, in the order of `Feature::ALL`.
pub fn available(scenes: &[Scene]) -> Vec<Feature> {
    let everywhere = |feature: &Feature| scenes.iter().all(|scene| bands_for(*feature, scene).is_some());
    Feature::ALL.into_iter().filter(everywhere).collect()
}

/// One feature of a view; `bands` as `bands_for` gave them.
///
/// An index of two sums has no meaning where the sum is not positive: there it is NaN.
pub fn features(feature: Feature, bands: &[Band], view: &Reflectance) -> Option<Vec<f32>> {
    let planes: Vec<&[f32]> = bands.iter().map(|band| view.plane(*band)).collect::<Option<_>>()?;
    let count = planes.first()?.len();
    let at = |band: usize, pixel: usize| planes[band][pixel];
    let value = |pixel: usize| match feature {
        Feature::Ndvi => contrast(at(1, pixel), at(0, pixel)),
        Feature::Ndmi | Feature::Ndwi => contrast(at(0, pixel), at(1, pixel)),
        Feature::Bsi => contrast(at(3, pixel) + at(1, pixel), at(2, pixel) + at(0, pixel)),
        Feature::Brightness => 0.5 * (at(0, pixel) + at(1, pixel)),
    };
    Some((0..count).map(value).collect())
}

/// (a - b) / (a + b), NaN where the sum is not positive.
fn contrast(a: f32, b: f32) -> f32 {
    let sum = a + b;
    if sum > 1e-4 { ((a - b) / sum).clamp(-1.0, 1.0) } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ndvi_of_red_005_and_nir_030_is_0714() {
        let mut view = Reflectance::default();
        view.planes.insert(Band::Red, vec![0.05, f32::NAN, 0.0]);
        view.planes.insert(Band::Nir, vec![0.30, 0.3, 0.0]);
        let ndvi = features(Feature::Ndvi, &[Band::Red, Band::Nir], &view).unwrap();
        assert!((ndvi[0] - 0.714).abs() < 1e-3 && ndvi[1].is_nan() && ndvi[2].is_nan());
    }
}
