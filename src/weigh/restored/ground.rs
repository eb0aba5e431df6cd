//! The ground of a lead that is to be looked at again, with the days that bound what may be compared.
//!
//! In:  a lead's record. Out: `Rectified`: what came before the change, and from which day on recovery counts.
//! Law: no day of the change or before its ground was put right speaks for recovery.

use geo::MultiPolygon;
use serde_json::{Map, Value};

use crate::date::{Date, Period, parse_date};

/// A lead that was put right, or was to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Rectified {
    /// Id of the lead.
    pub id: String,
    /// Sub-model that found it.
    pub model: String,
    /// Longitude and latitude (WGS 84).
    pub outline: MultiPolygon<f64>,
    /// Last clear view without the change: the look-back ends here.
    pub before: Option<Date>,
    /// First clear view with it.
    pub first_seen: Option<Date>,
    /// The day on which its ground was told to be put right.
    pub rectified_on: Option<Date>,
}

impl Rectified {
    /// Reads what a record of a lead says (`before`, `first_seen` and, where somebody wrote it, `rectified_on`).
    pub fn of(id: &str, record: &Map<String, Value>, outline: MultiPolygon<f64>) -> Self {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let day = |name: &str| text(name).and_then(parse_date);
        Self {
            id: id.to_owned(),
            model: text("model").unwrap_or_default().to_owned(),
            outline,
            before: day("before"),
            first_seen: day("first_seen"),
            rectified_on: day("rectified_on"),
        }
    }

    /// The part of a look-back that lies before the change.
    pub fn look_back(&self, baseline: Period) -> Option<Period> {
        let yesterday = |day: Date| day.yesterday().unwrap_or(day);
        let to =
            self.before.or(self.first_seen.map(yesterday)).map_or(baseline.to, |last| last.min(baseline.to));
        (baseline.from <= to).then_some(Period { from: baseline.from, to })
    }

    /// The part of a period that may speak for recovery: after the change, from the day on which the ground was put right.
    pub fn days(&self, period: Period) -> Option<Period> {
        let tomorrow = |day: Date| day.tomorrow().unwrap_or(day);
        let from = self
            .first_seen
            .map(tomorrow)
            .max(self.rectified_on)
            .map_or(period.from, |first| first.max(period.from));
        (from <= period.to).then_some(Period { from, to: period.to })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_look_back_ends_before_the_change_and_recovery_begins_after_it() {
        let record = json!({"model": "G1", "before": "2022-10-03", "first_seen": "2023-04-08"});
        let lead = Rectified::of("a", record.as_object().unwrap(), MultiPolygon(Vec::new()));
        let period = |text: &str| Period::parse(text).unwrap();
        let told = |found: Option<Period>| found.map(|found| found.to_string()).unwrap_or_default();
        assert_eq!(told(lead.look_back(period("2020-01-01/2023-12-31"))), "2020-01-01/2022-10-03");
        assert_eq!(told(lead.look_back(period("2023-01-01/2023-12-31"))), "");
        assert_eq!(told(lead.days(period("2023-01-01/2024-12-31"))), "2023-04-09/2024-12-31");
        let put_right = Rectified { rectified_on: Some(Date::constant(2023, 11, 2)), ..lead };
        assert_eq!(told(put_right.days(period("2023-01-01/2024-12-31"))), "2023-11-02/2024-12-31");
        assert_eq!(told(put_right.days(period("2023-01-01/2023-10-31"))), "");
    }
}
