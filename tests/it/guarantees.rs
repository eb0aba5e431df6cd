//! What is promised of a list of leads, and by what right: noise, verified leads, audit.

use std::fmt::Write;
use std::fs;

use serde_json::Value;
use steppewatch::weigh::confidence::Model;

use crate::program::{Ended, Scan, run, says};
use crate::world::{Drawn, World};

/// A verified lead as a row.
#[derive(Clone)]
struct Row {
    score: f64,
    is_true: bool,
    drawn: &'static str,
    season: i32,
}

fn rows(count: usize, score: f64, is_true: bool) -> Vec<Row> {
    vec![Row { score, is_true, drawn: "random", season: 2022 }; count]
}

/// Verified leads of sub-model G1 as CSV: one measure carries the score, the others are 0.
fn csv(rows: &[Row]) -> String {
    let model = Model::shipped().unwrap();
    let group = model.group_of("G1");
    let names: Vec<&String> = group.coefficients.keys().collect();
    let mut text = "id,model,verdict,drawn,season".to_owned();
    names.iter().for_each(|name| write!(text, ",{name}").unwrap());
    for (place, row) in rows.iter().enumerate() {
        let Row { score, is_true, drawn, season } = row;
        write!(text, "\nv{place},G1,{is_true},{drawn},{season}").unwrap();
        for (index, name) in names.iter().enumerate() {
            let value = if index == 0 { (score - group.intercept) / group.coefficients[*name] } else { 0.0 };
            write!(text, ",{value}").unwrap();
        }
    }
    text + "\n"
}

struct Found {
    ended: Ended,
    leads: Vec<Value>,
    aside: Vec<Value>,
    result: Value,
}

