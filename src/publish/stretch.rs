//! From reflectance to tones, the same way for all dates of a chip or a sheet.
//!
//! In:  the planes of some dates, NaN where nothing was observed.
//! Out: for each date and plane the value drawn black and the width to white.
//! Law: one width for all dates; black lies at the same reflectance above each date's haze.
//! Source: dark-object subtraction, Chavez 1988, Remote Sensing of Environment 24.

use std::sync::LazyLock;

use ndarray::{ArrayView3, Axis};

/// Shares of the values that are drawn black and white.
const SHARES: (f64, f64) = (0.02, 0.98);
/// Least width in reflectance: haze and noise over a plain are not drawn as contrast.
const LEAST_WIDTH: f32 = 0.08;
/// Most reflectance taken for haze; more than that is the ground.
const MOST_HAZE: f32 = 0.03;
/// Exponent of the brightness curve; below 1 lifts the dark tones in which vegetation lies.
const GAMMA: f32 = 0.8;
/// Steps of the brightness curve: the first of them is a third of a tone, so none is left out.
const FINEST: usize = 4095;
/// Tones by steps from black to white: a power for every pixel of every picture would cost more than drawing it.
static CURVE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let tone = |step: usize| (step as f32 / FINEST as f32).powf(GAMMA) * 255.0;
    (0..=FINEST).map(|step| tone(step).round() as u8).collect()
});
/// A date with fewer of its pixels observed than one in so many says nothing about haze.
const ENOUGH: usize = 10;

/// How the values of one plane of one date become tones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stretch {
    /// Value drawn black.
    pub(crate) black: f32,
    /// From black to white.
    pub(crate) width: f32,
}

impl Stretch {
    /// The tone of a value, 0 to 255.
    pub(crate) fn tone(self, value: f32) -> u8 {
        let share = ((value - self.black) / self.width).clamp(0.0, 1.0);
        CURVE[(share * FINEST as f32 + 0.5) as usize]
    }
}

/// The stretch of all dates. With `one_width` the three planes share the widest: in natural colours a
/// plain of one hue would otherwise be drawn grey.
pub(crate) fn common(dates: &[&ArrayView3<f32>], one_width: bool) -> Vec<[Stretch; 3]> {
    let mut stretches = vec![[Stretch { black: 0.0, width: 1.0 }; 3]; dates.len()];
    let mut widest = LEAST_WIDTH;
    for plane in 0..3 {
        let values: Vec<Vec<f32>> = dates.iter().map(|date| observed(date, plane)).collect();
        let enough = |values: &[f32], all: usize| values.len() * ENOUGH >= all;
        let dark_of = |(date, values): (&&ArrayView3<f32>, &Vec<f32>)| {
            at_share(values, SHARES.0).filter(|_| enough(values, date.len() / 3))
        };
        let darks: Vec<Option<f32>> = dates.iter().zip(&values).map(dark_of).collect();
        let dark = darks.iter().flatten().copied().reduce(f32::min).unwrap_or(0.0);
        let haze: Vec<f32> =
            darks.iter().map(|low| low.map_or(0.0, |low| (low - dark).clamp(0.0, MOST_HAZE))).collect();
        let clear =
            values.iter().zip(&haze).flat_map(|(values, haze)| values.iter().map(move |value| value - haze));
        let mut all: Vec<f32> = clear.collect();
        all.sort_by(f32::total_cmp);
        let width = (at_share(&all, SHARES.1).unwrap_or(1.0) - dark).max(LEAST_WIDTH);
        widest = widest.max(width);
        for (stretch, haze) in stretches.iter_mut().zip(haze) {
            stretch[plane] = Stretch { black: dark + haze, width };
        }
    }
    if one_width {
        stretches.iter_mut().flatten().for_each(|stretch| stretch.width = widest);
    }
    stretches
}

/// The values of one plane that were observed, smallest first.
fn observed(pixels: &ArrayView3<f32>, plane: usize) -> Vec<f32> {
    let values = pixels.index_axis(Axis(0), plane);
    let mut values: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    values.sort_by(f32::total_cmp);
    values
}

/// The value below which a share of the sorted values lies.
fn at_share(sorted: &[f32], share: f64) -> Option<f32> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn ramp(add: f32) -> Array3<f32> {
        Array3::from_shape_fn((3, 20, 20), |(_, row, col)| 0.02 + add + (row * 20 + col) as f32 / 2_000.0)
    }

    fn tones(dates: [&Array3<f32>; 2], at: [usize; 3]) -> [u8; 2] {
        let views = dates.map(|date| date.view());
        let stretch = common(&[&views[0], &views[1]], true);
        [0, 1].map(|date| stretch[date][at[0]].tone(dates[date][at]))
    }

    #[test]
    fn a_thin_haze_over_one_date_does_not_change_its_tones() {
        let [clear, hazy] = tones([&ramp(0.0), &ramp(0.02)], [1, 10, 10]);
        assert!(clear.abs_diff(hazy) <= 1, "{clear} {hazy}");
    }

    #[test]
    fn a_ground_that_became_much_brighter_is_drawn_brighter() {
        let [before, after] = tones([&ramp(0.0), &ramp(0.15)], [1, 10, 10]);
        assert!(after > before + 50, "{before} {after}");
    }

    #[test]
    fn a_few_bright_pixels_through_a_hole_in_the_clouds_do_not_darken_the_other_date() {
        let mut hidden = Array3::from_elem((3, 20, 20), f32::NAN);
        for plane in 0..3 {
            hidden[[plane, 3, 3]] = 0.9;
        }
        let [_, alone] = tones([&Array3::from_elem((3, 20, 20), f32::NAN), &ramp(0.0)], [1, 10, 10]);
        let [_, beside] = tones([&hidden, &ramp(0.0)], [1, 10, 10]);
        assert_eq!(alone, beside);
    }
}
