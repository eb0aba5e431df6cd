//! Whether a state is what was written: every byte under its digest, every file under its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::bucket::{Address, Client};
use crate::publish::single;
use crate::run::RunError;
use crate::run::state::StateError;
use crate::run::state::chunks::Chunks;
use crate::run::state::store::{HEAD, LIES, Store};

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files that are whole, and their bytes.
    pub whole: (usize, u64),
    /// Files that are not, with the reason.
    pub faults: Vec<(PathBuf, String)>,
    /// Files that `state.json` does not name, whole or in the making: of a run that did not end.
    pub unnamed: usize,
}

/// Reads a state through, once it is opened.
pub fn verify(opened: Result<Store, RunError>) -> Result<Verified, RunError> {
    let mut verified = Verified::default();
    let store = match opened {
        Ok(store) => store,
        Err(RunError::State(StateError::Damaged { path, reason })) => {
            verified.faults.push((path, reason));
            return Ok(verified);
        }
        Err(other) => return Err(other),
    };
    store.pull()?;
    let named = store.files();
    let fault = |(file, sha256): &(String, String)| {
        let path = store.path(file);
        let found = Chunks::open(&path).and_then(|chunks| chunks.check().map(|()| chunks));
        match found {
            Ok(chunks) if chunks.sha256 == *sha256 => Ok(chunks.size),
            Ok(_) => Err((path, format!("it is whole, but {HEAD} names another file of that name"))),
            Err(error) => Err((path, error.to_string())),
        }
    };
    let of_named: Vec<Result<u64, (PathBuf, String)>> = named.par_iter().map(fault).collect();
    for found in of_named {
        match found {
            Ok(size) => verified.whole = (verified.whole.0 + 1, verified.whole.1 + size),
            Err(fault) => verified.faults.push(fault),
        }
    }
    // Nothing names what a state remembers of where scenes lie: a night makes it anew where it is not whole.
    let lies = store.path(LIES);
    if lies.is_file() {
        match Chunks::open(&lies).and_then(|chunks| chunks.check().map(|()| chunks.size)) {
            Ok(size) => verified.whole = (verified.whole.0 + 1, verified.whole.1 + size),
            Err(error) => verified.faults.push((lies, error.to_string())),
        }
    }
    let named: BTreeSet<PathBuf> = named.iter().map(|(file, _)| store.path(file)).collect();
    for path in store.found()?.into_iter().filter(|path| !named.contains(path)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match Chunks::open(&path).and_then(|chunks| chunks.check()) {
            _ if single::is_partial(&name) => verified.unnamed += 1,
            Ok(()) => verified.unnamed += 1,
            Err(error) => verified.faults.push((path, error.to_string())),
        }
    }
    Ok(verified)
}

/// Takes away what is damaged, in object storage too where the folder is a copy; the next night makes it again.
pub fn mend(verified: &Verified, copy: Option<(&Address, &Path)>) -> Result<(), StateError> {
    for (path, _) in &verified.faults {
        if let Some((address, name)) = copy.and_then(|(of, copy)| Some((of, path.strip_prefix(copy).ok()?))) {
            Client::get()?.remove(&address.join(&name.to_string_lossy()))?;
        }
        match fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StateError::Access { path: path.clone(), source });
            }
            _ => {}
        }
    }
    Ok(())
}
