//! The raster door on real files, and on files that try to mislead it.

#![allow(clippy::print_stdout, reason = "a skipped test says why")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod shared_data;

use std::path::Path;

use gdal::raster::RasterCreationOptions;
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager, Metadata};
use shared_data::data;
use steppewatch::read::{ReadError, Reader, scenes};
use steppewatch::scene::Band;

/// What a small GeoTIFF is made of.
struct Recipe {
    epsg: u32,
    value: u16,
    date: Option<&'static str>,
}

const PLAIN: Recipe = Recipe { epsg: 32649, value: 1500, date: None };

/// Four bands of 256 x 256 uint16 in blocks of 64, compressed, described B02 B03 B04 B08.
fn write(path: &Path, recipe: &Recipe) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options =
        RasterCreationOptions::from_iter(["COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]);
    let mut file: Dataset =
        driver.create_with_band_type_with_options::<u16, _>(path, 256, 256, 4, &options).unwrap();
    file.set_geo_transform(&[500_000.0, 10.0, 0.0, 4_600_000.0, 0.0, -10.0]).unwrap();
    file.set_spatial_ref(&SpatialRef::from_epsg(recipe.epsg).unwrap()).unwrap();
    if let Some(date) = recipe.date {
        file.set_metadata_item("ACQUISITION_DATE", date, "").unwrap();
    }
    for (name, number) in ["B02", "B03", "B04", "B08"].into_iter().zip(1..) {
        if recipe.value == 0 {
            // So that the file can serve as a mask that hides everything.
            file.set_metadata_item(&format!("INTERNAL_MASK_FLAGS_{number}"), "2", "").unwrap();
        }
        let mut band = file.rasterband(number).unwrap();
        band.set_description(name).unwrap();
        // Noise keeps the compressed blocks long enough to be cut.
        let noise = |index: usize| (index * 7919 % 251) as u16;
        let values =
            (0..256 * 256).map(|index| if recipe.value == 0 { 0 } else { recipe.value + noise(index) });
        let mut values = gdal::raster::Buffer::new((256, 256), values.collect());
        band.write((0, 0), (256, 256), &mut values).unwrap();
    }
    file.close().unwrap();
}

fn message(path: &Path) -> String {
    scenes(path, None).expect_err("must be refused").to_string()
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
    let deep = |(path, why): &(std::path::PathBuf, String)| {
        path.to_string_lossy().ends_with("_B02.tif") && why.contains("deeper than one sub-folder")
    };
    assert!(found.skipped.iter().any(deep), "what lies deeper is skipped aloud: {:?}", found.skipped);
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

#[test]
fn sidecars_and_a_vrt_beside_a_scene_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("S2_20200501.tif");
    write(&path, &PLAIN);
    let all = |folder: &Path| {
        let found = scenes(folder, None).unwrap();
        let grid = found.scenes[0].grid().unwrap().clone();
        let pixels = Reader::new().window(&found.scenes[0], Band::Red, &grid, grid.whole()).unwrap();
        (found.scenes, pixels)
    };
    let before = all(folder.path());
    let aux = "<PAMDataset><SRS>EPSG:32650</SRS><GeoTransform>1,1,0,1,0,-1</GeoTransform>\
        <Metadata><MDI key=\"ACQUISITION_DATE\">1999-01-01</MDI></Metadata>\
        <PAMRasterBand band=\"3\"><NoDataValue>1500</NoDataValue><Scale>9</Scale><Description>B12</Description></PAMRasterBand></PAMDataset>";
    std::fs::write(folder.path().join("S2_20200501.tif.aux.xml"), aux).unwrap();
    std::fs::write(folder.path().join("S2_20200501.tfw"), "1\n0\n0\n-1\n0\n0\n").unwrap();
    // A mask of zeros hides every pixel from a reader that looks at it.
    write(&folder.path().join("mask.tif"), &Recipe { value: 0, ..PLAIN });
    std::fs::rename(folder.path().join("mask.tif"), folder.path().join("S2_20200501.tif.msk")).unwrap();
    std::fs::copy(&path, folder.path().join("S2_20200501.tif.ovr")).unwrap();
    let vrt = format!(
        "<VRTDataset rasterXSize=\"256\" rasterYSize=\"256\"><VRTRasterBand dataType=\"UInt16\" band=\"1\"><SimpleSource><SourceFilename>{}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
        path.display()
    );
    std::fs::write(folder.path().join("S2_20200601_B04.tif"), &vrt).unwrap();
    assert_eq!(all(folder.path()), before);
    let found = scenes(folder.path(), None).unwrap();
    assert!(
        found.skipped.iter().any(|(path, why)| path.ends_with("S2_20200601_B04.tif") && why.contains("VRT"))
    );
    let alone = tempfile::tempdir().unwrap();
    std::fs::write(alone.path().join("S2_20200601_B04.tif"), &vrt).unwrap();
    assert!(message(alone.path()).contains("holds no scene"));
}

#[test]
fn a_truncated_file_names_file_band_and_window() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("S2_20200501.tif");
    write(&path, &PLAIN);
    let bytes = std::fs::read(&path).unwrap();
    for part in [4, 6, 9] {
        std::fs::write(&path, &bytes[..bytes.len() * part / 10]).unwrap();
        let error = message(folder.path());
        let named = ["S2_20200501.tif", "band red", "rows ", "make or copy it again"];
        assert!(named.iter().all(|part| error.contains(part)), "{error}");
    }
    // Cut between `check` and `scan`: the reader says so.
    std::fs::write(&path, &bytes).unwrap();
    let found = scenes(folder.path(), None).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() * 8 / 10]).unwrap();
    let grid = found.scenes[0].grid().unwrap().clone();
    let last = steppewatch::grid::Window { row0: 192, rows: 64, ..grid.whole() };
    let error = Reader::new().window(&found.scenes[0], Band::Nir, &grid, last).unwrap_err().to_string();
    assert!(error.contains("band nir") && error.contains("rows 192..256"), "{error}");
}

