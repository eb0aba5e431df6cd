//! How the steppe greens: rain by month and place, phenology by date, per-pixel response.
//!
//! In:  the world's rain years and a date. Out: `Moment`: the water and the seasonal weights of that day.
//! Law: rain is patchy per month (2 to 10 km); a pixel answers rain with its own slope, saturating.
//! Source: patchy rain and per-pixel response from the study's simulator; month shares are the summer-rain
//! regime of the Urad steppe (about 70 % from June to August); curve shapes assumed, tuned on pictures.

use super::noise::{Draw, Field, Grain, key, ramp};
use super::world::World;
use crate::date::Date;

/// Share of the growing season's rain, April to September. Assumed from the regional climate.
const MONTH_SHARE: [f32; 6] = [0.06, 0.10, 0.17, 0.27, 0.27, 0.13];

/// Day of the year in the middle of each of these months.
const MONTH_MIDDLE: [f32; 6] = [105.0, 135.0, 166.0, 196.0, 227.0, 258.0];

/// Pixels between the nodes of the rain fields (rain has no detail below a kilometre).
const RAIN_STEP: usize = 16;

/// Rain of every month as a field, over the climatic mean of that month.
pub struct Season {
    /// `[year][month]`, the year before the first one included at index 0.
    months: Vec<[Field; 6]>,
    /// Days by which each year's green-up runs late.
    lateness: Vec<f32>,
    seed: u64,
    size: (usize, usize),
}

/// The state of the season on one day; fields hold rain over what is usual for that day.
pub struct Moment {
    /// Index of the year, 0 for the first.
    pub year: usize,
    /// Day of the year.
    pub day: f32,
    /// Water for growth now.
    pub water: Field,
    /// Water at the peak of this year.
    pub this_peak: Field,
    /// Water at the peak of last year.
    pub last_peak: Field,
    /// Moist topsoil, 0 (dry) to 1 (just rained).
    pub topsoil: Field,
    /// Year-to-year flicker of annual plants, about 0 with deviation 1.
    pub flicker: Field,
    /// Green share of the peak for grasses and for shrubs, 0 to 1.
    pub green: (f32, f32),
    /// Weights of last year's and of this year's growth in the standing litter.
    pub litter: (f32, f32),
    /// Sun's height enters the shading of slopes: cotangent of the elevation at 11 o'clock.
    pub slant: f32,
}

impl Season {
    /// Draws the rain of all years.
    pub fn new(world: &World) -> Self {
        let size = (world.rows, world.cols);
        let years = std::iter::once(1.0).chain(world.rain.iter().copied());
        let months = years.enumerate().map(|(year, rain)| year_of_rain(world.seed, size, year, rain as f32));
        let lateness = |year: u64| 6.0 * Draw::new(world.seed, "lateness", year, 0).normal() as f32;
        Self {
            months: months.collect(),
            lateness: (0..world.years() as u64).map(lateness).collect(),
            seed: world.seed,
            size,
        }
    }

    /// The season's state on a day of year `year` (0 for the first).
    pub fn moment(&self, year: usize, date: Date) -> Moment {
        let day = f32::from(date.day_of_year());
        let late = day - self.lateness[year];
        let grass = ramp(late, 108.0, 208.0) * (1.0 - 0.93 * ramp(late, 232.0, 288.0));
        let shrub = ramp(late, 98.0, 165.0) * (1.0 - 0.93 * ramp(late, 250.0, 298.0));
        let (last, this) = (0.80 - 0.50 * ramp(day, 90.0, 300.0), 0.80 * ramp(day, 200.0, 300.0));
        let flicker = Field::level(self.size.0, self.size.1, 4, 0)
            .with_noise(key(self.seed, "flicker", year as u64, 0), Grain::new(48.0, 3));
        Moment {
            year,
            day,
            water: self.water(year + 1, day),
            this_peak: self.water(year + 1, 222.0),
            last_peak: self.water(year, 222.0),
            topsoil: self.topsoil(year, date),
            flicker,
            green: (grass, shrub),
            litter: (last, this),
            slant: 1.0 / sine_of_sun(day).tan_from_sine(),
        }
    }

