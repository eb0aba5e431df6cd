//! Draws the places to verify: a seeded random sample of every stratum, also of ground where no lead is.
//!
//! In:  an output folder of a scan, its red lines (GeoJSON in degrees), a seed, sizes.
//! Out: `Design`: one row a place with stratum, chance of being drawn, weight, longitude and latitude, empty verdict.
//! Law: within a stratum every unit has the same chance; the same seed and files draw the same places. Nobody is to leave
//!      a place out because it looks hopeless: then the sample speaks for nothing.
//! A unit is a patch, and on ground without a patch a square of 10 m. Source: `reference/science.md` 6.6 and 8.

use std::path::{Path, PathBuf};

use geo::{BoundingRect, Contains, GeodesicArea, InteriorPoint, MultiPolygon, Point, Rect};
use serde_json::Value;

use super::AssessError;
use super::features::{self, Record};
use super::plane::{Plane, Shape};
use crate::date::Period;
use crate::plain;
use crate::reason::AsideReason;
use crate::simulate::noise::Draw;
use crate::units::rounded;

/// Side of a unit of ground without a patch, metres: a pixel.
pub const GROUND_SIDE: f64 = 10.0;

/// Places tried for each place of ground before it is given up.
const MOST_TRIES: usize = 100_000;

/// What a place belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stratum {
    /// Leads of confidence 0.9 and more.
    LeadHigh,
    /// Leads of confidence from 0.75.
    LeadMid,
    /// Leads below.
    LeadLow,
    /// Patches kept aside for their confidence alone.
    AsideUnsure,
    /// Patches kept aside by a rule of course or persistence.
    AsideRule,
    /// Ground inside the red lines without any of these.
    Ground,
}

impl Stratum {
    /// Every stratum in the order of the sample.
    pub const ALL: [Stratum; 6] = [
        Stratum::LeadHigh,
        Stratum::LeadMid,
        Stratum::LeadLow,
        Stratum::AsideUnsure,
        Stratum::AsideRule,
        Stratum::Ground,
    ];

    /// Name as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Stratum::LeadHigh => "lead_high",
            Stratum::LeadMid => "lead_mid",
            Stratum::LeadLow => "lead_low",
            Stratum::AsideUnsure => "aside_unsure",
            Stratum::AsideRule => "aside_rule",
            Stratum::Ground => "ground",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stratum| stratum.name() == name)
    }

    /// Whether its units are leads.
    pub fn is_named(self) -> bool {
        matches!(self, Stratum::LeadHigh | Stratum::LeadMid | Stratum::LeadLow)
    }

    /// Places drawn when nothing else is asked. Source: `reference/science.md` 8 (60, 40, 40 and 60).
    pub fn usual_size(self) -> usize {
        match self {
            Stratum::LeadHigh | Stratum::Ground => 60,
            Stratum::LeadMid | Stratum::LeadLow | Stratum::AsideUnsure => 40,
            Stratum::AsideRule => 20,
        }
    }

    /// The class of a lead by its confidence.
    pub fn of_lead(confidence: f64) -> Self {
        match confidence {
            sure if sure >= 0.9 => Stratum::LeadHigh,
            likely if likely >= 0.75 => Stratum::LeadMid,
            _ => Stratum::LeadLow,
        }
    }

    /// None for what is part of the ground: too small, outside the red line, or on the place of a lead.
    fn of_reason(code: &str) -> Option<Self> {
        let is = |reasons: &[AsideReason]| reasons.iter().any(|reason| reason.code() == code);
        let unsure = [AsideReason::LowConfidence, AsideReason::NotSelectedAtFdr];
        let of_rule = [
            AsideReason::NotPersistent,
            AsideReason::SeenInLookBack,
            AsideReason::NoCloserLook,
            AsideReason::PointsElsewhere,
            AsideReason::OtherSignature,
            AsideReason::LooksLike,
        ];
        if is(&unsure) { Some(Stratum::AsideUnsure) } else { is(&of_rule).then_some(Stratum::AsideRule) }
    }
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct DesignQuestion {
    /// Output folder of a scan.
    pub out: PathBuf,
    /// Its red lines.
    pub redline: PathBuf,
    /// Decides every draw.
    pub seed: u64,
    /// Sizes that differ from the usual ones.
    pub sizes: Vec<(Stratum, usize)>,
}