#[test]
fn a_file_of_nothing_is_no_scene_without_change() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("S2_20200501.tif"), &Recipe { value: 0, ..PLAIN });
    let found = scenes(folder.path(), None).unwrap();
    let error = Reader::new().check_has_values(&found.scenes[0]).unwrap_err().to_string();
    assert!(error.contains("every pixel") && error.contains("writer killed"), "{error}");
    write(&folder.path().join("S2_20200501.tif"), &PLAIN);
    let found = scenes(folder.path(), None).unwrap();
    Reader::new().check_has_values(&found.scenes[0]).unwrap();
}

#[test]
fn dates_crs_ids_and_numbers_must_be_there_and_agree() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first.tif");
    write(&first, &PLAIN);
    assert!(message(folder.path()).contains("first.tif: no acquisition date"));
    write(&first, &Recipe { date: Some("2020-05-01"), ..PLAIN });
    assert_eq!(scenes(folder.path(), None).unwrap().scenes[0].date.to_string(), "2020-05-01");
    let second = folder.path().join("second_20200601.tif");
    write(&second, &Recipe { epsg: 32650, ..PLAIN });
    let error = message(folder.path());
    assert!(
        error.contains("first.tif is in EPSG:32649 but") && error.contains("second_20200601.tif"),
        "{error}"
    );
    std::fs::remove_file(&second).unwrap();
    std::fs::create_dir(folder.path().join("copy")).unwrap();
    std::fs::copy(&first, folder.path().join("copy/first.tif")).unwrap();
    assert!(message(folder.path()).contains("'first' is there twice"));
    std::fs::remove_file(folder.path().join("copy/first.tif")).unwrap();
    let name = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158.tif";
    write(&folder.path().join(name), &PLAIN);
    let error = message(folder.path());
    assert!(error.contains("first.tif") && error.contains("N0509"), "{error}");
    assert!(message(&folder.path().join("none")).contains("no such file"));
}

#[test]
fn a_missing_band_and_another_crs_are_refused_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("S2_20200501.tif"), &PLAIN);
    let scene = scenes(folder.path(), None).unwrap().scenes.remove(0);
    let mut grid = scene.grid().unwrap().clone();
    let window = grid.whole();
    let missing = Reader::new().window(&scene, Band::Swir16, &grid, window).unwrap_err().to_string();
    assert!(missing.contains("no band swir16 (it has blue, green, red, nir)"), "{missing}");
    grid.crs = steppewatch::grid::Crs::epsg(32650);
    assert!(matches!(
        Reader::new().window(&scene, Band::Red, &grid, window),
        Err(ReadError::OtherCrs { .. })
    ));
}

