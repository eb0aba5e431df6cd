//! An area limit of a legal rule against an area that has an interval: arithmetic, not a finding.
//!
//! In:  rules, the lead's area, the day of its after picture, the size of a pixel.
//! Out: for each rule in force on that day `below`, `straddles`, `above` or `unresolved`.
//! Law: a limit that pixels cannot resolve gets no verdict; a rule out of force is not applied.

use crate::date::Date;
use crate::law::Rule;
use crate::lead::{Area, Threshold};
use crate::redline::Land;
use crate::units::{SquareMetres, rounded};

/// A limit of fewer pixels than this cannot be told from its neighbours.
///
/// Source: `reference/mission.md` 0.6: at 30 m a half-pixel edge bias is ±104 % of 5 mu and ±73 % of
/// 10 mu (3.7 and 7.4 px); at 10 m the same limits are 33 and 67 px.
const LEAST_PIXELS: f64 = 15.0;

/// Less of a patch than this on a kind of land is the edge of a layer.
const LEAST_ON_LAND: f64 = 0.01;

/// The rules in force on `day`, each with its verdict on the part of `area` that lies on the rule's land.
///
/// `lands` holds the share of the area (0 to 1) on each kind of land that a layer tells. Where layers tell nothing of
/// a class, every rule of the class is held against the whole area; where they tell a part, rules of other kinds of
/// the same class are held against the rest.
pub fn thresholds(
    rules: &[Rule],
    area: &Area,
    day: Date,
    (lands, pixel_area_m2): (&[(Land, f64)], f64),
) -> Vec<Threshold> {
    let in_force = rules.iter().filter(|rule| rule.holds_on(day));
    let on_its_land = |rule: &Rule| {
        let told: Vec<&(Land, f64)> =
            lands.iter().filter(|(land, _)| land.class() == rule.land.class()).collect();
        let own = told.iter().find(|(land, _)| *land == rule.land).map(|(_, share)| *share);
        let rest = 1.0 - told.iter().map(|(_, share)| share).sum::<f64>();
        let share = own.unwrap_or(rest);
        // Nearly all of it is all of it: the rim of a layer is no land of another kind.
        let share = if share > 1.0 - LEAST_ON_LAND { 1.0 } else { share };
        (share >= LEAST_ON_LAND).then(|| compared(rule, part(area, share), pixel_area_m2))
    };
    in_force.filter_map(on_its_land).collect()
}

/// A share of an area, with its interval.
fn part(area: &Area, share: f64) -> Area {
    let part =
        |value: SquareMetres| SquareMetres(if share < 1.0 { rounded(value.0 * share, 1) } else { value.0 });
    Area { best: part(area.best), low: part(area.low), high: part(area.high) }
}

