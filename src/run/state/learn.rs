//! The look-back, learned once: what is normal in every cell, and what the placebo year named there.
//!
//! In:  the scenes of the look-back. Out: a file of pieces for each row of cells.
//! Law: a cell depends on its own ground alone, and cells stand in their files from west to east; so neither tiles nor threads
//! change a byte. A row that is there and whole is not learned again.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::baseline::descriptor::Descriptors;
use crate::baseline::lanes::LANES;
use crate::baseline::remembered::KeptCell;
use crate::baseline::strip::Strip;
use crate::baseline::{Baseline, CELL, RING};
use crate::grid::Window;
use crate::observe::{Stack, quantised, screen};
use crate::publish::PublishError;
use crate::read::{Reader, Readers};
use crate::run::cell::{Asked, Learned, Normality, judge_cell};
use crate::run::inputs::Inputs;
use crate::run::signs;
use crate::run::state::StateError;
use crate::run::state::chunks::{self, Packed, Writer};
use crate::run::state::stands;
use crate::run::state::store::Store;
use crate::run::{Progress, RunError, tiles};

/// Piece: what is kept of a cell.
pub const CELL_PIECE: u8 = 0;
/// Piece: which places of a cell later views must give, as steps from one to the next.
pub const PLACES_PIECE: u8 = 1;
/// Piece: planes of evidence of a cell in the placebo year.
pub const PLACEBO_PIECE: u8 = 2;

/// What is kept of a cell, with what the sub-models ask of its look-back.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What is normal, and which pixels are asked about.
    pub cell: KeptCell,
    /// By pixel asked about: the bit of each sub-model for which the look-back is long enough.
    pub enough: Vec<u32>,
    /// By pixel asked about: bit 0 where the look-back saw it at all, bit 1 where it saw it with a control.
    pub seen: Vec<u8>,
    /// Picture of the look-back, of cells whose edges are compared, as stored numbers.
    pub before: Option<Vec<i16>>,
}

/// Seen in the look-back, control or not.
pub const SEEN: u8 = 1;
/// Seen in the look-back, and its control known.
pub const FOLLOWED: u8 = 2;

/// Where the row of cells that begins at a row of the grid lies.
pub fn file(row0: usize, key: &str) -> String {
    format!("look-back/r{row0:06}-{key:.12}.cells")
}

