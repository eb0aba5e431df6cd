//! A scan that goes on, night after night: the bytes of a scan whatever came when, and each lead told once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Ended, Published, Scan, ended, program, says, sha256};
use crate::world::{Block, Deed, Drawn, World, name};

/// A watch over the scenes that were delivered so far.
struct Watch {
    drawn: Drawn,
    archive: PathBuf,
    more: Vec<String>,
}

impl Watch {
    /// Nothing is delivered yet.
    fn over(world: World) -> Self {
        let drawn = Drawn::new(world);
        let archive = drawn.path("archive");
        fs::create_dir(&archive).unwrap();
        Self { archive, more: Vec::new(), drawn }
    }

    fn with(mut self, args: &str) -> Self {
        self.more = args.split_whitespace().map(str::to_owned).collect();
        self
    }

    fn deliver(&self, date: u32) {
        fs::copy(self.drawn.scene(date), self.delivered(date)).unwrap();
    }

    fn delivered(&self, date: u32) -> PathBuf {
        self.archive.join(name(date))
    }

    /// Everything before the target period, and so many days of it.
    fn deliver_first(&self, days: usize) -> Vec<u32> {
        let dates = self.drawn.world.dates.clone();
        let (before, target): (Vec<u32>, Vec<u32>) = dates.into_iter().partition(|date| *date < 20_230_000);
        before.iter().chain(&target[..days]).for_each(|date| self.deliver(*date));
        target[days..].to_vec()
    }

    fn scan(&self) -> Scan {
        Scan::of(&self.drawn).scenes(&self.archive)
    }

    fn command(&self) -> Command {
        let scan = self.scan();
        let mut command = program();
        command.arg("watch").arg("--scenes").arg(&scan.scenes).arg("--redlines").arg(&scan.redlines);
        let (baseline, target) = scan.periods.unwrap();
        command.args(["--baseline", &baseline, "--target", &target]);
        command.arg("--out").arg(self.drawn.path("watched")).args(&self.more);
        command
    }

    fn state(&self) -> PathBuf {
        self.drawn.path("watched.state")
    }

    fn out(&self) -> PathBuf {
        self.drawn.path("watched")
    }

    fn night(&self) -> Ended {
        ended(&mut self.command())
    }

    /// A night that publishes, and its report.
    fn published(&self) -> (Published, Value) {
        let ended = ended(self.command().arg("--json"));
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        let published = Published { code: ended.code.unwrap_or_default(), out: self.out() };
        (published, serde_json::from_str(&ended.stdout).unwrap())
    }

    /// The same as a scan of what was delivered, in another folder.
    #[track_caller]
    fn is_as_scanned(&self, published: &Published) {
        let scanned = self.scan().out(self.drawn.path("scanned")).published();
        assert_eq!(published.hashes(), scanned.hashes());
        assert_eq!(published.code, scanned.code);
    }

    /// SHA-256 of every file of pieces in the state.
    fn pieces(&self) -> BTreeMap<String, String> {
        pieces(&self.state())
    }
}

