//! Rows of named values from GeoJSON or CSV: what people wrote down about places.
//!
//! In:  a FeatureCollection (properties; of the geometry one position; UTF-8) or CSV with a header line (UTF-8 or GBK),
//!      its cells parted by commas, semicolons or tabs: what spreadsheets write depends on where they stand.
//! Out: `Rows`, each value as JSON; an empty cell and `null` are absent.
//! Law: a file that is not what it should be is refused with the row; nothing is skipped.
//! Source: RFC 7946, RFC 4180; GB 18030, which holds GBK and GB 2312: what a Chinese spreadsheet saves as CSV.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::grid::datum::Datum;
use crate::plain;

/// A file of attributes that cannot be used.
#[derive(Debug, Error)]
pub enum AttributeError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path and the rights", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Bytes that are no text that can be read.
    #[error("{}: expected UTF-8{}, found {found}; save it as {} UTF-8", .path.display(), if *.is_json { "" } else { " or GBK text" },
        if *.is_json { "GeoJSON in" } else { "CSV" })]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Whether it opens as JSON.
        is_json: bool,
        /// What is there.
        found: String,
    },
    /// Neither GeoJSON nor CSV.
    #[error("{}: expected a GeoJSON FeatureCollection or CSV with a header line, found {found}; export the table again", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A value that cannot be understood.
    #[error("{}, row {row}: expected {expected}, found {column} = {found}; correct the value", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Number of the row, from 1, the header not counted.
        row: usize,
        /// Name of the column.
        column: String,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Coordinates that were shifted for a phone map.
    #[error("{}, row {row}: expected {expected}, found coordinates in {found}; give --crs {found} where the command has it, else a file in WGS 84", .path.display())]
    Shifted {
        /// The file.
        path: PathBuf,
        /// Number of the row, from 1.
        row: usize,
        /// What they should be in.
        expected: Datum,
        /// What the row says.
        found: Datum,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number in the file, from 1.
    pub number: usize,
    /// Values by column; what is empty is absent.
    pub values: Map<String, Value>,
    /// A position of its geometry: longitude and latitude in degrees.
    pub place: Option<(f64, f64)>,
}

/// The rows of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The file.
    pub path: PathBuf,
    /// Names of its columns, in order.
    pub columns: Vec<String>,
    /// Its rows in file order.
    pub rows: Vec<Row>,
    /// What must be known of how it was read.
    pub note: Option<String>,
}

/// Reads a file: GeoJSON when it opens with a brace, else CSV.
pub fn read(path: &Path) -> Result<Rows, AttributeError> {
    read_in(path, Datum::Wgs84)
}

/// Reads a file whose coordinates are in a datum that was stated; its places come out in WGS 84.
///
/// # Errors
/// `Shifted` where a row says another datum.
pub fn read_in(path: &Path, stated: Datum) -> Result<Rows, AttributeError> {
    let bytes = plain::bytes(path, plain::MOST_TEXT)
        .map_err(|source| AttributeError::File { path: path.to_owned(), source })?;
    let (text, note) = text(path, &bytes)?;
    let mut rows = Rows { note, ..parse(path, &text)? };
    for row in &mut rows.rows {
        if let Some(found) = datum_of(row).filter(|found| *found != stated) {
            return Err(AttributeError::Shifted {
                path: path.to_owned(),
                row: row.number,
                expected: stated,
                found,
            });
        }
        row.place = row.place.map(|(longitude, latitude)| stated.unshifted(longitude, latitude));
    }
    Ok(rows)
}

/// The datum that a row names, in a column of that name or in the names of its coordinates.
fn datum_of(row: &Row) -> Option<Datum> {
    let of_column = |(column, value): (&String, &Value)| match column.as_str() {
        "datum" | "crs" => value.as_str().and_then(Datum::parse),
        "lon_gcj02_deg" | "lat_gcj02_deg" => Some(Datum::Gcj02),
        "lon_bd09_deg" | "lat_bd09_deg" => Some(Datum::Bd09),
        _ => None,
    };
    row.values.iter().find_map(of_column)
}

/// Text of a file, with a note where it was not UTF-8.
fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Cow<'a, str>, Option<String>), AttributeError> {
    let wrong = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok((text.into(), None)),
        Err(error) => error.valid_up_to(),
    };
    let is_json = bytes.trim_ascii_start().starts_with(b"{");
    let refuse = |found: String| Err(AttributeError::Encoding { path: path.to_owned(), is_json, found });
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return refuse("UTF-16 text".to_owned());
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return refuse("a workbook or archive".to_owned());
    }
    if bytes.starts_with(b"SQLite format 3\0") {
        return refuse("a database; of a ledger `steppewatch leads labels` writes the table".to_owned());
    }
    // JSON is UTF-8 (RFC 8259 8.1); of a table GBK is what Chinese spreadsheets write.
    match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) if !is_json => {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((text, Some(format!("{file} is not UTF-8 text; read as GBK"))))
        }
        Some(_) => refuse(format!("other bytes (byte {wrong}), perhaps GBK")),
        None => refuse(format!("other bytes (byte {wrong})")),
    }
}

