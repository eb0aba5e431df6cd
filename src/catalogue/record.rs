//! What a folder of clips says of itself: an item for each scene, and a catalogue over them that is written last.
//!
//! Law: a record holds no secret, no path of this machine and no time of the copy: the same sources give the same bytes. What
//!      was not fetched stands in the catalogue, so that whoever reads the folder later knows it too. Every file appears
//!      under its name whole.
//! Source: STAC 1.0 (catalogue, item), extension `file` 2.1.0 (`file:size`, `file:checksum` as multihash: 1220 is SHA-256 of
//!         32 bytes).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalogue::CatalogueError;
use crate::catalogue::item::{Item, Object};
use crate::publish::{digest, manifest};
use crate::read::missing::{MISSING, UNFINISHED};

/// Catalogue of a folder of clips.
pub const CATALOGUE: &str = "catalog.json";
/// Folder of items.
pub const ITEMS: &str = "items";
/// Folder of clips.
pub const ASSETS: &str = "assets";
/// Folder of what is not whole yet.
pub const PARTS: &str = ".part";
/// Where an item says by which wish it was cut.
const WISH: &str = "steppewatch:wish";
/// Where an asset says what it is a window of.
const SOURCE: &str = "steppewatch:source";
/// Extension of sizes and check sums.
const FILE_EXTENSION: &str = "https://stac-extensions.github.io/file/v2.1.0/schema.json";

/// Where a clip comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Address without secrets, or the name of a local file.
    pub href: String,
    /// Bytes of the whole file.
    pub size: u64,
    /// What the server knows its content by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it changed last, as the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// By what its bytes were judged.
    pub judged_by: String,
    /// The window in pixels of the whole: row, column, rows, columns.
    pub window: [usize; 4],
}

/// A clip that lies in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clipped {
    /// Key of the asset.
    pub key: String,
    /// Name of the file.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Whether it holds any value.
    pub has_values: bool,
    /// What it is a window of.
    pub source: Source,
}

impl Clipped {
    /// Whether a file is this clip.
    pub fn is(&self, path: &Path) -> bool {
        digest::of_file(path).is_ok_and(|(size, sha256)| size == self.size && sha256 == self.sha256)
    }
}

/// A scene that should be there and is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotFetched {
    /// Day of acquisition.
    pub date: String,
    /// Its id.
    pub id: String,
    /// Why, without secrets.
    pub reason: String,
}

/// The item of a scene whose clips lie in the folder of its name.
pub fn item(item: &Item, name: &str, clips: &[Clipped], wish: &str) -> Value {
    let mut said = item.kept.clone();
    let mut assets = Object::new();
    for clip in clips {
        let before = said.get("assets").and_then(|all| all.get(&clip.key)).and_then(Value::as_object);
        let is_of_whole = |key: &str| key.starts_with("proj:") || key.starts_with("file:");
        let kept = before.into_iter().flatten().filter(|(key, _)| !is_of_whole(key));
        let mut fields: Object = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        fields.insert("href".to_owned(), json!(format!("../{ASSETS}/{name}/{}", clip.file)));
        fields.insert("type".to_owned(), json!("image/tiff; application=geotiff; profile=cloud-optimized"));
        fields.insert("file:size".to_owned(), json!(clip.size));
        fields.insert("file:checksum".to_owned(), json!(format!("1220{}", clip.sha256)));
        fields.insert(SOURCE.to_owned(), json!(clip.source));
        assets.insert(clip.key.clone(), Value::Object(fields));
    }
    said.insert("assets".to_owned(), Value::Object(assets));
    let listed = said.get("stac_extensions").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_file = |name: &Value| name.as_str().is_some_and(|name| name.contains("/file/"));
    let mut extensions: Vec<Value> = listed.into_iter().filter(|name| !is_file(name)).collect();
    extensions.push(json!(FILE_EXTENSION));
    said.insert("stac_extensions".to_owned(), Value::Array(extensions));
    said.insert(WISH.to_owned(), json!(wish));
    let root = json!({ "rel": "root", "href": format!("../{CATALOGUE}"), "type": "application/json" });
    let parent = json!({ "rel": "parent", "href": format!("../{CATALOGUE}"), "type": "application/json" });
    // STAC asks for a link to the collection of an item that names one; there is none here.
    if let Some(collection) = said.remove("collection").filter(|name| name.is_string())
        && let Some(Value::Object(properties)) = said.get_mut("properties")
    {
        properties.entry("steppewatch:collection".to_owned()).or_insert(collection);
    }
    said.insert("links".to_owned(), json!([root, parent]));
    Value::Object(said)
}

