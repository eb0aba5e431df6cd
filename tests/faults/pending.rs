//! Cases whose part of the program is not there yet, by what they wait for: one list each, to be taken out as it comes.

use crate::table::{Case, Way};

/// All lists.
pub const ALL: &[&[Case]] = &[NETWORK];

const fn waits(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    for_what: &'static str,
) -> Case {
    Case { section, number, title, way: Way::Pending(for_what) }
}

const OF_NETWORK: &str = "waits for scenes over HTTP (search, mirror)";
/// What comes over a network.
const NETWORK: &[Case] = &[
    waits("3H", "141", "429 and 503 with Retry-After, 500, 502", OF_NETWORK),
    waits("3H", "142", "dropped, short, reset, one byte a second", OF_NETWORK),
    waits("3H", "143", "200 with a page, 206 with a wrong range, zeros", OF_NETWORK),
    waits("3H", "144", "redirect to this machine, metadata service or file", OF_NETWORK),
    waits("3H", "145", "a signature that ends in the middle of a run", OF_NETWORK),
    waits("3H", "146", "no names, no network at all", OF_NETWORK),
    waits("3H", "147", "a file that changes between two range reads", OF_NETWORK),
    waits("3H", "148", "a download resumed with other bytes; size 0", OF_NETWORK),
    waits("3H", "149", "proxy, TLS and clock faults", OF_NETWORK),
    waits("3H", "150", "a poisoned STAC answer", OF_NETWORK),
    waits("3H", "151", "a STAC geometry that is not the footprint", OF_NETWORK),
    waits("3H", "152", "a catalogue that lacks a third of the scenes", OF_NETWORK),
    waits("3H", "153", "hosts of extension schemas that cannot be reached", OF_NETWORK),
];
