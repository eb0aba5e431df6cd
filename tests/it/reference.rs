//! Numbers against an independent computation in another language (`scripts/reference/regression.py`,
//! `geodesic_areas.py`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use steppewatch::baseline::regression::Fit;
use steppewatch::observe::feature::{Reflectance, features};
use steppewatch::scene::Band;
use steppewatch::submodel::Feature;
use steppewatch::weigh::overlap::geodesic_area;

use crate::world::mix;

/// Rows of a table as numbers, without its head.
fn rows(name: &str) -> Vec<Vec<f32>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reference").join(name);
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    text.lines().skip(1).map(row).collect()
}

#[test]
fn features_are_those_of_the_reference() {
    let rows = rows("features.csv");
    assert_eq!(rows.len(), 20);
    for row in rows {
        let bands = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16];
        let mut view = Reflectance::default();
        for (band, value) in bands.into_iter().zip(&row) {
            view.planes.insert(band, vec![*value]);
        }
        let [blue, green, red, nir, swir] = bands;
        let recipes = [
            (Feature::Ndvi, vec![red, nir]),
            (Feature::Ndmi, vec![nir, swir]),
            (Feature::Bsi, vec![blue, red, nir, swir]),
            (Feature::Brightness, vec![red, swir]),
            (Feature::Ndwi, vec![green, nir]),
        ];
        for ((feature, bands), expected) in recipes.into_iter().zip(&row[5..]) {
            let found = features(feature, &bands, &view).unwrap()[0];
            assert!((found - expected).abs() < 1e-5, "{}: {found}, expected {expected}", feature.name());
        }
    }
}

#[test]
fn a_pixel_s_expectation_and_z_are_those_of_the_reference() {
    let mut cases: BTreeMap<usize, Vec<Vec<f32>>> = BTreeMap::new();
    for row in rows("regression.csv") {
        cases.entry(row[0] as usize).or_default().push(row);
    }
    assert_eq!(cases.len(), 12);
    for (case, rows) in cases {
        let column = |place: usize| -> Vec<f32> { rows.iter().map(|row| row[place]).collect() };
        let (x, m) = (column(5), column(6));
        let history: Vec<usize> = (0..rows[0][1] as usize).collect();
        let fit = Fit::shrunken(&x, &m, &history, rows[0][2], rows[0][3]);
        for (view, row) in rows.iter().enumerate() {
            let (expected, z) = (fit.expected(m[view]), fit.z(x[view], m[view]));
            assert!(
                (expected - row[7]).abs() < 1e-4,
                "case {case}, view {view}: {expected}, expected {}",
                row[7]
            );
            assert!((z - row[8]).abs() < 5e-3, "case {case}, view {view}: z {z}, expected {}", row[8]);
        }
    }
}

/// The polygon that `geodesic_areas.py` draws under a number.
fn star(polygon: u64) -> MultiPolygon<f64> {
    let draw = |salt: u64| (mix(polygon * 1000 + salt) >> 11) as f64 / (1_u64 << 53) as f64;
    let (lon, lat) = (360.0 * draw(0) - 180.0, 170.0 * draw(1) - 85.0);
    let radius = 5.0 * 5000.0_f64.powf(draw(2));
    let count = 3 + (10.0 * draw(3)) as u64;
    let corner = |corner: u64| {
        let angle = std::f64::consts::TAU * (corner as f64 + 0.8 * draw(10 + corner)) / count as f64;
        let reach = radius * (0.3 + 0.7 * draw(100 + corner)) / 111_195.0;
        Coord { x: lon + reach * angle.cos() / lat.to_radians().cos(), y: lat + reach * angle.sin() }
    };
    let mut ring: Vec<Coord<f64>> = (0..count).map(corner).collect();
    if polygon % 2 == 1 {
        ring.reverse();
    }
    MultiPolygon(vec![Polygon::new(LineString::new(ring), vec![])])
}

#[test]
fn areas_of_ten_thousand_polygons_are_those_of_geographiclib() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reference/geodesic_areas.f64");
    let bytes = fs::read(path).unwrap();
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap());
    let areas: Vec<f64> = bytes.chunks_exact(8).map(number).collect();
    assert_eq!(areas.len(), 10_000);
    let off =
        |(polygon, expected): (usize, &f64)| (geodesic_area(&star(polygon as u64)).0 / expected - 1.0).abs();
    let worst = areas.iter().enumerate().map(off).fold(0.0, f64::max);
    assert!(worst < 1e-6, "{worst:e}");
    println!("largest difference of 10,000 areas: {worst:.1e}");
}
