//! What `trace` says of a place is what `scan` publishes there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use geo::{Contains, InteriorPoint, Point};

use crate::program::{Ended, Lead, Published, Scan, ended, program, says};
use crate::world::{BASELINE, Block, Deed, Drawn, TARGET, World};

/// The forest over two years: many leads side by side, and patches kept aside for several reasons.
fn forest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/forest_two_years/plan.toml")
}

fn trace_of_plan(plan: &Path, at: Point) -> Ended {
    let at = format!("{:.7},{:.7}", at.x(), at.y());
    ended(program().arg("trace").arg(plan).args(["--at", &at]))
}

fn trace_of_world(drawn: &Drawn, row: f64, col: f64) -> Ended {
    let [lon, lat] = drawn.world.place(row, col);
    let mut command = program();
    command.arg("trace").arg("--scenes").arg(drawn.path("scenes"));
    command.arg("--redlines").arg(drawn.path("redline.geojson"));
    command.args(["--baseline", BASELINE, "--target", TARGET, "--at", &format!("{lon:.7},{lat:.7}")]);
    ended(&mut command)
}

/// (file, id) of the records that a trace names, each with its confidence or the reason against it.
fn told(trace: &str) -> BTreeSet<(String, String, String)> {
    let mut told = BTreeSet::new();
    let mut weighed = String::new();
    for line in trace.lines() {
        let words = line.trim_start();
        if let Some(confidence) = words.strip_prefix("confidence ") {
            weighed = confidence.split(' ').next().unwrap().to_owned();
        } else if let Some(reason) = words.strip_prefix("no lead: ") {
            weighed = reason.to_owned();
        } else if let Some((id, file)) =
            words.strip_prefix("publish   ").and_then(|place| place.split_once(" in "))
        {
            let file = file.split(' ').next().unwrap();
            told.insert((file.to_owned(), id.to_owned(), std::mem::take(&mut weighed)));
        }
    }
    told
}

/// The same of a published folder, for records whose outline holds the place.
fn published(out: &Published, at: Point) -> BTreeSet<(String, String, String)> {
    let record = |file: &str, record: &Lead, weighed: String| {
        record.outline.contains(&at).then(|| (file.to_owned(), record.text("id").to_owned(), weighed))
    };
    let (leads, suppressed) = (out.leads(), out.suppressed());
    let leads = leads.iter().filter_map(|lead| {
        record("leads.geojson", lead, format!("{:.3}", lead.properties["confidence"].as_f64().unwrap()))
    });
    let suppressed = suppressed.iter().filter_map(|patch| {
        let reason = format!("{}: {}", patch.text("reason"), patch.text("detail"));
        record("suppressed.geojson", patch, reason)
    });
    leads.chain(suppressed).collect()
}

#[test]
fn trace_names_the_records_that_a_scan_of_the_forest_publishes_at_a_place() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let run = ended(program().arg("scan").arg(forest()).arg("--out").arg(&out));
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let out = Published { code: 0, out };
    let (leads, suppressed) = (out.leads(), out.suppressed());
    let because = |reason: &str| suppressed.iter().find(|patch| patch.text("reason") == reason).unwrap();
    let records = [&leads[0], leads.last().unwrap(), &suppressed[0], because("not_persistent")];
    for record in records {
        let at = record.outline.interior_point().unwrap();
        let trace = trace_of_plan(&forest(), at);
        assert_eq!(trace.code, Some(0), "{}", trace.stderr);
        let (told, published) = (told(&trace.stdout), published(&out, at));
        assert!(published.iter().any(|(_, id, _)| id == record.text("id")), "{published:?}");
        assert_eq!(told, published, "{}", trace.stdout);
    }
}

#[test]
fn trace_says_the_same_across_cells_and_says_where_it_sees_too_little() {
    let across = Block::new(16, 120, 14, 16);
    let long = Block::new(60, 30, 8, 300);
    let world = World::steppe(96, 400).with(across, 20_230_401, Deed::Ploughed);
    let drawn = Drawn::new(world.with(long, 20_230_401, Deed::Mined));
    let out = Scan::of(&drawn).published();
    let trace = trace_of_world(&drawn, 22.5, 124.5);
    let [lon, lat] = drawn.world.place(22.5, 124.5);
    let published = published(&out, Point::new(lon, lat));
    assert!(published.iter().any(|(file, ..)| file == "leads.geojson"), "{published:?}");
    assert_eq!(told(&trace.stdout), published, "{}", trace.stdout);
    assert!(!trace.stdout.contains("goes on"), "{}", trace.stdout);
    let trace = trace_of_world(&drawn, 64.5, 60.5);
    says(&trace.stdout, &["this patch goes on beyond what trace looks at (rows 0..96, columns 0..256)"]);
}

#[test]
fn a_place_without_a_patch_says_so_in_words() {
    let mut world = World::steppe(64, 64);
    world.clouds = world
        .dates
        .iter()
        .filter(|date| **date > 20_230_000)
        .map(|date| (*date, Block::new(0, 0, 20, 20)))
        .collect();
    world.redline = Some(Block::new(2, 2, 60, 30));
    let drawn = Drawn::new(world);
    let judged = trace_of_world(&drawn, 50.5, 15.5);
    let nothing = ["patch     G1: no patch holds this place", "publish   nothing: the place was judged"];
    says(&judged.stdout, &nothing);
    let unseen = trace_of_world(&drawn, 8.5, 8.5);
    says(
        &unseen.stdout,
        &[
            "patch     G1: no patch: without evidence",
            "publish   too_few_target_views of GL-1 in gaps.geojson",
        ],
    );
    let beside = trace_of_world(&drawn, 30.5, 50.5);
    says(
        &beside.stdout,
        &["no red line that G1 looks at", "publish   nothing: the place was not asked about"],
    );
}

#[test]
fn a_place_that_was_clear_only_in_the_target_period_is_never_called_unseen() {
    let mut world = World::steppe(64, 64);
    let look_back = world.dates.iter().filter(|date| **date < 20_230_000);
    world.clouds = look_back.map(|date| (*date, Block::new(0, 0, 64, 64))).collect();
    let drawn = Drawn::new(world);
    let trace = trace_of_world(&drawn, 30.5, 30.5);
    says(
        &trace.stdout,
        &["10 of 30 days clear", "G1: too little history: a gap", "too_few_baseline_views of GL-1"],
    );
    assert!(!trace.stdout.contains("never seen"), "{}", trace.stdout);
}

#[test]
fn trace_leaves_no_file_and_names_the_folder_that_it_cannot_use() {
    let temporary = tempfile::tempdir().unwrap();
    let at = Point::new(22.15225, 45.20667);
    let trace = |folder: &Path| {
        let mut command = program();
        command.arg("trace").arg(forest()).args(["--models", "L3"]).env("TMPDIR", folder);
        ended(command.args(["--at", &format!("{},{}", at.x(), at.y())]))
    };
    assert_eq!(trace(temporary.path()).code, Some(0));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    let refused = trace(&temporary.path().join("absent"));
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    says(&refused.stderr, &["absent", "TMPDIR"]);
}
