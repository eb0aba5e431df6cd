//! What stands between ground and sensor: gain, aerosol, dust, clouds and their shadows, snow, misregistration.
//!
//! In:  the world and a date. Out: `Sky`: numbers and fields of that scene.
//! Law: the mask (SCL) knows the thick of clouds, shadows and snow; their thin edges stay unmasked.
//! Source: cloudy share, unmasked edges and shift from the study's simulator; SCL codes from the Sentinel-2
//! Level-2A product definition; optical numbers assumed, tuned on pictures.

use super::ground::Spectrum;
use super::noise::{Draw, Field, Grain, key, ramp};
use super::stress::{self, Stress};
use super::world::World;
use crate::date::Date;

/// A thick cloud's reflectance.
pub const CLOUD: Spectrum = [0.62, 0.60, 0.60, 0.63, 0.46, 0.34];
/// Fresh thin snow on short grass.
pub const SNOW: Spectrum = [0.72, 0.71, 0.70, 0.64, 0.16, 0.13];
/// How much of each band's light a full shadow takes (skylight fills the blue).
const SHADOW: Spectrum = [0.38, 0.46, 0.52, 0.62, 0.70, 0.74];
/// Aerosol path reflectance per band against blue.
const AEROSOL: Spectrum = [1.0, 0.72, 0.52, 0.30, 0.08, 0.04];
/// Mineral dust against red: brighter in red than in blue.
pub const DUST: Spectrum = [0.72, 0.92, 1.0, 0.85, 0.55, 0.40];

/// Opacity above which the mask calls cloud "high probability" (SCL 9).
pub const THICK: f32 = 0.55;
/// Opacity above which it says "medium probability" (SCL 8). Below, the cloud's edge is not masked.
pub const MEDIUM: f32 = 0.30;
/// Depth above which it says "shadow" (SCL 3). Below, the shadow's edge is not masked.
pub const DEEP: f32 = 0.40;
/// Share of snow above which it says "snow" (SCL 11).
pub const SNOWY: f32 = 0.40;

/// Extra pixels around the scene in which clouds stand whose shadows fall into it.
const MARGIN: usize = 160;

/// One scene's sky and errors.
pub struct Sky {
    /// Shift of the ground against the grid, pixels (rows, columns).
    pub shift: (f64, f64),
    /// Gain per band, about 1.
    pub gain: Spectrum,
    /// Added reflectance per band.
    pub offset: Spectrum,
    /// Slow haze over the scene in units of blue reflectance, and its colour.
    pub haze: (Field, Spectrum),
    /// Opacity of clouds, 0 to 1, if the scene has any.
    pub cloud: Option<Field>,
    /// Where a shadow's cloud stands: pixels down and right of it.
    pub cast: (isize, isize),
    /// Share of snow, if any lies.
    pub snow: Option<Field>,
}

impl Sky {
    /// Draws the sky of scene `index` on a date.
    pub fn new(world: &World, index: usize, date: Date) -> Self {
        let mut draw = Draw::new(world.seed, "sky", index as u64, 0);
        let day = f64::from(date.day_of_year());
        let mut shift = || (world.shift_px * draw.normal()).clamp(-1.2, 1.2);
        let shift = (shift(), shift());
        let common = 1.0 + world.gain * draw.normal();
        let gain = std::array::from_fn(|_| (common * (1.0 + 0.3 * world.gain * draw.normal())) as f32);
        let aerosol = (world.haze * draw.normal()) as f32;
        let offset = AEROSOL.map(|share| aerosol * share + 0.0008 * draw.normal() as f32);
        let dusty = day < 150.0 && draw.chance(0.12);
        let strength =
            if dusty { draw.between(0.010, 0.035) } else { 0.6 * world.haze * draw.uniform() } as f32;
        let (cloudy, snowy) = (draw.chance(world.cloudy_share), draw.chance(snow_chance(day)));
        let far = draw.between(25.0, 110.0);
        let cloud = cloudy.then(|| clouds(world, index, &mut draw));
        let snow = snowy.then(|| snow_cover(world, index, &mut draw));
        Self {
            shift,
            gain,
            offset,
            haze: (haze(world, index, strength), if dusty { DUST } else { AEROSOL }),
            cloud,
            // The late-morning sun stands south-east: shadows fall to the north-west of their clouds.
            cast: ((0.82 * far) as isize, (0.57 * far) as isize),
            snow,
        }
    }
}

