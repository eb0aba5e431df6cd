//! Roads of an OpenStreetMap extract in its PBF form: ways that a car may take, and where their nodes lie.
//!
//! In:  a `.osm.pbf` file. Out: ways with what their tags say, places of the nodes that they use.
//! Law: a file is read block by block and never as a whole; a block is no larger than the format allows. What is not as the
//!      format says is refused with the file and the place.
//! Source: wiki.openstreetmap.org/wiki/PBF_Format; protobuf.dev/programming-guides/encoding. Written here because the few
//!      messages that roads need are a page, and a library for them brings a compiler of its own.

use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::ZlibDecoder;

use crate::plain;
use crate::report::ReportError;

mod wire;

use wire::{Fields, Value, packed, signed};

/// Largest header and block that the format allows, in bytes.
const LARGEST_HEADER: u32 = 64 * 1024;
const LARGEST_BLOCK: u64 = 32 * 1024 * 1024;

/// Features that this reader knows; a file that asks for another one is refused.
const KNOWN: [&str; 2] = ["OsmSchema-V0.6", "DenseNodes"];

/// A way.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Its tags that were asked for, key and value.
    pub tags: Vec<(&'static str, String)>,
    /// Ids of its nodes in order.
    pub nodes: Vec<i64>,
}

/// Ways that have a tag `highway`, with those tags whose keys are asked for.
///
/// # Errors
/// `Flag` where the file cannot be read.
pub fn ways(path: &Path, keys: &[&'static str]) -> Result<Vec<Way>, ReportError> {
    let mut found = Vec::new();
    blocks(path, |block| {
        let words = block.words()?;
        for group in block.groups()? {
            for field in Fields::of(group) {
                if let (3, Value::Bytes(way)) = field? {
                    found.extend(way_of(way, &words, keys)?);
                }
            }
        }
        Some(())
    })?;
    Ok(found)
}

/// Longitude and latitude of nodes, for those of whom `wanted` says where to put them.
///
/// # Errors
/// `Flag` where the file cannot be read.
pub fn places(path: &Path, mut wanted: impl FnMut(i64, (f64, f64))) -> Result<(), ReportError> {
    blocks(path, |block| {
        let frame = block.frame()?;
        for group in block.groups()? {
            for field in Fields::of(group) {
                match field? {
                    (1, Value::Bytes(node)) => one_node(node, &frame, &mut wanted)?,
                    (2, Value::Bytes(dense)) => dense_nodes(dense, &frame, &mut wanted)?,
                    _ => {}
                }
            }
        }
        Some(())
    })
}

/// A block of the file, unpacked.
struct Block<'a>(&'a [u8]);

/// How a block writes places: nanodegrees of a step, and where counting begins.
struct Frame {
    granularity: i64,
    latitude: i64,
    longitude: i64,
}

impl Frame {
    fn place(&self, latitude: i64, longitude: i64) -> (f64, f64) {
        let degrees =
            |from: i64, steps: i64| from.saturating_add(self.granularity.saturating_mul(steps)) as f64 * 1e-9;
        (degrees(self.longitude, longitude), degrees(self.latitude, latitude))
    }
}

impl<'a> Block<'a> {
    fn groups(&self) -> Option<Vec<&'a [u8]>> {
        let mut groups = Vec::new();
        for field in Fields::of(self.0) {
            if let (2, Value::Bytes(group)) = field? {
                groups.push(group);
            }
        }
        Some(groups)
    }

    fn words(&self) -> Option<Vec<&'a [u8]>> {
        let mut words = Vec::new();
        for field in Fields::of(self.0) {
            if let (1, Value::Bytes(table)) = field? {
                for word in Fields::of(table) {
                    if let (1, Value::Bytes(word)) = word? {
                        words.push(word);
                    }
                }
            }
        }
        Some(words)
    }

    fn frame(&self) -> Option<Frame> {
        let mut frame = Frame { granularity: 100, latitude: 0, longitude: 0 };
        for field in Fields::of(self.0) {
            match field? {
                (17, Value::Number(number)) => frame.granularity = number as i64,
                (19, Value::Number(number)) => frame.latitude = number as i64,
                (20, Value::Number(number)) => frame.longitude = number as i64,
                _ => {}
            }
        }
        Some(frame)
    }
}

