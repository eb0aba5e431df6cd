//! Leads of a run against the cases of the ledger: which place is which.
//!
//! In:  what stands, what a run found. Out: drafts of events, and the digest of what is new, grown, gone.
//! Law: a place keeps its id: what shares ground is one case. The outcome does not depend on the order of leads.
//!      What was not looked at is left as it was.
//! Source: matching by shared ground, `reference/reliability.md` 5.3 (share of 0.3) and `reference/mission.md` 4.1.

mod digest;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use geo::{Area, BooleanOps};
use serde_json::{Value, json};

use crate::ledger::book::Book;
use crate::ledger::case::{Case, coordinates};
use crate::ledger::event::{Draft, Kind};
use crate::ledger::found::{Found, Layer, RunFound, Unseen};
use crate::ledger::state::State;
use crate::weigh::overlap::Indexed;

pub use digest::Digest;

/// Share of the smaller of two outlines from which they are one place.
const SAME_PLACE_SHARE: f64 = 0.3;

/// Change of area from which a case is told to have grown or shrunk: what outlines of two runs differ by anyway.
const GROWN_SHARE: f64 = 0.1;

/// Share of a case that must lie in gaps of the run for it not to have been looked at.
const UNSEEN_SHARE: f64 = 0.5;

/// Who shares ground with one, and how much (square degrees: only compared with each other).
type Sharing = Vec<(usize, f64)>;

/// Cases and leads that share ground, from either side, in order.
#[derive(Default)]
struct Shares {
    of_case: Vec<Sharing>,
    of_lead: Vec<Sharing>,
}

/// What a run says of every case, as drafts in a fixed order.
pub fn compared(book: &Book, run: &RunFound) -> (Vec<Draft>, Digest) {
    let mut leads: Vec<&Found> = run.leads.iter().collect();
    leads.sort_by(|a, b| a.id.cmp(&b.id));
    let cases: Vec<&Case> = book.cases.values().collect();
    let shares = shares(&cases, &leads);
    let place = cases.iter().enumerate().map(|(place, case)| (case.id.as_str(), place)).collect();
    let (drafts, digest) = (Vec::new(), Digest::default());
    let mut comparison = Comparison { book, run, cases, place, leads, shares, drafts, digest };
    let named = comparison.named();
    comparison.seen(&named);
    comparison.absorbed(&named);
    comparison.opened(&named);
    comparison.gone();
    let Comparison { mut drafts, digest, .. } = comparison;
    drafts.insert(0, recorded(run, &digest));
    (drafts, digest)
}

/// Which cases share ground with which leads of the run.
fn shares(cases: &[&Case], leads: &[&Found]) -> Shares {
    let known = Indexed::new(cases.iter().map(|case| &case.outline));
    let mut shares =
        Shares { of_case: vec![Vec::new(); cases.len()], of_lead: vec![Vec::new(); leads.len()] };
    for (lead, found) in leads.iter().enumerate() {
        for (case, _) in known.overlaps(&found.outline) {
            let outline = &cases[case].outline;
            let shared = outline.intersection(&found.outline).unsigned_area();
            let (own, other) = (outline.unsigned_area(), found.outline.unsigned_area());
            // What was rejected is that ground and no larger one around it.
            let whole = if cases[case].state == State::Rejected { own.max(other) } else { own.min(other) };
            if shared >= SAME_PLACE_SHARE * whole {
                shares.of_case[case].push((lead, shared));
                shares.of_lead[lead].push((case, shared));
            }
        }
    }
    shares
}

/// The event of the run itself.
fn recorded(run: &RunFound, digest: &Digest) -> Draft {
    let layers: Vec<Value> =
        run.layers.iter().map(|layer| json!({"file": layer.file, "sha256": layer.sha256})).collect();
    let looked: BTreeSet<&String> = digest.rejected_before.union(&digest.closed_before).collect();
    Draft {
        kind: Kind::RunRecorded,
        key: format!("run {}", run.id),
        lead: None,
        run: Some(run.id.clone()),
        reason: None,
        body: json!({
            "target": run.target.to_string(),
            "models": run.models,
            "redlines": layers,
            "program": run.version,
            "leads": run.leads.len(),
            "unchanged": digest.unchanged,
            "looked": looked,
            "digest": digest,
        }),
        evidence: run.evidence.clone(),
    }
}

