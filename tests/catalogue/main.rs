//! Scenes that lie elsewhere, asked of servers on this machine: a faulty one drawn here, and a real STAC API where one is set up
//! (`scripts/test-stac`).

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::print_stdout, reason = "a long test says how it went")]

mod api;
#[allow(dead_code, reason = "half of it is for the other tests")]
#[path = "../it/decoders.rs"]
mod decoders;
mod faults;
mod hosts;
#[allow(dead_code, reason = "drawn for all tests, half of it used here")]
#[path = "../it/looks.rs"]
mod looks;
mod scan;
mod server;
#[allow(dead_code, reason = "drawn for all tests, half of it used here")]
#[path = "../it/world.rs"]
mod world;
mod worlds;

/// A number of bytes (FNV-1a).
pub fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
