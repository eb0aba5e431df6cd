//! Series of products: what the program finds in SAFE folders, archives, Landsat and HLS is what it finds in plain files, and
//! sensors that take turns change nothing that matters.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use geo::{Area, BooleanOps};

use crate::program::{Lead, Scan, ended, says};
use crate::safe::{self, Plane, Planes, Safe, zipped};
use crate::world::{Block, Deed, Drawn, World, name};

/// A world with two places that 30 m can tell too.
fn world() -> World {
    World::steppe(120, 120).with(Block::new(21, 24, 30, 33), 20_230_401, Deed::Ploughed).with(
        Block::new(72, 66, 24, 30),
        20_230_401,
        Deed::Mined,
    )
}

/// Baselines as archives hold them: the offset begins in 2022, and one scene of each earlier year was processed anew.
fn baseline_of(date: u32) -> &'static str {
    match date {
        ..20_210_000 if date % 10_000 == 528 => "05.00",
        ..20_210_000 => "02.14",
        20_210_000..20_220_125 => "03.01",
        20_220_125..20_230_000 => "04.00",
        _ => "05.09",
    }
}

/// A drawn scene as a SAFE product holds it: visible and near infrared of 10 m, the rest of 20 m.
fn as_product(path: &Path, added: i32) -> Planes {
    let mut planes = Planes::of(path);
    for (name, plane) in &mut planes.bands {
        if name == "SCL" {
            *plane = plane.thinned(2);
        } else {
            let coarse = if name == "B11" { plane.coarser(2) } else { plane.clone() };
            *plane = coarse.map(|number| number + added);
        }
    }
    planes
}

/// The same numbers, without an offset, a GeoTIFF a band.
fn as_files(planes: &Planes, added: i32, date: u32, folder: &Path) {
    for (name, plane) in &planes.bands {
        let taken = if name == "SCL" { 0 } else { added };
        let plane = plane.map(|number| number - taken);
        planes.write_tif(
            &plane,
            safe::Numbers::Unsigned,
            Some(0.0),
            &folder.join(format!("S2_{date}_{name}.tif")),
        );
    }
}

fn scan(drawn: &Drawn, scenes: &str) -> Scan {
    Scan::of(drawn)
        .scenes(drawn.path(scenes))
        .out(drawn.path(&format!("out_{scenes}")))
        .with("--models G1,G2")
}

fn ids(leads: &[Lead]) -> BTreeSet<String> {
    leads.iter().map(|lead| lead.text("id").to_owned()).collect()
}

/// Each lead of one list with the lead of the other that lies on it, and how much of both is shared.
fn shared(a: &[Lead], b: &[Lead]) -> Vec<f64> {
    let one = |lead: &Lead| {
        let overlap = |other: &Lead| {
            let (both, all) = (lead.outline.intersection(&other.outline), lead.outline.union(&other.outline));
            both.unsigned_area() / all.unsigned_area()
        };
        b.iter().filter(|other| other.text("model") == lead.text("model")).map(overlap).fold(0.0, f64::max)
    };
    a.iter().map(one).collect()
}

/// The series as SAFE products in `safe` and as plain files of the same numbers in `files`; returns the former.
fn both_ways(drawn: &Drawn) -> PathBuf {
    let (products, files) = (drawn.path("safe"), drawn.path("files"));
    fs::create_dir_all(&products).unwrap();
    fs::create_dir_all(&files).unwrap();
    for date in drawn.world.dates.clone() {
        let product = Safe::l2a(date, baseline_of(date));
        let added = -product.offset.unwrap_or(0);
        let planes = as_product(&drawn.scene(date), added);
        product.write(&products, &planes);
        as_files(&planes, added, date, &files);
    }
    products
}

