//! Two dates: what was learned of the pair, and every tile once, from files to planes of evidence.
//!
//! In:  inputs with one day before and one day after. Out: a `Survey`, and planes in a scratch file.
//! Law: evidence depends on the place alone, so tile size, memory and threads change no byte; what one
//! of the dates did not see is a gap.

use ndarray::Array3;
use rayon::prelude::*;

use crate::detect::pair::{self, HALO, PairError, PairEvidence, PairModel, PairParams, PairSource, Stack};
use crate::grid::{Grid, Window};
use crate::observe::mask::{self, Unclear};
use crate::patch::scratch::{self, Scratch};
use crate::plan::{Plan, Register};
use crate::read::{ReadError, Reader, Readers};
use crate::run::inputs::Inputs;
use crate::run::{Progress, RunError, fit, tiles};
use crate::scene::{Band, Scene};

/// Bands that two dates are compared in, as far as every scene of both has them.
const BANDS: [Band; 6] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16, Band::Swir22];

/// How far cloud (SCL 8, 9, 10, or what a given mask says) reaches beyond its mask, in metres.
///
/// Source: on season pairs without change the edges of clouds that were not widened were the main source of
/// patches; two pixels of 10 m, enough for series with many views, were not enough for two.
const CLOUD_REACH: f64 = 60.0;

/// The same of cloud shadow (SCL 3), in metres.
const SHADOW_REACH: f64 = 40.0;

/// Planes that every zone shares, before the planes of evidence: guard, then change of NDVI, brightness, NDWI
/// and texture. They are written where there may be a patch.
pub const SHARED: usize = 5;

/// Stored numbers per unit of each change: indices and reflectance, then texture.
pub const CHANGE_PER_UNIT: [f32; 4] = [1e4, 1e4, 1e4, 1e3];

/// Working memory of a tile in bytes per pixel (with its halo): an estimate for 6 bands, not a measurement.
const BYTES_PER_PIXEL: u64 = 560;

/// Two dates are little beside a series, and the halo is read again by every tile: tiles are this many times
/// as long as the plan says, if memory allows.
pub(super) const TILE_FACTOR: usize = 3;

/// Red lines that a set of sub-models looks at together.
pub struct Zone {
    /// Their places in the list of the inputs.
    pub lines: Vec<usize>,
    /// Places of the sub-models in the inputs.
    pub models: Vec<usize>,
}

/// What is known of a pair before its tiles are judged.
pub struct Survey {
    /// What is normal between the dates; `None` when too little is clear on both to say.
    pub model: Option<PairModel>,
    /// Zones in order of their first sub-model.
    pub zones: Vec<Zone>,
    /// Thresholds in force.
    pub params: PairParams,
    /// What was learned, in a sentence with numbers.
    pub summary: String,
}

/// Both days of a pair, for as many workers as ask.
pub struct Pixels<'a> {
    inputs: &'a Inputs,
    readers: Readers,
    bands: Vec<Band>,
}

impl<'a> Pixels<'a> {
    /// A source with no file open.
    pub fn new(inputs: &'a Inputs) -> Self {
        let everywhere = |band: &Band| inputs.scenes.iter().all(|scene| scene.has(*band));
        let bands = BANDS.into_iter().filter(everywhere).collect();
        Self { inputs, readers: Readers::default(), bands }
    }

    /// Before and after over a window that lies within the grid.
    pub fn stacks(&self, window: Window) -> Result<(Stack, Stack), ReadError> {
        self.readers.with(|reader| Ok((self.day(reader, 0, window)?, self.day(reader, 1, window)?)))
    }

    fn day(&self, reader: &mut Reader, view: usize, window: Window) -> Result<Stack, ReadError> {
        let shape = (self.bands.len(), window.rows, window.cols);
        let mut values = Array3::from_elem(shape, f32::NAN);
        let inputs = self.inputs;
        // Scenes of one day in reverse, so that the first one has the last word.
        for scene in inputs.views[view].scenes.iter().rev() {
            self.lay(reader, *scene, window, &mut values)?;
        }
        Ok(Stack { bands: self.bands.clone(), values, window })
    }

    /// Lays one scene over what is there, where it is clear and has every band.
    fn lay(
        &self,
        reader: &mut Reader,
        scene: usize,
        window: Window,
        values: &mut Array3<f32>,
    ) -> Result<(), ReadError> {
        let (scene, grid) = (&self.inputs.scenes[scene], &self.inputs.grid);
        if scene.grid().is_none_or(|own| !own.overlaps(&grid.of_window(window))) {
            return Ok(());
        }
        let clear = self.clear(reader, scene, window)?;
        if clear.as_ref().is_some_and(|clear| !clear.contains(&true)) {
            return Ok(());
        }
        let mut planes = Vec::with_capacity(self.bands.len());
        for &band in &self.bands {
            let (scale, offset) = (scene.bands[&band].scale as f32, scene.bands[&band].offset as f32);
            let mut raw = reader.window(scene, band, grid, window)?;
            raw.mapv_inplace(|number| number * scale + offset);
            planes.push(raw);
        }
        for row in 0..window.rows {
            for col in 0..window.cols {
                let place = (row, col);
                let is_clear = clear.as_ref().is_none_or(|clear| clear[row * window.cols + col]);
                if is_clear && planes.iter().all(|plane| plane[place].is_finite()) {
                    for (band, plane) in planes.iter().enumerate() {
                        values[(band, row, col)] = plane[place];
                    }
                }
            }
        }
        Ok(())
    }

