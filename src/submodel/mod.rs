//! Sub-models as data: which change, inside which red lines, seen in which season, by which evidence.
//!
//! In:  TOML files of `redlines/submodels/`, built into the program.
//! Out: `SubModel`, checked; the engine in `detect` knows nothing of any one of them.
//! Law: a sub-model file says its source; a number in it stands beside its reason.

mod file;

mod sign;

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::date::{Date, MonthDay, Period};
use crate::law::Rule;
use crate::redline::Class;

pub use sign::{Bound, Sign, Veto};

/// A spectral feature of one view. Unitless index, except brightness (reflectance).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// (nir - red) / (nir + red).
    Ndvi,
    /// (nir - swir16) / (nir + swir16), narrow near infrared where there is one.
    Ndmi,
    /// ((swir16 + red) - (nir + blue)) / ((swir16 + red) + (nir + blue)): bare soil.
    Bsi,
    /// (swir16 + red) / 2, reflectance; without short-wave infrared (red + green) / 2.
    Brightness,
    /// (green - nir) / (green + nir): open water, needs no short-wave infrared.
    Ndwi,
}

impl Feature {
    /// Every feature, in the order in which planes are kept.
    pub const ALL: [Feature; 5] =
        [Feature::Ndvi, Feature::Ndmi, Feature::Bsi, Feature::Brightness, Feature::Ndwi];

    /// Name as sub-models and outputs write it.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Ndvi => "ndvi",
            Feature::Ndmi => "ndmi",
            Feature::Bsi => "bsi",
            Feature::Brightness => "brightness",
            Feature::Ndwi => "ndwi",
        }
    }

    /// Smallest spread (one sigma) that a view of an unchanged pixel may be credited with.
    ///
    /// Source: `reference/time-series.md` (floors .015 / .02 / .015 / .010 for NDVI, NDMI, BSI,
    /// brightness, tuned on Sentinel-2 L2A at 10 m); NDWI takes the NDMI floor.
    pub fn spread_floor(self) -> f32 {
        match self {
            Feature::Ndvi | Feature::Bsi => 0.015,
            Feature::Ndmi | Feature::Ndwi => 0.02,
            Feature::Brightness => 0.010,
        }
    }
}

/// Days of the year between two month-days, both included; never across New Year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season {
    /// First day.
    pub from: MonthDay,
    /// Last day.
    pub to: MonthDay,
}

impl Season {
    /// The season of one year; `None` where a day is not in its calendar (29 February).
    pub fn of_year(&self, year: i16) -> Option<Period> {
        let day = |day: MonthDay| Date::new(year, day.month, day.day).ok();
        Some(Period { from: day(self.from)?, to: day(self.to)? })
    }

    /// Whether a date lies in the season of its own year.
    pub fn contains(&self, date: Date) -> bool {
        let day = MonthDay::of(date);
        self.from <= day && day <= self.to
    }
}

/// One way in which a change shows: weighted robust z over a season.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Name, for the record.
    pub name: String,
    /// When it is looked for.
    pub season: Season,
    /// Weight of each feature's z; the sum is normalised to unit variance.
    pub weights: BTreeMap<Feature, f32>,
    /// Fewest clear views in the season.
    pub minimum_views: usize,
}

/// What a patch must show in consecutive clear views, relative to its control.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Name, for the record.
    pub name: String,
    /// When views count.
    pub season: Season,
    /// How many clear views in a row.
    pub consecutive: usize,
    /// Asked only where the expected NDVI is at most this: on sparse ground, where little green can be lost.
    /// Elsewhere the gate is shut; infinite where nothing is said.
    pub expected_ndvi_at_most: f32,
    /// All of these, in each of the views.
    pub conditions: Vec<Condition>,
    /// And one of these, in each of the views; nothing more is asked where there are none.
    pub any_of: Vec<Condition>,
}

