//! The persistence gate: what a patch must show in consecutive clear views, relative to its control.
//!
//! Decisive against false leads (`reference/time-series.md`: false leads 6 -> 1 on quiet series).
//! The absolute numbers of the prototype were for green Belgian grass; here every condition is a share
//! of the way from the control to bare soil, full cover or open water, so that one rule holds on
//! meadows and on desert steppe.

use serde::{Deserialize, Serialize};

use crate::baseline::Series;
use crate::date::{Date, Period};
use crate::detect::seasons;
use crate::submodel::{Condition, Feature, Gate, SubModel};

/// The best run of views that passed a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Last view of the longest run of the last of the years in a row that passed.
    pub until: Date,
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
    while let Some(later) = of_year(best.until.year() + 1) {
        best.until = later.last;
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
            let (gate, begun, until) = (gate.name.clone(), first, last);
            passed.push(Passed { gate, views: run.len(), first, reached, last, begun, until });
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
    let (level, sign) = condition.level.value_and_sign();
    let ever = if sign > 0.0 { x > highest } else { x < lowest };
    if condition.beyond_history && !ever {
        return false;
    }
    let way = ((level - control) * sign).max(0.0);
    let moved = (x - control) * sign;
    let sigmas = series.z[feature][index] * sign;
    moved >= condition.share * way && moved >= condition.least && sigmas >= condition.sigmas
}

#[cfg(test)]
mod tests;
