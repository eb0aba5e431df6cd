//! Median of the valid pixels among 5 x 5: the costliest filter of a pair, so many pixels are sorted at once.
//!
//! In: a plane, 0 where `valid` is 0. Out: its median, 0 there.
//! Law: both ways give the same number; which one is taken shows in time alone.
//! Source: columns sorted, then ranks across columns (Batcher 1968); of a square sorted both ways 13 places can
//! still hold the median, and the network below, pruned to its middle, finds theirs (tried on all 2^13 inputs).

use crate::baseline::lanes::{LANES, wide};
use crate::detect::pair::plane::Plane;

/// Reach of the square in pixels.
const REACH: usize = 2;
/// Side of the square.
const SIDE: usize = 2 * REACH + 1;

/// Sorts five.
const SORT_FIVE: [(usize, usize); 9] =
    [(0, 4), (0, 2), (1, 3), (2, 4), (0, 1), (2, 3), (1, 4), (1, 2), (3, 4)];
/// Places (row-major, rows by rank of their column) that can hold the median of a square sorted both ways.
const CANDIDATES: [usize; 13] = [3, 4, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 21];
/// Puts the median of thirteen into place 6.
const MIDDLE_OF_THIRTEEN: [(usize, usize); 40] = [
    (0, 8),
    (1, 9),
    (2, 10),
    (3, 11),
    (4, 12),
    (0, 4),
    (1, 5),
    (2, 6),
    (3, 7),
    (8, 12),
    (4, 8),
    (5, 9),
    (6, 10),
    (7, 11),
    (0, 2),
    (1, 3),
    (4, 6),
    (5, 7),
    (8, 10),
    (9, 11),
    (2, 8),
    (3, 9),
    (6, 12),
    (2, 4),
    (3, 5),
    (6, 8),
    (7, 9),
    (10, 12),
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
    (8, 9),
    (10, 11),
    (1, 8),
    (3, 10),
    (5, 12),
    (3, 6),
    (5, 8),
    (5, 6),
];

/// Median of the valid pixels among 5 x 5 (of an even number the upper of the two in the middle).
pub fn median(plane: &Plane, valid: &Plane) -> Plane {
    let (rows, cols) = plane.dim();
    let mut result = Plane::zeros((rows, cols));
    let mut columns: [Vec<f32>; SIDE] = std::array::from_fn(|_| vec![0.0; cols]);
    let mut whole = vec![false; cols];
    for row in 0..rows {
        let is_inner = row >= REACH && row + REACH < rows;
        if is_inner {
            wide(
                #[inline(always)]
                || sort_columns(plane, valid, row, &mut columns, &mut whole),
            );
        }
        let mut col = 0;
        while col < cols {
            let reach = col.wrapping_sub(REACH)..col + LANES + REACH;
            if is_inner && col >= REACH && reach.end <= cols && whole[reach].iter().all(|whole| *whole) {
                let middle = wide(
                    #[inline(always)]
                    || middle_of_squares(&columns, col),
                );
                middle.iter().enumerate().for_each(|(lane, value)| result[[row, col + lane]] = *value);
                col += LANES;
            } else {
                if valid[[row, col]] > 0.0 {
                    result[[row, col]] = of_pixel(plane, valid, (row, col));
                }
                col += 1;
            }
        }
    }
    result
}

/// Sorts the five pixels above each other in every column; `whole` says where all five are valid.
#[inline(always)]
fn sort_columns(
    plane: &Plane,
    valid: &Plane,
    row: usize,
    columns: &mut [Vec<f32>; SIDE],
    whole: &mut [bool],
) {
    whole.fill(true);
    for (near, column) in (row - REACH..).zip(columns.iter_mut()) {
        column.iter_mut().zip(plane.row(near)).for_each(|(slot, value)| *slot = *value);
        whole.iter_mut().zip(valid.row(near)).for_each(|(whole, valid)| *whole &= *valid > 0.0);
    }
    for (low, high) in SORT_FIVE {
        let (front, back) = columns.split_at_mut(high);
        for (low, high) in front[low].iter_mut().zip(&mut back[0]) {
            (*low, *high) = ordered(*low, *high);
        }
    }
}

