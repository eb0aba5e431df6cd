//! Neighbours on every side, by the metre and by the day, and what they add up to.

use geo::{Coord, MapCoords, polygon};

use super::*;
use crate::date::Date;
use crate::grid::Window;
use crate::law;
use crate::lead::{Naming, Selection, Status};
use crate::submodel::{Measured, Tier};

const STEP: f64 = 0.001;

/// A lead of 10 mu, 0.001 degrees wide, at a place in steps of 0.001 degrees (83 m at 41.5 N).
pub(in crate::weigh) fn lead(id: &str, place: f64, first_seen: Date, rules: &[&str]) -> Lead {
    let (x, y) = (108.0 + STEP * place, 41.5);
    let mu = SquareMetres::from_mu;
    let area = Area { best: mu(10.0), low: mu(8.0), high: mu(12.0) };
    let ids: Vec<String> = rules.iter().map(|id| (*id).to_owned()).collect();
    let rules = law::select(&ids).unwrap();
    Lead {
        id: id.to_owned(),
        rank: 0,
        model: "G1".to_owned(),
        model_name: String::new(),
        model_name_zh: String::new(),
        naming: Naming {
            tier: Tier::Lead,
            measured: Measured::Area,
            likeness: None,
            before_codes: Vec::new(),
            after_codes: Vec::new(),
            also: Vec::new(),
        },
        status: Status::Confirmed,
        selection: Selection::default(),
        confidence: 0.9,
        confidence_method: String::new(),
        before: first_seen,
        after: first_seen,
        first_seen,
        last_seen: first_seen,
        confirmed_on: None,
        observation_count: 1,
        area,
        length_m: 1.0,
        redlines: Vec::new(),
        context: Vec::new(),
        supplied: Vec::new(),
        excess: None,
        incident: None,
        thresholds: rules.iter().map(|rule| verdict::compared(rule, area, 100.0)).collect(),
        scene_before: String::new(),
        scene_after: String::new(),
        evidence: Vec::new(),
        notes: Vec::new(),
        outline: polygon![(x: x, y: y), (x: x + STEP, y: y), (x: x + STEP, y: y + STEP), (x: x, y: y + STEP)]
            .into(),
        point: (x, y),
        window: Window { row0: 0, col0: 0, rows: 1, cols: 1 },
    }
}

const GRASS: &[&str] = &["SPC-2012-15-a2"];

