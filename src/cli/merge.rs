//! `merge`: puts the shards of a job together and ends as `scan` does.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::scan::{Scanned, cores};
use crate::cli::shard::OnMachine;
use crate::cli::show::Bar;
use crate::run::shards;

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Job folder whose shards are computed
    job: PathBuf,
    /// Output folder, written whole or not at all; without it the plan's, else JOB/out
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the summary as JSON on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    on: OnMachine,
}

impl Merge {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let bar = Bar::new();
        let command = std::env::args().collect();
        let machine = (&self.on.machine(), cores());
        let (inputs, found, out) = shards::merge(&self.job, self.out, machine, (command, &bar))?;
        bar.finish();
        Ok(Scanned { inputs, found, out }.told(self.json))
    }
}
