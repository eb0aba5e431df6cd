//! The shifted coordinates of Chinese phone maps, for copies that go there and for what comes back from there.
//!
//! In and out: longitude and latitude in degrees. WGS 84 and CGCS2000 count as one (`crs`).
//! Law: no file of this program holds shifted coordinates unless its name and every row say so.
//! Source: the transform as public implementations agree on it (`reference/mission.md` 5.3), with its constants: Krasovsky
//! ellipsoid, and a box around China outside which nothing is shifted. It has no published standard.

use std::f64::consts::PI;
use std::fmt;

/// Semi-major axis of the ellipsoid that the shift is scaled by, metres.
const AXIS: f64 = 6_378_245.0;
/// Its squared eccentricity.
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
/// Longitude and latitude of the box in which coordinates are shifted.
const BOX: [(f64, f64); 2] = [(72.004, 137.8347), (0.8293, 55.8271)];
/// Steps of the inverse; each leaves a hundredth of the error before it.
const STEPS: usize = 8;

/// What coordinates are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    /// WGS 84, and CGCS2000, which is the same to a metre.
    Wgs84,
    /// The shifted coordinates of Chinese maps on phones (火星坐标).
    Gcj02,
    /// Those shifted once more by one map service (百度坐标).
    Bd09,
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Datum::Wgs84 => "WGS84",
            Datum::Gcj02 => "GCJ-02",
            Datum::Bd09 => "BD-09",
        })
    }
}

impl Datum {
    /// Reads a name as flags and files write it.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_lowercase().as_str() {
            "wgs84" | "cgcs2000" | "epsg4326" | "epsg4490" => Some(Self::Wgs84),
            "gcj02" => Some(Self::Gcj02),
            "bd09" => Some(Self::Bd09),
            _ => None,
        }
    }

    /// A place in this datum, from WGS 84.
    pub fn shifted(self, longitude: f64, latitude: f64) -> (f64, f64) {
        match self {
            Self::Wgs84 => (longitude, latitude),
            Self::Gcj02 => to_gcj02(longitude, latitude),
            Self::Bd09 => {
                let (x, y) = to_gcj02(longitude, latitude);
                to_bd09(x, y)
            }
        }
    }

    /// A place in WGS 84, from this datum: the place whose shift it is, to less than a millimetre.
    pub fn unshifted(self, longitude: f64, latitude: f64) -> (f64, f64) {
        let (mut x, mut y) = (longitude, latitude);
        for _ in 0..STEPS {
            let (east, north) = self.shifted(x, y);
            x += longitude - east;
            y += latitude - north;
        }
        (x, y)
    }
}

fn to_gcj02(longitude: f64, latitude: f64) -> (f64, f64) {
    let inside = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
    if !inside(longitude, BOX[0]) || !inside(latitude, BOX[1]) {
        return (longitude, latitude);
    }
    let (x, y) = (longitude - 105.0, latitude - 35.0);
    let wave = |value: f64| (20.0 * (6.0 * value * PI).sin() + 20.0 * (2.0 * value * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + wave(x)
        + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + wave(x)
        + (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let sine = latitude.to_radians().sin();
    let magic = 1.0 - ECCENTRICITY * sine * sine;
    let meridian = AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt());
    let parallel = AXIS / magic.sqrt() * latitude.to_radians().cos();
    (longitude + (east / parallel).to_degrees(), latitude + (north / meridian).to_degrees())
}

fn to_bd09(x: f64, y: f64) -> (f64, f64) {
    let turn = PI * 3000.0 / 180.0;
    let radius = x.hypot(y) + 0.000_02 * (y * turn).sin();
    let angle = y.atan2(x) + 0.000_003 * (x * turn).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

#[cfg(test)]
mod tests {
    use geo::{Distance, Geodesic, Point};

    use super::*;
    use crate::grid::Crs;
    use crate::grid::crs::Transform;

    fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
        Geodesic.distance(Point::from(a), Point::from(b))
    }

    #[test]
    fn a_known_point_in_urad_comes_out_right_in_every_system() {
        let wgs84 = (108.5, 41.57);
        let to =
            |epsg| Transform::new(Crs::LON_LAT, Crs::epsg(epsg)).unwrap().point(wgs84.0, wgs84.1).unwrap();
        assert_eq!(to(4490), wgs84);
        // pyproj 3.7.2 (PROJ 9.5.1); the zone's number stands before the easting in one of the two.
        let (with_number, without) = (to(4524), to(4545));
        assert!(
            (with_number.0 - 36_541_703.162).abs() < 0.01 && (with_number.1 - 4_603_997.903).abs() < 0.01
        );
        assert!((without.0 - 541_703.162).abs() < 0.01 && (without.1 - 4_603_997.903).abs() < 0.01);
        let shift = metres(wgs84, Datum::Gcj02.shifted(wgs84.0, wgs84.1));
        assert!((482.0..559.0).contains(&shift), "{shift}");
    }

    #[test]
    fn shifts_are_those_that_others_found() {
        // `reference/mission.md` 0.9: Hailiutu 482 m, Wengeng 497 m, Beijing 556 m, Yiwu 537 m.
        for (place, expected) in
            [((108.52, 41.57), 482.0), ((116.39, 39.91), 556.0), ((120.07, 29.31), 537.0)]
        {
            let shift = metres(place, Datum::Gcj02.shifted(place.0, place.1));
            assert!((shift - expected).abs() < 12.0, "{place:?} {shift}");
        }
        assert_eq!(Datum::Gcj02.shifted(22.15, 45.2), (22.15, 45.2));
    }

    #[test]
    fn what_was_shifted_comes_back_to_a_millimetre() {
        for datum in [Datum::Gcj02, Datum::Bd09] {
            for place in [(108.5, 41.57), (126.2, 48.5), (75.9, 39.4), (110.3, 18.3)] {
                let (x, y) = datum.shifted(place.0, place.1);
                assert!(metres(place, (x, y)) > 100.0);
                assert!(metres(place, datum.unshifted(x, y)) < 1e-3, "{datum} {place:?}");
            }
        }
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        assert_eq!(
            [Datum::parse("gcj02"), Datum::parse("GCJ-02"), Datum::parse("bd-09"), Datum::parse("EPSG:4490")],
            [Some(Datum::Gcj02), Some(Datum::Gcj02), Some(Datum::Bd09), Some(Datum::Wgs84)]
        );
        assert_eq!(Datum::parse("mars"), None);
    }
}
