//! What became of leads on the ground: counted, with the share that was true, by sub-model, red line, class or month.
//!
//! In:  what stands in a ledger. Out: lines of a table.
//! Law: the share counts leads that somebody was at and could tell; who was not there says nothing. A lead that was put
//!      aside at the desk as a false one counts as one that was not true: it was found, and is no matter.
//!      What was drawn at random is counted apart (`drawn`): it alone speaks for the leads that nobody has been to.
//! Source: the bar is what the first county reached, more than three quarters of its leads (`reference/mission.md` 0).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::assess::drawn::{Draws, Part};
use crate::assess::intervals::{Estimate, share};
use crate::ledger::event::{Event, Kind};
use crate::ledger::state::{State, Verdict};
use crate::ledger::{Book, Case, LedgerError};
use crate::units::rounded;

/// Share of leads that were true in the first run of the first county.
pub const BAR: f64 = 0.75;

/// What a table is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Sub-model.
    Model,
    /// Layer of red lines.
    Layer,
    /// Class of red lines.
    Class,
    /// Red line.
    RedLine,
    /// Month in which it was taken in.
    Month,
    /// County.
    County,
}

/// A line of the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Line {
    /// What it is about.
    pub key: String,
    /// Leads; what went into another one is not counted again.
    pub leads: usize,
    /// Their area in mu.
    pub area_mu: f64,
    /// Leads that somebody was at and could tell, or that were put aside at the desk.
    pub told: usize,
    /// Of these the true ones.
    pub found_true: usize,
    /// The share of true ones, with its 95 % interval; none without any that were told.
    pub share: Option<(f64, f64, f64)>,
    /// Those of them that were drawn at random, weighted by their strata.
    pub drawn: Part,
    /// Those of them that somebody chose: their share speaks for no others.
    pub chosen: Part,
    /// Whether the share lies above the bar, below it, or its interval holds it.
    pub beside_bar: Option<&'static str>,
    /// Leads of which people say different things.
    pub contested: usize,
    /// Leads that were handed over.
    pub transferred: usize,
    /// Leads that were filed.
    pub filed: usize,
    /// Leads that are closed.
    pub closed: usize,
    /// Area of those that were found restored, in mu.
    pub restored_mu: f64,
    /// What was paid, in yuan.
    pub compensation_yuan: f64,
    /// Why leads were no matter, the most frequent cause first.
    pub causes: Vec<(String, usize)>,
}

/// The table, by key, and a line of all at its end.
///
/// # Errors
/// `Row` for a draw that cannot be read.
pub fn table(book: &Book, events: &[Event], by: By) -> Result<Vec<Line>, LedgerError> {
    let mut groups: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in book.cases.values().filter(|case| case.state != State::Merged) {
        groups.entry(key(case, events, by)).or_default().push(case);
    }
    let all: Vec<&Case> = groups.values().flatten().copied().collect();
    let draws = Draws::of(events)?;
    let told: BTreeMap<String, bool> =
        all.iter().filter_map(|case| Some((case.id.clone(), found_true(case, events)?))).collect();
    let groups = groups.iter().map(|(key, cases)| (key.as_str(), cases)).chain([("all", &all)]);
    let lines = groups.map(|(key, cases)| {
        let ids: BTreeSet<String> = cases.iter().map(|case| case.id.clone()).collect();
        let (drawn, chosen) = draws.parts(book, &told, &ids);
        Line { drawn, chosen, ..line(key, cases, events) }
    });
    Ok(lines.collect())
}

/// Whether a lead was true; none where nobody has told, or people say different things.
fn found_true(case: &Case, events: &[Event]) -> Option<bool> {
    let told = case.verdict().filter(|verdict| *verdict != Verdict::CannotTell);
    let is_aside = case.state == State::Rejected && put_aside(case, events).is_some();
    (!case.is_contested() && (told.is_some() || is_aside))
        .then_some(told.is_some_and(Verdict::is_matter) && !is_aside)
}

/// The cause for which a case was last put aside.
fn put_aside(case: &Case, events: &[Event]) -> Option<String> {
    case.events_of(events).rfind(|event| event.kind == Kind::Rejected.code()).and_then(cause)
}

/// Why a lead is no matter: the cause for which it was put aside, else the verdict; none where people say different things.
pub(super) fn why_not(case: &Case, events: &[Event]) -> Option<String> {
    if case.is_contested() {
        return None;
    }
    let aside = put_aside(case, events).filter(|_| case.state == State::Rejected);
    aside.or_else(|| case.verdict().filter(|told| !told.is_matter()).map(|told| told.code().to_owned()))
}

