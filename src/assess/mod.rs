//! Measures leads against what is known to have changed: recall, precision, area, delay, pixels.
//!
//! In:  leads and truth as GeoJSON in degrees; a truth feature may carry `is_change` (false is a decoy),
//!      `ignore`, `area_m2`, `onset`; a lead may carry `id` and `first_seen`.
//! Out: an `Assessment`, as words (`Display`) and as JSON (`Serialize`).
//! Law: a change is hit when at least 30 % of it is covered by the union of the leads; a lead is true
//!      when at least 30 % of it lies on the union of the changes. Truth left out by a filter is
//!      ignored ground: leads with at least 30 % there, and less on a change, count for nothing.
//! Areas are taken on an equal-area plane of the WGS 84 ellipsoid and equal the geodesic ones.

mod audit;
mod cases;
pub mod costs;
mod design;
pub mod drawn;
mod features;
pub mod field;
mod intervals;
pub mod labelled;
mod matching;
mod pixels;
mod plane;
pub mod refit;
mod sample;
mod stratified;
pub mod visits;
mod words;

use std::path::{Path, PathBuf};

use geo::MultiPolygon;
use serde::Serialize;
use thiserror::Error;

pub use audit::{Audit, Level, audit};
pub use cases::{LeadCase, Role, TruthCase};
pub use design::{Design, DesignQuestion, Drawn, Frame, Stratum, design};
pub use features::{FeatureError, Filter};
pub use intervals::{Estimate, Spread};
pub use pixels::{PixelCount, PixelGrid};
pub use stratified::{Sampled, Told, Unit, area_of_change, producers_accuracy, users_accuracy};

use crate::date::days_between;
use crate::grid::crs::CrsError;
use crate::read::attributes::AttributeError;
use crate::units::{SquareMetres, rounded};
use matching::Matching;
use plane::Plane;

/// Share of a change that leads must cover, and share of a lead that must lie on changes.
pub const HIT_SHARE: f64 = 0.3;

/// What to compare, and how.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Changes smaller than this become ignored ground; read from `area_m2`, else measured.
    pub min_area: Option<SquareMetres>,
    /// Changes that do not pass become ignored ground.
    pub truth_filter: Option<Filter>,
    /// Leads that do not pass are left out.
    pub lead_filter: Option<Filter>,
    /// Years that the leads span, for the rate of false leads.
    pub years: Option<f64>,
    /// Compare pixels as well.
    pub pixels: Option<PixelGrid>,
}

/// How leads compare with truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// Changes that count.
    pub truths: usize,
    /// Changes that were hit.
    pub hits: usize,
    /// `hits / truths` with its Wilson 95 % interval; none without changes.
    pub recall: Option<Estimate>,
    /// Leads compared, the ignored ones among them.
    pub leads: usize,
    /// Leads that are true.
    pub true_leads: usize,
    /// Leads that are neither true nor ignored.
    pub false_leads: usize,
    /// Leads on ignored ground.
    pub ignored_leads: usize,
    /// `true_leads / (true_leads + false_leads)` with its Wilson 95 % interval; none without leads.
    pub precision: Option<Estimate>,
    /// Places that look like a change and are none.
    pub decoys: usize,
    /// Decoys of which at least 30 % is covered.
    pub decoys_hit: usize,
    /// Truth features that count for nothing, by their own flag, a filter or their area.
    pub ignored_truths: usize,
    /// Area of the red lines, km2, if given.
    pub observed_km2: Option<f64>,
    /// Years that the leads span, if given.
    pub years: Option<f64>,
    /// False leads per 100 km2 and year with a Poisson 95 % interval, if area and years are given.
    pub false_per_100_km2_year: Option<Estimate>,
    /// Lead area over truth area, one number for each group of changes and leads that touch; groups
    /// without a hit are left out, and so is what leads cover of ignored ground.
    pub area_ratio: Option<Spread>,
    /// Days from `onset` to the first `first_seen` of the leads that touch, over the changes hit.
    pub delay_days: Option<Spread>,
    /// Comparison by pixels, if asked for.
    pub pixels: Option<PixelCount>,
    /// What the question left out, in words.
    pub scope: String,
    /// Every change and decoy, in file order.
    pub truth_results: Vec<TruthResult>,
    /// Every lead, in file order.
    pub lead_results: Vec<LeadResult>,
}

/// What became of one truth feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruthResult {
    /// Number in the file, from 1.
    pub number: usize,
    /// What it is.
    pub role: Role,
    /// Area in square metres.
    pub area_m2: f64,
    /// Share covered by leads, 0 to 1.
    pub covered: f64,
    /// Whether that is enough.
    pub hit: bool,
}

/// What became of one lead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeadResult {
    /// The lead's `id`, else its number in the file.
    pub id: String,
    /// Area in square metres.
    pub area_m2: f64,
    /// Share on changes, 0 to 1.
    pub on_truth: f64,
    /// Share on ignored ground, 0 to 1.
    pub on_ignored: f64,
    /// `true`, `false` or `ignored`.
    pub verdict: &'static str,
}

