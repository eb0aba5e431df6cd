//! `leads package` and `leads deadlines`: what goes to an agency, and until when it answers.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use serde_json::json;

use crate::cli::complete::leads;
use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::show;
use crate::ledger::deadline::{self, rules};
use crate::ledger::event::{Draft, Kind};
use crate::ledger::package::pack;
use crate::ledger::{Book, Ledger};
use crate::plain;

/// Arguments of `leads package`.
#[derive(Debug, Args)]
pub struct Package {
    /// The leads; all that are with the agency unless given
    #[arg(add = ArgValueCompleter::new(leads))]
    id: Vec<String>,
    /// The agency, as `leads transfer` named it
    #[arg(long, value_name = "NAME")]
    agency: String,
    /// Folders of the runs that found the leads: their pictures come from there
    #[arg(long, value_name = "OUT")]
    run: Vec<PathBuf>,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    by: By,
}

impl Package {
    /// Makes the folder, and says so in the record of every lead in it.
    pub fn run(self, ledger: &mut Ledger) -> Result<Exit> {
        let (by, events) = (self.by.name()?, ledger.events()?);
        let packed = pack((ledger.book(), &events), (&self.agency, &self.id), &self.run, &self.out)?;
        let drafts = packed.drafts(&self.agency);
        let written = ledger.write(&by, &now(), |_: &Book| Ok((drafts, ())));
        written
            .with_context(|| format!("{} stands, but the ledger does not say so", packed.folder.display()))?;
        for (lead, reason) in &packed.without_pictures {
            show::say(&format!("{lead}: no pictures: {reason}"));
        }
        show::say(&format!(
            "{}: {} leads for {}; open index.html; manifest {}",
            packed.folder.display(),
            packed.leads.len(),
            self.agency,
            packed.sha256
        ));
        Ok(Exit::Complete)
    }
}

/// Arguments of `leads deadlines`.
#[derive(Debug, Args)]
pub struct Deadlines {
    /// Write other rules into the ledger: they hold for the steps after it
    #[arg(long, value_name = "FILE.toml")]
    set: Option<PathBuf>,
    #[command(flatten)]
    by: By,
    /// The rules as they are written, to be changed and set
    #[arg(long, conflicts_with = "set")]
    toml: bool,
}

impl Deadlines {
    /// Whether nothing is to be written.
    pub fn only_reads(&self) -> bool {
        self.set.is_none()
    }

    /// Prints the rules that hold, or sets others.
    pub fn run(self, ledger: &mut Ledger) -> Result<Exit> {
        if let Some(path) = &self.set {
            let text = plain::text(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            rules(&text)?;
            let draft =
                Draft { lead: None, body: json!({"rules": text}), ..Draft::of(Kind::DeadlinesSet, "") };
            ledger.write(&self.by.name()?, &now(), |_: &Book| Ok((vec![draft], ())))?;
        }
        if self.toml {
            show::data(ledger.book().deadlines.as_deref().unwrap_or(deadline::SHIPPED).trim_end());
            return Ok(Exit::Complete);
        }
        for rule in ledger.book().deadlines()? {
            let ends: Vec<&str> = rule.ends.iter().map(|kind| kind.code()).collect();
            show::data(&format!(
                "{:<14} {:#} after {} until {}: {} {} [{}]",
                rule.id,
                rule.length,
                rule.begins.code(),
                ends.join(" or "),
                rule.text_zh,
                rule.text,
                rule.source
            ));
        }
        Ok(Exit::Complete)
    }
}
