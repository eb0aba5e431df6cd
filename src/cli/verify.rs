//! `verify`: what was found on the ground comes back into the ledger.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Zoned;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::place::{self, Placed};
use crate::cli::sample::Sample;
use crate::cli::show;
use crate::grid::datum::Datum;
use crate::ledger::photograph::{Judging, Refused, WITHIN_METRES, alone};
use crate::ledger::returned::{Returned, Taken};
use crate::ledger::{Ledger, Place};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Take in verdicts from CSV, GeoJSON or a GeoPackage that came back; ends with 3 when a row or a picture was refused
    Import(Import),
    /// Link pictures with a place to the leads at which they were taken; ends with 3 when one was refused
    Photos(Photos),
    /// Draw leads at random for a visit, and the most pressing ones beside them: sheets that come back by `import`
    Sample(Sample),
}

#[derive(Debug, Args)]
struct Import {
    /// Files of field tools; a record that is there already is not written twice
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folders with the pictures that rows name, beside those of ODK, Kobo and QField next to the file
    #[arg(long, value_name = "DIR")]
    photos: Vec<PathBuf>,
    /// What coordinates in the files are counted in: WGS84, GCJ-02 or BD-09; a file that says another is refused
    #[arg(long, value_name = "DATUM", default_value = "WGS84", value_parser = datum)]
    crs: Datum,
    #[command(flatten)]
    into: Destination,
}

#[derive(Debug, Args)]
struct Photos {
    /// JPEG and HEIC files, or folders with them
    #[arg(required = true, value_name = "DIR|FILE")]
    places: Vec<PathBuf>,
    /// The lead that they show, where several lie near
    #[arg(long, value_name = "ID")]
    lead: Option<String>,
    #[command(flatten)]
    into: Destination,
}

#[derive(Debug, Args)]
struct Destination {
    /// The ledger
    #[arg(long, value_name = place::NAME, value_parser = Placed, default_value = "ledger.gpkg")]
    ledger: Place,
    /// How far outside the outline of a lead a camera may have stood, metres
    #[arg(long, value_name = "METRES", default_value_t = WITHIN_METRES, value_parser = metres)]
    within: f64,
    #[command(flatten)]
    by: By,
    /// What was taken in as JSON to stdout, one line a file
    #[arg(long)]
    json: bool,
}

fn datum(text: &str) -> Result<Datum, String> {
    Datum::parse(text).ok_or_else(|| "expected WGS84, GCJ-02 or BD-09".to_owned())
}

fn metres(text: &str) -> Result<f64, String> {
    let metres = text.parse().ok().filter(|metres| (0.0..=10_000.0).contains(metres));
    metres.ok_or_else(|| "expected metres from 0 to 10000".to_owned())
}

impl Verify {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Import(import) => import.run(),
            Verb::Photos(photos) => photos.run(),
            Verb::Sample(sample) => sample.run(),
        }
    }
}

impl Destination {
    fn judging(&self) -> Judging {
        Judging { now: Zoned::now().timestamp(), within_metres: self.within }
    }
}

impl Import {
    fn run(self) -> Result<Exit> {
        let Destination { ledger, by, json, .. } = &self.into;
        let (mut ledger, by, judging) = (Ledger::open(ledger)?, by.name()?, self.into.judging());
        // All files are read before the first is written: a wrong name leaves nothing half done.
        let read = |file: &PathBuf| {
            Returned::read(file, self.crs)
                .map(|returned| returned.with_photographs(file, &self.photos, &judging))
        };
        let returned = self.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let (mut exit, today) = (Exit::Complete, Zoned::now().date());
        for (file, returned) in self.files.iter().zip(&returned) {
            let (_, (verdicts, taken)) = ledger.write(&by, &now(), |book| {
                let mut taken = returned.verdicts(book, today);
                let drafts = std::mem::take(&mut taken.drafts);
                let verdicts = drafts.iter().filter(|draft| draft.body.get("verdict").is_some()).count();
                Ok((drafts, (verdicts, taken)))
            })?;
            tell(&file.display().to_string(), verdicts, &taken);
            if !(taken.refused.is_empty() && taken.photographs_refused.is_empty()) {
                exit = Exit::Gaps;
            }
            if *json {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                show::data(&as_json(&name, verdicts, &taken).to_string());
            }
        }
        Ok(exit)
    }
}

fn tell(name: &str, verdicts: usize, taken: &Taken) {
    for (row, reason) in &taken.refused {
        show::say(&format!("{name}, row {row}: refused: {reason}"));
    }
    for (row, refused) in &taken.photographs_refused {
        show::say(&format!("{name}, row {row}: {}", told(refused)));
    }
    let Taken { known, open, .. } = taken;
    show::say(&format!(
        "{name}: {verdicts} verdicts taken in, {known} known before, {} refused, {open} rows without a verdict",
        taken.refused.len()
    ));
    let ((linked, before), refused) = (taken.photographs, taken.photographs_refused.len());
    if linked + before + refused > 0 {
        show::say(&format!("{name}: {linked} pictures linked, {before} known before, {refused} refused"));
    }
}

fn as_json(name: &str, verdicts: usize, taken: &Taken) -> serde_json::Value {
    let refused: Vec<_> = taken.refused.iter().map(|(row, why)| json!({"row": row, "reason": why})).collect();
    let pictures: Vec<_> = taken
        .photographs_refused
        .iter()
        .map(|(row, refused)| {
            let mut one = refused.as_json();
            one["row"] = json!(row);
            one
        })
        .collect();
    json!({
        "file": name, "taken": verdicts, "known": taken.known, "open": taken.open, "refused": refused,
        "photographs": {"linked": taken.photographs.0, "known": taken.photographs.1, "refused": pictures},
    })
}

fn told(refused: &Refused) -> String {
    format!("{}: not linked ({}): {}", refused.file, refused.doubt.english(), refused.words)
}

impl Photos {
    fn run(self) -> Result<Exit> {
        let (mut ledger, by, judging) =
            (Ledger::open(&self.into.ledger)?, self.into.by.name()?, self.into.judging());
        let photographs = alone::read(&self.places, &judging);
        let (events, brought) = ledger.write(&by, &now(), |book| {
            let mut brought = alone::linked(book, &photographs, self.lead.as_deref(), &judging)?;
            Ok((std::mem::take(&mut brought.drafts), brought))
        })?;
        brought.refused.iter().for_each(|refused| show::say(&told(refused)));
        for event in &events {
            let count = event.body()?["photographs"].as_array().map_or(0, Vec::len);
            show::say(&format!("{}: {count} pictures linked (event {})", event.lead, event.seq));
        }
        let (linked, known, refused) = (brought.linked, brought.known, brought.refused.len());
        show::say(&format!("{linked} pictures linked, {known} known before, {refused} refused"));
        if self.into.json {
            let refused: Vec<_> = brought.refused.iter().map(Refused::as_json).collect();
            let leads: Vec<&str> = events.iter().map(|event| event.lead.as_str()).collect();
            show::data(
                &json!({"linked": linked, "known": known, "leads": leads, "refused": refused}).to_string(),
            );
        }
        Ok(if brought.refused.is_empty() { Exit::Complete } else { Exit::Gaps })
    }
}
