//! Rows of a GeoPackage that somebody edited in QGIS or QField.
//!
//! In:  a file. Out: rows of every table with a column for the lead and one for the verdict.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Statement};
use serde_json::{Map, Value, json};

use crate::ledger::returned::columns::Columns;
use crate::ledger::state::Verdict;
use crate::ledger::{Book, Place};
use crate::read::attributes::Row;

/// Reads the rows.
///
/// # Errors
/// In words: a file that cannot be read, or has no such table with rows.
pub fn rows(path: &Path, names: &Columns) -> Result<Vec<Row>, String> {
    let failed =
        |error: rusqlite::Error| format!("cannot be read as a GeoPackage ({error}); save it again in QGIS");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON").map_err(failed)?;
    let mut rows = Vec::new();
    for table in tables(&connection).map_err(failed)? {
        let question = format!("SELECT * FROM \"{}\"", table.replace('"', "\"\""));
        let mut table = connection.prepare(&question).map_err(failed)?;
        let columns: Vec<String> = table.column_names().into_iter().map(str::to_owned).collect();
        if Columns::has(&columns, &names.lead) && Columns::has(&columns, &names.verdict) {
            add_rows(&mut table, &columns, &mut rows).map_err(failed)?;
        }
    }
    // A copy of a ledger says of each lead what stood when it was made: only what somebody wrote since is an answer.
    if let Some(stood) = stood(path) {
        for row in &mut rows {
            let lead = names.value(row, &names.lead).unwrap_or_default();
            let told = names.value(row, &names.verdict).and_then(|told| names.verdict_of(&told));
            if told.is_some() && stood.get(&lead) == told.as_ref() {
                row.values.retain(|column, _| !Columns::has(std::slice::from_ref(column), &names.verdict));
            }
        }
    }
    if rows.is_empty() {
        let (lead, verdict) = (names.lead.join(" or "), names.verdict.join(" or "));
        return Err(format!("expected a layer with a column {lead} and one {verdict}, found none with rows"));
    }
    Ok(rows)
}

/// Verdicts that a copy of a ledger shows by its own events; none for any other file.
fn stood(path: &Path) -> Option<BTreeMap<String, Verdict>> {
    let mut engine = Place::from(path).open_to_read().ok()?;
    let mut book = Book::default();
    for event in engine.events_after(0).ok()? {
        book.apply(&event).ok()?;
    }
    Some(book.cases.iter().filter_map(|(id, case)| Some((id.clone(), case.verdict()?))).collect())
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let question =
        "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes') ORDER BY 1";
    let mut tables = connection.prepare(question)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    names.collect()
}

fn add_rows(table: &mut Statement<'_>, columns: &[String], rows: &mut Vec<Row>) -> rusqlite::Result<()> {
    let mut found = table.query([])?;
    while let Some(row) = found.next()? {
        let mut values = Map::new();
        for (place, column) in columns.iter().enumerate() {
            let value = match row.get_ref(place)? {
                ValueRef::Integer(number) => json!(number),
                ValueRef::Real(number) => json!(number),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                ValueRef::Null | ValueRef::Blob(_) => Value::Null,
            };
            if !value.is_null() {
                values.insert(column.clone(), value);
            }
        }
        rows.push(Row { number: rows.len() + 1, values, place: None });
    }
    Ok(())
}
