//! When verified leads may speak, and what they say: the second of the three guarantees.
//!
//! In:  labels, the shipped confidence model, where and when the run looks.
//! Out: a `Calibration`: what selects leads at a false-discovery rate, the refit of the confidence, and in words
//!      what is missing, too small or expired.
//! Law: expiry and least numbers are data (`redlines/calibration.toml`); what cannot be guaranteed is said, not done.
//! Source: `reference/science.md` 6.5 and 6.6; the methods in `conformal` and `platt`.

use geo::{Distance, Haversine, Point, Rect};
use serde::Deserialize;

use crate::lead::Measure;
use crate::units::{SquareMetres, rounded};
use crate::weigh::confidence::Model;
use crate::weigh::conformal::{Verified, labels_needed, p_values};
use crate::weigh::labels::{Label, Labels, LeftOut};
use crate::weigh::platt::Platt;

/// How sure verified leads make: the shipped rule, as written.
pub const SHIPPED: &str = include_str!("../../redlines/calibration.toml");

/// Numbers of calibration, each with its source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "explained in redlines/calibration.toml")]
pub struct Rules {
    pub prefilter: f64,
    pub prefilter_source: String,
    pub least_labels_for_refit: usize,
    pub least_of_each_verdict: usize,
    pub refit_source: String,
    pub least_labels_in_group: usize,
    pub group_source: String,
    pub size_ends_mu: Vec<f64>,
    pub size_source: String,
    pub most_seasons: u16,
    pub most_seasons_source: String,
    pub most_km: f64,
    pub most_km_source: String,
}

impl Rules {
    /// The rules that ship with the program.
    ///
    /// # Errors
    /// What is wrong with the text; it is tested, so only a broken build sees this.
    pub fn shipped() -> Result<Self, String> {
        toml::from_str(SHIPPED).map_err(|error| error.to_string())
    }

    fn size(&self, area: SquareMetres) -> usize {
        self.size_ends_mu.iter().filter(|end| area.mu() >= **end).count()
    }
}

/// Where and when a run looks.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Calendar year in which the target period ends.
    pub season: i16,
    /// Bounding box of the red lines, degrees; none when there is none.
    pub ground: Option<Rect<f64>>,
}

/// What verified leads have in common that orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreKind {
    /// The shipped model's linear predictor, from measures.
    Measures,
    /// The logit of the published confidence.
    Confidence,
}

/// Verified leads, ready to calibrate a run.
#[derive(Debug, Clone)]
pub struct Calibration {
    /// The numbers that it keeps to.
    pub rules: Rules,
    /// What orders candidates.
    pub kind: ScoreKind,
    /// Labels that may calibrate, with their scores.
    pub labels: Vec<(f64, Label)>,
    /// The refit of the confidence, where there are labels enough.
    pub platt: Option<Platt>,
    /// What a reader must know of it.
    pub notes: Vec<String>,
    /// Whether part of the labels was good once and is no longer.
    pub is_expired: bool,
}

/// What decides about the candidates of a run.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Sub-model.
    pub model: &'a str,
    /// Area.
    pub area: SquareMetres,
    /// Score, of the calibration's kind.
    pub score: f64,
}

/// How candidates compare with verified leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// p-value of each candidate.
    pub p_values: Vec<f64>,
    /// Whether each sub-model and size is judged by its own labels.
    pub is_grouped: bool,
}

