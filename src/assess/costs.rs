//! What false leads cost: by sub-model and reason, the visits that found nothing.
//!
//! In:  what stands in a ledger. Out: lines, the dearest first.
//! Law: a visit is lost where it found no use that is a matter for the office; what was put aside at the desk cost none, and is
//!      listed with its area. Leads of which people say different things are left out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assess::field::why_not;
use crate::ledger::Book;
use crate::ledger::event::{Event, Kind};
use crate::ledger::state::State;
use crate::units::rounded;

/// A line: one reason of one sub-model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Sub-model.
    pub model: String,
    /// Cause that was given, else the verdict.
    pub reason: String,
    /// Leads.
    pub leads: usize,
    /// Visits to them.
    pub visits: usize,
    /// Share of all visits of the ledger, 0 to 1.
    pub share_of_visits: f64,
    /// Their area in mu.
    pub area_mu: f64,
}

/// The lines.
pub fn costs(book: &Book, events: &[Event]) -> Vec<Cost> {
    let mut lines: BTreeMap<(String, String), Cost> = BTreeMap::new();
    let mut all = 0;
    for case in book.cases.values().filter(|case| case.state != State::Merged) {
        let is_visit = |event: &&Event| event.kind == Kind::Verified.code();
        let visits = case.events_of(events).filter(is_visit).count();
        all += visits;
        let Some(reason) = why_not(case, events) else { continue };
        let model = case.text("model").to_owned();
        let line =
            lines.entry((model.clone(), reason.clone())).or_insert(Cost { model, reason, ..Cost::default() });
        line.leads += 1;
        line.visits += visits;
        line.area_mu += case.number_of("area_mu").unwrap_or(0.0);
    }
    let mut lines: Vec<Cost> = lines.into_values().collect();
    for line in &mut lines {
        line.share_of_visits =
            rounded(line.visits as f64 / f64::from(u32::try_from(all.max(1)).unwrap_or(u32::MAX)), 3);
        line.area_mu = rounded(line.area_mu, 2);
    }
    lines.sort_by_key(|line| std::cmp::Reverse((line.visits, line.leads)));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::event::Draft;
    use crate::ledger::written::{found, ledger, said};

    #[test]
    fn the_dearest_reason_comes_first_and_a_desk_costs_no_visit() {
        let found = |id: &str, model: &str| found(id, json!({"model": model, "area_mu": 10.0}));
        let drafts = vec![
            found("a", "G1"),
            found("b", "G1"),
            found("c", "G2"),
            found("d", "G1"),
            found("e", "G1"),
            said("a", "pseudo_change"),
            said("a", "pseudo_change"),
            said("b", "unlawful_use_found"),
            said("c", "lawful"),
            Draft { body: json!({"cause": "drought"}), ..Draft::of(Kind::Rejected, "d") },
            said("e", "lawful"),
            said("e", "pseudo_change"),
        ];
        let (book, events) = ledger(drafts);
        let lines = costs(&book, &events);
        let told: Vec<(&str, &str, usize, usize, f64)> = lines
            .iter()
            .map(|line| {
                (line.model.as_str(), line.reason.as_str(), line.leads, line.visits, line.share_of_visits)
            })
            .collect();
        // Six visits in all, two of them to a lead of which people say different things.
        assert_eq!(
            told,
            [
                ("G1", "pseudo_change", 1, 2, 0.333),
                ("G2", "lawful", 1, 1, 0.167),
                ("G1", "drought", 1, 0, 0.0)
            ]
        );
        assert_eq!(lines[0].area_mu, 10.0);
    }
}
