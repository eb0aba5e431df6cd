//! The TOML form of a sub-model, as written, and its check.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::date::MonthDay;
use crate::law;
use crate::redline::Class;
use crate::submodel::{
    Bound, Ceiling, Condition, Direction, Evidence, Feature, Gate, Level, Measured, Season, SubModel,
    SubModelError, Tier, Veto,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    name: String,
    name_zh: String,
    description: String,
    classes: Vec<String>,
    #[serde(default)]
    tier: Tier,
    #[serde(default)]
    measured: Measured,
    ceiling: Option<Ceiling>,
    #[serde(default)]
    before: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
    minimum_area_m2: f64,
    history: History,
    evidence: Vec<WrittenEvidence>,
    gate: Vec<WrittenGate>,
    #[serde(default)]
    require: Vec<Bound>,
    #[serde(default)]
    typical: Vec<Bound>,
    #[serde(default)]
    veto: Vec<Veto>,
    direction: Option<Direction>,
    look_alikes: Vec<String>,
    #[serde(default)]
    legal: Vec<String>,
    source: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    views: usize,
    growing_views: usize,
    growing_season: [String; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEvidence {
    name: String,
    season: [String; 2],
    weights: BTreeMap<Feature, f32>,
    minimum_views: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGate {
    name: String,
    season: [String; 2],
    consecutive: usize,
    expected_ndvi_at_most: Option<f32>,
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    any_of: Vec<Condition>,
}

/// A condition as a file has it: `down_to` or `up_to`, one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCondition {
    feature: Feature,
    down_to: Option<f32>,
    up_to: Option<f32>,
    share: f32,
    sigmas: f32,
    #[serde(default)]
    least: f32,
    #[serde(default)]
    beyond_history: bool,
}

impl TryFrom<WrittenCondition> for Condition {
    type Error = String;

    fn try_from(written: WrittenCondition) -> Result<Self, String> {
        let level = match (written.down_to, written.up_to) {
            (Some(level), None) => Level::DownTo(level),
            (None, Some(level)) => Level::UpTo(level),
            _ => {
                return Err(format!(
                    "a condition on '{:?}' needs down_to or up_to, one of the two",
                    written.feature
                ));
            }
        };
        let WrittenCondition { feature, share, sigmas, least, beyond_history, .. } = written;
        Ok(Self { feature, level, share, sigmas, least, beyond_history })
    }
}

pub(super) fn parse(file: &str, text: &'static str) -> Result<SubModel, SubModelError> {
    let wrong = |reason: String| SubModelError::File { file: file.to_owned(), reason };
    let written: Written = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let season = |pair: &[String; 2]| season(pair).map_err(wrong);
    let class = |name: &String| Class::parse(name).ok_or_else(|| wrong(format!("no class '{name}'")));
    let evidence = |kind: WrittenEvidence| {
        let WrittenEvidence { name, weights, minimum_views, .. } = kind;
        Ok(Evidence { name, season: season(&kind.season)?, weights, minimum_views })
    };
    let gate = |gate: WrittenGate| {
        let WrittenGate { name, consecutive, conditions, any_of, .. } = gate;
        if conditions.is_empty() && any_of.is_empty() {
            return Err(wrong(format!("gate '{name}' asks nothing")));
        }
        let expected_ndvi_at_most = gate.expected_ndvi_at_most.unwrap_or(f32::INFINITY);
        let season = season(&gate.season)?;
        Ok(Gate { name, season, consecutive, expected_ndvi_at_most, conditions, any_of })
    };
    let bounds = || {
        written.require.iter().chain(&written.typical).chain(written.veto.iter().flat_map(|veto| &veto.all))
    };
    if let Some(bound) = bounds().find(|bound| bound.is_empty()) {
        return Err(wrong(format!("a bound on '{}' has no at_least, at_most or beyond", bound.sign.name())));
    }
    Ok(SubModel {
        classes: written.classes.iter().map(class).collect::<Result<_, _>>()?,
        growing_season: season(&written.history.growing_season)?,
        evidence: written.evidence.into_iter().map(evidence).collect::<Result<_, _>>()?,
        gates: written.gate.into_iter().map(gate).collect::<Result<_, _>>()?,
        id: written.id,
        name: written.name,
        name_zh: written.name_zh,
        description: written.description,
        tier: written.tier,
        measured: written.measured,
        ceiling: written.ceiling,
        before: written.before,
        after: written.after,
        requires: written.require,
        typical: written.typical,
        vetoes: written.veto,
        minimum_area_m2: written.minimum_area_m2,
        minimum_history: written.history.views,
        minimum_growing_history: written.history.growing_views,
        direction: written.direction,
        look_alikes: written.look_alikes,
        legal: law::select(&written.legal).map_err(|error| wrong(error.to_string()))?,
        source: written.source,
        text,
    })
}

fn season(pair: &[String; 2]) -> Result<Season, String> {
    let day = |text: &String| MonthDay::parse(text).ok_or_else(|| format!("'{text}' is not MM-DD"));
    let (from, to) = (day(&pair[0])?, day(&pair[1])?);
    if to < from { Err(format!("season {pair:?} runs across New Year")) } else { Ok(Season { from, to }) }
}
