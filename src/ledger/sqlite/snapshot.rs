//! A ledger file for whoever only reads it: the file, its folder and its bytes stay as they are.
//!
//! In:  a path. Out: a connection that cannot write.
//! Law: where nobody writes, the file is taken into memory as it lies there; where somebody does, or did and was cut off,
//!      the log beside it holds what was written last, and the file is read together with it.
//! Source: sqlite.org, "Write-Ahead Logging" (read-only databases) and "URI Filenames" (`immutable`).

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::{database, failed};
use crate::ledger::LedgerError;

/// How often a file that is written while it is taken in is taken in anew.
const TRIES: usize = 20;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection to read a ledger through.
pub(super) fn connection(path: &Path) -> Result<Connection, LedgerError> {
    for _ in 0..TRIES {
        if has_log(path) {
            match beside_writers(path) {
                // The writer went away before the file was open, and took the log along.
                Err(_) if !has_log(path) => continue,
                opened => return opened,
            }
        }
        if let Some(taken) = steady(path, || in_memory(path)) {
            return taken.map_err(failed(path, "read it"));
        }
        std::thread::sleep(PAUSE);
    }
    beside_writers(path)
}

/// The name of a file that SQLite keeps beside another.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Whether something that was written stands beside the file and not yet in it.
fn has_log(path: &Path) -> bool {
    let is_held = |ending| fs::metadata(beside(path, ending)).is_ok_and(|log| log.len() > 0);
    is_held("-wal") || is_held("-journal")
}

/// Number, length and time of a file.
type Stamp = (u64, u64, i64, i64);

/// What changes when somebody writes into a file.
fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}

/// What `take` makes of a file, unless somebody wrote it meanwhile: a writer may have come and gone, and pages of two moments
/// would lie side by side.
fn steady<T>(path: &Path, take: impl FnOnce() -> T) -> Option<T> {
    let before = stamp(path)?;
    let taken = take();
    (stamp(path) == Some(before) && !has_log(path)).then_some(taken)
}

/// `immutable`: SQLite makes no file and takes no lock. It may be said because the pages are taken at once and looked at later.
fn in_memory(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(address(path), flags)?;
    let mut memory = Connection::open_in_memory()?;
    Backup::new(&file, &mut memory)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(memory)
}

fn address(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                address.push(char::from(*byte))
            }
            // Writing into a text does not fail.
            _ => drop(write!(address, "%{byte:02X}")),
        }
    }
    address + "?immutable=1"
}

fn beside_writers(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let tried = opened.and_then(|file| {
        file.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
        Ok(file)
    });
    tried.map_err(|error| {
        let reason = format!(
            "{error}; the file beside it (-wal or -journal) holds what was written last and can be read only where both \
             can be written: copy all of them to such a folder and read the copy"
        );
        database(path, "read it", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::audit::audit;
    use crate::ledger::audit::tests::drawn;
    use crate::ledger::event::tests::moment;
    use crate::ledger::event::{Draft, Kind};
    use crate::ledger::place::Place;
    use crate::ledger::sqlite::Sqlite;
    use crate::ledger::store::{Engine, Ledger};

    /// Names, sizes and times of a folder, and of what is in it; bytes of the files.
    fn seen(folder: &Path) -> Vec<(PathBuf, Stamp, Vec<u8>)> {
        let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = inside.chain([folder.to_owned()]).collect();
        all.sort();
        let seen = |path: PathBuf| (path.clone(), stamp(&path).unwrap(), fs::read(&path).unwrap_or_default());
        all.into_iter().map(seen).collect()
    }

    #[test]
    fn reading_leaves_file_and_folder_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        // A name that an address must not take for its own signs.
        let path = folder.path().join("台账 ?#%20.gpkg");
        fs::rename(drawn(folder.path()), &path).unwrap();
        let before = seen(folder.path());
        assert_eq!(before.len(), 2);
        let place = Place::from(&path);
        let mut ledger = Ledger::open_to_read(&place).unwrap();
        assert_eq!((ledger.events().unwrap().len(), ledger.book().cases.len()), (7, 2));
        assert!(audit(place.open_to_read().unwrap().as_mut(), None).unwrap().faults.is_empty());
        let noted = Draft::of(Kind::Noted, "a");
        let told = ledger.write("Li", &moment(3), |_| Ok((vec![noted], ()))).unwrap_err().to_string();
        assert!(told.contains("opened to read"), "{told}");
        assert_eq!(ledger.book().head.0, 7);
        drop(ledger);
        assert_eq!(seen(folder.path()), before);
    }

    #[test]
    fn what_stands_in_the_log_alone_is_read_too_and_a_copy_without_it_is_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn(folder.path());
        let mut writer = Ledger::open(&path).unwrap();
        writer.write("Li", &moment(3), |_| Ok((vec![Draft::of(Kind::Noted, "a")], ()))).unwrap();
        assert!(has_log(&path));
        assert_eq!(Ledger::open_to_read(&path).unwrap().book().head.0, 8);
        // The last event is in the log; the copy lies alone and is still in write-ahead mode.
        let alone = folder.path().join("alone.gpkg");
        fs::copy(&path, &alone).unwrap();
        let mut copy = Sqlite::open_to_read(&alone).unwrap();
        assert_eq!(copy.events_after(0).unwrap().len(), 7);
        assert!(audit(&mut copy, None).unwrap().faults.is_empty());
        assert!(!beside(&alone, "-wal").exists() && !beside(&alone, "-shm").exists());
    }

    #[test]
    fn what_was_taken_while_somebody_wrote_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn(folder.path());
        let write = || {
            let mut writer = Ledger::open(&path).unwrap();
            writer.write("Li", &moment(3), |_| Ok((vec![Draft::of(Kind::Noted, "a")], ()))).unwrap();
            writer
        };
        assert_eq!(steady(&path, || 1), Some(1));
        // One came and went, one is still there.
        assert!(steady(&path, || drop(write())).is_none());
        assert!(steady(&path, write).is_none());
        assert_eq!(steady(&path, || 1), Some(1));
    }

    #[test]
    fn who_reads_while_others_come_write_and_go_sees_whole_ledgers_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn(folder.path());
        let place = Place::from(&path);
        // A file of some size, so that taking it in lasts.
        let many = (0..400).map(|_| Draft {
            body: serde_json::json!({"words": "x".repeat(20_000)}),
            ..Draft::of(Kind::Noted, "a")
        });
        let many: Vec<Draft> = many.collect();
        Ledger::open(&path).unwrap().write("Li", &moment(3), |_| Ok((many, ()))).unwrap();
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..60 {
                    let mut writer = Ledger::open(&path).unwrap();
                    let long = serde_json::json!({"words": "x".repeat(20_000)});
                    let noted = Draft { body: long, ..Draft::of(Kind::Noted, "a") };
                    writer.write("Li", &moment(3), |_| Ok((vec![noted], ()))).unwrap();
                }
                is_done.store(true, std::sync::atomic::Ordering::SeqCst);
            });
            let mut last = 0;
            while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
                let found = audit(place.open_to_read().unwrap().as_mut(), None).unwrap();
                assert!(found.faults.is_empty() && found.head.0 >= last, "{found:?}");
                last = found.head.0;
            }
        });
        assert_eq!(Ledger::open_to_read(&path).unwrap().book().head.0, 467);
    }
}
