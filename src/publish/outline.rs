//! Outlines as files carry them: seven decimals of a degree (about 1 cm), right-hand rule, valid.
//!
//! In:  polygons in longitude and latitude.
//! Out: the same polygons rounded once, without repeated vertices, exterior rings counter-clockwise.
//! Law: GeoJSON and GeoPackage carry the same numbers; an outline that rounding broke is mended, and
//!      one that cannot be mended is an error, never a file that a reader refuses.
//! Source: RFC 7946 sections 3.1.6 (winding), 11.2 (precision).

use std::fmt::Write;

use geo::orient::Direction;
use geo::{Coord, CoordsIter, LineString, MapCoords, MultiPolygon, Orient, Polygon, Validation, unary_union};

use crate::publish::simple::is_surely_valid;
use crate::units::rounded;

/// Decimals of a degree in every file.
pub const DECIMALS: i32 = 7;

/// Vertices from which an outline that may be broken is mended without asking first: the exact test takes the square of them.
const LONG: usize = 5_000;

/// The outline as files carry it; `Err` says what is wrong with it.
pub fn for_files(outline: &MultiPolygon<f64>) -> Result<MultiPolygon<f64>, String> {
    let on_earth =
        |coord: &Coord<f64>| (-180.0..=180.0).contains(&coord.x) && (-90.0..=90.0).contains(&coord.y);
    let rings =
        outline.iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
    if let Some(bad) = rings.flat_map(|ring| ring.coords()).find(|coord| !on_earth(coord)) {
        return Err(format!("vertex ({}, {}) is no longitude and latitude", bad.x, bad.y));
    }
    let mut result = tidy(outline);
    let is_long = result.coords_count() > LONG;
    if !is_surely_valid(&result) && (is_long || !result.is_valid()) {
        result = tidy(&unary_union(&result));
        if !is_surely_valid(&result) {
            result.check_validation().map_err(|fault| fault.to_string())?;
        }
    }
    Ok(result.orient(Direction::Default))
}

/// Rounds, and drops what rounding made a point or a line.
fn tidy(outline: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    let round = |Coord { x, y }| Coord { x: rounded(x, DECIMALS), y: rounded(y, DECIMALS) };
    let polygons = outline.iter().filter_map(|polygon| {
        let exterior = ring(polygon.exterior().map_coords(round))?;
        let interiors = polygon.interiors().iter().filter_map(|hole| ring(hole.map_coords(round)));
        Some(Polygon::new(exterior, interiors.collect()))
    });
    MultiPolygon(polygons.collect())
}

fn ring(mut line: LineString<f64>) -> Option<LineString<f64>> {
    line.0.dedup();
    // Three corners and the first again: fewer is no area.
    (line.0.len() >= 4).then_some(line)
}

/// The coordinates of a GeoJSON MultiPolygon, always with seven decimals.
pub fn coordinates(outline: &MultiPolygon<f64>) -> String {
    let mut text = String::from("[");
    for (index, polygon) in outline.iter().enumerate() {
        text.push_str(if index == 0 { "[" } else { ",[" });
        for (index, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
            text.push_str(if index == 0 { "[" } else { ",[" });
            for (index, Coord { x, y }) in ring.coords().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                // Writing to a String cannot fail.
                let _ = write!(text, "{comma}[{:.7},{:.7}]", rounded(*x, DECIMALS), rounded(*y, DECIMALS));
            }
            text.push(']');
        }
        text.push(']');
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use geo::{Area, Winding, polygon};

    use super::*;

    #[test]
    fn a_clockwise_ring_leaves_counter_clockwise_with_seven_decimals() {
        let square: MultiPolygon<f64> = polygon![(x: 108.0, y: 41.0), (x: 108.0, y: 41.1), (x: 108.123_456_789, y: 41.1), (x: 108.1, y: 41.0)].into();
        let result = for_files(&square).unwrap();
        assert!(result.0[0].exterior().is_ccw());
        assert!(coordinates(&result).contains("[108.1234568,41.1000000]"));
    }

    #[test]
    fn a_long_outline_that_rounding_broke_is_mended_in_time() {
        let at = |step: usize| {
            let turn = step as f64 / 60_000.0 * std::f64::consts::TAU;
            Coord { x: 108.0 + 0.05 * turn.cos(), y: 41.0 + 0.05 * turn.sin() }
        };
        // Every hundredth corner goes out and back: to the last decimal on the way that it came.
        let corner = |step: usize| {
            let own = at(step);
            let out = Coord { x: own.x + 1e-6, ..own };
            if step.is_multiple_of(100) {
                vec![own, out, Coord { x: own.x + 1e-9, ..own }]
            } else {
                vec![own]
            }
        };
        let ring: LineString<f64> = (0..60_000).flat_map(corner).collect();
        let long = MultiPolygon::from(Polygon::new(ring, Vec::new()));
        assert!(!is_surely_valid(&tidy(&long)));
        let result = for_files(&long).unwrap();
        assert!((result.unsigned_area() / long.unsigned_area() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn vertices_that_rounding_makes_one_are_written_once() {
        let square: MultiPolygon<f64> =
            polygon![(x: 1.0, y: 1.0), (x: 1.1, y: 1.0), (x: 1.1 + 1e-9, y: 1.0), (x: 1.1, y: 1.1)].into();
        assert_eq!(for_files(&square).unwrap().0[0].exterior().0.len(), 4);
        let speck: MultiPolygon<f64> =
            polygon![(x: 1.0, y: 1.0), (x: 1.0 + 1e-9, y: 1.0), (x: 1.0, y: 1.0 + 1e-9)].into();
        assert!(for_files(&speck).unwrap().0.is_empty());
    }

    #[test]
    fn a_bow_tie_is_mended_and_a_vertex_that_is_no_place_is_an_error() {
        let bow_tie: MultiPolygon<f64> =
            polygon![(x: 1.0, y: 1.0), (x: 1.1, y: 1.1), (x: 1.1, y: 1.0), (x: 1.0, y: 1.1)].into();
        let mended = for_files(&bow_tie).unwrap();
        assert!(mended.is_valid() && mended.unsigned_area() > 0.0);
        for (x, y) in [(f64::NAN, 1.0), (500_000.0, 1.0), (41.0, 108.0)] {
            let wrong: MultiPolygon<f64> = polygon![(x: 1.0, y: 1.0), (x: x, y: y), (x: 1.1, y: 1.0)].into();
            assert!(for_files(&wrong).is_err());
        }
    }
}
