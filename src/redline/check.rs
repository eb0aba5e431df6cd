//! Is a polygon valid? Repairs what has one meaning, refuses what has several. Pure geometry.
//!
//! In:  rings as written, in the coordinates of their layer.
//! Out: valid polygons, exterior counter-clockwise, and in words what was repaired; or the fault with its place.
//! Law: repaired: unclosed and doubled points, winding, rings that touch themselves, holes and parts that
//!      overlap. Refused: no number, too few points, no area, crossing rings, holes outside.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{
    Area, BooleanOps, BoundingRect, Coord, Intersects, Line, LineString, MultiPolygon, Orient, Polygon,
    Relate, orient::Direction,
};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{RTree, RTreeObject};

/// Share of the area that a repair may change.
const MAX_AREA_CHANGE: f64 = 0.001;

/// Why a polygon cannot be used, and where. Numbers count from 1; ring 1 is the exterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Polygon in the feature.
    pub polygon: usize,
    /// Ring in the polygon.
    pub ring: Option<usize>,
    /// Vertex in the ring.
    pub vertex: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl Fault {
    /// Polygon, ring and vertex in words, each after a comma.
    pub fn place(&self) -> String {
        let mut place = format!(", polygon {}", self.polygon);
        if let Some(ring) = self.ring {
            place += &format!(", ring {ring} ({})", if ring == 1 { "exterior" } else { "hole" });
        }
        if let Some(vertex) = self.vertex {
            place += &format!(", vertex {vertex}");
        }
        place
    }
}

/// Valid polygons from rings as written (per polygon: exterior, then holes), and what was repaired.
///
/// Coordinates stay in the layer's CRS. The result has counter-clockwise exteriors and clockwise holes.
///
/// # Errors
/// The first fault that has no single repair.
pub fn polygons(raw: &[Vec<Vec<[f64; 2]>>]) -> Result<(MultiPolygon<f64>, Vec<String>), Fault> {
    let mut notes = Vec::new();
    let mut parts = Vec::with_capacity(raw.len());
    for (rings, number) in raw.iter().zip(1..) {
        parts.extend(polygon(rings, number, &mut notes)?.0);
    }
    let result = apart(MultiPolygon::new(parts), &mut notes);
    notes.sort();
    notes.dedup();
    Ok((result.orient(Direction::Default), notes))
}

fn polygon(
    raw: &[Vec<[f64; 2]>],
    number: usize,
    notes: &mut Vec<String>,
) -> Result<MultiPolygon<f64>, Fault> {
    let mut rings = Vec::with_capacity(raw.len());
    let mut touches = false;
    for (points, index) in raw.iter().zip(1..) {
        let fault = |vertex, reason: String| Fault { polygon: number, ring: Some(index), vertex, reason };
        let ring = ring(points, notes).map_err(|(vertex, reason)| fault(vertex, reason))?;
        match crossing(&ring) {
            Some(Crossing::Cross { vertex, other, at }) => {
                let reason = format!(
                    "the ring crosses itself (a bow-tie) near ({:.7}, {:.7}): edge {vertex} to {} meets edge {other} to {}",
                    at.x,
                    at.y,
                    vertex + 1,
                    other + 1
                );
                return Err(fault(Some(vertex), reason));
            }
            Some(Crossing::Touch) => touches = true,
            None => {}
        }
        if Polygon::new(ring.clone(), Vec::new()).unsigned_area() == 0.0 {
            return Err(fault(None, "the ring encloses no area".to_owned()));
        }
        rings.push(ring);
    }
    let mut rings = rings.into_iter();
    let Some(exterior) = rings.next() else { return Ok(MultiPolygon::new(Vec::new())) };
    let polygon = Polygon::new(exterior, rings.collect());
    let cut = holes(&polygon, number)?;
    if !touches && !cut {
        return Ok(MultiPolygon::new(vec![polygon]));
    }
    rebuilt(&polygon, number, notes)
}

/// A closed ring without repeated points.
fn ring(points: &[[f64; 2]], notes: &mut Vec<String>) -> Result<LineString<f64>, (Option<usize>, String)> {
    if let Some(at) = points.iter().position(|point| point.iter().any(|value| !value.is_finite())) {
        let [x, y] = points[at];
        return Err((Some(at + 1), format!("the coordinate ({x}, {y}) is no number")));
    }
    let mut ring: Vec<Coord<f64>> = points.iter().map(|[x, y]| Coord { x: *x, y: *y }).collect();
    let before = ring.len();
    ring.dedup();
    if ring.len() < before {
        notes.push("repeated points removed".to_owned());
    }
    if ring.len() > 1 && ring.first() != ring.last() {
        ring.extend(ring.first().copied());
        notes.push("unclosed ring closed".to_owned());
    }
    if ring.len() < 4 {
        let found = ring.len().saturating_sub(1);
        return Err((None, format!("a ring needs 3 different points, found {found}")));
    }
    Ok(LineString::new(ring))
}

