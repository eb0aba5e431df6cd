//! The laws of the same-date control, on strata whose every number is known.

use super::*;
use crate::baseline::tests::{corner, drawn, near};
use crate::submodel::Feature;

const PAIR: [Feature; 2] = [Feature::Ndvi, Feature::Brightness];

impl Control {
    /// A control that is given: `(leaf * views + view) * features + feature` in units of `STEP`.
    pub fn given(medians: Vec<i16>, views: usize, features: usize) -> Self {
        let counts = vec![(0, 0); medians.len() / features];
        Medians { values: medians, counts, views, features }.control()
    }
}

/// Strata of neighbouring pixels: the first so many, the next so many, and so on.
fn strata(sizes: &[usize]) -> Strata {
    let starts = sizes.iter().scan(0, |from, size| Some(std::mem::replace(from, *from + size)));
    let donors = starts.zip(sizes).map(|(from, size)| (from..from + size).collect()).collect();
    Strata::given(vec![[0.0; 6]; sizes.len()], donors)
}

/// The control of strata of these sizes in every view of a stack.
fn of(stack: &Stack, sizes: &[usize], changed: Option<&Changed>) -> Control {
    Medians::of(stack, stack.dates.len(), &strata(sizes), changed).control()
}

/// Sixty pixels in strata of 20 and 40. A donor's number in its stratum, well shuffled, is its rank there.
fn look(pixel: usize, view: usize) -> [f32; 2] {
    let (leaf, rank) = if pixel < 20 { (0, pixel * 7 % 20) } else { (1, (pixel - 20) * 7 % 40) };
    let level = 0.3 * leaf as f32 + 0.1 * view as f32;
    [level + 0.001 * rank as f32, 0.05 + 0.5 * level - 0.001 * rank as f32]
}

#[test]
fn the_control_of_a_stratum_is_the_median_of_its_own_donors_on_that_day() {
    let stack = drawn(corner(6, 10), 3, PAIR, |pixel, view| Some(look(pixel, view)));
    let control = of(&stack, &[20, 40], None);
    for view in 0..3 {
        let day = 0.1 * view as f32;
        near(control.of_leaf(0, view, 0), day + 0.010, 1e-6);
        near(control.of_leaf(1, view, 0), 0.3 + day + 0.020, 1e-6);
        // Of an even number of donors the upper of the two in the middle: ranks 9 and 19 from below.
        near(control.of_leaf(0, view, 1), 0.05 + 0.5 * day - 0.009, 1e-6);
        near(control.of_leaf(1, view, 1), 0.05 + 0.5 * (0.3 + day) - 0.019, 1e-6);
    }
    assert_eq!(control.contamination, [0.0, 0.0]);
    assert!((0..6).all(|place| control.left_out(place / 3, place % 3) == 0.0));
}

#[test]
fn a_day_on_which_fewer_than_15_donors_are_seen_has_no_control() {
    // Fourteen donors of the first stratum are seen on the first day, fifteen on the second, none on the third.
    let seen = [14, 15, 0];
    let is_seen = |pixel: usize, view: usize| pixel >= 20 || pixel < seen[view];
    let look = |pixel: usize, view: usize| is_seen(pixel, view).then_some([0.4, 0.1]);
    let stack = drawn(corner(6, 10), 3, PAIR, look);
    let control = of(&stack, &[20, 40], None);
    assert!(control.of_leaf(0, 0, 0).is_nan() && control.of_leaf(0, 0, 1).is_nan());
    near(control.of_leaf(0, 1, 0), 0.4, 1e-6);
    assert!(control.of_leaf(0, 2, 0).is_nan());
    (0..3).for_each(|view| near(control.of_leaf(1, view, 1), 0.1, 1e-6));
}

#[test]
fn a_donor_under_cloud_has_no_word_in_the_median() {
    // Of 40 donors 20 show .2 and 20 show .6; where five of the brighter are hidden, the median is .2.
    let look = |hidden: usize| {
        move |pixel: usize, _| (pixel >= hidden).then_some([if pixel < 20 { 0.6 } else { 0.2 }, 0.1])
    };
    let level = |hidden: usize| {
        let stack = drawn(corner(4, 10), 1, PAIR, look(hidden));
        of(&stack, &[40], None).of_leaf(0, 0, 0)
    };
    near(level(0), 0.6, 1e-6);
    near(level(5), 0.2, 1e-6);
}

/// Strata of 20 and 40 donors that all show .5, but those changed .1; of the second stratum `changed` have changed in
/// the second view, and of the first, 4 in the third view. In the second view the last 4 pixels are under cloud.
fn after_change(changed: usize) -> Control {
    let has_changed = move |leaf: usize, donor: usize, view: usize| {
        (leaf == 1 && view == 1 && donor < changed) || (leaf == 0 && view == 2 && donor < 4)
    };
    let look = |pixel: usize, view: usize| {
        let (leaf, donor) = if pixel < 20 { (0, pixel) } else { (1, pixel - 20) };
        let is_seen = view != 1 || donor < 36;
        is_seen.then_some(if has_changed(leaf, donor, view) { [0.1, 0.4] } else { [0.5, 0.2] })
    };
    let stack = drawn(corner(6, 10), 3, PAIR, look);
    let changes = [20, 40].into_iter().enumerate();
    let changes = changes
        .map(|(leaf, donors)| (0..donors * 3).map(|place| has_changed(leaf, place / 3, place % 3)).collect());
    let first = Changed::given(changes.collect(), 3);
    of(&stack, &[20, 40], Some(&first))
}

