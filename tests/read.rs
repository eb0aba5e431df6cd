//! The raster door on real files, and on files that try to mislead it.

#![allow(clippy::print_stdout, reason = "a skipped test says why")]

use std::path::{Path, PathBuf};

use steppewatch::read::{Reader, scenes};
use steppewatch::scene::Band;

/// Real data beside the repository, or `None` with the reason printed.
fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: {} is not on this machine", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn a_folder_of_multi_band_files_gives_dated_scenes() {
    let Some(path) = data("romania_forest_2015_2018/scenes") else { return };
    let found = scenes(&path, None).unwrap();
    assert_eq!(found.scenes.len(), 74);
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
    let scene = &found.scenes[0];
    assert_eq!(scene.bands.len(), 7);
    assert_eq!(scene.grid().unwrap().crs.code(), 3035);
    assert!(scene.scaling.contains("0.0001"));
    let mut reader = Reader::new();
    for scene in &found.scenes {
        let grid = scene.grid().unwrap();
        for band in scene.bands.keys() {
            let values = reader.window(scene, *band, grid, grid.whole()).unwrap();
            assert_eq!(values.dim(), (grid.rows, grid.cols));
        }
    }
}

#[test]
fn a_folder_with_labels_and_other_folders_gives_the_named_scenes_only() {
    let Some(path) = data("oscd_pisa") else { return };
    let found = scenes(&path, None).unwrap();
    let dates: Vec<String> = found.scenes.iter().map(|scene| scene.date.to_string()).collect();
    assert_eq!(dates, ["2015-07-04", "2018-02-11"]);
    assert!(found.skipped.iter().any(|(path, _)| path.ends_with("label_change_utm10m.tif")));
}

#[test]
fn one_file_a_band_in_one_folder_a_date_is_a_scene() {
    let Some(path) = data("oscd_pisa/original_epsg4326") else { return };
    let found = scenes(&path, None).unwrap();
    let dates: Vec<String> = found.scenes.iter().map(|scene| scene.date.to_string()).collect();
    assert_eq!(dates, ["2015-07-04", "2018-02-11"]);
    assert!(found.scenes.iter().all(|scene| scene.bands.len() == 6));
    let (grid, mut reader) = (found.scenes[0].grid().unwrap(), Reader::new());
    let red = reader.window(&found.scenes[1], Band::Red, grid, grid.whole()).unwrap();
    assert!(red.iter().filter(|value| !value.is_nan()).count() > red.len() / 2);
    reader.check_has_values(&found.scenes[0]).unwrap();
}

#[test]
fn files_without_band_names_need_an_order() {
    let Some(path) = data("naip_prairie_wetlands_2009_2020") else { return };
    let error = scenes(&path, None).unwrap_err().to_string();
    assert!(error.contains("without names") && error.contains("order"), "{error}");
    let order = [Band::Red, Band::Green, Band::Blue, Band::Nir];
    let found = scenes(&path, Some(&order)).unwrap();
    assert_eq!(found.scenes.len(), 10);
    assert!(found.scenes[0].scaling.contains("8-bit"));
    // The grids differ by fractions of a pixel: seen on the first, each scene has values.
    let (grid, mut reader) = (found.scenes[0].grid().unwrap(), Reader::new());
    for scene in &found.scenes {
        let nir = reader.window(scene, Band::Nir, grid, grid.whole()).unwrap();
        assert!(nir.iter().filter(|value| !value.is_nan()).count() > nir.len() * 9 / 10);
    }
}
