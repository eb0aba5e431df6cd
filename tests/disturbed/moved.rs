//! Real scenes, moved by known parts of a pixel: told within a tenth, and what moving and putting right does to leads.
//!
//! Moved by a windowed sinc over eight by eight pixels (Lanczos), which the program does not know; class bands by the
//! nearest pixel. Where the real data are not at hand, the test says so.

use std::fs;
use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::{Dataset, DriverManager, Metadata};
use serde_json::json;
use steppewatch::assess::{self, PixelGrid, Question};
use steppewatch::plan::{self, PlanFile};
use steppewatch::run::{self, Silent, inputs};
use steppewatch::units::SquareMetres;
use tempfile::TempDir;

use crate::series::layer;
use crate::shared_data::data;

/// Half of the side of the windowed sinc, in pixels.
const REACH: isize = 4;

/// A real series or pair, and how it is asked and judged.
struct Real {
    name: &'static str,
    scenes: &'static str,
    redlines: &'static str,
    class: Option<&'static str>,
    models: &'static [&'static str],
    periods: Option<[&'static str; 2]>,
    truth: Option<&'static str>,
    least_area: Option<f64>,
    only: Option<&'static str>,
}

const ROMANIA: Real = Real {
    name: "romania",
    scenes: "romania_forest_2015_2018/scenes",
    redlines: "romania_forest_2015_2018/redline_forest.geojson",
    class: Some("forest"),
    models: &[],
    periods: Some(["2015-01-01/2016-12-31", "2017-01-01/2018-12-31"]),
    truth: Some("romania_forest_2015_2018/reference_cuts.geojson"),
    least_area: Some(1000.0),
    only: Some("cut_year=2017,2018"),
};

const IMPLANTS: Real = Real {
    name: "implants",
    scenes: "worldcereal_be_2018_2019_implants/scenes",
    redlines: "worldcereal_be_2018_2019_implants/redline_grassland.geojson",
    class: Some("grassland"),
    models: &["G1"],
    periods: Some(["2018-08-01/2019-03-31", "2019-04-01/2019-11-30"]),
    truth: Some("worldcereal_be_2018_2019_implants/truth.geojson"),
    least_area: None,
    only: None,
};

const STABLE: Real = Real {
    name: "stable",
    scenes: "worldcereal_be_2018_2019_stable/scenes",
    redlines: "worldcereal_be_2018_2019_stable/redline_grassland.geojson",
    truth: None,
    ..IMPLANTS
};

/// What moves a scene, by its number and its day; nothing where it stays.
type Moves<'a> = dyn Fn(usize, &str) -> Option<(f64, f64)> + 'a;

/// Days of a file name `..._YYYYMMDD...`.
fn day(path: &Path) -> String {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let digits: Vec<String> =
        name.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 8).map(str::to_owned).collect();
    digits[0].clone()
}

/// Direction and length by the number of a scene: all directions, lengths up to `most`.
fn offset(number: usize, most: f64) -> (f64, f64) {
    // The golden angle spreads directions evenly, the golden section lengths.
    let (angle, length) =
        (number as f64 * 2.399_963, most * (0.05 + 0.95 * ((number as f64 * 0.618_034).fract())));
    (length * angle.sin(), length * angle.cos())
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-12 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
}

