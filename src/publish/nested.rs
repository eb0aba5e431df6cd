//! What a column holds as nested arrays and objects, and the same as text.
//!
//! In:  parts of a lead. Out: JSON; numbers rounded as the flat columns round them.

use serde_json::{Value, json};

use crate::lead::{ContextOverlap, Lead, Measure, Overlap, Threshold};
use crate::redline::Role;
use crate::redline::context::Stated;
use crate::units::{SquareMetres, rounded};

pub(super) fn class(line: &Overlap) -> Value {
    json!(line.class.map(|class| class.name()))
}

pub(super) fn overlaps(list: &[Overlap]) -> Value {
    let one = |overlap: &Overlap| {
        json!({
            "id": overlap.id,
            "name": overlap.name,
            "class": class(overlap),
            "layer": overlap.layer,
            "version": overlap.version,
            "overlap_m2": area(overlap.overlap),
        })
    };
    list.iter().map(one).collect()
}

pub(super) fn thresholds(list: &[Threshold]) -> Value {
    let one = |limit: &Threshold| {
        let rule = &limit.rule;
        json!({
            "rule": rule.id,
            "limit_mu": rounded(rule.limit_mu, 2),
            "land": rule.land.name(),
            "verdict": limit.verdict,
            "area_m2": area(limit.area.best),
            "area_low_m2": area(limit.area.low),
            "area_high_m2": area(limit.area.high),
            "text": rule.text,
            "text_zh": rule.text_zh,
            "condition": rule.condition,
            "condition_zh": rule.condition_zh,
            "source": rule.source,
            "in_force": rule.in_force.to_string(),
        })
    };
    list.iter().map(one).collect()
}

pub(super) fn evidence(list: &[Measure]) -> Value {
    let one = |measure: &Measure| json!({ "name": measure.name, "value": rounded(measure.value, 4), "unit": measure.unit });
    list.iter().map(one).collect()
}

pub(super) fn evidence_text(list: &[Measure]) -> String {
    let one = |measure: &Measure| {
        let unit = if measure.unit == "1" { String::new() } else { format!(" {}", measure.unit) };
        format!("{} {}{unit}", measure.name, rounded(measure.value, 4))
    };
    list.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn area(value: SquareMetres) -> f64 {
    rounded(value.0, 1)
}

/// Permits that a lead touches; null when no permit layer was supplied.
pub(super) fn permits(lead: &Lead) -> Value {
    if !lead.supplied.contains(&Role::Permit) {
        return Value::Null;
    }
    let one = |permit: &ContextOverlap| {
        json!({
            "id": permit.id,
            "name": permit.name,
            "kind": permit.kind,
            "valid_from": stated(permit.from),
            "valid_to": stated(permit.to),
            "in_force": in_force(permit),
            "covers": permit.covers,
            "layer": permit.layer,
            "version": permit.version,
            "overlap_m2": area(permit.overlap),
        })
    };
    lead.touched(Role::Permit).map(one).collect()
}

/// Decided cases, land use and burn scars that a lead touches.
pub(super) fn context(lead: &Lead) -> Value {
    let one = |overlap: &ContextOverlap| {
        json!({
            "role": overlap.role.name(),
            "id": overlap.id,
            "name": overlap.name,
            "kind": overlap.kind,
            "date": stated(overlap.from),
            "covers": overlap.covers,
            "layer": overlap.layer,
            "version": overlap.version,
            "overlap_m2": area(overlap.overlap),
        })
    };
    lead.context.iter().filter(|overlap| overlap.role != Role::Permit).map(one).collect()
}

/// `yes`, `no` or `unknown`: whether a permit was in force when the change was first seen.
pub(super) fn in_force(permit: &ContextOverlap) -> &'static str {
    permit.in_force.map_or("unknown", |in_force| if in_force { "yes" } else { "no" })
}

/// The land-use code that holds most of a lead: code, name, shared area.
pub(super) fn land_use(lead: &Lead) -> Option<(String, String, SquareMetres)> {
    let mut sums: Vec<(String, String, SquareMetres)> = Vec::new();
    for ContextOverlap { kind, name, overlap, .. } in lead.touched(Role::LandUse) {
        match sums.iter_mut().find(|(code, _, _)| code == kind) {
            Some((_, _, sum)) => sum.0 += overlap.0,
            None => sums.push((kind.clone(), name.clone(), *overlap)),
        }
    }
    sums.into_iter().max_by(|a, b| a.2.0.total_cmp(&b.2.0).then(b.0.cmp(&a.0)))
}

fn stated(stated: Stated) -> Value {
    match stated {
        Stated::Day(day) => json!(day.to_string()),
        Stated::Open => json!("open"),
        Stated::Nothing | Stated::Unreadable => Value::Null,
    }
}
