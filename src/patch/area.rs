//! Area of an outline in pixels, and how well 10 m pixels can know it.

use geo::{Area, Euclidean, Length, Polygon};

/// Systematic registration and contour error along the whole outline, in pixels.
///
/// Source: `reference/science.md` 6.4: sigma_A^2 = (0.15 P)^2 + 0.25^2 P, P the perimeter in pixels.
const SYSTEMATIC: f64 = 0.15;

/// Random error of each pixel of the outline, in pixels.
const RANDOM: f64 = 0.25;

/// Area in pixels and one sigma of it.
pub fn of(outline: &Polygon<f64>) -> (f64, f64) {
    let perimeter = Euclidean.length(outline.exterior());
    let sigma = ((SYSTEMATIC * perimeter).powi(2) + RANDOM * RANDOM * perimeter).sqrt();
    (outline.unsigned_area(), sigma)
}
