//! Verdicts of a ledger as labels: rows that `scan --verified` reads.
//!
//! In:  what stands in a ledger, and its events. Out: rows of CSV.
//! Law: nothing travels back in time. A row carries what was known of the lead when it was drawn, or else when it was first
//!      visited: a run that saw it again later changes no score. It is true where the visit found the change that the sub-model
//!      names, allowed or not: that is what a confidence speaks of (`weigh::labels`).

use serde_json::{Map, Value, json};

use crate::assess::drawn::Draws;
use crate::assess::visits::csv;
use crate::ledger::event::{Event, Kind};
use crate::ledger::state::{Cause, State, Verdict};
use crate::ledger::{Book, Case, LedgerError};
use crate::units::rounded;

/// Columns that are those of the record.
const OF_RECORD: [&str; 10] = [
    "confidence",
    "confidence_method",
    "before",
    "after",
    "first_seen",
    "area_m2",
    "lon_deg",
    "lat_deg",
    "evidence_text",
    "status",
];

/// The rows: every lead that something was said of, by id.
///
/// # Errors
/// `Row` for an event that cannot be read.
pub fn rows(book: &Book, events: &[Event]) -> Result<Vec<Map<String, Value>>, LedgerError> {
    let draws = Draws::of(events)?;
    let mut rows = Vec::new();
    for case in book.cases.values().filter(|case| case.state != State::Merged) {
        let desk = desk(case, events)?;
        if case.said.is_empty() && desk.is_none() {
            continue;
        }
        let drawn = draws.stratum_of(case);
        let said = case.said.first().map_or(i64::MAX, |said| said.seq);
        let record = record_at(case, events, drawn.map_or(said, |stratum| stratum.of.0))?;
        let verdict = case.verdict().filter(|_| !case.is_contested());
        let is_true = match desk {
            Some(cause) => of_desk(cause),
            None => verdict.and_then(of_visit),
        };
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("id", json!(case.id));
        put("model", record.get("model").cloned().unwrap_or(Value::Null));
        put("verdict", json!(is_true.map_or("unclear", |is_true| if is_true { "true" } else { "false" })));
        put("drawn", json!(if drawn.is_some() { "random" } else { "priority" }));
        put("stratum", json!(drawn.map(|stratum| &stratum.of.1)));
        put("inclusion_probability", json!(drawn.map(|stratum| rounded(stratum.probability(), 6))));
        put("found_on_site", json!(verdict.map(Verdict::code)));
        put("put_aside_for", json!(desk.map(Cause::code)));
        put("visited_on", json!(case.said.last().and_then(|said| said.on).map(|on| on.to_string())));
        for name in OF_RECORD {
            put(name, record.get(name).cloned().unwrap_or(Value::Null));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The rows as CSV.
///
/// # Errors
/// Those of [`rows`].
pub fn to_csv(book: &Book, events: &[Event]) -> Result<String, LedgerError> {
    Ok(csv(&rows(book, events)?))
}

fn event(events: &[Event], seq: i64) -> Option<&Event> {
    events.get(usize::try_from(seq).ok()?.checked_sub(1)?)
}

/// Why a lead was put aside at the desk, where it still is.
fn desk(case: &Case, events: &[Event]) -> Result<Option<Cause>, LedgerError> {
    let mut all = case.events.iter().filter_map(|seq| event(events, *seq));
    let last = all.rfind(|event| event.kind == Kind::Rejected.code());
    let Some(last) = last.filter(|_| case.state == State::Rejected) else { return Ok(None) };
    Ok(last.body()?["cause"].as_str().and_then(Cause::parse))
}

/// What a visit says of the change: that somebody may do it does not undo it.
fn of_visit(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::PseudoChange => Some(false),
        Verdict::Lawful | Verdict::UnlawfulUseFound | Verdict::FacilityFarmland => Some(true),
        Verdict::CannotTell => None,
    }
}

/// What a cause says of the change. Without those of the desk the false ones would be missing among the drawn leads, and what
/// is left would promise too much.
fn of_desk(cause: Cause) -> Option<bool> {
    match cause {
        Cause::Season
        | Cause::Drought
        | Cause::RainGreening
        | Cause::Farming
        | Cause::Fire
        | Cause::Water
        | Cause::Cloud
        | Cause::Snow
        | Cause::Registration
        | Cause::ExistingUse => Some(false),
        Cause::Permit => Some(true),
        Cause::RedLine | Cause::TooSmall | Cause::Duplicate | Cause::Other => None,
    }
}

/// The record that stood before an event.
fn record_at(case: &Case, events: &[Event], seq: i64) -> Result<Map<String, Value>, LedgerError> {
    let before =
        case.events.iter().rev().filter(|place| **place < seq).filter_map(|place| event(events, *place));
    for event in before.filter(|event| event.lead == case.id) {
        if let Some(record) = event.body()?["properties"].as_object() {
            return Ok(record.clone());
        }
    }
    Ok(case.properties.clone())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ledger::event::Draft;
    use crate::ledger::written::ledger;
    use crate::read::attributes::parse;
    use crate::weigh::confidence::Model;
    use crate::weigh::labels::{LeftOut, labels};

    fn seen(kind: Kind, id: &str, confidence: f64) -> Draft {
        let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
        let record = json!({
            "id": id, "model": "G1", "status": "confirmed", "confidence": confidence, "confidence_method": "shipped",
            "after": "2025-09-01", "area_m2": 10_000.0, "lon_deg": 108.1, "lat_deg": 41.5,
        });
        Draft { body: json!({"properties": record, "geometry": geometry}), ..Draft::of(kind, id) }
    }

    fn said(id: &str, verdict: &str) -> Draft {
        Draft { body: json!({"verdict": verdict, "on": "2026-06-12"}), ..Draft::of(Kind::Verified, id) }
    }

    fn drawn(ids: &[&str]) -> Draft {
        let leads: Vec<Value> = ids.iter().map(|id| json!({"lead": id, "stratum": "all"})).collect();
        let strata = json!([{"stratum": "all", "leads": 10, "drawn": ids.len()}]);
        Draft { lead: None, body: json!({"strata": strata, "drawn": leads}), ..Draft::of(Kind::Sampled, "") }
    }

    #[test]
    fn a_label_has_the_score_of_the_day_on_which_its_lead_was_drawn() {
        let (book, events) = ledger(vec![
            seen(Kind::Found, "a", 0.7),
            seen(Kind::SeenAgain, "a", 0.8),
            drawn(&["a"]),
            seen(Kind::SeenAgain, "a", 0.9),
            said("a", "unlawful_use_found"),
            seen(Kind::SeenAgain, "a", 0.99),
            seen(Kind::Found, "b", 0.6),
            said("b", "lawful"),
            seen(Kind::SeenAgain, "b", 0.99),
        ]);
        let rows = rows(&book, &events).unwrap();
        assert_eq!((rows[0]["confidence"].as_f64(), rows[1]["confidence"].as_f64()), (Some(0.8), Some(0.6)));
        assert_eq!(
            (rows[0]["drawn"].as_str(), rows[1]["drawn"].as_str()),
            (Some("random"), Some("priority"))
        );
    }

    #[test]
    fn the_rows_are_read_as_labels_and_each_verdict_says_whether_the_change_is_there() {
        let ids = ["a", "b", "c", "d", "e", "f", "g"];
        let mut drafts: Vec<Draft> = ids.iter().map(|id| seen(Kind::Found, id, 0.9)).collect();
        drafts.push(drawn(&ids));
        drafts.extend([
            said("a", "unlawful_use_found"),
            said("b", "lawful"),
            said("c", "pseudo_change"),
            said("d", "cannot_tell"),
            said("e", "lawful"),
            said("e", "pseudo_change"),
            Draft { body: json!({"cause": "drought"}), ..Draft::of(Kind::Rejected, "f") },
            Draft { body: json!({"cause": "too_small"}), ..Draft::of(Kind::Rejected, "g") },
        ]);
        let (book, events) = ledger(drafts);
        let text = to_csv(&book, &events).unwrap();
        let found =
            labels(&[parse(Path::new("labels.csv"), &text).unwrap()], &Model::shipped().unwrap()).unwrap();
        let told: Vec<(&str, bool)> =
            found.labels.iter().map(|label| (label.id.as_str(), label.is_true)).collect();
        assert_eq!(told, [("a", true), ("b", true), ("c", false), ("f", false)]);
        assert_eq!(found.left_out.get(&LeftOut::NoVerdict), Some(&3));
        let label = &found.labels[0];
        assert_eq!((label.season, label.confidence.as_ref().map(|one| one.0)), (2025, Some(0.9)));
        assert!((label.weight - 10.0 / 7.0).abs() < 1e-5, "{}", label.weight);
    }
}
