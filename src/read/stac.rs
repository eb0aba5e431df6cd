//! STAC on disk: items of a catalogue, collection, item collection or single item, as scenes.
//!
//! In:  a JSON file; local links and assets, relative to the file that names them.
//! Out: candidates for scenes, with bands by common name, scale, offset, nodata and date from the item.
//! Law: nothing is fetched; an asset that lies elsewhere is refused with the reason. Links in a circle end.
//! Source: STAC 1.0 and 1.1, extensions eo, raster, sentinel-2; `earthsearch:boa_offset_applied` of Earth Search.

mod assets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::date::{Date, days_between};
use crate::read::acquisition::Acquisition;
use crate::read::discover::{Candidate, SetAside, band_file};
use crate::read::missing::{self, UNFINISHED};
use crate::read::probe::{Numbers, Probe};
use crate::read::product::{Described, Layer};
use crate::read::scaling::{self, Evidence, Kind, Scaling};
use crate::read::{ReadError, acquired, harden, one_meaning};
use crate::scene::{Band, Scene};

use assets::{BandAsset, assets, product_name};

/// Largest JSON that is read.
const MAX_BYTES: u64 = 256 << 20;
/// Most files that a catalogue may lead to.
const MAX_FILES: usize = 100_000;

pub(crate) type Object = Map<String, Value>;

/// Scenes of the items that `root` leads to; every JSON file that was read is added to `described`.
///
/// # Errors
/// `Stac` with file and next step, and those of opening the assets.
pub(crate) fn candidates(
    root: &Path,
    set_aside: &SetAside,
    (skipped, described): (&mut Vec<(PathBuf, String)>, &mut Vec<PathBuf>),
) -> Result<Vec<Candidate>, ReadError> {
    let mut candidates = Vec::new();
    let (items, read) = items(root, skipped)?;
    described.extend(read);
    for (path, item) in items {
        match assets(&path, &item)? {
            found if found.is_empty() => {
                skipped.push((path, "item has no asset with a known band".to_owned()))
            }
            found => {
                let candidate = candidate(&path, &item, found);
                let files =
                    |found: &Candidate| found.scene.bands.values().map(|band| band.path.clone()).collect();
                let files: Vec<PathBuf> = match &candidate {
                    Ok(found) => files(found),
                    Err(error) => error.file().map(Path::to_owned).into_iter().collect(),
                };
                match files.iter().find_map(|file| set_aside.get(file)) {
                    Some(reason) => skipped.push((path, reason.clone())),
                    None => candidates.push(candidate?),
                }
            }
        }
    }
    Ok(candidates)
}

fn refuse(path: &Path, reason: impl Into<String>) -> ReadError {
    ReadError::Stac { path: path.to_owned(), reason: reason.into() }
}

/// Items with the file that each stands in, and every file that was read.
type Followed = (Vec<(PathBuf, Object)>, BTreeSet<PathBuf>);

/// Follows links from file to file; each file once, in the order of the links.
fn items(root: &Path, skipped: &mut Vec<(PathBuf, String)>) -> Result<Followed, ReadError> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let real = harden::plain_file(&path)?;
        if !seen.insert(real.clone()) {
            continue;
        }
        if seen.len() > MAX_FILES {
            return Err(refuse(
                root,
                format!("leads to more than {MAX_FILES} files; give a smaller catalogue"),
            ));
        }
        let object = object(&path, &real)?;
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "Feature" => found.push((path, object)),
            "FeatureCollection" => {
                let features = object.get("features").and_then(Value::as_array);
                let members = features.into_iter().flatten().filter_map(Value::as_object);
                found.extend(members.map(|member| (path.clone(), member.clone())));
            }
            _ if object.get(UNFINISHED).is_some() => {
                return Err(refuse(
                    &path,
                    "is being filled, or its filling was interrupted; run `scenes mirror` again",
                ));
            }
            _ if object.contains_key("links") => {
                skipped.extend(missing::told(&object).map(|words| (path.clone(), words)));
                waiting.extend(linked(&path, &object, skipped));
            }
            _ => {
                return Err(refuse(&path, format!("type '{kind}' is no STAC catalogue, collection or item")));
            }
        }
    }
    Ok((found, seen))
}

