//! What the inputs themselves give reason to doubt, told on every lead, at the end of a scan and in the manifest.
//!
//! In:  the signs of all cells, scenes, dates and gaps. Out: notes that begin with `doubt (NAME)`.
//! Law: a doubt is of the run as a whole, computed from its inputs; it changes no lead, rank or confidence.
//! Source: the stress grid (`scripts/bench-stress`): what its worlds showed stands beside each constant.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{range, regression::median};
use crate::date::Date;
use crate::detect::pair::shift::EdgeSums;
use crate::lead::Gap;
use crate::reason::GapReason;
use crate::redline::RedLine;
use crate::run::inputs::Inputs;
use crate::run::signs::Signs;
use crate::scene::Scene;

/// Pixels between look-back and target pictures from which the shift is told: more than a contour may lie off what
/// changed (`records::CONTOUR_BORDER_PX`). Quiet simulated worlds (registration 0.3 px per axis and scene, 14 target days)
/// lie at 0.02 to 0.31, with few clear days up to 0.44; the same moved by half a pixel at 0.27 to 0.72.
const LEAST_SHIFT_PX: f64 = 0.5;

/// Share of a cell's look-alikes that changed, from which it is told. Crowded quiet worlds, forty times as dense as the
/// county's leads, stay under 0.05; where three tenths of a donor pool are broken its cells show 0.06 to 0.12. (Less than
/// is true: a field differs in some seasons. The other parcels are still found as in a quiet world.)
const LEAST_TOGETHER: f32 = 0.08;

/// Share of a red line's ground without a verdict, or without one for a season, from which it is told: a quarter of the
/// places to visit may then be missing from the list.
const LEAST_UNSEEN: f64 = 0.25;

/// Days of the year within which two days are of one season (as much as green-up moves between years, two weeks, and
/// the interval of scenes).
const SAME_SEASON_DAYS: i16 = 20;

/// Years of look-back from which a range of years can be known.
const LEAST_YEARS: usize = 3;

/// Days of a year from which it has a level.
const LEAST_DAYS: usize = 3;

/// Student's t for 19 of 20 new years of the same kind, by the years of the look-back less one: 2, 3, 4, ... (two-sided
/// 0.05; printed in any table of the distribution).
const STUDENT: [f32; 7] = [4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31];

/// Everything that there is to doubt about the inputs of a series.
pub fn doubts(inputs: &Inputs, mut signs: Vec<Signs>, gaps: &[Gap]) -> Vec<String> {
    // Sums of rounded numbers depend on their order, and tiles come as they were cut.
    signs.sort_by_key(|signs| (signs.cell.row0, signs.cell.col0));
    let told = [
        another_sensor(inputs),
        short_look_back(inputs),
        unusual_year(inputs, &levels(inputs, &signs)),
        shifted(&signs),
        changed_together(&signs),
        much_unseen(inputs, gaps),
    ];
    told.into_iter().flatten().collect()
}

/// Sensors of the target period that the look-back does not know, by what the metadata name them.
fn another_sensor(inputs: &Inputs) -> Option<String> {
    let (baseline, target) = (inputs.question.baseline, inputs.question.target);
    let named = |scenes: Vec<&Scene>| -> BTreeSet<String> {
        scenes.iter().map(|scene| family(&scene.sensor)).filter(|name| !name.is_empty()).collect()
    };
    let before = named(inputs.scenes.iter().filter(|scene| baseline.contains(scene.date)).collect());
    let after = named(inputs.scenes.iter().filter(|scene| target.contains(scene.date)).collect());
    sensors_apart(&before, &after)
}

