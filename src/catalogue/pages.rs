//! Asking a catalogue for items: a STAC API page by page, a catalogue of files link by link, an item collection whole.
//!
//! In:  the address that the user gave, and a question. Out: every item that is listed, what was refused with the reason, and
//!      where the list could not be read to its end.
//! Law: a service decides neither how long this takes nor how much memory: pages, items and bytes have limits, a page that was
//!      seen ends the way, and a link to a place that nobody named is not followed. Schemas that items name are not fetched.
//! Source: STAC API 1.0.0 (core, item search, links of type `next` with GET and POST bodies), STAC 1.0 and 1.1.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use crate::bucket::Web;
use crate::bucket::web::error::shown;
use crate::catalogue::CatalogueError;
use crate::catalogue::choose::Question;
use crate::catalogue::ground::Bounds;
use crate::catalogue::item::{From, Item, Object};
use crate::date::Date;

/// Most bytes of a page.
const MOST_BYTES: u64 = 32 << 20;
/// Most pages, or files of a catalogue.
const MOST_PAGES: usize = 10_000;
/// Most items that are listed.
const MOST_ITEMS: usize = 100_000;
/// Pages without an item, one after the other, that are turned: a service may filter after it has counted.
const MOST_EMPTY: usize = 20;
/// Items that are asked for with a page.
const EACH: usize = 100;

/// What a catalogue listed.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Items that can be used.
    pub items: Vec<Item>,
    /// Items that cannot, by id, with the reason.
    pub refused: Vec<(String, String)>,
    /// What of the list itself could not be read, with the reason: which items it holds is unknown.
    pub unread: Vec<(String, String)>,
    /// What the reader of the list must know.
    pub notes: Vec<String>,
}

impl Listed {
    /// Takes a member of a list.
    pub fn take(&mut self, member: &Value, from: &From, latest: Option<Date>) {
        let none = Object::new();
        let item = member.as_object().unwrap_or(&none);
        match Item::of(item, from, latest) {
            Ok(item) => self.items.push(item),
            Err(reason) => {
                let id = item.get("id").and_then(Value::as_str).unwrap_or("an item without id");
                self.refused.push((id.chars().take(120).collect(), reason));
            }
        }
    }

    /// Says that the list goes on at an address, and why nobody knows how.
    fn ends_early(&mut self, url: &Url, reason: String) {
        self.unread.push((shown(url), reason));
    }

    fn is_full(&self) -> bool {
        self.items.len() + self.refused.len() >= MOST_ITEMS
    }
}

/// A question put to an address.
struct Page {
    url: Url,
    body: Option<Value>,
}

/// Everything that an address lists for a question; `latest` is the last day on which an item can have been taken.
pub fn list(web: &Web, root: &Url, question: &Question, latest: Date) -> Result<Listed, CatalogueError> {
    let first = web.json(root, None, MOST_BYTES)?;
    let mut listed = Listed::default();
    match (kind(&first), search_link(&first, root)?) {
        ("FeatureCollection", _) => pages(web, (root.clone(), first), &mut listed, latest)?,
        ("Feature", _) => listed.take(&first, &From::Web(root.clone()), Some(latest)),
        (_, Some(_)) if question.needs_names && question.collections.is_empty() => {
            let reason =
                "is a STAC API with collections of many kinds: run `scenes search --collection NAME --out FILE` and \
                 give that file (`scenes mirror` takes --collection too)"
                    .to_owned();
            return Err(CatalogueError::Remote { address: shown(root), reason });
        }
        (_, Some((url, is_post))) => {
            if !conforms(&first) {
                listed.notes.push(
                    "the service does not say that it conforms to item search; it was asked all the same"
                        .to_owned(),
                );
            }
            let page = asked(url, is_post, question);
            let answer = web.json(&page.url, page.body.as_ref(), MOST_BYTES)?;
            let matched = answer.get("numberMatched").or_else(|| answer.pointer("/context/matched"));
            let matched = matched.and_then(Value::as_u64);
            pages_from(web, (page, answer), &mut listed, latest)?;
            let found = listed.items.len() + listed.refused.len();
            if let Some(matched) = matched.filter(|matched| *matched > found as u64) {
                listed.notes.push(format!("the service says that {matched} items match, and lists {found}"));
            }
        }
        ("Catalog" | "Collection", None) => {
            walk(web, (root.clone(), first), question, (&mut listed, latest))?
        }
        (kind, None) => {
            let reason = format!("is no STAC API, catalogue or item collection (type '{}')", brief(kind));
            return Err(CatalogueError::Remote { address: shown(root), reason });
        }
    }
    Ok(listed)
}

fn brief(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_graphic()).take(40).collect()
}

