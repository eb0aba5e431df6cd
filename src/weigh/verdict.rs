//! An area limit of a legal rule against an area that has an interval: arithmetic, not a finding.

use crate::lead::{Area, Threshold};
use crate::submodel::LegalRule;

/// A limit of fewer pixels than this cannot be told from its neighbours.
///
/// Source: `reference/mission.md` 0.6: at 30 m a half-pixel edge bias is ±104 % of 5 mu and ±73 % of
/// 10 mu (3.7 and 7.4 px); at 10 m the same limits are 33 and 67 px.
const LEAST_PIXELS: f64 = 15.0;

/// Each limit with `below`, `straddles`, `above` or, where pixels are too coarse, `unresolved`.
pub fn thresholds(rules: &[LegalRule], area: &Area, pixel_area_m2: f64) -> Vec<Threshold> {
    let compare = |rule: &LegalRule| {
        let limit = crate::units::SquareMetres::from_mu(rule.limit_mu).0;
        let verdict = if limit / pixel_area_m2 < LEAST_PIXELS {
            "unresolved"
        } else if area.high.0 < limit {
            "below"
        } else if area.low.0 >= limit {
            "above"
        } else {
            "straddles"
        };
        Threshold { rule: rule.rule.clone(), limit_mu: rule.limit_mu, verdict, source: rule.source.clone() }
    };
    rules.iter().map(compare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SquareMetres;

    #[test]
    fn thirty_metre_pixels_do_not_decide_ten_mu() {
        let rule = LegalRule { rule: "r".into(), limit_mu: 10.0, text: String::new(), source: String::new() };
        let mu = SquareMetres::from_mu;
        let area = |low, best, high| Area { best: mu(best), low: mu(low), high: mu(high) };
        let verdict = |area, pixel| thresholds(std::slice::from_ref(&rule), &area, pixel)[0].verdict;
        assert_eq!(verdict(area(8.0, 9.0, 11.0), 100.0), "straddles");
        assert_eq!(verdict(area(10.5, 12.0, 13.0), 100.0), "above");
        assert_eq!(verdict(area(1.0, 2.0, 3.0), 100.0), "below");
        assert_eq!(verdict(area(10.5, 12.0, 13.0), 900.0), "unresolved");
    }
}
