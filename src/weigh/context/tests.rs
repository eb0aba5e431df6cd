//! Permits, cases, land use and scars on drawn ground: who may take a lead out, who is only noted.

use geo::{Coord, MapCoords, Rect};

use super::*;
use crate::redline::Layer;
use crate::submodel;
use crate::weigh::incident::tests::lead;

const STEP: f64 = 0.001;

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// A box in steps of 0.001 degrees from the corner of the tests' first lead (83 m by 111 m at 41.5 N).
fn ground(x: (f64, f64), y: (f64, f64)) -> MultiPolygon<f64> {
    let corner = |x: f64, y: f64| Coord { x: 108.0 + STEP * x, y: 41.5 + STEP * y };
    MultiPolygon(vec![Rect::new(corner(x.0, y.0), corner(x.1, y.1)).to_polygon()])
}

fn context(places: Vec<(Role, &str, Stated, MultiPolygon<f64>)>) -> Context {
    let layer = Layer {
        file: "layer.gpkg".to_owned(),
        name: String::new(),
        authority: None,
        version: None,
        in_force: None,
        sha256: String::new(),
        epsg: 4490,
    };
    let place = |(role, kind, from, polygons): (Role, &str, Stated, MultiPolygon<f64>)| Place {
        role,
        id: format!("{}-1", role.name()),
        number: String::new(),
        name: String::new(),
        kind: kind.to_owned(),
        from,
        to: Stated::Open,
        layer: 0,
        polygons,
    };
    Context { layers: vec![layer], places: places.into_iter().map(place).collect(), ..Context::default() }
}

/// A lead of so many steps each way (5: 231 500 m2), first seen on 2023-04-08; area known to 3 %.
fn of_size(steps: f64, model: &str) -> Lead {
    let mut large = lead("a", 0.0, day(2023, 4, 8), &[]);
    let corner = Coord { x: 108.0, y: 41.5 };
    large.model = model.to_owned();
    large.outline = large.outline.map_coords(|at| corner + (at - corner) * steps);
    let best = geodesic_area(&large.outline).0;
    let sized = |share: f64| SquareMetres(share * best);
    large.area = Area { best: sized(1.0), low: sized(0.97), high: sized(1.03) };
    large
}

/// What is said of a lead, with borders known to 5 m and a look-back to the end of 2022.
fn said_of(lead: &Lead, places: Vec<(Role, &str, Stated, MultiPolygon<f64>)>) -> Judged {
    let model = submodel::select(std::slice::from_ref(&lead.model)).unwrap().remove(0);
    Desk::new(&context(places), 5.0).unwrap().judge(lead, &model, day(2022, 12, 31))
}

/// What is said of a G1 lead of 5 x 5 steps.
fn judged(places: Vec<(Role, &str, Stated, MultiPolygon<f64>)>) -> Judged {
    said_of(&of_size(5.0, "G1"), places)
}

/// A box that holds all of it.
fn all_of_it() -> MultiPolygon<f64> {
    ground((-1.0, 6.0), (-1.0, 6.0))
}

/// Why one place over all of a lead of a sub-model takes it out, if it does.
fn aside(model: &str, (role, kind, from): (Role, &str, Stated)) -> Option<AsideReason> {
    let judged = said_of(&of_size(5.0, model), vec![(role, kind, from, all_of_it())]);
    assert_eq!(judged.touched[0].covers, judged.aside.is_some(), "what covers and what takes out are one");
    assert!(judged.aside.is_some() || (judged.excess.is_none() && judged.counted.is_none()));
    judged.aside.map(|(reason, _)| reason)
}

const LONG_AGO: Stated = Stated::Day(Date::constant(2020, 1, 1));

#[test]
fn a_rim_of_less_than_half_a_pixel_is_no_excess_and_a_strip_of_the_same_area_is() {
    let permit = |polygons| judged(vec![(Role::Permit, "cultivation", LONG_AGO, polygons)]);
    // 0.04 steps are 3.3 m and 4.4 m: a shift of both borders leaves a rim of 3 500 m2.
    let shifted = permit(ground((0.04, 5.04), (0.04, 5.04)));
    assert_eq!(shifted.aside.map(|(reason, _)| reason), Some(AsideReason::InsidePermit));
    // A strip of 3 500 m2 at one end, 0.3 steps wide, is ploughed ground.
    let strip = permit(ground((-1.0, 6.0), (-1.0, 4.9)));
    assert!(strip.aside.is_none());
    let excess = strip.excess.unwrap();
    assert!((excess.area.best.0 - 4_630.0).abs() < 50.0, "{:?}", excess.area);
    // All error of the area is laid on what lies outside: 3 % of the whole, each way.
    assert!(excess.area.low.0 < 1.0 && (excess.area.high.0 - 11_570.0).abs() < 60.0, "{:?}", excess.area);
    assert!(strip.counted.is_some());
}

