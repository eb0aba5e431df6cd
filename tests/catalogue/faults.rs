//! Mirrors over a network that fails: the same clips as without faults, or an exact list of what is missing.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use steppewatch::run::Silent;
use steppewatch::run::scenes;

use crate::server::{Fault, PASSING, Plan};
use crate::worlds::{Layout, World, files, numbers, seen};

/// Spoils so many of a hundred answers, by a seed.
fn some(seed: u64, percent: u64) -> Plan {
    Box::new(move |path, range, count| {
        let drawn = crate::world::mix(crate::hash(format!("{seed} {path} {range} {count}").as_bytes()));
        // Waiting for a slow server is the dear one: one in sixteen of the spoiled.
        let spoiled = drawn % 100 < percent;
        let fault = PASSING[(drawn / 100) as usize % PASSING.len()];
        spoiled.then_some(if fault == Fault::Slow && !(drawn / 10_000).is_multiple_of(16) {
            Fault::Short
        } else {
            fault
        })
    })
}

/// One fault at every answer to a path, so often.
fn always(fault: Fault, part: &'static str, times: u64) -> Plan {
    Box::new(move |path, _, count| (path.contains(part) && count <= times).then_some(fault))
}

#[test]
fn a_clip_holds_the_numbers_of_its_source() {
    for layout in [Layout::Deflated, Layout::Plain, Layout::Strips, Layout::BigEndian] {
        let world = World::new(layout);
        let fetched = world.mirror("mirror");
        assert_eq!((fetched.scenes.len(), fetched.not_fetched.len()), (2, 0), "{layout:?} {fetched:?}");
        for (name, picture) in &world.pictures {
            let side = if name.contains("red") { 256 } else { 128 };
            let clip = world.path("mirror/assets").join(name);
            let window = (0, 0, side, side);
            assert_eq!(numbers(&clip, window), numbers(picture, window), "{layout:?} {name}");
        }
        // What is beyond the window is not fetched, but for strips, which go from edge to edge.
        let all: u64 = world.pictures.values().map(|path| fs::metadata(path).unwrap().len()).sum();
        let most = if layout == Layout::Plain { 2 * all } else { all };
        assert!(fetched.bytes < most * 9 / 10, "{layout:?}: {} of {all}", fetched.bytes);
    }
}

/// A copy with holes would lose a mask, which is a second picture in the file.
#[test]
fn what_a_mask_hides_stays_hidden() {
    let world = World::new(Layout::Masked);
    let fetched = world.mirror("mirror");
    assert_eq!((fetched.scenes.len(), fetched.not_fetched.len()), (2, 0), "{fetched:?}");
    for (name, picture) in &world.pictures {
        let side = if name.contains("red") { 256 } else { 128 };
        let (clip, window) = (world.path("mirror/assets").join(name), (0, 0, side, side));
        let there = seen(picture, window);
        assert!(there.contains(&0) && there.contains(&255));
        assert_eq!(seen(&clip, window), there, "{name}");
        assert_eq!(numbers(&clip, window), numbers(picture, window), "{name}");
    }
}

