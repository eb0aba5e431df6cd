//! One scene of a catalogue as clips on this machine: the windows of its files over the red lines.
//!
//! In:  an item, a wish, a folder. Out: clips with their item, or why there are none.
//! Law: an item stands under its name when all its clips do. Whoever comes after a killed run finds whole clips or none, and
//!      takes whole ones up again when their source is the same. A file that changes while it is read is read anew.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use geo::{BoundingRect, MultiPolygon};
use serde_json::Value;

use crate::bucket::web::mark::Mark;
use crate::bucket::{Web, WebError};
use crate::catalogue::CatalogueError;
use crate::catalogue::checksum::expected;
use crate::catalogue::clip;
use crate::catalogue::ground;
use crate::catalogue::item::{Asset, Item, Place};
use crate::catalogue::record::{self, ASSETS, Clipped, ITEMS, PARTS, Source};
use crate::catalogue::remote::Remote;
use crate::catalogue::sparse::Sparse;
use crate::catalogue::tiff::{self, Layout};
use crate::grid::{Grid, Window};
use crate::publish::digest;
use crate::read::{ReadError, harden};
use crate::scene::Band;

/// Largest file that is fetched whole.
const MOST_WHOLE: u64 = 8 << 30;
/// How often an item is begun anew whose files changed or broke under way.
const TRIES: usize = 3;

/// What is wanted of every scene.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Red lines in longitude and latitude.
    pub lines: Vec<MultiPolygon<f64>>,
    /// Bands, all that a scan knows where none is named.
    pub bands: Vec<Band>,
    /// Pixels around the red lines, beside what a scan needs anyway.
    pub buffer: usize,
}

impl Wish {
    /// The same wish for the same item has the same words, which tell no red line.
    pub fn digest(&self, item: &Item) -> String {
        let rects: Vec<_> = self.lines.iter().map(BoundingRect::bounding_rect).collect();
        let bands: Vec<&str> = self.bands.iter().map(|band| band.name()).collect();
        let said = Value::Object(item.kept.clone());
        digest::of_bytes(format!("{rects:?} {bands:?} {} {said}", self.buffer).as_bytes())
    }
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its clips were made.
    Made,
    /// They were there.
    Kept,
    /// It shows nothing of any red line.
    Beside(String),
}

/// Makes the clips of an item under a name in a folder.
pub fn mirror(
    web: &Web,
    (item, name): (&Item, &str),
    wish: &Wish,
    folder: &Path,
) -> Result<Outcome, CatalogueError> {
    if is_there(&wish.digest(item), name, folder) {
        return Ok(Outcome::Kept);
    }
    let mut tried = 0;
    loop {
        tried += 1;
        let job = Job { web, item, name, wish, folder, parts: folder.join(PARTS).join(name) };
        match job.attempt() {
            Err(error) if tried < TRIES && may_be_another_time(&error) => {}
            ended => return ended,
        }
    }
}

/// Whether an item with all its clips lies there as a wish would make it.
fn is_there(wish: &str, name: &str, folder: &Path) -> bool {
    let said = fs::read(folder.join(ITEMS).join(format!("{name}.json"))).ok();
    let said: Option<Value> = said.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let clips = said.and_then(|item| record::clips(&item, wish));
    clips.is_some_and(|clips| {
        clips.iter().all(|clip| clip.is(&folder.join(ASSETS).join(name).join(&clip.file)))
    })
}

/// What another reading from the start may mend: a file that changed, or bytes that came whole and mean nothing.
fn may_be_another_time(error: &CatalogueError) -> bool {
    match error {
        CatalogueError::Web(error) => error.is_change(),
        CatalogueError::Read(error) => matches!(
            error,
            ReadError::Broken { .. }
                | ReadError::Pixels { .. }
                | ReadError::Georeference { .. }
                | ReadError::TooLarge { .. }
        ),
        CatalogueError::Remote { .. } => true,
        _ => false,
    }
}

/// The work on one item.
struct Job<'a> {
    web: &'a Web,
    item: &'a Item,
    name: &'a str,
    wish: &'a Wish,
    folder: &'a Path,
    parts: PathBuf,
}

