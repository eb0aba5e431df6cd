//! `state`: what a watch remembers, read through, tidied, or as a map.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::bucket::Address;
use crate::cli::exit::Exit;
use crate::cli::show;
use crate::publish::Staging;
use crate::run::RunError;
use crate::run::state::store::Store;
use crate::run::state::{export, lease, verify};

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
        /// Folder of the state, or s3://BUCKET/PREFIX
        state: PathBuf,
        /// Take damaged files away; the next watch makes them again from the scenes
        #[arg(long)]
        mend: bool,
    },
    /// Take away files that belong to no result any more
    Compact {
        /// Folder of the state, or s3://BUCKET/PREFIX
        state: PathBuf,
    },
    /// What the state knows of every pixel, as a GeoTIFF
    Export {
        /// Folder of the state, or s3://BUCKET/PREFIX
        state: PathBuf,
        /// The file to write
        #[arg(long, value_name = "FILE.tif")]
        out: PathBuf,
    },
}

/// Where a state lies, and the folder in which it is worked on.
struct Place {
    folder: PathBuf,
    /// Of a state in object storage: its address, and what takes the copy away at the end.
    storage: Option<(Address, Staging)>,
}

impl Place {
    fn of(state: &Path) -> Result<Self> {
        let Some(address) = Address::of(state)? else {
            return Ok(Self { folder: state.to_owned(), storage: None });
        };
        let name = format!("steppewatch-state-{}", std::process::id());
        let scratch = Staging::begin(&std::env::temp_dir().join(name))?;
        Ok(Self { folder: scratch.path("state"), storage: Some((address, scratch)) })
    }

    fn open(&self) -> Result<Store, RunError> {
        match &self.storage {
            Some((address, _)) => Store::open_remote(address.clone(), &self.folder, (true, lease::SECONDS)),
            None => Store::existing(&self.folder),
        }
    }

    /// The copy and what it is a copy of.
    fn copy(&self) -> Option<(&Address, &Path)> {
        self.storage.as_ref().map(|(address, _)| (address, self.folder.as_path()))
    }

    /// A file of the folder as people know it.
    fn shown(&self, path: &Path) -> String {
        let name = |copy: &Path| Some(path.strip_prefix(copy).ok()?.to_string_lossy().into_owned());
        let object = self.copy().and_then(|(address, copy)| Some(address.join(&name(copy)?).to_string()));
        object.unwrap_or_else(|| path.display().to_string())
    }
}

impl State {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Verify { state, mend } => {
                let place = Place::of(&state)?;
                let found = verify::verify(place.open())?;
                for (path, reason) in &found.faults {
                    show::say(&format!("damaged {}: {reason}", place.shown(path)));
                }
                let (files, bytes) = found.whole;
                show::say(&format!(
                    "{files} files whole ({bytes} bytes), {} damaged, {} of a run that did not end",
                    found.faults.len(),
                    found.unnamed
                ));
                if mend && !found.faults.is_empty() {
                    verify::mend(&found, place.copy())?;
                    show::say("damaged files were taken away; the next watch makes them again");
                }
                Ok(if found.faults.is_empty() { Exit::Complete } else { Exit::Failed })
            }
            Verb::Compact { state } => {
                let (files, bytes) = Place::of(&state)?.open()?.compact()?;
                show::say(&format!("{files} files taken away, {bytes} bytes"));
                Ok(Exit::Complete)
            }
            Verb::Export { state, out } => {
                let place = Place::of(&state)?;
                let bands = export::export(&place.open()?, &out)?;
                show::say(&format!("{}: {}", out.display(), bands.join(", ")));
                Ok(Exit::Complete)
            }
        }
    }
}
