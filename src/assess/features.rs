//! Reads leads, truth and red lines for a comparison: GeoJSON, longitude and latitude.
//!
//! In:  a FeatureCollection of Polygon or MultiPolygon features (RFC 7946; a `crs` member may only say
//!      WGS 84, as older writers do).
//! Out: polygons in degrees with the properties that matching asks for.
//! Law: a file that is not what it should be is refused with the feature's number; nothing is skipped.

use std::fmt;
use std::path::{Path, PathBuf};

use geo::{Coord, LineString, MultiPolygon, Polygon};
use geojson::{Feature, FeatureCollection, GeoJson, GeometryValue, JsonValue, Position};
use thiserror::Error;

use crate::date::{Date, parse_date};
use crate::plain;

/// One feature of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Number in the file, from 1.
    pub number: usize,
    /// Outline, longitude and latitude.
    pub outline: MultiPolygon<f64>,
    /// Properties as the file gives them.
    pub properties: geojson::JsonObject,
}

/// The features of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// The file.
    pub path: PathBuf,
    /// Its features in file order.
    pub records: Vec<Record>,
}

/// `KEY=VALUE[,VALUE]`: a property and the values that pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Name of the property.
    pub key: String,
    /// Values that pass, as text.
    pub values: Vec<String>,
}

/// A file or a filter that cannot be used.
#[derive(Debug, Error)]
pub enum FeatureError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; check the path and the rights")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not GeoJSON, or not a FeatureCollection.
    #[error("{path}: expected a GeoJSON FeatureCollection, found {found}; export the layer as GeoJSON")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A `crs` member other than WGS 84.
    #[error(
        "{path}: expected longitude and latitude (WGS 84), found crs {found}; export the layer in EPSG:4326"
    )]
    Crs {
        /// The file.
        path: PathBuf,
        /// The CRS named.
        found: String,
    },
    /// A feature that cannot be used.
    #[error("{path}, feature {number}: expected {expected}, found {found}; {next}")]
    Feature {
        /// The file.
        path: PathBuf,
        /// Number of the feature, from 1.
        number: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
        /// What to do.
        next: &'static str,
    },
    /// A filter that is not `KEY=VALUE[,VALUE]`.
    #[error("filter '{0}' is not KEY=VALUE[,VALUE], for example cut_year=2017,2018")]
    FilterForm(String),
    /// A filter on a property that no feature has.
    #[error("{path}: no feature has the property '{key}', found {found}; correct the filter")]
    FilterKey {
        /// The file.
        path: PathBuf,
        /// The property asked for.
        key: String,
        /// The properties of the first feature.
        found: String,
    },
}

/// Property by which a record says whether it is a lead, a warning or a place to look at again.
pub const TIER: &str = "tier";

impl Record {
    /// Whether it is a lead: warnings and places to look at again promise no change. A file that does not say holds
    /// nothing but leads.
    pub fn is_lead(&self) -> bool {
        self.properties.get(TIER).and_then(JsonValue::as_str).is_none_or(|tier| tier == "lead")
    }
}

impl Filter {
    /// Reads `KEY=VALUE[,VALUE]`.
    pub fn parse(text: &str) -> Result<Self, FeatureError> {
        let form = || FeatureError::FilterForm(text.to_owned());
        let (key, values) = text.split_once('=').ok_or_else(form)?;
        let values: Vec<_> = values.split(',').map(|value| value.trim().to_owned()).collect();
        if key.trim().is_empty() || values.iter().any(String::is_empty) {
            return Err(form());
        }
        Ok(Self { key: key.trim().to_owned(), values })
    }

    /// Whether a record's property has one of the values; a missing property does not pass.
    pub fn passes(&self, record: &Record) -> bool {
        let text = match record.properties.get(&self.key) {
            Some(JsonValue::String(text)) => text.clone(),
            Some(JsonValue::Bool(value)) => value.to_string(),
            // 2017 and 2017.0 are one year; f64 prints both as 2017.
            Some(JsonValue::Number(number)) => number.as_f64().map_or_else(String::new, |n| n.to_string()),
            _ => return false,
        };
        self.values.contains(&text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.values.join(","))
    }
}

impl Records {
    /// Refuses a filter on a property that no feature of a file with features has.
    pub fn check(&self, filter: &Filter) -> Result<(), FeatureError> {
        let known = self.records.iter().any(|record| record.properties.contains_key(&filter.key));
        let Some(first) = self.records.first().filter(|_| !known) else { return Ok(()) };
        let names: Vec<_> = first.properties.keys().map(String::as_str).collect();
        let found = if names.is_empty() { "no properties".to_owned() } else { names.join(", ") };
        Err(FeatureError::FilterKey { path: self.path.clone(), key: filter.key.clone(), found })
    }

