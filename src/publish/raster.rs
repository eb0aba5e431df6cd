//! Planes as a GeoTIFF that any program opens: tiled, packed, with named bands.
//!
//! In:  a grid, the names of bands, then windows of whole numbers. Out: one file, whole or not at all.
//! Law: a window is written once; what is never written is nodata.

use std::fs;
use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata};

use crate::grid::{Grid, Window};
use crate::publish::PublishError;

/// The number of a pixel of which nothing is said.
pub const NODATA: i16 = i16::MIN;

/// Side of the blocks in the file: that of a cell, so that each is packed once.
const BLOCK: usize = 128;

/// A file in the making. Dropped without `commit`, it leaves nothing under its name.
pub struct Raster {
    file: Dataset,
    partial: PathBuf,
    target: PathBuf,
}

impl Raster {
    /// Begins a file with bands of these names, each with the value of one step.
    pub fn begin(target: &Path, grid: &Grid, bands: &[(String, f64)]) -> Result<Self, PublishError> {
        let failed = |fault: gdal::errors::GdalError| Self::fault(target, fault);
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let partial = target.with_file_name(format!("{name}.partial"));
        let block = BLOCK.to_string();
        let mut options = RasterCreationOptions::from_iter(["TILED=YES", "COMPRESS=DEFLATE", "PREDICTOR=2"]);
        for key in ["BLOCKXSIZE", "BLOCKYSIZE"] {
            options.set_name_value(key, &block).map_err(failed)?;
        }
        let driver = DriverManager::get_driver_by_name("GTiff").map_err(failed)?;
        let mut file = driver
            .create_with_band_type_with_options::<i16, _>(
                &partial,
                grid.cols,
                grid.rows,
                bands.len(),
                &options,
            )
            .map_err(failed)?;
        let place = [grid.origin_x, grid.pixel_width, 0.0, grid.origin_y, 0.0, -grid.pixel_height];
        file.set_geo_transform(&place).map_err(failed)?;
        let crs = SpatialRef::from_epsg(grid.crs.code()).map_err(failed)?;
        file.set_spatial_ref(&crs).map_err(failed)?;
        for (number, (name, step)) in bands.iter().enumerate() {
            let mut band = file.rasterband(number + 1).map_err(failed)?;
            band.set_description(name).map_err(failed)?;
            band.set_no_data_value(Some(f64::from(NODATA))).map_err(failed)?;
            band.set_scale(*step).map_err(failed)?;
        }
        Ok(Self { file, partial, target: target.to_owned() })
    }

    /// Writes a window of a band (counted from 0), row-major.
    pub fn write(&mut self, band: usize, window: Window, values: Vec<i16>) -> Result<(), PublishError> {
        let (target, size) = (self.target.clone(), (window.cols, window.rows));
        let failed = |fault: gdal::errors::GdalError| Self::fault(&target, fault);
        let mut band = self.file.rasterband(band + 1).map_err(failed)?;
        let at = (window.col0 as isize, window.row0 as isize);
        band.write(at, size, &mut Buffer::new(size, values)).map_err(failed)
    }

    /// Ends the file and gives it its name.
    pub fn commit(self) -> Result<(), PublishError> {
        let Self { file, partial, target } = self;
        file.close().map_err(|fault| Self::fault(&target, fault))?;
        fs::rename(&partial, &target).map_err(|source| PublishError::io("publish as", &target, source))
    }

    /// Ends the file as a cloud-optimised GeoTIFF: with overviews, in the order in which viewers read, and gives it its name.
    pub fn commit_as_cog(self) -> Result<(), PublishError> {
        let Self { mut file, partial, target } = self;
        let failed = |fault: gdal::errors::GdalError| Self::fault(&target, fault);
        file.flush_cache().map_err(failed)?;
        let whole = target.with_extension("whole");
        let options = RasterCreationOptions::from_iter([
            "COMPRESS=DEFLATE",
            "PREDICTOR=YES",
            "BLOCKSIZE=256",
            "OVERVIEWS=IGNORE_EXISTING",
            "OVERVIEW_RESAMPLING=AVERAGE",
        ]);
        let driver = DriverManager::get_driver_by_name("COG").map_err(failed)?;
        let made = file.create_copy(&driver, &whole, &options).map_err(failed)?;
        made.close().map_err(failed)?;
        file.close().map_err(failed)?;
        fs::remove_file(&partial).map_err(|source| PublishError::io("remove", &partial, source))?;
        fs::rename(&whole, &target).map_err(|source| PublishError::io("publish as", &target, source))
    }

    fn fault(path: &Path, fault: gdal::errors::GdalError) -> PublishError {
        PublishError::io("write", path, std::io::Error::other(fault.to_string()))
    }
}
