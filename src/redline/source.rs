//! A vector layer as it lies in its file, before any judgement. Plain data.
//!
//! Law: rings are kept as they were written (unclosed, doubled, crossing); attributes are text.

use std::path::PathBuf;

use crate::grid::Crs;

/// A ring as written: x and y (longitude and latitude, or easting and northing).
pub(crate) type RawRing = Vec<[f64; 2]>;

/// A polygon as written: the first ring is the exterior.
pub(crate) type RawPolygon = Vec<RawRing>;

/// One feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceFeature {
    /// Number in the layer, from 1.
    pub(crate) number: usize,
    /// The feature's own id outside its attributes (GeoJSON).
    pub(crate) id: Option<String>,
    /// Attributes in file order; absent and null values are left out.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) polygons: Vec<RawPolygon>,
    /// Geometry that is no polygon, by name.
    pub(crate) other: Option<String>,
    /// Whether a third coordinate was left out.
    pub(crate) had_height: bool,
}

/// One layer.
#[derive(Debug, Clone)]
pub(crate) struct SourceLayer {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) crs: Crs,
    pub(crate) features: Vec<SourceFeature>,
    /// What was noticed on the way, for the reader; without the layer's name.
    pub(crate) notes: Vec<String>,
}

impl SourceFeature {
    /// The first of several fields that is there and not blank; names are compared without case.
    pub(crate) fn field(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let same = |key: &str| key.to_lowercase() == name.to_lowercase();
            let found = self.fields.iter().find(|(key, value)| same(key) && !value.trim().is_empty());
            found.map(|(_, value)| value.trim())
        })
    }

    /// Number and name as messages call the feature.
    pub(crate) fn call(&self) -> String {
        match self.field(NAMES) {
            Some(name) => format!("{} ('{name}')", self.number),
            None => self.number.to_string(),
        }
    }
}

/// Fields that name a feature, best first.
pub(crate) const NAMES: &[&str] =
    &["name", "名称", "hxmc", "xmmc", "bhdmc", "xmc", "mc", "zldwmc", "qsdwmc", "title", "label"];

/// Fields that identify a feature within its layer, best first.
pub(crate) const IDS: &[&str] =
    &["id", "bsm", "hxbm", "jbnttbbh", "tbbh", "jcbh", "objectid", "fid", "adcode"];
