//! What a state knows of every pixel, as a GeoTIFF.
//!
//! In:  a state that is whole. Out: one file: views in the look-back and in the target period, and for each sub-model its
//!      evidence (steps of 1/100) and the longest run of views that passed a gate.

use std::path::Path;

use crate::grid::Window;
use crate::patch::scratch::{self, PER_UNIT};
use crate::publish::raster::{NODATA, Raster};
use crate::run::state::StateError;
use crate::run::state::chunks::Chunks;
use crate::run::state::days::VALUES_PIECE;
use crate::run::state::judge::PLANES_PIECE;
use crate::run::state::learn::{CELL_PIECE, Kept};
use crate::run::state::looked_back::LookBack;
use crate::run::state::store::Store;
use crate::run::{RunError, tiles};

use crate::baseline::remembered::Column;
use crate::baseline::{CELL, RING};

/// Writes what a state knows. Returns the names of the bands.
pub fn export(store: &Store, path: &Path) -> Result<Vec<String>, RunError> {
    store.pull()?;
    let head = &store.head;
    let nothing = |reason: &str| StateError::NotAState { path: store.place(), reason: reason.to_owned() };
    let (Some(grid), Some((night, _))) = (&head.grid, &head.night) else {
        return Err(nothing("no night has ended here yet").into());
    };
    let open = |file: &str| {
        let path = store.path(file);
        Chunks::open(&path).map_err(StateError::reading(&path))
    };
    let (night, look_back) = (open(night)?, LookBack::open(store, &head.look_back)?);
    let days: Vec<Chunks> = head.views.iter().map(|view| open(&view.file)).collect::<Result<_, _>>()?;
    let mut bands = vec![("look-back views".to_owned(), 1.0), ("target views".to_owned(), 1.0)];
    for model in &head.models {
        bands.push((format!("{model} evidence"), 1.0 / f64::from(PER_UNIT)));
        bands.push((format!("{model} views through a gate"), 1.0));
    }
    let mut raster = Raster::begin(path, grid, &bands)?;
    let whole = grid.whole();
    for (row, col) in look_back.cells() {
        let cell =
            Window { row0: row as usize, col0: col as usize, rows: CELL, cols: CELL }.intersection(whole);
        let kept: Kept = look_back.read((CELL_PIECE, row, col))?;
        let at = (cell, cell.grown(RING, whole));
        let spread = |of: &dyn Fn(usize) -> i16| {
            let mut plane = vec![NODATA; cell.len()];
            kept.cell
                .asked
                .iter()
                .enumerate()
                .for_each(|(number, place)| plane[usize::from(*place)] = of(number));
            plane
        };
        let views = kept.cell.views();
        raster.write(0, cell, spread(&|number| views.get(number).map_or(0, |views| *views as i16)))?;
        let seen = seen(&days, &kept, (at, (row, col)), store)?;
        raster.write(1, cell, spread(&|number| seen[number]))?;
        let planes = night.bytes((PLANES_PIECE, row, col)).map_err(StateError::reading(&store.folder))?;
        let planes = Column::from(planes.unwrap_or_default()).numbers();
        let planes: Vec<&[u16]> = planes.chunks(cell.len()).collect();
        for model in 0..head.models.len() {
            for (band, plane) in [(2, tiles::evidence_plane(model)), (3, tiles::gate_plane(model))] {
                let known = |value: &u16| {
                    let value = value.cast_signed();
                    if value <= scratch::OUTSIDE { NODATA } else { value }
                };
                let plane = planes.get(plane).map(|plane| plane.iter().map(known).collect());
                raster.write(2 * model + band, cell, plane.unwrap_or_else(|| vec![NODATA; cell.len()]))?;
            }
        }
    }
    raster.commit()?;
    Ok(bands.into_iter().map(|(name, _)| name).collect())
}

/// Days of the target period that saw each pixel asked about.
fn seen(
    days: &[Chunks],
    kept: &Kept,
    (at, (row, col)): ((Window, Window), (u32, u32)),
    store: &Store,
) -> Result<Vec<i16>, StateError> {
    let own = kept.cell.numbers(at);
    let mut seen = vec![0; own.len()];
    for day in days {
        let bytes = day.bytes((VALUES_PIECE, row, col)).map_err(StateError::reading(&store.folder))?;
        let values = Column::from(bytes.unwrap_or_default()).numbers();
        for (seen, number) in seen.iter_mut().zip(&own) {
            let value = values.get(*number).map(|value| value.cast_signed());
            *seen += i16::from(value.is_some_and(|value| value != crate::observe::MISSING));
        }
    }
    Ok(seen)
}