fn kind(value: &Value) -> &str {
    value.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// Links of a kind, as (address, the link).
fn links<'a>(value: &'a Value, relation: &str, from: &Url) -> Vec<(Url, &'a Value)> {
    let all = value.get("links").and_then(Value::as_array).into_iter().flatten();
    let of_kind = all.filter(|link| link.get("rel").and_then(Value::as_str) == Some(relation));
    of_kind.filter_map(|link| Some((from.join(link.get("href")?.as_str()?).ok()?, link))).collect()
}

/// Where an API is searched, and whether by POST; the POST way where there are both.
fn search_link(root: &Value, from: &Url) -> Result<Option<(Url, bool)>, CatalogueError> {
    let found = links(root, "search", from);
    let is_post = |link: &Value| {
        link.get("method").and_then(Value::as_str).is_some_and(|method| method.eq_ignore_ascii_case("POST"))
    };
    let post = found.iter().find(|(_, link)| is_post(link));
    Ok(post.or(found.first()).map(|(url, link)| (url.clone(), is_post(link))))
}

fn conforms(root: &Value) -> bool {
    let said = root.get("conformsTo").and_then(Value::as_array).into_iter().flatten();
    said.filter_map(Value::as_str).any(|class| class.contains("/item-search"))
}

/// The question as a service takes it.
fn asked(mut url: Url, is_post: bool, question: &Question) -> Page {
    let dates = format!("{}T00:00:00Z/{}T23:59:59Z", question.dates.from, question.dates.to);
    let limit = EACH.min(question.most.max(1));
    let bounds = question.bounds.0;
    if is_post {
        let mut body = json!({ "bbox": bounds, "datetime": dates, "limit": limit });
        if !question.collections.is_empty() {
            body["collections"] = json!(question.collections);
        }
        return Page { url, body: Some(body) };
    }
    let numbers: Vec<String> = bounds.iter().map(f64::to_string).collect();
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("bbox", &numbers.join(",")).append_pair("datetime", &dates);
        pairs.append_pair("limit", &limit.to_string());
        if !question.collections.is_empty() {
            pairs.append_pair("collections", &question.collections.join(","));
        }
    }
    Page { url, body: None }
}

fn pages(
    web: &Web,
    (url, first): (Url, Value),
    listed: &mut Listed,
    latest: Date,
) -> Result<(), CatalogueError> {
    pages_from(web, (Page { url, body: None }, first), listed, latest)
}

/// Pages one after the other, as each names the next.
fn pages_from(
    web: &Web,
    (mut page, mut answer): (Page, Value),
    listed: &mut Listed,
    latest: Date,
) -> Result<(), CatalogueError> {
    let (mut seen, mut empty) = (BTreeSet::new(), 0);
    for _ in 0..MOST_PAGES {
        if !seen.insert((page.url.to_string(), page.body.as_ref().map(Value::to_string))) {
            let reason = "was read already, and the service names it as the next page";
            listed.ends_early(&page.url, reason.to_owned());
            return Ok(());
        }
        let Some(members) = answer.get("features").and_then(Value::as_array) else {
            let reason = "answers with something else than a list of items".to_owned();
            return Err(CatalogueError::Remote { address: shown(&page.url), reason });
        };
        for member in members {
            if listed.is_full() {
                let reason = format!("lists more than {MOST_ITEMS} items; ask for less at once");
                listed.ends_early(&page.url, reason);
                return Ok(());
            }
            listed.take(member, &From::Web(page.url.clone()), Some(latest));
        }
        let Some(following) = next(&answer, &page) else { return Ok(()) };
        empty = if members.is_empty() { empty + 1 } else { 0 };
        if empty > MOST_EMPTY {
            listed.ends_early(&following.url, format!("comes after {empty} pages without an item"));
            return Ok(());
        }
        page = following;
        answer = web.json(&page.url, page.body.as_ref(), MOST_BYTES)?;
    }
    listed.ends_early(&page.url, format!("follows {MOST_PAGES} pages; ask for less at once"));
    Ok(())
}

/// The page after a page: an address, or a body that is its own or is laid over the last one.
fn next(answer: &Value, page: &Page) -> Option<Page> {
    let found = links(answer, "next", &page.url);
    let (url, link) = found.into_iter().next()?;
    let method = link.get("method").and_then(Value::as_str).unwrap_or("GET");
    if !method.eq_ignore_ascii_case("POST") {
        return Some(Page { url, body: None });
    }
    let mut body = link.get("body").cloned().unwrap_or_else(|| json!({}));
    if link.get("merge").and_then(Value::as_bool) == Some(true)
        && let (Some(Value::Object(before)), Value::Object(over)) = (&page.body, &body)
    {
        let mut merged = before.clone();
        merged.extend(over.clone());
        body = Value::Object(merged);
    }
    Some(Page { url, body: Some(body) })
}

