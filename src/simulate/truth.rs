//! Red lines and truth as GeoJSON values.
//!
//! In:  the land and the grid. Out: two FeatureCollections (RFC 7946: longitude, latitude, 7 decimals,
//! exterior counter-clockwise).
//! Law: `area_m2` is the geodesic area of the very ring that is written; look-alikes and old uses carry
//! `is_change: false` and no model.

use geo::{Coord, GeodesicArea, LineString, Polygon};
use serde_json::{Value, json};

use super::SimulateError;
use super::parcel::{Land, Patch};
use super::shape::Shape;
use super::world::World;
use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::units::{SquareMetres, rounded};

/// Outline in longitude and latitude, counter-clockwise, closed, 7 decimals (about a centimetre).
pub fn outline(world: &World, shape: &Shape) -> Result<Polygon<f64>, SimulateError> {
    let grid = world.grid();
    let transform = Transform::new(grid.crs, Crs::LON_LAT)?;
    let mut ring = Vec::new();
    for (row, col) in &shape.ring {
        let (x, y) = grid.world(*row, *col);
        let (x, y) = transform.point(x, y)?;
        ring.push(Coord { x: rounded(x, 7), y: rounded(y, 7) });
    }
    let twice: f64 = ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| a.x * b.y - b.x * a.y).sum();
    if twice < 0.0 {
        ring.reverse();
    }
    Ok(Polygon::new(LineString::new(ring), Vec::new()))
}

/// Geodesic area on the WGS 84 ellipsoid, to a tenth of a square metre.
pub fn area(polygon: &Polygon<f64>) -> SquareMetres {
    SquareMetres(rounded(polygon.geodesic_area_unsigned(), 1))
}

fn feature(polygon: &Polygon<f64>, properties: Value) -> Value {
    let ring: Vec<[f64; 2]> = polygon.exterior().coords().map(|at| [at.x, at.y]).collect();
    json!({
        "type": "Feature",
        "properties": properties,
        "geometry": { "type": "Polygon", "coordinates": [ring] },
    })
}

/// The red-line layer.
pub fn red_lines(world: &World, land: &Land) -> Result<Value, SimulateError> {
    let mut features = Vec::new();
    for (index, line) in land.red_lines.iter().enumerate() {
        let polygon = outline(world, line)?;
        let (chinese, english) = [("西", "west"), ("东", "east")][index % 2];
        features.push(feature(
            &polygon,
            json!({
                "id": format!("SIM-G{:02}", index + 1),
                "name": format!("模拟荒漠草原{chinese}片 / Simulated desert steppe, {english}"),
                "name_zh": format!("模拟荒漠草原{chinese}片"),
                "name_en": format!("Simulated desert steppe, {english}"),
                "class": "grassland",
                "authority": "simulated",
                "version": format!("seed {}", world.seed),
                "area_m2": area(&polygon),
            }),
        ));
    }
    Ok(json!({ "type": "FeatureCollection", "name": "redline_grassland", "features": features }))
}

/// Everything that was put on the steppe.
pub fn truth(world: &World, land: &Land) -> Result<Value, SimulateError> {
    let mut features = Vec::new();
    for patch in &land.patches {
        let polygon = outline(world, &patch.shape)?;
        features.push(feature(&polygon, properties(patch, area(&polygon))));
    }
    Ok(json!({ "type": "FeatureCollection", "name": "truth", "features": features }))
}

fn properties(patch: &Patch, area: SquareMetres) -> Value {
    let model = patch.kind.model();
    let mut properties = json!({
        "id": format!("T{:04}", patch.number),
        "kind": patch.kind.name(),
        "is_change": model.is_some(),
        "model": model,
        "onset": if patch.kind.is_old() { Value::Null } else { json!(patch.onset.to_string()) },
        "area_m2": area,
        "area_mu": rounded(area.mu(), 2),
        "soft_edge": patch.kind.is_soft(),
    });
    if let Some(mended) = patch.mended {
        properties["aftermath"] = json!(mended.way.name());
        properties["rectified_on"] = json!(mended.on.to_string());
        properties["restored_years"] = json!(mended.restored_years());
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_area_is_that_of_the_outline() {
        let world = World::small(2);
        let shape = Shape::rectangle((100.0, 200.0), 20.0, 10.0, (0.6, 0.8));
        let written = area(&outline(&world, &shape).unwrap()).0;
        // The UTM grid is 0.03 % larger than the ground here, 2.5 degrees from the central meridian.
        assert!((written / (shape.area() * 100.0) - 1.0).abs() < 1e-3, "{written}");
    }

    #[test]
    fn rings_are_closed_and_run_counter_clockwise() {
        let polygon = outline(&World::small(2), &Shape::circle((50.0, 50.0), 9.0)).unwrap();
        assert_eq!(polygon.exterior().0.first(), polygon.exterior().0.last());
        assert!(polygon.geodesic_area_signed() > 0.0);
    }
}
