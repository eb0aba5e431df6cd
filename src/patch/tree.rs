//! Component tree: a component at the lowest level, its parts at higher levels, and which to keep.
//!
//! Every part with a peak is refined: core and ring give a half-maximum level, the region above it is
//! grown from the part, and of overlapping regions the better one is kept.
//! Source: `reference/science.md` 6.4; levels and peak from `reference/time-series.md`.

use crate::grid::{Pixel, Window};
use crate::patch::label::{Component, neighbours, parts};
use crate::patch::{Patch, area, contour, shape};

/// Levels of the tree, in units of evidence (about sigma).
pub const LEVELS: [f32; 4] = [3.0, 4.2, 6.0, 8.5];

/// A part without a pixel this high is not refined.
pub const PEAK: f32 = 4.5;

/// Smallest part worth refining, in pixels.
const SMALLEST_PART: usize = 4;

/// Smallest region kept, in pixels.
const SMALLEST_REGION: usize = 6;

/// How far a region may reach beyond its part, in pixels.
const REACH: usize = 2;

/// Percentile of a part that stands for its core.
///
/// `reference/science.md` 6.4 takes 75; on noise that lifts the core and so shrinks the outline (median
/// area ratio 0.86 on the simulated steppe).
const CORE_PERCENT: usize = 50;

/// Distance of the ring around a part, in pixels.
const RING: (usize, usize) = (3, 6);

/// A region is dropped when more than this share of it is taken by a better one.
const MOST_TAKEN: f32 = 0.2;

/// Pixels around a component that refinement looks at.
pub const MARGIN: usize = RING.1 + 2;

/// Evidence over a window, NaN where there is none; row-major.
pub struct Field {
    /// Place on the grid.
    pub window: Window,
    /// Evidence.
    pub values: Vec<f32>,
}

impl Field {
    /// The value of a pixel, 0 where there is none.
    pub fn at(&self, pixel: usize) -> f32 {
        let value = self.values[pixel];
        if value.is_nan() { 0.0 } else { value }
    }
}

/// A refined part before it is made a patch.
struct Region {
    pixels: Vec<usize>,
    core: f32,
    ring: f32,
    score: f32,
}

/// The patches in one component.
pub fn patches(component: &Component, field: &Field) -> Vec<Patch> {
    let window = field.window;
    let mut inside = vec![false; window.len()];
    for run in &component.runs {
        let row = (run.row - window.row0) * window.cols;
        inside[row + run.from - window.col0..row + run.to - window.col0].fill(true);
    }
    let mut regions = Vec::new();
    for level in LEVELS {
        let above: Vec<bool> = (0..inside.len()).map(|p| inside[p] && field.at(p) >= level).collect();
        for part in parts(&above, window.rows, window.cols, false) {
            let peak = part.iter().map(|pixel| field.at(*pixel)).fold(0.0, f32::max);
            if part.len() >= SMALLEST_PART && peak >= PEAK {
                regions.extend(refined(field, &part, &[]));
            }
        }
    }
    regions.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.pixels.cmp(&b.pixels)));
    let mut taken = vec![false; window.len()];
    let mut patches = Vec::new();
    for region in regions {
        let already = region.pixels.iter().filter(|pixel| taken[**pixel]).count();
        if already as f32 <= MOST_TAKEN * region.pixels.len() as f32 {
            region.pixels.iter().for_each(|pixel| taken[*pixel] = true);
            patches.extend(finished(field, &region));
            continue;
        }
        // Of a region that holds a better one, what is left may be a change of its own.
        for rest in left_over(&region, &taken, window) {
            rest.pixels.iter().for_each(|pixel| taken[*pixel] = true);
            patches.extend(finished(field, &rest));
        }
    }
    patches
}

/// The parts of a region that are not taken and are more than a rim: some pixel has all its
/// neighbours in the same part.
fn left_over(region: &Region, taken: &[bool], window: Window) -> Vec<Region> {
    let mut free = vec![false; window.len()];
    region.pixels.iter().for_each(|pixel| free[*pixel] = !taken[*pixel]);
    let has_inside = |part: &Vec<usize>| {
        part.iter().any(|pixel| {
            neighbours(*pixel, window.rows, window.cols, true).filter(|next| free[*next]).count() == 8
        })
    };
    let mut rest = parts(&free, window.rows, window.cols, false);
    rest.retain(|part| part.len() >= SMALLEST_REGION && has_inside(part));
    let as_region = |pixels: Vec<usize>| Region { pixels: filled(&pixels, window), ..*region };
    rest.into_iter().map(as_region).collect()
}

/// Cuts one part of a field at its half-maximum contour; the region may fill `ground` besides.
pub fn cut(field: &Field, part: &[usize], ground: &[usize]) -> Option<Patch> {
    finished(field, &refined(field, part, ground)?)
}

