//! `report`: leads for QGIS, a phone, a drone, paper, a browser.

mod day;
mod drone;

use std::path::PathBuf;

use anyhow::{Error, Result};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::place::{self, Placed};
use crate::cli::scan::Asked as Planned;
use crate::cli::show::{self, Bar};
use crate::ledger::Place;
use crate::publish::staging::MANIFEST;
use crate::report::{Asked, Language, ReportError, Use};
use crate::run::RunError;
use crate::run::report::{self, Sources};

use day::Day;
use drone::Drone;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The folder that a scan wrote, or a ledger
    #[arg(value_name = "RUN|LEDGER", value_parser = Placed)]
    source: Place,
    /// What for: qgis, qfield, odk, phone, drone, day, dossier, map, stac
    #[arg(long = "for", value_name = "USE", value_delimiter = ',', required = true)]
    uses: Vec<String>,
    /// Whose words: zh, en or both
    #[arg(long = "lang", value_name = "LANG", default_value = "both")]
    language: String,
    /// Only these leads
    #[arg(long, value_name = "ID", num_args = 1..)]
    lead: Vec<String>,
    /// Show what people found and did, from this ledger
    #[arg(long, value_name = place::NAME, value_parser = Placed)]
    ledger: Option<Place>,
    /// For whoever is not of the office: person-1, person-2 for names, and no remarks
    #[arg(long)]
    public: bool,
    /// Of a ledger: folders of the runs that found the leads, for their pictures
    #[arg(long, value_name = "OUT")]
    run: Vec<PathBuf>,
    /// Plan with scenes and layers; without it those that the run names
    #[arg(long, value_name = "PLAN.toml")]
    plan: Option<PathBuf>,
    /// Font of the dossier, with Chinese letters (TTF, OTF, TTC); without it one that this machine has
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    drone: Drone,
    #[command(flatten)]
    day: Day,
}

impl Report {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let uses = self.uses()?;
        let Some(language) = Language::parse(&self.language) else {
            return Err(flag("--lang", "zh, en or both", &self.language));
        };
        let bar = Bar::new();
        let (font, drone, day) = (self.font.clone(), self.drone.settings()?, self.day.settings()?);
        let asked = Asked { language, font, drone, day };
        let done = report::report(&self.sources()?, &uses, &asked, &self.out, &bar)?;
        bar.finish();
        for line in &done.words {
            show::say(line);
        }
        let names: Vec<&str> = uses.iter().map(|one| one.name()).collect();
        show::say(&format!("{}: {} leads for {}", done.out.display(), done.leads, names.join(", ")));
        Ok(if done.is_lacking { Exit::Gaps } else { Exit::Complete })
    }

    /// What it is for, each once, in the order in which they are written.
    fn uses(&self) -> Result<Vec<Use>> {
        let mut uses = Vec::new();
        for text in &self.uses {
            let Some(one) = Use::parse(text) else {
                let known: Vec<&str> = Use::ALL.iter().map(|one| one.name()).collect();
                return Err(flag("--for", &format!("one or more of {}", known.join(",")), text));
            };
            uses.push(one);
        }
        uses.sort_unstable();
        uses.dedup();
        Ok(uses)
    }

    fn sources(&self) -> Result<Sources> {
        let plan = self.plan.clone().map(|plan| Planned { plan: Some(plan), ..Planned::default() });
        let plan = plan.map(|asked| asked.plan(Some(&self.out))).transpose()?;
        let (run, ledger) = match &self.source {
            Place::File(path) if path.is_dir() && !self.run.is_empty() => {
                return Err(flag(
                    "--run",
                    "a ledger before it, whose pictures it gives",
                    &path.display().to_string(),
                ));
            }
            Place::File(path) if path.is_dir() => (Some(path.clone()), self.ledger.clone()),
            Place::File(path) if !path.exists() => {
                let found = format!("nothing at {}", path.display());
                return Err(flag("RUN|LEDGER", "the folder that a scan wrote, or a ledger", &found));
            }
            Place::File(path) if path.file_name().is_some_and(|name| name == MANIFEST) => {
                (path.parent().map(PathBuf::from), self.ledger.clone())
            }
            place if self.ledger.is_none() => (None, Some(place.clone())),
            _ => return Err(flag("--ledger", "the folder of a run before it", "a ledger")),
        };
        Ok(Sources {
            run,
            ledger,
            pictures: self.run.clone(),
            plan,
            only: self.lead.clone(),
            is_public: self.public,
        })
    }
}

/// A flag that cannot be used.
fn flag(flag: &str, expected: &str, found: &str) -> Error {
    let next = "`steppewatch report --help` tells what each flag takes";
    let (flag, expected, found, next) =
        (flag.to_owned(), expected.to_owned(), found.to_owned(), next.to_owned());
    RunError::from(ReportError::Flag { flag, expected, found, next }).into()
}
