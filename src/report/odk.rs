//! An ODK / Kobo form with the leads as places to choose from on a map.
//!
//! In:  the material. Out: `odk/steppewatch.xlsx` (XLSForm) and `odk/leads.geojson` (its attachment).
//! Law: answers come back by names that `verify import` reads (`redlines/returned.toml`), verdicts by the ledger's codes.
//!      What the form shows of a lead are numbers, days and codes; no word of a record is in its labels.
//! Source: XLSForm; ODK docs, "Select one from map": one FeatureCollection, unique `id`, `title`, no multi-geometries.

mod workbook;

use geo::{Area, LineString, Polygon};
use serde_json::{Map, Value, json};

use crate::date::parse_date;
use crate::ledger::state::Verdict;
use crate::publish::digest;
use crate::publish::{Staging, fields};
use crate::report::material::{Item, Material};
use crate::report::odk::workbook::workbook;
use crate::report::qgis;
use crate::report::qgis::symbol::of_model;
use crate::report::{Asked, Language, ReportError};

/// The form.
const FORM: &str = "steppewatch.xlsx";
/// The leads, attached to it.
const LEADS: &str = "leads.geojson";
/// Pictures that the form asks for, each with the direction that it was taken in.
const PICTURES: usize = 4;

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let features: Vec<Value> = material.leads.iter().map(|lead| feature(lead, asked.language)).collect();
    let collection = json!({"type": "FeatureCollection", "features": features});
    let leads = format!("{collection}\n");
    staging.write(&format!("odk/{LEADS}"), leads.as_bytes())?;
    let version = &digest::of_bytes(leads.as_bytes())[..12];
    let sheets = [
        ("survey", survey(asked.language)),
        ("choices", choices(asked.language)),
        ("settings", settings(asked.language, version)),
    ];
    staging.write(&format!("odk/{FORM}"), &workbook(FORM, &sheets)?)?;
    Ok(vec![format!(
        "odk: upload odk/{FORM} to ODK Central or KoboToolbox and attach odk/{LEADS} to it; the table that comes back goes to verify import"
    )])
}