#[test]
fn what_covers_a_patch_may_be_permits_cases_and_existing_use_together() {
    let left = || ground((-1.0, 3.0), (-1.0, 6.0));
    let right = || ground((3.0, 6.0), (-1.0, 6.0));
    let both = judged(vec![
        (Role::Permit, "cultivation", LONG_AGO, left()),
        (Role::LandUse, "0103", Stated::Nothing, right()),
    ]);
    let (reason, said) = both.aside.unwrap();
    assert_eq!(reason, AsideReason::InsidePermit);
    assert!(said.contains("permit permits-1") && said.contains("land use landuse-1"), "{said}");
    let one = judged(vec![(Role::LandUse, "0103", Stated::Nothing, right())]);
    assert!(one.aside.is_none() && one.excess.unwrap().role == Role::LandUse);
    // Overlapping permits count their ground once.
    let twice = judged(vec![
        (Role::Permit, "cultivation", LONG_AGO, left()),
        (Role::Permit, "cultivation", LONG_AGO, left()),
    ]);
    assert!((twice.excess.unwrap().area.best.0 - 92_600.0).abs() < 900.0);
}

#[test]
fn a_neighbour_s_permit_along_the_edge_is_noted_and_nothing_more() {
    let edge = judged(vec![(Role::Permit, "cultivation", LONG_AGO, ground((4.8, 9.0), (0.0, 5.0)))]);
    assert!(edge.aside.is_none() && edge.excess.is_none() && edge.counted.is_none());
    assert!(edge.touched.len() == 1 && edge.touched[0].covers && edge.touched[0].in_force == Some(true));
}

#[test]
fn a_scar_takes_out_only_what_looks_burnt_and_burnt_in_between() {
    let scar = |from| judged(vec![(Role::Burn, "", from, ground((-1.0, 6.0), (-1.0, 6.0)))]).aside;
    assert_eq!(scar(Stated::Day(day(2023, 3, 1))).map(|(reason, _)| reason), Some(AsideReason::BurnScar));
    for from in [day(2022, 12, 30), day(2023, 4, 9)].map(Stated::Day).into_iter().chain([Stated::Nothing]) {
        assert!(scar(from).is_none(), "{from:?}");
    }
    assert!(scar(Stated::Day(day(2022, 12, 31))).is_some() && scar(Stated::Day(day(2023, 4, 8))).is_some());
}

#[test]
fn a_permit_takes_a_lead_out_only_in_force_and_of_a_kind_that_covers_it() {
    let permit = |kind, from| aside("G1", (Role::Permit, kind, from));
    assert_eq!(permit("cultivation", LONG_AGO), Some(AsideReason::InsidePermit));
    // From the very day on which the change was seen, and no day later.
    assert!(permit("cultivation", Stated::Day(day(2023, 4, 8))).is_some());
    assert!(permit("cultivation", Stated::Day(day(2023, 4, 9))).is_none());
    assert!(permit("cultivation", Stated::Nothing).is_none());
    assert!(permit("cultivation", Stated::Unreadable).is_none());
    assert!(permit("采矿许可证", LONG_AGO).is_none() && permit("", LONG_AGO).is_none());
}

#[test]
fn a_permit_that_does_not_stand_is_noted_with_the_reason() {
    let said = |kind, from| {
        let judged = judged(vec![(Role::Permit, kind, from, all_of_it())]);
        assert!(judged.touched.len() == 1 && !judged.touched[0].covers);
        (judged.touched[0].in_force, judged.notes.join("|"))
    };
    let (in_force, note) = said("cultivation", Stated::Day(day(2024, 1, 1)));
    assert_eq!(in_force, Some(false));
    let place = "permit permits-1 (cultivation, 2024-01-01 to without end)";
    assert!(note.starts_with(&format!("{place}: not in force on 2023-04-08; 231")), "{note}");
    let (in_force, note) = said("cultivation", Stated::Nothing);
    assert_eq!(in_force, None);
    assert!(note.contains("(cultivation, date unknown to") && note.contains("is unknown"), "{note}");
    let (in_force, note) = said("mining", LONG_AGO);
    assert_eq!(in_force, Some(true));
    assert!(note.contains("of kind 'mining right' does not cover G1"), "{note}");
    let both = judged(vec![(Role::Permit, "mining; cultivation", LONG_AGO, all_of_it())]);
    assert!(both.aside.is_some() && both.touched[0].covers);
    assert!(both.notes[0].contains("names 'mining right' too, which does not cover G1"), "{:?}", both.notes);
    assert!(said("", LONG_AGO).1.contains("permits-1 (2020-01-01 to without end): kind '' is not known"));
}

