//! Red lines on a grid: how much of each pixel lies inside.
//!
//! In:  polygons in the grid's CRS (`on_grid` brings them there), a grid, a window of it.
//! Out: the covered share 0 to 1 of each pixel, or whether there is any.
//! Law: a pixel has the same answer whatever the window; shares add up to the polygon's area.

use geo::{Area, BoundingRect, Coord, CoordsIter, LineString, MultiPolygon, Polygon};
use ndarray::Array2;

use crate::grid::crs::{CrsError, Transform};
use crate::grid::{Grid, Window};
use crate::redline::RedLine;

/// Largest distance, in pixels, between an edge and its true course after a change of CRS.
const MAX_BEND: f64 = 0.05;
/// Edges longer than this many tolerances are looked at in three places.
const LONG_EDGE: f64 = 2000.0;
/// An edge of less than this many times the bend that is allowed is straight enough unasked. Between a line that is straight
/// in degrees and one that is straight on a conformal map lies about length squared over eight earth radii, times the
/// tangent of the latitude (a tenth more was measured): 3.5 mm for the 150 m of a bend of 0.5 m (pixels of 10 m) at 82
/// degrees, 35 m for the 15 km of one of 50 m (pixels of 1 km).
const SHORT_EDGE: f64 = 300.0;
/// Largest number of times that an edge is halved.
const MAX_HALVINGS: usize = 14;

/// A red line on a grid.
#[derive(Debug, Clone)]
pub struct OnGrid {
    /// Its polygons in the grid's CRS.
    pub polygons: MultiPolygon<f64>,
    /// Pixels of the grid outside which it has no ground: most red lines are far from most windows.
    pub window: Window,
}

impl OnGrid {
    /// Polygons that are in the grid's CRS already.
    pub fn new(polygons: MultiPolygon<f64>, grid: &Grid) -> Self {
        let nothing = Window { row0: 0, col0: 0, rows: 0, cols: 0 };
        let window = polygons.bounding_rect().map_or(nothing, |bounds| grid.touched_by(bounds));
        Self { polygons, window }
    }
}

/// The polygons of a red line in the grid's CRS, edges bent with the projection (`to_grid`: from longitude and latitude).
///
/// # Errors
/// When a point cannot be brought to the grid's CRS.
pub fn on_grid(redline: &RedLine, grid: &Grid, to_grid: &Transform) -> Result<OnGrid, CrsError> {
    let (width, height) = (grid.pixel_width, grid.pixel_height);
    let polygons = bent(&redline.polygons, to_grid, MAX_BEND * width.min(height))?;
    Ok(OnGrid::new(polygons, grid))
}

/// Transforms polygons; an edge whose middle strays more than `tolerance` (target units) is halved.
///
/// Halving is symmetric, so that neighbours that share an edge still share it.
///
/// # Errors
/// When a point cannot be transformed.
pub fn bent(
    polygons: &MultiPolygon<f64>,
    transform: &Transform,
    tolerance: f64,
) -> Result<MultiPolygon<f64>, CrsError> {
    let ring = |ring: &LineString<f64>| bent_ring(ring, transform, tolerance);
    let polygon = |polygon: &Polygon<f64>| {
        let holes = polygon.interiors().iter().map(ring).collect::<Result<Vec<_>, CrsError>>()?;
        Ok(Polygon::new(ring(polygon.exterior())?, holes))
    };
    polygons.iter().map(polygon).collect::<Result<Vec<_>, CrsError>>().map(MultiPolygon::new)
}

fn bent_ring(
    ring: &LineString<f64>,
    transform: &Transform,
    tolerance: f64,
) -> Result<LineString<f64>, CrsError> {
    let to = |point: Coord<f64>| transform.point(point.x, point.y).map(|(x, y)| Coord { x, y });
    let mut result = Vec::with_capacity(ring.coords_count());
    let mut start: Option<Mapped> = None;
    for &point in &ring.0 {
        let end = (point, to(point)?);
        if let Some(start) = start {
            halve(start, end, (&to, tolerance), MAX_HALVINGS, &mut result)?;
        }
        result.push(end.1);
        start = Some(end);
    }
    Ok(LineString::new(result))
}

