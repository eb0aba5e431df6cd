//! How well the confidence of leads agrees with what visits found, before and after a fit to them.
//!
//! In:  labels of leads that were drawn at random. Out: [`Refit`], as words and as JSON.
//! Law: the figures after the fit are of leads that it was not fitted to: each fifth is judged by a fit to the other four. Under
//!      the least numbers of `redlines/calibration.toml` there is no fit.
//! Source: G. W. Brier, Monthly Weather Review 78 (1950) 1-3; the fit in `weigh::platt`; five folds by the order of a hash,
//!         after Platt 1999, 2.1, who fits on what was held out.

use std::fmt;

use serde::Serialize;

use crate::assess::intervals::share;
use crate::publish::digest;
use crate::units::rounded;
use crate::weigh::calibration::{Calibration, Rules, Scope, ScoreKind};
use crate::weigh::confidence::Model;
use crate::weigh::labels::{Label, Labels};
use crate::weigh::platt::Platt;

/// Parts of the labels, each judged by a fit to the others.
const FOLDS: usize = 5;

/// Ends of the classes of confidence, as `design` has them.
const CLASSES: [(f64, f64); 4] = [(0.0, 0.6), (0.6, 0.75), (0.75, 0.9), (0.9, 1.01)];

/// How confidences agree with what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Mean of the squared difference, 0 at best.
    pub brier: f64,
    /// Mean confidence.
    pub mean_confidence: f64,
    /// Classes of confidence.
    pub classes: Vec<Class>,
}

/// Leads of one class of confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    /// From, and to below.
    pub ends: (f64, f64),
    /// How many.
    pub leads: usize,
    /// Their mean confidence.
    pub mean_confidence: f64,
    /// Share of them that is there, with its 95 % interval.
    pub share: Option<(f64, f64, f64)>,
}

/// A fit and what it does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refit {
    /// Labels that may calibrate.
    pub labels: usize,
    /// Of which the visit found the change.
    pub found: usize,
    /// The fit to all of them.
    pub platt: Platt,
    /// What it is over.
    pub over: &'static str,
    /// Confidence as it was.
    pub before: Agreement,
    /// Confidence of the fit, on labels that it was not fitted to.
    pub after: Agreement,
    /// What must be known of the labels.
    pub notes: Vec<String>,
}

/// Fits, or says in words why not.
///
/// # Errors
/// In words: too few labels, or of one verdict alone, or nothing that rises.
pub fn refit(found: Labels, model: &Model, rules: Rules) -> Result<Refit, String> {
    // All labels of the ledger: whether they speak for a run of a season and region is asked when it is made.
    let season = found.labels.iter().map(|label| label.season).max().unwrap_or_default();
    let calibration = Calibration::of(found, model, &Scope { season, ground: None }, rules);
    let Some(platt) = calibration.platt else { return Err(calibration.notes.join("\n")) };
    let labels = &calibration.labels;
    let truth: Vec<bool> = labels.iter().map(|(_, label)| label.is_true).collect();
    let before: Vec<f64> = labels.iter().map(|(score, label)| published(*score, label)).collect();
    let after = crossed(labels, &platt);
    Ok(Refit {
        labels: labels.len(),
        found: truth.iter().filter(|is_true| **is_true).count(),
        platt,
        over: if calibration.kind == ScoreKind::Measures {
            "measures of the lead"
        } else {
            "published confidence"
        },
        before: agreement(&before, &truth),
        after: agreement(&after, &truth),
        notes: calibration.notes,
    })
}

/// The confidence that the lead had, else that of its score.
fn published(score: f64, label: &Label) -> f64 {
    label.confidence.as_ref().map_or(1.0 / (1.0 + (-score).exp()), |(confidence, _)| *confidence)
}

/// Of each label the probability by a fit to the other folds; by that to all where those cannot be fitted.
fn crossed(labels: &[(f64, Label)], whole: &Platt) -> Vec<f64> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    let key = |place: &usize| {
        digest::of_bytes(format!("{} {}", labels[*place].1.id, labels[*place].1.season).as_bytes())
    };
    order.sort_by_key(key);
    let mut after = vec![0.0; labels.len()];
    for fold in 0..FOLDS {
        let is_own = |rank: usize| rank % FOLDS == fold;
        let others = order.iter().enumerate().filter(|(rank, _)| !is_own(*rank));
        let others: Vec<(f64, bool)> =
            others.map(|(_, place)| (labels[*place].0, labels[*place].1.is_true)).collect();
        let platt = Platt::fit(&others).unwrap_or(*whole);
        for (_, place) in order.iter().enumerate().filter(|(rank, _)| is_own(*rank)) {
            after[*place] = platt.probability(labels[*place].0);
        }
    }
    after
}

