//! Permits, decided cases, land use and burn scars on drawn worlds: what is covered is kept aside with its reason,
//! what outgrows it is a lead with the excess, and what is not in force, not dated or of another kind is only noted.

use std::fs;
use std::path::PathBuf;

use geo::{Contains, Point};
use serde_json::{Value, json};

use crate::program::{Lead, Published, Scan, says};
use crate::world::{Block, Deed, Drawn, World};

/// 196 px, 19 600 m2, 29.4 mu.
const FIELD: Block = Block { row: 20, col: 20, rows: 14, cols: 14 };

/// 40 m east of it.
const NEIGHBOUR: Block = Block { row: 20, col: 38, rows: 14, cols: 14 };

/// 300 m away from both.
const FAR: Block = Block { row: 66, col: 60, rows: 12, cols: 12 };

/// Steppe with one field, ploughed in the spring of 2023.
fn one_field() -> Drawn {
    Drawn::new(World::steppe(96, 96).with(FIELD, 20_230_401, Deed::Ploughed))
}

/// A context layer of one polygon in the folder of a world.
fn layer(drawn: &Drawn, name: &str, block: Block, properties: Value) -> PathBuf {
    let path = drawn.path(&format!("{name}.geojson"));
    let geometry = json!({ "type": "Polygon", "coordinates": [drawn.world.ring(block)] });
    let feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
    fs::write(&path, json!({ "type": "FeatureCollection", "features": [feature] }).to_string()).unwrap();
    path
}

/// A scan with one context layer.
fn scan(drawn: &Drawn, flag: &str, name: &str, block: Block, properties: Value) -> Published {
    let path = layer(drawn, name, block, properties);
    let out = drawn.path(&format!("out_{name}"));
    Scan::of(drawn).out(out).with(&format!("--models G1 --{flag} {}", path.display())).published()
}

fn permit(kind: &str, from: &str, to: &str) -> Value {
    json!({ "number": "No. 7 (2023)", "kind": kind, "valid_from": from, "valid_to": to })
}

