//! From ground, season, patches and sky to the digital numbers of one scene, a strip of rows at a time.
//!
//! In:  a world. Out: `Strip`: seven planes of `u16` (B02 B03 B04 B08 B11 B12 as reflectance x 10 000, SCL).
//! Law: a strip does not depend on how the scene is cut into strips; scenes may be painted in any order.
//! Source: the order ground, blur and shift, light, noise follows the way of the light to a Level-2A product.

use super::SimulateError;
use super::ground::{GREEN, Ground, LITTER, Spectrum, pair};
use super::look::{Day, Look, look};
use super::noise::{Field, fraction, key, ramp, scramble};
use super::parcel::{Land, Patch};
use super::season::{Moment, Season, growth};
use super::sky::{CLOUD, DEEP, MEDIUM, SNOW, SNOWY, Sky, THICK, in_shadow};
use super::stress::Burden;
use super::world::World;
use crate::date::Date;

/// Rows and columns beyond a strip that blur and shift may reach.
const REACH: usize = 6;

/// How much of the full cosine effect of a slope is left after terrain correction and diffuse light (assumed).
const SHADING: f32 = 0.55;

/// Paints the scenes of one world.
pub struct Painter<'a> {
    world: &'a World,
    /// What does not change.
    pub ground: Ground,
    /// Rain and greening.
    pub season: Season,
    /// Red lines and patches.
    pub land: Land,
    /// Acquisition dates.
    pub dates: Vec<Date>,
}

/// Everything about one acquisition.
pub struct Exposure {
    /// Index of the scene.
    pub index: usize,
    /// Its date.
    pub date: Date,
    /// The season on that day.
    pub moment: Moment,
    /// Its sky.
    pub sky: Sky,
    /// What the world's stress does to it.
    pub burden: Burden,
    looks: Vec<Look>,
    grazing: Vec<f32>,
    /// Weights of blur and shift, 10 m and 20 m bands: rows, columns.
    kernels: [[[f32; 2 * REACH + 1]; 2]; 2],
}

/// Some rows of a scene.
pub struct Strip {
    /// First row.
    pub row0: usize,
    /// Number of rows.
    pub rows: usize,
    /// B02 B03 B04 B08 B11 B12 SCL, each `rows` x columns.
    pub planes: Vec<Vec<u16>>,
}

/// Reflectance of rows of ground, padded by `REACH` columns on both sides.
struct Surface {
    first: usize,
    rows: usize,
    width: usize,
    bands: [Vec<f32>; 6],
}

/// Buffers of one row of season.
struct Weather {
    water: Vec<f32>,
    this: Vec<f32>,
    last: Vec<f32>,
    topsoil: Vec<f32>,
    flicker: Vec<f32>,
}

impl<'a> Painter<'a> {
    /// Prepares a world: checks it and draws all that does not depend on the date.
    pub fn new(world: &'a World) -> Result<Self, SimulateError> {
        world.check()?;
        let ground = Ground::new(world);
        let dates = world.dates();
        let land = Land::new(world, &ground, &dates);
        Ok(Self { world, ground, season: Season::new(world), land, dates })
    }

    /// Prepares the acquisition of scene `index`.
    pub fn expose(&self, index: usize) -> Exposure {
        let (world, date) = (self.world, self.dates[index]);
        let year = index / world.scenes_per_year;
        let moment = self.season.moment(year, date);
        let mut here = [0.0];
        let looks = self.land.patches.iter().map(|patch| {
            let (row, col) = self.middle(patch);
            moment.this_peak.read_row(row, (0, col as isize), &mut here);
            look(patch, Day { seed: world.seed, date, year, water: here[0], green: moment.green.0 })
        });
        let looks = looks.collect();
        let sky = Sky::new(world, index, date);
        let burden = Burden::of(world, index, date);
        let shift = (sky.shift.0 + burden.shift.0, sky.shift.1 + burden.shift.1);
        let kernel = |blur: f64| [bell(blur, shift.0), bell(blur, shift.1)];
        let kernels = [1.0, 2.0].map(|part| kernel((part * world.blur_px).max(burden.least_blur)));
        Exposure { index, date, looks, grazing: self.ground.grazing(year), moment, sky, burden, kernels }
    }

