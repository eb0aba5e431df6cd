//! Second pass: from the evidence of the whole run to patches, a closer look, and records.
//!
//! Law: patches are found on the whole plane, so no tile border shows; only patches that a sub-model's
//! gate lets through cost a second reading of their pixels.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Coord, LineString, MultiPolygon, Polygon};
use rayon::prelude::*;

use crate::baseline::{Baseline, CELL, RING};
use crate::detect::evidence::Prepared;
use crate::grid::crs::Transform;
use crate::grid::{Grid, Window};
use crate::patch::label::{Component, Labeller};
use crate::patch::scratch::{self, Scratch};
use crate::patch::tree::{self, Field};
use crate::patch::Patch;
use crate::read::Reader;
use crate::run::inputs::{Inputs, Question};
use crate::run::{Progress, RunError, tiles};
use crate::weigh::closer::{Asked, Closer, Look};

/// A closer look is taken when this share of a patch's pixels passed a gate on their own.
const LEAST_GATED_SHARE: f32 = 0.12;

/// A component larger than this is scene-wide and no parcel: pixels.
const LARGEST_COMPONENT: usize = 4_000_000;

/// A patch of one sub-model, and what a closer look found if it was worth one.
pub struct Examined {
    /// Place of the sub-model in the inputs.
    pub model: usize,
    /// The patch as evidence drew it.
    pub patch: Patch,
    /// Share of its pixels that passed a gate on their own.
    pub gated_share: f32,
    /// The closer look; `None` when it was not worth one or found no season with enough views.
    pub closer: Option<Closer>,
}

/// Finds and examines the patches of every sub-model, in order of sub-model and first pixel.
pub fn examine(
    inputs: &Inputs,
    question: &Question,
    scratch: &Scratch,
    progress: &dyn Progress,
) -> Result<Vec<Examined>, RunError> {
    let mut found: Vec<Examined> = Vec::new();
    for model in 0..inputs.models.len() {
        for component in components(scratch, tiles::evidence_plane(model))? {
            if component.len() <= LARGEST_COMPONENT {
                found.extend(patches_of(scratch, model, &component)?);
            }
        }
    }
    // Patches of one cell share its pixels: they are looked at together, by one worker.
    let cell_of = |window: Window| (window.row0 / CELL, window.col0 / CELL);
    let mut groups: BTreeMap<(usize, usize), Vec<Examined>> = BTreeMap::new();
    for examined in found {
        groups.entry(cell_of(examined.patch.window)).or_default().push(examined);
    }
    let groups: Vec<Vec<Examined>> = groups.into_values().collect();
    let looked: Vec<Result<Vec<Examined>, RunError>> = groups
        .into_par_iter()
        .map_init(Reader::new, |reader, group| {
            let result = look_closer(inputs, question, reader, group);
            progress.step(0);
            result
        })
        .collect();
    let looked = looked.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut examined: Vec<Examined> = looked.into_iter().flatten().collect();
    let place = |examined: &Examined| {
        let cut = examined.closer.as_ref().map_or(&examined.patch, |closer| &closer.patch);
        (examined.model, cut.pixels[0], cut.pixels.len())
    };
    examined.sort_by_key(place);
    Ok(examined)
}

/// Components of smoothed evidence at the lowest level, streamed over the plane.
fn components(scratch: &Scratch, plane: usize) -> Result<Vec<Component>, RunError> {
    let stored = |level: f32| (level * scratch::PER_UNIT).round() as i16;
    let mut labeller = Labeller::new(stored(tree::LEVELS[0]));
    let whole = scratch.window;
    for row in whole.row0..whole.row_end() {
        let line = Window { row0: row, rows: 1, ..whole };
        let values = smoothed(scratch, plane, line)?;
        labeller.add_row(row, whole.col0, &values);
    }
    Ok(labeller.finish(stored(tree::PEAK)))
}

/// Evidence of a window after the 3x3 median.
fn smoothed(scratch: &Scratch, plane: usize, window: Window) -> Result<Vec<i16>, RunError> {
    let outer = window.grown(1, scratch.window);
    let values = scratch.read(plane, outer)?;
    Ok(tree::median_3x3(&values, outer, window, scratch::OUTSIDE))
}

