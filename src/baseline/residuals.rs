//! How the donors of a cell scatter about their own expectation, and which of them changed themselves.
//!
//! In:  the strata of a cell and their control. Out: a spread by stratum and feature, how features correlate, changed views.
//! Source: `reference/science.md` 6.2.

use crate::baseline::control::Control;
use crate::baseline::kept::KeptFits;
use crate::baseline::lanes::LANES;
use crate::baseline::regression::{WINSOR, median};
use crate::baseline::strata::Strata;
use crate::baseline::strip::Strip;
use crate::observe::stack::{Stack, value};

/// A donor beyond this |z| in any feature has changed itself and leaves the control.
const CHANGED_Z: f32 = 4.0;

/// Every so many donors speak for the spread of a stratum; some fifty are enough for a median.
pub const SPREAD_STEP: usize = 3;

/// How donors scatter about their own expectation.
pub struct Residuals {
    /// Median spread by `leaf * features + feature`.
    pub spreads: Vec<f32>,
    features: usize,
    /// Correlation of z between features in the look-back.
    pub correlation: Vec<Vec<f32>>,
    /// Which donors left their expectation.
    pub changed: Changed,
    /// What was expected of each donor that was asked, stratum by stratum.
    pub fits: Vec<Vec<KeptFits>>,
}

/// Which donors left their expectation, and when.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    /// By leaf: donor * views + view.
    by_leaf: Vec<Vec<bool>>,
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
        let (views, features) = (look_back.len(), stack.features.len());
        let mut strip = Strip::new(stack, look_back);
        let mut products = vec![vec![0.0_f64; features]; features];
        let mut result = Self {
            spreads: Vec::with_capacity(strata.len() * features),
            features,
            correlation: vec![vec![0.0; features]; features],
            changed: Changed { by_leaf: Vec::with_capacity(strata.len()), views },
            fits: Vec::with_capacity(strata.len()),
        };
        for (leaf, donors) in strata.donors.iter().enumerate() {
            let mut changed = vec![false; donors.len() * views];
            let mut fits = Vec::with_capacity(donors.len());
            let priors: Vec<f32> = (0..features)
                .map(|feature| leaf_spread(stack, look_back, control, leaf, donors, feature))
                .collect();
            let asked: Vec<(usize, usize)> = donors.iter().copied().enumerate().step_by(step).collect();
            for sixteen in asked.chunks(LANES) {
                strip.clear();
                for (lane, (_, donor)) in sixteen.iter().enumerate() {
                    strip.lay(lane, *donor, (control, &[(leaf, 1.0)]));
                }
                strip.fit(|feature| [priors[feature]; LANES]);
                fits.extend((0..sixteen.len()).map(|lane| strip.kept(lane)));
                let departures = strip.departures();
                for (lane, (index, _)) in sixteen.iter().enumerate() {
                    for view in (0..views).filter(|view| departures.seen[*view] >> lane & 1 == 1) {
                        let z = |feature: usize| departures.z[feature * views + view][lane];
                        changed[index * views + view] = (0..features).any(|of| z(of).abs() > CHANGED_Z);
                        if look_back[view] {
                            add_products(&mut products, z);
                        }
                    }
                }
            }
            result.spreads.extend(priors);
            result.changed.by_leaf.push(changed);
            result.fits.push(fits);
        }
        for a in 0..features {
            for b in 0..features {
                let norm = (products[a][a] * products[b][b]).sqrt().max(1e-9);
                result.correlation[a][b] = (products[a][b] / norm) as f32;
            }
        }
        result
    }

    /// Spreads by stratum and feature, and correlations, that are known.
    pub fn given(spreads: Vec<f32>, correlation: Vec<Vec<f32>>) -> Self {
        let features = correlation.len();
        Self { spreads, features, correlation, changed: Changed::default(), fits: Vec::new() }
    }

    /// Spread of a blend of strata.
    pub fn spread(&self, blend: &[(usize, f32)], feature: usize) -> f32 {
        blend.iter().map(|(leaf, weight)| weight * self.spreads[leaf * self.features + feature]).sum()
    }
}

impl Changed {
    /// Which donors leave what was expected of them, in views that came after: `fits` by stratum, as `Residuals` has them
    /// of every donor.
    pub fn later(stack: &Stack, strata: &Strata, control: &Control, fits: &[Vec<KeptFits>]) -> Self {
        let (views, features) = (stack.dates.len(), stack.features.len());
        let mut strip = Strip::new(stack, &vec![false; views]);
        let of_leaf = |(leaf, donors): (usize, &Vec<usize>)| {
            let mut changed = vec![false; donors.len() * views];
            for (first, sixteen) in donors.chunks(LANES).enumerate() {
                strip.clear();
                for (lane, donor) in sixteen.iter().enumerate() {
                    strip.lay(lane, *donor, (control, &[(leaf, 1.0)]));
                    strip.recall(lane, &fits[leaf][first * LANES + lane]);
                }
                strip.foresee();
                let departures = strip.departures();
                for lane in 0..sixteen.len() {
                    for view in (0..views).filter(|view| departures.seen[*view] >> lane & 1 == 1) {
                        let is_far = |of: usize| departures.z[of * views + view][lane].abs() > CHANGED_Z;
                        changed[(first * LANES + lane) * views + view] = (0..features).any(is_far);
                    }
                }
            }
            changed
        };
        Self { by_leaf: strata.donors.iter().enumerate().map(of_leaf).collect(), views }
    }

    /// Whether a donor of a stratum left its expectation in a view.
    pub fn is(&self, leaf: usize, donor: usize, view: usize) -> bool {
        self.by_leaf[leaf][donor * self.views + view]
    }
}

fn seen_views(stack: &Stack, control: &Control, leaf: usize, pixel: usize, views: usize) -> Vec<usize> {
    let known = |view: &usize| stack.is_seen(*view, pixel) && control.of_leaf(leaf, *view, 0).is_finite();
    (0..views).filter(known).collect()
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
        let views = seen_views(stack, control, leaf, donor, look_back.len());
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

/// Adds the products of what two features show in one view, each at most so far from nought.
fn add_products(products: &mut [Vec<f64>], z: impl Fn(usize) -> f32) {
    let tame = |feature: usize| f64::from(z(feature).clamp(-WINSOR, WINSOR));
    for (a, row) in products.iter_mut().enumerate() {
        row.iter_mut().enumerate().for_each(|(b, product)| *product += tame(a) * tame(b));
    }
}

#[cfg(test)]
mod tests;
