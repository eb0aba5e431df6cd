//! What a cell shows of the inputs as a whole: its levels, what changed together, its edges before and after.
//!
//! In:  the stack and the baseline of one control cell. Out: `Signs`, small numbers that `run::doubts` pools.
//! Law: signs cost no reading; pooled in the order of the cells, they do not depend on tiles or threads.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::baseline::CELL;
use crate::baseline::control::Control;
use crate::baseline::regression::median;
use crate::detect::pair::shift::EdgeSums;
use crate::grid::Window;
use crate::observe::Stack;
use crate::observe::stack::value;
use crate::run::inputs::{Inputs, Question};
use crate::submodel::Feature;

/// Cells whose edges are compared; a hundred square kilometres of 10 m pixels; more cost time, and nine
/// give the shift of simulated steppe within 0.05 px.
const CELLS_WITH_EDGES: usize = 64;

/// Fewest clear views on both sides for a pixel to stand in the pictures whose edges are compared.
const LEAST_VIEWS: usize = 3;

/// What one control cell shows of the inputs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signs {
    /// Its place.
    pub cell: Window,
    /// Control by view and feature, `view * features + feature`; NaN where it is not known.
    pub levels: Vec<f32>,
    /// Share of its look-alikes that changed in the target period.
    pub changed: f32,
    /// Edges of the look-back against those of the target period, in some cells.
    pub edges: Option<EdgeSums>,
}

impl Signs {
    /// Reads the signs of a cell off its control in all views. `edges` are its pictures before and after, of cells whose
    /// edges are compared.
    pub fn of(
        inputs: &Inputs,
        question: &Question,
        control: &Control,
        (cell, pictures): (Window, Option<[Array2<f32>; 2]>),
    ) -> Self {
        let (dates, features) = (inputs.dates(), inputs.features.len());
        let levels = 0..dates.len() * features;
        let levels = levels.map(|place| control.level(place / features, place % features));
        let compared = |[before, after]: [Array2<f32>; 2]| {
            let mut sums = EdgeSums::default();
            sums.add(before.view(), after.view());
            sums
        };
        Self {
            cell,
            levels: levels.collect(),
            changed: control.changed_together(|view| question.target.contains(dates[view])),
            edges: pictures.map(compared),
        }
    }
}

/// Whether a cell is among those whose edges are compared: every so manieth of the cells of the area.
pub fn has_edges(inputs: &Inputs, cell: Window) -> bool {
    let area = inputs.area;
    let (first, last) = (area.col0 / CELL, area.col_end().div_ceil(CELL));
    let (top, bottom) = (area.row0 / CELL, area.row_end().div_ceil(CELL));
    let across = last.saturating_sub(first).max(1);
    let step = (across * bottom.saturating_sub(top)).div_ceil(CELLS_WITH_EDGES).max(1);
    let number = (cell.row0 / CELL).saturating_sub(top) * across + (cell.col0 / CELL).saturating_sub(first);
    number.is_multiple_of(step)
}

/// Median brightness of a cell over the views for which `is_asked` holds, NaN where too few were clear; `None` without that
/// feature. `place` says where a pixel, by row and column of the cell, lies in the stack.
pub fn picture(
    stack: &Stack,
    cell: Window,
    place: impl Fn(usize, usize) -> usize,
    is_asked: impl Fn(usize) -> bool,
) -> Option<Array2<f32>> {
    let feature = stack.place(Feature::Brightness)?;
    let views: Vec<usize> = (0..stack.dates.len()).filter(|view| is_asked(*view)).collect();
    Some(Array2::from_shape_fn((cell.rows, cell.cols), |(row, col)| {
        let pixel = place(row, col);
        let seen = views.iter().filter(|view| stack.is_seen(**view, pixel));
        let mut values: Vec<f32> = seen.map(|view| value(stack.at(pixel, *view, feature))).collect();
        if values.len() < LEAST_VIEWS { f32::NAN } else { median(&mut values) }
    }))
}

/// The pictures of a cell before and after whose edges are compared, if it is one of those cells.
pub fn pictures(
    inputs: &Inputs,
    question: &Question,
    stack: &Stack,
    cell: Window,
) -> Option<[Array2<f32>; 2]> {
    if !has_edges(inputs, cell) {
        return None;
    }
    let place = |row: usize, col: usize| stack.pixel_at(cell.row0 + row, cell.col0 + col);
    let before = picture(stack, cell, place, |view| question.look_back[view])?;
    Some([before, picture(stack, cell, place, |view| question.target.contains(stack.dates[view]))?])
}
