//! Medians of pixels through time: of a patch, of what lies around it, and how far each pixel moved.
//!
//! In:  the pixels that a look has taken. Out: one `Series` of many pixels, and a field of amplitudes.
//! Law: a view counts where enough of the pixels were seen in it.

use super::{LEAST_SEEN_SHARE, Look};
use crate::baseline::regression::median;
use crate::baseline::{Series, range};
use crate::detect::evidence::Prepared;
use crate::patch::Patch;
use crate::patch::tree::Field;
use crate::submodel::Feature;

impl Look<'_> {
    /// Observed medians of the pixels of the window that are neither of the first patch nor of the cut one.
    pub(super) fn around(
        &self,
        patch: &Patch,
        series: &Series,
        features: usize,
        (views, look_back): (usize, &[bool]),
    ) -> Vec<Vec<f32>> {
        let mut free: Vec<bool> = self.inside.iter().map(|inside| !inside).collect();
        patch.pixels.iter().for_each(|pixel| free[self.place(*pixel)] = false);
        let ring: Vec<usize> = (0..free.len()).filter(|pixel| free[*pixel]).collect();
        let ring = self.medians(&ring, features, views, look_back);
        let value = |feature: usize, view: &usize| {
            ring.views.binary_search(view).map_or(f32::NAN, |index| ring.observed[feature][index])
        };
        (0..features).map(|feature| series.views.iter().map(|view| value(feature, view)).collect()).collect()
    }

    /// Medians over some pixels of the window, view by view.
    pub(super) fn medians(
        &self,
        pixels: &[usize],
        features: usize,
        views: usize,
        look_back: &[bool],
    ) -> Series {
        let mut members: Vec<Vec<(usize, usize)>> = vec![Vec::new(); views];
        for &pixel in pixels {
            for (index, view) in self.pixels[pixel].views.iter().enumerate() {
                members[*view].push((pixel, index));
            }
        }
        let empty = || vec![Vec::new(); features];
        let mut result = Series {
            observed: empty(),
            expected: empty(),
            control: empty(),
            z: empty(),
            ..Series::default()
        };
        for (view, seen) in members.iter().enumerate() {
            if seen.is_empty() || (seen.len() as f32) < LEAST_SEEN_SHARE * pixels.len() as f32 {
                continue;
            }
            result.views.push(view);
            for feature in 0..features {
                let middle = |line: fn(&Series) -> &Vec<Vec<f32>>| {
                    let value = |(pixel, index): &(usize, usize)| line(&self.pixels[*pixel])[feature][*index];
                    median(&mut seen.iter().map(value).collect::<Vec<f32>>())
                };
                result.observed[feature].push(middle(|series| &series.observed));
                result.expected[feature].push(middle(|series| &series.expected));
                result.control[feature].push(middle(|series| &series.control));
                result.z[feature].push(middle(|series| &series.z));
            }
        }
        let seen = |(index, view): (usize, &usize)| look_back[*view].then_some(index);
        let history: Vec<usize> = result.views.iter().enumerate().filter_map(seen).collect();
        let expected = |line: &Vec<f32>| range(history.iter().map(|index| line[*index]));
        result.history = result.expected.iter().map(expected).collect();
        result
    }

    /// Median amplitude of each pixel over the chosen views, NaN where it was not seen in any.
    pub(super) fn amplitudes(
        &self,
        prepared: &Prepared,
        features: &[Feature],
        kind: usize,
        views: &[usize],
    ) -> Field {
        let amplitude = |series: &Series| {
            let chosen = |(index, view): (usize, &usize)| views.contains(view).then_some(index);
            let indices = series.views.iter().enumerate().filter_map(chosen);
            let mut values: Vec<f32> =
                indices.map(|index| prepared.amplitude(kind, series, index, features)).collect();
            values.retain(|value| value.is_finite());
            if values.is_empty() { f32::NAN } else { median(&mut values) }
        };
        Field { window: self.window, values: self.pixels.iter().map(amplitude).collect() }
    }
}
