//! A case that is put right, restored, closed, and ploughed again.

use geo::{MultiPolygon, Rect};

use super::*;
use crate::ledger::written::go_on;

/// A ledger with its events.
#[derive(Default)]
struct Office {
    book: Book,
    events: Vec<Event>,
}

impl Office {
    /// A case that was found, verified, handed over and answered.
    fn answered() -> Self {
        let mut office = Self::default();
        let outline = MultiPolygon(vec![Rect::new((108.0, 41.5), (108.01, 41.51)).to_polygon()]);
        let found = json!({
            "properties": {"id": "a", "model": "G1", "status": "confirmed", "before": "2022-10-03", "first_seen": "2023-04-08"},
            "geometry": crate::ledger::case::coordinates(&outline),
        });
        office.take(Draft { body: found, run: Some("scan".to_owned()), ..Draft::of(Kind::Found, "a") });
        let verdict = Some(crate::ledger::state::Verdict::UnlawfulUseFound);
        office.step(Action::Verify, &Words { verdict, ..Words::default() });
        office.step(Action::Transfer, &Words { agency: Some("bureau".to_owned()), ..Words::default() });
        office.step(Action::Reply, &Words::default());
        office
    }

    fn take(&mut self, draft: Draft) {
        self.events.extend(go_on(&mut self.book, [draft]));
    }

    fn step(&mut self, action: Action, words: &Words) {
        let draft = step(&self.book, "a", action, words).unwrap();
        self.take(draft);
    }

    /// Imagery says something of the days of a year; returns what became of it.
    fn shows(&mut self, year: i16, answer: Answer) -> Became {
        let numbers = json!({"restored_share": 0.9, "apart_share": 0.1, "season": format!("{year}-03-15/{year}-11-15")});
        let shown = Shown {
            lead: "a".to_owned(),
            answer,
            days: Period { from: Date::constant(year, 1, 1), to: Date::constant(year, 12, 31) },
            until: Date::constant(year, 10, 20),
            numbers: numbers.as_object().cloned().unwrap(),
        };
        let (drafts, became) = drafts(&self.book, &self.events, &[shown], ("result", &[])).unwrap();
        drafts.into_iter().for_each(|draft| self.take(draft));
        became[0]
    }

    fn case(&self) -> (State, Option<bool>) {
        let case = &self.book.cases["a"];
        (case.state, case.restored)
    }

    fn close(&mut self) {
        self.step(Action::Close, &Words { reason: Some("done".to_owned()), ..Words::default() });
    }
}

#[test]
fn the_day_on_which_a_case_is_put_right_is_the_one_that_was_said() {
    let mut office = Office::answered();
    let ground = |office: &Office| grounds(&office.book, &office.events).unwrap().remove(0);
    assert_eq!(
        (ground(&office).rectified_on, ground(&office).before),
        (None, Some(Date::constant(2022, 10, 3)))
    );
    office.step(Action::Rectify, &Words { on: Some(Date::constant(2023, 10, 12)), ..Words::default() });
    assert_eq!(ground(&office).rectified_on, Some(Date::constant(2023, 10, 12)));
    assert_eq!(ground(&office).model, "G1");
    office.step(Action::LookAgain, &Words { restored: Some(false), ..Words::default() });
    assert!(is_to_look_at(&office.book.cases["a"]));
    let mut not_yet = Office::answered();
    not_yet.step(Action::Close, &Words { reason: Some("other way".to_owned()), ..Words::default() });
    assert!(grounds(&not_yet.book, &not_yet.events).unwrap().is_empty());
}

#[test]
fn the_same_result_of_the_same_days_is_written_once() {
    let mut office = Office::answered();
    assert_eq!(office.shows(2024, Answer::NotRestored), Became::LookedAgain);
    assert_eq!(office.case(), (State::LookedAgain, Some(false)));
    assert_eq!(office.shows(2024, Answer::NotRestored), Became::SaidBefore);
    assert_eq!(office.events.len(), 5);
    // More scenes of the same days may say more.
    assert_eq!(office.shows(2024, Answer::Restored), Became::LookedAgain);
    assert_eq!(office.shows(2023, Answer::NotRestored), Became::SaidBefore);
    let body = office.events[5].body().unwrap();
    assert_eq!(
        (&body["by"], &body["restored"], &body["until"]),
        (&json!("imagery"), &json!(true), &json!("2024-10-20"))
    );
    assert_eq!(
        (body["imagery"]["restored_share"].as_f64(), office.events[5].run.as_str()),
        (Some(0.9), "result")
    );
    assert!(office.events[5].reason.contains("90 % of the ground back"), "{}", office.events[5].reason);
}

