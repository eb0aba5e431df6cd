//! Which bands a file holds: by description, by the end of its name, by a given order, by colour.
//!
//! In:  a file that was opened, the order of bands where files do not name them. Out: id of its scene, bands with their
//!      numbers in the file, a note on how they were told; or why it is no scene.
//! Law: a name that several sensors use in their own way is no name.

use std::path::Path;

use crate::read::probe::{Colour, Probe};
use crate::read::raster::AboutBand;
use crate::scene::Band;

/// Id of a scene, bands with their numbers in the file, a note.
pub(crate) type Named = (String, Vec<(Band, usize)>, String);

/// Scene id and bands (with their numbers) of one file, or why it is no scene.
pub(crate) fn named_bands(probe: &Probe, band_order: Option<&[Band]>) -> Result<Named, String> {
    let stem = probe.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    if let [only] = probe.bands.as_slice() {
        let (id, band) = match band_suffix(&stem) {
            Some((id, band)) => (id.to_owned(), Some(band)),
            None => (stem.clone(), Band::parse(&only.description)),
        };
        let folder = probe.path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let id = if id.is_empty() { folder.unwrap_or_default().to_owned() } else { id };
        let reason = "one band without a name in the description or at the end of the file name (_B04)";
        return band.map(|band| (id, vec![(band, 1)], String::new())).ok_or_else(|| reason.to_owned());
    }
    let own_numbers = numbers_its_own_way(probe);
    let described: Vec<(Band, usize)> = (probe.bands.iter().zip(1..))
        .filter(|_| !own_numbers)
        .filter_map(|(band, number)| Band::parse(&band.description).map(|name| (name, number)))
        .collect();
    if !described.is_empty() {
        return Ok((stem, described, String::new()));
    }
    if let Some(order) = band_order {
        if order.len() != probe.bands.len() {
            return Err(format!("has {} bands, the given order names {}", probe.bands.len(), order.len()));
        }
        let bands = order.iter().copied().zip(1..).collect();
        return Ok((stem, bands, "; bands by the given order".to_owned()));
    }
    if own_numbers {
        return Err(format!(
            "bands are called B1 to B{}, which each sensor means in its own way; name them (red, nir), or give their order",
            probe.bands.len()
        ));
    }
    by_colour(probe).map(|(bands, note)| (stem, bands, note))
}

/// Bands that are called by their place in the file, as of GF-6 WFV: B4 is red of Sentinel-2 and near infrared of others.
fn numbers_its_own_way(probe: &Probe) -> bool {
    let is_place = |(band, number): (&AboutBand, usize)| {
        let name = band.description.trim().to_ascii_lowercase();
        name.strip_prefix('b').and_then(|rest| rest.parse::<usize>().ok()) == Some(number)
    };
    probe.bands.len() > 1 && probe.bands.iter().zip(1..).all(is_place)
}

/// Red, green, blue by colour; a fourth band without a colour is near infrared, as aerial RGBN is written.
fn by_colour(probe: &Probe) -> Result<(Vec<(Band, usize)>, String), String> {
    use Colour::{Alpha, Blue, Green, Red, Undefined};
    let colours: Vec<Colour> = probe.bands.iter().map(|band| band.colour).collect();
    let numbered = |order: &[Band]| order.iter().copied().zip(1..).collect();
    match colours.as_slice() {
        [Red, Green, Blue, Undefined] => Ok((
            numbered(&[Band::Red, Band::Green, Band::Blue, Band::Nir]),
            "; bands by colour: red, green, blue, and the fourth without a colour is near infrared".to_owned(),
        )),
        [Red, Green, Blue, Alpha] => Err(
            "fourth band is called alpha, which may be near infrared or transparency; name the bands (gdal_edit, or their order in the plan)"
                .to_owned(),
        ),
        _ => Err(format!(
            "{} bands without names; name them in the band descriptions, or give their order",
            colours.len()
        )),
    }
}

/// `T32TPP_20180211_B04` is `T32TPP_20180211` and red; `B04` alone has an empty id.
pub(crate) fn band_suffix(stem: &str) -> Option<(&str, Band)> {
    if let Some(band) = Band::parse(stem) {
        return Some(("", band));
    }
    // Level 2A products end in the resolution: `..._B04_10m`.
    let short = ["_10m", "_20m", "_60m"].iter().find_map(|ending| stem.strip_suffix(ending)).unwrap_or(stem);
    let (at, _) = short.char_indices().rev().find(|(_, letter)| "_.-".contains(*letter))?;
    let band = Band::parse(&short[at + 1..])?;
    Some((&short[..at], band))
}
