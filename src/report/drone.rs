//! Missions for a DJI drone: WPML KMZ, a flight sheet a lead, and the list of all of them.
//!
//! In:  leads, what was asked of missions (`Settings`). Out: `drone/`: KMZ for DJI Pilot 2, sheets as plain text,
//!      `missions.csv`.
//! Law: a mission maps the whole lead with the overlap asked for, below the ceiling, within a battery's share; coordinates are
//!      WGS 84. Nothing here has been flown: the sheet says what was assumed and what the pilot must check.

mod mission;
mod model;
mod ring;
mod settings;
mod sheet;
mod strips;
mod wpml;

use geo::{Coord, CoordsIter, MapCoords, MultiPolygon};

use crate::publish::Staging;
use crate::publish::spreadsheet::line;
use crate::report::material::Item;
use crate::report::visit;
use crate::report::{Asked, Material, ReportError, Use};
use crate::units::fixed;

use crate::report::plane::Plane;
use mission::{Mission, Piece, Shots, Stop, batteries, metres, packed};
use settings::Flight;
use sheet::Sheet;
use strips::Survey;
use wpml::Template;

pub use settings::{Per, Settings};

/// Share of a battery that one strip may take: a longer one is cut.
const STRIP_SHARE: f64 = 0.35;

/// A lead with its strips.
struct Surveyed<'a> {
    lead: &'a Item,
    /// Beginning of the names of its files.
    name: String,
    plane: Plane,
    outline: MultiPolygon<f64>,
    survey: Survey,
}

/// A mission with its file.
struct Filed<'a> {
    file: String,
    kind: &'static str,
    leads: Vec<&'a Item>,
    direction: Option<i32>,
    mission: Mission,
}

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// `Flag` where a flag and `Lacking` where an outline cannot be flown, and those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let settings = &asked.drone;
    let flight = settings.flight()?;
    let (leads, left) = visit::to_visit(&material.leads);
    let mut surveyed = Vec::with_capacity(leads.len());
    for (place, lead) in leads.iter().enumerate() {
        surveyed.push(survey(lead, place + 1, settings, &flight)?);
    }
    let filed = match settings.per {
        Per::Lead => per_lead(&surveyed, settings, &flight, staging)?,
        Per::Day => per_day(&surveyed, settings, &flight, staging)?,
    };
    let sheet = Sheet { settings, flight: &flight };
    let folder = Use::Drone.name();
    match settings.per {
        Per::Lead => {
            for one in &surveyed {
                let own: Vec<&Filed> =
                    filed.iter().filter(|filed| filed.leads[0].id == one.lead.id).collect();
                let text = sheet.text(asked.language, &own);
                staging.write(&format!("{folder}/{}-sheet.txt", one.name), text.as_bytes())?;
            }
        }
        Per::Day => {
            let all: Vec<&Filed> = filed.iter().collect();
            staging.write(&format!("{folder}/day-sheet.txt"), sheet.text(asked.language, &all).as_bytes())?;
        }
    }
    staging.write(&format!("{folder}/missions.csv"), table(&filed, &flight).as_bytes())?;
    let mut words = words(&filed, &flight, leads.len(), left);
    if settings.ring > 0 && settings.ring_height > flight.ring_height {
        words.push(format!(
            "drone: rings are flown at {} m and not at {} m: the ceiling (--drone-ceiling) is lower",
            flight.ring_height, settings.ring_height
        ));
    }
    Ok(words)
}

