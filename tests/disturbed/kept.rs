//! Outcomes that were worked out before: a table of hours may be left and gone on with.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::series::Outcome;

/// What judged: the same sources judge the same way.
const SOURCES: &str = env!("STEPPEWATCH_SOURCE");

/// A line of the file: one series under one disturbance, and the sources that judged it.
#[derive(Serialize, Deserialize)]
struct Line {
    sources: String,
    seed: u64,
    cell: String,
    outcome: Outcome,
}

/// What is known already, and where what comes is added.
#[derive(Default)]
pub struct Kept {
    known: BTreeMap<(u64, String), Outcome>,
    file: Option<Mutex<File>>,
}

impl Kept {
    /// Outcomes of a file that these sources wrote; a line that was cut off and those of other sources count for nothing.
    pub fn at(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let known = lines
            .filter(|line| line.sources == SOURCES)
            .map(|line| ((line.seed, line.cell), line.outcome))
            .collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(file).unwrap();
        }
        Self { known, file: Some(Mutex::new(file)) }
    }

    /// The outcome of a series, worked out only if it is not known.
    pub fn or_else(&self, seed: u64, cell: &str, work: impl FnOnce() -> Outcome) -> Outcome {
        if let Some(outcome) = self.known.get(&(seed, cell.to_owned())) {
            return outcome.clone();
        }
        let outcome = work();
        if let Some(file) = &self.file {
            let line =
                Line { sources: SOURCES.to_owned(), seed, cell: cell.to_owned(), outcome: outcome.clone() };
            let text = serde_json::to_string(&line).unwrap() + "\n";
            file.lock().unwrap().write_all(text.as_bytes()).unwrap();
        }
        outcome
    }
}
