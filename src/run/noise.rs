//! The first of the three guarantees: what the same rules name in a year in which nothing was looked for.
//!
//! In:  leads of the placebo year and of the target period, and the ground that could be judged in each.
//! Out: false leads per 100 km2 and year, and `noise_fdr`.
//! Law: label-free, so it knows noise and not meaning: it is never the chance that a lead is true.
//! Source: `reference/science.md` 6.6.

use crate::date::{Period, days_between};

/// Leads of a placebo year: the last year of the look-back, judged by what came before it and by the same rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Leads in the placebo year.
    pub leads: usize,
    /// Placebo year.
    pub year: Period,
    /// Area inside the red lines that could be judged in the placebo year, km2.
    pub area_km2: f64,
    /// Leads of the target period.
    pub target_leads: usize,
    /// Target period.
    pub target: Period,
    /// Area inside the red lines that could be judged in the target period, km2.
    pub target_km2: f64,
}

impl Noise {
    /// Leads per 100 km2 and year.
    pub fn per_100_km2_and_year(&self) -> f64 {
        self.leads as f64 / (self.area_km2 / 100.0) / years(self.year)
    }

    /// `noise_fdr`: how many of the target period's leads a quiet year would have named too, as a share of them:
    /// (1 + leads of the placebo year) / leads of the target period, both per ground and year that could be judged.
    ///
    /// None without leads. At most 1. It knows noise alone: what changes in nature in the target year and did not in the
    /// placebo year (a drought, grazing) is not in it, so it is no chance that a lead is true.
    /// Source: `reference/science.md` 6.6; the 1 of competition after Barber and Candes, Annals of Statistics 43 (2015).
    pub fn fdr(&self) -> Option<f64> {
        let quiet = (1.0 + self.leads as f64) / (self.area_km2 * years(self.year));
        let named = self.target_leads as f64 / (self.target_km2 * years(self.target));
        (named > 0.0).then(|| (quiet / named).min(1.0))
    }
}

fn years(period: Period) -> f64 {
    f64::from(days_between(period.from, period.to) + 1) / 365.25
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;

    fn noise(leads: usize, area_km2: f64, target_leads: usize, target_km2: f64) -> Noise {
        let year = |year| Period { from: Date::constant(year, 1, 1), to: Date::constant(year, 12, 31) };
        Noise { leads, year: year(2022), area_km2, target_leads, target: year(2023), target_km2 }
    }

    #[test]
    fn noise_fdr_is_quiet_leads_and_one_over_leads_per_ground_judged() {
        assert_eq!(noise(1, 100.0, 20, 100.0).fdr(), Some(0.1));
        // Half the ground was judged in the quiet year: what it names stands for twice as much.
        assert_eq!(noise(1, 50.0, 20, 100.0).fdr(), Some(0.2));
        assert_eq!(noise(0, 100.0, 20, 100.0).fdr(), Some(0.05));
        assert_eq!(noise(9, 100.0, 2, 100.0).fdr(), Some(1.0));
        assert_eq!(noise(9, 100.0, 0, 100.0).fdr(), None);
    }
}
