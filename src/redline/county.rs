//! Counties: which one a place lies in.
//!
//! In:  a polygon layer with names and, where it has them, codes (XZQ of the land survey).
//! Out: names, codes and polygons in longitude and latitude.

use std::path::Path;

use geo::MultiPolygon;

use crate::redline::accept::checked;
use crate::redline::read::{describe, source_layers};
use crate::redline::{Layer, RedLineError, named};

/// Fields that name a county, best first. Source: `reference/mission.md` 5.5 (XMC) and the XZQ layer of the land survey.
const NAMES: &[&str] = &["county", "xzqmc", "xmc", "县名", "县级名称", "行政区名称", "name", "名称"];

/// Fields that hold its code, best first.
const CODES: &[&str] = &["xzqdm", "县级代码", "行政区代码", "adcode", "code"];

/// A county.
#[derive(Debug, Clone, PartialEq)]
pub struct County {
    /// Its name; the code where the layer has none.
    pub name: String,
    /// Its code; empty where the layer has none.
    pub code: String,
    /// Polygons, longitude and latitude.
    pub polygons: MultiPolygon<f64>,
}

/// Reads the counties of a file, with the layer that they come from.
///
/// # Errors
/// As for red lines, and `Format` where a feature has neither name nor code.
pub fn read(path: &Path) -> Result<(Layer, Vec<County>), RedLineError> {
    let paths = [path.to_owned()];
    let sources = source_layers(path)?;
    let called = named::files(&paths).into_iter().next().unwrap_or_default();
    let Some(source) = sources.first().filter(|_| sources.len() == 1) else {
        let reason =
            format!("expected one layer of counties, found {}; save it as a file of its own", sources.len());
        return Err(RedLineError::Format { path: path.to_owned(), reason });
    };
    let mut counties = Vec::new();
    for checked in checked(source, &called, &mut Vec::new())? {
        let text = |names: &[&str]| checked.source.field(names).unwrap_or_default().to_owned();
        let (name, code) = (text(NAMES), text(CODES));
        let name = if name.is_empty() { code.clone() } else { name };
        if name.is_empty() {
            let reason = format!("feature {} has no name: expected one of {}", checked.id, NAMES.join(", "));
            return Err(RedLineError::Format { path: path.to_owned(), reason });
        }
        counties.push(County { name, code, polygons: checked.polygons });
    }
    Ok((describe(source, called)?, counties))
}
