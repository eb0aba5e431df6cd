//! Files inside a ZIP archive, as products of imagery are handed out.
//!
//! In:  a path of an archive, or a path that goes on inside one (`S2A_….zip/S2A_….SAFE/MTD_MSIL2A.xml`).
//! Out: what the archive holds, bytes of one member, and the name under which GDAL reads a member.
//! Law: nothing is unpacked to disk. An archive is read only when every name in it is plain and its sizes are sane:
//!      no `..`, no absolute name, no link, no two names that differ in case alone, nothing that swells without measure.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;

use crate::read::{ReadError, harden};

/// Most members. A product of one tile has about 150, an old one of many tiles some thousands.
const MAX_MEMBERS: usize = 20_000;
/// Most bytes of all members together, unpacked. A product of one tile has about 1.2 GB.
const MAX_BYTES: u64 = 64 << 30;
/// Most unpacked bytes per packed byte. Pixels of JPEG 2000 do not shrink, XML does by 30.
const MAX_SWELL: u64 = 200;
/// A member up to this size may swell as it likes.
const SMALL: u64 = 16 << 20;
/// Where the end of the directory must be found, from the end of the file: its record and the longest comment.
const TAIL: u64 = 22 + 65_535;
/// File type bits of a symbolic link in a Unix mode, and their mask.
const LINK: u32 = 0o12_0000;
const TYPE: u32 = 0o17_0000;

/// The archive that a path goes into, and the name of the member; `None` for a path that does not.
pub(crate) fn split(path: &Path) -> Option<(PathBuf, String)> {
    let archive = path.ancestors().skip(1).find(|above| is_zip(above) && above.is_file())?;
    let member = path.strip_prefix(archive).ok()?;
    let parts: Option<Vec<&str>> = member.iter().map(|part| part.to_str()).collect();
    Some((archive.to_owned(), parts?.join("/")))
}

/// The file on disk that holds what a path names: the archive for a member, else the path itself.
pub fn file(path: &Path) -> PathBuf {
    split(path).map_or_else(|| path.to_owned(), |(archive, _)| archive)
}

/// Whether a name ends as archives do.
pub(crate) fn is_zip(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// Names of the members (files, `/` between folders) with their sizes in bytes.
///
/// # Errors
/// `Archive` for everything that the law of this file forbids, and those of a plain file.
pub(crate) fn members(archive: &Path) -> Result<BTreeMap<String, u64>, ReadError> {
    let mut zip = open(archive)?;
    let refuse = |reason: String| ReadError::Archive { path: archive.to_owned(), reason };
    let (mut found, mut folded) = (BTreeMap::new(), BTreeMap::new());
    let (mut bytes, mut names) = (0_u64, 0);
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index).map_err(|error| refuse(format!("entry {index}: {error}")))?;
        let name = member.name().map_err(|error| refuse(format!("entry {index}: {error}")))?.into_owned();
        let shown = name.escape_debug().to_string();
        plain_name(&name).map_err(|why| refuse(format!("entry '{shown}' {why}")))?;
        if member.unix_mode().is_some_and(|mode| mode & TYPE == LINK) {
            return Err(refuse(format!("entry '{shown}' is a link, which may point outside")));
        }
        if let Some(other) = folded.insert(name.to_lowercase(), name.clone()) {
            return Err(refuse(format!("entries '{}' and '{shown}' have one name", other.escape_debug())));
        }
        let (size, packed) = (member.size(), member.compressed_size().max(1));
        if size > SMALL && size / packed > MAX_SWELL {
            return Err(refuse(format!(
                "entry '{shown}' swells from {packed} to {size} bytes, the limit is {MAX_SWELL} times"
            )));
        }
        if member.encrypted() {
            return Err(refuse(format!("entry '{shown}' is locked with a password")));
        }
        bytes = bytes.saturating_add(size);
        names += 1;
        if bytes > MAX_BYTES {
            return Err(refuse(format!(
                "its first {names} entries unpack to {bytes} bytes, the limit is {MAX_BYTES}"
            )));
        }
        if !name.ends_with('/') {
            found.insert(name, size);
        }
    }
    Ok(found)
}

/// Why a name may not stand in an archive that is read.
fn plain_name(name: &str) -> Result<(), &'static str> {
    if name.contains(['\\', '\0']) || name.chars().any(char::is_control) {
        return Err("has a backslash or a control character in its name");
    }
    let path = Path::new(name);
    if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') || path.is_absolute() {
        return Err("has an absolute name");
    }
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    // Components leave `./` and `//` out, which are one name more for one file.
    if !is_plain || name.contains("//") || name.split('/').any(|part| part == ".") || name.is_empty() {
        return Err("has '.', '..' or an empty part in its name");
    }
    Ok(())
}

