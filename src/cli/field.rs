//! `leads due` and `leads statistics`: what is late, and how much of what was found was true.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::Zoned;
use serde_json::json;

use crate::assess::costs::{self, Cost};
use crate::assess::field::{self, Line, table};
use crate::cli::exit::Exit;
use crate::cli::leads::day;
use crate::cli::show;
use crate::date::{Date, days_between};
use crate::ledger::{Book, Case, Event, Ledger};
use crate::publish::spreadsheet::line;
use crate::publish::{chart, single};

/// Arguments of `leads due`.
#[derive(Debug, Args)]
pub struct Due {
    /// The day to ask for; today unless given
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    on: Option<Date>,
    /// Also what is due within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    within: i32,
    /// As JSON to stdout, one a line
    #[arg(long)]
    json: bool,
}

/// Arguments of `leads statistics`.
#[derive(Debug, Args)]
pub struct Statistics {
    /// What the table is by
    #[arg(long, value_enum, default_value_t = By::Model)]
    by: By,
    /// What false leads cost instead: by sub-model and reason, the dearest first
    #[arg(long, conflicts_with_all = ["by", "chart"])]
    costs: bool,
    /// As CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// As JSON, one line a row
    #[arg(long)]
    json: bool,
    /// Also as a picture in this file
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,
}

/// Columns of the statistics.
const HEAD: [&str; 20] = [
    "key",
    "leads",
    "area_mu",
    "told",
    "true",
    "share",
    "low",
    "high",
    "bar_0.75",
    "contested",
    "transferred",
    "filed",
    "closed",
    "restored_mu",
    "compensation_yuan",
    "most_frequent_cause",
    "drawn",
    "drawn_share",
    "drawn_low",
    "drawn_high",
];

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Model,
    Layer,
    Class,
    RedLine,
    Month,
    County,
}

impl Due {
    /// Lists answers and visits that are late; ends with 5 when there is one.
    pub fn run(&self, ledger: &Ledger) -> Exit {
        let on = self.on.unwrap_or_else(|| Zoned::now().date());
        let mut late = false;
        let mut lines: Vec<(Date, &str, &Case)> = Vec::new();
        for case in ledger.book().cases.values() {
            lines.extend(case.due.iter().map(|due| (due.on, due.rule.as_str(), case)));
            let visit = case.assigned.as_ref().and_then(|assigned| assigned.1);
            let is_open = case.state == crate::ledger::State::Assigned;
            lines.extend(visit.filter(|_| is_open).map(|until| (until, "visit", case)));
        }
        lines.sort_by(|a, b| (a.0, a.1, &a.2.id).cmp(&(b.0, b.1, &b.2.id)));
        for (due, what, case) in lines {
            let days = days_between(on, due);
            if days > self.within {
                continue;
            }
            late |= days < 0;
            let who = match what {
                "visit" => case.assigned.as_ref().map(|assigned| assigned.0.as_str()),
                _ => case.agency.as_deref(),
            };
            if self.json {
                let line =
                    json!({"lead": case.id, "what": what, "due": due.to_string(), "days": days, "who": who});
                show::data(&line.to_string());
                continue;
            }
            let when = if days < 0 { format!("{} days late", -days) } else { format!("in {days} days") };
            let line = format!("{:<12} {what:<13} {due}  {when:<14} {}", case.id, who.unwrap_or("-"));
            show::data(&show::plain(&line));
        }
        if late { Exit::Overdue } else { Exit::Complete }
    }
}

