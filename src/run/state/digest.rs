//! What differs between the leads that were published last and those of tonight.
//!
//! In:  `leads.geojson` of the last result, the leads of this one. Out: new, changed and gone leads, each told once.
//! Law: two leads are the same place where they have one id, or else where most of the smaller one is shared; a lead has one
//! counterpart at most.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use geo::{Area, BooleanOps, BoundingRect, Intersects, MultiPolygon};
use geojson::FeatureReader;
use serde::{Deserialize, Serialize};

use crate::lead::Lead;
use crate::publish::geojson::LEADS;
use crate::units::rounded;

/// Share of the smaller outline from which two leads are the same place.
const SAME_PLACE: f64 = 0.5;

/// Change of area, as a share, that is told.
const TOLD_AREA: f64 = 0.1;

/// Change of confidence that is told.
const TOLD_CONFIDENCE: f64 = 0.05;

/// A lead in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// Sub-model.
    pub model: String,
    /// How far the machine has followed it.
    pub status: String,
    /// Confidence, 0 to 1.
    pub confidence: f64,
    /// Best area in mu.
    pub area_mu: f64,
    /// First clear view with the change.
    pub first_seen: String,
    /// A point inside.
    pub lon: f64,
    /// A point inside.
    pub lat: f64,
}

/// A lead that is there still, and what about it changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// As it is.
    pub lead: Told,
    /// Its id before.
    pub was: String,
    /// What changed, in words.
    pub what: Vec<String>,
}

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Not there before.
    pub new: Vec<Told>,
    /// There before, otherwise.
    pub changed: Vec<Changed>,
    /// Not there any more.
    pub gone: Vec<Told>,
    /// There as before.
    pub unchanged: usize,
}

/// A lead with its outline.
pub struct Placed {
    told: Told,
    outline: MultiPolygon<f64>,
}

impl Placed {
    fn of(lead: &Lead) -> Self {
        let told = Told {
            id: lead.id.clone(),
            model: lead.model.clone(),
            status: lead.status.name().to_owned(),
            confidence: rounded(lead.confidence, 3),
            area_mu: rounded(lead.area.best.mu(), 4),
            first_seen: lead.first_seen.to_string(),
            lon: rounded(lead.point.0, 7),
            lat: rounded(lead.point.1, 7),
        };
        Self { told, outline: lead.outline.clone() }
    }

    fn of_feature(feature: geojson::Feature) -> Option<Self> {
        let text = |key: &str| Some(feature.property(key)?.as_str()?.to_owned());
        let number = |key: &str| feature.property(key)?.as_f64();
        let told = Told {
            id: text("id")?,
            model: text("model")?,
            status: text("status")?,
            confidence: number("confidence")?,
            area_mu: rounded(number("area_mu")?, 4),
            first_seen: text("first_seen")?,
            lon: number("lon_deg")?,
            lat: number("lat_deg")?,
        };
        let outline = feature.geometry.and_then(|geometry| geo::Geometry::try_from(geometry).ok())?;
        let outline = match outline {
            geo::Geometry::MultiPolygon(polygons) => polygons,
            geo::Geometry::Polygon(polygon) => polygon.into(),
            _ => return None,
        };
        Some(Self { told, outline })
    }

    /// Share of the smaller outline that both have; in degrees, which cancel.
    fn shared(&self, other: &Self) -> f64 {
        let boxes = self.outline.bounding_rect().zip(other.outline.bounding_rect());
        if !boxes.is_some_and(|(a, b)| a.intersects(&b)) {
            return 0.0;
        }
        let smaller = self.outline.unsigned_area().min(other.outline.unsigned_area());
        self.outline.intersection(&other.outline).unsigned_area() / smaller.max(f64::MIN_POSITIVE)
    }
}

/// The leads that lie in an output folder; none where there is no result yet.
pub fn published(out: &Path) -> Vec<Placed> {
    let Ok(file) = File::open(out.join(LEADS)) else { return Vec::new() };
    let features = FeatureReader::from_reader(BufReader::new(file)).features();
    // After a fault the reader gives the same fault for ever.
    features.map_while(Result::ok).filter_map(Placed::of_feature).collect()
}

/// What differs between what was published and some leads.
pub fn digest(mut before: Vec<Placed>, leads: &[Lead]) -> Digest {
    let mut digest = Digest::default();
    let mut waiting = Vec::new();
    for lead in leads.iter().map(Placed::of) {
        match before.iter().position(|old| old.told.id == lead.told.id) {
            Some(place) => digest.compare(&before.swap_remove(place).told, lead.told),
            None => waiting.push(lead),
        }
    }
    for lead in waiting {
        let shared = |old: &Placed| if old.told.model == lead.told.model { lead.shared(old) } else { 0.0 };
        let best =
            before.iter().map(shared).enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match best.filter(|(_, share)| *share >= SAME_PLACE) {
            Some((place, _)) => digest.compare(&before.swap_remove(place).told, lead.told),
            None => digest.new.push(lead.told),
        }
    }
    digest.gone = before.into_iter().map(|old| old.told).collect();
    let order = |a: &Told, b: &Told| b.confidence.total_cmp(&a.confidence).then_with(|| a.id.cmp(&b.id));
    digest.new.sort_by(order);
    digest.changed.sort_by(|a, b| order(&a.lead, &b.lead));
    digest.gone.sort_by(order);
    digest
}

impl Digest {
    fn compare(&mut self, before: &Told, lead: Told) {
        let mut what = Vec::new();
        if before.status != lead.status {
            what.push(format!("{} -> {}", before.status, lead.status));
        }
        let ratio = lead.area_mu / before.area_mu.max(f64::MIN_POSITIVE);
        if (ratio - 1.0).abs() > TOLD_AREA {
            let word = if ratio > 1.0 { "grew" } else { "shrank" };
            what.push(format!("{word}: {:.1} -> {:.1} mu", before.area_mu, lead.area_mu));
        }
        if (before.confidence - lead.confidence).abs() > TOLD_CONFIDENCE {
            what.push(format!("confidence {:.2} -> {:.2}", before.confidence, lead.confidence));
        }
        if what.is_empty() {
            self.unchanged += 1;
        } else {
            self.changed.push(Changed { lead, was: before.id.clone(), what });
        }
    }
}
