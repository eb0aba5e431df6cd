//! Scenes of a catalogue brought to this machine, several at once.
//!
//! In:  items (a file, or an address that lists them), red lines, a folder. Out: clips with their catalogue, and what was left
//!      out, lies beside, or could not be fetched, each by name with the reason.
//! Law: the folder says so while it is being filled, and its catalogue is written last. The order of the network changes no
//!      byte. A fault of one scene is told and the next is fetched; a fault of this machine ends the run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use geo::MultiPolygon;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use serde_json::Value;
use url::Url;

use crate::bucket::address::is_web;
use crate::bucket::web::place::{Allowed, Place, Secrets};
use crate::bucket::{Patience, Web, WebError};
use crate::catalogue::CatalogueError;
use crate::catalogue::choose::{self, Chosen, Question};
use crate::catalogue::ground::Bounds;
use crate::catalogue::item::{From as Origin, Item, Place as Stored};
use crate::catalogue::mirror::{self, Outcome, Wish};
use crate::catalogue::pages::{self, Listed};
use crate::catalogue::record::{self, CATALOGUE, ITEMS, NotFetched, PARTS};
use crate::catalogue::remote::Remote;
use crate::date::{Date, Period};
use crate::redline;
use crate::run::{Progress, RunError, workers};
use crate::scene::Band;

/// Largest file of items.
const MOST_BYTES: u64 = 256 << 20;
/// Tells two runs in one folder apart.
const LOCK: &str = ".lock";
/// All that such a folder holds.
const OURS: [&str; 5] = [CATALOGUE, ITEMS, record::ASSETS, PARTS, LOCK];

/// Where items are listed.
#[derive(Debug, Clone)]
pub enum Root {
    /// On the web.
    Web(Url),
    /// In a file here.
    Here(PathBuf),
}

impl Root {
    /// An address or a path.
    pub fn of(path: &Path) -> Result<Self, CatalogueError> {
        match path.to_str().filter(|_| is_web(path)) {
            Some(text) => Ok(Self::Web(Remote::parse(text, None)?.url().clone())),
            None => Ok(Self::Here(path.to_owned())),
        }
    }

