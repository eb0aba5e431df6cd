//! Files to windows of numbers on the plan's grid. The only door to raster GDAL.
//!
//! In:  a folder of GeoTIFF/COG, on disk or in object storage, products as their makers hand them out (`product`), or a STAC
//!      JSON on disk (`discover`, `stac`).
//! Out: `Scene`s with dates, bands and what their numbers mean (`acquired`, `scaling`), and windows of raw
//!      numbers on any grid of the same CRS (`window`, by the rule in `resample`).
//! Law: only plain GeoTIFF files are opened, and JPEG 2000 of a product; sidecars are not looked at, sizes are judged before
//!      pixels are read (`harden`). NaN is "nothing was observed"; a fault is an error and never NaN.

mod acquired;
pub mod acquisition;
mod agree;
pub mod apart;
mod archive;
pub mod attributes;
mod band_names;
pub mod beside;
pub mod content;
pub mod discover;
pub mod harden;
mod level;
mod libraries;
pub mod missing;
mod objects;
mod one_meaning;
mod opened;
mod probe;
pub mod product;
mod raster;
pub mod reduced;
mod resample;
mod scaling;
pub mod stac;
pub mod window;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use archive::file;
pub use discover::{Discovery, SetAside, scenes, scenes_without};
pub use libraries::libraries;
pub use missing::Missing;
pub use window::{Doubtful, Reader, Readers};

use crate::bucket::BucketError;
use crate::grid::{Crs, Window};
use crate::scene::Band;

