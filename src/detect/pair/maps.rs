//! Six label-free maps of change that err in different ways, and the absolute size of the change.
//!
//! In: both dates over a window, and what was learned of the pair. Out: one plane per map, larger = more change.
//! Law: affine changes of a whole date cancel (standard units); no map sees a pixel that one date did not see.
//! Source: the two-date study's fusion less IR-MAD, which added nothing beside the other six.

use ndarray::{Array3, Axis};

use serde::{Deserialize, Serialize};

use crate::baseline::lanes::{LANES, Lanes, each, wide};
use crate::detect::pair::middle::median;
use crate::detect::pair::plane::{Plane, Smoother, boxcar, gaussian, texture};
use crate::detect::pair::regression::{Conditional, Residuals};
use crate::detect::pair::shift::{Shift, resampled};
use crate::detect::pair::sibling;
use crate::detect::pair::stack::Stack;
use crate::detect::pair::strata::{CodeBook, Transitions};
use crate::scene::Band;

/// Number of maps that are fused.
pub const MAPS: usize = 6;
/// Most numbers of a look: six bands and four textures.
pub const LOOK: usize = 10;

/// Standard units of one date: (reflectance - centre) / scale, by band.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Units {
    /// Median by band.
    pub centre: Vec<f32>,
    /// Standard deviation of the values cut to the 0.2 to 99.8 percentiles, by band.
    pub scale: Vec<f32>,
}

/// How numbers of both dates are made comparable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    /// Bands in use, in wavelength order.
    pub bands: Vec<Band>,
    /// Units of the first date.
    pub before: Units,
    /// Units of the second date.
    pub after: Units,
    /// How the second date lies on the first.
    pub shift: Shift,
}

/// What is expected of the second date given the first, and back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Strata of the first date and what follows from them.
    pub forward: (CodeBook, Conditional),
    /// Strata of the second date and what they followed from.
    pub backward: (CodeBook, Conditional),
    /// Fine code books of both dates.
    pub codes: (CodeBook, CodeBook),
    /// Rarity of the transitions between the fine codes.
    pub transitions: Transitions,
    /// Centre and scale of the sibling residual by band.
    pub siblings: Vec<(f32, f32)>,
}

/// One date as looks: smoothed standardised bands and textures.
pub struct Date {
    /// Reflectance by band, after co-registration.
    pub reflectance: Array3<f32>,
    /// Standardised bands, Gaussian of one pixel.
    pub bands: Vec<Plane>,
    /// Textures of blue, red, near and short-wave infrared, as far as they are there.
    pub textures: Vec<Plane>,
}

/// Both dates over a window.
pub struct Looks {
    /// 1 where both dates saw every band, else 0.
    pub valid: Plane,
    /// First date.
    pub before: Date,
    /// Second date.
    pub after: Date,
}

/// The maps over a window, and what the guard and the sub-models ask of them.
pub struct Maps {
    /// Visible change vector (mean and median), siblings, forward and backward residual, transition rarity.
    pub planes: [Plane; MAPS],
    /// Unexpected change of visible reflectance, root mean square over the bands, median of 5 x 5.
    pub effect: Plane,
    /// The same over all bands.
    pub effect_all: Plane,
    /// Unexpected change of mean visible reflectance, signed.
    pub visible: Plane,
    /// Unexpected change of near-infrared reflectance, signed.
    pub infrared: Plane,
}

impl Date {
    /// The look of a pixel; returns how many numbers it has.
    pub fn look(&self, place: (usize, usize), look: &mut [f32; LOOK]) -> usize {
        let mut count = 0;
        for (slot, plane) in look.iter_mut().zip(self.bands.iter().chain(&self.textures)) {
            *slot = plane[place];
            count += 1;
        }
        count
    }

    /// The looks of sixteen pixels from a place on, 0 beyond the plane, and how many numbers each has.
    #[inline(always)]
    fn looks(&self, (row, col): (usize, usize)) -> (usize, [Lanes; LOOK]) {
        let (mut looks, mut count) = ([[0.0; LANES]; LOOK], 0);
        for (slots, plane) in looks.iter_mut().zip(self.bands.iter().chain(&self.textures)) {
            let own = plane.row(row);
            let own = own.as_slice().map_or(&[][..], |own| &own[col..own.len().min(col + LANES)]);
            for (slot, value) in slots.iter_mut().zip(own) {
                *slot = *value;
            }
            count += 1;
        }
        (count, looks)
    }

