//! Permits: polygons in which something is allowed for some time. Read by the same door as red lines.
//!
//! In:  polygon layers with a number, a kind and dates as text.
//! Out: permits in longitude and latitude.
//! Law: dates are kept as they were given; whether they hold on a day is for `weigh`.

use std::path::PathBuf;

use geo::MultiPolygon;
use serde::Serialize;

use crate::redline::accept::checked;
use crate::redline::read::{describe, source_layers};
use crate::redline::{Layer, RedLineError, named};

/// One permit.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    /// Identity within the layer.
    pub id: String,
    /// Number of the decision, empty when the layer has none.
    pub number: String,
    /// Name of the project, empty when the layer has none.
    pub name: String,
    /// What is allowed, in the layer's words, empty when it does not say.
    pub kind: String,
    /// First day, as given.
    pub valid_from: Option<String>,
    /// Last day, as given.
    pub valid_to: Option<String>,
    /// Index into the layers read with it.
    pub layer: usize,
    /// Polygons, longitude and latitude, valid, exterior counter-clockwise.
    pub polygons: MultiPolygon<f64>,
}

/// Permits and the layers that they came from.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Permits {
    /// The layers, in the order of the files.
    pub layers: Vec<Layer>,
    /// The permits, in the order of layers and features.
    #[serde(skip)]
    pub permits: Vec<Permit>,
    /// What was repaired or understood beyond the letter.
    pub notes: Vec<String>,
}

/// Reads permit layers; fields are found by their usual English and Chinese names.
///
/// # Errors
/// As for red lines.
pub fn read_permits(paths: &[PathBuf]) -> Result<Permits, RedLineError> {
    named::once(paths)?;
    let mut result = Permits::default();
    for (path, file) in paths.iter().zip(named::files(paths)) {
        let sources = source_layers(path)?;
        for (source, called) in sources.iter().zip(named::layers(&file, &sources)) {
            let layer = result.layers.len();
            let checked = checked(source, &called, &mut result.notes)?;
            result.layers.push(describe(source, called)?);
            for checked in checked {
                let text = |names: &[&str]| checked.source.field(names).map(str::to_owned);
                result.permits.push(Permit {
                    number: text(&["number", "permit", "permit_no", "批准文号", "pzwh", "许可证号", "xkzh"])
                        .unwrap_or_default(),
                    kind: text(&["kind", "type", "类型", "用途", "yt", "pzyt"]).unwrap_or_default(),
                    valid_from: text(&["valid_from", "from", "start", "批准时间", "pzsj", "qsrq", "ksrq"]),
                    valid_to: text(&["valid_to", "to", "until", "end", "有效期至", "yxqz", "jzrq", "dqrq"]),
                    id: checked.id.clone(),
                    name: checked.name.clone(),
                    layer,
                    polygons: checked.polygons.clone(),
                });
            }
        }
    }
    Ok(result)
}
