//! A GeoPackage of somebody, looked at before GDAL opens it.
//!
//! In:  the file. Out: of each registered table how many rows and geometries it holds; else what is wrong with it.
//! Law: nothing of it is carried out: read-only, no view, no generated column, no schema that is trusted. The counts
//!      tell afterwards whether every row was read, because a damaged page ends a reading without a word.
//! Source: OGC GeoPackage 1.3 (`gpkg_contents`, `gpkg_geometry_columns`); <https://www.sqlite.org/security.html>.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::redline::RedLineError;

/// Largest geometry that is read, bytes: sixteen million vertices.
const MOST_GEOMETRY: i64 = 256 << 20;

/// What a database begins with.
const MARK: &[u8] = b"SQLite format 3\0";

/// Tables that say what lies in the file.
const REGISTERS: [&str; 3] = ["gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"];

/// Rows, and rows with a geometry, of each registered layer.
pub(crate) type Counts = BTreeMap<String, (usize, usize)>;

/// Looks at a file.
///
/// # Errors
/// `Format` with what is wrong and the next step.
pub(crate) fn counts(path: &Path, real: &Path) -> Result<Counts, RedLineError> {
    let refuse = |reason: String| RedLineError::Format { path: path.to_owned(), reason };
    let mut start = Vec::new();
    let read = File::open(real).and_then(|file| file.take(MARK.len() as u64).read_to_end(&mut start));
    read.map_err(|error| refuse(format!("cannot be read ({error})")))?;
    if start != MARK {
        return Err(refuse("is named .gpkg but is no GeoPackage; save the layer again".to_owned()));
    }
    let damaged = |error: rusqlite::Error| {
        refuse(format!("is a damaged database ({error}); copy the file again, or save the layer anew"))
    };
    let database = open(real).map_err(damaged)?;
    let kinds = kinds(&database).map_err(damaged)?;
    let is_table = |name: &str| kinds.get(&name.to_lowercase()).is_some_and(|kind| kind == "table");
    if let Some(register) = REGISTERS.iter().find(|name| !is_table(name)) {
        return Err(refuse(format!("has no table {register}, so it is no GeoPackage; save the layer again")));
    }
    let mut counts = Counts::new();
    for (table, column) in registered(&database).map_err(damaged)? {
        if !is_table(&table) {
            let kind = kinds.get(&table.to_lowercase()).map_or("missing", String::as_str);
            return Err(refuse(format!(
                "its layer '{table}' is {}, of which nothing is read; save the layer as a table of its own",
                if kind == "view" { "a view" } else { kind }
            )));
        }
        if generated(&database, &table).map_err(damaged)? {
            return Err(refuse(format!(
                "its layer '{table}' has a column that is computed, of which nothing is read; save the layer anew"
            )));
        }
        let Some(column) = column else { continue };
        let (rows, shapes, largest) = measured(&database, &table, &column).map_err(damaged)?;
        if largest > MOST_GEOMETRY {
            return Err(refuse(format!(
                "a geometry of its layer '{table}' has {largest} bytes, the limit is {MOST_GEOMETRY}; cut it into parts"
            )));
        }
        counts.insert(table, (rows, shapes));
    }
    if counts.is_empty() {
        return Err(refuse(
            "registers no layer with a geometry, so it holds 0 polygons; give the polygon layer".to_owned(),
        ));
    }
    Ok(counts)
}

/// Whether GDAL read every row and every geometry of a layer.
///
/// # Errors
/// `Format` where it did not.
pub(crate) fn whole(
    path: &Path,
    counts: &Counts,
    layer: &str,
    (rows, shapes): (usize, usize),
) -> Result<(), RedLineError> {
    match counts.get(layer) {
        Some(expected) if *expected != (rows, shapes) => {
            let reason = format!(
                "layer '{layer}' has {} rows, {} with a geometry, of which {rows} and {shapes} could be read: it is \
                 damaged; copy the file again, or save the layer anew",
                expected.0, expected.1
            );
            Err(RedLineError::Format { path: path.to_owned(), reason })
        }
        _ => Ok(()),
    }
}

/// Opens it so that nothing in it acts. Without a log beside it, it is read as it lies, and no lock is asked for.
fn open(real: &Path) -> rusqlite::Result<Connection> {
    let mut log = real.as_os_str().to_owned();
    log.push("-wal");
    let is_quiet = !Path::new(&log).exists();
    let escaped: String = real
        .to_string_lossy()
        .bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => (byte as char).to_string(),
            byte if byte.is_ascii_alphanumeric() => (byte as char).to_string(),
            byte => format!("%{byte:02x}"),
        })
        .collect();
    let address = format!("file:{escaped}?mode=ro{}", if is_quiet { "&immutable=1" } else { "" });
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(address, flags)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(database)
}

/// Whether each name is a table, a virtual table or a view; names in lower case, as SQLite compares them.
fn kinds(database: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut asked = database
        .prepare("SELECT lower(name), type, sql FROM sqlite_master WHERE type IN ('table', 'view')")?;
    let kind = |row: &rusqlite::Row<'_>| {
        let (name, kind, sql): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_virtual = sql.unwrap_or_default().trim_start().to_uppercase().starts_with("CREATE VIRTUAL");
        Ok((name, if is_virtual { "a virtual table".to_owned() } else { kind }))
    };
    asked.query_map([], kind)?.collect()
}

/// Registered tables, with the column of their geometry where they have one.
fn registered(database: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut asked = database.prepare(
        "SELECT c.table_name, g.column_name FROM gpkg_contents c \
         LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name) \
         WHERE c.data_type IN ('features', 'attributes') ORDER BY 1, 2",
    )?;
    asked.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn generated(database: &Connection, table: &str) -> rusqlite::Result<bool> {
    let asked = "SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden IN (2, 3) LIMIT 1";
    Ok(database.query_row(asked, [table], |_| Ok(())).optional()?.is_some())
}

/// Rows, rows with a geometry, and the largest of these in bytes. The length of a blob stands at its row: none is read.
fn measured(database: &Connection, table: &str, column: &str) -> rusqlite::Result<(usize, usize, i64)> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (table, column) = (quoted(table), quoted(column));
    let asked = format!("SELECT count(*), count({column}), coalesce(max(length({column})), 0) FROM {table}");
    let counted = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?));
    let (rows, shapes, largest) = database.query_row(&asked, [], counted)?;
    Ok((usize::try_from(rows).unwrap_or(0), usize::try_from(shapes).unwrap_or(0), largest))
}
