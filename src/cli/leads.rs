//! `leads`: the cases of a ledger, listed, shown, moved on.

mod hand_over;
mod list;
mod locate;
mod step;

use anyhow::Result;
use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;

use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::field::{Due, Statistics};
use crate::cli::labels::{Labels, Refit};
use crate::cli::leads::hand_over::{Deadlines, Package};
use crate::cli::leads::list::{Filter, shown};
use crate::cli::leads::locate::Locate;
use crate::cli::leads::step::Step;
use crate::cli::place::{self, Placed};
use crate::ledger::state::Action;
use crate::ledger::{Ledger, Place};

pub use step::day;

/// Arguments of `leads`.
#[derive(Debug, Args)]
pub struct Leads {
    /// The ledger
    #[arg(long, global = true, value_name = place::NAME, value_parser = Placed, default_value = "ledger.gpkg")]
    ledger: Place,
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
        #[arg(add = ArgValueCompleter::new(complete::leads))]
        id: String,
        /// As JSON to stdout
        #[arg(long)]
        json: bool,
    },
    /// Answers and visits that are late; ends with 5 when there is one
    Due(Due),
    /// Say which county each lead lies in, from a layer of counties; writes what is new
    Locate(Locate),
    /// The folder that goes to an agency: leads, pictures, records, receipt
    Package(Package),
    /// The rules of deadlines that hold, and how to set others
    Deadlines(Deadlines),
    /// How much of what was found was true, by sub-model, red line, class or month
    Statistics(Statistics),
    /// What was found on the ground as labels for `scan --verified`
    Labels(Labels),
    /// How well confidence agrees with what was found at leads that were drawn, before and after a fit to them
    Refit(Refit),
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
    /// The agency has confirmed that it holds it: --on, --number
    Receipt(Step),
    /// File a case: --number
    File(Step),
    /// A suggestion was sent: --agency, --on; the answer is due as the rules say, or on --until
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

impl Leads {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let reads = match &self.verb {
            Verb::List(_)
            | Verb::Due(_)
            | Verb::Statistics(_)
            | Verb::Labels(_)
            | Verb::Refit(_)
            | Verb::Show { .. } => true,
            Verb::Deadlines(deadlines) => deadlines.only_reads(),
            _ => false,
        };
        let open = if reads { Ledger::open_to_read } else { Ledger::open };
        let mut ledger = open(&self.ledger)?;
        let (action, step) = match self.verb {
            Verb::List(filter) => return Ok(filter.list(ledger.book())),
            Verb::Due(due) => return Ok(due.run(&ledger)),
            Verb::Statistics(statistics) => return statistics.run(&mut ledger),
            Verb::Labels(labels) => return labels.run(&mut ledger),
            Verb::Refit(refit) => return refit.run(&mut ledger),
            Verb::Package(package) => return package.run(&mut ledger),
            Verb::Deadlines(deadlines) => return deadlines.run(&mut ledger),
            Verb::Locate(locate) => return locate.run(&mut ledger),
            Verb::Show { id, json } => return shown(&mut ledger, &id, json),
            Verb::Triage(step) => (Action::Triage, step),
            Verb::Assign(step) => (Action::Assign, step),
            Verb::Verify(step) => (Action::Verify, step),
            Verb::Settle(step) => (Action::Settle, step),
            Verb::Reject(step) => (Action::Reject, step),
            Verb::Transfer(step) => (Action::Transfer, step),
            Verb::Receipt(step) => (Action::Receipt, step),
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
