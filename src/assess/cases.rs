//! What a truth feature is in a comparison: a change, a decoy, or ignored ground.
//!
//! In:  the features of a leads file and of a truth file, and the question.
//! Out: `LeadCase` and `TruthCase`.
//! Law: a change that the question leaves out is not "no change": it becomes ignored ground.

use geo::{GeodesicArea, MultiPolygon};
use serde::Serialize;

use super::Question;
use super::features::{FeatureError, Filter, Record, Records, TIER};
use crate::date::Date;

/// What a truth feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Changed, and counted.
    Change,
    /// Looks like a change and is none: must not be hit.
    Decoy,
    /// Counts for nothing.
    Ignored,
}

/// One feature of the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthCase {
    /// Number in the file, from 1.
    pub number: usize,
    /// What it is.
    pub role: Role,
    /// Outline, longitude and latitude.
    pub outline: MultiPolygon<f64>,
    /// First day of the change, if known.
    pub onset: Option<Date>,
}

/// One lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadCase {
    /// Its `id`, else its number in the file.
    pub id: String,
    /// Outline, longitude and latitude.
    pub outline: MultiPolygon<f64>,
    /// First clear view with the change, if given.
    pub first_seen: Option<Date>,
}

/// The leads that pass the filter. Warnings and places to look at again promise no change and are no leads; a filter
/// on their tier asks for them.
pub fn leads(file: &Records, filter: Option<&Filter>) -> Result<Vec<LeadCase>, FeatureError> {
    if let Some(filter) = filter {
        file.check(filter)?;
    }
    let asks_for_tier = filter.is_some_and(|filter| filter.key == TIER);
    let is_lead = |record: &&Record| asks_for_tier || record.is_lead();
    let passing = file.records.iter().filter(is_lead);
    let passing = passing.filter(|record| filter.is_none_or(|filter| filter.passes(record)));
    passing
        .map(|record| {
            let id = record.properties.get("id").and_then(|id| id.as_str());
            Ok(LeadCase {
                id: id.map_or_else(|| record.number.to_string(), str::to_owned),
                outline: record.outline.clone(),
                first_seen: file.date(record, "first_seen")?,
            })
        })
        .collect()
}

/// The truth with the role that the question gives each feature.
pub fn truths(file: &Records, question: &Question) -> Result<Vec<TruthCase>, FeatureError> {
    if let Some(filter) = &question.truth_filter {
        file.check(filter)?;
    }
    let case = |record: &Record| {
        Ok(TruthCase {
            number: record.number,
            role: role(file, record, question)?,
            outline: record.outline.clone(),
            onset: file.date(record, "onset")?,
        })
    };
    file.records.iter().map(case).collect()
}

fn role(file: &Records, record: &Record, question: &Question) -> Result<Role, FeatureError> {
    if file.flag(record, "ignore")? == Some(true) {
        return Ok(Role::Ignored);
    }
    // Filter and least area speak of changes: a decoy must stay quiet at any size and in any year.
    if file.flag(record, "is_change")? == Some(false) {
        return Ok(Role::Decoy);
    }
    let stated = file.number(record, "area_m2")?;
    let area = || stated.unwrap_or_else(|| record.outline.geodesic_area_unsigned());
    let passes = question.truth_filter.as_ref().is_none_or(|filter| filter.passes(record));
    let large = question.min_area.is_none_or(|least| area() >= least.0);
    Ok(if passes && large { Role::Change } else { Role::Ignored })
}

/// What the question leaves out, in words; empty when nothing.
pub fn scope(question: &Question) -> String {
    let truth = question.truth_filter.as_ref().map(|filter| format!("changes with {filter}"));
    let area = question.min_area.map(|least| format!("changes of at least {:.0} m2", least.0));
    let leads = question.lead_filter.as_ref().map(|filter| format!("leads with {filter}"));
    [truth, area, leads].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
