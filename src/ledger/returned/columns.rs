//! Names that field tools give to columns, and words of verdicts: as data, so that an office can read what is known.
//!
//! In:  `redlines/returned.toml`, built into the program. Out: the value of a row, a verdict, a day.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::date::{Date, parse_date};
use crate::ledger::state::Verdict;
use crate::read::attributes::Row;

const SHIPPED: &str = include_str!("../../../redlines/returned.toml");

/// Names of columns, best first, and words of verdicts.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The lead that was visited.
    pub lead: Vec<String>,
    /// What was found.
    pub verdict: Vec<String>,
    /// Who was there.
    pub who: Vec<String>,
    /// The day of the visit.
    pub day: Vec<String>,
    /// What makes a record one.
    pub record: Vec<String>,
    /// What tells a version of a record from an earlier one.
    pub edit: Vec<String>,
    /// Names of pictures.
    pub photo: Vec<String>,
    /// What else was said.
    pub note: Vec<String>,
    words: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    columns: BTreeMap<String, Vec<String>>,
    words: BTreeMap<String, Vec<String>>,
}

impl Columns {
    /// The names of this version.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn shipped() -> Result<Self, String> {
        let mut written: Written =
            toml::from_str(SHIPPED).map_err(|error| format!("returned.toml: {error}"))?;
        if let Some(code) = written.words.keys().find(|code| Verdict::parse(code).is_none()) {
            return Err(format!("returned.toml: '{code}' is no verdict"));
        }
        let mut names =
            |what: &str| written.columns.remove(what).ok_or(format!("returned.toml: no columns '{what}'"));
        Ok(Self {
            lead: names("lead")?,
            verdict: names("verdict")?,
            who: names("who")?,
            day: names("day")?,
            record: names("record")?,
            edit: names("edit")?,
            photo: names("photo")?,
            note: names("note")?,
            words: written.words,
        })
    }

    /// The first of several columns that a row has.
    pub fn value(&self, row: &Row, names: &[String]) -> Option<String> {
        let of = |is: fn(&str, &str) -> bool| {
            names.iter().find_map(|name| {
                let found = row.values.iter().find(|(column, _)| is(column, name));
                let text = found.map(|(_, value)| value.as_str().map_or(value.to_string(), str::to_owned));
                text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
            })
        };
        // A column of that very name goes before one behind the groups of a form.
        of(is_named).or_else(|| of(is_called))
    }

    /// Whether a table has one column for the lead and one for the verdict.
    ///
    /// # Errors
    /// In words: none, or several that might be meant.
    pub fn check(&self, columns: &[String]) -> Result<(), String> {
        for names in [&self.lead, &self.verdict] {
            let called = |is: fn(&str, &str) -> bool| -> Vec<&str> {
                let is_one = |column: &&String| names.iter().any(|name| is(column, name));
                columns.iter().filter(is_one).map(String::as_str).collect()
            };
            let (named, grouped) = (called(is_named), called(is_called));
            if grouped.is_empty() {
                let (expected, found) = (names.join(" or "), columns.join(", "));
                return Err(format!("expected a column {expected}, found {found}"));
            }
            if named.is_empty() && grouped.len() > 1 {
                let (expected, found) = (names.join(" or "), grouped.join(" and "));
                return Err(format!("expected one column {expected}, found {found}; rename the other"));
            }
        }
        Ok(())
    }

    /// The pictures that a row names, in the order of its columns, each once.
    pub fn photographs(&self, row: &Row) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (column, value) in &row.values {
            let column = column.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | ' '));
            if !self.photo.iter().any(|name| is_called(column, name)) {
                continue;
            }
            // A list, as GeoJSON may hold it and as text may spell it.
            let list = value.as_str().and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
            let listed =
                value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned));
            let found: Vec<String> = match (list, listed, value.as_str()) {
                (Some(list), _, _) => list,
                (_, Some(listed), _) => listed.collect(),
                (_, _, Some(text)) => {
                    text.split([';', ',', '|', '\n', '；', '，', '、']).map(str::to_owned).collect()
                }
                _ => Vec::new(),
            };
            names.extend(found.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// Whether one of some columns goes by one of the names.
    pub fn has(columns: &[String], names: &[String]) -> bool {
        columns.iter().any(|column| names.iter().any(|name| is_called(column, name)))
    }

    /// The verdict that a word stands for.
    pub fn verdict_of(&self, told: &str) -> Option<Verdict> {
        let is_said = |words: &Vec<String>| words.iter().any(|word| word.eq_ignore_ascii_case(told.trim()));
        let said = self.words.iter().find(|(_, words)| is_said(words)).map(|(code, _)| code);
        Verdict::parse(said.map_or(told, String::as_str))
    }
}

