//! A cell whose look-back was learned on an earlier day: what is kept of it, and what later views show beside that.
//!
//! In:  a `Baseline` with its stack, once; later the values of the kept places in every view of the target period.
//! Out: the same control, expectation and z, to the last bit, that a cell learned today would give those views.
//! Law: what is kept is of the look-back alone and is never changed; numbers are whole, in columns of bytes that pack well.

use serde::{Deserialize, Serialize};

use super::descriptor::Descriptors;
use super::kept::{KeptFit, KeptFits};
use super::lanes::LANES;
use super::strata::{BLENDED, weighed};
use super::{Baseline, Control, Medians, Residuals, Strata, Strip};
use crate::baseline::residuals::Changed;
use crate::grid::Window;
use crate::observe::stack::Stack;

/// Stratum of a place in a blend that is not taken.
const NO_STRATUM: u8 = u8::MAX;

/// What is kept of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptCell {
    /// Pixels that are asked about, row-major over the cell, ascending.
    pub asked: Vec<u16>,
    /// What is normal here; nothing where too few pixels had a history.
    pub normal: Option<Normal>,
}

/// What is normal in a cell: strata, their control in the look-back, and what is expected of donors and pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normal {
    /// Donors count row-major over the window around the cell.
    strata: Strata,
    medians: Medians,
    spreads: Vec<f32>,
    correlation: Vec<Vec<f32>>,
    /// Of donors, stratum by stratum.
    donors: Fits,
    /// Of the pixels asked about.
    pixels: Fits,
    /// By pixel the nearest strata.
    nearest: Vec<[u8; BLENDED]>,
    /// Their weights in steps.
    steps: Vec<[u8; BLENDED]>,
}

/// Fits in columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Fits {
    features: usize,
    views: Column,
    mean_x: Column,
    mean_m: Column,
    slope: Column,
    spread: Column,
    squares: Column,
}

/// Numbers of 16 bits: their low bytes, then their high ones, each number as its difference from the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column(Vec<u8>);

impl Column {
    /// Numbers into a column.
    pub fn of(numbers: impl Iterator<Item = u16> + Clone) -> Self {
        let before = std::iter::once(0).chain(numbers.clone());
        let steps: Vec<u16> =
            numbers.zip(before).map(|(number, before)| number.wrapping_sub(before)).collect();
        let low = steps.iter().map(|step| step.to_le_bytes()[0]);
        let high = steps.iter().map(|step| step.to_le_bytes()[1]);
        Self(low.chain(high).collect())
    }

    /// Its bytes.
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// The numbers of a column.
    pub fn numbers(&self) -> Vec<u16> {
        let (low, high) = self.0.split_at(self.0.len() / 2);
        let steps = low.iter().zip(high).map(|(low, high)| u16::from_le_bytes([*low, *high]));
        let sum = |before: &mut u16, step: u16| {
            *before = before.wrapping_add(step);
            Some(*before)
        };
        steps.scan(0, sum).collect()
    }
}

impl From<Vec<u8>> for Column {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Fits {
    fn of(fits: &[KeptFits], features: usize) -> Self {
        // Feature by feature: neighbours are alike in one feature.
        let column = |number: fn(&KeptFit) -> u16| {
            let of_feature = |feature: usize| fits.iter().map(move |fits| number(&fits.features[feature]));
            Column::of((0..features).flat_map(of_feature))
        };
        Self {
            features,
            views: Column::of(fits.iter().map(|fits| fits.views)),
            mean_x: column(|fit| fit.mean_x.cast_unsigned()),
            mean_m: column(|fit| fit.mean_m.cast_unsigned()),
            slope: column(|fit| fit.slope),
            spread: column(|fit| fit.spread),
            squares: column(|fit| fit.squares),
        }
    }

