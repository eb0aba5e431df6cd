//! Which assets of a STAC item are bands, and of which.
//!
//! In:  an item. Out: the finest asset of each known band, with scale, offset and nodata as the item states them.
//! Law: a band number means what it means in the product that the item is of; without one it means nothing.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::read::acquisition::Acquisition;
use crate::read::stac::{Object, refuse};
use crate::read::{ReadError, product};
use crate::scene::Band;

/// One band of an asset.
pub(super) struct BandAsset {
    pub(super) band: Band,
    pub(super) href: String,
    pub(super) number: usize,
    /// Metres a pixel as the item says, to choose among several of one band.
    pub(super) resolution: f64,
    pub(super) declared: Option<(f64, f64)>,
    pub(super) nodata: Option<f64>,
}

impl BandAsset {
    /// Finer first, then what lies on this disk, then what is quick to decode.
    fn rank(&self) -> (f64, bool, bool) {
        (self.resolution, self.href.contains("://"), self.href.to_ascii_lowercase().ends_with(".jp2"))
    }
}

/// The finest asset of each known band.
pub(super) fn assets(path: &Path, item: &Object) -> Result<BTreeMap<Band, BandAsset>, ReadError> {
    let mut best: BTreeMap<Band, BandAsset> = BTreeMap::new();
    let product = product_name(item);
    if let Some(reason) = product::refusal(&product) {
        return Err(refuse(path, format!("the item {reason}")));
    }
    let of = Of { product: &product, is_sentinel2: is_sentinel2(item) };
    for (key, asset) in item.get("assets").and_then(Value::as_object).into_iter().flatten() {
        let Some(asset) = asset.as_object() else { continue };
        if is_picture(key, asset) || !is_image(asset) {
            continue;
        }
        for found in bands_of(key, asset, &of) {
            if best.get(&found.band).is_none_or(|other| found.rank() < other.rank()) {
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

fn is_image(asset: &Object) -> bool {
    let text = |key: &str| asset.get(key).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let href = text("href");
    let kinds = ["tiff", "jp2"];
    kinds.iter().any(|kind| text("type").contains(kind))
        || [".tif", ".tiff", ".jp2"].iter().any(|end| href.ends_with(end))
}

/// Bands of an asset: `eo:bands` and `raster:bands` (1.0), `bands` (1.1), else its key.
fn bands_of(key: &str, asset: &Object, of: &Of) -> Vec<BandAsset> {
    let list = |name: &str| asset.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (raster, mut named) = (list("raster:bands"), list("eo:bands"));
    if named.is_empty() {
        named = list("bands");
    }
    let count = named.len().max(1);
    let mut found = Vec::new();
    for index in 0..count {
        let described = named.get(index);
        let Some(band) = of.band(key, described, count) else { continue };
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

/// What an item is of: a number means a band only where the product is known.
struct Of<'a> {
    product: &'a str,
    is_sentinel2: bool,
}

impl Of<'_> {
    /// Common name before the name that the product has for the band, before the asset's key.
    fn band(&self, key: &str, described: Option<&Value>, count: usize) -> Option<Band> {
        let text = |name: &str| described.and_then(|band| band.get(name)).and_then(Value::as_str);
        let common = text("common_name").or_else(|| text("eo:common_name")).and_then(Band::parse);
        let name = || text("name").and_then(|name| self.named(name));
        let key = || self.named(key).or_else(|| self.named(key.split(['_', '-']).next().unwrap_or(key)));
        common.or_else(name).or_else(|| if count == 1 { key() } else { None })
    }

    /// `B4` is red on Sentinel-2 and Landsat 8, near infrared on Landsat 5, and nothing where the product is not known.
    fn named(&self, name: &str) -> Option<Band> {
        if let Some(found) = product::band_in(self.product, name) {
            return found.or_else(|| Band::parse(name).filter(|_| !is_numbered(name)));
        }
        Band::parse(name).filter(|_| self.is_sentinel2 || !is_numbered(name))
    }
}

fn is_numbered(name: &str) -> bool {
    name.len() <= 3 && name.to_ascii_lowercase().starts_with('b')
}

/// Name of the product: as the item states it, else its id, else what the names of its files say.
pub(super) fn product_name(item: &Object) -> String {
    let stated = |key: &str| item.get("properties").and_then(|all| all.get(key)).and_then(Value::as_str);
    let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
    let stated = stated("s2:product_uri")
        .or_else(|| stated("sentinel:product_id"))
        .or_else(|| stated("landsat:product_id"));
    let name = stated.unwrap_or(id);
    if Acquisition::of_name(name).is_some() {
        return name.to_owned();
    }
    let assets = item.get("assets").and_then(Value::as_object).into_iter().flatten();
    let mut hrefs = assets.filter_map(|(_, asset)| asset.get("href").and_then(Value::as_str));
    hrefs.find_map(|href| product::name_of(Path::new(href))).unwrap_or_else(|| name.to_owned())
}