/// Cases 27, 28 and 41 of the catalogue of faults.
#[test]
fn a_series_of_safe_products_of_all_baselines_gives_the_leads_of_plain_files_packed_or_not() {
    let drawn = Drawn::new(world().over(2020, 2023));
    let products = both_ways(&drawn);
    let plain = scan(&drawn, "files").published();
    let folders = scan(&drawn, "safe").published();
    assert_eq!(ids(&folders.leads()).len(), 2);
    assert_eq!(ids(&folders.leads()), ids(&plain.leads()));
    assert!(shared(&folders.leads(), &plain.leads()).iter().all(|shared| *shared > 0.99));
    let manifest = folders.json("manifest.json");
    let scene = &manifest["result"]["scenes"][0];
    assert_eq!(scene["product"], "Sentinel-2 L2A, baseline 02.14");
    assert_eq!((&scene["sensor"], &scene["masks"][0]), (&"sentinel-2a".into(), &"scl".into()));
    let read: Vec<&str> = manifest["result"]["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|input| input["file"].as_str())
        .collect();
    assert!(
        read.contains(&"MTD_MSIL2A.xml") && read.iter().any(|file| file.ends_with("_B04_10m.jp2")),
        "{read:?}"
    );
    for root in fs::read_dir(&products).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>() {
        zipped(&root);
    }
    let packed = scan(&drawn, "safe").out(drawn.path("out_zip")).published();
    for file in ["leads.geojson", "suppressed.geojson", "gaps.geojson"] {
        assert!(
            fs::read(folders.out.join(file)).unwrap() == fs::read(packed.out.join(file)).unwrap(),
            "{file}"
        );
    }
    let said = ended(&mut Scan::of(&drawn).scenes(&products).verb("check"));
    says(
        &said.stdout,
        &[
            "Sentinel-2 L2A, baseline 05.00, sentinel-2a  blue green red nir swir16  mask scl",
            "scale 0.0001, offset -0.1: Sentinel-2 L2A, processing baseline 05.09, offsets of the product's XML",
            "offset 0: Sentinel-2 L2A, processing baseline 02.14, baselines before 04.00 have none",
        ],
    );
}

/// All bands of a drawn scene at 30 m.
fn at_30_m(path: &Path) -> Planes {
    let mut planes = Planes::of(path);
    for (name, plane) in &mut planes.bands {
        *plane = if name == "SCL" { plane.thinned(3) } else { plane.coarser(3) };
    }
    planes
}

/// Case 33 of the catalogue of faults.
#[test]
fn landsat_and_hls_find_the_same_places_with_scales_and_masks_of_their_own() {
    let drawn = Drawn::new(world());
    let sensors = ["landsat", "l30", "s30"];
    for sensor in sensors {
        fs::create_dir_all(drawn.path(sensor)).unwrap();
        for date in drawn.world.dates.clone() {
            let planes = at_30_m(&drawn.scene(date));
            match sensor {
                "landsat" => safe::landsat(&drawn.path(sensor), date, &planes),
                "l30" => drop(safe::hls(&drawn.path(sensor), "L30", date, &planes)),
                _ => drop(safe::hls(&drawn.path(sensor), "S30", date, &planes)),
            }
        }
    }
    let fine = scan(&drawn, "scenes").published().leads();
    let found: Vec<Vec<Lead>> = sensors.map(|sensor| scan(&drawn, sensor).published().leads()).to_vec();
    assert_eq!(fine.len(), 2);
    for (leads, sensor) in found.iter().zip(sensors) {
        assert_eq!(leads.len(), 2, "{sensor}");
        assert!(
            shared(leads, &fine).iter().all(|shared| *shared > 0.7),
            "{sensor}: {:?}",
            shared(leads, &fine)
        );
        assert!(shared(leads, &found[1]).iter().all(|shared| *shared > 0.97), "{sensor} and l30");
    }
}

/// Case 45 of the catalogue of faults, and the bar of the series of several sensors.
#[test]
fn sensors_that_take_turns_find_what_one_sensor_finds_and_each_view_names_its_own() {
    let drawn = Drawn::new(world());
    let mixed = drawn.path("mixed");
    fs::create_dir_all(&mixed).unwrap();
    for (turn, date) in drawn.world.dates.clone().into_iter().enumerate() {
        // Bands of another width see a little more or less.
        let other = |planes: &mut Planes| {
            for (band, gain) in [("B04", 1.03), ("B08", 0.96), ("B11", 1.02)] {
                let plane: Plane = planes.bands[band].map(|number| (f64::from(number) * gain).round() as i32);
                planes.bands.insert(band.to_owned(), plane);
            }
        };
        match turn % 3 {
            0 => {
                let baseline = baseline_of(date);
                let product = Safe::l2a(date, baseline);
                product.write(&mixed, &as_product(&drawn.scene(date), -product.offset.unwrap_or(0)));
            }
            1 => {
                let mut planes = at_30_m(&drawn.scene(date));
                other(&mut planes);
                safe::landsat(&mixed, date, &planes);
            }
            _ => {
                let mut planes = at_30_m(&drawn.scene(date));
                other(&mut planes);
                safe::hls(&mixed, "L30", date, &planes);
            }
        }
    }
    let one = scan(&drawn, "scenes").published().leads();
    let several = scan(&drawn, "mixed").published();
    let leads = several.leads();
    assert_eq!(ids(&leads).len(), ids(&one).len());
    let overlap = shared(&leads, &one);
    assert!(overlap.iter().all(|shared| *shared > 0.75), "{overlap:?}");
    let notes = several.json("manifest.json")["result"]["plan"]["notes"].to_string();
    says(
        &notes,
        &["scenes of several products in one series", "of Sentinel-2 L2A", "of HLS L30", "coarser pixels"],
    );
    let place = drawn.world.place(30.0, 40.0);
    let at = format!("{},{}", place[0], place[1]);
    let trace = ended(Scan::of(&drawn).scenes(&mixed).verb("trace").args(["--models", "G1,G2", "--at", &at]));
    says(&trace.stdout, &["  sentinel-2a\n", "  landsat-8\n", "  landsat-8/9\n"]);
}

/// Cases 57, 58 and 59 of the catalogue of faults.
#[test]
fn a_scene_processed_twice_counts_once_and_overlapping_tiles_and_strips_are_one_day() {
    let drawn = Drawn::new(world());
    let (once, more) = (drawn.path("once"), drawn.path("more"));
    for folder in [&once, &more] {
        fs::create_dir_all(folder).unwrap();
    }
    for (turn, date) in drawn.world.dates.clone().into_iter().enumerate() {
        let planes = as_product(&drawn.scene(date), 1000);
        let product = Safe { processed: date + 1, ..Safe::l2a(date, "05.09") };
        product.write(&once, &planes);
        product.write(&more, &planes);
        match turn % 3 {
            // The first processing, with its own numbers; what is kept is the later one.
            0 => drop(Safe::l2a(date, "02.14").write(&more, &as_product(&drawn.scene(date), 7))),
            // A neighbouring tile that saw the same ground.
            1 => drop(Safe { tile: "49TDF", ..product }.write(&more, &planes)),
            // The other strip of the same pass saw the rest: here, all of it.
            _ => drop(Safe { strip: "T035112", processed: date, ..product }.write(&more, &planes)),
        }
    }
    let (plain, doubled) = (scan(&drawn, "once").published(), scan(&drawn, "more").published());
    let gaps = |out: &Path| fs::read(out.join("gaps.geojson")).unwrap();
    assert!(gaps(&plain.out) == gaps(&doubled.out), "gaps.geojson");
    assert_eq!(ids(&plain.leads()), ids(&doubled.leads()));
    assert!(shared(&doubled.leads(), &plain.leads()).iter().all(|shared| *shared > 0.999));
    let skipped = doubled.json("manifest.json")["result"]["skipped"].to_string();
    says(&skipped, &["S2A_MSIL2A_20210408T033541_N0214_R061_T49TCF_20210408T070000", "processed later"]);
}

/// What is refused of products, with the words that tell the next step. Cases 45 and 49 of the catalogue of faults.
#[test]
fn products_that_cannot_be_read_together_or_at_all_are_refused_with_the_next_step() {
    let drawn = Drawn::new(World::touched());
    let folder = drawn.path("odd");
    let fresh = || {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for date in drawn.world.dates.iter().take(4) {
            Safe::l2a(*date, "02.14").write(&folder, &as_product(&drawn.scene(*date), 0));
        }
    };
    let refused = || scan(&drawn, "odd").refused();
    let date = drawn.world.dates[20];
    fresh();
    safe::landsat(&folder, date, &at_30_m(&drawn.scene(date)));
    let level_2 = folder.join(safe::landsat_name(date, "L2SP"));
    let level_1 = folder.join("level1");
    fs::create_dir_all(&level_1).unwrap();
    for entry in fs::read_dir(&level_2).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().replace("L2SP", "L1TP").replace("_SR_", "_");
        fs::rename(&entry, level_1.join(name)).unwrap();
    }
    says(&refused(), &["is Landsat Level 1 (L1TP)", "download the Level 2 product (L2SP)"]);
    fresh();
    safe::landsat(&folder, date, &at_30_m(&drawn.scene(date)));
    let name = safe::landsat_name(date, "L2SP");
    fs::remove_file(folder.join(&name).join(format!("{name}_QA_PIXEL.TIF"))).unwrap();
    says(&refused(), &["_QA_PIXEL.TIF is missing", "cloud would be taken for ground"]);
    // Top of the atmosphere beside the ground.
    fresh();
    let mut top = as_product(&drawn.scene(date), 0);
    top.bands.remove("SCL");
    Safe { level: "L1C", offset: None, ..Safe::l2a(date, "02.09") }.write(&folder, &top);
    says(&refused(), &["reflectance at the top of the atmosphere", "move the others to another folder"]);
    // Numbers of unknown meaning beside known ones.
    fresh();
    fs::copy(drawn.scene(date), folder.join(name_of(date))).unwrap();
    says(&refused(), &["16-bit numbers without declared scale", "products whose reflectance is known"]);
}

