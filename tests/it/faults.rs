//! What is wrong ends with words that name file, place, expected, found and the next step, and leaves
//! nothing behind.

use std::fs;
use std::process::Command;

use gdal::Metadata;

use crate::program::{Scan, beside, ended, program, says};
use crate::world::{BASELINE, Drawn, TARGET, World, redline};
use serde_json::{Value, json};

/// A small world: faults need no large one.
fn small() -> Drawn {
    Drawn::new(World::steppe(64, 64))
}

/// The refusal of a scan of the small world with another red line.
fn refused_redline(file: &str, text: &str) -> String {
    let drawn = small();
    let path = drawn.path(file);
    fs::write(&path, text).unwrap();
    let words = Scan::of(&drawn).redlines(path).refused();
    says(&words, &[file]);
    words
}

/// A red line of one ring.
fn ring(points: &Value) -> String {
    redline(&json!({ "type": "Polygon", "coordinates": [points] }))
}

// Scenes.

#[test]
fn a_missing_folder_of_scenes_is_named() {
    let drawn = small();
    let words = Scan::of(&drawn).scenes(drawn.path("no-such-folder")).refused();
    says(&words, &["no-such-folder", "no such file or folder", "give"]);
}

#[test]
fn a_folder_without_scenes_says_what_a_scene_looks_like() {
    let drawn = small();
    fs::create_dir(drawn.path("empty")).unwrap();
    let words = Scan::of(&drawn).scenes(drawn.path("empty")).refused();
    says(&words, &["empty", "no scene", "expected GeoTIFF", "B04"]);
}

#[test]
fn a_truncated_tiff_is_named_with_band_and_place() {
    let drawn = small();
    for share in [0.4, 0.95] {
        let path = drawn.scene(20_220_717);
        drawn.world.draw_scene(20_220_717, &path);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
        let words = Scan::of(&drawn).refused();
        says(
            &words,
            &["S2_20220717.tif", "band red", "rows", "columns", "may be cut short", "copy it again"],
        );
    }
}

#[test]
fn a_tiff_of_zeros_after_a_killed_writer_is_no_scene_without_change() {
    let drawn = small();
    let path = drawn.scene(20_230_717);
    let size = fs::metadata(&path).unwrap().len();
    // The whole file is zeros: the writer had the space, but no byte of it arrived.
    fs::write(&path, vec![0; usize::try_from(size).unwrap()]).unwrap();
    let words = Scan::of(&drawn).refused();
    says(&words, &["S2_20230717.tif", "content is zeros", "expected TIFF data", "writer killed", "again"]);
}

#[test]
fn a_tiff_whose_pixels_were_never_written_is_no_scene_without_change() {
    let drawn = small();
    let path = drawn.scene(20_230_717);
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    let like = gdal::Dataset::open(&path).unwrap();
    let options = gdal::raster::RasterCreationOptions::from_iter(["SPARSE_OK=TRUE", "TILED=YES"]);
    let (cols, rows) = like.raster_size();
    let bands = like.raster_count();
    let copy = drawn.path("new.tif");
    let mut file =
        driver.create_with_band_type_with_options::<u16, _>(&copy, cols, rows, bands, &options).unwrap();
    file.set_geo_transform(&like.geo_transform().unwrap()).unwrap();
    file.set_spatial_ref(&like.spatial_ref().unwrap()).unwrap();
    for number in 1..=bands {
        let name = like.rasterband(number).unwrap().description().unwrap();
        let mut band = file.rasterband(number).unwrap();
        band.set_description(&name).unwrap();
        band.set_no_data_value(Some(0.0)).unwrap();
    }
    file.close().unwrap();
    drop(like);
    fs::rename(copy, path).unwrap();
    let words = Scan::of(&drawn).refused();
    says(&words, &["S2_20230717.tif", "every pixel of band", "nodata", "writer killed"]);
}

#[test]
fn a_band_missing_in_one_scene_is_named_with_the_scene() {
    let drawn = small();
    rewrite(&drawn, 20_220_717, &["B02", "B03", "B04", "B11", "SCL"]);
    let words = Scan::of(&drawn).refused();
    says(
        &words,
        &[
            "S2_20220717.tif",
            "has bands blue, green, red, swir16",
            "NDVI (red, nir)",
            "29 other scenes",
            "add the band",
        ],
    );
}

