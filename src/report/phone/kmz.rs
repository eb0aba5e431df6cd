//! Leads as KMZ: outlines and points in colours of confidence, with the pictures in their balloons.
//!
//! Source: OGC KML 2.3 (07-147r2/12-007r2). Coordinates are longitude, latitude in WGS 84, as KML has no other.

use std::fmt::Write;

use geo::LineString;

use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH};
use crate::publish::markup::escaped;
use crate::report::archive::Archive;
use crate::report::material::{Item, Material, Moment};
use crate::report::phone::words;
use crate::report::{Language, ReportError};

/// Styles by least confidence: name, colour of the line (alpha, blue, green, red), words.
const STYLES: [(f64, &str, &str, (&str, &str)); 3] = [
    (0.9, "high", "ff2828c6", ("置信度 ≥ 0.9", "confidence of 0.9 or more")),
    (0.75, "middle", "ff1a7fe8", ("置信度 0.75 - 0.9", "confidence of 0.75 to 0.9")),
    (0.0, "low", "ff00c4f5", ("置信度 < 0.75", "confidence below 0.75")),
];

/// The archive: `doc.kml` and the pictures.
///
/// # Errors
/// A picture that is gone, or an archive that cannot be made.
pub fn packed(material: &Material, language: Language) -> Result<Vec<u8>, ReportError> {
    let mut archive = Archive::begin("leads.kmz");
    let mut pictures = Vec::new();
    let mut places = String::new();
    for (_, style, _, (chinese, english)) in STYLES {
        let of_style = || material.leads.iter().filter(|lead| style_of(lead) == style);
        if of_style().next().is_none() {
            continue;
        }
        let _ = write!(places, "<Folder><name>{}</name>", escaped(&language.words(chinese, english)));
        for lead in of_style() {
            let mut shown = Vec::new();
            for moment in [Moment::Before, Moment::After] {
                if let Some(bytes) = lead.chip(moment)? {
                    let name = format!("files/{}_{}.png", lead.file_name(), moment.name());
                    shown.push((moment, name.clone()));
                    pictures.push((name, bytes));
                }
            }
            places.push_str(&place(lead, style, &shown, language));
        }
        places.push_str("</Folder>");
    }
    archive.add("doc.kml", document(&places, language).as_bytes())?;
    for (name, bytes) in pictures {
        archive.add(&name, &bytes)?;
    }
    archive.finish()
}

fn style_of(lead: &Item) -> &'static str {
    let confidence = lead.number("confidence").unwrap_or(0.0);
    STYLES.iter().find(|(least, ..)| confidence >= *least).map_or("low", |(_, style, ..)| style)
}

fn document(places: &str, language: Language) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>",
    );
    let title = language.words("遥感线索(WGS 84)", "Leads (WGS 84)");
    let _ = write!(text, "<name>{}</name><open>1</open>", escaped(&title));
    let _ =
        write!(text, "<description>{}</description>", escaped(&language.words(DISCLAIMER_ZH, DISCLAIMER)));
    for (_, style, colour, _) in STYLES {
        // A balloon shows the description alone: without this, viewers add links of their own.
        let _ = write!(
            text,
            "<Style id=\"{style}\"><IconStyle><color>{colour}</color><scale>0.8</scale></IconStyle><LabelStyle><scale>0.8</scale></LabelStyle>\
             <LineStyle><color>{colour}</color><width>2.5</width></LineStyle><PolyStyle><color>33{}</color></PolyStyle>\
             <BalloonStyle><text>$[description]</text></BalloonStyle></Style>",
            &colour[2..]
        );
    }
    text.push_str(places);
    text.push_str("</Document></kml>\n");
    text
}

fn place(lead: &Item, style: &str, shown: &[(Moment, String)], language: Language) -> String {
    let mut html = format!(
        "<h3>{}</h3><p>{}</p>",
        escaped(&format!("{} {}", lead.text("model"), lead.id)),
        escaped(&words(lead, language))
    );
    for (moment, file) in shown {
        let (word, day) = match moment {
            Moment::Before => (language.words("变化前", "before"), lead.text("before")),
            Moment::After => (language.words("变化后", "after"), lead.text("after")),
        };
        let _ = write!(
            html,
            "<p>{} {}<br/><img src=\"{}\" width=\"360\"/></p>",
            escaped(&word),
            escaped(day),
            escaped(file)
        );
    }
    let _ = write!(html, "<p>{}</p>", escaped(&language.words(DISCLAIMER_ZH, DISCLAIMER)));
    let mut text = format!(
        "<Placemark id=\"lead-{}\"><name>{}</name><description>{}</description><styleUrl>#{style}</styleUrl><MultiGeometry>",
        lead.file_name(),
        escaped(
            &lead
                .number("rank")
                .map_or_else(|| lead.id.clone(), |rank| format!("{rank} {}", lead.text("model")))
        ),
        // HTML inside XML: escaped a second time rather than as CDATA, which a record's words could end.
        escaped(&html)
    );
    let _ = write!(text, "<Point><coordinates>{:.7},{:.7}</coordinates></Point>", lead.point.0, lead.point.1);
    for polygon in &lead.outline {
        let _ = write!(
            text,
            "<Polygon><tessellate>1</tessellate><outerBoundaryIs>{}</outerBoundaryIs>",
            ring(polygon.exterior())
        );
        for hole in polygon.interiors() {
            let _ = write!(text, "<innerBoundaryIs>{}</innerBoundaryIs>", ring(hole));
        }
        text.push_str("</Polygon>");
    }
    text.push_str("</MultiGeometry></Placemark>");
    text
}

fn ring(line: &LineString<f64>) -> String {
    let at = |at: &geo::Coord<f64>| format!("{:.7},{:.7}", at.x, at.y);
    let all: Vec<String> = line.0.iter().map(at).collect();
    format!("<LinearRing><coordinates>{}</coordinates></LinearRing>", all.join(" "))
}
