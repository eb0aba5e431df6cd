//! How raster files are opened: settings before the first open, plain files only, sizes judged before pixels.
//!
//! In:  a path.
//! Out: an open dataset that is a GeoTIFF, or JPEG 2000 of a product, of a sane size, and its grid.
//! Law: no sidecar, no VRT, no driver but the one that the first bytes ask for ever speaks; no network but where the user
//!      gave an address.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gdal::config::{set_config_option, set_error_handler};
use gdal::errors::GdalError;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};

use crate::bucket::{Address, Client};
use crate::grid::{Crs, Grid};
use crate::read::{ReadError, archive};

/// Settings, with what each prevents.
const SETTINGS: [(&str, &str); 11] = [
    // .aux.xml, .msk and .ovr beside a scene could name other files or change what it says.
    ("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"),
    ("GDAL_PAM_ENABLED", "NO"),
    ("GDAL_GEOREF_SOURCES", "INTERNAL"),
    ("GDAL_VRT_ENABLE_PYTHON", "NO"),
    ("GDAL_VRT_ENABLE_RAWRASTERBAND", "NO"),
    ("CPL_VSIL_CURL_HEADER_FILE_KVP_ENABLED", "NO"),
    ("OGR_SQLITE_ALLOW_EXTERNAL_ACCESS", "NO"),
    ("PROJ_NETWORK", "OFF"),
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
    let refuse = |reason: &str| ReadError::NotPlainFile { path: path.to_owned(), reason: reason.to_owned() };
    let text = path.to_str().ok_or_else(|| refuse("name is not UTF-8 text"))?;
    if text.starts_with("/vsi") || text.contains("://") || text.contains('\0') {
        return Err(refuse("is an address, not a file"));
    }
    let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse("no such file or folder"),
        _ => refuse(&format!("cannot be looked at ({error})")),
    })?;
    if kind.is_dir() {
        return Err(refuse("is a folder"));
    }
    if !kind.is_file() {
        return Err(refuse("is a pipe, socket or device, not a file"));
    }
    // The absolute path cannot begin with a driver's prefix such as `GTIFF_DIR:`.
    let real =
        std::fs::canonicalize(path).map_err(|error| refuse(&format!("cannot be resolved ({error})")))?;
    match real.to_str() {
        Some(text) if !text.starts_with("/vsi") => Ok(real),
        _ => Err(refuse("lies in a place whose name GDAL would misread")),
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// TIFF or BigTIFF, either byte order.
    Tiff,
    /// JPEG 2000, as products of Sentinel-2 hold it.
    Jpeg2000,
    /// No byte at all.
    Empty,
    /// A VRT, which is never followed.
    Vrt,
    /// Something else, in words.
    Other(String),
}

/// What a VRT is, in words.
pub(crate) const VRT: &str = "a VRT, which points at other files";

/// Bytes at the start of a file that say what it is.
const START: usize = 16;

/// Looks at the first bytes of a plain file or an object.
///
/// # Errors
/// `Access` or `Bucket` when it cannot be read.
pub fn content(path: &Path) -> Result<Content, ReadError> {
    let start = match Address::of(path)? {
        Some(address) => Client::get()?.start(&address, START)?,
        None => match archive::split(path) {
            Some((archive, member)) => archive::start(&archive, &member, START as u64)?,
            None => start_of_file(path)?,
        },
    };
    let start = start.as_slice();
    let tiff = [&b"II\x2a\0"[..], b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"];
    Ok(match start {
        [] => Content::Empty,
        _ if tiff.iter().any(|magic| start.starts_with(magic)) => Content::Tiff,
        _ if start.starts_with(b"\0\0\0\x0cjP  \r\n\x87\n") => Content::Jpeg2000,
        _ if start.starts_with(b"<VRT") || start.starts_with(b"<OGRVRT") => Content::Vrt,
        _ if start.starts_with(b"<") => Content::Other("XML or HTML".to_owned()),
        _ if start.starts_with(b"{") => Content::Other("JSON".to_owned()),
        _ if start.starts_with(b"PK") => Content::Other("a ZIP archive".to_owned()),
        _ if start.starts_with(b"\x89PNG") => Content::Other("a PNG picture".to_owned()),
        _ if start.iter().all(|byte| *byte == 0) => {
            Content::Other("zeros; expected TIFF data; was its writer killed?".to_owned())
        }
        _ => Content::Other("not TIFF data".to_owned()),
    })
}

fn start_of_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    let access = |source| ReadError::Access { path: path.to_owned(), source };
    let mut start = Vec::with_capacity(START);
    // A file that breaks off here is told by what is left of it.
    let _ = File::open(path).map_err(access)?.take(START as u64).read_to_end(&mut start);
    Ok(start)
}

