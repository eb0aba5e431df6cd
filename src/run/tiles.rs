//! First pass: every tile once, from files to evidence.
//!
//! Law: a tile reads its pixels and a ring; what a pixel gets depends on its control cell alone, so
//! tile size, memory and threads change no byte.

use std::ops::Range;

use rayon::prelude::*;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::lanes::LANES;
use crate::baseline::strip::{Departures, Strip};
use crate::baseline::{self, Baseline, CELL, RING, Series};
use crate::date::{Date, Period};
use crate::detect::ends::Ends;
use crate::detect::evidence::{Calendar, Finding, Past, Prepared};
use crate::detect::gate;
use crate::detect::seasons::Seasons;
use crate::grid::Window;
use crate::observe::{Reflectance, Stack, feature, mask, screen};
use crate::patch::scratch::{self, Scratch};
use crate::patch::tree;
use crate::read::Reader;
use crate::redline::coverage;
use crate::run::inputs::{Inputs, Question};
use crate::run::signs::{self, Signs};
use crate::run::{Progress, RunError};
use crate::scene::{Band, Scene};
use crate::submodel::Feature;

/// How far beyond a red line evidence is looked at, so that a contour at the line is whole.
const ZONE_MARGIN: usize = 3;

/// Planes that each sub-model has in the scratch file.
pub const PLANES: usize = 3;

/// Plane of evidence of a sub-model.
pub fn evidence_plane(model: usize) -> usize {
    model * PLANES
}

/// Plane of the longest run of views that pass a gate, pixel by pixel.
pub fn gate_plane(model: usize) -> usize {
    model * PLANES + 1
}

/// Plane of the seasons that a pixel was not seen in, as bits of `detect::seasons`.
pub fn seasons_plane(model: usize) -> usize {
    model * PLANES + 2
}

/// Tiles of whole control cells that hold ground of a red line.
pub fn tiles(inputs: &Inputs, tile_size: usize) -> Vec<Window> {
    let side = tile_size.div_ceil(CELL).max(1) * CELL;
    let whole = inputs.grid.whole();
    // Tiles lie on the lattice of the grid, not of the red line: cells are the same whatever is asked.
    let touches = |tile: &Window| !tile.grown(ZONE_MARGIN, whole).intersection(inputs.area).is_empty();
    whole.tiles(side).into_iter().filter(touches).collect()
}

/// Reads every view of a window into a stack: masked, screened, in features.
pub fn stack(inputs: &Inputs, reader: &mut Reader, window: Window) -> Result<Stack, RunError> {
    let mut stack = observed(inputs, reader, window, 0..inputs.views.len())?;
    screen::screen(&mut stack, &inputs.question.look_back, reach(inputs));
    Ok(stack)
}

/// Clear views on each side that tell a spike.
pub fn reach(inputs: &Inputs) -> usize {
    if inputs.has_masks() { screen::REACH_WITH_MASK } else { screen::REACH_WITHOUT_MASK }
}

/// Reads some views of a window into a stack: masked, in features, not screened in time.
pub fn observed(
    inputs: &Inputs,
    reader: &mut Reader,
    window: Window,
    views: Range<usize>,
) -> Result<Stack, RunError> {
    let outer = window.grown(mask::DILATION, inputs.grid.whole());
    let views = &inputs.views[views];
    let dates = views.iter().map(|view| view.date).collect();
    let mut stack = Stack::new(window, dates, inputs.features.clone());
    for (place, view) in views.iter().enumerate() {
        // Scenes of one day in reverse, so that where two saw the same ground the first one has the last word.
        for scene in view.scenes.iter().rev() {
            add_scene(inputs, reader, *scene, (place, outer), &mut stack)?;
        }
    }
    baseline::drop_cloudy_blocks(&mut stack);
    Ok(stack)
}

fn add_scene(
    inputs: &Inputs,
    reader: &mut Reader,
    scene: usize,
    (view, outer): (usize, Window),
    stack: &mut Stack,
) -> Result<(), RunError> {
    let scene = &inputs.scenes[scene];
    if scene.grid().is_none_or(|grid| !grid.overlaps(&inputs.grid.of_window(outer))) {
        return Ok(());
    }
    let mut clear = vec![true; outer.len()];
    if let Some(band) = mask_band(scene) {
        let layer = reader.window(scene, band, &inputs.grid, outer)?;
        let layer: Vec<f32> = layer.iter().copied().collect();
        clear = mask::erode(&mask::clear(band, &layer), outer.rows, outer.cols, mask::DILATION);
    }
    let clear = inner(&clear, outer, stack.window);
    if !clear.contains(&true) {
        return Ok(());
    }
    let mut reflectance = Reflectance::default();
    let mut values = Vec::with_capacity(inputs.features.len());
    for &feature in &inputs.features {
        let bands = feature::bands_for(feature, scene).unwrap_or_default();
        for &band in &bands {
            if reflectance.plane(band).is_none() {
                let raw = reader.window(scene, band, &inputs.grid, stack.window)?;
                reflectance.add(band, raw.iter().copied(), &scene.bands[&band]);
            }
        }
        values.push(feature::features(feature, &bands, &reflectance).unwrap_or_default());
    }
    stack.lay(view, &values, &clear);
    Ok(())
}

