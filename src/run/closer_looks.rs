//! Closer looks: the pixels of each patch that is worth one, through time.
//!
//! In:  patches. Out: what each look concluded, in their order.
//! Law: each control cell is read once for all questions; a look waits for the cells that it touches and ends with the last of
//! them, so that what is held does not grow with the area. Where what is normal is remembered, nothing is learned again.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::baseline::descriptor::Descriptors;
use crate::baseline::{Baseline, CELL, RING, Series};
use crate::detect::evidence::Prepared;
use crate::grid::Window;
use crate::read::{Reader, Readers};
use crate::run::inputs::{Inputs, Question};
use crate::run::looked::Known;
use crate::run::patches::Examined;
use crate::run::{Progress, RunError, tiles};
use crate::weigh::closer::{Asked, Closer, Look};

/// Control cells that are read together at most: more would share little more.
const LONGEST_RUN: usize = 4;

/// One look under way: where it came from, the cells it still waits for, and how it weighs.
struct UnderWay<'a> {
    found: usize,
    look: Look<'a>,
    last_row: usize,
    prepared: Option<Prepared<'a>>,
}

/// Looks closer at the patches that are worth it. Each control cell is read once for all questions, row by row;
/// a look ends with the last row of cells that it touches, so only looks of a row or two are held.
pub(super) fn look_closer(
    inputs: &Inputs,
    questions: &[&Question],
    tile_size: usize,
    (found, known, progress): (&[Examined], &mut Known, &dyn Progress),
) -> Result<Vec<Vec<Closer>>, RunError> {
    let whole = inputs.grid.whole();
    let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut rows: BTreeMap<usize, BTreeSet<Window>> = BTreeMap::new();
    let mut closers: Vec<Vec<Closer>> = (0..found.len()).map(|_| Vec::new()).collect();
    for (index, examined) in found.iter().enumerate().filter(|(_, examined)| examined.is_worth_a_look(inputs))
    {
        if let Some(taken) = known.take((examined.question, examined.model), &examined.patch) {
            closers[index] = taken;
            continue;
        }
        let cells = cells_around(Look::new(&examined.patch, whole).window(), whole);
        waiting.entry(cells[0].row0).or_default().push(index);
        cells.into_iter().for_each(|cell| _ = rows.entry(cell.row0).or_default().insert(cell));
    }
    progress.stage("closer look", rows.values().map(|cells| cells.len() as u64).sum());
    let dates = inputs.dates();
    let mut under_way: Vec<UnderWay> = Vec::new();
    let readers = Readers::default();
    for (row, cells) in &rows {
        for index in waiting.remove(row).unwrap_or_default() {
            let look = Look::new(&found[index].patch, whole);
            let last_row = cells_around(look.window(), whole).last().map_or(*row, |cell| cell.row0);
            under_way.push(UnderWay { found: index, look, last_row, prepared: None });
        }
        let parts: Vec<Result<Vec<Part>, RunError>> = runs(cells, (tile_size / CELL).clamp(1, LONGEST_RUN))
            .par_iter()
            .map(|run| {
                progress.step(run.len() as u64);
                readers
                    .with(|reader| parts_of_run(inputs, questions, reader, (run, found, known), &under_way))
            })
            .collect();
        for part in parts.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            let under_way = &mut under_way[part.under_way];
            under_way.look.take(part.pixels, part.contamination);
            under_way.prepared = part.prepared.or(under_way.prepared.take());
        }
        let (done, rest): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|way| way.last_row == *row);
        under_way = rest;
        let finish = |way: UnderWay| {
            let UnderWay { found: index, look, prepared, .. } = way;
            let Question { look_back, target, .. } = questions[found[index].question];
            let dates = &dates[..look_back.len()];
            let asked = Asked { features: &inputs.features, dates, look_back, target: *target };
            (index, prepared.map(|prepared| look.finish(&prepared, &asked)).unwrap_or_default())
        };
        let finished: Vec<(usize, Vec<Closer>)> = done.into_par_iter().map(finish).collect();
        finished.into_iter().for_each(|(index, found)| closers[index] = found);
    }
    Ok(closers)
}

/// Cells of one row in runs of neighbours, which share the reading of their rings; no run is larger than a tile.
fn runs(cells: &BTreeSet<Window>, longest: usize) -> Vec<Vec<Window>> {
    let mut runs: Vec<Vec<Window>> = Vec::new();
    for cell in cells {
        match runs.last_mut() {
            Some(run) if run.len() < longest && run[run.len() - 1].col_end() == cell.col0 => {
                run.push(*cell);
            }
            _ => runs.push(vec![*cell]),
        }
    }
    runs
}

