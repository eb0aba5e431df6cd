//! Signs that count years or compare them, with numbers by hand.

use super::*;

/// Views of one year from these days (month, day) and NDVI, where .40 is expected: bare under .25, green over .525.
fn year(of: i16, views: &[(i8, i8, f32)]) -> Vec<View> {
    views.iter().map(|(month, on, ndvi)| view(day(of, *month, *on), *ndvi, 0.40)).collect()
}

#[test]
fn a_crop_cycle_is_a_bare_spell_and_a_green_spell_in_one_year() {
    let (bare, green) = ([(4, 10, 0.2), (5, 10, 0.2)], [(7, 1, 0.6), (8, 1, 0.6)]);
    let cycle = [bare, green].concat();
    let count = |years: &[Vec<View>]| sign(&years.concat(), Sign::CropCycles);
    assert_eq!(count(&[year(2020, &cycle)]), Some(1.0));
    assert_eq!(count(&[year(2020, &cycle), year(2021, &cycle), year(2022, &green)]), Some(2.0));
    // Bare in one year and green in another is no field yet.
    assert_eq!(count(&[year(2020, &bare), year(2021, &green)]), Some(0.0));
    // One view is no spell, and neither is the limit itself.
    assert_eq!(count(&[year(2020, &[bare[0], (5, 10, 0.4), green[0], green[1]])]), Some(0.0));
    assert_eq!(count(&[year(2020, &[bare[0], bare[1], green[0], (8, 1, 0.4)])]), Some(0.0));
    let (bare_limit, green_limit) = (bare_below(0.4), green_above(0.4));
    assert_eq!(
        count(&[year(2020, &[(4, 10, bare_limit), (5, 10, bare_limit), green[0], green[1]])]),
        Some(0.0)
    );
    assert_eq!(
        count(&[year(2020, &[bare[0], bare[1], (7, 1, green_limit), (8, 1, green_limit)])]),
        Some(0.0)
    );
    // Three views tell of no year; and what came before the change is not of it.
    assert_eq!(count(&[year(2020, &cycle[..3])]), None);
    assert_eq!(
        count(&[year(2019, &cycle), year(2020, &[(4, 1, 0.4), (5, 1, 0.4), (6, 1, 0.4), (7, 1, 0.4)])]),
        Some(0.0)
    );
}

#[test]
fn views_of_a_spell_lie_sixty_days_apart_at_most() {
    let green = [(8, 1, 0.6), (9, 1, 0.6)];
    // The first of May and the last of June are 60 days apart.
    let cycles = |last: (i8, i8)| {
        let bare = [(5, 1, 0.2), (last.0, last.1, 0.2)];
        sign(&year(2020, &[&bare[..], &green[..]].concat()), Sign::CropCycles)
    };
    assert_eq!((cycles((6, 30)), cycles((7, 1))), (Some(1.0), Some(0.0)));
}

#[test]
fn a_bare_year_before_is_bare_beyond_its_noise_twice_in_a_row() {
    let year = |of: i16, ndvi: f32, z: f32| {
        let quiet = [view(day(of, 4, 1), 0.4, 0.4), view(day(of, 5, 1), 0.4, 0.4)];
        let bare = [6, 7].map(|month| view(day(of, month, 1), 0.4, 0.4).with(Feature::Ndvi, ndvi, 0.4, z));
        [quiet, bare].concat()
    };
    let count = |views: &[View]| sign(views, Sign::BareYearsBefore);
    assert_eq!(count(&year(2019, 0.2, -1.6)), Some(1.0));
    assert_eq!(
        count(&[year(2017, 0.2, -4.0), year(2018, 0.4, -0.1), year(2019, 0.2, -4.0)].concat()),
        Some(2.0)
    );
    // Bare within its noise, down without being bare, at a limit: none of them.
    for (ndvi, z) in [(0.2, -1.4), (0.3, -4.0), (0.2, 4.0), (0.2, -1.5), (bare_below(0.4), -4.0)] {
        assert_eq!(count(&year(2019, ndvi, z)), Some(0.0), "{ndvi} {z}");
    }
    assert_eq!(count(&year(2019, 0.2, -4.0)[1..]), None);
    assert_eq!(count(&year(2020, 0.2, -4.0)), None);
}

