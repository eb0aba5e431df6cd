//! `scenes search`: what a STAC API or catalogue has over the red lines, and what a mirror would fetch.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use crate::bucket::Patience;
use crate::bucket::web::place::Place;
use crate::catalogue::choose::{self, Chosen, Question, Revisit};
use crate::catalogue::ground::Bounds;
use crate::catalogue::item::{self, Item};
use crate::catalogue::pages::Listed;
use crate::catalogue::record;
use crate::cli::exit::Exit;
use crate::cli::show::{self, plain};
use crate::date::{Period, days_between};
use crate::run::RunError;
use crate::run::scenes::{self, Root};

/// Reasons of a kind that are named one by one.
const SHOWN: usize = 10;

/// Arguments of `scenes search`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("ground").required(true).args(["redlines", "bbox"]))]
pub struct Search {
    /// Address of a STAC API, a static catalogue or an item collection; no host is asked but its own and those of --host
    #[arg(long, value_name = "URL")]
    stac: String,
    /// Collections, for example sentinel-2-l2a; all where none is named
    #[arg(long, value_name = "NAME", num_args = 1..)]
    collection: Vec<String>,
    /// Red-line layers; beside days and names of collections all that leaves this machine is one box around them, rounded
    /// outwards to a hundredth of a degree
    #[arg(long, value_name = "FILE", num_args = 1..)]
    redlines: Vec<PathBuf>,
    /// The box itself, in degrees
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, value_parser = bounds)]
    bbox: Option<Bounds>,
    /// Days, YYYY-MM-DD/YYYY-MM-DD, both ends included
    #[arg(long, value_name = "FROM/TO", value_parser = Period::parse)]
    dates: Period,
    /// Most cloud, percent; scenes that do not say theirs are kept
    #[arg(long, value_name = "PCT", value_parser = percent)]
    cloud: Option<f64>,
    /// Most scenes, the earliest first
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max: usize,
    /// Write the scenes as an item collection, which `scenes mirror` and `scan --fetch` take
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the list as JSON on stdout
    #[arg(long)]
    json: bool,
    /// Hosts that pages and links may lie on, beside that of --stac
    #[arg(long = "host", value_name = "HOST", num_args = 1.., value_parser = host)]
    hosts: Vec<Place>,
}

fn bounds(text: &str) -> Result<Bounds, String> {
    Bounds::parse(text).ok_or_else(|| {
        format!("'{text}' is no box; write W,S,E,N in degrees, for example 112.1,42.0,112.9,42.6")
    })
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| format!("'{text}' is no percentage from 0 to 100"))
}

fn host(text: &str) -> Result<Place, String> {
    Place::parse(text).map_err(|error| error.to_string())
}

impl Search {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let question = self.question()?;
        let root = Root::Web(
            crate::catalogue::remote::Remote::parse(&self.stac, None)
                .map_err(|error| RunError::from(crate::catalogue::CatalogueError::from(error)))?
                .url()
                .clone(),
        );
        let web = scenes::web(&root, &self.hosts, Patience::default()).map_err(RunError::from)?;
        let (chosen, listed) = scenes::find(&web, &root, &question).map_err(RunError::from)?;
        let revisits = choose::revisits(&listed.items, &question);
        if let Some(out) = &self.out {
            record::write(out, &collection(&chosen)).map_err(RunError::from)?;
        }
        if self.json {
            show::data(&as_json(&chosen, &listed, &revisits, &question).to_string());
        } else {
            if !chosen.items.is_empty() {
                show::data(&list(&chosen.items));
            }
            self.tell(&chosen, &listed, &revisits, &question);
        }
        Ok(if listed.unread.is_empty() { Exit::Complete } else { Exit::Gaps })
    }

    fn question(&self) -> Result<Question> {
        let lines = if self.redlines.is_empty() { Vec::new() } else { scenes::lines(&self.redlines)? };
        let around = Bounds::around(lines.iter()).or(self.bbox);
        let bounds = around
            .ok_or_else(|| anyhow::anyhow!("the red lines have no ground; give layers with polygons"))?;
        Ok(Question {
            collections: self.collection.clone(),
            bounds,
            lines: lines.iter().filter_map(|line| Bounds::around(std::iter::once(line))).collect(),
            dates: self.dates,
            cloud: self.cloud,
            most: self.max,
            needs_names: false,
        })
    }

    fn tell(&self, chosen: &Chosen, listed: &Listed, revisits: &[Revisit], question: &Question) {
        let [west, south, east, north] = question.bounds.0;
        let all = if self.redlines.is_empty() {
            ""
        } else {
            ", which is all of the red lines that left this machine"
        };
        let count = listed.items.len() + listed.refused.len();
        let mut lines = vec![format!(
            "{} of {count} scenes listed in the box {west},{south},{east},{north}{all}",
            chosen.items.len(),
        )];
        lines.extend((count == 0).then(|| {
            "nothing is listed: are --collection and --dates as the service knows them?".to_owned()
        }));
        let bytes: Option<u64> = chosen.items.iter().map(Item::bytes).sum();
        if let Some(bytes) = bytes.filter(|bytes| *bytes > 0) {
            lines.push(format!(
                "whole files: {:.1} MB; a mirror fetches the windows over the red lines",
                bytes as f64 / 1e6
            ));
        }
        lines.extend(reasons("left out", &chosen.left_out));
        lines.extend(reasons("refused", &listed.refused));
        lines.extend(reasons("not read", &listed.unread));
        if !listed.unread.is_empty() {
            lines.push("the list is not whole: which scenes are missing is unknown, and unknown is never \"no change\"".to_owned());
        }
        lines.extend(signed(&chosen.items));
        lines.extend(revisits.iter().map(in_words));
        lines.extend(
            revisits
                .iter()
                .any(|one| !one.holes.is_empty())
                .then(|| "a time without scenes was not observed; it is never \"no change\"".to_owned()),
        );
        lines.extend(listed.notes.iter().map(|note| format!("note: {}", plain(note))));
        let hosts = hosts_of(&chosen.items);
        if !hosts.is_empty() {
            lines.push(format!(
                "to fetch them, allow: --host {}",
                hosts.into_keys().collect::<Vec<_>>().join(" ")
            ));
        }
        lines.extend(self.out.as_ref().map(|out| format!("wrote {}", out.display())));
        show::say(&lines.join("\n"));
    }
}

