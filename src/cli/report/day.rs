//! Flags of `report --for day`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::report::flag;
use crate::report::day::Settings;

/// How a day in the field is planned.
#[derive(Debug, Args)]
#[command(next_help_heading = "For day")]
pub(super) struct Day {
    /// Where teams set out and come back to, WGS 84 [default: the middle of the leads]
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    start: Option<String>,
    /// When teams set out
    #[arg(long = "leave-at", value_name = "HH:MM", default_value = "08:30")]
    leave_at: String,
    /// Hours from setting out to being back
    #[arg(long, value_name = "H", default_value = "8")]
    hours: f64,
    /// Teams, each with a car
    #[arg(long, value_name = "N", default_value = "1")]
    teams: usize,
    /// Days that are planned; what does not fit is listed as left over
    #[arg(long, value_name = "N", default_value = "1")]
    days: usize,
    /// Minutes on the ground at each lead
    #[arg(long = "minutes-per-stop", value_name = "MIN", default_value = "30")]
    minutes_per_stop: f64,
    /// Roads: an extract of OpenStreetMap; without it the straight way counts times --detour at --speed
    #[arg(long, value_name = "FILE.osm.pbf")]
    roads: Option<PathBuf>,
    /// Kilometres an hour where no roads are given
    #[arg(long, value_name = "KM/H", default_value = "40")]
    speed: f64,
    /// Way on roads over the straight way where no roads are given
    #[arg(long, value_name = "TIMES", default_value = "1.4")]
    detour: f64,
}

impl Day {
    /// What was asked.
    pub(super) fn settings(&self) -> Result<Settings> {
        let start = self.start.as_deref().map(place).transpose()?;
        let Some(leave_at) = minutes(&self.leave_at) else {
            return Err(flag("--leave-at", "a time of day, for example 08:30", &self.leave_at));
        };
        Ok(Settings {
            start,
            minutes_per_stop: self.minutes_per_stop,
            teams: self.teams,
            hours: self.hours,
            days: self.days,
            speed: self.speed,
            detour: self.detour,
            roads: self.roads.clone(),
            leave_at,
        })
    }
}

fn place(text: &str) -> Result<(f64, f64)> {
    let degrees = text.split_once(',').and_then(|(longitude, latitude)| {
        Some((longitude.trim().parse().ok()?, latitude.trim().parse().ok()?))
    });
    match degrees {
        Some(degrees) => Ok(degrees),
        None => Err(flag("--start", "longitude and latitude in degrees, for example 108.52,41.57", text)),
    }
}

/// Minutes after midnight.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