type Mapped = (Coord<f64>, Coord<f64>);

fn halve<F>(
    start: Mapped,
    end: Mapped,
    rule: (&F, f64),
    depth: usize,
    result: &mut Vec<Coord<f64>>,
) -> Result<(), CrsError>
where
    F: Fn(Coord<f64>) -> Result<Coord<f64>, CrsError>,
{
    if (end.1 - start.1).x.hypot((end.1 - start.1).y) < SHORT_EDGE * rule.1 {
        return Ok(());
    }
    let off = |mapped: Coord<f64>, part: f64| {
        let off = mapped - (start.1 + (end.1 - start.1) * part);
        off.x.hypot(off.y)
    };
    let strays = |part: f64| Ok(off((rule.0)(start.0 + (end.0 - start.0) * part)?, part));
    let middle = (start.0 + end.0) / 2.0;
    let mapped = (rule.0)(middle)?;
    let mut stray = off(mapped, 0.5);
    // An edge bent like an S returns to its chord in the middle; only long ones can.
    let long = (end.1 - start.1).x.hypot((end.1 - start.1).y) > LONG_EDGE * rule.1;
    if stray <= rule.1 && long {
        stray = strays(0.25)?.max(strays(0.75)?);
    }
    if stray <= rule.1 || depth == 0 {
        return Ok(());
    }
    let middle = (middle, mapped);
    halve(start, middle, rule, depth - 1, result)?;
    result.push(mapped);
    halve(middle, end, rule, depth - 1, result)
}

/// Whether each pixel holds ground of any of these red lines, which may overlap. Shape `(window.rows, window.cols)`.
///
/// Any share counts: a strip too narrow to hold the centre of a pixel is ground inside a red line too.
pub fn touched<'a>(lines: impl Iterator<Item = &'a OnGrid>, grid: &Grid, window: Window) -> Array2<bool> {
    let mut result = Array2::from_elem((window.rows, window.cols), false);
    for line in lines {
        let near = line.window.intersection(window);
        if near.is_empty() {
            continue;
        }
        for ((row, col), share) in coverage(&line.polygons, grid, near).indexed_iter() {
            result[(near.row0 - window.row0 + row, near.col0 - window.col0 + col)] |= *share > 0.0;
        }
    }
    result
}

/// Shares are rounded to this step, which hides the order of additions.
const SHARE_STEP: f64 = 1.0 / 4_194_304.0;

/// Covered share of each pixel, 0 to 1. Shape `(window.rows, window.cols)`.
///
/// The signed area between each edge and the east side of its row is summed (a trapezoid per pixel), which is
/// exact for valid polygons. The sum of shares times the area of a pixel is the polygon's area in the window.
pub fn coverage(polygons: &MultiPolygon<f64>, grid: &Grid, window: Window) -> Array2<f32> {
    let mut sums = Sums::new(window);
    // What a polygon beside the window adds to a row it takes away again.
    let meets = |polygon: &&Polygon<f64>| {
        let bounds = polygon.bounding_rect();
        bounds.is_some_and(|bounds| !grid.touched_by(bounds).intersection(window).is_empty())
    };
    for polygon in polygons.iter().filter(meets) {
        for (index, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
            // Holes take away, whatever their winding.
            let wanted = if index == 0 { 1.0 } else { -1.0 };
            let winding = Polygon::new(ring.clone(), Vec::new()).signed_area().signum();
            for line in ring.lines() {
                let local = |point: Coord<f64>| {
                    let (row, col) = grid.pixels(point.x, point.y);
                    (row - window.row0 as f64, col - window.col0 as f64)
                };
                sums.edge(local(line.start), local(line.end), wanted * winding);
            }
        }
    }
    sums.shares()
}

/// Per pixel: `area` covered by an edge's own trapezoid, `cover` that it adds to all pixels east of it.
struct Sums {
    area: Array2<f64>,
    cover: Array2<f64>,
}

