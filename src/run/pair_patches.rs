//! Candidates of a pair: connected evidence with a seed that passes the guard, and their outlines.
//!
//! Law: 4-connected pixels above `grow` of which at least `seed_pixels` lie above `seed` with a guard of 1 or
//! more; found on the whole plane, so no tile border shows.
//! Source: the two-date study's rule for patches, with the guard of `detect::pair`.

use geo::{LineString, Polygon};
use rayon::prelude::*;

use crate::baseline::regression::median;
use crate::grid::Window;
use crate::patch::label::{Component, Labeller, parts};
use crate::patch::scratch::{self, Scratch};
use crate::patch::tree::Field;
use crate::patch::{area, contour, shape};
use crate::run::RunError;
use crate::run::pair::{CHANGE_PER_UNIT, SHARED, Survey, stored_evidence};

/// A component longer than this is cut at lines of the grid this far apart, so that memory has a bound: pixels.
const LONGEST: usize = 1024;

/// Holes of at least this many pixels are left open; smaller ones are no more than speckle.
const LEAST_HOLE: usize = 10;

/// Stored guard that passes.
const GUARD: i16 = scratch::PER_UNIT as i16;

/// A place that changed between two dates.
pub struct Candidate {
    /// Place of its zone in the survey.
    pub zone: usize,
    /// Bounding window.
    pub window: Window,
    /// First pixel, for the order of things.
    pub first: (usize, usize),
    /// Pixels above `grow`.
    pub pixels: usize,
    /// Pixels above `seed` whose guard passes.
    pub seeds: usize,
    /// Outline in pixel coordinates, x = column, y = row.
    pub outline: Polygon<f64>,
    /// Area in pixels and one sigma of it.
    pub area_px: (f64, f64),
    /// Shape; its sharpness is not measured here.
    pub shape: shape::Shape,
    /// Median evidence.
    pub fused: f32,
    /// Median guard of the seed pixels.
    pub guard: f32,
    /// Median change (after minus before) of NDVI, brightness, NDWI and texture; NaN where a band is lacking.
    pub change: [f32; 4],
}

/// Candidates of every zone, in order of zone and first pixel.
pub fn candidates(survey: &Survey, scratch: &Scratch) -> Result<Vec<Candidate>, RunError> {
    let mut candidates = Vec::new();
    for zone in 0..survey.zones.len() {
        let components = components(survey, scratch, survey.zone_plane(zone))?;
        let found: Vec<Result<Vec<Candidate>, RunError>> = components
            .into_par_iter()
            .flat_map_iter(pieces)
            .map(|piece| of_component(survey, scratch, zone, &piece))
            .collect();
        for found in found {
            candidates.extend(found?);
        }
    }
    candidates.sort_by_key(|candidate| (candidate.zone, candidate.first));
    Ok(candidates)
}

/// Connected evidence above `grow` with something above `seed`, streamed over the plane.
fn components(survey: &Survey, scratch: &Scratch, plane: usize) -> Result<Vec<Component>, RunError> {
    let mut labeller = Labeller::new(stored_evidence(survey.params.grow) + 1);
    let whole = scratch.window;
    for row in whole.row0..whole.row_end() {
        let values = scratch.read(plane, Window { row0: row, rows: 1, ..whole })?;
        labeller.add_row(row, whole.col0, &values);
    }
    Ok(labeller.finish(stored_evidence(survey.params.seed) + 1))
}

/// A component, or what lines of the grid cut a very long one into.
fn pieces(component: Component) -> Vec<Component> {
    let window = component.window;
    if window.rows <= LONGEST && window.cols <= LONGEST {
        return vec![component];
    }
    let (row0, col0) = (window.row0 / LONGEST * LONGEST, window.col0 / LONGEST * LONGEST);
    let lattice = Window { row0, col0, rows: window.row_end() - row0, cols: window.col_end() - col0 };
    let piece = |block: Window| {
        let cut = |run: &crate::patch::label::Run| {
            let (from, to) = (run.from.max(block.col0), run.to.min(block.col_end()));
            let is_inside = (block.row0..block.row_end()).contains(&run.row) && from < to;
            is_inside.then_some(crate::patch::label::Run { row: run.row, from, to })
        };
        let runs = component.runs.iter().filter_map(cut).collect();
        Component { runs, window: block.intersection(window), peak: component.peak }
    };
    lattice.tiles(LONGEST).into_iter().map(piece).filter(|piece| !piece.is_empty()).collect()
}

