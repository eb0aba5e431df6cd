//! A pixel's own response to its control: shrunken regression over the look-back, and robust z.
//!
//! x^ = x0 + beta (m - m0), beta shrunken toward 1; the predictive spread widens when the control
//! leaves the range it had in the look-back (drought or wet years never seen before).
//! Source: `reference/science.md` 6.2; `reference/time-series.md` (slope 1 is as good with one or two
//! seasons, hence the strong prior; variance (8 s0^2 + SSE) / (8 + n - 2)).

use crate::baseline::control::Control;
use crate::baseline::strata::Strata;
use crate::observe::stack::{Stack, value};

/// Weight of the prior slope 1, in look-back views.
const SLOPE_PRIOR_VIEWS: f32 = 8.0;

/// Weight of the stratum's spread, in views.
const SPREAD_PRIOR_VIEWS: f32 = 8.0;

/// |z| is clipped here: beyond it, more says nothing more.
const MOST_Z: f32 = 8.0;

/// A donor beyond this |z| in any feature has changed itself and leaves the control.
const CHANGED_Z: f32 = 4.0;

/// Every so many donors speak for the spread of a stratum; some fifty are enough for a median.
pub const SPREAD_STEP: usize = 3;

/// Residuals beyond this many robust sigma count only so much (cloud that no mask saw).
const WINSOR: f32 = 3.0;

/// Expected value and spread of one pixel and feature.
#[derive(Debug, Clone, Copy)]
pub struct Fit {
    mean_x: f32,
    mean_m: f32,
    slope: f32,
    spread: f32,
    views: f32,
    control_squares: f32,
}

impl Fit {
    /// Fits over the look-back views `history` (indices into `x` and `m`).
    ///
    /// `prior` is the stratum's spread, `floor` the least spread; both in the feature's unit.
    pub fn shrunken(x: &[f32], m: &[f32], history: &[usize], prior: f32, floor: f32) -> Self {
        let views = history.len() as f32;
        if history.is_empty() {
            let (mean_x, mean_m) = (f32::NAN, f32::NAN);
            return Self { mean_x, mean_m, slope: 1.0, spread: prior, views: 1.0, control_squares: 1.0 };
        }
        let mut differences: Vec<f32> = history.iter().map(|index| x[*index] - m[*index]).collect();
        let middle = median(&mut differences);
        differences.iter_mut().for_each(|difference| *difference = (*difference - middle).abs());
        let reach = WINSOR * (1.4826 * median(&mut differences)).max(prior).max(floor);
        // Winsorised about slope 1, so that a missed cloud moves neither mean nor slope far.
        let tamed = |index: usize| m[index] + middle + (x[index] - m[index] - middle).clamp(-reach, reach);
        let mean_m = history.iter().map(|index| m[*index]).sum::<f32>() / views;
        let mean_x = history.iter().map(|index| tamed(*index)).sum::<f32>() / views;
        let (mut mm, mut mx) = (0.0, 0.0);
        for &index in history {
            let (dm, dx) = (m[index] - mean_m, tamed(index) - mean_x);
            mm += dm * dm;
            mx += dm * dx;
        }
        let weight = SLOPE_PRIOR_VIEWS * (mm / views).max(floor * floor);
        let slope = ((mx + weight) / (mm + weight)).clamp(0.0, 3.0);
        let mut errors: Vec<f32> =
            history.iter().map(|index| (x[*index] - mean_x - slope * (m[*index] - mean_m)).abs()).collect();
        // The median of the errors, not their squares: what changed within the look-back itself
        // (a field sown before its end) must not excuse what it does afterwards.
        let error = 1.4826 * median(&mut errors);
        let weight_sum = (SPREAD_PRIOR_VIEWS + views - 2.0).max(1.0);
        let variance = (SPREAD_PRIOR_VIEWS * prior * prior + views * error * error) / weight_sum;
        Self {
            mean_x,
            mean_m,
            slope,
            spread: variance.sqrt().max(floor),
            views,
            control_squares: mm + weight,
        }
    }

    /// Expected value where the control is `m`.
    pub fn expected(&self, m: f32) -> f32 {
        self.mean_x + self.slope * (m - self.mean_m)
    }

    /// Robust z of an observation, clipped; NaN without history.
    pub fn z(&self, x: f32, m: f32) -> f32 {
        let widening = 1.0 + 1.0 / self.views + (m - self.mean_m).powi(2) / self.control_squares;
        ((x - self.expected(m)) / (self.spread * widening.sqrt())).clamp(-MOST_Z, MOST_Z)
    }
}

/// How donors scatter about their own expectation.
pub struct Residuals {
    /// Median spread by `leaf * features + feature`.
    spreads: Vec<f32>,
    features: usize,
    /// Correlation of z between features in the look-back.
    pub correlation: Vec<Vec<f32>>,
    /// By leaf: donor * views + view.
    changed: Vec<Vec<bool>>,
    views: usize,
}

