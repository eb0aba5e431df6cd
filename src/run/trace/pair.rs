//! One place on two dates: the patch around it decides, the pixel is its witness.

use std::fmt::Write;

use crate::detect;
use crate::detect::pair::{HALO, PairEvidence, PairParams};
use crate::patch::scratch::{self, Scratch};
use crate::plan::Plan;
use crate::run::inputs::Inputs;
use crate::run::pair::{self, Pixels, Survey, Zone};
use crate::run::pair_patches::{self, Candidate};
use crate::run::records::Records;
use crate::run::trace::outcome::{self, Record};
use crate::run::trace::{Place, line};
use crate::run::{FIXED_MEMORY, RunError, Silent, pair_records, workers};

/// Pixels around a patch that decide its outline.
const MARGIN: usize = 1;

/// All rooms after `redline`.
pub(super) fn trace(plan: &Plan, inputs: &Inputs, place: &Place, text: &mut String) -> Result<(), RunError> {
    let survey = Survey::learn(inputs)?;
    let (before, after) = Pixels::new(inputs).stacks(place.here.grown(HALO, inputs.grid.whole()))?;
    for (view, stack) in inputs.views.iter().zip([&before, &after]) {
        let (row, col) = (place.pixel.row - stack.window.row0, place.pixel.col - stack.window.col0);
        let mut words = format!("{} ", view.date);
        for (index, band) in stack.bands.iter().enumerate() {
            let _ = write!(words, " {band} {:.3}", stack.values[(index, row, col)]);
        }
        line(text, "observe", &words);
    }
    line(text, "baseline", &survey.summary);
    if let Some(model) = &survey.model {
        verdict(inputs, &survey, &detect::pair::evidence(model, &before, &after, place.here), text);
    }
    drop((before, after));
    let ground = Ground::look(plan, inputs, &survey, place)?;
    for (index, zone) in survey.zones.iter().enumerate() {
        ground.tell(inputs, place, (index, zone), text)?;
    }
    Ok(())
}

fn verdict(inputs: &Inputs, survey: &Survey, evidence: &PairEvidence, text: &mut String) {
    let (fused, guard) = (evidence.fused[(0, 0)], evidence.guard[(0, 0)]);
    if fused.is_nan() {
        line(text, "detect", "not clear on both dates: a gap");
        return;
    }
    let PairParams { seed, grow, seed_pixels, .. } = survey.params;
    let words = format!("evidence {fused:.2} (a patch grows above {grow}, starts above {seed})");
    line(text, "detect", &words);
    line(text, "", &format!("guard {guard:.2} (a patch needs {seed_pixels} such pixels of 1 or more)"));
    let change = &evidence.change;
    let change = [&change.ndvi, &change.brightness, &change.ndwi, &change.texture].map(|plane| plane[(0, 0)]);
    line(text, "", &changed(&change));
    for model in &inputs.models {
        let Some(direction) = &model.direction else { continue };
        let points = pair_records::points(direction, &change);
        line(text, "", &format!("{}: {points:+.1} its way", model.id));
    }
}

fn changed([ndvi, brightness, ndwi, texture]: &[f32; 4]) -> String {
    format!("ndvi {ndvi:+.3}  brightness {brightness:+.3}  ndwi {ndwi:+.3}  texture {texture:+.2}")
}

/// What a scan finds on the ground around the place.
struct Ground<'a> {
    survey: &'a Survey,
    scratch: Scratch,
    candidates: Vec<Candidate>,
    records: Records,
}

impl<'a> Ground<'a> {
    fn look(plan: &Plan, inputs: &Inputs, survey: &'a Survey, place: &Place) -> Result<Self, RunError> {
        let (threads, tile_size) = pair::fitted(plan, inputs, FIXED_MEMORY)?;
        workers(threads)?.install(|| {
            let scratch = place.scratch(survey.planes())?;
            pair::judge(inputs, survey, &scratch, &place.ground.tiles(tile_size), &Silent)?;
            let candidates = pair_patches::candidates(survey, &scratch)?;
            let records = pair_records::weigh(plan, inputs, survey, &candidates)?;
            Ok(Self { survey, scratch, candidates, records })
        })
    }

    /// What the sub-models of one zone make of the place.
    fn tell(
        &self,
        inputs: &Inputs,
        place: &Place,
        (index, zone): (usize, &Zone),
        text: &mut String,
    ) -> Result<(), RunError> {
        let transform = inputs.to_lon_lat()?;
        let mut patches = 0;
        for candidate in self.candidates.iter().filter(|candidate| candidate.zone == index) {
            let outline = transform.polygons(&pair_records::on_ground(&candidate.outline, inputs))?;
            let models = zone.models.iter().map(|model| &inputs.models[*model].id);
            let found = models.clone().find_map(|id| Some((id, Record::of(&self.records, id, &outline)?)));
            let Some((id, record)) = found.filter(|_| place.is_in(&outline)) else { continue };
            patches += 1;
            patch(candidate, &record, text);
            if place.goes_on(candidate.window, MARGIN, inputs) {
                outcome::goes_on(place, text);
            }
            let direction =
                inputs.models.iter().find(|model| model.id == *id).and_then(|model| model.direction.as_ref());
            let points =
                direction.map_or(0.0, |direction| pair_records::points(direction, &candidate.change));
            let models: Vec<&str> = models.map(String::as_str).collect();
            let words = format!("{id} names it: {points:+.1} its way, the most of {}", models.join(" "));
            line(text, "weigh", &words);
            record.tell(inputs, text);
        }
        if patches == 0 {
            self.nothing(inputs, place, (index, zone), text)?;
        }
        Ok(())
    }

    /// A place that no patch holds.
    fn nothing(
        &self,
        inputs: &Inputs,
        place: &Place,
        (index, zone): (usize, &Zone),
        text: &mut String,
    ) -> Result<(), RunError> {
        let stored = self.scratch.read(self.survey.zone_plane(index), place.here)?[0];
        if stored <= scratch::OUTSIDE {
            zone.models.iter().for_each(|model| outcome::unseen(inputs, place, *model, stored, text));
            return Ok(());
        }
        let models: Vec<&str> = zone.models.iter().map(|model| inputs.models[*model].id.as_str()).collect();
        let PairParams { seed, grow, seed_pixels, .. } = self.survey.params;
        let words = format!(
            "{}: no patch holds this place: it takes connected evidence above {grow}, {seed_pixels} pixels of it above \
             {seed} with a guard of 1 or more",
            models.join(" ")
        );
        line(text, "patch", &words);
        outcome::nothing(text);
        Ok(())
    }
}

/// The patch in numbers.
fn patch(candidate: &Candidate, record: &Record, text: &mut String) {
    let (pixels, square_metres) = (candidate.area_px.0, record.area().0);
    line(text, "patch", &format!("{pixels:.1} px, {square_metres:.1} m2; {}", candidate.window));
    let Candidate { fused, guard, seeds, pixels, .. } = candidate;
    let words =
        format!("{pixels} pixels of evidence {fused:.1}, {seeds} of them seeds with a guard of {guard:.1}");
    line(text, "", &words);
    line(text, "", &changed(&candidate.change));
    let shape = &candidate.shape;
    let words = format!(
        "rectangularity {:.2}  solidity {:.2}  circularity {:.2}",
        shape.rectangularity, shape.solidity, shape.circularity
    );
    line(text, "", &words);
}
