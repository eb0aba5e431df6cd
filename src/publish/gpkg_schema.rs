//! The tables of a GeoPackage that tell people what its columns mean, and QGIS how to draw its layers.
//!
//! In:  the columns (`fields`) and styles (`style`).
//! Out: SQL statements: schema extension (`gpkg_data_columns`, `gpkg_data_column_constraints`) and
//!      `layer_styles`, registered the way QGIS registers it.
//! Source: OGC GeoPackage 1.2, annex F.9 (schema extension); QGIS reads styles from `layer_styles`.

use geo::Rect;

use crate::publish::fields::{self, Domain, Field};
use crate::publish::gpkg::GEOMETRY;
use crate::publish::style;

const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, \
     definition TEXT NOT NULL, scope TEXT NOT NULL, \
     CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))",
    "CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, \
     description TEXT, mime_type TEXT, constraint_name TEXT, \
     CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))",
    "CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, \
     value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT, \
     CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))",
    "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), \
     f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), \
     styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), \
     update_time DATETIME)",
];

/// Every statement, in order. `stamp` is the time that the format asks for.
pub(crate) fn statements(stamp: &str) -> Vec<String> {
    let mut all: Vec<String> = TABLES.iter().map(|table| (*table).to_owned()).collect();
    for table in ["gpkg_data_columns", "gpkg_data_column_constraints"] {
        all.push(format!(
            "INSERT INTO gpkg_extensions VALUES ('{table}', NULL, 'gpkg_schema', \
             'http://www.geopackage.org/spec121/#extension_schema', 'read-write')"
        ));
    }
    for domain in [
        &fields::STATUS,
        &fields::TIER,
        &fields::CLASS,
        &fields::IN_FORCE,
        &fields::VERDICT,
        &fields::LAND,
        &fields::GAP_REASON,
        &fields::ASIDE_REASON,
    ] {
        constraints(&mut all, domain);
    }
    columns(&mut all, "leads", fields::LEAD);
    columns(&mut all, "leads_cgcs2000", fields::LEAD);
    columns(&mut all, "redline_overlaps", fields::SHARED);
    columns(&mut all, "gaps", fields::GAP);
    columns(&mut all, "suppressed", fields::SUPPRESSED);
    all.push(format!(
        "UPDATE gpkg_contents SET description = {} WHERE table_name IN ('leads', 'leads_cgcs2000', 'suppressed')",
        quoted(&format!("{} {}", fields::DISCLAIMER_ZH, fields::DISCLAIMER))
    ));
    all.push(format!(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) \
         VALUES ('layer_styles', 'attributes', 'layer_styles', '', {}, 0)",
        quoted(stamp)
    ));
    let styles = [
        ("leads", style::leads()),
        ("leads_cgcs2000", style::leads()),
        ("redline_overlaps", style::redline_overlaps()),
        ("gaps", style::gaps()),
        ("suppressed", style::suppressed()),
    ];
    for (layer, qml) in styles {
        all.push(format!(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, \
             styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) \
             VALUES ('', '', '{layer}', '{GEOMETRY}', '{layer}', {}, '', 1, '', '', NULL, {})",
            quoted(&qml),
            quoted(stamp)
        ));
    }
    all
}

/// The extent of a layer, to the last bit: releases of GDAL and SQLite round the decimals of an extent in their own ways.
pub(crate) fn extent(layer: &str, rect: Rect<f64>) -> String {
    let (low, high) = (rect.min(), rect.max());
    format!(
        "UPDATE gpkg_contents SET min_x = {}, min_y = {}, max_x = {}, max_y = {} WHERE table_name = '{layer}'",
        exactly(low.x),
        exactly(low.y),
        exactly(high.x),
        exactly(high.y)
    )
}

/// A number as a fraction of whole numbers, the lower one a power of two: no decimals, so that nothing is rounded.
fn exactly(number: f64) -> String {
    let fractions = (0..=53).map(|power| (number * 2_f64.powi(power), 2_f64.powi(power)));
    let mut whole = fractions.filter(|(above, _)| above.fract() == 0.0 && above.abs() < 2_f64.powi(53));
    match whole.next() {
        Some((above, below)) => format!("(CAST({} AS REAL) / CAST({} AS REAL))", above as i64, below as i64),
        None => format!("{number:?}"),
    }
}

fn constraints(all: &mut Vec<String>, domain: &Domain) {
    for (value, meaning) in domain.values {
        all.push(format!(
            "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) \
             VALUES ({}, 'enum', {}, {})",
            quoted(domain.name),
            quoted(value),
            quoted(meaning)
        ));
    }
}

fn columns<T>(all: &mut Vec<String>, table: &str, fields: &[Field<T>]) {
    for field in fields {
        let domain = field.domain.map_or("NULL".to_owned(), |domain| quoted(domain.name));
        all.push(format!(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, constraint_name) \
             VALUES ('{table}', '{}', {alias}, {alias}, {domain})",
            field.name,
            alias = quoted(field.alias),
        ));
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_is_told_to_the_last_bit() {
        let file = rusqlite::Connection::open_in_memory().unwrap();
        for number in [22.146_394_8, -179.999_999_9, 0.0, 45.0, 41.570_000_1, 1e-7, 108.123_456_7] {
            let told: f64 =
                file.query_row(&format!("SELECT {}", exactly(number)), [], |row| row.get(0)).unwrap();
            assert_eq!(told.to_bits(), number.to_bits(), "{number}");
        }
    }

    #[test]
    fn a_quote_in_a_text_does_not_end_it() {
        assert_eq!(quoted("status = 'confirmed'"), "'status = ''confirmed'''");
    }

    #[test]
    fn every_column_with_a_domain_finds_its_values() {
        let all = statements("2022-01-01T00:00:00.000Z").join("\n");
        for domain in fields::LEAD.iter().filter_map(|field| field.domain) {
            assert!(all.contains(&format!("VALUES ('{}', 'enum'", domain.name)), "{}", domain.name);
        }
    }
}
