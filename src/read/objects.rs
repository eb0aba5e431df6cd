//! Which objects lie in storage below an address, and which of them are taken for scenes.
//!
//! In:  an address that the user gave. Out: its objects as they were listed, and the GeoTIFFs among them.
//! Law: what is taken from a folder is taken from a prefix; what is left out is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bucket::{Address, Client, Object, address};
use crate::read::discover::{TOO_DEEP, has_ending, is_json};
use crate::read::{ReadError, harden};

/// Objects below an address, or the one that it is, by path.
pub(crate) fn listed(
    address: &Address,
    skipped: &mut Vec<(PathBuf, String)>,
) -> Result<BTreeMap<PathBuf, Object>, ReadError> {
    if is_json(Path::new(&address.key)) {
        let reason = "is a STAC file in object storage, which is read from this disk only; give the prefix of its GeoTIFFs";
        return Err(ReadError::Stac { path: address.path(), reason: reason.to_owned() });
    }
    harden::open_network()?;
    let mut objects = BTreeMap::new();
    for object in Client::get()?.below(address)? {
        let place = Address { bucket: address.bucket.clone(), key: object.key.clone() }.path();
        if address::is_key(&object.key) {
            objects.insert(place, object);
        } else if !object.key.ends_with('/') {
            skipped.push((place, "a part of its key is empty, '.' or '..'; give it another".to_owned()));
        }
    }
    Ok(objects)
}

/// GeoTIFF objects as `tiff_files` takes files: at an address and directly below its parts.
pub(crate) fn tiffs(
    address: &Address,
    objects: &BTreeMap<PathBuf, Object>,
    skipped: &mut Vec<(PathBuf, String)>,
) -> Vec<PathBuf> {
    let prefix = address.prefix();
    let depth =
        |object: &Object| object.key.strip_prefix(&prefix).map_or(0, |rest| rest.matches('/').count());
    let tiffs = objects.iter().filter(|(path, _)| has_ending(path, &["tif", "tiff"]));
    let (deep, files): (Vec<_>, Vec<_>) = tiffs.partition(|(_, object)| depth(object) > 1);
    skipped.extend(deep.into_iter().map(|(path, _)| (path.clone(), TOO_DEEP.to_owned())));
    files.into_iter().map(|(path, _)| path.clone()).collect()
}
