//! What field tools return -> verdicts: rows of a table, whoever wrote it.
//!
//! In:  CSV or GeoJSON (ODK, Kobo, a spreadsheet), or a GeoPackage that somebody edited in QGIS or QField.
//! Out: drafts, and for every other row why it is none; pictures that rows name, with the verdict or alone.
//! Law: a record is taken in once, however often it comes; a record that was changed since is another event and the
//!      first one stays. A row that cannot be understood is told with its number and takes no other row with it.

pub mod columns;
mod edited;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::date::Date;
use crate::grid::datum::Datum;
use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::event::{Draft, Evidence};
use crate::ledger::photograph::album::Album;
use crate::ledger::photograph::{Doubt, Judging, Photograph, Refused, Sorted, WITHIN_METRES};
use crate::ledger::returned::columns::{Columns, day};
use crate::ledger::state::{Action, Verdict};
use crate::ledger::steps::{Words, step};
use crate::plain;
use crate::publish::digest;
use crate::read::attributes::{self, Row};

/// What became of the rows of a file.
#[derive(Debug, Default)]
pub struct Taken {
    /// Verdicts to be written.
    pub drafts: Vec<Draft>,
    /// Rows that the ledger has already.
    pub known: usize,
    /// Rows without a verdict: places that nobody has been to yet.
    pub open: usize,
    /// Rows that cannot be taken in: number and reason.
    pub refused: Vec<(usize, String)>,
    /// Pictures that are linked by these drafts, and pictures that were before.
    pub photographs: (usize, usize),
    /// Pictures that are not linked: number of the row and reason.
    pub photographs_refused: Vec<(usize, Refused)>,
}

/// What a file holds.
pub struct Returned {
    rows: Vec<Row>,
    file: Evidence,
    columns: Columns,
    /// Pictures by number of the row.
    photographs: BTreeMap<usize, Vec<Result<Photograph, Refused>>>,
    within_metres: f64,
}

