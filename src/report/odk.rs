//! An ODK / Kobo form with the leads as places to choose from.

use crate::publish::Staging;
use crate::report::{Asked, Material, ReportError};

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(_material: &Material, _asked: &Asked, _staging: &Staging) -> Result<Vec<String>, ReportError> {
    Err(ReportError::Lacking {
        what: "ODK form".to_owned(),
        expected: "a program that can make it".to_owned(),
        found: "one that cannot yet".to_owned(),
        next: "leave it out of --for".to_owned(),
    })
}
