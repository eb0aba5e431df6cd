//! `verify sample`: the list of leads to visit, drawn and chosen, as sheets that come back by `verify import`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::assess::visits::{VisitQuestion, Visits, leads_of_rows, open_leads, visits};
use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::place::{self, Placed};
use crate::cli::show;
use crate::ledger::{Ledger, Place};
use crate::publish::single;
use crate::read::attributes;

/// Arguments of `verify sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// Leads to draw at random
    #[arg(long, value_name = "N", default_value_t = 0, required_unless_present = "priority")]
    count: usize,
    /// Leads to choose besides: surer ones first, then those above their legal limit, then those seen first
    #[arg(long, value_name = "N", default_value_t = 0)]
    priority: usize,
    /// Decides the draw; the same seed and leads give the same list
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these sub-models
    #[arg(long, value_delimiter = ',', value_name = "G1,G2")]
    model: Vec<String>,
    /// Where the sheets go: NAME.csv, and NAME.geojson beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The ledger; what was drawn is written there
    #[arg(long, value_name = place::NAME, value_parser = Placed, default_value = "ledger.gpkg")]
    ledger: Place,
    /// Draw from the leads of a run instead; no ledger is read, and nothing is written down
    #[arg(long, value_name = "LEADS.geojson", conflicts_with_all = ["ledger", "by"])]
    leads: Option<PathBuf>,
    #[command(flatten)]
    by: By,
}

impl Sample {
    /// Draws, writes the sheets, writes down what was drawn.
    ///
    /// # Errors
    /// Nothing to draw from, those of the files and of the ledger.
    pub fn run(self) -> Result<Exit> {
        let question = VisitQuestion { seed: self.seed, random: self.count, priority: self.priority };
        if let Some(path) = &self.leads {
            let rows = attributes::read(path)?.rows;
            let list = visits(leads_of_rows(&rows), &self.model, question);
            self.written(&list)?;
            show::say(
                "nothing was written down: verdicts on these leads do not count as drawn; draw from a ledger for that",
            );
            return Ok(Exit::Complete);
        }
        let (mut ledger, by) = (Ledger::open(&self.ledger)?, self.by.name()?);
        // The sheets stand before the event does: what is written down can be visited.
        let list = visits(open_leads(ledger.book()), &self.model, question);
        self.written(&list)?;
        let (events, ()) = ledger.write(&by, &now(), |book| {
            let again = visits(open_leads(book), &self.model, question);
            Ok((if again == list { vec![list.draft()] } else { Vec::new() }, ()))
        })?;
        let is_known = ledger.book().keys.contains_key(&list.draft().key);
        ensure!(is_known, "{}: somebody wrote meanwhile; draw again", ledger.place());
        if events.is_empty() {
            show::say("the same list was drawn before; nothing was written down");
        }
        Ok(Exit::Complete)
    }

    fn written(&self, list: &Visits) -> Result<()> {
        ensure!(
            !list.visits.is_empty(),
            "expected open leads that nobody has been to, found none; `steppewatch leads list` shows them"
        );
        let ending = self.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        ensure!(
            ["", "csv", "geojson"].contains(&ending),
            "{}: expected a name that ends in .csv or .geojson (both are written), found .{ending}",
            self.out.display()
        );
        let sheets = [("csv", list.to_csv()), ("geojson", list.to_geojson())]
            .map(|(ending, text)| (self.out.with_extension(ending), text));
        for (path, text) in &sheets {
            let is_other = std::fs::read(path).is_ok_and(|found| found != text.as_bytes());
            ensure!(
                !is_other,
                "{}: another sheet lies there, perhaps one that was filled in; give another --out",
                path.display()
            );
        }
        for (path, text) in &sheets {
            single::write(path, text.as_bytes())?;
        }
        show::say(&list.in_words());
        Ok(())
    }
}
