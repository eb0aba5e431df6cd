//! What lies in the folder of a day: sheet, table, GPX; and what is said.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::report::Language;
use crate::report::day::osm::tests::{extract, file};
use crate::report::day::priority::tests::lead;
use crate::report::material::Item;

const HOSTILE: &str = "=1+1\r\n\u{202e}<script>x</script>]]>&\"'";

fn leads() -> Vec<Item> {
    let one = |number: usize| {
        let id = if number == 2 { HOSTILE.to_owned() } else { format!("lead{number}") };
        let mut lead = lead(
            &id,
            json!({"confidence": 0.9, "model": HOSTILE, "model_name": HOSTILE, "redline_name": HOSTILE, "area_mu": 12.5}),
        );
        lead.point = (108.50 + 0.02 * number as f64, 41.5);
        lead
    };
    (0..4).map(one).collect()
}

fn written(settings: Settings, language: Language) -> (BTreeMap<String, String>, Vec<String>) {
    let scratch = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&scratch.path().join("out")).unwrap();
    staging.folder("day").unwrap();
    let asked = Asked { day: settings, language, ..Asked::default() };
    let words = write(&Material { leads: leads(), ..Material::default() }, &asked, &staging).unwrap();
    let read = |file: String| (file.clone(), std::fs::read_to_string(staging.path(&file)).unwrap());
    (staging.files().unwrap().into_iter().map(read).collect(), words)
}

#[test]
fn a_day_is_a_sheet_a_table_and_a_gpx_and_the_same_bytes_each_time() {
    let (files, words) = written(Settings::default(), Language::Both);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["day/plan.csv", "day/plan.html", "day/team-1.gpx"]);
    assert!(words[0].contains("4 leads in 1 tours") && words[1].contains("no --start"), "{words:?}");
    let sheet = &files["day/plan.html"];
    for said in
        ["未给定起点", "no start was given", "直线距离 × 1.4", "08:30", "GCJ-02", "无历史", "no history"]
    {
        assert!(sheet.contains(said), "{said}");
    }
    assert_eq!(files, written(Settings::default(), Language::Both).0);
    let english = &written(Settings::default(), Language::English).0["day/plan.html"];
    assert!(english.contains("lang=\"en\"") && !english.contains("起点"));
}

#[test]
fn hostile_words_are_words_in_sheet_table_and_gpx() {
    let (files, _) = written(Settings::default(), Language::Both);
    for (name, text) in &files {
        let is_table = name.ends_with("csv");
        assert!(is_table || (!text.contains("<script") && !text.contains('\u{202e}')), "{name}");
    }
    assert!(files["day/plan.html"].contains("&lt;script&gt;"));
    let table = &files["day/plan.csv"];
    assert!(table.contains("\"'=1+1") && !table.contains(",=1+1") && !table.contains(",\"=1+1"), "{table}");
}

#[test]
fn over_roads_the_ways_are_longer_and_drawn_and_what_has_none_is_told() {
    // A road along the first three leads with a bend, and an island at the fourth that joins nothing and is out of reach.
    let nodes = [(1, 108.50, 41.5), (2, 108.51, 41.51), (3, 108.52, 41.5), (4, 108.54, 41.5)];
    let (_folder, path) = file(&extract(&nodes, &[(&[("highway", "tertiary")], &[1, 2, 3, 4])]));
    let settings =
        Settings { roads: Some(path), start: Some((108.50, 41.5)), hours: 10.0, ..Settings::default() };
    let (files, words) = written(settings, Language::Chinese);
    assert!(words[0].contains("by road"), "{words:?}");
    assert!(files["day/team-1.gpx"].contains("<trkpt lat=\"41.510000\" lon=\"108.510000\"/>"));
    assert!(files["day/plan.csv"].contains(",road,") && files["day/plan.html"].contains("无路"));
}
