//! Stratified estimators: how much of what was named is there, how much of what is there was named, and how much ground.
//!
//! In:  strata with their size and the verified units drawn from each with equal chances.
//! Out: user's and producer's accuracy and area of change, with standard errors.
//! Law: a stratum without two verified units gives no figure rather than a guess; every figure that needs it is none.
//! Source: Olofsson et al., Remote Sensing of Environment 148 (2014) 42-57, formulas 2 to 11; where units differ in
//!      area the ratio estimator and the finite population correction of Cochran, Sampling Techniques, 3rd ed. 1977,
//!      5.5 and 6.10, which become the former where they do not.

use serde::Serialize;

use super::intervals::Estimate;
use crate::units::rounded;

/// Two-sided 95 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// One verified unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Ground it stands for, m2.
    pub area: f64,
    /// Whether it changed.
    pub is_changed: bool,
}

/// A stratum with its verified units.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Whether its units were named as leads.
    pub is_named: bool,
    /// Units in the stratum.
    pub count: f64,
    /// Ground in the stratum, m2.
    pub area: f64,
    /// Verified units.
    pub units: Vec<Unit>,
}

/// A figure with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Best value.
    pub value: f64,
    /// Standard error.
    pub error: f64,
}

/// The same with its 95 % interval, as files and words carry it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Told {
    /// Best value with the ends of its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Standard error.
    pub standard_error: f64,
}

impl Figure {
    /// With its interval between `least` and `most`.
    pub fn told(self, (least, most): (f64, f64), decimals: i32) -> Told {
        let end = |value: f64| rounded(value.clamp(least, most), decimals);
        let (low, high) = (end(self.value - Z95 * self.error), end(self.value + Z95 * self.error));
        let estimate = Estimate { value: rounded(self.value, decimals), low, high };
        Told { estimate, standard_error: rounded(self.error, decimals + 1) }
    }
}

impl Sampled {
    /// Share of the units that changed, each counted once.
    pub fn share_of_units(&self) -> Option<Figure> {
        self.ratio(|_| 1.0)
    }

    /// Share of the ground that changed.
    pub fn share_of_ground(&self) -> Option<Figure> {
        self.ratio(|unit| unit.area)
    }

    fn ratio(&self, size: impl Fn(&Unit) -> f64) -> Option<Figure> {
        let n = self.units.len() as f64;
        let all: f64 = self.units.iter().map(&size).sum();
        if n < 2.0 || all <= 0.0 {
            return None;
        }
        let changed: f64 = self.units.iter().filter(|unit| unit.is_changed).map(&size).sum();
        let value = changed / all;
        let residual = |unit: &Unit| size(unit) * (f64::from(u8::from(unit.is_changed)) - value);
        let squares: f64 = self.units.iter().map(|unit| residual(unit).powi(2)).sum();
        let (mean, not_drawn) = (all / n, (1.0 - n / self.count).max(0.0));
        Some(Figure { value, error: (not_drawn * squares / (n * (n - 1.0))).sqrt() / mean })
    }
}

/// Share of what was named that is there: by leads (`by_area` false) or by their ground.
pub fn users_accuracy(strata: &[Sampled], by_area: bool) -> Option<Figure> {
    let named: Vec<&Sampled> = strata.iter().filter(|stratum| stratum.is_named).collect();
    let size = |stratum: &Sampled| if by_area { stratum.area } else { stratum.count };
    let all: f64 = named.iter().map(|stratum| size(stratum)).sum();
    let (value, error) = sum(&named, |stratum| {
        let share = if by_area { stratum.share_of_ground() } else { stratum.share_of_units() };
        share.map(|share| (size(stratum), share))
    })?;
    (all > 0.0).then(|| Figure { value: value / all, error: error / all })
}

/// Ground that changed, m2, named or not.
pub fn area_of_change(strata: &[Sampled]) -> Option<Figure> {
    let all: Vec<&Sampled> = strata.iter().collect();
    let (value, error) = sum(&all, changed_ground)?;
    Some(Figure { value, error })
}

