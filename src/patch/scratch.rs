//! Evidence of the whole run on disk, plane by plane, so that memory does not grow with the area.
//!
//! Law: whole numbers of 1/100; what was written is what is read, in any order, from any thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::detect::evidence::Finding;
use crate::grid::Window;

/// Stored numbers per unit of evidence.
pub const PER_UNIT: f32 = 100.0;

/// Numbers written at a time when the file is made.
const PART: usize = 1 << 19;

/// Stored for a pixel that no view shows.
pub const UNSEEN: i16 = i16::MIN;
/// Stored for a pixel with too little history.
pub const TOO_LITTLE_HISTORY: i16 = i16::MIN + 1;
/// Stored for a pixel with too few views in the target period.
pub const TOO_FEW_VIEWS: i16 = i16::MIN + 2;
/// Stored for a pixel that was seen where too little else was, so that there is nothing to compare it with.
pub const NOT_COMPARED: i16 = i16::MIN + 3;
/// Stored for a pixel that no red line asks about.
pub const OUTSIDE: i16 = i16::MIN + 4;

/// The scratch file cannot be written or read.
#[derive(Debug, Error)]
#[error(
    "scratch file {path}: {source}; the run needs {megabytes} MB there: free space on that disk or give --out on another one; nothing was published"
)]
pub struct ScratchError {
    path: PathBuf,
    megabytes: u64,
    source: io::Error,
}

/// Planes of 16-bit numbers over one window, in a file.
pub struct Scratch {
    file: File,
    path: PathBuf,
    /// Window that the planes cover.
    pub window: Window,
    /// Number of planes.
    pub planes: usize,
}

/// How a finding is stored.
pub fn stored(finding: Finding) -> i16 {
    match finding {
        Finding::Unseen => UNSEEN,
        Finding::TooLittleHistory => TOO_LITTLE_HISTORY,
        Finding::TooFewViews => TOO_FEW_VIEWS,
        Finding::Evidence(evidence) => (evidence * PER_UNIT).round() as i16,
    }
}

/// Evidence behind a stored number; NaN where there is none.
pub fn evidence(stored: i16) -> f32 {
    if stored <= OUTSIDE { f32::NAN } else { f32::from(stored) / PER_UNIT }
}

impl Scratch {
    /// Creates the file with every pixel `OUTSIDE`.
    pub fn create(path: &Path, window: Window, planes: usize) -> Result<Self, ScratchError> {
        let fault = |source| Self::fault(path, window, planes, source);
        let open = File::options().read(true).write(true).create(true).truncate(true).open(path);
        let scratch = Self { file: open.map_err(fault)?, path: path.to_owned(), window, planes };
        let (mut left, mut place) = (window.rows * window.cols * planes, 0);
        let part = bytes_of(&vec![OUTSIDE; left.min(PART)]);
        while left > 0 {
            let numbers = left.min(PART);
            scratch.file.write_all_at(&part[..2 * numbers], place).map_err(fault)?;
            (left, place) = (left - numbers, place + 2 * numbers as u64);
        }
        Ok(scratch)
    }

