//! `assess`: leads against what is known to have changed.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::assess::{Filter, PixelGrid, Question, assess_files};
use crate::cli::exit::Exit;
use crate::cli::show;
use crate::units::SquareMetres;

/// Arguments of `assess`.
#[derive(Debug, Args)]
pub struct Assess {
    /// Leads as GeoJSON, or an output folder that holds leads.geojson
    leads: PathBuf,
    /// What is known to have changed, as GeoJSON
    truth: PathBuf,
    /// Changes smaller than this are ignored ground, square metres
    #[arg(long, value_name = "M2")]
    min_area: Option<f64>,
    /// Only changes with this property count, KEY=VALUE[,VALUE]
    #[arg(long = "where", value_name = "KEY=VALUES")]
    truth_filter: Option<String>,
    /// Only leads with this property count, KEY=VALUE[,VALUE]
    #[arg(long, value_name = "KEY=VALUES")]
    leads_where: Option<String>,
    /// Red lines, for the observed area behind false leads per 100 km2 and year
    #[arg(long, value_name = "FILE")]
    redline: Option<PathBuf>,
    /// Years that the leads span
    #[arg(long)]
    years: Option<f64>,
    /// Compare pixels of this side in metres as well
    #[arg(long, value_name = "M")]
    pixels: Option<f64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Assess {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let leads = if self.leads.is_dir() { self.leads.join("leads.geojson") } else { self.leads.clone() };
        if let Some(side) = self.pixels {
            ensure!(side > 0.0, "--pixels wants a side in metres above 0, found {side}");
        }
        let filter = |text: &Option<String>| text.as_deref().map(Filter::parse).transpose();
        let question = Question {
            min_area: self.min_area.map(SquareMetres),
            truth_filter: filter(&self.truth_filter)?,
            lead_filter: filter(&self.leads_where)?,
            years: self.years,
            pixels: self.pixels.map(PixelGrid::Metres),
        };
        let result = assess_files(&leads, &self.truth, self.redline.as_deref(), &question)?;
        show::data(&if self.json { serde_json::to_string_pretty(&result)? } else { result.to_string() });
        Ok(Exit::Complete)
    }
}
