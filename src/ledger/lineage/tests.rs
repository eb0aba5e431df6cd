//! Fields that grow, split, merge, vanish and come back, run after run.

use geo::{MultiPolygon, Rect};
use serde_json::{Map, Value, json};

use super::*;
use crate::date::Period;
use crate::ledger::event::{Draft, Kind};
use crate::ledger::written::go_on;

/// A box on the steppe, in thousandths of a degree.
fn ground(x: (f64, f64), y: (f64, f64)) -> MultiPolygon<f64> {
    let at = |x: f64, y: f64| (108.0 + x / 1_000.0, 41.5 + y / 1_000.0);
    MultiPolygon(vec![Rect::new(at(x.0, y.0), at(x.1, y.1)).to_polygon()])
}

fn lead(id: &str, x: (f64, f64), y: (f64, f64)) -> Found {
    let area = (x.1 - x.0) * (y.1 - y.0) * 9_000.0;
    let record = json!({
        "id": id, "model": "G1", "status": "confirmed", "confidence": 0.9, "area_m2": area, "area_mu": area / 666.67,
        "first_seen": "2025-05-01", "last_seen": "2025-08-01", "redline_layer": "grass.geojson",
    });
    let properties: Map<String, Value> = record.as_object().cloned().unwrap();
    Found { id: id.to_owned(), properties, outline: ground(x, y) }
}

fn run(number: usize, leads: Vec<Found>) -> RunFound {
    RunFound {
        id: format!("run-{number:02}"),
        target: Period::parse("2025-01-01/2025-12-31").unwrap(),
        models: vec!["G1".to_owned()],
        layers: vec![Layer { file: "grass.geojson".to_owned(), sha256: "0".to_owned() }],
        leads,
        unseen: Vec::new(),
        evidence: Vec::new(),
        version: "0".to_owned(),
    }
}

/// Takes a run in; returns its digest.
fn taken(book: &mut Book, run: &RunFound) -> Digest {
    let (drafts, digest) = compared(book, run);
    go_on(book, drafts);
    digest
}