#[test]
fn a_year_apart_lies_below_expectation_as_a_whole_also_before_the_change() {
    let year = |of: i16, z: &[f32]| -> Vec<View> {
        let view =
            |(z, month): (&f32, i8)| view(day(of, month, 1), 0.4, 0.4).with(Feature::Ndvi, 0.4, 0.4, *z);
        z.iter().zip(5..).map(view).collect()
    };
    let count =
        |years: &[Vec<View>]| asked(&years.concat(), day(2021, 7, 1), |seen| seen.measure(Sign::YearsApart));
    let (low, high) = ([-1.1, -3.0, 0.5], [0.5, -3.0, 2.0]);
    assert_eq!(count(&[year(2020, &low), year(2021, &high), year(2022, &low)]), Some(2.0));
    // The limit itself, one year with two views, and the look-back do not count.
    assert_eq!(count(&[year(2020, &[-1.0, -1.0, -1.0]), year(2021, &[-3.0, -3.0])]), Some(0.0));
    assert_eq!(count(&[year(2019, &low), year(2020, &high), year(2021, &high)]), Some(0.0));
    assert_eq!(count(&[year(2020, &low), year(2021, &[1.0])]), Some(1.0));
    assert_eq!(count(&[year(2019, &low), year(2020, &low)]), None);
}

#[test]
fn growing_days_seen_are_those_of_the_year_that_was_seen_longest() {
    let quiet = |year, month, of| view(day(year, month, of), 0.4, 0.4);
    let views = [
        quiet(2019, 4, 1),
        quiet(2019, 10, 1),
        quiet(2020, 3, 1),
        quiet(2020, 5, 1),
        quiet(2020, 5, 11),
        quiet(2021, 6, 1),
        quiet(2021, 6, 20),
        quiet(2021, 7, 1),
        quiet(2021, 12, 1),
        quiet(2022, 6, 1),
    ];
    assert_eq!(sign(&views, Sign::GrowingDaysSeen), Some(30.0));
    assert_eq!(sign(&views[..5], Sign::GrowingDaysSeen), Some(10.0));
    assert_eq!(sign(&views[..4], Sign::GrowingDaysSeen), Some(0.0));
    assert_eq!(sign(&views[..3], Sign::GrowingDaysSeen), None);
}

#[test]
fn the_swing_before_is_the_middle_of_the_look_back_years_that_were_seen() {
    let year = |of: i16, ndvi: &[f32]| dense(of, ndvi, &vec![0.9; ndvi.len()]);
    let swing = |years: &[Vec<View>]| sign(&years.concat(), Sign::SwingBefore);
    let mut steps: Vec<f32> = (0..11).map(|step| 0.10 + 0.02 * step as f32).collect();
    (steps[0], steps[10]) = (-0.5, 0.95);
    // Of eleven the second and the tenth, of ten the first and the ninth, of four the first and the third.
    assert!(near(swing(&[year(2019, &steps)]), 0.16));
    let mut ten = steps[..10].to_vec();
    (ten[0], ten[9]) = (0.06, 0.95);
    ten.swap(1, 8);
    assert!(near(swing(&[year(2019, &ten)]), 0.20));
    let (four, flat) = ([0.5, 0.1, 0.4, 0.2], [0.3, 0.3, 0.3, 0.3]);
    assert!(near(swing(&[year(2019, &four)]), 0.3));
    assert!(near(swing(&[year(2017, &four), year(2018, &flat), year(2019, &steps)]), 0.16));
    // Three views are no year; the target period is not before.
    assert_eq!(swing(&[year(2018, &four[..3]), year(2020, &four)]), None);
    assert!(near(swing(&[year(2018, &[0.1, 0.9, 0.1]), year(2019, &flat)]), 0.0));
}

