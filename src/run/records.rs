//! Examined patches -> leads and suppressed patches, ranked.

use geo::InteriorPoint;

use crate::date::{Date, days_between};
use crate::grid::Window;
use crate::lead::{Area, Lead, Measure, Naming, Overlap, Selection, Status, Suppressed};
use crate::patch::Patch;
use crate::plan::Plan;
use crate::reason::AsideReason;
use crate::run::RunError;
use crate::run::identity::identity;
use crate::run::inputs::{Inputs, Question};
use crate::run::judged::Judged;
use crate::run::measures::{closer_measures, shape_measures, sign_measures, signature};
use crate::run::patches::{Examined, in_lon_lat};
use crate::run::standing::ranked;
use crate::submodel::{Bound, SubModel};
use crate::units::{SquareMetres, rounded};
use crate::weigh::closer::{Closer, MOST_SEEN_BEFORE};
use crate::weigh::confidence::Model;
use crate::weigh::overlap::{Indexed, geodesic_area};
use crate::weigh::signature::Seen;

/// Share of a patch from which it is a matter of the red lines of its sub-model.
const LEAST_INSIDE_SHARE: f64 = 0.5;

/// Share from which it is so if what lies inside is a lead by its size alone: encroachment across the line. Of a large
/// field beside the line the mixed pixels of one edge lie inside, which are less (21 % of a patch on the stable Belgian grass).
const LEAST_CROSSING_SHARE: f64 = 1.0 / 3.0;

/// Days between the first support and the first gated view of one episode.
const SAME_EPISODE_DAYS: i32 = 120;

/// Pixels by which the outline of a series may lie outside what changed: a shift of half a pixel between images
/// must not make a lead (`reference/mission.md` 4.2, guards).
const CONTOUR_BORDER_PX: f64 = 0.5;

/// What became of the patches.
#[derive(Default)]
pub struct Records {
    /// Leads by rank.
    pub leads: Vec<Lead>,
    /// The other patches by id.
    pub suppressed: Vec<Suppressed>,
}

/// Weighs every examined patch.
pub fn weigh(
    plan: &Plan,
    inputs: &Inputs,
    question: &Question,
    examined: &[Examined],
) -> Result<Records, RunError> {
    let desk = Desk::new(plan, inputs, question)?;
    let mut records = Records::default();
    for examined in examined {
        match desk.weigh(examined)? {
            Ok(lead) => records.leads.push(lead),
            Err(suppressed) => records.suppressed.push(suppressed),
        }
    }
    ranked(records, inputs, question, CONTOUR_BORDER_PX)
}

/// What every patch is weighed against.
pub(super) struct Desk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) inputs: &'a Inputs,
    question: &'a Question,
    pub(super) transform: crate::grid::crs::Transform,
    pub(super) redlines: Indexed<'a>,
    pub(super) confidence: Model,
    pub(super) pixel_area: f64,
}

/// A patch that is a lead, with what is known of it.
#[derive(Clone, Copy)]
struct Weighed<'a> {
    patch: &'a Patch,
    closer: &'a Closer,
    outline: &'a geo::MultiPolygon<f64>,
    best: SquareMetres,
    redlines: &'a [(usize, SquareMetres)],
    likeness: Option<f64>,
}

/// Why a patch is no lead: code and sentence.
pub(super) type Reason = (AsideReason, String);

impl<'a> Desk<'a> {
    pub(super) fn new(plan: &'a Plan, inputs: &'a Inputs, question: &'a Question) -> Result<Self, RunError> {
        let (width, height) = inputs.pixel_metres;
        Ok(Self {
            plan,
            inputs,
            question,
            transform: inputs.to_lon_lat()?,
            redlines: Indexed::new(inputs.redlines.redlines.iter().map(|line| &line.polygons)),
            confidence: Model::shipped().map_err(RunError::Shipped)?,
            pixel_area: width * height,
        })
    }