#[test]
fn one_scene_without_swir_does_not_take_it_from_all_others() {
    let drawn = small();
    rewrite(&drawn, 20_220_717, &["B02", "B03", "B04", "B08", "SCL"]);
    let words = Scan::of(&drawn).refused();
    says(&words, &["S2_20220717.tif", "swir16", "29 other scenes", "add the band"]);
}

/// Writes a scene again with some of its bands only.
fn rewrite(drawn: &Drawn, date: u32, bands: &[&str]) {
    let path = drawn.scene(date);
    let copy = drawn.path("new.tif");
    let numbers =
        bands.iter().map(|name| crate::world::BANDS.iter().position(|band| band == name).unwrap() + 1);
    let chosen: Vec<String> = numbers.flat_map(|number| ["-b".to_owned(), number.to_string()]).collect();
    let status =
        Command::new("gdal_translate").arg("-q").args(chosen).arg(&path).arg(&copy).status().unwrap();
    assert!(status.success());
    fs::rename(copy, path).unwrap();
}

#[test]
fn scenes_without_dates_say_where_a_date_is_looked_for() {
    let drawn = small();
    fs::rename(drawn.scene(20_220_717), drawn.path("scenes/july.tif")).unwrap();
    let words = Scan::of(&drawn).refused();
    says(&words, &["july.tif", "date", "YYYYMMDD", "file name"]);
}

#[test]
fn scenes_in_two_crs_are_both_named() {
    let drawn = small();
    let mut other = drawn.world.clone();
    other.epsg = 32648;
    other.draw_scene(20_220_717, &drawn.scene(20_220_717));
    let words = Scan::of(&drawn).refused();
    says(&words, &["S2_20220717.tif", "EPSG:32648", "EPSG:32649", "one CRS"]);
}

// Red lines.

#[test]
fn a_missing_red_line_is_named() {
    let drawn = small();
    let words = Scan::of(&drawn).redlines(drawn.path("no-such.geojson")).refused();
    says(&words, &["no-such.geojson", "no such file", "give a GeoJSON"]);
}

#[test]
fn a_red_line_with_a_bow_tie_is_refused_with_ring_and_place() {
    let words = refused_redline(
        "bow.geojson",
        &ring(&json!([[111.0, 41.54], [111.006, 41.548], [111.006, 41.54], [111.0, 41.548], [111.0, 41.54]])),
    );
    says(
        &words,
        &[
            "feature 1",
            "ring 1",
            "vertex 1",
            "crosses itself",
            "(111.0030000, 41.5440000)",
            "correct it in a GIS",
        ],
    );
}

#[test]
fn a_red_line_with_nan_is_refused_with_the_vertex() {
    let text = ring(&json!([[111.0, 41.54], [111.006, 41.54], ["X", 41.548], [111.0, 41.54]]));
    for (file, number) in [("nan.geojson", "NaN"), ("null.geojson", "null"), ("huge.geojson", "1e999")] {
        let words = refused_redline(file, &text.replace("\"X\"", number));
        says(&words, &["feature 1", "ring 1", "vertex 3", "number", "correct it in a GIS"]);
    }
}

#[test]
fn a_red_line_in_metres_without_crs_is_refused() {
    let words = refused_redline(
        "metres.geojson",
        &ring(&json!([
            [500_020, 4_599_400],
            [500_600, 4_599_400],
            [500_600, 4_599_980],
            [500_020, 4_599_400]
        ])),
    );
    says(&words, &["500020 to 500600", "expected degrees", "metres without a CRS", "EPSG"]);
}

