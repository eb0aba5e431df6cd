//! Candidates of a pair -> provisional leads and suppressed patches, ranked.
//!
//! Law: inside a red line of a named class (grassland, farmland, wetland, forest) a patch must change the way
//! that one of the asked sub-models changes; the best of them names it. Inside an ecological red line without a
//! nearer class any strong change is a lead, and the nearest sub-model names it even where its direction is weak:
//! what is built there darkens as often as it brightens (asking for one direction took pixel F1 on labelled pairs
//! of built-up change from .55 to .40).

use geo::{Euclidean, InteriorPoint, Length, LineString, MapCoords, MultiPolygon, Polygon};

use crate::date::{Date, days_between};
use crate::lead::{Area, Lead, Measure, Selection, Status, Suppressed};
use crate::plan::Plan;
use crate::reason::AsideReason;
use crate::redline::Class;
use crate::run::RunError;
use crate::run::identity::identity;
use crate::run::inputs::Inputs;
use crate::run::measures::measure;
use crate::run::pair::Survey;
use crate::run::pair_patches::Candidate;
use crate::run::records::{self, Desk, Reason, Records};
use crate::run::standing::ranked;
use crate::submodel::{Direction, SubModel};
use crate::units::{SquareMetres, rounded};
use crate::weigh::calibration::logit;
use crate::weigh::confidence::{self, Cap, PAIR_CAP};
use crate::weigh::overlap::geodesic_area;

/// Smallest patch in square metres, by its pixels. Source: the two-date study.
const LEAST_AREA: f64 = 1000.0;

/// Change of NDVI, brightness, NDWI and texture that counts as one.
///
/// A tenth of an index is about half of what steppe in leaf has above bare soil; .03 is twice the reflectance
/// floor of the guard; .35 is half a doubling of local contrast (texture is a natural logarithm). Each is several
/// times what changes between two clear dates of one season, so that no quantity decides by its noise.
const TYPICAL: [f32; 4] = [0.1, 0.03, 0.1, 0.35];

/// Names of the changes in a lead's evidence.
const NAMES: [(&str, &str); 4] = [
    ("ndvi_change", "1"),
    ("brightness_change", "reflectance"),
    ("ndwi_change", "1"),
    ("texture_change", "ln"),
];

/// Confidence of a patch that just meets the rule, and what its absolute size can add.
///
/// No label stands behind it. Of the two-date study's patches about four in ten lay on labelled (man-made)
/// change, and unlabelled change was counted against them: a toss of a coin is what two dates are worth.
const CONFIDENCE: (f64, f64) = (0.5, 0.1);

/// Pixels by which an outline lies outside what changed: the maps are smoothed over 5 to 7 pixels.
///
/// A drawn square of 20 x 20 pixels with strong contrast comes out 3.4 pixels wider on each side; patches that
/// hit labelled change are 1.65 times its area (median, rennes).
const SMEAR_PX: f64 = 3.0;

/// Days of the year by which two dates may differ and still show one season.
const SAME_SEASON_DAYS: i32 = 20;

/// What a lead of two seasons may reach at most.
const SEASONS_CAP: f64 = 0.5;

/// Weighs every candidate.
pub fn weigh(
    plan: &Plan,
    inputs: &Inputs,
    survey: &Survey,
    candidates: &[Candidate],
) -> Result<Records, RunError> {
    let desk = PairDesk {
        desk: Desk::new(plan, inputs, &inputs.question)?,
        plan,
        inputs,
        survey,
        dates: (inputs.views[0].date, inputs.views[1].date),
    };
    let mut records = Records::default();
    for candidate in candidates {
        match desk.weigh(candidate)? {
            Ok(lead) => records.leads.push(lead),
            Err(suppressed) => records.suppressed.push(suppressed),
        }
    }
    ranked(records, inputs, &inputs.question, SMEAR_PX + 0.5)
}

struct PairDesk<'a> {
    desk: Desk<'a>,
    plan: &'a Plan,
    inputs: &'a Inputs,
    survey: &'a Survey,
    dates: (Date, Date),
}

/// What is decided about a candidate before a record is written.
struct Decided<'a> {
    model: &'a SubModel,
    /// How far the change points the sub-model's way, in typical changes.
    direction: f32,
    outline: MultiPolygon<f64>,
    area: SquareMetres,
    redlines: Vec<(usize, SquareMetres)>,
    measures: Vec<Measure>,
}

