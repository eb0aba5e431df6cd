//! `assess`: leads against what is known to have changed, or against a random sample that people verified.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::assess::{DesignQuestion, Filter, PixelGrid, Question, Stratum, assess_files, audit, design};
use crate::cli::exit::Exit;
use crate::cli::show;
use crate::units::SquareMetres;

/// Arguments of `assess`.
#[derive(Debug, Args)]
pub struct Assess {
    /// Leads as GeoJSON, or an output folder that holds leads.geojson
    #[arg(required_unless_present_any = ["design", "audit"])]
    leads: Option<PathBuf>,
    /// What is known to have changed, as GeoJSON
    #[arg(required_unless_present_any = ["design", "audit"])]
    truth: Option<PathBuf>,
    /// Draw a random sample for verification of this output folder, also where no lead is; wants --redline and --out
    #[arg(long, value_name = "DIR", conflicts_with_all = ["leads", "audit"], requires_all = ["redline", "out"])]
    design: Option<PathBuf>,
    /// Estimate accuracy and area of change from such a sample with its verdicts filled in
    #[arg(long, value_name = "FILE", conflicts_with = "leads")]
    audit: Option<PathBuf>,
    /// Decides the sample; the same seed and scan draw the same places
    #[arg(long, default_value_t = 1, requires = "design")]
    seed: u64,
    /// Sizes of the sample that differ from the usual, STRATUM=N; strata are lead_high, lead_mid, lead_low,
    /// aside_unsure, aside_rule and ground
    #[arg(long, value_name = "STRATUM=N", value_delimiter = ',', requires = "design")]
    sizes: Vec<String>,
    /// Where the sample goes: NAME.geojson, and NAME.csv beside it
    #[arg(long, value_name = "FILE", requires = "design")]
    out: Option<PathBuf>,
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
        if let Some(folder) = &self.design {
            return self.draw(folder);
        }
        if let Some(sample) = &self.audit {
            let result = audit(sample)?;
            show::data(&if self.json { serde_json::to_string_pretty(&result)? } else { result.to_string() });
            return Ok(Exit::Complete);
        }
        let (Some(leads), Some(truth)) = (&self.leads, &self.truth) else { bail!("give LEADS and TRUTH") };
        let leads = if leads.is_dir() { leads.join("leads.geojson") } else { leads.clone() };
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
        let result = assess_files(&leads, truth, self.redline.as_deref(), &question)?;
        show::data(&if self.json { serde_json::to_string_pretty(&result)? } else { result.to_string() });
        Ok(Exit::Complete)
    }
    fn draw(&self, folder: &Path) -> Result<Exit> {
        let (Some(redline), Some(out)) = (&self.redline, &self.out) else {
            bail!("give --redline and --out")
        };
        let size = |text: &String| -> Result<(Stratum, usize)> {
            let (name, size) =
                text.split_once('=').with_context(|| format!("--sizes '{text}' is not STRATUM=N"))?;
            let known = || Stratum::ALL.map(Stratum::name).join(", ");
            let stratum = Stratum::parse(name)
                .with_context(|| format!("stratum '{name}' is not one of {}", known()))?;
            let size =
                size.parse().with_context(|| format!("--sizes '{text}': '{size}' is not a whole number"))?;
            Ok((stratum, size))
        };
        let sizes = self.sizes.iter().map(size).collect::<Result<_>>()?;
        let (out_folder, redline) = (folder.to_owned(), redline.clone());
        let sample = design(&DesignQuestion { out: out_folder, redline, seed: self.seed, sizes })?;
        let write = |path: &Path, text: String| {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}; check the folder", path.display()))
        };
        write(out, sample.to_geojson())?;
        write(&out.with_extension("csv"), sample.to_csv())?;
        show::say(&sample.in_words());
        Ok(Exit::Complete)
    }
}
