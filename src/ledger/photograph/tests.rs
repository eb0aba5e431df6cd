//! Pictures against leads: what is linked, what is refused, and why.

use std::path::PathBuf;

use super::drawn::{Camera, jpeg};
use super::*;
use crate::ledger::event::{Draft, Kind};
use crate::ledger::written::go_on;

/// A box in thousandths of a degree from 108 E 41.5 N: west, east, south, north.
fn boxed([west, east, south, north]: [f64; 4]) -> Value {
    let at = |x: f64, y: f64| json!([108.0 + x / 1e3, 41.5 + y / 1e3]);
    json!([[[at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]]])
}

/// Leads a (0 to 4) and b (6 to 8), first seen changed on 1 May 2025.
fn two_leads() -> Book {
    let mut book = Book::default();
    for (id, place) in [("a", [0.0, 4.0, 0.0, 4.0]), ("b", [6.0, 8.0, 0.0, 4.0])] {
        let record =
            json!({"id": id, "status": "confirmed", "after": "2025-09-01", "first_seen": "2025-05-01"});
        let body = json!({"properties": record, "geometry": boxed(place)});
        go_on(&mut book, [Draft { body, ..Draft::of(Kind::Found, id) }]);
    }
    book
}

fn now() -> Timestamp {
    "2026-07-01T00:00:00Z".parse().unwrap()
}

fn read(camera: &Camera) -> Result<Photograph, Refused> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("p.jpg");
    std::fs::write(&path, jpeg(camera)).unwrap();
    Photograph::read(&path, now())
}

fn at(x: f64, y: f64) -> Camera {
    Camera { place: Some((108.0 + x / 1e3, 41.5 + y / 1e3)), ..Camera::default() }
}

fn looked_at(book: &Book, lead: &str, camera: &Camera) -> Sorted {
    Sorted::of(book, &book.cases[lead], &[read(camera)], (WITHIN_METRES, &mut BTreeMap::new()))
}

fn doubt(book: &Book, lead: &str, camera: &Camera) -> (Doubt, String) {
    let refused = looked_at(book, lead, camera).refused.remove(0);
    (refused.doubt, refused.words)
}

#[test]
fn a_picture_at_its_lead_is_evidence_with_all_that_it_says() {
    let sorted = looked_at(&two_leads(), "a", &at(2.0, 2.0));
    assert_eq!((sorted.evidence.len(), sorted.refused.len()), (1, 0));
    let said = &sorted.linked[0];
    assert_eq!((said["file"].as_str(), said["metres_outside"].as_f64()), (Some("p.jpg"), Some(0.0)));
    assert_eq!(
        (said["taken"].as_str(), said["direction_deg"].as_f64()),
        (Some("2026-06-12T09:30:00+08:00"), Some(135.0))
    );
    assert_eq!(said["sha256"], json!(sorted.evidence[0].sha256));
    assert!(said.get("note").is_none());
    let zoneless = Camera { offset: None, ..at(2.0, 2.0) };
    let sorted = looked_at(&two_leads(), "a", &zoneless);
    assert!(sorted.linked[0]["note"].as_str().unwrap().contains("no time zone"));
}

#[test]
fn how_far_a_camera_stood_outside_is_measured_on_the_ellipsoid() {
    let outline = two_leads().cases["a"].outline.clone();
    // A thousandth of a degree at 41.5 N: 83.5 m of longitude, 111.06 m of latitude (GeographicLib).
    let far = |x: f64, y: f64| metres_outside(&outline, (108.0 + x / 1e3, 41.5 + y / 1e3)).unwrap();
    assert!((far(5.0, 2.0) - 83.5).abs() < 0.1, "{}", far(5.0, 2.0));
    assert!((far(2.0, -1.0) - 111.06).abs() < 0.1, "{}", far(2.0, -1.0));
    assert!((far(5.0, 5.0) - 83.5_f64.hypot(111.06)).abs() < 0.2, "{}", far(5.0, 5.0));
    assert_eq!(far(2.0, 2.0), 0.0);
    // The buffer decides: 83.5 m are near, 111 m are not.
    assert_eq!(looked_at(&two_leads(), "a", &at(5.0, 2.0)).evidence.len(), 1);
    assert_eq!(doubt(&two_leads(), "a", &at(2.0, -1.0)).0, Doubt::Outside);
}

#[test]
fn a_picture_of_another_place_or_with_a_swapped_sign_is_refused_with_that_reason() {
    let (outside, words) = doubt(&two_leads(), "a", &at(2.0, 8.0));
    assert_eq!(outside, Doubt::Outside);
    assert!(words.contains("lead a") && words.contains("444 m away") && words.contains("GCJ-02"), "{words}");
    for (place, part) in [
        ((-108.002, 41.502), "sign of longitude"),
        ((108.002, -41.502), "sign of latitude"),
        ((-108.002, -41.502), "sign of both"),
    ] {
        let (swapped, words) = doubt(&two_leads(), "a", &Camera { place: Some(place), ..Camera::default() });
        assert_eq!(swapped, Doubt::Swapped);
        assert!(words.contains(part) && words.contains("swapped"), "{words}");
    }
}