impl Calibration {
    /// Sorts labels into those that speak for a run and those that do not.
    pub fn of(found: Labels, model: &Model, scope: &Scope, rules: Rules) -> Self {
        let mut left_out = found.left_out;
        let all_measured = found.labels.iter().all(|label| label.score.is_some());
        let kind = if all_measured { ScoreKind::Measures } else { ScoreKind::Confidence };
        let mut labels = Vec::new();
        for label in found.labels {
            let score = match kind {
                ScoreKind::Measures => label.score,
                ScoreKind::Confidence => published(&label, model),
            };
            match expiry(&label, scope, &rules).map_or(score.ok_or(LeftOut::OtherModel), Err) {
                Ok(score) => labels.push((score, label)),
                Err(reason) => *left_out.entry(reason).or_default() += 1,
            }
        }
        let mut notes = found.notes;
        let used = labels.len();
        let false_ones = labels.iter().filter(|(_, label)| !label.is_true).count();
        notes.push(format!(
            "calibration: {used} of {} verified rows were drawn at random and speak for this run, {false_ones} of them \
             found no change",
            found.rows
        ));
        for (reason, count) in left_out.iter().filter(|(reason, _)| !reason.is_expiry()) {
            notes.push(format!("calibration: {count} rows left out, {}", reason.words()));
        }
        let expired: Vec<String> = left_out
            .iter()
            .filter(|(reason, _)| reason.is_expiry())
            .map(|(reason, count)| format!("{count} {}", reason.words()))
            .collect();
        if !expired.is_empty() {
            let (seasons, km) = (rules.most_seasons, rules.most_km);
            notes.push(format!(
                "calibration expired: verified rows left out: {} (at most {seasons} growing seasons and {km:.0} km away)",
                expired.join(", ")
            ));
        }
        let unequal = labels.iter().any(|(_, label)| (label.weight / labels[0].1.weight - 1.0).abs() > 1e-9);
        if unequal {
            notes.push(
                "calibration: verified leads were drawn with unequal chances and are weighted by them; the guarantee is \
                 approximate"
                    .to_owned(),
            );
        }
        let platt = refit(&labels, &rules, &mut notes);
        Self { rules, kind, labels, platt, notes, is_expired: !expired.is_empty() }
    }

    /// What orders a candidate; `confidence` is the shipped one under its caps.
    pub fn score(&self, model: &Model, id: &str, measures: &[Measure], confidence: f64) -> f64 {
        match self.kind {
            ScoreKind::Measures => model.score(id, measures),
            // As many decimals as files carry.
            ScoreKind::Confidence => logit(rounded(confidence, 3)),
        }
    }

    /// Labels that take part in the selection above a prefilter.
    pub fn above(&self, prefilter: f64) -> impl Iterator<Item = &(f64, Label)> {
        let least = logit(prefilter);
        self.labels.iter().filter(move |(score, _)| *score >= least)
    }

    /// Why no selection at `q` is possible whatever the candidates are; none where it is.
    pub fn refuses(&self, q: f64, prefilter: f64) -> Option<String> {
        let labels: Vec<Verified> = self.above(prefilter).map(verified).collect();
        // The smallest p-value that any candidate can have.
        let smallest = p_values(&[f64::INFINITY], &labels)[0];
        (smallest > q + 1e-12).then(|| {
            let (count, needed) = (labels.len(), labels_needed(1, 1, q));
            let expired = if self.is_expired { "calibration expired; " } else { "" };
            format!(
                "{expired}calibration too small: {count} verified leads can show no p-value under {smallest:.3}; at least \
                 {needed} drawn at random with equal chances are needed for {q}, and more where few of many candidates are true"
            )
        })
    }

    /// p-values of candidates: by sub-model and size where every group has labels enough, else pooled.
    pub fn compare(&self, candidates: &[Candidate], prefilter: f64) -> Comparison {
        let group = |model: &str, area: SquareMetres| (model.to_owned(), self.rules.size(area));
        let of_label = |label: &Label| label.area.map(|area| group(&label.model, area));
        let labels: Vec<&(f64, Label)> = self.above(prefilter).collect();
        let of_group = |wanted: &(String, usize)| -> Vec<Verified> {
            let inside = labels.iter().filter(|(_, label)| of_label(label).as_ref() == Some(wanted));
            inside.map(|label| verified(label)).collect()
        };
        let mut groups: Vec<(String, usize)> =
            candidates.iter().map(|one| group(one.model, one.area)).collect();
        let own = groups.clone();
        groups.sort();
        groups.dedup();
        let least = self.rules.least_labels_in_group;
        let is_grouped = !groups.is_empty() && groups.iter().all(|one| of_group(one).len() >= least);
        let scores: Vec<f64> = candidates.iter().map(|one| one.score).collect();
        if !is_grouped {
            let all: Vec<Verified> = labels.iter().map(|label| verified(label)).collect();
            return Comparison { p_values: p_values(&scores, &all), is_grouped };
        }
        let by_group: Vec<Vec<f64>> = groups.iter().map(|one| p_values(&scores, &of_group(one))).collect();
        let place = |one: &(String, usize)| groups.binary_search(one).unwrap_or_default();
        let p_values = own.iter().enumerate().map(|(index, one)| by_group[place(one)][index]).collect();
        Comparison { p_values, is_grouped }
    }
}

fn verified((score, label): &(f64, Label)) -> Verified {
    Verified { score: *score, is_true: label.is_true, weight: label.weight }
}

