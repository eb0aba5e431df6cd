//! The seasons in which a sub-model looks, and those in which a place was not seen.
//!
//! Law: a season that a place was not seen in is a gap, also where another season speaks for it.

use crate::baseline::Series;
use crate::date::{Date, Period};
use crate::submodel::{Gate, MOST_EVIDENCE_KINDS, Season, SubModel};

/// Set where no gate of the sub-model has views enough to be passed; lower bits are evidence kinds.
pub const NO_GATE: u16 = 1 << MOST_EVIDENCE_KINDS;

/// One season of one year that an evidence kind asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Place of the kind in the sub-model.
    pub kind: usize,
    /// First and last day.
    pub days: Period,
    /// Which views lie in it.
    views: Vec<bool>,
    /// Views that it needs.
    pub least: usize,
}

impl Wanted {
    /// Views of the scenes that lie in the season.
    pub fn scenes(&self) -> usize {
        self.views.iter().filter(|view| **view).count()
    }
}

/// What a sub-model asks of the views of a target period.
#[derive(Debug, Clone)]
pub struct Seasons {
    /// Every kind and year whose season the target period holds whole.
    pub wanted: Vec<Wanted>,
    /// Of each gate: which views may pass it, and how many must.
    gates: Vec<(Vec<bool>, usize)>,
}

impl Seasons {
    /// What a sub-model asks of views on these dates.
    pub fn of(model: &SubModel, dates: &[Date], target: Period) -> Self {
        let views = |is_in: &dyn Fn(Date) -> bool| -> Vec<bool> {
            dates.iter().map(|date| target.contains(*date) && is_in(*date)).collect()
        };
        let mut wanted = Vec::new();
        for (kind, evidence) in model.evidence.iter().enumerate() {
            let whole = |days: &Period| target.contains(days.from) && target.contains(days.to);
            let years = target.years().filter_map(|year| evidence.season.of_year(year)).filter(whole);
            let years = years.map(|days| {
                let views = views(&|date| days.contains(date));
                Wanted { kind, days, views, least: evidence.minimum_views }
            });
            wanted.extend(years);
        }
        let gate = |gate: &Gate| (views(&|date| gate.season.contains(date)), gate.consecutive);
        Self { wanted, gates: model.gates.iter().map(gate).collect() }
    }

    /// Kinds whose season a place was not seen in often enough, in some year with scenes enough: one bit each;
    /// and `NO_GATE`. What the scenes themselves lack is said of the whole red line, not here.
    pub fn unseen(&self, series: &Series) -> u16 {
        let seen = |views: &[bool]| series.views.iter().filter(|view| views[**view]).count();
        let mut bits = 0;
        for wanted in self.wanted.iter().filter(|wanted| wanted.scenes() >= wanted.least) {
            if seen(&wanted.views) < wanted.least {
                bits |= 1 << wanted.kind;
            }
        }
        let is_open = |(views, consecutive): &(Vec<bool>, usize)| seen(views) >= *consecutive;
        if self.gates.iter().any(is_open) { bits } else { bits | NO_GATE }
    }
}

/// Whether the views of all years of a target period count as one season, because no year alone has `enough`:
/// with one flight a year it is the years that say whether a change stays.
pub fn stand_together(
    series: &Series,
    dates: &[Date],
    season: &Season,
    target: Period,
    enough: usize,
) -> bool {
    let (mut year, mut views) = (i16::MIN, 0);
    for view in &series.views {
        let date = dates[*view];
        if target.contains(date) && season.contains(date) {
            views = if date.year() == year { views + 1 } else { 1 };
            year = date.year();
            if views >= enough {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submodel;

    /// Views of G1 on the 10th of each of these (year, month).
    fn seen(all: &[(i16, i8)], clear: &[usize]) -> (u16, Vec<String>) {
        let model = &submodel::select(&["G1".to_owned()]).unwrap()[0];
        let dates: Vec<Date> = all.iter().map(|(year, month)| Date::constant(*year, *month, 10)).collect();
        let seasons = Seasons::of(model, &dates, Period::parse("2020-01-01/2020-12-31").unwrap());
        let series = Series { views: clear.to_vec(), ..Series::default() };
        let bits = seasons.unseen(&series);
        let kinds = model.evidence.iter().enumerate().filter(|(kind, _)| bits & (1 << kind) != 0);
        (bits & NO_GATE, kinds.map(|(_, kind)| kind.name.clone()).collect())
    }

    #[test]
    fn a_place_under_cloud_all_autumn_lacks_autumn_though_spring_was_seen() {
        let months: Vec<(i16, i8)> = [4, 5, 6, 7, 8, 9, 10].map(|month| (2020, month)).to_vec();
        assert_eq!(seen(&months, &[0, 1, 2, 3, 4, 5, 6]), (0, Vec::new()));
        // Of the summer season that asks for three views September is missing too.
        let (gate, lacks) = seen(&months, &[0, 1, 2, 3, 4]);
        assert_eq!((gate, lacks), (0, vec!["harvested".to_owned(), "bare_autumn".to_owned()]));
    }

    #[test]
    fn with_two_views_no_gate_can_be_passed() {
        let months: Vec<(i16, i8)> = [4, 5, 6, 7, 8, 9, 10].map(|month| (2020, month)).to_vec();
        assert_eq!(seen(&months, &[0, 1]).0, NO_GATE);
    }
}
