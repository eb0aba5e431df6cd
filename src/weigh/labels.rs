//! What people found on the ground, as the calibration reads it.
//!
//! In:  rows of earlier leads and patches: `id`, `model`, `verdict`, `drawn`, a season, and either the measures that the
//!      confidence stands on (`evidence`, `evidence_text` or columns of their names) or `confidence` with
//!      `confidence_method`; `weight`, `reason`, `stratum`, `area_m2` and a place where they are known.
//! Out: `Label`s and, counted with its reason, every row that cannot calibrate.
//! Law: only what was drawn at random may calibrate; a word that is not known is an error, never a verdict.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::date::{Period, parse_date};
use crate::lead::Measure;
use crate::read::attributes::{AttributeError, Row, Rows};
use crate::reason::AsideReason;
use crate::units::SquareMetres;
use crate::weigh::confidence::Model;

/// One verified lead or patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its id.
    pub id: String,
    /// Sub-model.
    pub model: String,
    /// Whether the visit found the change that the sub-model names.
    pub is_true: bool,
    /// Linear predictor of the shipped model of this program, where its measures are known.
    pub score: Option<f64>,
    /// Confidence as it was published, and how it had been obtained.
    pub confidence: Option<(f64, String)>,
    /// One over its chance of being drawn.
    pub weight: f64,
    /// Area in square metres, where known.
    pub area: Option<SquareMetres>,
    /// Calendar year in which it was seen.
    pub season: i16,
    /// Longitude and latitude, where known.
    pub place: Option<(f64, f64)>,
}

/// Why a row cannot calibrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Nobody has been there, or nobody could tell.
    NoVerdict,
    /// Not drawn at random, or not said to be.
    NotDrawn,
    /// It would not have been a candidate: a hard rule set it aside, or it is ground without a patch.
    NoCandidate,
    /// Neither measures nor a confidence.
    NoScore,
    /// It does not say when it was seen.
    NoSeason,
    /// Seen too many growing seasons from the target period.
    OtherSeason,
    /// Too far from the red lines of the run.
    OtherRegion,
    /// Its confidence came from another confidence model, and its measures are not given.
    OtherModel,
    /// Another row says the opposite of the same place in the same season.
    Contradicted,
}

impl LeftOut {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            LeftOut::NoVerdict => "without a verdict of true or false",
            LeftOut::NotDrawn => {
                "not drawn at random (column drawn = random): places that were chosen do not speak for the others"
            }
            LeftOut::NoCandidate => "set aside by a hard rule, or ground without a patch",
            LeftOut::NoScore => "with neither the measures nor a confidence",
            LeftOut::NoSeason => "that do not say when they were seen (season, target, after or first_seen)",
            LeftOut::OtherSeason => "out of date",
            LeftOut::OtherRegion => "of another region",
            LeftOut::OtherModel => "of another confidence model, without the measures to judge them anew",
            LeftOut::Contradicted => "of places that have two opposite verdicts",
        }
    }

    /// Whether the calibration was good once.
    pub fn is_expiry(self) -> bool {
        matches!(self, LeftOut::OtherSeason | LeftOut::OtherRegion | LeftOut::OtherModel)
    }
}

/// Labels, and rows left out by reason.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// Rows read.
    pub rows: usize,
    /// What may calibrate, by id and sub-model.
    pub labels: Vec<Label>,
    /// How many rows cannot, by reason.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// What must be known of how the files were read.
    pub notes: Vec<String>,
}

/// Reads the labels out of files. A place that stands twice in a season with one verdict counts once, as its last row says;
/// with two opposite verdicts it is left out.
pub fn labels(files: &[Rows], model: &Model) -> Result<Labels, AttributeError> {
    let mut result = Labels::default();
    let mut known: BTreeMap<(String, String, i16), Vec<Label>> = BTreeMap::new();
    for file in files {
        result.notes.extend(file.note.iter().map(|note| format!("calibration: {note}")));
        for row in &file.rows {
            result.rows += 1;
            match label(file, row, model)? {
                Err(reason) => *result.left_out.entry(reason).or_default() += 1,
                Ok(label) => {
                    known
                        .entry((label.id.clone(), label.model.clone(), label.season))
                        .or_default()
                        .push(label);
                }
            }
        }
    }
    for mut rows in known.into_values() {
        if rows.iter().all(|row| row.is_true == rows[0].is_true) {
            result.labels.extend(rows.pop());
        } else {
            *result.left_out.entry(LeftOut::Contradicted).or_default() += rows.len();
        }
    }
    Ok(result)
}

