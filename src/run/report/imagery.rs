//! Imagery of the region before and after, as two GeoTIFFs that any program opens quickly.
//!
//! In:  the scenes of a run, its leads. Out: reflectance x 10000 of clear pixels, day over day, best first.
//! Law: what was never clear stays nodata; which days speak is told. The same scenes give the same bytes.

use ndarray::Array3;
use rayon::prelude::*;
use serde_json::Value;

use crate::date::{Date, Period, parse_date};
use crate::grid::Window;
use crate::observe::mask;
use crate::publish::Staging;
use crate::publish::raster::{NODATA, Raster};
use crate::read::{Reader, Readers};
use crate::report::material::{Item, Moment, Picture};
use crate::run::inputs::{Inputs, View};
use crate::run::tiles::{inner, masked};
use crate::run::{Progress, RunError, workers};
use crate::scene::{Band, Scene};

/// Reflectance that one step of the file's numbers stands for.
const STEP: f64 = 1e-4;
/// Side of the pieces that are read and written at a time.
const PIECE: usize = 512;
/// Days that a picture is made of at most.
const MOST_DAYS: usize = 8;
/// Share of the sampled ground that is enough: no further day is laid under the others.
const ENOUGH: f64 = 0.995;
/// Side of a sample, and samples along each side of the region, by which days are compared.
const SAMPLE: usize = 24;
const SAMPLES: usize = 8;
/// What half a year from the wanted season, a year from the wanted day, and a reflectance of 1 of haze cost a day, beside a
/// share of clear ground of 1. Chosen by looking at the pictures of the bundled scenes and of simulated steppes.
const SEASON: f64 = 0.8;
const YEAR: f64 = 0.05;
const HAZE: f64 = 4.0;
/// Pixels of which the stretch is read off, about.
const STRETCHED: usize = 400_000;
/// Shares of the values that are drawn black and white.
const SHARES: (f64, f64) = (0.02, 0.98);
/// Least width of a stretch in steps: noise over a plain is not drawn as contrast.
const LEAST_WIDTH: f64 = 800.0;

/// Writes both pictures into the folder `imagery` of the report.
pub(super) fn pictures(
    inputs: &Inputs,
    leads: &[Item],
    staging: &Staging,
    (threads, progress): (usize, &dyn Progress),
) -> Result<Vec<Picture>, RunError> {
    staging.folder("imagery")?;
    let bands = bands(inputs);
    let readers = Readers::default();
    let first = leads.iter().filter_map(|lead| day(lead, "first_seen"));
    let target = inputs.question.target;
    // From the day on which half of the changes stood: before it the picture would show few of them.
    let after = Period { from: middle(first).map_or(target.from, |day| day.max(target.from)), to: target.to };
    let summer = if is_southern(inputs)? { 15 } else { 197 };
    let after = readers.with(|reader| chosen(inputs, reader, after, (summer, target.to)))?;
    let like = after.first().map_or(target.to, |view| inputs.views[*view].date);
    let before = (like.day_of_year(), inputs.question.baseline.to);
    let before = readers.with(|reader| chosen(inputs, reader, inputs.question.baseline, before))?;
    let mut made = Vec::new();
    for (moment, days) in [(Moment::Before, before), (Moment::After, after)] {
        progress.stage(&format!("imagery {}", moment.name()), pieces(inputs.area).len() as u64);
        made.push(written(inputs, (&bands, &readers), (moment, &days), staging, (threads, progress))?);
    }
    // One stretch for both, so that a difference of colour is a difference of reflectance.
    let stretch: Vec<(f64, f64)> = (0..bands.len())
        .map(|band| stretched(made.iter().flat_map(|(_, samples)| samples[band].iter().copied()).collect()))
        .collect();
    Ok(made
        .into_iter()
        .map(|(picture, _)| Picture { stretch: one_width(&stretch, &picture), ..picture })
        .collect())
}

/// The bands of natural colours share the widest stretch: a plain of one hue would otherwise be drawn in another.
fn one_width(stretch: &[(f64, f64)], picture: &Picture) -> Vec<(f64, f64)> {
    let mut stretch = stretch.to_vec();
    if picture.natural != picture.infrared {
        let width =
            picture.natural.iter().map(|band| stretch[*band].1 - stretch[*band].0).fold(0.0, f64::max);
        picture.natural.iter().for_each(|band| stretch[*band].1 = stretch[*band].0 + width);
    }
    stretch
}

