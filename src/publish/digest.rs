//! Identity of a file by SHA-256, read in pieces so that a scene of any size fits.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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

/// Digests of files that were read before: a file of the same size and time of change is not read again.
#[derive(Debug, Default)]
pub struct Digests {
    /// By path: size, time of the last change in nanoseconds, SHA-256.
    known: Mutex<BTreeMap<PathBuf, (u64, i128, String)>>,
}

impl Digests {
    /// Digests that are known already.
    pub fn new(known: BTreeMap<PathBuf, (u64, i128, String)>) -> Self {
        Self { known: Mutex::new(known) }
    }

    /// Size and SHA-256 of a file, read only if it is not known as it is now.
    pub fn of(&self, path: &Path) -> Result<(u64, String), PublishError> {
        let found = fs::metadata(path).map_err(|source| PublishError::io("read", path, source))?;
        let changed = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some((_, _, sha256)) = known.filter(|known| (known.0, known.1) == (found.len(), changed)) {
            return Ok((found.len(), sha256));
        }
        let (size, sha256) = of_file(path)?;
        let entry = (size, changed, sha256.clone());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), entry);
        Ok((size, sha256))
    }

    /// All that is known, by path.
    pub fn all(&self) -> BTreeMap<PathBuf, (u64, i128, String)> {
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
