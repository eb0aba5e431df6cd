//! What stands now: every case, read off the events from the first to the last.
//!
//! In:  events in order. Out: cases, runs, keys that were written, the head of the chain.
//! Law: one function, `apply`, says what an event does; nothing else knows what stands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::date::parse_date;
use crate::ledger::LedgerError;
use crate::ledger::case::{Case, Lineage, Said, shown};
use crate::ledger::deadline::{self, Deadline, Due};
use crate::ledger::event::{Event, Kind, NOTHING_BEFORE};
use crate::ledger::state::{Action, State, Verdict, after};

/// A run that was taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Digest of its result.
    pub id: String,
    /// Place of its event: its number.
    pub number: i64,
    /// When and by whom it was taken in.
    pub taken: (String, String),
    /// What it was and brought.
    pub body: Value,
}

/// What stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// Cases by id.
    pub cases: BTreeMap<String, Case>,
    /// Runs in order.
    pub runs: Vec<Run>,
    /// Pictures from the ground that are linked, by SHA-256, with their leads.
    pub photographs: BTreeMap<String, String>,
    /// Keys of events, with their places.
    pub keys: BTreeMap<String, i64>,
    /// Place and hash of the last event.
    pub head: (i64, String),
    /// Rules of deadlines that somebody set, as written.
    pub deadlines: Option<String>,
}

impl Default for Book {
    fn default() -> Self {
        let head = (0, NOTHING_BEFORE.to_owned());
        let (cases, photographs, keys) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { cases, runs: Vec::new(), photographs, keys, head, deadlines: None }
    }
}

impl Book {
    /// The case of an id.
    ///
    /// # Errors
    /// `NoSuchLead`.
    pub fn case(&self, id: &str) -> Result<&Case, LedgerError> {
        self.cases.get(id).ok_or_else(|| LedgerError::NoSuchLead(id.to_owned()))
    }

    /// The case of an id, or the one that it is part of now.
    ///
    /// # Errors
    /// `NoSuchLead`.
    pub fn whole(&self, id: &str) -> Result<&Case, LedgerError> {
        let mut case = self.case(id)?;
        while let Some(into) = case.lineage.into.as_ref().and_then(|into| self.cases.get(into)) {
            case = into;
        }
        Ok(case)
    }

    /// Rules of deadlines that hold now: the ledger's own, else the shipped ones.
    ///
    /// # Errors
    /// `Words` for rules that a later version wrote.
    pub fn deadlines(&self) -> Result<Vec<Deadline>, LedgerError> {
        deadline::rules(self.deadlines.as_deref().unwrap_or(deadline::SHIPPED))
    }

    /// Goes on by one event; returns the ids of the cases that it changed.
    ///
    /// # Errors
    /// `Row` where it does not follow on the last one, or says what no event can say.
    pub fn apply(&mut self, event: &Event) -> Result<BTreeSet<String>, LedgerError> {
        if (event.seq, event.previous.as_str()) != (self.head.0 + 1, self.head.1.as_str()) {
            let (seq, hash) = &self.head;
            return Err(event.wrong(format!("does not follow on event {seq} with hash {hash}")));
        }
        if let Some(first) = self.keys.insert(event.key.clone(), event.seq) {
            return Err(event.wrong(format!("its key '{}' was used by event {first}", event.key)));
        }
        let changed = match event.kind()? {
            Kind::Begun | Kind::Sampled => BTreeSet::new(),
            Kind::DeadlinesSet => {
                let rules = event.body()?["rules"].as_str().map(str::to_owned);
                self.deadlines = Some(rules.ok_or_else(|| event.wrong("holds no rules".to_owned()))?);
                BTreeSet::new()
            }
            Kind::RunRecorded => self.take_in(event)?,
            Kind::Found | Kind::Split => self.open(event)?,
            _ => self.change(event)?,
        };
        for id in &changed {
            if let Some(case) = self.cases.get_mut(id).filter(|_| event.kind != Kind::RunRecorded.code()) {
                case.events.push(event.seq);
            }
        }
        self.head = (event.seq, event.hash.clone());
        Ok(changed)
    }

