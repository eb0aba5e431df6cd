//! `waylines.wpml`: what is flown.

use crate::report::drone::mission::Stop;
use crate::report::drone::settings::Flight;
use crate::report::drone::wpml::{actions, document as whole, group, heading, mission_config, point, tag};
use crate::units::fixed;

pub(super) fn document(stops: &[&Stop], flight: &Flight) -> String {
    let groups = actions::groups(stops, flight);
    let turn = group(
        "waypointTurnParam",
        &(tag("waypointTurnMode", "toPointAndStopWithDiscontinuityCurvature")
            + &tag("waypointTurnDampingDist", 0)),
    );
    let placemarks = stops.iter().zip(&groups).enumerate().map(|(index, (stop, groups))| {
        let body = point(stop.at)
            + &tag("index", index)
            + &tag("executeHeight", fixed(stop.height, 1))
            + &tag("waypointSpeed", fixed(flight.speed, 1))
            + &heading("waypointHeadingParam", stop)
            + &turn
            + groups;
        format!("<Placemark>\n{body}</Placemark>\n")
    });
    let folder = tag("templateId", 0)
        + &tag("executeHeightMode", "relativeToStartPoint")
        + &tag("waylineId", 0)
        + &tag("autoFlightSpeed", fixed(flight.speed, 1))
        + &placemarks.collect::<String>();
    whole(&format!("{}<Folder>\n{folder}</Folder>\n", mission_config(stops, flight)))
}
