//! The laws of strata, on descriptors whose every number is known.

use super::*;

impl Strata {
    /// Strata that are given.
    pub fn given(centres: Vec<Descriptor>, donors: Vec<Vec<usize>>) -> Self {
        Self { centres, donors }
    }
}

/// Descriptors of so many pixels that differ in one dimension.
fn along(dimension: usize, pixels: usize, at: impl Fn(usize) -> f32) -> Descriptors {
    let of = |pixel: usize| {
        let mut descriptor = [1.0; DIMENSIONS];
        descriptor[dimension] = at(pixel);
        Some(descriptor)
    };
    Descriptors { of_pixels: (0..pixels).map(of).collect() }
}

fn split(descriptors: &Descriptors) -> Strata {
    Strata::build(descriptors, 0..descriptors.of_pixels.len()).unwrap()
}

#[test]
fn a_cell_needs_60_described_pixels() {
    let mut descriptors = along(0, 70, |_| 1.0);
    descriptors.of_pixels[..10].fill(None);
    assert_eq!(split(&descriptors).donors, [(10..70).collect::<Vec<_>>()]);
    assert!(Strata::build(&descriptors, 0..69).is_none());
    descriptors.of_pixels[30] = None;
    assert!(Strata::build(&descriptors, 0..70).is_none());
}

#[test]
fn two_kinds_are_told_apart_once_each_can_have_160_donors() {
    for dimension in 0..DIMENSIONS {
        let kinds = |pixels: usize| along(dimension, pixels, |pixel| if pixel % 2 == 0 { 9.0 } else { 3.0 });
        let strata = split(&kinds(320));
        assert_eq!((strata.len(), strata.is_empty()), (2, false));
        // The even pixels come first, because the first pixel is one of them.
        assert!(strata.donors[0].iter().eq((0..320).step_by(2).collect::<Vec<_>>().iter()));
        assert!(strata.donors[1].iter().eq((1..320).step_by(2).collect::<Vec<_>>().iter()));
        assert_eq!([strata.centres[0][dimension], strata.centres[1][dimension]], [9.0, 3.0]);
        assert_eq!(split(&kinds(319)).len(), 1);
    }
}

#[test]
fn a_stratum_is_split_where_it_is_widest() {
    // Wide by 4 in the second dimension, by 3 in the first and by 2 in the third.
    let at =
        |pixel: usize| [(pixel / 2 % 2) as f32 * 3.0, (pixel % 2) as f32 * 4.0, (pixel / 4 % 2) as f32 * 2.0];
    let of = |pixel: usize| Some([at(pixel)[0], at(pixel)[1], at(pixel)[2], 0.0, 0.0, 0.0]);
    let descriptors = Descriptors { of_pixels: (0..400).map(of).collect() };
    let strata = split(&descriptors);
    assert_eq!(strata.len(), 2);
    // 200 pixels each, of which every other one is a donor.
    assert!(strata.donors[0].iter().eq((0..400).step_by(4).collect::<Vec<_>>().iter()));
    assert!(strata.donors[1].iter().eq((1..400).step_by(4).collect::<Vec<_>>().iter()));
}

#[test]
fn of_two_dimensions_as_wide_as_each_other_the_first_is_split() {
    let of =
        |pixel: usize| Some([0.0, (pixel % 2) as f32 * 4.0, 0.0, (pixel / 2 % 2) as f32 * 4.0, 0.0, 0.0]);
    let strata = split(&Descriptors { of_pixels: (0..320).map(of).collect() });
    assert!(strata.donors[0].iter().eq((0..320).step_by(2).collect::<Vec<_>>().iter()));
}

#[test]
fn a_stratum_no_wider_than_08_is_not_split() {
    let wide = |width: f32| along(2, 320, |pixel| if pixel < 160 { 0.0 } else { width });
    assert_eq!(split(&wide(0.8)).len(), 1);
    assert_eq!(split(&wide(0.81)).len(), 2);
}

#[test]
fn a_few_odd_pixels_do_not_make_a_stratum_wide() {
    // Of 400 sorted values those at places 19 and 379 tell the width.
    let low = |odd: usize| along(1, 400, |pixel| if pixel < odd { -5.0 } else { 0.0 });
    assert_eq!([split(&low(19)).len(), split(&low(20)).len()], [1, 2]);
    let high = |odd: usize| along(1, 400, |pixel| if pixel < odd { 5.0 } else { 0.0 });
    assert_eq!([split(&high(20)).len(), split(&high(21)).len()], [1, 2]);
}

