//! What goes to an agency: a folder with its leads, their pictures and records, and a receipt to sign.
//!
//! In:  what stands, an agency, folders of the runs that found the leads.
//! Out: `index.html` (the cover), `receipt.html`, `leads.geojson`, `leads.csv`, `records/`, `chips/`, `manifest.json`.
//! Law: written whole or not at all; the same ledger gives the same bytes; a picture that is not the one of its run is
//!      left out and told. Nothing in it says what a place is in law: it says what was seen and what people found.

mod page;
mod sheet;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::ledger::event::{Draft, Event, Evidence, Kind};
use crate::ledger::rows;
use crate::ledger::{Book, Case, LedgerError};
use crate::publish::fields::file_name;
use crate::publish::staging::MANIFEST;
use crate::publish::{PublishError, Staging, digest, manifest};

/// A package that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// No lead is with that agency.
    #[error(
        "no lead is with agency '{agency}'; expected one that was handed over (`leads transfer --agency`): {known}"
    )]
    Nothing {
        /// As it was asked for.
        agency: String,
        /// Agencies that hold leads.
        known: String,
    },
    /// A lead that is not with that agency.
    #[error("lead {lead} is not with agency '{agency}' but with {found}; leave it out")]
    Elsewhere {
        /// The lead.
        lead: String,
        /// As it was asked for.
        agency: String,
        /// Who has it.
        found: String,
    },
    /// The folder cannot be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What was made.
#[derive(Debug)]
pub struct Packed {
    /// The folder.
    pub folder: PathBuf,
    /// Leads in it.
    pub leads: Vec<String>,
    /// Leads without pictures, with the reason.
    pub without_pictures: Vec<(String, String)>,
    /// Digest of the manifest.
    pub sha256: String,
}

impl Packed {
    /// That it was made, for the record of each lead.
    pub fn drafts(&self, agency: &str) -> Vec<Draft> {
        let evidence = vec![Evidence { file: MANIFEST.to_owned(), sha256: self.sha256.clone() }];
        let draft = |id: &String| Draft {
            key: format!("packed {} {id}", self.sha256),
            body: json!({"agency": agency}),
            evidence: evidence.clone(),
            ..Draft::of(Kind::Packed, id)
        };
        self.leads.iter().map(draft).collect()
    }
}

/// The leads that are with an agency: those that are named, else all of them that are not done.
///
/// # Errors
/// `Nothing`, `Elsewhere`, `NoSuchLead`.
pub fn with_agency<'a>(book: &'a Book, agency: &str, ids: &[String]) -> Result<Vec<&'a Case>, PackageError> {
    let is_there = |case: &&Case| case.agency.as_deref() == Some(agency);
    if !ids.is_empty() {
        let cases = ids.iter().map(|id| book.case(id)).collect::<Result<Vec<_>, _>>()?;
        return match cases.iter().find(|case| !is_there(case)) {
            Some(case) => Err(PackageError::Elsewhere {
                lead: case.id.clone(),
                agency: agency.to_owned(),
                found: case.agency.clone().unwrap_or_else(|| "none".to_owned()),
            }),
            None => Ok(cases),
        };
    }
    let cases: Vec<&Case> =
        book.cases.values().filter(|case| is_there(case) && case.state.is_with_agency()).collect();
    if cases.is_empty() {
        let mut known: Vec<&str> = book.cases.values().filter_map(|case| case.agency.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        let known = if known.is_empty() { "none has any".to_owned() } else { known.join(", ") };
        return Err(PackageError::Nothing { agency: agency.to_owned(), known });
    }
    Ok(cases)
}

