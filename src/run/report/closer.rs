//! Every view of a lead's place, and its surroundings before and after: what a record of one lead shows.
//!
//! Law: the views are those of `trace --history`, each with the reason where it says nothing.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::Value;

use crate::date::{Date, parse_date};
use crate::grid::Window;
use crate::plan::Plan;
use crate::publish::chip::{self, ChipInput, Colours, Moment as Shown};
use crate::read::{Reader, Readers};
use crate::report::material::{Close, Item, Moment, Seen};
use crate::run::inputs::Inputs;
use crate::run::look_again::{self, LookedAt, Told};
use crate::run::outputs::{colours, picture};
use crate::run::trace::Place;
use crate::run::trace::unseen::{self, Stacks, Unseen};
use crate::run::{Progress, RunError, fitted, workers};
use crate::weigh::restored::Rectified;

/// A lead with what was made of its ground, and the pixel in its middle.
type Near<'a> = (&'a mut Item, &'a LookedAt, Option<Place>);

/// Looks closer at every lead.
pub(super) fn look(
    (plan, inputs): (&Plan, &Inputs),
    leads: &mut [Item],
    progress: &dyn Progress,
) -> Result<(), RunError> {
    let grounds: Vec<Rectified> =
        leads.iter().map(|lead| Rectified::of(&lead.id, &lead.properties, lead.outline.clone())).collect();
    let looked = look_again::look(plan, inputs, &grounds, (Told::Every, progress))?;
    let mut cells: BTreeMap<Option<Window>, Vec<Near>> = BTreeMap::new();
    for (lead, one) in leads.iter_mut().zip(&looked) {
        let place = unseen::middle(inputs, one);
        cells.entry(place.as_ref().map(|place| place.cell)).or_default().push((lead, one, place));
    }
    let readers = Readers::default();
    let (threads, _) = fitted(plan, inputs)?;
    progress.stage("views of leads", looked.len() as u64);
    // Leads of one control cell together: its pixels are read once.
    let closer = |(cell, leads): (Option<Window>, Vec<Near>)| {
        readers.with(|reader| {
            let stacks = cell.map(|cell| Stacks::read(inputs, reader, cell)).transpose()?;
            for (lead, one, place) in leads {
                lead.seen = seen(inputs, reader, one, place.as_ref().zip(stacks.as_ref()))?;
                lead.close = close(inputs, reader, (lead, one))?;
                progress.step(1);
            }
            Ok(())
        })
    };
    let cells: Vec<_> = cells.into_iter().collect();
    workers(threads)?.install(|| cells.into_par_iter().try_for_each(closer))
}

/// Every view of the place.
fn seen(
    inputs: &Inputs,
    reader: &mut Reader,
    one: &LookedAt,
    known: Option<(&Place, &Stacks)>,
) -> Result<Vec<Seen>, RunError> {
    let mut all = Vec::with_capacity(one.recovery.observations.len());
    for view in &one.recovery.observations {
        let is_clear = view.is_clear();
        let why_not = match known {
            _ if is_clear => None,
            Some((place, stacks)) => Some(stacks.why(inputs, reader, (place, view.view))?),
            None => Some(Unseen::Outside),
        };
        let z = inputs.features.iter().zip(&view.z).filter(|_| is_clear);
        all.push(Seen {
            date: view.date,
            scenes: look_again::publish::scenes_of(inputs, &inputs.views[view.view].scenes),
            is_look_back: one.look_back.is_some_and(|before| before.contains(view.date)),
            inside: is_clear.then_some(view.inside),
            z: z.map(|(feature, z)| (feature.name().to_owned(), f64::from(*z))).collect(),
            why_not: why_not.map(|why| {
                let (english, chinese) = why.words();
                (chinese, english)
            }),
        });
    }
    all.sort_by_key(|seen| seen.date);
    Ok(all)
}

/// The surroundings on the days of the before and the after picture.
fn close(
    inputs: &Inputs,
    reader: &mut Reader,
    (lead, one): (&Item, &LookedAt),
) -> Result<Vec<Close>, RunError> {
    let day = |name: &str| lead.properties.get(name).and_then(Value::as_str).and_then(parse_date);
    let (Some(before), Some(after)) = (day("before"), day("after")) else { return Ok(Vec::new()) };
    let is_there = |day: Date| inputs.views.iter().any(|view| view.date == day);
    if one.window.is_empty() || !is_there(before) || !is_there(after) {
        return Ok(Vec::new());
    }
    let window = chip::window(one.window, inputs.grid.whole());
    let (bands, colours) = colours(inputs);
    let pixels =
        [picture(inputs, reader, (before, window), bands)?, picture(inputs, reader, (after, window), bands)?];
    let grid = inputs.grid.of_window(window);
    let drawn = chip::plain(&ChipInput {
        lead_id: &lead.id,
        model: lead.text("model"),
        before: Shown { pixels: pixels[0].view(), date: before, scene: lead.text("scene_before") },
        after: Shown { pixels: pixels[1].view(), date: after, scene: lead.text("scene_after") },
        grid: &grid,
        outline: &lead.outline,
        colours,
    })?;
    let days = [(Moment::Before, before, "scene_before"), (Moment::After, after, "scene_after")];
    let close = |((moment, date, scene), jpeg): ((Moment, Date, &str), Vec<u8>)| Close {
        moment,
        date,
        scene: lead.text(scene).to_owned(),
        grid: grid.clone(),
        jpeg,
        is_natural: colours == Colours::Natural,
    };
    Ok(days.into_iter().zip(drawn).map(close).collect())
}
