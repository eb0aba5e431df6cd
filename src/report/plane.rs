//! Metres around a place: what is planned on the ground within a few tens of kilometres.
//!
//! In:  WGS 84 longitude and latitude in degrees. Out: metres east and north of the centre, and back.
//! Law: lengths are true at the centre; 10 km from it they are wrong by less than 0.3 %.
//! Source: radii of curvature of the WGS 84 ellipsoid, J. P. Snyder, Map Projections, USGS Professional Paper 1395 (1987), 4-18 to 4-20.

/// Semi-major axis of the WGS 84 ellipsoid in metres.
const SEMI_MAJOR_METRES: f64 = 6_378_137.0;
/// First eccentricity of the WGS 84 ellipsoid, squared.
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;

/// A plane that touches the ground at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    centre: (f64, f64),
    /// Metres of a degree east and of a degree north.
    degree: (f64, f64),
}

impl Plane {
    /// A plane around a place in degrees.
    pub fn around(longitude: f64, latitude: f64) -> Self {
        let (sine, cosine) = latitude.to_radians().sin_cos();
        let root = (1.0 - ECCENTRICITY_SQUARED * sine * sine).sqrt();
        let east = SEMI_MAJOR_METRES / root * cosine;
        let north = SEMI_MAJOR_METRES * (1.0 - ECCENTRICITY_SQUARED) / root.powi(3);
        Self { centre: (longitude, latitude), degree: (east.to_radians(), north.to_radians()) }
    }

    /// Metres east and north of the centre.
    pub fn metres(&self, (longitude, latitude): (f64, f64)) -> (f64, f64) {
        ((longitude - self.centre.0) * self.degree.0, (latitude - self.centre.1) * self.degree.1)
    }

    /// Degrees of a point in metres.
    pub fn degrees(&self, (east, north): (f64, f64)) -> (f64, f64) {
        (self.centre.0 + east / self.degree.0, self.centre.1 + north / self.degree.1)
    }
}

/// Length of the way between two points in metres.
pub fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// Direction from one point to another in degrees from north over east, -180 to 180.
pub fn bearing(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).atan2(to.1 - from.1).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Distance, Geodesic, Point};

    #[test]
    fn lengths_are_those_of_the_ellipsoid_and_the_way_back_is_exact() {
        for (lon, lat) in [(108.5, 41.57), (22.15, 45.2), (126.0, 50.0), (110.0, 20.0)] {
            let plane = Plane::around(lon, lat);
            for there in [(lon + 0.01, lat), (lon, lat + 0.01), (lon - 0.08, lat + 0.06)] {
                let geodesic = Geodesic.distance(Point::new(lon, lat), Point::new(there.0, there.1));
                let planar = apart((0.0, 0.0), plane.metres(there));
                assert!((planar / geodesic - 1.0).abs() < 0.003, "{planar} {geodesic}");
                let back = plane.degrees(plane.metres(there));
                assert!((back.0 - there.0).abs() < 1e-12 && (back.1 - there.1).abs() < 1e-12);
            }
        }
        assert_eq!((bearing((0.0, 0.0), (1.0, 0.0)), bearing((0.0, 0.0), (-1.0, 0.0))), (90.0, -90.0));
    }
}
