//! Sixteen pixels of a cell through time, side by side: observed, control, expected, z.
//!
//! In:  pixels with the strata that they are blended of. Out: planes of lanes, `feature * views + view`.
//! Law: a pixel is calculated as if it were alone; what it was not seen in is 0 and has no bit in `seen`.

use crate::baseline::Series;
use crate::baseline::control::Control;
use crate::baseline::kept::KeptFits;
use crate::baseline::lanes::{LANES, Lanes, Network, each, padding, wide};
use crate::baseline::regression::{Fits, History};
use crate::observe::stack::{MISSING, Stack, value};

/// Strata with at least this share of a blend must have been seen on a date.
const LEAST_KNOWN: f32 = 0.5;

/// Of nothing.
const NO_RANGE: (Lanes, Lanes) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);

/// Up to sixteen pixels through time. Made once and filled again and again.
pub struct Strip<'a> {
    stack: &'a Stack,
    /// Places of the look-back views.
    look_back: Vec<usize>,
    network: Network,
    /// By view: the bit of each lane that was seen and whose control is known.
    seen: Vec<u16>,
    observed: Vec<Lanes>,
    control: Vec<Lanes>,
    expected: Vec<Lanes>,
    z: Vec<Lanes>,
    /// What is expected of each lane, by feature.
    fits: Vec<Fits>,
    /// Lowest and highest control in the look-back, by feature; (inf, -inf) where it was never known.
    range: Vec<(Lanes, Lanes)>,
    sums: Vec<f32>,
    totals: Vec<f32>,
    scratch: Vec<Lanes>,
    is_seen: Vec<Lanes>,
    padding: Vec<Lanes>,
}

impl<'a> Strip<'a> {
    /// An empty strip over the first views of a stack, as many as `look_back` tells of.
    pub fn new(stack: &'a Stack, look_back: &[bool]) -> Self {
        let (views, features) = (look_back.len(), stack.features.len());
        let look_back: Vec<usize> = (0..views).filter(|view| look_back[*view]).collect();
        let planes = || vec![[0.0; LANES]; views * features];
        Self {
            stack,
            network: Network::new(look_back.len()),
            look_back,
            seen: vec![0; views],
            observed: planes(),
            control: planes(),
            expected: planes(),
            z: planes(),
            fits: vec![Fits::default(); features],
            range: vec![NO_RANGE; features],
            sums: vec![0.0; views * features],
            totals: vec![0.0; views],
            scratch: Vec::new(),
            is_seen: Vec::new(),
            padding: Vec::new(),
        }
    }

