//! An equal-area plane for polygons in longitude and latitude, and the set operations on it.
//!
//! In:  polygons in degrees (WGS 84 or CGCS2000).
//! Out: polygons in metres whose planar area is the area on the ellipsoid.
//! Law: area is true wherever the plane is centred (edges are straight on the plane, not geodesics:
//!      less than 0.001 % at the size of a parcel); shape is true near the centre only, so nothing here
//!      measures a length.
//! Source: Lambert cylindrical equal-area projection with one standard parallel, ellipsoidal form:
//!      J. P. Snyder, Map Projections, USGS Professional Paper 1395 (1987), formulas 3-12, 10-13 to 10-15.

use geo::{
    Area, BooleanOps, BoundingRect, Coord, MapCoords, MultiPolygon, Orient, Rect, orient, unary_union,
};

/// Semi-major axis of the WGS 84 ellipsoid in metres.
const SEMI_MAJOR_METRES: f64 = 6_378_137.0;
/// Flattening of the WGS 84 ellipsoid.
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// An equal-area plane around a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    longitude: f64,
    authalic: f64,
    /// Scale along the standard parallel over the semi-major axis.
    scale: f64,
}

/// A polygon set on a plane with what matching asks of it again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Valid, oriented, without overlaps; metres on the plane.
    pub polygons: MultiPolygon<f64>,
    /// Area in square metres.
    pub area: f64,
    bounds: Option<Rect<f64>>,
}

impl Plane {
    /// A plane centred on a place given in degrees.
    pub fn centred(longitude: f64, latitude: f64) -> Self {
        let (sine, cosine) = latitude.to_radians().sin_cos();
        let scale = cosine / (1.0 - eccentricity_squared() * sine * sine).sqrt();
        Self { longitude, authalic: authalic_term(latitude), scale }
    }

    /// A plane centred on what several polygon sets cover together; on (0, 0) when that is nothing.
    pub fn around<'a>(sets: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Self {
        let rects = sets.filter_map(BoundingRect::bounding_rect);
        let centre = rects.reduce(joined).map_or(Coord { x: 0.0, y: 0.0 }, |rect| rect.center());
        Self::centred(centre.x, centre.y)
    }

    /// A point in degrees as metres east and north of the centre.
    pub fn point(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        let x = SEMI_MAJOR_METRES * self.scale * (longitude - self.longitude).to_radians();
        let y = SEMI_MAJOR_METRES * (authalic_term(latitude) - self.authalic) / (2.0 * self.scale);
        (x, y)
    }

    /// A polygon set in degrees as a shape on this plane. Parts that overlap count once.
    pub fn shape(&self, degrees: &MultiPolygon<f64>) -> Shape {
        let metres = degrees.map_coords(|Coord { x, y }| {
            let (x, y) = self.point(x, y);
            Coord { x, y }
        });
        Shape::new(&metres)
    }
}

impl Shape {
    /// A shape from polygons in metres that may overlap one another.
    pub fn new(metres: &MultiPolygon<f64>) -> Self {
        // The union reads the winding of its input; files do not all keep the right-hand rule.
        let oriented = metres.orient(orient::Direction::Default);
        Self::of_union(unary_union(&oriented))
    }

    /// The union of shapes; empty when there are none.
    pub fn union<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Self {
        let parts: Vec<_> = shapes.flat_map(|shape| &shape.polygons).collect();
        Self::of_union(unary_union(parts))
    }

    /// Area shared with another shape, square metres.
    pub fn shared(&self, other: &Shape) -> f64 {
        if self.is_apart_from(other) {
            0.0
        } else {
            self.polygons.intersection(&other.polygons).unsigned_area()
        }
    }

    /// Whether the bounding boxes have nothing in common.
    pub fn is_apart_from(&self, other: &Shape) -> bool {
        let (Some(a), Some(b)) = (self.bounds, other.bounds) else { return true };
        a.max().x <= b.min().x || b.max().x <= a.min().x || a.max().y <= b.min().y || b.max().y <= a.min().y
    }

