//! What a layer is called in every output, and that no file is given twice.
//!
//! In:  the paths as they were given, the layers in them.
//! Out: file names, with as much of the folders and with the layer's name where that is needed to tell it from
//!      the other layers of the run; all files that one layer is made of.
//! Law: two layers never share a name; a name never says more of this machine's folders than it must.

use std::path::{Path, PathBuf};

use crate::redline::RedLineError;
use crate::redline::source::SourceLayer;

/// Endings of the files that make a shapefile besides the `.shp`, as far as they are read.
const SHAPEFILE_PARTS: [&str; 4] = ["shx", "dbf", "prj", "cpg"];

/// Names of files: the file name alone, or with the least of its folders that no other file shares.
pub fn files(paths: &[PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| components(path)).collect();
    let tail = |parts: &[String], length: usize| parts[parts.len().saturating_sub(length)..].join("/");
    let name = |(place, own): (usize, &Vec<String>)| {
        let is_shared = |length: &usize| {
            let others = parts.iter().enumerate().filter(|(other, _)| *other != place);
            others.into_iter().any(|(_, other)| tail(other, *length) == tail(own, *length))
        };
        let length = (1..own.len()).find(|length| !is_shared(length)).unwrap_or(own.len());
        tail(own, length)
    };
    parts.iter().enumerate().map(name).collect()
}

/// Folders and file name of a path, with links and `..` in the folders resolved.
fn components(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let text = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
    let mut parts: Vec<String> = folder
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(text(part)),
            _ => None,
        })
        .collect();
    parts.push(path.file_name().map(text).unwrap_or_default());
    parts
}

/// Name of each layer of one file: with the layer's own name if the file has several.
pub(crate) fn layers(file: &str, sources: &[SourceLayer]) -> Vec<String> {
    match sources {
        [_] => vec![file.to_owned()],
        several => several.iter().map(|source| format!("{file}|{}", source.name)).collect(),
    }
}

/// All files that are read for a layer file, the given one first.
pub fn parts(path: &Path) -> Vec<PathBuf> {
    let is = |ending: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
    let mut parts = vec![path.to_owned()];
    if is("shp") {
        // Parts lie beside the real file, as it is opened.
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        parts.extend(SHAPEFILE_PARTS.iter().filter_map(|ending| part(&real, ending)));
    }
    if is("gpkg") {
        // What a GIS that has the file open has not yet written into it.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        parts.extend(Some(PathBuf::from(log)).filter(|log| log.is_file()));
    }
    parts
}

/// A part of a shapefile by its ending, in either case.
pub(crate) fn part(path: &Path, ending: &str) -> Option<PathBuf> {
    let cases = [ending.to_owned(), ending.to_ascii_uppercase()];
    cases.into_iter().map(|ending| path.with_extension(ending)).find(|part| part.is_file())
}

/// Refuses a file that holds byte for byte what an earlier one holds, under whatever name.
///
/// It is not read once instead: whoever gives a layer twice most often meant another one, whose ground would
/// then be passed over in silence.
pub(crate) fn once(paths: &[PathBuf]) -> Result<(), RedLineError> {
    for (place, path) in paths.iter().enumerate() {
        if let Some(first) = paths[..place].iter().find(|first| is_same(first, path)) {
            return Err(RedLineError::Twice { path: path.clone(), first: first.clone() });
        }
    }
    Ok(())
}

/// Whether two layer files have the same parts with the same bytes. Sizes first: nearly all differ.
fn is_same(a: &Path, b: &Path) -> bool {
    let (a, b) = (parts(a), parts(b));
    let ending = |path: &Path| path.extension().map(|ending| ending.to_ascii_lowercase());
    let size =
        |path: &Path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|is| is.len());
    let bytes = |path: &Path| std::fs::read(path).ok();
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| ending(a) == ending(b) && size(a).is_some() && size(a) == size(b))
        && a.iter().zip(&b).all(|(a, b)| bytes(a) == bytes(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(paths: &[&str]) -> Vec<String> {
        files(&paths.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_file_name_that_is_given_once_stands_alone() {
        assert_eq!(called(&["/no/such/a.shp", "/no/such/b.shp"]), ["a.shp", "b.shp"]);
    }

    #[test]
    fn equal_file_names_take_as_many_folders_as_tell_them_apart() {
        assert_eq!(
            called(&["/no/A/x/red.shp", "/no/B/x/red.shp", "/no/B/y/red.shp", "/no/other.shp"]),
            ["A/x/red.shp", "B/x/red.shp", "y/red.shp", "other.shp"]
        );
        assert_eq!(called(&["/red.shp", "/a/red.shp"]), ["red.shp", "a/red.shp"]);
    }
}
