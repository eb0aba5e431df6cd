//! Files beside a scene that other programs would let speak for it. Nothing of them is read; that they are there is told.
//!
//! In:  the files of scenes. Out: those that lie beside them under a name of a sidecar, sorted.
//! Law: no sidecar decides what a scene says, and none is passed over in silence.
//! Source: GDAL's manual on PAM (.aux.xml), masks (.msk), overviews (.ovr), world files (.tfw, .tifw, .wld) and RPC files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is put behind the whole name of a scene.
const BEHIND: [&str; 4] = [".aux.xml", ".msk", ".ovr", ".aux"];
/// What takes the place of its ending.
const INSTEAD: [&str; 6] = ["tfw", "tifw", "tiffw", "wld", "rpb", "aux"];

/// The sidecars of scenes.
pub fn sidecars<'a>(scenes: impl Iterator<Item = &'a Path>) -> Vec<PathBuf> {
    // A folder is listed once, however many scenes lie in it.
    let mut folders: BTreeMap<&Path, BTreeSet<PathBuf>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for scene in scenes {
        let folder = scene.parent().unwrap_or(Path::new(""));
        let there = folders.entry(folder).or_insert_with(|| {
            let place = if folder == Path::new("") { Path::new(".") } else { folder };
            let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
            entries.map(|entry| folder.join(entry.file_name())).collect()
        });
        let behind = BEHIND.iter().map(|ending| {
            let mut name = scene.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        });
        let instead = INSTEAD.iter().flat_map(|ending| {
            [scene.with_extension(ending), scene.with_extension(ending.to_ascii_uppercase())]
        });
        found.extend(behind.chain(instead).filter(|file| there.contains(file)));
    }
    found.into_iter().collect()
}

/// How many of each kind, and one of them by name; nothing where there are none.
pub fn told(sidecars: &[PathBuf]) -> Option<String> {
    let first = sidecars.first()?.file_name()?.to_string_lossy().into_owned();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for file in sidecars {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let behind = BEHIND.iter().find(|ending| name.ends_with(**ending)).map(|ending| (*ending).to_owned());
        let ending = || format!(".{}", file.extension().unwrap_or_default().to_string_lossy());
        *kinds.entry(behind.unwrap_or_else(ending)).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    Some(format!("beside the scenes lie files that are not looked at: {} ({first}, ...)", kinds.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_scene_are_found_and_counted_by_kind_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.tif",
            "a.tif.aux.xml",
            "b.tif",
            "b.tif.aux.xml",
            "b.TFW",
            "b.tif.msk",
            "notes.aux.xml",
            "c.tfw",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let scenes = ["a.tif", "b.tif"].map(|name| folder.path().join(name));
        let found = sidecars(scenes.iter().map(PathBuf::as_path));
        assert_eq!(found.len(), 4, "{found:?}");
        let told = told(&found).unwrap();
        assert!(
            told.contains("2 .aux.xml, 1 .msk, 1 .TFW") || told.contains("1 .TFW, 2 .aux.xml, 1 .msk"),
            "{told}"
        );
        assert_eq!(super::told(&[]), None);
    }
}
