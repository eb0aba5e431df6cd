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

use crate::bucket::Address;
use crate::date::Date;
use crate::grid::Grid;
use crate::publish::digest::Known;
use crate::publish::single;
use crate::run::RunError;
use crate::run::state::StateError;
use crate::run::state::chunks::Chunks;
use crate::run::state::remote::Remote;

/// Name of the file that makes a folder a state.
pub const HEAD: &str = "state.json";
/// Digests of files that were read before.
pub const FILES: &str = "files.json";
/// Where scenes lie, and the edges by which that is told.
pub const LIES: &str = "registration.cells";
/// Held while a process works on the state.
pub const LOCK: &str = "lock";
/// Folders of pieces.
const PIECES: [&str; 2] = ["look-back", "views"];
/// Folder of reports, one a night.
pub const NIGHTS: &str = "nights";
/// The report of a night whose result is not published yet.
pub const PENDING: &str = "pending.json";
/// Everything that a state may hold beside evidence.
const OWN: [&str; 8] = [FILES, LIES, LOCK, HEAD, PENDING, PIECES[0], PIECES[1], NIGHTS];

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
    /// The objects of which the folder is a copy, where the state lies in storage.
    remote: Option<Remote>,
    /// Held as long as the state is.
    _lock: File,
}

impl Store {
    /// Takes a folder, new or of a state; another process must not hold it.
    pub fn open(folder: &Path) -> Result<Self, RunError> {
        let lock = Self::hold(folder)?;
        let head = Self::read_head(folder)?.unwrap_or_default();
        Ok(Self { head, folder: folder.to_owned(), remote: None, _lock: lock })
    }

    /// Takes a state in object storage, which lies in `copy` as long as it is worked on. A sign of life counts `seconds`.
    pub fn open_remote(address: Address, copy: &Path, how: (bool, u64)) -> Result<Self, RunError> {
        let lock = Self::hold(copy)?;
        let remote = Remote::take(address, how)?;
        let (folder, head) = (copy.to_owned(), Head::default());
        let mut store = Self { head, folder, remote: Some(remote), _lock: lock };
        let here: Vec<String> = store.found()?.iter().filter_map(|path| store.name(path)).collect();
        if let Some(remote) = &store.remote {
            remote.mirror(copy, &here)?;
        }
        store.head = Self::read_head(copy)?.unwrap_or_default();
        Ok(store)
    }

    /// Makes a folder ready for a state and holds it.
    fn hold(folder: &Path) -> Result<File, RunError> {
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
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => {
                Err(StateError::Busy { path: folder.to_owned(), holder: String::new() }.into())
            }
            Err(TryLockError::Error(source)) => Err(StateError::Access { path, source }.into()),
        }
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
        if let Some(remote) = &self.remote {
            remote.commit(&self.folder, &self.named())?;
        }
        self.compact_folder()?;
        Ok(())
    }

    /// Names of the files that `state.json` names.
    fn named(&self) -> BTreeSet<String> {
        self.files().into_iter().map(|(file, _)| file).collect()
    }

    /// Removes files of the state that `state.json` does not name. Returns their number and bytes.
    pub fn compact(&self) -> Result<(usize, u64), StateError> {
        let here = self.compact_folder()?;
        self.remote.as_ref().map_or(Ok(here), |remote| remote.compact(&self.named()))
    }

    fn compact_folder(&self) -> Result<(usize, u64), StateError> {
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

    /// The name within the state of a file in its folder.
    fn name(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.folder).ok()?.to_string_lossy().into_owned())
    }

    /// Where the state of this folder lies, for messages.
    pub fn place(&self) -> PathBuf {
        self.remote.as_ref().map_or(self.folder.clone(), |remote| remote.address.path())
    }

    /// Brings the pieces of a state in storage here, before they are worked with.
    pub fn pull(&self) -> Result<(), RunError> {
        self.remote.as_ref().map_or(Ok(()), |remote| remote.pull(&self.folder))
    }

    /// Keeps a file that was written, where the state lies in storage too.
    pub fn keep(&self, file: &str) -> Result<(), StateError> {
        self.remote.as_ref().map_or(Ok(()), |remote| remote.send(&self.folder, file))
    }

    /// Lets a file go that was removed from the folder.
    pub fn let_go(&self, file: &str) -> Result<(), StateError> {
        self.remote.as_ref().map_or(Ok(()), |remote| remote.remove(file))
    }

    /// Takes a damaged file out of the copy of a state in storage, so that the next run fetches it again.
    pub fn forget_damaged(&self, fault: &RunError) {
        if let (RunError::State(StateError::Damaged { path, .. }), Some(_)) = (fault, &self.remote) {
            // What cannot be removed is told the next time too.
            let _ = fs::remove_file(path);
        }
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
        let written = fs::metadata(&path).map(|found| found.ctime().min(found.mtime())).unwrap_or_default();
        known
            .retain(|_, file| file.is_object() || file.changed / 1_000_000_000 + TICKS < i128::from(written));
        known
    }

    /// Keeps digests for the next run.
    pub fn keep_files(&self, known: &BTreeMap<PathBuf, Known>) -> Result<(), RunError> {
        let path = self.path(FILES);
        let json = serde_json::to_vec(known).map_err(io::Error::other);
        let json = json.map_err(|source| StateError::Access { path: path.clone(), source })?;
        let is_kept = self.remote.is_some() && fs::read(&path).is_ok_and(|there| there == json);
        if !is_kept {
            single::write(&path, &json)?;
            self.keep(FILES)?;
        }
        Ok(())
    }
}

/// Whether a name within a state is that of a file of pieces.
pub fn is_piece(name: &str) -> bool {
    name.split_once('/').map_or(is_night(name), |(part, _)| PIECES.contains(&part))
}

/// Whether a state may hold a file of that name.
pub fn is_of_state(name: &str) -> bool {
    OWN.contains(&name.split('/').next().unwrap_or_default()) || is_night(name)
}

/// Whether a name is that of evidence after a night.
fn is_night(name: &str) -> bool {
    name.starts_with("night-") && name.ends_with(".cells")
}