impl Returned {
    /// Reads a file whose coordinates are in a datum.
    ///
    /// # Errors
    /// `Attributes` and `Returned` where it is none of the forms, or lacks a column for the lead or the verdict.
    pub fn read(path: &Path, datum: Datum) -> Result<Self, LedgerError> {
        let wrong = |reason: String| LedgerError::Returned { path: path.to_owned(), reason };
        let columns = Columns::shipped().map_err(wrong)?;
        let bytes = plain::bytes(path, plain::MOST_TEXT)
            .map_err(|error| wrong(format!("cannot be read ({error})")))?;
        let rows = if bytes.starts_with(b"SQLite format 3\0") {
            edited::rows(path, &columns).map_err(wrong)?
        } else {
            let table =
                attributes::read_in(path, datum).map_err(|error| LedgerError::Attributes(Box::new(error)))?;
            columns.check(&table.columns).map_err(wrong)?;
            table.rows
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = Evidence { file: name, sha256: digest::of_bytes(&bytes) };
        Ok(Self { rows, file, columns, photographs: BTreeMap::new(), within_metres: WITHIN_METRES })
    }

    /// Reads the pictures that rows name, beside the file and in folders that were given.
    #[must_use]
    pub fn with_photographs(mut self, path: &Path, folders: &[PathBuf], judging: &Judging) -> Self {
        self.within_metres = judging.within_metres;
        let mut album = None;
        for row in &self.rows {
            let record = self.columns.value(row, &self.columns.record);
            let read = |name: &String| {
                let found =
                    album.get_or_insert_with(|| Album::of(path, folders)).find(name, record.as_deref());
                let missing = |words: String| Refused {
                    file: name.clone(),
                    sha256: None,
                    doubt: Doubt::Missing,
                    words,
                };
                found.map_err(missing).and_then(|path| Photograph::read(&path, judging.now))
            };
            let read: Vec<_> = self.columns.photographs(row).iter().map(read).collect();
            if !read.is_empty() {
                self.photographs.insert(row.number, read);
            }
        }
        self
    }

    /// Its rows against what stands, on a day.
    pub fn verdicts(&self, book: &Book, today: Date) -> Taken {
        let (mut taken, mut batch) = (Taken::default(), BTreeMap::new());
        for row in &self.rows {
            let told = self.columns.value(row, &self.columns.verdict);
            taken.open += usize::from(told.is_none());
            let answer = told.map(|told| self.answer(row, &told, today));
            let draft = match answer.map(|answer| answer.and_then(|answer| answer.draft(book, &self.file))) {
                None => None,
                Some(Ok(Some(draft))) if !taken.drafts.iter().any(|other| other.key == draft.key) => {
                    Some(draft)
                }
                Some(Ok(_)) => {
                    taken.known += 1;
                    None
                }
                Some(Err(reason)) => {
                    taken.refused.push((row.number, reason));
                    continue;
                }
            };
            let drafts = match self.photographs.get(&row.number) {
                Some(brought) => self.pictured(book, row, (draft, brought), (&mut taken, &mut batch)),
                None => draft,
            };
            taken.drafts.extend(drafts);
        }
        taken
    }

    /// The event of a row with its pictures; of a row that says nothing new, the event of its new pictures.
    fn pictured(
        &self,
        book: &Book,
        row: &Row,
        (draft, brought): (Option<Draft>, &[Result<Photograph, Refused>]),
        (taken, batch): (&mut Taken, &mut BTreeMap<String, String>),
    ) -> Option<Draft> {
        let lead = self.columns.value(row, &self.columns.lead).unwrap_or_default();
        let case = match book.whole(&lead) {
            Ok(case) => case,
            Err(error) => {
                taken.refused.push((row.number, error.to_string()));
                return draft;
            }
        };
        let sorted = Sorted::of(book, case, brought, (self.within_metres, batch));
        taken.photographs.0 += sorted.linked.len();
        taken.photographs.1 += sorted.known;
        taken.photographs_refused.extend(sorted.refused.iter().map(|refused| (row.number, refused.clone())));
        let Some(mut draft) = draft else { return sorted.draft(&case.id) };
        sorted.write(&mut draft.body);
        draft.evidence.extend(sorted.evidence);
        Some(draft)
    }

    fn answer(&self, row: &Row, told: &str, today: Date) -> Result<Answer, String> {
        let columns = &self.columns;
        let verdict = columns.verdict_of(told).ok_or_else(|| {
            let codes: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.code()).collect();
            format!("expected a verdict of {}, found '{told}'", codes.join(", "))
        })?;
        let lead = columns.value(row, &columns.lead).ok_or("names no lead")?;
        let on = columns
            .value(row, &columns.day)
            .map(|text| day(&text).ok_or(format!("expected a day as YYYY-MM-DD, found '{text}'")));
        let on = on.transpose()?;
        if let Some(on) = on.filter(|on| *on > today) {
            return Err(format!("expected the day of a visit, found {on}, which is still to come"));
        }
        Ok(Answer {
            lead,
            verdict,
            on,
            who: columns.value(row, &columns.who),
            note: columns.value(row, &columns.note),
            record: columns.value(row, &columns.record),
            edit: columns.value(row, &columns.edit),
        })
    }
}

/// What a row says.
struct Answer {
    lead: String,
    verdict: Verdict,
    on: Option<Date>,
    who: Option<String>,
    note: Option<String>,
    record: Option<String>,
    edit: Option<String>,
}

impl Answer {
    /// What makes it one: the same record with the same content is the same answer.
    fn key(&self) -> String {
        let on = self.on.map(|on| on.to_string());
        let mut content =
            vec![json!(self.lead), json!(self.verdict.code()), json!(self.who), json!(on), json!(self.note)];
        content.extend(self.edit.as_ref().map(|edit| json!(edit)));
        let content = &digest::of_bytes(Value::Array(content).to_string().as_bytes())[..16];
        match &self.record {
            Some(record) => format!("returned {record} {content}"),
            None => format!("returned {content}"),
        }
    }

