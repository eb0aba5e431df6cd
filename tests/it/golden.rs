//! Whole walks on bundled scenes whose leads are written down (`tests/golden`, rewritten by `scripts/bless`).

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Published, ended, program};

/// Set by `scripts/bless`: write what was found instead of comparing.
const BLESS: &str = "STEPPEWATCH_BLESS";

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// What a scan named, one lead a line in the order of the file.
fn summary(published: &Published) -> String {
    let mut text = "id model first_seen area_m2 confidence\n".to_owned();
    for lead in published.leads() {
        let number = |key: &str| lead.properties[key].as_f64().unwrap();
        let (area, confidence) = ((number("area_m2") / 100.0).round() * 100.0, number("confidence"));
        let words = [lead.text("id"), lead.text("model"), lead.text("first_seen")].join(" ");
        writeln!(text, "{words} {area:.0} {confidence:.1}").unwrap();
    }
    let count = |name: &str| published.json(name)["features"].as_array().unwrap().len();
    writeln!(text, "{} kept aside, {} gaps", count("suppressed.geojson"), count("gaps.geojson")).unwrap();
    text
}

/// Lines that only one of two texts has, marked - and +.
fn difference(expected: &str, found: &str) -> String {
    let only = |a: &str, b: &str, mark: &str| -> String {
        let lines = a.lines().filter(|line| !b.lines().any(|other| other == *line));
        lines.map(|line| format!("{mark} {line}\n")).collect()
    };
    only(expected, found, "-") + &only(found, expected, "+")
}

#[test]
fn golden_cases_name_the_leads_that_are_written_down() {
    let mut complaints = String::new();
    for case in cases() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("out");
        let run = ended(program().arg("scan").arg(case.join("plan.toml")).arg("--out").arg(&out));
        assert!(matches!(run.code, Some(0 | 3)), "{}: {}", case.display(), run.stderr);
        let found = summary(&Published { code: run.code.unwrap_or_default(), out });
        let file = case.join("leads.txt");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if std::env::var_os(BLESS).is_some() {
            fs::write(&file, &found).unwrap();
        } else if found != expected {
            let name = case.file_name().unwrap().to_string_lossy();
            writeln!(complaints, "{name}:\n{}", difference(&expected, &found)).unwrap();
        }
    }
    assert!(
        complaints.is_empty(),
        "\n{complaints}if this is meant, run scripts/bless and read what it shows"
    );
}
