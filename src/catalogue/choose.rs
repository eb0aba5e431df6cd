//! Which items are used: inside the question, each acquisition once, and how many there should have been.
//!
//! In:  items as a service lists them. Out: those that are used, those that are not with the reason, and where a satellite
//!      should have passed and nothing is listed.
//! Law: of one acquisition the latest processing stands, as in a scan. What is not listed was not observed: it is never
//!      "no change".
//! Source: revisit times: Sentinel-2 5 days with two satellites (ESA, Sentinel-2 User Handbook), Landsat 8 and 9 together
//!      8 days (USGS, Landsat 9 data user's handbook).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::catalogue::ground::Bounds;
use crate::catalogue::item::Item;
use crate::date::{Date, Period, days_between};
use crate::read::acquisition::Acquisition;
use crate::read::stac;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Collections, all where none is named.
    pub collections: Vec<String>,
    /// The box that is asked for.
    pub bounds: Bounds,
    /// Boxes of the red lines: an item is used if it touches one of them. None: the box itself.
    pub lines: Vec<Bounds>,
    /// Days, both ends included.
    pub dates: Period,
    /// Most cloud in percent.
    pub cloud: Option<f64>,
    /// Most items that are used.
    pub most: usize,
    /// Whether a service with a search must be given names of collections: everything that it has is no answer.
    pub needs_names: bool,
}

/// Items that are used and items that are not.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Those that are used, by day and id.
    pub items: Vec<Item>,
    /// Those that are not, by id, with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Chooses.
pub fn choose(items: Vec<Item>, question: &Question) -> Chosen {
    let mut chosen = Chosen::default();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut inside = Vec::new();
    for item in items {
        let reason = if !seen.insert((item.collection.clone(), item.id.clone())) {
            Some("is listed twice".to_owned())
        } else {
            outside(&item, question)
        };
        match reason {
            Some(reason) => chosen.left_out.push((item.id, reason)),
            None => inside.push(item),
        }
    }
    for (item, reason) in latest(inside) {
        match reason {
            None => chosen.items.push(item),
            Some(reason) => chosen.left_out.push((item.id, reason)),
        }
    }
    chosen.items.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
    let most = question.most.min(chosen.items.len());
    let beyond = chosen.items.split_off(most);
    let why = format!("is more than the {} that were asked for (--max)", question.most);
    chosen.left_out.extend(beyond.into_iter().map(|item| (item.id, why.clone())));
    chosen.left_out.sort();
    chosen
}

/// Why an item lies outside the question.
fn outside(item: &Item, question: &Question) -> Option<String> {
    let is_named = |name: &String| question.collections.contains(name);
    if !question.collections.is_empty() && !item.collection.is_empty() && !is_named(&item.collection) {
        return Some(format!("is of collection '{}', which was not asked for", item.collection));
    }
    if !question.dates.contains(item.date) {
        return Some(format!("is of {}, which was not asked for", item.date));
    }
    if !item.bounds.meets(question.bounds) {
        return Some("lies elsewhere than the box that was asked for".to_owned());
    }
    if !question.lines.is_empty() && !question.lines.iter().any(|line| line.meets(item.bounds)) {
        return Some("touches no red line".to_owned());
    }
    match (question.cloud, item.cloud) {
        (Some(most), Some(cloud)) if cloud > most => {
            Some(format!("has {cloud} % cloud, asked for at most {most} %"))
        }
        _ => None,
    }
}

/// Items with the reason why they give way to a later processing of the same acquisition: by the rule of a scan where names
/// and metadata say which acquisition an item is of, else by platform, tile, minute, strip and baseline.
fn latest(items: Vec<Item>) -> Vec<(Item, Option<String>)> {
    let known: Vec<(Option<Acquisition>, Option<Pass>)> =
        items.iter().map(|item| (stac::acquisition(&item.kept), Pass::of(item))).collect();
    let gives_way = |one: usize, other: usize| match (&known[one], &known[other]) {
        ((Some(one), _), (Some(other), _)) => other.replaces(one),
        ((None, Some(one)), (None, Some(other))) => other.replaces(one),
        _ => false,
    };
    let mut of_day: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        of_day.entry(item.date).or_default().push(at);
    }
    let reason = |one: usize| {
        let later = of_day[&items[one].date].iter().find(|other| gives_way(one, **other))?;
        let later = &items[*later].id;
        Some(format!(
            "is the same acquisition as '{later}', which was processed later; the latest one is used"
        ))
    };
    let reasons: Vec<Option<String>> = (0..items.len()).map(reason).collect();
    items.into_iter().zip(reasons).collect()
}