#[test]
fn donors_that_changed_themselves_leave_the_control_and_are_counted() {
    // 18 of 36 seen changed: the upper of the two in the middle would be .5 or .1, were they still in.
    let control = after_change(18);
    near(control.of_leaf(1, 1, 0), 0.5, 1e-6);
    near(control.of_leaf(1, 1, 1), 0.2, 1e-6);
    near(control.of_leaf(0, 2, 0), 0.5, 1e-6);
    let shares: Vec<f32> = (0..6).map(|place| control.left_out(place / 3, place % 3)).collect();
    for (share, expected) in shares.iter().zip([0.0, 0.0, 4.0 / 20.0, 0.0, 18.0 / 36.0, 0.0]) {
        near(*share, expected, 1e-6);
    }
    // Of all that was seen over the three views.
    near(control.contamination[0], 4.0 / 60.0, 1e-6);
    near(control.contamination[1], 18.0 / 116.0, 1e-6);
}

#[test]
fn where_more_than_half_of_the_donors_changed_at_once_all_stay_in_the_control() {
    let control = after_change(19);
    near(control.of_leaf(1, 1, 0), 0.1, 1e-6);
    near(control.of_leaf(1, 1, 1), 0.4, 1e-6);
    near(control.left_out(1, 1), 19.0 / 36.0, 1e-6);
    let most = after_change(30);
    near(most.of_leaf(1, 1, 0), 0.1, 1e-6);
    near(most.left_out(1, 1), 30.0 / 36.0, 1e-6);
}

#[test]
fn too_few_donors_that_did_not_change_are_no_control_either() {
    // 25 seen, 11 of them changed: 14 are left, one too few.
    let look = |pixel: usize, _| (pixel < 25).then_some([0.5, 0.2]);
    let stack = drawn(corner(4, 10), 1, PAIR, look);
    let level = |changed: usize| {
        let first = Changed::given(vec![(0..40).map(|donor| donor < changed).collect()], 1);
        of(&stack, &[40], Some(&first)).of_leaf(0, 0, 0)
    };
    near(level(10), 0.5, 1e-6);
    assert!(level(11).is_nan());
}

#[test]
fn a_stratum_that_nobody_saw_has_no_share_of_changed_donors() {
    let stack = drawn(corner(4, 10), 2, PAIR, |_, _| None);
    let control = of(&stack, &[40], None);
    assert_eq!(control.contamination, [0.0]);
    assert!(control.of_leaf(0, 1, 1).is_nan());
}

/// Three strata in two views and two features; the third is not known in the second view.
fn known() -> Control {
    let first = [1000, 10, 2000, 20];
    let second = [3000, 30, 4000, 40];
    let third = [6000, 60, MISSING, MISSING];
    Control::given([first, second, third].concat(), 2, 2)
}

/// The control of a blend in a view and feature, and the weight of the strata that are known then.
fn blended(blend: &[(usize, f32)], view: usize, feature: usize) -> (f32, f32) {
    let (mut sums, mut totals) = (vec![9.0; 4], vec![9.0; 2]);
    known().blend(blend, &mut sums, &mut totals);
    (sums[view * 2 + feature] / totals[view], totals[view])
}

#[test]
fn a_blend_is_the_weighted_mean_of_its_strata() {
    let blend = [(2, 0.5), (0, 0.3), (1, 0.2)];
    near(blended(&blend, 0, 0).0, 0.5 * 0.6 + 0.3 * 0.1 + 0.2 * 0.3, 1e-6);
    near(blended(&blend, 0, 1).0, 0.5 * 0.006 + 0.3 * 0.001 + 0.2 * 0.003, 1e-7);
}

#[test]
fn a_stratum_not_known_on_a_day_falls_out_of_the_blend_and_the_others_keep_their_ratio() {
    let blend = [(2, 0.5), (0, 0.3), (1, 0.2)];
    near(blended(&blend, 1, 0).0, (0.3 * 0.2 + 0.2 * 0.4) / 0.5, 1e-6);
    near(blended(&blend, 1, 1).0, (0.3 * 0.002 + 0.2 * 0.004) / 0.5, 1e-7);
    assert!(blended(&[(2, 1.0)], 1, 0).0.is_nan());
}

#[test]
fn the_weight_of_a_blend_is_that_of_its_strata_that_are_known() {
    let weight = |blend: &[(usize, f32)], view: usize| blended(blend, view, 0).1;
    assert_eq!((weight(&[(2, 1.0)], 0), weight(&[(2, 1.0)], 1)), (1.0, 0.0));
    assert_eq!(weight(&[(2, 0.5), (1, 0.5)], 1), 0.5);
    assert_eq!(weight(&[(2, 0.25), (1, 0.5), (0, 0.25)], 1), 0.75);
    assert_eq!(weight(&[(2, 0.5625), (1, 0.4375)], 1), 0.4375);
}
