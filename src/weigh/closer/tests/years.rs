//! A target of two years, 2021 and 2022: which ground of a field is told apart by the year it went bare in.

use super::*;

/// A pixel of twenty views, six in each target year, that is bare from some view on.
fn bare_from(begun: usize) -> Series {
    let line = |quiet: f32, bare: f32| -> Vec<f32> {
        (0..20).map(|view| if view < begun { quiet } else { bare }).collect()
    };
    let flat = |value: f32| vec![value; 20];
    Series {
        views: (0..20).collect(),
        observed: vec![line(0.30, 0.08), line(0.05, 0.30), line(0.15, 0.25)],
        expected: vec![flat(0.30), flat(0.05), flat(0.15)],
        control: vec![flat(0.31), flat(0.06), flat(0.16)],
        z: vec![line(-0.1, -8.0), line(0.1, 8.0), line(0.1, 8.0)],
        history: vec![(0.30, 0.30), (0.05, 0.05), (0.15, 0.15)],
    }
}

const NEVER: usize = 20;
const IN_2021: usize = 8;
const IN_2022: usize = 14;

/// Pixels and first year of each piece of ground, in the order of conclusions.
fn pieces(seen: impl Fn(usize, usize) -> Series, cols: std::ops::Range<usize>) -> Vec<(usize, i16)> {
    let patch = drawn(|row, col| in_block(row, col, (cols.start, cols.end)));
    let look = look(&patch, seen);
    let date = |view: usize| match view {
        0..8 => Date::constant(2020, 4 + view as i8 % 6, 5 + view as i8),
        _ => Date::constant(2021 + (view as i16 - 8) / 6, 4 + (view as i8 - 8) % 6, 10),
    };
    let dates: Vec<Date> = (0..20).map(date).collect();
    let look_back: Vec<bool> = (0..20).map(|view| view < 8).collect();
    let target = Period::parse("2021-01-01/2022-12-31").unwrap();
    let asked = Asked { features: &FEATURES, dates: &dates, look_back: &look_back, target };
    let found = look.finish(&Prepared::new(&g1(), &FEATURES, |_, _| 0.0), &asked);
    found.iter().map(|one| (one.patch.pixels.len(), one.passed.as_ref().unwrap().begun.year())).collect()
}

/// Two neighbouring blocks of ten rows: columns up to `border` bare since 2021, the rest since 2022.
fn two_years(from: usize, border: usize, to: usize) -> Vec<(usize, i16)> {
    let begun = |row, col| match (in_block(row, col, (from, border)), in_block(row, col, (border, to))) {
        (true, _) => IN_2021,
        (_, true) => IN_2022,
        _ => NEVER,
    };
    pieces(|row, col| bare_from(begun(row, col)), from..to)
}

#[test]
fn neighbouring_fields_of_different_years_are_two_pieces_of_ground_with_a_year_each() {
    assert_eq!(two_years(10, 20, 30), [(100, 2021), (100, 2022)]);
    // Also where one is a small share of the other: neither takes the other in.
    assert_eq!(two_years(8, 13, 31), [(50, 2021), (180, 2022)]);
    assert_eq!(two_years(8, 26, 31), [(180, 2021), (50, 2022)]);
}

#[test]
fn a_strip_of_another_year_narrower_than_five_pixels_is_no_ground_of_its_own() {
    // Whichever season speaks most cuts the field: a strip that it saw bare belongs to it.
    assert_eq!(two_years(10, 14, 30), [(200, 2022)]);
    assert_eq!(two_years(10, 26, 30), [(160, 2021)]);
}

#[test]
fn a_cloud_over_half_of_a_field_in_its_first_year_makes_no_second_field() {
    // The right half is seen once too seldom in 2021 to pass a gate, and bare whenever it is seen.
    let seen = |row: usize, col: usize| match (in_block(row, col, (10, 20)), in_block(row, col, (20, 30))) {
        (true, _) => bare_from(IN_2021),
        (_, true) => unseen_in(bare_from(IN_2021), 9..14),
        _ => bare_from(NEVER),
    };
    assert_eq!(pieces(seen, 10..30), [(200, 2021)]);
}

#[test]
fn a_half_that_no_view_of_the_first_year_saw_makes_no_second_field_by_itself() {
    // The right half passes a gate in 2022 alone, because nothing of it was seen in 2021.
    let seen = |row: usize, col: usize| match (in_block(row, col, (10, 20)), in_block(row, col, (20, 30))) {
        (true, _) => weaker(bare_from(IN_2021), IN_2021..IN_2022),
        (_, true) => unseen_in(bare_from(IN_2021), 8..14),
        _ => bare_from(NEVER),
    };
    assert_eq!(pieces(seen, 10..30), [(200, 2021)]);
}

#[test]
fn ground_around_earlier_ground_stays_one_piece_with_it() {
    // An outline has no holes: ground that grew on every side is told as a whole, as is a hole that was filled later.
    let inner = |row: usize, col: usize| (16..22).contains(&row) && (16..26).contains(&col);
    let around = |inside: usize, outside: usize| {
        move |row: usize, col: usize| match (inner(row, col), in_block(row, col, (10, 32))) {
            (true, _) => bare_from(inside),
            (_, true) => bare_from(outside),
            _ => bare_from(NEVER),
        }
    };
    for (inside, outside) in [(IN_2021, IN_2022), (IN_2022, IN_2021)] {
        let found = pieces(around(inside, outside), 10..32);
        assert!(found.len() == 1 && found[0].0 >= 160, "{found:?}");
    }
}

/// The same, half as far gone in some views.
fn weaker(mut series: Series, views: std::ops::Range<usize>) -> Series {
    for view in views {
        for (feature, quiet) in [0.30, 0.05, 0.15].into_iter().enumerate() {
            series.observed[feature][view] = 0.3 * quiet + 0.7 * series.observed[feature][view];
            series.z[feature][view] *= 0.7;
        }
    }
    series
}

/// The same without some views.
fn unseen_in(mut series: Series, views: std::ops::Range<usize>) -> Series {
    let lines = [&mut series.observed, &mut series.expected, &mut series.control, &mut series.z];
    lines.into_iter().flatten().for_each(|line| drop(line.drain(views.clone())));
    series.views.drain(views);
    series
}
