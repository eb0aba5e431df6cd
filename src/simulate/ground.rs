//! The ground that does not change: soil, relief, drainage, hollows, plant cover and how it answers rain.
//!
//! In:  the world's seed and size. Out: `Ground`, one plane per property; spectra of its materials.
//! Law: a property of a pixel depends on the seed and the place alone.
//! Source: band reflectances are rounded from the shapes of public soil and vegetation spectral libraries
//! (sandy and gravelly desert soils, cured grass, green grass, shrubs); cover from field descriptions of
//! Stipa desert steppe (10 to 30 %). Assumed to the second decimal, tuned on pictures.

use super::noise::{Draw, Field, Grain, fraction, key, ramp, scramble};
use super::world::World;

/// Reflectance in B02 B03 B04 B08 B11 B12.
pub type Spectrum = [f32; 6];

/// Brown gravelly loam, the common soil.
pub const LOAM: Spectrum = [0.096, 0.128, 0.165, 0.212, 0.288, 0.258];
/// Blown sand, bright and yellow.
pub const SAND: Spectrum = [0.132, 0.185, 0.250, 0.316, 0.405, 0.368];
/// Desert pavement: dark varnished gravel.
pub const PAVEMENT: Spectrum = [0.084, 0.104, 0.126, 0.154, 0.205, 0.188];
/// Pale silt and salt of the hollow floors.
pub const SILT: Spectrum = [0.150, 0.190, 0.228, 0.270, 0.316, 0.260];
/// Green desert-steppe plants, sparse canopy.
pub const GREEN: Spectrum = [0.035, 0.065, 0.050, 0.385, 0.225, 0.120];
/// Standing dead grass and litter.
pub const LITTER: Spectrum = [0.094, 0.132, 0.180, 0.272, 0.362, 0.262];

/// What a pixel of steppe is.
pub struct Ground {
    /// Share of sand in the soil, 0 to 1.
    pub sand: Vec<f32>,
    /// Share of pavement in the soil.
    pub pavement: Vec<f32>,
    /// Share of pale silt in the soil.
    pub silt: Vec<f32>,
    /// Brightness of the soil about 1, and the shade of the relief at a slant of 1.
    pub tone: Vec<f32>,
    /// Slope towards the morning sun, about 0.
    pub slope: Vec<f32>,
    /// Plant cover at the peak of a usual year, 0 to 0.5.
    pub cover: Vec<f32>,
    /// Share of shrubs in the cover.
    pub shrub: Vec<f32>,
    /// Slope of the answer to rain, 0.3 (deep roots) to 2.2 (runoff gathers).
    pub response: Vec<f32>,
    /// Paddock number.
    pub paddock: Vec<u16>,
    /// Columns of the planes.
    pub cols: usize,
    seed: u64,
    grain: u64,
}

/// The fields from which a row of ground is made.
struct Fields {
    height: Field,
    sand: Field,
    pavement: Field,
    drain: Field,
    hollow: Field,
    dune: Field,
    sward: Field,
    fine: Field,
}

impl Fields {
    fn new(world: &World) -> Self {
        let make = |name: &str, step, grain| {
            Field::level(world.rows, world.cols, step, 0).with_noise(key(world.seed, name, 0, 0), grain)
        };
        Self {
            height: make("height", 2, Grain { gain: 0.55, ..Grain::new(420.0, 7) }),
            sand: make("sand", 4, Grain::new(560.0, 5)),
            pavement: make("pavement", 4, Grain::new(480.0, 5)),
            drain: make("drain", 1, Grain { gain: 0.46, ..Grain::new(260.0, 7) }),
            hollow: make("hollow", 2, Grain::new(85.0, 4)),
            dune: make("dune", 1, Grain { stretch: 3.5, ..Grain::new(15.0, 3) }),
            sward: make("sward", 2, Grain::new(170.0, 5)),
            fine: make("fine", 1, Grain { gain: 0.8, ..Grain::new(7.0, 2) }),
        }
    }