fn ids(set: &BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn a_field_keeps_its_id_while_it_grows_splits_and_merges_again() {
    let mut book = Book::default();
    // By number of the run: what lies there. Ids of a run follow its centroid, so each has another.
    let new = taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0))]));
    assert_eq!(ids(&new.new), ["a"]);
    let grown = taken(&mut book, &run(2, vec![lead("b", (0.0, 6.0), (0.0, 4.0))]));
    assert_eq!((ids(&grown.grown), grown.new.len()), (vec!["a"], 0));
    let same = taken(&mut book, &run(3, vec![lead("b", (0.0, 6.1), (0.0, 4.0))]));
    assert_eq!(ids(&same.unchanged), ["a"]);
    // Two pieces: the larger one is the field.
    let pieces = vec![lead("c", (0.0, 2.0), (0.0, 4.0)), lead("d", (3.0, 6.0), (0.0, 4.0))];
    let split = taken(&mut book, &run(4, pieces.clone()));
    assert_eq!((ids(&split.shrunk), ids(&split.split)), (vec!["a"], vec!["c"]));
    assert_eq!(book.cases["c"].lineage.split_from.as_deref(), Some("a"));
    // One again: the field that was there first goes on.
    let merged = taken(&mut book, &run(5, vec![lead("b", (0.0, 6.0), (0.0, 4.0))]));
    assert_eq!((ids(&merged.grown), ids(&merged.merged)), (vec!["a"], vec!["c"]));
    assert_eq!(book.cases["c"].state, State::Merged);
    // And two once more: the piece is the case that it was.
    let again = taken(&mut book, &run(6, pieces));
    assert_eq!((ids(&again.shrunk), ids(&again.split)), (vec!["a"], vec!["c"]));
    assert_eq!(book.cases["c"].state, State::Confirmed);
    assert_eq!(book.cases.keys().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn a_field_over_twenty_four_dates_has_one_id_and_a_digest_that_is_right_on_each() {
    let (mut book, mut grown) = (Book::default(), 0);
    for date in 0..24 {
        let side = 3.0 + 0.25 * f64::from(date);
        let far = 40.0 + 0.01 * f64::from(date);
        let leads = vec![
            lead(&format!("f{date}"), (0.0, side), (0.0, 3.0)),
            lead(&format!("s{date}"), (far, far + 2.0), (0.0, 2.0)),
        ];
        let digest = taken(&mut book, &run(date as usize, leads));
        let told = [&digest.new, &digest.grown, &digest.unchanged].map(|set| set.len());
        assert_eq!(told.iter().sum::<usize>(), 2, "{date}: {digest:?}");
        grown += digest.grown.len();
        assert!(digest.merged.is_empty() && digest.split.is_empty() && digest.recovered.is_empty());
    }
    // From 3 to 8.75 in steps of a tenth or more of what was last told.
    assert!((6..=11).contains(&grown), "{grown}");
    assert_eq!(book.cases.keys().collect::<Vec<_>>(), ["f0", "s0"]);
}

#[test]
fn two_fields_that_grew_together_and_come_apart_are_the_two_that_they_were() {
    let halves = |names: [&str; 2], middle: f64| {
        vec![lead(names[0], (0.0, middle), (0.0, 4.0)), lead(names[1], (middle, 6.0), (0.0, 4.0))]
    };
    for middle in [2.0, 3.0, 4.0] {
        let mut book = Book::default();
        taken(&mut book, &run(1, halves(["a", "b"], middle)));
        taken(&mut book, &run(2, vec![lead("x", (0.0, 6.0), (0.0, 4.0))]));
        // Whatever the run calls them.
        let apart = taken(&mut book, &run(3, halves(["z", "y"], middle)));
        assert_eq!((ids(&apart.split), book.cases.len()), (vec!["b"], 2), "{middle}");
        assert_eq!(book.cases["a"].outline, ground((0.0, middle), (0.0, 4.0)), "{middle}");
        assert_eq!(book.cases["b"].outline, ground((middle, 6.0), (0.0, 4.0)), "{middle}");
    }
}

#[test]
fn what_is_looked_at_and_not_found_has_recovered_and_what_is_hidden_has_not() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (10.0, 14.0), (0.0, 4.0))]));
    let mut hidden = run(2, Vec::new());
    hidden.unseen = vec![Unseen { model: "G1".to_owned(), outline: ground((9.0, 20.0), (0.0, 9.0)) }];
    let digest = taken(&mut book, &hidden);
    assert_eq!((ids(&digest.recovered), ids(&digest.not_seen)), (vec!["a"], vec!["b"]));
    // A gap without a place may lie anywhere.
    hidden.unseen = vec![Unseen { model: String::new(), outline: MultiPolygon(Vec::new()) }];
    assert_eq!(compared(&book, &hidden).1.recovered.len(), 0);
    // Of another layer, another sub-model or an earlier period nothing is said.
    for change in [
        |run: &mut RunFound| run.layers[0].file = "other.geojson".to_owned(),
        |run: &mut RunFound| run.models = vec!["W1".to_owned()],
        |run: &mut RunFound| run.target = Period::parse("2024-01-01/2024-12-31").unwrap(),
    ] {
        let mut elsewhere = run(3, Vec::new());
        change(&mut elsewhere);
        let (_, digest) = compared(&book, &elsewhere);
        assert_eq!(digest, Digest::default());
    }
    // It comes back: the case is the old one.
    let digest = taken(&mut book, &run(4, vec![lead("z", (0.0, 4.0), (0.0, 4.0))]));
    assert_eq!((ids(&digest.changed), book.cases["a"].state), (vec!["a"], State::Confirmed));
}

#[test]
fn no_run_undoes_what_people_decided() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (10.0, 14.0), (0.0, 4.0))]));
    go_on(&mut book, vec![Draft::of(Kind::Rejected, "a"), Draft::of(Kind::Assigned, "b")]);
    let both = vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (10.0, 19.0), (0.0, 4.0))];
    let digest = taken(&mut book, &run(2, both));
    assert_eq!((ids(&digest.rejected_before), ids(&digest.grown)), (vec!["a"], vec!["b"]));
    assert_eq!((book.cases["a"].state, book.cases["b"].state), (State::Rejected, State::Assigned));
    assert_eq!(book.cases["b"].number_of("area_m2"), Some(9.0 * 4.0 * 9_000.0));
    let digest = taken(&mut book, &run(3, Vec::new()));
    assert_eq!((ids(&digest.not_seen), book.cases["b"].state), (vec!["b"], State::Assigned));
}

#[test]
fn a_closed_case_is_opened_by_a_run_that_finds_it_grown_and_stays_closed_where_it_is_as_it_was() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0))]));
    let verdict = Draft { body: json!({"verdict": "lawful"}), ..Draft::of(Kind::Verified, "a") };
    go_on(&mut book, vec![verdict, Draft::of(Kind::Closed, "a")]);
    // The next night sees the same field.
    let digest = taken(&mut book, &run(2, vec![lead("q", (0.0, 4.0), (0.0, 4.1))]));
    assert_eq!((ids(&digest.closed_before), digest.reopened.len()), (vec!["a"], 0));
    assert_eq!(book.cases["a"].state, State::Closed);
    let digest = taken(&mut book, &run(3, vec![lead("q", (0.0, 5.0), (0.0, 4.0))]));
    assert_eq!((ids(&digest.reopened), book.cases["a"].state), (vec!["a"], State::Reopened));
}

