//! Whether the scenes of a series lie on one level: an offset that is missing in some, or taken away twice, shows on ground
//! that others saw too.
//!
//! In:  scenes with what their numbers are taken for. Out: the few that are set aside, or a refusal, with what they differ by.
//! Law: scenes are compared on the same ground, where they are clear, in blue, red and short-wave infrared at once. All
//!      three a tenth brighter or darker is no season: greening darkens red more than blue, haze brightens blue more than
//!      short waves, cloud and snow brighten by more. A few brighter scenes of many are dust that no mask knows, or have lost
//!      their offset: no evidence either way, so they are set aside. One darker scene of many is a clear day among clouds
//!      that nothing masks, and stays.
//! Source: measured on series of Romania and Belgium and on simulated worlds with haze, snow, drought and 70 % cloud: none
//!         is refused, and each is once a tenth was added to or taken from a tenth, three tenths, half or the last quarter
//!         of its scenes. `tests/it/baselines.rs` draws such mix-ups anew.

use std::collections::BTreeMap;

use crate::grid::{Grid, Window};
use crate::read::discover::Candidate;
use crate::read::scaling::Kind;
use crate::read::{ReadError, Reader};
use crate::scene::{Band, Scene};

/// Bands that are compared, as far as a scene has them.
const BANDS: [Band; 3] = [Band::Blue, Band::Red, Band::Swir16];
/// Side of a place that is looked at, in pixels, and places along the diagonal of a scene.
const SIDE: usize = 32;
const PLACES: usize = 3;
/// Footprints whose places are looked at; more tiles than this share ground with one of them or are judged by none.
const FOOTPRINTS: usize = 4;
/// Share of a place that must be clear.
const CLEAR: f64 = 0.5;
/// Reflectance that every band must lie above the others, at least and at most: the offset is 0.1, the rest is season.
const RAISED: (f32, f32) = (0.065, 0.16);
/// The same below. Nothing on the ground darkens all bands alike, rain darkens blue by 0.03.
const LOWERED: (f32, f32) = (0.05, 0.16);
/// Within what the middle of the three must lie.
const MIDDLE: (f32, f32) = (0.06, 0.14);
/// Scenes from which a few odd ones are taken for weather; where nothing masks cloud, a clear day may be the dark one.
const MANY: usize = 10;
/// Of so many scenes one is few: of 75 simulated steppes of fifty scenes with dust over a third of them, two had two.
const FEW: usize = 20;

/// Makes sure that all scenes lie on one level, but for the few that are set aside: their ids, each with the reason.
///
/// # Errors
/// `Scaling` with the first odd scene, and those of reading its pixels.
pub(crate) fn check(candidates: &[Candidate]) -> Result<BTreeMap<String, String>, ReadError> {
    let judged: Vec<&Candidate> = candidates.iter().filter(is_reflectance).collect();
    if judged.len() < 2 {
        return Ok(BTreeMap::new());
    }
    let places = places(&judged);
    let mut reader = Reader::new();
    let mut levels: Vec<Vec<Option<f32>>> = Vec::with_capacity(judged.len());
    for candidate in &judged {
        let mut own = Vec::with_capacity(places.len() * BANDS.len());
        for (grid, place) in &places {
            own.extend(level(&mut reader, &candidate.scene, (grid, *place))?);
        }
        levels.push(own);
    }
    let usual = usual(&levels);
    let apart: Vec<Option<[f32; 3]>> = levels.iter().map(|own| apart(own, &usual)).collect();
    let odd = |sign: f32, (low, high): (f32, f32)| -> Vec<usize> {
        let is_odd = |apart: &Option<[f32; 3]>| {
            apart.is_some_and(|apart| is_shifted(apart.map(|band| sign * band), low, high))
        };
        (0..apart.len()).filter(|scene| is_odd(&apart[*scene])).collect()
    };
    let (raised, lowered) = (odd(1.0, RAISED), odd(-1.0, LOWERED));
    let lowered = if lowered.len() == 1 && judged.len() >= MANY { Vec::new() } else { lowered };
    let said = |scene: usize| differs(apart[scene].unwrap_or_default());
    if lowered.is_empty() && is_few(raised.len(), judged.len()) {
        let of = |scene: usize| (judged[scene].scene.id.clone(), set_aside(&said(scene)));
        return Ok(raised.into_iter().map(of).collect());
    }
    let odd = raised.len() + lowered.len();
    let first = raised.into_iter().chain(lowered).min();
    first.map_or(Ok(BTreeMap::new()), |first| Err(refusal(judged[first], &said(first), odd, judged.len())))
}

/// Whether so many odd scenes are few enough for weather.
fn is_few(odd: usize, judged: usize) -> bool {
    judged >= MANY && odd <= (judged / FEW).max(1)
}

/// Numbers that are taken for reflectance, in all bands that are compared.
fn is_reflectance(candidate: &&Candidate) -> bool {
    !matches!(candidate.kind, Kind::Counts | Kind::Display)
        && BANDS.iter().all(|band| candidate.scene.has(*band))
}

/// Places on the diagonals of the first footprints, each with the grid that it lies on.
fn places(candidates: &[&Candidate]) -> Vec<(Grid, Window)> {
    let mut grids: Vec<&Grid> = Vec::new();
    for grid in candidates.iter().filter_map(|candidate| candidate.scene.grid()) {
        if grids.len() < FOOTPRINTS && !grids.iter().any(|other| other.bounds() == grid.bounds()) {
            grids.push(grid);
        }
    }
    let of = |grid: &&Grid| -> Vec<(Grid, Window)> {
        let (rows, cols) = (grid.rows.min(SIDE), grid.cols.min(SIDE));
        let at = |place: usize, length: usize, side: usize| (length - side) * (2 * place + 1) / (2 * PLACES);
        let window = |place: usize| Window {
            row0: at(place, grid.rows, rows),
            col0: at(place, grid.cols, cols),
            rows,
            cols,
        };
        (0..PLACES).map(|place| ((*grid).clone(), window(place))).collect()
    };
    grids.iter().flat_map(of).collect()
}

