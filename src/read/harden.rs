//! How raster files are opened: settings before the first open, plain files only, sizes judged before pixels.
//!
//! In:  a path.
//! Out: an open dataset that is a GeoTIFF, or JPEG 2000 of a product, of a sane size, and its grid.
//! Law: no sidecar, no VRT, no driver but the one that the first bytes ask for ever speaks; no network but where the user
//!      gave an address.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gdal::config::{set_config_option, set_error_handler};
use gdal::errors::GdalError;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};

use crate::bucket::address::is_web;
use crate::bucket::secret::of_addresses;
use crate::bucket::{Address, Client};
use crate::grid::{Crs, Grid};
use crate::plain;
use crate::read::content::{Content, START, VRT, content};
use crate::read::{ReadError, archive};

/// Settings, with what each prevents.
const SETTINGS: [(&str, &str); 12] = [
    // .aux.xml, .msk and .ovr beside a scene could name other files or change what it says.
    ("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"),
    ("GDAL_PAM_ENABLED", "NO"),
    ("GDAL_GEOREF_SOURCES", "INTERNAL"),
    ("GDAL_VRT_ENABLE_PYTHON", "NO"),
    ("GDAL_VRT_ENABLE_RAWRASTERBAND", "NO"),
    ("CPL_VSIL_CURL_HEADER_FILE_KVP_ENABLED", "NO"),
    ("OGR_SQLITE_ALLOW_EXTERNAL_ACCESS", "NO"),
    ("PROJ_NETWORK", "OFF"),
    // A mask that is written belongs to its file.
    ("GDAL_TIFF_INTERNAL_MASK", "YES"),
    // A truncated strip must be an error, never zeros.
    ("GTIFF_IGNORE_READ_ERRORS", "NO"),
    // Megabytes, for all threads together.
    ("GDAL_CACHEMAX", "64"),
    ("GDAL_NUM_THREADS", "1"),
];

/// The same for objects in storage, where the user says nothing else: what passes is asked again, as by our own client.
const NETWORK: [(&str, &str); 4] = [
    ("GDAL_HTTP_MAX_RETRY", "4"),
    ("GDAL_HTTP_RETRY_DELAY", "0.2"),
    ("GDAL_HTTP_CONNECTTIMEOUT", "10"),
    ("GDAL_HTTP_TIMEOUT", "120"),
];

/// Largest side of a scene, pixels.
const MAX_SIDE: u64 = 250_000;
/// Largest rows x columns x bands. A Sentinel-2 tile of 13 bands has 1.6e9.
const MAX_PIXELS: u64 = 40_000_000_000;
/// Most bands in a file.
const MAX_BANDS: u64 = 512;
/// Largest decoded block; reading one pixel costs this much memory.
const MAX_BLOCK_BYTES: u64 = 256 << 20;

/// Drivers of TIFF files, and of JPEG 2000.
const TIFF: &[&str] = &["GTiff", "COG"];
const JPEG_2000: &[&str] = &["JP2OpenJPEG"];