/// Cases 141 to 143 and 147 of the catalogue of faults.
#[test]
fn thirty_percent_of_faults_give_the_same_clips_or_a_list_of_what_is_missing() {
    /// Each has a server and a world of its own.
    const WORKERS: u64 = 4;
    let seeds = std::env::var("STEPPEWATCH_SEEDS").map_or(200, |seeds| seeds.parse::<u64>().unwrap());
    let counts: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let some = |first: u64| (first..seeds).step_by(WORKERS as usize);
        let workers: Vec<_> =
            (0..WORKERS).map(|first| scope.spawn(move || under_faults(some(first)))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let right: u64 = counts.iter().map(|(right, _)| right).sum();
    let complete: u64 = counts.iter().map(|(_, complete)| complete).sum();
    println!(
        "{right} of {seeds} seeds: same clips ({complete}) or an exact list of what is missing, then completed"
    );
    assert_eq!(right, seeds);
    assert!(complete > seeds / 10, "{complete}");
}

/// Mirrors over a network that fails by each of some seeds: how many were right, and how many of these whole at once.
fn under_faults(seeds: impl Iterator<Item = u64>) -> (u64, u64) {
    let world = World::new(Layout::Deflated);
    world.mirror("whole");
    let expected = files(&world.path("whole"));
    let (mut right, mut complete) = (0, 0);
    for seed in seeds {
        world.server.plan(some(seed, 30));
        let name = format!("seed{seed}");
        let fetched = world.mirror(&name);
        let found = files(&world.path(&name));
        let is_clip = |name: &&String| name.starts_with("assets") || name.starts_with("items");
        let wrong: Vec<&String> =
            found.keys().filter(is_clip).filter(|name| found[*name] != expected[*name]).collect();
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
        let named = fetched.scenes.iter().chain(fetched.not_fetched.iter().map(|missing| &missing.id));
        let mut named: Vec<&String> = named.collect();
        named.sort();
        assert_eq!(named, ["S2_1", "S2_2"], "seed {seed}");
        for missing in &fetched.not_fetched {
            assert!(!found.contains_key(&format!("items/{}.json", missing.id)), "seed {seed}: {missing:?}");
            assert!(missing.reason.contains("127.0.0.1") && missing.reason.len() > 40, "{missing:?}");
        }
        // The next run, over a sound network, completes the folder to the same bytes.
        world.server.plan(Box::new(|_, _, _| None));
        if fetched.not_fetched.is_empty() {
            complete += 1;
        } else {
            assert!(world.mirror(&name).not_fetched.is_empty(), "seed {seed}");
        }
        assert!(files(&world.path(&name)) == expected, "seed {seed}");
        right += 1;
        fs::remove_dir_all(world.path(&name)).unwrap();
    }
    (right, complete)
}

#[test]
fn plain_blocks_of_zeros_are_never_numbers() {
    let world = World::new(Layout::Plain);
    world.mirror("whole");
    let expected = files(&world.path("whole"));
    for seed in 0..20 {
        world.server.plan(some(seed, 20));
        let name = format!("seed{seed}");
        world.mirror(&name);
        let found = files(&world.path(&name));
        for (name, bytes) in found.iter().filter(|(name, _)| name.starts_with("assets")) {
            assert!(bytes == &expected[name], "seed {seed}: {name}");
        }
    }
    // A server that gives zeros every time is not believed.
    world.server.plan(always(Fault::Zeros, "S2_1/red", u64::MAX));
    let fetched = world.mirror("zeros");
    assert_eq!(fetched.not_fetched.len(), 1, "{fetched:?}");
}

#[test]
fn every_fault_that_stays_is_told_by_name() {
    let world = World::new(Layout::Deflated);
    let words = [
        (Fault::Busy(429), "status 429"),
        (Fault::Status(500), "status 500"),
        (Fault::Status(403), "STEPPEWATCH_HTTP_TOKEN"),
        (Fault::Status(404), "404"),
        (Fault::Short, "bytes"),
        (Fault::Dropped, "times"),
        (Fault::Slow, "times"),
        (Fault::OtherRange, "another range"),
        (Fault::Page, "a login or a proxy"),
        (Fault::Zeros, "zeros"),
        (Fault::OtherVersion, "changed"),
    ];
    for (number, (fault, word)) in words.into_iter().enumerate() {
        world.server.plan(always(fault, "S2_2/red", u64::MAX));
        let name = format!("out{number}");
        let fetched = world.mirror(&name);
        if fault == Fault::OtherVersion {
            // Another version at every answer is one version.
            assert!(fetched.not_fetched.is_empty());
            continue;
        }
        assert_eq!(fetched.scenes, ["S2_1"], "{fault:?}");
        let missing = &fetched.not_fetched[0];
        assert!(missing.id == "S2_2" && missing.date == "2023-06-20", "{missing:?}");
        assert!(
            missing.reason.contains(word) && missing.reason.contains("/S2_2/red.tif"),
            "{fault:?}: {}",
            missing.reason
        );
        let catalogue: Value =
            serde_json::from_slice(&fs::read(world.path(&name).join("catalog.json")).unwrap()).unwrap();
        assert_eq!(catalogue["steppewatch:not_fetched"], json!(fetched.not_fetched));
    }
}

/// Case 147 of the catalogue of faults.
#[test]
fn a_file_that_changes_between_two_readings_is_read_anew() {
    let world = World::new(Layout::Deflated);
    world.mirror("whole");
    world.server.plan(Box::new(|path, range, count| {
        // The first two readings of its directory are of another version than all that follows.
        (path.contains("S2_1/red") && range.starts_with("bytes=0-") && count == 1)
            .then_some(Fault::OtherVersion)
    }));
    assert!(world.mirror("again").not_fetched.is_empty());
    assert!(files(&world.path("whole")) == files(&world.path("again")));
}

/// Case 145 of the catalogue of faults.
#[test]
fn a_signature_that_ends_under_way_is_told_and_the_next_run_goes_on() {
    let world = World::new(Layout::Deflated);
    world.server.plan(Box::new(|path, range, _| {
        (path.contains("S2_2/swir16") && !range.starts_with("bytes=0-")).then_some(Fault::Status(403))
    }));
    let fetched = world.mirror("mirror");
    assert!(fetched.not_fetched[0].reason.contains("has ended"), "{fetched:?}");
    world.server.plan(Box::new(|_, _, _| None));
    let fetched = world.mirror("mirror");
    assert_eq!((fetched.kept, fetched.scenes.len()), (1, 2));
    // The clip of the other band was whole and is not fetched again.
    let window = world
        .server
        .log()
        .iter()
        .filter(|line| line.contains("S2_2/red") && !line.contains("bytes=0-"))
        .count();
    assert_eq!(window, 0);
}

#[test]
fn a_server_without_pieces_gives_whole_files() {
    let world = World::new(Layout::Deflated);
    world.mirror("pieces");
    world.server.plan(Box::new(|_, range, _| (!range.is_empty()).then_some(Fault::Whole)));
    assert!(world.mirror("whole").not_fetched.is_empty());
    let (pieces, whole) = (files(&world.path("pieces")), files(&world.path("whole")));
    for (name, bytes) in pieces.iter().filter(|(name, _)| name.starts_with("assets")) {
        assert!(bytes == &whole[name], "{name}");
    }
}

/// Case 148 of the catalogue of faults.
#[test]
fn a_check_sum_of_the_item_is_believed_before_the_bytes() {
    let world = World::new(Layout::Plain);
    let mut items = world.items();
    for (name, right) in [("S2_1", true), ("S2_2", false)] {
        let bytes = fs::read(&world.pictures[&format!("{name}/red.tif")]).unwrap();
        let mut sum = steppewatch::publish::digest::of_bytes(&bytes);
        if !right {
            sum.replace_range(0..2, "00");
        }
        let place = usize::from(!right);
        items["features"][place]["assets"]["red"]["file:checksum"] = json!(format!("1220{sum}"));
    }
    world.write("items.json", &items);
    let fetched = world.mirror("mirror");
    assert_eq!(fetched.scenes, ["S2_1"]);
    assert!(fetched.not_fetched[0].reason.contains("file:checksum"), "{fetched:?}");
    let item = fs::read_to_string(world.path("mirror/items/S2_1.json")).unwrap();
    assert!(item.contains("file:checksum of the item"));
}

#[test]
fn a_run_that_was_killed_anywhere_goes_on_to_the_same_bytes() {
    let world = World::new(Layout::Deflated);
    world.mirror("whole");
    let expected = files(&world.path("whole"));
    // What a killed run may leave: any file of the folder gone, half, or in its place before its item.
    for (number, name) in expected.keys().enumerate() {
        for half in [true, false] {
            let out = format!("killed{number}{half}");
            world.mirror(&out);
            let path = world.path(&out).join(name);
            match half {
                true => fs::write(&path, &expected[name][..expected[name].len() / 2]).unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
            assert!(world.mirror(&out).not_fetched.is_empty());
            assert!(files(&world.path(&out)) == expected, "{name} {half}");
        }
    }
    let left: BTreeMap<String, Vec<u8>> = files(&world.path("whole"));
    assert!(left.keys().all(|name| !name.contains("part")), "{:?}", left.keys());
}

#[test]
fn two_runs_do_not_share_a_folder_and_no_folder_of_others_is_filled() {
    let world = World::new(Layout::Deflated);
    world.mirror("mirror");
    let lock = fs::File::open(world.path("mirror/.lock")).unwrap();
    lock.lock().unwrap();
    let said = scenes::fetch(&world.fetch("mirror"), &Silent).unwrap_err().to_string();
    assert!(said.contains("another run"), "{said}");
    fs::create_dir(world.path("mine")).unwrap();
    fs::write(world.path("mine/notes.txt"), "x").unwrap();
    let said = scenes::fetch(&world.fetch("mine"), &Silent).unwrap_err().to_string();
    assert!(said.contains("notes.txt") && fs::read_dir(world.path("mine")).unwrap().count() == 1, "{said}");
}

#[test]
fn an_item_that_says_something_new_is_fetched_again() {
    let world = World::new(Layout::Deflated);
    world.mirror("mirror");
    let bytes = crate::worlds::picture(&world.path("new.tif"), (448, 10.0, 77), Layout::Deflated);
    world.server.put("/S2_1/red.tif", bytes);
    let mut items = world.items();
    items["features"][0]["properties"]["updated"] = json!("2023-08-01T00:00:00Z");
    world.write("items.json", &items);
    assert_eq!(world.mirror("mirror").kept, 1);
    let (window, clip) = ((0, 0, 256, 256), world.path("mirror/assets/S2_1/red.tif"));
    assert_eq!(numbers(&clip, window), numbers(&world.path("new.tif"), window));
}

/// Case 151 of the catalogue of faults.
#[test]
fn an_item_that_lies_about_its_place_is_left_out_with_the_reason() {
    let world = World::new(Layout::Deflated);
    let mut items = world.items();
    items["features"][0]["bbox"] = json!([10.0, 41.4, 11.0, 41.6]);
    // The other says that it lies there, and its pictures lie a degree away.
    for (key, side, metres) in [("red", 448, 10.0), ("swir16", 224, 20.0)] {
        let path = world.path("away.tif");
        let bytes =
            crate::worlds::picture_at((600_000.0, 4_700_000.0), &path, (side, metres, 5), Layout::Deflated);
        world.server.put(&format!("/S2_2/{key}.tif"), bytes);
    }
    world.write("items.json", &items);
    let fetched = world.mirror("mirror");
    assert!(fetched.scenes.is_empty() && fetched.not_fetched.is_empty(), "{fetched:?}");
    let why: Vec<&str> = fetched.left_out.iter().map(|(_, why)| why.as_str()).collect();
    assert!(
        why[0].contains("lies elsewhere") && why[1].contains("no red line lies on its pictures"),
        "{why:?}"
    );
}

#[test]
fn a_file_of_nothing_or_of_other_bytes_is_no_picture() {
    let world = World::new(Layout::Deflated);
    let xml = b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>".to_vec();
    for (number, bytes) in
        [Vec::new(), xml, vec![0; 50_000], b"II*\0\x08\0\0\0".to_vec()].into_iter().enumerate()
    {
        world.server.put("/S2_1/red.tif", bytes);
        let fetched = world.mirror(&format!("out{number}"));
        assert_eq!((fetched.scenes.len(), fetched.not_fetched.len()), (1, 1), "{number}: {fetched:?}");
    }
}

#[test]
fn jpeg_2000_is_fetched_whole_and_has_the_same_numbers() {
    let world = World::new(Layout::Deflated);
    let Ok(driver) = gdal::DriverManager::get_driver_by_name("JP2OpenJPEG") else {
        println!("skipped: no JPEG 2000 here");
        return;
    };
    let mut items = world.items();
    items["features"].as_array_mut().unwrap().truncate(1);
    for key in ["red", "swir16"] {
        let (source, path) = (&world.pictures[&format!("S2_1/{key}.tif")], world.path(&format!("{key}.jp2")));
        let source = gdal::Dataset::open(source).unwrap();
        let options = ["QUALITY=100", "REVERSIBLE=YES", "YCBCR420=NO"];
        source.create_copy(&driver, &path, &gdal::raster::RasterCreationOptions::from_iter(options)).unwrap();
        world.server.put(&format!("/{key}.jp2"), fs::read(&path).unwrap());
        let asset = &mut items["features"][0]["assets"][key];
        asset["href"] = json!(world.server.at(&format!("/{key}.jp2")));
        asset["type"] = json!("image/jp2");
    }
    world.write("items.json", &items);
    world.server.plan(some(7, 20));
    let fetched = world.mirror("mirror");
    assert_eq!(fetched.scenes, ["S2_1"], "{fetched:?}");
    let clip = world.path("mirror/assets/S2_1/red.tif");
    let window = (0, 0, 256, 256);
    assert_eq!(numbers(&clip, window), numbers(&world.pictures["S2_1/red.tif"], window));
}
