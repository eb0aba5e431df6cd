//! The sample as files: GeoJSON of points and CSV, both with the same columns.
//!
//! In:  a `Design`. Out: text. Law: the verdict is empty, and nothing in the row hints at it but what the lead says too.

use geojson::JsonValue;
use serde_json::{Map, Value, json};

use super::design::{Design, Drawn, Frame};
use crate::units::rounded;

/// Columns that come from the patch as its layer has them.
const OF_PATCH: [&str; 6] =
    ["model", "confidence", "confidence_method", "reason", "first_seen", "evidence_text"];

impl Design {
    /// Every row with its columns, in the order of the sample.
    fn rows(&self) -> Vec<Map<String, Value>> {
        self.places.iter().map(|place| self.row(place)).collect()
    }

    fn row(&self, place: &Drawn) -> Map<String, Value> {
        let frame = self.frames.iter().find(|frame| frame.stratum == place.stratum);
        let Frame { units, area_m2, drawn, .. } =
            frame.copied().unwrap_or(Frame { stratum: place.stratum, units: 1.0, area_m2: 0.0, drawn: 1 });
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("id", json!(place.id));
        put("stratum", json!(place.stratum.name()));
        put("verdict", Value::Null);
        put("verified_on", Value::Null);
        put("remark", Value::Null);
        put("lon_deg", json!(place.place.0));
        put("lat_deg", json!(place.place.1));
        put("area_m2", json!(rounded(place.area_m2, 1)));
        for column in OF_PATCH {
            put(column, place.patch.get(column).cloned().unwrap_or(JsonValue::Null));
        }
        // As many digits as a sum of weights needs to come out at the number of units.
        put("inclusion_probability", json!(drawn as f64 / units));
        put("weight", json!(units / drawn as f64));
        put("stratum_units", json!(rounded(units, 3)));
        put("stratum_area_m2", json!(rounded(area_m2, 1)));
        put("drawn", json!("random"));
        put("target", json!(self.origin.0));
        put("program", json!(self.origin.1));
        put("seed", json!(self.seed));
        row
    }

    /// RFC 7946, one point a line.
    pub fn to_geojson(&self) -> String {
        let line = |row: Map<String, Value>| {
            let (x, y) = (row["lon_deg"].clone(), row["lat_deg"].clone());
            let geometry = json!({ "type": "Point", "coordinates": [x, y] });
            let (id, properties) = (row["id"].clone(), Value::Object(row));
            format!(r#"{{"type":"Feature","id":{id},"properties":{properties},"geometry":{geometry}}}"#)
        };
        let lines: Vec<String> = self.rows().into_iter().map(line).collect();
        let body = if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join(",\n")) };
        format!("{{\"type\":\"FeatureCollection\",\"name\":\"sample\",\"features\":[{body}]}}\n")
    }

    /// RFC 4180 with a header line.
    pub fn to_csv(&self) -> String {
        let rows = self.rows();
        let Some(first) = rows.first() else { return String::new() };
        let cell = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) if text.contains([',', '"', '\n']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let head = first.keys().cloned().collect::<Vec<_>>().join(",");
        let lines = rows.iter().map(|row| row.values().map(cell).collect::<Vec<_>>().join(","));
        std::iter::once(head).chain(lines).map(|line| line + "\r\n").collect()
    }

    /// What was drawn, in words.
    pub fn in_words(&self) -> String {
        let line = |frame: &Frame| {
            let Frame { stratum, units, area_m2, drawn } = frame;
            let (name, km2) = (stratum.name(), area_m2 / 1e6);
            format!("{name:13} {drawn:4} of {units:.0} units, {km2:.3} km2")
        };
        let mut lines: Vec<String> = self.frames.iter().map(line).collect();
        lines.push(
            "visit every place, also those that look hopeless; write true or false into verdict (unclear where nobody can \
             tell), then run `steppewatch assess --audit`"
                .to_owned(),
        );
        lines.join("\n")
    }
}
