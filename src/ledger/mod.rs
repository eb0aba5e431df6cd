//! What was found, run, verified, decided: events that are only ever added, and what follows from them.
//!
//! In:  what a run published (`found`), what people say.
//! Out: a database that opens in QGIS, and cases: the leads as they stand now.
//! Law: nothing is changed or taken away; what stands now is read off the events, every time, by one function (`book`).

pub mod audit;
pub mod book;
pub mod case;
pub mod copy;
pub mod deadline;
pub mod event;
pub mod found;
pub mod geopackage;
pub mod lineage;
pub mod located;
pub mod look_again;
pub mod package;
pub mod photograph;
pub mod place;
pub mod postgres;
pub mod returned;
pub mod rows;
pub mod seal;
pub mod sqlite;
pub mod state;
pub mod steps;
pub mod store;
pub mod versions;
pub mod wkb;
#[cfg(test)]
pub(crate) mod written;

use std::path::PathBuf;

use thiserror::Error;

use crate::read::attributes::AttributeError;

pub use book::Book;
pub use case::Case;
pub use event::{Draft, Event, Evidence, Kind, Moment};
pub use found::RunFound;
pub use place::Place;
pub use state::{Action, State};
pub use store::Ledger;

/// A ledger that cannot be used as asked, with the next step.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// There is no ledger at that place.
    #[error("{place}: no ledger is there; begin one with `steppewatch ledger begin`")]
    Missing {
        /// File or address.
        place: String,
    },
    /// There is something at the place where a new ledger was to be.
    #[error(
        "{place}: expected nothing there, found {found}; a ledger is never written over, give another name"
    )]
    Taken {
        /// File or address.
        place: String,
        /// What is there.
        found: String,
    },
    /// Something that is no ledger, or of a later version.
    #[error("{place}: expected {expected}, found {found}; {next}")]
    Foreign {
        /// File or address.
        place: String,
        /// What a ledger has.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        next: &'static str,
    },
    /// The database refused a step.
    #[error("{place}: cannot {doing}: {reason}; what was written before stands")]
    Database {
        /// File or address.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// What the database said.
        reason: String,
    },
    /// The server of a shared ledger refused a step.
    #[error("{place}: cannot {doing}: {reason}; {next}")]
    Server {
        /// Its address, without secrets.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// What it said.
        reason: String,
        /// What to do.
        next: String,
    },
    /// A ledger that is not as it was written, where only a whole one will do.
    #[error("{place}: {count} fault(s), the first: {first}; {next}")]
    Faulty {
        /// File or address.
        place: String,
        /// How many.
        count: usize,
        /// One of them.
        first: String,
        /// What to do.
        next: &'static str,
    },
    /// A row that does not fit.
    #[error(
        "table {table}, row {row}: {what}; run `steppewatch ledger verify` and go back to a copy that it passes"
    )]
    Row {
        /// Table.
        table: String,
        /// Its key.
        row: String,
        /// What is wrong.
        what: String,
    },
    /// A step that the state of a case does not allow.
    #[error("lead {lead} is {state}: {action} needs {expected}{because}")]
    Guard {
        /// The case.
        lead: String,
        /// Its state.
        state: &'static str,
        /// What was asked.
        action: &'static str,
        /// States that allow it, or what is lacking.
        expected: String,
        /// Which way leads there, in words that begin with `;`.
        because: String,
    },
    /// An id that no case has.
    #[error("no lead of the ledger is called '{0}'; `steppewatch leads list` names them")]
    NoSuchLead(String),
    /// Words that cannot be taken as they are.
    #[error("{what}: expected {expected}, found '{found}'")]
    Words {
        /// What they were given for.
        what: &'static str,
        /// What would do.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A file of a field tool that cannot be taken in.
    #[error("{}: {reason}", .path.display())]
    Returned {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what would do.
        reason: String,
    },
    /// A key, a sealed head or a stamp that cannot be used.
    #[error("{}: {reason}", .path.display())]
    Seal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A table that cannot be read.
    #[error(transparent)]
    Attributes(Box<AttributeError>),
    /// A folder that is no output of a run.
    #[error("{}: {reason}; give the folder that a scan wrote", .path.display())]
    Output {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