/// Case 49 of the catalogue of faults, and sensors of whose numbers nothing is known.
#[test]
fn gaofen_is_read_as_counts_of_its_detector_and_a_raw_picture_is_refused() {
    let drawn = Drawn::new(world());
    let folder = drawn.path("gf");
    fs::create_dir_all(&folder).unwrap();
    let name = |date: u32| format!("GF1_WFV3_E108.5_N41.6_{date}_L1A0005810423.tiff");
    for date in drawn.world.dates.clone() {
        let planes = Planes::of(&drawn.scene(date));
        planes.write_counts(&folder.join(name(date)));
    }
    let found = scan(&drawn, "gf").published();
    let leads = found.leads();
    assert!(!leads.is_empty() && leads.iter().all(|lead| lead.properties["confidence"].as_f64() < Some(0.9)));
    let manifest = found.json("manifest.json");
    let scene = &manifest["result"]["scenes"][0];
    assert_eq!(
        (&scene["sensor"], &scene["product"]),
        (&"gf-1 wfv".into(), &"GF-1 WFV without calibration".into())
    );
    says(&scene.to_string(), &["scale 1/1023: counts of the detector without calibration, not reflectance"]);
    // A reflectance that is known does not go with one that is not.
    let date = drawn.world.dates[3];
    let mixed = folder.join("known");
    fs::create_dir_all(&mixed).unwrap();
    Safe::l2a(date + 1, "02.14").write(&mixed, &as_product(&drawn.scene(date), 0));
    says(
        &scan(&drawn, "gf").out(drawn.path("out_mixed")).refused(),
        &["counts of a detector without calibration"],
    );
    fs::remove_dir_all(&mixed).unwrap();
    Planes::of(&drawn.scene(date)).write_raw(&folder.join(name(date)));
    says(
        &scan(&drawn, "gf").out(drawn.path("out_raw")).refused(),
        &["RPC coefficients", "orthorectify it first", &name(date)],
    );
}

fn name_of(date: u32) -> String {
    name(date)
}
