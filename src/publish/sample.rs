//! A small outcome for the tests of this room: three leads, two suppressed patches, three gaps.

use geo::{MultiPolygon, polygon};

use crate::date::Date;
use crate::grid::Window;
use crate::law;
use crate::lead::{Area, Claim, Gap, Lead, Measure, Naming, Overlap, Selection, Status, Suppressed};
use crate::reason::{AsideReason, GapReason};
use crate::redline::{Class, Layer, RedLine};
use crate::submodel::{Measured, Tier};
use crate::units::SquareMetres;
use crate::weigh::verdict;

/// A square of about `size` degrees, wound clockwise on purpose.
pub(crate) fn square(lon: f64, lat: f64, size: f64) -> MultiPolygon<f64> {
    polygon![(x: lon, y: lat), (x: lon, y: lat + size), (x: lon + size, y: lat + size), (x: lon + size, y: lat)].into()
}

fn overlap() -> Overlap {
    Overlap {
        id: "A-07".to_owned(),
        name: "海流图基本草原".to_owned(),
        class: Some(Class::Grassland),
        layer: "grassland.gpkg".to_owned(),
        version: None,
        overlap: SquareMetres(12_345.678),
    }
}

fn lead(rank: usize, id: &str, status: Status, lon: f64) -> Lead {
    let area =
        Area { best: SquareMetres(13_333.33), low: SquareMetres(11_000.0), high: SquareMetres(15_500.0) };
    Lead {
        id: id.to_owned(),
        rank,
        model: "G1".to_owned(),
        model_name: "reclaimed grassland".to_owned(),
        model_name_zh: "开垦草原".to_owned(),
        naming: Naming {
            tier: Tier::Lead,
            measured: Measured::Area,
            likeness: Some(0.75),
            before_codes: vec!["0401".to_owned(), "0404".to_owned()],
            after_codes: vec!["01".to_owned()],
            also: vec![Claim { model: "G2".to_owned(), likeness: Some(0.5), confidence: 0.8 }],
        },
        status,
        confidence: 0.876_54 / rank as f64,
        confidence_method: "default model".to_owned(),
        selection: Selection { score: 2.0, p_value: None, words: "confidence of at least 0.6".to_owned() },
        before: Date::constant(2021, 8, 12),
        after: Date::constant(2022, 7, 3),
        first_seen: Date::constant(2022, 5, 1),
        last_seen: Date::constant(2022, 10, 9),
        confirmed_on: (status == Status::Confirmed).then_some(Date::constant(2022, 6, 1)),
        observation_count: 9,
        area,
        length_m: 160.04,
        redlines: vec![overlap()],
        context: Vec::new(),
        supplied: Vec::new(),
        excess: None,
        incident: None,
        thresholds: law::select(&["SPC-2012-15-a2".to_owned()])
            .unwrap_or_default()
            .iter()
            .map(|rule| verdict::compared(rule, area, 100.0))
            .collect(),
        scene_before: "S2_20210812".to_owned(),
        scene_after: "S2_20220703".to_owned(),
        evidence: vec![Measure { name: "ndvi_change".to_owned(), value: 0.312_345_678, unit: "1" }],
        notes: vec!["control \"area\" is small".to_owned()],
        outline: square(lon, 41.5, 0.001),
        point: (lon + 0.0005, 41.5005),
        window: Window { row0: 0, col0: 0, rows: 12, cols: 12 },
    }
}

/// Three leads, not in the order of their rank.
pub(crate) fn leads() -> Vec<Lead> {
    vec![
        lead(2, "G1-b", Status::Provisional, 108.52),
        lead(1, "G1-c", Status::Confirmed, 108.50),
        lead(3, "G1-a", Status::Provisional, 108.54),
    ]
}

/// Two patches, not in the order of their ids.
pub(crate) fn suppressed() -> Vec<Suppressed> {
    let one = |id: &str, lon| Suppressed {
        id: id.to_owned(),
        model: "G1".to_owned(),
        reason: AsideReason::AreaBelowMinimum,
        detail: "1.2 mu, the sub-model asks for 2 mu".to_owned(),
        area: SquareMetres(800.0),
        evidence: Vec::new(),
        outline: square(lon, 41.51, 0.0003),
    };
    vec![one("p-2", 108.51), one("p-1", 108.53)]
}

/// Three gaps, one of them without a place.
pub(crate) fn gaps() -> Vec<Gap> {
    let one = |reason: GapReason, outline: MultiPolygon<f64>| Gap {
        redline_id: "A-07".to_owned(),
        layer: "grassland.gpkg".to_owned(),
        model: String::new(),
        reason,
        detail: "2 clear views, 5 are needed".to_owned(),
        period: (Date::constant(2022, 1, 1), Date::constant(2022, 12, 31)),
        area: SquareMetres(outline.0.len() as f64 * 40_000.0),
        share: 0.02,
        outline,
    };
    vec![
        one(GapReason::SeasonWithoutScenes, MultiPolygon(Vec::new())),
        one(GapReason::TooFewTargetViews, square(108.56, 41.5, 0.002)),
        one(GapReason::OutsideScenes, square(108.48, 41.5, 0.004)),
    ]
}

/// The red line that the leads touch, and its layer.
pub(crate) fn redlines() -> (Vec<RedLine>, Vec<Layer>) {
    let layer = Layer {
        file: "grassland.gpkg".to_owned(),
        name: "grassland".to_owned(),
        authority: None,
        version: None,
        in_force: None,
        sha256: "0".repeat(64),
        epsg: 4490,
    };
    let line = RedLine {
        id: "A-07".to_owned(),
        name: "海流图基本草原".to_owned(),
        class: Class::Grassland,
        land: None,
        layer: 0,
        polygons: square(108.4995, 41.4, 0.1005),
        repair: None,
    };
    (vec![line], vec![layer])
}
