//! `manifest verify`: every item with its verdict.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::place::{self, Placed};
use crate::cli::show;
use crate::ledger::{Ledger, Place, seal};
use crate::provenance::Manifest;
use crate::provenance::verify::{Asked, Item, Verdict, What, verify};
use crate::publish::digest;
use crate::publish::staging::MANIFEST;

/// Inputs that are not at hand and told by name.
const MOST_LACKING: usize = 10;

/// Arguments of `manifest verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The folder that was written
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Folders and files in which inputs lie now; without it where the manifest says
    #[arg(long, visible_alias = "scenes", value_name = "DIR|FILE", num_args = 1..)]
    inputs: Vec<PathBuf>,
    /// Leave inputs alone: an archive takes hours to read
    #[arg(long, conflicts_with = "inputs")]
    only_outputs: bool,
    /// A signature that `manifest sign` made
    #[arg(long, value_name = "FILE.sig", requires = "key")]
    signature: Option<PathBuf>,
    /// The public key that it was signed for
    #[arg(long, value_name = "KEY.pub", requires = "signature")]
    key: Option<PathBuf>,
    /// The answer of an authority of time to the signed manifest
    #[arg(long, value_name = "FILE.tsr")]
    stamp: Option<PathBuf>,
    /// A ledger that took the run in
    #[arg(long, value_name = place::NAME, value_parser = Placed)]
    ledger: Option<Place>,
    /// Tell SM3 (GB/T 32905) beside SHA-256
    #[arg(long)]
    sm3: bool,
    /// Every item as JSON to stdout
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let manifest = Manifest::read(&self.run)?;
        let asked =
            Asked { inputs: self.inputs.clone(), with_sm3: self.sm3, only_outputs: self.only_outputs };
        let mut items = verify(&manifest, &asked);
        items.extend(self.outside(&manifest)?);
        let exit = exit(&items);
        if self.json {
            let counts: serde_json::Map<_, _> = Verdict::ALL
                .iter()
                .map(|verdict| (verdict.name().to_owned(), json!(of(&items, *verdict, None))))
                .collect();
            let whole = json!({
                "kind": manifest.kind.name(), "result_sha256": manifest.text("result_sha256"), "counts": counts,
                "exit": exit.number(), "items": items,
            });
            show::data(&whole.to_string());
        } else {
            self.tell(&items);
        }
        Ok(exit)
    }

    /// What stands outside of the folder and speaks about its manifest.
    fn outside(&self, manifest: &Manifest) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let told = |what: What, name: String, checked: Result<(), crate::ledger::LedgerError>, good: &str| {
            match checked {
                Ok(()) => Item::new(what, name, Verdict::Intact, good),
                Err(error) => Item::new(what, name, Verdict::Changed, error.to_string()),
            }
        };
        if let (Some(signature), Some(key)) = (&self.signature, &self.key) {
            let checked = seal::check_signature(&manifest.path(), signature, key);
            let good = format!("signed with the private half of {}", key.display());
            items.push(told(What::Signature, signature.display().to_string(), checked, &good));
        }
        if let Some(stamp) = &self.stamp {
            let checked = seal::check_stamp(&manifest.path(), stamp);
            let good = "stamped; whose stamp it is, and of when, `openssl ts -verify` tells";
            items.push(told(What::Stamp, stamp.display().to_string(), checked, good));
        }
        if let Some(place) = &self.ledger {
            items.push(in_ledger(manifest, place)?);
        }
        Ok(items)
    }

    fn tell(&self, items: &[Item]) {
        let is_told = |item: &&Item| item.verdict != Verdict::Intact || self.sm3 || is_outside(item);
        let is_lacking = |item: &&Item| item.what == What::Input && item.verdict == Verdict::Absent;
        let lacking = items.iter().filter(is_lacking).count();
        let mut lacked = 0;
        for item in items.iter().filter(is_told) {
            lacked += usize::from(is_lacking(&item));
            if is_lacking(&item) && lacked > MOST_LACKING {
                continue;
            }
            let role = if item.role.is_empty() { String::new() } else { format!(" {}", item.role) };
            let words = if item.words.is_empty() { String::new() } else { format!(": {}", item.words) };
            let sm3 = item.sm3.as_ref().map_or(String::new(), |sm3| format!("; SM3 {sm3}"));
            let line =
                format!("{:<7} {}{role} {}{words}{sm3}", item.verdict.name(), item.what.name(), item.name);
            show::data(&show::plain(&line));
        }
        if lacking > MOST_LACKING {
            show::data(&format!("and {} more inputs are absent; --json names them", lacking - MOST_LACKING));
        }
        for (what, name) in [(What::Output, "outputs"), (What::Input, "inputs")] {
            if what == What::Input && self.only_outputs {
                show::say("inputs: not looked at");
                continue;
            }
            let all: Vec<&Item> = items.iter().filter(|item| item.what == what).collect();
            let stated = all.iter().filter(|item| item.verdict != Verdict::Added).count();
            let counted = |verdict: Verdict| (of(items, verdict, Some(what)), verdict.name());
            let others = Verdict::ALL.map(counted).into_iter().skip(1).filter(|(count, _)| *count > 0);
            let others: String = others.map(|(count, name)| format!(", {count} {name}")).collect();
            show::say(&format!(
                "{name}: {} of {stated} intact{others}",
                of(items, Verdict::Intact, Some(what))
            ));
        }
        if !items.iter().any(is_outside) {
            show::say(
                "whoever edits a manifest can make its digests fit: that is found only by a signature (--signature, --key), a time \
                 stamp (--stamp) or a ledger (--ledger), and none was asked",
            );
        }
    }
}