/// Weights of the eight neighbours of a place `part` behind the fourth of them.
fn weights(part: f64) -> Vec<f64> {
    let at = |step: isize| part - step as f64;
    let weights: Vec<f64> =
        (1 - REACH..=REACH).map(|step| sinc(at(step)) * sinc(at(step) / REACH as f64)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Numbers whose ground lies `(down, right)` further than before; 0 is nodata and stays where any neighbour has it.
fn moved(
    numbers: &[u16],
    (rows, cols): (usize, usize),
    (down, right): (f64, f64),
    is_classes: bool,
) -> Vec<u16> {
    let clamp = |at: isize, length: usize| at.clamp(0, length as isize - 1) as usize;
    let at = |row: isize, col: isize| numbers[clamp(row, rows) * cols + clamp(col, cols)];
    let (top, left) = ((-down).floor(), (-right).floor());
    let (along_rows, along_cols) = (weights(-down - top), weights(-right - left));
    let mut result = Vec::with_capacity(numbers.len());
    for row in 0..rows as isize {
        for col in 0..cols as isize {
            if is_classes {
                result.push(at((row as f64 - down).round() as isize, (col as f64 - right).round() as isize));
                continue;
            }
            let (mut sum, mut is_missing) = (0.0, false);
            for (step_row, row_weight) in (1 - REACH..).zip(&along_rows) {
                for (step_col, col_weight) in (1 - REACH..).zip(&along_cols) {
                    let number = at(row + top as isize + step_row, col + left as isize + step_col);
                    is_missing |= number == 0;
                    sum += row_weight * col_weight * f64::from(number);
                }
            }
            result.push(if is_missing { 0 } else { sum.round().clamp(1.0, 65_535.0) as u16 });
        }
    }
    result
}

/// Writes a scene anew, moved.
fn move_scene(from: &Path, to: &Path, offset: (f64, f64)) {
    let source = Dataset::open(from).unwrap();
    let (cols, rows) = source.raster_size();
    let options =
        RasterCreationOptions::from_iter(["COMPRESS=DEFLATE", "PHOTOMETRIC=MINISBLACK", "ALPHA=NO"]);
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let bands = source.raster_count();
    let mut file =
        driver.create_with_band_type_with_options::<u16, _>(to, cols, rows, bands, &options).unwrap();
    file.set_geo_transform(&source.geo_transform().unwrap()).unwrap();
    file.set_spatial_ref(&source.spatial_ref().unwrap()).unwrap();
    for item in ["ACQUISITION_DATE", "TIFFTAG_DATETIME"] {
        if let Some(value) = source.metadata_item(item, "") {
            file.set_metadata_item(item, &value, "").unwrap();
        }
    }
    for number in 1..=bands {
        let band = source.rasterband(number).unwrap();
        let name = band.description().unwrap();
        let pixels = band.read_as::<u16>((0, 0), (cols, rows), (cols, rows), None).unwrap();
        let is_classes = name == "SCL" || name == "mask";
        let pixels = moved(pixels.data(), (rows, cols), offset, is_classes);
        let mut target = file.rasterband(number).unwrap();
        target.set_description(&name).unwrap();
        target.set_no_data_value(band.no_data_value()).unwrap();
        target.write((0, 0), (cols, rows), &mut Buffer::new((cols, rows), pixels)).unwrap();
    }
    file.close().unwrap();
}

impl Real {
    /// A copy of the scenes in which those for which `of` gives an offset are moved by it.
    fn copy(&self, of: impl Fn(usize, &str) -> Option<(f64, f64)>) -> Option<TempDir> {
        let folder = tempfile::tempdir().unwrap();
        let mut paths: Vec<PathBuf> =
            fs::read_dir(data(self.scenes)?).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "tif"));
        paths.sort();
        for (number, path) in paths.iter().enumerate() {
            let to = folder.path().join(path.file_name().unwrap());
            match of(number, &day(path)) {
                Some(offset) => move_scene(path, &to, offset),
                None => {
                    fs::copy(path, &to).unwrap();
                }
            }
        }
        Some(folder)
    }

    fn plan(&self, scenes: &Path, register: &str) -> plan::Plan {
        let mut file = PlanFile::default();
        file.inputs.scenes = Some(scenes.to_owned());
        file.inputs.redlines = vec![data(self.redlines).unwrap()];
        file.inputs.class = self.class.map(str::to_owned);
        file.model.submodels = self.models.iter().map(|model| (*model).to_owned()).collect();
        file.dates.baseline = self.periods.map(|[baseline, _]| baseline.to_owned());
        file.dates.target = self.periods.map(|[_, target]| target.to_owned());
        file.model.register = Some(register.to_owned());
        file.outputs.out = Some(scenes.join("out"));
        plan::resolve(file, 2).unwrap()
    }

    /// Where scenes of the target period lie, by identity.
    fn lies(&self, scenes: &Path) -> Vec<(String, Option<(f64, f64)>)> {
        let inputs = inputs::gather(&self.plan(scenes, "check")).unwrap();
        let target = inputs.question.target;
        let of_target = inputs.registration.scenes.iter().filter(|scene| target.contains(scene.date));
        of_target
            .map(|scene| (scene.id.clone(), scene.found.ok().map(|found| (found.rows, found.cols))))
            .collect()
    }

    /// True and false leads, and changes found, in words.
    fn judged(&self, scenes: &Path, register: &str) -> String {
        let plan = self.plan(scenes, register);
        let inputs = inputs::gather(&plan).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let found = run::find(&plan, &inputs, scratch.path(), &Silent).unwrap();
        let Some(truth) = self.truth else {
            return format!("{} leads, all false", found.records.leads.len());
        };
        let leads = scratch.path().join("leads.geojson");
        layer(&found.records.leads, &leads);
        let question = Question {
            min_area: self.least_area.map(SquareMetres),
            truth_filter: self.only.map(|only| assess::Filter::parse(only).unwrap()),
            ..Question::default()
        };
        let judged = assess::assess_files(&leads, &data(truth).unwrap(), None, &question).unwrap();
        let ratio = judged.area_ratio.map_or(f64::NAN, |ratio| ratio.median);
        format!(
            "{} of {} changes found, {} false leads, area {ratio:.2} of true",
            judged.hits, judged.truths, judged.false_leads
        )
    }
}

