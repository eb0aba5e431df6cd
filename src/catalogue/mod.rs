//! Catalogues of scenes that lie elsewhere: which scenes there are, and copies of what a scan needs of them.
//!
//! In:  an address or an item collection, red lines, days. Out: a list of items as a file (`pages`, `item`, `choose`), or a
//!      folder of clips with items of their own, which a scan reads as a STAC catalogue on disk (`sparse`, `clip`, `mirror`).
//! Law: nothing is asked of a place that nobody named, and a red line is never part of a question (`ground`). A clip holds
//!      the numbers of its source or is not there; what could not be had is listed by name and reason, and a scan of the
//!      folder says so too. Under a final name stand whole files only.

pub mod checksum;
pub mod choose;
pub mod clip;
pub mod ground;
pub mod item;
pub mod mirror;
pub mod pages;
pub mod record;
pub mod remote;
pub mod sparse;
pub mod tiff;

use std::collections::BTreeSet;
use std::path::PathBuf;

use thiserror::Error;

use crate::bucket::WebError;
use crate::grid::crs::CrsError;
use crate::publish::PublishError;
use crate::read::ReadError;

/// Why a catalogue or a file of it gives nothing, with the next step.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// The network, or who is asked there.
    #[error(transparent)]
    Web(#[from] WebError),
    /// A remote file that is not what it should be.
    #[error("{address}: {reason}")]
    Remote {
        /// Where it lies, without secrets.
        address: String,
        /// What is wrong, and the next step.
        reason: String,
    },
    /// A picture that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A place that has no coordinates.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// A file whose digest cannot be told.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A file here that cannot be read or written.
    #[error("{}: {source}; check the disk and the rights of the folder", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of items that is none.
    #[error("{}: {reason}", .path.display())]
    Items {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the next step.
        reason: String,
    },
    /// Items of which every one has files where nobody may be asked.
    #[error(
        "the files of these items lie on hosts that nobody named; if they are to be asked, give --host {}",
        .0.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    )]
    NotNamed(BTreeSet<String>),
    /// A folder that is not for this.
    #[error("{}: {reason}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong, and the next step.
        reason: String,
    },
}

impl CatalogueError {
    /// Whether the fault is of this machine and would meet every other item as well.
    pub fn is_here(&self) -> bool {
        matches!(
            self,
            Self::File { .. } | Self::Folder { .. } | Self::Publish(_) | Self::Web(WebError::Here { .. })
        )
    }
}
