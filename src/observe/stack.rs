//! All views of a window: features as whole numbers of 1/10 000, the whole history of a pixel side by side.
//!
//! Law: 16-bit integers are exact, small, and the same on every machine; `MISSING` is not observed.

use crate::date::Date;
use crate::grid::Window;
use crate::submodel::Feature;

/// The value of a pixel that was not observed.
pub const MISSING: i16 = i16::MIN;

/// Feature values are stored as multiples of this.
pub const STEP: f32 = 1e-4;

/// All views of a window.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Place on the plan's grid.
    pub window: Window,
    /// Date of each view, ascending.
    pub dates: Vec<Date>,
    /// Features kept, in the order of `Feature::ALL`.
    pub features: Vec<Feature>,
    /// Row-major over the window; of each pixel `view * features + feature`. All that is asked of a pixel is
    /// asked through time, so its history lies in one place.
    values: Vec<i16>,
}

impl Stack {
    /// A stack in which nothing has been observed yet.
    pub fn new(window: Window, dates: Vec<Date>, features: Vec<Feature>) -> Self {
        let values = vec![MISSING; window.len() * dates.len() * features.len()];
        Self { window, dates, features, values }
    }

    /// Bytes that a stack of this shape holds.
    pub fn bytes(window: Window, views: usize, features: usize) -> usize {
        window.len() * views * features * size_of::<i16>()
    }

    /// Place of a feature among the planes of a view.
    pub fn place(&self, feature: Feature) -> Option<usize> {
        self.features.iter().position(|kept| *kept == feature)
    }

    /// Numbers of one pixel.
    fn width(&self) -> usize {
        self.dates.len() * self.features.len()
    }

    /// The history of a pixel, `view * features + feature`.
    pub fn history(&self, pixel: usize) -> &[i16] {
        &self.values[pixel * self.width()..(pixel + 1) * self.width()]
    }

    /// One stored number.
    pub fn at(&self, pixel: usize, view: usize, feature: usize) -> i16 {
        self.values[pixel * self.width() + view * self.features.len() + feature]
    }

    /// One view of a pixel, feature by feature.
    fn view_mut(&mut self, pixel: usize, view: usize) -> &mut [i16] {
        let (features, from) = (self.features.len(), pixel * self.width() + view * self.features.len());
        &mut self.values[from..from + features]
    }

    /// Lays a scene over one view: what it saw clear, in every feature; elsewhere stays what another scene of the
    /// same day saw.
    pub fn lay(&mut self, view: usize, values: &[Vec<f32>], clear: &[bool]) {
        for pixel in 0..self.window.len() {
            if clear[pixel] && values.iter().all(|plane| plane[pixel].is_finite()) {
                for (stored, plane) in self.view_mut(pixel, view).iter_mut().zip(values) {
                    *stored = quantised(plane[pixel]);
                }
            }
        }
    }

    /// Whether a pixel was observed in a view.
    pub fn is_seen(&self, view: usize, pixel: usize) -> bool {
        self.at(pixel, view, 0) != MISSING
    }

    /// Forgets a pixel in a view.
    pub fn forget(&mut self, view: usize, pixel: usize) {
        self.view_mut(pixel, view).fill(MISSING);
    }

    /// Number in the stack of a pixel given by its place on the plan's grid.
    pub fn pixel_at(&self, row: usize, col: usize) -> usize {
        (row - self.window.row0) * self.window.cols + col - self.window.col0
    }
}

/// The nearest multiple of `STEP`, kept inside the range that is not `MISSING`.
pub fn quantised(value: f32) -> i16 {
    (value / STEP).round().clamp(-32_000.0, 32_000.0) as i16
}

/// The value behind a stored number; NaN for `MISSING`.
pub fn value(stored: i16) -> f32 {
    if stored == MISSING { f32::NAN } else { f32::from(stored) * STEP }
}
