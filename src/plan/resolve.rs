//! A plan as written -> a plan with every consequence decided. All faults at once.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::date::Period;
use crate::plan::file::PlanFile;
use crate::plan::{LEAST_CONFIDENCE, MEMORY, Plan, TILE_SIZE};
use crate::redline::Class;
use crate::scene::Band;
use crate::submodel;

/// A plan that cannot be used.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("plan {path}: {reason}; `steppewatch init` writes a plan with every key explained")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Everything that is wrong with what was asked.
    #[error("{0}")]
    Faults(Faults),
}

/// Faults of a plan, one a line.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan cannot be carried out:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// Decides a plan. `cores` is what the machine has.
pub fn resolve(file: PlanFile, cores: usize) -> Result<Plan, PlanError> {
    let mut faults = Vec::new();
    let mut fault = |text: String| faults.push(text);
    let scenes = file.inputs.scenes.unwrap_or_else(|| {
        fault("no scenes: give --scenes FOLDER (or a STAC file)".to_owned());
        PathBuf::new()
    });
    if file.inputs.redlines.is_empty() {
        fault("no red line: give --redlines FILE".to_owned());
    }
    let out = file.outputs.out.unwrap_or_else(|| {
        fault("no output folder: give --out DIR".to_owned());
        PathBuf::new()
    });
    let class = file.inputs.class.and_then(|text| {
        let class = Class::parse(&text);
        if class.is_none() {
            let known: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
            fault(format!("class '{text}' is not one of {}", known.join(", ")));
        }
        class
    });
    let mut band_order = Vec::new();
    for name in &file.inputs.band_order {
        match Band::parse(name) {
            Some(band) => band_order.push(band),
            None => fault(format!("band '{name}' is not a STAC common name such as red or nir")),
        }
    }
    let mut period = |what: &str, text: Option<String>| {
        text.and_then(|text| match Period::parse(&text) {
            Ok(period) => Some(period),
            Err(error) => {
                fault(format!("{what}: {error}"));
                None
            }
        })
    };
    let baseline = period("baseline", file.dates.baseline);
    let target = period("target", file.dates.target);
    if let (Some(baseline), Some(target)) = (baseline, target)
        && baseline.to >= target.from
    {
        fault(format!("baseline {baseline} does not end before target {target} starts; the look-back comes first"));
    }
    if let Err(error) = submodel::select(&file.model.submodels) {
        fault(error.to_string());
    }
    let least_confidence = file.model.least_confidence.unwrap_or(LEAST_CONFIDENCE);
    if !(0.0..=1.0).contains(&least_confidence) {
        fault(format!("least confidence {least_confidence} is not between 0 and 1"));
    }
    if let Some(fdr) = file.model.fdr
        && !(fdr > 0.0 && fdr < 1.0)
    {
        fault(format!("fdr {fdr} is not between 0 and 1"));
    }
    let memory = match file.machine.memory.as_deref().map(parse_bytes) {
        None => MEMORY,
        Some(Ok(bytes)) => bytes,
        Some(Err(text)) => {
            fault(text);
            MEMORY
        }
    };
    let tile_size = match file.machine.tile_size {
        None => TILE_SIZE,
        Some(0) => usize::MAX / 4,
        Some(size) => size,
    };
    if !faults.is_empty() {
        return Err(PlanError::Faults(Faults(faults)));
    }
    let (redlines, permits) = (file.inputs.redlines, file.inputs.permits);
    let threads = file.machine.threads.unwrap_or(cores).max(1);
    let (models, fdr) = (file.model.submodels, file.model.fdr);
    Ok(Plan {
        scenes,
        redlines,
        permits,
        class,
        band_order,
        baseline,
        target,
        models,
        least_confidence,
        fdr,
        threads,
        tile_size,
        memory,
        out,
    })
}

/// Reads `512MiB`, `1GiB`, `800MB` or plain bytes.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "kib" => 1024.0,
        "m" | "mb" => 1e6,
        "mib" => 1024.0 * 1024.0,
        "g" | "gb" => 1e9,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => f64::NAN,
    };
    let bytes = digits.parse::<f64>().unwrap_or(f64::NAN) * unit;
    if bytes >= 1e6 {
        Ok(bytes as u64)
    } else {
        Err(format!("memory '{text}' is not a size such as 1GiB or 800MB (at least 1MB)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_plan_are_told_at_once() {
        let mut file = PlanFile::default();
        file.dates.baseline = Some("2021-01-01/2021-12-31".into());
        file.dates.target = Some("2020-01-01/2020-12-31".into());
        file.model.submodels = vec!["X1".into()];
        let text = resolve(file, 2).unwrap_err().to_string();
        for part in ["--scenes", "--redlines", "--out", "does not end before", "'X1'"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(parse_bytes("1GiB"), Ok(1 << 30));
        assert_eq!(parse_bytes("512 MiB"), Ok(512 << 20));
        assert!(parse_bytes("lots").is_err() && parse_bytes("5").is_err());
    }
}
