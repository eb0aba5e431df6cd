//! Neighbouring leads of one rule, added up: an incident.
//!
//! In:  leads with their area limits. Out: for each lead that has neighbours its incident, the same for all of them.
//! Law: the outcome does not depend on the order of the leads; an incident never spans more than the period.
//! Source: distance and period stand with their source in `redlines/rules.toml`.

use std::collections::{BTreeMap, BTreeSet};

use geo::{BoundingRect, Distance, Euclidean, Intersects, MultiPolygon, Rect};

use crate::date::days_between;
use crate::law::Neighbourhood;
use crate::lead::{Area, Incident, Lead};
use crate::units::{SquareMetres, rounded};
use crate::weigh::overlap::{Indexed, METRES_PER_DEGREE, geodesic_area, in_metres, meeting};
use crate::weigh::verdict;

/// Share of a lead that outlines of neighbours cut from the same pixels may overlap it by. Chosen here.
const SLIVER: f64 = 0.02;

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
    let grown = |one: &Option<Rect<f64>>| one.as_ref().map(|one| widened(one, distance_m));
    let met = meeting(&boxes.iter().map(grown).collect::<Vec<_>>());
    let mut edges = vec![Vec::new(); leads.len()];
    for (a, met) in met.iter().enumerate() {
        for &b in met.iter().filter(|b| **b > a) {
            if shares_rule(&leads[a], &leads[b]) && apart(&leads[a].outline, &leads[b].outline) <= distance_m
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

/// A box in degrees with a border of some metres. Of two boxes the one nearer to a pole has the wider one.
fn widened(one: &Rect<f64>, metres: f64) -> Rect<f64> {
    let latitude = one.min().y.abs().max(one.max().y.abs()).min(89.0);
    // A hundredth more, so that the box never hides what the exact distance would find.
    let degrees = 1.01 * metres / METRES_PER_DEGREE;
    let (x, y) = (degrees / latitude.to_radians().cos(), degrees);
    Rect::new((one.min().x - x, one.min().y - y), (one.max().x + x, one.max().y + y))
}

/// Metres between two outlines, edge to edge; 0 where they touch.
fn apart(a: &MultiPolygon<f64>, b: &MultiPolygon<f64>) -> f64 {
    let latitude = a.bounding_rect().map_or(0.0, |rect| rect.center().y);
    Euclidean.distance(&in_metres(a, latitude), &in_metres(b, latitude))
}

/// Groups of members that hang together, each in the order of the members.
fn connected(members: &[usize], edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let asked: BTreeSet<usize> = members.iter().copied().collect();
    let mut group_of = BTreeMap::new();
    for (number, start) in members.iter().enumerate() {
        let mut open = vec![*start];
        while let Some(at) = open.pop() {
            if group_of.contains_key(&at) || !asked.contains(&at) {
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
    let part = |area: Area, share: f64| {
        let of = |area: SquareMetres| SquareMetres(area.0 * share);
        Area { best: of(area.best), low: of(area.low), high: of(area.high) }
    };
    let shares: Vec<f64> = members.iter().map(|at| own_share(*at, members, leads)).collect();
    let mut rules: Vec<(crate::law::Rule, Area)> = Vec::new();
    let each = || members.iter().map(|at| &leads[*at]).zip(&shares);
    for (threshold, share) in
        each().flat_map(|(lead, share)| lead.thresholds.iter().map(move |one| (one, share)))
    {
        let own = part(threshold.area, *share);
        match rules.iter_mut().find(|(rule, _)| rule.id == threshold.rule.id) {
            Some((_, area)) => *area = sum(*area, own),
            None => rules.push((threshold.rule.clone(), own)),
        }
    }
    Incident {
        // The first one stays the first when more come.
        id: format!("incident-{}", leads[members[0]].id),
        leads: members.iter().map(|at| leads[*at].id.clone()).collect(),
        area: each().map(|(lead, share)| part(lead.counted_area(), *share)).fold(nothing, sum),
        thresholds: rules.iter().map(|(rule, area)| verdict::compared(rule, *area, pixel_area_m2)).collect(),
    }
}

/// Share of a lead's ground that no larger member holds: a pit in a field is ground of the field and counts once.
/// Outlines that merely touch share slivers, which are left alone.
fn own_share(at: usize, members: &[usize], leads: &[Lead]) -> f64 {
    let size = |at: usize| (leads[at].area.best.0, std::cmp::Reverse(key(&leads[at])));
    let is_larger = |other: &&usize| size(**other) > size(at);
    let outline = &leads[at].outline;
    let bounds = outline.bounding_rect();
    let meets = |other: &&MultiPolygon<f64>| matches!((bounds, other.bounding_rect()), (Some(a), Some(b)) if a.intersects(&b));
    let larger = members.iter().filter(is_larger).map(|other| &leads[*other].outline);
    let larger: Vec<&MultiPolygon<f64>> = larger.filter(meets).collect();
    let places: Vec<usize> = (0..larger.len()).collect();
    let shared = Indexed::new(larger.into_iter()).shared(outline, &places).0;
    let share = shared / geodesic_area(outline).0.max(1e-9);
    if share < SLIVER { 1.0 } else { 1.0 - share.min(1.0) }
}

#[cfg(test)]
pub(super) mod tests;
