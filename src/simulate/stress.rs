//! What makes a simulated world hard: drought, cloud, a shift, another sensor, missing years, dust, snow.
//!
//! In:  a world and a name. Out: what the stress changes of years, land, dates and single scenes (`Burden`).
//! Law: without a stress nothing changes, to the byte; under one, every draw of the quiet world stays what it was, so
//! that a cell of the stress grid differs from the quiet world of its seed by the stress alone.
//! Source: the list of `reference/science.md` 6.7 (stress grid); strengths noted beside each constant.

use serde::Serialize;

use super::ground::Spectrum;
use super::noise::{Draw, Field, Grain, key, ramp};
use super::parcel::{Kind, Land, onset};
use super::shape::{Cell, Shape, direction};
use super::sky::DUST;
use super::world::World;
use crate::date::Date;

/// Levels between which the edge of a cloud deck is drawn, in deviations of its noise.
pub const CLOUD_LEVELS: (f64, f64) = (-0.1, 1.5);
/// The same where every scene has clouds and they take 0.7 of the ground on average (a test holds it).
const DECK_LEVELS: (f64, f64) = (-1.7, 0.3);
/// Years of look-back that a short history keeps.
pub const SHORT_HISTORY: usize = 2;
/// Shift of all target scenes under `Stress::Shift`, pixels, in one direction drawn by the seed.
pub const SHIFT_PX: f64 = 0.5;
/// From Sentinel-2A to Landsat 8 by band: slope and offset of the bandpass adjustment of Harmonized Landsat Sentinel-2
/// (HLS product guide, B02 B03 B04 B8A B11 B12).
const TO_OLI: [(f32, f32); 6] = [
    (0.9778, -0.0040),
    (1.0053, -0.0009),
    (0.9765, 0.0009),
    (0.9983, -0.0001),
    (0.9987, -0.0011),
    (1.0030, -0.0012),
];
/// What a narrow near infrared band sees more of green plants than the broad B08, which reaches into the red edge: share
/// of near infrared less red (assumed).
const NARROW_NIR: f32 = 0.05;
/// Point spread of a 30 m pixel on the 10 m grid, pixels: a box of 3 pixels deviates by 0.87, with the optics about 1.
const COARSE_PX: f64 = 1.0;
/// Side of the block that is broken under `Stratum30`, pixels: one donor pool of `baseline::CELL` and its rings.
const POOL_PX: usize = 256;
/// Side of its fields and the open ground between two of them, pixels (22 mu, 30 m).
const FIELD_PX: (f64, f64) = (12.0, 3.0);
/// Share of the block that is broken.
const BROKEN: f64 = 0.30;
/// Chance of a scene to be hazy or to have snow patches, and strength in red reflectance or share of snow (assumed: a
/// dusty scene of the Gobi's margin in spring adds 0.05 and more in the red, above what Sen2Cor removes).
const HAZE: (f64, f64, f64) = (0.33, 0.05, 0.15);
/// The same of snow, for scenes before 20 May or from October on.
const SNOW: (f64, f64, f64) = (0.40, 0.20, 0.60);

/// What makes a world hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stress {
    /// Rain of the target years times 0.5.
    Drought,
    /// Rain of the target years times 1.5.
    Wet,
    /// Every scene cloudy, 0.7 of the ground on average.
    Cloud70,
    /// Target scenes half a pixel off.
    Shift,
    /// Target scenes from a sensor like Landsat 8.
    Sensor,
    /// No scene of one season of the target year: spring, summer or autumn by the seed modulo 3.
    SeasonMissing,
    /// No scenes but of the last two years of look-back and of the target years.
    ShortHistory,
    /// 0.3 of the ground of one donor pool broken in the target year.
    Stratum30,
    /// Dust that the mask does not know in a third of all scenes.
    Haze,
    /// Patches of snow that the mask does not know in spring and autumn.
    Snow,
}

impl Stress {
    /// Every stress, in the order of the grid.
    pub const ALL: [Stress; 10] = [
        Stress::Drought,
        Stress::Wet,
        Stress::Cloud70,
        Stress::Shift,
        Stress::Sensor,
        Stress::SeasonMissing,
        Stress::ShortHistory,
        Stress::Stratum30,
        Stress::Haze,
        Stress::Snow,
    ];

