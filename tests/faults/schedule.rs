//! 3G: two runs at once, time, order, machines. (A decoder that crashes or hangs: `apart`.)

use std::fs;
use std::process::{Command, Stdio};

use crate::place::{LATE, Place};
use crate::program::{Published, beside};
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::world::{BASELINE, TARGET};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3G", number, title, work)
}

pub const CASES: &[Case] = &[
    case("127", "four runs at once on one output", four_at_once),
    case("128", "a lock that a killed run left", stale_lock),
    case("129", "clocks of 1970, 2038 and 2106", clocks),
    case("130", "a day in two zones of time", zones),
    case("131", "dates that are none, or of two meanings", dates),
    tested(
        "3G",
        "132",
        "nights that were missed",
        &[("tests/it/around_the_clock.rs", "nights_of_late_double_broken_and_killed_end_as_one_clean_run")],
    ),
    tested(
        "3G",
        "133",
        "late scenes, withdrawn scenes, the same id with other bytes",
        &[
            ("tests/it/nights.rs", "a_scene_that_changed_is_taken_in_anew_and_one_that_is_gone_is_forgotten"),
            ("tests/it/nights.rs", "a_late_scene_of_the_look_back_is_learned_from"),
        ],
    ),
    tested(
        "3G",
        "134",
        "a state asked with another question",
        &[("tests/it/nights.rs", "what_is_asked_by_flags_is_part_of_the_question")],
    ),
    case("135", "the same run twice", twice),
    case("136", "workers and order of files", workers),
    case("139", "read-only root, no home, another user, no environment", container),
    case("140", "exit codes", exit_codes),
];

fn four_at_once(place: &Place) -> Told {
    let scan = place.scan();
    let started: Vec<_> = (0..4)
        .map(|_| scan.command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let (mut done, mut refused) = (0, 0);
    for child in started {
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => done += 1,
            Some(1) => {
                assert!(words.contains("another run") && words.contains("out.lock"), "{words}");
                refused += 1;
            }
            other => panic!("ended with {other:?}: {words}"),
        }
    }
    assert!(done >= 1);
    let published = Published { code: 0, out: scan.out.clone() }.hashes();
    place.same(&place.scan().out(place.path("alone")));
    assert_eq!(published, Published { code: 0, out: place.path("alone") }.hashes());
    Told::new(
        Outcome::Refused,
        format!("{done} completed, {refused} were told who holds the lock; one whole output"),
    )
}

fn stale_lock(place: &Place) -> Told {
    let scan = place.scan();
    let mut child = scan.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !scan.out.with_extension("partial").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(beside(&scan.out).contains(&"out.lock".to_owned()), "no lock was left");
    let told = place.processed(&scan);
    assert!(!beside(&scan.out).contains(&"out.lock".to_owned()));
    told
}

fn clocks(place: &Place) -> Told {
    let library = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ];
    let Some(library) = library.into_iter().find(|path| fs::exists(path).unwrap_or(false)) else {
        return Told::new(Outcome::Inapplicable, "faketime is not installed here (scripts/install --test)");
    };
    for (index, moment) in
        ["1970-01-02 00:00:00", "2038-01-19 03:14:08", "2106-02-07 06:28:16"].iter().enumerate()
    {
        let scan = place
            .scan()
            .environment("LD_PRELOAD", library)
            .environment("FAKETIME", moment)
            .out(place.path(&format!("out{index}")));
        place.same(&scan);
        let manifest = Published { code: 0, out: scan.out }.json("manifest.json");
        assert!(
            manifest["run"]["started"].as_str().unwrap().starts_with(&moment[..4]),
            "{}",
            manifest["run"]["started"]
        );
    }
    Told::new(Outcome::Processed, "the same leads at three ends of time")
}

fn zones(place: &Place) -> Told {
    for (index, zone) in ["UTC", "Asia/Shanghai", "America/Adak", "Pacific/Kiritimati"].iter().enumerate() {
        place.same(&place.scan().environment("TZ", zone).out(place.path(&format!("out{index}"))));
    }
    Told::new(Outcome::Processed, "a scene's day is the day that its metadata write (UTC), in any zone")
}

