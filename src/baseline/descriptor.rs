//! What a pixel looked like in the look-back: median and spread of each feature.
//!
//! Two pixels with near descriptors are look-alikes; donors are chosen by them, whatever red line
//! they lie in.

use crate::grid::Window;
use crate::observe::stack::{MISSING, Stack, value};
use crate::submodel::Feature;

/// Fewest clear look-back views from which a pixel can be described.
pub const LEAST_VIEWS: usize = 4;

/// Numbers in a descriptor: median and spread of up to three features.
pub const DIMENSIONS: usize = 6;

/// Descriptor in units of what would make two pixels clearly different.
pub type Descriptor = [f32; DIMENSIONS];

/// Descriptors of the pixels of a stack.
pub struct Descriptors {
    /// Row-major over the stack; `None` where history is too short or nobody asked.
    pub of_pixels: Vec<Option<Descriptor>>,
}

impl Descriptors {
    /// Describes every pixel of some windows that has at least `LEAST_VIEWS` look-back views.
    pub fn of(stack: &Stack, look_back: &[bool], windows: &[Window]) -> Self {
        let views: Vec<usize> = (0..look_back.len()).filter(|view| look_back[*view]).collect();
        let features: Vec<usize> =
            [Feature::Ndvi, Feature::Bsi, Feature::Brightness, Feature::Ndwi, Feature::Ndmi]
                .into_iter()
                .filter_map(|feature| stack.place(feature))
                .take(DIMENSIONS / 2)
                .collect();
        let mut scratch = Vec::new();
        let mut is_wanted = vec![false; stack.window.len()];
        for window in windows.iter().map(|window| window.intersection(stack.window)) {
            for row in window.row0..window.row_end() {
                let from = stack.pixel_at(row, window.col0);
                is_wanted[from..from + window.cols].fill(true);
            }
        }
        let mut describe =
            |pixel: usize| is_wanted[pixel].then(|| describe(stack, &views, &features, pixel, &mut scratch));
        Self { of_pixels: (0..stack.window.len()).map(|pixel| describe(pixel).flatten()).collect() }
    }

    /// Descriptor of one pixel.
    pub fn of_pixel(&self, pixel: usize) -> Option<&Descriptor> {
        self.of_pixels[pixel].as_ref()
    }
}

fn describe(
    stack: &Stack,
    views: &[usize],
    features: &[usize],
    pixel: usize,
    scratch: &mut Vec<i16>,
) -> Option<Descriptor> {
    let mut descriptor = [0.0; DIMENSIONS];
    for (place, &feature) in features.iter().enumerate() {
        scratch.clear();
        let history = stack.history(pixel);
        let stored = views.iter().map(|view| history[view * stack.features.len() + feature]);
        scratch.extend(stored.filter(|stored| *stored != MISSING));
        if scratch.len() < LEAST_VIEWS {
            return None;
        }
        scratch.sort_unstable();
        let at = |share: f32| value(scratch[((scratch.len() - 1) as f32 * share).round() as usize]);
        let unit = 2.0 * stack.features[feature].spread_floor();
        descriptor[2 * place] = at(0.5) / unit;
        descriptor[2 * place + 1] = (at(0.8) - at(0.2)) / unit;
    }
    Some(descriptor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::tests::{corner, drawn, near};

    /// The descriptor of a pixel in which every feature shows these numbers, one a view.
    fn described<const N: usize>(features: [Feature; N], numbers: &[f32]) -> Option<Descriptor> {
        let look = |_, view: usize| numbers[view].is_finite().then_some([numbers[view]; N]);
        let stack = drawn(corner(1, 1), numbers.len(), features, look);
        Descriptors::of(&stack, &vec![true; numbers.len()], &[stack.window]).of_pixels[0]
    }

    #[track_caller]
    fn all_near(found: Option<Descriptor>, expected: Descriptor) {
        found.unwrap().into_iter().zip(expected).for_each(|(found, expected)| near(found, expected, 1e-4));
    }

    #[test]
    fn a_descriptor_is_median_and_spread_in_units_of_twice_the_least_sigma() {
        // Eleven views 0, .01 ... .10: median .05, from 20 to 80 % .06; NDVI and BSI in .03, brightness in .02.
        let numbers = [0.07, 0.0, 0.02, 0.09, 0.05, 0.01, 0.10, 0.03, 0.08, 0.04, 0.06];
        let expected = [5.0 / 3.0, 2.0, 5.0 / 3.0, 2.0, 2.5, 3.0];
        all_near(described(Feature::ALL, &numbers), expected);
        // What was not seen does not count.
        let with_gaps = [&[f32::NAN], numbers.as_slice(), &[f32::NAN]].concat();
        all_near(described(Feature::ALL, &with_gaps), expected);
    }

    #[test]
    fn without_short_wave_infrared_water_takes_the_place_of_soil() {
        // NDVI in .03, brightness in .02, NDWI in .04.
        let found = described([Feature::Ndvi, Feature::Brightness, Feature::Ndwi], &[0.06; 5]);
        all_near(found, [2.0, 0.0, 3.0, 0.0, 1.5, 0.0]);
        all_near(described([Feature::Ndvi, Feature::Brightness], &[0.06; 5]), [2.0, 0.0, 3.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn features_are_taken_from_their_own_place_in_the_stack() {
        let features = [Feature::Ndvi, Feature::Ndmi, Feature::Bsi, Feature::Brightness];
        let look = |_, _| Some([0.3, 0.9, 0.6, 0.1]);
        let stack = drawn(corner(1, 1), 5, features, look);
        let found = Descriptors::of(&stack, &[true; 5], &[stack.window]).of_pixels[0];
        all_near(found, [10.0, 0.0, 20.0, 0.0, 5.0, 0.0]);
    }

    #[test]
    fn four_clear_views_of_the_look_back_describe_a_pixel_and_three_do_not() {
        assert!(described([Feature::Ndvi], &[0.3, 0.3, 0.3, f32::NAN]).is_none());
        assert!(described([Feature::Ndvi], &[0.3, 0.3, 0.3, 0.3]).is_some());
        // The target period neither describes nor makes up what is missing.
        let stack =
            drawn(corner(1, 1), 8, [Feature::Ndvi], |_, view| Some([if view < 4 { 0.3 } else { 0.9 }]));
        let of = |look_back: [bool; 8]| Descriptors::of(&stack, &look_back, &[stack.window]).of_pixels[0];
        all_near(of([true, true, true, true, false, false, false, false]), [10.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(of([true, true, true, false, false, false, false, false]).is_none());
    }

    #[test]
    fn only_the_pixels_of_the_windows_asked_are_described() {
        let window = Window { row0: 10, col0: 20, rows: 4, cols: 5 };
        let stack = drawn(window, 4, [Feature::Ndvi], |pixel, _| Some([0.01 * pixel as f32]));
        let asked = [
            Window { row0: 11, col0: 21, rows: 2, cols: 3 },
            // Reaches beyond the stack, and one lies outside.
            Window { row0: 13, col0: 24, rows: 9, cols: 9 },
            Window { row0: 0, col0: 0, rows: 3, cols: 3 },
        ];
        let found = Descriptors::of(&stack, &[true; 4], &asked);
        let described: Vec<usize> = (0..20).filter(|pixel| found.of_pixel(*pixel).is_some()).collect();
        assert_eq!(described, [6, 7, 8, 11, 12, 13, 19]);
        near(found.of_pixel(12).unwrap()[0], 0.12 / 0.03, 1e-4);
    }
}