impl Gate {
    /// Whether the features of some scenes let it ask anything. A feature that the scenes do not have asks nothing;
    /// a gate that asks nothing is shut, not open.
    pub fn can_ask(&self, features: &[Feature]) -> bool {
        let is_there = |condition: &Condition| features.contains(&condition.feature);
        let all = self.conditions.is_empty() || self.conditions.iter().any(is_there);
        all && (self.any_of.is_empty() || self.any_of.iter().any(is_there))
    }
}

/// One condition on one feature of one view.
///
/// `share` is of the way from the control to the level: 0.5 with `down_to = 0.10` on NDVI means that
/// half of what the control has above bare soil is gone. It is this relative form that lets one rule
/// hold on meadows of NDVI .8 and on steppe of NDVI .15. Where the control is at or beyond the level already,
/// no share is left to ask for: sigma and `least` decide, in the same direction.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "file::WrittenCondition")]
pub struct Condition {
    /// Which feature.
    pub feature: Feature,
    /// The level toward which the feature must have moved.
    pub level: Level,
    /// Share of the way from control to the level.
    pub share: f32,
    /// And at least this many sigma of the patch's own noise.
    pub sigmas: f32,
    /// And at least this much in the feature's own unit.
    pub least: f32,
    /// And beyond anything that was expected in the look-back, on the side of the level: a crop on steppe
    /// is greener than the steppe ever is, a meadow in a dry summer is not.
    pub beyond_history: bool,
}

/// Where a feature must have moved to, in its own unit, and from which side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// It must have fallen.
    DownTo(f32),
    /// It must have risen.
    UpTo(f32),
}

impl Level {
    /// The level and the sign of a move toward it.
    pub fn value_and_sign(self) -> (f32, f32) {
        match self {
            Self::DownTo(value) => (value, -1.0),
            Self::UpTo(value) => (value, 1.0),
        }
    }
}

/// Which way a two-date change must point to be this sub-model's: after minus before.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Direction {
    /// Weight of the change of NDVI.
    #[serde(default)]
    pub ndvi: f32,
    /// Weight of the change of brightness.
    #[serde(default)]
    pub brightness: f32,
    /// Weight of the change of NDWI.
    #[serde(default)]
    pub ndwi: f32,
    /// Weight of the change of texture.
    #[serde(default)]
    pub texture: f32,
}

/// What a record of a sub-model is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A place to visit.
    #[default]
    Lead,
    /// A place to watch: ranks after all leads and never names their ground.
    Warning,
    /// A decided case that looks restored: to be confirmed.
    LookAgain,
}

impl Tier {
    /// Name as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Lead => "lead",
            Tier::Warning => "warning",
            Tier::LookAgain => "look_again",
        }
    }
}

/// What a record of a sub-model is measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Area, low, best and high.
    #[default]
    Area,
    /// Length: a track is narrower than a pixel, so its area would be the pixels' and not its own. Candidates are
    /// found along lines.
    Length,
}

/// The most that a confidence of a sub-model may be, and why.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// Most, 0 to 1.
    pub most: f64,
    /// Why.
    pub reason: String,
}

/// One detector of one transition.
#[derive(Debug, Clone)]
pub struct SubModel {
    /// Stable id, for example `G1`.
    pub id: String,
    /// Name in English.
    pub name: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// What it means, in a sentence.
    pub description: String,
    /// Red-line classes inside which it looks.
    pub classes: Vec<Class>,
    /// What its records are for.
    pub tier: Tier,
    /// What its records are measured by.
    pub measured: Measured,
    /// The most that it may be sure of, where that is less than all.
    pub ceiling: Option<Ceiling>,
    /// Land-use codes (DLBM, current land-use classification) that the ground may have had.
    pub before: Vec<String>,
    /// Change codes (TBLX) that the ground may have now.
    pub after: Vec<String>,
    /// What the signature of a patch must be.
    pub requires: Vec<Bound>,
    /// What it typically is: says how well the name fits, keeps nothing out.
    pub typical: Vec<Bound>,
    /// What makes a patch something else.
    pub vetoes: Vec<Veto>,
    /// Smallest area of a lead in square metres.
    pub minimum_area_m2: f64,
    /// Fewest clear look-back views, below which a place is a gap.
    pub minimum_history: usize,
    /// Fewest clear look-back views inside `growing_season`.
    pub minimum_growing_history: usize,
    /// When plants grow.
    pub growing_season: Season,
    /// Evidence kinds; a patch needs one.
    pub evidence: Vec<Evidence>,
    /// Gates; a patch must pass one.
    pub gates: Vec<Gate>,
    /// Direction of a two-date change; `None` where two dates cannot tell it.
    pub direction: Option<Direction>,
    /// What commonly looks the same.
    pub look_alikes: Vec<String>,
    /// Legal area limits, in and out of force.
    pub legal: Vec<Rule>,
    /// Where signature and numbers come from.
    pub source: Vec<String>,
    /// The file as written, for `explain` and the manifest.
    pub text: &'static str,
}

