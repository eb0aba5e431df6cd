//! One raster file, asked through the library in this process: what it says about itself, and its numbers.
//!
//! In:  a place that was looked at. Out: plain values, which may cross to another process.
//! Law: everything that decodes bytes of a scene stands here, so that it can be done elsewhere (`apart`).

use std::path::PathBuf;

use gdal::raster::{ColorInterpretation, GdalDataType};
use gdal::{Dataset, Metadata};
use serde::{Deserialize, Serialize};

use crate::grid::{Grid, Window};
use crate::read::ReadError;
use crate::read::harden::{self, Place};
use crate::scene::Band;

/// The kinds of numbers that matter for the decision what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Numbers {
    Byte,
    Integer16,
    Integer32,
    Float,
    Other,
}

/// The colours that matter for the decision which band is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Colour {
    Red,
    Green,
    Blue,
    Alpha,
    Undefined,
    Other,
}

/// One band of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AboutBand {
    pub(crate) description: String,
    pub(crate) colour: Colour,
    pub(crate) numbers: Numbers,
    pub(crate) nodata: Option<f64>,
    /// Scale and offset, where the file declares at least one of them.
    pub(crate) declared: Option<(f64, f64)>,
}

/// No sensor counts as far: beyond it are the fill values of floating-point files that nobody declared (1e20, 3.4e38).
const MOST_NUMBER: f32 = 1e7;

/// What a file says about itself; no pixel is read for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) grid: Grid,
    pub(crate) bands: Vec<AboutBand>,
    /// Metadata items, name and value.
    pub(crate) items: Vec<(String, String)>,
    /// Its compression, where that loses something.
    pub(crate) lossy: Option<String>,
}

/// Which numbers are wanted, and which of them mean nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The band by its name, for words.
    pub(crate) band: Band,
    /// The band by its number.
    pub(crate) number: usize,
    /// A window of the file itself.
    pub(crate) window: Window,
    /// Numbers that are no observation.
    pub(crate) unseen: [Option<f64>; 2],
    /// Bands of the file that the scene uses: such a band is no mask.
    pub(crate) used: Vec<usize>,
}

/// Side of a sampled window, and number of windows a side; nine windows touch few blocks of any file.
const SAMPLE_SIDE: usize = 48;
const SAMPLES: usize = 3;

/// A file that is open in this process.
pub(crate) struct Raster {
    path: PathBuf,
    dataset: Dataset,
    grid: Grid,
}

impl Raster {
    /// Opens a file and judges its sizes and its grid.
    ///
    /// # Errors
    /// As [`harden::open`] and [`harden::grid`].
    pub(crate) fn open(place: &Place) -> Result<Self, ReadError> {
        let dataset = harden::open_at(place)?;
        let grid = harden::grid(&place.path, &dataset)?;
        Ok(Self { path: place.path.clone(), dataset, grid })
    }

    /// Its grid.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What it says about itself.
    ///
    /// # Errors
    /// `Broken` where a band cannot be had.
    pub(crate) fn about(&self) -> Result<About, ReadError> {
        let mut bands = Vec::with_capacity(self.dataset.raster_count());
        for number in 1..=self.dataset.raster_count() {
            let band = self.dataset.rasterband(number).map_err(|error| ReadError::Broken {
                path: self.path.clone(),
                reason: harden::words(&error),
            })?;
            let (scale, offset) = (band.scale(), band.offset());
            // Without a scale tag the library answers 1 and 0, which declare nothing.
            let declared = Some((scale.unwrap_or(1.0), offset.unwrap_or(0.0)));
            bands.push(AboutBand {
                description: band.description().unwrap_or_default(),
                colour: colour(&band.color_interpretation()),
                numbers: numbers(band.band_type()),
                nodata: band.no_data_value(),
                declared: declared.filter(|pair| *pair != (1.0, 0.0)),
            });
        }
        let items = self.dataset.metadata_domain("").unwrap_or_default();
        let items = items.iter().filter_map(|item| item.split_once('='));
        let items = items.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(About { grid: self.grid.clone(), bands, items, lossy: harden::lossy(&self.dataset) })
    }

    /// Valid numbers of one band at fixed places of the file, sorted; few or none where it is mostly empty.
    ///
    /// # Errors
    /// `Pixels` when a block cannot be decoded.
    pub(crate) fn sample(&self, name: Band, number: usize) -> Result<Vec<f64>, ReadError> {
        let failed = |error: gdal::errors::GdalError, window: Window| ReadError::Pixels {
            path: self.path.clone(),
            band: name,
            window,
            reason: harden::words(&error),
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

    /// Numbers of a window of the file, row by row, NaN where there is no value.
    ///
    /// # Errors
    /// `Pixels` when a block cannot be decoded.
    pub(crate) fn window(&self, wanted: &Wanted) -> Result<Vec<f32>, ReadError> {
        let window = wanted.window;
        let failed = |error: gdal::errors::GdalError| ReadError::Pixels {
            path: self.path.clone(),
            band: wanted.band,
            window,
            reason: harden::words(&error),
        };
        let raster = self.dataset.rasterband(wanted.number).map_err(failed)?;
        let corner = (window.col0.cast_signed(), window.row0.cast_signed());
        let size = (window.cols, window.rows);
        let (_, mut values) =
            raster.read_as::<f32>(corner, size, size, None).map_err(failed)?.into_shape_and_vec();
        // Numbers are compared as f32 because that is how they were read.
        let unseen = wanted.unseen.map(|value| value.map(|value| value as f32));
        let is_unseen =
            |value: f32| unseen.contains(&Some(value)) || !value.is_finite() || value.abs() > MOST_NUMBER;
        values.iter_mut().filter(|value| is_unseen(**value)).for_each(|value| *value = f32::NAN);
        let flags = raster.mask_flags().map_err(failed)?;
        if flags.is_per_dataset() && !wanted.used.iter().any(|number| self.is_alpha(*number)) {
            let mask = raster.open_mask_band().map_err(failed)?;
            let mask = mask.read_as::<u8>(corner, size, size, None).map_err(failed)?;
            for (value, seen) in values.iter_mut().zip(mask.data()) {
                if *seen == 0 {
                    *value = f32::NAN;
                }
            }
        }
        Ok(values)
    }

    /// Writers call the fourth of four bands "alpha" by default, also when it is near infrared: a band that the
    /// scene uses is no mask.
    fn is_alpha(&self, number: usize) -> bool {
        let colour = self.dataset.rasterband(number).map(|band| band.color_interpretation());
        colour.is_ok_and(|colour| colour == ColorInterpretation::AlphaBand)
    }
}

fn colour(of: &ColorInterpretation) -> Colour {
    match of {
        ColorInterpretation::RedBand => Colour::Red,
        ColorInterpretation::GreenBand => Colour::Green,
        ColorInterpretation::BlueBand => Colour::Blue,
        ColorInterpretation::AlphaBand => Colour::Alpha,
        ColorInterpretation::Undefined => Colour::Undefined,
        _ => Colour::Other,
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
