//! Two results, file by file: the same bytes, or what differs.
//!
//! In:  the manifest of a run, the folder of another. Out: for each file of either whether it is the same, else what differs:
//!      which features and columns of a layer, which lines of a text, how many bytes of anything else; the first few.
//! Law: the bytes decide, against the digest that the manifest states; words only explain. `manifest.json` is left out: it
//!      holds times and places.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::provenance::verify::{self, below};
use crate::provenance::{Manifest, geopackage, is_inside};
use crate::publish::digest;
use crate::publish::staging::MANIFEST;

/// Differences of one file that are told.
pub const FEW: usize = 5;

/// A file of either result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its name.
    pub file: String,
    /// Whether both are the same byte for byte.
    pub is_same: bool,
    /// What differs, the first few; empty where nothing does.
    pub words: Vec<String>,
}

/// Every file of a run as its manifest states it, against the folder of another; in the order of names.
pub fn compare(one: &Manifest, other: &Path) -> Vec<Pair> {
    let stated: BTreeMap<&str, &str> =
        one.outputs.iter().map(|output| (output.file.as_str(), output.sha256.as_str())).collect();
    let there: BTreeSet<String> = below(other).into_iter().filter(|name| name != MANIFEST).collect();
    let names: BTreeSet<&str> = stated.keys().copied().chain(there.iter().map(String::as_str)).collect();
    let pair = |name: &str| {
        let pair = |is_same: bool, words: Vec<String>| Pair { file: name.to_owned(), is_same, words };
        match (stated.get(name), there.contains(name)) {
            (None, _) => pair(false, vec!["is new: the run did not write it".to_owned()]),
            (Some(_), false) => pair(false, vec!["was not written this time".to_owned()]),
            (Some(sha256), true) => match digest::of_file(&other.join(name)) {
                Ok((_, found)) if found == **sha256 => pair(true, Vec::new()),
                Ok(_) => pair(false, explained(one, sha256, other, name)),
                Err(error) => pair(false, vec![error.to_string()]),
            },
        }
    };
    names.into_iter().map(pair).collect()
}

/// What differs between the file of the run and that of another.
fn explained(one: &Manifest, sha256: &str, other: &Path, name: &str) -> Vec<String> {
    let (own, new) = (one.folder.join(name), other.join(name));
    let is_own = is_inside(name) && digest::of_file(&own).is_ok_and(|(_, found)| found == sha256);
    if !is_own {
        return vec!["differs from the digest of the manifest; the file of the run is gone or was changed since, so that it \
                     cannot be told where"
            .to_owned()];
    }
    let (Ok(own_bytes), Ok(new_bytes)) = (fs::read(&own), fs::read(&new)) else {
        return vec!["differs, and cannot be read".to_owned()];
    };
    let told = match name.rsplit('.').next() {
        Some("geojson") => layers(&own_bytes, &new_bytes),
        Some("gpkg") => geopackage::differences(&own, &new),
        Some("qml" | "csv" | "txt" | "html") => lines(&own_bytes, &new_bytes),
        _ => None,
    };
    told.filter(|told| !told.is_empty()).unwrap_or_else(|| vec![bytes(&own_bytes, &new_bytes)])
}

/// How many bytes differ, and where the first one is.
fn bytes(one: &[u8], other: &[u8]) -> String {
    let pairs = one.iter().zip(other);
    let differ = pairs.clone().filter(|(a, b)| a != b).count() + one.len().abs_diff(other.len());
    let first = pairs.take_while(|(a, b)| a == b).count();
    format!("{differ} bytes differ, the first at {first} ({} and {} bytes)", one.len(), other.len())
}

/// The first lines that differ.
fn lines(one: &[u8], other: &[u8]) -> Option<Vec<String>> {
    let (one, other) = (std::str::from_utf8(one).ok()?, std::str::from_utf8(other).ok()?);
    let differ = one.lines().zip(other.lines()).enumerate().filter(|(_, (a, b))| a != b);
    let mut told: Vec<String> = differ
        .take(FEW)
        .map(|(at, (a, b))| format!("line {}: {} became {}", at + 1, short(a), short(b)))
        .collect();
    let (before, after) = (one.lines().count(), other.lines().count());
    if before != after {
        told.push(format!("{before} lines became {after}"));
    }
    Some(told)
}

