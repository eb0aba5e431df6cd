//! How a patch looks on a day: what replaces the steppe inside it, and how much of it.
//!
//! In:  a patch, a day of the season, the water there. Out: `Look`: shares of soil and of fixed colours.
//! Law: nothing shows before the onset; crops run bare seedbed, canopy, harvest, stubble.
//! Source: seasonal courses from the sub-model table of the studies (bare April to June, peak July to August,
//! bare autumn; mines and buildings the same all year); spectra rounded from public libraries, assumed.

use super::ground::{GREEN, LITTER, Spectrum};
use super::noise::{Draw, ramp};
use super::parcel::{Kind, Patch};
use super::season::growth;
use super::shape::Point;
use crate::date::{Date, days_between};

const CROP: Spectrum = [0.025, 0.055, 0.032, 0.460, 0.205, 0.095];
const STUBBLE: Spectrum = [0.120, 0.165, 0.215, 0.300, 0.400, 0.300];
const FILM: Spectrum = [0.240, 0.262, 0.282, 0.320, 0.340, 0.290];
const CHAR: Spectrum = [0.042, 0.048, 0.054, 0.072, 0.125, 0.128];
const SPOIL: Spectrum = [0.185, 0.232, 0.282, 0.332, 0.395, 0.352];
const COAL: Spectrum = [0.055, 0.060, 0.066, 0.076, 0.098, 0.098];
const CONCRETE: Spectrum = [0.205, 0.232, 0.256, 0.282, 0.305, 0.285];
const ROOF: Spectrum = [0.185, 0.165, 0.150, 0.190, 0.200, 0.175];
const ASPHALT: Spectrum = [0.090, 0.102, 0.115, 0.135, 0.160, 0.150];
const WATER: Spectrum = [0.072, 0.085, 0.075, 0.045, 0.016, 0.011];

/// What replaces the steppe inside a patch on a day.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Share of the steppe that is replaced, 0 to 1.
    pub amount: f32,
    /// The patch reaches this share of its final outline.
    pub grow: f32,
    /// Share of local bare soil in what replaces it, and its brightness against the undisturbed soil.
    pub soil: (f32, f32),
    /// The rest: shares times colours.
    pub add: Spectrum,
    /// A second colour that stands in blotches, and the share of ground it takes.
    pub blotch: (Spectrum, f32),
}

/// Nothing to see.
const NOTHING: Look =
    Look { amount: 0.0, grow: 2.0, soil: (0.0, 1.0), add: [0.0; 6], blotch: ([0.0; 6], 0.0) };

/// The day on which a look is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// Seed of the world.
    pub seed: u64,
    /// The date.
    pub date: Date,
    /// Index of its year in the world.
    pub year: usize,
    /// Water for growth at the patch, over what is usual.
    pub water: f32,
    /// Green share of the season's peak for steppe grass.
    pub green: f32,
}

/// Sum of shares of colours.
fn blend(parts: &[(f32, Spectrum)]) -> Spectrum {
    std::array::from_fn(|band| parts.iter().map(|(share, colour)| share * colour[band]).sum())
}

/// How a patch looks on a day.
pub fn look(patch: &Patch, day: Day) -> Look {
    if day.date < patch.onset {
        return NOTHING;
    }
    if let Some(mended) = patch.mended.filter(|mended| mended.on <= day.date) {
        return mended.look(patch, day);
    }
    let age = days_between(patch.onset, day.date) as f32;
    let mut draw = Draw::new(day.seed, "traits", patch.number as u64, 0);
    let trait_of = |draw: &mut Draw, low: f64, high: f64| draw.between(low, high) as f32;
    match patch.kind {
        Kind::Rainfed | Kind::Irrigated | Kind::OldCropland => crop((patch.kind, patch.number), day, age),
        Kind::Mine | Kind::OldMine => mine(patch.kind, age, &mut draw),
        Kind::Construction | Kind::OldSettlement => built(patch.kind, age, &mut draw),
        Kind::WetHollow => {
            let peak = trait_of(&mut draw, 0.35, 0.9) * ramp(age, 0.0, 30.0) * (0.15 + 0.85 * day.green);
            Look { amount: peak, soil: (0.35, 0.92), add: blend(&[(0.45, GREEN), (0.20, LITTER)]), ..NOTHING }
        }
        Kind::OvergrazedWell => {
            let amount = trait_of(&mut draw, 0.35, 0.85) * ramp(age, -10.0, 40.0);
            Look {
                amount,
                soil: (0.97, trait_of(&mut draw, 1.02, 1.14)),
                add: LITTER.map(|v| 0.03 * v),
                ..NOTHING
            }
        }
        Kind::BurnScar => burn(age, day.green, &mut draw),
        Kind::FencedExclosure => fenced(age, day.green, &mut draw),
        Kind::Mowing => {
            let amount = trait_of(&mut draw, 0.5, 0.9) * (1.0 - 0.7 * ramp(age, 20.0, 60.0));
            Look { amount, soil: (0.68, 1.0), add: blend(&[(0.04, GREEN), (0.28, STUBBLE)]), ..NOTHING }
        }
        Kind::OldRoad => road(patch),
        Kind::OldWater => {
            let grow = (0.35 + 0.45 * growth(day.water)).clamp(0.3, 1.0);
            Look { amount: 0.96, grow, add: WATER, soil: (0.02, 1.0), ..NOTHING }
        }
    }
}

