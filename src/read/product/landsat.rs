//! Landsat 4 to 9, Collection 2 Level 2: a GeoTIFF a band, with MTL metadata beside.
//!
//! In:  names such as `LC08_L2SP_123032_20210629_20210708_02_T1_SR_B4`. Out: bands by the sensor, pixel quality.
//! Law: `B4` is near infrared on Landsat 4 to 7 and red on 8 and 9. Level 1 is refused: its numbers are light at the top of
//!      the atmosphere on no common scale. The scale is that of the MTL file, else that of the collection.
//! Source: USGS Landsat Collection 2 Level 2 Science Product Guides (LSDS-1618, LSDS-1619): scale 0.0000275, offset -0.2, fill 0.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::read::acquisition::Acquisition;
use crate::read::product::xml::{MAX_BYTES, Xml, text};
use crate::read::product::{Described, Layer, beside};
use crate::read::scaling::{Kind, LANDSAT_OFFSET, LANDSAT_SCALE};
use crate::read::{ReadError, acquired};
use crate::scene::Band;

/// Number of a detector at its end.
const SATURATED: f64 = 65_535.0;

/// `LC08_L2SP_123032_20210629_20210708_02_T1_SR_B4` is the product up to the tier, and `SR_B4`.
pub(super) fn split(stem: &str) -> Option<(&str, &str)> {
    let (at, _) = stem.match_indices('_').nth(6)?;
    let (id, layer) = (&stem[..at], &stem[at + 1..]);
    Acquisition::of_name(id).filter(|_| sensor(id).is_some() && is_layer(layer))?;
    Some((id, layer))
}

/// Names that files of a band have; what else follows a product's name was made of it by somebody.
fn is_layer(layer: &str) -> bool {
    let band = layer.trim_start_matches("SR_").trim_start_matches("ST_");
    let is_numbered =
        band.strip_prefix('B').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    is_numbered
        || layer.starts_with("QA_")
        || layer.starts_with("SR_QA")
        || layer.starts_with("ST_")
        || matches!(layer, "SR_ATMOS_OPACITY" | "SR_CLOUD_QA")
}

/// Platform by its STAC name, and whether bands are numbered as on Landsat 8.
fn sensor(id: &str) -> Option<(&'static str, bool)> {
    Some(match id.split('_').next()? {
        "LT04" => ("landsat-4", false),
        "LT05" => ("landsat-5", false),
        "LE07" => ("landsat-7", false),
        "LC08" | "LO08" => ("landsat-8", true),
        "LC09" | "LO09" => ("landsat-9", true),
        _ => return None,
    })
}

/// The band that a name (`SR_B4`, `B4`, `QA_PIXEL`) means in a product; `None` where the product is no Landsat.
pub(super) fn band(product: &str, name: &str) -> Option<Option<Band>> {
    let (_, is_new) = sensor(product)?;
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("SR_").unwrap_or(&name);
    let number = name.strip_prefix('B').map(|number| number.trim_start_matches('0'));
    Some(match (number, is_new) {
        _ if name == "QA_PIXEL" => Some(Band::QaPixel),
        (Some("1"), false) | (Some("2"), true) => Some(Band::Blue),
        (Some("2"), false) | (Some("3"), true) => Some(Band::Green),
        (Some("3"), false) | (Some("4"), true) => Some(Band::Red),
        (Some("4"), false) | (Some("5"), true) => Some(Band::Nir08),
        (Some("5"), false) | (Some("6"), true) => Some(Band::Swir16),
        (Some("7"), _) => Some(Band::Swir22),
        _ => None,
    })
}

/// Why a product is not read, by its name.
pub(crate) fn refusal(id: &str) -> Option<String> {
    sensor(id)?;
    let mut parts = id.split('_').skip(1);
    let (level, collection) = (parts.next()?, parts.nth(3)?);
    if level.starts_with("L1") {
        return Some(format!(
            "is Landsat Level 1 ({level}): numbers of light at the top of the atmosphere, which are no reflectance of the ground; \
             download the Level 2 product (L2SP) of the same scene"
        ));
    }
    (collection != "02").then(|| {
        format!("is Landsat Collection {collection}, which is no longer handed out; download Collection 2")
    })
}