fn of_component(
    survey: &Survey,
    scratch: &Scratch,
    zone: usize,
    component: &Component,
) -> Result<Vec<Candidate>, RunError> {
    let window = component.window.grown(1, scratch.window);
    let stored = scratch.read(survey.zone_plane(zone), window)?;
    let mut shared = Vec::with_capacity(SHARED);
    for plane in 0..SHARED {
        shared.push(scratch.read(plane, window)?);
    }
    let mut inside = vec![false; window.len()];
    for run in &component.runs {
        let row = (run.row - window.row0) * window.cols;
        inside[row + run.from - window.col0..row + run.to - window.col0].fill(true);
    }
    let seed = stored_evidence(survey.params.seed);
    let is_seed = |pixel: &usize| stored[*pixel] > seed && shared[0][*pixel] >= GUARD;
    let field = Field { window, values: stored.iter().map(|value| scratch::evidence(*value)).collect() };
    let mut found = Vec::new();
    for region in parts(&inside, window.rows, window.cols, false) {
        let seeds: Vec<usize> = region.iter().copied().filter(is_seed).collect();
        if seeds.len() >= survey.params.seed_pixels
            && let Some(outline) = outline(&field, &region, survey.params.grow)
        {
            let measured = Measured { zone, field: &field, shared: &shared, region: &region, seeds: &seeds };
            found.push(measured.candidate(outline));
        }
    }
    Ok(found)
}

/// One region with everything that is measured on it.
struct Measured<'a> {
    zone: usize,
    field: &'a Field,
    shared: &'a [Vec<i16>],
    region: &'a [usize],
    seeds: &'a [usize],
}

impl Measured<'_> {
    fn candidate(&self, outline: Polygon<f64>) -> Candidate {
        let window = self.field.window;
        let inside: Vec<f32> = self.region.iter().map(|pixel| self.field.values[*pixel]).collect();
        let place = |pixel: usize| (window.row0 + pixel / window.cols, window.col0 + pixel % window.cols);
        let middle = |plane: usize, pixels: &[usize], per_unit: f32| {
            let values =
                pixels.iter().map(|pixel| self.shared[plane][*pixel]).filter(|value| *value != i16::MIN);
            let mut values: Vec<f32> = values.map(|value| f32::from(value) / per_unit).collect();
            if values.is_empty() { f32::NAN } else { median(&mut values) }
        };
        let change = std::array::from_fn(|kind| middle(1 + kind, self.region, CHANGE_PER_UNIT[kind]));
        Candidate {
            zone: self.zone,
            window: bounds(self.region, window),
            first: place(self.region[0]),
            pixels: self.region.len(),
            seeds: self.seeds.len(),
            area_px: area::of(&outline),
            shape: shape::of(&outline, &inside, 0.0),
            outline,
            fused: median(&mut inside.clone()),
            guard: middle(0, self.seeds, scratch::PER_UNIT),
            change,
        }
    }
}

/// The outline of a region at `grow`, with its larger holes.
fn outline(field: &Field, region: &[usize], level: f32) -> Option<Polygon<f64>> {
    let exterior = contour::outline(field, region, level)?.into_inner().0;
    let window = field.window;
    let mut outside = vec![true; window.len()];
    region.iter().for_each(|pixel| outside[*pixel] = false);
    // Seen from a hole the evidence falls outward: on the negative field a hole is a region.
    let negative = Field { window, values: field.values.iter().map(|value| -value).collect() };
    let at_border = |pixel: &usize| {
        let (row, col) = (pixel / window.cols, pixel % window.cols);
        row == 0 || col == 0 || row + 1 == window.rows || col + 1 == window.cols
    };
    let is_hole = |part: &Vec<usize>| part.len() >= LEAST_HOLE && !part.iter().any(at_border);
    let holes = parts(&outside, window.rows, window.cols, false).into_iter().filter(is_hole);
    let ring = |hole: Vec<usize>| Some(contour::outline(&negative, &hole, -level)?.into_inner().0);
    // A hole is walked the other way round than the outline.
    let turned = |ring: LineString<f64>| LineString(ring.0.into_iter().rev().collect());
    Some(Polygon::new(exterior, holes.filter_map(ring).map(turned).collect()))
}

/// Bounding window of pixels of a window.
fn bounds(region: &[usize], window: Window) -> Window {
    let rows = region.iter().map(|pixel| window.row0 + pixel / window.cols);
    let cols = region.iter().map(|pixel| window.col0 + pixel % window.cols);
    let row0 = rows.clone().min().unwrap_or(0);
    let col0 = cols.clone().min().unwrap_or(0);
    let row_end = rows.max().map_or(0, |row| row + 1);
    let col_end = cols.max().map_or(0, |col| col + 1);
    Window { row0, col0, rows: row_end - row0, cols: col_end - col0 }
}
