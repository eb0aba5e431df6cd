//! `plan`: cuts a scan into shards that any machines compute.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::bucket::address::{canonical, is_address};
use crate::cli::exit::Exit;
use crate::cli::scan::{Asked, cores};
use crate::cli::show::{self, Bar};
use crate::plan::{self, Plan};
use crate::run::shards;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanVerb {
    #[command(flatten)]
    asked: Asked,
    /// Number of shards; changes no byte of the result. Several for each worker let fast workers take more
    #[arg(long, value_name = "N")]
    shards: NonZeroUsize,
    /// Job folder, where every machine sees it under the same path
    #[arg(long, value_name = "JOB")]
    out: PathBuf,
}

impl PlanVerb {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let mut file = self.asked.file(None)?;
        // The result lies where the plan file says, else inside the job folder.
        file.outputs.out.get_or_insert_with(|| self.out.join("out"));
        let mut failed = Ok(());
        file.paths(|path| match absolute(path) {
            Ok(found) => *path = found,
            Err(error) => failed = Err(error),
        });
        failed?;
        let written = self.asked.plan.as_deref().map(absolute).transpose()?;
        let plan = Plan { written, ..plan::resolve(file.clone(), cores())? };
        let bar = Bar::new();
        let job = shards::plan((&file, &plan), self.shards.get(), &self.out, &bar)?;
        bar.finish();
        let (folder, shards) = (self.out.display(), job.shards.len());
        let tiles: usize = job.shards.iter().map(|shard| shard.tiles.len()).sum();
        show::say(&format!(
            "{folder}: {shards} shards of {tiles} tiles\nnext: `steppewatch shard {folder} I` for I from 0 to {}, on any machines, in any order; \
             then `steppewatch merge {folder}`",
            shards - 1
        ));
        Ok(Exit::Complete)
    }
}

/// A path that means the same in every working folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    if is_address(path) {
        return Ok(canonical(path));
    }
    std::path::absolute(path)
        .with_context(|| format!("{}: cannot be made absolute; run in a folder that exists", path.display()))
}
