//! `look-again`: whether ground that was put right is like its look-alikes again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{By, now};
use crate::cli::place::{self, Placed};
use crate::cli::scan::Asked;
use crate::cli::show::{self, Bar};
use crate::ledger::look_again::{Became, Shown};
use crate::ledger::{self, Event, Evidence, Ledger, Place, found};
use crate::plain;
use crate::publish::Staging;
use crate::publish::geojson::LEADS;
use crate::run::look_again::{self, LookedAt, Published, Told};
use crate::weigh::restored::{Answer, Rectified};

/// Arguments of `look-again`. The target period is the time to look at; the look-back of a lead ends before its change.
#[derive(Debug, Args)]
pub struct LookAgain {
    #[command(flatten)]
    asked: Asked,
    /// Look at the cases of this ledger that are replied to, rectifying, looked at again, or closed as restored; and write down what is found
    #[arg(long, value_name = place::NAME, value_parser = Placed, conflicts_with = "leads")]
    ledger: Option<Place>,
    /// Look at these leads instead: leads.geojson, or the folder that holds it; nothing is written down
    #[arg(long, value_name = "FILE", required_unless_present = "ledger")]
    leads: Option<PathBuf>,
    /// Only these leads
    #[arg(long, value_name = "ID", num_args = 1..)]
    lead: Vec<String>,
    /// Output folder; written whole or not at all
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print what was found as JSON on stdout, one lead a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: By,
}

impl LookAgain {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let plan = self.asked.plan(self.out.as_deref())?;
        // Opened before the run begins, so that a wrong name is told then.
        let mut ledger = self.ledger.as_ref().map(|place| Writer::open(place, &self.by)).transpose()?;
        let leads = self.grounds(ledger.as_ref())?;
        let started = Timestamp::now();
        let inputs = look_again::gather(&plan)?;
        let staging = Staging::begin(&plan.out)?;
        let bar = Bar::new();
        let looked = look_again::look(&plan, &inputs, &leads, (Told::Compared, &bar))?;
        let run = (staging, started, std::env::args().collect());
        let published = look_again::publish((&plan, &inputs), &looked, run, &bar)?;
        bar.finish();
        for (one, numbers) in looked.iter().zip(&published.numbers) {
            if self.json {
                show::data(&json!({"id": one.lead.id, "numbers": numbers}).to_string());
            } else {
                show::data(&in_words(one));
            }
        }
        show::say(&summary(&looked, &published.out));
        if let Some(ledger) = &mut ledger {
            ledger.write(&looked, &published)?;
        }
        let is_untold = looked.iter().any(|one| one.recovery.answer == Answer::CannotTell);
        Ok(if is_untold { Exit::Gaps } else { Exit::Complete })
    }

    /// The leads that are meant.
    fn grounds(&self, ledger: Option<&Writer>) -> Result<Vec<Rectified>> {
        let mut leads = match (&self.leads, ledger) {
            (Some(path), _) => of_file(path)?,
            (None, Some(ledger)) => ledger::look_again::grounds(ledger.ledger.book(), &ledger.events)?,
            (None, None) => Vec::new(),
        };
        if let Some(unknown) = self.lead.iter().find(|id| leads.iter().all(|lead| lead.id != **id)) {
            bail!("--lead {unknown}: expected a lead that may be looked at again, found none of that id");
        }
        leads.retain(|lead| self.lead.is_empty() || self.lead.contains(&lead.id));
        leads.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(leads)
    }
}

/// A ledger that is to hear what imagery shows.
struct Writer {
    ledger: Ledger,
    events: Vec<Event>,
    by: String,
}

impl Writer {
    fn open(place: &Place, by: &By) -> Result<Self> {
        let mut ledger = Ledger::open(place)?;
        Ok(Self { events: ledger.events()?, by: by.name()?, ledger })
    }

