//! Where the blocks of a TIFF lie: its first directory, read piece by piece from wherever the file is.
//!
//! In:  something that gives bytes of the file. Out: the layout of its first picture, and which bytes a window needs.
//! Law: every number of the file is judged before it is believed; nothing is decoded here. Only what is taken from the file
//!      unchanged is read later by GDAL, which decides what it means.
//! Source: TIFF 6.0 (Adobe, 1992) sections 2, 13, 15; BigTIFF (AWare Systems); GDAL, "Cloud Optimized GeoTIFF driver".

use crate::grid::Window;

/// Most entries of a directory.
const MAX_ENTRIES: u64 = 4096;
/// Most bytes of all values of a directory: offsets of four million blocks.
const MAX_VALUES: u64 = 64 << 20;
/// Most directories of a file: a picture, its mask, and smaller copies of both.
const MAX_DIRECTORIES: usize = 64;
/// Tag of what a directory is of, and the bit that says that it is of a mask.
const SUBFILE: (u64, u64) = (254, 4);
/// Largest block, packed.
const MAX_BLOCK: u64 = 256 << 20;
/// Bytes of a value by its kind, 0 where the kind is none.
const SIZES: [u64; 19] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
/// What GDAL writes behind the header of a file whose blocks it wrote in order.
const GHOST: &[u8] = b"GDAL_STRUCTURAL_METADATA_SIZE=";

/// Gives bytes of a file, exactly as many as asked for.
pub trait Bytes {
    /// Why there are none.
    type Fault;
    /// Bytes of the whole file.
    fn length(&self) -> u64;
    /// `count` bytes from a byte on, which lie in the file.
    fn bytes(&mut self, from: u64, count: u64) -> Result<Vec<u8>, Self::Fault>;
    /// The fault that the file is no such file.
    fn fault(&self, reason: String) -> Self::Fault;
}

/// A stretch of bytes: first byte and count.
pub type Stretch = (u64, u64);

/// Where the blocks of a picture lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    rows: u64,
    cols: u64,
    /// Rows and columns of a block.
    block: (u64, u64),
    /// Blocks on each other at one place: bands that lie apart.
    planes: u64,
    /// How blocks are packed, by the number of the standard.
    pub compression: u64,
    /// Bytes of an unpacked block.
    pub unpacked: u64,
    offsets: Vec<u64>,
    counts: Vec<u64>,
    /// Whether another directory of the file is a mask, which says where the picture shows nothing.
    pub has_mask: bool,
    /// Where a copy that holds nothing but this picture must be blank: the way to the next one, and what the blocks that are
    /// not there would have to keep.
    pub blank: Vec<Stretch>,
    /// Every stretch by which this was told.
    pub told_by: Vec<Stretch>,
}

impl Layout {
    /// Whether a block that is packed so tells whether it is whole.
    pub fn is_checked(&self) -> bool {
        matches!(self.compression, 8 | 32946)
    }

