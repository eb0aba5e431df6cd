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
const SHIPPED: &str = include_str!("../../redlines/confidence.toml");

/// A logistic model over named features.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Version, written beside every confidence.
    pub version: String,
    /// On what it was trained, in words.
    pub trained_on: String,
    /// Intercept.
    pub intercept: f64,
    /// What the prevalence of look-alikes adds, by sub-model; nothing where none has been measured.
    #[serde(default)]
    pub prior: BTreeMap<String, f64>,
    /// Coefficient of each feature.
    pub coefficients: BTreeMap<String, f64>,
}

impl Model {
    /// The model that ships with the program.
    ///
    /// # Errors
    /// What is wrong with the text; it is tested, so only a broken build sees this.
    pub fn shipped() -> Result<Self, String> {
        toml::from_str(SHIPPED).map_err(|error| error.to_string())
    }

    /// Probability from named measures; a measure that is absent counts as 0.
    pub fn probability(&self, model: &str, measures: &[Measure]) -> f64 {
        let value =
            |name: &str| measures.iter().find(|measure| measure.name == name).map_or(0.0, |m| m.value);
        let score: f64 = self.coefficients.iter().map(|(name, weight)| weight * value(name)).sum();
        let prior = self.prior.get(model).copied().unwrap_or(0.0);
        1.0 / (1.0 + (-(self.intercept + prior + score)).exp())
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
        assert!(!model.trained_on.is_empty() && !model.coefficients.is_empty());
    }

    #[test]
    fn a_cap_lowers_and_explains() {
        let caps = [Cap { most: PAIR_CAP, reason: "there are only two dates".into() }];
        let (value, words) = capped(0.9, &caps, "logistic");
        assert!((value - 0.6).abs() < 1e-12 && words.contains("only two dates"));
    }
}
