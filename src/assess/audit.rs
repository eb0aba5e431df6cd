//! A run's accuracy from a verified sample: the third of the three guarantees.
//!
//! In:  the sample of `design` with verdicts (GeoJSON or CSV).
//! Out: `Audit`: user's and producer's accuracy, area of change, per stratum and sub-model, with intervals.
//! Law: it speaks of the run that was sampled, not of the next one; a stratum that says too little is named. A patch
//!      counts with its whole outline, so the area of change knows nothing of outlines that are too wide or too narrow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::AssessError;
use super::design::Stratum;
use super::stratified::{self, Domain, Figure, Sampled, Told, Unit, domain, unseen};
use crate::read::attributes::{self, Row, Rows};
use crate::units::{SquareMetres, rounded};
use crate::weigh::labels::verdict;

/// Verified places of a stratum or sub-model below which a normal interval says little. Source: Olofsson et al. 2014,
/// 5.1, put 50 to 100 into each class; 20 is the least they mention (chosen here as the point to warn at).
const FEW: usize = 20;

/// What the sample says of one stratum or sub-model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// Stratum, or id of the sub-model.
    pub name: String,
    /// Verified places.
    pub verified: usize,
    /// Of which changed.
    pub changed: usize,
    /// Share of its units that changed; none where fewer than two are verified.
    pub share: Option<Told>,
}

/// What a verified sample says of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// Places in the sample.
    pub places: usize,
    /// Places with a verdict.
    pub verified: usize,
    /// Share of the leads that are there.
    pub users_accuracy: Option<Told>,
    /// Share of the leads' ground that changed.
    pub users_accuracy_by_area: Option<Told>,
    /// Share of the changed ground that was named.
    pub producers_accuracy_by_area: Option<Told>,
    /// Ground that changed, m2, named or not.
    pub area_of_change_m2: Option<Told>,
    /// Ground inside the outlines of leads, m2.
    pub area_named_m2: f64,
    /// Strata in order.
    pub strata: Vec<Level>,
    /// Sub-models of the leads.
    pub models: Vec<Level>,
    /// What limits the figures.
    pub notes: Vec<String>,
}

/// A place with its verdict.
struct Seen {
    stratum: Stratum,
    model: String,
    unit: Option<Unit>,
    /// Units and ground of its stratum.
    frame: (f64, f64),
}

/// Estimates from a sample with verdicts.
pub fn audit(path: &Path) -> Result<Audit, AssessError> {
    Ok(of(&attributes::read(path)?)?)
}

fn of(file: &Rows) -> Result<Audit, attributes::AttributeError> {
    let seen: Vec<Seen> = file.rows.iter().map(|row| seen(file, row)).collect::<Result<_, _>>()?;
    one_sample(file, &seen)?;
    let mut strata: BTreeMap<Stratum, Sampled> = BTreeMap::new();
    for place in &seen {
        let (count, area) = place.frame;
        let empty = Sampled { is_named: place.stratum.is_named(), count, area, units: Vec::new() };
        strata.entry(place.stratum).or_insert(empty).units.extend(place.unit);
    }
    let sampled: Vec<Sampled> = strata.values().cloned().collect();
    let has_ground = strata.contains_key(&Stratum::Ground);
    let share = |figure: Option<Figure>| figure.map(|figure| figure.told((0.0, 1.0), 4));
    let whole = |figure: Option<Figure>| figure.filter(|_| has_ground);
    let area: f64 = sampled.iter().map(|stratum| stratum.area).sum();
    Ok(Audit {
        places: seen.len(),
        verified: seen.iter().filter(|place| place.unit.is_some()).count(),
        users_accuracy: share(stratified::users_accuracy(&sampled, false)),
        users_accuracy_by_area: share(stratified::users_accuracy(&sampled, true)),
        producers_accuracy_by_area: share(whole(stratified::producers_accuracy(&sampled))),
        area_of_change_m2: whole(stratified::area_of_change(&sampled))
            .map(|figure| figure.told((0.0, area), 0)),
        area_named_m2: rounded(sampled.iter().filter(|one| one.is_named).map(|one| one.area).sum(), 1),
        notes: file.note.iter().cloned().chain(notes(&strata, &seen)).collect(),
        strata: strata.iter().map(|(stratum, one)| level(stratum.name(), one)).collect(),
        models: models(&seen),
    })
}

