//! Brings a state up to its scenes: learns what is not learned, takes in what is new, judges what that touches.
//!
//! In:  inputs, the state. Out: what the run found, and the state after it, under its name.
//! Law: each step finds what is done already and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::date::Date;
use crate::detect::seasons::Seasons;
use crate::grid::Window;
use crate::plan::Plan;
use crate::run::inputs::Inputs;
use crate::run::looked::{Known, Taken};
use crate::run::shards::job;
use crate::run::state::chunks::{Chunks, Writer};
use crate::run::state::judge::{self, LOOKS, Night};
use crate::run::state::looked_back::LookBack;
use crate::run::state::report::{Report, StateBytes};
use crate::run::state::store::{Head, KnownView, Store};
use crate::run::state::{StateError, chunks, days, learn, stands};
use crate::run::{Evidence, Found, Progress, RunError, asked_in, closer_looks, concluded};
use crate::submodel::SubModel;

/// The state after everything that is new, and what it says.
pub fn bring(
    (plan, inputs): (&Plan, &Inputs),
    store: &mut Store,
    (scratch, tile_size): (&Path, usize),
    (report, progress): (&mut Report, &dyn Progress),
) -> Result<Found, RunError> {
    check(inputs)?;
    store.pull()?;
    let stands_on = stands::stands_on(inputs)?;
    let key = stands::key(&stands_on);
    report.learned = differences(&store.head, &stands_on);
    let (look_back, any) = learn::learn(store, inputs, (&key, tile_size), progress)?;
    if !any {
        report.learned.clear();
    }
    let learned = LookBack::open(store, &look_back)?;
    let (history, all) = stands::split(inputs);
    progress.stage("new days", inputs.area.len() as u64 * (all - history) as u64);
    let take = |place: usize| days::take(store, (inputs, place), (&learned, &key, plan.memory), progress);
    let views: Vec<KnownView> = (history..all).map(take).collect::<Result<_, _>>()?;
    let seasons: Vec<Vec<String>> = inputs.models.iter().map(|model| asked_seasons(inputs, model)).collect();
    let before = evidence_before(store, (&key, &seasons));
    tell_days(&store.head, (&key, &views), report);
    let new = touched(store, &views)?.filter(|_| before.is_some());
    let touched = new.unwrap_or_else(|| learned.cells().collect());
    let night = Night::open((store, inputs, &learned), &views, before, touched)?;
    report.cells_judged = night.touched.len();
    report.cells = learned.cells().count();
    let asked = asked_in(inputs, scratch, inputs.grid.whole())?;
    let temporary = store.path("night-next.cells");
    let mut writer = Writer::begin(&temporary, &format!(r#"{{"look_back":"{key}"}}"#))?;
    let signs = night.judge(&asked[0].1, &mut writer, progress)?;
    if let Some((_, placebo)) = asked.get(1) {
        night.placebo(placebo)?;
    }
    let known = known_looks(&night, store, inputs)?;
    let evidence = Evidence { asked, signs, known };
    let (found, looks) = concluded(plan, inputs, evidence, tile_size, progress)?;
    progress.stage("state", 0);
    let (name, sha256) = ended(store, (writer, &temporary), &looks)?;
    report.state_bytes = bytes(store, &night, &name);
    drop(night);
    let head = Head {
        program: job::program(),
        key,
        stands_on,
        grid: Some(inputs.grid.clone()),
        models: inputs.models.iter().map(|model| model.id.clone()).collect(),
        look_back,
        views,
        night: Some((name, sha256)),
        seasons,
        published: None,
        told: store.head.told.clone(),
    };
    store.commit(head)?;
    Ok(found)
}

/// Bytes of the parts of a state after a night.
fn bytes(store: &Store, night: &Night, name: &str) -> StateBytes {
    StateBytes {
        look_back: night.look_back.size(),
        days: night.days.iter().map(|day| day.size).sum(),
        evidence: fs::metadata(store.path(name)).map(|found| found.len()).unwrap_or_default(),
    }
}

/// Ends the file of a night with the closer looks that were taken, and names it by what it holds.
fn ended(
    store: &Store,
    (mut writer, temporary): (Writer, &Path),
    looks: &[Taken],
) -> Result<(String, String), RunError> {
    let access = |source| StateError::Access { path: temporary.to_owned(), source };
    writer.add(LOOKS, &chunks::packed(&judge::in_memory(&looks, store)?).map_err(access)?)?;
    let sha256 = writer.commit()?;
    let name = format!("night-{sha256:.16}.cells");
    fs::rename(temporary, store.path(&name)).map_err(access)?;
    store.keep(&name)?;
    Ok((name, sha256))
}

/// Whether these inputs can be followed at all.
fn check(inputs: &Inputs) -> Result<(), StateError> {
    if inputs.is_pair {
        return Err(StateError::Pair);
    }
    let question = &inputs.question;
    let (history, _) = stands::split(inputs);
    let is_first = question.look_back.iter().skip(history).all(|is| !is);
    if !is_first || question.baseline.to >= question.target.from {
        let (baseline, target) = (question.baseline.to_string(), question.target.to_string());
        return Err(StateError::Order { baseline, target });
    }
    Ok(())
}

/// What the state stood on that is otherwise now; everything where nothing was learned yet.
fn differences(head: &Head, now: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |(name, words): &(&String, &String)| head.stands_on.get(*name) != Some(*words);
    let told = |(name, words): (&String, &String)| match head.stands_on.get(name) {
        None => name.clone(),
        Some(before) if before.len() < 60 && words.len() < 60 => format!("{name} ({before} -> {words})"),
        Some(_) => name.clone(),
    };
    now.iter().filter(differs).map(told).collect()
}

/// The seasons that a sub-model asks for: where scenes make one more of them, every cell is asked anew.
fn asked_seasons(inputs: &Inputs, model: &SubModel) -> Vec<String> {
    let seasons = Seasons::of(model, &inputs.dates(), inputs.question.target);
    seasons.slots.iter().map(|slot| format!("{} {}", slot.name, slot.days)).collect()
}

/// The evidence of the night before, if it is whole and still answers the same question.
fn evidence_before(store: &Store, (key, seasons): (&str, &[Vec<String>])) -> Option<Chunks> {
    let head = &store.head;
    let (file, sha256) = head.night.as_ref().filter(|_| head.key == key && head.seasons == seasons)?;
    Chunks::open(&store.path(file)).ok().filter(|night| night.sha256 == *sha256)
}

/// Days that the last result did not know, knew otherwise, or knew and that are gone.
fn tell_days(head: &Head, (key, now): (&str, &[KnownView]), report: &mut Report) {
    let told =
        head.told.as_ref().filter(|told| told.key == key).map(|told| told.views.clone()).unwrap_or_default();
    let is_new = |view: &&KnownView| !told.contains(&(view.date, view.of.clone()));
    report.days_taken = now.iter().filter(is_new).map(|view| view.date).collect();
    let is_gone = |date: &Date| now.iter().all(|view| view.date != *date);
    report.days_gone = told.iter().map(|(date, _)| *date).filter(is_gone).collect();
}

/// Cells of which a day that is new, changed or gone since the evidence was kept shows or showed anything; `None` where what
/// it showed is not known any more.
fn touched(store: &Store, now: &[KnownView]) -> Result<Option<BTreeSet<(u32, u32)>>, StateError> {
    let before = &store.head.views;
    let is_in = |views: &[KnownView], view: &KnownView| {
        views.iter().any(|other| other.sha256 == view.sha256 && other.date == view.date)
    };
    let mut touched = BTreeSet::new();
    for view in now.iter().filter(|view| !is_in(before, view)) {
        let path = store.path(&view.file);
        let day = Chunks::open(&path).map_err(StateError::reading(&path))?;
        touched.extend(day.names(days::VALUES_PIECE).map(|(_, row, col)| (row, col)));
    }
    for view in before.iter().filter(|view| !is_in(now, view)) {
        let day = Chunks::open(&store.path(&view.file)).ok().filter(|day| day.sha256 == view.sha256);
        let Some(day) = day else { return Ok(None) };
        touched.extend(day.names(days::VALUES_PIECE).map(|(_, row, col)| (row, col)));
    }
    Ok(Some(touched))
}

/// Closer looks of the night before at ground of which nothing new was seen.
fn known_looks<'a>(night: &'a Night, store: &Store, inputs: &Inputs) -> Result<Known<'a>, StateError> {
    let mut known = Known::remembering(night);
    let Some(before) = &night.before else { return Ok(known) };
    let looks: Vec<Taken> =
        before.read(LOOKS).map_err(StateError::reading(&store.folder))?.unwrap_or_default();
    let (history, _) = stands::split(inputs);
    let dates = inputs.dates();
    let then: Vec<Date> =
        dates[..history].iter().copied().chain(store.head.views.iter().map(|view| view.date)).collect();
    let place = |view: usize| then.get(view).and_then(|date| dates.binary_search(date).ok());
    let is_still = |window: Window| {
        let cells = closer_looks::cells_around(window, inputs.grid.whole());
        cells.iter().all(|cell| !night.touched.contains(&(cell.row0 as u32, cell.col0 as u32)))
    };
    known.add(
        looks
            .into_iter()
            .filter(|look| look.is_aside() || is_still(look.ground))
            .filter_map(|look| look.with_views(place))
            .collect(),
    );
    Ok(known)
}