/// A labelled pair, with a box around it: west, south, east, north.
const PAIRS: [(&str, [f64; 4]); 2] =
    [("oscd_rennes", [-1.688, 48.092, -1.619, 48.134]), ("oscd_pisa", [10.360, 43.673, 10.443, 43.760])];

/// The second table: both dates of a pair, the second moved.
fn judged_pair(
    (name, [west, south, east, north]): (&str, [f64; 4]),
    offset: (f64, f64),
    register: &str,
) -> Option<String> {
    let from = data(name)?;
    let folder = tempfile::tempdir().unwrap();
    let scenes = folder.path().join("scenes");
    fs::create_dir(&scenes).unwrap();
    let mut paths: Vec<PathBuf> = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("S2_L1C_"));
    paths.sort();
    for (number, path) in paths.iter().enumerate() {
        let to = scenes.join(path.file_name().unwrap());
        if number == 0 || offset == (0.0, 0.0) {
            fs::copy(path, &to).unwrap();
        } else {
            move_scene(path, &to, offset)
        }
    }
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    let redlines = folder.path().join("box.geojson");
    let geometry = json!({ "type": "Polygon", "coordinates": [ring] });
    let feature =
        json!({ "type": "Feature", "properties": { "id": "box", "name": name }, "geometry": geometry });
    fs::write(&redlines, json!({ "type": "FeatureCollection", "features": [feature] }).to_string()).unwrap();
    let mut file = PlanFile::default();
    (file.inputs.scenes, file.inputs.redlines) = (Some(scenes), vec![redlines]);
    file.inputs.class = Some("redline".to_owned());
    file.model.register = Some(register.to_owned());
    file.outputs.out = Some(folder.path().join("out"));
    let plan = plan::resolve(file, 2).unwrap();
    let inputs = inputs::gather(&plan).unwrap();
    let found = run::find(&plan, &inputs, folder.path(), &Silent).unwrap();
    let leads = folder.path().join("leads.geojson");
    layer(&found.records.leads, &leads);
    let pixels = Some(PixelGrid::Metres(10.0));
    let judged = assess::assess_files(
        &leads,
        &from.join("label_change.geojson"),
        None,
        &Question { pixels, ..Question::default() },
    );
    let judged = judged.unwrap();
    let pixels = judged.pixels.unwrap();
    let said = found.notes.iter().find_map(|note| note.split("; second date ").nth(1).map(str::to_owned));
    Some(format!(
        "{} leads, pixel precision {:.2}, recall {:.2}, F1 {:.2}; {}",
        found.records.leads.len(),
        pixels.precision.unwrap_or(f64::NAN),
        pixels.recall.unwrap_or(f64::NAN),
        pixels.f1.unwrap_or(f64::NAN),
        said.unwrap_or_default()
    ))
}