    /// Name on the command line, and in words.
    const fn told(self) -> (&'static str, &'static str) {
        match self {
            Stress::Drought => ("drought", "rain of the target year times 0.5"),
            Stress::Wet => ("wet", "rain of the target year times 1.5"),
            Stress::Cloud70 => ("cloud70", "clouds over 0.7 of the ground on average"),
            Stress::Shift => ("shift", "target scenes half a pixel off"),
            Stress::Sensor => ("sensor", "target scenes from a sensor like Landsat 8"),
            Stress::SeasonMissing => ("season-missing", "no scene of one season of the target year"),
            Stress::ShortHistory => ("short-history", "two years of look-back only"),
            Stress::Stratum30 => ("stratum30", "0.3 of one donor pool broken in the target year"),
            Stress::Haze => ("haze", "dust that the mask does not know in a third of the scenes"),
            Stress::Snow => ("snow", "patches of snow that the mask does not know in spring and autumn"),
        }
    }

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.told().0
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        self.told().1
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Stress> {
        Self::ALL.into_iter().find(|stress| stress.name() == text)
    }

    /// What `--stress` may be, as a sentence.
    pub fn expected() -> String {
        format!("--stress is one of {}", Self::ALL.map(Stress::name).join(", "))
    }

    /// Changes the parameters of a world whose rain is drawn.
    pub fn burden_years(self, world: &mut World) {
        let factor = match self {
            Stress::Drought => 0.5,
            Stress::Wet => 1.5,
            _ => 1.0,
        };
        for rain in world.rain.iter_mut().skip(world.baseline_years) {
            *rain = (*rain * factor).clamp(0.1, 3.0);
        }
        if self == Stress::Cloud70 {
            world.cloudy_share = 1.0;
        }
    }

    /// Levels between which the edge of a cloud deck is drawn.
    pub fn cloud_levels(self) -> (f64, f64) {
        if self == Stress::Cloud70 { DECK_LEVELS } else { CLOUD_LEVELS }
    }

    /// Years at the beginning of which no scene is kept.
    pub fn years_not_kept(self, world: &World) -> usize {
        if self == Stress::ShortHistory { world.baseline_years.saturating_sub(SHORT_HISTORY) } else { 0 }
    }

    /// Whether scene `index` of a date is written.
    pub fn keeps(self, world: &World, index: usize, date: Date) -> bool {
        let year = index / world.scenes_per_year;
        let (first, last) = match world.seed % 3 {
            0 => (1, 5),
            1 => (6, 8),
            _ => (9, 12),
        };
        let is_missing = self == Stress::SeasonMissing
            && year >= world.baseline_years
            && (first..=last).contains(&date.month());
        year >= self.years_not_kept(world) && !is_missing
    }
}

/// Breaks 0.3 of one donor pool: square fields about the middle of the world, of which some are left, clear of what
/// else lies there.
pub(super) fn break_ground(world: &World, land: &mut Land, target: &[Date]) {
    let mut draw = Draw::new(world.seed, "broken ground", 0, 0);
    let taken = taken(world, land);
    let step = FIELD_PX.0 + FIELD_PX.1;
    let pool = |side: usize| side.min(POOL_PX) as f64;
    let (rows, cols) = (pool(world.rows), pool(world.cols));
    let middles = |side: usize| {
        let corner = 0.5 * (side as f64 - pool(side));
        (0..(pool(side) / step) as usize).map(move |index| corner + (index as f64 + 0.5) * step)
    };
    let mut places: Vec<(f64, f64)> =
        middles(world.rows).flat_map(|row| middles(world.cols).map(move |col| (row, col))).collect();
    let mut left = BROKEN * rows * cols;
    while left > 0.0 && !places.is_empty() {
        let place = places.swap_remove(draw.below(places.len()));
        let shape = Shape::rectangle(place, FIELD_PX.0, FIELD_PX.0, (0.0, 1.0));
        let kind = if draw.chance(0.6) { Kind::Rainfed } else { Kind::Irrigated };
        let begins = onset(kind, target, &mut draw);
        let is_free = !shape.cells(world.rows, world.cols).iter().any(|cell| taken[at(world, cell)]);
        if is_free && land.red_lines.iter().any(|line| shape.ring.iter().all(|point| line.contains(*point))) {
            left -= shape.area();
            land.add(world, kind, shape, begins);
        }
    }
}

fn at(world: &World, cell: &Cell) -> usize {
    cell.row as usize * world.cols + cell.col as usize
}

