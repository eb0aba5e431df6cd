//! The folder of a state: what lies where, who holds it, and what it says of itself.
//!
//! `state.json` says what the state is of and which files belong to it; `look-back/` holds what was learned, a file a row of
//! cells; `views/` what each day of the target period showed, a file a day; `night-*.cells` the evidence after the last one; `nights/`
//! a report of every night that published.
//! Law: a file is written whole under a name that says what it is of, and is never changed; `state.json` comes last. So
//! whatever moment a run ends at, the next one finds what is whole and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::grid::Grid;
use crate::publish::digest::Known;
use crate::publish::single;
use crate::run::RunError;
use crate::run::state::StateError;
use crate::run::state::chunks::Chunks;

/// Name of the file that makes a folder a state.
pub const HEAD: &str = "state.json";
/// Digests of files that were read before.
const FILES: &str = "files.json";
/// Held while a process works on the state.
const LOCK: &str = "lock";
/// Folders of pieces.
const PIECES: [&str; 2] = ["look-back", "views"];
/// Folder of reports, one a night.
pub const NIGHTS: &str = "nights";
/// The report of a night whose result is not published yet.
pub const PENDING: &str = "pending.json";
/// Everything that a state may hold beside evidence.
const OWN: [&str; 7] = [FILES, LOCK, HEAD, PENDING, PIECES[0], PIECES[1], NIGHTS];

/// Seconds within which a change may not show in the times of a file.
const TICKS: i128 = 2;

/// What `state.json` says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Program and libraries that learned.
    pub program: String,
    /// SHA-256 of everything that what was learned depends on.
    pub key: String,
    /// The same in words, part by part.
    pub stands_on: BTreeMap<String, String>,
    /// The grid.
    pub grid: Option<Grid>,
    /// Sub-models, by plane.
    pub models: Vec<String>,
    /// Files of the look-back with their digests.
    pub look_back: BTreeMap<String, String>,
    /// Days of the target period, ascending.
    pub views: Vec<KnownView>,
    /// Evidence after the last of them: file and digest.
    pub night: Option<(String, String)>,
    /// Seasons that were asked for, by sub-model.
    pub seasons: Vec<Vec<String>>,
    /// What was published last.
    pub published: Option<Published>,
    /// Days that the reports have told of.
    pub told: Option<ToldDays>,
}

/// A result that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// SHA-256 of all inputs and of what was asked.
    pub of: String,
    /// SHA-256 of `manifest.json`.
    pub manifest: String,
    /// Whether it has gaps.
    pub has_gaps: bool,
}

/// Days that the reports have told of, by what each was seen by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldDays {
    /// Key of the look-back.
    pub key: String,
    /// The days.
    pub views: Vec<(Date, String)>,
}

/// A day of the target period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownView {
    /// The day.
    pub date: Date,
    /// Its scenes.
    pub scenes: Vec<String>,
    /// SHA-256 of their files and of what their numbers mean.
    pub of: String,
    /// File with what they showed.
    pub file: String,
    /// Its digest.
    pub sha256: String,
}

/// A state that this process holds.
pub struct Store {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub head: Head,
    /// Held as long as the state is.
    _lock: File,
}

