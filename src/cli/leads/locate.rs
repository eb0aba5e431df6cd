//! `leads locate`: the county that each lead lies in.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::show;
use crate::ledger::located::located;
use crate::ledger::{Book, Case, Ledger};
use crate::redline::county;

/// Where leads lie.
#[derive(Debug, Args)]
pub struct Locate {
    /// Polygons of counties with their names
    #[arg(long, value_name = "FILE")]
    counties: PathBuf,
    #[command(flatten)]
    by: By,
}

impl Locate {
    /// Writes what is new.
    pub fn run(self, ledger: &mut Ledger) -> Result<Exit> {
        let (layer, counties) = county::read(&self.counties)?;
        let decide = |book: &Book| Ok((located(book, &layer, &counties), ()));
        let (events, ()) = ledger.write(&self.by.name()?, &now(), decide)?;
        let (outside, all) = (|case: &&Case| case.county.is_none(), &ledger.book().cases);
        let outside = all.values().filter(outside).count();
        show::say(&format!(
            "{}: {} counties; {} leads placed anew, {outside} of {} lie in none",
            layer.file,
            counties.len(),
            events.len(),
            all.len()
        ));
        Ok(Exit::Complete)
    }
}