    fn new(reflectance: Array3<f32>, valid: &Plane, units: &Units, bands: &[Band]) -> Self {
        let fine = Smoother::new(valid, gaussian(1.0));
        let mean = Smoother::new(valid, boxcar(2));
        let mut date = Self { reflectance, bands: Vec::new(), textures: Vec::new() };
        for (index, band) in bands.iter().enumerate() {
            let (centre, scale) = (units.centre[index], units.scale[index]);
            let mut plane = date.reflectance.index_axis(Axis(0), index).to_owned();
            plane.zip_mut_with(valid, |value, &valid| {
                *value = if valid > 0.0 { (*value - centre) / scale } else { 0.0 };
            });
            if matches!(band, Band::Blue | Band::Red | Band::Nir | Band::Swir16) {
                date.textures.push(texture(&plane, &mean, valid));
            }
            date.bands.push(fine.smooth(&plane));
        }
        date
    }
}

/// Both dates as looks, co-registered and in standard units.
pub fn looks(standard: &Standard, before: &Stack, after: &Stack) -> Looks {
    let before = before.pick(&standard.bands);
    let mut after = after.pick(&standard.bands);
    if standard.shift.applied {
        after = resampled(&after, &standard.shift);
    }
    let (_, rows, cols) = before.dim();
    let mut valid = Plane::ones((rows, cols));
    for bands in [&before, &after] {
        for plane in bands.axis_iter(Axis(0)) {
            valid.zip_mut_with(&plane, |valid, value| {
                if !value.is_finite() {
                    *valid = 0.0;
                }
            });
        }
    }
    let before = Date::new(before, &valid, &standard.before, &standard.bands);
    let after = Date::new(after, &valid, &standard.after, &standard.bands);
    Looks { valid, before, after }
}

/// Sibling residual of every band.
pub fn sibling_residuals(looks: &Looks) -> Vec<Plane> {
    let bands = looks.before.bands.iter().zip(&looks.after.bands);
    bands.map(|(before, after)| sibling::residual(before, after, &looks.valid)).collect()
}

/// Whether a band is one of the three that eyes see.
pub fn is_visible(band: Band) -> bool {
    matches!(band, Band::Blue | Band::Green | Band::Red)
}

/// All maps over the window of the looks.
pub fn maps(looks: &Looks, standard: &Standard, expectation: &Expectation) -> Maps {
    let valid = &looks.valid;
    let fine = Smoother::new(valid, gaussian(1.0));
    let broad = Smoother::new(valid, gaussian(1.5));
    let vector = visible_vector(looks, standard);
    let siblings = sibling_length(looks, expectation);
    let pixels = Expected::of(looks, standard, expectation);
    Maps {
        planes: [
            Smoother::new(valid, boxcar(3)).smooth(&vector),
            median(&vector, valid),
            broad.smooth(&siblings),
            median(&fine.smooth(&pixels.forward), valid),
            median(&fine.smooth(&pixels.backward), valid),
            broad.smooth(&pixels.rarity),
        ],
        effect: median(&pixels.effect, valid),
        effect_all: median(&pixels.effect_all, valid),
        visible: pixels.visible,
        infrared: pixels.infrared,
    }
}

/// Logarithm of the length of the change vector of the visible bands, in standard units.
fn visible_vector(looks: &Looks, standard: &Standard) -> Plane {
    let mut sum = Plane::zeros(looks.valid.dim());
    let mut count = 0.0;
    for (index, _) in standard.bands.iter().enumerate().filter(|(_, band)| is_visible(**band)) {
        let difference = &looks.after.bands[index] - &looks.before.bands[index];
        sum.zip_mut_with(&difference, |sum, difference| *sum += difference * difference);
        count += 1.0;
    }
    sum.mapv_inplace(|sum| ((sum / count).sqrt() + 0.1).ln());
    sum * &looks.valid
}

/// Root mean square over the bands of the robust sibling residual, in sigmas.
fn sibling_length(looks: &Looks, expectation: &Expectation) -> Plane {
    let mut sum = Plane::zeros(looks.valid.dim());
    for (plane, (centre, scale)) in sibling_residuals(looks).iter().zip(&expectation.siblings) {
        sum.zip_mut_with(plane, |sum, residual| *sum += ((residual - centre) / scale).powi(2));
    }
    let bands = expectation.siblings.len() as f32;
    sum.mapv_inplace(|sum| (sum / bands).sqrt());
    sum * &looks.valid
}