struct Comparison<'a> {
    book: &'a Book,
    run: &'a RunFound,
    cases: Vec<&'a Case>,
    /// Where in the list a case stands.
    place: BTreeMap<&'a str, usize>,
    leads: Vec<&'a Found>,
    shares: Shares,
    drafts: Vec<Draft>,
    digest: Digest,
}

impl Comparison<'_> {
    /// The case that each lead goes on with. Of cases that it shares ground with an open one goes before a done one and the
    /// one that is most like it before the others; of leads that would go on with one case the one most like it does.
    fn named(&self) -> BTreeMap<usize, usize> {
        let of_lead = self.shares.of_lead.iter().enumerate();
        let mut links: Vec<(usize, usize, f64)> = of_lead
            .flat_map(|(lead, cases)| cases.iter().map(move |(case, _)| (*case, lead)))
            .map(|(case, lead)| (case, lead, self.likeness(case, lead)))
            .collect();
        let order = |a: &(usize, usize, f64), b: &(usize, usize, f64)| -> Ordering {
            let rank = |case: usize| match self.cases[case].state {
                State::Merged => 3,
                state if state.is_done() => 2,
                // What somebody has decided about goes on before what only a run has found.
                state => i32::from(state.is_of_machine()),
            };
            let by_rank = rank(a.0).cmp(&rank(b.0)).then(b.2.total_cmp(&a.2));
            by_rank.then(self.cases[a.0].number.cmp(&self.cases[b.0].number)).then(a.1.cmp(&b.1))
        };
        links.sort_by(order);
        let (mut named, mut taken) = (BTreeMap::new(), BTreeSet::new());
        for (case, lead, _) in links {
            // Ground that went into another case goes on there, as long as that one has a lead on it.
            let whole = self.whole(case);
            if !named.contains_key(&lead)
                && !taken.contains(&case)
                && (whole == case || taken.contains(&whole))
            {
                named.insert(lead, case);
                taken.insert(case);
            }
        }
        self.eldest(named)
    }

    /// Shared ground by the ground of both together, less what a case that went into this one has of it: where two come apart
    /// again, each goes on with its own half.
    fn likeness(&self, case: usize, lead: usize) -> f64 {
        let like = |case: usize| {
            let of_lead = self.shares.of_lead[lead].iter();
            let shared = of_lead.filter(|(other, _)| *other == case).map(|(_, shared)| *shared).sum::<f64>();
            let both = self.cases[case].outline.unsigned_area() + self.leads[lead].outline.unsigned_area();
            if both > shared { shared / (both - shared) } else { 0.0 }
        };
        let parts = self.cases[case].lineage.from.iter().filter_map(|id| self.place.get(id.as_str()));
        let apart = parts.filter(|part| self.cases[**part].state == State::Merged);
        like(case) - apart.map(|part| like(*part)).fold(0.0, f64::max)
    }

    /// Where a lead covers several open cases, the one that was there first goes on, and not the largest.
    fn eldest(&self, mut named: BTreeMap<usize, usize>) -> BTreeMap<usize, usize> {
        let mut taken: BTreeSet<usize> = named.values().copied().collect();
        for (lead, case) in &mut named {
            let own = self.cases[*case];
            let here = self.shares.of_lead[*lead].iter().map(|(other, _)| *other);
            let free = here.filter(|other| !taken.contains(other) && !self.cases[*other].state.is_done());
            let first = free.min_by_key(|other| self.cases[*other].number);
            let older = |first: &usize| own.state.is_of_machine() && self.cases[*first].number < own.number;
            if let Some(first) = first.filter(older) {
                taken.insert(first);
                *case = first;
            }
        }
        named
    }

    /// The place of the case that a case is part of; its own where it is none.
    fn whole(&self, case: usize) -> usize {
        let mut at = self.cases[case];
        while let Some(into) = at.lineage.into.as_ref().and_then(|id| self.book.cases.get(id)) {
            at = into;
        }
        self.place.get(at.id.as_str()).copied().unwrap_or(case)
    }

    /// Cases that go on.
    fn seen(&mut self, named: &BTreeMap<usize, usize>) {
        for (&lead, &place) in named {
            let (case, found) = (self.cases[place], self.leads[lead]);
            let (kind, list) = match case.state {
                State::Rejected => {
                    self.digest.rejected_before.insert(case.id.clone());
                    continue;
                }
                State::Merged => (Kind::Reopened, &mut self.digest.split),
                State::Closed if !is_news(case, found) => {
                    self.digest.closed_before.insert(case.id.clone());
                    continue;
                }
                State::Closed => (Kind::Reopened, &mut self.digest.reopened),
                _ => match difference(case, found) {
                    Some(Ordering::Greater) => (Kind::SeenAgain, &mut self.digest.grown),
                    Some(Ordering::Less) => (Kind::SeenAgain, &mut self.digest.shrunk),
                    Some(Ordering::Equal) => (Kind::SeenAgain, &mut self.digest.changed),
                    None => {
                        self.digest.unchanged.insert(case.id.clone());
                        continue;
                    }
                },
            };
            list.insert(case.id.clone());
            let reason = match case.state {
                State::Merged => "a piece of its own again",
                State::Closed => "found again after it was closed",
                _ => "",
            };
            let draft = self.draft(kind, &case.id, Some(found), json!({}));
            self.drafts.push(Draft { reason: (!reason.is_empty()).then(|| reason.to_owned()), ..draft });
        }
    }

    /// Open cases whose ground a lead covers that goes on with another case.
    fn absorbed(&mut self, named: &BTreeMap<usize, usize>) {
        let taken: BTreeSet<usize> = named.values().copied().collect();
        for place in 0..self.cases.len() {
            let case = self.cases[place];
            if taken.contains(&place) || case.state.is_done() {
                continue;
            }
            let into = most(&self.shares.of_case[place]).and_then(|lead| named.get(&lead));
            let Some(into) = into else { continue };
            let into = self.cases[*into];
            if into.state.is_done() {
                continue;
            }
            // No run takes a case away from people.
            if !case.state.is_of_machine() {
                self.digest.not_seen.insert(case.id.clone());
                continue;
            }
            self.digest.merged.insert(case.id.clone());
            let draft = self.draft(Kind::Merged, &case.id, None, json!({"into": into.id}));
            self.drafts.push(draft);
        }
    }

    /// Leads that go on with no case: new, or pieces of one.
    fn opened(&mut self, named: &BTreeMap<usize, usize>) {
        let mut used: BTreeSet<String> = self.book.cases.keys().cloned().collect();
        for lead in (0..self.leads.len()).filter(|lead| !named.contains_key(lead)) {
            let found = self.leads[lead];
            let whole = most(&self.shares.of_lead[lead]).map(|case| self.cases[self.whole(case)]);
            // Two places may be called alike by chance or by a split: an id is given once.
            let mut id = found.id.clone();
            let mut number = 2;
            while !used.insert(id.clone()) {
                id = format!("{}-{number}", found.id);
                number += 1;
            }
            let (kind, more) = match whole {
                Some(whole) => (Kind::Split, json!({"split_from": whole.id})),
                None => (Kind::Found, json!({})),
            };
            let list = if whole.is_some() { &mut self.digest.split } else { &mut self.digest.new };
            list.insert(id.clone());
            let draft = self.draft(kind, &id, Some(found), more);
            self.drafts.push(draft);
        }
    }

    /// Cases of which the run says nothing.
    fn gone(&mut self) {
        for place in 0..self.cases.len() {
            let case = self.cases[place];
            if !self.shares.of_case[place].is_empty() {
                continue;
            }
            if case.state.is_done() || !self.was_asked(case) {
                continue;
            }
            if !case.state.is_of_machine() || self.is_hidden(case) {
                self.digest.not_seen.insert(case.id.clone());
            } else if case.state != State::Recovered {
                self.digest.recovered.insert(case.id.clone());
                let draft = self.draft(Kind::Recovered, &case.id, None, json!({}));
                self.drafts.push(draft);
            }
        }
    }

    /// Whether the run looked into the same version of the red line of a case with its sub-model, at a period in which the
    /// change began and that ends no earlier than it was last seen: of what lies in its look-back a run says nothing.
    fn was_asked(&self, case: &Case) -> bool {
        let day = |name: &str| crate::date::parse_date(case.text(name));
        let target = self.run.target;
        self.run.models.iter().any(|model| model == case.text("model"))
            && self.run.layers.iter().any(|layer| self.is_known_version(case, layer))
            && day("first_seen").is_none_or(|first| target.from <= first)
            && day("last_seen").is_none_or(|last| last <= target.to)
    }

    /// Whether a layer is the one that the last run which found a case looked into, byte for byte.
    fn is_known_version(&self, case: &Case, layer: &Layer) -> bool {
        let seen = self.book.runs.iter().rev().find(|run| run.id == case.runs.1);
        let mut layers = seen.into_iter().flat_map(|run| run.body["redlines"].as_array()).flatten();
        layer.file == case.text("redline_layer")
            && layers.any(|known| known["file"] == layer.file && known["sha256"] == layer.sha256)
    }

    /// Whether gaps of the run hide most of a case.
    fn is_hidden(&self, case: &Case) -> bool {
        let own =
            self.run.unseen.iter().filter(|gap| gap.model.is_empty() || gap.model == case.text("model"));
        let whole = case.outline.unsigned_area();
        let hides = |gap: &Unseen| match gap.outline.0.is_empty() {
            true => whole,
            false => gap.outline.intersection(&case.outline).unsigned_area(),
        };
        own.map(hides).sum::<f64>() >= UNSEEN_SHARE * whole
    }

    fn draft(&self, kind: Kind, id: &str, found: Option<&Found>, more: Value) -> Draft {
        let mut body = more;
        if let (Some(found), Some(body)) = (found, body.as_object_mut()) {
            body.insert("found_as".to_owned(), json!(found.id));
            body.insert("properties".to_owned(), Value::Object(found.properties.clone()));
            body.insert("geometry".to_owned(), coordinates(&found.outline));
        }
        let key = format!("{} {} {id}", kind.code(), self.run.id);
        Draft { key, run: Some(self.run.id.clone()), body, ..Draft::of(kind, id) }
    }
}