    fn middle(&self, patch: &Patch) -> (usize, usize) {
        let inside = |value: f64, limit: usize| (value.max(0.0) as usize).min(limit - 1);
        (inside(patch.shape.centre.0, self.world.rows), inside(patch.shape.centre.1, self.world.cols))
    }

    /// Paints rows `row0..row0 + rows` of an acquisition; `row0` is even, so that the mask's 20 m cells fit.
    pub fn strip(&self, exposure: &Exposure, row0: usize, rows: usize) -> Strip {
        let rows = rows.min(self.world.rows - row0);
        let first = row0.saturating_sub(REACH);
        let last = (row0 + rows + REACH).min(self.world.rows);
        let mut surface = self.steppe(exposure, first, last - first);
        self.lay_patches(exposure, &mut surface);
        self.snow(exposure, &mut surface);
        surface.pad();
        let plane = |_| Vec::with_capacity(rows * self.world.cols);
        let mut strip = Strip { row0, rows, planes: (0..7).map(plane).collect() };
        let mut light = vec![vec![0.0_f32; self.world.cols]; 6];
        for row in row0..row0 + rows {
            for (band, values) in light.iter_mut().enumerate() {
                surface.blurred_row(band, row, &exposure.kernels[usize::from(band > 3)], values);
            }
            self.expose_row(exposure, row, &mut light, &mut strip);
        }
        strip
    }

    /// Steppe without patches: green plants, litter and soil, moist or dry, on their slopes.
    fn steppe(&self, exposure: &Exposure, first: usize, rows: usize) -> Surface {
        let (cols, width) = (self.world.cols, self.world.cols + 2 * REACH);
        let mut surface =
            Surface { first, rows, width, bands: std::array::from_fn(|_| vec![0.0; rows * width]) };
        let line = || vec![0.0_f32; cols];
        let mut weather =
            Weather { water: line(), this: line(), last: line(), topsoil: line(), flicker: line() };
        for row in 0..rows {
            let read = |field: &Field, out: &mut [f32]| field.read_row(first + row, (0, 0), out);
            read(&exposure.moment.water, &mut weather.water);
            read(&exposure.moment.this_peak, &mut weather.this);
            read(&exposure.moment.last_peak, &mut weather.last);
            read(&exposure.moment.topsoil, &mut weather.topsoil);
            read(&exposure.moment.flicker, &mut weather.flicker);
            let start = row * width + REACH;
            for col in 0..cols {
                let colours = self.steppe_pixel(exposure, (first + row) * cols + col, &weather, col);
                for (band, value) in surface.bands.iter_mut().zip(colours) {
                    band[start + col] = value;
                }
            }
        }
        surface
    }

    #[inline]
    fn steppe_pixel(&self, exposure: &Exposure, index: usize, weather: &Weather, col: usize) -> Spectrum {
        let (ground, moment) = (&self.ground, &exposure.moment);
        let response = ground.response[index];
        let grown = |water: f32| growth((1.0 + response * (water - 1.0)).max(0.05));
        let grazing = exposure.grazing[usize::from(ground.paddock[index])];
        let cover = ground.cover[index];
        let phase = moment.green.0 + ground.shrub[index] * (moment.green.1 - moment.green.0);
        let flicker = (1.0 + 0.07 * weather.flicker[col]) * grazing;
        let green = cover * (0.04 + 0.96 * phase) * grown(weather.water[col]) * flicker;
        let standing =
            moment.litter.0 * grown(weather.last[col]) + moment.litter.1 * grown(weather.this[col]);
        let litter = cover * 1.15 * standing * grazing;
        let scale = 0.95 / (green + litter).max(0.95);
        let (green, litter) = (green * scale, litter * scale);
        let bare = 1.0 - green - litter;
        let wet = weather.topsoil[col];
        let (dark, dark_swir) = (bare * (1.0 - 0.24 * wet), bare * (1.0 - 0.38 * wet));
        let light = 1.0 + ground.slope[index] * moment.slant * SHADING;
        let soil = ground.soil(index);
        std::array::from_fn(|band| {
            let bare = if band > 3 { dark_swir } else { dark };
            light * (bare * soil[band] + green * GREEN[band] + litter * LITTER[band])
        })
    }

