//! `watch`: one night of a run that goes on, for timers.
//!
//! Words, or a line of JSON an event, to stderr; the report of the night to stdout with `--json`; numbers for Prometheus into
//! a file that is replaced whole.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bucket::Address;
use crate::cli::exit::{self, Exit};
use crate::cli::ledger::{By, Recorder};
use crate::cli::place::{self, Placed};
use crate::cli::scan::{Asked, Scanned};
use crate::cli::show::{self, Bar};
use crate::cli::{events::Events, metrics};
use crate::ledger::Place;
use crate::plan::Plan;
use crate::publish::staging::MANIFEST;
use crate::run::state::report::Report;
use crate::run::state::store::Store;
use crate::run::state::{self, Conduct, StateError, Update, lease};
use crate::run::{Progress, RunError};

/// How a night speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// Words for people
    Text,
    /// A line of JSON an event
    Json,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    asked: Asked,
    /// Output folder; written whole or not at all, and replaced by each night that brings anything
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of the state, here or in object storage (s3://BUCKET/PREFIX, with a working copy beside the output folder);
    /// without it the output folder's name with `.state`
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Seconds for which a sign of life counts, of a state in object storage, for trials
    #[arg(long, hide = true, default_value_t = lease::SECONDS)]
    lease: u64,
    /// How to speak on stderr
    #[arg(long, value_enum, default_value = "text")]
    log: Log,
    /// File for the textfile collector of Prometheus (its name ends in .prom), replaced whole
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Print the report of the night as JSON on stdout
    #[arg(long)]
    json: bool,
    /// Take the result into this ledger, once
    #[arg(long, value_name = place::NAME, value_parser = Placed)]
    ledger: Option<Place>,
    #[command(flatten)]
    by: By,
    /// The time that it is, RFC 3339, for trials
    #[arg(long, hide = true)]
    now: Option<Timestamp>,
}

/// What became of a night, for metrics.
struct Night {
    exit: Exit,
    report: Option<Report>,
}

impl Watch {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let (begun, now) = (Instant::now(), self.now);
        let clock = move || now.unwrap_or_else(Timestamp::now);
        let events = Events::new(&clock);
        let outcome = self.night(&clock, &events);
        let (exit, report) = match &outcome {
            Ok(Night { exit, report }) => (*exit, report.as_ref()),
            Err(error) => (exit::of_error(error), None),
        };
        if self.log == Log::Json {
            let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
            let level = if error.is_some() { "error" } else { "info" };
            events.say(level, "end", json!({ "exit": exit.number(), "error": error }));
        }
        // Who holds the state writes the numbers of tonight.
        if let Some(path) = self.metrics.as_ref().filter(|_| exit != Exit::Busy) {
            metrics::write(path, (exit, report), (clock(), begun.elapsed()))?;
        }
        match outcome {
            Ok(night) => Ok(night.exit),
            Err(_) if self.log == Log::Json => Ok(exit),
            Err(error) => Err(error),
        }
    }

    fn night(&self, clock: &dyn Fn() -> Timestamp, events: &Events) -> Result<Night> {
        let plan = self.asked.plan(self.out.as_deref())?;
        let folder = self.state.clone().unwrap_or_else(|| beside(&plan, ".state"));
        let recorder = self.ledger.as_ref().map(|ledger| Recorder::open(ledger, &self.by)).transpose()?;
        let in_json = self.log == Log::Json;
        if in_json {
            let started =
                json!({ "out": plan.out.display().to_string(), "state": folder.display().to_string() });
            events.say("info", "start", started);
        }
        let mut store = match Address::of(&folder)? {
            Some(address) => Store::open_remote(address, &beside(&plan, ".state-copy"), (false, self.lease))?,
            None => {
                apart(&folder, &plan.out)?;
                Store::open(&folder)?
            }
        };
        let bar = Bar::new();
        let progress: &dyn Progress = if in_json { events } else { &bar };
        let conduct = Conduct {
            command: std::env::args().collect(),
            progress,
            now: clock,
            set_aside: &|file, why| self.tell_set_aside(events, file, why),
        };
        let (update, report) = state::night(&plan, &mut store, &conduct)?;
        bar.finish();
        let exit = self.told(update, &report, events);
        // A night that was killed before this line is taken in by the next one, whether that brings anything or not.
        if let Some(recorder) = recorder.filter(|_| plan.out.join(MANIFEST).is_file()) {
            let recorded = recorder.record(&plan.out)?;
            if in_json { events.say("info", "ledger", recorded.as_json()) } else { recorded.tell() }
        }
        if self.json {
            show::data(&serde_json::to_string(&report).context("the report cannot be written")?);
        }
        Ok(Night { exit, report: Some(report) })
    }

    fn tell_set_aside(&self, events: &Events, file: &Path, why: &str) {
        match self.log {
            Log::Json => events.say(
                "warning",
                "set aside",
                json!({ "file": file.display().to_string(), "reason": why }),
            ),
            Log::Text => show::say(&format!("set aside until the next night: {why}")),
        }
    }

    /// Says what the night brought, and how it ends.
    fn told(&self, update: Update, report: &Report, events: &Events) -> Exit {
        let in_json = self.log == Log::Json;
        let missed = !report.set_aside.is_empty();
        match update {
            Update::Same { has_gaps } => {
                if in_json {
                    events.say("info", "nothing new", Value::Null);
                } else {
                    show::say("nothing new: the result is that of the last night");
                }
                if missed || has_gaps { Exit::Gaps } else { Exit::Complete }
            }
            Update::Published(published) => {
                let (inputs, found, out) = *published;
                let scanned = Scanned { inputs, found, out };
                if in_json {
                    events.say("info", "published", json!(report));
                } else {
                    show::say(&format!("{}\n{}", scanned.in_words(), in_words(report)));
                }
                if scanned.found.gaps.is_empty() && !missed { Exit::Complete } else { Exit::Gaps }
            }
        }
    }
}