    /// A yes-or-no property of a record (`true`/`false`, or 1/0 as shapefile exports write it).
    pub fn flag(&self, record: &Record, name: &str) -> Result<Option<bool>, FeatureError> {
        match record.properties.get(name) {
            None | Some(JsonValue::Null) => Ok(None),
            Some(JsonValue::Bool(value)) => Ok(Some(*value)),
            Some(JsonValue::Number(n)) if n.as_f64() == Some(0.0) => Ok(Some(false)),
            Some(JsonValue::Number(n)) if n.as_f64() == Some(1.0) => Ok(Some(true)),
            Some(other) => Err(self.property(record, "true or false", name, other)),
        }
    }

    /// A number property of a record.
    pub fn number(&self, record: &Record, name: &str) -> Result<Option<f64>, FeatureError> {
        match record.properties.get(name) {
            None | Some(JsonValue::Null) => Ok(None),
            Some(other) => {
                other.as_f64().map(Some).ok_or_else(|| self.property(record, "a number", name, other))
            }
        }
    }

    /// A date property of a record, `YYYY-MM-DD`.
    pub fn date(&self, record: &Record, name: &str) -> Result<Option<Date>, FeatureError> {
        match record.properties.get(name) {
            None | Some(JsonValue::Null) => Ok(None),
            Some(other) => other
                .as_str()
                .and_then(parse_date)
                .map(Some)
                .ok_or_else(|| self.property(record, "a date as YYYY-MM-DD", name, other)),
        }
    }

