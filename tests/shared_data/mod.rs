//! Real data beside the repository, for the tests that want some.

use std::path::{Path, PathBuf};

/// A file or folder of them, or `None` with the reason printed.
pub fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: {} is not on this machine", path.display());
        return None;
    }
    Some(path)
}
