//! Strata: pixels that look alike on one date, by a code book of mean looks.
//!
//! In: looks (standardised bands and textures) of sampled pixels. Out: the nearest code of any look.
//! Law: no chance: codes start at the quantiles of the first principal axis, Lloyd's passes run in a fixed order.
//! Source: Lloyd 1982 (k-means); start by principal axis after Su and Dy 2007.

use serde::{Deserialize, Serialize};

use crate::baseline::lanes::{LANES, Lanes};

/// Lloyd's passes; the codes move by less than the noise after ten.
const PASSES: usize = 12;
/// Looks that the codes are learned from, at most.
const LEARNED_FROM: usize = 40_000;

/// Mean looks, stored dimension by dimension so that a look is compared with all of them at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeBook {
    dimensions: usize,
    codes: usize,
    centres: Vec<f32>,
}

impl CodeBook {
    /// Learns at most `codes` mean looks from looks of `dimensions` numbers each, one after another.
    pub fn learn(looks: &[f32], dimensions: usize, codes: usize) -> Self {
        let count = looks.len() / dimensions;
        let stride = count.div_ceil(LEARNED_FROM).max(1);
        let looks: Vec<&[f32]> = looks.chunks_exact(dimensions).step_by(stride).collect();
        let codes = codes.min(looks.len()).max(1);
        let mut book = Self { dimensions, codes, centres: vec![0.0; dimensions * codes] };
        let mut owner = by_quantile(&looks, dimensions, codes);
        book.place(&looks, &owner);
        for _ in 0..PASSES {
            for (owner, look) in owner.iter_mut().zip(&looks) {
                *owner = book.nearest(look);
            }
            book.place(&looks, &owner);
        }
        book
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.codes
    }

    /// Whether there is no code (never, after learning).
    pub fn is_empty(&self) -> bool {
        self.codes == 0
    }

    /// The code nearest to a look; the first of equals.
    pub fn nearest(&self, look: &[f32]) -> usize {
        let mut distance = [0.0_f32; 64];
        let distance = &mut distance[..self.codes];
        for (value, centres) in look.iter().zip(self.centres.chunks_exact(self.codes)) {
            for (distance, centre) in distance.iter_mut().zip(centres) {
                *distance += (value - centre) * (value - centre);
            }
        }
        let mut best = 0;
        for (code, value) in distance.iter().enumerate() {
            if *value < distance[best] {
                best = code;
            }
        }
        best
    }

    /// The codes nearest to sixteen looks, given dimension by dimension: each what [`CodeBook::nearest`] says of it alone.
    #[inline(always)]
    pub fn nearest_of_each(&self, looks: &[Lanes]) -> [usize; LANES] {
        let (mut least, mut best) = ([f32::INFINITY; LANES], [0_u32; LANES]);
        for code in 0..self.codes {
            let mut distance = [0.0_f32; LANES];
            for (values, centres) in looks.iter().zip(self.centres.chunks_exact(self.codes)) {
                let centre = centres[code];
                for (distance, value) in distance.iter_mut().zip(values) {
                    *distance += (value - centre) * (value - centre);
                }
            }
            for ((distance, least), best) in distance.iter().zip(&mut least).zip(&mut best) {
                let is_nearer = distance < least;
                *best = if is_nearer { code as u32 } else { *best };
                *least = if is_nearer { *distance } else { *least };
            }
        }
        let mut codes = [0; LANES];
        for (code, best) in codes.iter_mut().zip(best) {
            *code = best as usize;
        }
        codes
    }

    /// Moves each code to the mean of its looks; a code without looks stays.
    fn place(&mut self, looks: &[&[f32]], owner: &[usize]) {
        let mut sums = vec![0.0_f64; self.dimensions * self.codes];
        let mut counts = vec![0_usize; self.codes];
        for (look, &code) in looks.iter().zip(owner) {
            counts[code] += 1;
            for (dimension, &value) in look.iter().enumerate() {
                sums[dimension * self.codes + code] += f64::from(value);
            }
        }
        for (index, centre) in self.centres.iter_mut().enumerate() {
            let count = counts[index % self.codes];
            if count > 0 {
                *centre = (sums[index] / count as f64) as f32;
            }
        }
    }
}

