//! What a pixel looked like in the look-back: median and spread of each feature.
//!
//! Two pixels with near descriptors are look-alikes; donors are chosen by them, whatever red line
//! they lie in.

use crate::grid::Window;
use crate::observe::stack::{MISSING, Stack, value};
use crate::submodel::Feature;

/// Fewest clear look-back views from which a pixel can be described.
pub const LEAST_VIEWS: usize = 4;

/// Numbers in a descriptor: median and spread of up to three features.
pub const DIMENSIONS: usize = 6;

/// Descriptor in units of what would make two pixels clearly different.
pub type Descriptor = [f32; DIMENSIONS];

/// Descriptors of the pixels of a stack.
pub struct Descriptors {
    /// Row-major over the stack; `None` where history is too short or nobody asked.
    pub of_pixels: Vec<Option<Descriptor>>,
}

impl Descriptors {
    /// Describes every pixel of some windows that has at least `LEAST_VIEWS` look-back views.
    pub fn of(stack: &Stack, look_back: &[bool], windows: &[Window]) -> Self {
        let views: Vec<usize> = (0..stack.dates.len()).filter(|view| look_back[*view]).collect();
        let features: Vec<usize> =
            [Feature::Ndvi, Feature::Bsi, Feature::Brightness, Feature::Ndwi, Feature::Ndmi]
                .into_iter()
                .filter_map(|feature| stack.place(feature))
                .take(DIMENSIONS / 2)
                .collect();
        let mut scratch = Vec::new();
        let mut is_wanted = vec![false; stack.window.len()];
        for window in windows.iter().map(|window| window.intersection(stack.window)) {
            for row in window.row0..window.row_end() {
                let from = stack.pixel_at(row, window.col0);
                is_wanted[from..from + window.cols].fill(true);
            }
        }
        let mut describe =
            |pixel: usize| is_wanted[pixel].then(|| describe(stack, &views, &features, pixel, &mut scratch));
        Self { of_pixels: (0..stack.window.len()).map(|pixel| describe(pixel).flatten()).collect() }
    }

    /// Descriptor of one pixel.
    pub fn of_pixel(&self, pixel: usize) -> Option<&Descriptor> {
        self.of_pixels[pixel].as_ref()
    }
}

fn describe(
    stack: &Stack,
    views: &[usize],
    features: &[usize],
    pixel: usize,
    scratch: &mut Vec<i16>,
) -> Option<Descriptor> {
    let mut descriptor = [0.0; DIMENSIONS];
    for (place, &feature) in features.iter().enumerate() {
        scratch.clear();
        let history = stack.history(pixel);
        let stored = views.iter().map(|view| history[view * stack.features.len() + feature]);
        scratch.extend(stored.filter(|stored| *stored != MISSING));
        if scratch.len() < LEAST_VIEWS {
            return None;
        }
        scratch.sort_unstable();
        let at = |share: f32| value(scratch[((scratch.len() - 1) as f32 * share).round() as usize]);
        let unit = 2.0 * stack.features[feature].spread_floor();
        descriptor[2 * place] = at(0.5) / unit;
        descriptor[2 * place + 1] = (at(0.8) - at(0.2)) / unit;
    }
    Some(descriptor)
}
