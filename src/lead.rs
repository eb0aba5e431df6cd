//! A lead: a hypothesis for a person to check on the ground. The record this program exists to write.
//!
//! Law: a lead never says what a place *is* in law; rules appear as arithmetic with their source.

use geo::MultiPolygon;
use serde::Serialize;

use crate::date::Date;
use crate::grid::Window;
use crate::law::Rule;
use crate::reason::{AsideReason, GapReason};
use crate::redline::Class;
use crate::redline::context::{Role, Stated};
use crate::submodel::{Measured, Tier};
use crate::units::SquareMetres;

/// How far the machine has followed a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Seen, but by too few clear views, or on two dates only.
    Provisional,
    /// Followed by later clear views.
    Confirmed,
}

impl Status {
    /// Name as files write it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Provisional => "provisional",
            Status::Confirmed => "confirmed",
        }
    }
}

/// Area of a lead with what 10 m pixels cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Area {
    /// Best estimate.
    pub best: SquareMetres,
    /// Lower end of the 95 % interval.
    pub low: SquareMetres,
    /// Upper end of the 95 % interval.
    pub high: SquareMetres,
}

/// How a lead's area was measured; the same words for every lead of this version.
pub const AREA_METHOD: &str = "geodesic on the WGS 84 ellipsoid, of the sub-pixel outline";

/// How a lead's length was measured where it has no area of its own.
pub const LENGTH_METHOD: &str = "length of the strip with the outline's area and perimeter, ground metres; no area, narrower than its pixels";

/// What a lead shares with one red line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overlap {
    /// Identity within the layer.
    pub id: String,
    /// Name, empty when the layer has none.
    pub name: String,
    /// What the polygon protects.
    pub class: Option<Class>,
    /// What the layer is called (`redline::named`).
    pub layer: String,
    /// Version of the layer, if known.
    pub version: Option<String>,
    /// Shared area, geodesic.
    pub overlap: SquareMetres,
}

/// What a lead shares with one permit, decided case, land-use parcel or burn scar.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextOverlap {
    /// What the place speaks of.
    pub role: Role,
    /// Number of the decision, else identity within the layer.
    pub id: String,
    /// Name, or the land-use class; empty when the layer has none.
    pub name: String,
    /// What is allowed, in the layer's words, or the land-use code; empty when it does not say.
    pub kind: String,
    /// First or only day.
    pub from: Stated,
    /// Last day (permits).
    pub to: Stated,
    /// Permits: whether it was in force when the change was first seen; `None` where that is unknown.
    pub in_force: Option<bool>,
    /// Whether it covers what the sub-model finds: in force, dated, of a kind that is known to.
    pub covers: bool,
    /// File name of the layer.
    pub layer: String,
    /// Version of the layer, if known.
    pub version: Option<String>,
    /// Shared area, geodesic.
    pub overlap: SquareMetres,
}

/// What of a lead lies outside what covers the rest of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Excess {
    /// What covers most of the rest.
    pub role: Role,
    /// Ground that is covered, geodesic.
    pub covered: SquareMetres,
    /// Ground that is not; all error of the lead's area is laid on it.
    pub area: Area,
}

/// Neighbouring leads of one rule, added up.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Identity: that of the lead that was seen first.
    pub id: String,
    /// Ids of the leads, first seen first.
    pub leads: Vec<String>,
    /// Sum of what counts of each lead.
    pub area: Area,
    /// Area limits against the sum.
    pub thresholds: Vec<Threshold>,
}

/// A legal rule's area limit against the lead's area: arithmetic, not a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The rule, in force on the day of the lead's after picture.
    pub rule: Rule,
    /// The area that was compared: of the lead, or of its part on the rule's land where layers tell it.
    pub area: Area,
    /// `below`, `straddles` or `above`: where low..high lies against the limit; `unresolved` where
    /// the pixels are too coarse to say.
    pub verdict: &'static str,
}

/// One number that was observed, with its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// What it is, as a snake_case field name that ends in its unit where it has one.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Unit; `1` for ratios and indices.
    pub unit: &'static str,
}

/// What another sub-model makes of the same place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Claim {
    /// Its id.
    pub model: String,
    /// Its likeness, 0 to 1; `None` where it has no typical sign that could be told.
    pub likeness: Option<f64>,
    /// Its confidence, 0 to 1.
    pub confidence: f64,
}

/// How well the name fits, and what else it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// What the record is for.
    pub tier: Tier,
    /// Share of the sub-model's typical signs that the patch shows, of those that could be told, 0 to 1; `None`
    /// where none could.
    pub likeness: Option<f64>,
    /// What the record is measured by; of what is measured by its length no area is published.
    pub measured: Measured,
    /// Land-use codes (DLBM) that the ground may have had.
    pub before_codes: Vec<String>,
    /// Change codes (TBLX) that the ground may have now.
    pub after_codes: Vec<String>,
    /// Other sub-models that claim the place, likest first.
    pub also: Vec<Claim>,
}

