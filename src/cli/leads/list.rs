//! `leads list` and `leads show`: cases as they stand.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use jiff::Zoned;
use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::leads::step::{day, state};
use crate::cli::show;
use crate::date::{Date, days_between, parse_date};
use crate::ledger::rows;
use crate::ledger::{Book, Case, Event, Ledger, State};

/// Which leads.
#[derive(Debug, Args)]
pub struct Filter {
    /// Only these states
    #[arg(long, value_delimiter = ',', value_parser = state)]
    state: Vec<State>,
    /// Only these sub-models
    #[arg(long, value_delimiter = ',', value_name = "G1,G2")]
    model: Vec<String>,
    /// Only inside this red line (id or name)
    #[arg(long, value_name = "ID")]
    redline: Option<String>,
    /// Only in this county (`leads locate` says where leads lie)
    #[arg(long, value_name = "NAME")]
    county: Option<String>,
    /// Only leads that were found more than so many days ago
    #[arg(long, value_name = "DAYS")]
    older_than: Option<i32>,
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

impl Filter {
    /// Prints the leads.
    pub fn list(&self, book: &Book) -> Exit {
        let mut cases: Vec<&Case> = book.cases.values().filter(|case| self.wants(case)).collect();
        let order =
            |case: &Case| std::cmp::Reverse((case.number_of("confidence").unwrap_or(0.0) * 1e4) as i64);
        cases.sort_by_key(|case| (order(case), case.id.clone()));
        for case in &cases {
            if self.json {
                show::data(&row(case).to_string());
                continue;
            }
            let due = case.due().map_or(String::new(), |due| format!("  due {}", due.on));
            let contested = if case.is_contested() { "  verdicts differ" } else { "" };
            show::data(&show::plain(&format!(
                "{:<12} {:<12} {:<4} {:.2} {:>9.2} mu  {}  {}{due}{contested}",
                case.id,
                case.state.code(),
                case.text("model"),
                case.number_of("confidence").unwrap_or(0.0),
                case.number_of("area_mu").unwrap_or(0.0),
                case.text("first_seen"),
                case.text("redline_name"),
            )));
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
            && self.county.as_ref().is_none_or(|county| case.county.as_ref() == Some(county))
            && self.older_than.is_none_or(|days| age_days(case) > days)
            && self.redline.as_ref().is_none_or(is_in)
            && self.since_before.is_none_or(|day| case.since.get(..10) <= Some(day.to_string().as_str()))
            && self.due_before.is_none_or(|day| case.due().is_some_and(|due| due.on < day))
    }
}

/// Days since a case was found.
fn age_days(case: &Case) -> i32 {
    let found = case.found.get(..10).and_then(parse_date);
    found.map_or(0, |found| days_between(found, Zoned::now().date()))
}

/// The row of a case, as QGIS shows it.
fn row(case: &Case) -> Value {
    rows::as_json(&rows::LEADS, &rows::lead(case))
}

/// Prints everything that is known of one.
pub fn shown(ledger: &mut Ledger, id: &str, json: bool) -> Result<Exit> {
    let case = ledger.book().case(id)?.clone();
    let all = ledger.events()?;
    let events: Vec<_> = case.events_of(&all).collect();
    let photographs: Vec<Value> = events.iter().copied().flat_map(photographs).collect();
    if json {
        let events: Vec<Value> = events
            .iter()
            .map(|event| json!({"seq": event.seq, "kind": event.kind, "at": event.at_local, "actor": event.actor, "reason": event.reason, "hash": event.hash}))
            .collect();
        let all = json!({"lead": row(&case), "record": case.properties, "events": events, "photographs": photographs});
        show::data(&all.to_string());
        return Ok(Exit::Complete);
    }
    for (name, value) in row(&case).as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or(value.to_string(), str::to_owned);
        show::data(&show::plain(&format!("{name:<16} {value}")));
    }
    for photograph in &photographs {
        let text = |name: &str| photograph[name].as_str().unwrap_or_default();
        show::data(&format!(
            "{:<16} {} at {}, {} {} looking {} from {} sha256 {}",
            "photograph",
            text("file"),
            photograph["lon_deg"],
            photograph["lat_deg"],
            text("taken"),
            photograph["direction_deg"],
            text("direction_from"),
            text("sha256")
        ));
    }
    for event in events {
        let reason = if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        let line = format!("{:>6} {} {} by {}{reason}", event.seq, event.at_local, event.kind, event.actor);
        show::data(&show::plain(&line));
    }
    Ok(Exit::Complete)
}

/// Pictures that an event links.
fn photographs(event: &Event) -> Vec<Value> {
    let body = event.body().unwrap_or_default();
    body["photographs"].as_array().cloned().unwrap_or_default()
}