fn pieces(state: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in [state.to_owned(), state.join("look-back"), state.join("views")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "cells") {
                let name = path.strip_prefix(state).unwrap().to_string_lossy().into_owned();
                found.insert(name, sha256(&fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// Four cells through four years, so that there is a placebo year; a field where they meet, a pit, clouds.
fn four() -> World {
    let mut world = World::steppe(150, 180)
        .with(Block::new(120, 118, 16, 18), 20_230_401, Deed::Ploughed)
        .with(Block::new(30, 40, 12, 12), 20_230_601, Deed::Mined);
    world.clouds = vec![(20_230_503, Block::new(90, 90, 60, 80)), (20_230_717, Block::new(0, 0, 150, 128))];
    world
}

/// One cell and three years.
fn small() -> World {
    let mut world = World::steppe(64, 96).with(Block::new(20, 24, 12, 14), 20_230_401, Deed::Ploughed);
    world.dates.retain(|date| *date > 20_210_000);
    world
}

#[test]
fn every_night_publishes_what_a_scan_of_all_scenes_says() {
    let watch = Watch::over(four());
    let rest = watch.deliver_first(2);
    let (first, report) = watch.published();
    watch.is_as_scanned(&first);
    assert_eq!((&report["cells"], &report["cells_judged"]), (&4.into(), &4.into()));
    assert!(!report["learned"].as_array().unwrap().is_empty());
    // Out of order, and two in one night.
    for some in [&rest[3..5], &rest[0..1], &rest[1..3], &rest[5..]] {
        some.iter().for_each(|date| watch.deliver(*date));
        let (published, report) = watch.published();
        watch.is_as_scanned(&published);
        assert!(report["learned"].as_array().unwrap().is_empty(), "{report}");
        assert_eq!(report["days_taken"].as_array().unwrap().len(), some.len());
    }
    assert!(Published { code: 0, out: watch.out() }.leads().len() > 1);
}

#[test]
fn ground_that_a_scene_did_not_see_is_not_judged_again() {
    let watch = Watch::over(World { cols: 290, ..four() });
    let rest = watch.deliver_first(8);
    watch.published();
    // The western cells and the ring around them are under cloud.
    let mut world = watch.drawn.world.clone();
    world.clouds = vec![(rest[0], Block::new(0, 0, 150, 200))];
    world.draw_scene(rest[0], &watch.delivered(rest[0]));
    let (published, report) = watch.published();
    assert_eq!((&report["cells_judged"], &report["cells"]), (&4.into(), &6.into()), "{report}");
    watch.is_as_scanned(&published);
}

#[test]
fn a_night_without_anything_new_reads_nothing_and_says_so() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    watch.published();
    let before = fs::metadata(watch.out().join("manifest.json")).unwrap().modified().unwrap();
    let again = watch.night();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    says(&again.stderr, &["nothing new"]);
    assert_eq!(fs::metadata(watch.out().join("manifest.json")).unwrap().modified().unwrap(), before);
    // Whoever lost the result gets it again, from the state.
    fs::remove_dir_all(watch.out()).unwrap();
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    assert_eq!((&report["cells_judged"], &report["days_taken"]), (&0.into(), &Value::Array(vec![])));
}

#[test]
fn a_scene_that_changed_is_taken_in_anew_and_one_that_is_gone_is_forgotten() {
    let watch = Watch::over(small());
    let rest = watch.deliver_first(9);
    // As it came first, the last day was all bare.
    let mut other = watch.drawn.world.clone().with(Block::new(0, 0, 64, 96), 20_230_401, Deed::Mined);
    other.deeds.rotate_right(1);
    other.draw_scene(rest[0], &watch.delivered(rest[0]));
    watch.is_as_scanned(&watch.published().0);
    watch.deliver(rest[0]);
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    assert_eq!(report["days_taken"].as_array().unwrap().len(), 1);
    fs::remove_file(watch.delivered(rest[0])).unwrap();
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    assert_eq!(report["days_gone"].as_array().unwrap().len(), 1);
}

#[test]
fn a_late_scene_of_the_look_back_is_learned_from() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    let late = watch.drawn.world.dates[7];
    fs::remove_file(watch.delivered(late)).unwrap();
    watch.is_as_scanned(&watch.published().0);
    watch.deliver(late);
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    says(
        &report["learned"].to_string(),
        &["look-back scenes", "look-back (2020-01-01/2022-12-31 with 19 days -> "],
    );
}

#[test]
fn tiles_threads_and_memory_change_no_byte_of_a_state() {
    let one = Watch::over(four()).with("--threads 1 --tile-size 128 --memory 300MiB");
    let other = Watch::over(four()).with("--threads 2 --tile-size 512");
    for watch in [&one, &other] {
        watch.deliver_first(6);
        watch.published();
    }
    // The worlds lie in other folders, but scenes are known by what they hold.
    assert_eq!(one.pieces(), other.pieces());
    assert!(one.pieces().len() > 8);
}

#[test]
fn a_broken_scene_is_set_aside_aloud_and_taken_in_when_it_is_mended() {
    let watch = Watch::over(small());
    let rest = watch.deliver_first(9);
    let whole = fs::read(watch.drawn.scene(rest[0])).unwrap();
    for broken in [&whole[..200], &whole[..whole.len() * 2 / 3], b"not an image"] {
        fs::write(watch.delivered(rest[0]), broken).unwrap();
        let ended = watch.night();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        says(&ended.stderr, &["set aside until the next night", &name(rest[0])]);
    }
    watch.deliver(rest[0]);
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    assert_eq!(report["set_aside"], Value::Array(vec![]));
}

#[test]
fn a_second_run_on_one_state_leaves_at_once_with_4() {
    let watch = Watch::over(four());
    watch.deliver_first(10);
    let mut first = watch.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !watch.state().join("lock").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = watch.night();
    if first.try_wait().unwrap().is_none() {
        assert_eq!(second.code, Some(4), "{}", second.stderr);
        says(&second.stderr, &["another run holds this state"]);
    } else {
        println!("skipped: the first run was too quick");
    }
    assert!(matches!(first.wait().unwrap().code(), Some(0 | 3)));
}

#[test]
fn a_damaged_state_is_found_mended_and_made_again() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    let (published, _) = watch.published();
    let (hashes, whole) = (published.hashes(), watch.pieces());
    let verify = |more: &[&str]| ended(program().args(["state", "verify"]).arg(watch.state()).args(more));
    assert_eq!(verify(&[]).code, Some(0), "{}", verify(&[]).stderr);
    for (place, file) in whole.keys().enumerate() {
        let path = watch.state().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let at = bytes.len() * (place + 1) / (whole.len() + 2);
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
    }
    let found = verify(&["--mend"]);
    assert_eq!(found.code, Some(1));
    says(&found.stderr, &[&format!("0 files whole (0 bytes), {} damaged", whole.len())]);
    fs::remove_dir_all(watch.out()).unwrap();
    let (again, _) = watch.published();
    assert_eq!((again.hashes(), watch.pieces()), (hashes, whole));
}

#[test]
fn damage_that_nobody_verified_is_never_published() {
    let watch = Watch::over(small());
    let rest = watch.deliver_first(9);
    watch.published();
    let row = fs::read_dir(watch.state().join("look-back")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&row).unwrap();
    bytes[3000] ^= 1;
    fs::write(&row, &bytes).unwrap();
    watch.deliver(rest[0]);
    let before = Published { code: 0, out: watch.out() }.hashes();
    let ended = watch.night();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    says(&ended.stderr, &["is damaged", "state verify --mend"]);
    assert_eq!(Published { code: 0, out: watch.out() }.hashes(), before);
}

#[test]
fn a_folder_that_is_no_state_is_left_alone() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    fs::create_dir(watch.state()).unwrap();
    fs::write(watch.state().join("mine.txt"), "x").unwrap();
    let ended = watch.night();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    says(&ended.stderr, &["mine.txt", "is of no state"]);
    assert_eq!(fs::read_dir(watch.state()).unwrap().count(), 1);
}

