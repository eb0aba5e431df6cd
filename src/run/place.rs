//! One lead a place: what several sub-models say of the same ground becomes one record.
//!
//! In:  records in any order. Out: the same leads, one a place; the others are kept aside as `same_place`.
//! Law: the outcome does not depend on the order in which leads come.

use std::collections::BTreeSet;

use geo::{BoundingRect, Rect};

use crate::lead::{Claim, Lead, Naming, Suppressed};
use crate::reason::AsideReason;
use crate::run::records::Records;
use crate::weigh::overlap::{Indexed, meeting};

/// Leads of two sub-models that share this much of the smaller one are one place.
const SAME_PLACE_SHARE: f64 = 0.3;

/// Of leads on one place, those of at least this share of the largest one's area may name it.
const ALIKE_SIZE: f64 = 2.0 / 3.0;

/// A lead of at most this share of the one that names its ground may be a piece of its own. Our choice: half.
const PIECE_SHARE: f64 = 0.5;

/// Likeness of a sub-model of which no typical sign could be told: neither for it nor against it.
const UNTOLD: f64 = 0.5;

/// Of leads of several sub-models on the same ground one stays. The place is that of the lead that stands for most
/// changed ground (confidence times area): a pit's brightest part may be surer than the pit, but the pit is what is
/// there. Its name is that of the likest among those of about its size (typical signs first, then confidence). A
/// warning never names the ground of a lead, nor a track that of a lead with an area.
///
/// What is kept aside comes back as leads with the id and sub-model that name their ground, for `beside` to ask again.
pub(super) fn one_lead_a_place(records: &mut Records) -> Vec<Absorbed> {
    let mut leads = std::mem::take(&mut records.leads);
    in_order_of_claim(&mut leads);
    let boxes: Vec<Option<Rect<f64>>> = leads.iter().map(|lead| lead.outline.bounding_rect()).collect();
    let near = meeting(&boxes);
    let shares_ground = |a: usize, b: usize| {
        let (a, b) = (&leads[a], &leads[b]);
        let shared = || Indexed::new(std::iter::once(&a.outline)).overlaps(&b.outline);
        // A pit within a field is the field's place; a warning or a track that a lead touches is another matter.
        let alike = is_one_kind(a, b);
        let whole = if alike { a.area.best.0.min(b.area.best.0) } else { b.area.best.0 };
        !is_later_piece(a, b)
            && !is_later_piece(b, a)
            && shared().iter().any(|(_, area)| area.0 > SAME_PLACE_SHARE * whole)
    };
    // For each lead the one that names its place.
    let mut named_by: Vec<Option<usize>> = vec![None; leads.len()];
    for largest in 0..leads.len() {
        if named_by[largest].is_some() {
            continue;
        }
        let sharing = |lead: usize| -> Vec<usize> {
            let others = near[lead].iter().copied();
            let others = others.filter(|other| *other > largest && named_by[*other].is_none());
            others.filter(|other| shares_ground(lead, *other)).collect()
        };
        let here = sharing(largest);
        let is_alike = |other: &&usize| {
            is_one_kind(&leads[**other], &leads[largest])
                && leads[**other].area.best.0 >= ALIKE_SIZE * leads[largest].area.best.0
        };
        let fit = |lead: usize| fit(leads[lead].naming.likeness, leads[lead].confidence);
        let better = |a: usize, b: &usize| if fit(*b) > fit(a) { *b } else { a };
        let surest = here.iter().filter(is_alike).fold(largest, better);
        let beside = if surest == largest { Vec::new() } else { sharing(surest) };
        named_by[largest] = Some(surest);
        here.into_iter().chain(beside).for_each(|other| named_by[other] = Some(surest));
    }
    note_claims(&mut leads, &named_by);
    let named: Vec<(String, String)> =
        leads.iter().map(|lead| (lead.id.clone(), lead.model.clone())).collect();
    let sizes: Vec<f64> = leads.iter().map(|lead| lead.area.best.0).collect();
    let mut absorbed = Vec::new();
    for (place, lead) in leads.into_iter().enumerate() {
        match named_by[place].filter(|surest| *surest != place) {
            None => records.leads.push(lead),
            Some(surest) => {
                let is_piece = is_piece(&lead, sizes[surest]);
                absorbed.push(Absorbed { lead, by: named[surest].clone(), is_piece });
            }
        }
    }
    absorbed
}

