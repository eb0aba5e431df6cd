//! What comes back from the field through the program's own door: pictures, lists of visits, and what is learned from them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use steppewatch::weigh::confidence::Model;

use crate::drawn::{Camera, jpeg};
use crate::ledger::{Drawn, FIELD, Office, PIT};
use crate::program::{Ended, Scan, ended, program, says};
use crate::world::{Drawn as Scenes, World};

/// A camera at a place in thousandths of a degree from 108 E 41.5 N.
pub fn at(x: f64, y: f64) -> Camera {
    Camera { place: Some((108.0 + x / 1e3, 41.5 + y / 1e3)), ..Camera::default() }
}

pub fn put(folder: &Path, name: &str, camera: &Camera) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, jpeg(camera)).unwrap();
}

pub fn verify(office: &Office, words: &[&str]) -> Ended {
    let mut command = program();
    command.arg("verify").args(words).args(["--by", "Li"]).current_dir(office.folder.path());
    ended(&mut command)
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(ended.stdout.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("{} {}", ended.stdout, ended.stderr))
}

fn shown(office: &Office, id: &str) -> Value {
    json_of(&office.leads(&["show", id, "--json"]))
}

/// Bodies of the events of a kind.
fn bodies(office: &Office, kind: &str) -> Vec<Value> {
    let events = office.ledger(&["events"], &[]).stdout;
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let body = |event: Value| match &event["body"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        other => other.clone(),
    };
    events.filter(|event| event["kind"] == kind).map(body).collect()
}

#[test]
fn pictures_that_come_with_verdicts_are_evidence_and_doubtful_ones_are_told_and_written_down() {
    let office = Office::new();
    let folder = office.folder.path();
    office.record(&office.run("one", &[FIELD, PIT]));
    put(folder, "back/media/a.jpg", &at(2.0, 2.0));
    put(folder, "back/media/west.jpg", &Camera { place: Some((-108.002, 41.502)), ..Camera::default() });
    put(
        folder,
        "back/media/old.jpg",
        &Camera { taken: Some("2024:06:12 09:30:00".to_owned()), ..at(2.0, 2.0) },
    );
    put(folder, "back/DCIM/p.jpg", &at(11.0, 1.0));
    let csv = "visit-lead,visit-verdict,visit-photo,photo_2,SubmitterName,SubmissionDate,KEY\n\
        aaaaaaaaaa,unlawful_use_found,a.jpg;west.jpg,old.jpg,Wang,2026-06-12T09:30:00Z,uuid:1\n\
        bbbbbbbbbb,lawful,DCIM/p.jpg|a.jpg|more.jpg,none.jpg,Wang,2026-06-12T10:30:00Z,uuid:2\n";
    fs::write(folder.join("back/odk.csv"), csv).unwrap();
    let first = verify(&office, &["import", "back/odk.csv"]);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    says(
        &first.stderr,
        &[
            "row 1: west.jpg: not linked (sign swapped)",
            "row 1: old.jpg: not linked (before the change)",
            "row 2: a.jpg: not linked (reused)",
            "row 2: more.jpg: not linked (not there)",
            "--photos",
            "2 verdicts taken in",
            "2 pictures linked, 0 known before, 5 refused",
        ],
    );
    let field = shown(&office, "aaaaaaaaaa");
    assert_eq!(field["photographs"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&field["photographs"][0]["file"], &field["photographs"][0]["direction_deg"]),
        (&json!("a.jpg"), &json!(135.0))
    );
    says(
        &office.leads(&["show", "bbbbbbbbbb"]).stdout,
        &["photograph", "p.jpg", "looking 135", "2026-06-12T09:30:00+08:00"],
    );
    let verdicts = bodies(&office, "verified");
    let refused: Vec<&str> = verdicts[0]["photographs_refused"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["reason"].as_str())
        .collect();
    assert_eq!(refused, ["sign_swapped", "before_the_change"]);
    assert!(verdicts[0]["photographs_refused"][0]["sha256"].as_str().is_some_and(|hash| hash.len() == 64));
}

