//! Which sub-models a run looks for, and which of those that were asked for it cannot.
//!
//! In:  the plan's ids, the classes of the red lines, whether there are two dates only, the features of the scenes.
//! Out: sub-models in listing order; a note on each that drops out.
//! Law: a sub-model that cannot be told is said, never taken for "no change".

use crate::plan::Plan;
use crate::redline::Class;
use crate::redline::read::Reading;
use crate::run::RunError;
use crate::submodel::{self, Feature, SubModel};

/// The sub-models whose gates the features of the scenes can answer, and a note on the others.
pub(super) fn sighted(
    models: Vec<SubModel>,
    features: &[Feature],
) -> Result<(Vec<SubModel>, Option<String>), RunError> {
    let (models, blind): (Vec<SubModel>, Vec<SubModel>) =
        models.into_iter().partition(|model| model.can_be_told(features));
    let ids = blind.iter().map(|model| model.id.as_str()).collect::<Vec<&str>>().join(", ");
    let has: Vec<&str> = features.iter().map(|feature| feature.name()).collect();
    let has = has.join(", ");
    if models.is_empty() {
        return Err(RunError::BlindModel { models: ids, has });
    }
    let note = format!(
        "of the bands of these scenes only {has} can be had: {ids} ask for others, and were not looked for"
    );
    Ok((models, (!blind.is_empty()).then_some(note)))
}

/// The sub-models asked for that look inside at least one of the red lines' classes, and a note on those of them that
/// two dates cannot tell.
pub(super) fn models(
    plan: &Plan,
    redlines: &Reading,
    is_pair: bool,
) -> Result<(Vec<SubModel>, Option<String>), RunError> {
    let classes: Vec<Class> = redlines.redlines.iter().map(|line| line.class).collect();
    let mut models = submodel::select(&plan.models)?;
    models.retain(|model| classes.iter().any(|class| model.looks_at(*class)));
    if models.is_empty() {
        let mut names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
        names.sort_unstable();
        names.dedup();
        return Err(RunError::NoModel { models: plan.models.join(", "), classes: names.join(", ") });
    }
    let is_told = |model: &SubModel| !is_pair || model.direction.is_some();
    let (models, untold): (Vec<SubModel>, Vec<SubModel>) = models.into_iter().partition(is_told);
    let ids = untold.iter().map(|model| model.id.as_str()).collect::<Vec<&str>>().join(", ");
    if models.is_empty() {
        return Err(RunError::NeedsSeries { models: ids });
    }
    let note = format!("two dates cannot tell {ids}: they take a series, and were not looked for");
    Ok((models, (!untold.is_empty()).then_some(note)))
}