#[test]
fn a_trough_is_what_two_views_in_a_row_stay_under_between_march_and_november() {
    let of = |asked, years: &[Vec<View>]| sign(&years.concat(), asked);
    let known = |of: i16, low: f32| {
        year(
            of,
            &[
                (1, 1, 0.0),
                (2, 1, 0.0),
                (3, 1, 0.3),
                (6, 1, low),
                (7, 1, low - 0.1),
                (8, 1, 0.6),
                (11, 30, 0.05),
                (12, 1, 0.0),
            ],
        )
    };
    let after = |years: &[Vec<View>]| of(Sign::TroughAfter, years);
    assert!(near(of(Sign::TroughBefore, &[known(2019, 0.2)]), 0.2));
    // The middle of the years before, the lowest of those since.
    let three = |from: i16| [known(from, 0.2), known(from + 1, 0.1), known(from + 2, 0.25)];
    assert!(near(of(Sign::TroughBefore, &three(2017)), 0.2));
    assert!(near(after(&three(2020)), 0.1));
    // Four views between March and November make a year.
    let views = [(5, 1, 0.3), (6, 1, 0.2), (7, 1, 0.1), (11, 1, 0.6), (12, 1, 0.0)];
    let work = |from: usize| year(2021, &views[from..]);
    assert!(near(after(&[work(0)]), 0.2));
    assert_eq!((after(&[work(1)]), after(&[known(2019, 0.2)])), (None, None));
    assert_eq!(of(Sign::TroughBefore, &[known(2020, 0.2)]), None);
}

#[test]
fn years_after_are_those_with_four_growing_views() {
    let of = |year: i16, months: std::ops::Range<i8>| -> Vec<View> {
        months.map(|month| view(day(year, month, 1), 0.4, 0.4)).collect()
    };
    let count = |years: &[Vec<View>]| sign(&years.concat(), Sign::YearsAfter);
    assert_eq!(count(&[of(2019, 5..9), of(2020, 5..9), of(2021, 5..8), of(2022, 5..9)]), Some(2.0));
    // March is not in the growing season.
    assert_eq!(count(&[of(2021, 1..7)]), Some(0.0));
}

#[test]
fn a_harvest_year_has_stubble_and_a_crop_and_the_swing_between() {
    let count = |views: &[(i8, i8, f32)]| sign(&year(2020, views), Sign::HarvestYears);
    let harvest = |low: f32, high: f32| count(&[(5, 1, low), (6, 1, low), (7, 1, high), (8, 1, high)]);
    assert_eq!(harvest(0.25, 0.65), Some(1.0));
    // Not bare enough, not green enough; at the limits it is.
    assert_eq!((harvest(0.26, 0.9), harvest(0.2, 0.54)), (Some(0.0), Some(0.0)));
    assert_eq!(harvest(0.0, 0.35), Some(1.0));
    // A dip or a peak of one view is haze, and winter is no harvest.
    assert_eq!(count(&[(5, 1, 0.1), (6, 1, 0.5), (7, 1, 0.6), (8, 1, 0.6)]), Some(0.0));
    assert_eq!(count(&[(5, 1, 0.2), (6, 1, 0.2), (7, 1, 0.6), (8, 1, 0.3)]), Some(0.0));
    assert_eq!(count(&[(7, 1, 0.6), (8, 1, 0.6), (9, 1, 0.6), (12, 1, 0.1), (12, 20, 0.1)]), Some(0.0));
    // Three views are too few to say so.
    assert_eq!(count(&[(5, 1, 0.1), (6, 1, 0.1), (7, 1, 0.6)]), None);
    let two = [
        year(2020, &[(5, 1, 0.1), (6, 1, 0.1), (7, 1, 0.6), (8, 1, 0.6)]),
        year(2021, &[(5, 1, 0.1), (6, 1, 0.1), (7, 1, 0.6), (8, 1, 0.6)]),
        year(2022, &[(5, 1, 0.1), (6, 1, 0.1)]),
    ];
    assert_eq!(sign(&two.concat(), Sign::HarvestYears), Some(2.0));
}
