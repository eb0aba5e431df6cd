//! Which scenes lie in a folder: products, one multi-band file a date, or one file a band.
//!
//! In:  a folder, a GeoTIFF, a product or a STAC JSON; the order of bands where files do not name them.
//! Out: scenes sorted by date and id, and the files that are none, each with the reason.
//! Law: a file that claims to be a scene and cannot be read is an error; nothing is left out silently.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::bucket::{Address, Object};
use crate::read::acquisition::Acquisition;
use crate::read::band_names::{band_suffix, named_bands};
use crate::read::content::{Content, VRT, content};
use crate::read::missing::{self, Missing};
use crate::read::probe::{Numbers, Probe};
use crate::read::product::found::{self, Beside};
use crate::read::raster::AboutBand;
use crate::read::scaling::{self, Evidence, Kind, Scaling};
use crate::read::{ReadError, acquired, agree, harden, objects, one_meaning, product, stac};
use crate::scene::{Band, BandFile, Scene};

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Scenes, sorted by date, then id.
    pub scenes: Vec<Scene>,
    /// Files that are no scene, with the reason, sorted by path.
    pub skipped: Vec<(PathBuf, String)>,
    /// STAC files and metadata of products, which say where the scenes lie and what their numbers mean, sorted; empty for a
    /// folder of plain files.
    pub described: Vec<PathBuf>,
    /// Scenes that a catalogue of clips lists and does not hold, by day.
    pub missing: Vec<Missing>,
    /// Objects in storage as they were listed; empty for scenes on disk.
    pub objects: BTreeMap<PathBuf, Object>,
}

/// Items of a file that name who took it.
const SENSOR_ITEMS: [&str; 5] = ["SENSOR", "PLATFORM", "SATELLITE", "SPACECRAFT_NAME", "SPACECRAFT_ID"];

/// Files that turned out to be unreadable, with the reason: their scenes are looked at another time.
pub type SetAside = BTreeMap<PathBuf, String>;

/// A scene and how its numbers were understood.
pub(crate) struct Candidate {
    pub(crate) scene: Scene,
    pub(crate) kind: Kind,
    /// The file that stands for the scene in messages.
    pub(crate) path: PathBuf,
    /// Which acquisition it is of, where that is known.
    pub(crate) acquisition: Option<Acquisition>,
}

/// Finds the scenes under `path`: a folder (and its direct sub-folders), one GeoTIFF, one product, or a STAC JSON.
///
/// `band_order` names the bands of files that do not name them themselves.
///
/// # Errors
/// `NoScene`, `NoDate`, `Bands`, `Scaling`, `MixedScaling`, `MixedCrs`, `Duplicate`, `Stac`, `Product`, `Archive`, and those
/// of opening a file.
pub fn scenes(path: &Path, band_order: Option<&[Band]>) -> Result<Discovery, ReadError> {
    scenes_without(path, band_order, &SetAside::new())
}

/// The same; scenes with a file that is `set_aside` are listed among the skipped ones, whole.
///
/// # Errors
/// Those of `scenes`.
pub fn scenes_without(
    path: &Path,
    band_order: Option<&[Band]>,
    set_aside: &SetAside,
) -> Result<Discovery, ReadError> {
    harden::prepare()?;
    let (mut skipped, mut described, mut objects) = (Vec::new(), Vec::new(), BTreeMap::new());
    let candidates = if let Some(address) = Address::of(path)? {
        objects = objects::listed(&address, &mut skipped)?;
        let files = objects::tiffs(&address, &objects, &mut skipped);
        of_files(&files, (band_order, set_aside), (&mut skipped, &mut described))?
    } else if let Some(root) = product::root_of(path) {
        found::of_products(&[root], set_aside, (&mut skipped, &mut described))?
    } else if path.is_dir() {
        match stac_root(path) {
            Some(root) => stac::candidates(&root, set_aside, (&mut skipped, &mut described))?,
            None => {
                let (files, products) = tiff_files(path, &mut skipped)?;
                let mut found = found::of_products(&products, set_aside, (&mut skipped, &mut described))?;
                found.extend(of_files(&files, (band_order, set_aside), (&mut skipped, &mut described))?);
                found
            }
        }
    } else {
        let real = harden::plain_file(path)?;
        match content(&real)? {
            Content::Other(_) if is_json(path) => {
                stac::candidates(path, set_aside, (&mut skipped, &mut described))?
            }
            _ => of_files(&[path.to_owned()], (band_order, set_aside), (&mut skipped, &mut described))?,
        }
    };
    if candidates.is_empty() {
        skipped.sort();
        return Err(no_scene(path, &skipped));
    }
    let scenes = agree::agree(candidates, &mut skipped)?;
    let missing = missing::of(&described);
    skipped.sort();
    described.sort();
    described.dedup();
    Ok(Discovery { scenes, skipped, described, missing, objects })
}

