//! The ring by hand, and its area against a count that walks nowhere.

use geo::{Area, Validation};
use proptest::prelude::*;

use super::*;
use crate::grid::Window;
use crate::patch::label::parts;

fn draw(lines: &[&str]) -> Polygon<f64> {
    let window = Window { row0: 10, col0: 20, rows: lines.len(), cols: lines[0].len() };
    let values: Vec<f32> = lines.concat().bytes().map(|byte| if byte == b'#' { 10.0 } else { 0.0 }).collect();
    let region: Vec<usize> = (0..values.len()).filter(|pixel| values[*pixel] > 5.0).collect();
    outline(&Field { window, values }, &region, 5.0).unwrap()
}

#[test]
fn a_square_of_nine_pixels_loses_only_its_corners() {
    let square = draw(&[".....", ".###.", ".###.", ".###.", "....."]);
    assert!((square.signed_area().abs() - 8.5).abs() < 1e-9);
    assert!(square.is_valid());
}

#[test]
fn a_region_that_nearly_touches_itself_is_a_valid_ring() {
    let ring = draw(&["......", ".####.", ".#..#.", ".#.#..", ".#....", "......"]);
    assert!(ring.is_valid());
}

#[test]
fn a_single_pixel_has_an_outline() {
    assert!((draw(&["...", ".#.", "..."]).unsigned_area() - 0.5).abs() < 1e-9);
}

#[test]
fn nothing_has_no_outline() {
    let window = Window { row0: 0, col0: 0, rows: 1, cols: 1 };
    assert_eq!(outline(&Field { window, values: vec![9.0] }, &[], 5.0), None);
}

/// The ring round one pixel of a value, with these values up, right, down and left: how far it lies from the centre.
fn distances(value: f32, around: [f32; 4]) -> [f64; 4] {
    let [up, right, down, left] = around;
    let window = Window { row0: 10, col0: 20, rows: 3, cols: 4 };
    #[rustfmt::skip]
    let values = vec![
        9.0, 9.0, up, 9.0,
        9.0, left, value, right,
        9.0, 9.0, down, 9.0,
    ];
    let ring = outline(&Field { window, values }, &[6], 5.0).unwrap();
    let points: Vec<(f64, f64)> =
        ring.exterior().coords().map(|point| (point.x - 22.5, point.y - 11.5)).collect();
    assert_eq!((points.len(), points[0]), (5, points[4]));
    let pick = |is_there: &dyn Fn(&(f64, f64)) -> bool| {
        let found: Vec<_> = points[..4].iter().filter(|point| is_there(point)).collect();
        assert_eq!(found.len(), 1, "{points:?}");
        found[0].0.abs() + found[0].1.abs()
    };
    [
        pick(&|(x, y)| *x == 0.0 && *y < 0.0),
        pick(&|(x, y)| *x > 0.0 && *y == 0.0),
        pick(&|(x, y)| *x == 0.0 && *y > 0.0),
        pick(&|(x, y)| *x < 0.0 && *y == 0.0),
    ]
}

fn are_near(found: [f64; 4], expected: [f64; 4]) {
    let is_near = |(a, b): (f64, f64)| (a - b).abs() < 1e-6;
    assert!(found.into_iter().zip(expected).all(is_near), "{found:?} {expected:?}");
}

#[test]
fn the_line_runs_where_the_level_is_crossed_between_two_centres() {
    // From 10 down to 5: half of the way to 0, five sixths to 4, five eighths to 2, a quarter to -10.
    are_near(distances(10.0, [0.0, 4.0, 2.0, -10.0]), [0.5, 5.0 / 6.0, 0.625, 0.25]);
    are_near(distances(10.0, [-10.0, 2.0, 4.0, 0.0]), [0.25, 0.625, 5.0 / 6.0, 0.5]);
}

#[test]
fn the_line_keeps_off_both_centres() {
    are_near(distances(5.1, [0.0, 0.0, 0.0, 0.0]), [0.08; 4]);
    are_near(distances(10.0, [4.99, 4.9, 4.8, 4.7]), [0.92; 4]);
}