fn patches_of(scratch: &Scratch, model: usize, component: &Component) -> Result<Vec<Examined>, RunError> {
    let window = component.window.grown(tree::MARGIN, scratch.window);
    let values = smoothed(scratch, tiles::evidence_plane(model), window)?;
    let field = Field { window, values: values.into_iter().map(scratch::evidence).collect() };
    let gates = scratch.read(tiles::gate_plane(model), window)?;
    let share = |patch: &Patch| {
        let passed = |pixel: &&crate::grid::Pixel| {
            gates[(pixel.row - window.row0) * window.cols + pixel.col - window.col0] > 0
        };
        patch.pixels.iter().filter(passed).count() as f32 / patch.pixels.len() as f32
    };
    let examined = |patch: Patch| Examined { model, gated_share: share(&patch), patch, closer: None };
    Ok(tree::patches(component, &field).into_iter().map(examined).collect())
}

fn look_closer(
    inputs: &Inputs,
    question: &Question,
    reader: &mut Reader,
    group: Vec<Examined>,
) -> Result<Vec<Examined>, RunError> {
    let whole = inputs.grid.whole();
    let worth = |examined: &&Examined| examined.gated_share >= LEAST_GATED_SHARE;
    let patches: Vec<(usize, Patch)> =
        group.iter().filter(worth).map(|examined| (examined.model, examined.patch.clone())).collect();
    let mut looks: Vec<(Look, Option<Prepared>)> =
        patches.iter().map(|(_, patch)| (Look::new(patch, whole), None)).collect();
    let cells: BTreeSet<Window> =
        looks.iter().flat_map(|(look, _)| cells_around(look.window(), whole)).collect();
    for cell in cells {
        let stack = tiles::stack(inputs, reader, cell.grown(RING, whole))?;
        let baseline = Baseline::learn(&stack, &question.look_back);
        let Some(learned) = &baseline else { continue };
        for ((look, prepared), (model, patch)) in looks.iter_mut().zip(&patches) {
            look.add(learned, cell);
            // The cell of the first pixel says how residuals correlate, whatever cells follow.
            let first = Window { row0: patch.pixels[0].row, col0: patch.pixels[0].col, rows: 1, cols: 1 };
            if !cell.intersection(first).is_empty() {
                *prepared = Some(tiles::prepare(&baseline, &inputs.models[*model], inputs));
            }
        }
    }
    let dates = inputs.dates();
    let (features, look_back) = (&inputs.features, &question.look_back);
    let asked = Asked { features, dates: &dates, look_back, target: question.target };
    let finish = |(look, prepared): (Look, Option<Prepared>)| {
        prepared.map(|prepared| look.finish(&prepared, &asked)).unwrap_or_default()
    };
    let mut closers = looks.into_iter().map(finish);
    let mut result = Vec::new();
    for examined in group {
        let found = if worth(&&examined) { closers.next().unwrap_or_default() } else { Vec::new() };
        if found.is_empty() {
            result.push(examined);
            continue;
        }
        for closer in found {
            let Examined { model, ref patch, gated_share, .. } = examined;
            result.push(Examined { model, patch: patch.clone(), gated_share, closer: Some(closer) });
        }
    }
    Ok(result)
}

/// The control cells that a window touches, on the lattice of the grid.
pub fn cells_around(window: Window, whole: Window) -> Vec<Window> {
    let (row0, col0) = (window.row0 / CELL * CELL, window.col0 / CELL * CELL);
    let lattice = Window {
        row0,
        col0,
        rows: window.row_end().div_ceil(CELL) * CELL - row0,
        cols: window.col_end().div_ceil(CELL) * CELL - col0,
    };
    lattice.tiles(CELL).into_iter().map(|cell| cell.intersection(whole)).filter(|cell| !cell.is_empty()).collect()
}

/// An outline in pixel coordinates as longitude and latitude.
pub fn in_lon_lat(
    outline: &Polygon<f64>,
    grid: &Grid,
    transform: &Transform,
) -> Result<MultiPolygon<f64>, RunError> {
    let world = |coordinate: &Coord<f64>| {
        let (x, y) = grid.world(coordinate.y, coordinate.x);
        Coord { x, y }
    };
    let ring: LineString<f64> = outline.exterior().coords().map(world).collect();
    Ok(transform.polygons(&MultiPolygon(vec![Polygon::new(ring, vec![])]))?)
}
