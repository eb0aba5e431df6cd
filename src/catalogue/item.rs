//! One item as a service or a file says it, judged before it is believed, and cleaned before it is kept.
//!
//! In:  JSON of anybody. Out: an item with its day, box, assets that a scan would read, or the reason why it is none.
//! Law: what is kept of an item is what is known to be harmless and needed. Addresses are kept without what follows their path
//!      (signatures), links and credentials are not kept, an id becomes a name of a file only when it is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use url::Url;

use crate::bucket::secret::of_addresses;
use crate::catalogue::ground::Bounds;
use crate::catalogue::remote::Remote;
use crate::date::{Date, parse_date};
use crate::publish::digest;
use crate::read::stac;
use crate::scene::Band;

/// Longest id that is taken.
const LONGEST_ID: usize = 256;
/// Most bytes of all that an item says of itself.
const MOST_WORDS: usize = 1 << 20;
/// What is kept of an asset, beside the fields of the extensions below.
const KEPT: [&str; 12] = [
    "href",
    "type",
    "title",
    "roles",
    "gsd",
    "bands",
    "nodata",
    "data_type",
    "scale",
    "offset",
    "unit",
    "spatial_resolution",
];
/// Extensions whose fields are kept of an asset.
const EXTENSIONS: [&str; 4] = ["eo:", "raster:", "proj:", "file:"];

/// Beginnings of fields that say how somebody is let in.
const DOORS: [&str; 2] = ["auth:", "storage:"];

/// A JSON object.
pub type Object = Map<String, Value>;

/// Where an item was read.
#[derive(Debug, Clone)]
pub enum From {
    /// On the web.
    Web(Url),
    /// In a file of this machine.
    Here(PathBuf),
}

/// Where a file of an item lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On a server.
    There(Remote),
    /// On this machine.
    Here(PathBuf),
}

/// A file of an item that a scan would read.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its key in the item.
    pub key: String,
    /// Where it lies.
    pub place: Place,
    /// Bands that are read from it.
    pub bands: Vec<Band>,
    /// Bytes, as the item says.
    pub size: Option<u64>,
    /// Its content, as the item says: `file:checksum`, a multihash in hexadecimal.
    pub checksum: Option<String>,
    /// Whether its blocks can be read one by one.
    pub is_tiff: bool,
}

/// An item that can be used.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its collection, empty without one.
    pub collection: String,
    /// Day of acquisition.
    pub date: Date,
    /// Time of acquisition as it is written.
    pub datetime: String,
    /// Platform, empty without one.
    pub platform: String,
    /// Cloud cover in percent.
    pub cloud: Option<f64>,
    /// Tile or path and row, empty where none is said.
    pub tile: String,
    /// The box that it says of itself.
    pub bounds: Bounds,
    /// Files that a scan would read, by key.
    pub assets: Vec<Asset>,
    /// All that is kept of it.
    pub kept: Object,
}

impl Asset {
    /// Whether one of some bands is read from it; any, where none is named.
    pub fn has_any(&self, bands: &[Band]) -> bool {
        bands.is_empty() || self.bands.iter().any(|band| bands.contains(band))
    }
}

impl Item {
    /// Judges an item; `latest` is the last day on which one can have been taken. The error is the reason, in words.
    pub fn of(item: &Object, from: &From, latest: Option<Date>) -> Result<Self, String> {
        let id = text(item, "id");
        if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
            return Err(format!(
                "an id of {} letters, expected 1 to {LONGEST_ID} without control characters",
                id.len()
            ));
        }
        let none = Object::new();
        let properties = item.get("properties").and_then(Value::as_object).unwrap_or(&none);
        if properties.values().map(|value| value.to_string().len()).sum::<usize>() > MOST_WORDS {
            return Err(format!("properties of more than {MOST_WORDS} bytes"));
        }
        let datetime = [text(properties, "datetime"), text(properties, "start_datetime")];
        let datetime = datetime.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let date = datetime.get(..10).and_then(parse_date).ok_or("no datetime that is one")?;
        if latest.is_some_and(|latest| date > latest) {
            return Err(format!("taken on {date}, which is in the future"));
        }
        let numbers: Vec<f64> = item
            .get("bbox")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        let bounds = Bounds::of_numbers(&numbers).ok_or("no bbox that lies on a map")?;
        let assets = assets(item, from)?;
        Ok(Self {
            collection: text(item, "collection").to_owned(),
            date,
            datetime: datetime.to_owned(),
            platform: text(properties, "platform").to_owned(),
            cloud: properties.get("eo:cloud_cover").and_then(Value::as_f64).filter(|cloud| cloud.is_finite()),
            tile: tile(properties),
            bounds,
            kept: kept(item, &assets),
            assets,
            id: id.to_owned(),
        })
    }

    /// Bytes of all files, where the item says all of them.
    pub fn bytes(&self) -> Option<u64> {
        self.assets.iter().map(|asset| asset.size).sum()
    }

    /// A name for a file: the id where it is a plain one, else what is plain of it and a part of its digest.
    pub fn name(&self) -> String {
        Self::plain_name(&self.id)
    }

    /// The same of any word.
    pub fn plain_name(word: &str) -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let plain: String = word.chars().filter(|letter| is_plain(*letter)).take(120).collect();
        if plain == word && !plain.starts_with('.') {
            return plain;
        }
        let digest = digest::of_bytes(word.as_bytes());
        format!("{}-{}", plain.trim_matches('.'), &digest[..8])
    }
}

fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Tile of Sentinel-2, or path and row of Landsat.
fn tile(properties: &Object) -> String {
    let said = |key: &str| match properties.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let mgrs = format!("{}{}{}", said("mgrs:utm_zone"), said("mgrs:latitude_band"), said("mgrs:grid_square"));
    let wrs = format!("{} {}", said("landsat:wrs_path"), said("landsat:wrs_row"));
    let all = [said("grid:code"), said("s2:mgrs_tile"), mgrs, wrs.trim().to_owned()];
    all.into_iter().find(|tile| !tile.is_empty()).unwrap_or_default()
}

/// Files that a scan would read, by the rule of `read::stac`.
fn assets(item: &Object, from: &From) -> Result<Vec<Asset>, String> {
    let wanted = stac::wanted(item).map_err(|error| error.to_string())?;
    let mut bands: BTreeMap<String, Vec<Band>> = BTreeMap::new();
    for (band, href) in wanted {
        bands.entry(href).or_default().push(band);
    }
    let all = item.get("assets").and_then(Value::as_object).into_iter().flatten();
    let mut found: Vec<Asset> = Vec::new();
    for (key, asset) in all {
        let Some(asset) = asset.as_object() else { continue };
        let Some(bands) = bands.remove(text(asset, "href")) else { continue };
        let href = text(asset, "href");
        let place = place(href, from).map_err(|reason| format!("asset '{key}': {reason}"))?;
        let path = href.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        found.push(Asset {
            key: key.clone(),
            place,
            bands,
            size: asset.get("file:size").and_then(Value::as_u64),
            checksum: asset.get("file:checksum").and_then(Value::as_str).map(str::to_owned),
            is_tiff: !path.ends_with(".jp2") && !text(asset, "type").contains("jp2"),
        });
    }
    if found.is_empty() {
        return Err("no asset with a band that is known here".to_owned());
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

fn place(href: &str, from: &From) -> Result<Place, String> {
    let there =
        |base: Option<&Url>| Remote::parse(href, base).map(Place::There).map_err(|error| error.to_string());
    match from {
        From::Web(url) => there(Some(url)),
        From::Here(_) if href.contains("://") && !href.starts_with("file://") => there(None),
        From::Here(file) => {
            stac::local(file, href).map(Place::Here).map_err(|reason| format!("'{href}' {reason}"))
        }
    }
}

/// What is kept of an item: what it says of itself, and of its assets those that are read.
fn kept(item: &Object, assets: &[Asset]) -> Object {
    let mut kept = Object::new();
    for key in
        ["type", "stac_version", "stac_extensions", "id", "collection", "geometry", "bbox", "properties"]
    {
        if let Some(value) = item.get(key) {
            kept.insert(key.to_owned(), without_secrets(value));
        }
    }
    kept.insert("type".to_owned(), json!("Feature"));
    let mut listed = Object::new();
    for asset in assets {
        let said = item.get("assets").and_then(|all| all.get(&asset.key)).and_then(Value::as_object);
        let is_kept =
            |key: &str| KEPT.contains(&key) || EXTENSIONS.iter().any(|start| key.starts_with(start));
        let fields = said.into_iter().flatten().filter(|(key, _)| is_kept(key));
        let mut fields: Object = fields.map(|(key, value)| (key.clone(), without_secrets(value))).collect();
        fields.insert("href".to_owned(), json!(asset.place.shown()));
        listed.insert(asset.key.clone(), Value::Object(fields));
    }
    kept.insert("assets".to_owned(), Value::Object(listed));
    kept.insert("links".to_owned(), json!([]));
    kept
}

/// A value without the secrets of addresses in its words, and without what says how a door is opened.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(of_addresses(text)),
        Value::Array(all) => all.iter().map(without_secrets).collect(),
        Value::Object(all) => {
            let is_kept = |key: &str| !DOORS.iter().any(|start| key.starts_with(start));
            let fields = all.iter().filter(|(key, _)| is_kept(key));
            Value::Object(fields.map(|(key, value)| (key.clone(), without_secrets(value))).collect())
        }
        plain => plain.clone(),
    }
}

