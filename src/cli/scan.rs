//! `scan`: scenes and red lines to leads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{By, Recorder};
use crate::cli::place::{self, Placed};
use crate::cli::scenes::Fetching;
use crate::cli::show::{self, Bar};
use crate::lead::{Incident, Threshold};
use crate::ledger::Place;
use crate::plan::{self, Plan, PlanError, PlanFile};
use crate::publish::table;
use crate::read::apart::{self, Isolate};
use crate::read::beside;
use crate::run::{self, Found, inputs::Inputs, select::Selected};
use crate::submodel::Tier;
use crate::units::rounded;

/// Leads shown in the summary.
const SHOWN: usize = 20;

/// What to read and how, as a plan file, as flags, or both (flags win).
#[derive(Debug, Default, Args)]
pub struct Asked {
    /// Plan file; see `steppewatch init`
    pub plan: Option<PathBuf>,
    /// Folder of GeoTIFF scenes, here or in object storage (s3://BUCKET/PREFIX), a STAC file, or for `scan` the address of one
    #[arg(long, value_name = "DIR")]
    pub scenes: Option<PathBuf>,
    /// Red-line layers: GeoJSON, GeoPackage or Shapefile
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub redlines: Vec<PathBuf>,
    /// Permit layers: what is allowed where, from when to when
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub permits: Vec<PathBuf>,
    /// Land-use layers (DLTB, field DLBM): what was there before
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub landuse: Vec<PathBuf>,
    /// Burn scars with the day of the fire
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub burns: Vec<PathBuf>,
    /// Earlier decided cases with their numbers
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub cases: Vec<PathBuf>,
    /// Class of every red line, whatever the layers say: grassland, farmland, wetland, forest, redline or case;
    /// without it each layer's own field says it, else the name of an official layer
    #[arg(long)]
    pub class: Option<String>,
    /// Look-back, YYYY-MM-DD/YYYY-MM-DD, both ends included
    #[arg(long, value_name = "FROM/TO")]
    pub baseline: Option<String>,
    /// Target period, YYYY-MM-DD/YYYY-MM-DD, both ends included
    #[arg(long, value_name = "FROM/TO")]
    pub target: Option<String>,
    /// Sub-models, for example G1,G2
    #[arg(long, value_delimiter = ',')]
    pub models: Vec<String>,
    /// What is done about scenes that lie parts of a pixel beside the others: off, check (told; more than two pixels off is
    /// set aside) or correct (the same, and half a pixel or more off is read where it belongs); left out: correct
    #[arg(long, value_name = "HOW")]
    pub register: Option<String>,
    /// Bands of files that do not name them, for example red,green,blue,nir
    #[arg(long, value_delimiter = ',')]
    pub band_order: Vec<String>,
    /// Workers; changes no byte of the result
    #[arg(long)]
    pub threads: Option<usize>,
    /// Side of a tile in pixels, 0 for the whole area; changes no byte of the result
    #[arg(long, value_name = "PX")]
    pub tile_size: Option<usize>,
    /// Bound of working memory, for example 1GiB; changes no byte of the result
    #[arg(long)]
    pub memory: Option<String>,
    /// Decode scenes in a limited process of their own, so that a file that crashes its decoder or never ends is set aside and
    /// not the run: auto (files that were fetched by this program), yes (all files; also without a value) or no; changes no
    /// byte of the result
    #[arg(long, value_name = "auto|yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    pub isolate: Option<String>,
    /// Seconds that such a process may take for an answer, for trials
    #[arg(long, hide = true, default_value_t = apart::PATIENCE)]
    pub patience: u64,
    /// Patches below this confidence are kept aside, 0 to 1
    #[arg(long, value_name = "P")]
    pub least_confidence: Option<f64>,
    /// Verified leads of earlier runs (GeoJSON or CSV with id, model, verdict, drawn and a season): they fit the
    /// confidence, and select leads where --fdr is given
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub verified: Vec<PathBuf>,
    /// Let verified leads select, so that on average at most this share of the leads is false, above 0 and below 1
    #[arg(long, value_name = "Q")]
    pub fdr: Option<f64>,
}

impl Asked {
    /// The plan that is meant; `out` where the verb writes.
    pub fn plan(&self, out: Option<&Path>) -> Result<Plan> {
        let plan = plan::resolve(self.file(out)?, cores())?;
        apart::decide(plan.isolate, self.patience);
        Ok(Plan { written: self.plan.clone(), ..plan })
    }

