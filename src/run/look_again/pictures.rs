//! A sheet of pictures of one place on a time line.
//!
//! In:  a place that was looked at again. Out: a PNG: two views before the change, the first with it where it is among the
//! scenes, then clear views in order.

use ndarray::Array3;

use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::publish::chip::{self, Moment};
use crate::publish::timeline::{self, Frame, Mark, Sheet};
use crate::read::Reader;
use crate::run::inputs::Inputs;
use crate::run::look_again::LookedAt;
use crate::run::outputs::{colours, picture};
use crate::run::{RunError, look_again};
use crate::weigh::restored::Observation;

/// Most clear views on the sheet of a lead; the rest stand in the file. Two rows, with those before them.
pub const OF_LEAD: usize = 10;

/// Most views on the sheet of a trail: ten rows.
pub const OF_TRAIL: usize = 60;

/// One picture of a sheet, before it is read.
struct Wanted {
    view: usize,
    mark: Mark,
    word: String,
}

/// The sheet of a lead: before, changed, and the clear views that were judged. `None` where nothing of it can be shown.
pub fn of_lead(inputs: &Inputs, reader: &mut Reader, one: &LookedAt) -> Result<Option<Vec<u8>>, RunError> {
    let clear = one.recovery.observations.iter().filter(|seen| seen.is_clear() && seen.grows);
    let (before, after): (Vec<&Observation>, Vec<&Observation>) =
        clear.partition(|seen| is_before(one, seen));
    let judged: Vec<&Observation> = after.into_iter().filter(|seen| seen.is_judged).collect();
    // Two pictures of what is normal: the last, and one of about the same day as the middle of what is judged.
    let middle = judged.get(judged.len() / 2).map(|seen| seen.date.day_of_year());
    let like = before.iter().rev().min_by_key(|seen| middle.map(|day| day.abs_diff(seen.date.day_of_year())));
    let mut wanted: Vec<Wanted> =
        before.last().into_iter().chain(like).map(|seen| noted(seen.view)).collect();
    wanted.sort_by_key(|one| one.view);
    wanted.dedup_by_key(|one| one.view);
    let changed = inputs.views.iter().position(|view| Some(view.date) == one.lead.first_seen);
    let changed =
        changed.map(|view| Wanted { view, mark: Mark::Outside, word: "first seen changed".to_owned() });
    wanted.extend(changed);
    wanted.extend(spread(&judged, OF_LEAD).map(shown));
    drawn(inputs, reader, one, wanted)
}

fn noted(view: usize) -> Wanted {
    Wanted { view, mark: Mark::LookBack, word: "before the change".to_owned() }
}

/// Whether a view lies before the change.
fn is_before(one: &LookedAt, seen: &Observation) -> bool {
    one.look_back.is_some_and(|before| before.contains(seen.date))
}

/// The sheet of a trail: every clear view, the look-back among them.
pub fn of_trail(inputs: &Inputs, reader: &mut Reader, one: &LookedAt) -> Result<Option<Vec<u8>>, RunError> {
    let clear: Vec<&Observation> = one.recovery.observations.iter().filter(|seen| seen.is_clear()).collect();
    let wanted = spread(&clear, OF_TRAIL).map(|seen| {
        let wanted = shown(seen);
        if is_before(one, seen) { Wanted { mark: Mark::LookBack, ..wanted } } else { wanted }
    });
    drawn(inputs, reader, one, wanted.collect())
}

fn shown(seen: &Observation) -> Wanted {
    let mark = if seen.is_out() { Mark::Outside } else { Mark::Inside };
    let word = format!("{:.0}% in band", 100.0 * seen.inside);
    Wanted { view: seen.view, mark, word }
}

/// At most so many of some views, spread evenly, the first and the last among them.
fn spread<'a>(views: &'a [&'a Observation], most: usize) -> impl Iterator<Item = &'a Observation> {
    let shown = views.len().min(most);
    (0..shown).map(move |place| views[place * (views.len() - 1) / (shown - 1).max(1)])
}

fn drawn(
    inputs: &Inputs,
    reader: &mut Reader,
    one: &LookedAt,
    wanted: Vec<Wanted>,
) -> Result<Option<Vec<u8>>, RunError> {
    if wanted.is_empty() || one.window.is_empty() {
        return Ok(None);
    }
    let window = chip::window(one.window, inputs.grid.whole());
    let (bands, colours) = colours(inputs);
    let mut pictures: Vec<Array3<f32>> = Vec::with_capacity(wanted.len());
    for one in &wanted {
        pictures.push(picture(inputs, reader, (inputs.views[one.view].date, window), bands)?);
    }
    let scenes: Vec<String> = wanted
        .iter()
        .map(|one| look_again::publish::scenes_of(inputs, &inputs.views[one.view].scenes))
        .collect();
    let frames = wanted.iter().zip(&pictures).zip(&scenes).map(|((one, pixels), scene)| Frame {
        moment: Moment { pixels: pixels.view(), date: inputs.views[one.view].date, scene },
        mark: one.mark,
        word: one.word.clone(),
    });
    let season = one.recovery.season.map_or("no growing season".to_owned(), |season| season.days.to_string());
    let (answer, _) = one.recovery.answer.words();
    let back = 100.0 * one.recovery.back;
    let transform = Transform::new(Crs::LON_LAT, inputs.grid.crs)?;
    let sheet = Sheet {
        id: &one.lead.id,
        head: [
            format!("{} {}: {:.2} mu", one.lead.model, one.lead.id, one.area.mu()).trim_start().to_owned(),
            format!("{answer}: {back:.0}% of the ground back, season {season}"),
        ],
        grid: &inputs.grid.of_window(window),
        outline: &transform.polygons(&one.lead.outline)?,
        colours,
        frames: frames.collect(),
    };
    Ok(Some(timeline::sheet(&sheet)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;

    #[test]
    fn of_many_views_the_first_and_the_last_are_shown() {
        let seen = |view: usize| Observation {
            view,
            date: Date::constant(2024, 1, 1),
            seen: 1.0,
            inside: 1.0,
            z: Vec::new(),
            grows: true,
            is_judged: true,
            part: None,
        };
        let all: Vec<Observation> = (0..23).map(seen).collect();
        let all: Vec<&Observation> = all.iter().collect();
        let places = |count: usize, most: usize| -> Vec<usize> {
            spread(&all[..count], most).map(|seen| seen.view).collect()
        };
        assert_eq!(places(23, 5), [0, 5, 11, 16, 22]);
        assert_eq!((places(3, 5), places(1, 5), places(0, 5)), (vec![0, 1, 2], vec![0], vec![]));
    }
}