/// A scene that cannot be read, with the next step.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The path names no file that may be opened.
    #[error("{}: {reason}; give a GeoTIFF, or a folder of them, that lies on this disk", .path.display())]
    NotPlainFile {
        /// The path as given.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A folder or text file that the system does not let us read.
    #[error("{}: cannot be read: {source}; check that it exists and that you may read it", .path.display())]
    Access {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is a picture by its content, but it cannot be opened.
    #[error("{}: is no readable picture: {reason}; make or copy the file again", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Sizes that no scene has.
    #[error("{}: {what} is {found}, the limit is {limit}; is this a scene? cut or rewrite it as tiled GeoTIFF", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What was measured, with its unit.
        what: String,
        /// Its size in the file.
        found: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// No usable grid.
    #[error("{}: {reason}; give an orthorectified, north-up GeoTIFF whose CRS has an EPSG code", .path.display())]
    Georeference {
        /// The file.
        path: PathBuf,
        /// What is missing or strange.
        reason: String,
    },
    /// No date in metadata, folder or name.
    #[error(
        "{}: no acquisition date in the metadata (ACQUISITION_DATE, DATETIME) nor in the file or folder name (YYYYMMDD, YYYY-MM-DD, YYYYDDD); add the date to the file name", .path.display()
    )]
    NoDate {
        /// The file.
        path: PathBuf,
    },
    /// Two dates that contradict each other.
    #[error(
        "{}: {first} says {first_date} but {second} says {second_date}; set the metadata item ACQUISITION_DATE to the right one", .path.display()
    )]
    DateConflict {
        /// The file.
        path: PathBuf,
        /// Where the one date stands.
        first: String,
        /// The one date.
        first_date: String,
        /// Where the other date stands.
        second: String,
        /// The other date.
        second_date: String,
    },
    /// Bands that contradict each other.
    #[error("{}: {reason}", .path.display())]
    Bands {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the next step.
        reason: String,
    },
    /// Numbers that cannot be reflectance by any rule known here.
    #[error("{}: {reason}", .path.display())]
    Scaling {
        /// The file.
        path: PathBuf,
        /// What was expected and found, and the next step.
        reason: String,
    },
    /// Scenes of one folder whose numbers mean different things, of which at least one is not known.
    #[error(
        "{} holds {first_kind} but {} holds {second_kind}; scenes of one run must come from one kind of product or from products whose reflectance is known (Sentinel-2 L2A, Landsat Collection 2 Level 2, HLS, files that declare scale and offset), move the others to another folder", .first.display(), .second.display()
    )]
    MixedScaling {
        /// A file.
        first: PathBuf,
        /// What its numbers are.
        first_kind: String,
        /// Another file.
        second: PathBuf,
        /// What its numbers are.
        second_kind: String,
    },
    /// Scenes of one folder in different CRS.
    #[error(
        "{} is in {first_crs} but {} is in {second_crs}; bring the scenes to one CRS, or run each CRS on its own", .first.display(), .second.display()
    )]
    MixedCrs {
        /// A file.
        first: PathBuf,
        /// Its CRS.
        first_crs: Crs,
        /// Another file.
        second: PathBuf,
        /// Its CRS.
        second_crs: Crs,
    },
    /// The same scene twice.
    #[error("scene '{id}' is there twice, as {} and {}; remove or rename one", .first.display(), .second.display())]
    Duplicate {
        /// The identity.
        id: String,
        /// A file.
        first: PathBuf,
        /// Another file.
        second: PathBuf,
    },
    /// Nothing to work on.
    #[error("{}: holds no scene{why}; expected GeoTIFF files with band descriptions (B04, red) or names that end in a band (_B04.tif)", .path.display())]
    NoScene {
        /// The folder or file.
        path: PathBuf,
        /// Why what lies there is no scene; empty when nothing lies there.
        why: String,
    },
    /// A STAC file that cannot be used.
    #[error("{}: {reason}", .path.display())]
    Stac {
        /// The JSON file.
        path: PathBuf,
        /// What is wrong, and the next step.
        reason: String,
    },
    /// Metadata of a product that cannot be used.
    #[error("{}: {reason}", .path.display())]
    Product {
        /// The metadata file, or the folder of the product.
        path: PathBuf,
        /// What is wrong, and the next step.
        reason: String,
    },
    /// A ZIP archive that is not read.
    #[error("{}: {reason}; unpack it in a place where it may do no harm and look at it, or download it again", .path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A band that the scene does not have.
    #[error(
        "scene '{scene}' has no band {band} (it has {has}); leave out the sub-models that need it, or add the band"
    )]
    BandMissing {
        /// Identity of the scene.
        scene: String,
        /// The band asked for.
        band: Band,
        /// The bands found.
        has: String,
    },
    /// A scene asked for on a grid in another CRS.
    #[error("{}: is in {found}, the plan's grid is in {expected}; bring the scene to {expected} first (scenes are never warped here)", .path.display())]
    OtherCrs {
        /// The file.
        path: PathBuf,
        /// CRS of the plan's grid.
        expected: Crs,
        /// CRS of the file.
        found: Crs,
    },
    /// Pixels that cannot be decoded.
    #[error("{}: band {band} cannot be read at {window}: {reason}; the file may be cut short, make or copy it again", .path.display())]
    Pixels {
        /// The file.
        path: PathBuf,
        /// The band.
        band: Band,
        /// The window in pixels of the file.
        window: Window,
        /// What the decoder says.
        reason: String,
    },
    /// A scene without a single value.
    #[error("{}: every pixel of band {band} is nodata; was its writer killed? make the file again or remove it", .path.display())]
    AllNodata {
        /// The file.
        path: PathBuf,
        /// The band looked at.
        band: Band,
    },
    /// The file changed after it was discovered.
    #[error("{}: its grid is {found} but was {expected} when the run began; do not change scenes during a run", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Grid at discovery.
        expected: String,
        /// Grid now.
        found: String,
    },
    /// A file at which the process that decodes it ended, or did not come to an end.
    #[error("{}: {reason}; its decoder runs in a process of its own (--isolate), so the run is whole: make or download the file again, or leave it out", .path.display())]
    Decoder {
        /// The file.
        path: PathBuf,
        /// What became of the process.
        reason: String,
    },
    /// No process can be started, or limited, in which files of others would be decoded.
    #[error(
        "files of others are decoded in a limited process of their own, and none can be made: {reason}; free some memory or processes, or trust the files (--isolate=no)"
    )]
    NoDecoder {
        /// What failed.
        reason: String,
    },
    /// Object storage that does not give what was asked.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The library refuses its settings.
    #[error("GDAL does not accept setting {key}: {reason}; check the installed GDAL")]
    Setting {
        /// Name of the setting.
        key: &'static str,
        /// What it says.
        reason: String,
    },
}

impl ReadError {
    /// The file that is at fault, where a scene is and not the folder or the machine.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::NotPlainFile { path, .. }
            | Self::Broken { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Georeference { path, .. }
            | Self::NoDate { path }
            | Self::DateConflict { path, .. }
            | Self::Bands { path, .. }
            | Self::Scaling { path, .. }
            | Self::Product { path, .. }
            | Self::Archive { path, .. }
            | Self::Pixels { path, .. }
            | Self::AllNodata { path, .. }
            | Self::Changed { path, .. }
            | Self::Decoder { path, .. } => Some(path),
            _ => None,
        }
    }
}
