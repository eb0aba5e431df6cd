//! `template.kml`: what a person sees and edits in DJI Pilot 2.

use crate::report::drone::mission::Stop;
use crate::report::drone::settings::Flight;
use crate::report::drone::wpml::{
    Template, actions, author, degrees, document as whole, group, heading, mission_config, point, tag,
};
use crate::units::fixed;

pub(super) fn document(stops: &[&Stop], template: &Template, flight: &Flight) -> String {
    let folder = match template {
        Template::Mapping { ground, direction, overlap } => {
            let placemark = mapped(ground, *direction, *overlap, flight);
            let shoot =
                tag("globalShootHeight", fixed(flight.height, 1)) + &tag("surfaceFollowModeEnable", 0);
            tag("templateType", "mapping2d")
                + &tag("templateId", 0)
                + &tag("autoFlightSpeed", fixed(flight.speed, 1))
                + &coordinate_system(&shoot)
                + &format!("<Placemark>\n{placemark}</Placemark>\n")
        }
        Template::Waypoints => waypoints(stops, flight),
    };
    let payload =
        tag("payloadPositionIndex", flight.drone.position) + &tag("imageFormat", &flight.drone.lens);
    let folder = folder + &group("payloadParam", &payload);
    whole(&format!("{}{}<Folder>\n{folder}</Folder>\n", author(), mission_config(stops, flight)))
}

fn coordinate_system(more: &str) -> String {
    let body = tag("coordinateMode", "WGS84")
        + &tag("heightMode", "relativeToStartPoint")
        + more
        + &tag("positioningType", "GPS");
    group("waylineCoordinateSysParam", &body)
}

/// The polygon and how it is mapped.
fn mapped(ground: &[(f64, f64)], direction: i32, (forward, side): (u32, u32), flight: &Flight) -> String {
    let corners = ground.iter().map(|(lon, lat)| format!("{},{},0\n", degrees(*lon), degrees(*lat)));
    let polygon = format!(
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>\n{}</coordinates></LinearRing></outerBoundaryIs></Polygon>\n",
        corners.collect::<String>()
    );
    let overlap = tag("orthoCameraOverlapH", forward) + &tag("orthoCameraOverlapW", side);
    let mut body = tag("elevationOptimizeEnable", 0)
        + &tag("shootType", "time")
        + &tag("direction", direction)
        + &tag("margin", 0)
        + &group("overlap", &overlap)
        + &polygon
        // Above the ellipsoid nothing is known before take-off; with relative heights both numbers are the same.
        + &tag("ellipsoidHeight", fixed(flight.height, 1))
        + &tag("height", fixed(flight.height, 1));
    if flight.drone.maps_with_heading {
        body += &group("mappingHeadingParam", &tag("mappingHeadingMode", "followWayline"));
        body += &(tag("gimbalPitchMode", "fixed") + &tag("gimbalPitchAngle", -90));
    }
    body
}

fn waypoints(stops: &[&Stop], flight: &Flight) -> String {
    let groups = actions::groups(stops, flight);
    let placemarks = stops.iter().zip(&groups).enumerate().map(|(index, (stop, groups))| {
        let body = point(stop.at)
            + &tag("index", index)
            + &tag("useGlobalHeight", 0)
            + &tag("ellipsoidHeight", fixed(stop.height, 1))
            + &tag("height", fixed(stop.height, 1))
            + &tag("useGlobalSpeed", 1)
            + &tag("useGlobalHeadingParam", 0)
            + &heading("waypointHeadingParam", stop)
            + &tag("useGlobalTurnParam", 1)
            + &tag("gimbalPitchAngle", fixed(stop.pitch, 1))
            + groups;
        format!("<Placemark>\n{body}</Placemark>\n")
    });
    let highest = stops.iter().map(|stop| stop.height).fold(0.0, f64::max);
    let straight =
        tag("waypointHeadingMode", "followWayline") + &tag("waypointHeadingPathMode", "followBadArc");
    tag("templateType", "waypoint")
        + &tag("templateId", 0)
        + &tag("autoFlightSpeed", fixed(flight.speed, 1))
        + &coordinate_system("")
        + &tag("globalWaypointTurnMode", "toPointAndStopWithDiscontinuityCurvature")
        + &tag("gimbalPitchMode", "usePointSetting")
        + &tag("globalHeight", fixed(highest, 1))
        + &group("globalWaypointHeadingParam", &straight)
        + &placemarks.collect::<String>()
}
