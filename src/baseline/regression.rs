//! A pixel's own response to its control: shrunken regression over the look-back, and robust z.
//!
//! x^ = x0 + beta (m - m0), beta shrunken toward 1; the predictive spread widens when the control
//! leaves the range it had in the look-back (drought or wet years never seen before).
//! Source: `reference/science.md` 6.2; `reference/time-series.md` (slope 1 is as good with one or two
//! seasons, hence the strong prior; variance (8 s0^2 + SSE) / (8 + n - 2)).

use crate::baseline::kept::KeptFit;
use crate::baseline::lanes::{LANES, Lanes, Network, each};

/// Weight of the prior slope 1, in look-back views.
const SLOPE_PRIOR_VIEWS: f32 = 8.0;

/// Weight of the stratum's spread, in views.
const SPREAD_PRIOR_VIEWS: f32 = 8.0;

/// |z| is clipped here: beyond it, more says nothing more.
const MOST_Z: f32 = 8.0;

/// Residuals beyond this many robust sigma count only so much (cloud that no mask saw).
pub const WINSOR: f32 = 3.0;

/// The look-back of sixteen pixels: which of its views saw each.
pub struct History<'a> {
    /// Places of the look-back views in `x` and `m`.
    pub views: &'a [usize],
    /// 1 where a pixel was seen in a view, else 0; in the order of `views`.
    pub is_seen: &'a [Lanes],
    /// `lanes::padding` of the same.
    pub padding: &'a [Lanes],
    /// Medians of so many views.
    pub network: &'a Network,
}

impl History<'_> {
    /// Medians over the views that saw each pixel.
    #[inline(always)]
    fn median(&self, scratch: &mut Vec<Lanes>, value: impl Fn(usize, usize) -> f32) -> Lanes {
        scratch.clear();
        let padded = self.views.iter().zip(self.padding);
        scratch.extend(padded.map(|(view, padding)| each(|lane| value(*view, lane) + padding[lane])));
        self.network.median(scratch)
    }
}

/// Expected values and spreads of sixteen pixels in one feature, rounded as `kept` says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fits {
    mean_x: Lanes,
    mean_m: Lanes,
    slope: Lanes,
    spread: Lanes,
    views: Lanes,
    control_squares: Lanes,
}

impl Fits {
    /// Fits over the look-back. `x` and `m` are 0 where a pixel was not seen.
    ///
    /// `prior` is the spread of each pixel's stratum, `floor` the least spread; both in the feature's unit. `scratch` is
    /// room to work in.
    #[inline(always)]
    pub fn shrunken(
        (x, m): (&[Lanes], &[Lanes]),
        history: &History,
        (prior, floor): (&Lanes, f32),
        scratch: &mut Vec<Lanes>,
    ) -> Self {
        let places = || history.views.iter().zip(history.is_seen).map(|(view, is_seen)| (*view, is_seen));
        let mut views = [0.0; LANES];
        let (mut sum_m, mut sum_x) = ([0.0; LANES], [0.0; LANES]);
        let middle = history.median(scratch, |view, lane| x[view][lane] - m[view][lane]);
        let scatter =
            history.median(scratch, |view, lane| (x[view][lane] - m[view][lane] - middle[lane]).abs());
        let reach = each(|lane| WINSOR * (1.4826 * scatter[lane]).max(prior[lane]).max(floor));
        // Winsorised about slope 1, so that a missed cloud moves neither mean nor slope far.
        let tamed = |view: usize, lane: usize| {
            let off = x[view][lane] - m[view][lane] - middle[lane];
            m[view][lane] + middle[lane] + off.max(-reach[lane]).min(reach[lane])
        };
        for (view, is_seen) in places() {
            for lane in 0..LANES {
                views[lane] += is_seen[lane];
                sum_m[lane] += m[view][lane];
                sum_x[lane] += if is_seen[lane] > 0.0 { tamed(view, lane) } else { 0.0 };
            }
        }
        let (mean_m, mean_x) =
            (each(|lane| sum_m[lane] / views[lane]), each(|lane| sum_x[lane] / views[lane]));
        let (mut mm, mut mx) = ([0.0; LANES], [0.0; LANES]);
        for (view, is_seen) in places() {
            for lane in 0..LANES {
                let dm = m[view][lane] - mean_m[lane];
                let dx = tamed(view, lane) - mean_x[lane];
                mm[lane] += if is_seen[lane] > 0.0 { dm * dm } else { 0.0 };
                mx[lane] += if is_seen[lane] > 0.0 { dm * dx } else { 0.0 };
            }
        }
        let weight = each(|lane| SLOPE_PRIOR_VIEWS * (mm[lane] / views[lane]).max(floor * floor));
        let slope = each(|lane| ((mx[lane] + weight[lane]) / (mm[lane] + weight[lane])).clamp(0.0, 3.0));
        // The median of the errors, not their squares: what changed within the look-back itself
        // (a field sown before its end) must not excuse what it does afterwards.
        let error = history.median(scratch, |view, lane| {
            (x[view][lane] - mean_x[lane] - slope[lane] * (m[view][lane] - mean_m[lane])).abs()
        });
        let spread = each(|lane| {
            let error = 1.4826 * error[lane];
            let weight_sum = (SPREAD_PRIOR_VIEWS + views[lane] - 2.0).max(1.0);
            let squares = SPREAD_PRIOR_VIEWS * prior[lane] * prior[lane] + views[lane] * error * error;
            (squares / weight_sum).sqrt().max(floor)
        });
        let control_squares = each(|lane| mm[lane] + weight[lane]);
        Self { mean_x, mean_m, slope, spread, views, control_squares }.without_history(prior).rounded()
    }