fn sensors_apart(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<String> {
    let new: Vec<&str> = after.difference(before).map(String::as_str).collect();
    if before.is_empty() || new.is_empty() {
        return None;
    }
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    Some(format!(
        "doubt (another sensor): the target period has scenes of {}, the look-back only of {}; bands of another width tell \
         green from bare ground a little differently",
        new.join(", "),
        before.join(", ")
    ))
}

/// A platform without the letter of the unit: Sentinel-2A and 2B differ by a hundredth at most, and are harmonised.
fn family(sensor: &str) -> String {
    let name = sensor.trim().to_lowercase();
    let unit = name.strip_suffix(|last: char| last.is_ascii_lowercase());
    unit.filter(|rest| rest.ends_with(|last: char| last.is_ascii_digit())).unwrap_or(&name).to_owned()
}

/// A look-back that shows most days of the target period in fewer than two years.
fn short_look_back(inputs: &Inputs) -> Option<String> {
    let question = &inputs.question;
    let dates = inputs.dates();
    let history: Vec<Date> =
        dates.iter().zip(&question.look_back).filter(|(_, is)| **is).map(|(date, _)| *date).collect();
    let target: Vec<&Date> = dates.iter().filter(|date| question.target.contains(**date)).collect();
    let years = |day: &Date| -> BTreeSet<i16> {
        history.iter().filter(|date| is_same_season(**date, *day)).map(|date| date.year()).collect()
    };
    let known = target.iter().filter(|day| years(day).len() >= 2).count();
    (2 * known < target.len()).then(|| {
        format!(
            "doubt (short look-back): only {known} of {} target days have days of the same season in two years of the \
             look-back; what comes every few years looks new",
            target.len()
        )
    })
}

/// Whether two days lie within `SAME_SEASON_DAYS` of each other in the year.
fn is_same_season(a: Date, b: Date) -> bool {
    let apart = (a.day_of_year() - b.day_of_year()).abs();
    apart.min(365 - apart) <= SAME_SEASON_DAYS
}

/// What look-alikes showed on each day: by feature and view, the median over the cells; NaN where none is known.
fn levels(inputs: &Inputs, signs: &[Signs]) -> Vec<Vec<f32>> {
    let features = inputs.features.len();
    let level = |feature: usize, view: usize| {
        let cells = signs.iter().map(|signs| signs.levels[view * features + feature]);
        let mut known: Vec<f32> = cells.filter(|level| level.is_finite()).collect();
        if known.is_empty() { f32::NAN } else { median(&mut known) }
    };
    (0..features).map(|feature| (0..inputs.views.len()).map(|view| level(feature, view)).collect()).collect()
}

/// A feature in which all look-alikes together left what the years of the look-back let expect.
fn unusual_year(inputs: &Inputs, levels: &[Vec<f32>]) -> Option<String> {
    let dates = inputs.dates();
    for (feature, line) in inputs.features.iter().zip(levels) {
        let days: Vec<Day> = dates
            .iter()
            .zip(line)
            .zip(&inputs.question.look_back)
            .filter(|((_, level), _)| level.is_finite())
            .map(|((date, level), is_past)| Day { date: *date, level: *level, is_past: *is_past })
            .collect();
        let target = inputs.question.target;
        if let Some((level, (low, high))) =
            beyond_years(&days, |day| target.contains(day), feature.spread_floor())
        {
            let name = feature.name();
            return Some(format!(
                "doubt (unusual year): {name} of all look-alikes lies {level:+.3} off the same season of the look-back, whose \
                 years let expect {low:+.3} to {high:+.3}; much of what differs may be the year"
            ));
        }
    }
    None
}

/// What look-alikes showed on a day.
struct Day {
    date: Date,
    level: f32,
    is_past: bool,
}

/// How far the target lies off the season of the look-back, and where 19 of 20 years like those of the look-back would lie,
/// when the target lies beyond them and off the season by more than `floor`.
fn beyond_years(days: &[Day], is_target: impl Fn(Date) -> bool, floor: f32) -> Option<(f32, (f32, f32))> {
    let anomaly = |day: &Day| {
        let usual = days.iter().filter(|other| {
            other.is_past && other.date.year() != day.date.year() && is_same_season(other.date, day.date)
        });
        let mut usual: Vec<f32> = usual.map(|other| other.level).collect();
        (usual.len() >= 2).then(|| day.level - median(&mut usual))
    };
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let mut years: BTreeMap<i16, Vec<f32>> = BTreeMap::new();
    for day in days.iter().filter(|day| day.is_past) {
        years.entry(day.date.year()).or_default().extend(anomaly(day));
    }
    years.retain(|_, anomalies| anomalies.len() >= LEAST_DAYS);
    let target: Vec<f32> = days.iter().filter(|day| is_target(day.date)).filter_map(anomaly).collect();
    if years.len() < LEAST_YEARS || target.len() < LEAST_DAYS {
        return None;
    }
    let past: Vec<f32> = years.values().map(|anomalies| mean(anomalies)).collect();
    let (count, middle) = (past.len() as f32, mean(&past));
    let squares: f32 = past.iter().map(|year| (year - middle).powi(2)).sum();
    let student = STUDENT[(past.len() - LEAST_YEARS).min(STUDENT.len() - 1)];
    let reach = student * (squares / (count - 1.0) * (1.0 + 1.0 / count)).sqrt();
    let level = mean(&target);
    let is_beyond = (level - middle).abs() > reach && level.abs() > floor;
    is_beyond.then_some((level, (middle - reach, middle + reach)))
}

/// Target pictures that lie beside the look-back's.
fn shifted(signs: &[Signs]) -> Option<String> {
    let mut sums = EdgeSums::default();
    signs.iter().filter_map(|signs| signs.edges.as_ref()).for_each(|edges| sums.merge(edges));
    let shift = sums.peak()?;
    let length = shift.rows.hypot(shift.cols);
    (length >= LEAST_SHIFT_PX).then(|| {
        format!(
            "doubt (shifted images): the target period's pictures lie {length:.1} pixels off the look-back's ({:+.1} down, \
             {:+.1} right); outlines are off by as much, and edges of old fields and roads may look changed",
            shift.rows, shift.cols
        )
    })
}

/// Cells in which much of what should stay as it was did not.
fn changed_together(signs: &[Signs]) -> Option<String> {
    let changed: Vec<f32> =
        signs.iter().map(|signs| signs.changed).filter(|share| *share >= LEAST_TOGETHER).collect();
    let (_, most) = range(changed.iter().copied());
    (!changed.is_empty()).then(|| {
        format!(
            "doubt (changed together): in {} of {} control cells {:.0} % or more of the look-alikes left their history at once \
             (up to {:.0} %); what stays as it was is less sure there, and changes may be missing",
            changed.len(),
            signs.len(),
            100.0 * LEAST_TOGETHER,
            100.0 * most
        )
    })
}

/// Sub-models for which much of the ground has no verdict, or none for a season. What begins late in the period is told
/// by its own gap: a period ends somewhere.
fn much_unseen(inputs: &Inputs, gaps: &[Gap]) -> Option<String> {
    // What a few scenes less leave unseen is told by the other gaps.
    let is_beside = |reason: GapReason| {
        let beside = [GapReason::TooFewLateViews, GapReason::NoSubModel];
        let not_read = [GapReason::SceneNotFetched, GapReason::SceneNotDecoded];
        beside.contains(&reason) || not_read.contains(&reason)
    };
    let is_unseen = |gap: &&Gap| !is_beside(gap.reason);
    let mut models = Vec::new();
    for model in &inputs.models {
        let of_model = |gap: &&Gap| gap.model == model.id || gap.model.is_empty();
        let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
        for gap in gaps.iter().filter(is_unseen).filter(of_model) {
            *shares.entry(&gap.redline_id).or_default() += gap.share;
        }
        let watched = inputs.redlines.redlines.iter().filter(|line| model.looks_at(line.class));
        let of_line = |line: &RedLine| shares.get(line.id.as_str()).copied().unwrap_or(0.0).min(1.0);
        let worst = watched.map(of_line).fold(0.0, f64::max);
        if worst >= LEAST_UNSEEN {
            models.push(format!("{:.0} % for {}", 100.0 * worst, model.id));
        }
    }
    (!models.is_empty()).then(|| {
        format!(
            "doubt (much unseen): of a red line's ground no verdict was possible, or none for a season, on up to {}; what is \
             not listed there was not seen to be unchanged (see gaps)",
            models.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three days a year from 2019 to 2023; the level of a year in the order given.
    fn days(levels: [f32; 5]) -> Vec<Day> {
        let mut days = Vec::new();
        for (year, level) in (2019..).zip(levels) {
            for (month, season) in [(5, 0.10), (7, 0.25), (9, 0.15)] {
                let date = Date::constant(year, month, 10);
                days.push(Day { date, level: season + level, is_past: year < 2023 });
            }
        }
        days
    }

    fn judged(levels: [f32; 5]) -> Option<f32> {
        beyond_years(&days(levels), |date| date.year() == 2023, 0.015).map(|(level, _)| level)
    }

    #[test]
    fn a_year_far_beyond_those_of_the_look_back_is_told_and_one_among_them_is_not() {
        assert_eq!(judged([0.0, 0.01, -0.01, 0.02, -0.02]), None);
        assert_eq!(judged([0.0, 0.01, -0.01, 0.02, -0.04]), None);
        assert!(judged([0.0, 0.01, -0.01, 0.02, -0.08]).unwrap() < -0.05);
        assert!(judged([0.0, 0.01, -0.01, 0.02, 0.09]).unwrap() > 0.05);
    }

    #[test]
    fn a_year_is_not_told_by_less_than_a_view_can_show() {
        assert_eq!(judged([0.0, 0.001, -0.001, 0.0, 0.012]), None);
    }

    #[test]
    fn units_of_one_platform_are_one_sensor() {
        assert_eq!(family("sentinel-2a"), family("Sentinel-2B"));
        assert_ne!(family("landsat-8"), family("sentinel-2a"));
        assert_eq!(family("landsat-8"), "landsat-8");
    }

    #[test]
    fn a_sensor_that_the_look_back_does_not_know_is_told() {
        let named = |names: &[&str]| names.iter().map(|name| family(name)).collect::<BTreeSet<_>>();
        let both = named(&["sentinel-2a", "landsat-9"]);
        assert_eq!(sensors_apart(&both, &named(&["sentinel-2c"])), None);
        assert_eq!(sensors_apart(&named(&[]), &both), None);
        let told = sensors_apart(&named(&["sentinel-2b"]), &both).unwrap();
        assert!(told.contains("scenes of landsat-9, the look-back only of sentinel-2;"), "{told}");
    }

    #[test]
    fn days_of_one_season_lie_near_each_other_in_any_year() {
        let date = |year, month, day| Date::constant(year, month, day);
        assert!(is_same_season(date(2020, 7, 1), date(2023, 7, 19)));
        assert!(!is_same_season(date(2020, 7, 1), date(2023, 8, 1)));
        assert!(is_same_season(date(2020, 12, 28), date(2023, 1, 5)));
    }
}
