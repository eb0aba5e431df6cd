//! Everything that can be done to a row behind the program's back.

use rusqlite::Connection;
use rusqlite::types::Value as Held;
use serde_json::json;

use super::*;
use crate::ledger::event::tests::moment;
use crate::ledger::event::{Draft, Kind};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::store::Ledger;

/// Tables that a ledger shows, and the one that it stands on.
const TABLES: [&str; 5] = ["events", "leads", "incidents", "runs", "redline_versions"];

pub(crate) fn found(id: &str, incident: &str) -> Draft {
    let record = json!({
        "id": id, "model": "G1", "status": "confirmed", "confidence": 0.9, "area_m2": 9_000.5, "incident": incident,
        "incident_area_m2": 18_001.0, "redline_layer": "grass.geojson",
    });
    let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
    Draft {
        body: json!({"properties": record, "geometry": geometry}),
        run: Some("r1".to_owned()),
        ..Draft::of(Kind::Found, id)
    }
}

/// A small ledger of every table.
pub(crate) fn drawn(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("l.gpkg");
    let mut ledger = Ledger::begin(&path, "Li", &moment(1)).unwrap();
    let body = json!({"target": "2025-01-01/2025-12-31", "redlines": [{"file": "grass.geojson", "sha256": "00"}], "leads": 2});
    let run = Draft { lead: None, run: Some("r1".to_owned()), body, ..Draft::of(Kind::RunRecorded, "") };
    let drafts = vec![
        run,
        found("a", "incident-a"),
        found("b", "incident-a"),
        Draft { body: json!({"to": "Wang"}), ..Draft::of(Kind::Assigned, "a") },
        Draft { body: json!({"verdict": "lawful", "by": "Wang"}), ..Draft::of(Kind::Verified, "a") },
        Draft {
            body: json!({"cause": "season"}),
            reason: Some("season".to_owned()),
            ..Draft::of(Kind::Rejected, "b")
        },
    ];
    ledger.write("Li", &moment(2), |_| Ok((drafts, ()))).unwrap();
    path
}

/// A number after another without any order that one sees (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// The value with one bit turned.
fn turned(held: &Held, dice: &mut Dice) -> Held {
    let flip = |bytes: &[u8], dice: &mut Dice| -> Vec<u8> {
        let mut bytes = if bytes.is_empty() { vec![b' '] } else { bytes.to_vec() };
        let place = dice.below(bytes.len());
        bytes[place] ^= 1 << dice.below(8);
        bytes
    };
    match held {
        Held::Null => Held::Integer(0),
        Held::Integer(number) => Held::Integer(number ^ (1 << dice.below(62))),
        Held::Real(number) => Held::Real(f64::from_bits(number.to_bits() ^ (1 << dice.below(52)))),
        Held::Text(words) => {
            let bytes = flip(words.as_bytes(), dice);
            // What is no text any more is one letter less.
            String::from_utf8(bytes).map_or_else(|_| Held::Text(words.chars().skip(1).collect()), Held::Text)
        }
        Held::Blob(bytes) => Held::Blob(flip(bytes, dice)),
    }
}

/// Does something to a random row of a random table; `false` where there was nothing to be done.
fn tamper(raw: &Connection, dice: &mut Dice) -> bool {
    let table = TABLES[dice.below(TABLES.len())];
    let rows: i64 = raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    let row = dice.below(rows as usize);
    let fid: i64 = raw
        .query_row(&format!("SELECT fid FROM {table} ORDER BY fid LIMIT 1 OFFSET {row}"), [], |row| {
            row.get(0)
        })
        .unwrap();
    match dice.below(10) {
        0 => raw.execute(&format!("DELETE FROM {table} WHERE fid = ?1"), [fid]).is_ok(),
        1 => raw.execute(&format!("UPDATE {table} SET fid = fid + 1000 WHERE fid = ?1"), [fid]).is_ok(),
        2 if table == "events" && row > 0 => {
            let swap = format!(
                "UPDATE events SET fid = -1 WHERE fid = {fid}; UPDATE events SET fid = {fid} WHERE fid = {0}; \
                 UPDATE events SET fid = {0} WHERE fid = -1;",
                fid - 1
            );
            raw.execute_batch(&swap).is_ok()
        }
        _ => {
            let mut columns = raw.prepare(&format!("SELECT * FROM {table} WHERE fid = {fid}")).unwrap();
            let names: Vec<String> = columns.column_names().into_iter().map(str::to_owned).collect();
            let place = 1 + dice.below(names.len() - 1);
            let held: Held = columns.query_row([], |row| row.get(place)).unwrap();
            let new = turned(&held, dice);
            let update = format!("UPDATE {table} SET {} = ?1 WHERE fid = ?2", names[place]);
            new != held && raw.execute(&update, rusqlite::params![new, fid]).is_ok()
        }
    }
}

