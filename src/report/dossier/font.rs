//! Which font a dossier is set in: one with Chinese letters, found on this machine and embedded in the document.
//!
//! In:  a file that was asked for, else the folders in which systems keep fonts. Out: the bytes of a regular face and, where
//!      there is one, of its bold.
//! Law: the first of a fixed list that is there; the same font gives the same document.

use std::fs;
use std::path::{Path, PathBuf};

use crate::report::ReportError;

/// Faces that have simplified Chinese and Latin letters, best first, each with its bold.
const KNOWN: [(&str, &str); 9] = [
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("wqy-microhei.ttc", ""),
    ("wqy-zenhei.ttc", ""),
    ("simhei.ttf", ""),
];

/// Where systems keep fonts.
const FOLDERS: [&str; 4] =
    ["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:\\Windows\\Fonts"];
/// Folders inside folders that are looked into.
const DEPTH: usize = 4;

/// Files of a font.
#[derive(Debug)]
pub struct Faces {
    /// Regular first, then bold.
    pub files: Vec<Vec<u8>>,
    /// Name of the regular file.
    pub name: String,
}

/// Finds the font.
///
/// # Errors
/// `Lacking` where none is there, or the one that was asked for cannot be read.
pub fn find(asked: Option<&Path>) -> Result<Faces, ReportError> {
    if let Some(path) = asked {
        let bytes = fs::read(path).map_err(|error| lacking(format!("{}: {error}", path.display())))?;
        return Ok(Faces { files: vec![bytes], name: name_of(path) });
    }
    let mut there = Vec::new();
    for folder in FOLDERS {
        list(Path::new(folder), DEPTH, &mut there);
    }
    there.sort();
    let named = |name: &str| there.iter().find(|path| path.file_name().is_some_and(|found| found == name));
    let found = KNOWN.iter().find_map(|(regular, bold)| Some((named(regular)?, named(bold))));
    let (regular, bold) = found.ok_or_else(|| lacking("none of the known ones".to_owned()))?;
    let read =
        |path: &PathBuf| fs::read(path).map_err(|error| lacking(format!("{}: {error}", path.display())));
    let mut files = vec![read(regular)?];
    files.extend(bold.map(read).transpose()?);
    Ok(Faces { files, name: name_of(regular) })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            list(&path, depth - 1, files);
        } else {
            files.push(path);
        }
    }
}

/// What is said where there is no font.
pub fn lacking(found: String) -> ReportError {
    ReportError::Lacking {
        what: "dossier".to_owned(),
        expected: "a font with Chinese letters, by --font or on this machine".to_owned(),
        found,
        next: "install one (Debian, Ubuntu: apt-get install fonts-noto-cjk) or name its file with --font"
            .to_owned(),
    }
}