/// Why a label that was good once does not speak for a run.
fn expiry(label: &Label, scope: &Scope, rules: &Rules) -> Option<LeftOut> {
    if label.season.abs_diff(scope.season) > rules.most_seasons {
        return Some(LeftOut::OtherSeason);
    }
    let (place, ground) = (label.place?, scope.ground?);
    let (low, high) = (ground.min(), ground.max());
    let nearest = Point::new(place.0.clamp(low.x, high.x), place.1.clamp(low.y, high.y));
    let metres = Haversine.distance(Point::new(place.0, place.1), nearest);
    (metres / 1000.0 > rules.most_km).then_some(LeftOut::OtherRegion)
}

/// The published confidence, if the confidence model of this program made it.
fn published(label: &Label, model: &Model) -> Option<f64> {
    let (confidence, method) = label.confidence.as_ref()?;
    // Caps follow the method; a refit stands in its place.
    method.starts_with(&model.method(&label.model)).then(|| logit(*confidence))
}

fn refit(labels: &[(f64, Label)], rules: &Rules, notes: &mut Vec<String>) -> Option<Platt> {
    let pairs: Vec<(f64, bool)> = labels.iter().map(|(score, label)| (*score, label.is_true)).collect();
    let found = pairs.iter().filter(|(_, is_true)| *is_true).count();
    let (all, missed) = (pairs.len(), pairs.len() - found);
    let (least, each) = (rules.least_labels_for_refit, rules.least_of_each_verdict);
    if all < least || found.min(missed) < each {
        notes.push(format!(
            "confidence is not fitted to verified leads: {all} labels ({found} true, {missed} false), {least} with {each} of \
             each are needed"
        ));
        return None;
    }
    let platt = Platt::fit(&pairs);
    if platt.is_none() {
        notes.push(
            "confidence is not fitted to verified leads: among them true ones do not rise with confidence; look at the \
             verdicts"
                .to_owned(),
        );
    }
    platt
}

