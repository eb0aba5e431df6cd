//! `leads`: the cases of a ledger, listed, shown, moved on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::field::{Due, Statistics};
use crate::cli::ledger::{By, now};
use crate::cli::show;
use crate::date::{Date, parse_date};
use crate::ledger::rows::{self, Cell};
use crate::ledger::state::{Action, Cause, Verdict};
use crate::ledger::steps::{Words, step};
use crate::ledger::{Book, Case, Ledger, LedgerError, State};

/// Arguments of `leads`.
#[derive(Debug, Args)]
pub struct Leads {
    /// The ledger
    #[arg(long, global = true, value_name = "FILE.gpkg", default_value = "ledger.gpkg")]
    ledger: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Leads as they stand, the surest first
    List(Filter),
    /// Everything that is known of one, with its history
    Show {
        /// The lead
        id: String,
        /// As JSON to stdout
        #[arg(long)]
        json: bool,
    },
    /// Answers and visits that are late; ends with 5 when there is one
    Due(Due),
    /// How much of what was found was true, by sub-model, red line, class or month
    Statistics(Statistics),
    /// Looked over at the desk, worth a visit
    Triage(Step),
    /// Send somebody: --to, --until
    Assign(Step),
    /// What was found on the ground: --verdict, --who, --on
    Verify(Step),
    /// What counts where verdicts differ: --verdict, --reason
    Settle(Step),
    /// No matter for this office: --cause
    Reject(Step),
    /// Hand it to an agency: --agency
    Transfer(Step),
    /// File a case: --number
    File(Step),
    /// A suggestion was sent: --agency, --on; the answer is due in two months or on --until
    Advise(Step),
    /// The answer came
    Reply(Step),
    /// The ground is being put right
    Rectify(Step),
    /// It was looked at again: --restored or --not-restored
    LookAgain(Step),
    /// Done: --reason
    Close(Step),
    /// Open once more: --reason
    Reopen(Step),
}

/// Which leads.
#[derive(Debug, Args)]
struct Filter {
    /// Only these states
    #[arg(long, value_delimiter = ',', value_parser = state)]
    state: Vec<State>,
    /// Only these sub-models
    #[arg(long, value_delimiter = ',', value_name = "G1,G2")]
    model: Vec<String>,
    /// Only inside this red line (id or name)
    #[arg(long, value_name = "ID")]
    redline: Option<String>,
    /// Only leads that stand where they stand since this day or before it
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    since_before: Option<Date>,
    /// Only those whose answer is due before this day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    due_before: Option<Date>,
    /// Also what is closed, rejected or merged
    #[arg(long)]
    all: bool,
    /// As JSON to stdout, one a line
    #[arg(long)]
    json: bool,
}

/// One step of some leads.
#[derive(Debug, Args)]
struct Step {
    /// The leads
    #[arg(required = true)]
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
}

/// A day as flags give it.
pub fn day(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "expected a day as YYYY-MM-DD".to_owned())
}

fn state(text: &str) -> Result<State, String> {
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

impl Leads {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let mut ledger = Ledger::open(&self.ledger)?;
        let (action, step) = match self.verb {
            Verb::List(filter) => return Ok(filter.list(ledger.book())),
            Verb::Due(due) => return Ok(due.run(&ledger)),
            Verb::Statistics(statistics) => return statistics.run(&mut ledger),
            Verb::Show { id, json } => return shown(&mut ledger, &id, json),
            Verb::Triage(step) => (Action::Triage, step),
            Verb::Assign(step) => (Action::Assign, step),
            Verb::Verify(step) => (Action::Verify, step),
            Verb::Settle(step) => (Action::Settle, step),
            Verb::Reject(step) => (Action::Reject, step),
            Verb::Transfer(step) => (Action::Transfer, step),
            Verb::File(step) => (Action::File, step),
            Verb::Advise(step) => (Action::Advise, step),
            Verb::Reply(step) => (Action::Reply, step),
            Verb::Rectify(step) => (Action::Rectify, step),
            Verb::LookAgain(step) => (Action::LookAgain, step),
            Verb::Close(step) => (Action::Close, step),
            Verb::Reopen(step) => (Action::Reopen, step),
        };
        step.take(&mut ledger, action)
    }
}

