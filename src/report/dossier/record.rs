//! A lead as the pages of its record show it: words, tables, places. What the template sets is made here and nowhere else.
//!
//! Source of what a record holds: the evidence record and the alert reports of other systems (`reference/mission.md` 2.2, 5.6).

use serde_json::{Value, json};

use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::ledger::Event;
use crate::publish::chip;
use crate::publish::domains::{Domain, STATUS, TIER};
use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH, LEAD};
use crate::publish::markup::plain;
use crate::report::dossier::{frame, sources, touched, views, visit};
use crate::report::material::{Item, Material, Moment};
use crate::report::phrases::said;
use crate::report::{Language, ReportError};

/// Vertices that are printed at most; the file of the leads holds all of them.
const MOST_VERTICES: usize = 160;

/// Columns of a lead's record that the first page shows, in order.
const FACTS: [&str; 13] = [
    "tier",
    "status",
    "confidence",
    "confidence_method",
    "before",
    "after",
    "first_seen",
    "confirmed_on",
    "last_seen",
    "observation_count",
    "length_m",
    "also_models",
    "tblx",
];

/// Data for a template, and pictures by the names that it calls them.
pub type Data = (Value, Vec<(String, Vec<u8>)>);

/// Makes the data of one lead.
///
/// # Errors
/// A transform that cannot be made.
pub fn of(lead: &Item, material: &Material, language: Language) -> Result<Data, ReportError> {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let (longitude, latitude) = lead.point;
    let local = local(longitude, latitude);
    let (pictures, files) = pictures(lead, language, local)?;
    let model = match language {
        Language::Chinese => lead.text("model_name_zh").to_owned(),
        Language::English => lead.text("model_name").to_owned(),
        Language::Both => format!("{} {}", lead.text("model_name_zh"), lead.text("model_name")),
    };
    let data = json!({
        "chinese": language != Language::English,
        "title": say("遥感线索记录", "Record of a lead"),
        "nature": say("线索,须经实地核查", "a hypothesis, to be checked on the ground"),
        "id": lead.id,
        "model": format!("{} {model}", lead.text("model")),
        "rank": lead.number("rank").map_or(String::new(), |rank| say(&format!("第 {rank} 位"), &format!("rank {rank}"))),
        "pictures": pictures,
        "facts_title": say("概况", "In short"),
        "facts": facts(lead, language),
        "area": area(lead, language),
        "place": place(lead, language, local)?,
        "redlines": touched::redlines(lead, material, language),
        "permits": touched::permits(lead, material, language),
        "limits": touched::limits(lead, language),
        "notes_title": say("须知与不确定之处", "What a reader must know, and what would change it"),
        "notes": notes(lead, language),
        "views": views::of(lead, material, language),
        "history": history(lead, language),
        "sources": sources::of(lead, material, language),
        "method": sources::method(material, language),
        "disclaimer": language.words(DISCLAIMER_ZH, DISCLAIMER),
        "visit": visit::of(lead, language),
    });
    Ok((clean(data), files))
}

/// Every string as it is to be read; what turns the text around is shown as such.
pub(super) fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(&text)),
        Value::Array(all) => all.into_iter().map(clean).collect(),
        Value::Object(all) => {
            Value::Object(all.into_iter().map(|(key, value)| (key, clean(value))).collect())
        }
        other => other,
    }
}

/// The grid in which a place is told in metres: its zone of CGCS2000 in China, else UTM.
pub(super) fn local(longitude: f64, latitude: f64) -> Crs {
    Crs::cgcs2000_zone(longitude, latitude).unwrap_or_else(|| Crs::utm_zone(longitude, latitude))
}

/// What a grid is called.
pub(super) fn grid_name(local: Crs, language: Language) -> String {
    match local.of_zone() {
        Some((zone, meridian, _)) => language.words(
            &format!("CGCS2000 高斯-克吕格 3 度带第 {zone} 带,中央经线 {meridian}°({local})"),
            &format!("CGCS2000 Gauss-Krueger, 3-degree zone {zone}, central meridian {meridian}° ({local})"),
        ),
        None => format!("UTM ({local})"),
    }
}

/// The words of a code in this language.
pub(super) fn meaning(domain: &Domain, code: &str, language: Language) -> String {
    let words = domain.values.iter().find(|(value, _)| *value == code).map(|(_, words)| *words);
    words.map_or_else(|| code.to_owned(), |words| language.of_alias(words).to_owned())
}

fn pictures(lead: &Item, language: Language, local: Crs) -> Result<Data, ReportError> {
    let (mut shown, mut files) = (Vec::new(), Vec::new());
    for close in &lead.close {
        let name = format!("{}.jpg", close.moment.name());
        let title = match close.moment {
            Moment::Before => language.words("变化前", "before"),
            Moment::After => language.words("变化后", "after"),
        };
        let colours = if close.is_natural {
            language.words("真彩色", "natural colours")
        } else {
            language.words("假彩色:近红外、红、绿", "false colour: NIR, red, green")
        };
        let over = frame::over(close, &lead.outline, local)?;
        let pixel = over["pixel"].as_str().unwrap_or_default().to_owned();
        shown.push(json!({
            "file": name,
            "title": format!("{title} {}", close.date),
            "caption": format!("{} · {colours} · {} {pixel}", close.scene, language.words("像元", "pixel")),
            "over": over,
        }));
        files.push((name, close.jpeg.clone()));
    }
    if shown.is_empty() {
        for moment in [Moment::Before, Moment::After] {
            if let Some(bytes) = lead.chip(moment)? {
                let wrong = |reason: String| ReportError::Typeset { document: lead.id.clone(), reason };
                let bytes = chip::as_jpeg(&bytes).map_err(wrong)?;
                let name = format!("{}.jpg", moment.name());
                shown.push(json!({"file": name, "title": "", "caption": "", "over": null}));
                files.push((name, bytes));
            }
        }
    }
    let none = language.words(
        "没有影像图:运行结果与影像均不在手边",
        "no pictures: neither the run's nor the scenes are at hand",
    );
    let grid = language.words("坐标格网:", "grid: ") + &grid_name(local, language);
    Ok((json!({"shown": shown, "none": none, "grid": grid}), files))
}