/// What the light of a band becomes under a cloud's shadow of this depth.
pub fn in_shadow(band: usize, depth: f32) -> f32 {
    1.0 - SHADOW[band] * depth
}

fn haze(world: &World, index: usize, strength: f32) -> Field {
    let noise = key(world.seed, "haze", index as u64, 0);
    let field = Field::level(world.rows, world.cols, 16, 0).with_noise(noise, Grain::new(900.0, 3));
    field.map(|value| strength * (1.0 + 0.6 * value).max(0.0))
}

/// Fractal clouds: small fair-weather heaps or wide decks, with soft edges of 50 to 200 m.
fn clouds(world: &World, index: usize, draw: &mut Draw) -> Field {
    let heaps = draw.chance(0.6);
    let wavelength = if heaps { draw.between(120.0, 300.0) } else { draw.between(500.0, 1200.0) } as f32;
    let octaves = if heaps { 5 } else { 7 };
    let grain = Grain { gain: 0.6, ..Grain::new(wavelength, octaves) };
    // In deviations of the noise: 1.5 covers 7 % of the scene, 0 half of it.
    let (least, most) = world.stress.map_or(stress::CLOUD_LEVELS, Stress::cloud_levels);
    let level = draw.between(least, most) as f32;
    let soft = draw.between(0.25, 0.8) as f32;
    let opaque = draw.between(0.75, 1.0) as f32;
    let noise = key(world.seed, "cloud", index as u64, 0);
    let field = Field::level(world.rows, world.cols, 4, MARGIN).with_noise(noise, grain);
    field.map(|value| opaque * ramp(value, level - 0.3 * soft, level + soft))
}

fn snow_cover(world: &World, index: usize, draw: &mut Draw) -> Field {
    let level = draw.between(-1.6, 1.0) as f32;
    let noise = key(world.seed, "snow", index as u64, 0);
    let field = Field::level(world.rows, world.cols, 4, 0).with_noise(noise, Grain::new(260.0, 6));
    field.map(|value| 0.92 * ramp(value, level - 0.4, level + 0.9))
}

/// Snow lies in some March, early April and November scenes (assumed).
fn snow_chance(day: f64) -> f64 {
    if day < 84.0 {
        0.30
    } else if day < 100.0 {
        0.10
    } else if day > 305.0 {
        0.25
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_have_edges_that_the_mask_does_not_know() {
        let world = World { rows: 400, cols: 400, cloudy_share: 1.0, ..World::new(8) };
        let (mut thin, mut masked) = (0, 0);
        for index in 0..10 {
            let sky = Sky::new(&world, index, Date::constant(2019, 7, 1));
            let cloud = sky.cloud.unwrap();
            thin += cloud.values.iter().filter(|opacity| (0.05..MEDIUM).contains(*opacity)).count();
            masked += cloud.values.iter().filter(|opacity| **opacity >= MEDIUM).count();
        }
        assert!(thin * 25 > masked && masked > 0, "{thin} thin, {masked} masked");
    }

    #[test]
    fn about_the_stated_share_of_scenes_is_cloudy() {
        let world = World { rows: 64, cols: 64, ..World::new(8) };
        let sky = |index| Sky::new(&world, index, Date::constant(2019, 7, 1));
        let cloudy = (0..300).filter(|index| sky(*index).cloud.is_some()).count();
        assert!((75..140).contains(&cloudy), "{cloudy} of 300");
    }
}
