//! The output folder, written whole or not at all.
//!
//! In:  the folder's name, before any pixel is read; then files, one by one.
//! Out: the folder under its name, after `commit`; nothing at all otherwise.
//! Law: the work lies in `NAME.partial` beside the target under an exclusive lock (`NAME.lock`);
//!      whatever goes wrong, both are removed and an earlier run under the name stays as it was.
//!      Only an empty folder or an earlier run of this program is ever replaced.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::publish::PublishError;

mod lock;

use lock::Lock;
pub(super) use lock::is_still;

/// What `manifest.json` names as its generator; a folder without it is never replaced.
pub const GENERATOR: &str = "steppewatch";

/// Name of the file that makes a folder a finished run.
pub const MANIFEST: &str = "manifest.json";

/// Partial files, folders and lock files of this process, in the order in which they were made.
///
/// Whoever holds it is alone: nothing is begun, published or removed meanwhile.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

pub(super) fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nothing of this process is published while this lives.
pub struct Abandoned {
    /// Whether there was anything to take away.
    pub any: bool,
    _alone: MutexGuard<'static, Vec<PathBuf>>,
}

/// Takes away what this process has not published yet, for a process that ends at once.
pub fn abandon() -> Abandoned {
    let alone = unfinished();
    for path in alone.iter().rev() {
        // Workers may still add files; once the folder is gone they cannot.
        for _ in 0..1000 {
            if fs::remove_dir_all(path).or_else(|_| fs::remove_file(path)).is_ok() {
                break;
            }
        }
    }
    Abandoned { any: !alone.is_empty(), _alone: alone }
}

/// An output folder in the making. Dropped without `commit`, it leaves no trace.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    partial: PathBuf,
    /// Held until the partial folder is gone.
    lock: Option<Lock>,
    /// Parent folders made for this run, outermost first; removed again if nothing is published.
    made: Vec<PathBuf>,
}

impl Staging {
    /// Takes the lock and makes the partial folder. Touches nothing under the target's own name.
    pub fn begin(out: &Path) -> Result<Staging, PublishError> {
        let mut made = Vec::new();
        let mut unfinished = unfinished();
        let prepared = prepare(out, &mut made);
        if prepared.is_err() {
            remove_empty(&made);
        }
        let (target, partial, lock) = prepared?;
        unfinished.extend([lock.path.clone(), partial.clone()]);
        Ok(Staging { target, partial, lock: Some(lock), made })
    }

    /// Where a file of that name lies until `commit`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// The folder under its final name.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes a folder inside the output folder.
    pub fn folder(&self, name: &str) -> Result<(), PublishError> {
        let path = self.path(name);
        fs::create_dir_all(&path).map_err(|source| PublishError::io("make folder", &path, source))
    }

