//! Missions for a DJI drone: WPML KMZ and a flight sheet.

use crate::publish::Staging;
use crate::report::{Asked, Material, ReportError};

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(_material: &Material, _asked: &Asked, _staging: &Staging) -> Result<Vec<String>, ReportError> {
    Err(ReportError::Lacking {
        what: "drone mission".to_owned(),
        expected: "a program that can make it".to_owned(),
        found: "one that cannot yet".to_owned(),
        next: "leave it out of --for".to_owned(),
    })
}
