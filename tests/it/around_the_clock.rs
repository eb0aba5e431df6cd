//! What runs unattended: timers, logs and numbers for machines, two runs at once, and many nights of trouble.
//!
//! (Tests start in the order of their names: the longest of all lies here so that it does not come last.)

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::nights::{Watch, four, small};
use crate::program::{Ended, Published, ended, rounds, says, shell};
use crate::world::{Block, World};

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

/// What is still to come, and what came broken or otherwise than it is.
struct Trouble {
    dice: Dice,
    waiting: Vec<u32>,
    broken: Vec<u32>,
}

impl Trouble {
    /// What happens to the archive before a night.
    fn strike(&mut self, night: usize, watch: &Watch) {
        let all = &watch.drawn.world.dates;
        let target: Vec<u32> = all.iter().copied().filter(|date| *date > 20_230_000).collect();
        let date = target[self.dice.roll(target.len())];
        match self.dice.roll(8) {
            0 | 1 if !self.waiting.is_empty() && night.is_multiple_of(4) => {
                let next = self.dice.roll(self.waiting.len());
                watch.deliver(self.waiting.swap_remove(next));
            }
            // The same again: another time of change, the same bytes.
            2 if watch.delivered(date).exists() && !self.broken.contains(&date) => watch.deliver(date),
            3 if night.is_multiple_of(3) => {
                let whole = fs::read(watch.drawn.scene(date)).unwrap();
                let length = whole.len() / (2 + self.dice.roll(3));
                fs::write(watch.delivered(date), &whole[..length]).unwrap();
                self.spoilt(date);
            }
            4 => self.broken.drain(..).for_each(|date| watch.deliver(date)),
            5 if night.is_multiple_of(5) => {
                let other = World { seed: night as u64, ..watch.drawn.world.clone() };
                other.draw_scene(date, &watch.delivered(date));
                self.spoilt(date);
            }
            _ => {}
        }
    }

    fn spoilt(&mut self, date: u32) {
        self.broken.push(date);
        self.waiting.retain(|other| *other != date);
    }

    /// One night; true where it was killed.
    fn night(&mut self, night: usize, watch: &Watch) -> bool {
        let day = format!("2024-{:02}-{:02}T20:00:00Z", 1 + night / 28, 1 + night % 28);
        let mut command = watch.command();
        command.args(["--now", &day]).stdout(Stdio::null()).stderr(Stdio::null());
        if self.dice.roll(3) > 0 {
            let code = command.status().unwrap().code();
            assert!(matches!(code, Some(0 | 3)), "night {night}: {code:?}");
            return false;
        }
        let mut run = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(self.dice.roll(500) as u64));
        let was_running = run.try_wait().unwrap().is_none();
        run.kill().unwrap();
        run.wait().unwrap();
        was_running
    }
}

#[test]
fn nights_of_late_double_broken_and_killed_end_as_one_clean_run() {
    let watch = Watch::over(small());
    let mut trouble = Trouble { waiting: watch.deliver_first(2), dice: Dice(7), broken: Vec::new() };
    let mut kills = 0;
    let nights = rounds(40, 200);
    for night in 0..nights {
        trouble.strike(night, &watch);
        kills += usize::from(trouble.night(night, &watch));
    }
    trouble.waiting.into_iter().chain(trouble.broken).for_each(|date| watch.deliver(date));
    let ended = ended(watch.command().args(["--now", "2025-01-01T20:00:00Z"]));
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    println!("{kills} of {nights} runs were killed");
    assert!(kills > nights / 10);

    let clean = Watch::over(small());
    clean.deliver_first(10);
    let (published, _) = clean.published();
    assert_eq!(watch.pieces(), clean.pieces());
    assert_eq!(Published { code: 0, out: watch.out() }.hashes(), published.hashes());
    // What the nights told, put together, is what there is.
    let mut reports: Vec<PathBuf> =
        fs::read_dir(watch.state().join("nights")).unwrap().map(|entry| entry.unwrap().path()).collect();
    reports.sort();
    assert!(reports.len() > nights / 10);
    let mut known = BTreeSet::new();
    for report in reports {
        tell(&mut known, &serde_json::from_slice(&fs::read(&report).unwrap()).unwrap());
    }
    let there: BTreeSet<String> =
        published.leads().iter().map(|lead| lead.properties["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(known, there);
}

/// What a timer starts: the words of a shell, with the plan and the folders of the watch in place of those of a server.
fn started(words: &str, watch: &Watch) -> Ended {
    let plan = watch.drawn.path("plan.toml");
    let scan = watch.scan();
    let (baseline, target) = scan.periods.unwrap();
    let text = format!(
        "[inputs]\nscenes = {:?}\nredlines = [{:?}]\n[dates]\nbaseline = {baseline:?}\ntarget = {target:?}\n",
        scan.scenes, scan.redlines
    );
    fs::write(&plan, text).unwrap();
    let place = |name: &str| watch.drawn.path(name).display().to_string();
    let words = [
        ("%i", "county"),
        ("/etc/steppewatch/county.toml", &plan.display().to_string()),
        ("/data/plan.toml", &plan.display().to_string()),
        ("/var/lib/steppewatch/county/out", &place("watched")),
        ("/var/lib/steppewatch/county/state", &place("watched.state")),
        ("/data/out", &place("watched")),
        ("/data/state", &place("watched.state")),
        ("/var/lib/prometheus/node-exporter", &watch.drawn.folder().display().to_string()),
        ("/var/log/steppewatch", &watch.drawn.folder().display().to_string()),
        ("/usr/local/bin/", ""),
    ]
    .iter()
    .fold(words.to_owned(), |words, (server, here)| words.replace(server, here));
    let binary = Path::new(env!("CARGO_BIN_EXE_steppewatch")).parent().unwrap();
    ended(&mut shell(binary, &words))
}

#[test]
fn the_timers_that_are_shipped_start_a_night() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/deploy");
    let text = |name: &str| fs::read_to_string(deploy.join(name)).unwrap();
    let unit = text("steppewatch-watch@.service");
    let unit = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap().to_owned();
    let cron = text("steppewatch.cron");
    let cron = cron.lines().find_map(|line| line.strip_prefix("15 2 * * * steppewatch ")).unwrap().to_owned();
    let pod = text("kubernetes-watch.yaml");
    let pod = pod.lines().find_map(|line| line.trim().strip_prefix("- steppewatch ")).unwrap().to_owned();
    // With a gap, because the pod must not be run again for it.
    let mut world = small();
    world.clouds = vec![(20_230_503, Block::new(0, 0, 64, 96))];
    let mut found = Vec::new();
    for (words, code) in [(unit, 3), (cron, 3), (format!("steppewatch {pod}"), 0)] {
        let watch = Watch::over(world.clone());
        watch.deliver_first(3);
        let ended = started(&words, &watch);
        assert_eq!(ended.code, Some(code), "{words}\n{}{}", ended.stdout, ended.stderr);
        found.push(Published { code: 3, out: watch.out() }.leads().len());
        let again = started(&words, &watch);
        assert_eq!(again.code, Some(code), "{words}: nothing new");
    }
    assert_eq!(found[0], found[2]);
}