pub(crate) fn object(path: &Path, real: &Path) -> Result<Object, ReadError> {
    let access = |source| ReadError::Access { path: path.to_owned(), source };
    let size = std::fs::metadata(real).map_err(access)?.len();
    if size > MAX_BYTES {
        return Err(refuse(path, format!("is {size} bytes, the limit for STAC is {MAX_BYTES}; split it")));
    }
    let bytes = std::fs::read(real).map_err(access)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| refuse(path, format!("is no JSON: {error}; write it again")))?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(refuse(path, "is JSON but no object; expected a STAC catalogue, collection or item")),
    }
}

/// Local files of the `child` and `item` links, last first (they are taken from the end).
fn linked(path: &Path, object: &Object, skipped: &mut Vec<(PathBuf, String)>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for link in object.get("links").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| link.get(key).and_then(Value::as_str).unwrap_or_default();
        if !matches!(text("rel"), "child" | "item") {
            continue;
        }
        match local(path, text("href")) {
            Ok(file) => files.push(file),
            Err(reason) => skipped.push((path.to_owned(), format!("link '{}' {reason}", text("href")))),
        }
    }
    files.reverse();
    files
}

/// The bands of an item that a scan would read, each with the address of its file.
pub(crate) fn wanted(item: &Object) -> Result<Vec<(Band, String)>, ReadError> {
    let found = assets(Path::new("item"), item)?;
    Ok(found.into_values().map(|asset| (asset.band, asset.href)).collect())
}

/// The file that an href means, seen from the JSON that names it.
pub(crate) fn local(from: &Path, href: &str) -> Result<PathBuf, String> {
    if let Some(file) = href.strip_prefix("file://") {
        // The word of a catalogue opens no network.
        return if file.starts_with("/vsi") {
            Err("is no file name".to_owned())
        } else {
            Ok(PathBuf::from(file))
        };
    }
    if href.contains("://") {
        return Err(
            "lies on a server; give --fetch to `scan`, or bring it here with `scenes mirror`".to_owned()
        );
    }
    if href.is_empty() || href.starts_with("/vsi") {
        return Err("is no file name".to_owned());
    }
    Ok(from.parent().unwrap_or(Path::new("")).join(href))
}

fn candidate(path: &Path, item: &Object, assets: BTreeMap<Band, BandAsset>) -> Result<Candidate, ReadError> {
    let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if id.is_empty() {
        return Err(refuse(path, "an item has no id; give it one"));
    }
    let date = date(path, item, &id)?;
    let probes = opened(path, &id, &assets)?;
    let place = |asset: &BandAsset| local(path, &asset.href).ok().and_then(|file| probes.get(&file));
    let first = assets.get(&Band::Red).or_else(|| assets.values().find(|asset| !asset.band.is_classes()));
    let Some((first, probe)) = first.and_then(|asset| Some((asset, place(asset)?))) else {
        return Err(refuse(path, format!("item '{id}' has no reflectance band; add one")));
    };
    let scaling = scale(item, (first, probe))?;
    let mut bands = BTreeMap::new();
    for asset in assets.values() {
        let Some(probe) = place(asset) else { continue };
        let mut file = band_file(probe, asset.band, asset.number, &scaling);
        let own = probe.bands[asset.number - 1].declared;
        if let (Kind::Declared, None, Some((scale, offset)), false) =
            (scaling.kind, own, asset.declared, asset.band.is_classes())
        {
            file.scale = scale;
            file.offset = if offset_applied(item) { 0.0 } else { offset };
        }
        if asset.band != Band::Mask && asset.nodata.is_some() {
            file.nodata = asset.nodata;
        }
        bands.insert(asset.band, file);
    }
    one_meaning::of_files(&bands).map_err(|reason| {
        refuse(path, format!("item '{id}': {reason}; take the item from its catalogue again"))
    })?;
    let sensor = property(item, "platform").and_then(Value::as_str).unwrap_or_default().to_owned();
    let acquisition = acquisition(item);
    same_day(path, &id, date, acquisition.as_ref())?;
    let scene = Scene {
        product: product(item),
        id,
        date,
        sensor,
        bands,
        scaling: scaling.words.clone(),
        displaced: (0.0, 0.0),
    };
    Ok(Candidate { scene, kind: scaling.kind, path: probe.path.clone(), acquisition })
}