/// One rule against one area.
pub fn compared(rule: &Rule, area: Area, pixel_area_m2: f64) -> Threshold {
    let limit = SquareMetres::from_mu(rule.limit_mu).0;
    let verdict = if limit / pixel_area_m2 < LEAST_PIXELS {
        "unresolved"
    } else if area.high.0 < limit {
        "below"
    } else if area.low.0 >= limit {
        "above"
    } else {
        "straddles"
    };
    Threshold { rule: rule.clone(), area, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law;

    fn area(low: f64, best: f64, high: f64) -> Area {
        Area { best: SquareMetres(best), low: SquareMetres(low), high: SquareMetres(high) }
    }

    /// Limits in square metres as the law's mu make them, by hand: 1 mu is 666.67 m2.
    const KNOWN: [(&str, f64); 8] = [
        ("SPC-2012-15-a2", 13_333.333_333),
        ("SPC-2012-15-a2-repeat", 6_666.666_667),
        ("SPC-2000-14-a3-basic", 3_333.333_333),
        ("SPC-2000-14-a3-other", 6_666.666_667),
        ("SPC-2005-15-a1-protection", 3_333.333_333),
        ("SPC-2005-15-a1-other", 6_666.666_667),
        ("SPC-2023-8-public", 3_333.333_333),
        ("SPC-2023-8-commercial", 6_666.666_667),
    ];

    #[test]
    fn every_rule_turns_at_its_limit_to_the_square_metre() {
        let rules = law::rules().unwrap();
        assert_eq!(rules.len(), KNOWN.len(), "a new rule needs its known answer here");
        for (id, limit) in KNOWN {
            let rule = rules.iter().find(|rule| rule.id == id).unwrap();
            let of = |area| compared(rule, area, 100.0).verdict;
            let exact = |square_metres| area(square_metres, square_metres, square_metres);
            assert_eq!(of(exact(limit - 1.0)), "below", "{id}");
            // The limit itself is reached: the rules say "and more".
            assert_eq!(of(exact(SquareMetres::from_mu(rule.limit_mu).0)), "above", "{id}");
            assert_eq!(of(exact(limit + 1.0)), "above", "{id}");
            assert_eq!(of(area(limit - 1.0, limit, limit + 1.0)), "straddles", "{id}");
            assert_eq!(of(area(limit - 500.0, limit - 1.0, limit + 1.0)), "straddles", "{id}");
            assert_eq!(of(area(limit - 500.0, limit - 300.0, limit - 1.0)), "below", "{id}");
            assert_eq!(of(area(limit + 1.0, limit + 300.0, limit + 500.0)), "above", "{id}");
        }
    }

    #[test]
    fn thirty_metre_pixels_decide_no_limit_and_ten_metre_pixels_all() {
        let far_above = area(40_000.0, 50_000.0, 60_000.0);
        for rule in law::rules().unwrap() {
            // 20 mu are 14.8 pixels of 30 m.
            assert_eq!(compared(&rule, far_above, 900.0).verdict, "unresolved", "{}", rule.id);
            assert_eq!(compared(&rule, far_above, 100.0).verdict, "above", "{}", rule.id);
            let at_twenty_metres = if rule.limit_mu < 9.0 { "unresolved" } else { "above" };
            assert_eq!(compared(&rule, far_above, 400.0).verdict, at_twenty_metres, "{}", rule.id);
        }
    }

    #[test]
    fn a_rule_speaks_of_the_days_on_which_it_is_in_force() {
        let rules = law::rules().unwrap();
        let forest = |year| {
            let found = thresholds(&rules, &area(1.0, 2.0, 3.0), Date::constant(year, 6, 1), (&[], 100.0));
            let ids = found.into_iter().map(|limit| limit.rule.id);
            ids.filter(|id| id.contains("2005") || id.contains("2023")).collect::<Vec<_>>()
        };
        assert_eq!(forest(2018), ["SPC-2005-15-a1-protection", "SPC-2005-15-a1-other"]);
        assert_eq!(forest(2024), ["SPC-2023-8-public", "SPC-2023-8-commercial"]);
        assert!(
            thresholds(&rules, &area(1.0, 2.0, 3.0), Date::constant(1999, 6, 1), (&[], 100.0)).is_empty()
        );
    }

    #[test]
    fn farmland_is_held_against_both_limits_until_a_layer_tells_which() {
        let rules = law::rules().unwrap();
        let farmland = |lands: &[(Land, f64)]| {
            let area = area(4_000.0, 5_000.0, 6_000.0);
            let found = thresholds(&rules, &area, Date::constant(2023, 9, 1), (lands, 100.0));
            let farmland = found.into_iter().filter(|limit| limit.rule.id.contains("2000-14"));
            farmland.map(|limit| (limit.rule.land, limit.verdict, limit.area.best.0)).collect::<Vec<_>>()
        };
        let (basic, other) = (Land::BasicFarmland, Land::OtherFarmland);
        assert_eq!(farmland(&[]), [(basic, "above", 5_000.0), (other, "below", 5_000.0)]);
        assert_eq!(farmland(&[(basic, 1.0)]), [(basic, "above", 5_000.0)]);
        assert_eq!(farmland(&[(basic, 0.4)]), [(basic, "below", 2_000.0), (other, "below", 3_000.0)]);
        // What a forest layer tells says nothing about fields.
        assert_eq!(farmland(&[(Land::PublicForest, 1.0)]).len(), 2);
    }

    #[test]
    fn the_rim_of_a_layer_is_no_land_of_another_kind() {
        let rules = law::rules().unwrap();
        let held = |on_basic: f64| {
            let area = area(4_000.04, 5_000.04, 6_000.04);
            let found = thresholds(
                &rules,
                &area,
                Date::constant(2023, 9, 1),
                (&[(Land::BasicFarmland, on_basic)], 100.0),
            );
            let farmland = found.into_iter().filter(|limit| limit.rule.id.contains("2000-14"));
            farmland.map(|limit| (limit.rule.land, limit.area.best.0)).collect::<Vec<_>>()
        };
        let (basic, other) = (Land::BasicFarmland, Land::OtherFarmland);
        // More than 99 % is all of it, to the last digit; the rest is none.
        assert_eq!(held(0.995), [(basic, 5_000.04)]);
        assert_eq!(held(1.0), [(basic, 5_000.04)]);
        assert_eq!(held(0.98), [(basic, 4_900.0), (other, 100.0)]);
        assert_eq!(held(0.005), [(other, 5_000.04)]);
        assert_eq!(held(0.02), [(basic, 100.0), (other, 4_900.0)]);
        // At 99 % itself the land is measured.
        assert_eq!(held(0.99)[0], (basic, 4_950.0));
    }

    #[test]
    fn fifteen_pixels_resolve_a_limit_and_fewer_do_not() {
        let rule = law::rules().unwrap().remove(0);
        let limit = SquareMetres::from_mu(rule.limit_mu).0;
        let of = |pixels: f64| compared(&rule, area(limit, limit, limit), limit / pixels).verdict;
        assert_eq!((of(15.0), of(14.9), of(15.1)), ("above", "unresolved", "above"));
    }
}