/// What is lost when an address is written down without what follows its question mark.
fn signed(items: &[Item]) -> Option<String> {
    let has_question = |asset: &item::Asset| matches!(&asset.place, item::Place::There(there) if there.url().query().is_some());
    let count = items.iter().flat_map(|item| &item.assets).filter(|asset| has_question(asset)).count();
    (count > 0).then(|| {
        format!(
            "note: {count} addresses have a part after a question mark, which may be a secret and is not written down; mirror the \
             address of the list itself, or give that part in STEPPEWATCH_HTTP_QUERY"
        )
    })
}

/// Hosts on which files of the items lie, with their number.
fn hosts_of(items: &[Item]) -> BTreeMap<String, usize> {
    let mut hosts = BTreeMap::new();
    for asset in items.iter().flat_map(|item| &item.assets) {
        if let item::Place::There(remote) = &asset.place
            && let Ok(place) = Place::of(remote.url())
        {
            *hosts.entry(place.to_string()).or_insert(0) += 1;
        }
    }
    hosts
}

/// A line a scene: day, sensor, tile, cloud, bytes, bands, id.
fn list(items: &[Item]) -> String {
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { plain(text) };
    let line = |item: &Item| {
        let cloud = item.cloud.map_or("-".to_owned(), |cloud| format!("{cloud:.0} %"));
        let bytes = item.bytes().map_or("-".to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6));
        let mut bands: Vec<_> = item.assets.iter().flat_map(|asset| &asset.bands).copied().collect();
        bands.sort_unstable();
        let bands: Vec<&str> = bands.into_iter().map(crate::scene::Band::name).collect();
        format!(
            "{}  {:<12}  {:<10}  {cloud:>5}  {bytes:>7}  {}  {}",
            item.date,
            or_dash(&item.platform),
            or_dash(&item.tile),
            plain(&item.id),
            bands.join(",")
        )
    };
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reasons with their number, the first of each kind by name.
fn reasons(kind: &str, all: &[(String, String)]) -> Vec<String> {
    let mut lines: Vec<String> =
        all.iter().take(SHOWN).map(|(id, why)| format!("{kind} {}: {}", plain(id), plain(why))).collect();
    if all.len() > SHOWN {
        lines.push(format!("{kind} {} more; --json lists all", all.len() - SHOWN));
    }
    lines
}

fn in_words(revisit: &Revisit) -> String {
    let mut longest: Vec<&Period> = revisit.holes.iter().collect();
    longest.sort_by_key(|hole| std::cmp::Reverse(days_between(hole.from, hole.to)));
    longest.truncate(SHOWN / 2);
    longest.sort_by_key(|hole| hole.from);
    let named: Vec<String> = longest.into_iter().map(Period::to_string).collect();
    let holes = match revisit.holes.len() - named.len() {
        _ if named.is_empty() => String::new(),
        0 => format!("; nothing is listed for {}", named.join(", ")),
        more => {
            format!(
                "; nothing is listed for {}, and {more} shorter times (--json lists all)",
                named.join(", ")
            )
        }
    };
    let Revisit { name, days, expected, every, .. } = revisit;
    format!(
        "{}: {days} days with scenes of about {expected} to expect, one every {every} days{holes}",
        plain(name)
    )
}

/// The scenes as an item collection.
fn collection(chosen: &Chosen) -> Value {
    let features: Vec<Value> = chosen.items.iter().map(|item| Value::Object(item.kept.clone())).collect();
    json!({ "type": "FeatureCollection", "features": features })
}

fn as_json(chosen: &Chosen, listed: &Listed, revisits: &[Revisit], question: &Question) -> Value {
    let scene = |item: &Item| {
        let bands: Vec<&str> =
            item.assets.iter().flat_map(|asset| &asset.bands).map(|band| band.name()).collect();
        json!({
            "id": item.id, "collection": item.collection, "date": item.date.to_string(), "platform": item.platform,
            "tile": item.tile, "cloud_cover": item.cloud, "size_bytes": item.bytes(), "bands": bands,
        })
    };
    let reason = |(id, why): &(String, String)| json!({ "id": id, "reason": why });
    let revisit = |one: &Revisit| {
        let holes: Vec<String> = one.holes.iter().map(Period::to_string).collect();
        json!({ "name": one.name, "days": one.days, "expected": one.expected, "every_days": one.every, "holes": holes })
    };
    json!({
        "bbox": question.bounds.0,
        "scenes": chosen.items.iter().map(scene).collect::<Vec<_>>(),
        "left_out": chosen.left_out.iter().map(reason).collect::<Vec<_>>(),
        "not_read": listed.unread.iter().map(reason).collect::<Vec<_>>(),
        "refused": listed.refused.iter().map(reason).collect::<Vec<_>>(),
        "revisit": revisits.iter().map(revisit).collect::<Vec<_>>(),
        "hosts": hosts_of(&chosen.items).into_keys().collect::<Vec<_>>(),
        "notes": listed.notes,
    })
}
