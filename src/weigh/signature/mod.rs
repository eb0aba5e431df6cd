//! What a patch has been like before and since: the vocabulary in which sub-models tell each other apart.
//!
//! In:  the median way of the patch through time, of its surroundings, its shape, and what is asked.
//! Out: a number for each `Sign`; `None` where too few views speak, which is never taken for an answer.
//! Law: a measure says what was seen and is the same for every sub-model; which values belong to which
//! transition stands in the sub-model's file (`require`, `veto`).
//! Source: signatures of `reference/mission.md` 4.2 and `reference/science.md` section 2.

mod years;

use crate::baseline::Series;
use crate::baseline::regression::median;
use crate::date::{Date, Period, days_between};
use crate::patch::shape::Shape;
use crate::submodel::{Bound, Feature, Season, Sign};

/// Fewest views from which a share or an amplitude is told.
const LEAST_VIEWS: usize = 4;

/// NDVI of bare soil: what lies between it and the expected value is cover (as in the gates).
const BARE_NDVI: f32 = 0.10;

/// NDVI of full cover.
const FULL_NDVI: f32 = 0.90;

/// A view is bare when this share of the expected cover is gone.
const BARE_SHARE: f32 = 0.5;

/// A view is green beyond its kind from this share of the way to full cover.
const GREEN_SHARE: f32 = 0.25;

/// Least expected amplitude of NDVI against which a loss is told: under it nothing grows anyway.
const LEAST_AMPLITUDE: f32 = 0.04;

/// NDWI from which a view shows open water (McFeeters 1996).
const WATER: f32 = 0.0;

/// Sigma within which a view is back in the band of its look-alikes.
const BAND: f32 = 1.5;

/// Views in a row that make a return to the band, or a bare spell.
const IN_A_ROW: usize = 2;

/// Days within which views stand for one state of a season: a bare spell is not made of May and October.
const SPELL_DAYS: i32 = 60;

/// A patch with all that its signature is read from.
pub struct Seen<'a> {
    /// Medians over the patch.
    pub series: &'a Series,
    /// Observed medians of its surroundings, view by view of `series`; NaN where not seen. Feature by feature.
    pub around: &'a [Vec<f32>],
    /// Features of the series.
    pub features: &'a [Feature],
    /// Dates of all views.
    pub dates: &'a [Date],
    /// Which views are look-back.
    pub look_back: &'a [bool],
    /// Target period.
    pub target: Period,
    /// First view with the change.
    pub since: Date,
    /// When plants grow.
    pub growing: Season,
    /// Shape of the outline.
    pub shape: &'a Shape,
    /// Side of a pixel on the ground, metres.
    pub pixel_metres: f64,
    /// Area of the outline, square metres.
    pub area_m2: f32,
}

