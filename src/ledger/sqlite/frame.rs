//! What does not change in a ledger file: its tables as they were made, and what stands there besides.
//!
//! In:  a connection. Out: what is lost, and what somebody added, in words.
//! Law: what QGIS and GDAL add to any GeoPackage that they open is left alone (styles, projects, indexes, counts); every other
//!      table, view, index, trigger or column is told.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::ledger::geopackage::script;

/// Tables that GDAL and QGIS make beside the layers, tried with QGIS 3.22 and GDAL 3.6: styles, projects, metadata, counts of
/// rows, and those of SQLite itself.
const OF_TOOLS: [&str; 11] = [
    "layer_styles",
    "qgis_projects",
    "gpkg_ogr_contents",
    "gpkg_metadata",
    "gpkg_metadata_reference",
    "gpkg_data_columns",
    "gpkg_data_column_constraints",
    "gpkg_tile_matrix_set",
    "gpkg_tile_matrix",
    "sqlite_sequence",
    "sqlite_stat1",
];

/// Layers that GDAL may index, and so put triggers on.
const LAYERS: [&str; 2] = ["leads", "incidents"];

/// A piece of the frame.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    /// The table of the file that names it.
    of: &'static str,
    /// Its columns.
    columns: Vec<String>,
}

/// Where a ledger is not as a new one is.
pub(super) fn differences(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let new = Connection::open_in_memory()?;
    new.execute_batch(&script())?;
    let (found, expected) = (frame(connection)?, frame(&new)?);
    let lost = expected.difference(&found);
    let mut told: Vec<String> = lost
        .map(|piece| format!("expected {}, as a new ledger has it; found none such", words(piece)))
        .collect();
    let added = found.difference(&expected).filter(|piece| !is_of_tools(piece));
    told.extend(added.map(|piece| format!("found {}, which no new ledger has", words(piece))));
    Ok(told)
}

fn words(piece: &Piece) -> String {
    format!("{} {}", piece.of, piece.columns.join(" "))
}

fn frame(connection: &Connection) -> rusqlite::Result<BTreeSet<Piece>> {
    const QUESTIONS: [(&str, &str); 5] = [
        ("schema", "SELECT type, name, tbl_name, sql FROM sqlite_master"),
        // Who opens a layer to write may note its extent and the day.
        (
            "table gpkg_contents",
            "SELECT table_name, data_type, identifier, description, srs_id FROM gpkg_contents",
        ),
        ("table gpkg_geometry_columns", "SELECT * FROM gpkg_geometry_columns"),
        (
            "table gpkg_spatial_ref_sys",
            "SELECT srs_id, organization, organization_coordsys_id, srs_name, definition, description FROM gpkg_spatial_ref_sys",
        ),
        ("table ledger_version", "SELECT version, count(*) FROM ledger_version GROUP BY version"),
    ];
    let mut frame = BTreeSet::new();
    for (of, question) in QUESTIONS {
        let mut statement = connection.prepare(question)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // A damaged file may hold text that is none.
            let cell = |place| row.get_ref(place).map(told);
            frame.insert(Piece { of, columns: (0..columns).map(cell).collect::<rusqlite::Result<_>>()? });
        }
    }
    Ok(frame)
}

