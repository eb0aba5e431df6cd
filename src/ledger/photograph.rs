//! A picture from the ground -> evidence of a lead, or why it is none.
//!
//! In:  files, the lead that they are said to show or none, what stands.
//! Out: pictures with their lead, and refused ones with a reason.
//! Law: a picture that may be of another place or time is told and never linked in silence. One picture speaks for one lead.
//! Source: `reference/mission.md` 2.2 row 9: pictures with the wrong hemisphere, without a place or without a direction are
//!         what field tools are asked about.

pub mod album;
pub mod alone;
pub mod camera;

use std::collections::BTreeMap;
use std::path::Path;

use geo::{BoundingRect, Closest, ClosestPoint, Coord, Distance, Geodesic, MapCoords, MultiPolygon, Point};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ledger::book::Book;
use crate::ledger::case::Case;
use crate::ledger::event::{Draft, Evidence, Kind};
use crate::ledger::photograph::camera::{Direction, Shot, Taken, shot};
use crate::plain;
use crate::publish::digest;
use crate::reason::coded;
use crate::units::rounded;

/// How far outside the outline of a lead a camera may stand, metres, unless it is said otherwise. A phone knows its place to
/// 5 m under open sky (GPS.gov), the outline is good to a pixel of 10 m, and who pictures a field or flies over it stands
/// beside. The shift of GCJ-02, which map apps on phones in China write, is some hundred metres and stays outside. Chosen
/// here, not measured.
pub const WITHIN_METRES: f64 = 100.0;

/// Bytes of a picture at most: a sensor of 200 million pixels writes half of it.
const MOST_BYTES: u64 = 128 << 20;

/// Metres up to which a place beside a lead may be one that an app has shifted (GCJ-02).
const SHIFTED_METRES: f64 = 1_000.0;

coded! {
    /// Why a picture is not linked.
    Doubt {
        /// The table names a file that is not there.
        Missing = "missing", "照片缺失", "not there";
        /// No picture, or only part of one.
        Unreadable = "unreadable", "无法读取", "unreadable";
        /// It does not say where it was taken.
        NoPlace = "no_place", "无定位", "no position";
        /// It does not say when.
        NoTime = "no_time", "无时间", "no time";
        /// It does not say which way.
        NoDirection = "no_direction", "无方位角", "no direction";
        /// Taken after now.
        Future = "future", "时间在未来", "in the future";
        /// Taken before the picture from space in which the change was found.
        Before = "before_the_change", "早于变化", "before the change";
        /// Not at the lead.
        Outside = "outside", "位置不符", "outside";
        /// It would be at the lead with another sign, or with longitude and latitude changed.
        Swapped = "sign_swapped", "坐标符号有误", "sign swapped";
        /// At more than one lead.
        Several = "several_leads", "涉及多个线索", "at several leads";
        /// Linked to another lead already.
        Reused = "reused", "照片重复使用", "reused";
    }
}

/// A picture that is not linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Its name.
    pub file: String,
    /// SHA-256; none where it was not read.
    pub sha256: Option<String>,
    /// Why.
    pub doubt: Doubt,
    /// The same in words, with what was expected and what to do.
    pub words: String,
}

impl Refused {
    /// As records hold it.
    pub fn as_json(&self) -> Value {
        json!({"file": self.file, "sha256": self.sha256, "reason": self.doubt.code(), "words": self.words})
    }
}

/// A picture that says where, when and which way.
#[derive(Debug, Clone, PartialEq)]
pub struct Photograph {
    /// Its name, without folders.
    pub file: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Longitude and latitude, degrees.
    pub place: (f64, f64),
    /// When.
    pub taken: Taken,
    /// Which way.
    pub direction: Direction,
}

/// By what pictures are judged.
#[derive(Debug, Clone, Copy)]
pub struct Judging {
    /// Now.
    pub now: Timestamp,
    /// How far outside the outline a camera may stand, metres.
    pub within_metres: f64,
}

/// Pictures of one lead.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sorted {
    /// Those that become evidence.
    pub evidence: Vec<Evidence>,
    /// What they say.
    pub linked: Vec<Value>,
    /// How many are linked to the lead already.
    pub known: usize,
    /// Those that are not linked.
    pub refused: Vec<Refused>,
}

