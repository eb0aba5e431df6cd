//! Whether an outline is certainly valid: a quick answer for long ones.
//!
//! In:  an outline. Out: yes, or "not sure".
//! Law: yes is said only of an outline whose rings nowhere meet themselves or each other, with every hole inside its exterior
//!      and in no other hole, and no polygon inside another. What merely touches is for the exact test to judge, whose cost
//!      grows with the square of the vertices: a red line may have a million.
//! Source: sweep along x (Shamos and Hoey 1976) with exact orientation tests.

use geo::{BoundingRect, Contains, Coord, Intersects, Line, LineString, MultiPolygon, Polygon, Rect};

/// Whether an outline is valid beyond doubt.
pub(crate) fn is_surely_valid(outline: &MultiPolygon<f64>) -> bool {
    let rings: Vec<&LineString<f64>> = outline.iter().flat_map(rings_of).collect();
    let is_ring = |ring: &&LineString<f64>| {
        let are_finite = ring.coords().all(|coord| coord.x.is_finite() && coord.y.is_finite());
        ring.is_closed() && ring.0.len() >= 4 && are_finite
    };
    rings.iter().all(is_ring) && !any_meet(&rings) && outline.iter().all(are_nested) && are_apart(outline)
}

fn rings_of(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// A ring as a polygon of its own, with its box.
struct Solid {
    ring: Polygon<f64>,
    bounds: Option<Rect<f64>>,
}

impl Solid {
    fn of(ring: &LineString<f64>) -> Self {
        let ring = Polygon::new(ring.clone(), Vec::new());
        Self { bounds: ring.bounding_rect(), ring }
    }

    /// Whether another ring that does not meet this one lies in it: then all of it does.
    fn holds(&self, other: &Solid) -> bool {
        let first = other.ring.exterior().0[0];
        self.bounds.is_some_and(|bounds| bounds.intersects(&first)) && self.ring.contains(&first)
    }
}

/// Whether holes lie in the exterior and in no other hole.
fn are_nested(polygon: &Polygon<f64>) -> bool {
    let holes: Vec<Solid> = polygon.interiors().iter().map(Solid::of).collect();
    if holes.is_empty() {
        return true;
    }
    let exterior = Solid::of(polygon.exterior());
    let in_another =
        |place: usize| (0..holes.len()).any(|other| other != place && holes[other].holds(&holes[place]));
    holes.iter().enumerate().all(|(place, hole)| exterior.holds(hole) && !in_another(place))
}

/// Whether no polygon lies in another; one in the hole of another is left to the exact test.
fn are_apart(outline: &MultiPolygon<f64>) -> bool {
    if outline.0.len() < 2 {
        return true;
    }
    let all: Vec<Solid> = outline.iter().map(|polygon| Solid::of(polygon.exterior())).collect();
    let holds_another = |(place, solid): (usize, &Solid)| {
        all.iter().enumerate().any(|(other, inner)| other != place && solid.holds(inner))
    };
    !all.iter().enumerate().any(holds_another)
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
