//! Whom to visit: leads drawn at random, so that what is found there speaks for all, and the most pressing ones beside.
//!
//! In:  open leads that nobody has been to, a seed, two numbers. Out: [`Visits`], and the event that says who was drawn.
//! Law: the same leads and seed draw the same list. Within a stratum every lead has the same chance, and none has no chance.
//! Source: stratified random sampling after Olofsson et al., Remote Sensing of Environment 148 (2014) 42-57, 4.1 and 5.1:
//!         in proportion to the strata, with a least number in each; classes of confidence as in `design`. Why drawn leads
//!         alone calibrate: `weigh::conformal`.

use std::collections::BTreeMap;

use geo::InteriorPoint;
use serde_json::{Map, Value, json};

use crate::assess::design::Stratum;
use crate::ledger::event::{Draft, Kind};
use crate::ledger::{Book, Case};
use crate::publish::{digest, spreadsheet};
use crate::read::attributes::Row;
use crate::simulate::noise::Draw;
use crate::units::rounded;

/// Leads drawn from each stratum at least: fewer tell no spread (`stratified`).
const LEAST_OF_STRATUM: usize = 2;

/// A lead that may be visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// What the last run says of it.
    pub record: Map<String, Value>,
    /// Longitude and latitude, degrees.
    pub place: (f64, f64),
}

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitQuestion {
    /// Decides every draw.
    pub seed: u64,
    /// Leads to draw at random.
    pub random: usize,
    /// Leads to choose besides.
    pub priority: usize,
}

/// Why a lead is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Drawn.
    Random,
    /// Chosen.
    Priority,
}

impl Why {
    /// As sheets write it.
    pub fn word(self) -> &'static str {
        match self {
            Why::Random => "random",
            Why::Priority => "priority",
        }
    }
}

/// A lead on the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The lead.
    pub lead: Candidate,
    /// Why.
    pub why: Why,
    /// Its stratum.
    pub stratum: String,
    /// Its chance of being drawn; none for a chosen one.
    pub probability: Option<f64>,
}

/// A list of visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Visits {
    /// What was asked.
    pub question: VisitQuestion,
    /// Strata: name, leads in it, leads drawn.
    pub strata: Vec<(String, usize, usize)>,
    /// The list in the order of visits: drawn ones, shuffled, then chosen ones.
    pub visits: Vec<Visit>,
    /// SHA-256 over the leads that could be drawn.
    pub frame_sha256: String,
}

