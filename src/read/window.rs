//! Windows of numbers: one band of one scene on the plan's grid.
//!
//! In:  a scene, a band, a grid of the scene's CRS, a window of that grid.
//! Out: raw numbers as `f32`, NaN where the file says nodata, its mask says no, or the file ends. A scene that is displaced
//!      (`Scene::displaced`) is read as if it lay where it belongs.
//! Law: a pixel that cannot be decoded is an error and never NaN; see `resample` for grids that differ.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ndarray::Array2;

use crate::grid::{Grid, Window};
use crate::read::opened::Opened;
use crate::read::raster::Wanted;
use crate::read::{ReadError, resample};
use crate::scene::{Band, BandFile, Scene};

/// Files that one reader keeps open. Two hundred workers stay below the usual limit of a system.
const OPEN_FILES: usize = 96;
/// Pixels read at a time when a whole file is looked through.
const STRIP_PIXELS: usize = 4 << 20;

/// What gives reason to doubt the numbers of a scene.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doubtful {
    /// Its compression, where that loses something.
    pub lossy: Option<String>,
    /// A nodata number, not 0, that lies within the middle nine tenths of the others, and the share of pixels that it
    /// takes out of the place looked at.
    pub nodata_among: Option<(f32, f64)>,
}

/// Opens files when they are first needed and keeps the latest. One per worker, never shared.
#[derive(Default)]
pub struct Reader {
    open: BTreeMap<PathBuf, (u64, Opened)>,
    clock: u64,
}

/// Readers of the workers of a step: a file that one of them opened is not opened again for the next window.
#[derive(Default)]
pub struct Readers {
    waiting: Mutex<Vec<Reader>>,
}

impl Readers {
    /// Works with a reader that nobody else uses meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Reader) -> T) -> T {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = waiting().pop().unwrap_or_default();
        let done = work(&mut reader);
        waiting().push(reader);
        done
    }
}

impl Reader {
    /// A reader with no file open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raw numbers (not scaled to reflectance) of one band on `window` of `grid`.
    ///
    /// Shape: `(window.rows, window.cols)`. NaN: nodata, masked, or outside the file.
    ///
    /// # Errors
    /// `BandMissing`, `OtherCrs`, `Pixels` with the window in the file's own pixels, and those of
    /// `Opened::open`.
    pub fn window(
        &mut self,
        scene: &Scene,
        band: Band,
        grid: &Grid,
        window: Window,
    ) -> Result<Array2<f32>, ReadError> {
        let file = band_file(scene, band)?;
        if file.grid.crs != grid.crs {
            let (expected, found) = (grid.crs, file.grid.crs);
            return Err(ReadError::OtherCrs { path: file.path.clone(), expected, found });
        }
        let placed = scene.put_right(&file.grid);
        let is_displaced = scene.displaced != (0.0, 0.0);
        let rule = if is_displaced { resample::rule_of_displaced } else { resample::rule };
        let rule = rule(&placed, grid, band.is_classes());
        let from = resample::source_window(rule, &placed, grid, window);
        if from.is_empty() {
            return Ok(Array2::from_elem((window.rows, window.cols), f32::NAN));
        }
        let same_file = scene.bands.values().filter(|other| other.path == file.path);
        let used: Vec<usize> = same_file.map(|other| other.number).collect();
        let unseen = [file.nodata, file.saturated];
        let wanted = Wanted { band, number: file.number, window: from, unseen, used };
        let values = self.opened(file)?.window(&wanted)?;
        let pixels = Array2::from_shape_vec((from.rows, from.cols), values).map_err(|error| {
            let (path, reason) = (file.path.clone(), error.to_string());
            ReadError::Pixels { path, band, window: from, reason }
        })?;
        if from == window && matches!(rule, resample::Rule::Shift { rows: 0, cols: 0 }) {
            return Ok(pixels);
        }
        Ok(resample::apply(rule, (&placed, from, &pixels), grid, window))
    }