#[test]
fn an_empty_red_line_is_refused() {
    let words = refused_redline("empty.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    says(&words, &["0 polygons", "give the polygon layer"]);
    let words = refused_redline("zero.geojson", "");
    says(&words, &["0 bytes"]);
}

// Plan.

#[test]
fn a_baseline_after_the_target_is_a_wrong_plan() {
    let drawn = small();
    let scan = Scan::of(&drawn).periods(TARGET, BASELINE);
    let words = scan.refused();
    says(
        &words,
        &["baseline 2023-01-01/2023-12-31", "target 2020-01-01/2022-12-31", "look-back comes first"],
    );
    assert_eq!(scan.run().code, Some(2));
}

#[test]
fn an_unknown_sub_model_is_a_wrong_plan() {
    let drawn = small();
    let scan = Scan::of(&drawn).with("--models G1,X9");
    let words = scan.refused();
    says(&words, &["X9", "G1"]);
    assert_eq!(scan.run().code, Some(2));
}

#[test]
fn a_memory_bound_below_the_smallest_tile_says_what_is_needed() {
    let drawn = small();
    let scan = Scan::of(&drawn).with("--memory 100MB");
    says(&scan.refused(), &["100 MB", "need", "--memory"]);
    assert_eq!(scan.run().code, Some(2));
}

#[test]
fn an_unknown_key_in_a_plan_is_named_with_its_line() {
    let drawn = small();
    let plan = drawn.path("plan.toml");
    fs::write(&plan, "[inputs]\nscenes = \"scenes\"\nredline = [\"redline.geojson\"]\n").unwrap();
    let before = beside(&drawn.path("out"));
    let ended = ended(program().arg("scan").arg(&plan));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    says(
        &ended.stderr,
        &["plan.toml", "line 3, column 1", "unknown field `redline`", "`redlines`", "steppewatch init"],
    );
    assert_eq!(beside(&drawn.path("out")), before);
}

// Outputs.

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let drawn = small();
    fs::write(drawn.path("file"), "mine").unwrap();
    let words = Scan::of(&drawn).out(drawn.path("file")).refused();
    says(&words, &["/file", "a file has that name", "give --out"]);
    let words = Scan::of(&drawn).out(drawn.path("file/out")).refused();
    says(&words, &["file/out", "is a file, not a folder", "give another --out", "nothing was published"]);
    // Not even root may make a folder there.
    let ended = Scan::of(&drawn).out("/proc/out").run();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    says(&ended.stderr, &["/proc/out", "give --out in a folder that exists", "nothing was published"]);
    assert_eq!(fs::read(drawn.path("file")).unwrap(), b"mine");
}

#[test]
fn a_full_disk_leaves_no_output() {
    let drawn = Drawn::new(World::steppe(64, 64).over(2020, 2023));
    if !may_mount() {
        return;
    }
    let disk = drawn.path("disk");
    fs::create_dir(&disk).unwrap();
    for size in ["8k", "120k", "280k"] {
        let scan = Scan::of(&drawn).out(disk.join("out")).command();
        let inner: Vec<String> = std::iter::once(scan.get_program())
            .chain(scan.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let script = format!(
            "mount -t tmpfs -o size={size} tmpfs '{disk}' && {{ {inner}; code=$?; ls -A '{disk}'; exit $code; }}",
            disk = disk.display(),
            inner = inner.join(" ")
        );
        let ended = ended(Command::new("unshare").args(["-m", "sh", "-c", &script]));
        assert_eq!(ended.code, Some(1), "{size}: {ended:?}");
        assert_eq!(ended.stdout, "", "{size}: something lies on the disk");
        says(&ended.stderr, &["disk/out.partial", "No space left", "free space on that disk or give --out"]);
    }
}

/// Whether this machine lets a test mount a small disk of its own.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-m", "true"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        println!("skipped: `unshare -m` is not allowed here");
    }
    may
}

#[test]
fn the_second_run_on_one_output_folder_is_refused() {
    let drawn = small();
    let scan = Scan::of(&drawn);
    let lock = drawn.path("out.lock");
    let file = fs::File::create(&lock).unwrap();
    file.lock().unwrap();
    let words = scan.refused();
    says(&words, &["out", "another run", "out.lock", "wait until it ends"]);
}

// The disk.

#[test]
fn a_file_that_can_grow_no_further_ends_the_run_and_publishes_nothing() {
    let drawn = small();
    let scan = Scan::of(&drawn);
    let whole = scan.published();
    let size = fs::metadata(whole.out.join("leads.gpkg")).unwrap().len() / 512;
    fs::remove_dir_all(&whole.out).unwrap();
    let before = beside(&scan.out);
    // Blocks of 512 bytes: the scratch file, then the database at several of its pages, cannot be written.
    for blocks in [8, size / 4, size / 2, size - 9] {
        let words = format!("ulimit -f {blocks}; exec \"$@\"");
        let command = scan.command();
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(words).arg("sh").arg(command.get_program()).args(command.get_args());
        let ended = ended(&mut limited);
        assert_eq!(ended.code, Some(1), "{blocks}: {}", ended.stderr);
        says(&ended.stderr, &["nothing was published", "free space"]);
        assert_eq!(beside(&scan.out), before, "{blocks}: rubbish was left: {}", ended.stderr);
    }
}