/// How a lead came to be on the list, and what is promised of the list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// What orders candidates: log odds of the shipped confidence.
    pub score: f64,
    /// Conformal p-value against verified leads, where they selected.
    pub p_value: Option<f64>,
    /// The rule and its promise in words.
    pub words: String,
}

/// A hypothesis for a person to check on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Stable identity: the same place gives the same id.
    pub id: String,
    /// Place in the list, 1 is first.
    pub rank: usize,
    /// Sub-model id, for example `G1`.
    pub model: String,
    /// Sub-model name, English.
    pub model_name: String,
    /// Sub-model name, Chinese.
    pub model_name_zh: String,
    /// How well the name fits, and what else it may be.
    pub naming: Naming,
    /// How far the machine has followed it.
    pub status: Status,
    /// Probability that a visit finds the change the sub-model names, 0 to 1.
    pub confidence: f64,
    /// How the confidence was obtained, with caps and their reasons.
    pub confidence_method: String,
    /// How it came to be on the list.
    pub selection: Selection,
    /// Last clear view without the change (of a pair: the first date).
    pub before: Date,
    /// The view that shows it best (of a pair: the second date); the date of the after picture.
    pub after: Date,
    /// First clear view with the change.
    pub first_seen: Date,
    /// Last clear view with the change.
    pub last_seen: Date,
    /// First clear view at which the persistence rule was met, if it was.
    pub confirmed_on: Option<Date>,
    /// Clear views of the place in the target period.
    pub observation_count: usize,
    /// Area with its interval.
    pub area: Area,
    /// Length along the lead in metres (its longest axis).
    pub length_m: f64,
    /// Red lines touched, largest overlap first.
    pub redlines: Vec<Overlap>,
    /// Permits, decided cases, land use and burn scars touched, by role, largest first.
    pub context: Vec<ContextOverlap>,
    /// Roles for which a layer was supplied.
    pub supplied: Vec<Role>,
    /// What lies outside what covers the rest, if something does cover a part.
    pub excess: Option<Excess>,
    /// The neighbouring leads that it is added up with, if any.
    pub incident: Option<Incident>,
    /// Area limits of legal rules against the area.
    pub thresholds: Vec<Threshold>,
    /// Scene of the before picture.
    pub scene_before: String,
    /// Scene of the after picture.
    pub scene_after: String,
    /// What was observed, in numbers.
    pub evidence: Vec<Measure>,
    /// What a reader must know: degraded inputs, contaminated control, alternatives.
    pub notes: Vec<String>,
    /// Outline, longitude and latitude (WGS 84), valid, right-hand rule.
    pub outline: MultiPolygon<f64>,
    /// A point inside the outline (longitude, latitude).
    pub point: (f64, f64),
    /// Bounding window on the run's grid, for the chips.
    pub window: Window,
}

impl Lead {
    /// What it shares with places of one role.
    pub fn touched(&self, role: Role) -> impl Iterator<Item = &ContextOverlap> {
        self.context.iter().filter(move |overlap| overlap.role == role)
    }

    /// Whether it is a place to visit, not one to watch or to look at again.
    pub fn is_to_visit(&self) -> bool {
        self.naming.tier == Tier::Lead
    }

    /// The area as far as it is told: a track is narrower than a pixel, and its outline is the pixels'.
    pub fn told_area(&self) -> Option<Area> {
        (self.naming.measured == Measured::Area).then_some(self.area)
    }

    /// How it was measured, in words.
    pub fn measured_by(&self) -> &'static str {
        match self.naming.measured {
            Measured::Area => AREA_METHOD,
            Measured::Length => LENGTH_METHOD,
        }
    }

    /// The area to which limits apply: the excess where something covers the rest, else all of it.
    pub fn counted_area(&self) -> Area {
        self.excess.as_ref().map_or(self.area, |excess| excess.area)
    }
}

/// A patch that did not become a lead, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppressed {
    /// Stable identity, as a lead's.
    pub id: String,
    /// Sub-model id.
    pub model: String,
    /// Why it is no lead.
    pub reason: AsideReason,
    /// The reason in a sentence with numbers.
    pub detail: String,
    /// Area, best estimate.
    pub area: SquareMetres,
    /// What was observed, in numbers.
    pub evidence: Vec<Measure>,
    /// Outline, longitude and latitude.
    pub outline: MultiPolygon<f64>,
}

/// Where and when nothing could be seen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// Red line concerned.
    pub redline_id: String,
    /// What its layer is called (`redline::named`).
    pub layer: String,
    /// Sub-model concerned; empty when all are.
    pub model: String,
    /// Why nothing could be said.
    pub reason: GapReason,
    /// The reason in a sentence with numbers.
    pub detail: String,
    /// First and last day concerned.
    pub period: (Date, Date),
    /// Area not seen, geodesic.
    pub area: SquareMetres,
    /// Share of the red line's area, 0 to 1.
    pub share: f64,
    /// Where; longitude and latitude.
    pub outline: MultiPolygon<f64>,
}
