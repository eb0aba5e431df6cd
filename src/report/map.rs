//! A map for a browser without a network: leads over imagery before and after, with everything that the record says of them.
//!
//! In:  the material. Out: `index.html` with all in it, or with pictures and tiles beside it where they are large.
//! Law: opens from a folder, asks nothing of any server, and says what it lacks.

pub mod data;
pub mod library;
pub mod page;
pub mod pyramid;
pub mod record;
pub mod tile;

use std::collections::BTreeMap;

use crate::publish::{Staging, photo};
use crate::report::map::data::Page;
use crate::report::map::page::{INDEX, Shown};
use crate::report::material::{Item, Material, Moment};
use crate::report::{Asked, ReportError, Use};

/// Bytes of pictures and tiles up to which one file holds everything: what a mail or a chat takes along.
const MOST_INSIDE: usize = 12 << 20;
/// Most bytes of pictures of leads; those of the foremost are kept.
const MOST_PICTURES: usize = 160 << 20;
/// Quality of the packing of a lead's pictures, of 100: their letters stay sharp.
const QUALITY: u8 = 85;

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// `Lacking` where the program has no MapLibre GL JS, those of reading pictures and of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    // Before hours of imagery are drawn.
    library::maplibre()?;
    let page = Page { language: asked.language, ..Page::default() };
    let made = make(material, page)?;
    let folder = Use::Map.name();
    for name in made.files.keys().filter_map(|name| name.split_once('/')) {
        staging.folder(&format!("{folder}/{}", name.0))?;
    }
    for (name, bytes) in &made.files {
        staging.write(&format!("{folder}/{name}"), bytes)?;
    }
    let mut words = made.told;
    let bytes: usize = made.files.values().map(Vec::len).sum();
    let how = if made.files.len() == 1 { "one file" } else { "open it in its folder" };
    words.push(format!(
        "{folder}/{INDEX}: {how}, {:.1} MB, for any browser, no network needed",
        bytes as f64 / 1e6
    ));
    Ok(words)
}

/// A map that is made.
pub struct Made {
    /// Its files by name, `index.html` among them.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What its reader must know, a line each.
    pub told: Vec<String>,
}

/// Makes the files of a map. Where `page` does not ask for a folder, it becomes one when the pictures are many.
///
/// # Errors
/// As [`write()`].
pub fn make(material: &Material, page: Page) -> Result<Made, ReportError> {
    let mut pyramid = pyramid::of(material)?;
    let (pictures, without) = pictures(&material.leads)?;
    if without > 0 {
        pyramid.told.push(format!(
            "{without} leads are shown without their own pictures, which would make the map too large; make a map of fewer leads (--lead)"
        ));
    }
    let size = pictures
        .values()
        .chain(pyramid.squares.iter().map(|square| &square.jpeg))
        .map(Vec::len)
        .sum::<usize>();
    let page = Page { is_folder: page.is_folder || size > MOST_INSIDE, ..page };
    let has_pictures = |lead: &Item| pictures.contains_key(&format!("{}_before", record::key(lead)));
    let data = data::data(material, &pyramid, &has_pictures, &page)?;
    let shown = Shown { pictures, squares: std::mem::take(&mut pyramid.squares) };
    Ok(Made { files: page::files(&data, &shown, &page)?, told: pyramid.told })
}

/// Pictures of the leads by rank, as JPEG, and how many leads were left without because these would be too large.
fn pictures(leads: &[Item]) -> Result<(BTreeMap<String, Vec<u8>>, usize), ReportError> {
    let (mut pictures, mut size, mut without) = (BTreeMap::new(), 0, 0);
    for lead in leads.iter().filter(|lead| lead.chips.is_some()) {
        if size > MOST_PICTURES {
            without += 1;
            continue;
        }
        for moment in [Moment::Before, Moment::After] {
            let (Some(png), Some(chips)) = (lead.chip(moment)?, &lead.chips) else { continue };
            let path = chips[moment as usize].clone();
            let jpeg =
                photo::jpeg_of_png(&png, QUALITY).map_err(|reason| ReportError::Picture { path, reason })?;
            size += jpeg.len();
            pictures.insert(format!("{}_{}", record::key(lead), moment.name()), jpeg);
        }
    }
    Ok((pictures, without))
}