/// Makes sure that every row of cells is learned. Returns the files with their digests, and whether any was learned now.
pub fn learn(
    store: &Store,
    inputs: &Inputs,
    (key, tile_size): (&str, usize),
    progress: &dyn Progress,
) -> Result<(BTreeMap<String, String>, bool), RunError> {
    let mut any = false;
    let of = format!(r#"{{"look_back":"{key}"}}"#);
    let mut known = BTreeMap::new();
    let tiles = tiles::tiles(inputs, tile_size);
    let mut rows: BTreeMap<usize, Vec<Window>> = BTreeMap::new();
    for tile in tiles {
        rows.entry(tile.row0).or_default().push(tile);
    }
    let pixels = rows.values().flatten().map(|tile| tile.len() as u64).sum();
    progress.stage("look-back", pixels);
    for (_, tiles) in rows {
        let first = tiles[0];
        let own: Vec<usize> = (first.row0..first.row_end()).step_by(CELL).collect();
        let there: Vec<Option<String>> =
            own.iter().map(|row0| Some(store.whole(&file(*row0, key), &of)?.sha256)).collect();
        if there.iter().any(Option::is_none) {
            any = true;
            learn_row(store, inputs, (&own, &tiles), (key, &of), progress)?;
        } else {
            progress.step(tiles.iter().map(|tile| tile.len() as u64).sum());
        }
        for (row0, before) in own.into_iter().zip(there) {
            let name = file(row0, key);
            if let Some(chunks) = store.whole(&name, &of) {
                if before.is_none() {
                    store.keep(&name)?;
                }
                known.insert(name, chunks.sha256);
            }
        }
    }
    Ok((known, any))
}

/// Learns the rows of cells of one row of tiles, a few tiles at a time.
fn learn_row(
    store: &Store,
    inputs: &Inputs,
    (own, tiles): (&[usize], &[Window]),
    (key, of): (&str, &str),
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let begin = |row0: &usize| Ok((*row0, Writer::begin(&store.path(&file(*row0, key)), of)?));
    let mut writers: BTreeMap<usize, Writer> = own.iter().map(begin).collect::<Result<_, PublishError>>()?;
    let readers = Readers::default();
    for some in tiles.chunks(rayon::current_num_threads()) {
        let learned = some.par_iter().map(|tile| {
            let pieces = readers.with(|reader| tile_pieces(inputs, reader, *tile, &store.folder))?;
            progress.step(tile.len() as u64);
            Ok(pieces)
        });
        let learned: Result<Vec<Vec<Packed>>, RunError> = learned.collect();
        for (name, packed) in learned?.into_iter().flatten() {
            if let Some(writer) = writers.get_mut(&(name.1 as usize)) {
                writer.add(name, &packed)?;
            }
        }
    }
    inputs.digests.check_listed().map_err(StateError::from)?;
    writers.into_values().try_for_each(|writer| writer.commit().map(|_| ()))?;
    Ok(())
}

/// The pieces of the cells of a tile, row by row of cells.
fn tile_pieces(
    inputs: &Inputs,
    reader: &mut Reader,
    tile: Window,
    folder: &Path,
) -> Result<Vec<Packed>, RunError> {
    let whole = inputs.grid.whole();
    let cells: Vec<Window> = tiles::cells(tile).into_iter().filter(|cell| is_asked(inputs, *cell)).collect();
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    let (history, _) = stands::split(inputs);
    let mut stack = tiles::observed(inputs, reader, tile.grown(RING, whole), 0..history)?;
    screen::screen(&mut stack, &vec![true; history], tiles::reach(inputs));
    let around: Vec<Window> = cells.iter().map(|cell| cell.grown(RING, whole)).collect();
    let look_back = vec![true; history];
    let descriptors = Descriptors::of(&stack, &look_back, &around);
    let mut pieces = Vec::new();
    let mut add = |kind: u8, cell: Window, bytes: Result<Vec<u8>, postcard::Error>| {
        let in_memory = |error: String| PublishError::io("write", folder, std::io::Error::other(error));
        let bytes = bytes.map_err(|error| in_memory(error.to_string()))?;
        let packed = chunks::packed(&bytes).map_err(|error| in_memory(error.to_string()))?;
        pieces.push(((kind, cell.row0 as u32, cell.col0 as u32), packed));
        Ok::<(), RunError>(())
    };
    for (cell, around) in cells.iter().zip(&around) {
        let baseline = Baseline::learn(&stack, &descriptors, &look_back, *around);
        let kept = kept(inputs, (&stack, baseline.as_ref()), (*cell, *around));
        let places = kept.cell.places((*cell, *around));
        add(CELL_PIECE, *cell, postcard::to_allocvec(&kept))?;
        add(PLACES_PIECE, *cell, postcard::to_allocvec(&steps(&places)))?;
    }
    if let Some(placebo) = &inputs.placebo {
        let around: Vec<Window> = cells.iter().map(|cell| cell.grown(RING, whole)).collect();
        let descriptors = Descriptors::of(&stack, &placebo.look_back, &around);
        for (cell, around) in cells.iter().zip(around) {
            let baseline = Baseline::learn(&stack, &descriptors, &placebo.look_back, around);
            let normal = Learned { stack: &stack, baseline: baseline.as_ref() };
            let planes = judged(inputs, (&normal, &stack, &placebo.look_back), placebo.target, *cell);
            add(PLACEBO_PIECE, *cell, postcard::to_allocvec(&planes))?;
        }
    }
    // Cell by cell, however many lie in a tile.
    pieces.sort_by_key(|((kind, row, col), _)| (*row, *col, *kind));
    Ok(pieces)
}

/// Planes of a cell over the views that `look_back` tells of.
fn judged(
    inputs: &Inputs,
    (normal, stack, look_back): (&Learned, &Stack, &[bool]),
    target: crate::date::Period,
    cell: Window,
) -> Vec<Vec<i16>> {
    let dates = &stack.dates[..look_back.len()];
    let asked = Asked::new(inputs, (dates, look_back), target, normal);
    let strip = Strip::new(stack, look_back);
    let wanted = tiles::zone_masks(inputs, cell);
    let is_wanted =
        |model: usize, row: usize, col: usize| wanted[model][(row - cell.row0) * cell.cols + col - cell.col0];
    judge_cell((&asked, normal), (strip, &inputs.features, dates, target), cell, is_wanted)
}

/// Whether any sub-model looks at a cell.
fn is_asked(inputs: &Inputs, cell: Window) -> bool {
    tiles::zone_masks(inputs, cell).iter().flatten().any(|wanted| *wanted)
}

/// What is kept of a cell.
fn kept(
    inputs: &Inputs,
    (stack, baseline): (&Stack, Option<&Baseline>),
    (cell, around): (Window, Window),
) -> Kept {
    let wanted = tiles::zone_masks(inputs, cell);
    let is_whole = signs::has_edges(inputs, cell);
    let is_asked = |place: &usize| is_whole || wanted.iter().any(|wanted| wanted[*place]);
    let asked: Vec<u16> = (0..cell.len()).filter(is_asked).map(|place| place as u16).collect();
    let normal = Learned { stack, baseline };
    let look_back = vec![true; stack.dates.len()];
    let questions = Asked::new(inputs, (&stack.dates, &look_back), inputs.question.target, &normal);
    let pixel = |place: &u16| {
        let place = usize::from(*place);
        (cell.row0 + place / cell.cols, cell.col0 + place % cell.cols)
    };
    let pixels: Vec<(usize, usize)> = asked.iter().map(pixel).collect();
    let (mut enough, mut seen) = (Vec::with_capacity(pixels.len()), Vec::with_capacity(pixels.len()));
    let mut strip = Strip::new(stack, &look_back);
    for sixteen in pixels.chunks(LANES) {
        normal.follow(sixteen, &mut strip);
        let departures = strip.departures();
        let pasts: Vec<_> = (0..inputs.models.len())
            .map(|model| normal.past(model, sixteen, &questions, &departures))
            .collect();
        for (lane, (row, col)) in sixteen.iter().enumerate() {
            let bit = |(model, past): (usize, &crate::detect::evidence::Past)| {
                u32::from(past.enough >> lane & 1) << model
            };
            enough.push(pasts.iter().enumerate().map(bit).sum());
            let followed = departures.seen.iter().any(|seen| seen >> lane & 1 == 1);
            seen.push(u8::from(normal.was_seen(*row, *col)) * SEEN + u8::from(followed) * FOLLOWED);
        }
    }
    let place = |row: usize, col: usize| stack.pixel_at(cell.row0 + row, cell.col0 + col);
    let before = is_whole.then(|| signs::picture(stack, cell, place, |_| true)).flatten();
    let stored = |value: &f32| if value.is_nan() { crate::observe::MISSING } else { quantised(*value) };
    Kept {
        before: before.map(|picture| picture.iter().map(stored).collect()),
        cell: KeptCell::of(baseline, stack, (cell, around), asked),
        enough,
        seen,
    }
}

/// Ascending places as steps from one to the next.
fn steps(places: &[usize]) -> Vec<u32> {
    let before = std::iter::once(&0).chain(places);
    places.iter().zip(before).map(|(place, before)| (place - before) as u32).collect()
}

/// The places behind steps.
pub fn places(steps: Vec<u32>) -> Vec<usize> {
    let sum = |before: &mut usize, step: u32| {
        *before += step as usize;
        Some(*before)
    };
    steps.into_iter().scan(0, sum).collect()
}
