//! Stratified estimators: how much of what was named is there, how much of what is there was named, and how much ground.
//!
//! In:  strata with their size and the verified units drawn from each with equal chances.
//! Out: user's and producer's accuracy and area of change, with standard errors and intervals.
//! Law: a stratum without two verified units gives no figure rather than a guess; every figure that needs it is none.
//!      Units that all agree have a standard error of 0 and are not certain for that: `reach` is what they leave open.
//! Source: Olofsson et al., Remote Sensing of Environment 148 (2014) 42-57, formulas 2 to 11; where units differ in
//!      area the ratio estimator and the finite population correction of Cochran, Sampling Techniques, 3rd ed. 1977,
//!      5.5 and 6.10, which become the former where they do not. Reaches are added to it end by end, as root of the
//!      sum of squares: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702.

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
    /// How far below and above the value the truth may lie at 95 % because of strata whose units all agree, of which
    /// the standard error knows nothing.
    pub reach: (f64, f64),
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
        let (down, up) = (self.reach.0.hypot(Z95 * self.error), self.reach.1.hypot(Z95 * self.error));
        let (low, high) = (end(self.value - down), end(self.value + up));
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
        let sizes: Vec<f64> = self.units.iter().map(&size).collect();
        let open = unseen(&sizes, self.count);
        // All agree, or one does not and its residual speaks for all.
        let reach = match self.units.iter().filter(|unit| unit.is_changed).count() {
            0 => (0.0, open),
            changed if changed == self.units.len() => (open, 0.0),
            _ => (0.0, 0.0),
        };
        Some(Figure { value, error: (not_drawn * squares / (n * (n - 1.0))).sqrt() / mean, reach })
    }
}

/// Largest share of a stratum of `count` units that may be otherwise when all verified ones, of these sizes, agree: the
/// Clopper-Pearson end of a 95 % interval, 1 - 0.025^(1/n) where the stratum is large, and 0 where all were seen.
///
/// Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413; of a finite stratum R. M. Cannon and R. T. Roe,
/// Livestock Disease Surveys (1982), never under the exact hypergeometric bound; of units that differ in size with
/// their effective number (sum of sizes, squared, over the sum of squares) as n: E. L. Korn and B. I. Graubard, Survey
/// Methodology 24 (1998) 193-201.
pub fn unseen(sizes: &[f64], count: f64) -> f64 {
    let n = sizes.len() as f64;
    let squares: f64 = sizes.iter().map(|size| size * size).sum();
    let effective = sizes.iter().sum::<f64>().powi(2) / squares;
    let units = (1.0 - 0.025_f64.powf(1.0 / effective)) * (count - (n - 1.0) / 2.0);
    units.min(count - n).max(0.0) / count
}

/// Share of what was named that is there: by leads (`by_area` false) or by their ground.
pub fn users_accuracy(strata: &[Sampled], by_area: bool) -> Option<Figure> {
    let named: Vec<&Sampled> = strata.iter().filter(|stratum| stratum.is_named).collect();
    let size = |stratum: &Sampled| if by_area { stratum.area } else { stratum.count };
    let all: f64 = named.iter().map(|stratum| size(stratum)).sum();
    let Figure { value, error, reach } = sum(&named, |stratum| {
        let share = if by_area { stratum.share_of_ground() } else { stratum.share_of_units() };
        share.map(|share| (size(stratum), share))
    })?;
    let reach = (reach.0 / all, reach.1 / all);
    (all > 0.0).then(|| Figure { value: value / all, error: error / all, reach })
}

/// Ground that changed, m2, named or not.
pub fn area_of_change(strata: &[Sampled]) -> Option<Figure> {
    let all: Vec<&Sampled> = strata.iter().collect();
    sum(&all, changed_ground)
}

/// Share of the ground that changed and was named.
pub fn producers_accuracy(strata: &[Sampled]) -> Option<Figure> {
    let part = |is_named: bool| -> Vec<&Sampled> {
        strata.iter().filter(|stratum| stratum.is_named == is_named).collect()
    };
    let (found, missed) = (sum(&part(true), changed_ground)?, sum(&part(false), changed_ground)?);
    let all = found.value + missed.value;
    if all <= 0.0 {
        return None;
    }
    let value = found.value / all;
    let error = ((1.0 - value) * found.error).hypot(value * missed.error) / all;
    // Rare change that was missed may be many times what was found: the curve itself, not its slope.
    let off = |found: f64, missed: f64| {
        if found + missed > 0.0 { (found / (found + missed) - value).abs() } else { 0.0 }
    };
    let down =
        off(found.value - found.reach.0, missed.value).hypot(off(found.value, missed.value + missed.reach.1));
    let up =
        off(found.value + found.reach.1, missed.value).hypot(off(found.value, missed.value - missed.reach.0));
    Some(Figure { value, error, reach: (down, up) })
}

