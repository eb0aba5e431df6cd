//! A ledger that is open: reads what stands, adds events, shows what follows.
//!
//! In:  a place. Out: [`Ledger`].
//! Law: one writer at a time. A writer first reads what others wrote, then decides, then writes: all of it, or nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::ledger::LedgerError;
use crate::ledger::audit;
use crate::ledger::book::Book;
use crate::ledger::event::{Draft, Event, Kind, Moment};
use crate::ledger::place::Place;
use crate::ledger::rows::{self, Row, Table};
use crate::ledger::versions::{self, Step};

/// A database that can hold a ledger.
pub trait Engine: Send {
    /// File or address, without secrets.
    fn place(&self) -> String;
    /// The version of its tables.
    fn version(&mut self) -> Result<i64, LedgerError>;
    /// Changes what a step between versions changes, inside of what was begun.
    fn take_step(&mut self, step: &Step) -> Result<(), LedgerError>;
    /// Makes the tables that follow from the events anew, empty, and says that they are of a version.
    fn make_anew(&mut self, version: i64) -> Result<(), LedgerError>;
    /// How long `begin` waits for other writers, from now on.
    fn wait_at_most(&mut self, patience: Duration) -> Result<(), LedgerError>;
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
    /// Ids of leads that begin with some words, with their states, in order; those that went into another are not offered.
    fn leads_beginning(&mut self, start: &str, most: usize) -> Result<Vec<(String, String)>, LedgerError>;
    /// Holds what is read to one moment until `let_go`, whatever others write meanwhile.
    fn hold(&mut self) -> Result<(), LedgerError>;
    /// Ends `hold`.
    fn let_go(&mut self);
    /// What the database finds wrong with itself, and what is not as in a new ledger or stands there besides, in words.
    fn damage(&mut self) -> Result<Vec<String>, LedgerError>;
}

/// A ledger.
pub struct Ledger {
    engine: Box<dyn Engine>,
    book: Book,
}

impl Ledger {
    /// Begins a ledger where none is.
    ///
    /// # Errors
    /// Those of [`Place::create`].
    pub fn begin(place: impl Into<Place>, actor: &str, at: &Moment) -> Result<Self, LedgerError> {
        let begun = Draft {
            key: "begun".to_owned(),
            lead: None,
            body: json!({"program": env!("CARGO_PKG_VERSION")}),
            ..Draft::of(Kind::Begun, "")
        };
        let (seq, hash) = Book::default().head;
        let begun = Event::placed(begun, actor, at, (seq, &hash));
        Self::of(place.into().create(&mut |engine| engine.append(&begun))?)
    }

    /// Opens a ledger to write, and reads it from the first event to the last.
    ///
    /// # Errors
    /// Those of [`Place::open`], and `Row` for an event that does not follow.
    pub fn open(place: impl Into<Place>) -> Result<Self, LedgerError> {
        Self::of(place.into().open()?)
    }

    /// Opens a ledger of which nothing is to be changed, and reads it from the first event to the last.
    ///
    /// # Errors
    /// Those of [`Place::open_to_read`], and `Row` for an event that does not follow.
    pub fn open_to_read(place: impl Into<Place>) -> Result<Self, LedgerError> {
        Self::of(place.into().open_to_read()?)
    }

    fn of(engine: Box<dyn Engine>) -> Result<Self, LedgerError> {
        let mut ledger = Self { engine, book: Book::default() };
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

    /// How long a writer waits for another, from now on: a minute, unless somebody sits before a screen.
    ///
    /// # Errors
    /// `Database`.
    pub fn wait_at_most(&mut self, patience: Duration) -> Result<(), LedgerError> {
        self.engine.wait_at_most(patience)
    }

    /// Every event, in order.
    ///
    /// # Errors
    /// `Database`.
    pub fn events(&mut self) -> Result<Vec<Event>, LedgerError> {
        self.engine.events_after(0)
    }

    /// Every event in order, where each has the hash that it should have.
    ///
    /// # Errors
    /// `Database` with the first event that has not; those of reading.
    pub fn whole_events(&mut self) -> Result<Vec<Event>, LedgerError> {
        let events = self.events()?;
        match audit::chain(&events).into_iter().next() {
            None => Ok(events),
            Some(fault) => Err(LedgerError::Database {
                place: self.engine.place(),
                doing: "trust its events",
                reason: format!("{fault}; `steppewatch ledger verify` names everything that was changed"),
            }),
        }
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
        // Since it was opened, a later program may have brought it forward.
        let current = versions::expect_present(self.engine.as_mut());
        let written = current.and_then(|()| self.catch_up()).and_then(|()| self.add(actor, at, decide));
        match written.and_then(|written| self.engine.commit().map(|()| written)) {
            Ok(written) => Ok(written),
            Err(error) => {
                self.engine.roll_back();
                // What was applied and not written is forgotten; what stands is read again, where it still can be.
                self.book = Book::default();
                let _ = self.catch_up();
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
        let shown: Vec<Vec<Row>> = derived().map(|table| rows::rows(table, &self.book)).collect();
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

    /// Shows the cases that changed, and the rows of the small tables that did; `shown` is what they were.
    fn show(
        &mut self,
        events: &[Event],
        changed: &BTreeSet<String>,
        shown: &[Vec<Row>],
    ) -> Result<(), LedgerError> {
        if events.is_empty() {
            return Ok(());
        }
        for row in rows::of_cases(&self.book, changed) {
            self.engine.put(&rows::LEADS, &row)?;
        }
        for (table, shown) in derived().zip(shown) {
            let wanted = rows::rows(table, &self.book);
            let (put, take) = rows::changes(shown, &wanted);
            for row in put {
                self.engine.put(table, row)?;
            }
            for fid in take {
                self.engine.take(table, fid)?;
            }
        }
        Ok(())
    }

    /// Reads what others wrote meanwhile; nobody is waited for.
    ///
    /// # Errors
    /// `Database`, `Row`.
    pub fn catch_up(&mut self) -> Result<(), LedgerError> {
        for event in self.engine.events_after(self.book.head.0)? {
            self.book.apply(&event)?;
        }
        Ok(())
    }
}

/// Small tables, whose rows may follow from many events.
fn derived() -> impl Iterator<Item = &'static Table> {
    rows::TABLES.into_iter().filter(|table| table.name != rows::LEADS.name)
}