/// Pixels that some patch touches, or that lie within `FIELD_PX.1` of one.
fn taken(world: &World, land: &Land) -> Vec<bool> {
    let reach = FIELD_PX.1 as usize;
    let mut taken = vec![false; world.rows * world.cols];
    for cell in land.patches.iter().flat_map(|patch| &patch.cells) {
        let (row, col) = (cell.row as usize, cell.col as usize);
        let cols = col.saturating_sub(reach)..(col + reach + 1).min(world.cols);
        for row in row.saturating_sub(reach)..(row + reach + 1).min(world.rows) {
            taken[row * world.cols + cols.start..row * world.cols + cols.end].fill(true);
        }
    }
    taken
}

/// What a stress does to one scene.
pub struct Burden {
    /// Shift besides that of the sky, pixels (rows, columns).
    pub shift: (f64, f64),
    /// Least point spread, pixels.
    pub least_blur: f64,
    /// Snow that the mask does not know, share of the ground.
    pub snow: Option<Field>,
    /// Dust that it does not know, in units of red reflectance.
    dust: Option<Field>,
    /// Whether the sensor is another.
    is_other_sensor: bool,
}

impl Burden {
    /// Draws what scene `index` of a date bears.
    pub fn of(world: &World, index: usize, date: Date) -> Self {
        let is_target = index / world.scenes_per_year >= world.baseline_years;
        let under = |stress: Stress| world.stress == Some(stress);
        let mut shift = (0.0, 0.0);
        if is_target && under(Stress::Shift) {
            let along = direction(&mut Draw::new(world.seed, "target shift", 0, 0));
            shift = (world.target_shift_px * along.0, world.target_shift_px * along.1);
        }
        let is_other_sensor = is_target && under(Stress::Sensor);
        let is_cold = date.day_of_year() < 140 || date.month() >= 10;
        Self {
            shift,
            least_blur: if is_other_sensor { COARSE_PX } else { 0.0 },
            snow: (under(Stress::Snow) && is_cold).then(|| veil(world, index, (SNOW, 90.0))).flatten(),
            dust: under(Stress::Haze).then(|| veil(world, index, (HAZE, 300.0))).flatten(),
            is_other_sensor,
        }
    }

    /// What becomes of a row of reflectance B02 B03 B04 B08 B11 B12 on its way into the numbers.
    pub fn seen_through(&self, row: usize, light: &mut [Vec<f32>]) {
        if let Some(dust) = &self.dust {
            let mut amount = vec![0.0_f32; light[0].len()];
            dust.read_row(row, (0, 0), &mut amount);
            for (values, colour) in light.iter_mut().zip(DUST) {
                values.iter_mut().zip(&amount).for_each(|(value, dust)| {
                    let veil = colour * dust;
                    *value = *value * (1.0 - veil) + veil;
                });
            }
        }
        if self.is_other_sensor {
            for col in 0..light[0].len() {
                let seen = in_other_bands(std::array::from_fn(|band| light[band][col]));
                light.iter_mut().zip(seen).for_each(|(values, value)| values[col] = value);
            }
        }
    }
}

/// Reflectance as the other sensor's bands see it.
fn in_other_bands(mut seen: Spectrum) -> Spectrum {
    seen[3] += NARROW_NIR * (seen[3] - seen[2]);
    std::array::from_fn(|band| TO_OLI[band].0 * seen[band] + TO_OLI[band].1)
}