fn is_outside(item: &Item) -> bool {
    matches!(item.what, What::Signature | What::Stamp | What::Ledger)
}

fn of(items: &[Item], verdict: Verdict, what: Option<What>) -> usize {
    items.iter().filter(|item| item.verdict == verdict && what.is_none_or(|what| item.what == what)).count()
}

/// 1 where something is not what it was, 3 where something could not be told.
fn exit(items: &[Item]) -> Exit {
    let is_fault = |item: &Item| match item.verdict {
        Verdict::Changed | Verdict::Added => true,
        Verdict::Absent => item.what == What::Output,
        Verdict::Intact | Verdict::Unknown => false,
    };
    let is_untold = |item: &Item| matches!(item.verdict, Verdict::Absent | Verdict::Unknown);
    match (items.iter().any(is_fault), items.iter().any(is_untold)) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Gaps,
        (false, false) => Exit::Complete,
    }
}

/// What a ledger knows of the manifest: the events that bear its digest.
fn in_ledger(manifest: &Manifest, place: &Place) -> Result<Item> {
    let mut ledger = Ledger::open_to_read(place)?;
    let own = digest::of_bytes(&manifest.bytes);
    let mut others = Vec::new();
    for event in ledger.events()? {
        let value = event.as_json()?;
        let evidence =
            value["evidence"].as_array().into_iter().flatten().filter(|file| file["file"] == MANIFEST);
        let digests: Vec<&str> = evidence.filter_map(|file| file["sha256"].as_str()).collect();
        if digests.contains(&own.as_str()) {
            let words =
                format!("event {} of {} by {} bears its digest", event.seq, event.at_local, event.actor);
            return Ok(Item::new(What::Ledger, place.to_string(), Verdict::Intact, words));
        }
        let is_of_run = value["run"].as_str().is_some_and(|run| run == manifest.text("result_sha256"));
        if is_of_run && !digests.is_empty() {
            others.push(event.seq);
        }
    }
    Ok(match others.first() {
        Some(seq) => Item::new(
            What::Ledger,
            place.to_string(),
            Verdict::Changed,
            format!(
                "event {seq} took in the same result with another manifest: what is not the result (times, places) was edited, \
                     or it was run again"
            ),
        ),
        None => Item::new(
            What::Ledger,
            place.to_string(),
            Verdict::Unknown,
            "no event bears its digest: the run was not taken in",
        ),
    })
}