    fn fits(&self) -> Vec<KeptFits> {
        let columns = [&self.mean_x, &self.mean_m, &self.slope, &self.spread, &self.squares];
        let [mean_x, mean_m, slope, spread, squares] = columns.map(Column::numbers);
        let views = self.views.numbers();
        let fit = |place: usize| KeptFit {
            mean_x: mean_x[place].cast_signed(),
            mean_m: mean_m[place].cast_signed(),
            slope: slope[place],
            spread: spread[place],
            squares: squares[place],
        };
        let of = |(number, seen): (usize, &u16)| KeptFits {
            views: *seen,
            features: (0..self.features).map(|feature| fit(feature * views.len() + number)).collect(),
        };
        views.iter().enumerate().map(of).collect()
    }
}

impl KeptCell {
    /// What is kept of a cell that was learned from its look-back alone. `asked` are pixels of the cell, row-major over it.
    pub fn of(
        baseline: Option<&Baseline>,
        stack: &Stack,
        (cell, around): (Window, Window),
        asked: Vec<u16>,
    ) -> Self {
        let of_stack = |place: &u16| {
            let place = usize::from(*place);
            stack.pixel_at(cell.row0 + place / cell.cols, cell.col0 + place % cell.cols)
        };
        let pixels: Vec<usize> = asked.iter().map(of_stack).collect();
        Self { normal: baseline.map(|baseline| Normal::of(baseline, around, &pixels)), asked }
    }

    /// Places over the window around the cell whose values later views must give: pixels asked about and donors, ascending.
    pub fn places(&self, (cell, around): (Window, Window)) -> Vec<usize> {
        let donors = self.normal.iter().flat_map(|normal| normal.strata.donors.iter().flatten().copied());
        let mut places: Vec<usize> = self.own((cell, around)).chain(donors).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Look-back views with a control of each pixel asked about; none where nothing is known of what is normal.
    pub fn views(&self) -> Vec<u16> {
        self.normal.as_ref().map(|normal| normal.pixels.views.numbers()).unwrap_or_default()
    }

    /// Numbers among the places of the pixels asked about.
    pub fn numbers(&self, at: (Window, Window)) -> Vec<usize> {
        let places = self.places(at);
        self.own(at).map(|place| places.binary_search(&place).unwrap_or_default()).collect()
    }

    /// Places over the window around the cell of the pixels asked about, ascending.
    fn own(&self, (cell, around): (Window, Window)) -> impl Iterator<Item = usize> {
        let (down, right) = (cell.row0 - around.row0, cell.col0 - around.col0);
        self.asked.iter().map(move |place| {
            let place = usize::from(*place);
            (down + place / cell.cols) * around.cols + right + place % cell.cols
        })
    }
}

impl Normal {
    fn of(baseline: &Baseline, around: Window, pixels: &[usize]) -> Self {
        let window = baseline.stack.window;
        let in_around = |pixel: usize| {
            let (row, col) = (pixel / window.cols + window.row0, pixel % window.cols + window.col0);
            (row - around.row0) * around.cols + col - around.col0
        };
        let features = baseline.stack.features.len();
        let (mut fits, mut strip) = (Vec::with_capacity(pixels.len()), baseline.strip());
        for sixteen in pixels.chunks(LANES) {
            baseline.follow(sixteen, &mut strip);
            fits.extend((0..sixteen.len()).map(|lane| strip.kept(lane)));
        }
        let (mut nearest, mut steps) = (Vec::with_capacity(pixels.len()), Vec::with_capacity(pixels.len()));
        for pixel in pixels {
            let descriptor = baseline.descriptors.of_pixel(*pixel);
            let blend = descriptor.map(|descriptor| baseline.strata.steps(descriptor)).unwrap_or_default();
            let of =
                |place: usize| blend.get(place).map_or((NO_STRATUM, 0), |two| (two.0 as u8, two.1 as u8));
            nearest.push(std::array::from_fn(|place| of(place).0));
            steps.push(std::array::from_fn(|place| of(place).1));
        }
        Self {
            strata: baseline.strata.renumbered(in_around),
            medians: baseline.medians.clone(),
            spreads: baseline.fits.spreads.clone(),
            correlation: baseline.fits.correlation.clone(),
            donors: Fits::of(&baseline.first.concat(), features),
            pixels: Fits::of(&fits, features),
            nearest,
            steps,
        }
    }

