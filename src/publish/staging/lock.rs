//! Who writes into an output folder: one at a time.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::publish::PublishError;
use crate::publish::staging::beside;

/// An exclusive lock by a file beside the target; gone with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    /// The lock file.
    pub(super) path: PathBuf,
    file: Option<File>,
    /// The lock file was there before, without an owner: a run was killed, and its rubbish is ours.
    pub(super) was_left: bool,
}

impl Lock {
    /// Takes it, or says who holds it.
    pub(super) fn take(target: &Path) -> Result<Lock, PublishError> {
        let path = beside(target, ".lock");
        // A run that ends removes its lock file; whoever opened it just before must look again.
        let was_left = path.exists();
        for _ in 0..16 {
            let file = File::options().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|source| PublishError::io("make lock file", &path, source))?;
            match file.try_lock() {
                Ok(()) if is_still(&path, &file) => {
                    return Ok(Lock { path, file: Some(file), was_left });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(source)) => return Err(PublishError::io("lock", &path, source)),
            }
        }
        Err(PublishError::Busy { path: target.to_owned(), lock: path })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = fs::remove_file(&self.path);
            drop(file);
        }
    }
}

/// Whether the path still names the file that was opened.
pub(in crate::publish) fn is_still(path: &Path, file: &File) -> bool {
    let (Ok(named), Ok(opened)) = (path.metadata(), file.metadata()) else { return false };
    (named.dev(), named.ino()) == (opened.dev(), opened.ino())
}
