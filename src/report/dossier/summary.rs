//! One page on a run: what was looked at, how much was found, where, and the first of the list.

use std::collections::BTreeMap;

use geo::{BoundingRect, Coord, MultiPolygon, Rect, Simplify};
use serde_json::{Value, json};

use crate::grid::crs::Transform;
use crate::grid::{Crs, Grid};
use crate::publish::chip::round_length;
use crate::publish::domains::VERDICT;
use crate::report::dossier::record::{Data, clean, grid_name, local, meaning};
use crate::report::dossier::{frame, sources};
use crate::report::material::{Item, Material};
use crate::report::phrases::said;
use crate::report::{Language, ReportError};

/// Leads that the list shows; the rest is counted.
const SHOWN: usize = 16;
/// Cells along the longer side of the map: outlines are drawn no finer.
const CELLS: f64 = 1000.0;

/// The data of the summary.
///
/// # Errors
/// A transform that cannot be made.
pub fn of(material: &Material, language: Language) -> Result<Data, ReportError> {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let run = material.run.as_ref();
    let mut facts = Vec::new();
    if let Some(run) = run {
        let decided = &run.result["plan"]["decided"];
        let scenes = run.result["scenes"].as_array().map_or(0, Vec::len);
        facts.push(json!([say("回溯期", "look-back"), run.baseline]));
        facts.push(json!([say("监测期", "target period"), run.target]));
        facts.push(json!([say("景数", "scenes"), scenes.to_string()]));
        facts
            .push(json!([say("格网", "grid"), said(decided["grid"].as_str().unwrap_or_default(), language)]));
        facts.push(json!([say("运行结果 SHA-256", "result, SHA-256"), sources::short(&run.id)]));
    }
    let total: f64 = material.leads.iter().filter_map(|lead| lead.number("area_mu")).sum();
    facts.push(json!([say("线索", "leads"), material.leads.len().to_string()]));
    facts.push(json!([
        say("线索面积合计", "area of all leads"),
        format!("{:.1} {}", total + 0.0, say("亩", "mu"))
    ]));
    facts.push(json!([say("缺测区", "gaps"), material.gaps.len().to_string()]));
    if material.leads.is_empty() {
        facts.push(json!([
            say("说明", "note"),
            say(
                "没有达到置信度要求的线索;缺测处未作判断,不是“无变化”",
                "no lead reached the least confidence; ground in a gap was not judged and is no \"no change\""
            ),
        ]));
    }
    let rest = material.leads.len().saturating_sub(SHOWN);
    let notes = run.and_then(|run| run.result["plan"]["notes"].as_array()).cloned().unwrap_or_default();
    let data = json!({
        "chinese": language != Language::English,
        "title": say("遥感线索汇总", "Summary of a run"),
        "nature": say("线索,须经实地核查", "hypotheses, to be checked on the ground"),
        "facts": facts,
        "models_title": say("按子模型", "By sub-model"),
        "models_head": [say("子模型", "sub-model"), say("线索", "leads"), say("亩", "mu")],
        "models": models(material, language),
        "list_title": say("线索清单(按排序)", "Leads by rank"),
        "head": [
            "#", say("编号", "id"), say("子模型", "model"), say("置信度", "confidence"), say("面积(亩)", "area (mu)"), say("首次发现", "first seen"),
            say("与数额比较", "against the limit"), say("红线", "red line"), say("经纬度", "longitude, latitude"),
        ],
        "rows": material.leads.iter().take(SHOWN).map(|lead| row(lead, language)).collect::<Value>(),
        "rest": if rest > 0 { say(&format!("另有 {rest} 条,见 leads.geojson"), &format!("{rest} more stand in leads.geojson")) } else { String::new() },
        "notes_title": say("须知", "What a reader must know"),
        "notes": notes.iter().filter_map(Value::as_str).map(|note| said(note, language)).collect::<Vec<String>>(),
        "map": map(material, language)?,
        "legend": {
            "redline": say("红线", "red line"), "gap": say("缺测", "gap"), "lead": say("线索(按排序编号)", "lead, by rank"),
        },
        "disclaimer": language.words(crate::publish::fields::DISCLAIMER_ZH, crate::publish::fields::DISCLAIMER),
    });
    Ok((clean(data), Vec::new()))
}

