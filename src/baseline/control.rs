//! Same-date control: what look-alikes showed on the same day.
//!
//! Phenology, drought, sun angle, haze and sensor are in the control, and so cancel.
//! A second pass leaves out donors that changed themselves, and keeps count of them.

use crate::baseline::residuals::Residuals;
use crate::baseline::strata::Strata;
use crate::observe::stack::{MISSING, Stack, value};

/// Fewest donors seen on a date for a stratum to have a control on it.
const LEAST_SEEN: usize = 15;

/// Same-date medians of each stratum.
pub struct Control {
    /// `(leaf * views + view) * features + feature`, 0 where not known.
    values: Vec<f32>,
    /// `leaf * views + view`: 1 where known, else 0.
    known: Vec<f32>,
    views: usize,
    features: usize,
    /// Share of donor views left out as changed, by stratum.
    pub contamination: Vec<f32>,
    /// The same by stratum and view, `leaf * views + view`.
    left_out: Vec<f32>,
}

impl Control {
    /// Medians in the first `views` of a stack over the donors of each stratum, without those that `first` found changed.
    pub fn medians(stack: &Stack, views: usize, strata: &Strata, first: Option<&Residuals>) -> Self {
        let features = stack.features.len();
        let mut medians = vec![MISSING; strata.len() * views * features];
        let mut contamination = vec![0.0; strata.len()];
        let mut shares = vec![0.0; strata.len() * views];
        let mut values = Vec::new();
        for (leaf, donors) in strata.donors.iter().enumerate() {
            let (mut seen, mut left_out) = (0_usize, 0_usize);
            for view in 0..views {
                let changed = |index: usize| first.is_some_and(|first| first.is_changed(leaf, index, view));
                let used: Vec<usize> =
                    (0..donors.len()).filter(|index| stack.is_seen(view, donors[*index])).collect();
                let kept: Vec<usize> = used.iter().copied().filter(|index| !changed(*index)).collect();
                seen += used.len();
                left_out += used.len() - kept.len();
                shares[leaf * views + view] = 1.0 - kept.len() as f32 / used.len().max(1) as f32;
                // Where most donors changed at once, leaving them out would hide it: keep all.
                let kept = if 2 * kept.len() < used.len() { used } else { kept };
                if kept.len() < LEAST_SEEN {
                    continue;
                }
                for feature in 0..features {
                    values.clear();
                    values.extend(kept.iter().map(|index| stack.at(donors[*index], view, feature)));
                    let middle = values.len() / 2;
                    let median = *values.select_nth_unstable(middle).1;
                    medians[(leaf * views + view) * features + feature] = median;
                }
            }
            contamination[leaf] = left_out as f32 / seen.max(1) as f32;
        }
        Self::of(medians, (views, features), contamination, shares)
    }

    fn of(
        medians: Vec<i16>,
        (views, features): (usize, usize),
        contamination: Vec<f32>,
        left_out: Vec<f32>,
    ) -> Self {
        let known =
            medians.chunks_exact(features).map(|view| f32::from(u8::from(view[0] != MISSING))).collect();
        let values =
            medians.iter().map(|median| if *median == MISSING { 0.0 } else { value(*median) }).collect();
        Self { values, known, views, features, contamination, left_out }
    }

    /// Share of a stratum's donors seen in a view that changed themselves, as far as `medians` was told of changes.
    pub fn left_out(&self, leaf: usize, view: usize) -> f32 {
        self.left_out[leaf * self.views + view]
    }

    /// The control of one stratum, NaN where it is not known.
    pub fn of_leaf(&self, leaf: usize, view: usize, feature: usize) -> f32 {
        let is_known = self.known[leaf * self.views + view] > 0.0;
        if is_known { self.values[(leaf * self.views + view) * self.features + feature] } else { f32::NAN }
    }

    /// The control of a blend of strata in every view: weighted sums, `view * features + feature`, and the weight of the
    /// strata that are known in each view.
    pub fn blend(&self, blend: &[(usize, f32)], sums: &mut [f32], totals: &mut [f32]) {
        sums.fill(0.0);
        totals.fill(0.0);
        let width = self.views * self.features;
        for &(leaf, weight) in blend {
            let known = &self.known[leaf * self.views..(leaf + 1) * self.views];
            totals.iter_mut().zip(known).for_each(|(total, known)| *total += weight * known);
            let values = &self.values[leaf * width..(leaf + 1) * width];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

#[cfg(test)]
mod tests;
