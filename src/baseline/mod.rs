//! What is normal here: per pixel, learned from the look-back, controlled by same-date look-alikes.
//!
//! In:  a stack, the place of one control cell with its ring in it, and which views belong to the look-back.
//! Out: for each pixel, feature and view: expected value, spread, and robust z.
//! Law: deterministic; the answer of a pixel depends on its cell alone, not on tiles or threads.
//! Source: `reference/science.md` 6.2, with the changes of `reference/time-series.md`.

pub mod control;

pub mod descriptor;

pub mod kept;

pub mod lanes;

pub mod regression;

pub mod remembered;

pub mod residuals;

pub mod strata;

pub mod strip;

use serde::{Deserialize, Serialize};

use crate::grid::Window;
use crate::observe::stack::Stack;

use control::{Control, Medians};
use descriptor::Descriptors;
use kept::KeptFits;
use lanes::{LANES, each};
use residuals::{Residuals, SPREAD_STEP};
use strata::Strata;
use strip::Strip;

/// Side of a control cell in pixels: pixels of a cell share their donors.
///
/// 128 px of 10 m with a ring of 64 px make donor pools of 2.56 km, the cell size of
/// `reference/science.md` 6.2 (1 to 2.5 km), so that patchy rain cancels.
pub const CELL: usize = 128;

/// Width of the ring around a cell from which donors are taken as well, in pixels.
pub const RING: usize = 64;

/// Views in which fewer than this share of a block are clear are not used there.
///
/// Source: `reference/time-series.md` ("a scene is used if 30 % of the zone is clear").
pub const LEAST_CLEAR_SHARE: f32 = 0.3;

/// What is normal in one cell.
pub struct Baseline<'a> {
    stack: &'a Stack,
    look_back: &'a [bool],
    descriptors: &'a Descriptors,
    strata: Strata,
    medians: Medians,
    control: Control,
    first: Vec<Vec<KeptFits>>,
    fits: Residuals,
}

/// One pixel (or the median of a patch) through time, feature by feature.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Series {
    /// Views in which the pixel was seen and its control known.
    pub views: Vec<usize>,
    /// Observed values, `feature` then the order of `views`.
    pub observed: Vec<Vec<f32>>,
    /// Expected values, likewise.
    pub expected: Vec<Vec<f32>>,
    /// Same-date control, likewise.
    pub control: Vec<Vec<f32>>,
    /// Robust z, likewise, clipped to ±8.
    pub z: Vec<Vec<f32>>,
    /// Lowest and highest expected value in the look-back, by feature; (inf, -inf) without history.
    pub history: Vec<(f32, f32)>,
}

impl<'a> Baseline<'a> {
    /// Learns a cell from what lies `around` it, in as many views as `look_back` tells of. `None` when fewer than `strata::LEAST_DONORS` pixels there
    /// have any history.
    pub fn learn(
        stack: &'a Stack,
        descriptors: &'a Descriptors,
        look_back: &'a [bool],
        around: Window,
    ) -> Option<Self> {
        let row = |row: usize| stack.pixel_at(row, around.col0)..stack.pixel_at(row, around.col_end());
        let strata = Strata::build(descriptors, (around.row0..around.row_end()).flat_map(row))?;
        let views = look_back.len();
        let all = Medians::of(stack, views, &strata, None).control();
        let Residuals { changed, fits: first, .. } = Residuals::of_donors(stack, look_back, &strata, &all, 1);
        let medians = Medians::of(stack, views, &strata, Some(&changed));
        let control = medians.control();
        let fits = Residuals::of_donors(stack, look_back, &strata, &control, SPREAD_STEP);
        Some(Self { stack, look_back, descriptors, strata, medians, control, first, fits })
    }

    /// The stack that was learned from.
    pub fn stack(&self) -> &Stack {
        self.stack
    }

    /// Correlation of the residuals of two features among donors in the look-back.
    pub fn correlation(&self, a: usize, b: usize) -> f32 {
        self.fits.correlation[a][b]
    }

    /// Share of a pixel's donor views that the second pass left out as changed themselves.
    pub fn contamination(&self, pixel: usize) -> f32 {
        let Some(position) = self.descriptors.of_pixel(pixel) else { return 1.0 };
        let blend = self.strata.blend(position);
        blend.iter().map(|(leaf, weight)| weight * self.control.contamination[*leaf]).sum()
    }

