//! The stable id of a place. The ledger of a later version will match by overlap what this only names.

use sha2::{Digest, Sha256};

/// Step of longitude and latitude in a lead's identity, degrees: about 30 m.
const PLACE_STEP_DEGREES: f64 = 3e-4;

/// Identity of a place: the same for every run, sensor, date and tile size.
pub fn identity(outline: &geo::MultiPolygon<f64>) -> String {
    let point = geo::Centroid::centroid(outline).map_or((0.0, 0.0), |point| (point.x(), point.y()));
    let step = |degrees: f64| (degrees / PLACE_STEP_DEGREES).floor() as i64;
    let digest = Sha256::digest(format!("steppewatch place {} {}", step(point.0), step(point.1)));
    // Crockford's alphabet: no letter that is read as a digit.
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    digest.iter().take(10).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}
