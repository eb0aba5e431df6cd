//! The same small scan again and again: killed, out of space, with one call of the system that fails.
//!
//! Law: an earlier output stays as it was, to the byte, until a later one takes its place as a whole; nothing lies
//!      beside; the next run completes.
//! Source: the harness of SQLite for failing calls and crashes (<https://www.sqlite.org/testing.html>), for the idea.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::guard;
use crate::place::Place;
use crate::program::{Scan, beside, sha256};
use crate::table::{Outcome, Told};
use crate::world::{Block, Deed, Drawn, World, mix};

/// Kills of a quick run; `STEPPEWATCH_KILLS` asks for more (`scripts/test-long`).
const KILLS: usize = 40;
/// Of many calls of one kind those that fail in a quick run are so far apart; in a long one each fails (`STEPPEWATCH_LONG`).
const APART: usize = 17;
/// From how many calls on.
const MANY: usize = 100;
/// Sizes of disks: in a quick run every fifth.
const SIZES: u64 = 50;

type Bytes = BTreeMap<String, String>;

/// A small world, an earlier output of one question, and the answer to another.
struct Office {
    drawn: Drawn,
    earlier: Bytes,
    later: Bytes,
}

impl Office {
    fn new() -> Self {
        let mut world = World::steppe(40, 40).with(Block::new(12, 12, 12, 14), 20_230_401, Deed::Ploughed);
        world.dates.retain(|date| *date > 20_220_000);
        let drawn = Drawn::new(world);
        let bytes = |scan: Scan| {
            scan.published();
            files(&scan.out)
        };
        let earlier = bytes(asked(&drawn, 0.3).out(drawn.path("kept/earlier")));
        let later = bytes(asked(&drawn, 0.6).out(drawn.path("kept/later")));
        assert_ne!(earlier, later, "the two questions have one answer");
        let office = Self { drawn, earlier, later };
        office.restore();
        office
    }

    /// The scan that is disturbed: its output lies where an earlier one is.
    fn scan(&self) -> Scan {
        asked(&self.drawn, 0.6).out(self.out())
    }

    fn out(&self) -> PathBuf {
        self.drawn.path("desk/out")
    }

    /// Puts the earlier output back.
    fn restore(&self) {
        let desk = self.drawn.path("desk");
        let _ = fs::remove_dir_all(&desk);
        fs::create_dir(&desk).unwrap();
        copy(&self.drawn.path("kept/earlier"), &self.out());
    }

    /// What lies at the final name is one of the two, whole; true where it is the later one.
    fn is_whole(&self, what: &str) -> bool {
        let found = files(&self.out());
        let differ: Vec<&String> =
            self.later.keys().filter(|name| self.later.get(*name) != found.get(*name)).collect();
        if self.is_as_good(&differ, what) {
            return true;
        }
        assert!(
            found == self.earlier || found == self.later,
            "{what}: the output is neither the earlier nor the later one: {differ:?} of {} files",
            found.len()
        );
        found == self.later
    }

    /// The later output in other bytes that say the same: SQLite may write again what failed, and so lay pages in another
    /// order; what a manifest could not learn about a library is "unknown" there.
    fn is_as_good(&self, differ: &[&String], what: &str) -> bool {
        let later = self.drawn.path("kept/later");
        match differ {
            [database, manifest] if *database == "leads.gpkg" && *manifest == "manifest.json" => {
                let rows = |folder: &Path| rows(&folder.join("leads.gpkg"));
                assert_eq!(rows(&self.out()), rows(&later), "{what}: rows differ");
                true
            }
            [manifest] if *manifest == "manifest.json" => {
                let text = fs::read_to_string(self.out().join("manifest.json")).unwrap_or_default();
                text.contains("\"proj.db\": \"unknown\"")
            }
            _ => false,
        }
    }

    /// How a disturbed run ended: nothing beside the output, and the code says which output it is.
    fn is_clean(&self, code: Option<i32>, what: &str, words: &str) -> bool {
        let done = self.is_whole(&format!("{what} (ended with {code:?}: {words})"));
        // What was published stays published; an earlier output that could not be removed is cleared by the next run.
        let left = beside(&self.out());
        assert!(
            left == ["out"] || (done && left == ["out", "out.old"]),
            "{what}: something was left: {left:?}"
        );
        match code {
            Some(0 | 3) => assert!(
                done,
                "SILENT MISS: {what}: it says that it is done, and the earlier output lies there"
            ),
            Some(1 | 2) => {
                assert!(words.contains("error: "), "{what}: no error is named: {words}");
                assert!(!words.contains("panicked"), "PANIC: {what}: {words}");
            }
            other => panic!("PANIC: {what}: ended with {other:?}: {words}"),
        }
        if done {
            self.restore();
        }
        matches!(code, Some(0 | 3))
    }
}

