//! Sub-models on real pixels: a deed laid into real scenes, among real clouds, crops, mowing and forest.
//!
//! In:  `../shared/data` (skipped with the reason where it is absent); looks of `looks.rs`. Out: who names the place.
//! Law: only the pixels of the block are painted, in every scene from the deed's first day on; masks stay as they are,
//! so what was under cloud is under cloud. All sub-models of the class are asked at once. Where no real series has the
//! ground (wetland and fields over four years), the ground is laid under the real sky too.

use std::fs;
use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, RasterBand};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};
use geo::{Contains, Point};
use serde_json::{Value, json};
use steppewatch::grid::Crs;
use steppewatch::grid::crs::Transform;

use crate::looks::{Cover, Deed, Moment, SOIL};
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
    /// The red line where it is no layer of the data.
    line: Option<Block>,
    /// Whether `cover` is laid over the red line in every scene, instead of what is there.
    laid: bool,
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
    line: None,
    laid: false,
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
    line: None,
    laid: false,
};

/// Wetland of 20 ha under the sky of the Romanian series.
const WETLAND: Real = Real {
    class: "wetland",
    cover: Cover::Wetland,
    from: 20_170_101,
    block: Block { row: 40, col: 40, rows: 12, cols: 12 },
    line: Some(Block { row: 24, col: 24, rows: 44, cols: 46 }),
    laid: true,
    ..FOREST
};

/// Fields of maize under the same sky.
const MAIZE: Real = Real { class: "farmland", cover: Cover::Crop, ..WETLAND };

/// Real meadows beside the Romanian forest.
const PASTURE: Real = Real {
    class: "grassland",
    cover: Cover::Grass,
    from: 20_170_101,
    block: Block { row: 1, col: 76, rows: 16, cols: 22 },
    line: Some(Block { row: 0, col: 50, rows: 20, cols: 50 }),
    ..FOREST
};

/// A decided case among them: rubble until 2016, what really grows there since.
const CASE: Real = Real { class: "case", block: RECTIFIED, line: Some(RECTIFIED), ..PASTURE };

const RECTIFIED: Block = Block { row: 3, col: 58, rows: 12, cols: 12 };

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

/// Lays what a deed or nature shows into a copy of a scene.
fn paint(path: &Path, real: &Real, deed: Deed, date: u32) {
    let years = (date / 10_000).saturating_sub(real.from / 10_000);
    let moment = Moment {
        cover: real.cover,
        view: view_of(date),
        years,
        begun: real.from <= date,
        vigour: 0.7,
        green: 0.6,
    };
    if let (true, Some(line)) = (real.laid, real.line) {
        lay(path, line, moment.natural(), date);
    }
    match deed {
        // Two deeds end in what really grows there: all of it, or thinner.
        Deed::Restored if moment.begun => {}
        Deed::Degraded if moment.begun && !real.laid => thin(path, real.block),
        Deed::Restored => lay(path, real.block, moment.after(deed), date),
        _ if moment.begun => lay(path, real.block, moment.after(deed), date),
        _ => {}
    }
}

/// The layers of a scene that show colours, open for writing, by band name.
fn layers(path: &Path, mut change: impl FnMut(&mut RasterBand, &str)) {
    let options = DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_UPDATE, ..DatasetOptions::default() };
    let file = Dataset::open_ex(path, options).unwrap();
    for band in 1..=file.raster_count() {
        let mut layer = file.rasterband(band).unwrap();
        let name = layer.description().unwrap();
        change(&mut layer, &name);
    }
    file.close().unwrap();
}

/// Thins what really grows in a block, without an edge: 45 % of it is gone in the middle, nothing at the rim.
fn thin(path: &Path, block: Block) {
    let Block { row, col, rows, cols } = block;
    let (at, size) = ((col as isize, row as isize), (cols, rows));
    let from_middle = |place: usize, count: usize| (place as f64 + 0.5) / (count as f64 / 2.0) - 1.0;
    let gone = |pixel: usize| {
        let from_middle = from_middle(pixel / cols, rows).hypot(from_middle(pixel % cols, cols));
        0.45 * (1.0 - from_middle).max(0.0)
    };
    layers(path, |layer, name| {
        let Some(soil) = colour(name, SOIL) else { return };
        let mut real = layer.read_as::<u16>(at, size, size, None).unwrap();
        for (pixel, number) in real.data_mut().iter_mut().enumerate() {
            let gone = gone(pixel);
            *number = (f64::from(*number) * (1.0 - gone) + 10_000.0 * soil * gone) as u16;
        }
        layer.write(at, size, &mut real).unwrap();
    });
}

