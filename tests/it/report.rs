//! Reports through the program's door: what is made, from what, and that words of a record stay words in every file.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::field::{at, put, verify};
use crate::ledger::{FIELD, Office, PIT};
use crate::program::{Ended, Published, Scan, ended, program, says};
use crate::world::{Drawn, World};

/// Everything that a report can be for, in the order in which it is written.
const USES: &str = "qgis,qfield,odk,phone,drone,day,dossier,map,stac";

/// Runs `report` of a source into a folder.
fn report(source: &Path, out: &Path, more: &[&str]) -> Ended {
    ended(program().arg("report").arg(source).arg("--out").arg(out).args(more))
}

/// Every file of a folder, with its name below it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The same with what lies in archives, a level deep, under `ARCHIVE!NAME`.
fn opened(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = files(folder);
    let is_archive = |name: &str| [".zip", ".kmz", ".qgz", ".xlsx"].iter().any(|end| name.ends_with(end));
    let mut at = 0;
    while at < all.len() {
        let (name, bytes) = all[at].clone();
        if is_archive(&name) {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            for entry in 0..archive.len() {
                let mut entry = archive.by_index(entry).unwrap();
                let mut inside = Vec::new();
                entry.read_to_end(&mut inside).unwrap();
                all.push((format!("{name}!{}", entry.name().unwrap()), inside));
            }
        }
        at += 1;
    }
    all
}

fn touched() -> (Drawn, Published) {
    let drawn = Drawn::new(World::touched());
    let run = Scan::of(&drawn).published();
    (drawn, run)
}