fn no_scene(path: &Path, skipped: &[(PathBuf, String)]) -> ReadError {
    let why = match skipped {
        [] => String::new(),
        [(file, reason), ..] => {
            format!(" ({} files looked at; {}: {reason})", skipped.len(), file.display())
        }
    };
    ReadError::NoScene { path: path.to_owned(), why }
}

pub(crate) fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

pub(crate) fn is_json(path: &Path) -> bool {
    has_ending(path, &["json", "geojson"])
}

/// A folder without GeoTIFF of its own whose catalogue says where they lie.
fn stac_root(folder: &Path) -> Option<PathBuf> {
    let root = ["catalog.json", "collection.json"].map(|name| folder.join(name));
    let root = root.into_iter().find(|file| file.is_file())?;
    let (files, products) = tiff_files(folder, &mut Vec::new()).ok()?;
    (files.is_empty() && products.is_empty()).then_some(root)
}

/// Why a file is left out that lies too far down.
pub(crate) const TOO_DEEP: &str = "lies deeper than one sub-folder; name its folder with --scenes";

/// Why pictures of a product that lost its metadata are left out.
const LOOSE: &str = "is JPEG 2000 outside of a product: without its metadata (MTD_MSIL2A.xml) its numbers have no known meaning; \
                     copy the product whole";

/// Why a file that may hold pictures is left out, by how its name ends.
const OTHERWISE: [(&[&str], &str); 2] = [
    (
        &[".tar", ".tar.gz", ".tgz", ".7z", ".rar"],
        "is an archive; unpack it, each product into a folder of its own",
    ),
    (
        &[".img", ".nc", ".hdf", ".h5", ".ecw"],
        "is no GeoTIFF; make one of it (gdal_translate) and name its bands",
    ),
];

/// Why a folder that a link leads to is left out.
const LINKED: &str = "is a link to a folder below a sub-folder; name the folder with --scenes";

fn otherwise(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    OTHERWISE
        .iter()
        .find(|(endings, _)| endings.iter().any(|ending| name.ends_with(ending)))
        .map(|(_, why)| *why)
}