    /// Writes one file; `commit` brings it down to the disk.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path(name);
        let failed = |source| PublishError::io("write", &path, source);
        let mut file = File::create(&path).map_err(failed)?;
        file.write_all(bytes).map_err(failed)
    }

    /// Every file that lies in the folder so far, sorted, with `/` between folders.
    pub fn files(&self) -> Result<Vec<String>, PublishError> {
        let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
        while let Some(inside) = folders.pop() {
            let path = self.path(&inside);
            let failed = |source| PublishError::io("list", &path, source);
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = format!("{inside}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() { folders.push(format!("{name}/")) } else { files.push(name) }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Publishes: every file and folder to the disk, then the name changes hands.
    ///
    /// An earlier run of the same name is moved to `NAME.old` first and comes back if the last
    /// step fails. Without `manifest.json` in the folder nothing is published.
    pub fn commit(mut self) -> Result<PathBuf, PublishError> {
        if !is_ours(&self.partial) {
            return Err(PublishError::ReadBack {
                file: MANIFEST.to_owned(),
                expected: format!("a manifest whose generator is {GENERATOR}"),
                found: "none in the finished folder".to_owned(),
            });
        }
        sync_tree(&self.partial)?;
        let _alone = unfinished();
        let parent = parent_of(&self.target);
        let old = beside(&self.target, ".old");
        let replaces = self.target.symlink_metadata().is_ok();
        if replaces {
            usable(&self.target)?;
            let (there, new) = (kind(&self.target), kind(&self.partial));
            if is_ours(&self.target) && there != new {
                let reason = format!("it holds {there}, and this is {new}");
                let next = "give --out another folder";
                return Err(PublishError::Folder { path: self.target.clone(), reason, next });
            }
            rename(&self.target, &old)?;
        }
        if let Err(error) = rename(&self.partial, &self.target) {
            if replaces {
                rename(&old, &self.target)?;
            }
            return Err(error);
        }
        if let Err(error) = sync_folder(&parent) {
            // The names may not have reached the disk: what was there comes back, and nothing is published.
            rename(&self.target, &self.partial)?;
            if replaces {
                rename(&old, &self.target)?;
            }
            return Err(error);
        }
        self.made.clear();
        if replaces {
            // It is published: an earlier run that cannot be removed is cleared by the next one on this name.
            let _ = remove_folder(&old).and_then(|()| sync_folder(&parent));
        }
        Ok(self.target.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        let lock = self.lock.take();
        unfinished
            .retain(|path| *path != self.partial && lock.as_ref().is_none_or(|lock| *path != lock.path));
        // Nothing can be reported here; what stays behind is removed by the next run on this name.
        let _ = fs::remove_dir_all(&self.partial);
        drop(lock);
        remove_empty(&self.made);
    }
}

type Prepared = (PathBuf, PathBuf, Lock);

fn prepare(out: &Path, made: &mut Vec<PathBuf>) -> Result<Prepared, PublishError> {
    let target = absolute(out, made)?;
    let lock = Lock::take(&target)?;
    let partial = beside(&target, ".partial");
    if partial.symlink_metadata().is_ok() {
        if !lock.was_left {
            return Err(PublishError::Folder {
                path: target,
                reason: format!("{} exists and is not of a run of this program", partial.display()),
                next: "rename or remove it, or give another --out",
            });
        }
        remove_folder(&partial)?;
    }
    recover(&target)?;
    usable(&target)?;
    fs::create_dir(&partial).map_err(|source| PublishError::io("make folder", &partial, source))?;
    Ok((target, partial, lock))
}

/// The target as an absolute path without links, its parents made.
fn absolute(out: &Path, made: &mut Vec<PathBuf>) -> Result<PathBuf, PublishError> {
    if let Ok(target) = out.canonicalize() {
        return Ok(target);
    }
    let named = matches!(out.components().next_back(), Some(Component::Normal(_)));
    let Some(name) = out.file_name().filter(|_| named) else {
        return Err(PublishError::Folder {
            path: out.to_owned(),
            reason: "it has no name of its own".to_owned(),
            next: "give a folder name, for example --out out",
        });
    };
    let parent = parent_of(out);
    let missing: Vec<&Path> =
        parent.ancestors().take_while(|folder| *folder != Path::new("") && !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder).map_err(|source| PublishError::io("make folder", folder, source))?;
        made.push(folder.to_owned());
    }
    let parent = parent.canonicalize().map_err(|source| PublishError::io("find folder", &parent, source))?;
    Ok(parent.join(name))
}

/// Whether the name is free, or holds what may be replaced.
fn usable(target: &Path) -> Result<(), PublishError> {
    let refused = |reason: &str, next| {
        Err(PublishError::Folder { path: target.to_owned(), reason: reason.to_owned(), next })
    };
    let Ok(metadata) = target.symlink_metadata() else { return Ok(()) };
    if !metadata.is_dir() {
        return refused("a file has that name", "give --out a folder that does not exist yet");
    }
    let parent = parent_of(target);
    let above = parent.metadata().map_err(|source| PublishError::io("look at", &parent, source))?;
    if target.parent().is_none() || above.dev() != metadata.dev() {
        return refused(
            "it is a mount point and cannot change hands as a whole",
            "give --out a folder inside it",
        );
    }
    let mut entries = fs::read_dir(target).map_err(|source| PublishError::io("list", target, source))?;
    if entries.next().is_some() && !is_ours(target) {
        return refused(
            "it is not empty and holds no manifest.json of an earlier run",
            "give --out an empty or new folder; files of others are never overwritten",
        );
    }
    match others(target).first() {
        Some(other) => refused(
            &format!("{other} in it is not of the run that lies there, or was changed since"),
            "move it, or give --out a new folder; files of others are never overwritten",
        ),
        None => Ok(()),
    }
}

/// Files of a folder that its manifest does not name. What databases and viewers leave beside a file counts as that file.
fn others(folder: &Path) -> Vec<String> {
    const BESIDE: [&str; 5] = ["-wal", "-shm", "-journal", ".aux.xml", ".qmd"];
    let manifest = manifest(folder);
    let lists = [&manifest["result"]["outputs"], &manifest["files"]];
    let listed = lists.into_iter().filter_map(serde_json::Value::as_array).flatten();
    let listed: BTreeSet<&str> = listed.filter_map(|file| file["file"].as_str()).collect();
    let (mut others, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inside)).into_iter().flatten().flatten() {
            let path = inside.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
                continue;
            }
            let name = path.to_string_lossy().into_owned();
            let is_listed = name == MANIFEST || listed.contains(name.as_str());
            if !is_listed && !BESIDE.iter().any(|end| name.ends_with(end)) {
                others.push(name);
            }
        }
    }
    others.sort();
    others
}