#[test]
fn a_stac_catalogue_on_disk_gives_the_scenes_of_its_items() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("items")).unwrap();
    for day in ["01", "02"] {
        write(&folder.path().join(format!("{day}.tif")), &PLAIN);
        let item = format!(
            r#"{{"type":"Feature","stac_version":"1.0.0","id":"item-{day}","properties":{{"datetime":"2021-05-{day}T03:00:00Z","platform":"sentinel-2a","s2:processing_baseline":"05.09"}},
            "assets":{{"all":{{"href":"../{day}.tif","type":"image/tiff; application=geotiff","eo:bands":[{{"common_name":"blue"}},{{"common_name":"green"}},{{"common_name":"red"}},{{"common_name":"nir"}}]}},
            "red_60m":{{"href":"https://x.example/red.tif","type":"image/tiff","eo:bands":[{{"common_name":"red"}}],"gsd":60}},
            "visual":{{"href":"https://x.example/v.tif","type":"image/tiff","eo:bands":[{{"common_name":"red"}}]}}}}}}"#
        );
        std::fs::write(folder.path().join(format!("items/{day}.json")), item).unwrap();
    }
    let links = r#"[{"rel":"root","href":"./catalog.json"},{"rel":"child","href":"./c.json"}]"#;
    let catalog = folder.path().join("catalog.json");
    std::fs::write(&catalog, format!(r#"{{"type":"Catalog","id":"c","links":{links}}}"#)).unwrap();
    let links = r#"[{"rel":"item","href":"items/02.json"},{"rel":"item","href":"./items/01.json"},{"rel":"child","href":"catalog.json"},{"rel":"item","href":"https://x.example/i.json"}]"#;
    std::fs::write(
        folder.path().join("c.json"),
        format!(r#"{{"type":"Collection","id":"c","links":{links}}}"#),
    )
    .unwrap();
    let found = scenes(&catalog, None).unwrap();
    assert_eq!(
        found.scenes.iter().map(|scene| scene.id.as_str()).collect::<Vec<_>>(),
        ["item-01", "item-02"]
    );
    let scene = &found.scenes[0];
    assert_eq!(
        (scene.sensor.as_str(), scene.bands[&Band::Red].number, scene.bands[&Band::Red].offset),
        ("sentinel-2a", 3, -0.1)
    );
    assert!(scene.scaling.contains("05.09"), "{}", scene.scaling);
    assert!(found.skipped.iter().any(|(_, why)| why.contains("give --fetch")), "{:?}", found.skipped);
    let grid = scene.grid().unwrap();
    assert_eq!(Reader::new().window(scene, Band::Red, grid, grid.whole()).unwrap()[(0, 0)], 1500.0);
}

#[test]
fn real_stac_items_whose_pixels_lie_on_servers_are_refused_with_the_reason() {
    let Some(folder) = data("stac") else { return };
    for name in [
        "odc_stac_items/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531_raster_ext.json",
        "odc_stac_items/LC08_L2SP_028030_20200114_20200824_02_T1_SR.json",
        "odc_stac_items/S2A_28QCH_20200714_0_L2A.json",
    ] {
        let error = message(&folder.join(name));
        assert!(error.contains("lies on a server; give --fetch"), "{error}");
    }
    let error = message(&folder.join("stactools_sentinel2_examples/catalog.json"));
    assert!(error.contains("no such file") || error.contains("no scene"), "{error}");
}

#[test]
fn hostile_tiffs_are_read_or_refused_without_a_panic() {
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("S2_20200501_B04.tif");
    for folder in ["corpora/tiff_fuzz_images", "corpora/tiff_go_fuzz"] {
        let Some(folder) = data(folder) else { return };
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for file in files {
            std::fs::copy(&file, &copy).unwrap();
            let Ok(found) = scenes(&copy, None) else { continue };
            let grid = found.scenes[0].grid().unwrap().clone();
            let corner = steppewatch::grid::Window {
                rows: grid.rows.min(64),
                cols: grid.cols.min(64),
                ..grid.whole()
            };
            Reader::new().window(&found.scenes[0], Band::Red, &grid, corner).ok();
        }
    }
}

#[test]
fn zero_in_a_mask_is_clear_and_an_internal_mask_is_nodata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("S2_20200501.tif");
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    gdal::config::set_config_option("GDAL_TIFF_INTERNAL_MASK", "YES").unwrap();
    let mut file = driver.create_with_band_type::<u16, _>(&path, 8, 8, 2).unwrap();
    file.set_geo_transform(&[500_000.0, 10.0, 0.0, 4_600_000.0, 0.0, -10.0]).unwrap();
    file.set_spatial_ref(&SpatialRef::from_epsg(32649).unwrap()).unwrap();
    for (name, number, value) in [("red", 1, 1500), ("mask", 2, 0)] {
        let mut band = file.rasterband(number).unwrap();
        band.set_description(name).unwrap();
        band.set_no_data_value(Some(0.0)).unwrap();
        band.write((0, 0), (8, 8), &mut gdal::raster::Buffer::new((8, 8), vec![value; 64])).unwrap();
    }
    file.close().unwrap();
    let read = |band: Band| {
        let scene = scenes(&path, None).unwrap().scenes.remove(0);
        let grid = scene.grid().unwrap().clone();
        Reader::new().window(&scene, band, &grid, grid.whole()).unwrap()
    };
    assert!(read(Band::Mask).iter().all(|value| *value == 0.0));
    // The same file without a nodata value, with a mask inside that hides its first row.
    let mut file = driver.create_with_band_type::<u16, _>(&path, 8, 8, 1).unwrap();
    file.set_geo_transform(&[500_000.0, 10.0, 0.0, 4_600_000.0, 0.0, -10.0]).unwrap();
    file.set_spatial_ref(&SpatialRef::from_epsg(32649).unwrap()).unwrap();
    let mut band = file.rasterband(1).unwrap();
    band.set_description("red").unwrap();
    band.create_mask_band(true).unwrap();
    band.write((0, 0), (8, 8), &mut gdal::raster::Buffer::new((8, 8), vec![1500_u16; 64])).unwrap();
    let seen = (0..64).map(|index| if index < 8 { 0 } else { 255_u8 }).collect();
    let mut mask = band.open_mask_band().unwrap();
    mask.write((0, 0), (8, 8), &mut gdal::raster::Buffer::new((8, 8), seen)).unwrap();
    file.close().unwrap();
    let red = read(Band::Red);
    assert_eq!(red.iter().filter(|value| value.is_nan()).count(), 8);
    assert!(red[(0, 0)].is_nan() && red[(1, 0)] == 1500.0);
}
