//! `scenes mirror`, and what `scan` does before it reads scenes that lie elsewhere: one way to bring them here.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::bucket::Patience;
use crate::bucket::address::is_web;
use crate::bucket::web::place::Place;
use crate::cli::exit::Exit;
use crate::cli::show::{self, Bar, plain};
use crate::date::Period;
use crate::plan::Plan;
use crate::run::scenes::{self, Fetch, Fetched, Root};
use crate::scene::Band;

/// Scenes that are named one by one at the end.
const SHOWN: usize = 10;

/// Arguments of `scenes mirror`.
#[derive(Debug, Args)]
pub struct Mirror {
    /// What `scenes search --out` wrote, or an address that lists items
    #[arg(value_name = "ITEMS.json|URL")]
    items: PathBuf,
    /// Red-line layers: what lies around them is fetched
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    redlines: Vec<PathBuf>,
    /// Folder of the clips; a run that was interrupted goes on there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Collections, where the address is of a STAC API
    #[arg(long, value_name = "NAME", num_args = 1..)]
    collection: Vec<String>,
    /// Days, YYYY-MM-DD/YYYY-MM-DD, both ends included; all that are listed without it
    #[arg(long, value_name = "FROM/TO", value_parser = Period::parse)]
    dates: Option<Period>,
    /// Bands, for example red,nir,scl; without it all that a scan knows
    #[arg(long, value_delimiter = ',', value_parser = band)]
    bands: Vec<Band>,
    /// Pixels around the red lines, beside the 64 and more that a scan needs
    #[arg(long, value_name = "PX", default_value_t = 0)]
    buffer: usize,
    /// Print the summary as JSON on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: Network,
}

/// Whom to ask, and how.
#[derive(Debug, Args)]
pub struct Network {
    /// Hosts that may be asked beside that of the address given: HOST, HOST:PORT, http://HOST:PORT or s3://BUCKET. A token
    /// (STEPPEWATCH_HTTP_TOKEN) goes to all of them
    #[arg(long = "host", value_name = "HOST", num_args = 1.., value_parser = host)]
    pub hosts: Vec<Place>,
    /// Scenes fetched at once; changes no byte of the result
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallel: u8,
    /// How often something is asked before it is given up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub tries: u32,
}

fn band(text: &str) -> Result<Band, String> {
    Band::parse(text)
        .ok_or_else(|| format!("'{text}' is no band; known are {}", Band::ALL.map(Band::name).join(", ")))
}

fn host(text: &str) -> Result<Place, String> {
    Place::parse(text).map_err(|error| error.to_string())
}

impl Network {
    /// How long the network may take.
    pub fn patience(&self) -> Patience {
        Patience { tries: self.tries, ..Patience::default() }
    }
}

impl Mirror {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let fetched = fetch(&Fetch {
            root: Root::of(&self.items).map_err(crate::run::RunError::from)?,
            redlines: self.redlines,
            out: self.out.clone(),
            collections: self.collection,
            dates: self.dates,
            bands: self.bands,
            buffer: self.buffer,
            parallel: self.network.parallel.into(),
            places: self.network.hosts.clone(),
            patience: self.network.patience(),
        })?;
        if self.json {
            show::data(&as_json(&fetched, &self.out).to_string());
        } else {
            tell(&fetched, &self.out);
        }
        Ok(if fetched.not_fetched.is_empty() { Exit::Complete } else { Exit::Gaps })
    }
}

fn fetch(asked: &Fetch) -> Result<Fetched> {
    let bar = Bar::new();
    let fetched = scenes::fetch(asked, &bar)?;
    bar.finish();
    Ok(fetched)
}

fn tell(fetched: &Fetched, out: &Path) {
    let (megabytes, seconds) = (fetched.bytes as f64 / 1e6, fetched.seconds.max(0.001));
    let mut lines = vec![format!(
        "{} scenes in {} ({} were there before); {megabytes:.1} MB over the network in {seconds:.1} s, {:.1} MB/s",
        fetched.scenes.len(),
        out.display(),
        fetched.kept,
        megabytes / seconds
    )];
    let some = |all: &[(String, String)]| -> Vec<String> {
        let named = all.iter().take(SHOWN).map(|(id, why)| format!("left out {}: {}", plain(id), plain(why)));
        named.chain((all.len() > SHOWN).then(|| format!("left out {} more", all.len() - SHOWN))).collect()
    };
    lines.extend(some(&fetched.left_out));
    lines.extend(fetched.notes.iter().map(|note| format!("note: {}", plain(note))));
    lines.extend(fetched.not_fetched.iter().map(|missing| {
        format!("not fetched {} of {}: {}", plain(&missing.id), missing.date, plain(&missing.reason))
    }));
    if !fetched.not_fetched.is_empty() {
        lines.push(format!(
            "{} scenes are missing: what they would show is not observed, never \"no change\"; run again to complete the folder",
            fetched.not_fetched.len()
        ));
    }
    show::say(&lines.join("\n"));
}

fn as_json(fetched: &Fetched, out: &Path) -> serde_json::Value {
    let left_out = fetched.left_out.iter().map(|(id, why)| json!({ "id": id, "reason": why }));
    json!({
        "out": out.display().to_string(),
        "scenes": fetched.scenes,
        "kept": fetched.kept,
        "left_out": left_out.collect::<Vec<_>>(),
        "not_fetched": fetched.not_fetched,
        "notes": fetched.notes,
        "bytes": fetched.bytes,
    })
}

/// What `scan` may do before it reads.
#[derive(Debug, Args)]
pub struct Fetching {
    /// Fetch what the items of --scenes name and does not lie on this machine; an address as --scenes means it
    #[arg(long)]
    fetch: bool,
    /// Folder that keeps what was fetched, as `scenes mirror` makes it; beside --out where it is not given
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

/// From the beginning of the earlier period of a plan to the end of the later one, where it has both.
fn around(plan: &Plan) -> Option<Period> {
    let (baseline, target) = (plan.baseline?, plan.target?);
    Some(Period { from: baseline.from.min(target.from), to: baseline.to.max(target.to) })
}

impl Fetching {
    /// The plan on clips of its scenes, where these lie elsewhere and may be fetched.
    pub fn carried_out(&self, plan: Plan) -> Result<Plan> {
        if !is_web(&plan.scenes) && !self.fetch {
            return Ok(plan);
        }
        let beside = || {
            let name = plan.out.file_name().unwrap_or_default().to_string_lossy();
            plan.out.with_file_name(format!("{name}.scenes"))
        };
        let cache = self.cache.clone().unwrap_or_else(beside);
        let fetched = fetch(&Fetch {
            root: Root::of(&plan.scenes).map_err(crate::run::RunError::from)?,
            redlines: plan.redlines.clone(),
            out: cache.clone(),
            collections: Vec::new(),
            // What lies outside the periods of the plan would not be looked at.
            dates: around(&plan),
            bands: Vec::new(),
            buffer: 0,
            parallel: self.network.parallel.into(),
            places: self.network.hosts.clone(),
            patience: self.network.patience(),
        })?;
        tell(&fetched, &cache);
        Ok(Plan { scenes: cache, ..plan })
    }
}