impl Candidate {
    fn text(&self, name: &str) -> &str {
        self.record.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn confidence(&self) -> f64 {
        self.record.get("confidence").and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// Warnings and places to look at again are no leads to visit.
    fn is_lead(&self) -> bool {
        matches!(self.text("tier"), "" | "lead")
    }

    fn class(&self) -> Stratum {
        Stratum::of_lead(self.confidence())
    }

    /// What goes first: the surer class, then what is above its legal limit, then what was seen first.
    fn pressing(&self) -> (Stratum, u8, &str, &str) {
        let limit = match self.text("legal_verdict") {
            "above" => 0,
            "straddles" => 1,
            "unresolved" | "" => 2,
            _ => 3,
        };
        (self.class(), limit, self.text("first_seen"), &self.id)
    }
}

/// Open leads of a ledger that nobody has been to since they were opened.
pub fn open_leads(book: &Book) -> Vec<Candidate> {
    let unvisited =
        |case: &&Case| case.state.awaits_a_visit() && case.said.iter().all(|said| said.seq < case.heard_from);
    let candidate = |case: &Case| {
        let inside = || case.outline.interior_point().map(|point| (point.x(), point.y()));
        let told = case.number_of("lon_deg").zip(case.number_of("lat_deg"));
        let place = told.or_else(inside)?;
        Some(Candidate { id: case.id.clone(), record: case.properties.clone(), place })
    };
    book.cases.values().filter(unvisited).filter_map(candidate).collect()
}

/// Leads of a run.
pub fn leads_of_rows(rows: &[Row]) -> Vec<Candidate> {
    let candidate = |row: &Row| {
        let number = |name: &str| row.values.get(name).and_then(Value::as_f64);
        let place = number("lon_deg").zip(number("lat_deg")).or(row.place)?;
        let id = row.values.get("id")?.as_str()?.to_owned();
        Some(Candidate { id, record: row.values.clone(), place })
    };
    rows.iter().filter_map(candidate).collect()
}

/// Draws and chooses.
pub fn visits(mut leads: Vec<Candidate>, models: &[String], question: VisitQuestion) -> Visits {
    leads.retain(|lead| {
        lead.is_lead() && (models.is_empty() || models.iter().any(|model| model == lead.text("model")))
    });
    leads.sort_by(|a, b| a.id.cmp(&b.id));
    let line = |lead: &Candidate| format!("{}\t{}\t{}\n", lead.id, lead.text("model"), lead.confidence());
    let frame_sha256 = digest::of_bytes(leads.iter().map(line).collect::<String>().as_bytes());
    let VisitQuestion { seed, random, priority } = question;
    let random = random.min(leads.len());
    let (strata, sizes) = parted(&leads, random);
    let (mut drawn, mut told) = (Vec::new(), Vec::new());
    for ((name, mut members), size) in strata.into_iter().zip(sizes) {
        let units = members.len();
        let mut draw = Draw::new(seed, &format!("visits {name}"), 0, 0);
        for place in 0..size {
            members.swap(place, place + draw.below(units - place));
        }
        let probability = size as f64 / units as f64;
        drawn.extend(members[..size].iter().map(|lead| Visit {
            lead: (*lead).clone(),
            why: Why::Random,
            stratum: name.clone(),
            probability: Some(probability),
        }));
        told.push((name, units, size));
    }
    // Who stops half way has still been to a random part.
    let mut draw = Draw::new(seed, "order of visits", 0, 0);
    for place in 0..drawn.len() {
        let other = place + draw.below(drawn.len() - place);
        drawn.swap(place, other);
    }
    let is_drawn = |lead: &&Candidate| drawn.iter().any(|visit| visit.lead.id == lead.id);
    let mut rest: Vec<&Candidate> = leads.iter().filter(|lead| !is_drawn(lead)).collect();
    rest.sort_by(|a, b| a.pressing().cmp(&b.pressing()));
    let chosen = rest.into_iter().take(priority).map(|lead| Visit {
        lead: lead.clone(),
        why: Why::Priority,
        stratum: format!("{} {}", lead.text("model"), lead.class().name()),
        probability: None,
    });
    let chosen: Vec<Visit> = chosen.collect();
    let visits = drawn.into_iter().chain(chosen).collect();
    Visits { question, strata: told, visits, frame_sha256 }
}

type Parted<'a> = Vec<(String, Vec<&'a Candidate>)>;

/// Strata and how many are drawn from each: by sub-model and class of confidence where the number of visits allows the least
/// number in each, else by sub-model, else all together.
fn parted(leads: &[Candidate], visits: usize) -> (Parted<'_>, Vec<usize>) {
    let finest = |lead: &Candidate| format!("{} {}", lead.text("model"), lead.class().name());
    let by_model = |lead: &Candidate| lead.text("model").to_owned();
    let ways: [&dyn Fn(&Candidate) -> String; 2] = [&finest, &by_model];
    for way in ways {
        let mut strata: BTreeMap<String, Vec<&Candidate>> = BTreeMap::new();
        leads.iter().for_each(|lead| strata.entry(way(lead)).or_default().push(lead));
        let strata: Parted = strata.into_iter().collect();
        let sizes: Vec<usize> = strata.iter().map(|(_, members)| members.len()).collect();
        if sizes.iter().map(|size| LEAST_OF_STRATUM.min(*size)).sum::<usize>() <= visits {
            let shares = shares(&sizes, visits);
            return (strata, shares);
        }
    }
    (vec![("all".to_owned(), leads.iter().collect())], vec![visits])
}

/// Shares of a number in proportion to sizes, each with the least number, none more than its size.
fn shares(sizes: &[usize], whole: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let mut shares: Vec<usize> = sizes.iter().map(|size| LEAST_OF_STRATUM.min(*size)).collect();
    while shares.iter().sum::<usize>() < whole.min(all) {
        // Whole numbers, so that every machine finds the same largest lack.
        let lack = |place: usize| (whole * sizes[place]) as i64 - (shares[place] * all) as i64;
        let open = (0..sizes.len()).filter(|place| shares[*place] < sizes[*place]);
        let Some(most) = open.max_by_key(|place| (lack(*place), std::cmp::Reverse(*place))) else { break };
        shares[most] += 1;
    }
    shares
}

impl Visits {
    /// The event that says who was drawn from what.
    pub fn draft(&self) -> Draft {
        let of = |why: Why| self.visits.iter().filter(move |visit| visit.why == why);
        let VisitQuestion { seed, random, priority } = self.question;
        let strata: Vec<Value> = self
            .strata
            .iter()
            .map(|(name, leads, drawn)| json!({"stratum": name, "leads": leads, "drawn": drawn}))
            .collect();
        let drawn: Vec<Value> =
            of(Why::Random).map(|visit| json!({"lead": visit.lead.id, "stratum": visit.stratum})).collect();
        let chosen: Vec<&str> = of(Why::Priority).map(|visit| visit.lead.id.as_str()).collect();
        Draft {
            key: format!("sampled {seed} {random} {priority} {}", &self.frame_sha256[..16]),
            lead: None,
            body: json!({
                "seed": seed, "frame_sha256": self.frame_sha256, "strata": strata, "drawn": drawn, "chosen": chosen,
            }),
            ..Draft::of(Kind::Sampled, "")
        }
    }