    fn of_union(polygons: MultiPolygon<f64>) -> Self {
        let (area, bounds) = (polygons.unsigned_area(), polygons.bounding_rect());
        Self { polygons, area, bounds }
    }
}

/// The smallest box that holds two.
pub fn joined(a: Rect<f64>, b: Rect<f64>) -> Rect<f64> {
    Rect::new(
        (a.min().x.min(b.min().x), a.min().y.min(b.min().y)),
        (a.max().x.max(b.max().x), a.max().y.max(b.max().y)),
    )
}

fn eccentricity_squared() -> f64 {
    FLATTENING * (2.0 - FLATTENING)
}

/// Ground that a box of a small angle each way spans at a latitude in degrees, in arbitrary units: the derivative of
/// Snyder's q.
pub fn ground_at(latitude: f64) -> f64 {
    let (sine, cosine) = latitude.to_radians().sin_cos();
    cosine / (1.0 - eccentricity_squared() * sine * sine).powi(2)
}

/// Snyder's q: proportional to the area between the equator and a latitude in degrees.
fn authalic_term(latitude: f64) -> f64 {
    let e2 = eccentricity_squared();
    let e = e2.sqrt();
    let sine = latitude.to_radians().sin();
    (1.0 - e2) * (sine / (1.0 - e2 * sine * sine) + (e * sine).atanh() / e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{GeodesicArea, polygon};

    #[test]
    fn area_on_the_plane_is_the_geodesic_area_also_far_from_the_centre() {
        for (longitude, latitude) in [(113.0, 42.0), (4.0, 50.7), (-60.0, -33.0), (113.0, 44.0)] {
            let parcel = MultiPolygon(vec![polygon![
                (x: longitude, y: latitude), (x: longitude + 0.004, y: latitude + 0.001),
                (x: longitude + 0.005, y: latitude + 0.004), (x: longitude - 0.001, y: latitude + 0.003),
            ]]);
            let shape = Plane::centred(113.0, 42.0).shape(&parcel);
            let geodesic = parcel.geodesic_area_unsigned();
            assert!((shape.area / geodesic - 1.0).abs() < 1e-5, "{} against {geodesic}", shape.area);
        }
    }

    #[test]
    fn near_the_centre_a_metre_east_is_a_metre_north() {
        let plane = Plane::centred(22.15, 45.2);
        let radius_north = 6_378_137.0 * (1.0 - eccentricity_squared())
            / (1.0 - eccentricity_squared() * 45.2_f64.to_radians().sin().powi(2)).powf(1.5);
        let (_, north) = plane.point(22.15, 45.201);
        assert!((north / (radius_north * 0.001_f64.to_radians()) - 1.0).abs() < 1e-4);
    }

    #[test]
    fn winding_and_overlap_of_the_input_do_not_change_the_area() {
        let square = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 10.0), (x: 0.0, y: 10.0)];
        let clockwise = polygon![(x: 5.0, y: 0.0), (x: 5.0, y: 10.0), (x: 15.0, y: 10.0), (x: 15.0, y: 0.0)];
        let shape = Shape::new(&MultiPolygon(vec![square.clone(), clockwise.clone()]));
        assert!((shape.area - 150.0).abs() < 1e-6, "{}", shape.area);
        let (a, b) = (Shape::new(&MultiPolygon(vec![square])), Shape::new(&MultiPolygon(vec![clockwise])));
        assert!((a.shared(&b) - 50.0).abs() < 1e-6);
        assert!((Shape::union([&a, &b].into_iter()).area - 150.0).abs() < 1e-6);
    }

    #[test]
    fn shapes_that_share_only_an_edge_share_no_area() {
        let left = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 10.0), (x: 0.0, y: 10.0)];
        let right = polygon![(x: 10.0, y: 0.0), (x: 20.0, y: 0.0), (x: 20.0, y: 10.0), (x: 10.0, y: 10.0)];
        let (a, b) = (Shape::new(&MultiPolygon(vec![left])), Shape::new(&MultiPolygon(vec![right])));
        assert!(a.is_apart_from(&b) && a.shared(&b) == 0.0);
    }
}
