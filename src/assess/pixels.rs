//! Compares leads and truth pixel by pixel, as change maps are scored.
//!
//! In:  leads and truth in degrees; a grid, or a pixel size for a UTM grid of its own.
//! Out: counts of pixels, precision, recall and F1.
//! Law: a pixel belongs to a polygon when its centre lies inside (even-odd); ignored ground is left
//!      out unless truth covers it; nothing is counted outside a given grid.

use std::collections::BTreeMap;

use geo::{BoundingRect, Coord, LineString, MultiPolygon, Polygon};
use serde::Serialize;

use super::AssessError;
use super::cases::{LeadCase, Role, TruthCase};
use crate::grid::Grid;
use crate::grid::crs::{Crs, Transform};
use crate::units::rounded;

/// Where the pixels lie.
#[derive(Debug, Clone, PartialEq)]
pub enum PixelGrid {
    /// Pixels of this size in metres in the UTM zone of the truth, corners at multiples of the size.
    Metres(f64),
    /// The pixels of a grid, for example of the label image that the truth was drawn from.
    Like(Grid),
}

/// Pixels on which leads and truth agree and differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PixelCount {
    /// The grid, in words.
    pub grid: String,
    /// Lead and change.
    pub both: u64,
    /// Lead, no change.
    pub lead_only: u64,
    /// Change, no lead.
    pub truth_only: u64,
    /// `both / (both + lead_only)`; none without lead pixels.
    pub precision: Option<f64>,
    /// `both / (both + truth_only)`; none without change pixels.
    pub recall: Option<f64>,
    /// Harmonic mean of the two; none when neither has a pixel.
    pub f1: Option<f64>,
}

/// Columns `.0 .. .1` of one row.
type Span = (i64, i64);
/// Spans by row, sorted and apart from one another.
type Rows = BTreeMap<i64, Vec<Span>>;

/// A lattice of pixels without end, or with the limits of a grid.
struct Lattice {
    transform: Transform,
    origin: (f64, f64),
    size: (f64, f64),
    limits: Option<(i64, i64)>,
    words: String,
}

/// Counts pixels.
pub fn compare(
    leads: &[LeadCase],
    truths: &[TruthCase],
    grid: &PixelGrid,
) -> Result<PixelCount, AssessError> {
    let outlines = || truths.iter().map(|truth| &truth.outline).chain(leads.iter().map(|lead| &lead.outline));
    let lattice = Lattice::new(grid, outlines().find_map(BoundingRect::bounding_rect).map(|r| r.center()))?;
    let with = |role: Role| truths.iter().filter(move |truth| truth.role == role).map(|truth| &truth.outline);
    let lead = lattice.rows(leads.iter().map(|lead| &lead.outline))?;
    let change = lattice.rows(with(Role::Change))?;
    let ignored = lattice.rows(with(Role::Ignored))?;
    let none = Vec::new();
    let (mut lead_pixels, mut both, mut left_out) = (0, 0, 0);
    for (row, spans) in &lead {
        let on_change = shared(spans, change.get(row).unwrap_or(&none));
        let on_ignored = shared(spans, ignored.get(row).unwrap_or(&none));
        lead_pixels += length(spans);
        both += length(&on_change);
        left_out += length(&on_ignored) - length(&shared(&on_ignored, &on_change));
    }
    let change_pixels: u64 = change.values().map(|spans| length(spans)).sum();
    Ok(count(lattice.words, both, lead_pixels - both - left_out, change_pixels - both))
}

fn count(grid: String, both: u64, lead_only: u64, truth_only: u64) -> PixelCount {
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| rounded(part as f64 / whole as f64, 4));
    PixelCount {
        grid,
        both,
        lead_only,
        truth_only,
        precision: ratio(both, both + lead_only),
        recall: ratio(both, both + truth_only),
        f1: ratio(2 * both, 2 * both + lead_only + truth_only),
    }
}

impl Lattice {
    fn new(grid: &PixelGrid, centre: Option<Coord<f64>>) -> Result<Self, AssessError> {
        let (crs, origin, size, limits) = match grid {
            PixelGrid::Metres(size) => {
                (utm_zone(centre.unwrap_or_default()), (0.0, 0.0), (*size, *size), None)
            }
            PixelGrid::Like(grid) => {
                let limits = Some((signed(grid.rows), signed(grid.cols)));
                (grid.crs, (grid.origin_x, grid.origin_y), (grid.pixel_width, grid.pixel_height), limits)
            }
        };
        let words = format!("{} x {} in {crs}", size.0, size.1);
        Ok(Self { transform: Transform::new(Crs::LON_LAT, crs)?, origin, size, limits, words })
    }

