//! 3G: decoders that crash, hang or were taken over, in a process of their own (`--isolate`).
//!
//! In:  `poison.c`, a library laid before GDAL that spoils the decoding of one file.

use std::fs;
use std::process::Stdio;

use crate::guard;
use crate::place::{LATE, Place, said};
use crate::program::Scan;
use crate::table::{Case, Outcome, Told, run_case};

pub const CASES: &[Case] = &[
    run_case("3G", "137", "a scene that crashes its decoder every time", crashes),
    run_case("3G", "138", "a decoder that never ends, a disk that stalls", hangs),
];

/// A scan in which the decoder of the late scene is spoilt.
fn poisoned(place: &Place, (at, how): (&str, &str)) -> Scan {
    place
        .scan()
        .environment("LD_PRELOAD", guard::preloaded("poison").to_str().unwrap())
        .environment("GDAL_POISON", &LATE.to_string())
        .environment("GDAL_POISON_AT", at)
        .environment("GDAL_POISON_HOW", how)
        .out(place.path(&format!("out-{at}-{how}")))
}

/// The scene is set aside aloud, the run goes on, and red lines have their gap.
fn set_aside(place: &Place, scan: &Scan, words: &[&str]) {
    let (published, ended) = place.same_places(scan);
    let gaps = published.gaps();
    let is_told = gaps.iter().any(|gap| gap.text("reason") == "scene_not_decoded");
    assert!(published.code == 3 && is_told, "SILENT MISS: {} {}", published.code, ended.stderr);
    let skipped = published.json("manifest.json")["result"]["skipped"].to_string();
    let name = format!("S2_{LATE}.tif");
    assert!(skipped.contains(&name), "SILENT MISS: the manifest skips {skipped}");
    said(&ended.stderr, &[&["set aside", name.as_str()], words].concat());
}

fn crashes(place: &Place) -> Told {
    // Without a process of its own it takes the run along: the poison works.
    let mut alone = poisoned(place, ("read", "crash")).with("--isolate=no").command();
    let status = alone.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), None, "the poison does not work");
    for spoilt in [("read", "crash"), ("open", "crash"), ("read", "abort")] {
        let signal = if spoilt.1 == "abort" { "signal 6" } else { "signal 11" };
        set_aside(place, &poisoned(place, spoilt).with("--isolate"), &[signal]);
    }
    // One that was taken over can reach nobody, and answers as before.
    let target = place.write("target", "whole");
    let scan = poisoned(place, ("open", "escape")).with("--isolate=yes");
    place.same(&scan.environment("GDAL_POISON_PLACE", target.to_str().unwrap()));
    assert_eq!(fs::read_to_string(target).unwrap(), "whole");
    Told::new(
        Outcome::Stated,
        "set aside with its signal, gap scene_not_decoded, the other leads as before; a decoder that was taken over opens no \
         connection, writes and removes no file, starts no process, signals nobody",
    )
}

fn hangs(place: &Place) -> Told {
    for spoilt in [("read", "wait"), ("open", "spin")] {
        let scan = poisoned(place, spoilt).with("--isolate=yes --patience 1");
        set_aside(place, &scan, &["did not come to an end within 1 s"]);
    }
    Told::new(
        Outcome::Stated,
        "set aside after its deadline, gap scene_not_decoded, the other leads as before",
    )
}
