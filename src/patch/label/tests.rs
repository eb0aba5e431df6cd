//! Components by hand, and the two ways to find them against each other.

use proptest::prelude::*;

use super::*;

fn label(drawing: &[&str]) -> Vec<Component> {
    let mut labeller = Labeller::new(3);
    for (row, line) in drawing.iter().enumerate() {
        let values: Vec<i16> = line.bytes().map(|byte| i16::from(byte - b'0')).collect();
        labeller.add_row(row, 0, &values);
    }
    labeller.finish(5)
}

#[test]
fn arms_of_a_u_are_one_component() {
    let found = label(&["3003", "3003", "3533"]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].len(), found[0].peak), (8, 5));
}

#[test]
fn corners_that_only_touch_are_two_and_low_ones_are_none() {
    assert_eq!(label(&["5500", "0055"]).len(), 2);
    assert_eq!(label(&["0055", "5500"]).len(), 2);
    assert_eq!(label(&["3400", "0043"]).len(), 0);
}

#[test]
fn a_component_says_its_runs_its_window_and_its_peak_where_the_rows_lie() {
    let mut labeller = Labeller::new(3);
    for (row, values) in [[0, 9, 3, 0, 2], [3, 4, 0, 0, 6], [0, 3, 0, 2, 6]].iter().enumerate() {
        labeller.add_row(20 + row, 30, values);
    }
    let found = labeller.finish(6);
    let run = |row, from, to| Run { row, from, to };
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].runs, [run(20, 31, 33), run(21, 30, 32), run(22, 31, 32)]);
    assert_eq!((found[0].window, found[0].peak), (Window { row0: 20, col0: 30, rows: 3, cols: 3 }, 9));
    assert_eq!(found[1].runs, [run(21, 34, 35), run(22, 34, 35)]);
    assert_eq!((found[1].window, found[1].peak), (Window { row0: 21, col0: 34, rows: 2, cols: 1 }, 6));
    assert_eq!((found[0].len(), found[1].len(), found[0].is_empty()), (5, 2, false));
    let none = Component { runs: Vec::new(), window: bounds(&[]), peak: 0 };
    assert!(none.is_empty() && none.window == Window { row0: 0, col0: 0, rows: 0, cols: 0 });
}

#[test]
fn a_row_between_that_was_not_added_parts_what_stands_above_and_below() {
    let mut labeller = Labeller::new(1);
    labeller.add_row(4, 0, &[5, 5]);
    labeller.add_row(6, 0, &[5, 5]);
    labeller.add_row(7, 0, &[5, 5]);
    let rows: Vec<usize> = labeller.finish(5).iter().map(|component| component.window.rows).collect();
    assert_eq!(rows, [1, 2]);
}

#[test]
fn neighbours_stay_inside_the_window() {
    let of = |pixel: usize, diagonal: bool| {
        let mut found: Vec<usize> = neighbours(pixel, 3, 4, diagonal).collect();
        found.sort_unstable();
        found
    };
    // 0 1 2 3 / 4 5 6 7 / 8 9 10 11
    assert_eq!((of(0, false), of(3, false)), (vec![1, 4], vec![2, 7]));
    assert_eq!((of(8, false), of(11, false)), (vec![4, 9], vec![7, 10]));
    assert_eq!((of(6, false), of(4, false)), (vec![2, 5, 7, 10], vec![0, 5, 8]));
    assert_eq!((of(0, true), of(3, true), of(8, true)), (vec![1, 4, 5], vec![2, 6, 7], vec![4, 5, 9]));
    assert_eq!((of(11, true), of(6, true)), (vec![6, 7, 10], vec![1, 2, 3, 5, 7, 9, 10, 11]));
    assert_eq!(of(7, true), [2, 3, 6, 10, 11]);
}

#[test]
fn parts_that_touch_at_a_corner_are_one_where_corners_count() {
    let mask: Vec<bool> = "##...##..#..".bytes().map(|byte| byte == b'#').collect();
    // ##.. / .##. / .#..
    assert_eq!(parts(&mask, 3, 4, false), [vec![0, 1, 5, 6, 9]]);
    let mask: Vec<bool> = "#..#.#.##...".bytes().map(|byte| byte == b'#').collect();
    // #..# / .#.# / #...
    assert_eq!(parts(&mask, 3, 4, false), [vec![0], vec![3, 7], vec![5], vec![8]]);
    assert_eq!(parts(&mask, 3, 4, true), [vec![0, 5, 8], vec![3, 7]]);
    assert_eq!(parts(&[false; 12], 3, 4, true), Vec::<Vec<usize>>::new());
}

proptest! {
    #[test]
    fn runs_and_floods_find_the_same_components(
        (values, cols) in (1_usize..9).prop_flat_map(|cols| (prop::collection::vec(0_i16..7, cols * 7), Just(cols)))
    ) {
        let mut labeller = Labeller::new(3);
        values.chunks(cols).enumerate().for_each(|(row, line)| labeller.add_row(row, 0, line));
        let pixels = |run: &Run| run.row * cols + run.from..run.row * cols + run.to;
        let by_runs: Vec<Vec<usize>> =
            labeller.finish(5).iter().map(|component| component.runs.iter().flat_map(pixels).collect()).collect();
        let mask: Vec<bool> = values.iter().map(|value| *value >= 3).collect();
        let mut by_flood = parts(&mask, 7, cols, false);
        by_flood.retain(|part| part.iter().any(|pixel| values[*pixel] >= 5));
        prop_assert_eq!(by_runs, by_flood);
    }
}
