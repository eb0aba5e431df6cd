//! Look-again in the ledger: which cases are looked at, and what becomes of what imagery shows of them.
//!
//! In:  what stands, what a look-again found. Out: the ground to look at; drafts of events.
//! Law: what cannot be told moves nothing. Imagery speaks of days after those on which somebody looked last, and undoes no
//!      decision: a case that was restored and no longer is gets a look of its own, a closed one is open once more. The same
//!      result of the same days is written once. Closing stays with people.

use serde_json::{Map, Value, json};

use crate::date::{Date, Period, parse_date};
use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::case::Case;
use crate::ledger::event::{Draft, Event, Evidence, Kind};
use crate::ledger::state::{Action, State};
use crate::ledger::steps::{Words, step};
use crate::weigh::restored::{Answer, Rectified};

/// Who looked, in the body of an event.
const BY_IMAGERY: &str = "imagery";

/// What imagery shows of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The case.
    pub lead: String,
    /// The answer.
    pub answer: Answer,
    /// The days that were looked at.
    pub days: Period,
    /// Day of the last clear view.
    pub until: Date,
    /// Every number it stands on.
    pub numbers: Map<String, Value>,
}

/// What became of what was shown, by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    /// Written as a look again.
    LookedAgain,
    /// A closed case is open once more.
    Reopened,
    /// Somebody has looked on a later day, or the same was said before.
    SaidBefore,
    /// Nothing to write: it cannot be told, or the case stays as it is.
    Nothing,
}

/// Whether a case is one to look at: people said that its ground is, or is to be, put right.
pub fn is_to_look_at(case: &Case) -> bool {
    match case.state {
        State::Replied | State::Rectifying | State::LookedAgain => true,
        State::Closed => case.restored == Some(true),
        _ => false,
    }
}

/// The ground of the cases that are to be looked at, by id.
///
/// # Errors
/// `Row` for an event without a body.
pub fn grounds(book: &Book, events: &[Event]) -> Result<Vec<Rectified>, LedgerError> {
    book.cases.values().filter(|case| is_to_look_at(case)).map(|case| ground(case, events)).collect()
}

/// The ground of a case, with the day on which it was told to be put right.
///
/// # Errors
/// `Row` for an event without a body.
pub fn ground(case: &Case, events: &[Event]) -> Result<Rectified, LedgerError> {
    // What was told before the case was opened once more was about other ground work.
    let told = last(events, case, Kind::Rectifying).filter(|event| event.seq > case.heard_from);
    let told = told.map(|event| day_of(event, "on")).transpose()?.flatten();
    let lead = Rectified::of(&case.id, &case.properties, case.outline.clone());
    Ok(Rectified { rectified_on: told.or(lead.rectified_on), ..lead })
}

/// The events of what was shown: drafts, and what became of each. `run` is the digest of the result.
///
/// # Errors
/// Those of [`step`].
pub fn drafts(
    book: &Book,
    events: &[Event],
    shown: &[Shown],
    (run, evidence): (&str, &[Evidence]),
) -> Result<(Vec<Draft>, Vec<Became>), LedgerError> {
    let (mut drafts, mut became) = (Vec::new(), Vec::new());
    for one in shown {
        let case = book.case(&one.lead)?;
        // Once each time that the case is open: what opened it again may be said of it again.
        let key = format!(
            "looked_again {BY_IMAGERY} {} {} {} {}",
            one.lead,
            one.days,
            one.answer.code(),
            case.heard_from
        );
        let what = becomes(case, one, last_look(events, case)?);
        let is_known = book.keys.contains_key(&key);
        let what = if is_known && what != Became::Nothing { Became::SaidBefore } else { what };
        became.push(what);
        let is_restored = one.answer == Answer::Restored;
        let draft = match what {
            Became::LookedAgain => {
                let words = Words { restored: Some(is_restored), ..Words::default() };
                step(book, &one.lead, Action::LookAgain, &words)?
            }
            Became::Reopened => Draft { body: json!({}), ..Draft::of(Kind::Reopened, &one.lead) },
            Became::SaidBefore | Became::Nothing => continue,
        };
        let mut body = draft.body.as_object().cloned().unwrap_or_default();
        body.insert("by".to_owned(), json!(BY_IMAGERY));
        body.insert("until".to_owned(), json!(one.until.to_string()));
        body.insert(BY_IMAGERY.to_owned(), Value::Object(one.numbers.clone()));
        drafts.push(Draft {
            key,
            run: Some(run.to_owned()),
            reason: Some(in_words(one, what)),
            body: Value::Object(body),
            evidence: evidence.to_vec(),
            ..draft
        });
    }
    Ok((drafts, became))
}

fn becomes(case: &Case, one: &Shown, last: Option<Look>) -> Became {
    if one.answer == Answer::CannotTell || !is_to_look_at(case) {
        return Became::Nothing;
    }
    let is_closed = case.state == State::Closed;
    if is_closed && one.answer == Answer::Restored {
        return Became::Nothing;
    }
    // Imagery may say of the same days more than it said before, but of none on which people have looked since.
    let is_news = last.is_none_or(|last| {
        one.until > last.until || (last.by_imagery && !is_closed && one.until == last.until)
    });
    match (is_news, is_closed) {
        (false, _) => Became::SaidBefore,
        (true, true) => Became::Reopened,
        (true, false) => Became::LookedAgain,
    }
}

fn in_words(one: &Shown, what: Became) -> String {
    let number = |name: &str| one.numbers.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let season = one.numbers.get("season").and_then(Value::as_str).unwrap_or_default();
    let (back, apart) = (100.0 * number("restored_share"), 100.0 * number("apart_share"));
    let again =
        if what == Became::Reopened { "apart from its look-alikes again after it was closed: " } else { "" };
    format!(
        "{again}by imagery {}: {back:.0} % of the ground back, {apart:.0} % apart, season {season}",
        one.answer.words().0
    )
}

/// A look that stands in the ledger.
struct Look {
    until: Date,
    by_imagery: bool,
}

fn last_look(events: &[Event], case: &Case) -> Result<Option<Look>, LedgerError> {
    // Imagery that opened a closed case has looked, too.
    for event in events.iter().rev().filter(|event| event.lead == case.id) {
        let by_imagery = event.body()?["by"] == BY_IMAGERY;
        if event.kind == Kind::LookedAgain.code() || (event.kind == Kind::Reopened.code() && by_imagery) {
            let until = day_of(event, if by_imagery { "until" } else { "on" })?;
            return Ok(until.map(|until| Look { until, by_imagery }));
        }
    }
    Ok(None)
}

/// The last event of a kind about a case.
fn last<'a>(events: &'a [Event], case: &Case, kind: Kind) -> Option<&'a Event> {
    events.iter().rev().find(|event| event.lead == case.id && event.kind == kind.code())
}

/// The day that an event is about: as its body says, else that on which it was written.
fn day_of(event: &Event, name: &str) -> Result<Option<Date>, LedgerError> {
    let said = event.body()?[name].as_str().and_then(parse_date);
    Ok(said.or_else(|| event.at_local.get(..10).and_then(parse_date)))
}

#[cfg(test)]
mod tests;