/// Bands that every scene has, in wavelength order, and that say something to the eye.
fn bands(inputs: &Inputs) -> Vec<Band> {
    let everywhere = |band: &Band| inputs.scenes.iter().all(|scene| scene.has(*band));
    Band::ALL.into_iter().filter(|band| !band.is_classes()).filter(everywhere).collect()
}

fn day(lead: &Item, name: &str) -> Option<Date> {
    lead.properties.get(name).and_then(Value::as_str).and_then(parse_date)
}

fn middle(days: impl Iterator<Item = Date>) -> Option<Date> {
    let mut days: Vec<Date> = days.collect();
    days.sort_unstable();
    days.get(days.len() / 2).copied()
}

/// Small windows spread over the region.
fn samples(area: Window) -> Vec<Window> {
    let places = |from: usize, length: usize| {
        let side = SAMPLE.min(length);
        let count = SAMPLES.min(length.div_ceil(SAMPLE)).max(1);
        (0..count).map(move |place| (from + place * (length - side) / (count - 1).max(1), side))
    };
    let window = |(row0, rows)| {
        places(area.col0, area.cols).map(move |(col0, cols)| Window { row0, col0, rows, cols })
    };
    places(area.row0, area.rows).flat_map(window).collect()
}

/// Whether summer is in January: its light shows most.
fn is_southern(inputs: &Inputs) -> Result<bool, RunError> {
    let middle = |from: usize, length: usize| (from + length / 2) as f64;
    let area = inputs.area;
    let (x, y) = inputs.grid.world(middle(area.row0, area.rows), middle(area.col0, area.cols));
    Ok(inputs.to_lon_lat()?.point(x, y)?.1 < 0.0)
}

/// The views of a period that show the ground best, best first: clear, without haze, about a day of the year, near to a day.
fn chosen(
    inputs: &Inputs,
    reader: &mut Reader,
    period: Period,
    (season, near): (i16, Date),
) -> Result<Vec<usize>, RunError> {
    let within = |(_, view): &(usize, &View)| period.contains(view.date);
    let mut views: Vec<usize> = inputs.views.iter().enumerate().filter(within).map(|(at, _)| at).collect();
    if views.is_empty() {
        // A lead that was seen on the last day only: the day itself.
        views.extend((0..inputs.views.len()).rev().find(|at| inputs.views[*at].date <= period.to));
    }
    let samples = samples(inputs.area);
    let mut seen: Vec<(f64, usize, Vec<bool>)> = Vec::with_capacity(views.len());
    for view in views {
        let (mut clear, mut dark) = (Vec::new(), Vec::new());
        for window in &samples {
            let here = clear_of(inputs, reader, &inputs.views[view], *window)?;
            dark.extend(visible(inputs, reader, &inputs.views[view], (*window, &here))?);
            clear.extend(here);
        }
        let share = clear.iter().filter(|clear| **clear).count() as f64 / clear.len().max(1) as f64;
        let date = inputs.views[view].date;
        let apart = f64::from(season.abs_diff(date.day_of_year()));
        let years = f64::from(near.year().abs_diff(date.year()));
        let score = share - SEASON * apart.min(365.0 - apart) / 183.0 - YEAR * years - HAZE * darkest(dark);
        seen.push((score, view, clear));
    }
    seen.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    let mut covered = vec![false; seen.first().map_or(0, |(_, _, clear)| clear.len())];
    let mut days = Vec::new();
    for (_, view, clear) in seen {
        let before = covered.iter().filter(|covered| **covered).count();
        let together: Vec<bool> = covered.iter().zip(&clear).map(|(a, b)| *a || *b).collect();
        let after = together.iter().filter(|covered| **covered).count();
        // A day that shows next to nothing new is not laid under the others.
        if days.is_empty() || (after - before) as f64 > 0.002 * covered.len() as f64 {
            days.push(view);
            covered = together;
        }
        if days.len() == MOST_DAYS || after as f64 >= ENOUGH * covered.len() as f64 {
            break;
        }
    }
    Ok(days)
}

