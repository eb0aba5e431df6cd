//! Whether an outline is certainly valid: a quick answer for long ones.
//!
//! In:  an outline. Out: yes, or "not sure".
//! Law: yes is said only of an outline whose rings nowhere meet themselves or each other, with every hole inside its exterior
//!      and in no other hole, and whose polygons have boxes apart. What merely touches is for the exact test to judge, whose cost
//!      grows with the square of the vertices: a red line may have a million.
//! Source: sweep along x (Shamos and Hoey 1976) with exact orientation tests.

use geo::{BoundingRect, Contains, Coord, Intersects, Line, LineString, MultiPolygon, Polygon, Rect};

/// Whether an outline is valid beyond doubt.
pub(crate) fn is_surely_valid(outline: &MultiPolygon<f64>) -> bool {
    let boxes: Vec<Rect<f64>> = outline.iter().filter_map(BoundingRect::bounding_rect).collect();
    let apart =
        |(place, rect): (usize, &Rect<f64>)| !boxes[..place].iter().any(|other| other.intersects(rect));
    boxes.len() == outline.0.len() && boxes.iter().enumerate().all(apart) && outline.iter().all(is_simple)
}

fn is_simple(polygon: &Polygon<f64>) -> bool {
    let rings: Vec<&LineString<f64>> =
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).collect();
    let are_rings = rings.iter().all(|ring| ring.is_closed() && ring.0.len() >= 4);
    if !are_rings
        || rings
            .iter()
            .flat_map(|ring| ring.coords())
            .any(|coord| !coord.x.is_finite() || !coord.y.is_finite())
    {
        return false;
    }
    !any_meet(&rings) && are_nested(&rings)
}

/// Whether holes lie in the exterior and in no other hole; rings that do not meet lie in each other whole or not at all.
fn are_nested(rings: &[&LineString<f64>]) -> bool {
    let solid: Vec<Polygon<f64>> =
        rings.iter().map(|ring| Polygon::new((*ring).clone(), Vec::new())).collect();
    let boxes: Vec<Option<Rect<f64>>> = solid.iter().map(BoundingRect::bounding_rect).collect();
    let holds = |outer: usize, inner: usize| {
        let first = rings[inner].0[0];
        boxes[outer].is_some_and(|rect| rect.intersects(&first)) && solid[outer].contains(&first)
    };
    (1..rings.len())
        .all(|hole| holds(0, hole) && !(1..rings.len()).any(|other| other != hole && holds(other, hole)))
}

/// A side of a ring: where it stands, and how many sides its ring has.
struct Side {
    line: Line<f64>,
    ring: usize,
    place: usize,
    sides: usize,
}

impl Side {
    fn west(&self) -> f64 {
        self.line.start.x.min(self.line.end.x)
    }

    fn east(&self) -> f64 {
        self.line.start.x.max(self.line.end.x)
    }

    fn is_level_with(&self, other: &Side) -> bool {
        let span = |line: &Line<f64>| (line.start.y.min(line.end.y), line.start.y.max(line.end.y));
        let ((south, north), (others_south, others_north)) = (span(&self.line), span(&other.line));
        south <= others_north && others_south <= north
    }

    /// Whether two sides have a point in common that neighbours of one ring have not.
    fn meets(&self, other: &Side) -> bool {
        let follows = |first: &Side, second: &Side| {
            first.ring == second.ring && (first.place + 1) % first.sides == second.place
        };
        let beyond_corner = |first: &Side, second: &Side| {
            let far = |line: &Line<f64>, point: Coord<f64>| line.intersects(&point);
            far(&first.line, second.line.end) || far(&second.line, first.line.start)
        };
        if follows(self, other) {
            beyond_corner(self, other)
        } else if follows(other, self) {
            beyond_corner(other, self)
        } else {
            self.line.intersects(&other.line)
        }
    }
}

/// Whether any two sides of the rings meet elsewhere than in the corner between neighbours.
fn any_meet(rings: &[&LineString<f64>]) -> bool {
    let of_ring = |(ring, line): (usize, &&LineString<f64>)| {
        let sides = line.0.len() - 1;
        line.lines()
            .enumerate()
            .map(move |(place, line)| Side { line, ring, place, sides })
            .collect::<Vec<_>>()
    };
    let mut sides: Vec<Side> = rings.iter().enumerate().flat_map(of_ring).collect();
    sides.sort_by(|a, b| a.west().total_cmp(&b.west()));
    let mut open: Vec<&Side> = Vec::new();
    for side in &sides {
        open.retain(|other| other.east() >= side.west());
        if open.iter().any(|other| other.is_level_with(side) && other.meets(side)) {
            return true;
        }
        open.push(side);
    }
    false
}

#[cfg(test)]
mod tests {
    use geo::{Validation, polygon};
    use proptest::prelude::*;

    use super::*;

    fn square(low: f64, high: f64) -> LineString<f64> {
        LineString::from(vec![(low, low), (high, low), (high, high), (low, high), (low, low)])
    }

    fn surely(exterior: LineString<f64>, holes: Vec<LineString<f64>>) -> bool {
        is_surely_valid(&Polygon::new(exterior, holes).into())
    }

    #[test]
    fn plain_rings_with_holes_inside_are_valid_beyond_doubt() {
        assert!(surely(square(0.0, 9.0), vec![square(1.0, 2.0), square(3.0, 8.0)]));
        let apart = MultiPolygon(vec![
            Polygon::new(square(0.0, 1.0), Vec::new()),
            Polygon::new(square(2.0, 3.0), Vec::new()),
        ]);
        assert!(is_surely_valid(&apart));
    }

    #[test]
    fn rings_that_meet_cross_or_lie_wrongly_are_left_to_the_exact_test() {
        // A hole that touches, one outside, one within another, one across.
        assert!(!surely(square(0.0, 9.0), vec![square(0.0, 2.0)]));
        assert!(!surely(square(0.0, 9.0), vec![square(10.0, 12.0)]));
        assert!(!surely(square(0.0, 9.0), vec![square(1.0, 8.0), square(2.0, 3.0)]));
        assert!(!surely(square(0.0, 9.0), vec![square(5.0, 12.0)]));
        // A bow tie, a spike, a corner touched twice, polygons over each other.
        let bow_tie = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 1.0), (x: 1.0, y: 0.0), (x: 0.0, y: 1.0)];
        let spike = polygon![(x: 0.0, y: 0.0), (x: 4.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 3.0)];
        let twice = polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 1.0), (x: 4.0, y: 0.0), (x: 4.0, y: 3.0), (x: 2.0, y: 1.0), (x: 0.0, y: 3.0)];
        for fault in [bow_tie, spike, twice] {
            assert!(!is_surely_valid(&fault.clone().into()), "{fault:?}");
        }
        let over = [0.0, 0.5].map(|low| Polygon::new(square(low, low + 1.0), Vec::new()));
        assert!(!is_surely_valid(&MultiPolygon(over.to_vec())));
    }

    proptest! {
        /// Points on a coarse lattice: many rings touch and cross, some do not.
        #[test]
        fn what_is_valid_beyond_doubt_is_valid(points in prop::collection::vec((0..12_i32, 0..12_i32), 3..9)) {
            let ring: LineString<f64> =
                points.iter().map(|(x, y)| Coord { x: f64::from(*x), y: f64::from(*y) }).collect();
            let outline = MultiPolygon::from(Polygon::new(ring, Vec::new()));
            prop_assert!(!is_surely_valid(&outline) || outline.is_valid());
        }
    }
}
