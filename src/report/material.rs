//! What every exporter is given: leads, layers and imagery, gathered once.
//!
//! Coordinates are longitude and latitude (WGS 84) unless a field names a grid.

use std::path::PathBuf;

use geo::MultiPolygon;
use serde_json::{Map, Value};

use crate::date::Date;
use crate::grid::{Crs, Grid};
use crate::ledger::{Case, Event};
use crate::publish::fields;
use crate::redline::{Class, Role};
use crate::report::ReportError;
use crate::scene::Band;

/// Everything that a report is made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The run that found the leads; none where only a ledger or a file was given.
    pub run: Option<Run>,
    /// Leads by rank.
    pub leads: Vec<Item>,
    /// Red lines of the run; empty where their layers are not at hand.
    pub redlines: Vec<Ground>,
    /// Permits of the run and what else was known of the ground; empty where their layers are not at hand.
    pub context: Vec<Ground>,
    /// Where nothing could be said.
    pub gaps: Vec<Item>,
    /// Imagery of the region before and after; empty where the scenes are not at hand or nobody asked for it.
    pub imagery: Vec<Picture>,
    /// What is lacking and why, a line each.
    pub lacking: Vec<String>,
}

impl Material {
    /// The picture of a moment.
    pub fn picture(&self, moment: Moment) -> Option<&Picture> {
        self.imagery.iter().find(|picture| picture.moment == moment)
    }

    /// The CGCS2000 three-degree zone in which most leads lie, where they lie in China.
    pub fn zone(&self) -> Option<Crs> {
        let mut zones: Vec<Crs> =
            self.leads.iter().filter_map(|lead| Crs::cgcs2000_zone(lead.point.0, lead.point.1)).collect();
        zones.sort_unstable();
        let runs = zones.chunk_by(|a, b| a == b);
        runs.max_by_key(|run| (run.len(), std::cmp::Reverse(run[0]))).map(|run| run[0])
    }

    /// Longitude and latitude of the corners of all leads and red lines: west, south, east, north.
    pub fn bounds(&self) -> Option<(f64, f64, f64, f64)> {
        use geo::BoundingRect;
        let outlines = self.leads.iter().map(|lead| &lead.outline);
        let rects = outlines.chain(self.redlines.iter().map(|line| &line.outline));
        rects.filter_map(BoundingRect::bounding_rect).fold(None, |all, rect| {
            let (low, high) = (rect.min(), rect.max());
            let (west, south, east, north) = all.unwrap_or((low.x, low.y, high.x, high.y));
            Some((west.min(low.x), south.min(low.y), east.max(high.x), north.max(high.y)))
        })
    }
}

/// What the manifest of a run says.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Digest of its result.
    pub id: String,
    /// `manifest.json` by SHA-256.
    pub manifest_sha256: String,
    /// Version of the program that made it.
    pub version: String,
    /// Look-back, `FROM/TO`.
    pub baseline: String,
    /// Target period, `FROM/TO`.
    pub target: String,
    /// `result` of the manifest: plan, inputs, scenes, outputs, libraries, notes.
    pub result: Value,
}

/// A lead or a gap.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Every column of its record (`publish::fields`).
    pub properties: Map<String, Value>,
    /// Longitude and latitude.
    pub outline: MultiPolygon<f64>,
    /// A point inside it, longitude and latitude.
    pub point: (f64, f64),
    /// Pictures before and after that the run drew, PNG; none where there are none or they were changed since.
    pub chips: Option<[PathBuf; 2]>,
    /// What people found and did, where a ledger was given.
    pub case: Option<Case>,
    /// Its events in the ledger, in order.
    pub events: Vec<Event>,
    /// Every view of the place, where scenes are at hand and it was asked for.
    pub seen: Vec<Seen>,
    /// Reflectance around it before and after, where scenes are at hand and it was asked for.
    pub close: Vec<Close>,
}

impl Item {
    /// A lead or a gap of which nothing is known but its record.
    pub fn new(
        id: String,
        properties: Map<String, Value>,
        outline: MultiPolygon<f64>,
        point: (f64, f64),
    ) -> Self {
        Self {
            id,
            properties,
            outline,
            point,
            chips: None,
            case: None,
            events: Vec::new(),
            seen: Vec::new(),
            close: Vec::new(),
        }
    }

