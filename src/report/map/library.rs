//! MapLibre GL JS, which draws the map: taken in by `build.rs` where `scripts/install` has laid it down, never committed.
//!
//! Out: its script and its style; or what is lacking and the next step.

use crate::report::ReportError;

/// Script and style, where the build had them.
const FOUND: Option<(&str, &str)> = include!(concat!(env!("OUT_DIR"), "/maplibre.rs"));

/// Its licence, which goes with every map.
pub const LICENCE: &str = include_str!("maplibre-licence.txt");

/// Script and style.
///
/// # Errors
/// `Lacking` where this program was built without it.
pub fn maplibre() -> Result<(&'static str, &'static str), ReportError> {
    FOUND.ok_or_else(|| ReportError::Lacking {
        what: "map".to_owned(),
        expected: "a program with MapLibre GL JS in it".to_owned(),
        found: "one that was built without".to_owned(),
        next: "run scripts/install and build again".to_owned(),
    })
}
