//! What a project shows when it opens: its CRS and the ground of the leads.
//!
//! In:  the material. Out: a projected CRS, rectangles in it.

use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::report::ReportError;
use crate::report::material::{Item, Material};

/// West, south, east, north in a CRS.
pub type Extent = (f64, f64, f64, f64);

/// The CGCS2000 zone of the leads in China; elsewhere the grid of the imagery, or the UTM zone of the ground.
pub fn crs_of(material: &Material) -> Crs {
    let of_imagery =
        || material.imagery.first().map(|picture| picture.grid.crs).filter(|crs| !crs.is_geographic());
    let of_ground = || {
        let (west, south, east, north) = material.bounds()?;
        let zone = (((west + east) / 2.0 + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u32 + 1;
        Some(Crs::epsg(if south + north < 0.0 { 32_700 } else { 32_600 } + zone))
    };
    material.zone().or_else(of_imagery).or_else(of_ground).unwrap_or(Crs::LON_LAT)
}

/// The ground of all leads with a margin; without leads that of the red lines, or of the imagery.
///
/// # Errors
/// Those of the transform.
pub fn extent(material: &Material, crs: Crs) -> Result<Extent, ReportError> {
    let ground = Material { leads: material.leads.clone(), ..Material::default() };
    if let Some(bounds) = ground.bounds().or_else(|| material.bounds()) {
        return Ok(grown(around(bounds, Crs::LON_LAT, crs)?, 0.12, 120.0));
    }
    match material.imagery.first() {
        Some(picture) => around(picture.grid.bounds(), picture.grid.crs, crs),
        None => Ok((0.0, 0.0, 1000.0, 1000.0)),
    }
}

/// The ground of one lead with a margin.
///
/// # Errors
/// Those of the transform.
pub fn of_lead(lead: &Item, crs: Crs) -> Result<Extent, ReportError> {
    use geo::BoundingRect;
    let (x, y) = lead.point;
    let bounds = lead
        .outline
        .bounding_rect()
        .map_or((x, y, x, y), |rect| (rect.min().x, rect.min().y, rect.max().x, rect.max().y));
    Ok(grown(around(bounds, Crs::LON_LAT, crs)?, 0.5, 150.0))
}

/// The rectangle in another CRS around a rectangle, by nine of its points.
fn around((west, south, east, north): Extent, from: Crs, to: Crs) -> Result<Extent, ReportError> {
    let transform = Transform::new(from, to)?;
    let mut all: Option<Extent> = None;
    for x in [west, (west + east) / 2.0, east] {
        for y in [south, (south + north) / 2.0, north] {
            let (x, y) = transform.point(x, y)?;
            let (west, south, east, north) = all.unwrap_or((x, y, x, y));
            all = Some((west.min(x), south.min(y), east.max(x), north.max(y)));
        }
    }
    Ok(all.unwrap_or((west, south, east, north)))
}

/// Grown on every side by a share of its size and at least by so many metres, in whole metres.
fn grown((west, south, east, north): Extent, share: f64, least: f64) -> Extent {
    let (wide, high) = (((east - west) * share).max(least), ((north - south) * share).max(least));
    ((west - wide).floor(), (south - high).floor(), (east + wide).ceil(), (north + high).ceil())
}

/// Grown so that it has the shape of a frame.
pub fn fitted((west, south, east, north): Extent, (width, height): (f64, f64)) -> Extent {
    let (wide, high) = (east - west, north - south);
    let (wide, high) = (wide.max(high * width / height), high.max(wide * height / width));
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    (x - wide / 2.0, y - high / 2.0, x + wide / 2.0, y + high / 2.0)
}

/// 1, 2 or 5 times a power of ten, at most so much.
pub fn round_step(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1e-9).log10().floor());
    let steps = [5.0, 2.0, 1.0];
    steps.into_iter().map(|step| step * power).find(|step| *step <= most * 1.000_001).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_filled_and_steps_are_round() {
        assert_eq!(fitted((0.0, 0.0, 10.0, 10.0), (20.0, 10.0)), (-5.0, 0.0, 15.0, 10.0));
        assert_eq!([0.7, 12.0, 999.0, 5000.0].map(round_step), [0.5, 10.0, 500.0, 5000.0]);
    }
}
