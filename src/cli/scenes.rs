//! `scenes`: which scenes a catalogue has, and clips of them on this machine.
//!
//! Law: the network is asked where the user gave an address, and only hosts that were named.

mod fetching;
mod search;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::cli::exit::Exit;

pub use fetching::Fetching;

/// Arguments of `scenes`.
#[derive(Debug, Args)]
pub struct Scenes {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the scenes that a STAC API or catalogue has over the red lines
    Search(search::Search),
    /// Clip the scenes of an item collection to the red lines, into a folder that `scan --scenes` reads
    Mirror(fetching::Mirror),
}

impl Scenes {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Search(verb) => verb.run(),
            Verb::Mirror(verb) => verb.run(),
        }
    }
}
