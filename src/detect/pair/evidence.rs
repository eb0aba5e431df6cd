//! Evidence of a window: agreement of the maps by ranks, the guard, and the direction of the change.
//!
//! In: a [`PairModel`] and both dates over the window and [`HALO`](super::HALO) around it. Out: [`PairEvidence`].
//! Law: rule for patches: connected pixels (4 neighbours) above `grow`, of which at least `seed_pixels` lie above
//! `seed` with a guard of 1 or more. Ranks alone always flag something; the guard asks for absolute size.

use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::detect::pair::PairParams;
use crate::detect::pair::direction::Direction;
use crate::detect::pair::learn::PairModel;
use crate::detect::pair::maps::{Date, MAPS, Maps, looks, maps};
use crate::detect::pair::plane::{Plane, Smoother, gaussian};
use crate::detect::pair::stack::Stack;
use crate::grid::Window;

/// Where the sibling and the two conditional maps stand among the maps.
const SIBLING: usize = 2;
const FORWARD: usize = 3;
const BACKWARD: usize = 4;

/// Evidence of change over a window; NaN where one of the dates saw nothing.
#[derive(Debug, Clone)]
pub struct PairEvidence {
    /// The window.
    pub window: Window,
    /// Mean rank score of the maps in nats (0 and more), smoothed, or what an absolutely strong change is worth on that
    /// scale, if that is more; 0 everywhere in a quiet pair.
    pub fused: Array2<f32>,
    /// Absolute size of the change in units of its floors; 1 passes all three floors.
    pub guard: Array2<f32>,
    /// After minus before.
    pub change: Direction,
    /// The later date.
    pub after: Direction,
    /// Change of mean visible reflectance beyond what the stratum lets one expect.
    pub unexpected_visible: Array2<f32>,
    /// Change of near-infrared reflectance beyond what the stratum lets one expect.
    pub unexpected_nir: Array2<f32>,
}

impl PairModel {
    /// Absolute size of the change: the least of three quantities, each over its floor; or its strength, if that is more.
    pub(super) fn guard(&self, maps: &Maps) -> Plane {
        let params = &self.params;
        let floors = (params.stratum_sigmas, params.sibling_sigmas, params.reflectance);
        let mut guard = least(maps, &maps.effect, floors);
        guard.zip_mut_with(&self.strength(maps), |guard, strength| *guard = guard.max(*strength));
        guard
    }

    /// Absolute size of the change over the floors of what needs no rank.
    fn strength(&self, maps: &Maps) -> Plane {
        let params = &self.params;
        let floors = (params.strong_stratum_sigmas, params.strong_sibling_sigmas, params.strong_reflectance);
        least(maps, &maps.effect_all, floors)
    }

    fn fused(&self, maps: &Maps, valid: &Plane) -> Plane {
        let mut mean = Plane::zeros(valid.dim());
        for (plane, table) in maps.planes.iter().zip(&self.ranks) {
            mean.zip_mut_with(plane, |mean, &value| *mean += table.score(value) / MAPS as f32);
        }
        mean *= valid;
        let mut fused = Smoother::new(valid, gaussian(1.0)).smooth(&mean);
        let PairParams { seed, grow, .. } = self.params;
        fused.zip_mut_with(&self.strength(maps), |fused, &strength| {
            // Half the strength that starts a patch grows it.
            let score = grow + (seed - grow) * (2.0 * strength - 1.0).min(4.0);
            if strength > 0.5 {
                *fused = fused.max(score);
            }
        });
        fused
    }
}

/// The least of sigmas from the stratum, sigmas from the neighbours and reflectance, each over its floor.
fn least(maps: &Maps, effect: &Plane, (stratum, sibling, reflectance): (f32, f32, f32)) -> Plane {
    // The maps hold ln(1 + squared sigmas per band).
    let sigmas = |value: f32| value.exp_m1().max(0.0).sqrt();
    let mut least = effect.mapv(|effect| effect / reflectance);
    least.zip_mut_with(&maps.planes[SIBLING], |least, residual| *least = least.min(residual / sibling));
    let mut larger = maps.planes[FORWARD].clone();
    larger.zip_mut_with(&maps.planes[BACKWARD], |forward, backward| *forward = forward.max(*backward));
    least.zip_mut_with(&larger, |least, &residual| *least = least.min(sigmas(residual) / stratum));
    least
}

/// Evidence of `inner`; both stacks must have one window, which covers `inner` and [`HALO`](super::HALO) pixels around it, as far as the grid goes.
pub fn evidence(model: &PairModel, before: &Stack, after: &Stack, inner: Window) -> PairEvidence {
    let outer = before.window;
    let looks = looks(&model.standard, before, after);
    let maps = maps(&looks, &model.standard, &model.expectation);
    let valid = within(&looks.valid, outer, inner);
    let cut = |plane: &Plane| {
        let mut plane = within(plane, outer, inner).to_owned();
        plane.zip_mut_with(&valid, |value, &valid| {
            if valid == 0.0 {
                *value = f32::NAN;
            }
        });
        plane
    };
    let bands = model.bands();
    let of = |date: &Date| {
        let mut texture = Plane::zeros(looks.valid.dim());
        for plane in &date.textures {
            texture += plane;
        }
        texture /= date.textures.len().max(1) as f32;
        let whole = Direction::of(&date.reflectance, bands, texture);
        Direction {
            ndvi: cut(&whole.ndvi),
            brightness: cut(&whole.brightness),
            ndwi: cut(&whole.ndwi),
            texture: cut(&whole.texture),
        }
    };
    let (then, now) = (of(&looks.before), of(&looks.after));
    let fused =
        if model.is_quiet() { Plane::zeros(looks.valid.dim()) } else { model.fused(&maps, &looks.valid) };
    PairEvidence {
        window: inner,
        fused: cut(&fused),
        guard: cut(&model.guard(&maps)),
        change: Direction::change(&then, &now),
        after: now,
        unexpected_visible: cut(&maps.visible),
        unexpected_nir: cut(&maps.infrared),
    }
}

