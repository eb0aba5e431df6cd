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
    use crate::grid::{Crs, Grid};

    #[test]
    fn ndvi_of_red_005_and_nir_030_is_0714() {
        let mut view = Reflectance::default();
        view.planes.insert(Band::Red, vec![0.05, f32::NAN, 0.0]);
        view.planes.insert(Band::Nir, vec![0.30, 0.3, 0.0]);
        let ndvi = features(Feature::Ndvi, &[Band::Red, Band::Nir], &view).unwrap();
        assert!((ndvi[0] - 0.714).abs() < 1e-3 && ndvi[1].is_nan() && ndvi[2].is_nan());
    }

    fn file(scale: f64, offset: f64) -> BandFile {
        let grid = Grid {
            rows: 1,
            cols: 1,
            origin_x: 5e5,
            origin_y: 4.6e6,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs: Crs::epsg(32649),
        };
        BandFile { path: "scene.tif".into(), number: 1, grid, nodata: None, saturated: None, scale, offset }
    }

    fn scene(bands: &[Band]) -> Scene {
        let bands = bands.iter().map(|band| (*band, file(1.0, 0.0))).collect();
        let date = crate::date::Date::constant(2020, 6, 1);
        let (product, sensor, scaling) = (String::new(), String::new(), String::new());
        Scene { id: "scene".into(), date, product, sensor, bands, scaling, displaced: (0.0, 0.0) }
    }

    const FOUR: [Band; 4] = [Band::Blue, Band::Green, Band::Red, Band::Nir];
    const FIVE: [Band; 5] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16];

    /// A feature of one pixel that shows these numbers.
    fn feature_of(feature: Feature, scene: &Scene, looks: &[(Band, f32)]) -> f32 {
        let mut view = Reflectance::default();
        looks.iter().for_each(|(band, number)| view.add(*band, [*number], &file(1.0, 0.0)));
        features(feature, &bands_for(feature, scene).unwrap(), &view).unwrap()[0]
    }

    #[test]
    fn numbers_become_reflectance_by_the_scale_and_offset_of_the_product() {
        let mut view = Reflectance::default();
        view.add(Band::Red, [1500.0, f32::NAN, 0.0], &file(1e-4, -0.1));
        let plane = view.plane(Band::Red).unwrap();
        assert!((plane[0] - 0.05).abs() < 1e-6 && plane[1].is_nan() && (plane[2] + 0.1).abs() < 1e-6);
        assert_eq!(plane.len(), 3);
        assert!(view.plane(Band::Nir).is_none());
    }

    #[test]
    fn each_feature_is_its_textbook_formula() {
        let full = scene(&FIVE);
        let looks = [
            (Band::Blue, 0.04),
            (Band::Green, 0.07),
            (Band::Red, 0.10),
            (Band::Nir, 0.30),
            (Band::Swir16, 0.20),
        ];
        let all = [0.5, 0.2, -0.0625, 0.15, -0.621_621_6];
        for (feature, expected) in Feature::ALL.into_iter().zip(all) {
            let found = feature_of(feature, &full, &looks);
            assert!((found - expected).abs() < 1e-6, "{}: {found}, not {expected}", feature.name());
        }
        // Without short-wave infrared brightness is visible light.
        assert!((feature_of(Feature::Brightness, &scene(&FOUR), &looks[..4]) - 0.085).abs() < 1e-6);
    }

    #[test]
    fn ndmi_takes_the_narrow_near_infrared_where_there_is_one() {
        let both = scene(&[FIVE.as_slice(), &[Band::Nir08]].concat());
        let looks = [(Band::Nir, 0.9), (Band::Nir08, 0.30), (Band::Swir16, 0.10)];
        assert!((feature_of(Feature::Ndmi, &both, &looks) - 0.5).abs() < 1e-6);
        assert!((feature_of(Feature::Ndmi, &scene(&FIVE), &looks) - 0.8).abs() < 1e-6);
    }

    #[test]
    fn a_feature_whose_bands_are_missing_is_absent_for_all_views() {
        let (four, full) = (scene(&FOUR), scene(&FIVE));
        assert_eq!(available(std::slice::from_ref(&full)), Feature::ALL);
        let without_swir = [Feature::Ndvi, Feature::Brightness, Feature::Ndwi];
        assert_eq!(available(std::slice::from_ref(&four)), without_swir);
        assert_eq!(available(&[full, four]), without_swir);
        assert_eq!(available(&[scene(&[Band::Green, Band::Red])]), [Feature::Brightness]);
        assert_eq!(available(&[scene(&[Band::Nir, Band::Swir16, Band::Blue])]), [Feature::Ndmi]);
    }

    #[test]
    fn a_plane_that_was_not_read_gives_no_feature() {
        let mut view = Reflectance::default();
        view.add(Band::Red, [0.1], &file(1.0, 0.0));
        assert!(features(Feature::Ndvi, &[Band::Red, Band::Nir], &view).is_none());
        assert!(features(Feature::Ndvi, &[], &view).is_none());
    }

    #[test]
    fn an_index_stays_within_1_and_is_nothing_where_the_sum_of_light_is_not_positive() {
        assert_eq!([contrast(0.3, -0.1), contrast(-0.1, 0.3)], [1.0, -1.0]);
        assert!(contrast(0.1, -0.2).is_nan() && contrast(0.1, -0.1).is_nan());
        assert!(contrast(1e-4, 0.0).is_nan() && contrast(2e-4, 0.0) == 1.0);
        assert!(contrast(f32::NAN, 0.3).is_nan());
    }

    #[test]
    fn a_recipe_names_every_band_that_is_asked_for() {
        for scene in [scene(&FIVE), scene(&FOUR), scene(&[FIVE.as_slice(), &[Band::Nir08]].concat())] {
            for feature in available(std::slice::from_ref(&scene)) {
                for band in bands_for(feature, &scene).unwrap() {
                    assert!(recipe(feature).contains(band.name()), "{}: {band}", recipe(feature));
                }
            }
        }
    }
}
