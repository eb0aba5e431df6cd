//! Outlines on the ground and the pixels they cover.
//!
//! In:  rectangles, circles, blobs, strips in pixel coordinates (row, col). Out: rings, areas, `Cell`s.
//! Law: coverage is exact along rows and sampled eight times down a pixel; outlines are built from
//! exactly rounded arithmetic (no sine or cosine), so that they are the same on every machine.

use super::noise::Draw;

/// A point in pixels: (row, col), (0, 0) the outer corner of the grid.
pub type Point = (f64, f64);

/// A closed outline, star-shaped about its centre (strips excepted).
#[derive(Debug, Clone)]
pub struct Shape {
    /// Vertices, first not repeated.
    pub ring: Vec<Point>,
    /// Middle.
    pub centre: Point,
}

/// A pixel that a shape touches.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Row of the pixel.
    pub row: u32,
    /// Column of the pixel.
    pub col: u32,
    /// Share of the pixel that is covered (hard shapes), or the strength of a soft shape there, 0 to 1.
    pub cover: f32,
    /// Distance from the centre over that of the outline: 0 in the middle, 1 on the outline.
    pub ring: f32,
}

/// A random direction as a unit vector.
pub fn direction(draw: &mut Draw) -> Point {
    loop {
        let (row, col) = (draw.between(-1.0, 1.0), draw.between(-1.0, 1.0));
        let square = row * row + col * col;
        if (0.05..=1.0).contains(&square) {
            let length = square.sqrt();
            return (row / length, col / length);
        }
    }
}

/// 48 unit vectors once round, by repeated turns of 7.5 degrees.
fn compass() -> Vec<Point> {
    const TURN: Point = (0.130_526_192_220_051_6, 0.991_444_861_373_810_4);
    let mut at = (0.0, 1.0);
    (0..48)
        .map(|_| {
            let here = at;
            at = (here.0 * TURN.1 + here.1 * TURN.0, here.1 * TURN.1 - here.0 * TURN.0);
            here
        })
        .collect()
}

impl Shape {
    /// A rectangle turned so that its long side runs along `along`.
    pub fn rectangle(centre: Point, length: f64, width: f64, along: Point) -> Self {
        let corner = |a: f64, b: f64| {
            let (a, b) = (0.5 * a * length, 0.5 * b * width);
            (centre.0 + a * along.0 - b * along.1, centre.1 + a * along.1 + b * along.0)
        };
        Self { ring: vec![corner(-1., -1.), corner(-1., 1.), corner(1., 1.), corner(1., -1.)], centre }
    }

    /// A 48-gon with the area of a circle of this radius.
    pub fn circle(centre: Point, radius: f64) -> Self {
        // Area of the 48-gon on the unit circle over pi: 24 sin(7.5 degrees) / pi.
        let reach = radius / (24.0 * 0.130_526_192_220_051_6 / std::f64::consts::PI).sqrt();
        let ring = compass().into_iter().map(|(row, col)| (centre.0 + reach * row, centre.1 + reach * col));
        Self { ring: ring.collect(), centre }
    }

    /// An irregular outline about `radius` from the centre, stretched, with lobes of relative size `rough`.
    pub fn blob(centre: Point, radius: f64, rough: f64, draw: &mut Draw) -> Self {
        let (along, stretch) = (direction(draw), draw.between(1.0, 1.7));
        let mut knots: Vec<f64> = (0..12).map(|_| 1.0 + rough * draw.normal().clamp(-1.8, 1.8)).collect();
        knots.push(knots[0]);
        let fine: Vec<f64> = (0..48).map(|_| 1.0 + 0.25 * rough * draw.normal()).collect();
        let ring = compass().into_iter().enumerate().map(|(index, (row, col))| {
            let (knot, part) = (index / 4, (index % 4) as f64 / 4.0);
            let part = part * part * (3.0 - 2.0 * part);
            let lobe = (knots[knot] + (knots[knot + 1] - knots[knot]) * part) * fine[index];
            let reach = radius * lobe.max(0.25);
            let (a, b) = (reach * row * stretch.sqrt(), reach * col / stretch.sqrt());
            (centre.0 + a * along.0 - b * along.1, centre.1 + a * along.1 + b * along.0)
        });
        Self { ring: ring.collect(), centre }
    }

