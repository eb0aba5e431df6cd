//! A drawn lead as a catalogue.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use geo::polygon;

use super::*;
use crate::grid::{Crs, Grid};
use crate::report::material::{Close, Item, Moment, Run};

fn material(id: &str) -> Material {
    let outline = polygon![(x: 108.0, y: 41.5), (x: 108.1, y: 41.5), (x: 108.1, y: 41.6)].into();
    let properties = json!({
        "id": id, "model": "G1", "model_name": "reclaimed", "before": "2022-07-01", "after": "2023-07-01", "confidence": 0.9,
        "scene_before": "S2_A", "scene_after": "S2_B<i>",
    });
    let mut lead =
        Item::new(id.to_owned(), properties.as_object().unwrap().clone(), outline, (108.05, 41.53));
    let grid = Grid {
        rows: 10,
        cols: 10,
        origin_x: 5e5,
        origin_y: 4.6e6,
        pixel_width: 10.0,
        pixel_height: 10.0,
        crs: Crs::epsg(32649),
    };
    lead.close = vec![Close {
        moment: Moment::Before,
        date: Date::constant(2022, 7, 1),
        scene: "S2_A".to_owned(),
        grid,
        jpeg: b"jpeg".to_vec(),
        is_natural: true,
    }];
    let scene = |id: &str, used: bool| json!({"id": id, "date": "2022-07-01", "used": used});
    let input = |file: &str, scene: &str| json!({"role": "scene", "file": file, "scene": scene, "size_bytes": 7, "sha256": "ab".repeat(32)});
    let result = json!({
        "scenes": [scene("S2_A", true), scene("S2_B<i>", true), scene("S2_C", false)],
        "inputs": [input("S2_A.tif", "S2_A"), input("b1.tif", "S2_B<i>"), input("b2.tif", "S2_B<i>")],
        "libraries": {"GDAL": "3.6.2"},
    });
    let run = Run { id: "ff".to_owned(), version: "0.1.0".to_owned(), result, ..Run::default() };
    Material { run: Some(run), leads: vec![lead], ..Material::default() }
}

fn written(material: &Material) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&folder.path().join("out")).unwrap();
    staging.folder("stac").unwrap();
    write(material, &Asked::default(), &staging).unwrap();
    crate::publish::manifest::of_files(&staging, ("report", json!({}))).unwrap();
    let out = staging.commit().unwrap().join("stac");
    (folder, out)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Follows every link and asset of an object that lies in the catalogue; whatever it names must be there.
fn follow(path: &Path, seen: &mut BTreeSet<PathBuf>) {
    let path = path.canonicalize().unwrap();
    if !seen.insert(path.clone()) || path.extension().is_none_or(|ending| ending != "json") {
        return;
    }
    let object = read(&path);
    let assets = object["assets"].as_object().into_iter().flatten().map(|(_, asset)| asset);
    for link in object["links"].as_array().unwrap().iter().chain(assets) {
        let href = link["href"].as_str().unwrap();
        if href.starts_with("ni:///sha-256;") {
            continue;
        }
        assert!(href.starts_with('.'), "{href}");
        let target = path.parent().unwrap().join(href);
        if let Some(checksum) = link["file:checksum"].as_str() {
            let (size, sha256) = digest::of_file(&target).unwrap();
            assert_eq!(
                (checksum, link["file:size"].as_u64()),
                (format!("1220{sha256}").as_str(), Some(size))
            );
        }
        follow(&target, seen);
    }
}

#[test]
fn every_link_leads_to_a_file_and_every_asset_is_what_it_says() {
    let (_folder, out) = written(&material("a"));
    let mut seen = BTreeSet::new();
    follow(&out.join("catalog.json"), &mut seen);
    // Catalogue, two collections, a lead with a picture and its record, two scenes.
    assert_eq!(seen.len(), 1 + 2 + 3 + 2, "{seen:#?}");
    let item = read(&out.join("leads/a/a.json"));
    let properties = &item["properties"];
    assert_eq!(
        (&properties["start_datetime"], &properties["end_datetime"]),
        (&json!("2022-07-01T00:00:00Z"), &json!("2023-07-01T23:59:59Z"))
    );
    assert_eq!(properties["processing:software"], json!({"steppewatch": "0.1.0", "GDAL": "3.6.2"}));
    assert!(properties.get("processing:datetime").is_none());
    let from: Vec<&str> = item["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["rel"] == "derived_from")
        .filter_map(|link| link["title"].as_str())
        .collect();
    assert_eq!(from, ["S2_A", "S2_B<i>", "all scenes of the run"]);
    assert_eq!(item["assets"]["before"]["proj:code"], "EPSG:32649");
}

#[test]
fn an_id_that_is_no_name_stays_in_its_folder_and_no_run_means_no_scenes() {
    let (_folder, out) = written(&material("../../x\u{202e}"));
    let leads: Vec<PathBuf> =
        fs::read_dir(out.join("leads")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(leads.len(), 2, "{leads:?}");
    assert!(!fs::exists(out.join("../../x\u{202e}")).unwrap());
    let (_folder, out) = written(&Material { run: None, ..material("a") });
    assert!(!out.join("scenes").exists());
    assert!(read(&out.join("leads/a/a.json"))["properties"].get("processing:software").is_none());
    let (_folder, out) = written(&Material { leads: Vec::new(), ..material("a") });
    assert_eq!(
        read(&out.join("leads/collection.json"))["extent"]["spatial"]["bbox"],
        json!([[-180.0, -90.0, 180.0, 90.0]])
    );
}
