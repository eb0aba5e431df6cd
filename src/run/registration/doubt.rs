//! Leads that may be the edge of something old, seen from beside.
//!
//! In:  a lead, where the scenes that show it lie. Out: a note that begins with `doubt (misregistration suspect)`.
//! Law: a doubt changes no lead, rank or confidence; a scene that was put right, or of which it cannot be told where it
//! lies, gives no reason for one.

use crate::lead::Lead;
use crate::run::inputs::{Inputs, View};
use crate::run::registration::LEAST_TOLD_PX;

/// Width of an edge as 10 m pixels show it when nothing moved, in pixels: point spread and contour. What moved by d pixels
/// looks changed on a strip of d more on either side.
const EDGE_PX: f64 = 1.0;

/// The doubt on a lead of a series, where there is one.
pub fn of_series(inputs: &Inputs, lead: &Lead) -> Option<String> {
    let shows = |view: &&View| (lead.first_seen..=lead.last_seen).contains(&view.date);
    let scenes = inputs.views.iter().filter(shows).flat_map(|view| &view.scenes);
    let lies: Vec<(f64, f64)> =
        scenes.filter_map(|scene| inputs.registration.left_of(&inputs.scenes[*scene].id)).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| lies.iter().map(of).sum::<f64>() / lies.len() as f64;
    if lies.is_empty() { None } else { of_lead(inputs, lead, (mean(|one| one.0), mean(|one| one.1))) }
}

/// The doubt on a lead whose pictures lie so many pixels (down, right) off those before.
pub fn of_lead(inputs: &Inputs, lead: &Lead, (down, right): (f64, f64)) -> Option<String> {
    let side = (inputs.pixel_metres.0 * inputs.pixel_metres.1).sqrt();
    let width = lead.area.best.0 / lead.length_m.max(side) / side;
    let off = down.hypot(right);
    is_edge(width, off).then(|| {
        format!(
            "doubt (misregistration suspect): what shows it lies {off:.1} pixels off in the mean, and it is {width:.1} pixels \
             wide: an old edge seen from beside looks like that"
        )
    })
}

/// What the reader of a pair must know whose dates are compared as they lie.
pub fn of_pair((down, right): (f64, f64)) -> Option<String> {
    let off = down.hypot(right);
    (off >= LEAST_TOLD_PX).then(|| {
        format!(
            "doubt (shifted images): the second date lies {off:.1} pixels off the first ({down:+.1} down, {right:+.1} right) \
             and is compared as it lies; edges of old fields and roads may look changed"
        )
    })
}

/// Whether a strip so many pixels wide may be an edge that lies so many pixels off.
fn is_edge(width: f64, off: f64) -> bool {
    off >= LEAST_TOLD_PX && width <= EDGE_PX + 2.0 * off
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_is_doubted_where_its_pictures_lie_off_and_a_field_never() {
        assert!(is_edge(1.2, 0.6) && is_edge(2.0, 0.5) && is_edge(2.9, 1.0));
        assert!(!is_edge(1.2, 0.3) && !is_edge(2.4, 0.6) && !is_edge(12.0, 1.5));
    }
}