    fn rows<'a>(&self, outlines: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Result<Rows, AssessError> {
        let mut rows = Rows::new();
        for outline in outlines {
            for polygon in &self.transform.polygons(outline)? {
                self.add(polygon, &mut rows);
            }
        }
        for spans in rows.values_mut() {
            merge(spans);
        }
        Ok(rows)
    }

    fn add(&self, polygon: &Polygon<f64>, rows: &mut Rows) {
        let Some(rect) = polygon.bounding_rect() else { return };
        let (first, last) = (self.row(rect.max().y).floor(), self.row(rect.min().y).ceil());
        let (row_end, col_end) = self.limits.unwrap_or((i64::MAX, i64::MAX));
        let (row_start, col_start) = if self.limits.is_some() { (0, 0) } else { (i64::MIN, i64::MIN) };
        for row in (first as i64).max(row_start)..(last as i64).min(row_end) {
            let mut crossings: Vec<f64> = rings(polygon).flat_map(|ring| self.crossings(ring, row)).collect();
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                // Column c has its centre at c + 0.5.
                let (start, end) = ((pair[0] - 0.5).ceil() as i64, (pair[1] - 0.5).ceil() as i64);
                let (start, end) = (start.max(col_start), end.min(col_end));
                if start < end {
                    rows.entry(row).or_default().push((start, end));
                }
            }
        }
    }

    /// Columns, as real numbers, at which a ring crosses the middle of a row.
    fn crossings(&self, ring: &LineString<f64>, row: i64) -> Vec<f64> {
        let middle = row as f64 + 0.5;
        let cross = |line: geo::Line<f64>| {
            let (from, to) = (self.row(line.start.y), self.row(line.end.y));
            let (from_col, to_col) = (self.col(line.start.x), self.col(line.end.x));
            ((from <= middle) != (to <= middle))
                .then(|| from_col + (middle - from) / (to - from) * (to_col - from_col))
        };
        ring.lines().filter_map(cross).collect()
    }

    fn row(&self, y: f64) -> f64 {
        (self.origin.1 - y) / self.size.1
    }

    fn col(&self, x: f64) -> f64 {
        (x - self.origin.0) / self.size.0
    }
}

fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The WGS 84 UTM zone of a place in degrees.
fn utm_zone(place: Coord<f64>) -> Crs {
    let zone = (((place.x + 180.0) / 6.0).floor() as u32).min(59) + 1;
    Crs::epsg(if place.y < 0.0 { 32_700 + zone } else { 32_600 + zone })
}

/// Sorts spans and joins those that meet.
fn merge(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for &(start, end) in spans.iter() {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    *spans = merged;
}

/// What two merged lists of spans have in common.
fn shared(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (mut i, mut j, mut result) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        let (start, end) = (a[i].0.max(b[j].0), a[i].1.min(b[j].1));
        if start < end {
            result.push((start, end));
        }
        if a[i].1 < b[j].1 { i += 1 } else { j += 1 }
    }
    result
}

fn length(spans: &[Span]) -> u64 {
    spans.iter().map(|span| span.1.abs_diff(span.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_merge_and_intersect() {
        let mut spans = vec![(5, 8), (0, 3), (2, 5), (10, 12)];
        merge(&mut spans);
        assert_eq!(spans, vec![(0, 8), (10, 12)]);
        assert_eq!(shared(&spans, &[(7, 11), (11, 20)]), vec![(7, 8), (10, 11), (11, 12)]);
        assert_eq!(length(&spans), 10);
    }

    #[test]
    fn the_zone_of_a_place_is_the_one_on_the_map() {
        let zone = |x: f64, y: f64| utm_zone(Coord { x, y }).code();
        assert_eq!(zone(4.06, 50.7), 32_631);
        assert_eq!(zone(113.0, 42.0), 32_649);
        assert_eq!(zone(-74.5, -8.4), 32_718);
        assert_eq!(zone(180.0, 1.0), 32_660);
    }
}