    /// Rain that feeds growth on a day, over what is usual: a memory that peaks 20 days after the rain.
    fn water(&self, year: usize, day: f32) -> Field {
        let mut sum = Field::level(self.size.0, self.size.1, RAIN_STEP, 0);
        // Winter snow and last year's soil store count as a small usual share, so that spring is defined.
        let mut usual = 0.05;
        sum.values.iter_mut().for_each(|value| *value = usual);
        for month in 0..6 {
            let age = (day - MONTH_MIDDLE[month] + 15.0) / 20.0;
            let weight = if age > 0.0 { MONTH_SHARE[month] * age * decay(age) } else { 0.0 };
            usual += weight;
            for (value, rain) in sum.values.iter_mut().zip(&self.months[year][month].values) {
                *value += weight * rain;
            }
        }
        sum.map(|value| value / usual)
    }

    /// Showers of the last days wet the topsoil in patches in one scene of four (assumed).
    fn topsoil(&self, year: usize, date: Date) -> Field {
        let day = date.day_of_year() as u64;
        let mut draw = Draw::new(self.seed, "showers", year as u64, day);
        let level = Field::level(self.size.0, self.size.1, RAIN_STEP, 0);
        if !draw.chance(0.25) {
            return level;
        }
        let strength = draw.between(0.3, 1.0) as f32;
        let edge = draw.between(-0.8, 1.2) as f32;
        let noise = level.with_noise(key(self.seed, "shower field", year as u64, day), Grain::new(500.0, 3));
        noise.map(|value| strength * ramp(value, edge - 0.5, edge + 0.7))
    }
}

fn year_of_rain(seed: u64, size: (usize, usize), year: usize, rain: f32) -> [Field; 6] {
    let mut draw = Draw::new(seed, "months", year as u64, 0);
    let mut factor: [f32; 6] = std::array::from_fn(|_| (1.0 + 0.35 * draw.normal() as f32).clamp(0.25, 2.2));
    let total: f32 = factor.iter().zip(MONTH_SHARE).map(|(factor, share)| factor * share).sum();
    factor.iter_mut().for_each(|value| *value *= rain / total);
    let patch = |name, month: usize, grain| {
        Field::level(size.0, size.1, RAIN_STEP, 0)
            .with_noise(key(seed, name, year as u64, month as u64), grain)
    };
    let whole = patch("year of rain", 0, Grain::new(1000.0, 3));
    std::array::from_fn(|month| {
        let mut field = patch("month of rain", month, Grain::new(600.0, 3));
        for (value, year) in field.values.iter_mut().zip(&whole.values) {
            *value = factor[month] * (1.0 + 0.20 * year + 0.30 * *value).clamp(0.15, 2.2);
        }
        field
    })
}

/// exp(1 - age) from a rational function, so that every machine gets the same bits: exact at age 1,
/// within 4 % to age 4, then a thin tail.
fn decay(age: f32) -> f32 {
    let x = age - 1.0;
    if x < 0.0 {
        return 1.0 - x + 0.5 * x * x;
    }
    1.0 / (1.0 + x + 0.5 * x * x + x * x * x / 6.0)
}

/// Sine of the sun's elevation at 11 o'clock, latitude 41.6 N, as a parabola over the year (within 0.04).
fn sine_of_sun(day: f32) -> Sine {
    let year = (day - 172.0) / 182.5;
    Sine(0.92 - 0.50 * year * year)
}

struct Sine(f32);

impl Sine {
    fn tan_from_sine(self) -> f32 {
        self.0 / (1.0 - self.0 * self.0).sqrt()
    }
}

/// Growth that water allows, 1 at usual rain: 0.65 at half of it, 1.38 at double.
pub fn growth(water: f32) -> f32 {
    2.2 * water / (water + 1.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(field: &Field) -> f32 {
        field.values.iter().sum::<f32>() / field.values.len() as f32
    }

    #[test]
    fn a_dry_year_leaves_less_water_at_the_peak_than_a_wet_one() {
        let mut world = World::new(5);
        (world.rows, world.cols) = (600, 600);
        world.rain = vec![1.0, 1.0, 1.0, 0.55, 1.4];
        let season = Season::new(&world);
        let (dry, wet) = (mean(&season.water(4, 222.0)), mean(&season.water(5, 222.0)));
        assert!(dry < 0.8 && wet > 1.1, "{dry} {wet}");
    }

    #[test]
    fn august_is_green_and_april_is_not() {
        let season = Season::new(&World { rows: 64, cols: 64, ..World::new(2) });
        let (april, august) =
            (season.moment(0, Date::constant(2019, 4, 10)), season.moment(0, Date::constant(2019, 8, 8)));
        assert!(august.green.0 > 0.7 && april.green.0 < 0.1);
        assert!(april.slant > august.slant);
    }
}