/// Per-pixel results of the regressions and transitions.
struct Expected {
    forward: Plane,
    backward: Plane,
    rarity: Plane,
    effect: Plane,
    effect_all: Plane,
    visible: Plane,
    infrared: Plane,
}

impl Expected {
    fn zeros(size: (usize, usize)) -> Self {
        let empty = || Plane::zeros(size);
        Self {
            forward: empty(),
            backward: empty(),
            rarity: empty(),
            effect: empty(),
            effect_all: empty(),
            visible: empty(),
            infrared: empty(),
        }
    }

    fn of(looks: &Looks, standard: &Standard, expectation: &Expectation) -> Self {
        let (rows, cols) = looks.valid.dim();
        let mut planes = Self::zeros((rows, cols));
        for row in 0..rows {
            for col in (0..cols).step_by(LANES) {
                let seen: [bool; LANES] =
                    std::array::from_fn(|lane| col + lane < cols && looks.valid[[row, col + lane]] > 0.0);
                if seen.contains(&true) {
                    let place = (row, col);
                    let told = wide(
                        #[inline(always)]
                        || Told::of(looks, place, standard.bands.len(), expectation),
                    );
                    (0..LANES)
                        .filter(|lane| seen[*lane])
                        .for_each(|lane| planes.note(place, lane, &told, standard));
                }
            }
        }
        planes
    }

    /// What was told of one of sixteen pixels; the forward residual in reflectance.
    fn note(&mut self, (row, col): (usize, usize), lane: usize, told: &Told, standard: &Standard) {
        let place = (row, col + lane);
        self.forward[place] = told.forward[lane].ln_1p() as f32;
        self.backward[place] = told.backward[lane].ln_1p() as f32;
        self.rarity[place] = told.rarity[lane];
        let (mut square, mut sum, mut count, mut all) = (0.0, 0.0, 0.0, 0.0);
        let bands = standard.bands.len() as f32;
        for ((&band, residual), &scale) in
            standard.bands.iter().zip(&told.residuals).zip(&standard.after.scale)
        {
            let reflectance = residual[lane] as f32 * scale;
            all += reflectance * reflectance;
            if is_visible(band) {
                square += reflectance * reflectance;
                sum += reflectance;
                count += 1.0;
            } else if band == Band::Nir {
                self.infrared[place] = reflectance;
            }
        }
        self.effect[place] = (square / count).sqrt();
        self.effect_all[place] = (all / bands).sqrt();
        self.visible[place] = sum / count;
    }
}

/// What the regressions and transitions tell of sixteen pixels beside each other.
struct Told {
    /// Squared lengths of the residuals, over the number of bands.
    forward: [f64; LANES],
    backward: [f64; LANES],
    /// Forward residuals by band, in standard units.
    residuals: Residuals,
    rarity: Lanes,
}