/// Median and ninetieth percentile.
fn spread(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * values.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    (at(0.5), at(0.9))
}

#[test]
fn real_scenes_that_are_moved_are_told_within_a_tenth_of_a_pixel() {
    for real in [ROMANIA, STABLE] {
        let first = real.periods.unwrap()[1][..10].replace('-', "");
        let Some(still) = real.copy(|_, _| None) else { return };
        let moved = real.copy(|number, day| (day >= first.as_str()).then(|| offset(number, 1.5))).unwrap();
        let numbers: Vec<String> = {
            let mut paths: Vec<PathBuf> =
                fs::read_dir(still.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            paths.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
        };
        let (before, after) = (real.lies(still.path()), real.lies(moved.path()));
        assert_eq!(before.len(), after.len());
        let mut errors = Vec::new();
        let mut known = 0;
        for ((id, was), (_, is)) in before.iter().zip(&after) {
            let (Some(was), Some(is)) = (was, is) else { continue };
            known += 1;
            let number = numbers.iter().position(|name| name == id).unwrap();
            let by = offset(number, 1.5);
            errors.push((is.0 - was.0 - by.0).hypot(is.1 - was.1 - by.1));
        }
        let (middle, most) = spread(errors);
        println!(
            "{}: {known} of {} scenes told, moved by up to 1.5 px: error {middle:.3} px in the middle, 9 of 10 within {most:.3}",
            real.name,
            before.len()
        );
        // Two of three winter days are cloud or snow.
        assert!(known * 4 > before.len() && middle < 0.1 && most < 0.25);
    }
}

/// What moving the second date of real pairs does: the third table of `scripts/bench-disturbed`.
#[test]
#[ignore = "long: scripts/bench-disturbed runs it"]
fn table_of_pairs() {
    for pair in PAIRS {
        for length in [0.0, 0.5, 1.0, 2.0] {
            for how in ["check", "correct"] {
                let Some(said) = judged_pair(pair, (0.8 * length, -0.6 * length), how) else { return };
                println!("{}, second date moved by {length} px, {how}: {said}", pair.0);
            }
        }
    }
}

/// What moving real series does to their leads: the second table of `scripts/bench-disturbed`.
#[test]
#[ignore = "long: scripts/bench-disturbed runs it"]
fn table() {
    for real in [ROMANIA, IMPLANTS, STABLE] {
        let first = real.periods.unwrap()[1][..10].replace('-', "");
        let cases: [(&str, Box<Moves<'_>>); 4] = [
            ("as it is", Box::new(|_, _| None)),
            ("every scene moved by up to 1 px", Box::new(|number, _| Some(offset(number, 1.0)))),
            (
                "target scenes moved by 0.5 px",
                Box::new(|_, day| (day >= first.as_str()).then_some((0.4, -0.3))),
            ),
            (
                "target scenes moved by 1 px",
                Box::new(|_, day| (day >= first.as_str()).then_some((0.8, -0.6))),
            ),
        ];
        for (what, of) in cases {
            let Some(scenes) = real.copy(of) else { break };
            for how in ["check", "correct"] {
                println!("{}, {what}, {how}: {}", real.name, real.judged(scenes.path(), how));
            }
        }
    }
}
