//! Where one scene lies against the others of its series: how many pixels off, how surely, or that it cannot be told.
//!
//! In:  edges of scenes in a few windows (`Edges`). Out: a `Displacement`, or why there is none (`Untold`).
//! Law: the reference of a scene is the mean of the edges of the look-back without the scene itself, so that no scene is
//! drawn to where it lies; sums run in a fixed order. What has no pattern has no displacement, and never one of 0.
//! Source: normalised correlation of edges with a quadratic peak (`pair::shift`), over red and near infrared together; the
//! spread is a delete-one jackknife over parts of windows (Tukey 1958).

use ndarray::{Array2, ArrayView2, ShapeError};
use serde::{Deserialize, Serialize};

use crate::baseline::lanes::{LANES, Lanes, wide};
use crate::detect::pair::plane::Plane;
use crate::detect::pair::shift::{EdgeSums, LAGS, SIDE, edges};

/// Fewest clear pixels of a scene in a window for its edges to be looked at.
const LEAST_CLEAR: usize = 256;

/// Fewest scenes of the look-back, besides the one that is asked about, whose edges make a reference.
const LEAST_SCENES: u16 = 2;

/// Fewest pixels that are compared, over all windows and bands.
const LEAST_COMPARED: f64 = 1000.0;

/// Largest spread with which a displacement is told, in pixels: half of what is warned of (`LEAST_TOLD`).
const MOST_SPREAD: f64 = 0.25;

/// How a scene lies on the look-back, in pixels of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Displacement {
    /// Rows that the ground lies further down than in the look-back; whole thousandths.
    pub rows: f64,
    /// Columns that it lies further right; whole thousandths.
    pub cols: f64,
    /// Standard error of the length.
    pub spread: f64,
    /// Correlation of the edges at the best whole pixel, 0 to 1.
    pub correlation: f64,
}

impl Displacement {
    /// Length in pixels.
    pub fn length(&self) -> f64 {
        self.rows.hypot(self.cols)
    }
}

/// Why it cannot be told where a scene lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Untold {
    /// Too little clear ground that the look-back shows too.
    TooLittleGround,
    /// Edges agree at no displacement that is tried: no pattern, or further off.
    NoPattern,
    /// Parts of the scene disagree.
    Unsure,
}

impl Untold {
    /// In words that follow "cannot be told:".
    pub fn words(self) -> &'static str {
        match self {
            Untold::TooLittleGround => "too little clear ground that the look-back shows too",
            Untold::NoPattern => "its edges agree with the look-back's at no displacement up to 3 pixels",
            Untold::Unsure => "parts of it say different things",
        }
    }
}

/// Edges of one band of one scene in a window, in units of their deviation; 0 where they are not known.
#[derive(Debug, Clone)]
pub struct Edges {
    values: Plane,
    known: Plane,
}

impl Edges {
    /// Edges of raw numbers (their gain and offset mean nothing), NaN where nothing was clear; `None` where too little was,
    /// or where the band is one colour.
    pub fn of(band: ArrayView2<'_, f32>) -> Option<Self> {
        let mut values = edges(band);
        let known = values.mapv(|value| if value.is_finite() { 1.0 } else { 0.0 });
        values.mapv_inplace(|value| if value.is_finite() { value } else { 0.0 });
        let count = known.iter().filter(|known| **known > 0.0).count();
        let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
        let deviation = (squares / count.max(1) as f64).sqrt() as f32;
        if count < LEAST_CLEAR || deviation <= 0.0 {
            return None;
        }
        values.mapv_inplace(|value| value / deviation);
        Some(Self { values, known })
    }
}

/// Edges of the look-back in one band and window.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub struct Reference {
    total: Plane,
    scenes: Array2<u16>,
}

/// A reference as it is kept: rows, columns, sums of edges, numbers of scenes.
#[derive(Serialize, Deserialize)]
struct Kept(usize, usize, Vec<f32>, Vec<u16>);

impl From<Reference> for Kept {
    fn from(reference: Reference) -> Self {
        let (rows, cols) = reference.total.dim();
        Self(
            rows,
            cols,
            reference.total.into_raw_vec_and_offset().0,
            reference.scenes.into_raw_vec_and_offset().0,
        )
    }
}

impl TryFrom<Kept> for Reference {
    type Error = ShapeError;

    fn try_from(Kept(rows, cols, total, scenes): Kept) -> Result<Self, ShapeError> {
        let total = Plane::from_shape_vec((rows, cols), total)?;
        Ok(Self { total, scenes: Array2::from_shape_vec((rows, cols), scenes)? })
    }
}

impl Reference {
    /// A reference that has seen nothing of a window of this many rows and columns.
    pub fn new(shape: (usize, usize)) -> Self {
        Self { total: Plane::zeros(shape), scenes: Array2::zeros(shape) }
    }

    /// Adds a scene of the look-back.
    pub fn add(&mut self, edges: &Edges) {
        self.total += &edges.values;
        self.scenes.zip_mut_with(&edges.known, |scenes, known| *scenes += u16::from(*known > 0.0));
    }