    /// Its place, if it is on the web: whoever gives an address means that it is asked.
    pub fn place(&self) -> Result<Option<Place>, CatalogueError> {
        match self {
            Self::Web(url) => Ok(Some(Place::of(url)?)),
            Self::Here(_) => Ok(None),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Where items are listed.
    pub root: Root,
    /// Red-line layers.
    pub redlines: Vec<PathBuf>,
    /// Where the clips go.
    pub out: PathBuf,
    /// Collections, all where none is named.
    pub collections: Vec<String>,
    /// Days that are wanted, all where none are named.
    pub dates: Option<Period>,
    /// Bands, all where none is named.
    pub bands: Vec<Band>,
    /// Pixels around red lines beside what a scan needs.
    pub buffer: usize,
    /// Scenes fetched at once.
    pub parallel: usize,
    /// Places that may be asked beside that of the root.
    pub places: Vec<Place>,
    /// How long the network may take.
    pub patience: Patience,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Names of the scenes in the folder.
    pub scenes: Vec<String>,
    /// How many of them were there before.
    pub kept: usize,
    /// Items that show nothing of any red line or were not used, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Scenes that should be there and are not.
    pub not_fetched: Vec<NotFetched>,
    /// What the reader must know.
    pub notes: Vec<String>,
    /// Bytes that came over the network.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Today by the clock of this machine, in UTC.
pub fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Red lines in longitude and latitude; their class does not matter here.
pub fn lines(files: &[PathBuf]) -> Result<Vec<MultiPolygon<f64>>, RunError> {
    let reading = redline::read::read(files, Some(redline::Class::Redline))?;
    Ok(reading.redlines.into_iter().map(|line| line.polygons).collect())
}

/// One who may ask the place of an address and those that were named.
pub fn web(root: &Root, places: &[Place], patience: Patience) -> Result<Web, CatalogueError> {
    let allowed = Allowed::new(root.place()?.into_iter().chain(places.iter().cloned()));
    Ok(Web::new(allowed, Secrets::from_environment(), patience))
}

/// Items of a root that are inside the question, and what the root said.
pub fn find(web: &Web, root: &Root, question: &Question) -> Result<(Chosen, Listed), CatalogueError> {
    let mut listed = match root {
        Root::Web(url) => pages::list(web, url, question, today())?,
        Root::Here(file) => in_file(file)?,
    };
    let chosen = choose::choose(listed.items.clone(), question);
    listed.refused.sort();
    Ok((chosen, listed))
}

/// Items of a file here.
fn in_file(file: &Path) -> Result<Listed, CatalogueError> {
    let fault = |reason: String| CatalogueError::Items { path: file.to_owned(), reason };
    let failed = |source| CatalogueError::File { path: file.to_owned(), source };
    let about = fs::metadata(file).map_err(failed)?;
    if about.is_dir() {
        return Err(fault("is a folder; what is fetched is what a STAC item collection names".to_owned()));
    }
    let size = about.len();
    if size > MOST_BYTES {
        return Err(fault(format!("is {size} bytes, the limit is {MOST_BYTES}; split it")));
    }
    let value: Value = serde_json::from_slice(&fs::read(file).map_err(failed)?)
        .map_err(|error| fault(format!("is no JSON: {error}; search again")))?;
    let members: Vec<&Value> = match value.get("type").and_then(Value::as_str) {
        Some("Feature") => vec![&value],
        Some("FeatureCollection") => {
            value.get("features").and_then(Value::as_array).into_iter().flatten().collect()
        }
        _ => {
            return Err(fault(
                "is no STAC item or item collection; give what `scenes search --out` wrote".to_owned(),
            ));
        }
    };
    let mut listed = Listed::default();
    for member in members {
        listed.take(member, &Origin::Here(file.to_owned()), Some(today()));
    }
    Ok(listed)
}

/// The question of a mirror: everything over the red lines that was not left out by name or day.
fn everything(asked: &Fetch, lines: &[MultiPolygon<f64>]) -> Question {
    let always = Period { from: Date::constant(1900, 1, 1), to: Date::constant(2999, 12, 31) };
    let each = |line: &MultiPolygon<f64>| Bounds::around(std::iter::once(line));
    Question {
        collections: asked.collections.clone(),
        bounds: Bounds::around(lines.iter()).unwrap_or(Bounds([-180.0, -90.0, 180.0, 90.0])),
        lines: lines.iter().filter_map(each).collect(),
        dates: asked.dates.unwrap_or(always),
        cloud: None,
        most: usize::MAX,
        needs_names: true,
    }
}

/// Brings scenes to this machine.
pub fn fetch(asked: &Fetch, progress: &dyn Progress) -> Result<Fetched, RunError> {
    let begun = Instant::now();
    let lines = lines(&asked.redlines)?;
    let web = web(&asked.root, &asked.places, asked.patience.clone())?;
    let (chosen, listed) = find(&web, &asked.root, &everything(asked, &lines))?;
    if let Some((address, reason)) = listed.unread.first() {
        let reason = format!(
            "{reason}. Without it nobody knows which scenes are missing, and nothing is fetched; run again, or fetch what \
             can be listed with `scenes search --out`"
        );
        return Err(CatalogueError::Remote { address: address.clone(), reason }.into());
    }
    let places = named_by_nobody(&web, &chosen, &asked.bands);
    if !places.is_empty() && places.len() == chosen.items.len() {
        return Err(CatalogueError::NotNamed(places.into_iter().collect::<BTreeSet<_>>()).into());
    }
    let _lock = taken(&asked.out)?;
    record::write(&asked.out.join(CATALOGUE), &record::unfinished())?;
    let mut found = Fetched { left_out: chosen.left_out.clone(), notes: listed.notes, ..Fetched::default() };
    found.left_out.extend(listed.refused);
    let names = named(&chosen)?;
    let wish = Wish { lines, bands: asked.bands.clone(), buffer: asked.buffer };
    progress.stage("scenes", names.len() as u64);
    let one = |(item, name): (&Item, &String)| {
        let outcome = mirror::mirror(&web, (item, name), &wish, &asked.out);
        progress.step(1);
        outcome
    };
    let outcomes: Vec<_> =
        workers(asked.parallel.max(1))?.install(|| chosen.items.par_iter().zip(&names).map(one).collect());
    for ((item, name), outcome) in chosen.items.iter().zip(&names).zip(outcomes) {
        match outcome {
            Ok(Outcome::Beside(why)) => found.left_out.push((item.id.clone(), why)),
            Ok(outcome) => {
                found.kept += usize::from(outcome == Outcome::Kept);
                found.scenes.push(name.clone());
            }
            Err(error) if error.is_here() => return Err(error.into()),
            Err(error) => found.not_fetched.push(NotFetched {
                date: item.date.to_string(),
                id: item.id.clone(),
                reason: error.to_string(),
            }),
        }
    }
    found.not_fetched.sort();
    let catalogue = record::catalogue(&found.scenes, &found.not_fetched);
    record::write(&asked.out.join(CATALOGUE), &catalogue)?;
    (found.bytes, found.seconds) = (web.received(), begun.elapsed().as_secs_f64());
    Ok(found)
}

/// For each item with a file that is wanted on a host that nobody named, the first such host.
fn named_by_nobody(web: &Web, chosen: &Chosen, bands: &[Band]) -> Vec<String> {
    let of_item = |item: &Item| {
        item.assets.iter().filter(|asset| asset.has_any(bands)).find_map(|asset| match &asset.place {
            Stored::There(remote) => match web.allowed().check(remote.url()) {
                Err(WebError::NotNamed { place, .. }) => Some(place),
                _ => None,
            },
            Stored::Here(_) => None,
        })
    };
    chosen.items.iter().filter_map(of_item).collect()
}

/// Names for the items, each once.
fn named(chosen: &Chosen) -> Result<Vec<String>, CatalogueError> {
    let mut seen = BTreeSet::new();
    let name = |item: &Item| {
        let name = item.name();
        // Two collections may call two scenes alike, and some disks do not tell large letters from small ones.
        if seen.insert(name.to_lowercase()) {
            return name;
        }
        let other = Item::plain_name(&format!("{}/{}", item.collection, item.id));
        seen.insert(other.to_lowercase());
        other
    };
    Ok(chosen.items.iter().map(name).collect())
}

/// Takes the folder for this run.
fn taken(out: &Path) -> Result<File, CatalogueError> {
    let failed = |source| CatalogueError::File { path: out.to_owned(), source };
    let fault = |reason: String| CatalogueError::Folder { path: out.to_owned(), reason };
    fs::create_dir_all(out).map_err(failed)?;
    for entry in fs::read_dir(out).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let is_ours = OURS.contains(&&*name) || name == format!(".{CATALOGUE}.part");
        if !is_ours {
            return Err(fault(format!(
                "holds '{name}', which is no part of a mirror; give an empty or new folder"
            )));
        }
    }
    for folder in [ITEMS, record::ASSETS, PARTS] {
        fs::create_dir_all(out.join(folder)).map_err(failed)?;
    }
    let lock =
        File::options().create(true).write(true).truncate(false).open(out.join(LOCK)).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(_taken) => {
            Err(fault("is being filled by another run; wait for it, or give another folder".to_owned()))
        }
    }
}
