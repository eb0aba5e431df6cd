//! A ledger copied to another place: from a file to a server, back, or to another file.
//!
//! In:  two places. Out: the same events, byte for byte, and everything that follows from them.
//! Law: a ledger with faults is not copied; the copy is looked at as a whole before it is there at all.

use crate::ledger::LedgerError;
use crate::ledger::audit::{at_one_moment, audit};
use crate::ledger::book::Book;
use crate::ledger::event::Event;
use crate::ledger::place::Place;
use crate::ledger::store::Engine;
use crate::ledger::versions;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Number of events.
    pub events: usize,
    /// Number of cases.
    pub cases: usize,
    /// Place and hash of the last event.
    pub head: (i64, String),
}

/// Copies a ledger to a place where none is.
///
/// # Errors
/// `Faulty` for a ledger that is not as it was written, or for a copy that is not; `Taken`; those of both databases.
pub fn copy(from: &Place, to: &Place) -> Result<Copied, LedgerError> {
    let mut source = from.open_to_read()?;
    let (events, book) = sound(source.as_mut())?;
    let fill = &mut |engine: &mut dyn Engine| {
        for event in &events {
            engine.append(event)?;
        }
        versions::fill(engine, &book)?;
        let found = at_one_moment(engine, Some(&book.head))?;
        refuse(engine.place(), &found.faults, "nothing was copied")
    };
    to.create(fill)?;
    Ok(Copied { events: events.len(), cases: book.cases.len(), head: book.head.clone() })
}

/// Events of a ledger that has no fault, and what follows from them, at one moment.
fn sound(source: &mut dyn Engine) -> Result<(Vec<Event>, Book), LedgerError> {
    let found = audit(source, None)?;
    let next = "nothing was copied: `steppewatch ledger verify` names each; go back to a copy that it passes";
    refuse(source.place(), &found.faults, next)?;
    let mut book = Book::default();
    let mut events = source.events_after(i64::MIN)?;
    // Others may have written after the audit; what it looked at is what is copied.
    events.truncate(found.events);
    for event in &events {
        book.apply(event)?;
    }
    Ok((events, book))
}

fn refuse(place: String, faults: &[String], next: &'static str) -> Result<(), LedgerError> {
    match faults {
        [] => Ok(()),
        [first, ..] => Err(LedgerError::Faulty { place, count: faults.len(), first: first.clone(), next }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::audit::tests::{drawn, everything};
    use crate::ledger::sqlite::Sqlite;

    #[test]
    fn a_copied_file_has_the_same_rows_and_a_place_that_is_taken_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (drawn(folder.path()), folder.path().join("copy.gpkg"));
        let copied = copy(&Place::from(&from), &Place::from(&to)).unwrap();
        assert_eq!((copied.events, copied.cases), (7, 2));
        assert_eq!(everything(&to), everything(&from));
        let bytes = std::fs::read(&to).unwrap();
        let taken = copy(&Place::from(&from), &Place::from(&to)).unwrap_err().to_string();
        assert!(taken.contains("never written over"), "{taken}");
        assert_eq!(std::fs::read(&to).unwrap(), bytes);
    }

    #[test]
    fn a_ledger_with_a_fault_is_not_copied_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (drawn(folder.path()), folder.path().join("copy.gpkg"));
        Sqlite::open(&from)
            .unwrap()
            .raw()
            .execute_batch("UPDATE leads SET area_m2 = 1 WHERE id = 'a'")
            .unwrap();
        let told = copy(&Place::from(&from), &Place::from(&to)).unwrap_err().to_string();
        assert!(told.contains("1 fault") && told.contains("column area_m2 was changed"), "{told}");
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["l.gpkg"], "{left:?}");
    }
}
