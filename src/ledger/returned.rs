//! What field tools return -> verdicts: rows of a table, whoever wrote it.
//!
//! In:  CSV or GeoJSON (ODK, Kobo, a spreadsheet), or a GeoPackage that somebody edited in QGIS or QField.
//! Out: drafts, and for every other row why it is none.
//! Law: a record is taken in once, however often it comes; a record that was changed since is another event and the
//!      first one stays. A row that cannot be understood is told with its number and takes no other row with it.
//! Source: names of columns that ODK Central, KoboToolbox and the forms of land surveys write (`reference/mission.md` 5.5).

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};

use crate::date::{Date, parse_date};
use crate::ledger::book::Book;
use crate::ledger::event::{Draft, Evidence};
use crate::ledger::state::{Action, Verdict};
use crate::ledger::steps::{Words, step};
use crate::ledger::{LedgerError, event};
use crate::publish::digest;
use crate::read::attributes::{self, Row};

/// Names that a column may have, best first; compared without case, and without the groups that forms put before them.
const LEAD: &[&str] = &["lead", "lead_id", "leadid", "线索编号", "图斑编号", "jcbh", "id"];
const VERDICT: &[&str] = &["verdict", "核查结论", "核查情况", "核查结果", "field_verdict"];
const WHO: &[&str] =
    &["who", "by", "checked_by", "surveyor", "核查人", "submittername", "username", "_submitted_by"];
const DAY: &[&str] = &[
    "on",
    "visited",
    "visited_on",
    "核查日期",
    "date",
    "today",
    "end",
    "submissiondate",
    "_submission_time",
];
const RECORD: &[&str] = &["record_id", "记录编号", "instanceid", "key", "_uuid", "uuid", "global_id"];
const NOTE: &[&str] = &["note", "notes", "remark", "remarks", "comment", "备注", "说明"];

/// Numbers and words of the registration card of land surveys, beside our own codes. Source: `reference/mission.md` 5.5.
const CARD: [(&str, Verdict); 6] = [
    ("0", Verdict::PseudoChange),
    ("1", Verdict::Lawful),
    ("2", Verdict::UnlawfulUseFound),
    ("3", Verdict::FacilityFarmland),
    ("涉设施农用地", Verdict::FacilityFarmland),
    ("无法判断", Verdict::CannotTell),
];

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
}

/// What a file holds.
pub struct Returned {
    rows: Vec<Row>,
    file: Evidence,
}