/// A lead whose ground another one names.
pub(super) struct Absorbed {
    /// The lead as its sub-model gave it.
    pub(super) lead: Lead,
    /// Id and sub-model of the one that names the ground.
    pub(super) by: (String, String),
    is_piece: bool,
}

impl Absorbed {
    /// Whether it speaks for a piece of ground of its own, should the other be no lead after all: a pit in a field that a
    /// permit allows.
    pub(super) fn is_piece_of_its_own(&self) -> bool {
        self.is_piece
    }

    /// The record of it among the patches kept aside.
    pub(super) fn kept_aside(self) -> Suppressed {
        let Absorbed { lead, by: (id, model), .. } = self;
        Suppressed {
            reason: AsideReason::SamePlace,
            detail: format!("{id} ({model}) names this place"),
            id: lead.id,
            model: lead.model,
            area: lead.area.best,
            evidence: lead.evidence,
            outline: lead.outline,
        }
    }
}

/// Leads before warnings, areas before tracks; then by changed ground.
fn in_order_of_claim(leads: &mut [Lead]) {
    let ground = |lead: &Lead| lead.confidence * lead.area.best.0;
    let kind = |lead: &Lead| (lead.naming.tier, lead.told_area().is_none());
    leads.sort_by(|a, b| {
        let by_kind = kind(a).cmp(&kind(b)).then(ground(b).total_cmp(&ground(a)));
        by_kind.then(a.model.cmp(&b.model)).then(a.id.cmp(&b.id))
    });
}

/// Whether two leads are of one tier and measured alike: only such may name each other's ground.
fn is_one_kind(a: &Lead, b: &Lead) -> bool {
    a.naming.tier == b.naming.tier && a.told_area().is_some() == b.told_area().is_some()
}

/// Whether a lead may speak for a piece of its own of ground that another one of some area in m2 names. The brightest part
/// of a field is none: it lacks a typical sign, or is most of the field.
fn is_piece(lead: &Lead, of_area: f64) -> bool {
    let has_every_sign = lead.naming.likeness.is_some_and(|likeness| likeness >= 1.0);
    has_every_sign && lead.area.best.0 <= PIECE_SHARE * of_area
}

/// Whether a lead is a piece of another one's ground that changed once more in a later year: a pit dug where a field was.
/// An id is a place: two leads that would have the same one are one.
fn is_later_piece(lead: &Lead, of: &Lead) -> bool {
    lead.id != of.id
        && lead.model != of.model
        && lead.first_seen.year() > of.first_seen.year()
        && is_piece(lead, of.area.best.0)
}

/// How well a name fits, for comparison: likeness first, then confidence.
fn fit(likeness: Option<f64>, confidence: f64) -> (f64, f64) {
    (likeness.unwrap_or(UNTOLD), confidence)
}

/// Writes on each lead what other sub-models make of its place, likest first.
fn note_claims(leads: &mut [Lead], named_by: &[Option<usize>]) {
    for other in 0..leads.len() {
        if let Some(surest) = named_by[other].filter(|surest| *surest != other) {
            let Lead { model, confidence, naming: Naming { likeness, .. }, .. } = leads[other].clone();
            leads[surest].naming.also.push(Claim { model, likeness, confidence });
        }
    }
    let by_fit = |a: &Claim, b: &Claim| {
        let (a_fit, b_fit) = (fit(a.likeness, a.confidence), fit(b.likeness, b.confidence));
        b_fit.0.total_cmp(&a_fit.0).then(b_fit.1.total_cmp(&a_fit.1)).then(a.model.cmp(&b.model))
    };
    for lead in leads {
        lead.naming.also.sort_by(by_fit);
        // A sub-model that sees several pieces of the place says so once, at its likest.
        let mut told = BTreeSet::new();
        lead.naming.also.retain(|claim| told.insert(claim.model.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_model_without_typical_signs_names_no_place_that_another_fits() {
        assert!(fit(Some(1.0), 0.7) > fit(None, 0.99));
        assert!(fit(None, 0.7) > fit(Some(0.0), 0.99));
    }
}