/// One place to verify.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// Id of its patch, or `ground-N`.
    pub id: String,
    /// What it belongs to.
    pub stratum: Stratum,
    /// Properties of its patch; empty for ground.
    pub patch: geojson::JsonObject,
    /// Degrees.
    pub place: (f64, f64),
    /// Ground it stands for itself, m2.
    pub area_m2: f64,
}

/// One stratum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Which.
    pub stratum: Stratum,
    /// Units in it; of ground its squares.
    pub units: f64,
    /// Ground in it, m2.
    pub area_m2: f64,
    /// Units drawn.
    pub drawn: usize,
}

/// A sample with the frame that it was drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Strata in order, the empty ones too.
    pub frames: Vec<Frame>,
    /// Places by stratum, in the order drawn.
    pub places: Vec<Drawn>,
    /// Target period of the scan, `FROM/TO`, and the version of the program that made it, as its manifest says.
    pub origin: (String, String),
    /// The seed.
    pub seed: u64,
}

/// Share of a patch that must be left by those before it for it to be a unit of its own.
const LEAST_LEFT: f64 = 0.3;

/// A patch of the scan.
struct Patch {
    stratum: Stratum,
    record: Record,
    area_m2: f64,
}

/// Draws a sample.
pub fn design(question: &DesignQuestion) -> Result<Design, AssessError> {
    let origin = origin(&question.out)?;
    let patches = patches(&question.out)?;
    let redlines: Vec<MultiPolygon<f64>> =
        features::read(&question.redline)?.records.into_iter().map(|record| record.outline).collect();
    let (mut frames, mut places) = (Vec::new(), Vec::new());
    for stratum in Stratum::ALL {
        let asked = question.sizes.iter().rev().find(|(other, _)| *other == stratum);
        let size = asked.map_or(stratum.usual_size(), |(_, size)| *size);
        let (frame, drawn) = if stratum == Stratum::Ground {
            ground(&redlines, &patches, size, question)?
        } else {
            of_patches(stratum, &patches, size, question.seed)
        };
        frames.push(frame);
        places.extend(drawn);
    }
    Ok(Design { frames, places, origin, seed: question.seed })
}

/// Target period and version of the program, from the manifest.
fn origin(out: &Path) -> Result<(String, String), AssessError> {
    let path = out.join("manifest.json");
    let wrong = |found: String| AssessError::Manifest { path: path.clone(), found };
    let text = plain::text(&path).map_err(|error| wrong(error.to_string()))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let word = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let target = word("/result/plan/decided/target").ok_or_else(|| wrong("no target period".to_owned()))?;
    Period::parse(&target).map_err(|error| wrong(error.to_string()))?;
    Ok((target, word("/generator/version").unwrap_or_default()))
}

fn patches(out: &Path) -> Result<Vec<Patch>, AssessError> {
    let mut patches = Vec::new();
    let leads = features::read(&out.join("leads.geojson"))?;
    for record in leads.records.iter().filter(|record| record.is_lead()) {
        let confidence = leads.number(record, "confidence")?.unwrap_or(0.0);
        patches.push((Some(Stratum::of_lead(confidence)), record.clone()));
    }
    let aside = features::read(&out.join("suppressed.geojson"))?;
    for record in &aside.records {
        let code = record.properties.get("reason").and_then(Value::as_str).unwrap_or_default();
        patches.push((Stratum::of_reason(code), record.clone()));
    }
    let known = patches.into_iter().filter_map(|(stratum, record)| Some((stratum?, record)));
    let mut patches: Vec<Patch> = known
        .map(|(stratum, record)| {
            let told = record.properties.get("area_m2").and_then(Value::as_f64);
            // Of a track no area is told; the sample needs its ground.
            let area_m2 = told.unwrap_or_else(|| record.outline.geodesic_area_unsigned());
            Patch { stratum, record, area_m2 }
        })
        .collect();
    // Not the order of the file: rank may change where the patches do not.
    patches.sort_by_key(|patch| (word(&patch.record, "id"), word(&patch.record, "model")));
    Ok(parted(patches))
}