/// Refuses what no sample of one run can hold: a place twice, and two sizes of one stratum.
fn one_sample(file: &Rows, seen: &[Seen]) -> Result<(), attributes::AttributeError> {
    let mut places = BTreeSet::new();
    let mut frames: BTreeMap<Stratum, (f64, f64)> = BTreeMap::new();
    for (row, place) in file.rows.iter().zip(seen) {
        if let Some(id) = file.text(row, "id")
            && !places.insert((place.stratum, id.into_owned(), place.model.clone()))
        {
            return Err(file.fault(row, "id", "each place once"));
        }
        if *frames.entry(place.stratum).or_insert(place.frame) != place.frame {
            return Err(file.fault(row, "stratum_units", "one size of each stratum: the sample of one run"));
        }
    }
    Ok(())
}

fn seen(file: &Rows, row: &Row) -> Result<Seen, attributes::AttributeError> {
    let name = file.text(row, "stratum").unwrap_or_default();
    let stratum = Stratum::parse(&name)
        .ok_or_else(|| file.fault(row, "stratum", "a stratum as `assess --design` writes it"))?;
    let above_nought = |column: &str| {
        let number = file.number(row, column)?.filter(|number| *number > 0.0);
        number.ok_or_else(|| file.fault(row, column, "a number above 0, as `assess --design` writes it"))
    };
    let frame = (above_nought("stratum_units")?, above_nought("stratum_area_m2")?);
    let area = above_nought("area_m2")?;
    Ok(Seen {
        stratum,
        model: file.text(row, "model").unwrap_or_default().into_owned(),
        unit: verdict(file, row)?.map(|is_changed| Unit { area, is_changed }),
        frame,
    })
}

fn level(name: &str, one: &Sampled) -> Level {
    Level {
        name: name.to_owned(),
        verified: one.units.len(),
        changed: one.units.iter().filter(|unit| unit.is_changed).count(),
        share: one.share_of_units().map(|share| share.told((0.0, 1.0), 4)),
    }
}