    fn property(
        &self,
        record: &Record,
        expected: &'static str,
        name: &str,
        found: &JsonValue,
    ) -> FeatureError {
        FeatureError::Feature {
            path: self.path.clone(),
            number: record.number,
            expected,
            found: format!("{name} = {found}"),
            next: "correct the attribute",
        }
    }
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Records, FeatureError> {
    let text = plain::text(path).map_err(|source| FeatureError::File { path: path.to_owned(), source })?;
    parse(path, &text)
}

/// Reads the text of a file; `path` is only for errors.
pub fn parse(path: &Path, text: &str) -> Result<Records, FeatureError> {
    let form = |found: String| FeatureError::Form { path: path.to_owned(), found };
    let json: GeoJson = text.trim_start_matches('\u{feff}').parse().map_err(|e| form(format!("{e}")))?;
    let collection = match json {
        GeoJson::FeatureCollection(collection) => collection,
        GeoJson::Feature(_) => return Err(form("a single Feature".to_owned())),
        GeoJson::Geometry(_) => return Err(form("a bare geometry".to_owned())),
    };
    check_crs(path, &collection)?;
    let features = collection.features.into_iter().enumerate();
    let records =
        features.map(|(index, feature)| record(path, index + 1, feature)).collect::<Result<_, _>>()?;
    Ok(Records { path: path.to_owned(), records })
}

fn check_crs(path: &Path, collection: &FeatureCollection) -> Result<(), FeatureError> {
    let Some(crs) = collection.foreign_members.as_ref().and_then(|members| members.get("crs")) else {
        return Ok(());
    };
    let name = crs.pointer("/properties/name").and_then(JsonValue::as_str).unwrap_or_default();
    let known = ["CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490"];
    if crs.is_null() || known.iter().any(|end| name.ends_with(end)) {
        return Ok(());
    }
    Err(FeatureError::Crs { path: path.to_owned(), found: crs.to_string() })
}

fn record(path: &Path, number: usize, feature: Feature) -> Result<Record, FeatureError> {
    let wrong = |found: String| FeatureError::Feature {
        path: path.to_owned(),
        number,
        expected: "a Polygon or MultiPolygon in degrees",
        found,
        next: "export the polygons of the layer in EPSG:4326",
    };
    let value = feature.geometry.ok_or_else(|| wrong("no geometry".to_owned()))?.value;
    let polygons = match &value {
        GeometryValue::Polygon { coordinates } => vec![polygon(coordinates)],
        GeometryValue::MultiPolygon { coordinates } => {
            coordinates.iter().map(|rings| polygon(rings)).collect()
        }
        other => return Err(wrong(format!("a {}", other.type_name()))),
    };
    let polygons = polygons.into_iter().collect::<Result<_, _>>().map_err(wrong)?;
    Ok(Record { number, outline: MultiPolygon(polygons), properties: feature.properties.unwrap_or_default() })
}

fn polygon(rings: &[Vec<Position>]) -> Result<Polygon<f64>, String> {
    let mut rings = rings.iter().map(|positions| ring(positions)).collect::<Result<Vec<_>, _>>()?.into_iter();
    let exterior = rings.next().ok_or("a polygon without rings")?;
    Ok(Polygon::new(exterior, rings.collect()))
}

fn ring(positions: &[Position]) -> Result<LineString<f64>, String> {
    if positions.len() < 4 {
        return Err(format!("a ring of {} positions", positions.len()));
    }
    positions.iter().map(coordinate).collect::<Result<Vec<_>, _>>().map(LineString)
}

fn coordinate(position: &Position) -> Result<Coord<f64>, String> {
    match position.as_slice() {
        [x, y, ..] if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok(Coord { x: *x, y: *y }),
        other => Err(format!("the position {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(geometry: &str, properties: &str) -> String {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{geometry},"properties":{properties}}}]}}"#
        )
    }

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[4,50],[4.1,50],[4.1,50.1],[4,50.1],[4,50]]]}"#;

    fn parsed(text: &str) -> Result<Records, FeatureError> {
        parse(Path::new("truth.geojson"), text)
    }

    fn refused(text: &str) -> String {
        parsed(text).unwrap_err().to_string()
    }

    #[test]
    fn a_filter_compares_numbers_words_and_flags_as_text() {
        let records = parsed(&file(SQUARE, r#"{"cut_year":2017.0,"kind":"pit","seen":true}"#)).unwrap();
        let passes = |text: &str| Filter::parse(text).unwrap().passes(&records.records[0]);
        assert!(passes("cut_year=2017,2018") && passes("kind=pit") && passes("seen=true"));
        assert!(!passes("cut_year=2018") && !passes("absent=1"));
    }

    #[test]
    fn a_filter_on_an_unknown_property_is_refused_with_the_known_ones() {
        let records = parsed(&file(SQUARE, r#"{"cut_year":2017,"area_m2":900}"#)).unwrap();
        let error = records.check(&Filter::parse("cut_yeer=2017").unwrap()).unwrap_err().to_string();
        assert!(error.contains("cut_yeer") && error.contains("cut_year, area_m2"), "{error}");
        assert!(Filter::parse("cut_year").is_err() && Filter::parse("cut_year=2017,").is_err());
    }

    #[test]
    fn positions_that_are_short_or_in_metres_are_refused_and_never_panic() {
        let short = r#"{"type":"Polygon","coordinates":[[[4],[4.1,50],[4.1,50.1],[4]]]}"#;
        let metres = r#"{"type":"Polygon","coordinates":[[[500000,4600000],[1,1],[2,2],[500000,4600000]]]}"#;
        assert!(refused(&file(short, "{}")).contains("feature 1"));
        assert!(refused(&file(metres, "{}")).contains("EPSG:4326"));
        let no_rings = r#"{"type":"Polygon","coordinates":[]}"#;
        assert!(refused(&file(no_rings, "{}")).contains("without rings"));
        assert!(refused(&file("null", "{}")).contains("no geometry"));
        assert!(refused(&file(r#"{"type":"Point","coordinates":[4,50]}"#, "{}")).contains("a Point"));
    }

    #[test]
    fn a_file_that_is_not_a_collection_in_degrees_is_refused() {
        assert!(refused("{").contains("truth.geojson"));
        assert!(refused(SQUARE).contains("bare geometry"));
        let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32631"}},"features""#;
        assert!(refused(&file(SQUARE, "{}").replace(r#""features""#, crs)).contains("32631"));
        let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"features""#;
        assert!(parsed(&file(SQUARE, "{}").replace(r#""features""#, crs)).is_ok());
        assert!(parsed(r#"{"type":"FeatureCollection","features":[]}"#).unwrap().records.is_empty());
    }

    #[test]
    fn properties_are_read_by_type_and_refused_by_name() {
        let text = file(SQUARE, r#"{"is_change":1,"ignore":null,"onset":"2018-10-10","area_m2":"much"}"#);
        let records = parsed(&text).unwrap();
        let record = &records.records[0];
        assert_eq!(records.flag(record, "is_change").unwrap(), Some(true));
        assert_eq!(records.flag(record, "ignore").unwrap(), None);
        assert_eq!(records.date(record, "onset").unwrap(), Some(Date::constant(2018, 10, 10)));
        let error = records.number(record, "area_m2").unwrap_err().to_string();
        assert!(error.contains("area_m2 = \"much\"") && error.contains("feature 1"), "{error}");
    }
}
