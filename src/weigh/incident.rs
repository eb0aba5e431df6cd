//! Neighbouring leads of one rule, added up: an incident.
//!
//! In:  leads with their area limits. Out: for each lead that has neighbours its incident, the same for all of them.
//! Law: the outcome does not depend on the order of the leads; an incident never spans more than the period.
//! Source: distance and period stand with their source in `redlines/rules.toml`.

use geo::{BoundingRect, Distance, Euclidean, MultiPolygon, Rect};

use crate::date::days_between;
use crate::law::Neighbourhood;
use crate::lead::{Area, Incident, Lead};
use crate::units::{SquareMetres, rounded};
use crate::weigh::overlap::{METRES_PER_DEGREE, in_metres};
use crate::weigh::verdict;

/// Joins leads to incidents and writes each lead's into it; alone a lead is none.
pub fn join(leads: &mut [Lead], neighbourhood: &Neighbourhood, pixel_area_m2: f64) {
    let mut order: Vec<usize> = (0..leads.len()).collect();
    order.sort_by(|a, b| key(&leads[*a]).cmp(&key(&leads[*b])));
    let edges = edges(leads, neighbourhood.distance_m);
    let mut open = vec![order];
    while let Some(members) = open.pop() {
        for group in connected(&members, &edges) {
            let first = leads[group[0]].first_seen;
            let in_time =
                |at: &usize| days_between(first, leads[*at].first_seen) <= neighbourhood.period_days;
            let (now, later): (Vec<usize>, Vec<usize>) = group.iter().partition(|at| in_time(at));
            if !later.is_empty() {
                // What came later may have been the bridge: both parts are asked again.
                open.push(now);
                open.push(later);
            } else if now.len() > 1 {
                let incident = summed(&now, leads, pixel_area_m2);
                now.iter().for_each(|at| leads[*at].incident = Some(incident.clone()));
            }
        }
    }
}

/// First seen first; the id decides between equals.
fn key(lead: &Lead) -> (crate::date::Date, &str, &str) {
    (lead.first_seen, &lead.id, &lead.model)
}

/// Which leads share a rule and lie within the distance, edge to edge.
fn edges(leads: &[Lead], distance_m: f64) -> Vec<Vec<usize>> {
    let boxes: Vec<Option<Rect<f64>>> = leads.iter().map(|lead| lead.outline.bounding_rect()).collect();
    let mut edges = vec![Vec::new(); leads.len()];
    for a in 0..leads.len() {
        for b in a + 1..leads.len() {
            let may = matches!((&boxes[a], &boxes[b]), (Some(a), Some(b)) if may_be_near(a, b, distance_m));
            if may
                && shares_rule(&leads[a], &leads[b])
                && apart(&leads[a].outline, &leads[b].outline) <= distance_m
            {
                edges[a].push(b);
                edges[b].push(a);
            }
        }
    }
    edges
}

fn shares_rule(a: &Lead, b: &Lead) -> bool {
    a.thresholds.iter().any(|one| b.thresholds.iter().any(|other| other.rule.id == one.rule.id))
}

/// Boxes first: of thousands of leads nearly all pairs lie apart.
fn may_be_near(a: &Rect<f64>, b: &Rect<f64>, distance_m: f64) -> bool {
    let latitude = a.center().y.abs().max(b.center().y.abs()).min(89.0);
    // A hundredth more, so that the box never hides what the exact distance would find.
    let degrees = 1.01 * distance_m / METRES_PER_DEGREE;
    let (x, y) = (degrees / latitude.to_radians().cos(), degrees);
    a.min().x - x <= b.max().x
        && b.min().x - x <= a.max().x
        && a.min().y - y <= b.max().y
        && b.min().y - y <= a.max().y
}

/// Metres between two outlines, edge to edge; 0 where they touch.
fn apart(a: &MultiPolygon<f64>, b: &MultiPolygon<f64>) -> f64 {
    let latitude = a.bounding_rect().map_or(0.0, |rect| rect.center().y);
    Euclidean.distance(&in_metres(a, latitude), &in_metres(b, latitude))
}

/// Groups of members that hang together, each in the order of the members.
fn connected(members: &[usize], edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut group_of = std::collections::BTreeMap::new();
    for (number, start) in members.iter().enumerate() {
        let mut open = vec![*start];
        while let Some(at) = open.pop() {
            if group_of.contains_key(&at) || !members.contains(&at) {
                continue;
            }
            group_of.insert(at, number);
            open.extend(&edges[at]);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    members
        .iter()
        .filter_map(|at| Some((at, group_of.get(at)?)))
        .for_each(|(at, group)| groups[*group].push(*at));
    groups.retain(|group| !group.is_empty());
    groups
}

/// Areas added up. The errors of neighbours come from the same images, so they are taken as one error: the ends of
/// the intervals add up, which is the widest that the sum can be.
fn summed(members: &[usize], leads: &[Lead], pixel_area_m2: f64) -> Incident {
    let nothing = Area { best: SquareMetres(0.0), low: SquareMetres(0.0), high: SquareMetres(0.0) };
    let add = |a: SquareMetres, b: SquareMetres| SquareMetres(rounded(a.0 + b.0, 1));
    let sum = |a: Area, b: Area| Area {
        best: add(a.best, b.best),
        low: add(a.low, b.low),
        high: add(a.high, b.high),
    };
    let mut rules: Vec<(crate::law::Rule, Area)> = Vec::new();
    for threshold in members.iter().flat_map(|at| &leads[*at].thresholds) {
        match rules.iter_mut().find(|(rule, _)| rule.id == threshold.rule.id) {
            Some((_, area)) => *area = sum(*area, threshold.area),
            None => rules.push((threshold.rule.clone(), threshold.area)),
        }
    }
    Incident {
        // The first one stays the first when more come.
        id: format!("incident-{}", leads[members[0]].id),
        leads: members.iter().map(|at| leads[*at].id.clone()).collect(),
        area: members.iter().map(|at| leads[*at].counted_area()).fold(nothing, sum),
        thresholds: rules.iter().map(|(rule, area)| verdict::compared(rule, *area, pixel_area_m2)).collect(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use geo::polygon;

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
            outline:
                polygon![(x: x, y: y), (x: x + STEP, y: y), (x: x + STEP, y: y + STEP), (x: x, y: y + STEP)]
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
}
