//! Confidence: a logistic model over what was observed, with readable coefficients and open caps.
//!
//! In:  signature features of a patch.
//! Out: probability that a visit finds the change, 0 to 1, and in words how it was obtained.
//! Law: coefficients ship as text (`redlines/confidence.toml`), trained by `scripts/train-confidence`;
//! whatever degrades the inputs lowers the cap and says so.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lead::Measure;

/// What a two-date lead may reach at most (`DESIGN.md` section 4).
pub const PAIR_CAP: f64 = 0.6;

/// What a lead without short-wave infrared may reach at most: bare soil and dry grass are told apart
/// by it.
pub const NO_SWIR_CAP: f64 = 0.8;

/// What a lead whose control is contaminated may reach at most.
pub const CONTAMINATED_CAP: f64 = 0.7;

/// Share of changed donor views from which a control counts as contaminated.
pub const CONTAMINATED_SHARE: f32 = 0.3;

/// The shipped model.
pub const SHIPPED: &str = include_str!("../../redlines/confidence.toml");

/// Logistic models over named features, one for each group of sub-models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Version, written beside every confidence.
    pub version: String,
    /// On what it was trained, in words.
    pub trained_on: String,
    /// Groups in order; the first that names a sub-model speaks for it, and the last one for all others.
    pub group: Vec<Group>,
}

/// The model of one group of sub-models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name, written beside every confidence.
    pub name: String,
    /// Ids of sub-models; empty for all that no other group names.
    pub models: Vec<String>,
    /// What prevalence the intercept stands for, in words.
    pub prevalence: String,
    /// Intercept.
    pub intercept: f64,
    /// Coefficient of each feature.
    pub coefficients: BTreeMap<String, f64>,
}

impl Model {
    /// The model that ships with the program.
    ///
    /// # Errors
    /// What is wrong with the text; it is tested, so only a broken build sees this.
    pub fn shipped() -> Result<Self, String> {
        let model: Self = toml::from_str(SHIPPED).map_err(|error| error.to_string())?;
        if model.group.last().is_none_or(|group| !group.models.is_empty()) {
            return Err("the last group must be for all sub-models that no other one names".to_owned());
        }
        Ok(model)
    }

    /// The group that speaks for a sub-model.
    pub fn group_of(&self, model: &str) -> &Group {
        let names = |group: &&Group| group.models.iter().any(|id| id == model);
        self.group.iter().find(names).unwrap_or(&self.group[self.group.len() - 1])
    }

    /// How a confidence for a sub-model was obtained, in words.
    pub fn method(&self, model: &str) -> String {
        format!("shipped logistic model '{}', version {}", self.group_of(model).name, self.version)
    }

    /// Linear predictor (log odds) from named measures; a measure that is absent counts as 0.
    pub fn score(&self, model: &str, measures: &[Measure]) -> f64 {
        let group = self.group_of(model);
        let value =
            |name: &str| measures.iter().find(|measure| measure.name == name).map_or(0.0, |m| m.value);
        let score: f64 = group.coefficients.iter().map(|(name, weight)| weight * value(name)).sum();
        group.intercept + score
    }

    /// Probability from named measures.
    pub fn probability(&self, model: &str, measures: &[Measure]) -> f64 {
        1.0 / (1.0 + (-self.score(model, measures)).exp())
    }
}

/// A cap and its reason.
#[derive(Debug, Clone)]
pub struct Cap {
    /// Most that the confidence may be.
    pub most: f64,
    /// Why.
    pub reason: String,
}