/// Reads the text of a file; `path` is for errors alone.
pub fn parse(path: &Path, text: &str) -> Result<Rows, AttributeError> {
    let text = text.trim_start_matches('\u{feff}');
    let read = match text.trim_start().chars().next() {
        Some('{') => of_geojson(text),
        Some('[') => Err("a JSON array".to_owned()),
        _ => of_csv(text),
    };
    let (columns, rows) = read.map_err(|found| AttributeError::Form { path: path.to_owned(), found })?;
    Ok(Rows { path: path.to_owned(), columns, rows, note: None })
}

/// Names of columns, and rows.
type Table = (Vec<String>, Vec<Row>);

fn of_geojson(text: &str) -> Result<Table, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let features =
        json.get("features").and_then(Value::as_array).ok_or("JSON without features".to_owned())?;
    let row = |(index, feature): (usize, &Value)| {
        let properties = feature.get("properties").and_then(Value::as_object);
        let values = properties.cloned().unwrap_or_default();
        let values = values.into_iter().filter(|(_, value)| !is_empty(value)).collect();
        Row { number: index + 1, values, place: feature.pointer("/geometry/coordinates").and_then(position) }
    };
    let mut columns: Vec<String> = Vec::new();
    for name in features.iter().filter_map(|one| one.get("properties")?.as_object()).flat_map(Map::keys) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    Ok((columns, features.iter().enumerate().map(row).collect()))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The first position of any geometry.
fn position(coordinates: &Value) -> Option<(f64, f64)> {
    let list = coordinates.as_array()?;
    match (list.first().and_then(Value::as_f64), list.get(1).and_then(Value::as_f64)) {
        (Some(longitude), Some(latitude)) => Some((longitude, latitude)),
        _ => position(list.first()?),
    }
}

fn of_csv(text: &str) -> Result<Table, String> {
    let mut lines = cells(text, separator(text))?.into_iter();
    let header: Vec<String> = lines.next().unwrap_or_default();
    if header.len() < 2 {
        return Err(format!("a header line of {} columns", header.len()));
    }
    let header: Vec<String> = header.into_iter().map(|name| name.trim().to_owned()).collect();
    let twice = |(place, name): &(usize, &String)| !name.is_empty() && header[..*place].contains(name);
    if let Some((_, name)) = header.iter().enumerate().find(twice) {
        return Err(format!("two columns called '{name}'"));
    }
    let mut rows = Vec::new();
    for (index, line) in lines.enumerate() {
        if line.len() != header.len() {
            let (row, found, expected) = (index + 1, line.len(), header.len());
            return Err(format!("row {row} of {found} cells under a header of {expected}"));
        }
        let named = header.iter().cloned().zip(line);
        let values = named.filter(|(_, cell)| !cell.trim().is_empty());
        let values = values.map(|(name, cell)| (name, Value::String(cell.trim().to_owned()))).collect();
        rows.push(Row { number: index + 1, values, place: None });
    }
    Ok((header, rows))
}

/// What parts the cells: what the header line, outside quotes, has most of.
fn separator(text: &str) -> char {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let plain: String = line.split('"').step_by(2).collect();
    let count = |separator: &char| plain.matches(*separator).count();
    // Of equals the comma, which stands last.
    ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',')
}

/// Lines of cells; a quoted cell may hold separators, quotes (doubled) and line breaks. Empty lines count for nothing.
fn cells(text: &str, separator: char) -> Result<Vec<Vec<String>>, String> {
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            letter if letter == separator && !quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err("a quoted cell without end".to_owned());
    }
    line.push(cell);
    lines.push(line);
    lines.retain(|line| line.len() > 1 || line.iter().any(|cell| !cell.trim().is_empty()));
    Ok(lines)
}