    /// The same in some views only: the mean of them; 0 where there are none.
    pub fn contamination_in(&self, pixel: usize, views: &[usize]) -> f32 {
        let Some(position) = self.descriptors.of_pixel(pixel) else { return 1.0 };
        let blend = self.strata.blend(position);
        let in_view = |view: &usize| -> f32 {
            blend.iter().map(|(leaf, weight)| weight * self.control.left_out(*leaf, *view)).sum()
        };
        views.iter().map(in_view).sum::<f32>() / views.len().max(1) as f32
    }

    /// What look-alikes showed in every view, stratum by stratum.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// An empty strip for pixels of this cell.
    pub fn strip(&self) -> Strip<'a> {
        Strip::new(self.stack, self.look_back)
    }

    /// Lays up to sixteen pixels side by side and follows them through time; lanes with too little history see nothing.
    ///
    /// Pixels count row-major over the stack's window.
    pub fn follow(&self, pixels: &[usize], strip: &mut Strip) {
        strip.clear();
        let blends: Vec<Vec<(usize, f32)>> = pixels.iter().map(|pixel| self.blend(*pixel)).collect();
        for (lane, (pixel, blend)) in pixels.iter().zip(&blends).enumerate() {
            strip.lay(lane, *pixel, (&self.control, blend));
        }
        let spread = |lane: usize, feature: usize| {
            blends.get(lane).map_or(0.0, |blend| self.fits.spread(blend, feature))
        };
        strip.fit(|feature| each(|lane| spread(lane, feature)));
    }

    /// The strata of a pixel with their weights; none where it has too little history.
    fn blend(&self, pixel: usize) -> Vec<(usize, f32)> {
        self.descriptors.of_pixel(pixel).map(|position| self.strata.blend(position)).unwrap_or_default()
    }

    /// The ways of some pixels through time, in their order; empty where they have too little history.
    pub fn series_of(&self, pixels: &[usize]) -> Vec<Series> {
        let mut strip = self.strip();
        let mut all = Vec::with_capacity(pixels.len());
        for sixteen in pixels.chunks(LANES) {
            self.follow(sixteen, &mut strip);
            all.extend((0..sixteen.len()).map(|lane| {
                let mut series = Series::default();
                strip.series(lane, &mut series);
                series
            }));
        }
        all
    }
}

/// Lowest and highest of some values.
pub fn range(values: impl Iterator<Item = f32>) -> (f32, f32) {
    values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

impl Series {
    fn clear(&mut self, features: usize) {
        self.views.clear();
        self.history.clear();
        self.history.resize(features, (f32::INFINITY, f32::NEG_INFINITY));
        for lines in [&mut self.observed, &mut self.expected, &mut self.control, &mut self.z] {
            lines.resize(features, Vec::new());
            lines.iter_mut().for_each(Vec::clear);
        }
    }
}

/// Forgets the views of 64 px blocks that are mostly not clear: what is left at the edge of a cloud
/// deck is rarely ground. Blocks lie on the plan's grid, so tiles do not matter.
pub fn drop_cloudy_blocks(stack: &mut Stack) {
    let window = stack.window;
    let (first_row, first_col) = (window.row0 / RING * RING, window.col0 / RING * RING);
    for row0 in (first_row..window.row_end()).step_by(RING) {
        for col0 in (first_col..window.col_end()).step_by(RING) {
            let block = Window { row0, col0, rows: RING, cols: RING }.intersection(window);
            for view in 0..stack.dates.len() {
                drop_block(stack, view, block);
            }
        }
    }
}

fn drop_block(stack: &mut Stack, view: usize, block: Window) {
    let row = |row: usize| stack.pixel_at(row, block.col0)..stack.pixel_at(row, block.col_end());
    let pixels: Vec<usize> = (block.row0..block.row_end()).flat_map(row).collect();
    let seen = pixels.iter().filter(|pixel| stack.is_seen(view, **pixel)).count();
    if (seen as f32) < LEAST_CLEAR_SHARE * block.len() as f32 {
        pixels.into_iter().for_each(|pixel| stack.forget(view, pixel));
    }
}

#[cfg(test)]
mod tests;