/// The part of a plane over `outer` that lies over `inner`.
fn within(plane: &Plane, outer: Window, inner: Window) -> ArrayView2<'_, f32> {
    plane.slice_each_axis(|axis| {
        let (start, length) = if axis.axis == Axis(0) {
            (inner.row0 - outer.row0, inner.rows)
        } else {
            (inner.col0 - outer.col0, inner.cols)
        };
        Slice::from(start..start + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::pair::learn::tests::plain_model;
    use crate::detect::pair::ranks::RankTable;

    /// Maps of one row of pixels: sibling sigmas, forward and backward sigmas, visible effect, effect of all bands.
    fn drawn(pixels: &[[f32; 5]]) -> Maps {
        let plane = |of: &dyn Fn(&[f32; 5]) -> f32| {
            Plane::from_shape_fn((1, pixels.len()), |(_, col)| of(&pixels[col]))
        };
        let nothing = || plane(&|_| 0.0);
        let held = |sigmas: f32| (sigmas * sigmas).ln_1p();
        Maps {
            planes: [
                nothing(),
                nothing(),
                plane(&|pixel| pixel[0]),
                plane(&|pixel| held(pixel[1])),
                plane(&|pixel| held(pixel[2])),
                nothing(),
            ],
            effect: plane(&|pixel| pixel[3]),
            effect_all: plane(&|pixel| pixel[4]),
            visible: nothing(),
            infrared: nothing(),
        }
    }

    fn agree(found: &Plane, expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found} {expected:?}");
    }

    fn params() -> PairParams {
        PairParams { seed: 5.0, grow: 2.0, ..PairParams::default() }
    }

    #[test]
    fn the_guard_is_the_least_of_three_each_over_its_floor() {
        let maps = drawn(&[
            // Neighbours decide: 5 / 2.5; of the two directions of time the larger counts.
            [5.0, 2.5, 10.0, 0.045, 0.0],
            // Reflectance decides: 0.0075 / 0.015.
            [5.0, 0.0, 10.0, 0.0075, 0.0],
            // The stratum decides: 7.5 / 2.5.
            [10.0, 7.5, 0.0, 0.06, 0.0],
            [0.0; 5],
        ]);
        agree(&plain_model(params(), Vec::new()).guard(&maps), &[2.0, 0.5, 3.0, 0.0]);
    }

    #[test]
    fn what_is_strong_in_all_bands_passes_the_guard_though_nothing_visible_changed() {
        // Over 5 and 6 sigmas and 0.04: 3, 2 and 2.5; the second is visible alone.
        let maps = drawn(&[[15.0, 12.0, 0.0, 0.0, 0.1], [15.0, 12.0, 0.0, 0.03, 0.0]]);
        let model = plain_model(params(), Vec::new());
        agree(&model.strength(&maps), &[2.0, 0.0]);
        agree(&model.guard(&maps), &[2.0, 2.0]);
    }

    #[test]
    fn strength_grows_a_patch_from_half_of_what_starts_it_and_is_worth_so_much_at_most() {
        let of = |strength: f32| {
            let maps = drawn(&[[50.0 * strength, 60.0 * strength, 0.0, 0.0, 0.04 * strength]]);
            let model = plain_model(params(), Vec::new());
            model.fused(&maps, &Plane::ones((1, 1)))[[0, 0]]
        };
        for (strength, expected) in
            [(0.49, 0.0), (0.51, 2.06), (0.75, 3.5), (1.0, 5.0), (2.0, 11.0), (9.0, 14.0)]
        {
            assert!((of(strength) - expected).abs() < 1e-3, "{strength}: {}", of(strength));
        }
    }

    #[test]
    fn ranks_are_averaged_over_the_maps_and_smoothed_over_what_is_seen() {
        let table = || RankTable::learn(&mut (0..10_000).map(|i| i as f32).collect::<Vec<_>>());
        let model = plain_model(params(), (0..MAPS).map(|_| table()).collect());
        let mut maps = drawn(&[[0.0; 5]; 9]);
        let valid = Plane::from_shape_fn((1, 9), |(_, col)| f32::from(col != 4));
        maps.planes[0].fill(5000.0);
        let even = std::f32::consts::LN_2 / 6.0;
        let mut expected = [even; 9];
        expected[4] = 0.0;
        let found = model.fused(&maps, &valid);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.005), "{found}");
        // One pixel on which all maps agree lends its neighbours exp(-1/2) of it, over all weights.
        maps.planes[0].fill(0.0);
        maps.planes.iter_mut().for_each(|plane| plane[[0, 0]] = 9000.0);
        let found = model.fused(&maps, &Plane::ones((1, 9)));
        let weights: f32 = [0.0_f32, -0.5, -2.0, -4.5].map(f32::exp).iter().sum();
        assert!((found[[0, 0]] - 10_f32.ln() / weights).abs() < 0.02, "{found}");
        assert!(found[[0, 4]].abs() < 1e-6);
    }

    #[test]
    fn a_part_is_cut_by_its_place_on_the_grid() {
        let plane = Plane::from_shape_fn((6, 8), |(row, col)| (row * 8 + col) as f32);
        let outer = Window { row0: 10, col0: 20, rows: 6, cols: 8 };
        let inner = Window { row0: 12, col0: 23, rows: 2, cols: 3 };
        let found: Vec<f32> = within(&plane, outer, inner).iter().copied().collect();
        assert_eq!(found, [19.0, 20.0, 21.0, 27.0, 28.0, 29.0]);
    }
}