/// Log odds; 0 and 1 as far out as three decimals can tell.
pub fn logit(probability: f64) -> f64 {
    let inside = probability.clamp(0.0005, 0.9995);
    (inside / (1.0 - inside)).ln()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SCOPE: Scope = Scope { season: 2023, ground: None };

    fn label(id: usize, score: f64, is_true: bool) -> Label {
        Label {
            id: format!("v{id}"),
            model: "G1".to_owned(),
            is_true,
            score: Some(score),
            confidence: None,
            weight: 1.0,
            area: Some(SquareMetres::from_mu(20.0)),
            season: 2022,
            place: None,
        }
    }

    fn calibration(labels: Vec<Label>, scope: &Scope) -> Calibration {
        let found = Labels { rows: labels.len(), labels, left_out: BTreeMap::new(), notes: Vec::new() };
        Calibration::of(found, &Model::shipped().unwrap(), scope, Rules::shipped().unwrap())
    }

    #[test]
    fn a_calibration_says_first_how_its_files_were_read() {
        let text = "id,model,verdict,drawn,season,confidence\n";
        let mut file = crate::read::attributes::parse(std::path::Path::new("verified.csv"), text).unwrap();
        file.note = Some("verified.csv is not UTF-8 text; read as GBK".to_owned());
        let model = Model::shipped().unwrap();
        let labels = crate::weigh::labels::labels(&[file], &model).unwrap();
        let found = Calibration::of(labels, &model, &SCOPE, Rules::shipped().unwrap());
        assert_eq!(found.notes[0], "calibration: verified.csv is not UTF-8 text; read as GBK");
    }

    fn many(count: usize) -> Vec<Label> {
        (0..count).map(|id| label(id, if id % 4 == 0 { 0.0 } else { 5.0 }, id % 4 != 0)).collect()
    }

    #[test]
    fn every_number_of_the_shipped_rules_stands_beside_its_source() {
        let rules = Rules::shipped().unwrap();
        let sources = [
            &rules.prefilter_source,
            &rules.refit_source,
            &rules.group_source,
            &rules.size_source,
            &rules.most_seasons_source,
            &rules.most_km_source,
        ];
        assert!(sources.iter().all(|source| source.len() > 10));
        let sizes = [2.0, 3.0, 30.0, 60.0].map(|mu| rules.size(SquareMetres::from_mu(mu)));
        assert_eq!(sizes, [0, 1, 2, 3]);
    }

    #[test]
    fn labels_of_other_years_and_other_regions_do_not_speak() {
        let mut labels = many(8);
        labels[0].season = 2020;
        labels[1].season = 2025;
        let ground = Some(Rect::new(geo::Coord { x: 108.0, y: 41.0 }, geo::Coord { x: 109.0, y: 42.0 }));
        // Romania, and a place half a degree beside the red lines.
        labels[2].place = Some((22.1, 45.2));
        labels[3].place = Some((109.5, 41.5));
        let scope = Scope { season: 2023, ground };
        let found = calibration(labels, &scope);
        assert_eq!((found.labels.len(), found.is_expired), (6, true));
        let note = found.notes.iter().find(|note| note.starts_with("calibration expired")).unwrap();
        assert!(note.contains("1 out of date") && note.contains("1 of another region"), "{note}");
        assert!(!calibration(many(8), &SCOPE).is_expired);
    }

    #[test]
    fn a_published_confidence_speaks_only_for_the_model_that_made_it() {
        let shipped = Model::shipped().unwrap().method("G1");
        let with = |method: &str| {
            let mut labels = many(4);
            for label in &mut labels {
                label.score = None;
                label.confidence = Some((0.8, method.to_owned()));
            }
            calibration(labels, &SCOPE)
        };
        let own = with(&format!("{shipped}; at most 0.8 because there is no short-wave infrared"));
        assert_eq!((own.labels.len(), own.kind), (4, ScoreKind::Confidence));
        assert!((own.labels[0].0 - logit(0.8)).abs() < 1e-12);
        let older = with("shipped logistic model 'grassland', version 0");
        assert!(older.labels.is_empty() && older.is_expired);
    }

    #[test]
    fn groups_are_judged_apart_only_when_each_has_labels_enough() {
        let mut labels = many(100);
        let other = |mut one: Label| {
            one.model = "G2".to_owned();
            one.id.push('b');
            one.score = one.score.map(|score| score + 10.0);
            one
        };
        let second: Vec<Label> = many(100).into_iter().map(other).collect();
        let (ploughed, mined) = ("G1", "G2");
        let area = SquareMetres::from_mu(20.0);
        let candidates =
            [Candidate { model: ploughed, area, score: 5.0 }, Candidate { model: mined, area, score: 5.0 }];
        labels.extend(second[..99].to_vec());
        let pooled = calibration(labels.clone(), &SCOPE).compare(&candidates, 0.2);
        assert!(!pooled.is_grouped && pooled.p_values[0] == pooled.p_values[1]);
        labels.push(second[99].clone());
        let grouped = calibration(labels, &SCOPE).compare(&candidates, 0.2);
        // 25 false ones among the 100 of G2 lie above 5, none among those of G1.
        assert!(grouped.is_grouped);
        assert_eq!(grouped.p_values, [1.0 / 101.0, 26.0 / 101.0]);
    }

    #[test]
    fn what_lies_under_the_prefilter_takes_no_part() {
        let mut labels = many(40);
        labels.extend((40..80).map(|id| label(id, -4.0, false)));
        let found = calibration(labels, &SCOPE);
        assert_eq!((found.above(0.2).count(), found.above(0.0).count()), (40, 80));
        let candidate = [Candidate { model: "G1", area: SquareMetres(1e4), score: 5.0 }];
        assert_eq!(found.compare(&candidate, 0.2).p_values, [1.0 / 41.0]);
    }

    #[test]
    fn too_few_labels_are_refused_with_the_number_needed() {
        let found = calibration(many(8), &SCOPE);
        assert!(found.refuses(0.2, 0.2).is_none());
        let words = found.refuses(0.05, 0.2).unwrap();
        assert!(words.contains("8 verified leads") && words.contains("at least 19"), "{words}");
    }

    #[test]
    fn a_heavy_label_makes_the_smallest_p_value_larger() {
        let mut labels = many(40);
        labels[1].weight = 20.0;
        let found = calibration(labels, &SCOPE);
        assert!(found.notes.iter().any(|note| note.contains("unequal chances")));
        assert!(found.refuses(0.1, 0.2).is_some());
    }

    #[test]
    fn sixty_labels_with_fifteen_of_each_fit_the_confidence() {
        assert!(calibration(many(60), &SCOPE).platt.is_some());
        assert!(calibration(many(56), &SCOPE).platt.is_none());
        let mut one_sided = many(60);
        one_sided[0].is_true = true;
        let found = calibration(one_sided, &SCOPE);
        assert!(found.platt.is_none());
        assert!(found.notes.iter().any(|note| note.contains("14 false")), "{:?}", found.notes);
    }
}
