//! A closer look at one patch: its median way through time, and how far each pixel moved.
//!
//! In:  the pixels of the patch and its surroundings, cell by cell (`part`, `take`).
//! Out: patch series, gate, persistence, and the outline measured on amplitude.
//! Law: evidence finds, amplitude measures: z is clipped and capped, so a contour on it reaches too far
//! (area +25 % in `reference/time-series.md`); amplitude is linear in the changed share of a pixel.

mod series;
mod years;

use serde::{Deserialize, Serialize};

use self::years::Seed;
use crate::baseline::regression::median;
use crate::baseline::{Baseline, Series};
use crate::date::{Date, Period};
use crate::detect::evidence::{Chosen, Prepared};
use crate::detect::gate::{self, Passed};
use crate::detect::persistence::{self, Persistence};
use crate::grid::{Pixel, Window};
use crate::patch::Patch;
use crate::patch::label::parts;
use crate::patch::tree::{self, Field};
use crate::submodel::Feature;

/// A view of the patch counts when at least this share of its pixels was seen.
pub const LEAST_SEEN_SHARE: f32 = 0.3;

/// Fewest pixels that may speak for a patch.
const LEAST_SEED: usize = 4;

/// How many times as far as the middle of its seed a part must have moved to be a piece of ground of its own. Chosen here;
/// the fields of the accuracy bench (`scripts/bench-accuracy`) stay whole at it.
const FAR_BEYOND: f32 = 3.0;

/// Fewest pixels of such a part: the smallest lead at 10 m.
const LEAST_CORE: usize = 9;

/// Share of a piece of ground that an earlier one may have taken.
const MOST_SHARED: f32 = 0.3;

/// Evidence of a look-back season, as a share of the target's, from which a place has done so before:
/// a field in rotation, a meadow that is mown, a shore that falls dry.
pub const MOST_SEEN_BEFORE: f32 = 0.6;

/// Side in pixels of a square that fits into ground beside a stronger change, but not into its blurred rim: two pixels of
/// the sensor's and the smoothing's blur on each side, and one more.
const WIDE: usize = 5;

/// What is asked of a patch.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Features of the stacks.
    pub features: &'a [Feature],
    /// Dates of the views.
    pub dates: &'a [Date],
    /// Which views are look-back.
    pub look_back: &'a [bool],
    /// Target period.
    pub target: Period,
}

/// Pixels gathered for one patch.
pub struct Look<'a> {
    patch: &'a Patch,
    window: Window,
    inside: Vec<bool>,
    /// By pixel of the window: its series, empty where none.
    pixels: Vec<Series>,
    contamination: Vec<f32>,
}

/// What a closer look found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Closer {
    /// Medians over the patch.
    pub series: Series,
    /// Season that speaks most, at patch level.
    pub chosen: Chosen,
    /// Name of its evidence kind.
    pub kind: String,
    /// Gate passed, if any.
    pub passed: Option<Passed>,
    /// Accumulator over the target period.
    pub persistence: Persistence,
    /// Clear views in the look-back and in the target period.
    pub views: (usize, usize),
    /// Share of donor views left out as changed.
    pub contamination: f32,
    /// Observed medians around the patch, feature by feature and view by view of `series`; NaN where not seen.
    pub around: Vec<Vec<f32>>,
    /// The patch cut anew on amplitude; the same patch where amplitude gives no region.
    pub patch: Patch,
    /// Amplitude inside minus around, in units of the least spread.
    pub amplitude: f32,
    /// Strongest evidence of the same kind in a season of the look-back, as a share of the target's.
    pub seen_before: f32,
}

impl<'a> Look<'a> {
    /// Starts a look at a patch; `limit` is the whole grid.
    pub fn new(patch: &'a Patch, limit: Window) -> Self {
        let window = patch.window.grown(tree::MARGIN, limit);
        let mut inside = vec![false; window.len()];
        for pixel in &patch.pixels {
            inside[(pixel.row - window.row0) * window.cols + pixel.col - window.col0] = true;
        }
        let pixels = vec![Series::default(); window.len()];
        Self { patch, window, inside, pixels, contamination: Vec::new() }
    }