fn row(lead: &Item, language: Language) -> Value {
    let number = |name: &str| lead.number(name).map_or("-".to_owned(), |number| number.to_string());
    let area = format!("{} ({} - {})", number("area_mu"), number("area_low_mu"), number("area_high_mu"));
    let (longitude, latitude) = lead.point;
    json!([
        number("rank"),
        lead.id,
        lead.text("model"),
        number("confidence"),
        area,
        lead.text("first_seen"),
        meaning(&VERDICT, lead.text("legal_verdict"), language),
        lead.text("redline_name"),
        format!("{longitude:.5}, {latitude:.5}"),
    ])
}

fn models(material: &Material, language: Language) -> Value {
    let mut models: BTreeMap<&str, (String, usize, f64)> = BTreeMap::new();
    for lead in &material.leads {
        let name = || language.words(lead.text("model_name_zh"), lead.text("model_name"));
        let entry = models.entry(lead.text("model")).or_insert_with(|| (name(), 0, 0.0));
        entry.1 += 1;
        entry.2 += lead.number("area_mu").unwrap_or(0.0);
    }
    let row = |(id, (name, count, mu)): (&str, (String, usize, f64))| {
        json!([format!("{id} {name}"), count.to_string(), format!("{mu:.1}")])
    };
    models.into_iter().map(row).collect()
}

/// Red lines, gaps and leads on a grid of metres: no picture below, so that it prints in black and white.
fn map(material: &Material, language: Language) -> Result<Value, ReportError> {
    let Some((west, south, east, north)) = material.bounds() else { return Ok(Value::Null) };
    let crs = material.zone().unwrap_or_else(|| local((west + east) / 2.0, (south + north) / 2.0));
    let transform = Transform::new(Crs::LON_LAT, crs)?;
    let lines: Vec<MultiPolygon<f64>> =
        material.redlines.iter().map(|line| transform.polygons(&line.outline)).collect::<Result<_, _>>()?;
    let leads: Vec<MultiPolygon<f64>> =
        material.leads.iter().map(|lead| transform.polygons(&lead.outline)).collect::<Result<_, _>>()?;
    let rects = lines.iter().chain(&leads).filter_map(BoundingRect::bounding_rect);
    let Some(all) = rects.reduce(|a, b| {
        let (low, high) = (a.min(), a.max());
        Rect::new(
            Coord { x: low.x.min(b.min().x), y: low.y.min(b.min().y) },
            Coord { x: high.x.max(b.max().x), y: high.y.max(b.max().y) },
        )
    }) else {
        return Ok(Value::Null);
    };
    let side = all.width().max(all.height()).max(100.0) * 1.04;
    let cell = side / CELLS;
    let middle = all.center();
    let (width, height) = ((all.width() * 1.04).max(side * 0.4), (all.height() * 1.04).max(side * 0.4));
    let grid = Grid {
        rows: (height / cell).ceil() as usize,
        cols: (width / cell).ceil() as usize,
        origin_x: middle.x - width / 2.0,
        origin_y: middle.y + height / 2.0,
        pixel_width: cell,
        pixel_height: cell,
        crs,
    };
    let gaps: Vec<MultiPolygon<f64>> =
        material.gaps.iter().map(|gap| transform.polygons(&gap.outline)).collect::<Result<_, _>>()?;
    let drawn = |all: &[MultiPolygon<f64>]| -> Vec<Value> {
        all.iter().map(|outline| frame::rings(&grid, &outline.simplify(cell))).collect()
    };
    let spots = material.leads.iter().map(|lead| {
        let (x, y) = transform.point(lead.point.0, lead.point.1)?;
        let (row, col) = grid.pixels(x, y);
        let rank = lead.number("rank").map_or(String::new(), |rank| rank.to_string());
        Ok(json!({"at": [col / grid.cols as f64, row / grid.rows as f64], "label": rank}))
    });
    let spots: Vec<Value> = spots.collect::<Result<_, ReportError>>()?;
    let metres = round_length(width * 0.3);
    let label = if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") };
    Ok(json!({
        "aspect": height / width,
        "redlines": drawn(&lines),
        "gaps": drawn(&gaps),
        "leads": drawn(&leads),
        "spots": spots,
        "lines": frame::lines(&grid, crs)?,
        "bar": {"share": metres / width, "label": label},
        "grid": grid_name(crs, language),
    }))
}
