//! Which seasons a place was not seen in, which of them the scenes never had, and what comes too late.

use super::*;
use crate::date::MonthDay;
use crate::submodel::{self, Evidence, Gate};

/// What G1 says of views on the 10th of these months of 2020 of which some were clear.
fn seen(months: &[i8], clear: &[usize]) -> (u16, Vec<String>) {
    let model = &submodel::select(&["G1".to_owned()]).unwrap()[0];
    let dates: Vec<Date> = months.iter().map(|month| Date::constant(2020, *month, 10)).collect();
    let seasons = Seasons::of(model, &dates, Period::parse("2020-01-01/2020-12-31").unwrap());
    let bits = unseen_on(&seasons, dates.len(), clear);
    (bits & (NO_GATE | LATE), seasons.named(bits).map(|slot| slot.name.clone()).collect())
}

/// What a place that these views saw was not seen in; its neighbours in the other lanes saw nothing.
fn unseen_on(seasons: &Seasons, views: usize, clear: &[usize]) -> u16 {
    let seen: Vec<u16> = (0..views).map(|view| u16::from(clear.contains(&view)) << 5).collect();
    seasons.unseen(&seen)[5]
}

const MONTHS: [i8; 7] = [4, 5, 6, 7, 8, 9, 10];

#[test]
fn a_place_under_cloud_all_autumn_lacks_autumn_though_spring_was_seen() {
    assert_eq!(seen(&MONTHS, &[0, 1, 2, 3, 4, 5, 6]), (0, Vec::new()));
    // Of the summer season that asks for three views September is missing too, and what begins then has no
    // three views to be named by.
    let (late, lacks) = seen(&MONTHS, &[0, 1, 2, 3, 4]);
    assert_eq!((late, lacks), (LATE, vec!["harvested of 2020".to_owned(), "bare_autumn of 2020".to_owned()]));
}

#[test]
fn with_two_views_no_gate_can_be_passed() {
    assert_eq!(seen(&MONTHS, &[0, 1]).0, NO_GATE | LATE);
}

#[test]
fn views_in_spring_alone_name_nothing_that_begins_in_summer() {
    assert_eq!(seen(&[3, 4, 5, 6], &[0, 1, 2, 3]).0, LATE);
}

#[test]
fn many_years_are_told_by_kind() {
    let model = &submodel::select(&["G1".to_owned()]).unwrap()[0];
    let dates: Vec<Date> =
        (2018..2024).flat_map(|year| MONTHS.map(|month| Date::constant(year, month, 10))).collect();
    let seasons = Seasons::of(model, &dates, Period::parse("2018-01-01/2023-12-31").unwrap());
    assert!(seasons.slots.len() <= MOST_SLOTS && seasons.slots[0].name == "bare_spring");
    assert_eq!(seasons.slots[0].days.to, Date::constant(2023, 6, 30));
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

fn season(from: i8, to: i8) -> Season {
    Season { from: MonthDay { month: from, day: 1 }, to: MonthDay { month: to, day: 30 } }
}

/// A sub-model with two views asked for in spring (April to June) and in autumn (September to November), and a gate
/// of two views in a row from April to September.
fn model() -> SubModel {
    let mut model = submodel::select(&["G1".to_owned()]).unwrap().remove(0);
    let kind = |name: &str, season: Season| Evidence {
        name: name.to_owned(),
        season,
        weights: [].into(),
        minimum_views: 2,
    };
    model.evidence = vec![kind("spring", season(4, 6)), kind("autumn", season(9, 11))];
    model.gates = vec![Gate { season: season(4, 9), consecutive: 2, ..model.gates[0].clone() }];
    model
}

fn asked(dates: &[Date], period: &str) -> Seasons {
    Seasons::of(&model(), dates, Period::parse(period).unwrap())
}

fn unseen(seasons: &Seasons, views: &[usize]) -> u16 {
    unseen_on(seasons, 64, views)
}

/// Two days in spring and two in autumn of each year.
fn four_days(years: std::ops::RangeInclusive<i16>) -> Vec<Date> {
    years.flat_map(|year| [day(year, 5, 1), day(year, 6, 1), day(year, 9, 1), day(year, 10, 1)]).collect()
}

fn names<'a>(slots: impl IntoIterator<Item = &'a Slot>) -> Vec<&'a str> {
    slots.into_iter().map(|slot| slot.name.as_str()).collect()
}

