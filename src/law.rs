//! Legal rules with an area limit, as data: what limit, on which land, since when, from which source.
//!
//! In:  `redlines/rules.toml`, built into the program.
//! Out: `Rule` by id; the distance and period over which neighbouring leads are added up.
//! Law: a rule says its source; one that was not in force on a day is not applied to that day.
//! Source: each rule's own `source`; dates in force as the texts themselves give them.

use serde::Deserialize;
use thiserror::Error;

use crate::date::{Date, parse_date};
use crate::redline::Land;

/// The file as written, for the manifest.
pub const TEXT: &str = include_str!("../redlines/rules.toml");

/// An area limit of a legal rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Identity of the rule.
    pub id: String,
    /// Limit in mu.
    pub limit_mu: f64,
    /// Land that it speaks of.
    pub land: Land,
    /// What the limit is for, English.
    pub text: String,
    /// The same, Chinese.
    pub text_zh: String,
    /// What else the rule asks for and no image can show, English.
    pub condition: String,
    /// The same, Chinese.
    pub condition_zh: String,
    /// Whether the rule speaks only of those who have a record (an earlier penalty).
    pub needs_record: bool,
    /// Where the rule stands.
    pub source: String,
    /// First day on which it holds.
    pub in_force: Date,
    /// First day on which another has taken its place.
    pub replaced: Option<Date>,
}

impl Rule {
    /// Whether the rule holds on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.in_force <= day && self.replaced.is_none_or(|replaced| day < replaced)
    }
}

/// Over which distance and period neighbouring leads are added up.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbourhood {
    /// Metres from edge to edge.
    pub distance_m: f64,
    /// Days between the first views with the change.
    pub period_days: i32,
    /// Where both come from.
    pub source: String,
}

/// Rules that cannot be used.
#[derive(Debug, Error)]
pub enum LawError {
    /// The file does not parse or says something impossible.
    #[error("rules.toml: {0}")]
    File(String),
    /// No such rule.
    #[error("rule '{0}' stands not in rules.toml; known are {1}")]
    Unknown(String, String),
}

/// Every rule of this version, in the order of the file.
///
/// # Errors
/// `File`, naming the rule.
pub fn rules() -> Result<Vec<Rule>, LawError> {
    written(TEXT)?.rule.into_iter().map(rule).collect()
}

/// The rules with these ids, in their order.
///
/// # Errors
/// As `rules`, and `Unknown`.
pub fn select(ids: &[String]) -> Result<Vec<Rule>, LawError> {
    let known = rules()?;
    let find = |id: &String| {
        known.iter().find(|rule| rule.id == *id).cloned().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|rule| rule.id.as_str()).collect();
            LawError::Unknown(id.clone(), names.join(", "))
        })
    };
    ids.iter().map(find).collect()
}

/// Over which distance and period neighbouring leads are added up.
///
/// # Errors
/// `File`.
pub fn neighbourhood() -> Result<Neighbourhood, LawError> {
    Ok(written(TEXT)?.incident)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: Vec<WrittenRule>,
    incident: Neighbourhood,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    id: String,
    limit_mu: f64,
    land: Land,
    text: String,
    text_zh: String,
    condition: String,
    condition_zh: String,
    #[serde(default)]
    needs_record: bool,
    source: String,
    in_force: String,
    replaced: Option<String>,
}

fn written(text: &str) -> Result<Written, LawError> {
    toml::from_str(text).map_err(|error| LawError::File(error.to_string()))
}

fn rule(written: WrittenRule) -> Result<Rule, LawError> {
    let wrong = |reason: String| LawError::File(format!("rule {}: {reason}", written.id));
    let day = |text: &str| parse_date(text).ok_or_else(|| wrong(format!("'{text}' is not YYYY-MM-DD")));
    let in_force = day(&written.in_force)?;
    let replaced = written.replaced.as_deref().map(day).transpose()?;
    if replaced.is_some_and(|replaced| replaced <= in_force) {
        return Err(wrong("is replaced before it is in force".to_owned()));
    }
    if written.limit_mu.is_nan() || written.limit_mu <= 0.0 || written.source.is_empty() {
        return Err(wrong("needs a limit above 0 mu and a source".to_owned()));
    }
    Ok(Rule {
        in_force,
        replaced,
        id: written.id,
        limit_mu: written.limit_mu,
        land: written.land,
        text: written.text,
        text_zh: written.text_zh,
        condition: written.condition,
        condition_zh: written.condition_zh,
        needs_record: written.needs_record,
        source: written.source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_once_and_says_nothing_about_a_place() {
        let rules = rules().unwrap();
        let mut ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
        let words =
            rules.iter().flat_map(|rule| [&rule.text, &rule.text_zh, &rule.condition, &rule.condition_zh]);
        for text in words {
            let said = ["违法", "非法", "illegal", "violation"].iter().find(|word| text.contains(**word));
            assert_eq!(said, None, "{text}");
        }
        assert!(neighbourhood().unwrap().distance_m > 0.0);
    }

    #[test]
    fn a_rule_holds_from_its_first_day_to_the_day_before_it_is_replaced() {
        let rules = select(&["SPC-2005-15-a1-other".to_owned(), "SPC-2023-8-commercial".to_owned()]).unwrap();
        let day = |text| parse_date(text).unwrap();
        let holds = |text| rules.iter().map(|rule| rule.holds_on(day(text))).collect::<Vec<_>>();
        assert_eq!(holds("2005-12-29"), [false, false]);
        assert_eq!(holds("2005-12-30"), [true, false]);
        assert_eq!(holds("2023-08-14"), [true, false]);
        assert_eq!(holds("2023-08-15"), [false, true]);
    }

    #[test]
    fn an_unknown_rule_is_named_with_the_known_ones() {
        let error = select(&["X".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("'X'") && error.contains("SPC-2012-15-a2"), "{error}");
    }
}
