//! The ledger in one file: SQLite, laid out as a GeoPackage so that QGIS opens it as layers.
//!
//! Law: a write is whole or it is not there (write-ahead log, full sync); a file that is damaged or of another kind is
//!      refused at the door. Events cannot be updated or deleted through SQL; who goes around that is found by `audit`.
//! Source: OGC GeoPackage 1.3 (12-128r17); settings against hostile files: sqlite.org, "Defense Against The Dark Arts".

mod disk;
mod frame;
mod index;
mod snapshot;

use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{Value as Held, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::ledger::LedgerError;
use crate::ledger::event::Event;
use crate::ledger::geopackage::{APPLICATION, blob, made_anew, script};
use crate::ledger::place::Fill;
use crate::ledger::rows::{Cell, Comparison, Row, Table};
use crate::ledger::store::Engine;
use crate::ledger::versions::Step;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger file.
pub struct Sqlite {
    path: PathBuf,
    connection: Connection,
    is_to_read: bool,
    /// Disk and number of the file that was opened to write.
    opened: Option<(u64, u64)>,
}

/// Which file lies under a name.
fn file_there(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

impl Sqlite {
    /// Makes a new file that begins with what `fill` writes.
    ///
    /// # Errors
    /// `Taken` where something is there already, `Database` where it cannot be written, and those of `fill`.
    pub fn create(path: &Path, fill: &mut Fill<'_>) -> Result<Self, LedgerError> {
        if path.symlink_metadata().is_ok() {
            let found = if path.is_dir() { "a folder" } else { "a file" };
            return Err(LedgerError::Taken { place: path.display().to_string(), found: found.to_owned() });
        }
        // Made under another name first: a ledger that is there is whole.
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        let made = Self::made(path, &beside, fill).and_then(|()| {
            let moved = std::fs::hard_link(&beside, path);
            moved.map_err(|error| database(path, "give the new file its name", error.to_string()))
        });
        for ending in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(snapshot::beside(&beside, ending));
        }
        made?;
        Self::open(path)
    }

    fn made(path: &Path, beside: &Path, fill: &mut Fill<'_>) -> Result<(), LedgerError> {
        // Names of people stand in it: its owner's alone, until he says otherwise.
        let _ = std::fs::remove_file(beside);
        let new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside);
        new.map_err(|error| database(path, "make the file", error.to_string()))?;
        let connection = Connection::open(beside).map_err(failed(path, "make the file"))?;
        connection.execute_batch(&script()).map_err(failed(path, "make the tables"))?;
        let mut made = Self { path: path.to_owned(), connection, is_to_read: false, opened: None };
        made.begin()?;
        fill(&mut made)?;
        made.commit()?;
        // Changing to the log takes a journal for a moment: who is cut off then must not leave one beside the new name.
        let log = format!("PRAGMA journal_mode = {};", disk::journal(beside));
        made.connection.execute_batch(&log).map_err(failed(path, "change it to write ahead"))?;
        made.connection.close().map_err(|(_, error)| failed(path, "close the new file")(error))
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// `Missing`, `Foreign` for a file that is no ledger, `Database` for a damaged one.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        if !path.is_file() {
            return Err(LedgerError::Missing { place: path.display().to_string() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed(path, "open it"))?;
        let mut opened =
            Self { path: path.to_owned(), connection, is_to_read: false, opened: file_there(path) };
        opened.expect_ledger()?;
        let journal = disk::journal(path);
        let settings = format!(
            "PRAGMA journal_mode = {journal}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
        );
        opened.connection.execute_batch(&settings).map_err(failed(path, "open it to write"))?;
        index::serve(&opened.connection).map_err(failed(path, "open it to write"))?;
        Ok(opened)
    }

    /// Opens a ledger that is there and is not to be changed: nothing is made beside it, and no right to write is needed.
    ///
    /// # Errors
    /// Those of [`Sqlite::open`].
    pub fn open_to_read(path: &Path) -> Result<Self, LedgerError> {
        if !path.is_file() {
            return Err(LedgerError::Missing { place: path.display().to_string() });
        }
        let connection = snapshot::connection(path)?;
        let mut opened = Self { path: path.to_owned(), connection, is_to_read: true, opened: None };
        opened.expect_ledger()?;
        Ok(opened)
    }

    /// What is written to a file that somebody took away or replaced would be gone with it, and what is read from it is old.
    fn expect_same_file(&self, doing: &'static str) -> Result<(), LedgerError> {
        if self.opened.is_some() && file_there(&self.path) != self.opened {
            let reason = "the file under that name is no longer the one that was opened; nothing was written, open it again";
            return Err(database(&self.path, doing, reason.to_owned()));
        }
        Ok(())
    }

    fn expect_ledger(&mut self) -> Result<(), LedgerError> {
        let failed = failed(&self.path, "read its head");
        self.connection.busy_timeout(PATIENCE).map_err(&failed)?;
        let safe = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
        self.connection.execute_batch(safe).map_err(&failed)?;
        let number = |question: &str| self.connection.query_row(question, [], |row| row.get::<_, i64>(0));
        let application = number("PRAGMA application_id").map_err(&failed)?;
        if application != APPLICATION || number("SELECT version FROM ledger_version").is_err() {
            return Err(LedgerError::Foreign {
                place: self.place(),
                expected: "a GeoPackage with a table ledger_version".to_owned(),
                found: format!("application {application:#x} without one"),
                next: "give a ledger",
            });
        }
        Ok(())
    }
}

fn database(path: &Path, doing: &'static str, reason: String) -> LedgerError {
    LedgerError::Database { place: path.display().to_string(), doing, reason }
}

fn failed(path: &Path, doing: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError + use<> {
    let path = path.to_owned();
    move |error| database(&path, doing, error.to_string())
}

#[cfg(test)]
impl Sqlite {
    /// A connection that was opened for something else.
    pub(crate) fn of(connection: Connection) -> Self {
        Self { path: PathBuf::from("raw"), connection, is_to_read: false, opened: None }
    }

    /// The connection, to do what nobody should.
    pub(crate) fn raw(&self) -> &Connection {
        &self.connection
    }
}

/// Columns of an event, in the order of the row.
const EVENT: &str =
    "fid, key, kind, lead, run, actor, at_utc, at_local, reason, body, evidence, previous, hash";

impl Engine for Sqlite {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn version(&mut self) -> Result<i64, LedgerError> {
        let question = "SELECT version FROM ledger_version";
        let version = self.connection.query_row(question, [], |row| row.get(0));
        version.map_err(failed(&self.path, "read its version"))
    }

    fn take_step(&mut self, step: &Step) -> Result<(), LedgerError> {
        self.connection.execute_batch(step.sqlite).map_err(failed(&self.path, "bring it forward"))
    }

    fn make_anew(&mut self, version: i64) -> Result<(), LedgerError> {
        let failed = failed(&self.path, "make its tables anew");
        let counts = "SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_ogr_contents'";
        if self.connection.query_row(counts, [], |row| row.get::<_, i64>(0)).map_err(&failed)? > 0 {
            self.connection.execute_batch("DELETE FROM gpkg_ogr_contents").map_err(&failed)?;
        }
        self.connection.execute_batch(&made_anew(version)).map_err(&failed)
    }

    fn wait_at_most(&mut self, patience: Duration) -> Result<(), LedgerError> {
        self.connection.busy_timeout(patience).map_err(failed(&self.path, "say how long to wait"))
    }

    fn begin(&mut self) -> Result<(), LedgerError> {
        if self.is_to_read {
            return Err(database(&self.path, "begin to write", "it was opened to read".to_owned()));
        }
        self.expect_same_file("begin to write")?;
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(failed(&self.path, "begin to write"))
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.connection.execute_batch("COMMIT").map_err(failed(&self.path, "write for good"))
    }

    fn roll_back(&mut self) {
        // Where there is nothing to take back the database says so, which helps nobody.
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    fn events_after(&mut self, seq: i64) -> Result<Vec<Event>, LedgerError> {
        self.expect_same_file("read events")?;
        let failed = failed(&self.path, "read events");
        let question = format!("SELECT {EVENT} FROM events WHERE fid >= ?1 ORDER BY fid");
        let mut statement = self.connection.prepare_cached(&question).map_err(&failed)?;
        // The least number is a place too, where somebody may put a row.
        let from = if seq == i64::MIN { seq } else { seq.saturating_add(1) };
        let mut found = statement.query([from]).map_err(&failed)?;
        let mut events = Vec::new();
        while let Some(row) = found.next().map_err(&failed)? {
            events.push(event(row)?);
        }
        Ok(events)
    }

    fn append(&mut self, event: &Event) -> Result<(), LedgerError> {
        let statement =
            format!("INSERT INTO events ({EVENT}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
        let failed = failed(&self.path, "add an event");
        let mut statement = self.connection.prepare_cached(&statement).map_err(&failed)?;
        let words = event.words().into_iter().map(|word| Held::Text(word.to_owned()));
        let values = std::iter::once(Held::Integer(event.seq)).chain(words);
        statement.execute(params_from_iter(values)).map_err(&failed).map(|_| ())
    }

    fn put(&mut self, table: &Table, row: &Row) -> Result<(), LedgerError> {
        let failed = failed(&self.path, "show what stands");
        let names: String = table.columns.iter().map(|(name, _)| format!(", {name}")).collect();
        let count = table.columns.len() + usize::from(table.has_shape);
        let marks: String = (0..count).map(|_| ",?").collect();
        let shape = if table.has_shape { ", geom" } else { "" };
        let statement =
            format!("INSERT OR REPLACE INTO {} (fid{names}{shape}) VALUES (?{marks})", table.name);
        let mut statement = self.connection.prepare_cached(&statement).map_err(&failed)?;
        let mut values = vec![Held::Integer(row.fid)];
        values.extend(row.cells.iter().map(held));
        if table.has_shape {
            values.push(Held::Blob(blob(&row.shape)));
        }
        statement.execute(params_from_iter(values)).map_err(&failed).map(|_| ())
    }

    fn take(&mut self, table: &Table, fid: i64) -> Result<(), LedgerError> {
        let statement = format!("DELETE FROM {} WHERE fid = ?1", table.name);
        self.connection.execute(&statement, [fid]).map_err(failed(&self.path, "show what stands")).map(|_| ())
    }

    fn differences(&mut self, table: &Table, expected: &[Row]) -> Result<Vec<String>, LedgerError> {
        let failed = failed(&self.path, "read what stands");
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let shape = if table.has_shape { ", geom" } else { "" };
        let question = format!("SELECT fid, {}{shape} FROM {} ORDER BY fid", names.join(", "), table.name);
        let mut statement = self.connection.prepare(&question).map_err(&failed)?;
        let mut found = statement.query([]).map_err(&failed)?;
        let mut comparison = Comparison::of(table, expected);
        while let Some(row) = found.next().map_err(&failed)? {
            let fid: i64 = row.get(0).map_err(&failed)?;
            let Some(wanted) = comparison.found(fid) else { continue };
            for (place, (name, cell)) in names.iter().zip(&wanted.cells).enumerate() {
                if !is_held(row.get_ref(place + 1).map_err(&failed)?, cell) {
                    comparison.changed(fid, name);
                }
            }
            let is_there =
                |held: ValueRef<'_>| matches!(held, ValueRef::Blob(held) if held == blob(&wanted.shape));
            if table.has_shape && !is_there(row.get_ref(names.len() + 1).map_err(&failed)?) {
                comparison.changed(fid, "geom");
            }
        }
        Ok(comparison.end())
    }

    fn leads_beginning(&mut self, start: &str, most: usize) -> Result<Vec<(String, String)>, LedgerError> {
        let failed = failed(&self.path, "read what stands");
        let question = "SELECT id, state FROM leads WHERE substr(id, 1, length(?1)) = ?1 AND state <> 'merged' \
                        ORDER BY id LIMIT ?2";
        let mut statement = self.connection.prepare(question).map_err(&failed)?;
        let leads = statement.query_map((start, most as i64), |row| Ok((row.get(0)?, row.get(1)?)));
        leads.and_then(Iterator::collect).map_err(&failed)
    }

    fn hold(&mut self) -> Result<(), LedgerError> {
        self.connection.execute_batch("SAVEPOINT moment").map_err(failed(&self.path, "begin to read"))
    }

    fn let_go(&mut self) {
        let _ = self.connection.execute_batch("RELEASE moment");
    }

    fn damage(&mut self) -> Result<Vec<String>, LedgerError> {
        let failed = failed(&self.path, "look at every page");
        let mut statement = self.connection.prepare("PRAGMA integrity_check").map_err(&failed)?;
        let told = statement.query_map([], |row| row.get::<_, String>(0)).map_err(&failed)?;
        let told: Vec<String> = told.collect::<Result<_, _>>().map_err(&failed)?;
        let mut damage: Vec<String> = told
            .into_iter()
            .filter(|words| words != "ok")
            .map(|words| format!("database: {words}"))
            .collect();
        damage.extend(frame::differences(&self.connection).map_err(&failed)?);
        Ok(damage)
    }
}

/// The event of a row; a column of another kind than text is told with its row.
fn event(row: &rusqlite::Row<'_>) -> Result<Event, LedgerError> {
    let at = |place: usize| row.get_ref(place).unwrap_or(ValueRef::Null);
    let seq = at(0).as_i64().unwrap_or(0);
    let mut columns: [String; 12] = Default::default();
    for ((place, name), column) in EVENT.split(", ").enumerate().skip(1).zip(&mut columns) {
        let wrong = |found: String| LedgerError::Row {
            table: "events".to_owned(),
            row: seq.to_string(),
            what: format!("column {name}: expected text, found {found}"),
        };
        *column = match at(place) {
            ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec())
                .map_err(|error| wrong(format!("bytes that are none ({error})")))?,
            other => return Err(wrong(other.data_type().to_string().to_lowercase())),
        };
    }
    Ok(Event::of(seq, columns))
}

fn held(cell: &Cell) -> Held {
    match cell {
        Cell::Null => Held::Null,
        Cell::Text(words) => Held::Text(words.clone()),
        Cell::Whole(number) => Held::Integer(*number),
        Cell::Real(number) => Held::Real(*number),
    }
}

fn is_held(held: ValueRef<'_>, cell: &Cell) -> bool {
    match (held, cell) {
        (ValueRef::Null, Cell::Null) => true,
        (ValueRef::Text(held), Cell::Text(words)) => held == words.as_bytes(),
        (ValueRef::Integer(held), Cell::Whole(number)) => held == *number,
        (ValueRef::Real(held), Cell::Real(number)) => held.to_bits() == number.to_bits(),
        _ => false,
    }
}