impl Photograph {
    /// Reads a file.
    ///
    /// # Errors
    /// A picture that lacks something, or is from the future.
    pub fn read(path: &Path, now: Timestamp) -> Result<Self, Refused> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refuse = |sha256: Option<&String>, doubt: Doubt, words: String| Refused {
            file: file.clone(),
            sha256: sha256.cloned(),
            doubt,
            words,
        };
        let unread = |words: String| refuse(None, Doubt::Unreadable, words);
        let size =
            std::fs::metadata(path).map_err(|error| unread(format!("cannot be read ({error})")))?.len();
        if size > MOST_BYTES {
            return Err(unread(format!("expected at most {} MB, found {}", MOST_BYTES >> 20, size >> 20)));
        }
        let bytes =
            plain::bytes(path, MOST_BYTES).map_err(|error| unread(format!("cannot be read ({error})")))?;
        let sha256 = digest::of_bytes(&bytes);
        let refuse = |doubt: Doubt| {
            let (sha256, refuse) = (&sha256, &refuse);
            move |words: String| refuse(Some(sha256), doubt, words)
        };
        let Shot { place, taken, direction } = shot(&bytes).map_err(refuse(Doubt::Unreadable))?;
        let place = place.map_err(refuse(Doubt::NoPlace))?;
        let taken = taken.map_err(refuse(Doubt::NoTime))?;
        let direction = direction.map_err(refuse(Doubt::NoDirection))?;
        if taken.earliest().is_none_or(|earliest| earliest > now) {
            let words = format!("expected a time before now, found {}; set the camera's clock", taken.text());
            return Err(refuse(Doubt::Future)(words));
        }
        Ok(Self { file, sha256: sha256.clone(), place, taken, direction })
    }

    fn refused(&self, doubt: Doubt, words: String) -> Refused {
        Refused { file: self.file.clone(), sha256: Some(self.sha256.clone()), doubt, words }
    }

    /// Holds the picture against the lead that it is said to show; returns how far outside the camera stood, metres.
    ///
    /// # Errors
    /// A picture of another place, or of a time before the change.
    pub fn check(&self, case: &Case, within: f64) -> Result<f64, Refused> {
        let metres = metres_outside(&case.outline, self.place).unwrap_or(f64::INFINITY);
        if metres > within {
            let mirrored = mirrored(self.place).into_iter();
            let mut mirrored = mirrored
                .filter(|(place, _)| metres_outside(&case.outline, *place).is_some_and(|far| far <= within));
            if let Some((_, how)) = mirrored.next() {
                let words = format!("{} lies at lead {} only {how}", told(self.place), case.id);
                return Err(self.refused(Doubt::Swapped, words));
            }
            let hint = if metres < SHIFTED_METRES {
                "; if an app with a shifted map (GCJ-02) wrote the place, set it to WGS 84"
            } else {
                ""
            };
            let words = format!(
                "expected a place at lead {} or up to {within:.0} m beside it, found {}, {metres:.0} m away{hint}",
                case.id,
                told(self.place)
            );
            return Err(self.refused(Doubt::Outside, words));
        }
        match case.found_after {
            Some(after) if self.taken.day() < after => {
                let words = format!(
                    "expected a picture from {after} on, when the change of lead {} was seen, found {}",
                    case.id,
                    self.taken.text()
                );
                Err(self.refused(Doubt::Before, words))
            }
            _ => Ok(metres),
        }
    }

    /// The one lead at which it was taken: the one whose outline holds it, else the only one near.
    ///
    /// # Errors
    /// None, or several.
    pub fn lead<'a>(&self, book: &'a Book, within: f64) -> Result<&'a Case, Refused> {
        let open = || book.cases.values().filter(|case| case.lineage.into.is_none());
        let near = |place: (f64, f64)| -> Vec<(f64, &'a Case)> {
            let all = open().filter(|case| may_be_near(&case.outline, place, within));
            let all = all.filter_map(|case| Some((metres_outside(&case.outline, place)?, case)));
            all.filter(|(metres, _)| *metres <= within).collect()
        };
        let found = near(self.place);
        let inside: Vec<&(f64, &Case)> = found.iter().filter(|(metres, _)| *metres == 0.0).collect();
        match (inside.as_slice(), found.as_slice()) {
            ([(_, case)], _) | (_, [(_, case)]) => return Ok(case),
            (_, []) => {}
            _ => {
                let ids: Vec<String> =
                    found.iter().map(|(metres, case)| format!("{} ({metres:.0} m)", case.id)).collect();
                let words =
                    format!("{} lies at {}; say at which with --lead", told(self.place), ids.join(", "));
                return Err(self.refused(Doubt::Several, words));
            }
        }
        for (place, how) in mirrored(self.place) {
            if let Some((_, case)) = near(place).first() {
                let words = format!("{} lies at lead {} only {how}", told(self.place), case.id);
                return Err(self.refused(Doubt::Swapped, words));
            }
        }
        let words =
            format!("{} lies at no lead of the ledger, nor up to {within:.0} m beside one", told(self.place));
        Err(self.refused(Doubt::Outside, words))
    }

    /// As records hold it.
    fn as_json(&self, metres: f64) -> Value {
        let mut all = json!({
            "file": self.file, "sha256": self.sha256,
            "lon_deg": rounded(self.place.0, 7), "lat_deg": rounded(self.place.1, 7),
            "taken": self.taken.text(), "direction_deg": rounded(self.direction.degrees, 1),
            "direction_from": self.direction.from, "metres_outside": rounded(metres, 1),
        });
        if self.taken.offset.is_none() {
            all["note"] = json!("the camera says no time zone: its clock is taken as that of the place");
        }
        all
    }
}