impl Found {
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            self.leads.iter().map(|lead| lead["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    fn of_lead(&self, column: &str) -> &str {
        self.leads[0][column].as_str().unwrap()
    }
}

fn scan(drawn: &Drawn, name: &str, rows: Option<&[Row]>, flags: &str) -> Found {
    let file = drawn.path(&format!("{name}.csv"));
    let mut scan = Scan::of(drawn).out(drawn.path(name)).with(flags);
    if let Some(rows) = rows {
        fs::write(&file, csv(rows)).unwrap();
        scan.more.extend(["--verified".to_owned(), file.display().to_string()]);
    }
    let ended = scan.run();
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    let features = |file: &str| -> Vec<Value> {
        let json: Value = serde_json::from_slice(&fs::read(drawn.path(name).join(file)).unwrap()).unwrap();
        json["features"].as_array().unwrap().iter().map(|feature| feature["properties"].clone()).collect()
    };
    let (leads, aside) = (features("leads.geojson"), features("suppressed.geojson"));
    let manifest: Value =
        serde_json::from_slice(&fs::read(drawn.path(name).join("manifest.json")).unwrap()).unwrap();
    Found { ended, leads, aside, result: manifest["result"].clone() }
}

fn good(count: usize) -> Vec<Row> {
    [rows(count * 3 / 4, 6.0, true), rows(count / 4, -1.0, false)].concat()
}

#[test]
fn without_verified_leads_nothing_is_promised_and_every_lead_says_so() {
    let drawn = Drawn::new(World::touched().over(2020, 2023));
    let plain = scan(&drawn, "plain", None, "");
    assert_eq!(plain.leads.len(), 2);
    says(plain.of_lead("selection"), &["confidence of at least 0.6", "no false-discovery rate is promised"]);
    says(plain.of_lead("confidence_method"), &["shipped logistic model"]);
    assert!(plain.leads.iter().all(|lead| lead["conformal_p"].is_null()));
    let asked = scan(&drawn, "asked", None, "--fdr 0.1");
    assert_eq!(asked.ids(), plain.ids());
    says(asked.of_lead("selection"), &["calibration missing", "--verified"]);
    says(&asked.ended.stderr, &["0.1 was asked for and is not promised", "calibration missing"]);
    // Noise has its own name and never speaks of verified leads.
    let noise = &plain.result["plan"]["noise"];
    let (leads, named) = (noise["leads_in_placebo_year"].as_f64().unwrap(), plain.leads.len() as f64);
    let grounds = noise["target_area_km2"].as_f64().unwrap() / noise["area_km2"].as_f64().unwrap();
    let expected = ((1.0 + leads) * grounds / named).min(1.0);
    assert!((noise["noise_fdr"].as_f64().unwrap() - expected).abs() < 1e-3, "{noise}");
    says(&plain.ended.stderr, &["noise_fdr:", "it knows noise alone, not whether a lead is true"]);
    assert!(plain.result["plan"]["verified_fdr"].is_null());
}

#[test]
fn verified_leads_select_and_the_promise_stands_on_every_lead() {
    let drawn = Drawn::new(World::touched());
    let plain = scan(&drawn, "plain", None, "");
    let chosen = scan(&drawn, "chosen", Some(&good(40)), "--fdr 0.1");
    assert_eq!(chosen.ids(), plain.ids());
    says(
        chosen.of_lead("selection"),
        &["verified_fdr 0.1", "on average over runs", "40 verified leads", "10 of them false"],
    );
    let p = chosen.leads[0]["conformal_p"].as_f64().unwrap();
    assert!((p - 1.0 / 41.0).abs() < 1e-4, "{p}");
    let said = &chosen.result["plan"]["verified_fdr"];
    assert_eq!((said["q"].as_f64(), said["verified_labels"].as_u64()), (Some(0.1), Some(40)));
    let verified = |input: &Value| input["role"] == "verified";
    assert!(chosen.result["inputs"].as_array().unwrap().iter().any(verified));
    // More is let through at a larger rate, never less.
    let narrow = scan(&drawn, "narrow", Some(&good(40)), "--fdr 0.03");
    let wide = scan(&drawn, "wide", Some(&good(40)), "--fdr 0.4");
    let held = |few: &Found, many: &Found| few.ids().iter().all(|id| many.ids().contains(id));
    assert!(held(&narrow, &chosen) && held(&chosen, &wide));
}

#[test]
fn what_is_not_selected_is_kept_aside_with_its_reason() {
    let drawn = Drawn::new(World::touched());
    // False ones above everything that the world can show.
    let bad = [rows(20, 90.0, false), rows(20, 6.0, true)].concat();
    let none = scan(&drawn, "none", Some(&bad), "--fdr 0.1");
    assert!(none.leads.is_empty());
    let aside: Vec<&Value> =
        none.aside.iter().filter(|patch| patch["reason"] == "not_selected_at_fdr").collect();
    assert!(aside.len() >= 2);
    says(aside[0]["detail"].as_str().unwrap(), &["40 verified leads", "Benjamini-Hochberg", "0.1"]);
    let pointing = none.aside.iter().filter_map(|patch| patch["detail"].as_str());
    assert!(!pointing.into_iter().any(|detail| detail.starts_with("lead ")));
    says(&none.ended.stderr, &["0 of", "candidates selected", "are needed"]);
}

#[test]
fn labels_that_may_not_calibrate_are_counted_and_named() {
    let drawn = Drawn::new(World::touched());
    let with = |change: fn(&mut Row)| {
        let mut rows = good(40);
        rows.iter_mut().for_each(change);
        rows
    };
    let chosen = scan(&drawn, "priority", Some(&with(|row| row.drawn = "priority")), "--fdr 0.1");
    says(&chosen.ended.stderr, &["40 rows left out, not drawn at random"]);
    says(chosen.of_lead("selection"), &["calibration too small", "0 verified leads"]);
    let old = scan(&drawn, "old", Some(&with(|row| row.season = 2019)), "--fdr 0.1");
    says(&old.ended.stderr, &["calibration expired", "40 out of date"]);
    says(old.of_lead("selection"), &["no false-discovery rate is promised", "calibration expired"]);
    let few = scan(&drawn, "few", Some(&good(8)), "--fdr 0.1");
    says(
        &few.ended.stderr,
        &["calibration too small", "8 verified leads can show no p-value under 0.111", "at least 9"],
    );
    assert!(few.leads.iter().all(|lead| lead["conformal_p"].is_null()));
}

#[test]
fn sixty_labels_fit_the_confidence_and_the_lead_says_which_was_used() {
    let drawn = Drawn::new(World::touched());
    let plain = scan(&drawn, "plain", None, "");
    let mixed =
        [rows(30, 6.0, true), rows(10, 6.0, false), rows(20, -3.0, false), rows(4, -3.0, true)].concat();
    let fitted = scan(&drawn, "fitted", Some(&mixed), "--least-confidence 0.3");
    says(
        fitted.of_lead("confidence_method"),
        &["Platt fit over the shipped logistic model", "64 verified leads", "34 were true"],
    );
    assert_ne!(fitted.leads[0]["confidence"], plain.leads[0]["confidence"]);
    let less = scan(&drawn, "less", Some(&mixed[..50]), "");
    says(less.of_lead("confidence_method"), &["shipped logistic model"]);
    says(
        &less.ended.stderr,
        &["confidence is not fitted to verified leads: 50 labels", "60 with 15 of each are needed"],
    );
}

#[test]
fn a_file_of_labels_that_cannot_be_read_is_refused_with_its_row() {
    let drawn = Drawn::new(World::touched());
    let file = drawn.path("labels.csv");
    fs::write(&file, "id,model,verdict,drawn,season,confidence\na,G1,perhaps,random,2022,0.9\n").unwrap();
    let mut scan = Scan::of(&drawn);
    scan.more.extend(["--verified".to_owned(), file.display().to_string()]);
    says(&scan.refused(), &["labels.csv", "row 1", "perhaps", "true, false or unclear"]);
}

#[test]
fn a_sample_is_drawn_by_its_seed_and_its_verdicts_give_an_audit() {
    let drawn = Drawn::new(World::touched());
    scan(&drawn, "out", None, "");
    let path = |name: &str| drawn.path(name).display().to_string();
    let design = |seed: &str, name: &str| {
        let (out, line, to) = (path("out"), path("redline.geojson"), path(name));
        let ended = run(&["assess", "--design", &out, "--redline", &line, "--seed", seed, "--out", &to]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        fs::read_to_string(drawn.path(name)).unwrap()
    };
    let (first, again, other) =
        (design("1", "a.geojson"), design("1", "b.geojson"), design("2", "c.geojson"));
    assert_eq!(first, again);
    assert_ne!(first, other);
    let json: Value = serde_json::from_str(&first).unwrap();
    let rows: Vec<&Value> =
        json["features"].as_array().unwrap().iter().map(|row| &row["properties"]).collect();
    let ground = rows.iter().filter(|row| row["stratum"] == "ground").count();
    assert_eq!(ground, 60);
    assert!(rows.iter().all(|row| row["verdict"].is_null() && row["drawn"] == "random"));
    // Every lead of this small world is drawn, so that each stands for itself.
    let leads: Vec<&&Value> =
        rows.iter().filter(|row| row["stratum"].as_str().unwrap().starts_with("lead")).collect();
    assert!(leads.len() == 2 && leads.iter().all(|row| row["weight"] == 1.0));
    let table = fs::read_to_string(drawn.path("a.csv")).unwrap();
    assert_eq!(table.lines().count(), rows.len() + 1);

    // Leads are true, all else is not: accuracy is whole, and the bounds say what 60 squares cannot exclude.
    let mut judged = json.clone();
    for feature in judged["features"].as_array_mut().unwrap() {
        let is_lead = feature["properties"]["stratum"].as_str().unwrap().starts_with("lead");
        feature["properties"]["verdict"] = is_lead.into();
    }
    fs::write(drawn.path("judged.geojson"), judged.to_string()).unwrap();
    let words = run(&["assess", "--audit", &path("judged.geojson")]);
    says(
        &words.stdout,
        &[
            "user's     1.000",
            "producer's 1.000",
            "ground: all 60 verified places agree",
            "0.000 to 0.059",
            "up to 5.9 %",
        ],
    );
    let audit = run(&["assess", "--audit", &path("judged.geojson"), "--json"]);
    let audit: Value = serde_json::from_str(&audit.stdout).unwrap();
    let named: f64 = leads.iter().map(|row| row["area_m2"].as_f64().unwrap()).sum();
    assert!((audit["area_of_change_m2"]["value"].as_f64().unwrap() - named).abs() < 1.0, "{audit}");
    // The same sample, verified, calibrates the next scan.
    let mut next = Scan::of(&drawn).out(drawn.path("next")).with("--fdr 0.3");
    next.more.extend(["--verified".to_owned(), path("judged.geojson")]);
    let ended = next.run();
    says(&ended.stderr, &["calibration:", "verified rows were drawn at random"]);
    let open = run(&["assess", "--audit", &path("a.geojson")]);
    says(&open.stdout, &["not defined", "have no verdict"]);
}

#[test]
fn a_design_without_its_red_line_or_with_an_unknown_stratum_is_refused() {
    let none = run(&["assess", "--design", "out"]);
    assert_eq!(none.code, Some(2));
    says(&none.stderr, &["--redline"]);
    let sizes = ["assess", "--design", "out", "--redline", "r", "--out", "s", "--sizes", "lead_top=4"];
    says(&run(&sizes).stderr, &["lead_top", "lead_high"]);
}
