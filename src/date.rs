//! Calendar dates and periods. No clock: the program never asks what day it is.

use std::fmt;

pub use jiff::civil::Date;
use thiserror::Error;

/// Days from `earlier` to `later`; negative when `later` comes first.
pub fn days_between(earlier: Date, later: Date) -> i32 {
    let span = later.since(earlier).ok().map_or(0, |span| span.get_days());
    debug_assert!(span.abs() < 4_000_000);
    span
}

/// The day in the middle of a period; the later one of two.
pub fn middle(period: Period) -> Date {
    let half = (days_between(period.from, period.to) + 1) / 2;
    period.from.saturating_add(jiff::Span::new().days(half))
}

/// A day of the year without the year, as sub-models write their windows (`"04-01"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl MonthDay {
    /// The month and day of a date.
    pub fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }

    /// Reads `MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self { month, day })
    }
}

/// A period of calendar days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, not before `from`.
    pub to: Date,
}

/// A period that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PeriodError {
    /// Not two dates with a slash between.
    #[error("period '{0}' is not FROM/TO with dates as YYYY-MM-DD, for example 2021-01-01/2023-12-31")]
    Form(String),
    /// The end lies before the start.
    #[error("period '{0}' ends before it starts; write the earlier date first")]
    Order(String),
}

impl Period {
    /// Reads `YYYY-MM-DD/YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        let form = || PeriodError::Form(text.to_owned());
        let (from, to) = text.split_once('/').ok_or_else(form)?;
        let (from, to) = (parse_date(from).ok_or_else(form)?, parse_date(to).ok_or_else(form)?);
        if to < from {
            return Err(PeriodError::Order(text.to_owned()));
        }
        Ok(Self { from, to })
    }

    /// Whether a day lies in the period.
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && date <= self.to
    }

    /// The days that two periods share.
    pub fn common(&self, other: Period) -> Option<Period> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from <= to).then_some(Period { from, to })
    }

    /// The calendar years that the period touches.
    pub fn years(&self) -> impl Iterator<Item = i16> + use<> {
        self.from.year()..=self.to.year()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

/// Reads `YYYY-MM-DD` and nothing else.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let plain = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_includes_both_ends() {
        let period = Period::parse("2020-01-01/2020-12-31").unwrap();
        assert!(period.contains(Date::constant(2020, 1, 1)) && period.contains(Date::constant(2020, 12, 31)));
        assert!(!period.contains(Date::constant(2021, 1, 1)));
    }

    #[test]
    fn days_run_across_months_and_leap_years() {
        assert_eq!(days_between(Date::constant(2020, 2, 1), Date::constant(2020, 3, 1)), 29);
        assert_eq!(days_between(Date::constant(2020, 3, 1), Date::constant(2020, 2, 1)), -29);
        assert_eq!(days_between(Date::constant(2015, 1, 1), Date::constant(2018, 1, 1)), 1096);
    }

    #[test]
    fn a_period_that_ends_before_it_starts_is_refused() {
        assert!(matches!(Period::parse("2021-01-01/2020-01-01"), Err(PeriodError::Order(_))));
        assert!(matches!(Period::parse("2021"), Err(PeriodError::Form(_))));
    }
}
