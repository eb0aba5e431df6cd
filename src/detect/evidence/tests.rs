//! What z says about a sub-model: weights, seasons, views enough, and which season speaks.

use super::*;
use crate::baseline::lanes::Lanes;
use crate::date::MonthDay;
use crate::submodel::{self, Season};

const FEATURES: [Feature; 2] = [Feature::Ndvi, Feature::Brightness];

/// A kind of evidence from April to June and how it weighs NDVI and brightness.
fn kind(name: &str, minimum_views: usize, ndvi: f32, brightness: f32) -> Evidence {
    let season = Season { from: MonthDay { month: 4, day: 1 }, to: MonthDay { month: 6, day: 30 } };
    let weights = [(Feature::Ndvi, ndvi), (Feature::Brightness, brightness)];
    Evidence { name: name.to_owned(), season, weights: weights.into(), minimum_views }
}

/// A sub-model that looks for these and asks for three look-back views, two of them in summer.
fn model(kinds: &[Evidence]) -> SubModel {
    let mut model = submodel::select(&["G1".to_owned()]).unwrap().remove(0);
    model.evidence = kinds.to_vec();
    (model.minimum_history, model.minimum_growing_history) = (3, 2);
    model.growing_season = Season { from: MonthDay { month: 6, day: 1 }, to: MonthDay { month: 8, day: 31 } };
    model
}

/// A place: views on these days with z of NDVI and of brightness.
struct Place {
    dates: Vec<Date>,
    series: Series,
}

fn place(views: &[(i16, i8, i8, f32, f32)]) -> Place {
    let z = vec![views.iter().map(|view| view.3).collect(), views.iter().map(|view| view.4).collect()];
    Place {
        dates: views.iter().map(|view| Date::constant(view.0, view.1, view.2)).collect(),
        series: Series { views: (0..views.len()).collect(), z, ..Series::default() },
    }
}

/// Views of NDVI alone.
fn ndvi(views: &[(i16, i8, i8, f32)]) -> Place {
    place(&views.iter().map(|view| (view.0, view.1, view.2, view.3, 0.0)).collect::<Vec<_>>())
}

/// The target period is 2020 and 2021.
fn target() -> Period {
    Period::parse("2020-01-01/2021-12-31").unwrap()
}

impl Place {
    fn look_back(&self) -> Vec<bool> {
        self.dates.iter().map(|date| date.year() < 2020).collect()
    }

    fn find(&self, model: &SubModel) -> Finding {
        let prepared = Prepared::new(model, &FEATURES, |_, _| 0.0);
        let calendar = prepared.calendar(&self.dates, &self.look_back(), target());
        // The place lies in one lane; the others saw nothing.
        let seen = vec![1 << 3; self.dates.len()];
        let z: Vec<Lanes> = self.series.z.iter().flatten().map(|z| [*z; LANES]).collect();
        let departures = Departures { seen: &seen, z: &z };
        let past = prepared.past(&departures, &calendar);
        let found = prepared.find(&departures, (past, &calendar), &mut Ends::default());
        assert!((0..LANES).all(|lane| lane == 3 || found[lane] == Finding::Unseen));
        // What a patch is judged by is what its pixels are judged by.
        if let (Finding::Evidence(evidence), Some(chosen)) = (found[3], self.choose(model)) {
            assert_eq!(evidence, chosen.evidence.clamp(0.0, MOST_EVIDENCE));
        }
        found[3]
    }

    fn choose(&self, model: &SubModel) -> Option<Chosen> {
        Prepared::new(model, &FEATURES, |_, _| 0.0).choose(&self.series, &self.dates, target())
    }

    fn seen_before(&self, model: &SubModel) -> f32 {
        let prepared = Prepared::new(model, &FEATURES, |_, _| 0.0);
        prepared.seen_before(0, &self.series, &self.dates, &self.look_back())
    }
}

fn near(found: f32, expected: f32) -> bool {
    (found - expected).abs() < 1e-5
}

#[test]
fn a_score_is_a_weighted_sum_of_unit_spread_where_features_are_alike_by_chance() {
    let of = |correlation: f32, z: (f32, f32)| {
        let model = model(&[kind("one", 2, 0.6, 0.8)]);
        let one = place(&[(2020, 5, 1, z.0, z.1)]);
        Prepared::new(&model, &FEATURES, |_, _| correlation).score(0, &one.series, 0)
    };
    // .36 + .64 is 1; with correlation 1 the spread is that of .6 + .8.
    assert!(near(of(0.0, (1.0, 2.0)), 0.6 + 1.6) && near(of(0.0, (-1.0, 0.5)), -0.2));
    assert!(near(of(1.0, (1.0, 2.0)), 2.2 / 1.4));
    // Opposed features would leave a spread of .2; no less than half is believed.
    assert!(near(of(-1.0, (1.0, 2.0)), 2.2 / 0.5));
}

