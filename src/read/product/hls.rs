//! Harmonized Landsat Sentinel-2 (HLS) version 2: L30 and S30, a GeoTIFF a band.
//!
//! In:  names such as `HLS.S30.T49TCF.2021180T033541.v2.0.B04`. Out: bands by the sensor, Fmask.
//! Law: `B05` is near infrared on L30 and red edge on S30; a product of another version is refused.
//! Source: HLS User Guide v2.0: tables 5 and 6 (bands), scale 0.0001, fill -9999, Fmask fill 255.

use std::path::{Path, PathBuf};

use crate::read::acquisition::Acquisition;
use crate::read::product::{Described, Layer};
use crate::read::scaling::Kind;
use crate::read::{ReadError, acquired};
use crate::scene::Band;

const SCALE: f64 = 0.0001;
const FILL: f64 = -9999.0;
const FMASK_FILL: f64 = 255.0;

/// `HLS.S30.T49TCF.2021180T033541.v2.0.B04` is the product up to the version, and `B04`.
pub(super) fn split(stem: &str) -> Option<(&str, &str)> {
    let (id, layer) = stem.rsplit_once('.')?;
    is_product(id).then_some((id, layer))
}

fn is_product(id: &str) -> bool {
    let parts: Vec<&str> = id.split('.').collect();
    matches!(parts.as_slice(), ["HLS", "S30" | "L30", tile, _, version, _] if tile.starts_with('T') && version.starts_with('v'))
}

/// The band that a name means in a product; `None` where the product is no HLS.
pub(super) fn band(product: &str, name: &str) -> Option<Option<Band>> {
    if !is_product(product) {
        return None;
    }
    let is_landsat = product.starts_with("HLS.L30.");
    Some(match name {
        "B02" => Some(Band::Blue),
        "B03" => Some(Band::Green),
        "B04" => Some(Band::Red),
        "B05" if is_landsat => Some(Band::Nir08),
        "B06" if is_landsat => Some(Band::Swir16),
        "B07" if is_landsat => Some(Band::Swir22),
        "B08" if !is_landsat => Some(Band::Nir),
        "B8A" if !is_landsat => Some(Band::Nir08),
        "B11" if !is_landsat => Some(Band::Swir16),
        "B12" if !is_landsat => Some(Band::Swir22),
        "Fmask" => Some(Band::Fmask),
        _ => None,
    })
}

/// A product by its files.
pub(super) fn described(
    id: &str,
    source: &Path,
    files: &[(&Path, &str)],
) -> Result<Option<Described>, ReadError> {
    let refuse = |reason: String| ReadError::Product { path: source.to_owned(), reason };
    let version = id.split(".v").nth(1).unwrap_or_default();
    if !version.starts_with("2.") {
        return Err(refuse(format!("is HLS version {version}; only version 2 is read, download it anew")));
    }
    let date = acquired::in_name(id)
        .ok_or_else(|| refuse("has no day of the year in its name; give it its own name back".to_owned()))?;
    let layer = |(path, name): &(&Path, &str)| {
        let band = band(id, name).flatten()?;
        let (scale, nodata) = if band.is_classes() { (1.0, FMASK_FILL) } else { (SCALE, FILL) };
        let (path, nodata) = (PathBuf::from(path), Some(nodata));
        Some((
            band,
            Layer {
                path,
                is_there: true,
                number: 1,
                metres: 30.0,
                nodata,
                saturated: None,
                scale,
                offset: 0.0,
            },
        ))
    };
    let layers: std::collections::BTreeMap<Band, Layer> = files.iter().filter_map(layer).collect();
    if layers.keys().all(|band| band.is_classes()) {
        return Ok(None);
    }
    if !layers.contains_key(&Band::Fmask) {
        return Err(refuse(format!(
            "{id}.Fmask.tif is missing: cloud would be taken for ground; copy it beside the bands"
        )));
    }
    let is_landsat = id.starts_with("HLS.L30.");
    Ok(Some(Described {
        source: source.to_owned(),
        id: id.to_owned(),
        product: format!("HLS {}", if is_landsat { "L30" } else { "S30" }),
        // The product does not say which of the two satellites of a kind it was.
        sensor: if is_landsat { "landsat-8/9" } else { "sentinel-2" }.to_owned(),
        date,
        baseline: Some(format!("v{version}")),
        layers,
        metadata: Vec::new(),
        words: format!("scale {SCALE}, offset 0: HLS v{version} by product name"),
        kind: Kind::Hls,
        acquisition: Acquisition::of_name(id),
    }))
}
