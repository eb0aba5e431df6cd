//! The outline of a region at a level, between pixel centres (marching squares).
//!
//! In:  a 4-connected region without holes, and the evidence around it.
//! Out: one closed ring in pixel coordinates, x = column, y = row; counter-clockwise in map view.
//! Law: where four pixels meet as a saddle, the region does not touch itself, so the ring is simple.

use geo::{Coord, LineString, Polygon};

use crate::patch::tree::Field;

/// The least and most share of the way from an inner to an outer pixel centre at which the line runs.
const NEAREST: f32 = 0.08;

/// Directions in which the boundary is walked: right, down, left, up, as (row, column) steps.
const STEPS: [(isize, isize); 4] = [(0, 1), (1, 0), (0, -1), (-1, 0)];

/// The outline, or nothing for an empty region.
pub fn outline(field: &Field, region: &[usize], level: f32) -> Option<Polygon<f64>> {
    let window = field.window;
    let (rows, cols) = (window.rows as isize, window.cols as isize);
    let mut inside = vec![false; window.len()];
    region.iter().for_each(|pixel| inside[*pixel] = true);
    let is_inside = |row: isize, col: isize| {
        (0..rows).contains(&row) && (0..cols).contains(&col) && inside[(row * cols + col) as usize]
    };
    let first = *region.first()?;
    let start = ((first as isize) / cols, (first as isize) % cols, 0_usize);
    let (mut row, mut col, mut heading) = start;
    let mut points: Vec<Coord<f64>> = Vec::new();
    // Walk around the region with it on the right hand: each step crosses one pair of an inner and
    // an outer pixel and leaves one vertex between their centres.
    loop {
        let left = STEPS[(heading + 3) % 4];
        points.push(crossing(field, (row, col), (row + left.0, col + left.1), level));
        let ahead = STEPS[heading];
        let (next, beside) =
            ((row + ahead.0, col + ahead.1), (row + ahead.0 + left.0, col + ahead.1 + left.1));
        if !is_inside(next.0, next.1) {
            heading = (heading + 1) % 4;
        } else if is_inside(beside.0, beside.1) {
            (row, col) = beside;
            heading = (heading + 3) % 4;
        } else {
            (row, col) = next;
        }
        if (row, col, heading) == start {
            break;
        }
    }
    // Walked clockwise as seen with rows downward; RFC 7946 wants counter-clockwise in map view.
    points.reverse();
    points.push(points[0]);
    Some(Polygon::new(LineString(points), vec![]))
}

/// Where the level is crossed between an inner pixel's centre and an outer one's.
fn crossing(field: &Field, inner: (isize, isize), outer: (isize, isize), level: f32) -> Coord<f64> {
    let window = field.window;
    let value = |(row, col): (isize, isize)| {
        let on_field = (0..window.rows as isize).contains(&row) && (0..window.cols as isize).contains(&col);
        on_field.then(|| field.values[row as usize * window.cols + col as usize])
    };
    let share = match (value(inner), value(outer)) {
        // An outer pixel above the level belongs to another region: the line runs half way.
        (Some(high), Some(low)) if low < level && high > low => (high - level) / (high - low),
        _ => 0.5,
    };
    let share = f64::from(share.clamp(NEAREST, 1.0 - NEAREST));
    let centre = |(row, col): (isize, isize)| {
        (col as f64 + window.col0 as f64 + 0.5, row as f64 + window.row0 as f64 + 0.5)
    };
    let (a, b) = (centre(inner), centre(outer));
    Coord { x: a.0 + share * (b.0 - a.0), y: a.1 + share * (b.1 - a.1) }
}

#[cfg(test)]
mod tests;
