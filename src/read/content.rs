//! What the first bytes of a file say that it is, whatever it is called.
//!
//! In:  a plain file or an object in storage. Out: its kind, in words for those that are no scene.
//! Source: the marks that the formats themselves define (TIFF 6.0, BigTIFF, PNG, JFIF, PDF, ZIP, HDF5, JPEG 2000, gzip, SQLite).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::bucket::{Address, Client};
use crate::read::{ReadError, archive};

/// What the first bytes of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// TIFF or BigTIFF, either byte order.
    Tiff,
    /// JPEG 2000, as products of Sentinel-2 hold it.
    Jpeg2000,
    /// No byte at all.
    Empty,
    /// A VRT, which is never followed.
    Vrt,
    /// Something else, in words.
    Other(String),
}

/// What a VRT is, in words.
pub(crate) const VRT: &str = "a VRT, which points at other files";

/// Bytes at the start of a file that say what it is.
pub(crate) const START: usize = 64;

/// Marks of what is often taken for a scene, and what it is.
const MARKS: [(&[u8], &str); 11] = [
    (b"\x89PNG", "a PNG picture; save the scene as GeoTIFF"),
    (b"\xff\xd8\xff", "a JPEG picture; save the scene as GeoTIFF"),
    (b"%PDF", "a PDF document"),
    (b"PK", "a ZIP archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"\x89HDF", "HDF5 or NetCDF 4; save its bands as GeoTIFF"),
    (b"CDF", "NetCDF; save its bands as GeoTIFF"),
    (b"SQLite format 3", "an SQLite database or GeoPackage"),
    (b"EHFA_HEADER_TAG", "an ERDAS Imagine file; save it as GeoTIFF"),
];

/// Looks at the first bytes of a plain file or an object.
///
/// # Errors
/// `Access` or `Bucket` when it cannot be read.
pub fn content(path: &Path) -> Result<Content, ReadError> {
    let start = match Address::of(path)? {
        Some(address) => Client::get()?.start(&address, START)?,
        None => match archive::split(path) {
            Some((archive, member)) => archive::start(&archive, &member, START as u64)?,
            None => start_of_file(path)?,
        },
    };
    Ok(of_start(&start))
}

fn start_of_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    let access = |source| ReadError::Access { path: path.to_owned(), source };
    let mut start = Vec::with_capacity(START);
    // A file that breaks off here is told by what is left of it.
    let _ = File::open(path).map_err(access)?.take(START as u64).read_to_end(&mut start);
    Ok(start)
}

fn of_start(start: &[u8]) -> Content {
    let tiff = [&b"II\x2a\0"[..], b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"];
    let other = |what: &str| Content::Other(what.to_owned());
    if start.is_empty() {
        return Content::Empty;
    }
    if tiff.iter().any(|magic| start.starts_with(magic)) {
        return Content::Tiff;
    }
    if start.starts_with(b"\0\0\0\x0cjP  \r\n\x87\n") {
        return Content::Jpeg2000;
    }
    if let Some((_, what)) = MARKS.iter().find(|(mark, _)| start.starts_with(mark)) {
        return other(what);
    }
    if start.iter().all(|byte| *byte == 0) {
        return other("zeros; expected TIFF data; was its writer killed?");
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let words = String::from_utf8_lossy(text).to_lowercase();
    if words.starts_with("<vrt") || words.starts_with("<ogrvrt") {
        Content::Vrt
    } else if words.starts_with("<!doctype html") || words.starts_with("<html") {
        other("HTML, a page and not a file: was a login asked for when it was downloaded?")
    } else if words.starts_with('<') {
        other("XML or HTML")
    } else if words.starts_with('{') || words.starts_with('[') {
        other("JSON")
    } else {
        other("not TIFF data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(of_start(b""), Content::Empty);
        assert_eq!(of_start(b"MM\0\x2b\0\x08"), Content::Tiff);
        assert_eq!(of_start(b"\0\0\0\x0cjP  \r\n\x87\n\0"), Content::Jpeg2000);
        assert_eq!(of_start(b"\n <VRTDataset rasterXSize"), Content::Vrt);
        for (start, word) in [
            (&b"<!DOCTYPE html><html>"[..], "HTML"),
            (b"\xef\xbb\xbf{\"type\"", "JSON"),
            (b"\0\0\0\0\0\0", "zeros"),
            (b"\xff\xd8\xff\xe0", "JPEG"),
            (b"hello", "not TIFF"),
        ] {
            let Content::Other(found) = of_start(start) else { panic!("{start:?}") };
            assert!(found.contains(word), "{found}");
        }
    }
}