    /// A run, and that it saw cases again that have not changed.
    fn take_in(&mut self, event: &Event) -> Result<BTreeSet<String>, LedgerError> {
        let body = event.body()?;
        let ids = |name: &str| -> BTreeSet<String> {
            body[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (unchanged, looked) = (ids("unchanged"), ids("looked"));
        for id in unchanged.iter().chain(&looked) {
            let case = self.cases.get_mut(id).ok_or_else(|| event.wrong(format!("names no case: '{id}'")))?;
            case.looked = event.run.clone();
            if unchanged.contains(id) {
                case.runs.1 = event.run.clone();
            }
        }
        let taken = (event.at_utc.clone(), event.actor.clone());
        self.runs.push(Run { id: event.run.clone(), number: event.seq, taken, body });
        Ok(unchanged.union(&looked).cloned().collect())
    }

    /// A new case: found, or a piece of another one.
    fn open(&mut self, event: &Event) -> Result<BTreeSet<String>, LedgerError> {
        let body = event.body()?;
        let (properties, outline) = shown(event, &body)?;
        let mut lineage = Lineage::default();
        let mut changed = BTreeSet::from([event.lead.clone()]);
        if let Some(whole) = body["split_from"].as_str() {
            lineage.split_from = Some(whole.to_owned());
            let from = self.cases.get_mut(whole).ok_or_else(|| event.wrong(format!("no case '{whole}'")))?;
            from.lineage.pieces.insert(event.lead.clone());
            changed.insert(whole.to_owned());
        }
        if self.cases.contains_key(&event.lead) {
            return Err(event.wrong(format!("case '{}' is open already", event.lead)));
        }
        let case = Case {
            id: event.lead.clone(),
            number: event.seq,
            state: State::of_status(properties.get("status").and_then(Value::as_str).unwrap_or_default()),
            since: event.at_utc.clone(),
            found_after: ["first_seen", "after"]
                .iter()
                .find_map(|name| parse_date(properties.get(*name)?.as_str()?)),
            properties,
            outline,
            runs: (event.run.clone(), event.run.clone()),
            looked: event.run.clone(),
            assigned: None,
            said: Vec::new(),
            heard_from: 0,
            agency: None,
            filed: None,
            due: Vec::new(),
            found: event.at_utc.clone(),
            county: None,
            compensation_yuan: None,
            restored: None,
            looked_until: None,
            reason: event.reason.clone(),
            lineage,
            events: Vec::new(),
        };
        self.cases.insert(event.lead.clone(), case);
        Ok(changed)
    }

    /// What an event does to a case that is there.
    fn change(&mut self, event: &Event) -> Result<BTreeSet<String>, LedgerError> {
        let (kind, body) = (event.kind()?, event.body()?);
        let mut changed = BTreeSet::from([event.lead.clone()]);
        if let Some(into) = body["into"].as_str().filter(|_| kind == Kind::Merged) {
            let whole = self.cases.get_mut(into).ok_or_else(|| event.wrong(format!("no case '{into}'")))?;
            whole.lineage.from.insert(event.lead.clone());
            changed.insert(into.to_owned());
        }
        for photograph in body["photographs"].as_array().into_iter().flatten() {
            let sha256 = photograph["sha256"].as_str().unwrap_or_default().to_owned();
            self.photographs.entry(sha256).or_insert_with(|| event.lead.clone());
        }
        let case = self.cases.get_mut(&event.lead);
        let case = case.ok_or_else(|| event.wrong(format!("no case '{}'", event.lead)))?;
        let state = match action_of(kind) {
            Some(action) if kind != Kind::Reopened || event.run.is_empty() => {
                Some(after(&case.id, case.state, action)?)
            }
            _ => of_machine(kind, case, &body),
        };
        if let Some(state) = state {
            if state != case.state {
                case.since = event.at_utc.clone();
            }
            case.state = state;
        }
        if !event.reason.is_empty() {
            case.reason = event.reason.clone();
        }
        if !event.run.is_empty() {
            case.looked = event.run.clone();
        }
        if body.get("geometry").is_some() {
            (case.properties, case.outline) = shown(event, &body)?;
            case.runs.1 = event.run.clone();
        }
        note(case, kind, event, &body)?;
        Ok(changed)
    }
}

/// The step of people that a kind of event stands for.
fn action_of(kind: Kind) -> Option<Action> {
    let action = match kind {
        Kind::Triaged => Action::Triage,
        Kind::Assigned => Action::Assign,
        Kind::Verified => Action::Verify,
        Kind::Settled => Action::Settle,
        Kind::Rejected => Action::Reject,
        Kind::Transferred => Action::Transfer,
        Kind::Receipted => Action::Receipt,
        Kind::Filed => Action::File,
        Kind::Advised => Action::Advise,
        Kind::Replied => Action::Reply,
        Kind::Rectifying => Action::Rectify,
        Kind::LookedAgain => Action::LookAgain,
        Kind::Closed => Action::Close,
        Kind::Reopened => Action::Reopen,
        _ => return None,
    };
    Some(action)
}

/// The state after what a run says: it moves a case that no person has decided about, and no other.
fn of_machine(kind: Kind, case: &Case, body: &Value) -> Option<State> {
    let status = || State::of_status(body["properties"]["status"].as_str().unwrap_or_default());
    match kind {
        Kind::Merged => Some(State::Merged),
        Kind::Reopened => {
            Some(if case.state.is_done() && case.state != State::Merged { State::Reopened } else { status() })
        }
        Kind::SeenAgain if case.state.is_of_machine() => Some(status()),
        Kind::Recovered if case.state.is_of_machine() => Some(State::Recovered),
        _ => None,
    }
}

/// What else an event leaves on its case.
fn note(case: &mut Case, kind: Kind, event: &Event, body: &Value) -> Result<(), LedgerError> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let day = |name: &str| body[name].as_str().and_then(parse_date);
    wait(case, kind, body);
    if let Some(paid) = body["compensation_yuan"].as_f64() {
        case.compensation_yuan = Some(case.compensation_yuan.unwrap_or(0.0) + paid);
    }
    match kind {
        Kind::Assigned => case.assigned = text("to").map(|to| (to, day("until"))),
        Kind::Verified | Kind::Settled => {
            let verdict = text("verdict").and_then(|code| Verdict::parse(&code));
            let verdict = verdict.ok_or_else(|| event.wrong("names no verdict".to_owned()))?;
            let by = text("by").unwrap_or_else(|| event.actor.clone());
            case.said.push(Said { seq: event.seq, verdict, by, on: day("on") });
            if kind == Kind::Settled {
                case.heard_from = event.seq;
            }
        }
        Kind::Transferred | Kind::Advised => case.agency = text("agency").or(case.agency.take()),
        Kind::Filed => case.filed = text("number"),
        Kind::Located => case.county = text("county"),
        Kind::LookedAgain => {
            case.restored = body["restored"].as_bool();
            let written = event.at_local.get(..10).and_then(parse_date);
            case.looked_until = day("until").or(day("on")).or(written);
        }
        Kind::Merged => case.lineage.into = text("into"),
        Kind::Reopened => {
            (case.lineage.into, case.restored, case.heard_from) = (None, None, event.seq);
            case.looked_until = day("until").or(case.looked_until);
        }
        _ => {}
    }
    Ok(())
}

/// What an event ends, and what it makes due.
fn wait(case: &mut Case, kind: Kind, body: &Value) {
    match kind {
        Kind::Closed | Kind::Rejected | Kind::Merged => case.due.clear(),
        _ => case.due.retain(|due| !due.ends.iter().any(|end| end == kind.code())),
    }
    if let Some(due) = Due::parse(&body["due"]) {
        case.due.retain(|known| known.rule != due.rule);
        case.due.push(due);
    }
}
