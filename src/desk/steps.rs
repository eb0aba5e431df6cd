//! Steps that people take at the desk: the same that `leads` takes, on the state that the page showed.
//!
//! In:  JSON of a page. Out: an event in the ledger and the lead as it stands then, or why not.
//! Law: what is decided is decided on what was seen: where the lead has a later event than the page knew, nothing is written.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::date::{Date, parse_date};
use crate::desk::{Desk, alone};
use crate::ledger::state::{Action, Cause, TRANSITIONS, Verdict};
use crate::ledger::steps::{Words, step};
use crate::ledger::{Book, Event, Ledger, LedgerError};
use crate::publish::markup::plain;
use crate::report::map::record;

/// Steps that the desk offers; the others belong to the office's letters and stay with `leads`.
pub const OFFERED: [Action; 5] =
    [Action::Verify, Action::Triage, Action::Assign, Action::Reject, Action::Reopen];

/// Longest text that is taken from a page, in letters.
const LONGEST: usize = 2000;

/// What a page sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The page's name of the lead.
    key: String,
    /// Place of the last event of the lead that the page knew.
    seq: i64,
    action: String,
    reason: Option<String>,
    to: Option<String>,
    who: Option<String>,
    on: Option<String>,
    until: Option<String>,
    verdict: Option<String>,
    cause: Option<String>,
}

/// What became of a step.
#[derive(Debug, PartialEq)]
pub enum Became {
    /// It is written.
    Written(Value),
    /// The lead has moved on meanwhile; how it stands.
    Stale(Value),
    /// It cannot be; why.
    Refused(Refused),
    /// There is no such lead.
    Unknown,
}

/// Why a step cannot be: a code for which the page has words of its own language, and what the program says.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// `lacking`, `text`, `day`, `state` or `form`.
    pub code: &'static str,
    /// The field of the page that it is about, where it is one.
    pub field: &'static str,
    /// In words.
    pub told: String,
}

fn refused<T>(code: &'static str, field: &'static str, told: impl Into<String>) -> Result<T, Refused> {
    Err(Refused { code, field, told: told.into() })
}

/// The words of a step, read with care.
fn words(asked: &Asked, today: Date) -> Result<(Action, Words), Refused> {
    let Some(action) = Action::parse(&asked.action).filter(|action| OFFERED.contains(action)) else {
        let known: Vec<&str> = OFFERED.iter().map(|action| action.code()).collect();
        return refused("form", "step", format!("expected one of {}", known.join(", ")));
    };
    let verdict = asked.verdict.as_deref().map(Verdict::parse);
    let cause = asked.cause.as_deref().map(Cause::parse);
    if verdict == Some(None) || cause == Some(None) {
        return refused("form", "step", "no such verdict or cause");
    }
    let words = Words {
        reason: text("reason", &asked.reason)?,
        to: text("assign_to", &asked.to)?,
        who: text("who", &asked.who)?,
        on: day("on", &asked.on)?,
        until: day("until", &asked.until)?,
        verdict: verdict.flatten(),
        cause: cause.flatten(),
        ..Words::default()
    };
    if words.on.is_some_and(|on| on > today) {
        return refused("day", "on", "on: expected a day that has come");
    }
    if words.until.is_some_and(|until| until < today) {
        return refused("day", "until", "until: expected a day that is to come");
    }
    match lacking(action, &words) {
        Some(field) => refused("lacking", field, format!("{field}: expected something")),
        None => Ok((action, words)),
    }
}

fn text(field: &'static str, text: &Option<String>) -> Result<Option<String>, Refused> {
    let Some(text) = text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > LONGEST || plain(text) != text {
        let told = format!("{field}: expected up to {LONGEST} letters without control characters");
        return refused("text", field, told);
    }
    Ok(Some(text.to_owned()))
}

fn day(field: &'static str, text: &Option<String>) -> Result<Option<Date>, Refused> {
    let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let Some(day) = parse_date(text) else {
        return refused("day", field, format!("{field}: expected a day as YYYY-MM-DD"));
    };
    Ok(Some(day))
}

/// The first field without which a step at the desk says too little.
fn lacking(action: Action, words: &Words) -> Option<&'static str> {
    let needed: &[(&str, bool)] = match action {
        Action::Verify => {
            &[("found", words.verdict.is_some()), ("who", words.who.is_some()), ("on", words.on.is_some())]
        }
        Action::Assign => &[("assign_to", words.to.is_some())],
        Action::Reject => &[
            ("cause", words.cause.is_some()),
            ("reason", words.cause != Some(Cause::Other) || words.reason.is_some()),
        ],
        Action::Reopen => &[("reason", words.reason.is_some())],
        _ => &[],
    };
    needed.iter().find(|(_, is_there)| !is_there).map(|(field, _)| *field)
}

