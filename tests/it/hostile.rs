//! Files beside a scene that try to speak for it, or to call out: nothing of them is read, nothing changes.

use std::fs;
use std::path::Path;

use crate::ear::Ear;
use crate::program::{Published, Scan, ended, program, says};
use crate::world::{BASELINE, Drawn, TARGET, World};

fn beside(scene: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = scene.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A VRT of one band that reads from somewhere else.
fn vrt(source: &str) -> String {
    format!(
        "<VRTDataset rasterXSize=\"96\" rasterYSize=\"96\"><SRS>EPSG:32649</SRS>\
         <GeoTransform>500000,10,0,4600000,0,-10</GeoTransform>\
         <VRTRasterBand dataType=\"UInt16\" band=\"1\"><Description>B04</Description><SimpleSource>\
         <SourceFilename relativeToVRT=\"0\">{source}</SourceFilename><SourceBand>1</SourceBand>\
         </SimpleSource></VRTRasterBand></VRTDataset>"
    )
}

#[test]
fn the_ear_hears_a_call() {
    let ear = Ear::new();
    std::net::TcpStream::connect(("127.0.0.1", ear.port)).unwrap();
    let heard = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        ear.calls() == 1
    });
    assert!(heard, "the server that the other tests trust does not count");
}

#[test]
fn sidecars_are_not_read_and_change_no_byte() {
    let drawn = Drawn::new(World::touched());
    let clean = Scan::of(&drawn).out(drawn.path("clean")).published();
    let ear = Ear::new();
    for date in [20_220_717, 20_230_503, 20_230_717] {
        let scene = drawn.scene(date);
        let statistics = "<Metadata><MDI key=\"ACQUISITION_DATE\">2001-01-01</MDI></Metadata>";
        let aux = format!(
            "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>{statistics}\
             <Metadata domain=\"OVERVIEWS\"><MDI key=\"OVERVIEW_FILE\">{0}</MDI></Metadata>\
             <PAMRasterBand band=\"3\"><NoDataValue>1500</NoDataValue><Scale>2</Scale><Offset>-7</Offset>\
             <Description>B08</Description></PAMRasterBand></PAMDataset>",
            ear.address()
        );
        fs::write(beside(&scene, ".aux.xml"), aux).unwrap();
        fs::write(beside(&scene, ".ovr"), vrt(&ear.address())).unwrap();
        fs::write(scene.with_extension("tfw"), "1\n0\n0\n-1\n0\n0\n").unwrap();
        mask_of_everything(&scene, &beside(&scene, ".msk"));
    }
    let found = Scan::of(&drawn).out(drawn.path("beset")).published();
    assert!(!found.leads().is_empty());
    assert_eq!(found.hashes(), clean.hashes());
    assert_eq!(ear.calls(), 0);
}

/// A mask beside a scene that hides every pixel of it.
fn mask_of_everything(scene: &Path, mask: &Path) {
    let like = gdal::Dataset::open(scene).unwrap();
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    let (cols, rows) = like.raster_size();
    let mut file = driver.create_with_band_type::<u8, _>(mask, cols, rows, 1).unwrap();
    gdal::Metadata::set_metadata_item(&mut file, "INTERNAL_MASK_FLAGS_1", "2", "").unwrap();
    let mut nothing = gdal::raster::Buffer::new((cols, rows), vec![0_u8; cols * rows]);
    file.rasterband(1).unwrap().write((0, 0), (cols, rows), &mut nothing).unwrap();
    file.close().unwrap();
}

#[test]
fn a_vrt_named_tif_reads_nothing_changes_nothing_and_is_told() {
    let drawn = Drawn::new(World::touched());
    let clean = Scan::of(&drawn).out(drawn.path("clean")).published();
    let ear = Ear::new();
    let secret = drawn.path("secret.tif");
    fs::copy(drawn.scene(20_230_717), &secret).unwrap();
    fs::write(drawn.path("scenes/S2_20230718.tif"), vrt(&ear.address())).unwrap();
    fs::write(drawn.path("scenes/S2_20230719_B04.tif"), vrt(&secret.display().to_string())).unwrap();
    let scan = Scan::of(&drawn).out(drawn.path("beset"));
    let ended = scan.run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    says(&ended.stderr, &["skipped", "S2_20230718.tif", "S2_20230719_B04.tif", "a VRT"]);
    let manifest = Published { code: 0, out: drawn.path("beset") }.json("manifest.json");
    let skipped = &manifest["result"]["skipped"];
    assert_eq!(skipped.as_array().unwrap().len(), 2, "{skipped}");
    assert_eq!(skipped[0]["file"], "S2_20230718.tif");
    says(skipped[0]["reason"].as_str().unwrap(), &["a VRT"]);
    assert_eq!(
        fs::read(drawn.path("beset/leads.geojson")).unwrap(),
        fs::read(clean.out.join("leads.geojson")).unwrap()
    );
    assert_eq!(ear.calls(), 0);
}

#[test]
fn a_download_that_is_a_page_of_text_is_no_scene() {
    let drawn = Drawn::new(World::steppe(64, 64));
    fs::write(drawn.scene(20_220_717), "<!DOCTYPE html><title>Please log in</title>").unwrap();
    let words = Scan::of(&drawn).refused();
    says(&words, &["S2_20220717.tif", "HTML", "login", "again"]);
}

#[test]
fn an_address_is_no_scene() {
    let drawn = Drawn::new(World::steppe(64, 64));
    let ear = Ear::new();
    for address in [ear.address(), "vrt:///etc/passwd".to_owned()] {
        let words = Scan::of(&drawn).scenes(&address).refused();
        says(&words, &[&address, "address", "on this disk"]);
    }
    // A scan fetches what lies on the web, where it is given as such; nothing else does.
    let address = format!("http://127.0.0.1:{}/x.tif", ear.port);
    let mut check = program();
    check.args(["check", "--baseline", BASELINE, "--target", TARGET, "--scenes", &address, "--redlines"]);
    says(&ended(check.arg(drawn.path("redline.geojson"))).stderr, &[&address, "on the web", "on this disk"]);
    assert_eq!(ear.calls(), 0);
}

#[test]
fn a_vrt_named_geojson_is_no_red_line() {
    let drawn = Drawn::new(World::steppe(64, 64));
    let ear = Ear::new();
    let source = format!("/vsicurl/http://127.0.0.1:{}/x.geojson", ear.port);
    let text = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"x\"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    );
    for name in ["line.geojson", "line.gpkg", "line.shp"] {
        let path = drawn.path(name);
        fs::write(&path, &text).unwrap();
        let words = Scan::of(&drawn).redlines(&path).refused();
        says(&words, &[name, if name.ends_with("shp") { "lacks .shx and .dbf" } else { "save" }]);
    }
    assert_eq!(ear.calls(), 0);
}