fn facts(lead: &Item, language: Language) -> Value {
    let fact = |name: &&str| {
        let field = LEAD.iter().find(|field| field.name == *name)?;
        let value = lead.properties.get(*name)?;
        let text = match (*name, value) {
            ("status", Value::String(code)) => meaning(&STATUS, code, language),
            ("tier", Value::String(code)) => meaning(&TIER, code, language),
            (_, Value::String(text)) if !text.is_empty() => said(text, language),
            (_, Value::Number(number)) => number.to_string(),
            _ => return None,
        };
        Some(json!([language.of_alias(field.alias), text]))
    };
    let mut facts: Vec<Value> = FACTS.iter().filter_map(fact).collect();
    if let Some(case) = &lead.case {
        let state = language.words(case.state.chinese(), case.state.english());
        facts.push(json!([
            language.words("台账状态", "state in the ledger"),
            format!("{state} ({})", case.since)
        ]));
        if let Some(verdict) = case.verdict() {
            facts.push(json!([
                language.words("核查结论", "verdict of the visit"),
                language.words(verdict.chinese(), verdict.english())
            ]));
        }
    }
    Value::Array(facts)
}

fn area(lead: &Item, language: Language) -> Value {
    let row = |label: String, unit: &str| {
        let cell = |end: &str| {
            let name = format!("area{end}_{unit}");
            lead.number(&name).map_or("-".to_owned(), |number| format!("{number}"))
        };
        json!([label, cell("_low"), cell(""), cell("_high")])
    };
    json!({
        "title": language.words("面积", "Area"),
        "head": [
            "", language.words("下限", "low"), language.words("最佳估计", "best"), language.words("上限", "high")
        ],
        "rows": [row(language.words("亩", "mu"), "mu"), row(language.words("平方米", "m²"), "m2")],
        "note": format!("{}: {}", language.words("量算方法", "method"), said(lead.text("area_method"), language)),
    })
}

fn place(lead: &Item, language: Language, local: Crs) -> Result<Value, ReportError> {
    let (longitude, latitude) = lead.point;
    let transform = Transform::new(Crs::CGCS2000, local)?;
    let (x, y) = transform.point(longitude, latitude)?;
    let mut rows = vec![
        json!([
            language.words("经度、纬度(CGCS2000)", "longitude, latitude (CGCS2000)"),
            format!("{longitude:.7}°, {latitude:.7}°")
        ]),
        json!([
            grid_name(local, language),
            format!("{} {y:.2} m, {} {x:.2} m", language.words("北", "N"), language.words("东", "E"))
        ]),
    ];
    let county = lead.case.as_ref().and_then(|case| case.county.clone());
    rows.extend(county.map(|county| json!([language.words("所在县(旗)", "county"), county])));
    let mut vertices = Vec::new();
    let mut count = 0;
    for (part, polygon) in lead.outline.0.iter().enumerate() {
        for (ring, line) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
            // The last vertex of a ring is its first.
            for at in line.0.iter().skip(1) {
                count += 1;
                if count <= MOST_VERTICES {
                    let (x, y) = transform.point(at.x, at.y)?;
                    vertices.push(json!([
                        format!("{}.{}", part + 1, ring + 1),
                        format!("{:.7}", at.x),
                        format!("{:.7}", at.y),
                        format!("{y:.2}"),
                        format!("{x:.2}")
                    ]));
                }
            }
        }
    }
    let rest = count.saturating_sub(MOST_VERTICES);
    let note = if rest > 0 {
        language.words(
            &format!("另有 {rest} 个界址点,见 leads.geojson"),
            &format!("{rest} more vertices stand in leads.geojson"),
        )
    } else {
        String::new()
    };
    Ok(json!({
        "title": language.words("位置", "Where"),
        "rows": rows,
        "vertices_title": language.words("图斑界址点", "Vertices of the outline"),
        "head": [
            language.words("块.环", "part.ring"), language.words("经度°", "longitude°"), language.words("纬度°", "latitude°"),
            language.words("北坐标 m", "northing m"), language.words("东坐标 m", "easting m"),
        ],
        "vertices": vertices,
        "note": note,
    }))
}

fn notes(lead: &Item, language: Language) -> Value {
    let notes = lead.list("notes").iter().filter_map(Value::as_str).map(|note| said(note, language));
    let selection = lead.text("selection");
    let words = language.words("入选规则", "how it was selected");
    let selected = (!selection.is_empty()).then(|| format!("{words}: {}", said(selection, language)));
    notes.chain(selected).map(Value::String).collect()
}

fn history(lead: &Item, language: Language) -> Value {
    let row = |event: &Event| {
        json!([
            event.seq.to_string(),
            event.at_utc,
            event.actor,
            event.kind,
            event.reason,
            sources::short(&event.hash)
        ])
    };
    json!({
        "title": language.words("台账记录", "In the ledger"),
        "head": ["#", language.words("时间 (UTC)", "time (UTC)"), language.words("何人", "who"), language.words("何事", "what"), language.words("理由", "reason"), "SHA-256"],
        "rows": lead.events.iter().map(row).collect::<Value>(),
        "none": language.words("未给出台账", "no ledger was given"),
    })
}
