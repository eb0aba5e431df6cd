//! A run that somebody stops leaves nothing, and what was there before stays.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::program::{Scan, beside};
use crate::world::{Drawn, World};

/// Starts a scan and waits until something lies in its partial folder.
fn begun(scan: &Scan) -> Child {
    let mut child = scan.command().stderr(Stdio::null()).spawn().unwrap();
    let partial = scan.out.with_extension("partial");
    for _ in 0..10_000 {
        if fs::read_dir(&partial).is_ok_and(|mut entries| entries.next().is_some()) {
            return child;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().and_then(|()| child.wait()).unwrap();
    panic!("no partial folder within twenty seconds");
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn stopped(mut child: Child, signal: &str) -> Option<i32> {
    send(&child, signal);
    child.wait().unwrap().code()
}

#[test]
fn an_interrupted_run_ends_with_130_and_leaves_nothing() {
    let drawn = Drawn::new(World::steppe(200, 200));
    for signal in ["-INT", "-TERM"] {
        let scan = Scan::of(&drawn);
        let before = beside(&scan.out);
        assert_eq!(stopped(begun(&scan), signal), Some(130), "{signal}");
        assert_eq!(beside(&scan.out), before, "{signal}");
    }
}

#[test]
fn an_interrupted_run_leaves_the_result_of_the_last_one() {
    let drawn = Drawn::new(World::touched());
    let scan = Scan::of(&drawn);
    let first = scan.published().hashes();
    let around = beside(&scan.out);
    assert_eq!(stopped(begun(&scan), "-INT"), Some(130));
    assert_eq!(beside(&scan.out), around);
    assert_eq!(crate::program::Published { code: 0, out: scan.out }.hashes(), first);
}

#[test]
fn what_a_killed_run_leaves_is_cleared_by_the_next() {
    let drawn = Drawn::new(World::touched());
    let scan = Scan::of(&drawn);
    assert_eq!(stopped(begun(&scan), "-KILL"), None);
    assert!(beside(&scan.out).contains(&"out.partial".to_owned()));
    assert!(!beside(&scan.out).contains(&"out".to_owned()), "nothing is at the final name");
    scan.published();
    assert_eq!(beside(&scan.out), ["out", "redline.geojson", "scenes"]);
}

#[test]
fn the_second_of_two_runs_on_one_folder_is_refused_and_the_first_ends_well() {
    let drawn = Drawn::new(World::touched());
    let scan = Scan::of(&drawn);
    let mut first = begun(&scan);
    // It sleeps while the second asks, however slow the machine is.
    send(&first, "-STOP");
    let second = scan.run();
    send(&first, "-CONT");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    crate::program::says(&second.stderr, &["another run", "out.lock", "wait until it ends", "--out"]);
    assert!(fs::exists(scan.out.join("manifest.json")).unwrap());
}