/// Medians of the squares around `LANES` pixels from `col` on, given sorted columns.
#[inline(always)]
fn middle_of_squares(columns: &[Vec<f32>; SIDE], col: usize) -> [f32; LANES] {
    let mut square = [[0.0_f32; LANES]; SIDE * SIDE];
    for (rank, column) in columns.iter().enumerate() {
        for right in 0..SIDE {
            let from = col + right - REACH;
            square[rank * SIDE + right].copy_from_slice(&column[from..from + LANES]);
        }
        for (low, high) in SORT_FIVE {
            exchange(&mut square, rank * SIDE + low, rank * SIDE + high);
        }
    }
    let mut left = CANDIDATES.map(|place| square[place]);
    for (low, high) in MIDDLE_OF_THIRTEEN {
        exchange(&mut left, low, high);
    }
    left[6]
}

#[inline(always)]
fn exchange<const N: usize>(values: &mut [[f32; LANES]; N], low: usize, high: usize) {
    let (mut lower, mut higher) = (values[low], values[high]);
    for (a, b) in lower.iter_mut().zip(&mut higher) {
        (*a, *b) = ordered(*a, *b);
    }
    (values[low], values[high]) = (lower, higher);
}

/// Two numbers, the lesser first.
#[inline(always)]
fn ordered(a: f32, b: f32) -> (f32, f32) {
    (if a < b { a } else { b }, if a < b { b } else { a })
}

/// The median of the valid pixels around one pixel.
fn of_pixel(plane: &Plane, valid: &Plane, (row, col): (usize, usize)) -> f32 {
    let (rows, cols) = plane.dim();
    let mut kept = [0.0_f32; SIDE * SIDE];
    let mut count = 0;
    for near_row in row.saturating_sub(REACH)..(row + REACH + 1).min(rows) {
        for near_col in col.saturating_sub(REACH)..(col + REACH + 1).min(cols) {
            if valid[[near_row, near_col]] > 0.0 {
                kept[count] = plane[[near_row, near_col]];
                count += 1;
            }
        }
    }
    let kept = &mut kept[..count];
    let (_, middle, _) = kept.select_nth_unstable_by(count / 2, f32::total_cmp);
    *middle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_what_each_is_alone() {
        let chance =
            |row: usize, col: usize| ((row * 7919 + col * 104_729 + row * col * 31) % 1009) as f32 - 500.0;
        let valid =
            Plane::from_shape_fn(
                (23, 71),
                |(row, col)| {
                    if (row, col) == (20, 40) || row * col == 12 { 0.0 } else { 1.0 }
                },
            );
        let plane = Plane::from_shape_fn((23, 71), |(row, col)| chance(row, col)) * &valid;
        let result = median(&plane, &valid);
        for (place, value) in result.indexed_iter() {
            let expected = if valid[place] > 0.0 { of_pixel(&plane, &valid, place) } else { 0.0 };
            assert_eq!(*value, expected, "{place:?}");
        }
    }

    #[test]
    fn at_the_edge_and_beside_what_is_not_seen_the_valid_pixels_alone_are_sorted() {
        let plane = Plane::from_shape_fn((4, 5), |(row, col)| (row * 5 + col) as f32);
        let mut valid = Plane::ones((4, 5));
        valid[[1, 1]] = 0.0;
        let result = median(&(&plane * &valid), &valid);
        // Around (0, 0): 0 1 2, 5 7, 10 11 12; of eight the upper middle one.
        assert_eq!(result[[0, 0]], 7.0);
        // Around (3, 4): rows 1 to 3, columns 2 to 4.
        assert_eq!(result[[3, 4]], 13.0);
        // Around (2, 2): all but (1, 1).
        assert_eq!(result[[2, 2]], 10.0);
        assert_eq!(result[[1, 1]], 0.0);
    }
}