    /// The window that the look needs.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The pixels of the look that lie in one cell, with their series, and how contaminated the control
    /// of those inside the patch is.
    pub fn part(&self, baseline: &Baseline, cell: Window) -> (Vec<(usize, Series)>, Vec<f32>) {
        let stack = baseline.stack();
        let part = self.window.intersection(cell);
        let places = (part.row0..part.row_end())
            .flat_map(|row| (part.col0..part.col_end()).map(move |col| Pixel { row, col }));
        let (here, there): (Vec<usize>, Vec<usize>) =
            places.map(|place| (self.place(place), stack.pixel_at(place.row, place.col))).unzip();
        let inside = here.iter().zip(&there).filter(|(here, _)| self.inside[**here]);
        let contamination = inside.map(|(_, there)| baseline.contamination(*there)).collect();
        (here.into_iter().zip(baseline.series_of(&there)).collect(), contamination)
    }

    /// Takes what `part` gave.
    pub fn take(&mut self, pixels: Vec<(usize, Series)>, contamination: Vec<f32>) {
        pixels.into_iter().for_each(|(pixel, series)| self.pixels[pixel] = series);
        self.contamination.extend(contamination);
    }

    /// Draws the conclusions: one for each piece of ground that changed on its own.
    ///
    /// Evidence saturates, so a strong change drags its faint surroundings and its neighbours into one
    /// patch. The pixels that pass a gate on their own say which ground it is about.
    pub fn finish(self, prepared: &Prepared, asked: &Asked) -> Vec<Closer> {
        let begun = |pixel: usize| {
            let series = self.inside[pixel].then(|| &self.pixels[pixel])?;
            let passed = gate::pass(prepared.model, asked.features, series, asked.dates, asked.target)?;
            Some(passed.begun.year())
        };
        let begun: Vec<Option<i16>> = (0..self.pixels.len()).map(begun).collect();
        let mut gated: Vec<bool> = begun.iter().map(Option::is_some).collect();
        let moved: Vec<f32> =
            (0..gated.len()).map(|p| if gated[p] { self.moved(p, prepared, asked) } else { 0.0 }).collect();
        let mut found: Vec<Closer> = Vec::new();
        let (mut taken, mut earlier) = (vec![false; self.pixels.len()], vec![false; self.pixels.len()]);
        // The seed that moved most first; what it covers is taken, what is left forms seeds of its own:
        // two neighbouring cuts of different years are two pieces of ground.
        while let Some(seed) = self.strongest(&gated, &moved) {
            let seed = self.earliest(seed, &begun, prepared, asked);
            let over = self.conclude(prepared, asked, &seed, (&taken, &earlier));
            let ground = self.ground_of(over.as_ref());
            // What is left of the rim of a piece of ground finds the same ground again, at a level too low. What is wide
            // besides that ground is a fainter piece of its own.
            let (concluded, ground) = if is_new(&ground, &taken) {
                (over, ground)
            } else {
                let beside = self.conclude(prepared, asked, &seed, (&taken, &taken));
                let ground = self.ground_of(beside.as_ref());
                let is_own = is_new(&ground, &taken) && self.is_wide(&ground);
                if is_own { (beside, ground) } else { (None, Vec::new()) }
            };
            let (concluded, ground) = self.without_old(prepared, asked, (&seed, &taken), (concluded, ground));
            if !ground.iter().any(|pixel| gated[*pixel]) {
                seed.pixels.iter().for_each(|pixel| gated[*pixel] = false);
            }
            for pixel in ground {
                (taken[pixel], gated[pixel]) = (true, false);
                earlier[pixel] |= seed.is_earlier;
            }
            found.extend(concluded);
        }
        if found.is_empty() {
            let whole = Seed { pixels: self.ground(), days: asked.target, is_earlier: false };
            found.extend(self.conclude(prepared, asked, &whole, (&taken, &earlier)));
        }
        found
    }

