//! 3F: disks, ledgers, crashes.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{Place, said};
use crate::program::{Published, beside, program};
use crate::sweeps;
use crate::table::{Case, Outcome, Told, run_case, tested};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3F", number, title, work)
}

pub const CASES: &[Case] = &[
    case("109", "no space left: many sizes of a disk", sweeps::disk_sizes),
    case("110", "every k-th failing write and open; few descriptors", failing_calls),
    case("111", "killed at random moments of scan", sweeps::kills),
    case("112", "every k-th failing fsync and rename", sweeps::syncs),
    case("113", "TERM, INT, HUP, closed pipe, too little memory", signals),
    tested(
        "3F",
        "114",
        "a ledger on a full disk",
        &[("tests/it/ledger.rs", "a_full_disk_takes_no_event_away_and_the_next_step_is_taken")],
    ),
    case("115", "a ledger with a damaged page, cut short, header of zeros", damaged_ledger),
    case("116", "a ledger copied without its log", ledger_without_log),
    case("117", "a ledger that another program holds open", ledger_held),
    tested(
        "3F",
        "118",
        "a ledger on a network disk",
        &[("src/ledger/sqlite/disk.rs", "a_share_of_another_machine_is_told_from_a_disk_of_this_one")],
    ),
    tested(
        "3F",
        "119",
        "a ledger in a folder that cannot be written",
        &[("tests/it/ledger.rs", "who_may_only_read_reads_and_leaves_nothing_behind")],
    ),
    case("120", "a ledger of an older, a newer, another program", ledger_versions),
    case("121", "a row edited behind the ledger's back", ledger_edited),
    tested(
        "3F",
        "122",
        "rows cut off at the end, a ledger rolled back",
        &[("tests/it/ledger.rs", "a_sealed_head_is_checked_by_another_program_and_shows_what_was_cut_off")],
    ),
    tested(
        "3F",
        "123",
        "copies of two officers brought together",
        &[
            ("tests/it/ledger.rs", "what_field_tools_bring_back_is_taken_in_once_and_counted"),
            ("tests/it/ledger.rs", "verdicts_that_differ_are_both_kept_and_nothing_is_handed_over_on_them"),
        ],
    ),
    tested(
        "3F",
        "124",
        "photographs: huge, HEIC, turned, renamed programs",
        &[(
            "tests/it/field.rs",
            "pictures_that_come_with_verdicts_are_evidence_and_doubtful_ones_are_told_and_written_down",
        )],
    ),
    tested(
        "3F",
        "125",
        "a state that is damaged or gone",
        &[
            ("tests/it/nights.rs", "a_damaged_state_is_found_mended_and_made_again"),
            ("tests/it/nights.rs", "damage_that_nobody_verified_is_never_published"),
        ],
    ),
    case("126", "temporary files on another disk", other_disk),
];

fn failing_calls(place: &Place) -> Told {
    let told = sweeps::writes_and_opens(place);
    // Sixteen descriptors, of which three are taken.
    let scan = place.scan().out(place.path("few"));
    let mut few = Command::new("sh");
    few.arg("-c")
        .arg("ulimit -n 16; exec \"$@\"")
        .arg("sh")
        .arg(scan.command().get_program())
        .args(scan.command().get_args());
    let ended = place.run(&few);
    if ended.code == Some(0) {
        place.same(&scan);
    } else {
        place.is_refusal(&ended, &["Too many open files"]);
    }
    told
}

fn signals(place: &Place) -> Told {
    let scan = place.scan();
    let before = beside(&scan.out);
    for signal in ["-TERM", "-INT", "-HUP"] {
        let mut child = scan.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !scan.out.with_extension("partial").exists() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let code = child.wait().unwrap().code();
        // HUP keeps its meaning, so that `nohup` works: what it leaves is cleared by the next run.
        let expected = if signal == "-HUP" { None } else { Some(130) };
        // Who was quicker than the signal ended well.
        assert!(code == expected || code == Some(0), "{signal}: {code:?}");
        if code == Some(0) {
            fs::remove_dir_all(&scan.out).unwrap();
        } else if code.is_some() {
            assert_eq!(beside(&scan.out), before, "{signal}: something was left");
        }
    }
    let mut pipe = Command::new("sh");
    pipe.arg("-c").arg("\"$@\" | head -n 1 >/dev/null").arg("sh").arg(program().get_program()).arg("explain");
    let ended = place.run(&pipe);
    assert!(ended.code == Some(0) && ended.stderr.is_empty(), "{}", ended.stderr);
    // Less memory than the program needs to begin.
    let mut least = Command::new("sh");
    least
        .arg("-c")
        .arg("ulimit -v 150000; exec \"$@\"")
        .arg("sh")
        .arg(scan.command().get_program())
        .args(scan.command().get_args());
    let ended = least.stdin(Stdio::null()).output().unwrap();
    assert_ne!(ended.status.code(), Some(0), "SILENT MISS: it ended well without memory");
    assert!(!scan.out.exists(), "something was published");
    place.processed(&scan);
    assert_eq!(beside(&scan.out).len(), before.len() + 1, "the next run left something");
    Told::new(Outcome::Processed, "130 and nothing left; a closed pipe is quiet; the next run completes")
}

