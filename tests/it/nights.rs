//! A scan that goes on, night after night: the bytes of a scan whatever came when, and each lead told once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{Ended, Published, Scan, ended, program, says, sha256};
use crate::world::{Block, Deed, Drawn, World, name};

/// A watch over the scenes that were delivered so far.
pub struct Watch {
    pub drawn: Drawn,
    archive: PathBuf,
    pub more: Vec<String>,
}

impl Watch {
    /// Nothing is delivered yet.
    pub fn over(world: World) -> Self {
        let drawn = Drawn::new(world);
        let archive = drawn.path("archive");
        fs::create_dir(&archive).unwrap();
        Self { archive, more: Vec::new(), drawn }
    }

    pub fn with(mut self, args: &str) -> Self {
        self.more = args.split_whitespace().map(str::to_owned).collect();
        self
    }

    pub fn deliver(&self, date: u32) {
        fs::copy(self.drawn.scene(date), self.delivered(date)).unwrap();
    }

    pub fn delivered(&self, date: u32) -> PathBuf {
        self.archive.join(name(date))
    }

    /// Everything before the target period, and so many days of it.
    pub fn deliver_first(&self, days: usize) -> Vec<u32> {
        let dates = self.drawn.world.dates.clone();
        let (before, target): (Vec<u32>, Vec<u32>) = dates.into_iter().partition(|date| *date < 20_230_000);
        before.iter().chain(&target[..days]).for_each(|date| self.deliver(*date));
        target[days..].to_vec()
    }

    pub fn scan(&self) -> Scan {
        Scan::of(&self.drawn).scenes(&self.archive)
    }

    pub fn command(&self) -> Command {
        let scan = self.scan();
        let mut command = program();
        command.arg("watch").arg("--scenes").arg(&scan.scenes).arg("--redlines").arg(&scan.redlines);
        let (baseline, target) = scan.periods.unwrap();
        command.args(["--baseline", &baseline, "--target", &target]);
        command.arg("--out").arg(self.drawn.path("watched")).args(&self.more);
        command
    }

    pub fn state(&self) -> PathBuf {
        self.drawn.path("watched.state")
    }

    pub fn out(&self) -> PathBuf {
        self.drawn.path("watched")
    }

    pub fn night(&self) -> Ended {
        ended(&mut self.command())
    }

    /// A night that publishes, and its report.
    pub fn published(&self) -> (Published, Value) {
        let ended = ended(self.command().arg("--json"));
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        let published = Published { code: ended.code.unwrap_or_default(), out: self.out() };
        (published, serde_json::from_str(&ended.stdout).unwrap())
    }

    /// The same as a scan of what was delivered, in another folder.
    #[track_caller]
    pub fn is_as_scanned(&self, published: &Published) {
        let scanned = self.scan().out(self.drawn.path("scanned")).published();
        assert_eq!(published.hashes(), scanned.hashes());
        assert_eq!(published.code, scanned.code);
    }

    /// SHA-256 of every file of pieces in the state.
    pub fn pieces(&self) -> BTreeMap<String, String> {
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
pub fn four() -> World {
    let mut world = World::steppe(150, 180)
        .over(2020, 2023)
        .with(Block::new(120, 118, 16, 18), 20_230_401, Deed::Ploughed)
        .with(Block::new(30, 40, 12, 12), 20_230_601, Deed::Mined);
    world.clouds = vec![(20_230_503, Block::new(90, 90, 60, 80)), (20_230_717, Block::new(0, 0, 150, 128))];
    world
}

/// One cell and three years.
pub fn small() -> World {
    World::steppe(64, 96).with(Block::new(20, 24, 12, 14), 20_230_401, Deed::Ploughed)
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
fn a_scene_out_of_season_changes_no_evidence_and_is_told_of_all_the_same() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    watch.published();
    watch.drawn.world.draw_scene(20_231_201, &watch.delivered(20_231_201));
    let (published, _) = watch.published();
    watch.is_as_scanned(&published);
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
    let (first, _) = watch.published();
    let before = fs::metadata(watch.out().join("manifest.json")).unwrap().modified().unwrap();
    let again = watch.night();
    assert_eq!(again.code, Some(first.code), "{}", again.stderr);
    says(&again.stderr, &["nothing new"]);
    assert_eq!(fs::metadata(watch.out().join("manifest.json")).unwrap().modified().unwrap(), before);
    // Whoever lost the result, or spoilt it, gets it again, from the state.
    fs::write(watch.out().join("leads.geojson"), "{}").unwrap();
    watch.is_as_scanned(&watch.published().0);
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
fn a_day_that_is_gone_with_what_the_state_knew_of_it_is_forgotten_too() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    watch.published();
    let last = *watch.drawn.world.dates.last().unwrap();
    for entry in fs::read_dir(watch.state().join("views")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("2023-10-03") {
            fs::remove_file(path).unwrap();
        }
    }
    fs::remove_file(watch.delivered(last)).unwrap();
    let (published, report) = watch.published();
    watch.is_as_scanned(&published);
    assert_eq!((&report["days_gone"][0], &report["cells_judged"]), (&"2023-10-03".into(), &1.into()));
}

#[test]
fn what_is_asked_by_flags_is_part_of_the_question() {
    let mut watch = Watch::over(small());
    watch.deliver_first(10);
    let before = watch.published().0.hashes();
    watch.more = vec!["--class".to_owned(), "redline".to_owned()];
    let (published, _) = watch.published();
    assert_ne!(published.hashes(), before);
    let scanned = watch.scan().with("--class redline").out(watch.drawn.path("scanned")).published();
    assert_eq!(published.hashes(), scanned.hashes());
}

#[test]
fn a_state_lies_beside_the_output_and_never_in_it() {
    let watch = Watch::over(small());
    watch.deliver_first(10);
    let within = ended(watch.command().arg("--state").arg(watch.out().join("state")));
    assert_eq!(within.code, Some(2), "{}", within.stderr);
    says(&within.stderr, &["a state cannot lie in, around or at the output folder"]);
    assert!(!watch.out().exists());
    let typo = ended(program().args(["state", "verify"]).arg(watch.drawn.path("typo.state")));
    assert_eq!(typo.code, Some(2), "{}", typo.stderr);
    assert!(!watch.drawn.path("typo.state").exists());
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
