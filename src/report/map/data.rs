//! Everything that the page knows, as one JSON: leads, layers, imagery, words of codes.
//!
//! In:  the material, the squares of its imagery. Out: JSON.
//! Law: words for people come from the tables that every other output has them from.

use serde_json::{Map, Value, json};

use crate::ledger::event::Kind as EventKind;
use crate::ledger::state::{Cause, State, Verdict};
use crate::publish::domains::{CLASS, Domain, GAP_REASON, IN_FORCE, LAND, STATUS, TIER, VERDICT};
use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH};
use crate::publish::markup::plain;
use crate::redline::Role;
use crate::report::map::pyramid::Pyramid;
use crate::report::map::record::{self, Shared, outline, words};
use crate::report::material::{Ground, Item, Material};
use crate::report::{Language, ReportError};

/// What the page is to do besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// The first language that it speaks.
    pub language: Language,
    /// Whether verdicts are written from it: the review desk.
    pub is_desk: bool,
    /// Whether pictures and tiles lie beside it, not in it.
    pub is_folder: bool,
}

/// The whole.
///
/// # Errors
/// A place that has no coordinates in the zone that it lies in.
pub fn data(
    material: &Material,
    pyramid: &Pyramid,
    has_pictures: &dyn Fn(&Item) -> bool,
    page: &Page,
) -> Result<Value, ReportError> {
    let mut shared = Shared::default();
    let leads: Vec<Value> = material
        .leads
        .iter()
        .map(|lead| {
            let mut one = record::lead(lead, &mut shared)?;
            one["pictures"] = json!(has_pictures(lead));
            Ok(one)
        })
        .collect::<Result<_, ReportError>>()?;
    let run = material.run.as_ref().map(|run| {
        json!({
            "id": plain(&run.id), "manifest_sha256": run.manifest_sha256, "version": plain(&run.version),
            "baseline": plain(&run.baseline), "target": plain(&run.target),
        })
    });
    let lacking: Vec<String> = material.lacking.iter().chain(&pyramid.told).map(|line| plain(line)).collect();
    Ok(json!({
        "language": if page.language == Language::English { "en" } else { "zh" },
        "desk": page.is_desk,
        "folder": page.is_folder,
        "program": env!("CARGO_PKG_VERSION"),
        "run": run,
        "disclaimer": [DISCLAIMER_ZH, DISCLAIMER],
        "lacking": lacking,
        "domains": domains(),
        "columns": record::columns(),
        "rules": shared.rules(),
        "measures": shared.measures(),
        "phrases": shared.phrases(),
        "leads": leads,
        "layers": layers(material),
        "imagery": imagery(material, pyramid),
    }))
}

/// Codes with their words, Chinese and English.
fn domains() -> Value {
    let mut all = Map::new();
    for domain in [&STATUS, &TIER, &CLASS, &VERDICT, &LAND, &GAP_REASON, &IN_FORCE] {
        all.insert(domain.name.to_owned(), coded(domain));
    }
    let mut own = |name: &str, words: Vec<(&str, &str, &str)>| {
        let words = words.into_iter().map(|(code, zh, en)| (code.to_owned(), json!([zh, en]))).collect();
        all.insert(name.to_owned(), Value::Object(words));
    };
    own("state", State::ALL.iter().map(|one| (one.code(), one.chinese(), one.english())).collect());
    own("found", Verdict::ALL.iter().map(|one| (one.code(), one.chinese(), one.english())).collect());
    own("cause", Cause::ALL.iter().map(|one| (one.code(), one.chinese(), one.english())).collect());
    own("event", EventKind::ALL.iter().map(|one| (one.code(), one.chinese(), one.english())).collect());
    Value::Object(all)
}

fn coded(domain: &Domain) -> Value {
    let both = |words: &str| json!([Language::Chinese.of_alias(words), Language::English.of_alias(words)]);
    Value::Object(domain.values.iter().map(|(code, words)| ((*code).to_owned(), both(words))).collect())
}

/// Red lines, permits and what else was known of the ground, and gaps.
fn layers(material: &Material) -> Value {
    let ground = |ground: &Ground| {
        words(&json!({
            "id": ground.id, "name": ground.name, "class": ground.class.map(|class| class.name()),
            "role": ground.role.map(Role::name), "kind": ground.kind,
            "from": ground.from.map(|day| day.to_string()), "to": ground.to.map(|day| day.to_string()),
            "layer": ground.layer, "authority": ground.authority, "version": ground.version,
            "outline": outline(&ground.outline),
        }))
    };
    let gaps = material.gaps.iter().map(|gap| {
        let told = |name: &str| gap.properties.get(name).cloned().unwrap_or_default();
        words(&json!({
            "id": gap.id, "redline": told("redline_id"), "model": told("model"), "reason": told("reason"),
            "detail": told("detail"), "from": told("period_from"), "to": told("period_to"),
            "area_mu": told("area_mu"), "outline": outline(&gap.outline),
        }))
    });
    json!({
        "redlines": material.redlines.iter().map(ground).collect::<Value>(),
        "context": material.context.iter().map(ground).collect::<Value>(),
        "gaps": gaps.collect::<Value>(),
    })
}

/// Where the imagery lies and of which days it is.
fn imagery(material: &Material, pyramid: &Pyramid) -> Value {
    if pyramid.squares.is_empty() {
        return Value::Null;
    }
    let mut moments = Map::new();
    for picture in &material.imagery {
        let days: Vec<String> = picture.days.iter().map(ToString::to_string).collect();
        let scenes: Vec<String> = picture.scenes.iter().map(|scene| plain(scene)).collect();
        moments.insert(picture.moment.name().to_owned(), json!({"days": days, "scenes": scenes}));
    }
    let tiles: Vec<String> = pyramid.squares.iter().map(crate::report::map::page::tile_name).collect();
    let (first, whole, last) = pyramid.zooms;
    let (west, south, east, north) = pyramid.bounds;
    json!({
        "moments": moments, "tiles": tiles, "zooms": [first, whole, last], "bounds": [west, south, east, north],
        "infrared": pyramid.squares.iter().any(|square| square.colours == "infrared"),
    })
}
