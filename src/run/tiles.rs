//! First pass: every tile once, from files to evidence.
//!
//! Law: a tile reads its pixels and a ring; what a pixel gets depends on its control cell alone, so
//! tile size, memory and threads change no byte.

use std::ops::Range;

use rayon::prelude::*;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::strip::Strip;
use crate::baseline::{self, Baseline, CELL, RING};
use crate::detect::evidence::Prepared;
use crate::grid::{Grid, Window};
use crate::observe::{Reflectance, Stack, feature, mask, screen};
use crate::patch::scratch::Scratch;
use crate::read::{Reader, Readers};
use crate::redline::{Class, coverage};
use crate::run::cell::{Asked, Learned, judge_cell};
use crate::run::inputs::{Inputs, Question};
use crate::run::signs::{self, Signs};
use crate::run::{Progress, RunError};
use crate::scene::Scene;
use crate::submodel::SubModel;

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
    let clear = match masked(&inputs.grid, reader, scene, outer)? {
        Some(clear) => inner(&clear, outer, stack.window),
        None => vec![true; stack.window.len()],
    };
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

/// Which pixels of a window the masks of a scene leave clear, with what they reach beyond; `None` where it has no mask.
pub fn masked(
    grid: &Grid,
    reader: &mut Reader,
    scene: &Scene,
    window: Window,
) -> Result<Option<Vec<bool>>, RunError> {
    let mut clear: Option<Vec<bool>> = None;
    for band in scene.masks() {
        let layer = reader.window(scene, band, grid, window)?;
        let layer: Vec<f32> = layer.iter().copied().collect();
        let own = mask::erode(&mask::clear(band, &layer), window.rows, window.cols, mask::DILATION);
        clear = Some(match clear {
            Some(clear) => clear.iter().zip(own).map(|(a, b)| *a && b).collect(),
            None => own,
        });
    }
    Ok(clear)
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
    let readers = Readers::default();
    let of_tile = |tile: &Window| {
        let signs = readers.with(|reader| tile_evidence(inputs, asked, reader, *tile))?;
        progress.step(tile.len() as u64);
        Ok(signs)
    };
    let signs: Result<Vec<Vec<Signs>>, RunError> = tiles.par_iter().map(of_tile).collect();
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
    let wanted = zone_masks(inputs, tile);
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

/// By sub-model, the pixels of a window at which it looks; those that look inside the same classes share what is drawn.
pub fn zone_masks(inputs: &Inputs, window: Window) -> Vec<Vec<bool>> {
    let mut drawn: Vec<([bool; Class::ALL.len()], Vec<bool>)> = Vec::new();
    let mask = |model: &SubModel| {
        let classes = Class::ALL.map(|class| model.looks_at(class));
        if let Some((_, mask)) = drawn.iter().find(|(own, _)| *own == classes) {
            return mask.clone();
        }
        let looks = |line: &usize| model.looks_at(inputs.redlines.redlines[*line].class);
        let mask = zone_mask(inputs, (0..inputs.on_grid.len()).filter(looks), window);
        drawn.push((classes, mask.clone()));
        mask
    };
    inputs.models.iter().map(mask).collect()
}

/// Pixels of a window that hold ground of (or lie just beside) any of the red lines at these places in the list.
pub fn zone_mask(inputs: &Inputs, lines: impl Iterator<Item = usize>, window: Window) -> Vec<bool> {
    let outer = window.grown(ZONE_MARGIN, inputs.grid.whole());
    let touched = coverage::touched(lines.map(|line| &inputs.on_grid[line]), &inputs.grid, outer);
    let outside: Vec<bool> = touched.iter().map(|touched| !touched).collect();
    let far = mask::erode(&outside, outer.rows, outer.cols, ZONE_MARGIN);
    inner(&far, outer, window).into_iter().map(|far| !far).collect()
}

/// A sub-model prepared for a cell; without a baseline nothing correlates.
pub fn prepare<'a>(baseline: Option<&Baseline>, model: &'a SubModel, inputs: &Inputs) -> Prepared<'a> {
    Prepared::new(model, &inputs.features, |a, b| baseline.map_or(0.0, |baseline| baseline.correlation(a, b)))
}
