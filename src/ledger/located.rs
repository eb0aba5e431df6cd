//! Cases -> the county that each lies in, as events.
//!
//! In:  what stands, a layer of counties. Out: drafts for cases that lie elsewhere than was known.
//! Law: the county is the one that holds most of the case; outside all of them it is none, and nothing is written.

use serde_json::json;

use crate::ledger::book::Book;
use crate::ledger::event::{Draft, Evidence, Kind};
use crate::redline::Layer;
use crate::redline::county::County;
use crate::weigh::overlap::Indexed;

/// What is new about where cases lie.
pub fn located(book: &Book, layer: &Layer, counties: &[County]) -> Vec<Draft> {
    let indexed = Indexed::new(counties.iter().map(|county| &county.polygons));
    let evidence = vec![Evidence { file: layer.file.clone(), sha256: layer.sha256.clone() }];
    let draft = |case: &crate::ledger::Case| {
        let shared = indexed.overlaps(&case.outline);
        // Of equals the first of the layer.
        let most = shared.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.0.cmp(&a.0)))?;
        let county = &counties[most.0];
        (case.county.as_ref() != Some(&county.name)).then(|| Draft {
            body: json!({"county": county.name, "code": county.code}),
            evidence: evidence.clone(),
            ..Draft::of(Kind::Located, &case.id)
        })
    };
    book.cases.values().filter_map(draft).collect()
}
