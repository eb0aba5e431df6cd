//! Flags of `report --for drone`.

use anyhow::Result;
use clap::Args;

use crate::cli::report::flag;
use crate::report::drone::{Per, Settings};

/// How missions are flown.
#[derive(Debug, Args)]
#[command(next_help_heading = "For drone")]
pub(super) struct Drone {
    /// Which drone: M3E, M3T, M30, M30T, M300-H20, M300-H20T, M350-H20, M350-H20T
    #[arg(long, value_name = "NAME", default_value = "M3E")]
    drone: String,
    /// Ground of a pixel that is wanted at most, in centimetres; the height follows from it
    #[arg(long, value_name = "CM", default_value = "3")]
    drone_sample: f64,
    /// Overlap in percent, along the way and of neighbouring strips
    #[arg(long, value_name = "FORWARD,SIDE", default_value = "80,70")]
    drone_overlap: String,
    /// Highest flight in metres above the take-off point; above 120 m over ground Chinese airspace is controlled
    #[arg(long, value_name = "M", default_value = "120")]
    drone_ceiling: f64,
    /// Metres around a lead that are mapped with it
    #[arg(long, value_name = "M", default_value = "10")]
    drone_margin: u32,
    /// Oblique photographs from a ring around each lead; 0 for none
    #[arg(long, value_name = "N", default_value = "12")]
    drone_ring: u32,
    /// Height of the ring in metres above the take-off point
    #[arg(long, value_name = "M", default_value = "60")]
    drone_ring_height: f64,
    /// Speed that is wanted at most, in metres a second
    #[arg(long, value_name = "M/S", default_value = "10")]
    drone_speed: f64,
    /// What a mission may take of a battery, in minutes [default: the drone's own]
    #[arg(long, value_name = "MIN")]
    drone_minutes: Option<f64>,
    /// What one mission is about: a lead (strips that DJI Pilot 2 can edit, and a ring) or a day (neighbouring leads,
    /// waypoint by waypoint)
    #[arg(long, value_name = "lead|day", default_value = "lead")]
    drone_per: String,
    /// Of missions of a day: metres from one lead to the next that are flown
    #[arg(long, value_name = "M", default_value = "1000")]
    drone_reach: f64,
}

impl Drone {
    /// What was asked.
    pub(super) fn settings(&self) -> Result<Settings> {
        let Some(per) = Per::parse(&self.drone_per) else {
            return Err(flag("--drone-per", "lead or day", &self.drone_per));
        };
        let overlap = self
            .drone_overlap
            .split_once(',')
            .and_then(|(forward, side)| Some((forward.trim().parse().ok()?, side.trim().parse().ok()?)));
        let Some((forward, side)) = overlap else {
            return Err(flag(
                "--drone-overlap",
                "two whole numbers of percent, for example 80,70",
                &self.drone_overlap,
            ));
        };
        Ok(Settings {
            drone: self.drone.clone(),
            sample_cm: self.drone_sample,
            forward,
            side,
            ceiling: self.drone_ceiling,
            margin: self.drone_margin,
            ring: self.drone_ring,
            ring_height: self.drone_ring_height,
            speed: self.drone_speed,
            minutes: self.drone_minutes,
            per,
            reach: self.drone_reach,
        })
    }
}
