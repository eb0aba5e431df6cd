//! Leads that were drawn at random for a visit, apart from those that were chosen.
//!
//! In:  the events of a ledger. Out: of each lead the stratum that it was drawn from; shares that speak for all leads.
//! Law: a share of chosen leads speaks for those alone: who chooses takes the surest ones. A lead that was drawn more than once
//!      counts with the last draw before what was said of it last.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::assess::intervals;
use crate::assess::stratified::{Domain, domain};
use crate::ledger::event::{Event, Kind};
use crate::ledger::{Book, Case, LedgerError};
use crate::units::rounded;

/// A stratum of one draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    /// Place of the event of the draw, and the name of the stratum.
    pub of: (i64, String),
    /// Leads in it, and leads drawn.
    pub leads: (usize, usize),
}

impl Stratum {
    /// The chance that a lead of it had.
    pub fn probability(&self) -> f64 {
        self.leads.1 as f64 / self.leads.0.max(1) as f64
    }
}

/// Draws of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    strata: Vec<Stratum>,
    /// Of each lead the numbers of its strata, in the order of the draws.
    of_leads: BTreeMap<String, Vec<usize>>,
}

/// What was found at a part of the leads.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Part {
    /// Leads that somebody was at and could tell, or that were put aside at the desk.
    pub told: usize,
    /// Of these the true ones.
    pub found_true: usize,
    /// The share of true ones, with its 95 % interval.
    pub share: Option<(f64, f64, f64)>,
}

impl Draws {
    /// Reads the draws.
    ///
    /// # Errors
    /// `Row` for an event that cannot be read.
    pub fn of(events: &[Event]) -> Result<Self, LedgerError> {
        let mut draws = Self::default();
        for event in events.iter().filter(|event| event.kind == Kind::Sampled.code()) {
            let body = event.body()?;
            let first = draws.strata.len();
            for stratum in body["strata"].as_array().into_iter().flatten() {
                let count = |name: &str| stratum[name].as_u64().and_then(|count| usize::try_from(count).ok());
                let (leads, drawn) = count("leads").zip(count("drawn")).unwrap_or_default();
                let name = stratum["stratum"].as_str().unwrap_or_default().to_owned();
                draws.strata.push(Stratum { of: (event.seq, name), leads: (leads, drawn) });
            }
            for drawn in body["drawn"].as_array().into_iter().flatten() {
                let text = |name: &str| drawn[name].as_str().unwrap_or_default();
                let place = draws.strata[first..].iter().position(|stratum| stratum.of.1 == text("stratum"));
                let place = place
                    .ok_or_else(|| event.wrong("draws from a stratum that it does not name".to_owned()))?;
                draws.of_leads.entry(text("lead").to_owned()).or_default().push(first + place);
            }
        }
        Ok(draws)
    }

    /// Whether nothing was ever drawn.
    pub fn is_empty(&self) -> bool {
        self.of_leads.is_empty()
    }

    /// The stratum that a case was drawn from before something was said of it; none for a chosen one.
    pub fn stratum_of(&self, case: &Case) -> Option<&Stratum> {
        Some(&self.strata[self.number_of(case)?])
    }

    fn number_of(&self, case: &Case) -> Option<usize> {
        let last = case.said.last().map_or(i64::MAX, |said| said.seq);
        let numbers = self.of_leads.get(&case.id)?.iter().rev();
        numbers.copied().find(|number| self.strata[*number].of.0 < last)
    }

    /// Drawn and chosen leads of a group apart. `told` are all leads of the ledger of which something is known, with whether
    /// they were true; `group` the ids that the question is about.
    pub fn parts(
        &self,
        book: &Book,
        told: &BTreeMap<String, bool>,
        group: &BTreeSet<String>,
    ) -> (Part, Part) {
        let mut strata: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
        let (mut drawn, mut chosen) = (Part::default(), Part::default());
        for (id, is_true) in told {
            let number = book.cases.get(id).and_then(|case| self.number_of(case));
            let (inside, part) =
                (group.contains(id), if number.is_some() { &mut drawn } else { &mut chosen });
            if inside {
                part.told += 1;
                part.found_true += usize::from(*is_true);
            }
            if let Some(number) = number {
                let one = f64::from(u8::from(inside));
                strata.entry(number).or_default().push((one, one * f64::from(u8::from(*is_true))));
            }
        }
        let share = |value: f64, low: f64, high: f64| (rounded(value, 3), rounded(low, 3), rounded(high, 3));
        let weighted = domain(&self.pooled(strata)).filter(|_| drawn.told >= 2);
        drawn.share = weighted.map(|figure| {
            let told = figure.told((0.0, 1.0), 3).estimate;
            share(told.value, told.low, told.high)
        });
        let found = intervals::share(chosen.found_true, chosen.told);
        chosen.share = found.map(|found| share(found.value, found.low, found.high));
        (drawn, chosen)
    }

