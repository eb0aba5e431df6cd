//! The score: every step once, in order; tiles in parallel.
//!
//! In:  a plan. Out: an output folder, whole or not at all, and a summary.
//! The only door to threads and to the clock.

mod asked;

mod caveats;

mod error;

pub mod cell;

pub mod closer_looks;

pub mod doubts;

mod environment;

mod footprint;

pub mod gaps;

pub mod identity;

pub mod inputs;

mod judged;

pub mod look_again;

pub mod looked;

pub mod measures;

pub mod noise;

pub mod outputs;

pub mod pair;

pub mod pair_patches;

pub mod pair_records;

pub mod patches;

mod place;

pub mod records;

pub mod registration;

pub mod report;

pub mod reproduce;

pub mod scenes;

pub mod select;

mod standing;

pub mod shards;

pub mod signs;

pub mod state;

pub mod tiles;

pub mod trace;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::baseline::{CELL, RING};
use crate::grid::Window;
use crate::lead::{Gap, Lead};
use crate::observe::Stack;
use crate::patch::scratch::Scratch;
use crate::plan::Plan;
use crate::publish::Staging;
use crate::publish::digest::Digests;
use crate::read::SetAside;

pub use error::RunError;
use gaps::Answers;
use inputs::{Inputs, Question};
use looked::{Known, Taken};
pub use noise::Noise;
use records::Records;
use select::Selected;
use signs::Signs;

/// Who is told how far a run is.
pub trait Progress: Sync {
    /// A stage begins, with its number of units.
    fn stage(&self, name: &str, units: u64);
    /// Units done.
    fn step(&self, units: u64);
}

/// Nobody is told.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str, _units: u64) {}
    fn step(&self, _units: u64) {}
}

/// What a run found, before it is published.
#[derive(Default)]
pub struct Found {
    /// Leads and suppressed patches.
    pub records: Records,
    /// Where nothing could be said.
    pub gaps: Vec<Gap>,
    /// How often the same rules name a place in a year in which nothing was looked for.
    pub noise: Option<Noise>,
    /// What verified leads selected; none where they did not.
    pub selected: Option<Selected>,
    /// What the run learned that the reader of the result must know.
    pub notes: Vec<String>,
}

/// Carries out a plan: everything is checked first, then the output folder is taken, then pixels are read.
pub fn scan(
    plan: &Plan,
    command: Vec<String>,
    progress: &dyn Progress,
) -> Result<(Inputs, Found, PathBuf), RunError> {
    let started = Timestamp::now();
    let mut undecoded = SetAside::new();
    loop {
        match attempt(plan, &undecoded, (started, command.clone()), progress) {
            Err(fault) => match fault.undecoded() {
                // Without the scene, and aloud: notes, gaps, manifest and code say so.
                Some((file, reason)) if !undecoded.contains_key(file) => {
                    undecoded.insert(file.to_owned(), reason.to_owned());
                }
                _ => return Err(fault),
            },
            done => return done,
        }
    }
}

/// A scan without scenes at which the process that decodes them ended.
fn attempt(
    plan: &Plan,
    undecoded: &SetAside,
    (started, command): (Timestamp, Vec<String>),
    progress: &dyn Progress,
) -> Result<(Inputs, Found, PathBuf), RunError> {
    let mut inputs = inputs::gather_without(plan, undecoded, Digests::default())?;
    inputs.set_undecoded(undecoded);
    let staging = Staging::begin(&plan.out)?;
    let found = find(plan, &inputs, &staging.path(""), progress)?;
    published(plan, inputs, found, (staging, started, command), progress)
}

/// Publishes what was found, with what the run learned among the notes.
fn published(
    plan: &Plan,
    mut inputs: Inputs,
    found: Found,
    (staging, started, command): (Staging, Timestamp, Vec<String>),
    progress: &dyn Progress,
) -> Result<(Inputs, Found, PathBuf), RunError> {
    inputs.notes.extend(found.notes.iter().cloned());
    inputs.notes.extend(outputs::without_pictures(found.records.leads.len()));
    let out = outputs::publish(plan, &inputs, &found, staging, (started, command), progress)?;
    Ok((inputs, found, out))
}