#[test]
fn a_picture_that_was_missing_comes_later_and_what_came_before_is_not_written_twice() {
    let office = Office::new();
    let folder = office.folder.path();
    office.record(&office.run("one", &[FIELD, PIT]));
    put(folder, "back/media/a.jpg", &at(2.0, 2.0));
    let csv = "lead,verdict,photo,on\naaaaaaaaaa,unlawful_use_found,a.jpg,2026-06-12\n\
        bbbbbbbbbb,lawful,more.jpg,2026-06-12\n";
    fs::write(folder.join("back/card.csv"), csv).unwrap();
    let import = |more: &[&str]| verify(&office, &[&["import", "back/card.csv", "--json"], more].concat());
    let first = import(&[]);
    says(&first.stderr, &["row 2: more.jpg: not linked (not there)", "--photos", "2 verdicts taken in"]);
    let events = office.verified();
    assert_eq!((import(&[]).code, office.verified()), (Some(3), events));
    put(folder, "elsewhere/more.jpg", &Camera { direction: Some(90.0), ..at(11.5, 1.0) });
    let later = import(&["--photos", "elsewhere"]);
    assert_eq!(later.code, Some(0), "{}", later.stderr);
    assert_eq!(json_of(&later)["photographs"], json!({"linked": 1, "known": 1, "refused": []}));
    assert_eq!(office.verified(), events + 1);
    assert_eq!(bodies(&office, "photographed")[0]["photographs"][0]["file"], "more.jpg");
    assert_eq!(shown(&office, "bbbbbbbbbb")["photographs"].as_array().map(Vec::len), Some(1));
    assert_eq!((import(&["--photos", "elsewhere"]).code, office.verified()), (Some(0), events + 1));
}

#[test]
fn pictures_alone_find_their_leads_and_one_that_lies_at_two_is_asked_for_its_lead() {
    let office = Office::new();
    let folder = office.folder.path();
    let near: Drawn = ("cccccccccc", [4.5, 6.0, 0.0, 4.0]);
    office.record(&office.run("one", &[FIELD, near]));
    put(
        folder,
        "drone/one.jpg",
        &Camera { direction: None, gimbal: Some("-90.0".to_owned()), ..at(2.0, 2.0) },
    );
    put(folder, "drone/two.JPG", &at(5.0, 2.0));
    put(folder, "drone/between.jpg", &at(4.25, 2.0));
    put(folder, "drone/away.jpg", &at(40.0, 2.0));
    put(folder, "drone/blind.jpg", &Camera { direction: None, ..at(2.0, 2.0) });
    fs::write(folder.join("drone/list.txt"), "no picture").unwrap();
    let first = verify(&office, &["photos", "drone", "--json"]);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    says(
        &first.stderr,
        &[
            "between.jpg: not linked (at several leads)",
            "away.jpg: not linked (outside)",
            "blind.jpg: not linked (no direction)",
            "2 pictures linked, 0 known before, 3 refused",
        ],
    );
    assert_eq!(json_of(&first)["leads"], json!(["aaaaaaaaaa", "cccccccccc"]));
    let field = shown(&office, "aaaaaaaaaa");
    assert_eq!(
        (&field["photographs"][0]["direction_deg"], &field["lead"]["state"]),
        (&json!(270.0), &json!("confirmed"))
    );
    let events = office.verified();
    let said = verify(&office, &["photos", "drone/between.jpg", "--lead", "cccccccccc"]);
    assert_eq!((said.code, office.verified()), (Some(0), events + 1), "{}", said.stderr);
    let again = verify(&office, &["photos", "drone"]);
    says(&again.stderr, &["0 pictures linked, 3 known before, 2 refused"]);
    assert_eq!(office.verified(), events + 1);
    let reused = verify(&office, &["photos", "drone/one.jpg", "--lead", "cccccccccc"]);
    says(&reused.stderr, &["one.jpg: not linked (reused)", "aaaaaaaaaa"]);
    let unknown = verify(&office, &["photos", "drone", "--lead", "zzz"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
    let wide = verify(&office, &["photos", "drone/away.jpg", "--within", "3000"]);
    assert_eq!(wide.code, Some(0), "{}", wide.stderr);
}

#[test]
fn the_pictures_of_these_tests_are_real_to_another_program() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "p.jpg", &at(2.0, 2.0));
    let words = "import sys\nfrom PIL import Image\npicture = Image.open('p.jpg')\npicture.load()\nexif = picture.getexif()\n\
        gps, own = exif.get_ifd(0x8825), exif.get_ifd(0x8769)\n\
        print(picture.size, gps[1], [float(x) for x in gps[2]], gps[3], float(gps[17]), own[0x9003], own[0x9011])\n";
    let mut python = Command::new("/usr/bin/python3");
    let Ok(told) = python.args(["-c", words]).current_dir(folder.path()).output() else {
        println!("skipped: no python3");
        return;
    };
    let (said, error) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    if error.contains("No module named 'PIL'") {
        println!("skipped: no PIL to read a picture with");
        return;
    }
    assert_eq!(said.trim(), "(24, 16) N [41.0, 30.0, 7.2] E 135.0 2026:06:12 09:30:00 +08:00", "{error}");
}

