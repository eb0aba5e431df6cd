//! The growing season that is judged, and its three parts: green-up, peak, autumn.
//!
//! In:  the growing season of a sub-model, the days that may be looked at. Out: the last whole season among them.
//! Law: a season that is not whole can show that ground is still apart, never that it is back.

use jiff::Span;

use crate::date::{Date, Period, days_between};
use crate::submodel::Season;

/// Parts of a growing season.
pub const PARTS: usize = 3;

/// Names of the parts, English and Chinese. A seedbed shows in the first, a crop in the second, stubble in the third.
pub const NAMES: [(&str, &str); PARTS] = [("green-up", "返青期"), ("peak", "盛期"), ("autumn", "枯黄期")];

/// A growing season of one year, cut in three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrowingSeason {
    /// First and last day, whether or not all of it may be looked at.
    pub days: Period,
    /// Green-up, peak and autumn: thirds of its days.
    pub parts: [Period; PARTS],
    /// Whether all of it lies in the days that may be looked at.
    pub is_whole: bool,
}

impl GrowingSeason {
    /// The last whole season in a period; where there is none, the last that shares days with it.
    pub fn last_in(growing: Season, period: Period) -> Option<Self> {
        let seasons: Vec<Period> = period
            .years()
            .filter_map(|year| growing.of_year(year))
            .filter(|one| one.common(period).is_some())
            .collect();
        let is_whole = |season: &&Period| season.common(period) == Some(**season);
        let whole = seasons.iter().rev().find(is_whole);
        let days = *whole.or(seasons.last())?;
        Some(Self { days, parts: thirds(days), is_whole: whole.is_some() })
    }

    /// The part of the season that a day lies in.
    pub fn part_of(&self, date: Date) -> Option<usize> {
        self.parts.iter().position(|part| part.contains(date))
    }
}

/// A period in three parts whose lengths differ by a day at most.
fn thirds(days: Period) -> [Period; PARTS] {
    let length = days_between(days.from, days.to) + 1;
    let day = |number: i32| days.from.saturating_add(Span::new().days(number));
    let from = |part: i32| length * part / PARTS as i32;
    std::array::from_fn(|part| Period { from: day(from(part as i32)), to: day(from(part as i32 + 1) - 1) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::MonthDay;

    fn growing() -> Season {
        Season { from: MonthDay { month: 3, day: 15 }, to: MonthDay { month: 11, day: 15 } }
    }

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    #[test]
    fn the_three_parts_follow_on_each_other_and_are_the_whole_season() {
        let season = GrowingSeason::last_in(growing(), period("2024-01-01/2024-12-31")).unwrap();
        let parts = season.parts.map(|part| part.to_string());
        assert_eq!(parts, ["2024-03-15/2024-06-04", "2024-06-05/2024-08-25", "2024-08-26/2024-11-15"]);
        assert_eq!(season.part_of(Date::constant(2024, 6, 5)), Some(1));
        assert_eq!(season.part_of(Date::constant(2024, 11, 16)), None);
    }

    #[test]
    fn the_last_whole_season_is_judged_and_a_part_of_one_only_where_there_is_no_whole_one() {
        let whole = GrowingSeason::last_in(growing(), period("2023-01-01/2025-06-30")).unwrap();
        assert_eq!((whole.days.to.year(), whole.is_whole), (2024, true));
        let part = GrowingSeason::last_in(growing(), period("2024-03-16/2024-12-31")).unwrap();
        assert_eq!((part.days.to.year(), part.is_whole), (2024, false));
        assert_eq!(GrowingSeason::last_in(growing(), period("2024-11-16/2025-03-14")), None);
    }
}
