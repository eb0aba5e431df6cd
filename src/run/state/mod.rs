//! A run that goes on: the look-back is learned once, each day is read once, and a night pays for what is new.
//!
//! In:  a plan, and the folder in which its state lies. Out: the output folder of `scan`, byte by byte, a state that knows
//!      everything that was seen so far, and a report of what the night brought.
//! Law: leads depend on the inputs alone: not on the order in which scenes came, nor on how often, nor on where runs before
//!      this one ended. A scene is known by what its files hold; one that is known is not taken in again, and one that
//!      changed is taken in anew with everything that depends on it. What is new since the last result is told once.

mod bring;

pub mod chunks;

mod days;

pub mod digest;

mod error;

pub mod export;

mod judge;

mod learn;

pub mod lease;

mod lies;

mod looked_back;

mod remote;

pub mod report;

mod stands;

pub mod store;

pub mod verify;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use error::StateError;
use report::{Report, Stopwatch};
use store::{Head, Published, Store, ToldDays};

use crate::plan::Plan;
use crate::publish::Staging;
use crate::publish::digest::Digests;
use crate::read::SetAside;
use crate::run::inputs::{self, Inputs};
use crate::run::{Found, Progress, RunError, fitted, outputs, published, workers};

/// What a run found, or that nothing changed since the last one.
pub enum Update {
    /// Everything is as it was when the last result was published.
    Same {
        /// Whether that result has gaps.
        has_gaps: bool,
    },
    /// A result, published.
    Published(Box<(Inputs, Found, PathBuf)>),
}

/// How a run is carried out.
pub struct Conduct<'a> {
    /// The command, for the manifest.
    pub command: Vec<String>,
    /// Who is told how far the run is.
    pub progress: &'a dyn Progress,
    /// The clock.
    pub now: &'a dyn Fn() -> Timestamp,
    /// Who is told of a scene that is set aside, when it happens.
    pub set_aside: &'a dyn Fn(&Path, &str),
}

/// One night: brings the state up to the scenes of a plan and publishes what it says then. Scenes that cannot be read are
/// set aside, whole and aloud, and looked at again the next night.
pub fn night(plan: &Plan, store: &mut Store, conduct: &Conduct) -> Result<(Update, Report), RunError> {
    let mut set_aside = SetAside::new();
    loop {
        let stopwatch = Stopwatch::new(conduct.progress);
        match update((plan, &mut *store), &set_aside, (conduct, &stopwatch)) {
            Err(RunError::Read(error)) => match error.file() {
                Some(file) if !set_aside.contains_key(file) => {
                    (conduct.set_aside)(file, &error.to_string());
                    set_aside.insert(file.to_owned(), error.to_string());
                }
                _ => return Err(error.into()),
            },
            Err(fault) => {
                store.forget_damaged(&fault);
                return Err(fault);
            }
            other => return other,
        }
    }
}

fn update(
    (plan, store): (&Plan, &mut Store),
    set_aside: &SetAside,
    (conduct, stopwatch): (&Conduct, &Stopwatch),
) -> Result<(Update, Report), RunError> {
    let started = (conduct.now)();
    report::settle(store, &plan.out)?;
    stopwatch.stage("inputs", 0);
    let mut memory = lies::read(store);
    let known = Digests::new(store.known_files());
    let inputs = inputs::gather_remembering(plan, set_aside, known, Some(&mut memory))?;
    let fingerprint = stands::fingerprint(plan, &inputs)?;
    store.keep_files(&inputs.digests.all())?;
    lies::keep(store, &memory)?;
    let mut report = Report::begin(started, &inputs, set_aside);
    let last = store.head.published.as_ref().filter(|last| last.of == fingerprint);
    if let Some(last) = last.filter(|last| outputs::whole(&plan.out).as_ref() == Some(&last.manifest)) {
        report.end((conduct.now)(), stopwatch);
        return Ok((Update::Same { has_gaps: last.has_gaps }, report));
    }
    let staging = Staging::begin(&plan.out)?;
    let (threads, tile_size) = fitted(plan, &inputs)?;
    let scratch = staging.path("");
    let found = workers(threads)?
        .install(|| bring::bring((plan, &inputs), store, (&scratch, tile_size), (&mut report, stopwatch)))?;
    inputs.digests.check_listed().map_err(StateError::from)?;
    report.found(&found, digest::digest(digest::published(&plan.out), &found.records.leads));
    report.end((conduct.now)(), stopwatch);
    report.keep(store)?;
    let result = published(plan, inputs, found, (staging, started, conduct.command.clone()), stopwatch)?;
    let has_gaps = !result.1.gaps.is_empty();
    let published =
        outputs::whole(&result.2).map(|manifest| Published { of: fingerprint, manifest, has_gaps });
    report::settle(store, &plan.out)?;
    let views = store.head.views.iter().map(|view| (view.date, view.of.clone())).collect();
    let told = Some(ToldDays { key: store.head.key.clone(), views });
    store.commit(Head { published, told, ..store.head.clone() })?;
    Ok((Update::Published(Box::new(result)), report))
}
