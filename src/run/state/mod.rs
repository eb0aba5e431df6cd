//! A run that goes on: the look-back is learned once, each day is read once, and a night pays for what is new.
//!
//! In:  a plan, and the folder in which its state lies. Out: the output folder of `scan`, byte by byte, and a state that
//!      knows everything that was seen so far.
//! Law: what is published depends on the inputs alone: not on the order in which scenes came, nor on how often, nor on where
//!      runs before this one ended. A scene is known by what its files hold; one that is known is not taken in again, and one
//!      that changed is taken in anew with everything that depends on it.

pub mod chunks;

mod days;

mod error;

mod judge;

mod learn;

mod looked_back;

mod stands;

pub mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use error::StateError;
use judge::{LOOKS, Night};
use looked_back::LookBack;
use store::{Head, KnownView, Store};

use crate::date::Date;
use crate::detect::seasons::Seasons;
use crate::plan::Plan;
use crate::publish::Staging;
use crate::publish::digest::Digests;
use crate::read::SetAside;
use crate::run::inputs::{self, Inputs};
use crate::run::looked::Known;
use crate::run::{
    Evidence, Found, Progress, RunError, asked_in, concluded, fitted, outputs, patches, published, workers,
};

/// What a run did with the state.
#[derive(Debug, Default)]
pub struct Done {
    /// Why the look-back was learned (again), part by part; nothing where it was known.
    pub learned: Vec<String>,
    /// Days that were taken in, the first time or anew.
    pub taken: Vec<Date>,
    /// Days that are gone.
    pub gone: Vec<Date>,
    /// Cells judged, and all that there are.
    pub cells: (usize, usize),
    /// Bytes of the look-back, of the days, of the evidence.
    pub bytes: [u64; 3],
}

/// What a run found, or that nothing changed since the last one.
pub enum Update {
    /// Everything is as it was when the last result was published.
    Same(Box<Inputs>),
    /// A result, published.
    Published(Box<(Inputs, Found, PathBuf)>),
}

/// Brings a state up to the scenes of a plan and publishes what it says then.
pub fn update(
    (plan, store): (&Plan, &mut Store),
    set_aside: &SetAside,
    (command, progress): (Vec<String>, &dyn Progress),
) -> Result<(Update, Done), RunError> {
    let started = Timestamp::now();
    let inputs = inputs::gather_without(plan, set_aside, Digests::new(store.known_files()))?;
    let fingerprint = outputs::fingerprint(plan, &inputs)?;
    store.keep_files(&inputs.digests.all())?;
    let is_same = store.head.published.as_ref().is_some_and(|(of, manifest)| {
        *of == fingerprint && outputs::manifest_of(&plan.out).as_ref() == Some(manifest)
    });
    if is_same {
        return Ok((Update::Same(Box::new(inputs)), Done::default()));
    }
    let staging = Staging::begin(&plan.out)?;
    let (threads, tile_size) = fitted(plan, &inputs)?;
    let (found, done) = workers(threads)?
        .install(|| brought_up(plan, &inputs, store, (&staging.path(""), tile_size), progress))?;
    let result = published(plan, inputs, found, (staging, started, command), progress)?;
    let published = outputs::manifest_of(&result.2).map(|manifest| (fingerprint, manifest));
    store.commit(Head { published, ..store.head.clone() })?;
    Ok((Update::Published(Box::new(result)), done))
}

