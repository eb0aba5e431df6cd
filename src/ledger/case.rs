//! A lead as it stands: its record, where it lies, what people found and did.

use std::collections::BTreeSet;

use geo::{LineString, MultiPolygon, Polygon};
use serde_json::{Map, Value, json};

use crate::date::Date;
use crate::ledger::LedgerError;
use crate::ledger::deadline::Due;
use crate::ledger::event::Event;
use crate::ledger::state::{State, Verdict};

/// What somebody found on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Place of the event.
    pub seq: i64,
    /// What was found.
    pub verdict: Verdict,
    /// Who was there.
    pub by: String,
    /// The day.
    pub on: Option<Date>,
}

/// Where a case came from and went to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The case that it is part of now.
    pub into: Option<String>,
    /// Cases that are part of it.
    pub from: BTreeSet<String>,
    /// The case that it was a piece of.
    pub split_from: Option<String>,
    /// Cases that were pieces of it.
    pub pieces: BTreeSet<String>,
}

/// A lead as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id, for ever.
    pub id: String,
    /// Place of its first event: its number.
    pub number: i64,
    /// Where it stands.
    pub state: State,
    /// Since when, UTC.
    pub since: String,
    /// What the last run that changed it says of it.
    pub properties: Map<String, Value>,
    /// The last picture from space in which the run that found it saw the change.
    pub found_after: Option<Date>,
    /// Where it lies, longitude and latitude.
    pub outline: MultiPolygon<f64>,
    /// First and last run that found it.
    pub runs: (String, String),
    /// Last run that looked there.
    pub looked: String,
    /// Who is to go there, and until when.
    pub assigned: Option<(String, Option<Date>)>,
    /// What was found on the ground, in order.
    pub said: Vec<Said>,
    /// Place of the event from which on verdicts count: the case was opened once more there, or differing ones were settled.
    pub heard_from: i64,
    /// The agency that it was handed to.
    pub agency: Option<String>,
    /// The number under which it was filed.
    pub filed: Option<String>,
    /// What is due, in the order in which it began.
    pub due: Vec<Due>,
    /// When it was found, UTC.
    pub found: String,
    /// The county that it lies in.
    pub county: Option<String>,
    /// What was paid for it, in yuan, added up.
    pub compensation_yuan: Option<f64>,
    /// Whether the last look again found it restored.
    pub restored: Option<bool>,
    /// The last day that a look again was about.
    pub looked_until: Option<Date>,
    /// The last reason that was given.
    pub reason: String,
    /// Where it came from and went to.
    pub lineage: Lineage,
    /// Places of its events.
    pub events: Vec<i64>,
}

impl Case {
    /// A property of the record as text.
    pub fn text(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A property of the record as a number.
    pub fn number_of(&self, name: &str) -> Option<f64> {
        self.properties.get(name).and_then(Value::as_f64)
    }

    /// Its events, of all events of the ledger, which lie in order from 1.
    pub fn events_of<'a>(&self, all: &'a [Event]) -> impl DoubleEndedIterator<Item = &'a Event> {
        self.events.iter().filter_map(move |seq| all.get(usize::try_from(*seq).ok()?.checked_sub(1)?))
    }

    /// The first day on which something is due.
    pub fn due(&self) -> Option<&Due> {
        self.due.iter().min_by_key(|due| due.on)
    }

    /// Verdicts that count.
    fn heard(&self) -> impl DoubleEndedIterator<Item = Verdict> {
        self.said.iter().filter(|said| said.seq >= self.heard_from).map(|said| said.verdict)
    }

    /// Whether people who were there say different things. That somebody could not tell contradicts nobody.
    pub fn is_contested(&self) -> bool {
        let told: BTreeSet<Verdict> =
            self.heard().filter(|verdict| *verdict != Verdict::CannotTell).collect();
        told.len() > 1
    }

    /// The last verdict that counts and tells anything, else the last that counts, else what was said before.
    pub fn verdict(&self) -> Option<Verdict> {
        let told = self.heard().rfind(|verdict| *verdict != Verdict::CannotTell);
        let before = || self.said.iter().rev().map(|said| said.verdict);
        let told_before = || before().find(|verdict| *verdict != Verdict::CannotTell);
        told.or_else(|| self.heard().next_back()).or_else(told_before).or_else(|| before().next())
    }
}

/// The record and the outline that an event shows.
pub fn shown(event: &Event, body: &Value) -> Result<(Map<String, Value>, MultiPolygon<f64>), LedgerError> {
    let properties = body["properties"].as_object().cloned();
    let properties = properties.ok_or_else(|| event.wrong("shows no record".to_owned()))?;
    let outline = polygons(&body["geometry"]).ok_or_else(|| event.wrong("shows no outline".to_owned()))?;
    Ok((properties, outline))
}

/// Coordinates of polygons as events hold them.
pub fn coordinates(outline: &MultiPolygon<f64>) -> Value {
    let ring = |ring: &LineString<f64>| ring.0.iter().map(|at| json!([at.x, at.y])).collect::<Value>();
    let rings = |polygon: &Polygon<f64>| -> Value {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
    };
    outline.0.iter().map(rings).collect()
}

fn polygons(coordinates: &Value) -> Option<MultiPolygon<f64>> {
    let point = |point: &Value| Some(geo::Coord { x: point[0].as_f64()?, y: point[1].as_f64()? });
    let ring = |ring: &Value| ring.as_array()?.iter().map(point).collect::<Option<Vec<_>>>().map(LineString);
    let polygon = |rings: &Value| {
        let mut rings = rings.as_array()?.iter().map(ring).collect::<Option<Vec<_>>>()?.into_iter();
        Some(Polygon::new(rings.next()?, rings.collect()))
    };
    coordinates.as_array()?.iter().map(polygon).collect::<Option<Vec<_>>>().map(MultiPolygon)
}
