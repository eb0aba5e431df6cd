//! What a patch has been like year by year: spells of bare ground, swings, harvests.
//!
//! In:  the same `Seen`. Out: the signs that count years or compare them.
//! Law: a year with too few views takes no part.

use super::{BAND, IN_A_ROW, LEAST_VIEWS, SPELL_DAYS, Seen, bare_below, green_above};
use crate::baseline::regression::median;
use crate::date::days_between;
use crate::submodel::Feature;

/// First and last month in which a field may be ploughed or harvested: winter tells nothing of either.
const WORKING_MONTHS: std::ops::RangeInclusive<i8> = 3..=11;

/// NDVI under which a field is stubble or bare. Chosen here; tried on drawn worlds and on a crop laid into a real forest.
const STUBBLE: f32 = 0.25;

/// Least rise of NDVI from bare ground to crop within a year, more than grass on sparse ground has. Chosen here, as above.
const LEAST_CROP_SWING: f32 = 0.35;

impl Seen<'_> {
    /// Years since the change with a bare spell and, in the same year, views greener than expected.
    pub(super) fn crop_cycles(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let (x, expected) = (&self.series.observed[ndvi], &self.series.expected[ndvi]);
        let views: Vec<usize> = self.after().collect();
        if views.len() < LEAST_VIEWS {
            return None;
        }
        let cycles = self.years(&views).into_iter().filter(|year| {
            let of_year: Vec<usize> = self.of_year(&views, *year).collect();
            let is_bare = |index: usize| x[index] < bare_below(expected[index]);
            let is_green = |index: usize| x[index] > green_above(expected[index]);
            self.has_spell(&of_year, is_bare) && self.has_spell(&of_year, is_green)
        });
        Some(cycles.count() as f32)
    }

    /// Look-back years with a bare spell: ground that was worked before.
    pub(super) fn bare_years_before(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let (x, expected) = (&self.series.observed[ndvi], &self.series.expected[ndvi]);
        let views: Vec<usize> = self.before().collect();
        if views.len() < LEAST_VIEWS {
            return None;
        }
        let is_bare =
            |index: usize| x[index] < bare_below(expected[index]) && self.series.z[ndvi][index] < -BAND;
        let bare = self.years(&views).into_iter().filter(|year| {
            let of_year: Vec<usize> = self.of_year(&views, *year).collect();
            self.has_spell(&of_year, is_bare)
        });
        Some(bare.count() as f32)
    }

    /// Target years whose growing season as a whole lies below what was expected, by the median z of NDVI.
    pub(super) fn years_apart(&self) -> Option<f32> {
        let ndvi = self.line(Feature::Ndvi)?;
        let in_target = |index: &usize| self.target.contains(self.date(*index)) && self.is_growing(*index);
        let views: Vec<usize> = (0..self.series.views.len()).filter(in_target).collect();
        let apart = self.years(&views).into_iter().filter(|year| {
            let of_year = views.iter().filter(|index| self.date(**index).year() == *year);
            let mut z: Vec<f32> = of_year.map(|index| self.series.z[ndvi][*index]).collect();
            z.len() >= LEAST_VIEWS - 1 && median(&mut z) < -1.0
        });
        (views.len() >= LEAST_VIEWS).then(|| apart.count() as f32)
    }

    /// Days from the first to the last growing-season view since the change, in the year that was seen longest.
    pub(super) fn growing_days_seen(&self) -> Option<f32> {
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let seen = self.years(&views).into_iter().filter_map(|year| {
            let of_year = || views.iter().map(|index| self.date(*index)).filter(|date| date.year() == year);
            Some(days_between(of_year().min()?, of_year().max()?))
        });
        seen.max().map(|days| days as f32)
    }

    /// The years of some views, ascending.
    pub(super) fn years(&self, views: &[usize]) -> Vec<i16> {
        let mut years: Vec<i16> = views.iter().map(|index| self.date(*index).year()).collect();
        years.dedup();
        years
    }

    /// Whether views in a row, within the days of a spell, all hold.
    fn has_spell(&self, views: &[usize], holds: impl Fn(usize) -> bool) -> bool {
        views.windows(IN_A_ROW).any(|row| {
            let days = days_between(self.date(row[0]), self.date(row[IN_A_ROW - 1]));
            days <= SPELL_DAYS && row.iter().all(|index| holds(*index))
        })
    }

    /// Seasonal swing of NDVI in the look-back, median of its years.
    pub(super) fn swing_before(&self) -> Option<f32> {
        let ndvi = &self.series.observed[self.line(Feature::Ndvi)?];
        let views: Vec<usize> = self.before().filter(|index| self.is_growing(*index)).collect();
        let swing = |year: i16| {
            let mut values: Vec<f32> = self.of_year(&views, year).map(|index| ndvi[index]).collect();
            values.sort_unstable_by(f32::total_cmp);
            let last = values.len().checked_sub(1)?;
            (values.len() >= LEAST_VIEWS).then(|| values[last * 9 / 10] - values[last / 10])
        };
        let mut swings: Vec<f32> = self.years(&views).into_iter().filter_map(swing).collect();
        (!swings.is_empty()).then(|| median(&mut swings))
    }

    /// Lowest NDVI of a year that two views in a row stay under, median of the look-back years.
    pub(super) fn trough_before(&self) -> Option<f32> {
        let mut troughs = self.troughs(&self.before().collect::<Vec<usize>>())?;
        Some(median(&mut troughs))
    }

    /// The same, lowest of the target years since the change.
    pub(super) fn trough_after(&self) -> Option<f32> {
        self.troughs(&self.after().collect::<Vec<usize>>())?.into_iter().reduce(f32::min)
    }

    /// Lowest NDVI that two views in a row stay under, of each year that was seen; `None` where none was.
    fn troughs(&self, views: &[usize]) -> Option<Vec<f32>> {
        let ndvi = &self.series.observed[self.line(Feature::Ndvi)?];
        let is_work = |index: &usize| WORKING_MONTHS.contains(&self.date(*index).month());
        let trough = |year: i16| {
            let of_year: Vec<usize> = self.of_year(views, year).filter(is_work).collect();
            let pairs = of_year.windows(IN_A_ROW);
            let lowest = pairs.map(|row| row.iter().map(|index| ndvi[*index]).fold(f32::MIN, f32::max));
            (of_year.len() >= LEAST_VIEWS).then(|| lowest.fold(f32::MAX, f32::min))
        };
        let troughs: Vec<f32> = self.years(views).into_iter().filter_map(trough).collect();
        (!troughs.is_empty()).then_some(troughs)
    }

    /// Target years since the change whose growing season was seen.
    pub(super) fn years_after(&self) -> Option<f32> {
        let views: Vec<usize> = self.after().filter(|index| self.is_growing(*index)).collect();
        let is_seen = |year: &i16| self.of_year(&views, *year).count() >= LEAST_VIEWS;
        Some(self.years(&views).iter().filter(|year| is_seen(year)).count() as f32)
    }

    /// Years since the change with bare ground and a crop: two views in a row under the NDVI of stubble, and a swing
    /// that neither grass nor shrubs have.
    pub(super) fn harvest_years(&self) -> Option<f32> {
        let ndvi = &self.series.observed[self.line(Feature::Ndvi)?];
        let views: Vec<usize> = self.after().collect();
        let is_work = |index: &usize| WORKING_MONTHS.contains(&self.date(*index).month());
        let is_harvested = |year: &i16| {
            let of_year: Vec<usize> = self.of_year(&views, *year).filter(is_work).collect();
            let of_two = |row: &[usize], all: fn(f32, f32) -> f32| all(ndvi[row[0]], ndvi[row[1]]);
            let trough = of_year.windows(2).map(|row| of_two(row, f32::max)).fold(f32::MAX, f32::min);
            let peak = of_year.windows(2).map(|row| of_two(row, f32::min)).fold(f32::MIN, f32::max);
            trough <= STUBBLE && peak - trough >= LEAST_CROP_SWING
        };
        let harvested = self.years(&views).iter().filter(|year| is_harvested(year)).count();
        (views.len() >= LEAST_VIEWS).then_some(harvested as f32)
    }

    /// Those of some views that lie in a year.
    pub(super) fn of_year<'b>(&'b self, views: &'b [usize], year: i16) -> impl Iterator<Item = usize> + 'b {
        views.iter().copied().filter(move |index| self.date(*index).year() == year)
    }
}