impl PairDesk<'_> {
    fn weigh(&self, candidate: &Candidate) -> Result<Result<Lead, Suppressed>, RunError> {
        let (model, direction) = self.named(candidate);
        let outline = self.desk.transform.polygons(&on_ground(&candidate.outline, self.inputs))?;
        let redlines = self.desk.redlines.overlaps(&outline);
        let area = geodesic_area(&outline);
        let measures = measures(candidate, direction);
        let decided = Decided { model, direction, outline, area, redlines, measures };
        if let Some((reason, detail)) = self.reason_against(candidate, &decided) {
            return Ok(Err(Suppressed {
                id: identity(&decided.outline),
                model: model.id.clone(),
                reason,
                detail,
                area: SquareMetres(rounded(area.0, 1)),
                evidence: decided.measures,
                outline: decided.outline,
            }));
        }
        Ok(Ok(self.lead(candidate, decided)))
    }

    /// The sub-model of the zone whose direction the change follows most; the first of equals.
    fn named(&self, candidate: &Candidate) -> (&SubModel, f32) {
        let models = &self.survey.zones[candidate.zone].models;
        let mut best = (&self.inputs.models[models[0]], f32::NEG_INFINITY);
        for model in models.iter().map(|model| &self.inputs.models[*model]) {
            let Some(direction) = &model.direction else { continue };
            let score = points(direction, &candidate.change);
            if score > best.1 {
                best = (model, score);
            }
        }
        best
    }

    /// Hard rules, most telling first.
    fn reason_against(&self, candidate: &Candidate, decided: &Decided) -> Option<Reason> {
        let counted = candidate.pixels as f64 * self.desk.pixel_area;
        let least = LEAST_AREA.max(decided.model.minimum_area_m2);
        if counted < least {
            return Some((AsideReason::AreaBelowMinimum, format!("{counted:.0} m2 is under {least:.0} m2")));
        }
        let inside = self.desk.inside(decided.model, &decided.outline, &decided.redlines);
        if let Some(reason) = records::outside(inside, decided.area, least) {
            return Some(reason);
        }
        if decided.direction <= 0.0 && !self.asks_for_any_change(decided) {
            let (id, direction) = (&decided.model.id, decided.direction);
            let detail = format!(
                "the change points away from every asked sub-model; nearest is {id} ({direction:+.1})"
            );
            return Some((AsideReason::PointsElsewhere, detail));
        }
        let (confidence, method) = self.confidence(candidate);
        let least = self.plan.least_confidence(true);
        (confidence < least).then(|| {
            (AsideReason::LowConfidence, format!("confidence {confidence:.3} is under {least:.3} ({method})"))
        })
    }

    /// Whether the red line that holds most of the patch is an ecological red line without a nearer class.
    fn asks_for_any_change(&self, decided: &Decided) -> bool {
        let larger = |a: &&(usize, SquareMetres), b: &&(usize, SquareMetres)| {
            a.1.0.total_cmp(&b.1.0).then(b.0.cmp(&a.0))
        };
        let most = decided.redlines.iter().max_by(larger);
        most.is_some_and(|(place, _)| self.inputs.redlines.redlines[*place].class == Class::Redline)
    }

    fn confidence(&self, candidate: &Candidate) -> (f64, String) {
        let (least, more) = CONFIDENCE;
        let guard = f64::from(candidate.guard.max(1.0));
        let mut caps = vec![Cap {
            most: PAIR_CAP,
            reason: "there are only two dates, and comparing two dates over-reports".to_owned(),
        }];
        let days = days_apart_in_the_year(self.dates.0, self.dates.1);
        if days > SAME_SEASON_DAYS {
            caps.push(Cap { most: SEASONS_CAP, reason: format!("their seasons differ by {days} days") });
        }
        let method = "two dates only: .5 + .1 (1 - 1 / guard), without labels";
        confidence::capped(least + more * (1.0 - 1.0 / guard), &caps, method)
    }

    fn lead(&self, candidate: &Candidate, decided: Decided) -> Lead {
        let Decided { model, direction, outline, area, redlines, measures } = decided;
        let (confidence, confidence_method) = self.confidence(candidate);
        let area = with_smear(records::interval(area, candidate.area_px), candidate);
        let point = outline.interior_point().map_or((0.0, 0.0), |point| (point.x(), point.y()));
        let (before, after) = self.dates;
        Lead {
            id: identity(&outline),
            rank: 0,
            model: model.id.clone(),
            model_name: model.name.clone(),
            model_name_zh: model.name_zh.clone(),
            naming: records::naming(model, None),
            status: Status::Provisional,
            confidence: rounded(confidence, 4),
            confidence_method,
            selection: Selection { score: logit(confidence), ..Selection::default() },
            before,
            after,
            first_seen: after,
            last_seen: after,
            confirmed_on: None,
            observation_count: 1,
            length_m: rounded(f64::from(candidate.shape.length_px) * self.desk.pixel_area.sqrt(), 1),
            redlines: self.desk.redline_overlaps(&redlines),
            context: Vec::new(),
            supplied: Vec::new(),
            excess: None,
            incident: None,
            thresholds: Vec::new(),
            area,
            scene_before: self.desk.scene_on(before, candidate.window),
            scene_after: self.desk.scene_on(after, candidate.window),
            evidence: measures,
            notes: self.notes(direction),
            outline,
            point,
            window: candidate.window,
        }
    }

    fn notes(&self, direction: f32) -> Vec<String> {
        let mut notes = self.inputs.notes.clone();
        notes.push(
            "provisional: two dates only, no later view confirms it; seasons, crops and clouds look alike"
                .to_owned(),
        );
        notes.push("the outline lies where evidence begins, about 3 pixels outside the change: the area is an upper bound".to_owned());
        if direction <= 0.0 {
            notes
                .push("the change points the way of no asked sub-model; the nearest one names it".to_owned());
        }
        if let Some(shift) = self.survey.model.as_ref().map(|model| model.shift()) {
            let done = if shift.applied { "was resampled by it" } else { "was left as it is" };
            let (rows, cols) = (shift.rows, shift.cols);
            notes.push(format!(
                "the second date lies {rows:+.2} rows, {cols:+.2} columns off in pixels and {done}"
            ));
        }
        notes
    }
}

