//! The file that a shard leaves: planes of evidence, signs of its cells, closer looks that it took.
//!
//! In:  scratch files over the tiles of a shard. Out: `parts/NNNN.part`; and the other way round.
//! Law: a name line, a line of JSON (fingerprint of the job, number), the planes tile by tile and the rest as DEFLATE, SHA-256
//!      of all before. Numbers are little-endian, floats bit by bit, so that what is merged is what was computed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::grid::Window;
use crate::patch::scratch::Scratch;
use crate::publish::PublishError;
use crate::publish::single::Single;
use crate::run::RunError;
use crate::run::looked::Taken;
use crate::run::shards::ShardError;
use crate::run::signs::Signs;

/// First line of a part; the number is that of the format.
const NAME: &[u8] = b"steppewatch part 2\n";

/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// Longest second line that is read.
const LONGEST_HEAD: u64 = 4096;

/// Which shard of which job a part is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Fingerprint of the job.
    pub job: String,
    /// Number of the shard.
    pub shard: usize,
}

/// What a shard found beside the planes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// What its cells show of the inputs.
    pub signs: Vec<Signs>,
    /// Closer looks at patches that lie inside it.
    pub looks: Vec<Taken>,
}

/// What lies under the name of a part.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// The part, whole.
    Whole,
    /// Nothing.
    Missing,
    /// Something that cannot be used, and why.
    Faulty(String),
}

/// Where the part of a shard lies.
pub fn path(job: &Path, number: usize) -> PathBuf {
    job.join("parts").join(format!("{number:04}.part"))
}

/// Whether a part is there, whole, and of this job.
pub fn state(path: &Path, head: &Head) -> State {
    match checked(path, head) {
        Ok(None) => State::Whole,
        Ok(Some(fault)) => State::Faulty(fault),
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Missing,
        Err(error) => State::Faulty(format!("its part cannot be read: {error}")),
    }
}

/// What is wrong with a part; nothing where it is whole.
fn checked(path: &Path, head: &Head) -> io::Result<Option<String>> {
    let not_whole = |why: &str| Ok(Some(format!("its part is not whole ({why})")));
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length < (NAME.len() + DIGEST) as u64 {
        return not_whole("it is too short");
    }
    let mut file = BufReader::with_capacity(1 << 20, file);
    let (mut hasher, mut left) = (Sha256::new(), length - DIGEST as u64);
    while left > 0 {
        let bytes = file.fill_buf()?;
        let count = bytes.len().min(left as usize);
        if count == 0 {
            return not_whole("it became shorter");
        }
        hasher.update(&bytes[..count]);
        file.consume(count);
        left -= count as u64;
    }
    let mut digest = [0; DIGEST];
    file.read_exact(&mut digest)?;
    if digest[..] != hasher.finalize()[..] {
        return not_whole("its SHA-256 does not fit its bytes");
    }
    let found = self::head(&mut BufReader::new(File::open(path)?))?;
    Ok(match found {
        None => Some("its part is not one of this version of the program".to_owned()),
        Some(found) if found.job != head.job => {
            Some(format!("its part is of another plan (job {:.12} instead of {:.12})", found.job, head.job))
        }
        Some(found) if found.shard != head.shard => {
            Some(format!("its part is that of shard {}", found.shard))
        }
        Some(_) => None,
    })
}

/// The first two lines; `None` where they are not those of a part.
fn head(file: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut name = [0; NAME.len()];
    file.read_exact(&mut name)?;
    let mut line = String::new();
    file.take(LONGEST_HEAD).read_line(&mut line)?;
    Ok(serde_json::from_str(&line).ok().filter(|_| name == NAME))
}

/// Bytes on their way to a file, hashed as they pass.
struct Hashed {
    file: Single,
    hasher: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a part, whole or not at all: every plane of every scratch file over the tiles, then what else was found.
pub fn write(
    path: &Path,
    head: &Head,
    (scratches, tiles): (&[&Scratch], &[Window]),
    found: &Found,
) -> Result<(), RunError> {
    let failed = |source| PublishError::io("write", path, source);
    let in_memory = |error: String| failed(io::Error::other(error));
    let mut file = Hashed { file: Single::begin(path)?, hasher: Sha256::new() };
    let line = serde_json::to_string(head).map_err(|error| in_memory(error.to_string()))?;
    file.write_all(NAME).and_then(|()| writeln!(file, "{line}")).map_err(failed)?;
    let mut packed = DeflateEncoder::new(file, Compression::fast());
    for (scratch, plane, tile) in planes(scratches, tiles) {
        let values = scratch.read(plane, tile)?;
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        packed.write_all(&bytes).map_err(failed)?;
    }
    let rest = postcard::to_allocvec(found).map_err(|error| in_memory(error.to_string()))?;
    packed.write_all(&rest).map_err(failed)?;
    let Hashed { mut file, hasher } = packed.finish().map_err(failed)?;
    file.write_all(&hasher.finalize()).map_err(failed)?;
    Ok(file.commit()?)
}

/// Reads a part that is whole into scratch files, and what else was found.
pub fn read(
    (path, number): (&Path, usize),
    (scratches, tiles): (&[&Scratch], &[Window]),
) -> Result<Found, RunError> {
    let unreadable = |reason: String| ShardError::Unreadable { number, path: path.to_owned(), reason };
    let failed = |error: io::Error| unreadable(error.to_string());
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut file = BufReader::with_capacity(1 << 18, file.take(length.saturating_sub(DIGEST as u64)));
    head(&mut file).map_err(failed)?;
    let mut unpacked = DeflateDecoder::new(file);
    for (scratch, plane, tile) in planes(scratches, tiles) {
        let mut bytes = vec![0; tile.len() * 2];
        unpacked.read_exact(&mut bytes).map_err(failed)?;
        let values: Vec<i16> =
            bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        scratch.write(plane, tile, &values)?;
    }
    let mut rest = Vec::new();
    unpacked.read_to_end(&mut rest).map_err(failed)?;
    Ok(postcard::from_bytes(&rest).map_err(|error| unreadable(error.to_string()))?)
}

/// Scratch file, plane and tile in the order in which they stand in a part.
fn planes<'a>(
    scratches: &'a [&'a Scratch],
    tiles: &'a [Window],
) -> impl Iterator<Item = (&'a Scratch, usize, Window)> {
    scratches.iter().flat_map(move |scratch| {
        (0..scratch.planes).flat_map(move |plane| tiles.iter().map(move |tile| (*scratch, plane, *tile)))
    })
}

#[cfg(test)]
mod tests;