/// Whether a column has a name.
fn is_named(column: &str, name: &str) -> bool {
    column.trim().to_lowercase() == name
}

/// Whether a column is the one of a name, alone or behind the groups of a form.
fn is_called(column: &str, name: &str) -> bool {
    let column = column.trim().to_lowercase();
    column == name || column.rsplit(['-', '/', ':', '.']).next().is_some_and(|last| last.trim() == name)
}

/// The day of a date or of a time stamp, as tables write them.
pub fn day(text: &str) -> Option<Date> {
    let date = text.split(['T', ' ']).next()?;
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    parse_date(&format!("{year}-{month:0>2}-{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_the_very_name_goes_before_one_behind_a_group_and_two_of_those_are_refused() {
        let columns = Columns::shipped().unwrap();
        let check =
            |names: &[&str]| columns.check(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(check(&["lead", "desk-verdict", "verdict"]), Ok(()));
        assert_eq!(check(&["visit/lead", "visit/verdict"]), Ok(()));
        assert!(check(&["lead", "on"]).unwrap_err().contains("expected a column verdict or"));
        assert!(check(&["lead", "a-verdict", "b-verdict"]).unwrap_err().contains("a-verdict and b-verdict"));
        let table = crate::read::attributes::parse(
            std::path::Path::new("t.csv"),
            "desk-lead,lead,desk-verdict,verdict\nb,a,lawful,pseudo_change\n",
        );
        let row = &table.unwrap().rows[0];
        assert_eq!(columns.value(row, &columns.lead).as_deref(), Some("a"));
        assert_eq!(columns.value(row, &columns.verdict).as_deref(), Some("pseudo_change"));
    }

    #[test]
    fn a_row_names_its_pictures_in_one_column_or_in_several() {
        let columns = Columns::shipped().unwrap();
        let row = |values: Value| Row { number: 1, values: values.as_object().unwrap().clone(), place: None };
        let names = |values: Value| columns.photographs(&row(values)).join(" ");
        assert_eq!(
            names(serde_json::json!({"visit-photo": "a.jpg; b c.jpg|a.jpg", "photo_url": "x"})),
            "a.jpg b c.jpg"
        );
        assert_eq!(
            names(serde_json::json!({"photo_1": "a.jpg", "照片2": "b.jpg", "note": "c.jpg"})),
            "a.jpg b.jpg"
        );
        assert_eq!(names(serde_json::json!({"photos": ["a.jpg", "b.jpg"]})), "a.jpg b.jpg");
        assert_eq!(names(serde_json::json!({"photos": "[\"a.jpg\", \"b, c.jpg\"]"})), "a.jpg b, c.jpg");
    }

    #[test]
    fn the_shipped_names_are_whole_and_words_of_people_are_read_as_ours() {
        let columns = Columns::shipped().unwrap();
        assert_eq!(columns.verdict_of("\u{8fdd}\u{6cd5}"), Some(Verdict::UnlawfulUseFound));
        assert_eq!(columns.verdict_of(" Pseudo-Change "), Some(Verdict::PseudoChange));
        assert_eq!((columns.verdict_of("1"), columns.verdict_of("7")), (Some(Verdict::Lawful), None));
        assert!(is_called("Visit/Verdict", "verdict") && !is_called("verdict_old", "verdict"));
        assert_eq!(day("2026/6/2 09:30"), Some(Date::constant(2026, 6, 2)));
    }
}
