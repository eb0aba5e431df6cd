//! An ODK / Kobo form with the leads as places to choose from on a map.
//!
//! In:  the material. Out: `odk/steppewatch.xlsx` (XLSForm) and `odk/leads.geojson` (its attachment).
//! Law: answers come back by names that `verify import` reads (`redlines/returned.toml`), verdicts by the ledger's codes.
//!      What the form shows of a lead are numbers, days and codes; no word of a record is in its labels.
//! Source: XLSForm; ODK docs, "Select one from map": one FeatureCollection, unique `id`, `title`, no multi-geometries.

mod survey;
mod workbook;

use geo::{Area, LineString, Polygon};
use serde_json::{Map, Value, json};

use crate::date::parse_date;
use crate::publish::digest;
use crate::publish::{Staging, fields};
use crate::report::material::{Item, Material};
use crate::report::odk::workbook::workbook;
use crate::report::qgis;
use crate::report::qgis::symbol::of_model;
use crate::report::{Asked, Language, ReportError};

/// The form.
const FORM: &str = "steppewatch.xlsx";
/// The leads, attached to it.
const LEADS: &str = "leads.geojson";

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let features: Vec<Value> = material.leads.iter().map(|lead| feature(lead, asked.language)).collect();
    let collection = json!({"type": "FeatureCollection", "features": features});
    let leads = format!("{collection}\n");
    staging.write(&format!("odk/{LEADS}"), leads.as_bytes())?;
    let version = &digest::of_bytes(leads.as_bytes())[..12];
    let sheets = [
        ("survey", survey::survey(asked.language)),
        ("choices", survey::choices(asked.language)),
        ("settings", survey::settings(asked.language, version)),
    ];
    staging.write(&format!("odk/{FORM}"), &workbook(FORM, &sheets)?)?;
    Ok(vec![format!(
        "odk: upload odk/{FORM} to ODK Central or KoboToolbox and attach odk/{LEADS} to it; the table that comes back goes to verify import"
    )])
}

/// A lead as a place to choose: the ring around its largest part, or the point of one without area.
fn feature(lead: &Item, language: Language) -> Value {
    let largest = lead.outline.0.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
    let ring = largest.map(Polygon::exterior).filter(|ring| ring.0.len() > 3);
    let position = |x: f64, y: f64| json!([rounded(x), rounded(y)]);
    let positions = |ring: &LineString<f64>| ring.0.iter().map(|at| position(at.x, at.y)).collect::<Vec<_>>();
    let geometry = match ring {
        Some(ring) => json!({"type": "Polygon", "coordinates": [positions(ring)]}),
        None => json!({"type": "Point", "coordinates": position(lead.point.0, lead.point.1)}),
    };
    let (red, green, blue, _) = of_model(lead.text("model"));
    let colour = format!("#{red:02x}{green:02x}{blue:02x}");
    let day = |name: &str| parse_date(lead.text(name)).map_or(String::new(), |day| day.to_string());
    let number = |name: &str| lead.properties.get(name).filter(|value| value.is_number()).cloned();
    let class = |code: &str| fields::CLASS.values.iter().find(|(known, _)| *known == code);
    let class = class(lead.text("redline_class")).map_or("", |(_, words)| language.of_alias(words));
    let mut properties = Map::new();
    for (name, value) in [
        ("id", json!(lead.id)),
        ("title", json!(qgis::title(lead, language))),
        ("rank", json!(number("rank"))),
        ("size", json!(qgis::size(lead, language))),
        ("confidence", json!(number("confidence"))),
        ("before", json!(day("before"))),
        ("after", json!(day("after"))),
        ("redline_class", json!(class)),
        ("marker-color", json!(colour)),
        ("stroke", json!(colour)),
        ("stroke-width", json!("4")),
        ("fill", json!(format!("{colour}40"))),
    ] {
        properties.insert(name.to_owned(), value);
    }
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}
