//! Drawn worlds for the tests of this room, and what a whole cell learns from one.

use super::*;
use crate::date::Date;

use crate::submodel::Feature;

/// The window of a whole number of rows and columns from the corner of the grid.
pub fn corner(rows: usize, cols: usize) -> Window {
    Window { row0: 0, col0: 0, rows, cols }
}

/// A stack with a view every ten days; `look` gives the features of a pixel in a view, or nothing where it was not seen.
pub fn drawn<const N: usize>(
    window: Window,
    views: usize,
    features: [Feature; N],
    look: impl Fn(usize, usize) -> Option<[f32; N]>,
) -> Stack {
    let first = Date::constant(2020, 1, 1);
    let date = |view: usize| first.checked_add(jiff::Span::new().days(10 * view as i64)).unwrap();
    let mut stack = Stack::new(window, (0..views).map(date).collect(), features.to_vec());
    for view in 0..views {
        let looks: Vec<Option<[f32; N]>> = (0..window.len()).map(|pixel| look(pixel, view)).collect();
        let plane =
            |feature: usize| looks.iter().map(|look| look.map_or(f32::NAN, |look| look[feature])).collect();
        let planes: Vec<Vec<f32>> = (0..N).map(plane).collect();
        stack.lay(view, &planes, &vec![true; window.len()]);
    }
    stack
}

/// Asserts that two numbers agree to within `within`.
#[track_caller]
pub fn near(found: f32, expected: f32, within: f32) {
    assert!((found - expected).abs() <= within, "{found}, not {expected}");
}
