//! Scenes that are disturbed: moved by parts of a pixel, veiled by dust, without some bands.
//!
//! `series` draws steppes with and without a disturbance; `moved` moves real scenes.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::print_stdout, reason = "the table is what the command is for")]

mod kept;
mod moved;
mod series;
#[path = "../shared_data/mod.rs"]
mod shared_data;