enum Crossing {
    /// Two edges (by the number of their first vertex) cross at a point.
    Cross { vertex: usize, other: usize, at: Coord<f64> },
    /// Edges meet in a vertex, or run over each other.
    Touch,
}

/// The first pair of edges of a ring that meet although they are not neighbours; a crossing before a touch.
///
/// A tree of their boxes names the pairs to compare: a ring of long thin teeth has as many edges over one stretch of x
/// as it has vertices.
fn crossing(ring: &LineString<f64>) -> Option<Crossing> {
    let edges: Vec<Line<f64>> = ring.lines().collect();
    let numbered = edges.iter().enumerate().map(|(number, edge)| {
        let corner = |point: Coord<f64>| [point.x, point.y];
        GeomWithData::new(Rectangle::from_corners(corner(edge.start), corner(edge.end)), number)
    });
    let tree = RTree::bulk_load(numbered.collect());
    let (mut first, mut touch): (Option<(usize, usize, Coord<f64>)>, bool) = (None, false);
    for own in &tree {
        let near = tree.locate_in_envelope_intersecting(&own.envelope());
        for other in near.map(|other| other.data).filter(|other| own.data < *other) {
            match meeting(&edges, own.data, other) {
                Some(Crossing::Cross { vertex, other, at }) => {
                    let earlier = first.filter(|(a, b, _)| (*a, *b) <= (vertex, other));
                    first = Some(earlier.unwrap_or((vertex, other, at)));
                }
                Some(Crossing::Touch) => touch = true,
                None => {}
            }
        }
    }
    match first {
        Some((vertex, other, at)) => Some(Crossing::Cross { vertex, other, at }),
        None => touch.then_some(Crossing::Touch),
    }
}

fn meeting(edges: &[Line<f64>], a: usize, b: usize) -> Option<Crossing> {
    let (first, second) = (edges[a], edges[b]);
    let low = |line: Line<f64>| (line.start.y.min(line.end.y), line.start.y.max(line.end.y));
    let ((low1, high1), (low2, high2)) = (low(first), low(second));
    if high1 < low2 || high2 < low1 || !first.intersects(&second) {
        return None;
    }
    let neighbours = b == a + 1 || (a == 0 && b + 1 == edges.len());
    match line_intersection(first, second) {
        Some(LineIntersection::SinglePoint { intersection, is_proper: true }) => {
            Some(Crossing::Cross { vertex: a + 1, other: b + 1, at: intersection })
        }
        Some(LineIntersection::SinglePoint { .. }) if neighbours => None,
        None => None,
        Some(_) => Some(Crossing::Touch),
    }
}

/// Refuses holes that lie outside or cross; says whether any must be cut out anew.
fn holes(polygon: &Polygon<f64>, number: usize) -> Result<bool, Fault> {
    let shell = Polygon::new(polygon.exterior().clone(), Vec::new());
    let mut cut = false;
    let holes: Vec<Polygon<f64>> =
        polygon.interiors().iter().map(|hole| Polygon::new(hole.clone(), Vec::new())).collect();
    for (hole, index) in holes.iter().zip(2..) {
        let relation = shell.relate(hole);
        if !relation.is_contains() {
            let reason = if relation.is_disjoint() { "lies outside" } else { "crosses" };
            let reason = format!("the hole {reason} the exterior ring");
            let vertex = hole.exterior().coords().position(|point| !shell.intersects(point));
            return Err(Fault {
                polygon: number,
                ring: Some(index),
                vertex: vertex.map(|at| at + 1),
                reason,
            });
        }
        cut |= relation.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional;
    }
    for (at, hole) in holes.iter().enumerate() {
        cut |= holes[at + 1..].iter().any(|other| share_area_or_edge(hole, other));
    }
    Ok(cut)
}

fn share_area_or_edge(a: &Polygon<f64>, b: &Polygon<f64>) -> bool {
    let apart = match (a.bounding_rect(), b.bounding_rect()) {
        (Some(a), Some(b)) => !a.intersects(&b),
        _ => true,
    };
    if apart {
        return false;
    }
    let relation = a.relate(b);
    relation.get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional
        || relation.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional
}

/// The polygon cut anew: the shell less the union of its holes.
fn rebuilt(
    polygon: &Polygon<f64>,
    number: usize,
    notes: &mut Vec<String>,
) -> Result<MultiPolygon<f64>, Fault> {
    let ring = |ring: &LineString<f64>| MultiPolygon::new(vec![Polygon::new(ring.clone(), Vec::new())]);
    let nothing = MultiPolygon::new(Vec::new());
    let shell = ring(polygon.exterior()).union(&nothing);
    let holes = polygon.interiors().iter().fold(nothing, |sum, hole| sum.union(&ring(hole)));
    let result = shell.difference(&holes);
    let (before, after) = (polygon.unsigned_area(), result.unsigned_area());
    if before <= 0.0 || (after - before).abs() > MAX_AREA_CHANGE * before {
        let percent = 100.0 * (after - before) / before;
        let reason = format!(
            "rings touch or overlap, and the repair would change the area by {percent:.2} % (limit 0.1 %)"
        );
        return Err(Fault { polygon: number, ring: None, vertex: None, reason });
    }
    notes.push("rings that touch or overlap cut anew".to_owned());
    Ok(result)
}