/// A paved road is dark, a track a thin line of bare, pale ground.
fn road(patch: &Patch) -> Look {
    let length = |(a, b): (Point, Point)| ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt();
    let outline: f64 = patch.shape.edges().map(length).sum();
    // Mean width in pixels: 8 m and more is taken as paved.
    if 2.0 * patch.shape.area() / outline > 0.8 {
        return Look { amount: 1.0, add: ASPHALT, ..NOTHING };
    }
    Look { amount: 1.0, soil: (0.75, 1.08), add: SPOIL.map(|value| 0.25 * value), ..NOTHING }
}

/// Ungrazed grass: a little more green and more litter, year after year.
fn fenced(age: f32, green: f32, draw: &mut Draw) -> Look {
    let amount = draw.between(0.08, 0.22) as f32 * ramp(age, 0.0, 80.0);
    let green = 0.15 + 0.5 * green;
    let add = blend(&[(green, GREEN), (0.8 - green, LITTER)]);
    Look { amount, soil: (0.2, 0.97), add, ..NOTHING }
}

/// Burnt litter: black for weeks, bare and then slightly greener for the rest of the season.
fn burn(age: f32, green: f32, draw: &mut Draw) -> Look {
    let severity = draw.between(0.45, 0.85) as f32;
    let black = ramp(age, 75.0, 5.0);
    let regrowth = 0.10 * green;
    Look {
        amount: severity * (0.30 + 0.70 * black) * (1.0 - 0.5 * ramp(age, 90.0, 160.0)),
        soil: ((1.0 - 0.75 * black) * (1.0 - regrowth), 0.96),
        add: blend(&[(0.75 * black, CHAR), (regrowth * (1.0 - 0.75 * black), GREEN)]),
        ..NOTHING
    }
}

/// Pits and spoil heaps, growing from two fifths of their final reach over 100 days.
fn mine(kind: Kind, age: f32, draw: &mut Draw) -> Look {
    let which = draw.uniform();
    let (main, second, share) = if which < 0.55 {
        (SPOIL, COAL, draw.between(0.0, 0.15))
    } else if which < 0.75 {
        (COAL, SPOIL, draw.between(0.1, 0.35))
    } else {
        (SPOIL.map(|value| 0.82 * value), SPOIL, draw.between(0.2, 0.5))
    };
    let grow = if kind == Kind::OldMine {
        1.5
    } else {
        0.62 + 0.38 * ramp(age, 0.0, 100.0) + 0.5 * ramp(age, 100.0, 101.0)
    };
    let soil = 0.35 * (draw.uniform() as f32);
    Look {
        amount: 0.97,
        grow,
        soil: (soil, 1.05),
        add: main.map(|v| (1.0 - soil) * v),
        blotch: (second, share as f32),
    }
}

/// Levelled ground first, hard surfaces and roofs within two months.
fn built(kind: Kind, age: f32, draw: &mut Draw) -> Look {
    let done = if kind == Kind::OldSettlement { 1.0 } else { ramp(age, 10.0, 70.0) };
    let bare = 1.0 - draw.between(0.45, 0.85) as f32 * done;
    let roofs = draw.between(0.15, 0.40) as f32 * done;
    Look {
        amount: 0.96,
        soil: (bare, draw.between(1.02, 1.14) as f32),
        add: CONCRETE.map(|value| (1.0 - bare) * value),
        blotch: (ROOF, roofs),
        ..NOTHING
    }
}

/// What a field does in a year.
struct Course {
    /// Days of the year: sown, canopy begins to close, harvest.
    days: (f32, f32, f32),
    /// Green share at the peak.
    peak: f32,
    /// Share of stubble left after harvest.
    stubble: f32,
    /// Share of plastic film from sowing on.
    film: f32,
    /// Brightness of the tilled soil.
    tone: f32,
    /// Whether nothing is sown.
    fallow: bool,
}

