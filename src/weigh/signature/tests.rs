//! Each sign on drawn views, with numbers by hand and just inside and outside of its limits.

mod years;

use super::*;
use crate::date::MonthDay;

const SHAPE: Shape = Shape {
    sharpness: 0.8,
    rectangularity: 0.9,
    circularity: 0.7,
    solidity: 0.95,
    elongation: 1.2,
    unevenness: 0.1,
    length_px: 12.0,
    width_px: 10.0,
};

/// Features in an order of their own: a sign finds its line by name.
const FEATURES: [Feature; 5] =
    [Feature::Ndwi, Feature::Brightness, Feature::Bsi, Feature::Ndmi, Feature::Ndvi];

/// One view of the patch: observed, expected and z of each feature, and NDVI around.
#[derive(Clone)]
struct View {
    day: Date,
    lines: [(f32, f32, f32); 5],
    around: f32,
}

impl View {
    fn with(mut self, feature: Feature, observed: f32, expected: f32, z: f32) -> Self {
        let line = FEATURES.iter().position(|own| *own == feature).unwrap();
        self.lines[line] = (observed, expected, z);
        self
    }
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// A view with this NDVI where that was expected; quiet in every other feature.
fn view(day: Date, ndvi: f32, expected: f32) -> View {
    let quiet = View { day, lines: [(-0.4, -0.4, 0.0); 5], around: expected };
    quiet.with(Feature::Ndvi, ndvi, expected, ((ndvi - expected) / 0.02).clamp(-8.0, 8.0))
}

/// Views of a year on the tenth of each month from a first one on.
fn monthly(year: i16, first: i8, ndvi: &[f32], expected: &[f32]) -> Vec<View> {
    let months = (first..).zip(ndvi.iter().zip(expected));
    months.map(|(month, (ndvi, expected))| view(day(year, month, 10), *ndvi, *expected)).collect()
}

/// Asks of a patch with these views: look-back until 2019, target period 2020 to 2022, changed since a day, plants
/// growing from April to October.
fn asked<Told>(views: &[View], since: Date, ask: impl FnOnce(&Seen) -> Told) -> Told {
    // Before every view one that did not see the patch: places in the series are not places among the dates.
    let dates: Vec<Date> = views.iter().flat_map(|view| [day(2021, 7, 1), view.day]).collect();
    let line = |part: fn(&(f32, f32, f32)) -> f32| -> Vec<Vec<f32>> {
        (0..5).map(|line| views.iter().map(|view| part(&view.lines[line])).collect()).collect()
    };
    let series = Series {
        views: (0..views.len()).map(|place| 2 * place + 1).collect(),
        observed: line(|(observed, ..)| *observed),
        expected: line(|(_, expected, _)| *expected),
        control: line(|(_, expected, _)| *expected),
        z: line(|(.., z)| *z),
        history: vec![(0.0, 0.0); 5],
    };
    let mut around = vec![vec![f32::NAN; views.len()]; 5];
    around[4] = views.iter().map(|view| view.around).collect();
    ask(&Seen {
        series: &series,
        around: &around,
        features: &FEATURES,
        dates: &dates,
        look_back: &dates.iter().map(|date| date.year() < 2020).collect::<Vec<bool>>(),
        target: Period::parse("2020-01-01/2022-12-31").unwrap(),
        since,
        growing: Season { from: MonthDay { month: 4, day: 1 }, to: MonthDay { month: 10, day: 31 } },
        shape: &SHAPE,
        pixel_metres: 10.0,
        area_m2: 12_000.0,
    })
}

/// One sign of a patch that changed on the first of April 2020.
fn sign(views: &[View], sign: Sign) -> Option<f32> {
    asked(views, day(2020, 4, 1), |seen| seen.measure(sign))
}

fn near(told: Option<f32>, known: f32) -> bool {
    told.is_some_and(|told| (told - known).abs() < 1e-4)
}

const GRASS: [f32; 7] = [0.15, 0.20, 0.28, 0.35, 0.33, 0.25, 0.18];

/// A look-back year of grass, and one of the target period with this NDVI from April to October.
fn told(ndvi: [f32; 7], asked: Sign) -> Option<f32> {
    sign(&[monthly(2019, 4, &GRASS, &GRASS), monthly(2020, 4, &ndvi, &GRASS)].concat(), asked)
}

const PIT: [f32; 7] = [0.08; 7];
const FIELD: [f32; 7] = [0.09, 0.09, 0.25, 0.70, 0.75, 0.40, 0.10];
const HOLLOW: [f32; 7] = [0.18, 0.28, 0.40, 0.52, 0.50, 0.36, 0.22];

#[test]
fn a_pit_has_no_season_and_a_field_has_more_of_one_than_grass() {
    assert!(told(PIT, Sign::AmplitudeRatio).unwrap() < 0.1);
    assert!(told(FIELD, Sign::AmplitudeRatio).unwrap() > 2.0);
    assert_eq!((told(PIT, Sign::BareShare), told(FIELD, Sign::CropCycles)), (Some(1.0), Some(1.0)));
}

#[test]
fn a_hollow_after_rain_is_never_bare_and_no_field() {
    assert_eq!((told(HOLLOW, Sign::BareShare), told(HOLLOW, Sign::CropCycles)), (Some(0.0), Some(0.0)));
    assert!(told(HOLLOW, Sign::GapToSurroundings).unwrap() > 0.3);
}

const OF_SHAPE: [Sign; 6] =
    [Sign::Rectangularity, Sign::Sharpness, Sign::Elongation, Sign::WidthM, Sign::LengthM, Sign::AreaM2];

#[test]
fn what_is_not_measured_is_not_told() {
    let quiet = monthly(2020, 4, &GRASS, &GRASS);
    // Days and years that were seen ask nothing of a feature; of no view at all there are nought years.
    let of_days = [Sign::GrowingDaysSeen, Sign::YearsAfter];
    for asked_for in Sign::ALL {
        let without = |seen: &Seen| Seen { features: &[], ..*seen }.measure(asked_for);
        let is_told = asked(&quiet, day(2020, 4, 1), without).is_some();
        let is_shape = OF_SHAPE.contains(&asked_for);
        assert_eq!(is_told, is_shape || of_days.contains(&asked_for), "{asked_for:?}");
        let is_told = sign(&[], asked_for).is_some();
        assert_eq!(is_told, is_shape || asked_for == Sign::YearsAfter, "{asked_for:?}");
    }
    assert_eq!(told(PIT, Sign::BareYearsBefore), Some(0.0));
}

#[test]
fn shape_is_told_in_metres_on_the_ground() {
    let known = [0.9, 0.8, 1.2, 100.0, 120.0, 12_000.0];
    for (asked, value) in OF_SHAPE.into_iter().zip(known) {
        assert!(near(sign(&[], asked), value), "{asked:?}");
    }
    // A strip thinner than half a pixel is not longer for it, and nothing is shorter than wide.
    let elongation = |length_px, width_px| {
        let shape = Shape { length_px, width_px, ..SHAPE };
        asked(&[], day(2020, 4, 1), |seen| Seen { shape: &shape, ..*seen }.measure(Sign::Elongation))
    };
    assert_eq!((elongation(20.0, 0.1), elongation(4.0, 8.0)), (Some(40.0), Some(1.0)));
}

#[test]
fn likeness_is_the_share_of_the_typical_that_holds_of_what_could_be_told() {
    let least =
        |sign, least| Bound { sign, at_least: Some(least), at_most: None, beyond: None, must_be_told: false };
    let likeness = |typical: &[Bound]| asked(&[], day(2020, 4, 1), |seen| seen.likeness(typical));
    let (holds, fails, untold) =
        (least(Sign::LengthM, 120.0), least(Sign::LengthM, 121.0), least(Sign::WaterAfter, 0.0));
    assert_eq!(likeness(&[holds, fails, holds, fails, holds]), Some(0.6));
    assert_eq!(likeness(&[holds, untold, fails, untold]), Some(0.5));
    assert_eq!((likeness(&[untold]), likeness(&[])), (None, None));
    assert_eq!((likeness(&[fails]), likeness(&[holds, untold])), (Some(0.0), Some(1.0)));
}

#[test]
fn half_of_the_cover_gone_is_bare_and_a_quarter_of_the_way_to_full_cover_is_green() {
    for (expected, bare, green) in [(0.30, 0.20, 0.45), (0.50, 0.30, 0.60), (0.10, 0.10, 0.30)] {
        assert!((bare_below(expected) - bare).abs() < 1e-6, "{expected}");
        assert!((green_above(expected) - green).abs() < 1e-6, "{expected}");
    }
    // Under bare soil there is no cover to lose, over full cover none to gain.
    assert_eq!((bare_below(0.05), green_above(0.95)), (0.05, 0.95));
}

/// Shares of views of 2020, from May on, in which grass of NDVI .30 showed these.
fn shares(ndvi: &[f32]) -> (Option<f32>, Option<f32>) {
    let views = monthly(2020, 5, ndvi, &vec![0.30; ndvi.len()]);
    (sign(&views, Sign::BareShare), sign(&views, Sign::GreenShare))
}

#[test]
fn a_share_counts_views_beyond_the_limit_and_asks_for_four() {
    assert_eq!(shares(&[0.19, 0.21, 0.44, 0.46]), (Some(0.25), Some(0.25)));
    assert_eq!(shares(&[0.19, 0.19, 0.19, 0.46, 0.30]), (Some(0.6), Some(0.2)));
    assert_eq!(shares(&[0.19, 0.19, 0.46]), (None, None));
    // The limit itself is neither.
    assert_eq!(shares(&[bare_below(0.3), green_above(0.3), 0.3, 0.3]), (Some(0.0), Some(0.0)));
}

#[test]
fn a_share_looks_at_the_growing_season_since_the_change_within_the_target_period() {
    let bare = |day| view(day, 0.1, 0.3);
    let quiet = |day| view(day, 0.3, 0.3);
    let growing: Vec<View> = (5..9).map(|month| quiet(day(2020, month, 10))).collect();
    let elsewhere =
        [bare(day(2019, 6, 1)), bare(day(2020, 3, 31)), bare(day(2020, 11, 1)), bare(day(2023, 6, 1))];
    assert_eq!(sign(&[&growing[..], &elsewhere[..]].concat(), Sign::BareShare), Some(0.0));
    // The day of the change is part of it.
    let first = [&[bare(day(2020, 4, 30)), bare(day(2020, 5, 1))][..], &growing[..3]].concat();
    let since = |from| asked(&first, from, |seen| seen.measure(Sign::BareShare));
    assert_eq!((since(day(2020, 4, 30)), since(day(2020, 5, 1))), (Some(0.4), Some(0.25)));
    assert_eq!(since(day(2020, 5, 2)), None);
}

/// Views a few days apart in the summer of 2020 (or 2019), of these NDVI where those were expected.
fn dense(year: i16, ndvi: &[f32], expected: &[f32]) -> Vec<View> {
    let days = (5..=10).flat_map(|month| [5, 20].map(|of| day(year, month, of)));
    days.zip(ndvi.iter().zip(expected)).map(|(day, (ndvi, expected))| view(day, *ndvi, *expected)).collect()
}

#[test]
fn an_amplitude_leaves_out_a_tenth_at_each_end_and_is_a_share_of_the_expected_one() {
    let expected: Vec<f32> = (0..11).map(|step| 0.10 + 0.02 * step as f32).collect();
    let mut observed: Vec<f32> = (0..11).map(|step| 0.10 + 0.01 * step as f32).collect();
    (observed[0], observed[10]) = (-0.5, 0.95);
    // Of eleven the second and the tenth: .08 of .16.
    assert!(near(sign(&dense(2020, &observed, &expected), Sign::AmplitudeRatio), 0.5));
    // Of ten the first and the ninth, in any order: .18 - .06 of .26 - .10.
    let mut observed = observed[..10].to_vec();
    (observed[0], observed[9]) = (0.06, 0.95);
    let mut views = dense(2020, &observed, &expected[..10]);
    assert!(near(sign(&views, Sign::AmplitudeRatio), 0.75));
    views.swap(2, 7);
    assert!(near(sign(&views, Sign::AmplitudeRatio), 0.75));
}

#[test]
fn an_amplitude_asks_for_four_views_and_for_something_that_grows() {
    let ratio = |ndvi: &[f32], expected: &[f32]| sign(&dense(2020, ndvi, expected), Sign::AmplitudeRatio);
    // Of four the first and the third: .1 of .2.
    assert!(near(ratio(&[0.1, 0.1, 0.2, 0.2], &[0.1, 0.2, 0.3, 0.4]), 0.5));
    assert_eq!(ratio(&[0.1, 0.1, 0.2], &[0.1, 0.2, 0.3]), None);
    assert!(near(ratio(&[0.1, 0.1, 0.15, 0.2], &[0.1, 0.1, 0.15, 0.15]), 1.0));
    assert_eq!(ratio(&[0.1, 0.5, 0.9, 0.9], &[0.10, 0.11, 0.13, 0.2]), None);
}

#[test]
fn water_is_a_share_of_growing_views_before_and_since() {
    let wet = |day, ndwi| view(day, 0.1, 0.3).with(Feature::Ndwi, ndwi, -0.4, 8.0);
    let mut views = vec![wet(day(2019, 3, 1), 0.5)];
    views.extend([0.2, -0.1, 0.0, -0.2].iter().zip(5..).map(|(ndwi, month)| wet(day(2019, month, 1), *ndwi)));
    views.extend([0.2, 0.1, 0.01, 0.0].iter().zip(5..).map(|(ndwi, month)| wet(day(2020, month, 1), *ndwi)));
    views.push(wet(day(2020, 12, 1), 0.5));
    assert_eq!(sign(&views, Sign::WaterBefore), Some(0.25));
    assert_eq!(sign(&views, Sign::WaterAfter), Some(0.75));
    assert_eq!(sign(&views[..8], Sign::WaterAfter), None);
    assert_eq!(sign(&views[2..], Sign::WaterBefore), None);
}

/// Days away, and whether away at the end, of views on the first of each month from April 2020 with these z.
fn away(z: &[(f32, f32)]) -> (Option<f32>, Option<f32>) {
    let views = z.iter().zip(4..).map(|((ndvi, brightness), month)| {
        let quiet = view(day(2020, month, 1), 0.3, 0.3);
        quiet.with(Feature::Ndvi, 0.3, 0.3, *ndvi).with(Feature::Brightness, 0.2, 0.2, *brightness)
    });
    let views: Vec<View> = views.collect();
    (sign(&views, Sign::DaysAway), sign(&views, Sign::AwayAtEnd))
}

#[test]
fn a_place_is_back_when_two_views_in_a_row_are_in_the_band_in_both_features() {
    let (far, back) = ((-4.0, 3.0), (1.5, -1.5));
    // April, May and June have 30, 31 and 30 days.
    assert_eq!(away(&[far, back, back]), (Some(30.0), Some(0.0)));
    assert_eq!(away(&[far, far, back, far, back, back, back]), (Some(122.0), Some(0.0)));
    // Never back: away until the last view.
    assert_eq!(away(&[far, back, far, back]), (Some(91.0), Some(1.0)));
    // Back for a while and away again.
    assert_eq!(away(&[far, back, back, far]), (Some(30.0), Some(1.0)));
    for out in [(1.51, 0.0), (-1.51, 0.0), (0.0, 1.51), (0.0, -1.51)] {
        assert_eq!(away(&[far, out, out]), (Some(61.0), Some(1.0)), "{out:?}");
    }
    assert_eq!(away(&[]), (None, None));
}

#[test]
fn a_shift_is_the_middle_of_observed_less_expected_and_asks_for_three_views() {
    let views = |values: &[(f32, f32)]| -> Vec<View> {
        let view = |((observed, expected), month): (&(f32, f32), i8)| {
            view(day(2020, month, 1), *observed, *expected)
                .with(Feature::Ndmi, observed - 0.1, *expected, 0.0)
                .with(Feature::Brightness, *observed, *expected, 0.0)
        };
        values.iter().zip(5..).map(view).collect()
    };
    let three = views(&[(0.5, 0.2), (0.1, 0.4), (0.3, 0.25)]);
    assert!(near(sign(&three, Sign::NdviShift), 0.05));
    assert!(near(sign(&three, Sign::NdmiShift), -0.05));
    // Brightness as a share of its expected middle, .25.
    assert!(near(sign(&three, Sign::BrightnessShift), 0.2));
    assert_eq!(sign(&three[..2], Sign::NdviShift), None);
    // What was black has no share: a hundredth stands for it.
    assert!(near(sign(&views(&[(0.03, 0.0), (0.03, 0.0), (0.03, 0.0)]), Sign::BrightnessShift), 3.0));
    let winter = [&three[..2], &[view(day(2020, 12, 1), 0.9, 0.1)][..]].concat();
    assert_eq!(sign(&winter, Sign::NdviShift), None);
}

#[test]
fn a_middle_is_of_what_was_observed_and_asks_for_four_views() {
    let spring = |year, month: i8, value: f32| {
        let quiet = view(day(year, month, 1), value, 0.9);
        let quiet = quiet.with(Feature::Bsi, value - 0.1, 0.9, 0.0);
        quiet.with(Feature::Brightness, value + 0.1, 0.9, 0.0).with(Feature::Ndmi, value - 0.3, 0.9, 0.0)
    };
    // Of an even count the upper of the two.
    let year = |of: i16, add: f32| {
        [0.1, 0.4, 0.2, 0.3].iter().zip(5..).map(move |(value, month)| spring(of, month, value + add))
    };
    let views: Vec<View> = year(2019, 0.0).chain(year(2020, 0.2)).collect();
    let known = [
        (Sign::NdviAfter, 0.5),
        (Sign::BsiAfter, 0.4),
        (Sign::BrightnessAfter, 0.6),
        (Sign::NdmiBefore, 0.0),
    ];
    known.into_iter().for_each(|(asked, value)| assert!(near(sign(&views, asked), value), "{asked:?}"));
    assert_eq!(sign(&views[..7], Sign::NdviAfter), None);
    assert_eq!(sign(&views[1..], Sign::NdmiBefore), None);
}

#[test]
fn dormant_green_is_the_middle_z_of_march_april_october_and_november() {
    let z = |month, z| view(day(2021, month, 1), 0.2, 0.2).with(Feature::Ndvi, 0.2, 0.2, z);
    let views = [z(2, 8.0), z(3, 1.0), z(4, 2.0), z(5, 8.0), z(9, 8.0), z(10, 3.0), z(11, 4.0), z(12, 8.0)];
    assert_eq!(sign(&views, Sign::DormantGreen), Some(3.0));
    assert_eq!(sign(&views[..6], Sign::DormantGreen), Some(2.0));
    assert_eq!(sign(&views[..5], Sign::DormantGreen), None);
}

#[test]
fn a_start_is_as_dark_as_the_middle_of_its_first_three_views() {
    let z = |month, z| view(day(2020, month, 2), 0.2, 0.2).with(Feature::Brightness, 0.2, 0.2, z);
    let views = [z(3, 5.0), z(4, -6.0), z(5, 1.0), z(6, -2.0), z(7, 7.0), z(8, 7.0)];
    assert_eq!(sign(&views, Sign::DarkStart), Some(-2.0));
    assert_eq!(sign(&views[..3], Sign::DarkStart), None);
}

#[test]
fn the_gap_to_the_surroundings_is_of_the_last_growing_season_with_four_views() {
    let beside = |day, ndvi, around| View { around, ..view(day, ndvi, 0.9) };
    let year =
        |of: i16, ndvi: f32, around: f32| (5..9).map(move |month| beside(day(of, month, 1), ndvi, around));
    // A tenth less than .30, whose cover above bare soil is .20.
    let views: Vec<View> = year(2020, 0.50, 0.30).chain(year(2021, 0.20, 0.30)).collect();
    assert!(near(sign(&views, Sign::GapToSurroundings), -0.5));
    // A year with three views takes no part, nor does a view whose surroundings were hidden.
    assert!(near(sign(&views[..7], Sign::GapToSurroundings), 1.0));
    let mut hidden = views.clone();
    hidden[6].around = f32::NAN;
    assert!(near(sign(&hidden, Sign::GapToSurroundings), 1.0));
    assert_eq!(sign(&views[..3], Sign::GapToSurroundings), None);
    // Around bare soil there is hardly any cover: .04 stand for it.
    assert!(near(sign(&year(2020, 0.14, 0.10).collect::<Vec<View>>(), Sign::GapToSurroundings), 1.0));
    // Another feature's surroundings do not speak.
    let blind = |seen: &Seen| Seen { around: &seen.around[..4], ..*seen }.measure(Sign::GapToSurroundings);
    assert_eq!(asked(&views, day(2020, 4, 1), blind), None);
}
