//! Versions of the tables: an older ledger is brought forward by numbered steps, all of them or none.
//!
//! Law: events are never touched by a step; tables that follow from them are made anew. A newer ledger is refused, and who
//!      only reads refuses an older one too, because reading changes nothing.

use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::rows;
use crate::ledger::store::Engine;

/// The version that this program writes.
pub const VERSION: i64 = 1;

/// From one version to the next: what changes beside the tables that follow from the events.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The version that it begins with.
    pub from: i64,
    /// For a file.
    pub sqlite: &'static str,
    /// For a server; `{schema}` stands for the schema, quoted.
    pub postgres: &'static str,
}

/// Every step so far: version 1 is the first.
pub const STEPS: &[Step] = &[];

/// Brings an older ledger to a version, in one transaction; one that is there already is left alone.
///
/// # Errors
/// `Foreign` for a newer ledger and where no step leads on; those of the database. Nothing is changed then.
pub fn bring_forward(engine: &mut dyn Engine, steps: &[Step], to: i64) -> Result<(), LedgerError> {
    if engine.version()? == to {
        return Ok(());
    }
    refuse_newer(engine, to)?;
    engine.begin()?;
    let brought = brought(engine, steps, to).and_then(|()| engine.commit());
    if brought.is_err() {
        engine.roll_back();
    }
    brought
}

fn brought(engine: &mut dyn Engine, steps: &[Step], to: i64) -> Result<(), LedgerError> {
    // Somebody else may have done it while this one waited for its turn.
    let from = engine.version()?;
    if from == to {
        return Ok(());
    }
    for version in from..to {
        let step = steps.iter().find(|step| step.from == version);
        let step =
            step.ok_or_else(|| foreign(engine, version, to, "give a ledger that this program wrote"))?;
        engine.take_step(step)?;
    }
    engine.make_anew(to)?;
    let mut book = Book::default();
    for event in engine.events_after(i64::MIN)? {
        book.apply(&event)?;
    }
    fill(engine, &book)
}

/// Shows everything that follows from the events, in tables that are empty.
///
/// # Errors
/// Those of the database.
pub fn fill(engine: &mut dyn Engine, book: &Book) -> Result<(), LedgerError> {
    for table in rows::TABLES {
        for row in rows::rows(table, book) {
            engine.put(table, &row)?;
        }
    }
    Ok(())
}

/// Whether a ledger is of this version, for whoever must not bring it forward.
///
/// # Errors
/// `Foreign` when it is older or newer.
pub fn expect_present(engine: &mut dyn Engine) -> Result<(), LedgerError> {
    let found = engine.version()?;
    refuse_newer(engine, VERSION)?;
    if found < VERSION {
        let next = "a command that writes brings it forward: take a step with an account that may write";
        return Err(foreign(engine, found, VERSION, next));
    }
    Ok(())
}

fn refuse_newer(engine: &mut dyn Engine, to: i64) -> Result<(), LedgerError> {
    let found = engine.version()?;
    if found > to {
        return Err(foreign(engine, found, to, "use the version of the program that wrote it"));
    }
    Ok(())
}

fn foreign(engine: &dyn Engine, found: i64, expected: i64, next: &'static str) -> LedgerError {
    LedgerError::Foreign {
        place: engine.place(),
        expected: format!("version {expected}"),
        found: format!("version {found}"),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::audit::audit;
    use crate::ledger::audit::tests::drawn;
    use crate::ledger::place::Place;
    use crate::ledger::sqlite::Sqlite;

    const STEP: Step = Step {
        from: 0,
        sqlite: "CREATE INDEX events_of_lead ON events (lead); UPDATE events SET fid = fid",
        postgres: "",
    };

    /// A ledger as a version before the first might have been: no index, fewer columns, an old title.
    fn older(folder: &std::path::Path) -> std::path::PathBuf {
        let path = drawn(folder);
        let engine = Sqlite::open(&path).unwrap();
        let script = "DROP INDEX events_of_lead; ALTER TABLE leads DROP COLUMN model_name_zh; DELETE FROM incidents; \
            UPDATE gpkg_contents SET identifier = 'old' WHERE table_name = 'runs'; UPDATE ledger_version SET version = 0;";
        engine.raw().execute_batch(script).unwrap();
        path
    }

    #[test]
    fn an_older_ledger_is_brought_forward_in_one_piece_and_is_as_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = older(folder.path());
        let step = Step { sqlite: "CREATE INDEX events_of_lead ON events (lead)", ..STEP };
        let mut engine = Sqlite::open(&path).unwrap();
        let head = engine.events_after(0).unwrap().last().map(|last| last.hash.clone());
        bring_forward(&mut engine, &[step], 1).unwrap();
        let found = audit(&mut engine, None).unwrap();
        assert_eq!((found.faults, Some(found.head.1)), (Vec::new(), head));
        // Once is enough.
        bring_forward(&mut engine, &[step], 1).unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_older_ledger_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = older(folder.path());
        let mut engine = Sqlite::open(&path).unwrap();
        // It changes an event, which the triggers refuse.
        assert!(bring_forward(&mut engine, &[STEP], 1).unwrap_err().to_string().contains("only ever added"));
        let count = "SELECT count(*) FROM sqlite_master WHERE name = 'events_of_lead'";
        let indexes: i64 = engine.raw().query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!((engine.version().unwrap(), indexes), (0, 0));
        let unknown = bring_forward(&mut engine, &[], 1).unwrap_err().to_string();
        assert!(unknown.contains("expected version 1, found version 0"), "{unknown}");
    }

    #[test]
    fn reading_never_brings_a_ledger_forward_and_nobody_reads_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = older(folder.path());
        let told = Place::from(&path).open_to_read().map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("found version 0") && told.contains("brings it forward"), "{told}");
        let engine = Sqlite::open(&path).unwrap();
        engine.raw().execute_batch("UPDATE ledger_version SET version = 9").unwrap();
        drop(engine);
        for opened in [Place::from(&path).open_to_read(), Place::from(&path).open()] {
            let told = opened.map(|_| ()).unwrap_err().to_string();
            assert!(
                told.contains("found version 9") && told.contains("the version of the program"),
                "{told}"
            );
        }
    }
}