/// The strips over a lead.
fn survey<'a>(
    lead: &'a Item,
    place: usize,
    settings: &Settings,
    flight: &Flight,
) -> Result<Surveyed<'a>, ReportError> {
    // Corners and the point: what is not longitude and latitude is refused, never guessed at.
    let is_on_earth = |at: Coord<f64>| (-180.0..=180.0).contains(&at.x) && (-90.0..=90.0).contains(&at.y);
    let point = Coord { x: lead.point.0, y: lead.point.1 };
    let astray = lead.outline.coords_iter().chain([point]).find(|at| !is_on_earth(*at));
    if astray.is_some() || lead.outline.coords_iter().next().is_none() {
        return Err(ReportError::Lacking {
            what: format!("lead {}", lead.id),
            expected:
                "an outline in WGS 84 longitude and latitude, the only coordinates that a mission may have"
                    .to_owned(),
            found: astray.map_or("none".to_owned(), |at| format!("({}, {})", at.x, at.y)),
            next: "leave the lead out with --lead, or bring the layer to EPSG:4326".to_owned(),
        });
    }
    let plane = Plane::around(point.x, point.y);
    let outline = lead.outline.map_coords(|at| {
        let (x, y) = plane.metres((at.x, at.y));
        Coord { x, y }
    });
    let longest = STRIP_SHARE * flight.seconds * flight.speed;
    let survey = strips::survey(&outline, flight, f64::from(settings.margin), longest);
    let name = format!("{place:03}-{}", lead.file_name().replace('_', "-"));
    Ok(Surveyed { lead, name, plane, outline, survey })
}

/// The strips of a lead as pieces of a mission.
fn strips_of(place: usize, one: &Surveyed, flight: &Flight) -> Vec<Piece> {
    let suffix = format!("{}-m", short(&one.name));
    let stop = |at, shots| Stop {
        at: one.plane.degrees(at),
        height: flight.height,
        pitch: -90.0,
        faces: None,
        shots,
    };
    let piece = |(number, strip): (usize, &strips::Strip)| {
        let on_the_way = Shots::OnTheWay(flight.interval, suffix.clone());
        let stops = vec![stop(strip.from, on_the_way), stop(strip.to, Shots::None)];
        Piece { lead: place, strip: Some(number), stops }
    };
    one.survey.strips.iter().enumerate().map(piece).collect()
}

/// The ring of a lead as pieces of a mission, a waypoint each: a large one may take several batteries.
fn ring_of(place: usize, one: &Surveyed, settings: &Settings, flight: &Flight) -> Vec<Piece> {
    let stops = ring::ring(&one.outline, &one.plane, flight, settings.ring, short(&one.name));
    stops.into_iter().map(|stop| Piece { lead: place, strip: None, stops: vec![stop] }).collect()
}

/// What file names of photographs carry of a name: cameras keep short endings only.
fn short(name: &str) -> &str {
    name.get(..name.len().min(20)).unwrap_or(name)
}

/// For each lead missions that map it, and one around it.
fn per_lead<'a>(
    surveyed: &[Surveyed<'a>],
    settings: &Settings,
    flight: &Flight,
    staging: &Staging,
) -> Result<Vec<Filed<'a>>, ReportError> {
    let mut filed = Vec::new();
    for one in surveyed {
        let missions = packed(strips_of(0, one, flight), flight, f64::INFINITY)?;
        for (number, mission) in missions.into_iter().enumerate() {
            let strips: Vec<strips::Strip> = mission
                .pieces
                .iter()
                .filter_map(|piece| piece.strip.map(|strip| one.survey.strips[strip]))
                .collect();
            let ground =
                one.survey.ground(&strips).into_iter().map(|corner| one.plane.degrees(corner)).collect();
            let template = Template::Mapping {
                ground,
                direction: one.survey.direction,
                overlap: (settings.forward, settings.side),
            };
            let file = format!("{}-map-{}.kmz", one.name, number + 1);
            save(staging, &file, &mission, &template, flight)?;
            let direction = Some(one.survey.direction);
            filed.push(Filed { file, kind: "map", leads: vec![one.lead], direction, mission });
        }
        let rings = packed(ring_of(0, one, settings, flight), flight, f64::INFINITY)?;
        let count = rings.len();
        for (number, mission) in rings.into_iter().enumerate() {
            let part = if count > 1 { format!("-{}", number + 1) } else { String::new() };
            let file = format!("{}-ring{part}.kmz", one.name);
            save(staging, &file, &mission, &Template::Waypoints, flight)?;
            filed.push(Filed { file, kind: "ring", leads: vec![one.lead], direction: None, mission });
        }
    }
    Ok(filed)
}

