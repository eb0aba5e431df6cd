//! Evidence after a night: of the cells that anything new was seen of, judged anew; of the others, what it was before.
//!
//! In:  what was learned, what the days showed, the evidence of the night before. Out: planes in the scratch file of the run,
//! signs of the cells, and a file of both for the next night.
//! Law: a cell is judged from what is kept of it alone, and whether a cell was judged tonight or before changes no byte.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::baseline::control::Medians;
use crate::baseline::remembered::{Column, Normal, Remembered};
use crate::baseline::strip::{Departures, Strip};
use crate::baseline::{CELL, RING};
use crate::date::Date;
use crate::detect::evidence::Past;
use crate::grid::Window;
use crate::observe::{Stack, screen, stack};
use crate::patch::scratch::Scratch;
use crate::run::cell::{Asked, Normality, judge_cell};
use crate::run::inputs::Inputs;
use crate::run::looked::Memory;
use crate::run::signs::{self, Signs};
use crate::run::state::chunks::{self, Chunks, PieceName, Writer};
use crate::run::state::days::{self, VALUES_PIECE};
use crate::run::state::learn::{CELL_PIECE, FOLLOWED, Kept, PLACEBO_PIECE, SEEN};
use crate::run::state::looked_back::LookBack;
use crate::run::state::store::{KnownView, Store};
use crate::run::state::{StateError, stands};
use crate::run::{Progress, RunError};
use crate::run::{cell, tiles};

/// Piece: planes of evidence of a cell, one after the other in a column.
pub const PLANES_PIECE: u8 = 0;
/// Piece: signs of a cell.
pub const SIGNS_PIECE: u8 = 1;
/// Piece: closer looks that were taken, of the whole run.
pub const LOOKS_PIECE: u8 = 2;

/// Cells that are judged before their pieces are written: they wait in memory.
const AT_ONCE: usize = 64;

/// Cells whose control waits for closer looks in memory, about ten kilobytes each; that of others is calculated again.
const REMEMBERED: usize = 4096;

/// Signs of a cell with the days that their levels are of.
#[derive(Debug, Serialize, Deserialize)]
struct KeptSigns {
    days: Vec<Date>,
    signs: Option<Signs>,
}

/// What a night has to judge with.
pub struct Night<'a> {
    /// The state.
    pub store: &'a Store,
    /// The inputs of the run.
    pub inputs: &'a Inputs,
    /// What was learned.
    pub look_back: &'a LookBack,
    /// The days of the target period.
    pub days: Vec<Chunks>,
    /// Evidence of the night before, if it is there.
    pub before: Option<Chunks>,
    /// Cells that must be judged anew, by first row and column; the others are as they were the night before.
    pub touched: BTreeSet<(u32, u32)>,
    /// Control of the days in cells that were judged.
    later: Mutex<BTreeMap<(u32, u32), Medians>>,
}

impl Memory for Night<'_> {
    fn recall(&self, question: usize, cell: Window) -> Result<Option<(Normal, Medians)>, RunError> {
        // What a placebo year is judged by is asked for once, when the look-back is learned.
        if question > 0 || !self.look_back.holds(cell) {
            return Ok(None);
        }
        let at = (cell.row0 as u32, cell.col0 as u32);
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        let kept = self.kept(cell)?;
        let later = match later {
            Some(later) => Some(later),
            None => {
                let at = (cell, cell.grown(RING, self.inputs.grid.whole()));
                let stack = self.stack(&kept, at)?;
                Remembered::new(&kept.cell, &stack, at).map(|remembered| remembered.later().clone())
            }
        };
        Ok(kept.cell.normal.zip(later))
    }
}

impl<'a> Night<'a> {
    /// Opens the days.
    pub fn open(
        (store, inputs, look_back): (&'a Store, &'a Inputs, &'a LookBack),
        views: &[KnownView],
        before: Option<Chunks>,
        touched: BTreeSet<(u32, u32)>,
    ) -> Result<Self, StateError> {
        let open = |view: &KnownView| {
            let path = store.path(&view.file);
            Chunks::open(&path).map_err(StateError::reading(&path))
        };
        let days = views.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { store, inputs, look_back, days, before, touched, later: Mutex::default() })
    }

