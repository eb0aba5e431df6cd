//! What is done at and between waypoints: the gimbal turns, the camera takes pictures.
//!
//! Law: ids of groups count from 0 through the file; a group begins and ends at waypoints that exist.

use crate::report::drone::mission::{Shots, Stop};
use crate::report::drone::settings::Flight;
use crate::report::drone::wpml::{group, tag};
use crate::units::fixed;

/// The action groups of each waypoint.
pub(super) fn groups(stops: &[&Stop], flight: &Flight) -> Vec<String> {
    let (mut id, mut pitch) = (0, None);
    let mut all = Vec::with_capacity(stops.len());
    for (index, stop) in stops.iter().enumerate() {
        let mut text = String::new();
        let mut at_point = Vec::new();
        if pitch != Some(stop.pitch) {
            at_point.push(gimbal(stop.pitch, flight));
            pitch = Some(stop.pitch);
        }
        if let Shots::Here(suffix) = &stop.shots {
            at_point.push(photo(suffix, flight));
        }
        if !at_point.is_empty() {
            text.push_str(&action_group(
                &mut id,
                (index, index),
                tag("actionTriggerType", "reachPoint"),
                &at_point,
            ));
        }
        if let Shots::OnTheWay(seconds, suffix) = &stop.shots {
            let trigger =
                tag("actionTriggerType", "multipleTiming") + &tag("actionTriggerParam", fixed(*seconds, 1));
            text.push_str(&action_group(&mut id, (index, index + 1), trigger, &[photo(suffix, flight)]));
        }
        all.push(text);
    }
    all
}

type Function = (&'static str, String);

fn action_group(id: &mut usize, (start, end): (usize, usize), trigger: String, does: &[Function]) -> String {
    let actions = does.iter().enumerate().map(|(number, (function, parameters))| {
        let body = tag("actionId", number)
            + &tag("actionActuatorFunc", function)
            + &group("actionActuatorFuncParam", parameters);
        group("action", &body)
    });
    let body = tag("actionGroupId", *id)
        + &tag("actionGroupStartIndex", start)
        + &tag("actionGroupEndIndex", end)
        + &tag("actionGroupMode", "sequence")
        + &group("actionTrigger", &trigger)
        + &actions.collect::<String>();
    *id += 1;
    group("actionGroup", &body)
}

fn photo(suffix: &str, flight: &Flight) -> Function {
    let parameters = tag("payloadPositionIndex", flight.drone.position)
        + &tag("fileSuffix", suffix)
        + &tag("payloadLensIndex", &flight.drone.lens)
        + &tag("useGlobalPayloadLensIndex", 1);
    ("takePhoto", parameters)
}

fn gimbal(pitch: f64, flight: &Flight) -> Function {
    let parameters = [
        tag("payloadPositionIndex", flight.drone.position),
        tag("gimbalHeadingYawBase", "north"),
        tag("gimbalRotateMode", "absoluteAngle"),
        tag("gimbalPitchRotateEnable", 1),
        tag("gimbalPitchRotateAngle", fixed(pitch, 1)),
        tag("gimbalRollRotateEnable", 0),
        tag("gimbalRollRotateAngle", 0),
        tag("gimbalYawRotateEnable", 0),
        tag("gimbalYawRotateAngle", 0),
        tag("gimbalRotateTimeEnable", 0),
        tag("gimbalRotateTime", 0),
    ];
    ("gimbalRotate", parameters.concat())
}
