//! Coordinate reference systems by EPSG code, and the transforms between them. The only door to PROJ.
//!
//! Law: coordinates are (easting, northing) or (longitude, latitude), whatever order the authority
//! writes. EPSG:4490 (CGCS2000) and EPSG:4326 (WGS 84) are treated as one frame: PROJ's transform
//! between them is null, the true difference is plate motion of decimetres to a metre.
//! Network access of PROJ stays off; only operations that need no downloaded grid are used.

use std::fmt;
use std::path::PathBuf;

use geo::{Coord, MapCoordsInPlace, MultiPolygon};
use proj::Proj;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A CRS known by its EPSG code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Crs {
    epsg: u32,
}

/// A transform that cannot be made or applied.
#[derive(Debug, Error)]
pub enum CrsError {
    /// PROJ knows no operation between the two.
    #[error("no transform from {from} to {to}: {reason}; check the EPSG codes of the layer")]
    Unknown {
        /// Source CRS.
        from: Crs,
        /// Target CRS.
        to: Crs,
        /// What PROJ says.
        reason: String,
    },
    /// A point that the transform refuses.
    #[error("point ({x}, {y}) cannot be brought from {from} to {to}; is the layer's CRS right?")]
    Point {
        /// Source CRS.
        from: Crs,
        /// Target CRS.
        to: Crs,
        /// Easting or longitude.
        x: f64,
        /// Northing or latitude.
        y: f64,
    },
}

impl Crs {
    /// WGS 84 longitude, latitude: the CRS of every GeoJSON that leaves the program.
    pub const LON_LAT: Crs = Crs { epsg: 4326 };

    /// CGCS2000 longitude, latitude: the CRS of Chinese official layers.
    pub const CGCS2000: Crs = Crs { epsg: 4490 };

    /// The Gauss-Krueger zone of three degrees of CGCS2000 that a place in China lies in, with the zone's number before the
    /// easting (EPSG:4513 for zone 25 to EPSG:4533 for zone 45); none elsewhere.
    pub fn cgcs2000_zone(longitude: f64, latitude: f64) -> Option<Self> {
        let zone = (longitude / 3.0).round();
        let is_china = (25.0..=45.0).contains(&zone) && (3.0..=54.0).contains(&latitude);
        is_china.then_some(Self { epsg: 4513 + zone as u32 - 25 })
    }

    /// The UTM zone of a place (WGS 84), by the plain rule of six degrees.
    pub fn utm_zone(longitude: f64, latitude: f64) -> Self {
        let zone = ((longitude + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u32 + 1;
        Self { epsg: if latitude < 0.0 { 32_700 } else { 32_600 } + zone }
    }

    /// Of such a zone: its number, its central meridian in degrees east, and the same zone without the number before the
    /// easting (EPSG:4534 to 4554).
    pub fn of_zone(self) -> Option<(u32, u32, Self)> {
        let zone = (4513..=4533).contains(&self.epsg).then(|| self.epsg - 4513 + 25)?;
        Some((zone, zone * 3, Self { epsg: 4534 + zone - 25 }))
    }

    /// A CRS by its EPSG code.
    pub const fn epsg(code: u32) -> Self {
        Self { epsg: code }
    }

    /// The EPSG code.
    pub const fn code(self) -> u32 {
        self.epsg
    }

    /// Name of the datum, where it is one of those that China used before CGCS2000.
    ///
    /// They lie tens to a hundred and more metres beside it. What EPSG lists for them holds for a few oil fields to 1 to
    /// 15 m, or there is nothing and PROJ takes the numbers as they are: the true parameters are kept by the survey
    /// offices. Source: EPSG registry, systems on 4214, 4610 and 4555.
    pub fn old_datum(self) -> Option<&'static str> {
        match self.epsg {
            4214 | 2401..=2442 | 21413..=21483 => Some("Beijing 1954"),
            4610 | 2327..=2390 => Some("Xi'an 1980"),
            4555 | 4568..=4589 | 4652..=4656 | 4766..=4800 | 4812 | 4822 => Some("New Beijing"),
            _ => None,
        }
    }

    /// Whether coordinates are degrees.
    ///
    /// EPSG keeps two-dimensional geographic systems in 4001..=4999 (4978 and 4479 are geocentric,
    /// the Chinese zones 4491..=4554 are projected) and a few newer ones from 7000 up.
    pub fn is_geographic(self) -> bool {
        let projected = (4491..=4554).contains(&self.epsg) || matches!(self.epsg, 4978 | 4479);
        ((4001..=4999).contains(&self.epsg) && !projected) || matches!(self.epsg, 7844 | 9057 | 6318 | 6668)
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.epsg)
    }
}

