//! Products as their makers describe them: every real metadata tree and STAC item at hand, and pixels that OpenJPEG wrote.

#![allow(clippy::print_stdout, reason = "a test says what it looked at, and a skipped one why")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "other tests write other products")]
#[path = "it/safe.rs"]
mod safe;
mod shared_data;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use shared_data::data;
use steppewatch::read::product::{Described, described};
use steppewatch::read::{ReadError, Reader, scenes};
use steppewatch::scene::Band;

use safe::{Plane, Planes, Safe, zipped};

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split('.').next().unwrap_or(file)
}

/// What a maker of STAC items reads off the same metadata, in so far as it is said here too.
fn same_as_expected(found: &Described, expected: &Value) {
    let property = |key: &str| expected["properties"][key].as_str();
    let id = property("s2:product_uri").map(|uri| uri.trim_end_matches(".SAFE")).or(expected["id"].as_str());
    assert_eq!(Some(found.id.as_str()), id);
    assert_eq!(found.date.to_string(), property("datetime").unwrap()[..10], "{}", found.id);
    assert_eq!(Some(found.sensor.as_str()), property("platform"), "{}", found.id);
    assert_eq!(found.baseline.as_deref(), property("s2:processing_baseline"), "{}", found.id);
    let assets = expected["assets"].as_object().unwrap();
    let bands: Vec<Band> = Band::ALL.into_iter().filter(|band| assets.contains_key(band.name())).collect();
    assert_eq!(found.layers.keys().copied().collect::<Vec<_>>(), bands, "{}", found.id);
    for (band, layer) in &found.layers {
        let asset = &assets[band.name()];
        let raster = &asset["raster:bands"][0];
        let number = |key: &str| raster[key].as_f64();
        if !band.is_classes() {
            assert_eq!(
                (Some(layer.scale), Some(layer.offset)),
                (number("scale"), number("offset")),
                "{} {band}",
                found.id
            );
        }
        assert_eq!(Some(layer.metres), number("spatial_resolution"), "{} {band}", found.id);
        assert_eq!(layer.nodata, number("nodata"), "{} {band}", found.id);
        let named = layer.path.to_str().map(stem);
        assert_eq!(named, asset["href"].as_str().map(stem), "{} {band}", found.id);
    }
}

/// Cases 27, 28 and 34 of the catalogue of faults: the product's own metadata say what its numbers mean.
#[test]
fn every_real_safe_tree_is_read_as_what_it_is_and_says_which_images_are_missing() {
    let Some(folder) = data("stac/stactools_sentinel2_safe_metadata") else { return };
    let (mut trees, mut compared) = (0, 0);
    for root in sorted(&folder).into_iter().filter(|root| root.is_dir()) {
        let found = described(&root).unwrap_or_else(|error| panic!("{error}"));
        let [one] = found.as_slice() else { panic!("{}: {} acquisitions", root.display(), found.len()) };
        if let Ok(text) = fs::read(root.join("expected_output.json")) {
            same_as_expected(one, &serde_json::from_slice(&text).unwrap());
            compared += 1;
        }
        let tile = one.id.split(['_', '.']).find(|part| part.len() == 6 && part.starts_with('T'));
        assert!(
            tile.is_some_and(|tile| root.to_string_lossy().contains(tile))
                || root.to_string_lossy().contains("_DS_")
        );
        assert!(
            one.baseline.is_some() && one.sensor.starts_with("sentinel-2") && one.layers.len() >= 7,
            "{one:?}"
        );
        let error = scenes(&root, None).unwrap_err().to_string();
        for layer in one.layers.values() {
            assert!(
                error.contains(layer.path.to_str().unwrap()) && error.contains("copy the product again"),
                "{error}"
            );
        }
        trees += 1;
    }
    println!("{trees} trees read, {compared} compared with what was expected of them");
    assert_eq!((trees, compared), (23, 17));
}

const SENTINEL: &str = "blue green red nir nir08 swir16 swir22 scl";
const LANDSAT: &str = "blue green red nir08 swir16 swir22 qa_pixel";

