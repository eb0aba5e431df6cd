//! Ranks: how far out in the scene's own distribution a value lies, in nats.
//!
//! In: values of a map at sampled pixels. Out: -ln(1 - rank) of any value, 0 for the least, cut at ln(2 N).
//! Law: knots are even in nats, so the tail, where decisions fall, is as fine as the middle.

use serde::{Deserialize, Serialize};

/// Knots per nat.
const KNOTS_PER_NAT: usize = 64;

/// Values at even steps of -ln(1 - rank).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankTable {
    knots: Vec<f32>,
}

impl RankTable {
    /// Learns from sampled values (reordered in place); NaN must not occur.
    pub fn learn(values: &mut [f32]) -> Self {
        values.sort_unstable_by(f32::total_cmp);
        let count = values.len();
        if count == 0 {
            return Self { knots: Vec::new() };
        }
        let most = (2.0 * count as f64).ln();
        let steps = (most * KNOTS_PER_NAT as f64).floor() as usize;
        let knots = (0..=steps)
            .map(|step| {
                let rank = 1.0 - (-(step as f64) / KNOTS_PER_NAT as f64).exp();
                // The value of order i stands for rank (i + 0.5) / count.
                let place = (rank * count as f64 - 0.5).max(0.0);
                let low = (place.floor() as usize).min(count - 1);
                let high = (low + 1).min(count - 1);
                values[low] + (values[high] - values[low]) * (place - low as f64).clamp(0.0, 1.0) as f32
            })
            .collect();
        Self { knots }
    }

    /// The score of a value.
    pub fn score(&self, value: f32) -> f32 {
        // Of equal values none lies further out than another: they take the lowest of their ranks.
        let above = self.knots.partition_point(|&knot| knot < value);
        if above == 0 {
            return 0.0;
        }
        let step = if above == self.knots.len() {
            (above - 1) as f32
        } else {
            let (low, high) = (self.knots[above - 1], self.knots[above]);
            (above - 1) as f32 + (value - low) / (high - low)
        };
        step / KNOTS_PER_NAT as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_percent_scores_the_log_of_a_hundred() {
        let mut values: Vec<f32> = (0..100_000).map(|i| ((i * 7919) % 100_000) as f32).collect();
        let table = RankTable::learn(&mut values);
        assert!((table.score(99_000.0) - 100_f32.ln()).abs() < 0.01);
        assert!((table.score(50_000.0) - 2_f32.ln()).abs() < 0.01);
        assert_eq!(table.score(-1.0), 0.0);
        assert!(table.score(1e9) > 12.0);
        assert_eq!(RankTable::learn(&mut [2.0; 500]).score(2.0), 0.0);
    }

    #[test]
    fn each_of_four_values_stands_for_the_middle_of_its_quarter() {
        let mut values = [3.0, 1.0, 4.0, 2.0];
        let table = RankTable::learn(&mut values);
        // -ln(1 - rank) of ranks 3/8, 5/8, 7/8 and, half way from 1 to 2, 2/8; the lowest takes the lowest rank.
        for (value, share) in [(2.0, 0.375), (3.0, 0.625), (4.0, 0.875), (1.5, 0.25), (2.5, 0.5)] {
            let expected = -(1.0_f32 - share).ln();
            assert!((table.score(value) - expected).abs() < 0.02, "{value}: {}", table.score(value));
        }
        assert_eq!(table.score(1.0), 0.0);
        assert!((table.score(1e9) - 8_f32.ln()).abs() < 0.02);
    }

    #[test]
    fn a_table_of_nothing_finds_nothing_remarkable_and_one_of_one_what_is_larger() {
        assert_eq!(RankTable::learn(&mut []).score(5.0), 0.0);
        let one = RankTable::learn(&mut [2.0]);
        assert_eq!(one.score(2.0), 0.0);
        assert!((one.score(2.1) - 2_f32.ln()).abs() < 0.02);
    }

    #[test]
    fn a_larger_value_never_scores_less() {
        let mut values: Vec<f32> = (0..500).map(|i| ((i * 37) % 100) as f32).collect();
        let table = RankTable::learn(&mut values);
        let scores: Vec<f32> = (-10..1100).map(|tenth| table.score(tenth as f32 / 10.0)).collect();
        assert!(scores.windows(2).all(|pair| pair[0] <= pair[1] + 1e-5));
    }
}
