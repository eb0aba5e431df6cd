//! Stands where the dossier does in a program that was built without its typesetter, and says so.

use crate::publish::Staging;
use crate::report::{Asked, Material, ReportError};

/// Says that this program has no typesetter.
///
/// # Errors
/// `Lacking`, always.
pub fn write(_: &Material, _: &Asked, _: &Staging) -> Result<Vec<String>, ReportError> {
    Err(ReportError::Lacking {
        what: "dossier".to_owned(),
        expected: "a program built with the feature `dossier`".to_owned(),
        found: "one built without it".to_owned(),
        next: "build it with `cargo build --release`, or leave dossier out of --for".to_owned(),
    })
}
