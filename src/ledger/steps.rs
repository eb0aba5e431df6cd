//! Steps that people take with a case: what each needs, and the event that it becomes.
//!
//! In:  what stands, an id, a step with its words. Out: a draft.
//! Law: a step that the machine of states does not allow, or that lacks what it needs, is refused with what would do.

use serde_json::{Map, Value, json};

use crate::date::{Date, parse_date};
use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::case::Case;
use crate::ledger::deadline::{Deadline, of_step};
use crate::ledger::event::{Draft, Evidence, Kind};
use crate::ledger::state::{Action, Cause, State, Verdict, after};

/// What is said with a step.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Why.
    pub reason: Option<String>,
    /// Who is to go.
    pub to: Option<String>,
    /// Who was there.
    pub who: Option<String>,
    /// The day that it is about: of the visit, of the letter.
    pub on: Option<Date>,
    /// Until when.
    pub until: Option<Date>,
    /// Which deadline begins, where there are several.
    pub deadline: Option<String>,
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
    /// What was paid, in yuan.
    pub compensation_yuan: Option<f64>,
    /// What makes it one: the record id of a field tool. A second one with the same key is the same.
    pub key: Option<String>,
    /// Files behind it.
    pub evidence: Vec<Evidence>,
}

impl Words {
    /// The reason, where one was given.
    fn why(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What was given, by the flags that give it. Reason and day belong to every step.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--to", self.to.is_some()),
            ("--who", self.who.is_some()),
            ("--until", self.until.is_some()),
            ("--deadline", self.deadline.is_some()),
            ("--verdict", self.verdict.is_some()),
            ("--cause", self.cause.is_some()),
            ("--agency", self.agency.is_some()),
            ("--number", self.number.is_some()),
            ("--restored", self.restored.is_some()),
            ("--compensation", self.compensation_yuan.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag).collect()
    }

    /// A flag that was given with nothing in it.
    fn blank(&self) -> Option<&'static str> {
        let texts = [
            ("--reason", &self.reason),
            ("--to", &self.to),
            ("--who", &self.who),
            ("--agency", &self.agency),
            ("--number", &self.number),
        ];
        let is_blank = |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        texts.into_iter().find(|(_, text)| is_blank(text)).map(|(flag, _)| flag)
    }
}

/// What a step takes beside a reason and a day.
fn takes(action: Action) -> &'static [&'static str] {
    match action {
        Action::Triage | Action::Reopen => &[],
        Action::Assign => &["--to", "--until"],
        Action::Verify => &["--verdict", "--who"],
        Action::Settle => &["--verdict"],
        Action::Reject => &["--cause"],
        Action::Transfer | Action::Advise => &["--agency", "--until", "--deadline"],
        Action::Receipt => &["--number", "--who"],
        Action::File => &["--number", "--until", "--deadline"],
        Action::Reply | Action::Rectify => &["--compensation", "--until", "--deadline"],
        Action::LookAgain => &["--restored"],
        Action::Close => &["--compensation"],
    }
}