impl Seen<'_> {
    /// Measures one sign; `None` where too little was seen.
    pub fn measure(&self, sign: Sign) -> Option<f32> {
        match sign {
            Sign::AmplitudeRatio => self.amplitude_ratio(),
            Sign::BareShare => self.share(|x, expected| x < bare_below(expected)),
            Sign::GreenShare => self.share(|x, expected| x > green_above(expected)),
            Sign::CropCycles => self.crop_cycles(),
            Sign::BareYearsBefore => self.bare_years_before(),
            Sign::YearsApart => self.years_apart(),
            Sign::WaterBefore => self.water(false),
            Sign::WaterAfter => self.water(true),
            Sign::DaysAway => self.days_away().map(|(days, _)| days),
            Sign::AwayAtEnd => self.days_away().map(|(_, away)| f32::from(u8::from(away))),
            Sign::DormantGreen => self.dormant_green(),
            Sign::DarkStart => self.dark_start(),
            Sign::GapToSurroundings => self.gap_to_surroundings(),
            Sign::GrowingDaysSeen => self.growing_days_seen(),
            Sign::NdviShift => self.shift(Feature::Ndvi).map(|(shift, _)| shift),
            Sign::NdmiShift => self.shift(Feature::Ndmi).map(|(shift, _)| shift),
            Sign::BrightnessShift => {
                self.shift(Feature::Brightness).map(|(shift, expected)| shift / expected.max(0.01))
            }
            Sign::Rectangularity => Some(self.shape.rectangularity),
            Sign::Sharpness => Some(self.shape.sharpness),
            Sign::Elongation => Some((self.shape.length_px / self.shape.width_px.max(0.5)).max(1.0)),
            Sign::WidthM => Some(self.shape.width_px * self.pixel_metres as f32),
            Sign::LengthM => Some(self.shape.length_px * self.pixel_metres as f32),
            Sign::AreaM2 => Some(self.area_m2),
            Sign::NdviAfter => self.middle(Feature::Ndvi, true),
            Sign::BsiAfter => self.middle(Feature::Bsi, true),
            Sign::BrightnessAfter => self.middle(Feature::Brightness, true),
            Sign::NdmiBefore => self.middle(Feature::Ndmi, false),
            Sign::SwingBefore => self.swing_before(),
            Sign::TroughBefore => self.trough_before(),
            Sign::TroughAfter => self.trough_after(),
            Sign::YearsAfter => self.years_after(),
            Sign::HarvestYears => self.harvest_years(),
        }
    }

    /// Share of the bounds that hold, of those whose sign could be told; `None` where none could.
    pub fn likeness(&self, typical: &[Bound]) -> Option<f64> {
        let told = typical.iter().filter_map(|bound| Some(bound.holds(self.measure(bound.sign)?)));
        let told: Vec<bool> = told.collect();
        let held = told.iter().filter(|holds| **holds).count();
        (!told.is_empty()).then(|| held as f64 / told.len() as f64)
    }

    fn date(&self, index: usize) -> Date {
        self.dates[self.series.views[index]]
    }

    /// Places of the target views since the change.
    fn after(&self) -> impl Iterator<Item = usize> {
        (0..self.series.views.len())
            .filter(|index| self.target.contains(self.date(*index)) && self.date(*index) >= self.since)
    }

    /// Places of the look-back views.
    fn before(&self) -> impl Iterator<Item = usize> {
        (0..self.series.views.len()).filter(|index| self.look_back[self.series.views[*index]])
    }

    fn is_growing(&self, index: usize) -> bool {
        self.growing.contains(self.date(index))
    }

    fn line(&self, feature: Feature) -> Option<usize> {
        self.features.iter().position(|own| *own == feature)
    }

    /// Seasonal swing of NDVI since the change over the swing expected in the same views.
    fn amplitude_ratio(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let swing = |line: &Vec<f32>| {
            let mut values: Vec<f32> = views.iter().map(|index| line[*index]).collect();
            values.sort_unstable_by(f32::total_cmp);
            values[(values.len() - 1) * 9 / 10] - values[(values.len() - 1) / 10]
        };
        if views.len() < LEAST_VIEWS {
            return None;
        }
        let expected = swing(&self.series.expected[ndvi]);
        (expected >= LEAST_AMPLITUDE).then(|| swing(&self.series.observed[ndvi]) / expected)
    }

    /// Share of the growing-season views since the change of whose NDVI (observed, expected) holds.
    fn share(&self, holds: impl Fn(f32, f32) -> bool) -> Option<f32> {
        let line = self.line(Feature::Ndvi)?;
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let is_so =
            |index: &&usize| holds(self.series.observed[line][**index], self.series.expected[line][**index]);
        (views.len() >= LEAST_VIEWS).then(|| views.iter().filter(is_so).count() as f32 / views.len() as f32)
    }

    /// Share of growing-season views with open water, in the look-back or since the change.
    fn water(&self, is_after: bool) -> Option<f32> {
        let ndwi = self.line(Feature::Ndwi)?;
        let views: Vec<usize> = if is_after { self.after().collect() } else { self.before().collect() };
        let views: Vec<usize> = views.into_iter().filter(|index| self.is_growing(*index)).collect();
        let wet = views.iter().filter(|index| self.series.observed[ndwi][**index] > WATER).count();
        (views.len() >= LEAST_VIEWS).then(|| wet as f32 / views.len() as f32)
    }

    /// Days from the change to the first return into the band of the look-alikes (or to the last view), and
    /// whether it stayed away to the end.
    fn days_away(&self) -> Option<(f32, bool)> {
        let (ndvi, brightness) = (self.line(Feature::Ndvi)?, self.line(Feature::Brightness)?);
        let views: Vec<usize> = self.after().collect();
        let is_back = |index: usize| {
            [ndvi, brightness].iter().all(|feature| self.series.z[*feature][index].abs() <= BAND)
        };
        let back = views.windows(IN_A_ROW).find(|row| row.iter().all(|index| is_back(*index)));
        let last = *views.last()?;
        let end = back.map_or(last, |row| row[0]);
        let last_away = !views.iter().rev().take(IN_A_ROW).all(|index| is_back(*index));
        Some((days_between(self.since, self.date(end)) as f32, last_away))
    }

    /// Median of observed less expected since the change in the growing season, and the median expected.
    fn shift(&self, feature: Feature) -> Option<(f32, f32)> {
        let line = self.line(feature)?;
        let (x, expected) = (&self.series.observed[line], &self.series.expected[line]);
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let middle = |value: &dyn Fn(usize) -> f32| {
            median(&mut views.iter().map(|index| value(*index)).collect::<Vec<f32>>())
        };
        let is_told = views.len() >= LEAST_VIEWS - 1;
        is_told.then(|| (middle(&|index| x[index] - expected[index]), middle(&|index| expected[index])))
    }

    /// Median of what was observed in the growing season, since the change or in the look-back.
    fn middle(&self, feature: Feature, is_after: bool) -> Option<f32> {
        let line = self.line(feature)?;
        let views: Vec<usize> = if is_after { self.after().collect() } else { self.before().collect() };
        let growing = views.into_iter().filter(|index| self.is_growing(*index));
        let mut values: Vec<f32> = growing.map(|index| self.series.observed[line][index]).collect();
        (values.len() >= LEAST_VIEWS).then(|| median(&mut values))
    }

    /// Median z of NDVI in the dormant months since the change: trees and lucerne are green beside bare fields.
    fn dormant_green(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let is_dormant = |index: &usize| {
            let month = self.date(*index).month();
            matches!(month, 3 | 4 | 10 | 11)
        };
        let mut z: Vec<f32> =
            self.after().filter(is_dormant).map(|index| self.series.z[ndvi][index]).collect();
        (z.len() >= 3).then(|| median(&mut z))
    }

    /// Median z of brightness in the first three views of the change: a burn begins dark.
    fn dark_start(&self) -> Option<f32> {
        let brightness = self.line(Feature::Brightness)?;
        let mut z: Vec<f32> = self.after().take(3).map(|index| self.series.z[brightness][index]).collect();
        (z.len() == 3).then(|| median(&mut z))
    }

    /// How far NDVI lies from that of the surroundings in the last growing season that was seen, because one green
    /// flush is no recovery: median of (inside - around) over the cover of the surroundings above bare soil.
    fn gap_to_surroundings(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let gap = |index: usize| {
            let around = *self.around.get(ndvi)?.get(index)?;
            let cover = (around - BARE_NDVI).max(LEAST_AMPLITUDE);
            around.is_finite().then(|| (self.series.observed[ndvi][index] - around) / cover)
        };
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let of_year = |year: i16| self.of_year(&views, year).filter_map(gap).collect::<Vec<f32>>();
        let years = self.years(&views).into_iter().rev().map(of_year);
        years.into_iter().find(|gaps| gaps.len() >= LEAST_VIEWS).map(|mut gaps| median(&mut gaps))
    }
}

/// NDVI below which a view is bare where this much was expected.
fn bare_below(expected: f32) -> f32 {
    expected - BARE_SHARE * (expected - BARE_NDVI).max(0.0)
}

/// NDVI above which a view is greener than its kind.
fn green_above(expected: f32) -> f32 {
    expected + GREEN_SHARE * (FULL_NDVI - expected).max(0.0)
}

#[cfg(test)]
mod tests;
