//! The imagery trail of a place: what was normal, since when it is changed, every view after that, and whether it is back.
//!
//! In:  a place or the ground of a lead. Out: text, one paragraph a question; a sheet of pictures where it is asked for.
//! Law: every view of the scenes stands in it, with the reason where it says nothing.

use std::fmt::Write;

use geo::{Coord, MultiPolygon, Polygon};

use crate::date::{Date, Period};
use crate::plan::Plan;
use crate::read::{Reader, Readers};
use crate::run::inputs::Inputs;
use crate::run::look_again::{self, LookedAt, Told, pictures};
use crate::run::trace::unseen::{self, Stacks, Unseen};
use crate::run::trace::{Place, line};
use crate::run::{RunError, Silent};
use crate::weigh::restored::{Answer, LONGEST_RUN, Observation, Rectified};

/// The trail of a place.
pub struct Trail {
    /// As text.
    pub text: String,
    /// Clear views on one sheet, PNG; none where nothing can be shown.
    pub sheet: Option<Vec<u8>>,
}

/// The ground of one pixel, in longitude and latitude, as a lead of no sub-model.
pub fn pixel(inputs: &Inputs, longitude: f64, latitude: f64) -> Result<Rectified, RunError> {
    let place = Place::find(inputs, longitude, latitude)?;
    let (row, col) = (place.pixel.row as f64, place.pixel.col as f64);
    let corner = |(down, right): (f64, f64)| {
        let (x, y) = inputs.grid.world(row + down, col + right);
        Coord { x, y }
    };
    // A hair inside the pixel, so that no neighbour is touched.
    let (near, far) = (1e-4, 1.0 - 1e-4);
    let ring = [(near, near), (near, far), (far, far), (far, near), (near, near)].map(corner);
    let square = MultiPolygon(vec![Polygon::new(ring.to_vec().into(), vec![])]);
    Ok(Rectified {
        id: format!("{longitude},{latitude}"),
        model: String::new(),
        outline: inputs.to_lon_lat()?.polygons(&square)?,
        before: None,
        first_seen: None,
        rectified_on: None,
    })
}

/// Follows the ground of a lead, or of a pixel, through every view.
pub fn trail(plan: &Plan, inputs: &Inputs, lead: &Rectified, with_sheet: bool) -> Result<Trail, RunError> {
    let looked = look_again::look(plan, inputs, std::slice::from_ref(lead), (Told::Every, &Silent))?;
    let Some(one) = looked.first() else { return Ok(Trail { text: String::new(), sheet: None }) };
    let readers = Readers::default();
    let mut text = String::new();
    place(inputs, one, &mut text);
    look_back(one, &mut text);
    readers.with(|reader| views(inputs, reader, one, &mut text))?;
    changed(one, &mut text);
    season(one, inputs, &mut text);
    let sheet =
        if with_sheet { readers.with(|reader| pictures::of_trail(inputs, reader, one))? } else { None };
    Ok(Trail { text, sheet })
}

fn place(inputs: &Inputs, one: &LookedAt, text: &mut String) {
    let LookedAt { lead, area, .. } = one;
    let (scenes, days) = (inputs.scenes.len(), inputs.views.len());
    let what = match lead.model.as_str() {
        "" => format!("the pixel at {}", lead.id),
        model => format!("lead {} ({model}), {:.2} mu", lead.id, area.mu()),
    };
    line(text, "place", &format!("{what}; {scenes} scenes on {days} days"));
    if let Some(first) = lead.first_seen {
        line(text, "found", &format!("by the scan: first seen on {first}, in parts or as a whole"));
    }
}

/// Whether a view lies in the look-back.
fn is_before(one: &LookedAt, date: Date) -> bool {
    one.look_back.is_some_and(|before| before.contains(date))
}

fn look_back(one: &LookedAt, text: &mut String) {
    let before = one.recovery.observations.iter().filter(|seen| is_before(one, seen.date));
    let (clear, unclear): (Vec<&Observation>, Vec<&Observation>) = before.partition(|seen| seen.is_clear());
    let inside = clear.iter().filter(|seen| !seen.is_out()).count();
    let period = one.look_back.map_or("none".to_owned(), |period| period.to_string());
    let words = format!(
        "{period}: {} of {} views clear, {inside} of them in the band",
        clear.len(),
        clear.len() + unclear.len()
    );
    line(text, "look-back", &words);
}

