//! Polygons as well-known binary, little end first: what a GeoPackage and PostGIS both hold.
//!
//! Source: OGC 06-103r4, section 8; the bit for a reference system is PostGIS's (EWKB).

use geo::MultiPolygon;

/// Bit of the type that says that a reference system follows.
const WITH_SRS: u32 = 0x2000_0000;

/// Polygons in bytes, with the number of their reference system where the reader wants it inside.
pub fn polygons(shape: &MultiPolygon<f64>, srs: Option<i32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = |bytes: &mut Vec<u8>, count: usize| bytes.extend((count as u32).to_le_bytes());
    let head = |bytes: &mut Vec<u8>, kind: u32| {
        bytes.push(1);
        bytes.extend(kind.to_le_bytes());
    };
    head(&mut bytes, if srs.is_some() { 6 | WITH_SRS } else { 6 });
    bytes.extend(srs.into_iter().flat_map(i32::to_le_bytes));
    count(&mut bytes, shape.0.len());
    for polygon in shape {
        head(&mut bytes, 3);
        count(&mut bytes, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            count(&mut bytes, ring.0.len());
            for point in &ring.0 {
                bytes.extend(point.x.to_le_bytes());
                bytes.extend(point.y.to_le_bytes());
            }
        }
    }
    bytes
}
