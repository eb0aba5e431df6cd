//! Two GeoPackages, row by row, where their bytes differ.
//!
//! In:  two files, opened to read and never written. Out: tables, rows and columns that differ, the first few; and which library
//!      wrote each file, which alone changes its bytes.
//! Source: "Database File Format" of SQLite, 1.3.17: the number of the library at byte 96.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::provenance::compare::{FEW, short};

/// Most rows of a table that are compared.
const MOST_ROWS: usize = 200_000;

/// What differs; `None` where one of them cannot be read.
pub fn differences(one: &Path, other: &Path) -> Option<Vec<String>> {
    let (a, b) = (open(one)?, open(other)?);
    let mut told = Vec::new();
    let (made, remade) = (frame(&a).ok()?, frame(&b).ok()?);
    for (name, sql) in &made {
        match remade.iter().find(|(other, _)| other == name) {
            None => told.push(format!("{name} is gone")),
            Some((_, other)) if other != sql => told.push(format!("{name} is defined otherwise")),
            Some(_) => {}
        }
    }
    let is_new = |(name, _): &&(String, String)| made.iter().all(|(other, _)| other != name);
    told.extend(remade.iter().filter(is_new).map(|(name, _)| format!("{name} is new")));
    let tables = made.iter().filter_map(|(name, _)| name.strip_prefix("table "));
    // What the spatial index holds follows from the rows.
    for table in tables.filter(|table| !table.starts_with("rtree_") && !table.starts_with("sqlite_")) {
        if let (Ok(rows), Ok(others)) = (rows(&a, table), rows(&b, table)) {
            told.extend(of_rows(table, &rows, &others));
        }
    }
    told.truncate(3 * FEW);
    let only = if told.is_empty() { "every table and row is the same; " } else { "" };
    let indexes: Vec<&str> = made.iter().filter_map(|(name, _)| index_of(name)).collect();
    let rebuilt = |layer: &&str| {
        let nodes = format!("rtree_{layer}_node");
        matches!((rows(&a, &nodes), rows(&b, &nodes)), (Ok(one), Ok(other)) if one != other)
    };
    told.extend(indexes.into_iter().filter(rebuilt).map(|layer| {
        format!(
            "{only}the spatial index {layer} is built otherwise, which releases of GDAL do in their own ways"
        )
    }));
    let (wrote, rewrote) = (version(one)?, version(other)?);
    if wrote != rewrote {
        let only = if told.is_empty() { "every table and row is the same; " } else { "" };
        told.push(format!("{only}its header names the SQLite that wrote it: {wrote} became {rewrote}"));
    }
    if told.is_empty() {
        told.push("every table and row is the same; pages are laid out otherwise".to_owned());
    }
    Some(told)
}

/// The spatial index whose nodes a table holds.
fn index_of(name: &str) -> Option<&str> {
    name.strip_prefix("table rtree_")?.strip_suffix("_node")
}

fn open(path: &Path) -> Option<Connection> {
    // As it lies there: no journal is looked at, and none is made.
    let address = format!(
        "file:{}?immutable=1",
        path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
    );
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).ok()?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON").ok()?;
    Some(connection)
}

/// Kind and name of everything in it, with its definition.
fn frame(file: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut all =
        file.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master ORDER BY 1")?;
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Names of columns, and every row as words.
type Rows = (Vec<String>, Vec<Vec<String>>);

fn rows(file: &Connection, table: &str) -> rusqlite::Result<Rows> {
    let mut all =
        file.prepare(&format!("SELECT * FROM \"{}\" LIMIT {MOST_ROWS}", table.replace('"', "\"\"")))?;
    let names: Vec<String> = all.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = all.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cell = |at: usize| {
            row.get_ref(at).map(|value| match value {
                ValueRef::Null => "nothing".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(bytes) => {
                    format!("{} bytes {}", bytes.len(), crate::publish::digest::of_bytes(bytes))
                }
            })
        };
        found.push((0..names.len()).map(cell).collect::<rusqlite::Result<Vec<String>>>()?);
    }
    Ok((names, found))
}

