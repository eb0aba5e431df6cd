//! What is normal in one control cell: its medians, the whole of learning, and the fit of each pixel.

use steppewatch::baseline::control::Medians;
use steppewatch::baseline::descriptor::Descriptors;
use steppewatch::baseline::lanes::LANES;
use steppewatch::baseline::strata::Strata;
use steppewatch::baseline::{Baseline, CELL, RING};
use steppewatch::grid::Window;
use steppewatch::observe::Stack;

use crate::Kernel;
use crate::views;

/// The cell with its ring.
const AROUND: Window = Window { row0: 0, col0: 0, rows: CELL + 2 * RING, cols: CELL + 2 * RING };

/// A stack with its descriptors. A kernel lives as long as the process, and so does its ground.
pub struct Ground {
    /// All views of the cell and its ring.
    pub stack: &'static Stack,
    /// What its pixels looked like.
    pub descriptors: &'static Descriptors,
    /// Which views are of the look-back.
    pub look_back: &'static [bool],
}

/// The ground of one cell.
pub fn ground() -> Ground {
    let stack: &Stack = Box::leak(Box::new(views::stack(AROUND)));
    let look_back: &[bool] = Box::leak(views::look_back().into_boxed_slice());
    let descriptors: &Descriptors = Box::leak(Box::new(Descriptors::of(stack, look_back, &[AROUND])));
    Ground { stack, descriptors, look_back }
}

impl Ground {
    /// The cell learned. Every made-up pixel has a history, so there is always a baseline.
    pub fn baseline(&self) -> Baseline<'static> {
        let learned = Baseline::learn(self.stack, self.descriptors, self.look_back, AROUND);
        learned.expect("expected a history on made-up ground")
    }

    /// Numbers of the pixels of the cell itself.
    pub fn cell(&self) -> Vec<usize> {
        (RING..RING + CELL)
            .flat_map(|row| (RING..RING + CELL).map(move |col| row * AROUND.cols + col))
            .collect()
    }
}

/// Same-date medians of the strata of a cell, for each pixel of the cell.
pub fn control() -> Kernel {
    let ground = ground();
    let strata = Strata::build(ground.descriptors, 0..AROUND.len()).unwrap_or_default();
    Kernel::new(CELL * CELL, move || Medians::of(ground.stack, ground.look_back.len(), &strata, None))
}

/// All that is learned of a cell, for each pixel of the cell.
pub fn learn() -> Kernel {
    let ground = ground();
    Kernel::new(CELL * CELL, move || ground.baseline().contamination(0))
}

/// Control, regression and z of each pixel of a quarter of a cell.
pub fn fit() -> Kernel {
    let ground = ground();
    let (baseline, pixels) = (ground.baseline(), ground.cell());
    let some = pixels.len() / 4;
    let mut strip = baseline.strip();
    Kernel::new(some, move || {
        pixels[..some].chunks(LANES).for_each(|sixteen| baseline.follow(sixteen, &mut strip));
        strip.departures().seen[0]
    })
}
