//! Products that are known by the names of their GeoTIFFs: Landsat Collection 2, HLS, GF-1, GF-6, CBERS-4.
//!
//! In:  names. Out: of which product a file is and which of its layers; groups of files as `Described`.
//! Law: what is named as a product is read as that product or refused; a band number means what it means on that sensor.

use std::path::{Path, PathBuf};

use crate::read::ReadError;
use crate::read::product::{Described, gaofen, hls, landsat};
use crate::scene::Band;

/// What a file is of a product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    family: Family,
    /// Name of the product: the same for all of its files.
    pub(crate) id: String,
    /// What follows the name of the product.
    layer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Landsat,
    Hls,
    Gaofen,
}

/// The product and layer that a file name means.
pub(crate) fn part(path: &Path) -> Option<Part> {
    let stem = path.file_stem()?.to_str()?;
    let of = |family: Family, found: Option<(&str, &str)>| {
        found.map(|(id, layer)| Part { family, id: id.to_owned(), layer: layer.to_owned() })
    };
    of(Family::Landsat, landsat::split(stem))
        .or_else(|| of(Family::Hls, hls::split(stem)))
        .or_else(|| of(Family::Gaofen, gaofen::split(stem)))
}

/// The product whose name a file carries.
pub(crate) fn name_of(path: &Path) -> Option<String> {
    part(path).map(|part| part.id)
}

/// The band that a name means in a product, by the product's name; `None` where the product is of no known family.
pub(crate) fn band_in(product: &str, name: &str) -> Option<Option<Band>> {
    landsat::band(product, name).or_else(|| hls::band(product, name))
}

/// The acquisition whose files were found together; `None` where they hold no band that is known.
///
/// # Errors
/// `Product` for a product that is not read, with the reason and the next step.
pub(crate) fn group(parts: &[(PathBuf, Part)]) -> Result<Option<Described>, ReadError> {
    let Some((path, first)) = parts.first() else { return Ok(None) };
    let files: Vec<(&Path, &str)> =
        parts.iter().map(|(path, part)| (path.as_path(), part.layer.as_str())).collect();
    match first.family {
        Family::Landsat => landsat::described(&first.id, path, &files),
        Family::Hls => hls::described(&first.id, path, &files),
        Family::Gaofen => gaofen::described(&first.id, path, &files),
    }
}