/// What the items are: a line each, file; id; day; platform; baseline; bands; scale and offset of red.
const ITEMS: &str = "
odc_stac_items/LC08_L2SP_028030_20200114_20200824_02_T1_SR.json; LC08_L2SP_028030_20200114_20200824_02_T1_SR; 2020-01-14; LANDSAT_8; ; landsat; 0.0000275 -0.2
odc_stac_items/LE07_L2SP_044033_20210329_20210424_02_T1_SR.json; LE07_L2SP_044033_20210329_20210424_02_T1_SR; 2021-03-29; LANDSAT_7; ; landsat; 0.0000275 -0.2
odc_stac_items/S2A_28QCH_20200714_0_L2A.json; S2A_28QCH_20200714_0_L2A; 2020-07-14; sentinel-2a; ; sentinel; 0.0001 0
odc_stac_items/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json; S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531; 2019-06-29; Sentinel-2B; 02.12; sentinel; 0.0001 0
odc_stac_items/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531_raster_ext.json; S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531; 2019-06-29; Sentinel-2B; 02.12; sentinel; 0.0001 0
stactools_sentinel2_examples/sentinel2-l1c-example/S2A_T01LAC_20200717T221944_L1C/S2A_T01LAC_20200717T221944_L1C.json; S2A_T01LAC_20200717T221944_L1C; 2020-07-17; sentinel-2a; 02.09; top; 0.0001 0
stactools_sentinel2_examples/sentinel2-l2a-example/S2A_T07HFE_20190212T192646_L2A/S2A_T07HFE_20190212T192646_L2A.json; S2A_T07HFE_20190212T192646_L2A; 2019-02-12; sentinel-2a; 02.12; sentinel; 0.0001 0
";

#[test]
fn every_real_stac_item_is_read_as_what_it_is_or_refused_with_the_reason() {
    let Some(folder) = data("stac") else { return };
    for line in ITEMS.trim().lines() {
        let parts: Vec<&str> = line.split("; ").collect();
        let (file, expected) = (parts[0], &parts[1..]);
        let found = described(&folder.join(file)).unwrap_or_else(|error| panic!("{error}"));
        let one = &found[0];
        let names: Vec<&str> = one.layers.keys().map(|band| band.name()).collect();
        let kind = match names.join(" ") {
            names if names == SENTINEL => "sentinel",
            names if names == LANDSAT => "landsat",
            names if names == SENTINEL.trim_end_matches(" scl") => "top",
            _ => "other",
        };
        let red = &one.layers[&Band::Red];
        let (date, baseline) = (one.date.to_string(), one.baseline.as_deref().unwrap_or_default());
        let scale = format!("{} {}", red.scale, red.offset);
        assert_eq!([one.id.as_str(), &date, &one.sensor, baseline, kind, &scale], expected, "{file}");
    }
    let mut refused = BTreeMap::new();
    for file in [
        "odc_stac_items/LC08_L2SR_081119_20200101_20200823_02_T2.json",
        "odc_stac_items/lidar_dem.json",
        "odc_stac_items/only_crs_proj.json",
    ] {
        let error = described(&folder.join(file)).unwrap_err();
        assert!(matches!(error, ReadError::NoScene { .. }), "{error}");
        refused.insert(file.to_owned(), error.to_string());
    }
    // Level 1 in a collection that is no longer handed out.
    for month in sorted(&folder.join("pystac_landsat8_catalog")).into_iter().filter(|month| month.is_dir()) {
        for item in sorted(&month) {
            let error = described(&item).unwrap_err().to_string();
            assert!(error.contains("Landsat Level 1") && error.contains("L2SP"), "{error}");
            refused.insert(item.display().to_string(), error);
        }
    }
    println!("7 items read, {} refused with the reason", refused.len());
    assert_eq!(refused.len(), 7);
}