/// Puts the settings in force; every later call does nothing.
///
/// # Errors
/// When the library refuses one of them.
pub fn prepare() -> Result<(), ReadError> {
    static DONE: OnceLock<Option<(&'static str, GdalError)>> = OnceLock::new();
    let refused = DONE.get_or_init(|| {
        // Faults come back as return values; the library must not write to stderr on its own.
        set_error_handler(|_, _, _| {});
        SETTINGS
            .iter()
            .find_map(|(key, value)| set_config_option(key, value).err().map(|error| (*key, error)))
    });
    match refused {
        None => Ok(()),
        Some((key, error)) => Err(ReadError::Setting { key, reason: error.to_string() }),
    }
}

/// Lets GDAL ask the storage that an address means, as our own client asks it; every later call does nothing.
///
/// # Errors
/// What is missing in the environment, or a setting that the library refuses.
pub fn open_network() -> Result<(), ReadError> {
    static DONE: OnceLock<Option<(&'static str, GdalError)>> = OnceLock::new();
    prepare()?;
    let settings = Client::get()?.settings();
    let refused = DONE.get_or_init(|| {
        let wishes = NETWORK.into_iter().filter(|(key, _)| std::env::var_os(key).is_none());
        let wishes = wishes.map(|(key, value)| (key, value.to_owned()));
        let mut all = settings.for_gdal().into_iter().chain(wishes);
        all.find_map(|(key, value)| set_config_option(key, &value).err().map(|error| (key, error)))
    });
    match refused {
        None => Ok(()),
        Some((key, error)) => Err(ReadError::Setting { key, reason: error.to_string() }),
    }
}

/// The real place of a plain file, refusing everything that GDAL could take for something else.
///
/// # Errors
/// `NotPlainFile` with what the path is instead; the reason has no final period.
pub fn plain_file(path: &Path) -> Result<PathBuf, ReadError> {
    if is_web(path) {
        let reason =
            "lies on the web; bring it here with `scenes mirror`, or give the address to `scan`".to_owned();
        let path = PathBuf::from(of_addresses(&path.to_string_lossy()));
        return Err(ReadError::NotPlainFile { path, reason });
    }
    plain::file(path).map_err(|reason| ReadError::NotPlainFile { path: path.to_owned(), reason })
}

/// The one driver that may read what the first bytes say, and the ending that such a file must have where it is not TIFF.
fn drivers(content: &Content, path: &Path) -> Result<&'static [&'static str], String> {
    match content {
        Content::Tiff => Ok(TIFF),
        // Only products name such files, and their metadata say what the numbers mean.
        Content::Jpeg2000 if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jp2")) => {
            Ok(JPEG_2000)
        }
        Content::Jpeg2000 => {
            Err("its content is JPEG 2000, which is read as part of a product alone (.jp2): give its product folder, or save the bands as GeoTIFF".to_owned())
        }
        Content::Empty => Err("the file is empty (0 bytes)".to_owned()),
        Content::Vrt => Err(format!("its content is {VRT}")),
        Content::Other(what) => Err(format!("its content is {what}")),
    }
}

/// Where the library finds a file, and the drivers that may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as it was given, for words.
    pub(crate) path: PathBuf,
    /// Its name for the library.
    pub(crate) real: PathBuf,
    /// What its first bytes say.
    pub(crate) is_jpeg2000: bool,
    /// Whether it lies in object storage.
    pub(crate) is_object: bool,
}

/// Looks at the name and the first bytes of a file, which no library of rasters reads for that.
///
/// # Errors
/// `NotPlainFile`, `Archive`, or `Broken` for what is no raster file at all.
pub(crate) fn place(path: &Path) -> Result<Place, ReadError> {
    let look = |real: &Path| {
        let broken = |reason: String| ReadError::Broken { path: path.to_owned(), reason };
        drivers(&content(real)?, real).map_err(broken)
    };
    let is_object = Address::of(path)?.is_some();
    let (real, allowed) = if is_object {
        (path.to_owned(), TIFF)
    } else if let Some((archive, member)) = archive::split(path) {
        (archive::for_gdal(&archive, &member)?, look(path)?)
    } else {
        let real = plain_file(path)?;
        let allowed = look(&real)?;
        (real, allowed)
    };
    Ok(Place { path: path.to_owned(), real, is_jpeg2000: allowed == JPEG_2000, is_object })
}

/// Opens a GeoTIFF, or JPEG 2000 of a product, for reading and judges its sizes.
///
/// # Errors
/// `NotPlainFile`, `Broken` or `TooLarge`.
pub fn open(path: &Path) -> Result<Dataset, ReadError> {
    open_at(&place(path)?)
}

