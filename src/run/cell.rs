//! One control cell: what the sub-models say of each of its pixels.
//!
//! In:  what is normal in the cell, learned today or remembered, and what the views of the question showed beside it.
//! Out: planes of evidence, gates and seasons. Law: a pixel gets the same bits either way.

use crate::baseline::lanes::LANES;
use crate::baseline::strip::{Departures, Strip};
use crate::baseline::{Baseline, Series};
use crate::date::{Date, Period};
use crate::detect::ends::Ends;
use crate::detect::evidence::{Calendar, Finding, Past, Prepared};
use crate::detect::gate;
use crate::detect::seasons::Seasons;
use crate::grid::Window;
use crate::observe::Stack;
use crate::patch::{scratch, tree};
use crate::run::inputs::Inputs;
use crate::run::tiles::{PLANES, evidence_plane, gate_plane, seasons_plane};
use crate::submodel::Feature;

/// What is normal in a cell, learned today or remembered, with what later views showed.
pub trait Normality {
    /// Correlation of the residuals of two features.
    fn correlation(&self, a: usize, b: usize) -> f32;
    /// Follows up to sixteen pixels, (row, column) of the grid, through the views of the question.
    fn follow(&self, pixels: &[(usize, usize)], strip: &mut Strip);
    /// Makes the lane of a pixel whole for its series: what only few pixels need.
    fn complete(&self, _lane: usize, _pixel: (usize, usize), _strip: &mut Strip) {}
    /// What the look-back holds of the pixels in the strip for a sub-model.
    fn past(&self, model: usize, pixels: &[(usize, usize)], asked: &Asked, departures: &Departures) -> Past;
    /// Whether any view saw a pixel, control or not.
    fn was_seen(&self, row: usize, col: usize) -> bool;
}

/// How the sub-models ask a cell.
pub struct Asked<'a> {
    /// By sub-model.
    pub prepared: Vec<Prepared<'a>>,
    /// By sub-model.
    pub calendars: Vec<Calendar>,
    seasons: Vec<Seasons>,
}

impl<'a> Asked<'a> {
    /// Prepares the sub-models for a cell. `look_back` tells of the views on `dates`.
    pub fn new(
        inputs: &'a Inputs,
        (dates, look_back): (&[Date], &[bool]),
        target: Period,
        normal: &impl Normality,
    ) -> Self {
        let prepare = |model| Prepared::new(model, &inputs.features, |a, b| normal.correlation(a, b));
        let prepared: Vec<Prepared> = inputs.models.iter().map(prepare).collect();
        let calendar = |prepared: &Prepared| prepared.calendar(dates, look_back, target);
        Self {
            calendars: prepared.iter().map(calendar).collect(),
            seasons: inputs.models.iter().map(|model| Seasons::of(model, dates, target)).collect(),
            prepared,
        }
    }
}

/// Planes (evidence, gate and seasons of each sub-model) of one cell.
pub fn judge_cell(
    (asked, normal): (&Asked, &impl Normality),
    (mut strip, features, dates, target): (Strip, &[Feature], &[Date], Period),
    cell: Window,
    is_wanted: impl Fn(usize, usize, usize) -> bool,
) -> Vec<Vec<i16>> {
    let models = asked.prepared.len();
    let mut planes = vec![vec![scratch::OUTSIDE; cell.len()]; models * PLANES];
    let places =
        (cell.row0..cell.row_end()).flat_map(|row| (cell.col0..cell.col_end()).map(move |col| (row, col)));
    let is_asked = |(row, col): &(usize, usize)| (0..models).any(|model| is_wanted(model, *row, *col));
    let pixels: Vec<(usize, usize)> = places.filter(is_asked).collect();
    let (mut ends, mut series) = (Ends::default(), Series::default());
    for sixteen in pixels.chunks(LANES) {
        normal.follow(sixteen, &mut strip);
        for (model, prepared) in asked.prepared.iter().enumerate() {
            let departures = strip.departures();
            let past = normal.past(model, sixteen, asked, &departures);
            let findings = prepared.find(&departures, (past, &asked.calendars[model]), &mut ends);
            let unseen = asked.seasons[model].unseen(departures.seen);
            for (lane, &(row, col)) in sixteen.iter().enumerate() {
                if !is_wanted(model, row, col) {
                    continue;
                }
                let pixel = (row - cell.row0) * cell.cols + col - cell.col0;
                let finding = finding(findings[lane], || normal.was_seen(row, col));
                planes[evidence_plane(model)][pixel] = scratch::stored(finding);
                planes[seasons_plane(model)][pixel] = unseen[lane] as i16;
                if matches!(finding, Finding::Evidence(evidence) if evidence >= tree::LEVELS[0]) {
                    normal.complete(lane, (row, col), &mut strip);
                    strip.series(lane, &mut series);
                    let run = gate::pass(prepared.model, features, &series, dates, target);
                    planes[gate_plane(model)][pixel] = run.map_or(0, |run| run.views as i16);
                }
            }
        }
    }
    planes
}

/// A cell that was learned today.
pub struct Learned<'a> {
    /// All views.
    pub stack: &'a Stack,
    /// What is normal; `None` where too few pixels have a history.
    pub baseline: Option<&'a Baseline<'a>>,
}

impl Normality for Learned<'_> {
    /// Without a baseline nothing correlates.
    fn correlation(&self, a: usize, b: usize) -> f32 {
        self.baseline.map_or(0.0, |baseline| baseline.correlation(a, b))
    }

    fn follow(&self, pixels: &[(usize, usize)], strip: &mut Strip) {
        if let Some(baseline) = self.baseline {
            let there: Vec<usize> = pixels.iter().map(|(row, col)| self.stack.pixel_at(*row, *col)).collect();
            baseline.follow(&there, strip);
        }
    }

    fn past(&self, model: usize, _pixels: &[(usize, usize)], asked: &Asked, departures: &Departures) -> Past {
        asked.prepared[model].past(departures, &asked.calendars[model])
    }

    fn was_seen(&self, row: usize, col: usize) -> bool {
        is_seen(self.stack, self.stack.pixel_at(row, col))
    }
}

/// Whether any view saw a pixel.
pub fn is_seen(stack: &Stack, pixel: usize) -> bool {
    (0..stack.dates.len()).any(|view| stack.is_seen(view, pixel))
}

/// What a pixel says about a sub-model. A pixel may be clear on some days and yet have no series: where nearly
/// all its look-alikes were never seen there is no control, and it has too little history.
pub fn finding(found: Finding, is_seen: impl Fn() -> bool) -> Finding {
    if found == Finding::Unseen && is_seen() { Finding::TooLittleHistory } else { found }
}
