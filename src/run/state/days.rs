//! What each day of the target period showed of the places that the look-back asks for.
//!
//! In:  the scenes of a day, once. Out: a file of pieces, one a cell that the day saw anything of.
//! Law: masked, not screened: whether a view is a spike is known when the next one is there. Values stand feature by feature,
//! each as its difference from the one before. A day that is there and whole is not read again.

use std::io;

use rayon::prelude::*;

use crate::baseline::remembered::Column;
use crate::baseline::{CELL, RING};
use crate::grid::Window;
use crate::observe::{MISSING, Stack};
use crate::read::{Reader, Readers};
use crate::run::inputs::{Inputs, View};
use crate::run::state::chunks::{self, Packed, Writer};
use crate::run::state::learn::{self, PLACES_PIECE};
use crate::run::state::looked_back::LookBack;
use crate::run::state::store::{KnownView, Store};
use crate::run::state::{StateError, stands};
use crate::run::{Progress, RunError, tiles};

/// Piece: what a day showed of a cell.
pub const VALUES_PIECE: u8 = 0;

/// Side of the windows that are read at once, in pixels; rings around them are read twice.
const LARGEST: usize = 16 * CELL;

/// Bytes of working memory that a pixel of such a window takes: bands, features and masks as they are made.
const BYTES_A_PIXEL: u64 = 64;

/// Bytes of a packed piece, on the high side: 16,384 pixels and 5,120 donors with four features.
const BYTES_A_PIECE: u64 = 172_000;

/// Makes sure that a day is taken in. Returns what it is known by.
pub fn take(
    store: &Store,
    (inputs, place): (&Inputs, usize),
    (look_back, key, memory): (&LookBack, &str, u64),
    progress: &dyn Progress,
) -> Result<KnownView, RunError> {
    let view = &inputs.views[place];
    let of = stands::of_view(inputs, view)?;
    let file = format!("views/{}-{of:.12}-{key:.12}.cells", view.date);
    let head = format!(r#"{{"look_back":"{key}","view":"{}","of":"{of}"}}"#, view.date);
    let known = |sha256: String| KnownView {
        date: view.date,
        scenes: view.scenes.iter().map(|scene| inputs.scenes[*scene].id.clone()).collect(),
        of: of.clone(),
        file: file.clone(),
        sha256,
    };
    let side = side(inputs, memory);
    let tiles = tiles::tiles(inputs, side);
    let pixels = tiles.iter().map(|tile| tile.len() as u64).sum();
    if let Some(chunks) = store.whole(&file, &head) {
        progress.step(pixels);
        return Ok(known(chunks.sha256));
    }
    let mut writer = Writer::begin(&store.path(&file), &head)?;
    let readers = Readers::default();
    // Row by row of tiles, so that pieces lie in the order of the cells however large a tile is.
    for row in tiles.chunk_by(|a, b| a.row0 == b.row0) {
        let taken = row.par_iter().map(|tile| {
            let pieces = readers
                .with(|reader| tile_pieces(store, (inputs, view, place), look_back, (reader, *tile)))?;
            progress.step(tile.len() as u64);
            Ok(pieces)
        });
        let taken: Result<Vec<Vec<Packed>>, RunError> = taken.collect();
        let mut pieces: Vec<Packed> = taken?.into_iter().flatten().collect();
        pieces.sort_by_key(|(name, _)| *name);
        pieces.iter().try_for_each(|(name, packed)| writer.add(*name, packed))?;
    }
    inputs.digests.check_listed().map_err(StateError::from)?;
    let sha256 = writer.commit()?;
    store.keep(&file)?;
    Ok(known(sha256))
}

/// The side of the windows to read: as large as half of the memory allows, and no higher than lets the pieces of a row of
/// windows wait in a quarter of it.
fn side(inputs: &Inputs, memory: u64) -> usize {
    let threads = rayon::current_num_threads() as u64;
    let most = (memory / 2 / threads / BYTES_A_PIXEL).isqrt() as usize;
    let across = (inputs.area.cols.div_ceil(CELL) + 1) as u64;
    let waiting = (memory / 4 / across / BYTES_A_PIECE) as usize * CELL;
    let largest = LARGEST.min(inputs.grid.rows.max(inputs.grid.cols)).min(waiting);
    (most.saturating_sub(2 * RING).min(largest) / CELL).max(1) * CELL
}

fn tile_pieces(
    store: &Store,
    (inputs, view, place): (&Inputs, &View, usize),
    look_back: &LookBack,
    (reader, tile): (&mut Reader, Window),
) -> Result<Vec<Packed>, RunError> {
    let whole = inputs.grid.whole();
    let saw = |scene: &usize| {
        inputs.scenes[*scene]
            .grid()
            .is_some_and(|grid| grid.overlaps(&inputs.grid.of_window(tile.grown(RING, whole))))
    };
    let cells: Vec<Window> = tiles::cells(tile).into_iter().filter(|cell| look_back.holds(*cell)).collect();
    if cells.is_empty() || !view.scenes.iter().any(saw) {
        return Ok(Vec::new());
    }
    let stack = tiles::observed(inputs, reader, tile.grown(RING, whole), place..place + 1)?;
    let mut pieces = Vec::new();
    for cell in cells {
        let name = (PLACES_PIECE, cell.row0 as u32, cell.col0 as u32);
        let places = learn::places(look_back.read(name)?);
        if let Some(bytes) = values(&stack, (cell.grown(RING, whole), &places)) {
            let failed = |source| StateError::Access { path: store.folder.clone(), source };
            pieces.push((
                (VALUES_PIECE, cell.row0 as u32, cell.col0 as u32),
                chunks::packed(&bytes).map_err(failed)?,
            ));
        }
    }
    Ok(pieces)
}

/// The values of some places over the window around a cell; `None` where nothing was seen.
fn values(stack: &Stack, (around, places): (Window, &[usize])) -> Option<Vec<u8>> {
    let pixel =
        |place: &usize| stack.pixel_at(around.row0 + place / around.cols, around.col0 + place % around.cols);
    let pixels: Vec<usize> = places.iter().map(pixel).collect();
    if !pixels.iter().any(|pixel| stack.is_seen(0, *pixel)) {
        return None;
    }
    let of_feature =
        |feature: usize| pixels.iter().map(move |pixel| stack.at(*pixel, 0, feature).cast_unsigned());
    let column = Column::of((0..stack.features.len()).flat_map(of_feature));
    Some(column.bytes())
}

/// Sets a view of a stack, whose pixels are places of a cell in a row, to the values that a day showed.
pub fn lay(stack: &mut Stack, view: usize, bytes: Vec<u8>) -> io::Result<()> {
    let (places, features) = (stack.window.len(), stack.features.len());
    let numbers = Column::from(bytes).numbers();
    if numbers.len() != places * features {
        let why = format!("a day holds {} numbers of {places} places in {features} features", numbers.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    let mut stored = vec![MISSING; features];
    for place in 0..places {
        for (feature, stored) in stored.iter_mut().enumerate() {
            *stored = numbers[feature * places + place].cast_signed();
        }
        stack.set(place, view, &stored);
    }
    Ok(())
}
