//! `plan.toml` as written. Every key is optional; an unknown key is refused.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bucket::address::{canonical, is_address, is_web};
use crate::plain;
use crate::plan::resolve::PlanError;

/// The file as written, or the flags in the same shape.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What to read.
    #[serde(default)]
    pub inputs: Inputs,
    /// Which periods.
    #[serde(default)]
    pub dates: Dates,
    /// How to judge.
    #[serde(default)]
    pub model: Model,
    /// Where to write.
    #[serde(default)]
    pub outputs: Outputs,
    /// How much of the machine to use; changes no byte of the result.
    #[serde(default)]
    pub machine: Machine,
}

/// What to read. Relative paths are relative to the plan file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Folder of scenes, or a STAC file.
    pub scenes: Option<PathBuf>,
    /// Red-line layers.
    #[serde(default)]
    pub redlines: Vec<PathBuf>,
    /// Permit layers.
    #[serde(default)]
    pub permits: Vec<PathBuf>,
    /// Layers of earlier decided cases.
    #[serde(default)]
    pub cases: Vec<PathBuf>,
    /// Land-use layers (DLTB).
    #[serde(default)]
    pub landuse: Vec<PathBuf>,
    /// Layers of burn scars.
    #[serde(default)]
    pub burns: Vec<PathBuf>,
    /// Verified leads of earlier runs, GeoJSON or CSV.
    #[serde(default)]
    pub verified: Vec<PathBuf>,
    /// Class of every red line, whatever the layers say; without it their own field or name says it.
    pub class: Option<String>,
    /// Order of bands in files whose bands have no names, for example ["red", "green", "blue", "nir"].
    #[serde(default)]
    pub band_order: Vec<String>,
}

/// Periods, `YYYY-MM-DD/YYYY-MM-DD`, both ends included.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// Look-back.
    pub baseline: Option<String>,
    /// Target period.
    pub target: Option<String>,
}

/// How to judge.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Sub-model ids.
    #[serde(default)]
    pub submodels: Vec<String>,
    /// What is done about scenes that lie beside the others: off, check or correct.
    pub register: Option<String>,
    /// Leads below this confidence are kept aside, 0 to 1.
    pub least_confidence: Option<f64>,
    /// False-discovery rate asked for, above 0 and below 1.
    pub fdr: Option<f64>,
}

/// Where to write.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// Output folder.
    pub out: Option<PathBuf>,
}

/// How much of the machine to use.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Workers.
    pub threads: Option<usize>,
    /// Side of a tile in pixels; 0 is the whole area.
    pub tile_size: Option<usize>,
    /// Working memory, for example "1GiB".
    pub memory: Option<String>,
    /// Whose files are decoded in a limited process of their own: "auto", "yes" or "no".
    pub isolate: Option<String>,
}

impl PlanFile {
    /// Reads a plan file; relative paths in it are made relative to the file's folder.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let fault = |reason: String| PlanError::File { path: path.to_owned(), reason };
        let text = plain::text(path).map_err(|error| fault(error.to_string()))?;
        let mut file: PlanFile =
            toml::from_str(&text).map_err(|error| fault(error.to_string().trim_end().to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        file.paths(|path| {
            if !is_web(path) {
                *path = if is_address(path) { canonical(path) } else { folder.join(&path) };
            }
        });
        Ok(file)
    }

    /// Every path of the plan, to be changed.
    pub fn paths(&mut self, change: impl FnMut(&mut PathBuf)) {
        let Inputs { scenes, redlines, permits, cases, landuse, burns, verified, .. } = &mut self.inputs;
        let layers = [redlines, permits, cases, landuse, burns, verified].into_iter().flatten();
        scenes.iter_mut().chain(layers).chain(&mut self.outputs.out).for_each(change);
    }

    /// This plan with what `flags` says in its place.
    pub fn overridden_by(mut self, flags: PlanFile) -> Self {
        fn take<T>(place: &mut Option<T>, flag: Option<T>) {
            if flag.is_some() {
                *place = flag;
            }
        }
        fn take_all<T>(place: &mut Vec<T>, flag: Vec<T>) {
            if !flag.is_empty() {
                *place = flag;
            }
        }
        take(&mut self.inputs.scenes, flags.inputs.scenes);
        take_all(&mut self.inputs.redlines, flags.inputs.redlines);
        take_all(&mut self.inputs.permits, flags.inputs.permits);
        take_all(&mut self.inputs.cases, flags.inputs.cases);
        take_all(&mut self.inputs.landuse, flags.inputs.landuse);
        take_all(&mut self.inputs.burns, flags.inputs.burns);
        take_all(&mut self.inputs.verified, flags.inputs.verified);
        take(&mut self.inputs.class, flags.inputs.class);
        take_all(&mut self.inputs.band_order, flags.inputs.band_order);
        take(&mut self.dates.baseline, flags.dates.baseline);
        take(&mut self.dates.target, flags.dates.target);
        take_all(&mut self.model.submodels, flags.model.submodels);
        take(&mut self.model.register, flags.model.register);
        take(&mut self.model.least_confidence, flags.model.least_confidence);
        take(&mut self.model.fdr, flags.model.fdr);
        take(&mut self.outputs.out, flags.outputs.out);
        take(&mut self.machine.threads, flags.machine.threads);
        take(&mut self.machine.tile_size, flags.machine.tile_size);
        take(&mut self.machine.memory, flags.machine.memory);
        take(&mut self.machine.isolate, flags.machine.isolate);
        self
    }
}
