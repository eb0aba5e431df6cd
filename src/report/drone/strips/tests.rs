//! Strips over drawn leads: a raster of points counts from how many photographs each is seen.

use super::*;
use crate::report::drone::settings::Settings;
use geo::{Contains, Point};

fn outline(parts: &[&[(f64, f64)]]) -> MultiPolygon<f64> {
    MultiPolygon::new(parts.iter().map(|part| polygon(part)).collect())
}

/// How many photographs of the strips see a point, at the speed and interval of the flight.
fn seen(survey: &Survey, flight: &Flight, point: (f64, f64)) -> usize {
    let axes = Axes::of(survey.direction);
    let (across, along) = flight.drone.covers(flight.height);
    let at = axes.turned(point);
    let of_strip = |strip: &Strip| {
        let (from, to) = (axes.turned(strip.from), axes.turned(strip.to));
        let step = flight.speed * flight.interval * (to.1 - from.1).signum();
        let shots = ((to.1 - from.1) / step).floor() as usize + 1;
        let places = (0..shots).map(|shot| from.1 + step * shot as f64);
        if (at.0 - from.0).abs() > across / 2.0 {
            return 0;
        }
        places.filter(|place| (at.1 - place).abs() <= along / 2.0).count()
    };
    survey.strips.iter().map(of_strip).sum()
}

/// The least number of photographs of any point of an outline.
fn least_seen(outline: &MultiPolygon<f64>, survey: &Survey, flight: &Flight) -> usize {
    let hull = outline.convex_hull();
    let bounds = geo::BoundingRect::bounding_rect(&hull).unwrap();
    let mut least = usize::MAX;
    for east in (bounds.min().x as i32..=bounds.max().x as i32).step_by(5) {
        for north in (bounds.min().y as i32..=bounds.max().y as i32).step_by(5) {
            let point = (f64::from(east), f64::from(north));
            if outline.contains(&Point::new(point.0, point.1)) {
                least = least.min(seen(survey, flight, point));
            }
        }
    }
    least
}

#[test]
fn every_point_of_a_lead_is_seen_as_often_as_the_overlap_says() {
    let square: &[_] = &[(0.0, 0.0), (300.0, 0.0), (300.0, 200.0), (0.0, 200.0)];
    let hook: &[_] = &[(0.0, 0.0), (600.0, 0.0), (600.0, 60.0), (60.0, 80.0), (40.0, 500.0), (0.0, 500.0)];
    let track: &[_] = &[(0.0, 0.0), (900.0, 700.0), (894.0, 708.0), (-6.0, 8.0)];
    let apart: &[_] = &[(800.0, 300.0), (830.0, 300.0), (830.0, 330.0), (800.0, 330.0)];
    let flight = Settings::default().flight().unwrap();
    for parts in [vec![square], vec![hook], vec![track], vec![square, apart]] {
        let outline = outline(&parts);
        let survey = survey(&outline, &flight, 10.0, 5_000.0);
        let least = least_seen(&outline, &survey, &flight);
        // Five along (80 %) from at least one strip; a point at the very end lies before half of them.
        assert!(least >= 5, "{parts:?}: seen from {least}");
        assert!(survey.spacing <= flight.spacing);
    }
}

#[test]
fn strips_run_along_the_lead_and_not_across_it() {
    let flight = Settings::default().flight().unwrap();
    let long = outline(&[&[(0.0, 0.0), (2_000.0, 0.0), (2_000.0, 90.0), (0.0, 90.0)]]);
    assert_eq!(survey(&long, &flight, 10.0, 5_000.0).direction, 90);
    let north = outline(&[&[(0.0, 0.0), (90.0, 0.0), (90.0, 2_000.0), (0.0, 2_000.0)]]);
    assert_eq!(survey(&north, &flight, 10.0, 5_000.0).direction, 0);
    // There and back: the next strip begins beside the end of the one before.
    let strips = survey(&long, &flight, 10.0, 5_000.0).strips;
    let step = (strips[0].to.0 - strips[1].from.0).hypot(strips[0].to.1 - strips[1].from.1);
    assert!(strips.len() >= 2 && step < 2.0 * flight.spacing, "{step}");
}

#[test]
fn a_strip_that_is_too_long_is_cut_and_the_ground_stays_covered() {
    let flight = Settings::default().flight().unwrap();
    let long = outline(&[&[(0.0, 0.0), (3_000.0, 400.0), (2_990.0, 490.0), (-10.0, 90.0)]]);
    let survey = survey(&long, &flight, 0.0, 1_000.0);
    let longest =
        survey.strips.iter().map(|strip| (strip.from.0 - strip.to.0).hypot(strip.from.1 - strip.to.1));
    assert!(longest.fold(0.0, f64::max) <= 1_000.0 + 2.0 * flight.base);
    assert!(least_seen(&long, &survey, &flight) >= 5);
}

#[test]
fn the_ground_of_some_strips_is_their_part_of_the_lead() {
    use geo::Area;
    let flight = Settings::default().flight().unwrap();
    let square = outline(&[&[(0.0, 0.0), (600.0, 0.0), (600.0, 600.0), (0.0, 600.0)]]);
    let survey = survey(&square, &flight, 0.0, 5_000.0);
    let (first, rest) = survey.strips.split_at(survey.strips.len() / 2);
    let areas = [first, rest].map(|strips| polygon(&survey.ground(strips)).unsigned_area());
    assert!((areas[0] + areas[1] - 360_000.0).abs() < 1.0, "{areas:?}");
    assert!(areas.iter().all(|area| *area > 100_000.0), "{areas:?}");
    let whole = survey.ground(&survey.strips);
    assert_eq!(whole.first(), whole.last());
    // Also where a strip flies over the margin alone.
    let fine = Settings { sample_cm: 0.6, ..Settings::default() }.flight().unwrap();
    let survey = super::survey(&square, &fine, 10.0, 5_000.0);
    let alone = |strip: &Strip| polygon(&survey.ground(&[*strip])).unsigned_area() > 1_000.0;
    assert!(survey.spacing < 10.0 && survey.strips.iter().all(alone));
}

#[test]
fn every_strip_has_a_ground_that_a_person_can_see_also_of_odd_leads() {
    let flight = Settings { sample_cm: 0.6, ..Settings::default() }.flight().unwrap();
    let hook: &[_] = &[(0.0, 0.0), (900.0, 0.0), (900.0, 60.0), (60.0, 80.0), (40.0, 700.0), (0.0, 700.0)];
    let track: &[_] = &[(0.0, 0.0), (1_800.0, 1_400.0), (1_794.0, 1_408.0), (-6.0, 8.0)];
    for parts in [hook, track] {
        let survey = survey(&outline(&[parts]), &flight, 10.0, 400.0);
        for strip in &survey.strips {
            let ring = survey.ground(&[*strip]);
            assert!(ring.len() >= 4 && ring.first() == ring.last(), "{ring:?}");
        }
    }
}
