//! What was asked of a day plan.
//!
//! Law: every assumption has a flag, and the sheet says which ones were taken.

use std::path::PathBuf;

use crate::report::ReportError;

/// Way on roads over the straight way where no roads are given. Cautious for tracks in a steppe: the ratio is 1.3 for roads
/// (S. Wang et al., How much longer do you have to drive than the crow has to fly?, 2024, arXiv:2406.06490).
pub const DETOUR: f64 = 1.4;

/// What was asked of a day plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where every team sets out and comes back to, longitude and latitude in WGS 84; the middle of the leads where none.
    pub start: Option<(f64, f64)>,
    /// Minutes on the ground at each lead.
    pub minutes_per_stop: f64,
    /// Teams, each with a car.
    pub teams: usize,
    /// Hours from setting out to being back.
    pub hours: f64,
    /// Days that are planned.
    pub days: usize,
    /// Kilometres an hour where no roads are given.
    pub speed: f64,
    /// Way on roads over the straight way where no roads are given.
    pub detour: f64,
    /// An extract of OpenStreetMap (`.osm.pbf`).
    pub roads: Option<PathBuf>,
    /// When teams set out, minutes after midnight.
    pub leave_at: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            start: None,
            minutes_per_stop: 30.0,
            teams: 1,
            hours: 8.0,
            days: 1,
            speed: 40.0,
            detour: DETOUR,
            roads: None,
            leave_at: 8 * 60 + 30,
        }
    }
}

impl Settings {
    /// Whether the numbers can be planned with.
    ///
    /// # Errors
    /// `Flag` with the flag that is out of its range.
    pub fn checked(&self) -> Result<(), ReportError> {
        let start = self.start.unwrap_or_default();
        let ranges = [
            ("--start", start.0, -180.0, 180.0, "degrees of longitude (WGS 84, LON,LAT)"),
            ("--start", start.1, -90.0, 90.0, "degrees of latitude (WGS 84, LON,LAT)"),
            ("--minutes-per-stop", self.minutes_per_stop, 1.0, 600.0, "minutes"),
            ("--teams", self.teams as f64, 1.0, 50.0, "teams"),
            ("--hours", self.hours, 0.5, 24.0, "hours"),
            ("--days", self.days as f64, 1.0, 60.0, "days"),
            ("--speed", self.speed, 3.0, 120.0, "km/h"),
            ("--detour", self.detour, 1.0, 5.0, "times the straight way"),
        ];
        for (flag, value, low, high, unit) in ranges {
            if !(low..=high).contains(&value) {
                return Err(ReportError::Flag {
                    flag: flag.to_owned(),
                    expected: format!("{low} to {high} {unit}"),
                    found: format!("{value}"),
                    next: "give a number in that range".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latitude_before_longitude_is_told_where_it_can_be() {
        let swapped = Settings { start: Some((41.57, 108.5)), ..Settings::default() };
        let refused = swapped.checked().unwrap_err().to_string();
        assert!(refused.contains("--start") && refused.contains("LON,LAT"), "{refused}");
        assert!(Settings { hours: f64::NAN, ..Settings::default() }.checked().is_err());
        assert!(Settings::default().checked().is_ok());
    }
}
