//! Where a pair is learned: blocks at fixed places of the grid, and pixels at a stride within them.
//!
//! Law: blocks and pixels depend on the grid alone.

use crate::grid::{Grid, Window};

/// Side of a block in pixels.
const BLOCK: usize = 256;
/// A scene of at most this many pixels is learned whole.
const WHOLE: usize = 1_600_000;
/// Blocks along each side of a larger scene.
const LATTICE: usize = 6;

/// Blocks to learn from: the whole grid in tiles, or a lattice of blocks over a large one.
pub(super) fn blocks(grid: &Grid) -> Vec<Window> {
    let whole = grid.whole();
    if whole.len() <= WHOLE {
        return whole.tiles(BLOCK);
    }
    let start = |length: usize, place: usize| {
        let size = BLOCK.min(length);
        (size, (length - size) * (2 * place + 1) / (2 * LATTICE))
    };
    let mut blocks = Vec::new();
    for down in 0..LATTICE {
        for right in 0..LATTICE {
            let (rows, row0) = start(grid.rows, down);
            let (cols, col0) = start(grid.cols, right);
            let block = Window { row0, col0, rows, cols };
            // A long narrow grid has one row of blocks, not six of the same.
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
    }
    blocks
}

/// Every how many pixels one is taken, so that about `most` are.
pub(super) fn stride(sampled: usize, most: usize) -> usize {
    sampled.div_ceil(most).max(1)
}

/// Whether a pixel of the grid is taken at a stride: spread over rows so that no column is preferred.
pub(super) fn is_taken(row: usize, col: usize, stride: usize) -> bool {
    (row * 7 + col).is_multiple_of(stride)
}

/// Pixels of a block that are taken at a stride.
pub(super) fn taken(block: &Window, stride: usize) -> impl Iterator<Item = (usize, usize)> {
    let block = *block;
    (block.row0..block.row_end())
        .flat_map(move |row| (block.col0..block.col_end()).map(move |col| (row, col)))
        .filter(move |&(row, col)| is_taken(row, col, stride))
}
