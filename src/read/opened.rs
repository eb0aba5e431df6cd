//! A raster file that is open: in this process, or in one of its own where it comes from others.
//!
//! In:  a path. Out: what the file says about itself, and its numbers, the same either way.
//! Law: whether a file is decoded here or apart changes no number, and no word of a refusal.

use std::path::Path;

use crate::grid::Grid;
use crate::read::raster::{About, Raster, Wanted};
use crate::read::{ReadError, apart, harden};
use crate::scene::Band;

/// An open file.
pub(crate) enum Opened {
    /// In this process.
    Here(Raster),
    /// In another.
    Apart(apart::Remote),
}

impl Opened {
    /// Opens a file where it is to be decoded.
    ///
    /// # Errors
    /// As [`harden::open`] and [`harden::grid`]; those of `apart`.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let place = harden::place(path)?;
        if apart::is_apart(path) {
            return Ok(Self::Apart(apart::Remote::new(place)));
        }
        Ok(Self::Here(Raster::open(&place)?))
    }

    /// The same for a file whose grid is known.
    ///
    /// # Errors
    /// `Changed` where its grid is another one.
    pub(crate) fn open_on(path: &Path, expected: &Grid) -> Result<Self, ReadError> {
        match Self::open(path)? {
            Self::Here(raster) => same_grid(path, raster.grid(), expected).map(|()| Self::Here(raster)),
            Self::Apart(remote) => Ok(Self::Apart(remote.on(expected))),
        }
    }

    /// What the file says about itself.
    ///
    /// # Errors
    /// Those of [`Raster::about`].
    pub(crate) fn about(&self) -> Result<About, ReadError> {
        match self {
            Self::Here(raster) => raster.about(),
            Self::Apart(remote) => remote.about(),
        }
    }

    /// Valid numbers of one band at fixed places, sorted.
    ///
    /// # Errors
    /// Those of [`Raster::sample`].
    pub(crate) fn sample(&self, band: Band, number: usize) -> Result<Vec<f64>, ReadError> {
        let found = match self {
            Self::Here(raster) => raster.sample(band, number),
            Self::Apart(remote) => remote.sample(band, number),
        };
        found.map_err(harden::or_of_storage)
    }

    /// Numbers of a window, row by row.
    ///
    /// # Errors
    /// Those of [`Raster::window`].
    pub(crate) fn window(&self, wanted: &Wanted) -> Result<Vec<f32>, ReadError> {
        let found = match self {
            Self::Here(raster) => raster.window(wanted),
            Self::Apart(remote) => remote.window(wanted),
        };
        found.map_err(harden::or_of_storage)
    }
}

/// A file lies where it lay when the run began.
pub(crate) fn same_grid(path: &Path, found: &Grid, expected: &Grid) -> Result<(), ReadError> {
    if found == expected {
        return Ok(());
    }
    let (expected, found) = (expected.to_string(), found.to_string());
    Err(ReadError::Changed { path: path.to_owned(), expected, found })
}
