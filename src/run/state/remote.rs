//! A state in object storage: its files are objects of the same names, and a folder here is the working copy.
//!
//! In:  an address, a folder for the copy. Out: the folder as the storage has it; later, objects as the folder has them.
//! Law: what the storage has is the state; the copy is worth time and nothing else. A piece goes there as soon as it is made,
//!      `state.json` after all pieces that it names, and only in the place of the one that was read here; what it does not
//!      name goes last. So whatever moment a run ends at, the storage holds a state that is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use crate::bucket::{Address, Body, BucketError, Client, Condition, Object};
use crate::publish::single::Single;
use crate::run::RunError;
use crate::run::state::StateError;
use crate::run::state::lease::Lease;
use crate::run::state::store::{FILES, HEAD, LIES, LOCK, PENDING, is_of_state, is_piece};

/// Files that the copy needs from the beginning.
const FIRST: [&str; 4] = [HEAD, FILES, LIES, PENDING];

/// The objects of a state that this process holds.
pub struct Remote {
    /// Where they lie.
    pub address: Address,
    client: &'static Client,
    lease: Lease,
    /// By name within the state.
    there: Mutex<BTreeMap<String, Object>>,
}

impl Remote {
    /// Takes a state, new or not; another process must not hold it.
    pub fn take(address: Address, (must_be_state, seconds): (bool, u64)) -> Result<Self, StateError> {
        let client = Client::get()?;
        // Of a prefix that is something else nothing may be made, not even a lock.
        let there = named(client, &address)?;
        let not = |reason: String| StateError::NotAState { path: address.path(), reason };
        if let Some(name) = there.keys().find(|name| !is_of_state(name)) {
            return Err(not(format!("it holds '{name}', which is of no state")));
        }
        if must_be_state && !there.keys().any(|name| name == HEAD || is_piece(name)) {
            return Err(not(format!("it holds no {HEAD}")));
        }
        let lease = Lease::take(client, &address, LOCK, seconds)?;
        let there = Mutex::new(named(client, &address)?);
        Ok(Self { address, client, lease, there })
    }

    fn there(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a copy begin as the storage is: what it says of itself is fetched, pieces that are others there are taken away.
    pub fn mirror(&self, copy: &Path, pieces_here: &[String]) -> Result<(), RunError> {
        let there = self.there().clone();
        for name in FIRST {
            let path = copy.join(name);
            match there.get(name) {
                Some(object) => {
                    self.fetch(name, copy)?;
                    // Digests of files are believed by the time at which they were kept.
                    let written = u64::try_from(object.modified).unwrap_or_default();
                    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(written);
                    let dated =
                        File::options().write(true).open(&path).and_then(|file| file.set_modified(written));
                    dated.map_err(StateError::reading(&path))?;
                }
                None => removed(&path)?,
            }
        }
        for name in pieces_here {
            let path = copy.join(name);
            let size = fs::metadata(&path).map(|found| found.len()).ok();
            if there.get(name).map(|object| object.size) != size {
                removed(&path)?;
            }
        }
        Ok(())
    }

    /// Fetches every piece that the copy does not have.
    pub fn pull(&self, copy: &Path) -> Result<(), RunError> {
        let missing = |name: &&String| is_piece(name) && !copy.join(name).exists();
        let names: Vec<String> = self.there().keys().filter(missing).cloned().collect();
        names.par_iter().try_for_each(|name| self.fetch(name, copy))
    }

    fn fetch(&self, name: &str, copy: &Path) -> Result<(), RunError> {
        let mut file = Single::begin(&copy.join(name))?;
        let object = self.client.read(&self.address.join(name), &mut file).map_err(StateError::from)?;
        file.commit()?;
        self.there().insert(name.to_owned(), object);
        Ok(())
    }

    /// Writes a file of the copy to the storage.
    pub fn send(&self, copy: &Path, name: &str) -> Result<(), StateError> {
        self.lease.check()?;
        let path = copy.join(name);
        let size = fs::metadata(&path).map_err(StateError::reading(&path))?.len();
        let etag = self.client.write(&self.address.join(name), Body::File(&path), Condition::Always)?;
        let etag = etag.unwrap_or_default();
        self.there().insert(name.to_owned(), Object { key: String::new(), size, etag, modified: 0, told: 0 });
        Ok(())
    }

    /// Takes an object away.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        self.lease.check()?;
        if self.there().remove(name).is_some() {
            self.client.remove(&self.address.join(name))?;
        }
        Ok(())
    }

    /// Makes the storage say what the copy says: pieces that are named, `state.json`, and nothing else.
    pub fn commit(&self, copy: &Path, named: &BTreeSet<String>) -> Result<(), StateError> {
        let missing: Vec<&String> = named.iter().filter(|name| !self.there().contains_key(*name)).collect();
        missing.into_par_iter().try_for_each(|name| self.send(copy, name))?;
        self.lease.check()?;
        let path = copy.join(HEAD);
        let bytes = fs::read(&path).map_err(StateError::reading(&path))?;
        let before = self.there().get(HEAD).map(|object| object.etag.clone());
        let condition = before.as_deref().map_or(Condition::New, Condition::Same);
        let etag = self.client.write(&self.address.join(HEAD), Body::Bytes(&bytes), condition)?;
        let (etag, size) = (etag.ok_or_else(|| self.lease.lost())?, bytes.len() as u64);
        self.there().insert(HEAD.to_owned(), Object { key: String::new(), size, etag, modified: 0, told: 0 });
        self.compact(named).map(|_| ())
    }

    /// Removes pieces that `state.json` does not name. Returns their number and bytes.
    pub fn compact(&self, named: &BTreeSet<String>) -> Result<(usize, u64), StateError> {
        let is_rubbish = |(name, _): &(&String, &Object)| is_piece(name) && !named.contains(*name);
        let rubbish: Vec<(String, u64)> = self
            .there()
            .iter()
            .filter(is_rubbish)
            .map(|(name, object)| (name.clone(), object.size))
            .collect();
        rubbish.par_iter().try_for_each(|(name, _)| self.remove(name))?;
        Ok((rubbish.len(), rubbish.iter().map(|(_, size)| size).sum()))
    }
}

/// Objects of a state by their names within it.
fn named(client: &Client, address: &Address) -> Result<BTreeMap<String, Object>, BucketError> {
    let prefix = address.prefix();
    let inside = |object: Object| Some((object.key.strip_prefix(&prefix)?.to_owned(), object));
    let objects = client.list(address)?.into_iter();
    Ok(objects.filter_map(inside).filter(|(name, _)| !name.is_empty()).collect())
}

/// Removes a file of the copy, if it is there.
fn removed(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StateError::reading(path)(error)),
        _ => Ok(()),
    }
}
