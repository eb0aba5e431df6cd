//! What a night did and brought: one JSON file a night that published.
//!
//! Law: a report is written before its result is published and gets its place afterwards, so that what is new is told once,
//! whatever moment a run ends at: a report whose result never appeared is thrown away, and the next night tells it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::date::Date;
use crate::publish::single;
use crate::publish::staging::MANIFEST;
use crate::read::SetAside;
use crate::run::inputs::Inputs;
use crate::run::state::StateError;
use crate::run::state::digest::Digest;
use crate::run::state::store::{NIGHTS, PENDING, Store};
use crate::run::{Found, Progress, RunError};
use crate::units::rounded;

/// What a night did and brought.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Start, RFC 3339.
    pub started: String,
    /// When the result was ready to be published, RFC 3339.
    pub ended: String,
    /// Scenes used.
    pub scenes: usize,
    /// Files of scenes that could not be read, with the reason; looked at again the next night.
    pub set_aside: Vec<(String, String)>,
    /// What the look-back stood on that was otherwise before, so that it was learned; empty where it was known.
    pub learned: Vec<String>,
    /// Days taken in, the first time or anew.
    pub days_taken: Vec<Date>,
    /// Days whose scenes are gone.
    pub days_gone: Vec<Date>,
    /// Cells.
    pub cells: usize,
    /// Cells of which anything new was seen.
    pub cells_judged: usize,
    /// Leads, patches kept aside, gaps.
    pub leads: usize,
    /// Patches kept aside.
    pub suppressed: usize,
    /// Gaps.
    pub gaps: usize,
    /// What differs from the result before.
    pub digest: Digest,
    /// Bytes of the state.
    pub state_bytes: StateBytes,
    /// Seconds by stage, in order.
    pub stages: Vec<(String, f64)>,
}

/// Bytes of the parts of a state.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct StateBytes {
    /// What was learned.
    pub look_back: u64,
    /// What the days showed.
    pub days: u64,
    /// Evidence after the last of them.
    pub evidence: u64,
}

impl Report {
    /// The report of a night that begins.
    pub fn begin(started: Timestamp, inputs: &Inputs, set_aside: &SetAside) -> Self {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            started: started.to_string(),
            scenes: inputs.scenes.len(),
            set_aside: set_aside.iter().map(|(path, reason)| (name(path), reason.clone())).collect(),
            ..Self::default()
        }
    }

    /// What was found.
    pub fn found(&mut self, found: &Found, digest: Digest) {
        (self.leads, self.suppressed) = (found.records.leads.len(), found.records.suppressed.len());
        (self.gaps, self.digest) = (found.gaps.len(), digest);
    }

    /// The end of the night.
    pub fn end(&mut self, ended: Timestamp, stopwatch: &Stopwatch) {
        (self.ended, self.stages) = (ended.to_string(), stopwatch.stages());
    }

    /// Writes the report beside its place.
    pub fn keep(&self, store: &Store) -> Result<(), RunError> {
        let path = store.path(PENDING);
        let json = serde_json::to_string_pretty(self).map_err(io::Error::other);
        let json = json.map_err(|source| StateError::Access { path: path.clone(), source })?;
        single::write(&path, format!("{json}\n").as_bytes())?;
        Ok(store.keep(PENDING)?)
    }
}

/// Gives a report that waits its place if its result was published, and throws it away otherwise.
pub fn settle(store: &Store, out: &Path) -> Result<(), StateError> {
    let path = store.path(PENDING);
    let Ok(bytes) = fs::read(&path) else { return Ok(()) };
    let started = |json: &[u8], part: fn(&Value) -> &Value| {
        let json: Value = serde_json::from_slice(json).unwrap_or_default();
        part(&json)["started"].as_str().map(str::to_owned)
    };
    let of_report = started(&bytes, |report| report);
    let manifest = fs::read(out.join(MANIFEST)).unwrap_or_default();
    let is_published = of_report.is_some() && of_report == started(&manifest, |manifest| &manifest["run"]);
    let access = |source| StateError::Access { path: path.clone(), source };
    if is_published {
        let name = format!("{NIGHTS}/{}.json", of_report.unwrap_or_default().replace(':', "-"));
        fs::rename(&path, store.path(&name)).map_err(access)?;
        store.keep(&name)?;
    } else {
        fs::remove_file(&path).map_err(access)?;
    }
    store.let_go(PENDING)
}

/// Tells somebody how far a run is and keeps how long its stages took.
pub struct Stopwatch<'a> {
    told: &'a dyn Progress,
    stages: Mutex<Vec<(String, Instant)>>,
}

impl<'a> Stopwatch<'a> {
    /// Starts now.
    pub fn new(told: &'a dyn Progress) -> Self {
        Self { told, stages: Mutex::default() }
    }

    /// Seconds by stage so far.
    pub fn stages(&self) -> Vec<(String, f64)> {
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = stages.iter().skip(1).map(|(_, begun)| *begun).chain([Instant::now()]);
        let seconds = |begun: &Instant, end: Instant| rounded(end.duration_since(*begun).as_secs_f64(), 3);
        stages.iter().zip(ends).map(|((name, begun), end)| (name.clone(), seconds(begun, end))).collect()
    }
}

impl Progress for Stopwatch<'_> {
    fn stage(&self, name: &str, units: u64) {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), Instant::now()));
        self.told.stage(name, units);
    }

    fn step(&self, units: u64) {
        self.told.step(units);
    }
}