    /// A property as text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A property as a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.properties.get(name).and_then(Value::as_f64)
    }

    /// A property as a list; empty where it is none.
    pub fn list(&self, name: &str) -> &[Value] {
        self.properties.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A name for files of its own: ids come from files and may hold anything.
    pub fn file_name(&self) -> String {
        fields::file_name(&self.id)
    }

    /// The bytes of a picture, PNG.
    ///
    /// # Errors
    /// `Picture` where the file is gone.
    pub fn chip(&self, moment: Moment) -> Result<Option<Vec<u8>>, ReportError> {
        let Some(path) = self.chips.as_ref().map(|chips| &chips[moment as usize]) else { return Ok(None) };
        let gone =
            |error: std::io::Error| ReportError::Picture { path: path.clone(), reason: error.to_string() };
        std::fs::read(path).map(Some).map_err(gone)
    }
}

/// One view of a lead's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The day.
    pub date: Date,
    /// Scenes of that day.
    pub scenes: String,
    /// Whether it lies in the look-back.
    pub is_look_back: bool,
    /// Share of the ground inside the band of its look-alikes, 0 to 1; none where the view was not used.
    pub inside: Option<f64>,
    /// Median z by feature, in the order of the run's features; empty where the view was not used.
    pub z: Vec<(String, f64)>,
    /// Why it was not used, in Chinese and English.
    pub why_not: Option<(String, String)>,
}

/// Reflectance around a lead on one day.
#[derive(Debug, Clone)]
pub struct Close {
    /// Before or after.
    pub moment: Moment,
    /// The day.
    pub date: Date,
    /// The scenes of that day.
    pub scene: String,
    /// Where it lies.
    pub grid: Grid,
    /// The picture without strips or outline, JPEG; what was not observed is hatched.
    pub jpeg: Vec<u8>,
    /// Whether it is in natural colours, else near infrared, red, green.
    pub is_natural: bool,
}

/// A polygon of a layer that the run stood on.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Identity within its layer.
    pub id: String,
    /// Name to show; may be empty.
    pub name: String,
    /// Of a red line: what it protects.
    pub class: Option<Class>,
    /// Of context: what it speaks of.
    pub role: Option<Role>,
    /// Of context: kind of permit, land-use code; may be empty.
    pub kind: String,
    /// First day, as far as the layer states it.
    pub from: Option<Date>,
    /// Last day, as far as the layer states it.
    pub to: Option<Date>,
    /// What outputs call its layer.
    pub layer: String,
    /// Who drew the layer, if known.
    pub authority: Option<String>,
    /// Version of the layer, if known.
    pub version: Option<String>,
    /// SHA-256 of the layer's file.
    pub sha256: String,
    /// Longitude and latitude.
    pub outline: MultiPolygon<f64>,
}

/// Before or after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before.
    Before = 0,
    /// After.
    After = 1,
}

impl Moment {
    /// Name as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Moment::Before => "before",
            Moment::After => "after",
        }
    }
}

/// Imagery of the region: one cloud-optimised GeoTIFF of reflectance x 10000, 16 bit, with overviews. Clear pixels of the
/// days named, the first of them on top; nodata -32768.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Before or after.
    pub moment: Moment,
    /// Its place in the report, for example `imagery/before.tif`.
    pub file: String,
    /// Where it lies until the report is published.
    pub path: PathBuf,
    /// Its grid.
    pub grid: Grid,
    /// Its bands, in order.
    pub bands: Vec<Band>,
    /// Days that it was made of, first on top.
    pub days: Vec<Date>,
    /// Ids of the scenes of those days.
    pub scenes: Vec<String>,
    /// Three bands (places in `bands`) as red, green and blue, in natural colours where there are such bands.
    pub natural: [usize; 3],
    /// The same as near infrared, red, green.
    pub infrared: [usize; 3],
    /// For each band the value (reflectance x 10000) drawn black and the one drawn white; the same for both moments.
    pub stretch: Vec<(f64, f64)>,
    /// Share of its pixels that were seen, 0 to 1.
    pub seen: f64,
}