fn label(file: &Rows, row: &Row, model: &Model) -> Result<Result<Label, LeftOut>, AttributeError> {
    let needed = |column: &str| {
        let text = file.text(row, column).map(|text| text.into_owned());
        text.ok_or_else(|| file.fault(row, column, "a value"))
    };
    if !is_candidate(file, row) {
        return Ok(Err(LeftOut::NoCandidate));
    }
    let (id, sub_model) = (needed("id")?, needed("model")?);
    if !is_drawn(file, row)? {
        return Ok(Err(LeftOut::NotDrawn));
    }
    let Some(is_true) = verdict(file, row)? else { return Ok(Err(LeftOut::NoVerdict)) };
    let Some(season) = season(file, row)? else { return Ok(Err(LeftOut::NoSeason)) };
    let measures = measures(file, row, model, &sub_model)?;
    let score = measures.map(|measures| model.score(&sub_model, &measures));
    let method = file.text(row, "confidence_method").unwrap_or_default().into_owned();
    let confidence = share(file, row, "confidence")?.map(|confidence| (confidence, method));
    if score.is_none() && confidence.is_none() {
        return Ok(Err(LeftOut::NoScore));
    }
    let (weight, area) = (weight(file, row)?, file.number(row, "area_m2")?.map(SquareMetres));
    let place = match (file.number(row, "lon_deg")?, file.number(row, "lat_deg")?) {
        (Some(longitude), Some(latitude)) => Some((longitude, latitude)),
        _ => row.place,
    };
    Ok(Ok(Label { id, model: sub_model, is_true, score, confidence, weight, area, season, place }))
}

/// Whether the row passed the hard rules: what was kept aside for its confidence alone could have been a lead.
fn is_candidate(file: &Rows, row: &Row) -> bool {
    let could = [AsideReason::LowConfidence.code(), AsideReason::NotSelectedAtFdr.code()];
    let reason = file.text(row, "reason");
    let is_ground = file.text(row, "stratum").is_some_and(|stratum| stratum == "ground");
    !is_ground && reason.is_none_or(|reason| could.contains(&reason.as_ref()))
}

fn is_drawn(file: &Rows, row: &Row) -> Result<bool, AttributeError> {
    match file.text(row, "drawn").as_deref() {
        Some("random" | "随机") => Ok(true),
        None | Some("priority" | "优先") => Ok(false),
        Some(_) => Err(file.fault(row, "drawn", "random or priority")),
    }
}

/// True, false, or none where nobody could tell.
pub fn verdict(file: &Rows, row: &Row) -> Result<Option<bool>, AttributeError> {
    let text = file.text(row, "verdict").map(|text| text.to_lowercase());
    match text.as_deref() {
        None | Some("unclear" | "cannot tell" | "cannot_tell" | "无法判定") => Ok(None),
        Some("true" | "yes" | "1" | "是" | "属实") => Ok(Some(true)),
        Some("false" | "no" | "0" | "否" | "不属实") => Ok(Some(false)),
        Some(_) => Err(file.fault(row, "verdict", "true, false or unclear")),
    }
}

fn weight(file: &Rows, row: &Row) -> Result<f64, AttributeError> {
    if let Some(weight) = file.number(row, "weight")? {
        return if weight > 0.0 { Ok(weight) } else { Err(file.fault(row, "weight", "a number above 0")) };
    }
    let chance = share(file, row, "inclusion_probability")?;
    match chance {
        Some(0.0) => Err(file.fault(row, "inclusion_probability", "a number above 0")),
        chance => Ok(1.0 / chance.unwrap_or(1.0)),
    }
}

fn share(file: &Rows, row: &Row, column: &str) -> Result<Option<f64>, AttributeError> {
    let number = file.number(row, column)?;
    if number.is_some_and(|number| !(0.0..=1.0).contains(&number)) {
        return Err(file.fault(row, column, "a number from 0 to 1"));
    }
    Ok(number)
}

