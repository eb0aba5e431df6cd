//! What is taken aside by its signature or by the red line, and the interval of an area.

use super::*;
use crate::baseline::Series;
use crate::date::{MonthDay, Period};
use crate::patch::shape::Shape;
use crate::submodel::{self, Season, Sign, Veto};

/// A patch of which only the shape is known: 12 by 4 px of 10 m, of rectangularity .9 and sharpness .5.
fn of_shape<Told>(ask: impl FnOnce(&Seen) -> Told) -> Told {
    let shape = Shape {
        sharpness: 0.5,
        rectangularity: 0.9,
        circularity: 0.5,
        solidity: 0.9,
        elongation: 3.0,
        unevenness: 0.1,
        length_px: 12.0,
        width_px: 4.0,
    };
    let day = Date::constant(2020, 5, 1);
    ask(&Seen {
        series: &Series::default(),
        around: &[],
        features: &[],
        dates: &[],
        look_back: &[],
        target: Period { from: day, to: day },
        since: day,
        growing: Season { from: MonthDay { month: 4, day: 1 }, to: MonthDay { month: 10, day: 31 } },
        shape: &shape,
        pixel_metres: 10.0,
        area_m2: 4_800.0,
    })
}

fn at_least(sign: Sign, least: f32) -> Bound {
    Bound { sign, at_least: Some(least), at_most: None, beyond: None, must_be_told: false }
}

fn veto(name: &str, all: &[Bound]) -> Veto {
    Veto { name: name.to_owned(), all: all.to_vec() }
}

/// What is said of that patch by a sub-model with these requirements and vetoes.
fn said(requires: &[Bound], vetoes: &[Veto]) -> Option<(AsideReason, String)> {
    let mut model = submodel::select(&["G1".to_owned()]).unwrap().remove(0);
    (model.requires, model.vetoes) = (requires.to_vec(), vetoes.to_vec());
    of_shape(|seen| told_apart(&model, seen))
}

const LONG: f32 = 120.0;

#[test]
fn a_veto_that_holds_takes_the_patch_aside_and_says_what_it_is_then() {
    let (reason, words) = said(&[], &[veto("a road", &[at_least(Sign::LengthM, LONG)])]).unwrap();
    assert_eq!(reason, AsideReason::LooksLike);
    assert_eq!(words, "a road: length_m at least 120");
    assert!(said(&[], &[veto("a road", &[at_least(Sign::LengthM, LONG + 0.1)])]).is_none());
    assert!(said(&[], &[]).is_none());
}

#[test]
fn a_veto_needs_all_of_its_bounds() {
    let (long, sharp) = (at_least(Sign::LengthM, LONG), at_least(Sign::Sharpness, 0.5));
    let blurred = at_least(Sign::Sharpness, 0.6);
    assert!(said(&[], &[veto("a road", &[long, blurred])]).is_none());
    assert!(said(&[], &[veto("a road", &[blurred, long])]).is_none());
    let (_, words) = said(&[], &[veto("a road", &[long, sharp])]).unwrap();
    assert_eq!(words, "a road: length_m at least 120, sharpness at least 0.5");
}

#[test]
fn one_veto_of_several_is_enough_and_the_first_that_holds_is_named() {
    let blurred = veto("haze", &[at_least(Sign::Sharpness, 0.6)]);
    let (road, strip) =
        (veto("a road", &[at_least(Sign::LengthM, LONG)]), veto("a strip", &[at_least(Sign::WidthM, 40.0)]));
    let (_, words) = said(&[], &[blurred, road, strip]).unwrap();
    assert!(words.starts_with("a road: "), "{words}");
}

#[test]
fn what_was_not_seen_vetoes_nothing_alone_or_beside_what_holds() {
    let water = at_least(Sign::WaterAfter, 0.0);
    let long = at_least(Sign::LengthM, LONG);
    for all in [vec![water], vec![long, water], vec![water, long]] {
        assert!(said(&[], &[veto("open water", &all)]).is_none(), "{all:?}");
    }
    // Nor does what must be told, which is a word of requirements.
    let water = Bound { must_be_told: true, ..water };
    assert!(said(&[], &[veto("open water", &[water])]).is_none());
}