impl Sorted {
    /// Sorts the pictures that are said to show a lead. `batch` knows those that other rows of the same files link.
    pub fn of(
        book: &Book,
        case: &Case,
        brought: &[Result<Photograph, Refused>],
        (within, batch): (f64, &mut BTreeMap<String, String>),
    ) -> Self {
        let mut sorted = Self::default();
        for one in brought {
            let photograph = match one {
                Ok(photograph) => photograph,
                Err(refused) => {
                    sorted.refused.push(refused.clone());
                    continue;
                }
            };
            let linked = book.photographs.get(&photograph.sha256).or(batch.get(&photograph.sha256));
            match linked.map(|lead| book.whole(lead).map_or(lead.as_str(), |case| case.id.as_str())) {
                Some(lead) if lead == case.id => sorted.known += 1,
                Some(lead) => {
                    let words = format!(
                        "the same picture is evidence of lead {lead} already; one picture speaks for one lead"
                    );
                    sorted.refused.push(photograph.refused(Doubt::Reused, words));
                }
                None => match photograph.check(case, within) {
                    Ok(metres) => {
                        batch.insert(photograph.sha256.clone(), case.id.clone());
                        let (file, sha256) = (photograph.file.clone(), photograph.sha256.clone());
                        sorted.evidence.push(Evidence { file, sha256 });
                        sorted.linked.push(photograph.as_json(metres));
                    }
                    Err(refused) => sorted.refused.push(refused),
                },
            }
        }
        sorted
    }

    /// The event of pictures alone; none where none was linked.
    pub fn draft(&self, lead: &str) -> Option<Draft> {
        let hashes: Vec<&str> = self.evidence.iter().map(|one| one.sha256.as_str()).collect();
        if hashes.is_empty() {
            return None;
        }
        let key = digest::of_bytes(format!("{lead} {}", hashes.join(" ")).as_bytes());
        let mut draft =
            Draft { key: format!("photographed {}", &key[..16]), ..Draft::of(Kind::Photographed, lead) };
        draft.evidence = self.evidence.clone();
        draft.body = json!({});
        self.write(&mut draft.body);
        Some(draft)
    }

    /// Writes into the body of an event what was linked and what was not.
    pub fn write(&self, body: &mut Value) {
        if !self.linked.is_empty() {
            body["photographs"] = json!(self.linked);
        }
        if !self.refused.is_empty() {
            body["photographs_refused"] = self.refused.iter().map(Refused::as_json).collect();
        }
    }
}

/// How far outside an outline a place lies, metres on the WGS 84 ellipsoid; 0 within it, none where there is no outline.
pub fn metres_outside(outline: &MultiPolygon<f64>, (longitude, latitude): (f64, f64)) -> Option<f64> {
    let place = Point::new(longitude, latitude);
    // The nearest point is looked for on a plane through the place: over some hundred metres it is the same one.
    let wide = latitude.to_radians().cos().max(1e-6);
    let flat = outline.map_coords(|at| Coord { x: (at.x - longitude) * wide, y: at.y - latitude });
    match flat.closest_point(&Point::new(0.0, 0.0)) {
        Closest::SinglePoint(at) => {
            let nearest = Point::new(at.x() / wide + longitude, at.y() + latitude);
            Some(Geodesic.distance(place, nearest))
        }
        Closest::Intersection(_) => Some(0.0),
        Closest::Indeterminate => None,
    }
}

/// Whether a box around the outline is near: most leads are far away, and this tells without looking at every corner.
fn may_be_near(outline: &MultiPolygon<f64>, (longitude, latitude): (f64, f64), within: f64) -> bool {
    let Some(bounds) = outline.bounding_rect() else { return false };
    // A degree of latitude is more than 110 km, one of longitude that times the cosine.
    let (high, wide) = (within / 110_000.0, within / 110_000.0 / latitude.to_radians().cos().max(1e-6));
    (bounds.min().x - wide..=bounds.max().x + wide).contains(&longitude)
        && (bounds.min().y - high..=bounds.max().y + high).contains(&latitude)
}

/// Places that a wrong sign or a change of places makes of one.
fn mirrored((longitude, latitude): (f64, f64)) -> [((f64, f64), &'static str); 4] {
    [
        ((-longitude, latitude), "with the other sign of longitude (E for W): the sign looks swapped"),
        ((longitude, -latitude), "with the other sign of latitude (N for S): the sign looks swapped"),
        ((-longitude, -latitude), "with the other sign of both: the signs look swapped"),
        ((latitude, longitude), "with latitude for longitude: the two look exchanged"),
    ]
}

fn told((longitude, latitude): (f64, f64)) -> String {
    format!("{longitude:.5}, {latitude:.5}")
}

#[cfg(test)]
pub(crate) mod drawn;

#[cfg(test)]
mod tests;