/// Reflectance of clear pixels in the shortest visible band that the scenes have: haze lifts all of it.
fn visible(
    inputs: &Inputs,
    reader: &mut Reader,
    view: &View,
    (window, clear): (Window, &[bool]),
) -> Result<Vec<f32>, RunError> {
    let Some(scene) = view.scenes.first().map(|scene| &inputs.scenes[*scene]) else { return Ok(Vec::new()) };
    let band = if scene.has(Band::Blue) { Band::Blue } else { Band::Red };
    let (scale, offset) = (scene.bands[&band].scale as f32, scene.bands[&band].offset as f32);
    let raw = reader.window(scene, band, &inputs.grid, window)?;
    let known = raw.iter().zip(clear).filter(|(number, clear)| **clear && !number.is_nan());
    Ok(known.map(|(number, _)| number * scale + offset).collect())
}

/// The reflectance below which the darkest fiftieth lies.
fn darkest(mut values: Vec<f32>) -> f64 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 50).map_or(0.0, |value| f64::from(*value))
}

/// Which pixels of a window a view shows.
fn clear_of(
    inputs: &Inputs,
    reader: &mut Reader,
    view: &View,
    window: Window,
) -> Result<Vec<bool>, RunError> {
    let mut clear = vec![false; window.len()];
    for scene in view.scenes.iter().map(|scene| &inputs.scenes[*scene]) {
        let seen = clear_in(inputs, reader, scene, window)?;
        clear.iter_mut().zip(seen).for_each(|(clear, seen)| *clear |= seen);
    }
    Ok(clear)
}

/// Which pixels of a window a scene shows: clear by its mask and not nodata.
fn clear_in(
    inputs: &Inputs,
    reader: &mut Reader,
    scene: &Scene,
    window: Window,
) -> Result<Vec<bool>, RunError> {
    let outer = window.grown(mask::DILATION, inputs.grid.whole());
    if scene.grid().is_none_or(|grid| !grid.overlaps(&inputs.grid.of_window(outer))) {
        return Ok(vec![false; window.len()]);
    }
    let Some(clear) = masked(&inputs.grid, reader, scene, outer)? else {
        let red = reader.window(scene, Band::Red, &inputs.grid, window)?;
        return Ok(red.iter().map(|number| !number.is_nan()).collect());
    };
    Ok(inner(&clear, outer, window))
}

fn pieces(area: Window) -> Vec<Window> {
    let lattice = Window { row0: 0, col0: 0, rows: area.rows, cols: area.cols };
    lattice.tiles(PIECE)
}

type Samples = Vec<Vec<i16>>;

/// Writes one picture; with it come values of each band to read a stretch off.
fn written(
    inputs: &Inputs,
    (bands, readers): (&[Band], &Readers),
    (moment, days): (Moment, &[usize]),
    staging: &Staging,
    (threads, progress): (usize, &dyn Progress),
) -> Result<(Picture, Samples), RunError> {
    let file = format!("imagery/{}.tif", moment.name());
    let grid = inputs.grid.of_window(inputs.area);
    let named: Vec<(String, f64)> = bands.iter().map(|band| (band.name().to_owned(), STEP)).collect();
    let mut raster = Raster::begin(&staging.path(&file), &grid, &named)?;
    let every = (inputs.area.len() / STRETCHED).max(1);
    let (mut samples, mut seen) = (vec![Vec::new(); bands.len()], 0_usize);
    let pieces = pieces(inputs.area);
    for group in pieces.chunks(threads.max(1) * 2) {
        let read = |piece: &Window| readers.with(|reader| piece_of(inputs, reader, (bands, days), *piece));
        let read: Vec<Result<Array3<i16>, RunError>> =
            workers(threads)?.install(|| group.par_iter().map(read).collect());
        for (piece, values) in group.iter().zip(read) {
            let values = values?;
            for (band, plane) in values.outer_iter().enumerate() {
                let known = plane.iter().copied().filter(|value| *value != NODATA);
                samples[band].extend(known.clone().step_by(every));
                seen += if band == 0 { known.count() } else { 0 };
                raster.write(band, *piece, plane.iter().copied().collect())?;
            }
            progress.step(1);
        }
    }
    raster.commit_as_cog()?;
    let of = |wanted: &[Band]| {
        let place = |band: &Band| bands.iter().position(|have| have == band);
        wanted.iter().find_map(place).unwrap_or_default()
    };
    let (nir, red) = ([Band::Nir, Band::Nir08], [Band::Red]);
    let infrared = [of(&nir), of(&red), of(&[Band::Green, Band::Red])];
    let has_blue = bands.contains(&Band::Blue) && bands.contains(&Band::Green);
    let natural = if has_blue { [of(&red), of(&[Band::Green]), of(&[Band::Blue])] } else { infrared };
    let scenes = days.iter().flat_map(|day| &inputs.views[*day].scenes);
    let picture = Picture {
        moment,
        path: staging.path(&file),
        file,
        grid,
        bands: bands.to_vec(),
        days: days.iter().map(|day| inputs.views[*day].date).collect(),
        scenes: scenes.map(|scene| inputs.scenes[*scene].id.clone()).collect(),
        natural,
        infrared,
        stretch: Vec::new(),
        seen: seen as f64 / inputs.area.len().max(1) as f64,
    };
    Ok((picture, samples))
}

