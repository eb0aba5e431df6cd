//! A small drawn run, changed in ten thousand ways.

use serde_json::json;

use super::*;
use crate::publish::manifest::{Input, Manifest as Written, Run};
use crate::publish::{Outcome, Staging, manifest};

/// Files of the folder of a run, and of its inputs.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A run with an input, and everything that lies there.
struct Drawn {
    folder: tempfile::TempDir,
    files: Files,
}

impl Drawn {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenes = folder.path().join("scenes");
        fs::create_dir(&scenes).unwrap();
        fs::write(
            scenes.join("S2_20230503.tif"),
            (0..600_u16).map(|at| (at % 251) as u8).collect::<Vec<u8>>(),
        )
        .unwrap();
        let staging = Staging::begin(&folder.path().join("out")).unwrap();
        let lines: Vec<String> =
            (0..12).map(|row| format!("{{\"id\":\"lead{row}\",\"area_m2\":{}.5}}", row * 37)).collect();
        staging
            .write("leads.geojson", format!("{{\"features\":[\n{}\n]}}\n", lines.join(",\n")).as_bytes())
            .unwrap();
        staging.write("gaps.geojson", b"{\"features\":[]}\n").unwrap();
        staging.write("leads.qml", b"<qgis>\n</qgis>\n").unwrap();
        staging.write("leads.gpkg", &[b"SQLite format 3\0".to_vec(), vec![7; 900]].concat()).unwrap();
        staging.folder("chips").unwrap();
        staging.write("chips/a_before.png", &[1; 300]).unwrap();
        staging.write("chips/a_after.png", &[2; 300]).unwrap();
        let input =
            Input::of_file("scene", &scenes.join("S2_20230503.tif"), &digest::Digests::default()).unwrap();
        let written = Written {
            version: "0.1.0".to_owned(),
            plan: json!({"decided": {"target": "2023-01-01/2023-12-31"}}),
            inputs: vec![input],
            scenes: Vec::new(),
            skipped: Vec::new(),
            libraries: vec![("GDAL".to_owned(), "3.6.2".to_owned())],
            run: Run { host: "here".to_owned(), ..Run::default() },
        };
        let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
        manifest::write(&staging, &written, &nothing).unwrap();
        staging.commit().unwrap();
        let files = read(folder.path());
        Self { folder, files }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Items that are not intact.
    fn faults(&self) -> Vec<Item> {
        let manifest = match Manifest::read(&self.out()) {
            Ok(manifest) => manifest,
            Err(error) => {
                return vec![Item::new(What::Manifest, MANIFEST, Verdict::Changed, error.to_string())];
            }
        };
        let items = verify(&manifest, &Asked::default());
        items.into_iter().filter(|item| item.verdict != Verdict::Intact).collect()
    }

    /// Verdict and words of one item.
    fn told(&self, name: &str) -> (Verdict, String) {
        let found = self.faults().into_iter().find(|item| item.name == name);
        found.map_or((Verdict::Intact, String::new()), |item| (item.verdict, item.words))
    }