/// GeoTIFF files in a folder and its direct sub-folders, and products there, sorted; what lies deeper is listed as skipped.
///
/// Not all levels are taken: the originals of a product often lie in folders below what was made of them.
fn tiff_files(
    folder: &Path,
    skipped: &mut Vec<(PathBuf, String)>,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), ReadError> {
    let (mut files, mut products) = (Vec::new(), Vec::new());
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let access = |source| ReadError::Access { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(access)? {
            let path = entry.map_err(access)?.path();
            if product::root_of(&path).is_some_and(|root| root == path) {
                match depth {
                    0 | 1 => products.push(path),
                    _ => skipped.push((path, TOO_DEEP.to_owned())),
                }
            } else if path.is_dir() {
                if has_ending(&path, &["tif", "tiff"]) && holds_none(&path)? {
                    skipped.push((path, "is a folder without a GeoTIFF, whatever it is called".to_owned()));
                } else if depth == 0 || !path.is_symlink() {
                    folders.push((path, depth + 1));
                } else {
                    skipped.push((path, LINKED.to_owned()));
                }
            } else if let Some(why) = otherwise(&path) {
                skipped.push((path, why.to_owned()));
            } else if depth <= 1 && has_ending(&path, &["jp2"]) {
                skipped.push((path, LOOSE.to_owned()));
            } else if !has_ending(&path, &["tif", "tiff"]) {
                continue;
            } else if depth > 1 {
                skipped.push((path, TOO_DEEP.to_owned()));
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    products.sort();
    Ok((files, products))
}

/// Whether neither a GeoTIFF nor a product lies in a folder.
fn holds_none(folder: &Path) -> Result<bool, ReadError> {
    let (files, products) = tiff_files(folder, &mut Vec::new())?;
    Ok(files.is_empty() && products.is_empty())
}

/// Files of one scene: the bands that were named, with the file each lies in.
#[derive(Default)]
struct Group {
    probes: Vec<Probe>,
    /// Band, index of its probe, number in the file.
    bands: Vec<(Band, usize, usize)>,
    note: String,
}

fn of_files(
    files: &[PathBuf],
    (band_order, set_aside): (Option<&[Band]>, &SetAside),
    (skipped, described): Beside,
) -> Result<Vec<Candidate>, ReadError> {
    let (mut candidates, files) = found::of_named(files, set_aside, (skipped, described))?;
    let mut groups: BTreeMap<(PathBuf, String), Group> = BTreeMap::new();
    let barred: BTreeSet<(PathBuf, String)> = set_aside.keys().map(|path| scene_of(path)).collect();
    for path in &files {
        if barred.contains(&scene_of(path)) {
            let why = "a file of its scene was set aside".to_owned();
            skipped.push((path.clone(), set_aside.get(path).cloned().unwrap_or(why)));
            continue;
        }
        let probe = match Probe::open(path) {
            Err(ReadError::Broken { .. }) if content(path)? == Content::Vrt => {
                skipped.push((path.clone(), format!("is not a GeoTIFF, its content is {}", VRT)));
                continue;
            }
            opened => opened?,
        };
        let (id, bands, note) = match named_bands(&probe, band_order) {
            Ok(named) => named,
            Err(reason) => {
                skipped.push((path.clone(), reason));
                continue;
            }
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let group = groups.entry((folder, id)).or_default();
        let index = group.probes.len();
        group.bands.extend(bands.into_iter().map(|(band, number)| (band, index, number)));
        group.note = note;
        group.probes.push(probe);
    }
    for ((_, id), group) in groups {
        candidates.push(candidate(id, group)?);
    }
    Ok(candidates)
}

/// Folder and name of the scene that a file is of, by its name alone.
fn scene_of(path: &Path) -> (PathBuf, String) {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let scene = band_suffix(stem).map_or(stem, |(scene, _)| scene);
    (path.parent().unwrap_or(Path::new("")).to_owned(), scene.to_owned())
}

fn candidate(id: String, group: Group) -> Result<Candidate, ReadError> {
    let Some(first) = group.probes.first() else {
        return Err(ReadError::NoScene { path: PathBuf::from(id), why: String::new() });
    };
    let date = acquired::date(&first.path, &|key| first.item(key))?;
    for probe in &group.probes[1..] {
        let other = acquired::date(&probe.path, &|key| probe.item(key))?;
        if other != date {
            return Err(ReadError::DateConflict {
                path: probe.path.clone(),
                first: format!("the band in {}", first.path.display()),
                first_date: date.to_string(),
                second: "this band".to_owned(),
                second_date: other.to_string(),
            });
        }
    }
    let scaling = scale(&id, &group)?;
    let mut bands = BTreeMap::new();
    for (band, index, number) in &group.bands {
        let file = band_file(&group.probes[*index], *band, *number, &scaling);
        let path = file.path.clone();
        if let Some(earlier) = bands.insert(*band, file) {
            let reason =
                format!("band {band} is there twice, here and in {}; leave one", earlier.path.display());
            return Err(ReadError::Bands { path, reason });
        }
    }
    agreed(&group, scaling.kind, &bands)?;
    let sensor = SENSOR_ITEMS.iter().find_map(|key| first.item(key)).unwrap_or_default();
    let path = first.path.clone();
    let words = format!("{}{}", scaling.words, group.note);
    let (product, acquisition) = (String::new(), Acquisition::of_name(&id));
    let scene = Scene { id, date, product, sensor, bands, scaling: words, displaced: (0.0, 0.0) };
    Ok(Candidate { scene, kind: scaling.kind, path, acquisition })
}

/// The bands of a scene mean the same, and what a file declares is used.
fn agreed(group: &Group, kind: Kind, bands: &BTreeMap<Band, BandFile>) -> Result<(), ReadError> {
    let about =
        |(band, index, number): &(Band, usize, usize)| (*band, &group.probes[*index].bands[number - 1]);
    let of_one_kind = match kind {
        Kind::Declared => Ok(()),
        _ => one_meaning::of_numbers(group.bands.iter().map(about).map(|(band, own)| (band, own.numbers))),
    };
    let is_said = |(band, own): (Band, &AboutBand)| {
        bands
            .get(&band)
            .map_or(Ok(()), |file| one_meaning::of_own(band, own.declared, (file.scale, file.offset)))
    };
    let agreed = of_one_kind.and_then(|()| group.bands.iter().map(about).try_for_each(is_said));
    agreed.and_then(|()| one_meaning::of_files(bands)).map_err(|reason| ReadError::Scaling {
        path: group.probes.first().map(|probe| probe.path.clone()).unwrap_or_default(),
        reason: format!("{reason}; declare one scale and offset for all bands (gdal_edit -scale, -offset)"),
    })
}

/// The band whose numbers are looked at: red, else the first that is reflectance.
fn sample_band(bands: &[(Band, usize, usize)]) -> Option<(Band, usize, usize)> {
    let red = bands.iter().find(|(band, ..)| *band == Band::Red);
    red.or_else(|| bands.iter().find(|(band, ..)| !band.is_classes())).copied()
}

fn scale(id: &str, group: &Group) -> Result<Scaling, ReadError> {
    let Some((band, index, number)) = sample_band(&group.bands) else {
        let path = group.probes.first().map(|probe| probe.path.clone()).unwrap_or_default();
        let reason =
            format!("scene '{id}' has a mask but no reflectance band; add the bands, or remove this file");
        return Err(ReadError::Bands { path, reason });
    };
    let probe = &group.probes[index];
    let item = |keys: &[&str]| keys.iter().find_map(|key| probe.item(key));
    let added = item(&["BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"]);
    scaling::decide(&Evidence {
        path: probe.path.clone(),
        name: id.to_owned(),
        numbers: probe.bands[number - 1].numbers,
        declared: probe.bands[number - 1].declared.map(|(scale, offset)| (scale, offset, "the file")),
        baseline: item(&["PROCESSING_BASELINE", "s2:processing_baseline"]),
        add_offset: added.and_then(|text| text.trim().parse().ok()),
        offset_applied: false,
        sample: probe.sample(band, number)?,
    })
}

/// A band's place and meaning: its own declared scale, else that of the scene.
pub(crate) fn band_file(probe: &Probe, band: Band, number: usize, scaling: &Scaling) -> BandFile {
    let own = &probe.bands[number - 1];
    let (scale, offset) = match own.declared {
        _ if band.is_classes() => (1.0, 0.0),
        Some(declared) if scaling.kind == Kind::Declared => declared,
        _ => (scaling.scale, scaling.offset),
    };
    let nodata = match (band, own.nodata) {
        // One nodata stands for all bands of a GeoTIFF; 0 in a mask means clear.
        (Band::Mask, Some(0.0)) => None,
        (_, None) if !band.is_classes() => scaling.nodata,
        (_, declared) => declared,
    };
    let (path, grid) = (probe.path.clone(), probe.grid.clone());
    // No reflectance is the largest of 16 bits; a view that saturates says nothing.
    let saturated = (own.numbers == Numbers::Integer16 && !band.is_classes()).then_some(65_535.0);
    BandFile { path, number, grid, nodata, saturated, scale, offset }
}