/// Makes the folder. `runs` are folders that scans wrote; pictures are taken from them.
///
/// # Errors
/// Those of [`with_agency`] and of writing.
pub fn pack(
    (book, events): (&Book, &[Event]),
    (agency, ids): (&str, &[String]),
    runs: &[PathBuf],
    out: &Path,
) -> Result<Packed, PackageError> {
    let cases = with_agency(book, agency, ids)?;
    let staging = Staging::begin(out)?;
    staging.folder("chips")?;
    staging.folder("records")?;
    let mut without_pictures = Vec::new();
    let mut shown: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for case in &cases {
        match pictures(case, runs, &staging)? {
            Ok(files) => {
                shown.insert(&case.id, files);
            }
            Err(reason) => without_pictures.push((case.id.clone(), reason)),
        }
    }
    staging.write("leads.geojson", sheet::geojson(&cases).as_bytes())?;
    staging.write("leads.csv", sheet::csv(&cases).as_bytes())?;
    for case in &cases {
        let own: Vec<&Event> = case.events_of(events).collect();
        let name = file_name(&case.id);
        let chips = shown.get(case.id.as_str()).map_or(&[][..], Vec::as_slice);
        staging.write(&format!("records/{name}.json"), record(case, &own)?.as_bytes())?;
        staging.write(&format!("records/{name}.html"), page::record(case, &own, chips).as_bytes())?;
    }
    let head = &book.head;
    staging.write("index.html", page::cover(agency, &cases, head).as_bytes())?;
    staging.write("receipt.html", page::receipt(agency, &cases, head).as_bytes())?;
    let sha256 = manifest(&staging, agency, &cases, head)?;
    let folder = staging.commit()?;
    let leads = cases.iter().map(|case| case.id.clone()).collect();
    Ok(Packed { folder, leads, without_pictures, sha256 })
}

/// Copies the pictures of a lead, or says why there are none.
fn pictures(
    case: &Case,
    runs: &[PathBuf],
    staging: &Staging,
) -> Result<Result<Vec<String>, String>, PublishError> {
    let wanted: Vec<&str> = ["chip_before", "chip_after"].map(|name| case.text(name)).to_vec();
    let mut reason = "its run was not given (--run)".to_owned();
    for run in runs {
        let Ok(manifest) = fs::read(run.join(MANIFEST)) else {
            reason = format!("{}: {MANIFEST} cannot be read", run.display());
            continue;
        };
        let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
        if manifest["result_sha256"] != case.runs.1.as_str() {
            continue;
        }
        let bytes = wanted.iter().map(|file| listed(run, file, &manifest)).collect::<Result<Vec<_>, _>>();
        match bytes {
            Ok(bytes) => {
                let name = file_name(&case.id);
                let files = ["before", "after"].map(|moment| format!("chips/{name}_{moment}.png"));
                for (file, bytes) in files.iter().zip(&bytes) {
                    staging.write(file, bytes)?;
                }
                return Ok(Ok(files.to_vec()));
            }
            Err(wrong) => reason = wrong,
        }
    }
    Ok(Err(reason))
}

/// The bytes of a file of a run, if they are what its manifest says.
fn listed(run: &Path, file: &str, manifest: &Value) -> Result<Vec<u8>, String> {
    let outputs = manifest["result"]["outputs"].as_array();
    let expected = outputs.into_iter().flatten().find(|output| output["file"] == file);
    let expected = expected.and_then(|output| output["sha256"].as_str());
    let path = run.join(file);
    let expected = expected.ok_or_else(|| format!("{}: its manifest does not list it", path.display()))?;
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if digest::of_bytes(&bytes) != expected {
        return Err(format!("{}: was changed after the run", path.display()));
    }
    Ok(bytes)
}

/// Everything that the ledger holds of a lead, as JSON.
fn record(case: &Case, events: &[&Event]) -> Result<String, LedgerError> {
    let events: Vec<Value> = events.iter().map(|event| event.as_json()).collect::<Result<_, _>>()?;
    let whole = json!({"lead": rows::as_json(&rows::LEADS, &rows::lead(case)), "record": case.properties, "events": events});
    Ok(format!("{whole:#}\n"))
}

/// Every file by its digest; returns the manifest's own.
fn manifest(
    staging: &Staging,
    agency: &str,
    cases: &[&Case],
    (seq, hash): &(i64, String),
) -> Result<String, PublishError> {
    let about = json!({
        "agency": agency,
        "ledger_head": format!("{seq}:{hash}"),
        "leads": cases.iter().map(|case| &case.id).collect::<Vec<_>>(),
    });
    let text = manifest::of_files(staging, ("package", about))?;
    Ok(digest::of_bytes(text.as_bytes()))
}

#[cfg(test)]
mod tests;
