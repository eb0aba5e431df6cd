//! Stands where the dossier does in a program that was built without its typesetter, and says so.

use std::path::Path;

use crate::date::Date;
use crate::publish::Staging;
use crate::report::evidence_list::List;
use crate::report::{Asked, Material, ReportError};

/// Says that this program has no typesetter.
///
/// # Errors
/// `Lacking`, always.
pub fn write(_: &Material, _: &Asked, _: &Staging) -> Result<Vec<String>, ReportError> {
    Err(lacking("leave dossier out of --for"))
}

/// Says the same of a list of electronic data.
///
/// # Errors
/// `Lacking`, always.
pub fn list(_: &List, _: (&str, Option<Date>), _: Option<&Path>) -> Result<Vec<u8>, ReportError> {
    Err(lacking("print the page: --out FILE.html"))
}

fn lacking(next: &str) -> ReportError {
    ReportError::Lacking {
        what: "dossier".to_owned(),
        expected: "a program built with the feature `dossier`".to_owned(),
        found: "one built without it".to_owned(),
        next: format!("build it with `cargo build --release`, or {next}"),
    }
}