    /// Makes sure that the scene holds a value at all: a writer that was killed leaves a file of nothing. What gives
    /// reason to doubt the numbers that are seen on the way is handed back.
    ///
    /// Looks at the red band (else the first reflectance band), at a grid of places first and at the whole
    /// file only when nothing is found there.
    ///
    /// # Errors
    /// `AllNodata`, and those of [`Reader::window`].
    pub fn check_has_values(&mut self, scene: &Scene) -> Result<Doubtful, ReadError> {
        let first = scene.bands.keys().find(|band| !band.is_classes()).copied();
        let band = if scene.has(Band::Red) { Band::Red } else { first.unwrap_or(Band::Red) };
        let file = band_file(scene, band)?.clone();
        let whole = file.grid.whole();
        let places = Window { rows: file.grid.rows.min(64), cols: file.grid.cols.min(64), ..whole };
        let step = |length: usize, side: usize| (length - side).div_ceil(7).max(1);
        let (down, right) = (step(whole.rows, places.rows), step(whole.cols, places.cols));
        for row0 in (0..=whole.rows - places.rows).step_by(down) {
            for col0 in (0..=whole.cols - places.cols).step_by(right) {
                let window = Window { row0, col0, ..places };
                let values = self.window(scene, band, &file.grid, window)?;
                if values.iter().any(|value| !value.is_nan()) {
                    return self.doubtful(&file, values);
                }
            }
        }
        let rows = (STRIP_PIXELS / whole.cols).max(1);
        for row0 in (0..whole.rows).step_by(rows) {
            let strip = Window { row0, col0: 0, rows, cols: whole.cols }.intersection(whole);
            if self.window(scene, band, &file.grid, strip)?.iter().any(|value| !value.is_nan()) {
                return Ok(Doubtful { lossy: self.opened(&file)?.about()?.lossy, nodata_among: None });
            }
        }
        Err(ReadError::AllNodata { path: file.path, band })
    }

    /// Loss in compression, and a nodata number that lies in the middle of the others.
    fn doubtful(&mut self, file: &BandFile, values: Array2<f32>) -> Result<Doubtful, ReadError> {
        let whole = values.len();
        let mut seen: Vec<f32> = values.into_iter().filter(|value| !value.is_nan()).collect();
        seen.sort_by(f32::total_cmp);
        let nodata = file.nodata.map(|value| value as f32).filter(|value| *value != 0.0);
        let (low, high) = (seen.len() / 20, seen.len() - 1 - seen.len() / 20);
        let among = nodata.filter(|value| seen.len() < whole && (seen[low]..=seen[high]).contains(value));
        let share = (whole - seen.len()) as f64 / whole as f64;
        let nodata_among = among.map(|nodata| (nodata, share));
        Ok(Doubtful { lossy: self.opened(file)?.about()?.lossy, nodata_among })
    }

    fn opened(&mut self, file: &BandFile) -> Result<&Opened, ReadError> {
        self.clock += 1;
        if !self.open.contains_key(&file.path) {
            if self.open.len() >= OPEN_FILES {
                let oldest =
                    self.open.iter().min_by_key(|(_, (used, _))| *used).map(|(path, _)| path.clone());
                oldest.map(|path| self.open.remove(&path));
            }
            let opened = Opened::open_on(&file.path, &file.grid)?;
            self.open.insert(file.path.clone(), (0, opened));
        }
        match self.open.get_mut(&file.path) {
            Some((used, opened)) => {
                *used = self.clock;
                Ok(opened)
            }
            None => Err(ReadError::Broken { path: file.path.clone(), reason: "was closed".to_owned() }),
        }
    }
}

fn band_file(scene: &Scene, band: Band) -> Result<&BandFile, ReadError> {
    scene.bands.get(&band).ok_or_else(|| ReadError::BandMissing {
        scene: scene.id.clone(),
        band,
        has: scene.bands.keys().map(|band| band.name()).collect::<Vec<_>>().join(", "),
    })
}