/// The same where its place is known.
pub(crate) fn open_at(place: &Place) -> Result<Dataset, ReadError> {
    prepare()?;
    if place.is_object {
        open_network()?;
    }
    let path = &place.path;
    let broken = |reason: String| ReadError::Broken { path: path.clone(), reason };
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_RASTER,
        allowed_drivers: Some(if place.is_jpeg2000 { JPEG_2000 } else { TIFF }),
        ..DatasetOptions::default()
    };
    let dataset = Dataset::open_ex(&place.real, options).map_err(|error| {
        // An object costs a question, so its first bytes are looked at only where the library does not understand it.
        let looked =
            place.is_object.then(|| content(path)).map(|content| content.map(|it| drivers(&it, path)));
        match looked {
            Some(Err(fault)) => fault,
            Some(Ok(Err(reason))) => broken(reason),
            _ => broken(opening(&error)),
        }
    })?;
    check_size(path, &dataset)?;
    Ok(dataset)
}

/// A fault of a scene, or of the storage where that does not give its object any more.
pub(crate) fn or_of_storage(fault: ReadError) -> ReadError {
    let address = fault.file().and_then(|file| Address::of(file).ok().flatten());
    let Some(address) = address else { return fault };
    match Client::get().and_then(|client| client.start(&address, START)) {
        Ok(_) => fault,
        Err(of_storage) => of_storage.into(),
    }
}

/// The message of the library without its wrapping, and without the file that our error names already.
pub(crate) fn words(error: &GdalError) -> String {
    match error {
        GdalError::CplError { msg, .. } | GdalError::NullPointer { msg, .. } if !msg.is_empty() => {
            let short = msg.split_once(": ").filter(|(file, _)| file.starts_with('/')).map(|(_, rest)| rest);
            short.unwrap_or(msg).trim_end_matches('.').to_owned()
        }
        other => other.to_string(),
    }
}

/// What the library says of a file that it cannot open, and what to do where its compression is not known here.
fn opening(error: &GdalError) -> String {
    let words = words(error);
    let is_codec =
        ["missing codec", "compression", "codec"].iter().any(|word| words.to_lowercase().contains(word));
    let next = "; this GDAL does not know its compression, write it again with another (gdal_translate -co COMPRESS=DEFLATE)";
    if is_codec { format!("{words}{next}") } else { words }
}

/// How a file is compressed where that loses something of the numbers.
pub(crate) fn lossy(dataset: &Dataset) -> Option<String> {
    let item = |key: &str| dataset.metadata_item(key, "IMAGE_STRUCTURE");
    let compression = item("COMPRESSION")?;
    let lossless = item("COMPRESSION_REVERSIBILITY").is_some_and(|word| word.starts_with("LOSSLESS"));
    let loses = ["JPEG", "WEBP", "JXL"].iter().any(|name| compression.contains(name));
    let may_lose = compression.contains("LERC") && item("MAX_Z_ERROR").is_some_and(|most| most.trim() != "0");
    ((loses && !lossless) || may_lose).then_some(compression)
}

fn check_size(path: &Path, dataset: &Dataset) -> Result<(), ReadError> {
    let limit = |what: &str, found: u64, limit: u64| {
        if found > limit {
            return Err(ReadError::TooLarge { path: path.to_owned(), what: what.to_owned(), found, limit });
        }
        Ok(())
    };
    let bands = dataset.raster_count() as u64;
    let (cols, rows) = dataset.raster_size();
    if bands == 0 || cols == 0 || rows == 0 {
        let reason = format!("it has {bands} bands of {rows} x {cols} pixels");
        return Err(ReadError::Broken { path: path.to_owned(), reason });
    }
    let (cols, rows) = (cols as u64, rows as u64);
    limit("number of bands", bands, MAX_BANDS)?;
    limit("longest side in pixels", cols.max(rows), MAX_SIDE)?;
    limit("rows x columns x bands", rows.saturating_mul(cols).saturating_mul(bands), MAX_PIXELS)?;
    let band = dataset
        .rasterband(1)
        .map_err(|error| ReadError::Broken { path: path.to_owned(), reason: words(&error) })?;
    let (block_cols, block_rows) = band.block_size();
    let together = dataset.metadata_item("INTERLEAVE", "IMAGE_STRUCTURE").as_deref() == Some("PIXEL");
    let bytes = (block_cols as u64)
        .saturating_mul(block_rows as u64)
        .saturating_mul(u64::from(band.band_type().bytes()).max(1))
        .saturating_mul(if together { bands } else { 1 });
    limit("decoded bytes of one block", bytes, MAX_BLOCK_BYTES)
}