/// Cuts the looks into `codes` groups of equal number along their first principal axis.
fn by_quantile(looks: &[&[f32]], dimensions: usize, codes: usize) -> Vec<usize> {
    let axis = principal_axis(looks, dimensions);
    let project =
        |look: &[f32]| look.iter().zip(&axis).map(|(&value, &axis)| f64::from(value) * axis).sum::<f64>();
    let mut order: Vec<(f64, usize)> =
        looks.iter().enumerate().map(|(index, look)| (project(look), index)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut owner = vec![0; looks.len()];
    for (place, (_, index)) in order.iter().enumerate() {
        owner[*index] = place * codes / looks.len();
    }
    owner
}

/// Direction of greatest variance, by forty power iterations.
fn principal_axis(looks: &[&[f32]], dimensions: usize) -> Vec<f64> {
    let mut mean = vec![0.0; dimensions];
    for look in looks {
        for (mean, &value) in mean.iter_mut().zip(*look) {
            *mean += f64::from(value) / looks.len() as f64;
        }
    }
    let mut covariance = vec![0.0; dimensions * dimensions];
    for look in looks {
        for i in 0..dimensions {
            for j in 0..dimensions {
                covariance[i * dimensions + j] +=
                    (f64::from(look[i]) - mean[i]) * (f64::from(look[j]) - mean[j]);
            }
        }
    }
    // Unequal start: a symmetric one could be at right angles to the axis.
    let mut axis: Vec<f64> = (0..dimensions).map(|index| 1.0 / (1.0 + index as f64)).collect();
    for _ in 0..40 {
        let turned: Vec<f64> = covariance
            .chunks_exact(dimensions)
            .map(|row| row.iter().zip(&axis).map(|(a, b)| a * b).sum())
            .collect();
        let length = turned.iter().map(|value: &f64| value * value).sum::<f64>().sqrt().max(1e-300);
        axis = turned.iter().map(|value| value / length).collect();
    }
    axis
}

/// How rare it is that a look of code i before becomes a look of code j after: -ln P(j | i).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transitions {
    codes_after: usize,
    rarity: Vec<f32>,
}

impl Transitions {
    /// Counts pairs of codes; the share of the code after is half an observation of prior.
    pub fn learn(pairs: impl Iterator<Item = (usize, usize)>, before: usize, after: usize) -> Self {
        let mut counts = vec![0.0_f64; before * after];
        let mut total = 0.0;
        for (from, to) in pairs {
            counts[from * after + to] += 1.0;
            total += 1.0;
        }
        let share: Vec<f64> = (0..after)
            .map(|to| (0..before).map(|from| counts[from * after + to]).sum::<f64>() / f64::max(total, 1.0))
            .collect();
        let mut rarity = vec![0.0; before * after];
        for from in 0..before {
            let row = &counts[from * after..(from + 1) * after];
            let sum: f64 = row.iter().sum();
            for to in 0..after {
                let chance = (row[to] + 0.5 * share[to]) / (sum + 0.5);
                rarity[from * after + to] = -(chance + 1e-6).ln() as f32;
            }
        }
        Self { codes_after: after, rarity }
    }

