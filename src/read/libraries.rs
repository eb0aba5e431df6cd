//! Which libraries read pixels, write layers and transform coordinates: part of what a result depends on.
//!
//! Out: names and versions, for manifests and for jobs that several machines share.
//! Law: what cannot be found out is "unknown", never left out: a manifest says what it does not know.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use gdal::vector::sql::Dialect;
use gdal::version::VersionInfo;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

use crate::grid::crs;
use crate::read::harden;

/// Versions by name, always in the same order: GDAL, the GEOS that it is linked with, PROJ, its database of coordinate systems,
/// and the SQLite that writes GeoPackages.
pub fn libraries() -> Vec<(String, String)> {
    static FOUND: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let (database, sqlite) = crs::database().and_then(|path| of_database(&path)).unwrap_or_else(unknown);
        let all = [
            ("GDAL", VersionInfo::release_name()),
            ("GEOS", of_build("GEOS_VERSION")),
            ("PROJ", crs::engine_version()),
            ("proj.db", database),
            ("SQLite", sqlite),
        ];
        all.map(|(name, version)| (name.to_owned(), version)).to_vec()
    });
    found.clone()
}

fn unknown() -> (String, String) {
    ("unknown".to_owned(), "unknown".to_owned())
}

/// What GDAL was built with.
fn of_build(key: &str) -> String {
    let info = gdal::version::version_info("BUILD_INFO");
    let line = info.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.map_or_else(|| "unknown".to_owned(), str::to_owned)
}

/// The release of the EPSG data in PROJ's database, and the version of the library that reads it.
fn of_database(path: &Path) -> Option<(String, String)> {
    harden::prepare().ok()?;
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_VECTOR,
        allowed_drivers: Some(&["SQLite"]),
        ..DatasetOptions::default()
    };
    let database = Dataset::open_ex(path, options).ok()?;
    let ask = |question: &str| -> Option<Vec<(String, String)>> {
        let mut rows = database.execute_sql(question, None, Dialect::DEFAULT).ok()??;
        let text = |row: &gdal::vector::Feature, at: usize| {
            row.field_as_string(at).ok().flatten().unwrap_or_default()
        };
        Some(
            gdal::vector::LayerAccess::features(&mut *rows)
                .map(|row| (text(&row, 0), text(&row, 1)))
                .collect(),
        )
    };
    let metadata: BTreeMap<String, String> = ask("SELECT key, value FROM metadata")?.into_iter().collect();
    let told = |key: &str| metadata.get(key).map_or("unknown", String::as_str);
    let release = format!("EPSG {} of {}", told("EPSG.VERSION"), told("EPSG.DATE"));
    Some((release, ask("SELECT sqlite_version(), ''")?.first()?.0.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_says_which_one_it_is() {
        let found = libraries();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["GDAL", "GEOS", "PROJ", "proj.db", "SQLite"]);
        for (name, version) in &found {
            assert!(version.chars().any(|letter| letter.is_ascii_digit()), "{name} is '{version}'");
        }
    }
}
