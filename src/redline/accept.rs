//! From features as written to features that may be used: valid, in range, in longitude and latitude.
//!
//! In:  a layer as it lies in its file.
//! Out: identity, name, polygons (exterior counter-clockwise) and what was repaired.
//! Law: coordinates that contradict their CRS are refused, never moved.

use std::collections::BTreeSet;
use std::path::Path;

use geo::orient::{Direction, Orient};
use geo::{BoundingRect, MultiPolygon};

use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::redline::source::{IDS, NAMES, SourceFeature, SourceLayer};
use crate::redline::{RedLineError, check, coverage};

/// A feature that passed the check: identity, name, polygons in longitude and latitude, repair.
pub(crate) struct Checked<'a> {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) polygons: MultiPolygon<f64>,
    pub(crate) repair: Option<String>,
    pub(crate) source: &'a SourceFeature,
}

/// Bend of a straight edge that is kept when a layer is brought to longitude and latitude: 0.1 m in degrees.
const MAX_BEND_DEGREES: f64 = 1e-6;

/// Checks every feature of a layer and brings it to longitude and latitude. Notes say what the layer is `called`,
/// as they end in files that leave this machine.
///
/// # Errors
/// The first fault, and `Empty` when no feature has polygons.
pub(crate) fn checked<'a>(
    source: &'a SourceLayer,
    called: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<Checked<'a>>, RedLineError> {
    notes.extend(source.notes.iter().map(|note| format!("{called}: {note}")));
    if let Some(datum) = source.crs.old_datum() {
        let reason = format!(
            "is in {} on the datum {datum}, which lies up to a hundred metres and more beside CGCS2000 and cannot be moved \
             without the parameters of the survey office; ask whoever issued the layer for it in CGCS2000 (EPSG:4490, 4513 to 4554)",
            source.crs
        );
        return Err(RedLineError::Crs { path: source.path.clone(), reason });
    }
    let transform = Transform::new(source.crs, Crs::LON_LAT)
        .map_err(|error| RedLineError::Projection { path: source.path.clone(), source: error })?;
    let (mut result, mut ids, mut empty) = (Vec::new(), BTreeSet::new(), 0);
    for feature in &source.features {
        if feature.polygons.is_empty() && feature.other.is_none() {
            empty += 1;
            continue;
        }
        let mut checked = one(source, feature, &transform)?;
        let mut note = |words: &str| {
            notes.push(format!("{called}: feature {}: {words}", feature.call()));
        };
        checked.repair.iter().for_each(|repair| note(repair));
        if !ids.insert(checked.id.clone()) {
            let id = format!("{}#{}", checked.id, feature.number);
            note(&format!("id '{}' is used twice, this one is called '{id}'", checked.id));
            checked.id = id;
            ids.insert(checked.id.clone());
        }
        result.push(checked);
    }
    let left_out = format!("{empty} features without geometry");
    if result.is_empty() {
        let found = if empty > 0 { format!(" ({left_out})") } else { String::new() };
        return Err(RedLineError::Empty { path: source.path.clone(), layer: source.name.clone(), found });
    }
    if empty > 0 {
        notes.push(format!("{called}: {left_out} left out"));
    }
    Ok(result)
}

fn one<'a>(
    source: &SourceLayer,
    feature: &'a SourceFeature,
    transform: &Transform,
) -> Result<Checked<'a>, RedLineError> {
    let (path, crs) = (&source.path, source.crs);
    let fault = |place: String, reason: String| RedLineError::Geometry {
        path: path.clone(),
        feature: feature.call(),
        place,
        reason,
    };
    if let Some(other) = &feature.other {
        return Err(fault(String::new(), format!("is a {other}, expected polygons")));
    }
    let (polygons, mut repairs) =
        check::polygons(&feature.polygons).map_err(|error| fault(error.place(), error.reason.clone()))?;
    in_range(path, crs, &polygons)?;
    let polygons = coverage::bent(&polygons, transform, MAX_BEND_DEGREES)
        .map_err(|error| RedLineError::Projection { path: path.clone(), source: error })?;
    let polygons = polygons.orient(Direction::Default);
    on_earth(path, crs, &polygons)?;
    repairs.extend(feature.had_height.then(|| "height left out".to_owned()));
    let own = feature.id.clone().or_else(|| feature.field(IDS).map(str::to_owned));
    Ok(Checked {
        id: own.unwrap_or_else(|| feature.number.to_string()),
        name: feature.field(NAMES).unwrap_or_default().to_owned(),
        polygons,
        repair: (!repairs.is_empty()).then(|| repairs.join("; ")),
        source: feature,
    })
}

/// Coordinates must fit their CRS: degrees within the globe, eastings with their zone.
fn in_range(path: &Path, crs: Crs, polygons: &MultiPolygon<f64>) -> Result<(), RedLineError> {
    let Some(rect) = polygons.bounding_rect() else { return Ok(()) };
    let (min, max) = (rect.min(), rect.max());
    let refuse = |reason: String| Err(RedLineError::Crs { path: path.to_owned(), reason });
    let found = format!("x {} to {}, y {} to {}", min.x, max.x, min.y, max.y);
    if crs.is_geographic() {
        if min.x < -180.0 || max.x > 180.0 || min.y < -90.0 || max.y > 90.0 {
            let swapped = min.x >= -90.0 && max.x <= 90.0 && min.y >= -180.0 && max.y <= 180.0;
            let next = if swapped {
                "latitude seems to stand before longitude; swap them"
            } else if min.x >= -540.0 && max.x <= 540.0 && min.y >= -90.0 && max.y <= 90.0 {
                "longitudes go from -180 to 180; take away or add 360"
            } else {
                "these are metres without a CRS; save the layer with its CRS (EPSG code) as GeoPackage, or in WGS 84"
            };
            return refuse(format!(
                "expected degrees of longitude and latitude ({crs}), found {found}; {next}"
            ));
        }
        return Ok(());
    }
    let expected = match crs.code() {
        code @ 4513..=4533 => Some(f64::from(code - 4513 + 25) * 1e6),
        4534..=4554 => Some(0.0),
        _ => None,
    };
    match expected {
        Some(base) if min.x < base || max.x > base + 1e6 => refuse(format!(
            "eastings of {crs} lie within {base} to {}, found {found}; the zone does not fit, give the layer its true CRS",
            base + 1e6
        )),
        _ if min.x.abs() <= 180.0 && max.x.abs() <= 180.0 && min.y.abs() <= 90.0 && max.y.abs() <= 90.0 => {
            refuse(format!(
                "expected metres ({crs}), found {found}; these look like degrees, give the layer its true CRS"
            ))
        }
        _ => Ok(()),
    }
}

/// Longitudes 180 degrees apart within one feature mean the antimeridian or a wrong CRS.
fn on_earth(path: &Path, crs: Crs, polygons: &MultiPolygon<f64>) -> Result<(), RedLineError> {
    let Some(rect) = polygons.bounding_rect() else { return Ok(()) };
    if rect.width() < 180.0 && rect.max().y <= 90.0 && rect.min().y >= -90.0 {
        return Ok(());
    }
    let reason = format!(
        "a feature in {crs} reaches from longitude {} to {}; split it at the antimeridian, or give the layer its true CRS",
        rect.min().x,
        rect.max().x
    );
    Err(RedLineError::Crs { path: path.to_owned(), reason })
}
