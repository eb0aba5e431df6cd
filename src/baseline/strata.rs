//! Strata: groups of look-alike donors in a cell, by halving the descriptors at their medians.
//!
//! Law: no seed. The tree depends on the descriptors alone; ties are broken by pixel number.
//! A pixel's control blends the strata nearest to its own descriptor, so that it does not jump
//! where two strata meet.

use serde::{Deserialize, Serialize};

use crate::baseline::descriptor::{DIMENSIONS, Descriptor, Descriptors};

/// Fewest described pixels from which a cell can be controlled.
pub const LEAST_DONORS: usize = 60;

/// Smallest stratum; two of them are needed to split.
///
/// Source: `reference/time-series.md`: about 200 donors; smaller zones borrow.
const SMALLEST_STRATUM: usize = 160;

/// Donors used of one stratum; more cost time and move a median little.
const MOST_DONORS: usize = 160;

/// A stratum narrower than this in every dimension is not split further (units of `Descriptor`).
const NARROW: f32 = 0.8;

/// Most strata in a cell.
const MOST_STRATA: usize = 32;

/// Strata blended for one pixel.
pub const BLENDED: usize = 4;

/// Steps of the weights of a blend: what a byte holds.
const WEIGHT_STEPS: f32 = 255.0;

/// Groups of look-alikes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Strata {
    /// Median descriptor of each stratum.
    centres: Vec<Descriptor>,
    /// Donor pixels of each stratum, row-major numbers over the stack's window.
    pub donors: Vec<Vec<usize>>,
}

impl Strata {
    /// Splits the described pixels among `pixels` (numbers over the stack, ascending). `None` when there are too few.
    pub fn build(descriptors: &Descriptors, pixels: impl Iterator<Item = usize>) -> Option<Self> {
        let pixels: Vec<usize> = pixels.filter(|pixel| descriptors.of_pixel(*pixel).is_some()).collect();
        if pixels.len() < LEAST_DONORS {
            return None;
        }
        let mut groups = vec![(widest(descriptors, &pixels), pixels)];
        while groups.len() < MOST_STRATA {
            let splittable = |(_, group): &((usize, f32), Vec<usize>)| group.len() >= 2 * SMALLEST_STRATUM;
            // The widest group goes first: where look-alikes differ most, a split tells most.
            let next = (0..groups.len())
                .filter(|index| splittable(&groups[*index]) && groups[*index].0.1 > NARROW)
                .max_by(|a, b| groups[*a].0.1.total_cmp(&groups[*b].0.1).then(b.cmp(a)));
            let Some(next) = next else { break };
            let ((dimension, _), group) = groups.swap_remove(next);
            let (low, high) = halved(descriptors, group, dimension);
            groups.push((widest(descriptors, &low), low));
            groups.push((widest(descriptors, &high), high));
        }
        groups.sort_by_key(|(_, group)| group[0]);
        let centres = groups.iter().map(|(_, group)| centre(descriptors, group)).collect();
        let donors = groups.into_iter().map(|(_, group)| thinned(group)).collect();
        Some(Self { centres, donors })
    }

    /// The same strata, with donors numbered anew.
    pub fn renumbered(&self, number: impl Fn(usize) -> usize) -> Self {
        let donors = self.donors.iter().map(|donors| donors.iter().map(|donor| number(*donor)).collect());
        Self { centres: self.centres.clone(), donors: donors.collect() }
    }

    /// Number of strata.
    pub fn len(&self) -> usize {
        self.donors.len()
    }

    /// Whether there is no stratum.
    pub fn is_empty(&self) -> bool {
        self.donors.is_empty()
    }

    /// The strata nearest to a descriptor with weights that sum to 1.
    pub fn blend(&self, descriptor: &Descriptor) -> Vec<(usize, f32)> {
        weighed(self.steps(descriptor))
    }

    /// The strata nearest to a descriptor with their weights in whole steps: a blend that was kept is the same one.
    pub fn steps(&self, descriptor: &Descriptor) -> Vec<(usize, f32)> {
        let distance =
            |centre: &Descriptor| (0..DIMENSIONS).map(|d| (centre[d] - descriptor[d]).powi(2)).sum::<f32>();
        let mut near: Vec<(usize, f32)> = self.centres.iter().map(distance).enumerate().collect();
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        near.truncate(BLENDED);
        let total: f32 = near.iter().map(|(_, squared)| 1.0 / (squared + 0.25)).sum();
        let steps = |squared: f32| (WEIGHT_STEPS / (squared + 0.25) / total).round();
        near.into_iter().map(|(leaf, squared)| (leaf, steps(squared))).collect()
    }
}

/// A blend by steps of weight.
pub fn weighed(mut blend: Vec<(usize, f32)>) -> Vec<(usize, f32)> {
    let all: f32 = blend.iter().map(|(_, steps)| steps).sum();
    blend.iter_mut().for_each(|(_, weight)| *weight /= all);
    blend
}

fn column(descriptors: &Descriptors, pixels: &[usize], dimension: usize) -> Vec<f32> {
    pixels.iter().filter_map(|pixel| descriptors.of_pixel(*pixel)).map(|d| d[dimension]).collect()
}

/// The dimension in which a group spreads most (5 to 95 %), and how far.
fn widest(descriptors: &Descriptors, pixels: &[usize]) -> (usize, f32) {
    let spread = |dimension: usize| {
        let mut values = column(descriptors, pixels, dimension);
        let (low, high) = ((values.len() - 1) * 5 / 100, (values.len() - 1) * 95 / 100);
        let (below, high, _) = values.select_nth_unstable_by(high, f32::total_cmp);
        // The low end lies below the high one, or is the same number where there are few.
        let low = below.get(low).is_some().then(|| *below.select_nth_unstable_by(low, f32::total_cmp).1);
        *high - low.unwrap_or(*high)
    };
    let spreads: Vec<(usize, f32)> = (0..DIMENSIONS).map(|d| (d, spread(d))).collect();
    spreads.into_iter().fold((0, f32::MIN), |best, next| if next.1 > best.1 { next } else { best })
}

/// A group in two halves along a dimension, each in pixel order.
fn halved(descriptors: &Descriptors, mut group: Vec<usize>, dimension: usize) -> (Vec<usize>, Vec<usize>) {
    let at = |pixel: &usize| descriptors.of_pixel(*pixel).map_or(0.0, |d| d[dimension]);
    let middle = group.len() / 2;
    group.select_nth_unstable_by(middle, |a, b| at(a).total_cmp(&at(b)).then(a.cmp(b)));
    let mut high = group.split_off(middle);
    group.sort_unstable();
    high.sort_unstable();
    (group, high)
}

fn centre(descriptors: &Descriptors, group: &[usize]) -> Descriptor {
    std::array::from_fn(|dimension| {
        let mut values = column(descriptors, group, dimension);
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f32::total_cmp).1
    })
}

/// At most `MOST_DONORS` of a group, evenly over it.
fn thinned(group: Vec<usize>) -> Vec<usize> {
    let step = group.len().div_ceil(MOST_DONORS);
    group.into_iter().step_by(step.max(1)).collect()
}

#[cfg(test)]
mod tests;
