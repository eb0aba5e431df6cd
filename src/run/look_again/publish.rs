//! What was looked at again -> the output folder, whole or not at all.

use std::path::PathBuf;

use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::plan::Plan;
use crate::publish::fields::chip_file;
use crate::publish::look_again::{self, LOOK_AGAIN, LookAgain};
use crate::publish::manifest;
use crate::publish::staging::MANIFEST;
use crate::publish::{Outcome, Staging, digest};
use crate::read::Readers;
use crate::run::inputs::Inputs;
use crate::run::look_again::{LookedAt, pictures};
use crate::run::{Found, Progress, RunError, outputs, workers};

/// A folder that a look-again wrote.
pub struct Published {
    /// Where it lies.
    pub out: PathBuf,
    /// The numbers of each lead, in their order, as the file has them.
    pub numbers: Vec<Map<String, Value>>,
    /// Digest of the result.
    pub result: String,
    /// The layer and the manifest, by name and SHA-256.
    pub files: Vec<(String, String)>,
}

/// Publishes what was looked at again; `staging` was begun before the first pixel was read.
pub fn publish(
    (plan, inputs): (&Plan, &Inputs),
    looked: &[LookedAt],
    (staging, started, command): (Staging, Timestamp, Vec<String>),
    progress: &dyn Progress,
) -> Result<Published, RunError> {
    let scenes: Vec<String> = inputs.views.iter().map(|view| scenes_of(inputs, &view.scenes)).collect();
    let has_picture = drawn(plan, inputs, looked, (&staging, progress))?;
    let looks: Vec<LookAgain> = looked
        .iter()
        .zip(has_picture)
        .map(|(one, has_picture)| LookAgain {
            lead: &one.lead,
            recovery: &one.recovery,
            area: one.area,
            look_back: one.look_back,
            days: one.days,
            features: &inputs.features,
            scenes: &scenes,
            has_picture,
        })
        .collect();
    look_again::write(&staging, &looks)?;
    let numbers = looks.iter().map(LookAgain::numbers).collect();
    let lead = |one: &LookAgain| {
        let day = |day: Option<crate::date::Date>| day.map(|day| day.to_string());
        json!({
            "id": one.lead.id, "model": one.lead.model, "before": day(one.lead.before),
            "first_seen": day(one.lead.first_seen), "rectified_on": day(one.lead.rectified_on),
        })
    };
    let mut resolved = outputs::resolved(plan, inputs, &Found::default());
    resolved["look_again"] = looks.iter().map(lead).collect();
    let manifest = outputs::stated(plan, inputs, resolved, (started, command))?;
    let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
    let result = manifest::write(&staging, &manifest, &nothing)?;
    let out = staging.commit()?;
    let file = |name: &str| Ok((name.to_owned(), digest::of_file(&out.join(name))?.1));
    let files: Result<Vec<_>, RunError> = [MANIFEST, LOOK_AGAIN].into_iter().map(file).collect();
    Ok(Published { numbers, result, files: files?, out })
}

/// Draws the sheets of leads, in their order as far as a long list goes; returns of which there is one.
fn drawn(
    plan: &Plan,
    inputs: &Inputs,
    looked: &[LookedAt],
    (staging, progress): (&Staging, &dyn Progress),
) -> Result<Vec<bool>, RunError> {
    staging.folder("chips")?;
    progress.stage("pictures", looked.len() as u64);
    let readers = Readers::default();
    let draw = |(place, one): (usize, &LookedAt)| -> Result<bool, RunError> {
        progress.step(1);
        if place >= outputs::MOST_CHIPS {
            return Ok(false);
        }
        let sheet = readers.with(|reader| pictures::of_lead(inputs, reader, one))?;
        let Some(bytes) = sheet else { return Ok(false) };
        staging.write(&chip_file(&one.lead.id, "timeline"), &bytes)?;
        Ok(true)
    };
    let drawn: Vec<Result<bool, RunError>> =
        workers(plan.threads)?.install(|| looked.par_iter().enumerate().map(draw).collect());
    drawn.into_iter().collect()
}

/// Ids of the scenes of a view.
pub(crate) fn scenes_of(inputs: &Inputs, scenes: &[usize]) -> String {
    scenes.iter().map(|scene| inputs.scenes[*scene].id.as_str()).collect::<Vec<&str>>().join(", ")
}
