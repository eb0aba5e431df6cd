//! Cases whose part of the program is not there yet, by what they wait for: one list each, to be taken out as it comes.

use crate::table::{Case, Way};

/// All lists.
pub const ALL: &[&[Case]] = &[ISOLATE];

const fn waits(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    for_what: &'static str,
) -> Case {
    Case { section, number, title, way: Way::Pending(for_what) }
}

const OF_ISOLATE: &str = "waits for decoding in a limited child process (--isolate)";
/// Decoding apart from the run.
const ISOLATE: &[Case] = &[
    waits("3G", "137", "a scene that crashes its decoder every time", OF_ISOLATE),
    waits("3G", "138", "a decoder that never ends, a disk that stalls", OF_ISOLATE),
];
