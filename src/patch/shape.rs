//! Shape of an outline: fields and buildings are sharp, straight and even; nature is soft.
//!
//! Source: `reference/science.md` section 2 (true against false candidates: edge sharpness .71 to .94
//! against .52 to .84; area over minimum rectangle .72 to .87 against .54 to .78).

use geo::{Area, ConvexHull, Euclidean, Length, MinimumRotatedRect, Polygon};
use serde::{Deserialize, Serialize};

/// Shape of a patch; all ratios 0 to 1 except where said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Fall across the edge as a share of the core, 0 to 1.2.
    pub sharpness: f32,
    /// Area over the area of the smallest rotated rectangle.
    pub rectangularity: f32,
    /// 4 pi area / perimeter^2.
    pub circularity: f32,
    /// Area over the area of the convex hull.
    pub solidity: f32,
    /// Length over width of the smallest rotated rectangle, at least 1.
    pub elongation: f32,
    /// Standard deviation over mean of evidence inside.
    pub unevenness: f32,
    /// Length of the strip of the same area and perimeter, pixels: follows a road round its bends.
    pub length_px: f32,
    /// Width of that strip, pixels.
    pub width_px: f32,
}

/// Measures an outline (pixel coordinates) and the evidence inside.
pub fn of(outline: &Polygon<f64>, inside: &[f32], sharpness: f32) -> Shape {
    let area = outline.unsigned_area();
    let perimeter = Euclidean.length(outline.exterior());
    let length = strip_length(area, perimeter);
    let rectangle = outline.minimum_rotated_rect();
    let sides = rectangle.as_ref().map_or((1.0, 1.0), sides);
    let hull = outline.convex_hull().unsigned_area();
    let mean = inside.iter().sum::<f32>() / inside.len().max(1) as f32;
    let variance = inside.iter().map(|e| (e - mean).powi(2)).sum::<f32>() / inside.len().max(1) as f32;
    Shape {
        sharpness,
        rectangularity: (area / (sides.0 * sides.1).max(1e-9)) as f32,
        circularity: (4.0 * std::f64::consts::PI * area / perimeter.powi(2).max(1e-9)) as f32,
        solidity: (area / hull.max(1e-9)) as f32,
        elongation: (sides.0 / sides.1.max(1e-9)) as f32,
        unevenness: variance.sqrt() / mean.max(1e-6),
        length_px: length as f32,
        width_px: (area / length.max(1e-9)) as f32,
    }
}

/// Long side of the rectangle with this area and perimeter; of anything rounder than a square a quarter of the
/// perimeter.
fn strip_length(area: f64, perimeter: f64) -> f64 {
    (perimeter + (perimeter.powi(2) - 16.0 * area).max(0.0).sqrt()) / 4.0
}

/// Long and short side of a rectangle.
fn sides(rectangle: &Polygon<f64>) -> (f64, f64) {
    let corners: Vec<_> = rectangle.exterior().coords().collect();
    let side = |a: usize, b: usize| (corners[a].x - corners[b].x).hypot(corners[a].y - corners[b].y);
    if corners.len() < 4 {
        return (1.0, 1.0);
    }
    let (a, b) = (side(0, 1), side(1, 2));
    (a.max(b), a.min(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{coord, polygon};

    #[test]
    fn a_road_round_a_corner_is_as_long_as_it_is_driven() {
        // Two legs of 100 px, 2 px wide.
        let road = polygon![(x: 0.0, y: 0.0), (x: 100.0, y: 0.0), (x: 100.0, y: 100.0), (x: 98.0, y: 100.0), (x: 98.0, y: 2.0), (x: 0.0, y: 2.0)];
        let shape = of(&road, &[1.0], 1.0);
        assert!((shape.length_px - 198.0).abs() < 2.0 && (shape.width_px - 2.0).abs() < 0.05, "{shape:?}");
    }

    fn near(found: f32, expected: f32) -> bool {
        (found - expected).abs() < 1e-4
    }

    fn rectangle(width: f64, height: f64) -> Polygon<f64> {
        polygon![(x: 3.0, y: 7.0), (x: 3.0 + width, y: 7.0), (x: 3.0 + width, y: 7.0 + height), (x: 3.0, y: 7.0 + height)]
    }

    #[test]
    fn a_strip_is_straight_and_long_whichever_way_it_lies() {
        for strip in [rectangle(8.0, 2.0), rectangle(2.0, 8.0)] {
            let shape = of(&strip, &[5.0], 0.7);
            assert!(near(shape.length_px, 8.0) && near(shape.width_px, 2.0) && near(shape.elongation, 4.0));
            assert!(near(shape.rectangularity, 1.0) && near(shape.solidity, 1.0) && shape.sharpness == 0.7);
            // 4 pi 16 over 20 squared.
            assert!(near(shape.circularity, 0.502_65), "{shape:?}");
        }
    }

    #[test]
    fn a_square_on_its_corner_fills_its_rectangle() {
        let square = polygon![(x: 5.0, y: 0.0), (x: 10.0, y: 5.0), (x: 5.0, y: 10.0), (x: 0.0, y: 5.0)];
        let shape = of(&square, &[1.0], 1.0);
        assert!(near(shape.rectangularity, 1.0) && near(shape.elongation, 1.0));
    }

    #[test]
    fn an_angle_fills_three_quarters_of_its_rectangle_and_six_sevenths_of_its_hull() {
        let angle = polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 1.0), (x: 1.0, y: 1.0), (x: 1.0, y: 2.0), (x: 0.0, y: 2.0)];
        let shape = of(&angle, &[1.0], 1.0);
        assert!(near(shape.solidity, 6.0 / 7.0) && near(shape.circularity, 0.589_05), "{shape:?}");
        assert!(near(shape.rectangularity, 0.75), "{shape:?}");
    }

    #[test]
    fn what_is_rounder_than_a_square_is_a_quarter_of_its_outline_long() {
        let corner = |step: u8| (f64::from(step) * 10.0).to_radians().sin_cos();
        let ring = (0..36).map(corner).map(|(y, x)| coord! { x: 4.0 * x, y: 4.0 * y }).collect();
        let round = Polygon::new(ring, vec![]);
        let shape = of(&round, &[1.0], 1.0);
        // A polygon of 36 sides round a radius of 4: outline 72 x 4 sin 5, area 18 x 16 sin 10 degrees.
        let (outline, area) = (288.0 * 5.0_f32.to_radians().sin(), 288.0 * 10.0_f32.to_radians().sin());
        assert!(near(shape.length_px, outline / 4.0) && near(shape.width_px, 4.0 * area / outline));
    }

    #[test]
    fn unevenness_is_spread_over_mean() {
        // Mean 4, variance 10 / 6.
        assert!(near(of(&rectangle(2.0, 2.0), &[2.0, 4.0, 4.0, 6.0, 3.0, 5.0], 1.0).unevenness, 0.322_75));
        assert_eq!(of(&rectangle(2.0, 2.0), &[3.0, 3.0], 1.0).unevenness, 0.0);
        assert_eq!(of(&rectangle(2.0, 2.0), &[], 1.0).unevenness, 0.0);
    }
}
