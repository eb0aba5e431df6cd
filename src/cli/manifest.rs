//! `manifest`: whether a result is what it was, made once more, signed, listed, as W3C PROV.

mod list;
mod reproduce;
mod verify;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::ledger::seal;
use crate::provenance::{Manifest as Read, compare, prov};
use crate::publish::single;

use list::List;
use reproduce::Reproduce;
use verify::Verify;

/// Arguments of `manifest`.
#[derive(Debug, Args)]
pub struct Manifest {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every output, and every input that is at hand, against the manifest; ends with 1 when something was changed, with 3 when
    /// inputs are absent
    Verify(Verify),
    /// Run it again from what the manifest says and compare every file byte for byte; ends with 1 when something differs
    Reproduce(Reproduce),
    /// Sign the manifest with a key of `ledger key`, with a request for a time stamp; keep both where nobody who writes can reach
    Sign(Sign),
    /// The list of electronic data (电子数据清单) of a run, for the file and for signatures on paper
    List(List),
    /// The run as W3C PROV (PROV-JSON)
    Prov(Prov),
}

/// Arguments of `manifest sign`.
#[derive(Debug, Args)]
struct Sign {
    /// The folder that was written
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The key; `steppewatch ledger key` makes one
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// Beginning of the files to make: FILE.sig, FILE.tsq; beside the folder unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also a request for a time stamp on the SM3 digest: FILE.sm3.tsq
    #[arg(long)]
    sm3: bool,
}

/// Arguments of `manifest prov`.
#[derive(Debug, Args)]
struct Prov {
    /// The folder that a scan wrote
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Who answers for the run
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// The file to make; standard output unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Manifest {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Verify(verb) => verb.run(),
            Verb::Reproduce(verb) => verb.run(),
            Verb::Sign(verb) => verb.run(),
            Verb::List(verb) => verb.run(),
            Verb::Prov(verb) => verb.run(),
        }
    }
}

impl Sign {
    fn run(self) -> Result<Exit> {
        let manifest = Read::read(&self.run)?;
        // A signature says that the folder was whole.
        if let Some(fault) = compare::changed_since(&manifest).first() {
            let (name, verdict) = (show::plain(&fault.name), fault.verdict.name());
            bail!(
                "{}: not signed: {name} is {verdict}: {}; run `steppewatch manifest verify`",
                self.run.display(),
                fault.words
            );
        }
        let out = self.out.unwrap_or_else(|| beside(&manifest.folder));
        let made = seal::sign(&manifest.bytes, &self.key, (&out, self.sm3))?;
        let names: Vec<String> = made.iter().map(|path| path.display().to_string()).collect();
        show::say(&format!(
            "{}: signed as it lies there; made {}",
            manifest.path().display(),
            names.join(", ")
        ));
        show::say(
            "give the .tsq to an authority of time; its answer is checked with `manifest verify --stamp`",
        );
        Ok(Exit::Complete)
    }
}

impl Prov {
    fn run(self) -> Result<Exit> {
        let document = prov::document(&Read::read(&self.run)?, self.operator.as_deref());
        match &self.out {
            Some(out) => single::write(out, document.as_bytes())?,
            None => show::data(document.trim_end()),
        }
        Ok(Exit::Complete)
    }
}

/// What a signature on a folder's manifest is called beside the folder.
fn beside(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".manifest");
    folder.with_file_name(name)
}
