//! `shard`: computes one shard of a job.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::scan::cores;
use crate::cli::show::{self, Bar};
use crate::plan::file::Machine;
use crate::run::shards::{self, Done};

/// How much of this machine to use; without it as much as the plan says.
#[derive(Debug, Args)]
pub struct OnMachine {
    /// Workers; changes no byte of the result
    #[arg(long)]
    threads: Option<usize>,
    /// Bound of working memory, for example 1GiB; changes no byte of the result
    #[arg(long)]
    memory: Option<String>,
}

impl OnMachine {
    /// As a plan file would say it.
    pub fn machine(&self) -> Machine {
        Machine { threads: self.threads, memory: self.memory.clone(), ..Machine::default() }
    }
}

/// Arguments of `shard`.
#[derive(Debug, Args)]
pub struct Shard {
    /// Job folder that `steppewatch plan --shards N` wrote
    job: PathBuf,
    /// Number of the shard, counted from 0
    #[arg(value_name = "I")]
    number: usize,
    #[command(flatten)]
    on: OnMachine,
}

impl Shard {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let (bar, number) = (Bar::new(), self.number);
        let done = shards::shard(&self.job, number, (&self.on.machine(), cores()), &bar)?;
        bar.finish();
        show::say(&match done {
            Done::Before => format!("shard {number}: its part is there and whole"),
            Done::Now(None) => format!("shard {number}: computed"),
            Done::Now(Some(fault)) => format!("shard {number}: computed again, because {fault}"),
        });
        Ok(Exit::Complete)
    }
}