#[test]
fn each_season_of_each_year_has_a_bit_of_its_own() {
    let seasons = asked(&four_days(2020..=2021), "2020-01-01/2021-12-31");
    let all = ["spring of 2020", "spring of 2021", "autumn of 2020", "autumn of 2021"];
    assert_eq!((names(&seasons.slots), seasons.without_scenes.len()), (all.to_vec(), 0));
    assert_eq!(seasons.slots[1].days, Period { from: day(2021, 4, 1), to: day(2021, 6, 30) });
    // Views 0 and 1 are of the first spring, 2 and 3 of the first autumn, 4 and 5, 6 and 7 of the second year.
    assert_eq!(unseen(&seasons, &[0, 1, 2, 3, 4, 5, 6, 7]), LATE);
    let lacks = |views: &[usize]| names(seasons.named(unseen(&seasons, views)));
    assert_eq!(lacks(&[0, 1, 2, 3, 4, 5, 6]), ["autumn of 2021"]);
    assert_eq!(lacks(&[1, 2, 3, 4, 5, 6, 7]), ["spring of 2020"]);
    assert_eq!(lacks(&[0, 1, 2, 4, 5, 6, 7]), ["autumn of 2020"]);
    assert_eq!(lacks(&[2, 3, 6, 7]), ["spring of 2020", "spring of 2021"]);
    assert_eq!(lacks(&[]), all);
    assert_eq!(unseen(&seasons, &[]), 0b1100_0000_0000_1111);
    assert_eq!((NO_GATE, LATE), (0b1000_0000_0000_0000, 0b0100_0000_0000_0000));
    assert_eq!(names(seasons.named(0)), Vec::<&str>::new());
    assert_eq!(names(seasons.named(0b0110)), ["spring of 2021", "autumn of 2020"]);
}

#[test]
fn a_change_in_the_second_half_of_the_last_gate_season_needs_views_of_its_own() {
    let mut dates = four_days(2020..=2020);
    dates.extend([day(2021, 4, 30), day(2021, 6, 30), day(2021, 7, 1), day(2021, 9, 30), day(2021, 10, 1)]);
    let seasons = asked(&dates, "2020-01-01/2021-12-31");
    // From 1 April to 30 September are 182 days: the half begins 91 days after 1 April.
    assert_eq!(seasons.late_days, Some(Period { from: day(2021, 7, 1), to: day(2021, 9, 30) }));
    let bits = |views: &[usize]| unseen(&seasons, views) & (LATE | NO_GATE);
    assert_eq!(bits(&[6, 7]), 0);
    assert_eq!((bits(&[5, 6]), bits(&[7, 8]), bits(&[0, 1, 2, 3, 4, 5])), (LATE, LATE | NO_GATE, LATE));
    // One view alone passes no gate of two.
    assert_eq!(bits(&[7]), LATE | NO_GATE);
}

#[test]
fn a_period_that_ends_early_cuts_the_seasons_and_a_season_outside_is_not_asked_for() {
    let dates = four_days(2020..=2020);
    let seasons = asked(&dates, "2020-05-01/2020-08-31");
    assert_eq!(names(&seasons.slots), ["spring of 2020"]);
    assert_eq!(seasons.slots[0].days, Period { from: day(2020, 5, 1), to: day(2020, 6, 30) });
    assert!(seasons.without_scenes.is_empty());
    // Of two days in spring one lies before the period: too few scenes.
    let seasons = asked(&dates, "2020-05-02/2020-08-31");
    let unseen = &seasons.without_scenes[0];
    assert_eq!((unseen.name.as_str(), unseen.scenes, seasons.slots.len()), ("spring of 2020", (1, 2), 0));
}

