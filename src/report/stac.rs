//! The evidence of leads as a static STAC catalogue: an Item for each lead, with its pictures by digest and the scenes behind it.
//!
//! In:  leads with pictures and surroundings, the run's manifest. Out: `stac/catalog.json`, `stac/leads/` (a collection, a folder
//!      for each lead) and `stac/scenes/` (a collection of the scenes that the run read; their files by name and digest).
//! Law: relative links alone, so that the catalogue can be moved; every file that it holds by size and SHA-256. No clock: times
//!      are those of the imagery. A scene's file lies elsewhere and is named by its digest (`ni:`), which leads to no machine.
//! Source: STAC 1.1.0; extensions file 2.1.0, processing 1.2.0, projection 2.0.0; RFC 6920 (names by digest).

mod lead;
mod scene;

use serde_json::{Map, Value, json};

use crate::date::Date;
use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH};
use crate::publish::{Staging, digest};
use crate::report::{Asked, Language, Material, ReportError};

/// Version of the specification.
const STAC: &str = "1.1.0";
/// Extensions whose fields are used.
const FILE: &str = "https://stac-extensions.github.io/file/v2.1.0/schema.json";
const PROCESSING: &str = "https://stac-extensions.github.io/processing/v1.2.0/schema.json";
const PROJECTION: &str = "https://stac-extensions.github.io/projection/v2.0.0/schema.json";
/// Ids of the two collections.
const LEADS: &str = "steppewatch-leads";
const SCENES: &str = "steppewatch-scenes";

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of pictures and of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let language = asked.language;
    let scenes = scene::scenes(material);
    let mut links = Vec::new();
    for lead in &material.leads {
        links.push(lead::write(lead, (material, &scenes), language, staging)?);
    }
    let box_of = |bounds: (f64, f64, f64, f64)| json!([bounds.0, bounds.1, bounds.2, bounds.3]);
    let ground = material.bounds().map_or(json!([-180.0, -90.0, 180.0, 90.0]), box_of);
    let days = material.leads.iter().filter_map(lead::days);
    let days = days.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
    let title = language.words("线索 (遥感, 待核查)", "Leads from imagery, to be checked");
    collection(staging, material, (LEADS, "leads", &title), (&ground, days), (links, language))?;
    let mut children = vec![("leads/collection.json", title)];
    if !scenes.is_empty() {
        let mut links = Vec::new();
        for scene in &scenes {
            links.push(scene::write(scene, staging)?);
        }
        let title = language.words("所用影像", "Scenes that were read");
        let days = scenes.iter().map(|scene| scene.day).min().zip(scenes.iter().map(|scene| scene.day).max());
        collection(staging, material, (SCENES, "scenes", &title), (&ground, days), (links, language))?;
        children.push(("scenes/collection.json", title));
    }
    let mut links = vec![link("root", "./catalog.json", "application/json", "")];
    links.extend(
        children.iter().map(|(href, title)| link("child", &format!("./{href}"), "application/json", title)),
    );
    let catalog = json!({
        "type": "Catalog", "stac_version": STAC, "id": "steppewatch",
        "title": language.words("线索证据", "Evidence of leads"), "description": note(language), "links": links,
    });
    json_file(staging, "stac/catalog.json", &catalog)?;
    Ok(vec![format!(
        "stac: {} leads and {} scenes; begin at stac/catalog.json",
        material.leads.len(),
        scenes.len()
    )])
}

/// What every reader must know.
fn note(language: Language) -> String {
    language.words(DISCLAIMER_ZH, DISCLAIMER)
}

/// One collection with its items.
fn collection(
    staging: &Staging,
    material: &Material,
    (id, folder, title): (&str, &str, &str),
    (ground, days): (&Value, Option<(Date, Date)>),
    (items, language): (Vec<Value>, Language),
) -> Result<(), ReportError> {
    let interval = days.map_or(json!([null, null]), |(first, last)| json!([start_of(first), end_of(last)]));
    let mut links = vec![
        link("root", "../catalog.json", "application/json", ""),
        link("parent", "../catalog.json", "application/json", ""),
    ];
    links.extend(items);
    let mut whole = json!({
        "type": "Collection", "stac_version": STAC, "stac_extensions": [], "id": id, "title": title,
        "description": note(language), "license": "other",
        "extent": {"spatial": {"bbox": [ground]}, "temporal": {"interval": [interval]}},
    });
    if let Some(run) = &material.run {
        whole["summaries"] = json!({"processing:software": [software(material)]});
        whole["stac_extensions"] = json!([PROCESSING]);
        whole["steppewatch:run"] = json!(run.id);
        whole["steppewatch:run_manifest_sha256"] = json!(run.manifest_sha256);
    }
    whole["links"] = Value::Array(links);
    staging.folder(&format!("stac/{folder}"))?;
    json_file(staging, &format!("stac/{folder}/collection.json"), &whole)
}

/// The program and its libraries with their versions.
fn software(material: &Material) -> Value {
    let Some(run) = &material.run else { return json!({}) };
    let mut all = Map::new();
    all.insert("steppewatch".to_owned(), json!(run.version));
    for (name, version) in run.result["libraries"].as_object().into_iter().flatten() {
        all.insert(name.clone(), version.clone());
    }
    Value::Object(all)
}

fn link(rel: &str, href: &str, kind: &str, title: &str) -> Value {
    let mut link = json!({"rel": rel, "href": href, "type": kind});
    if !title.is_empty() {
        link["title"] = json!(title);
    }
    link
}

/// A file of the catalogue that lies beside the object that names it.
fn asset(name: &str, bytes: &[u8], (kind, title, roles): (&str, &str, &[&str])) -> Value {
    json!({
        "href": format!("./{name}"), "type": kind, "title": title, "roles": roles, "file:size": bytes.len(),
        "file:checksum": multihash(&digest::of_bytes(bytes)),
    })
}

/// A SHA-256 as the file extension wants it: a multihash, whose first byte names SHA2-256 and whose second its 32 bytes.
fn multihash(sha256: &str) -> String {
    format!("1220{sha256}")
}

fn json_file(staging: &Staging, name: &str, value: &Value) -> Result<(), ReportError> {
    Ok(staging.write(name, format!("{value:#}\n").as_bytes())?)
}

/// The first moment of a day, UTC. Of a scene no more than the day is known here.
fn start_of(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

/// The last second of a day, UTC.
fn end_of(day: Date) -> String {
    format!("{day}T23:59:59Z")
}

#[cfg(test)]
mod tests;