/// Grows a part to its half-maximum contour, over `ground` and a little beyond the part.
fn refined(field: &Field, part: &[usize], ground: &[usize]) -> Option<Region> {
    let window = field.window;
    let mut inside: Vec<f32> = part.iter().map(|pixel| field.at(*pixel)).collect();
    inside.sort_unstable_by(f32::total_cmp);
    let core = inside[(inside.len() - 1) * CORE_PERCENT / 100];
    let distance = steps_from(part, window, RING.1);
    let in_ring = |pixel: &usize| {
        (RING.0..=RING.1).contains(&usize::from(distance[*pixel])) && !field.values[*pixel].is_nan()
    };
    let mut around: Vec<f32> = (0..window.len()).filter(in_ring).map(|pixel| field.at(pixel)).collect();
    let ring = if around.is_empty() {
        0.0
    } else {
        let middle = around.len() / 2;
        *around.select_nth_unstable_by(middle, f32::total_cmp).1
    };
    let half = 0.5 * (core + ring);
    let mut mask: Vec<bool> = (0..window.len()).map(|pixel| usize::from(distance[pixel]) <= REACH).collect();
    ground.iter().for_each(|pixel| mask[*pixel] = true);
    (0..window.len()).for_each(|pixel| mask[pixel] &= field.at(pixel) >= half);
    // Of several regions above the level, the one that holds most of the part.
    let held = |region: &Vec<usize>| region.iter().filter(|pixel| distance[**pixel] == 0).count();
    let region = parts(&mask, window.rows, window.cols, false)
        .into_iter()
        .max_by(|a, b| held(a).cmp(&held(b)).then(a.len().cmp(&b.len())).then(b[0].cmp(&a[0])))?;
    let pixels = filled(&region, window);
    if pixels.len() < SMALLEST_REGION {
        return None;
    }
    let score = (core - ring) * (pixels.len().min(400) as f32).sqrt() * sharpness(field, &pixels, core);
    Some(Region { pixels, core, ring, score })
}

/// Fall across the edge: mean of the rim (2 px inside) less mean at 2 to 3 px outside, as a share of
/// the core. A field falls off within its mixed pixels (.6 and more); a hollow or the ground around a
/// well fades over many (.2 to .4). Measured against the core, not against core less ring: the ring of a
/// wide soft patch lies on its own slope.
fn sharpness(field: &Field, pixels: &[usize], core: f32) -> f32 {
    let outward = steps_from(pixels, field.window, 3);
    let outside: Vec<usize> = (0..field.window.len()).filter(|pixel| outward[*pixel] > 0).collect();
    let inward = steps_from(&outside, field.window, 2);
    let mean = |wanted: &dyn Fn(usize) -> bool| {
        let chosen: Vec<f32> = (0..field.window.len()).filter(|p| wanted(*p)).map(|p| field.at(p)).collect();
        chosen.iter().sum::<f32>() / chosen.len().max(1) as f32
    };
    let rim = mean(&|pixel| outward[pixel] == 0 && inward[pixel] <= 2);
    let beyond = mean(&|pixel| (2..=3).contains(&outward[pixel]) && !field.values[pixel].is_nan());
    ((rim - beyond) / core.max(0.5)).clamp(0.0, 1.2)
}

/// City-block-and-diagonal steps from a set of pixels, up to `most`; `u8::MAX` beyond.
fn steps_from(pixels: &[usize], window: Window, most: usize) -> Vec<u8> {
    let mut distance = vec![u8::MAX; window.len()];
    pixels.iter().for_each(|pixel| distance[*pixel] = 0);
    let mut front: Vec<usize> = pixels.to_vec();
    for step in 1..=most as u8 {
        let mut next = Vec::new();
        // Diagonals count in every other step: an octagon is near enough to a disc here.
        for &pixel in &front {
            for neighbour in neighbours(pixel, window.rows, window.cols, step % 2 == 0) {
                if distance[neighbour] == u8::MAX {
                    distance[neighbour] = step;
                    next.push(neighbour);
                }
            }
        }
        front = next;
    }
    distance
}

/// A region with its holes filled, in order of pixels.
pub fn filled(region: &[usize], window: Window) -> Vec<usize> {
    let mut outside = vec![true; window.len()];
    region.iter().for_each(|pixel| outside[*pixel] = false);
    let touches_border = |part: &Vec<usize>| {
        let at_border = |pixel: &usize| {
            let (row, col) = (pixel / window.cols, pixel % window.cols);
            row == 0 || col == 0 || row + 1 == window.rows || col + 1 == window.cols
        };
        part.iter().any(at_border)
    };
    let mut result = region.to_vec();
    for part in parts(&outside, window.rows, window.cols, true) {
        if !touches_border(&part) {
            result.extend(part);
        }
    }
    result.sort_unstable();
    result
}

fn finished(field: &Field, region: &Region) -> Option<Patch> {
    let window = field.window;
    let half = 0.5 * (region.core + region.ring);
    let outline = contour::outline(field, &region.pixels, half)?;
    let pixel = |index: &usize| Pixel {
        row: window.row0 + index / window.cols,
        col: window.col0 + index % window.cols,
    };
    let pixels: Vec<Pixel> = region.pixels.iter().map(pixel).collect();
    let sharpness = sharpness(field, &region.pixels, region.core);
    let inside: Vec<f32> = region.pixels.iter().map(|p| field.at(*p)).collect();
    Some(Patch {
        window: bounds(&pixels),
        shape: shape::of(&outline, &inside, sharpness),
        area_px: area::of(&outline),
        core: region.core,
        ring: region.ring,
        pixels,
        outline,
    })
}

/// Bounding window of pixels in row-major order.
pub fn bounds(pixels: &[Pixel]) -> Window {
    let row0 = pixels.first().map_or(0, |pixel| pixel.row);
    let row_end = pixels.last().map_or(0, |pixel| pixel.row + 1);
    let col0 = pixels.iter().map(|pixel| pixel.col).min().unwrap_or(0);
    let col_end = pixels.iter().map(|pixel| pixel.col + 1).max().unwrap_or(0);
    Window { row0, col0, rows: row_end - row0, cols: col_end - col0 }
}

#[cfg(test)]
mod tests;
