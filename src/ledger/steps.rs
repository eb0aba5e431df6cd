//! Steps that people take with a case: what each needs, and the event that it becomes.
//!
//! In:  what stands, an id, a step with its words. Out: a draft.
//! Law: a step that the machine of states does not allow, or that lacks what it needs, is refused with what would do.

use jiff::Span;
use serde_json::{Map, Value, json};

use crate::date::Date;
use crate::ledger::LedgerError;
use crate::ledger::book::{Book, Case};
use crate::ledger::event::{Draft, Evidence, Kind};
use crate::ledger::state::{Action, Cause, State, Verdict, after};

/// Months in which an answer to a suggestion is due. Source: `SPP-time` (`reference/mission.md` 5.4): the agency acts and
/// answers in writing within two months.
const ANSWER_MONTHS: i32 = 2;

/// What is said with a step.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Why.
    pub reason: Option<String>,
    /// Who is to go, or was there.
    pub who: Option<String>,
    /// The day that it is about: of the visit, of the letter.
    pub on: Option<Date>,
    /// Until when.
    pub until: Option<Date>,
    /// What was found on the ground.
    pub verdict: Option<Verdict>,
    /// Why it is no matter.
    pub cause: Option<Cause>,
    /// Whom it is handed to.
    pub agency: Option<String>,
    /// Number of the file.
    pub number: Option<String>,
    /// Whether it was found restored.
    pub restored: Option<bool>,
    /// What makes it one: the record id of a field tool. A second one with the same key is the same.
    pub key: Option<String>,
    /// Files behind it.
    pub evidence: Vec<Evidence>,
}

impl Words {
    /// The reason, where one was given.
    fn why(&self) -> Option<&str> {
        self.reason.as_deref().filter(|reason| !reason.trim().is_empty())
    }
}

/// The event of a step.
///
/// # Errors
/// `NoSuchLead`, `Guard` where the state does not allow it or something is lacking.
pub fn step(book: &Book, id: &str, action: Action, words: &Words) -> Result<Draft, LedgerError> {
    let case = book.case(id)?;
    after(id, case.state, action)?;
    let body = said(case, action, words).map_err(|expected| LedgerError::Guard {
        lead: id.to_owned(),
        state: case.state.code(),
        action: action.code(),
        expected,
        because: String::new(),
    })?;
    let cause = words.cause.filter(|_| action == Action::Reject).map(Cause::code);
    let told = [cause, words.why()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Ok(Draft {
        key: words.key.clone().unwrap_or_default(),
        reason: (!told.is_empty()).then_some(told),
        body: Value::Object(body),
        evidence: words.evidence.clone(),
        ..Draft::of(kind_of(action), id)
    })
}

/// What a step says, or what is lacking.
fn said(case: &Case, action: Action, words: &Words) -> Result<Map<String, Value>, String> {
    let mut body = Map::new();
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    let day = |day: Option<Date>| day.map_or(Value::Null, |day| json!(day.to_string()));
    let lacking = |what: &str| what.to_owned();
    say("on", day(words.on));
    match action {
        Action::Assign => {
            say("to", json!(words.who.as_ref().ok_or_else(|| lacking("a name (--to)"))?));
            say("until", day(words.until));
        }
        Action::Verify => {
            let verdict = words.verdict.ok_or_else(|| lacking("a verdict (--verdict)"))?;
            say("verdict", json!(verdict.code()));
            say("by", json!(words.who));
        }
        Action::Settle => {
            if !case.is_contested() {
                return Err(lacking("verdicts that differ"));
            }
            let verdict = words.verdict.ok_or_else(|| lacking("the verdict that counts (--verdict)"))?;
            words.why().ok_or_else(|| lacking("a reason (--reason)"))?;
            say("verdict", json!(verdict.code()));
        }
        Action::Reject => {
            let cause = words.cause.ok_or_else(|| lacking("a cause (--cause)"))?;
            if cause == Cause::Other && words.why().is_none() {
                return Err(lacking("the cause in words (--reason), as it is none of the list"));
            }
            say("cause", json!(cause.code()));
        }
        Action::Transfer => {
            say("agency", json!(words.agency.as_ref().ok_or_else(|| lacking("an agency (--agency)"))?));
            matter(case)?;
        }
        Action::File => {
            matter(case)?;
            say("number", json!(words.number.as_ref().ok_or_else(|| lacking("a number (--number)"))?));
        }
        Action::Advise => {
            let agency = words.agency.as_ref().or(case.agency.as_ref());
            say("agency", json!(agency.ok_or_else(|| lacking("an agency (--agency)"))?));
            let sent = words.on.ok_or_else(|| lacking("the day on which it was sent (--on)"))?;
            let due = sent.saturating_add(Span::new().months(ANSWER_MONTHS));
            say("due", day(Some(words.until.unwrap_or(due))));
        }
        Action::LookAgain => {
            let restored =
                words.restored.ok_or_else(|| lacking("a result (--restored or --not-restored)"))?;
            say("restored", json!(restored));
        }
        Action::Close if case.state == State::LookedAgain && case.restored != Some(true) => {
            return Err(lacking("a look again that found it restored"));
        }
        Action::Close | Action::Reopen => {
            words.why().ok_or_else(|| lacking("a reason (--reason)"))?;
        }
        Action::Triage | Action::Reply | Action::Rectify => {}
    }
    Ok(body)
}

/// Whether what was found on the ground is a matter for an agency.
fn matter(case: &Case) -> Result<(), String> {
    if case.is_contested() {
        return Err("verdicts that agree; these do not: `steppewatch leads show` lists them, `leads settle` says which counts".to_owned());
    }
    match case.verdict() {
        Some(Verdict::UnlawfulUseFound | Verdict::FacilityFarmland) => Ok(()),
        found => {
            let (wanted, other) = (Verdict::UnlawfulUseFound.code(), Verdict::FacilityFarmland.code());
            let found = found.map_or("none", Verdict::code);
            Err(format!("a verdict of {wanted} or {other}, found {found}"))
        }
    }
}

fn kind_of(action: Action) -> Kind {
    match action {
        Action::Triage => Kind::Triaged,
        Action::Assign => Kind::Assigned,
        Action::Verify => Kind::Verified,
        Action::Settle => Kind::Settled,
        Action::Reject => Kind::Rejected,
        Action::Transfer => Kind::Transferred,
        Action::File => Kind::Filed,
        Action::Advise => Kind::Advised,
        Action::Reply => Kind::Replied,
        Action::Rectify => Kind::Rectifying,
        Action::LookAgain => Kind::LookedAgain,
        Action::Close => Kind::Closed,
        Action::Reopen => Kind::Reopened,
    }
}