    /// Mean edges, without those of a scene that was added.
    pub fn without(&self, own: Option<&Edges>) -> Edges {
        let mut mean = Edges { values: self.total.clone(), known: Plane::zeros(self.total.dim()) };
        if let Some(own) = own {
            mean.values -= &own.values;
        }
        for (place, known) in mean.known.indexed_iter_mut() {
            let own = own.map_or(0, |own| u16::from(own.known[place] > 0.0));
            let scenes = self.scenes[place] - own;
            let value = &mut mean.values[place];
            (*known, *value) =
                if scenes < LEAST_SCENES { (0.0, 0.0) } else { (1.0, *value / f32::from(scenes)) };
        }
        mean
    }
}

/// Parts of a window along each axis.
const PARTS: usize = 3;

/// How the edges of a scene agree with the reference in each of nine parts of a window, at every lag.
pub fn compare(reference: &Edges, scene: &Edges) -> [EdgeSums; PARTS * PARTS] {
    let (rows, cols) = scene.values.dim();
    let margin = LAGS as usize;
    let thirds = |length: usize, part: usize| {
        let within = length.saturating_sub(2 * margin);
        margin + part * within / PARTS..margin + (part + 1) * within / PARTS
    };
    std::array::from_fn(|part| {
        let (down, right) = (thirds(rows, part / PARTS), thirds(cols, part % PARTS));
        let mut sums = EdgeSums::default();
        if !down.is_empty() && !right.is_empty() {
            for place in 0..SIDE * SIDE {
                let lag = (place / SIDE, place % SIDE);
                let terms = wide(
                    #[inline(always)]
                    || terms((reference, scene), (down.clone(), right.clone()), lag),
                );
                sums.add_lag(place, terms);
            }
        }
        sums
    })
}

/// Count, a, b, a a, b b, a b over a part of a window, `lag` less `LAGS` further down and right in the scene.
#[inline(always)]
fn terms(
    (reference, scene): (&Edges, &Edges),
    (rows, cols): (std::ops::Range<usize>, std::ops::Range<usize>),
    (down, right): (usize, usize),
) -> [f64; 6] {
    let width = scene.values.ncols();
    let planes = [&reference.values, &reference.known, &scene.values, &scene.known];
    let planes = planes.map(|plane| plane.as_slice().unwrap_or_default());
    let mut all = [0.0_f64; 6];
    for row in rows {
        let here = row * width + cols.start;
        let there = (row + down - LAGS as usize) * width + cols.start + right - LAGS as usize;
        let line = |plane: usize, from: usize| &planes[plane][from..from + cols.len()];
        let lines = [line(0, here), line(1, here), line(2, there), line(3, there)];
        let mut sums = [[0.0_f32; LANES]; 6];
        let whole = cols.len() / LANES * LANES;
        for first in (0..whole).step_by(LANES) {
            let part = lines.map(|line| -> Lanes { std::array::from_fn(|lane| line[first + lane]) });
            add(&mut sums, &part);
        }
        let rest = |line: &[f32]| -> Lanes {
            std::array::from_fn(|lane| line.get(whole + lane).copied().unwrap_or(0.0))
        };
        add(&mut sums, &lines.map(rest));
        for (all, sums) in all.iter_mut().zip(sums) {
            *all += f64::from(sums.iter().sum::<f32>());
        }
    }
    all
}

#[inline(always)]
fn add(sums: &mut [Lanes; 6], [a, in_a, b, in_b]: &[Lanes; 4]) {
    for lane in 0..LANES {
        let (x, y) = (a[lane] * in_b[lane], b[lane] * in_a[lane]);
        sums[0][lane] += in_a[lane] * in_b[lane];
        sums[1][lane] += x;
        sums[2][lane] += y;
        sums[3][lane] += x * x;
        sums[4][lane] += y * y;
        sums[5][lane] += x * y;
    }
}

/// The displacement that parts of a scene tell together: those of its windows, or its windows, in order.
pub fn displacement(parts: &[EdgeSums]) -> Result<Displacement, Untold> {
    let mut all = EdgeSums::default();
    parts.iter().for_each(|part| all.merge(part));
    if all.count() < LEAST_COMPARED {
        return Err(Untold::TooLittleGround);
    }
    let peak = all.peak().ok_or(Untold::NoPattern)?;
    let told: Vec<&EdgeSums> = parts.iter().filter(|part| part.count() > 0.0).collect();
    let without: Vec<(f64, f64)> =
        told.iter().filter_map(|part| all.without(part).peak()).map(|peak| (peak.rows, peak.cols)).collect();
    // Where the rest does not tell without one part, that part alone has spoken.
    if without.len() < told.len() || told.len() < 2 {
        return Err(Untold::Unsure);
    }
    let count = without.len() as f64;
    let spread = |of: fn(&(f64, f64)) -> f64| {
        let mean = without.iter().map(of).sum::<f64>() / count;
        without.iter().map(|one| (of(one) - mean).powi(2)).sum::<f64>()
    };
    let spread = ((spread(|one| one.0) + spread(|one| one.1)) * (count - 1.0) / count).sqrt();
    if spread > MOST_SPREAD {
        return Err(Untold::Unsure);
    }
    let thousandths = |value: f64| (value * 1000.0).round() / 1000.0 + 0.0;
    Ok(Displacement {
        rows: thousandths(peak.rows),
        cols: thousandths(peak.cols),
        spread: thousandths(spread),
        correlation: thousandths(peak.correlation),
    })
}

#[cfg(test)]
mod tests;
