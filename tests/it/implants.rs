//! Sub-models on real pixels: a deed laid into real scenes, among real clouds, crops, mowing and forest.
//!
//! In:  `../shared/data` (skipped with the reason where it is absent); looks of `looks.rs`. Out: who names the place.
//! Law: only the pixels of the block are painted, in every scene from the deed's first day on; masks stay as they are,
//! so what was under cloud is under cloud. All sub-models of the class are asked at once.

use std::fs;
use std::path::{Path, PathBuf};

use gdal::raster::Buffer;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};
use geo::{Contains, Point};
use serde_json::{Value, json};
use steppewatch::grid::Crs;
use steppewatch::grid::crs::Transform;

use crate::looks::{Cover, Deed, Moment};
use crate::program::{Lead, Scan};
use crate::world::{Block, mix, view_of};

/// A real world with a place where nothing happened.
struct Real {
    folder: &'static str,
    epsg: u32,
    class: &'static str,
    cover: Cover,
    periods: (&'static str, &'static str),
    /// First day of the deed, YYYYMMDD.
    from: u32,
    block: Block,
}

/// Belgian meadow: mown two to four times a summer.
const MEADOW: Real = Real {
    folder: "worldcereal_be_2018_2019_stable",
    epsg: 32631,
    class: "grassland",
    cover: Cover::Grass,
    periods: ("2018-08-01/2019-03-31", "2019-04-01/2019-11-30"),
    from: 20_190_405,
    block: Block { row: 38, col: 3, rows: 7, cols: 9 },
};

/// Belgian cropland: wheat, maize, beet in rotation.
const FIELD: Real = Real {
    class: "farmland",
    cover: Cover::Crop,
    block: Block { row: 14, col: 17, rows: 8, cols: 8 },
    ..MEADOW
};

/// Romanian forest of the Danube valley, apart from its cuts.
const FOREST: Real = Real {
    folder: "romania_forest_2015_2018",
    epsg: 3035,
    class: "forest",
    cover: Cover::Forest,
    periods: ("2015-01-01/2016-12-31", "2017-01-01/2018-12-31"),
    from: 20_170_401,
    block: Block { row: 64, col: 46, rows: 9, cols: 9 },
};

fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: {} is not on this machine", path.display());
    None
}

/// Day of a scene, YYYYMMDD, from its name: the first eight digits in a row.
fn day(name: &str) -> u32 {
    let digits: Vec<&str> =
        name.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 8).collect();
    digits[0].parse().unwrap()
}

/// Reflectance of a band by its name, from five colours; the red edge and the second short-wave infrared follow.
fn colour(band: &str, [blue, green, red, nir, swir]: [f64; 5]) -> Option<f64> {
    match band {
        "B02" => Some(blue),
        "B03" => Some(green),
        "B04" => Some(red),
        "B05" | "B06" | "B07" => Some(0.5 * (red + nir)),
        "B08" | "B8A" => Some(nir),
        "B11" => Some(swir),
        "B12" => Some(0.85 * swir),
        _ => None,
    }
}

