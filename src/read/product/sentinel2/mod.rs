//! Sentinel-2 products: SAFE folders of every processing baseline, whole or as single tiles, as their XML describes them.
//!
//! In:  the files of a product. Out: one `Described` a tile.
//! Law: offset and quantification come from the product's XML, a band at a time; without one from the processing baseline
//!      in the tile's XML. Number 0 is nodata and 65535 saturated before any offset. XML of another product is refused.
//! Source: Sentinel-2 Products Specification Document, issue 14 and 15 (S2-PDGS-TAS-DI-PSD): `BOA_ADD_OFFSET`,
//!         `RADIO_ADD_OFFSET`, `QUANTIFICATION_VALUE`, special values; names of the compact format since 6 December 2016.

mod images;
mod meaning;
mod metadata;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::date::{Date, days_between};
use crate::read::acquisition::{Acquisition, baseline_in_name};
use crate::read::product::tree::Tree;
use crate::read::product::{Described, Layer};
use crate::read::scaling::Kind;
use crate::read::{ReadError, acquired};
use crate::scene::Band;

use images::Image;
use meaning::Meaning;
use metadata::{Product, Tile, TileXml};

/// Bands in the order of `band_id`, with the metres of their pixels at their finest.
const BANDS: [(&str, f64); 13] = [
    ("B01", 60.0),
    ("B02", 10.0),
    ("B03", 10.0),
    ("B04", 10.0),
    ("B05", 20.0),
    ("B06", 20.0),
    ("B07", 20.0),
    ("B08", 10.0),
    ("B8A", 20.0),
    ("B09", 60.0),
    ("B10", 60.0),
    ("B11", 20.0),
    ("B12", 20.0),
];
/// Whether a file name is that of metadata of a product or of a tile handed out alone.
pub(super) fn is_metadata(name: &str) -> bool {
    is_of_product(name) || is_of_tile(name)
}

fn is_of_product(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let named = ["MTD_MSIL1C.XML", "MTD_MSIL2A.XML", "PRODUCT_METADATA.XML"].contains(&name.as_str());
    let old = name.starts_with("S2")
        && name.ends_with(".XML")
        && (name.contains("_MTD_SAFL1C_") || name.contains("_MTD_SAFL2A_"));
    named || old
}

fn is_of_tile(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let old = upper.starts_with("S2")
        && upper.ends_with(".XML")
        && (upper.contains("_MTD_L1C_TL_") || upper.contains("_MTD_L2A_TL_"));
    old || upper == "MTD_TL.XML" || name == "metadata.xml"
}

/// Folders of a tree that hold a product, or a tile that is handed out alone.
pub(super) fn roots(tree: &Tree) -> Vec<String> {
    let split = |name: &'_ str| {
        name.rsplit_once('/')
            .map_or((String::new(), name.to_owned()), |(folder, file)| (folder.to_owned(), file.to_owned()))
    };
    let of = |is: fn(&str) -> bool| {
        let mut folders: Vec<String> = tree
            .files
            .keys()
            .map(|name| split(name))
            .filter(|(_, file)| is(file))
            .map(|(folder, _)| folder)
            .collect();
        folders.dedup();
        folders
    };
    let products = of(is_of_product);
    let is_inside = |folder: &String| {
        products
            .iter()
            .any(|root| root.is_empty() || folder == root || folder.starts_with(&format!("{root}/")))
    };
    let tiles = of(is_of_tile).into_iter().filter(|folder| !is_inside(folder)).collect::<Vec<_>>();
    products.into_iter().chain(tiles).collect()
}

/// The tiles of a product.
///
/// # Errors
/// `Product` where the XML cannot be read, contradicts itself or the name of its folder.
pub(super) fn described(tree: &Tree) -> Result<Vec<Described>, ReadError> {
    let at_top = |is: fn(&str) -> bool| tree.files.keys().find(|name| !name.contains('/') && is(name));
    let Some(name) = at_top(is_of_product) else {
        let Some(name) = at_top(is_of_tile) else { return Ok(Vec::new()) };
        let tile = metadata::tile(tree, name)?;
        return Ok(vec![of_tile(tree, tile, None)?]);
    };
    let path = tree.path(name);
    let product = metadata::product(tree, name)?;
    if let Some(uri) = &product.uri {
        same_baseline(&path, &tree.name(), uri)?;
        same_kind_of_baseline(&path, &product, uri)?;
    }
    // In the layout of the archive in the cloud one tile lies alone, under names of its own.
    if let Some(name) = tree.files.keys().find(|name| *name == "metadata.xml") {
        let tile = metadata::tile(tree, name)?;
        let mut found = of_tile(tree, tile, Some(&product))?;
        found.metadata.push(path);
        return Ok(vec![found]);
    }
    if product.tiles.is_empty() {
        let reason = "lists no tile (Granule); copy the product again, whole".to_owned();
        return Err(ReadError::Product { path, reason });
    }
    product.tiles.iter().map(|tile| of_granule(tree, name, &product, tile)).collect()
}

