//! Which sub-models a run looks for, and which of those that were asked for it cannot.
//!
//! In:  the plan's ids, the classes of the red lines, the scenes, whether there are two dates only.
//! Out: sub-models in listing order and the features that they ask for; a note on each that drops out.
//! Law: a sub-model that cannot be told is said, never taken for "no change".

use crate::date::Period;
use crate::observe::feature;
use crate::plan::Plan;
use crate::redline::Class;
use crate::redline::read::Reading;
use crate::run::RunError;
use crate::scene::Scene;
use crate::submodel::{self, Feature, SubModel};

/// What is looked for.
pub(super) struct Asked {
    /// Sub-models in listing order.
    pub(super) models: Vec<SubModel>,
    /// Features that they ask for and every scene gives.
    pub(super) features: Vec<Feature>,
    /// Which sub-models are not looked for, and why.
    pub(super) notes: Vec<String>,
}

/// Decides what is looked for.
pub(super) fn asked(
    plan: &Plan,
    redlines: &Reading,
    scenes: &[Scene],
    (target, is_pair): (Period, bool),
) -> Result<Asked, RunError> {
    let (models, untold) = models(plan, redlines, is_pair)?;
    // NDVI and brightness also tell cloud and look-alikes; of the rest only what a sub-model asks for.
    let always = [Feature::Ndvi, Feature::Brightness];
    let asked =
        |feature: &Feature| always.contains(feature) || models.iter().any(|model| model.asks_for(*feature));
    alike(scenes, asked)?;
    let mut features = feature::available(scenes);
    features.retain(asked);
    let (models, blind) = sighted(models, &features)?;
    let (models, short) = long_enough(models, (target, is_pair))?;
    let low = capped_away(&models, plan.least_confidence(is_pair));
    Ok(Asked { models, features, notes: untold.into_iter().chain(blind).chain(short).chain(low).collect() })
}

/// The sub-models asked for that look inside at least one of the red lines' classes, and a note on those of them that
/// two dates cannot tell.
fn models(
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

/// The sub-models for which the target period has growing seasons enough, and a note on the others.
fn long_enough(
    models: Vec<SubModel>,
    (target, is_pair): (Period, bool),
) -> Result<(Vec<SubModel>, Option<String>), RunError> {
    let seasons = |model: &SubModel| {
        let whole = |season: Period| target.contains(season.from) && target.contains(season.to);
        target
            .years()
            .filter_map(|year| model.growing_season.of_year(year))
            .filter(|season| whole(*season))
            .count()
    };
    let is_told = |model: &SubModel| is_pair || model.seasons_asked() <= seasons(model).max(1);
    let (models, short): (Vec<SubModel>, Vec<SubModel>) = models.into_iter().partition(is_told);
    let asked = |model: &SubModel| format!("{} ({})", model.id, model.seasons_asked());
    let ids = short.iter().map(asked).collect::<Vec<String>>().join(", ");
    if models.is_empty() {
        return Err(RunError::NeedsSeasons { models: ids, target });
    }
    let note = format!(
        "the target period {target} has too few whole growing seasons for {ids}: not looked for; a longer --target tells them"
    );
    Ok((models, (!short.is_empty()).then_some(note)))
}

/// A note on sub-models that can never be as sure as a lead must be here.
fn capped_away(models: &[SubModel], least: f64) -> Option<String> {
    let is_under = |model: &&SubModel| model.ceiling.as_ref().is_some_and(|ceiling| ceiling.most < least);
    let ids: Vec<&str> = models.iter().filter(is_under).map(|model| model.id.as_str()).collect();
    let note = || {
        format!(
            "{} can never reach the least confidence of {least} (their own ceiling is lower): whatever they find is kept \
             aside; a lower --least-confidence lists it",
            ids.join(", ")
        )
    };
    (!ids.is_empty()).then(note)
}

/// The sub-models whose gates the features of the scenes can answer, and a note on the others.
fn sighted(models: Vec<SubModel>, features: &[Feature]) -> Result<(Vec<SubModel>, Option<String>), RunError> {
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

/// Scenes that give the same features: one poor scene would take a feature from all others.
fn alike(scenes: &[Scene], asked: impl Fn(&Feature) -> bool) -> Result<(), RunError> {
    for feature in Feature::ALL.into_iter().filter(asked) {
        let lacks = |scene: &&Scene| feature::bands_for(feature, scene).is_none();
        let others = scenes.len() - scenes.iter().filter(lacks).count();
        let must = others > 0 || feature == Feature::Ndvi;
        if let (true, Some(scene)) = (must, scenes.iter().find(lacks)) {
            let has: Vec<&str> = scene.bands.keys().map(|band| band.name()).collect();
            return Err(RunError::BandMissing {
                path: scene.bands.values().next().map(|band| band.path.clone()).unwrap_or_default(),
                scene: scene.id.clone(),
                has: has.join(", "),
                feature: feature::recipe(feature).to_owned(),
                others: match others {
                    0 => "without which nothing can be seen".to_owned(),
                    _ => format!("which {others} other scenes have"),
                },
            });
        }
    }
    Ok(())
}