#[test]
fn a_case_takes_out_what_was_decided_since_it_was_seen_and_not_what_came_after_it() {
    let case = |from| aside("G1", (Role::Case, "", from));
    assert_eq!(case(Stated::Day(day(2023, 4, 8))), Some(AsideReason::DecidedCase));
    assert!(case(Stated::Day(day(2023, 6, 1))).is_some());
    assert!(case(Stated::Nothing).is_none() && case(Stated::Unreadable).is_none());
    assert!(case(Stated::Day(day(2023, 4, 7))).is_none());
    let old = judged(vec![(Role::Case, "", Stated::Day(day(2023, 4, 7)), all_of_it())]);
    assert!(
        old.notes[0].contains("decided case cases-1 (2023-04-07): it was decided before"),
        "{:?}",
        old.notes
    );
}

#[test]
fn existing_use_takes_out_only_what_was_surveyed_before_the_change() {
    let field = |from| aside("G1", (Role::LandUse, "0103", from));
    assert_eq!(field(Stated::Day(day(2023, 4, 7))), Some(AsideReason::ExistingLandUse));
    assert!(field(Stated::Nothing).is_some());
    // A survey of that day or later may have found the change itself.
    assert!(field(Stated::Day(day(2023, 4, 8))).is_none() && field(Stated::Day(day(2024, 1, 1))).is_none());
    let late = judged(vec![(Role::LandUse, "0103", Stated::Day(day(2023, 4, 8)), all_of_it())]);
    assert!(late.notes.len() == 1 && late.notes[0].contains("the survey is not older"), "{:?}", late.notes);
    // Grass is what G1 looks for on: no news, so no note; a field is nothing to a mine.
    let grass = judged(vec![(Role::LandUse, "0401", LONG_AGO, all_of_it())]);
    assert!(grass.aside.is_none() && grass.notes.is_empty() && !grass.touched[0].covers);
    assert!(aside("G2", (Role::LandUse, "0103", LONG_AGO)).is_none());
}

#[test]
fn a_fire_explains_no_pond_and_a_fire_without_a_day_explains_nothing() {
    let scar = Stated::Day(day(2023, 3, 1));
    assert_eq!(aside("G1", (Role::Burn, "", scar)), Some(AsideReason::BurnScar));
    assert_eq!(aside("F3", (Role::Burn, "", scar)), None);
    let note = |model, from| {
        said_of(&of_size(5.0, model), vec![(Role::Burn, "", from, all_of_it())]).notes.join("|")
    };
    assert!(note("F3", scar).contains("a fire does not look like F3"));
    assert!(note("G1", Stated::Unreadable).contains("the day of the fire is unknown"));
    assert!(note("G1", LONG_AGO).contains("no fire between 2022-12-31 and 2023-04-08"));
}

#[test]
fn four_fifths_of_a_patch_must_be_burnt_and_less_is_noted() {
    let burnt = |steps: f64| {
        let scar = Stated::Day(day(2023, 3, 1));
        judged(vec![(Role::Burn, "", scar, ground((-1.0, steps), (-1.0, 6.0)))])
    };
    // Of five steps 4.05 are 81 % and 3.95 are 79 %.
    let (reason, words) = burnt(4.05).aside.unwrap();
    assert_eq!(reason, AsideReason::BurnScar);
    assert!(words.starts_with("81 % of the patch, 187") && words.ends_with("burn scar burns-1 (2023-03-01)"));
    let less = burnt(3.95);
    assert!(less.aside.is_none() && less.excess.is_none() && less.counted.is_none());
    assert_eq!(less.notes, ["79 % of it lies in burn scar burns-1 (2023-03-01)"]);
}

#[test]
fn two_scars_burn_together_and_a_scar_adds_nothing_to_a_permit() {
    let scar = Stated::Day(day(2023, 3, 1));
    let (left, right) = (ground((-1.0, 2.5), (-1.0, 6.0)), ground((2.5, 6.0), (-1.0, 6.0)));
    let both = judged(vec![(Role::Burn, "", scar, left.clone()), (Role::Burn, "", scar, right.clone())]);
    assert_eq!(both.aside.map(|(reason, _)| reason), Some(AsideReason::BurnScar));
    let mixed =
        judged(vec![(Role::Burn, "", scar, left), (Role::Permit, "cultivation", LONG_AGO, right.clone())]);
    assert!(mixed.aside.is_none());
    let excess = mixed.excess.unwrap();
    assert_eq!(excess.role, Role::Permit);
    assert!((excess.area.best.0 - 115_750.0).abs() < 600.0, "{:?}", excess.area);
    // A fire over all of it is the reason, whatever else covers a half.
    let over =
        judged(vec![(Role::Burn, "", scar, all_of_it()), (Role::Permit, "cultivation", LONG_AGO, right)]);
    assert!(over.aside.unwrap().0 == AsideReason::BurnScar && over.excess.is_none());
}

