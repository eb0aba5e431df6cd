//! `state`: what a watch remembers, read through, tidied, or as a map.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::run::state::store::Store;
use crate::run::state::{export, verify};

/// Arguments of `state`.
#[derive(Debug, Args)]
pub struct State {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read every byte of a state and compare it with its digest
    Verify {
        /// Folder of the state
        state: PathBuf,
        /// Take damaged files away; the next watch makes them again from the scenes
        #[arg(long)]
        mend: bool,
    },
    /// Take away files that belong to no result any more
    Compact {
        /// Folder of the state
        state: PathBuf,
    },
    /// What the state knows of every pixel, as a GeoTIFF
    Export {
        /// Folder of the state
        state: PathBuf,
        /// The file to write
        #[arg(long, value_name = "FILE.tif")]
        out: PathBuf,
    },
}

impl State {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Verify { state, mend } => {
                let found = verify::verify(&state)?;
                for (path, reason) in &found.faults {
                    show::say(&format!("damaged {}: {reason}", path.display()));
                }
                let (files, bytes) = found.whole;
                show::say(&format!(
                    "{files} files whole ({bytes} bytes), {} damaged, {} of a run that did not end",
                    found.faults.len(),
                    found.unnamed
                ));
                if mend && !found.faults.is_empty() {
                    verify::mend(&found)?;
                    show::say("damaged files were taken away; the next watch makes them again");
                }
                Ok(if found.faults.is_empty() { Exit::Complete } else { Exit::Failed })
            }
            Verb::Compact { state } => {
                let (files, bytes) = Store::existing(&state)?.compact()?;
                show::say(&format!("{files} files taken away, {bytes} bytes"));
                Ok(Exit::Complete)
            }
            Verb::Export { state, out } => {
                let bands = export::export(&Store::existing(&state)?, &out)?;
                show::say(&format!("{}: {}", out.display(), bands.join(", ")));
                Ok(Exit::Complete)
            }
        }
    }
}
