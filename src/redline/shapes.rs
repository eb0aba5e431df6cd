//! How many shapes a .shp holds: a record that GDAL cannot read comes back as one without geometry, which many layers have.
//!
//! In:  the `.shp`. Out: records, and those whose type is not "null shape".
//! Source: ESRI Shapefile Technical Description (1998): header of 100 bytes; of each record its number and length in
//!         16-bit words (big-endian), then its type (little-endian).

use std::path::Path;

use crate::plain;
use crate::redline::RedLineError;

/// Largest .shp that is looked through, bytes; the format itself ends at 2 GB (lengths of 31 bits in 16-bit words, of
/// which most readers take half).
const MOST: u64 = 2 << 30;

/// Counts records, and the shapes that are there.
///
/// # Errors
/// `Format` where a record runs beyond the end.
pub(crate) fn counted(path: &Path) -> Result<(usize, usize), RedLineError> {
    let refuse = |reason: String| RedLineError::Format { path: path.to_owned(), reason };
    let bytes = plain::bytes(path, MOST).map_err(|error| refuse(format!("cannot be read ({error})")))?;
    shapes(&bytes).ok_or_else(|| refuse("is cut short or damaged; copy the shapefile again".to_owned()))
}

fn shapes(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut records, mut shapes) = (100, 0, 0);
    while at < bytes.len() {
        let words = u32::from_be_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?);
        let content = bytes.get(at + 8..at + 8 + 2 * words as usize)?;
        records += 1;
        shapes += usize::from(content.get(..4)? != [0; 4]);
        at += 8 + content.len();
    }
    Some((records, shapes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_counted_and_a_record_beyond_the_end_is_none() {
        let record = |kind: u8| [&[0, 0, 0, 1, 0, 0, 0, 2][..], &[kind, 0, 0, 0]].concat();
        let file = [vec![0; 100], record(5), record(0), record(5)].concat();
        assert_eq!(shapes(&file), Some((3, 2)));
        assert_eq!(shapes(&file[..file.len() - 1]), None);
        assert_eq!(shapes(&[0; 100]), Some((0, 0)));
    }
}