fn changed_ground(stratum: &Sampled) -> Option<(f64, Figure)> {
    stratum.share_of_ground().map(|share| (stratum.area, share))
}

/// Sum over strata of size times share; none where one of them has no share.
fn sum(strata: &[&Sampled], of: impl Fn(&Sampled) -> Option<(f64, Figure)>) -> Option<Figure> {
    let mut all = Figure { value: 0.0, error: 0.0, reach: (0.0, 0.0) };
    for stratum in strata.iter().filter(|stratum| stratum.count > 0.0) {
        let (size, share) = of(stratum)?;
        all.value += size * share.value;
        all.error = all.error.hypot(size * share.error);
        all.reach = (all.reach.0.hypot(size * share.reach.0), all.reach.1.hypot(size * share.reach.1));
    }
    Some(all)
}

/// Units of a stratum, and of each verified one whether it is of a domain and whether it is there as well (1 or 0).
pub type Domain = (f64, Vec<(f64, f64)>);

/// Share of the units of a domain that are there, of a domain that may lie across strata; none where a stratum has fewer than
/// two verified units or the domain none.
///
/// Source: Cochran, Sampling Techniques, 3rd ed. 1977, 5A.14, as a combined ratio.
pub fn domain(strata: &[Domain]) -> Option<Figure> {
    let total = |of: fn(&(f64, f64)) -> f64| -> f64 {
        let stratum = |(all, units): &Domain| all / units.len() as f64 * units.iter().map(of).sum::<f64>();
        strata.iter().map(stratum).sum()
    };
    let (inside, changed) = (total(|unit| unit.0), total(|unit| unit.1));
    if inside <= 0.0 {
        return None;
    }
    let value = changed / inside;
    let (mut variance, mut reach) = (0.0, (0.0_f64, 0.0_f64));
    for (all, units) in strata {
        let n = units.len() as f64;
        if n < 2.0 {
            return None;
        }
        let own: Vec<f64> = units.iter().filter(|(inside, _)| *inside > 0.0).map(|unit| unit.1).collect();
        let count = all / n * own.len() as f64;
        let open = |answer: f64| {
            let agree = !own.is_empty() && own.iter().all(|changed| *changed == answer);
            if agree { count * unseen(&vec![1.0; own.len()], count) / inside } else { 0.0 }
        };
        reach = (reach.0.hypot(open(1.0)), reach.1.hypot(open(0.0)));
        let rest: Vec<f64> = units.iter().map(|(inside, changed)| changed - value * inside).collect();
        let mean = rest.iter().sum::<f64>() / n;
        let spread = rest.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
        variance += all * all * (1.0 - n / all).max(0.0) * spread / n;
    }
    Some(Figure { value, error: variance.sqrt() / inside, reach })
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
        assert_eq!((share.value, share.error, share.reach), (0.75, 0.0, (0.0, 0.0)));
        assert_eq!(whole.share_of_units().unwrap().value, 0.5);
        let lone = Sampled { units: vec![unit(30.0, true)], ..whole.clone() };
        assert_eq!(lone.share_of_ground(), None);
        assert_eq!(area_of_change(&[whole, lone]), None);
    }

    #[test]
    fn an_interval_stays_where_a_share_can_be() {
        let told = Figure { value: 0.95, error: 0.05, reach: (0.0, 0.0) }.told((0.0, 1.0), 3);
        assert_eq!((told.estimate.low, told.estimate.high, told.standard_error), (0.852, 1.0, 0.05));
    }

    /// Units of one size in a stratum, the first of them changed.
    fn stratum(is_named: bool, count: f64, changed: usize, all: usize) -> Sampled {
        let units = (0..all).map(|place| Unit { area: 100.0, is_changed: place < changed }).collect();
        Sampled { is_named, count, area: 100.0 * count, units }
    }

    fn ends(figure: Option<Figure>) -> (f64, f64) {
        let told = figure.unwrap().told((0.0, 1.0), 4);
        (told.estimate.low, told.estimate.high)
    }

    #[test]
    fn units_that_all_agree_leave_the_clopper_pearson_share_open_and_a_census_leaves_nothing() {
        // scipy 1.17 binomtest(60, 60).proportion_ci(): 0.9404; of 10: 0.6915.
        let of = |count, changed, all| ends(stratum(true, count, changed, all).share_of_units());
        assert_eq!(of(1e12, 60, 60), (0.9404, 1.0));
        assert_eq!(of(1e12, 0, 10), (0.0, 0.3085));
        assert_eq!((of(60.0, 60, 60), of(60.0, 0, 60)), ((1.0, 1.0), (0.0, 0.0)));
        // Of five units one was not seen: more than that one cannot be otherwise.
        assert_eq!(of(5.0, 4, 4), (0.8, 1.0));
        assert_eq!(stratum(true, 1e12, 60, 60).share_of_units().unwrap().error, 0.0);
        // One that disagrees speaks by its own residual, as published.
        let mixed = stratum(true, 1e12, 59, 60).share_of_units().unwrap();
        assert_eq!(mixed.reach, (0.0, 0.0));
        close(mixed.error, (59.0_f64 / 3_600.0 / 59.0).sqrt());
    }

    #[test]
    fn what_is_left_open_is_never_under_the_exact_hypergeometric_bound() {
        for count in [3, 5, 10, 20, 47, 100, 400] {
            for n in (2..=count).step_by(1 + count / 25) {
                // Chance of n agreeing units when so many of all are otherwise.
                let chance = |other: usize| -> f64 {
                    let fits =
                        |drawn: usize| (count - other).saturating_sub(drawn) as f64 / (count - drawn) as f64;
                    (0..n).map(fits).product()
                };
                let exact =
                    (0..count).rev().find(|other| chance(*other) > 0.025).unwrap() as f64 / count as f64;
                let found = unseen(&vec![1.0; n], count as f64);
                assert!(found >= exact - 1e-12, "{n} of {count}: {found} is under {exact}");
                assert!(found <= 1.5 * exact + 2.0 / count as f64, "{n} of {count}: {found}, exact {exact}");
            }
        }
    }

    #[test]
    fn units_of_unlike_size_that_agree_leave_more_ground_open_than_units_of_one_size() {
        let one = |area: f64| Unit { area, is_changed: true };
        let unlike = Sampled { units: vec![one(1.0), one(1.0), one(8.0)], ..stratum(true, 1e12, 0, 0) };
        // Effective number 100 / 66.
        assert_eq!(ends(unlike.share_of_ground()).0, rounded(0.025_f64.powf(0.66), 4));
        assert_eq!(ends(unlike.share_of_units()).0, rounded(0.025_f64.powf(1.0 / 3.0), 4));
    }

    #[test]
    fn accuracies_and_area_carry_what_agreeing_strata_leave_open() {
        let (leads, ground) = (stratum(true, 1_000.0, 60, 60), stratum(false, 50_000.0, 0, 60));
        let strata = [leads.clone(), ground.clone()];
        let of_leads = unseen(&[1.0; 60], 1_000.0);
        let of_ground = unseen(&[1.0; 60], 50_000.0);
        assert_eq!(ends(users_accuracy(&strata, true)), (rounded(1.0 - of_leads, 4), 1.0));
        assert_eq!(ends(users_accuracy(&strata, false)), (rounded(1.0 - of_leads, 4), 1.0));
        let area = area_of_change(&strata).unwrap().told((0.0, 1e12), 0);
        assert_eq!(area.estimate.value, 100_000.0);
        assert_eq!(area.estimate.high, rounded(100_000.0 + 5_000_000.0 * of_ground, 0));
        assert_eq!(area.estimate.low, rounded(100_000.0 - 100_000.0 * of_leads, 0));
        // Three times as much ground may have been missed as was found: a quarter, by the curve.
        let (low, high) = ends(producers_accuracy(&strata));
        assert_eq!(high, 1.0);
        assert_eq!(low, rounded(1.0 / (1.0 + 50.0 * of_ground), 4));
        // A stratum with both answers and one with one: squares are added end by end.
        let both = [stratum(true, 1_000.0, 60, 60), stratum(true, 1_000.0, 30, 60)];
        let mixed = users_accuracy(&both, false).unwrap();
        let told = mixed.told((0.0, 1.0), 4).estimate;
        let half = Z95 * mixed.error;
        assert_eq!(told.high, rounded(0.75 + half, 4));
        assert_eq!(told.low, rounded(0.75 - half.hypot(of_leads / 2.0), 4));
    }

    #[test]
    fn leads_that_are_all_wrong_may_still_have_found_something() {
        let strata = [stratum(true, 1_000.0, 0, 60), stratum(false, 50_000.0, 6, 60)];
        let (low, high) = ends(producers_accuracy(&strata));
        let found = 1_000.0 * unseen(&[1.0; 60], 1_000.0);
        assert_eq!((low, high), (0.0, rounded(found / (found + 5_000.0), 4)));
    }
}
