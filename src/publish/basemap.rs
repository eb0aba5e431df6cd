//! Reflectance of a region -> a picture that any phone shows: 8 bit, red, green and blue, packed as JPEG.
//!
//! In:  a GeoTIFF of 16-bit numbers, three of its bands, for each the values drawn black and white.
//! Out: a cloud-optimised GeoTIFF with overviews; what was not seen is transparent.
//! Law: whole or not at all; the same input gives the same bytes. Memory holds some rows, not the region.

use std::fs;
use std::path::Path;

use gdal::errors::GdalError;
use gdal::raster::{Buffer, ColorInterpretation, RasterCreationOptions};
use gdal::{Dataset, DriverManager};

use crate::publish::PublishError;
use crate::publish::raster::NODATA;

/// Rows that are held at a time.
const ROWS: usize = 256;
/// Quality of the packing: half a bit a pixel, and edges of fields stay sharp.
const QUALITY: &str = "QUALITY=80";

/// A band of the input, counted from 0, with the values drawn black and white.
pub type Channel = (usize, (f64, f64));

/// Draws the picture. Returns its size in bytes.
///
/// # Errors
/// `Io` where GDAL or the disk refuses.
pub fn write(from: &Path, target: &Path, channels: [Channel; 3]) -> Result<u64, PublishError> {
    let refused =
        |fault: GdalError| PublishError::io("draw", target, std::io::Error::other(fault.to_string()));
    let plain = target.with_extension("plain");
    drawn(from, &plain, channels).map_err(refused)?;
    let whole = target.with_extension("whole");
    packed(&plain, &whole).map_err(refused)?;
    fs::remove_file(&plain).map_err(|source| PublishError::io("remove", &plain, source))?;
    fs::rename(&whole, target).map_err(|source| PublishError::io("publish as", target, source))?;
    let size = fs::metadata(target).map_err(|source| PublishError::io("look at", target, source))?;
    Ok(size.len())
}

/// Red, green, blue and how opaque, not packed.
fn drawn(from: &Path, plain: &Path, channels: [Channel; 3]) -> Result<(), GdalError> {
    let source = Dataset::open(from)?;
    let (cols, rows) = source.raster_size();
    let options = RasterCreationOptions::from_iter(["TILED=YES", "BIGTIFF=IF_SAFER"]);
    let driver = DriverManager::get_driver_by_name("GTiff")?;
    let mut file = driver.create_with_band_type_with_options::<u8, _>(plain, cols, rows, 4, &options)?;
    file.set_geo_transform(&source.geo_transform()?)?;
    file.set_spatial_ref(&source.spatial_ref()?)?;
    let kinds = [
        ColorInterpretation::RedBand,
        ColorInterpretation::GreenBand,
        ColorInterpretation::BlueBand,
        ColorInterpretation::AlphaBand,
    ];
    for (at, kind) in kinds.into_iter().enumerate() {
        file.rasterband(at + 1)?.set_color_interpretation(kind)?;
    }
    for top in (0..rows).step_by(ROWS) {
        let size = (cols, ROWS.min(rows - top));
        let window = (0, top as isize);
        let mut seen = vec![255_u8; size.0 * size.1];
        for (at, (band, stretch)) in channels.into_iter().enumerate() {
            let values = source.rasterband(band + 1)?.read_as::<i16>(window, size, size, None)?;
            let values = values.data();
            seen.iter_mut()
                .zip(values)
                .filter(|(_, value)| **value == NODATA)
                .for_each(|(seen, _)| *seen = 0);
            let shades = values.iter().map(|value| shade(*value, stretch)).collect();
            file.rasterband(at + 1)?.write(window, size, &mut Buffer::new(size, shades))?;
        }
        file.rasterband(4)?.write(window, size, &mut Buffer::new(size, seen))?;
    }
    file.close()
}

fn shade(value: i16, (low, high): (f64, f64)) -> u8 {
    if value == NODATA {
        return 0;
    }
    ((f64::from(value) - low) / (high - low).max(1.0) * 255.0).round().clamp(0.0, 255.0) as u8
}

fn packed(plain: &Path, whole: &Path) -> Result<(), GdalError> {
    let source = Dataset::open(plain)?;
    let options = RasterCreationOptions::from_iter([
        "COMPRESS=JPEG",
        QUALITY,
        "BLOCKSIZE=256",
        "OVERVIEWS=IGNORE_EXISTING",
        "OVERVIEW_RESAMPLING=AVERAGE",
    ]);
    let driver = DriverManager::get_driver_by_name("COG")?;
    source.create_copy(&driver, whole, &options)?.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Crs, Grid, Window};
    use crate::publish::raster::Raster;

    #[test]
    fn what_was_not_seen_is_transparent_and_the_rest_runs_from_black_to_white() {
        let folder = tempfile::tempdir().unwrap();
        let (from, target) = (folder.path().join("in.tif"), folder.path().join("out.tif"));
        let (cols, rows) = (300, 280);
        let grid = Grid {
            crs: Crs::epsg(32649),
            origin_x: 290_000.0,
            origin_y: 4_609_000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
            cols,
            rows,
        };
        let mut raster = Raster::begin(&from, &grid, &[("red".to_owned(), 1e-4)]).unwrap();
        let all = Window { row0: 0, col0: 0, rows, cols };
        let values = (0..rows * cols)
            .map(|at| if at % cols < 100 { NODATA } else { (at % cols) as i16 * 10 })
            .collect();
        raster.write(0, all, values).unwrap();
        raster.commit().unwrap();
        let size = write(&from, &target, [(0, (1000.0, 2990.0)); 3]).unwrap();
        assert!(size < 20_000, "{size}");
        let made = Dataset::open(&target).unwrap();
        assert_eq!(made.raster_count(), 3);
        let band = made.rasterband(1).unwrap();
        let at = |col: isize| band.read_as::<u8>((col, 200), (1, 1), (1, 1), None).unwrap().data()[0];
        assert!(at(110) < 30 && at(290) > 225, "{} {}", at(110), at(290));
        let mask = band.open_mask_band().unwrap();
        let is_seen = |col: isize| mask.read_as::<u8>((col, 200), (1, 1), (1, 1), None).unwrap().data()[0];
        assert_eq!((is_seen(50), is_seen(200)), (0, 255));
    }
}
