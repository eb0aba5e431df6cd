//! What went in is told apart and told whole: layers by name, files by SHA-256, scenes with their use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Published, Scan, beside, ended, program, says};
use crate::world::{BASELINE, Block, Drawn, TARGET, World, name};

fn small() -> Drawn {
    Drawn::new(World::steppe(64, 64))
}

/// Writes a red line far from the scenes: a gap as a whole, and different bytes for every `number`.
fn far(drawn: &Drawn, number: usize, file: &str) -> PathBuf {
    let mut world = drawn.world.clone().moved(3000, 3000);
    world.redline = Some(Block::new(0, 60 * number, 50, 50));
    let path = drawn.path(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    world.draw_redline(&path);
    path
}

fn vector(args: &[&str], paths: &[&Path]) {
    assert!(Command::new("ogr2ogr").args(args).args(paths).status().unwrap().success(), "{args:?}");
}

fn scan_of(drawn: &Drawn, redlines: &[&Path], out: &str) -> Scan {
    let more: Vec<String> = redlines[1..].iter().map(|path| path.display().to_string()).collect();
    let more = if more.is_empty() { String::new() } else { format!("--redlines {}", more.join(" ")) };
    Scan::of(drawn).redlines(redlines[0]).with(&more).out(drawn.path(out))
}

/// Layers that the gaps name, and how many ids and how many gaps there are.
fn named(out: &Published) -> (BTreeSet<String>, usize, usize) {
    let gaps = out.gaps();
    let layers = gaps.iter().map(|gap| gap.text("redline_layer").to_owned()).collect();
    let ids: BTreeSet<&str> = gaps.iter().map(|gap| gap.text("id")).collect();
    (layers, ids.len(), gaps.len())
}

/// (role, file, SHA-256) of the inputs of a manifest.
fn inputs(out: &Published) -> BTreeSet<(String, String, String)> {
    let manifest = out.json("manifest.json");
    let text = |input: &Value, key: &str| input[key].as_str().unwrap().to_owned();
    let inputs = manifest["result"]["inputs"].as_array().unwrap();
    inputs.iter().map(|input| (text(input, "role"), text(input, "file"), text(input, "sha256"))).collect()
}

fn files_of(out: &Published, role: &str) -> Vec<String> {
    inputs(out).into_iter().filter(|(own, ..)| own == role).map(|(_, file, _)| file).collect()
}

#[test]
fn layers_with_one_file_name_are_called_by_the_folder_that_differs() {
    let drawn = small();
    let (a, b) = (far(&drawn, 0, "A/red/far.geojson"), far(&drawn, 1, "Bb/red/far.geojson"));
    let out = scan_of(&drawn, &[&a, &b], "out").published();
    let expected = ["A/red/far.geojson", "Bb/red/far.geojson"].map(str::to_owned);
    assert_eq!(named(&out), (BTreeSet::from(expected.clone()), 2, 2));
    assert_eq!(files_of(&out, "redlines"), expected);
}

#[test]
fn layers_of_one_geopackage_are_called_by_their_names() {
    let drawn = small();
    let (a, b) = (far(&drawn, 0, "a.geojson"), far(&drawn, 1, "b.geojson"));
    let both = drawn.path("two.gpkg");
    vector(&["-q", "-f", "GPKG", "-nln", "east"], &[&both, &a]);
    vector(&["-q", "-f", "GPKG", "-update", "-nln", "west"], &[&both, &b]);
    let out = scan_of(&drawn, &[&both], "out").published();
    let expected = ["two.gpkg|east", "two.gpkg|west"].map(str::to_owned);
    assert_eq!(named(&out), (BTreeSet::from(expected), 2, 2));
    assert_eq!(files_of(&out, "redlines"), ["two.gpkg"]);
}

#[test]
fn a_layer_given_twice_is_refused_under_whatever_name() {
    let drawn = small();
    let (first, copy) = (far(&drawn, 0, "first.geojson"), drawn.path("copy.geojson"));
    fs::copy(&first, &copy).unwrap();
    for again in [&first, &copy] {
        let scan = scan_of(&drawn, &[&first, again], "out");
        let words = scan.refused();
        let file = again.file_name().unwrap().to_str().unwrap();
        says(&words, &[file, "byte for byte", "first.geojson", "leave one out"]);
        assert_eq!(scan.run().code, Some(2));
    }
    let permits = format!("--permits {} {}", first.display(), copy.display());
    says(&Scan::of(&drawn).with(&permits).refused(), &["copy.geojson", "byte for byte"]);
}

#[test]
fn a_note_on_a_layer_names_no_folder_of_this_machine() {
    let drawn = small();
    let path = far(&drawn, 0, "doubled.geojson");
    let mut text: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let feature = text["features"][0].clone();
    text["features"].as_array_mut().unwrap().push(feature);
    fs::write(&path, text.to_string()).unwrap();
    let out = scan_of(&drawn, &[&path], "out").published();
    let notes = out.json("manifest.json")["result"]["plan"]["notes"].to_string();
    says(&notes, &["\"doubled.geojson: feature 2 ('drawn grassland'): id 'GL-1' is used twice"]);
}

#[test]
fn every_part_of_a_shapefile_is_an_input() {
    let drawn = small();
    let source = far(&drawn, 0, "source.geojson");
    let shape = drawn.path("red.shp");
    vector(&["-q", "-f", "ESRI Shapefile", "-lco", "ENCODING=UTF-8"], &[&shape, &source]);
    let one = scan_of(&drawn, &[&shape], "one").published();
    assert_eq!(files_of(&one, "redlines"), ["red.cpg", "red.dbf", "red.prj", "red.shp", "red.shx"]);
    let table = drawn.path("red.dbf");
    let mut bytes = fs::read(&table).unwrap();
    let at = bytes.windows(5).position(|part| part == b"drawn").unwrap();
    bytes[at..at + 5].copy_from_slice(b"other");
    fs::write(&table, bytes).unwrap();
    let other = scan_of(&drawn, &[&shape], "other").published();
    let changed: Vec<String> =
        inputs(&one).difference(&inputs(&other)).map(|(_, file, _)| file.clone()).collect();
    assert_eq!(changed, ["red.dbf"]);
}

#[test]
fn the_plan_and_the_stac_file_are_inputs() {
    let drawn = small();
    let item = |date: &u32| {
        let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
        let band = |name: &str| json!({ "name": name });
        let bands: Vec<Value> = ["B02", "B03", "B04", "B08", "B11", "SCL"].map(band).into();
        let file = format!("scenes/{}", name(*date));
        let asset = json!({ "href": file, "type": "image/tiff", "roles": ["data"], "eo:bands": bands });
        let when = format!("{year}-{month:02}-{day:02}T04:00:00Z");
        let properties = json!({ "datetime": when, "constellation": "sentinel-2" });
        json!({ "type": "Feature", "id": format!("S2_{date}"), "properties": properties, "assets": { "all": asset } })
    };
    let items: Vec<Value> = drawn.world.dates.iter().map(item).collect();
    let collection = json!({ "type": "FeatureCollection", "features": items });
    fs::write(drawn.path("items.json"), collection.to_string()).unwrap();
    let plan = drawn.path("plan.toml");
    let words = format!(
        "[inputs]\nscenes = \"items.json\"\nredlines = [\"redline.geojson\"]\n\
         [dates]\nbaseline = \"{BASELINE}\"\ntarget = \"{TARGET}\"\n"
    );
    fs::write(&plan, words).unwrap();
    let out = drawn.path("out");
    let run = ended(program().arg("scan").arg(&plan).arg("--out").arg(&out));
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let out = Published { code: 0, out };
    assert_eq!(
        (files_of(&out, "stac"), files_of(&out, "plan")),
        (vec!["items.json".into()], vec!["plan.toml".into()])
    );
    assert_eq!(files_of(&out, "scene").len(), drawn.world.dates.len());
}

#[test]
fn scenes_outside_the_periods_are_listed_with_the_reason() {
    let drawn = Drawn::new(World::steppe(64, 64).over(2020, 2023));
    let periods = ("2021-01-01/2022-12-31", "2023-01-01/2023-07-31");
    let out = Scan::of(&drawn).periods(periods.0, periods.1).published();
    let manifest = out.json("manifest.json");
    let scenes = manifest["result"]["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), drawn.world.dates.len());
    for scene in scenes {
        let date = scene["date"].as_str().unwrap();
        let is_used = ("2021-01-01".."2023-08-01").contains(&date);
        assert_eq!(scene["used"], is_used, "{scene}");
        assert_eq!(scene["reason"].is_null(), is_used, "{scene}");
        // Id, date, product, sensor, scaling, masks; whether it is used, and why not.
        assert_eq!(scene.as_object().unwrap().len(), 8, "{scene}");
    }
    says(
        &scenes[0]["reason"].to_string(),
        &["look-back 2021-01-01/2022-12-31", "target period 2023-01-01/2023-07-31"],
    );
    assert_eq!(files_of(&out, "scene").len(), 20 + 5);
}

#[test]
fn a_period_without_scenes_says_of_which_days_there_are_some() {
    let drawn = small();
    let before = beside(&drawn.path("out"));
    let scan = Scan::of(&drawn).periods(BASELINE, "2030-01-01/2030-12-31");
    let run = scan.run();
    assert_eq!((run.code, beside(&drawn.path("out"))), (Some(2), before));
    says(
        &run.stderr,
        &["target period 2030-01-01/2030-12-31", "2021-04-08 to 2023-10-03", "--target FROM/TO"],
    );
    assert!(!run.stderr.contains("steppewatch check"), "{}", run.stderr);
    let run = Scan::of(&drawn).periods("2010-01-01/2011-12-31", TARGET).run();
    says(&run.stderr, &["baseline period 2010", "--baseline FROM/TO"]);
    let run = Scan::of(&drawn).periods("2021-02-29/2021-12-31", TARGET).run();
    assert_eq!(run.code, Some(2));
    says(&run.stderr, &["baseline", "2021-02-29 is no day of the calendar"]);
}

#[test]
fn scenes_of_one_year_without_a_period_are_a_wrong_plan() {
    let mut world = World::steppe(64, 64);
    world.dates.retain(|date| *date > 20_230_000);
    let drawn = Drawn::new(world);
    let scan = Scan { periods: None, ..Scan::of(&drawn) };
    says(&scan.refused(), &["one year (2023-04-08 to 2023-10-03)", "--baseline FROM/TO"]);
    assert_eq!(scan.run().code, Some(2));
}