/// The area with a lower end that knows how far the outline may reach too far.
fn with_smear(area: Area, candidate: &Candidate) -> Area {
    let perimeter = Euclidean.length(candidate.outline.exterior());
    let share = SMEAR_PX * perimeter / candidate.area_px.0.max(1e-9);
    Area { low: SquareMetres(rounded((area.low.0 - share * area.best.0).max(0.0), 1)), ..area }
}

/// How far a change points a sub-model's way, in typical changes; what a band is lacking for counts as none.
pub fn points(direction: &Direction, change: &[f32; 4]) -> f32 {
    let weights = [direction.ndvi, direction.brightness, direction.ndwi, direction.texture];
    let (mut sum, mut square) = (0.0, 0.0);
    for ((weight, change), typical) in weights.iter().zip(change).zip(TYPICAL) {
        square += weight * weight;
        if change.is_finite() {
            sum += weight * change / typical;
        }
    }
    // A sub-model that looks at more quantities must not win by their number.
    sum / square.sqrt().max(1e-6)
}

/// Days between two days of the year, the shorter way round.
fn days_apart_in_the_year(before: Date, after: Date) -> i32 {
    let days = days_between(before, after).rem_euclid(365);
    days.min(365 - days)
}

/// An outline in pixel coordinates on the grid's CRS.
pub(super) fn on_ground(outline: &Polygon<f64>, inputs: &Inputs) -> MultiPolygon<f64> {
    let world = |coordinate: geo::Coord<f64>| {
        let (x, y) = inputs.grid.world(coordinate.y, coordinate.x);
        geo::Coord { x, y }
    };
    let (exterior, interiors): (LineString<f64>, Vec<LineString<f64>>) =
        outline.map_coords(world).into_inner();
    MultiPolygon(vec![Polygon::new(exterior, interiors)])
}

fn measures(candidate: &Candidate, direction: f32) -> Vec<Measure> {
    let mut measures = vec![
        measure("pair_evidence", candidate.fused, "nat"),
        measure("pair_guard", candidate.guard, "1"),
        measure("pair_seed_px", candidate.seeds as f32, "px"),
        measure("pair_direction", direction, "1"),
        measure("ln_area_px", (candidate.pixels as f32).max(1.0).ln(), "1"),
        measure("rectangularity", candidate.shape.rectangularity, "1"),
        measure("solidity", candidate.shape.solidity, "1"),
        measure("circularity", candidate.shape.circularity, "1"),
    ];
    for ((name, unit), change) in NAMES.into_iter().zip(candidate.change) {
        if change.is_finite() {
            measures.push(measure(name, change, unit));
        }
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_bright_ground_points_to_reclaimed_grass_and_greening_away_from_it() {
        let reclaimed = Direction { ndvi: -1.0, brightness: 0.5, ndwi: 0.0, texture: 0.0 };
        assert!(points(&reclaimed, &[-0.2, 0.05, 0.1, f32::NAN]) > 1.0);
        assert!(points(&reclaimed, &[0.2, -0.02, -0.1, f32::NAN]) < 0.0);
    }

    #[test]
    fn december_and_january_are_one_season() {
        let date = |year, month, day| Date::constant(year, month, day);
        assert_eq!(days_apart_in_the_year(date(2019, 12, 28), date(2021, 1, 6)), 10);
        assert_eq!(days_apart_in_the_year(date(2015, 7, 4), date(2018, 2, 11)), 142);
    }
}