#[test]
fn what_cannot_be_told_moves_nothing() {
    let mut office = Office::answered();
    assert_eq!(office.shows(2024, Answer::CannotTell), Became::Nothing);
    assert_eq!((office.events.len(), office.case().0), (4, State::Replied));
}

#[test]
fn a_closed_case_that_is_apart_again_is_reopened_and_one_that_is_still_restored_stays_closed() {
    let mut office = Office::answered();
    office.shows(2024, Answer::Restored);
    office.close();
    assert_eq!(office.shows(2025, Answer::Restored), Became::Nothing);
    // The year on which it was closed is not undone by a second look at it.
    assert_eq!(office.shows(2024, Answer::NotRestored), Became::SaidBefore);
    assert_eq!(office.case().0, State::Closed);
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::Reopened);
    assert_eq!(office.case(), (State::Reopened, None));
    let event = office.events.last().unwrap();
    assert!(
        event.kind == "reopened" && event.run == "result" && event.reason.contains("after it was closed")
    );
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::Nothing);
}

#[test]
fn a_restored_case_that_relapses_before_it_is_closed_gets_a_look_of_its_own_and_cannot_be_closed() {
    let mut office = Office::answered();
    office.shows(2024, Answer::Restored);
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::LookedAgain);
    assert_eq!(office.case(), (State::LookedAgain, Some(false)));
    let words = Words { reason: Some("done".to_owned()), ..Words::default() };
    assert!(step(&office.book, "a", Action::Close, &words).is_err());
}

#[test]
fn imagery_says_nothing_of_days_on_which_people_have_looked_since() {
    let mut office = Office::answered();
    let words = Words { restored: Some(true), on: Some(Date::constant(2025, 6, 1)), ..Words::default() };
    office.step(Action::LookAgain, &words);
    assert_eq!(office.shows(2024, Answer::NotRestored), Became::SaidBefore);
    assert_eq!(office.case(), (State::LookedAgain, Some(true)));
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::LookedAgain);
    // Without a day of its own a step is of the day on which it was written: 2 May 2026.
    office.step(Action::LookAgain, &Words { restored: Some(true), ..Words::default() });
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::SaidBefore);
}

#[test]
fn what_opened_a_case_once_more_is_said_of_it_again_and_an_earlier_season_does_not_undo_it() {
    let mut office = Office::answered();
    office.step(Action::Rectify, &Words { on: Some(Date::constant(2023, 10, 12)), ..Words::default() });
    office.shows(2024, Answer::Restored);
    office.close();
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::Reopened);
    let verdict = Some(crate::ledger::state::Verdict::UnlawfulUseFound);
    office.step(Action::Verify, &Words { verdict, ..Words::default() });
    office.step(Action::Transfer, &Words { agency: Some("bureau".to_owned()), ..Words::default() });
    office.step(Action::Reply, &Words::default());
    // What was put right the first time says nothing of the second.
    assert_eq!(grounds(&office.book, &office.events).unwrap()[0].rectified_on, None);
    assert_eq!(office.shows(2024, Answer::Restored), Became::SaidBefore);
    assert_eq!(office.shows(2025, Answer::NotRestored), Became::LookedAgain);
    assert_eq!(office.case(), (State::LookedAgain, Some(false)));
    let early = Words { restored: Some(true), on: Some(Date::constant(2024, 5, 1)), ..Words::default() };
    let refused = step(&office.book, "a", Action::LookAgain, &early).unwrap_err().to_string();
    assert!(refused.contains("2025-10-20") && refused.contains("2024-05-01"), "{refused}");
}