    /// Rarity of a transition, in nats.
    pub fn rarity(&self, from: usize, to: usize) -> f32 {
        self.rarity[from * self.codes_after + to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_looks_at_once_get_the_code_that_each_gets_alone() {
        let looks: Vec<f32> = (0..3 * 400).map(|i| ((i * i * 37 + i * 11) % 101) as f32 / 10.0).collect();
        let book = CodeBook::learn(&looks, 3, 12);
        for some in looks.chunks_exact(3 * LANES) {
            let lanes: Vec<Lanes> =
                (0..3).map(|dimension| std::array::from_fn(|lane| some[3 * lane + dimension])).collect();
            let alone: Vec<usize> = some.chunks_exact(3).map(|look| book.nearest(look)).collect();
            assert_eq!(book.nearest_of_each(&lanes).to_vec(), alone);
        }
    }

    #[test]
    fn two_clouds_of_looks_get_two_codes() {
        let looks: Vec<f32> = (0..400)
            .flat_map(|i| {
                let side = if i % 2 == 0 { 5.0 } else { -5.0 };
                [side + (i % 7) as f32 * 0.1, (i % 5) as f32 * 0.1]
            })
            .collect();
        let book = CodeBook::learn(&looks, 2, 2);
        assert_ne!(book.nearest(&[5.0, 0.0]), book.nearest(&[-5.0, 0.0]));
        assert_eq!(book, CodeBook::learn(&looks, 2, 2));
    }

    #[test]
    fn a_rare_transition_is_rarer_than_a_common_one() {
        let pairs = (0..1000).map(|i| (i % 2, if i == 3 { 0 } else { i % 2 }));
        let transitions = Transitions::learn(pairs, 2, 2);
        assert!(transitions.rarity(1, 0) > 5.0);
        assert!(transitions.rarity(1, 1) < 0.1);
    }

    #[test]
    fn the_rarity_of_a_transition_counts_half_an_observation_of_the_code_after() {
        let pairs = [(0, 0), (0, 0), (0, 0), (0, 1), (1, 2), (1, 2), (1, 2), (1, 2)];
        let transitions = Transitions::learn(pairs.into_iter(), 3, 3);
        // Shares of the codes after: 3/8, 1/8, 4/8; from the third code nothing ever came.
        let chances = [
            [(3.0 + 0.1875) / 4.5, (1.0 + 0.0625) / 4.5, 0.25 / 4.5],
            [0.1875 / 4.5, 0.0625 / 4.5, 4.25 / 4.5],
            [0.375, 0.125, 0.5],
        ];
        for (from, row) in chances.iter().enumerate() {
            for (to, chance) in row.iter().enumerate() {
                let expected = -(chance + 1e-6_f64).ln() as f32;
                assert!((transitions.rarity(from, to) - expected).abs() < 1e-6, "{from} {to}");
            }
        }
    }

    #[test]
    fn a_code_is_the_mean_of_its_looks_and_the_first_of_equals_is_the_nearest() {
        let looks = [9.0, 1.0, 1.0, 2.0, 11.0, 3.0, 3.0, 4.0];
        let book = CodeBook::learn(&looks, 2, 2);
        assert_eq!((book.len(), book.is_empty()), (2, false));
        assert_eq!(book.nearest(&[1.0, 2.0]), book.nearest(&[3.0, 4.0]));
        let mut centres = book.centres.clone();
        centres.sort_unstable_by(f32::total_cmp);
        // Dimension by dimension: (10, 2) and (2, 3).
        assert_eq!(centres, [2.0, 2.0, 3.0, 10.0]);
        assert_eq!(book.nearest(&[6.0, 2.5]), 0);
        assert_eq!(CodeBook::learn(&looks, 2, 9).len(), 4);
    }

    #[test]
    fn the_principal_axis_is_the_direction_of_greatest_variance() {
        let points: Vec<[f32; 2]> = (-5..=5)
            .map(|i| i as f32)
            .map(|i| [7.0 + 3.0 * i - 0.4 * i * i, 2.0 + 4.0 * i + 0.3 * i * i])
            .collect();
        let looks: Vec<&[f32]> = points.iter().map(<[f32; 2]>::as_slice).collect();
        let axis = principal_axis(&looks, 2);
        // Along (3, 4) by 110; across it, along (-4, 3), by far less.
        assert!((axis[0].abs() - 0.6).abs() < 1e-6 && (axis[1].abs() - 0.8).abs() < 1e-6, "{axis:?}");
        assert!(axis[0] * axis[1] > 0.0);
    }

    #[test]
    fn codes_start_from_groups_of_equal_number_along_the_axis() {
        let values = [[5.0_f32], [0.0], [100.0], [6.0], [1.0], [101.0]];
        let looks: Vec<&[f32]> = values.iter().map(<[f32; 1]>::as_slice).collect();
        assert_eq!(by_quantile(&looks, 1, 3), [1, 0, 2, 1, 0, 2]);
    }

    #[test]
    fn up_to_forty_thousand_looks_are_all_learned_from_and_beyond_every_second() {
        let mean = |count: usize| {
            let looks: Vec<f32> =
                (0..2 * count).map(|i| if (i / 2).is_multiple_of(4) { 0.0 } else { 4.0 }).collect();
            CodeBook::learn(&looks, 2, 1).centres[0]
        };
        assert_eq!([mean(40_000), mean(40_004)], [3.0, 2.0]);
    }
}
