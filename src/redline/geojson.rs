//! GeoJSON to a layer, read by us: the library accepts NaN, unclosed rings and metres in silence.
//!
//! In:  the text of a file.
//! Out: a layer of raw rings, with numbers that JSON does not know (NaN, Infinity, 1e999) kept as NaN or
//!      infinity, so that the check can name feature, ring and vertex.
//! Source: RFC 7946; the `crs` member of the 2008 specification is understood.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::grid::Crs;
use crate::plain;
use crate::redline::RedLineError;
use crate::redline::form;
use crate::redline::once::{Once, OnceEach};
use crate::redline::source::{RawPolygon, SourceFeature, SourceLayer};

/// The member that lists the features of a collection.
const FEATURES: &str = "features";

/// Largest file that is read whole.
const MAX_BYTES: u64 = 1 << 30;

/// Reads a GeoJSON file.
///
/// # Errors
/// `Format` for anything that is not GeoJSON, `Crs` for an unknown `crs` member or metres without one.
pub(crate) fn layer(path: &Path, real: &Path) -> Result<SourceLayer, RedLineError> {
    let refuse = |reason: String| RedLineError::Format { path: path.to_owned(), reason };
    let size = std::fs::metadata(real).map(|data| data.len()).unwrap_or(0);
    if size > MAX_BYTES {
        return Err(refuse(format!(
            "is {size} bytes, the limit for GeoJSON is {MAX_BYTES}; save it as GeoPackage"
        )));
    }
    let bytes = plain::bytes(real, MAX_BYTES).map_err(|error| refuse(format!("cannot be read ({error})")))?;
    let text = text(&bytes).map_err(refuse)?;
    let text = quoted(text);
    let OnceEach(members) = serde_json::from_str(&text).map_err(|error| refuse(no_json(&text, &error)))?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let root = root(&members).map_err(refuse)?;
    let mut notes = Vec::new();
    let crs = crs(&root, &mut notes).map_err(|reason| RedLineError::Crs { path: path.to_owned(), reason })?;
    let features = features(&root, &members).map_err(refuse)?;
    let name = root.get("name").and_then(Value::as_str).unwrap_or(stem).to_owned();
    Ok(SourceLayer { path: path.to_owned(), name, crs, features, notes })
}

/// Members of an object as text: the features of a large layer become values one after another, never all at once.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// All members but a list of features.
fn root(members: &Members) -> Result<Map<String, Value>, String> {
    let value =
        |(name, text): (&String, &&RawValue)| Ok((name.clone(), value(text, &format!("member '{name}'"))?));
    members.iter().filter(|(name, _)| *name != FEATURES).map(value).collect()
}

/// The value of a part of the file; what is wrong with it is counted from where the part begins.
fn value(text: &RawValue, part: &str) -> Result<Value, String> {
    let read = serde_json::from_str(text.get()).map(|Once(value)| value);
    read.map_err(|error| {
        format!("{part} cannot be read: {error}, counted from where it begins; correct it and save the layer again")
    })
}

/// Why a text is no JSON, and what it may be instead.
fn no_json(text: &str, error: &serde_json::Error) -> String {
    let second = text.trim_end().lines().nth(1).unwrap_or_default();
    if error.to_string().starts_with("trailing") && second.trim_start().starts_with('{') {
        return "holds a feature a line (GeoJSONSeq, NDJSON); save it as one GeoJSON FeatureCollection"
            .to_owned();
    }
    format!("is no JSON: {error}; save it as GeoJSON again")
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("is UTF-16 text; save it as UTF-8".to_owned());
    }
    if bytes.len() > 3 && (bytes[0] == 0 || bytes[1] == 0) && bytes[..4].iter().any(|byte| *byte != 0) {
        return Err("is UTF-16 text; save it as UTF-8".to_owned());
    }
    form::of(bytes)?;
    std::str::from_utf8(bytes)
        .map_err(|error| format!("is not UTF-8 text (byte {}; GBK?); save it as UTF-8", error.valid_up_to()))
}