/// Share of the ground that changed and was named.
pub fn producers_accuracy(strata: &[Sampled]) -> Option<Figure> {
    let part = |is_named: bool| -> Vec<&Sampled> {
        strata.iter().filter(|stratum| stratum.is_named == is_named).collect()
    };
    let (found, found_error) = sum(&part(true), changed_ground)?;
    let (missed, missed_error) = sum(&part(false), changed_ground)?;
    let all = found + missed;
    if all <= 0.0 {
        return None;
    }
    let value = found / all;
    let error = ((1.0 - value) * found_error).hypot(value * missed_error) / all;
    Some(Figure { value, error })
}

fn changed_ground(stratum: &Sampled) -> Option<(f64, Figure)> {
    stratum.share_of_ground().map(|share| (stratum.area, share))
}

/// Sum over strata of size times share, with its error; none where one of them has no share.
fn sum(strata: &[&Sampled], of: impl Fn(&Sampled) -> Option<(f64, Figure)>) -> Option<(f64, f64)> {
    let (mut value, mut variance) = (0.0, 0.0);
    for stratum in strata.iter().filter(|stratum| stratum.count > 0.0) {
        let (size, share) = of(stratum)?;
        value += size * share.value;
        variance += (size * share.error).powi(2);
    }
    Some((value, variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Olofsson et al. 2014, worked example: 10 000 000 pixels of 0.09 ha; of each map class its share, whether the sample
    /// found deforestation, and its size. Figures by scripts/reference/guarantees.py, which agree with the printed ones.
    fn olofsson() -> Vec<Sampled> {
        let stratum = |is_named: bool, share: f64, changed: usize, all: usize| Sampled {
            is_named,
            count: 1e12,
            area: share * 10_000_000.0 * 900.0,
            units: (0..all).map(|place| Unit { area: 900.0, is_changed: place < changed }).collect(),
        };
        vec![
            stratum(true, 0.020, 66, 75),
            stratum(false, 0.015, 0, 75),
            stratum(false, 0.320, 1, 165),
            stratum(false, 0.645, 2, 325),
        ]
    }

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn the_estimators_give_the_published_worked_example() {
        let strata = olofsson();
        let users = users_accuracy(&strata, true).unwrap();
        close(users.value, 0.88);
        close(users.error, 0.037_776_011);
        assert_eq!(users_accuracy(&strata, false).map(|users| rounded(users.error, 9)), Some(0.037_776_011));
        let producers = producers_accuracy(&strata).unwrap();
        close(producers.value, 0.748_661_405);
        close(producers.error, 0.108_831_558);
        let hectares = area_of_change(&strata).unwrap();
        // Printed: 21 158 ha, plus or minus 6158.
        assert_eq!((hectares.value / 1e4).round(), 21_158.0);
        assert_eq!((Z95 * hectares.error / 1e4).round(), 6_158.0);
    }

    #[test]
    fn a_stratum_seen_whole_has_no_error_and_one_unit_gives_no_figure() {
        let unit = |area: f64, is_changed: bool| Unit { area, is_changed };
        let whole = Sampled {
            is_named: true,
            count: 2.0,
            area: 40.0,
            units: vec![unit(30.0, true), unit(10.0, false)],
        };
        let share = whole.share_of_ground().unwrap();
        assert_eq!((share.value, share.error), (0.75, 0.0));
        assert_eq!(whole.share_of_units().unwrap().value, 0.5);
        let lone = Sampled { units: vec![unit(30.0, true)], ..whole.clone() };
        assert_eq!(lone.share_of_ground(), None);
        assert_eq!(area_of_change(&[whole, lone]), None);
    }

    #[test]
    fn an_interval_stays_where_a_share_can_be() {
        let told = Figure { value: 0.95, error: 0.05 }.told((0.0, 1.0), 3);
        assert_eq!((told.estimate.low, told.estimate.high, told.standard_error), (0.852, 1.0, 0.05));
    }
}
