//! What outlives the filters: tracks in each of eight directions, fields, nothing that is single.

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
        let part: Vec<i16> = (8..11).flat_map(|row| whole[row * 21 + 5..row * 21 + 12].to_vec()).collect();
        assert_eq!(filter.apply(&cut, outer, inner, 0), part);
    }
}

#[test]
fn each_direction_keeps_a_track_of_nine_pixels_along_it() {
    // Cells of the lower half of each line, by hand; the upper half is its mirror.
    let lines = [
        [(0, 1), (0, 2), (0, 3), (0, 4)],
        [(1, 1), (1, 2), (2, 3), (2, 4)],
        [(1, 1), (2, 2), (3, 3), (4, 4)],
        [(1, 1), (2, 1), (3, 2), (4, 2)],
        [(1, 0), (2, 0), (3, 0), (4, 0)],
        [(1, -1), (2, -1), (3, -2), (4, -2)],
        [(1, -1), (2, -2), (3, -3), (4, -4)],
        [(1, -1), (1, -2), (2, -3), (2, -4)],
    ];
    for line in lines {
        let lies_on = |row: i32, col: i32| {
            let place = (row - 10, col - 10);
            place == (0, 0) || line.contains(&place) || line.contains(&(-place.0, -place.1))
        };
        assert_eq!(middle(Filter::Line, &drawn(lies_on)), 100, "{line:?}");
        // Five of the nine are enough, four are not: half a line and the pixel itself, without the last.
        let half = drawn(|row, col| lies_on(row, col) && (row > 10 || (row == 10 && col >= 10)));
        assert_eq!(middle(Filter::Line, &half), 100, "{line:?}");
        let mut less = half;
        less[((10 + line[3].0) * 21 + 10 + line[3].1) as usize] = 1;
        assert_eq!(middle(Filter::Line, &less), 1, "{line:?}");
    }
}

#[test]
fn a_pixel_at_a_border_is_judged_by_what_lies_on_the_field() {
    let window = Window { row0: 3, col0: 5, rows: 3, cols: 4 };
    #[rustfmt::skip]
    let values = [
        10, 20, 30, 40,
        50, -9, 70, 80,
        90, 15, 25, 35,
    ];
    // Lower medians; -9 holds no evidence.
    #[rustfmt::skip]
    let expected = [
        20, 30, 40, 40,
        20, -9, 30, 35,
        50, 50, 35, 35,
    ];
    assert_eq!(Filter::Square.apply(&values, window, window, 0), expected);
    // Of the lines through a corner the two along the borders and the diagonal hold more than itself.
    let lines = Filter::Line.apply(&values, window, window, 0);
    assert_eq!((lines[0], lines[3], lines[8], lines[11]), (50, 70, 90, 40));
}

#[test]
fn evidence_at_the_limit_is_missing_and_above_it_is_not() {
    let window = Window { row0: 0, col0: 0, rows: 1, cols: 3 };
    assert_eq!(Filter::Square.apply(&[7, 8, 30], window, window, 7), [7, 8, 8]);
    assert_eq!(Filter::Square.apply(&[7, 8, 30], window, window, 6), [7, 8, 8]);
    assert_eq!(Filter::Square.apply(&[9, 7, 30], window, window, 7), [9, 7, 30]);
    assert_eq!(Filter::Square.apply(&[9, 7, 30], window, window, 6), [7, 9, 7]);
}

#[test]
fn quarters_are_rounded_halves_away_from_nought() {
    assert_eq!([0, 1, 2, 5, 6, 7, 8, 16].map(quarter), [0, 0, 1, 1, 2, 2, 2, 4]);
    assert_eq!([-1, -2, -5, -6, -8, -16].map(quarter), [0, -1, -1, -2, -2, -4]);
}

#[test]
fn what_is_measured_by_its_length_is_filtered_along_lines() {
    assert_eq!([Measured::Area, Measured::Length].map(Filter::of), [Filter::Square, Filter::Line]);
    assert_eq!([Filter::Square, Filter::Line].map(Filter::reach), [1, 4]);
    assert!(Filter::Square.words().contains("3 x 3") && Filter::Line.words().contains("line"));
}
