//! A lead as the page needs it: its record, where it lies in the coordinates of China, what people found and did.
//!
//! In:  leads. Out: JSON, in which words that many leads share stand once (`Shared`).
//! Law: no number is computed anew; what the record says is shown. Words are made plain (`markup::plain`); the page shows
//!      them as text and nothing else.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use geo::{Coord, MultiPolygon};
use serde_json::{Map, Value, json};

use crate::grid::Crs;
use crate::grid::crs::{CrsError, Transform};
use crate::ledger::{Case, Event};
use crate::publish::fields::{self, Kind};
use crate::publish::markup::plain;
use crate::report::Language;
use crate::report::material::{Item, Seen};
use crate::report::phrases::said;
use crate::units::rounded;

/// Columns that the page shows by other means than a line of name and value.
const ELSEWHERE: [&str; 5] = ["disclaimer", "disclaimer_zh", "chip_before", "chip_after", "evidence_text"];
/// The same, in nested columns that say all of it.
const FIRST_OF_MANY: [&str; 4] = ["redline_", "permit_", "legal_", "notes_text"];
/// Kept all the same: whether a layer was supplied is said nowhere else.
const KEPT: [&str; 2] = ["permits_supplied", "redline_class"];
/// Columns that hold sentences.
const SENTENCES: [&str; 3] = ["confidence_method", "selection", "area_method"];
/// Decimals of a degree in an outline: 1 cm. The record has the same.
const DECIMALS: i32 = 7;

/// What stands once for all leads.
#[derive(Default)]
pub struct Shared {
    rules: Vec<Value>,
    by_rule: BTreeMap<String, usize>,
    measures: Vec<Value>,
    by_measure: BTreeMap<String, usize>,
    zones: BTreeMap<Crs, [Transform; 2]>,
    phrases: BTreeMap<String, String>,
}

impl Shared {
    /// Rules with their texts, in the order in which leads name them.
    pub fn rules(&self) -> Value {
        json!(self.rules)
    }

    /// Name and unit of what was observed.
    pub fn measures(&self) -> Value {
        json!(self.measures)
    }

    /// Sentences of records with their Chinese, where it is known.
    pub fn phrases(&self) -> Value {
        json!(self.phrases)
    }

    /// Keeps the Chinese of a sentence.
    fn sentence(&mut self, sentence: Option<&Value>) {
        let Some(english) = sentence.and_then(Value::as_str) else { return };
        let chinese = said(english, Language::Chinese);
        if chinese != english {
            self.phrases.insert(plain(english), plain(&chinese));
        }
    }

    /// A limit without the words of its rule: place of the rule, verdict, area with low and high.
    fn limit(&mut self, limit: &Value) -> Value {
        let mut rule = limit.as_object().cloned().unwrap_or_default();
        let mut taken = |name: &str| rule.shift_remove(name).unwrap_or_default();
        let own = ["verdict", "area_m2", "area_low_m2", "area_high_m2"].map(&mut taken);
        let rule = words(&Value::Object(rule));
        let place = placed(&mut self.rules, &mut self.by_rule, rule);
        words(&json!([place, own[0], own[1], own[2], own[3]]))
    }

    /// What was observed: place of the name and unit, value.
    fn measure(&mut self, measure: &Value) -> Value {
        let name = words(&json!([measure["name"], measure["unit"]]));
        let place = placed(&mut self.measures, &mut self.by_measure, name);
        words(&json!([place, measure["value"]]))
    }