/// The one that shares most; the first of equals.
fn most(sharing: &Sharing) -> Option<usize> {
    let more = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    sharing.iter().max_by(more).map(|(other, _)| *other)
}

/// Whether a run says of a closed case what was not known when it was closed: of one that was closed as restored, that it is
/// changed on a later day than the look that found it so; of any other, that it has grown.
fn is_news(case: &Case, found: &Found) -> bool {
    let day = |text: Option<&str>| text.and_then(crate::date::parse_date);
    let last_seen = day(found.properties.get("last_seen").and_then(Value::as_str));
    match case.restored {
        Some(true) => {
            let known = case.looked_until.or_else(|| day(case.since.get(..10)));
            last_seen.zip(known).is_none_or(|(seen, known)| seen > known)
        }
        _ => difference(case, found) == Some(Ordering::Greater),
    }
}

/// How a case differs from what a run says of it now: by area, or otherwise (`Equal`); `None` when it is as it was.
fn difference(case: &Case, found: &Found) -> Option<Ordering> {
    let area = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or(0.0);
    let (before, now) = (area(case.properties.get("area_m2")), area(found.properties.get("area_m2")));
    if (now - before).abs() > GROWN_SHARE * before {
        return now.partial_cmp(&before);
    }
    let told = |name: &str| case.properties.get(name) != found.properties.get(name);
    let is_back = case.state == State::Recovered;
    (told("status") || told("model") || is_back).then_some(Ordering::Equal)
}

#[cfg(test)]
mod tests;
