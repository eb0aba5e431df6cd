//! A file of a state: named pieces that are packed, and an index that knows each by its SHA-256.
//!
//! In:  a line that says what the file is of, then pieces in order of their names. Out: the file, whole or not at all; later
//!      each piece alone, from any thread.
//! Law: a name line, a line of JSON, the pieces, the index, its length, SHA-256 of name line, JSON and index: every bit of the
//!      file is under a digest, and that of the index names the file. Numbers are little-endian.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::publish::PublishError;
use crate::publish::digest;
use crate::publish::single::Single;

/// First line; the number is that of the format.
const NAME: &[u8] = b"steppewatch state 1\n";

/// Bytes of a SHA-256.
const DIGEST: usize = 32;

/// Bytes after the index: its length and the digest.
const TAIL: usize = 8 + DIGEST;

/// What a piece is of: a kind of thing, and the first row and column of the cell.
pub type PieceName = (u8, u32, u32);

/// A piece that is packed, with its name.
pub type Packed = (PieceName, Vec<u8>);

/// Where a piece lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    offset: u64,
    length: u32,
    sha256: [u8; DIGEST],
}

/// Packs a piece: the part of the work that many threads can do.
pub fn packed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A file in the making.
pub struct Writer {
    path: PathBuf,
    file: Single,
    hasher: Sha256,
    offset: u64,
    index: BTreeMap<PieceName, Piece>,
}

impl Writer {
    /// Begins a file; `of` says what it is of, in one line of JSON.
    pub fn begin(path: &Path, of: &str) -> Result<Self, PublishError> {
        let head = [NAME, of.as_bytes(), b"\n"].concat();
        let mut hasher = Sha256::new();
        hasher.update(&head);
        let mut writer = Self {
            path: path.to_owned(),
            file: Single::begin(path)?,
            hasher,
            offset: 0,
            index: BTreeMap::new(),
        };
        writer.write(&head)?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        self.offset += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|source| PublishError::io("write", &self.path, source))
    }

    /// Adds a piece that is packed.
    pub fn add(&mut self, name: PieceName, packed: &[u8]) -> Result<(), PublishError> {
        let piece =
            Piece { offset: self.offset, length: packed.len() as u32, sha256: Sha256::digest(packed).into() };
        self.index.insert(name, piece);
        self.write(packed)
    }

    /// Ends the file. Returns the digest by which it is known.
    pub fn commit(mut self) -> Result<String, PublishError> {
        let in_memory = |error: postcard::Error| {
            PublishError::io("write", &self.path, io::Error::other(error.to_string()))
        };
        let index = postcard::to_allocvec(&self.index).map_err(in_memory)?;
        self.write(&index)?;
        self.write(&(index.len() as u64).to_le_bytes())?;
        self.hasher.update(&index);
        let sha256: [u8; DIGEST] = self.hasher.clone().finalize().into();
        self.write(&sha256)?;
        self.file.commit()?;
        Ok(digest::hexadecimal(&sha256))
    }
}

/// A file of pieces that was opened.
#[derive(Debug)]
pub struct Chunks {
    file: File,
    index: BTreeMap<PieceName, Piece>,
    /// By what the file is known.
    pub sha256: String,
    /// What it is of.
    pub of: String,
    /// Bytes.
    pub size: u64,
}