    /// Writes what was found, each result once, and says what became of it.
    fn write(&mut self, looked: &[LookedAt], published: &Published) -> Result<()> {
        let shown = looked.iter().zip(&published.numbers).filter_map(|(one, numbers)| {
            let until = one.recovery.last_judged()?;
            let (lead, answer, numbers) = (one.lead.id.clone(), one.recovery.answer, numbers.clone());
            Some(Shown { lead, answer, days: one.days?, until, numbers })
        });
        let shown: Vec<Shown> = shown.collect();
        let evidence = published.files.iter().cloned();
        let evidence: Vec<Evidence> = evidence.map(|(file, sha256)| Evidence { file, sha256 }).collect();
        let events = &self.events;
        let (written, became) = self.ledger.write(&self.by, &now(), |book| {
            ledger::look_again::drafts(book, events, &shown, (&published.result, &evidence))
        })?;
        for (one, _) in shown.iter().zip(&became).filter(|(_, became)| **became == Became::SaidBefore) {
            show::say(&format!(
                "{}: the same, or a later look, stands in the ledger; nothing was written",
                one.lead
            ));
        }
        for event in &written {
            let state = self.ledger.book().case(&event.lead)?.state;
            show::say(&format!(
                "{} is {} (event {}): {}",
                event.lead,
                state.english(),
                event.seq,
                event.reason
            ));
        }
        let (seq, hash) = &self.ledger.book().head;
        show::say(&format!("{} events written; head {seq}:{hash}", written.len()));
        Ok(())
    }
}

/// The leads of a file or of the folder that a scan wrote.
pub(super) fn of_file(path: &Path) -> Result<Vec<Rectified>> {
    let path = if path.is_dir() { path.join(LEADS) } else { path.to_owned() };
    let text = plain::text(&path).with_context(|| {
        format!("{}: cannot be read; give the leads.geojson that a scan wrote", path.display())
    })?;
    let leads = found::leads(&path, &text)?;
    Ok(leads.into_iter().map(|lead| Rectified::of(&lead.id, &lead.properties, lead.outline)).collect())
}

/// Every case of a ledger.
pub(super) fn of_ledger(place: &Place) -> Result<Vec<Rectified>> {
    let mut ledger = Ledger::open_to_read(place)?;
    let events = ledger.events()?;
    let cases = ledger.book().cases.values();
    cases.map(|case| Ok(ledger::look_again::ground(case, &events)?)).collect()
}

/// One lead in a line.
fn in_words(one: &LookedAt) -> String {
    let LookedAt { lead, recovery, area, .. } = one;
    let season = recovery.season.map_or("no growing season".to_owned(), |season| season.days.to_string());
    let parts: Vec<String> = recovery.parts.iter().map(|part| format!("{:.0}", 100.0 * part.back)).collect();
    let out = recovery.longest_out.map_or(String::new(), |run| {
        format!("; out of the band in {} clear views in a row, {}", run.views, run.days)
    });
    let why = recovery
        .untold
        .as_ref()
        .map_or(String::new(), |(reason, words)| format!("; {}: {words}", reason.code()));
    format!(
        "{:<12} {:<12} {:<4} {:>6.2} of {:.2} mu restored ({:.0} %; green-up, peak, autumn: {} %), {:.0} % apart; \
         {} clear views in {season}{out}{why}",
        lead.id,
        recovery.answer.words().0,
        lead.model,
        recovery.back * area.mu(),
        area.mu(),
        100.0 * recovery.back,
        parts.join(", "),
        100.0 * recovery.apart,
        recovery.clear_views().count(),
    )
}

fn summary(looked: &[LookedAt], out: &Path) -> String {
    let count = |answer: Answer| looked.iter().filter(|one| one.recovery.answer == answer).count();
    let told = looked.iter().filter(|one| one.recovery.answer != Answer::CannotTell);
    let mu: f64 = told.map(|one| one.recovery.back * one.area.mu()).fold(0.0, |all, one| all + one);
    format!(
        "{} leads looked at again: {} restored, {} not restored, {} cannot be told; {mu:.2} mu of ground back\n\
         open {}/look_again.geojson; green is no proof of the plants that were ordered, only the field tells",
        looked.len(),
        count(Answer::Restored),
        count(Answer::NotRestored),
        count(Answer::CannotTell),
        out.display()
    )
}