#[test]
fn a_row_that_was_changed_taken_out_or_moved_is_found_whatever_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = drawn(folder.path());
    let head = audit(&mut Sqlite::open(&path).unwrap(), None).unwrap();
    assert_eq!((head.faults.clone(), head.events, head.cases), (Vec::new(), 7, 2));
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("DROP TRIGGER events_stay; DROP TRIGGER events_last; PRAGMA synchronous = OFF")
        .unwrap();
    let (mut dice, mut done, mut engine) = (Dice(42), 0, Sqlite::of(raw));
    while done < 10_000 {
        engine.raw().execute_batch("SAVEPOINT trial").unwrap();
        if tamper(engine.raw(), &mut dice) {
            done += 1;
            // The triggers are gone in every trial, which is a fault of its own: another one is looked for.
            let faults =
                audit(&mut engine, Some(&head.head)).map_or(vec![String::new()], |found| found.faults);
            assert!(faults.iter().any(|fault| !fault.contains("TRIGGER")), "trial {done}: {faults:?}");
        }
        engine.raw().execute_batch("ROLLBACK TO trial; RELEASE trial").unwrap();
    }
}

#[test]
fn events_cannot_be_changed_through_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let path = drawn(folder.path());
    let raw = Connection::open(path).unwrap();
    for statement in ["UPDATE events SET actor = 'Wang'", "DELETE FROM events WHERE fid = 7"] {
        assert!(raw.execute(statement, []).unwrap_err().to_string().contains("only ever added"));
    }
}

#[test]
fn a_ledger_cut_off_at_its_end_is_found_by_a_head_that_was_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.gpkg");
    let mut ledger = Ledger::begin(&path, "Li", &moment(1)).unwrap();
    let early = std::fs::read(&path).unwrap();
    ledger.write("Li", &moment(2), |_| Ok((vec![found("a", "")], ()))).unwrap();
    let head = ledger.book().head.clone();
    drop(ledger);
    std::fs::write(&path, early).unwrap();
    let mut engine = Sqlite::open(&path).unwrap();
    assert!(audit(&mut engine, None).unwrap().faults.is_empty());
    let faults = audit(&mut engine, Some(&head)).unwrap().faults;
    assert!(faults[0].contains("event 2 with hash") && faults[0].contains("is missing"), "{faults:?}");
}

/// Every row of every table, but what tools note of a layer that they have open: its extent and the day.
pub(crate) fn everything(path: &std::path::Path) -> Vec<String> {
    let raw = Connection::open(path).unwrap();
    let mut tables =
        raw.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = Vec::new();
    for name in names {
        let columns = match name.as_str() {
            "gpkg_contents" => "table_name, data_type, identifier, description, srs_id",
            _ => "*",
        };
        let mut table = raw.prepare(&format!("SELECT {columns} FROM {name}")).unwrap();
        let count = table.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            Ok((0..count).map(|place| format!("{name} {:?} ", row.get_ref(place))).collect())
        };
        all.extend(table.query_map([], row).unwrap().map(|row| -> String { row.unwrap() }));
    }
    all
}

#[test]
fn a_bit_that_turns_anywhere_in_the_file_is_found_or_touches_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = drawn(folder.path());
    Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let whole = std::fs::read(&path).unwrap();
    let known = audit(&mut Sqlite::open(&path).unwrap(), None).unwrap().head;
    let rows = everything(&path);
    let (mut dice, other) = (Dice(7), folder.path().join("turned.gpkg"));
    let (mut found, mut dead) = (0, 0);
    for _ in 0..1_000 {
        let mut bytes = whole.clone();
        let place = dice.below(bytes.len());
        bytes[place] ^= 1 << dice.below(8);
        std::fs::write(&other, &bytes).unwrap();
        for side in ["turned.gpkg-wal", "turned.gpkg-shm"] {
            let _ = std::fs::remove_file(folder.path().join(side));
        }
        let told = Sqlite::open(&other).and_then(|mut engine| audit(&mut engine, Some(&known)));
        if told.is_ok_and(|told| told.faults.is_empty()) {
            // It lies in the empty part of a page, which nothing reads.
            let found = everything(&other);
            let other = |(now, before): &(&String, &String)| now != before;
            assert_eq!(found.iter().zip(&rows).find(other), None, "bit in byte {place}");
            assert_eq!(found.len(), rows.len(), "bit in byte {place}");
            dead += 1;
        } else {
            found += 1;
        }
    }
    println!("{found} of 1000 bits found, {dead} in no row");
    assert!(found > 50);
}
