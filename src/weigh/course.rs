//! How a patch went through time as a whole: another colour since it began, bare for a while, quiet before.
//!
//! In:  its median way through time, and which views are look-back, target, and since the change.
//! Out: `Course`, all of it in sigma and so free of sensor, soil and season.
//! Law: every feature has the same say; a view speaks once.
//! Source: of twenty candidate measures on simulated steppes these three told ploughed ground from wet hollows,
//! wells, fences and old fields best in worlds that the fit had not seen (`scripts/train-confidence`).

use crate::baseline::Series;
use crate::submodel::Feature;

/// Below this nothing is told apart: keeps logarithms finite.
const LEAST: f32 = 0.05;

/// The whole course of a patch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Distance from expectation (root mean square of z over the features) that one look-back view in five
    /// exceeds: about 1 where a place follows its look-alikes, more where it has always gone its own way (a
    /// field in rotation, a shore).
    pub restlessness: f32,
    /// Size of the median z of brightness since the change began: turned soil is another colour.
    pub tone: f32,
    /// How far NDVI lay below expectation in two views of the target period in a row: a hollow or a fence only
    /// ever adds green, a field is bare before it bears.
    pub bareness: f32,
}

impl Course {
    /// Measures a series; `since` is the place in it of the first view that the evidence rests on.
    pub fn of(
        series: &Series,
        features: &[Feature],
        is_look_back: impl Fn(usize) -> bool,
        is_target: impl Fn(usize) -> bool,
        since: usize,
    ) -> Self {
        let places = || 0..series.views.len();
        let is_since = |index: usize| index >= since && is_target(index);
        let distance = |index: usize| {
            let squares: f32 = series.z.iter().map(|line| line[index].powi(2)).sum();
            (squares / series.z.len().max(1) as f32).sqrt()
        };
        let line = |wanted: Feature, places: Vec<usize>| {
            let feature = features.iter().position(|feature| *feature == wanted);
            feature
                .map_or(Vec::new(), |feature| places.iter().map(|index| series.z[feature][*index]).collect())
        };
        let tones: Vec<f32> = line(Feature::Brightness, places().filter(|index| is_since(*index)).collect());
        let greens: Vec<f32> = line(Feature::Ndvi, places().filter(|index| is_target(*index)).collect());
        Self {
            restlessness: ranked(places().filter(|index| is_look_back(*index)).map(distance), 0.8).max(LEAST),
            tone: ranked(tones.into_iter(), 0.5).abs(),
            bareness: greens.windows(2).map(|two| -two[0].max(two[1])).fold(0.0, f32::max),
        }
    }
}

/// The value that a share of the values does not exceed; 0 of none.
fn ranked(values: impl Iterator<Item = f32>, share: f32) -> f32 {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f32::total_cmp);
    values[((values.len() - 1) as f32 * share) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six quiet views, then four with this z of NDVI and of brightness.
    fn course(ndvi: f32, brightness: f32) -> Course {
        let line = |after: f32| (0..10).map(|view| if view < 6 { 0.5 } else { after }).collect();
        let series =
            Series { views: (0..10).collect(), z: vec![line(ndvi), line(brightness)], ..Series::default() };
        Course::of(&series, &[Feature::Ndvi, Feature::Brightness], |index| index < 6, |index| index >= 6, 6)
    }

    #[test]
    fn a_turned_field_changes_its_tone_whichever_way_and_was_quiet_before() {
        let (bare, dark) = (course(-4.0, 3.0), course(4.0, -3.0));
        assert_eq!(bare.tone, dark.tone);
        assert!(bare.tone > 2.9 && (bare.restlessness - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_greener_hollow_keeps_its_tone_and_is_never_bare() {
        let hollow = course(4.0, -0.2);
        assert!(hollow.tone < 0.3 && hollow.bareness == 0.0);
        assert!((course(-4.0, 3.0).bareness - 4.0).abs() < 1e-6);
    }
}
