//! Files of others are decoded in a process of their own, which may do nothing but that (`--isolate`).
//!
//! In:  questions about a file. Out: the same answers that this process would find, number by number.
//! Law: a decoder that crashes, never ends or asks for too much takes its process along and not the run: its file is named
//!      and set aside. A process that dies with other files open proves nothing, so the file is asked once more alone; one
//!      that was alone, or that did not come to an end, is not asked again.
//! Source: GDAL's manual on security, which advises a sandbox for data from unknown hands.

mod child;
mod limits;
mod serve;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

pub use serve::serve;

use crate::grid::Grid;
use crate::read::ReadError;
use crate::read::harden::Place;
use crate::read::raster::{About, Wanted};
use crate::scene::Band;
use child::{Child, Ended};
use wire::{Answer, Given, Question};

/// Whose files are decoded apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolate {
    /// Those that this program fetched from elsewhere.
    #[default]
    Auto,
    /// All.
    Yes,
    /// None.
    No,
}

impl Isolate {
    /// Its word in plans and flags.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Yes, Self::No].into_iter().find(|one| one.word() == text)
    }

    /// The same the other way.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

/// Seconds that an answer may take, beside those for its size.
pub const PATIENCE: u64 = 10;

/// Bytes of numbers for which an answer may take a second more.
const BYTES_PER_SECOND: usize = 4 << 20;

/// Where the program lies whose hidden verb decodes.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
/// What was decided for this process, once.
static RULE: OnceLock<(Isolate, u64)> = OnceLock::new();
/// Processes that wait for a question.
static IDLE: Mutex<Vec<Child>> = Mutex::new(Vec::new());
/// Tells one opening of a file from the next, so that no process answers from a file that was replaced since.
static OPENINGS: AtomicU64 = AtomicU64::new(0);

/// Names the program that [`serve`]s at its hidden verb. Without it everything is decoded in this process.
pub fn by(program: PathBuf) {
    PROGRAM.get_or_init(|| program);
}

/// Decides for this process what is decoded apart, and how many seconds an answer may take. The first decision stands.
pub fn decide(isolate: Isolate, patience: u64) {
    RULE.get_or_init(|| (isolate, patience));
}

/// Whether a file is to be decoded in a process of its own.
pub(crate) fn is_apart(path: &Path) -> bool {
    let isolate = RULE.get().map_or(Isolate::Auto, |(isolate, _)| *isolate);
    PROGRAM.get().is_some()
        && match isolate {
            Isolate::Auto => is_fetched(path),
            Isolate::Yes => true,
            Isolate::No => false,
        }
}

/// Whether a file lies where this program puts what it fetched: `assets/NAME/` beside `items/NAME.json` below a catalogue.
fn is_fetched(path: &Path) -> bool {
    let place = || {
        let folder = path.parent()?;
        let name = folder.file_name()?.to_str()?;
        let assets = folder.parent().filter(|assets| assets.ends_with("assets"))?;
        Some((assets.parent()?.to_owned(), name.to_owned()))
    };
    place().is_some_and(|(root, name)| {
        root.join("catalog.json").is_file() && root.join("items").join(format!("{name}.json")).is_file()
    })
}

/// A file that is open elsewhere, or will be when it is asked.
pub(crate) struct Remote {
    path: PathBuf,
    given: Given,
}

impl Remote {
    /// A file whose name and first bytes were looked at.
    pub(crate) fn new(place: Place) -> Self {
        let opening = OPENINGS.fetch_add(1, Ordering::Relaxed);
        Self { given: Given::new(&place, opening), path: place.path }
    }

    /// The same, which must lie on this grid.
    pub(crate) fn on(mut self, grid: &Grid) -> Self {
        self.given.on = Some(grid.clone());
        self
    }

    /// What the file says about itself.
    ///
    /// # Errors
    /// Those of the file, and `Decoder`.
    pub(crate) fn about(&self) -> Result<About, ReadError> {
        match self.asked(Question::About(self.given.clone()), 0)? {
            (Answer::About(about), _) => Ok(about),
            _ => Err(self.nonsense()),
        }
    }

    /// Valid numbers of one band at fixed places, sorted.
    ///
    /// # Errors
    /// Those of the file, and `Decoder`.
    pub(crate) fn sample(&self, band: Band, number: usize) -> Result<Vec<f64>, ReadError> {
        match self.asked(Question::Sample(self.given.clone(), band, number), 0)? {
            (Answer::Sample(values), _) => Ok(values),
            _ => Err(self.nonsense()),
        }
    }

    /// Numbers of a window, row by row.
    ///
    /// # Errors
    /// Those of the file, and `Decoder`.
    pub(crate) fn window(&self, wanted: &Wanted) -> Result<Vec<f32>, ReadError> {
        let bytes = wanted.window.len() * size_of::<f32>();
        match self.asked(Question::Window(self.given.clone(), wanted.clone()), bytes)? {
            (Answer::Window, body) if body.len() == bytes => Ok(wire::numbers(&body)),
            _ => Err(self.nonsense()),
        }
    }

    /// Asks a process; numbers of a window come as bytes beside the answer.
    fn asked(&self, question: Question, bytes: usize) -> Result<(Answer, Vec<u8>), ReadError> {
        let patience = RULE.get().map_or(PATIENCE, |(_, patience)| *patience);
        let seconds = patience + (bytes / BYTES_PER_SECOND) as u64;
        let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let is_network = self.given.is_object;
        let waiting = {
            let mut all = idle();
            let at = all.iter().position(|child| child.is_network == is_network);
            at.map(|at| all.swap_remove(at))
        };
        let start = || Child::start(PROGRAM.get().map(PathBuf::as_path).unwrap_or(Path::new("")), is_network);
        let mut child = waiting.map_or_else(start, Ok)?;
        let mut told = child.ask(&question, (seconds, bytes));
        if !child.is_alone && matches!(told, Err(Ended::Died(_))) {
            child = start()?;
            told = child.ask(&question, (seconds, bytes));
        }
        match told {
            Ok((Answer::Refused(fault), _)) => {
                idle().push(child);
                Err(fault.of(&self.path))
            }
            Ok(answer) => {
                idle().push(child);
                Ok(answer)
            }
            Err(Ended::Unlimited(reason)) => Err(ReadError::NoDecoder { reason }),
            Err(Ended::Died(reason) | Ended::Late(reason)) => {
                Err(ReadError::Decoder { path: self.path.clone(), reason })
            }
        }
    }

    fn nonsense(&self) -> ReadError {
        let reason = "its decoder answered what was not asked".to_owned();
        ReadError::Decoder { path: self.path.clone(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_as_fetched_is_told_from_what_somebody_put_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["assets/S2A_x", "items", "assets/S2B_y"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["catalog.json", "items/S2A_x.json"] {
            std::fs::write(root.join(name), "{}").unwrap();
        }
        assert!(is_fetched(&root.join("assets/S2A_x/B04.tif")));
        assert!(!is_fetched(&root.join("assets/S2B_y/B04.tif")));
        assert!(!is_fetched(&root.join("items/S2A_x/B04.tif")));
        assert!(!is_fetched(Path::new("B04.tif")));
        // A library that is told of no program decodes everything itself.
        assert!(!is_apart(&root.join("assets/S2A_x/B04.tif")));
    }
}