#[test]
fn a_season_for_which_the_scenes_are_too_few_is_told_with_their_number_and_has_no_bit() {
    let dates = [four_days(2020..=2020), vec![day(2021, 5, 1), day(2021, 9, 1), day(2021, 10, 1)]].concat();
    let seasons = asked(&dates, "2020-01-01/2021-12-31");
    assert_eq!(names(&seasons.slots), ["spring of 2020", "autumn of 2020", "autumn of 2021"]);
    let without: Vec<_> =
        seasons.without_scenes.iter().map(|unseen| (&*unseen.name, unseen.scenes)).collect();
    assert_eq!(without, [("spring of 2021", (1, 2))]);
    assert_eq!(seasons.without_scenes[0].days, Period { from: day(2021, 4, 1), to: day(2021, 6, 30) });
}

#[test]
fn years_of_which_none_has_scenes_enough_stand_together() {
    let one_a_year: Vec<Date> = (2020..=2022).map(|year| day(year, 5, 1)).collect();
    let seasons = asked(&one_a_year, "2020-01-01/2022-12-31");
    assert_eq!(names(&seasons.slots), ["spring of 2020 to 2022"]);
    assert_eq!(seasons.slots[0].days, Period { from: day(2020, 4, 1), to: day(2022, 6, 30) });
    assert_eq!((unseen(&seasons, &[0, 2]) & 1, unseen(&seasons, &[1]) & 1), (0, 1));
    let autumn = &seasons.without_scenes[0];
    assert_eq!((autumn.name.as_str(), autumn.scenes), ("autumn of 2020 to 2022", (0, 2)));
    // One year with enough is enough for each to stand alone.
    let dates = [one_a_year, vec![day(2021, 6, 1)]].concat();
    let seasons = asked(&dates, "2020-01-01/2022-12-31");
    assert_eq!(names(&seasons.slots), ["spring of 2021"]);
    assert_eq!(seasons.without_scenes[0].name, "spring of 2020");
}

#[test]
fn seven_years_of_two_seasons_are_told_each_and_eight_by_kind() {
    let seven = asked(&four_days(2010..=2016), "2010-01-01/2016-12-31");
    assert_eq!((seven.slots.len(), &*seven.slots[13].name), (14, "autumn of 2016"));
    let eight = asked(&four_days(2010..=2017), "2010-01-01/2017-12-31");
    assert_eq!(names(&eight.slots), ["spring", "autumn"]);
    assert_eq!(eight.slots[1].days, Period { from: day(2010, 9, 1), to: day(2017, 11, 30) });
    // A kind is seen where each of its seasons was.
    let but = |without: usize| (0..32).filter(|view| *view != without).collect::<Vec<_>>();
    assert_eq!(
        (unseen(&eight, &but(99)), unseen(&eight, &but(4)), unseen(&eight, &but(31))),
        (LATE, 1 | LATE, 2 | LATE)
    );
}

#[test]
fn years_stand_together_only_where_no_year_has_enough() {
    let dates = four_days(2020..=2021);
    let target = Period::parse("2020-01-01/2021-12-31").unwrap();
    let together = |views: &[usize], enough: usize| {
        let series = Series { views: views.to_vec(), ..Series::default() };
        stand_together(&series, &dates, &season(4, 9), target, enough)
    };
    // October lies outside the season: three views a year are in it.
    assert!(together(&[0, 1, 2, 3, 4, 5, 6, 7], 4) && !together(&[0, 1, 2, 3, 4, 5, 6, 7], 3));
    assert!(together(&[0, 1, 4, 5], 3) && !together(&[0, 4, 5, 6], 3) && !together(&[0, 1, 2, 4], 3));
    assert!(together(&[], 1) && !together(&[4], 1));
    let only_first = Period::parse("2020-01-01/2020-12-31").unwrap();
    let series = Series { views: (0..8).collect(), ..Series::default() };
    assert!(!stand_together(&series, &dates, &season(4, 9), only_first, 3));
    let second = Series { views: vec![4, 5, 6, 7], ..Series::default() };
    assert!(stand_together(&second, &dates, &season(4, 9), only_first, 1));
}
