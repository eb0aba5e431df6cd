//! One place in a series of dates: views, evidence, and the patches that hold it.

use std::fmt::Write;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::strip::Strip;
use crate::baseline::{Baseline, RING, Series};
use crate::detect::ends::Ends;
use crate::detect::evidence::{Finding, Prepared};
use crate::detect::{gate, seasons};
use crate::observe::Stack;
use crate::patch::filter::Filter;
use crate::patch::label::Component;
use crate::patch::scratch::{self, Scratch};
use crate::patch::{Patch, tree};
use crate::plan::Plan;
use crate::read::Reader;
use crate::run::cell;
use crate::run::inputs::Inputs;
use crate::run::looked::Known;
use crate::run::patches::{self, Examined};
use crate::run::records::{self, Records};
use crate::run::trace::outcome::{self, Record};
use crate::run::trace::{Place, line};
use crate::run::{RunError, Silent, fitted, tiles, workers};
use crate::weigh::closer::Closer;

/// Pixels around a component that decide its patches: refinement, and one of the median.
const MARGIN: usize = tree::MARGIN + 1;

/// All rooms after `redline`.
pub(super) fn trace(plan: &Plan, inputs: &Inputs, place: &Place, text: &mut String) -> Result<(), RunError> {
    let around = place.cell.grown(RING, inputs.grid.whole());
    let stack = tiles::stack(inputs, &mut Reader::new(), around)?;
    let there = stack.pixel_at(place.pixel.row, place.pixel.col);
    let look_back = &inputs.question.look_back;
    let descriptors = Descriptors::of(&stack, look_back, &[around]);
    let baseline = Baseline::learn(&stack, &descriptors, look_back, around);
    let (mut strip, mut series) = (Strip::new(&stack, look_back), Series::default());
    if let Some(baseline) = &baseline {
        baseline.follow(&[there], &mut strip);
        strip.series(0, &mut series);
    }
    views(inputs, &stack, there, &series, text);
    for model in &inputs.models {
        let prepared = tiles::prepare(baseline.as_ref(), model, inputs);
        let calendar = prepared.calendar(&stack.dates, look_back, inputs.question.target);
        let departures = strip.departures();
        let past = prepared.past(&departures, &calendar);
        let [found, ..] = prepared.find(&departures, (past, &calendar), &mut Ends::default());
        let finding = cell::finding(found, || cell::is_seen(&stack, there));
        verdict(inputs, &prepared, (&series, finding), text);
    }
    let ground = Ground::look(plan, inputs, place)?;
    for model in 0..inputs.models.len() {
        ground.tell(inputs, place, model, text)?;
    }
    Ok(())
}

fn views(inputs: &Inputs, stack: &Stack, pixel: usize, series: &Series, text: &mut String) {
    let clear = (0..stack.dates.len()).filter(|view| stack.is_seen(*view, pixel)).count();
    line(text, "observe", &format!("{clear} of {} days clear here", stack.dates.len()));
    let history = series.views.iter().filter(|view| inputs.question.look_back[**view]).count();
    let target = inputs.question.target;
    let words = format!("{history} clear look-back views, then {target}: observed (expected) z");
    line(text, "baseline", &words);
    for (index, view) in series.views.iter().enumerate() {
        let date = stack.dates[*view];
        let mark = if inputs.question.look_back[*view] { "look-back" } else { "target   " };
        let _ = write!(text, "  {date} {mark}");
        for (feature, name) in stack.features.iter().enumerate() {
            let (x, expected) = (series.observed[feature][index], series.expected[feature][index]);
            let _ = write!(text, "  {} {x:.3} ({expected:.3}) {:+.1}", name.name(), series.z[feature][index]);
        }
        let sensors = inputs.sensors(*view).join(" + ");
        let _ = writeln!(text, "{}{sensors}", if sensors.is_empty() { "" } else { "  " });
    }
}