    fn weigh(&self, examined: &Examined) -> Result<Result<Lead, Suppressed>, RunError> {
        let model = &self.inputs.models[examined.model];
        let patch = examined.closer.as_ref().map_or(&examined.patch, |closer| &closer.patch);
        let outline = in_lon_lat(&patch.outline, &self.inputs.grid, &self.transform)?;
        let best = geodesic_area(&outline);
        let redlines = self.redlines.overlaps(&outline);
        let inside = self.inside(model, &outline, &redlines);
        let mut measures = shape_measures(examined, patch);
        let dates = self.inputs.dates();
        let seen = examined
            .closer
            .as_ref()
            .map(|closer| signature(closer, model, self.inputs, (self.question, &dates), best));
        if let (Some(closer), Some(seen)) = (&examined.closer, &seen) {
            measures.extend(closer_measures(closer, &self.inputs.features, &dates, self.question));
            measures.extend(sign_measures(seen, model.measured));
        }
        let id = identity(&outline);
        let drop = |(reason, detail): Reason| Suppressed {
            id: id.clone(),
            model: model.id.clone(),
            reason,
            detail,
            area: SquareMetres(rounded(best.0, 1)),
            evidence: measures.clone(),
            outline: outline.clone(),
        };
        let hard = self.reason_against(examined, best, inside);
        if let Some(reason) = hard.or_else(|| told_apart(model, seen.as_ref()?)) {
            return Ok(Err(drop(reason)));
        }
        let Some(closer) = &examined.closer else {
            return Ok(Err(drop((
                AsideReason::NoCloserLook,
                "the patch as a whole has too few views".to_owned(),
            ))));
        };
        let judged = self.confidence(model, &measures, closer);
        if let Some(reason) = self.too_unsure(model.tier, &judged) {
            return Ok(Err(drop(reason)));
        }
        let likeness = seen.and_then(|seen| seen.likeness(&model.typical));
        let weighed = Weighed { patch, closer, outline: &outline, best, redlines: &redlines, likeness };
        Ok(Ok(self.lead(model, &weighed, judged, measures)))
    }

    fn lead(&self, model: &SubModel, weighed: &Weighed, judged: Judged, measures: Vec<Measure>) -> Lead {
        let Weighed { patch, closer, outline, best, redlines, likeness } = *weighed;
        let area = interval(best, patch.area_px);
        let moments = self.moments(closer);
        let point = outline.interior_point().map_or((0.0, 0.0), |point| (point.x(), point.y()));
        let persistence = &closer.persistence;
        let status = if persistence.confirmed_on.is_some() { Status::Confirmed } else { Status::Provisional };
        Lead {
            id: identity(outline),
            rank: 0,
            model: model.id.clone(),
            model_name: model.name.clone(),
            model_name_zh: model.name_zh.clone(),
            naming: naming(model, likeness),
            status,
            confidence: rounded(judged.confidence, 4),
            confidence_method: judged.method,
            selection: Selection { score: judged.score, ..Selection::default() },
            before: moments.before,
            after: moments.after,
            first_seen: moments.first_seen,
            last_seen: moments.last_seen,
            // An earlier episode that passed no gate is not this change.
            confirmed_on: persistence.confirmed_on.map(|date| date.max(moments.first_seen)),
            observation_count: closer.views.1,
            area,
            length_m: rounded(f64::from(patch.shape.length_px) * self.pixel_area.sqrt(), 1),
            redlines: self.redline_overlaps(redlines),
            // Context, limits and neighbours come when it is known which leads stand (`run::standing`).
            context: Vec::new(),
            supplied: Vec::new(),
            excess: None,
            incident: None,
            thresholds: Vec::new(),
            scene_before: self.scene_on(moments.before, patch.window),
            scene_after: self.scene_on(moments.after, patch.window),
            evidence: measures,
            notes: self.notes(closer),
            outline: outline.clone(),
            point,
            window: patch.window,
        }
    }

