//! What a view must show to go through a gate, and which views in a row make a run.

use super::*;
use crate::date::MonthDay;
use crate::submodel::Level::{DownTo, UpTo};
use crate::submodel::{self, Level, Season};

fn grass(control: f32, observed: f32) -> Option<Passed> {
    let models = submodel::select(&["G1".to_owned()]).unwrap();
    let dates: Vec<Date> = (1..=5).map(|day| Date::constant(2020, 5, day * 5)).collect();
    // NDVI moves, brightness stays as it was.
    let line = |ndvi: f32, brightness: f32| vec![vec![ndvi; 5], vec![brightness; 5]];
    let series = Series {
        views: (0..5).collect(),
        observed: line(observed, 0.2),
        expected: line(control, 0.2),
        control: line(control, 0.2),
        z: line(-5.0, 0.0),
        history: vec![(control, control), (0.2, 0.2)],
    };
    let features = [Feature::Ndvi, Feature::Brightness];
    let target = Period::parse("2020-01-01/2020-12-31").unwrap();
    pass(&models[0], &features, &series, &dates, target)
}

#[test]
fn one_rule_sees_bare_ground_on_a_meadow_and_on_desert_steppe() {
    assert_eq!(grass(0.80, 0.20).unwrap().gate, "bare");
    assert_eq!(grass(0.20, 0.13).unwrap().gate, "bare");
}

#[test]
fn a_mown_meadow_passes_nothing() {
    assert_eq!(grass(0.80, 0.55), None);
}

#[test]
fn on_sparse_steppe_what_stays_apart_either_way_is_let_through_to_the_confidence() {
    assert_eq!(grass(0.20, 0.17).unwrap().gate, "turned");
    assert_eq!(grass(0.20, 0.195), None);
}

/// A condition that asks nothing but that the feature has not gone the other way.
fn toward(feature: Feature, level: Level) -> Condition {
    Condition { feature, level, share: 0.0, sigmas: 0.0, least: 0.0, beyond_history: false }
}

/// A gate of three views in a row from April to October that asks for these conditions.
fn gate(conditions: &[Condition]) -> Gate {
    Gate {
        name: "drawn".to_owned(),
        season: Season { from: MonthDay { month: 4, day: 1 }, to: MonthDay { month: 10, day: 31 } },
        consecutive: 3,
        expected_ndvi_at_most: f32::INFINITY,
        conditions: conditions.to_vec(),
        any_of: Vec::new(),
    }
}

/// One feature in one view.
#[derive(Clone, Copy)]
struct Seen {
    expected: f32,
    observed: f32,
    z: f32,
    history: (f32, f32),
}

/// A view: the brightness never changes, NDVI does. Brightness comes first, as planes may.
fn view(ndvi: Seen) -> Series {
    let line = |ndvi: f32, brightness: f32| vec![vec![brightness], vec![ndvi]];
    Series {
        views: vec![0],
        observed: line(ndvi.observed, 0.25),
        expected: line(ndvi.expected, 0.25),
        control: line(ndvi.expected, 0.25),
        z: line(ndvi.z, 0.0),
        history: vec![(0.25, 0.25), ndvi.history],
    }
}

const FEATURES: [Feature; 2] = [Feature::Brightness, Feature::Ndvi];

fn opens(gate: &Gate, ndvi: Seen) -> bool {
    is_open(gate, &FEATURES, &view(ndvi), 0)
}

/// A meadow of NDVI 3/4 that was never seen below 5/8 nor above 7/8, far beyond its noise.
fn meadow(observed: f32) -> Seen {
    let z = if observed < 0.75 { -8.0 } else { 8.0 };
    Seen { expected: 0.75, observed, z, history: (0.625, 0.875) }
}

