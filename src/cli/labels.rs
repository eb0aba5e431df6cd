//! `leads labels` and `leads refit`: what visits found, as labels for the next run, and what they do to confidence.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::assess::labelled;
use crate::assess::refit::refit;
use crate::cli::exit::Exit;
use crate::cli::show;
use crate::ledger::Ledger;
use crate::publish::single;
use crate::read::attributes;
use crate::weigh::calibration::Rules;
use crate::weigh::confidence::Model;
use crate::weigh::labels;

/// Arguments of `leads labels`.
#[derive(Debug, Args)]
pub struct Labels {
    /// The file to write
    #[arg(long, value_name = "FILE.csv")]
    out: PathBuf,
}

/// Arguments of `leads refit`.
#[derive(Debug, Args)]
pub struct Refit {
    /// As JSON to stdout
    #[arg(long)]
    json: bool,
}

impl Labels {
    /// Writes the labels.
    ///
    /// # Errors
    /// Those of the ledger and of the file.
    pub fn run(&self, ledger: &mut Ledger) -> Result<Exit> {
        let events = ledger.events()?;
        let rows = labelled::rows(ledger.book(), &events)?;
        let text = labelled::to_csv(ledger.book(), &events)?;
        single::write(&self.out, text.as_bytes())?;
        let drawn = rows.iter().filter(|row| row["drawn"] == "random").count();
        show::say(&format!(
            "{} leads with a verdict, {drawn} of them drawn at random: these calibrate `scan --verified {}`; true is a change that \
             the visit found, allowed or not",
            rows.len(),
            self.out.display()
        ));
        Ok(Exit::Complete)
    }
}

impl Refit {
    /// Prints how confidence agrees with what was found.
    ///
    /// # Errors
    /// Too few labels, and those of the ledger.
    pub fn run(&self, ledger: &mut Ledger) -> Result<Exit> {
        let events = ledger.events()?;
        let text = labelled::to_csv(ledger.book(), &events)?;
        let place = ledger.place();
        if text.is_empty() {
            bail!(
                "{place}: expected leads with a verdict, found none; draw some with `steppewatch verify sample`"
            );
        }
        let (model, rules) =
            (Model::shipped().map_err(anyhow::Error::msg)?, Rules::shipped().map_err(anyhow::Error::msg)?);
        let found = labels::labels(&[attributes::parse(Path::new(&place), &text)?], &model)?;
        match refit(found, &model, rules) {
            Ok(found) => {
                show::data(&if self.json { serde_json::to_string(&found)? } else { found.to_string() });
                found.notes.iter().for_each(|note| show::say(note));
                Ok(Exit::Complete)
            }
            Err(why) => {
                bail!("{place}: {why}\ndraw more leads with `steppewatch verify sample` and visit them")
            }
        }
    }
}