    /// The plan as a file would say it.
    pub fn file(&self, out: Option<&Path>) -> Result<PlanFile> {
        let mut flags = PlanFile::default();
        flags.inputs.scenes = self.scenes.clone();
        flags.inputs.redlines = self.redlines.clone();
        flags.inputs.permits = self.permits.clone();
        flags.inputs.cases = self.cases.clone();
        flags.inputs.landuse = self.landuse.clone();
        flags.inputs.burns = self.burns.clone();
        flags.inputs.verified = self.verified.clone();
        flags.inputs.class = self.class.clone();
        flags.inputs.band_order = self.band_order.clone();
        flags.dates.baseline = self.baseline.clone();
        flags.dates.target = self.target.clone();
        flags.model.submodels = self.models.clone();
        flags.model.register = self.register.clone();
        flags.model.least_confidence = self.least_confidence;
        flags.model.fdr = self.fdr;
        flags.outputs.out = out.map(Path::to_owned);
        flags.machine.threads = self.threads;
        flags.machine.tile_size = self.tile_size;
        flags.machine.memory = self.memory.clone();
        flags.machine.isolate = self.isolate.clone();
        let written = self.plan.as_deref().map(|plan| self.written(plan)).transpose()?.unwrap_or_default();
        Ok(written.overridden_by(flags))
    }

    /// The plan of a file; a word after `--isolate` and a blank is taken for one, which is told.
    fn written(&self, plan: &Path) -> Result<PlanFile, PlanError> {
        let word =
            plan.to_str().and_then(Isolate::parse).filter(|_| self.isolate.is_some() && !plan.exists());
        let reason = |word: Isolate| {
            format!("there is no such file; --isolate={0} says '{0}' of --isolate", word.word())
        };
        word.map_or_else(
            || PlanFile::read(plan),
            |word| Err(PlanError::File { path: plan.to_owned(), reason: reason(word) }),
        )
    }
}

/// Processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Arguments of `scan`.
#[derive(Debug, Args)]
pub struct Scan {
    #[command(flatten)]
    asked: Asked,
    /// Output folder; written whole or not at all
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the summary as JSON on stdout
    #[arg(long)]
    json: bool,
    /// Take the result into this ledger
    #[arg(long, value_name = place::NAME, value_parser = Placed)]
    ledger: Option<Place>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    fetching: Fetching,
}

impl Scan {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let plan = self.asked.plan(self.out.as_deref())?;
        let recorder = self.ledger.as_ref().map(|ledger| Recorder::open(ledger, &self.by)).transpose()?;
        let plan = self.fetching.carried_out(plan)?;
        let scanned = scan(&plan)?;
        let exit = scanned.told(self.json);
        if let Some(recorder) = recorder {
            recorder.record(&scanned.out)?.tell();
        }
        Ok(exit)
    }
}

/// A finished scan.
pub struct Scanned {
    /// What it stood on.
    pub inputs: Inputs,
    /// What it found.
    pub found: Found,
    /// Where it lies.
    pub out: PathBuf,
}

/// Carries out a plan with a progress bar.
pub fn scan(plan: &Plan) -> Result<Scanned> {
    let bar = Bar::new();
    let command = std::env::args().collect();
    let (inputs, found, out) = run::scan(plan, command, &bar)?;
    bar.finish();
    Ok(Scanned { inputs, found, out })
}

impl Scanned {
    /// Says what was found, and how the verb ends.
    pub fn told(&self, json: bool) -> Exit {
        if json {
            show::data(&self.as_json().to_string());
        } else {
            show::say(&self.in_words());
        }
        if self.found.gaps.is_empty() { Exit::Complete } else { Exit::Gaps }
    }

