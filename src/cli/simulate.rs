//! `simulate`: a seeded steppe with known parcels, drought and cloud.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::simulate::{self, Stress, World, world::Rain};

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Decides every draw; the same seed makes the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Area in square kilometres
    #[arg(long, default_value_t = 400.0)]
    km2: f64,
    /// Rain of the years: mixed, wet, dry or normal
    #[arg(long, default_value = "mixed")]
    rain: String,
    /// What makes the world hard: drought, wet, cloud70, shift, sensor, season-missing, short-history, stratum30, haze or snow
    #[arg(long, value_name = "NAME")]
    stress: Option<String>,
    /// A small crowded world for demonstrations
    #[arg(long)]
    small: bool,
    /// Put the converted ground right in the autumn of its year, one way or another, and go on for three years: for look-again
    #[arg(long)]
    mended: bool,
    /// Output folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Simulate {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let rain = Rain::parse(&self.rain).context("--rain is mixed, wet, dry or normal")?;
        let mut world = if self.small { World::small(self.seed) } else { World::new(self.seed) };
        if !self.small {
            (world.rows, world.cols) = (World::side_of(self.km2), World::side_of(self.km2));
        }
        let world = if self.mended { world.mended() } else { world };
        let stress = self.stress.as_deref().map(|name| Stress::parse(name).with_context(Stress::expected));
        let world = world.with_rain(rain).under(stress.transpose()?);
        let summary = simulate::write(&world, &self.out)?;
        show::say(&format!("{summary}\nwrote {}", self.out.display()));
        Ok(Exit::Complete)
    }
}
