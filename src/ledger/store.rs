//! A ledger that is open: reads what stands, adds events, shows what follows.
//!
//! In:  a file. Out: [`Ledger`].
//! Law: one writer at a time. A writer first reads what others wrote, then decides, then writes: all of it, or nothing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::event::{Draft, Event, Kind, Moment};
use crate::ledger::rows::{self, Row, Table};
use crate::ledger::sqlite::Sqlite;

/// A database that can hold a ledger.
pub trait Engine {
    /// File or address, without secrets.
    fn place(&self) -> String;
    /// Waits for other writers and begins to write.
    fn begin(&mut self) -> Result<(), LedgerError>;
    /// Writes for good.
    fn commit(&mut self) -> Result<(), LedgerError>;
    /// Takes back what was written since `begin`.
    fn roll_back(&mut self);
    /// Events after a place, in order.
    fn events_after(&mut self, seq: i64) -> Result<Vec<Event>, LedgerError>;
    /// Adds an event.
    fn append(&mut self, event: &Event) -> Result<(), LedgerError>;
    /// Shows a row, in the place of the one with its number.
    fn put(&mut self, table: &Table, row: &Row) -> Result<(), LedgerError>;
    /// Takes away a row that no longer follows.
    fn take(&mut self, table: &Table, fid: i64) -> Result<(), LedgerError>;
    /// Where a table is not what follows from the events, in words.
    fn differences(&mut self, table: &Table, expected: &[Row]) -> Result<Vec<String>, LedgerError>;
    /// Holds what is read to one moment until `let_go`, whatever others write meanwhile.
    fn hold(&mut self) -> Result<(), LedgerError>;
    /// Ends `hold`.
    fn let_go(&mut self);
    /// What the database itself finds wrong with its file, in words.
    fn damage(&mut self) -> Result<Vec<String>, LedgerError>;
}

/// A ledger.
pub struct Ledger {
    engine: Box<dyn Engine>,
    book: Book,
}

impl Ledger {
    /// Begins a ledger in a new file.
    ///
    /// # Errors
    /// Those of [`Sqlite::create`].
    pub fn begin(path: &Path, actor: &str, at: &Moment) -> Result<Self, LedgerError> {
        let engine = Sqlite::create(path)?;
        let mut ledger = Self { engine: Box::new(engine), book: Book::default() };
        let begun = Draft {
            key: "begun".to_owned(),
            lead: None,
            body: json!({"program": env!("CARGO_PKG_VERSION")}),
            ..Draft::of(Kind::Begun, "")
        };
        ledger.write(actor, at, |_| Ok((vec![begun.clone()], ())))?;
        Ok(ledger)
    }

    /// Opens a ledger and reads it from the first event to the last.
    ///
    /// # Errors
    /// Those of [`Sqlite::open`], and `Row` for an event that does not follow.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let mut ledger = Self { engine: Box::new(Sqlite::open(path)?), book: Book::default() };
        ledger.catch_up()?;
        Ok(ledger)
    }

    /// What stands.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// File or address.
    pub fn place(&self) -> String {
        self.engine.place()
    }

    /// The database.
    pub fn engine(&mut self) -> &mut dyn Engine {
        self.engine.as_mut()
    }

    /// Every event, in order.
    ///
    /// # Errors
    /// `Database`.
    pub fn events(&mut self) -> Result<Vec<Event>, LedgerError> {
        self.engine.events_after(0)
    }

    /// Adds what `decide` makes of what stands, all of it or nothing. Drafts whose key is there already are left out.
    /// Returns the events that were added, and what `decide` says besides.
    ///
    /// # Errors
    /// Those of `decide`, and of the database; nothing was written then.
    pub fn write<T>(
        &mut self,
        actor: &str,
        at: &Moment,
        decide: impl FnOnce(&Book) -> Result<(Vec<Draft>, T), LedgerError>,
    ) -> Result<(Vec<Event>, T), LedgerError> {
        self.engine.begin()?;
        let written = self.catch_up().and_then(|()| self.add(actor, at, decide));
        match written.and_then(|written| self.engine.commit().map(|()| written)) {
            Ok(written) => Ok(written),
            Err(error) => {
                self.engine.roll_back();
                // What was applied and not written is forgotten; what stands is read again.
                self.book = Book::default();
                self.catch_up()?;
                Err(error)
            }
        }
    }

    fn add<T>(
        &mut self,
        actor: &str,
        at: &Moment,
        decide: impl FnOnce(&Book) -> Result<(Vec<Draft>, T), LedgerError>,
    ) -> Result<(Vec<Event>, T), LedgerError> {
        let (drafts, said) = decide(&self.book)?;
        let (mut events, mut changed) = (Vec::new(), BTreeSet::new());
        let shown: Vec<BTreeSet<i64>> = derived().map(|table| numbers(table, &self.book)).collect();
        for draft in drafts {
            if !draft.key.is_empty() && self.book.keys.contains_key(&draft.key) {
                continue;
            }
            let (seq, hash) = &self.book.head;
            let event = Event::placed(draft, actor, at, (*seq, hash));
            changed.extend(self.book.apply(&event)?);
            self.engine.append(&event)?;
            events.push(event);
        }
        self.show(&events, &changed, &shown)?;
        Ok((events, said))
    }

    /// Shows the cases that changed, and the small tables where they may have.
    fn show(
        &mut self,
        events: &[Event],
        changed: &BTreeSet<String>,
        shown: &[BTreeSet<i64>],
    ) -> Result<(), LedgerError> {
        if events.is_empty() {
            return Ok(());
        }
        for row in rows::of_cases(&self.book, changed) {
            self.engine.put(&rows::LEADS, &row)?;
        }
        for (table, shown) in derived().zip(shown) {
            let rows = rows::rows(table, &self.book);
            let stay: BTreeSet<i64> = rows.iter().map(|row| row.fid).collect();
            for row in &rows {
                self.engine.put(table, row)?;
            }
            for gone in shown.difference(&stay) {
                self.engine.take(table, *gone)?;
            }
        }
        Ok(())
    }

    fn catch_up(&mut self) -> Result<(), LedgerError> {
        for event in self.engine.events_after(self.book.head.0)? {
            self.book.apply(&event)?;
        }
        Ok(())
    }
}

/// Tables that are made anew with every write: they are small.
fn derived() -> impl Iterator<Item = &'static Table> {
    rows::TABLES.into_iter().filter(|table| table.name != rows::LEADS.name)
}

fn numbers(table: &Table, book: &Book) -> BTreeSet<i64> {
    rows::rows(table, book).iter().map(|row| row.fid).collect()
}