    /// A strip of this width along a line.
    pub fn strip(line: &[Point], width: f64) -> Self {
        let side = |index: usize, half: f64| {
            let before = line[index.saturating_sub(1)];
            let after = line[(index + 1).min(line.len() - 1)];
            let (down, right) = (after.0 - before.0, after.1 - before.1);
            let length = (down * down + right * right).sqrt().max(1e-9);
            (line[index].0 - half * right / length, line[index].1 + half * down / length)
        };
        let left = (0..line.len()).map(|index| side(index, 0.5 * width));
        let right = (0..line.len()).rev().map(|index| side(index, -0.5 * width));
        Self { ring: left.chain(right).collect(), centre: line[line.len() / 2] }
    }

    /// Area in pixels by the shoelace formula.
    pub fn area(&self) -> f64 {
        let twice: f64 = self.edges().map(|(a, b)| a.1 * b.0 - b.1 * a.0).sum();
        0.5 * twice.abs()
    }

    /// Each side from vertex to vertex, closing side last.
    pub fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let next = self.ring.iter().cycle().skip(1);
        self.ring.iter().copied().zip(next.copied())
    }

    /// Distance of the farthest vertex from the centre.
    pub fn reach(&self) -> f64 {
        let square = |p: &Point| (p.0 - self.centre.0).powi(2) + (p.1 - self.centre.1).powi(2);
        self.ring.iter().map(square).fold(0.0, f64::max).sqrt()
    }

    /// Whether a point lies inside (even-odd rule).
    pub fn contains(&self, point: Point) -> bool {
        self.crossings(point.0).iter().filter(|col| **col > point.1).count() % 2 == 1
    }

    /// Columns where the outline crosses a line of constant row, ascending.
    fn crossings(&self, row: f64) -> Vec<f64> {
        let mut cols: Vec<f64> = self
            .edges()
            .filter(|(a, b)| (a.0 <= row) != (b.0 <= row))
            .map(|(a, b)| a.1 + (row - a.0) / (b.0 - a.0) * (b.1 - a.1))
            .collect();
        cols.sort_by(f64::total_cmp);
        cols
    }

    /// Distance of a point from the centre over that of the outline in the same direction.
    fn gauge(&self, point: Point) -> f64 {
        let (down, right) = (point.0 - self.centre.0, point.1 - self.centre.1);
        let mut gauge = 0.0_f64;
        for (a, b) in self.edges() {
            let (a, b) =
                ((a.0 - self.centre.0, a.1 - self.centre.1), (b.0 - self.centre.0, b.1 - self.centre.1));
            // The point is p a + q b with p, q >= 0 exactly where this side faces it; then p + q is the gauge.
            let det = a.0 * b.1 - a.1 * b.0;
            let p = (down * b.1 - right * b.0) / det;
            let q = (a.0 * right - a.1 * down) / det;
            if det != 0.0 && p >= 0.0 && q >= 0.0 {
                gauge = gauge.max(p + q);
            }
        }
        gauge
    }

    /// The pixels inside a grid that the shape covers, row by row, with exact shares along rows.
    pub fn cells(&self, rows: usize, cols: usize) -> Vec<Cell> {
        const LINES: usize = 8;
        let (top, bottom) = self.row_range(rows, 1.0);
        let mut cells = Vec::new();
        let mut shares = vec![0.0_f64; cols];
        for row in top..bottom {
            let (mut left, mut right) = (cols, 0);
            for line in 0..LINES {
                let crossings = self.crossings(row as f64 + (line as f64 + 0.5) / LINES as f64);
                for span in crossings.chunks_exact(2) {
                    let (from, to) = (span[0].clamp(0.0, cols as f64), span[1].clamp(0.0, cols as f64));
                    (left, right) = (left.min(from as usize), right.max((to.ceil() as usize).min(cols)));
                    for (col, share) in shares.iter_mut().enumerate().take(right).skip(from as usize) {
                        let inside = to.min(col as f64 + 1.0) - from.max(col as f64);
                        *share += inside.max(0.0) / LINES as f64;
                    }
                }
            }
            for (col, share) in shares.iter_mut().enumerate().take(right).skip(left) {
                if *share > 0.0 {
                    cells.push(self.cell((row, col), *share));
                }
                *share = 0.0;
            }
        }
        cells
    }

    /// The pixels of a soft shape: strength 1 inside 0.4 of the outline, half on it, 0 at 1.6.
    pub fn soft_cells(&self, rows: usize, cols: usize) -> Vec<Cell> {
        let (top, bottom) = self.row_range(rows, 1.6);
        let reach = 1.6 * self.reach();
        let first = (self.centre.1 - reach).clamp(0.0, cols as f64) as usize;
        let last = (self.centre.1 + reach + 1.0).clamp(0.0, cols as f64) as usize;
        let places = (top..bottom).flat_map(|row| (first..last).map(move |col| (row, col)));
        let cells = places.map(|place| {
            let cell = self.cell(place, 1.0);
            Cell { cover: 1.0 - super::noise::ramp(cell.ring, 0.4, 1.6), ..cell }
        });
        cells.filter(|cell| cell.cover > 0.0).collect()
    }

    fn cell(&self, (row, col): (usize, usize), cover: f64) -> Cell {
        let ring = if self.ring.len() > 60 { 0.0 } else { self.gauge((row as f64 + 0.5, col as f64 + 0.5)) };
        Cell { row: row as u32, col: col as u32, cover: cover.min(1.0) as f32, ring: ring as f32 }
    }

    fn row_range(&self, rows: usize, grow: f64) -> (usize, usize) {
        let low = self.ring.iter().map(|point| point.0).fold(f64::MAX, f64::min);
        let high = self.ring.iter().map(|point| point.0).fold(f64::MIN, f64::max);
        let extra = (grow - 1.0) * self.reach();
        let limit = |row: f64| row.clamp(0.0, rows as f64) as usize;
        (limit((low - extra).floor()), limit((high + extra).ceil()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covered_pixels_add_up_to_the_area_of_the_outline() {
        let mut draw = Draw::new(4, "test", 0, 0);
        let along = direction(&mut draw);
        let shapes = [
            Shape::rectangle((40.3, 50.9), 21.0, 9.0, along),
            Shape::circle((50.0, 50.0), 12.5),
            Shape::blob((50.2, 47.7), 14.0, 0.2, &mut draw),
            Shape::strip(&[(10.0, 5.0), (40.0, 33.0), (90.0, 60.0)], 1.2),
        ];
        for shape in shapes {
            let sum: f64 = shape.cells(100, 100).iter().map(|cell| f64::from(cell.cover)).sum();
            assert!((sum / shape.area() - 1.0).abs() < 0.01, "{sum} {}", shape.area());
        }
    }

    #[test]
    fn a_circle_has_the_area_of_its_radius() {
        let area = Shape::circle((0.0, 0.0), 10.0).area();
        assert!((area / (100.0 * std::f64::consts::PI) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_gauge_is_1_on_the_outline_and_half_of_it_half_way() {
        let shape = Shape::circle((20.0, 20.0), 10.0);
        let vertex = shape.ring[5];
        assert!((shape.gauge(vertex) - 1.0).abs() < 1e-9);
        let half = (0.5 * (vertex.0 + 20.0), 0.5 * (vertex.1 + 20.0));
        assert!((shape.gauge(half) - 0.5).abs() < 1e-9);
    }
}
