//! Same-date control: what look-alikes showed on the same day.
//!
//! Phenology, drought, sun angle, haze and sensor are in the control, and so cancel.
//! A second pass leaves out donors that changed themselves, and keeps count of them.

use serde::{Deserialize, Serialize};

use crate::baseline::regression::median;
use crate::baseline::residuals::Changed;
use crate::baseline::strata::Strata;
use crate::observe::stack::{MISSING, Stack, value};

/// Fewest donors seen on a date for a stratum to have a control on it.
const LEAST_SEEN: usize = 15;

/// Same-date medians of the strata, and how many of their donors changed, as whole numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medians {
    /// `(leaf * views + view) * features + feature`, `MISSING` where not known.
    values: Vec<i16>,
    /// Donors seen, and those of them left out as changed, by `leaf * views + view`.
    counts: Vec<(u16, u16)>,
    views: usize,
    features: usize,
}

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

impl Medians {
    /// Medians in the first `views` of a stack over the donors of each stratum, without those that have `changed`.
    pub fn of(stack: &Stack, views: usize, strata: &Strata, changed: Option<&Changed>) -> Self {
        let features = stack.features.len();
        let mut medians = vec![MISSING; strata.len() * views * features];
        let mut counts = vec![(0, 0); strata.len() * views];
        let mut values = Vec::new();
        for (leaf, donors) in strata.donors.iter().enumerate() {
            for view in 0..views {
                let has_changed = |index: usize| changed.is_some_and(|changed| changed.is(leaf, index, view));
                let used: Vec<usize> =
                    (0..donors.len()).filter(|index| stack.is_seen(view, donors[*index])).collect();
                let kept: Vec<usize> = used.iter().copied().filter(|index| !has_changed(*index)).collect();
                counts[leaf * views + view] = (used.len() as u16, (used.len() - kept.len()) as u16);
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
        }
        Self { values: medians, counts, views, features }
    }

    /// Those of the same strata in the views after these as well.
    pub fn followed_by(&self, later: &Medians) -> Medians {
        let leaves = self.counts.len() / self.views.max(1);
        let mut joined = Medians { views: self.views + later.views, ..self.clone() };
        joined.values.clear();
        joined.counts.clear();
        for leaf in 0..leaves {
            for part in [self, later] {
                let width = part.views * part.features;
                joined.values.extend_from_slice(&part.values[leaf * width..(leaf + 1) * width]);
                joined.counts.extend_from_slice(&part.counts[leaf * part.views..(leaf + 1) * part.views]);
            }
        }
        joined
    }

    /// As numbers to count with.
    pub fn control(&self) -> Control {
        let known = |view: &[i16]| f32::from(u8::from(view[0] != MISSING));
        let number = |median: &i16| if *median == MISSING { 0.0 } else { value(*median) };
        let share = |seen: usize, left_out: usize| left_out as f32 / seen.max(1) as f32;
        let of_stratum = |counts: &[(u16, u16)]| {
            let all = |of: fn(&(u16, u16)) -> u16| counts.iter().map(|two| usize::from(of(two))).sum();
            share(all(|(seen, _)| *seen), all(|(_, left_out)| *left_out))
        };
        let of_view = |(seen, left_out): &(u16, u16)| share(usize::from(*seen), usize::from(*left_out));
        Control {
            values: self.values.iter().map(number).collect(),
            known: self.values.chunks_exact(self.features.max(1)).map(known).collect(),
            views: self.views,
            features: self.features,
            contamination: self.counts.chunks_exact(self.views.max(1)).map(of_stratum).collect(),
            left_out: self.counts.iter().map(of_view).collect(),
        }
    }
}

impl Control {
    /// Number of views.
    pub fn views(&self) -> usize {
        self.views
    }

    /// Number of strata.
    fn leaves(&self) -> usize {
        self.contamination.len()
    }

    /// What look-alikes showed in a view: the median over the strata, NaN where none is known.
    pub fn level(&self, view: usize, feature: usize) -> f32 {
        let of_leaf = |leaf: usize| self.of_leaf(leaf, view, feature);
        let mut levels: Vec<f32> = (0..self.leaves()).map(of_leaf).collect();
        levels.retain(|level| level.is_finite());
        if levels.is_empty() { f32::NAN } else { median(&mut levels) }
    }

    /// Share of the donors that changed themselves in the views for which `is_asked` holds: the median of those views in
    /// each stratum, and the mean of the strata.
    pub fn changed_together(&self, is_asked: impl Fn(usize) -> bool) -> f32 {
        let views: Vec<usize> = (0..self.views).filter(|view| is_asked(*view)).collect();
        let of_leaf = |leaf: usize| {
            let known = views.iter().filter(|view| self.of_leaf(leaf, **view, 0).is_finite());
            let mut shares: Vec<f32> = known.map(|view| self.left_out(leaf, *view)).collect();
            if shares.is_empty() { 0.0 } else { median(&mut shares) }
        };
        (0..self.leaves()).map(of_leaf).sum::<f32>() / self.leaves().max(1) as f32
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
