//! How sure a patch is: the shipped model or its refit to verified leads, under caps.
//!
//! In:  a patch's measures and closer look; the run's sensors and calibration.
//! Out: confidence, how it was obtained, and the score that orders candidates.

use crate::lead::Measure;
use crate::reason::AsideReason;
use crate::run::records::{Desk, Reason};
use crate::scene::Band;
use crate::submodel::{Ceiling, SubModel, Tier};
use crate::weigh::calibration::logit;
use crate::weigh::closer::Closer;
use crate::weigh::confidence::{self, Cap};

/// How sure a patch is.
pub(super) struct Judged {
    /// Probability under its caps.
    pub(super) confidence: f64,
    /// How the confidence was obtained.
    pub(super) method: String,
    /// What orders candidates against verified leads.
    pub(super) score: f64,
}

impl Desk<'_> {
    /// Why a patch is too unsure; where verified leads select, all but the least likely are candidates. What is no lead
    /// is not selected, so for it the bar stays.
    pub(super) fn too_unsure(&self, tier: Tier, judged: &Judged) -> Option<Reason> {
        let Judged { confidence, method, score } = judged;
        let selects = self.inputs.selects(self.plan).filter(|_| tier == Tier::Lead);
        if let Some(prefilter) = selects.map(|selects| selects.prefilter) {
            let detail =
                || format!("the shipped confidence is under {prefilter:.3}, too low to be a candidate");
            return (*score < logit(prefilter)).then(|| (AsideReason::LowConfidence, detail()));
        }
        let least = self.plan.least_confidence(false);
        let detail = || format!("confidence {confidence:.3} is under {least:.3} ({method})");
        (*confidence < least).then(|| (AsideReason::LowConfidence, detail()))
    }

    /// How sure a patch with these measures is.
    pub(super) fn confidence(&self, model: &SubModel, measures: &[Measure], closer: &Closer) -> Judged {
        let of_model = |ceiling: &Ceiling| Cap { most: ceiling.most, reason: ceiling.reason.clone() };
        let mut caps: Vec<Cap> = model.ceiling.iter().map(of_model).collect();
        let model = model.id.as_str();
        if self.inputs.scenes.iter().any(|scene| !scene.has(Band::Swir16)) {
            let reason = "the sensor has no short-wave infrared".to_owned();
            caps.push(Cap { most: confidence::NO_SWIR_CAP, reason });
        }
        if closer.contamination > confidence::CONTAMINATED_SHARE {
            let share = 100.0 * closer.contamination;
            let reason = format!("{share:.0} % of the look-alikes' views have changed themselves");
            caps.push(Cap { most: confidence::CONTAMINATED_CAP, reason });
        }
        let shipped = &self.confidence;
        let (by_score, method) = (shipped.score(model, measures), shipped.method(model));
        let (confidence, words) = confidence::capped(shipped.probability(model, measures), &caps, &method);
        let calibration = self.inputs.calibration.as_ref();
        let score = calibration.map_or(by_score, |one| one.score(shipped, model, measures, confidence));
        let Some(platt) = calibration.and_then(|calibration| calibration.platt) else {
            return Judged { confidence, method: words, score };
        };
        let method = platt.words(&method);
        let (confidence, method) = confidence::capped(platt.probability(score), &caps, &method);
        Judged { confidence, method, score }
    }
}
