//! Parallel strips over a lead: there and back like an ox before the plough, at the direction that takes least time.
//!
//! In:  the outline of a lead in metres, a flight. Out: strips in the order of flight, each with the part of the ground
//!      that is its own.
//! Law: every point of the outline and of the margin lies within half a spacing of a strip, or within the strip's reach
//!      beside it; strips go beyond the ground by a photograph's base and the margin, so that its ends are seen as often
//!      as its middle. No strip is longer than asked.

use geo::{ConvexHull, Coord, CoordsIter, LineString, MultiPoint, MultiPolygon, Point};

use crate::report::drone::settings::Flight;

/// Step in degrees of the first look for a direction; the second look goes by single degrees.
const COARSE_DEGREES: i32 = 10;

/// Metres a second that a drone gains or loses in a second between waypoints where it stops. A cautious figure for mapping
/// flights, not of a specification.
pub const ACCELERATION: f64 = 2.0;

/// Seconds for turning towards the next waypoint; cautious.
pub const TURN_SECONDS: f64 = 3.0;

/// Share of the rectangle around some strips below which the ground that is theirs is no ground to map.
const SLIVER: f64 = 0.05;

/// One strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strip {
    /// Where it begins, metres east and north.
    pub from: (f64, f64),
    /// Where it ends.
    pub to: (f64, f64),
    /// Its ground across the direction of flight, metres.
    across: (f64, f64),
    /// Its ground along the direction of flight, metres.
    along: (f64, f64),
}

/// Strips over a lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Direction of flight in whole degrees from north over east, 0 to 179.
    pub direction: i32,
    /// Metres between neighbouring strips.
    pub spacing: f64,
    /// In the order of flight.
    pub strips: Vec<Strip>,
    hull: Vec<(f64, f64)>,
}

/// Axes of a direction: across to the right, along ahead.
#[derive(Clone, Copy)]
struct Axes {
    sine: f64,
    cosine: f64,
}

impl Axes {
    fn of(direction: i32) -> Self {
        let (sine, cosine) = f64::from(direction).to_radians().sin_cos();
        Self { sine, cosine }
    }

    fn turned(self, (east, north): (f64, f64)) -> (f64, f64) {
        (east * self.cosine - north * self.sine, east * self.sine + north * self.cosine)
    }

    fn back(self, (across, along): (f64, f64)) -> (f64, f64) {
        (across * self.cosine + along * self.sine, along * self.cosine - across * self.sine)
    }
}

/// Seconds for a way between two points at which the drone stops.
pub fn leg_seconds(metres: f64, speed: f64) -> f64 {
    if metres > speed * speed / ACCELERATION {
        metres / speed + speed / ACCELERATION
    } else {
        2.0 * (metres / ACCELERATION).sqrt()
    }
}

/// Strips over an outline in metres, with a margin and none longer than asked; none where there is no outline.
pub fn survey(outline: &MultiPolygon<f64>, flight: &Flight, margin: f64, longest: f64) -> Survey {
    let rings = outline.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
    let edges: Vec<[(f64, f64); 2]> = rings
        .flat_map(LineString::lines)
        .map(|line| [(line.start.x, line.start.y), (line.end.x, line.end.y)])
        .collect();
    let laid = |direction: i32| laid(&edges, Axes::of(direction), flight, margin, longest);
    let cost = |direction: &i32| {
        let (_, strips) = laid(*direction);
        (seconds(&strips, flight.speed) * 1000.0).round() as u64
    };
    let coarse = (0..180).step_by(COARSE_DEGREES as usize).min_by_key(cost).unwrap_or(0);
    let near = (coarse - COARSE_DEGREES + 1..coarse + COARSE_DEGREES).map(|degrees| degrees.rem_euclid(180));
    let direction = near.min_by_key(|degrees| (cost(degrees), *degrees)).unwrap_or(coarse);
    let (spacing, strips) = laid(direction);
    Survey { direction, spacing, strips, hull: hull(outline, margin) }
}

/// The convex ring around an outline and its margin, closed: every corner with an octagon around it.
fn hull(outline: &MultiPolygon<f64>, margin: f64) -> Vec<(f64, f64)> {
    let radius = margin / (std::f64::consts::PI / 8.0).cos();
    let around = |corner: Coord<f64>| {
        (0..8).map(move |eighth| {
            let (sine, cosine) = (f64::from(eighth) * std::f64::consts::FRAC_PI_4).sin_cos();
            Point::new(corner.x + radius * sine, corner.y + radius * cosine)
        })
    };
    let points = MultiPoint::new(outline.coords_iter().flat_map(around).collect());
    points.convex_hull().exterior().coords().map(|corner| (corner.x, corner.y)).collect()
}

/// Seconds for flying strips one after the other.
fn seconds(strips: &[Strip], speed: f64) -> f64 {
    let apart =
        |a: (f64, f64), b: (f64, f64)| leg_seconds((a.0 - b.0).hypot(a.1 - b.1), speed) + TURN_SECONDS;
    let own: f64 = strips.iter().map(|strip| apart(strip.from, strip.to)).sum();
    own + strips.windows(2).map(|pair| apart(pair[0].to, pair[1].from)).sum::<f64>()
}

