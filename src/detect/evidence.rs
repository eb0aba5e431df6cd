//! Seasonal evidence of one pixel for one sub-model.
//!
//! s_t = w'z_t / sqrt(w'Rw), so that s is about N(0, 1) where nothing changed; over a season
//! E = median(s) sqrt(min(n, 6)): n is capped because residuals of near dates are alike.
//! Source: `reference/science.md` 6.3; the cap at 10 is from `reference/time-series.md` (without it
//! recall fell and areas shrank).

use serde::{Deserialize, Serialize};

use crate::baseline::Series;
use crate::baseline::lanes::LANES;
use crate::baseline::strip::Departures;
use crate::date::{Date, Period};
use crate::detect::ends::{self, Ends};
use crate::detect::seasons;
use crate::submodel::{Evidence, Feature, SubModel};

/// Evidence is capped here before contouring.
pub const MOST_EVIDENCE: f32 = 10.0;

/// What a pixel says about one sub-model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// No view at all.
    Unseen,
    /// Fewer look-back views than the sub-model asks for.
    TooLittleHistory,
    /// No season of the target period has enough views.
    TooFewViews,
    /// Evidence, 0 to `MOST_EVIDENCE`; negative values are 0.
    Evidence(f32),
}

/// A sub-model prepared for one cell: weights normalised by the cell's residual correlation.
pub struct Prepared<'a> {
    /// The sub-model.
    pub model: &'a SubModel,
    kinds: Vec<(&'a Evidence, Vec<f32>)>,
}