/// A file of an item whose grid is known.
struct Opened<'a> {
    asset: &'a Asset,
    grid: Grid,
    /// Where GDAL finds it.
    path: PathBuf,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    /// A copy with holes.
    Sparse(Box<Sparse<'a>>, Box<Layout>),
    /// All of it, fetched.
    Whole(Mark, &'static str),
    /// A file of this machine.
    Here,
}

impl<'a> Job<'a> {
    fn attempt(&self) -> Result<Outcome, CatalogueError> {
        fs::create_dir_all(&self.parts)
            .map_err(|source| CatalogueError::File { path: self.parts.clone(), source })?;
        let wanted = self.item.assets.iter().filter(|asset| asset.has_any(&self.wish.bands));
        let opened = wanted.map(|asset| self.open(asset)).collect::<Result<Vec<_>, _>>()?;
        let finest = opened.iter().min_by(|a, b| a.grid.pixel_width.total_cmp(&b.grid.pixel_width));
        let Some(finest) = finest.map(|opened| opened.grid.clone()) else {
            return self.beside("has none of the bands that were asked for".to_owned());
        };
        let Some(window) = ground::window(&finest, &self.wish.lines, self.wish.buffer)? else {
            return self.beside("no red line lies on its pictures".to_owned());
        };
        let is_value: BTreeMap<String, bool> = opened
            .iter()
            .map(|opened| {
                (opened.asset.key.clone(), opened.asset.bands.iter().any(|band| !band.is_classes()))
            })
            .collect();
        let mut clips = Vec::new();
        for opened in opened {
            let window = ground::same_ground(&finest, window, &opened.grid);
            if window.is_empty() {
                return self.beside(format!("asset '{}' does not lie over the red lines", opened.asset.key));
            }
            clips.push(self.clipped(opened, window)?);
        }
        let shows = |clip: &&Clipped| is_value.get(&clip.key) == Some(&true);
        if !clips.iter().filter(shows).any(|clip| clip.has_values) {
            return self.beside("holds nothing but nodata around the red lines".to_owned());
        }
        self.finish(&clips)?;
        Ok(Outcome::Made)
    }

    fn beside(&self, why: String) -> Result<Outcome, CatalogueError> {
        self.clear()?;
        Ok(Outcome::Beside(why))
    }

    fn clear(&self) -> Result<(), CatalogueError> {
        fs::remove_dir_all(&self.parts)
            .map_err(|source| CatalogueError::File { path: self.parts.clone(), source })
    }

    fn file_of(&self, asset: &Asset) -> String {
        format!("{}.tif", Item::plain_name(&asset.key))
    }

    /// Opens a file as far as its directory.
    fn open(&self, asset: &'a Asset) -> Result<Opened<'a>, CatalogueError> {
        // GDAL is given JPEG 2000 only where a file says so by its name too.
        let ending = if asset.is_tiff { "copy" } else { "jp2" };
        let path = self.parts.join(format!("{}.{ending}", Item::plain_name(&asset.key)));
        let remote = match &asset.place {
            Place::Here(file) => {
                let path = harden::plain_file(file)?;
                return Ok(Opened { asset, grid: clip::grid(&path)?, path, bytes: Bytes::Here });
            }
            Place::There(remote) => remote,
        };
        let bytes = if asset.is_tiff {
            self.sparse(asset, remote, &path)?
        } else {
            self.whole(asset, remote, &path)?
        };
        Ok(Opened { asset, grid: clip::grid(&path)?, path, bytes })
    }

    fn sparse(&self, asset: &Asset, remote: &'a Remote, path: &Path) -> Result<Bytes<'a>, CatalogueError> {
        let mut copy = match Sparse::begin(remote, self.web, path) {
            Err(CatalogueError::Web(WebError::NoRanges { .. })) => return self.whole(asset, remote, path),
            begun => begun?,
        };
        let layout = tiff::layout(&mut copy)?;
        let is_stated = asset.checksum.as_deref().and_then(expected).is_some();
        // A mask is a picture behind the picture, and a copy holds one picture only.
        if layout.has_mask || (!layout.is_checked() && is_stated) {
            return self.whole(asset, remote, path);
        }
        copy.confirm(&layout)?;
        copy.end_with(&layout)?;
        Ok(Bytes::Sparse(Box::new(copy), Box::new(layout)))
    }

    /// Fetches all of a file; without a check sum twice, because the second must be like the first.
    fn whole(&self, asset: &Asset, remote: &'a Remote, path: &Path) -> Result<Bytes<'a>, CatalogueError> {
        let failed = |source| CatalogueError::File { path: path.to_owned(), source };
        let fetch = |path: &Path| -> Result<Mark, CatalogueError> {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(path)
                .map_err(failed)?;
            Ok(remote.whole(self.web, MOST_WHOLE, &mut file)?)
        };
        let mark = fetch(path)?;
        let fault = |reason: String| CatalogueError::Remote { address: remote.to_string(), reason };
        if let Some(size) = asset.size.filter(|size| *size != mark.length) {
            return Err(fault(format!("is {} bytes, the item says {size}", mark.length)));
        }
        if let Some(wanted) = asset.checksum.as_deref().and_then(expected) {
            let found = wanted.of_file(path).map_err(failed)?;
            if found != wanted.digest {
                return Err(fault("has another content than the item says (file:checksum)".to_owned()));
            }
            return Ok(Bytes::Whole(mark, "file:checksum of the item"));
        }
        let again = path.with_extension("again");
        let second = fetch(&again)?;
        let same = second.length == mark.length && digest::of_file(path)? == digest::of_file(&again)?;
        fs::remove_file(&again).map_err(failed)?;
        if !same {
            return Err(fault("comes differently each time".to_owned()));
        }
        Ok(Bytes::Whole(mark, "two readings alike"))
    }

    /// The clip of a file, from an earlier run where its source is the same.
    fn clipped(&self, opened: Opened, window: Window) -> Result<Clipped, CatalogueError> {
        let file = self.file_of(opened.asset);
        let (mark, judged_by) = match &opened.bytes {
            Bytes::Sparse(copy, layout) if layout.is_checked() => {
                (Some(copy.mark.clone()), "check sums of its blocks")
            }
            Bytes::Sparse(copy, _) => (Some(copy.mark.clone()), "two readings alike"),
            Bytes::Whole(mark, by) => (Some(mark.clone()), *by),
            Bytes::Here => (None, "read from a disk"),
        };
        let size = match &mark {
            Some(mark) => mark.length,
            None => fs::metadata(&opened.path)
                .map_err(|source| CatalogueError::File { path: opened.path.clone(), source })?
                .len(),
        };
        let source = Source {
            href: opened.asset.place.recorded(),
            size,
            etag: mark.as_ref().and_then(|mark| mark.etag.clone()),
            last_modified: mark.and_then(|mark| mark.modified),
            judged_by: judged_by.to_owned(),
            window: [window.row0, window.col0, window.rows, window.cols],
        };
        if let Some(clip) = self.earlier(&file, &source) {
            return Ok(clip);
        }
        if let Bytes::Sparse(mut copy, layout) = opened.bytes {
            copy.fetch(&layout, &layout.blocks(window))?;
            // What was fetched along with blocks may be what was blanked.
            copy.end_with(&layout)?;
        }
        let part = self.parts.join(format!("{file}.part"));
        let made = clip::clip(&opened.path, window, &part).map_err(|error| of_remote(error, &source.href))?;
        let path = self.parts.join(&file);
        let failed = |source| CatalogueError::File { path: path.clone(), source };
        File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
        record::put(&part, &path)?;
        if !matches!(opened.asset.place, Place::Here(_)) {
            fs::remove_file(&opened.path).map_err(failed)?;
        }
        let (size, sha256) = digest::of_file(&path)?;
        let clip =
            Clipped { key: opened.asset.key.clone(), file, size, sha256, has_values: made.valid > 0, source };
        record::write(&self.parts.join(format!("{}.json", clip.file)), &serde_json::json!(clip))?;
        Ok(clip)
    }

    fn earlier(&self, file: &str, source: &Source) -> Option<Clipped> {
        let said = fs::read(self.parts.join(format!("{file}.json"))).ok()?;
        let clip: Clipped = serde_json::from_slice(&said).ok()?;
        // Without an ETag or a time nobody knows whether the source is the same.
        let is_known = source.etag.is_some() || source.last_modified.is_some();
        let places = [self.parts.join(file), self.folder.join(ASSETS).join(self.name).join(file)];
        (is_known && clip.source == *source && places.iter().any(|path| clip.is(path))).then_some(clip)
    }

    /// Puts clips in their place, then their item.
    fn finish(&self, clips: &[Clipped]) -> Result<(), CatalogueError> {
        let place = self.folder.join(ASSETS).join(self.name);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| CatalogueError::File { path, source }
        };
        fs::create_dir_all(&place).map_err(failed(&place))?;
        for entry in fs::read_dir(&place).map_err(failed(&place))? {
            let path = entry.map_err(failed(&place))?.path();
            if !clips.iter().any(|clip| path.ends_with(&clip.file)) {
                fs::remove_file(&path).map_err(failed(&path))?;
            }
        }
        for clip in clips {
            let (part, path) = (self.parts.join(&clip.file), place.join(&clip.file));
            if part.exists() {
                record::put(&part, &path)?;
            }
        }
        let said = record::item(self.item, self.name, clips, &self.wish.digest(self.item));
        record::write(&self.folder.join(ITEMS).join(format!("{}.json", self.name)), &said)?;
        self.clear()
    }
}

/// A fault of the copy is a fault of the file that it is of.
fn of_remote(error: CatalogueError, address: &str) -> CatalogueError {
    match error {
        CatalogueError::Read(error @ (ReadError::Broken { .. } | ReadError::Pixels { .. })) => {
            let words = error.to_string();
            let reason = words.split_once(": ").map_or(words.as_str(), |(_, reason)| reason).to_owned();
            CatalogueError::Remote { address: address.to_owned(), reason }
        }
        other => other,
    }
}
