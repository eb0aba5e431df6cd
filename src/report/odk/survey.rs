//! The sheets of the form: questions, choices, settings.
//!
//! Law: the names of questions are those that `verify import` reads (`redlines/returned.toml`).

use crate::ledger::state::Verdict;
use crate::report::Language;

/// Pictures that the form asks for.
const PICTURES: [(&str, &str); 4] = [
    ("照片(全景)", "Picture (whole)"),
    ("照片(近景)", "Picture (near)"),
    ("照片三", "Third picture"),
    ("照片四", "Fourth picture"),
];

/// Columns of a label or hint in the languages asked for.
fn labelled(name: &str, language: Language) -> Vec<String> {
    let chinese = format!("{name}::中文 (zh)");
    let english = format!("{name}::English (en)");
    match language {
        Language::Chinese => vec![chinese],
        Language::English => vec![english],
        Language::Both => vec![chinese, english],
    }
}

/// The words for those columns.
fn words((chinese, english): (&str, &str), language: Language) -> Vec<String> {
    match language {
        Language::Chinese => vec![chinese.to_owned()],
        Language::English => vec![english.to_owned()],
        Language::Both => vec![chinese.to_owned(), english.to_owned()],
    }
}

/// A question: type, name, label, and other columns by their names.
struct Question<'a> {
    kind: &'a str,
    name: String,
    label: (&'a str, &'a str),
    more: Vec<(&'a str, String)>,
}

fn ask<'a>(kind: &'a str, name: &str, label: (&'a str, &'a str), more: &[(&'a str, &str)]) -> Question<'a> {
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Question { kind, name: name.to_owned(), label, more }
}

/// Columns of a question beside type, name and label.
const MORE: [&str; 6] = ["required", "appearance", "default", "calculation", "relevant", "constraint"];

/// The sheet of questions.
pub fn survey(language: Language) -> Vec<Vec<String>> {
    let mut head = vec!["type".to_owned(), "name".to_owned()];
    head.extend(labelled("label", language));
    head.extend(MORE.map(str::to_owned));
    let row = |question: Question| {
        let mut row = vec![question.kind.to_owned(), question.name];
        row.extend(words(question.label, language));
        row.extend(MORE.map(|column| {
            let value = question.more.iter().find(|(name, _)| *name == column);
            value.map_or(String::new(), |(_, value)| value.clone())
        }));
        row
    };
    std::iter::once(head).chain(questions().into_iter().map(row)).collect()
}

/// Every question, in order.
fn questions() -> Vec<Question<'static>> {
    let mut all = of_the_lead();
    all.push(ask("geopoint", "place", ("所在位置", "Where you stand"), &[("required", "yes")]));
    let verdict = [("required", "yes"), ("appearance", "minimal")];
    all.push(ask("select_one verdicts", "verdict", ("核查结论", "What was found"), &verdict));
    all.push(ask("text", "note", ("备注", "Note"), &[("appearance", "multiline")]));
    all.extend(of_the_pictures());
    let day = [("required", "yes"), ("default", "today()"), ("constraint", ". <= today()")];
    all.push(ask("date", "on", ("核查日期", "Day of the visit"), &day));
    all.push(ask("text", "who", ("核查人", "Who was there"), &[("required", "yes")]));
    all
}

/// Which lead, chosen on the map, and what is known of it.
fn of_the_lead() -> Vec<Question<'static>> {
    let choice = [("required", "yes"), ("appearance", "map")];
    let mut all = vec![ask("select_one_from_file leads.geojson", "lead", ("线索", "Lead"), &choice)];
    // What ODK calls the top of every list of choices.
    let top = "root";
    let of_lead = |name: &str| format!("instance('leads')/{top}/item[id=${{lead}}]/{name}");
    let told = ["size", "confidence", "before", "after", "redline_class"];
    all.extend(
        told.map(|name| {
            ask("calculate", &format!("lead_{name}"), ("", ""), &[("calculation", &of_lead(name))])
        }),
    );
    let about = (
        "面积或长度 ${lead_size},置信度 ${lead_confidence},时相 ${lead_before} 至 ${lead_after},${lead_redline_class}。遥感线索,须实地核查。",
        "Area or length ${lead_size}, confidence ${lead_confidence}, ${lead_before} to ${lead_after}, ${lead_redline_class}. A hypothesis, to be checked on the ground.",
    );
    all.push(ask("note", "about", about, &[("relevant", "${lead} != ''")]));
    all
}

/// Pictures, each with the direction that it was taken in; the next one is asked for when there is one before it.
fn of_the_pictures() -> Vec<Question<'static>> {
    let mut all: Vec<Question> = Vec::new();
    let mut last: Option<String> = None;
    for (at, label) in PICTURES.into_iter().enumerate() {
        let named = |name: &str| if at == 0 { name.to_owned() } else { format!("{name}_{}", at + 1) };
        let is_taken = |photo: &str| format!("${{{photo}}} != ''");
        let relevant = last.as_deref().map(is_taken).unwrap_or_default();
        let required = if at == 0 { "yes" } else { "" };
        let more = [("required", required), ("appearance", "new"), ("relevant", relevant.as_str())];
        all.push(ask("image", &named("photo"), label, &more));
        let taken = is_taken(&named("photo"));
        let direction = ("拍摄方向(度,正北为 0)", "Direction of the picture (degrees, 0 is north)");
        let more =
            [("appearance", "bearing"), ("relevant", taken.as_str()), ("constraint", ". >= 0 and . <= 360")];
        all.push(ask("decimal", &named("direction"), direction, &more));
        last = Some(named("photo"));
    }
    all
}

/// The sheet of choices: the verdicts of the ledger.
pub fn choices(language: Language) -> Vec<Vec<String>> {
    let mut head = vec!["list_name".to_owned(), "name".to_owned()];
    head.extend(labelled("label", language));
    let row = |verdict: &Verdict| {
        let mut row = vec!["verdicts".to_owned(), verdict.code().to_owned()];
        row.extend(words((verdict.chinese(), verdict.english()), language));
        row
    };
    std::iter::once(head).chain(Verdict::ALL.iter().map(row)).collect()
}

/// The sheet of settings.
pub fn settings(language: Language, version: &str) -> Vec<Vec<String>> {
    let default = if language == Language::English { "English (en)" } else { "中文 (zh)" };
    let rows = [
        ("form_title", language.words("线索核查", "Visit of leads")),
        ("form_id", "steppewatch_visit".to_owned()),
        ("version", version.to_owned()),
        ("default_language", default.to_owned()),
        ("instance_name", "concat(${lead}, ' ', ${on})".to_owned()),
    ];
    let (head, values) = rows.into_iter().map(|(name, value)| (name.to_owned(), value)).unzip();
    vec![head, values]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::returned::columns::Columns;

    #[test]
    fn answers_come_back_by_names_that_verify_import_reads() {
        let rows = survey(Language::Both);
        let names: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
        let columns = Columns::shipped().unwrap();
        assert_eq!(columns.check(&names), Ok(()));
        for known in [&columns.who, &columns.day, &columns.note, &columns.photo] {
            assert!(Columns::has(&names, known), "{known:?} is not in {names:?}");
        }
        for row in &choices(Language::Both)[1..] {
            assert!(columns.verdict_of(&row[1]).is_some(), "{row:?}");
        }
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_sheet_has_columns() {
        for language in [Language::Chinese, Language::English, Language::Both] {
            for sheet in [survey(language), choices(language), settings(language, "1")] {
                assert!(sheet.iter().all(|row| row.len() == sheet[0].len()), "{sheet:?}");
            }
        }
    }
}
