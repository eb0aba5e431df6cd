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

    /// A course of views with these z of NDVI and brightness; the first are look-back, the rest target.
    fn drawn(look_back: usize, views: &[(f32, f32)], since: usize) -> Course {
        let line = |part: fn(&(f32, f32)) -> f32| views.iter().map(part).collect();
        let series = Series {
            views: (0..views.len()).collect(),
            z: vec![line(|(ndvi, _)| *ndvi), line(|(_, brightness)| *brightness)],
            ..Series::default()
        };
        let features = [Feature::Ndvi, Feature::Brightness];
        Course::of(&series, &features, |index| index < look_back, |index| index >= look_back, since)
    }

    #[test]
    fn restlessness_is_what_one_look_back_view_in_five_exceeds() {
        // Root mean squares of 1 to 5, in any order; the target views do not count.
        let views = [(3.0, 3.0), (5.0, 5.0), (1.0, 1.0), (4.0, -4.0), (-2.0, 2.0), (9.0, 9.0)];
        assert!((drawn(5, &views, 5).restlessness - 4.0).abs() < 1e-6);
        // 3 and 4 are 25 together, so the square root of 12.5 each.
        assert!((drawn(1, &[(3.0, 4.0)], 1).restlessness - 12.5_f32.sqrt()).abs() < 1e-6);
        // Nothing seen, or nothing but zero, is the least.
        assert_eq!((drawn(0, &[], 0).restlessness, drawn(1, &[(0.0, 0.0)], 1).restlessness), (LEAST, LEAST));
    }

    #[test]
    fn tone_is_of_the_target_views_since_the_change_and_bareness_of_two_target_views_in_a_row() {
        let views =
            [(-9.0, 7.0), (-9.0, 7.0), (-1.0, 6.0), (-3.0, 6.0), (-5.0, -2.0), (1.0, -1.0), (-8.0, -3.0)];
        // The change began with the fifth view: -1, -2, -3.
        let course = drawn(2, &views, 4);
        assert_eq!((course.tone, course.bareness), (2.0, 3.0));
        // What began in the look-back is measured from the target period on: 6, 6, -2, -1, -3.
        assert_eq!(drawn(2, &views, 0).tone, 1.0);
        // A view alone is no bare spell, and green is not bare.
        assert_eq!(drawn(0, &[(-8.0, 0.0), (2.0, 0.0), (-8.0, 0.0)], 0).bareness, 0.0);
    }
}
