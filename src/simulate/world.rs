//! What a simulated steppe is made of: every parameter with its default, its unit and its source.
//!
//! In:  a seed and, where wanted, other numbers. Out: `World`, checked, and its acquisition dates.
//! Law: the same `World` gives the same pixels on every machine; nothing else steers the simulation.
//! Source: the study's own simulator (rain years, cloud share, misregistration) as noted per field;
//! "assumed" marks a choice made here by eye and by the plausibility of the pictures.

use serde::Serialize;

use super::SimulateError;
use super::mended;
use super::noise::Draw;
use super::stress::{self, Stress};
use crate::date::Date;
use crate::grid::{Crs, Grid};

/// Rain of the target year against the long-term mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rain {
    /// 0.55 of the mean: a drought year.
    Dry,
    /// The mean.
    Normal,
    /// 1.4 of the mean.
    Wet,
    /// One of 0.55, 0.8, 1.0, 1.4, by the seed modulo 4: ten seeds see wet and dry years.
    Mixed,
}

impl Rain {
    /// Reads `dry`, `normal`, `wet`, `mixed`.
    pub fn parse(text: &str) -> Option<Rain> {
        match text {
            "dry" => Some(Rain::Dry),
            "normal" => Some(Rain::Normal),
            "wet" => Some(Rain::Wet),
            "mixed" => Some(Rain::Mixed),
            _ => None,
        }
    }

    /// Rain per year over the mean: look-back years, then target years.
    ///
    /// The look-back repeats 1.0, 0.75, 1.35, 0.9 in an order that the seed turns, each with 5 % of scatter.
    /// Source: the study's simulator (its rain years), scatter assumed.
    pub fn years(self, seed: u64, baseline: usize, target: usize) -> Vec<f64> {
        let mut draw = Draw::new(seed, "rain years", 0, 0);
        let turn = draw.below(4);
        let mixed = [0.55, 0.8, 1.0, 1.4][(seed % 4) as usize];
        let aim = match self {
            Rain::Dry => 0.55,
            Rain::Normal => 1.0,
            Rain::Wet => 1.4,
            Rain::Mixed => mixed,
        };
        let past = (0..baseline).map(|year| [1.0, 0.75, 1.35, 0.9][(year + turn) % 4]);
        let mut years: Vec<f64> = past.chain((0..target).map(|_| aim)).collect();
        years.iter_mut().for_each(|rain| *rain *= 1.0 + 0.05 * draw.normal().clamp(-2.0, 2.0));
        years
    }
}

/// The parameters of a simulated steppe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct World {
    /// Decides every draw.
    pub seed: u64,
    /// Rows of 10 m pixels. Default 2000 (20 km).
    pub rows: usize,
    /// Columns of 10 m pixels. Default 2000 (20 km; with the rows 400 km2).
    pub cols: usize,
    /// Calendar year of the first scenes. Default 2019.
    pub first_year: i16,
    /// Years without conversion. Default 4 (study).
    pub baseline_years: usize,
    /// Years after them in which conversions may begin (the first of them). Default 1 (study).
    pub target_years: usize,
    /// Rain per year over the long-term mean, look-back years then target years. Default `Rain::Mixed`.
    pub rain: Vec<f64>,
    /// Acquisitions from 5 March to 25 November. Default 14 (study: 12; Sentinel-2 offers about 50,
    /// of which a technician keeps the less cloudy ones).
    pub scenes_per_year: usize,
    /// Conversions of at least 10 mu per 100 km2 of the whole world (red lines take about 0.83 of it).
    /// Default 2.0 (the county's 300 leads on 17 600 km2 are 1.7).
    pub parcels_per_100_km2: f64,
    /// Conversions of 3 to 10 mu per 100 km2, besides. Default 0.75 (assumed).
    pub small_parcels_per_100_km2: f64,
    /// Natural look-alikes of the target year per 100 km2. Default 8.0: four for each conversion (assumed).
    pub look_alikes_per_100_km2: f64,
    /// Old cropland clusters, settlements, pits and ponds per 100 km2. Default 2.5 (assumed).
    pub old_uses_per_100_km2: f64,
    /// Share of scenes with clouds. Default 0.35 (study).
    pub cloudy_share: f64,
    /// Standard deviation of the whole-scene shift per axis, pixels. Default 0.3 (study; Sentinel-2 L1C
    /// multi-temporal registration before refinement is of this order).
    pub shift_px: f64,
    /// Shift of all target scenes under `Stress::Shift`, pixels. Default 0.5.
    pub target_shift_px: f64,
    /// Standard deviation of the point spread of the 10 m bands, pixels; the 20 m bands have twice that.
    /// Default 0.5 (study).
    pub blur_px: f64,
    /// Standard deviation of sensor noise, reflectance. Default 0.002 (assumed, about SNR 100 on soil).
    pub noise: f64,
    /// Standard deviation of each scene's gain, as a share. Default 0.03 (assumed: L2A reflectance is
    /// specified to about 5 % + 0.005).
    pub gain: f64,
    /// Standard deviation of each scene's aerosol offset in the blue band, reflectance. Default 0.008 (assumed).
    pub haze: f64,
    /// Digital numbers are multiples of this (reflectance times 10 000). Default 4: a fifth of the noise,
    /// and files a fifth smaller.
    pub number_step: u16,
    /// What makes this world hard. Default none.
    pub stress: Option<Stress>,
    /// Whether converted ground is put right in the autumn of its year, one way or another. Default no.
    pub is_mended: bool,
}

