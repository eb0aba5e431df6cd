//! Leads, red lines, context and gaps as tables of one GeoPackage, for QGIS and for a phone.
//!
//! In:  the material. Out: tables with a name for people for every column.
//! Law: a lead has every column of `publish::fields`; pictures are named only where they lie in the report. What the ledger
//!      says stands in columns of its own, with names that no verdict is read from when the file comes back.

use serde_json::{Value, json};

use crate::date::{Date, parse_date};
use crate::ledger::state::{State, Verdict};
use crate::publish::fields::{self, Domain, Field, Kind};
use crate::publish::gpkg_tables::{Column, Shape, Table};
use crate::publish::markup::plain;
use crate::report::Language;
use crate::report::material::{Ground, Item, Material, Moment};
use crate::report::phrases::said;

/// Values of yes and no.
pub const TRUTH: Domain = Domain { name: "truth", values: &[("1", "是 yes"), ("0", "否 no")] };
/// Where a case stands.
pub const STATE: Domain = Domain { name: "ledger_state", values: State::WORDS };
/// What somebody found on the ground.
pub const FOUND: Domain = Domain { name: "ledger_verdict", values: Verdict::WORDS };
/// What a layer of context speaks of.
pub const ROLE: Domain = Domain {
    name: "context_role",
    values: &[
        ("permits", "许可 permit"),
        ("cases", "已办案件 decided case"),
        ("landuse", "调查地类 land-use survey"),
        ("burns", "火烧迹地 burn scar"),
    ],
};

/// Columns of what the ledger says: name, kind, name for people, values.
pub const LEDGER: [(&str, Kind, &str, Option<&Domain>); 8] = [
    ("ledger_state", Kind::Text, "台账状态 state in the ledger", Some(&STATE)),
    ("ledger_verdict", Kind::Text, "核查结论(台账) verdict in the ledger", Some(&FOUND)),
    ("ledger_visited_by", Kind::Text, "核查人(台账) visited by", None),
    ("ledger_visited_on", Kind::Day, "核查日期(台账) visited on", None),
    ("ledger_assigned_to", Kind::Text, "派核对象 assigned to", None),
    ("ledger_assigned_until", Kind::Day, "派核期限 assigned until", None),
    ("ledger_agency", Kind::Text, "移送机关 agency", None),
    ("ledger_due_on", Kind::Day, "到期日 due on", None),
];

/// Where the picture of a lead lies beside the project; none where there is none.
pub fn chip(lead: &Item, moment: Moment) -> Option<String> {
    lead.chips.as_ref().map(|_| fields::chip_file(&lead.id, moment.name()))
}

/// Whether the ledger knows any of the leads.
pub fn has_ledger(material: &Material) -> bool {
    material.leads.iter().any(|lead| lead.case.is_some())
}

/// Whether any lead has pictures.
pub fn has_chips(material: &Material) -> bool {
    material.leads.iter().any(|lead| lead.chips.is_some())
}

/// The last day that the material speaks of; the first of 1970 when there is none.
pub fn last_day(material: &Material) -> Date {
    let of = |item: &Item, name: &str| parse_date(item.text(name));
    let leads = material.leads.iter().flat_map(|lead| [of(lead, "after"), of(lead, "last_seen")]);
    leads.flatten().max().unwrap_or(Date::constant(1970, 1, 1))
}

/// Every table, lowest layer last. Where there is nothing of a kind there is no table, but for the leads.
pub fn tables(material: &Material, language: Language) -> Vec<Table> {
    let mut tables = vec![leads(material, language), points(material, language)];
    tables.extend((!material.context.is_empty()).then(|| context(material, language)));
    tables.extend((!material.redlines.is_empty()).then(|| redlines(material, language)));
    tables.extend((!material.gaps.is_empty()).then(|| gaps(material, language)));
    tables
}

fn column(name: &str, kind: Kind, alias: &str, domain: Option<&'static Domain>) -> Column {
    let domain = if kind == Kind::Truth { Some(&TRUTH) } else { domain };
    Column { name: name.to_owned(), kind, alias: alias.to_owned(), domain }
}

fn columns<T>(fields: &[Field<T>]) -> Vec<Column> {
    fields.iter().map(|field| column(field.name, field.kind, field.alias, field.domain)).collect()
}

fn leads(material: &Material, language: Language) -> Table {
    let mut columns = columns(fields::LEAD);
    let has_ledger = has_ledger(material);
    if has_ledger {
        columns.extend(LEDGER.map(|(name, kind, alias, domain)| column(name, kind, alias, domain)));
    }
    let row = |lead: &Item| {
        let mut values: Vec<Value> =
            fields::LEAD.iter().map(|field| value(lead, field.name, language)).collect();
        if has_ledger {
            values.extend(of_ledger(lead));
        }
        (values, Shape::Outline(lead.outline.clone()))
    };
    let title = language.words("线索", "Leads");
    Table {
        name: "leads",
        title,
        is_of_points: false,
        columns,
        rows: material.leads.iter().map(row).collect(),
    }
}

/// Columns of sentences, which are told in the language of the report.
const SENTENCES: [&str; 4] = ["notes_text", "confidence_method", "area_method", "selection"];

