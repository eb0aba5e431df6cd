//! 3A: raster containers that are hostile or broken.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::ear::Ear;
use crate::pictures::{Kind, Picture, rewrite};
use crate::place::{LATE, PAST, Place, SPRING, said, tool};
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::tiff;

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3A", number, title, work)
}

pub const CASES: &[Case] = &[
    case("1", "VRT named .tif that reads raw bytes of another file", vrt_raw),
    case("2", "VRT named .tif with a source on a server", vrt_server),
    case("3", "VRT named .tif with a Python pixel function", vrt_python),
    case("4", ".aux.xml with overviews on a server", aux_overviews),
    case("5", ".msk that hides everything", mask_of_everything),
    case("6", ".aux.xml with another CRS, grid, nodata and scale", aux_grid),
    case("7", ".ovr that is a VRT", overview_vrt),
    case("8", "world file beside a georeferenced TIFF", world_file),
    case("9", "sparse TIFF of 300 000 x 300 000 x 4 pixels", giant),
    case("10", "one tile of 400 MB", giant_tile),
    case("11", "65 529 samples a pixel", many_samples),
    case("12", "width and height of 0, -1 and 2^31 - 1", odd_sizes),
    case("13", "cut short by a third", cut_short),
    case("14", "flipped bits in compressed data", flipped),
    case("15", "a flipped bit in uncompressed data", flipped_plain),
    case("16", "what a killed writer left: opens, all nodata", killed_writer),
    case("17", "empty, folder, FIFO, socket, device, broken link, no right", no_files),
    case("18", "PNG, JPEG, HTML, ZIP, PDF, HDF5, JPEG 2000 named .tif", other_content),
    case("19", "BigTIFF, big-endian, strips, planes, kinds of numbers", kinds),
    case("20", "a compression that this GDAL does not know", unknown_codec),
    case("21", "lossy compression", lossy),
    case("22", "a loop of directories, thousands of directories", directories),
    tested(
        "3A",
        "23",
        "ZIP: bomb, ../ entry, absolute, link, case, a million entries",
        &[
            ("src/read/archive.rs", "names_that_lead_elsewhere_links_and_bombs_are_refused"),
            ("src/read/archive.rs", "an_archive_of_too_many_members_is_refused_before_they_are_read"),
            ("src/read/archive.rs", "plain_members_are_listed_and_read_and_nothing_is_unpacked"),
        ],
    ),
    case("24", "texts that GDAL would take for connections", connections),
    case("25", "file names with line breaks, quotes, 中文, 255 bytes, no UTF-8", names),
    case("26", "a STAC item given as a raster", stac_as_raster),
];

