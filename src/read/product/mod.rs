//! Products of imagery as their makers hand them out: what metadata and names say, before a pixel is read.
//!
//! In:  a folder, an archive, a metadata file, or GeoTIFFs with the name of a product.
//! Out: `Described` acquisitions, and candidates for scenes once their files were opened.
//! Law: metadata speak before names, and pixels may contradict both: then the product is refused. A file that metadata
//!      name and that is not there is said by its name; a product is never read in part without a word.

pub(crate) mod found;
mod gaofen;
mod hls;
mod landsat;
mod named;
mod sentinel2;
mod tree;
mod xml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::date::Date;
use crate::read::acquisition::Acquisition;
use crate::read::discover::{Candidate, is_json};
use crate::read::probe::{Numbers, Probe};
use crate::read::scaling::{self, Kind};
use crate::read::{ReadError, archive, harden, one_meaning, stac};
use crate::scene::{Band, BandFile, Scene};

pub(crate) use landsat::refusal;
pub(crate) use named::{band_in, name_of};
use tree::Tree;

/// One layer of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The file, there or not.
    pub path: PathBuf,
    /// Whether it is there.
    pub is_there: bool,
    /// Band number in the file, from 1.
    pub number: usize,
    /// Metres a pixel as the product states them; 0 where it does not.
    pub metres: f64,
    /// Number that means "nothing was observed".
    pub nodata: Option<f64>,
    /// Number that means "more light than the sensor can tell".
    pub saturated: Option<f64>,
    /// Reflectance = number * scale + offset; for class layers 1 and 0.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
}

/// What metadata and names say of one acquisition.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The file or folder that says it.
    pub source: PathBuf,
    /// Name of the product, or of the tile where it is handed out alone.
    pub id: String,
    /// Product in words, for example `Sentinel-2 L2A`.
    pub product: String,
    /// Platform by its STAC name, for example `sentinel-2a`.
    pub sensor: String,
    /// Day of acquisition (UTC).
    pub date: Date,
    /// Processing baseline or version as the product writes it, for example `05.09`.
    pub baseline: Option<String>,
    /// The finest layer of each band.
    pub layers: BTreeMap<Band, Layer>,
    /// Metadata files that were read.
    pub metadata: Vec<PathBuf>,
    /// Where scale and offset come from, in words.
    pub(crate) words: String,
    /// What the numbers are.
    pub(crate) kind: Kind,
    /// Which acquisition it is.
    pub(crate) acquisition: Option<Acquisition>,
}

/// What the products at a path, or the items of a STAC file, say of themselves, sorted by date and id. No image is opened.
///
/// # Errors
/// `Product` or `Stac` with the metadata file and what is wrong, `NoScene` where there is no product.
pub fn described(path: &Path) -> Result<Vec<Described>, ReadError> {
    let root = root_of(path).unwrap_or_else(|| path.to_owned());
    let mut found = if is_json(&root) { stac::described(&root)? } else { of_root(&root)? };
    if found.is_empty() {
        return Err(ReadError::NoScene { path: path.to_owned(), why: NO_PRODUCT.to_owned() });
    }
    found.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
    Ok(found)
}

/// What is said of a folder or archive that is no product.
pub(crate) const NO_PRODUCT: &str =
    " (no metadata of a Sentinel-2 product: MTD_MSIL1C.xml, MTD_MSIL2A.xml or, of a tile, metadata.xml)";

/// The root of the product whose metadata file, folder or archive a path is; `None` where it is none of them.
pub(crate) fn root_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    if path.is_file() && sentinel2::is_metadata(name) {
        return Some(path.parent()?.to_owned());
    }
    let is_root = if path.is_dir() { is_root(path) } else { archive::is_zip(path) && path.is_file() };
    is_root.then(|| path.to_owned())
}

/// Whether a folder is a product that is described by metadata beside its images.
fn is_root(folder: &Path) -> bool {
    let named = folder.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("SAFE"));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned));
    named || names.any(|name| sentinel2::is_metadata(&name))
}

/// The products of a folder or archive.
pub(crate) fn of_root(root: &Path) -> Result<Vec<Described>, ReadError> {
    let tree = Tree::open(root)?;
    let mut found = Vec::new();
    for folder in sentinel2::roots(&tree) {
        found.extend(sentinel2::described(&tree.below(&folder))?);
    }
    let is_safe = root.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("SAFE"));
    if found.is_empty() && is_safe {
        let reason = format!("is a SAFE folder{NO_PRODUCT}; copy the product again, whole");
        return Err(ReadError::Product { path: root.to_owned(), reason });
    }
    Ok(found)
}

