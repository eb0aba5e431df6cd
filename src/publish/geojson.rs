//! `leads.geojson`, `suppressed.geojson`, `gaps.geojson`: RFC 7946, one feature a line.
//!
//! In:  an `Outcome`.
//! Out: text with `type` first, WGS 84 longitude and latitude with seven decimals, right-hand rule,
//!      features sorted, every column in every feature (`fields`).
//! Law: written by us with checked writes, read again and counted before it counts as written.
//! Source: RFC 7946; GDAL and QGIS decide the format by the first key, hence its place.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};

use geo::MultiPolygon;
use geojson::{FeatureReader, GeoJson};
use serde_json::{Value, json};

use crate::lead::{Gap, Lead, Suppressed};
use crate::publish::aside::asides;
use crate::publish::fields::{self, Field};
use crate::publish::{Outcome, PublishError, Staging, outline};

/// File of the leads.
pub const LEADS: &str = "leads.geojson";

/// File of the patches that did not become leads.
pub const SUPPRESSED: &str = "suppressed.geojson";

/// File of what could not be seen.
pub const GAPS: &str = "gaps.geojson";

/// Writes the three files.
pub fn write(staging: &Staging, outcome: &Outcome) -> Result<(), PublishError> {
    checked(staging, LEADS, outcome.leads.len(), |text| leads(outcome.leads, text))?;
    checked(staging, SUPPRESSED, outcome.suppressed.len(), |text| suppressed(outcome.suppressed, text))?;
    checked(staging, GAPS, outcome.gaps.len(), |text| gaps(outcome.gaps, text))
}

