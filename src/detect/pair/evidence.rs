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
