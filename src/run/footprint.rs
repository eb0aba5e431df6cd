//! The grid of a run: that of the first of its finest scenes, extended over all.
//!
//! In:  scenes. Out: one grid. Law: scenes on shifted grids are resampled to it; one that lies far from all others is refused.

use std::collections::BTreeSet;

use crate::grid::Grid;
use crate::run::RunError;
use crate::scene::Scene;

/// Pixels of widths within this share are of one fineness: 9.9999 m and 10 m are.
pub(super) const SAME_WIDTH: f64 = 1.2;
/// Pixels from which a grid is asked how much of it any scene covers: evidence of them takes gigabytes of disk.
const LARGE: f64 = 5e7;
/// Largest number of times that the grid may be as large as what its scenes cover. Tiles at two ends of a UTM zone in Inner
/// Mongolia stay under 20, two villages of 10 km that lie 100 km apart under 70.
const MOST_TIMES: f64 = 100.0;

/// The grid that all scenes are seen on.
pub(super) fn shared(scenes: &[Scene]) -> Result<Grid, RunError> {
    let grid = union_of(scenes)?;
    let pixels = |grid: &Grid| grid.rows as f64 * grid.cols as f64;
    let times = |all: &[&Scene], union: &Grid| pixels(union) / covered(all);
    let all: Vec<&Scene> = scenes.iter().collect();
    if pixels(&grid) < LARGE || times(&all, &grid) < MOST_TIMES {
        return Ok(grid);
    }
    // The scene without which the grid is smallest.
    let without = |left_out: &Scene| {
        let others: Vec<Scene> = scenes.iter().filter(|scene| scene.id != left_out.id).cloned().collect();
        union_of(&others).map_or(f64::INFINITY, |union| pixels(&union))
    };
    let apart = scenes.iter().min_by(|a, b| without(a).total_cmp(&without(b)).then(a.id.cmp(&b.id)));
    let Some((apart, own)) = apart.and_then(|scene| Some((scene, scene.grid()?))) else { return Ok(grid) };
    let path = apart.bands.values().next().map(|band| band.path.clone()).unwrap_or_default();
    Err(RunError::Apart { path, own: own.to_string(), whole: grid.to_string() })
}

/// Pixels that scenes at different places cover, those of one place counted once.
fn covered(scenes: &[&Scene]) -> f64 {
    let largest =
        scenes.iter().filter_map(|scene| scene.grid()).map(|grid| grid.rows as f64 * grid.cols as f64);
    let largest = largest.fold(1.0, f64::max);
    let places: BTreeSet<(i64, i64)> = scenes
        .iter()
        .filter_map(|scene| scene.grid())
        .map(|grid| {
            let (min_x, min_y, max_x, max_y) = grid.bounds();
            let at = |low: f64, high: f64| ((low + high) / 2.0 / (high - low)).round() as i64;
            (at(min_x, max_x), at(min_y, max_y))
        })
        .collect();
    largest * places.len() as f64
}

/// The grid of the first of the finest scenes, extended over all scenes. Scenes on shifted or coarser grids are resampled to
/// it.
fn union_of(scenes: &[Scene]) -> Result<Grid, RunError> {
    let grids: Vec<&Grid> = scenes.iter().filter_map(Scene::grid).collect();
    let finest = grids.iter().map(|grid| grid.pixel_width).fold(f64::INFINITY, f64::min);
    let first = grids.iter().find(|grid| grid.pixel_width <= SAME_WIDTH * finest);
    let first = (*first.ok_or(RunError::NoGrid)?).clone();
    let mut rows = (0.0_f64, first.rows as f64);
    let mut cols = (0.0_f64, first.cols as f64);
    for grid in grids {
        let (min_x, min_y, max_x, max_y) = grid.bounds();
        let (top, left) = first.pixels(min_x, max_y);
        let (bottom, right) = first.pixels(max_x, min_y);
        // A thousandth of a pixel is rounding, not ground.
        rows = (rows.0.min((top + 1e-3).floor()), rows.1.max((bottom - 1e-3).ceil()));
        cols = (cols.0.min((left + 1e-3).floor()), cols.1.max((right - 1e-3).ceil()));
    }
    let (origin_x, origin_y) = first.world(rows.0, cols.0);
    Ok(Grid {
        rows: (rows.1 - rows.0) as usize,
        cols: (cols.1 - cols.0) as usize,
        origin_x,
        origin_y,
        ..first
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::date::Date;
    use crate::grid::Crs;
    use crate::scene::{Band, BandFile};

    fn scene(id: &str, (origin_x, origin_y): (f64, f64), side: usize) -> Scene {
        let (pixel_width, pixel_height) = (10.0, 10.0);
        let grid = Grid {
            rows: side,
            cols: side,
            origin_x,
            origin_y,
            pixel_width,
            pixel_height,
            crs: Crs::epsg(32649),
        };
        let file = BandFile {
            path: format!("{id}.tif").into(),
            number: 1,
            grid,
            nodata: None,
            saturated: None,
            scale: 1.0,
            offset: 0.0,
        };
        let bands = BTreeMap::from([(Band::Red, file)]);
        let (product, sensor, scaling) = <(String, String, String)>::default();
        Scene {
            id: id.to_owned(),
            date: Date::constant(2023, 5, 1),
            product,
            sensor,
            bands,
            scaling,
            displaced: (0.0, 0.0),
        }
    }

    #[test]
    fn a_scene_that_lies_far_from_all_others_is_named_and_tiles_of_one_county_are_not() {
        let county =
            [scene("a", (5e5, 4.6e6), 1000), scene("b", (6e5, 4.6e6), 1000), scene("c", (5e5, 4.5e6), 1000)];
        assert_eq!(shared(&county).unwrap().rows, 11_000);
        let lost = [&county[..], &[scene("lost", (0.0, 0.0), 1000)]].concat();
        let error = shared(&lost).unwrap_err().to_string();
        assert!(error.contains("lost.tif") && error.contains("far"), "{error}");
    }
}
