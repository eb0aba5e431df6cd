//! STAC on disk: items of a catalogue, collection, item collection or single item, as scenes.
//!
//! In:  a JSON file; local links and assets, relative to the file that names them.
//! Out: candidates for scenes, with bands by common name, scale, offset, nodata and date from the item.
//! Law: nothing is fetched; an asset that lies elsewhere is refused with the reason. Links in a circle end.
//! Source: STAC 1.0 and 1.1, extensions eo, raster, sentinel-2; `earthsearch:boa_offset_applied` of Earth Search.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::date::Date;
use crate::read::discover::{Candidate, SetAside, band_file};
use crate::read::probe::Probe;
use crate::read::scaling::{self, Evidence, Kind, Scaling};
use crate::read::{ReadError, acquired, harden};
use crate::scene::{Band, Scene};

/// Largest JSON that is read.
const MAX_BYTES: u64 = 256 << 20;
/// Most files that a catalogue may lead to.
const MAX_FILES: usize = 100_000;

type Object = Map<String, Value>;

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
            _ if object.contains_key("links") => waiting.extend(linked(&path, &object, skipped)),
            _ => {
                return Err(refuse(&path, format!("type '{kind}' is no STAC catalogue, collection or item")));
            }
        }
    }
    Ok((found, seen))
}