    /// Planes of every cell into the scratch file, pieces into the file of this night; signs come back in order.
    pub fn judge(
        &self,
        scratch: &Scratch,
        writer: &mut Writer,
        progress: &dyn Progress,
    ) -> Result<Vec<Signs>, RunError> {
        let cells: Vec<(u32, u32)> = self.look_back.cells().collect();
        progress.stage("evidence", cells.len() as u64);
        let mut all = Vec::new();
        for some in cells.chunks(AT_ONCE) {
            let judged = some.par_iter().map(|at| {
                let cell = cell(self.inputs, *at);
                let (planes, signs) =
                    if self.touched.contains(at) { self.anew(cell) } else { self.again(cell) }?;
                write(scratch, cell, &planes)?;
                progress.step(1);
                let days = self.inputs.dates();
                let column = Column::of(planes.iter().flatten().map(|value| value.cast_unsigned())).bytes();
                let kept = KeptSigns { days, signs };
                let packed = [self.packed(&column)?, self.packed(&in_memory(&kept, self.store)?)?];
                Ok((*at, kept.signs, packed))
            });
            let judged: Result<Vec<_>, RunError> = judged.collect();
            for ((row, col), signs, [planes, packed]) in judged? {
                writer.add((PLANES_PIECE, row, col), &planes)?;
                writer.add((SIGNS_PIECE, row, col), &packed)?;
                all.extend(signs);
            }
        }
        Ok(all)
    }

    /// A cell with everything that the days showed of it.
    fn anew(&self, cell: Window) -> Result<(Vec<Vec<i16>>, Option<Signs>), RunError> {
        let around = cell.grown(RING, self.inputs.grid.whole());
        let kept = self.kept(cell)?;
        let stack = self.stack(&kept, (cell, around))?;
        let remembered = Remembered::new(&kept.cell, &stack, (cell, around));
        let seen = Seen {
            kept: &kept,
            cell,
            stack: &stack,
            remembered: remembered.as_ref(),
            own: kept.cell.numbers((cell, around)),
        };
        let (dates, target) = (&stack.dates, self.inputs.question.target);
        let asked = Asked::new(self.inputs, (dates, &vec![false; dates.len()]), target, &seen);
        let wanted = tiles::zone_masks(self.inputs, cell);
        let is_wanted = |model: usize, row: usize, col: usize| {
            wanted[model][(row - cell.row0) * cell.cols + col - cell.col0]
        };
        let strip = Strip::new(&stack, &vec![false; dates.len()]);
        let planes =
            judge_cell((&asked, &seen), (strip, &self.inputs.features, dates, target), cell, is_wanted);
        let signs = remembered.as_ref().map(|remembered| {
            let at = (cell.row0 as u32, cell.col0 as u32);
            let mut all = self.later.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() < REMEMBERED {
                all.insert(at, remembered.later().clone());
            }
            drop(all);
            let control = remembered.whole_control();
            Signs::of(self.inputs, &self.inputs.question, &control, (cell, seen.pictures()))
        });
        Ok((planes, signs))
    }

    /// What is kept of a cell.
    pub fn kept(&self, cell: Window) -> Result<Kept, RunError> {
        let name = (CELL_PIECE, cell.row0 as u32, cell.col0 as u32);
        Ok(self.look_back.read(name)?)
    }

    /// What the days showed of a cell, screened: its places as one row of pixels.
    pub fn stack(&self, kept: &Kept, at: (Window, Window)) -> Result<Stack, RunError> {
        let (history, _) = stands::split(self.inputs);
        let dates: Vec<Date> = self.inputs.views[history..].iter().map(|view| view.date).collect();
        let row = Window { row0: 0, col0: 0, rows: 1, cols: kept.cell.places(at).len() };
        let mut stack = Stack::new(row, dates, self.inputs.features.clone());
        let name = (VALUES_PIECE, at.0.row0 as u32, at.0.col0 as u32);
        for (view, day) in self.days.iter().enumerate() {
            let bytes = day.bytes(name).map_err(StateError::reading(&self.store.folder))?;
            if let Some(bytes) = bytes {
                days::lay(&mut stack, view, bytes).map_err(StateError::reading(&self.store.folder))?;
            }
        }
        let no_history = vec![false; self.days.len()];
        screen::screen(&mut stack, &no_history, tiles::reach(self.inputs));
        Ok(stack)
    }

    /// A cell as it was the night before; days that did not see it have no level there.
    fn again(&self, cell: Window) -> Result<(Vec<Vec<i16>>, Option<Signs>), RunError> {
        let piece = |kind: u8| (kind, cell.row0 as u32, cell.col0 as u32);
        let damaged = StateError::reading(&self.store.folder);
        let Some(before) = &self.before else { return self.anew(cell) };
        let (Some(planes), Some(kept)) = (
            before.bytes(piece(PLANES_PIECE)).map_err(&damaged)?,
            before.read::<KeptSigns>(piece(SIGNS_PIECE)).map_err(&damaged)?,
        ) else {
            return self.anew(cell);
        };
        let numbers = Column::from(planes).numbers();
        let planes =
            numbers.chunks(cell.len()).map(|plane| plane.iter().map(|value| value.cast_signed()).collect());
        let features = self.inputs.features.len();
        let signs = kept.signs.map(|signs| {
            let level = |day: &Date, feature: usize| {
                kept.days.binary_search(day).map_or(f32::NAN, |view| signs.levels[view * features + feature])
            };
            let days = self.inputs.dates();
            let levels = days.iter().flat_map(|day| (0..features).map(move |feature| (day, feature)));
            Signs { levels: levels.map(|(day, feature)| level(day, feature)).collect(), ..signs }
        });
        Ok((planes.collect(), signs))
    }