fn told(held: ValueRef<'_>) -> String {
    match held {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Whether QGIS or GDAL add a piece like this to any GeoPackage.
fn is_of_tools(piece: &Piece) -> bool {
    let column = |place: usize| piece.columns.get(place).map(String::as_str).unwrap_or_default();
    match piece.of {
        "schema" => {
            let (kind, name, table) = (column(0), column(1), column(2));
            match kind {
                "table" | "index" => is_table_of_tools(table) && (kind == "index" || name == table),
                "trigger" => is_table_of_tools(table) || counts_or_indexes(table, column(3)),
                _ => false,
            }
        }
        "table gpkg_contents" => is_table_of_tools(column(0)),
        // Other reference systems bind nothing here.
        "table gpkg_spatial_ref_sys" => !["-1", "0", "4326"].contains(&column(0)),
        _ => false,
    }
}

fn is_table_of_tools(table: &str) -> bool {
    let index = |layer: &&str| {
        let of_layer = table.strip_prefix("rtree_").and_then(|rest| rest.strip_prefix(*layer));
        of_layer.is_some_and(|rest| ["_geom", "_geom_node", "_geom_parent", "_geom_rowid"].contains(&rest))
    };
    OF_TOOLS.contains(&table) || LAYERS.iter().any(index)
}

/// Whether a trigger of a layer writes into GDAL's index or count of that layer and nowhere else.
fn counts_or_indexes(table: &str, script: &str) -> bool {
    let is_layer = LAYERS.contains(&table) || ["runs", "redline_versions"].contains(&table);
    let upper = script.to_uppercase();
    let (Some(begin), Some(end)) = (upper.find("BEGIN"), upper.rfind("END")) else { return false };
    let Some(inside) = script.get(begin + "BEGIN".len()..end) else { return false };
    let writes_there = |statement: &str| {
        let words: Vec<String> =
            statement.split_whitespace().map(|word| word.trim_matches('"').to_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let target = match words.as_slice() {
            ["insert", "or", "replace", "into", target, ..]
            | ["insert", "into", target, ..]
            | ["delete", "from", target, ..]
            | ["update", "or", "replace", target, ..]
            | ["update", target, ..] => *target,
            _ => return false,
        };
        target == format!("rtree_{table}_geom") || target == "gpkg_ogr_contents"
    };
    is_layer && inside.split(';').map(str::trim).filter(|statement| !statement.is_empty()).all(writes_there)
}

#[cfg(test)]
mod tests {
    use crate::ledger::audit::audit;
    use crate::ledger::audit::tests::drawn;
    use crate::ledger::sqlite::Sqlite;

    fn faults(script: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = Sqlite::open(&drawn(folder.path())).unwrap();
        engine.raw().execute_batch(script).unwrap();
        audit(&mut engine, None).unwrap().faults
    }

    #[test]
    fn what_somebody_added_is_told() {
        for (script, word) in [
            ("CREATE TABLE mine (a)", "table mine"),
            ("CREATE VIEW mine AS SELECT * FROM leads", "view mine"),
            ("ALTER TABLE runs RENAME TO was; CREATE VIEW runs AS SELECT * FROM was", "view runs"),
            ("CREATE INDEX mine ON leads (id)", "index mine"),
            ("ALTER TABLE leads ADD COLUMN mine TEXT", "mine TEXT"),
            ("CREATE TRIGGER mine AFTER INSERT ON events BEGIN DELETE FROM leads; END", "trigger mine"),
            (
                "CREATE TRIGGER rtree_leads_geom_insert AFTER INSERT ON leads BEGIN DELETE FROM \"rtree_leads_geom\"; DELETE FROM leads; END",
                "rtree_leads_geom_insert",
            ),
            (
                "CREATE TRIGGER mine AFTER INSERT ON events BEGIN UPDATE gpkg_ogr_contents SET feature_count = 1; END",
                "trigger mine",
            ),
            (
                "CREATE TABLE layer_styles (a); CREATE VIEW rtree_leads_geom AS SELECT 1",
                "view rtree_leads_geom",
            ),
            (
                "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('mine', 'attributes')",
                "gpkg_contents mine",
            ),
        ] {
            let told = faults(script);
            assert!(told.iter().any(|fault| fault.contains(word)), "{script}: {told:?}");
        }
    }

    #[test]
    fn what_tools_add_to_any_geopackage_is_no_fault() {
        let tools = "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, styleName TEXT);\
            INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes', 'layer_styles');\
            CREATE TABLE gpkg_ogr_contents (table_name TEXT NOT NULL PRIMARY KEY, feature_count INTEGER DEFAULT NULL);\
            CREATE TRIGGER \"trigger_insert_feature_count_leads\" AFTER INSERT ON \"leads\" BEGIN UPDATE gpkg_ogr_contents SET \
            feature_count = feature_count + 1 WHERE lower(table_name) = lower('leads'); END;\
            CREATE VIRTUAL TABLE \"rtree_leads_geom\" USING rtree(id, minx, maxx, miny, maxy);\
            CREATE TRIGGER \"rtree_leads_geom_delete\" AFTER DELETE ON \"leads\" WHEN old.\"geom\" NOT NULL BEGIN DELETE FROM \
            \"rtree_leads_geom\" WHERE id = OLD.\"fid\"; END; ANALYZE;";
        assert_eq!(faults(tools), Vec::<String>::new());
    }

    #[test]
    fn a_column_of_an_event_that_is_no_text_is_told_with_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = Sqlite::open(&drawn(folder.path())).unwrap();
        let script = "DROP TRIGGER events_stay; UPDATE events SET body = x'00ff' WHERE fid = 4";
        engine.raw().execute_batch(script).unwrap();
        let told = audit(&mut engine, None).unwrap_err().to_string();
        assert!(told.contains("table events, row 4") && told.contains("column body"), "{told}");
        assert!(told.contains("expected text, found blob"), "{told}");
    }
}