/// Median reflectance of each band where a scene shows a place clearly; nothing where it does not.
fn level(
    reader: &mut Reader,
    scene: &Scene,
    (grid, place): (&Grid, Window),
) -> Result<[Option<f32>; 3], ReadError> {
    let mut levels = [None; 3];
    if scene.grid().is_none_or(|own| own.crs != grid.crs || !own.overlaps(&grid.of_window(place))) {
        return Ok(levels);
    }
    let mut clear = vec![true; place.len()];
    for band in scene.masks() {
        let layer = reader.window(scene, band, grid, place)?;
        clear.iter_mut().zip(&layer).for_each(|(clear, value)| *clear &= band.is_clear(*value));
    }
    for (level, band) in levels.iter_mut().zip(BANDS) {
        let raw = reader.window(scene, band, grid, place)?;
        let seen = raw.iter().zip(&clear).filter(|(number, clear)| **clear && !number.is_nan());
        let mut seen: Vec<f32> = seen.map(|(number, _)| *number).collect();
        if (seen.len() as f64) < CLEAR * place.len() as f64 {
            return Ok([None; 3]);
        }
        seen.sort_by(f32::total_cmp);
        let file = &scene.bands[&band];
        *level = Some(seen[seen.len() / 2] * file.scale as f32 + file.offset as f32);
    }
    Ok(levels)
}

/// By place and band, what the scenes show in the middle; of two halves the darker one, so that it is one of them.
fn usual(levels: &[Vec<Option<f32>>]) -> BTreeMap<usize, f32> {
    let width = levels.first().map_or(0, Vec::len);
    let middle = |at: usize| {
        let mut known: Vec<f32> = levels.iter().filter_map(|own| own[at]).collect();
        known.sort_by(f32::total_cmp);
        Some((at, *known.get(known.len().checked_sub(1)? / 2)?))
    };
    (0..width).filter_map(middle).collect()
}

/// By band, how far a scene lies from the usual, in the middle of its places.
fn apart(own: &[Option<f32>], usual: &BTreeMap<usize, f32>) -> Option<[f32; 3]> {
    let mut result = [0.0; 3];
    for (band, result) in result.iter_mut().enumerate() {
        let of_band = (band..own.len()).step_by(BANDS.len());
        let mut known: Vec<f32> = of_band.filter_map(|at| Some(own[at]? - usual.get(&at)?)).collect();
        known.sort_by(f32::total_cmp);
        *result = *known.get(known.len() / 2)?;
    }
    Some(result)
}

fn is_shifted(mut apart: [f32; 3], low: f32, high: f32) -> bool {
    apart.sort_by(f32::total_cmp);
    let [least, middle, most] = apart;
    least >= low && most <= high && (MIDDLE.0..=MIDDLE.1).contains(&middle)
}

fn differs([blue, red, swir]: [f32; 3]) -> String {
    format!(
        "on the same ground its reflectance lies {blue:+.3} (blue), {red:+.3} (red) and {swir:+.3} (swir16) off that of the \
         other scenes"
    )
}

fn set_aside(differs: &str) -> String {
    format!(
        "is set aside: {differs}, in all bands alike, as under dust that no mask knows or where the offset of 0.1 is missing; a \
         mask, or its product with its metadata, takes it in"
    )
}

fn refusal(candidate: &Candidate, differs: &str, odd: usize, judged: usize) -> ReadError {
    ReadError::Scaling {
        path: candidate.path.clone(),
        reason: format!(
            "{differs}, taken by '{}'; {odd} of {judged} scenes differ so, in all bands alike, as baselines of Sentinel-2 do by \
             0.1: the offset is missing in some, or was taken away twice. Give the products with their metadata, declare scale and \
             offset in the files (gdal_edit -scale -offset), or leave the odd scenes out",
            candidate.scene.scaling
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_in_all_bands_is_no_season() {
        assert!(is_shifted([0.10, 0.11, 0.08], RAISED.0, RAISED.1));
        assert!(is_shifted([0.07, 0.09, 0.13], RAISED.0, RAISED.1));
        // Thin haze, snow, a missed cloud, ripe grass.
        for weather in [[0.076, 0.088, 0.052], [0.11, 0.08, -0.15], [0.141, 0.151, 0.167], [0.02, 0.06, 0.14]]
        {
            assert!(!is_shifted(weather, RAISED.0, RAISED.1), "{weather:?}");
        }
    }

    #[test]
    fn one_scene_in_twenty_is_weather_and_two_of_thirty_are_a_mix_up() {
        assert!(is_few(1, 10) && is_few(1, 30) && is_few(2, 40) && is_few(2, 50) && is_few(0, 10));
        assert!(!is_few(1, 9) && !is_few(2, 30) && !is_few(3, 50));
    }

    #[test]
    fn of_two_halves_the_usual_is_one_and_not_between() {
        let levels: Vec<Vec<Option<f32>>> = [0.1, 0.2, 0.1, 0.2].map(|level| vec![Some(level); 3]).to_vec();
        let usual = usual(&levels);
        assert_eq!(usual[&0], 0.1);
        assert!((apart(&levels[1], &usual).unwrap()[2] - 0.1).abs() < 1e-6);
        assert_eq!(apart(&[None, None, None], &usual), None);
    }
}
