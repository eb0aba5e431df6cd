//! The laws of how donors scatter about their expectation, and which of them changed.

use super::*;
use crate::baseline::tests::{corner, drawn, near};
use crate::observe::MISSING;
use crate::submodel::Feature;

impl Changed {
    /// Changes that are given, by leaf: donor * views + view.
    pub fn given(by_leaf: Vec<Vec<bool>>, views: usize) -> Self {
        Self { by_leaf, views }
    }
}

const PAIR: [Feature; 2] = [Feature::Ndvi, Feature::Brightness];

/// Ten views of the look-back, then ten of the target period.
const VIEWS: usize = 20;

/// How far a donor lies off its middle in a view, in its stratum's scatter: twice nothing, four times up, four down.
fn step(donor: usize, view: usize) -> f32 {
    [0.0, 1.0, -1.0, 1.0, -1.0][(donor + view) % 5]
}

/// Scatter by stratum and feature.
const SCATTER: [[f32; 2]; 2] = [[0.02, 0.03], [0.04, 0.05]];

/// The control of a stratum: the first has seasons, the second none; the first is not known in view 4.
fn level(leaf: usize, view: usize) -> [i16; 2] {
    match (leaf, view) {
        (0, 4) => [MISSING; 2],
        (0, _) => [3000 + 500 * (view % 3) as i16, 1000 + 300 * (view % 4) as i16],
        _ => [4000, 2000],
    }
}

/// Two strata of twenty donors each, which lie .05 off their control and scatter about that; in the target period the
/// scatter of the first is half as much again. Donors of view 7 are seen by turns. `change` comes on top.
fn residuals(step_of: usize, change: impl Fn(usize, usize) -> [f32; 2]) -> Residuals {
    let look = |pixel: usize, view: usize| {
        let (leaf, donor) = (pixel / 20, pixel % 20);
        if view == 7 && donor % 2 == 0 {
            return None;
        }
        let wider = if leaf == 0 && view >= 10 { 1.5 } else { 1.0 };
        let of = |feature: usize| {
            let stored = level(leaf, view)[feature];
            let control = if stored == MISSING { 0.9 } else { value(stored) };
            control + 0.05 + wider * SCATTER[leaf][feature] * step(donor, view) + change(pixel, view)[feature]
        };
        Some([of(0), of(1)])
    };
    let stack = drawn(corner(4, 10), VIEWS, PAIR, look);
    let places = (0..2 * VIEWS).flat_map(|place| level(place / VIEWS, place % VIEWS));
    let control = Control::given(places.collect(), VIEWS, 2);
    let strata = Strata::given(vec![[0.0; 6]; 2], vec![(0..20).collect(), (20..40).collect()]);
    let look_back: Vec<bool> = (0..VIEWS).map(|view| view < 10).collect();
    Residuals::of_donors(&stack, &look_back, &strata, &control, step_of)
}

/// Stratum, donor and view of everything that left its expectation.
fn changes(residuals: &Residuals) -> Vec<(usize, usize, usize)> {
    let places =
        (0..2).flat_map(|leaf| (0..20).flat_map(move |donor| (0..VIEWS).map(move |v| (leaf, donor, v))));
    places.filter(|(leaf, donor, view)| residuals.changed.is(*leaf, *donor, *view)).collect()
}

#[test]
fn the_spread_of_a_stratum_is_that_of_its_donors_about_their_own_offset_in_the_look_back() {
    let found = residuals(1, |_, _| [0.0, 0.0]);
    for (leaf, feature) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        near(found.spread(&[(leaf, 1.0)], feature), 1.4826 * SCATTER[leaf][feature], 2e-4);
    }
    near(found.spread(&[(1, 0.75), (0, 0.25)], 1), 1.4826 * (0.75 * 0.05 + 0.25 * 0.03), 2e-4);
}