/// Lays a deed into a copy of a scene.
fn paint(path: &Path, real: &Real, deed: Deed, date: u32) {
    let options = DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_UPDATE, ..DatasetOptions::default() };
    let file = Dataset::open_ex(path, options).unwrap();
    let Block { row, col, rows, cols } = real.block;
    let years = (date / 10_000).saturating_sub(real.from / 10_000);
    let view = view_of(date);
    let moment = Moment { cover: real.cover, view, years, begun: true, vigour: 0.7, green: 0.6 };
    let colours = moment.after(deed);
    for band in 1..=file.raster_count() {
        let mut layer = file.rasterband(band).unwrap();
        let Some(colour) = colour(&layer.description().unwrap(), colours) else { continue };
        let noise = |pixel: usize| {
            let mixed = mix((date as usize * 64 + band * 7 + pixel * 131) as u64);
            (mixed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let value = |pixel: usize| ((colour * (1.0 + 0.06 * noise(pixel))).max(0.001) * 10_000.0) as u16;
        let mut buffer = Buffer::new((cols, rows), (0..rows * cols).map(value).collect());
        layer.write((col as isize, row as isize), (cols, rows), &mut buffer).unwrap();
    }
    file.close().unwrap();
}

/// Red lines of the class, as a layer in `to`.
fn red_line(real: &Real, data: &Path, to: &Path) {
    if real.class != "farmland" {
        fs::copy(data.join(format!("redline_{}.geojson", real.class)), to).unwrap();
        return;
    }
    let parcels: Value = serde_json::from_slice(&fs::read(data.join("parcels_lc.geojson")).unwrap()).unwrap();
    let is_crop = |parcel: &&Value| parcel["properties"]["lc"] == 11;
    let parcels = parcels["features"].as_array().unwrap().iter().filter(is_crop).enumerate();
    let field = |(number, parcel): (usize, &Value)| {
        let properties = json!({ "id": format!("field-{number}"), "class": "farmland" });
        json!({ "type": "Feature", "properties": properties, "geometry": parcel["geometry"] })
    };
    let features: Vec<Value> = parcels.map(field).collect();
    fs::write(to, json!({ "type": "FeatureCollection", "features": features }).to_string()).unwrap();
}

/// What names the middle of the block after a deed, and what else may; and how many leads lie elsewhere.
fn named(real: &Real, deed: Deed) -> Option<(Vec<String>, usize)> {
    let data = data(real.folder)?;
    let folder = tempfile::tempdir().unwrap();
    let scenes = folder.path().join("scenes");
    fs::create_dir(&scenes).unwrap();
    let mut corner = None;
    for entry in fs::read_dir(data.join("scenes")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".tif") {
            continue;
        }
        fs::copy(&path, scenes.join(&name)).unwrap();
        corner = corner.or_else(|| Dataset::open(&path).unwrap().geo_transform().ok());
        let date = day(&name);
        if date >= real.from {
            paint(&scenes.join(&name), real, deed, date);
        }
    }
    let lines = folder.path().join("redline.geojson");
    red_line(real, &data, &lines);
    let scan = Scan {
        scenes,
        redlines: lines,
        periods: Some((real.periods.0.to_owned(), real.periods.1.to_owned())),
        out: folder.path().join("out"),
        more: vec!["--class".to_owned(), real.class.to_owned()],
        environment: Vec::new(),
    };
    let leads = scan.published().leads();
    let corner = corner.unwrap();
    let (row, col) = (
        real.block.row as f64 + real.block.rows as f64 / 2.0,
        real.block.col as f64 + real.block.cols as f64 / 2.0,
    );
    let to_degrees = Transform::new(Crs::epsg(real.epsg), Crs::LON_LAT).unwrap();
    let (x, y) = to_degrees.point(corner[0] + corner[1] * col, corner[3] + corner[5] * row).unwrap();
    let (here, others): (Vec<_>, Vec<_>) =
        leads.into_iter().partition(|lead| lead.outline.contains(&Point::new(x, y)));
    let words = |lead: &Lead| {
        let (model, also) = (lead.text("model"), lead.text("also_models"));
        let confidence = lead.properties["confidence"].as_f64().unwrap_or_default();
        format!("{model} ({confidence:.2}) also {also}")
    };
    Some((here.iter().map(words).collect(), others.len()))
}

#[track_caller]
fn names(real: &Real, deed: Deed, model: &str) {
    let Some((names, others)) = named(real, deed) else { return };
    println!("{deed:?} on real {}: {names:?}, {others} other leads", real.class);
    assert!(names.len() == 1 && names[0].starts_with(&format!("{model} ")), "{names:?}");
}

#[test]
fn a_pit_on_a_real_meadow_is_mining() {
    names(&MEADOW, Deed::Mined, "G2");
}

#[test]
fn a_yard_on_a_real_meadow_is_construction() {
    names(&MEADOW, Deed::Built, "G3");
}

#[test]
fn panels_on_a_real_meadow_are_solar_power() {
    names(&MEADOW, Deed::Panels, "G4");
}

#[test]
fn a_track_on_a_real_meadow_is_told_by_its_length() {
    let track = Real { block: Block { row: 41, col: 2, rows: 1, cols: 16 }, ..MEADOW };
    names(&track, Deed::Mined, "G5");
}

#[test]
fn stripped_turf_on_a_real_meadow_is_stripping() {
    names(&MEADOW, Deed::Stripped, "G6");
}

#[test]
fn a_building_on_a_real_field_is_building() {
    names(&FIELD, Deed::Built, "F1");
}

#[test]
fn a_pond_on_a_real_field_is_a_pond() {
    names(&FIELD, Deed::Pond, "F3");
}

#[test]
fn plastic_roofs_on_a_real_field_are_greenhouses() {
    names(&FIELD, Deed::Plastic, "F4");
}

#[test]
fn levelled_ground_on_a_real_field_is_levelled_ground() {
    names(&FIELD, Deed::Levelled, "F5");
}

#[test]
fn rubble_on_a_real_field_is_quarrying() {
    names(&FIELD, Deed::Mined, "F6");
}

#[test]
fn a_building_in_a_real_forest_is_occupation() {
    names(&FOREST, Deed::Built, "L1");
}

#[test]
fn a_crop_in_a_real_forest_is_clearing_for_crops() {
    names(&FOREST, Deed::Cropped, "L2");
}