/// Puts words and numbers that JSON cannot hold into quotes, outside of strings.
fn quoted(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut result = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            byte if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'+' => {
                let length = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
                let word = &text[at..at + length];
                if is_beyond_json(word) {
                    result.push_str(&text[copied..at]);
                    result.push('"');
                    result.push_str(word);
                    result.push('"');
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[copied..]);
    Cow::Owned(result)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn is_beyond_json(word: &str) -> bool {
    let bare = word.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let named = matches!(bare.as_str(), "nan" | "inf" | "infinity");
    named || (bare.contains('e') && word.parse::<f64>().is_ok_and(f64::is_infinite))
}

fn crs(root: &Map<String, Value>, notes: &mut Vec<String>) -> Result<Crs, String> {
    let name = match root.get("crs") {
        None | Some(Value::Null) => return Ok(Crs::LON_LAT),
        Some(member) => member.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default(),
    };
    if name.ends_with("CRS84") || name.ends_with("WGS84") {
        return Ok(Crs::LON_LAT);
    }
    let upper = name.to_ascii_uppercase();
    let code = upper.contains("EPSG").then(|| upper.rsplit(':').next().and_then(|code| code.parse().ok()));
    let Some(Some(code)) = code else {
        return Err(format!(
            "crs member '{name}' is not understood; save the layer in WGS 84 (EPSG:4326) or as GeoPackage"
        ));
    };
    if code != 4326 {
        notes.push(format!("crs member EPSG:{code} used; RFC 7946 files are WGS 84"));
    }
    Ok(Crs::epsg(code))
}

fn features(root: &Map<String, Value>, members: &Members) -> Result<Vec<SourceFeature>, String> {
    match root.get("type").and_then(Value::as_str).unwrap_or_default() {
        "FeatureCollection" => {
            let list = members.get(FEATURES).and_then(|list| serde_json::from_str(list.get()).ok());
            let list: Vec<&RawValue> = list.ok_or_else(|| {
                "is a FeatureCollection without an array 'features'; save the layer again".to_owned()
            })?;
            let read = |(text, number): (&RawValue, usize)| match value(text, &format!("feature {number}"))? {
                Value::Object(member) => feature(&member, number),
                _ => Err(format!("feature {number} is no object; save the layer again")),
            };
            list.into_iter().zip(1..).map(read).collect()
        }
        "Feature" | "Polygon" | "MultiPolygon" | "GeometryCollection" | "Point" | "MultiPoint"
        | "LineString" | "MultiLineString" => Ok(vec![feature(root, 1)?]),
        "Topology" => Err("is TopoJSON; save it as GeoJSON".to_owned()),
        _ if ["geometryType", "rings", "spatialReference"].iter().any(|key| root.contains_key(*key)) => {
            Err("is Esri JSON; save it as GeoJSON".to_owned())
        }
        kind => Err(format!("has type '{kind}', expected a GeoJSON FeatureCollection")),
    }
}

fn feature(member: &Map<String, Value>, number: usize) -> Result<SourceFeature, String> {
    let mut feature = SourceFeature { number, ..SourceFeature::default() };
    feature.id = member.get("id").and_then(words);
    if let Some(properties) = member.get("properties").and_then(Value::as_object) {
        feature.fields =
            properties.iter().filter_map(|(key, value)| Some((key.clone(), words(value)?))).collect();
    }
    let is_feature = member.get("type").and_then(Value::as_str) == Some("Feature");
    let shape = match member.get("geometry").filter(|_| is_feature) {
        None if is_feature => None,
        None => Some(member),
        Some(Value::Null) => None,
        Some(Value::Object(shape)) => Some(shape),
        Some(_) => return Err(format!("feature {number}: its geometry is no object; save the layer again")),
    };
    if let Some(shape) = shape {
        geometry(shape, &mut feature).map_err(|reason| format!("feature {number}: {reason}"))?;
    }
    Ok(feature)
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn geometry(shape: &Map<String, Value>, feature: &mut SourceFeature) -> Result<(), String> {
    let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
    let coordinates = || {
        let list = shape.get("coordinates").and_then(Value::as_array);
        list.ok_or_else(|| format!("{kind} has no array 'coordinates'"))
    };
    match kind {
        "Polygon" => {
            let rings = polygon(coordinates()?, feature, 1)?;
            feature.polygons.extend((!rings.is_empty()).then_some(rings));
        }
        "MultiPolygon" => {
            for (part, index) in coordinates()?.iter().zip(1..) {
                let rings = part.as_array().ok_or_else(|| format!("polygon {index} is no array"))?;
                let rings = polygon(rings, feature, index)?;
                feature.polygons.extend((!rings.is_empty()).then_some(rings));
            }
        }
        "GeometryCollection" => {
            let members = shape.get("geometries").and_then(Value::as_array);
            for member in members.into_iter().flatten() {
                let member = member.as_object();
                geometry(
                    member.ok_or("a member of its collection is no geometry; save the layer again")?,
                    feature,
                )?;
            }
        }
        other => feature.other = Some(other.to_owned()),
    }
    Ok(())
}

fn polygon(rings: &[Value], feature: &mut SourceFeature, polygon: usize) -> Result<RawPolygon, String> {
    let mut result = Vec::with_capacity(rings.len());
    for (ring, index) in rings.iter().zip(1..) {
        let points = ring.as_array().ok_or_else(|| format!("polygon {polygon}, ring {index} is no array"))?;
        let mut raw = Vec::with_capacity(points.len());
        for (point, vertex) in points.iter().zip(1..) {
            let place = || {
                format!(
                    "polygon {polygon}, ring {index}, vertex {vertex} is no pair of numbers; correct it in a GIS and save the layer again"
                )
            };
            let parts = point.as_array().filter(|parts| parts.len() >= 2).ok_or_else(place)?;
            feature.had_height |= parts.len() > 2;
            raw.push([number(&parts[0]).ok_or_else(place)?, number(&parts[1]).ok_or_else(place)?]);
        }
        result.push(raw);
    }
    Ok(result)
}

/// A number, or one of those that [`quoted`] put into quotes.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(word) if is_beyond_json(word) => word.parse().ok(),
        other => other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_json_are_kept_and_strings_are_left_alone() {
        let text = quoted(r#"{"a":[NaN,-Infinity,1e999,1.5e3,-2],"b":"NaN \" Infinity, 1e999","c":null}"#);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(number(&value["a"][0]).unwrap().is_nan());
        assert_eq!(number(&value["a"][1]), Some(f64::NEG_INFINITY));
        assert_eq!(number(&value["a"][2]), Some(f64::INFINITY));
        assert_eq!(number(&value["a"][3]), Some(1500.0));
        assert_eq!(value["b"], "NaN \" Infinity, 1e999");
    }
}
