//! Archives of drawn missions: both files, their order, what each waypoint says.

use super::*;
use crate::report::archive;
use crate::report::drone::mission::{Piece, Shots, packed};
use crate::report::drone::settings::Settings;

fn stop(lon: f64, shots: Shots) -> Stop {
    Stop { at: (lon, 41.57), height: 100.0, pitch: -90.0, faces: None, shots }
}

fn files(template: &Template, drone: &str) -> [String; 2] {
    let flight = Settings { drone: drone.to_owned(), ..Settings::default() }.flight().unwrap();
    let ring = Stop {
        pitch: -45.0,
        faces: Some(((108.505, 41.58), 12.34)),
        ..stop(108.502, Shots::Here("a-r1".to_owned()))
    };
    let stops = vec![stop(108.5, Shots::OnTheWay(2.3, "a-m".to_owned())), stop(108.501, Shots::None), ring];
    let pieces = vec![Piece { lead: 0, strip: Some(0), stops }];
    let mission = packed(pieces, &flight, 1_000.0).unwrap().remove(0);
    let bytes = kmz("a.kmz", &mission, template, &flight).unwrap();
    assert_eq!(bytes, kmz("a.kmz", &mission, template, &flight).unwrap());
    let texts = archive::texts(bytes);
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["wpmz/template.kml", "wpmz/waylines.wpml"]);
    [texts[0].1.clone(), texts[1].1.clone()]
}

fn in_order(text: &str, words: &[&str]) {
    let mut from = 0;
    for word in words {
        let found = text[from..].find(word);
        assert!(found.is_some(), "{word} is not there, or before the one named before it:\n{text}");
        from += found.unwrap() + word.len();
    }
}

#[test]
fn what_is_flown_names_its_waypoints_in_order_and_looks_where_it_should() {
    let [_, waylines] = files(&Template::Waypoints, "M3E");
    in_order(
        &waylines,
        &[
            "<wpml:droneEnumValue>77<",
            "<wpml:droneSubEnumValue>0<",
            "<wpml:payloadEnumValue>66<",
            "<wpml:executeHeightMode>relativeToStartPoint<",
            "<coordinates>108.5000000,41.5700000</coordinates>",
            "<wpml:index>0<",
            "<wpml:gimbalPitchRotateAngle>-90.0<",
            "<wpml:actionGroupStartIndex>0<",
            "<wpml:actionGroupEndIndex>1<",
            "<wpml:actionTriggerParam>2.3<",
            "<wpml:payloadLensIndex>visable<",
            "<wpml:index>1<",
            "<wpml:index>2<",
            "<wpml:waypointHeadingMode>towardPOI<",
            "<wpml:waypointPoiPoint>41.5800000,108.5050000,0<",
            "<wpml:gimbalPitchRotateAngle>-45.0<",
            "<wpml:fileSuffix>a-r1<",
        ],
    );
    assert_eq!(waylines.matches("<wpml:actionGroupId>").count(), 3);
}

#[test]
fn a_mapping_template_names_polygon_overlap_and_lens_and_only_elements_of_its_drone() {
    let ground = vec![(108.5, 41.5), (108.6, 41.5), (108.6, 41.6), (108.5, 41.5)];
    let mapping = || Template::Mapping { ground: ground.clone(), direction: 37, overlap: (80, 70) };
    let [template, _] = files(&mapping(), "M3E");
    in_order(
        &template,
        &[
            "<wpml:templateType>mapping2d<",
            "<wpml:coordinateMode>WGS84<",
            "<wpml:heightMode>relativeToStartPoint<",
            "<wpml:globalShootHeight>112.0<",
            "<wpml:direction>37<",
            "<wpml:orthoCameraOverlapH>80<",
            "108.5000000,41.5000000,0",
            "<wpml:gimbalPitchAngle>-90<",
            "<wpml:imageFormat>visable<",
        ],
    );
    let [of_m30, _] = files(&mapping(), "M30T");
    assert!(of_m30.contains("<wpml:imageFormat>wide<") && !of_m30.contains("mappingHeadingParam"));
    let [of_m300, _] = files(&mapping(), "M300-H20");
    assert!(!of_m300.contains("droneSubEnumValue"));
}
