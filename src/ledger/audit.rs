//! Whether a ledger is what was written: every event, their order, and everything that is shown of them.
//!
//! In:  a ledger. Out: what is wrong, row by row.
//! Law: whatever was changed, taken out, put in or moved is found and named. What was cut off at the end cannot be seen
//!      from within: hold the head against one that was written down elsewhere.

use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::event::{Event, NOTHING_BEFORE};
use crate::ledger::rows;
use crate::ledger::store::Engine;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Number of events.
    pub events: usize,
    /// Number of cases.
    pub cases: usize,
    /// Place and hash of the last event.
    pub head: (i64, String),
    /// What is wrong, in words; empty for a ledger that is as it was written.
    pub faults: Vec<String>,
}

/// Looks at everything. `known` is a head that was written down elsewhere: place and hash.
///
/// # Errors
/// `Database` where the file cannot even be read.
pub fn audit(engine: &mut dyn Engine, known: Option<&(i64, String)>) -> Result<Audit, LedgerError> {
    engine.hold()?;
    let found = at_one_moment(engine, known);
    engine.let_go();
    found
}

/// Looks at everything inside of what somebody has begun already.
///
/// # Errors
/// Those of [`audit`].
pub fn at_one_moment(engine: &mut dyn Engine, known: Option<&(i64, String)>) -> Result<Audit, LedgerError> {
    let mut faults = engine.damage()?;
    let events = engine.events_after(i64::MIN)?;
    faults.extend(chain(&events));
    let mut book = Book::default();
    let mut follows = true;
    for event in &events {
        // After a broken link the rest cannot be followed; its hashes were compared above.
        if let Err(error) = book.apply(event) {
            faults.push(error.to_string());
            follows = false;
            break;
        }
    }
    if follows {
        for table in rows::TABLES {
            faults.extend(engine.differences(table, &rows::rows(table, &book))?);
        }
    }
    let head = events.last().map_or((0, NOTHING_BEFORE.to_owned()), |last| (last.seq, last.hash.clone()));
    if let Some((seq, hash)) = known {
        match events.iter().find(|event| event.seq == *seq) {
            Some(event) if event.hash == *hash => {}
            Some(event) => faults.push(format!(
                "event {seq}: expected hash {hash}, as it was written down, found {}; the ledger was rewritten",
                event.hash
            )),
            None => faults.push(format!(
                "event {seq} with hash {hash}, as it was written down, is missing; the ledger ends at {}",
                head.0
            )),
        }
    }
    faults.dedup();
    Ok(Audit { events: events.len(), cases: book.cases.len(), head, faults })
}

/// Rows whose hash, place or link to the one before is wrong.
pub(super) fn chain(events: &[Event]) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut seq, mut hash) = (0, NOTHING_BEFORE);
    for event in events {
        let mut tell = |what: String| faults.push(format!("table events, row {}: {what}", event.seq));
        if event.seq != seq + 1 {
            tell(format!("expected row {} after row {seq}: rows were taken out or put in", seq + 1));
        }
        let computed = event.computed_hash();
        if computed != event.hash {
            tell(format!("was changed: its columns have hash {computed}, it says {}", event.hash));
        }
        if event.previous != hash {
            tell(format!("names {} as the event before, which is {hash}", event.previous));
        }
        (seq, hash) = (event.seq, &event.hash);
    }
    faults
}

#[cfg(test)]
pub(crate) mod tests;
