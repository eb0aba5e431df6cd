//! TIFF by hand: tags changed in place, and files of nothing but a header.
//!
//! Source: TIFF 6.0, classic little-endian: header of 8 bytes, directories of 12-byte entries.

/// Kinds of values: 16 and 32 bits.
pub const SHORT: u16 = 3;
pub const LONG: u16 = 4;

/// Tags that cases change.
pub const WIDTH: u16 = 256;
pub const LENGTH: u16 = 257;
pub const COMPRESSION: u16 = 259;
pub const SAMPLES: u16 = 277;

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// Where the first directory begins, and how many entries it has.
fn directory(bytes: &[u8]) -> (usize, usize) {
    assert_eq!(&bytes[..4], b"II\x2a\0", "no classic little-endian TIFF");
    let start = number(bytes, 4, 4);
    (start + 2, number(bytes, start, 2))
}

/// Changes the one value of a tag in place.
pub fn patch(bytes: &mut [u8], tag: u16, value: u32) {
    let (start, count) = directory(bytes);
    let entry =
        (0..count).map(|index| start + 12 * index).find(|at| number(bytes, *at, 2) == usize::from(tag));
    let at = entry.unwrap_or_else(|| panic!("no tag {tag}"));
    bytes[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    if value > u32::from(u16::MAX) {
        bytes[at + 2..at + 4].copy_from_slice(&LONG.to_le_bytes());
    }
}

/// Points from the end of the first directory to a place in the file.
pub fn follow_with(bytes: &mut [u8], next: u32) {
    let (start, count) = directory(bytes);
    let at = start + 12 * count;
    bytes[at..at + 4].copy_from_slice(&next.to_le_bytes());
}

/// Where the first directory begins.
pub fn first(bytes: &[u8]) -> u32 {
    directory(bytes).0 as u32 - 2
}

/// A directory of entries: tag, kind, count, value.
pub fn entries(list: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut bytes = (list.len() as u16).to_le_bytes().to_vec();
    for (tag, kind, count, value) in list {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(next.to_le_bytes());
    bytes
}

/// A file of one band of 8-bit numbers in one tile, of which nothing is there.
pub fn one_tile(side: u32) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    bytes.extend(entries(
        &[
            (WIDTH, LONG, 1, side),
            (LENGTH, LONG, 1, side),
            (258, SHORT, 1, 8),
            (COMPRESSION, SHORT, 1, 8),
            (262, SHORT, 1, 1),
            (SAMPLES, SHORT, 1, 1),
            (322, LONG, 1, side),
            (323, LONG, 1, side),
            (324, LONG, 1, 8),
            (325, LONG, 1, 64),
        ],
        0,
    ));
    bytes
}

/// A file of many directories, each a picture of one pixel.
pub fn many(directories: u32) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    let list = |at: u32| {
        [
            (WIDTH, LONG, 1, 1),
            (LENGTH, LONG, 1, 1),
            (258, SHORT, 1, 8),
            (COMPRESSION, SHORT, 1, 1),
            (262, SHORT, 1, 1),
            (273, LONG, 1, at),
            (SAMPLES, SHORT, 1, 1),
            (278, LONG, 1, 1),
            (279, LONG, 1, 1),
        ]
    };
    let size = entries(&list(0), 0).len() as u32;
    for index in 0..directories {
        let next = if index + 1 == directories { 0 } else { 8 + (index + 1) * size };
        bytes.extend(entries(&list(8), next));
    }
    bytes
}
