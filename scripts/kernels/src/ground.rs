//! Chance that is the same every time, the grid, and red lines on it.

use std::f64::consts::TAU;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use steppewatch::grid::{Crs, Grid, Window};
use steppewatch::redline::coverage::{OnGrid, coverage as shares, touched as touched_by};

use crate::Kernel;

/// A number between 0 and 1 that looks like chance.
pub fn chance(place: usize, salt: usize) -> f32 {
    let mut x = (place as u64) << 24 ^ salt as u64;
    for _ in 0..2 {
        x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 29;
    }
    (x >> 40) as f32 / (1_u64 << 24) as f32
}

/// Pixels of 10 m in a UTM zone.
pub fn grid(side: usize) -> Grid {
    Grid {
        rows: side,
        cols: side,
        origin_x: 500_000.0,
        origin_y: 4_600_000.0,
        pixel_width: 10.0,
        pixel_height: 10.0,
        crs: Crs::epsg(32649),
    }
}

/// A ring about a place (pixels), `reach` pixels wide on average, rough at every scale.
fn rough(centre: (f64, f64), reach: f64, vertices: usize, salt: usize) -> Polygon<f64> {
    let grid = grid(1);
    let waves: Vec<(f64, f64)> =
        (0..40).map(|k| (f64::from(chance(k, salt)) * TAU, 0.25 / (k as f64 + 2.0))).collect();
    let point = |number: usize| {
        let turn = TAU * number as f64 / vertices as f64;
        let wave =
            |(k, (phase, height)): (usize, &(f64, f64))| height * ((k as f64 + 2.0) * turn + phase).sin();
        let jitter = f64::from(chance(number, salt + 1)) * 0.002;
        let radius = reach * (1.0 + waves.iter().enumerate().map(wave).sum::<f64>() + jitter).max(0.2);
        let (row, col) = (centre.0 + radius * turn.sin(), centre.1 + radius * turn.cos());
        let (x, y) = grid.world(row, col);
        Coord { x, y }
    };
    Polygon::new(LineString::new((0..vertices).map(point).collect()), Vec::new())
}

/// Covered shares of one red line of 20,000 vertices over its window of 512 x 512 px.
pub fn coverage() -> Kernel {
    let (grid, line) = (grid(512), MultiPolygon::new(vec![rough((256.0, 256.0), 160.0, 20_000, 5)]));
    Kernel::new(512 * 512, move || shares(&line, &grid, grid.whole()))
}

/// Which pixels of a tile of 512 x 512 px lie in any of forty red lines of 50 to 1000 vertices, most of them beside it:
/// what a tile pays for the lines of a scene.
pub fn touched() -> Kernel {
    let grid = grid(2048);
    let line = |number: usize| {
        let at = |salt: usize| f64::from(chance(number, salt)) * 2048.0;
        let vertices = 50 + (950.0 * chance(number, 9)) as usize;
        let ring = rough((at(7), at(8)), 120.0, vertices, 100 + number);
        OnGrid::new(MultiPolygon::new(vec![ring]), &grid)
    };
    let lines: Vec<OnGrid> = (0..40).map(line).collect();
    let tile = Window { row0: 512, col0: 1024, rows: 512, cols: 512 };
    Kernel::new(tile.len(), move || touched_by(lines.iter(), &grid, tile))
}