/// The layer that says which pixels of a scene are clear, if it has one.
pub fn mask_band(scene: &Scene) -> Option<Band> {
    [Band::Scl, Band::Mask].into_iter().find(|band| scene.has(*band))
}

/// The part of row-major values over `outer` that lies over `inner`.
pub fn inner<T: Copy>(values: &[T], outer: Window, inner: Window) -> Vec<T> {
    let mut result = Vec::with_capacity(inner.len());
    for row in inner.row0..inner.row_end() {
        let from = (row - outer.row0) * outer.cols + inner.col0 - outer.col0;
        result.extend_from_slice(&values[from..from + inner.cols]);
    }
    result
}

/// Evidence of every tile into the scratch file of each question: files are read once for all of them. What the cells
/// show of the inputs comes back, tile by tile.
pub fn evidence(
    inputs: &Inputs,
    asked: &[(&Question, Scratch)],
    tiles: &[Window],
    progress: &dyn Progress,
) -> Result<Vec<Signs>, RunError> {
    let of_tile = |reader: &mut Reader, tile: &Window| {
        let signs = tile_evidence(inputs, asked, reader, *tile)?;
        progress.step(tile.len() as u64);
        Ok(signs)
    };
    let signs: Result<Vec<Vec<Signs>>, RunError> = tiles.par_iter().map_init(Reader::new, of_tile).collect();
    Ok(signs?.into_iter().flatten().collect())
}

fn tile_evidence(
    inputs: &Inputs,
    asked: &[(&Question, Scratch)],
    reader: &mut Reader,
    tile: Window,
) -> Result<Vec<Signs>, RunError> {
    let mut signs = Vec::new();
    let whole = inputs.grid.whole();
    let wanted: Vec<Vec<bool>> =
        inputs.models.iter().map(|model| zone_mask(inputs, &inputs.lines_of(model), tile)).collect();
    if !wanted.iter().flatten().any(|wanted| *wanted) {
        return Ok(signs);
    }
    let stack = stack(inputs, reader, tile.grown(RING, whole))?;
    let is_wanted = |cell: &Window| wanted.iter().any(|mask| inner(mask, tile, *cell).contains(&true));
    let cells: Vec<Window> = cells(tile).into_iter().filter(is_wanted).collect();
    let around: Vec<Window> = cells.iter().map(|cell| cell.grown(RING, whole)).collect();
    for (place, (question, scratch)) in asked.iter().enumerate() {
        let descriptors = Descriptors::of(&stack, &question.look_back, &around);
        for (cell, around) in cells.iter().zip(&around) {
            let baseline = Baseline::learn(&stack, &descriptors, &question.look_back, *around);
            // The first question is that of the run; the others are placebos.
            let of = |learned: &Baseline| {
                let pictures = signs::pictures(inputs, question, &stack, *cell);
                Signs::of(inputs, question, learned.control(), (*cell, pictures))
            };
            signs.extend(baseline.iter().filter(|_| place == 0).map(of));
            let is_wanted = |model: usize, row: usize, col: usize| {
                wanted[model][(row - tile.row0) * tile.cols + col - tile.col0]
            };
            let dates = &stack.dates[..question.look_back.len()];
            let normal = Learned { stack: &stack, baseline: baseline.as_ref() };
            let asked = Asked::new(inputs, (dates, &question.look_back), question.target, &normal);
            let strip = Strip::new(&stack, &question.look_back);
            let judged = judge_cell(
                (&asked, &normal),
                (strip, &inputs.features, dates, question.target),
                *cell,
                is_wanted,
            );
            for (plane, values) in judged.iter().enumerate() {
                scratch.write(plane, *cell, values)?;
            }
        }
    }
    Ok(signs)
}

/// The control cells of a tile.
pub fn cells(tile: Window) -> Vec<Window> {
    tile.tiles(CELL)
}

/// Pixels of a window that hold ground of (or lie just beside) any of the red lines at these places in the list.
pub fn zone_mask(inputs: &Inputs, lines: &[usize], window: Window) -> Vec<bool> {
    let outer = window.grown(ZONE_MARGIN, inputs.grid.whole());
    let lines = lines.iter().map(|line| &inputs.on_grid[*line]);
    let touched = coverage::touched(lines, &inputs.grid, outer);
    let outside: Vec<bool> = touched.iter().map(|touched| !touched).collect();
    let far = mask::erode(&outside, outer.rows, outer.cols, ZONE_MARGIN);
    inner(&far, outer, window).into_iter().map(|far| !far).collect()
}

/// What is normal in a cell, learned today or remembered, with what later views showed.
pub trait Normal {
    /// Correlation of the residuals of two features.
    fn correlation(&self, a: usize, b: usize) -> f32;
    /// Follows up to sixteen pixels, (row, column) of the grid, through the views of the question.
    fn follow(&self, pixels: &[(usize, usize)], strip: &mut Strip);
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
        normal: &impl Normal,
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
    (asked, normal): (&Asked, &impl Normal),
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

impl Normal for Learned<'_> {
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

/// A sub-model prepared for a cell; without a baseline nothing correlates.
pub fn prepare<'a>(
    baseline: Option<&Baseline>,
    model: &'a crate::submodel::SubModel,
    inputs: &Inputs,
) -> Prepared<'a> {
    Prepared::new(model, &inputs.features, |a, b| baseline.map_or(0.0, |baseline| baseline.correlation(a, b)))
}