/// A ledger of one run.
fn ledger(place: &Place) -> std::path::PathBuf {
    place.same(&place.scan());
    for words in [&["ledger", "begin", "ledger.gpkg", "--by", "Wang"][..], RECORD] {
        let ended = place.steppewatch(words);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    place.path("ledger.gpkg")
}

const RECORD: &[&str] = &["ledger", "record", "ledger.gpkg", "out", "--by", "Wang"];
const READS: [&[&str]; 2] =
    [&["ledger", "verify", "ledger.gpkg"], &["leads", "--ledger", "ledger.gpkg", "list"]];

/// A verdict on the one lead.
fn verdict(place: &Place) -> Command {
    let lead = Published { code: 0, out: place.path("out") }.leads()[0].text("id").to_owned();
    let mut step = program();
    step.current_dir(place.drawn.folder()).args(["leads", "--ledger", "ledger.gpkg", "verify", &lead]);
    step.args(["--verdict", "lawful", "--who", "Wang", "--on", "2024-06-12", "--by", "Wang"]);
    step
}

fn damaged_ledger(place: &Place) -> Told {
    let path = ledger(place);
    let whole = fs::read(&path).unwrap();
    let mut told = None;
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..100].fill(0),
        |bytes| bytes.truncate(bytes.len() * 2 / 3),
        |bytes| bytes.truncate(50),
        Vec::clear,
    ];
    for damage in damages {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        for words in READS {
            told = Some(place.is_refusal(&place.steppewatch(words), &["ledger.gpkg"]));
        }
        place.is_refusal(&place.steppewatch(RECORD), &["ledger.gpkg"]);
        assert!(fs::read(&path).unwrap().len() == bytes.len(), "a damaged ledger was made anew");
    }
    for page in (1..whole.len() / 4096).step_by(7) {
        let mut bytes = whole.clone();
        bytes[page * 4096..page * 4096 + 256].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        let ended = place.steppewatch(READS[0]);
        if ended.code != Some(0) {
            place.is_refusal(&ended, &["ledger.gpkg"]);
        } else {
            // Pages of what is shown, not of what was written down, are made anew.
            assert!(
                ended.stderr.contains("event") || ended.stdout.contains("event"),
                "page {page}: {}{}",
                ended.stdout,
                ended.stderr
            );
        }
    }
    told.unwrap()
}

fn ledger_without_log(place: &Place) -> Told {
    let path = ledger(place);
    let before = fs::read(&path).unwrap();
    let step = place.run(&verdict(place));
    assert_eq!(step.code, Some(0), "{}", step.stderr);
    let log = place.path("ledger.gpkg-wal");
    assert!(!log.exists() || fs::metadata(&log).unwrap().len() == 0, "a log stays beside the ledger");
    assert!(before != fs::read(&path).unwrap(), "the step lies elsewhere than in the ledger");
    fs::copy(&path, place.path("copy.gpkg")).unwrap();
    let ended = place.steppewatch(&["ledger", "verify", "copy.gpkg"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    Told::new(Outcome::Processed, "no log stays beside a ledger; a plain copy is whole")
}

fn ledger_held(place: &Place) -> Told {
    let path = ledger(place);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE;").unwrap();
    // The other program lets go after two seconds; the step waits for it, for a minute at most.
    let held = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        raw.execute_batch("ROLLBACK;").unwrap();
    });
    let ended = place.run(&verdict(place));
    held.join().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.seconds > 1.5, "it did not wait");
    Told::new(Outcome::Processed, "the step waits for the other program, and is taken")
}

fn ledger_versions(place: &Place) -> Told {
    let path = ledger(place);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("UPDATE ledger_version SET version = version + 90;").unwrap();
    drop(raw);
    let mut told = None;
    for words in READS {
        told = Some(place.is_refusal(&place.steppewatch(words), &["ledger.gpkg", "version"]));
    }
    let other = place.path("other.gpkg");
    crate::place::tool("ogr2ogr", &["-q", "-f", "GPKG"], &[&other, &place.path("redline.geojson")]);
    let before = fs::read(&other).unwrap();
    let ended = place.steppewatch(&["ledger", "record", "other.gpkg", "out", "--by", "Wang"]);
    place.is_refusal(&ended, &["other.gpkg"]);
    assert!(before == fs::read(&other).unwrap(), "a layer of somebody was changed");
    told.unwrap()
}

fn ledger_edited(place: &Place) -> Told {
    let path = ledger(place);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TRIGGER IF EXISTS events_stay; UPDATE events SET body = replace(body, 'a', 'b') WHERE fid = 2;",
    )
    .unwrap();
    drop(raw);
    let ended = place.steppewatch(READS[0]);
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(1), "SILENT MISS: {told}");
    Told::new(Outcome::Refused, said(&told, &["table events, row 2: was changed"]))
}

fn other_disk(place: &Place) -> Told {
    let other = tempfile::tempdir_in("/dev/shm");
    let Ok(other) = other else {
        return Told::new(Outcome::Inapplicable, "there is no second disk at /dev/shm here");
    };
    place.same(&place.scan().environment("TMPDIR", &other.path().display().to_string()));
    place.same(&place.scan().out(other.path().join("out")));
    assert_eq!(beside(&other.path().join("out")), ["out"]);
    Told::new(Outcome::Processed, "the work lies beside its target, whatever TMPDIR says")
}