/// The event of a step.
///
/// # Errors
/// `NoSuchLead`, `Words` for what the step does not take, `Guard` where the state does not allow it or something is lacking.
pub fn step(book: &Book, id: &str, action: Action, words: &Words) -> Result<Draft, LedgerError> {
    let case = book.case(id)?;
    fitting(action, words)?;
    possible(case, action, words)?;
    after(id, case.state, action)?;
    let lacking = |expected: String| LedgerError::Guard {
        lead: id.to_owned(),
        state: case.state.code(),
        action: action.code(),
        expected,
        because: String::new(),
    };
    let kind = kind_of(action);
    let mut body = said(case, action, words).map_err(lacking)?;
    let rules = book.deadlines()?;
    // A visit has the day that it is wanted on, and no rule.
    let rule = of_step(&rules, kind, words.deadline.as_deref()).map_err(lacking)?;
    if let Some(rule) = rule.filter(|_| action != Action::Assign) {
        body.insert("due".to_owned(), due(rule, words).map_err(lacking)?);
    }
    let cause = words.cause.map(Cause::code);
    let told = [cause, words.why()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Ok(Draft {
        key: words.key.clone().unwrap_or_default(),
        reason: (!told.is_empty()).then_some(told),
        body: Value::Object(body),
        evidence: words.evidence.clone(),
        ..Draft::of(kind, id)
    })
}

/// Refuses what a step has no place for: a flag of another step is a slip of the hand.
fn fitting(action: Action, words: &Words) -> Result<(), LedgerError> {
    let wrong = |expected: String, found: &str| LedgerError::Words {
        what: action.code(),
        expected,
        found: found.to_owned(),
    };
    if let Some(flag) = words.blank() {
        return Err(wrong(format!("something said with {flag}"), ""));
    }
    let takes = takes(action);
    if let Some((on, until)) = words.on.zip(words.until).filter(|(on, until)| until < on) {
        return Err(wrong(format!("--until not before --on ({on})"), &until.to_string()));
    }
    match words.given().into_iter().find(|flag| !takes.contains(flag)) {
        Some(flag) => Err(wrong([&["--on", "--reason"], takes].concat().join(", "), flag)),
        None => Ok(()),
    }
}

/// Refuses a visit on a day on which the ground was not yet as it was found: a slip of the hand, often in the year.
fn possible(case: &Case, action: Action, words: &Words) -> Result<(), LedgerError> {
    let Some((on, before)) = words.on.zip(parse_date(case.text("before"))) else { return Ok(()) };
    if action != Action::Verify || on >= before {
        return Ok(());
    }
    Err(LedgerError::Words {
        what: "the day of the visit (--on)",
        expected: format!("{before} or later, as the picture of that day shows the place without the change"),
        found: on.to_string(),
    })
}

/// What a rule makes due.
fn due(rule: &Deadline, words: &Words) -> Result<Value, String> {
    let from = words.on.ok_or(format!("the day (--on) from which {} counts", rule.id))?;
    let mut due = rule.due(from);
    due.on = words.until.unwrap_or(due.on);
    Ok(due.as_json())
}

/// What a step says, or what is lacking.
fn said(case: &Case, action: Action, words: &Words) -> Result<Map<String, Value>, String> {
    let mut body = Map::new();
    let day = |day: Option<Date>| day.map_or(Value::Null, |day| json!(day.to_string()));
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    say("on", day(words.on));
    match action {
        Action::Assign => {
            say("to", needed(&words.to, "a name (--to)")?);
            say("until", day(words.until));
        }
        Action::Verify | Action::Settle => {
            say("verdict", verdict(case, action, words)?);
            say("by", json!(words.who));
        }
        Action::Reject => say("cause", cause(words)?),
        Action::Transfer => {
            say("agency", needed(&words.agency, "an agency (--agency)")?);
            matter(case)?;
        }
        Action::Receipt => {
            words.on.ok_or("the day (--on)")?;
            say("number", json!(words.number));
            say("by", json!(words.who));
        }
        Action::File => {
            matter(case)?;
            say("number", needed(&words.number, "a number (--number)")?);
        }
        Action::Advise => {
            let agency = words.agency.clone().or(case.agency.clone());
            say("agency", needed(&agency, "an agency (--agency)")?);
        }
        Action::LookAgain => {
            let restored = words.restored.ok_or("a result (--restored or --not-restored)")?;
            if let Some((on, last)) = words.on.zip(case.looked_until).filter(|(on, last)| on < last) {
                return Err(format!("a day from {last} on, when it was last looked at, not {on}"));
            }
            say("restored", json!(restored));
        }
        Action::Close if case.state == State::LookedAgain && case.restored != Some(true) => {
            return Err("a look again that found it restored".to_owned());
        }
        Action::Close | Action::Reopen => {
            words.why().ok_or("a reason (--reason)")?;
        }
        Action::Triage | Action::Reply | Action::Rectify => {}
    }
    say("compensation_yuan", json!(words.compensation_yuan));
    Ok(body)
}

/// Words that a step cannot do without.
fn needed(words: &Option<String>, what: &str) -> Result<Value, String> {
    words.as_ref().map(|words| json!(words)).ok_or_else(|| what.to_owned())
}

fn verdict(case: &Case, action: Action, words: &Words) -> Result<Value, String> {
    if action == Action::Settle {
        if !case.is_contested() {
            return Err("verdicts that differ".to_owned());
        }
        words.why().ok_or("a reason (--reason)")?;
    }
    let verdict = words.verdict.ok_or("a verdict (--verdict)")?;
    Ok(json!(verdict.code()))
}

fn cause(words: &Words) -> Result<Value, String> {
    let cause = words.cause.ok_or("a cause (--cause)")?;
    if cause == Cause::Other && words.why().is_none() {
        return Err("the cause in words (--reason), as it is none of the list".to_owned());
    }
    Ok(json!(cause.code()))
}

/// Whether what was found on the ground is a matter for an agency.
fn matter(case: &Case) -> Result<(), String> {
    if case.is_contested() {
        return Err("verdicts that agree; these do not: `steppewatch leads show` lists them, `leads settle` says which counts".to_owned());
    }
    match case.verdict() {
        Some(found) if found.is_matter() => Ok(()),
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
        Action::Receipt => Kind::Receipted,
        Action::File => Kind::Filed,
        Action::Advise => Kind::Advised,
        Action::Reply => Kind::Replied,
        Action::Rectify => Kind::Rectifying,
        Action::LookAgain => Kind::LookedAgain,
        Action::Close => Kind::Closed,
        Action::Reopen => Kind::Reopened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::audit::tests::found;
    use crate::ledger::event::Event;
    use crate::ledger::event::tests::moment;

    #[test]
    fn a_visit_before_the_picture_without_the_change_is_a_slip_of_the_hand() {
        let mut draft = found("a", "incident-a");
        draft.body["properties"]["before"] = json!("2025-03-27");
        let mut book = Book::default();
        let (seq, hash) = book.head.clone();
        book.apply(&Event::placed(draft, "Li", &moment(1), (seq, &hash))).unwrap();
        let visit =
            |on: &str| Words { verdict: Some(Verdict::Lawful), on: parse_date(on), ..Words::default() };
        let early = step(&book, "a", Action::Verify, &visit("2015-04-02")).unwrap_err().to_string();
        assert!(
            early.contains("expected 2025-03-27 or later") && early.contains("found '2015-04-02'"),
            "{early}"
        );
        for day in ["2025-03-27", "2025-04-02"] {
            assert!(step(&book, "a", Action::Verify, &visit(day)).is_ok(), "{day}");
        }
        // A person's other days are about letters, which may be older.
        assert!(
            step(&book, "a", Action::Triage, &Words { on: parse_date("2015-04-02"), ..Words::default() })
                .is_ok()
        );
    }
}
