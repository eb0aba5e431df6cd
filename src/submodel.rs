//! Sub-models as data: which change, inside which red lines, seen in which season, by which evidence.
//!
//! In:  TOML files of `redlines/submodels/`, built into the program.
//! Out: `SubModel`, checked; the engine in `detect` knows nothing of any one of them.
//! Law: a sub-model file says its source; a number in it stands beside its reason.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::date::{Date, MonthDay, Period};
use crate::law::{self, Rule};
use crate::redline::Class;

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

/// Evidence kinds of a sub-model at most: which of them a place was not seen for is kept as bits.
pub const MOST_EVIDENCE_KINDS: usize = 14;

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

/// One condition on one feature of one view.
///
/// `share` is of the way from the control to `toward`: 0.5 with `toward = 0.10` on NDVI means that
/// half of what the control has above bare soil is gone. It is this relative form that lets one rule
/// hold on meadows of NDVI .8 and on steppe of NDVI .15.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which feature.
    pub feature: Feature,
    /// The value toward which the feature must have moved.
    pub toward: f32,
    /// Share of the way from control to `toward`.
    pub share: f32,
    /// And at least this many sigma of the patch's own noise.
    pub sigmas: f32,
    /// And at least this much in the feature's own unit.
    #[serde(default)]
    pub least: f32,
    /// And beyond anything that was expected in the look-back, on the side of `toward`: a crop on steppe
    /// is greener than the steppe ever is, a meadow in a dry summer is not.
    #[serde(default)]
    pub beyond_history: bool,
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
    /// Direction of a two-date change.
    pub direction: Direction,
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

/// The sub-model files of this version, in listing order.
const FILES: [(&str, &str); 8] = [
    ("G1.toml", include_str!("../redlines/submodels/G1.toml")),
    ("G2.toml", include_str!("../redlines/submodels/G2.toml")),
    ("G3.toml", include_str!("../redlines/submodels/G3.toml")),
    ("F1.toml", include_str!("../redlines/submodels/F1.toml")),
    ("F3.toml", include_str!("../redlines/submodels/F3.toml")),
    ("W2.toml", include_str!("../redlines/submodels/W2.toml")),
    ("L1.toml", include_str!("../redlines/submodels/L1.toml")),
    ("L3.toml", include_str!("../redlines/submodels/L3.toml")),
];

/// Every sub-model of this version.
pub fn all() -> Result<Vec<SubModel>, SubModelError> {
    FILES.iter().map(|(file, text)| file::parse(file, text)).collect()
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

mod file {
    //! The TOML form, as written, and its check.

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        id: String,
        name: String,
        name_zh: String,
        description: String,
        classes: Vec<String>,
        minimum_area_m2: f64,
        history: History,
        evidence: Vec<WrittenEvidence>,
        gate: Vec<WrittenGate>,
        direction: Direction,
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
        if written.evidence.len() > MOST_EVIDENCE_KINDS {
            let kinds = written.evidence.len();
            return Err(wrong(format!("{kinds} evidence kinds; {MOST_EVIDENCE_KINDS} at most")));
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
