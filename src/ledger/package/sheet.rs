//! Leads of a package as tables: GeoJSON for a map, CSV for a spreadsheet.

use serde_json::json;

use crate::ledger::Case;
use crate::ledger::case::coordinates;
use crate::ledger::rows::{self, Cell};
use crate::publish::spreadsheet::line;

/// The leads with their outlines, RFC 7946.
pub fn geojson(cases: &[&Case]) -> String {
    let feature = |case: &&Case| {
        let properties = rows::as_json(&rows::LEADS, &rows::lead(case));
        let geometry = json!({"type": "MultiPolygon", "coordinates": coordinates(&case.outline)});
        json!({"type": "Feature", "geometry": geometry, "properties": properties}).to_string()
    };
    let features: Vec<String> = cases.iter().map(feature).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

/// The leads as a table. It begins with the mark by which spreadsheets know UTF-8.
pub fn csv(cases: &[&Case]) -> String {
    let head: Vec<&str> = rows::LEADS.columns.iter().map(|(name, _)| *name).collect();
    let mut text = format!("\u{feff}{}\r\n", line(head));
    for case in cases {
        let cells: Vec<String> = rows::lead(case).cells.into_iter().map(told).collect();
        text.push_str(&line(cells.iter().map(String::as_str)));
        text.push_str("\r\n");
    }
    text
}

/// A cell as text.
fn told(cell: Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(words) => words,
        Cell::Whole(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
    }
}
