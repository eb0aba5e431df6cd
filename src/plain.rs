//! Plain files of somebody: what a path is, before anything of it is read.
//!
//! In:  a path that the user gave, or that stands in a file which the user gave.
//! Out: the real place of a plain file, or its bytes up to a limit; else what it is instead.
//! Law: a pipe would wait for ever and a device never end, so neither is opened; no address is taken for a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest table or text that is read whole, bytes. A county's leads with all their fields have some tens of MB.
pub const MOST_TEXT: u64 = 512 << 20;

/// The real place of a plain file, refusing everything that a library could take for something else.
///
/// # Errors
/// What the path is instead, in words without a period.
pub fn file(path: &Path) -> Result<PathBuf, String> {
    let text = path.to_str().ok_or_else(|| "name is not UTF-8 text".to_owned())?;
    if text.starts_with("/vsi") || text.contains("://") || text.contains('\0') {
        return Err("is an address, not a file".to_owned());
    }
    look(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder".to_owned(),
        io::ErrorKind::InvalidInput => error.to_string(),
        _ => format!("cannot be looked at ({error})"),
    })?;
    // The absolute path cannot begin with a driver's prefix such as `GTIFF_DIR:`.
    let real = std::fs::canonicalize(path).map_err(|error| format!("cannot be resolved ({error})"))?;
    match real.to_str() {
        Some(text) if !text.starts_with("/vsi") => Ok(real),
        _ => Err("lies in a place whose name GDAL would misread".to_owned()),
    }
}

/// A plain file, open for reading.
///
/// # Errors
/// What the system says, and what it is instead.
pub fn open(path: &Path) -> io::Result<File> {
    look(path)?;
    File::open(path)
}

/// The bytes of a plain file.
///
/// # Errors
/// What the system says, and where the file is none, or larger than `most` bytes.
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let reason = format!("it is larger than {most} bytes, the limit for a file of this kind; split it");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// The text of a plain file in UTF-8.
///
/// # Errors
/// Those of [`bytes`], and bytes that are no text.
pub fn text(path: &Path) -> io::Result<String> {
    let wrong = |error: std::string::FromUtf8Error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8 text (byte {at})"))
    };
    String::from_utf8(bytes(path, MOST_TEXT)?).map_err(wrong)
}

fn look(path: &Path) -> io::Result<()> {
    let kind = std::fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file"));
    }
    if !kind.is_file() {
        let reason = "is a pipe, socket or device, not a file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_devices_folders_and_missing_files_are_no_plain_files() {
        let folder = tempfile::tempdir().unwrap();
        for (path, reason) in [
            ("/vsicurl/http://x/a.tif", "an address"),
            ("http://x/a.tif", "an address"),
            ("vrt:///etc/passwd", "an address"),
            ("/dev/zero", "a pipe, socket or device"),
            ("/no/such.tif", "no such file"),
            (folder.path().to_str().unwrap(), "is a folder"),
        ] {
            let found = file(Path::new(path)).unwrap_err();
            assert!(found.contains(reason), "{path}: {found}");
        }
        assert!(bytes(Path::new("/dev/zero"), 10).is_err() && bytes(folder.path(), 10).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let place = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(place.path(), b"0123456789").unwrap();
        assert_eq!(bytes(place.path(), 10).unwrap(), b"0123456789");
        assert!(bytes(place.path(), 9).unwrap_err().to_string().contains("larger than 9 bytes"));
        assert_eq!(text(place.path()).unwrap(), "0123456789");
        std::fs::write(place.path(), b"0\xff").unwrap();
        assert!(text(place.path()).unwrap_err().to_string().contains("byte 1"));
    }
}
