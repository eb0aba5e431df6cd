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
pub(super) mod tests;