/// Missions over several leads: from the first by rank always to the nearest that is left.
fn per_day<'a>(
    surveyed: &[Surveyed<'a>],
    settings: &Settings,
    flight: &Flight,
    staging: &Staging,
) -> Result<Vec<Filed<'a>>, ReportError> {
    let mut pieces = Vec::new();
    let mut left: Vec<usize> = (0..surveyed.len()).collect();
    let mut at = surveyed.first().map(|one| one.lead.point);
    while let Some(here) = at {
        let away = |place: &usize| metres(here, surveyed[*place].lead.point);
        let Some(next) = left.iter().copied().min_by(|a, b| away(a).total_cmp(&away(b))) else { break };
        left.retain(|place| *place != next);
        let one = &surveyed[next];
        pieces.extend(strips_of(next, one, flight));
        pieces.extend(ring_of(next, one, settings, flight));
        at = Some(one.lead.point);
    }
    let mut filed = Vec::new();
    for (number, mission) in packed(pieces, flight, settings.reach)?.into_iter().enumerate() {
        let mut leads: Vec<&Item> = mission.pieces.iter().map(|piece| surveyed[piece.lead].lead).collect();
        leads.dedup_by(|a, b| a.id == b.id);
        let file = format!("day-{}.kmz", number + 1);
        save(staging, &file, &mission, &Template::Waypoints, flight)?;
        filed.push(Filed { file, kind: "day", leads, direction: None, mission });
    }
    Ok(filed)
}

fn save(
    staging: &Staging,
    file: &str,
    mission: &Mission,
    template: &Template,
    flight: &Flight,
) -> Result<(), ReportError> {
    let bytes = wpml::kmz(file, mission, template, flight)?;
    Ok(staging.write(&format!("{}/{file}", Use::Drone.name()), &bytes)?)
}

/// The list of missions as a table.
fn table(filed: &[Filed], flight: &Flight) -> String {
    let head = "file,kind,leads,drone,height_m,sample_cm,direction_deg,waypoints,photos,length_m,minutes,\
                takeoff_lon_deg,takeoff_lat_deg,farthest_m";
    let mut text = format!("\u{feff}{head}\r\n");
    for one in filed {
        let ids: Vec<&str> = one.leads.iter().map(|lead| lead.id.as_str()).collect();
        let mission = &one.mission;
        let height = mission.stops().map(|stop| stop.height).fold(0.0, f64::max);
        let cells = [
            one.file.clone(),
            one.kind.to_owned(),
            ids.join(" "),
            flight.drone.name.clone(),
            fixed(height, 0),
            fixed(flight.drone.sample(height) * 100.0, 1),
            one.direction.map_or(String::new(), |degrees| degrees.to_string()),
            mission.stops().count().to_string(),
            mission.photos.to_string(),
            fixed(mission.metres, 0),
            fixed(mission.seconds / 60.0, 1),
            fixed(mission.take_off().0, 6),
            fixed(mission.take_off().1, 6),
            fixed(mission.reach(), 0),
        ];
        text.push_str(&line(cells.iter().map(String::as_str)));
        text.push_str("\r\n");
    }
    text
}

fn words(filed: &[Filed], flight: &Flight, leads: usize, left: usize) -> Vec<String> {
    let seconds = || filed.iter().map(|one| one.mission.seconds);
    let photos: usize = filed.iter().map(|one| one.mission.photos).sum();
    let mut words = vec![format!(
        "drone: {leads} leads, {} flights, {:.0} minutes, {} batteries, {photos} photographs, {} at {} m above the take-off \
         point; the ground is taken to be level with it; nothing was flown: read the sheets first",
        filed.len(),
        seconds().fold(0.0, |all, one| all + one) / 60.0,
        batteries(seconds(), flight.seconds),
        flight.drone.name,
        flight.height,
    )];
    if flight.is_at_ceiling {
        words.push(format!(
            "drone: the ceiling of {} m is lower than the ground sample asks for: {:.1} cm are flown (--drone-ceiling)",
            flight.height,
            flight.drone.sample(flight.height) * 100.0
        ));
    }
    if left > 0 {
        words.push(format!(
            "drone: {left} leads were visited, or are closed, rejected or merged in the ledger, and get no mission"
        ));
    }
    words
}

#[cfg(test)]
mod tests;