/// Reflectance of a piece, in steps: of each pixel the first day that shows it.
fn piece_of(
    inputs: &Inputs,
    reader: &mut Reader,
    (bands, days): (&[Band], &[usize]),
    piece: Window,
) -> Result<Array3<i16>, RunError> {
    let window = Window { row0: piece.row0 + inputs.area.row0, col0: piece.col0 + inputs.area.col0, ..piece };
    let mut values = Array3::from_elem((bands.len(), piece.rows, piece.cols), NODATA);
    let mut open = vec![true; piece.len()];
    for scene in days.iter().flat_map(|day| &inputs.views[*day].scenes).map(|scene| &inputs.scenes[*scene]) {
        if !open.contains(&true) {
            break;
        }
        let clear = clear_in(inputs, reader, scene, window)?;
        let mut known = vec![true; piece.len()];
        let mut planes = Vec::with_capacity(bands.len());
        for band in bands {
            let raw = reader.window(scene, *band, &inputs.grid, window)?;
            known.iter_mut().zip(&raw).for_each(|(known, number)| *known &= !number.is_nan());
            planes.push(raw);
        }
        for (at, open) in open.iter_mut().enumerate().filter(|(at, open)| **open && clear[*at] && known[*at])
        {
            let (row, col) = (at / piece.cols, at % piece.cols);
            for (plane, band) in bands.iter().enumerate() {
                let (scale, offset) = (scene.bands[band].scale, scene.bands[band].offset);
                let reflectance = f64::from(planes[plane][(row, col)]) * scale + offset;
                values[(plane, row, col)] = (reflectance / STEP).round().clamp(-32_767.0, 32_767.0) as i16;
            }
            *open = false;
        }
    }
    Ok(values)
}

/// Values drawn black and white.
fn stretched(mut values: Vec<i16>) -> (f64, f64) {
    values.sort_unstable();
    let at = |share: f64| {
        let last = values.len().checked_sub(1)?;
        values.get((last as f64 * share).round() as usize).map(|value| f64::from(*value))
    };
    let (low, high) = (at(SHARES.0).unwrap_or(0.0), at(SHARES.1).unwrap_or(1.0 / STEP));
    (low, high.max(low + LEAST_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_reach_every_corner_and_stay_inside() {
        for (rows, cols) in [(5, 900), (1000, 1000), (24, 25), (13_000, 70)] {
            let area = Window { row0: 7, col0: 3, rows, cols };
            let all = samples(area);
            assert!(all.iter().all(|one| one.intersection(area) == *one), "{area}");
            let ends = all.iter().map(|one| (one.row_end(), one.col_end())).max();
            assert_eq!(ends, Some((area.row_end(), area.col_end())));
        }
    }

    #[test]
    fn a_stretch_leaves_out_the_brightest_and_never_draws_noise() {
        let values: Vec<i16> = (0..=1000).map(|step| step * 3).collect();
        assert_eq!(stretched(values), (60.0, 2940.0));
        assert_eq!(stretched(vec![500; 9]), (500.0, 1300.0));
        assert_eq!(stretched(Vec::new()), (0.0, 10_000.0));
    }
}
