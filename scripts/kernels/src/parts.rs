//! From a plane of evidence to patches.

use steppewatch::grid::Window;
use steppewatch::patch::filter::Filter;
use steppewatch::patch::label::{Component, Labeller};
use steppewatch::patch::scratch::{self, OUTSIDE, PER_UNIT};
use steppewatch::patch::tree::{self, Field, LEVELS, PEAK};

use crate::Kernel;
use crate::ground::{chance, grid};

const SIDE: usize = 512;

/// Stored evidence: noise with a soft blob in every other square of 64 px.
fn plane() -> Vec<i16> {
    let value = |pixel: usize| {
        let (row, col) = (pixel / SIDE, pixel % SIDE);
        let square = row / 64 * 8 + col / 64;
        let from = |at: usize, salt: usize| (at % 64) as f32 - 20.0 - 24.0 * chance(square, salt);
        let (down, right) = (from(row, 1), from(col, 2));
        let reach = 4.0 + 8.0 * chance(square, 3);
        let blob = (1.6 - (down * down + right * right).sqrt() / reach).clamp(0.0, 1.0) * 8.0;
        let evidence = if square.is_multiple_of(2) { blob } else { 0.0 } + 1.5 * chance(pixel, 4);
        (evidence * PER_UNIT) as i16
    };
    (0..SIDE * SIDE).map(value).collect()
}

fn stored(level: f32) -> i16 {
    (level * PER_UNIT).round() as i16
}

fn components(plane: &[i16]) -> Vec<Component> {
    let mut labeller = Labeller::new(stored(LEVELS[0]));
    plane.chunks(SIDE).enumerate().for_each(|(row, values)| labeller.add_row(row, 0, values));
    labeller.finish(stored(PEAK))
}

/// The filter against single pixels.
pub fn filter() -> Kernel {
    let (plane, whole) = (plane(), grid(SIDE).whole());
    Kernel::new(whole.len(), move || Filter::Square.apply(&plane, whole, whole, OUTSIDE))
}

/// Components of the lowest level by runs.
pub fn label() -> Kernel {
    let plane = plane();
    Kernel::new(SIDE * SIDE, move || components(&plane))
}

/// The patches of all components with their outlines.
pub fn contour() -> Kernel {
    let (plane, whole) = (plane(), grid(SIDE).whole());
    let with_field = |component: Component| {
        let window = component.window.grown(tree::MARGIN, whole);
        let row = |row: usize| &plane[row * SIDE + window.col0..row * SIDE + window.col_end()];
        let rows = (window.row0..window.row_end()).flat_map(row);
        let values = rows.map(|value| scratch::evidence(*value)).collect();
        (component, Field { window: Window { ..window }, values })
    };
    let all: Vec<(Component, Field)> = components(&plane).into_iter().map(with_field).collect();
    let pixels = all.iter().map(|(component, _)| component.len()).sum();
    Kernel::new(pixels, move || {
        all.iter().map(|(component, field)| tree::patches(component, field).len()).sum::<usize>()
    })
}