/// A catalogue of files: every link once, without the collections that lie elsewhere.
fn walk(
    web: &Web,
    root: (Url, Value),
    question: &Question,
    (listed, latest): (&mut Listed, Date),
) -> Result<(), CatalogueError> {
    let mut seen = BTreeSet::from([root.0.to_string()]);
    let mut waiting = vec![root.0];
    let (mut first, mut read) = (Some(root.1), 0);
    while let Some(url) = waiting.pop() {
        read += 1;
        if read > MOST_PAGES || listed.is_full() {
            let reason = format!(
                "and {} more files: the limit is {MOST_PAGES} files and {MOST_ITEMS} items; ask for less at once",
                waiting.len()
            );
            listed.ends_early(&url, reason);
            return Ok(());
        }
        let value = match first.take().map_or_else(|| web.json(&url, None, MOST_BYTES), Ok) {
            Ok(value) => value,
            Err(error) => {
                listed.unread.push((shown(&url), error.to_string()));
                continue;
            }
        };
        match kind(&value) {
            "Feature" => listed.take(&value, &From::Web(url), Some(latest)),
            "FeatureCollection" => pages(web, (url, value), listed, latest)?,
            "Collection" if !is_asked(&value, question) => {}
            "Catalog" | "Collection" => {
                let mut found: Vec<Url> = ["item", "child"]
                    .iter()
                    .flat_map(|relation| links(&value, relation, &url))
                    .map(|(url, _)| url)
                    .filter(|url| seen.insert(url.to_string()))
                    .collect();
                found.reverse();
                waiting.extend(found);
            }
            other => listed.refused.push((shown(&url), format!("type '{}' is no STAC", brief(other)))),
        }
    }
    Ok(())
}

/// Whether a collection was named and lies where and when was asked.
fn is_asked(collection: &Value, question: &Question) -> bool {
    let id = collection.get("id").and_then(Value::as_str).unwrap_or_default();
    if !question.collections.is_empty() && !question.collections.iter().any(|name| name == id) {
        return false;
    }
    let boxes = collection.pointer("/extent/spatial/bbox").and_then(Value::as_array);
    let numbers = |one: &Value| -> Vec<f64> {
        one.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let boxes: Vec<Bounds> =
        boxes.into_iter().flatten().filter_map(|one| Bounds::of_numbers(&numbers(one))).collect();
    boxes.is_empty() || boxes.iter().any(|one| one.meets(question.bounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Period;

    fn question() -> Question {
        Question {
            collections: vec!["s2".to_owned()],
            bounds: Bounds([116.12, 42.0, 116.2, 42.02]),
            lines: Vec::new(),
            dates: Period::parse("2023-04-01/2023-10-31").unwrap(),
            cloud: None,
            most: 500,
            needs_names: false,
        }
    }

    #[test]
    fn the_question_holds_a_box_and_no_red_line() {
        let url = Url::parse("https://stac.example/search").unwrap();
        let post = asked(url.clone(), true, &question());
        let expected = json!({ "bbox": [116.12, 42.0, 116.2, 42.02], "datetime": "2023-04-01T00:00:00Z/2023-10-31T23:59:59Z",
            "limit": 100, "collections": ["s2"] });
        assert_eq!(post.body, Some(expected));
        let get = asked(url, false, &question());
        assert!(
            get.url.as_str().contains("bbox=116.12%2C42%2C116.2%2C42.02") && get.body.is_none(),
            "{}",
            get.url
        );
    }

    #[test]
    fn a_next_page_is_an_address_or_a_body() {
        let page = asked(Url::parse("https://stac.example/search").unwrap(), true, &question());
        let link = |link: Value| json!({ "links": [{ "rel": "self", "href": "x" }, link] });
        let get = next(&link(json!({ "rel": "next", "href": "?token=2" })), &page).unwrap();
        assert_eq!((get.url.as_str(), get.body), ("https://stac.example/search?token=2", None));
        let post = json!({ "rel": "next", "href": "/search", "method": "POST", "body": { "token": "b" }, "merge": true });
        let merged = next(&link(post), &page).unwrap().body.unwrap();
        assert_eq!((merged["token"].as_str(), merged["limit"].as_u64()), (Some("b"), Some(100)));
        let alone = json!({ "rel": "next", "href": "/search", "method": "POST", "body": { "token": "b" } });
        assert_eq!(next(&link(alone), &page).unwrap().body.unwrap(), json!({ "token": "b" }));
        assert!(next(&json!({ "links": [] }), &page).is_none());
    }
}