#[test]
fn events_are_lines_of_json_and_metrics_are_what_prometheus_reads() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    let metrics = watch.drawn.path("steppewatch.prom");
    let now = ["--now", "2024-01-02T03:04:05Z"];
    let ended = ended(watch.command().args(["--log", "json", "--metrics"]).arg(&metrics).args(now));
    let events: Vec<Value> = ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((names[0], names[names.len() - 1]), ("start", "end"));
    assert!(names.contains(&"stage") && names.contains(&"published"), "{names:?}");
    assert!(events.iter().all(|event| event["time"] == "2024-01-02T03:04:05Z" && event["level"] == "info"));
    let text = fs::read_to_string(&metrics).unwrap();
    says(&text, &["steppewatch_leads 1\n", "steppewatch_leads_new 1\n", "timestamp_seconds 1704164645\n"]);
    let nights: Vec<_> = fs::read_dir(watch.state().join("nights")).unwrap().collect();
    assert_eq!(nights.len(), 1);
}

#[test]
fn a_state_is_exported_as_a_map() {
    let watch = Watch::over(World { redline: Some(Block::new(10, 10, 40, 60)), ..small() });
    watch.deliver_first(10);
    watch.published();
    let map = watch.drawn.path("state.tif");
    let ended = ended(program().args(["state", "export"]).arg(watch.state()).arg("--out").arg(&map));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let file = gdal::Dataset::open(&map).unwrap();
    assert_eq!(file.raster_size(), (96, 64));
    let band = |number: usize| {
        let band = file.rasterband(number).unwrap();
        let values = band.read_as::<i16>((0, 0), (96, 64), (96, 64), None).unwrap().data().to_vec();
        (gdal::Metadata::description(&band).unwrap(), values)
    };
    let ((history, before), (target, after)) = (band(1), band(2));
    assert_eq!((history.as_str(), target.as_str()), ("look-back views", "target views"));
    let at = 30 * 96 + 30;
    assert_eq!((before[at], after[at]), (20, 10));
    let (name, evidence) = band(3);
    assert!(name.ends_with(" evidence") && evidence[at] > 500, "{name} {}", evidence[at]);
    assert_eq!(evidence[0], i16::MIN, "outside the red line");
}

