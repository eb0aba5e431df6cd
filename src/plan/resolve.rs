//! A plan as written -> a plan with every consequence decided. All faults at once.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::bucket::Address;
use crate::bucket::address::{canonical, is_address, is_web};
use crate::date::Period;
use crate::plan::file::PlanFile;
use crate::plan::register::Register;
use crate::plan::{MEMORY, Plan, TILE_SIZE};
use crate::read::apart::Isolate;
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

/// Collects what is wrong while the plan is decided.
#[derive(Default)]
struct Desk {
    faults: Vec<String>,
}

/// Decides a plan. `cores` is what the machine has.
pub fn resolve(file: PlanFile, cores: usize) -> Result<Plan, PlanError> {
    let mut desk = Desk::default();
    let scenes = desk.needed(file.inputs.scenes, "no scenes: give --scenes FOLDER (or a STAC file)");
    let redlines = (!file.inputs.redlines.is_empty()).then_some(file.inputs.redlines);
    let redlines = desk.needed(redlines, "no red line: give --redlines FILE");
    let out = desk.needed(file.outputs.out, "no output folder: give --out DIR");
    let scenes = desk.place(&scenes, &out);
    let class = desk.class(file.inputs.class);
    let band_order = desk.bands(&file.inputs.band_order);
    let baseline = desk.period("baseline", file.dates.baseline);
    let target = desk.period("target", file.dates.target);
    desk.order(baseline, target);
    if let Err(error) = submodel::select(&file.model.submodels) {
        desk.faults.push(error.to_string());
    }
    let register = desk.register(file.model.register.as_deref());
    let least_confidence = file.model.least_confidence;
    desk.demand(least_confidence.is_none_or(|least| (0.0..=1.0).contains(&least)), || {
        format!("least confidence {} is not between 0 and 1", least_confidence.unwrap_or_default())
    });
    let fdr = file.model.fdr;
    desk.demand(fdr.is_none_or(|fdr| fdr > 0.0 && fdr < 1.0), || {
        format!("fdr {} is not between 0 and 1", fdr.unwrap_or_default())
    });
    let memory = desk.memory(file.machine.memory.as_deref());
    let isolate = desk.isolate(file.machine.isolate.as_deref());
    if !desk.faults.is_empty() {
        return Err(PlanError::Faults(Faults(desk.faults)));
    }
    Ok(Plan {
        written: None,
        scenes,
        redlines,
        permits: file.inputs.permits,
        cases: file.inputs.cases,
        landuse: file.inputs.landuse,
        burns: file.inputs.burns,
        verified: file.inputs.verified,
        class,
        band_order,
        baseline,
        target,
        models: file.model.submodels,
        register,
        least_confidence,
        fdr,
        threads: file.machine.threads.unwrap_or(cores).max(1),
        // Nought is the whole area; a quarter of the range leaves room for the rings around a tile.
        tile_size: file
            .machine
            .tile_size
            .map_or(TILE_SIZE, |size| if size == 0 { usize::MAX / 4 } else { size }),
        memory,
        isolate,
        out,
    })
}

impl Desk {
    fn demand(&mut self, holds: bool, fault: impl Fn() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn needed<T: Default>(&mut self, given: Option<T>, fault: &str) -> T {
        self.demand(given.is_some(), || fault.to_owned());
        given.unwrap_or_default()
    }

    /// Scenes in the one spelling of their address, where they have one; a result has none.
    fn place(&mut self, scenes: &Path, out: &Path) -> PathBuf {
        self.faults.extend(Address::of(scenes).err().map(|error| error.to_string()));
        self.demand(!is_address(out) && !is_web(out), || {
            let out = out.display();
            format!("output folder {out}: a result is written to this disk; copy it to storage afterwards")
        });
        canonical(scenes)
    }

    fn class(&mut self, text: Option<String>) -> Option<Class> {
        let text = text?;
        let class = Class::parse(&text);
        self.demand(class.is_some(), || {
            let known: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
            format!("class '{text}' is not one of {}", known.join(", "))
        });
        class
    }

    fn register(&mut self, text: Option<&str>) -> Option<Register> {
        let text = text?;
        let register = Register::parse(text);
        self.demand(register.is_some(), || format!("register '{text}' is not one of off, check, correct"));
        register
    }

    fn bands(&mut self, names: &[String]) -> Vec<Band> {
        let mut bands = Vec::new();
        for name in names {
            match Band::parse(name) {
                Some(band) => bands.push(band),
                None => {
                    self.faults.push(format!("band '{name}' is not a STAC common name such as red or nir"));
                }
            }
        }
        bands
    }

    fn period(&mut self, what: &str, text: Option<String>) -> Option<Period> {
        match Period::parse(&text?) {
            Ok(period) => Some(period),
            Err(error) => {
                self.faults.push(format!("{what}: {error}"));
                None
            }
        }
    }

    fn order(&mut self, baseline: Option<Period>, target: Option<Period>) {
        if let (Some(baseline), Some(target)) = (baseline, target) {
            self.demand(baseline.to < target.from, || {
                format!(
                    "baseline {baseline} does not end before target {target} starts; the look-back comes first"
                )
            });
        }
    }

    fn isolate(&mut self, text: Option<&str>) -> Isolate {
        let isolate = text.map_or(Some(Isolate::default()), Isolate::parse);
        self.demand(isolate.is_some(), || {
            let text = text.unwrap_or_default();
            format!("isolate '{text}' is not auto (files that were fetched), yes (all files) or no")
        });
        isolate.unwrap_or_default()
    }

    fn memory(&mut self, text: Option<&str>) -> u64 {
        match text.map(parse_bytes) {
            None => MEMORY,
            Some(Ok(bytes)) => bytes,
            Some(Err(fault)) => {
                self.faults.push(fault);
                MEMORY
            }
        }
    }
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
