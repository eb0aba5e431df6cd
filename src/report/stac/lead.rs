//! One lead as an Item: its outline, its pictures before and after, its record, and the scenes that it comes from.

use geo::BoundingRect;
use serde_json::{Map, Value, json};

use crate::date::{Date, parse_date};
use crate::publish::{PublishError, Staging, outline};
use crate::report::material::{Close, Item, Moment};
use crate::report::stac::scene::Scene;
use crate::report::stac::{
    FILE, LEADS, PROCESSING, PROJECTION, STAC, asset, end_of, json_file, link, note, software, start_of,
};
use crate::report::{Language, Material, ReportError};

/// Columns of the record that a reader of the Item sees at once; the record beside it holds all of them.
const SHOWN: [&str; 20] = [
    "rank",
    "model",
    "model_name",
    "model_name_zh",
    "tier",
    "status",
    "confidence",
    "confidence_method",
    "first_seen",
    "last_seen",
    "area_m2",
    "area_low_m2",
    "area_high_m2",
    "area_mu",
    "area_method",
    "redline_id",
    "redline_name",
    "redline_class",
    "scene_before",
    "scene_after",
];

/// The days of the pictures, the earlier one first.
pub fn days(lead: &Item) -> Option<(Date, Date)> {
    let day = |name: &str| parse_date(lead.text(name));
    let (before, after) = (day("before")?, day("after")?);
    Some((before.min(after), before.max(after)))
}

/// Writes the Item with its files; returns the link to it from its collection.
pub fn write(
    lead: &Item,
    (material, scenes): (&Material, &[Scene]),
    language: Language,
    staging: &Staging,
) -> Result<Value, ReportError> {
    let name = lead.file_name();
    staging.folder(&format!("stac/leads/{name}"))?;
    let shape = outline::for_files(&lead.outline).map_err(|reason| PublishError::Outline {
        what: "lead",
        id: lead.id.clone(),
        reason,
    })?;
    let coordinates: Value = serde_json::from_str(&outline::coordinates(&shape)).unwrap_or_default();
    let geometry = json!({"type": "MultiPolygon", "coordinates": coordinates});
    let mut assets = pictures(lead, language, staging)?;
    let record =
        json!({"type": "Feature", "id": lead.id, "properties": lead.properties, "geometry": geometry});
    let record = format!("{record:#}\n");
    staging.write(&format!("stac/leads/{name}/record.geojson"), record.as_bytes())?;
    let title = language.words("完整记录", "the whole record");
    assets.insert(
        "record".to_owned(),
        asset("record.geojson", record.as_bytes(), ("application/geo+json", &title, &["metadata"])),
    );
    let extensions =
        [Some(FILE), material.run.as_ref().map(|_| PROCESSING), lead.close.first().map(|_| PROJECTION)];
    let extensions: Vec<&str> = extensions.into_iter().flatten().collect();
    let mut item = json!({
        "type": "Feature", "stac_version": STAC, "stac_extensions": extensions, "id": name,
        "geometry": geometry,
    });
    if let Some(rect) = shape.bounding_rect() {
        item["bbox"] = json!([rect.min().x, rect.min().y, rect.max().x, rect.max().y]);
    } else {
        item["geometry"] = Value::Null;
    }
    item["properties"] = properties(lead, material, language);
    item["links"] = Value::Array(links(lead, scenes));
    item["collection"] = json!(LEADS);
    item["assets"] = Value::Object(assets);
    json_file(staging, &format!("stac/leads/{name}/{name}.json"), &item)?;
    let title = format!("{} {}", lead.text("model"), lead.id);
    Ok(link("item", &format!("./{name}/{name}.json"), "application/geo+json", &title))
}

/// Its pictures with the outline as the run drew them, and views of the ground around it, as far as they are at hand.
fn pictures(lead: &Item, language: Language, staging: &Staging) -> Result<Map<String, Value>, ReportError> {
    let name = lead.file_name();
    let mut assets = Map::new();
    for moment in [Moment::Before, Moment::After] {
        if let Some(bytes) = lead.chip(moment)? {
            let file = format!("chip_{}.png", moment.name());
            staging.write(&format!("stac/leads/{name}/{file}"), &bytes)?;
            let title = titled(language, moment, ("图片(含图斑边界)", "picture with the outline"));
            assets.insert(
                format!("chip_{}", moment.name()),
                asset(&file, &bytes, ("image/png", &title, &["overview"])),
            );
        }
    }
    for close in &lead.close {
        let file = format!("{}.jpg", close.moment.name());
        staging.write(&format!("stac/leads/{name}/{file}"), &close.jpeg)?;
        assets.insert(close.moment.name().to_owned(), view(close, &file, language));
    }
    Ok(assets)
}

