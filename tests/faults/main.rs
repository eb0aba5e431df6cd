//! The catalogue of faults as a table that runs: 184 cases, one printed line each.
//!
//! In:  `cargo test --test faults`, with words that choose cases: `3A`, `3A 9`, a part of a title, `corpora`.
//! Out: section, number, title, outcome, seconds and memory of the slowest and largest program that ran for it; the sums.
//! Law: no fault ends as "no change": it is refused, or a gap, or the leads are those without it. No panic, no signal,
//!      10 s and 1 GiB for each program.
//! Source: the catalogue of faults that the project's study of reliability drew up: sections 3A to 3K, 1 to 183 and 89b.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::print_stdout, reason = "the table is what this program prints")]

mod apart;
mod containers;
mod corpora;
#[path = "../it/ear.rs"]
mod ear;
mod evidence;
mod georeference;
mod guard;
#[allow(dead_code, reason = "the table draws some of what the tests draw")]
#[path = "../it/looks.rs"]
mod looks;
mod network;
mod outputs;
mod pictures;
mod place;
#[allow(dead_code, reason = "the table asks for some of what the tests ask for")]
#[path = "../it/program.rs"]
mod program;
mod radiometry;
mod redlines;
mod schedule;
mod storage;
mod sweeps;
mod table;
mod tiff;
mod web;
#[allow(dead_code, reason = "the table draws some of what the tests draw")]
#[path = "../it/world.rs"]
mod world;

use std::process::ExitCode;

/// Cases of the catalogue.
const CATALOGUE: usize = 184;

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut cases: Vec<table::Case> = [
        containers::CASES,
        radiometry::CASES,
        georeference::CASES,
        redlines::CASES,
        outputs::CASES,
        network::CASES,
        storage::CASES,
        schedule::CASES,
        apart::CASES,
        web::CASES,
        evidence::CASES,
    ]
    .concat();
    cases.sort_by_key(table::Case::order);
    table::complete(&cases, CATALOGUE);
    cases.extend_from_slice(corpora::CASES);
    table::run(&cases, &asked)
}
