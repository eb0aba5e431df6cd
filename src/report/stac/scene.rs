//! The scenes that a run read, as Items that name files elsewhere by their digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::date::{Date, parse_date};
use crate::publish::Staging;
use crate::publish::fields;
use crate::report::stac::{FILE, SCENES, STAC, end_of, json_file, link, multihash, start_of};
use crate::report::{Material, ReportError};

/// A scene of the run's manifest.
pub struct Scene {
    /// As the run calls it.
    pub id: String,
    /// Its name in the catalogue.
    pub name: String,
    /// The day.
    pub day: Date,
    /// Its files: name, size, SHA-256.
    files: Vec<(String, u64, String)>,
}

/// The scenes that were used, in the order of the manifest.
pub fn scenes(material: &Material) -> Vec<Scene> {
    let Some(run) = &material.run else { return Vec::new() };
    let list = |name: &str| run.result[name].as_array().into_iter().flatten();
    let scene = |scene: &Value| {
        let id = scene["id"].as_str()?;
        let is_of = |input: &&Value| {
            let file = input["file"].as_str().unwrap_or_default();
            // Manifests of earlier programs do not say whose a file is.
            input["role"] == "scene" && input["scene"].as_str().map_or(file.starts_with(id), |own| own == id)
        };
        let file = |input: &Value| {
            let text = |key: &str| input[key].as_str().map(str::to_owned);
            Some((text("file")?, input["size_bytes"].as_u64()?, text("sha256")?))
        };
        Some(Scene {
            id: id.to_owned(),
            name: fields::file_name(id),
            day: parse_date(scene["date"].as_str()?)?,
            files: list("inputs").filter(is_of).filter_map(file).collect(),
        })
    };
    list("scenes").filter(|scene| scene["used"] == true).filter_map(scene).collect()
}

/// Writes the Item of a scene; returns the link to it from its collection.
pub fn write(scene: &Scene, staging: &Staging) -> Result<Value, ReportError> {
    let mut assets = Map::new();
    for (number, (file, size, sha256)) in scene.files.iter().enumerate() {
        let asset = json!({
            "href": by_digest(sha256), "title": file, "type": kind(file), "roles": ["data"], "file:size": size,
            "file:checksum": multihash(sha256),
        });
        assets.insert(format!("file{}", number + 1), asset);
    }
    let item = json!({
        "type": "Feature", "stac_version": STAC, "stac_extensions": [FILE], "id": scene.name,
        "geometry": null,
        "properties": {
            "title": scene.id, "datetime": null, "start_datetime": start_of(scene.day), "end_datetime": end_of(scene.day),
        },
        "links": [
            link("root", "../../catalog.json", "application/json", ""),
            link("parent", "../collection.json", "application/json", ""),
            link("collection", "../collection.json", "application/json", ""),
        ],
        "collection": SCENES,
        "assets": assets,
    });
    let name = &scene.name;
    staging.folder(&format!("stac/scenes/{name}"))?;
    json_file(staging, &format!("stac/scenes/{name}/{name}.json"), &item)?;
    Ok(link("item", &format!("./{name}/{name}.json"), "application/geo+json", &scene.id))
}

/// The name of bytes by their digest (RFC 6920).
fn by_digest(sha256: &str) -> String {
    let byte = |at: usize| sha256.get(at * 2..at * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = (0..sha256.len() / 2).filter_map(byte).collect();
    format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn kind(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("tif" | "tiff") => "image/tiff; application=geotiff",
        Some("jp2") => "image/jp2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_named_as_in_the_standard() {
        // RFC 6920, section 8.1: "Hello World!".
        let hello = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069";
        assert_eq!(by_digest(hello), "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk");
    }
}
