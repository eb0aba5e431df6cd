//! A report: what a run or a ledger holds, brought together with layers and imagery, and written for those who use it.
//!
//! In:  a run's folder or a ledger, the plan where scenes and layers are at hand. Out: a folder, whole or not at all.
//! Law: scenes and layers are those of the run, or they are left out and the report says so; what is lacking is told.

mod closer;

mod gather;

mod imagery;
mod persons;

use std::path::PathBuf;

use serde_json::json;

use crate::ledger::Place;
use crate::plan::Plan;
use crate::publish::staging::MANIFEST;
use crate::publish::{PublishError, Staging, manifest};
use crate::report::{self, Asked, Material, Use};
use crate::run::{Progress, RunError};

/// What a report is made from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The folder that a scan wrote.
    pub run: Option<PathBuf>,
    /// What people found and did; without a run its cases are the leads.
    pub ledger: Option<Place>,
    /// Folders of other runs, for the pictures of a ledger's cases.
    pub pictures: Vec<PathBuf>,
    /// Scenes and layers; without it those that the run's manifest names.
    pub plan: Option<Plan>,
    /// Only these leads; all where empty.
    pub only: Vec<String>,
    /// Without names and remarks of people, for whoever is not of the office.
    pub is_public: bool,
}

/// What was made.
pub struct Reported {
    /// The folder.
    pub out: PathBuf,
    /// Leads in it.
    pub leads: usize,
    /// What the reader must know, a line each.
    pub words: Vec<String>,
    /// Whether something is lacking that the run had and that this report shows: pictures, scenes, layers.
    pub is_lacking: bool,
}

/// Makes a report.
///
/// # Errors
/// Those of reading, of the exporters and of writing; nothing is published then.
pub fn report(
    sources: &Sources,
    uses: &[Use],
    asked: &Asked,
    out: &std::path::Path,
    progress: &dyn Progress,
) -> Result<Reported, RunError> {
    let staging = Staging::begin(out)?;
    let (material, mut words) = gather::gather(sources, uses, &staging, progress)?;
    words.extend(gone(out, uses));
    for one in uses {
        progress.stage(one.name(), 1);
        words.extend(report::write(&material, asked, *one, &staging)?);
        progress.step(1);
    }
    manifest(&staging, &material, uses)?;
    // A sheet or a mission needs no picture; and a ledger alone promises none.
    let shows = uses.iter().any(|one| one.shows_imagery() || one.looks_closer());
    let is_of_run = sources.run.is_some() || !sources.pictures.is_empty();
    let (leads, is_lacking) = (material.leads.len(), shows && is_of_run && !material.lacking.is_empty());
    Ok(Reported { leads, is_lacking, out: staging.commit()?, words })
}

/// What an earlier report under that name was for and this one is not.
fn gone(out: &std::path::Path, uses: &[Use]) -> Option<String> {
    let text = std::fs::read(out.join(MANIFEST)).ok()?;
    let earlier: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let names = earlier["report"]["for"].as_array()?.iter().filter_map(serde_json::Value::as_str);
    let gone: Vec<&str> = names.filter(|name| uses.iter().all(|one| one.name() != *name)).collect();
    (!gone.is_empty())
        .then(|| format!("{}: the earlier report for {} was replaced", out.display(), gone.join(", ")))
}

/// What the review desk shows of a ledger: its cases with the pictures of the runs that found them, and imagery and layers of
/// the first run's plan; and what its user must know. What is drawn lies in `staging` and goes with it.
///
/// # Errors
/// Those of reading.
pub fn of_ledger(
    ledger: &Place,
    runs: &[PathBuf],
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<(Material, Vec<String>), RunError> {
    let sources = Sources {
        run: None,
        ledger: Some(ledger.clone()),
        pictures: runs.to_vec(),
        plan: None,
        only: Vec::new(),
        is_public: false,
    };
    gather::gather(&sources, &[Use::Map], staging, progress)
}

/// Every file by its digest, and what the report stands on.
fn manifest(staging: &Staging, material: &Material, uses: &[Use]) -> Result<(), PublishError> {
    let run = material.run.as_ref();
    let about = json!({
        "for": uses.iter().map(|one| one.name()).collect::<Vec<_>>(),
        "run": run.map(|run| &run.id),
        "run_manifest_sha256": run.map(|run| &run.manifest_sha256),
        "leads": material.leads.iter().map(|lead| &lead.id).collect::<Vec<_>>(),
        "lacking": material.lacking,
    });
    manifest::of_files(staging, ("report", about)).map(|_| ())
}