    /// The summary for people.
    pub fn in_words(&self) -> String {
        let (inputs, records) = (&self.inputs, &self.found.records);
        let mut lines = vec![format!(
            "{} scenes on {} days, {} red lines; look-back {}, target {}",
            inputs.scenes.len(),
            inputs.views.len(),
            inputs.redlines.redlines.len(),
            inputs.question.baseline,
            inputs.question.target
        )];
        if inputs.is_pair {
            lines.push("two dates only: every lead is provisional and over-reporting is likely".to_owned());
        }
        let skipped = |(path, why): &(PathBuf, String)| format!("skipped {}: {why}", path.display());
        lines.extend(inputs.skipped.iter().take(5).map(skipped));
        if inputs.skipped.len() > 5 {
            lines.push(format!("skipped {} more files; see `steppewatch check`", inputs.skipped.len() - 5));
        }
        let notes = inputs.notes.iter().cloned().chain(beside::told(&inputs.beside));
        lines.extend(notes.map(|note| format!("note: {note}")));
        lines.push(table::leads(&records.leads, SHOWN));
        let (suppressed, gaps) = (records.suppressed.len(), self.found.gaps.len());
        let (leads, others) = (self.of_tier(Tier::Lead), self.of_other_tiers());
        lines.push(format!(
            "{leads} leads, {others}{suppressed} patches kept aside with a reason, {gaps} gaps"
        ));
        let incidents = self.incidents().len();
        if incidents > 0 {
            lines.push(format!("{incidents} incidents of neighbouring leads, added up"));
        }
        for gap in self.found.gaps.iter().take(5) {
            let model = if gap.model.is_empty() { String::new() } else { format!(" {}", gap.model) };
            lines.push(format!("gap: {} {}{model}: {}", gap.layer, gap.redline_id, gap.detail));
        }
        if gaps > 5 {
            lines.push(format!("gap: and {} more in gaps.geojson", gaps - 5));
        }
        if let Some(noise) = &self.found.noise {
            lines.push(format!(
                "noise: in the placebo year {} the same rules name {} places ({:.2} per 100 km2 and year)",
                noise.year,
                noise.leads,
                noise.per_100_km2_and_year()
            ));
            lines.extend(noise.fdr().map(|share| {
                format!(
                    "noise_fdr: {share:.3}: (1 + {}) in the quiet year over {} leads, per ground judged; it knows noise alone, \
                     not whether a lead is true",
                    noise.leads, noise.target_leads
                )
            }));
        }
        let shown = self.out.display();
        lines.push(format!("open {shown}/leads.gpkg in QGIS; pictures are in {shown}/chips"));
        lines.push("a lead is a hypothesis to check on the ground, not a finding".to_owned());
        lines.join("\n")
    }

    /// Number of records of one tier.
    fn of_tier(&self, tier: Tier) -> usize {
        self.found.records.leads.iter().filter(|lead| lead.naming.tier == tier).count()
    }

    /// What is published beside leads, in words; nothing where there is nothing.
    fn of_other_tiers(&self) -> String {
        let words = [(Tier::Warning, "warnings to watch"), (Tier::LookAgain, "places to look at again")];
        let counted = words.map(|(tier, words)| (self.of_tier(tier), words));
        counted.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}, ")).collect()
    }

    /// Every incident once, by id, with its leads, area and limits.
    fn incidents(&self) -> Vec<serde_json::Value> {
        let all = self.found.records.leads.iter().filter_map(|lead| lead.incident.as_ref());
        let by_id: BTreeMap<&str, &Incident> = all.map(|incident| (incident.id.as_str(), incident)).collect();
        let limit = |limit: &Threshold| json!({ "rule": limit.rule.id, "limit_mu": limit.rule.limit_mu, "verdict": limit.verdict });
        let one = |incident: &&Incident| {
            json!({
                "id": incident.id,
                "leads": incident.leads,
                "area_m2": incident.area.best,
                "area_low_m2": incident.area.low,
                "area_high_m2": incident.area.high,
                "thresholds": incident.thresholds.iter().map(limit).collect::<Vec<_>>(),
            })
        };
        by_id.values().map(one).collect()
    }

    /// The summary for machines.
    pub fn as_json(&self) -> serde_json::Value {
        let records = &self.found.records;
        json!({
            "out": self.out.display().to_string(),
            "mode": if self.inputs.is_pair { "pair" } else { "series" },
            "scenes": self.inputs.scenes.len(),
            "skipped": self.inputs.skipped.len(),
            "baseline": self.inputs.question.baseline.to_string(),
            "target": self.inputs.question.target.to_string(),
            "leads": self.of_tier(Tier::Lead),
            "warnings": self.of_tier(Tier::Warning),
            "look_again": self.of_tier(Tier::LookAgain),
            "suppressed": records.suppressed.len(),
            "incidents": self.incidents(),
            "gaps": self.found.gaps.len(),
            "noise_per_100_km2_and_year": self.found.noise.map(|noise| noise.per_100_km2_and_year()),
            "noise_fdr": self.found.noise.and_then(|noise| noise.fdr()).map(|share| rounded(share, 4)),
            "verified_fdr": self.found.selected.as_ref().map(Selected::as_json),
        })
    }
}