#[test]
fn a_picture_from_before_the_change_or_from_the_future_is_refused() {
    let taken = |taken: &str| Camera { taken: Some(taken.to_owned()), ..at(2.0, 2.0) };
    let (before, words) = doubt(&two_leads(), "a", &taken("2025:04:30 23:59:59"));
    assert_eq!(before, Doubt::Before);
    assert!(words.contains("2025-05-01"), "{words}");
    assert_eq!(looked_at(&two_leads(), "a", &taken("2025:05:01 00:00:00")).evidence.len(), 1);
    assert_eq!(doubt(&two_leads(), "a", &taken("2026:07:01 08:00:01")).0, Doubt::Future);
    assert_eq!(looked_at(&two_leads(), "a", &taken("2026:07:01 08:00:00")).evidence.len(), 1);
    // Without a zone it may be earlier than it looks.
    let zoneless = Camera { offset: None, ..taken("2026:07:01 13:00:00") };
    assert_eq!(looked_at(&two_leads(), "a", &zoneless).evidence.len(), 1);
}

#[test]
fn a_run_that_sees_a_lead_again_later_does_not_make_earlier_pictures_too_early() {
    let mut book = two_leads();
    let record = json!({"id": "a", "status": "confirmed", "after": "2026-09-01"});
    let body = json!({"properties": record, "geometry": boxed([0.0, 4.0, 0.0, 4.0])});
    go_on(&mut book, [Draft { body, ..Draft::of(Kind::SeenAgain, "a") }]);
    assert_eq!(looked_at(&book, "a", &at(2.0, 2.0)).evidence.len(), 1);
}

#[test]
fn a_picture_that_lacks_something_is_refused_with_its_hash() {
    let lacks = [
        (Camera { place: None, ..Camera::default() }, Doubt::NoPlace),
        (Camera { taken: None, ..Camera::default() }, Doubt::NoTime),
        (Camera { direction: None, ..Camera::default() }, Doubt::NoDirection),
    ];
    for (camera, expected) in lacks {
        let refused = read(&camera).unwrap_err();
        assert_eq!((refused.doubt, refused.sha256), (expected, Some(digest::of_bytes(&jpeg(&camera)))));
    }
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.jpg");
    std::fs::File::create(&large).unwrap().set_len(MOST_BYTES + 1).unwrap();
    let refused = Photograph::read(&large, now()).unwrap_err();
    assert!(refused.words.contains("at most 128 MB"), "{}", refused.words);
}

#[test]
fn one_picture_speaks_for_one_lead_whatever_became_of_it() {
    let mut book = two_leads();
    let sorted = looked_at(&book, "a", &at(2.0, 2.0));
    let mut body = json!({});
    sorted.write(&mut body);
    go_on(&mut book, [Draft { body, ..Draft::of(Kind::Photographed, "a") }]);
    assert_eq!(looked_at(&book, "a", &at(2.0, 2.0)).known, 1);
    let (reused, words) = doubt(&book, "b", &at(2.0, 2.0));
    assert_eq!(reused, Doubt::Reused);
    assert!(words.contains("lead a"), "{words}");
    // What went into another lead is known there.
    go_on(&mut book, [Draft { body: json!({"into": "b"}), ..Draft::of(Kind::Merged, "a") }]);
    assert_eq!(looked_at(&book, "b", &at(2.0, 2.0)).known, 1);
    // Two rows of one table.
    let (one, mut batch) = ([read(&at(5.0, 2.0))], BTreeMap::new());
    let fresh = two_leads();
    assert_eq!(Sorted::of(&fresh, &fresh.cases["a"], &one, (100.0, &mut batch)).evidence.len(), 1);
    assert_eq!(
        Sorted::of(&fresh, &fresh.cases["b"], &one, (100.0, &mut batch)).refused[0].doubt,
        Doubt::Reused
    );
}

#[test]
fn a_picture_alone_finds_the_one_lead_at_which_it_was_taken() {
    let book = two_leads();
    let lead =
        |x: f64, y: f64| read(&at(x, y)).unwrap().lead(&book, WITHIN_METRES).map(|case| case.id.clone());
    assert_eq!((lead(2.0, 2.0).unwrap().as_str(), lead(8.5, 2.0).unwrap().as_str()), ("a", "b"));
    // Inside goes before near.
    assert_eq!(lead(3.9, 2.0).unwrap(), "a");
    let several = lead(5.0, 2.0).unwrap_err();
    assert_eq!(several.doubt, Doubt::Several);
    assert!(
        several.words.contains("a (83 m), b (83 m)") && several.words.contains("--lead"),
        "{}",
        several.words
    );
    assert_eq!(lead(40.0, 2.0).unwrap_err().doubt, Doubt::Outside);
    let west = Camera { place: Some((-108.002, 41.502)), ..Camera::default() };
    assert_eq!(read(&west).unwrap().lead(&book, WITHIN_METRES).unwrap_err().doubt, Doubt::Swapped);
}