/// What one cell says to one look.
struct Part<'a> {
    under_way: usize,
    pixels: Vec<(usize, Series)>,
    contamination: Vec<f32>,
    prepared: Option<Prepared<'a>>,
}

/// A cell that some looks wait for.
struct Waiting {
    question: usize,
    cell: Window,
    /// Their places among those under way.
    ways: Vec<usize>,
}

fn parts_of_run<'a>(
    inputs: &'a Inputs,
    questions: &[&Question],
    reader: &mut Reader,
    (run, found, known): (&[Window], &[Examined], &Known),
    under_way: &[UnderWay],
) -> Result<Vec<Part<'a>>, RunError> {
    let whole = inputs.grid.whole();
    let (first, last) = (run[0], run[run.len() - 1]);
    let ground = Window { cols: last.col_end() - first.col0, ..first };
    let touches = |question: usize, way: &UnderWay, cell: Window| {
        found[way.found].question == question && !way.look.window().intersection(cell).is_empty()
    };
    let of_question = |question: usize| {
        run.iter().map(move |cell| Waiting {
            question,
            cell: *cell,
            ways: (0..under_way.len()).filter(|way| touches(question, &under_way[*way], *cell)).collect(),
        })
    };
    let waiting = (0..questions.len()).flat_map(of_question).filter(|waiting| !waiting.ways.is_empty());
    let waiting: Vec<Waiting> = waiting.collect();
    let asked: Vec<(usize, Window)> = waiting.iter().map(|one| (one.question, one.cell)).collect();
    let mut parts = Vec::new();
    // Who remembers what is normal needs no donors around.
    if let Some(remembered) = known.recall(&asked)? {
        let stack = tiles::stack(inputs, reader, ground)?;
        for (waiting, (normal, later)) in waiting.iter().zip(remembered) {
            let look_back = &questions[waiting.question].look_back;
            let looked_at =
                waiting.ways.iter().map(|way| under_way[*way].look.window().intersection(waiting.cell));
            let descriptors = Descriptors::of(&stack, look_back, &looked_at.collect::<Vec<_>>());
            let baseline = normal.baseline((&stack, look_back), &descriptors, &later);
            parts.extend(parts_of_cell(inputs, (&baseline, waiting), (found, under_way)));
        }
        return Ok(parts);
    }
    let stack = tiles::stack(inputs, reader, ground.grown(RING, whole))?;
    for waiting in waiting.chunk_by(|a, b| a.question == b.question) {
        let look_back = &questions[waiting[0].question].look_back;
        let around: Vec<Window> = waiting.iter().map(|waiting| waiting.cell.grown(RING, whole)).collect();
        let descriptors = Descriptors::of(&stack, look_back, &around);
        for (waiting, around) in waiting.iter().zip(around) {
            if let Some(baseline) = Baseline::learn(&stack, &descriptors, look_back, around) {
                parts.extend(parts_of_cell(inputs, (&baseline, waiting), (found, under_way)));
            }
        }
    }
    Ok(parts)
}

/// What a cell says to the looks that wait for it.
fn parts_of_cell<'a>(
    inputs: &'a Inputs,
    (baseline, waiting): (&Baseline, &Waiting),
    (found, under_way): (&[Examined], &[UnderWay]),
) -> Vec<Part<'a>> {
    let part = |way: &usize| {
        let look = &under_way[*way].look;
        let Examined { model, ref patch, .. } = found[under_way[*way].found];
        // The cell of the first pixel says how residuals correlate, whatever cells follow.
        let first = Window { row0: patch.pixels[0].row, col0: patch.pixels[0].col, rows: 1, cols: 1 };
        let is_first = !waiting.cell.intersection(first).is_empty();
        let prepared = is_first.then(|| tiles::prepare(Some(baseline), &inputs.models[model], inputs));
        let (pixels, contamination) = look.part(baseline, waiting.cell);
        Part { under_way: *way, pixels, contamination, prepared }
    };
    waiting.ways.iter().map(part).collect()
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
    lattice
        .tiles(CELL)
        .into_iter()
        .map(|cell| cell.intersection(whole))
        .filter(|cell| !cell.is_empty())
        .collect()
}
