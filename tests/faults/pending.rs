//! Cases whose part of the program is not there yet, by what they wait for: one list each, to be taken out as it comes.

use crate::table::{Case, Way};

/// All lists.
pub const ALL: &[&[Case]] = &[PRODUCTS, NETWORK, ISOLATE, PERSONS];

const fn waits(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    for_what: &'static str,
) -> Case {
    Case { section, number, title, way: Way::Pending(for_what) }
}

const OF_PRODUCTS: &str = "waits for the readers of products (SAFE, ZIP, Landsat, HLS)";
/// Products as they come.
const PRODUCTS: &[Case] = &[
    waits("3A", "23", "ZIP: bomb, nested, ../ entry, absolute, link, case, a million", OF_PRODUCTS),
    waits("3B", "27", "Sentinel-2 before N0301 and after N0400 without the offset", OF_PRODUCTS),
    waits("3B", "28", "Collection 1 reprocessing (N05xx) of a day of 2018", OF_PRODUCTS),
    waits("3B", "29", "catalogue says offset applied, pixels say not", OF_PRODUCTS),
    waits("3B", "30", "offset taken twice: negative reflectance", OF_PRODUCTS),
    waits("3B", "31", "number 500 less 1000 in unsigned arithmetic", OF_PRODUCTS),
    waits("3B", "32", "0 is nodata before the offset, 65535 is saturated", OF_PRODUCTS),
    waits("3B", "33", "Landsat Collection 2 without scale and offset", OF_PRODUCTS),
    waits("3B", "34", "scale and offset with the wrong sign", OF_PRODUCTS),
    waits("3B", "35", "one date 0 to 10 000, another 0 to 1", OF_PRODUCTS),
    waits("3B", "36", "8-bit stretched colours given as reflectance", OF_PRODUCTS),
    waits("3B", "45", "two sensors, bands in another order, no near infrared", OF_PRODUCTS),
    waits("3B", "46", "JPEG 2000 of 15 bits", OF_PRODUCTS),
    waits("3C", "57", "neighbouring tiles overlap: one place in two to four", OF_PRODUCTS),
    waits("3C", "58", "one scene twice: reprocessed, two stations, two baselines", OF_PRODUCTS),
    waits("3C", "59", "a day in split datastrips", OF_PRODUCTS),
];

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

const OF_ISOLATE: &str = "waits for decoding in a limited child process (--isolate)";
/// Decoding apart from the run.
const ISOLATE: &[Case] = &[
    waits("3G", "137", "a scene that crashes its decoder every time", OF_ISOLATE),
    waits("3G", "138", "a decoder that never ends, a disk that stalls", OF_ISOLATE),
];

const OF_PERSONS: &str = "waits for an export without persons";
/// Persons in what is handed on.
const PERSONS: &[Case] = &[
    waits("3J", "170", "names, telephones and trails of officers in shared files", OF_PERSONS),
    waits("3J", "171", "EXIF of photographs", OF_PERSONS),
];
