//! Filters against single pixels of evidence, before patches are sought.
//!
//! In:  stored evidence of a window with a margin of `reach` pixels where there is one. Out: the same, filtered.
//! Law: pixels without evidence take no part and stay without; the outcome does not depend on how windows were cut.
//!
//! A field outlives the median of 3 x 3 pixels; a track, one or two pixels wide, does not. What is measured by its
//! length is therefore filtered along lines: a pixel keeps the best of the medians along eight directions, so that a
//! line keeps its value and a speck, which no line runs through, loses it.

use crate::grid::Window;
use crate::submodel::Measured;

/// Pixels to either side along a line: nine together are 90 m of a track at 10 m. With fewer, noise makes more
/// lines of its own, because the best of eight directions is taken. Chosen here.
const ALONG: i32 = 4;

/// Steps along the eight directions, row and column in quarters of the way: a turn of 22.5 degrees each.
const DIRECTIONS: [(i32, i32); 8] = [(0, 4), (2, 4), (4, 4), (4, 2), (4, 0), (4, -2), (4, -4), (2, -4)];

/// What keeps single pixels from making patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Median of 3 x 3 pixels.
    Square,
    /// Best of the medians along eight directions.
    Line,
}

impl Filter {
    /// The filter for what a sub-model's records are measured by.
    pub fn of(measured: Measured) -> Self {
        match measured {
            Measured::Area => Filter::Square,
            Measured::Length => Filter::Line,
        }
    }

    /// What it takes, in words.
    pub fn words(self) -> &'static str {
        match self {
            Filter::Square => "median of 3 x 3 pixels",
            Filter::Line => "median of nine pixels along the best line",
        }
    }

    /// Pixels around a window that it looks at.
    pub fn reach(self) -> usize {
        match self {
            Filter::Square => 1,
            Filter::Line => ALONG as usize,
        }
    }

    /// Filters `values` over `outer` to values over `inner`; what is `missing` or less holds no evidence.
    pub fn apply(self, values: &[i16], outer: Window, inner: Window, missing: i16) -> Vec<i16> {
        let at = |row: i32, col: i32| {
            let is_in = row >= outer.row0 as i32
                && row < outer.row_end() as i32
                && col >= outer.col0 as i32
                && col < outer.col_end() as i32;
            let place =
                || (row - outer.row0 as i32) as usize * outer.cols + (col - outer.col0 as i32) as usize;
            is_in.then(|| values[place()]).filter(|value| *value > missing)
        };
        let places = (inner.row0..inner.row_end())
            .flat_map(|row| (inner.col0..inner.col_end()).map(move |col| (row as i32, col as i32)));
        let mut held = Vec::with_capacity(9);
        places
            .map(|(row, col)| match (at(row, col), self) {
                (None, _) => values[(row as usize - outer.row0) * outer.cols + col as usize - outer.col0],
                (Some(_), Filter::Square) => {
                    let around = (row - 1..=row + 1).flat_map(|r| (col - 1..=col + 1).map(move |c| (r, c)));
                    median(around.filter_map(|(r, c)| at(r, c)), &mut held)
                }
                (Some(own), Filter::Line) => {
                    let along = |(down, right): (i32, i32)| {
                        let step = move |by: i32| (row + quarter(by * down), col + quarter(by * right));
                        (-ALONG..=ALONG).map(step).filter_map(|(r, c)| at(r, c))
                    };
                    let medians = DIRECTIONS.into_iter().map(|way| median(along(way), &mut held));
                    medians.max().unwrap_or(own)
                }
            })
            .collect()
    }
}

/// A quarter, rounded to the nearest whole number, halves away from nought.
fn quarter(value: i32) -> i32 {
    (value + 2 * value.signum()) / 4
}

/// Lower median; never asked of nothing, because a pixel holds itself.
fn median(values: impl Iterator<Item = i16>, held: &mut Vec<i16>) -> i16 {
    held.clear();
    held.extend(values);
    held.sort_unstable();
    held[(held.len() - 1) / 2]
}

#[cfg(test)]
mod tests;
