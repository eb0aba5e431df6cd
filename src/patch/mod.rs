//! Evidence -> candidates -> outlines with area, the same whatever the tiles.
//!
//! In:  evidence planes written tile by tile into `Scratch`.
//! Out: `Patch`: pixels, sub-pixel outline at the half-maximum contour, area with interval, shape.
//! Law: nothing here knows where a tile ended.
//! Source: `reference/science.md` 6.4 (component tree; a contour at half of core and ring, because any
//! fixed threshold biases area, +31 % in its experiment).

pub mod area;

pub mod contour;

pub mod filter;

pub mod label;

pub mod scratch;

pub mod shape;

pub mod tree;

use geo::Polygon;
use serde::{Deserialize, Serialize};

use crate::grid::{Pixel, Window};

/// A patch of evidence with its outline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// Bounding window of the pixels.
    pub window: Window,
    /// Pixels inside, in row-major order.
    pub pixels: Vec<Pixel>,
    /// Outline in pixel coordinates: x = column, y = row, (0, 0) the outer corner of the grid.
    pub outline: Polygon<f64>,
    /// Upper quartile of evidence inside.
    pub core: f32,
    /// Median evidence around it.
    pub ring: f32,
    /// Area in pixels: best, and one sigma of it.
    pub area_px: (f64, f64),
    /// Shape of the outline and of the evidence in it.
    pub shape: shape::Shape,
}