fn beside(scene: &Path, ending: &str) -> PathBuf {
    let mut name = scene.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A VRT of one band with these words in it.
fn vrt(inside: &str) -> String {
    format!(
        "<VRTDataset rasterXSize=\"56\" rasterYSize=\"56\"><SRS>EPSG:32649</SRS>\
         <GeoTransform>500000,10,0,4600000,0,-10</GeoTransform>{inside}</VRTDataset>"
    )
}

fn simple(source: &str) -> String {
    vrt(&format!(
        "<VRTRasterBand dataType=\"UInt16\" band=\"1\"><Description>B04</Description><SimpleSource>\
         <SourceFilename relativeToVRT=\"0\">{source}</SourceFilename><SourceBand>1</SourceBand>\
         </SimpleSource></VRTRasterBand>"
    ))
}

/// A VRT among scenes changes nothing and is told; alone it is refused.
fn vrt_changes_nothing(place: &Place, text: &str) -> Told {
    let path = place.write("scenes/S2_20230718.tif", text);
    let (_, ended) = place.same(&place.scan());
    let words = said(&ended.stderr, &["skipped", "S2_20230718.tif", "a VRT"]);
    place.refused(&place.scan().scenes(&path).out(place.path("alone")), &["S2_20230718.tif", "a VRT"]);
    Told::new(Outcome::Processed, place.short(&format!("error: {words}")))
}

fn vrt_raw(place: &Place) -> Told {
    let secret = place.write("secret.txt", "CANARY-0123456789".repeat(1000));
    let text = vrt(&format!(
        "<VRTRasterBand dataType=\"Byte\" band=\"1\" subClass=\"VRTRawRasterBand\"><Description>B04</Description>\
         <SourceFilename relativetoVRT=\"0\">{}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset>\
         <LineOffset>56</LineOffset></VRTRasterBand>",
        secret.display()
    ));
    let told = vrt_changes_nothing(place, &text);
    for name in ["leads.geojson", "manifest.json", "suppressed.geojson"] {
        assert!(
            !fs::read_to_string(place.path("out").join(name)).unwrap().contains("CANARY"),
            "{name} leaks"
        );
    }
    told
}

fn vrt_server(place: &Place) -> Told {
    let ear = Ear::new();
    let told = vrt_changes_nothing(place, &simple(&ear.address()));
    assert_eq!(ear.calls(), 0, "somebody called");
    told
}

fn vrt_python(place: &Place) -> Told {
    let canary = place.path("canary");
    let text = vrt(&format!(
        "<VRTRasterBand dataType=\"Float32\" band=\"1\" subClass=\"VRTDerivedRasterBand\"><Description>B04</Description>\
         <PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>\
         <PixelFunctionCode><![CDATA[open('{}', 'w').write('x')]]></PixelFunctionCode></VRTRasterBand>",
        canary.display()
    ));
    let told = vrt_changes_nothing(place, &text);
    assert!(!canary.exists(), "the function ran");
    told
}

/// Files beside three scenes change nothing and are told.
fn beside_scenes(place: &Place, ending: &str, make: impl Fn(&Path, &Path)) -> Told {
    for date in [PAST, SPRING, LATE] {
        let scene = place.scene(date);
        let path = if ending == ".tfw" { scene.with_extension("tfw") } else { beside(&scene, ending) };
        make(&scene, &path);
    }
    let told = place.told(Outcome::Processed, &place.scan(), &["not looked at", ending]);
    let check = place.steppewatch(&["check", "--scenes", "scenes", "--redlines", "redline.geojson"]);
    said(&check.stdout, &["not looked at", ending]);
    told
}

fn aux_overviews(place: &Place) -> Told {
    let ear = Ear::new();
    let told = beside_scenes(place, ".aux.xml", |_, path| {
        let text = format!(
            "<PAMDataset><Metadata domain=\"OVERVIEWS\"><MDI key=\"OVERVIEW_FILE\">{}</MDI></Metadata></PAMDataset>",
            ear.address()
        );
        fs::write(path, text).unwrap();
    });
    assert_eq!(ear.calls(), 0, "somebody called");
    told
}

fn mask_of_everything(place: &Place) -> Told {
    beside_scenes(place, ".msk", |scene, path| {
        let nothing =
            Picture { names: vec![String::new()], nodata: None, kind: Kind::Byte, ..Picture::of(scene) };
        let zeros = vec![vec![0.0; nothing.rows * nothing.cols]];
        Picture { bands: zeros, items: vec![("INTERNAL_MASK_FLAGS_1", "2")], ..nothing }.write(path);
    })
}

fn aux_grid(place: &Place) -> Told {
    beside_scenes(place, ".aux.xml", |_, path| {
        let text = "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>\
            <Metadata><MDI key=\"ACQUISITION_DATE\">2001-01-01</MDI></Metadata>\
            <PAMRasterBand band=\"3\"><NoDataValue>1500</NoDataValue><Scale>2</Scale><Offset>-7</Offset>\
            <Description>B08</Description></PAMRasterBand></PAMDataset>";
        fs::write(path, text).unwrap();
    })
}

fn overview_vrt(place: &Place) -> Told {
    let ear = Ear::new();
    let told = beside_scenes(place, ".ovr", |_, path| fs::write(path, simple(&ear.address())).unwrap());
    assert_eq!(ear.calls(), 0, "somebody called");
    told
}

fn world_file(place: &Place) -> Told {
    beside_scenes(place, ".tfw", |_, path| fs::write(path, "1\n0\n0\n-1\n0\n0\n").unwrap())
}

fn giant(place: &Place) -> Told {
    let path = place.scene(LATE);
    let like = Picture::of(&path);
    fs::remove_file(&path).unwrap();
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = ["SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096", "BIGTIFF=YES"];
    let options = gdal::raster::RasterCreationOptions::from_iter(options);
    let side = 300_000;
    let mut file =
        driver.create_with_band_type_with_options::<u16, _>(&path, side, side, 4, &options).unwrap();
    file.set_geo_transform(&like.transform.unwrap()).unwrap();
    file.close().unwrap();
    place.refused(&place.scan(), &["S2_20230717.tif", "300000", "limit", "is this a scene?"])
}

fn giant_tile(place: &Place) -> Told {
    fs::write(place.scene(LATE), tiff::one_tile(20_000)).unwrap();
    place.refused(&place.scan(), &["S2_20230717.tif", "decoded bytes of one block is 400000000", "limit"])
}

/// The scene in plain strips, in memory.
fn plain(path: &Path) -> Vec<u8> {
    Picture { options: vec!["TILED=NO", "COMPRESS=NONE"], ..Picture::of(path) }.write(path);
    fs::read(path).unwrap()
}

fn patched(place: &Place, patches: &[(u16, u32)], words: &[&str]) -> Told {
    let path = place.scene(LATE);
    let mut bytes = plain(&path);
    patches.iter().for_each(|(tag, value)| tiff::patch(&mut bytes, *tag, *value));
    fs::write(&path, bytes).unwrap();
    let told = place.refused(&place.scan(), &["S2_20230717.tif"]);
    for word in words {
        assert!(told.words.contains(word), "'{word}' is missing in {}", told.words);
    }
    place.drawn.world.draw_scene(LATE, &path);
    told
}

fn many_samples(place: &Place) -> Told {
    patched(place, &[(tiff::SAMPLES, 65_529)], &[])
}

fn odd_sizes(place: &Place) -> Told {
    let mut told = None;
    for tag in [tiff::WIDTH, tiff::LENGTH] {
        for value in [0, u32::MAX, (1 << 31) - 1] {
            told = Some(patched(place, &[(tag, value)], &[]));
        }
    }
    told.unwrap()
}

fn cut_short(place: &Place) -> Told {
    let path = place.scene(LATE);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() * 2 / 3]).unwrap();
    place.refused(&place.scan(), &["S2_20230717.tif", "cut short", "copy it again"])
}

