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

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    #[test]
    fn the_error_of_an_area_grows_with_its_outline_and_not_with_its_direction() {
        // 3 x 4 pixels, 14 around: (.15 x 14)^2 + .25^2 x 14 = 4.41 + .875.
        let mut field = polygon![(x: 2.0, y: 1.0), (x: 5.0, y: 1.0), (x: 5.0, y: 5.0), (x: 2.0, y: 5.0)];
        let (area, sigma) = of(&field);
        assert!((area - 12.0).abs() < 1e-12 && (sigma - 5.285_f64.sqrt()).abs() < 1e-12);
        field.exterior_mut(|ring| ring.0.reverse());
        assert_eq!(of(&field), (area, sigma));
    }
}
