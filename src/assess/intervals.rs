//! Intervals for shares, counts and medians.
//!
//! Law: a figure from few cases is told with its interval; where there is no case there is no figure.

use serde::Serialize;

use crate::units::rounded;

/// Two-sided 95 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// A best value with the ends of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Best value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The middle of a list of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many numbers.
    pub count: usize,
    /// Lower quartile.
    pub lower_quartile: f64,
    /// Median.
    pub median: f64,
    /// Upper quartile.
    pub upper_quartile: f64,
    /// 95 % interval of the median; none below six numbers, which cannot give one.
    pub median_interval: Option<(f64, f64)>,
}

/// Share of `part` in `whole` with its Wilson interval; none when `whole` is 0.
///
/// Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
pub fn share(part: usize, whole: usize) -> Option<Estimate> {
    if whole == 0 {
        return None;
    }
    let (n, value) = (whole as f64, part as f64 / whole as f64);
    let z2 = Z95 * Z95;
    let centre = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    let (low, high) = ((centre - half).max(0.0), (centre + half).min(1.0));
    Some(Estimate { value: rounded(value, 4), low: rounded(low, 4), high: rounded(high, 4) })
}

/// A count over `exposure` units with Byar's approximation of the exact Poisson interval.
///
/// Source: N. E. Breslow and N. E. Day, Statistical Methods in Cancer Research II, IARC (1987), 2.2.
pub fn rate(count: usize, exposure: f64) -> Option<Estimate> {
    if exposure <= 0.0 || !exposure.is_finite() {
        return None;
    }
    let n = count as f64;
    let byar = |n: f64, z: f64| n * (1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt())).powi(3);
    let low = if count == 0 { 0.0 } else { byar(n, -Z95) };
    let per = |value: f64| rounded(value / exposure, 4);
    Some(Estimate { value: per(n), low: per(low), high: per(byar(n + 1.0, Z95)) })
}

/// Median, quartiles (linear between neighbours) and the order-statistic interval of the median;
/// none for an empty list.
pub fn spread(numbers: &[f64]) -> Option<Spread> {
    if numbers.is_empty() {
        return None;
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| rounded(quantile(&sorted, share), 4);
    Some(Spread {
        count: sorted.len(),
        lower_quartile: at(0.25),
        median: at(0.5),
        upper_quartile: at(0.75),
        median_interval: median_rank(sorted.len())
            .map(|rank| (rounded(sorted[rank], 4), rounded(sorted[sorted.len() - 1 - rank], 4))),
    })
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor(), place.fract());
    let below = sorted[low as usize];
    let above = sorted[(low as usize + 1).min(sorted.len() - 1)];
    below + part * (above - below)
}

/// Largest rank (from 0) whose order statistic and its mirror hold the median with 95 % or more.
fn median_rank(count: usize) -> Option<usize> {
    // Binomial(count, 1/2) tail, summed in logarithms so that long lists do not underflow.
    let log_half = count as f64 * 0.5_f64.ln();
    let (mut log_choose, mut tail, mut rank) = (0.0_f64, 0.0_f64, None);
    for k in 0..count {
        tail += (log_choose + log_half).exp();
        if 2.0 * tail > 0.05 {
            return rank;
        }
        rank = Some(k);
        log_choose += ((count - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn the_wilson_interval_agrees_with_worked_values() {
        // scipy 1.17 binomtest(k, n).proportion_ci(method='wilson') for 8, 0 and 10 of 10.
        let found = share(8, 10).unwrap();
        close(found.value, 0.8, 1e-9);
        close(found.low, 0.490_2, 1e-4);
        close(found.high, 0.943_3, 1e-4);
        close(share(0, 10).unwrap().high, 0.277_5, 1e-4);
        close(share(10, 10).unwrap().low, 0.722_5, 1e-4);
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn the_rate_interval_is_near_the_exact_poisson_one() {
        // Exact limits by scipy 1.17 chi2.ppf: 0.6187, 8.7673 for three events; 0, 3.6889 for none.
        let found = rate(3, 1.0).unwrap();
        close(found.low, 0.618_7, 0.02);
        close(found.high, 8.767_3, 0.02);
        close(rate(0, 1.0).unwrap().high, 3.688_9, 0.03);
        close(rate(3, 2.0).unwrap().value, 1.5, 1e-9);
        assert_eq!(rate(3, 0.0), None);
    }

    #[test]
    fn the_median_interval_takes_the_tabled_order_statistics() {
        // Tables of the sign test: n = 6 gives the extremes, n = 10 the 2nd and 9th, n = 20 the 6th and 15th.
        assert_eq!(median_rank(5), None);
        assert_eq!(median_rank(6), Some(0));
        assert_eq!(median_rank(10), Some(1));
        assert_eq!(median_rank(20), Some(5));
        assert!(median_rank(5_000).is_some());
    }

    #[test]
    fn quartiles_fall_between_neighbours() {
        let found = spread(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((found.lower_quartile, found.median, found.upper_quartile), (1.75, 2.5, 3.25));
        assert_eq!((found.count, found.median_interval), (4, None));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7.0]).unwrap().upper_quartile, 7.0);
    }
}