/// The name of a folder and the XML inside must speak of one baseline.
fn same_baseline(path: &Path, folder: &str, uri: &str) -> Result<(), ReadError> {
    match (baseline_in_name(folder), baseline_in_name(uri)) {
        (Some(a), Some(b)) if a != b => {
            let reason = format!(
                "is metadata of '{uri}' (processing baseline {b:05.2}), but lies in '{folder}' ({a:05.2}); the offset of the \
                 numbers depends on it: copy the product again, whole"
            );
            Err(ReadError::Product { path: path.to_owned(), reason })
        }
        _ => Ok(()),
    }
}

/// Without a list of offsets all depends on the baseline: the XML and the name must agree on which side of 04.00 it is.
fn same_kind_of_baseline(path: &Path, product: &Product, uri: &str) -> Result<(), ReadError> {
    let stated = product.baseline.as_deref().and_then(|text| text.trim().parse::<f64>().ok());
    let (Some(stated), Some(named), true) = (stated, baseline_in_name(uri), product.offsets.is_empty())
    else {
        return Ok(());
    };
    if meaning::has_offset(stated) == meaning::has_offset(named) {
        return Ok(());
    }
    let reason = format!(
        "states PROCESSING_BASELINE {stated:05.2} and no offsets, but is of '{uri}' (processing baseline {named:05.2}); the \
         offset of the numbers depends on it: copy the product again, whole"
    );
    Err(ReadError::Product { path: path.to_owned(), reason })
}

/// The day of sensing in the XML and the one in the name of the product, `S2A_MSIL2A_20230511T...`, must agree to a day.
fn same_day(path: &Path, date: Date, id: &str) -> Result<(), ReadError> {
    match Acquisition::of_name(id).and_then(|acquisition| acquisition.day()) {
        Some(named) if days_between(date, named).abs() > 1 => Err(ReadError::DateConflict {
            path: path.to_owned(),
            first: "the sensing time of the metadata".to_owned(),
            first_date: date.to_string(),
            second: format!("the name '{id}'"),
            second_date: named.to_string(),
        }),
        _ => Ok(()),
    }
}

/// A tile that a product lists.
fn of_granule(tree: &Tree, name: &str, product: &Product, tile: &Tile) -> Result<Described, ReadError> {
    let source = tree.path(name);
    let xml = match tile_metadata(tree, tile) {
        Some(name) => Some(metadata::tile(tree, &name)?),
        None => None,
    };
    let code = tile_code(&tile.granule);
    if let Some(other) = xml
        .as_ref()
        .and_then(|xml| tile_code(&xml.id))
        .filter(|other| code.is_some_and(|code| code != *other))
    {
        let reason = format!(
            "lists tile {}, but the metadata inside are of tile {other}; copy the product again, whole",
            code.unwrap_or_default()
        );
        return Err(ReadError::Product { path: source, reason });
    }
    let many = product.tiles.len() > 1;
    let id = match (&product.uri, code) {
        (Some(uri), Some(code)) if many => format!("{uri}_T{code}"),
        (Some(uri), _) => uri.clone(),
        (None, _) => without_baseline(&tile.granule).to_owned(),
    };
    let strip = tile.strip.clone().or_else(|| xml.as_ref().and_then(|xml| xml.strip.clone()));
    let sensed = xml.as_ref().and_then(|xml| xml.sensed.clone()).or_else(|| product.started.clone());
    let metadata = std::iter::once(source.clone()).chain(xml.map(|xml| xml.path)).collect();
    let listed = images::listed(tree, tile);
    let about =
        About { source, id, metadata, level: product.level, code, strip, sensed, granule: &tile.granule };
    about.described(Some(product), listed)
}

/// The metadata of a tile inside its product.
fn tile_metadata(tree: &Tree, tile: &Tile) -> Option<String> {
    let granule = tile.images.iter().find_map(|image| image.strip_prefix("GRANULE/")?.split('/').next());
    let granule = granule.unwrap_or(&tile.granule);
    let inside = format!("GRANULE/{granule}/");
    let is_its = |name: &&String| {
        name.strip_prefix(&inside).is_some_and(|rest| !rest.contains('/') && is_of_tile(rest))
    };
    let beside = || tree.files.keys().find(|name| *name == "MTD_TL.xml");
    tree.files.keys().find(is_its).or_else(beside).cloned()
}