    /// A piece of ground without what stood there in the look-back already: a field that grew is as large as it grew.
    /// Only of a piece that would stand as a whole, and only where what is left is wide: so this never adds a lead.
    fn without_old(
        &self,
        prepared: &Prepared,
        asked: &Asked,
        (seed, taken): (&Seed, &[bool]),
        (concluded, ground): (Option<Closer>, Vec<usize>),
    ) -> (Option<Closer>, Vec<usize>) {
        if concluded.as_ref().is_none_or(|closer| closer.seen_before > MOST_SEEN_BEFORE) {
            return (concluded, ground);
        }
        let (old, new): (Vec<usize>, Vec<usize>) =
            seed.pixels.iter().copied().partition(|pixel| self.is_old(*pixel, prepared, asked));
        if (old.len() as f32) < MOST_SHARED * ground.len() as f32
            || !self.is_wide(&old)
            || !self.is_wide(&new)
        {
            return (concluded, ground);
        }
        let mut masked = taken.to_vec();
        old.iter().for_each(|pixel| masked[*pixel] = true);
        let new = Seed { pixels: new, ..*seed };
        let grown = self.conclude(prepared, asked, &new, (&masked, &masked));
        let own = self.ground_of(grown.as_ref());
        if is_new(&own, &masked) && self.is_wide(&own) { (grown, own) } else { (concluded, ground) }
    }

    /// Whether a season of the look-back showed most of a pixel's evidence.
    fn is_old(&self, pixel: usize, prepared: &Prepared, asked: &Asked) -> bool {
        let series = &self.pixels[pixel];
        prepared.choose(series, asked.dates, asked.target).is_some_and(|chosen| {
            let before = prepared.seen_before(chosen.kind, series, asked.dates, asked.look_back);
            before > MOST_SEEN_BEFORE * chosen.evidence.max(0.1)
        })
    }

    /// The pixels of what was concluded; none of nothing.
    fn ground_of(&self, concluded: Option<&Closer>) -> Vec<usize> {
        concluded.iter().flat_map(|closer| &closer.patch.pixels).map(|pixel| self.place(*pixel)).collect()
    }

    /// Whether a square of `WIDE` pixels fits into some ground: rims are narrower.
    fn is_wide(&self, ground: &[usize]) -> bool {
        let (rows, cols) = (self.window.rows, self.window.cols);
        let mut is_ground = vec![false; self.pixels.len()];
        ground.iter().for_each(|pixel| is_ground[*pixel] = true);
        let fits = |pixel: &usize| {
            let (row, col) = (pixel / cols, pixel % cols);
            let is_full =
                |row: usize| is_ground[row * cols + col..row * cols + col + WIDE].iter().all(|own| *own);
            row + WIDE <= rows && col + WIDE <= cols && (row..row + WIDE).all(is_full)
        };
        ground.iter().any(fits)
    }

    /// The connected seed that moved most altogether, if one is large enough. Not the largest one: faint stubble
    /// would be cut first, at a level so low that it takes the building beside it.
    fn strongest(&self, gated: &[bool], moved: &[f32]) -> Option<Vec<usize>> {
        let seeds = parts(gated, self.window.rows, self.window.cols, false);
        let seeds = seeds.into_iter().filter(|seed| seed.len() >= LEAST_SEED);
        let all = |seed: &Vec<usize>| seed.iter().map(|pixel| moved[*pixel]).sum::<f32>();
        let stronger = |a: &Vec<usize>, b: &Vec<usize>| all(a).total_cmp(&all(b)).then(b[0].cmp(&a[0]));
        let seed = seeds.max_by(stronger)?;
        Some(self.core_of(&seed, moved).unwrap_or(seed))
    }

    /// A part of a seed that moved so much farther than the rest that it is a piece of ground of its own: a pit in
    /// thinned grass, a building in a field that was harvested early. The half-maximum of both together is that of
    /// neither.
    fn core_of(&self, seed: &[usize], moved: &[f32]) -> Option<Vec<usize>> {
        let middle = median(&mut seed.iter().map(|pixel| moved[*pixel]).collect::<Vec<f32>>());
        let mut is_far = vec![false; self.pixels.len()];
        seed.iter().for_each(|pixel| is_far[*pixel] = moved[*pixel] >= FAR_BEYOND * middle);
        let cores = parts(&is_far, self.window.rows, self.window.cols, false).into_iter();
        let cores = cores.filter(|core| core.len() >= LEAST_CORE);
        cores.max_by(|a, b| a.len().cmp(&b.len()).then(b[0].cmp(&a[0])))
    }

    /// How far one pixel moved in its own season: median amplitude, 0 where no season has enough views.
    fn moved(&self, pixel: usize, prepared: &Prepared, asked: &Asked) -> f32 {
        let series = &self.pixels[pixel];
        let Some(chosen) = prepared.choose(series, asked.dates, asked.target) else { return 0.0 };
        let amplitude = |index: &usize| prepared.amplitude(chosen.kind, series, *index, asked.features);
        let mut values: Vec<f32> = chosen.indices.iter().map(amplitude).collect();
        values.retain(|value| value.is_finite());
        if values.is_empty() { 0.0 } else { median(&mut values).max(0.0) }
    }