/// The state after everything that is new, and what it says.
fn brought_up(
    plan: &Plan,
    inputs: &Inputs,
    store: &mut Store,
    (scratch, tile_size): (&Path, usize),
    progress: &dyn Progress,
) -> Result<(Found, Done), RunError> {
    check(inputs)?;
    let stands_on = stands::stands_on(inputs)?;
    let key = stands::key(&stands_on);
    let mut done = Done { learned: differences(&store.head, &stands_on), ..Done::default() };
    let look_back = learn::learn(store, inputs, (&key, tile_size), progress)?;
    let learned = LookBack::open(store, &look_back)?;
    let (history, all) = stands::split(inputs);
    progress.stage("new days", inputs.area.len() as u64 * (all - history) as u64);
    let take = |place: usize| days::take(store, (inputs, place), (&learned, &key, plan.memory), progress);
    let views: Vec<KnownView> = (history..all).map(take).collect::<Result<_, _>>()?;
    let seasons: Vec<Vec<String>> = inputs.models.iter().map(|model| asked_seasons(inputs, model)).collect();
    let before = evidence_before(store, (&key, &seasons));
    let touched = match &before {
        None => learned.cells().collect(),
        Some(_) => touched(store, &views, &mut done)?,
    };
    if before.is_none() {
        done.taken = views.iter().map(|view| view.date).collect();
    }
    let night = Night::open((store, inputs, &learned), &views, before, touched)?;
    done.cells = (night.touched.len(), learned.cells().count());
    let asked = asked_in(inputs, scratch, inputs.grid.whole())?;
    let temporary = store.path("night-next.cells");
    let mut writer = chunks::Writer::begin(&temporary, &format!(r#"{{"look_back":"{key}"}}"#))?;
    let signs = night.judge(&asked[0].1, &mut writer, progress)?;
    if let Some((_, placebo)) = asked.get(1) {
        night.placebo(placebo)?;
    }
    let known = known_looks(&night, store, inputs)?;
    let evidence = Evidence { asked, signs, known };
    let (found, looks) = concluded(plan, inputs, evidence, tile_size, progress)?;
    let packed = chunks::packed(&judge::in_memory(&looks, store)?);
    let packed = packed.map_err(|source| StateError::Access { path: temporary.clone(), source })?;
    writer.add(LOOKS, &packed)?;
    let sha256 = writer.commit()?;
    let name = format!("night-{sha256:.16}.cells");
    std::fs::rename(&temporary, store.path(&name)).map_err(StateError::reading(&temporary))?;
    done.bytes = [
        learned.size(),
        night.days.iter().map(|day| day.size).sum(),
        std::fs::metadata(store.path(&name)).map(|found| found.len()).unwrap_or_default(),
    ];
    drop(night);
    let program = crate::run::shards::job::program();
    let head = Head {
        program,
        key,
        stands_on,
        look_back,
        views,
        night: Some((name, sha256)),
        seasons,
        published: None,
    };
    store.commit(head)?;
    Ok((found, done))
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
fn asked_seasons(inputs: &Inputs, model: &crate::submodel::SubModel) -> Vec<String> {
    let seasons = Seasons::of(model, &inputs.dates(), inputs.question.target);
    seasons.slots.iter().map(|slot| format!("{} {}", slot.name, slot.days)).collect()
}

/// The evidence of the night before, if it is whole and still answers the same question.
fn evidence_before(store: &Store, (key, seasons): (&str, &[Vec<String>])) -> Option<chunks::Chunks> {
    let head = &store.head;
    let (file, sha256) = head.night.as_ref().filter(|_| head.key == key && head.seasons == seasons)?;
    chunks::Chunks::open(&store.path(file)).ok().filter(|night| night.sha256 == *sha256)
}

/// Cells of which a day that is new, changed or gone shows or showed anything.
fn touched(store: &Store, now: &[KnownView], done: &mut Done) -> Result<BTreeSet<(u32, u32)>, StateError> {
    let before = &store.head.views;
    let is_in = |views: &[KnownView], view: &KnownView| {
        views.iter().any(|other| other.sha256 == view.sha256 && other.date == view.date)
    };
    let new: Vec<&KnownView> = now.iter().filter(|view| !is_in(before, view)).collect();
    let old: Vec<&KnownView> = before.iter().filter(|view| !is_in(now, view)).collect();
    done.taken = new.iter().map(|view| view.date).collect();
    done.gone =
        old.iter().map(|view| view.date).filter(|date| now.iter().all(|view| view.date != *date)).collect();
    let mut touched = BTreeSet::new();
    for view in new.into_iter().chain(old) {
        let path = store.path(&view.file);
        let day = chunks::Chunks::open(&path).map_err(StateError::reading(&path))?;
        touched.extend(day.names(days::VALUES_PIECE).map(|(_, row, col)| (row, col)));
    }
    Ok(touched)
}

/// Closer looks of the night before at ground of which nothing new was seen.
fn known_looks(night: &Night, store: &Store, inputs: &Inputs) -> Result<Known, StateError> {
    let mut known = Known::remembering();
    let Some(before) = &night.before else { return Ok(known) };
    let looks: Vec<crate::run::looked::Taken> =
        before.read(LOOKS).map_err(StateError::reading(&store.folder))?.unwrap_or_default();
    let (history, _) = stands::split(inputs);
    let dates = inputs.dates();
    let then: Vec<Date> =
        dates[..history].iter().copied().chain(store.head.views.iter().map(|view| view.date)).collect();
    let place = |view: usize| then.get(view).and_then(|date| dates.binary_search(date).ok());
    let is_still = |window: crate::grid::Window| {
        let cells = patches::cells_around(window, inputs.grid.whole());
        cells.iter().all(|cell| !night.touched.contains(&(cell.row0 as u32, cell.col0 as u32)))
    };
    known.add(
        looks
            .into_iter()
            .filter(|look| is_still(look.ground))
            .filter_map(|look| look.with_views(place))
            .collect(),
    );
    Ok(known)
}