fn flipped(place: &Place) -> Told {
    let path = place.scene(LATE);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut same, mut told) = (0, 0, None);
    for share in 1..=12 {
        let mut bytes = whole.clone();
        let at = bytes.len() * share / 13;
        bytes[at] ^= 0x55;
        bytes[at + 1] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let scan = place.scan().out(place.path(&format!("out{share}")));
        let ended = place.run(&scan.command());
        if matches!(ended.code, Some(1 | 2)) {
            told = Some(place.is_refusal(&ended, &["S2_20230717.tif"]));
            refused += 1;
        } else {
            // A bit of a tag or of a number that no check of the format covers: the digest alone tells.
            place.same_places(&scan);
            same += 1;
        }
    }
    let words = told.map_or_else(String::new, |told| told.words);
    Told::new(Outcome::Refused, format!("{refused} places, {same} leave the same places: {words}"))
}

fn flipped_plain(place: &Place) -> Told {
    let path = place.scene(LATE);
    let mut bytes = plain(&path);
    let digests = |name: &str| {
        let (published, _) = place.same_places(&place.scan().out(place.path(name)));
        let manifest = published.json("manifest.json");
        let inputs = manifest["result"]["inputs"].as_array().unwrap().clone();
        inputs.into_iter().find(|input| input["file"] == "S2_20230717.tif").unwrap()["sha256"].to_string()
    };
    let before = digests("before");
    let at = bytes.len() - 2000;
    bytes[at] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    assert_ne!(before, digests("after"), "the manifest does not tell them apart");
    Told::new(Outcome::Stated, "only a checksum can see it: the manifest states another SHA-256 of the scene")
}