#[test]
fn halves_are_cut_at_the_median_and_ties_go_by_the_number_of_the_pixel() {
    // Of 321 pixels 100 are dark, and so the first 60 of the others go with them; 161 of the rest is one too many.
    let descriptors = along(4, 321, |pixel| if pixel >= 221 { 0.0 } else { 3.0 });
    let strata = split(&descriptors);
    let low: Vec<usize> = (0..60).chain(221..321).collect();
    assert_eq!(strata.donors, [low, (60..221).step_by(2).collect()]);
    assert_eq!([strata.centres[0][4], strata.centres[1][4]], [0.0, 3.0]);
    assert_eq!(strata.centres[0][0], 1.0);
}

#[test]
fn the_centre_of_a_stratum_is_the_median_of_all_its_pixels() {
    // 0 to .63 in 64 pixels, shuffled: the upper of the two in the middle.
    let strata = split(&along(3, 64, |pixel| 0.01 * (pixel * 5 % 64) as f32));
    assert_eq!(strata.centres, [[1.0, 1.0, 1.0, 0.32, 1.0, 1.0]]);
}

#[test]
fn a_stratum_has_at_most_160_donors_evenly_over_it() {
    let donors = |pixels: usize| split(&along(0, pixels, |_| 1.0)).donors.remove(0);
    assert_eq!(donors(160).len(), 160);
    assert_eq!(donors(161), (0..161).step_by(2).collect::<Vec<_>>());
    assert_eq!(donors(321), (0..321).step_by(3).collect::<Vec<_>>());
}

#[test]
fn a_cell_has_at_most_32_strata_and_the_widest_are_split_first() {
    // 6000 pixels on ground that differs by 1, and 6000 on ground that differs by 100.
    let at =
        |pixel: usize| if pixel < 6000 { pixel as f32 / 6000.0 } else { 2.0 + (pixel - 6000) as f32 / 60.0 };
    let strata = split(&along(0, 12_000, at));
    assert_eq!(strata.len(), 32);
    assert!(strata.donors[0].iter().all(|donor| *donor < 6000) && strata.donors[1][0] == 6000);
    assert!(strata.donors.is_sorted_by_key(|donors| donors[0]));
}

#[test]
fn strata_halve_until_they_would_be_too_small() {
    let strata = split(&along(5, 1279, |pixel| pixel as f32));
    // 639 and 640, then 319 and 320, 320 and 320; what has 320 is halved once more.
    let sizes: Vec<usize> = strata.donors.iter().map(Vec::len).collect();
    assert_eq!(sizes, [160; 7]);
    assert!(strata.centres.is_sorted_by(|a, b| a[5] < b[5]));
}

fn at(place: f32) -> Descriptor {
    [place, 0.0, 0.0, 0.0, 0.0, 0.0]
}

#[test]
fn a_blend_weighs_strata_by_one_over_their_squared_distance_and_a_quarter() {
    let strata = Strata::given(vec![at(3.0), at(1.0), at(2.0)], vec![vec![]; 3]);
    let blend = strata.blend(&[1.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
    // Squared distances 6, 2 and 3.
    let parts = [1.0 / 2.25, 1.0 / 3.25, 1.0 / 6.25];
    let total: f32 = parts.iter().sum();
    assert_eq!(blend.iter().map(|(leaf, _)| *leaf).collect::<Vec<_>>(), [1, 2, 0]);
    for ((_, weight), part) in blend.iter().zip(parts) {
        // Kept in a byte.
        assert!((weight - part / total).abs() < 1.0 / 255.0, "{blend:?}");
    }
}

#[test]
fn a_blend_takes_the_nearest_four_and_of_two_as_near_the_first() {
    let places = [5.0, -1.0, 1.0, 9.0, 0.0, 2.0, -2.0];
    let strata = Strata::given(places.map(at).to_vec(), vec![vec![]; 7]);
    let blend = strata.blend(&at(0.0));
    assert_eq!(blend.iter().map(|(leaf, _)| *leaf).collect::<Vec<_>>(), [4, 1, 2, 5]);
    assert!((blend.iter().map(|(_, weight)| weight).sum::<f32>() - 1.0).abs() < 1e-6);
    assert!(strata.blend(&at(5.0))[0].0 == 0 && blend[1].1 == blend[2].1);
}

#[test]
fn no_strata_are_empty() {
    assert!(Strata::given(Vec::new(), Vec::new()).is_empty());
}