    /// Writes a window of one plane, row-major.
    pub fn write(&self, plane: usize, window: Window, values: &[i16]) -> Result<(), ScratchError> {
        if window.cols == self.window.cols {
            let place = self.place(plane, window.row0, window.col0);
            let written = self.file.write_all_at(&bytes_of(&values[..window.len()]), place);
            return written.map_err(|source| self.failed(source));
        }
        for row in 0..window.rows {
            let bytes = bytes_of(&values[row * window.cols..(row + 1) * window.cols]);
            let place = self.place(plane, window.row0 + row, window.col0);
            self.file.write_all_at(&bytes, place).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// Reads a window of one plane, row-major.
    pub fn read(&self, plane: usize, window: Window) -> Result<Vec<i16>, ScratchError> {
        let mut values = Vec::with_capacity(window.len());
        let mut bytes = vec![0; window.cols * 2];
        for row in 0..window.rows {
            let place = self.place(plane, window.row0 + row, window.col0);
            self.file.read_exact_at(&mut bytes, place).map_err(|source| self.failed(source))?;
            values.extend(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        }
        Ok(values)
    }

    fn place(&self, plane: usize, row: usize, col: usize) -> u64 {
        let (row, col) = (row - self.window.row0, col - self.window.col0);
        (((plane * self.window.rows + row) * self.window.cols + col) * 2) as u64
    }

    fn failed(&self, source: io::Error) -> ScratchError {
        Self::fault(&self.path, self.window, self.planes, source)
    }

    fn fault(path: &Path, window: Window, planes: usize, source: io::Error) -> ScratchError {
        let megabytes = (window.len() * planes * 2).div_ceil(1_000_000) as u64;
        ScratchError { path: path.to_owned(), megabytes, source }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The folder it lies in is removed with the run; a left-over file is only untidy.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn bytes_of(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Window = Window { row0: 7, col0: 11, rows: 5, cols: 4 };

    #[test]
    fn evidence_is_kept_to_a_hundredth_and_each_gap_as_a_number_of_its_own() {
        assert_eq!([0.0, 0.014, 0.016, 10.0].map(|value| stored(Finding::Evidence(value))), [0, 1, 2, 1000]);
        assert_eq!([0, 1, 250, 1000].map(evidence), [0.0, 0.01, 2.5, 10.0]);
        assert_eq!([UNSEEN, TOO_LITTLE_HISTORY, TOO_FEW_VIEWS], [-32768, -32767, -32766]);
        assert_eq!([NOT_COMPARED, OUTSIDE], [-32765, -32764]);
        assert_eq!(stored(Finding::Unseen), UNSEEN);
        assert_eq!(stored(Finding::TooLittleHistory), TOO_LITTLE_HISTORY);
        assert_eq!(stored(Finding::TooFewViews), TOO_FEW_VIEWS);
        let gaps = [UNSEEN, TOO_LITTLE_HISTORY, TOO_FEW_VIEWS, NOT_COMPARED, OUTSIDE];
        assert!(gaps.into_iter().all(|gap| evidence(gap).is_nan()) && evidence(OUTSIDE + 1) < -300.0);
    }

    #[test]
    fn what_was_written_is_read_in_any_window_and_the_rest_is_outside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence");
        let scratch = Scratch::create(&path, WHOLE, 3).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 3 * 5 * 4 * 2);
        for plane in 0..3 {
            assert_eq!(scratch.read(plane, WHOLE).unwrap(), [OUTSIDE; 20]);
        }
        let part = Window { row0: 9, col0: 12, rows: 2, cols: 3 };
        scratch.write(1, part, &[1, -2, 300, 4, 5, -600]).unwrap();
        scratch.write(2, Window { row0: 11, col0: 14, rows: 1, cols: 1 }, &[9]).unwrap();
        assert_eq!(scratch.read(1, part).unwrap(), [1, -2, 300, 4, 5, -600]);
        let o = OUTSIDE;
        let whole = [o, o, o, o, o, o, o, o, o, 1, -2, 300, o, 4, 5, -600, o, o, o, o];
        assert_eq!(scratch.read(1, WHOLE).unwrap(), whole);
        assert_eq!(scratch.read(1, Window { row0: 8, col0: 13, rows: 3, cols: 1 }).unwrap(), [o, -2, 5]);
        assert_eq!(scratch.read(0, WHOLE).unwrap(), [OUTSIDE; 20]);
        assert_eq!(scratch.read(2, WHOLE).unwrap(), [&[o; 19][..], &[9]].concat());
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn a_disk_that_fails_is_told_with_the_place_and_what_the_run_needs() {
        let path = Path::new("no such folder/evidence");
        let window = Window { row0: 0, col0: 0, rows: 1000, cols: 1500 };
        let error = Scratch::create(path, window, 1).err().unwrap().to_string();
        assert!(error.contains("no such folder/evidence") && error.contains("needs 3 MB"), "{error}");
        let more = Window { rows: 1001, ..window };
        let error = Scratch::create(path, more, 2).err().unwrap().to_string();
        assert!(error.contains("needs 7 MB"), "{error}");
        // What lies beyond the file cannot be read.
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::create(&folder.path().join("evidence"), WHOLE, 1).unwrap();
        let error = scratch.read(1, WHOLE).unwrap_err().to_string();
        assert!(error.contains("evidence") && error.contains("needs 1 MB"), "{error}");
    }
}
