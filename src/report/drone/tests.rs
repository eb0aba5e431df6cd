//! What lies in the folder of missions: files, words, refusals.

use std::collections::BTreeMap;

use geo::{LineString, Polygon};
use serde_json::json;

use super::*;
use crate::report::{Language, archive};

/// A lead of so many metres a side at 108.5 E 41.57 N.
fn lead(id: &str, side: f64) -> Item {
    let plane = Plane::around(108.5, 41.57);
    let corners =
        [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)].map(|corner| plane.degrees(corner));
    let outline = MultiPolygon::new(vec![Polygon::new(LineString::from(corners.to_vec()), Vec::new())]);
    let properties = json!({"model": "G1", "model_name": "Reclaimed grassland", "model_name_zh": "开垦草原", "area_m2": side * side});
    Item::new(
        id.to_owned(),
        properties.as_object().cloned().unwrap(),
        outline,
        plane.degrees((side / 2.0, side / 2.0)),
    )
}

/// Files of the folder, and what was said.
type Written = (BTreeMap<String, Vec<u8>>, Vec<String>);

/// Writes missions for some leads.
fn written(leads: Vec<Item>, settings: Settings) -> Result<Written, ReportError> {
    let scratch = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&scratch.path().join("out")).unwrap();
    staging.folder("drone").unwrap();
    let asked = Asked { drone: settings, language: Language::Both, ..Asked::default() };
    let words = write(&Material { leads, ..Material::default() }, &asked, &staging)?;
    let files = staging.files().unwrap();
    let read = |file: String| (file.clone(), std::fs::read(staging.path(&file)).unwrap());
    Ok((files.into_iter().map(read).collect(), words))
}

#[test]
fn a_small_lead_gets_a_map_a_ring_and_a_sheet_and_the_same_bytes_each_time() {
    let (files, words) = written(vec![lead("a1", 120.0)], Settings::default()).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected =
        ["drone/001-a1-map-1.kmz", "drone/001-a1-ring.kmz", "drone/001-a1-sheet.txt", "drone/missions.csv"];
    assert_eq!(names, expected);
    assert!(words[0].contains("1 leads, 2 flights"), "{words:?}");
    assert_eq!(files, written(vec![lead("a1", 120.0)], Settings::default()).unwrap().0);
    let sheet = String::from_utf8(files["drone/001-a1-sheet.txt"].clone()).unwrap();
    assert!(
        sheet.starts_with('\u{feff}')
            && sheet.contains("起飞点")
            && sheet.contains("take-off")
            && sheet.contains("\r\n")
    );
}

#[test]
fn a_large_lead_takes_several_batteries_and_each_mission_maps_its_own_part() {
    let (files, _) = written(vec![lead("a1", 2_500.0)], Settings::default()).unwrap();
    let maps = files.keys().filter(|name| name.contains("-map-")).count();
    assert!((8..=16).contains(&maps), "{maps}");
    let table = String::from_utf8(files["drone/missions.csv"].clone()).unwrap();
    let minutes = table.lines().skip(1).map(|line| line.split(',').nth(10).unwrap().parse::<f64>().unwrap());
    assert!(minutes.clone().all(|minutes| minutes <= 25.0), "{table}");
    let (coarse, words) =
        written(vec![lead("a1", 300.0)], Settings { sample_cm: 5.0, ring: 0, ..Settings::default() })
            .unwrap();
    assert!(
        coarse.keys().all(|name| !name.contains("ring")) && words[1].contains("ceiling of 120 m"),
        "{words:?}"
    );
}

#[test]
fn leads_near_each_other_share_a_mission_of_a_day() {
    let mut other = lead("b2", 100.0);
    let shift = |at: (f64, f64)| (at.0 + 0.004, at.1);
    other.outline = other.outline.map_coords(|at| {
        let (x, y) = shift((at.x, at.y));
        Coord { x, y }
    });
    other.point = shift(other.point);
    let (files, _) =
        written(vec![lead("a1", 120.0), other], Settings { per: Per::Day, ..Settings::default() }).unwrap();
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["drone/day-1.kmz", "drone/day-sheet.txt", "drone/missions.csv"]
    );
    let table = String::from_utf8(files["drone/missions.csv"].clone()).unwrap();
    assert!(table.contains("day-1.kmz,day,a1 b2,"), "{table}");
}

#[test]
fn hostile_words_stay_in_their_line_and_out_of_the_missions() {
    let hostile = "=1+1\r\n\u{202e}</wpml:index><x>&\"'../..\u{0}";
    let mut one = lead(hostile, 120.0);
    for name in ["model", "model_name", "model_name_zh", "redline_name"] {
        one.properties.insert(name.to_owned(), json!(hostile));
    }
    let (files, _) = written(vec![one], Settings::default()).unwrap();
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(&byte));
    assert!(files.keys().all(|name| plain(name) && !name.contains("..")), "{:?}", files.keys());
    for (name, bytes) in files {
        if name.ends_with(".kmz") {
            for (file, text) in archive::texts(bytes) {
                assert!(
                    !text.contains("<x>") && !text.contains("=1+1") && !text.contains('\u{202e}'),
                    "{file}: {text}"
                );
            }
        } else {
            let text = String::from_utf8(bytes).unwrap();
            let is_sheet = name.ends_with(".txt");
            assert!(!is_sheet || (!text.contains('\u{202e}') && !text.contains('\u{0}')), "{name}");
            assert!(is_sheet || text.contains("\"'=1+1") || !text.contains(",=1+1"), "{text}");
        }
    }
}

#[test]
fn what_is_not_longitude_and_latitude_is_refused_with_the_lead() {
    let mut gauss = lead("a1", 100.0);
    gauss.outline = gauss.outline.map_coords(|_| Coord { x: 36_541_703.2, y: 4_603_997.9 });
    let mut empty = lead("a2", 100.0);
    empty.outline = MultiPolygon::new(Vec::new());
    for (wrong, words) in [(gauss, "36541703.2"), (empty, "found none")] {
        let refused = written(vec![wrong], Settings::default()).unwrap_err().to_string();
        assert!(
            refused.contains("WGS 84") && refused.contains(words) && refused.contains("lead a"),
            "{refused}"
        );
    }
}