/// Bands of 64 x 64 pixels of 10 m and 32 x 32 of 20 m with numbers of no pattern, some without value, some too bright.
fn planes(added: i32) -> Planes {
    let plane = |seed: usize, side: f64| {
        let length = (640.0 / side) as usize;
        let number = |at: usize| match at % 97 {
            0 => 0,
            1 => 65_535,
            _ => (at * 7919 + seed * 104_729) as i32 % 3000 + 300 + added,
        };
        Plane { rows: length, cols: length, side, numbers: (0..length * length).map(number).collect() }
    };
    let mut bands: BTreeMap<String, Plane> = BTreeMap::new();
    for (seed, band) in ["B02", "B03", "B04", "B08"].into_iter().enumerate() {
        bands.insert(band.to_owned(), plane(seed, 10.0));
    }
    for (seed, band) in ["B8A", "B11", "B12"].into_iter().enumerate() {
        bands.insert(band.to_owned(), plane(seed + 10, 20.0));
    }
    bands.insert("SCL".to_owned(), plane(3, 20.0).map(|number| number % 12));
    Planes { bands, origin: (300_000.0, 4_600_000.0), epsg: 32649 }
}

/// Cases 31, 32 and 46 of the catalogue of faults.
#[test]
fn pixels_that_openjpeg_wrote_are_read_exactly_in_a_folder_and_in_an_archive_of_any_baseline() {
    for (baseline, level, added) in [
        ("02.04", "L1C", 0),
        ("04.00", "L1C", 1000),
        ("02.14", "L2A", 0),
        ("04.00", "L2A", 1000),
        ("05.10", "L2A", 1000),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let planes = planes(added);
        let safe = Safe { level, ..Safe::l2a(20_210_629, baseline) };
        let mut written = planes.clone();
        if level == "L1C" {
            written.bands.remove("SCL");
        }
        let root = safe.write(folder.path(), &written);
        let offset = if added == 0 { 0.0 } else { -0.1 };
        for path in [root.clone(), root.join(format!("MTD_MSI{level}.xml")), folder.path().to_owned()] {
            same_pixels(&path, &safe, &written, offset);
        }
        let archive = zipped(&root);
        same_pixels(&archive, &safe, &written, offset);
        same_pixels(folder.path(), &safe, &written, offset);
    }
}

/// The one scene at a path holds what was written, number for number.
fn same_pixels(path: &Path, safe: &Safe, written: &Planes, offset: f64) {
    let found = scenes(path, None).unwrap_or_else(|error| panic!("{error}"));
    let scene = &found.scenes[0];
    assert_eq!((scene.id.as_str(), scene.sensor.as_str()), (safe.name().as_str(), "sentinel-2a"));
    assert!(scene.product.contains(safe.level) && scene.product.contains(safe.baseline), "{}", scene.product);
    for (name, plane) in &written.bands {
        let band = Band::parse(name).unwrap();
        let file = &scene.bands[&band];
        assert_eq!((file.grid.rows, file.grid.pixel_width), (plane.rows, plane.side));
        let read = Reader::new().window(scene, band, &file.grid, file.grid.whole()).unwrap();
        for (read, number) in read.iter().zip(&plane.numbers) {
            let is_seen = *number != 0 && (band.is_classes() || *number != 65_535);
            let is_same = if is_seen { f64::from(*read) == f64::from(*number) } else { read.is_nan() };
            assert!(is_same, "{name}: {read} {number}");
        }
        assert!(band.is_classes() || (file.scale, file.offset) == (0.0001, offset), "{name} {file:?}");
    }
}