    /// Planes of the placebo year, as they were learned, into a scratch file.
    pub fn placebo(&self, scratch: &Scratch) -> Result<(), RunError> {
        let cells: Vec<(u32, u32)> = self.look_back.cells().collect();
        cells.par_iter().try_for_each(|at| {
            let planes: Vec<Vec<i16>> = self.look_back.read((PLACEBO_PIECE, at.0, at.1))?;
            write(scratch, cell(self.inputs, *at), &planes)
        })
    }

    fn packed(&self, bytes: &[u8]) -> Result<Vec<u8>, StateError> {
        chunks::packed(bytes).map_err(|source| StateError::Access { path: self.store.folder.clone(), source })
    }
}

/// Bytes of a thing.
pub fn in_memory<T: Serialize>(thing: &T, store: &Store) -> Result<Vec<u8>, StateError> {
    let failed = |error: postcard::Error| StateError::Access {
        path: store.folder.clone(),
        source: std::io::Error::other(error.to_string()),
    };
    postcard::to_allocvec(thing).map_err(failed)
}

/// The cell that begins at a row and column.
pub fn cell(inputs: &Inputs, (row, col): (u32, u32)) -> Window {
    let cell = Window { row0: row as usize, col0: col as usize, rows: CELL, cols: CELL };
    cell.intersection(inputs.grid.whole())
}

fn write(scratch: &Scratch, cell: Window, planes: &[Vec<i16>]) -> Result<(), RunError> {
    planes.iter().enumerate().try_for_each(|(plane, values)| Ok(scratch.write(plane, cell, values)?))
}

/// A remembered cell as the sub-models ask it.
struct Seen<'a> {
    kept: &'a Kept,
    cell: Window,
    stack: &'a Stack,
    remembered: Option<&'a Remembered<'a>>,
    /// Number in the stack of each pixel asked about.
    own: Vec<usize>,
}

impl Seen<'_> {
    /// Number of a pixel among those asked about.
    fn number(&self, row: usize, col: usize) -> Option<usize> {
        let place = ((row - self.cell.row0) * self.cell.cols + col - self.cell.col0) as u16;
        self.kept.cell.asked.binary_search(&place).ok()
    }

    /// Bits of the lanes whose pixels have any of some bits.
    fn lanes(&self, pixels: &[(usize, usize)], has: impl Fn(usize) -> bool) -> u16 {
        let is_set = |(row, col): &(usize, usize)| self.number(*row, *col).is_some_and(&has);
        pixels
            .iter()
            .enumerate()
            .filter(|(_, pixel)| is_set(pixel))
            .fold(0, |bits, (lane, _)| bits | 1 << lane)
    }

    /// The pictures before and after whose edges are compared.
    fn pictures(&self) -> Option<[Array2<f32>; 2]> {
        let before = self.kept.before.as_ref()?;
        let numbers = before.iter().map(|stored| stack::value(*stored)).collect();
        let before = Array2::from_shape_vec((self.cell.rows, self.cell.cols), numbers).ok()?;
        let place = |row: usize, col: usize| {
            self.number(self.cell.row0 + row, self.cell.col0 + col).map_or(0, |number| self.own[number])
        };
        Some([before, signs::picture(self.stack, self.cell, place, |_| true)?])
    }
}

impl Normality for Seen<'_> {
    fn correlation(&self, a: usize, b: usize) -> f32 {
        self.kept.cell.normal.as_ref().map_or(0.0, |normal| normal.correlation(a, b))
    }

    fn follow(&self, pixels: &[(usize, usize)], strip: &mut Strip) {
        let Some(remembered) = self.remembered else { return };
        let numbers: Vec<usize> = pixels.iter().filter_map(|(row, col)| self.number(*row, *col)).collect();
        remembered.follow(&numbers, strip);
    }

    fn complete(&self, lane: usize, (row, col): (usize, usize), strip: &mut Strip) {
        if let (Some(remembered), Some(number)) = (self.remembered, self.number(row, col)) {
            remembered.recall_range(lane, number, strip);
        }
    }

    fn past(
        &self,
        model: usize,
        pixels: &[(usize, usize)],
        _asked: &Asked,
        _departures: &Departures,
    ) -> Past {
        Past {
            seen: self.lanes(pixels, |number| self.kept.seen[number] & FOLLOWED != 0),
            enough: self.lanes(pixels, |number| self.kept.enough[number] >> model & 1 == 1),
        }
    }

    fn was_seen(&self, row: usize, col: usize) -> bool {
        self.number(row, col).is_some_and(|number| {
            self.kept.seen[number] & SEEN != 0 || cell::is_seen(self.stack, self.own[number])
        })
    }
}

/// Name of the piece that holds the closer looks.
pub const LOOKS: PieceName = (LOOKS_PIECE, 0, 0);
