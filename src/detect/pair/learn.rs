//! Learning what is normal between two dates, from blocks at fixed places of the grid.
//!
//! In: a [`PairSource`]. Out: a [`PairModel`] of fixed size, whatever the size of the scene.
//! Law: the blocks depend on the grid alone, all sums run in their order; a small scene is learned whole.

use std::fmt;

use ndarray::{Array2, Array3, ArrayView2, Axis};

use serde::{Deserialize, Serialize};

use crate::detect::pair::blocks::{blocks, is_taken, stride, taken};
use crate::detect::pair::maps::{
    Expectation, LOOK, Looks, MAPS, Standard, Units, looks, maps, sibling_residuals,
};
use crate::detect::pair::ranks::RankTable;
use crate::detect::pair::regression::{Conditional, Samples, median};
use crate::detect::pair::shift::{EdgeSums, Shift};
use crate::detect::pair::stack::{PairSource, Stack, shared_bands};
use crate::detect::pair::strata::{CodeBook, Transitions};
use crate::detect::pair::{HALO, PairError, PairParams};
use crate::grid::Window;
use crate::scene::Band;

/// Pixels that band statistics and rank tables are learned from, at most (about).
const RANKED: usize = 1_000_000;
/// Pixels that strata and regressions are learned from, at most (about).
const FITTED: usize = 160_000;
/// Fewest pixels clear on both dates.
const FEWEST: usize = 1000;
/// Strata of the conditional regression, and codes of the transition map. Source: two-date study.
const STRATA: usize = 12;
const CODES: usize = 48;
/// Blocks that the shift is estimated from.
const SHIFT_BLOCKS: usize = 9;

/// What is normal between the two dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairModel {
    pub(super) params: PairParams,
    pub(super) standard: Standard,
    pub(super) expectation: Expectation,
    pub(super) ranks: Vec<RankTable>,
    /// Pixels clear on both dates among those sampled.
    pub clear: usize,
    /// Sampled pixels that change beyond the guard (all three floors at once).
    pub beyond: usize,
    /// Whether every pixel of the grid was sampled.
    pub whole: bool,
}

impl PairModel {
    /// How the second date lies on the first.
    pub fn shift(&self) -> Shift {
        self.standard.shift
    }

    /// Bands in use, in wavelength order.
    pub fn bands(&self) -> &[Band] {
        &self.standard.bands
    }

    /// The thresholds in force.
    pub fn params(&self) -> &PairParams {
        &self.params
    }

    /// Whether the whole grid was looked at and nothing changed beyond the guard: there is no evidence anywhere.
    pub fn is_quiet(&self) -> bool {
        self.whole && self.beyond == 0
    }
}

impl fmt::Display for PairModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PairParams { stratum_sigmas, sibling_sigmas, reflectance, .. } = self.params;
        write!(
            f,
            "{} of {} clear pixels ({:.3} %) change beyond {stratum_sigmas} sigma of their stratum, {sibling_sigmas} sigma of their neighbours and {reflectance} reflectance",
            self.beyond,
            self.clear,
            100.0 * self.beyond as f64 / self.clear.max(1) as f64
        )?;
        if self.is_quiet() {
            f.write_str("; the pair shows no change beyond chance")?;
        }
        let Shift { rows, cols, correlation, applied } = self.standard.shift;
        let done = if applied { "resampled" } else { "left as it is" };
        write!(
            f,
            "; second date {rows:+.2} rows, {cols:+.2} columns off (correlation {correlation:.2}), {done}"
        )
    }
}

/// Learns from both dates what is normal between them.
///
/// Errors: the source's; no common red and near infrared; fewer than 1000 sampled pixels clear on both dates.
pub fn learn<S: PairSource>(source: &S, params: PairParams) -> Result<PairModel, PairError<S::Error>>
where
    S::Error: std::error::Error,
{
    let blocks = blocks(source.grid());
    let sampled: usize = blocks.iter().map(Window::len).sum();
    let standard = standard(source, &blocks, &params)?;
    let looked = sample(source, &blocks, &standard)?;
    let clear_sampled = looked.before.len() / looked.dimensions.max(1);
    if clear_sampled * stride(sampled, FITTED) < FEWEST {
        let found = clear_sampled * stride(sampled, FITTED);
        return Err(PairError::TooFew { found, sampled, expected: FEWEST });
    }
    let expectation = looked.expectation();
    drop(looked);
    let whole = sampled == source.grid().whole().len();
    let model = PairModel { params, standard, expectation, ranks: Vec::new(), clear: 0, beyond: 0, whole };
    ranked(source, &blocks, model)
}

/// What a block says of both dates: values by date and band, and how their edges lie.
struct BlockUnits {
    bands: Vec<Band>,
    values: [Vec<Vec<f32>>; 2],
    edges: [EdgeSums; 2],
}