impl Returned {
    /// Reads a file.
    ///
    /// # Errors
    /// `Returned` with what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, LedgerError> {
        let wrong = |reason: String| LedgerError::Returned { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read ({error})")))?;
        let rows = if bytes.starts_with(b"SQLite format 3\0") {
            of_geopackage(path).map_err(wrong)?
        } else {
            attributes::read(path).map_err(|error| LedgerError::Attributes(Box::new(error)))?.rows
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_answer = |row: &Row| value(row, LEAD).is_some();
        if !rows.is_empty() && !rows.iter().any(is_answer) {
            let found: Vec<&str> = rows[0].values.keys().map(String::as_str).take(12).collect();
            return Err(wrong(format!(
                "expected a column {}, found {}",
                LEAD.join(" or "),
                found.join(", ")
            )));
        }
        Ok(Self { rows, file: Evidence { file: name, sha256: digest::of_bytes(&bytes) } })
    }

    /// Its rows against what stands.
    pub fn verdicts(&self, book: &Book) -> Taken {
        let mut taken = Taken::default();
        for row in &self.rows {
            let Some(told) = value(row, VERDICT) else {
                taken.open += 1;
                continue;
            };
            match self.draft(book, row, &told) {
                Ok(draft) if book.keys.contains_key(&draft.key) => taken.known += 1,
                // A copy of what the ledger shows says nothing new.
                Ok(draft) if is_shown(book, row, &draft) => taken.known += 1,
                Ok(draft) if taken.drafts.iter().any(|other| other.key == draft.key) => taken.known += 1,
                Ok(draft) => taken.drafts.push(draft),
                Err(reason) => taken.refused.push((row.number, reason)),
            }
        }
        taken
    }

    fn draft(&self, book: &Book, row: &Row, told: &str) -> Result<Draft, String> {
        let card = CARD.iter().find(|(word, _)| *word == told).map(|(_, verdict)| *verdict);
        let verdict = Verdict::parse(told).or(card).or_else(|| spoken(told)).ok_or_else(|| {
            let codes: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.code()).collect();
            format!("expected a verdict of {}, found '{told}'", codes.join(", "))
        })?;
        let lead = value(row, LEAD).ok_or("names no lead")?;
        let (who, note) = (value(row, WHO), value(row, NOTE));
        let day = value(row, DAY)
            .map(|text| day(&text).ok_or(format!("expected a day as YYYY-MM-DD, found '{text}'")));
        let on = day.transpose()?;
        let content = json!([lead, verdict.code(), who, on.map(|on| on.to_string()), note]).to_string();
        let content = &digest::of_bytes(content.as_bytes())[..16];
        let key = match value(row, RECORD) {
            Some(record) => format!("returned {record} {content}"),
            None => format!("returned {content}"),
        };
        let words = Words {
            reason: note,
            who,
            on,
            verdict: Some(verdict),
            key: Some(key.clone()),
            evidence: vec![self.file.clone()],
            ..Words::default()
        };
        if book.keys.contains_key(&key) {
            // Taken in before, whatever has become of the lead since.
            return Ok(Draft { key, ..Draft::of(event::Kind::Verified, &lead) });
        }
        step(book, &lead, Action::Verify, &words).map_err(|error| error.to_string())
    }
}

/// Whether a row without record, name and day says of its lead what the ledger shows of it already.
fn is_shown(book: &Book, row: &Row, draft: &Draft) -> bool {
    let is_bare = [RECORD, WHO, DAY].iter().all(|names| value(row, names).is_none());
    let shown = draft.lead.as_ref().and_then(|lead| book.cases.get(lead)).and_then(|case| case.verdict());
    is_bare && shown.is_some_and(|shown| draft.body["verdict"] == shown.code())
}

/// What people write for the third number of the card: their word, kept as ours.
fn spoken(told: &str) -> Option<Verdict> {
    let written = told.chars().map(u32::from).collect::<Vec<_>>();
    // The word that this program does not say of a place itself, and reads where a person said it.
    (written == [0x8fdd, 0x6cd5]).then_some(Verdict::UnlawfulUseFound)
}

/// The first of several columns that is there.
fn value(row: &Row, names: &[&str]) -> Option<String> {
    let plain = |column: &str| -> String {
        let last = column.rsplit(['-', '/', ':', '.']).next().unwrap_or(column);
        last.trim().to_lowercase()
    };
    names.iter().find_map(|name| {
        let found =
            row.values.iter().find(|(column, _)| column.to_lowercase() == *name || plain(column) == *name);
        let text = found.map(|(_, value)| value.as_str().map_or(value.to_string(), str::to_owned));
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    })
}

/// The day of a date or of a time stamp, as tables write them.
fn day(text: &str) -> Option<Date> {
    let date = text.split(['T', ' ']).next()?;
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    parse_date(&format!("{year}-{month:0>2}-{day:0>2}"))
}

