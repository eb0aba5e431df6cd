//! The program itself on small drawn worlds: its faults, its laws, its words.
//!
//! `world` draws scenes and red lines, `program` runs the built binary on them; every other module is a
//! group of tests named by sentences.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

mod around_the_clock;
mod baselines;
mod bucket;
mod cli;
mod context;
mod dates;
#[allow(dead_code, reason = "half of it is for the tests of catalogues")]
mod decoders;
mod desk;
mod doubts;
#[path = "../../src/ledger/photograph/drawn.rs"]
mod drawn;
mod ear;
mod engines;
mod faults;
mod field;
mod field_day;
mod fuzz;
mod gaps;
mod golden;
mod guarantees;
mod hand_over;
mod hostile;
mod implants;
mod inputs;
mod interrupted;
mod isolated;
mod laws;
mod ledger;
mod ledger_postgres;
mod look_again;
mod looks;
mod mutate;
mod nights;
mod products;
mod program;
mod provenance;
mod reference;
mod registration;
mod report;
mod safe;
mod shards;
mod submodels;
mod trace;
mod world;