fn dates(place: &Place) -> Told {
    let mut told = None;
    for period in [
        "2020/1/2",
        "20200102/20221231",
        "02-01-2020/31-12-2022",
        "2020-01-01T00:00:00/2022-12-31",
        "2020-02-30/2022-12-31",
        "2022-12-31/2020-01-01",
        "..",
        "last year",
    ] {
        let scan = place.scan().periods(period, TARGET);
        let ended = place.run(&scan.command());
        assert_eq!(ended.code, Some(2), "{period}: {}", ended.stderr);
        told = Some(place.is_refusal(&ended, &["baseline"]));
    }
    fs::rename(place.scene(LATE), place.path("scenes/S2_17-07-2023.tif")).unwrap();
    place.refused(&place.scan(), &["S2_17-07-2023.tif", "YYYY"]);
    told.unwrap()
}

fn twice(place: &Place) -> Told {
    let (first, _) = place.same(&place.scan());
    let first = first.hashes();
    let (second, _) = place.same(&place.scan());
    assert_eq!(first, second.hashes());
    Told::new(Outcome::Processed, "no new lead, no changed byte")
}

fn workers(place: &Place) -> Told {
    for (index, way) in
        ["--threads 1", "--threads 2 --tile-size 128", "--threads 8 --tile-size 0 --memory 600MiB"]
            .iter()
            .enumerate()
    {
        place.same(&place.scan().with(way).out(place.path(&format!("out{index}"))));
    }
    Told::new(Outcome::Processed, "the same bytes with 1, 2 and 8 workers")
}

fn container(place: &Place) -> Told {
    let out = place.path("inside");
    fs::create_dir(&out).unwrap();
    for path in [place.path(""), out.clone()] {
        assert!(Command::new("chmod").arg("777").arg(path).status().unwrap().success());
    }
    let scan = place.scan().out(out.join("out"));
    let command = scan.command();
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    // The root of files read-only, but for the folder of the output.
    let script = format!(
        "mount --bind '{0}' '{0}' && mount -o remount,ro,bind / && exec env -i TMPDIR='{0}' setpriv --reuid=65534 --regid=65534 --clear-groups {1}",
        out.display(),
        words.join(" ")
    );
    let mut inner = Command::new("unshare");
    inner.args(["-m", "sh", "-c", &script]);
    let ended = place.run(&inner);
    let not_here = ["unshare:", "mount:", "setpriv:"].iter().any(|word| ended.stderr.contains(word));
    if not_here {
        return Told::new(
            Outcome::Inapplicable,
            "this machine lets no test mount a root of its own or become another user",
        );
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let leads = fs::read(out.join("out/leads.geojson")).unwrap();
    let (published, _) = place.same(&place.scan().out(place.path("alone")));
    assert_eq!(leads, fs::read(published.out.join("leads.geojson")).unwrap());
    Told::new(
        Outcome::Processed,
        "the same leads as user 65534 on a read-only root with an empty environment",
    )
}

fn exit_codes(place: &Place) -> Told {
    let code = |scan: crate::program::Scan| place.run(&scan.command()).code;
    assert_eq!(code(place.scan()), Some(0), "complete");
    assert_eq!(code(place.scan().redlines(place.path("no-such.geojson"))), Some(1), "an input is missing");
    assert_eq!(code(place.scan().periods(TARGET, BASELINE)), Some(2), "a wrong plan");
    assert_eq!(place.steppewatch(&["scan", "--colour", "red"]).code, Some(2), "a wrong flag");
    let lock = fs::File::create(place.path("held.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(code(place.scan().out(place.path("held"))), Some(1), "locked");
    let mut world = place.drawn.world.clone();
    world.redline = Some(crate::world::Block::new(4, 4, 48, 90));
    world.draw_redline(&place.path("wide.geojson"));
    assert_eq!(
        code(place.scan().redlines(place.path("wide.geojson")).out(place.path("gaps"))),
        Some(3),
        "gaps"
    );
    Told::new(
        Outcome::Processed,
        "0 complete, 1 failed, 2 wrong use, 3 gaps; 4 a held state, 5 overdue, 130 stopped are tested with their verbs",
    )
}
