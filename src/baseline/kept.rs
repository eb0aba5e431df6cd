//! The fit of a pixel as whole numbers: what a run keeps of the look-back from one night to the next.
//!
//! In:  the numbers of a fit. Out: the nearest ones that fit into 16 bits, and back.
//! Law: a fit is rounded as soon as it is made, so that a run that learns and one that remembers go on with the same bits.
//! No library function is called on the way, so every machine rounds alike.

use serde::{Deserialize, Serialize};

use crate::observe::stack::{quantised, value};

/// Steps of slope: slopes lie between 0 and 3.
const SLOPE_STEPS: f32 = 20_000.0;

/// Steps of spread: a hundred thousandth of reflectance, a thousandth of the least spread of a feature.
const SPREAD_STEPS: f32 = 100_000.0;

/// Least power of two of kept squares: a control that never moved has eight floors squared, above 2^-11.
const LEAST_POWER: u32 = 127 - 24;

/// Bits of a single that squares lose: eleven of the mantissa stay, an error of 1/4096 at most.
const LOST_BITS: u32 = 12;

/// What is expected of one pixel in one feature, in ten bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFit {
    /// Mean of the pixel, of 1/10 000; `MISSING` without history.
    pub mean_x: i16,
    /// Mean of its control, likewise.
    pub mean_m: i16,
    /// Slope, of 1/20 000.
    pub slope: u16,
    /// Spread, of 1/100 000.
    pub spread: u16,
    /// Squares of the control with those of the prior: five bits of power and eleven of mantissa.
    pub squares: u16,
}

/// What is expected of one pixel in every feature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFits {
    /// Look-back views that saw it.
    pub views: u16,
    /// By feature.
    pub features: Vec<KeptFit>,
}

/// The numbers of a fit: mean of the pixel, mean of the control, slope, spread, squares.
pub type Numbers = [f32; 5];

impl KeptFit {
    /// The nearest fit that can be kept.
    pub fn of([mean_x, mean_m, slope, spread, squares]: Numbers) -> Self {
        Self {
            mean_x: mean(mean_x),
            mean_m: mean(mean_m),
            slope: steps(slope * SLOPE_STEPS),
            spread: steps(spread * SPREAD_STEPS).max(1),
            squares: short(squares),
        }
    }

    /// The numbers that are kept.
    pub fn numbers(&self) -> Numbers {
        [
            value(self.mean_x),
            value(self.mean_m),
            f32::from(self.slope) / SLOPE_STEPS,
            f32::from(self.spread) / SPREAD_STEPS,
            long(self.squares),
        ]
    }
}

/// NaN is kept as not observed.
fn mean(mean: f32) -> i16 {
    if mean.is_nan() { crate::observe::stack::MISSING } else { quantised(mean) }
}

fn steps(steps: f32) -> u16 {
    // A cast of what is too large or negative ends at the end of the range.
    (steps + 0.5) as u16
}

/// A positive number with five bits of power and eleven of mantissa, at the ends of the range the end.
fn short(number: f32) -> u16 {
    let half = 1 << (LOST_BITS - 1);
    let bits = number.max(0.0).to_bits().saturating_add(half).saturating_sub(LEAST_POWER << 23);
    (bits >> LOST_BITS).min(u32::from(u16::MAX)) as u16
}

fn long(number: u16) -> f32 {
    f32::from_bits((u32::from(number) << LOST_BITS) + (LEAST_POWER << 23))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(numbers: Numbers) -> Numbers {
        KeptFit::of(numbers).numbers()
    }

    proptest! {
        #[test]
        fn a_fit_is_kept_within_half_a_step_and_a_kept_fit_stays_what_it_is(
            mean_x in -3.0_f32..3.0, mean_m in -3.0_f32..3.0, slope in 0.0_f32..=3.0,
            spread in 1e-4_f32..0.65, squares in 1e-6_f32..200.0,
        ) {
            let numbers = [mean_x, mean_m, slope, spread, squares];
            let kept = again(numbers);
            let most = [5.1e-5, 5.1e-5, 2.6e-5, 5.1e-6, squares / 4000.0];
            for ((kept, number), most) in kept.iter().zip(numbers).zip(most) {
                prop_assert!((kept - number).abs() <= most, "{kept} instead of {number}");
            }
            prop_assert_eq!(again(kept), kept);
        }
    }

    #[test]
    fn what_no_view_shows_is_kept_as_unknown_and_what_is_too_large_as_the_largest() {
        let kept = again([f32::NAN, f32::NAN, 1.0, 0.02, 1.0]);
        assert!(kept[0].is_nan() && kept[1].is_nan());
        assert_eq!(kept[2..], [1.0, 0.02, 1.0]);
        let kept = again([9.0, -9.0, 9.0, 9.0, 1e9]);
        assert_eq!(kept[..4], [value(32_000), value(-32_000), 65_535.0 / SLOPE_STEPS, 0.65535]);
        assert!(kept[4] > 255.0 && kept[4] < 256.0);
        assert!(again([0.0; 5])[3] > 0.0 && again([0.0; 5])[4] > 0.0, "nothing is divided by nought");
    }
}
