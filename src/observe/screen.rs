//! Temporal screening: a view that is brighter or darker than what came before *and* after it.
//!
//! In:  a stack whose mask has been applied, or had none.
//! Out: the same stack with cloud, haze, snow and shadow that the mask missed forgotten.
//! Law: a lasting change is never screened: what comes after it agrees with it. The look-back is screened by itself, and
//! so is what comes after it: what is learned does not depend on what is asked of it.
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

/// Forgets spikes in every pixel of the stack, in the look-back and in the other views each by themselves; `reach` is the
/// number of clear views on each side.
pub fn screen(stack: &mut Stack, look_back: &[bool], reach: usize) {
    for period in [true, false] {
        let views: Vec<usize> = (0..stack.dates.len()).filter(|view| look_back[*view] == period).collect();
        screen_among(stack, &views, reach);
    }
}

fn screen_among(stack: &mut Stack, views: &[usize], reach: usize) {
    let (Some(brightness), Some(ndvi)) = (stack.place(Feature::Brightness), stack.place(Feature::Ndvi))
    else {
        return;
    };
    let mut seen = Vec::with_capacity(views.len());
    for pixel in 0..stack.window.len() {
        seen.clear();
        for &view in views {
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

    /// Whether the middle one of three views, as (brightness, NDVI), is a spike.
    fn is_forgotten(views: [(f32, f32); 3]) -> bool {
        let seen = [0, 1, 2].map(|view| (view, views[view].0, views[view].1));
        is_spike(&seen, 1, REACH_WITH_MASK)
    }

    #[test]
    fn a_cloud_outshines_both_sides_by_more_than_006_and_is_less_green_by_more_than_003() {
        let grass = (0.2, 0.5);
        assert!(is_forgotten([grass, (0.265, 0.465), grass]));
        assert!(!is_forgotten([grass, (0.255, 0.465), grass]), "too little brighter");
        assert!(!is_forgotten([grass, (0.265, 0.475), grass]), "too little less green");
        // The limits themselves: no cloud yet.
        let black = (0.0, 0.0);
        assert!(is_forgotten([black, (0.0601, -0.0301), black]));
        assert!(!is_forgotten([black, (0.06, -0.0301), black]));
        assert!(!is_forgotten([black, (0.0601, -0.03), black]));
    }

    #[test]
    fn what_agrees_with_one_side_is_no_cloud() {
        let (grass, soil) = ((0.2, 0.5), (0.3, 0.2));
        assert!(!is_forgotten([grass, (0.31, 0.15), soil]) && !is_forgotten([soil, (0.31, 0.15), grass]));
        assert!(!is_forgotten([grass, (0.4, 0.18), soil]) && !is_forgotten([soil, (0.4, 0.18), grass]));
        assert!(is_forgotten([grass, (0.4, 0.15), soil]) && is_forgotten([soil, (0.4, 0.15), grass]));
    }

    #[test]
    fn a_shadow_has_less_than_062_of_the_light_of_the_darker_side() {
        let sides =
            |before: f32, bright: f32, after: f32| is_forgotten([(before, 0.5), (bright, 0.5), (after, 0.5)]);
        assert!(sides(1.0, 0.619, 1.0) && !sides(1.0, 0.62, 1.0));
        assert!(!sides(0.1, 0.07, 0.2) && !sides(0.2, 0.07, 0.1));
        assert!(sides(0.1, 0.06, 0.2) && sides(0.2, 0.06, 0.1));
    }

    #[test]
    fn the_first_and_the_last_view_are_never_forgotten() {
        assert!(spikes(&[0.1, 0.2, 0.2, 0.2, 0.1], &[0.5; 5]).is_empty());
        assert!(spikes(&[0.5, 0.2, 0.2, 0.2, 0.5], &[0.1, 0.5, 0.5, 0.5, 0.1]).is_empty());
        assert!(spikes(&[0.1], &[0.5]).is_empty() && spikes(&[0.1, 0.5], &[0.5, 0.1]).is_empty());
    }

    #[test]
    fn of_two_views_on_each_side_the_dimmest_and_the_greenest_are_compared() {
        // Haze in the views next to a cloud does not excuse it: behind them is clear ground.
        let (bright, ndvi) = ([0.2, 0.3, 0.32, 0.3, 0.2], [0.5, 0.45, 0.4, 0.45, 0.5]);
        assert_eq!(spikes(&bright, &ndvi), [2]);
        // The middle one of three clouds in a row still has clear ground within reach; none of four has.
        assert_eq!(spikes(&[0.2, 0.2, 0.4, 0.4, 0.4, 0.2], &[0.5, 0.5, 0.2, 0.2, 0.2, 0.5]), [3]);
        let (bright, ndvi) = ([0.2, 0.2, 0.4, 0.4, 0.4, 0.4, 0.2], [0.5, 0.5, 0.2, 0.2, 0.2, 0.2, 0.5]);
        assert!(spikes(&bright, &ndvi).is_empty());
    }

    /// Two pixels through six views, (brightness, NDVI); `None` was not seen.
    fn screened(
        features: [Feature; 2],
        pixels: [[Option<(f32, f32)>; 6]; 2],
        reach: usize,
    ) -> [Vec<usize>; 2] {
        let window = crate::grid::Window { row0: 3, col0: 4, rows: 1, cols: 2 };
        let dates = (1..7).map(|day| crate::date::Date::constant(2020, 6, day)).collect();
        let mut stack = Stack::new(window, dates, features.to_vec());
        for view in 0..6 {
            let look = pixels.map(|pixel| pixel[view]);
            let clear = look.map(|look| look.is_some());
            let (bright, ndvi) = (look.map(|l| l.map_or(0.0, |l| l.0)), look.map(|l| l.map_or(0.0, |l| l.1)));
            stack.lay(view, &[ndvi.to_vec(), bright.to_vec()], &clear);
        }
        screen(&mut stack, &[false; 6], reach);
        [0, 1].map(|pixel| (0..6).filter(|view| stack.is_seen(*view, pixel)).collect())
    }

    const GRASS: Option<(f32, f32)> = Some((0.2, 0.5));
    const CLOUD: Option<(f32, f32)> = Some((0.5, 0.1));

    #[test]
    fn each_pixel_forgets_its_own_spikes_and_nothing_else() {
        let pixels = [[GRASS, CLOUD, GRASS, GRASS, GRASS, GRASS], [GRASS, GRASS, GRASS, GRASS, CLOUD, GRASS]];
        let left = screened([Feature::Ndvi, Feature::Brightness], pixels, REACH_WITH_MASK);
        assert_eq!(left, [vec![0, 2, 3, 4, 5], vec![0, 1, 2, 3, 5]]);
    }

    #[test]
    fn views_that_were_not_seen_are_no_neighbours() {
        let pixels = [[GRASS, None, CLOUD, None, GRASS, GRASS], [None, CLOUD, GRASS, GRASS, CLOUD, None]];
        let left = screened([Feature::Ndvi, Feature::Brightness], pixels, REACH_WITH_MASK);
        assert_eq!(left, [vec![0, 4, 5], vec![1, 2, 3, 4]]);
    }

    #[test]
    fn with_a_mask_two_views_in_a_row_stay_because_bare_soil_looks_like_that() {
        let pixels = [[GRASS, GRASS, CLOUD, CLOUD, GRASS, GRASS]; 2];
        let features = [Feature::Ndvi, Feature::Brightness];
        assert_eq!(screened(features, pixels, REACH_WITH_MASK)[0], [0, 1, 2, 3, 4, 5]);
        assert_eq!(screened(features, pixels, REACH_WITHOUT_MASK)[0], [0, 1, 4, 5]);
    }

    #[test]
    fn what_comes_after_the_look_back_says_nothing_about_it_nor_it_about_what_comes_after() {
        let window = crate::grid::Window { row0: 0, col0: 0, rows: 1, cols: 1 };
        let dates: Vec<_> = (1..7).map(|day| crate::date::Date::constant(2020, 6, day)).collect();
        let bright = [0.2, 0.2, 0.5, 0.5, 0.2, 0.2];
        let kept = |look_back: [bool; 6]| {
            let mut stack = Stack::new(window, dates.clone(), vec![Feature::Ndvi, Feature::Brightness]);
            for (view, bright) in bright.into_iter().enumerate() {
                let ndvi = if bright > 0.3 { 0.1 } else { 0.5 };
                stack.lay(view, &[vec![ndvi], vec![bright]], &[true]);
            }
            screen(&mut stack, &look_back, REACH_WITHOUT_MASK);
            (0..6).filter(|view| stack.is_seen(*view, 0)).collect::<Vec<usize>>()
        };
        assert_eq!(kept([false; 6]), [0, 1, 4, 5]);
        assert_eq!(kept([true, true, true, false, false, false]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(kept([true, true, true, true, true, false]), [0, 1, 4, 5]);
    }

    #[test]
    fn without_brightness_nothing_is_screened() {
        let pixels = [[GRASS, GRASS, CLOUD, GRASS, GRASS, GRASS]; 2];
        assert_eq!(screened([Feature::Ndvi, Feature::Bsi], pixels, REACH_WITH_MASK)[0].len(), 6);
    }
}