fn key(case: &Case, events: &[Event], by: By) -> String {
    let text = match by {
        By::Model => case.text("model"),
        By::Layer => case.text("redline_layer"),
        By::Class => case.text("redline_class"),
        By::RedLine => case.text("redline_name"),
        By::County => case.county.as_deref().unwrap_or_default(),
        By::Month => {
            let first = case.events_of(events).next();
            first.and_then(|event| event.at_local.get(..7)).unwrap_or_default()
        }
    };
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

fn line(key: &str, cases: &[&Case], events: &[Event]) -> Line {
    let mu = |case: &Case| case.number_of("area_mu").unwrap_or(0.0);
    let mut line = Line { key: key.to_owned(), leads: cases.len(), ..Line::default() };
    let mut causes: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        line.area_mu += mu(case);
        let was = |kind: Kind| case.events_of(events).any(|event| event.kind == kind.code());
        let found_true = found_true(case, events);
        line.contested += usize::from(case.is_contested());
        line.told += usize::from(found_true.is_some());
        line.found_true += usize::from(found_true == Some(true));
        let why = why_not(case, events).filter(|why| why != Verdict::CannotTell.code());
        why.into_iter().for_each(|why| *causes.entry(why).or_default() += 1);
        line.transferred += usize::from(was(Kind::Transferred));
        line.filed += usize::from(was(Kind::Filed));
        line.closed += usize::from(case.state == State::Closed);
        line.compensation_yuan += case.compensation_yuan.unwrap_or(0.0);
        line.restored_mu += if case.restored == Some(true) { mu(case) } else { 0.0 };
    }
    let estimate = share(line.found_true, line.told);
    line.beside_bar = estimate.as_ref().map(beside_bar);
    line.share =
        estimate.map(|found| (rounded(found.value, 3), rounded(found.low, 3), rounded(found.high, 3)));
    (line.area_mu, line.restored_mu) = (rounded(line.area_mu, 2), rounded(line.restored_mu, 2));
    line.causes = causes.into_iter().collect();
    line.causes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    line
}

fn beside_bar(estimate: &Estimate) -> &'static str {
    match (estimate.low >= BAR, estimate.high < BAR) {
        (true, _) => "above",
        (_, true) => "below",
        _ => "straddles",
    }
}

fn cause(event: &Event) -> Option<String> {
    serde_json::from_str::<Value>(&event.body).ok()?["cause"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::event::Draft;
    use crate::ledger::written::{found, ledger, said};

    /// Leads of G1 (a to d) and G2 (e), of 10 mu each.
    fn drawn() -> (Book, Vec<Event>) {
        let found = |id: &str, model: &str| found(id, json!({"model": model, "area_mu": 10.0}));
        let drafts = vec![
            found("a", "G1"),
            found("b", "G1"),
            found("c", "G1"),
            found("d", "G1"),
            found("e", "G2"),
            said("a", "unlawful_use_found"),
            said("b", "unlawful_use_found"),
            said("b", "lawful"),
            Draft { body: json!({"cause": "season"}), ..Draft::of(Kind::Rejected, "c") },
            said("d", "cannot_tell"),
            Draft { body: json!({"agency": "bureau"}), ..Draft::of(Kind::Transferred, "a") },
            said("e", "unlawful_use_found"),
        ];
        ledger(drafts)
    }

    #[test]
    fn leads_that_were_told_are_counted_and_those_that_nobody_could_tell_are_not() {
        let (book, events) = drawn();
        let table = table(&book, &events, By::Model).unwrap();
        assert_eq!(table.iter().map(|line| line.key.as_str()).collect::<Vec<_>>(), ["G1", "G2", "all"]);
        let grass = &table[0];
        assert_eq!((grass.leads, grass.told, grass.found_true, grass.contested), (4, 2, 1, 1));
        assert_eq!((grass.transferred, grass.area_mu), (1, 40.0));
        // Of what people say different things no cause is counted.
        assert_eq!(grass.causes, [("season".to_owned(), 1)]);
        // One of one: the interval begins at .21.
        assert_eq!(table[1].share.map(|share| (share.0, share.2)), Some((1.0, 1.0)));
        assert_eq!((table[1].beside_bar, table[2].told), (Some("straddles"), 3));
    }

    #[test]
    fn a_month_is_that_of_the_clock_on_the_wall() {
        let (book, events) = drawn();
        let table = table(&book, &events, By::Month).unwrap();
        assert_eq!((table[0].key.as_str(), table[0].leads), ("2026-05", 5));
    }
}
