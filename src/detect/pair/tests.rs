//! The laws of the two-date detector, on a small made-up country whose truth is known.

use std::convert::Infallible;

use ndarray::{Array2, Array3};

use crate::detect::pair::{
    HALO, PairError, PairEvidence, PairModel, PairParams, PairSource, Stack, evidence, learn,
};
use crate::grid::{Crs, Grid, Window};
use crate::scene::Band;

const BANDS: [Band; 4] = [Band::Blue, Band::Green, Band::Red, Band::Nir];

struct Country {
    grid: Grid,
    bands: Vec<Band>,
    before: Array3<f32>,
    after: Array3<f32>,
}

impl PairSource for Country {
    type Error = Infallible;

    fn over<T: Send>(
        &self,
        windows: &[Window],
        of: impl Fn(usize, &Stack, &Stack) -> T + Sync,
    ) -> Result<Vec<T>, Infallible> {
        let one = |(place, window): (usize, &Window)| {
            of(place, &self.cut(&self.before, *window), &self.cut(&self.after, *window))
        };
        Ok(windows.iter().enumerate().map(one).collect())
    }

    fn grid(&self) -> &Grid {
        &self.grid
    }
}

impl Country {
    fn cut(&self, values: &Array3<f32>, window: Window) -> Stack {
        let of = |(band, row, col)| values[[band, window.row0 + row, window.col0 + col]];
        let values = Array3::from_shape_fn((values.dim().0, window.rows, window.cols), of);
        Stack { bands: self.bands.clone(), values, window }
    }
}

