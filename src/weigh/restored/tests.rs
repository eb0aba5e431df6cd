//! Ground of a few pixels through a year before the change and one after it.

use super::*;
use crate::date::MonthDay;

const FEATURES: [Feature; 3] = [Feature::Ndvi, Feature::Bsi, Feature::Brightness];
const GROWING: Season = Season { from: MonthDay { month: 3, day: 15 }, to: MonthDay { month: 11, day: 15 } };

/// Two views a month from April to October, in 2022 (look-back), 2024 and 2025.
fn dates() -> Vec<Date> {
    let year =
        |year: i16| (4..=10).flat_map(move |month| [5, 20].map(|day| Date::constant(year, month, day)));
    [2022, 2024, 2025].into_iter().flat_map(year).collect()
}

/// A pixel that shows this z of NDVI on each day; `None` was not seen.
fn pixel(z: impl Fn(Date) -> Option<f32>) -> Series {
    let dates = dates();
    let views: Vec<usize> = (0..dates.len()).filter(|view| z(dates[*view]).is_some()).collect();
    let line: Vec<f32> = views.iter().filter_map(|view| z(dates[*view])).collect();
    let quiet = vec![0.0; line.len()];
    Series { views, z: vec![line, quiet.clone(), quiet], ..Series::default() }
}

/// What is concluded of ten such pixels from the days of a period.
fn looked(days: &str, pixels: &[Series], outside: usize) -> Recovery {
    let dates = dates();
    let days = Period::parse(days).unwrap();
    let look_back: Vec<bool> = dates.iter().map(|date| date.year() == 2022).collect();
    let views: Vec<usize> = (0..dates.len()).filter(|view| days.contains(dates[*view])).collect();
    let asked = Asked {
        features: &FEATURES,
        dates: &dates,
        look_back: &look_back,
        views: &views,
        days: Some(days),
        growing: GROWING,
        season: GrowingSeason::last_in(GROWING, days),
        least_history: (8, 3),
    };
    let mut tally = Tally::new(&asked);
    pixels.iter().for_each(|pixel| tally.add(pixel, &asked, 0.05));
    Recovery::conclude(tally, &asked, outside)
}

const YEAR: &str = "2024-01-01/2024-12-31";

/// Ten pixels alike.
fn alike(z: impl Fn(Date) -> Option<f32>) -> Vec<Series> {
    vec![pixel(z); 10]
}

fn answer(days: &str, z: impl Fn(Date) -> Option<f32>) -> Answer {
    looked(days, &alike(z), 0).answer
}

#[test]
fn ground_in_the_band_through_a_whole_season_is_restored() {
    let found = looked(YEAR, &alike(|_| Some(1.0)), 0);
    assert_eq!((found.answer, found.back, found.apart), (Answer::Restored, 1.0, 0.0));
    assert_eq!((found.look_back_views, found.clear_views().count(), found.longest_out), (14, 14, None));
    assert_eq!(found.last_judged(), Some(Date::constant(2024, 10, 20)));
}

#[test]
fn one_green_flush_or_maize_high_in_summer_or_bare_autumn_soil_is_no_recovery() {
    let summer = |date: Date| (6..=8).contains(&date.month());
    let after = |date: Date| date.year() > 2022;
    let flush = |date: Date| Some(if after(date) && !summer(date) { -5.0 } else { 0.0 });
    let maize = |date: Date| Some(if after(date) && summer(date) { 6.0 } else { 0.0 });
    let autumn = |date: Date| Some(if after(date) && date.month() >= 9 { -4.0 } else { 0.0 });
    for found in [answer(YEAR, flush), answer(YEAR, maize), answer(YEAR, autumn)] {
        assert_eq!(found, Answer::NotRestored);
    }
}

#[test]
fn one_hazy_view_in_each_part_changes_no_answer() {
    let hazy = |date: Date| [4, 7, 10].contains(&date.month()) && date.day() == 20 && date.year() > 2022;
    assert_eq!(answer(YEAR, |date| Some(if hazy(date) { -7.0 } else { 0.5 })), Answer::Restored);
    assert_eq!(
        answer(YEAR, |date| Some(if hazy(date) || date.year() == 2022 { 0.0 } else { -7.0 })),
        Answer::NotRestored
    );
}

