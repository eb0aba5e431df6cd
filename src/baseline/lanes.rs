//! Sixteen pixels side by side, and their medians.
//!
//! What is done to one pixel is done to all sixteen in the same order, so the compiler may put them into vector registers
//! and each still gets, to the last bit, what it would have got alone.

/// Pixels side by side: one vector register of the widest kind, two or four of the others.
pub const LANES: usize = 16;

/// One number of each pixel.
pub type Lanes = [f32; LANES];

/// Does some work with the widest vector registers of this machine, where the compiler puts all of it into one place.
///
/// The steps stay the same and none is fused with another, so every machine gets the same bits.
pub fn wide<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

/// For each lane what `of(lane)` gives.
#[inline(always)]
pub fn each(of: impl FnMut(usize) -> f32) -> Lanes {
    std::array::from_fn(of)
}

/// Medians by a sorting network: the same comparisons whatever the numbers are.
///
/// Source: K. E. Batcher, Sorting networks and their applications, AFIPS Spring Joint Computer Conference 1968 (odd-even
/// merge), without the comparisons on which the middle does not depend.
#[derive(Debug, Clone)]
pub struct Network {
    wires: usize,
    comparisons: Vec<(u16, u16)>,
}

impl Network {
    /// A network for the median of up to so many numbers.
    pub fn new(wires: usize) -> Self {
        let mut all = Vec::new();
        let mut merged = 1;
        while merged < wires {
            let mut apart = merged;
            while apart >= 1 {
                for start in (apart % merged..wires.saturating_sub(apart)).step_by(2 * apart) {
                    for first in start..(start + apart).min(wires - apart) {
                        if first / (2 * merged) == (first + apart) / (2 * merged) {
                            all.push((first as u16, (first + apart) as u16));
                        }
                    }
                }
                apart /= 2;
            }
            merged *= 2;
        }
        let mut is_needed = vec![false; wires];
        if let Some(middle) = is_needed.get_mut(wires / 2) {
            *middle = true;
        }
        let mut comparisons: Vec<(u16, u16)> = Vec::new();
        for &(low, high) in all.iter().rev() {
            let (low, high) = (usize::from(low), usize::from(high));
            if is_needed[low] || is_needed[high] {
                (is_needed[low], is_needed[high]) = (true, true);
                comparisons.push((low as u16, high as u16));
            }
        }
        comparisons.reverse();
        Self { wires, comparisons }
    }

    /// Numbers that it takes.
    pub fn wires(&self) -> usize {
        self.wires
    }

    /// The median of each lane, of an even count the upper of the two. `values` are reordered.
    #[inline(always)]
    pub fn median(&self, values: &mut [Lanes]) -> Lanes {
        for &(low, high) in &self.comparisons {
            let (low, high) = (usize::from(low), usize::from(high));
            let (a, b) = (values[low], values[high]);
            for lane in 0..LANES {
                values[low][lane] = if b[lane] < a[lane] { b[lane] } else { a[lane] };
                values[high][lane] = if b[lane] < a[lane] { a[lane] } else { b[lane] };
            }
        }
        values.get(self.wires / 2).copied().unwrap_or([f32::NAN; LANES])
    }
}

/// What to add to numbers, 0 where there is none, so that the median of all is the median of those that are there.
///
/// `is_there` says it of a number and lane. What is missing becomes infinite, half of it below and half above: the middle
/// of all stays where the middle of the rest is.
pub fn padding(count: usize, is_there: impl Fn(usize, usize) -> bool, padding: &mut Vec<Lanes>) {
    padding.clear();
    padding.resize(count, [0.0; LANES]);
    for lane in 0..LANES {
        let there = (0..count).filter(|number| is_there(*number, lane)).count();
        let mut below = count / 2 - there / 2;
        for (_, lanes) in padding.iter_mut().enumerate().filter(|(number, _)| !is_there(*number, lane)) {
            lanes[lane] = if below > 0 { f32::NEG_INFINITY } else { f32::INFINITY };
            below = below.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::regression::median;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_network_finds_the_median_of_what_is_there(
            numbers in prop::collection::vec(prop::collection::vec(prop::option::of(-9_i32..9), LANES), 1..70)
        ) {
            let count = numbers.len();
            let mut added = Vec::new();
            padding(count, |number, lane| numbers[number][lane].is_some(), &mut added);
            let value = |number: usize, lane: usize| numbers[number][lane].unwrap_or(0) as f32 + added[number][lane];
            let mut values: Vec<Lanes> = (0..count).map(|number| each(|lane| value(number, lane))).collect();
            let found = Network::new(count).median(&mut values);
            for lane in 0..LANES {
                let mut there: Vec<f32> = numbers.iter().filter_map(|of| of[lane]).map(|one| one as f32).collect();
                if !there.is_empty() {
                    prop_assert_eq!(found[lane], median(&mut there));
                }
            }
        }
    }

    #[test]
    fn a_network_leaves_out_what_the_middle_does_not_depend_on() {
        // A whole odd-even merge sort of 64 has 543 comparisons.
        let pruned = Network::new(64).comparisons.len();
        assert!((300..543).contains(&pruned), "{pruned}");
        assert!(Network::new(1).comparisons.is_empty() && Network::new(0).comparisons.is_empty());
    }
}