impl Rows {
    /// The text of a value, numbers and flags as JSON prints them.
    pub fn text<'a>(&self, row: &'a Row, column: &str) -> Option<Cow<'a, str>> {
        row.values.get(column).map(|value| match value {
            Value::String(text) => text.trim().into(),
            other => other.to_string().into(),
        })
    }

    /// A finite number.
    pub fn number(&self, row: &Row, column: &str) -> Result<Option<f64>, AttributeError> {
        let Some(text) = self.text(row, column) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.fault(row, column, "a number"))
    }

    /// What is wrong with a value.
    pub fn fault(&self, row: &Row, column: &str, expected: &'static str) -> AttributeError {
        let found = row.values.get(column).map_or("nothing".to_owned(), Value::to_string);
        let (path, row, column) = (self.path.clone(), row.number, column.to_owned());
        AttributeError::Value { path, row, column, expected, found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Rows, AttributeError> {
        parse(Path::new("verified.csv"), text)
    }

    #[test]
    fn shifted_coordinates_are_taken_only_where_somebody_says_so() {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        for text in ["lead,verdict,datum\na,lawful,GCJ-02\n", "lead,verdict,lon_gcj02_deg\na,lawful,108.5\n"]
        {
            std::fs::write(file.path(), text).unwrap();
            let refused = read(file.path()).err().unwrap().to_string();
            assert!(refused.contains("row 1: expected WGS84, found coordinates in GCJ-02"), "{refused}");
            assert_eq!(read_in(file.path(), Datum::Gcj02).unwrap().rows.len(), 1);
            assert!(read_in(file.path(), Datum::Bd09).is_err());
        }
        let place = r#"{"features":[{"properties":{"datum":"GCJ-02"},"geometry":{"type":"Point","coordinates":[108.5,41.57]}}]}"#;
        std::fs::write(file.path(), place).unwrap();
        let (longitude, latitude) = read_in(file.path(), Datum::Gcj02).unwrap().rows[0].place.unwrap();
        let (x, y) = Datum::Gcj02.shifted(longitude, latitude);
        assert!((longitude - 108.5).abs() > 0.003 && (x - 108.5).abs() < 1e-9 && (y - 41.57).abs() < 1e-9);
    }

    #[test]
    fn csv_and_geojson_give_the_same_values() {
        let csv =
            parsed("\u{feff}id,confidence,verdict\r\na,0.5,\r\n\"b, c\",1,\"say \"\"yes\"\"\"\n").unwrap();
        assert_eq!(csv.rows.len(), 2);
        assert_eq!(csv.text(&csv.rows[1], "id").unwrap(), "b, c");
        assert_eq!(csv.text(&csv.rows[1], "verdict").unwrap(), "say \"yes\"");
        assert_eq!(
            (csv.number(&csv.rows[0], "confidence").unwrap(), csv.text(&csv.rows[0], "verdict")),
            (Some(0.5), None)
        );
        for separator in [";", "\t"] {
            let other =
                format!("id{separator}confidence{separator}\"a, b, c\"\na{separator}0.5{separator}\n");
            assert_eq!(parsed(&other).unwrap().rows[0].values.len(), 2, "{separator:?}");
        }
        let json = parsed(
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"a","confidence":0.5,"verdict":null},
               "geometry":{"type":"MultiPolygon","coordinates":[[[[108.5,41.5],[108.6,41.5],[108.5,41.6],[108.5,41.5]]]]}}]}"#,
        )
        .unwrap();
        assert_eq!(json.number(&json.rows[0], "confidence").unwrap(), Some(0.5));
        assert_eq!((json.text(&json.rows[0], "verdict"), json.rows[0].place), (None, Some((108.5, 41.5))));
    }

    #[test]
    fn a_table_in_gbk_is_read_and_says_so_and_other_bytes_are_refused_by_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str, bytes: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, bytes).unwrap();
            read(&file).map_err(|error| error.to_string())
        };
        let words = "id,verdict,备注\na,属实,新开垦\n";
        let gbk = encoding_rs::GB18030.encode(words).0.into_owned();
        let (plain, found) = (of("utf8.csv", words.as_bytes()).unwrap(), of("gbk.csv", &gbk).unwrap());
        assert_eq!((&plain.rows, plain.note), (&found.rows, None));
        assert_eq!(found.text(&found.rows[0], "verdict").unwrap(), "属实");
        assert_eq!(found.note.unwrap(), "gbk.csv is not UTF-8 text; read as GBK");
        let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
            let error = of(name, bytes).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)) && error.contains(name), "{error}");
        };
        let json = encoding_rs::GB18030.encode(r#"{"features":[],"name":"草原"}"#).0.into_owned();
        refused("a.geojson", &json, &["expected UTF-8, found", "byte 23", "perhaps GBK", "GeoJSON in UTF-8"]);
        refused("b.csv", b"\xff\xfei\0d\0", &["UTF-8 or GBK text", "UTF-16", "save it as CSV UTF-8"]);
        refused("c.csv", b"PK\x03\x04\xff\xff", &["workbook"]);
        refused("d.csv", b"SQLite format 3\0\xff", &["a database", "leads labels"]);
        refused("d.csv", b"id,verdict\na,\xff\xff", &["other bytes (byte 13)"]);
        assert!(!of("e.csv", b"id,verdict\na,\xff\xff").unwrap_err().contains("perhaps"));
    }

    #[test]
    fn a_table_that_is_torn_is_refused_with_its_row() {
        for (text, part) in [
            ("id,verdict\na", "row 1 of 1 cells"),
            ("id,verdict\na,\"true", "without end"),
            ("{\"type\":1}", "without features"),
            ("", "header"),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("verified.csv"), "{error}");
        }
        let rows = parsed("id,confidence\na,much").unwrap();
        let error = rows.number(&rows.rows[0], "confidence").unwrap_err().to_string();
        assert!(error.contains("row 1") && error.contains("confidence") && error.contains("much"), "{error}");
        assert!(rows.number(&parsed("id,confidence\na,inf").unwrap().rows[0], "confidence").is_err());
    }
}