#[test]
fn what_the_scenes_cannot_give_falls_out_of_the_weights() {
    let model = model(&[kind("bright", 2, 0.0, 1.0), kind("both", 2, -0.6, 0.8)]);
    let seen = ndvi(&[(2020, 5, 1, -3.0)]);
    let prepared = Prepared::new(&model, &[Feature::Ndvi], |_, _| 0.0);
    assert_eq!((prepared.kinds(), prepared.kind_name(0)), (1, "both"));
    assert!(near(prepared.score(0, &seen.series, 0), 3.0));
    let all = Prepared::new(&model, &FEATURES, |_, _| 0.0);
    assert_eq!((all.kinds(), all.kind_name(0), all.kind_name(1)), (2, "bright", "both"));
}

#[test]
fn the_strongest_kind_whose_season_a_view_lies_in_speaks_for_the_view() {
    let mut autumn = kind("autumn", 2, -1.0, 0.0);
    autumn.season = Season { from: MonthDay { month: 9, day: 1 }, to: MonthDay { month: 11, day: 30 } };
    let model = model(&[kind("greener", 2, 1.0, 0.0), kind("browner", 2, -1.0, 0.0), autumn]);
    let prepared = Prepared::new(&model, &FEATURES, |_, _| 0.0);
    let of = |month: i8, z: f32| {
        let one = ndvi(&[(2020, month, 15, z)]);
        prepared.strongest(&one.series, 0, one.dates[0])
    };
    assert_eq!((of(5, 4.0), of(5, -4.0)), (Some(4.0), Some(4.0)));
    assert_eq!((of(10, 4.0), of(10, -4.0), of(7, 4.0)), (Some(-4.0), Some(4.0), None));
}

/// Three look-back views, two of them in summer, and two views of the target period.
const ENOUGH: [(i16, i8, i8, f32); 5] =
    [(2019, 5, 1, 0.0), (2019, 6, 1, 0.0), (2019, 7, 1, 0.0), (2020, 5, 1, 3.0), (2020, 5, 11, 3.0)];

#[test]
fn too_little_history_and_too_few_views_are_gaps_and_enough_is_enough() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    assert_eq!(ndvi(&[]).find(&model), Finding::Unseen);
    assert_eq!(ndvi(&ENOUGH).find(&model), Finding::Evidence(3.0 * 2.0_f32.sqrt()));
    assert_eq!(ndvi(&ENOUGH[1..]).find(&model), Finding::TooLittleHistory);
    let mut spring = ENOUGH;
    spring[1].1 = 5;
    assert_eq!(ndvi(&spring).find(&model), Finding::TooLittleHistory);
    let mut more = ENOUGH.to_vec();
    more.insert(0, (2018, 7, 1, 0.0));
    assert!(matches!(ndvi(&more).find(&model), Finding::Evidence(_)));
    more.drain(1..3);
    assert_eq!(ndvi(&more).find(&model), Finding::TooLittleHistory);
    assert_eq!(ndvi(&ENOUGH[..4]).find(&model), Finding::TooFewViews);
    assert_eq!(ndvi(&ENOUGH[..3]).find(&model), Finding::TooFewViews);
}

#[test]
fn views_of_the_target_period_are_no_history() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let mut late = ENOUGH;
    late.iter_mut().for_each(|view| view.0 = 2020);
    assert_eq!(ndvi(&late).find(&model), Finding::TooLittleHistory);
}

#[test]
fn evidence_lies_between_nought_and_ten() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let of = |z: f32| {
        let mut views = ENOUGH;
        (views[3].3, views[4].3) = (z, z);
        ndvi(&views).find(&model)
    };
    assert_eq!((of(-4.0), of(8.0)), (Finding::Evidence(0.0), Finding::Evidence(10.0)));
}