/// The same ground once: several sub-models may speak of one place, and strata must part the ground or the audit counts
/// it twice. Leads come first, then what is less sure, larger patches before smaller ones; a patch stands for the
/// ground that those before it leave, and is no unit where that is little or where its point lies in one of them.
fn parted(mut patches: Vec<Patch>) -> Vec<Patch> {
    let key = |patch: &Patch| (word(&patch.record, "id"), word(&patch.record, "model"));
    patches.sort_by(|a, b| {
        let larger = b.area_m2.total_cmp(&a.area_m2);
        a.stratum.cmp(&b.stratum).then(larger).then_with(|| key(a).cmp(&key(b)))
    });
    let plane = Plane::around(patches.iter().map(|patch| &patch.record.outline));
    let mut taken: Vec<Shape> = Vec::new();
    let mut kept: Vec<Patch> = Vec::new();
    for mut patch in patches {
        let shape = plane.shape(&patch.record.outline);
        let before: Vec<&Shape> = taken.iter().filter(|other| !other.is_apart_from(&shape)).collect();
        let left = shape.area - Shape::union(before.into_iter()).shared(&shape);
        let point = patch.record.outline.interior_point();
        let is_told = |other: &Patch| point.is_none_or(|point| other.record.outline.contains(&point));
        if left < LEAST_LEFT * shape.area || kept.iter().any(is_told) {
            continue;
        }
        if left < shape.area {
            patch.area_m2 = patch.area_m2.min(left);
        }
        taken.push(shape);
        kept.push(patch);
    }
    kept.sort_by_key(key);
    kept
}

