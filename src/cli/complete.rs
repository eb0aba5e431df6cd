//! The tab key: verbs and flags, and the ids of the leads that stand in the ledger.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;

use crate::cli::Cli;
use crate::ledger::Place;

/// Ids that are offered at once; a longer list helps nobody.
const MOST: usize = 200;

/// Answers the shell where it asks (`COMPLETE=bash steppewatch` prints what it needs for that), and ends there.
pub fn answer() {
    CompleteEnv::with_factory(Cli::command).complete();
}

/// Leads whose ids begin so. A shell that asks gets no error: without a ledger there is nothing to offer.
pub fn leads(start: &OsStr) -> Vec<CompletionCandidate> {
    let found = || {
        let place = Place::parse(&ledger(std::env::args_os())).ok()?;
        place.open_to_read().ok()?.leads_beginning(start.to_str()?, MOST).ok()
    };
    let offered = |(id, state): (String, String)| CompletionCandidate::new(id).help(Some(state.into()));
    found().unwrap_or_default().into_iter().map(offered).collect()
}

/// The ledger that the line so far names, else the one that holds without it.
fn ledger(line: impl Iterator<Item = OsString>) -> OsString {
    let words: Vec<OsString> = line.collect();
    let after = words.iter().position(|word| word == "--ledger").and_then(|place| words.get(place + 1));
    let within =
        || words.iter().find_map(|word| word.to_str()?.strip_prefix("--ledger=").map(OsString::from));
    after.cloned().or_else(within).unwrap_or_else(|| OsString::from("ledger.gpkg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_of_a_line_is_the_one_that_it_names() {
        let of = |line: &str| ledger(line.split(' ').map(OsString::from));
        assert_eq!(of("steppewatch leads --ledger a.gpkg verify x"), "a.gpkg");
        assert_eq!(of("steppewatch leads verify --ledger=b.gpkg x"), "b.gpkg");
        assert_eq!(of("steppewatch leads verify x"), "ledger.gpkg");
    }
}
