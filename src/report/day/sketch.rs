//! A sketch of a tour: numbered stops and the way between them, north up, with a scale.
//!
//! Law: places lie where they lie, on one scale both ways. The only words are numbers.

use crate::report::day::plan::{Plan, Tour};
use crate::report::plane::Plane;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const EDGE: f64 = 34.0;

/// The sketch as SVG.
pub fn sketch(plan: &Plan, tour: &Tour) -> String {
    let plane = Plane::around(plan.start.0, plan.start.1);
    let stops: Vec<(f64, f64)> = tour.visits.iter().map(|visit| plane.metres(visit.lead.point)).collect();
    let way: Vec<(f64, f64)> = if tour.line.is_empty() {
        std::iter::once((0.0, 0.0)).chain(stops.iter().copied()).chain([(0.0, 0.0)]).collect()
    } else {
        tour.line.iter().map(|place| plane.metres(*place)).collect()
    };
    let [west, south, east, north] = way.iter().fold([0.0_f64; 4], |[west, south, east, north], (x, y)| {
        [west.min(*x), south.min(*y), east.max(*x), north.max(*y)]
    });
    let scale = ((WIDTH - 2.0 * EDGE) / (east - west).max(100.0))
        .min((HEIGHT - 2.0 * EDGE) / (north - south).max(100.0));
    let (middle_x, middle_y) = ((west + east) / 2.0, (south + north) / 2.0);
    let at =
        |(x, y): (f64, f64)| (WIDTH / 2.0 + (x - middle_x) * scale, HEIGHT / 2.0 - (y - middle_y) * scale);
    let points: Vec<String> =
        way.iter().map(|point| at(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let dashes = if tour.line.is_empty() { " stroke-dasharray=\"6 4\"" } else { "" };
    let mut text = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\"><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         fill=\"#f7f6f1\"/><polyline points=\"{}\" fill=\"none\" stroke=\"#1f5f8b\" stroke-width=\"2\"{dashes}/>",
        plan.file(tour),
        points.join(" ")
    );
    let (x, y) = at((0.0, 0.0));
    text.push_str(&format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"14\" height=\"14\" fill=\"#222\"/>",
        x - 7.0,
        y - 7.0
    ));
    for (order, stop) in stops.iter().enumerate() {
        let (x, y) = at(*stop);
        text.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"10\" fill=\"#fff\" stroke=\"#b03a2e\" stroke-width=\"2\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\">{}</text>",
            y + 4.0,
            order + 1
        ));
    }
    text.push_str(&ruler(scale));
    text.push_str("</svg>\n");
    text
}

/// A scale of a round length, and north.
fn ruler(scale: f64) -> String {
    let wanted = 120.0 / scale;
    let power = 10_f64.powf(wanted.log10().floor());
    let metres =
        [5.0, 2.0, 1.0].map(|step| step * power).into_iter().find(|step| *step <= wanted).unwrap_or(power);
    let words = if metres < 1000.0 { format!("{metres:.0} m") } else { format!("{:.0} km", metres / 1000.0) };
    let (length, base) = (metres * scale, HEIGHT - 12.0);
    format!(
        "<path d=\"M12 {:.1}v6h{length:.1}v-6\" fill=\"none\" stroke=\"#222\"/><text x=\"14\" y=\"{:.1}\" font-size=\"11\">{words}</text>\
         <path d=\"M{:.1} 34l6-20 6 20-6-5z\" fill=\"#222\"/><text x=\"{:.1}\" y=\"48\" text-anchor=\"middle\" font-size=\"12\">N</text>",
        base - 6.0,
        base - 8.0,
        WIDTH - 30.0,
        WIDTH - 24.0
    )
}