impl Course {
    fn new((kind, number): (Kind, usize), day: Day) -> Self {
        let mut own = Draw::new(day.seed, "field", number as u64, 0);
        let mut draw = Draw::new(day.seed, "field year", number as u64, day.year as u64);
        let old = kind == Kind::OldCropland;
        let irrigated = kind == Kind::Irrigated || (old && own.chance(0.75));
        // Two of three turn up pale limy subsoil, the third a darker, moist and cloddy surface (assumed).
        let tone = if own.chance(0.67) { own.between(1.04, 1.20) } else { own.between(0.80, 0.93) } as f32;
        let sown = draw.between(118.0, 142.0) as f32;
        let (late, length) = (draw.between(28.0, 45.0) as f32, draw.between(110.0, 138.0) as f32);
        let vigour = draw.uniform() as f32;
        // Irrigated peaks give NDVI .5 to .8; rain-fed ones follow the water, in drought below the steppe.
        let rainy = (0.04 + 0.42 * (growth(day.water) - 0.55)).clamp(0.02, 0.55) * (0.6 + 0.6 * vigour);
        Self {
            days: (sown, sown + late, sown + length),
            peak: if irrigated { 0.55 + 0.37 * vigour } else { rainy },
            stubble: draw.between(0.05, 0.35) as f32,
            film: if irrigated && own.chance(0.35) { draw.between(0.25, 0.5) as f32 } else { 0.0 },
            tone,
            fallow: old && draw.chance(0.12),
        }
    }
}

/// A field: ploughed at the onset (an old one every spring), then the course of its year.
pub(super) fn crop((kind, number): (Kind, usize), day: Day, age: f32) -> Look {
    let course = Course::new((kind, number), day);
    let today = f32::from(day.date.day_of_year());
    let old = kind == Kind::OldCropland;
    // A field broken after sowing time is sown three weeks later, or too late to bear at all.
    let broken = if old { 0.0 } else { today - age };
    let wait = (broken + 20.0 - course.days.0).max(0.0);
    let (sown, closing, harvest) = (course.days.0 + wait, course.days.1 + wait, course.days.2 + 0.5 * wait);
    let too_late = course.fallow || sown > 178.0;
    let rise = ramp(today, closing, closing + 42.0) * (1.0 - ramp(today, harvest - 22.0, harvest));
    let green = if too_late { 0.04 * day.green } else { course.peak * rise };
    let after = ramp(today, harvest - 12.0, harvest + 2.0);
    let dying = ramp(today, harvest - 30.0, harvest - 10.0) * (1.0 - after);
    let before = if old { 0.6 * (1.0 - ramp(today, 95.0, 125.0)) } else { 0.0 };
    let stubble = if too_late { 0.05 } else { course.stubble * (after + before) + 0.5 * course.peak * dying };
    let film = if today > sown && !too_late { course.film * (1.0 - after) } else { 0.0 };
    let fresh = 1.0 - 0.10 * (1.0 - ramp(age, 0.0, 25.0));
    let rest = (1.0 - green).max(0.0);
    let (film, stubble) = (film * rest, (stubble * rest).min(0.9 * rest));
    Look {
        amount: 0.98,
        soil: ((rest - film - stubble).max(0.0), course.tone * fresh),
        add: blend(&[(green, CROP), (stubble, STUBBLE), (film, FILM)]),
        ..NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::shape::Shape;

    fn patch(kind: Kind) -> Patch {
        let shape = Shape::circle((10.0, 10.0), 5.0);
        let cells = shape.cells(20, 20);
        Patch { kind, number: 3, shape, onset: Date::constant(2023, 4, 12), cells, mended: None }
    }

    fn ndvi(kind: Kind, month: i8, water: f32) -> f32 {
        let date = Date::constant(2023, month, 10);
        let look = look(&patch(kind), Day { seed: 1, date, year: 4, water, green: 0.5 });
        let soil = crate::simulate::ground::LOAM;
        let at = |band: usize| look.soil.0 * look.soil.1 * soil[band] + look.add[band];
        (at(3) - at(2)) / (at(3) + at(2))
    }

    #[test]
    fn nothing_shows_before_the_onset() {
        let date = Date::constant(2023, 4, 11);
        let day = Day { seed: 1, date, year: 4, water: 1.0, green: 0.1 };
        assert_eq!(look(&patch(Kind::Mine), day).amount, 0.0);
    }

    #[test]
    fn an_irrigated_field_is_bare_in_may_green_in_august_and_bare_in_october() {
        let [may, august, october] = [5, 8, 10].map(|month| ndvi(Kind::Irrigated, month, 1.0));
        assert!(may < 0.17 && (0.45..0.9).contains(&august) && october < 0.22, "{may} {august} {october}");
    }

    #[test]
    fn a_rainfed_field_in_drought_stays_low() {
        let (dry, wet) = (ndvi(Kind::Rainfed, 8, 0.4), ndvi(Kind::Rainfed, 8, 1.5));
        assert!(dry < 0.25 && wet > dry + 0.1, "{dry} {wet}");
    }
}