fn verdict(inputs: &Inputs, prepared: &Prepared, (series, finding): (&Series, Finding), text: &mut String) {
    let dates = inputs.dates();
    let question = &inputs.question;
    let id = &prepared.model.id;
    let words = match finding {
        Finding::Unseen => format!("{id}: never seen: a gap"),
        Finding::TooLittleHistory => format!("{id}: too little history: a gap"),
        Finding::TooFewViews => format!("{id}: too few views in the target period: a gap"),
        Finding::Evidence(evidence) => {
            let kind = prepared.choose(series, &dates, question.target).map(|chosen| chosen.kind);
            let kind = kind.map_or("", |kind| prepared.kind_name(kind));
            format!("{id}: evidence {evidence:.1} sigma ({kind})")
        }
    };
    line(text, "detect", &words);
    let words = match gate::pass(prepared.model, &inputs.features, series, &dates, question.target) {
        Some(gate::Passed { gate, views, first, last, .. }) => {
            format!("gate {gate}: {views} clear views in a row, {first} to {last}")
        }
        None => "no gate passed by this pixel alone".to_owned(),
    };
    line(text, "", &words);
}

/// What a scan finds on the ground around the place.
struct Ground {
    scratch: Scratch,
    examined: Vec<Examined>,
    records: Records,
}

impl Ground {
    fn look(plan: &Plan, inputs: &Inputs, place: &Place) -> Result<Self, RunError> {
        let (threads, tile_size) = fitted(plan, inputs)?;
        workers(threads)?.install(|| {
            let question = &inputs.question;
            let mut asked = vec![(question, place.scratch(inputs.models.len() * tiles::PLANES)?)];
            // Tiles begin on the lattice of cells, as those of a scan do.
            tiles::evidence(inputs, &asked, &place.ground.tiles(tile_size), &Silent)?;
            let examined =
                patches::examine(inputs, &asked, tile_size, (&mut Known::default(), &Silent))?.remove(0);
            let scratch = asked.remove(0).1;
            let records = records::weigh(plan, inputs, question, &examined)?;
            Ok(Self { scratch, examined, records })
        })
    }

    /// What one sub-model makes of the place.
    fn tell(&self, inputs: &Inputs, place: &Place, model: usize, text: &mut String) -> Result<(), RunError> {
        let id = &inputs.models[model].id;
        let plane = tiles::evidence_plane(model);
        let components =
            patches::components(&self.scratch, plane, Filter::of(inputs.models[model].measured))?;
        let transform = inputs.to_lon_lat()?;
        let (mut patches, mut beside) = (0, Vec::new());
        for examined in self.examined.iter().filter(|examined| examined.model == model) {
            let outline = patches::in_lon_lat(&cut(examined).outline, &inputs.grid, &transform)?;
            let Some(record) = Record::of(&self.records, id, &outline) else { continue };
            if place.is_in(&outline) {
                patches += 1;
                patch(id, examined, &record, text);
                if components.iter().any(|component| Self::is_cut(place, inputs, component, &examined.patch))
                {
                    outcome::goes_on(place, text);
                }
                weighed(id, examined, text);
                record.tell(inputs, text);
            } else if examined.patch.pixels.contains(&place.pixel) {
                beside.push(record.id());
            }
        }
        if !beside.is_empty() {
            let beside = beside.join(", ");
            let words = format!(
                "{id}: evidence of {beside} reaches this place too; the outline, cut on amplitude, does not"
            );
            line(text, "patch", &words);
        }
        if patches == 0 {
            self.nothing(inputs, place, (model, &components), text)?;
        }
        Ok(())
    }

    /// Whether a patch belongs to a component of which more may lie beyond the ground.
    fn is_cut(place: &Place, inputs: &Inputs, component: &Component, patch: &Patch) -> bool {
        place.goes_on(component.window, MARGIN, inputs)
            && patch.pixels.iter().any(|pixel| holds(component, pixel.row, pixel.col))
    }

