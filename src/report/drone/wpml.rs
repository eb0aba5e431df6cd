//! DJI WPML: the archive that DJI Pilot 2 and FlightHub 2 read.
//!
//! In:  a mission, a flight, what the template says of it. Out: a KMZ with `wpmz/template.kml` (what a person edits) and
//!      `wpmz/waylines.wpml` (what is flown).
//! Law: both files, always: without the template Pilot 2 cannot use a wayline. Coordinates are WGS 84 and nothing else;
//!      longitude comes first in `coordinates` and last in `waypointPoiPoint`. Heights are relative to the take-off point.
//!      No creation time is written: the same material makes the same bytes.
//! Source: dji-sdk/Cloud-API-Doc, docs/{cn,en}/60.api-reference/00.dji-wpml (v1.11.3): elements, values, ranges.

mod actions;
mod template;
mod waylines;

use std::fmt::Display;

use crate::publish::staging::GENERATOR;
use crate::report::ReportError;
use crate::report::archive::Archive;
use crate::report::drone::mission::{Mission, Stop};
use crate::report::drone::settings::{Flight, TRANSITIONAL_SPEED};
use crate::units::fixed;

/// The namespace of the published example; later ones add elements that are not used here.
const NAMESPACE: &str = "http://www.dji.com/wpmz/1.0.2";

/// Decimals of a degree: a centimetre.
const DECIMALS: usize = 7;

/// Metres to which the drone climbs before it turns to the first waypoint. WPML allows 1.2 to 1500.
const SAFE_HEIGHT: f64 = 30.0;

/// What the template says of a mission.
pub enum Template {
    /// A polygon that is mapped.
    Mapping {
        /// Its ring in degrees, closed; the margin around the lead is in it.
        ground: Vec<(f64, f64)>,
        /// Direction of flight in degrees.
        direction: i32,
        /// Overlap along the way and of neighbouring strips, percent.
        overlap: (u32, u32),
    },
    /// Waypoint by waypoint.
    Waypoints,
}

/// The archive of a mission.
///
/// # Errors
/// `Archive` where it cannot be packed.
pub fn kmz(
    name: &str,
    mission: &Mission,
    template: &Template,
    flight: &Flight,
) -> Result<Vec<u8>, ReportError> {
    let stops: Vec<&Stop> = mission.stops().collect();
    let mut archive = Archive::begin(name);
    archive.add("wpmz/template.kml", template::document(&stops, template, flight).as_bytes())?;
    archive.add("wpmz/waylines.wpml", waylines::document(&stops, flight).as_bytes())?;
    archive.finish()
}

fn document(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\" \
         xmlns:wpml=\"{NAMESPACE}\">\n<Document>\n{inside}</Document>\n</kml>\n"
    )
}

fn author() -> String {
    tag("author", GENERATOR)
}

/// An element with a value. Values are numbers and words of this program: nothing of a record gets here but file names,
/// which are letters, digits and dashes (`Item::file_name`).
fn tag(name: &str, value: impl Display) -> String {
    format!("<wpml:{name}>{value}</wpml:{name}>\n")
}

fn group(name: &str, inside: &str) -> String {
    format!("<wpml:{name}>\n{inside}</wpml:{name}>\n")
}

fn degrees(value: f64) -> String {
    fixed(value, DECIMALS)
}

fn point((longitude, latitude): (f64, f64)) -> String {
    format!("<Point><coordinates>{},{}</coordinates></Point>\n", degrees(longitude), degrees(latitude))
}

/// What holds for the whole mission, the same in both files.
fn mission_config(stops: &[&Stop], flight: &Flight) -> String {
    let highest = stops.iter().map(|stop| stop.height).fold(0.0, f64::max);
    let drone = &flight.drone;
    let sub = drone.drone_sub.map_or(String::new(), |sub| tag("droneSubEnumValue", sub));
    let body = [
        tag("flyToWaylineMode", "safely"),
        tag("finishAction", "goHome"),
        tag("exitOnRCLost", "executeLostAction"),
        tag("executeRCLostAction", "goBack"),
        tag("takeOffSecurityHeight", fixed(highest.min(SAFE_HEIGHT), 1)),
        tag("globalTransitionalSpeed", fixed(TRANSITIONAL_SPEED, 1)),
        tag("globalRTHHeight", fixed(highest, 1)),
        group("droneInfo", &(tag("droneEnumValue", drone.drone) + &sub)),
        group(
            "payloadInfo",
            &(tag("payloadEnumValue", drone.payload) + &tag("payloadPositionIndex", drone.position)),
        ),
    ];
    group("missionConfig", &body.concat())
}

/// Where the nose points on the way from a waypoint.
fn heading(element: &str, stop: &Stop) -> String {
    let body = match stop.faces {
        None => tag("waypointHeadingMode", "followWayline"),
        Some(((longitude, latitude), bearing)) => {
            tag("waypointHeadingMode", "towardPOI")
                + &tag("waypointHeadingAngle", fixed(bearing, 1))
                + &tag("waypointPoiPoint", format!("{},{},0", degrees(latitude), degrees(longitude)))
        }
    };
    group(element, &(body + &tag("waypointHeadingPathMode", "followBadArc")))
}

#[cfg(test)]
mod tests;
