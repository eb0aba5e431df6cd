//! Where the pictures lie that a table names.
//!
//! In:  the table's file, folders that a person gave, a name. Out: one file.
//! Law: a name is a stranger's word: it leads to nothing outside the folders, and of two files with one name none is taken.
//! Source: ODK Central exports `media/` beside the table; QField writes `DCIM/` beside the GeoPackage; KoboToolbox packs
//!         `attachments/FORM/RECORD/NAME`.

use std::path::{Component, Path, PathBuf};

/// Folders in which field tools keep pictures, beside the table.
const FOLDERS: [&str; 3] = ["media", "DCIM", "attachments"];

/// Folders within folders that are gone into at most, and names that are looked at: a folder given by mistake ends.
const DEEPEST: usize = 6;
const MOST_NAMES: usize = 200_000;

/// Endings of pictures.
const ENDINGS: [&str; 4] = ["jpg", "jpeg", "heic", "heif"];

/// Folders in which pictures are looked for.
#[derive(Debug, Clone)]
pub struct Album {
    /// As the table names them, from here.
    beside: Vec<PathBuf>,
    /// Every picture in folders of field tools and in given ones, by path.
    within: Vec<PathBuf>,
}

impl Album {
    /// Looks beside a table and in folders that were given.
    pub fn of(table: &Path, given: &[PathBuf]) -> Self {
        let folder = table.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let own = FOLDERS.iter().map(|name| folder.join(name));
        let all: Vec<PathBuf> = own.chain(given.iter().cloned()).collect();
        let within = all.iter().flat_map(|folder| pictures(folder)).collect();
        Self { beside: std::iter::once(folder).chain(all).collect(), within }
    }

    /// The picture of a name; `record` tells pictures of one name from each other.
    ///
    /// # Errors
    /// In words: there is none, or there are several.
    pub fn find(&self, name: &str, record: Option<&str>) -> Result<PathBuf, String> {
        let steps = name.split(['/', '\\']).filter(|step| !step.is_empty());
        let steps: PathBuf = steps.collect();
        let is_plain = steps.components().all(|step| matches!(step, Component::Normal(_)));
        let last = steps.file_name().ok_or_else(|| format!("'{name}' is no name of a file"))?;
        let whole: Vec<PathBuf> = match is_plain {
            true => {
                self.beside.iter().map(|folder| folder.join(&steps)).filter(|path| is_file(path)).collect()
            }
            false => Vec::new(),
        };
        let by_name = || {
            let beside = self.beside.iter().map(|folder| folder.join(last)).filter(|path| is_file(path));
            let within = self.within.iter().filter(|path| path.file_name() == Some(last)).cloned();
            beside.chain(within).collect()
        };
        let mut called: Vec<PathBuf> = if whole.is_empty() { by_name() } else { whole };
        called.sort();
        called.dedup();
        let record = record.map(|record| record.trim_start_matches("uuid:"));
        let is_of = |path: &&PathBuf| record.is_some_and(|record| path.iter().any(|step| step == record));
        let of_record: Vec<&PathBuf> = called.iter().filter(is_of).collect();
        match (of_record.as_slice(), called.as_slice()) {
            ([one], _) => Ok(PathBuf::clone(one)),
            (_, [one, others @ ..]) if others.iter().all(|other| is_same(one, other)) => Ok(one.clone()),
            (_, []) => Err(format!(
                "'{name}' is not beside the table, nor in media, DCIM or attachments there; give its folder with --photos"
            )),
            (_, several) => {
                Err(format!("{} pictures are called '{name}'; give the folder of one", several.len()))
            }
        }
    }
}

/// Whether a file lies there itself; a link may lead anywhere.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

/// Whether two files hold the same.
fn is_same(one: &Path, other: &Path) -> bool {
    let digest = |path: &Path| crate::publish::digest::of_file(path).ok();
    digest(one).is_some_and(|found| digest(other) == Some(found))
}

/// Every picture in a folder and the folders within it, by path; none where there is no such folder.
pub fn pictures(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders, mut seen) = (Vec::new(), vec![(folder.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            // A link may lead round in a circle.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_picture(&entry.path()) {
                found.push(entry.path());
            }
            if seen > MOST_NAMES {
                folders.clear();
                break;
            }
        }
    }
    found.sort();
    found
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    ENDINGS.contains(&ending.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        folder
    }

    #[test]
    fn a_picture_is_found_where_field_tools_put_it_and_nowhere_else() {
        let folder = drawn(&[
            "in/odk.csv",
            "in/media/a.jpg",
            "in/DCIM/b.jpg",
            "in/attachments/form/r1/c.jpg",
            "in/attachments/form/r2/c.jpg",
            "secret.jpg",
        ]);
        std::os::unix::fs::symlink(folder.path().join("secret.jpg"), folder.path().join("in/media/link.jpg"))
            .unwrap();
        let given = drawn(&["deep/er/d.jpg"]);
        let album = Album::of(&folder.path().join("in/odk.csv"), &[given.path().to_owned()]);
        let end = |name: &str, record: Option<&str>| {
            album.find(name, record).map(|path| path.ends_with(name.rsplit('/').next().unwrap()))
        };
        for name in ["a.jpg", "DCIM/b.jpg", "storage/phone/DCIM/b.jpg", "d.jpg"] {
            assert_eq!(end(name, None), Ok(true), "{name}");
        }
        assert!(album.find("c.jpg", Some("uuid:r2")).unwrap().ends_with("r2/c.jpg"));
        assert!(album.find("c.jpg", None).unwrap_err().contains("2 pictures"));
        for name in ["../secret.jpg", "link.jpg", "none.jpg", "..", ""] {
            assert!(album.find(name, None).is_err(), "{name}");
        }
        // One name, two pictures: nobody can know which was meant; of one picture in two places it does not matter.
        std::fs::write(folder.path().join("in/a.jpg"), "another").unwrap();
        assert!(album.find("a.jpg", None).unwrap_err().contains("2 pictures"));
        std::fs::write(folder.path().join("in/a.jpg"), "in/media/a.jpg").unwrap();
        assert!(album.find("a.jpg", None).is_ok());
    }
}