fn killed_writer(place: &Place) -> Told {
    let path = place.scene(LATE);
    let like = Picture::of(&path);
    let zeros = vec![vec![0.0; like.rows * like.cols]; like.bands.len()];
    Picture { bands: zeros, options: vec!["SPARSE_OK=TRUE", "TILED=YES"], ..like }.write(&path);
    place.refused(&place.scan(), &["S2_20230717.tif", "every pixel of band", "writer killed"])
}

/// Puts something odd at the place of a scene, or of any file that the program reads.
fn no_files(place: &Place) -> Told {
    let odd = odd_files(place);
    let mut told = None;
    for (file, reason) in &odd {
        let scene = place.path("scenes/S2_20230718.tif");
        fs::rename(file, &scene).unwrap();
        told = Some(place.refused(&place.scan(), &["S2_20230718.tif", reason, "give"]));
        fs::rename(&scene, file).unwrap();
        let text = file.to_str().unwrap();
        place.refused(&place.scan().redlines(file), &[text]);
        for flag in ["--permits", "--landuse", "--verified"] {
            place.refused(&place.scan().with(&format!("{flag} {text}")), &[text]);
        }
        let plan = place.steppewatch(&["check", text]);
        place.is_refusal(&plan, &[text]);
        place.is_refusal(&place.steppewatch(&["assess", text, text]), &[text]);
    }
    empty_and_forbidden(place);
    let mut told = told.unwrap();
    told.words = format!("{} kinds at 7 doors: {}", odd.len() + 3, told.words);
    told
}

/// A FIFO, a socket, a device and a broken link, with what is said of each.
fn odd_files(place: &Place) -> Vec<(PathBuf, &'static str)> {
    let path = |name: &str| place.path(name);
    tool("mkfifo", &[], &[&path("fifo.geojson")]);
    // The name of a socket stays when its owner goes.
    drop(std::os::unix::net::UnixListener::bind(path("socket.geojson")).unwrap());
    std::os::unix::fs::symlink("/dev/zero", path("zero.geojson")).unwrap();
    std::os::unix::fs::symlink(path("nowhere"), path("link.geojson")).unwrap();
    vec![
        (path("fifo.geojson"), "a pipe, socket or device"),
        (path("socket.geojson"), "a pipe, socket or device"),
        (path("zero.geojson"), "a pipe, socket or device"),
        (path("link.geojson"), "no such file"),
    ]
}

fn empty_and_forbidden(place: &Place) {
    let scene = place.write("scenes/S2_20230718.tif", "");
    place.refused(&place.scan(), &["S2_20230718.tif", "0 bytes"]);
    fs::remove_file(&scene).unwrap();
    fs::create_dir(&scene).unwrap();
    let (_, ended) = place.same(&place.scan().out(place.path("folder")));
    said(&ended.stderr, &["S2_20230718.tif", "is a folder"]);
    fs::remove_dir(&scene).unwrap();
    // Root may read everything: another user asks.
    place.drawn.world.draw_scene(LATE, &scene);
    let shut = Command::new("chmod").arg("0").arg(&scene).status().unwrap();
    let opened = Command::new("chmod").arg("777").arg(place.drawn.folder()).status().unwrap();
    assert!(shut.success() && opened.success());
    let scan = place.scan().out(place.path("forbidden")).command();
    let mut other = Command::new("setpriv");
    other
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(scan.get_program())
        .args(scan.get_args());
    let ended = place.run(&other);
    if !ended.stderr.contains("setpriv") {
        place.is_refusal(&ended, &["S2_20230718.tif", "ermission denied"]);
    }
}