impl Filter {
    fn list(&self, book: &Book) -> Exit {
        let mut cases: Vec<&Case> = book.cases.values().filter(|case| self.wants(case)).collect();
        let order =
            |case: &Case| std::cmp::Reverse((case.number_of("confidence").unwrap_or(0.0) * 1e4) as i64);
        cases.sort_by_key(|case| (order(case), case.id.clone()));
        for case in &cases {
            if self.json {
                show::data(&row(case).to_string());
                continue;
            }
            let due = case.due.map_or(String::new(), |due| format!("  due {due}"));
            let contested = if case.is_contested() { "  verdicts differ" } else { "" };
            show::data(&format!(
                "{:<12} {:<12} {:<4} {:.2} {:>9.2} mu  {}  {}{due}{contested}",
                case.id,
                case.state.code(),
                case.text("model"),
                case.number_of("confidence").unwrap_or(0.0),
                case.number_of("area_mu").unwrap_or(0.0),
                case.text("first_seen"),
                case.text("redline_name"),
            ));
        }
        let mut counts: BTreeMap<State, usize> = BTreeMap::new();
        cases.iter().for_each(|case| *counts.entry(case.state).or_default() += 1);
        let counts: Vec<String> =
            counts.iter().map(|(state, count)| format!("{count} {}", state.english())).collect();
        show::say(&format!("{} leads: {}", cases.len(), counts.join(", ")));
        Exit::Complete
    }

    fn wants(&self, case: &Case) -> bool {
        let is_in = |redline: &String| {
            let lines = case.properties.get("redlines").and_then(Value::as_array);
            let mut named = lines.into_iter().flatten().flat_map(|line| [&line["id"], &line["name"]]);
            named.any(|name| name == redline)
        };
        (if self.state.is_empty() {
            self.all || !case.state.is_done()
        } else {
            self.state.contains(&case.state)
        }) && (self.model.is_empty() || self.model.iter().any(|model| model == case.text("model")))
            && self.redline.as_ref().is_none_or(is_in)
            && self.since_before.is_none_or(|day| case.since.get(..10) <= Some(day.to_string().as_str()))
            && self.due_before.is_none_or(|day| case.due.is_some_and(|due| due < day))
    }
}

/// The row of a case, as QGIS shows it.
fn row(case: &Case) -> Value {
    let cells = rows::lead(case).cells;
    let value = |cell: Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Text(words) => json!(words),
        Cell::Whole(number) => json!(number),
        Cell::Real(number) => json!(number),
    };
    let named =
        rows::LEADS.columns.iter().zip(cells).map(|((name, _), cell)| ((*name).to_owned(), value(cell)));
    Value::Object(named.collect())
}

fn shown(ledger: &mut Ledger, id: &str, json: bool) -> Result<Exit> {
    let case = ledger.book().case(id)?.clone();
    let events: Vec<_> =
        ledger.events()?.into_iter().filter(|event| case.events.contains(&event.seq)).collect();
    if json {
        let events: Vec<Value> = events
            .iter()
            .map(|event| json!({"seq": event.seq, "kind": event.kind, "at": event.at_local, "actor": event.actor, "reason": event.reason, "hash": event.hash}))
            .collect();
        show::data(&json!({"lead": row(&case), "record": case.properties, "events": events}).to_string());
        return Ok(Exit::Complete);
    }
    for (name, value) in row(&case).as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or(value.to_string(), str::to_owned);
        show::data(&format!("{name:<16} {value}"));
    }
    for event in events {
        let reason = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        show::data(&format!("{:>6} {} {} by {}{reason}", event.seq, event.at_local, event.kind, event.actor));
    }
    Ok(Exit::Complete)
}

impl Step {
    fn take(self, ledger: &mut Ledger, action: Action) -> Result<Exit> {
        let words = Words {
            reason: self.reason,
            who: self.to.or(self.who),
            on: self.on,
            until: self.until,
            verdict: self.verdict,
            cause: self.cause,
            agency: self.agency,
            number: self.number,
            restored: (self.restored || self.not_restored).then_some(self.restored),
            key: None,
            evidence: Vec::new(),
        };
        let mut ids = self.id;
        ids.dedup();
        let decide = |book: &Book| -> Result<_, LedgerError> {
            Ok((ids.iter().map(|id| step(book, id, action, &words)).collect::<Result<_, _>>()?, ()))
        };
        let (events, ()) = ledger.write(&self.by.name()?, &now(), decide)?;
        for event in &events {
            let state = ledger.book().case(&event.lead)?.state;
            show::say(&format!("{} is {} (event {})", event.lead, state.english(), event.seq));
        }
        Ok(Exit::Complete)
    }
}
