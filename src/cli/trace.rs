//! `trace`: what every step made of one place; with `--history` its imagery trail.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::look_again::{of_file, of_ledger};
use crate::cli::place::{self, Placed};
use crate::cli::scan::Asked;
use crate::cli::show;
use crate::date::{Date, Period};
use crate::ledger::Place;
use crate::plan::Plan;
use crate::publish::single;
use crate::run::trace::history;
use crate::run::{inputs, look_again, trace};
use crate::weigh::restored::Rectified;

/// First day of a look-back that no flag bounds: before any satellite.
const FIRST_DAY: Date = Date::constant(1960, 1, 1);

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    #[command(flatten)]
    asked: Asked,
    /// The place, longitude first
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true, value_parser = place, required_unless_present = "lead")]
    at: Option<(f64, f64)>,
    /// The imagery trail of the place: since when it is changed, every view since, and whether it is back
    #[arg(long)]
    history: bool,
    /// The ground of this lead of --ledger or --leads instead of one pixel
    #[arg(long, value_name = "ID", requires = "history", conflicts_with = "at")]
    lead: Option<String>,
    /// The ledger that knows the lead
    #[arg(long, value_name = place::NAME, value_parser = Placed, requires = "lead")]
    ledger: Option<Place>,
    /// The leads.geojson, or the folder that holds it, that knows the lead
    #[arg(long, value_name = "FILE", requires = "lead", conflicts_with = "ledger")]
    leads: Option<PathBuf>,
    /// Pictures of every clear view on one sheet, PNG
    #[arg(long, value_name = "FILE.png", requires = "history")]
    sheet: Option<PathBuf>,
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
        let plan = self.asked.plan(Some("trace writes nothing".as_ref()))?;
        if self.history {
            return self.trail(plan);
        }
        let (longitude, latitude) = self.at.context("expected a place, found none; give --at LON,LAT")?;
        let inputs = inputs::gather(&plan)?;
        show::data(trace::trace(&plan, &inputs, longitude, latitude)?.trim_end());
        Ok(Exit::Complete)
    }

    /// The imagery trail.
    fn trail(self, plan: Plan) -> Result<Exit> {
        let lead = self.lead.as_deref().map(|id| self.known(id)).transpose()?;
        // The look-back of a lead ends before its change, and its trail begins there.
        let before = lead.as_ref().and_then(|lead| lead.look_back(Period { from: FIRST_DAY, to: Date::MAX }));
        let baseline =
            plan.baseline.or(before.filter(|before| before.to < Date::MAX && plan.target.is_none()));
        let plan = Plan { baseline, ..plan };
        let inputs = look_again::gather(&plan)?;
        let lead = match (lead, self.at) {
            (Some(lead), _) => lead,
            (None, Some((longitude, latitude))) => history::pixel(&inputs, longitude, latitude)?,
            (None, None) => bail!("expected a place, found none; give --at LON,LAT or --lead ID"),
        };
        let trail = history::trail(&plan, &inputs, &lead, self.sheet.is_some())?;
        show::data(trail.text.trim_end());
        if let Some(path) = &self.sheet {
            let sheet = trail
                .sheet
                .with_context(|| format!("{}: no clear view of the place can be drawn", path.display()))?;
            single::write(path, &sheet)?;
            show::say(&format!("pictures are in {}", path.display()));
        }
        Ok(Exit::Complete)
    }

    /// A lead that a file or a ledger knows.
    fn known(&self, id: &str) -> Result<Rectified> {
        let (place, leads): (String, Vec<Rectified>) = match (&self.leads, &self.ledger) {
            (Some(path), _) => (path.display().to_string(), of_file(path)?),
            (None, Some(place)) => (place.to_string(), of_ledger(place)?),
            (None, None) => {
                bail!("--lead {id}: expected a file that knows it, found none; give --ledger or --leads")
            }
        };
        let lead = leads.into_iter().find(|lead| lead.id == id);
        lead.with_context(|| format!("{place}: expected a lead {id}, found none of that id"))
    }
}
