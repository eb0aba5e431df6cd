//! The vector door: real layers, and layers that must be refused with the place of their fault.

#![allow(clippy::print_stdout, reason = "a skipped test says why")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod shared_data;

use std::path::{Path, PathBuf};

use geo::{BoundingRect, GeodesicArea};
use shared_data::data;
use steppewatch::redline::context::Stated;
use steppewatch::redline::{Class, Context, Reading, Role, read};

fn grass(path: &Path) -> Reading {
    read(&[path.to_owned()], Some(Class::Grassland)).unwrap_or_else(|error| panic!("{error}"))
}

/// Writes a file and reads it; gives the message of the refusal.
fn refused(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let error = read(&[path], Some(Class::Grassland)).expect_err("must be refused").to_string();
    assert!(error.contains(name), "the file is named: {error}");
    error
}

fn collection(geometry: &str, extra: &str) -> String {
    format!(
        r#"{{"type":"FeatureCollection",{extra}"features":[{{"type":"Feature","properties":{{"name":"甲"}},"geometry":{geometry}}}]}}"#
    )
}

fn ring(points: &str) -> String {
    format!(r#"{{"type":"Polygon","coordinates":[[{points}]]}}"#)
}

const SQUARE: &str = "[110,41],[110.1,41],[110.1,41.1],[110,41.1],[110,41]";

#[test]
fn a_given_class_wins_over_the_layer_s_own_field_which_speaks_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zones.geojson");
    let text = collection(&ring(SQUARE), "").replace(r#""name":"甲""#, r#""name":"甲","class":"forest""#);
    std::fs::write(&path, text).unwrap();
    let class = |given: Option<Class>| read(std::slice::from_ref(&path), given).unwrap().redlines[0].class;
    assert_eq!((class(Some(Class::Wetland)), class(None)), (Class::Wetland, Class::Forest));
}

#[test]
fn one_county_layer_in_three_forms_is_the_same_layer() {
    let Some(vectors) = data("vectors") else { return };
    let shp = grass(&vectors.join("derived_bayannur_cgcs2000_3deg_z36_gbk/巴彦淖尔旗县界.shp"));
    let gpkg = grass(&vectors.join("derived_bayannur_epsg4490.gpkg"));
    let json = grass(&vectors.join("bayannur_counties_gcj02_shifted_to_wgs84.geojson"));
    assert_eq!((shp.layers[0].epsg, gpkg.layers[0].epsg, json.layers[0].epsg), (4524, 4490, 4326));
    assert!(shp.notes.iter().any(|note| note.contains("GBK")), "{:?}", shp.notes);
    assert_eq!((shp.redlines.len(), gpkg.redlines.len(), json.redlines.len()), (7, 7, 7));
    for index in 0..7 {
        let lines = [&shp.redlines[index], &gpkg.redlines[index], &json.redlines[index]];
        assert!(lines[0].name.chars().all(|letter| letter > '\u{4e00}'), "{}", lines[0].name);
        assert!(lines.iter().all(|line| line.name == lines[0].name));
        let areas = lines.map(|line| line.polygons.geodesic_area_signed());
        assert!(areas[0] > 1e8 && (areas[1] / areas[0] - 1.0).abs() < 1e-6, "{areas:?} m2");
        // The GeoJSON holds the same shapes after a datum correction of some hundred metres.
        assert!((areas[2] / areas[0] - 1.0).abs() < 5e-3, "{areas:?} m2");
        let west = lines.map(|line| line.polygons.bounding_rect().unwrap().min().x);
        assert!((west[1] - west[0]).abs() < 1e-7 && (west[2] - west[0]).abs() < 0.02, "{west:?}");
    }
}

#[test]
fn every_real_layer_reads_or_is_refused_with_its_place() {
    let Some(vectors) = data("vectors") else { return };
    for name in [
        "datav_citys_150200.json",
        "datav_citys_150600.json",
        "datav_citys_150800.json",
        "datav_citys_152500.json",
        "datav_county_150824.json",
        "datav_province_150000.json",
        "active_sites_corrected.geojson",
        "active_sites.geojson",
        "site_data_2016.geojson",
        "opengeos_china/china.geojson",
        "opengeos_china/china.shp",
        "opengeos_china/chn_admin_level2.shp",
    ] {
        match read(&[vectors.join(name)], Some(Class::Redline)) {
            Ok(reading) => println!("{name}: {} red lines, {:?}", reading.redlines.len(), reading.notes),
            Err(error) => {
                println!("{name}: {error}");
                assert!(error.to_string().contains(name.rsplit('/').next().unwrap()));
            }
        }
    }
}

#[test]
fn a_bow_tie_is_refused_with_feature_ring_and_vertex() {
    let error = refused(
        "tie.geojson",
        &collection(&ring("[110,41],[110.1,41.1],[110.1,41],[110,41.1],[110,41]"), ""),
    );
    for part in ["feature 1 ('甲')", "ring 1 (exterior)", "vertex 1", "bow-tie", "correct it"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn no_numbers_are_refused_with_feature_ring_and_vertex() {
    for bad in ["NaN", "1e999", "-Infinity"] {
        let points = format!("[110,41],[110.1,41],[110.1,{bad}],[110,41.1],[110,41]");
        let error = refused("nan.geojson", &collection(&ring(&points), ""));
        assert!(
            error.contains("feature 1") && error.contains("vertex 3") && error.contains("no number"),
            "{error}"
        );
    }
}

#[test]
fn metres_without_a_crs_and_swapped_axes_are_refused() {
    let metres = "[500000,4600000],[500100,4600000],[500100,4600100],[500000,4600100],[500000,4600000]";
    let error = refused("metres.geojson", &collection(&ring(metres), ""));
    assert!(error.contains("metres without a CRS") && error.contains("4600000"), "{error}");
    let swapped = "[41,110],[41,110.1],[41.1,110.1],[41.1,110],[41,110]";
    assert!(refused("swapped.geojson", &collection(&ring(swapped), "")).contains("swap"));
    let zone = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4524"}},"#;
    let error = refused("zone.geojson", &collection(&ring(metres), zone));
    assert!(error.contains("EPSG:4524") && error.contains("zone"), "{error}");
}

#[test]
fn empty_layers_points_and_missing_classes_are_refused() {
    let empty = r#"{"type":"FeatureCollection","features":[]}"#;
    assert!(refused("empty.geojson", empty).contains("0 polygons"));
    assert!(
        refused("null.geojson", &collection("null", "")).contains("0 polygons (1 features without geometry)")
    );
    assert!(
        refused("point.geojson", &collection(r#"{"type":"Point","coordinates":[1,2]}"#, ""))
            .contains("Point")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zone.geojson");
    std::fs::write(&path, collection(&ring(SQUARE), "")).unwrap();
    assert!(read(&[path], None).unwrap_err().to_string().contains("--class"));
}

#[test]
fn the_class_comes_from_the_field_or_the_name_of_the_layer() {
    let folder = tempfile::tempdir().unwrap();
    let class = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&[path], None).unwrap().redlines[0].class
    };
    assert_eq!(class("YJJBNTTB_2023.geojson", &collection(&ring(SQUARE), "")), Class::Farmland);
    assert_eq!(class("stbhhx.geojson", &collection(&ring(SQUARE), "")), Class::Redline);
    let field = collection(&ring(SQUARE), "").replace(r#""name":"甲""#, r#""类型":"基本草原""#);
    assert_eq!(class("a.geojson", &field), Class::Grassland);
}

#[test]
fn a_vrt_named_geojson_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.csv");
    std::fs::write(&secret, "id,x,y\n1,110,41\n").unwrap();
    let text = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"secret\"><SrcDataSource>CSV:{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        secret.display()
    );
    assert!(refused("layer.geojson", &text).contains("a VRT, which points at other files"));
    assert!(refused("layer.gpkg", &text).contains("no GeoPackage"));
}

#[test]
fn addresses_missing_files_and_lone_parts_are_refused() {
    for path in
        ["/vsicurl/http://127.0.0.1/x.geojson", "http://127.0.0.1/x.geojson", "/no/such.geojson", "/dev/zero"]
    {
        let error = read(&[PathBuf::from(path)], None).unwrap_err().to_string();
        assert!(error.contains(path) && error.contains("lies on this disk"), "{error}");
    }
    assert!(refused("lone.shp", "x").contains(".shx and .dbf"));
    assert!(refused("a.geojson", "").contains("empty"));
    assert!(
        refused("a.kml", "<kml/>").contains("GeoJSON") || refused("a.kml", "<kml/>").contains(".geojson")
    );
    assert!(refused("topo.geojson", r#"{"type":"Topology"}"#).contains("TopoJSON"));
}

#[test]
fn a_shapefile_without_prj_is_refused_and_a_lying_cpg_is_overruled() {
    let Some(vectors) = data("vectors/derived_bayannur_cgcs2000_3deg_z36_gbk") else { return };
    let folder = tempfile::tempdir().unwrap();
    for ending in ["shp", "shx", "dbf"] {
        let part = folder.path().join(format!("层.{ending}"));
        std::fs::copy(vectors.join(format!("巴彦淖尔旗县界.{ending}")), part).unwrap();
    }
    let path = folder.path().join("层.shp");
    let error = read(std::slice::from_ref(&path), Some(Class::Grassland)).unwrap_err().to_string();
    assert!(error.contains("no .prj"), "{error}");
    std::fs::copy(vectors.join("巴彦淖尔旗县界.prj"), folder.path().join("层.prj")).unwrap();
    std::fs::write(folder.path().join("层.cpg"), "UTF-8").unwrap();
    let reading = grass(&path);
    assert!(reading.notes.iter().any(|note| note.contains("says UTF-8")), "{:?}", reading.notes);
    assert!(reading.redlines[0].name.chars().all(|letter| letter > '\u{4e00}'));
}

#[test]
fn repairs_are_noted_and_ids_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.geojson");
    let open = "[110,41,5],[110,41.1,5],[110.1,41.1,5],[110.1,41,5]";
    let feature =
        |id: &str| format!(r#"{{"type":"Feature","id":"{id}","properties":{{}},"geometry":{}}}"#, ring(open));
    let text =
        format!(r#"{{"type":"FeatureCollection","features":[{},{}]}}"#, feature("007"), feature("007"));
    std::fs::write(&path, text).unwrap();
    let reading = grass(&path);
    assert_eq!([&reading.redlines[0].id, &reading.redlines[1].id], ["007", "007#2"]);
    let repair = reading.redlines[0].repair.as_deref().unwrap();
    assert!(repair.contains("closed") && repair.contains("height"), "{repair}");
    assert!(reading.redlines[0].polygons.geodesic_area_signed() > 0.0);
}

#[test]
fn permits_keep_number_and_name_and_their_dates_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permits.geojson");
    let text = collection(&ring(SQUARE), "").replace(
        r#""name":"甲""#,
        r#""name":"光伏","批准文号":"内草审〔2021〕7号","valid_from":"2021-05-01","valid_to":"2026-04-30""#,
    );
    std::fs::write(&path, text).unwrap();
    let mut context = Context::default();
    context.read(Role::Permit, &[path]).unwrap();
    let permit = &context.places[0];
    assert_eq!((permit.number.as_str(), permit.name.as_str()), ("内草审〔2021〕7号", "光伏"));
    assert_eq!(permit.to, Stated::parse("2026/4/30"));
    assert!(context.has(Role::Permit) && !context.has(Role::Burn));
}

#[test]
fn hostile_json_is_refused_without_a_panic() {
    let Some(folder) = data("corpora/json_test_suite") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let copy = scratch.path().join("a.geojson");
        std::fs::copy(&file, &copy).unwrap();
        assert!(read(&[copy], Some(Class::Forest)).is_err(), "{}", file.display());
    }
}