    /// Hard rules, most telling first.
    fn reason_against(
        &self,
        examined: &Examined,
        area: SquareMetres,
        inside: SquareMetres,
    ) -> Option<Reason> {
        let model = &self.inputs.models[examined.model];
        if area.0 < model.minimum_area_m2 {
            let least = model.minimum_area_m2;
            return Some((AsideReason::AreaBelowMinimum, format!("{:.0} m2 is under {least:.0} m2", area.0)));
        }
        if let Some(reason) = outside(inside, area, model.minimum_area_m2) {
            return Some(reason);
        }
        let gates: Vec<&str> = model.gates.iter().map(|gate| gate.name.as_str()).collect();
        let Some(closer) = &examined.closer else {
            let share = 100.0 * examined.gated_share;
            let gates = gates.join(", ");
            let detail = format!(
                "only {share:.0} % of the pixels pass a gate ({gates}) in enough clear views in a row"
            );
            return Some((AsideReason::NotPersistent, detail));
        };
        if closer.seen_before > MOST_SEEN_BEFORE {
            let share = 100.0 * closer.seen_before;
            let detail = format!(
                "a season of the look-back showed {share:.0} % of the same evidence ({})",
                closer.kind
            );
            return Some((AsideReason::SeenInLookBack, detail));
        }
        if closer.passed.is_none() {
            let gates = gates.join(", ");
            return Some((
                AsideReason::NotPersistent,
                format!("the patch as a whole passes no gate ({gates})"),
            ));
        }
        None
    }

    fn moments(&self, closer: &Closer) -> Moments {
        let dates = self.inputs.dates();
        let date = |index: usize| dates[closer.series.views[index]];
        let chosen: Vec<Date> = closer.chosen.indices.iter().map(|index| date(*index)).collect();
        let gated = closer.passed.as_ref().map_or(chosen[0], |passed| passed.begun);
        // The accumulator may have seen the same episode begin before the gate's season did.
        let begun = closer
            .persistence
            .first_seen
            .filter(|date| closer.persistence.confirmed_on.is_some() && *date < gated);
        let first_seen =
            begun.filter(|date| days_between(*date, gated) <= SAME_EPISODE_DAYS).unwrap_or(gated);
        let until = closer.passed.as_ref().map(|passed| passed.until);
        let last = chosen[chosen.len() - 1];
        // The after picture is of the season that speaks most, or of a later year in which the change still stands.
        let last = until.filter(|until| until.year() > last.year()).unwrap_or(last);
        let last_seen = until.map_or(last, |until| until.max(last));
        let all = (0..closer.series.views.len()).map(date);
        let before = all.clone().filter(|date| *date < first_seen).max().unwrap_or(self.question.baseline.to);
        Moments { before, after: last.max(first_seen), first_seen, last_seen }
    }

    /// The first scene of a day that lies under a window of the grid.
    pub(super) fn scene_on(&self, date: Date, window: Window) -> String {
        let inputs = self.inputs;
        let ground = inputs.grid.of_window(window);
        let lies_under =
            |scene: &&usize| inputs.scenes[**scene].grid().is_some_and(|grid| grid.overlaps(&ground));
        let view = inputs.views.iter().find(|view| view.date == date);
        let scene = view.and_then(|view| view.scenes.iter().find(lies_under).or(view.scenes.first()));
        scene.map_or(String::new(), |scene| inputs.scenes[*scene].id.clone())
    }

    /// Ground of a patch inside the red lines that a sub-model looks at; where two overlap it counts once.
    pub(super) fn inside(
        &self,
        model: &SubModel,
        outline: &geo::MultiPolygon<f64>,
        met: &[(usize, SquareMetres)],
    ) -> SquareMetres {
        let looks =
            |(place, _): &&(usize, SquareMetres)| model.looks_at(self.inputs.redlines.redlines[*place].class);
        let places: Vec<usize> = met.iter().filter(looks).map(|(place, _)| *place).collect();
        self.redlines.shared(outline, &places)
    }

