//! Where pixels lie: shape, origin, pixel size and CRS. Row before column, x before y.
//!
//! Law: every raster carries its grid; two grids are the same only if they say so.

pub mod crs;
pub mod datum;

use std::fmt;

use geo::{Distance, Geodesic, Point, Rect};
use serde::{Deserialize, Serialize};

pub use crs::Crs;
use crs::{CrsError, Transform};

/// Scale of a CRS on the ground that counts as true: 3-degree zones and UTM stay within 0.2 %.
const TRUE_METRES: f64 = 0.005;

/// A north-up raster grid in a projected or geographic CRS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// x of the outer corner of pixel (0, 0), in CRS units.
    pub origin_x: f64,
    /// y of the outer corner of pixel (0, 0), in CRS units.
    pub origin_y: f64,
    /// Width of a pixel in CRS units, positive.
    pub pixel_width: f64,
    /// Height of a pixel in CRS units, positive (rows run from north to south).
    pub pixel_height: f64,
    /// The CRS of the coordinates.
    pub crs: Crs,
}

/// A rectangle of pixels of a grid, `row0..row0+rows` by `col0..col0+cols`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First row.
    pub row0: usize,
    /// First column.
    pub col0: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
}

/// One pixel of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pixel {
    /// Row, 0 at the north edge.
    pub row: usize,
    /// Column, 0 at the west edge.
    pub col: usize,
}

impl Grid {
    /// World coordinates of a point given in pixels (row, col as real numbers; (0, 0) is the outer corner).
    pub fn world(&self, row: f64, col: f64) -> (f64, f64) {
        (self.origin_x + col * self.pixel_width, self.origin_y - row * self.pixel_height)
    }

    /// Pixel coordinates (row, col as real numbers, outer corner of the grid is (0, 0)) of a world point.
    pub fn pixels(&self, x: f64, y: f64) -> (f64, f64) {
        ((self.origin_y - y) / self.pixel_height, (x - self.origin_x) / self.pixel_width)
    }

    /// The pixel that holds a world point, if it lies on the grid.
    pub fn pixel_at(&self, x: f64, y: f64) -> Option<Pixel> {
        let (row, col) = self.pixels(x, y);
        let inside = row >= 0.0 && col >= 0.0 && row < self.rows as f64 && col < self.cols as f64;
        inside.then_some(Pixel { row: row as usize, col: col as usize })
    }

    /// The whole grid as a window.
    pub fn whole(&self) -> Window {
        Window { row0: 0, col0: 0, rows: self.rows, cols: self.cols }
    }

    /// The window of the pixels that a rectangle in CRS units touches; empty where it lies beside the grid.
    pub fn touched_by(&self, bounds: Rect<f64>) -> Window {
        let (top, left) = self.pixels(bounds.min().x, bounds.max().y);
        let (bottom, right) = self.pixels(bounds.max().x, bounds.min().y);
        let cut = |value: f64, most: usize| value.clamp(0.0, most as f64) as usize;
        let (row0, col0) = (cut(top.floor(), self.rows), cut(left.floor(), self.cols));
        let (row_end, col_end) = (cut(bottom.ceil(), self.rows), cut(right.ceil(), self.cols));
        Window { row0, col0, rows: row_end.saturating_sub(row0), cols: col_end.saturating_sub(col0) }
    }

    /// `(min x, min y, max x, max y)` in CRS units.
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        let (max_x, min_y) = self.world(self.rows as f64, self.cols as f64);
        (self.origin_x, min_y, max_x, self.origin_y)
    }

    /// The grid of a window of this grid.
    pub fn of_window(&self, window: Window) -> Grid {
        let (origin_x, origin_y) = self.world(window.row0 as f64, window.col0 as f64);
        Grid { rows: window.rows, cols: window.cols, origin_x, origin_y, ..self.clone() }
    }

    /// Whether the pixels of `other` coincide with pixels of this grid: same CRS, same size, and
    /// origins that differ by whole pixels within a thousandth of a pixel.
    pub fn is_aligned_with(&self, other: &Grid) -> bool {
        let (row, col) = self.pixels(other.origin_x, other.origin_y);
        let whole = |value: f64| (value - value.round()).abs() < 1e-3;
        let same = |a: f64, b: f64| (a - b).abs() < 1e-6 * a.abs();
        self.crs == other.crs
            && same(self.pixel_width, other.pixel_width)
            && same(self.pixel_height, other.pixel_height)
            && whole(row)
            && whole(col)
    }

    /// Whether two grids lie over each other anywhere (same CRS only).
    pub fn overlaps(&self, other: &Grid) -> bool {
        let (a, b) = (self.bounds(), other.bounds());
        self.crs == other.crs && a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
    }

    /// Whether two grids cover the same ground, each edge to a pixel of the coarser one (same CRS only).
    pub fn covers_like(&self, other: &Grid) -> bool {
        let (a, b) = (self.bounds(), other.bounds());
        let (width, height) =
            (self.pixel_width.max(other.pixel_width), self.pixel_height.max(other.pixel_height));
        let is_near = |a: f64, b: f64, pixel: f64| (a - b).abs() <= pixel * (1.0 + 1e-6);
        self.crs == other.crs
            && is_near(a.0, b.0, width)
            && is_near(a.2, b.2, width)
            && is_near(a.1, b.1, height)
            && is_near(a.3, b.3, height)
    }

    /// Ground size of a pixel in metres, (width, height), at the middle of the grid: geodesic.
    ///
    /// A CRS whose unit is a metre on the ground within `TRUE_METRES` keeps its own pixel size; degrees and
    /// Web Mercator do not. Meant for filters, lengths and scale bars, never for areas of leads.
    ///
    /// # Errors
    /// When the middle of the grid has no longitude and latitude.
    pub fn pixel_metres(&self) -> Result<(f64, f64), CrsError> {
        let transform = Transform::new(self.crs, Crs::LON_LAT)?;
        let (row, col) = (self.rows as f64 / 2.0, self.cols as f64 / 2.0);
        let place = |row: f64, col: f64| {
            let (x, y) = self.world(row, col);
            transform.point(x, y).map(|(longitude, latitude)| Point::new(longitude, latitude))
        };
        let middle = place(row, col)?;
        let width = Geodesic.distance(middle, place(row, col + 1.0)?);
        let height = Geodesic.distance(middle, place(row + 1.0, col)?);
        let is_true = |own: f64, ground: f64| (own / ground - 1.0).abs() < TRUE_METRES;
        let own = (self.pixel_width, self.pixel_height);
        let keeps = !self.crs.is_geographic() && is_true(own.0, width) && is_true(own.1, height);
        Ok(if keeps { own } else { (width, height) })
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} x {} px of {} x {} from ({}, {}) in {}",
            self.rows, self.cols, self.pixel_width, self.pixel_height, self.origin_x, self.origin_y, self.crs
        )
    }
}

