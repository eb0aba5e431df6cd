//! Deadlines that begin with a step: rules as data, shipped or an office's own.
//!
//! In:  `redlines/deadlines.toml`, or the text that a ledger holds since somebody set it.
//! Out: the day on which something is due, and which events end the waiting.
//! Law: a rule says its source. What was due is written with the step: another version of the rules changes no past.

use jiff::Span;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::date::{Date, parse_date};
use crate::ledger::LedgerError;
use crate::ledger::event::Kind;

/// The rules of this version, as written.
pub const SHIPPED: &str = include_str!("../../redlines/deadlines.toml");

/// A rule.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// Identity of the rule.
    pub id: String,
    /// The step that begins it.
    pub begins: Kind,
    /// Events that end it.
    pub ends: Vec<Kind>,
    /// How long it runs: calendar months, or days.
    pub length: Span,
    /// What is to be done, English.
    pub text: String,
    /// The same, Chinese.
    pub text_zh: String,
    /// Where the rule stands.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    deadline: Vec<WrittenDeadline>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDeadline {
    id: String,
    begins: String,
    ends: Vec<String>,
    months: Option<i32>,
    days: Option<i32>,
    text: String,
    text_zh: String,
    source: String,
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: String,
    /// The last day.
    pub on: Date,
    /// Kinds of events that end it, by their codes.
    pub ends: Vec<String>,
}

impl Due {
    /// As an event holds it.
    pub fn as_json(&self) -> Value {
        json!({"rule": self.rule, "on": self.on.to_string(), "ends": self.ends})
    }

    /// Reads what an event holds.
    pub fn parse(value: &Value) -> Option<Self> {
        let ends = value["ends"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Self { rule: value["rule"].as_str()?.to_owned(), on: parse_date(value["on"].as_str()?)?, ends })
    }
}

impl Deadline {
    /// What is due when the step was taken on a day.
    pub fn due(&self, from: Date) -> Due {
        let ends = self.ends.iter().map(|kind| kind.code().to_owned()).collect();
        Due { rule: self.id.clone(), on: from.saturating_add(self.length), ends }
    }
}

/// Rules as text: those of a ledger, or the shipped ones.
///
/// # Errors
/// `Words`, naming the rule.
pub fn rules(text: &str) -> Result<Vec<Deadline>, LedgerError> {
    let wrong = |found: String| LedgerError::Words {
        what: "rules of deadlines",
        expected: "[[deadline]] with id, begins, ends, months or days, text, text_zh, source".to_owned(),
        found,
    };
    let written: Written = toml::from_str(text).map_err(|error| wrong(error.message().to_owned()))?;
    let mut rules: Vec<Deadline> = Vec::new();
    for one in written.deadline {
        let kind = |code: &String| {
            let kind = Kind::ALL.iter().find(|kind| kind.code() == code).copied();
            kind.ok_or_else(|| wrong(format!("{}: no event is called {code}", one.id)))
        };
        let length = match (one.months, one.days) {
            (Some(months @ 1..=120), None) => Span::new().months(months),
            (None, Some(days @ 1..=3_660)) => Span::new().days(days),
            _ => return Err(wrong(format!("{}: not one of 1 to 120 months or 1 to 3660 days", one.id))),
        };
        if rules.iter().any(|known| known.id == one.id) {
            return Err(wrong(format!("{} twice", one.id)));
        }
        let (begins, ends) = (kind(&one.begins)?, one.ends.iter().map(kind).collect::<Result<_, _>>()?);
        let (text, text_zh, source) = (one.text, one.text_zh, one.source);
        rules.push(Deadline { id: one.id, begins, ends, length, text, text_zh, source });
    }
    Ok(rules)
}

/// The rule of a step: the one that is named, else the first of that step.
///
/// # Errors
/// What would do, where the name is none of that step.
pub fn of_step<'a>(
    rules: &'a [Deadline],
    begins: Kind,
    named: Option<&str>,
) -> Result<Option<&'a Deadline>, String> {
    let mut own = rules.iter().filter(|rule| rule.begins == begins);
    let Some(named) = named else { return Ok(own.next()) };
    let found = own.clone().find(|rule| rule.id == named).map(Some);
    found.ok_or_else(|| {
        let ids: Vec<&str> = own.map(|rule| rule.id.as_str()).collect();
        let known = if ids.is_empty() { "none".to_owned() } else { ids.join(" or ") };
        format!("a deadline that begins with this step ({known}), not '{named}'")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_months_after_the_last_of_december_is_the_last_of_february() {
        let shipped = rules(SHIPPED).unwrap();
        let day = |named| {
            let rule = of_step(&shipped, Kind::Advised, named).unwrap().unwrap();
            rule.due(Date::constant(2025, 12, 31)).on.to_string()
        };
        assert_eq!(
            (day(None), day(Some("answer_urgent"))),
            ("2026-02-28".to_owned(), "2026-01-15".to_owned())
        );
        let error = of_step(&shipped, Kind::Filed, Some("answer")).unwrap_err();
        assert!(error.contains("(none), not 'answer'"), "{error}");
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_by_its_name() {
        let own =
            |change: (&str, &str)| rules(&SHIPPED.replacen(change.0, change.1, 1)).unwrap_err().to_string();
        for (change, part) in [
            (("months = 2", "months = 0"), "answer: not one of"),
            (("begins = \"advised\"", "begins = \"advice\""), "no event is called advice"),
            (("answer_urgent", "answer"), "answer twice"),
            (("months = 2", "weeks = 2"), "weeks"),
        ] {
            assert!(own(change).contains(part), "{}", own(change));
        }
    }

    #[test]
    fn what_is_due_is_read_back_from_its_event() {
        let due = rules(SHIPPED).unwrap()[0].due(Date::constant(2026, 6, 1));
        assert_eq!(Due::parse(&due.as_json()), Some(due));
    }
}