fn titled(language: Language, moment: Moment, (chinese, english): (&str, &str)) -> String {
    let when = match moment {
        Moment::Before => ("变化前", "before"),
        Moment::After => ("变化后", "after"),
    };
    language.words(&format!("{}{chinese}", when.0), &format!("{english}, {}", when.1))
}

/// The ground around the lead on one day, in its place.
fn view(close: &Close, file: &str, language: Language) -> Value {
    let words = match close.is_natural {
        true => ("视图, 真彩色", "view in natural colours"),
        false => ("视图, 近红外假彩色", "view in near infrared, red, green"),
    };
    let title = format!("{} {}", titled(language, close.moment, words), close.date);
    let mut said = asset(file, &close.jpeg, ("image/jpeg", &title, &["visual"]));
    let (west, south, east, north) = close.grid.bounds();
    said["proj:code"] = json!(close.grid.crs.to_string());
    said["proj:bbox"] = json!([west, south, east, north]);
    said["steppewatch:scene"] = json!(close.scene);
    said
}

fn properties(lead: &Item, material: &Material, language: Language) -> Value {
    let mut all = Map::new();
    let kind = language.words(lead.text("model_name_zh"), lead.text("model_name"));
    all.insert("title".to_owned(), json!(format!("{} {kind} {}", lead.text("model"), lead.id)));
    all.insert("description".to_owned(), json!(note(language)));
    all.insert("datetime".to_owned(), Value::Null);
    // Without days of its own a lead is of the run's periods.
    let (from, to) = days(lead).unwrap_or((Date::constant(1970, 1, 1), Date::constant(1970, 1, 1)));
    all.insert("start_datetime".to_owned(), json!(start_of(from)));
    all.insert("end_datetime".to_owned(), json!(end_of(to)));
    all.insert("steppewatch:id".to_owned(), json!(lead.id));
    for name in SHOWN {
        all.insert(format!("steppewatch:{name}"), lead.properties.get(name).cloned().unwrap_or(Value::Null));
    }
    if let Some(run) = &material.run {
        all.insert("processing:software".to_owned(), software(material));
        all.insert("processing:version".to_owned(), json!(run.version));
        all.insert("processing:lineage".to_owned(), json!(lineage(run, language)));
        all.insert("steppewatch:run".to_owned(), json!(run.id));
    }
    Value::Object(all)
}

/// How it came about, in words.
fn lineage(run: &crate::report::material::Run, language: Language) -> String {
    let used =
        run.result["scenes"].as_array().into_iter().flatten().filter(|scene| scene["used"] == true).count();
    language.words(
        &format!(
            "用 steppewatch {} 将每个像元与其自身回溯期({})及同日同类像元比较,监测期 {},共 {used} 景;运行结果 SHA-256 {},全部输入、参数、规则与输出\
             见运行清单(SHA-256 {})。",
            run.version, run.baseline, run.target, run.id, run.manifest_sha256
        ),
        &format!(
            "steppewatch {} compared each pixel with its own look-back ({}) and with its look-alikes of the same day, target period {}, \
             {used} scenes; result SHA-256 {}; every input, parameter, rule and output stands in the manifest (SHA-256 {}).",
            run.version, run.baseline, run.target, run.id, run.manifest_sha256
        ),
    )
}

fn links(lead: &Item, scenes: &[Scene]) -> Vec<Value> {
    let mut links = vec![
        link("root", "../../catalog.json", "application/json", ""),
        link("parent", "../collection.json", "application/json", ""),
        link("collection", "../collection.json", "application/json", ""),
    ];
    let shown = [lead.text("scene_before"), lead.text("scene_after")];
    for scene in scenes.iter().filter(|scene| shown.contains(&scene.id.as_str())) {
        let href = format!("../../scenes/{0}/{0}.json", scene.name);
        links.push(link("derived_from", &href, "application/geo+json", &scene.id));
    }
    if !scenes.is_empty() {
        // Its evidence is of the whole series: the look-back and the views between the two pictures.
        links.push(link(
            "derived_from",
            "../../scenes/collection.json",
            "application/json",
            "all scenes of the run",
        ));
    }
    links
}