    /// Every lane as it is kept.
    fn rounded(mut self) -> Self {
        (0..LANES).for_each(|lane| self.remember(lane, &self.kept(lane), self.views[lane]));
        self
    }

    /// What is kept of a lane beside its views.
    pub fn kept(&self, lane: usize) -> KeptFit {
        let means = (self.mean_x[lane], self.mean_m[lane]);
        KeptFit::of([means.0, means.1, self.slope[lane], self.spread[lane], self.control_squares[lane]])
    }

    /// Puts a kept fit over so many views into a lane.
    pub fn remember(&mut self, lane: usize, kept: &KeptFit, views: f32) {
        let [mean_x, mean_m, slope, spread, squares] = kept.numbers();
        (self.mean_x[lane], self.mean_m[lane]) = (mean_x, mean_m);
        (self.slope[lane], self.spread[lane]) = (slope, spread);
        (self.control_squares[lane], self.views[lane]) = (squares, views);
    }

    /// Lanes without a view have no expectation.
    fn without_history(mut self, prior: &Lanes) -> Self {
        for (lane, prior) in prior.iter().enumerate() {
            if self.views[lane] > 0.0 {
                continue;
            }
            (self.mean_x[lane], self.mean_m[lane]) = (f32::NAN, f32::NAN);
            (self.slope[lane], self.spread[lane]) = (1.0, *prior);
            (self.views[lane], self.control_squares[lane]) = (1.0, 1.0);
        }
        self
    }

    /// Expected values where the controls are `m`.
    #[inline(always)]
    pub fn expected(&self, m: &Lanes) -> Lanes {
        each(|lane| self.mean_x[lane] + self.slope[lane] * (m[lane] - self.mean_m[lane]))
    }

    /// Robust z of observations, clipped; NaN without history.
    #[inline(always)]
    pub fn z(&self, x: &Lanes, m: &Lanes) -> Lanes {
        let expected = self.expected(m);
        each(|lane| {
            let off = m[lane] - self.mean_m[lane];
            let widening = 1.0 + 1.0 / self.views[lane] + off * off / self.control_squares[lane];
            let z = (x[lane] - expected[lane]) / (self.spread[lane] * widening.sqrt());
            // Not `max` and `min`: what is not known stays so.
            let z = if z > MOST_Z { MOST_Z } else { z };
            if z < -MOST_Z { -MOST_Z } else { z }
        })
    }
}

/// The fit of one pixel, as `Fits` makes it in each lane: for those who check it against another program.
pub struct Fit(Fits);

impl Fit {
    /// Fits over the look-back views `history` (indices into `x` and `m`).
    pub fn shrunken(x: &[f32], m: &[f32], history: &[usize], prior: f32, floor: f32) -> Self {
        let wide = |line: &[f32]| line.iter().map(|value| [*value; LANES]).collect::<Vec<Lanes>>();
        let (is_seen, padding) = (vec![[1.0; LANES]; history.len()], vec![[0.0; LANES]; history.len()]);
        let network = &Network::new(history.len());
        let history = History { views: history, is_seen: &is_seen, padding: &padding, network };
        let lines = (wide(x), wide(m));
        Self(Fits::shrunken((&lines.0, &lines.1), &history, (&[prior; LANES], floor), &mut Vec::new()))
    }

    /// Expected value where the control is `m`.
    pub fn expected(&self, m: f32) -> f32 {
        self.0.expected(&[m; LANES])[0]
    }

    /// Robust z of an observation, clipped; NaN without history.
    pub fn z(&self, x: f32, m: f32) -> f32 {
        self.0.z(&[x; LANES], &[m; LANES])[0]
    }
}

/// Median of a non-empty slice, which it reorders; of an even count the upper of the two.
pub fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests;