impl BlockUnits {
    /// Of a block; the names of the bands that both dates have where they are not enough.
    fn of(
        (before, after): (&Stack, &Stack),
        block: &Window,
        stride: usize,
        lies: bool,
    ) -> Result<Self, String> {
        let bands = shared_bands(&before.bands, &after.bands).ok_or_else(|| common_names(before, after))?;
        let (before, after) = (before.pick(&bands), after.pick(&bands));
        let values = [&before, &after].map(|stack| collected(stack, block, stride));
        let mut edges = [EdgeSums::default(), EdgeSums::default()];
        for (edges, band) in edges.iter_mut().zip([Band::Red, Band::Nir]) {
            if let Some(place) = bands.iter().position(|&own| own == band).filter(|_| lies) {
                edges.add(before.index_axis(Axis(0), place), after.index_axis(Axis(0), place));
            }
        }
        Ok(Self { bands, values, edges })
    }
}

fn standard<S: PairSource>(
    source: &S,
    blocks: &[Window],
    params: &PairParams,
) -> Result<Standard, PairError<S::Error>>
where
    S::Error: std::error::Error,
{
    let stride = stride(blocks.iter().map(Window::len).sum(), RANKED);
    let lies = |index: usize| index.is_multiple_of(blocks.len().div_ceil(SHIFT_BLOCKS));
    let parts = source.over(blocks, |index, before, after| {
        BlockUnits::of((before, after), &blocks[index], stride, lies(index))
    })?;
    let mut bands: Vec<Band> = Vec::new();
    let mut values: [Vec<Vec<f32>>; 2] = [Vec::new(), Vec::new()];
    let mut edges = [EdgeSums::default(), EdgeSums::default()];
    for part in parts {
        let part = part.map_err(|found| PairError::Bands { found })?;
        for (all, own) in values.iter_mut().zip(part.values) {
            all.resize(part.bands.len(), Vec::new());
            all.iter_mut().zip(own).for_each(|(all, own)| all.extend(own));
        }
        edges.iter_mut().zip(&part.edges).for_each(|(all, own)| all.merge(own));
        bands = part.bands;
    }
    let [before, after] = values.map(units);
    Ok(Standard { bands, before, after, shift: chosen(&edges, params) })
}

fn common_names(before: &Stack, after: &Stack) -> String {
    let names: Vec<&str> = Band::ALL
        .into_iter()
        .filter(|band| before.bands.contains(band) && after.bands.contains(band))
        .map(Band::name)
        .collect();
    names.join(", ")
}

fn collected(stack: &Array3<f32>, block: &Window, stride: usize) -> Vec<Vec<f32>> {
    let of_plane = |plane: ArrayView2<'_, f32>| {
        let is_kept = |((row, col), value): &((usize, usize), &f32)| {
            value.is_finite() && is_taken(block.row0 + row, block.col0 + col, stride)
        };
        plane.indexed_iter().filter(is_kept).map(|(_, value)| *value).collect()
    };
    stack.outer_iter().map(of_plane).collect()
}

