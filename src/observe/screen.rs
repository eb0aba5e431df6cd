//! Temporal screening: a view that is brighter or darker than what came before *and* after it.
//!
//! In:  a stack whose mask has been applied, or had none.
//! Out: the same stack with cloud, haze, snow and shadow that the mask missed forgotten.
//! Law: a lasting change is never screened: what comes after it agrees with it.
//! Source: the second-opinion temporal test that users of cloud masks ask for
//! (`reference/mission.md` 3 row 15; `reference/science.md` section 3, "temporal spike screen").

use crate::observe::stack::{MISSING, Stack, value};
use crate::submodel::Feature;

/// Clear views looked at on each side where a mask was given: single spikes are forgotten.
///
/// More would forget short spells of bare soil, which are what a sub-model looks for.
pub const REACH_WITH_MASK: usize = 1;

/// The same without any mask, where two clouds in a row are common.
pub const REACH_WITHOUT_MASK: usize = 2;

/// Brightness, in reflectance, by which a cloud outshines the dimmest neighbour on each side.
///
/// Thin cloud that changes NDVI by .1 over grass raises (red + swir) / 2 by about .05; soil that dries
/// between two views stays under .04 (simulated steppe).
const CLOUD_EXCESS: f32 = 0.06;

/// Cloud also lowers NDVI: by at least this much under the greener of its neighbours.
const CLOUD_NDVI_LOSS: f32 = 0.03;

/// Share of the dimmest neighbours' brightness under which a view is shadow.
const SHADOW_SHARE: f32 = 0.62;

/// Forgets spikes in every pixel of the stack; `reach` is the number of clear views on each side.
pub fn screen(stack: &mut Stack, reach: usize) {
    let (Some(brightness), Some(ndvi)) = (stack.place(Feature::Brightness), stack.place(Feature::Ndvi))
    else {
        return;
    };
    let views = stack.dates.len();
    let mut seen = Vec::with_capacity(views);
    for pixel in 0..stack.window.len() {
        seen.clear();
        for view in 0..views {
            let bright = stack.at(pixel, view, brightness);
            if bright != MISSING {
                seen.push((view, value(bright), value(stack.at(pixel, view, ndvi))));
            }
        }
        for index in 0..seen.len() {
            if is_spike(&seen, index, reach) {
                stack.forget(seen[index].0, pixel);
            }
        }
    }
}

/// Whether a view stands out against its neighbours on both sides: (view, brightness, NDVI).
fn is_spike(seen: &[(usize, f32, f32)], index: usize, reach: usize) -> bool {
    let before = &seen[index.saturating_sub(reach)..index];
    let after = &seen[index + 1..(index + 1 + reach).min(seen.len())];
    if before.is_empty() || after.is_empty() {
        return false;
    }
    let (_, bright, ndvi) = seen[index];
    let dimmest = |side: &[(usize, f32, f32)]| side.iter().map(|view| view.1).fold(f32::MAX, f32::min);
    let greenest = |side: &[(usize, f32, f32)]| side.iter().map(|view| view.2).fold(f32::MIN, f32::max);
    let cloud = bright > dimmest(before).max(dimmest(after)) + CLOUD_EXCESS
        && ndvi < greenest(before).min(greenest(after)) - CLOUD_NDVI_LOSS;
    let shadow = bright < SHADOW_SHARE * dimmest(before).min(dimmest(after));
    cloud || shadow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spikes(brightness: &[f32], ndvi: &[f32]) -> Vec<usize> {
        let seen: Vec<_> = (0..brightness.len()).map(|view| (view, brightness[view], ndvi[view])).collect();
        (0..seen.len()).filter(|index| is_spike(&seen, *index, REACH_WITHOUT_MASK)).collect()
    }

    #[test]
    fn a_missed_cloud_is_forgotten() {
        assert_eq!(spikes(&[0.2, 0.2, 0.4, 0.2, 0.2], &[0.5, 0.5, 0.2, 0.5, 0.5]), [2]);
    }

    #[test]
    fn two_clouds_in_a_row_are_forgotten() {
        assert_eq!(spikes(&[0.2, 0.2, 0.4, 0.4, 0.2], &[0.5, 0.5, 0.2, 0.2, 0.5]), [2, 3]);
    }

    #[test]
    fn a_lasting_change_is_kept() {
        let ndvi = [0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1];
        assert!(spikes(&[0.2, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4, 0.4], &ndvi).is_empty());
    }

    #[test]
    fn a_shadow_is_forgotten() {
        assert_eq!(spikes(&[0.2, 0.2, 0.1, 0.2, 0.2], &[0.5; 5]), [2]);
    }
}
