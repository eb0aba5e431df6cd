//! Steps that people take with leads, from the flags to the events.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::Zoned;
use serde_json::json;

use crate::cli::complete::leads;
use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::show;
use crate::date::{Date, parse_date};
use crate::ledger::state::{Action, Cause, Verdict};
use crate::ledger::steps::{Words, step};
use crate::ledger::{Book, Ledger, LedgerError, State};

/// One step of some leads.
#[derive(Debug, Args)]
pub struct Step {
    /// The leads
    #[arg(required = true, add = ArgValueCompleter::new(leads))]
    id: Vec<String>,
    #[command(flatten)]
    by: By,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Who is to go there
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Who was there
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// The day that it is about
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    on: Option<Date>,
    /// Until when
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Date>,
    /// Which deadline begins, where the step has several (`leads deadlines` lists them)
    #[arg(long, value_name = "RULE")]
    deadline: Option<String>,
    /// pseudo_change, lawful, unlawful_use_found, facility_farmland or cannot_tell
    #[arg(long, value_parser = verdict)]
    verdict: Option<Verdict>,
    /// season, drought, rain_greening, farming, fire, water, cloud, snow, registration, existing_use, permit, red_line,
    /// too_small, duplicate or other
    #[arg(long, value_parser = cause)]
    cause: Option<Cause>,
    /// The agency
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,
    /// The number of the file
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// It was found restored
    #[arg(long, conflicts_with = "not_restored")]
    restored: bool,
    /// It was found not restored
    #[arg(long)]
    not_restored: bool,
    /// What was paid, in yuan; what several steps say is added up
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    compensation: Option<f64>,
    /// The events as JSON to stdout, one a line
    #[arg(long)]
    json: bool,
}

fn yuan(text: &str) -> Result<f64, String> {
    let yuan = text.parse().ok().filter(|yuan: &f64| (0.0..=1e12).contains(yuan));
    yuan.ok_or_else(|| "expected an amount of yuan, up to 1e12".to_owned())
}

/// A day as flags give it.
pub fn day(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "expected a day as YYYY-MM-DD".to_owned())
}

/// A state as flags give it.
pub fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| one_of(State::ALL.iter().map(|one| one.code())))
}

fn verdict(text: &str) -> Result<Verdict, String> {
    Verdict::parse(text).ok_or_else(|| one_of(Verdict::ALL.iter().map(|one| one.code())))
}

fn cause(text: &str) -> Result<Cause, String> {
    Cause::parse(text).ok_or_else(|| one_of(Cause::ALL.iter().map(|one| one.code())))
}

fn one_of(codes: impl Iterator<Item = &'static str>) -> String {
    format!("expected one of {}", codes.collect::<Vec<_>>().join(", "))
}

impl Step {
    /// Writes the step of every lead, or of none.
    pub fn take(self, ledger: &mut Ledger, action: Action) -> Result<Exit> {
        let words = Words {
            reason: self.reason,
            to: self.to,
            who: self.who,
            on: self.on,
            until: self.until,
            deadline: self.deadline,
            verdict: self.verdict,
            cause: self.cause,
            agency: self.agency,
            number: self.number,
            restored: (self.restored || self.not_restored).then_some(self.restored),
            compensation_yuan: self.compensation,
            key: None,
            evidence: Vec::new(),
        };
        if let Some(on) = words.on.filter(|on| *on > Zoned::now().date()) {
            let (what, expected) = ("--on", "a day that has come, YYYY-MM-DD".to_owned());
            return Err(LedgerError::Words { what, expected, found: on.to_string() }.into());
        }
        // A lead that is named twice takes the step once.
        let mut named = BTreeSet::new();
        let ids: Vec<String> = self.id.into_iter().filter(|id| named.insert(id.clone())).collect();
        let decide = |book: &Book| -> Result<_, LedgerError> {
            Ok((ids.iter().map(|id| step(book, id, action, &words)).collect::<Result<_, _>>()?, ()))
        };
        let (events, ()) = ledger.write(&self.by.name()?, &now(), decide)?;
        for event in &events {
            let state = ledger.book().case(&event.lead)?.state;
            if self.json {
                let line = json!({"lead": event.lead, "kind": event.kind, "state": state.code(), "event": event.seq, "hash": event.hash});
                show::data(&line.to_string());
            }
            show::say(&format!("{} is {} (event {})", event.lead, state.english(), event.seq));
        }
        Ok(Exit::Complete)
    }
}
