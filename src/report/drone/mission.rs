//! Missions: waypoints in order, cut where a battery ends.
//!
//! In:  pieces that cannot be cut (a strip, a ring), a flight. Out: missions, each with what it takes and what it photographs.
//! Law: a mission ends with what a battery's share allows, the way home included; its waypoints are counted from 0 and are
//!      never more than WPML can count. Coordinates are WGS 84 longitude and latitude in degrees; heights are metres above the
//!      take-off point, which is taken to lie below the first waypoint and level with the ground that is mapped.

use crate::report::ReportError;
use crate::report::drone::settings::{Flight, TRANSITIONAL_SPEED};
use crate::report::drone::strips::{TURN_SECONDS, leg_seconds};
use crate::report::plane::{Plane, apart};

/// Waypoints that a wayline may count: 0 to 65535.
pub const MOST_WAYPOINTS: usize = 65_536;

/// Climb and descent in metres a second; cautious.
const CLIMB: f64 = 3.0;

/// Seconds for a photograph at a waypoint, gimbal included; cautious.
const PHOTO_SECONDS: f64 = 4.0;

/// What the drone does at a waypoint and on the way from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Longitude and latitude.
    pub at: (f64, f64),
    /// Metres above the take-off point.
    pub height: f64,
    /// Pitch of the gimbal in degrees; -90 looks straight down.
    pub pitch: f64,
    /// Where it looks: along the way where none, else at a place, with the bearing to it in degrees.
    pub faces: Option<((f64, f64), f64)>,
    /// What it photographs.
    pub shots: Shots,
}

/// What is photographed at a waypoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Shots {
    /// Nothing.
    None,
    /// One picture here, with the end of its file name.
    Here(String),
    /// Pictures every so many seconds on the way to the next waypoint, with the end of their file names.
    OnTheWay(f64, String),
}

/// Waypoints that stay together.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Which lead, by its place in the list.
    pub lead: usize,
    /// Which strip of the lead's survey; none for a ring.
    pub strip: Option<usize>,
    /// Waypoints in order.
    pub stops: Vec<Stop>,
}

/// One flight.
#[derive(Debug, Clone, PartialEq)]
pub struct Mission {
    /// Pieces in order.
    pub pieces: Vec<Piece>,
    /// What it takes, from take-off to landing.
    pub seconds: f64,
    /// Metres flown from the first waypoint to the last.
    pub metres: f64,
    /// Photographs.
    pub photos: usize,
}

impl Mission {
    /// Waypoints in order.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> {
        self.pieces.iter().flat_map(|piece| &piece.stops)
    }

    /// Where to take off: below the first waypoint.
    pub fn take_off(&self) -> (f64, f64) {
        self.stops().next().map_or((0.0, 0.0), |stop| stop.at)
    }

    /// Metres from the take-off point to the waypoint that is farthest from it.
    pub fn reach(&self) -> f64 {
        self.stops().map(|stop| metres(self.take_off(), stop.at)).fold(0.0, f64::max)
    }
}

/// Metres between two places in degrees.
pub fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    apart((0.0, 0.0), Plane::around(a.0, a.1).metres(b))
}

/// What flying some pieces one after the other takes, home included.
fn flown(pieces: &[Piece], speed: f64) -> Mission {
    let stops: Vec<&Stop> = pieces.iter().flat_map(|piece| &piece.stops).collect();
    let (mut seconds, mut length, mut photos) = (0.0, 0.0, 0);
    for pair in stops.windows(2) {
        let leg = metres(pair[0].at, pair[1].at);
        let takes = leg_seconds(leg, speed).max((pair[0].height - pair[1].height).abs() / CLIMB);
        seconds += takes + TURN_SECONDS;
        length += leg;
        if let Shots::OnTheWay(interval, _) = &pair[0].shots {
            photos += (takes / interval).floor() as usize + 1;
        }
    }
    let here = stops.iter().filter(|stop| matches!(stop.shots, Shots::Here(_))).count();
    let home = stops.first().zip(stops.last()).map_or(0.0, |(first, last)| {
        metres(first.at, last.at) / TRANSITIONAL_SPEED + (first.height + last.height) / CLIMB
    });
    seconds += home + PHOTO_SECONDS * here as f64;
    Mission { pieces: pieces.to_vec(), seconds, metres: length, photos: photos + here }
}

