//! `verify`: what was found on the ground comes back into the ledger.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Zoned;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::place::{self, Placed};
use crate::cli::show;
use crate::ledger::returned::Returned;
use crate::ledger::{Ledger, Place};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Take in verdicts from CSV, GeoJSON or a GeoPackage that came back; ends with 3 when a row was refused
    Import {
        /// Files of field tools; a record that is there already is not written twice
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The ledger
        #[arg(long, value_name = place::NAME, value_parser = Placed, default_value = "ledger.gpkg")]
        ledger: Place,
        #[command(flatten)]
        by: By,
        /// What was taken in as JSON to stdout, one line a file
        #[arg(long)]
        json: bool,
    },
}

impl Verify {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let Verb::Import { files, ledger, by, json } = self.verb;
        let (mut ledger, by) = (Ledger::open(&ledger)?, by.name()?);
        // All files are read before the first is written: a wrong name leaves nothing half done.
        let returned = files.iter().map(|file| Returned::read(file)).collect::<Result<Vec<_>, _>>()?;
        let (mut exit, today) = (Exit::Complete, Zoned::now().date());
        for (file, returned) in files.iter().zip(&returned) {
            let (events, taken) = ledger.write(&by, &now(), |book| {
                let mut taken = returned.verdicts(book, today);
                Ok((std::mem::take(&mut taken.drafts), taken))
            })?;
            let name = file.display();
            for (row, reason) in &taken.refused {
                show::say(&format!("{name}, row {row}: refused: {reason}"));
                exit = Exit::Gaps;
            }
            let (known, open, refused) = (taken.known, taken.open, taken.refused.len());
            show::say(&format!(
                "{name}: {} verdicts taken in, {known} known before, {refused} refused, {open} rows without a verdict",
                events.len()
            ));
            if json {
                let refused: Vec<_> =
                    taken.refused.iter().map(|(row, why)| json!({"row": row, "reason": why})).collect();
                let file = file.file_name().unwrap_or_default().to_string_lossy();
                show::data(
                    &json!({"file": file, "taken": events.len(), "known": known, "open": open, "refused": refused})
                        .to_string(),
                );
            }
        }
        Ok(exit)
    }
}
