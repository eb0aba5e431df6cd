//! What a database file holds beside its tables, and what depends on the library that wrote it: taken out, so that
//! releases of SQLite differ in nothing that is not in a table.
//!
//! In:  a database that nobody has open. Out: the same tables; zeros where pages hold nothing, pages that are free empty, and
//!      one number in the place for the library's own (manifests say which one it was).
//! Law: what is not surely empty is left alone. Page by page: memory does not grow with the file.
//! Source: SQLite, "Database File Format": 1.3 (header), 1.5 (free pages), 1.6 (pages of trees).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::publish::PublishError;

/// Bytes of the header, which lies on the first page before the tree that begins there.
const HEADER: usize = 100;
/// Where the header tells the library that wrote last.
const LIBRARY: usize = 96;
/// What is told there: 3.40.1, by which this program's files are known.
const TOLD: u32 = 3_040_001;
/// Kinds of pages of trees, with the length of what stands before their cells.
const TREES: [(u8, usize); 4] = [(2, 12), (5, 12), (10, 8), (13, 8)];

/// Takes the leftovers out of a file.
///
/// # Errors
/// `Io` where it cannot be read or written.
pub fn take_out(path: &Path) -> Result<(), PublishError> {
    let settle = || -> io::Result<()> {
        let file = File::options().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0_u8; HEADER];
        if length < HEADER as u64 {
            return Ok(());
        }
        file.read_exact_at(&mut head, 0)?;
        let Some(layout) = Layout::of(&head) else { return Ok(()) };
        for number in 1..=length / layout.page as u64 {
            layout.settle(&file, number)?;
        }
        layout.empty_free(&file, word(&head, 32), length / layout.page as u64)
    };
    settle().map_err(|source| PublishError::io("settle", path, source))
}

/// How the pages of a file are laid out.
struct Layout {
    /// Bytes of a page.
    page: usize,
    /// Bytes of it that are used.
    usable: usize,
}

impl Layout {
    /// `None` where it is no database, or one whose pages move (`auto_vacuum`).
    fn of(head: &[u8; HEADER]) -> Option<Self> {
        let page = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            other => usize::from(other),
        };
        let is_known = head.starts_with(b"SQLite format 3\0") && page >= 512 && word(head, 52) == 0;
        is_known.then(|| Self { page, usable: page - usize::from(head[20]) })
    }

    /// One page: the header's number of the library, and zeros between the list of cells and the first of them.
    fn settle(&self, file: &File, number: u64) -> io::Result<()> {
        let at = (number - 1) * self.page as u64;
        let mut bytes = vec![0_u8; self.page];
        file.read_exact_at(&mut bytes, at)?;
        let before = bytes.clone();
        let start = if number == 1 { HEADER } else { 0 };
        if number == 1 {
            bytes[LIBRARY..LIBRARY + 4].copy_from_slice(&TOLD.to_be_bytes());
        }
        let kind = bytes[start];
        if let Some((_, length)) = TREES.iter().find(|(known, _)| *known == kind) {
            let half =
                |at: usize| usize::from(u16::from_be_bytes([bytes[start + at], bytes[start + at + 1]]));
            let first = if half(5) == 0 { 65_536 } else { half(5) };
            let end_of_list = start + length + 2 * half(3);
            if end_of_list <= first && first <= self.usable {
                bytes[end_of_list..first].fill(0);
            }
        }
        if bytes == before { Ok(()) } else { file.write_all_at(&bytes, at) }
    }

    /// Pages that are free: what lay on them is gone. A page of a tree that only looks like one is among them.
    fn empty_free(&self, file: &File, mut trunk: u32, pages: u64) -> io::Result<()> {
        // No list is longer than the file; one in a circle ends.
        for _ in 0..pages {
            if trunk == 0 || u64::from(trunk) > pages {
                return Ok(());
            }
            let at = u64::from(trunk - 1) * self.page as u64;
            let mut bytes = vec![0_u8; self.page];
            file.read_exact_at(&mut bytes, at)?;
            let leaves = word(&bytes, 4) as usize;
            let end = 8 + 4 * leaves;
            if end > self.usable {
                return Ok(());
            }
            for leaf in (0..leaves).map(|leaf| word(&bytes, 8 + 4 * leaf)) {
                if leaf != 0 && u64::from(leaf) <= pages {
                    file.write_all_at(&vec![0; self.page], u64::from(leaf - 1) * self.page as u64)?;
                }
            }
            bytes[end..].fill(0);
            file.write_all_at(&bytes, at)?;
            trunk = word(&bytes, 0);
        }
        Ok(())
    }
}

/// A whole number of four bytes, the highest first.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A database with rows that came, grew and went.
    fn drawn(path: &Path) {
        let file = Connection::open(path).unwrap();
        file.execute_batch(
            "PRAGMA secure_delete = OFF; CREATE TABLE a(x TEXT, y REAL); CREATE INDEX i ON a(x);",
        )
        .unwrap();
        for row in 0..400_i64 {
            let text = "leftover".repeat(1 + usize::try_from(row).unwrap() % 90);
            file.execute("INSERT INTO a VALUES(?1, ?2)", (text, row)).unwrap();
        }
        file.execute_batch("DELETE FROM a WHERE y < 250; UPDATE a SET x = 'short' WHERE y < 300;").unwrap();
        file.close().unwrap();
    }

    fn rows(path: &Path) -> Vec<(String, f64)> {
        let file = Connection::open(path).unwrap();
        let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
        let mut all = file.prepare("SELECT x, y FROM a ORDER BY y").unwrap();
        all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn tables_stay_and_leftovers_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gpkg");
        drawn(&path);
        let (before, kept) = (rows(&path), std::fs::read(&path).unwrap());
        take_out(&path).unwrap();
        assert_eq!(rows(&path), before);
        let settled = std::fs::read(&path).unwrap();
        let zeros = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 0).count();
        assert!(
            settled.len() == kept.len() && zeros(&settled) > zeros(&kept) + 10_000,
            "{} {}",
            zeros(&settled),
            zeros(&kept)
        );
        assert_eq!(word(&settled, LIBRARY), TOLD);
        take_out(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), settled);
    }

    #[test]
    fn what_another_library_leaves_between_cells_makes_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("a"), folder.path().join("b"));
        drawn(&one);
        let mut bytes = std::fs::read(&one).unwrap();
        bytes[LIBRARY..LIBRARY + 4].copy_from_slice(&3_046_001_u32.to_be_bytes());
        // The last page is a leaf of a tree: something lies before its first cell.
        let page = bytes.len() - 4096;
        let tree = (page..bytes.len()).step_by(4096).find(|at| bytes[*at] == 13 || bytes[*at] == 10);
        if let Some(at) = tree {
            let first = usize::from(u16::from_be_bytes([bytes[at + 5], bytes[at + 6]]));
            bytes[at + first - 3..at + first].copy_from_slice(b"abc");
        }
        std::fs::write(&other, bytes).unwrap();
        take_out(&one).unwrap();
        take_out(&other).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&other).unwrap());
    }

    #[test]
    fn what_is_no_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [
            &b""[..],
            b"SQLite format 3\0",
            &[b"SQLite format 3\0".to_vec(), vec![0; 4080]].concat(),
            &[7; 5000],
        ] {
            let path = folder.path().join("x");
            std::fs::write(&path, bytes).unwrap();
            take_out(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
}