impl Residuals {
    /// Fits every `step`th donor against its own stratum; the others count as unchanged.
    pub fn of_donors(
        stack: &Stack,
        look_back: &[bool],
        strata: &Strata,
        control: &Control,
        step: usize,
    ) -> Self {
        let (views, features) = (stack.dates.len(), stack.features.len());
        let mut products = vec![vec![0.0_f64; features]; features];
        let mut result = Self {
            spreads: Vec::with_capacity(strata.len() * features),
            features,
            correlation: vec![vec![0.0; features]; features],
            changed: Vec::with_capacity(strata.len()),
            views,
        };
        for (leaf, donors) in strata.donors.iter().enumerate() {
            let mut changed = vec![false; donors.len() * views];
            let priors: Vec<f32> = (0..features)
                .map(|feature| leaf_spread(stack, look_back, control, leaf, donors, feature))
                .collect();
            for (index, &donor) in donors.iter().enumerate().step_by(step) {
                let seen = seen_views(stack, control, leaf, donor);
                let z = donor_z(stack, look_back, control, (leaf, donor), &seen, &priors);
                for (place, &view) in seen.iter().enumerate() {
                    changed[index * views + view] = z.iter().any(|line| line[place].abs() > CHANGED_Z);
                    if look_back[view] {
                        add_products(&mut products, &z, place);
                    }
                }
            }
            result.spreads.extend(priors);
            result.changed.push(changed);
        }
        for a in 0..features {
            for b in 0..features {
                let norm = (products[a][a] * products[b][b]).sqrt().max(1e-9);
                result.correlation[a][b] = (products[a][b] / norm) as f32;
            }
        }
        result
    }

    /// Whether a donor of a stratum left its expectation in a view.
    pub fn is_changed(&self, leaf: usize, donor: usize, view: usize) -> bool {
        self.changed[leaf][donor * self.views + view]
    }

    /// Spread of a blend of strata.
    pub fn spread(&self, blend: &[(usize, f32)], feature: usize) -> f32 {
        blend.iter().map(|(leaf, weight)| weight * self.spreads[leaf * self.features + feature]).sum()
    }
}

fn seen_views(stack: &Stack, control: &Control, leaf: usize, pixel: usize) -> Vec<usize> {
    let known = |view: &usize| stack.is_seen(*view, pixel) && control.of_leaf(leaf, *view, 0).is_finite();
    (0..stack.dates.len()).filter(known).collect()
}

/// Median over donors and look-back views of |x - m - offset|, as one sigma.
fn leaf_spread(
    stack: &Stack,
    look_back: &[bool],
    control: &Control,
    leaf: usize,
    donors: &[usize],
    feature: usize,
) -> f32 {
    let mut all = Vec::new();
    for &donor in donors.iter().step_by(SPREAD_STEP) {
        let views = seen_views(stack, control, leaf, donor);
        let history = views.iter().filter(|view| look_back[**view]);
        let difference =
            |view: &usize| value(stack.at(donor, *view, feature)) - control.of_leaf(leaf, *view, feature);
        let mut differences: Vec<f32> = history.map(difference).collect();
        let middle = if differences.is_empty() { continue } else { median(&mut differences) };
        all.extend(differences.iter().map(|difference| (difference - middle).abs()));
    }
    let floor = stack.features[feature].spread_floor();
    if all.is_empty() { floor } else { (1.4826 * median(&mut all)).max(floor) }
}

fn donor_z(
    stack: &Stack,
    look_back: &[bool],
    control: &Control,
    (leaf, donor): (usize, usize),
    views: &[usize],
    priors: &[f32],
) -> Vec<Vec<f32>> {
    let history: Vec<usize> = (0..views.len()).filter(|index| look_back[views[*index]]).collect();
    let line = |feature: usize| {
        let x: Vec<f32> = views.iter().map(|view| value(stack.at(donor, *view, feature))).collect();
        let m: Vec<f32> = views.iter().map(|view| control.of_leaf(leaf, *view, feature)).collect();
        let floor = stack.features[feature].spread_floor();
        let fit = Fit::shrunken(&x, &m, &history, priors[feature], floor);
        x.iter().zip(&m).map(|(x, m)| fit.z(*x, *m)).collect()
    };
    (0..priors.len()).map(line).collect()
}

fn add_products(products: &mut [Vec<f64>], z: &[Vec<f32>], place: usize) {
    for a in 0..z.len() {
        for b in 0..z.len() {
            let tame = |z: f32| f64::from(z.clamp(-WINSOR, WINSOR));
            products[a][b] += tame(z[a][place]) * tame(z[b][place]);
        }
    }
}

/// Median of a non-empty slice, which it reorders; of an even count the upper of the two.
pub fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests;
