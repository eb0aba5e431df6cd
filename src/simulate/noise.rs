//! Numbers that look random and are the same on every machine: a counter hash, draws, smooth fields.
//!
//! In:  a seed and a name for what is drawn. Out: `Draw` (a sequence), `Field` (a smooth plane).
//! Law: only integer arithmetic and the exactly rounded operations of IEEE 754 (+ - * / sqrt), no
//! library function whose last bit may differ; a value depends on its key, never on call order.
//! Source: SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, doi 10.1145/2660193.2660195).

/// One step of SplitMix64 on `value`: every bit of the answer depends on every bit of the input.
pub fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The key of a thing: seed, what it is (a short name), and two numbers (year and month, row and column).
pub fn key(seed: u64, what: &str, first: u64, second: u64) -> u64 {
    let mut mixed = scramble(seed);
    for byte in what.bytes() {
        mixed = scramble(mixed ^ u64::from(byte));
    }
    scramble(scramble(mixed ^ first) ^ second)
}

/// The top 24 bits of a hash as a number in 0..1 (exact in `f32`).
pub fn fraction(hash: u64) -> f32 {
    (hash >> 40) as f32 / 16_777_216.0
}

/// A sequence of draws for one thing.
#[derive(Debug, Clone)]
pub struct Draw {
    state: u64,
}

impl Draw {
    /// Draws for the thing with this key.
    pub fn new(seed: u64, what: &str, first: u64, second: u64) -> Self {
        Self { state: key(seed, what, first, second) }
    }

