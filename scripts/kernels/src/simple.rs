//! The simple job of `scripts/reference/speed/simple.py`, done by the rooms of Steppewatch: one fixed rule on two dates.
//!
//! In:  SCENES, a folder of two dates with red, near infrared and SCL; LINES, red lines.
//! Out: OUT, GeoJSON in longitude and latitude: where NDVI of 0.30 at least fell by 0.15, clear on both dates, inside a
//!      red line; groups of fewer than 25 px left out and holes of fewer than 25 px filled; `area_m2` on the ellipsoid.
//! Law: no detector stands behind it; it says what reading, masking, outlines and areas cost by themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use geo::{Coord, LineString, MapCoords, MultiPolygon, Polygon};
use rayon::prelude::*;
use steppewatch::grid::crs::Transform;
use steppewatch::grid::{Crs, Grid, Window};
use steppewatch::patch::label::{Component, Labeller, parts};
use steppewatch::read::{self, Reader, Readers};
use steppewatch::redline::coverage::{self, OnGrid};
use steppewatch::redline::{self, Class};
use steppewatch::scene::{Band, Scene};
use steppewatch::weigh::overlap::geodesic_area;

const LEAST_NDVI: f32 = 0.30;
const LEAST_LOSS: f32 = 0.15;
/// Pixels of a group, or of a hole, that counts.
const SIEVE: usize = 25;
/// Rows read at a time: those of a block.
const STRIP: usize = 512;

/// Does the job; says how many polygons there are and what they cover.
pub fn job(scenes: &Path, lines: &Path, out: &Path) -> Result<(), String> {
    let found = read::scenes(scenes, None).map_err(|error| error.to_string())?;
    let [before, after] = found.scenes.as_slice() else {
        return Err(format!("{}: expected 2 scenes, found {}", scenes.display(), found.scenes.len()));
    };
    let grid = before.grid().cloned().ok_or("the first scene has no band")?;
    let readers = Readers::default();
    let strips: Vec<Window> = (0..grid.rows)
        .step_by(STRIP)
        .map(|row0| Window { row0, rows: STRIP, ..grid.whole() }.intersection(grid.whole()))
        .collect();
    let one = |strip: &Window| readers.with(|reader| lost(reader, (before, after), &grid, *strip));
    let pixels = || strips.par_iter().map(one).collect::<Result<Vec<Vec<i16>>, String>>();
    let (lines, masks) = rayon::join(|| on_grid(lines, &grid), pixels);
    let (lines, mut masks) = (lines?, masks?);
    strips.par_iter().zip(&mut masks).for_each(|(strip, mask)| {
        let inside = coverage::touched(lines.iter(), &grid, *strip);
        mask.iter_mut().zip(&inside).for_each(|(value, inside)| *value &= i16::from(*inside));
    });
    let mut labeller = Labeller::new(1);
    for (strip, mask) in strips.iter().zip(&masks) {
        let rows = mask.chunks_exact(grid.cols).zip(strip.row0..);
        rows.for_each(|(values, row)| labeller.add_row(row, 0, values));
    }
    let groups: Vec<Component> =
        labeller.finish(1).into_iter().filter(|group| group.len() >= SIEVE).collect();
    let transform = Transform::new(grid.crs, Crs::LON_LAT).map_err(|error| error.to_string())?;
    let mut text = r#"{"type":"FeatureCollection","features":["#.to_owned();
    for (number, group) in groups.iter().enumerate() {
        let shape = on_earth(outline(group), &grid, &transform)?;
        let area = geodesic_area(&MultiPolygon(vec![shape.clone()])).0;
        let rings: Vec<String> =
            std::iter::once(shape.exterior()).chain(shape.interiors()).map(ring).collect();
        let comma = if number > 0 { "," } else { "" };
        write!(
            text,
            "{comma}\n{{\"type\":\"Feature\",\"properties\":{{\"area_m2\":{area:.1}}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[{}]}}}}",
            rings.join(",")
        )
        .map_err(|error| error.to_string())?;
    }
    text.push_str("\n]}\n");
    std::fs::write(out, text).map_err(|error| format!("{}: {error}", out.display()))
}

fn on_grid(lines: &Path, grid: &Grid) -> Result<Vec<OnGrid>, String> {
    let read = redline::read(&[lines.to_owned()], Some(Class::Redline)).map_err(|error| error.to_string())?;
    let to_grid = Transform::new(Crs::LON_LAT, grid.crs).map_err(|error| error.to_string())?;
    let one = |line| coverage::on_grid(line, grid, &to_grid).map_err(|error| error.to_string());
    read.redlines.iter().map(one).collect()
}

/// 1 where the rule holds, inside a red line or not, row by row.
fn lost(
    reader: &mut Reader,
    (before, after): (&Scene, &Scene),
    grid: &Grid,
    strip: Window,
) -> Result<Vec<i16>, String> {
    let mut plane = |scene: &Scene, band: Band| {
        reader.window(scene, band, grid, strip).map_err(|error| error.to_string())
    };
    let mut of = |scene| {
        Ok::<_, String>([plane(scene, Band::Red)?, plane(scene, Band::Nir)?, plane(scene, Band::Scl)?])
    };
    let ([red0, nir0, scl0], [red1, nir1, scl1]) = (of(before)?, of(after)?);
    let mut result = vec![0_i16; strip.len()];
    let planes = [&red0, &nir0, &scl0, &red1, &nir1, &scl1].map(|plane| plane.as_slice().unwrap_or(&[]));
    let [red0, nir0, scl0, red1, nir1, scl1] = planes;
    for (pixel, result) in result.iter_mut().enumerate() {
        let ndvi = |red: f32, nir: f32| (nir - red) / (nir + red + 1e-6);
        let then = ndvi(red0[pixel], nir0[pixel]);
        let fell = ndvi(red1[pixel], nir1[pixel]) - then <= -LEAST_LOSS;
        let clear = |scl: f32| (4.0..=7.0).contains(&scl);
        *result = i16::from(then >= LEAST_NDVI && fell && clear(scl0[pixel]) && clear(scl1[pixel]));
    }
    Ok(result)
}