    /// Every row of the sheet: what is known, and empty cells for what is found.
    fn rows(&self) -> Vec<Map<String, Value>> {
        let row = |(order, visit): (usize, &Visit)| {
            let mut row = Map::new();
            let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
            put("order", json!(order + 1));
            put("lead", json!(visit.lead.id));
            for empty in ["verdict", "who", "on", "note", "photo"] {
                put(empty, Value::Null);
            }
            put("why", json!(visit.why.word()));
            put("stratum", json!(visit.stratum));
            put("inclusion_probability", json!(visit.probability.map(|chance| rounded(chance, 6))));
            put("lon_deg", json!(rounded(visit.lead.place.0, 7)));
            put("lat_deg", json!(rounded(visit.lead.place.1, 7)));
            for known in [
                "model",
                "model_name",
                "confidence",
                "area_mu",
                "first_seen",
                "redline_name",
                "legal_verdict",
            ] {
                put(known, visit.lead.record.get(known).cloned().unwrap_or(Value::Null));
            }
            row
        };
        self.visits.iter().enumerate().map(row).collect()
    }

    /// The sheet as RFC 7946, one point a line.
    pub fn to_geojson(&self) -> String {
        let line = |row: Map<String, Value>| {
            let geometry = json!({"type": "Point", "coordinates": [row["lon_deg"], row["lat_deg"]]});
            format!(r#"{{"type":"Feature","properties":{},"geometry":{geometry}}}"#, Value::Object(row))
        };
        let lines: Vec<String> = self.rows().into_iter().map(line).collect();
        let body = if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join(",\n")) };
        format!("{{\"type\":\"FeatureCollection\",\"name\":\"visits\",\"features\":[{body}]}}\n")
    }

    /// The sheet as RFC 4180 with a header line.
    pub fn to_csv(&self) -> String {
        csv(&self.rows())
    }