#[test]
fn a_small_remainder_is_a_matter_of_the_rim_only_where_half_or_more_is_covered() {
    // 0.4 steps are 33 m by 44 m: 1 482 m2, so what lies outside is under 900 m2 either way.
    let covered = |steps: f64| {
        let half = ground((-1.0, steps), (-1.0, 6.0));
        said_of(&of_size(0.4, "G1"), vec![(Role::Permit, "cultivation", LONG_AGO, half)])
    };
    let more = covered(0.21);
    assert_eq!(more.aside.map(|(reason, _)| reason), Some(AsideReason::InsidePermit));
    let less = covered(0.19);
    assert!(less.aside.is_none());
    assert!((less.excess.unwrap().area.best.0 - 778.0).abs() < 5.0);
}

#[test]
fn a_patch_outgrows_what_covers_a_tenth_of_it_and_only_touches_what_covers_less() {
    let covered = |steps: f64| {
        judged(vec![(Role::Permit, "cultivation", LONG_AGO, ground((-1.0, steps), (-1.0, 6.0)))])
    };
    let outgrown = covered(0.51);
    let excess = outgrown.excess.unwrap();
    // A tenth of 231 500 m2 is covered, the rest is counted; by hand from 83.2 m and 111.2 m a step.
    assert!((excess.covered.0 - 23_600.0).abs() < 150.0, "{:?}", excess.covered);
    assert!((excess.area.best.0 - 207_900.0).abs() < 900.0);
    assert!((geodesic_area(&outgrown.counted.unwrap()).0 - excess.area.best.0).abs() < 0.1);
    assert!(
        outgrown.notes.len() == 1 && outgrown.notes[0].contains("area limits are compared with what lies")
    );
    let touched = covered(0.49);
    assert!(touched.aside.is_none() && touched.excess.is_none() && touched.notes.is_empty());
}

#[test]
fn a_track_has_no_area_and_so_no_excess() {
    let mut track = of_size(5.0, "G5");
    track.naming.measured = submodel::Measured::Length;
    let half = ground((-1.0, 2.5), (-1.0, 6.0));
    let judged = said_of(&track, vec![(Role::Permit, "road", LONG_AGO, half)]);
    assert!(judged.aside.is_none() && judged.excess.is_none() && judged.counted.is_none());
    assert!(judged.touched[0].covers);
}

#[test]
fn places_are_listed_by_role_and_then_by_size() {
    let strip = |to: f64| ground((0.0, to), (-1.0, 6.0));
    let judged = judged(vec![
        (Role::Burn, "", LONG_AGO, strip(5.0)),
        (Role::LandUse, "0401", LONG_AGO, strip(1.0)),
        (Role::Permit, "cultivation", LONG_AGO, strip(1.0)),
        (Role::Permit, "mining", LONG_AGO, strip(2.0)),
        (Role::Case, "", LONG_AGO, ground((5.5, 6.0), (0.0, 1.0))),
    ]);
    let listed: Vec<(Role, &str)> =
        judged.touched.iter().map(|place| (place.role, place.kind.as_str())).collect();
    assert_eq!(
        listed,
        [(Role::Permit, "mining"), (Role::Permit, "cultivation"), (Role::LandUse, "0401"), (Role::Burn, "")]
    );
    // Two steps of 83.2 m by five of 111.2 m; only a permit has a time in which it holds.
    let mining = &judged.touched[0];
    assert!((mining.overlap.0 - 92_600.0).abs() < 400.0 && mining.in_force == Some(true));
    assert!(judged.touched[2].in_force.is_none() && mining.layer == "layer.gpkg");
}

#[test]
fn all_error_of_an_area_is_laid_on_what_lies_outside() {
    let area =
        |low, best, high| Area { best: SquareMetres(best), low: SquareMetres(low), high: SquareMetres(high) };
    let left = |inside, over| {
        let Area { best, low, high } =
            excess(&area(900.0, 1_000.0, 1_100.0), SquareMetres(inside), SquareMetres(over));
        (low.0, best.0, high.0)
    };
    assert_eq!(left(600.0, 400.0), (300.0, 400.0, 500.0));
    assert_eq!(left(950.0, 50.0), (0.0, 50.0, 150.0));
    // The best estimate never leaves its own interval.
    assert_eq!(left(100.0, 700.0), (700.0, 700.0, 1_000.0));
    assert_eq!(left(600.0, 700.0), (300.0, 700.0, 700.0));
}
