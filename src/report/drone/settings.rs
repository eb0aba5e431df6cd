//! What was asked of a mission, and the flight that follows from it: height, spacing, speed, interval.
//!
//! In:  flags. Out: a `Flight`, or a refusal that names the flag.
//! Law: the ground sample is never coarser, overlaps never smaller than asked; the height never above the ceiling.
//!      Heights are metres above the take-off point.

use crate::report::ReportError;
use crate::report::drone::model::{self, Drone};

/// Height above ground in metres above which Chinese airspace is controlled: "真高 120 米以上空域". A flight below it still
/// asks for suitable airspace, and other countries have other limits.
///
/// Source: 无人驾驶航空器飞行管理暂行条例, article 19, in force since 2024-01-01; cited from memory, its text was not at hand.
pub const CEILING_METRES: f64 = 120.0;

/// Lowest flight in metres: below it a steppe has trees, wires and masts.
pub const FLOOR_METRES: f64 = 20.0;

/// Speed on the way to the first waypoint in metres a second; WPML allows 15.
pub const TRANSITIONAL_SPEED: f64 = 10.0;

/// What one mission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Per {
    /// One lead: a mapping template that DJI Pilot 2 can edit, and a ring.
    #[default]
    Lead,
    /// As many leads as a battery and the reach allow, waypoint by waypoint.
    Day,
}

impl Per {
    /// Reads `lead` or `day`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "lead" => Some(Self::Lead),
            "day" => Some(Self::Day),
            _ => None,
        }
    }
}

/// What was asked of missions.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which drone (`drones.toml`).
    pub drone: String,
    /// Ground of a pixel in centimetres that is wanted at most.
    pub sample_cm: f64,
    /// Overlap along the way in percent.
    pub forward: u32,
    /// Overlap of neighbouring strips in percent.
    pub side: u32,
    /// Highest flight in metres above the take-off point.
    pub ceiling: f64,
    /// Metres around the lead that are mapped with it: its outline is that of satellite pixels.
    pub margin: u32,
    /// Photographs of the ring around the lead; none where 0.
    pub ring: u32,
    /// Height of the ring in metres above the take-off point.
    pub ring_height: f64,
    /// Speed in metres a second that is wanted at most.
    pub speed: f64,
    /// What a mission may take of a battery, in minutes; the drone's own where none.
    pub minutes: Option<f64>,
    /// What one mission is about.
    pub per: Per,
    /// Of missions of a day: metres from one lead to the next that are flown.
    pub reach: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            drone: "M3E".to_owned(),
            sample_cm: 3.0,
            forward: 80,
            side: 70,
            ceiling: CEILING_METRES,
            margin: 10,
            ring: 12,
            ring_height: 60.0,
            speed: 10.0,
            minutes: None,
            per: Per::Lead,
            reach: 1000.0,
        }
    }
}

/// The flight that follows from what was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Flight {
    /// The drone.
    pub drone: Drone,
    /// Height of strips in metres above the take-off point.
    pub height: f64,
    /// Whether the ceiling made it lower than the ground sample asked for.
    pub is_at_ceiling: bool,
    /// Height of the ring in metres above the take-off point.
    pub ring_height: f64,
    /// Metres between photographs on a strip, at most.
    pub base: f64,
    /// Metres between strips, at most.
    pub spacing: f64,
    /// Metres a second.
    pub speed: f64,
    /// Seconds between photographs on a strip.
    pub interval: f64,
    /// What a mission may take, in seconds.
    pub seconds: f64,
}

impl Settings {
    /// The flight that follows.
    ///
    /// # Errors
    /// `Flag` where a number is out of its range, with the flag.
    pub fn flight(&self) -> Result<Flight, ReportError> {
        let drone = model::named(&self.drone)?;
        within("--drone-sample", self.sample_cm, 0.2, 20.0, "cm")?;
        within("--drone-overlap", f64::from(self.forward), 30.0, 95.0, "% forward")?;
        within("--drone-overlap", f64::from(self.side), 20.0, 95.0, "% side")?;
        within("--drone-ceiling", self.ceiling, FLOOR_METRES, 500.0, "m")?;
        within("--drone-margin", f64::from(self.margin), 0.0, 200.0, "m")?;
        within("--drone-ring", f64::from(self.ring), 0.0, 72.0, "photographs")?;
        within("--drone-ring-height", self.ring_height, FLOOR_METRES, 500.0, "m")?;
        within("--drone-speed", self.speed, 1.0, 15.0, "m/s")?;
        within("--drone-reach", self.reach, 0.0, 10_000.0, "m")?;
        let minutes = self.minutes.unwrap_or(drone.minutes);
        within("--drone-minutes", minutes, 5.0, drone.rated_minutes, "minutes")?;
        // Whole metres, rounded to the finer sample.
        let wanted = drone.height_for(self.sample_cm / 100.0).floor();
        within("--drone-sample", wanted, FLOOR_METRES, f64::MAX, "m of height that it needs")?;
        let height = wanted.min(self.ceiling.floor());
        let (across, along) = drone.covers(height);
        let base = along * (1.0 - f64::from(self.forward) / 100.0);
        let spacing = across * (1.0 - f64::from(self.side) / 100.0);
        let speed = (self.speed.min(base / drone.interval_s) * 10.0).floor() / 10.0;
        // Tenths of a second, rounded to the denser photographs.
        let interval = ((base / speed * 10.0).floor() / 10.0).max(drone.interval_s);
        Ok(Flight {
            height,
            is_at_ceiling: wanted > height,
            ring_height: self.ring_height.min(self.ceiling).floor(),
            base,
            spacing,
            speed,
            interval,
            seconds: minutes * 60.0,
            drone,
        })
    }
}

fn within(flag: &str, value: f64, low: f64, high: f64, unit: &str) -> Result<(), ReportError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let range = if high == f64::MAX { format!("at least {low}") } else { format!("{low} to {high}") };
    Err(ReportError::Flag {
        flag: flag.to_owned(),
        expected: format!("{range} {unit}"),
        found: format!("{value}"),
        next: "give a number in that range".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flown_is_never_coarser_thinner_or_higher_than_asked() {
        for drone in model::all().unwrap() {
            for sample_cm in [1.0, 2.0, 3.0, 6.0] {
                let asked = Settings { drone: drone.name.clone(), sample_cm, ..Settings::default() };
                let flight = asked.flight().unwrap();
                assert!(flight.height <= CEILING_METRES && flight.height >= FLOOR_METRES);
                assert!(drone.sample(flight.height) <= sample_cm / 100.0);
                assert!(flight.speed * flight.interval <= flight.base + 1e-9, "{flight:?}");
                assert!(flight.interval >= drone.interval_s && flight.speed > 1.0, "{flight:?}");
            }
        }
        assert!(Settings { sample_cm: 6.0, ..Settings::default() }.flight().unwrap().is_at_ceiling);
    }

    #[test]
    fn a_number_out_of_its_range_is_refused_with_its_flag() {
        let refused = Settings { ceiling: 5.0, ..Settings::default() }.flight().unwrap_err().to_string();
        assert!(refused.contains("--drone-ceiling") && refused.contains("20 to 500 m"), "{refused}");
        assert!(Settings { speed: f64::NAN, ..Settings::default() }.flight().is_err());
        assert!(Settings { sample_cm: 0.3, ..Settings::default() }.flight().is_err());
    }
}