#[test]
fn the_same_run_makes_the_same_bytes_for_every_use() {
    let (drawn, run) = touched();
    let made = |name: &str| {
        let out = drawn.path(name);
        let ended = report(&run.out, &out, &["--for", USES]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        files(&out)
    };
    let (one, two) = (made("one"), made("two"));
    let names = |all: &[(String, Vec<u8>)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<String>>();
    assert_eq!(names(&one), names(&two));
    for ((name, first), (_, second)) in one.iter().zip(&two) {
        assert!(first == second, "{name} differs");
    }
    // Every file is in the manifest, with its digest.
    let manifest: Value =
        serde_json::from_slice(&fs::read(drawn.path("one/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["files"].as_array().unwrap().len(), one.len() - 1);
    let machine = drawn.folder().to_string_lossy().into_owned();
    for (name, bytes) in opened(&drawn.path("one")) {
        let holds = bytes.windows(machine.len()).any(|part| part == machine.as_bytes());
        assert!(!holds, "{name} names a folder of this machine");
    }
}

#[test]
fn without_its_scenes_a_run_is_still_reported_and_what_is_lacking_is_said() {
    let (drawn, run) = touched();
    fs::rename(drawn.path("scenes"), drawn.path("elsewhere")).unwrap();
    let made = report(&run.out, &drawn.path("report"), &["--for", "phone,dossier"]);
    assert_eq!(made.code, Some(3), "{}", made.stderr);
    says(&made.stderr, &["not at hand", "no imagery of the region", "--plan FILE"]);
    let manifest: Value =
        serde_json::from_slice(&fs::read(drawn.path("report/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["report"]["lacking"].as_array().unwrap().len(), 1);
    // A plan says where they lie now.
    let plan = format!(
        "[inputs]\nscenes = {:?}\nredlines = [{:?}]\n[dates]\nbaseline = \"{}\"\ntarget = \"{}\"\n",
        drawn.path("elsewhere"),
        drawn.path("redline.geojson"),
        crate::world::BASELINE,
        crate::world::TARGET
    );
    fs::write(drawn.path("plan.toml"), plan).unwrap();
    let plan = drawn.path("plan.toml");
    let made =
        report(&run.out, &drawn.path("again"), &["--for", "dossier", "--plan", plan.to_str().unwrap()]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(!made.stderr.contains("not at hand"), "{}", made.stderr);
}

#[test]
fn a_ledger_is_reported_with_what_people_found() {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    office.step("verify aaaaaaaaaa --verdict lawful --who Wang --on 2024-06-12");
    let out = office.folder.path().join("report");
    let ledger = office.folder.path().join("ledger.gpkg");
    let made = report(&ledger, &out, &["--for", "phone,dossier,day", "--lang", "zh"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let gpx = fs::read_to_string(out.join("phone/leads.gpx")).unwrap();
    assert_eq!(gpx.matches("<wpt ").count(), 2);
    says(&gpx, &["aaaaaaaaaa", "首次发现", "已核查: 合法"]);
    // Who was there and could tell need not go again.
    let plan = fs::read_to_string(out.join("day/plan.csv")).unwrap();
    assert!(!plan.contains("aaaaaaaaaa") && plan.contains("bbbbbbbbbb"), "{plan}");
    // An earlier report of other uses does not go without a word.
    let again = report(&ledger, &out, &["--for", "phone"]);
    says(&again.stderr, &["the earlier report for day, dossier was replaced"]);
    // What was changed behind the ledger's back is not reported.
    let raw = rusqlite::Connection::open(&ledger).unwrap();
    let change = "DROP TRIGGER events_stay; UPDATE events SET body = replace(body, '\"lawful\"', '\"pseudo_change\"') WHERE kind = 'verified';";
    raw.execute_batch(change).unwrap();
    drop(raw);
    let refused = report(&ledger, &office.folder.path().join("never"), &["--for", "phone"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    says(&refused.stderr, &["trust its events", "ledger verify"]);
}

#[test]
fn what_goes_to_the_public_names_nobody_and_holds_no_remark_and_no_picture_of_an_officer() {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    let folder = office.folder.path();
    put(folder, "back/media/CANARY.jpg", &at(2.0, 2.0));
    let csv = "visit-lead,visit-verdict,visit-photo,SubmitterName,SubmissionDate,KEY\n\
        aaaaaaaaaa,unlawful_use_found,CANARY.jpg,CANARY-field,2026-06-12T09:30:00Z,uuid:1\n";
    fs::write(folder.join("back/odk.csv"), csv).unwrap();
    let imported = verify(&office, &["import", "back/odk.csv"]);
    says(&imported.stderr, &["1 pictures linked"]);
    let looked = office.leads(&["triage", "bbbbbbbbbb", "--reason", "CANARY-remark", "--by", "CANARY-by"]);
    assert_eq!(looked.code, Some(0), "{}", looked.stderr);
    office.step("assign bbbbbbbbbb --to CANARY-to");
    let ledger = office.folder.path().join("ledger.gpkg");
    let made = |name: &str, more: &[&str]| {
        let out = office.folder.path().join(name);
        let uses = ["--for", "qgis,qfield,odk,phone,drone,day,map,stac,dossier"];
        let made = report(&ledger, &out, &[&uses, more].concat());
        assert!(matches!(made.code, Some(0 | 3)), "{}", made.stderr);
        let text: Vec<(String, String)> = opened(&out)
            .into_iter()
            .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
            .collect();
        (out, text)
    };
    let canaries = |text: &[(String, String)]| -> Vec<String> {
        text.iter().filter(|(_, text)| text.contains("CANARY")).map(|(name, _)| name.clone()).collect()
    };
    let (_, inside) = made("inside", &[]);
    assert!(!canaries(&inside).is_empty(), "names of an office stand in its own reports");
    let (out, public) = made("public", &["--public"]);
    assert!(canaries(&public).is_empty(), "{:?}", canaries(&public));
    assert!(public.iter().any(|(_, text)| text.contains("person-1")));
    // What a camera writes into a picture goes nowhere: pictures from the ground stay with the ledger.
    for (name, bytes) in opened(&out) {
        assert!(!bytes.windows(6).any(|part| part == b"Exif\0\0"), "{name} is of a camera");
    }
    // Pages hide their letters: as poppler reads them.
    let record = public.iter().find(|(name, _)| name.ends_with("aaaaaaaaaa.pdf")).unwrap().0.clone();
    let words = Command::new("pdftotext").arg(out.join(record)).arg("-").output().unwrap();
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("person-") && !words.contains("CANARY"), "{words}");
}

#[test]
fn pictures_that_are_not_those_of_the_run_are_left_out_and_told() {
    let (drawn, run) = touched();
    let lead = run.leads()[0].text("id").to_owned();
    fs::write(run.out.join(format!("chips/{lead}_before.png")), "no picture").unwrap();
    let made = report(&run.out, &drawn.path("report"), &["--for", "phone"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    says(&made.stderr, &["pictures of 1 leads", &lead]);
    let nowhere = report(&run.out, &drawn.path("never"), &["--for", "phone", "--run", "nowhere"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.stderr);
}

#[test]
fn what_cannot_be_asked_for_is_told() {
    let (drawn, run) = touched();
    let out = drawn.path("report");
    for (more, words) in [
        (&["--for", "qgs"][..], &["--for", "qgis,qfield", "qgs"][..]),
        (&["--for", "phone", "--lang", "fr"], &["--lang", "zh, en or both", "fr"]),
        (&["--for", "phone", "--lead", "nobody"], &["'nobody'"]),
        (&["--for", "dossier", "--font", "no-such.ttf"], &["no-such.ttf", "fonts-noto-cjk"]),
    ] {
        let refused = report(&run.out, &out, more);
        let code = if more.contains(&"--font") { 1 } else { 2 };
        assert_eq!(refused.code, Some(code), "{more:?}: {}", refused.stderr);
        says(&refused.stderr, words);
        assert!(!out.exists(), "{more:?}");
    }
    // A report never takes the place of a run.
    let refused = report(&run.out, &run.out, &["--for", "phone"]);
    assert_ne!(refused.code, Some(0));
    says(&refused.stderr, &["it holds a run"]);
}

/// Values of the shared list that are no words for a file name or a record.
fn hostile() -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile_values.json"))
        .unwrap();
    let values: Vec<String> = serde_json::from_str(&text).unwrap();
    assert_eq!(values.len(), 60);
    values
}

/// A run whose red lines and permits are called by hostile values, each over all of the ground.
fn beset() -> (Drawn, Published) {
    let drawn = Drawn::new(World::touched());
    let layer: Value = serde_json::from_slice(&fs::read(drawn.path("redline.geojson")).unwrap()).unwrap();
    let geometry = layer["features"][0]["geometry"].clone();
    let feature =
        |properties: Value| json!({"type": "Feature", "properties": properties, "geometry": geometry});
    let values = hostile();
    let lines: Vec<Value> = values.iter().map(|value| feature(json!({"id": value, "name": value, "class": "grassland", "authority": value, "version": value}))).collect();
    let permits: Vec<Value> = values
        .iter()
        .map(|value| feature(json!({"number": value, "kind": value, "name": value, "valid_from": "2020-01-01", "valid_to": "2020-12-31"})))
        .collect();
    for (name, features) in [("redline.geojson", lines), ("permits.geojson", permits)] {
        fs::write(drawn.path(name), json!({"type": "FeatureCollection", "features": features}).to_string())
            .unwrap();
    }
    let permits = drawn.path("permits.geojson");
    let run = Scan::of(&drawn).with(&format!("--permits {}", permits.display())).published();
    (drawn, run)
}

#[test]
fn sixty_hostile_values_stay_words_in_every_file() {
    let (drawn, run) = beset();
    assert!(run.leads().iter().any(|lead| lead.properties["redline_count"] == 60));
    let out: PathBuf = drawn.path("report");
    let made = report(&run.out, &out, &["--for", USES]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let turned = [
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
        '\u{2069}',
    ];
    for (name, bytes) in opened(&out) {
        assert!(!name.contains("..") && !name.starts_with('/') && !name.contains(turned), "{name}");
        let is = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        if is(&[".gpx", ".kml", ".wpml", ".qgs", ".xml", ".qml"]) {
            let parsed = roxmltree::Document::parse(text);
            let document = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
            let acts = |tag: &str| {
                ["script", "iframe", "object", "embed"].contains(&tag.to_ascii_lowercase().as_str())
            };
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(!acts(node.tag_name().name()), "{name}: <{}>", node.tag_name().name());
            }
        }
        if is(&[".gpx", ".kml", ".wpml", ".csv", ".txt", ".html"]) {
            assert!(!text.contains(turned), "{name} turns the text around");
            assert!(
                !text.contains('\u{7}') && !text.contains('\u{1b}') && !text.contains('\0'),
                "{name} holds control characters"
            );
        }
        if is(&[".html", ".kml"]) {
            for markup in ["<script>steppewatchHostile", "<img src=x", "<iframe", "<svg onload"] {
                assert!(!text.contains(markup), "{name}: {markup}");
            }
        }
        if is(&[".csv"]) {
            for cell in text.trim_start_matches('\u{feff}').lines().flat_map(|line| line.split(',')) {
                let cell = cell.trim_matches('"');
                let is_number = cell.parse::<f64>().is_ok();
                assert!(is_number || !cell.starts_with(['=', '+', '@', '\t', '\r']), "{name}: {cell}");
            }
        }
    }
}
