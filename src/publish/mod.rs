//! From leads, suppressed patches and gaps to files: one exporter a file, written whole or not at all.
//!
//! In:  an `Outcome`, pictures, and whatever the conductor knows (plan, versions, times).
//! Out: a folder that appears under its name only when every file in it is complete (`staging`).
//! Law: same outcome, same bytes; no clock, host or path of this machine in any file but the `run`
//!      block of `manifest.json`, and there only what the caller hands in.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::lead::{Gap, Lead, Suppressed};
use crate::redline::{Layer, RedLine};

pub mod digest;
pub mod markup;

pub mod spreadsheet;
pub mod staging;

pub mod single;

mod simple;

pub mod outline;

pub mod domains;

mod nested;

pub mod aside;

pub mod fields;

mod beside;

pub mod geojson;

pub mod look_again;

pub mod style;

mod leftovers;

mod gpkg_schema;

pub mod gpkg;

pub mod gpkg_tables;

mod canvas;

mod stretch;

mod enlarge;

pub mod chart;
pub mod chip;

pub mod photo;

pub mod timeline;

pub mod raster;

pub mod basemap;

pub mod manifest;

pub mod table;

pub use staging::Staging;

/// What a run found, as the exporters take it.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// Leads, in any order; files sort by rank.
    pub leads: &'a [Lead],
    /// Patches that did not become leads.
    pub suppressed: &'a [Suppressed],
    /// Where and when nothing could be seen.
    pub gaps: &'a [Gap],
    /// Red lines, for the shapes that leads share with them; may be empty, then only numbers are written.
    pub redlines: &'a [RedLine],
    /// Layers that `RedLine::layer` counts into.
    pub layers: &'a [Layer],
}

/// What can go wrong between a result and a file. Nothing is published when one of these is returned.
#[derive(Debug, Error)]
pub enum PublishError {
    /// Object storage that does not give what was asked.
    #[error(transparent)]
    Bucket(#[from] crate::bucket::BucketError),
    /// The system refused a file operation.
    #[error("cannot {doing} {}: {source}; {next}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// What to do about it.
        next: &'static str,
    },
    /// The output folder cannot be used as it stands.
    #[error("output folder {} cannot be used: {reason}; {next}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is there.
        reason: String,
        /// What to do about it.
        next: &'static str,
    },
    /// Another run holds the folder.
    #[error(
        "output folder {} is being written by another run (lock {}); wait until it ends, or give another --out",
        path.display(), lock.display()
    )]
    Busy {
        /// The folder.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// An outline that no file may carry.
    #[error(
        "outline of {what} {id} cannot be written: {reason}; this is a fault of the program, please report it"
    )]
    Outline {
        /// `lead`, `gap` or `suppressed patch`.
        what: &'static str,
        /// Its identity.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that was written and read again does not hold what was meant.
    #[error(
        "{file} was written but does not read back: expected {expected}, found {found}; nothing was published, run again"
    )]
    ReadBack {
        /// File name.
        file: String,
        /// What was meant.
        expected: String,
        /// What was found.
        found: String,
    },
    /// GDAL refused a step of the GeoPackage.
    #[error(
        "cannot {doing} in {file}: {reason}; nothing was published: free space on that disk, or check the GDAL installation (gdalinfo --formats lists GPKG)"
    )]
    GeoPackage {
        /// File name.
        file: String,
        /// What was tried.
        doing: String,
        /// What GDAL said.
        reason: String,
    },
    /// A chip that cannot be drawn.
    #[error("picture of lead {id} cannot be drawn: {reason}")]
    Chip {
        /// Lead.
        id: String,
        /// Expected and found.
        reason: String,
    },
}

impl PublishError {
    /// The same of a GeoPackage, with the place where it lies: which disk is full is asked first.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::GeoPackage { doing, reason, .. } => {
                Self::GeoPackage { file: path.display().to_string(), doing, reason }
            }
            other => other,
        }
    }

    /// An I/O error with what to do next, read off the kind of the error.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let next = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free space on that disk or give --out on another one; nothing was published"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "give --out in a folder that you may write to; nothing was published"
            }
            io::ErrorKind::NotFound => {
                "give --out in a folder that exists and that you may write to; nothing was published"
            }
            io::ErrorKind::NotADirectory => {
                "a part of that path is a file, not a folder; give another --out; nothing was published"
            }
            _ => "nothing was published; check the disk and run again",
        };
        PublishError::Io { doing, path: path.to_owned(), source, next }
    }
}

#[cfg(test)]
mod sample;