/// A value of a lead's record; pictures as they lie in the report. Its id stays as it is, letter by letter: what comes back
/// from the field names it.
fn value(lead: &Item, name: &str, language: Language) -> Value {
    match (name, lead.properties.get(name)) {
        ("id", _) => json!(lead.id),
        ("chip_before", _) => json!(chip(lead, Moment::Before)),
        ("chip_after", _) => json!(chip(lead, Moment::After)),
        (_, Some(Value::String(text))) if SENTENCES.contains(&name) => words(&said(text, language)),
        (_, Some(Value::String(text))) => words(text),
        (_, value) => value.cloned().unwrap_or_default(),
    }
}

/// Words of a record as they are to be read in a form.
fn words(text: &str) -> Value {
    json!(plain(text))
}

fn of_ledger(lead: &Item) -> [Value; 8] {
    let Some(case) = &lead.case else { return [const { Value::Null }; 8] };
    let visit = case.said.last();
    let (to, until) = case.assigned.clone().map_or((None, None), |(to, until)| (Some(to), until));
    let day = |day: Option<Date>| json!(day.map(|day| day.to_string()));
    [
        json!(case.state.code()),
        json!(case.verdict().map(Verdict::code)),
        visit.map_or(Value::Null, |visit| words(&visit.by)),
        day(visit.and_then(|visit| visit.on)),
        to.as_deref().map_or(Value::Null, words),
        day(until),
        case.agency.as_deref().map_or(Value::Null, words),
        day(case.due().map(|due| due.on)),
    ]
}

/// A point for each lead: what is seen of it where the map shows a whole county.
fn points(material: &Material, language: Language) -> Table {
    const NAMES: [&str; 9] =
        ["id", "rank", "model", "tier", "confidence", "area_mu", "length_m", "chip_before", "chip_after"];
    let field = |name: &&str| fields::LEAD.iter().find(|field| field.name == *name);
    let columns = NAMES
        .iter()
        .filter_map(field)
        .map(|field| column(field.name, field.kind, field.alias, field.domain))
        .collect();
    let row = |lead: &Item| {
        let values = NAMES.iter().map(|name| value(lead, name, language)).collect();
        (values, Shape::Point(lead.point))
    };
    let title = language.words("线索位置", "Places of leads");
    let rows = material.leads.iter().map(row).collect();
    Table { name: "lead_points", title, is_of_points: true, columns, rows }
}

fn gaps(material: &Material, language: Language) -> Table {
    let row = |gap: &Item| {
        let values = fields::GAP.iter().map(|field| value(gap, field.name, language)).collect();
        (values, Shape::Outline(gap.outline.clone()))
    };
    let title = language.words("缺测", "Gaps");
    let rows = material.gaps.iter().map(row).collect();
    Table { name: "gaps", title, is_of_points: false, columns: columns(fields::GAP), rows }
}

fn redlines(material: &Material, language: Language) -> Table {
    let columns = vec![
        column("id", Kind::Text, "红线编号 red line id", None),
        column("name", Kind::Text, "名称 name", None),
        column("class", Kind::Text, "类别 class", Some(&fields::CLASS)),
        column("layer", Kind::Text, "图层 layer", None),
        column("authority", Kind::Text, "发布机关 authority", None),
        column("version", Kind::Text, "版本 version", None),
        column("sha256", Kind::Text, "图层文件校验值 SHA-256 of the layer", None),
    ];
    let row = |line: &Ground| {
        let class = line.class.map(|class| class.name());
        let texts = [words(&line.id), words(&line.name), json!(class), words(&line.layer)];
        let origin = origin(line);
        (texts.into_iter().chain(origin).collect(), Shape::Outline(line.outline.clone()))
    };
    let title = language.words("红线", "Red lines");
    let rows = material.redlines.iter().map(row).collect();
    Table { name: "redlines", title, is_of_points: false, columns, rows }
}

fn context(material: &Material, language: Language) -> Table {
    let columns = vec![
        column("id", Kind::Text, "编号 number", None),
        column("name", Kind::Text, "名称 name", None),
        column("role", Kind::Text, "类别 what it is", Some(&ROLE)),
        column("kind", Kind::Text, "类型 kind", None),
        column("valid_from", Kind::Day, "生效日期 valid from", None),
        column("valid_to", Kind::Day, "到期日期 valid to", None),
        column("layer", Kind::Text, "图层 layer", None),
        column("authority", Kind::Text, "发布机关 authority", None),
        column("version", Kind::Text, "版本 version", None),
        column("sha256", Kind::Text, "图层文件校验值 SHA-256 of the layer", None),
    ];
    let row = |place: &Ground| {
        let role = place.role.map(|role| role.name());
        let day = |day: Option<Date>| json!(day.map(|day| day.to_string()));
        let texts = [words(&place.id), words(&place.name), json!(role), words(&place.kind)];
        let valid = [day(place.from), day(place.to), words(&place.layer)];
        let values = texts.into_iter().chain(valid).chain(origin(place)).collect();
        (values, Shape::Outline(place.outline.clone()))
    };
    let title = language.words("许可等", "Permits and the like");
    let rows = material.context.iter().map(row).collect();
    Table { name: "context", title, is_of_points: false, columns, rows }
}

/// Authority, version and digest of the layer that a place is of.
fn origin(ground: &Ground) -> [Value; 3] {
    let told = |text: &Option<String>| text.as_deref().map_or(Value::Null, words);
    [told(&ground.authority), told(&ground.version), json!(ground.sha256)]
}
