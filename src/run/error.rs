//! Why a run ended without a result: every fault of the rooms, and those that only show where they meet.
//!
//! Law: a fault names the file, the place, what was expected and found, and the next step.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::catalogue::CatalogueError;
use crate::date::{Date, Period};
use crate::detect::pair::PairError;
use crate::grid::Window;
use crate::grid::crs::CrsError;
use crate::ledger::LedgerError;
use crate::patch::scratch::ScratchError;
use crate::plan::PlanError;
use crate::publish::PublishError;
use crate::read::ReadError;
use crate::read::attributes::AttributeError;
use crate::redline::RedLineError;
use crate::report::ReportError;
use crate::run::shards::ShardError;
use crate::run::state::StateError;
use crate::submodel::SubModelError;

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
    /// Scenes that lie elsewhere.
    #[error(transparent)]
    Catalogue(Box<CatalogueError>),
    /// Scratch file.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// Outputs.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// What a run left, or a ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A report.
    #[error(transparent)]
    Report(Box<ReportError>),
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
    #[error(
        "{}: no scene lies in the {which} period {period}; the scenes are of {first} to {last}: give --{which} FROM/TO \
         with days of theirs, or add scenes of the period",
        .path.display()
    )]
    NoScenes {
        /// `baseline` or `target`.
        which: &'static str,
        /// The period.
        period: Period,
        /// Where the scenes are.
        path: PathBuf,
        /// Date of the first scene.
        first: Date,
        /// Date of the last scene.
        last: Date,
    },
    /// Nothing is left of a period: its scenes lie too far beside the others.
    #[error(
        "no scene of the look-back or of the target period is left: {scenes} are set aside; the first, {example}"
    )]
    Displaced {
        /// Scenes that are set aside.
        scenes: usize,
        /// The first, with the reason and the next step.
        example: String,
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
    /// A scene that lies far from all others.
    #[error("{}: lies at {own}, far from the other scenes of the run, with which it would make {whole}; correct its geotransform, or run distant regions on their own", .path.display())]
    Apart {
        /// A file of the scene.
        path: PathBuf,
        /// Its grid in words.
        own: String,
        /// The grid over all scenes in words.
        whole: String,
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
    /// Every sub-model asked for takes a series.
    #[error(
        "two dates cannot tell {models}: give more scenes, or ask for other sub-models (see `steppewatch explain`)"
    )]
    NeedsSeries {
        /// Ids asked for.
        models: String,
    },
    /// Every sub-model asked for needs more growing seasons.
    #[error(
        "the target period {target} has too few whole growing seasons for {models}: give a longer target period, or ask for other sub-models (see `steppewatch explain`)"
    )]
    NeedsSeasons {
        /// Ids asked for, with the seasons that each needs.
        models: String,
        /// Target period.
        target: Period,
    },
    /// Every sub-model asked for needs bands that the scenes lack.
    #[error(
        "{models} cannot be told from these scenes: of their bands only {has} can be had; give scenes with short-wave infrared, or ask for other sub-models (see `steppewatch explain`)"
    )]
    BlindModel {
        /// Ids asked for.
        models: String,
        /// Features that the scenes give.
        has: String,
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
    /// The plan of a job.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A state.
    #[error(transparent)]
    State(#[from] StateError),
    /// A job that is shared out.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// Workers cannot be started.
    #[error("workers cannot be started: {0}")]
    Threads(String),
}

impl From<CatalogueError> for RunError {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Read(error) => Self::Read(error),
            other => Self::Catalogue(Box::new(other)),
        }
    }
}

impl RunError {
    /// The file at which the process that decodes it ended, and how it did.
    pub(super) fn undecoded(&self) -> Option<(&Path, &str)> {
        match self {
            Self::Read(ReadError::Decoder { path, reason })
            | Self::Pair(PairError::Source(ReadError::Decoder { path, reason })) => Some((path, reason)),
            _ => None,
        }
    }
}