#[test]
fn a_requirement_that_is_not_met_takes_the_patch_aside_with_what_was_found() {
    let (reason, words) = said(&[at_least(Sign::Rectangularity, 0.95)], &[]).unwrap();
    assert_eq!(reason, AsideReason::OtherSignature);
    assert_eq!(words, "G1 asks for rectangularity at least 0.95; here it is 0.90");
    assert!(said(&[at_least(Sign::Rectangularity, 0.9)], &[]).is_none());
    // All of them are asked for.
    let two = [at_least(Sign::Rectangularity, 0.9), at_least(Sign::Sharpness, 0.6)];
    assert!(said(&two, &[]).unwrap().1.contains("sharpness"));
}

#[test]
fn what_was_not_seen_is_required_only_where_the_claim_rests_on_it() {
    let water = at_least(Sign::WaterAfter, 0.6);
    assert!(said(&[water], &[]).is_none());
    let (reason, words) = said(&[Bound { must_be_told: true, ..water }], &[]).unwrap();
    assert_eq!(reason, AsideReason::OtherSignature);
    assert_eq!(words, "G1 asks for water_after at least 0.6; here it could not be told");
    // What must be told and is told is judged like any other.
    let told = |least| said(&[Bound { must_be_told: true, ..at_least(Sign::Sharpness, least) }], &[]);
    assert!(told(0.5).is_none() && told(0.6).is_some());
}

#[test]
fn a_requirement_speaks_before_a_veto() {
    let reason = |least| {
        let found =
            said(&[at_least(Sign::Sharpness, least)], &[veto("a road", &[at_least(Sign::LengthM, LONG)])]);
        found.map(|(reason, _)| reason)
    };
    assert_eq!(reason(0.6), Some(AsideReason::OtherSignature));
    assert_eq!(reason(0.5), Some(AsideReason::LooksLike));
}

/// Whether a patch of some square metres, of which some lie inside the red line, is a matter of it.
fn is_matter(inside: f64, area: f64) -> bool {
    outside(SquareMetres(inside), SquareMetres(area), 900.0).is_none()
}

#[test]
fn a_patch_that_lies_half_inside_is_a_matter_of_the_red_line_whatever_its_size() {
    assert!(is_matter(500.0, 1_000.0) && is_matter(4.0, 4.0) && is_matter(1e6, 1e6));
    assert!(!is_matter(499.0, 1_000.0) && !is_matter(0.0, 1_000.0) && !is_matter(0.0, 0.0));
}

#[test]
fn of_a_patch_across_the_line_a_third_and_a_lead_s_size_must_lie_inside() {
    assert!(is_matter(1_000.0, 3_000.0) && is_matter(900.0, 2_700.0));
    // Less than a lead, though a third; less than a third, though a lead.
    assert!(!is_matter(899.0, 2_600.0) && !is_matter(999.0, 3_000.0) && !is_matter(5_000.0, 20_000.0));
    let (reason, words) = outside(SquareMetres(5_000.0), SquareMetres(20_000.0), 900.0).unwrap();
    assert_eq!(reason, AsideReason::OutsideRedLine);
    assert_eq!(words, "25 % of the patch, 5000 m2, lies inside the red line");
}

#[test]
fn an_interval_is_two_sigma_of_its_pixels_each_way_and_never_below_nothing() {
    // Five pixels of a hundred are 5 % of 2 000 m2: 1.96 times 100 m2.
    let Area { best, low, high } = interval(SquareMetres(2_000.04), (100.0, 5.0));
    assert_eq!((best.0, low.0, high.0), (2_000.0, 1_804.0, 2_196.0));
    let wide = interval(SquareMetres(2_000.0), (100.0, 60.0));
    assert_eq!((wide.low.0, wide.high.0), (0.0, 4_352.0));
    let exact = interval(SquareMetres(2_000.0), (100.0, 0.0));
    assert!(exact.low == exact.best && exact.high == exact.best);
}
