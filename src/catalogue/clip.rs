//! A window of a picture as a file of its own: the same numbers on the same grid, packed anew. The only door to GDAL here.
//!
//! In:  a local picture and a window of its pixels. Out: a tiled, deflated GeoTIFF whose directory comes first.
//! Law: no number is resampled, scaled or rounded, and a mask of the picture's own stays one: what was written is read back
//!      and compared. The same window of the same picture is the same bytes.

use std::path::Path;

use gdal::errors::GdalError;
use gdal::raster::{Buffer, GdalDataType, GdalType, RasterCreationOptions};
use gdal::{Dataset, DriverManager, Metadata};

use crate::catalogue::CatalogueError;
use crate::grid::{Grid, Window};
use crate::read::{ReadError, harden};

/// Side of a block in pixels.
const BLOCK: usize = 256;

/// Items of a picture's own metadata that are kept: all but what GDAL makes of the layout.
const LEFT_OUT: [&str; 3] = ["OVR_RESAMPLING_ALG", "LAYOUT", "COMPRESSION"];

/// What a clip holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Its grid.
    pub grid: Grid,
    /// Pixels of any band that are neither nodata nor NaN.
    pub valid: u64,
}

/// The grid of a picture, which must be one that `scan` would take.
pub fn grid(path: &Path) -> Result<Grid, ReadError> {
    harden::grid(path, &harden::open(path)?)
}

/// Writes a window of a picture to a new file.
pub fn clip(from: &Path, window: Window, to: &Path) -> Result<Clip, CatalogueError> {
    let source = harden::open(from)?;
    let grid = harden::grid(from, &source)?.of_window(window);
    let broken = |error: GdalError| {
        CatalogueError::Read(ReadError::Broken { path: from.to_owned(), reason: harden::words(&error) })
    };
    let kind = source.rasterband(1).map_err(broken)?.band_type();
    let written = match kind {
        GdalDataType::UInt8 => whole::<u8>(&source, window, to, "PREDICTOR=2"),
        GdalDataType::UInt16 => whole::<u16>(&source, window, to, "PREDICTOR=2"),
        GdalDataType::Int16 => whole::<i16>(&source, window, to, "PREDICTOR=2"),
        GdalDataType::UInt32 => whole::<u32>(&source, window, to, "PREDICTOR=2"),
        GdalDataType::Int32 => whole::<i32>(&source, window, to, "PREDICTOR=2"),
        GdalDataType::Float32 => whole::<f32>(&source, window, to, "PREDICTOR=3"),
        GdalDataType::Float64 => whole::<f64>(&source, window, to, "PREDICTOR=3"),
        other => {
            let reason =
                format!("its numbers are {}, expected whole or real numbers of one part", other.name());
            return Err(CatalogueError::Read(ReadError::Bands { path: from.to_owned(), reason }));
        }
    };
    let valid = written.map_err(broken)?;
    Ok(Clip { grid, valid })
}

/// A number of a picture.
trait Number: GdalType + Copy + Default + PartialEq {
    /// As a real number.
    fn real(self) -> f64;
    /// Bit by bit, so that what is no number is compared too.
    fn same(self, other: Self) -> bool {
        self == other || (self.real().is_nan() && other.real().is_nan())
    }
}

macro_rules! numbers {
    ($($kind:ty),+) => { $(impl Number for $kind { fn real(self) -> f64 { self as f64 } })+ };
}

numbers!(u8, u16, i16, u32, i32, f32, f64);

fn whole<T: Number>(source: &Dataset, window: Window, to: &Path, predictor: &str) -> Result<u64, GdalError> {
    let side = |pixels: usize| if pixels >= BLOCK { BLOCK } else { pixels.div_ceil(16) * 16 };
    let layout = [
        "TILED=YES".to_owned(),
        format!("BLOCKXSIZE={}", side(window.cols)),
        format!("BLOCKYSIZE={}", side(window.rows)),
        "COMPRESS=DEFLATE".to_owned(),
        "ZLEVEL=6".to_owned(),
        predictor.to_owned(),
        "INTERLEAVE=BAND".to_owned(),
        "PHOTOMETRIC=MINISBLACK".to_owned(),
        "ALPHA=NO".to_owned(),
        "BIGTIFF=IF_SAFER".to_owned(),
    ];
    let options = RasterCreationOptions::from_iter(layout.iter().map(String::as_str));
    let driver = DriverManager::get_driver_by_name("GTiff")?;
    let bands = source.raster_count();
    let mut file =
        driver.create_with_band_type_with_options::<T, _>(to, window.cols, window.rows, bands, &options)?;
    describe(source, &mut file, window)?;
    let mut valid = 0;
    for number in 1..=bands {
        let from = source.rasterband(number)?;
        let nodata = from.no_data_value();
        let mut into = file.rasterband(number)?;
        for strip in strips(window) {
            let mut numbers = read::<T>(source, number, strip)?;
            let seen = mask(source, strip)?;
            let is_seen = |at: usize| seen.as_ref().is_none_or(|seen| seen[at]);
            let is_valid = |value: &&T| !value.real().is_nan() && Some(value.real()) != nodata;
            let values = numbers.data().iter().enumerate();
            valid += values.filter(|(at, value)| is_valid(value) && is_seen(*at)).count() as u64;
            let at = (0, (strip.row0 - window.row0).cast_signed());
            into.write(at, (strip.cols, strip.rows), &mut numbers)?;
        }
    }
    write_mask(source, &mut file, window)?;
    file.close()?;
    compared::<T>(source, window, to)?;
    Ok(valid)
}