fn way_of(way: &[u8], words: &[&[u8]], keys: &[&'static str]) -> Option<Option<Way>> {
    let (mut names, mut values, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for field in Fields::of(way) {
        match field? {
            (2, Value::Bytes(bytes)) => names = packed(bytes)?,
            (3, Value::Bytes(bytes)) => values = packed(bytes)?,
            (8, Value::Bytes(bytes)) => nodes = summed(bytes)?,
            _ => {}
        }
    }
    let word = |number: &u64| words.get(usize::try_from(*number).ok()?).copied();
    let mut tags = Vec::new();
    for (name, value) in names.iter().zip(&values) {
        let (name, value) = (word(name)?, word(value)?);
        if let Some(key) = keys.iter().find(|key| key.as_bytes() == name) {
            tags.push((*key, String::from_utf8_lossy(value).into_owned()));
        }
    }
    Some(tags.iter().any(|(key, _)| *key == "highway").then_some(Way { tags, nodes }))
}

fn one_node(node: &[u8], frame: &Frame, wanted: &mut impl FnMut(i64, (f64, f64))) -> Option<()> {
    let (mut id, mut latitude, mut longitude) = (0, 0, 0);
    for field in Fields::of(node) {
        match field? {
            (1, Value::Number(number)) => id = signed(number),
            (8, Value::Number(number)) => latitude = signed(number),
            (9, Value::Number(number)) => longitude = signed(number),
            _ => {}
        }
    }
    wanted(id, frame.place(latitude, longitude));
    Some(())
}

fn dense_nodes(dense: &[u8], frame: &Frame, wanted: &mut impl FnMut(i64, (f64, f64))) -> Option<()> {
    let (mut ids, mut latitudes, mut longitudes) = (Vec::new(), Vec::new(), Vec::new());
    for field in Fields::of(dense) {
        match field? {
            (1, Value::Bytes(bytes)) => ids = summed(bytes)?,
            (8, Value::Bytes(bytes)) => latitudes = summed(bytes)?,
            (9, Value::Bytes(bytes)) => longitudes = summed(bytes)?,
            _ => {}
        }
    }
    if ids.len() != latitudes.len() || ids.len() != longitudes.len() {
        return None;
    }
    for (id, (latitude, longitude)) in ids.into_iter().zip(latitudes.into_iter().zip(longitudes)) {
        wanted(id, frame.place(latitude, longitude));
    }
    Some(())
}

/// Numbers of which each is written as what it is more than the one before.
fn summed(bytes: &[u8]) -> Option<Vec<i64>> {
    let mut sum = 0_i64;
    Some(
        packed(bytes)?
            .into_iter()
            .map(|step| {
                sum = sum.wrapping_add(signed(step));
                sum
            })
            .collect(),
    )
}

/// Goes through the blocks of data of a file.
fn blocks(path: &Path, mut visit: impl FnMut(Block) -> Option<()>) -> Result<(), ReportError> {
    let wrong = |found: String| ReportError::Flag {
        flag: format!("--roads {}", path.display()),
        expected: "an extract of OpenStreetMap (.osm.pbf)".to_owned(),
        found,
        next: "get the extract anew (a part of the file may be missing), or leave --roads out".to_owned(),
    };
    let file = plain::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut file = BufReader::new(file);
    let mut number = 0;
    loop {
        let mut length = [0; 4];
        match file.read(&mut length[..1]) {
            Ok(0) if number > 0 => return Ok(()),
            Ok(0) => return Err(wrong("an empty file".to_owned())),
            Ok(_) => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
        number += 1;
        let broken = |what: &str| wrong(format!("block {number}: {what}"));
        file.read_exact(&mut length[1..]).map_err(|error| broken(&error.to_string()))?;
        let length = u32::from_be_bytes(length);
        if length > LARGEST_HEADER {
            return Err(broken("a header larger than the format allows"));
        }
        let header = taken(&mut file, u64::from(length)).map_err(|error| broken(&error))?;
        let (kind, size) = header_of(&header).ok_or_else(|| broken("a header that cannot be read"))?;
        if size > LARGEST_BLOCK {
            return Err(broken("larger than the format allows"));
        }
        let blob = taken(&mut file, size).map_err(|error| broken(&error))?;
        let data = unpacked(&blob).map_err(|error| broken(&error))?;
        match kind.as_slice() {
            b"OSMHeader" => {
                if let Some(unknown) = unknown(&data).ok_or_else(|| broken("a header that cannot be read"))? {
                    return Err(broken(&format!("asks for '{unknown}', which this reader does not know")));
                }
            }
            b"OSMData" => visit(Block(&data)).ok_or_else(|| broken("what the format does not know"))?,
            _ if number == 1 => return Err(broken("no OSMHeader")),
            _ => {}
        }
    }
}

/// So many bytes, and not one less.
fn taken(file: &mut impl Read, size: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let is_whole = bytes.len() as u64 == size;
    is_whole.then_some(bytes).ok_or_else(|| "the file ends within it".to_owned())
}

fn header_of(header: &[u8]) -> Option<(Vec<u8>, u64)> {
    let (mut kind, mut size) = (Vec::new(), None);
    for field in Fields::of(header) {
        match field? {
            (1, Value::Bytes(bytes)) => kind = bytes.to_vec(),
            (3, Value::Number(number)) => size = Some(number),
            _ => {}
        }
    }
    Some((kind, size?))
}

fn unpacked(blob: &[u8]) -> Result<Vec<u8>, String> {
    for field in Fields::of(blob) {
        match field.ok_or("it cannot be read")? {
            (1, Value::Bytes(raw)) => return Ok(raw.to_vec()),
            (3, Value::Bytes(packed)) => {
                let mut data = Vec::new();
                let mut decoder = ZlibDecoder::new(packed).take(LARGEST_BLOCK + 1);
                decoder.read_to_end(&mut data).map_err(|error| error.to_string())?;
                let is_allowed = data.len() as u64 <= LARGEST_BLOCK;
                return is_allowed
                    .then_some(data)
                    .ok_or_else(|| "unpacked larger than the format allows".to_owned());
            }
            (4..=7, Value::Bytes(_)) => return Err("packed in a way other than zlib".to_owned()),
            _ => {}
        }
    }
    Err("it holds nothing".to_owned())
}

/// A feature that a file asks for and this reader does not know.
fn unknown(header: &[u8]) -> Option<Option<String>> {
    for field in Fields::of(header) {
        if let (4, Value::Bytes(feature)) = field?
            && !KNOWN.iter().any(|known| known.as_bytes() == feature)
        {
            return Some(Some(String::from_utf8_lossy(feature).into_owned()));
        }
    }
    Some(None)
}

#[cfg(test)]
pub(super) mod tests;