/// What a folder holds, by its manifest: a run, a look again, a package.
fn kind(folder: &Path) -> &'static str {
    let manifest = manifest(folder);
    let has = |key: &str| manifest.get(key).is_some();
    match manifest["result"]["plan"].get("look_again") {
        _ if has("package") => "a package for an agency",
        _ if has("report") => "a report",
        Some(_) => "a look again",
        None => "a run",
    }
}

/// Puts right what a run left that was killed between the two renames of `commit`.
fn recover(target: &Path) -> Result<(), PublishError> {
    let old = beside(target, ".old");
    if !is_ours(&old) {
        return Ok(());
    }
    if target.symlink_metadata().is_ok() { remove_folder(&old) } else { rename(&old, target) }
}

/// Whether a folder holds a manifest that this program wrote.
fn is_ours(folder: &Path) -> bool {
    manifest(folder)["generator"]["name"] == GENERATOR
}

/// The manifest of a folder; null where there is none that can be read.
fn manifest(folder: &Path) -> serde_json::Value {
    let text = fs::read(folder.join(MANIFEST)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The target's sibling of the same name with an ending.
fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(target.file_name().unwrap_or(OsStr::new("out")));
    name.push(ending);
    target.with_file_name(name)
}

pub(super) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        Some(_) => PathBuf::from("."),
        None => path.to_owned(),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), PublishError> {
    fs::rename(from, to).map_err(|source| PublishError::io("publish as", to, source))
}

fn remove_folder(folder: &Path) -> Result<(), PublishError> {
    fs::remove_dir_all(folder).map_err(|source| PublishError::io("remove", folder, source))
}

fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

fn sync_tree(folder: &Path) -> Result<(), PublishError> {
    let failed = |source: io::Error| PublishError::io("list", folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            sync_folder(&path)?;
        }
    }
    sync_folder(folder)
}

pub(super) fn sync_folder(path: &Path) -> Result<(), PublishError> {
    let opened = File::open(path).and_then(|file| file.sync_all());
    opened.map_err(|source| PublishError::io("bring to the disk", path, source))
}

#[cfg(test)]
mod tests;