/// Upper left corner of every simulated world in EPSG:32649, near 108.5 E 41.6 N (Urad Middle Banner).
const CORNER: (f64, f64) = (291_000.0, 4_609_000.0);

impl World {
    /// 20 x 20 km, four years of look-back and one of target: one seed of the benchmark.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rows: 2000,
            cols: 2000,
            first_year: 2019,
            baseline_years: 4,
            target_years: 1,
            rain: Rain::Mixed.years(seed, 4, 1),
            scenes_per_year: 14,
            parcels_per_100_km2: 2.0,
            small_parcels_per_100_km2: 0.75,
            look_alikes_per_100_km2: 8.0,
            old_uses_per_100_km2: 2.5,
            cloudy_share: 0.35,
            shift_px: 0.3,
            target_shift_px: stress::SHIFT_PX,
            blur_px: 0.5,
            noise: 0.002,
            gain: 0.03,
            haze: 0.008,
            number_step: 4,
            stress: None,
            is_mended: false,
        }
    }

    /// 3.84 x 3.84 km with some 12 conversions and 12 look-alikes: for the demo and for tests. Its density is
    /// forty times the real one, so its precision says nothing about the field.
    pub fn small(seed: u64) -> Self {
        Self {
            rows: 384,
            cols: 384,
            parcels_per_100_km2: 65.0,
            small_parcels_per_100_km2: 14.0,
            look_alikes_per_100_km2: 80.0,
            old_uses_per_100_km2: 14.0,
            ..Self::new(seed)
        }
    }

    /// The same with the rain of its years drawn again.
    pub fn with_rain(mut self, rain: Rain) -> Self {
        self.rain = rain.years(self.seed, self.baseline_years, self.target_years);
        self
    }

    /// The same under a stress; call it last. None changes nothing.
    pub fn under(mut self, stress: Option<Stress>) -> Self {
        self.stress = stress;
        if let Some(stress) = stress {
            stress.burden_years(&mut self);
        }
        self
    }

    /// The same with converted ground put right, and years enough to see what became of it; call it before `with_rain`.
    pub fn mended(mut self) -> Self {
        (self.is_mended, self.target_years) = (true, 1 + mended::YEARS);
        self
    }

    /// Rows and columns of a square world of this many square kilometres, in pixels.
    pub fn side_of(square_kilometres: f64) -> usize {
        (square_kilometres.max(0.0).sqrt() * 100.0).round() as usize
    }

    /// The grid of every scene.
    pub fn grid(&self) -> Grid {
        Grid {
            rows: self.rows,
            cols: self.cols,
            origin_x: CORNER.0,
            origin_y: CORNER.1,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs: Crs::epsg(32649),
        }
    }

    /// Ground covered, in units of 100 km2.
    pub fn hundreds_of_km2(&self) -> f64 {
        self.rows as f64 * self.cols as f64 * 1e-4 / 100.0
    }

    /// Look-back and target period, each as `FROM/TO`.
    pub fn periods(&self) -> (String, String) {
        let first = self.first_year + self.stress.map_or(0, |stress| stress.years_not_kept(self)) as i16;
        let last_past = i32::from(self.first_year) + self.baseline_years as i32 - 1;
        let last = last_past + self.target_years as i32;
        let baseline = format!("{first}-01-01/{last_past}-12-31");
        (baseline, format!("{}-01-01/{last}-12-31", last_past + 1))
    }

    /// Look-back and target years together.
    pub fn years(&self) -> usize {
        self.baseline_years + self.target_years
    }

    /// The number of things at a density per 100 km2: the whole part, and one more by the chance of the rest.
    pub fn count(&self, what: &str, density: f64) -> usize {
        let mean = density * self.hundreds_of_km2();
        let rest = Draw::new(self.seed, what, 1, 1).chance(mean.fract());
        mean as usize + usize::from(rest)
    }

    /// Refuses what cannot be simulated, with the reason.
    pub fn check(&self) -> Result<(), SimulateError> {
        let bad = |field, found: String, expected| Err(SimulateError::Parameter { field, found, expected });
        if !(64..=12_000).contains(&self.rows) || !(64..=12_000).contains(&self.cols) {
            return bad("rows x cols", format!("{} x {}", self.rows, self.cols), "64 to 12000 pixels a side");
        }
        if self.rain.len() != self.years() || self.rain.iter().any(|rain| !(0.1..=3.0).contains(rain)) {
            return bad("rain", format!("{:?}", self.rain), "one number from 0.1 to 3 per year");
        }
        if !(4..=24).contains(&self.scenes_per_year) {
            return bad("scenes_per_year", self.scenes_per_year.to_string(), "4 to 24");
        }
        if self.target_years == 0 || !(1..=30).contains(&self.years()) {
            return bad("years", self.years().to_string(), "1 to 30 with at least one target year");
        }
        let densities = [
            self.parcels_per_100_km2,
            self.small_parcels_per_100_km2,
            self.look_alikes_per_100_km2,
            self.old_uses_per_100_km2,
        ];
        if densities.iter().any(|density| !(0.0..=500.0).contains(density)) {
            return bad("per_100_km2", format!("{densities:?}"), "0 to 500");
        }
        let shifts = [self.shift_px, self.target_shift_px];
        if !(0.0..=1.0).contains(&self.cloudy_share) || shifts.iter().any(|px| !(0.0..=1.5).contains(px)) {
            let found = format!("{} and {shifts:?}", self.cloudy_share);
            return bad("cloudy_share, shift_px and target_shift_px", found, "0 to 1, and 0 to 1.5");
        }
        let radiometry = [self.noise, self.gain, self.haze];
        if radiometry.iter().any(|spread| !(0.0..=0.2).contains(spread)) || self.number_step == 0 {
            return bad(
                "noise, gain, haze",
                format!("{radiometry:?}"),
                "0 to 0.2, and a number step of 1 or more",
            );
        }
        if self.stress == Some(Stress::ShortHistory) && self.baseline_years <= stress::SHORT_HISTORY {
            return bad(
                "baseline_years",
                self.baseline_years.to_string(),
                "more than the two years that are kept",
            );
        }
        if !(0.2..=1.0).contains(&self.blur_px) {
            return bad("blur_px", self.blur_px.to_string(), "0.2 to 1.0");
        }
        Ok(())
    }

    /// Days of acquisition, in order: one in each equal slot from 5 March to 25 November, drawn within it.
    pub fn dates(&self) -> Vec<Date> {
        let mut dates = Vec::new();
        let slot = 265.0 / self.scenes_per_year as f64;
        for year in 0..self.years() {
            let mut draw = Draw::new(self.seed, "dates", year as u64, 0);
            let first = Date::constant(1, 1, 1).with().year(self.first_year + year as i16).build();
            for scene in 0..self.scenes_per_year {
                let day = 63.0 + slot * (scene as f64 + draw.between(0.1, 0.9));
                let span = jiff::Span::new().days(day as i32);
                dates.extend(first.as_ref().ok().and_then(|first| first.checked_add(span).ok()));
            }
        }
        dates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_distinct_ordered_and_snow_season_is_left_out() {
        let dates = World::new(3).dates();
        assert_eq!(dates.len(), 70);
        assert!(dates.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(dates.iter().all(|date| (3..=11).contains(&date.month())));
    }

    #[test]
    fn ten_seeds_of_mixed_rain_see_drought_and_plenty() {
        let aims: Vec<f64> = (0..10).map(|seed| World::new(seed).rain[4]).collect();
        assert!(aims.iter().any(|rain| *rain < 0.65) && aims.iter().any(|rain| *rain > 1.25));
    }

    #[test]
    fn a_world_that_cannot_be_is_refused_with_the_field_and_the_range() {
        let world = World { rain: vec![1.0], ..World::new(1) };
        let words = world.check().unwrap_err().to_string();
        assert!(words.contains("rain") && words.contains("one number"), "{words}");
        assert!(World::new(1).check().is_ok());
    }
}