fn agreement(confidences: &[f64], truth: &[bool]) -> Agreement {
    let one = |is_true: &bool| f64::from(u8::from(*is_true));
    let count = confidences.len().max(1) as f64;
    let squares: f64 = confidences.iter().zip(truth).map(|(p, is_true)| (p - one(is_true)).powi(2)).sum();
    let class = |(from, to): &(f64, f64)| {
        let inside: Vec<(f64, bool)> = confidences
            .iter()
            .copied()
            .zip(truth.iter().copied())
            .filter(|(p, _)| (*from..*to).contains(p))
            .collect();
        let found = inside.iter().filter(|(_, is_true)| *is_true).count();
        let mean = inside.iter().map(|(p, _)| p).sum::<f64>() / inside.len().max(1) as f64;
        let share = share(found, inside.len()).map(|share| (share.value, share.low, share.high));
        let (ends, leads) = ((*from, to.min(1.0)), inside.len());
        Class { ends, leads, mean_confidence: rounded(mean, 3), share }
    };
    Agreement {
        brier: rounded(squares / count, 4),
        mean_confidence: rounded(confidences.iter().sum::<f64>() / count, 4),
        classes: CLASSES.iter().map(class).collect(),
    }
}

impl fmt::Display for Refit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { labels, found, platt, over, .. } = self;
        writeln!(f, "{labels} leads that were drawn at random and visited, {found} of them there")?;
        writeln!(f, "fit over the {over}: intercept {:.3}, slope {:.3}", platt.intercept, platt.slope)?;
        for (name, agreement) in [("before", &self.before), ("after ", &self.after)] {
            let Agreement { brier, mean_confidence, classes } = agreement;
            writeln!(
                f,
                "{name}  Brier {brier:.4}  mean confidence {mean_confidence:.3}  (share found {:.3})",
                *found as f64 / *labels as f64
            )?;
            for class in classes.iter().filter(|class| class.leads > 0) {
                let ((from, to), (value, low, high)) = (class.ends, class.share.unwrap_or_default());
                let (count, mean) = (class.leads, class.mean_confidence);
                writeln!(
                    f,
                    "  {from:.2} to {to:.2}: {count:4} leads, mean confidence {mean:.3}, {value:.3} of them there ({low:.3} to {high:.3}, 95 %)"
                )?;
            }
        }
        write!(f, "after: of leads that the fit did not know; a scan makes the fit itself from `--verified`")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Labels whose confidence says 0.95 and 0.7 where 0.8 and 0.2 of them are true.
    fn labels(count: usize) -> Labels {
        let model = Model::shipped().unwrap();
        let label = |place: usize| {
            let (confidence, is_true) = if place.is_multiple_of(2) {
                (0.95, !place.is_multiple_of(10))
            } else {
                (0.7, place % 10 == 1)
            };
            Label {
                id: format!("v{place}"),
                model: "G1".to_owned(),
                is_true,
                score: None,
                confidence: Some((confidence, model.method("G1"))),
                weight: 1.0,
                area: None,
                season: 2025,
                place: None,
            }
        };
        Labels {
            rows: count,
            labels: (0..count).map(label).collect(),
            left_out: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    fn fitted(count: usize) -> Result<Refit, String> {
        refit(labels(count), &Model::shipped().unwrap(), Rules::shipped().unwrap())
    }

    #[test]
    fn a_confidence_that_promised_too_much_is_mended_on_leads_that_the_fit_did_not_know() {
        let found = fitted(200).unwrap();
        assert_eq!((found.labels, found.found), (200, 100));
        assert!((found.before.mean_confidence - 0.825).abs() < 1e-9);
        assert!((found.after.mean_confidence - 0.5).abs() < 0.02, "{found}");
        // 0.8 * 0.05^2 + 0.2 * 0.95^2 and 0.2 * 0.3^2 + 0.8 * 0.7^2, halved; at best 0.16.
        assert!((found.before.brier - (0.1825 + 0.41) / 2.0).abs() < 1e-4, "{found}");
        assert!((0.16..0.17).contains(&found.after.brier), "{found}");
        // By the fit to all it would look better than it is.
        let score =
            |label: &Label| if label.confidence.as_ref().is_some_and(|one| one.0 > 0.9) { 2.0 } else { 0.0 };
        let scored: Vec<(f64, Label)> =
            labels(200).labels.into_iter().map(|label| (score(&label), label)).collect();
        let pairs: Vec<(f64, bool)> = scored.iter().map(|(score, label)| (*score, label.is_true)).collect();
        let whole = Platt::fit(&pairs).unwrap();
        let brier = |guesses: &[f64]| -> f64 {
            let one =
                |(guess, (_, is_true)): (&f64, &(f64, bool))| (guess - f64::from(u8::from(*is_true))).powi(2);
            guesses.iter().zip(&pairs).map(one).sum()
        };
        let known: Vec<f64> = pairs.iter().map(|(score, _)| whole.probability(*score)).collect();
        assert!(brier(&crossed(&scored, &whole)) > brier(&known) + 1e-6);
        assert_eq!(
            found.before.classes.iter().map(|class| class.leads).collect::<Vec<_>>(),
            [0, 100, 0, 100]
        );
    }

    #[test]
    fn under_the_least_numbers_there_is_no_fit_and_the_words_say_how_many_are_needed() {
        let error = fitted(50).unwrap_err();
        assert!(error.contains("50 labels") && error.contains("60 with 15 of each"), "{error}");
    }
}
