//! A copy of a remote TIFF that holds what a window needs and nothing else: a file here, full of holes, that GDAL opens like
//! any other.
//!
//! In:  a remote file. Out: a local file whose directory and blocks are those of the remote one.
//! Law: every byte that is read later was asked for and judged. A deflated block must unpack to its end with its own check
//!      sum. What carries no check of its own (directory, other blocks) is asked for twice, the directory a third time, and must
//!      come alike, and not as nothing but zeros. All bytes are of one version of the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;

use crate::bucket::Web;
use crate::bucket::web::mark::Mark;
use crate::catalogue::CatalogueError;
use crate::catalogue::remote::Remote;
use crate::catalogue::tiff::{Bytes, Layout, Stretch};

/// Bytes that are asked for first: the directory of most files lies within.
const HEAD: u64 = 16 << 10;
/// Holes between two stretches that are fetched along rather than asked around.
const GAP: u64 = 16 << 10;
/// Most bytes that are asked for at once.
const MOST: u64 = 4 << 20;
/// Largest file of which a copy is made.
const MAX_FILE: u64 = 64 << 30;
/// How often bytes are asked for that come, but not as they should.
const TRIES: usize = 5;

/// A copy with holes.
pub struct Sparse<'a> {
    remote: &'a Remote,
    web: &'a Web,
    path: PathBuf,
    file: File,
    /// What the server knows the file by.
    pub mark: Mark,
    /// Stretches that are there, by first byte; they do not touch.
    have: BTreeMap<u64, u64>,
}

impl<'a> Sparse<'a> {
    /// A copy at a path that holds the first bytes of a file.
    pub fn begin(remote: &'a Remote, web: &'a Web, path: &Path) -> Result<Self, CatalogueError> {
        let head = remote.piece(web, (0, HEAD), None)?;
        let length = head.mark.length;
        if length > MAX_FILE {
            return Err(CatalogueError::Remote {
                address: remote.to_string(),
                reason: format!("is {length} bytes, the limit is {MAX_FILE}; is this a scene?"),
            });
        }
        let failed = |source| CatalogueError::File { path: path.to_owned(), source };
        let file =
            File::options().read(true).write(true).create(true).truncate(true).open(path).map_err(failed)?;
        file.set_len(length).map_err(failed)?;
        let path = path.to_owned();
        let mut copy = Self { remote, web, path, file, mark: head.mark, have: BTreeMap::new() };
        copy.twice(0, HEAD.min(length))?;
        Ok(copy)
    }

    /// A fault of this machine's disk.
    fn here(&self, source: std::io::Error) -> CatalogueError {
        CatalogueError::File { path: self.path.clone(), source }
    }

    fn has(&self, (from, count): Stretch) -> bool {
        let before = self.have.range(..=from).next_back();
        before.is_some_and(|(start, length)| from + count <= start + length)
    }

    fn keep(&mut self, from: u64, bytes: &[u8]) -> Result<(), CatalogueError> {
        self.file.write_all_at(bytes, from).map_err(|source| self.here(source))?;
        let (mut start, mut end) = (from, from + bytes.len() as u64);
        // Stretches that touch become one.
        while let Some((&other, &length)) =
            self.have.range(..=end).next_back().filter(|(other, length)| **other + **length >= start)
        {
            (start, end) = (start.min(other), end.max(other + length));
            self.have.remove(&other);
        }
        self.have.insert(start, end - start);
        Ok(())
    }

    fn ask(&self, (from, count): Stretch) -> Result<Vec<u8>, CatalogueError> {
        let part = self.remote.piece(self.web, (from, count), Some(&self.mark))?;
        Ok(part.bytes)
    }

    /// Bytes that carry no check of their own.
    fn twice(&mut self, from: u64, count: u64) -> Result<(), CatalogueError> {
        for _ in 0..TRIES {
            let (first, second) = (self.ask((from, count))?, self.ask((from, count))?);
            if first == second && first.len() as u64 == count && !is_blank(&first) {
                return self.keep(from, &first);
            }
        }
        Err(self.fault(format!(
            "{count} bytes from {from} on come differently each time, or as nothing but zeros"
        )))
    }

    /// Asks a third time for what tells the layout, and not by the stretches of the first two: a copy whose list of blocks
    /// is wrong would show nothing where there is something.
    pub fn confirm(&mut self, layout: &Layout) -> Result<(), CatalogueError> {
        for group in together(&layout.told_by) {
            let whole = hull(&group);
            let here = self.bytes(whole.0, whole.1)?;
            let is_alike = (0..TRIES).map(|_| self.ask(whole)).find_map(|asked| match asked {
                Ok(there) => (there == here).then_some(Ok(())),
                Err(error) => Some(Err(error)),
            });
            is_alike.unwrap_or_else(|| {
                Err(self.fault(format!("{} bytes from {} on come differently each time", whole.1, whole.0)))
            })?;
        }
        Ok(())
    }