/// Bytes of a member, at most `limit`.
///
/// # Errors
/// `Archive` where it is longer or broken, and those of [`members`].
pub(crate) fn read(archive: &Path, member: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = start(archive, member, limit + 1)?;
    if bytes.len() as u64 > limit {
        let reason = format!("entry '{member}' is longer than {limit} bytes");
        return Err(ReadError::Archive { path: archive.to_owned(), reason });
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// The first bytes of a member; fewer where it ends before.
///
/// # Errors
/// `Archive` where it is broken or not there.
pub(crate) fn start(archive: &Path, member: &str, count: u64) -> Result<Vec<u8>, ReadError> {
    let broken = |reason: String| ReadError::Archive {
        path: archive.to_owned(),
        reason: format!("entry '{}': {reason}", member.escape_debug()),
    };
    let mut zip = open(archive)?;
    let found = zip.by_name(member).map_err(|error| broken(error.to_string()))?;
    let mut bytes = Vec::new();
    found.take(count).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    Ok(bytes)
}

/// The name under which GDAL reads a member of an archive whose names were looked at.
///
/// # Errors
/// Those of [`members`]; `Archive` where it has no such member.
pub(crate) fn for_gdal(archive: &Path, member: &str) -> Result<PathBuf, ReadError> {
    let refuse = |reason: &str| ReadError::Archive { path: archive.to_owned(), reason: reason.to_owned() };
    if !members(archive)?.contains_key(member) {
        return Err(refuse(&format!("has no entry '{}'", member.escape_debug())));
    }
    let real = harden::plain_file(archive)?;
    match real.to_str() {
        Some(text) if !text.contains(['{', '}']) => Ok(format!("/vsizip/{{{text}}}/{member}").into()),
        _ => Err(refuse("has a brace in its path, which GDAL would misread")),
    }
}

fn open(archive: &Path) -> Result<ZipArchive<BufReader<File>>, ReadError> {
    let real = harden::plain_file(archive)?;
    let access = |source| ReadError::Access { path: archive.to_owned(), source };
    let refuse = |reason: String| ReadError::Archive { path: archive.to_owned(), reason };
    let mut file = File::open(&real).map_err(access)?;
    let stated = stated_members(&mut file).map_err(access)?;
    let stated = stated
        .ok_or_else(|| refuse("is no ZIP archive, or was cut short: its directory is missing".to_owned()))?;
    if stated > MAX_MEMBERS as u64 {
        return Err(refuse(format!("states {stated} entries, the limit is {MAX_MEMBERS}")));
    }
    let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| refuse(error.to_string()))?;
    if zip.len() > MAX_MEMBERS {
        return Err(refuse(format!("has {} entries, the limit is {MAX_MEMBERS}", zip.len())));
    }
    Ok(zip)
}

/// How many members the end of an archive states, before a directory of any size is read; `None` without such an end.
///
/// A directory of more than 65,534 members is stated elsewhere (ZIP64): it is beyond the limit anyway, unless only a size
/// or place is, as in archives above 4 GB, which state their true number here.
fn stated_members(file: &mut File) -> std::io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    file.seek(SeekFrom::Start(0))?;
    let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
    let number = at.and_then(|at| Some([*tail.get(at + 10)?, *tail.get(at + 11)?]));
    Ok(number.map(|number| u64::from(u16::from_le_bytes(number))))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    /// An archive of members; a name with a blank at its end is a link.
    fn packed(members: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, bytes) in members {
            if let Some(name) = name.strip_suffix(' ') {
                zip.add_symlink(name, "/etc/passwd", options).unwrap();
                continue;
            }
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn plain_members_are_listed_and_read_and_nothing_is_unpacked() {
        let (folder, path) = packed(&[("p.SAFE/a.xml", b"<a/>"), ("p.SAFE/b/c.jp2", b"12345")]);
        let found = members(&path).unwrap();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("p.SAFE/a.xml".to_owned(), 4), ("p.SAFE/b/c.jp2".to_owned(), 5)]
        );
        assert_eq!(read(&path, "p.SAFE/a.xml", 4).unwrap(), b"<a/>");
        assert!(read(&path, "p.SAFE/a.xml", 3).unwrap_err().to_string().contains("longer than 3"));
        assert_eq!(split(&path.join("p.SAFE/a.xml")), Some((path.clone(), "p.SAFE/a.xml".to_owned())));
        assert_eq!((split(&path), file(&path.join("x"))), (None, path));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// Case 23 of the catalogue of faults.
    #[test]
    fn names_that_lead_elsewhere_links_and_bombs_are_refused() {
        let zeros = vec![0_u8; 40 << 20];
        type Members<'a> = &'a [(&'a str, &'a [u8])];
        let cases: [(Members<'_>, &str); 7] = [
            (&[("../x", b"")], "'..'"),
            (&[("/etc/x", b"")], "absolute"),
            (&[("a/./x", b"")], "'.'"),
            (&[("a\\x", b"")], "backslash"),
            (&[("a/X", b""), ("a/x", b"")], "one name"),
            (&[("link ", b"")], "is a link"),
            (&[("bomb", &zeros)], "swells"),
        ];
        for (entries, part) in cases {
            let (_folder, path) = packed(entries);
            let error = members(&path).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("a.zip"), "{part}: {error}");
        }
    }

    #[test]
    fn an_archive_of_too_many_members_is_refused_before_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend([0xff, 0xfe, 0xff, 0xfe]);
        end.extend([0; 10]);
        std::fs::write(&path, end).unwrap();
        assert!(members(&path).unwrap_err().to_string().contains("states 65279 entries"));
        std::fs::write(&path, b"PK\x03\x04 and then the line broke").unwrap();
        assert!(members(&path).unwrap_err().to_string().contains("cut short"));
    }
}
