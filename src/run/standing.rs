//! Leads, one a place, held against context and law and ranked: what is covered is kept aside, neighbours are added up.
//!
//! In:  records in any order. Out: the same by rank, every lead with context, limits and incident.
//! Law: no lead disappears; what context takes out is a suppressed patch with number, dates and areas.

use std::collections::BTreeSet;

use geo::MultiPolygon;

use crate::law::{self, Neighbourhood};
use crate::lead::{Lead, Suppressed};
use crate::redline::{Class, Land, Role};
use crate::run::RunError;
use crate::run::inputs::{Inputs, Question};
use crate::run::place::{Absorbed, one_lead_a_place};
use crate::run::records::Records;
use crate::submodel::SubModel;
use crate::weigh::overlap::{Indexed, geodesic_area};
use crate::weigh::{context, incident, verdict};

/// One lead a place, leads by rank, patches by id.
///
/// `border_px` is how far an outline may lie outside what changed, in pixels.
pub(super) fn ranked(
    mut records: Records,
    inputs: &Inputs,
    question: &Question,
    border_px: f64,
) -> Result<Records, RunError> {
    let standing = Standing::new(inputs, question, border_px)?;
    let mut absorbed = one_lead_a_place(&mut records);
    standing.hold(&mut records);
    // What context takes out names no ground any more: a permit for a field says nothing of the pit within.
    loop {
        let standing_now: BTreeSet<(&str, &str)> =
            records.leads.iter().map(|lead| (lead.id.as_str(), lead.model.as_str())).collect();
        let stands = |(id, model): &(String, String)| standing_now.contains(&(id.as_str(), model.as_str()));
        let (free, rest): (Vec<_>, Vec<_>) =
            absorbed.into_iter().partition(|one| one.is_piece_of_its_own() && !stands(&one.by));
        absorbed = rest;
        if free.is_empty() {
            break;
        }
        let mut again =
            Records { leads: free.into_iter().map(|one| one.lead).collect(), suppressed: Vec::new() };
        absorbed.extend(one_lead_a_place(&mut again));
        standing.hold(&mut again);
        records.leads.extend(again.leads);
        records.suppressed.extend(again.suppressed);
    }
    records.suppressed.extend(absorbed.into_iter().map(Absorbed::kept_aside));
    incident::join(&mut records.leads, &standing.neighbourhood, standing.pixel_area);
    // Leads of a pair often share the confidence that their cap leaves: the larger one first.
    let order = |lead: &Lead| {
        let down = |value: f64| std::cmp::Reverse(value.round() as i64);
        (lead.naming.tier, down(lead.confidence * 1e4), down(lead.area.best.0), lead.id.clone())
    };
    records.leads.sort_by_key(order);
    records.leads.iter_mut().enumerate().for_each(|(index, lead)| lead.rank = index + 1);
    records.suppressed.sort_by(|a, b| (&a.id, &a.model).cmp(&(&b.id, &b.model)));
    Ok(records)
}

/// What leads are held against.
pub(super) struct Standing<'a> {
    inputs: &'a Inputs,
    question: &'a Question,
    desk: context::Desk<'a>,
    /// Red lines whose land a layer tells, and their outlines.
    lands: Vec<Land>,
    told: Indexed<'a>,
    neighbourhood: Neighbourhood,
    pixel_area: f64,
}

impl<'a> Standing<'a> {
    /// Readies context and rules. `border_px` is how far an outline may lie outside what changed, in pixels.
    pub(super) fn new(inputs: &'a Inputs, question: &'a Question, border_px: f64) -> Result<Self, RunError> {
        let (width, height) = inputs.pixel_metres;
        let told = || inputs.redlines.redlines.iter().filter_map(|line| Some((line.land?, &line.polygons)));
        Ok(Self {
            inputs,
            question,
            desk: context::Desk::new(&inputs.context, border_px * width.max(height))
                .map_err(RunError::Rules)?,
            lands: told().map(|(land, _)| land).collect(),
            told: Indexed::new(told().map(|(_, polygons)| polygons)),
            neighbourhood: law::neighbourhood().map_err(|error| RunError::Rules(error.to_string()))?,
            pixel_area: width * height,
        })
    }

    /// Asks context about every lead, then the law about what stands.
    fn hold(&self, records: &mut Records) {
        for lead in std::mem::take(&mut records.leads) {
            match self.held(lead) {
                Ok(lead) => records.leads.push(lead),
                Err(suppressed) => records.suppressed.push(*suppressed),
            }
        }
    }

    fn held(&self, mut lead: Lead) -> Result<Lead, Box<Suppressed>> {
        let Some(model) = self.inputs.models.iter().find(|model| model.id == lead.model) else {
            return Ok(lead);
        };
        let judged = self.desk.judge(&lead, model, self.question.baseline.to);
        if let Some((reason, detail)) = judged.aside {
            return Err(Box::new(Suppressed {
                id: lead.id,
                model: lead.model,
                reason,
                detail,
                area: lead.area.best,
                evidence: lead.evidence,
                outline: lead.outline,
            }));
        }
        lead.context = judged.touched;
        lead.supplied = self.inputs.context.supplied.clone();
        lead.excess = judged.excess;
        if !lead.supplied.contains(&Role::Permit) {
            lead.notes.push("permit layer not supplied".to_owned());
        }
        lead.notes.extend(judged.notes);
        lead.notes.extend(land_unknown(&lead, model));
        let counted = judged.counted.as_ref().unwrap_or(&lead.outline);
        let lands = self.lands(model, counted);
        let area = lead.counted_area();
        lead.thresholds = verdict::thresholds(&model.legal, &area, lead.after, (&lands, self.pixel_area));
        Ok(lead)
    }

    /// Shares of an outline on each kind of land that a layer tells and the sub-model's rules speak of.
    fn lands(&self, model: &SubModel, outline: &MultiPolygon<f64>) -> Vec<(Land, f64)> {
        let whole = geodesic_area(outline).0.max(1e-9);
        let met: Vec<usize> = self.told.overlaps(outline).into_iter().map(|(place, _)| place).collect();
        let mut lands: Vec<Land> = met.iter().map(|place| self.lands[*place]).collect();
        lands.sort_unstable();
        lands.dedup();
        lands.retain(|land| model.legal.iter().any(|rule| rule.land.class() == land.class()));
        let share = |land: Land| {
            let places: Vec<usize> =
                met.iter().filter(|place| self.lands[**place] == land).copied().collect();
            (land, self.told.shared(outline, &places).0 / whole)
        };
        lands.into_iter().map(share).collect()
    }
}

/// A note where no red line says that the ground is what the sub-model's name and limits speak of.
fn land_unknown(lead: &Lead, model: &SubModel) -> Option<String> {
    let says = |class: Class| class != Class::Redline && model.looks_at(class);
    let is_said = lead.redlines.iter().filter_map(|overlap| overlap.class).any(says);
    let classes: Vec<&str> =
        model.classes.iter().filter(|class| **class != Class::Redline).map(|class| class.name()).collect();
    let note = || {
        format!(
            "no red line here says what land it is: the name and the limits of {} hold only if it is {}",
            model.id,
            classes.join(" or ")
        )
    };
    (!is_said).then(note)
}