/// Lays five colours with 6 % of noise over a block.
fn lay(path: &Path, block: Block, colours: [f64; 5], date: u32) {
    let Block { row, col, rows, cols } = block;
    layers(path, |layer, name| {
        let Some(colour) = colour(name, colours) else { return };
        let noise = |pixel: usize| {
            let mixed = mix((date as usize * 64
                + name.bytes().map(usize::from).sum::<usize>() * 7
                + pixel * 131) as u64);
            (mixed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let value = |pixel: usize| ((colour * (1.0 + 0.06 * noise(pixel))).max(0.001) * 10_000.0) as u16;
        let mut buffer = Buffer::new((cols, rows), (0..rows * cols).map(value).collect());
        layer.write((col as isize, row as isize), (cols, rows), &mut buffer).unwrap();
    });
}

/// Longitude and latitude of places on the pixel grid of a scene, given as (column, row).
fn degrees(real: &Real, corner: [f64; 6], at: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let transform = Transform::new(Crs::epsg(real.epsg), Crs::LON_LAT).unwrap();
    let degrees = |(col, row): &(f64, f64)| {
        transform.point(corner[0] + corner[1] * col, corner[3] + corner[5] * row).unwrap()
    };
    at.iter().map(degrees).collect()
}

/// Red lines of the class, as a layer in `to`.
fn red_line(real: &Real, data: &Path, corner: [f64; 6], to: &Path) {
    if let Some(Block { row, col, rows, cols }) = real.line {
        let (left, top) = (col as f64, row as f64);
        let (right, bottom) = (left + cols as f64, top + rows as f64);
        let ring = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        let ring: Vec<[f64; 2]> = degrees(real, corner, &ring).into_iter().map(|(x, y)| [x, y]).collect();
        let line = json!({ "type": "Feature", "properties": { "id": "laid", "class": real.class },
            "geometry": { "type": "Polygon", "coordinates": [ring] } });
        fs::write(to, json!({ "type": "FeatureCollection", "features": [line] }).to_string()).unwrap();
        return;
    }
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

/// A scan of the real series with a deed in it, and the middle of the block in degrees.
fn scan(real: &Real, deed: Deed, folder: &Path) -> Option<(Scan, Point<f64>)> {
    let data = data(real.folder)?;
    let scenes = folder.join("scenes");
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
        paint(&scenes.join(&name), real, deed, day(&name));
    }
    let corner = corner.unwrap();
    let lines = folder.join("redline.geojson");
    red_line(real, &data, corner, &lines);
    let scan = Scan {
        scenes,
        redlines: lines,
        periods: Some((real.periods.0.to_owned(), real.periods.1.to_owned())),
        out: folder.join("out"),
        // Deeds are painted on pixels, not on the ground: scenes that are put right would scatter them.
        more: ["--class", real.class, "--register", "check"].map(str::to_owned).to_vec(),
        environment: Vec::new(),
    };
    let Block { row, col, rows, cols } = real.block;
    let middle = (col as f64 + cols as f64 / 2.0, row as f64 + rows as f64 / 2.0);
    Some((scan, Point::from(degrees(real, corner, &[middle])[0])))
}

#[track_caller]
fn names(real: &Real, deed: Deed, model: &str) {
    let folder = tempfile::tempdir().unwrap();
    let Some((scan, middle)) = scan(real, deed, folder.path()) else { return };
    let published = scan.published();
    let (here, others): (Vec<_>, Vec<_>) =
        published.leads().into_iter().partition(|lead| lead.outline.contains(&middle));
    let words = |lead: &Lead| {
        let (model, also) = (lead.text("model"), lead.text("also_models"));
        let confidence = lead.properties["confidence"].as_f64().unwrap_or_default();
        format!("{model} ({confidence:.2}) also {also}")
    };
    let names: Vec<String> = here.iter().map(words).collect();
    println!("{deed:?} on real {}: {names:?}, {} other leads", real.class, others.len());
    let aside = published.suppressed().into_iter().filter(|patch| patch.outline.contains(&middle));
    let aside: Vec<String> = aside
        .map(|patch| [patch.text("model"), patch.text("reason"), patch.text("detail")].join(", "))
        .collect();
    let is_named = names.len() == 1 && names[0].starts_with(&format!("{model} "));
    assert!(is_named, "{names:?}; aside: {aside:#?}");
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

#[test]
fn trees_on_fields_under_a_real_sky_are_trees_on_farmland() {
    let planted =
        Real { from: 20_160_915, periods: ("2015-01-01/2016-09-10", "2016-09-11/2018-12-31"), ..MAIZE };
    names(&planted, Deed::Orchard, "F2");
}

#[test]
fn weeds_for_two_years_under_a_real_sky_are_abandonment() {
    names(&MAIZE, Deed::Abandoned, "F7");
}

#[test]
fn real_meadow_that_thins_out_without_an_edge_is_degradation() {
    names(&PASTURE, Deed::Degraded, "G7");
}

#[test]
fn a_field_in_a_wetland_under_a_real_sky_is_reclamation() {
    names(&WETLAND, Deed::Cropped, "W1");
}

#[test]
fn a_filled_wetland_under_a_real_sky_is_filling() {
    names(&WETLAND, Deed::Filled, "W2");
}

#[test]
fn a_drained_wetland_under_a_real_sky_is_draining() {
    names(&WETLAND, Deed::Drained, "W3");
}

#[test]
fn a_pond_in_a_wetland_under_a_real_sky_is_a_pond() {
    names(&WETLAND, Deed::Pond, "W4");
}

#[test]
fn rubble_that_is_real_meadow_again_is_restored_ground() {
    names(&CASE, Deed::Restored, "R1");
}
