//! `trace`: what every step made of one place.

use anyhow::Result;
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
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true, value_parser = place)]
    at: (f64, f64),
}

/// Reads a place: two numbers of degrees, longitude first.
fn place(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let numbers = text.split_once(',').and_then(|(x, y)| number(x).zip(number(y)));
    numbers.ok_or_else(|| "expected two numbers of degrees, longitude first: 108.5,41.6".to_owned())
}

impl Trace {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let (longitude, latitude) = self.at;
        let plan = self.asked.plan(Some("trace writes nothing".as_ref()))?;
        let inputs = inputs::gather(&plan)?;
        show::data(trace::trace(&plan, &inputs, longitude, latitude)?.trim_end());
        Ok(Exit::Complete)
    }
}
