//! Platt's refit: a logistic curve from the shipped model's score to what visits found.
//!
//! In:  scores and verdicts. Out: intercept and slope, or none where there is nothing to learn.
//! Law: deterministic, the same for any order of labels; targets are drawn in from 0 and 1, so that labels which part
//!      cleanly give no certainty.
//! Source: J. Platt, Probabilistic outputs for support vector machines, in Advances in Large Margin Classifiers, MIT
//!      Press 1999 (targets (n + 1) / (n + 2)); Newton's method with halved steps after Lin, Lin and Weng, Machine
//!      Learning 68 (2007) 267-276.

use serde::Serialize;

/// Newton steps at most; five to ten are usual.
const MOST_STEPS: usize = 100;

/// The curve `1 / (1 + exp(-(intercept + slope * score)))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Platt {
    /// Intercept.
    pub intercept: f64,
    /// Slope, above 0: a surer lead stays the surer one.
    pub slope: f64,
    /// Labels that it was fitted to.
    pub labels: usize,
    /// Of which the visit found the change.
    pub found: usize,
}

impl Platt {
    /// Fits the curve; none where one verdict is missing or found changes do not rise with the score.
    pub fn fit(labels: &[(f64, bool)]) -> Option<Self> {
        let mut labels = labels.to_vec();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let found = labels.iter().filter(|(_, is_true)| *is_true).count();
        let (yes, no) = (found as f64, (labels.len() - found) as f64);
        if yes == 0.0 || no == 0.0 {
            return None;
        }
        let aims = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
        let aimed: Vec<(f64, f64)> =
            labels.iter().map(|(score, is_true)| (*score, if *is_true { aims.0 } else { aims.1 })).collect();
        let (mut intercept, mut slope) = (((yes + 1.0) / (no + 1.0)).ln(), 0.0);
        let mut loss = loss_of(&aimed, intercept, slope);
        for _ in 0..MOST_STEPS {
            let (down, along) = step(&aimed, intercept, slope);
            let halves = (0..40).map(|half| 0.5_f64.powi(half));
            let tried = halves.map(|part| (intercept - part * down, slope - part * along));
            let better =
                tried.map(|(a, b)| (a, b, loss_of(&aimed, a, b))).find(|(_, _, other)| *other < loss);
            let Some((a, b, other)) = better else { break };
            let gained = loss - other;
            (intercept, slope, loss) = (a, b, other);
            if gained < 1e-12 * loss.max(1.0) {
                break;
            }
        }
        (slope > 0.0).then_some(Self { intercept, slope, labels: labels.len(), found })
    }

    /// How a confidence was obtained, in words; `method` names what it was fitted over.
    pub fn words(&self, method: &str) -> String {
        let Self { labels, found, .. } = self;
        format!("Platt fit over the {method}, to {labels} verified leads of which {found} were true")
    }

    /// Probability at a score.
    pub fn probability(&self, score: f64) -> f64 {
        1.0 / (1.0 + (-(self.intercept + self.slope * score)).exp())
    }
}

/// Newton's step: inverse of the curvature times the gradient.
fn step(aimed: &[(f64, f64)], intercept: f64, slope: f64) -> (f64, f64) {
    let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-12, 0.0, 1e-12);
    for (score, aim) in aimed {
        let p = 1.0 / (1.0 + (-(intercept + slope * score)).exp());
        let (error, curve) = (p - aim, p * (1.0 - p));
        g0 += error;
        g1 += error * score;
        h00 += curve;
        h01 += curve * score;
        h11 += curve * score * score;
    }
    let det = h00 * h11 - h01 * h01;
    if det <= 0.0 {
        return (g0 / h00, g1 / h11);
    }
    ((h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det)
}

/// Cross-entropy, in the form that does not overflow.
fn loss_of(aimed: &[(f64, f64)], intercept: f64, slope: f64) -> f64 {
    let one = |(score, aim): &(f64, f64)| {
        let z = intercept + slope * score;
        z.max(0.0) - z * aim + (-z.abs()).exp().ln_1p()
    };
    aimed.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_agrees_with_an_independent_minimiser() {
        // scripts/reference/guarantees.py: scipy.optimize.minimize (BFGS) on the same labels.
        let labels = [
            (-2.0, false),
            (-1.0, false),
            (-0.5, true),
            (0.0, false),
            (0.3, false),
            (0.7, true),
            (1.1, true),
            (1.5, false),
            (2.0, true),
            (3.0, true),
            (4.5, true),
        ];
        let fit = Platt::fit(&labels).unwrap();
        assert!((fit.intercept - PLATT_REFERENCE.0).abs() < 1e-5, "{fit:?}");
        assert!((fit.slope - PLATT_REFERENCE.1).abs() < 1e-5, "{fit:?}");
        let mut turned = labels;
        turned.reverse();
        assert_eq!(Platt::fit(&turned), Some(fit));
    }

    const PLATT_REFERENCE: (f64, f64) = (-0.279_648_036, 0.591_265_028);

    #[test]
    fn labels_that_part_cleanly_still_give_a_finite_curve() {
        let labels: Vec<(f64, bool)> = (0..60).map(|i| (f64::from(i) - 29.5, i >= 30)).collect();
        let fit = Platt::fit(&labels).unwrap();
        assert!(fit.slope.is_finite() && fit.probability(30.0) < 0.999_9 && fit.probability(30.0) > 0.9);
    }

    #[test]
    fn one_verdict_alone_or_a_falling_curve_teaches_nothing() {
        assert_eq!(Platt::fit(&[(1.0, true), (2.0, true)]), None);
        assert_eq!(Platt::fit(&[(1.0, true), (2.0, false), (0.5, true), (3.0, false)]), None);
    }
}