/// The record that holds the middle of a block.
#[track_caller]
fn at(drawn: &Drawn, records: Vec<Lead>, block: Block) -> Lead {
    let middle = (block.row as f64 + block.rows as f64 / 2.0, block.col as f64 + block.cols as f64 / 2.0);
    let [x, y] = drawn.world.place(middle.0, middle.1);
    let holds = |record: &Lead| record.outline.contains(&Point::new(x, y));
    let found: Vec<Lead> = records.into_iter().filter(holds).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

/// It stays a lead; returns it.
#[track_caller]
fn stands(drawn: &Drawn, published: &Published) -> Lead {
    at(drawn, published.leads(), FIELD)
}

/// It is no lead, for this reason; returns the sentence.
#[track_caller]
fn aside(drawn: &Drawn, published: &Published, reason: &str) -> String {
    assert!(published.leads().is_empty(), "{:?}", published.leads());
    let record = at(drawn, published.suppressed(), FIELD);
    assert_eq!(record.text("reason"), reason, "{}", record.text("detail"));
    record.text("detail").to_owned()
}

fn wider(block: Block, by: usize) -> Block {
    Block::new(block.row - by, block.col - by, block.rows + 2 * by, block.cols + 2 * by)
}

#[test]
fn a_field_inside_a_permit_in_force_is_kept_aside_with_number_kind_and_dates() {
    let drawn = one_field();
    let valid = permit("cultivation", "2023/1/1", "20251231");
    let published = scan(&drawn, "permits", "valid", wider(FIELD, 1), valid);
    let said = aside(&drawn, &published, "inside_permit");
    says(&said, &["No. 7 (2023)", "cultivation", "2023-01-01 to 2025-12-31", "m2 lie inside", "900 m2"]);
    let manifest = published.json("manifest.json").to_string();
    says(&manifest, &[r#""role":"permits""#, "valid.geojson"]);
    // A shift of half a pixel between images and survey must not make a lead of the rim.
    let drawn = one_field();
    let exact = scan(&drawn, "permits", "exact", FIELD, permit("开垦", "2023-01-01", "长期"));
    aside(&drawn, &exact, "inside_permit");
}

#[test]
fn a_permit_out_of_force_undated_or_of_another_kind_takes_nothing_out() {
    let drawn = one_field();
    let cases = [
        ("expired", permit("cultivation", "2019-01-01", "2022-12-31"), "no", "not in force on 2023-"),
        ("to_come", permit("cultivation", "2023-11-01", "2025-12-31"), "no", "not in force on 2023-"),
        ("unread", permit("cultivation", "soon", "2025-12-31"), "unknown", "is unknown"),
        (
            "mine",
            permit("采矿许可证", "2020-01-01", "2030-12-31"),
            "yes",
            "kind 'mining right' does not cover G1",
        ),
        ("odd", permit("某种许可", "2020-01-01", "2030-12-31"), "yes", "is not known to cover G1"),
    ];
    for (name, properties, in_force, note) in cases {
        let published = scan(&drawn, "permits", name, wider(FIELD, 1), properties);
        let lead = stands(&drawn, &published);
        assert_eq!(lead.text("permit_in_force"), in_force, "{name}");
        assert_eq!(lead.text("permit_id"), "No. 7 (2023)");
        assert!(lead.properties["excess_m2"].is_null(), "{name}");
        says(lead.text("notes_text"), &[note]);
        if name == "unread" {
            says(lead.text("notes_text"), &["'soon' is no date", "YYYY-MM-DD"]);
        }
        assert!(!lead.text("notes_text").contains("not supplied"));
    }
    let elsewhere = permit("cultivation", "2023-01-01", "2025-12-31");
    let far = scan(&drawn, "permits", "far", Block::new(500, 500, 9, 9), elsewhere);
    says(stands(&drawn, &far).text("notes_text"), &["no polygon lies near a red line"]);
    let bare = Scan::of(&drawn).out(drawn.path("bare")).with("--models G1").published();
    says(stands(&drawn, &bare).text("notes_text"), &["permit layer not supplied"]);
}

#[test]
fn a_field_that_outgrows_its_permit_is_a_lead_with_the_excess() {
    let drawn = one_field();
    // Ten of fourteen columns are approved; 4 x 14 px, 5 600 m2, are not.
    let approved = Block::new(FIELD.row - 2, FIELD.col - 2, FIELD.rows + 4, 12);
    let properties = permit("饲草料地", "2022-05-01", "2027-04-30");
    let lead = stands(&drawn, &scan(&drawn, "permits", "outgrown", approved, properties));
    let number = |key: &str| lead.properties[key].as_f64().unwrap();
    let (excess, low, high) = (number("excess_m2"), number("excess_low_m2"), number("excess_high_m2"));
    assert!((excess - 5_600.0).abs() < 800.0, "{excess}");
    assert!(low < excess && excess < high && low >= 0.0, "{low} {excess} {high}");
    assert!((number("covered_m2") + excess - number("area_m2")).abs() < 1.0);
    // 29 mu in all are above the 20 mu of the law; what is not approved, 8.4 mu, is below.
    assert_eq!((lead.text("legal_rule"), lead.text("legal_verdict")), ("SPC-2012-15-a2", "below"));
    assert!((number("legal_area_m2") - excess).abs() < 0.2);
    assert_eq!(lead.text("permit_valid_to"), "2027-04-30");
    says(
        lead.text("notes_text"),
        &["No. 7 (2023)", "outside", "area limits are compared with what lies outside"],
    );
}

#[test]
fn a_burn_scar_of_the_time_between_explains_a_patch_and_an_older_one_does_not() {
    let drawn = one_field();
    let scar = |date: &str| json!({ "id": "F-3", "date": date });
    let published = scan(&drawn, "burns", "fire", wider(FIELD, 3), scar("2023-03-20"));
    says(&aside(&drawn, &published, "burn_scar"), &["F-3", "2023-03-20", "100 %"]);
    let older = scan(&drawn, "burns", "older", wider(FIELD, 3), scar("2021-03-20"));
    says(stands(&drawn, &older).text("notes_text"), &["no fire between 2022-12-31"]);
    let undated = scan(&drawn, "burns", "undated", wider(FIELD, 3), json!({ "id": "F-3" }));
    says(stands(&drawn, &undated).text("notes_text"), &["day of the fire is unknown"]);
    let half = Block::new(FIELD.row - 3, FIELD.col - 3, FIELD.rows + 6, 10);
    stands(&drawn, &scan(&drawn, "burns", "half", half, scar("2023-03-20")));
}

#[test]
fn a_permit_for_a_field_leaves_the_pit_within_and_makes_no_lead_of_the_field_s_parts() {
    let (field, pit) = (Block::new(20, 20, 26, 26), Block::new(28, 28, 9, 9));
    for has_pit in [true, false] {
        let world = World::steppe(96, 96).with(field, 20_230_401, Deed::Cropped);
        let world = if has_pit { world.with(pit, 20_230_401, Deed::Mined) } else { world };
        let drawn = Drawn::new(world);
        let path = layer(&drawn, "field", wider(field, 1), permit("开垦", "2023-01-01", "长期"));
        let published = Scan::of(&drawn).with(&format!("--permits {}", path.display())).published();
        let leads = published.leads();
        let aside = published.suppressed();
        let said: Vec<String> = aside
            .iter()
            .map(|patch| [patch.text("model"), patch.text("reason"), patch.text("detail")].join(" "))
            .collect();
        let is_held = said.iter().any(|said| said.contains("inside_permit"));
        assert!(is_held && leads.len() == usize::from(has_pit), "{leads:?} {said:#?}");
        if let [lead] = &leads[..] {
            let area = lead.properties["area_m2"].as_f64().unwrap();
            assert!(lead.text("model") == "G2" && (6_000.0..10_500.0).contains(&area), "{area}");
            says(lead.text("notes_text"), &["does not cover G2"]);
        }
    }
}

#[test]
fn a_case_decided_since_takes_its_ground_out_and_an_older_one_is_noted() {
    let drawn = one_field();
    let case = |date: &str| json!({ "case_no": "2023-114", "decided": date });
    let published = scan(&drawn, "cases", "since", wider(FIELD, 1), case("2023-12-04"));
    says(&aside(&drawn, &published, "decided_case"), &["2023-114", "2023-12-04"]);
    // Ploughed again after the decision: that is news.
    let older = scan(&drawn, "cases", "older", wider(FIELD, 1), case("2022-06-01"));
    says(stands(&drawn, &older).text("notes_text"), &["2023-114", "decided before the change was seen"]);
    let part = Block::new(FIELD.row - 2, FIELD.col - 2, FIELD.rows + 4, 9);
    let outgrown = stands(&drawn, &scan(&drawn, "cases", "part", part, case("2023-12-04")));
    assert!(outgrown.properties["excess_m2"].as_f64().unwrap() > 8_000.0);
}

#[test]
fn ground_that_was_a_field_before_is_existing_use_and_grass_is_published_as_such() {
    let drawn = one_field();
    let parcel = |code: &str, name: &str| json!({ "DLBM": code, "DLMC": name, "TBBH": "12" });
    let published = scan(&drawn, "landuse", "field", wider(FIELD, 4), parcel("0103", "旱地"));
    says(&aside(&drawn, &published, "existing_land_use"), &["0103", "旱地"]);
    let grass =
        stands(&drawn, &scan(&drawn, "landuse", "grass", wider(FIELD, 4), parcel("0401", "天然牧草地")));
    assert_eq!((grass.text("landuse_dlbm"), grass.text("landuse_dlmc")), ("0401", "天然牧草地"));
    assert!(grass.properties["landuse_share"].as_f64().unwrap() > 0.99);
    // A survey of the same year may have seen the field itself.
    let survey = json!({ "DLBM": "0103", "DLMC": "旱地", "SJNF": "2023" });
    let later = stands(&drawn, &scan(&drawn, "landuse", "later", wider(FIELD, 4), survey));
    says(later.text("notes_text"), &["the survey is not older than the change"]);
}

#[test]
fn neighbouring_fields_are_one_incident_and_a_far_one_is_none() {
    let spring = 20_230_401;
    let world = World::steppe(96, 96)
        .with(FIELD, spring, Deed::Ploughed)
        .with(NEIGHBOUR, spring, Deed::Ploughed)
        .with(FAR, spring, Deed::Ploughed);
    let drawn = Drawn::new(world);
    let scan = Scan::of(&drawn).with("--models G1 --json");
    let ended = scan.run();
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    let published = Published { code: 0, out: scan.out.clone() };
    let of = |block| at(&drawn, published.leads(), block);
    let (field, neighbour, far) = (of(FIELD), of(NEIGHBOUR), of(FAR));
    assert!(far.properties["incident"].is_null());
    assert_eq!(field.text("incident"), neighbour.text("incident"));
    let number = |lead: &Lead, key: &str| lead.properties[key].as_f64().unwrap();
    for key in ["area_m2", "area_low_m2", "area_high_m2"] {
        let sum = number(&field, key) + number(&neighbour, key);
        assert!((number(&field, &format!("incident_{key}")) - sum).abs() < 0.2, "{key}");
    }
    assert_eq!(field.text("incident_verdict"), "above");
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    let incidents = summary["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["leads"].as_array().unwrap().len(), 2);
}