/// Parts of a feature that overlap or share an edge become one.
fn apart(parts: MultiPolygon<f64>, notes: &mut Vec<String>) -> MultiPolygon<f64> {
    let boxes = parts.iter().enumerate().filter_map(|(number, part)| {
        let (low, high) = part.bounding_rect().map(|rect| (rect.min(), rect.max()))?;
        Some(GeomWithData::new(Rectangle::from_corners([low.x, low.y], [high.x, high.y]), number))
    });
    let tree = RTree::bulk_load(boxes.collect());
    let shares = |own: &GeomWithData<Rectangle<[f64; 2]>, usize>| {
        let near = tree.locate_in_envelope_intersecting(&own.envelope()).map(|other| other.data);
        let mut near = near.filter(|other| own.data < *other);
        near.any(|other| share_area_or_edge(&parts.0[own.data], &parts.0[other]))
    };
    let overlap = tree.iter().any(shares);
    if !overlap {
        return parts;
    }
    let before = parts.unsigned_area();
    let joined = parts
        .iter()
        .fold(MultiPolygon::new(Vec::new()), |sum, part| sum.union(&MultiPolygon::new(vec![part.clone()])));
    let percent = 100.0 * (joined.unsigned_area() - before) / before;
    notes.push(format!("overlapping parts joined (area {percent:+.2} %)"));
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    }

    #[test]
    fn a_bow_tie_is_refused_with_ring_and_vertex() {
        let tie = vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
        let fault = polygons(&[vec![square(-5.0, -5.0, 20.0), tie]]).unwrap_err();
        assert_eq!((fault.polygon, fault.ring, fault.vertex), (1, Some(2), Some(1)));
        assert!(
            fault.reason.contains("bow-tie") && fault.reason.contains("(0.5000000, 0.5000000)"),
            "{}",
            fault.reason
        );
    }

    #[test]
    fn a_coordinate_that_is_no_number_is_refused_with_its_vertex() {
        let mut ring = square(0.0, 0.0, 1.0);
        ring[2][1] = f64::NAN;
        let fault = polygons(&[vec![square(0.0, 0.0, 1.0)], vec![ring]]).unwrap_err();
        assert_eq!((fault.polygon, fault.ring, fault.vertex), (2, Some(1), Some(3)));
    }

    #[test]
    fn a_hole_outside_and_a_flat_ring_and_a_line_are_refused() {
        let outside = polygons(&[vec![square(0.0, 0.0, 1.0), square(3.0, 3.0, 1.0)]]).unwrap_err();
        assert_eq!(outside.ring, Some(2));
        let flat = vec![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [0.0, 0.0]];
        assert!(polygons(&[vec![flat]]).unwrap_err().reason.contains("no area"));
        assert!(polygons(&[vec![vec![[0.0, 0.0], [1.0, 1.0]]]]).unwrap_err().reason.contains("3 different"));
    }

    #[test]
    fn winding_closing_and_repeated_points_are_repaired_with_a_note() {
        let clockwise = vec![[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]];
        let (found, notes) = polygons(&[vec![clockwise]]).unwrap();
        assert_eq!(found.signed_area(), 1.0);
        assert_eq!(notes, ["repeated points removed", "unclosed ring closed"]);
    }

    #[test]
    fn holes_that_share_an_edge_become_one_and_overlapping_parts_are_joined() {
        let rings = vec![square(0.0, 0.0, 10.0), square(1.0, 1.0, 2.0), square(3.0, 1.0, 2.0)];
        let (found, notes) = polygons(&[rings]).unwrap();
        assert!((found.unsigned_area() - 92.0).abs() < 1e-6 && notes.len() == 1);
        let (found, notes) = polygons(&[vec![square(0.0, 0.0, 2.0)], vec![square(1.0, 1.0, 2.0)]]).unwrap();
        assert!((found.unsigned_area() - 7.0).abs() < 1e-6 && notes.len() == 1);
    }

    #[test]
    fn a_ring_that_touches_itself_keeps_its_area() {
        // Two squares hang together in one vertex.
        let eight = vec![
            [0.0, 0.0],
            [1.0, 0.0],
            [1.0, 1.0],
            [2.0, 1.0],
            [2.0, 2.0],
            [1.0, 2.0],
            [1.0, 1.0],
            [0.0, 1.0],
            [0.0, 0.0],
        ];
        let (found, notes) = polygons(&[vec![eight]]).unwrap();
        assert!((found.unsigned_area() - 2.0).abs() < 1e-9 && notes.len() == 1);
    }
}
