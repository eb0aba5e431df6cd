//! Which candidates are leads: by least confidence, or by verified leads at a false-discovery rate.
//!
//! In:  weighed records, one a place; the plan's `fdr`; the calibration.
//! Out: the same records, each lead with its rule and promise; what is not selected is kept aside with a reason.
//! Law: a promise is made only where verified leads back it; everything else says that there is none, and why.

use geo::{BoundingRect, Coord, Rect};
use serde_json::{Value, json};

use crate::date::Period;
use crate::lead::{Lead, Suppressed};
use crate::plan::Plan;
use crate::read::attributes;
use crate::reason::AsideReason;
use crate::redline::read::Reading;
use crate::run::RunError;
use crate::run::inputs::Inputs;
use crate::run::records::Records;
use crate::units::rounded;
use crate::weigh::calibration::{Calibration, Candidate, Rules, Scope};
use crate::weigh::confidence::Model;
use crate::weigh::conformal::{benjamini_hochberg, labels_needed};
use crate::weigh::labels;

/// A selection that verified leads can carry.
#[derive(Clone, Copy)]
pub struct Selects<'a> {
    /// False-discovery rate asked for.
    pub q: f64,
    /// Shipped confidence from which a patch is a candidate.
    pub prefilter: f64,
    /// The verified leads.
    pub calibration: &'a Calibration,
}

/// What a selection came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// False-discovery rate asked for.
    pub q: f64,
    /// Shipped confidence from which a patch was a candidate.
    pub prefilter: f64,
    /// Candidates compared.
    pub candidates: usize,
    /// Candidates selected.
    pub selected: usize,
    /// Largest p-value selected; none when nothing was.
    pub cut: Option<f64>,
    /// Verified candidates.
    pub labels: usize,
    /// Of which false.
    pub false_labels: usize,
    /// Whether each sub-model and size was judged by its own labels.
    pub is_grouped: bool,
    /// Candidates that no false label stands above.
    pub above: usize,
}

/// The verified leads of a plan, judged for its run; none where none were given.
pub fn calibration(plan: &Plan, redlines: &Reading, target: Period) -> Result<Option<Calibration>, RunError> {
    if plan.verified.is_empty() {
        return Ok(None);
    }
    let files: Vec<_> = plan.verified.iter().map(|path| attributes::read(path)).collect::<Result<_, _>>()?;
    let model = Model::shipped().map_err(RunError::Shipped)?;
    let rules = Rules::shipped().map_err(RunError::Shipped)?;
    let boxes = redlines.redlines.iter().filter_map(|line| line.polygons.bounding_rect());
    let both = |a: Rect<f64>, b: Rect<f64>| {
        let (low, high) = ((a.min(), b.min()), (a.max(), b.max()));
        Rect::new(
            Coord { x: low.0.x.min(low.1.x), y: low.0.y.min(low.1.y) },
            Coord { x: high.0.x.max(high.1.x), y: high.0.y.max(high.1.y) },
        )
    };
    let scope = Scope { season: target.to.year(), ground: boxes.reduce(both) };
    Ok(Some(Calibration::of(labels::labels(&files, &model)?, &model, &scope, rules)))
}

/// What the reader of the result must know of the calibration.
pub fn notes_on(plan: &Plan, calibration: Option<&Calibration>, is_pair: bool) -> Vec<String> {
    let mut notes = calibration.map(|calibration| calibration.notes.clone()).unwrap_or_default();
    if let (Some(q), Err(why)) = (plan.fdr, able(plan, calibration, is_pair)) {
        notes.push(format!("a false-discovery rate of {q} was asked for and is not promised: {why}"));
    }
    notes
}

/// The selection that verified leads can carry, or in words why there is none.
fn able<'a>(plan: &Plan, calibration: Option<&'a Calibration>, is_pair: bool) -> Result<Selects<'a>, String> {
    let Some(calibration) = calibration else {
        return Err("calibration missing: no verified leads were given (--verified)".to_owned());
    };
    let Some(q) = plan.fdr else { return Err("no rate was asked for (--fdr)".to_owned()) };
    if is_pair {
        return Err(
            "two dates are weighed without the confidence model that verified leads calibrate".to_owned()
        );
    }
    let prefilter = plan.least_confidence.unwrap_or(calibration.rules.prefilter);
    calibration.refuses(q, prefilter).map_or(Ok(Selects { q, prefilter, calibration }), Err)
}

impl Inputs {
    /// The selection of this run, where verified leads can carry one.
    pub fn selects(&self, plan: &Plan) -> Option<Selects<'_>> {
        able(plan, self.calibration.as_ref(), self.is_pair).ok()
    }
}

/// What a warning says of the selection.
const NOT_SELECTED: &str =
    "no lead to visit: takes no part in the selection by verified leads, nothing is promised";