    /// Packed blocks that a window needs, in the order of the file. Blocks of no bytes hold no data.
    pub fn blocks(&self, window: Window) -> Vec<Stretch> {
        let (height, width) = self.block;
        let across = self.cols.div_ceil(width);
        let each = across * self.rows.div_ceil(height);
        let (rows, cols) = ((window.row0, window.row_end()), (window.col0, window.col_end()));
        let range = |(from, to): (usize, usize), side: u64| from as u64 / side..(to as u64).div_ceil(side);
        let mut found = Vec::new();
        for plane in 0..self.planes {
            for row in range(rows, height) {
                for col in range(cols, width) {
                    let index = usize::try_from(plane * each + row * across + col).unwrap_or(usize::MAX);
                    if let (Some(from), Some(count @ 1..)) = (self.offsets.get(index), self.counts.get(index))
                    {
                        found.push((*from, *count));
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// An entry of a directory.
struct Entry {
    tag: u64,
    kind: u64,
    count: u64,
    /// Where its values lie.
    at: u64,
}

/// The file with its way of writing numbers.
struct Numbers<'a, B: Bytes> {
    file: &'a mut B,
    is_little: bool,
    is_big: bool,
    told_by: Vec<Stretch>,
}

impl<B: Bytes> Numbers<'_, B> {
    fn get(&mut self, from: u64, count: u64) -> Result<Vec<u8>, B::Fault> {
        let end = from.checked_add(count).filter(|end| *end <= self.file.length());
        if end.is_none() {
            return Err(self.file.fault(format!("points {count} bytes from {from} on, and ends before")));
        }
        self.told_by.push((from, count));
        self.file.bytes(from, count)
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    }

    /// Bytes of the count of a directory's entries, and of an entry.
    fn sizes(&self) -> (u64, u64) {
        if self.is_big { (8, 20) } else { (2, 12) }
    }

    /// Bytes of an offset.
    fn wide(&self) -> u64 {
        if self.is_big { 8 } else { 4 }
    }

    fn values(&mut self, entry: &Entry) -> Result<Vec<u64>, B::Fault> {
        if !matches!(entry.kind, 1 | 3 | 4 | 13 | 16 | 18) {
            return Err(self
                .file
                .fault(format!("tag {} is of kind {}, expected whole numbers", entry.tag, entry.kind)));
        }
        let size = SIZES[entry.kind as usize];
        let bytes = self.get(entry.at, size * entry.count)?;
        Ok(bytes.chunks_exact(size as usize).map(|value| self.number(value)).collect())
    }
}

/// Reads the first directory with everything that its entries point to.
pub fn layout<B: Bytes>(file: &mut B) -> Result<Layout, B::Fault> {
    if file.length() < 16 {
        let length = file.length();
        return Err(file.fault(format!("is {length} bytes, which is no picture")));
    }
    let start = file.bytes(0, 16)?;
    let (is_little, is_big) = match &start[..4] {
        b"II*\0" => (true, false),
        b"MM\0*" => (false, false),
        b"II+\0" => (true, true),
        b"MM\0+" => (false, true),
        _ => return Err(file.fault("does not begin as a TIFF".to_owned())),
    };
    let mut numbers = Numbers { file, is_little, is_big, told_by: vec![(0, 16)] };
    let first = if is_big { numbers.number(&start[8..16]) } else { numbers.number(&start[4..8]) };
    let (entries, next) = directory(&mut numbers, first)?;
    let has_mask = has_mask(&mut numbers, next)?;
    let mut blank = vec![(next, numbers.wide())];
    let behind = if is_big { 16 } else { 8 };
    if numbers.file.length() > behind + GHOST.len() as u64
        && numbers.get(behind, GHOST.len() as u64)? == GHOST
    {
        blank.push((behind, GHOST.len() as u64));
    }
    Ok(Layout { has_mask, ..picture(&mut numbers, &entries, blank)? })
}

/// Whether a directory behind the first is of a mask; `way` is where the way to the second stands.
fn has_mask<B: Bytes>(numbers: &mut Numbers<B>, mut way: u64) -> Result<bool, B::Fault> {
    let (head, each) = numbers.sizes();
    let wide = numbers.wide();
    for _ in 0..MAX_DIRECTORIES {
        let at = numbers.get(way, wide)?;
        let at = numbers.number(&at);
        if at == 0 {
            return Ok(false);
        }
        let count = numbers.get(at, head)?;
        let count = numbers.number(&count);
        if count > MAX_ENTRIES {
            break;
        }
        let bytes = numbers.get(at + head, count * each)?;
        let is_mask = |entry: &[u8]| {
            let (tag, kind) = (numbers.number(&entry[..2]), numbers.number(&entry[2..4]));
            let value = &entry[4 + wide as usize..][..if kind == 3 { 2 } else { 4 }];
            tag == SUBFILE.0 && numbers.number(value) & SUBFILE.1 != 0
        };
        if bytes.chunks_exact(each as usize).any(is_mask) {
            return Ok(true);
        }
        way = at + head + count * each;
    }
    Err(numbers.file.fault(format!("has more than {MAX_DIRECTORIES} directories, or a broken one")))
}

/// Entries of a directory, and where the way to the next one stands.
fn directory<B: Bytes>(numbers: &mut Numbers<B>, at: u64) -> Result<(Vec<Entry>, u64), B::Fault> {
    let (head, each) = numbers.sizes();
    let count = numbers.get(at, head)?;
    let count = numbers.number(&count);
    if count == 0 || count > MAX_ENTRIES {
        return Err(numbers
            .file
            .fault(format!("has a directory of {count} entries, expected 1 to {MAX_ENTRIES}")));
    }
    let bytes = numbers.get(at + head, count * each + numbers.wide())?;
    let wide = numbers.wide();
    let (mut entries, mut total) = (Vec::new(), 0_u64);
    for index in 0..count {
        let from = (index * each) as usize;
        let entry = &bytes[from..from + each as usize];
        let (tag, kind) = (numbers.number(&entry[..2]), numbers.number(&entry[2..4]));
        let values = numbers.number(&entry[4..4 + wide as usize]);
        let size = SIZES.get(kind as usize).copied().unwrap_or(0).checked_mul(values);
        let size = size.filter(|size| total.saturating_add(*size) <= MAX_VALUES && values <= MAX_VALUES / 8);
        let size = size
            .ok_or_else(|| numbers.file.fault(format!("tag {tag} has {values} values, more than is read")))?;
        total += size;
        let here = at + head + index * each + 4 + wide;
        let inside = size <= wide;
        let place = if inside { here } else { numbers.number(&entry[4 + wide as usize..]) };
        if !inside {
            // GDAL will want it too.
            numbers.get(place, size)?;
        }
        entries.push(Entry { tag, kind, count: values, at: place });
    }
    Ok((entries, at + head + count * each))
}

fn picture<B: Bytes>(
    numbers: &mut Numbers<B>,
    entries: &[Entry],
    blank: Vec<Stretch>,
) -> Result<Layout, B::Fault> {
    let mut all = |tag: u64| -> Result<Option<Vec<u64>>, B::Fault> {
        entries.iter().find(|entry| entry.tag == tag).map(|entry| numbers.values(entry)).transpose()
    };
    let first = |values: Option<Vec<u64>>, otherwise: u64| {
        values.and_then(|values| values.first().copied()).unwrap_or(otherwise)
    };
    let (cols, rows) = (first(all(256)?, 0), first(all(257)?, 0));
    let samples = first(all(277)?, 1);
    let bits = all(258)?.unwrap_or_else(|| vec![1]).into_iter().max().unwrap_or(1);
    let compression = first(all(259)?, 1);
    let is_apart = first(all(284)?, 1) == 2;
    let is_tiled = entries.iter().any(|entry| entry.tag == 324);
    let block = if is_tiled {
        (first(all(323)?, 0), first(all(322)?, 0))
    } else {
        (first(all(278)?, rows).min(rows), cols)
    };
    let (offsets, counts) = if is_tiled { (all(324)?, all(325)?) } else { (all(273)?, all(279)?) };
    let (offsets, counts) = (offsets.unwrap_or_default(), counts.unwrap_or_default());
    let fault = |reason: &str| Err(numbers.file.fault(reason.to_owned()));
    let sides = [rows, cols, block.0, block.1];
    if sides.iter().any(|side| !(1..=1_000_000).contains(side)) || !(1..=512).contains(&samples) || bits > 128
    {
        return fault("has sides, bands or bits that no scene has");
    }
    let planes = if is_apart { samples } else { 1 };
    let expected = planes * rows.div_ceil(block.0) * cols.div_ceil(block.1);
    if offsets.len() as u64 != expected || counts.len() as u64 != expected {
        return fault("lists another number of blocks than its sides need");
    }
    let length = numbers.file.length();
    let lies_inside = |(from, count): (&u64, &u64)| {
        *count <= MAX_BLOCK && from.checked_add(*count).is_some_and(|end| end <= length)
    };
    if !offsets.iter().zip(&counts).all(lies_inside) {
        return fault("has blocks that lie beyond its end");
    }
    let unpacked = block.0 * block.1 * bits.div_ceil(8) * if is_apart { 1 } else { samples };
    let mut told_by = std::mem::take(&mut numbers.told_by);
    told_by.sort_unstable();
    told_by.dedup();
    Ok(Layout {
        rows,
        cols,
        block,
        planes,
        compression,
        unpacked,
        offsets,
        counts,
        has_mask: false,
        blank,
        told_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bytes for Vec<u8> {
        type Fault = String;

        fn length(&self) -> u64 {
            self.len() as u64
        }

        fn bytes(&mut self, from: u64, count: u64) -> Result<Vec<u8>, String> {
            let (from, to) = (from as usize, (from + count) as usize);
            self.get(from..to).map(<[u8]>::to_vec).ok_or("beyond the end".to_owned())
        }

        fn fault(&self, reason: String) -> String {
            reason
        }
    }

    /// A directory of whole numbers, and where the next one lies.
    fn put(file: &mut Vec<u8>, entries: &[(u16, u32)], next: u32) {
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(4_u16.to_le_bytes());
            file.extend(1_u32.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.extend(next.to_le_bytes());
    }

    /// A picture of 8 x 8 bytes in one deflated strip of 20 bytes at 300, with a second directory of a kind.
    fn file(kind: u32) -> Vec<u8> {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        let sides = [(256, 8), (257, 8), (258, 8), (259, 8), (277, 1)];
        put(&mut file, &[&sides[..], &[(273, 300), (278, 8), (279, 20)]].concat(), 200);
        file.resize(200, 0);
        put(&mut file, &[(254, kind)], 0);
        file.resize(320, 7);
        file
    }

    #[test]
    fn a_directory_tells_where_blocks_lie_and_whether_there_is_a_mask() {
        let found = layout(&mut file(1)).unwrap();
        let window = Window { row0: 2, col0: 2, rows: 3, cols: 3 };
        assert_eq!((found.blocks(window), found.unpacked, found.has_mask), (vec![(300, 20)], 64, false));
        assert!(found.is_checked());
        assert!(layout(&mut file(4)).unwrap().has_mask && layout(&mut file(5)).unwrap().has_mask);
        // The way to the next directory is blanked: a copy holds one picture.
        assert_eq!(found.blank[0], (8 + 2 + 8 * 12, 4));
        let mut cut = file(1);
        cut.truncate(310);
        assert!(layout(&mut cut).unwrap_err().contains("beyond its end"));
        // A way that leads back comes to an end.
        let mut round = file(1);
        round[214..218].copy_from_slice(&200_u32.to_le_bytes());
        assert!(layout(&mut round).unwrap_err().contains("directories"));
    }

    #[test]
    fn no_byte_of_a_directory_is_believed() {
        for at in 0..220 {
            for value in [0, 1, 2, 16, 127, 128, 254, 255] {
                let mut changed = file(1);
                changed[at] = value;
                if let Ok(found) = layout(&mut changed) {
                    let all = Window { row0: 0, col0: 0, rows: 8, cols: 8 };
                    let lies_inside = |(from, count): &Stretch| from + count <= 320;
                    assert!(found.blocks(all).iter().all(lies_inside), "{at} {value}");
                    assert!(found.told_by.iter().chain(&found.blank).all(lies_inside), "{at} {value}");
                }
            }
        }
    }
}