    /// Lays every patch that shows on this day over the steppe.
    fn lay_patches(&self, exposure: &Exposure, surface: &mut Surface) {
        for (patch, look) in self.land.patches.iter().zip(&exposure.looks) {
            if look.amount <= 0.0 {
                continue;
            }
            let row = |row: usize| patch.cells.partition_point(|cell| (cell.row as usize) < row);
            for cell in &patch.cells[row(surface.first)..row(surface.first + surface.rows)] {
                let place = (cell.row as usize, cell.col as usize);
                let index = place.0 * self.world.cols + place.1;
                let amount =
                    cell.cover * look.amount * ramp(look.grow - cell.ring, -0.06, 0.06).max(whole(look));
                let colour = self.colour(look, patch.number, place);
                let soil =
                    if patch.kind.turns_soil() { self.ground.tilled(index) } else { self.ground.soil(index) };
                let light = 1.0 + self.ground.slope[index] * exposure.moment.slant * SHADING;
                let at = (place.0 - surface.first) * surface.width + REACH + place.1;
                for (band, plane) in surface.bands.iter_mut().enumerate() {
                    let fresh = light * (colour.0 * soil[band] + colour.1[band]);
                    plane[at] += amount * (fresh - plane[at]);
                }
            }
        }
    }

    /// Share of soil and added colour of one pixel of a patch, blotched and slightly uneven.
    fn colour(&self, look: &Look, number: usize, (row, col): (usize, usize)) -> (f32, Spectrum) {
        let base = key(self.world.seed, "blotch", number as u64, 0);
        // Blotches of 3 x 3 pixels, unevenness of single ones.
        let blotch = fraction(scramble(base ^ pair((row / 3, col / 3)))) < look.blotch.1;
        let uneven = 1.0 + 0.03 * (2.0 * fraction(scramble(base ^ pair((row, col)))) - 1.0);
        if blotch {
            return (0.0, look.blotch.0.map(|value| value * uneven));
        }
        (look.soil.0 * look.soil.1 * uneven, look.add.map(|value| value * uneven))
    }

    fn snow(&self, exposure: &Exposure, surface: &mut Surface) {
        let mut share = vec![0.0; self.world.cols];
        for (snow, row) in [&exposure.sky.snow, &exposure.burden.snow]
            .into_iter()
            .flatten()
            .flat_map(|snow| (0..surface.rows).map(move |row| (snow, row)))
        {
            snow.read_row(surface.first + row, (0, 0), &mut share);
            for (band, plane) in surface.bands.iter_mut().enumerate() {
                let start = row * surface.width + REACH;
                for (value, share) in plane[start..start + self.world.cols].iter_mut().zip(&share) {
                    *value += share * (SNOW[band] - *value);
                }
            }
        }
    }

    /// Light, haze, clouds, noise and rounding of one row; then its mask.
    fn expose_row(&self, exposure: &Exposure, row: usize, light: &mut [Vec<f32>], strip: &mut Strip) {
        let (cols, sky) = (self.world.cols, &exposure.sky);
        let line = |field: Option<&Field>, shift| {
            field.map(|field| {
                let mut values = vec![0.0_f32; cols];
                field.read_row(row, shift, &mut values);
                values
            })
        };
        let haze = line(Some(&sky.haze.0), (0, 0)).unwrap_or_default();
        let cloud = line(sky.cloud.as_ref(), (0, 0));
        let shadow = line(sky.cloud.as_ref(), sky.cast);
        for (band, values) in light.iter_mut().enumerate() {
            let (gain, offset, tint) = (sky.gain[band], sky.offset[band], sky.haze.1[band]);
            if let Some(shadow) = &shadow {
                values.iter_mut().zip(shadow).for_each(|(value, depth)| *value *= in_shadow(band, *depth));
            }
            for (value, haze) in values.iter_mut().zip(&haze) {
                let veil = tint * haze;
                *value = *value * gain * (1.0 - veil) + offset + veil;
            }
            if let Some(cloud) = &cloud {
                values
                    .iter_mut()
                    .zip(cloud)
                    .for_each(|(value, opacity)| *value += opacity * (CLOUD[band] - *value));
            }
        }
        exposure.burden.seen_through(row, light);
        self.round_row(exposure, row, light, strip);
        let snow = line(sky.snow.as_ref(), (0, 0));
        self.mask_row(row, [cloud, shadow, snow], strip);
    }

