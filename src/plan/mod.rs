//! What to do, as written (`file`) and as decided (`Plan`).
//!
//! In:  `plan.toml`, flags, or both; flags win.
//! Out: `Plan`, with every consequence decided, printable and part of the manifest.
//! Law: all faults of a plan are told at once; an unknown key is a fault.

pub mod file;

pub mod register;

pub mod resolve;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::date::Period;
use crate::read::apart::Isolate;
use crate::redline::{Class, Role};
use crate::scene::Band;

pub use file::PlanFile;
pub use register::Register;
pub use resolve::{PlanError, resolve};

/// Everything that a run depends on.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The file that the plan was read from, if it was.
    pub written: Option<PathBuf>,
    /// Folder of scenes, or a STAC file.
    pub scenes: PathBuf,
    /// Red-line layers.
    pub redlines: Vec<PathBuf>,
    /// Permit layers.
    pub permits: Vec<PathBuf>,
    /// Layers of earlier decided cases.
    pub cases: Vec<PathBuf>,
    /// Land-use layers (DLTB).
    pub landuse: Vec<PathBuf>,
    /// Layers of burn scars.
    pub burns: Vec<PathBuf>,
    /// Verified leads of earlier runs, for the confidence and for `fdr`.
    pub verified: Vec<PathBuf>,
    /// Class of every red line, whatever the layers say; without it their own field or name says it.
    pub class: Option<Class>,
    /// Order of bands in files whose bands have no names.
    pub band_order: Vec<Band>,
    /// Look-back; decided from the scenes when not given.
    pub baseline: Option<Period>,
    /// Target period; decided from the scenes when not given.
    pub target: Option<Period>,
    /// Sub-model ids; empty is all that the red lines' classes allow.
    pub models: Vec<String>,
    /// What is done about scenes that lie beside the others; by mode when not given.
    pub register: Option<Register>,
    /// Leads below this confidence go to the suppressed patches; by mode when not given.
    pub least_confidence: Option<f64>,
    /// False-discovery rate at which verified leads select, if asked for.
    pub fdr: Option<f64>,
    /// Workers; changes no byte of the result.
    pub threads: usize,
    /// Side of a tile in pixels; changes no byte of the result.
    pub tile_size: usize,
    /// Bound of working memory in bytes; changes no byte of the result.
    pub memory: u64,
    /// Whose files are decoded in a limited process of their own; changes no byte of the result.
    pub isolate: Isolate,
    /// Output folder.
    pub out: PathBuf,
}

impl Plan {
    /// The context layers by role, in the order in which they are read.
    pub fn context(&self) -> [(Role, &[PathBuf]); 4] {
        Role::ALL.map(|role| {
            let paths = match role {
                Role::Permit => &self.permits,
                Role::Case => &self.cases,
                Role::LandUse => &self.landuse,
                Role::Burn => &self.burns,
            };
            (role, paths.as_slice())
        })
    }

    /// The plan as a file would say it.
    pub fn as_file(&self) -> PlanFile {
        let mut file = PlanFile::default();
        file.inputs = file::Inputs {
            scenes: Some(self.scenes.clone()),
            redlines: self.redlines.clone(),
            permits: self.permits.clone(),
            cases: self.cases.clone(),
            landuse: self.landuse.clone(),
            burns: self.burns.clone(),
            verified: self.verified.clone(),
            class: self.class.map(|class| class.name().to_owned()),
            band_order: self.band_order.iter().map(|band| band.name().to_owned()).collect(),
        };
        file.dates.baseline = self.baseline.map(|period| period.to_string());
        file.dates.target = self.target.map(|period| period.to_string());
        file.model.submodels = self.models.clone();
        file.model.register = self.register.map(|register| register.name().to_owned());
        file.model.least_confidence = self.least_confidence;
        file.model.fdr = self.fdr;
        file.outputs.out = Some(self.out.clone());
        // Who repeats the run trusts its files no more than it did.
        file.machine.isolate = (self.isolate != Isolate::Auto).then(|| self.isolate.word().to_owned());
        file
    }

    /// What is done about scenes that lie beside the others.
    pub fn register(&self) -> Register {
        self.register.unwrap_or_default()
    }

    /// Confidence below which a patch is kept aside.
    pub fn least_confidence(&self, is_pair: bool) -> f64 {
        self.least_confidence.unwrap_or(if is_pair { LEAST_CONFIDENCE_OF_PAIR } else { LEAST_CONFIDENCE })
    }
}

/// Confidence of a lead from a series below which a patch is kept aside: what two dates can reach at most.
///
/// In training worlds that the fit had not seen, 169 of 180 true patches and 4 of 270 false ones lie above it
/// (at 0.5: 173 and 4); the first county reached 0.75 on the ground.
pub const LEAST_CONFIDENCE: f64 = 0.6;

/// The same of two dates, whose confidence lies between 0.5 and 0.6: their own rules have decided before.
pub const LEAST_CONFIDENCE_OF_PAIR: f64 = 0.5;

/// Default bound of working memory.
pub const MEMORY: u64 = 1 << 30;

/// Default tile side in pixels.
pub const TILE_SIZE: usize = 512;

/// What of the plan decides the result, for the manifest; paths by name only.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// Look-back, `FROM/TO`.
    pub baseline: String,
    /// Target period, `FROM/TO`.
    pub target: String,
    /// `series` or `pair`.
    pub mode: &'static str,
    /// Sub-models used.
    pub models: Vec<String>,
    /// Features used.
    pub features: Vec<String>,
    /// Grid of the run in words.
    pub grid: String,
    /// What is done about scenes that lie beside the others.
    pub register: &'static str,
    /// Least confidence of a lead.
    pub least_confidence: f64,
    /// False-discovery rate asked for.
    pub fdr: Option<f64>,
    /// Class of every red line, where the plan gave one.
    pub class: Option<&'static str>,
    /// Order of bands in files that do not name them.
    pub band_order: Vec<String>,
    /// What outputs call the layers of each role, in the order in which they were read.
    pub layers: BTreeMap<String, Vec<String>>,
}