/// Finds the leads of a plan's inputs. `scratch` is a folder that may be filled and is left empty.
pub fn find(
    plan: &Plan,
    inputs: &Inputs,
    scratch: &Path,
    progress: &dyn Progress,
) -> Result<Found, RunError> {
    if inputs.is_pair {
        return find_in_pair(plan, inputs, scratch, progress);
    }
    let (threads, tile_size) = fitted(plan, inputs)?;
    workers(threads)?.install(|| {
        let tiles = tiles::tiles(inputs, tile_size);
        let asked = asked_in(inputs, scratch, inputs.grid.whole())?;
        progress.stage("evidence", tiles.iter().map(|tile| tile.len() as u64).sum());
        let signs = tiles::evidence(inputs, &asked, &tiles, progress)?;
        let evidence = Evidence { asked, signs, known: Known::default() };
        concluded(plan, inputs, evidence, tile_size, progress).map(|(found, _)| found)
    })
}

/// What the first pass over a series says, before patches are drawn.
struct Evidence<'a> {
    /// Each question with its planes.
    asked: Vec<(&'a Question, Scratch)>,
    /// What the cells show of the inputs.
    signs: Vec<Signs>,
    /// Closer looks that were taken already.
    known: Known<'a>,
}

/// The questions of a series, each with a scratch file of its own in a folder.
fn asked_in<'a>(
    inputs: &'a Inputs,
    folder: &Path,
    window: Window,
) -> Result<Vec<(&'a Question, Scratch)>, RunError> {
    let planes = inputs.models.len() * tiles::PLANES;
    let questions = [Some(&inputs.question), inputs.placebo.as_ref()];
    let mut asked = Vec::new();
    for (place, question) in questions.into_iter().flatten().enumerate() {
        let path = folder.join(format!("evidence{place}.tmp"));
        asked.push((question, Scratch::create(&path, window, planes)?));
    }
    Ok(asked)
}

/// From the evidence of a series to leads, with the closer looks that were taken or known where they are to be kept.
fn concluded(
    plan: &Plan,
    inputs: &Inputs,
    Evidence { asked, signs, mut known }: Evidence,
    tile_size: usize,
    progress: &dyn Progress,
) -> Result<(Found, Vec<Taken>), RunError> {
    progress.stage("patches", 0);
    let examined = patches::examine(inputs, &asked, tile_size, (&mut known, progress))?;
    progress.stage("gaps and leads", 0);
    let models = 0..inputs.models.len();
    let answers = |place: usize| Answers {
        scratch: &asked[place].1,
        evidence: models.clone().map(tiles::evidence_plane).collect(),
        seasons: Some(models.clone().map(tiles::seasons_plane).collect()),
    };
    let gaps = gaps::gaps(inputs, &answers(0))?;
    let of_one = |lead: &Lead| {
        let model = inputs.models.iter().find(|model| model.id == lead.model);
        model.is_none_or(|model| model.seasons_asked() == 1)
    };
    let weigh = |place: usize| records::weigh(plan, inputs, asked[place].0, &examined[place]);
    let mut records = weigh(0)?;
    let selected = select::select(plan, inputs, &mut records);
    let judged_km2 = |place: usize| gaps::judged_area(inputs, &answers(place)).map(|area| area.0 / 1e6);
    let noise = match inputs.placebo.as_ref() {
        None => None,
        Some(placebo) => Some(Noise {
            leads: select::as_in_target(plan, inputs, &weigh(1)?, selected.as_ref()),
            year: placebo.target,
            area_km2: judged_km2(1)?,
            // What takes two seasons cannot show in a placebo year.
            target_leads: records.leads.iter().filter(|lead| lead.is_to_visit() && of_one(lead)).count(),
            target: inputs.question.target,
            target_km2: judged_km2(0)?,
        }),
    };
    // Where nothing could be judged there is no rate.
    let noise = noise.filter(|noise| noise.area_km2 > 0.0 && noise.target_km2 > 0.0);
    let doubts = doubts::doubts(inputs, signs, &gaps);
    for lead in &mut records.leads {
        lead.notes.extend(doubts.iter().cloned());
        lead.notes.extend(registration::doubt::of_series(inputs, lead));
    }
    let notes = selected.iter().flat_map(Selected::notes).chain(doubts).collect();
    Ok((Found { records, gaps, noise, selected, notes }, known.used()))
}