/// Opens the files of the assets, each once.
fn opened(
    path: &Path,
    id: &str,
    assets: &BTreeMap<Band, BandAsset>,
) -> Result<BTreeMap<PathBuf, Probe>, ReadError> {
    let mut probes: BTreeMap<PathBuf, Probe> = BTreeMap::new();
    for asset in assets.values() {
        let file = local(path, &asset.href).map_err(|reason| {
            refuse(path, format!("item '{id}', band {}: asset '{}' {reason}", asset.band, asset.href))
        })?;
        if !probes.contains_key(&file) {
            probes.insert(file.clone(), Probe::open(&file)?);
        }
        let bands = probes.get(&file).map_or(0, |probe| probe.bands.len());
        if asset.number > bands {
            let reason =
                format!("item '{id}' names band {} of {}, which has {bands}", asset.number, file.display());
            return Err(refuse(path, format!("{reason}; correct the item")));
        }
    }
    Ok(probes)
}

fn property<'a>(item: &'a Object, key: &str) -> Option<&'a Value> {
    item.get("properties").and_then(|properties| properties.get(key))
}

fn offset_applied(item: &Object) -> bool {
    property(item, "earthsearch:boa_offset_applied").and_then(Value::as_bool) == Some(true)
}

/// `datetime`, else a start and end on one day.
fn date(path: &Path, item: &Object, id: &str) -> Result<Date, ReadError> {
    let day = |key: &str| property(item, key).and_then(Value::as_str).and_then(acquired::in_text);
    let period = || day("start_datetime").filter(|start| day("end_datetime") == Some(*start));
    day("datetime").or_else(period).ok_or_else(|| {
        let found = match property(item, "datetime") {
            Some(Value::String(text)) => format!("has a datetime '{text}' that is no date"),
            _ => "has no datetime".to_owned(),
        };
        refuse(path, format!("item '{id}' {found}, nor start and end on one day; add it"))
    })
}

/// The day of an item and the one in the name of its product must agree to a day.
fn same_day(path: &Path, id: &str, date: Date, acquisition: Option<&Acquisition>) -> Result<(), ReadError> {
    match acquisition.and_then(Acquisition::day) {
        Some(named) if days_between(date, named).abs() > 1 => {
            let reason = format!(
                "item '{id}' is of {date}, its product was taken on {named} by its name; expected one day"
            );
            Err(refuse(path, format!("{reason}: take the item from its catalogue again")))
        }
        _ => Ok(()),
    }
}

fn scale(item: &Object, (asset, probe): (&BandAsset, &Probe)) -> Result<Scaling, ReadError> {
    let own = &probe.bands[asset.number - 1];
    let by_item = asset.declared.map(|(scale, offset)| (scale, offset, "the STAC item"));
    let by_file = own.declared.map(|(scale, offset)| (scale, offset, "the file"));
    scaling::decide(&Evidence {
        path: probe.path.clone(),
        numbers: own.numbers,
        declared: by_file.or(by_item),
        sample: probe.sample(asset.band, asset.number)?,
        ..evidence(item)
    })
}

/// What an item says of its numbers beside the scale of a band.
fn evidence(item: &Object) -> Evidence {
    Evidence {
        path: PathBuf::new(),
        name: product_name(item),
        numbers: Numbers::Integer16,
        declared: None,
        baseline: baseline(item),
        add_offset: None,
        offset_applied: offset_applied(item),
        sample: Vec::new(),
    }
}

fn baseline(item: &Object) -> Option<String> {
    property(item, "s2:processing_baseline").and_then(Value::as_str).map(str::to_owned)
}