impl Told {
    #[inline(always)]
    fn of(looks: &Looks, place: (usize, usize), bands: usize, expectation: &Expectation) -> Self {
        let (count, before) = looks.before.looks(place);
        let (_, after) = looks.after.looks(place);
        let (before, after) = (&before[..count], &after[..count]);
        let (book, line) = &expectation.backward;
        let (_, backward) = line.residuals(&book.nearest_of_each(after), after, &before[..bands]);
        let (book, line) = &expectation.forward;
        let (residuals, forward) = line.residuals(&book.nearest_of_each(before), before, &after[..bands]);
        let from = expectation.codes.0.nearest_of_each(before);
        let to = expectation.codes.1.nearest_of_each(after);
        let rarity = each(|lane| expectation.transitions.rarity(from[lane], to[lane]));
        Self { forward, backward, residuals, rarity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::pair::PairParams;
    use crate::detect::pair::learn::tests::plain_model;
    use crate::grid::Window;

    fn standard(bands: &[Band]) -> Standard {
        let units = |scale: f32| Units { centre: vec![0.1; bands.len()], scale: vec![scale; bands.len()] };
        let shift = Shift { rows: 0.0, cols: 0.0, correlation: 0.0, applied: false };
        Standard { bands: bands.to_vec(), before: units(0.1), after: units(0.2), shift }
    }

    fn stack(bands: &[Band], values: Array3<f32>) -> Stack {
        let (_, rows, cols) = values.dim();
        Stack { bands: bands.to_vec(), values, window: Window { row0: 0, col0: 0, rows, cols } }
    }

    const ALL: [Band; 6] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16, Band::Swir22];

    #[test]
    fn a_look_is_every_band_in_units_of_its_date_and_four_textures() {
        let before = stack(&ALL, Array3::from_shape_fn((6, 9, 9), |(band, _, _)| 0.1 * band as f32));
        let mut after = stack(&ALL, Array3::from_shape_fn((6, 9, 9), |(band, _, _)| 0.1 * band as f32));
        after.values[[3, 2, 2]] = f32::NAN;
        let looks = looks(&standard(&ALL), &before, &after);
        let mut look = [0.0; LOOK];
        assert_eq!(looks.before.look((6, 6), &mut look), 10);
        let expected = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0];
        assert!(look[..6].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{look:?}");
        assert!(look[6..].iter().all(|texture| (texture - 0.02_f32.ln()).abs() < 0.2), "{look:?}");
        assert_eq!(looks.after.look((6, 6), &mut look), 10);
        assert!(look[..6].iter().zip(expected).all(|(a, b)| (a - b / 2.0).abs() < 1e-5), "{look:?}");
        // What one date did not see in one band, none has seen.
        assert_eq!(looks.valid.iter().filter(|valid| **valid == 0.0).count(), 1);
        looks.before.look((2, 2), &mut look);
        assert_eq!(look, [0.0; LOOK]);
    }

    #[test]
    fn the_visible_vector_is_the_mean_square_of_the_visible_bands_alone() {
        let bands = &ALL[..4];
        let of = |values: [f32; 4]| {
            let planes = values.map(|value| Plane::from_elem((1, 2), value)).to_vec();
            Date { reflectance: Array3::zeros((4, 1, 2)), bands: planes, textures: Vec::new() }
        };
        let valid = Plane::from_shape_fn((1, 2), |(_, col)| f32::from(col == 0));
        let looks = Looks { valid, before: of([0.1, 0.2, 0.5, 1.0]), after: of([0.4, -0.2, 0.5, 9.0]) };
        let found = visible_vector(&looks, &standard(bands));
        assert!((found[[0, 0]] - ((0.25_f32 / 3.0).sqrt() + 0.1).ln()).abs() < 1e-5, "{found}");
        assert_eq!(found[[0, 1]], 0.0);
    }

    #[test]
    fn the_effect_is_in_reflectance_and_tells_visible_from_all_bands() {
        let mut standard = standard(&ALL[..4]);
        standard.after.scale = vec![0.1, 0.2, 0.3, 0.4];
        let mut planes = Expected::zeros((1, 1));
        let mut residuals = [[0.0; LANES]; 6];
        [1.0, -2.0, 3.0, -4.0].into_iter().zip(&mut residuals).for_each(|(value, band)| band[0] = value);
        let nothing = [0.0; LANES];
        let told = Told { forward: nothing, backward: nothing, residuals, rarity: [0.0; LANES] };
        planes.note((0, 0), 0, &told, &standard);
        let found = [planes.effect, planes.effect_all, planes.visible, planes.infrared].map(|p| p[[0, 0]]);
        let expected = [(0.98_f32 / 3.0).sqrt(), (3.54_f32 / 4.0).sqrt(), 0.6 / 3.0, -1.6];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn the_sibling_length_is_in_sigmas_of_each_band_from_its_centre() {
        let date = |plane: Plane| Date {
            reflectance: Array3::zeros((2, 40, 40)),
            bands: vec![plane.clone(), plane],
            textures: Vec::new(),
        };
        let mut after = Plane::from_elem((40, 40), 2.0);
        after[[5, 5]] = 5.0;
        let looks =
            Looks { valid: Plane::ones((40, 40)), before: date(Plane::zeros((40, 40))), after: date(after) };
        let mut expectation = plain_model(PairParams::default(), Vec::new()).expectation;
        expectation.siblings = vec![(1.0, 2.0), (1.0, 4.0)];
        // 3 more than its neighbours: 1 and 0.5 sigmas.
        let found = sibling_length(&looks, &expectation)[[5, 5]];
        assert!((found - 0.625_f32.sqrt()).abs() < 1e-4, "{found}");
    }
}