    /// The place in CGCS2000: longitude and latitude, and the three-degree zone with and without its number before the
    /// easting; nothing outside of China.
    fn cgcs2000(&mut self, (longitude, latitude): (f64, f64)) -> Result<Value, CrsError> {
        let Some(zone) = Crs::cgcs2000_zone(longitude, latitude) else { return Ok(Value::Null) };
        let Some((number, meridian, plain)) = zone.of_zone() else { return Ok(Value::Null) };
        let both = match self.zones.entry(zone) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert([Transform::new(Crs::LON_LAT, zone)?, Transform::new(Crs::LON_LAT, plain)?])
            }
        };
        let places: Vec<(f64, f64)> =
            both.iter().map(|to| to.point(longitude, latitude)).collect::<Result<_, _>>()?;
        let metres = |(x, y): (f64, f64)| json!([rounded(x, 2), rounded(y, 2)]);
        Ok(json!({
            "zone": number, "meridian": meridian,
            "with_number": {"epsg": zone.code(), "at": metres(places[0])},
            "without": {"epsg": plain.code(), "at": metres(places[1])},
        }))
    }
}

/// The place of a value in a list, to whose end it is put where it is new.
fn placed(list: &mut Vec<Value>, known: &mut BTreeMap<String, usize>, value: Value) -> usize {
    *known.entry(value.to_string()).or_insert_with(|| {
        list.push(value);
        list.len() - 1
    })
}

/// Names of the columns that are shown as lines, in Chinese and English.
pub fn columns() -> Value {
    let named = fields::LEAD.iter().filter(|field| is_line(field.name, field.kind));
    named.map(|field| json!([field.name, field.alias])).collect()
}

fn is_line(name: &str, kind: Kind) -> bool {
    let said = ELSEWHERE.contains(&name) || FIRST_OF_MANY.iter().any(|start| name.starts_with(start));
    kind != Kind::Nested && (!said || KEPT.contains(&name))
}

/// The name by which the page, its links and its files call a lead: ids come from files and may hold anything.
pub fn key(lead: &Item) -> String {
    lead.file_name()
}

/// A lead.
///
/// # Errors
/// A place that the zones of China do not take.
pub fn lead(item: &Item, shared: &mut Shared) -> Result<Value, CrsError> {
    let mut lines = Map::new();
    for field in fields::LEAD.iter().filter(|field| is_line(field.name, field.kind)) {
        let value = item.properties.get(field.name).filter(|value| !value.is_null() && *value != "");
        if let Some(value) = value {
            lines.insert(field.name.to_owned(), words(value));
        }
    }
    for name in SENTENCES {
        shared.sentence(item.properties.get(name));
    }
    item.list("notes").iter().for_each(|note| shared.sentence(Some(note)));
    let list = |name: &str| words(&json!(item.list(name)));
    let limits = |name: &str, shared: &mut Shared| -> Value {
        item.list(name).iter().map(|limit| shared.limit(limit)).collect()
    };
    let permits = item.properties.get("permits").filter(|value| value.is_array());
    Ok(json!({
        "key": key(item),
        "id": plain(&item.id),
        "at": [rounded(item.point.0, DECIMALS), rounded(item.point.1, DECIMALS)],
        "cgcs2000": shared.cgcs2000(item.point)?,
        "outline": outline(&item.outline),
        "lines": lines,
        "redlines": list("redlines"),
        "permits": permits.map(words),
        "context": list("context"),
        "limits": limits("thresholds", shared),
        "group": list("incident_leads"),
        "group_limits": limits("incident_thresholds", shared),
        "measures": item.list("evidence").iter().map(|measure| shared.measure(measure)).collect::<Value>(),
        "notes": list("notes"),
        "case": item.case.as_ref().map(case),
        "events": item.events.iter().map(event).collect::<Value>(),
        "seen": item.seen.iter().map(seen).collect::<Value>(),
    }))
}

/// Coordinates of polygons, degrees.
pub fn outline(outline: &MultiPolygon<f64>) -> Value {
    let at = |Coord { x, y }: &Coord<f64>| json!([rounded(*x, DECIMALS), rounded(*y, DECIMALS)]);
    let ring = |ring: &geo::LineString<f64>| ring.0.iter().map(at).collect::<Value>();
    let rings = |polygon: &geo::Polygon<f64>| -> Value {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
    };
    outline.0.iter().map(rings).collect()
}