/// Selects, names the rule on every lead, and keeps aside what is not selected.
pub fn select(plan: &Plan, inputs: &Inputs, records: &mut Records) -> Option<Selected> {
    let selects = match able(plan, inputs.calibration.as_ref(), inputs.is_pair) {
        Ok(selects) => selects,
        Err(why) => {
            let least = plan.least_confidence(inputs.is_pair);
            let words = format!("confidence of at least {least}; no false-discovery rate is promised: {why}");
            records.leads.iter_mut().for_each(|lead| lead.selection.words.clone_from(&words));
            return None;
        }
    };
    // A warning promises no change that a visit could confirm, so it is neither selected nor kept aside.
    let (leads, mut warnings): (Vec<Lead>, Vec<Lead>) =
        std::mem::take(&mut records.leads).into_iter().partition(Lead::is_to_visit);
    let (selected, p_values) = compared(&selects, &leads);
    let words = selected.words(selects.calibration.is_expired);
    warnings.iter_mut().for_each(|warning| warning.selection.words = NOT_SELECTED.to_owned());
    let mut aside = Vec::new();
    for (mut lead, p) in leads.into_iter().zip(p_values) {
        if selected.cut.is_some_and(|cut| p <= cut) {
            lead.selection.p_value = Some(p);
            lead.selection.words = format!("p {p:.4}; {words}");
            records.leads.push(lead);
        } else {
            aside.push(lead.id.clone());
            records.suppressed.push(kept_aside(lead, p, &selected));
        }
    }
    records.leads.extend(warnings);
    records.leads.iter_mut().enumerate().for_each(|(index, lead)| lead.rank = index + 1);
    // What lies on the place of a patch that is no lead must not point to a lead.
    for patch in records.suppressed.iter_mut().filter(|patch| patch.reason == AsideReason::SamePlace) {
        if aside.iter().any(|id| patch.detail.starts_with(&format!("{id} ("))) {
            patch.detail.push_str(", itself kept aside");
        }
    }
    records.suppressed.sort_by(|a, b| (&a.id, &a.model).cmp(&(&b.id, &b.model)));
    Some(selected)
}

/// Leads of the placebo year under the rule that chose the target period's.
pub fn as_in_target(plan: &Plan, inputs: &Inputs, records: &Records, selected: Option<&Selected>) -> usize {
    let (Some(selects), Some(selected)) = (inputs.selects(plan), selected) else {
        return records.leads.iter().filter(|lead| lead.is_to_visit()).count();
    };
    let leads: Vec<Lead> = records.leads.iter().filter(|lead| lead.is_to_visit()).cloned().collect();
    let p_values = compared(&selects, &leads).1;
    p_values.iter().filter(|p| selected.cut.is_some_and(|cut| **p <= cut)).count()
}

fn compared(selects: &Selects, leads: &[Lead]) -> (Selected, Vec<f64>) {
    let Selects { q, prefilter, calibration } = *selects;
    let candidate = |lead: &'_ Lead| (lead.model.clone(), lead.area.best, lead.selection.score);
    let owned: Vec<_> = leads.iter().map(candidate).collect();
    let candidates: Vec<Candidate> =
        owned.iter().map(|(model, area, score)| Candidate { model, area: *area, score: *score }).collect();
    let comparison = calibration.compare(&candidates, prefilter);
    let p_values = comparison.p_values;
    let cut = benjamini_hochberg(&p_values, q);
    let labels: Vec<_> = calibration.above(prefilter).collect();
    let highest = labels
        .iter()
        .filter(|(_, label)| !label.is_true)
        .map(|(score, _)| *score)
        .fold(f64::NEG_INFINITY, f64::max);
    let selected = Selected {
        q,
        prefilter,
        candidates: candidates.len(),
        selected: p_values.iter().filter(|p| cut.is_some_and(|cut| **p <= cut)).count(),
        cut,
        labels: labels.len(),
        false_labels: labels.iter().filter(|(_, label)| !label.is_true).count(),
        is_grouped: comparison.is_grouped,
        above: candidates.iter().filter(|one| one.score > highest).count(),
    };
    (selected, p_values)
}

fn kept_aside(lead: Lead, p: f64, selected: &Selected) -> Suppressed {
    let Selected { q, candidates, labels, .. } = selected;
    Suppressed {
        detail: format!(
            "p {p:.4} against {labels} verified leads is not among what Benjamini-Hochberg selects of {candidates} \
             candidates at {q} (confidence {:.3})",
            lead.confidence
        ),
        reason: AsideReason::NotSelectedAtFdr,
        id: lead.id,
        model: lead.model,
        area: lead.area.best,
        evidence: lead.evidence,
        outline: lead.outline,
    }
}

impl Selected {
    /// The promise, as every lead of the run carries it.
    fn words(&self, is_expired: bool) -> String {
        let Self { q, labels, false_labels, .. } = self;
        let groups = if self.is_grouped { "by sub-model and size" } else { "pooled" };
        let expired = if is_expired { "; calibration expired in part, see the notes" } else { "" };
        format!(
            "verified_fdr {q}: on average over runs like this at most {} % of the leads selected are false, judged by \
             {labels} verified leads drawn at random, {false_labels} of them false, {groups}{expired}",
            rounded(100.0 * q, 2)
        )
    }

    /// What the reader of the result must know of it.
    pub fn notes(&self) -> Vec<String> {
        let Self { q, candidates, selected, labels, false_labels, above, .. } = self;
        let mut notes = vec![format!(
            "verified_fdr {q}: {selected} of {candidates} candidates selected by {labels} verified leads ({false_labels} \
             false); the rate holds on average over runs, not for each, and only for ground like that of the verified leads"
        )];
        if *selected == 0 && *candidates > 0 {
            let needed = labels_needed(*candidates, *above, *q);
            notes.push(format!(
                "calibration too small or too mixed: {above} of {candidates} candidates stand above every false verified \
                 lead; for them to be selected at {q} at least {needed} verified leads drawn at random are needed, found {labels}"
            ));
        }
        notes
    }

    /// For the manifest and the summary.
    pub fn as_json(&self) -> Value {
        json!({
            "q": self.q,
            "prefilter": self.prefilter,
            "candidates": self.candidates,
            "selected": self.selected,
            "largest_p_selected": self.cut.map(|cut| rounded(cut, 6)),
            "verified_labels": self.labels,
            "verified_false": self.false_labels,
            "grouped": self.is_grouped,
        })
    }
}