#[test]
fn a_product_that_lost_a_band_its_mask_or_its_metadata_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| scenes(path, None).unwrap_err().to_string();
    let safe = Safe::l2a(20_210_629, "05.09");
    let root = safe.write(folder.path(), &planes(1000));
    let mask = root
        .join("GRANULE/L2A_T49TCF_A031435_20210629T033541/IMG_DATA/R20m/T49TCF_20210629T033541_SCL_20m.jp2");
    let kept = fs::read(&mask).unwrap();
    fs::remove_file(&mask).unwrap();
    let error = refused(&root);
    assert!(
        error.contains("lacks 1 of the files") && error.contains("scl") && error.contains("SCL_20m.jp2"),
        "{error}"
    );
    fs::write(&mask, &kept[..kept.len() / 3]).unwrap();
    let found = scenes(&root, None);
    let scene = found.as_ref().map(|found| &found.scenes[0]);
    let read = scene.map(|scene| {
        let grid = &scene.bands[&Band::Scl].grid;
        Reader::new().window(scene, Band::Scl, grid, grid.whole())
    });
    assert!(!matches!(read, Ok(Ok(_))), "a picture that was cut short is no picture");
    fs::write(&mask, kept).unwrap();
    let metadata = root.join("MTD_MSIL2A.xml");
    let text = fs::read_to_string(&metadata).unwrap();
    for (from, to, part) in [
        ("-1000", "none", "BOA_ADD_OFFSET is 'none'"),
        ("<PROCESSING_BASELINE>05.09", "<PROCESSING_BASELINE>05.09<X>", "no XML that is read here"),
        (
            ">S2A_MSIL2A_20210629T033541_N0509",
            ">S2A_MSIL2A_20210629T033541_N0301",
            "processing baseline 03.01",
        ),
        ("Level-2A", "Level-1B", "expected Level-1C or Level-2A"),
        ("IMAGE_FILE>GRANULE/", "IMAGE_FILE>../../GRANULE/", "no reflectance band"),
        (">10000<", ">0<", "QUANTIFICATION_VALUE is 0"),
        (">10000<", ">20000<", "QUANTIFICATION_VALUE is 20000, expected 10000"),
        ("-1000", "1000", "adds no light"),
        (
            "band_id=\"3\"",
            "band_id=\"0\"",
            "offset 0 of band red, but scale 0.0001, offset -0.1 of band blue",
        ),
    ] {
        fs::write(&metadata, text.replace(from, to)).unwrap();
        let error = refused(&root);
        assert!(error.contains(part) && error.contains("MTD_MSIL2A.xml"), "{part}: {error}");
    }
    fs::write(&metadata, &text).unwrap();
    let tile = root.join("GRANULE/L2A_T49TCF_A031435_20210629T033541/MTD_TL.xml");
    fs::write(&tile, fs::read_to_string(&tile).unwrap().replace("2021-06-29T", "2019-06-29T")).unwrap();
    let error = refused(&root);
    assert!(error.contains("2019-06-29") && error.contains("the name 'S2A_MSIL2A_20210629"), "{error}");
    fs::remove_file(&metadata).unwrap();
    fs::remove_file(&tile).unwrap();
    assert!(refused(&root).contains("is a SAFE folder"), "{}", refused(&root));
}