    fn each(&self) -> [&Field; 8] {
        [
            &self.height,
            &self.sand,
            &self.pavement,
            &self.drain,
            &self.hollow,
            &self.dune,
            &self.sward,
            &self.fine,
        ]
    }
}

impl Ground {
    /// Draws the ground of a world.
    pub fn new(world: &World) -> Self {
        let fields = Fields::new(world);
        let size = world.rows * world.cols;
        let plane = || Vec::with_capacity(size);
        let mut ground = Self {
            sand: plane(),
            pavement: plane(),
            silt: plane(),
            tone: plane(),
            slope: plane(),
            cover: plane(),
            shrub: plane(),
            response: plane(),
            paddock: Vec::with_capacity(size),
            cols: world.cols,
            seed: world.seed,
            grain: key(world.seed, "pixel", 0, 0),
        };
        let mut rows: [Vec<f32>; 8] = std::array::from_fn(|_| vec![0.0; world.cols]);
        let mut east = vec![0.0; world.cols];
        for row in 0..world.rows {
            for (field, values) in fields.each().iter().zip(&mut rows) {
                field.read_row(row, (0, 0), values);
            }
            // The morning sun stands in the south-east: compare with the ground two pixels that way.
            fields.height.read_row(row, (2, 2), &mut east);
            for col in 0..world.cols {
                // Gentle swells on the plain, steeper on the rocky hills.
                let steep = 1.0 + 2.5 * ramp(rows[0][col], 0.4, 1.8);
                let slope = (steep * (rows[0][col] - east[col])).clamp(-0.3, 0.3);
                ground.add_pixel(std::array::from_fn(|index| rows[index][col]), slope, (row, col));
            }
        }
        ground.lay_paddocks(world);
        ground
    }

    fn add_pixel(&mut self, fields: [f32; 8], slope: f32, place: (usize, usize)) {
        let [height, sand, pavement, drain, hollow, dune, sward, fine] = fields;
        let grain = 2.0 * fraction(scramble(self.grain ^ pair(place))) - 1.0;
        let sand = ramp(sand + 0.08 * fine, 0.55, 1.15);
        let pavement = (1.0 - sand) * ramp(pavement + 0.45 * height, 0.35, 1.40) * 0.85;
        // A network of shallow channels where a smooth field crosses zero, finest on low ground.
        let low = 1.0 - 0.6 * ramp(height, 0.0, 1.5);
        let channel = (1.0 - ramp(drain.abs(), 0.0, 0.075)) * (1.0 - 0.8 * sand) * low;
        let bed = (1.0 - ramp(drain.abs(), 0.0, 0.022)) * (1.0 - sand) * low;
        let hollow = ramp(hollow - 0.55 * height, 1.45, 2.6) * (1.0 - 0.7 * sand);
        let shrub = (0.15 + 0.55 * sand + 0.25 * channel + 0.08 * sward).clamp(0.05, 0.9);
        let ripple = sand * dune;
        let usual = 0.138 + 0.030 * sward + 0.012 * fine - 0.055 * pavement + 0.018 * ripple;
        let cover = usual + 0.13 * hollow + 0.060 * channel - 0.05 * bed + 0.016 * grain * (1.0 + 1.5 * sand);
        let response = 0.95 - 0.45 * shrub + 0.95 * hollow + 0.35 * channel + 0.08 * sward + 0.06 * grain;
        self.sand.push(sand);
        self.pavement.push(pavement);
        self.silt.push((0.55 * hollow + 0.20 * channel + 0.55 * bed).min(1.0) * (1.0 - 0.5 * pavement));
        self.tone.push(1.0 + 0.035 * ripple + 0.022 * fine + 0.025 * sward.clamp(-2.0, 2.0) + 0.02 * grain);
        self.slope.push(slope * (1.0 - 0.5 * sand) + 0.012 * ripple);
        self.cover.push(cover.clamp(0.015, 0.5));
        self.shrub.push(shrub);
        self.response.push(response.clamp(0.3, 2.2));
        self.paddock.push(0);
    }

