//! The files of a product, in a folder or in an archive, under one set of names.
//!
//! In:  a folder or a ZIP archive. Out: names of its files with `/` between folders, their bytes and their paths.
//! Law: links between folders are not followed, number and depth are bounded, and nothing is unpacked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::read::{ReadError, archive, harden};

/// Most files of a product. One tile has about 150.
const MAX_FILES: usize = 20_000;
/// Deepest folder of a product: SAFE goes down four.
const MAX_DEPTH: usize = 8;

/// Files of a product.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// Folder, archive, or folder inside an archive.
    pub(crate) root: PathBuf,
    /// Names below the root, with their sizes in bytes.
    pub(crate) files: BTreeMap<String, u64>,
}

impl Tree {
    /// Lists a folder or an archive.
    ///
    /// # Errors
    /// `Access`, `Product` where there is too much, and those of an archive.
    pub(crate) fn open(root: &Path) -> Result<Self, ReadError> {
        let files = if root.is_dir() { listed(root)? } else { archive::members(root)? };
        Ok(Self { root: root.to_owned(), files })
    }

    /// What lies in one folder of it, as a tree of its own; `""` is the tree itself.
    pub(crate) fn below(&self, folder: &str) -> Self {
        if folder.is_empty() {
            return self.clone();
        }
        let inside = |(name, size): (&String, &u64)| {
            let name = name.strip_prefix(folder)?.strip_prefix('/')?;
            Some((name.to_owned(), *size))
        };
        Self { root: self.root.join(folder), files: self.files.iter().filter_map(inside).collect() }
    }

    /// Path of a file, whether it is there or not.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The name of the root itself.
    pub(crate) fn name(&self) -> String {
        self.root.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Bytes of a file, at most `limit`.
    ///
    /// # Errors
    /// `Product` where it is longer, and those of reading.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let path = self.path(name);
        if let Some((archive, member)) = archive::split(&path) {
            return archive::read(&archive, &member, limit);
        }
        let real = harden::plain_file(&path)?;
        let access = |source| ReadError::Access { path: path.clone(), source };
        let size = fs::metadata(&real).map_err(access)?.len();
        if size > limit {
            let reason =
                format!("is {size} bytes, the limit for metadata is {limit}; copy the product again");
            return Err(ReadError::Product { path: path.clone(), reason });
        }
        fs::read(&real).map_err(access)
    }
}

fn listed(root: &Path) -> Result<BTreeMap<String, u64>, ReadError> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, before, depth)) = folders.pop() {
        let access = |source| ReadError::Access { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(access)? {
            let path = entry.map_err(access)?.path();
            // A name that is no text is none of a product's.
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let name = format!("{before}{name}");
            if path.is_dir() {
                if depth < MAX_DEPTH && !path.is_symlink() {
                    folders.push((path, format!("{name}/"), depth + 1));
                }
            } else if let Ok(found) = fs::metadata(&path) {
                files.insert(name, found.len());
            }
            if files.len() > MAX_FILES {
                let reason = format!(
                    "holds more than {MAX_FILES} files, which no product does; name its folder alone"
                );
                return Err(ReadError::Product { path: root.to_owned(), reason });
            }
        }
    }
    Ok(files)
}
