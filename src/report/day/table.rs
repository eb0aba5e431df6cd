//! The plan as a table and as GPX.
//!
//! Law: the table holds every lead once, also those left over; words in it are words (`publish::spreadsheet`).

use crate::publish::spreadsheet::line;
use crate::report::Language;
use crate::report::day::plan::{Plan, Tour, Visit, clock};
use crate::report::day::priority::Priority;
use crate::report::gpx::{Route, Waypoint, document};
use crate::report::material::Item;
use crate::units::fixed;

const HEAD: [&str; 18] = [
    "day",
    "team",
    "order",
    "lead",
    "arrives",
    "leaves",
    "leg_km",
    "leg_minutes",
    "leg_by",
    "model",
    "model_name_zh",
    "model_name",
    "area_mu",
    "confidence",
    "priority",
    "lon_deg",
    "lat_deg",
    "note",
];

/// The table.
pub fn csv(plan: &Plan) -> String {
    let mut text = format!("\u{feff}{}\r\n", line(HEAD));
    let mut put = |cells: Vec<String>| {
        text.push_str(&line(cells.iter().map(String::as_str)));
        text.push_str("\r\n");
    };
    for tour in &plan.tours {
        for (order, visit) in tour.visits.iter().enumerate() {
            let mut cells = vec![tour.day.to_string(), tour.team.to_string(), (order + 1).to_string()];
            cells.push(visit.lead.id.clone());
            cells.extend([clock(visit.arrives), clock(visit.leaves)]);
            cells.extend(way(visit));
            cells.extend(about(visit.lead, &visit.priority));
            cells.push(String::new());
            put(cells);
        }
    }
    for left in &plan.left {
        let mut cells = vec![String::new(), String::new(), String::new(), left.lead.id.clone()];
        cells.extend([const { String::new() }; 5]);
        cells.extend(about(left.lead, &left.priority));
        cells.push(
            if left.is_too_far { "too far for a day" } else { "left over: the hours are full" }.to_owned(),
        );
        put(cells);
    }
    text
}

fn way(visit: &Visit) -> [String; 3] {
    let by = if visit.leg.beside.is_some() { "road" } else { "straight way times factor" };
    [fixed(visit.leg.metres / 1000.0, 2), fixed(visit.leg.seconds as f64 / 60.0, 1), by.to_owned()]
}

fn about(lead: &Item, priority: &Priority) -> [String; 8] {
    let number =
        |name: &str, decimals: usize| lead.number(name).map_or(String::new(), |value| fixed(value, decimals));
    [
        lead.text("model").to_owned(),
        lead.text("model_name_zh").to_owned(),
        lead.text("model_name").to_owned(),
        number("area_mu", 2),
        number("confidence", 3),
        priority.number(),
        fixed(lead.point.0, 6),
        fixed(lead.point.1, 6),
    ]
}

/// A tour for a receiver or a phone: the stops as places and as a route, the roads as a track.
pub fn gpx(plan: &Plan, tour: &Tour, language: Language) -> String {
    let stop = |(order, visit): (usize, &Visit)| Waypoint {
        name: format!("{} {}", order + 1, visit.lead.id),
        description: format!(
            "{} {} {}",
            clock(visit.arrives),
            visit.lead.text("model"),
            language.words(visit.lead.text("model_name_zh"), visit.lead.text("model_name"))
        ),
        link: None,
        lon: visit.lead.point.0,
        lat: visit.lead.point.1,
    };
    let stops: Vec<Waypoint> = tour.visits.iter().enumerate().map(stop).collect();
    let start = Waypoint {
        name: language.words("起点", "Start"),
        lon: plan.start.0,
        lat: plan.start.1,
        ..Waypoint::default()
    };
    let points = std::iter::once(start.clone()).chain(stops.clone()).chain([start.clone()]).collect();
    let route = Route {
        name: plan.file(tour),
        description: format!(
            "{} km, {}",
            fixed(tour.metres() / 1000.0, 1),
            language.words("巡查路线", "tour of a day")
        ),
        points,
        line: tour.line.clone(),
    };
    let places: Vec<Waypoint> = std::iter::once(start).chain(stops).collect();
    document(&places, &[route])
}