/// Features by id; columns and outlines that differ.
fn layers(one: &[u8], other: &[u8]) -> Option<Vec<String>> {
    let (one, other): (Value, Value) =
        (serde_json::from_slice(one).ok()?, serde_json::from_slice(other).ok()?);
    let by_id = |layer: &Value| -> Option<BTreeMap<String, Value>> {
        let features = layer["features"].as_array()?;
        let id = |feature: &Value| feature["id"].as_str().map_or(feature["id"].to_string(), str::to_owned);
        Some(features.iter().map(|feature| (id(feature), feature.clone())).collect())
    };
    let (before, after) = (by_id(&one)?, by_id(&other)?);
    let mut told = Vec::new();
    let gone: Vec<&str> = before.keys().filter(|id| !after.contains_key(*id)).map(String::as_str).collect();
    let new: Vec<&str> = after.keys().filter(|id| !before.contains_key(*id)).map(String::as_str).collect();
    for (what, ids) in [("features that are gone", gone), ("features that are new", new)] {
        if !ids.is_empty() {
            told.push(format!("{} {what}: {}", ids.len(), ids[..ids.len().min(FEW)].join(", ")));
        }
    }
    let changed: Vec<(&String, Vec<String>)> = before
        .iter()
        .filter_map(|(id, feature)| Some((id, of_feature(feature, after.get(id)?))))
        .filter(|(_, words)| !words.is_empty())
        .collect();
    if !changed.is_empty() {
        told.push(format!("{} of {} features differ", changed.len(), before.len()));
    }
    told.extend(changed.iter().take(FEW).map(|(id, words)| format!("{id}: {}", words.join("; "))));
    Some(told)
}

fn of_feature(one: &Value, other: &Value) -> Vec<String> {
    let columns = |feature: &'_ Value| feature["properties"].as_object().cloned().unwrap_or_default();
    let (before, after) = (columns(one), columns(other));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let (null, mut words) = (Value::Null, Vec::new());
    for name in names {
        let (a, b) = (before.get(name).unwrap_or(&null), after.get(name).unwrap_or(&null));
        if a != b && words.len() < FEW {
            words.push(format!("{name} {} became {}", short(&a.to_string()), short(&b.to_string())));
        }
    }
    if one["geometry"] != other["geometry"] {
        words.push(outlines(&one["geometry"], &other["geometry"]));
    }
    words
}

/// How far outlines are apart, degrees.
fn outlines(one: &Value, other: &Value) -> String {
    fn numbers(value: &Value, all: &mut Vec<f64>) {
        match value {
            Value::Array(parts) => parts.iter().for_each(|part| numbers(part, all)),
            other => all.extend(other.as_f64()),
        }
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    numbers(&one["coordinates"], &mut a);
    numbers(&other["coordinates"], &mut b);
    if a.len() != b.len() {
        return format!("its outline has {} vertices and had {}", b.len() / 2, a.len() / 2);
    }
    let most = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    format!("its outline moved by up to {most:.1e} degrees")
}

/// The beginning of something long.
pub(super) fn short(words: &str) -> String {
    const MOST: usize = 60;
    match words.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words.to_owned(),
    }
}

/// The verdict on each file that a manifest states, as it lies there: what is not intact.
pub fn changed_since(manifest: &Manifest) -> Vec<verify::Item> {
    let asked = verify::Asked { only_outputs: true, ..verify::Asked::default() };
    let items = verify::verify(manifest, &asked);
    items.into_iter().filter(|item| item.verdict != verify::Verdict::Intact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn layer(area: f64, x: f64, ids: &[&str]) -> Vec<u8> {
        let feature = |id: &&str| {
            json!({"type": "Feature", "id": id, "properties": {"id": id, "area_m2": area},
                   "geometry": {"type": "Polygon", "coordinates": [[[x, 1.0], [2.0, 1.0], [2.0, 2.0], [x, 1.0]]]}})
        };
        json!({"features": ids.iter().map(feature).collect::<Value>()}).to_string().into_bytes()
    }

    #[test]
    fn layers_tell_which_features_and_columns_differ() {
        let told = layers(&layer(1.0, 0.0, &["a", "b"]), &layer(1.5, 1e-7, &["b", "c"])).unwrap();
        assert_eq!(
            told,
            [
                "1 features that are gone: a",
                "1 features that are new: c",
                "1 of 2 features differ",
                "b: area_m2 1.0 became 1.5; its outline moved by up to 1.0e-7 degrees"
            ]
        );
        assert!(layers(b"{}", b"{}").is_none());
    }

    #[test]
    fn texts_tell_lines_and_all_else_tells_bytes() {
        assert_eq!(lines(b"a\nb\n", b"a\nc\nd\n").unwrap(), ["line 2: b became c", "2 lines became 3"]);
        assert_eq!(bytes(b"abc", b"abXY"), "2 bytes differ, the first at 2 (3 and 4 bytes)");
        assert_eq!(short(&"界".repeat(90)).chars().count(), 61);
    }
}