/// The product in words.
fn product(item: &Object) -> String {
    let collection = item.get("collection").and_then(Value::as_str).unwrap_or_default();
    let baseline = baseline(item).map_or(String::new(), |baseline| format!(", baseline {baseline}"));
    if collection.is_empty() {
        format!("STAC item{baseline}")
    } else {
        format!("STAC {collection}{baseline}")
    }
}

/// Which acquisition an item is of, by the name of its product and the time of its processing.
pub(crate) fn acquisition(item: &Object) -> Option<Acquisition> {
    let mut found = Acquisition::of_name(&product_name(item))?;
    let text = |key: &str| property(item, key).and_then(Value::as_str);
    found.strip = text("s2:datastrip_id").and_then(Acquisition::strip_of_datastrip).or(found.strip);
    found.baseline = baseline(item).as_deref().and_then(Acquisition::hundredths).or(found.baseline);
    Some(found)
}

/// What the items that a file leads to say of themselves; nothing is opened, remote assets are listed as they are named.
///
/// # Errors
/// As [`candidates`], but for what opening files would show.
pub(crate) fn described(root: &Path) -> Result<Vec<Described>, ReadError> {
    let (items, _) = items(root, &mut Vec::new())?;
    let mut found = Vec::new();
    for (path, item) in items {
        let bands = assets(&path, &item)?;
        if bands.is_empty() {
            continue;
        }
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut words = String::new();
        let mut layers = BTreeMap::new();
        for asset in bands.into_values() {
            let declared = asset.declared.map(|(scale, offset)| (scale, offset, "the STAC item"));
            let stated = scaling::stated(&Evidence { declared, ..evidence(&item) });
            let (scale, offset) = match &stated {
                Some(stated) if !asset.band.is_classes() => (stated.scale, stated.offset),
                _ => (1.0, 0.0),
            };
            words = stated.map_or(words, |stated| stated.words);
            let place = local(&path, &asset.href);
            let (is_there, file) = (
                place.as_ref().is_ok_and(|file| file.is_file()),
                place.unwrap_or_else(|_| asset.href.clone().into()),
            );
            let (number, metres, nodata) = (asset.number, asset.resolution, asset.nodata);
            layers.insert(
                asset.band,
                Layer { path: file, is_there, number, metres, nodata, saturated: None, scale, offset },
            );
        }
        let sensor = property(&item, "platform").and_then(Value::as_str).unwrap_or_default().to_owned();
        found.push(Described {
            date: date(&path, &item, &id)?,
            product: product(&item),
            baseline: baseline(&item),
            acquisition: acquisition(&item),
            metadata: vec![path.clone()],
            source: path,
            kind: Kind::Declared,
            id,
            sensor,
            layers,
            words,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_catalogue_opens_no_network() {
        let from = Path::new("catalogue/item.json");
        for href in [
            "file:///vsis3/county/a.tif",
            "/vsis3/county/a.tif",
            "s3://county/a.tif",
            "file:///vsicurl/http://x",
        ] {
            assert!(local(from, href).is_err(), "{href}");
        }
        assert_eq!(local(from, "file:///data/a.tif"), Ok(PathBuf::from("/data/a.tif")));
    }

    #[test]
    fn an_item_is_of_one_day_and_says_which() {
        let path = Path::new("item.json");
        let item = |datetime: &str| {
            let item = serde_json::json!({ "id": "x", "properties": { "datetime": datetime } });
            item.as_object().cloned().unwrap_or_default()
        };
        let refused = date(path, &item("2023-13-45T03:00:00Z"), "x").map_err(|error| error.to_string());
        assert!(refused.is_err_and(|words| words.contains("'2023-13-45T03:00:00Z' that is no date")));
        let acquisition =
            Acquisition::of_name("S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158");
        let of = |datetime: &str| {
            let date = date(path, &item(datetime), "x")?;
            same_day(path, "x", date, acquisition.as_ref())
        };
        assert!(of("2023-06-26T00:01:00Z").is_ok());
        let refused = of("2022-06-25T23:46:21Z").map_err(|error| error.to_string());
        assert!(refused.is_err_and(|words| words.contains("taken on 2023-06-25 by its name")));
    }
}
