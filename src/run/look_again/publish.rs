//! What was looked at again -> the output folder, whole or not at all.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::plan::Plan;
use crate::publish::look_again::{self, LookAgain};
use crate::publish::manifest::{self, Manifest, Run};
use crate::publish::{Outcome, Staging};
use crate::run::inputs::Inputs;
use crate::run::look_again::LookedAt;
use crate::run::{Found, Progress, RunError, outputs};

/// A folder that a look-again wrote.
pub struct Published {
    /// Where it lies.
    pub out: PathBuf,
    /// The numbers of each lead, in their order, as the file has them.
    pub numbers: Vec<Map<String, Value>>,
}

/// Publishes what was looked at again; `staging` was begun before the first pixel was read.
pub fn publish(
    (plan, inputs): (&Plan, &Inputs),
    looked: &[LookedAt],
    (staging, started, command): (Staging, Timestamp, Vec<String>),
    _progress: &dyn Progress,
) -> Result<Published, RunError> {
    let scenes: Vec<String> = inputs.views.iter().map(|view| scenes_of(inputs, &view.scenes)).collect();
    let looks: Vec<LookAgain> = looked
        .iter()
        .map(|one| LookAgain {
            lead: &one.lead,
            recovery: &one.recovery,
            area: one.area,
            look_back: one.look_back,
            days: one.days,
            features: &inputs.features,
            scenes: &scenes,
            has_picture: false,
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
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: resolved,
        inputs: outputs::input_files(plan, inputs)?,
        scenes: outputs::scenes(inputs),
        skipped: inputs.skipped.iter().map(outputs::skipped).collect(),
        libraries: crate::read::libraries(),
        run: Run {
            started: started.to_string(),
            ended: Timestamp::now().to_string(),
            host: std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned(),
            command,
        },
    };
    let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
    manifest::write(&staging, &manifest, &nothing)?;
    Ok(Published { out: staging.commit()?, numbers })
}

/// Ids of the scenes of a view.
fn scenes_of(inputs: &Inputs, scenes: &[usize]) -> String {
    scenes.iter().map(|scene| inputs.scenes[*scene].id.as_str()).collect::<Vec<&str>>().join(", ")
}
