//! The persistence gate: what a patch must show in consecutive clear views, relative to its control.
//!
//! Decisive against false leads (`reference/time-series.md`: false leads 6 -> 1 on quiet series).
//! The absolute numbers of the prototype were for green Belgian grass; here every condition is a share
//! of the way from the control to bare soil, full cover or open water, so that one rule holds on
//! meadows and on desert steppe.

use crate::baseline::Series;
use crate::date::{Date, Period};
use crate::detect::seasons;
use crate::submodel::{Condition, Feature, Gate, SubModel};

/// The best run of views that passed a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// Name of the gate.
    pub gate: String,
    /// Clear views in the run.
    pub views: usize,
    /// First view of the run.
    pub first: Date,
    /// View at which the run was long enough.
    pub reached: Date,
    /// Last view of the run.
    pub last: Date,
    /// First view of the longest run of the first of the years in a row that passed: a change that stays passes year
    /// after year, and began in the first of them.
    pub begun: Date,
}

/// The longest passing run over the gates of a sub-model; ties go to the earlier gate and date.
pub fn pass(
    model: &SubModel,
    features: &[Feature],
    series: &Series,
    dates: &[Date],
    target: Period,
) -> Option<Passed> {
    let runs = model.gates.iter().flat_map(|gate| runs(gate, features, series, dates, target));
    let runs: Vec<Passed> = runs.collect();
    let mut best = longest(runs.iter())?.clone();
    let of_year = |year: i16| longest(runs.iter().filter(|run| run.first.year() == year));
    while let Some(earlier) = of_year(best.begun.year() - 1) {
        best.begun = earlier.first;
    }
    Some(best)
}

/// The run of most views; of equals the first.
fn longest<'a>(runs: impl Iterator<Item = &'a Passed>) -> Option<&'a Passed> {
    runs.reduce(|best, next| if next.views > best.views { next } else { best })
}

/// Passing runs of one gate. A run ends with its year, unless no year alone has views enough for one.
fn runs(gate: &Gate, features: &[Feature], series: &Series, dates: &[Date], target: Period) -> Vec<Passed> {
    if !gate.can_ask(features) {
        return Vec::new();
    }
    let together = seasons::stand_together(series, dates, &gate.season, target, gate.consecutive);
    let mut passed = Vec::new();
    let mut run: Vec<Date> = Vec::new();
    let mut close = |run: &mut Vec<Date>| {
        if run.len() >= gate.consecutive {
            let (first, last, reached) = (run[0], run[run.len() - 1], run[gate.consecutive - 1]);
            let (gate, begun) = (gate.name.clone(), first);
            passed.push(Passed { gate, views: run.len(), first, reached, last, begun });
        }
        run.clear();
    };
    for (index, view) in series.views.iter().enumerate() {
        let date = dates[*view];
        if !target.contains(date) || !gate.season.contains(date) {
            continue;
        }
        if !together && run.last().is_some_and(|last| last.year() != date.year()) {
            close(&mut run);
        }
        if is_open(gate, features, series, index) {
            run.push(date);
        } else {
            close(&mut run);
        }
    }
    close(&mut run);
    passed
}

/// Whether one view goes through a gate.
fn is_open(gate: &Gate, features: &[Feature], series: &Series, index: usize) -> bool {
    let ndvi = features.iter().position(|feature| *feature == Feature::Ndvi);
    let is_sparse = ndvi.is_none_or(|ndvi| series.expected[ndvi][index] <= gate.expected_ndvi_at_most);
    let holds = |condition: &Condition| holds(condition, features, series, index);
    is_sparse
        && gate.conditions.iter().all(holds)
        && (gate.any_of.is_empty() || gate.any_of.iter().any(holds))
}

