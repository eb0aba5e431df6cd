//! One square of the Web Mercator pyramid, drawn from imagery on any grid.
//!
//! In:  an open picture, which of its bands are red, green and blue, a tile. Out: tones, or nothing where nothing was seen.
//! Law: tiles are for looking; no area and no length is taken from them. What was not observed is hatched.
//! Source: the tile scheme of OpenStreetMap (`z/x/y`, y from the north), spherical Mercator.

use std::f64::consts::PI;

use geo::{Coord, Rect};
use ndarray::Array3;

use crate::grid::crs::Transform;
use crate::grid::{Crs, Grid, Window};
use crate::publish::raster::NODATA;
use crate::read::reduced::Reduced;
use crate::report::ReportError;
use crate::report::material::Picture;

/// Side of a tile in pixels.
pub const SIDE: usize = 512;
/// Cells of the lattice along each side, between whose corners places are taken to lie evenly. At 16 the error is below a
/// tenth of a tile's pixel at every zoom from 6 on (UTM and three-degree zones).
const CELLS: usize = 16;
/// Tone beside the picture: that of the page behind the map (`layers.js`).
const BESIDE: [u8; 3] = [233, 231, 223];
/// Tones of ground that was not observed, and of the hatching on it; and how far its lines are apart, in pixels.
const UNSEEN: ([u8; 3], [u8; 3], usize) = ([226, 224, 217], [203, 200, 190], 16);

/// A square of the pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// Zoom: the world is `2^z` tiles wide.
    pub z: u32,
    /// Column, from 180 degrees west.
    pub x: u32,
    /// Row, from the north.
    pub y: u32,
}

impl Tile {
    /// The tile of a zoom that holds a place, longitude and latitude in degrees.
    pub fn at(z: u32, (longitude, latitude): (f64, f64)) -> Self {
        let wide = f64::from(1_u32 << z);
        let latitude = latitude.clamp(-85.0, 85.0).to_radians();
        let across = (longitude + 180.0) / 360.0 * wide;
        let down = (1.0 - latitude.tan().asinh() / PI) / 2.0 * wide;
        let place = |value: f64| value.clamp(0.0, wide - 1.0) as u32;
        Self { z, x: place(across), y: place(down) }
    }

    /// Longitude and latitude of a place in it, in shares of its sides from the north-west corner.
    fn place(self, across: f64, down: f64) -> (f64, f64) {
        let wide = f64::from(1_u32 << self.z);
        let longitude = (f64::from(self.x) + across) / wide * 360.0 - 180.0;
        let latitude = (PI * (1.0 - 2.0 * (f64::from(self.y) + down) / wide)).sinh().atan().to_degrees();
        (longitude, latitude)
    }
}

/// Draws pictures into tiles.
pub struct Painter<'a> {
    picture: &'a Picture,
    source: Reduced,
    to_grid: Transform,
    bands: [usize; 3],
}

impl<'a> Painter<'a> {
    /// Opens a picture; `bands` are those drawn as red, green and blue.
    ///
    /// # Errors
    /// Where it cannot be read, or its CRS is not known.
    pub fn of(picture: &'a Picture, bands: [usize; 3]) -> Result<Self, ReportError> {
        let source = Reduced::open(&picture.path)?;
        let to_grid = Transform::new(Crs::LON_LAT, source.grid().crs)?;
        Ok(Self { picture, source, to_grid, bands })
    }

    /// Its tones, `SIDE` by `SIDE`; none where nothing of it was observed.
    ///
    /// # Errors
    /// Where pixels cannot be read.
    pub fn paint(&self, tile: Tile) -> Result<Option<Vec<u8>>, ReportError> {
        // Beside the places where the picture's CRS means anything there is nothing to draw.
        let Some(lattice) = self.lattice(tile) else { return Ok(None) };
        let grid = self.source.grid();
        let (low, high) = lattice.iter().fold((lattice[0], lattice[0]), |(low, high), at| {
            ((low.0.min(at.0), low.1.min(at.1)), (high.0.max(at.0), high.1.max(at.1)))
        });
        let bounds = Rect::new(Coord { x: low.0, y: low.1 }, Coord { x: high.0, y: high.1 });
        let window = grid.touched_by(bounds).grown(2, grid.whole());
        if window.is_empty() {
            return Ok(None);
        }
        // As many pixels of the picture as stand beside each other on one of the tile are read as one.
        let span = (high.0 - low.0).max(high.1 - low.1) / grid.pixel_width.max(grid.pixel_height);
        let factor = ((span / SIDE as f64).floor() as usize).max(1);
        let size = (window.rows.div_ceil(factor), window.cols.div_ceil(factor));
        let values = self.source.window(&self.bands, window, size)?;
        let read = Grid {
            rows: size.0,
            cols: size.1,
            pixel_width: grid.pixel_width * window.cols as f64 / size.1 as f64,
            pixel_height: grid.pixel_height * window.rows as f64 / size.0 as f64,
            ..grid.of_window(Window { ..window })
        };
        Ok(self.toned(&lattice, &read, &values))
    }

    /// Places of the lattice in the picture's CRS, row by row from the north-west.
    fn lattice(&self, tile: Tile) -> Option<Vec<(f64, f64)>> {
        let share = |step: usize| step as f64 / CELLS as f64;
        let nodes = (0..=CELLS).flat_map(|down| (0..=CELLS).map(move |across| (across, down)));
        let place = |(across, down)| {
            let (longitude, latitude) = tile.place(share(across), share(down));
            self.to_grid.point(longitude, latitude).ok()
        };
        nodes.map(place).collect()
    }

