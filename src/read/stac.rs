//! (being written)

use std::path::{Path, PathBuf};

use crate::read::ReadError;
use crate::read::discover::Candidate;

pub(crate) fn candidates(
    path: &Path,
    _skipped: &mut Vec<(PathBuf, String)>,
) -> Result<Vec<Candidate>, ReadError> {
    Err(ReadError::Stac { path: path.to_owned(), reason: "STAC is not read yet".to_owned() })
}
