//! A run cut into shards: tiles in reading order, so that every shard has about the same ground inside red lines.
//!
//! In:  inputs, the tile side that was wished for, the number of shards. Out: that many shards; one may have no tile.
//! Law: each tile is in one shard; a shard is a run of neighbours, so what it keeps on disk is a band of the grid.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::baseline::CELL;
use crate::grid::Window;
use crate::run::inputs::Inputs;
use crate::run::tiles;

/// A part of a run that one process computes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Pixels inside red lines, or just beside them.
    pub pixels: usize,
    /// Its tiles: whole control cells, in reading order.
    pub tiles: Vec<Window>,
}

impl Shard {
    /// The window around its tiles; empty where there is none.
    pub fn window(&self) -> Window {
        let nothing = Window { row0: 0, col0: 0, rows: 0, cols: 0 };
        self.tiles.iter().copied().reduce(Window::around).unwrap_or(nothing)
    }

    /// Whether all of a window is ground of its tiles.
    pub fn holds(&self, window: Window) -> bool {
        self.tiles.iter().map(|tile| tile.intersection(window).len()).sum::<usize>() == window.len()
    }
}

/// Cuts a run into so many shards. Tiles are as large as wished, or smaller where there would be fewer than shards: rings
/// around tiles are read by each, so small tiles cost more.
pub fn cut(inputs: &Inputs, wish: usize, shards: usize) -> Vec<Shard> {
    let mut lines: Vec<usize> = inputs.models.iter().flat_map(|model| inputs.lines_of(model)).collect();
    lines.sort_unstable();
    lines.dedup();
    let asked = |tile: &Window| {
        tiles::zone_mask(inputs, lines.iter().copied(), *tile).into_iter().filter(|asked| *asked).count()
    };
    let mut side = wish.min(inputs.grid.rows.max(inputs.grid.cols)).div_ceil(CELL).max(1) * CELL;
    loop {
        let tiles = tiles::tiles(inputs, side);
        let counted: Vec<(Window, usize)> = tiles.into_par_iter().map(|tile| (tile, asked(&tile))).collect();
        let counted: Vec<(Window, usize)> = counted.into_iter().filter(|(_, pixels)| *pixels > 0).collect();
        if counted.len() >= shards || side <= CELL {
            return shared_out(&counted, shards);
        }
        side = (side / 2).div_ceil(CELL).max(1) * CELL;
    }
}

/// Tiles with their pixels to shards, in order: a tile goes where its middle lies on the way from no pixel to all.
fn shared_out(tiles: &[(Window, usize)], shards: usize) -> Vec<Shard> {
    let all: usize = tiles.iter().map(|(_, pixels)| pixels).sum();
    let mut result = vec![Shard::default(); shards];
    let mut before = 0;
    for (tile, pixels) in tiles {
        let middle = (2 * before + pixels) as u128 * shards as u128 / (2 * all.max(1)) as u128;
        let shard = &mut result[(middle as usize).min(shards - 1)];
        shard.tiles.push(*tile);
        shard.pixels += pixels;
        before += pixels;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tile(row: usize, col: usize) -> Window {
        Window { row0: row * 512, col0: col * 512, rows: 512, cols: 512 }
    }

    #[test]
    fn shards_hold_about_the_same_ground_in_reading_order() {
        let tiles = [3, 1, 1, 1, 2, 2, 2].map(|pixels| pixels * 100);
        let tiles: Vec<_> =
            tiles.into_iter().enumerate().map(|(col, pixels)| (tile(0, col), pixels)).collect();
        let shards = shared_out(&tiles, 4);
        let pixels: Vec<usize> = shards.iter().map(|shard| shard.pixels).collect();
        assert_eq!(pixels, [300, 300, 200, 400]);
        assert_eq!(shards[1].window(), Window { row0: 0, col0: 512, rows: 512, cols: 3 * 512 });
        assert!(shards[1].holds(Window { row0: 9, col0: 600, rows: 9, cols: 900 }));
        assert!(!shards[1].holds(Window { row0: 9, col0: 500, rows: 9, cols: 900 }));
        assert!(
            shared_out(&tiles, 20).iter().any(|shard| shard.tiles.is_empty() && shard.window().is_empty())
        );
    }

    proptest! {
        #[test]
        fn every_tile_is_in_one_shard_and_none_changes_its_place(
            pixels in prop::collection::vec(1_usize..1000, 0..60),
            shards in 1_usize..20,
        ) {
            let tiles: Vec<_> =
                pixels.iter().enumerate().map(|(place, pixels)| (tile(place / 7, place % 7), *pixels)).collect();
            let shards = shared_out(&tiles, shards);
            let again: Vec<Window> = shards.iter().flat_map(|shard| shard.tiles.clone()).collect();
            prop_assert_eq!(again, tiles.iter().map(|(tile, _)| *tile).collect::<Vec<_>>());
            // No shard has more than its share and one tile.
            let all: usize = pixels.iter().sum();
            let most = pixels.iter().max().copied().unwrap_or(0);
            prop_assert!(shards.iter().all(|shard| shard.pixels <= all / shards.len() + most + 1));
        }
    }
}