impl Store {
    /// Takes a folder, new or of a state; another process must not hold it.
    pub fn open(folder: &Path) -> Result<Self, RunError> {
        let access = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Access { path, source }
        };
        for part in PIECES.into_iter().chain([NIGHTS]) {
            // Of a folder that is something else nothing may be made.
            Self::check(folder)?;
            fs::create_dir_all(folder.join(part)).map_err(access(folder))?;
        }
        let path = folder.join(LOCK);
        let lock = File::options().create(true).write(true).truncate(false).open(&path);
        let lock = lock.map_err(access(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::Busy { path: folder.to_owned() }.into());
            }
            Err(TryLockError::Error(source)) => return Err(StateError::Access { path, source }.into()),
        }
        Ok(Self {
            head: Self::read_head(folder)?.unwrap_or_default(),
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Takes a folder that is a state already.
    pub fn existing(folder: &Path) -> Result<Self, RunError> {
        if !folder.join(HEAD).is_file() && !folder.join(PIECES[0]).is_dir() {
            let reason = format!("it holds no {HEAD}");
            return Err(StateError::NotAState { path: folder.to_owned(), reason }.into());
        }
        Self::open(folder)
    }

    /// Whether a folder may be a state: absent, empty, or with nothing in it but what states hold.
    fn check(folder: &Path) -> Result<(), StateError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StateError::Access { path: folder.to_owned(), source }),
            Ok(entries) => entries,
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !OWN.contains(&name.as_str()) && !is_night(&name) && !single::is_partial(&name) {
                let reason = format!("it holds '{name}', which is of no state");
                return Err(StateError::NotAState { path: folder.to_owned(), reason });
            }
        }
        Ok(())
    }

    /// What a state says of itself; `None` where it has not been written yet.
    pub fn read_head(folder: &Path) -> Result<Option<Head>, StateError> {
        let path = folder.join(HEAD);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateError::Access { path, source }),
            Ok(bytes) => bytes,
        };
        let damaged = |error: serde_json::Error| StateError::Damaged { path, reason: error.to_string() };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Writes what the state says of itself; takes away what does not belong to it any more.
    pub fn commit(&mut self, head: Head) -> Result<(), RunError> {
        let json = serde_json::to_string_pretty(&head).map_err(io::Error::other);
        let path = self.path(HEAD);
        let json = json.map_err(|source| StateError::Access { path: path.clone(), source })?;
        single::write(&path, format!("{json}\n").as_bytes())?;
        self.head = head;
        self.compact()?;
        Ok(())
    }

    /// Removes files of the state that `state.json` does not name. Returns their number and bytes.
    pub fn compact(&self) -> Result<(usize, u64), StateError> {
        let named: BTreeSet<PathBuf> = self.files().into_iter().map(|(file, _)| self.path(&file)).collect();
        let (mut count, mut bytes) = (0, 0);
        for path in self.found()? {
            if !named.contains(&path) {
                let size = fs::metadata(&path).map(|found| found.len()).unwrap_or_default();
                fs::remove_file(&path).map_err(StateError::reading(&path))?;
                (count, bytes) = (count + 1, bytes + size);
            }
        }
        Ok((count, bytes))
    }

    /// Files of pieces that lie in the folder, whoever names them.
    pub fn found(&self) -> Result<Vec<PathBuf>, StateError> {
        let mut found = Vec::new();
        for part in PIECES.into_iter().chain([""]) {
            let folder = self.folder.join(part);
            for entry in fs::read_dir(&folder).map_err(StateError::reading(&folder))?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if !part.is_empty() || is_night(&name) || single::is_partial(&name) {
                    found.push(entry.path());
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Every file that `state.json` names, with its digest.
    pub fn files(&self) -> Vec<(String, String)> {
        let look_back = self.head.look_back.iter().map(|(file, sha256)| (file.clone(), sha256.clone()));
        let views = self.head.views.iter().map(|view| (view.file.clone(), view.sha256.clone()));
        look_back.chain(views).chain(self.head.night.clone()).collect()
    }

    /// Where a file lies.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Opens a file of pieces that is whole and of what it should be; `None` otherwise.
    pub fn whole(&self, file: &str, of: &str) -> Option<Chunks> {
        Chunks::open(&self.path(file)).ok().filter(|chunks| chunks.of == of)
    }

    /// Digests of files that were read before.
    pub fn known_files(&self) -> BTreeMap<PathBuf, Known> {
        // A list that cannot be read costs time, nothing else.
        let path = self.path(FILES);
        let bytes = fs::read(&path).unwrap_or_default();
        let mut known: BTreeMap<PathBuf, Known> = serde_json::from_slice(&bytes).unwrap_or_default();
        // A file that changed while it was read, or just before, may have changed again within one tick of the clock.
        let written = fs::metadata(&path).map(|found| found.ctime()).unwrap_or_default();
        known.retain(|_, file| file.changed / 1_000_000_000 + TICKS < i128::from(written));
        known
    }

    /// Keeps digests for the next run.
    pub fn keep_files(&self, known: &BTreeMap<PathBuf, Known>) -> Result<(), RunError> {
        let path = self.path(FILES);
        let json = serde_json::to_vec(known).map_err(io::Error::other);
        let json = json.map_err(|source| StateError::Access { path: path.clone(), source })?;
        Ok(single::write(&path, &json)?)
    }
}

/// Whether a name is that of evidence after a night.
fn is_night(name: &str) -> bool {
    name.starts_with("night-") && name.ends_with(".cells")
}