impl Place {
    /// The address without its secrets; of a file on this machine its path.
    pub fn shown(&self) -> String {
        match self {
            Self::There(remote) => remote.to_string(),
            Self::Here(path) => path.display().to_string(),
        }
    }

    /// The same for a record: of a file on this machine its name, because a path is of one machine.
    pub fn recorded(&self) -> String {
        match self {
            Self::There(remote) => remote.to_string(),
            Self::Here(path) => {
                path.file_name().map(Path::new).unwrap_or(Path::new("")).display().to_string()
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An item as a service says it.
    pub(crate) fn said(id: &str, datetime: &str, more: &Value) -> Object {
        let mut item = json!({
            "type": "Feature", "stac_version": "1.0.0", "id": id, "collection": "sentinel-2-l2a",
            "bbox": [116.0, 42.0, 117.0, 43.0], "geometry": null,
            "properties": { "datetime": datetime, "platform": "sentinel-2a", "eo:cloud_cover": 12.5,
                "thumbnail": ["https://cogs.example/t.png?sig=canary"], "auth:refs": { "token": "canary" } },
            "links": [{ "rel": "self", "href": "https://stac.example/items/x?token=canary" }],
            "assets": { "red": {
                "href": "https://cogs.example/a/B04.tif?sig=canary", "type": "image/tiff", "alternate": { "key": "canary" },
                "eo:bands": [{ "name": "B04", "common_name": "red" }], "file:size": 100 } },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            item[key] = value.clone();
        }
        item.as_object().unwrap().clone()
    }

    pub(crate) fn web() -> From {
        From::Web(Url::parse("https://stac.example/search").unwrap())
    }

    #[test]
    fn an_item_is_kept_without_what_could_open_a_door() {
        let item = Item::of(&said("S2A_50TPK", "2023-06-15T03:00:00Z", &json!({})), &web(), None).unwrap();
        assert_eq!(
            (item.date, item.cloud, item.bytes()),
            (Date::constant(2023, 6, 15), Some(12.5), Some(100))
        );
        let kept = Value::Object(item.kept.clone());
        assert!(!kept.to_string().contains("canary"), "{kept}");
        assert_eq!(kept["assets"]["red"]["href"], "https://cogs.example/a/B04.tif");
        // What is fetched still has its signature.
        let Place::There(remote) = &item.assets[0].place else { panic!("a remote asset") };
        assert!(remote.url().as_str().ends_with("?sig=canary"));
    }

    /// Case 150 of the catalogue of faults.
    #[test]
    fn a_poisoned_item_is_refused_with_the_reason() {
        let asset = |href: &str| json!({ "assets": { "red": { "href": href, "type": "image/tiff", "eo:bands": [{ "common_name": "red" }] } } });
        let day = "2023-06-15T03:00:00Z";
        let latest = Some(Date::constant(2026, 1, 1));
        let refused =
            |id: &str, day: &str, more: Value| Item::of(&said(id, day, &more), &web(), latest).unwrap_err();
        assert!(refused("a", "2035-01-01T00:00:00Z", json!({})).contains("future"));
        assert!(refused("a", "yesterday", json!({})).contains("datetime"));
        assert!(refused("", day, json!({})).contains("id of 0"));
        assert!(refused("a\u{7}", day, json!({})).contains("control"));
        assert!(refused("a", day, json!({ "bbox": [1, 2, 3] })).contains("bbox"));
        assert!(refused("a", day, json!({ "bbox": [400, 2, 401, 3] })).contains("bbox"));
        assert!(refused("a", day, json!({ "assets": {} })).contains("no asset"));
        assert!(
            refused("a", day, json!({ "properties": { "datetime": day, "x": "y".repeat(MOST_WORDS) } }))
                .contains("bytes")
        );
        for href in ["file:///etc/passwd.tif", "javascript:alert(1)//.tif", "vrt://x.tif"] {
            assert!(refused("a", day, asset(href)).contains("'red'"), "{href}");
        }
    }

    #[test]
    fn an_id_is_a_file_name_only_where_it_is_one() {
        let name = |id: &str| Item::of(&said(id, "2023-06-15", &json!({})), &web(), None).unwrap().name();
        assert_eq!(name("S2A_50TPK_20230615_0_L2A"), "S2A_50TPK_20230615_0_L2A");
        let strange = name("../../etc/passwd");
        assert!(strange.starts_with("etcpasswd-") && !strange.contains('/'), "{strange}");
        assert!(name("景").starts_with('-') && !name("..").starts_with('.'));
        assert_ne!(name("a/b"), name("ab"));
    }
}