/// For each lead the ids it is joined with.
fn joined(mut leads: Vec<Lead>) -> Vec<(String, Vec<String>)> {
    join(&mut leads, &law::neighbourhood().unwrap(), 100.0);
    let ids = |lead: &Lead| lead.incident.as_ref().map_or(Vec::new(), |incident| incident.leads.clone());
    let mut result: Vec<(String, Vec<String>)> =
        leads.iter().map(|lead| (lead.id.clone(), ids(lead))).collect();
    result.sort();
    result
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

#[test]
fn the_sum_is_of_the_ends_and_two_below_may_be_above_together() {
    let spring = day(2023, 4, 8);
    let mut leads =
        vec![lead("b", 2.0, spring, GRASS), lead("a", 0.0, spring, GRASS), lead("c", 4.0, spring, GRASS)];
    assert!(leads.iter().all(|lead| lead.thresholds[0].verdict == "below"));
    join(&mut leads, &law::neighbourhood().unwrap(), 100.0);
    let incident = leads[0].incident.clone().unwrap();
    assert!(leads.iter().all(|lead| lead.incident.as_ref() == Some(&incident)));
    assert_eq!((incident.id.as_str(), incident.leads.join("")), ("incident-a", "abc".to_owned()));
    let mu = |value: SquareMetres| (value.mu() * 100.0).round() / 100.0;
    let Area { best, low, high } = incident.area;
    assert_eq!((mu(low), mu(best), mu(high)), (24.0, 30.0, 36.0));
    assert_eq!(incident.thresholds[0].verdict, "above");
}

#[test]
fn ground_that_two_leads_hold_counts_once() {
    let spring = day(2023, 4, 8);
    let best = |place: f64| {
        // A lead half as large, dug later at a place in steps of its own width.
        let (field, mut pit) = (lead("a", 0.0, spring, GRASS), lead("b", place, day(2023, 9, 1), GRASS));
        let mu = SquareMetres::from_mu;
        pit.area = Area { best: mu(5.0), low: mu(4.0), high: mu(6.0) };
        let mut leads = vec![pit, field];
        join(&mut leads, &law::neighbourhood().unwrap(), 100.0);
        let incident = leads[0].incident.clone().unwrap();
        ((incident.area.best.mu() * 10.0).round() / 10.0, incident.thresholds[0].verdict)
    };
    assert_eq!(best(0.0), (10.0, "below"));
    assert_eq!(best(0.5).0, 12.5);
    // Beside each other, and with a sliver of overlap.
    assert_eq!((best(1.0).0, best(0.99).0), (15.0, 15.0));
}

#[test]
fn distance_period_and_rule_each_keep_leads_apart() {
    let spring = day(2023, 4, 8);
    let alone = |a: Lead, b: Lead| joined(vec![a, b]).iter().all(|(_, ids)| ids.is_empty());
    let first = || lead("a", 0.0, spring, GRASS);
    // Edge to edge 83 m and 125 m.
    assert!(!alone(first(), lead("b", 2.0, spring, GRASS)));
    assert!(alone(first(), lead("b", 2.5, spring, GRASS)));
    assert!(!alone(first(), lead("b", 1.0, day(2024, 4, 7), GRASS)));
    assert!(alone(first(), lead("b", 1.0, day(2024, 4, 8), GRASS)));
    assert!(alone(first(), lead("b", 1.0, spring, &["SPC-2023-8-public"])));
    assert!(alone(first(), lead("b", 1.0, spring, &[])));
}

#[test]
fn a_chain_over_years_is_cut_and_the_order_of_leads_changes_nothing() {
    let chain = || {
        vec![
            lead("a", 0.0, day(2021, 5, 1), GRASS),
            lead("b", 1.5, day(2022, 3, 1), GRASS),
            lead("c", 3.0, day(2022, 12, 1), GRASS),
            lead("d", 4.5, day(2023, 2, 1), GRASS),
        ]
    };
    let forward = joined(chain());
    let ids = |at: usize| forward[at].1.join("");
    assert_eq!((ids(0), ids(1), ids(2), ids(3)), ("ab".into(), "ab".into(), "cd".into(), "cd".into()));
    let mut backward = chain();
    backward.reverse();
    assert_eq!(joined(backward), forward);
}

/// A lead so many steps of 0.001 degrees from the first one (83 m east, 111 m north at 41.5 N).
fn moved(id: &str, east: f64, north: f64) -> Lead {
    let mut moved = lead(id, 0.0, day(2023, 4, 8), GRASS);
    moved.outline = moved.outline.map_coords(|at| Coord { x: at.x + STEP * east, y: at.y + STEP * north });
    moved
}

#[test]
fn neighbours_lie_on_any_side_and_are_told_edge_to_edge_also_across_corners() {
    let is_joined = |east: f64, north: f64| {
        let both = || vec![moved("a", 0.0, 0.0), moved("b", east, north)];
        let forward = joined(both());
        assert_eq!(forward, joined(both().into_iter().rev().collect()));
        forward.iter().all(|(_, ids)| ids.len() == 2)
    };
    // A gap of .85 steps northward is 94.5 m, of .95 steps 105.6 m; of 1.1 and 1.3 steps eastward 92 m and 108 m.
    for side in [-1.0, 1.0] {
        assert!(is_joined(0.0, side * 1.85) && !is_joined(0.0, side * 1.95));
        assert!(is_joined(side * 2.1, 0.0) && !is_joined(side * 2.3, 0.0));
        // Corner to corner: 50 m by 50 m are 71 m, 83 m by 83 m are 118 m.
        assert!(is_joined(side * 1.6, 1.45) && is_joined(side * 1.6, -1.45));
        assert!(!is_joined(side * 2.0, 1.75) && !is_joined(side * 2.0, -1.75));
    }
    assert!(!is_joined(0.5, 9.0) && !is_joined(9.0, 0.5));
}

#[test]
fn leads_that_touch_or_lie_in_each_other_are_neighbours_and_one_alone_is_no_incident() {
    assert_eq!(apart(&moved("a", 0.0, 0.0).outline, &moved("b", 1.0, 0.0).outline), 0.0);
    assert_eq!(apart(&moved("a", 0.0, 0.0).outline, &moved("b", 0.2, 0.2).outline), 0.0);
    let north = apart(&moved("a", 0.0, 0.0).outline, &moved("b", 0.0, 2.0).outline);
    assert!((north - 111.195).abs() < 1e-6, "{north}");
    let east = apart(&moved("a", 0.0, 0.0).outline, &moved("b", 2.0, 0.0).outline);
    assert!((east - 111.195 * 41.5005_f64.to_radians().cos()).abs() < 1e-6, "{east}");
    assert_eq!(joined(vec![moved("a", 0.0, 0.0)]), [("a".to_owned(), Vec::new())]);
}

#[test]
fn each_rule_of_an_incident_is_summed_over_the_leads_that_carry_it() {
    let spring = day(2023, 4, 8);
    let repeat = &["SPC-2012-15-a2", "SPC-2012-15-a2-repeat"];
    let mut leads = vec![lead("a", 0.0, spring, repeat), lead("b", 1.0, spring, GRASS)];
    join(&mut leads, &law::neighbourhood().unwrap(), 100.0);
    let incident = leads[0].incident.clone().unwrap();
    let told: Vec<(&str, f64)> = incident
        .thresholds
        .iter()
        .map(|one| (one.rule.id.as_str(), (one.area.best.mu() * 100.0).round() / 100.0))
        .collect();
    assert_eq!(told, [("SPC-2012-15-a2", 20.0), ("SPC-2012-15-a2-repeat", 10.0)]);
}