/// A value whose every text is plain.
pub fn words(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(text)),
        Value::Array(list) => list.iter().map(words).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(name, value)| (plain(name), words(value))).collect())
        }
        other => other.clone(),
    }
}

/// Where a case stands. `seq` is its last event: who writes says it, so that nothing is decided on an old view.
pub fn case(case: &Case) -> Value {
    let due = case.due();
    words(&json!({
        "state": case.state.code(),
        "since": case.since,
        "verdict": case.verdict().map(|verdict| verdict.code()),
        "contested": case.is_contested(),
        "assigned": case.assigned.as_ref().map(|(to, until)| json!([to, until.map(|day| day.to_string())])),
        "agency": case.agency,
        "county": case.county,
        "due": due.map(|due| due.on.to_string()),
        "seq": case.events.last(),
    }))
}

/// What happened to it: when, what, by whom, why, what else was said, place in the chain and the beginning of its hash.
pub fn event(event: &Event) -> Value {
    let body = event.body().unwrap_or_default();
    let said = |name: &str| body.get(name).filter(|value| value.is_string() || value.is_boolean()).cloned();
    let more: Map<String, Value> =
        ["verdict", "cause", "to", "until", "on", "agency", "number", "by", "restored"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), said(name)?)))
            .collect();
    let hash = event.hash.get(..16).unwrap_or(&event.hash);
    words(&json!([event.at_local, event.kind, event.actor, event.reason, more, event.seq, hash]))
}

fn seen(view: &Seen) -> Value {
    let inside = view.inside.map(|share| rounded(share, 3));
    words(&json!([view.date.to_string(), view.is_look_back, inside, view.why_not, view.scenes]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(properties: Value) -> Item {
        Item::new(
            "a\u{202e}<b>".to_owned(),
            properties.as_object().cloned().unwrap(),
            MultiPolygon(Vec::new()),
            (108.5, 41.57),
        )
    }

    #[test]
    fn words_of_a_rule_stand_once_and_a_known_place_comes_out_right_in_every_zone() {
        let limit = json!({"rule": "R", "limit_mu": 20.0, "verdict": "above", "area_m2": 1.0, "area_low_m2": 0.5, "area_high_m2": 2.0});
        let one = item(json!({"thresholds": [limit], "rank": 1, "notes_text": "x", "disclaimer": "y"}));
        let mut shared = Shared::default();
        let (first, second) = (lead(&one, &mut shared).unwrap(), lead(&one, &mut shared).unwrap());
        assert_eq!(first, second);
        assert_eq!(shared.rules(), json!([{"rule": "R", "limit_mu": 20.0}]));
        assert_eq!(first["limits"], json!([[0, "above", 1.0, 0.5, 2.0]]));
        assert_eq!(first["lines"], json!({"rank": 1}));
        // As in `grid::crs`: pyproj 3.7.2 for EPSG:4524 and 4545.
        assert_eq!(
            first["cgcs2000"]["with_number"],
            json!({"epsg": 4524, "at": [36_541_703.16, 4_603_997.9]})
        );
        assert_eq!(first["cgcs2000"]["without"], json!({"epsg": 4545, "at": [541_703.16, 4_603_997.9]}));
    }

    #[test]
    fn no_word_turns_the_text_around_it_and_a_key_is_safe_in_a_link() {
        let limit = json!({"rule": "\u{202e}", "verdict": "\u{202e}", "area_m2": "\u{202e}"});
        let one = item(json!({
            "redline_name": "\u{202e}x", "redlines": [{"name": "\u{202e}y\u{7}"}], "thresholds": [limit],
            "evidence": [{"name": "\u{202e}", "value": "\u{202e}", "unit": "\u{202e}"}],
        }));
        let made = lead(&one, &mut Shared::default()).unwrap();
        assert!(!made.to_string().contains('\u{202e}'));
        assert_eq!(made["redlines"][0]["name"], "\u{fffd}y\u{fffd}");
        let key = made["key"].as_str().unwrap();
        assert!(
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'),
            "{key}"
        );
    }
}