fn of_rows(table: &str, (names, rows): &Rows, (_, others): &Rows) -> Vec<String> {
    let mut told = Vec::new();
    if rows.len() != others.len() {
        told.push(format!("{table}: {} rows became {}", rows.len(), others.len()));
    }
    let pairs = rows.iter().zip(others).enumerate().filter(|(_, (a, b))| a != b);
    let count = pairs.clone().count();
    if count > 0 {
        told.push(format!("{table}: {count} of {} rows differ", rows.len()));
    }
    for (at, (a, b)) in pairs.take(FEW) {
        let cells = names.iter().zip(a.iter().zip(b)).filter(|(_, (a, b))| a != b);
        let cells: Vec<String> = cells
            .take(FEW)
            .map(|(name, (a, b))| format!("{name} {} became {}", short(a), short(b)))
            .collect();
        told.push(format!("{table} row {}: {}", at + 1, cells.join("; ")));
    }
    told
}

/// The version of the library that wrote a file last, in its own way of writing it.
fn version(path: &Path) -> Option<String> {
    let mut head = [0_u8; 100];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    let number = u32::from_be_bytes([head[96], head[97], head[98], head[99]]);
    Some(format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path, name: &str, statements: &str) -> std::path::PathBuf {
        let path = folder.join(name);
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        path
    }

    #[test]
    fn rows_and_columns_that_differ_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let table = "CREATE TABLE leads(id TEXT, area REAL); INSERT INTO leads VALUES('a', 1.5), ('b', 2);";
        let one = made(folder.path(), "a?.gpkg", table);
        let other = made(
            folder.path(),
            "b.gpkg",
            &format!("{table} UPDATE leads SET area = 3 WHERE id = 'b'; CREATE TABLE new(x);"),
        );
        assert_eq!(
            differences(&one, &other).unwrap(),
            ["table new is new", "leads: 1 of 2 rows differ", "leads row 2: area 2 became 3"]
        );
        let again = made(folder.path(), "c.gpkg", &format!("{table} CREATE TABLE x(y); DROP TABLE x;"));
        assert!(differences(&one, &again).unwrap()[0].contains("laid out otherwise"));
        assert_eq!(differences(&one, folder.path()), None);
    }

    #[test]
    fn an_index_that_is_built_otherwise_is_told_apart_from_rows() {
        let folder = tempfile::tempdir().unwrap();
        let rows = |order: &str| {
            format!(
                "CREATE VIRTUAL TABLE rtree_leads_geom USING rtree(id, a, b, c, d); \
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
                 INSERT INTO rtree_leads_geom SELECT i, i, i + 1, i % 17, i % 17 + 1 FROM n ORDER BY i {order}"
            )
        };
        let one = made(folder.path(), "a.gpkg", &rows("ASC"));
        let other = made(folder.path(), "b.gpkg", &rows("DESC"));
        let told = differences(&one, &other).unwrap();
        assert!(
            told.len() == 1
                && told[0].contains("every table and row is the same; the spatial index leads_geom"),
            "{told:?}"
        );
    }

    #[test]
    fn a_file_of_another_library_says_so_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let one = made(folder.path(), "a.gpkg", "CREATE TABLE leads(id TEXT)");
        let mut bytes = std::fs::read(&one).unwrap();
        bytes[96..100].copy_from_slice(&3_046_001_u32.to_be_bytes());
        let other = folder.path().join("b.gpkg");
        std::fs::write(&other, bytes).unwrap();
        let told = differences(&one, &other).unwrap();
        assert!(
            told.len() == 1
                && told[0].contains("every table and row is the same")
                && told[0].ends_with("3.46.1"),
            "{told:?}"
        );
    }
}