/// Strips in one direction and the metres between them.
fn laid(
    edges: &[[(f64, f64); 2]],
    axes: Axes,
    flight: &Flight,
    margin: f64,
    longest: f64,
) -> (f64, Vec<Strip>) {
    let edges: Vec<[(f64, f64); 2]> = edges.iter().map(|edge| edge.map(|end| axes.turned(end))).collect();
    let ends = || edges.iter().flatten();
    let Some((low, high)) = range(ends().map(|end| end.0)) else { return (flight.spacing, Vec::new()) };
    let Some((near, far)) = range(ends().map(|end| end.1)) else { return (flight.spacing, Vec::new()) };
    let width = high - low + 2.0 * margin;
    // Two strips at least, so that every point is seen from two sides.
    let count = (width / flight.spacing).ceil().max(2.0);
    let spacing = (width / count).max(flight.spacing / 2.0);
    let beyond = flight.base + margin;
    let blocks = ((far - near + 2.0 * beyond) / longest).ceil().max(1.0) as usize;
    let length = (far - near) / blocks as f64;
    let mut strips = Vec::new();
    for block in 0..blocks {
        let own = (near + length * block as f64, near + length * (block + 1) as f64);
        for number in 0..count as usize {
            let at = (low + high) / 2.0 + (number as f64 - (count - 1.0) / 2.0) * spacing;
            let band = (at - spacing - margin, at + spacing + margin);
            let Some((from, to)) = seen_between(&edges, band) else { continue };
            let (from, to) = (from.max(own.0), to.min(own.1));
            if from > to {
                continue;
            }
            let mut turned = [(at, from - beyond), (at, to + beyond)];
            if strips.len() % 2 == 1 {
                turned.reverse();
            }
            let across = (at - spacing / 2.0, at + spacing / 2.0);
            let along = (
                if block == 0 { own.0 - margin } else { own.0 },
                if block + 1 == blocks { own.1 + margin } else { own.1 },
            );
            strips.push(Strip { from: axes.back(turned[0]), to: axes.back(turned[1]), across, along });
        }
    }
    (spacing, strips)
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |all, value| {
        let (low, high) = all.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// From where to where along the flight edges lie within a band across it.
fn seen_between(edges: &[[(f64, f64); 2]], band: (f64, f64)) -> Option<(f64, f64)> {
    let inside = edges.iter().filter_map(|edge| {
        let [a, b] = if edge[0].0 <= edge[1].0 { *edge } else { [edge[1], edge[0]] };
        if b.0 < band.0 || a.0 > band.1 {
            return None;
        }
        let at = |across: f64| match b.0 - a.0 {
            width if width > 0.0 => a.1 + (across - a.0) / width * (b.1 - a.1),
            _ => a.1,
        };
        let ends = [at(a.0.max(band.0)), if b.0 > a.0 { at(b.0.min(band.1)) } else { b.1 }];
        Some(ends)
    });
    range(inside.flatten())
}

impl Survey {
    /// Corners of the ground that some of its strips map, margin included, metres: a convex ring, closed.
    pub fn ground(&self, strips: &[Strip]) -> Vec<(f64, f64)> {
        let axes = Axes::of(self.direction);
        let low = strips.iter().map(|strip| strip.across.0).fold(f64::INFINITY, f64::min);
        let high = strips.iter().map(|strip| strip.across.1).fold(f64::NEG_INFINITY, f64::max);
        let near = strips.iter().map(|strip| strip.along.0).fold(f64::INFINITY, f64::min);
        let far = strips.iter().map(|strip| strip.along.1).fold(f64::NEG_INFINITY, f64::max);
        let mut ring: Vec<(f64, f64)> = self.hull.iter().map(|corner| axes.turned(*corner)).collect();
        ring.pop();
        for inside in [
            Box::new(move |at: (f64, f64)| at.0 - low) as Box<dyn Fn((f64, f64)) -> f64>,
            Box::new(move |at| high - at.0),
            Box::new(move |at| at.1 - near),
            Box::new(move |at| far - at.1),
        ] {
            ring = clipped(&ring, inside.as_ref());
        }
        if doubled_area(&ring) < SLIVER * (high - low) * (far - near) {
            // A strip that only sees beside its neighbours has hardly ground of its own: its own rectangle stands for it.
            let ends = strips.iter().flat_map(|strip| [strip.from, strip.to]).map(|end| axes.turned(end).1);
            let (from, to) = range(ends).unwrap_or((near, far));
            ring = vec![(low, from), (high, from), (high, to), (low, to)];
        }
        let mut ring: Vec<(f64, f64)> = ring.into_iter().map(|corner| axes.back(corner)).collect();
        ring.extend(ring.first().copied());
        ring
    }
}

/// Twice the area of a ring that is not closed.
fn doubled_area(ring: &[(f64, f64)]) -> f64 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs()
}

/// A convex ring without what lies where `inside` is negative (Sutherland and Hodgman, 1974).
fn clipped(ring: &[(f64, f64)], inside: &dyn Fn((f64, f64)) -> f64) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for (place, &corner) in ring.iter().enumerate() {
        let before = ring[(place + ring.len() - 1) % ring.len()];
        let (was, is) = (inside(before), inside(corner));
        if (was < 0.0) != (is < 0.0) {
            let part = was / (was - is);
            kept.push((before.0 + part * (corner.0 - before.0), before.1 + part * (corner.1 - before.1)));
        }
        if is >= 0.0 {
            kept.push(corner);
        }
    }
    kept
}

/// A ring as a polygon.
#[cfg(test)]
pub fn polygon(ring: &[(f64, f64)]) -> geo::Polygon<f64> {
    geo::Polygon::new(ring.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect(), Vec::new())
}

#[cfg(test)]
mod tests;