impl<'a> Prepared<'a> {
    /// Prepares a sub-model. Features that the scenes cannot give fall out of the weights;
    /// an evidence kind that loses NDVI-like contrast altogether falls out with them.
    pub fn new(model: &'a SubModel, features: &[Feature], correlation: impl Fn(usize, usize) -> f32) -> Self {
        let prepare = |kind: &'a Evidence| {
            let weight = |feature: &Feature| kind.weights.get(feature).copied().unwrap_or(0.0);
            let weights: Vec<f32> = features.iter().map(weight).collect();
            let mut variance = 0.0;
            for a in 0..weights.len() {
                for b in 0..weights.len() {
                    variance += weights[a] * weights[b] * if a == b { 1.0 } else { correlation(a, b) };
                }
            }
            let squares: f32 = weights.iter().map(|weight| weight * weight).sum();
            // Correlation is an estimate: it may not make a weak sum look strong.
            let norm = variance.max(0.25 * squares).sqrt();
            (kind, weights.iter().map(|weight| weight / norm.max(1e-6)).collect())
        };
        let usable = |(_, weights): &(&Evidence, Vec<f32>)| weights.iter().any(|weight| *weight != 0.0);
        Self { model, kinds: model.evidence.iter().map(prepare).filter(usable).collect() }
    }

    /// Weighted z of one view for one evidence kind.
    fn score(&self, kind: usize, series: &Series, index: usize) -> f32 {
        self.kinds[kind].1.iter().zip(&series.z).map(|(weight, z)| weight * z[index]).sum()
    }

    /// The strongest weighted z of a view among the evidence kinds whose season it lies in.
    pub fn strongest(&self, series: &Series, index: usize, date: Date) -> Option<f32> {
        let in_season = (0..self.kinds.len()).filter(|kind| self.kinds[*kind].0.season.contains(date));
        in_season.map(|kind| self.score(kind, series, index)).reduce(f32::max)
    }

    /// What the look-back holds of sixteen pixels. `calendar` is that of this sub-model.
    pub fn past(&self, departures: &Departures, calendar: &Calendar) -> Past {
        let seen = |views: &[usize], lane: usize| {
            views.iter().filter(|view| departures.seen[**view] >> lane & 1 == 1).count()
        };
        let of = |is_set: &dyn Fn(usize) -> bool| {
            (0..LANES).filter(|lane| is_set(*lane)).fold(0, |bits, lane| bits | 1 << lane)
        };
        Past {
            seen: of(&|lane| seen(&calendar.look_back, lane) > 0),
            enough: of(&|lane| {
                seen(&calendar.look_back, lane) >= self.model.minimum_history
                    && seen(&calendar.growing, lane) >= self.model.minimum_growing_history
            }),
        }
    }

    /// Evidence of sixteen pixels. `calendar` is that of this sub-model.
    pub fn find(
        &self,
        departures: &Departures,
        (past, calendar): (Past, &Calendar),
        ends: &mut Ends,
    ) -> [Finding; LANES] {
        let best = self.strongest_season((departures, past.enough), calendar, ends);
        let seen = departures.seen.iter().fold(past.seen, |all, seen| all | seen);
        std::array::from_fn(|lane| match best[lane] {
            _ if seen >> lane & 1 == 0 => Finding::Unseen,
            _ if past.enough >> lane & 1 == 0 => Finding::TooLittleHistory,
            None => Finding::TooFewViews,
            Some(evidence) => Finding::Evidence(evidence.clamp(0.0, MOST_EVIDENCE)),
        })
    }

    /// What `choose` finds for each of the lanes of some bits: the evidence alone.
    fn strongest_season(
        &self,
        (departures, lanes): (&Departures, u16),
        calendar: &Calendar,
        ends: &mut Ends,
    ) -> [Option<f32>; LANES] {
        let mut best: [Option<f32>; LANES] = [None; LANES];
        for (kind, (evidence, weights)) in self.kinds.iter().enumerate() {
            let mut take = |views: &[usize], lanes: u16| {
                ends.clear();
                views
                    .iter()
                    .for_each(|view| ends.push(departures.score(weights, *view), departures.seen[*view]));
                let counts = ends.views();
                let has_enough =
                    |lane: &usize| lanes >> lane & 1 == 1 && counts[*lane] >= evidence.minimum_views;
                let enough = (0..LANES).filter(has_enough).fold(0, |bits, lane| bits | 1_u16 << lane);
                if enough != 0 {
                    let (found, _) = ends.strongest();
                    for lane in (0..LANES).filter(|lane| enough >> lane & 1 == 1) {
                        best[lane] = Some(best[lane].map_or(found[lane], |best| best.max(found[lane])));
                    }
                }
                enough
            };
            let years = &calendar.seasons[kind];
            let apart = years.iter().map(|views| take(views, lanes)).fold(0, |all, enough| all | enough);
            if years.len() > 1 && apart != lanes {
                take(&years.concat(), lanes & !apart);
            }
        }
        best
    }

    /// The views that this sub-model looks at on some dates.
    pub fn calendar(&self, dates: &[Date], look_back: &[bool], target: Period) -> Calendar {
        let of =
            |is_asked: &dyn Fn(usize) -> bool| (0..look_back.len()).filter(|view| is_asked(*view)).collect();
        let season = |kind: &Evidence, year: i16| -> Vec<usize> {
            of(&|view| {
                let date = dates[view];
                date.year() == year && target.contains(date) && kind.season.contains(date)
            })
        };
        let seasons = |kind: &Evidence| target.years().map(|year| season(kind, year)).collect();
        Calendar {
            look_back: of(&|view| look_back[view]),
            growing: of(&|view| look_back[view] && self.model.growing_season.contains(dates[view])),
            seasons: self.kinds.iter().map(|(kind, _)| seasons(kind)).collect(),
        }
    }

    /// The evidence kind and the views of one season that speak most for the sub-model. A season is of one year,
    /// or of all years of the target period where no year alone has views enough.
    pub fn choose(&self, series: &Series, dates: &[Date], target: Period) -> Option<Chosen> {
        let mut best: Option<Chosen> = None;
        let (mut scores, mut places) = (Vec::new(), Vec::new());
        for (kind, (evidence, _)) in self.kinds.iter().enumerate() {
            let (season, least) = (&evidence.season, evidence.minimum_views);
            let together = seasons::stand_together(series, dates, season, target, least);
            for year in target.years().take(if together { 1 } else { usize::MAX }) {
                scores.clear();
                places.clear();
                for (index, view) in series.views.iter().enumerate() {
                    let date = dates[*view];
                    let is_year = together || date.year() == year;
                    if is_year && target.contains(date) && season.contains(date) {
                        scores.push(self.score(kind, series, index));
                        places.push(index);
                    }
                }
                if scores.len() < least {
                    continue;
                }
                let (evidence, from) = ends::of_one(&scores);
                if best.as_ref().is_none_or(|best| evidence > best.evidence) {
                    best = Some(Chosen { kind, evidence, indices: places[from..].to_vec() });
                }
            }
        }
        best
    }

    /// The strongest evidence of one kind in any season of the look-back: what this place has done before.
    pub fn seen_before(&self, kind: usize, series: &Series, dates: &[Date], look_back: &[bool]) -> f32 {
        let (evidence, _) = &self.kinds[kind];
        let mut by_year: std::collections::BTreeMap<i16, Vec<f32>> = std::collections::BTreeMap::new();
        for (index, view) in series.views.iter().enumerate() {
            let date = dates[*view];
            if look_back[*view] && evidence.season.contains(date) {
                by_year.entry(date.year()).or_default().push(self.score(kind, series, index));
            }
        }
        let seasons = by_year.values().filter(|scores| scores.len() >= evidence.minimum_views);
        seasons.map(|scores| ends::of_one(scores).0).fold(0.0, f32::max)
    }

    /// Name of an evidence kind.
    pub fn kind_name(&self, kind: usize) -> &str {
        &self.kinds[kind].0.name
    }

    /// How far one view lies from expectation along an evidence kind, in units of the least spread:
    /// linear in the changed share of a pixel, unlike z, which is clipped.
    pub fn amplitude(&self, kind: usize, series: &Series, index: usize, features: &[Feature]) -> f32 {
        let way = |(place, feature): (usize, &Feature)| {
            let weight = self.kinds[kind].0.weights.get(feature).copied().unwrap_or(0.0);
            weight * (series.observed[place][index] - series.expected[place][index]) / feature.spread_floor()
        };
        features.iter().enumerate().map(way).sum()
    }

    /// Number of evidence kinds.
    pub fn kinds(&self) -> usize {
        self.kinds.len()
    }
}

/// The season that speaks most for a sub-model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Evidence kind.
    pub kind: usize,
    /// Evidence, not capped.
    pub evidence: f32,
    /// Places in `Series::views` of the views that it rests on.
    pub indices: Vec<usize>,
}

/// What the look-back holds of sixteen pixels for a sub-model, a bit a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// Seen in any view of the look-back, with a control.
    pub seen: u16,
    /// Seen as often as the sub-model asks.
    pub enough: u16,
}

/// Places of the views that a sub-model looks at.
#[derive(Debug, Clone)]
pub struct Calendar {
    look_back: Vec<usize>,
    /// Of the look-back those in the growing season.
    growing: Vec<usize>,
    /// By evidence kind and year of the target period.
    seasons: Vec<Vec<Vec<usize>>>,
}

#[cfg(test)]
mod tests;
