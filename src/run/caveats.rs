//! What the reader of a result must know of the scenes that it stands on, as notes of the run.
//!
//! In:  scenes, views, and what was noticed when their numbers were first looked at. Out: sentences.
//! Law: a note changes no lead; it is the same for the same inputs.

use std::collections::BTreeMap;

use crate::read::{Doubtful, Reader};
use crate::run::RunError;
use crate::run::footprint::SAME_WIDTH;
use crate::run::inputs::View;
use crate::scene::{Band, Scene};

/// Days of the year between two dates from which they are of different seasons (a judgement: green-up to peak takes as long).
const SEASON_DAYS: i16 = 45;

/// Scenes have values where they should; what is doubtful about them.
pub(super) fn with_values(scenes: &[Scene]) -> Result<Vec<Doubtful>, RunError> {
    let mut reader = Reader::new();
    Ok(scenes.iter().map(|scene| reader.check_has_values(scene)).collect::<Result<_, _>>()?)
}

/// What the reader of the result must know of the scenes.
pub(super) fn masks_and_bands(scenes: &[Scene]) -> Vec<String> {
    let mut notes = Vec::new();
    let masked = scenes.iter().filter(|scene| scene.masks().next().is_some()).count();
    if masked < scenes.len() {
        let without = scenes.len() - masked;
        notes.push(format!(
            "{without} of {} scenes have no cloud mask: only what is a spike in time is taken out of them",
            scenes.len()
        ));
    }
    notes.extend(several_sensors(scenes));
    if scenes.iter().any(|scene| !scene.has(Band::Swir16)) {
        notes.push(
            "no short-wave infrared: bare soil is judged by visible and near infrared alone".to_owned(),
        );
    }
    notes
}

/// How many scenes are of which product, where there are several, and how many are coarser than the finest.
fn several_sensors(scenes: &[Scene]) -> Vec<String> {
    let mut products: BTreeMap<&str, usize> = BTreeMap::new();
    for scene in scenes {
        let name = scene.product.split(", baseline").next().filter(|name| !name.is_empty());
        *products.entry(name.unwrap_or("files of no known product")).or_default() += 1;
    }
    let widths = scenes.iter().filter_map(Scene::grid).map(|grid| grid.pixel_width);
    let finest = widths.clone().fold(f64::INFINITY, f64::min);
    let coarse = widths.filter(|width| *width > SAME_WIDTH * finest).count();
    let mut notes = Vec::new();
    if products.len() > 1 {
        let counted: Vec<String> =
            products.iter().map(|(name, count)| format!("{count} of {name}")).collect();
        notes.push(format!(
            "scenes of several products in one series ({}): what their sensors see differently is taken out by look-alikes of \
             the same day",
            counted.join(", ")
        ));
    }
    if coarse > 0 {
        notes.push(format!(
            "{coarse} of {} scenes have coarser pixels than the finest and are resampled to them: small places and edges are told \
             less surely on their days",
            scenes.len()
        ));
    }
    notes
}

/// What must be known of two dates that lie in different parts of the year.
pub(super) fn other_season(views: &[View], is_pair: bool) -> Option<String> {
    let (before, after) = (views.first()?.date, views.last()?.date);
    let apart = (before.day_of_year() - after.day_of_year()).abs();
    let apart = apart.min(365 - apart);
    (is_pair && apart > SEASON_DAYS).then(|| {
        format!(
            "two dates of different seasons ({before} and {after}, {apart} days apart in the year): what greened, ripened or \
             was mown in between looks like a change; take two dates of one season, or more dates"
        )
    })
}

/// What must be known of numbers that are not quite what was measured.
pub(super) fn numbers(scenes: &[Scene], doubtful: &[Doubtful]) -> Vec<String> {
    let mut notes = Vec::new();
    let with = || scenes.iter().zip(doubtful);
    let mut lossy = with().filter_map(|(scene, doubt)| Some((scene, doubt.lossy.as_ref()?)));
    if let Some((scene, compression)) = lossy.next() {
        notes.push(format!(
            "{} of {} scenes are compressed with loss ({compression}; {}, ...): fine detail in them is not what was \
             measured, and they are no evidence; ask for scenes without loss",
            1 + lossy.count(),
            scenes.len(),
            scene.id
        ));
    }
    let mut among = with().filter_map(|(scene, doubt)| Some((scene, doubt.nodata_among?)));
    if let Some((scene, (nodata, share))) = among.next() {
        notes.push(format!(
            "the nodata number of {} of {} scenes lies among their valid numbers ({nodata} in {}, {:.1} % of the pixels \
             looked at): what has that number is not seen; correct the nodata tag (gdal_edit -unsetnodata)",
            1 + among.count(),
            scenes.len(),
            scene.id,
            100.0 * share
        ));
    }
    notes
}
