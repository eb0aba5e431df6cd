//! One file, written whole or not at all.
//!
//! In:  the file's name, then its bytes. Out: the file under its name, after `commit`; nothing at all otherwise.
//! Law: bytes lie in `NAME.PID-N.partial` beside the target, locked, until they are on the disk; several processes may write
//!      one name at once, and the last to end is the one that stays. What a killed process left has no lock and is removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::publish::PublishError;
use crate::publish::staging::{is_still, parent_of, sync_folder, unfinished};

/// Ending of a file in the making.
const PARTIAL: &str = ".partial";

/// A file in the making. Dropped without `commit`, it leaves no trace.
#[derive(Debug)]
pub struct Single {
    target: PathBuf,
    path: PathBuf,
    file: BufWriter<File>,
}

impl Single {
    /// Begins a file beside its target; touches nothing under the target's own name.
    pub fn begin(target: &Path) -> Result<Self, PublishError> {
        if is_database(target) {
            return Err(PublishError::Folder {
                path: target.to_owned(),
                reason: "a database lies there, perhaps a ledger".to_owned(),
                next: "give another name; a database is never written over",
            });
        }
        clear(target);
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut attempt = 0_u32;
        loop {
            let path = target.with_file_name(format!("{name}.{}-{attempt}{PARTIAL}", std::process::id()));
            let failed = |source| PublishError::io("make", &path, source);
            attempt += 1;
            // An interrupted process waits until the file stands among those that it takes away.
            let mut alone = unfinished();
            let file = match File::options().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                opened => opened.map_err(failed)?,
            };
            // Between its birth and its lock another process may have taken it for rubbish.
            match file.try_lock() {
                Ok(()) if is_still(&path, &file) => {}
                Ok(()) | Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: rubbish stays there, and harms nobody.
                Err(TryLockError::Error(_)) => {}
            }
            alone.push(path.clone());
            return Ok(Self { target: target.to_owned(), path, file: BufWriter::new(file) });
        }
    }

    /// Brings the file to the disk and gives it its name.
    pub fn commit(mut self) -> Result<(), PublishError> {
        let failed = |source| PublishError::io("write", &self.path, source);
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(failed)?;
        let _alone = unfinished();
        let named = fs::rename(&self.path, &self.target);
        named.map_err(|source| PublishError::io("publish as", &self.target, source))?;
        sync_folder(&parent_of(&self.target))
    }
}

impl Write for Single {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        unfinished.retain(|path| *path != self.path);
        // After `commit` nothing has that name.
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes a file whole or not at all.
pub fn write(target: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let mut single = Single::begin(target)?;
    single.write_all(bytes).map_err(|source| PublishError::io("write", target, source))?;
    single.commit()
}

/// Whether a file is a database of SQLite, as GeoPackages and ledgers are.
fn is_database(target: &Path) -> bool {
    let mut head = [0_u8; 16];
    let read = File::open(target).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"SQLite format 3\0"
}

/// Whether a name is that of a file in the making.
pub fn is_partial(name: &str) -> bool {
    name.ends_with(PARTIAL)
}

/// Removes what killed processes left of a file: partial files that nobody holds.
fn clear(target: &Path) {
    let begin = format!("{}.", target.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(parent_of(target)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&begin) && is_partial(&name) {
            let held = File::options().write(true).open(entry.path()).and_then(|file| Ok(file.try_lock()?));
            if held.is_ok() {
                // What cannot be removed is untidy and no reason to fail.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("0003.part");
        let mut single = Single::begin(&target).unwrap();
        single.write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(single);
        assert!(names(folder.path()).is_empty());
        write(&target, b"whole").unwrap();
        assert_eq!(
            (names(folder.path()), fs::read(&target).unwrap()),
            (vec!["0003.part".into()], b"whole".to_vec())
        );
    }

    #[test]
    fn a_ledger_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("ledger.gpkg");
        fs::write(&target, b"SQLite format 3\0 and the rest").unwrap();
        let refused = write(&target, b"lead,verdict").unwrap_err().to_string();
        assert!(refused.contains("ledger.gpkg") && refused.contains("never written over"), "{refused}");
        assert_eq!(names(folder.path()), ["ledger.gpkg"]);
    }

    #[test]
    fn several_may_write_one_name_at_once_and_the_last_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("part");
        let (mut first, mut second) = (Single::begin(&target).unwrap(), Single::begin(&target).unwrap());
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        second.commit().unwrap();
        first.commit().unwrap();
        assert_eq!(
            (names(folder.path()), fs::read(&target).unwrap()),
            (vec!["part".into()], b"first".to_vec())
        );
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_another_files_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["part.7-0.partial", "part2.7-0.partial", "part.old"] {
            fs::write(folder.path().join(name), b"left").unwrap();
        }
        write(&folder.path().join("part"), b"whole").unwrap();
        assert_eq!(names(folder.path()), ["part", "part.old", "part2.7-0.partial"]);
    }
}
