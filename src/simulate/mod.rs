//! A desert steppe whose truth is known: scenes, red lines and truth as files, all from one seed.
//!
//! In:  `World` (parameters with sources). Out: files as `scan` and `assess` read them; a `Summary`.
//! Law: same world, same bytes; the truth says what was put in, never what a detector should find.
//! Way: `ground` (what stays) -> `season` (rain, greening) -> `parcel` (what people and nature changed)
//! -> `look` (its colours on a day) -> `sky` (clouds, haze, errors) -> `scene` (numbers) -> `write` (files); `stress` makes it hard.

pub mod noise;

pub mod world;

pub mod stress;

pub mod shape;

pub mod ground;

pub mod season;

pub mod parcel;

pub mod settle;

pub mod look;

pub mod mended;

pub mod sky;

pub mod scene;

pub mod truth;

pub mod write;

use std::path::PathBuf;

use thiserror::Error;

pub use stress::Stress;
pub use world::{Rain, World};
pub use write::{Summary, write};

/// Why a simulated world was not written.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// A parameter outside what the simulation can do.
    #[error("simulated world: {field} is {found}, expected {expected}; change it and run again")]
    Parameter {
        /// Which.
        field: &'static str,
        /// What it was.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The output folder already holds something.
    #[error("{0} is not empty, expected a new or empty folder; name another --out, or remove it first")]
    NotEmpty(PathBuf),
    /// A file or folder that cannot be written.
    #[error("{path}: cannot be written ({source}); is there space, and may you write there?")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A raster that GDAL cannot write.
    #[error("{path}: GDAL cannot write the scene ({source}); is there space, and may you write there?")]
    Raster {
        /// The file.
        path: PathBuf,
        /// What GDAL says.
        source: write::RasterFault,
    },
    /// A coordinate that cannot be brought to longitude and latitude.
    #[error("simulated world: {0}")]
    Place(#[from] crate::grid::crs::CrsError),
}
