//! A ring of oblique photographs around a lead: evidence that shows the place within its surroundings.
//!
//! In:  the outline of a lead in metres. Out: waypoints on a circle, each looking at the middle.
//! Law: the ring lies outside the lead; the gimbal looks at the middle of the ground, within what it can turn, and never
//!      so flat that the horizon fills the picture.

use geo::{BoundingRect, CoordsIter, MultiPolygon};

use crate::report::drone::mission::{Shots, Stop};
use crate::report::drone::settings::Flight;
use crate::report::plane::{Plane, apart, bearing};

/// Metres from the farthest corner of a lead to the ring.
const BEYOND_METRES: f64 = 20.0;

/// Largest ring in metres: of a larger lead it shows the middle and not the whole.
const LARGEST_METRES: f64 = 400.0;

/// Flattest and steepest look in degrees. At -20 the upper edge of a picture of 56 degrees is just above the horizon.
const FLATTEST: f64 = -20.0;
const STEEPEST: f64 = -75.0;

/// The ring around an outline in metres on a plane.
pub fn ring(
    outline: &MultiPolygon<f64>,
    plane: &Plane,
    flight: &Flight,
    photos: u32,
    name: &str,
) -> Vec<Stop> {
    let Some(bounds) = outline.bounding_rect() else { return Vec::new() };
    let middle = (bounds.center().x, bounds.center().y);
    let farthest =
        outline.coords_iter().map(|corner| apart(middle, (corner.x, corner.y))).fold(0.0, f64::max);
    let radius =
        (farthest + BEYOND_METRES).max(flight.ring_height).min(LARGEST_METRES.max(flight.ring_height));
    let [lowest, highest] = flight.drone.gimbal_deg;
    let pitch = -flight.ring_height.atan2(radius).to_degrees();
    let pitch = pitch.clamp(STEEPEST.max(lowest), FLATTEST.min(highest));
    let stop = |number: u32| {
        let (sine, cosine) = (f64::from(number) / f64::from(photos) * std::f64::consts::TAU).sin_cos();
        let at = (middle.0 + radius * sine, middle.1 + radius * cosine);
        Stop {
            at: plane.degrees(at),
            height: flight.ring_height,
            pitch,
            faces: Some((plane.degrees(middle), bearing(at, middle))),
            shots: Shots::Here(format!("{name}-r{}", number + 1)),
        }
    };
    (0..photos).map(stop).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::drone::settings::Settings;
    use crate::report::drone::strips::polygon;

    #[test]
    fn every_photograph_looks_from_outside_at_the_middle() {
        let flight = Settings::default().flight().unwrap();
        let plane = Plane::around(108.5, 41.57);
        let outline =
            MultiPolygon::new(vec![polygon(&[(0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0)])]);
        let stops = ring(&outline, &plane, &flight, 12, "a");
        assert_eq!(stops.len(), 12);
        for stop in stops {
            let at = plane.metres(stop.at);
            let away = apart(at, (100.0, 50.0));
            assert!((away - 131.8).abs() < 0.1, "{away}");
            let (middle, facing) = stop.faces.unwrap();
            assert!((bearing(at, plane.metres(middle)) - facing).abs() < 1e-6);
            // The middle of the picture meets the ground at the middle of the lead.
            let hit = stop.height / stop.pitch.to_radians().tan().abs();
            assert!((hit - away).abs() < 1.0, "{hit} {away}");
        }
    }

    #[test]
    fn a_very_large_lead_is_shown_from_within_with_a_look_that_is_not_flat() {
        let flight = Settings::default().flight().unwrap();
        let plane = Plane::around(108.5, 41.57);
        let outline =
            MultiPolygon::new(vec![polygon(&[(0.0, 0.0), (4_000.0, 0.0), (4_000.0, 90.0), (0.0, 90.0)])]);
        let stops = ring(&outline, &plane, &flight, 8, "a");
        assert!((apart(plane.metres(stops[0].at), (2_000.0, 45.0)) - 400.0).abs() < 0.5);
        assert_eq!(stops[0].pitch, -20.0);
    }
}