fn season(file: &Rows, row: &Row) -> Result<Option<i16>, AttributeError> {
    if let Some(year) = file.number(row, "season")? {
        let is_year = year.fract() == 0.0 && (1900.0..=2200.0).contains(&year);
        return if is_year { Ok(Some(year as i16)) } else { Err(file.fault(row, "season", "a year")) };
    }
    if let Some(target) = file.text(row, "target") {
        let period = Period::parse(&target);
        return match period {
            Ok(period) => Ok(Some(period.to.year())),
            Err(_) => Err(file.fault(row, "target", "FROM/TO")),
        };
    }
    for column in ["after", "first_seen"] {
        if let Some(text) = file.text(row, column) {
            let date = parse_date(&text).ok_or_else(|| file.fault(row, column, "a date as YYYY-MM-DD"))?;
            return Ok(Some(date.year()));
        }
    }
    Ok(None)
}

/// The measures that the shipped model asks for, if every one is there.
fn measures(
    file: &Rows,
    row: &Row,
    model: &Model,
    sub_model: &str,
) -> Result<Option<Vec<Measure>>, AttributeError> {
    let nested = match row.values.get("evidence") {
        Some(Value::String(text)) => {
            serde_json::from_str(text).map_err(|_torn| file.fault(row, "evidence", "JSON"))?
        }
        Some(other) => other.clone(),
        None => Value::Null,
    };
    let flat = file.text(row, "evidence_text").unwrap_or_default().into_owned();
    let of_nested = |name: &str| {
        let one = nested.as_array()?.iter().find(|one| one["name"] == name)?;
        one["value"].as_f64()
    };
    let of_flat = |name: &str| {
        let mut parts = flat.split("; ").map(|part| part.split(' '));
        let mut part = parts.find(|part| part.clone().next() == Some(name))?;
        part.nth(1)?.parse::<f64>().ok()
    };
    let mut found = Vec::new();
    for name in model.group_of(sub_model).coefficients.keys() {
        let own = file.number(row, name)?;
        let Some(value) = of_nested(name).or_else(|| of_flat(name)).or(own) else { return Ok(None) };
        found.push(Measure { name: name.clone(), value, unit: "1" });
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::read::attributes::parse;

    fn read(text: &str) -> Result<Labels, AttributeError> {
        labels(&[parse(Path::new("verified.csv"), text).unwrap()], &Model::shipped().unwrap())
    }

    const METHOD: &str = "shipped";

    #[test]
    fn only_what_was_drawn_at_random_and_could_have_been_a_lead_calibrates() {
        let text = format!(
            "id,model,confidence,confidence_method,verdict,drawn,season,reason,stratum\n\
             a,G1,0.9,{METHOD},true,random,2023,,lead_high\n\
             b,G1,0.9,{METHOD},false,priority,2023,,\n\
             c,G1,0.4,{METHOD},否,random,2023,low_confidence,\n\
             d,G1,0.4,{METHOD},false,random,2023,area_below_minimum,\n\
             e,G1,0.4,{METHOD},,random,2023,,\n\
             f,G1,0.4,{METHOD},true,random,,,\n\
             g,G1,,{METHOD},true,random,2023,,\n\
             h,,,,false,random,2023,,ground\n"
        );
        let found = read(&text).unwrap();
        let ids: Vec<(&str, bool)> =
            found.labels.iter().map(|label| (label.id.as_str(), label.is_true)).collect();
        assert_eq!((ids, found.rows), (vec![("a", true), ("c", false)], 8));
        let reasons = [
            (LeftOut::NoVerdict, 1),
            (LeftOut::NotDrawn, 1),
            (LeftOut::NoCandidate, 2),
            (LeftOut::NoScore, 1),
            (LeftOut::NoSeason, 1),
        ];
        assert_eq!(found.left_out, BTreeMap::from(reasons));
    }

    #[test]
    fn measures_are_read_nested_flat_or_as_columns_and_give_one_score() {
        let model = Model::shipped().unwrap();
        let names: Vec<&String> = model.group_of("L3").coefficients.keys().collect();
        let columns = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
        let values =
            names.iter().enumerate().map(|(i, _)| format!("0.{}", i + 1)).collect::<Vec<_>>().join(",");
        let flat: Vec<String> =
            names.iter().enumerate().map(|(i, name)| format!("{name} 0.{} sigma", i + 1)).collect();
        let nested: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(i, name)| serde_json::json!({ "name": name, "value": (i + 1) as f64 / 10.0, "unit": "1" }))
            .collect();
        let nested = Value::from(nested).to_string().replace('"', "\"\"");
        let head = "id,model,verdict,drawn,season";
        let row = "a,L3,true,random,2023";
        let of_columns = read(&format!("{head},{columns}\n{row},{values}\n")).unwrap().labels[0].score;
        let of_flat =
            read(&format!("{head},evidence_text\n{row},{}\n", flat.join("; "))).unwrap().labels[0].score;
        let of_nested = read(&format!("{head},evidence\n{row},\"{nested}\"\n")).unwrap().labels[0].score;
        assert!(of_columns.is_some());
        assert_eq!((of_columns, of_columns), (of_flat, of_nested));
        let less = flat[1..].join("; ");
        assert!(read(&format!("{head},evidence_text\n{row},{less}\n")).unwrap().labels.is_empty());
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error_with_its_row() {
        let head = "id,model,confidence,verdict,drawn,season,weight\n";
        for (row, part) in [
            ("a,G1,0.9,maybe,random,2023,", "true, false or unclear"),
            ("a,G1,0.9,true,often,2023,", "random or priority"),
            ("a,G1,1.9,true,random,2023,", "0 to 1"),
            ("a,G1,0.9,true,random,2023.5,", "a year"),
            ("a,G1,0.9,true,random,2023,0", "above 0"),
            (",G1,0.9,true,random,2023,", "id = nothing"),
        ] {
            let error = read(&format!("{head}{row}\n")).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("row 1"), "{error}");
        }
    }

    #[test]
    fn a_label_weighs_as_many_as_it_stands_for_and_never_nothing() {
        let head = "id,model,confidence,verdict,drawn,season,weight,inclusion_probability\n";
        let weight = |cells: &str| {
            read(&format!("{head}a,G1,0.9,true,random,2023,{cells}\n")).map(|found| found.labels[0].weight)
        };
        assert_eq!(weight(",").unwrap(), 1.0);
        assert_eq!(weight(",0.25").unwrap(), 4.0);
        assert_eq!(weight("3,0.25").unwrap(), 3.0);
        assert_eq!(weight("0.5,").unwrap(), 0.5);
        for cells in ["-1,", "0,", ",0"] {
            assert!(weight(cells).unwrap_err().to_string().contains("above 0"), "{cells}");
        }
    }

    #[test]
    fn what_another_season_region_or_model_made_was_good_once_and_the_rest_never() {
        let good_once = [LeftOut::OtherSeason, LeftOut::OtherRegion, LeftOut::OtherModel];
        let never = [
            LeftOut::NoVerdict,
            LeftOut::NotDrawn,
            LeftOut::NoCandidate,
            LeftOut::NoScore,
            LeftOut::NoSeason,
            LeftOut::Contradicted,
        ];
        assert!(good_once.iter().all(|reason| reason.is_expiry()));
        assert!(!never.iter().any(|reason| reason.is_expiry()));
    }

    #[test]
    fn a_place_that_stands_twice_counts_once_and_not_at_all_where_the_rows_contradict_each_other() {
        let of = |rows: &str| {
            let found = read(&format!("id,model,confidence,verdict,drawn,season\n{rows}")).unwrap();
            (found.labels.len(), found.left_out.get(&LeftOut::Contradicted).copied())
        };
        assert_eq!(of("a,G1,0.9,true,random,2023\na,G1,0.8,true,random,2023\n"), (1, None));
        assert_eq!(of("a,G1,0.9,true,random,2023\na,G1,0.9,false,random,2023\n"), (0, Some(2)));
        // What was there in one season may be gone in the next.
        assert_eq!(of("a,G1,0.9,true,random,2022\na,G1,0.9,false,random,2023\n"), (2, None));
    }
}
