//! A package of drawn leads.

use serde_json::json;

use super::*;
use crate::ledger::written::{ledger, said};

/// Leads a and b with the bureau, c with nobody; b is called as no file should be.
fn drawn() -> (Book, Vec<Event>) {
    let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
    let found = |id: &str| {
        let record = json!({
            "id": id, "status": "confirmed", "area_mu": 10.0, "redline_name": "=cmd|'/c x'!A1", "chip_before": "chips/a_before.png",
            "chip_after": "chips/a_after.png", "lon_deg": 108.05, "lat_deg": 41.52,
        });
        Draft {
            run: Some("r1".to_owned()),
            body: json!({"properties": record, "geometry": geometry}),
            ..Draft::of(Kind::Found, id)
        }
    };
    let said = |id: &str| said(id, "unlawful_use_found");
    let given = |id: &str| Draft { body: json!({"agency": "bureau"}), ..Draft::of(Kind::Transferred, id) };
    let odd = "../b<i>";
    let drafts = vec![found("a"), found(odd), found("c"), said("a"), said(odd), given("a"), given(odd)];
    ledger(drafts)
}

/// A folder of the run that found them, with pictures.
fn run(folder: &Path) -> PathBuf {
    let run = folder.join("run");
    fs::create_dir_all(run.join("chips")).unwrap();
    let mut outputs = Vec::new();
    for file in ["chips/a_before.png", "chips/a_after.png"] {
        fs::write(run.join(file), file).unwrap();
        outputs.push(json!({"file": file, "sha256": digest::of_bytes(file.as_bytes())}));
    }
    let manifest = json!({"result_sha256": "r1", "result": {"outputs": outputs}});
    fs::write(run.join(MANIFEST), manifest.to_string()).unwrap();
    run
}

#[test]
fn a_package_holds_the_leads_of_an_agency_and_the_same_ledger_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (book, events) = drawn();
    let runs = [run(folder.path())];
    let make =
        |name: &str| pack((&book, &events), ("bureau", &[]), &runs, &folder.path().join(name)).unwrap();
    let (one, two) = (make("one"), make("two"));
    assert_eq!((one.leads.len(), &one.sha256, one.without_pictures.len()), (2, &two.sha256, 0));
    let manifest: Value = serde_json::from_slice(&fs::read(one.folder.join(MANIFEST)).unwrap()).unwrap();
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 12, "{manifest:#}");
    for file in files {
        let bytes = fs::read(one.folder.join(file["file"].as_str().unwrap())).unwrap();
        assert_eq!(file["sha256"], digest::of_bytes(&bytes));
    }
    let text = |name: &str| fs::read_to_string(one.folder.join(name)).unwrap();
    assert!(text("leads.csv").contains(",'=cmd|'/c x'!A1,"), "{}", text("leads.csv"));
    assert!(text("records/a.html").contains("chips/a_before.png") && !text("index.html").contains("<i>"));
    assert!(one.drafts("bureau").iter().all(|draft| draft.key.contains(&one.sha256)));
}

#[test]
fn a_picture_that_was_changed_stays_out_and_a_lead_of_another_agency_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (book, events) = drawn();
    let run = run(folder.path());
    fs::write(run.join("chips/a_after.png"), "another").unwrap();
    let out = folder.path().join("out");
    let packed = pack((&book, &events), ("bureau", &["a".to_owned()]), &[run], &out).unwrap();
    assert!(packed.without_pictures[0].1.contains("was changed after the run"));
    let asked = |agency: &str, ids: &[String]| with_agency(&book, agency, ids).unwrap_err().to_string();
    assert!(asked("bureau", &["c".to_owned()]).contains("c is not with agency 'bureau' but with none"));
    assert!(asked("buro", &[]).contains("'buro'") && asked("buro", &[]).contains(": bureau"));
}