/// A scan that says how sure a lead must be, so that two have two answers.
fn asked(drawn: &Drawn, least: f64) -> Scan {
    Scan::of(drawn)
        .periods("2022-01-01/2022-12-31", "2023-01-01/2023-12-31")
        .with(&format!("--least-confidence {least} --threads 2"))
}

/// Digest of every file of an output; of the manifest without what belongs to the run.
fn files(out: &Path) -> Bytes {
    if !out.join("manifest.json").is_file() {
        return BTreeMap::from([("no manifest".to_owned(), sha256(b""))]);
    }
    crate::program::Published { code: 0, out: out.to_owned() }.hashes()
}

/// Every table of a database with every row, in words.
fn rows(database: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut tables = database.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").unwrap();
    let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let tables: Vec<(String, Option<String>)> = tables.map(Result::unwrap).collect();
    let mut words = Vec::new();
    for (table, made) in tables {
        let is_table = made.as_ref().is_some_and(|made| made.starts_with("CREATE TABLE"));
        words.push(format!("{table}: {made:?}"));
        if is_table {
            let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns = rows.column_count();
            let row = |row: &rusqlite::Row| -> rusqlite::Result<String> {
                let values: Vec<rusqlite::types::Value> =
                    (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
                Ok(format!("{values:?}"))
            };
            let mut found: Vec<String> = rows.query_map([], row).unwrap().map(Result::unwrap).collect();
            // Nodes of spatial indexes are numbered as they were made.
            found.sort();
            words.extend(found);
        }
    }
    words
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copy(&path, &to) } else { assert!(fs::copy(path, to).is_ok()) }
    }
}

/// 111: killed at random moments.
pub fn kills(place: &Place) -> Told {
    let office = Office::new();
    let kills = std::env::var("STEPPEWATCH_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(KILLS);
    let begun = Instant::now();
    let whole = guard::watched(&mut office.scan().command(), Duration::from_secs(60));
    place.took(&whole);
    let span = begun.elapsed().as_micros() as u64;
    office.restore();
    let (mut killed, mut done) = (0, 0);
    for round in 0..kills {
        let mut child = office.scan().command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(mix(round as u64) % (span * 11 / 10)));
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        if !office.out().exists() {
            // Between the two renames the earlier one waits beside, whole, for the next run.
            assert_eq!(
                files(&office.drawn.path("desk/out.old")),
                office.earlier,
                "kill {round}: neither output is whole"
            );
        } else if office.is_whole(&format!("kill {round}")) {
            done += 1;
            office.restore();
        }
    }
    let last = guard::watched(&mut office.scan().command(), Duration::from_secs(60));
    assert!(matches!(last.code, Some(0 | 3)), "{}", last.stderr);
    assert_eq!(files(&office.out()), office.later, "the run after the kills has other bytes");
    assert_eq!(beside(&office.out()), ["out"], "something was left by kills");
    Told::new(
        Outcome::Processed,
        format!(
            "{kills} of {kills} ({killed} before the end, {done} after the rename): outputs whole, the next run has the bytes of an undisturbed one"
        ),
    )
}

/// A scan in which one call fails.
fn failing(office: &Office, call: &str, at: usize, count: &Path) -> Command {
    let mut command = office.scan().command();
    command
        .env("LD_PRELOAD", guard::preloaded("failing"))
        .env("FAIL_CALL", call)
        .env("FAIL_AT", at.to_string())
        .env("FAIL_COUNT", count);
    command
}