    pub(super) fn redline_overlaps(&self, overlaps: &[(usize, SquareMetres)]) -> Vec<Overlap> {
        let reading = &self.inputs.redlines;
        let overlap = |(place, area): &(usize, SquareMetres)| {
            let line = &reading.redlines[*place];
            let layer = &reading.layers[line.layer];
            Overlap {
                id: line.id.clone(),
                name: line.name.clone(),
                class: Some(line.class),
                layer: layer.file.clone(),
                version: layer.version.clone(),
                overlap: SquareMetres(rounded(area.0, 1)),
            }
        };
        let mut overlaps: Vec<Overlap> = overlaps.iter().map(overlap).collect();
        overlaps.sort_by(|a, b| b.overlap.0.total_cmp(&a.overlap.0).then(a.id.cmp(&b.id)));
        overlaps
    }

    fn notes(&self, closer: &Closer) -> Vec<String> {
        let mut notes = self.inputs.notes.clone();
        if let Some(passed) = &closer.passed {
            let (gate, views) = (&passed.gate, passed.views);
            notes.push(format!(
                "gate {gate} held in {views} clear views in a row, reached on {}",
                passed.reached
            ));
        }
        notes
    }
}

/// Why a patch is not what the sub-model names, by its signature. What was not seen speaks neither way.
fn told_apart(model: &SubModel, seen: &Seen) -> Option<Reason> {
    let lacks = |bound: &&Bound| match seen.measure(bound.sign) {
        Some(value) => !bound.holds(value),
        None => bound.must_be_told,
    };
    if let Some(bound) = model.requires.iter().find(lacks) {
        let found = seen
            .measure(bound.sign)
            .map_or("it could not be told".to_owned(), |value| format!("it is {value:.2}"));
        let detail = format!("{} asks for {}; here {found}", model.id, bound.words());
        return Some((AsideReason::OtherSignature, detail));
    }
    let holds = |bound: &Bound| seen.measure(bound.sign).is_some_and(|value| bound.holds(value));
    let veto = model.vetoes.iter().find(|veto| veto.all.iter().all(holds))?;
    let bounds: Vec<String> = veto.all.iter().map(Bound::words).collect();
    Some((AsideReason::LooksLike, format!("{}: {}", veto.name, bounds.join(", "))))
}

/// How well a sub-model's name fits; what else the place may be is known when all have spoken.
pub(super) fn naming(model: &SubModel, likeness: Option<f64>) -> Naming {
    Naming {
        tier: model.tier,
        measured: model.measured,
        likeness: likeness.map(|share| rounded(share, 2)),
        before_codes: model.before.clone(),
        after_codes: model.after.clone(),
        also: Vec::new(),
    }
}

struct Moments {
    before: Date,
    after: Date,
    first_seen: Date,
    last_seen: Date,
}

/// Why a patch is no matter of the red line: most of it lies outside, and what lies inside is less than a lead.
pub(super) fn outside(inside: SquareMetres, area: SquareMetres, least: f64) -> Option<Reason> {
    let share = inside.0 / area.0.max(1e-9);
    let detail =
        || format!("{:.0} % of the patch, {:.0} m2, lies inside the red line", 100.0 * share, inside.0);
    let is_matter = share >= LEAST_INSIDE_SHARE || (share >= LEAST_CROSSING_SHARE && inside.0 >= least);
    (!is_matter).then(|| (AsideReason::OutsideRedLine, detail()))
}

/// Area with its 95 % interval; `area_px` is the area in pixels and one sigma of it.
pub(super) fn interval(best: SquareMetres, area_px: (f64, f64)) -> Area {
    let sigma = area_px.1 / area_px.0.max(1e-9) * best.0;
    Area {
        best: SquareMetres(rounded(best.0, 1)),
        low: SquareMetres(rounded((best.0 - 1.96 * sigma).max(0.0), 1)),
        high: SquareMetres(rounded(best.0 + 1.96 * sigma, 1)),
    }
}

#[cfg(test)]
mod tests;