#[test]
fn half_the_way_to_bare_soil_is_half_of_what_stood_above_it() {
    // From 3/4 to 1/4: half of the way is 1/2, to the last bit.
    let bare = gate(&[Condition { share: 0.5, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    assert!(opens(&bare, meadow(0.5)) && opens(&bare, meadow(0.25)) && opens(&bare, meadow(0.0)));
    assert!(!opens(&bare, meadow(0.501)) && !opens(&bare, meadow(0.75)));
    // What went the other way as far is no loss.
    assert!(!opens(&bare, Seen { z: -8.0, ..meadow(1.0) }));
}

#[test]
fn a_share_of_the_way_up_is_asked_as_a_share_of_the_way_down() {
    let steppe = |observed| Seen { expected: 0.25, observed, z: 8.0, history: (0.25, 0.25) };
    let crop = gate(&[Condition { share: 0.5, ..toward(Feature::Ndvi, UpTo(0.75)) }]);
    assert!(opens(&crop, steppe(0.5)) && !opens(&crop, steppe(0.499)) && !opens(&crop, steppe(0.0)));
}

#[test]
fn where_nothing_is_left_above_bare_soil_a_fall_is_still_asked_for_and_never_a_rise() {
    let desert = |observed: f32| {
        let z = if observed < 0.0625 { -8.0 } else { 8.0 };
        Seen { expected: 0.0625, observed, z, history: (0.0, 0.125) }
    };
    let bare = gate(&[Condition { share: 0.5, sigmas: 2.0, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    assert!(opens(&bare, desert(0.03125)) && !opens(&bare, desert(0.25)) && !opens(&bare, desert(0.0625)));
    let lost = gate(&[Condition { least: 0.0625, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    assert!(opens(&lost, desert(0.0)) && !opens(&lost, desert(0.03125)));
    let full = gate(&[Condition { share: 0.5, sigmas: 2.0, ..toward(Feature::Ndvi, UpTo(0.03125)) }]);
    assert!(opens(&full, desert(0.125)) && !opens(&full, desert(0.03125)));
}

#[test]
fn a_small_share_of_a_short_way_must_still_be_the_least_step() {
    let bare = gate(&[Condition { share: 0.1, least: 0.125, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    assert!(opens(&bare, meadow(0.625)) && !opens(&bare, meadow(0.626)));
}

#[test]
fn the_noise_of_the_place_must_be_exceeded_on_the_side_that_is_asked_for() {
    let bare = gate(&[Condition { sigmas: 2.0, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    let of = |z: f32| opens(&bare, Seen { z, ..meadow(0.5) });
    assert!(of(-2.0) && of(-8.0) && !of(-1.99) && !of(2.0) && !of(8.0));
    let green = gate(&[Condition { sigmas: 2.0, ..toward(Feature::Ndvi, UpTo(1.0)) }]);
    let of = |z: f32| opens(&green, Seen { z, ..meadow(0.9) });
    assert!(of(2.0) && !of(1.99) && !of(-8.0));
}

#[test]
fn a_crop_is_greener_than_the_place_ever_was_and_as_green_is_not_enough() {
    let crop = gate(&[Condition { beyond_history: true, ..toward(Feature::Ndvi, UpTo(1.0)) }]);
    assert!(opens(&crop, meadow(0.876)));
    assert!(!opens(&crop, meadow(0.875)) && !opens(&crop, meadow(0.8)));
    let bare = gate(&[Condition { beyond_history: true, ..toward(Feature::Ndvi, DownTo(0.25)) }]);
    assert!(opens(&bare, meadow(0.624)));
    assert!(!opens(&bare, meadow(0.625)) && !opens(&bare, meadow(0.7)));
    // Asked for by that word alone: a step inside history is enough for other conditions.
    let any = gate(&[toward(Feature::Ndvi, DownTo(0.25))]);
    assert!(opens(&any, meadow(0.7)) && opens(&any, meadow(0.6)));
}

#[test]
fn a_gate_for_sparse_ground_is_shut_where_more_was_expected() {
    let sparse = Gate { expected_ndvi_at_most: 0.375, ..gate(&[toward(Feature::Ndvi, DownTo(0.0))]) };
    let of = |expected: f32| opens(&sparse, Seen { expected, ..meadow(0.125) });
    assert!(of(0.375) && of(0.25) && !of(0.376) && !of(0.75));
    // Scenes without NDVI cannot tell sparse ground from other ground.
    let bright = Gate { conditions: vec![toward(Feature::Brightness, DownTo(0.0))], ..sparse };
    assert!(is_open(&bright, &[Feature::Brightness], &view(meadow(0.75)), 0));
}

#[test]
fn all_conditions_must_hold_and_one_of_the_others() {
    let (holds, fails) = (toward(Feature::Ndvi, DownTo(0.25)), toward(Feature::Ndvi, UpTo(1.0)));
    let of = |all: &[Condition], any_of: &[Condition]| {
        opens(&Gate { any_of: any_of.to_vec(), ..gate(all) }, meadow(0.5))
    };
    assert!(of(&[holds], &[]) && of(&[holds, holds], &[fails, holds]) && of(&[], &[holds]));
    assert!(!of(&[holds, fails], &[holds]) && !of(&[holds], &[fails]) && !of(&[fails], &[]));
}

#[test]
fn a_feature_that_the_scenes_lack_asks_nothing_of_a_view_and_opens_no_gate_alone() {
    let lacking = Condition { sigmas: 9.0, ..toward(Feature::Ndmi, DownTo(0.0)) };
    assert!(opens(&gate(&[toward(Feature::Ndvi, DownTo(0.25)), lacking]), meadow(0.5)));
    let alone = gate(&[lacking]);
    assert_eq!(found(&[alone], &[(2020, 5, 1, 'x'), (2020, 5, 2, 'x'), (2020, 5, 3, 'x')]), None);
}

/// What passes gates in views on these days, where x goes through a gate that asks for NDVI and o does not.
fn found(gates: &[Gate], views: &[(i16, i8, i8, char)]) -> Option<Passed> {
    let mut model = submodel::select(&["G1".to_owned()]).unwrap().remove(0);
    model.gates = gates.to_vec();
    let dates: Vec<Date> = views.iter().map(|view| Date::constant(view.0, view.1, view.2)).collect();
    let observed = views.iter().map(|view| if view.3 == 'x' { 0.25 } else { 0.75 }).collect();
    let ndvi = |value: f32| vec![vec![value; views.len()]];
    let series = Series {
        views: (0..views.len()).collect(),
        observed: vec![observed],
        expected: ndvi(0.75),
        control: ndvi(0.75),
        z: ndvi(-8.0),
        history: vec![(0.75, 0.75)],
    };
    let target = Period::parse("2020-01-01/2022-12-31").unwrap();
    pass(&model, &[Feature::Ndvi], &series, &dates, target)
}

fn half() -> Gate {
    gate(&[Condition { share: 0.5, ..toward(Feature::Ndvi, DownTo(0.25)) }])
}

fn days(gate: &str, views: usize, days: [(i16, i8, i8); 3]) -> Option<Passed> {
    let [first, reached, last] = days.map(|(year, month, day)| Date::constant(year, month, day));
    Some(Passed { gate: gate.to_owned(), views, first, reached, last, begun: first, until: last })
}

#[test]
fn a_run_says_when_it_began_when_it_was_long_enough_and_when_it_was_last_seen() {
    let may = |marks: &str| {
        let mark = |(day, mark): (usize, char)| (2020, 5, day as i8 + 1, mark);
        found(&[half()], &marks.chars().enumerate().map(mark).collect::<Vec<_>>())
    };
    assert_eq!(may("oxxxxo"), days("drawn", 4, [(2020, 5, 2), (2020, 5, 4), (2020, 5, 5)]));
    assert_eq!(may("xxx"), days("drawn", 3, [(2020, 5, 1), (2020, 5, 3), (2020, 5, 3)]));
    // One view between that does not go through begins the count anew; of two equal runs the earlier is told.
    assert_eq!(may("xxoxxoxx"), None);
    assert_eq!(may("xxxoxxx").unwrap().first, Date::constant(2020, 5, 1));
    assert_eq!(may("xxxoxxxx").unwrap().first, Date::constant(2020, 5, 5));
    assert_eq!(may("xxxxoxxx").unwrap().first, Date::constant(2020, 5, 1));
}

#[test]
fn views_outside_season_or_period_neither_help_nor_break_a_run() {
    // March and November lie outside the season, 2023 outside the period.
    let beyond = [(2020, 3, 31, 'x'), (2020, 4, 1, 'x'), (2020, 10, 31, 'x'), (2020, 11, 1, 'x')];
    assert_eq!(found(&[half()], &beyond), None);
    assert_eq!(found(&[half()], &[(2023, 5, 1, 'x'), (2023, 5, 2, 'x'), (2023, 5, 3, 'x')]), None);
    let within = [(2020, 10, 30, 'x'), (2020, 11, 1, 'o'), (2021, 4, 1, 'x'), (2021, 10, 31, 'x')];
    assert_eq!(found(&[half()], &within).unwrap().views, 3);
}

#[test]
fn a_run_ends_with_its_year_unless_no_year_alone_could_hold_one() {
    let across = [(2020, 10, 1, 'x'), (2020, 10, 2, 'x'), (2021, 4, 1, 'x'), (2021, 4, 2, 'x')];
    assert_eq!(found(&[half()], &across).unwrap().views, 4);
    // With a third view in 2020 that year could have held a run of its own, and did not.
    let with_third = [&[(2020, 9, 1, 'o')], &across[..]].concat();
    assert_eq!(found(&[half()], &with_third), None);
    let two_years =
        [2020, 2021].map(|year| [(year, 5, 1, 'x'), (year, 5, 2, 'x'), (year, 5, 3, 'x')]).concat();
    assert_eq!(found(&[half()], &two_years).unwrap().views, 3);
    let flights = [(2020, 7, 1, 'x'), (2021, 7, 1, 'x'), (2022, 7, 1, 'x')];
    assert_eq!(found(&[half()], &flights), days("drawn", 3, [(2020, 7, 1), (2022, 7, 1), (2022, 7, 1)]));
}

#[test]
fn of_several_gates_the_longest_run_speaks_and_of_equals_the_gate_named_first() {
    let called = |name: &str, consecutive: usize, month: i8| Gate {
        name: name.to_owned(),
        consecutive,
        season: Season { from: MonthDay { month, day: 1 }, to: MonthDay { month: 10, day: 31 } },
        ..half()
    };
    let views = [(2020, 5, 1, 'x'), (2020, 6, 1, 'x'), (2020, 7, 1, 'x'), (2020, 8, 1, 'x')];
    let name = |gates: &[Gate]| found(gates, &views).unwrap().gate;
    assert_eq!(name(&[called("short", 2, 6), called("long", 2, 5)]), "long");
    assert_eq!(name(&[called("long", 2, 5), called("short", 2, 6)]), "long");
    assert_eq!(name(&[called("one", 3, 5), called("other", 2, 5)]), "one");
}

/// Meadow of NDVI .8 seen on ten days of each May from 2020 to 2023, bare in the first so many of them.
fn begun(bare: [usize; 4]) -> Option<(Date, Date, Date)> {
    let models = submodel::select(&["G1".to_owned()]).unwrap();
    let day = |view: usize| Date::constant(2020 + view as i16 / 10, 5, 1 + 2 * (view % 10) as i8);
    let dates: Vec<Date> = (0..40).map(day).collect();
    let ndvi: Vec<f32> = (0..40).map(|view| if view % 10 < bare[view / 10] { 0.2 } else { 0.8 }).collect();
    let z = ndvi.iter().map(|ndvi| 10.0 * (ndvi - 0.8)).collect();
    let series = Series {
        views: (0..40).collect(),
        observed: vec![ndvi],
        expected: vec![vec![0.8; 40]],
        control: vec![vec![0.8; 40]],
        z: vec![z],
        history: vec![(0.8, 0.8)],
    };
    let target = Period::parse("2020-01-01/2023-12-31").unwrap();
    pass(&models[0], &[Feature::Ndvi], &series, &dates, target)
        .map(|passed| (passed.begun, passed.first, passed.until))
}

#[test]
fn a_change_that_passes_year_after_year_began_in_the_first_of_them_and_lasts_until_the_last() {
    let may = |year: i16, day: i8| Date::constant(year, 5, day);
    assert_eq!(begun([0, 6, 6, 10]), Some((may(2021, 1), may(2023, 1), may(2023, 19))));
    assert_eq!(begun([6, 0, 6, 10]), Some((may(2022, 1), may(2023, 1), may(2023, 19))));
    assert_eq!(begun([10, 6, 0, 0]), Some((may(2020, 1), may(2020, 1), may(2021, 11))));
    assert_eq!(begun([0, 0, 0, 0]), None);
}