/// A cheap source of chance with a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// Applies what a night told to what was told before; nothing is told twice.
fn tell(known: &mut BTreeSet<String>, report: &Value) {
    let digest = &report["digest"];
    let ids = |part: &str| -> Vec<String> {
        digest[part].as_array().unwrap().iter().map(|lead| lead["id"].as_str().unwrap().to_owned()).collect()
    };
    for gone in ids("gone") {
        assert!(known.remove(&gone), "{gone} went twice");
    }
    for changed in digest["changed"].as_array().unwrap() {
        assert!(known.remove(changed["was"].as_str().unwrap()));
        assert!(known.insert(changed["lead"]["id"].as_str().unwrap().to_owned()));
    }
    for new in ids("new") {
        assert!(known.insert(new.clone()), "{new} was told twice");
    }
}

#[test]
fn two_hundred_nights_of_late_double_broken_and_killed_end_as_one_clean_run() {
    let watch = Watch::over(small());
    let mut waiting = watch.deliver_first(2);
    let (mut dice, mut broken) = (Dice(7), Vec::new());
    let target: Vec<u32> =
        watch.drawn.world.dates.iter().copied().filter(|date| *date > 20_230_000).collect();
    let (mut kills, mut nothing) = (0, 0);
    for night in 0..200 {
        match dice.roll(8) {
            0 | 1 if !waiting.is_empty() && night % 12 == 0 => {
                let date = waiting.swap_remove(dice.roll(waiting.len()));
                watch.deliver(date);
            }
            // The same again: another time of change, the same bytes.
            2 => {
                let date = target[dice.roll(target.len())];
                if watch.delivered(date).exists() {
                    watch.deliver(date);
                }
            }
            3 if night % 3 == 0 => {
                let date = target[dice.roll(target.len())];
                let whole = fs::read(watch.drawn.scene(date)).unwrap();
                fs::write(watch.delivered(date), &whole[..whole.len() / (2 + dice.roll(3))]).unwrap();
                broken.push(date);
                waiting.retain(|other| *other != date);
            }
            4 => broken.drain(..).for_each(|date| watch.deliver(date)),
            5 if night % 5 == 0 => {
                let mut other = watch.drawn.world.clone();
                other.seed = night as u64;
                let date = target[dice.roll(target.len())];
                other.draw_scene(date, &watch.delivered(date));
                broken.push(date);
                waiting.retain(|other| *other != date);
            }
            _ => nothing += 1,
        }
        let day = format!("2024-{:02}-{:02}T20:00:00Z", 1 + night / 28, 1 + night % 28);
        let mut command = watch.command();
        command.args(["--now", &day]).stdout(Stdio::null()).stderr(Stdio::null());
        if dice.roll(3) == 0 {
            let mut run = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(dice.roll(500) as u64));
            kills += usize::from(run.try_wait().unwrap().is_none());
            run.kill().unwrap();
            run.wait().unwrap();
        } else {
            let code = command.status().unwrap().code();
            assert!(matches!(code, Some(0 | 3)), "night {night}: {code:?}");
        }
    }
    waiting.into_iter().chain(broken).for_each(|date| watch.deliver(date));
    let mut last = watch.command();
    let ended = ended(last.args(["--now", "2025-01-01T20:00:00Z"]));
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    println!("{kills} runs were killed, {nothing} nights brought nothing");
    assert!(kills > 20);

    let clean = Watch::over(small());
    clean.deliver_first(10);
    let (published, _) = clean.published();
    assert_eq!(watch.pieces(), clean.pieces());
    assert_eq!(Published { code: 0, out: watch.out() }.hashes(), published.hashes());
    // What the nights told, put together, is what there is.
    let mut reports: Vec<PathBuf> =
        fs::read_dir(watch.state().join("nights")).unwrap().map(|entry| entry.unwrap().path()).collect();
    reports.sort();
    let mut known = BTreeSet::new();
    for report in reports {
        tell(&mut known, &serde_json::from_slice(&fs::read(&report).unwrap()).unwrap());
    }
    let there: BTreeSet<String> =
        published.leads().iter().map(|lead| lead.properties["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(known, there);
}