    /// The pixels of the patch.
    fn ground(&self) -> Vec<usize> {
        (0..self.pixels.len()).filter(|pixel| self.inside[*pixel]).collect()
    }

    /// The conclusion about one seed, over what is taken but not over `barred` ground. `None` when no season has enough
    /// views of it.
    fn conclude(
        &self,
        prepared: &Prepared,
        asked: &Asked,
        seed: &Seed,
        (taken, barred): (&[bool], &[bool]),
    ) -> Option<Closer> {
        let Asked { features, dates, look_back, target } = *asked;
        let first = self.medians(&seed.pixels, features.len(), dates.len(), look_back);
        let chosen = prepared.choose(&first, dates, seed.days)?;
        let views: Vec<usize> = chosen.indices.iter().map(|index| first.views[*index]).collect();
        let mut field = self.amplitudes(prepared, features, chosen.kind, &views);
        let barred = field.values.iter_mut().zip(barred).filter(|(_, barred)| **barred);
        barred.for_each(|(value, _)| *value = f32::NAN);
        let (patch, amplitude) = recut(self.patch, &field, &seed.pixels, &self.ground());
        let series =
            self.medians(&self.inner_half(&patch, &field, taken), features.len(), dates.len(), look_back);
        let around = self.around(&patch, &series, features.len(), (dates.len(), look_back));
        let chosen = prepared.choose(&series, dates, target)?;
        let seen_before = prepared.seen_before(chosen.kind, &series, dates, look_back);
        let in_target = |(_, view): &(usize, &usize)| target.contains(dates[**view]);
        let score = |(index, view): (usize, &usize)| {
            Some((dates[*view], prepared.strongest(&series, index, dates[*view])?))
        };
        let scores: Vec<(Date, f32)> =
            series.views.iter().enumerate().filter(in_target).filter_map(score).collect();
        let baseline_views = series.views.iter().filter(|view| look_back[**view]).count();
        let target_views = series.views.iter().enumerate().filter(in_target).count();
        Some(Closer {
            passed: gate::pass(prepared.model, features, &series, dates, target),
            persistence: persistence::accumulate(&scores),
            kind: prepared.kind_name(chosen.kind).to_owned(),
            views: (baseline_views, target_views),
            contamination: self.contamination.iter().sum::<f32>() / self.contamination.len().max(1) as f32,
            seen_before: seen_before / chosen.evidence.max(0.1),
            series,
            chosen,
            around,
            patch,
            amplitude,
        })
    }

    /// The half of a patch that moved most: pixels of its edge are mixed and would water it down.
    /// What is taken already is another piece of ground.
    fn inner_half(&self, patch: &Patch, field: &Field, taken: &[bool]) -> Vec<usize> {
        let within = patch.pixels.iter().map(|pixel| self.place(*pixel));
        let mut within: Vec<usize> = within.filter(|pixel| !taken[*pixel]).collect();
        within.sort_by(|a, b| field.at(*b).total_cmp(&field.at(*a)).then(a.cmp(b)));
        within.truncate((within.len() / 2).max(LEAST_SEED));
        within
    }

    fn place(&self, pixel: Pixel) -> usize {
        (pixel.row - self.window.row0) * self.window.cols + pixel.col - self.window.col0
    }
}

/// Whether at most a part of some ground is taken by an earlier piece.
fn is_new(ground: &[usize], taken: &[bool]) -> bool {
    let again = ground.iter().filter(|pixel| taken[**pixel]).count();
    again as f32 <= MOST_SHARED * ground.len() as f32
}

/// Cuts a patch anew at the half-maximum of amplitude, from its seed pixels.
fn recut(patch: &Patch, field: &Field, seed: &[usize], ground: &[usize]) -> (Patch, f32) {
    match tree::cut(field, seed, ground) {
        Some(cut) => {
            let amplitude = cut.core - cut.ring;
            // Core and ring keep saying what the evidence was; shape and outline are of the amplitude.
            (Patch { core: patch.core, ring: patch.ring, ..cut }, amplitude)
        }
        None => (patch.clone(), 0.0),
    }
}

#[cfg(test)]
mod tests;
