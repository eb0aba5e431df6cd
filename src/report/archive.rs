//! Files in one file: project, package, KMZ. Plain zip with deflate and names in UTF-8, the form that phones unpack.
//!
//! Law: same files, same bytes: entries in the order given, each with the first day that zip knows as its time.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use crate::report::ReportError;

/// An archive in the making.
pub struct Archive {
    name: String,
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Archive {
    /// Begins an archive; the name is for messages.
    pub fn begin(name: &str) -> Self {
        Self { name: name.to_owned(), zip: ZipWriter::new(Cursor::new(Vec::new())) }
    }

    /// Adds a file under a path inside the archive, with `/` between folders.
    ///
    /// # Errors
    /// `Archive` where the packer refuses it.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), ReportError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        let file = format!("{}: {path}", self.name);
        let wrong = |reason: String| ReportError::Archive { file, reason };
        self.zip
            .start_file(path, options)
            .map_err(|error| error.to_string())
            .and_then(|()| self.zip.write_all(bytes).map_err(|error| error.to_string()))
            .map_err(wrong)
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// `Archive` where the packer refuses to end it.
    pub fn finish(self) -> Result<Vec<u8>, ReportError> {
        let wrong = |error: zip::result::ZipError| ReportError::Archive {
            file: self.name.clone(),
            reason: error.to_string(),
        };
        self.zip.finish().map(Cursor::into_inner).map_err(wrong)
    }
}

/// The texts in an archive by their paths, in order, for tests of what was packed.
#[cfg(test)]
pub(super) fn texts(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let length = read.len();
    let text = |place: usize| {
        let file = read.by_index(place).unwrap();
        (file.name().unwrap().into_owned(), std::io::read_to_string(file).unwrap())
    };
    (0..length).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_bytes() {
        let made = || {
            let mut archive = Archive::begin("a.zip");
            archive.add("项目/one.txt", b"one").unwrap();
            archive.add("two.txt", &[7; 4000]).unwrap();
            archive.finish().unwrap()
        };
        let bytes = made();
        assert_eq!(bytes, made());
        assert!(bytes.len() < 500, "{}", bytes.len());
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(read.by_index(0).unwrap().name().unwrap(), "项目/one.txt");
    }
}
