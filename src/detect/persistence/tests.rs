//! The accumulator by hand: what adds up, what fades, what ends an episode and which episode is told.

use super::*;

fn day(days: i64) -> Date {
    Date::constant(2020, 4, 1).checked_add(jiff::Span::new().days(days)).unwrap()
}

/// Views as (days after 1 April, weighted z).
fn of(views: &[(i64, f32)]) -> Persistence {
    accumulate(&views.iter().map(|view| (day(view.0), view.1)).collect::<Vec<_>>())
}

fn every_ten_days(scores: &[f32]) -> Persistence {
    of(&scores.iter().enumerate().map(|(index, score)| (10 * index as i64, *score)).collect::<Vec<_>>())
}

#[test]
fn one_strong_view_is_never_confirmed() {
    let seen = every_ten_days(&[0.0, 8.0, 0.0, -0.5, -0.5, -0.5]);
    assert!(seen.confirmed_on.is_none());
    // A missed cloud of any strength counts as a step of 5.
    assert_eq!(every_ten_days(&[100.0]).peak, 5.0);
    assert_eq!(every_ten_days(&[5.5]).peak, 4.5);
}

#[test]
fn four_views_over_a_month_are_confirmed_with_their_first_date() {
    let seen = every_ten_days(&[0.1, 0.0, 4.0, 4.0, 4.0, 4.0]);
    assert_eq!(seen.first_seen, Some(Date::constant(2020, 4, 21)));
    assert_eq!(seen.confirmed_on, Some(Date::constant(2020, 5, 11)));
    assert_eq!((seen.last_seen, seen.peak), (Some(day(50)), 12.0));
}

#[test]
fn quiet_views_make_nothing() {
    assert_eq!(every_ten_days(&[]), Persistence::default());
    assert_eq!(every_ten_days(&[1.0, 1.0, 1.0, 0.9, -3.0, 1.0]), Persistence::default());
}

#[test]
fn four_above_the_drift_is_provisional_and_a_little_less_is_not() {
    let seen = every_ten_days(&[3.0, 3.0]);
    assert_eq!((seen.provisional_on, seen.peak), (Some(day(10)), 4.0));
    assert_eq!(every_ten_days(&[3.0, 2.9]).provisional_on, None);
}

#[test]
fn each_sixty_days_without_a_view_halve_what_was_held() {
    assert_eq!(of(&[(0, 3.0), (59, 3.0)]).peak, 4.0);
    assert_eq!(of(&[(0, 3.0), (60, 3.0)]).peak, 3.0);
    assert_eq!(of(&[(0, 3.0), (119, 3.0)]).peak, 3.0);
    assert_eq!(of(&[(0, 3.0), (120, 3.0)]).peak, 2.5);
}

#[test]
fn confirmation_asks_for_eight_and_three_views_and_twenty_days() {
    assert_eq!(of(&[(0, 4.0), (10, 4.0), (20, 3.0)]).confirmed_on, Some(day(20)));
    assert_eq!(of(&[(0, 4.0), (10, 4.0), (20, 2.9)]).confirmed_on, None);
    assert_eq!(of(&[(0, 4.0), (10, 4.0), (19, 3.0)]).confirmed_on, None);
    assert_eq!(of(&[(0, 6.0), (20, 6.0)]).confirmed_on, None);
    // The third view is enough, and a view of exactly the drift is no third.
    assert_eq!(of(&[(0, 6.0), (20, 6.0), (21, 1.0)]).confirmed_on, None);
    assert_eq!(of(&[(0, 6.0), (20, 6.0), (21, 1.5)]).confirmed_on, Some(day(21)));
    // Once confirmed it stays so on the day it was.
    assert_eq!(of(&[(0, 4.0), (10, 4.0), (20, 3.0), (30, 5.0)]).confirmed_on, Some(day(20)));
}

#[test]
fn a_view_of_the_drift_itself_is_not_the_last_that_supports() {
    assert_eq!(every_ten_days(&[4.0, 4.0, 1.0, 0.5]).last_seen, Some(day(10)));
}

#[test]
fn three_views_in_a_row_against_it_end_an_episode_and_two_do_not() {
    let going_on = every_ten_days(&[5.0, 5.0, 5.0, -0.1, -0.1, 5.0]);
    assert_eq!((going_on.first_seen, going_on.last_seen), (Some(day(0)), Some(day(50))));
    let ended = every_ten_days(&[5.0, 5.0, 5.0, -0.1, -0.1, -0.1, 5.0]);
    assert_eq!((ended.first_seen, ended.last_seen), (Some(day(0)), Some(day(20))));
    // Views at nought speak neither way, and one that supports begins the count anew.
    let at_nought = every_ten_days(&[5.0, 5.0, 5.0, 0.0, 0.0, 0.0, 5.0]);
    assert_eq!(at_nought.last_seen, Some(day(60)));
    let broken = every_ten_days(&[5.0, 5.0, 5.0, -0.1, -0.1, 2.0, -0.1, 5.0]);
    assert_eq!(broken.last_seen, Some(day(70)));
}

#[test]
fn an_ended_episode_leaves_nothing_to_the_next() {
    // After the end two strong views are two views, whatever stood before.
    let seen = every_ten_days(&[3.0, 3.0, -0.1, -0.1, -0.1, 6.0, 6.0]);
    assert_eq!((seen.first_seen, seen.provisional_on, seen.peak), (Some(day(50)), Some(day(50)), 10.0));
    assert_eq!(seen.confirmed_on, None);
}

#[test]
fn what_fades_before_it_is_provisional_is_forgotten_and_what_was_provisional_is_not() {
    let forgotten = every_ten_days(&[3.0, 0.0, 0.0, 6.0]);
    assert_eq!(forgotten.first_seen, Some(day(30)));
    let kept = every_ten_days(&[6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0]);
    assert_eq!((kept.first_seen, kept.last_seen), (Some(day(0)), Some(day(60))));
}

#[test]
fn the_episode_that_went_farther_is_told_and_the_earlier_of_equals() {
    let gap = [-0.1, -0.1, -0.1];
    let first_of = |one: &[f32], other: &[f32]| every_ten_days(&[one, &gap, other].concat()).first_seen;
    let (confirmed, strong, weak) = ([4.0, 4.0, 3.0], [6.0, 6.0], [3.0, 3.5]);
    assert_eq!(first_of(&confirmed, &strong), Some(day(0)));
    assert_eq!(first_of(&strong, &confirmed), Some(day(50)));
    assert_eq!(first_of(&weak, &strong), Some(day(50)));
    assert_eq!(first_of(&strong, &weak), Some(day(0)));
    assert_eq!(first_of(&strong, &strong), Some(day(0)));
}