/// Which pass an item is of that has no name of a product.
struct Pass {
    key: String,
    /// When the strip of data began, where it is said: two strips of one pass are two acquisitions.
    strip: Option<String>,
    /// Processing baseline in hundredths.
    baseline: u32,
    /// Time of processing.
    made: String,
}

impl Pass {
    fn of(item: &Item) -> Option<Self> {
        let property =
            |key: &str| item.kept.get("properties").and_then(|all| all.get(key)).and_then(Value::as_str);
        let minute = item.datetime.get(..16).filter(|minute| minute.contains('T'))?;
        if item.platform.is_empty() || item.tile.is_empty() {
            return None;
        }
        let baseline = property("s2:processing_baseline").or_else(|| property("processing:version"));
        let baseline = baseline.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or(0.0);
        let made = ["s2:generation_time", "processing:datetime", "created"].into_iter().find_map(property);
        Some(Self {
            key: format!("{} {} {} {minute}", item.collection, item.platform, item.tile),
            strip: property("s2:datastrip_id").and_then(Acquisition::strip_of_datastrip),
            baseline: (baseline * 100.0).round().clamp(0.0, 100_000.0) as u32,
            made: made.unwrap_or_default().to_owned(),
        })
    }

    /// Whether this one stands and the other gives way. Where neither strip nor baseline tells a second strip from a second
    /// processing, both stand.
    fn replaces(&self, other: &Self) -> bool {
        let is_same_strip = self.strip.is_some() && self.strip == other.strip;
        let is_known = is_same_strip || self.baseline != other.baseline;
        let may_differ = self.strip.is_some() && other.strip.is_some() && self.strip != other.strip;
        self.key == other.key
            && is_known
            && !may_differ
            && (self.baseline, &self.made) > (other.baseline, &other.made)
    }
}

/// Items of one satellite family over one tile, against what its orbit lets expect.
#[derive(Debug, Clone, PartialEq)]
pub struct Revisit {
    /// Family and tile.
    pub name: String,
    /// Days with an item.
    pub days: usize,
    /// Days that were to be expected.
    pub expected: usize,
    /// Days from one pass to the next.
    pub every: i32,
    /// Times without an item that are more than twice as long.
    pub holes: Vec<Period>,
}

/// How many items there are against how many there should be. `listed` are all that the service has, cloudy ones too.
pub fn revisits(listed: &[Item], question: &Question) -> Vec<Revisit> {
    let mut days: BTreeMap<(String, String), BTreeSet<Date>> = BTreeMap::new();
    let any = Question { cloud: None, ..question.clone() };
    let dates = question.dates;
    for item in listed.iter().filter(|item| outside(item, &any).is_none()) {
        let tile = if item.tile.is_empty() { "all tiles" } else { &item.tile };
        days.entry((family(&item.platform), tile.to_owned())).or_default().insert(item.date);
    }
    let of_one = |((family, tile), days): ((String, String), BTreeSet<Date>)| {
        let every = usual(&family, &days)?;
        let span = days_between(dates.from, dates.to) + 1;
        let ends = [dates.from.yesterday().ok()?, dates.to.tomorrow().ok()?];
        let edges: Vec<Date> = [ends[0]].into_iter().chain(days.iter().copied()).chain([ends[1]]).collect();
        let hole = |pair: &[Date]| {
            let between = Period { from: pair[0].tomorrow().ok()?, to: pair[1].yesterday().ok()? };
            (days_between(pair[0], pair[1]) > 2 * every).then_some(between)
        };
        let holes = edges.windows(2).filter_map(hole).collect();
        let expected = (span / every).max(1) as usize;
        Some(Revisit { name: format!("{family} {tile}"), days: days.len(), expected, every, holes })
    };
    days.into_iter().filter_map(of_one).collect()
}

fn family(platform: &str) -> String {
    let name = platform.to_ascii_lowercase().replace([' ', '_'], "-");
    let known = ["sentinel-2", "landsat-8", "landsat-9", "landsat-7", "landsat-5"];
    match known.iter().find(|known| name.starts_with(**known)) {
        Some(&("landsat-8" | "landsat-9")) => "landsat-8/9".to_owned(),
        Some(known) => (*known).to_owned(),
        None if name.is_empty() => "unknown platform".to_owned(),
        None => name,
    }
}

