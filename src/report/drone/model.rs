//! Drones and their cameras: codes of WPML, what a photograph covers, how long a battery lasts. Data: `drones.toml`.
//!
//! In:  a name as flags write it. Out: its constants.
//! Law: a constant stands beside its source; the ground that a photograph covers is computed from sensor and lens alone.

use serde::Deserialize;

use crate::report::ReportError;

const DRONES: &str = include_str!("drones.toml");

/// A drone with the camera that maps.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drone {
    /// As flags write it.
    pub name: String,
    /// As people call it.
    pub call: String,
    /// `droneEnumValue`.
    pub drone: u32,
    /// `droneSubEnumValue`, where the drone has several forms.
    pub drone_sub: Option<u32>,
    /// `payloadEnumValue`.
    pub payload: u32,
    /// `payloadPositionIndex`.
    pub position: u32,
    /// Which lens, as `imageFormat` calls it.
    pub lens: String,
    /// Focal length in millimetres.
    pub focal_mm: f64,
    /// Width and height of the picture on the sensor in millimetres.
    pub sensor_mm: [f64; 2],
    /// Width and height of the picture in pixels.
    pub pixels: [u32; 2],
    /// Diagonal view in degrees that the maker states.
    pub view_deg: f64,
    /// Shortest time between two photographs in seconds.
    pub interval_s: f64,
    /// The maker's time in the air in minutes.
    pub rated_minutes: f64,
    /// What a mission may take of a battery, in minutes.
    pub minutes: f64,
    /// Lowest and highest pitch of the gimbal in degrees; -90 looks straight down.
    pub gimbal_deg: [f64; 2],
    /// Whether mapping templates carry heading and gimbal of their own (M3 only).
    pub maps_with_heading: bool,
    /// Where the constants come from.
    pub source: String,
}

#[derive(Deserialize)]
struct Drones {
    drone: Vec<Drone>,
}

/// Every drone.
///
/// # Errors
/// `Lacking` where the table of this build cannot be read, which a test rules out.
pub fn all() -> Result<Vec<Drone>, ReportError> {
    let read: Result<Drones, _> = toml::from_str(DRONES);
    read.map(|drones| drones.drone).map_err(|error| ReportError::Lacking {
        what: "drones.toml".to_owned(),
        expected: "a table of drones".to_owned(),
        found: error.to_string(),
        next: "this is a fault of the program, please report it".to_owned(),
    })
}

/// The drone of a name.
///
/// # Errors
/// `Flag` where there is none.
pub fn named(name: &str) -> Result<Drone, ReportError> {
    let drones = all()?;
    let known: Vec<&str> = drones.iter().map(|drone| drone.name.as_str()).collect();
    let known = known.join(", ");
    drones.into_iter().find(|drone| drone.name.eq_ignore_ascii_case(name.trim())).ok_or_else(|| {
        ReportError::Flag {
            flag: "--drone".to_owned(),
            expected: format!("one of {known}"),
            found: name.to_owned(),
            next: "name the drone that flies; its camera decides how high and how dense".to_owned(),
        }
    })
}

impl Drone {
    /// Ground that a photograph straight down covers from a height in metres: across and along the way, metres. The long
    /// side of the picture lies across.
    pub fn covers(&self, height: f64) -> (f64, f64) {
        (height * self.sensor_mm[0] / self.focal_mm, height * self.sensor_mm[1] / self.focal_mm)
    }

    /// Ground of a pixel in metres from a height in metres.
    pub fn sample(&self, height: f64) -> f64 {
        self.covers(height).0 / f64::from(self.pixels[0])
    }

    /// Height in metres from which a pixel covers so many metres of ground.
    pub fn height_for(&self, sample: f64) -> f64 {
        sample / self.sample(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensor_and_lens_of_every_drone_give_the_view_that_its_maker_states() {
        let drones = all().unwrap();
        assert!(drones.len() >= 8 && drones[0].name == "M3E");
        for drone in drones {
            let (width, height) = drone.covers(1.0);
            let view = 2.0 * (width.hypot(height) / 2.0).atan().to_degrees();
            assert!((view - drone.view_deg).abs() < 2.5, "{}: {view}", drone.name);
            let shape = f64::from(drone.pixels[0]) / f64::from(drone.pixels[1]) / (width / height);
            assert!((shape - 1.0).abs() < 0.01, "{}: pixels are not square", drone.name);
            assert!(drone.minutes <= 0.7 * drone.rated_minutes && !drone.source.is_empty());
        }
    }

    #[test]
    fn a_mavic_3e_sees_three_centimetres_from_112_metres() {
        let drone = named("m3e").unwrap();
        assert!((drone.height_for(0.03) - 112.5).abs() < 0.5);
        let unknown = named("Mini 2").unwrap_err().to_string();
        assert!(unknown.contains("M3E") && unknown.contains("Mini 2"), "{unknown}");
    }
}
