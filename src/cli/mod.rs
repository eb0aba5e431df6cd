//! The command line: one verb a file. Data go to files or stdout, words to stderr.
//! The only door to the argument parser and to the terminal.

pub mod assess;
pub mod check;
pub mod complete;
pub mod demo;
pub mod desk;
pub mod events;
pub mod exit;
pub mod explain;
pub mod field;
pub mod init;
pub mod interrupt;
pub mod labels;
pub mod leads;
pub mod ledger;
pub mod look_again;
pub mod manifest;
pub mod merge;
pub mod metrics;
pub mod place;
pub mod plan;
pub mod read_apart;
pub mod report;
pub mod sample;
pub mod scan;
pub mod scenes;
pub mod shard;
pub mod show;
pub mod simulate;
pub mod state;
pub mod trace;
pub mod verify;
pub mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::read::apart;
use exit::Exit;

/// Compares satellite imagery with ecological red lines and turns the difference into leads
/// that a person can check on the ground.
#[derive(Debug, Parser)]
#[command(name = "steppewatch", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The main job on bundled and simulated scenes; prints where to look
    Demo(demo::Demo),
    /// Write a plan.toml with every key explained
    Init(init::Init),
    /// Everything except pixels: what will be read, what is wrong
    Check(check::Check),
    /// Scenes and red lines to leads
    Scan(scan::Scan),
    /// Scenes that lie elsewhere: search a STAC catalogue, mirror what a scan needs
    Scenes(scenes::Scenes),
    /// One night of a scan that goes on: learns once, then pays for new scenes only
    Watch(watch::Watch),
    /// What a watch remembers: verify, compact, export
    State(state::State),
    /// Cut a scan into shards for several machines: a job folder
    Plan(plan::PlanVerb),
    /// Compute one shard of a job
    Shard(shard::Shard),
    /// Put the shards of a job together, as a scan would have
    Merge(merge::Merge),
    /// What every step made of one place
    Trace(trace::Trace),
    /// Sub-models: rules, thresholds, sources
    Explain(explain::Explain),
    /// What was found, run and decided: an append-only record
    Ledger(ledger::Ledger),
    /// Leads as they stand, and the steps that people take with them
    Leads(leads::Leads),
    /// Whether ground that was put right is like its look-alikes again, through a whole growing season
    LookAgain(look_again::LookAgain),
    /// Leads for QGIS, a phone, a drone, paper, a browser
    Report(report::Report),
    /// The manifest of a run: verify, repeat, sign, list, as W3C PROV
    Manifest(manifest::Manifest),
    /// The map of a ledger in a browser of this machine, with verdicts written into the ledger
    Desk(desk::Desk),
    /// What was found on the ground, back into the ledger
    Verify(verify::Verify),
    /// Leads against what is known to have changed, or a verified sample: accuracy with intervals
    Assess(assess::Assess),
    /// A simulated steppe with known parcels, drought and cloud
    Simulate(simulate::Simulate),
    /// Decode files for another run of this program, and do nothing else
    #[command(hide = true)]
    ReadApart(read_apart::ReadApart),
}

/// Entry of the program.
pub fn main() -> ExitCode {
    complete::answer();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data; a wrong flag is a wrong usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Complete };
            let _ = error.print();
            return exit.code();
        }
    };
    if let Verb::ReadApart(verb) = cli.verb {
        return verb.run().code();
    }
    interrupt::watch();
    if let Ok(program) = std::env::current_exe() {
        apart::by(program);
    }
    let outcome = match cli.verb {
        Verb::Demo(verb) => verb.run(),
        Verb::Init(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Scan(verb) => verb.run(),
        Verb::Scenes(verb) => verb.run(),
        Verb::Watch(verb) => verb.run(),
        Verb::State(verb) => verb.run(),
        Verb::Plan(verb) => verb.run(),
        Verb::Shard(verb) => verb.run(),
        Verb::Merge(verb) => verb.run(),
        Verb::Trace(verb) => verb.run(),
        Verb::Explain(verb) => verb.run(),
        Verb::Ledger(verb) => verb.run(),
        Verb::Leads(verb) => verb.run(),
        Verb::LookAgain(verb) => verb.run(),
        Verb::Report(verb) => verb.run(),
        Verb::Manifest(verb) => verb.run(),
        Verb::Desk(verb) => verb.run(),
        Verb::Verify(verb) => verb.run(),
        Verb::Assess(verb) => verb.run(),
        Verb::Simulate(verb) => verb.run(),
        Verb::ReadApart(verb) => Ok(verb.run()),
    };
    match outcome {
        Ok(exit) => exit.code(),
        Err(error) => {
            show::error(&error);
            exit::of_error(&error).code()
        }
    }
}
