//! The score: every step once, in order; tiles in parallel.
//!
//! In:  a plan. Out: an output folder, whole or not at all, and a summary.
//! The only door to threads and to the clock.

pub mod gaps;

pub mod identity;

pub mod inputs;

mod judged;

pub mod measures;

pub mod noise;

pub mod outputs;

pub mod pair;

pub mod pair_patches;

pub mod pair_records;

pub mod patches;

mod place;

pub mod records;

pub mod select;

mod standing;

pub mod tiles;

pub mod trace;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use crate::baseline::{CELL, RING};
use crate::date::{Date, Period};
use crate::detect::pair::PairError;
use crate::grid::Window;
use crate::grid::crs::CrsError;
use crate::lead::Gap;
use crate::observe::Stack;
use crate::patch::scratch::{Scratch, ScratchError};
use crate::plan::Plan;
use crate::publish::{PublishError, Staging};
use crate::read::ReadError;
use crate::read::attributes::AttributeError;
use crate::redline::RedLineError;
use crate::submodel::SubModelError;

use gaps::Answers;
use inputs::Inputs;
pub use noise::Noise;
use records::Records;
use select::Selected;

/// Why a run ended without a result.
#[derive(Debug, Error)]
pub enum RunError {
    /// Scenes.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Red lines or context layers.
    #[error(transparent)]
    RedLine(#[from] RedLineError),
    /// Transforms.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// Sub-models.
    #[error(transparent)]
    SubModel(#[from] SubModelError),
    /// Scratch file.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// Outputs.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// All scenes have one date.
    #[error("{}: all scenes have one date; two dates at least are needed to see a change", .path.display())]
    OneDate {
        /// Where the scenes are.
        path: PathBuf,
    },
    /// All scenes lie in one calendar year and no period was given.
    #[error(
        "the scenes lie in one year ({first} to {last}); say which part is look-back with --baseline FROM/TO"
    )]
    OneYear {
        /// First date.
        first: Date,
        /// Last date.
        last: Date,
    },
    /// A period without scenes.
    #[error("{}: no scene lies in the {which} period {period}; check the dates with `steppewatch check`", .path.display())]
    NoScenes {
        /// `baseline` or `target`.
        which: &'static str,
        /// The period.
        period: Period,
        /// Where the scenes are.
        path: PathBuf,
    },
    /// A scene lacks bands that others have, or that nothing can be done without.
    #[error("{}: scene '{scene}' has bands {has}; expected those of {feature}, {others}; add the band, name the bands in the file or with --band-order, or move the scene to another folder", .path.display())]
    BandMissing {
        /// A file of the scene.
        path: PathBuf,
        /// Its identity.
        scene: String,
        /// Bands that it has.
        has: String,
        /// Feature that cannot be made, with its bands.
        feature: String,
        /// Why they are expected.
        others: String,
    },
    /// A red line that cannot be brought to the grid of the scenes.
    #[error(
        "{file}: red line '{id}': {source}; it lies far from the scenes ({grid}) or its layer names the wrong CRS: \
         mend the CRS or leave it out"
    )]
    LineOffGrid {
        /// File of its layer.
        file: String,
        /// Its id.
        id: String,
        /// Grid in words.
        grid: String,
        /// What PROJ says.
        source: CrsError,
    },
    /// No scene has a reflectance band.
    #[error("no scene has a reflectance band from which a grid could be taken")]
    NoGrid,
    /// No sub-model looks inside these red lines.
    #[error(
        "no sub-model of ({models}) looks inside red lines of class {classes}; see `steppewatch explain`"
    )]
    NoModel {
        /// Ids asked for.
        models: String,
        /// Classes of the red lines.
        classes: String,
    },
    /// A place that is not on the scenes.
    #[error(
        "place {longitude}, {latitude} (longitude, latitude) lies outside the scenes: {grid}; is the order longitude first?"
    )]
    PlaceOutside {
        /// Degrees east.
        longitude: f64,
        /// Degrees north.
        latitude: f64,
        /// The grid in words.
        grid: String,
    },
    /// The memory bound is too small for the smallest tile.
    #[error(
        "memory bound {bound} MB is too small: {views} views of the smallest tile need {needed} MB; raise --memory or shorten the periods"
    )]
    Memory {
        /// Bound in MB.
        bound: u64,
        /// Needed in MB.
        needed: u64,
        /// Views.
        views: usize,
    },
    /// Evidence without end: the inputs do not fit together.
    #[error(
        "{model}: {pixels} connected pixels ({window}) depart from their look-alikes at once, more than any change on \
         the ground; expected scenes of one product and scaling, so look at them with `steppewatch check` and leave \
         out the odd one"
    )]
    SceneWide {
        /// Sub-model.
        model: String,
        /// Size.
        pixels: usize,
        /// Where.
        window: Window,
    },
    /// A file of verified leads.
    #[error(transparent)]
    Verified(#[from] AttributeError),
    /// The confidence model that ships with the program cannot be read.
    #[error("the shipped confidence model cannot be read: {0}")]
    Shipped(String),
    /// The rules that ship with the program cannot be read.
    #[error("a shipped rule file cannot be read: {0}")]
    Rules(String),
    /// No room for temporary files.
    #[error("{}: no folder can be made for temporary files: {source}; free space there or set TMPDIR to another folder", .path.display())]
    Temporary {
        /// Where temporary files go.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Two dates that cannot be compared.
    #[error(transparent)]
    Pair(#[from] PairError<ReadError>),
    /// Workers cannot be started.
    #[error("workers cannot be started: {0}")]
    Threads(String),
}

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
    let mut inputs = inputs::gather(plan)?;
    let staging = Staging::begin(&plan.out)?;
    let found = find(plan, &inputs, &staging.path(""), progress)?;
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
        let planes = inputs.models.len() * tiles::PLANES;
        let questions = [Some(&inputs.question), inputs.placebo.as_ref()];
        let mut asked = Vec::new();
        for (place, question) in questions.into_iter().flatten().enumerate() {
            let path = scratch.join(format!("evidence{place}.tmp"));
            asked.push((question, Scratch::create(&path, inputs.grid.whole(), planes)?));
        }
        progress.stage("evidence", tiles.iter().map(|tile| tile.len() as u64).sum());
        tiles::evidence(inputs, &asked, &tiles, progress)?;
        progress.stage("patches", 0);
        let examined = patches::examine(inputs, &asked, tile_size, progress)?;
        let models = 0..inputs.models.len();
        let answers = |place: usize| Answers {
            scratch: &asked[place].1,
            evidence: models.clone().map(tiles::evidence_plane).collect(),
            seasons: Some(models.clone().map(tiles::seasons_plane).collect()),
        };
        let gaps = gaps::gaps(inputs, &answers(0))?;
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
                target_leads: records.leads.len(),
                target: inputs.question.target,
                target_km2: judged_km2(0)?,
            }),
        };
        // Where nothing could be judged there is no rate.
        let noise = noise.filter(|noise| noise.area_km2 > 0.0 && noise.target_km2 > 0.0);
        let notes = selected.iter().flat_map(Selected::notes).collect();
        Ok(Found { records, gaps, noise, selected, notes })
    })
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
        progress.stage("patches", 0);
        let candidates = pair_patches::candidates(&survey, &scratch)?;
        let mut records = pair_records::weigh(plan, inputs, &survey, &candidates)?;
        let selected = select::select(plan, inputs, &mut records);
        let evidence = (0..inputs.models.len()).map(|model| survey.plane_of_model(model)).collect();
        let gaps = gaps::gaps(inputs, &Answers { scratch: &scratch, evidence, seasons: None })?;
        let notes = vec![format!("two dates: {}", survey.summary)];
        Ok(Found { records, gaps, noise: None, selected, notes })
    })
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
        side = whole_cells(side / 2);
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
