//! A window of a picture at a coarser pixel, through the overviews that lie in the file.
//!
//! In:  a GeoTIFF of whole numbers, its bands, a window, the size wanted.
//! Out: numbers of each band, the mean of the pixels that a coarser one stands for; nodata stays nodata.

use std::path::{Path, PathBuf};

use gdal::Dataset;
use gdal::raster::ResampleAlg;
use ndarray::Array3;

use crate::grid::{Grid, Window};
use crate::read::{ReadError, harden};

/// A picture that is open.
pub struct Reduced {
    path: PathBuf,
    dataset: Dataset,
    grid: Grid,
}

impl Reduced {
    /// Opens it.
    ///
    /// # Errors
    /// Those of [`harden::open`] and [`harden::grid`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let dataset = harden::open(path)?;
        let grid = harden::grid(path, &dataset)?;
        Ok(Self { path: path.to_owned(), dataset, grid })
    }

    /// Its grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Bands (counted from 0) of a window, `[bands, rows, cols]`.
    ///
    /// # Errors
    /// `Broken` where pixels cannot be read.
    pub fn window(
        &self,
        bands: &[usize],
        window: Window,
        (rows, cols): (usize, usize),
    ) -> Result<Array3<i16>, ReadError> {
        let broken = |reason: String| ReadError::Broken { path: self.path.clone(), reason };
        let corner = (window.col0.cast_signed(), window.row0.cast_signed());
        let same = (rows, cols) == (window.rows, window.cols);
        let mean = (!same).then_some(ResampleAlg::Average);
        let mut values = Vec::with_capacity(bands.len() * rows * cols);
        for band in bands {
            let band = self.dataset.rasterband(band + 1).map_err(|error| broken(harden::words(&error)))?;
            let read = band.read_as::<i16>(corner, (window.cols, window.rows), (cols, rows), mean);
            values.extend_from_slice(read.map_err(|error| broken(harden::words(&error)))?.data());
        }
        Array3::from_shape_vec((bands.len(), rows, cols), values).map_err(|error| broken(error.to_string()))
    }
}
