//! Ledgers that tests write by hand.

use serde_json::{Value, json};

use crate::ledger::Book;
use crate::ledger::event::tests::moment;
use crate::ledger::event::{Draft, Event, Kind};

/// Goes on with some events, on a day of May 2026; returns them.
pub(crate) fn go_on(book: &mut Book, drafts: impl IntoIterator<Item = Draft>) -> Vec<Event> {
    let mut events = Vec::new();
    for draft in drafts {
        let event = Event::placed(draft, "Li", &moment(2), (book.head.0, &book.head.1.clone()));
        book.apply(&event).unwrap();
        events.push(event);
    }
    events
}

/// A ledger of some events.
pub(crate) fn ledger(drafts: impl IntoIterator<Item = Draft>) -> (Book, Vec<Event>) {
    let mut book = Book::default();
    let events = go_on(&mut book, drafts);
    (book, events)
}

/// A confirmed lead with more in its record, on ground near 108 E 41.5 N.
pub(crate) fn found(id: &str, more: Value) -> Draft {
    let mut record = json!({"id": id, "status": "confirmed"});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
    Draft { body: json!({"properties": record, "geometry": geometry}), ..Draft::of(Kind::Found, id) }
}

/// A verdict on a lead.
pub(crate) fn said(id: &str, verdict: &str) -> Draft {
    Draft { body: json!({"verdict": verdict}), ..Draft::of(Kind::Verified, id) }
}
