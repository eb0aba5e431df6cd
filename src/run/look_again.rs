//! Look-again: the ground of leads after it was put right, against what came before the change.
//!
//! In:  a plan whose target is the time to look at, leads. Out: for each what `weigh::restored` makes of it.
//! Law: the rooms are those of a scan; a pixel's answer depends on its control cell and its lead's dates alone, so threads,
//! tile size and the other leads change nothing. Each control cell is read once.

pub(crate) mod pictures;

pub(crate) mod publish;

use std::collections::BTreeMap;

use ndarray::Array2;
use rayon::prelude::*;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::lanes::LANES;
use crate::baseline::{Baseline, RING, Series};
use crate::date::{Date, Period};
use crate::grid::crs::Transform;
use crate::grid::{Crs, Pixel, Window};
use crate::observe::{Stack, feature};
use crate::plan::Plan;
use crate::read::{Reader, Readers};
use crate::redline::coverage::{self, OnGrid};
use crate::run::closer_looks::cells_around;
use crate::run::inputs::{self, Inputs};
use crate::run::{Progress, RunError, fitted, tiles, workers};
use crate::submodel::{self, Season, SubModel};
use crate::units::SquareMetres;
use crate::weigh::overlap::geodesic_area;
use crate::weigh::restored::{Asked, GrowingSeason, Recovery, Rectified, Tally, compared};

pub use publish::{Published, publish};

/// Sub-model whose season and history hold where a lead names none: restoration itself.
const RESTORATION: &str = "R1";

/// Share of a pixel that must lie in the outline for it to speak for the lead.
const LEAST_COVER: f32 = 0.5;

/// Which days are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Those before the change, and those that may speak for recovery.
    Compared,
    /// All of them: the trail of a place.
    Every,
}

/// A lead that was looked at again.
#[derive(Debug, Clone)]
pub struct LookedAt {
    /// The lead.
    pub lead: Rectified,
    /// What was found.
    pub recovery: Recovery,
    /// The days before the change from which was learned; none where no scene lies before it.
    pub look_back: Option<Period>,
    /// The days that may speak for recovery.
    pub days: Option<Period>,
    /// Area of the outline, geodesic.
    pub area: SquareMetres,
    /// Its place on the grid; empty where it lies beside the scenes.
    pub window: Window,
}

/// Gathers the inputs of a look-again: those of a scan, with the features by which ground is compared, whatever sub-models
/// are asked for.
pub fn gather(plan: &Plan) -> Result<Inputs, RunError> {
    let mut inputs = inputs::gather(plan)?;
    inputs.features = compared(&feature::available(&inputs.scenes));
    Ok(inputs)
}

/// Looks again at leads; what is found comes in their order.
pub fn look(
    plan: &Plan,
    inputs: &Inputs,
    leads: &[Rectified],
    (told, progress): (Told, &dyn Progress),
) -> Result<Vec<LookedAt>, RunError> {
    let models = submodel::all()?;
    let grounds: Vec<Ground> =
        leads.iter().map(|lead| Ground::of(lead, inputs, &models, told)).collect::<Result<_, _>>()?;
    let whole = inputs.grid.whole();
    let mut cells: BTreeMap<Window, Vec<usize>> = BTreeMap::new();
    for (index, ground) in grounds.iter().enumerate().filter(|(_, ground)| !ground.window.is_empty()) {
        for cell in cells_around(ground.window, whole) {
            cells.entry(cell).or_default().push(index);
        }
    }
    let cells: Vec<(Window, Vec<usize>)> = cells.into_iter().collect();
    progress.stage("look again", cells.len() as u64);
    let dates = inputs.dates();
    let readers = Readers::default();
    let one = |(cell, here): &(Window, Vec<usize>)| {
        progress.step(1);
        let here: Vec<&Ground> = here.iter().map(|index| &grounds[*index]).collect();
        readers.with(|reader| counted(inputs, reader, (*cell, &here), &dates))
    };
    let (threads, _) = fitted(plan, inputs)?;
    let counted: Vec<Result<Vec<Tally>, RunError>> =
        workers(threads)?.install(|| cells.par_iter().map(one).collect());
    let mut tallies: Vec<Tally> =
        grounds.iter().map(|ground| Tally::new(&ground.asked(inputs, &dates))).collect();
    for ((_, here), counted) in cells.iter().zip(counted) {
        for (index, tally) in here.iter().zip(counted?) {
            tallies[*index].join(tally);
        }
    }
    Ok(grounds.iter().zip(tallies).map(|(ground, tally)| ground.concluded(tally, inputs, &dates)).collect())
}

/// A lead's ground on the grid of a run, and what is asked of it.
struct Ground<'a> {
    lead: &'a Rectified,
    window: Window,
    /// By pixel of the window.
    is_own: Array2<bool>,
    /// Pixels of the lead that lie beside the scenes.
    outside: usize,
    period: (Option<Period>, Option<Period>),
    look_back: Vec<bool>,
    views: Vec<usize>,
    growing: Season,
    season: Option<GrowingSeason>,
    least_history: (usize, usize),
}

