//! What became of a place: a lead, a patch kept aside, a gap, or nothing; and in which file it stands.

use geo::MultiPolygon;

use crate::detect::seasons::{self, Seasons};
use crate::lead::{AREA_METHOD, Area, ContextOverlap, Lead, Overlap, Suppressed};
use crate::patch::scratch;
use crate::publish::{aside, geojson, gpkg};
use crate::reason::GapReason;
use crate::run::gaps;
use crate::run::inputs::Inputs;
use crate::run::records::Records;
use crate::run::trace::{Place, line, redlines_here};
use crate::units::{SquareMetres, rounded};

/// The record that a patch became.
pub(super) enum Record<'a> {
    /// A lead.
    Lead(&'a Lead),
    /// A patch kept aside.
    Suppressed(&'a Suppressed),
}

impl<'a> Record<'a> {
    /// The record of a sub-model with exactly this outline.
    pub(super) fn of(records: &'a Records, model: &str, outline: &MultiPolygon<f64>) -> Option<Self> {
        let lead = records.leads.iter().find(|lead| lead.model == model && lead.outline == *outline);
        let is_it = |patch: &&Suppressed| patch.model == model && patch.outline == *outline;
        lead.map(Self::Lead).or_else(|| records.suppressed.iter().find(is_it).map(Self::Suppressed))
    }

    /// The id that it is published under.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Lead(lead) => lead.id.clone(),
            Self::Suppressed(patch) => aside::id(patch),
        }
    }

    pub(super) fn area(&self) -> SquareMetres {
        match self {
            Self::Lead(lead) => lead.area.best,
            Self::Suppressed(patch) => patch.area,
        }
    }

    /// How it was weighed, and where it is published.
    pub(super) fn tell(&self, inputs: &Inputs, text: &mut String) {
        match self {
            Self::Lead(lead) => weighed(lead, inputs, text),
            Self::Suppressed(patch) => {
                line(text, "", &format!("no lead: {}: {}", patch.reason.code(), patch.detail));
            }
        }
        let file = match self {
            Self::Lead(_) => geojson::LEADS,
            Self::Suppressed(_) => geojson::SUPPRESSED,
        };
        line(text, "publish", &format!("{} in {file} and {}", self.id(), gpkg::FILE));
        if matches!(self, Self::Lead(_)) {
            line(text, "", "its rank depends on the other leads of a scan");
            if inputs.calibration.is_some() {
                line(
                    text,
                    "",
                    "with --fdr a scan selects among all its candidates; one place cannot say which",
                );
            }
        }
    }
}

fn weighed(lead: &Lead, inputs: &Inputs, text: &mut String) {
    // As many decimals as the files carry.
    let confidence = rounded(lead.confidence, 3);
    let words = format!("confidence {confidence:.3} ({})", lead.confidence_method);
    line(text, "", &words);
    let words = match lead.told_area() {
        Some(Area { best, low, high }) => format!(
            "area {:.1} m2 ({:.1} to {:.1}), {:.2} mu ({:.2} to {:.2}), {AREA_METHOD}",
            best.0,
            low.0,
            high.0,
            best.mu(),
            low.mu(),
            high.mu()
        ),
        None => format!("length {:.1} m, {}", lead.length_m, lead.measured_by()),
    };
    line(text, "", &words);
    for limit in &lead.thresholds {
        line(text, "", &format!("limit {} of {} mu: {}", limit.rule.id, limit.rule.limit_mu, limit.verdict));
    }
    lead.redlines.iter().for_each(|overlap| shared("red line", overlap, text));
    for ContextOverlap { role, id, kind, layer, overlap, .. } in &lead.context {
        let kind = if kind.is_empty() { String::new() } else { format!(" {kind}") };
        line(text, "", &format!("{} {id}{kind} ({layer}): {:.1} m2 shared", role.word(), overlap.0));
    }
    let (status, first, last) = (lead.status.name(), lead.first_seen, lead.last_seen);
    let since = lead.confirmed_on.map_or(String::new(), |date| format!(" on {date}"));
    line(text, "", &format!("a lead, {status}{since}, seen {first} to {last}"));
    // What every lead of the run says is no news about this place.
    let of_this_lead = lead.notes.iter().filter(|note| !inputs.notes.contains(*note));
    of_this_lead.for_each(|note| line(text, "", &format!("note: {note}")));
}

fn shared(what: &str, overlap: &Overlap, text: &mut String) {
    let Overlap { id, name, layer, overlap, .. } = overlap;
    let name = if name.is_empty() { String::new() } else { format!(" {name}") };
    line(text, "", &format!("{what} {id}{name} ({layer}): {:.1} m2 shared", overlap.0));
}

/// A patch of which more lies beyond the ground that was looked at.
pub(super) fn goes_on(place: &Place, text: &mut String) {
    let words = format!(
        "this patch goes on beyond what trace looks at ({}): a scan sees it whole and may say otherwise",
        place.ground
    );
    line(text, "", &words);
}

/// A place that was judged and found to hold no patch.
pub(super) fn nothing(text: &mut String) {
    line(text, "publish", "nothing: the place was judged and no patch holds it");
}

/// A place that was judged in other seasons than these.
pub(super) fn seasons_not_seen(id: &str, seasons: &Seasons, bits: u16, text: &mut String) {
    let mut names: Vec<String> = seasons.named(bits).map(|slot| slot.name.clone()).collect();
    if let Some(days) = seasons.late_days.filter(|_| bits & seasons::LATE != 0) {
        names.push(format!("what begins in {days}"));
    }
    line(text, "patch", &format!("{id}: too few clear views for {}: a gap", names.join(", ")));
}

/// A place without evidence: a gap, or ground that the sub-model is not asked about.
pub(super) fn unseen(inputs: &Inputs, place: &Place, model: usize, stored: i16, text: &mut String) {
    let model = &inputs.models[model];
    let asked = |index: &usize| model.looks_at(inputs.redlines.redlines[*index].class);
    let lines: Vec<usize> = redlines_here(inputs, place).into_iter().filter(asked).collect();
    let id = &model.id;
    if stored == scratch::OUTSIDE || lines.is_empty() {
        line(text, "patch", &format!("{id}: no patch: no red line that {id} looks at holds this place"));
        line(text, "publish", "nothing: the place was not asked about");
        return;
    }
    line(text, "patch", &format!("{id}: no patch: without evidence there is none, whatever happened"));
    let reason = gaps::reason(stored).map_or("", GapReason::code);
    for index in lines {
        let redline = &inputs.redlines.redlines[index];
        let words = format!(
            "{reason} of {} in {} and {}, where such gaps of the red line reach {} m2 together",
            redline.id,
            geojson::GAPS,
            gpkg::FILE,
            gaps::LEAST_GAP
        );
        line(text, "publish", &words);
    }
}