/// Days between two passes: by the orbit where it is known, else the middle of what is listed.
fn usual(family: &str, days: &BTreeSet<Date>) -> Option<i32> {
    let by_orbit = match family {
        "sentinel-2" => Some(5),
        "landsat-8/9" => Some(8),
        "landsat-7" | "landsat-5" => Some(16),
        _ => None,
    };
    let listed: Vec<Date> = days.iter().copied().collect();
    let mut steps: Vec<i32> = listed.windows(2).map(|pair| days_between(pair[0], pair[1])).collect();
    steps.sort_unstable();
    by_orbit.or_else(|| steps.get(steps.len() / 2).copied()).filter(|every| *every > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::item::tests::{said, web};
    use serde_json::json;

    fn item(id: &str, datetime: &str, baseline: &str) -> Item {
        let properties = json!({ "properties": {
            "datetime": datetime, "platform": "sentinel-2a", "grid:code": "MGRS-50TPK", "eo:cloud_cover": 30.0,
            "s2:processing_baseline": baseline } });
        Item::of(&said(id, datetime, &properties), &web(), None).unwrap()
    }

    fn question() -> Question {
        Question {
            collections: vec!["sentinel-2-l2a".to_owned()],
            bounds: Bounds([116.2, 42.2, 116.4, 42.4]),
            lines: Vec::new(),
            dates: Period::parse("2023-01-01/2023-12-31").unwrap(),
            cloud: None,
            most: 10,
            needs_names: false,
        }
    }

    #[test]
    fn the_latest_processing_of_an_acquisition_stands() {
        let items = vec![
            item("old", "2023-06-15T03:01:02.024Z", "04.00"),
            item("new", "2023-06-15T03:01:02.024Z", "05.10"),
            item("next", "2023-06-20T03:01:02.024Z", "04.00"),
            item("new", "2023-06-15T03:01:02.024Z", "05.10"),
            item("before", "2022-06-20T03:01:02.024Z", "04.00"),
        ];
        let chosen = choose(items, &question());
        let ids: Vec<&str> = chosen.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, ["new", "next"]);
        let why: Vec<&str> = chosen.left_out.iter().map(|(_, why)| why.as_str()).collect();
        assert!(
            why[0].contains("2022-06-20") && why[1].contains("twice") && why[2].contains("'new'"),
            "{why:?}"
        );
    }

    /// Case 59 of the catalogue of faults.
    #[test]
    fn two_strips_of_one_pass_are_both_used_and_each_in_its_latest_processing() {
        let strip = |id: &str, began: &str, made: &str| {
            let mut item = item(id, "2023-06-15T03:01:02.024Z", "05.10");
            let said = item.kept["properties"].as_object_mut().unwrap();
            let name = format!("S2A_OPER_MSI_L2A_DS_2APS_{made}_S{began}_N05.10");
            said.insert("s2:datastrip_id".to_owned(), json!(name));
            said.insert("s2:generation_time".to_owned(), json!(made));
            item
        };
        let items = vec![
            strip("first", "20230615T030102", "20230615T080000"),
            strip("second", "20230615T030611", "20230615T080001"),
            strip("again", "20230615T030102", "20230616T080000"),
            item("unsaid", "2023-06-15T03:01:02.024Z", "05.10"),
        ];
        let chosen = choose(items, &question());
        let ids: Vec<&str> = chosen.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, ["again", "second", "unsaid"]);
        assert!(chosen.left_out.len() == 1 && chosen.left_out[0].1.contains("'again'"));
    }

    #[test]
    fn cloud_ground_and_number_leave_items_out() {
        let one = || vec![item("a", "2023-06-15T03:01:02Z", "05.10")];
        let left = |question: Question| choose(one(), &question).left_out[0].1.clone();
        assert!(left(Question { cloud: Some(20.0), ..question() }).contains("30 % cloud"));
        assert!(
            left(Question { lines: vec![Bounds([118.0, 42.0, 118.1, 42.1])], ..question() })
                .contains("no red line")
        );
        assert!(
            left(Question { bounds: Bounds([10.0, 42.0, 11.0, 43.0]), ..question() }).contains("elsewhere")
        );
        assert!(left(Question { most: 0, ..question() }).contains("--max"));
    }

    /// Case 152 of the catalogue of faults.
    #[test]
    fn a_catalogue_that_lacks_scenes_says_where() {
        let listed: Vec<Item> = (0..20)
            .filter(|pass| !(6..12).contains(pass))
            .map(|pass| Date::constant(2023, 5, 1).checked_add(jiff::Span::new().days(pass * 5)).unwrap())
            .map(|day| item(&day.to_string(), &format!("{day}T03:00:00Z"), "05.10"))
            .collect();
        let dates = Period::parse("2023-05-01/2023-08-08").unwrap();
        let asked = Question { dates, ..question() };
        let found = revisits(&listed, &asked);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].days, found[0].expected, found[0].every), (14, 20, 5));
        assert_eq!(found[0].holes, [Period::parse("2023-05-27/2023-06-29").unwrap()]);
        assert!(revisits(&listed[..1], &asked)[0].holes.len() == 1);
    }
}