    /// A place that no patch holds.
    fn nothing(
        &self,
        inputs: &Inputs,
        place: &Place,
        (model, components): (usize, &[Component]),
        text: &mut String,
    ) -> Result<(), RunError> {
        let id = &inputs.models[model].id;
        let plane = tiles::evidence_plane(model);
        let mut stored = self.scratch.read(plane, place.here)?[0];
        let unseen = self.scratch.read(tiles::seasons_plane(model), place.here)?[0] as u16;
        if stored > scratch::OUTSIDE && unseen & seasons::NO_GATE != 0 {
            stored = scratch::TOO_FEW_VIEWS;
        }
        if stored <= scratch::OUTSIDE {
            outcome::unseen(inputs, place, model, stored, text);
            return Ok(());
        }
        if unseen != 0 {
            let asked = seasons::Seasons::of(&inputs.models[model], &inputs.dates(), inputs.question.target);
            outcome::seasons_not_seen(&inputs.models[model].id, &asked, unseen, text);
        }
        let filter = Filter::of(inputs.models[model].measured);
        let evidence = scratch::evidence(patches::smoothed(&self.scratch, plane, place.here, filter)?[0]);
        let (least, peak) = (tree::LEVELS[0], tree::PEAK);
        let around = components.iter().find(|component| holds(component, place.pixel.row, place.pixel.col));
        let why = match around {
            Some(_) => "evidence around is high, but no outline holds this place",
            None => "too little evidence here",
        };
        let words = format!(
            "{id}: no patch holds this place: {why} ({} {evidence:.1}; a patch starts at \
             {least} and peaks at {peak} or more)",
            filter.words()
        );
        line(text, "patch", &words);
        if around.is_some_and(|component| place.goes_on(component.window, MARGIN, inputs)) {
            outcome::goes_on(place, text);
        }
        outcome::nothing(text);
        Ok(())
    }
}

/// The patch that a record is about.
fn cut(examined: &Examined) -> &Patch {
    examined.closer.as_ref().map_or(&examined.patch, |closer| &closer.patch)
}

fn holds(component: &Component, row: usize, col: usize) -> bool {
    component.runs.iter().any(|run| run.row == row && (run.from..run.to).contains(&col))
}

/// The patch in numbers.
fn patch(id: &str, examined: &Examined, record: &Record, text: &mut String) {
    let cut = cut(examined);
    let (pixels, square_metres) = (cut.area_px.0, record.area().0);
    line(text, "patch", &format!("{id}: {pixels:.1} px, {square_metres:.1} m2; {}", cut.window));
    let amplitude = examined
        .closer
        .as_ref()
        .map_or("not measured".to_owned(), |closer| format!("{:.1} inside less around", closer.amplitude));
    let (core, ring) = (cut.core, cut.ring);
    line(text, "", &format!("evidence {core:.1} in the core, {ring:.1} in the ring; amplitude {amplitude}"));
    let shape = &cut.shape;
    let words = format!(
        "sharpness {:.2}  rectangularity {:.2}  solidity {:.2}  circularity {:.2}  unevenness {:.2}",
        shape.sharpness, shape.rectangularity, shape.solidity, shape.circularity, shape.unevenness
    );
    line(text, "", &words);
}

/// What the closer look at the patch as a whole found.
fn weighed(id: &str, examined: &Examined, text: &mut String) {
    let share = 100.0 * examined.gated_share;
    line(text, "weigh", &format!("{id}: {share:.0} % of its pixels pass a gate on their own"));
    let Some(closer) = &examined.closer else {
        line(text, "", "no closer look at the patch as a whole");
        return;
    };
    let Closer { passed, seen_before, kind, views: (history, target), .. } = closer;
    let words = match passed {
        Some(gate::Passed { gate, views, first, last, .. }) => {
            format!("the patch as a whole: gate {gate}, {views} clear views in a row, {first} to {last}")
        }
        None => "the patch as a whole passes no gate".to_owned(),
    };
    line(text, "", &words);
    let before = 100.0 * seen_before;
    let words = format!(
        "seen before: {before:.0} % of its evidence ({kind}) in a season of the look-back; {history} clear views \
         there, {target} in the target period"
    );
    line(text, "", &words);
}
