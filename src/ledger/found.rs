//! What a run published, as the ledger takes it in.
//!
//! In:  the folder that a scan wrote. Out: its leads, where it could not look, and what it stood on.
//! Law: a result that was changed after the run is refused: the digests of the manifest must hold.

use std::fs;
use std::path::{Path, PathBuf};

use geo::MultiPolygon;
use geojson::{Feature, FeatureReader};
use serde_json::{Map, Value};

use crate::date::Period;
use crate::ledger::{Evidence, LedgerError};
use crate::publish::digest;
use crate::publish::geojson::{GAPS, LEADS, SUPPRESSED};
use crate::publish::manifest;
use crate::publish::staging::MANIFEST;

/// A lead of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its id there.
    pub id: String,
    /// Every column of the record.
    pub properties: Map<String, Value>,
    /// Longitude and latitude.
    pub outline: MultiPolygon<f64>,
}

/// A layer of red lines that a run looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What outputs call it.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Ground of a red line on which a sub-model could not say anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// The sub-model; empty for all.
    pub model: String,
    /// Longitude and latitude; empty where the gap has no place of its own and may hide any ground.
    pub outline: MultiPolygon<f64>,
}

/// A run, as its folder tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFound {
    /// The digest of its result: the same result is the same run.
    pub id: String,
    /// The target period.
    pub target: Period,
    /// Sub-models that looked.
    pub models: Vec<String>,
    /// Layers of red lines.
    pub layers: Vec<Layer>,
    /// Leads, by rank.
    pub leads: Vec<Found>,
    /// Where it could not look, or kept aside what it found.
    pub unseen: Vec<Unseen>,
    /// The files that were read.
    pub evidence: Vec<Evidence>,
    /// Version of the program.
    pub version: String,
}

impl RunFound {
    /// Reads the folder that a scan wrote.
    ///
    /// # Errors
    /// `Output` when it is none, or is not as the run left it.
    pub fn read(out: &Path) -> Result<Self, LedgerError> {
        let wrong = |path: &Path, reason: String| LedgerError::Output { path: path.to_owned(), reason };
        let path = out.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|error| wrong(&path, format!("cannot be read ({error})")))?;
        let manifest: Value =
            serde_json::from_slice(&bytes).map_err(|error| wrong(&path, format!("is no JSON ({error})")))?;
        let lacking = |what: &str| wrong(&path, format!("has no {what}"));
        let (id, computed) = manifest::digests_of_result(&bytes).map_err(|error| wrong(&path, error))?;
        if id != computed {
            let reason =
                format!("was changed after the run: result_sha256 says {id}, its result has {computed}");
            return Err(wrong(&path, reason));
        }
        let decided = &manifest["result"]["plan"]["decided"];
        let target = decided["target"].as_str().and_then(|text| Period::parse(text).ok());
        let mut evidence = vec![Evidence { file: MANIFEST.to_owned(), sha256: digest::of_bytes(&bytes) }];
        let mut listed = |file: &str| -> Result<Vec<Feature>, LedgerError> {
            let (found, text) = as_listed(out, file, &manifest)?;
            evidence.push(found);
            features(&out.join(file), &text)
        };
        let (leads, gaps, aside) = (listed(LEADS)?, listed(GAPS)?, listed(SUPPRESSED)?);
        // Ground on which something was found and kept aside is not ground on which nothing was.
        let aside = aside.into_iter().map(|aside| Unseen { model: String::new(), ..unseen(aside) });
        let hidden = gaps.into_iter().map(unseen).chain(aside).collect();
        let words = |list: &Value| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(Self {
            id,
            target: target.ok_or_else(|| lacking("target period"))?,
            models: words(&decided["models"]),
            layers: layers(&manifest),
            leads: leads.into_iter().map(found).collect::<Result<_, _>>()?,
            unseen: hidden,
            evidence,
            version: manifest["generator"]["version"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// A file of the folder and its text, if it is what the manifest says.
fn as_listed(out: &Path, file: &str, manifest: &Value) -> Result<(Evidence, String), LedgerError> {
    let path = out.join(file);
    let wrong = |reason: String| LedgerError::Output { path: path.clone(), reason };
    let outputs = manifest["result"]["outputs"].as_array();
    let listed = outputs.into_iter().flatten().find(|output| output["file"] == file);
    let expected = listed.and_then(|output| output["sha256"].as_str());
    let expected = expected.ok_or_else(|| wrong(format!("{MANIFEST} does not list it")))?;
    let bytes = fs::read(&path).map_err(|error| wrong(format!("cannot be read ({error})")))?;
    let sha256 = digest::of_bytes(&bytes);
    if sha256 != expected {
        return Err(wrong(format!("was changed after the run: {MANIFEST} says {expected}, found {sha256}")));
    }
    let text = String::from_utf8(bytes).map_err(|error| wrong(format!("is no text ({error})")))?;
    Ok((Evidence { file: file.to_owned(), sha256 }, text))
}

fn layers(manifest: &Value) -> Vec<Layer> {
    let inputs = manifest["result"]["inputs"].as_array();
    let lines = inputs.into_iter().flatten().filter(|input| input["role"] == "redlines");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.map(|input| Layer { file: text(&input["file"]), sha256: text(&input["sha256"]) }).collect()
}

fn features(path: &Path, text: &str) -> Result<Vec<Feature>, LedgerError> {
    let wrong = |reason: String| LedgerError::Output { path: path.to_owned(), reason };
    if text.contains("\"features\":[]") {
        // The reader of single features knows no empty list.
        return Ok(Vec::new());
    }
    let read = FeatureReader::from_reader(text.as_bytes()).features().collect::<Result<Vec<_>, _>>();
    read.map_err(|error| wrong(format!("is no list of features ({error})")))
}

/// The leads of a text in the form of `leads.geojson`.
///
/// # Errors
/// `Output` when it is none.
pub fn leads(path: &Path, text: &str) -> Result<Vec<Found>, LedgerError> {
    features(path, text)?.into_iter().map(found).collect()
}

/// The places of a text in the form of `gaps.geojson`; what has no outline of its own is left out.
///
/// # Errors
/// `Output` when it is none.
pub fn places(path: &Path, text: &str) -> Result<Vec<Found>, LedgerError> {
    let place = |feature: Feature| {
        let outline = outline(&feature)?;
        let properties = feature.properties.unwrap_or_default();
        let id = properties.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Found { id, properties, outline })
    };
    Ok(features(path, text)?.into_iter().filter_map(place).collect())
}

fn found(feature: Feature) -> Result<Found, LedgerError> {
    let wrong = |reason: &str| LedgerError::Output { path: PathBuf::from(LEADS), reason: reason.to_owned() };
    let outline = outline(&feature).ok_or_else(|| wrong("a lead has no outline"))?;
    let properties = feature.properties.unwrap_or_default();
    let id =
        properties.get("id").and_then(Value::as_str).ok_or_else(|| wrong("a lead has no id"))?.to_owned();
    Ok(Found { id, properties, outline })
}

fn unseen(feature: Feature) -> Unseen {
    let outline = outline(&feature).unwrap_or(MultiPolygon(Vec::new()));
    let model = feature.property("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    Unseen { model, outline }
}

/// The polygons of a feature.
fn outline(feature: &Feature) -> Option<MultiPolygon<f64>> {
    match geo::Geometry::<f64>::try_from(feature.geometry.clone()?).ok()? {
        geo::Geometry::Polygon(polygon) => Some(MultiPolygon(vec![polygon])),
        geo::Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}
