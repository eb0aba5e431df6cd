//! Red lines: polygons whose class says what may not happen inside them.
//!
//! In:  vector layers (`read`), checked and repaired or refused (`check`).
//! Out: `RedLine` with polygons in longitude and latitude, and coverage on a grid (`coverage`).
//! Law: an invalid ring is repaired with a note or refused with ring, vertex and reason; never used as it is.

use geo::MultiPolygon;
use serde::Serialize;

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
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 5] =
        [Class::Grassland, Class::Farmland, Class::Wetland, Class::Forest, Class::Redline];

    /// English name, as flags and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Grassland => "grassland",
            Class::Farmland => "farmland",
            Class::Wetland => "wetland",
            Class::Forest => "forest",
            Class::Redline => "redline",
        }
    }

    /// Reads a class as flags and attribute tables write it, in English or Chinese.
    pub fn parse(text: &str) -> Option<Class> {
        let class = match text.trim().to_ascii_lowercase().as_str() {
            "grassland" | "grass" | "草原" | "草地" | "基本草原" => Class::Grassland,
            "farmland" | "cropland" | "crop" | "耕地" | "永久基本农田" | "基本农田" => Class::Farmland,
            "wetland" | "湿地" | "重要湿地" => Class::Wetland,
            "forest" | "woodland" | "林地" | "公益林" => Class::Forest,
            "redline" | "red line" | "生态保护红线" | "红线" => Class::Redline,
            _ => return None,
        };
        Some(class)
    }
}

/// The layer that a red line or a permit came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// File name without folders.
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
    /// Where it came from; index into the run's layers.
    pub layer: usize,
    /// Polygons, longitude and latitude (WGS 84 or CGCS2000), valid, exterior counter-clockwise.
    pub polygons: MultiPolygon<f64>,
    /// What was repaired, in words, if anything.
    pub repair: Option<String>,
}
