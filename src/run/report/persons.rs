//! Leads without the people who work on them: for whoever is not of the office.
//!
//! In:  leads with their cases and events. Out: the same; `person-1`, `person-2` for names, in the order of the ledger.
//! Law: no name, and nothing that a person wrote in words of their own, stays. What an event keeps is listed, so that what
//!      is added to events later stays in the office until somebody thinks of it here. Numbers and hashes stay those of the
//!      ledger: whoever may see it finds the event.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ledger::Event;
use crate::report::material::Item;

/// What of an event's body is neither a name nor words of a person: codes, days, organisations.
const KEPT: [&str; 6] = ["verdict", "cause", "until", "on", "agency", "restored"];
/// What of it is a name.
const NAMES: [&str; 2] = ["to", "by"];

/// Names, and what stands for them.
#[derive(Default)]
struct Persons(BTreeMap<String, String>);

impl Persons {
    fn called(&mut self, name: &str) -> String {
        let next = format!("person-{}", self.0.len() + 1);
        self.0.entry(name.to_owned()).or_insert(next).clone()
    }
}

/// Takes names and remarks out of what the ledger says of leads.
pub(super) fn take_out(leads: &mut [Item]) {
    let mut persons = Persons::default();
    let mut order: Vec<(i64, usize, usize)> = Vec::new();
    for (lead, item) in leads.iter().enumerate() {
        order.extend(item.events.iter().enumerate().map(|(place, event)| (event.seq, lead, place)));
    }
    order.sort_unstable();
    for (_, lead, place) in order {
        if let Some(event) = leads[lead].events.get_mut(place) {
            of_event(event, &mut persons);
        }
    }
    for case in leads.iter_mut().filter_map(|lead| lead.case.as_mut()) {
        case.reason.clear();
        if let Some((to, _)) = &mut case.assigned {
            *to = persons.called(to);
        }
        case.said.iter_mut().for_each(|said| said.by = persons.called(&said.by));
    }
}

fn of_event(event: &mut Event, persons: &mut Persons) {
    event.actor = persons.called(&event.actor);
    event.reason.clear();
    // Names of photographs may be those of persons.
    "[]".clone_into(&mut event.evidence);
    let body = event.body().unwrap_or_default();
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())));
    let mut shown: Map<String, Value> = kept.collect();
    for name in NAMES {
        if let Some(person) = body.get(name).and_then(Value::as_str) {
            shown.insert(name.to_owned(), persons.called(person).into());
        }
    }
    event.body = Value::Object(shown).to_string();
}