    fn toned(&self, lattice: &[(f64, f64)], grid: &Grid, values: &Array3<i16>) -> Option<Vec<u8>> {
        let stretch = self.bands.map(|band| self.picture.stretch.get(band).copied().unwrap_or((0.0, 1e4)));
        let whole = (grid.rows as f64, grid.cols as f64);
        let (mut tones, mut any) = (Vec::with_capacity(SIDE * SIDE * 3), false);
        for row in 0..SIDE {
            for col in 0..SIDE {
                let (x, y) = between(lattice, row, col);
                let at = grid.pixels(x, y);
                let pixel = sampled(values, at);
                any |= pixel.is_some();
                let is_line = (row + col) % UNSEEN.2 == 0;
                let is_inside = at.0 >= 0.0 && at.1 >= 0.0 && at.0 < whole.0 && at.1 < whole.1;
                let unseen = match (is_inside, is_line) {
                    (false, _) => BESIDE,
                    (true, false) => UNSEEN.0,
                    (true, true) => UNSEEN.1,
                };
                let tone = |(value, (black, white)): (f64, (f64, f64))| {
                    ((value - black) / (white - black).max(1.0) * 255.0).round().clamp(0.0, 255.0) as u8
                };
                let seen = pixel.map(|pixel| [0, 1, 2].map(|plane| tone((pixel[plane], stretch[plane]))));
                tones.extend(seen.unwrap_or(unseen));
            }
        }
        any.then_some(tones)
    }
}

/// The place of a pixel's middle, between the four corners of its cell of the lattice.
fn between(lattice: &[(f64, f64)], row: usize, col: usize) -> (f64, f64) {
    let cell = SIDE / CELLS;
    let (down, across) = (row / cell, col / cell);
    let share = |at: usize| ((at % cell) as f64 + 0.5) / cell as f64;
    let (south, east) = (share(row), share(col));
    let node = |down: usize, across: usize| lattice[down * (CELLS + 1) + across];
    let (a, b) = (node(down, across), node(down, across + 1));
    let (c, d) = (node(down + 1, across), node(down + 1, across + 1));
    let mix = |a: f64, b: f64, c: f64, d: f64| {
        (a * (1.0 - east) + b * east) * (1.0 - south) + (c * (1.0 - east) + d * east) * south
    };
    (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
}

/// Values at a place (row, col as real numbers from the outer corner), between the middles of its four neighbours as far as
/// these were observed; none where the pixel itself was not.
fn sampled(values: &Array3<i16>, (row, col): (f64, f64)) -> Option<[f64; 3]> {
    let (_, rows, cols) = values.dim();
    let inside = row >= 0.0 && col >= 0.0 && row < rows as f64 && col < cols as f64;
    if !inside || values[[0, row as usize, col as usize]] == NODATA {
        return None;
    }
    let (top, left) = (row - 0.5, col - 0.5);
    let (south, east) = (top - top.floor(), left - left.floor());
    let corners = [
        (0, 0, 1.0 - south, 1.0 - east),
        (0, 1, 1.0 - south, east),
        (1, 0, south, 1.0 - east),
        (1, 1, south, east),
    ];
    let (mut sum, mut weight) = ([0.0; 3], 0.0);
    for (down, across, a, b) in corners {
        let place = |at: f64, step: usize, most: usize| {
            (at.floor() + step as f64).clamp(0.0, (most - 1) as f64) as usize
        };
        let (row, col) = (place(top, down, rows), place(left, across, cols));
        let share = a * b;
        if share > 0.0 && values[[0, row, col]] != NODATA {
            (0..3).for_each(|plane| sum[plane] += share * f64::from(values[[plane, row, col]]));
            weight += share;
        }
    }
    (weight > 0.0).then(|| sum.map(|sum| sum / weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_lies_in_the_tile_that_everybody_else_says() {
        // Values of mercantile 1.2.1: tile(108.5, 41.57, 13), tile(22.15, 45.2, 9).
        assert_eq!(Tile::at(13, (108.5, 41.57)), Tile { z: 13, x: 6564, y: 3054 });
        assert_eq!(Tile::at(9, (22.15, 45.2)), Tile { z: 9, x: 287, y: 183 });
        let tile = Tile::at(13, (108.5, 41.57));
        let (west, north) = tile.place(0.0, 0.0);
        let (east, south) = tile.place(1.0, 1.0);
        assert!(west <= 108.5 && 108.5 < east && south < 41.57 && 41.57 <= north);
    }

    #[test]
    fn a_value_lies_between_its_neighbours_and_what_was_not_seen_pulls_nothing() {
        let mut values = Array3::from_shape_fn((3, 2, 2), |(_, row, col)| (100 * row + 10 * col) as i16);
        assert_eq!(sampled(&values, (1.0, 1.0)), Some([55.0; 3]));
        values[[0, 1, 1]] = NODATA;
        assert!((sampled(&values, (0.9, 0.9)).unwrap()[0] - 31.0).abs() < 8.0);
        assert_eq!(sampled(&values, (1.5, 1.5)), None);
        assert_eq!(sampled(&values, (-0.1, 0.5)), None);
    }
}