/// Whether a condition holds in one view. A feature that the scenes do not have asks nothing.
fn holds(condition: &Condition, features: &[Feature], series: &Series, index: usize) -> bool {
    let Some(feature) = features.iter().position(|feature| *feature == condition.feature) else {
        return true;
    };
    let (x, control) = (series.observed[feature][index], series.expected[feature][index]);
    let (lowest, highest) = series.history[feature];
    let ever = if condition.toward > control { x > highest } else { x < lowest };
    if condition.beyond_history && !ever {
        return false;
    }
    let way = condition.toward - control;
    let moved = (x - control) * way.signum();
    let sigmas = series.z[feature][index] * way.signum();
    moved >= condition.share * way.abs() && moved >= condition.least && sigmas >= condition.sigmas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submodel;

    fn grass(control: f32, observed: f32) -> Option<Passed> {
        let models = submodel::select(&["G1".to_owned()]).unwrap();
        let dates: Vec<Date> = (1..=5).map(|day| Date::constant(2020, 5, day * 5)).collect();
        // NDVI moves, brightness stays as it was.
        let line = |ndvi: f32, brightness: f32| vec![vec![ndvi; 5], vec![brightness; 5]];
        let series = Series {
            views: (0..5).collect(),
            observed: line(observed, 0.2),
            expected: line(control, 0.2),
            control: line(control, 0.2),
            z: line(-5.0, 0.0),
            history: vec![(control, control), (0.2, 0.2)],
        };
        let features = [Feature::Ndvi, Feature::Brightness];
        let target = Period::parse("2020-01-01/2020-12-31").unwrap();
        pass(&models[0], &features, &series, &dates, target)
    }

    #[test]
    fn one_rule_sees_bare_ground_on_a_meadow_and_on_desert_steppe() {
        assert_eq!(grass(0.80, 0.20).unwrap().gate, "bare");
        assert_eq!(grass(0.20, 0.13).unwrap().gate, "bare");
    }

    /// Meadow of NDVI .8 seen on ten days of each May from 2020 to 2023, bare in the first so many of them.
    fn begun(bare: [usize; 4]) -> Option<(Date, Date)> {
        let models = submodel::select(&["G1".to_owned()]).unwrap();
        let day = |view: usize| Date::constant(2020 + view as i16 / 10, 5, 1 + 2 * (view % 10) as i8);
        let dates: Vec<Date> = (0..40).map(day).collect();
        let ndvi: Vec<f32> =
            (0..40).map(|view| if view % 10 < bare[view / 10] { 0.2 } else { 0.8 }).collect();
        let z = ndvi.iter().map(|ndvi| 10.0 * (ndvi - 0.8)).collect();
        let series = Series {
            views: (0..40).collect(),
            observed: vec![ndvi],
            expected: vec![vec![0.8; 40]],
            control: vec![vec![0.8; 40]],
            z: vec![z],
            history: vec![(0.8, 0.8)],
        };
        let target = Period::parse("2020-01-01/2023-12-31").unwrap();
        pass(&models[0], &[Feature::Ndvi], &series, &dates, target).map(|passed| (passed.begun, passed.first))
    }

    #[test]
    fn a_change_that_passes_year_after_year_began_in_the_first_of_them() {
        let may = |year: i16| Date::constant(year, 5, 1);
        assert_eq!(begun([0, 6, 6, 10]), Some((may(2021), may(2023))));
        assert_eq!(begun([6, 0, 6, 10]), Some((may(2022), may(2023))));
        assert_eq!(begun([10, 6, 0, 0]), Some((may(2020), may(2020))));
        assert_eq!(begun([0, 0, 0, 0]), None);
    }

    #[test]
    fn a_mown_meadow_passes_nothing() {
        assert_eq!(grass(0.80, 0.55), None);
    }

    #[test]
    fn on_sparse_steppe_what_stays_apart_either_way_is_let_through_to_the_confidence() {
        assert_eq!(grass(0.20, 0.17).unwrap().gate, "turned");
        assert_eq!(grass(0.20, 0.195), None);
    }
}