/// The same for two dates: there is no year in which nothing was looked for.
fn find_in_pair(
    plan: &Plan,
    inputs: &Inputs,
    scratch: &Path,
    progress: &dyn Progress,
) -> Result<Found, RunError> {
    let (threads, tile_size) = pair::fitted(plan, inputs, FIXED_MEMORY)?;
    workers(threads)?.install(|| {
        let tiles = tiles::tiles(inputs, tile_size);
        progress.stage("two dates", 0);
        let survey = pair::Survey::learn(inputs)?;
        let scratch = Scratch::create(&scratch.join("evidence.tmp"), inputs.grid.whole(), survey.planes())?;
        progress.stage("evidence", tiles.iter().map(|tile| tile.len() as u64).sum());
        pair::judge(inputs, &survey, &scratch, &tiles, progress)?;
        concluded_of_pair(plan, inputs, &survey, &scratch, progress)
    })
}

/// From the evidence of two dates to leads.
fn concluded_of_pair(
    plan: &Plan,
    inputs: &Inputs,
    survey: &pair::Survey,
    scratch: &Scratch,
    progress: &dyn Progress,
) -> Result<Found, RunError> {
    progress.stage("patches", 0);
    let candidates = pair_patches::candidates(survey, scratch)?;
    let mut records = pair_records::weigh(plan, inputs, survey, &candidates)?;
    for lead in &mut records.leads {
        lead.notes.extend(registration::doubt::of_lead(inputs, lead, survey.left()));
    }
    let selected = select::select(plan, inputs, &mut records);
    let evidence = (0..inputs.models.len()).map(|model| survey.plane_of_model(model)).collect();
    let gaps = gaps::gaps(inputs, &Answers { scratch, evidence, seasons: None })?;
    let mut notes = vec![format!("two dates: {}", survey.summary)];
    notes.extend(registration::doubt::of_pair(survey.left()));
    Ok(Found { records, gaps, noise: None, selected, notes })
}

fn workers(threads: usize) -> Result<rayon::ThreadPool, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| RunError::Threads(error.to_string()))
}

/// Threads and tile side that keep working memory under the plan's bound; neither changes a byte.
fn fitted(plan: &Plan, inputs: &Inputs) -> Result<(usize, usize), RunError> {
    let needed = |side: usize, threads: usize| {
        let around = side.saturating_add(2 * RING);
        let (rows, cols) = (around.min(inputs.grid.rows), around.min(inputs.grid.cols));
        let window = Window { row0: 0, col0: 0, rows, cols };
        let (views, features) = (inputs.views.len(), inputs.features.len());
        let stack = Stack::bytes(window, views, features) as u64;
        // Bands of the view being read, descriptors, and one cropped cell beside the tile.
        let beside =
            window.len() as u64 * 4 * 10 + stack.min(Stack::bytes(cell_window(), views, features) as u64);
        (stack + beside) * threads as u64 + FIXED_MEMORY
    };
    fit(plan, inputs, plan.tile_size, needed)
}

/// The largest tile side (whole control cells) and most threads whose needs stay under the plan's bound.
fn fit(
    plan: &Plan,
    inputs: &Inputs,
    wish: usize,
    needed: impl Fn(usize, usize) -> u64,
) -> Result<(usize, usize), RunError> {
    let whole_cells = |side: usize| side.div_ceil(CELL).max(1) * CELL;
    let mut side = whole_cells(wish.min(inputs.grid.rows.max(inputs.grid.cols)));
    let mut threads = plan.threads;
    while needed(side, threads) > plan.memory && side > CELL {
        side -= CELL;
    }
    while needed(side, threads) > plan.memory && threads > 1 {
        threads -= 1;
    }
    if needed(side, threads) > plan.memory {
        let (bound, views) = (plan.memory / 1_000_000, inputs.views.len());
        return Err(RunError::Memory { bound, needed: needed(side, threads) / 1_000_000, views });
    }
    Ok((threads, side))
}

/// Memory that a run takes before its first tile: libraries, file caches, red lines.
const FIXED_MEMORY: u64 = 160_000_000;

fn cell_window() -> Window {
    Window { row0: 0, col0: 0, rows: CELL + 2 * RING, cols: CELL + 2 * RING }
}