/// Share of the leads of each sub-model that are there: a domain of the stratified sample.
///
/// Source: Cochran, Sampling Techniques, 3rd ed. 1977, 5A.14 (estimates for subpopulations), as a combined ratio; where
/// those of a stratum all agree, what they leave open of its share of the sub-model's leads is added (`stratified`).
fn models(seen: &[Seen]) -> Vec<Level> {
    let named = || seen.iter().filter(|place| place.stratum.is_named() && place.unit.is_some());
    let mut ids: Vec<&str> = named().map(|place| place.model.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let one = |id: &str| {
        let mut strata: BTreeMap<Stratum, Domain> = BTreeMap::new();
        for place in named() {
            let inside = f64::from(u8::from(place.model == id));
            let changed = f64::from(u8::from(place.unit.is_some_and(|unit| unit.is_changed)));
            let stratum = strata.entry(place.stratum).or_insert((place.frame.0, Vec::new()));
            stratum.1.push((inside, inside * changed));
        }
        let units = strata.values().flat_map(|(_, units)| units);
        let verified = units.clone().filter(|(inside, _)| *inside > 0.0).count();
        let changed = units.filter(|(_, changed)| *changed > 0.0).count();
        let strata: Vec<Domain> = strata.into_values().collect();
        let share = domain(&strata).map(|share| share.told((0.0, 1.0), 4));
        Level { name: id.to_owned(), verified, changed, share: share.filter(|_| verified >= 2) }
    };
    ids.into_iter().map(one).collect()
}

fn notes(strata: &BTreeMap<Stratum, Sampled>, seen: &[Seen]) -> Vec<String> {
    let mut notes = Vec::new();
    let open = seen.iter().filter(|place| place.unit.is_none()).count();
    if open > 0 {
        notes.push(format!(
            "{open} places have no verdict; the figures hold if these are no different from the others of their stratum"
        ));
    }
    for (stratum, one) in strata {
        let (name, n) = (stratum.name(), one.units.len());
        let changed = one.units.iter().filter(|unit| unit.is_changed).count();
        if n < 2 {
            notes.push(format!(
                "{name}: {n} verified places give no figure; at least 2 are needed, {FEW} say something"
            ));
        } else if n < FEW && (n as f64) < one.count {
            notes.push(format!(
                "{name}: {n} verified places are few, its interval is rough; verify {FEW} or more"
            ));
        }
        if n >= 2 && (changed == 0 || changed == n) && (n as f64) < one.count {
            let sizes: Vec<f64> = one.units.iter().map(|unit| unit.area).collect();
            let most = unseen(&sizes, one.count);
            let (word, km2) = (if changed == 0 { "changed" } else { "unchanged" }, most * one.area / 1e6);
            notes.push(format!(
                "{name}: all {n} verified places agree, which leaves open whether up to {:.1} % of its ground ({km2:.3} km2) are \
                 {word} (95 %); the intervals know it, the standard error of 0 does not",
                100.0 * most
            ));
        }
    }
    if !strata.contains_key(&Stratum::Ground) {
        notes.push("no ground without a lead was drawn: nothing can be said of what was missed".to_owned());
    }
    notes
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |told: &Option<Told>| {
            told.map_or("not defined".to_owned(), |Told { estimate, standard_error }| {
                let (value, low, high) = (estimate.value, estimate.low, estimate.high);
                format!("{value:.3} ({low:.3} to {high:.3}, 95 %; standard error {standard_error:.3})")
            })
        };
        writeln!(f, "verified   {} of {} places", self.verified, self.places)?;
        writeln!(f, "user's     {} of the leads are there", share(&self.users_accuracy))?;
        writeln!(f, "user's     {} of their ground", share(&self.users_accuracy_by_area))?;
        writeln!(
            f,
            "producer's {} of the changed ground was named",
            share(&self.producers_accuracy_by_area)
        )?;
        let mu = |m2: f64| SquareMetres(m2).mu();
        match self.area_of_change_m2 {
            None => writeln!(f, "area       not defined")?,
            Some(Told { estimate, .. }) => {
                let (value, low, high) = (estimate.value, estimate.low, estimate.high);
                let (in_mu, named) = (mu(value), mu(self.area_named_m2));
                writeln!(
                    f,
                    "area       {value:.0} m2 changed ({low:.0} to {high:.0}, 95 %), {in_mu:.1} mu; leads name {named:.1} mu"
                )?;
            }
        }
        for level in self.strata.iter().chain(&self.models) {
            let Level { name, verified, changed, .. } = level;
            let few = if *verified < FEW { ", few" } else { "" };
            writeln!(f, "  {name:13} {changed} of {verified} changed: {}{few}", share(&level.share))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: &str) -> Audit {
        let head = "id,stratum,model,area_m2,stratum_units,stratum_area_m2,verdict\n";
        of(&attributes::parse(Path::new("sample.csv"), &format!("{head}{rows}")).unwrap()).unwrap()
    }

    #[test]
    fn strata_are_weighed_by_their_units_and_sub_models_by_their_own_leads() {
        // Of 100 sure leads all four seen are there, of 300 unsure ones two of four.
        let rows: String = (0..8)
            .map(|place| {
                let (stratum, units) = if place < 4 { ("lead_high", 100) } else { ("lead_low", 300) };
                let model = if place % 2 == 0 { "G1" } else { "G2" };
                let verdict = place < 4 || place % 2 == 0;
                format!("l{place},{stratum},{model},1000,{units},{}000,{verdict}\n", units)
            })
            .collect();
        let found = sample(&rows);
        assert_eq!(found.users_accuracy.unwrap().estimate.value, 0.625);
        assert_eq!(found.users_accuracy_by_area.unwrap().estimate.value, 0.625);
        let of = |id: &str| found.models.iter().find(|level| level.name == id).unwrap().clone();
        // G1: all there. G2: 50 of 200, from two sure and two unsure ones.
        assert_eq!(
            (of("G1").share.unwrap().estimate.value, of("G2").share.unwrap().estimate.value),
            (1.0, 0.25)
        );
        // The sure ones all agree and leave as much open of G1 as of G2: no interval has no width.
        let low = of("G1").share.unwrap().estimate.low;
        let (sure, unsure) = (50.0 * unseen(&[1.0; 2], 50.0), 150.0 * unseen(&[1.0; 2], 150.0));
        assert_eq!(low, rounded(1.0 - sure.hypot(unsure) / 200.0, 4));
        assert!(
            of("G2").share.unwrap().estimate.high > 0.9 && found.strata[0].share.unwrap().estimate.low < 0.5
        );
        // Nothing can be said of what was missed.
        assert_eq!((found.producers_accuracy_by_area, found.area_of_change_m2), (None, None));
        assert!(found.notes.iter().any(|note| note.contains("no ground without a lead")));
        assert!(found.notes.iter().any(|note| note.starts_with("lead_low: 4 verified places are few")));
    }

    #[test]
    fn a_sub_model_seen_whole_is_certain_and_one_of_a_sample_is_not() {
        let share = |units: u32| {
            let row = |place: u32| format!("l{place},lead_high,G1,1000,{units},90000,true\n");
            let rows: String = (0..40).map(row).collect();
            let estimate = sample(&rows).models[0].share.unwrap().estimate;
            (estimate.low, estimate.high)
        };
        assert_eq!(share(40), (1.0, 1.0));
        // scipy 1.17 binomtest(40, 40).proportion_ci(): 0.9119.
        assert_eq!(share(4_000_000), (0.9119, 1.0));
        assert!(share(80).0 > 0.93 && share(80).0 < 0.96);
    }

    #[test]
    fn a_place_that_stands_twice_and_two_samples_in_one_file_are_refused() {
        let refused = |rows: &str| {
            let head = "id,stratum,model,area_m2,stratum_units,stratum_area_m2,verdict\n";
            let rows = attributes::parse(Path::new("sample.csv"), &format!("{head}{rows}")).unwrap();
            of(&rows).unwrap_err().to_string()
        };
        let row = |id: &str, units: u32| format!("{id},lead_high,G1,1000,{units},90000,true\n");
        let twice = refused(&[row("a", 9), row("b", 9), row("a", 9)].concat());
        assert!(twice.contains("each place once") && twice.contains("row 3"), "{twice}");
        let two = refused(&[row("a", 9), row("b", 7)].concat());
        assert!(two.contains("sample of one run") && two.contains("row 2"), "{two}");
    }

    #[test]
    fn an_audit_says_how_its_file_was_read() {
        let head = "id,stratum,model,area_m2,stratum_units,stratum_area_m2,verdict\n";
        let rows = format!("{head}a,lead_high,G1,1000,2,2000,属实\nb,lead_high,G1,1000,2,2000,不属实\n");
        let mut rows = attributes::parse(Path::new("sample.csv"), &rows).unwrap();
        rows.note = Some("read as GBK".to_owned());
        let found = of(&rows).unwrap();
        assert_eq!((found.notes[0].as_str(), found.strata[0].changed), ("read as GBK", 1));
    }

    #[test]
    fn a_sample_that_lost_its_frame_is_refused() {
        let rows =
            attributes::parse(Path::new("sample.csv"), "id,stratum,verdict\na,lead_high,true\n").unwrap();
        let error = of(&rows).unwrap_err().to_string();
        assert!(error.contains("stratum_units") && error.contains("row 1"), "{error}");
    }
}
