//! The products among what was found in a folder.
//!
//! In:  folders and archives that are products, GeoTIFFs that may be parts of some. Out: candidates for scenes.
//! Law: a product that cannot be read is an error; what is left out is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::read::discover::{Candidate, SetAside};
use crate::read::product::named::{self, Part};
use crate::read::{ReadError, archive, product};

/// What is said of files beside scenes, and metadata that were read.
pub(crate) type Beside<'a> = (&'a mut Vec<(PathBuf, String)>, &'a mut Vec<PathBuf>);

/// Products in folders and archives of their own.
pub(crate) fn of_products(
    roots: &[PathBuf],
    set_aside: &SetAside,
    (skipped, described): Beside,
) -> Result<Vec<Candidate>, ReadError> {
    let mut candidates = Vec::new();
    for root in roots {
        if let Some((_, reason)) = set_aside.iter().find(|(path, _)| path.starts_with(root)) {
            skipped.push((root.clone(), reason.clone()));
            continue;
        }
        let found = product::of_root(root)?;
        if found.is_empty() {
            skipped.push((root.clone(), format!("is no product that is read here{}", product::NO_PRODUCT)));
        }
        for one in found {
            described.extend(one.metadata.iter().filter(|path| archive::split(path).is_none()).cloned());
            candidates.push(one.candidate()?);
        }
    }
    Ok(candidates)
}

/// Products of files with names of their own; the files that are of none come back.
pub(crate) fn of_named(
    files: &[PathBuf],
    set_aside: &SetAside,
    (skipped, described): Beside,
) -> Result<(Vec<Candidate>, Vec<PathBuf>), ReadError> {
    let (mut candidates, mut plain) = (Vec::new(), Vec::new());
    let mut groups: BTreeMap<(PathBuf, String), Vec<(PathBuf, Part)>> = BTreeMap::new();
    for path in files {
        match named::part(path) {
            Some(part) => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                groups.entry((folder, part.id.clone())).or_default().push((path.clone(), part));
            }
            None => plain.push(path.clone()),
        }
    }
    for parts in groups.into_values() {
        if let Some(reason) = parts.iter().find_map(|(path, _)| set_aside.get(path)) {
            skipped.extend(parts.iter().map(|(path, _)| (path.clone(), reason.clone())));
            continue;
        }
        match named::group(&parts)? {
            Some(one) => {
                described.extend(one.metadata.iter().cloned());
                candidates.push(one.candidate()?);
            }
            None => plain.extend(parts.into_iter().map(|(path, _)| path)),
        }
    }
    plain.sort();
    Ok((candidates, plain))
}
