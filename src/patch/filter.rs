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
mod tests {
    use super::*;

    const WHOLE: Window = Window { row0: 0, col0: 0, rows: 21, cols: 21 };

    /// Evidence of 100 where something is drawn, 1 elsewhere.
    fn drawn(holds: impl Fn(i32, i32) -> bool) -> Vec<i16> {
        let value = |at: i32| if holds(at / 21, at % 21) { 100 } else { 1 };
        (0..441).map(value).collect()
    }

    fn middle(filter: Filter, values: &[i16]) -> i16 {
        filter.apply(values, WHOLE, WHOLE, 0)[10 * 21 + 10]
    }

    #[test]
    fn a_track_of_one_pixel_outlives_the_line_filter_in_any_direction() {
        let level = drawn(|row, _| row == 10);
        let steep = drawn(|row, col| row - 10 == 2 * (col - 10) || row - 10 == 2 * (col - 10) + 1);
        let falling = drawn(|row, col| row + col == 20);
        for track in [level, steep, falling] {
            assert_eq!((middle(Filter::Square, &track), middle(Filter::Line, &track)), (1, 100));
        }
    }

    #[test]
    fn a_speck_outlives_neither_filter_and_a_field_both() {
        let speck = drawn(|row, col| (10..12).contains(&row) && (10..12).contains(&col));
        let field = drawn(|row, col| (6..15).contains(&row) && (6..15).contains(&col));
        for filter in [Filter::Square, Filter::Line] {
            assert_eq!((middle(filter, &speck), middle(filter, &field)), (1, 100));
        }
    }

    #[test]
    fn what_holds_no_evidence_stays_without_and_cuts_change_nothing() {
        let mut values = drawn(|row, col| (row * 7 + col * 3) % 5 == 0);
        values[215] = -5;
        for filter in [Filter::Square, Filter::Line] {
            let whole = filter.apply(&values, WHOLE, WHOLE, 0);
            assert_eq!(whole[215], -5);
            let inner = Window { row0: 8, col0: 5, rows: 3, cols: 7 };
            let outer = inner.grown(filter.reach(), WHOLE);
            let cut: Vec<i16> = (outer.row0..outer.row_end())
                .flat_map(|row| values[row * 21 + outer.col0..row * 21 + outer.col_end()].to_vec())
                .collect();
            let part: Vec<i16> =
                (8..11).flat_map(|row| whole[row * 21 + 5..row * 21 + 12].to_vec()).collect();
            assert_eq!(filter.apply(&cut, outer, inner, 0), part);
        }
    }
}