/// Eighty leads in two rows, so that lists of visits have something to draw from.
fn many() -> Vec<(String, [f64; 4])> {
    let place = |number: usize| {
        let (x, y) = ((number % 40) as f64 * 8.0, (number / 40) as f64 * 8.0);
        (format!("lead{number:02}"), [x, x + 4.0, y, y + 4.0])
    };
    (0..80).map(place).collect()
}

/// A ledger of eighty leads, sure ones and unsure ones by turns.
fn office_of_many() -> Office {
    let office = Office::new();
    let leads = many();
    let drawn: Vec<Drawn> = leads.iter().map(|(id, place)| (id.as_str(), *place)).collect();
    let out = office.run("one", &drawn);
    let read =
        |name: &str| serde_json::from_str::<Value>(&fs::read_to_string(out.join(name)).unwrap()).unwrap();
    let (mut leads, mut manifest) = (read("leads.geojson"), read("manifest.json"));
    let method = Model::shipped().unwrap().method("G1");
    for (number, lead) in leads["features"].as_array_mut().unwrap().iter_mut().enumerate() {
        let record = &mut lead["properties"];
        record["confidence"] = json!(if number % 2 == 0 { 0.95 } else { 0.65 });
        record["confidence_method"] = json!(method);
        record["after"] = json!("2023-10-01");
    }
    fs::write(out.join("leads.geojson"), leads.to_string()).unwrap();
    let hash = |text: String| -> String {
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let outputs = manifest["result"]["outputs"].as_array_mut().unwrap();
    outputs.iter_mut().find(|one| one["file"] == "leads.geojson").unwrap()["sha256"] =
        json!(hash(leads.to_string()));
    manifest["result_sha256"] = json!(hash(manifest["result"].to_string()));
    fs::write(out.join("manifest.json"), manifest.to_string()).unwrap();
    let recorded = office.record(&out);
    assert_eq!(recorded.code, Some(0), "{}", recorded.stderr);
    office
}

/// Fills a sheet in, as a person would: a verdict for each lead by its number and why it is on the list.
fn filled(office: &Office, sheet: &str, verdict: impl Fn(usize, &str) -> &'static str) -> usize {
    let path = office.folder.path().join(sheet);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let mut rows = vec![head.join(",")];
    for line in lines {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        let number = cells[column("lead")][4..].parse().unwrap();
        let why = cells[column("why")].clone();
        for (name, value) in [("verdict", verdict(number, &why)), ("who", "Wang"), ("on", "2026-06-12")] {
            cells[column(name)] = value.to_owned();
        }
        rows.push(cells.join(","));
    }
    fs::write(&path, rows.join("\n")).unwrap();
    rows.len() - 1
}

#[test]
fn a_list_of_visits_is_drawn_once_comes_back_as_it_is_and_drawn_leads_are_counted_apart() {
    let office = office_of_many();
    let draw = |out: &str, seed: &str| {
        verify(&office, &["sample", "--count", "20", "--priority", "10", "--seed", seed, "--out", out])
    };
    let first = draw("visits.csv", "4");
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    says(&first.stderr, &["10 of 40 leads drawn", "10 more were chosen", "verify import"]);
    let events = office.verified();
    let sheet = |name: &str| fs::read_to_string(office.folder.path().join(name)).unwrap();
    says(&draw("again.geojson", "4").stderr, &["drawn before"]);
    assert_eq!((sheet("again.csv"), sheet("again.geojson")), (sheet("visits.csv"), sheet("visits.geojson")));
    assert_eq!(office.verified(), events);
    assert_eq!(
        bodies(&office, "sampled")[0]["strata"],
        json!([
            {"stratum": "G1 lead_high", "leads": 40, "drawn": 10},
            {"stratum": "G1 lead_low", "leads": 40, "drawn": 10},
        ])
    );
    // Empty, the sheet says nothing; filled in, it goes straight back. Who chose saw only true ones.
    let empty = verify(&office, &["import", "visits.csv"]);
    says(&empty.stderr, &["0 verdicts taken in", "30 rows without a verdict"]);
    let verdict = |number: usize, why: &str| match (why, number % 4) {
        ("random", 0) => "pseudo_change",
        _ => "unlawful_use_found",
    };
    assert_eq!(filled(&office, "visits.csv", verdict), 30);
    let back = verify(&office, &["import", "visits.csv"]);
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    says(&verify(&office, &["import", "visits.csv"]).stderr, &["0 verdicts taken in", "30 known before"]);
    let all = json_of(&office.leads(&["statistics", "--json"]));
    assert_eq!(
        (&all["drawn"]["told"], &all["chosen"]["told"], &all["chosen"]["found_true"]),
        (&json!(20), &json!(10), &json!(10))
    );
    let (share, true_ones) =
        (all["drawn"]["share"][0].as_f64().unwrap(), all["drawn"]["found_true"].as_f64().unwrap());
    assert!((share - true_ones / 20.0).abs() < 1e-3 && share < 1.0, "{all}");
    says(&office.leads(&["statistics"]).stdout, &["drawn_share"]);
    // Nobody is sent twice.
    let next = draw("next.csv", "4");
    assert_eq!(next.code, Some(0), "{}", next.stderr);
    says(&json!(bodies(&office, "sampled")[1]["strata"]).to_string(), &["\"leads\":20", "\"leads\":30"]);
    let lost = office.leads(&["statistics", "--costs"]);
    says(&lost.stdout, &["pseudo_change", "share_of_visits"]);
}

#[test]
fn a_list_can_be_drawn_from_a_run_and_then_nothing_is_written_down() {
    let office = Office::new();
    let out = office.run("one", &[FIELD, PIT]);
    let leads = out.join("leads.geojson").display().to_string();
    let drawn = {
        let mut command = program();
        command.args([
            "verify",
            "sample",
            "--leads",
            &leads,
            "--count",
            "1",
            "--priority",
            "5",
            "--out",
            "v.csv",
        ]);
        ended(command.current_dir(office.folder.path()))
    };
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    says(&drawn.stderr, &["nothing was written down"]);
    let sheet = fs::read_to_string(office.folder.path().join("v.csv")).unwrap();
    assert_eq!(sheet.lines().count(), 3);
    assert_eq!(office.verified(), 1);
    let none = verify(&office, &["sample", "--count", "3", "--out", "none.csv"]);
    assert_eq!(none.code, Some(1));
    says(&none.stderr, &["expected open leads", "leads list"]);
}

#[test]
fn verdicts_of_a_ledger_become_labels_that_a_scan_reads_and_a_fit_is_refused_until_there_are_enough() {
    let office = office_of_many();
    let folder = office.folder.path();
    let visit = |count: &str, sheet: &str| {
        let drawn = verify(&office, &["sample", "--count", count, "--out", sheet]);
        assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
        // Of the sure ones a third is false, of the unsure ones three quarters: both were promised too much.
        let is_false =
            |number: usize| if number.is_multiple_of(2) { number.is_multiple_of(6) } else { number % 8 != 1 };
        filled(&office, sheet, |number, _| if is_false(number) { "pseudo_change" } else { "lawful" });
        let back = verify(&office, &["import", sheet]);
        assert_eq!(back.code, Some(0), "{}", back.stderr);
    };
    visit("20", "one.csv");
    let few = office.leads(&["refit"]);
    assert_eq!(few.code, Some(1));
    says(&few.stderr, &["60 with 15 of each are needed", "verify sample"]);
    visit("50", "two.csv");
    let out = folder.join("labels.csv").display().to_string();
    let labels = office.leads(&["labels", "--out", &out]);
    assert_eq!(labels.code, Some(0), "{}", labels.stderr);
    says(&labels.stderr, &["70 leads with a verdict, 70 of them drawn at random"]);
    let refit = json_of(&office.leads(&["refit", "--json"]));
    assert_eq!((&refit["labels"], &refit["over"]), (&json!(70), &json!("published confidence")));
    let brier = |when: &str| refit[when]["brier"].as_f64().unwrap();
    assert!(brier("after") < brier("before"), "{refit}");
    says(
        &office.leads(&["refit"]).stdout,
        &["70 leads that were drawn at random", "before  Brier", "after   Brier"],
    );
    let drawn = Scenes::new(World::steppe(64, 64));
    let scan = Scan::of(&drawn).with(&format!("--verified {out} --fdr 0.2")).run();
    assert!(matches!(scan.code, Some(0 | 3)), "{}", scan.stderr);
    let manifest = fs::read_to_string(drawn.path("out").join("manifest.json")).unwrap();
    says(&manifest, &["70 of 70 verified rows were drawn at random and speak for this run"]);
}