    /// Clear pixels of a scene with a mask, after what is not clear was widened; `None` without a mask.
    fn clear(
        &self,
        reader: &mut Reader,
        scene: &Scene,
        window: Window,
    ) -> Result<Option<Vec<bool>>, ReadError> {
        if scene.masks().next().is_none() {
            return Ok(None);
        }
        let grid = &self.inputs.grid;
        let (width, height) = self.inputs.pixel_metres;
        let pixels = |metres: f64| (metres / width.min(height)).ceil() as usize;
        let reaches = [pixels(CLOUD_REACH), pixels(SHADOW_REACH), mask::DILATION];
        let most = reaches.into_iter().max().unwrap_or(0);
        let outer = window.grown(most, grid.whole());
        let mut result = vec![true; window.len()];
        for band in scene.masks() {
            let layer: Vec<f32> = reader.window(scene, band, grid, outer)?.iter().copied().collect();
            let clear = mask::clear(band, &layer);
            for (hidden, reach) in [Unclear::Cloud, Unclear::Shadow, Unclear::Other].into_iter().zip(reaches)
            {
                let is_kept = |(clear, value): (&bool, &f32)| *clear || mask::unclear(band, *value) != hidden;
                let kept: Vec<bool> = clear.iter().zip(&layer).map(is_kept).collect();
                if kept.contains(&false) {
                    let kept = mask::erode(&kept, outer.rows, outer.cols, reach);
                    let kept = tiles::inner(&kept, outer, window);
                    result.iter_mut().zip(kept).for_each(|(result, kept)| *result &= kept);
                }
            }
        }
        Ok(Some(result))
    }
}

impl PairSource for Pixels<'_> {
    type Error = ReadError;

    fn over<T: Send>(
        &self,
        windows: &[Window],
        of: impl Fn(usize, &Stack, &Stack) -> T + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let one = |(place, window): (usize, &Window)| {
            let (before, after) = self.stacks(*window)?;
            Ok(of(place, &before, &after))
        };
        windows.par_iter().enumerate().map(one).collect()
    }

    fn grid(&self) -> &Grid {
        &self.inputs.grid
    }
}

impl Survey {
    /// Learns what is normal between the two days.
    pub fn learn(inputs: &Inputs) -> Result<Self, RunError> {
        let params = params(inputs);
        let learned = pair::learn(&Pixels::new(inputs), params);
        let (model, summary) = match learned {
            Ok(model) => {
                let summary = model.to_string();
                (Some(model), summary)
            }
            // A cloudy pair is no fault of the inputs: all of it becomes gaps.
            Err(error @ PairError::TooFew { .. }) => (None, error.to_string()),
            Err(error) => return Err(error.into()),
        };
        Ok(Self::of(inputs, model, summary))
    }

    /// What was learned before of the same inputs.
    pub fn of(inputs: &Inputs, model: Option<PairModel>, summary: String) -> Self {
        Self { model, zones: zones(inputs), params: params(inputs), summary }
    }

    /// Pixels (down, right) that the second date lies off the first where it is read.
    pub fn left(&self) -> (f64, f64) {
        let shift = self.model.as_ref().map(PairModel::shift).filter(|shift| !shift.applied);
        shift.map_or((0.0, 0.0), |shift| (shift.rows, shift.cols))
    }

    /// Number of planes in the scratch file.
    pub fn planes(&self) -> usize {
        SHARED + self.zones.len()
    }

    /// Plane of evidence of a zone.
    pub fn zone_plane(&self, zone: usize) -> usize {
        SHARED + zone
    }

    /// Plane of evidence that a sub-model looks at.
    pub fn plane_of_model(&self, model: usize) -> usize {
        let zone = self.zones.iter().position(|zone| zone.models.contains(&model));
        self.zone_plane(zone.unwrap_or(0))
    }
}

/// Thresholds, of which the plan says whether the second date is put right.
fn params(inputs: &Inputs) -> PairParams {
    let usual = PairParams::default();
    let is_put_right = inputs.registration.asked == Register::Correct;
    PairParams { shift_most: if is_put_right { usual.shift_most } else { 0.0 }, ..usual }
}

/// Sub-models that look at the same red lines share a zone.
fn zones(inputs: &Inputs) -> Vec<Zone> {
    let mut zones: Vec<Zone> = Vec::new();
    for (place, model) in inputs.models.iter().enumerate() {
        let lines = inputs.lines_of(model);
        match zones.iter_mut().find(|zone| zone.lines == lines) {
            Some(zone) => zone.models.push(place),
            None => zones.push(Zone { lines, models: vec![place] }),
        }
    }
    zones
}