/// Every view after the look-back.
fn views(inputs: &Inputs, reader: &mut Reader, one: &LookedAt, text: &mut String) -> Result<(), RunError> {
    let place = unseen::middle(inputs, one);
    let stacks = place.as_ref().map(|place| Stacks::read(inputs, reader, place.cell)).transpose()?;
    line(text, "views", "since then: share in the band, median z");
    for seen in one.recovery.observations.iter().filter(|seen| !is_before(one, seen.date)) {
        let scenes = look_again::publish::scenes_of(inputs, &inputs.views[seen.view].scenes);
        let _ = write!(text, "  {} {scenes}  ", seen.date);
        if seen.is_clear() {
            let state = if seen.is_out() { "out of the band" } else { "in the band" };
            let _ = write!(text, "{state:<15}  {:>3.0} %", 100.0 * seen.inside);
            for (feature, z) in inputs.features.iter().zip(&seen.z) {
                let _ = write!(text, "  {} {z:+.1}", feature.name());
            }
            if seen.seen < 0.995 {
                let _ = write!(text, "  ({:.0} % seen)", 100.0 * seen.seen);
            }
        } else {
            let why = match place.as_ref().zip(stacks.as_ref()) {
                Some((place, stacks)) => stacks.why(inputs, reader, (place, seen.view))?,
                None => Unseen::Outside,
            };
            let _ = write!(text, "not seen: {}", why.words().0);
        }
        let _ = writeln!(text);
    }
    Ok(())
}

/// Since when the place is changed, and since when it is back.
fn changed(one: &LookedAt, text: &mut String) {
    let after = one.recovery.observations.iter().filter(|seen| !is_before(one, seen.date));
    let all: Vec<&Observation> = after.filter(|seen| seen.is_clear()).collect();
    let clear: Vec<&Observation> = all.iter().copied().filter(|seen| seen.grows).collect();
    let runs: Vec<&[&Observation]> = clear.chunk_by(|a, b| a.is_out() == b.is_out()).collect();
    let lasting = |run: &&&[&Observation]| run[0].is_out() && run.len() >= LONGEST_RUN;
    let Some(first) = runs.iter().find(lasting) else {
        let words = format!("never out of the band in {LONGEST_RUN} clear views in a row while plants grow");
        line(text, "changed", &words);
        return;
    };
    let days = Period { from: first[0].date, to: first[first.len() - 1].date };
    // Views of another season that lead up to it count as first sight: a forest felled in winter.
    let leading = all.iter().rev().skip_while(|seen| seen.date >= days.from).take_while(|seen| seen.is_out());
    let since = leading.last().map_or(days.from, |seen| seen.date);
    let words = format!(
        "first seen on {since} as one ground: out of the band in {} clear views in a row while plants grow, {days}",
        first.len()
    );
    line(text, "changed", &words);
    let last = runs.iter().rposition(|run| lasting(&run)).unwrap_or(0);
    let words = match runs.get(last + 1) {
        Some(back) if one.recovery.answer == Answer::Restored => {
            format!("in the band again since {}", back[0].date)
        }
        Some(back) => format!("not told: in the band since {}, the season as a whole is not", back[0].date),
        None => {
            let until = all.iter().rev().find(|seen| seen.is_out()).map_or(days.to, |seen| seen.date);
            format!("out of the band still on {until}")
        }
    };
    line(text, "back", &words);
}

/// What a look-again says of the last growing season.
fn season(one: &LookedAt, inputs: &Inputs, text: &mut String) {
    let found = &one.recovery;
    let season = found
        .season
        .map_or("no growing season after the change".to_owned(), |season| season.days.to_string());
    let words = format!(
        "{season}: {}, {:.0} % of the ground back, {:.0} % apart",
        found.answer.words().0,
        100.0 * found.back,
        100.0 * found.apart
    );
    line(text, "season", &words);
    for (part, (name, _)) in found.parts.iter().zip(crate::weigh::restored::NAMES) {
        let z: String = inputs
            .features
            .iter()
            .zip(&part.z)
            .map(|(feature, z)| format!("  {} {z:+.1}", feature.name()))
            .collect();
        let words =
            format!("{name} {}: {} clear views, {:.0} % back{z}", part.days, part.views, 100.0 * part.back);
        line(text, "", &words);
    }
    if let Some((reason, words)) = &found.untold {
        line(text, "", &format!("{}: {words}", reason.code()));
    }
}