/// The one driver that may read what the first bytes say, and the ending that such a file must have where it is not TIFF.
fn drivers(content: &Content, path: &Path) -> Result<&'static [&'static str], String> {
    match content {
        Content::Tiff => Ok(&["GTiff", "COG"]),
        // Only products name such files, and their metadata say what the numbers mean.
        Content::Jpeg2000 if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jp2")) => {
            Ok(&["JP2OpenJPEG"])
        }
        Content::Jpeg2000 => {
            Err("its content is JPEG 2000, which is read as part of a product alone (.jp2)".to_owned())
        }
        Content::Empty => Err("the file is empty (0 bytes)".to_owned()),
        Content::Vrt => Err(format!("its content is {VRT}")),
        Content::Other(what) => Err(format!("its content is {what}")),
    }
}

/// Opens a GeoTIFF, or JPEG 2000 of a product, for reading and judges its sizes.
///
/// # Errors
/// `NotPlainFile`, `Broken` or `TooLarge`.
pub fn open(path: &Path) -> Result<Dataset, ReadError> {
    prepare()?;
    let broken = |reason: String| ReadError::Broken { path: path.to_owned(), reason };
    let look = |place: &Path| drivers(&content(place)?, place).map_err(broken);
    let is_object = Address::of(path)?.is_some();
    let (real, allowed) = if is_object {
        open_network()?;
        (path.to_owned(), &["GTiff", "COG"][..])
    } else if let Some((archive, member)) = archive::split(path) {
        (archive::for_gdal(&archive, &member)?, look(path)?)
    } else {
        let real = plain_file(path)?;
        let allowed = look(&real)?;
        (real, allowed)
    };
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_RASTER,
        allowed_drivers: Some(allowed),
        ..DatasetOptions::default()
    };
    // An object costs a question, so its first bytes are looked at only where the library does not understand it.
    let dataset = Dataset::open_ex(&real, options).map_err(|error| match look(path) {
        Err(known) if is_object => known,
        _ => broken(words(&error)),
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

fn check_size(path: &Path, dataset: &Dataset) -> Result<(), ReadError> {
    let limit = |what: &'static str, found: u64, limit: u64| {
        if found > limit {
            return Err(ReadError::TooLarge { path: path.to_owned(), what, found, limit });
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
    let transform = dataset.geo_transform().map_err(|_no_transform| refuse(unplaced(dataset)))?;
    let [origin_x, width, row_rotation, origin_y, col_rotation, height] = transform;
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
    let (cols, rows) = dataset.raster_size();
    Ok(Grid { rows, cols, origin_x, origin_y, pixel_width: width, pixel_height: -height, crs })
}

/// Why a picture lies nowhere: a raw one has a model of its camera instead of a grid.
fn unplaced(dataset: &Dataset) -> String {
    let has_model = dataset.metadata_domain("RPC").is_some_and(|items| !items.is_empty());
    if has_model || !dataset.gcps().is_empty() {
        let what = if has_model { "RPC coefficients" } else { "ground control points" };
        return format!(
            "has {what} but no geotransform: it is a raw picture; orthorectify it first (gdalwarp -rpc, or ask for the corrected product)"
        );
    }
    "has no geotransform".to_owned()
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
    fn addresses_folders_and_missing_files_are_no_plain_files() {
        let folder = tempfile::tempdir().unwrap();
        for path in
            ["/vsicurl/http://x/a.tif", "http://x/a.tif", "vrt:///etc/passwd", "/dev/zero", "/no/such.tif"]
        {
            assert!(matches!(plain_file(Path::new(path)), Err(ReadError::NotPlainFile { .. })), "{path}");
        }
        assert!(matches!(plain_file(folder.path()), Err(ReadError::NotPlainFile { .. })));
    }

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
