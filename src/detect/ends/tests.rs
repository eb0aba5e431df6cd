//! What the end of a season says of one place, and that sixteen places side by side do not disturb each other.

use proptest::prelude::*;

use super::*;

#[test]
fn one_odd_view_among_six_is_no_evidence() {
    assert!(of_one(&[0.1, 0.0, 8.0, -0.2, 0.1, 0.0]).0 < 0.3);
}

#[test]
fn a_change_in_the_last_three_views_of_a_season_counts() {
    assert!(of_one(&[0.0, 0.1, 0.0, 0.1, 0.0, 4.0, 4.0, 4.0]).0 > 6.0);
    assert!(of_one(&[0.0, 0.1, 0.0, 0.1, 0.0, 0.0, 0.0, 4.0]).0 < 1.0);
}

#[test]
fn a_season_counts_for_the_root_of_its_views_but_of_six_at_most() {
    assert_eq!(of_one(&[3.0; 4]), (6.0, 0));
    let six = 3.0 * 6.0_f32.sqrt();
    assert_eq!((of_one(&[3.0; 6]), of_one(&[3.0; 9])), ((six, 0), (six, 0)));
    assert_eq!(of_one(&[-3.0; 4]).0, -3.0 * 3.0_f32.sqrt());
}

#[test]
fn of_two_views_the_weaker_speaks() {
    assert_eq!(of_one(&[1.0, 5.0]), (2.0_f32.sqrt(), 0));
    assert_eq!(of_one(&[5.0, 1.0]), (2.0_f32.sqrt(), 0));
    assert_eq!(of_one(&[2.0]), (2.0, 0));
}

#[test]
fn a_change_late_in_a_season_rests_on_as_many_views_as_it_still_outnumbers() {
    // Three changed views bear two quiet ones before them, four bear three.
    assert_eq!(of_one(&[0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 4.0]), (4.0 * 5.0_f32.sqrt(), 2));
    assert_eq!(of_one(&[0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 4.0, 4.0]), (4.0 * 6.0_f32.sqrt(), 2));
}

/// The same by its definition: the largest lower median times the root, over ends of three views and more.
fn by_definition(scores: &[f32]) -> f32 {
    let of_end = |from: usize| {
        let mut end = scores[from..].to_vec();
        end.sort_by(f32::total_cmp);
        let as_low = |value: &f32| end.iter().filter(|other| *other <= value).count() * 2 >= end.len();
        let lower_median = end.iter().copied().find(|value| as_low(value)).unwrap();
        lower_median * (end.len() as f32).min(6.0).sqrt()
    };
    (0..scores.len())
        .filter(|from| *from == 0 || scores.len() - from >= 3)
        .map(of_end)
        .fold(f32::MIN, f32::max)
}

proptest! {
    #[test]
    fn evidence_is_that_of_the_best_end_of_the_season(scores in prop::collection::vec(-8.0_f32..8.0, 1..12)) {
        let (evidence, from) = of_one(&scores);
        prop_assert_eq!(evidence, by_definition(&scores));
        prop_assert!(from == 0 || scores.len() - from >= 3);
    }
}

proptest! {
    #[test]
    fn each_lane_says_what_it_would_say_alone(
        views in prop::collection::vec(prop::collection::vec(prop::option::of(-8_i32..8), LANES), 1..12)
    ) {
        let mut ends = Ends::default();
        for view in &views {
            let seen = (0..LANES).filter(|lane| view[*lane].is_some()).fold(0, |bits, lane| bits | 1 << lane);
            ends.push(each(|lane| view[lane].map_or(f32::NAN, |score| score as f32)), seen);
        }
        let (evidence, from) = ends.strongest();
        for lane in 0..LANES {
            let places: Vec<usize> = (0..views.len()).filter(|view| views[*view][lane].is_some()).collect();
            let scores: Vec<f32> = places.iter().filter_map(|view| views[*view][lane]).map(|one| one as f32).collect();
            if !scores.is_empty() {
                let (alone, first) = of_one(&scores);
                prop_assert_eq!((evidence[lane], from[lane]), (alone, places[first]));
            }
        }
    }
}
