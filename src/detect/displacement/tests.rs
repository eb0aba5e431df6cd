//! Displacements of drawn ground: found, told apart from chance, and not told where there is no pattern.

use super::*;

const SIDE_PX: usize = 96;

/// Noise of a pixel with a deviation of 1: twelve uniform numbers of a counter hash (SplitMix64), added up.
fn grain(seed: u64, row: usize, col: usize) -> f32 {
    let uniform = |draw: u64| {
        let key = seed.wrapping_mul(1 << 32) + ((row * SIDE_PX + col) * 12) as u64 + draw;
        let mut mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / 16_777_216.0
    };
    (0..12).map(uniform).sum::<f32>() - 6.0
}

/// Ground with a pattern of a few pixels, seen `(rows, cols)` further down and right, with noise of its own.
fn seen((rows, cols): (f64, f64), noise: u64) -> Plane {
    let wave = |row: f64, col: f64, a: f64, b: f64| (row * a + col * b).sin();
    let mut plane = Plane::zeros((SIDE_PX, SIDE_PX));
    for ((row, col), value) in plane.indexed_iter_mut() {
        let (y, x) = (row as f64 - rows, col as f64 - cols);
        let fields = (2.0 * wave(y, x, 0.35, 0.02)).tanh() * (2.0 * wave(y, x, 0.03, 0.24)).tanh();
        *value =
            (1500.0 + 300.0 * fields + 150.0 * wave(y, x, 0.31, 0.17)) as f32 + 20.0 * grain(noise, row, col);
    }
    plane
}

fn parts_of(scene: &Plane, look_back: &[Plane]) -> Vec<EdgeSums> {
    let mut reference = Reference::new(scene.dim());
    look_back.iter().filter_map(|plane| Edges::of(plane.view())).for_each(|edges| reference.add(&edges));
    Edges::of(scene.view()).map_or(Vec::new(), |edges| compare(&reference.without(None), &edges).to_vec())
}

/// Takes away what a cloud hides: rows and columns from some on, up to some.
fn veil(plane: &mut Plane, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
    let hidden = plane.indexed_iter_mut().filter(|((row, col), _)| rows.contains(row) && cols.contains(col));
    hidden.for_each(|(_, value)| *value = f32::NAN);
}

fn look_back() -> Vec<Plane> {
    (0..6).map(|view| seen((0.0, 0.0), 100 + view)).collect()
}

#[test]
fn a_displacement_of_parts_of_a_pixel_is_found_within_a_tenth() {
    for (rows, cols) in [(0.0, 0.0), (0.5, -0.25), (-0.8, 0.1), (1.4, 1.3), (-2.3, 0.6)] {
        let found = displacement(&parts_of(&seen((rows, cols), 7), &look_back())).unwrap();
        let off = (found.rows - rows).hypot(found.cols - cols);
        assert!(off < 0.1, "{rows} {cols}: {found:?}");
        assert!(found.spread < MOST_SPREAD && found.correlation > 0.5, "{found:?}");
    }
}

#[test]
fn gain_offset_and_what_is_not_clear_move_nothing() {
    let mut veiled = seen((0.6, -0.4), 7).mapv(|value| 0.4 * value + 900.0);
    veil(&mut veiled, 0..50, 20..SIDE_PX);
    let found = displacement(&parts_of(&veiled, &look_back())).unwrap();
    assert!((found.rows - 0.6).hypot(found.cols + 0.4) < 0.12, "{found:?}");
}

#[test]
fn ground_without_a_pattern_is_not_told_to_lie_where_it_should() {
    let plain = |noise: u64| {
        Plane::from_shape_fn((SIDE_PX, SIDE_PX), |(row, col)| 1500.0 + 20.0 * grain(noise, row, col))
    };
    let look_back: Vec<Plane> = (0..6).map(|view| plain(100 + view)).collect();
    for noise in 0..20 {
        assert_eq!(displacement(&parts_of(&plain(noise), &look_back)), Err(Untold::NoPattern));
    }
    let flat = Plane::from_elem((SIDE_PX, SIDE_PX), 1500.0);
    // One colour has no pattern, or nothing but the last bits of sums.
    assert!(displacement(&parts_of(&flat, &look_back)).is_err());
}

#[test]
fn further_off_than_is_tried_is_not_told() {
    assert_eq!(displacement(&parts_of(&seen((6.0, 7.0), 7), &look_back())), Err(Untold::NoPattern));
}

#[test]
fn a_scene_that_is_nearly_all_cloud_is_not_told() {
    let mut veiled = seen((0.5, 0.0), 7);
    veil(&mut veiled, 20..SIDE_PX, 0..SIDE_PX);
    assert_eq!(displacement(&parts_of(&veiled, &look_back())), Err(Untold::Unsure));
    veil(&mut veiled, 2..SIDE_PX, 0..SIDE_PX);
    assert_eq!(displacement(&parts_of(&veiled, &look_back())), Err(Untold::TooLittleGround));
}

#[test]
fn a_scene_does_not_draw_the_reference_to_itself() {
    // Of three scenes two lie at 0 and the third off by half a pixel: against the other two it is off by all of it.
    let scenes = [seen((0.0, 0.0), 1), seen((0.0, 0.0), 2), seen((0.5, 0.0), 3)];
    let edges: Vec<Edges> = scenes.iter().filter_map(|plane| Edges::of(plane.view())).collect();
    let mut reference = Reference::new(scenes[0].dim());
    edges.iter().for_each(|edges| reference.add(edges));
    let found = displacement(&compare(&reference.without(Some(&edges[2])), &edges[2])).unwrap();
    assert!((found.rows - 0.5).abs() < 0.1, "{found:?}");
}

#[test]
fn parts_that_disagree_are_not_told() {
    // The upper half lies a pixel and a half further up, the lower as much further down.
    let (above, below) = (seen((-1.5, 0.0), 7), seen((1.5, 0.0), 7));
    let torn = Plane::from_shape_fn((SIDE_PX, SIDE_PX), |place| {
        if place.0 < SIDE_PX / 2 { above[place] } else { below[place] }
    });
    assert_eq!(displacement(&parts_of(&torn, &look_back())), Err(Untold::Unsure));
}
