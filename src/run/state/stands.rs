//! What a state stands on: everything that what was learned of the look-back depends on, and what each day was seen by.
//!
//! In:  inputs. Out: a digest for the look-back, one for each day of the target period, one for all that is published.
//! Law: two runs with the same digest learn the same bits; a part that differs is told by its name.

use std::collections::BTreeMap;

use crate::baseline::{CELL, RING};
use crate::plan::Plan;
use crate::publish::digest;
use crate::run::inputs::{Inputs, View};
use crate::run::shards::job;
use crate::run::{RunError, outputs, tiles};

/// The parts of what a look-back stands on, each in words or as a digest.
pub fn stands_on(inputs: &Inputs) -> Result<BTreeMap<String, String>, RunError> {
    let question = &inputs.question;
    let (history, _) = split(inputs);
    let views: Vec<String> =
        inputs.views[..history].iter().map(|view| of_view(inputs, view)).collect::<Result<_, _>>()?;
    let lines: Vec<String> = inputs
        .on_grid
        .iter()
        .zip(&inputs.redlines.redlines)
        .map(|(on_grid, line)| format!("{:?} {:?}", line.class, on_grid.polygons))
        .collect();
    let models: Vec<String> = inputs.models.iter().map(|model| format!("{model:?}")).collect();
    let features: Vec<&str> = inputs.features.iter().map(|feature| feature.name()).collect();
    let parts = [
        ("program", job::program()),
        ("grid", inputs.grid.to_string()),
        ("cells", format!("{CELL} px with a ring of {RING} px")),
        ("features", features.join(" ")),
        ("screening", format!("{} clear views on each side", tiles::reach(inputs))),
        ("look-back", format!("{} with {history} days", question.baseline)),
        ("look-back scenes", digest::of_bytes(views.join("\n").as_bytes())),
        ("target", question.target.to_string()),
        ("red lines", digest::of_bytes(lines.join("\n").as_bytes())),
        ("sub-models", digest::of_bytes(models.join("\n").as_bytes())),
    ];
    Ok(parts.into_iter().map(|(name, words)| (name.to_owned(), words)).collect())
}

/// One digest of them all.
pub fn key(parts: &BTreeMap<String, String>) -> String {
    digest::of_bytes(format!("{parts:?}").as_bytes())
}

/// How many of the first views are look-back, and how many there are.
pub fn split(inputs: &Inputs) -> (usize, usize) {
    let history = inputs.question.look_back.iter().take_while(|is| **is).count();
    (history, inputs.views.len())
}

/// By what a day is known: its scenes in order, their files, and what the numbers in them mean.
pub fn of_view(inputs: &Inputs, view: &View) -> Result<String, RunError> {
    let mut words = Vec::new();
    for scene in view.scenes.iter().map(|scene| &inputs.scenes[*scene]) {
        words.push(format!("{} {:?}", scene.id, scene.displaced));
        for (band, file) in &scene.bands {
            let (_, sha256) = inputs.digests.of(&file.path)?;
            let meaning = (file.number, &file.grid, file.nodata, file.saturated, file.scale, file.offset);
            words.push(format!("{band} {sha256} {meaning:?}"));
        }
    }
    Ok(digest::of_bytes(words.join("\n").as_bytes()))
}

/// One digest of everything that a result depends on.
pub fn fingerprint(plan: &Plan, inputs: &Inputs) -> Result<String, RunError> {
    let views: Vec<String> =
        inputs.views.iter().map(|view| of_view(inputs, view)).collect::<Result<_, _>>()?;
    let asked = format!("{:?} {:?}", plan.class, plan.band_order);
    let all = [outputs::fingerprint(plan, inputs)?, key(&stands_on(inputs)?), asked, views.join(" ")];
    Ok(digest::of_bytes(all.join("\n").as_bytes()))
}