/// A comparison that cannot be made.
#[derive(Debug, Error)]
pub enum AssessError {
    /// A file or filter is not what it should be.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// The pixel grid's CRS cannot be reached.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// A sample that cannot be used.
    #[error(transparent)]
    Sample(#[from] AttributeError),
    /// A manifest that does not say what was asked.
    #[error(
        "{path}: expected the manifest of a scan with its target period, found {found}; give the output folder of a scan"
    )]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A number of the question makes no sense.
    #[error("{what} is {found}; give a number above 0")]
    Number {
        /// Which number.
        what: &'static str,
        /// What was given.
        found: f64,
    },
    /// A red line without area.
    #[error("{path}: expected polygons with an area, found none; give the red lines that were scanned")]
    NoArea {
        /// The red-line file.
        path: PathBuf,
    },
}

/// Compares two files; `redline` gives the area that was observed.
pub fn assess_files(
    leads: &Path,
    truth: &Path,
    redline: Option<&Path>,
    question: &Question,
) -> Result<Assessment, AssessError> {
    let leads = cases::leads(&features::read(leads)?, question.lead_filter.as_ref())?;
    let truths = cases::truths(&features::read(truth)?, question)?;
    let observed = redline.map(observed_area).transpose()?;
    assess(&leads, &truths, observed, question)
}

/// Compares leads with truth; `observed` is the area that was looked at.
pub fn assess(
    leads: &[LeadCase],
    truths: &[TruthCase],
    observed: Option<SquareMetres>,
    question: &Question,
) -> Result<Assessment, AssessError> {
    check(question)?;
    let matching = Matching::of(leads, truths);
    let truth_results = truth_results(truths, &matching);
    let lead_results = lead_results(leads, &matching);
    let with = |role: Role, hit: bool| {
        truth_results.iter().filter(|truth| truth.role == role && (truth.hit || !hit)).count()
    };
    let judged = |verdict: &str| lead_results.iter().filter(|lead| lead.verdict == verdict).count();
    let (true_leads, false_leads) = (judged("true"), judged("false"));
    let observed_km2 = observed.map(|area| area.0 / 1e6);
    let exposure = observed_km2.zip(question.years).map(|(km2, years)| km2 / 100.0 * years);
    let pixels = question.pixels.as_ref().map(|grid| pixels::compare(leads, truths, grid)).transpose()?;
    Ok(Assessment {
        truths: with(Role::Change, false),
        hits: with(Role::Change, true),
        recall: intervals::share(with(Role::Change, true), with(Role::Change, false)),
        leads: leads.len(),
        true_leads,
        false_leads,
        ignored_leads: judged("ignored"),
        precision: intervals::share(true_leads, true_leads + false_leads),
        decoys: with(Role::Decoy, false),
        decoys_hit: with(Role::Decoy, true),
        ignored_truths: truths.iter().filter(|truth| truth.role == Role::Ignored).count(),
        observed_km2: observed_km2.map(|km2| rounded(km2, 4)),
        years: question.years,
        false_per_100_km2_year: exposure.and_then(|exposure| intervals::rate(false_leads, exposure)),
        area_ratio: intervals::spread(&matching.area_ratios()),
        delay_days: intervals::spread(&delays(leads, truths, &matching)),
        pixels,
        scope: cases::scope(question),
        truth_results,
        lead_results,
    })
}

fn observed_area(path: &Path) -> Result<SquareMetres, AssessError> {
    let records = features::read(path)?;
    let polygons = records.records.into_iter().flat_map(|record| record.outline).collect::<Vec<_>>();
    let all = MultiPolygon(polygons);
    let area = Plane::around([&all].into_iter()).shape(&all).area;
    if area > 0.0 { Ok(SquareMetres(area)) } else { Err(AssessError::NoArea { path: path.to_owned() }) }
}

fn check(question: &Question) -> Result<(), AssessError> {
    let size = match &question.pixels {
        Some(PixelGrid::Metres(size)) => Some(*size),
        _ => None,
    };
    for (what, value) in [("the number of years", question.years), ("the pixel size in metres", size)] {
        if let Some(found) = value.filter(|value| !value.is_finite() || *value <= 0.0) {
            return Err(AssessError::Number { what, found });
        }
    }
    Ok(())
}

fn truth_results(truths: &[TruthCase], matching: &Matching) -> Vec<TruthResult> {
    let counted = truths.iter().enumerate().filter(|(_, truth)| truth.role != Role::Ignored);
    counted
        .map(|(index, truth)| TruthResult {
            number: truth.number,
            role: truth.role,
            area_m2: rounded(matching.truths[index].area, 1),
            covered: rounded(matching.covered[index], 4),
            hit: matching.is_hit(index),
        })
        .collect()
}

fn lead_results(leads: &[LeadCase], matching: &Matching) -> Vec<LeadResult> {
    let numbered = leads.iter().enumerate();
    numbered
        .map(|(index, lead)| LeadResult {
            id: lead.id.clone(),
            area_m2: rounded(matching.leads[index].area, 1),
            on_truth: rounded(matching.on_truth[index], 4),
            on_ignored: rounded(matching.on_ignored[index], 4),
            verdict: matching.verdict(index),
        })
        .collect()
}

fn delays(leads: &[LeadCase], truths: &[TruthCase], matching: &Matching) -> Vec<f64> {
    let first_seen = |truth: usize| {
        let touching = matching.touches.iter().filter(|touch| touch.truth == truth);
        touching.filter_map(|touch| leads[touch.lead].first_seen).min()
    };
    let hit = (0..truths.len()).filter(|&index| truths[index].role == Role::Change && matching.is_hit(index));
    hit.filter_map(|index| Some(f64::from(days_between(truths[index].onset?, first_seen(index)?)))).collect()
}

#[cfg(test)]
mod tests;
