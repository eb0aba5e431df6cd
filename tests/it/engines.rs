//! Laws that every database of a ledger keeps: the same for a file and for a server.

use std::ffi::OsStr;

use serde_json::json;
use steppewatch::ledger::audit::{at_one_moment, audit};
use steppewatch::ledger::rows::{TABLES, rows};
use steppewatch::ledger::{Draft, Kind, Ledger, LedgerError, Moment, Place};

use crate::ledger_postgres::server;
use crate::program::says;

/// A law, tried with each database that there is.
fn tried(name: &str, law: impl Fn(&Place)) {
    let folder = tempfile::tempdir().unwrap();
    law(&Place::from(&folder.path().join("ledger.gpkg")));
    if let Some(server) = server() {
        let address = format!("{}?schema=law_{name}", server.address);
        law(&Place::parse(OsStr::new(&address)).unwrap());
    }
}

fn moment() -> Moment {
    Moment { utc: "2026-05-02T04:00:00Z".to_owned(), local: "2026-05-02T12:00:00+08:00".to_owned() }
}

/// A lead of which a run tells.
fn found(id: &str) -> Draft {
    let properties = json!({"id": id, "model": "G1", "status": "confirmed", "confidence": 0.1 + 0.2, "area_m2": 1.0 / 3.0});
    let geometry = json!([
        [
            [[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]],
            [[108.05, 41.51], [108.06, 41.51], [108.06, 41.52], [108.05, 41.51]]
        ],
        [[[109.0, 41.5], [109.1, 41.5], [109.1, 41.6], [109.0, 41.5]]]
    ]);
    Draft {
        run: Some("r1".to_owned()),
        reason: Some("雲 'quoted' \\ \"twice\" \u{1F33E} \t\n".to_owned()),
        body: json!({"properties": properties, "geometry": geometry}),
        ..Draft::of(Kind::Found, id)
    }
}

fn written(ledger: &mut Ledger, id: &str) {
    let (events, ()) = ledger.write("李", &moment(), |_| Ok((vec![found(id)], ()))).unwrap();
    assert_eq!(events.len(), 1);
}

#[test]
fn what_was_written_is_read_back_letter_for_letter_and_bit_for_bit() {
    tried("read_back", |place| {
        let mut ledger = Ledger::begin(place, "李", &moment()).unwrap();
        written(&mut ledger, "a");
        let (events, book) = (ledger.events().unwrap(), ledger.book().clone());
        let mut again = Ledger::open_to_read(place).unwrap();
        assert_eq!((again.events().unwrap(), again.book()), (events, &book));
        assert_eq!(audit(again.engine(), Some(&book.head)).unwrap().faults, Vec::<String>::new());
    });
}

#[test]
fn what_is_held_is_of_one_moment_whatever_others_write() {
    tried("held", |place| {
        let mut writer = Ledger::begin(place, "Li", &moment()).unwrap();
        written(&mut writer, "a");
        let mut engine = place.open().unwrap();
        engine.hold().unwrap();
        let before = engine.events_after(i64::MIN).unwrap();
        let book = writer.book().clone();
        written(&mut writer, "b");
        assert_eq!(engine.events_after(i64::MIN).unwrap(), before);
        for table in TABLES {
            assert_eq!(engine.differences(table, &rows(table, &book)).unwrap(), Vec::<String>::new());
        }
        assert_eq!(at_one_moment(engine.as_mut(), Some(&book.head)).unwrap().events, 2);
        engine.let_go();
        assert_eq!(engine.events_after(i64::MIN).unwrap().len(), 3);
    });
}

#[test]
fn a_ledger_that_is_being_made_is_there_as_a_whole_or_not_at_all() {
    tried("made", |place| {
        let missing = || place.open_to_read().map(|_| ()).unwrap_err().to_string();
        let event = {
            let folder = tempfile::tempdir().unwrap();
            let mut other = Ledger::begin(&folder.path().join("other.gpkg"), "Li", &moment()).unwrap();
            other.events().unwrap().remove(0)
        };
        let stopped = place.create(&mut |engine| {
            engine.append(&event)?;
            says(&missing(), &["no ledger is there"]);
            Err(LedgerError::NoSuchLead("stopped".to_owned()))
        });
        assert!(stopped.is_err());
        says(&missing(), &["no ledger is there"]);
        let mut made = place.create(&mut |engine| engine.append(&event)).unwrap();
        assert_eq!(audit(made.as_mut(), None).unwrap().events, 1);
        let taken = place.create(&mut |_| Ok(())).map(|_| ()).unwrap_err().to_string();
        says(&taken, &["expected nothing there"]);
    });
}

#[test]
fn a_write_that_is_refused_leaves_nothing_and_who_only_reads_writes_nothing() {
    tried("refused", |place| {
        let mut ledger = Ledger::begin(place, "Li", &moment()).unwrap();
        written(&mut ledger, "a");
        // The second draft opens a case that is open.
        let twice = ledger.write("Li", &moment(), |_| Ok((vec![found("b"), found("b")], ())));
        says(&twice.unwrap_err().to_string(), &["is open already"]);
        assert_eq!(ledger.book().cases.len(), 1);
        let mut reader = Ledger::open_to_read(place).unwrap();
        assert_eq!(reader.book().head, ledger.book().head);
        assert!(reader.write("Li", &moment(), |_| Ok((vec![found("c")], ()))).is_err());
        // A writer whose book is behind reads on before it decides.
        let mut late = Ledger::open(place).unwrap();
        written(&mut ledger, "b");
        written(&mut late, "c");
        assert_eq!(late.book().cases.len(), 3);
        assert_eq!(audit(late.engine(), None).unwrap().faults, Vec::<String>::new());
    });
}