fn word(record: &Record, column: &str) -> String {
    record.properties.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn of_patches(stratum: Stratum, patches: &[Patch], size: usize, seed: u64) -> (Frame, Vec<Drawn>) {
    let mut units: Vec<&Patch> = patches.iter().filter(|patch| patch.stratum == stratum).collect();
    // An empty sum of numbers is -0.
    let (all, area_m2) = (units.len(), units.iter().map(|patch| patch.area_m2).sum::<f64>() + 0.0);
    let size = size.min(all);
    let mut draw = Draw::new(seed, stratum.name(), 0, 0);
    for place in 0..size {
        let other = place + draw.below(all - place);
        units.swap(place, other);
    }
    let drawn = |patch: &&Patch| {
        let point = patch.record.outline.interior_point().map_or((0.0, 0.0), |point| (point.x(), point.y()));
        Drawn {
            id: word(&patch.record, "id"),
            stratum,
            patch: patch.record.properties.clone(),
            place: (rounded(point.0, 7), rounded(point.1, 7)),
            area_m2: patch.area_m2,
        }
    };
    let frame = Frame { stratum, units: all as f64, area_m2, drawn: size };
    (frame, units[..size].iter().map(drawn).collect())
}

/// Points spread evenly over the ground inside the red lines that no patch covers.
fn ground(
    redlines: &[MultiPolygon<f64>],
    patches: &[Patch],
    size: usize,
    question: &DesignQuestion,
) -> Result<(Frame, Vec<Drawn>), AssessError> {
    let no_area = || AssessError::NoArea { path: question.redline.clone() };
    let plane = Plane::around(redlines.iter());
    let shapes: Vec<Shape> = redlines.iter().map(|line| plane.shape(line)).collect();
    let whole = Shape::union(shapes.iter());
    let covering: Vec<Shape> = patches.iter().map(|patch| plane.shape(&patch.record.outline)).collect();
    let area_m2 = rounded(whole.area - Shape::union(covering.iter()).shared(&whole), 1);
    let bounds = redlines.iter().filter_map(BoundingRect::bounding_rect);
    let bounds = bounds.reduce(super::plane::joined).ok_or_else(no_area)?;
    if area_m2 <= 0.0 {
        return Err(no_area());
    }
    let boxed = |outline: &MultiPolygon<f64>| (outline.bounding_rect(), outline.clone());
    let lines: Vec<_> = redlines.iter().map(boxed).collect();
    let patches: Vec<_> = patches.iter().map(|patch| boxed(&patch.record.outline)).collect();
    let lies_in = |point: &Point<f64>, all: &[(Option<Rect<f64>>, MultiPolygon<f64>)]| {
        let holds = |(rect, outline): &(Option<Rect<f64>>, MultiPolygon<f64>)| {
            rect.is_some_and(|rect| rect.contains(point)) && outline.contains(point)
        };
        all.iter().any(holds)
    };
    let mut draw = Draw::new(question.seed, Stratum::Ground.name(), 0, 0);
    let mut drawn = Vec::new();
    for _ in 0..size * MOST_TRIES {
        if drawn.len() == size {
            break;
        }
        let point = even(&mut draw, bounds);
        if lies_in(&point, &lines) && !lies_in(&point, &patches) {
            drawn.push(Drawn {
                id: format!("ground-{}", drawn.len() + 1),
                stratum: Stratum::Ground,
                patch: geojson::JsonObject::new(),
                place: (rounded(point.x(), 7), rounded(point.y(), 7)),
                area_m2: GROUND_SIDE * GROUND_SIDE,
            });
        }
    }
    let units = area_m2 / (GROUND_SIDE * GROUND_SIDE);
    Ok((Frame { stratum: Stratum::Ground, units, area_m2, drawn: drawn.len() }, drawn))
}

/// A point in a box of degrees, every square metre with the same chance: degrees of latitude are thinned by the
/// ground that a degree of longitude spans there.
fn even(draw: &mut Draw, bounds: Rect<f64>) -> Point<f64> {
    let (low, high) = (bounds.min(), bounds.max());
    let widest = super::plane::ground_at(0.0_f64.clamp(low.y, high.y));
    loop {
        let (longitude, latitude) = (draw.between(low.x, high.x), draw.between(low.y, high.y));
        if draw.uniform() * widest <= super::plane::ground_at(latitude) {
            return Point::new(longitude, latitude);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_square_metre_has_the_same_chance_also_where_meridians_draw_together() {
        let bounds = Rect::new(geo::Coord { x: 100.0, y: 0.0 }, geo::Coord { x: 110.0, y: 60.0 });
        let mut draw = Draw::new(7, "even", 0, 0);
        let south = (0..20_000).filter(|_| even(&mut draw, bounds).y() < 30.0).count() as f64 / 20_000.0;
        // On the sphere sin 30 / sin 60 = 0.577; the ellipsoid moves it by less than 0.004.
        assert!((south - 0.577).abs() < 0.012, "{south}");
    }

    #[test]
    fn ground_that_several_sub_models_speak_of_is_one_unit() {
        let square = |west: f64, side: f64| {
            let (low, high) = ((108.0 + west, 41.0), (108.0 + west + side, 41.0 + side));
            MultiPolygon(vec![Rect::new(low, high).to_polygon()])
        };
        let patch = |id: &str, stratum: Stratum, outline: MultiPolygon<f64>| {
            let properties = serde_json::json!({ "id": id, "model": "G1" }).as_object().unwrap().clone();
            let area_m2 = outline.geodesic_area_unsigned();
            Patch { stratum, record: Record { number: 1, outline, properties }, area_m2 }
        };
        let patches = vec![
            patch("rule", Stratum::AsideRule, square(0.0, 0.01)),
            patch("lead", Stratum::LeadHigh, square(0.0, 0.01)),
            patch("beside", Stratum::AsideRule, square(0.004, 0.02)),
            patch("apart", Stratum::AsideUnsure, square(0.1, 0.01)),
        ];
        let kept = parted(patches);
        let ids: Vec<String> = kept.iter().map(|patch| word(&patch.record, "id")).collect();
        assert_eq!(ids, ["apart", "beside", "lead"]);
        // Of two squares' sides 0.02 and 0.01 degrees 0.006 x 0.01 are shared.
        assert!((kept[1].area_m2 / kept[2].area_m2 - 3.4).abs() < 0.01, "{}", kept[1].area_m2);
    }

    #[test]
    fn what_is_part_of_the_ground_is_no_stratum_of_its_own() {
        assert_eq!(Stratum::of_reason("low_confidence"), Some(Stratum::AsideUnsure));
        assert_eq!(Stratum::of_reason("not_selected_at_fdr"), Some(Stratum::AsideUnsure));
        assert_eq!(Stratum::of_reason("not_persistent"), Some(Stratum::AsideRule));
        for code in ["same_place", "outside_red_line", "area_below_minimum"] {
            assert_eq!(Stratum::of_reason(code), None, "{code}");
        }
        assert!(Stratum::ALL.iter().all(|stratum| Stratum::parse(stratum.name()) == Some(*stratum)));
    }
}