#[test]
fn only_views_of_the_season_and_of_the_target_period_speak() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let views =
        [(2019, 5, 1, 8.0), (2020, 3, 31, 8.0), (2020, 4, 1, 1.0), (2020, 6, 30, 1.0), (2020, 7, 1, 8.0)];
    let chosen = ndvi(&views).choose(&model).unwrap();
    assert_eq!((chosen.indices, chosen.evidence), (vec![2, 3], 2.0_f32.sqrt()));
    assert_eq!(ndvi(&views[..3]).choose(&model), None);
}

#[test]
fn a_season_of_another_year_is_another_season() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let views = |second: f32| {
        ndvi(&[(2020, 5, 1, 2.0), (2020, 5, 9, 2.0), (2021, 5, 1, second), (2021, 5, 9, second)])
    };
    let chosen = |second: f32| views(second).choose(&model).unwrap();
    assert_eq!((chosen(1.0).indices, chosen(1.0).evidence), (vec![0, 1], 2.0 * 2.0_f32.sqrt()));
    assert_eq!(chosen(3.0).indices, [2, 3]);
    // Of equals the earlier.
    assert_eq!(chosen(2.0).indices, [0, 1]);
    // A year with too few views does not borrow from another one that has enough.
    let lonely = ndvi(&[(2020, 5, 1, 1.0), (2020, 5, 9, 1.0), (2021, 5, 1, 8.0)]);
    assert_eq!(lonely.choose(&model).unwrap().indices, [0, 1]);
}

#[test]
fn years_with_one_view_each_stand_together_as_one_season() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let flights = ndvi(&[(2020, 5, 1, 3.0), (2021, 5, 1, 4.0)]);
    let chosen = flights.choose(&model).unwrap();
    assert_eq!((chosen.kind, chosen.indices), (0, vec![0, 1]));
    assert_eq!(chosen.evidence, 3.0 * 2.0_f32.sqrt());
}

#[test]
fn the_kind_that_says_most_is_chosen_and_of_equals_the_first() {
    let (greener, browner) = (kind("greener", 2, 1.0, 0.0), kind("browner", 2, -1.0, 0.0));
    let of = |z: f32, kinds: &[Evidence]| {
        ndvi(&[(2020, 5, 1, z), (2020, 5, 9, z)]).choose(&model(kinds)).unwrap().kind
    };
    let both = [greener.clone(), browner];
    assert_eq!((of(3.0, &both), of(-3.0, &both)), (0, 1));
    assert_eq!(of(3.0, &[greener.clone(), greener]), 0);
}

#[test]
fn what_a_season_of_the_look_back_has_shown_is_told_and_nothing_else() {
    let model = model(&[kind("greener", 2, 1.0, 0.0)]);
    let root = 2.0_f32.sqrt();
    let twice = [(2018, 5, 1, 2.0), (2018, 5, 9, 2.0), (2019, 5, 1, 3.0), (2019, 5, 9, 3.0)];
    assert_eq!(ndvi(&twice).seen_before(&model), 3.0 * root);
    assert_eq!(ndvi(&twice[..3]).seen_before(&model), 2.0 * root);
    // One view a year is no season; neither is what lies outside season or look-back.
    assert_eq!(ndvi(&[twice[0], twice[2]]).seen_before(&model), 0.0);
    assert_eq!(ndvi(&[(2018, 7, 1, 5.0), (2018, 7, 9, 5.0)]).seen_before(&model), 0.0);
    assert_eq!(ndvi(&[(2020, 5, 1, 5.0), (2020, 5, 9, 5.0)]).seen_before(&model), 0.0);
    // The opposite of a change is nought, not less.
    assert_eq!(ndvi(&[(2018, 5, 1, -5.0), (2018, 5, 9, -5.0)]).seen_before(&model), 0.0);
}

#[test]
fn amplitude_counts_least_spreads_from_what_was_expected() {
    let model = model(&[kind("both", 2, -0.5, 2.0)]);
    let series = Series {
        observed: vec![vec![0.0, 0.25], vec![0.0, 0.375]],
        expected: vec![vec![0.0, 0.5], vec![0.0, 0.25]],
        ..Series::default()
    };
    let prepared = Prepared::new(&model, &FEATURES, |_, _| 0.5);
    // Half of -.25 / .015 the other way and twice .125 / .010.
    let amplitude = prepared.amplitude(0, &series, 1, &FEATURES);
    assert!((amplitude - (0.125 / 0.015 + 0.25 / 0.010)).abs() < 1e-3, "{amplitude}");
    assert_eq!(prepared.amplitude(0, &series, 0, &FEATURES), 0.0);
}
