//! What a lead shares with red lines and permits, in square metres on the ellipsoid.

use geo::{
    Area, BooleanOps, BoundingRect, Buffer, Coord, GeodesicArea, Intersects, MapCoords, MultiPolygon, Rect,
    unary_union,
};

use crate::units::SquareMetres;

/// Geodesic area of polygons in longitude and latitude (WGS 84 ellipsoid; CGCS2000 differs by less
/// than a millionth).
pub fn geodesic_area(polygons: &MultiPolygon<f64>) -> SquareMetres {
    // The absolute value, because orientation is a matter of files, not of ground.
    SquareMetres(polygons.0.iter().map(|polygon| polygon.geodesic_area_signed().abs()).sum())
}

/// Polygons with their bounding boxes, so that most of them need not be looked at.
pub struct Indexed {
    polygons: Vec<(Option<Rect<f64>>, MultiPolygon<f64>)>,
}

impl Indexed {
    /// Indexes polygons in longitude and latitude.
    pub fn new<'a>(polygons: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Self {
        Self { polygons: polygons.map(|polygon| (polygon.bounding_rect(), polygon.clone())).collect() }
    }

    /// (place in the list, shared area) of every polygon that shares ground with `outline`.
    pub fn overlaps(&self, outline: &MultiPolygon<f64>) -> Vec<(usize, SquareMetres)> {
        let Some(bounds) = outline.bounding_rect() else { return Vec::new() };
        let shared = |(place, (rect, polygon)): (usize, &(Option<Rect<f64>>, MultiPolygon<f64>))| {
            rect.filter(|rect| rect.intersects(&bounds))?;
            let shared = clipped(polygon, &bounds).intersection(outline);
            (shared.unsigned_area() > 0.0).then(|| (place, geodesic_area(&shared)))
        };
        self.polygons.iter().enumerate().filter_map(shared).collect()
    }

    /// Area that `outline` shares with any of some polygons, given by their places.
    pub fn shared(&self, outline: &MultiPolygon<f64>, places: &[usize]) -> SquareMetres {
        let Some(bounds) = outline.bounding_rect() else { return SquareMetres(0.0) };
        let near: Vec<MultiPolygon<f64>> =
            places.iter().map(|place| clipped(&self.polygons[*place].1, &bounds)).collect();
        match near.as_slice() {
            [] => SquareMetres(0.0),
            [one] => geodesic_area(&one.intersection(outline)),
            several => geodesic_area(&unary_union(several).intersection(outline)),
        }
    }

    /// The part of `outline` that lies in none of some polygons, given by their places, nor within `border_m` metres.
    pub fn outside(&self, outline: &MultiPolygon<f64>, places: &[usize], border_m: f64) -> MultiPolygon<f64> {
        let Some(bounds) = outline.bounding_rect() else { return outline.clone() };
        let near: Vec<MultiPolygon<f64>> =
            places.iter().map(|place| clipped(&self.polygons[*place].1, &bounds)).collect();
        let mut union = unary_union(&near);
        if border_m > 0.0 {
            union = widened(&union, border_m, bounds.center().y);
        }
        outline.difference(&union)
    }
}

/// Metres of a degree of latitude, and of longitude at the equator; a border of some metres needs no better.
pub const METRES_PER_DEGREE: f64 = 111_195.0;

/// Polygons on a plane of metres around a latitude; distances of some kilometres hold to a hundredth.
pub fn in_metres(polygons: &MultiPolygon<f64>, latitude: f64) -> MultiPolygon<f64> {
    let (x, y) = (METRES_PER_DEGREE * latitude.to_radians().cos(), METRES_PER_DEGREE);
    polygons.map_coords(|at| Coord { x: at.x * x, y: at.y * y })
}

/// Polygons with their borders moved outward by some metres.
fn widened(polygons: &MultiPolygon<f64>, metres: f64, latitude: f64) -> MultiPolygon<f64> {
    let (x, y) = (METRES_PER_DEGREE * latitude.to_radians().cos(), METRES_PER_DEGREE);
    in_metres(polygons, latitude).buffer(metres).map_coords(|at| Coord { x: at.x / x, y: at.y / y })
}

/// The part of a polygon near a box: a county outline is cut down before it meets a small lead.
fn clipped(polygon: &MultiPolygon<f64>, bounds: &Rect<f64>) -> MultiPolygon<f64> {
    let (width, height) = (bounds.width().max(1e-6), bounds.height().max(1e-6));
    let frame = Rect::new(
        (bounds.min().x - width, bounds.min().y - height),
        (bounds.max().x + width, bounds.max().y + height),
    );
    polygon.intersection(&MultiPolygon(vec![frame.to_polygon()]))
}