/// Place, meaning and words of a picture, said of a window of it.
fn describe(source: &Dataset, file: &mut Dataset, window: Window) -> Result<(), GdalError> {
    let [x, width, skew_x, y, skew_y, height] = source.geo_transform()?;
    let (col, row) = (window.col0 as f64, window.row0 as f64);
    file.set_geo_transform(&[x + col * width, width, skew_x, y + row * height, skew_y, height])?;
    file.set_spatial_ref(&source.spatial_ref()?)?;
    for entry in source.metadata() {
        if entry.domain.is_empty() && !LEFT_OUT.contains(&entry.key.as_str()) {
            file.set_metadata_item(&entry.key, &entry.value, "")?;
        }
    }
    for number in 1..=source.raster_count() {
        let from = source.rasterband(number)?;
        let mut into = file.rasterband(number)?;
        into.set_description(&from.description()?)?;
        if let Some(nodata) = from.no_data_value() {
            into.set_no_data_value(Some(nodata))?;
        }
        match (from.scale().unwrap_or(1.0), from.offset().unwrap_or(0.0)) {
            (1.0, 0.0) => {}
            (scale, offset) => {
                into.set_scale(scale)?;
                into.set_offset(offset)?;
            }
        }
        into.set_color_interpretation(from.color_interpretation())?;
    }
    Ok(())
}

/// Strips of a window, one row of blocks each.
fn strips(window: Window) -> impl Iterator<Item = Window> {
    (0..window.rows).step_by(BLOCK).map(move |row| Window {
        row0: window.row0 + row,
        rows: BLOCK.min(window.rows - row),
        ..window
    })
}

fn read<T: Number>(file: &Dataset, number: usize, window: Window) -> Result<Buffer<T>, GdalError> {
    let at = (window.col0.cast_signed(), window.row0.cast_signed());
    let size = (window.cols, window.rows);
    file.rasterband(number)?.read_as::<T>(at, size, size, None)
}

/// Where a picture that has a mask of its own shows something, row by row.
fn mask(source: &Dataset, window: Window) -> Result<Option<Vec<bool>>, GdalError> {
    let band = source.rasterband(1)?;
    if !band.mask_flags()?.is_per_dataset() {
        return Ok(None);
    }
    let (at, size) = ((window.col0.cast_signed(), window.row0.cast_signed()), (window.cols, window.rows));
    let mask = band.open_mask_band()?.read_as::<u8>(at, size, size, None)?;
    Ok(Some(mask.data().iter().map(|value| *value != 0).collect()))
}

/// Copies a mask that is no band; one that is a band was copied with the others.
fn write_mask(source: &Dataset, file: &mut Dataset, window: Window) -> Result<(), GdalError> {
    let flags = source.rasterband(1)?.mask_flags()?;
    if !flags.is_per_dataset() || flags.is_alpha() {
        return Ok(());
    }
    file.rasterband(1)?.create_mask_band(true)?;
    for strip in strips(window) {
        let Some(seen) = mask(source, strip)? else { return Ok(()) };
        let numbers = seen.into_iter().map(|seen| if seen { 255_u8 } else { 0 }).collect();
        let size = (strip.cols, strip.rows);
        let at = (0, (strip.row0 - window.row0).cast_signed());
        file.rasterband(1)?.open_mask_band()?.write(at, size, &mut Buffer::new(size, numbers))?;
    }
    Ok(())
}

/// Whether a clip says what its source says.
fn compared<T: Number>(source: &Dataset, window: Window, to: &Path) -> Result<(), GdalError> {
    let clip = Dataset::open(to)?;
    let other =
        || GdalError::BadArgument("what was written is not what was read; is the disk sound?".to_owned());
    for number in 1..=source.raster_count() {
        for strip in strips(window) {
            let there = read::<T>(source, number, strip)?;
            let beside = Window { row0: strip.row0 - window.row0, col0: 0, ..strip };
            let here = read::<T>(&clip, number, beside)?;
            if !there.data().iter().zip(here.data()).all(|(a, b)| a.same(*b)) {
                return Err(other());
            }
            if number == 1 && mask(source, strip)? != mask(&clip, beside)? {
                return Err(other());
            }
        }
    }
    Ok(())
}