/// Patches of a veil over some scenes: chance, least and most strength, and their size in pixels.
fn veil(world: &World, index: usize, ((chance, least, most), size): ((f64, f64, f64), f32)) -> Option<Field> {
    let mut draw = Draw::new(world.seed, "veil", index as u64, 0);
    if !draw.chance(chance) {
        return None;
    }
    let (strength, edge) = (draw.between(least, most) as f32, draw.between(-0.8, 0.8) as f32);
    let noise = key(world.seed, "veil field", index as u64, 0);
    let field = Field::level(world.rows, world.cols, 4, 0).with_noise(noise, Grain::new(size, 4));
    Some(field.map(|value| strength * ramp(value, edge - 0.5, edge + 0.7)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Rain;
    use crate::simulate::scene::Painter;

    fn world(stress: Stress) -> World {
        let world = World { rows: 128, cols: 128, ..World::small(5) }.with_rain(Rain::Normal);
        world.under(Some(stress))
    }

    fn planes(world: &World, index: usize) -> Vec<Vec<u16>> {
        let painter = Painter::new(world).unwrap();
        painter.strip(&painter.expose(index), 0, 128).planes
    }

    #[test]
    fn every_stress_has_a_name_that_is_read_back() {
        assert!(Stress::ALL.iter().all(|stress| Stress::parse(stress.name()) == Some(*stress)));
        assert_eq!(Stress::parse("flood"), None);
        assert!(Stress::expected().contains("season-missing"));
    }

    #[test]
    fn drought_halves_the_rain_of_the_target_year_and_no_other() {
        let quiet = World::small(5).with_rain(Rain::Normal);
        let dry = quiet.clone().under(Some(Stress::Drought));
        assert_eq!(dry.rain[..4], quiet.rain[..4]);
        assert!((dry.rain[4] / quiet.rain[4] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn clouds_take_seven_tenths_of_the_ground() {
        let world = World { rows: 384, cols: 384, ..World::small(5) }.under(Some(Stress::Cloud70));
        let painter = Painter::new(&world).unwrap();
        let (mut seen, mut all) = (0, 0);
        for index in 0..painter.dates.len() {
            let cloud = painter.expose(index).sky.cloud.unwrap();
            all += cloud.values.len();
            seen += cloud.values.iter().filter(|opacity| **opacity < super::super::sky::MEDIUM).count();
        }
        let share = 1.0 - seen as f64 / all as f64;
        assert!((0.64..0.76).contains(&share), "{share}");
    }

    #[test]
    fn a_shift_a_sensor_leave_the_look_back_alone_and_change_the_target() {
        let quiet = World { stress: None, ..world(Stress::Shift) };
        for stress in [Stress::Shift, Stress::Sensor] {
            assert_eq!(planes(&world(stress), 20), planes(&quiet, 20));
            assert_ne!(planes(&world(stress), 60), planes(&quiet, 60));
        }
    }

    #[test]
    fn dust_and_snow_change_pixels_that_the_mask_calls_clear() {
        for (stress, scenes) in [(Stress::Haze, 0..70), (Stress::Snow, 56..60)] {
            let quiet = World { stress: None, ..world(stress) };
            let mut veiled = 0;
            for index in scenes {
                let (with, without) = (planes(&world(stress), index), planes(&quiet, index));
                let brighter = |pixel: &usize| with[2][*pixel] > without[2][*pixel] + 200;
                let clear = |pixel: &usize| matches!(with[6][*pixel], 4 | 5);
                veiled += (0..with[0].len()).filter(|pixel| brighter(pixel) && clear(pixel)).count();
            }
            assert!(veiled > 2000, "{stress:?} {veiled}");
        }
    }

    #[test]
    fn missing_scenes_are_those_of_one_season_or_of_the_first_years() {
        let kept = |stress: Stress| {
            let world = world(stress);
            let dates = world.dates();
            let kept = (0..dates.len()).filter(|index| stress.keeps(&world, *index, dates[*index]));
            kept.map(|index| (dates[index].year(), dates[index].month())).collect::<Vec<_>>()
        };
        // Seed 5: autumn.
        let without_autumn = kept(Stress::SeasonMissing);
        assert!(without_autumn.iter().all(|(year, month)| *year < 2023 || *month < 9));
        assert!(without_autumn.contains(&(2022, 9)) && without_autumn.len() > 60);
        assert_eq!(kept(Stress::ShortHistory).len(), 42);
        assert!(world(Stress::ShortHistory).periods().0.starts_with("2021-01-01"));
    }

    #[test]
    fn broken_ground_is_three_tenths_of_a_pool_and_leaves_the_rest_where_it_was() {
        let quiet = World::small(5).with_rain(Rain::Normal);
        let stressed = quiet.clone().under(Some(Stress::Stratum30));
        let (quiet, stressed) = (Painter::new(&quiet).unwrap().land, Painter::new(&stressed).unwrap().land);
        let before = quiet.patches.len();
        assert!(quiet.patches.iter().zip(&stressed.patches).all(|(a, b)| a.shape.ring == b.shape.ring));
        let broken: f64 = stressed.patches[before..].iter().map(|patch| patch.shape.area()).sum();
        let share = broken / (256.0 * 256.0);
        assert!((0.2..0.33).contains(&share), "{share}");
    }
}