/// A tile that is handed out alone, perhaps with the metadata of its product.
fn of_tile(tree: &Tree, tile: TileXml, product: Option<&Product>) -> Result<Described, ReadError> {
    let uri = product.and_then(|product| product.uri.clone());
    let id = uri.unwrap_or_else(|| without_baseline(&tile.id).to_owned());
    let listed = images::alone(tree, tile.level);
    let about = About {
        source: tile.path.clone(),
        id,
        metadata: vec![tile.path],
        level: tile.level,
        code: tile_code(&tile.id),
        strip: tile.strip,
        sensed: tile.sensed,
        granule: &tile.id,
    };
    about.described(product, listed)
}

/// `..._T01WCP_N05.09` or `..._T01WCP_...` is `01WCP`.
fn tile_code(id: &str) -> Option<&str> {
    id.split('_').find_map(|part| {
        let code = part.strip_prefix('T')?;
        let digits =
            code.len() == 5 && code.is_ascii() && code.as_bytes()[..2].iter().all(u8::is_ascii_digit);
        (digits && code.as_bytes()[2..].iter().all(u8::is_ascii_uppercase)).then_some(code)
    })
}

fn without_baseline(id: &str) -> &str {
    baseline_of_tile(id).map_or(id, |baseline| &id[..id.len() - baseline.len() - 2])
}

/// `..._N05.09` is `05.09`.
fn baseline_of_tile(id: &str) -> Option<&str> {
    let baseline = id.rsplit_once("_N")?.1;
    baseline.parse::<f64>().is_ok().then_some(baseline)
}

/// What is known of a tile when its bands are laid out.
struct About<'a> {
    source: PathBuf,
    id: String,
    metadata: Vec<PathBuf>,
    level: &'static str,
    code: Option<&'a str>,
    strip: Option<String>,
    sensed: Option<String>,
    granule: &'a str,
}

impl About<'_> {
    fn described(self, product: Option<&Product>, images: Vec<Image>) -> Result<Described, ReadError> {
        let refuse =
            |reason: &str| ReadError::Product { path: self.source.clone(), reason: reason.to_owned() };
        let date = self.sensed.as_deref().and_then(acquired::in_text);
        let date = date.ok_or_else(|| {
            refuse("has no SENSING_TIME nor PRODUCT_START_TIME that is a date; copy it again")
        })?;
        same_day(&self.source, date, &self.id)?;
        let baseline = product.and_then(|product| product.baseline.clone());
        let baseline = baseline.or_else(|| baseline_of_tile(self.granule).map(str::to_owned));
        let meaning = Meaning::of(product, baseline.as_deref())
            .ok_or_else(|| refuse("states no processing baseline nor offsets, so that its numbers have no known meaning; copy the product again, whole"))?;
        let unit = self.granule.split('_').next().unwrap_or_default().to_ascii_lowercase();
        let sensor = product.and_then(|product| product.sensor.clone());
        let sensor = sensor.unwrap_or_else(|| unit.replacen("s2", "sentinel-2", 1));
        let mut layers: BTreeMap<Band, Layer> = BTreeMap::new();
        for (name, metres, file, is_there) in images {
            let Some(band) = Band::parse(&name) else { continue };
            let layer = meaning.layer(
                &name,
                (band, metres),
                self.source.parent().unwrap_or(Path::new("")).join(file),
                is_there,
            );
            // The finest of those that are there, else the finest that should be.
            let rank = |layer: &Layer| (!layer.is_there, layer.metres);
            if layers.get(&band).is_none_or(|other| rank(&layer) < rank(other)) {
                layers.insert(band, layer);
            }
        }
        let words = meaning.words(self.level, baseline.as_deref(), &layers);
        let kind = if self.level == "L2A" { Kind::Sentinel2 } else { Kind::Sentinel2Top };
        let started = product.and_then(|product| product.started.clone()).or(self.sensed);
        let acquisition = started.zip(self.code).map(|(started, code)| Acquisition {
            // To the second, in the writing of names.
            key: format!(
                "{sensor} {} T{code}",
                started.replace(['-', ':'], "").chars().take(15).collect::<String>()
            ),
            strip: self.strip.as_deref().and_then(Acquisition::strip_of_datastrip),
            level: u8::from(self.level == "L2A"),
            baseline: baseline.as_deref().and_then(Acquisition::hundredths),
            generated: product.and_then(|product| product.generated.clone()).unwrap_or_default(),
        });
        Ok(Described {
            source: self.source,
            id: self.id,
            product: format!("Sentinel-2 {}", self.level),
            sensor,
            date,
            baseline,
            layers,
            metadata: self.metadata,
            words,
            kind,
            acquisition,
        })
    }
}
