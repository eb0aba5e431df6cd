//! GPX 1.1: places, routes and lines for receivers and phones. The one writer of the format.
//!
//! In:  places in WGS 84 longitude and latitude, words of any kind. Out: the text of one document.
//! Law: GPX knows no datum but WGS 84; what is in another one is never written as GPX. Words are words: nothing in them is
//!      markup. No time is written: a plan has none yet, and the same material makes the same bytes.
//! Source: GPX 1.1 Schema Documentation, topografix.com/GPX/1/1; the order of elements is that of its sequences.

use crate::publish::markup::escaped;
use crate::publish::staging::GENERATOR;

/// Decimals of a degree: about a decimetre.
const DECIMALS: usize = 6;

/// A place with a name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waypoint {
    /// What lists and maps show.
    pub name: String,
    /// What is shown when it is opened; may be empty.
    pub description: String,
    /// A file or page about it.
    pub link: Option<String>,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
}

/// Places in the order in which they are to be reached.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Route {
    /// What lists show.
    pub name: String,
    /// What is shown when it is opened; may be empty.
    pub description: String,
    /// The places.
    pub points: Vec<Waypoint>,
    /// The line on the ground, longitude and latitude, where it is known: written as a track of the same name. May be empty.
    pub line: Vec<(f64, f64)>,
}

/// A GPX document of places and routes.
pub fn document(waypoints: &[Waypoint], routes: &[Route]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"{GENERATOR}\" \
         xmlns=\"http://www.topografix.com/GPX/1/1\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.topografix.com/GPX/1/1 http://www.topografix.com/GPX/1/1/gpx.xsd\">\n"
    );
    for waypoint in waypoints {
        text.push_str(&place("wpt", waypoint));
    }
    for route in routes {
        text.push_str(&format!("<rte>{}\n", named(&route.name, &route.description)));
        text.extend(route.points.iter().map(|point| place("rtept", point)));
        text.push_str("</rte>\n");
    }
    for route in routes.iter().filter(|route| !route.line.is_empty()) {
        text.push_str(&format!("<trk>{}<trkseg>\n", named(&route.name, &route.description)));
        text.extend(route.line.iter().map(|(lon, lat)| format!("<trkpt {}/>\n", at(*lon, *lat))));
        text.push_str("</trkseg></trk>\n");
    }
    text.push_str("</gpx>\n");
    text
}

fn place(element: &str, waypoint: &Waypoint) -> String {
    let link = waypoint.link.as_ref().map_or(String::new(), |link| {
        // The schema asks for a URI: what an address may not hold is written as its bytes.
        format!("<link href=\"{}\"></link>", escaped(&address(link)))
    });
    let words = named(&waypoint.name, &waypoint.description);
    format!("<{element} {}>{words}{link}</{element}>\n", at(waypoint.lon, waypoint.lat))
}

fn named(name: &str, description: &str) -> String {
    let name = format!("<name>{}</name>", escaped(name));
    if description.is_empty() { name } else { format!("{name}<desc>{}</desc>", escaped(description)) }
}

fn at(lon: f64, lat: f64) -> String {
    format!("lat=\"{lat:.DECIMALS$}\" lon=\"{lon:.DECIMALS$}\"")
}

/// A path or address with everything but plain letters of an address as `%XX`. Only paths and web addresses: a colon before
/// the first slash would make any other scheme.
fn address(link: &str) -> String {
    let is_web = link.starts_with("https://") || link.starts_with("http://");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let part =
        |byte: u8| if plain(byte) || (is_web && b":?&=#%".contains(&byte)) { None } else { Some(byte) };
    link.bytes()
        .map(|byte| part(byte).map_or((byte as char).to_string(), |byte| format!("%{byte:02X}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_routes_stand_in_the_order_of_the_schema() {
        let one = Waypoint {
            name: "1 & <one>".to_owned(),
            description: "G1\u{202e}".to_owned(),
            link: Some("图/a b.html".to_owned()),
            lon: 108.5,
            lat: 41.57,
        };
        let route = Route {
            name: "A".to_owned(),
            points: vec![one.clone()],
            line: vec![(108.5, 41.5)],
            ..Route::default()
        };
        let text = document(&[one], &[route]);
        assert!(text.contains(
            "<wpt lat=\"41.570000\" lon=\"108.500000\"><name>1 &amp; &lt;one&gt;</name><desc>G1\u{fffd}</desc>\
             <link href=\"%E5%9B%BE/a%20b.html\"></link></wpt>"
        ));
        let order = ["<wpt", "<rte>", "<rtept", "</rte>", "<trk>", "<trkpt lat=\"41.500000\"", "</gpx>"];
        let places: Vec<_> = order.iter().map(|word| text.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn a_link_is_a_path_or_a_web_address_and_no_script() {
        assert_eq!(address("javascript:alert(1)"), "javascript%3Aalert%281%29");
        assert_eq!(address("https://a.b/c?d=1&e"), "https://a.b/c?d=1&e");
    }
}
