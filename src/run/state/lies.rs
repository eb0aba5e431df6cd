//! What a state remembers of where scenes lie, so that a night reads the look-back for it only once.
//!
//! In:  the file of the last night. Out: a memory, empty where there is no whole file; and the file anew where it changed.
//! Law: a memory that is not there or not whole costs time and changes no byte.

use crate::publish::digest;
use crate::run::RunError;
use crate::run::registration::memory::Memory;
use crate::run::state::StateError;
use crate::run::state::chunks::{self, Chunks, PieceName, Writer};
use crate::run::state::judge;
use crate::run::state::store::{LIES, Store};

/// The one piece of the file.
const MEMORY: PieceName = (0, 0, 0);

/// What was remembered.
pub fn read(store: &Store) -> Memory {
    let whole = Chunks::open(&store.path(LIES)).ok();
    whole.and_then(|file| file.read(MEMORY).ok().flatten()).unwrap_or_default()
}

/// Keeps a memory for the next night.
///
/// # Errors
/// A file that cannot be written.
pub fn keep(store: &Store, memory: &Memory) -> Result<(), RunError> {
    let path = store.path(LIES);
    let bytes = judge::in_memory(memory, store)?;
    let of = format!(r#"{{"memory":"{}"}}"#, digest::of_bytes(&bytes));
    if store.whole(LIES, &of).is_some() {
        return Ok(());
    }
    let access = |source| StateError::Access { path: path.clone(), source };
    let mut writer = Writer::begin(&path, &of)?;
    writer.add(MEMORY, &chunks::packed(&bytes).map_err(access)?)?;
    writer.commit()?;
    Ok(store.keep(LIES)?)
}