    /// Uniform in 0..1.
    pub fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (scramble(self.state) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Uniform in `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Whole number in `0..count` (0 for an empty range).
    pub fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Close to a standard normal: twelve uniforms less six, never beyond 6.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A smooth plane known at nodes `step` pixels apart, read in between by straight lines.
#[derive(Debug, Clone)]
pub struct Field {
    /// Pixels between nodes, at least 1.
    pub step: usize,
    /// Pixels by which the first node lies before pixel (0, 0), both ways.
    pub margin: usize,
    /// Rows of nodes.
    pub rows: usize,
    /// Columns of nodes.
    pub cols: usize,
    /// Node values, row by row.
    pub values: Vec<f32>,
}

/// How a fractal field is made.
#[derive(Debug, Clone, Copy)]
pub struct Grain {
    /// Longest wavelength in pixels.
    pub wavelength: f32,
    /// Number of octaves, each half as long as the one before.
    pub octaves: u32,
    /// Amplitude of an octave over that of the one before.
    pub gain: f32,
    /// Length along columns over length along rows (dunes, clouds in a wind); 1 is round.
    pub stretch: f32,
}

impl Grain {
    /// A round fractal with gain one half.
    pub const fn new(wavelength: f32, octaves: u32) -> Self {
        Self { wavelength, octaves, gain: 0.5, stretch: 1.0 }
    }
}

impl Field {
    /// A field of one value that covers `rows` x `cols` pixels and `margin` pixels around them.
    pub fn level(rows: usize, cols: usize, step: usize, margin: usize) -> Self {
        let nodes = |pixels: usize| (pixels + 2 * margin).div_ceil(step) + 2;
        let (rows, cols) = (nodes(rows), nodes(cols));
        Self { step, margin, rows, cols, values: vec![0.0; rows * cols] }
    }

    /// Adds fractal value noise with standard deviation near 1 (clipped by nature at about 3).
    pub fn with_noise(mut self, hash: u64, grain: Grain) -> Self {
        let (mut power, mut amplitude) = (0.0, 1.0_f32);
        for _ in 0..grain.octaves {
            power += amplitude * amplitude;
            amplitude *= grain.gain;
        }
        // One octave of quintic value noise on uniform nodes (-1..1) has variance near 0.145.
        let mut amplitude = 1.0 / (power * 0.145_f32).sqrt();
        let mut wavelength = grain.wavelength;
        // Stretched fields keep their axes; round ones turn by the angle of a 3-4-5 triangle each octave.
        let mut turn = if grain.stretch > 1.0 { (1.0, 0.0) } else { (0.923_88_f32, 0.382_683_f32) };
        for octave in 0..grain.octaves {
            let octave_hash = scramble(hash ^ u64::from(octave));
            self.add_octave(octave_hash, turn, (wavelength, grain.stretch), amplitude);
            wavelength *= 0.5;
            amplitude *= grain.gain;
            if grain.stretch == 1.0 {
                turn = (0.8 * turn.0 - 0.6 * turn.1, 0.6 * turn.0 + 0.8 * turn.1);
            }
        }
        self
    }

    /// One octave on a lattice turned by its own angle, so that no two octaves share their axes.
    fn add_octave(&mut self, hash: u64, turn: (f32, f32), (wavelength, stretch): (f32, f32), amplitude: f32) {
        let across = (self.step as f32) / wavelength;
        let along = across / stretch;
        for (row, values) in self.values.chunks_exact_mut(self.cols).enumerate() {
            let down = row as f32 * across;
            let mut held = (i64::MIN, i64::MIN);
            let mut corners = [0.0; 4];
            for (col, value) in values.iter_mut().enumerate() {
                let right = col as f32 * along;
                let (first, part) = place(down * turn.0 - right * turn.1);
                let (second, rest) = place(down * turn.1 + right * turn.0);
                if held != (first, second) {
                    let [a, b] = [lattice(hash, first), lattice(hash, first + 1)];
                    corners = [node(a, second), node(a, second + 1), node(b, second), node(b, second + 1)];
                    held = (first, second);
                }
                let top = corners[0] + (corners[1] - corners[0]) * rest;
                let bottom = corners[2] + (corners[3] - corners[2]) * rest;
                *value += amplitude * (top + (bottom - top) * part);
            }
        }
    }

    /// The same field with a function applied at every node.
    pub fn map(mut self, change: impl Fn(f32) -> f32) -> Self {
        self.values.iter_mut().for_each(|value| *value = change(*value));
        self
    }

    /// Reads pixel row `row + down` from column `right` on into `out`; the border repeats outward.
    pub fn read_row(&self, row: usize, (down, right): (isize, isize), out: &mut [f32]) {
        let margin = self.margin as isize;
        let line = (row as isize + down + margin).max(0) as usize;
        let (node, rest) = (line / self.step, line % self.step);
        let (top, bottom) = (node.min(self.rows - 1), (node + 1).min(self.rows - 1));
        let weight = rest as f32 / self.step as f32;
        let upper = &self.values[top * self.cols..][..self.cols];
        let lower = &self.values[bottom * self.cols..][..self.cols];
        let first = (right + margin).max(0) as usize;
        let (mut node, mut rest) = (first / self.step, first % self.step);
        let at = |node: usize| {
            let col = node.min(self.cols - 1);
            upper[col] + (lower[col] - upper[col]) * weight
        };
        let mut filled = 0;
        while filled < out.len() {
            let (left, right) = (at(node), at(node + 1));
            let slope = (right - left) / self.step as f32;
            let count = (self.step - rest).min(out.len() - filled);
            for (index, value) in out[filled..filled + count].iter_mut().enumerate() {
                *value = left + slope * (rest + index) as f32;
            }
            (filled, node, rest) = (filled + count, node + 1, 0);
        }
    }
}

/// Lattice cell and quintic weight of a position in wavelengths.
fn place(position: f32) -> (i64, f32) {
    let cell = position.floor();
    let part = position - cell;
    (cell as i64, part * part * part * (part * (part * 6.0 - 15.0) + 10.0))
}

fn lattice(hash: u64, line: i64) -> u64 {
    scramble(hash ^ (line as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

fn node(line: u64, col: i64) -> f32 {
    2.0 * fraction(scramble(line ^ col as u64)) - 1.0
}

/// 0 below `low`, 1 above `high`, a smooth cubic between.
pub fn ramp(value: f32, low: f32, high: f32) -> f32 {
    let part = ((value - low) / (high - low)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs of the published generator from state 1234567.
        assert_eq!(scramble(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(scramble(1_234_567_u64.wrapping_add(0x9E37_79B9_7F4A_7C15)), 3_203_168_211_198_807_973);
    }

    #[test]
    fn noise_has_mean_near_0_and_deviation_near_1() {
        let field = Field::level(600, 600, 2, 0).with_noise(7, Grain::new(24.0, 4));
        let count = field.values.len() as f32;
        let mean = field.values.iter().sum::<f32>() / count;
        let spread = (field.values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count).sqrt();
        assert!(mean.abs() < 0.15 && (0.8..1.2).contains(&spread), "{mean} {spread}");
    }

    #[test]
    fn a_field_read_between_nodes_is_continuous_and_shifts_by_whole_pixels() {
        let field = Field::level(64, 64, 8, 32).with_noise(3, Grain::new(20.0, 2));
        let (mut here, mut there) = (vec![0.0; 64], vec![0.0; 64]);
        field.read_row(10, (5, -3), &mut here);
        field.read_row(15, (0, 0), &mut there);
        assert!(here[3..].iter().zip(&there).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