    /// What the lanes show beside what was expected.
    pub fn departures(&self) -> Departures<'_> {
        Departures { seen: &self.seen, z: &self.z }
    }

    /// Empties all lanes.
    pub fn clear(&mut self) {
        self.seen.fill(0);
        self.observed.fill([0.0; LANES]);
        self.control.fill([0.0; LANES]);
        self.range.fill(NO_RANGE);
    }

    /// Lays a pixel into a lane, with the control of a blend of strata.
    pub fn lay(&mut self, lane: usize, pixel: usize, (control, blend): (&Control, &[(usize, f32)])) {
        let (views, features) = (self.seen.len(), self.stack.features.len());
        control.blend(blend, &mut self.sums[..views * features], &mut self.totals[..views]);
        (0..self.look_back.len()).for_each(|place| self.widen(lane, self.look_back[place]));
        let history = self.stack.history(pixel).chunks_exact(features);
        let sums = self.sums.chunks_exact(features);
        for (view, ((stored, sums), total)) in history.zip(sums).zip(&self.totals).enumerate() {
            if stored[0] == MISSING || *total < LEAST_KNOWN {
                continue;
            }
            self.seen[view] |= 1 << lane;
            for feature in 0..features {
                self.observed[feature * views + view][lane] = value(stored[feature]);
                self.control[feature * views + view][lane] = sums[feature] / total;
            }
        }
    }

    /// Fits every lane over the look-back. `prior(feature)` is the spread of each lane's strata.
    pub fn fit(&mut self, prior: impl Fn(usize) -> Lanes) {
        let views = self.seen.len();
        let (look_back, seen) = (&self.look_back, &self.seen);
        let has_bit = |place: usize, lane: usize| seen[look_back[place]] >> lane & 1 == 1;
        self.is_seen.clear();
        self.is_seen
            .extend((0..look_back.len()).map(|place| each(|lane| f32::from(u8::from(has_bit(place, lane))))));
        padding(look_back.len(), has_bit, &mut self.padding);
        let history = History {
            views: &self.look_back,
            is_seen: &self.is_seen,
            padding: &self.padding,
            network: &self.network,
        };
        for feature in 0..self.fits.len() {
            let plane = feature * views..(feature + 1) * views;
            let (x, m) = (&self.observed[plane.clone()], &self.control[plane]);
            let floor = self.stack.features[feature].spread_floor();
            let prior = prior(feature).map(|prior| prior.max(floor));
            let scratch = &mut self.scratch;
            self.fits[feature] = wide(
                #[inline(always)]
                || Fits::shrunken((x, m), &history, (&prior, floor), scratch),
            );
        }
        self.foresee();
    }

    /// What is kept of the fits of a lane.
    pub fn kept(&self, lane: usize) -> KeptFits {
        let views = self.look_back.iter().filter(|view| self.seen[**view] >> lane & 1 == 1).count();
        KeptFits { views: views as u16, features: self.fits.iter().map(|fits| fits.kept(lane)).collect() }
    }

    /// Puts fits that were kept into a lane.
    pub fn recall(&mut self, lane: usize, kept: &KeptFits) {
        for (fits, kept_fit) in self.fits.iter_mut().zip(&kept.features) {
            // As a fit without a view has it.
            fits.remember(lane, kept_fit, f32::from(kept.views.max(1)));
        }
    }

    /// The range of the control in a look-back that lies before this strip's views: of a blend of strata, feature by
    /// feature.
    pub fn recall_range(&mut self, lane: usize, (look_back, blend): (&Control, &[(usize, f32)])) {
        let features = self.fits.len();
        self.sums.resize(self.sums.len().max(look_back.views() * features), 0.0);
        self.totals.resize(self.totals.len().max(look_back.views()), 0.0);
        let (sums, totals) =
            (&mut self.sums[..look_back.views() * features], &mut self.totals[..look_back.views()]);
        look_back.blend(blend, sums, totals);
        (0..look_back.views()).for_each(|view| self.widen(lane, view));
    }

    /// Takes the control of a view, as it lies in the sums, into the range of a lane.
    fn widen(&mut self, lane: usize, view: usize) {
        let features = self.fits.len();
        if self.totals[view] < LEAST_KNOWN {
            return;
        }
        for (feature, (low, high)) in self.range.iter_mut().enumerate() {
            let control = self.sums[view * features + feature] / self.totals[view];
            (low[lane], high[lane]) = (low[lane].min(control), high[lane].max(control));
        }
    }

    /// What the fits of the lanes expect in every view, and how far off each is.
    pub fn foresee(&mut self) {
        let views = self.seen.len();
        for (feature, fits) in self.fits.iter().enumerate() {
            let plane = feature * views..(feature + 1) * views;
            let (x, m) = (&self.observed[plane.clone()], &self.control[plane.clone()]);
            let (expected, z) = (&mut self.expected[plane.clone()], &mut self.z[plane]);
            wide(
                #[inline(always)]
                || {
                    for view in 0..views {
                        expected[view] = fits.expected(&m[view]);
                        z[view] = fits.z(&x[view], &m[view]);
                    }
                },
            );
        }
    }

    /// The way of one lane's pixel.
    pub fn series(&self, lane: usize, series: &mut Series) {
        let (views, features) = (self.seen.len(), self.fits.len());
        series.clear(features);
        series.views.extend((0..views).filter(|view| self.seen[*view] >> lane & 1 == 1));
        if series.views.is_empty() {
            return;
        }
        for feature in 0..features {
            let line = |planes: &[Lanes], to: &mut Vec<f32>| {
                to.extend(series.views.iter().map(|view| planes[feature * views + view][lane]));
            };
            line(&self.observed, &mut series.observed[feature]);
            line(&self.control, &mut series.control[feature]);
            line(&self.expected, &mut series.expected[feature]);
            line(&self.z, &mut series.z[feature]);
            // Slopes are not negative: the lowest control has the lowest expected value.
            let (low, high) = &self.range[feature];
            let fits = &self.fits[feature];
            series.history[feature] = (fits.expected(low)[lane], fits.expected(high)[lane]);
        }
    }
}

/// Where sixteen pixels departed from what was expected.
#[derive(Debug, Clone, Copy)]
pub struct Departures<'a> {
    /// By view: the bit of each lane that was seen.
    pub seen: &'a [u16],
    /// z, `feature * views + view`; it says something only of lanes with a bit in `seen`.
    pub z: &'a [Lanes],
}

impl Departures<'_> {
    /// Weighted z of one view, weights by feature.
    pub fn score(&self, weights: &[f32], view: usize) -> Lanes {
        let mut score = [0.0; LANES];
        for (feature, weight) in weights.iter().enumerate() {
            let z = &self.z[feature * self.seen.len() + view];
            for lane in 0..LANES {
                score[lane] += weight * z[lane];
            }
        }
        score
    }
}
