//! The verbs as they are typed: help, words, exit codes.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Scan, ended, program, run, says};
use crate::world::{BASELINE, Block, Deed, Drawn, TARGET, World};

const VERBS: [&str; 8] = ["demo", "init", "check", "scan", "trace", "explain", "assess", "simulate"];

#[test]
fn every_verb_has_help_on_stdout() {
    let all = run(&["--help"]);
    assert_eq!(all.code, Some(0));
    says(&all.stdout, &VERBS);
    for verb in VERBS {
        let help = run(&[verb, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{verb}");
        says(&help.stdout, &["Usage: steppewatch", verb]);
    }
}

#[test]
fn an_unknown_verb_or_flag_is_a_wrong_usage() {
    for args in [&["look"][..], &["scan", "--colour", "red"], &[]] {
        let ended = run(args);
        assert_eq!(ended.code, Some(2), "{args:?}");
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_scan_without_anything_says_all_that_is_missing() {
    let ended = run(&["scan"]);
    assert_eq!(ended.code, Some(2));
    says(&ended.stderr, &["--scenes", "--redlines", "--out"]);
}

#[test]
fn explain_names_every_sub_model_and_tells_one_with_its_sources() {
    let all = run(&["explain"]);
    assert_eq!(all.code, Some(0));
    says(&all.stdout, &["G1", "G2", "G3", "F1", "F3", "W2", "L1", "L3"]);
    let one = run(&["explain", "G1"]);
    assert_eq!(one.code, Some(0));
    says(&one.stdout, &["Reclaimed grassland", "smallest lead", "looks alike", "source", "limit"]);
    let none = run(&["explain", "X9"]);
    assert_eq!(none.code, Some(2));
    says(&none.stderr, &["X9", "known are G1"]);
}

#[test]
fn what_init_writes_is_what_check_and_scan_read() {
    let drawn = Drawn::new(World::touched());
    let plan = drawn.path("plan.toml");
    let init = ended(
        program()
            .arg("init")
            .arg("--scenes")
            .arg(drawn.path("scenes"))
            .arg("--redlines")
            .arg(drawn.path("redline.geojson"))
            .arg("--plan")
            .arg(&plan),
    );
    assert_eq!(init.code, Some(0), "{}", init.stderr);
    says(&init.stderr, &["wrote", "plan.toml", "steppewatch check"]);
    let again = ended(program().arg("init").arg("--plan").arg(&plan));
    assert_eq!(again.code, Some(1));
    says(&again.stderr, &["plan.toml exists", "--plan"]);
    let check = ended(program().arg("check").arg(&plan));
    assert_eq!(check.code, Some(0), "{}", check.stderr);
    says(
        &check.stdout,
        &[
            "EPSG:32649",
            "30 on 30 days",
            "GL-1 drawn grassland",
            "G1",
            "look-back",
            "target",
            "2023-01-01/2023-12-31",
        ],
    );
    let scan = ended(program().arg("scan").arg(&plan));
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(drawn.path("out/leads.geojson").is_file());
}

#[test]
fn a_relative_plan_in_the_folder_itself_is_read() {
    let drawn = Drawn::new(World::steppe(64, 64));
    fs::write(
        drawn.path("plan.toml"),
        "[inputs]\nscenes = \"scenes\"\nredlines = [\"redline.geojson\"]\n[outputs]\nout = \"out\"\n",
    )
    .unwrap();
    let scan = ended(program().current_dir(drawn.path("")).args(["scan", "plan.toml"]));
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(drawn.path("out/manifest.json").is_file());
}

#[test]
fn the_template_of_init_goes_to_stdout_on_request() {
    let init = run(&["init", "--plan", "-"]);
    assert_eq!(init.code, Some(0));
    says(&init.stdout, &["[inputs]", "[dates]", "[model]", "[outputs]", "[machine]"]);
}

#[test]
fn trace_tells_what_each_room_made_of_a_parcel() {
    let drawn = Drawn::new(World::touched());
    let [lon, lat] = drawn.world.place(26.5, 31.5);
    let trace = |at: &str| {
        let mut command = program();
        command.arg("trace").arg("--scenes").arg(drawn.path("scenes"));
        command.arg("--redlines").arg(drawn.path("redline.geojson"));
        ended(command.args(["--baseline", BASELINE, "--target", TARGET, "--at", at]))
    };
    let inside = trace(&format!("{lon:.7},{lat:.7}"));
    assert_eq!(inside.code, Some(0), "{}", inside.stderr);
    let lines = [
        "read      row 26 column 31",
        "redline   GL-1",
        "observe   30 of 30",
        "baseline  20 clear",
        "detect    G1: evidence",
        "gate bare",
        "patch     G1: ",
        "weigh     G1: ",
        "in leads.geojson and leads.gpkg",
    ];
    says(&inside.stdout, &lines);
    let swapped = trace(&format!("{lat:.7},{lon:.7}"));
    assert_eq!(swapped.code, Some(1));
    says(&swapped.stderr, &["outside the scenes", "longitude first"]);
    for at in ["here", "nan,nan", "111.0,inf", "111.0"] {
        let nothing = trace(at);
        assert_eq!(nothing.code, Some(2), "{at}");
        says(&nothing.stderr, &["--at <LON,LAT>", at, "two numbers of degrees, longitude first"]);
    }
}

#[test]
fn the_summary_for_machines_is_json_on_stdout() {
    let drawn = Drawn::new(World::touched());
    let ended = Scan::of(&drawn).with("--json").run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&summary["leads"], &summary["gaps"], &summary["mode"]),
        (&2.into(), &0.into(), &"series".into())
    );
}

#[test]
fn words_go_to_stderr_and_say_where_to_look() {
    let drawn = Drawn::new(World::touched().over(2020, 2023));
    let ended = Scan::of(&drawn).run();
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    says(&ended.stderr, &["2 leads", "G2", "leads.gpkg", "hypothesis", "placebo year"]);
}

#[test]
fn a_reader_of_words_that_went_away_changes_no_exit_code() {
    for (args, code) in [(&["check", "nothing.toml"][..], 2), (&["manifest", "verify", "nowhere"], 1)] {
        let mut child = program().args(args).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
    }
}

#[test]
fn a_word_after_isolate_and_a_blank_is_told() {
    let drawn = Drawn::new(World::steppe(40, 40));
    let refused = Scan::of(&drawn).with("--isolate yes").refused();
    says(&refused, &["plan yes", "--isolate=yes"]);
}

#[test]
fn a_run_with_gaps_is_published_and_says_so_with_3() {
    let mut world = World::steppe(64, 64).with(Block::new(20, 20, 12, 12), 20_230_401, Deed::Ploughed);
    world.redline = Some(Block::new(10, 10, 50, 100));
    let drawn = Drawn::new(world);
    let ended = Scan::of(&drawn).run();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    says(&ended.stderr, &["gap: redline.geojson GL-1", "beyond the scenes"]);
    assert!(drawn.path("out/manifest.json").is_file());
}

#[test]
fn assess_measures_a_scan_against_its_own_leads() {
    let drawn = Drawn::new(World::touched());
    let out = Scan::of(&drawn).published().out;
    let ended = ended(program().arg("assess").arg(&out).arg(out.join("leads.geojson")).arg("--json"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(serde_json::from_str::<Value>(&ended.stdout).unwrap().is_object());
}
