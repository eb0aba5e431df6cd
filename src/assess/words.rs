//! An assessment in words, for a person at a terminal.
//!
//! Law: a figure stands with its interval, the counts behind it and the rule that made it.

use std::fmt;

use super::cases::Role;
use super::intervals::{Estimate, Spread};
use super::{Assessment, HIT_SHARE};
use crate::units::fixed;

/// How many missed changes and false leads are named; the JSON names all.
const NAMED: usize = 20;

impl fmt::Display for Assessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = HIT_SHARE * 100.0;
        if !self.scope.is_empty() {
            writeln!(f, "counted    {}; what else the truth holds is ignored ground", self.scope)?;
        }
        writeln!(
            f,
            "recall     {}, {} of {} changes hit (at least {percent:.0} % covered)",
            estimate(self.recall),
            self.hits,
            self.truths
        )?;
        writeln!(
            f,
            "precision  {}, {} of {} leads true (at least {percent:.0} % on a change)",
            estimate(self.precision),
            self.true_leads,
            self.true_leads + self.false_leads
        )?;
        if self.ignored_leads + self.ignored_truths > 0 {
            let (leads, truths) = (self.ignored_leads, self.ignored_truths);
            writeln!(f, "ignored    {leads} leads on {truths} ignored truth features count for nothing")?;
        }
        if self.decoys > 0 {
            writeln!(f, "decoys     {} of {} hit", self.decoys_hit, self.decoys)?;
        }
        self.write_rates(f)?;
        self.write_cases(f)
    }
}

impl Assessment {
    fn write_rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(rate), Some(km2), Some(years)) =
            (self.false_per_100_km2_year, self.observed_km2, self.years)
        {
            let rate = estimate(Some(rate));
            writeln!(f, "false      {rate} per 100 km2 and year, on {km2} km2 in {years} years")?;
        }
        if let Some(ratio) = &self.area_ratio {
            writeln!(f, "area       lead over truth: {} groups", spread(ratio, 2))?;
        }
        if let Some(delay) = &self.delay_days {
            writeln!(f, "delay      days from onset to first seen: {} changes", spread(delay, 0))?;
        }
        if let Some(pixels) = &self.pixels {
            let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.3}"));
            let (precision, recall) = (number(pixels.precision), number(pixels.recall));
            let f1 = number(pixels.f1);
            writeln!(f, "pixels     precision {precision}, recall {recall}, F1 {f1} at {}", pixels.grid)?;
        }
        Ok(())
    }

    fn write_cases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed: Vec<_> =
            self.truth_results.iter().filter(|truth| truth.role == Role::Change && !truth.hit).collect();
        for truth in missed.iter().take(NAMED) {
            let (number, area, covered) = (truth.number, truth.area_m2, truth.covered * 100.0);
            writeln!(f, "missed     change {number}: {area:.0} m2, {covered:.1} % covered")?;
        }
        let wrong: Vec<_> = self.lead_results.iter().filter(|lead| lead.verdict == "false").collect();
        for lead in wrong.iter().take(NAMED) {
            let (id, area, on) = (&lead.id, lead.area_m2, lead.on_truth * 100.0);
            writeln!(f, "false      lead {id}: {area:.0} m2, {on:.1} % on a change")?;
        }
        let more = missed.len().saturating_sub(NAMED) + wrong.len().saturating_sub(NAMED);
        if more > 0 {
            writeln!(f, "           and {more} more, all named in the JSON")?;
        }
        Ok(())
    }
}

fn estimate(estimate: Option<Estimate>) -> String {
    estimate.map_or("not defined".to_owned(), |Estimate { value, low, high }| {
        format!("{value:.2} ({low:.2} to {high:.2}, 95 %)")
    })
}

fn spread(spread: &Spread, decimals: usize) -> String {
    let Spread { count, lower_quartile, median, upper_quartile, median_interval } = spread;
    let of = |value: f64| fixed(value, decimals);
    let interval =
        median_interval.map_or(String::new(), |(low, high)| format!(" ({} to {}, 95 %)", of(low), of(high)));
    let (median, lower, upper) = (of(*median), of(*lower_quartile), of(*upper_quartile));
    format!("median {median}{interval}, quartiles {lower} to {upper}, {count}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::intervals;

    #[test]
    fn a_delay_of_part_of_a_day_before_the_onset_is_no_minus_nought() {
        let delays = intervals::spread(&[-0.4, -0.4, -0.4, -0.2, -0.1, 3.0]).unwrap();
        assert_eq!(spread(&delays, 0), "median 0 (0 to 3, 95 %), quartiles 0 to 0, 6");
    }
}