    /// Fenced paddocks of about 1.5 km: cells of a turned grid whose lines are moved at random.
    fn lay_paddocks(&mut self, world: &World) {
        let mut draw = Draw::new(self.seed, "paddock grid", 0, 0);
        let turn = draw.between(-0.3, 0.3) as f32;
        let line = |axis: u64| -> Vec<f32> {
            let mut draw = Draw::new(self.seed, "paddock lines", axis, 0);
            let mut at = -(world.rows.max(world.cols) as f32);
            let mut lines = Vec::new();
            while at < 2.0 * world.rows.max(world.cols) as f32 {
                at += draw.between(90.0, 210.0) as f32;
                lines.push(at);
            }
            lines
        };
        let (down, right) = (line(0), line(1));
        for (index, paddock) in self.paddock.iter_mut().enumerate() {
            let (row, col) = ((index / world.cols) as f32, (index % world.cols) as f32);
            let (along, across) = (col + turn * row, row - turn * col);
            let (first, second) = (cell(&down, across), cell(&right, along));
            *paddock = (scramble((first * 4096 + second) as u64) & 0x0FFF) as u16;
        }
    }

    /// Reflectance of the dry, level, bare soil of a pixel.
    pub fn soil(&self, index: usize) -> Spectrum {
        self.mixed([self.sand[index], self.pavement[index], self.silt[index]], self.tone[index])
    }

    /// The same soil once it is tilled or levelled: gravel cover buried, small relief gone.
    pub fn tilled(&self, index: usize) -> Spectrum {
        let smooth = 1.0 + 0.5 * (self.tone[index] - 1.0);
        self.mixed([self.sand[index], 0.4 * self.pavement[index], self.silt[index]], smooth)
    }

    #[inline]
    fn mixed(&self, [sand, pavement, silt]: [f32; 3], tone: f32) -> Spectrum {
        std::array::from_fn(|band| {
            let solid =
                LOAM[band] + sand * (SAND[band] - LOAM[band]) + pavement * (PAVEMENT[band] - LOAM[band]);
            (solid + silt * (SILT[band] - solid)) * tone
        })
    }

    /// Grazing of each paddock in a year: the share of growth that is left, 0.80 to 1.
    pub fn grazing(&self, year: usize) -> Vec<f32> {
        let base = |paddock| fraction(key(self.seed, "stock", paddock, 0));
        let this = |paddock| fraction(key(self.seed, "stock of a year", paddock, year as u64 + 1));
        (0..4096).map(|paddock| 1.0 - 0.12 * base(paddock) - 0.08 * this(paddock)).collect()
    }
}

/// One number from a row and a column.
pub fn pair((row, col): (usize, usize)) -> u64 {
    ((row as u64) << 32) | col as u64
}

fn cell(lines: &[f32], at: f32) -> usize {
    lines.partition_point(|line| *line < at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_ground_is_sparse_and_some_of_it_answers_rain_strongly() {
        let ground = Ground::new(&World { rows: 400, cols: 400, ..World::new(11) });
        let count = ground.cover.len() as f32;
        let mean = ground.cover.iter().sum::<f32>() / count;
        assert!((0.08..0.18).contains(&mean), "{mean}");
        let strong = ground.response.iter().filter(|response| **response > 1.4).count() as f32 / count;
        assert!((0.002..0.15).contains(&strong), "{strong}");
    }

    #[test]
    fn every_soil_is_brighter_at_1600_nm_than_in_the_near_infrared() {
        for soil in [LOAM, SAND, PAVEMENT, SILT] {
            assert!(soil[4] > soil[3] && soil[3] > soil[2] && soil[2] > soil[0]);
        }
    }
}