fn other_content(place: &Place) -> Told {
    let kinds: [(&[u8], &str); 9] = [
        (b"\x89PNG\r\n\x1a\n0000IHDR", "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG picture"),
        (b"<!DOCTYPE html><title>Please log in</title>", "HTML"),
        (b"PK\x03\x04\x14\0\0\0", "a ZIP archive"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (b"SQLite format 3\0", "SQLite"),
    ];
    let mut told = None;
    for (bytes, what) in kinds {
        fs::write(place.scene(LATE), [bytes, &[7; 4000]].concat()).unwrap();
        told = Some(place.refused(&place.scan(), &["S2_20230717.tif", "its content is", what, "again"]));
    }
    told.unwrap()
}

fn kinds(place: &Place) -> Told {
    let path = place.scene(LATE);
    let whole = Picture::of(&path);
    let ways: [&[&str]; 9] = [
        &["BIGTIFF=YES", "TILED=YES"],
        &["ENDIANNESS=BIG", "COMPRESS=LZW"],
        &["TILED=NO", "COMPRESS=PACKBITS"],
        &["INTERLEAVE=BAND", "COMPRESS=DEFLATE", "PREDICTOR=2"],
        &["INTERLEAVE=PIXEL", "COMPRESS=NONE", "BLOCKYSIZE=56"],
        &["COMPRESS=ZSTD", "TILED=YES"],
        &["COMPRESS=LZMA"],
        &["COMPRESS=LERC"],
        &["COPY_SRC_OVERVIEWS=NO", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"],
    ];
    for (index, way) in ways.iter().enumerate() {
        Picture { options: way.to_vec(), ..whole.clone() }.write(&path);
        place.same(&place.scan().out(place.path(&format!("out{index}"))));
    }
    // Signed 16 bits hold the same numbers.
    Picture { kind: Kind::Int16, ..whole.clone() }.write(&path);
    place.same(&place.scan().out(place.path("signed")));
    let mut refused = 0;
    for kind in [Kind::Byte, Kind::UInt32, Kind::Int32, Kind::Float32, Kind::Float64] {
        Picture { kind, nodata: None, ..whole.clone() }.write(&path);
        place.refused(&place.scan(), &["S2_20230717.tif"]);
        refused += 1;
    }
    whole.write(&path);
    let copy = place.path("kind.tif");
    for words in [
        &["-ot", "CFloat32"][..],
        &["-ot", "Byte", "-scale", "0", "10000", "0", "1", "-co", "NBITS=1"],
        &["-ot", "Float32", "-co", "NBITS=16"],
    ] {
        tool("gdal_translate", &[&["-q"], words].concat(), &[&path, &copy]);
        fs::rename(&copy, place.path("scenes/S2_20230718.tif")).unwrap();
        place.refused(&place.scan(), &["S2_20230718.tif"]);
        refused += 1;
    }
    Told::new(
        Outcome::Processed,
        format!("{} containers give the same leads, {refused} kinds of numbers are refused", ways.len() + 1),
    )
}

fn unknown_codec(place: &Place) -> Told {
    let told = patched(place, &[(tiff::COMPRESSION, 34_926)], &[]);
    assert!(told.words.contains("compress") || told.words.contains("codec"), "{}", told.words);
    told
}

fn lossy(place: &Place) -> Told {
    rewrite(&place.path("scenes"), |_, mut picture| {
        for (band, name) in picture.bands.iter_mut().zip(&picture.names) {
            if name != "SCL" {
                band.iter_mut().for_each(|value| *value = (*value / 40.0).clamp(1.0, 255.0));
            }
        }
        Picture {
            kind: Kind::Byte,
            nodata: None,
            options: vec!["COMPRESS=JPEG", "TILED=YES", "INTERLEAVE=BAND"],
            ..picture
        }
    });
    let (_, ended) = place.published(&place.scan());
    Told::new(Outcome::Warned, said(&ended.stderr, &["compressed with loss"]))
}

fn directories(place: &Place) -> Told {
    let path = place.scene(LATE);
    let mut bytes = plain(&path);
    let first = tiff::first(&bytes);
    tiff::follow_with(&mut bytes, first);
    fs::write(&path, bytes).unwrap();
    place.same(&place.scan());
    fs::write(&path, tiff::many(60_000)).unwrap();
    let told = place.refused(&place.scan().out(place.path("many")), &["S2_20230717.tif"]);
    Told::new(Outcome::Refused, format!("a loop changes nothing; 60 000 directories: {}", told.words))
}

fn connections(place: &Place) -> Told {
    let ear = Ear::new();
    let scene = place.scene(LATE).display().to_string();
    let port = ear.port;
    let texts = [
        format!("/vsicurl/http://127.0.0.1:{port}/x.tif"),
        format!("/vsicurl?header_file={scene}&url=http://127.0.0.1:{port}/x.tif"),
        format!("/vsizip/{scene}"),
        format!("vrt://{scene}?bands=1"),
        format!("http://127.0.0.1:{port}/x.tif"),
        format!("GTIFF_DIR:1:{scene}"),
        "MEM:::DATAPOINTER=0,PIXELS=1,LINES=1".to_owned(),
        format!("STACIT:\"{scene}\""),
        "/vsistdin/".to_owned(),
        "/vsisubfile/0_10,x".to_owned(),
    ];
    let mut told = None;
    for text in &texts {
        // What stands in the place of a value behind a question mark may be a secret, and is not said.
        let said = text.split_once("?bands=").map_or(text.as_str(), |(said, _)| said);
        // A web address as scenes is what a scan asks; `tests/catalogue` tells how.
        if !text.starts_with("http") {
            told = Some(place.refused(&place.scan().scenes(text), &[said, "give a GeoTIFF"]));
        }
        place.refused(&place.scan().redlines(text), &[said, "give a GeoJSON"]);
    }
    assert_eq!(ear.calls(), 0, "somebody called");
    let told = told.unwrap();
    Told::new(Outcome::Refused, format!("{} texts at 2 doors: {}", texts.len(), told.words))
}

fn names(place: &Place) -> Told {
    let long = format!("S2_20230718_{}.tif", "x".repeat(255 - "S2_20230718_.tif".len()));
    let odd = [
        "S2_20230718\nerror: nothing.tif",
        "S2_20230718 'a' \"b\";rm -rf x;$(x)`x`.tif",
        "S2_20230718 100%d %s %n.tif",
        "-S2_20230718.tif",
        "S2_20230718_乌拉特中旗_🛰.tif",
        "S2_20230718_\u{202e}fit.tif",
        &long,
    ];
    let file = place.scene(LATE);
    for (index, name) in odd.iter().enumerate() {
        let path = place.path("scenes").join(name);
        fs::rename(&file, &path).unwrap();
        let (published, ended) = place.same_places(&place.scan().out(place.path(&format!("out{index}"))));
        let inputs = published.json("manifest.json")["result"]["inputs"].clone();
        let is_there = inputs.as_array().unwrap().iter().any(|input| input["file"] == *name);
        assert!(is_there, "{name:?} is not in the manifest");
        assert!(!ended.stderr.contains("\nerror: nothing"), "a name begins a line: {}", ended.stderr);
        fs::rename(&path, &file).unwrap();
    }
    let wrong = place.path("scenes").join(OsString::from_vec(b"S2_20230718_\xff\xfe.tif".to_vec()));
    fs::copy(&file, wrong).unwrap();
    let told = place.refused(&place.scan().out(place.path("wrong")), &["not UTF-8"]);
    Told::new(
        Outcome::Processed,
        format!("{} names are kept whole; bytes that are none: {}", odd.len(), told.words),
    )
}

fn stac_as_raster(place: &Place) -> Told {
    let ear = Ear::new();
    let asset = json!({ "href": format!("http://127.0.0.1:{}/x.tif", ear.port), "type": "image/tiff; application=geotiff" });
    let item = json!({
        "type": "Feature", "stac_version": "1.0.0", "id": "x",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.0.0/schema.json"],
        "properties": { "datetime": "2023-07-18T00:00:00Z", "constellation": "sentinel-2", "proj:epsg": 32649, "proj:shape": [56, 56],
            "proj:transform": [10, 0, 500_000, 0, -10, 4_600_000] },
        "assets": { "B04": asset },
    });
    fs::write(place.scene(LATE), item.to_string()).unwrap();
    let told = place.refused(&place.scan(), &["S2_20230717.tif", "JSON"]);
    let alone = place.write("item.json", item.to_string());
    place.refused(&place.scan().scenes(alone), &["item.json", "server"]);
    assert_eq!(ear.calls(), 0, "somebody called");
    told
}