/// The clips that an item lists, if it was cut by this wish.
pub fn clips(item: &Value, wish: &str) -> Option<Vec<Clipped>> {
    if item.get(WISH)?.as_str()? != wish {
        return None;
    }
    let of_one = |(key, asset): (&String, &Value)| {
        let sha256 = asset.get("file:checksum")?.as_str()?.strip_prefix("1220")?.to_owned();
        let file = asset.get("href")?.as_str()?.rsplit('/').next()?.to_owned();
        let size = asset.get("file:size")?.as_u64()?;
        let source = serde_json::from_value(asset.get(SOURCE)?.clone()).ok()?;
        Some(Clipped { key: key.clone(), file, size, sha256, has_values: true, source })
    };
    item.get("assets")?.as_object()?.iter().map(of_one).collect()
}

/// What the clips of some items are windows of, by the real path of each clip.
pub fn sources(items: &[PathBuf]) -> BTreeMap<PathBuf, manifest::Source> {
    let mut found = BTreeMap::new();
    for path in items {
        let said = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let assets = said.as_ref().and_then(|item| item.get("assets")).and_then(Value::as_object);
        for asset in assets.into_iter().flatten().map(|(_, asset)| asset) {
            let source =
                asset.get(SOURCE).and_then(|source| serde_json::from_value::<Source>(source.clone()).ok());
            let href = asset.get("href").and_then(Value::as_str);
            if let (Some(Source { href: from, size, etag, window, .. }), Some(href)) = (source, href) {
                let clip = path.parent().unwrap_or(Path::new("")).join(href);
                let Ok(clip) = fs::canonicalize(clip) else { continue };
                found.insert(clip, manifest::Source { href: from, etag, size, window });
            }
        }
    }
    found
}

/// The catalogue of a folder that is being filled: whoever reads it meanwhile is told so.
pub fn unfinished() -> Value {
    let mut catalogue = catalogue(&[], &[]);
    catalogue[UNFINISHED] = json!(true);
    catalogue
}

/// The catalogue over the items of these names.
pub fn catalogue(names: &[String], not_fetched: &[NotFetched]) -> Value {
    let item = |name: &String| json!({ "rel": "item", "href": format!("./{ITEMS}/{name}.json"), "type": "application/geo+json" });
    let root = json!({ "rel": "root", "href": format!("./{CATALOGUE}"), "type": "application/json" });
    let links: Vec<Value> = std::iter::once(root).chain(names.iter().map(item)).collect();
    let mut catalogue = json!({
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "scenes",
        "description": "Windows of scenes over red lines, with the numbers of their sources",
        "links": links,
    });
    if !not_fetched.is_empty() {
        catalogue[MISSING] = json!(not_fetched);
    }
    catalogue
}

/// Writes JSON under a name, whole or not at all.
pub fn write(path: &Path, value: &Value) -> Result<(), CatalogueError> {
    let failed = |source| CatalogueError::File { path: path.to_owned(), source };
    let part = part_of(path);
    let mut file = File::create(&part).map_err(failed)?;
    file.write_all(format!("{value:#}\n").as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    put(&part, path)
}

/// Gives a whole file its name, for good.
pub fn put(part: &Path, path: &Path) -> Result<(), CatalogueError> {
    let failed = |source| CatalogueError::File { path: path.to_owned(), source };
    fs::rename(part, path).map_err(failed)?;
    // A bare name lies in the folder of the process.
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn part_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.part"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::item::tests::{said, web};

    #[test]
    fn an_item_of_clips_names_their_sources_and_is_read_back() {
        let of = Item::of(&said("S2A_50TPK", "2023-06-15T03:00:00Z", &json!({})), &web(), None).unwrap();
        let source = Source {
            href: "https://cogs.example/a/B04.tif".to_owned(),
            size: 1000,
            etag: Some("\"e\"".to_owned()),
            last_modified: None,
            judged_by: "deflate".to_owned(),
            window: [0, 128, 256, 256],
        };
        let clip = Clipped {
            key: "red".to_owned(),
            file: "red.tif".to_owned(),
            size: 5,
            sha256: "ab".repeat(32),
            has_values: true,
            source,
        };
        let item = item(&of, "S2A_50TPK", std::slice::from_ref(&clip), "wish");
        assert_eq!(clips(&item, "wish"), Some(vec![clip]));
        assert_eq!(clips(&item, "another"), None);
        assert_eq!(item["assets"]["red"]["href"], "../assets/S2A_50TPK/red.tif");
        assert!(!item.to_string().contains("canary"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, &item).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