/// Rows of every table of a GeoPackage that has columns for a lead and a verdict.
fn of_geopackage(path: &Path) -> Result<Vec<Row>, String> {
    let failed =
        |error: rusqlite::Error| format!("cannot be read as a GeoPackage ({error}); save it again in QGIS");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON").map_err(failed)?;
    let mut tables = connection
        .prepare(
            "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes') ORDER BY 1",
        )
        .map_err(failed)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(failed)?;
    let mut rows = Vec::new();
    for name in names {
        let question = format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""));
        let mut table = connection.prepare(&question).map_err(failed)?;
        let columns: Vec<String> = table.column_names().into_iter().map(str::to_owned).collect();
        let is_one =
            |names: &[&str]| columns.iter().any(|column| names.contains(&column.to_lowercase().as_str()));
        if !is_one(LEAD) || !is_one(VERDICT) {
            continue;
        }
        let mut found = table.query([]).map_err(failed)?;
        while let Some(row) = found.next().map_err(failed)? {
            let mut values = Map::new();
            for (place, column) in columns.iter().enumerate() {
                let value = match row.get_ref(place).map_err(failed)? {
                    ValueRef::Integer(number) => json!(number),
                    ValueRef::Real(number) => json!(number),
                    ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                    ValueRef::Null | ValueRef::Blob(_) => Value::Null,
                };
                if !value.is_null() {
                    values.insert(column.clone(), value);
                }
            }
            rows.push(Row { number: rows.len() + 1, values, place: None });
        }
    }
    if rows.is_empty() {
        return Err(format!(
            "expected a layer with columns {} and {}, found none with rows",
            LEAD[0], VERDICT[0]
        ));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::event::tests::moment;
    use crate::ledger::event::{Event, Kind};
    use crate::ledger::state::State;

    /// A book with two confirmed leads, a and b.
    fn book() -> Book {
        let mut book = Book::default();
        for id in ["a", "b"] {
            let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
            let body = json!({"properties": {"id": id, "status": "confirmed"}, "geometry": geometry});
            take(&mut book, vec![Draft { body, ..Draft::of(Kind::Found, id) }]);
        }
        book
    }

    fn take(book: &mut Book, drafts: Vec<Draft>) {
        for draft in drafts {
            let event = Event::placed(draft, "Li", &moment(3), (book.head.0, &book.head.1.clone()));
            book.apply(&event).unwrap();
        }
    }

    fn returned(name: &str, text: &str) -> Returned {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Returned::read(&path).unwrap()
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
        let taken = form("unlawful_use_found").verdicts(&book);
        assert_eq!((taken.drafts.len(), taken.open, taken.refused.len()), (1, 1, 0));
        take(&mut book, taken.drafts);
        let said = &book.cases["a"].said[0];
        assert_eq!((said.verdict, said.by.as_str()), (Verdict::UnlawfulUseFound, "Wang"));
        assert_eq!((said.on, book.cases["a"].state), (Some(Date::constant(2026, 6, 12)), State::Verified));
        let again = form("unlawful_use_found").verdicts(&book);
        assert_eq!((again.drafts.len(), again.known), (0, 1));
        let changed = form("lawful").verdicts(&book);
        assert_eq!(changed.drafts.len(), 1);
        take(&mut book, changed.drafts);
        assert!(book.cases["a"].is_contested());
    }

    #[test]
    fn numbers_and_words_of_the_card_are_read_and_a_row_that_is_not_is_told() {
        let card = returned(
            "card.csv",
            "线索编号,核查情况,核查人,核查日期\na,2,王,2026/06/12\nb,涉设施农用地,王,2026-06-12\nz,1,王,2026-06-12\na,maybe,王,2026-06-12\n",
        );
        let taken = card.verdicts(&book());
        let verdicts: Vec<&str> =
            taken.drafts.iter().filter_map(|draft| draft.body["verdict"].as_str()).collect();
        assert_eq!(verdicts, ["unlawful_use_found", "facility_farmland"]);
        assert_eq!(taken.refused.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [3, 4]);
        assert!(
            taken.refused[0].1.contains("'z'") && taken.refused[1].1.contains("'maybe'"),
            "{:?}",
            taken.refused
        );
        assert_eq!(spoken("\u{8fdd}\u{6cd5}"), Some(Verdict::UnlawfulUseFound));
    }

    #[test]
    fn a_file_without_a_column_of_leads_says_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.csv");
        std::fs::write(&path, "name,colour\nx,red\n").unwrap();
        let error = Returned::read(&path).err().unwrap().to_string();
        assert!(error.contains("expected a column lead") && error.contains("name, colour"), "{error}");
    }
}