fn object(path: &Path, real: &Path) -> Result<Object, ReadError> {
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

/// The file that an href means, seen from the JSON that names it.
fn local(from: &Path, href: &str) -> Result<PathBuf, String> {
    if let Some(file) = href.strip_prefix("file://") {
        // The word of a catalogue opens no network.
        return if file.starts_with("/vsi") {
            Err("is no file name".to_owned())
        } else {
            Ok(PathBuf::from(file))
        };
    }
    if href.contains("://") {
        return Err("lies on a server; download it first, only local files are read".to_owned());
    }
    if href.is_empty() || href.starts_with("/vsi") {
        return Err("is no file name".to_owned());
    }
    Ok(from.parent().unwrap_or(Path::new("")).join(href))
}

/// One band of an asset.
struct BandAsset {
    band: Band,
    href: String,
    number: usize,
    /// Metres a pixel as the item says, to choose among several of one band.
    resolution: f64,
    declared: Option<(f64, f64)>,
    nodata: Option<f64>,
}

/// The finest asset of each known band.
fn assets(path: &Path, item: &Object) -> Result<BTreeMap<Band, BandAsset>, ReadError> {
    let mut best: BTreeMap<Band, BandAsset> = BTreeMap::new();
    let sentinel2 = is_sentinel2(item);
    for (key, asset) in item.get("assets").and_then(Value::as_object).into_iter().flatten() {
        let Some(asset) = asset.as_object() else { continue };
        if is_picture(key, asset) || !is_tiff(asset) {
            continue;
        }
        for found in bands_of(key, asset, sentinel2) {
            let finer = best.get(&found.band).is_none_or(|other| found.resolution < other.resolution);
            if finer {
                best.insert(found.band, found);
            }
        }
    }
    let reflectance = best.keys().any(|band| !band.is_classes());
    if !reflectance && !best.is_empty() {
        return Err(refuse(
            path,
            "the item has a mask but no reflectance band; add the bands or leave it out",
        ));
    }
    Ok(best)
}

fn is_sentinel2(item: &Object) -> bool {
    let text = |key: &str| item.get("properties").and_then(|all| all.get(key)).and_then(Value::as_str);
    let named = |text: &str| text.to_ascii_lowercase().replace(' ', "-").starts_with("sentinel-2");
    text("constellation").is_some_and(named) || text("platform").is_some_and(named)
}

fn is_picture(key: &str, asset: &Object) -> bool {
    let roles = asset.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let shown = ["visual", "overview", "thumbnail"];
    roles.into_iter().any(|role| shown.contains(&role)) || shown.iter().any(|name| key.starts_with(name))
}

fn is_tiff(asset: &Object) -> bool {
    let text = |key: &str| asset.get(key).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let href = text("href");
    text("type").contains("tiff") || href.ends_with(".tif") || href.ends_with(".tiff")
}

/// Bands of an asset: `eo:bands` and `raster:bands` (1.0), `bands` (1.1), else its key.
fn bands_of(key: &str, asset: &Object, sentinel2: bool) -> Vec<BandAsset> {
    let list = |name: &str| asset.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (raster, mut named) = (list("raster:bands"), list("eo:bands"));
    if named.is_empty() {
        named = list("bands");
    }
    let count = named.len().max(1);
    let mut found = Vec::new();
    for index in 0..count {
        let described = named.get(index);
        let Some(band) = band_of(key, described, count, sentinel2) else { continue };
        let number = |name: &str| {
            let of = |value: &Value| {
                value.get(name).or_else(|| value.get(format!("raster:{name}"))).and_then(Value::as_f64)
            };
            raster.get(index).and_then(of).or_else(|| described.and_then(of)).or_else(|| {
                asset.get(name).or_else(|| asset.get(&format!("raster:{name}"))).and_then(Value::as_f64)
            })
        };
        let (scale, offset) = (number("scale"), number("offset"));
        let declared =
            (scale.is_some() || offset.is_some()).then(|| (scale.unwrap_or(1.0), offset.unwrap_or(0.0)));
        let resolution =
            number("spatial_resolution").or_else(|| number("gsd")).unwrap_or_else(|| named_resolution(key));
        found.push(BandAsset {
            band,
            href: asset.get("href").and_then(Value::as_str).unwrap_or_default().to_owned(),
            number: index + 1,
            resolution,
            declared: declared.filter(|pair| *pair != (1.0, 0.0)),
            nodata: number("nodata"),
        });
    }
    found
}

/// `red_20m` is coarser than `red`.
fn named_resolution(key: &str) -> f64 {
    let metres = key.rsplit(['_', '-']).next().and_then(|tail| tail.strip_suffix('m'));
    metres.and_then(|metres| metres.parse().ok()).unwrap_or(0.0)
}

/// Common name before Sentinel-2 name before the asset's key; `B4` is red on Sentinel-2 only.
fn band_of(key: &str, described: Option<&Value>, count: usize, sentinel2: bool) -> Option<Band> {
    let text = |name: &str| described.and_then(|band| band.get(name)).and_then(Value::as_str);
    let numbered = |name: &str| name.len() <= 3 && name.to_ascii_lowercase().starts_with('b');
    let allowed = |name: &&str| sentinel2 || !numbered(name);
    let common = text("common_name").or_else(|| text("eo:common_name")).and_then(Band::parse);
    let name = || text("name").filter(allowed).and_then(Band::parse);
    let key = || Some(key.split('_').next().unwrap_or(key)).filter(allowed).and_then(Band::parse);
    common.or_else(name).or_else(|| if count == 1 { key() } else { None })
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
    let scaling = scale(item, &id, (first, probe))?;
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
    let sensor = property(item, "platform").and_then(Value::as_str).unwrap_or_default().to_owned();
    let scene = Scene { id, date, sensor, bands, scaling: scaling.words.clone() };
    Ok(Candidate { scene, kind: scaling.kind, path: probe.path.clone() })
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
        refuse(path, format!("item '{id}' has no datetime, nor start and end on one day; add it"))
    })
}

fn scale(item: &Object, id: &str, (asset, probe): (&BandAsset, &Probe)) -> Result<Scaling, ReadError> {
    let text = |key: &str| property(item, key).and_then(Value::as_str).map(str::to_owned);
    let own = &probe.bands[asset.number - 1];
    let by_item = asset.declared.map(|(scale, offset)| (scale, offset, "the STAC item"));
    let by_file = own.declared.map(|(scale, offset)| (scale, offset, "the file"));
    let product =
        text("s2:product_uri").or_else(|| text("sentinel:product_id")).unwrap_or_else(|| id.to_owned());
    scaling::decide(&Evidence {
        path: probe.path.clone(),
        name: product,
        numbers: own.numbers,
        declared: by_file.or(by_item),
        baseline: text("s2:processing_baseline"),
        add_offset: None,
        offset_applied: property(item, "earthsearch:boa_offset_applied").and_then(Value::as_bool)
            == Some(true),
        sample: probe.sample(asset.band, asset.number)?,
    })
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
}
