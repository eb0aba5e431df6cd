//! What the XML of a Sentinel-2 product and of its tiles say, word for word.
//!
//! In:  metadata files of a product. Out: `Product`, its `Tile`s and a `TileXml`.
//! Law: a number that is none, a band that is unknown, a name that leads outside are refused, never guessed at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::read::ReadError;
use crate::read::product::sentinel2::BANDS;
use crate::read::product::sentinel2::meaning::QUANTIFICATION;
use crate::read::product::tree::Tree;
use crate::read::product::xml::{self, Node, Xml, elements, text};

/// What the XML of a product says of all its tiles.
pub(super) struct Product {
    /// Name without `.SAFE`.
    pub(super) uri: Option<String>,
    pub(super) level: &'static str,
    pub(super) baseline: Option<String>,
    pub(super) generated: Option<String>,
    pub(super) sensor: Option<String>,
    pub(super) started: Option<String>,
    pub(super) quantification: f64,
    /// Offset in numbers by band name; empty where the product has none.
    pub(super) offsets: BTreeMap<String, f64>,
    pub(super) nodata: f64,
    pub(super) saturated: f64,
    pub(super) tiles: Vec<Tile>,
}

/// A tile as the product lists it.
#[derive(Default)]
pub(super) struct Tile {
    pub(super) granule: String,
    pub(super) strip: Option<String>,
    /// Images without their ending, below the root.
    pub(super) images: Vec<String>,
    pub(super) ending: &'static str,
}

/// What the XML of a tile says.
pub(super) struct TileXml {
    pub(super) id: String,
    pub(super) level: &'static str,
    pub(super) strip: Option<String>,
    pub(super) sensed: Option<String>,
    pub(super) path: PathBuf,
}

pub(super) fn product(tree: &Tree, name: &str) -> Result<Product, ReadError> {
    let path = tree.path(name);
    let refuse = |reason: String| ReadError::Product { path: path.clone(), reason };
    let xml = Xml::new(&path, tree.read(name, xml::MAX_BYTES)?)?;
    let document = xml.parse()?;
    let root = document.root_element();
    let level = level(root).ok_or_else(|| {
        refuse(format!(
            "describes '{}', which is not read; expected Level-1C or Level-2A of Sentinel-2",
            root.tag_name().name()
        ))
    })?;
    let mut offsets = BTreeMap::new();
    for name in ["BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"] {
        for node in elements(root, name) {
            let band = node.attribute("band_id").and_then(|id| BANDS.get(id.parse::<usize>().ok()?));
            let (band, _) =
                band.ok_or_else(|| refuse(format!("{name} is of no band that is known; copy it again")))?;
            offsets.insert((*band).to_owned(), number(node, &path)?);
        }
    }
    let special = |wanted: &str, usual: f64| -> f64 {
        let is_it = |node: &Node| text(*node, &["SPECIAL_VALUE_TEXT"]).as_deref() == Some(wanted);
        let found = elements(root, "Special_Values").find(is_it);
        found.and_then(|node| text(node, &["SPECIAL_VALUE_INDEX"])?.parse().ok()).unwrap_or(usual)
    };
    let uri = text(root, &["PRODUCT_URI", "PRODUCT_URI_1C", "PRODUCT_URI_2A"]);
    Ok(Product {
        uri: uri.map(|uri| uri.trim_end_matches(".SAFE").to_owned()),
        level,
        baseline: text(root, &["PROCESSING_BASELINE"]),
        generated: text(root, &["GENERATION_TIME"]),
        sensor: text(root, &["SPACECRAFT_NAME"]).map(|name| name.to_ascii_lowercase()),
        started: text(root, &["DATATAKE_SENSING_START"]).or_else(|| text(root, &["PRODUCT_START_TIME"])),
        quantification: quantification(root, &path)?,
        offsets,
        nodata: special("NODATA", 0.0),
        saturated: special("SATURATED", 65_535.0),
        tiles: tiles(root),
    })
}

/// The number of an element.
fn number(node: Node, path: &Path) -> Result<f64, ReadError> {
    let text = node.text().unwrap_or_default().trim();
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() <= 1e6);
    number.ok_or_else(|| {
        let reason = format!("{} is '{text}', no number; copy it again", node.tag_name().name());
        ReadError::Product { path: path.to_owned(), reason }
    })
}

/// Numbers per unit of reflectance.
fn quantification(root: Node, path: &Path) -> Result<f64, ReadError> {
    let names = [
        "BOA_QUANTIFICATION_VALUE",
        "L2A_BOA_QUANTIFICATION_VALUE",
        "L1C_L2A_Quantification_Value",
        "QUANTIFICATION_VALUE",
    ];
    let node = names.iter().find_map(|name| elements(root, name).next());
    let value = node.map(|node| number(node, path)).transpose()?.unwrap_or(QUANTIFICATION);
    // Products of every baseline say 10000, early ones of L1C 1000.
    if ![1000.0, QUANTIFICATION].contains(&value) {
        let reason = format!("QUANTIFICATION_VALUE is {value}, expected 10000 or 1000; copy it again");
        return Err(ReadError::Product { path: path.to_owned(), reason });
    }
    Ok(value)
}

fn level(root: Node) -> Option<&'static str> {
    let name = root.tag_name().name();
    ["L1C", "L2A"].into_iter().find(|level| name.contains(&format!("Level-{}", &level[1..])))
}

/// Tiles with their images. Old products of many tiles list a `Granules` a tile, and some list one tile in two parts.
fn tiles(root: Node) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = Vec::new();
    for node in elements(root, "Granule").chain(elements(root, "Granules")) {
        let Some(granule) = node.attribute("granuleIdentifier") else { continue };
        let images = node.descendants().filter(|node| node.tag_name().name().starts_with("IMAGE_"));
        let images = images.filter_map(|node| node.text()).map(|text| text.trim().to_owned());
        let images = images.filter(|image| is_inside(image));
        if let Some(tile) = tiles.iter_mut().find(|tile| tile.granule == granule) {
            tile.images.extend(images);
            continue;
        }
        let is_tiff = node.attribute("imageFormat").is_some_and(|format| format.contains("TIFF"));
        tiles.push(Tile {
            granule: granule.to_owned(),
            strip: node.attribute("datastripIdentifier").map(str::to_owned),
            images: images.collect(),
            ending: if is_tiff { "tif" } else { "jp2" },
        });
    }
    tiles
}

/// The word of an XML leads to no file outside of its product.
fn is_inside(image: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    image.split('/').all(is_plain) && !image.contains(['\\', ':', '\0'])
}

pub(super) fn tile(tree: &Tree, name: &str) -> Result<TileXml, ReadError> {
    let path = tree.path(name);
    let xml = Xml::new(&path, tree.read(name, xml::MAX_BYTES)?)?;
    let document = xml.parse()?;
    let root = document.root_element();
    let level = level(root).filter(|_| root.tag_name().name().contains("Tile"));
    let id = text(root, &["TILE_ID", "TILE_ID_2A"]);
    let (Some(level), Some(id)) = (level, id) else {
        let name = root.tag_name().name().to_owned();
        let reason =
            format!("describes '{name}' without a TILE_ID; expected a tile of Sentinel-2 L1C or L2A");
        return Err(ReadError::Product { path, reason });
    };
    let (strip, sensed) = (text(root, &["DATASTRIP_ID", "DATASTRIP_ID_2A"]), text(root, &["SENSING_TIME"]));
    Ok(TileXml { id, level, strip, sensed, path })
}
