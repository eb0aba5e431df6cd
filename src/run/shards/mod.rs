//! A scan past one machine: `plan` cuts it into shards, any machine computes a shard, `merge` ends it as `scan` does.
//!
//! In:  a plan and a number of shards; a job folder that every machine sees. Out: the output folder of `scan`, byte by byte.
//! Law: a shard depends on the inputs and its tiles alone, so number, order, machine and repetition change no byte; its part
//!      appears under its name when it is whole; no engine is known here, and none is needed.

pub mod cut;

mod error;

pub mod job;

pub mod part;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::grid::Window;
use crate::patch::scratch::Scratch;
use crate::plan::file::Machine;
use crate::plan::{Plan, PlanFile};
use crate::publish::Staging;
use crate::run::inputs::{self, Inputs};
use crate::run::looked::Known;
use crate::run::trace::unique_folder;
use crate::run::{
    Evidence, FIXED_MEMORY, Found, Progress, RunError, asked_in, concluded, concluded_of_pair, fitted, pair,
    patches, published, tiles, workers,
};

use cut::Shard;
pub use error::ShardError;
use job::{Job, Opened};
use part::{Head, State};

/// What became of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Its part was there and whole: nothing was computed.
    Before,
    /// Its part was computed; what lay under its name before, if that could not be used.
    Now(Option<String>),
}