impl Sums {
    fn new(window: Window) -> Self {
        let zeros = Array2::zeros((window.rows, window.cols));
        Self { area: zeros.clone(), cover: zeros }
    }

    /// An edge between two points given as (row, col) of the window.
    fn edge(&mut self, start: (f64, f64), end: (f64, f64), sign: f64) {
        let (rows, _) = self.area.dim();
        let ((row0, col0), (row1, col1)) = (start, end);
        if row0 == row1 {
            return;
        }
        let slope = (col1 - col0) / (row1 - row0);
        let (top, bottom) = (row0.min(row1).max(0.0), row0.max(row1).min(rows as f64));
        // South is down: an edge that runs south has the inside of a counter-clockwise ring to its east.
        let sign = sign * if row1 > row0 { 1.0 } else { -1.0 };
        let mut upper = top;
        while upper < bottom {
            let row = upper.floor();
            let lower = (row + 1.0).min(bottom);
            let at = |y: f64| col0 + (y - row0) * slope;
            self.strip(row as usize, (at(upper), at(lower)), sign * (lower - upper));
            upper = lower;
        }
    }

    /// A piece of an edge within one row, between two columns, of signed height `height`.
    fn strip(&mut self, row: usize, (a, b): (f64, f64), height: f64) {
        let (_, cols) = self.area.dim();
        let (west, east) = (a.min(b), a.max(b));
        let width = east - west;
        let from = west.floor().max(0.0);
        if from >= cols as f64 {
            return;
        }
        if west < 0.0 {
            // The part west of the window covers every pixel of the row.
            let part = if width > 0.0 { (east.min(0.0) - west) / width } else { 1.0 };
            self.add(row, 0, height * part, 1.0);
        }
        let mut left = west.max(0.0);
        let end = east.min(cols as f64);
        if width == 0.0 && west >= 0.0 {
            self.add(row, from as usize, height, from + 1.0 - west);
            return;
        }
        while left < end {
            let col = left.floor();
            let right = (col + 1.0).min(end);
            self.add(row, col as usize, height * (right - left) / width, col + 1.0 - (left + right) / 2.0);
            left = right;
        }
    }

    fn add(&mut self, row: usize, col: usize, height: f64, share: f64) {
        self.area[(row, col)] += height * share;
        self.cover[(row, col)] += height;
    }