/// Evidence of every tile into the scratch file.
pub fn judge(
    inputs: &Inputs,
    survey: &Survey,
    scratch: &Scratch,
    tiles: &[Window],
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let pixels = Pixels::new(inputs);
    tiles.par_iter().try_for_each(|tile| {
        judge_tile(survey, scratch, &pixels, *tile)?;
        progress.step(tile.len() as u64);
        Ok(())
    })
}

fn judge_tile(survey: &Survey, scratch: &Scratch, pixels: &Pixels, tile: Window) -> Result<(), RunError> {
    let inputs = pixels.inputs;
    let in_zone = |zone: &Zone| tiles::zone_mask(inputs, zone.lines.iter().copied(), tile);
    let wanted: Vec<Vec<bool>> = survey.zones.iter().map(in_zone).collect();
    if !wanted.iter().flatten().any(|wanted| *wanted) {
        return Ok(());
    }
    let outer = tile.grown(HALO, inputs.grid.whole());
    let (before, after) = pixels.stacks(outer)?;
    let seen = [&before, &after].map(|stack| seen(stack, tile));
    let evidence = survey.model.as_ref().map(|model| pair::evidence(model, &before, &after, tile));
    drop((before, after));
    let stored = states(&seen, evidence.as_ref());
    for (zone, wanted) in wanted.iter().enumerate() {
        let cut = |(value, wanted): (&i16, &bool)| if *wanted { *value } else { scratch::OUTSIDE };
        let values: Vec<i16> = stored.iter().zip(wanted).map(cut).collect();
        scratch.write(survey.zone_plane(zone), tile, &values)?;
    }
    let least = stored_evidence(survey.params.grow);
    let Some(evidence) = evidence.filter(|_| stored.iter().any(|value| *value > least)) else {
        return Ok(());
    };
    let guard = evidence.guard.iter().map(|guard| stored_down(*guard * scratch::PER_UNIT));
    scratch.write(0, tile, &guard.collect::<Vec<i16>>())?;
    let change = &evidence.change;
    let planes = [&change.ndvi, &change.brightness, &change.ndwi, &change.texture];
    for (index, (plane, per_unit)) in planes.into_iter().zip(CHANGE_PER_UNIT).enumerate() {
        let values: Vec<i16> = plane.iter().map(|value| stored_down(*value * per_unit)).collect();
        scratch.write(1 + index, tile, &values)?;
    }
    Ok(())
}

/// Pixels of `inner` that a day saw.
fn seen(stack: &Stack, inner: Window) -> Vec<bool> {
    let (row0, col0) = (inner.row0 - stack.window.row0, inner.col0 - stack.window.col0);
    let places = (0..inner.rows).flat_map(|row| (0..inner.cols).map(move |col| (row0 + row, col0 + col)));
    places.map(|(row, col)| stack.values[(0, row, col)].is_finite()).collect()
}

/// Evidence, or why there is none, pixel by pixel.
fn states(seen: &[Vec<bool>; 2], evidence: Option<&PairEvidence>) -> Vec<i16> {
    let fused = |pixel: usize| {
        let values = evidence.and_then(|evidence| evidence.fused.as_slice());
        values.map_or(f32::NAN, |values| values[pixel])
    };
    let state = |pixel: usize| match (seen[0][pixel], seen[1][pixel]) {
        (false, false) => scratch::UNSEEN,
        (false, true) => scratch::TOO_LITTLE_HISTORY,
        (true, true) if fused(pixel).is_finite() => stored_evidence(fused(pixel)),
        (true, true) => scratch::NOT_COMPARED,
        (true, false) => scratch::TOO_FEW_VIEWS,
    };
    (0..seen[0].len()).map(state).collect()
}

/// Evidence as a whole number, rounded up: above a threshold before is above it after.
pub fn stored_evidence(fused: f32) -> i16 {
    (fused * scratch::PER_UNIT).ceil().clamp(0.0, 32_000.0) as i16
}

/// A number rounded down, so that what misses a floor still misses it; `i16::MIN` for NaN.
fn stored_down(value: f32) -> i16 {
    if value.is_nan() { i16::MIN } else { value.floor().clamp(-32_000.0, 32_000.0) as i16 }
}

/// Threads and tile side that keep working memory under the plan's bound; neither changes a byte.
pub fn fitted(plan: &Plan, inputs: &Inputs, fixed: u64) -> Result<(usize, usize), RunError> {
    let needed = |side: usize, threads: usize| {
        let length = |most: usize| side.saturating_add(2 * HALO).min(most) as u64;
        length(inputs.grid.rows) * length(inputs.grid.cols) * BYTES_PER_PIXEL * threads as u64 + fixed
    };
    fit(plan, inputs, plan.tile_size.saturating_mul(TILE_FACTOR), needed)
}