impl SubModel {
    /// Whether the sub-model looks inside red lines of a class.
    pub fn looks_at(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }

    /// Growing seasons of the target period without which its signature cannot be told: 1 unless it asks for years.
    pub fn seasons_asked(&self) -> usize {
        let years = |bound: &Bound| matches!(bound.sign, Sign::YearsApart | Sign::YearsAfter);
        let asked = self.requires.iter().filter(|bound| years(bound)).filter_map(|bound| bound.at_least);
        asked.fold(1.0, f32::max).ceil() as usize
    }

    /// Whether the features of some scenes suffice for any gate.
    pub fn can_be_told(&self, features: &[Feature]) -> bool {
        self.gates.iter().any(|gate| gate.can_ask(features))
    }

    /// Whether evidence or a gate uses a feature.
    pub fn asks_for(&self, feature: Feature) -> bool {
        let mut conditions = self.gates.iter().flat_map(|gate| gate.conditions.iter().chain(&gate.any_of));
        self.evidence.iter().any(|kind| kind.weights.contains_key(&feature))
            || conditions.any(|condition| condition.feature == feature)
    }
}

/// A sub-model that cannot be used.
#[derive(Debug, Error)]
pub enum SubModelError {
    /// No such id.
    #[error("unknown sub-model '{0}'; known are {1}; see `steppewatch explain`")]
    Unknown(String, String),
    /// A file that does not parse or says something impossible.
    #[error("sub-model file {file}: {reason}")]
    File {
        /// Which file.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// The sub-model files of this version, by name (`build.rs` lists them).
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/submodels.rs"));

/// Families of sub-models in listing order: grassland, farmland, wetland, forest, restoration.
const FAMILIES: &str = "GFWLR";

/// Every sub-model of this version, in listing order.
pub fn all() -> Result<Vec<SubModel>, SubModelError> {
    let mut all: Vec<SubModel> =
        FILES.iter().map(|(file, text)| file::parse(file, text)).collect::<Result<_, _>>()?;
    let family = |model: &SubModel| model.id.chars().next().and_then(|first| FAMILIES.find(first));
    all.sort_by_key(|model| (family(model).unwrap_or(FAMILIES.len()), model.id.clone()));
    Ok(all)
}

/// The sub-models with these ids, in listing order; all when `ids` is empty.
pub fn select(ids: &[String]) -> Result<Vec<SubModel>, SubModelError> {
    let known = all()?;
    let names: Vec<&str> = known.iter().map(|model| model.id.as_str()).collect();
    if let Some(unknown) = ids.iter().find(|id| !names.contains(&id.as_str())) {
        return Err(SubModelError::Unknown(unknown.clone(), names.join(", ")));
    }
    let wanted = |model: &SubModel| ids.is_empty() || ids.contains(&model.id);
    Ok(known.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sub_model_file_parses_and_names_its_source() {
        for model in all().unwrap() {
            assert!(!model.source.is_empty() && !model.evidence.is_empty(), "{}", model.id);
        }
    }

    #[test]
    fn an_unknown_sub_model_is_named_with_the_known_ones() {
        let error = select(&["X9".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("'X9'") && error.contains("G1"), "{error}");
    }
}