    fn shares(self) -> Array2<f32> {
        let (rows, cols) = self.area.dim();
        let mut result = Array2::zeros((rows, cols));
        for row in 0..rows {
            let mut cover = 0.0;
            for col in 0..cols {
                let share = (cover + self.area[(row, col)]).clamp(0.0, 1.0);
                result[(row, col)] = ((share / SHARE_STEP).round() * SHARE_STEP) as f32;
                cover += self.cover[(row, col)];
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Crs;
    use crate::redline::Class;
    use geo::{Distance, Euclidean, Point, polygon};
    use proptest::prelude::*;

    fn grid() -> Grid {
        let crs = Crs::epsg(32649);
        Grid {
            rows: 40,
            cols: 50,
            origin_x: 1000.0,
            origin_y: 3000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs,
        }
    }

    fn star(radii: &[f64], centre: (f64, f64)) -> MultiPolygon<f64> {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let points = radii.iter().enumerate().map(|(index, radius)| {
            let (sine, cosine) = (step * index as f64).sin_cos();
            Coord { x: centre.0 + radius * cosine, y: centre.1 + radius * sine }
        });
        MultiPolygon::new(vec![Polygon::new(points.collect(), Vec::new())])
    }

    fn sum(shares: &Array2<f32>) -> f64 {
        shares.iter().map(|share| f64::from(*share)).sum()
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_area(
            radii in prop::collection::vec(5.0..180.0_f64, 3..40),
            x in 1200.0..1300.0_f64, y in 2790.0..2810.0_f64,
        ) {
            let star = star(&radii, (x, y));
            let found = sum(&coverage(&star, &grid(), grid().whole())) * 100.0;
            prop_assert!((found - star.unsigned_area()).abs() < 1e-5 * star.unsigned_area().max(1.0), "{found}");
        }

        #[test]
        fn a_polygon_and_its_complement_fill_every_pixel(
            radii in prop::collection::vec(5.0..180.0_f64, 3..40),
        ) {
            let star = star(&radii, (1250.0, 2800.0));
            let (west, south, east, north) = grid().bounds();
            let frame = polygon![(x: west, y: south), (x: east, y: south), (x: east, y: north), (x: west, y: north)];
            let hole = star.0[0].exterior().clone();
            let rest = MultiPolygon::new(vec![Polygon::new(frame.exterior().clone(), vec![hole])]);
            let whole = grid().whole();
            let (a, b) = (coverage(&star, &grid(), whole), coverage(&rest, &grid(), whole));
            prop_assert!(a.iter().zip(&b).all(|(a, b)| (a + b - 1.0).abs() < 1e-6));
        }

        #[test]
        fn a_pixel_has_the_same_answer_whatever_the_window(
            radii in prop::collection::vec(5.0..300.0_f64, 3..40), size in 3..30_usize,
        ) {
            let star = star(&radii, (1251.3, 2803.7));
            let whole = grid().whole();
            let shares = coverage(&star, &grid(), whole);
            for tile in whole.tiles(size) {
                let part = coverage(&star, &grid(), tile);
                for ((row, col), share) in part.indexed_iter() {
                    let at = (row + tile.row0, col + tile.col0);
                    prop_assert_eq!(share.to_bits(), shares[at].to_bits());
                }
            }
        }
    }

    #[test]
    fn ground_under_two_red_lines_is_inside() {
        let (a, b) = (star(&[90.0; 12], (1200.0, 2800.0)), star(&[120.0; 9], (1290.0, 2830.0)));
        let whole = grid().whole();
        let lines = [&a, &b].map(|line| OnGrid::new(line.clone(), &grid()));
        let both = touched(lines.iter(), &grid(), whole);
        let (a, b) = (coverage(&a, &grid(), whole), coverage(&b, &grid(), whole));
        let either = a.iter().zip(&b).map(|(a, b)| *a > 0.0 || *b > 0.0);
        assert!(both.iter().copied().eq(either));
    }

    #[test]
    fn a_strip_between_the_centres_of_pixels_is_ground_too() {
        // 3 m wide, between the centres of a row of 10 m.
        let strip = polygon![(x: 1101.0, y: 2801.0), (x: 1199.0, y: 2801.0), (x: 1199.0, y: 2804.0), (x: 1101.0, y: 2804.0)];
        let line = OnGrid::new(MultiPolygon::new(vec![strip]), &grid());
        let touched = touched([&line].into_iter(), &grid(), grid().whole());
        assert_eq!(touched.iter().filter(|touched| **touched).count(), 10);
    }

    #[test]
    fn a_long_edge_is_bent_with_the_projection() {
        let polygons = MultiPolygon::new(vec![
            polygon![(x: 108.0, y: 41.0), (x: 110.0, y: 41.0), (x: 110.0, y: 42.0), (x: 108.0, y: 42.0)],
        ]);
        let redline = RedLine {
            id: "1".to_owned(),
            name: String::new(),
            class: Class::Grassland,
            land: None,
            layer: 0,
            polygons,
            repair: None,
        };
        let to_grid = Transform::new(Crs::LON_LAT, grid().crs).unwrap();
        let bent = on_grid(&redline, &grid(), &to_grid).unwrap().polygons;
        let transform = Transform::new(Crs::LON_LAT, grid().crs).unwrap();
        for part in 1..200 {
            let (x, y) = transform.point(108.0 + 0.01 * f64::from(part), 41.0).unwrap();
            let off = Euclidean.distance(&Point::new(x, y), bent.0[0].exterior());
            assert!(off < 0.1 * 10.0, "{off} m at {part}");
        }
    }
}
