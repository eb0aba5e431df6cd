//! `trace`: what every step made of one place.

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::scan::Asked;
use crate::cli::show;
use crate::run::{inputs, trace};

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    #[command(flatten)]
    asked: Asked,
    /// The place, longitude first
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    at: String,
}

impl Trace {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let (longitude, latitude) =
            self.at.split_once(',').context("--at wants LON,LAT, for example 108.5,41.6")?;
        let number = |text: &str| text.trim().parse::<f64>();
        let (longitude, latitude) = (number(longitude), number(latitude));
        let (longitude, latitude) =
            longitude.and_then(|x| latitude.map(|y| (x, y))).context("--at wants two numbers, LON,LAT")?;
        let plan = self.asked.plan(Some("trace writes nothing".as_ref()))?;
        let inputs = inputs::gather(&plan)?;
        show::data(trace::trace(&plan, &inputs, longitude, latitude)?.trim_end());
        Ok(Exit::Complete)
    }
}
