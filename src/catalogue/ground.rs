//! Which ground is asked for: of a server a box, of a picture the window over the red lines.
//!
//! Law: no red line leaves this machine. What leaves it is one box in whole hundredths of a degree, rounded outwards.
//!      A window begins and ends at the cells in which a scan compares, with a cell to spare on each side: a scan of clips
//!      sees what a scan of whole pictures of the same grid sees.

use geo::{BoundingRect, Coord, Intersects, MultiPolygon, Rect};

use crate::baseline::{CELL, RING};
use crate::grid::crs::{CrsError, Transform};
use crate::grid::{Crs, Grid, Window};

/// Parts of a degree to which a box is rounded: about a kilometre.
const PARTS: f64 = 100.0;

/// A box in degrees: west, south, east, north.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds(pub [f64; 4]);

impl Bounds {
    /// `W,S,E,N` as a person writes it, rounded outwards.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<f64> =
            text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
        Self::of_numbers(&numbers).map(Self::rounded)
    }

    /// Four numbers, or six with heights between, as STAC writes them; none that lie on no map.
    pub fn of_numbers(numbers: &[f64]) -> Option<Self> {
        let [west, south, east, north] = match numbers {
            [west, south, east, north] | [west, south, _, east, north, _] => [*west, *south, *east, *north],
            _ => return None,
        };
        let is_on_map = (-180.0..=180.0).contains(&west)
            && (-180.0..=180.0).contains(&east)
            && (-90.0..=90.0).contains(&south)
            && (-90.0..=90.0).contains(&north);
        (is_on_map && west <= east && south <= north).then_some(Self([west, south, east, north]))
    }

    /// The box around polygons in degrees, rounded outwards.
    pub fn around<'a>(polygons: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Option<Self> {
        let rects = polygons.filter_map(BoundingRect::bounding_rect);
        let all = rects.reduce(|a, b| {
            let least = Coord { x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y) };
            let most = Coord { x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y) };
            Rect::new(least, most)
        })?;
        Some(Self([all.min().x, all.min().y, all.max().x, all.max().y]).rounded())
    }

    fn rounded(self) -> Self {
        let [west, south, east, north] = self.0;
        let (down, up) =
            (|value: f64| (value * PARTS).floor() / PARTS, |value: f64| (value * PARTS).ceil() / PARTS);
        Self([down(west), down(south), up(east), up(north)])
    }

    /// The same as a rectangle.
    pub fn rect(self) -> Rect<f64> {
        let [west, south, east, north] = self.0;
        Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north })
    }

    /// Whether two boxes touch.
    pub fn meets(self, other: Self) -> bool {
        self.rect().intersects(&other.rect())
    }
}

/// The window of a picture's grid over all red lines that lie on it, with `buffer` pixels around them; `None` beside them.
pub fn window(grid: &Grid, lines: &[MultiPolygon<f64>], buffer: usize) -> Result<Option<Window>, CrsError> {
    let transform = Transform::new(Crs::LON_LAT, grid.crs)?;
    let mut found: Option<Window> = None;
    for line in lines {
        let Some(rect) = transform.polygons(line)?.bounding_rect() else { continue };
        let window = grid.touched_by(rect);
        if !window.is_empty() {
            found = Some(found.map_or(window, |before| before.around(window)));
        }
    }
    let grow = |window: Window| {
        let margin = buffer.max(RING);
        cells(cells(window, grid).grown(margin, grid.whole()), grid)
    };
    Ok(found.map(grow))
}

/// The same window, outwards to whole cells.
fn cells(window: Window, grid: &Grid) -> Window {
    let (row0, col0) = (window.row0 / CELL * CELL, window.col0 / CELL * CELL);
    let end = |end: usize, most: usize| (end.div_ceil(CELL) * CELL).min(most);
    let (row_end, col_end) = (end(window.row_end(), grid.rows), end(window.col_end(), grid.cols));
    Window { row0, col0, rows: row_end - row0, cols: col_end - col0 }
}

/// The window of another band of the same scene over the same ground, outwards to its pixels.
pub fn same_ground(fine: &Grid, window: Window, grid: &Grid) -> Window {
    let (west, south, east, north) = fine.of_window(window).bounds();
    // A thousandth of a pixel is rounding, not ground.
    let (x, y) = (grid.pixel_width * 1e-3, grid.pixel_height * 1e-3);
    grid.touched_by(Rect::new(Coord { x: west + x, y: south + y }, Coord { x: east - x, y: north - y }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(side: usize, metres: f64) -> Grid {
        Grid {
            rows: side,
            cols: side,
            origin_x: 499_980.0,
            origin_y: 4_600_020.0,
            pixel_width: metres,
            pixel_height: metres,
            crs: Crs::epsg(32650),
        }
    }

    #[test]
    fn what_a_server_is_asked_is_a_rounded_box() {
        assert_eq!(
            Bounds::parse("116.123,42.001, 116.2 ,42.0199"),
            Some(Bounds([116.12, 42.0, 116.2, 42.02]))
        );
        for wrong in ["116,42,115,43", "116,42,117", "a,b,c,d", "116,42,117,91", "NaN,1,2,3", "1,2,inf,4"] {
            assert_eq!(Bounds::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Bounds::of_numbers(&[1.0, 2.0, 0.0, 3.0, 4.0, 9.0]), Some(Bounds([1.0, 2.0, 3.0, 4.0])));
    }

    #[test]
    fn a_window_is_whole_cells_with_one_to_spare() {
        let fine = grid(2048, 10.0);
        let transform = Transform::new(fine.crs, Crs::LON_LAT).unwrap();
        let (x, y) = fine.world(640.0, 900.0);
        let square = Rect::new(Coord { x, y: y - 500.0 }, Coord { x: x + 500.0, y }).to_polygon();
        let line = transform.polygons(&MultiPolygon(vec![square])).unwrap();
        let window = window(&fine, std::slice::from_ref(&line), 0).unwrap().unwrap();
        assert!(window.row0.is_multiple_of(CELL) && window.col0.is_multiple_of(CELL));
        assert!(
            window.row0 + RING <= 640 && window.row_end() >= 690 + RING && window.rows <= 5 * CELL,
            "{window:?}"
        );
        let coarse = grid(1024, 20.0);
        let same = same_ground(&fine, window, &coarse);
        assert_eq!(
            (same.row0 * 2, same.rows * 2, same.col0 * 2, same.cols * 2),
            (window.row0, window.rows, window.col0, window.cols)
        );
        let elsewhere = Grid { origin_x: 900_000.0, ..fine };
        assert_eq!(super::window(&elsewhere, &[line], 0).unwrap(), None);
    }
}