/// The edges of a group's pixels, without holes that are too small; x = column, y = row.
fn outline(group: &Component) -> Polygon<f64> {
    let window = group.window;
    let (rows, cols) = (window.rows + 2, window.cols + 2);
    let mut mask = vec![false; rows * cols];
    for run in &group.runs {
        let row = (run.row - window.row0 + 1) * cols;
        mask[row + run.from - window.col0 + 1..row + run.to - window.col0 + 1].fill(true);
    }
    let outside: Vec<bool> = mask.iter().map(|inside| !inside).collect();
    // The first part of the outside holds the border; the others are holes.
    for hole in parts(&outside, rows, cols, false).into_iter().skip(1).filter(|hole| hole.len() < SIEVE) {
        hole.into_iter().for_each(|pixel| mask[pixel] = true);
    }
    let origin = (window.row0 as f64 - 1.0, window.col0 as f64 - 1.0);
    let mut rings = rings(&mask, (rows, cols)).into_iter().map(|ring| {
        LineString(
            ring.into_iter()
                .map(|(row, col)| Coord { x: col as f64 + origin.1, y: row as f64 + origin.0 })
                .collect(),
        )
    });
    // The first corner in reading order is one of the exterior.
    let exterior = rings.next().unwrap_or(LineString(Vec::new()));
    Polygon::new(exterior, rings.collect())
}

/// Closed walks along the edges between inside and outside, by their first corner (row, column); straight runs are one step.
fn rings(mask: &[bool], (rows, cols): (usize, usize)) -> Vec<Vec<(usize, usize)>> {
    let mut edges: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for row in 1..rows - 1 {
        for col in (1..cols - 1).filter(|col| mask[row * cols + col]) {
            let at = row * cols + col;
            let mut edge = |from, to| edges.entry(from).or_default().push(to);
            if !mask[at - cols] {
                edge((row, col), (row, col + 1));
            }
            if !mask[at + 1] {
                edge((row, col + 1), (row + 1, col + 1));
            }
            if !mask[at + cols] {
                edge((row + 1, col + 1), (row + 1, col));
            }
            if !mask[at - 1] {
                edge((row + 1, col), (row, col));
            }
        }
    }
    let mut rings = Vec::new();
    while let Some(&first) = edges.keys().next() {
        let (mut ring, mut at, mut came) = (vec![first], first, (0, 0));
        while let Some(ways) = edges.get_mut(&at) {
            // Where two pixels meet at a corner the walk stays with its own: it turns right.
            let right = |to: &(usize, usize)| {
                let step = (to.0 as i64 - at.0 as i64, to.1 as i64 - at.1 as i64);
                (step.0, step.1) == (came.1, -came.0)
            };
            let way = ways.iter().position(right).unwrap_or(0);
            let next = ways.swap_remove(way);
            if ways.is_empty() {
                edges.remove(&at);
            }
            let step = (next.0 as i64 - at.0 as i64, next.1 as i64 - at.1 as i64);
            if step == came {
                ring.pop();
            }
            ring.push(next);
            (at, came) = (next, step);
            if at == first {
                break;
            }
        }
        rings.push(ring);
    }
    rings
}

fn on_earth(shape: Polygon<f64>, grid: &Grid, transform: &Transform) -> Result<Polygon<f64>, String> {
    let corner = |at: Coord<f64>| {
        let (x, y) = grid.world(at.y, at.x);
        let (x, y) = transform.point(x, y).map_err(|error| error.to_string())?;
        Ok(Coord { x, y })
    };
    shape.try_map_coords(corner)
}

fn ring(ring: &LineString<f64>) -> String {
    let points: Vec<String> = ring.0.iter().map(|point| format!("[{:.7},{:.7}]", point.x, point.y)).collect();
    format!("[{}]", points.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_follows_the_edges_of_pixels_and_keeps_a_large_hole() {
        let mut labeller = Labeller::new(1);
        // 8 x 8 with a hole of 5 x 5, one of a pixel beside its corner, and a pixel that touches by a corner only.
        for row in 0..9 {
            let inside = |col: usize| match (row, col) {
                (8, 8) => true,
                (8, _) | (_, 8) => false,
                (1..=5, 1..=5) | (6, 6) => false,
                _ => true,
            };
            let values: Vec<i16> = (0..9).map(|col| i16::from(inside(col))).collect();
            labeller.add_row(row, 0, &values);
        }
        let groups = labeller.finish(1);
        assert_eq!(groups.len(), 2);
        let shape = outline(&groups[0]);
        use geo::Area;
        assert_eq!(shape.exterior().0.len(), 5);
        assert_eq!(shape.interiors().len(), 1);
        assert_eq!(shape.unsigned_area(), 64.0 - 25.0);
    }
}
