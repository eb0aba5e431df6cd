//! Scenes that a catalogue of clips should hold and does not: whoever reads the folder is told, each time.
//!
//! In:  the catalogue that `scenes mirror` wrote. Out: day, id and reason of every scene that could not be fetched.
//! Law: what is not there was not observed, and is never "no change".

use std::path::PathBuf;

use serde_json::Value;

use crate::date::{Date, parse_date};
use crate::read::stac::{self, Object};

/// Where a catalogue of clips lists the scenes that it should hold and does not.
pub const MISSING: &str = "steppewatch:not_fetched";
/// Where it says that it is being filled.
pub const UNFINISHED: &str = "steppewatch:unfinished";

/// A scene that could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Day of acquisition.
    pub date: Date,
    /// Its id.
    pub id: String,
}

fn listed(catalogue: &Object) -> impl Iterator<Item = (Missing, String)> {
    let all = catalogue.get(MISSING).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| {
        let text = |key: &str| one.get(key).and_then(Value::as_str);
        let date = text("date").and_then(parse_date)?;
        Some((Missing { date, id: text("id")?.to_owned() }, text("reason").unwrap_or_default().to_owned()))
    })
}

/// In words, one for each scene.
pub(crate) fn told(catalogue: &Object) -> impl Iterator<Item = String> {
    listed(catalogue).map(|(Missing { id, date }, reason)| {
        format!("scene '{id}' of {date} could not be fetched: {reason}")
    })
}

/// Of every catalogue that was read, by day.
pub(crate) fn of(described: &[PathBuf]) -> Vec<Missing> {
    let catalogues = described.iter().filter(|path| path.ends_with("catalog.json"));
    let read = |path: &PathBuf| stac::object(path, path).ok();
    let of_one = |catalogue: Object| listed(&catalogue).map(|(missing, _)| missing).collect::<Vec<_>>();
    let mut all: Vec<Missing> = catalogues.filter_map(read).flat_map(of_one).collect();
    all.sort();
    all
}
