//! How urgent a visit is: confidence, size against the legal limit, growth, age. The weights stand here and nowhere else.
//!
//! In:  a lead with its history in the ledger, the last day that the material speaks of. Out: a number from 0 to 1 and its
//!      parts.
//! Law: the number is a sum that a person can follow; what is not known counts nought and is called so. It orders visits and
//!      says nothing about a place.

use serde_json::Value;

use crate::date::{Date, Period, days_between, parse_date};
use crate::report::material::{Item, Material};
use crate::units::{fixed, rounded};

/// Weight of each part; together 1. A choice of this program, to be changed where an office has another order: certain ones
/// first, then large ones, then those that wait, then those that grow.
pub const WEIGHTS: Parts<f64> = Parts { confidence: 0.40, size: 0.25, growth: 0.15, age: 0.20 };

/// Days after which waiting adds nothing more.
const OLD_DAYS: f64 = 365.0;

/// Growth of area, as a share of the first area, from which growing adds nothing more.
const GROWN: f64 = 1.0;

/// Size against the limit of the area rule, by the code of `legal_verdict`.
const SIZES: [(&str, f64); 4] = [("above", 1.0), ("straddles", 0.7), ("unresolved", 0.4), ("below", 0.1)];

/// Size where no area rule was compared.
const NO_RULE: f64 = 0.3;

/// The parts of a priority.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts<T> {
    /// Confidence of the lead.
    pub confidence: T,
    /// Size against the limit.
    pub size: T,
    /// Growth of its area.
    pub growth: T,
    /// Days since it was first seen.
    pub age: T,
}

/// A priority with what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Priority {
    /// In thousandths: sums of them are exact.
    pub thousandths: i64,
    /// Each part from 0 to 1; none where it is not known.
    parts: Parts<Option<f64>>,
    /// Days since it was first seen.
    days: Option<i32>,
    /// First and last area in square metres, where there is a history.
    areas: Option<(f64, f64)>,
}

/// The last day that the material speaks of: the end of the run's target period, else the last day on which a lead was seen.
pub fn last_day(material: &Material) -> Option<Date> {
    let target =
        material.run.as_ref().and_then(|run| Period::parse(&run.target).ok()).map(|period| period.to);
    let seen = material.leads.iter().filter_map(|lead| parse_date(lead.text("last_seen"))).max();
    target.or(seen)
}

impl Priority {
    /// The priority of a lead.
    pub fn of(lead: &Item, last_day: Option<Date>) -> Self {
        let known =
            |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.clamp(0.0, 1.0));
        let verdict = lead.text("legal_verdict");
        let size = SIZES.iter().find(|(code, _)| *code == verdict).map_or(NO_RULE, |(_, size)| *size);
        let first_seen = parse_date(lead.text("first_seen"));
        let days = first_seen.zip(last_day).map(|(first, last)| days_between(first, last).max(0));
        let areas = areas(lead);
        let parts = Parts {
            confidence: known(lead.number("confidence")),
            size: Some(size),
            growth: known(areas.map(|(first, last)| (last / first - 1.0) / GROWN)),
            age: known(days.map(|days| f64::from(days) / OLD_DAYS)),
        };
        let sum = WEIGHTS.confidence * parts.confidence.unwrap_or(0.0)
            + WEIGHTS.size * size
            + WEIGHTS.growth * parts.growth.unwrap_or(0.0)
            + WEIGHTS.age * parts.age.unwrap_or(0.0);
        Self { thousandths: (sum * 1000.0).round() as i64, parts, days, areas }
    }

    /// The number with two decimals.
    pub fn number(&self) -> String {
        fixed(self.thousandths as f64 / 1000.0, 2)
    }

    /// How the number came about, in the language that `pick` takes of Chinese and English.
    pub fn words(&self, lead: &Item, pick: &dyn Fn(&str, &str) -> String) -> String {
        let part = |name: String, note: String, value: Option<f64>, weight: f64| {
            let value = value.map_or("0".to_owned(), |value| fixed(rounded(value, 2), 2));
            format!("{name} ({note}) {value}×{}", fixed(weight, 2))
        };
        let verdict = lead.text("legal_verdict");
        let size = match verdict {
            "above" => pick("高于规则面积", "above the limit"),
            "straddles" => pick("跨越规则面积", "straddles the limit"),
            "unresolved" => pick("分辨率不足", "not resolved"),
            "below" => pick("低于规则面积", "below the limit"),
            _ => pick("无面积规则", "no area rule"),
        };
        let growth = match self.areas {
            Some((first, last)) => format!("{first:.0} → {last:.0} m²"),
            None => pick("无历史", "no history"),
        };
        let age = match self.days {
            Some(days) => format!("{days} {}", pick("天", "days")),
            None => pick("不详", "not known"),
        };
        let confidence = self.parts.confidence.map_or(pick("不详", "not known"), |value| fixed(value, 3));
        [
            part(pick("置信度", "confidence"), confidence, self.parts.confidence, WEIGHTS.confidence),
            part(pick("规模", "size"), size, self.parts.size, WEIGHTS.size),
            part(pick("扩大", "growth"), growth, self.parts.growth, WEIGHTS.growth),
            part(pick("等待", "waiting"), age, self.parts.age, WEIGHTS.age),
        ]
        .join(" + ")
            + &format!(" = {}", self.number())
    }
}

/// The first area that the ledger holds of a lead and the area that it has now, where there are two.
fn areas(lead: &Item) -> Option<(f64, f64)> {
    let of_event = |body: &str| {
        let body: Value = serde_json::from_str(body).ok()?;
        body["properties"]["area_m2"].as_f64().filter(|area| *area > 0.0)
    };
    let known: Vec<f64> = lead.events.iter().filter_map(|event| of_event(&event.body)).collect();
    let now = lead.number("area_m2").filter(|area| *area > 0.0)?;
    let first = *known.first()?;
    // One sighting is no history, unless the run at hand says something else than the ledger.
    (known.len() > 1 || first != now).then_some((first, now))
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use super::*;
    use geo::MultiPolygon;
    use serde_json::json;

    pub(in crate::report) fn lead(id: &str, properties: Value) -> Item {
        Item::new(
            id.to_owned(),
            properties.as_object().cloned().unwrap(),
            MultiPolygon::new(Vec::new()),
            (0.0, 0.0),
        )
    }

    #[test]
    fn a_certain_large_and_old_lead_goes_before_a_small_fresh_one_and_the_words_add_up() {
        let last = parse_date("2024-05-04");
        let large = lead(
            "a",
            json!({"confidence": 0.9, "legal_verdict": "above", "first_seen": "2023-05-05", "area_m2": 9000.0}),
        );
        let small =
            lead("b", json!({"confidence": 0.9, "legal_verdict": "below", "first_seen": "2024-04-24"}));
        let (first, second) = (Priority::of(&large, last), Priority::of(&small, last));
        assert_eq!(first.thousandths, 810); // 0.36 + 0.25 + 0 + 0.20
        assert_eq!(second.thousandths, 390); // 0.36 + 0.025 + 0 + 0.0055
        let words = first.words(&large, &|_, english| english.to_owned());
        assert!(
            words.contains("above the limit) 1.00×0.25") && words.contains("no history) 0×0.15"),
            "{words}"
        );
        assert!(words.ends_with("= 0.81"), "{words}");
        let unknown = Priority::of(&lead("c", json!({})), None);
        assert_eq!(unknown.thousandths, 75);
    }

    #[test]
    fn weights_are_shares() {
        let Parts { confidence, size, growth, age } = WEIGHTS;
        assert!((confidence + size + growth + age - 1.0).abs() < 1e-12);
    }
}