impl Described {
    /// Opens the files and makes sure that they are what the product says.
    ///
    /// # Errors
    /// `Product` with every file that is missing, `Scaling` where pixels contradict metadata, and those of opening.
    pub(crate) fn candidate(self) -> Result<Candidate, ReadError> {
        self.check_whole()?;
        let mut probes = BTreeMap::new();
        for (band, layer) in &self.layers {
            let probe = Probe::open(&layer.path)?;
            self.check_numbers(*band, layer, &probe)?;
            probes.insert(*band, probe);
        }
        self.check_meaning(&probes)?;
        self.check_extent(&probes)?;
        self.check_pixels(&probes)?;
        let file = |(band, layer): (&Band, &Layer)| {
            let grid = probes.get(band)?.grid.clone();
            let Layer { path, number, nodata, saturated, scale, offset, .. } = layer.clone();
            Some((*band, BandFile { path, number, grid, nodata, saturated, scale, offset }))
        };
        let bands = self.layers.iter().filter_map(file).collect();
        let baseline =
            self.baseline.as_ref().map_or(String::new(), |baseline| format!(", baseline {baseline}"));
        let product = format!("{}{baseline}", self.product);
        let Self { id, date, sensor, words: scaling, kind, acquisition, .. } = self;
        let path = probes.into_values().next().map_or(self.source, |probe| probe.path);
        Ok(Candidate {
            scene: Scene { id, date, product, sensor, bands, scaling, displaced: (0.0, 0.0) },
            kind,
            path,
            acquisition,
        })
    }

    /// Every file that metadata name must be there.
    fn check_whole(&self) -> Result<(), ReadError> {
        let missing = self.layers.iter().filter(|(_, layer)| !layer.is_there);
        let missing: Vec<String> =
            missing.map(|(band, layer)| format!("{band} {}", layer.path.display())).collect();
        let reason = match (missing.as_slice(), self.layers.keys().any(|band| !band.is_classes())) {
            ([], true) => return Ok(()),
            ([], false) => "has no reflectance band; copy the product again, whole".to_owned(),
            (files, _) => format!(
                "scene '{}' lacks {} of the files that its metadata name: {}; copy the product again, whole",
                self.id,
                files.len(),
                files.join(", ")
            ),
        };
        Err(ReadError::Product { path: self.source.clone(), reason })
    }

    fn check_numbers(&self, band: Band, layer: &Layer, probe: &Probe) -> Result<(), ReadError> {
        let found = probe.bands.get(layer.number - 1).map(|band| band.numbers);
        let is_fit = match found {
            Some(Numbers::Integer16) => true,
            Some(Numbers::Byte) => band.is_classes() || self.kind == Kind::Counts,
            _ => false,
        };
        if is_fit {
            return Ok(());
        }
        let expected = if band.is_classes() { "8- or 16-bit classes" } else { "16-bit numbers" };
        let found = found.map_or("no such band".to_owned(), |numbers| format!("{numbers:?}"));
        let reason = format!(
            "band {band} of a {} expected as {expected}, found {found}; copy the product again",
            self.product
        );
        Err(ReadError::Bands { path: layer.path.clone(), reason })
    }

    /// A file must say of itself what the product says, and all bands the same.
    fn check_meaning(&self, probes: &BTreeMap<Band, Probe>) -> Result<(), ReadError> {
        let again = |reason: String| format!("{reason}; copy the product again, whole, as it was handed out");
        for (band, layer) in &self.layers {
            let own = probes.get(band).and_then(|probe| probe.bands.get(layer.number - 1)?.declared);
            one_meaning::of_own(*band, own, (layer.scale, layer.offset))
                .map_err(|reason| ReadError::Scaling { path: layer.path.clone(), reason: again(reason) })?;
        }
        let bands = self.layers.iter().map(|(band, layer)| (*band, (layer.scale, layer.offset)));
        one_meaning::of_bands(bands)
            .map_err(|reason| ReadError::Product { path: self.source.clone(), reason: again(reason) })
    }

    /// All files of a product lie on the same ground, to a pixel of the coarser one.
    fn check_extent(&self, probes: &BTreeMap<Band, Probe>) -> Result<(), ReadError> {
        let mut all = probes.iter();
        let Some((first, usual)) = all.next() else { return Ok(()) };
        let other = all.find(|(_, probe)| !probe.grid.covers_like(&usual.grid));
        let Some((band, probe)) = other else { return Ok(()) };
        let reason = format!(
            "is {}, but band {first} of the same product is {}; expected band {band} on the same ground: copy the product \
             again, whole",
            probe.grid, usual.grid
        );
        Err(ReadError::Bands { path: probe.path.clone(), reason })
    }

    /// Numbers of the visible bands must be reflectance by what the product says.
    fn check_pixels(&self, probes: &BTreeMap<Band, Probe>) -> Result<(), ReadError> {
        if self.kind == Kind::Counts {
            return Ok(());
        }
        for (band, probe) in probes {
            if !matches!(band, Band::Blue | Band::Red) {
                continue;
            }
            let Some(layer) = self.layers.get(band) else { continue };
            let mut sample = probe.sample(*band, layer.number)?;
            sample.retain(|value| Some(*value) != layer.nodata && Some(*value) != layer.saturated);
            let meaning = (self.kind, layer.scale, layer.offset, self.words.as_str());
            scaling::check_plausible((&layer.path, *band), meaning, &sample)?;
        }
        Ok(())
    }
}

/// A file beside another, if it is plain and on this disk.
fn beside(path: &Path, name: &str) -> Option<PathBuf> {
    let file = path.parent()?.join(name);
    harden::plain_file(&file).is_ok().then_some(file)
}