/// Case 30 of the catalogue of faults, in products: metadata that take away what somebody took away before.
#[test]
fn pixels_that_contradict_the_metadata_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = Safe::l2a(20_210_629, "05.09").write(folder.path(), &planes(0));
    let error = scenes(&root, None).unwrap_err().to_string();
    assert!(error.contains("taken away already") && error.contains("B02_10m.jp2"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let strange = Safe { offset: Some(-7000), ..Safe::l2a(20_210_629, "05.09") };
    let error = scenes(&strange.write(folder.path(), &planes(1000)), None).unwrap_err().to_string();
    assert!(error.contains("median reflectance"), "{error}");
}

/// Products before December 2016 hold many tiles under long names, and list images without folders.
#[test]
fn an_old_product_of_many_tiles_is_a_scene_a_tile() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder
        .path()
        .join("S2A_OPER_PRD_MSIL1C_PDMC_20160429T191504_R061_V20160429T033541_20160429T033541.SAFE");
    let mut granules = String::new();
    let planes = planes(0);
    for tile in ["49TCF", "49TDF"] {
        let id = format!("S2A_OPER_MSI_L1C_TL_MTI__20160429T102030_A004451_T{tile}");
        let images = root.join(format!("GRANULE/{id}_N02.01/IMG_DATA"));
        fs::create_dir_all(&images).unwrap();
        let mut list = String::new();
        for (band, plane) in planes.bands.iter().filter(|(band, _)| *band != "SCL") {
            planes.write_jp2(plane, safe::Numbers::Unsigned, &images.join(format!("{id}_{band}.jp2")));
            list.push_str(&format!("<IMAGE_ID>{id}_{band}</IMAGE_ID>"));
        }
        let tile_xml = format!(
            "<n1:Level-1C_Tile_ID xmlns:n1=\"u\"><TILE_ID>{id}_N02.01</TILE_ID><SENSING_TIME>2016-04-29T03:39:01Z</SENSING_TIME></n1:Level-1C_Tile_ID>"
        );
        let named =
            format!("GRANULE/{id}_N02.01/S2A_OPER_MTD_L1C_TL_MTI__20160429T102030_A004451_T{tile}.xml");
        fs::write(root.join(named), tile_xml).unwrap();
        granules.push_str(&format!(
            "<Granule_List><Granules datastripIdentifier=\"S2A_OPER_MSI_L1C_DS_MTI__20160429T102030_S20160429T033539_N02.01\" \
             granuleIdentifier=\"{id}_N02.01\" imageFormat=\"JPEG2000\">{list}</Granules></Granule_List>"
        ));
    }
    let text = format!(
        "<n1:Level-1C_User_Product xmlns:n1=\"u\"><PRODUCT_URI>{}</PRODUCT_URI><PROCESSING_BASELINE>02.01</PROCESSING_BASELINE>\
         <GENERATION_TIME>2016-04-29T19:15:04Z</GENERATION_TIME><SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>\
         <DATATAKE_SENSING_START>2016-04-29T03:35:41Z</DATATAKE_SENSING_START>{granules}\
         <QUANTIFICATION_VALUE>10000</QUANTIFICATION_VALUE></n1:Level-1C_User_Product>",
        root.file_name().unwrap().to_string_lossy()
    );
    fs::write(
        root.join("S2A_OPER_MTD_SAFL1C_PDMC_20160429T191504_R061_V20160429T033541_20160429T033541.xml"),
        text,
    )
    .unwrap();
    let found = scenes(folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<&str> = found.scenes.iter().map(|scene| &scene.id[scene.id.len() - 7..]).collect();
    assert_eq!(ids, ["_T49TCF", "_T49TDF"]);
    let scene = &found.scenes[0];
    assert_eq!(
        (scene.date.to_string().as_str(), scene.product.as_str()),
        ("2016-04-29", "Sentinel-2 L1C, baseline 02.01")
    );
    assert_eq!((scene.bands[&Band::Red].scale, scene.bands[&Band::Red].offset), (0.0001, 0.0));
}

/// A tile as archives in the cloud lay it out, with the metadata of the tile alone: the baseline in it says the offset.
#[test]
fn a_tile_that_is_handed_out_alone_is_read_by_its_own_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("49_T_CF_2021_6_29");
    let planes = planes(1000);
    for (band, plane) in &planes.bands {
        let path = root.join(format!("R{}m/{band}.jp2", plane.side));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let kind = if band == "SCL" { safe::Numbers::Byte } else { safe::Numbers::Unsigned };
        planes.write_jp2(plane, kind, &path);
    }
    let text = "<n1:Level-2A_Tile_ID xmlns:n1=\"u\"><TILE_ID>S2B_OPER_MSI_L2A_TL_2APS_20240108T121951_A044635_T49TCF_N05.10</TILE_ID>\
                <SENSING_TIME>2024-01-08T03:40:07.485567Z</SENSING_TIME></n1:Level-2A_Tile_ID>";
    fs::write(root.join("metadata.xml"), text).unwrap();
    let found = scenes(folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    let scene = &found.scenes[0];
    assert_eq!(
        (scene.id.as_str(), scene.sensor.as_str()),
        ("S2B_OPER_MSI_L2A_TL_2APS_20240108T121951_A044635_T49TCF", "sentinel-2b")
    );
    assert_eq!((scene.bands[&Band::Red].offset, scene.bands.len()), (-0.1, 8));
    assert!(scene.scaling.contains("by the baseline, no list of offsets"), "{}", scene.scaling);
}

/// What lies beside products is told, and an item may name JPEG 2000 that lies here.
#[test]
fn loose_pictures_and_other_archives_are_told_and_items_may_name_jpeg_2000() {
    let folder = tempfile::tempdir().unwrap();
    let planes = planes(1000);
    let root = Safe::l2a(20_210_629, "05.09").write(folder.path(), &planes);
    let loose = folder.path().join("T49TCF_20210704T033541_B04_10m.jp2");
    planes.write_jp2(&planes.bands["B04"], safe::Numbers::Unsigned, &loose);
    fs::create_dir(folder.path().join("photos")).unwrap();
    fs::write(folder.path().join("photos/a.jpg"), "x").unwrap();
    zipped(&folder.path().join("photos"));
    let found = scenes(folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    let told: Vec<&str> = found.skipped.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!((found.scenes.len(), told.len()), (1, 2), "{told:?}");
    assert!(
        told[0].contains("outside of a product") && told[1].contains("no product that is read here"),
        "{told:?}"
    );
    let images = found.scenes[0].bands.values().map(|band| band.path.clone());
    let asset = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().split('_').nth(2).unwrap().to_owned();
        (name, serde_json::json!({ "href": path, "type": "image/jp2" }))
    };
    let assets: serde_json::Map<String, Value> = images.map(asset).collect();
    let properties = serde_json::json!({
        "datetime": "2021-06-29T03:40:00Z", "platform": "sentinel-2a", "s2:processing_baseline": "05.09",
        "s2:product_uri": root.file_name().unwrap().to_string_lossy(),
    });
    let item = serde_json::json!({ "type": "Feature", "id": "x", "properties": properties, "assets": assets, "links": [] });
    let path = folder.path().join("item.json");
    fs::write(&path, item.to_string()).unwrap();
    let by_item = scenes(&path, None).unwrap_or_else(|error| panic!("{error}"));
    let (a, b) = (&found.scenes[0].bands, &by_item.scenes[0].bands);
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    assert_eq!((b[&Band::Red].scale, b[&Band::Red].offset), (0.0001, -0.1));
}

/// Law: nothing that may hold a scene is left out silently.
#[cfg(unix)]
#[test]
fn what_a_folder_of_scenes_leaves_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (near, far) = (folder.path().join("near"), folder.path().join("near/archive"));
    fs::create_dir_all(&far).unwrap();
    let planes = planes(1000);
    let near = Safe::l2a(20_210_629, "05.09").write(&near, &planes);
    let deep = Safe::l2a(20_210_709, "05.09").write(&far, &planes);
    let linked = folder.path().join("near/link");
    std::os::unix::fs::symlink(&far, &linked).unwrap();
    let others = ["LC08_L2SP_128031_20210629_20210708_02_T1.tar", "HLS.nc", "old.IMG", "all.tar.gz"];
    let others = others.map(|name| folder.path().join(name));
    others.iter().for_each(|path| fs::write(path, "x").unwrap());
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let found = scenes(folder.path(), None).unwrap();
    assert_eq!(found.scenes.len(), 1, "{}", near.display());
    let told: Vec<&PathBuf> = found.skipped.iter().map(|(path, _)| path).collect();
    let mut expected: Vec<&PathBuf> = others.iter().chain([&deep, &linked]).collect();
    expected.sort();
    assert_eq!(told, expected);
    let reason = |path: &PathBuf| &found.skipped.iter().find(|(skipped, _)| skipped == path).unwrap().1;
    assert!(reason(&deep).contains("--scenes") && reason(&others[0]).contains("unpack"));
}
