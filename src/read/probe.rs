//! What one raster file says about itself, before any decision.
//!
//! In:  a path.
//! Out: its grid, its bands with type, nodata, scale, names and colours, its metadata, a sample of numbers.

use std::path::{Path, PathBuf};

use crate::grid::Grid;
use crate::read::ReadError;
use crate::read::opened::Opened;
use crate::read::raster::AboutBand;
pub(crate) use crate::read::raster::{Colour, Numbers};
use crate::scene::Band;

/// One file.
pub(crate) struct Probe {
    pub(crate) path: PathBuf,
    pub(crate) grid: Grid,
    pub(crate) bands: Vec<AboutBand>,
    items: Vec<(String, String)>,
    opened: Opened,
}

impl Probe {
    /// Opens a file and reads what it says; no pixel is read.
    ///
    /// # Errors
    /// As [`Opened::open`] and [`Opened::about`].
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let opened = Opened::open(path)?;
        let about = opened.about()?;
        Ok(Self { path: path.to_owned(), grid: about.grid, bands: about.bands, items: about.items, opened })
    }

    /// A metadata item of the file, if it is there and not empty; capitals do not matter.
    pub(crate) fn item(&self, key: &str) -> Option<String> {
        let found = self.items.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.clone()).filter(|value| !value.trim().is_empty())
    }

    /// Valid numbers of one band at fixed places of the file, sorted; few or none where it is mostly empty.
    ///
    /// # Errors
    /// `Pixels` when a block cannot be decoded.
    pub(crate) fn sample(&self, name: Band, number: usize) -> Result<Vec<f64>, ReadError> {
        self.opened.sample(name, number)
    }
}