impl Window {
    /// Number of pixels.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether there is no pixel in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row after the last.
    pub fn row_end(&self) -> usize {
        self.row0 + self.rows
    }

    /// Column after the last.
    pub fn col_end(&self) -> usize {
        self.col0 + self.cols
    }

    /// The window grown by `margin` pixels on each side, cut to `limit`.
    pub fn grown(&self, margin: usize, limit: Window) -> Window {
        let row0 = self.row0.saturating_sub(margin).max(limit.row0);
        let col0 = self.col0.saturating_sub(margin).max(limit.col0);
        let row_end = (self.row_end() + margin).min(limit.row_end());
        let col_end = (self.col_end() + margin).min(limit.col_end());
        Window { row0, col0, rows: row_end.saturating_sub(row0), cols: col_end.saturating_sub(col0) }
    }

    /// The smallest window that holds both.
    pub fn around(self, other: Window) -> Window {
        let (row0, col0) = (self.row0.min(other.row0), self.col0.min(other.col0));
        let (row_end, col_end) = (self.row_end().max(other.row_end()), self.col_end().max(other.col_end()));
        Window { row0, col0, rows: row_end - row0, cols: col_end - col0 }
    }

    /// What two windows share; empty when nothing.
    pub fn intersection(&self, other: Window) -> Window {
        let row0 = self.row0.max(other.row0);
        let col0 = self.col0.max(other.col0);
        let rows = self.row_end().min(other.row_end()).saturating_sub(row0);
        let cols = self.col_end().min(other.col_end()).saturating_sub(col0);
        Window { row0, col0, rows, cols }
    }

    /// Windows of at most `size` pixels a side that cover this one, row by row.
    pub fn tiles(&self, size: usize) -> Vec<Window> {
        let mut tiles = Vec::new();
        for row0 in (self.row0..self.row_end()).step_by(size) {
            for col0 in (self.col0..self.col_end()).step_by(size) {
                let tile = Window { row0, col0, rows: size, cols: size };
                tiles.push(tile.intersection(*self));
            }
        }
        tiles
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows {}..{}, columns {}..{}", self.row0, self.row_end(), self.col0, self.col_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid {
            rows: 50,
            cols: 40,
            origin_x: 500_000.0,
            origin_y: 4_600_000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs: Crs::epsg(32649),
        }
    }

    #[test]
    fn world_and_back_is_the_same_pixel() {
        let (x, y) = grid().world(12.5, 7.5);
        assert_eq!(grid().pixel_at(x, y), Some(Pixel { row: 12, col: 7 }));
        assert_eq!(grid().pixel_at(x - 1e6, y), None);
    }

    #[test]
    fn a_grid_shifted_by_half_a_pixel_is_not_aligned() {
        let mut other = grid();
        other.origin_x += 20.0;
        assert!(grid().is_aligned_with(&other));
        other.origin_x += 5.0;
        assert!(!grid().is_aligned_with(&other));
    }

    #[test]
    fn a_pixel_of_web_mercator_is_smaller_on_the_ground_than_its_unit_says() {
        assert_eq!(grid().pixel_metres().unwrap(), (10.0, 10.0));
        let (x, y) = Transform::new(Crs::LON_LAT, Crs::epsg(3857)).unwrap().point(109.0, 41.5).unwrap();
        let mercator = Grid { origin_x: x, origin_y: y, crs: Crs::epsg(3857), ..grid() };
        let (width, height) = mercator.pixel_metres().unwrap();
        let shrunk = 10.0 * 41.5_f64.to_radians().cos();
        assert!(
            (width / shrunk - 1.0).abs() < 0.005 && (height / shrunk - 1.0).abs() < 0.005,
            "{width} {height}"
        );
    }

    #[test]
    fn tiles_cover_the_window_once() {
        let window = Window { row0: 3, col0: 5, rows: 100, cols: 70 };
        let tiles = window.tiles(32);
        assert_eq!(tiles.iter().map(Window::len).sum::<usize>(), window.len());
        assert!(tiles.iter().all(|tile| tile.intersection(window) == *tile));
    }
}
