//! Where the images of a Sentinel-2 tile lie.
//!
//! In:  the files of a product, the images that its XML lists. Out: one `Image` each, there or not.
//! Law: an image is known by its name, wherever in the product it lies.

use std::collections::BTreeMap;

use crate::read::product::sentinel2::BANDS;
use crate::read::product::sentinel2::metadata::Tile;
use crate::read::product::tree::Tree;

/// An image of a tile: name of its band, metres, path below the root, whether it is there.
pub(super) type Image = (String, f64, String, bool);

/// Images as the product lists them, found by name wherever they lie.
pub(super) fn listed(tree: &Tree, tile: &Tile) -> Vec<Image> {
    let stem = |name: &str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        let ending = ["jp2", "tif", "tiff"]
            .iter()
            .find(|ending| file.to_ascii_lowercase().ends_with(&format!(".{ending}")));
        ending.map(|ending| file[..file.len() - ending.len() - 1].to_owned())
    };
    let by_stem: BTreeMap<String, &String> =
        tree.files.keys().filter_map(|name| Some((stem(name)?, name))).collect();
    let one = |image: &String| {
        let own = image.rsplit('/').next().unwrap_or(image);
        let (band, metres) = band_and_metres(own)?;
        let found = by_stem.get(own).map(|name| (*name).clone());
        let expected = || {
            let folder = if image.contains('/') {
                String::new()
            } else {
                format!("GRANULE/{}/IMG_DATA/", tile.granule)
            };
            format!("{folder}{image}.{}", tile.ending)
        };
        Some((band, metres, found.clone().unwrap_or_else(expected), found.is_some()))
    };
    tile.images.iter().filter_map(one).collect()
}

/// Images of a tile that lies alone: `R10m/B02.jp2` (L2A) or `B02.jp2` (L1C).
pub(super) fn alone(tree: &Tree, level: &str) -> Vec<Image> {
    let mut images = Vec::new();
    let bands =
        BANDS.iter().map(|(band, metres)| (*band, *metres)).chain((level == "L2A").then_some(("SCL", 20.0)));
    for (band, finest) in bands {
        for metres in [10.0, 20.0, 60.0].into_iter().filter(|metres| *metres >= finest) {
            let name = if level == "L2A" { format!("R{metres}m/{band}") } else { band.to_owned() };
            let there = ["jp2", "tif", "tiff"].map(|ending| format!("{name}.{ending}"));
            let there = there.into_iter().find(|name| tree.files.contains_key(name));
            if level == "L1C" && metres > finest {
                continue;
            }
            let is_there = there.is_some();
            images.push((band.to_owned(), metres, there.unwrap_or(format!("{name}.jp2")), is_there));
        }
    }
    images
}

/// `T01WCP_20230625T234621_B02_10m` is B02 of 10 m; without an ending a band has its finest pixels.
fn band_and_metres(image: &str) -> Option<(String, f64)> {
    let mut parts = image.rsplit('_');
    let last = parts.next()?;
    let metres = last.strip_suffix('m').and_then(|metres| metres.parse::<f64>().ok());
    let named = |part: &str| {
        let band = BANDS.iter().find(|(band, _)| *band == part).copied();
        band.or_else(|| (part == "SCL").then_some(("SCL", 20.0)))
    };
    let band = if metres.is_some() { image.split('_').find_map(named) } else { named(last) };
    let (band, finest) = band?;
    Some((band.to_owned(), metres.unwrap_or(finest)))
}