    /// Sensor noise (triangular, as ten bits a band of one hash) and rounding to digital numbers.
    fn round_row(&self, exposure: &Exposure, row: usize, light: &[Vec<f32>], strip: &mut Strip) {
        let base = key(self.world.seed, "sensor", exposure.index as u64, row as u64);
        // The sum of two numbers 0..=31 has mean 31 and deviation 13.06.
        let unit = (self.world.noise * 10_000.0 / 13.06) as f32;
        let step = f32::from(self.world.number_step);
        for col in 0..self.world.cols {
            let bits = scramble(base ^ col as u64);
            for (band, values) in light.iter().enumerate() {
                let ten = (bits >> (10 * band)) as u32 & 1023;
                let noise = unit * ((ten & 31) as f32 + (ten >> 5) as f32 - 31.0);
                let number = ((values[col] * 10_000.0 + noise) / step).round() * step;
                // Zero means "not observed" and is never a measurement.
                strip.planes[band].push(number.clamp(step, 20_000.0) as u16);
            }
        }
    }

    /// SCL in cells of 20 m: what Sen2Cor would see, blind to thin edges.
    fn mask_row(&self, row: usize, [cloud, shadow, snow]: [Option<Vec<f32>>; 3], strip: &mut Strip) {
        let cols = self.world.cols;
        let start = (row - strip.row0) * cols;
        if row % 2 == 1 {
            strip.planes[6].extend_from_within(start - cols..start);
            return;
        }
        let at = |line: &Option<Vec<f32>>, col: usize| line.as_ref().map_or(0.0, |line| line[col]);
        for col in 0..cols {
            let cell = col & !1;
            let number = |band: usize| f32::from(strip.planes[band][start + cell]);
            let (opacity, depth) = (at(&cloud, cell), at(&shadow, cell));
            let class = if opacity > THICK {
                9
            } else if opacity > MEDIUM {
                8
            } else if depth > DEEP {
                3
            } else if at(&snow, cell) > SNOWY {
                11
            } else if number(4) < 500.0 && number(1) > number(4) {
                6
            } else if number(3) - number(2) > 0.30 * (number(3) + number(2)) {
                4
            } else {
                5
            };
            strip.planes[6].push(class);
        }
    }
}

/// Whether the patch stands at its full outline (no growth to follow).
fn whole(look: &Look) -> f32 {
    if look.grow > 1.2 { 1.0 } else { 0.0 }
}

/// Weights of a bell of this deviation about a shift, normalised, by a rational form of the normal curve.
fn bell(deviation: f64, shift: f64) -> [f32; 2 * REACH + 1] {
    let weight = |tap: usize| {
        let at = (tap as f64 - REACH as f64 - shift) / deviation;
        let half = 0.5 * at * at / 8.0;
        // exp(-x) as (1 / (1 + y + y2/2 + y3/6))^8 with y = x/8: the same bits on every machine.
        let part = 1.0 / (1.0 + half + half * half / 2.0 + half * half * half / 6.0);
        part * part * part * part * part * part * part * part
    };
    let weights: [f64; 2 * REACH + 1] = std::array::from_fn(weight);
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| if weight / sum < 1e-4 { 0.0 } else { (weight / sum) as f32 })
}

impl Surface {
    /// Repeats the border columns outward.
    fn pad(&mut self) {
        for plane in &mut self.bands {
            for row in plane.chunks_exact_mut(self.width) {
                let (left, right) = (row[REACH], row[self.width - REACH - 1]);
                row[..REACH].fill(left);
                row[self.width - REACH..].fill(right);
            }
        }
    }