impl Statistics {
    /// Prints the table.
    pub fn run(&self, ledger: &mut Ledger) -> Result<Exit> {
        let events = ledger.events()?;
        if self.costs {
            return costs(ledger.book(), &events, (self.csv, self.json));
        }
        let by = match self.by {
            By::Model => field::By::Model,
            By::Layer => field::By::Layer,
            By::Class => field::By::Class,
            By::RedLine => field::By::RedLine,
            By::Month => field::By::Month,
            By::County => field::By::County,
        };
        let lines = table(ledger.book(), &events, by)?;
        if let Some(path) = &self.chart {
            single::write(path, picture(&lines).as_bytes())?;
            show::say(&format!("{}: the table as a picture", path.display()));
        }
        if self.json {
            for line in &lines {
                show::data(&serde_json::to_string(line)?);
            }
            return Ok(Exit::Complete);
        }
        let rows: Vec<Vec<String>> = lines.iter().map(cells).collect();
        if self.csv {
            show::data(&line(HEAD));
            rows.iter().for_each(|row| show::data(&line(row.iter().map(String::as_str))));
            return Ok(Exit::Complete);
        }
        aligned(&HEAD, &rows);
        show::say(
            "share: of the leads that somebody was at and could tell, or put aside at the desk, those that were true; 95 % interval (Wilson)",
        );
        show::say(
            "drawn: of those that `verify sample` drew at random, weighted by stratum: it alone speaks for leads that nobody has been to",
        );
        Ok(Exit::Complete)
    }
}

/// What false leads cost.
fn costs(book: &Book, events: &[Event], (csv, json): (bool, bool)) -> Result<Exit> {
    let lines = costs::costs(book, events);
    if json {
        for line in &lines {
            show::data(&serde_json::to_string(line)?);
        }
        return Ok(Exit::Complete);
    }
    let head = ["model", "reason", "leads", "visits", "share_of_visits", "area_mu"];
    let cells = |line: &Cost| {
        let (share, area) = (format!("{:.3}", line.share_of_visits), format!("{:.2}", line.area_mu));
        vec![
            line.model.clone(),
            line.reason.clone(),
            line.leads.to_string(),
            line.visits.to_string(),
            share,
            area,
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(cells).collect();
    if csv {
        show::data(&line(head));
        rows.iter().for_each(|row| show::data(&line(row.iter().map(String::as_str))));
    } else {
        aligned(&head, &rows);
        show::say(
            "visits: to leads that were no matter; share_of_visits: of all visits that the ledger knows",
        );
    }
    Ok(Exit::Complete)
}

/// The table as a picture.
fn picture(lines: &[Line]) -> String {
    let row = |line: &Line| chart::Row {
        label: line.key.clone(),
        share: line.share,
        cells: vec![
            line.leads.to_string(),
            line.told.to_string(),
            line.filed.to_string(),
            format!("{:.1}", line.restored_mu),
        ],
    };
    let heads = ["线索 leads", "已核实 told", "立案 filed", "恢复亩 mu back"];
    let bar = (field::BAR, "首县 75 %");
    chart::shares(
        "线索属实率 Share of true leads (95 %)",
        &heads,
        bar,
        &lines.iter().map(row).collect::<Vec<_>>(),
    )
}

/// A table with columns under each other.
fn aligned(head: &[&str], rows: &[Vec<String>]) {
    let width = |place: usize| {
        let cells = rows.iter().map(|row| row[place].chars().count());
        cells.chain([head[place].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let told = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width));
        show::data(cells.collect::<Vec<_>>().join("  ").trim_end());
    };
    told(head.to_vec());
    rows.iter().for_each(|row| told(row.iter().map(String::as_str).collect()));
}

fn cells(line: &Line) -> Vec<String> {
    let number = |number: f64| format!("{number:.2}");
    let share = |of: fn(&(f64, f64, f64)) -> f64| {
        line.share.as_ref().map_or("-".to_owned(), |share| number(of(share)))
    };
    let drawn = |of: fn(&(f64, f64, f64)) -> f64| {
        line.drawn.share.as_ref().map_or("-".to_owned(), |share| number(of(share)))
    };
    let cause = line.causes.first().map_or("-".to_owned(), |(cause, count)| format!("{cause} {count}"));
    vec![
        line.key.clone(),
        line.leads.to_string(),
        number(line.area_mu),
        line.told.to_string(),
        line.found_true.to_string(),
        share(|share| share.0),
        share(|share| share.1),
        share(|share| share.2),
        line.beside_bar.unwrap_or("-").to_owned(),
        line.contested.to_string(),
        line.transferred.to_string(),
        line.filed.to_string(),
        line.closed.to_string(),
        number(line.restored_mu),
        number(line.compensation_yuan),
        cause,
        line.drawn.told.to_string(),
        drawn(|share| share.0),
        drawn(|share| share.1),
        drawn(|share| share.2),
    ]
}