    /// What was drawn, in words.
    pub fn in_words(&self) -> String {
        let line = |(name, leads, drawn): &(String, usize, usize)| {
            format!("{name:14} {drawn:4} of {leads} leads drawn")
        };
        let mut lines: Vec<String> = self.strata.iter().map(line).collect();
        let chosen = self.visits.iter().filter(|visit| visit.why == Why::Priority).count();
        lines.push(format!(
            "{chosen} more were chosen: surer ones first, then those above their limit, then those seen first; they speak for \
             themselves alone"
        ));
        lines.push(
            "visit every lead that was drawn, also one that looks hopeless, in the order of the sheet; fill in verdict, who, on, \
             note and photo, then run `steppewatch verify import`"
                .to_owned(),
        );
        lines.join("\n")
    }
}

/// Rows as RFC 4180; all have the columns of the first.
pub fn csv(rows: &[Map<String, Value>]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => spreadsheet::cell(text),
        other => spreadsheet::cell(&other.to_string()),
    };
    let head = spreadsheet::line(first.keys().map(String::as_str));
    let lines = rows.iter().map(|row| row.values().map(cell).collect::<Vec<_>>().join(","));
    std::iter::once(head).chain(lines).map(|line| line + "\r\n").collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn lead(id: String, model: &str, confidence: f64) -> Candidate {
        let record = json!({"id": id, "model": model, "confidence": confidence, "first_seen": "2025-05-01"});
        Candidate { id, record: record.as_object().unwrap().clone(), place: (108.0, 41.5) }
    }

    /// 60 sure and 30 unsure leads of G1, 9 sure of G2 and one unsure.
    fn leads() -> Vec<Candidate> {
        let many = |count: usize, name: &str, model: &str, confidence: f64| -> Vec<Candidate> {
            (0..count).map(|place| lead(format!("{name}{place:02}"), model, confidence)).collect()
        };
        [
            many(60, "a", "G1", 0.95),
            many(30, "b", "G1", 0.65),
            many(9, "c", "G2", 0.95),
            many(1, "d", "G2", 0.65),
        ]
        .concat()
    }

    fn ask(seed: u64, random: usize, priority: usize) -> Visits {
        visits(leads(), &[], VisitQuestion { seed, random, priority })
    }

    fn ids(list: &Visits, why: Why) -> Vec<String> {
        list.visits.iter().filter(|visit| visit.why == why).map(|visit| visit.lead.id.clone()).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_leads_in_whatever_order_they_come() {
        let mut turned = leads();
        turned.reverse();
        let other = visits(turned, &[], VisitQuestion { seed: 7, random: 20, priority: 5 });
        assert_eq!(ask(7, 20, 5), other);
        assert_eq!(ask(7, 20, 5).draft(), other.draft());
        assert_ne!(ids(&ask(7, 20, 5), Why::Random), ids(&ask(8, 20, 5), Why::Random));
    }

    #[test]
    fn strata_get_their_share_and_at_least_two_and_every_lead_has_a_chance() {
        let list = ask(1, 20, 0);
        let told: Vec<(&str, usize, usize)> =
            list.strata.iter().map(|(name, leads, drawn)| (name.as_str(), *leads, *drawn)).collect();
        assert_eq!(
            told,
            [("G1 lead_high", 60, 12), ("G1 lead_low", 30, 5), ("G2 lead_high", 9, 2), ("G2 lead_low", 1, 1)]
        );
        let weights: f64 =
            list.visits.iter().filter_map(|visit| visit.probability).map(|chance| 1.0 / chance).sum();
        assert!((weights - 100.0).abs() < 1e-9, "{weights}");
        // Fewer visits than four strata can use, than two can use, and more than there are leads.
        assert_eq!(ask(1, 5, 0).strata.len(), 2);
        assert_eq!(ask(1, 3, 0).strata, [("all".to_owned(), 100, 3)]);
        assert_eq!(ask(1, 500, 9).visits.len(), 100);
    }

    #[test]
    fn over_many_seeds_every_lead_of_a_stratum_is_drawn_as_often_as_its_chance_says() {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for seed in 0..2_000 {
            ids(&ask(seed, 20, 0), Why::Random)
                .into_iter()
                .for_each(|id| *counts.entry(id).or_default() += 1.0);
        }
        for (id, count) in counts {
            let chance = match id.as_bytes()[0] {
                b'a' => 12.0 / 60.0,
                b'b' => 5.0 / 30.0,
                b'c' => 2.0 / 9.0,
                _ => 1.0,
            };
            // Four and a half standard deviations: one of 100 leads leaves them in a thousand runs.
            let spread = (2_000.0 * chance * (1.0_f64 - chance)).sqrt();
            assert!((count - 2_000.0 * chance).abs() <= 4.5 * spread, "{id}: {count}");
        }
    }

    #[test]
    fn the_most_pressing_are_chosen_of_those_that_were_not_drawn() {
        let mut all = leads();
        let change =
            |lead: &mut Candidate, name: &str, value: Value| lead.record.insert(name.to_owned(), value);
        change(&mut all[70], "legal_verdict", json!("above"));
        change(&mut all[40], "legal_verdict", json!("above"));
        change(&mut all[50], "first_seen", json!("2024-05-01"));
        change(&mut all[51], "tier", json!("warning"));
        change(&mut all[51], "legal_verdict", json!("above"));
        let list = visits(all, &[], VisitQuestion { seed: 1, random: 0, priority: 4 });
        let chosen = ids(&list, Why::Priority);
        assert_eq!(chosen[..2], ["a40", "a50"]);
        assert_eq!(
            ids(&ask(3, 20, 80), Why::Random)
                .into_iter()
                .chain(ids(&ask(3, 20, 80), Why::Priority))
                .collect::<BTreeSet<_>>()
                .len(),
            100
        );
        let one = visits(leads(), &["G2".to_owned()], VisitQuestion { seed: 1, random: 4, priority: 0 });
        assert!(one.visits.iter().all(|visit| visit.lead.text("model") == "G2"));
    }

    #[test]
    fn nobody_is_sent_where_somebody_has_been_unless_the_lead_was_opened_again() {
        let geometry = json!([[[[108.0, 41.5], [108.1, 41.5], [108.1, 41.6], [108.0, 41.5]]]]);
        let (mut book, ids) = (Book::default(), ["a", "b", "c", "d"]);
        let mut drafts: Vec<Draft> = ids
            .iter()
            .map(|id| {
                let body = json!({"properties": {"id": id, "status": "confirmed"}, "geometry": geometry});
                Draft { body, ..Draft::of(Kind::Found, id) }
            })
            .collect();
        let said =
            |id: &str| Draft { body: json!({"verdict": "cannot_tell"}), ..Draft::of(Kind::Verified, id) };
        let step = |kind: Kind, id: &str| Draft { body: json!({"to": "Wang"}), ..Draft::of(kind, id) };
        drafts.extend([said("a"), said("b"), step(Kind::Assigned, "b"), said("c"), step(Kind::Closed, "c")]);
        drafts.extend([step(Kind::Reopened, "c")]);
        for draft in drafts {
            let (head, at) = (book.head.clone(), crate::ledger::event::tests::moment(2));
            book.apply(&crate::ledger::Event::placed(draft, "Li", &at, (head.0, &head.1))).unwrap();
        }
        let open: Vec<String> = open_leads(&book).into_iter().map(|lead| lead.id).collect();
        assert_eq!(open, ["c", "d"]);
    }

    #[test]
    fn a_sheet_has_a_row_a_visit_and_empty_cells_for_what_is_found() {
        let csv = ask(1, 4, 2).to_csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(
            lines[0].starts_with("order,lead,verdict,who,on,note,photo,why,stratum,inclusion_probability,"),
            "{}",
            lines[0]
        );
        assert_eq!(
            (lines.len(), lines[1].contains(",,,,,,random,"), lines[6].contains(",,,,,,priority,")),
            (7, true, true)
        );
        let json: Value = serde_json::from_str(&ask(1, 4, 2).to_geojson()).unwrap();
        assert_eq!(json["features"].as_array().map(Vec::len), Some(6));
        assert_eq!(json["features"][0]["geometry"]["coordinates"], json!([108.0, 41.5]));
    }
}