    /// Whether nothing tells it from what another row said at another time.
    fn is_bare(&self) -> bool {
        self.record.is_none() && self.on.is_none() && self.edit.is_none()
    }

    /// The event that it becomes; none where the ledger has it already.
    fn draft(self, book: &Book, file: &Evidence) -> Result<Option<Draft>, String> {
        let case = book.whole(&self.lead).map_err(|error| error.to_string())?;
        let key = self.key();
        if let Some(seq) = book.keys.get(&key) {
            // Taken in before, whatever has become of the lead since.
            return if self.is_bare() && *seq < case.heard_from && case.state.awaits_a_visit() {
                Err(format!(
                    "lead {} was opened once more since the same was said of it; give the day of the visit",
                    case.id
                ))
            } else {
                Ok(None)
            };
        }
        // A copy of what the ledger shows says nothing new.
        if self.is_bare() && self.who.is_none() && case.verdict() == Some(self.verdict) {
            return Ok(None);
        }
        let id = case.id.clone();
        let words = Words {
            reason: self.note,
            who: self.who,
            on: self.on,
            verdict: Some(self.verdict),
            key: Some(key),
            evidence: vec![file.clone()],
            ..Words::default()
        };
        let mut draft = step(book, &id, Action::Verify, &words).map_err(|error| error.to_string())?;
        if id != self.lead {
            draft.body["said_of"] = json!(self.lead);
        }
        Ok(Some(draft))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::event::Kind;
    use crate::ledger::state::State;
    use crate::ledger::written::{found, go_on};

    const TODAY: Date = Date::constant(2026, 7, 1);

    /// A book with two confirmed leads, a and b.
    fn book() -> Book {
        let mut book = Book::default();
        go_on(&mut book, ["a", "b"].map(|id| found(id, json!({}))));
        book
    }

    fn returned(name: &str, text: &str) -> Returned {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Returned::read(&path, Datum::Wgs84).unwrap()
    }

    #[test]
    fn a_submission_of_a_form_is_taken_in_once_and_again_when_it_was_changed() {
        let form = |verdict: &str| {
            returned(
                "odk.csv",
                &format!(
                    "SubmissionDate,visit-lead,visit-verdict,visit-remark,SubmitterName,KEY\n\
                     2026-06-12T09:30:00.000+08:00,a,{verdict},maize,Wang,uuid:1\n\
                     2026-06-12T09:40:00.000+08:00,b,,,Wang,uuid:2\n"
                ),
            )
        };
        let mut book = book();
        let taken = form("unlawful_use_found").verdicts(&book, TODAY);
        assert_eq!((taken.drafts.len(), taken.open, taken.refused.len()), (1, 1, 0));
        go_on(&mut book, taken.drafts);
        let said = &book.cases["a"].said[0];
        assert_eq!((said.verdict, said.by.as_str()), (Verdict::UnlawfulUseFound, "Wang"));
        assert_eq!((said.on, book.cases["a"].state), (Some(Date::constant(2026, 6, 12)), State::Verified));
        let again = form("unlawful_use_found").verdicts(&book, TODAY);
        assert_eq!((again.drafts.len(), again.known), (0, 1));
        let changed = form("lawful").verdicts(&book, TODAY);
        assert_eq!(changed.drafts.len(), 1);
        go_on(&mut book, changed.drafts);
        assert!(book.cases["a"].is_contested());
    }

    #[test]
    fn numbers_and_words_of_the_card_are_read_and_a_row_that_is_not_is_told() {
        let card = returned(
            "card.csv",
            "线索编号,核查情况,核查人,核查日期\na,2,王,2026/06/12\nb,涉设施农用地,王,2026-06-12\nz,1,王,2026-06-12\na,maybe,王,2026-06-12\n",
        );
        let taken = card.verdicts(&book(), TODAY);
        let verdicts: Vec<&str> =
            taken.drafts.iter().filter_map(|draft| draft.body["verdict"].as_str()).collect();
        assert_eq!(verdicts, ["unlawful_use_found", "facility_farmland"]);
        assert_eq!(taken.refused.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [3, 4]);
        assert!(
            taken.refused[0].1.contains("'z'") && taken.refused[1].1.contains("'maybe'"),
            "{:?}",
            taken.refused
        );
    }

    /// A step of people with a lead.
    fn go(book: &mut Book, id: &str, action: Action, words: Words) {
        let words = Words { reason: Some("so".to_owned()), ..words };
        let draft = step(book, id, action, &words).unwrap();
        go_on(book, vec![draft]);
    }

    #[test]
    fn differing_answers_are_settled_by_a_person_and_heard_again_only_when_new() {
        let form = |verdict: &str, edits: &str| {
            returned("odk.csv", &format!("lead;verdict;KEY;Edits\na;{verdict};uuid:1;{edits}\n"))
        };
        let mut book = book();
        for (verdict, edits) in [("unlawful_use_found", "0"), ("lawful", "1"), ("unlawful_use_found", "2")] {
            let taken = form(verdict, edits).verdicts(&book, TODAY);
            assert_eq!(taken.drafts.len(), 1, "{verdict} {edits}: {:?}", taken.refused);
            go_on(&mut book, taken.drafts);
        }
        assert!(book.cases["a"].is_contested());
        assert!(step(&book, "a", Action::Settle, &Words::default()).is_err());
        let verdict = Some(Verdict::UnlawfulUseFound);
        go(&mut book, "a", Action::Settle, Words { verdict, ..Words::default() });
        assert!(!book.cases["a"].is_contested() && book.cases["a"].verdict() == verdict);
        let agency = Some("bureau".to_owned());
        go(&mut book, "a", Action::Transfer, Words { agency, ..Words::default() });
        // After the hand-over a verdict is heard and moves nothing.
        let late = form("lawful", "3").verdicts(&book, TODAY);
        assert_eq!(late.drafts.len(), 1, "{:?}", late.refused);
        go_on(&mut book, late.drafts);
        assert_eq!((book.cases["a"].state, book.cases["a"].is_contested()), (State::Transferred, true));
        assert_eq!(form("lawful", "1").verdicts(&book, TODAY).known, 1);
    }

    #[test]
    fn what_is_said_of_a_lead_that_went_into_another_is_said_of_that_one() {
        let mut book = book();
        let merged = Draft { body: json!({"into": "b"}), ..Draft::of(Kind::Merged, "a") };
        go_on(&mut book, vec![merged]);
        let taken = returned("card.csv", "lead,verdict,on\na,lawful,2026-06-12\n").verdicts(&book, TODAY);
        assert_eq!(taken.drafts[0].lead.as_deref(), Some("b"));
        assert_eq!(taken.drafts[0].body["said_of"], "a");
    }

    #[test]
    fn a_bare_row_says_nothing_new_of_a_closed_lead_and_is_asked_for_its_day_after_it_was_opened_again() {
        let bare = || returned("card.csv", "lead,verdict\na,lawful\n");
        let mut book = book();
        let taken = bare().verdicts(&book, TODAY);
        go_on(&mut book, taken.drafts);
        go(&mut book, "a", Action::Close, Words::default());
        assert_eq!(bare().verdicts(&book, TODAY).known, 1);
        go(&mut book, "a", Action::Reopen, Words::default());
        let refused = bare().verdicts(&book, TODAY).refused;
        assert!(refused[0].1.contains("give the day"), "{refused:?}");
        let told = returned("card.csv", "lead,verdict,on\na,lawful,2026-06-30\nb,lawful,2026-07-02\n");
        let taken = told.verdicts(&book, TODAY);
        assert_eq!(taken.drafts.len(), 1);
        assert!(taken.refused[0].1.contains("2026-07-02"), "{:?}", taken.refused);
    }

    #[test]
    fn a_file_without_a_column_of_leads_says_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.csv");
        std::fs::write(&path, "name,colour\nx,red\n").unwrap();
        let error = Returned::read(&path, Datum::Wgs84).err().unwrap().to_string();
        assert!(error.contains("expected a column lead") && error.contains("name, colour"), "{error}");
    }
}