impl Desk {
    /// Takes a step.
    ///
    /// # Errors
    /// Those of the database; nothing was written then.
    pub fn step(&self, asked: &Asked) -> Result<Became, LedgerError> {
        let Some(id) = self.leads.get(&asked.key) else { return Ok(Became::Unknown) };
        let (action, words) = match words(asked, (self.reviewer.today)()) {
            Ok(read) => read,
            Err(refused) => return Ok(Became::Refused(refused)),
        };
        let mut ledger = alone(&self.ledger);
        let decide = |book: &Book| {
            let case = book.case(id)?;
            if case.events.last() != Some(&asked.seq) {
                return Ok((Vec::new(), true));
            }
            Ok((vec![step(book, id, action, &words)?], false))
        };
        match ledger.write(&self.reviewer.by, &(self.reviewer.now)(), decide) {
            Ok((_, true)) => Ok(Became::Stale(shown(&mut ledger, id)?)),
            Ok(_) => Ok(Became::Written(shown(&mut ledger, id)?)),
            Err(error @ LedgerError::Guard { .. }) => {
                Ok(Became::Refused(Refused { code: "state", field: "", told: plain(&error.to_string()) }))
            }
            // Of what the desk offers the ledger looks at the words of one thing: a visit before the change.
            Err(error @ LedgerError::Words { .. }) => {
                Ok(Became::Refused(Refused { code: "day", field: "on", told: plain(&error.to_string()) }))
            }
            Err(LedgerError::NoSuchLead(_)) => Ok(Became::Unknown),
            Err(error) => Err(error),
        }
    }

    /// A lead as it stands now; nothing where there is no such lead.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lead(&self, key: &str) -> Result<Option<Value>, LedgerError> {
        let Some(id) = self.leads.get(key) else { return Ok(None) };
        let mut ledger = alone(&self.ledger);
        ledger.catch_up()?;
        shown(&mut ledger, id).map(Some)
    }

    /// Every case as it stands now, who writes, and from which states which step leads on.
    ///
    /// # Errors
    /// Those of the database.
    pub fn state(&self, csrf: &str) -> Result<Value, LedgerError> {
        let mut ledger = alone(&self.ledger);
        ledger.catch_up()?;
        let cases: Map<String, Value> = self
            .leads
            .iter()
            .filter_map(|(key, id)| Some((key.clone(), record::case(ledger.book().cases.get(id)?))))
            .collect();
        let from = |action: Action| -> Value {
            let steps = TRANSITIONS.iter().filter(|step| step.action == action);
            steps.flat_map(|step| step.from).map(|state| state.code()).collect()
        };
        let steps: Vec<Value> = OFFERED.iter().map(|action| json!([action.code(), from(*action)])).collect();
        let by = plain(&self.reviewer.by);
        Ok(
            json!({"by": by, "token": csrf, "today": (self.reviewer.today)().to_string(), "steps": steps, "cases": cases}),
        )
    }
}

/// A lead with its events.
fn shown(ledger: &mut Ledger, id: &str) -> Result<Value, LedgerError> {
    let all: Vec<Event> = ledger.events()?;
    let case = ledger.book().case(id)?;
    let events: Value = case.events_of(&all).map(record::event).collect();
    Ok(json!({"case": record::case(case), "events": events}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(json: Value) -> Asked {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn words_of_a_page_are_read_with_care() {
        let today = parse_date("2026-05-02").unwrap();
        let base = json!({"key": "a", "seq": 1, "action": "verify", "verdict": "lawful", "who": " Li ", "on": "2026-05-01", "reason": ""});
        let (action, read) = words(&asked(base.clone()), today).unwrap();
        assert_eq!(
            (action, read.verdict, read.who.as_deref(), read.reason),
            (Action::Verify, Some(Verdict::Lawful), Some("Li"), None)
        );
        let changes = [
            ("action", json!("close")),
            ("action", json!("drop table")),
            ("verdict", json!("guilty")),
            ("on", json!("2026-05-03")),
            ("on", json!("")),
            ("who", json!(" ")),
            ("until", json!("2026-05-01")),
            ("on", json!("yesterday")),
            ("who", json!("a\u{202e}b")),
            ("reason", json!("x".repeat(LONGEST + 1))),
        ];
        for (name, value) in changes {
            let mut wrong = base.clone();
            wrong[name] = value;
            assert!(words(&asked(wrong), today).is_err(), "{name}");
        }
        assert!(
            serde_json::from_value::<Asked>(json!({"key": "a", "seq": 1, "action": "verify", "by": "Zhang"}))
                .is_err()
        );
    }
}
