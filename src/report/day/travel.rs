//! Ways between places: by road where roads are given and lead there, else the straight way times a factor.
//!
//! In:  places (0 is the start), what was asked. Out: seconds and metres of every way.
//! Law: which kind a way is of is kept with it; seconds are whole, so that plans are the same everywhere.

use geo::{Distance, Geodesic, Point};

use crate::report::ReportError;
use crate::report::day::roads::Roads;
use crate::report::day::settings::Settings;

/// A way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Seconds.
    pub seconds: i64,
    /// Metres.
    pub metres: f64,
    /// Metres of it beside roads; none where it is not by road.
    pub beside: Option<f64>,
}

/// Ways between all places.
pub struct Travel {
    legs: Vec<Vec<Leg>>,
    roads: Option<Roads>,
}

impl Travel {
    /// Ways between places in degrees.
    ///
    /// # Errors
    /// `Flag` where the extract cannot be read.
    pub fn between(places: &[(f64, f64)], settings: &Settings) -> Result<Self, ReportError> {
        let roads = settings.roads.as_ref().map(|path| Roads::read(path, places)).transpose()?;
        let straight = |from: usize, to: usize| {
            let point = |place: usize| Point::new(places[place].0, places[place].1);
            let metres = Geodesic.distance(point(from), point(to)) * settings.detour;
            Leg { seconds: (metres / (settings.speed / 3.6)).round() as i64, metres, beside: None }
        };
        let row = |from: usize| -> Vec<Leg> {
            let drives = roads.as_ref().map(|roads| roads.from(from));
            let leg = |to: usize| match drives.as_ref().and_then(|drives| drives[to].as_ref()) {
                Some(drive) if from != to => {
                    let seconds = drive.seconds.round() as i64;
                    Leg { seconds, metres: drive.metres, beside: Some(drive.beside) }
                }
                _ => straight(from, to),
            };
            (0..places.len()).map(leg).collect()
        };
        let legs = (0..places.len()).map(row).collect();
        Ok(Self { legs, roads })
    }

    /// The way from one place to another.
    pub fn leg(&self, from: usize, to: usize) -> Leg {
        self.legs[from][to]
    }

    /// The line of a tour along roads, longitude and latitude; empty where none of it is known.
    pub fn line(&self, places: &[(f64, f64)], tour: &[usize]) -> Vec<(f64, f64)> {
        let Some(roads) = &self.roads else { return Vec::new() };
        let stops: Vec<usize> = std::iter::once(0).chain(tour.iter().copied()).chain([0]).collect();
        let mut line = vec![places[0]];
        for pair in stops.windows(2) {
            line.extend(roads.line(pair[0], pair[1]));
            line.push(places[pair[1]]);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_roads_the_straight_way_counts_times_the_factor() {
        let settings = Settings::default();
        let travel = Travel::between(&[(108.5, 41.5), (108.6, 41.5)], &settings).unwrap();
        let leg = travel.leg(0, 1);
        assert!((leg.metres - 8_352.0 * 1.4).abs() < 10.0, "{leg:?}");
        assert_eq!(leg.seconds, (leg.metres / (40.0 / 3.6)).round() as i64);
        assert!(leg.beside.is_none() && travel.leg(1, 1).seconds == 0);
        assert!(travel.line(&[(108.5, 41.5), (108.6, 41.5)], &[1]).is_empty());
    }
}
