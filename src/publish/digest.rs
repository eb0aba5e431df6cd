//! Identity of a file by SHA-256, read in pieces so that a scene of any size fits.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::bucket::{Address, BucketError, Client, Object};
use crate::publish::PublishError;
use crate::read::file;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Size in bytes and digests (lower-case hexadecimal) of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: String,
    /// SM3, where it was asked for.
    pub sm3: Option<String>,
}

/// Size in bytes and SHA-256 (lower-case hexadecimal) of a file.
pub fn of_file(path: &Path) -> Result<(u64, String), PublishError> {
    sums(path, false).map(|sums| (sums.size, sums.sha256))
}

/// Size and digests of a file, which is read once.
pub fn sums(path: &Path, with_sm3: bool) -> Result<Sums, PublishError> {
    let failed = |source| PublishError::io("read", path, source);
    let mut opened = File::open(path).map_err(failed)?;
    let (mut sha256, mut sm3) = (Sha256::new(), with_sm3.then(Sm3::new));
    let mut piece = vec![0_u8; PIECE];
    let mut size = 0_u64;
    loop {
        let count = opened.read(&mut piece).map_err(failed)?;
        if count == 0 {
            let sm3 = sm3.map(|sm3| hexadecimal(&sm3.finalize()));
            return Ok(Sums { size, sha256: hexadecimal(&sha256.finalize()), sm3 });
        }
        sha256.update(&piece[..count]);
        if let Some(sm3) = &mut sm3 {
            sm3.update(&piece[..count]);
        }
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
    /// Of an object in storage: what the storage knows its content by. Such a file has no inode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    sha256: String,
}

impl Known {
    /// Whether the storage vouches for the file, whatever the times say.
    pub fn is_object(&self) -> bool {
        self.etag.is_some()
    }
}

/// Digests of files that were read before: a file that is as it was is not read again.
#[derive(Debug, Default)]
pub struct Digests {
    known: Mutex<BTreeMap<PathBuf, Known>>,
    listed: BTreeMap<PathBuf, Object>,
    listed_at: Option<Address>,
}

impl Digests {
    /// Digests that are known already.
    pub fn new(known: BTreeMap<PathBuf, Known>) -> Self {
        Self { known: Mutex::new(known), ..Self::default() }
    }

    /// The same with the objects of a place as they were listed.
    pub fn listing(self, listed_at: Option<Address>, listed: BTreeMap<PathBuf, Object>) -> Self {
        Self { listed, listed_at, ..self }
    }

    /// Whether objects whose digests were given out are still those that were listed: what was read of them meanwhile is theirs.
    pub fn check_listed(&self) -> Result<(), BucketError> {
        let Some(place) = &self.listed_at else { return Ok(()) };
        let now = Client::get()?.below(place)?;
        let now: BTreeMap<String, String> = now.into_iter().map(|object| (object.key, object.etag)).collect();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, object) in self.listed.iter().filter(|(path, _)| known.contains_key(*path)) {
            let found = now.get(&object.key).map_or("none", String::as_str);
            if found != object.etag {
                let address = Box::new(Address { bucket: place.bucket.clone(), key: object.key.clone() });
                let (expected, found) = (object.etag.clone(), found.to_owned());
                return Err(BucketError::Changed { address, expected, found });
            }
        }
        Ok(())
    }

    /// An object as it was listed, or as it is where it was not.
    pub fn listed(&self, path: &Path, address: &Address) -> Result<Object, BucketError> {
        match self.listed.get(path) {
            Some(object) => Ok(object.clone()),
            None => Client::get()?.look(address)?.ok_or_else(|| BucketError::Changed {
                address: Box::new(address.clone()),
                expected: "of any kind".to_owned(),
                found: "none".to_owned(),
            }),
        }
    }

    /// Size and SHA-256 of a file (of a member of an archive, of the archive), read only if it is not known as it is now.
    pub fn of(&self, path: &Path) -> Result<(u64, String), PublishError> {
        let path = &file(path);
        let object = match Address::of(path)? {
            Some(address) => Some((self.listed(path, &address)?, address)),
            None => None,
        };
        let now = match &object {
            Some((object, _)) => as_listed(object),
            None => as_it_is(path)?,
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) =
            known.filter(|known| *known == Known { sha256: known.sha256.clone(), ..now.clone() })
        {
            return Ok((known.size, known.sha256));
        }
        let (size, sha256) = match &object {
            Some((object, address)) => of_object(address, object)?,
            None => of_file(path)?,
        };
        let entry = Known { sha256: sha256.clone(), ..now };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), entry);
        Ok((size, sha256))
    }

    /// All that is known, by path.
    pub fn all(&self) -> BTreeMap<PathBuf, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A file on disk as it is, without its digest.
fn as_it_is(path: &Path) -> Result<Known, PublishError> {
    let found = fs::metadata(path).map_err(|source| PublishError::io("read", path, source))?;
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    Ok(Known {
        size: found.len(),
        inode: found.ino(),
        modified: nanoseconds(found.mtime(), found.mtime_nsec()),
        changed: nanoseconds(found.ctime(), found.ctime_nsec()),
        etag: None,
        sha256: String::new(),
    })
}

/// An object as it was listed, without its digest.
fn as_listed(object: &Object) -> Known {
    let modified = i128::from(object.modified) * 1_000_000_000;
    let etag = Some(object.etag.clone());
    Known { size: object.size, inode: 0, modified, changed: modified, etag, sha256: String::new() }
}

/// Size and SHA-256 of an object, which must still be the one that was listed.
fn of_object(address: &Address, listed: &Object) -> Result<(u64, String), PublishError> {
    let mut hasher = Sha256::new();
    let read = Client::get()?.read(address, &mut hasher)?;
    if read.etag != listed.etag {
        let (expected, found) = (listed.etag.clone(), read.etag);
        return Err(BucketError::Changed { address: Box::new(address.clone()), expected, found }.into());
    }
    Ok((read.size, hexadecimal(&hasher.finalize())))
}

/// SHA-256 (lower-case hexadecimal) of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SM3 (GB/T 32905-2016, lower-case hexadecimal) of bytes.
pub fn sm3_of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sm3::digest(bytes))
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
    fn the_sm3_digests_are_those_of_the_standard() {
        // GB/T 32905-2016, examples A.1 and A.2.
        let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        let abcd = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
        assert_eq!(sm3_of_bytes(b"abc"), abc);
        assert_eq!(sm3_of_bytes(&b"abcd".repeat(16)), abcd);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, b"abc").unwrap();
        assert_eq!(sums(&path, true).unwrap().sm3.as_deref(), Some(abc));
        assert_eq!(sums(&path, false).unwrap().sm3, None);
    }

    #[test]
    fn an_empty_file_and_one_with_holes_are_read_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holes");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        File::create(&path).unwrap();
        assert_eq!(of_file(&path).unwrap(), (0, empty.to_owned()));
        File::create(&path).unwrap().set_len(3 * PIECE as u64 + 1).unwrap();
        assert_eq!(of_file(&path).unwrap().1, of_bytes(&vec![0; 3 * PIECE + 1]));
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