/// A product by its files.
pub(super) fn described(
    id: &str,
    source: &Path,
    files: &[(&Path, &str)],
) -> Result<Option<Described>, ReadError> {
    let refuse = |reason: String| ReadError::Product { path: source.to_owned(), reason };
    if let Some(reason) = refusal(id) {
        return Err(refuse(reason));
    }
    let date = acquired::in_name(id)
        .ok_or_else(|| refuse("has no date in its name; give it its own name back".to_owned()))?;
    let mtl = Mtl::beside(source, id)?;
    let layer = |(path, name): &(&Path, &str)| {
        let band = band(id, name).flatten()?;
        // Surface temperature has bands of its own.
        let (scale, offset) = if band.is_classes() { (1.0, 0.0) } else { mtl.scale(name) };
        let (path, is_fill) = (PathBuf::from(path), !band.is_classes());
        let (nodata, saturated) = (is_fill.then_some(0.0), is_fill.then_some(SATURATED));
        Some((
            band,
            Layer { path, is_there: true, number: 1, metres: 30.0, nodata, saturated, scale, offset },
        ))
    };
    let layers: BTreeMap<Band, Layer> =
        files.iter().filter(|(_, name)| !name.starts_with("ST_")).filter_map(layer).collect();
    if layers.keys().all(|band| band.is_classes()) {
        return Ok(None);
    }
    if !layers.contains_key(&Band::QaPixel) {
        return Err(refuse(format!(
            "{id}_QA_PIXEL.TIF is missing: cloud would be taken for ground; copy it beside the bands"
        )));
    }
    let (platform, _) = sensor(id).unwrap_or(("", false));
    let (scale, offset) = layers
        .values()
        .map(|layer| (layer.scale, layer.offset))
        .find(|pair| *pair != (1.0, 0.0))
        .unwrap_or_default();
    Ok(Some(Described {
        source: source.to_owned(),
        id: id.to_owned(),
        product: "Landsat Collection 2 Level 2".to_owned(),
        sensor: platform.to_owned(),
        date,
        baseline: None,
        layers,
        words: format!("scale {scale}, offset {offset}: Landsat Collection 2 Level 2 by {}", mtl.source()),
        metadata: mtl.path.into_iter().collect(),
        kind: Kind::LandsatCollection2,
        acquisition: Acquisition::of_name(id),
    }))
}

/// Scale and offset of each band number, as the metadata beside state them.
#[derive(Default)]
struct Mtl {
    path: Option<PathBuf>,
    values: BTreeMap<String, f64>,
}

impl Mtl {
    /// Looks for `_MTL.json`, `_MTL.xml` or `_MTL.txt` beside a band.
    fn beside(source: &Path, id: &str) -> Result<Self, ReadError> {
        let found =
            ["json", "xml", "txt"].iter().find_map(|ending| beside(source, &format!("{id}_MTL.{ending}")));
        let Some(path) = found else { return Ok(Self::default()) };
        let refuse = |reason: String| ReadError::Product { path: path.clone(), reason };
        let access = |source| ReadError::Access { path: path.clone(), source };
        let size = fs::metadata(&path).map_err(access)?.len();
        if size > MAX_BYTES {
            return Err(refuse(format!(
                "is {size} bytes, the limit for metadata is {MAX_BYTES}; copy it again"
            )));
        }
        let bytes = fs::read(&path).map_err(access)?;
        let values = match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => {
                of_json(&bytes).map_err(|why| refuse(format!("is no JSON: {why}; copy it again")))?
            }
            Some("xml") => of_xml(&path, bytes)?,
            _ => of_text(&String::from_utf8_lossy(&bytes)),
        };
        let level = values.get("PROCESSING_LEVEL").map(String::as_str);
        let product = values.get("LANDSAT_PRODUCT_ID").map(String::as_str);
        if product.is_some_and(|product| product != id) {
            return Err(refuse(format!(
                "is metadata of '{}', but lies beside '{id}'; copy the product again, whole",
                product.unwrap_or_default()
            )));
        }
        if level.is_some_and(|level| !level.starts_with("L2")) {
            return Err(refuse(format!(
                "says processing level {}, expected L2SP or L2SR; copy the product again",
                level.unwrap_or_default()
            )));
        }
        let numbers = values.into_iter().filter_map(|(key, value)| Some((key, value.parse::<f64>().ok()?)));
        Ok(Self { path: Some(path.clone()), values: numbers.collect() })
    }

    fn scale(&self, layer: &str) -> (f64, f64) {
        let number = layer.trim_start_matches("SR_").trim_start_matches('B');
        let stated = |key: &str| self.values.get(&format!("REFLECTANCE_{key}_BAND_{number}")).copied();
        stated("MULT").zip(stated("ADD")).unwrap_or((LANDSAT_SCALE, LANDSAT_OFFSET))
    }

    fn source(&self) -> &'static str {
        if self.values.keys().any(|key| key.starts_with("REFLECTANCE_MULT")) {
            "its MTL file"
        } else {
            "product name"
        }
    }
}