    /// What is normal as if it were learned today: `stack` holds all views of the cell, and `later` is the control of those
    /// after the look-back.
    pub fn baseline<'a>(
        &self,
        (stack, look_back): (&'a Stack, &'a [bool]),
        descriptors: &'a Descriptors,
        later: &Medians,
    ) -> Baseline<'a> {
        let medians = self.medians.followed_by(later);
        Baseline {
            stack,
            look_back,
            descriptors,
            strata: self.strata.clone(),
            control: medians.control(),
            medians,
            first: Vec::new(),
            fits: Residuals::given(self.spreads.clone(), self.correlation.clone()),
        }
    }

    /// Correlation of the residuals of two features among donors in the look-back.
    pub fn correlation(&self, a: usize, b: usize) -> f32 {
        self.correlation[a][b]
    }

    /// The strata of a pixel (number among those asked about) with their weights; none where it has too little history.
    fn blend(&self, pixel: usize) -> Vec<(usize, f32)> {
        let both = self.nearest[pixel].iter().zip(&self.steps[pixel]);
        let taken = both.filter(|(leaf, _)| **leaf != NO_STRATUM);
        weighed(taken.map(|(leaf, steps)| (usize::from(*leaf), f32::from(*steps))).collect())
    }
}

/// A remembered cell with what later views showed of it.
pub struct Remembered<'a> {
    normal: &'a Normal,
    /// Values of the places of the cell in the views of the target period: as one row of pixels.
    stack: &'a Stack,
    /// Number in the stack of each pixel asked about.
    own: Vec<usize>,
    fits: Vec<KeptFits>,
    look_back: Control,
    medians: Medians,
    control: Control,
}

impl<'a> Remembered<'a> {
    /// Looks at later views with what is kept of a cell. `stack` holds the values of its `places`. `None` where nothing is
    /// known of what is normal.
    pub fn new(kept: &'a KeptCell, stack: &'a Stack, (cell, around): (Window, Window)) -> Option<Self> {
        let normal = kept.normal.as_ref()?;
        let places = kept.places((cell, around));
        let number = |place: usize| places.binary_search(&place).unwrap_or_default();
        let strata = normal.strata.renumbered(number);
        let mut donors = normal.donors.fits().into_iter();
        let donors: Vec<Vec<KeptFits>> =
            strata.donors.iter().map(|leaf| donors.by_ref().take(leaf.len()).collect()).collect();
        let views = stack.dates.len();
        let all = Medians::of(stack, views, &strata, None).control();
        let changed = Changed::later(stack, &strata, &all, &donors);
        let medians = Medians::of(stack, views, &strata, Some(&changed));
        Some(Self {
            normal,
            stack,
            own: kept.numbers((cell, around)),
            fits: normal.pixels.fits(),
            look_back: normal.medians.control(),
            control: medians.control(),
            medians,
        })
    }

    /// The control in the later views, to be kept.
    pub fn later(&self) -> &Medians {
        &self.medians
    }

    /// The control in the look-back and in the later views.
    pub fn whole_control(&self) -> Control {
        self.normal.medians.followed_by(&self.medians).control()
    }

    /// An empty strip for the later views.
    pub fn strip(&self) -> Strip<'a> {
        Strip::new(self.stack, &vec![false; self.stack.dates.len()])
    }

    /// Lays up to sixteen pixels (numbers among those asked about) side by side and follows them through the later views.
    pub fn follow(&self, pixels: &[usize], strip: &mut Strip) {
        strip.clear();
        for (lane, pixel) in pixels.iter().enumerate() {
            let blend = self.normal.blend(*pixel);
            strip.lay(lane, self.own[*pixel], (&self.control, &blend));
            strip.recall(lane, &self.fits[*pixel]);
        }
        strip.foresee();
    }

    /// The range of what was expected in the look-back, into the lane of a pixel that was followed.
    pub fn recall_range(&self, lane: usize, pixel: usize, strip: &mut Strip) {
        strip.recall_range(lane, (&self.look_back, &self.normal.blend(pixel)));
    }
}

#[cfg(test)]
mod tests;