impl Chunks {
    /// Opens a file whose index is whole; a fault says what is wrong with it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fault = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        if size < (NAME.len() + TAIL) as u64 {
            return Err(fault("it is too short"));
        }
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, size - TAIL as u64)?;
        let (length, sha256) = tail.split_at(8);
        let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
        let from = (size - TAIL as u64).checked_sub(length).filter(|from| *from >= NAME.len() as u64);
        let from = from.ok_or_else(|| fault("its index is longer than the file"))?;
        let mut index = vec![0; length as usize];
        file.read_exact_at(&mut index, from)?;
        let head = head(&file, from)?.ok_or_else(|| fault("it is not one of this version of the program"))?;
        let found = Sha256::new().chain_update(&head).chain_update(&index).finalize();
        if found[..] != *sha256 {
            return Err(fault("its SHA-256 does not fit its index"));
        }
        let index = postcard::from_bytes(&index).map_err(|error| fault(&error.to_string()))?;
        let of = String::from_utf8_lossy(&head[NAME.len()..head.len() - 1]).into_owned();
        Ok(Self { file, index, sha256: digest::hexadecimal(sha256), of, size })
    }

    /// Names of the pieces of a kind, by row and column.
    pub fn names(&self, kind: u8) -> impl Iterator<Item = PieceName> + '_ {
        self.index.range((kind, 0, 0)..=(kind, u32::MAX, u32::MAX)).map(|(name, _)| *name)
    }

    /// Whether a piece is there.
    pub fn holds(&self, name: PieceName) -> bool {
        self.index.contains_key(&name)
    }

    /// A piece as it is packed; `None` where there is none.
    pub fn packed(&self, name: PieceName) -> io::Result<Option<Vec<u8>>> {
        let Some(piece) = self.index.get(&name) else { return Ok(None) };
        let mut bytes = vec![0; piece.length as usize];
        self.file.read_exact_at(&mut bytes, piece.offset)?;
        if Sha256::digest(&bytes)[..] != piece.sha256 {
            let why = format!("the SHA-256 of its piece {name:?} does not fit");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(Some(bytes))
    }

    /// The bytes of a piece.
    pub fn bytes(&self, name: PieceName) -> io::Result<Option<Vec<u8>>> {
        let Some(packed) = self.packed(name)? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(packed.len() * 2);
        DeflateDecoder::new(packed.as_slice()).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// A piece as the thing that was written.
    pub fn read<T: DeserializeOwned>(&self, name: PieceName) -> io::Result<Option<T>> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let fault = |error: postcard::Error| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        postcard::from_bytes(&bytes).map(Some).map_err(fault)
    }

    /// Reads every piece and what it holds; the first fault is told.
    pub fn check(&self) -> io::Result<()> {
        self.index.keys().try_for_each(|name| self.bytes(*name).map(|_| ()))
    }
}

/// Name line and line of JSON with their ends; `None` where the file is another one.
fn head(file: &File, before: u64) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    while (head.len() as u64) < before {
        let mut piece = vec![0; 4096.min(before as usize - head.len())];
        file.read_exact_at(&mut piece, head.len() as u64)?;
        let from = head.len().max(NAME.len());
        head.extend(piece);
        if !head.starts_with(&NAME[..NAME.len().min(head.len())]) {
            return Ok(None);
        }
        if let Some(end) = head.iter().skip(from).position(|byte| *byte == b'\n') {
            head.truncate(from + end + 1);
            return Ok(Some(head));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> (PathBuf, String) {
        let path = folder.join("a.cells");
        let mut writer = Writer::begin(&path, r#"{"view":"2024-07-14"}"#).unwrap();
        for (name, bytes) in [((0, 0, 128), &b"grass"[..]), ((1, 0, 0), &[7; 9000]), ((1, 128, 0), b"")] {
            writer.add(name, &packed(bytes).unwrap()).unwrap();
        }
        let sha256 = writer.commit().unwrap();
        (path, sha256)
    }

    #[test]
    fn pieces_come_back_by_name_and_the_file_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let (path, sha256) = written(folder.path());
        let chunks = Chunks::open(&path).unwrap();
        assert_eq!(
            (chunks.sha256.as_str(), chunks.of.as_str()),
            (sha256.as_str(), r#"{"view":"2024-07-14"}"#)
        );
        assert_eq!(chunks.bytes((0, 0, 128)).unwrap().unwrap(), b"grass");
        assert_eq!(chunks.bytes((1, 0, 0)).unwrap().unwrap(), [7; 9000]);
        assert_eq!(chunks.bytes((1, 128, 0)).unwrap().unwrap(), b"");
        assert!(chunks.bytes((0, 0, 0)).unwrap().is_none() && !chunks.holds((2, 0, 0)));
        assert_eq!(chunks.names(1).collect::<Vec<_>>(), [(1, 0, 0), (1, 128, 0)]);
        chunks.check().unwrap();
    }

    #[test]
    fn every_changed_byte_and_every_shorter_file_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, sha256) = written(folder.path());
        let whole = std::fs::read(&path).unwrap();
        let is_found = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Chunks::open(&path)
                .and_then(|chunks| chunks.check().map(|()| chunks.sha256))
                .map_or(true, |found| found != sha256)
        };
        assert!(!is_found(&whole));
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            assert!(is_found(&changed), "byte {place}");
        }
        for length in 0..whole.len() {
            assert!(is_found(&whole[..length]), "{length} bytes");
        }
        assert!(is_found(&[&whole[..], b"x"].concat()));
    }
}