/// A lead as a place to choose: the ring around its largest part, or the point of one without area.
fn feature(lead: &Item, language: Language) -> Value {
    let largest = lead.outline.0.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
    let ring = largest.map(Polygon::exterior).filter(|ring| ring.0.len() > 3);
    let position = |x: f64, y: f64| json!([rounded(x), rounded(y)]);
    let positions = |ring: &LineString<f64>| ring.0.iter().map(|at| position(at.x, at.y)).collect::<Vec<_>>();
    let geometry = match ring {
        Some(ring) => json!({"type": "Polygon", "coordinates": [positions(ring)]}),
        None => json!({"type": "Point", "coordinates": position(lead.point.0, lead.point.1)}),
    };
    let (red, green, blue, _) = of_model(lead.text("model"));
    let colour = format!("#{red:02x}{green:02x}{blue:02x}");
    let day = |name: &str| parse_date(lead.text(name)).map_or(String::new(), |day| day.to_string());
    let number = |name: &str| lead.properties.get(name).filter(|value| value.is_number()).cloned();
    let class = |code: &str| fields::CLASS.values.iter().find(|(known, _)| *known == code);
    let class = class(lead.text("redline_class")).map_or("", |(_, words)| language.of_alias(words));
    let mut properties = Map::new();
    for (name, value) in [
        ("id", json!(lead.id)),
        ("title", json!(qgis::title(lead, language))),
        ("rank", json!(number("rank"))),
        ("size", json!(qgis::size(lead, language))),
        ("confidence", json!(number("confidence"))),
        ("before", json!(day("before"))),
        ("after", json!(day("after"))),
        ("redline_class", json!(class)),
        ("marker-color", json!(colour)),
        ("stroke", json!(colour)),
        ("stroke-width", json!("4")),
        ("fill", json!(format!("{colour}40"))),
    ] {
        properties.insert(name.to_owned(), value);
    }
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

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

/// A question: type, name, label, whether an answer is required, and other columns by their names.
struct Question<'a> {
    kind: &'a str,
    name: String,
    label: (&'a str, &'a str),
    required: bool,
    more: Vec<(&'a str, String)>,
}

/// Columns of a question beside type, name and label.
const MORE: [&str; 6] = ["required", "appearance", "default", "calculation", "relevant", "constraint"];

fn survey(language: Language) -> Vec<Vec<String>> {
    let mut head = vec!["type".to_owned(), "name".to_owned()];
    head.extend(labelled("label", language));
    head.extend(MORE.map(str::to_owned));
    let row = |question: Question| {
        let mut row = vec![question.kind.to_owned(), question.name];
        row.extend(words(question.label, language));
        row.extend(MORE.map(|column| {
            match column {
                "required" if question.required => "yes".to_owned(),
                column => question
                    .more
                    .iter()
                    .find(|(name, _)| *name == column)
                    .map_or(String::new(), |(_, value)| value.clone()),
            }
        }));
        row
    };
    std::iter::once(head).chain(questions().into_iter().map(row)).collect()
}

fn questions() -> Vec<Question<'static>> {
    let ask = |kind: &'static str,
               name: &str,
               label: (&'static str, &'static str),
               required: bool,
               more: &[(&'static str, &str)]| Question {
        kind,
        name: name.to_owned(),
        label,
        required,
        more: more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    let of_lead = |name: &str| format!("instance('leads')/root/item[id=${{lead}}]/{name}");
    let mut all = vec![ask(
        "select_one_from_file leads.geojson",
        "lead",
        ("线索", "Lead"),
        true,
        &[("appearance", "map")],
    )];
    let told = ["size", "confidence", "before", "after", "redline_class"];
    all.extend(told.map(|name| {
        ask("calculate", &format!("lead_{name}"), ("", ""), false, &[("calculation", &of_lead(name))])
    }));
    let about = (
        "面积或长度 ${lead_size},置信度 ${lead_confidence},时相 ${lead_before} 至 ${lead_after},${lead_redline_class}。遥感线索,须实地核查。",
        "Area or length ${lead_size}, confidence ${lead_confidence}, ${lead_before} to ${lead_after}, ${lead_redline_class}. A hypothesis, to be checked on the ground.",
    );
    all.push(ask("note", "about", about, false, &[("relevant", "${lead} != ''")]));
    all.push(ask("geopoint", "place", ("所在位置", "Where you stand"), true, &[]));
    all.push(ask(
        "select_one verdicts",
        "verdict",
        ("核查结论", "What was found"),
        true,
        &[("appearance", "minimal")],
    ));
    all.push(ask("text", "note", ("备注", "Note"), false, &[("appearance", "multiline")]));
    const LABELS: [(&str, &str); PICTURES] = [
        ("照片(全景)", "Picture (whole)"),
        ("照片(近景)", "Picture (near)"),
        ("照片三", "Third picture"),
        ("照片四", "Fourth picture"),
    ];
    for (at, label) in LABELS.into_iter().enumerate() {
        let named = |name: &str| if at == 0 { name.to_owned() } else { format!("{name}_{}", at + 1) };
        let before = (at > 0).then(|| if at == 1 { "photo".to_owned() } else { format!("photo_{at}") });
        let relevant = before.map(|before| format!("${{{before}}} != ''")).unwrap_or_default();
        all.push(ask(
            "image",
            &named("photo"),
            label,
            at == 0,
            &[("appearance", "new"), ("relevant", &relevant)],
        ));
        let taken = format!("${{{}}} != ''", named("photo"));
        let direction = ("拍摄方向(度,正北为 0)", "Direction of the picture (degrees, 0 is north)");
        let more =
            [("appearance", "bearing"), ("relevant", taken.as_str()), ("constraint", ". >= 0 and . <= 360")];
        all.push(ask("decimal", &named("direction"), direction, false, &more));
    }
    all.push(ask(
        "date",
        "on",
        ("核查日期", "Day of the visit"),
        true,
        &[("default", "today()"), ("constraint", ". <= today()")],
    ));
    all.push(ask("text", "who", ("核查人", "Who was there"), true, &[]));
    all
}

fn choices(language: Language) -> Vec<Vec<String>> {
    let mut head = vec!["list_name".to_owned(), "name".to_owned()];
    head.extend(labelled("label", language));
    let row = |verdict: &Verdict| {
        let mut row = vec!["verdicts".to_owned(), verdict.code().to_owned()];
        row.extend(words((verdict.chinese(), verdict.english()), language));
        row
    };
    std::iter::once(head).chain(Verdict::ALL.iter().map(row)).collect()
}

fn settings(language: Language, version: &str) -> Vec<Vec<String>> {
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