/// Median, and standard deviation of the values cut to the 0.2 to 99.8 percentiles, by band.
fn units(values: Vec<Vec<f32>>) -> Units {
    let mut units = Units::default();
    for mut values in values {
        values.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            values
                .get((share * (values.len().saturating_sub(1)) as f64).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        let (low, high) = (at(0.002), at(0.998));
        let count = values.len().max(1) as f64;
        let cut = values.iter().map(|value| f64::from(value.clamp(low, high)));
        let mean = cut.clone().sum::<f64>() / count;
        let variance = cut.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        units.centre.push(at(0.5));
        units.scale.push((variance.sqrt() as f32).max(1e-6));
    }
    units
}

/// The shift of the band whose edges agree better, if any is believed.
fn chosen(edges: &[EdgeSums; 2], params: &PairParams) -> Shift {
    let [red, nir] = edges.each_ref().map(EdgeSums::peak);
    let better = match (red, nir) {
        (Some(red), Some(nir)) if nir.correlation > red.correlation => Some(nir),
        (red, nir) => red.or(nir),
    };
    let mut shift = better.unwrap_or(Shift { rows: 0.0, cols: 0.0, correlation: 0.0, applied: false });
    let length = shift.rows.hypot(shift.cols);
    shift.applied = length > params.shift_least && length < params.shift_most;
    shift
}

/// Looks of sampled pixels on both dates and their sibling residuals.
struct Sample {
    dimensions: usize,
    bands: usize,
    before: Vec<f32>,
    after: Vec<f32>,
    siblings: Vec<Vec<f64>>,
}

fn sample<S: PairSource>(
    source: &S,
    blocks: &[Window],
    standard: &Standard,
) -> Result<Sample, PairError<S::Error>>
where
    S::Error: std::error::Error,
{
    let stride = stride(blocks.iter().map(Window::len).sum(), FITTED);
    let whole = source.grid().whole();
    let outer: Vec<Window> = blocks.iter().map(|block| block.grown(HALO, whole)).collect();
    let parts = source.over(&outer, |index, before, after| {
        let looks = looks(standard, before, after);
        let places = taken(&blocks[index], stride)
            .map(|(row, col)| (row - outer[index].row0, col - outer[index].col0));
        Sample::of(&looks, standard.bands.len(), places)
    })?;
    let mut sample = Sample::empty(standard.bands.len());
    for part in parts {
        sample.dimensions = sample.dimensions.max(part.dimensions);
        sample.before.extend(part.before);
        sample.after.extend(part.after);
        sample.siblings.iter_mut().zip(part.siblings).for_each(|(all, own)| all.extend(own));
    }
    Ok(sample)
}

impl Sample {
    fn empty(bands: usize) -> Self {
        let (before, after, siblings) = (Vec::new(), Vec::new(), vec![Vec::new(); bands]);
        Self { dimensions: 0, bands, before, after, siblings }
    }

    fn of(looks: &Looks, bands: usize, places: impl Iterator<Item = (usize, usize)>) -> Self {
        let residuals = sibling_residuals(looks);
        let mut sample = Self::empty(bands);
        let mut look = [0.0; LOOK];
        for place in places.filter(|place| looks.valid[*place] != 0.0) {
            sample.dimensions = looks.before.look(place, &mut look);
            sample.before.extend_from_slice(&look[..sample.dimensions]);
            looks.after.look(place, &mut look);
            sample.after.extend_from_slice(&look[..sample.dimensions]);
            for (values, plane) in sample.siblings.iter_mut().zip(&residuals) {
                values.push(f64::from(plane[place]));
            }
        }
        sample
    }

    fn expectation(&self) -> Expectation {
        let dimensions = self.dimensions;
        let side = |looks: &[f32], others: &[f32]| {
            let targets: Vec<f32> =
                others.chunks_exact(dimensions).flat_map(|look| look[..self.bands].to_vec()).collect();
            let book = CodeBook::learn(looks, dimensions, STRATA);
            let samples = Samples { dimensions, looks, bands: self.bands, targets: &targets };
            let line = Conditional::learn(&samples, &book);
            (book, line)
        };
        let codes = (
            CodeBook::learn(&self.before, dimensions, CODES),
            CodeBook::learn(&self.after, dimensions, CODES),
        );
        let pairs = self
            .before
            .chunks_exact(dimensions)
            .zip(self.after.chunks_exact(dimensions))
            .map(|(before, after)| (codes.0.nearest(before), codes.1.nearest(after)));
        let transitions = Transitions::learn(pairs, codes.0.len(), codes.1.len());
        Expectation {
            forward: side(&self.before, &self.after),
            backward: side(&self.after, &self.before),
            transitions,
            siblings: self.siblings.iter().map(|values| robust(values)).collect(),
            codes,
        }
    }
}

/// Median, and 1.4826 times the median absolute deviation.
fn robust(values: &[f64]) -> (f32, f32) {
    let centre = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    (centre as f32, (1.4826 * median(&deviations)).max(1e-6) as f32)
}

/// What the maps of a block say of its pixels.
#[derive(Default)]
struct Ranked {
    clear: usize,
    beyond: usize,
    values: [Vec<f32>; MAPS],
}

/// Completes the model with rank tables and the count of pixels beyond the guard.
fn ranked<S: PairSource>(
    source: &S,
    blocks: &[Window],
    mut model: PairModel,
) -> Result<PairModel, PairError<S::Error>>
where
    S::Error: std::error::Error,
{
    let stride = stride(blocks.iter().map(Window::len).sum(), RANKED);
    let whole = source.grid().whole();
    let outer: Vec<Window> = blocks.iter().map(|block| block.grown(HALO, whole)).collect();
    let parts = source.over(&outer, |index, before, after| {
        let looks = looks(&model.standard, before, after);
        let maps = maps(&looks, &model.standard, &model.expectation);
        let guard: Array2<f32> = model.guard(&maps);
        let mut part = Ranked::default();
        for (row, col) in taken(&blocks[index], 1) {
            let place = (row - outer[index].row0, col - outer[index].col0);
            if looks.valid[place] == 0.0 {
                continue;
            }
            part.clear += 1;
            part.beyond += usize::from(guard[place] >= 1.0);
            if is_taken(row, col, stride) {
                part.values
                    .iter_mut()
                    .zip(&maps.planes)
                    .for_each(|(values, plane)| values.push(plane[place]));
            }
        }
        part
    })?;
    let mut values: [Vec<f32>; MAPS] = Default::default();
    for part in parts {
        model.clear += part.clear;
        model.beyond += part.beyond;
        values.iter_mut().zip(part.values).for_each(|(all, own)| all.extend(own));
    }
    model.ranks = values.into_iter().map(|mut values| RankTable::learn(&mut values)).collect();
    Ok(model)
}

#[cfg(test)]
pub(super) mod tests;
