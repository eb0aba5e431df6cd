//! The ledger in one file: SQLite, laid out as a GeoPackage so that QGIS opens it as layers.
//!
//! Law: a write is whole or it is not there (write-ahead log, full sync); a file that is damaged or of another kind is
//!      refused at the door. Events cannot be updated or deleted through SQL; who goes around that is found by `audit`.
//! Source: OGC GeoPackage 1.3 (12-128r17); settings against hostile files: sqlite.org, "Defense Against The Dark Arts".

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{Value as Held, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::ledger::LedgerError;
use crate::ledger::event::Event;
use crate::ledger::geopackage::{APPLICATION, VERSION, blob, script};
use crate::ledger::rows::{Cell, Row, Table};
use crate::ledger::store::Engine;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger file.
pub struct Sqlite {
    path: PathBuf,
    connection: Connection,
}

impl Sqlite {
    /// Makes a new file.
    ///
    /// # Errors
    /// `Taken` where something is there already, `Database` where it cannot be written.
    pub fn create(path: &Path) -> Result<Self, LedgerError> {
        if path.symlink_metadata().is_ok() {
            let found = if path.is_dir() { "a folder" } else { "a file" };
            return Err(LedgerError::Taken { place: path.display().to_string(), found: found.to_owned() });
        }
        // Made under another name first: a ledger that is there is whole.
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        let made = Self::made(&beside).and_then(|()| {
            let moved = std::fs::hard_link(&beside, path);
            moved.map_err(|error| database(path, "give the new file its name", error.to_string()))
        });
        let _ = std::fs::remove_file(&beside);
        made?;
        Self::open(path)
    }

    fn made(path: &Path) -> Result<(), LedgerError> {
        let connection = Connection::open(path).map_err(|error| failed(path, "make the file")(error))?;
        connection.execute_batch(&script()).map_err(failed(path, "make the tables"))?;
        connection.close().map_err(|(_, error)| failed(path, "close the new file")(error))
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// `Missing`, `Foreign` for a file that is no ledger or of a later version, `Database` for a damaged one.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let place = path.display().to_string();
        if !path.is_file() {
            return Err(LedgerError::Missing { place });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed(path, "open it"))?;
        connection.busy_timeout(PATIENCE).map_err(failed(path, "set its patience"))?;
        let foreign = |expected: &str, found: String, next| LedgerError::Foreign {
            place: place.clone(),
            expected: expected.to_owned(),
            found,
            next,
        };
        let number = |question: &str| connection.query_row(question, [], |row| row.get::<_, i64>(0));
        let application = number("PRAGMA application_id").map_err(failed(path, "read its head"))?;
        let version = number("SELECT version FROM ledger_version").ok();
        match (application, version) {
            (APPLICATION, Some(VERSION)) => {}
            (APPLICATION, Some(version)) => {
                let (expected, found) = (format!("version {VERSION}"), format!("version {version}"));
                return Err(foreign(&expected, found, "use the version of the program that wrote it"));
            }
            _ => {
                let found = format!("application {application:#x} without one");
                return Err(foreign("a GeoPackage with a table ledger_version", found, "give a ledger"));
            }
        }
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                 PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
            )
            .map_err(failed(path, "make it safe"))?;
        Ok(Self { path: path.to_owned(), connection })
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
        Self { path: PathBuf::from("raw"), connection }
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

    fn begin(&mut self) -> Result<(), LedgerError> {
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
        let failed = failed(&self.path, "read events");
        let question = format!("SELECT {EVENT} FROM events WHERE fid >= ?1 ORDER BY fid");
        let mut statement = self.connection.prepare_cached(&question).map_err(&failed)?;
        let event = |row: &rusqlite::Row<'_>| {
            Ok(Event {
                seq: row.get(0)?,
                key: row.get(1)?,
                kind: row.get(2)?,
                lead: row.get(3)?,
                run: row.get(4)?,
                actor: row.get(5)?,
                at_utc: row.get(6)?,
                at_local: row.get(7)?,
                reason: row.get(8)?,
                body: row.get(9)?,
                evidence: row.get(10)?,
                previous: row.get(11)?,
                hash: row.get(12)?,
            })
        };
        // The least number is a place too, where somebody may put a row.
        let from = if seq == i64::MIN { seq } else { seq.saturating_add(1) };
        let events = statement.query_map([from], event).map_err(&failed)?;
        events.collect::<Result<_, _>>().map_err(&failed)
    }

    fn append(&mut self, event: &Event) -> Result<(), LedgerError> {
        let statement =
            format!("INSERT INTO events ({EVENT}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
        let failed = failed(&self.path, "add an event");
        let mut statement = self.connection.prepare_cached(&statement).map_err(&failed)?;
        let words = [
            &event.key,
            &event.kind,
            &event.lead,
            &event.run,
            &event.actor,
            &event.at_utc,
            &event.at_local,
            &event.reason,
            &event.body,
            &event.evidence,
            &event.previous,
            &event.hash,
        ];
        let words = words.into_iter().map(|word| Held::Text(word.clone()));
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
        let mut expected = expected.iter().peekable();
        let mut differences = Vec::new();
        let mut tell =
            |fid: i64, what: String| differences.push(format!("table {}, row {fid}: {what}", table.name));
        while let Some(row) = found.next().map_err(&failed)? {
            let fid: i64 = row.get(0).map_err(&failed)?;
            while let Some(missing) = expected.next_if(|expected| expected.fid < fid) {
                tell(missing.fid, "is missing".to_owned());
            }
            let Some(wanted) = expected.next_if(|expected| expected.fid == fid) else {
                tell(fid, "follows from no event".to_owned());
                continue;
            };
            for (place, (name, cell)) in names.iter().zip(&wanted.cells).enumerate() {
                if !is_held(row.get_ref(place + 1).map_err(&failed)?, cell) {
                    tell(fid, format!("column {name} was changed"));
                }
            }
            let is_there =
                |held: ValueRef<'_>| matches!(held, ValueRef::Blob(held) if held == blob(&wanted.shape));
            if table.has_shape && !is_there(row.get_ref(names.len() + 1).map_err(&failed)?) {
                tell(fid, "column geom was changed".to_owned());
            }
        }
        expected.for_each(|missing| tell(missing.fid, "is missing".to_owned()));
        Ok(differences)
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
        let new = Connection::open_in_memory().map_err(&failed)?;
        new.execute_batch(&script()).map_err(&failed)?;
        let (found, expected) = (frame(&self.connection).map_err(&failed)?, frame(&new).map_err(&failed)?);
        let lost = expected.difference(&found);
        damage.extend(lost.map(|row| format!("expected {row}, as a new ledger has it; found none such")));
        Ok(damage)
    }
}

/// What does not change in a ledger: its tables as they were made, and what they are said to be.
fn frame(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    const QUESTIONS: [&str; 5] = [
        "SELECT 'schema', type, name, tbl_name, sql FROM sqlite_master",
        "SELECT 'table gpkg_contents', * FROM gpkg_contents",
        "SELECT 'table gpkg_geometry_columns', * FROM gpkg_geometry_columns",
        "SELECT 'table gpkg_spatial_ref_sys', * FROM gpkg_spatial_ref_sys",
        "SELECT 'table ledger_version', version FROM ledger_version",
    ];
    let mut frame = BTreeSet::new();
    for question in QUESTIONS {
        let mut statement = connection.prepare(question)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // A damaged file may hold text that is none.
            let cell = |place| row.get_ref(place).map(told);
            frame.insert((0..columns).map(cell).collect::<rusqlite::Result<Vec<String>>>()?.join(" "));
        }
    }
    Ok(frame)
}

fn told(held: ValueRef<'_>) -> String {
    match held {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
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