#[test]
fn where_the_level_is_not_crossed_the_line_runs_half_way() {
    // Ground of another region, at the level itself and above it; ground that was not seen.
    are_near(distances(10.0, [5.0, 8.0, 12.0, f32::NAN]), [0.5; 4]);
    // A pixel of a filled hole below the level, beside as low and lower and less low ground.
    are_near(distances(2.0, [2.0, 1.0, 4.0, 8.0]), [0.5, 0.08, 0.5, 0.5]);
    are_near(distances(f32::NAN, [0.0; 4]), [0.5; 4]);
}

#[test]
fn at_the_border_of_a_field_the_line_runs_half_way() {
    let window = Window { row0: 10, col0: 20, rows: 2, cols: 1 };
    let ring = outline(&Field { window, values: vec![10.0, 10.0] }, &[0, 1], 9.0).unwrap();
    // From 20.5 less and more .5 across, from 10.5 less .5 to 11.5 more .5 down, less four corners of 1/8.
    assert!((ring.unsigned_area() - (1.0 * 2.0 - 4.0 / 8.0)).abs() < 1e-9);
    assert!(ring.exterior().coords().any(|point| (point.x, point.y) == (20.0, 10.5)));
    assert!(ring.exterior().coords().any(|point| (point.x, point.y) == (20.5, 12.0)));
}

#[test]
fn the_ring_runs_counter_clockwise_in_map_view() {
    // Rows run downward: what is counter-clockwise on a map has a negative area in pixels.
    assert!((draw(&["....", ".##.", "...."]).signed_area() + 1.5).abs() < 1e-9);
}

/// Area inside the half-way line, from the four pixels around each corner alone: an eighth of a square for one inside,
/// a half for two in a row, seven eighths for three; two across touch nowhere.
fn area_by_corners(inside: &[bool], rows: usize, cols: usize) -> f64 {
    let is_inside = |row: usize, col: usize| {
        (1..=rows).contains(&row) && (1..=cols).contains(&col) && inside[(row - 1) * cols + col - 1]
    };
    let mut area = 0.0;
    for row in 0..=rows {
        for col in 0..=cols {
            let square = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(r, c)| is_inside(row + r, col + c));
            let is_across = square[0] == square[3] && square[1] == square[2];
            area += match square.iter().filter(|is_in| **is_in).count() {
                2 if is_across => 0.25,
                inside => [0.0, 0.125, 0.5, 0.875, 1.0][inside],
            };
        }
    }
    area
}

fn has_no_hole(inside: &[bool], rows: usize, cols: usize) -> bool {
    let outside: Vec<bool> = inside.iter().map(|is_in| !is_in).collect();
    let at_border = |pixel: &usize| {
        let (row, col) = (pixel / cols, pixel % cols);
        row == 0 || col == 0 || row == rows - 1 || col == cols - 1
    };
    parts(&outside, rows, cols, true).iter().all(|part| part.iter().any(at_border))
}

proptest! {
    #[test]
    fn a_ring_is_valid_and_holds_what_its_corners_say(drawn in prop::collection::vec(0..3_u8, 30)) {
        let (rows, cols) = (5, 6);
        let values: Vec<f32> = drawn.iter().map(|value| if *value > 0 { 10.0 } else { 0.0 }).collect();
        let mask: Vec<bool> = drawn.iter().map(|value| *value > 0).collect();
        let field = Field { window: Window { row0: 3, col0: 40, rows, cols }, values };
        for part in parts(&mask, rows, cols, false) {
            let mut inside = vec![false; 30];
            part.iter().for_each(|pixel| inside[*pixel] = true);
            if !has_no_hole(&inside, rows, cols) {
                continue;
            }
            let ring = outline(&field, &part, 5.0).unwrap();
            prop_assert!(ring.is_valid());
            prop_assert!((ring.signed_area() + area_by_corners(&inside, rows, cols)).abs() < 1e-9);
        }
    }
}