/// The group that holds the scale of Level 2; Level 1 has keys of the same names in a group of its own.
const GROUP: &str = "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS";
/// The group that says what the product is.
const CONTENTS: &str = "PRODUCT_CONTENTS";

fn of_json(bytes: &[u8]) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let whole: Value = serde_json::from_slice(bytes)?;
    let root = whole.get("LANDSAT_METADATA_FILE").unwrap_or(&whole);
    let groups = [GROUP, CONTENTS].into_iter().filter_map(|name| root.get(name)?.as_object());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(groups.flatten().map(|(key, value)| (key.clone(), text(value))).collect())
}

fn of_xml(path: &Path, bytes: Vec<u8>) -> Result<BTreeMap<String, String>, ReadError> {
    let xml = Xml::new(path, bytes)?;
    let document = xml.parse()?;
    let groups =
        document.root_element().children().filter(|node| [GROUP, CONTENTS].contains(&node.tag_name().name()));
    let values = groups.flat_map(|group| group.children().filter(|node| node.is_element()));
    Ok(values
        .filter_map(|node| {
            let name = node.tag_name().name();
            Some((name.to_owned(), text(node, &[name])?))
        })
        .collect())
}

/// `GROUP = NAME`, `KEY = VALUE`, `END_GROUP = NAME`, a line each.
fn of_text(text: &str) -> BTreeMap<String, String> {
    let (mut values, mut group) = (BTreeMap::new(), String::new());
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let (key, value) = (key.trim(), value.trim().trim_matches('"'));
        match key {
            "GROUP" => value.clone_into(&mut group),
            "END_GROUP" => group.clear(),
            _ if [GROUP, CONTENTS].contains(&group.as_str()) => {
                values.insert(key.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_another_band_on_another_landsat() {
        let (tm, oli) =
            ("LT05_L2SP_123032_20100629_20200823_02_T1", "LC08_L2SP_123032_20210629_20210708_02_T1");
        assert_eq!(band(tm, "SR_B4"), Some(Some(Band::Nir08)));
        assert_eq!(band(oli, "SR_B4"), Some(Some(Band::Red)));
        assert_eq!(band(oli, "SR_B1"), Some(None));
        assert_eq!(band("S2A_T49TCF", "B4"), None);
        assert_eq!(split(&format!("{oli}_SR_B4")), Some((oli, "SR_B4")));
        assert_eq!(split(&format!("{oli}_SR")), None, "a stack that somebody made");
        assert!(refusal("LC08_L1TP_123032_20210629_20210708_02_T1").unwrap().contains("Level 1"));
        assert!(refusal("LC08_L2SP_123032_20210629_20210708_01_T1").unwrap().contains("Collection 01"));
    }

    #[test]
    fn scale_and_offset_stand_in_mtl_of_three_writings() {
        let text = "GROUP = LANDSAT_METADATA_FILE\n GROUP = LEVEL1_RADIOMETRIC_RESCALING\n  REFLECTANCE_MULT_BAND_4 = 2.0000E-05\n \
                    END_GROUP = LEVEL1_RADIOMETRIC_RESCALING\n GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS\n  \
                    REFLECTANCE_MULT_BAND_4 = 2.75e-05\n  REFLECTANCE_ADD_BAND_4 = -0.2\n END_GROUP = X\nEND\n";
        let json = br#"{"LANDSAT_METADATA_FILE":{"LEVEL1_RADIOMETRIC_RESCALING":{"REFLECTANCE_MULT_BAND_4":"2E-05"},
            "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS":{"REFLECTANCE_MULT_BAND_4":"2.75e-05","REFLECTANCE_ADD_BAND_4":"-0.2"}}}"#;
        let xml = b"<LANDSAT_METADATA_FILE><LEVEL2_SURFACE_REFLECTANCE_PARAMETERS><REFLECTANCE_MULT_BAND_4>2.75e-05</REFLECTANCE_MULT_BAND_4>\
            <REFLECTANCE_ADD_BAND_4>-0.2</REFLECTANCE_ADD_BAND_4></LEVEL2_SURFACE_REFLECTANCE_PARAMETERS></LANDSAT_METADATA_FILE>";
        for values in [of_text(text), of_json(json).unwrap(), of_xml(Path::new("x"), xml.to_vec()).unwrap()] {
            assert_eq!(values["REFLECTANCE_MULT_BAND_4"], "2.75e-05");
            assert_eq!(values["REFLECTANCE_ADD_BAND_4"], "-0.2");
        }
    }
}
