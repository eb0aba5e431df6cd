//! What one raster file says about itself, before any decision.
//!
//! In:  a path.
//! Out: its grid, its bands with type, nodata, scale, names and colours, its metadata, a sample of numbers.

use std::path::{Path, PathBuf};

use gdal::raster::{ColorInterpretation, GdalDataType};
use gdal::{Dataset, Metadata};

use crate::grid::{Grid, Window};
use crate::read::ReadError;
use crate::read::harden;
use crate::scene::Band;

/// The kinds of numbers that matter for the decision what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    Byte,
    Integer16,
    Integer32,
    Float,
    Other,
}

/// One band of a file.
#[derive(Debug)]
pub(crate) struct ProbedBand {
    pub(crate) description: String,
    pub(crate) colour: ColorInterpretation,
    pub(crate) numbers: Numbers,
    pub(crate) nodata: Option<f64>,
    /// Scale and offset, where the file declares at least one of them.
    pub(crate) declared: Option<(f64, f64)>,
}

/// One file.
pub(crate) struct Probe {
    pub(crate) path: PathBuf,
    pub(crate) grid: Grid,
    pub(crate) bands: Vec<ProbedBand>,
    dataset: Dataset,
}

/// Side of a sampled window, and number of windows a side; nine windows touch few blocks of any file.
const SAMPLE_SIDE: usize = 48;
const SAMPLES: usize = 3;

impl Probe {
    /// Opens a file and reads what it says; no pixel is read.
    ///
    /// # Errors
    /// As [`harden::open`] and [`harden::grid`].
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let dataset = harden::open(path)?;
        let grid = harden::grid(path, &dataset)?;
        let mut bands = Vec::with_capacity(dataset.raster_count());
        for number in 1..=dataset.raster_count() {
            let band = dataset.rasterband(number).map_err(|error| ReadError::Broken {
                path: path.to_owned(),
                reason: harden::words(&error),
            })?;
            let (scale, offset) = (band.scale(), band.offset());
            // Without a scale tag the library answers 1 and 0, which declare nothing.
            let declared = Some((scale.unwrap_or(1.0), offset.unwrap_or(0.0)));
            bands.push(ProbedBand {
                description: band.description().unwrap_or_default(),
                colour: band.color_interpretation(),
                numbers: numbers(band.band_type()),
                nodata: band.no_data_value(),
                declared: declared.filter(|pair| *pair != (1.0, 0.0)),
            });
        }
        Ok(Self { path: path.to_owned(), grid, bands, dataset })
    }

    /// A metadata item of the file, if it is there and not empty.
    pub(crate) fn item(&self, key: &str) -> Option<String> {
        self.dataset.metadata_item(key, "").filter(|value| !value.trim().is_empty())
    }

    /// Valid numbers of one band at fixed places of the file, sorted; few or none where it is mostly empty.
    ///
    /// # Errors
    /// `Pixels` when a block cannot be decoded.
    pub(crate) fn sample(&self, name: Band, number: usize) -> Result<Vec<f64>, ReadError> {
        let failed = |error: gdal::errors::GdalError, window: Window| {
            let reason = harden::words(&error);
            harden::or_of_storage(ReadError::Pixels { path: self.path.clone(), band: name, window, reason })
        };
        let band = self.dataset.rasterband(number).map_err(|error| failed(error, self.grid.whole()))?;
        let nodata = band.no_data_value();
        let (rows, cols) = (self.grid.rows, self.grid.cols);
        let size = (cols.min(SAMPLE_SIDE), rows.min(SAMPLE_SIDE));
        let mut values = Vec::new();
        for step in 0..SAMPLES * SAMPLES {
            let place =
                |step: usize, length: usize, side: usize| (length - side) * (2 * step + 1) / (2 * SAMPLES);
            let corner = (place(step % SAMPLES, cols, size.0), place(step / SAMPLES, rows, size.1));
            let window = Window { row0: corner.1, col0: corner.0, rows: size.1, cols: size.0 };
            let corner = (corner.0.cast_signed(), corner.1.cast_signed());
            let buffer =
                band.read_as::<f64>(corner, size, size, None).map_err(|error| failed(error, window))?;
            let valid = |value: &&f64| value.is_finite() && Some(**value) != nodata;
            values.extend(buffer.data().iter().filter(valid).copied());
        }
        values.sort_by(f64::total_cmp);
        Ok(values)
    }
}

fn numbers(kind: GdalDataType) -> Numbers {
    match kind {
        GdalDataType::UInt8 => Numbers::Byte,
        GdalDataType::UInt16 | GdalDataType::Int16 => Numbers::Integer16,
        GdalDataType::UInt32 | GdalDataType::Int32 => Numbers::Integer32,
        GdalDataType::Float32 | GdalDataType::Float64 => Numbers::Float,
        _ => Numbers::Other,
    }
}