#[test]
fn a_case_that_was_closed_as_restored_is_opened_only_by_what_was_seen_after_the_look() {
    // The field was last seen changed on 1 August 2025.
    for (until, is_opened) in [("2025-10-20", false), ("2025-08-01", false), ("2025-07-01", true)] {
        let mut book = Book::default();
        taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0))]));
        let given = |kind, body| Draft { body, ..Draft::of(kind, "a") };
        go_on(
            &mut book,
            [
                given(Kind::Verified, json!({"verdict": "unlawful_use_found"})),
                given(Kind::Transferred, json!({"agency": "bureau"})),
                given(Kind::Replied, json!({})),
                given(Kind::LookedAgain, json!({"restored": true, "by": "imagery", "until": until})),
                given(Kind::Closed, json!({})),
            ],
        );
        let digest = taken(&mut book, &run(2, vec![lead("q", (0.0, 6.0), (0.0, 4.0))]));
        assert_eq!(digest.reopened.contains("a"), is_opened, "{until}: {digest:?}");
    }
}

#[test]
fn the_order_of_leads_changes_nothing_and_two_places_never_share_an_id() {
    let first = vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (10.0, 14.0), (0.0, 4.0))];
    let mut second = vec![
        lead("a", (30.0, 34.0), (0.0, 4.0)),
        lead("c", (0.0, 2.0), (0.0, 4.0)),
        lead("d", (2.5, 4.5), (0.0, 4.0)),
        lead("e", (9.0, 15.0), (0.0, 5.0)),
    ];
    let mut book = Book::default();
    taken(&mut book, &run(1, first));
    let told = compared(&book, &run(2, second.clone()));
    second.reverse();
    assert_eq!(told, compared(&book, &run(2, second)));
    go_on(&mut book, told.0);
    assert_eq!(book.cases.keys().collect::<Vec<_>>(), ["a", "a-2", "b", "d"]);
}

#[test]
fn a_run_that_is_taken_in_twice_writes_the_same_keys() {
    let mut book = Book::default();
    let one = run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0))]);
    let (drafts, _) = compared(&book, &one);
    go_on(&mut book, drafts.clone());
    assert!(drafts.iter().all(|draft| book.keys.contains_key(&draft.key)));
}

#[test]
fn of_two_leads_over_one_older_case_one_goes_on_with_it() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("x", (4.0, 6.0), (0.0, 1.0))]));
    let beside = vec![
        lead("a", (0.0, 3.9), (0.0, 4.0)),
        lead("b", (6.1, 10.0), (0.0, 4.0)),
        lead("x", (4.0, 6.0), (0.0, 1.0)),
    ];
    taken(&mut book, &run(2, beside));
    let grown = vec![lead("a", (0.0, 4.95), (0.0, 4.0)), lead("b", (5.05, 10.0), (0.0, 4.0))];
    let digest = taken(&mut book, &run(3, grown));
    // The older one goes on with the first of the two; the case that lay there is part of it.
    assert_eq!((ids(&digest.grown), ids(&digest.merged)), (vec!["b", "x"], vec!["a"]));
    let open: Vec<&str> =
        book.cases.values().filter(|case| case.state != State::Merged).map(|case| case.id.as_str()).collect();
    assert_eq!(open, ["b", "x"]);
}

#[test]
fn what_somebody_has_decided_about_goes_on_and_is_never_merged_away() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (5.0, 8.0), (0.0, 4.0))]));
    go_on(&mut book, vec![Draft::of(Kind::Assigned, "b")]);
    let digest = taken(&mut book, &run(2, vec![lead("c", (0.0, 8.0), (0.0, 4.0))]));
    assert_eq!((ids(&digest.grown), ids(&digest.merged)), (vec!["b"], vec!["a"]));
    // Of two that were decided about one goes on with the lead, and the other stays as it is.
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 4.0), (0.0, 4.0)), lead("b", (5.0, 8.0), (0.0, 4.0))]));
    go_on(&mut book, vec![Draft::of(Kind::Assigned, "a"), Draft::of(Kind::Assigned, "b")]);
    let digest = taken(&mut book, &run(2, vec![lead("c", (0.0, 8.0), (0.0, 4.0))]));
    assert!(digest.merged.is_empty() && digest.not_seen.len() == 1, "{digest:?}");
    assert_eq!((book.cases["a"].state, book.cases["b"].state), (State::Assigned, State::Assigned));
}

#[test]
fn a_field_that_holds_what_was_rejected_as_too_small_is_a_case_of_its_own() {
    let mut book = Book::default();
    taken(&mut book, &run(1, vec![lead("a", (0.0, 1.0), (0.0, 1.0))]));
    go_on(&mut book, vec![Draft::of(Kind::Rejected, "a")]);
    let digest = taken(&mut book, &run(2, vec![lead("z", (0.0, 5.0), (0.0, 5.0))]));
    assert_eq!((ids(&digest.new), digest.rejected_before.len()), (vec!["z"], 0));
}