/// A probability under caps, and how it was obtained in words.
pub fn capped(probability: f64, caps: &[Cap], method: &str) -> (f64, String) {
    let (mut value, mut words) = (probability, method.to_owned());
    for cap in caps {
        value = value.min(cap.most);
        words.push_str(&format!("; at most {} because {}", cap.most, cap.reason));
    }
    (value, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_reads_and_says_what_it_was_trained_on() {
        let model = Model::shipped().unwrap();
        assert!(
            !model.trained_on.is_empty() && model.group.iter().all(|group| !group.coefficients.is_empty())
        );
    }

    #[test]
    fn ploughing_and_felling_are_judged_by_their_own_groups() {
        let model = Model::shipped().unwrap();
        assert_eq!(model.group_of("G1").name, "grassland");
        assert_eq!(model.group_of("L3").name, "general");
    }

    #[test]
    fn a_cap_lowers_and_explains() {
        let caps = [Cap { most: PAIR_CAP, reason: "there are only two dates".into() }];
        let (value, words) = capped(0.9, &caps, "logistic");
        assert!((value - 0.6).abs() < 1e-12 && words.contains("only two dates"));
    }

    /// Two groups with weights by hand.
    fn drawn() -> Model {
        let text = "version = \"9\"\ntrained_on = \"nothing\"\n\
            [[group]]\nname = \"grass\"\nmodels = [\"G1\", \"G2\"]\nprevalence = \"half\"\nintercept = -1.0\n\
            coefficients = { sharpness = 2.0, tone = -0.5 }\n\
            [[group]]\nname = \"rest\"\nmodels = []\nprevalence = \"half\"\nintercept = 0.0\n\
            coefficients = { sharpness = 1.0 }\n";
        toml::from_str(text).unwrap()
    }

    fn measures(values: &[(&'static str, f64)]) -> Vec<Measure> {
        values.iter().map(|&(name, value)| Measure { name: name.to_owned(), value, unit: "1" }).collect()
    }

    #[test]
    fn a_score_is_the_intercept_and_each_measure_by_its_own_weight() {
        let score = |model: &str, values: &[(&'static str, f64)]| drawn().score(model, &measures(values));
        assert_eq!(score("G1", &[("tone", 4.0), ("sharpness", 3.0)]), 3.0);
        // What is absent counts as nothing, and so does what has no weight.
        assert_eq!(score("G2", &[("sharpness", 3.0), ("area", 99.0)]), 5.0);
        assert_eq!((score("G1", &[]), score("L3", &[])), (-1.0, 0.0));
        // A sub-model that no group names is spoken for by the last.
        assert_eq!(score("L3", &[("sharpness", 3.0), ("tone", 4.0)]), 3.0);
    }

    #[test]
    fn a_probability_is_the_logistic_of_the_score() {
        let probability = |score: f64| drawn().probability("L3", &measures(&[("sharpness", score)]));
        assert_eq!(probability(0.0), 0.5);
        // Odds of three to one and of one to nine.
        assert!((probability(3.0_f64.ln()) - 0.75).abs() < 1e-12);
        assert!((probability(-(9.0_f64.ln())) - 0.1).abs() < 1e-12);
        assert!(probability(-800.0) == 0.0 && probability(800.0) == 1.0);
    }

    #[test]
    fn a_method_names_the_group_and_the_version() {
        assert_eq!(drawn().method("G2"), "shipped logistic model 'grass', version 9");
        assert_eq!(drawn().method("L3"), "shipped logistic model 'rest', version 9");
    }

    #[test]
    fn of_several_caps_the_lowest_holds_all_are_named_and_none_lifts() {
        let cap = |most: f64, reason: &str| Cap { most, reason: reason.to_owned() };
        let caps = [cap(0.8, "no swir"), cap(0.6, "a pair"), cap(0.7, "donors")];
        let (value, words) = capped(0.9, &caps, "logistic");
        assert_eq!(value, 0.6);
        assert_eq!(
            words,
            "logistic; at most 0.8 because no swir; at most 0.6 because a pair; at most 0.7 because donors"
        );
        assert_eq!(capped(0.3, &caps, "logistic").0, 0.3);
        assert_eq!(capped(0.9, &[], "logistic"), (0.9, "logistic".to_owned()));
    }
}