/// Cuts pieces into missions, in their order, each as long as the battery's share allows. `reach` is how far in metres the
/// next lead may lie for the drone to fly there instead of landing.
///
/// # Errors
/// `Flag` where one piece alone takes more than the share.
pub fn packed(pieces: Vec<Piece>, flight: &Flight, reach: f64) -> Result<Vec<Mission>, ReportError> {
    let mut missions = Vec::new();
    let mut held: Vec<Piece> = Vec::new();
    for piece in pieces {
        let last = held.last().filter(|held| held.lead != piece.lead).and_then(|held| held.stops.last());
        let is_near = last.zip(piece.stops.first()).is_none_or(|(a, b)| metres(a.at, b.at) <= reach);
        held.push(piece);
        let is_one = held.len() == 1;
        let whole = flown(&held, flight.speed);
        let fits = whole.seconds <= flight.seconds && whole.stops().count() <= MOST_WAYPOINTS;
        if is_one && !fits {
            return Err(too_long(&whole, flight));
        }
        if fits && is_near {
            continue;
        }
        let next = held.split_off(held.len() - 1);
        missions.push(flown(&held, flight.speed));
        held = next;
        if flown(&held, flight.speed).seconds > flight.seconds {
            return Err(too_long(&flown(&held, flight.speed), flight));
        }
    }
    if !held.is_empty() {
        missions.push(flown(&held, flight.speed));
    }
    Ok(missions)
}

/// Batteries that flights of so many seconds need one after the other, where each may take `share` seconds of one.
pub fn batteries(seconds: impl Iterator<Item = f64>, share: f64) -> usize {
    let (mut count, mut left) = (0, 0.0);
    for one in seconds {
        if one > left {
            (count, left) = (count + 1, share);
        }
        left -= one;
    }
    count
}

fn too_long(mission: &Mission, flight: &Flight) -> ReportError {
    ReportError::Flag {
        flag: "--drone-minutes".to_owned(),
        expected: format!(
            "at least {:.0} minutes for the longest part of a mission",
            mission.seconds / 60.0 + 0.5
        ),
        found: format!("{:.0}", flight.seconds / 60.0),
        next: "allow more of a battery, a coarser --drone-sample or a higher --drone-speed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::drone::settings::Settings;

    fn strip(number: usize, east: f64, length: f64) -> Piece {
        let plane = Plane::around(108.5, 41.57);
        let stop = |north: f64, shots| Stop {
            at: plane.degrees((east, north)),
            height: 100.0,
            pitch: -90.0,
            faces: None,
            shots,
        };
        let on_the_way = Shots::OnTheWay(2.0, "a".to_owned());
        Piece { lead: 0, strip: Some(number), stops: vec![stop(0.0, on_the_way), stop(length, Shots::None)] }
    }

    #[test]
    fn what_is_longer_than_a_battery_becomes_several_missions_and_nothing_is_lost() {
        let flight = Settings { minutes: Some(10.0), ..Settings::default() }.flight().unwrap();
        let pieces: Vec<Piece> = (0..20).map(|number| strip(number, 40.0 * number as f64, 800.0)).collect();
        let missions = packed(pieces.clone(), &flight, 1_000.0).unwrap();
        assert!(missions.len() > 2, "{}", missions.len());
        assert!(missions.iter().all(|mission| mission.seconds <= 600.0 && mission.photos > 0));
        let flown: Vec<Piece> = missions.into_iter().flat_map(|mission| mission.pieces).collect();
        assert_eq!(flown, pieces);
    }

    #[test]
    fn what_lies_beyond_the_reach_is_a_mission_of_its_own() {
        let flight = Settings::default().flight().unwrap();
        let other = Piece { lead: 1, ..strip(1, 3_000.0, 100.0) };
        let missions = packed(vec![strip(0, 0.0, 100.0), other], &flight, 1_000.0).unwrap();
        assert_eq!(missions.len(), 2);
        // Parts of one lead are one flight, however far they lie apart.
        let own = vec![strip(0, 0.0, 100.0), strip(1, 3_000.0, 100.0)];
        assert_eq!(packed(own, &flight, 1_000.0).unwrap().len(), 1);
        assert!((missions[0].reach() - 100.0).abs() < 1.0);
    }

    #[test]
    fn a_part_that_no_battery_can_fly_is_refused_with_the_flag() {
        let flight = Settings { minutes: Some(5.0), ..Settings::default() }.flight().unwrap();
        for pieces in [vec![strip(0, 0.0, 9_000.0)], vec![strip(0, 0.0, 50.0), strip(1, 10.0, 9_000.0)]] {
            let refused = packed(pieces, &flight, 1_000.0).unwrap_err().to_string();
            assert!(refused.contains("--drone-minutes"), "{refused}");
        }
    }

    #[test]
    fn short_flights_share_a_battery() {
        assert_eq!(batteries([240.0, 240.0, 1_300.0, 150.0, 10.0].into_iter(), 1_500.0), 2);
        assert_eq!(batteries([].into_iter(), 1_500.0), 0);
    }

    #[test]
    fn a_metre_is_a_metre() {
        let plane = Plane::around(108.5, 41.57);
        let there = plane.degrees((300.0, 400.0));
        assert!((metres((108.5, 41.57), there) - 500.0).abs() < 0.1);
    }
}