/// Version of PROJ in use.
pub fn engine_version() -> String {
    let info = Proj::new("+proj=noop").map(|engine| engine.lib_info());
    match info {
        Ok(Ok(info)) => info.version,
        _ => "unknown".to_owned(),
    }
}

/// Where the database of coordinate systems lies from which PROJ takes its answers; `None` where it is not found.
pub fn database() -> Option<PathBuf> {
    let info = Proj::new("+proj=noop").ok()?.lib_info().ok()?;
    let folders = std::env::split_paths(&info.searchpath);
    folders.map(|folder| folder.join("proj.db")).find(|path| path.is_file())
}

/// A transform from one CRS to another. Not shared between threads: each worker makes its own.
pub struct Transform {
    from: Crs,
    to: Crs,
    engine: Option<Proj>,
}

impl Transform {
    /// Prepares the transform; nothing is done where the two systems are the same frame.
    pub fn new(from: Crs, to: Crs) -> Result<Self, CrsError> {
        let frame = |crs: Crs| if crs == Crs::CGCS2000 { Crs::LON_LAT } else { crs };
        if frame(from) == frame(to) {
            return Ok(Self { from, to, engine: None });
        }
        let engine = Proj::new_known_crs(&from.to_string(), &to.to_string(), None)
            .map_err(|error| CrsError::Unknown { from, to, reason: error.to_string() })?;
        Ok(Self { from, to, engine: Some(engine) })
    }

    /// Transforms one point (x, y).
    pub fn point(&self, x: f64, y: f64) -> Result<(f64, f64), CrsError> {
        let Some(engine) = &self.engine else { return Ok((x, y)) };
        let refused = |_| CrsError::Point { from: self.from, to: self.to, x, y };
        let (x2, y2) = engine.convert((x, y)).map_err(refused)?;
        if x2.is_finite() && y2.is_finite() {
            Ok((x2, y2))
        } else {
            Err(CrsError::Point { from: self.from, to: self.to, x, y })
        }
    }

    /// Transforms every vertex of a polygon set; edges stay straight in the target CRS.
    pub fn polygons(&self, polygons: &MultiPolygon<f64>) -> Result<MultiPolygon<f64>, CrsError> {
        let mut result = polygons.clone();
        result.try_map_coords_in_place(|Coord { x, y }| self.point(x, y).map(|(x, y)| Coord { x, y }))?;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), expected: (f64, f64), tolerance: f64) {
        let off = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
        assert!(off <= tolerance, "{found:?} is not {expected:?}");
    }

    #[test]
    fn longitude_comes_first_also_west_of_90_degrees_where_a_swap_would_not_fail() {
        // Values from pyproj 3.7.2 (PROJ 9.5.1), always_xy.
        let beijing = Transform::new(Crs::CGCS2000, Crs::epsg(32650)).unwrap();
        close(beijing.point(117.0, 40.0).unwrap(), (500_000.0, 4_427_757.22), 0.01);
        let xinjiang = Transform::new(Crs::CGCS2000, Crs::epsg(32645)).unwrap();
        close(xinjiang.point(85.0, 44.0).unwrap(), (339_651.0, 4_873_817.0), 1.0);
    }

    #[test]
    fn a_place_lies_in_the_zone_of_the_nearest_meridian() {
        assert_eq!(Crs::cgcs2000_zone(108.5, 41.57), Some(Crs::epsg(4524)));
        assert_eq!(Crs::epsg(4524).of_zone(), Some((36, 108, Crs::epsg(4545))));
        assert_eq!(Crs::cgcs2000_zone(22.15, 45.2), None);
        assert_eq!(
            (Crs::utm_zone(22.15, 45.2), Crs::utm_zone(-65.0, -33.0)),
            (Crs::epsg(32634), Crs::epsg(32720))
        );
        assert_eq!(
            (Crs::cgcs2000_zone(73.6, 40.0), Crs::cgcs2000_zone(134.9, 48.0)),
            (Some(Crs::epsg(4513)), Some(Crs::epsg(4533)))
        );
    }

    #[test]
    fn a_three_degree_zone_keeps_its_zone_prefix() {
        let zone36 = Transform::new(Crs::CGCS2000, Crs::epsg(4524)).unwrap();
        close(zone36.point(108.5, 41.57).unwrap(), (36_541_703.162, 4_603_997.903), 0.01);
        assert!(!Crs::epsg(4524).is_geographic() && Crs::CGCS2000.is_geographic());
    }
}
