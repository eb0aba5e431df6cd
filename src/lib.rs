#![doc = include_str!("README.md")]
#![forbid(unsafe_code)]

// What things are. Blank lines keep the order: it is the order in which data flows,
// and a file may use only what stands above it (`tests/tidy.rs`).

pub mod units;

pub mod date;

pub mod grid;

pub mod scene;

pub mod plain;

pub mod redline;

pub mod law;

pub mod submodel;

pub mod reason;

pub mod lead;

// What happens to a pixel, in this order.

pub mod bucket;

pub mod read;

pub mod observe;

pub mod baseline;

pub mod detect;

pub mod patch;

pub mod weigh;

pub mod publish;

pub mod catalogue;

pub mod ledger;

pub mod provenance;

pub mod report;

// What stands beside the way: a world whose truth is known, and the measure of a result.

pub mod simulate;

pub mod assess;

// Who conducts.

pub mod plan;

pub mod run;

// Who looks and decides, with a browser.

pub mod desk;

// Who is spoken to.

pub mod cli;
