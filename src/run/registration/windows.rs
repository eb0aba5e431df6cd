//! The few windows in which scenes are compared, and what they show there.
//!
//! In:  scenes, grid, ground near red lines. Out: the displacement of each scene, or why there is none.
//! Law: windows depend on grid and ground alone; they are read one after the other, so that memory holds one at a time.

use ndarray::Array2;
use rayon::prelude::*;

use crate::detect::displacement::{self, Displacement, Edges, Reference, Untold};
use crate::detect::pair::shift::EdgeSums;
use crate::grid::{Grid, Window};
use crate::observe::mask;
use crate::read::{Reader, Readers};
use crate::run::{RunError, tiles, workers};
use crate::scene::{Band, Scene};

/// Side of a window in pixels.
const SIDE: usize = 96;

/// Ground per window along each axis, in pixels: the windows of a small region are a quarter of it.
const APART: usize = 192;

/// Most windows along each axis: of a Sentinel-2 tile 25 are a five-hundredth of its ground.
const MOST: usize = 5;

/// Windows from which on each is one part of its scene; parts of fewer tell the spread.
const WHOLE: usize = 8;

/// Bands whose edges are compared: each is the first of its row that a scene has.
const BANDS: [&[Band]; 2] = [&[Band::Red], &[Band::Nir, Band::Nir08]];

/// Where a scene lies, or why that cannot be told.
type Found = Result<Displacement, Untold>;

/// Edges of one scene in a window, by band.
type Shown = [Option<Edges>; 2];

/// Where each scene lies, and the edges of the look-back by window and band. `known` and `references` are what runs before
/// found: those scenes are not read.
pub fn displacements(
    (scenes, look_back): (&[Scene], &[bool]),
    (grid, area): (&Grid, Window),
    (known, references): (&[Option<Found>], Option<&[[Reference; 2]]>),
    threads: usize,
) -> Result<(Vec<Found>, Vec<[Reference; 2]>), RunError> {
    let readers = Readers::default();
    let mut parts: Vec<Vec<EdgeSums>> = vec![Vec::new(); scenes.len()];
    let mut all = Vec::new();
    workers(threads)?.install(|| -> Result<(), RunError> {
        let windows = windows(area, grid.whole());
        let in_parts = windows.len() < WHOLE;
        for (place, window) in windows.into_iter().enumerate() {
            let show = |(scene, known): (&Scene, &Option<Found>)| match known {
                Some(_) => Ok([None, None]),
                None => readers.with(|reader| shown(reader, scene, grid, window)),
            };
            let shown: Vec<Shown> =
                scenes.par_iter().zip(known.par_iter()).map(show).collect::<Result<_, _>>()?;
            let before = references.and_then(|references| references.get(place));
            let references = before.cloned().unwrap_or_else(|| of_look_back(&shown, look_back, window));
            let compare = |(shown, is_own): (&Shown, &bool)| compared(&references, shown, *is_own);
            let compared: Vec<Vec<EdgeSums>> =
                shown.par_iter().zip(look_back.par_iter()).map(compare).collect();
            all.push(references);
            for (parts, own) in parts.iter_mut().zip(compared).filter(|(_, own)| !own.is_empty()) {
                if in_parts {
                    parts.extend(own);
                } else {
                    let mut whole = EdgeSums::default();
                    own.iter().for_each(|part| whole.merge(part));
                    parts.push(whole);
                }
            }
        }
        Ok(())
    })?;
    let found = parts.iter().zip(known);
    let found = found.map(|(parts, known)| known.unwrap_or_else(|| displacement::displacement(parts)));
    Ok((found.collect(), all))
}

/// Edges of the look-back in a window, by band.
fn of_look_back(shown: &[Shown], look_back: &[bool], window: Window) -> [Reference; 2] {
    let shape = (window.rows, window.cols);
    let mut references = [Reference::new(shape), Reference::new(shape)];
    for shown in shown.iter().zip(look_back).filter(|(_, is)| **is).map(|(shown, _)| shown) {
        for (reference, edges) in references.iter_mut().zip(shown) {
            edges.iter().for_each(|edges| reference.add(edges));
        }
    }
    references
}

/// Windows spread evenly over the ground, each inside the grid.
fn windows(area: Window, whole: Window) -> Vec<Window> {
    let starts = |first: usize, length: usize, limit: usize| -> Vec<usize> {
        let count = (length / APART).clamp(1, MOST);
        let middle = |index: usize| first + (2 * index + 1) * length / (2 * count);
        let side = SIDE.min(limit);
        (0..count).map(|index| middle(index).saturating_sub(side / 2).min(limit - side)).collect()
    };
    let (rows, cols) = (SIDE.min(whole.rows), SIDE.min(whole.cols));
    let down = starts(area.row0, area.rows, whole.rows);
    let right = starts(area.col0, area.cols, whole.cols);
    down.iter().flat_map(|&row0| right.iter().map(move |&col0| Window { row0, col0, rows, cols })).collect()
}

/// What a scene shows in a window.
fn shown(reader: &mut Reader, scene: &Scene, grid: &Grid, window: Window) -> Result<Shown, RunError> {
    if scene.grid().is_none_or(|own| !own.overlaps(&grid.of_window(window))) {
        return Ok([None, None]);
    }
    let outer = window.grown(mask::DILATION, grid.whole());
    let clear = tiles::masked(grid, reader, scene, outer)?;
    let clear = clear.map_or_else(|| vec![true; window.len()], |clear| tiles::inner(&clear, outer, window));
    if !clear.contains(&true) {
        return Ok([None, None]);
    }
    let mut of_band = |wanted: &[Band]| -> Result<Option<Edges>, RunError> {
        let Some(band) = wanted.iter().find(|band| scene.has(**band)) else { return Ok(None) };
        let mut raw: Array2<f32> = reader.window(scene, *band, grid, window)?;
        raw.iter_mut().zip(&clear).filter(|(_, clear)| !**clear).for_each(|(value, _)| *value = f32::NAN);
        Ok(Edges::of(raw.view()))
    };
    Ok([of_band(BANDS[0])?, of_band(BANDS[1])?])
}

/// Both bands of a scene against the look-back's, part by part of a window.
fn compared(references: &[Reference; 2], shown: &Shown, is_own: bool) -> Vec<EdgeSums> {
    let mut all: Vec<EdgeSums> = Vec::new();
    for (reference, edges) in references.iter().zip(shown) {
        let Some(edges) = edges else { continue };
        let reference = reference.without(is_own.then_some(edges));
        let parts = displacement::compare(&reference, edges);
        if all.is_empty() {
            all.extend(parts);
        } else {
            all.iter_mut().zip(&parts).for_each(|(all, part)| all.merge(part));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_inside_the_grid_and_are_few() {
        let whole = |rows, cols| Window { row0: 0, col0: 0, rows, cols };
        for (rows, cols, count) in [(60, 64, 1), (384, 384, 4), (640, 940, 12), (10_980, 10_980, 25)] {
            let found = windows(whole(rows, cols), whole(rows, cols));
            assert_eq!(found.len(), count, "{rows} {cols}");
            assert!(found.iter().all(|window| window.intersection(whole(rows, cols)) == *window));
            assert!(
                found.iter().all(|window| window.rows == SIDE.min(rows) && window.cols == SIDE.min(cols))
            );
        }
        // A red line in a corner: the window lies about it as far as the grid goes.
        let corner = Window { row0: 380, col0: 2, rows: 4, cols: 4 };
        assert_eq!(windows(corner, whole(384, 384)), [Window { row0: 288, col0: 0, rows: 96, cols: 96 }]);
    }
}