/// Cuts a run into shards and writes the job folder. `file` is the plan with absolute paths, `plan` what it resolves to.
pub fn plan(
    (file, plan): (&PlanFile, &Plan),
    shards: usize,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Job, RunError> {
    let inputs = inputs::gather(plan)?;
    workers(plan.threads)?.install(|| {
        let wish =
            if inputs.is_pair { plan.tile_size.saturating_mul(pair::TILE_FACTOR) } else { plan.tile_size };
        let shards = cut::cut(&inputs, wish, shards);
        // What is normal between two dates is learned of the whole pair, once: it takes as long as a large shard.
        let survey = inputs.is_pair.then(|| {
            progress.stage("two dates", 0);
            pair::Survey::learn(&inputs)
        });
        job::write(folder, (file, plan, &inputs), survey.transpose()?.as_ref(), shards)
    })
}

/// Computes one shard and writes its part, unless a whole one is there.
pub fn shard(
    folder: &Path,
    number: usize,
    machine: (&Machine, usize),
    progress: &dyn Progress,
) -> Result<Done, RunError> {
    let (job, fingerprint) = job::read(folder)?;
    job::shard_of(&job, number)?;
    let path = part::path(folder, number);
    let head = Head { job: fingerprint, shard: number };
    let before = match part::state(&path, &head) {
        State::Whole => return Ok(Done::Before),
        State::Missing => None,
        State::Faulty(fault) => Some(fault),
    };
    let opened = job::open(folder, machine)?;
    let shard = job::shard_of(&opened.job, number)?;
    if opened.inputs.is_pair {
        compute_of_pair(&opened, shard, (&path, &head), progress)?;
    } else {
        compute(&opened, shard, (&path, &head), progress)?;
    }
    Ok(Done::Now(before))
}

/// Evidence of the tiles of a shard, signs of their cells, and closer looks at the patches inside.
fn compute(
    opened: &Opened,
    shard: &Shard,
    (path, head): (&Path, &Head),
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let (plan, inputs) = (&opened.plan, &opened.inputs);
    let (threads, tile_size) = fitted(plan, inputs)?;
    workers(threads)?.install(|| {
        let asked = without_names(|folder| asked_in(inputs, folder, shard.window()))?;
        let tiles = smaller(shard, tile_size, progress);
        let signs = tiles::evidence(inputs, &asked, &tiles, progress)?;
        let is_own = |window: Window| shard.holds(window);
        let looks = patches::looks(inputs, &asked, tile_size, (&is_own, progress))?;
        let scratches: Vec<&Scratch> = asked.iter().map(|(_, scratch)| scratch).collect();
        part::write(path, head, (&scratches, &shard.tiles), &part::Found { signs, looks })
    })
}

/// The same of two dates: their patches need no second reading.
fn compute_of_pair(
    opened: &Opened,
    shard: &Shard,
    (path, head): (&Path, &Head),
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let Opened { plan, inputs, survey: Some(survey), .. } = opened else { return Ok(()) };
    let (threads, tile_size) = pair::fitted(plan, inputs, FIXED_MEMORY)?;
    workers(threads)?.install(|| {
        let evidence =
            |folder: &Path| Scratch::create(&folder.join("evidence.tmp"), shard.window(), survey.planes());
        let scratch = without_names(|folder| Ok(evidence(folder)?))?;
        pair::judge(inputs, survey, &scratch, &smaller(shard, tile_size, progress), progress)?;
        part::write(path, head, (&[&scratch], &shard.tiles), &part::Found::default())
    })
}

/// The tiles of a shard as small as the memory of this machine asks for.
fn smaller(shard: &Shard, tile_size: usize, progress: &dyn Progress) -> Vec<Window> {
    progress.stage("evidence", shard.tiles.iter().map(|tile| tile.len() as u64).sum());
    shard.tiles.iter().flat_map(|tile| tile.tiles(tile_size)).collect()
}

/// Scratch files on the disk of this machine. They have no name any more once they are open, so that nothing is left
/// however the shard ends.
fn without_names<T>(make: impl FnOnce(&Path) -> Result<T, RunError>) -> Result<T, RunError> {
    let folder = unique_folder()?;
    let made = make(&folder);
    // What cannot be taken away is untidy and no reason to fail.
    let _ = std::fs::remove_dir_all(&folder);
    made
}

/// Puts all parts together and publishes them as `scan` does, under `out` or where the plan says.
pub fn merge(
    folder: &Path,
    out: Option<PathBuf>,
    machine: (&Machine, usize),
    (command, progress): (Vec<String>, &dyn Progress),
) -> Result<(Inputs, Found, PathBuf), RunError> {
    let started = Timestamp::now();
    let (job, fingerprint) = job::read(folder)?;
    all_whole(folder, &job, &fingerprint)?;
    let Opened { mut plan, inputs, survey, .. } = job::open(folder, machine)?;
    plan.out = out.unwrap_or(plan.out);
    let staging = Staging::begin(&plan.out)?;
    let scratch = staging.path("");
    let found = match survey {
        Some(survey) => {
            let (threads, _) = pair::fitted(&plan, &inputs, FIXED_MEMORY)?;
            workers(threads)?.install(|| {
                let scratch =
                    Scratch::create(&scratch.join("evidence.tmp"), inputs.grid.whole(), survey.planes())?;
                gathered(folder, &job, &[&scratch], progress)?;
                concluded_of_pair(&plan, &inputs, &survey, &scratch, progress)
            })?
        }
        None => {
            let (threads, tile_size) = fitted(&plan, &inputs)?;
            workers(threads)?.install(|| {
                let asked = asked_in(&inputs, &scratch, inputs.grid.whole())?;
                let scratches: Vec<&Scratch> = asked.iter().map(|(_, scratch)| scratch).collect();
                let (mut signs, mut known) = (Vec::new(), Known::default());
                for found in gathered(folder, &job, &scratches, progress)? {
                    signs.extend(found.signs);
                    known.add(found.looks);
                }
                let evidence = Evidence { asked, signs, known };
                concluded(&plan, &inputs, evidence, tile_size, progress).map(|(found, _)| found)
            })?
        }
    };
    published(&plan, inputs, found, (staging, started, command), progress)
}

/// Whether every part is there, whole and of this job; all that are not are told at once.
fn all_whole(folder: &Path, job: &Job, fingerprint: &str) -> Result<(), ShardError> {
    let fault = |number: usize| {
        let head = Head { job: fingerprint.to_owned(), shard: number };
        match part::state(&part::path(folder, number), &head) {
            State::Whole => None,
            State::Missing => Some((number, "its part is missing".to_owned())),
            State::Faulty(fault) => Some((number, fault)),
        }
    };
    let shards = job.shards.len();
    let faults: Vec<(usize, String)> = (0..shards).into_par_iter().filter_map(fault).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(ShardError::Parts(error::Faults { job: folder.to_owned(), shards, faults }))
}

/// The planes of every part in the scratch files, and what else the shards found, in their order.
fn gathered(
    folder: &Path,
    job: &Job,
    scratches: &[&Scratch],
    progress: &dyn Progress,
) -> Result<Vec<part::Found>, RunError> {
    progress.stage("parts", job.shards.len() as u64);
    let of_shard = |(number, shard): (usize, &Shard)| {
        let found = part::read((&part::path(folder, number), number), (scratches, &shard.tiles))?;
        progress.step(1);
        Ok(found)
    };
    job.shards.par_iter().enumerate().map(of_shard).collect()
}