#[test]
fn what_was_not_seen_is_never_restored() {
    let without_autumn = |date: Date| (date.month() < 9 || date.year() == 2022).then_some(0.0);
    let found = looked(YEAR, &alike(without_autumn), 0);
    let (reason, words) = found.untold.unwrap();
    assert_eq!((found.answer, reason), (Answer::CannotTell, UntoldReason::TooFewClearViews));
    assert!(words.contains("autumn") && words.contains("100 %"), "{words}");
    // A third of the ground under cloud: what was seen is back, and that is not enough.
    let mut pixels = alike(|_| Some(0.0));
    pixels.truncate(7);
    pixels.extend(vec![pixel(without_autumn); 3]);
    assert_eq!(looked(YEAR, &pixels, 0).answer, Answer::CannotTell);
    assert_eq!(looked(YEAR, &alike(|_| Some(0.0)), 3).untold.unwrap().0, UntoldReason::OutsideScenes);
}

#[test]
fn a_season_that_is_not_whole_can_show_that_ground_is_apart_and_never_that_it_is_back() {
    let most = "2024-04-01/2024-12-31";
    let found = looked(most, &alike(|_| Some(0.0)), 0);
    assert_eq!((found.answer, found.untold.unwrap().0), (Answer::CannotTell, UntoldReason::NoFullSeason));
    let bare = |date: Date| Some(if date.year() > 2022 { -5.0 } else { 0.0 });
    assert_eq!(answer(most, bare), Answer::NotRestored);
    let winter = looked("2024-11-20/2025-02-28", &alike(|_| Some(0.0)), 0);
    assert_eq!(winter.untold.unwrap().0, UntoldReason::NoFullSeason);
}

#[test]
fn too_little_before_the_change_cannot_be_compared() {
    let found = looked(YEAR, &alike(|date| (date.year() > 2022 || date.month() > 7).then_some(0.0)), 0);
    assert_eq!(
        (found.answer, found.untold.unwrap().0),
        (Answer::CannotTell, UntoldReason::TooFewBaselineViews)
    );
}

#[test]
fn ground_that_is_ploughed_after_the_season_is_not_restored_any_more() {
    let ploughed = |date: Date| Some(if date >= Date::constant(2025, 4, 1) { -6.0 } else { 0.0 });
    assert_eq!(answer(YEAR, ploughed), Answer::Restored);
    let found = looked("2024-01-01/2025-05-31", &alike(ploughed), 0);
    assert_eq!(found.season.unwrap().days.to_string(), "2024-03-15/2024-11-15");
    assert_eq!(found.answer, Answer::NotRestored);
    let run = found.longest_out.unwrap();
    assert_eq!((run.views, run.days.to_string().as_str()), (4, "2025-04-05/2025-05-20"));
}

#[test]
fn a_part_of_the_ground_is_counted_and_four_fifths_decide() {
    let bare = |date: Date| Some(if date.year() > 2022 { -5.0 } else { 0.0 });
    let of = |back: usize| {
        let mut pixels = alike(|_| Some(0.0));
        pixels.truncate(back);
        pixels.extend(vec![pixel(bare); 10 - back]);
        looked(YEAR, &pixels, 0)
    };
    assert_eq!((of(8).answer, of(7).answer), (Answer::Restored, Answer::NotRestored));
    assert!((of(7).back - 0.7).abs() < 1e-9 && (of(7).apart - 0.3).abs() < 1e-9);
}

#[test]
fn where_most_look_alikes_changed_nothing_can_be_told() {
    let dates = dates();
    let days = Period::parse(YEAR).unwrap();
    let look_back: Vec<bool> = dates.iter().map(|date| date.year() == 2022).collect();
    let views: Vec<usize> = (14..28).collect();
    let season = GrowingSeason::last_in(GROWING, days);
    let asked = Asked {
        features: &FEATURES,
        dates: &dates,
        look_back: &look_back,
        views: &views,
        days: Some(days),
        growing: GROWING,
        season,
        least_history: (8, 3),
    };
    let mut tally = Tally::new(&asked);
    tally.add(&pixel(|_| Some(0.0)), &asked, 0.6);
    let found = Recovery::conclude(tally, &asked, 0);
    assert_eq!(
        (found.answer, found.untold.unwrap().0),
        (Answer::CannotTell, UntoldReason::NeighboursChanged)
    );
}

#[test]
fn ground_that_is_half_closed_is_in_the_band_pixel_by_pixel_and_aside_as_a_whole() {
    let thin =
        |date: Date| Some(if date.year() > 2022 && (6..=8).contains(&date.month()) { -2.0 } else { 0.0 });
    let found = looked(YEAR, &alike(thin), 0);
    let (reason, words) = found.untold.unwrap();
    assert_eq!((found.answer, found.back, reason), (Answer::CannotTell, 1.0, UntoldReason::OnOneSide));
    assert!(words.contains("-2.0 sigma aside in ndvi at peak"), "{words}");
    // A pixel here and there is no ground as a whole.
    let mut pixels = alike(|_| Some(0.0));
    pixels[0] = pixel(thin);
    assert_eq!(looked(YEAR, &pixels, 0).answer, Answer::Restored);
}
