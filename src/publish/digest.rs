//! Identity of a file by SHA-256, read in pieces so that a scene of any size fits.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::publish::PublishError;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Size in bytes and SHA-256 (lower-case hexadecimal) of a file.
pub fn of_file(path: &Path) -> Result<(u64, String), PublishError> {
    let failed = |source| PublishError::io("read", path, source);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0_u8; PIECE];
    let mut size = 0_u64;
    loop {
        let count = file.read(&mut piece).map_err(failed)?;
        if count == 0 {
            return Ok((size, hexadecimal(&hasher.finalize())));
        }
        hasher.update(&piece[..count]);
        size += count as u64;
    }
}

/// A file as it was when it was read. The time of change is that of the file system, which nobody sets back: a file that was
/// replaced by one of the same size and age is another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    size: u64,
    inode: u64,
    modified: i128,
    /// When anything about the file changed last, in nanoseconds since 1970.
    pub changed: i128,
    sha256: String,
}

/// Digests of files that were read before: a file that is as it was is not read again.
#[derive(Debug, Default)]
pub struct Digests {
    known: Mutex<BTreeMap<PathBuf, Known>>,
}

impl Digests {
    /// Digests that are known already.
    pub fn new(known: BTreeMap<PathBuf, Known>) -> Self {
        Self { known: Mutex::new(known) }
    }

    /// Size and SHA-256 of a file, read only if it is not known as it is now.
    pub fn of(&self, path: &Path) -> Result<(u64, String), PublishError> {
        let found = fs::metadata(path).map_err(|source| PublishError::io("read", path, source))?;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let now = |sha256: String| Known {
            size: found.len(),
            inode: found.ino(),
            modified: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed: nanoseconds(found.ctime(), found.ctime_nsec()),
            sha256,
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) = known.filter(|known| *known == now(known.sha256.clone())) {
            return Ok((known.size, known.sha256));
        }
        let (size, sha256) = of_file(path)?;
        let entry = now(sha256.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), entry);
        Ok((size, sha256))
    }

    /// All that is known, by path.
    pub fn all(&self) -> BTreeMap<PathBuf, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// SHA-256 (lower-case hexadecimal) of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_by_one_of_the_same_size_and_age_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scene.tif");
        fs::write(&path, b"grass").unwrap();
        let age = fs::metadata(&path).unwrap().modified().unwrap();
        let digests = Digests::default();
        let before = digests.of(&path).unwrap();
        assert_eq!(digests.of(&path).unwrap(), before);
        fs::write(&path, b"earth").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(age).unwrap();
        assert_eq!(digests.of(&path).unwrap(), (5, of_bytes(b"earth")));
        // Whoever knows a file is believed.
        let known = Digests::new(digests.all());
        assert_eq!(known.of(&path).unwrap(), (5, of_bytes(b"earth")));
    }

    #[test]
    fn the_digest_of_abc_is_the_one_of_the_standard() {
        // FIPS 180-4, example for SHA-256.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of_bytes(b"abc"), expected);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, b"abc").unwrap();
        assert_eq!(of_file(&path).unwrap(), (3, expected.to_owned()));
    }

    #[test]
    fn a_file_longer_than_one_piece_has_the_digest_of_all_its_bytes() {
        let bytes: Vec<u8> = (0..PIECE * 2 + 17).map(|i| (i % 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(of_file(&path).unwrap(), (bytes.len() as u64, of_bytes(&bytes)));
    }
}