/// Writes another layer of the same form: file, name and what a feature is called; its columns and records; their outlines.
pub(super) fn layer<T>(
    staging: &Staging,
    (file, name, what): (&str, &str, &'static str),
    (fields, records): (&[Field<T>], &[&T]),
    shape: impl Fn(&&T) -> MultiPolygon<f64>,
) -> Result<(), PublishError> {
    checked(staging, file, records.len(), |text| {
        collection(name, records.iter().map(|record| feature(what, fields, *record, &shape(record))), text)
    })
}

/// The leads as a feature collection, by rank.
fn leads(leads: &[Lead], text: &mut Text) -> Result<(), PublishError> {
    let lines = by_rank(leads).into_iter().map(|lead| feature("lead", fields::LEAD, lead, &lead.outline));
    collection("leads", lines, text)
}

/// The suppressed patches as a feature collection, by place and sub-model.
fn suppressed(patches: &[Suppressed], text: &mut Text) -> Result<(), PublishError> {
    let rows = asides(patches);
    let lines =
        rows.iter().map(|row| feature("suppressed patch", fields::SUPPRESSED, row, &row.patch.outline));
    collection("suppressed", lines, text)
}

/// The gaps as a feature collection, by layer, red line, sub-model, reason and period.
fn gaps(gaps: &[Gap], text: &mut Text) -> Result<(), PublishError> {
    let lines = by_place(gaps).into_iter().map(|gap| feature("gap", fields::GAP, gap, &gap.outline));
    collection("gaps", lines, text)
}

/// Leads in the order of every file.
pub(crate) fn by_rank(leads: &[Lead]) -> Vec<&Lead> {
    let mut sorted: Vec<&Lead> = leads.iter().collect();
    sorted.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    sorted
}

/// Gaps in the order of every file.
pub(crate) fn by_place(gaps: &[Gap]) -> Vec<&Gap> {
    let mut sorted: Vec<&Gap> = gaps.iter().collect();
    sorted.sort_by_cached_key(|gap| {
        let words = [&gap.layer, &gap.redline_id, &gap.model, gap.reason.code()].map(str::to_owned);
        (words, gap.period, fields::gap_id(gap))
    });
    sorted
}

/// One feature as one line. An empty outline is a null geometry: the gap is a whole scene.
fn feature<T>(
    what: &'static str,
    fields: &[Field<T>],
    record: &T,
    shape: &MultiPolygon<f64>,
) -> Result<String, PublishError> {
    let properties = fields::properties(fields, record);
    let id = properties["id"].clone();
    let shape = outline::for_files(shape).map_err(|reason| PublishError::Outline {
        what,
        id: id.as_str().unwrap_or_default().to_owned(),
        reason,
    })?;
    let geometry = if shape.0.is_empty() {
        "null".to_owned()
    } else {
        format!(r#"{{"type":"MultiPolygon","coordinates":{}}}"#, outline::coordinates(&shape))
    };
    let properties = Value::Object(properties);
    Ok(format!(r#"{{"type":"Feature","id":{id},"properties":{properties},"geometry":{geometry}}}"#))
}

/// Where a collection goes, line by line: of ten thousands of leads the whole text would be felt.
type Text<'a> = dyn FnMut(&str) -> Result<(), PublishError> + 'a;

fn collection(
    name: &str,
    lines: impl Iterator<Item = Result<String, PublishError>>,
    text: &mut Text,
) -> Result<(), PublishError> {
    let (english, chinese) = (json!(fields::DISCLAIMER), json!(fields::DISCLAIMER_ZH));
    text(&format!(
        r#"{{"type":"FeatureCollection","name":"{name}","disclaimer":{english},"disclaimer_zh":{chinese},"features":["#
    ))?;
    let mut has_any = false;
    for line in lines {
        text(if has_any { ",\n" } else { "\n" })?;
        text(&line?)?;
        has_any = true;
    }
    text(if has_any { "\n]}\n" } else { "]}\n" })
}

/// Writes a collection and reads it back, feature by feature: the whole of it as values would be many times its size.
fn checked(
    staging: &Staging,
    name: &str,
    expected: usize,
    write: impl FnOnce(&mut Text) -> Result<(), PublishError>,
) -> Result<(), PublishError> {
    let path = staging.path(name);
    let failed = |source| PublishError::io("write", &path, source);
    let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
    let mut length = 0;
    write(&mut |text| {
        length += text.len() as u64;
        file.write_all(text.as_bytes()).map_err(failed)
    })?;
    file.flush().map_err(failed)?;
    let wrong = |found: String| PublishError::ReadBack {
        file: name.to_owned(),
        expected: format!("{expected} features"),
        found,
    };
    let file = File::open(&path).map_err(|source| PublishError::io("read", &path, source))?;
    let size = file.metadata().map_err(|source| PublishError::io("read", &path, source))?.len();
    if size != length {
        return Err(wrong(format!("{size} of {length} bytes")));
    }
    if expected == 0 {
        // The reader of single features knows no empty list; an empty file is small.
        let read =
            std::fs::read_to_string(&path).map_err(|source| PublishError::io("read", &path, source))?;
        let read = read.parse::<GeoJson>().map_err(|error| wrong(error.to_string()))?;
        let is_empty = matches!(read, GeoJson::FeatureCollection(read) if read.features.is_empty());
        return if is_empty { Ok(()) } else { Err(wrong("something else than an empty list".to_owned())) };
    }
    let mut features = 0;
    for feature in FeatureReader::from_reader(BufReader::new(file)).features() {
        feature.map_err(|error| wrong(error.to_string()))?;
        features += 1;
    }
    if features == expected { Ok(()) } else { Err(wrong(format!("{features} features"))) }
}

#[cfg(test)]
mod tests {
    use geo::orient::Direction;
    use geo::{Orient, Validation};
    use geojson::FeatureCollection;

    use super::*;
    use crate::publish::sample;

    /// The text of a collection.
    fn told(write: impl FnOnce(&mut Text) -> Result<(), PublishError>) -> String {
        let mut whole = String::new();
        write(&mut |text| {
            whole.push_str(text);
            Ok(())
        })
        .unwrap();
        whole
    }

    fn parsed(text: &str) -> FeatureCollection {
        FeatureCollection::try_from(text.parse::<GeoJson>().unwrap()).unwrap()
    }

    #[test]
    fn leads_read_back_in_rank_order_with_their_outline_and_all_columns() {
        let leads_in = sample::leads();
        let text = told(|text| leads(&leads_in, text));
        let collection = parsed(&text);
        assert_eq!(collection.features.len(), leads_in.len());
        for (index, feature) in collection.features.iter().enumerate() {
            assert_eq!(feature.property("rank").unwrap().as_u64().unwrap() as usize, index + 1);
            assert_eq!(feature.properties.as_ref().unwrap().len(), fields::LEAD.len());
            let shape = MultiPolygon::<f64>::try_from(feature.geometry.clone().unwrap()).unwrap();
            assert!(shape.is_valid() && shape == shape.orient(Direction::Default));
        }
        let best = leads_in.iter().find(|lead| lead.rank == 1).unwrap();
        assert_eq!(collection.features[0].property("id").unwrap(), &json!(best.id));
        assert_eq!(collection.features[0].property("before").unwrap(), &json!(best.before.to_string()));
    }

    #[test]
    fn the_order_of_the_input_does_not_change_a_byte() {
        let (mut some_leads, mut some_gaps) = (sample::leads(), sample::gaps());
        let (first, second) = (told(|text| leads(&some_leads, text)), told(|text| gaps(&some_gaps, text)));
        some_leads.reverse();
        some_gaps.reverse();
        assert_eq!(
            (first, second),
            (told(|text| leads(&some_leads, text)), told(|text| gaps(&some_gaps, text)))
        );
    }

    #[test]
    fn no_leads_is_a_valid_empty_collection_with_type_first() {
        let text = told(|text| leads(&[], text));
        assert!(parsed(&text).features.is_empty());
        assert!(text.starts_with(r#"{"type":"FeatureCollection""#));
    }

    #[test]
    fn a_gap_without_a_place_has_a_null_geometry_and_no_column_less() {
        let collection = parsed(&told(|text| gaps(&sample::gaps(), text)));
        let empty = collection.features.iter().find(|feature| feature.geometry.is_none()).unwrap();
        assert_eq!(empty.properties.as_ref().unwrap().len(), fields::GAP.len());
    }

    #[test]
    fn a_number_that_is_none_becomes_null_and_an_outline_that_is_none_an_error() {
        let mut wrong = sample::leads();
        wrong[0].confidence = f64::NAN;
        let id = wrong[0].id.clone();
        let collection = parsed(&told(|text| leads(&wrong, text)));
        let feature =
            collection.features.iter().find(|feature| feature.property("id") == Some(&json!(id))).unwrap();
        assert!(feature.property("confidence").unwrap().is_null());
        wrong[0].outline.0[0].exterior_mut(|ring| ring.0[1].x = f64::INFINITY);
        assert!(leads(&wrong, &mut |_| Ok(())).unwrap_err().to_string().contains(&id));
    }

    #[test]
    fn no_file_judges_a_place() {
        let all =
            [told(|text| leads(&sample::leads(), text)), told(|text| gaps(&sample::gaps(), text))].concat();
        for word in ["violation", "illegal", "违法"] {
            assert!(!all.to_lowercase().contains(word));
        }
    }
}
