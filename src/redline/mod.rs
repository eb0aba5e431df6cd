//! Red lines: polygons whose class says what may not happen inside them.
//!
//! In:  vector layers (`read`), checked and repaired or refused (`check`).
//! Out: `RedLine` with polygons in longitude and latitude, and coverage on a grid (`coverage`).
//! Law: an invalid ring is repaired with a note or refused with ring, vertex and reason; never used as it is.

mod accept;
pub mod check;
mod class;
pub mod context;
pub mod county;
pub mod coverage;
mod dbf;
mod form;
mod geojson;
pub mod land;
mod landuse;
pub mod named;
mod once;
mod package;
pub mod read;
mod shapes;
mod source;

use std::path::PathBuf;

use geo::MultiPolygon;
use serde::Serialize;
use thiserror::Error;

pub use context::{Context, Role};
pub use land::Land;
pub use read::{Reading, read};

use crate::grid::crs::CrsError;

/// What a red line protects. Decides which sub-models look inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Grassland, basic grassland (基本草原).
    Grassland,
    /// Farmland, permanent basic farmland (永久基本农田).
    Farmland,
    /// Wetland (湿地).
    Wetland,
    /// Forest land (林地).
    Forest,
    /// Ecological red line without a nearer class (生态保护红线): every sub-model may look.
    Redline,
    /// Ground of a decided case that is to be restored (整改地块): only look-again may look.
    Case,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 6] =
        [Class::Grassland, Class::Farmland, Class::Wetland, Class::Forest, Class::Redline, Class::Case];

    /// English name, as flags and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Grassland => "grassland",
            Class::Farmland => "farmland",
            Class::Wetland => "wetland",
            Class::Forest => "forest",
            Class::Redline => "redline",
            Class::Case => "case",
        }
    }

    /// Reads a class as flags and attribute tables write it, in English or Chinese.
    pub fn parse(text: &str) -> Option<Class> {
        let class = match text.trim().to_ascii_lowercase().as_str() {
            "grassland" | "grass" | "草原" | "草地" | "基本草原" => Class::Grassland,
            "farmland" | "cropland" | "crop" | "耕地" | "永久基本农田" | "基本农田" => {
                Class::Farmland
            }
            "wetland" | "湿地" | "重要湿地" => Class::Wetland,
            "forest" | "woodland" | "林地" | "公益林" => Class::Forest,
            "redline" | "red line" | "生态保护红线" | "红线" => Class::Redline,
            "case" | "decided case" | "案件" | "整改地块" | "整改图斑" => Class::Case,
            _ => return None,
        };
        Some(class)
    }
}

/// The layer that a red line or a context place came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// What every output calls it (`named`): the file name, with the folders and the layer's name that tell it from
    /// the other layers of the run.
    pub file: String,
    /// Layer name inside the file.
    pub name: String,
    /// Who drew it, if the attributes or the plan say so.
    pub authority: Option<String>,
    /// Version, if known.
    pub version: Option<String>,
    /// Date in force, if known (text as given).
    pub in_force: Option<String>,
    /// SHA-256 of the file (of the .shp for shapefiles), hexadecimal.
    pub sha256: String,
    /// EPSG code of the coordinates in the file.
    pub epsg: u32,
}

/// One protected polygon (or set of polygons).
#[derive(Debug, Clone, PartialEq)]
pub struct RedLine {
    /// Identity within the layer: its own id field, else the feature's number.
    pub id: String,
    /// Name to show; empty when the layer has none.
    pub name: String,
    /// What it protects.
    pub class: Class,
    /// Land inside the class for which the law has its own limits, where layer or field tell it.
    pub land: Option<Land>,
    /// Where it came from; index into the run's layers.
    pub layer: usize,
    /// Polygons, longitude and latitude (WGS 84 or CGCS2000), valid, exterior counter-clockwise.
    pub polygons: MultiPolygon<f64>,
    /// What was repaired, in words, if anything.
    pub repair: Option<String>,
}

/// A layer that cannot be used, with the next step.
#[derive(Debug, Error)]
pub enum RedLineError {
    /// The path names no file that may be opened.
    #[error("{}: {reason}; give a GeoJSON, GeoPackage or Shapefile that lies on this disk", .path.display())]
    NotAFile {
        /// The path as given.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A layer that was given before, under this or another name.
    #[error("{}: holds byte for byte what {} holds, which is given before it; leave one out, or give the layer that was meant", .path.display(), .first.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The file given before it.
        first: PathBuf,
    },
    /// A file in a form that is not read.
    #[error("{}: {reason}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and found, and the next step.
        reason: String,
    },
    /// A layer without a polygon.
    #[error("{}: layer '{layer}' holds 0 polygons{found}; give the polygon layer", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// The layer.
        layer: String,
        /// What it holds instead, in words that begin with a space; empty for nothing.
        found: String,
    },
    /// An invalid ring or polygon that is not repaired.
    #[error("{}: feature {feature}{place}: {reason}; correct it in a GIS (geometry check) and run again", .path.display())]
    Geometry {
        /// The file.
        path: PathBuf,
        /// Number of the feature from 1, with its name if it has one.
        feature: String,
        /// Polygon, ring and vertex, in words that begin with a comma; empty where they do not apply.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// No CRS, or coordinates that contradict it.
    #[error("{}: {reason}", .path.display())]
    Crs {
        /// The file.
        path: PathBuf,
        /// What was expected and found, and the next step.
        reason: String,
    },
    /// Nobody says what the layer protects.
    #[error("{}: layer '{layer}' does not say what it protects{found}; give --class grassland, farmland, wetland, forest or redline, or a field 'class'", .path.display())]
    Class {
        /// The file.
        path: PathBuf,
        /// The layer.
        layer: String,
        /// A value that is no class, in words that begin with a space; empty when there is none.
        found: String,
    },
    /// Coordinates that the transform refuses.
    #[error("{}: {source}", .path.display())]
    Projection {
        /// The file.
        path: PathBuf,
        /// The point and the two systems.
        source: CrsError,
    },
}