/// The state beside an output folder.
fn beside(plan: &Plan, ending: &str) -> PathBuf {
    let mut name = plan.out.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    plan.out.with_file_name(name)
}

/// A state lies neither in the output folder, which is replaced, nor around it.
fn apart(state: &Path, out: &Path) -> Result<()> {
    let (state, out) = (std::path::absolute(state)?, std::path::absolute(out)?);
    if state.starts_with(&out) || out.starts_with(&state) {
        let (path, out) = (state, out.display());
        return Err(RunError::from(StateError::Within { path, out: out.to_string() }).into());
    }
    Ok(())
}

/// What a night brought, for people.
fn in_words(report: &Report) -> String {
    let mut lines = Vec::new();
    if !report.learned.is_empty() {
        lines.push(format!("look-back learned, because of: {}", report.learned.join(", ")));
    }
    let days = |days: &[crate::date::Date]| match days {
        [] => "none".to_owned(),
        [only] => only.to_string(),
        [first, .., last] => format!("{} from {first} to {last}", days.len()),
    };
    lines.push(format!(
        "days taken in: {}; gone: {}; {} of {} cells judged",
        days(&report.days_taken),
        days(&report.days_gone),
        report.cells_judged,
        report.cells
    ));
    let digest = &report.digest;
    for lead in &digest.new {
        lines.push(format!(
            "new      {} {} {:.2} {:.1} mu",
            lead.id, lead.model, lead.confidence, lead.area_mu
        ));
    }
    for changed in &digest.changed {
        lines.push(format!(
            "changed  {} {}: {}",
            changed.lead.id,
            changed.lead.model,
            changed.what.join(", ")
        ));
    }
    for lead in &digest.gone {
        lines.push(format!("gone     {} {}", lead.id, lead.model));
    }
    lines.push(format!(
        "{} new, {} changed, {} gone, {} as before",
        digest.new.len(),
        digest.changed.len(),
        digest.gone.len(),
        digest.unchanged
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_lies_beside_its_output_however_that_is_written() {
        let near = |out: &str| PathBuf::from(out).with_file_name("x");
        assert_eq!(near("a/out/"), PathBuf::from("a/x"));
        assert!(apart(Path::new("a/out.state"), Path::new("a/out")).is_ok());
        for (state, out) in [("a/out", "a/out"), ("a/out/state", "a/out"), ("a", "a/out")] {
            assert!(apart(Path::new(state), Path::new(out)).is_err());
        }
    }
}