#[test]
fn donors_without_scatter_or_without_history_have_the_least_spread() {
    let spread = |is_seen: bool| {
        let stack = drawn(corner(2, 10), VIEWS, PAIR, |_, _| is_seen.then_some([0.4, 0.2]));
        let control = Control::given([4000, 2000].repeat(VIEWS), VIEWS, 2);
        let strata = Strata::given(vec![[0.0; 6]], vec![(0..20).collect()]);
        let found = Residuals::of_donors(&stack, &[true; VIEWS], &strata, &control, 1);
        [found.spread(&[(0, 1.0)], 0), found.spread(&[(0, 1.0)], 1)]
    };
    assert_eq!([spread(true), spread(false)], [[0.015, 0.010]; 2]);
}

#[test]
fn a_donor_that_leaves_its_expectation_in_one_feature_is_changed_in_that_view_alone() {
    assert!(changes(&residuals(1, |_, _| [0.0, 0.0])).is_empty());
    let change = |pixel: usize, view: usize| match (pixel, view) {
        (6, 13) => [-0.5, 0.0],
        (25, 11) => [0.0, 0.6],
        (39, 19) => [0.6, 0.0],
        _ => [0.0, 0.0],
    };
    assert_eq!(changes(&residuals(1, change)), [(0, 6, 13), (1, 5, 11), (1, 19, 19)]);
}

#[test]
fn a_donor_is_changed_beyond_four_sigma() {
    // In the second stratum a donor's own scatter is that of the stratum: variance 18/16, and a tenth for its mean.
    let limit = 4.0 * 1.4826 * 0.04 * (18.0 / 16.0 * 1.1_f32).sqrt();
    for sign in [1.0, -1.0] {
        // Donor 3 of the second stratum, on a view where it does not scatter.
        let by = |share: f32| {
            move |pixel: usize, view: usize| {
                if (pixel, view) == (23, 12) { [sign * share * limit, 0.0] } else { [0.0, 0.0] }
            }
        };
        assert!(changes(&residuals(1, by(0.97))).is_empty());
        assert_eq!(changes(&residuals(1, by(1.03))), [(1, 3, 12)]);
    }
}

#[test]
fn of_every_third_donor_the_others_count_as_unchanged() {
    let change = |pixel: usize, view: usize| if pixel < 20 && view == 13 { [-0.5, 0.0] } else { [0.0, 0.0] };
    let found: Vec<usize> = changes(&residuals(3, change)).into_iter().map(|(_, donor, _)| donor).collect();
    assert_eq!(found, [0, 3, 6, 9, 12, 15, 18]);
}

#[test]
fn features_correlate_as_their_residuals_do_in_the_look_back() {
    // Over ten views the two agree in four, oppose each other in none, and in four they do both.
    let second = [0.0, 1.0, -1.0, 1.0, -1.0, 0.0, 1.0, -1.0, -1.0, 1.0];
    let look = |_, view: usize| {
        let against = if view < 10 { second[view] } else { -step(0, view) };
        Some([0.45 + 0.03 * step(0, view), 0.25 + 0.02 * against])
    };
    let stack = drawn(corner(2, 10), VIEWS, PAIR, look);
    let control = Control::given([4000, 2000].repeat(VIEWS), VIEWS, 2);
    let strata = Strata::given(vec![[0.0; 6]], vec![(0..20).collect()]);
    let look_back: Vec<bool> = (0..VIEWS).map(|view| view < 10).collect();
    let found = Residuals::of_donors(&stack, &look_back, &strata, &control, 1).correlation;
    near(found[0][0], 1.0, 1e-5);
    near(found[1][1], 1.0, 1e-5);
    near(found[0][1], 0.5, 1e-3);
    near(found[1][0], 0.5, 1e-3);
}

#[test]
fn residuals_beyond_three_sigma_weigh_no_more_in_a_correlation() {
    let mut products = vec![vec![0.0; 2]; 2];
    let z = [[1.0, 5.0], [-2.0, -9.0]];
    add_products(&mut products, |feature| z[feature][1]);
    assert_eq!(products, [[9.0, -9.0], [-9.0, 9.0]]);
    add_products(&mut products, |feature| z[feature][0]);
    assert_eq!(products, [[10.0, -11.0], [-11.0, 13.0]]);
}
