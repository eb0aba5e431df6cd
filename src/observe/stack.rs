//! All views of a window: features as whole numbers of 1/10 000, one plane a date and feature.
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
    /// Planes, `view * features + feature`, each row-major over the window.
    planes: Vec<Vec<i16>>,
}

impl Stack {
    /// A stack in which nothing has been observed yet.
    pub fn new(window: Window, dates: Vec<Date>, features: Vec<Feature>) -> Self {
        let planes = vec![vec![MISSING; window.len()]; dates.len() * features.len()];
        Self { window, dates, features, planes }
    }

    /// Bytes that a stack of this shape holds.
    pub fn bytes(window: Window, views: usize, features: usize) -> usize {
        window.len() * views * features * size_of::<i16>()
    }

    /// Place of a feature among the planes of a view.
    pub fn place(&self, feature: Feature) -> Option<usize> {
        self.features.iter().position(|kept| *kept == feature)
    }

    /// One plane.
    pub fn plane(&self, view: usize, feature: usize) -> &[i16] {
        &self.planes[view * self.features.len() + feature]
    }

    /// One plane, to write.
    pub fn plane_mut(&mut self, view: usize, feature: usize) -> &mut [i16] {
        &mut self.planes[view * self.features.len() + feature]
    }

    /// Sets one view; a pixel that lacks any feature or is not clear is missing in all.
    pub fn set_view(&mut self, view: usize, values: &[Vec<f32>], clear: &[bool]) {
        for pixel in 0..self.window.len() {
            let seen = clear[pixel] && values.iter().all(|plane| plane[pixel].is_finite());
            for (feature, plane) in values.iter().enumerate() {
                self.plane_mut(view, feature)[pixel] = if seen { quantised(plane[pixel]) } else { MISSING };
            }
        }
    }

    /// Whether a pixel was observed in a view.
    pub fn is_seen(&self, view: usize, pixel: usize) -> bool {
        self.plane(view, 0)[pixel] != MISSING
    }

    /// Forgets a pixel in a view.
    pub fn forget(&mut self, view: usize, pixel: usize) {
        for feature in 0..self.features.len() {
            self.plane_mut(view, feature)[pixel] = MISSING;
        }
    }

    /// The part of the stack over a window inside its own.
    pub fn cropped(&self, window: Window) -> Stack {
        let mut result = Stack::new(window, self.dates.clone(), self.features.clone());
        let (row0, col0) = (window.row0 - self.window.row0, window.col0 - self.window.col0);
        for (plane, source) in result.planes.iter_mut().zip(&self.planes) {
            for row in 0..window.rows {
                let from = (row0 + row) * self.window.cols + col0;
                plane[row * window.cols..(row + 1) * window.cols]
                    .copy_from_slice(&source[from..from + window.cols]);
            }
        }
        result
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