    /// Strata with fewer than two leads told go together with a neighbour of the same draw: collapsed strata, Cochran,
    /// Sampling Techniques, 3rd ed. 1977, 5A.12. Their leads count as if they were like those of the neighbour.
    fn pooled(&self, mut told: BTreeMap<usize, Vec<(f64, f64)>>) -> Vec<Domain> {
        let begun: BTreeSet<i64> = told.keys().map(|number| self.strata[*number].of.0).collect();
        let mut pooled: Vec<Domain> = Vec::new();
        for draw in begun {
            let (mut of_draw, mut rest): (Vec<Domain>, Domain) = (Vec::new(), (0.0, Vec::new()));
            for (number, stratum) in
                self.strata.iter().enumerate().filter(|(_, stratum)| stratum.of.0 == draw)
            {
                rest.0 += stratum.leads.0 as f64;
                rest.1.extend(told.remove(&number).unwrap_or_default());
                if rest.1.len() >= 2 {
                    of_draw.push(std::mem::take(&mut rest));
                }
            }
            match of_draw.last_mut() {
                Some(last) => {
                    last.0 += rest.0;
                    last.1.extend(rest.1);
                }
                None => of_draw.push(rest),
            }
            pooled.extend(of_draw);
        }
        pooled
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::event::Draft;
    use crate::ledger::written::{found, go_on, ledger};

    /// A ledger of leads a0.. with a draw of some of them and verdicts on some.
    fn recorded(
        leads: usize,
        strata: &[(&str, usize, &[usize])],
        said: &[(usize, bool)],
    ) -> (Book, Vec<Event>) {
        let mut drafts: Vec<Draft> = (0..leads).map(|place| found(&format!("a{place}"), json!({}))).collect();
        let of = |(name, leads, drawn): &(&str, usize, &[usize])| {
            (
                json!({"stratum": name, "leads": leads, "drawn": drawn.len()}),
                drawn
                    .iter()
                    .map(|place| json!({"lead": format!("a{place}"), "stratum": name}))
                    .collect::<Vec<_>>(),
            )
        };
        let (strata, drawn): (Vec<_>, Vec<_>) = strata.iter().map(of).unzip();
        let body = json!({"strata": strata, "drawn": drawn.concat(), "chosen": []});
        drafts.push(Draft { lead: None, body, ..Draft::of(Kind::Sampled, "") });
        drafts.extend(said.iter().map(|(place, is_true)| {
            let verdict = if *is_true { "unlawful_use_found" } else { "pseudo_change" };
            crate::ledger::written::said(&format!("a{place}"), verdict)
        }));
        ledger(drafts)
    }

    fn parts((book, events): &(Book, Vec<Event>), said: &[(usize, bool)]) -> (Part, Part) {
        let told: BTreeMap<String, bool> =
            said.iter().map(|(place, is_true)| (format!("a{place}"), *is_true)).collect();
        let all = book.cases.keys().cloned().collect();
        Draws::of(events).unwrap().parts(book, &told, &all)
    }

    #[test]
    fn drawn_leads_speak_for_their_strata_and_chosen_ones_for_themselves() {
        // 2 of 2 of 90 sure leads true, 0 of 2 of 10 unsure ones; all four that were chosen are true.
        let said =
            [(0, true), (1, true), (90, false), (91, false), (50, true), (51, true), (52, true), (53, true)];
        let ledger = recorded(100, &[("sure", 90, &[0, 1]), ("unsure", 10, &[90, 91])], &said);
        let (drawn, chosen) = parts(&ledger, &said);
        assert_eq!((drawn.told, drawn.found_true, chosen.told, chosen.found_true), (4, 2, 4, 4));
        let (value, low, high) = drawn.share.unwrap();
        assert_eq!(value, 0.9);
        // Two that agree leave most of 90 open.
        assert!(low < 0.2 && high <= 1.0, "{low} {high}");
        assert_eq!(chosen.share.unwrap().0, 1.0);
    }

    #[test]
    fn a_stratum_that_nobody_has_told_yet_goes_with_its_neighbour() {
        let said = [(0, true), (1, false), (2, true), (90, false)];
        let strata: [(&str, usize, &[usize]); 3] =
            [("sure", 60, &[0, 1, 2]), ("mid", 30, &[60, 61]), ("unsure", 10, &[90, 91])];
        let ledger = recorded(100, &strata, &said);
        // 60 of 100 leads at two thirds, the other 40 with one false one go with them: 2 of 4.
        assert_eq!(parts(&ledger, &said).0.share.unwrap().0, 0.5);
        let one = [(0, true)];
        assert_eq!(parts(&recorded(100, &strata, &one), &one).0.share, None);
    }

    #[test]
    fn what_was_said_before_a_draw_was_not_drawn() {
        let (mut book, mut events) = recorded(4, &[("all", 4, &[0, 1])], &[(0, true), (1, true)]);
        let draw = events[4].clone();
        let body = json!({"strata": [{"stratum": "all", "leads": 4, "drawn": 1}], "drawn": [{"lead": "a0", "stratum": "all"}]});
        let later = Draft { lead: None, body, ..Draft::of(Kind::Sampled, "") };
        events.extend(go_on(&mut book, [later]));
        let draws = Draws::of(&events).unwrap();
        assert_eq!(draws.stratum_of(&book.cases["a0"]).unwrap().of.0, draw.seq);
        assert_eq!(draws.stratum_of(&book.cases["a1"]).map(Stratum::probability), Some(0.5));
        assert!(draws.stratum_of(&book.cases["a2"]).is_none());
    }
}