    /// Puts everything back as it was.
    fn mend(&self) {
        for name in below(self.folder.path()) {
            if !self.files.contains_key(Path::new(&name)) {
                fs::remove_file(self.path(&name)).unwrap();
            }
        }
        for (name, bytes) in &self.files {
            let path = self.folder.path().join(name);
            if fs::read(&path).ok().as_ref() != Some(bytes) {
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

fn read(folder: &Path) -> Files {
    below(folder)
        .into_iter()
        .map(|name| (PathBuf::from(&name), fs::read(folder.join(&name)).unwrap()))
        .collect()
}

/// Whole numbers from a seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Changes one thing; returns the name of a file that is no longer what it was.
fn change(drawn: &Drawn, dice: &mut Dice) -> String {
    let names: Vec<&PathBuf> = drawn.files.keys().collect();
    let name = names[dice.below(names.len())];
    let (path, mut bytes) = (drawn.folder.path().join(name), drawn.files[name].clone());
    let name = name.to_string_lossy().into_owned();
    let at = dice.below(bytes.len());
    match dice.below(9) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 => bytes.truncate(at),
        3 => bytes.extend(b"\n \x00x".iter().take(1 + dice.below(4))),
        4 => {
            fs::remove_file(path).unwrap();
            return name;
        }
        5 => {
            fs::rename(&path, drawn.path("out/renamed.txt")).unwrap();
            return name;
        }
        6 => {
            let other = names[dice.below(names.len())];
            let others = drawn.files[other].clone();
            fs::write(drawn.folder.path().join(other), &bytes).unwrap();
            bytes = others;
        }
        7 => {
            // A row: a digit becomes another.
            match bytes.iter().cycle().skip(at).take(bytes.len()).position(u8::is_ascii_digit) {
                Some(after) => {
                    let at = (at + after) % bytes.len();
                    bytes[at] = if bytes[at] == b'9' { b'0' } else { bytes[at] + 1 };
                }
                None => bytes.push(b'0'),
            }
        }
        _ => {
            fs::write(drawn.path(&format!("out/added{at}.txt")), b"").unwrap();
            return format!("out/added{at}.txt");
        }
    }
    fs::write(path, bytes).unwrap();
    name
}

/// Without optimisation, as `scripts/mutate` builds, fewer.
const CHANGES: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

#[test]
fn of_ten_thousand_changes_ten_thousand_are_found_and_named() {
    let drawn = Drawn::new();
    assert_eq!(drawn.faults(), []);
    let (mut dice, mut made, mut found) = (Dice(7), 0, 0);
    while made < CHANGES {
        let name = change(&drawn, &mut dice);
        if read(drawn.folder.path()) == drawn.files {
            continue;
        }
        made += 1;
        let faults = drawn.faults();
        let is_named = |item: &Item| name.ends_with(&item.name) || item.what == What::Manifest;
        found += usize::from(faults.iter().any(is_named));
        assert_eq!(found, made, "{name}: {faults:?}");
        drawn.mend();
    }
    println!("{found} of {made} changes found");
}

#[test]
fn each_change_has_its_own_verdict_and_says_what_differs() {
    let drawn = Drawn::new();
    let text = fs::read_to_string(drawn.path("out/leads.geojson")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(drawn.path(name), bytes).unwrap();
    let says = |name: &str, verdict: Verdict, words: &[&str]| {
        let told = drawn.told(name);
        assert_eq!(told.0, verdict, "{name}: {told:?}");
        assert!(words.iter().all(|word| told.1.contains(word)), "{name}: {told:?}");
        drawn.mend();
    };
    write("out/leads.geojson", text.replace('\n', "\r\n").as_bytes());
    says("leads.geojson", Verdict::Changed, &["size: states", "only its line endings were changed"]);
    write("out/leads.geojson", format!("{text}  ").as_bytes());
    says("leads.geojson", Verdict::Changed, &["2 bytes were added at its end"]);
    write("out/leads.geojson", text.replace("37.5", "38.5").as_bytes());
    says("leads.geojson", Verdict::Changed, &["size is the same", "SHA-256: states"]);
    write("out/chips/a_before.png", &[2; 300]);
    says("chips/a_before.png", Verdict::Changed, &["it holds the bytes of chips/a_after.png"]);
    fs::rename(drawn.path("out/leads.qml"), drawn.path("out/old.qml")).unwrap();
    assert_eq!(drawn.told("leads.qml").0, Verdict::Absent);
    says("old.qml", Verdict::Added, &["the bytes of leads.qml", "renamed?"]);
    write("out/leads.gpkg-wal", b"");
    says("leads.gpkg-wal", Verdict::Added, &["close that program"]);
    fs::remove_file(drawn.path("out/leads.qml")).unwrap();
    std::os::unix::fs::symlink(drawn.path("out/leads.gpkg"), drawn.path("out/leads.qml")).unwrap();
    assert_eq!(drawn.told("leads.qml").0, Verdict::Changed);
    fs::remove_file(drawn.path("out/leads.qml")).unwrap();
    drawn.mend();
    let manifest = fs::read_to_string(drawn.path("out/manifest.json")).unwrap();
    write("out/manifest.json", manifest.replace('\n', "\r\n").as_bytes());
    says(MANIFEST, Verdict::Changed, &["its line endings were changed"]);
    write("out/manifest.json", manifest.replace("\"here\"", "\"there\"").as_bytes());
    says(MANIFEST, Verdict::Changed, &["its digest", "it was edited"]);
    write("scenes/S2_20230503.tif", b"other");
    says("S2_20230503.tif", Verdict::Changed, &["has 5"]);
}

#[test]
fn an_input_that_is_gone_is_absent_and_one_that_was_moved_is_found_where_it_is_said() {
    let drawn = Drawn::new();
    fs::create_dir(drawn.path("elsewhere")).unwrap();
    fs::rename(drawn.path("scenes/S2_20230503.tif"), drawn.path("elsewhere/S2_20230503.tif")).unwrap();
    assert_eq!(drawn.told("S2_20230503.tif").0, Verdict::Absent);
    let manifest = Manifest::read(&drawn.out()).unwrap();
    let asked = Asked { inputs: vec![drawn.path("elsewhere")], with_sm3: true, only_outputs: false };
    let items = verify(&manifest, &asked);
    assert!(items.iter().all(|item| item.verdict == Verdict::Intact), "{items:?}");
    assert!(items.iter().all(|item| item.sm3.as_ref().is_some_and(|sm3| sm3.len() == 64)));
}

/// The manifest with another value, its digests made to fit.
fn fitted(drawn: &Drawn, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value =
        serde_json::from_slice(&fs::read(drawn.path("out/manifest.json")).unwrap()).unwrap();
    change(&mut value);
    value["result_sha256"] = json!(digest::of_bytes(value["result"].to_string().as_bytes()));
    value["run"][itself::OWN] = itself::place();
    itself::text(&value)
}

#[test]
fn a_manifest_whose_digests_were_made_to_fit_looks_intact_from_within() {
    let drawn = Drawn::new();
    fs::write(drawn.path("out/leads.qml"), "other").unwrap();
    let text = fitted(&drawn, |value| {
        let outputs = value["result"]["outputs"].as_array_mut().unwrap();
        let line = outputs.iter_mut().find(|line| line["file"] == "leads.qml").unwrap();
        (line["size_bytes"], line["sha256"]) = (json!(5), json!(digest::of_bytes(b"other")));
    });
    fs::write(drawn.path("out/manifest.json"), text).unwrap();
    // The law of this file: against this stand signatures and ledgers alone.
    assert_eq!(drawn.faults(), []);
}

#[test]
fn a_manifest_of_a_stranger_opens_nothing_outside_its_folder() {
    let drawn = Drawn::new();
    for name in ["../scenes/S2_20230503.tif", "/etc/hostname", "", "chips/../../x", "."] {
        let text = fitted(&drawn, |value| value["result"]["outputs"][0]["file"] = json!(name));
        fs::write(drawn.path("out/manifest.json"), text).unwrap();
        let told = drawn.told(name);
        assert!(told.0 == Verdict::Changed && told.1.contains("nothing was opened"), "{name}: {told:?}");
    }
    for bytes in [
        "",
        "[]",
        "{}",
        "{\"result\":{\"outputs\":7,\"inputs\":[]}}",
        "{\"report\":1,\"files\":[{}]}",
        "\u{0}",
    ] {
        fs::write(drawn.path("out/manifest.json"), bytes).unwrap();
        let error = Manifest::read(&drawn.out()).unwrap_err().to_string();
        assert!(error.contains("manifest.json: expected"), "{error}");
    }
}

#[test]
fn a_manifest_without_its_digest_was_changed_unless_its_program_told_none() {
    let drawn = Drawn::new();
    let mut value: Value =
        serde_json::from_slice(&fs::read(drawn.path("out/manifest.json")).unwrap()).unwrap();
    value["run"].as_object_mut().unwrap().remove(itself::OWN).unwrap();
    fs::write(drawn.path("out/manifest.json"), value.to_string()).unwrap();
    assert_eq!(drawn.told(MANIFEST).0, Verdict::Changed);
    value["generator"].as_object_mut().unwrap().remove("source_sha256").unwrap();
    // Such a program did not say either where each input lay.
    value["run"].as_object_mut().unwrap().remove("paths").unwrap();
    value["run"]["plan"] =
        json!({"inputs": {"scenes": drawn.path("scenes"), "redlines": [], "class": "forest"}});
    fs::write(drawn.path("out/manifest.json"), value.to_string()).unwrap();
    let faults = drawn.faults();
    assert!(faults.len() == 1 && faults[0].verdict == Verdict::Unknown, "{faults:?}");
}
