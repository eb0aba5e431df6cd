//! From a verdict to an answer: counties, deadlines, packages, receipts and what they add up to, through the program's door.

use std::fs;

use serde_json::{Value, json};

use crate::ledger::{FIELD, Office, PIT};
use crate::program::{ended, program, says, shell};

/// An office with a field that is with the bureau and a pit that nobody has been to.
fn office() -> Office {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    office.step("verify aaaaaaaaaa --verdict unlawful_use_found --who Wang --on 2024-06-12");
    office.step("transfer aaaaaaaaaa --agency bureau --on 2024-06-20");
    office
}

#[test]
fn an_answer_is_due_as_the_rules_say_and_an_office_sets_its_own() {
    let office = office();
    let lacking = office.leads(&["advise", "aaaaaaaaaa", "--by", "Li"]);
    assert_eq!(lacking.code, Some(2));
    says(&lacking.stderr, &["the day (--on) from which answer counts"]);
    office.step("advise aaaaaaaaaa --on 2024-06-30");
    assert_eq!(office.leads(&["due", "--on", "2024-08-30"]).code, Some(0));
    let late = office.leads(&["due", "--on", "2024-09-01", "--json"]);
    assert_eq!(late.code, Some(5), "{}", late.stdout);
    let late: Value = serde_json::from_str(late.stdout.trim()).unwrap();
    assert_eq!(
        late,
        json!({"lead": "aaaaaaaaaa", "what": "answer", "due": "2024-08-30", "days": -2, "who": "bureau"})
    );
    office.step("advise aaaaaaaaaa --on 2024-07-01 --deadline answer_urgent");
    let both = office.leads(&["due", "--on", "2024-09-01"]).stdout;
    says(&both, &["answer ", "answer_urgent", "2024-07-16"]);
    // An office's own rules hold for the steps after them.
    let rules = office.leads(&["deadlines", "--toml"]).stdout.replace("months = 2", "months = 1");
    let file = office.folder.path().join("own.toml");
    fs::write(&file, rules).unwrap();
    let set = office.leads(&["deadlines", "--set", file.to_str().unwrap(), "--by", "Li"]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    says(&set.stdout, &["answer ", "1mo after advised"]);
    // The answer may come when the ground is being put right already.
    office.step("rectify aaaaaaaaaa --on 2024-07-20");
    office.step("reply aaaaaaaaaa --on 2024-08-01 --compensation 12000.50");
    assert_eq!(office.state("aaaaaaaaaa"), "rectifying");
    assert_eq!(office.leads(&["due", "--on", "2034-01-01"]).stdout, "");
    fs::write(&file, "[[deadline]]\nid = \"x\"").unwrap();
    let refused = office.leads(&["deadlines", "--set", file.to_str().unwrap(), "--by", "Li"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    says(&refused.stderr, &["rules of deadlines", "begins"]);
    office.verified();
}

#[test]
fn a_package_goes_to_the_agency_with_a_receipt_and_the_record_says_so() {
    let office = office();
    let out = office.folder.path().join("package");
    let packed =
        office.leads(&["package", "--agency", "bureau", "--out", out.to_str().unwrap(), "--by", "Li"]);
    assert_eq!(packed.code, Some(0), "{}", packed.stderr);
    says(&packed.stderr, &["1 leads for bureau", "aaaaaaaaaa: no pictures: its run was not given"]);
    let leads: Value = serde_json::from_slice(&fs::read(out.join("leads.geojson")).unwrap()).unwrap();
    assert_eq!(leads["features"][0]["properties"]["verdict"], "unlawful_use_found");
    let record = fs::read_to_string(out.join("records/aaaaaaaaaa.html")).unwrap();
    says(&record, &["核查 verified", "移送 transferred", "发现 found"]);
    office.step("receipt aaaaaaaaaa --on 2024-06-25 --number B-7 --who Zhao");
    assert_eq!(office.state("aaaaaaaaaa"), "transferred");
    let history = office.ledger(&["events"], &["--lead", "aaaaaaaaaa"]).stdout;
    says(&history, &["\"packed\"", "\"receipted\"", "manifest.json"]);
    let nobody = office.leads(&["package", "--agency", "buro", "--out", "never", "--by", "Li"]);
    assert_ne!(nobody.code, Some(0));
    says(&nobody.stderr, &["'buro'", "bureau"]);
    office.verified();
}

#[test]
fn what_lies_there_already_is_not_written_over() {
    let office = office();
    let at = |name: &str| office.folder.path().join(name).to_str().unwrap().to_owned();
    let refused = |words: &[&str], parts: &[&str]| {
        let ended = ended(program().args(words).args(["--ledger", office.path().to_str().unwrap()]));
        assert_ne!(ended.code, Some(0), "{words:?}");
        says(&ended.stderr, parts);
    };
    let ledger = at("ledger.gpkg");
    refused(&["leads", "labels", "--out", &ledger], &["ledger.gpkg", "never written over"]);
    refused(&["leads", "statistics", "--chart", &ledger], &["never written over"]);
    // A signed receipt in the folder of a package, a run, a sheet that was filled in.
    let package = at("package");
    let pack = ["leads", "package", "--agency", "bureau", "--by", "Li", "--out"];
    office.leads(&["package", "--agency", "bureau", "--by", "Li", "--out", &package]);
    fs::write(format!("{package}/signed.pdf"), "signed").unwrap();
    refused(&[&pack[..], &[&package]].concat(), &["signed.pdf", "never overwritten"]);
    assert!(fs::exists(format!("{package}/signed.pdf")).unwrap());
    refused(&[&pack[..], &[&at("one")]].concat(), &["it holds a run, and this is a package"]);
    let draw = ["verify", "sample", "--count", "1", "--seed", "1", "--by", "Li", "--out", &at("sheet.csv")]
        .map(str::to_owned);
    let draw: Vec<&str> = draw.iter().map(String::as_str).collect();
    let drawn = ended(program().args(&draw).args(["--ledger", &ledger]));
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    let sheet = fs::read_to_string(at("sheet.csv")).unwrap();
    fs::write(at("sheet.csv"), sheet.replacen(",,", ",lawful,", 1)).unwrap();
    refused(&draw, &["sheet.csv", "another sheet lies there"]);
    office.verified();
}

#[test]
fn leads_lie_in_counties_and_statistics_add_them_up() {
    let office = office();
    let square = |name: &str, west: f64| {
        let ring = [[west, 41.4], [west + 0.01, 41.4], [west + 0.01, 41.6], [west, 41.6], [west, 41.4]];
        json!({"type": "Feature", "properties": {"XZQMC": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    };
    let counties = json!({"type": "FeatureCollection", "features": [square("乌拉特中旗", 108.0 - 0.001), square("east", 108.5)]});
    let file = office.folder.path().join("counties.geojson");
    fs::write(&file, counties.to_string()).unwrap();
    let locate = || office.leads(&["locate", "--counties", file.to_str().unwrap(), "--by", "Li"]);
    says(&locate().stderr, &["2 counties; 1 leads placed anew, 1 of 2 lie in none"]);
    says(&locate().stderr, &["0 leads placed anew"]);
    says(&office.leads(&["list", "--county", "乌拉特中旗"]).stdout, &["aaaaaaaaaa"]);
    assert_eq!(office.leads(&["list", "--county", "east"]).stdout, "");
    assert_eq!(office.leads(&["list", "--older-than", "1"]).stdout, "");
    let chart = office.folder.path().join("counties.svg");
    let table = office.leads(&["statistics", "--by", "county", "--csv", "--chart", chart.to_str().unwrap()]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    says(&table.stdout, &["乌拉特中旗,1,", ",compensation_yuan,", "\nall,2,"]);
    says(&fs::read_to_string(&chart).unwrap(), &["<svg", "乌拉特中旗"]);
    office.verified();
}

#[test]
fn a_flag_of_another_step_and_a_day_to_come_are_told() {
    let office = office();
    let told = |words: &[&str], parts: &[&str]| {
        let ended = office.leads(&[words, &["--by", "Li"]].concat());
        assert_eq!(ended.code, Some(2), "{words:?}: {}", ended.stderr);
        says(&ended.stderr, parts);
    };
    told(&["triage", "bbbbbbbbbb", "--agency", "x"], &["triage", "found '--agency'"]);
    told(&["assign", "bbbbbbbbbb", "--to", " "], &["something said with --to"]);
    told(&["verify", "bbbbbbbbbb", "--verdict", "lawful", "--on", "2999-01-01"], &["a day that has come"]);
    let early = ["advise", "aaaaaaaaaa", "--on", "2024-07-01", "--until", "2020-01-01"];
    told(&early, &["--until not before --on (2024-07-01)", "2020-01-01"]);
    told(
        &["advise", "aaaaaaaaaa", "--on", "2024-07-01", "--deadline", "x"],
        &["answer or answer_urgent", "'x'"],
    );
    assert_eq!(office.state("bbbbbbbbbb"), "confirmed");
}

#[test]
fn the_tab_key_of_a_real_shell_offers_the_leads_of_the_ledger() {
    let office = office();
    let built = program();
    let folder = std::path::Path::new(built.get_program()).parent().unwrap().to_owned();
    let words = "bash -c 'source <(COMPLETE=bash steppewatch); \
        COMP_WORDS=(steppewatch leads --ledger \"$0\" verify a); COMP_CWORD=5; COMP_TYPE=9; \
        _clap_complete_steppewatch steppewatch a verify; printf \"%s\\n\" \"${COMPREPLY[@]}\"'";
    let offered = ended(&mut shell(&folder, &format!("{words} {}", office.path().display())));
    assert_eq!((offered.code, offered.stdout.trim()), (Some(0), "aaaaaaaaaa"), "{}", offered.stderr);
}
