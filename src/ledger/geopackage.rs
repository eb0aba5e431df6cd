//! What makes a database of SQLite a GeoPackage: its frame, and polygons as it holds them.
//!
//! Law: made once and the same for every ledger of a version; `sqlite` compares a ledger with a new one.
//! Source: OGC GeoPackage 1.3 (12-128r17).

use geo::{BoundingRect, MultiPolygon};

use crate::ledger::rows::{self, Table};
use crate::ledger::versions::VERSION;
use crate::ledger::wkb;

/// "GPKG", and version 1.3.
pub const APPLICATION: i64 = 0x4750_4B47;
const FORMAT: i64 = 10_300;

/// WGS 84.
const SRS: i64 = 4326;

/// What every GeoPackage has, and the table of events.
const SCHEMA: &str = r#"
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
    ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
    ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
    ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]', 'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE events (fid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    lead TEXT NOT NULL, run TEXT NOT NULL, actor TEXT NOT NULL, at_utc TEXT NOT NULL, at_local TEXT NOT NULL,
    reason TEXT NOT NULL, body TEXT NOT NULL, evidence TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX events_of_lead ON events (lead);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)
    VALUES ('events', 'attributes', '台账事件 Events', 'What happened, in order; only ever added', '2000-01-01T00:00:00.000Z');
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events of a ledger are only ever added'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events of a ledger are only ever added'); END;
CREATE TABLE ledger_version (version INTEGER NOT NULL);
"#;

/// Everything that a new ledger is made of.
pub fn script() -> String {
    let mut script = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; BEGIN;");
    script.push_str(SCHEMA);
    script.push_str(&format!("INSERT INTO ledger_version VALUES ({VERSION});"));
    rows::TABLES.iter().for_each(|table| script.push_str(&made_table(table)));
    script.push_str("COMMIT;");
    script
}

/// Tables that follow from the events, taken away and made again as a version has them.
pub fn made_anew(version: i64) -> String {
    let anew = |table: &&Table| {
        let name = table.name;
        // What GDAL remembers of a layer goes with it: its index and its count are made again when it is next asked for.
        let gone = format!(
            "DROP TABLE IF EXISTS {name}; DROP TABLE IF EXISTS rtree_{name}_geom;\
             DELETE FROM gpkg_extensions WHERE lower(table_name) = '{name}';\
             DELETE FROM gpkg_geometry_columns WHERE lower(table_name) = '{name}';\
             DELETE FROM gpkg_contents WHERE lower(table_name) = '{name}';"
        );
        gone + &made_table(table)
    };
    let tables: String = rows::TABLES.iter().map(anew).collect();
    format!("{tables} DELETE FROM ledger_version; INSERT INTO ledger_version VALUES ({version});")
}

fn made_table(table: &Table) -> String {
    let columns = table.columns.iter().map(|(name, kind)| {
        let kind = match kind {
            rows::Kind::Text => "TEXT",
            rows::Kind::Whole => "INTEGER",
            rows::Kind::Real => "DOUBLE",
        };
        format!(", {name} {kind}")
    });
    let columns: String = columns.collect();
    let shape = if table.has_shape { ", geom MULTIPOLYGON" } else { "" };
    let (name, title) = (table.name, table.title);
    let kind = if table.has_shape { "features" } else { "attributes" };
    let srs = if table.has_shape { SRS.to_string() } else { "NULL".to_owned() };
    let mut script = format!(
        "CREATE TABLE {name} (fid INTEGER PRIMARY KEY{columns}{shape});\
         INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id)\
             VALUES ('{name}', '{kind}', '{title}', '2000-01-01T00:00:00.000Z', {srs});"
    );
    if table.has_shape {
        script.push_str(&format!(
            "INSERT INTO gpkg_geometry_columns VALUES ('{name}', 'geom', 'MULTIPOLYGON', {SRS}, 0, 0);"
        ));
    }
    script
}

/// Polygons as a GeoPackage holds them: its head with the bounding box, then well-known binary, little end first.
pub fn blob(shape: &MultiPolygon<f64>) -> Vec<u8> {
    let mut bytes = b"GP\x00".to_vec();
    let bounds = shape.bounding_rect();
    // Bit 0: little end first; bits 1 to 3: a box of x and y; bit 4: empty.
    bytes.push(if bounds.is_some() { 0b0000_0011 } else { 0b0001_0001 });
    bytes.extend((SRS as i32).to_le_bytes());
    if let Some(bounds) = bounds {
        for edge in [bounds.min().x, bounds.max().x, bounds.min().y, bounds.max().y] {
            bytes.extend(edge.to_le_bytes());
        }
    }
    bytes.extend(wkb::polygons(shape, None));
    bytes
}