    /// Blocks that are not there, or came along with other bytes and say nothing.
    fn missing(&mut self, layout: &Layout, blocks: &[Stretch]) -> Result<Vec<Stretch>, CatalogueError> {
        let mut missing = Vec::new();
        for block in blocks {
            let is_sound = self.has(*block) && {
                let bytes = self.bytes(block.0, block.1)?;
                if layout.is_checked() { unpacks(&bytes, layout.unpacked) } else { !is_blank(&bytes) }
            };
            if !is_sound {
                missing.push(*block);
            }
        }
        Ok(missing)
    }

    /// Fetches packed blocks.
    pub fn fetch(&mut self, layout: &Layout, blocks: &[Stretch]) -> Result<(), CatalogueError> {
        let missing = self.missing(layout, blocks)?;
        for group in together(&missing) {
            let whole = hull(&group);
            if !layout.is_checked() {
                self.twice(whole.0, whole.1)?;
                self.each_says_something(&group, whole)?;
                continue;
            }
            let found = (0..TRIES).find_map(|_| match self.ask(whole) {
                Err(error) => Some(Err(error)),
                Ok(bytes) => {
                    let is_whole =
                        of_group(&group, whole, &bytes).all(|block| unpacks(block, layout.unpacked));
                    is_whole.then_some(Ok(bytes))
                }
            });
            let broken = || {
                self.fault(format!(
                    "a block near byte {} does not unpack, however often it is asked for",
                    whole.0
                ))
            };
            let bytes = found.unwrap_or_else(|| Err(broken()))?;
            self.keep(whole.0, &bytes)?;
        }
        Ok(())
    }

    fn each_says_something(&mut self, group: &[Stretch], whole: Stretch) -> Result<(), CatalogueError> {
        let bytes = self.bytes(whole.0, whole.1)?;
        if of_group(group, whole, &bytes).any(is_blank) {
            return Err(self.fault(
                "has a block of nothing but zeros and no check of its own, which a broken answer cannot be told from; \
                 give file:checksum in the item, or a file that is packed with deflate"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Makes the copy end where the picture ends, so that nothing points into a hole.
    pub fn end_with(&mut self, layout: &Layout) -> Result<(), CatalogueError> {
        for (from, count) in &layout.blank {
            let blank = vec![0; *count as usize];
            self.file.write_all_at(&blank, *from).map_err(|source| self.here(source))?;
        }
        Ok(())
    }
}

impl Bytes for Sparse<'_> {
    type Fault = CatalogueError;

    fn length(&self) -> u64 {
        self.mark.length
    }

    fn bytes(&mut self, from: u64, count: u64) -> Result<Vec<u8>, CatalogueError> {
        if !self.has((from, count)) {
            self.twice(from, count)?;
        }
        let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, from).map_err(|source| self.here(source))?;
        Ok(bytes)
    }

    fn fault(&self, reason: String) -> CatalogueError {
        CatalogueError::Remote { address: self.remote.to_string(), reason }
    }
}

/// Blocks that are asked for at once, in the order of the file.
fn together(blocks: &[Stretch]) -> Vec<Vec<Stretch>> {
    let mut groups: Vec<Vec<Stretch>> = Vec::new();
    for block in blocks {
        let fits = groups.last().and_then(|group| Some((group.first()?, group.last()?))).is_some_and(
            |(first, last)| block.0 <= last.0 + last.1 + GAP && block.0 + block.1 - first.0 <= MOST,
        );
        match groups.last_mut().filter(|_| fits) {
            Some(group) => group.push(*block),
            None => groups.push(vec![*block]),
        }
    }
    groups
}

/// From the first byte of a group to its last.
fn hull(group: &[Stretch]) -> Stretch {
    let from = group.iter().map(|(from, _)| *from).min().unwrap_or_default();
    let to = group.iter().map(|(from, count)| from + count).max().unwrap_or_default();
    (from, to - from)
}

/// The blocks of a group in the bytes of all of it.
fn of_group<'a>(group: &'a [Stretch], whole: Stretch, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    group.iter().map(move |(from, count)| {
        let start = (from - whole.0) as usize;
        bytes.get(start..start + *count as usize).unwrap_or_default()
    })
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether deflated bytes unpack to their end, with the check sum that stands there, and to no more than a block.
fn unpacks(packed: &[u8], most: u64) -> bool {
    let mut unpacked = ZlibDecoder::new(packed).take(most + 1);
    std::io::copy(&mut unpacked, &mut std::io::sink()).is_ok_and(|count| (1..=most).contains(&count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn blocks_that_lie_close_are_asked_for_at_once() {
        let far = GAP + 200;
        assert_eq!(together(&[(0, 100), (100, 50), (far, 10)]), [vec![(0, 100), (100, 50)], vec![(far, 10)]]);
        assert_eq!(together(&[(0, MOST), (MOST, 1)]).len(), 2);
    }

    #[test]
    fn a_deflated_block_that_was_touched_does_not_unpack() {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&[7; 500]).unwrap();
        let packed = packer.finish().unwrap();
        assert!(unpacks(&packed, 500) && !unpacks(&packed, 499) && !unpacks(&[0; 40], 500));
        assert!(!unpacks(&packed[..packed.len() - 1], 500));
        let mut changed = packed.clone();
        changed[4] ^= 1;
        assert!(!unpacks(&changed, 500));
    }
}