/// A number between -1 and 1 that looks like chance and is the same every time.
fn chance(row: usize, col: usize, salt: usize) -> f32 {
    let mut x = (row as u64) << 40 | (col as u64) << 20 | salt as u64;
    for _ in 0..2 {
        x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 29;
    }
    (x >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
}

/// Fields of three kinds on soft ground; `salt` makes the noise of a date.
fn surface(rows: usize, cols: usize, salt: usize) -> Array3<f32> {
    const LOOKS: [[f32; 4]; 3] =
        [[0.05, 0.08, 0.06, 0.35], [0.09, 0.12, 0.15, 0.25], [0.07, 0.10, 0.10, 0.30]];
    Array3::from_shape_fn((4, rows, cols), |(band, row, col)| {
        let kind = (row / 17 * 5 + col / 23 * 7 + (row / 17) * (col / 23)) % 3;
        let soft = 0.01 * ((row as f32 * 0.05).sin() + (col as f32 * 0.037).cos());
        LOOKS[kind][band] + soft + 0.004 * chance(row, col, salt * 10 + band)
    })
}

/// Pixels of 10 m in a UTM zone.
pub(super) fn grid(rows: usize, cols: usize) -> Grid {
    Grid {
        rows,
        cols,
        origin_x: 500_000.0,
        origin_y: 4_600_000.0,
        pixel_width: 10.0,
        pixel_height: 10.0,
        crs: Crs::epsg(32649),
    }
}

fn country(rows: usize, cols: usize) -> Country {
    Country {
        grid: grid(rows, cols),
        bands: BANDS.to_vec(),
        before: surface(rows, cols, 1),
        after: surface(rows, cols, 2),
    }
}

/// A bright roof and bare ground around it, where there was something else.
fn build(country: &mut Country, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
    for row in rows {
        for col in cols.clone() {
            for (band, value) in [0.22, 0.24, 0.27, 0.30].into_iter().enumerate() {
                country.after[[band, row, col]] = value + 0.02 * chance(row, col, 77 + band);
            }
        }
    }
}

fn model(country: &mut Country) -> PairModel {
    learn(&*country, PairParams::default()).unwrap()
}

fn look(country: &Country, model: &PairModel, window: Window) -> PairEvidence {
    let outer = window.grown(HALO, country.grid.whole());
    let (before, after) = (country.cut(&country.before, outer), country.cut(&country.after, outer));
    evidence(model, &before, &after, window)
}

/// Pixels that can start a patch.
fn seeds(country: &Country, model: &PairModel) -> Vec<(usize, usize)> {
    let found = look(country, model, country.grid.whole());
    let starts = |(place, fused): ((usize, usize), &f32)| {
        (*fused > model.params().seed && found.guard[place] >= 1.0).then_some(place)
    };
    found.fused.indexed_iter().filter_map(starts).collect()
}

fn bits(plane: &Array2<f32>) -> Vec<u32> {
    plane.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn two_dates_that_differ_by_noise_alone_give_no_evidence_and_say_so() {
    let mut country = country(150, 160);
    let model = model(&mut country);
    assert!(model.is_quiet(), "{model}");
    assert!(model.to_string().contains("no change beyond chance"), "{model}");
    let found = look(&country, &model, country.grid.whole());
    assert!(found.fused.iter().all(|fused| *fused == 0.0));
}

#[test]
fn the_same_scene_twice_gives_no_evidence() {
    let mut country = country(120, 120);
    country.after = country.before.clone();
    let model = model(&mut country);
    assert!(seeds(&country, &model).is_empty(), "{model}");
}

#[test]
fn another_gain_and_offset_per_band_is_no_change() {
    let mut country = country(150, 160);
    for (band, mut plane) in country.after.outer_iter_mut().enumerate() {
        plane.mapv_inplace(|value| value * (1.3 - 0.1 * band as f32) + 0.02 * band as f32);
    }
    let model = model(&mut country);
    assert!(seeds(&country, &model).is_empty(), "{model}");
}

#[test]
fn a_new_building_is_found_and_nothing_else_and_it_points_up() {
    let mut country = country(200, 210);
    build(&mut country, 90..100, 60..72);
    let model = model(&mut country);
    assert!(!model.is_quiet());
    let seeds = seeds(&country, &model);
    assert!(seeds.len() > 60, "{} seeds; {model}", seeds.len());
    assert!(seeds.iter().all(|(row, col)| (88..102).contains(row) && (58..74).contains(col)), "{seeds:?}");
    let found = look(&country, &model, country.grid.whole());
    let middle = [95, 66];
    assert!(found.change.brightness[middle] > 0.1 && found.change.ndvi[middle] < -0.1);
    assert!(found.unexpected_visible[middle] > 0.1 && found.after.ndvi[middle] < 0.2);
}

#[test]
fn evidence_is_the_same_bytes_whatever_the_tile() {
    let mut country = country(170, 190);
    build(&mut country, 60..70, 120..131);
    country.after = shifted(&country.after, 0.7);
    for row in 20..40 {
        country.before[[2, row, row + 90]] = f32::NAN;
    }
    let model = model(&mut country);
    assert!(model.shift().applied, "{model}");
    let whole = look(&country, &model, country.grid.whole());
    for size in [37, 64, 128] {
        for tile in country.grid.whole().tiles(size) {
            let part = look(&country, &model, tile);
            let planes = [
                (&part.fused, &whole.fused),
                (&part.guard, &whole.guard),
                (&part.change.texture, &whole.change.texture),
                (&part.change.ndvi, &whole.change.ndvi),
                (&part.unexpected_visible, &whole.unexpected_visible),
            ];
            for (index, (part, whole)) in planes.into_iter().enumerate() {
                let cut = Array2::from_shape_fn((tile.rows, tile.cols), |(row, col)| {
                    whole[[tile.row0 + row, tile.col0 + col]]
                });
                assert!(bits(part) == bits(&cut), "plane {index} differs in {tile}");
            }
        }
    }
}

/// The date as seen `by` columns further right (linear).
fn shifted(values: &Array3<f32>, by: f32) -> Array3<f32> {
    Array3::from_shape_fn(values.dim(), |(band, row, col)| {
        let left = values[[band, row, col.saturating_sub(1)]];
        values[[band, row, col]] * (1.0 - by) + left * by
    })
}

#[test]
fn half_a_pixel_of_shift_is_mended_and_is_no_change() {
    let mut country = country(180, 180);
    country.after = shifted(&country.after, 0.5);
    let model = model(&mut country);
    let shift = model.shift();
    assert!(shift.applied && (shift.cols - 0.5).abs() < 0.15 && shift.rows.abs() < 0.1, "{model}");
    assert!(seeds(&country, &model).is_empty(), "{model}");
}

#[test]
fn the_order_of_bands_changes_no_byte() {
    let mut country = country(120, 130);
    build(&mut country, 50..58, 70..80);
    let model_of = model(&mut country);
    let whole = look(&country, &model_of, country.grid.whole());
    let order = [3, 1, 0, 2];
    let permuted = |values: &Array3<f32>| {
        Array3::from_shape_fn(values.dim(), |(band, row, col)| values[[order[band], row, col]])
    };
    (country.before, country.after) = (permuted(&country.before), permuted(&country.after));
    country.bands = order.iter().map(|&band| BANDS[band]).collect();
    let other_model = model(&mut country);
    assert_eq!(model_of, other_model);
    let other = look(&country, &other_model, country.grid.whole());
    assert!(bits(&whole.fused) == bits(&other.fused));
}

#[test]
fn what_one_date_did_not_see_has_no_evidence_and_is_not_filled() {
    let mut country = country(120, 130);
    for row in 30..50 {
        for col in 40..60 {
            country.after[[1, row, col]] = f32::NAN;
        }
    }
    build(&mut country, 80..90, 80..90);
    let model = model(&mut country);
    let found = look(&country, &model, country.grid.whole());
    for (place, fused) in found.fused.indexed_iter() {
        let hidden = (30..50).contains(&place.0) && (40..60).contains(&place.1);
        assert_eq!(fused.is_nan(), hidden, "{place:?}");
        assert_eq!(found.guard[place].is_nan(), hidden, "{place:?}");
    }
}

#[test]
fn dates_without_common_ground_are_refused_with_the_reason() {
    let mut cloudy = country(120, 130);
    cloudy.after.fill(f32::NAN);
    let refused = learn(&cloudy, PairParams::default());
    assert!(matches!(refused, Err(PairError::TooFew { found: 0, .. })), "{refused:?}");
    let mut blind = country(120, 130);
    blind.bands = vec![Band::Blue, Band::Green, Band::Red, Band::Swir16];
    let refused = learn(&blind, PairParams::default());
    assert!(
        matches!(&refused, Err(PairError::Bands { found }) if found == "blue, green, red, swir16"),
        "{refused:?}"
    );
}

#[test]
fn a_whole_scene_is_counted_pixel_by_pixel_when_it_is_learned() {
    let mut country = country(120, 130);
    for row in 30..50 {
        for col in 40..60 {
            country.before[[1, row, col]] = f32::NAN;
        }
    }
    build(&mut country, 80..90, 80..90);
    let model = model(&mut country);
    assert!(model.whole);
    assert_eq!(model.clear, 120 * 130 - 400);
    let found = look(&country, &model, country.grid.whole());
    assert_eq!(model.beyond, found.guard.iter().filter(|guard| **guard >= 1.0).count());
    assert!((60..200).contains(&model.beyond), "{model}");
}

#[test]
fn a_pair_needs_a_thousand_clear_pixels() {
    let clear = |count: usize| {
        let mut country = country(40, 50);
        for place in count..2000 {
            country.after[[3, place / 50, place % 50]] = f32::NAN;
        }
        learn(&country, PairParams::default())
    };
    assert_eq!(clear(1000).unwrap().clear, 1000);
    let refused = clear(999);
    assert!(
        matches!(refused, Err(PairError::TooFew { found: 999, sampled: 2000, expected: 1000 })),
        "{refused:?}"
    );
}

#[test]
fn of_a_scene_of_which_every_second_pixel_is_sampled_each_stands_for_two() {
    let clear = |count: usize| {
        let mut country = country(400, 410);
        for place in count..400 * 410 {
            country.after[[0, place / 410, place % 410]] = f32::NAN;
        }
        learn(&country, PairParams::default())
    };
    assert_eq!(clear(1640).unwrap().clear, 1640);
    let refused = clear(820);
    assert!(matches!(refused, Err(PairError::TooFew { found: 820, .. })), "{refused:?}");
}

#[test]
fn ground_that_became_rough_has_more_texture_by_the_mean_over_the_bands() {
    let mut country = country(150, 160);
    for row in 70..110 {
        for col in 40..80 {
            for band in 0..4 {
                country.after[[band, row, col]] += 0.03 * chance(row, col, 90 + band);
            }
        }
    }
    let model = model(&mut country);
    let found = look(&country, &model, country.grid.whole());
    // In the middle of a field: about ln of 0.45 to 0.08 standard units.
    let (then, now) =
        (found.after.texture[[93, 57]] - found.change.texture[[93, 57]], found.after.texture[[93, 57]]);
    assert!((-3.5..-2.0).contains(&then) && (-1.4..-0.2).contains(&now), "{then} {now}");
    assert!(found.change.texture[[20, 57]].abs() < 0.5);
}
