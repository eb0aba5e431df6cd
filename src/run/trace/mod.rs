//! What every room made of one place: the newcomer's guide, the debugger, and the answer to
//! "why is this a lead?".
//!
//! In:  a plan, its inputs, longitude and latitude. Out: text, one paragraph a room; no file stays.
//! Law: the rooms run as in a scan, over the control cell of the place and its neighbours only; what a
//! pixel gets depends on its cell alone, so a trace says what the scan says.

pub mod history;

mod outcome;

mod pair;

mod series;
pub(crate) mod unseen;

use std::fmt::Write;
use std::io::ErrorKind;
use std::path::PathBuf;

use geo::{Intersects, MultiPolygon, Point};

use crate::baseline::CELL;
use crate::grid::crs::Transform;
use crate::grid::{Crs, Pixel, Window};
use crate::patch::scratch::Scratch;
use crate::plan::Plan;
use crate::redline::coverage;
use crate::run::RunError;
use crate::run::closer_looks::cells_around;
use crate::run::inputs::Inputs;

/// The place that is asked about.
pub(crate) struct Place {
    /// Longitude and latitude.
    point: Point<f64>,
    /// Its pixel.
    pixel: Pixel,
    /// The pixel as a window.
    here: Window,
    /// Its control cell.
    pub(crate) cell: Window,
    /// What is looked at: the control cell and its neighbours.
    ground: Window,
}

/// The trace of a place given in longitude and latitude, as text.
pub fn trace(plan: &Plan, inputs: &Inputs, longitude: f64, latitude: f64) -> Result<String, RunError> {
    let place = Place::find(inputs, longitude, latitude)?;
    let mut text = String::new();
    read(inputs, &place, &mut text);
    redlines(inputs, &place, &mut text);
    if inputs.is_pair {
        pair::trace(plan, inputs, &place, &mut text)?;
    } else {
        series::trace(plan, inputs, &place, &mut text)?;
    }
    Ok(text)
}

impl Place {
    fn find(inputs: &Inputs, longitude: f64, latitude: f64) -> Result<Self, RunError> {
        let outside = || RunError::PlaceOutside { longitude, latitude, grid: inputs.grid.to_string() };
        if latitude.abs() > 90.0 || longitude.abs() > 360.0 {
            return Err(outside());
        }
        let (x, y) = Transform::new(Crs::LON_LAT, inputs.grid.crs)?.point(longitude, latitude)?;
        let pixel = inputs.grid.pixel_at(x, y).ok_or_else(outside)?;
        let here = Window { row0: pixel.row, col0: pixel.col, rows: 1, cols: 1 };
        let whole = inputs.grid.whole();
        let cell = cells_around(here, whole)[0];
        // A longitude may have been given as 251 or -109: outlines know one of them.
        let point = Point::from(inputs.to_lon_lat()?.point(x, y)?);
        Ok(Self { point, pixel, here, cell, ground: cell.grown(CELL, whole) })
    }

    /// Whether the place lies inside an outline in longitude and latitude.
    fn is_in(&self, outline: &MultiPolygon<f64>) -> bool {
        outline.intersects(&self.point)
    }

    /// Whether what needs `margin` pixels around a window needs ground that was not looked at.
    fn goes_on(&self, window: Window, margin: usize, inputs: &Inputs) -> bool {
        let needed = window.grown(margin, inputs.grid.whole());
        needed.intersection(self.ground) != needed
    }

    /// A scratch file over the ground. It has no name any more once it is open, so that nothing is left
    /// however the trace ends.
    fn scratch(&self, planes: usize) -> Result<Scratch, RunError> {
        let folder = unique_folder()?;
        let scratch = Scratch::create(&folder.join("evidence.tmp"), self.ground, planes);
        // What cannot be taken away is untidy and no reason to fail.
        let _ = std::fs::remove_dir_all(&folder);
        Ok(scratch?)
    }
}

/// A new folder of this process among the temporary files.
pub(super) fn unique_folder() -> Result<PathBuf, RunError> {
    let parent = std::env::temp_dir();
    let mut attempt = 0_u64;
    loop {
        let path = parent.join(format!("steppewatch-{}-{attempt}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(source) if source.kind() == ErrorKind::AlreadyExists => attempt += 1,
            Err(source) => return Err(RunError::Temporary { path: parent, source }),
        }
    }
}

/// A line of the trace: the room's name in the margin, or nothing where the room goes on speaking.
fn line(text: &mut String, room: &str, words: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{room:<10}{words}");
}

fn read(inputs: &Inputs, place: &Place, text: &mut String) {
    let Pixel { row, col } = place.pixel;
    line(text, "read", &format!("row {row} column {col} of {}", inputs.grid));
    let (scenes, days) = (inputs.scenes.len(), inputs.views.len());
    line(text, "", &format!("{scenes} scenes on {days} days; {}", inputs.scenes[0].scaling));
    if let Some(said) = inputs.registration.summary() {
        line(text, "", &said);
    }
}

fn redlines(inputs: &Inputs, place: &Place, text: &mut String) {
    for index in redlines_here(inputs, place) {
        let redline = &inputs.redlines.redlines[index];
        line(text, "redline", &format!("{} {} ({})", redline.id, redline.name, redline.class.name()));
    }
}

/// Places in the list of the red lines that hold ground of the pixel.
fn redlines_here(inputs: &Inputs, place: &Place) -> Vec<usize> {
    let holds = |index: &usize| {
        let line = std::iter::once(&inputs.on_grid[*index]);
        coverage::touched(line, &inputs.grid, place.here)[(0, 0)]
    };
    (0..inputs.on_grid.len()).filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_for_scratch_is_never_one_that_is_there() {
        let (first, second) = (unique_folder().unwrap(), unique_folder().unwrap());
        assert_ne!(first, second);
        std::fs::remove_dir(first).unwrap();
        std::fs::remove_dir(second).unwrap();
    }
}