    /// One row as the sensor blurs and shifts it.
    fn blurred_row(&self, band: usize, row: usize, kernels: &[[f32; 2 * REACH + 1]; 2], out: &mut [f32]) {
        let mut column = vec![0.0_f32; self.width];
        for (tap, weight) in kernels[0].iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let from = (row + tap).saturating_sub(REACH).clamp(self.first, self.first + self.rows - 1);
            let source = &self.bands[band][(from - self.first) * self.width..][..self.width];
            column.iter_mut().zip(source).for_each(|(sum, value)| *sum += weight * value);
        }
        out.fill(0.0);
        for (tap, weight) in kernels[1].iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            out.iter_mut().zip(&column[tap..]).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::world::Rain;

    fn tiny(rain: Rain) -> World {
        let world = World { rows: 128, cols: 128, noise: 0.0, cloudy_share: 0.0, ..World::small(9) };
        world.with_rain(rain)
    }

    /// Mean NDVI of the ground without patches in the last year's scene nearest to a day.
    fn ndvi(world: &World, day: i16) -> f64 {
        let painter = Painter::new(world).unwrap();
        let distance = |index: &usize| (painter.dates[*index].day_of_year() - day).abs();
        let index = (56..70).min_by_key(distance).unwrap();
        let strip = painter.strip(&painter.expose(index), 0, 128);
        let numbers = strip.planes[2].iter().zip(&strip.planes[3]);
        let each = numbers.map(|(red, nir)| (f64::from(*nir) - f64::from(*red)) / f64::from(nir + red));
        each.sum::<f64>() / strip.planes[2].len() as f64
    }

    #[test]
    fn a_dry_year_lowers_the_summer_ndvi_and_both_stay_in_the_range_of_desert_steppe() {
        let (dry, wet) = (ndvi(&tiny(Rain::Dry), 220), ndvi(&tiny(Rain::Wet), 220));
        assert!(dry + 0.03 < wet, "{dry} {wet}");
        assert!((0.10..0.30).contains(&dry) && (0.15..0.40).contains(&wet), "{dry} {wet}");
        let spring = ndvi(&tiny(Rain::Normal), 110);
        assert!((0.08..0.20).contains(&spring), "{spring}");
    }

    #[test]
    fn a_strip_does_not_depend_on_how_the_scene_is_cut() {
        let world = World { cloudy_share: 1.0, ..tiny(Rain::Normal) };
        let painter = Painter::new(&world).unwrap();
        let exposure = painter.expose(61);
        let whole = painter.strip(&exposure, 0, 128);
        for row0 in (0..128).step_by(32) {
            let part = painter.strip(&exposure, row0, 32);
            for (part, whole) in part.planes.iter().zip(&whole.planes) {
                assert_eq!(part[..], whole[row0 * 128..(row0 + 32) * 128]);
            }
        }
    }

    #[test]
    fn bright_cloud_edges_pass_the_mask_as_clear() {
        let world = World { cloudy_share: 1.0, ..tiny(Rain::Normal) };
        let painter = Painter::new(&world).unwrap();
        let clear = Painter::new(&world).unwrap();
        let mut unmasked = 0;
        for index in 56..70 {
            let mut bare = clear.expose(index);
            bare.sky.cloud = None;
            let cloudy = painter.strip(&painter.expose(index), 0, 128);
            let without = clear.strip(&bare, 0, 128);
            let blue = cloudy.planes[0].iter().zip(&without.planes[0]);
            let brighter = blue.map(|(cloudy, clear)| *cloudy > clear + 300);
            let kept = cloudy.planes[6].iter().map(|class| matches!(class, 4 | 5));
            unmasked += brighter.zip(kept).filter(|(brighter, kept)| *brighter && *kept).count();
        }
        assert!(unmasked > 200, "{unmasked}");
    }

    #[test]
    fn the_bell_has_its_deviation_and_its_shift() {
        let weights = bell(1.0, 0.4);
        let at = |tap: usize| tap as f64 - REACH as f64;
        let mean: f64 = weights.iter().enumerate().map(|(tap, w)| f64::from(*w) * at(tap)).sum();
        let spread: f64 =
            weights.iter().enumerate().map(|(tap, w)| f64::from(*w) * (at(tap) - mean).powi(2)).sum();
        assert!((mean - 0.4).abs() < 0.02 && (spread.sqrt() - 1.0).abs() < 0.1, "{mean} {spread}");
    }
}