/// Fails calls of one kind in turn.
fn every(place: &Place, office: &Office, call: &'static str) -> Failed {
    let count = place.path(&format!("{call}.count"));
    let run = |at: usize| guard::watched(&mut failing(office, call, at, &count), Duration::from_secs(30));
    let ended = run(0);
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    place.took(&ended);
    office.restore();
    let calls: usize = fs::read_to_string(&count).unwrap().trim().parse().unwrap();
    assert!(calls > 0, "no {call} was counted");
    let from = std::env::var("FAIL_FROM").ok().and_then(|from| from.parse().ok()).unwrap_or(1);
    let is_quick = calls >= MANY && std::env::var_os("STEPPEWATCH_LONG").is_none();
    let (mut failed, mut harmless) = (0, 0);
    for at in (from..=calls).step_by(if is_quick { APART } else { 1 }) {
        let ended = run(at);
        failed += 1;
        let is_clean = office.is_clean(ended.code, &format!("{call} {at} of {calls}"), &ended.stderr);
        harmless += usize::from(is_clean);
    }
    // The next run completes.
    let last = guard::watched(&mut office.scan().command(), Duration::from_secs(30));
    assert!(
        matches!(last.code, Some(0 | 3)) && files(&office.out()) == office.later,
        "{call}: {}",
        last.stderr
    );
    office.restore();
    Failed { call, calls, failed, harmless }
}

/// What came of failing calls of one kind.
struct Failed {
    call: &'static str,
    /// How many there are in a run.
    calls: usize,
    /// How many failed, each in a run of its own.
    failed: usize,
    /// After how many the run completed all the same.
    harmless: usize,
}

fn told(counted: &[Failed]) -> Told {
    let words: Vec<String> = counted
        .iter()
        .map(|Failed { call, calls, failed, harmless }| {
            format!("{failed} of {calls} failing {call} calls ({harmless} of them do no harm)")
        })
        .collect();
    Told::new(
        Outcome::Refused,
        format!("{}: the earlier output whole, the next run completes", words.join(", ")),
    )
}

/// 110: every write, every open.
pub fn writes_and_opens(place: &Place) -> Told {
    let office = Office::new();
    told(&[every(place, &office, "write"), every(place, &office, "open")])
}

/// 112: every fsync, every rename.
pub fn syncs(place: &Place) -> Told {
    let office = Office::new();
    told(&[every(place, &office, "fsync"), every(place, &office, "rename")])
}

/// What a folder takes on a disk.
fn kibibytes(folder: &Path) -> u64 {
    let mut du = Command::new("du");
    let listed = du.args(["-s", "--apparent-size", "--block-size=1K"]).arg(folder).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).split_whitespace().next().unwrap().parse().unwrap()
}

/// 109: disks of 50 sizes, from the earlier output alone to just too small for the later one.
pub fn disk_sizes(place: &Place) -> Told {
    let tried = Command::new("unshare").args(["-m", "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        return Told::new(
            Outcome::Inapplicable,
            "`unshare -m` is not allowed here, so no small disk can be had",
        );
    }
    let office = Office::new();
    let (earlier, later) =
        (kibibytes(&office.drawn.path("kept/earlier")), kibibytes(&office.drawn.path("kept/later")));
    let disk = place.path("disk");
    fs::create_dir(&disk).unwrap();
    let (mut full, mut tried) = (0, 0);
    for step in (0..SIZES).step_by(if std::env::var_os("STEPPEWATCH_LONG").is_some() { 1 } else { 5 }) {
        tried += 1;
        let size = earlier + 40 + later * step / SIZES;
        let scan = office.scan().out(disk.join("out")).command();
        let words: Vec<String> = std::iter::once(scan.get_program())
            .chain(scan.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let (disk, seen) = (disk.display(), place.path("seen"));
        let _ = fs::remove_dir_all(&seen);
        fs::create_dir(&seen).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={size}k tmpfs '{disk}' && cp -r '{}' '{disk}/out' && {{ {}; code=$?; cp -r '{disk}/.' '{}'; exit $code; }}",
            office.drawn.path("kept/earlier").display(),
            words.join(" "),
            seen.display()
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script]);
        let ended = guard::watched(&mut command, Duration::from_secs(30));
        place.took(&ended);
        let found = files(&seen.join("out"));
        assert_eq!(beside(&seen.join("out")), ["out"], "{size} KiB: something was left");
        if ended.code == Some(1) {
            assert!(found == office.earlier, "{size} KiB: the earlier output is not whole: {}", ended.stderr);
            assert!(ended.stderr.contains("free space"), "{size} KiB: {}", ended.stderr);
            full += 1;
        } else {
            assert!(
                matches!(ended.code, Some(0 | 3)) && found == office.later,
                "{size} KiB: {:?} {}",
                ended.code,
                ended.stderr
            );
        }
    }
    assert!(full > tried / 2, "only {full} of {tried} disks were too small");
    Told::new(
        Outcome::Refused,
        format!("{tried} of {tried} sizes ({full} too small): the earlier output whole, or the later one"),
    )
}