impl<'a> Ground<'a> {
    fn of(lead: &'a Rectified, inputs: &Inputs, models: &[SubModel], told: Told) -> Result<Self, RunError> {
        let found = |id: &str| models.iter().find(|model| model.id == id);
        let model = found(&lead.model).or_else(|| found(RESTORATION)).ok_or_else(|| RunError::NoModel {
            models: lead.model.clone(),
            classes: "decided cases".to_owned(),
        })?;
        let (look_back, days) = (lead.look_back(inputs.question.baseline), lead.days(inputs.question.target));
        let holds = |period: Option<Period>, date: Date| period.is_some_and(|period| period.contains(date));
        let dates = inputs.dates();
        let is_told = |view: &usize| {
            told == Told::Every || [look_back, days].into_iter().any(|period| holds(period, dates[*view]))
        };
        let growing = model.growing_season;
        let (window, is_own, outside) = on_grid(lead, inputs)?;
        Ok(Self {
            lead,
            window,
            is_own,
            outside,
            look_back: dates.iter().map(|date| holds(look_back, *date)).collect(),
            views: (0..dates.len()).filter(is_told).collect(),
            growing,
            season: days.and_then(|days| GrowingSeason::last_in(growing, days)),
            least_history: (model.minimum_history, model.minimum_growing_history),
            period: (look_back, days),
        })
    }

    fn asked<'b>(&'b self, inputs: &'b Inputs, dates: &'b [Date]) -> Asked<'b> {
        Asked {
            features: &inputs.features,
            dates,
            look_back: &self.look_back,
            views: &self.views,
            growing: self.growing,
            season: self.season,
            least_history: self.least_history,
            days: self.period.1,
        }
    }

    /// Its pixels that lie in a cell.
    fn pixels(&self, cell: Window) -> Vec<Pixel> {
        let part = self.window.intersection(cell);
        let places = (part.row0..part.row_end())
            .flat_map(|row| (part.col0..part.col_end()).map(move |col| Pixel { row, col }));
        places.filter(|at| self.is_own[(at.row - self.window.row0, at.col - self.window.col0)]).collect()
    }

    fn concluded(&self, tally: Tally, inputs: &Inputs, dates: &[Date]) -> LookedAt {
        let (look_back, days) = self.period;
        LookedAt {
            lead: self.lead.clone(),
            recovery: Recovery::conclude(tally, &self.asked(inputs, dates), self.outside),
            look_back,
            days,
            area: geodesic_area(&self.lead.outline),
            window: self.window,
        }
    }
}

/// The window of a lead on the grid, its pixels there, and how many of its pixels lie beside the grid.
fn on_grid(lead: &Rectified, inputs: &Inputs) -> Result<(Window, Array2<bool>, usize), RunError> {
    let to_grid = Transform::new(Crs::LON_LAT, inputs.grid.crs)?;
    let polygons = to_grid.polygons(&lead.outline)?;
    let OnGrid { polygons, window } = OnGrid::new(polygons, &inputs.grid);
    let cover = coverage::coverage(&polygons, &inputs.grid, window);
    let most = cover.iter().copied().fold(0.0, f32::max);
    // A lead that fills half of no pixel is those that it fills most.
    let least = LEAST_COVER.min(most).max(f32::MIN_POSITIVE);
    let is_own = cover.mapv(|share| share >= least);
    let pixel = inputs.grid.pixel_width.abs() * inputs.grid.pixel_height.abs();
    let inside: f64 = cover.iter().map(|share| f64::from(*share)).sum();
    let beside = (geo::Area::unsigned_area(&polygons) / pixel - inside).max(0.0);
    let outside = if window.is_empty() { beside.ceil().max(1.0) } else { beside.round() };
    Ok((window, is_own, outside as usize))
}

/// What one cell counts for each of the leads that reach into it.
fn counted(
    inputs: &Inputs,
    reader: &mut Reader,
    (cell, here): (Window, &[&Ground]),
    dates: &[Date],
) -> Result<Vec<Tally>, RunError> {
    let around = cell.grown(RING, inputs.grid.whole());
    let stack = tiles::stack(inputs, reader, around)?;
    let mut tallies: Vec<Tally> =
        here.iter().map(|ground| Tally::new(&ground.asked(inputs, dates))).collect();
    // Leads that changed at the same time share what was normal before.
    let mut of_look_back: BTreeMap<&[bool], Vec<usize>> = BTreeMap::new();
    for (index, ground) in here.iter().enumerate() {
        of_look_back.entry(&ground.look_back).or_default().push(index);
    }
    for (look_back, indices) in of_look_back {
        let descriptors = Descriptors::of(&stack, look_back, &[around]);
        let baseline = Baseline::learn(&stack, &descriptors, look_back, around);
        for index in indices {
            let pixels = here[index].pixels(cell);
            match &baseline {
                Some(baseline) => follow(
                    (baseline, &stack),
                    &pixels,
                    &here[index].asked(inputs, dates),
                    &mut tallies[index],
                ),
                None => tallies[index].add_unknown(pixels.len()),
            }
        }
    }
    Ok(tallies)
}

/// Counts the pixels of a lead in one cell.
fn follow((baseline, stack): (&Baseline, &Stack), pixels: &[Pixel], asked: &Asked, tally: &mut Tally) {
    let judged = asked.judged();
    let (mut strip, mut series) = (baseline.strip(), Series::default());
    for sixteen in pixels.chunks(LANES) {
        let there: Vec<usize> = sixteen.iter().map(|at| stack.pixel_at(at.row, at.col)).collect();
        baseline.follow(&there, &mut strip);
        for (lane, pixel) in there.iter().enumerate() {
            strip.series(lane, &mut series);
            tally.add(&series, asked, baseline.contamination_in(*pixel, &judged));
        }
    }
}