/// The grid of a dataset.
///
/// # Errors
/// `Georeference` when there is none, when it is rotated or south-up, or when its CRS has no EPSG code.
pub fn grid(path: &Path, dataset: &Dataset) -> Result<Grid, ReadError> {
    let refuse = |reason: String| ReadError::Georeference { path: path.to_owned(), reason };
    let transform = dataset.geo_transform().map_err(|_no_transform| refuse(without_transform(dataset)))?;
    let [origin_x, width, row_rotation, origin_y, col_rotation, height] = transform;
    if (origin_x, origin_y, width, height.abs()) == (0.0, 0.0, 1.0, 1.0) {
        return Err(refuse(
            "has the geotransform of a picture that lies nowhere (0, 1, 0, 0, 0, 1)".to_owned(),
        ));
    }
    if transform.iter().any(|value| !value.is_finite()) || width == 0.0 || height == 0.0 {
        return Err(refuse(format!("has a geotransform that maps nowhere ({transform:?})")));
    }
    if row_rotation != 0.0 || col_rotation != 0.0 {
        return Err(refuse("is rotated against its CRS".to_owned()));
    }
    if width < 0.0 || height > 0.0 {
        return Err(refuse(format!("is not north-up (pixel size {width} x {height})")));
    }
    let crs = crs(dataset).map_err(refuse)?;
    if let Some(datum) = crs.old_datum() {
        return Err(refuse(format!(
            "is in {crs} on the datum {datum}, which cannot be brought to CGCS2000 here"
        )));
    }
    let (cols, rows) = dataset.raster_size();
    Ok(Grid { rows, cols, origin_x, origin_y, pixel_width: width, pixel_height: -height, crs })
}

/// What a file has in place of a geotransform.
fn without_transform(dataset: &Dataset) -> String {
    let has = |domain: &str| dataset.metadata_domain(domain).is_some_and(|items| !items.is_empty());
    if has("RPC") {
        "has RPC coefficients but no geotransform, so it is a raw picture; orthorectify it first (gdalwarp -rpc)".to_owned()
    } else if !dataset.gcps().is_empty() {
        "has ground control points but no geotransform, so it is a raw picture; orthorectify it first (gdalwarp)".to_owned()
    } else {
        "has no geotransform".to_owned()
    }
}

fn crs(dataset: &Dataset) -> Result<Crs, String> {
    let mut reference = dataset.spatial_ref().map_err(|_no_reference| "has no CRS".to_owned())?;
    if reference.auth_name().as_deref() != Some("EPSG") || reference.auth_code().is_err() {
        // A CRS without its code may still be one that the authority lists.
        reference.auto_identify_epsg().ok();
    }
    match (reference.auth_name().as_deref(), reference.auth_code().map(u32::try_from)) {
        (Some("EPSG"), Ok(Ok(code))) => Ok(Crs::epsg(code)),
        _ => Err(format!("has the CRS '{}' without an EPSG code", reference.name().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vrt_named_tif_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scene.tif");
        std::fs::write(&path, "<VRTDataset rasterXSize=\"8\" rasterYSize=\"8\"></VRTDataset>").unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains("a VRT") && error.contains("scene.tif"), "{error}");
    }

    #[test]
    fn an_empty_file_says_that_it_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scene.tif");
        std::fs::write(&path, "").unwrap();
        assert!(open(&path).unwrap_err().to_string().contains("0 bytes"));
    }
}
