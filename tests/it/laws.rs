//! What holds for every world: the same bytes whatever the machine, and what more or moved data may change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use geo::{BoundingRect, Intersects, MapCoords};
use steppewatch::grid::Crs;
use steppewatch::grid::crs::Transform;

use crate::program::{Lead, Published, Scan, beside, rounds, sha256};
use crate::world::{Block, Deed, Drawn, World, mix};

/// Control cells are 128 px: this world has nine, with parcels across their borders, clouds and a lake of
/// nothing seen.
fn wide() -> World {
    let spring = 20_230_401;
    let mut world = World::steppe(300, 320)
        .with(Block::new(118, 120, 20, 18), spring, Deed::Ploughed)
        .with(Block::new(40, 250, 12, 14), spring, Deed::Mined)
        .with(Block::new(250, 30, 9, 16), spring, Deed::Ploughed)
        .with(Block::new(200, 244, 24, 24), 20_230_620, Deed::Ploughed);
    world.clouds = (0..40_u64)
        .map(|index| {
            let draw = |salt: u64, most: usize| (mix(index * 31 + salt) % most as u64) as usize;
            let block = Block::new(draw(1, 280), draw(2, 300), 8 + draw(3, 50), 8 + draw(4, 60));
            (world.dates[draw(5, 24)], block)
        })
        .collect();
    world
}

type Hashes = BTreeMap<String, String>;

/// Hashes of a scan into a folder of its own.
fn hashes(scan: Scan, out: PathBuf) -> Hashes {
    scan.out(out).published().hashes()
}

/// Every file of every variation has the bytes of the first.
fn all_the_same(base: &Hashes, variations: Vec<(&str, Hashes)>) {
    for (what, found) in variations {
        let differ: Vec<&String> = base.keys().filter(|name| base.get(*name) != found.get(*name)).collect();
        assert!(differ.is_empty() && base.len() == found.len(), "{what} changes {differ:?}");
    }
}

#[test]
fn the_machine_changes_no_byte() {
    let drawn = Drawn::new(wide());
    let base = Scan::of(&drawn).out(drawn.path("base")).published();
    assert!(base.leads().len() >= 3, "{} leads", base.leads().len());
    let ways = [
        "--threads 1 --tile-size 128",
        "--threads 3 --tile-size 0 --memory 2GiB",
        "--threads 2 --memory 400MB",
        "--threads 2 --tile-size 512",
    ];
    let ways = ways.into_iter().take(rounds(2, 4));
    let ran = ways.map(|way| (way, hashes(Scan::of(&drawn).with(way), drawn.path("varied"))));
    all_the_same(&base.hashes(), ran.collect());
}

#[test]
fn locale_and_time_zone_change_no_byte() {
    let drawn = Drawn::new(World::touched());
    let base = hashes(Scan::of(&drawn), drawn.path("base"));
    let settings = [
        [("LC_ALL", "de_DE.UTF-8"), ("TZ", "America/Adak")],
        [("LC_ALL", "zh_CN.GBK"), ("TZ", "Asia/Shanghai")],
        [("LC_ALL", "C"), ("TZ", "UTC")],
    ];
    let ran = settings.map(|[locale, zone]| {
        let scan = Scan::of(&drawn).environment(locale.0, locale.1).environment(zone.0, zone.1);
        (locale.1, hashes(scan, drawn.path("varied")))
    });
    all_the_same(&base, ran.to_vec());
}

#[test]
fn the_order_of_the_files_changes_no_byte() {
    let drawn = Drawn::new(World::touched());
    let base = hashes(Scan::of(&drawn), drawn.path("base"));
    let shuffled = drawn.path("shuffled");
    copied_in_another_order(&drawn.path("scenes"), &shuffled);
    let found = hashes(Scan::of(&drawn).scenes(shuffled), drawn.path("varied"));
    all_the_same(&base, vec![("another order", found)]);
}

/// Copies files in an order of their own, with other files made and removed between them.
fn copied_in_another_order(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| sha256(path.file_name().unwrap().as_encoded_bytes()));
    for file in &files {
        let place = to.join(file.file_name().unwrap());
        fs::write(place.with_extension("gone"), "x").unwrap();
        fs::copy(file, &place).unwrap();
        fs::remove_file(place.with_extension("gone")).unwrap();
    }
}

#[test]
fn a_second_run_changes_nothing_and_leaves_nothing_beside() {
    let drawn = Drawn::new(World::touched().over(2020, 2023));
    let scan = Scan::of(&drawn);
    let first = scan.published().hashes();
    let around = beside(&scan.out);
    let second = scan.published().hashes();
    all_the_same(&first, vec![("a second run", second)]);
    assert_eq!(beside(&scan.out), around);
}

/// A scan of a real series: its scenes, red line and periods.
fn forest(folder: &Path, out: PathBuf) -> Scan {
    Scan {
        scenes: folder.join("scenes"),
        redlines: folder.join("redline_forest.geojson"),
        periods: Some(("2015-01-01/2016-12-31".to_owned(), "2017-01-01/2018-12-31".to_owned())),
        out,
        more: vec!["--class".to_owned(), "forest".to_owned()],
        environment: Vec::new(),
    }
}

#[test]
fn the_machine_changes_no_byte_of_a_real_series() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let full = root.join("../shared/data/romania_forest_2015_2018");
    let scratch = tempfile::tempdir().unwrap();
    let mut folders = vec![root.join("fixtures/romania_forest")];
    if full.is_dir() {
        folders.push(full);
    } else {
        println!("skipped: {} is not on this machine", full.display());
    }
    for folder in folders {
        let scan = |name: &str| forest(&folder, scratch.path().join(name));
        if !scan("base").redlines.is_file() {
            println!("skipped: {} has no red line", folder.display());
            continue;
        }
        let base = scan("base").published();
        let ways = ["--threads 1 --tile-size 128", "--threads 2 --tile-size 0 --memory 2GiB"];
        let ran = ways.map(|way| (way, hashes(scan("varied").with(way), scratch.path().join("varied"))));
        all_the_same(&base.hashes(), ran.to_vec());
    }
}

// More cloud.

/// Extra clouds on days of the target period.
fn more_clouds(world: &World, seed: u64, count: u64) -> Vec<(u32, Block)> {
    let days: Vec<u32> = world.dates.iter().copied().filter(|date| *date >= 20_230_000).collect();
    let cloud = |index: u64| {
        let draw = |salt: u64, most: usize| (mix(seed * 7919 + index * 31 + salt) % most as u64) as usize;
        let (rows, cols) = (10 + draw(1, world.rows / 2), 10 + draw(2, world.cols / 2));
        let block = Block::new(draw(3, world.rows - 5), draw(4, world.cols - 5), rows, cols);
        (days[draw(5, days.len())], block)
    };
    (0..count).map(cloud).collect()
}

/// Leads of the cloudier run that touch no lead of the clearer one.
fn added(clearer: &[Lead], cloudier: &[Lead]) -> Vec<String> {
    let known = |lead: &&Lead| clearer.iter().any(|other| other.outline.intersects(&lead.outline));
    let new = cloudier.iter().filter(|lead| !known(lead));
    new.map(|lead| format!("{} {} {}", lead.text("id"), lead.text("model"), lead.text("evidence_text")))
        .collect()
}

#[test]
fn more_cloud_never_adds_a_lead() {
    let mut found = Vec::new();
    for seed in 0..rounds(3, 5) as u64 {
        let mut world = World::touched().with(Block::new(10, 64, 7, 9), 20_230_801, Deed::Ploughed).with(
            Block::new(40, 10, 5, 5),
            20_230_601,
            Deed::Mined,
        );
        world.seed = seed;
        let clearer = Drawn::new(world.clone());
        let before = Scan::of(&clearer).published().leads();
        world.clouds = more_clouds(&world, seed, 4 + 5 * seed);
        let cloudier = Drawn::new(world);
        let after = Scan::of(&cloudier).published().leads();
        found.extend(added(&before, &after).into_iter().map(|lead| format!("seed {seed}: {lead}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// Moved ground.

#[test]
fn scenes_moved_by_whole_pixels_move_the_leads() {
    let here = Drawn::new(World::touched());
    let there = Drawn::new(World::touched().moved(13, 7));
    let (here, there) = (Scan::of(&here).published().leads(), Scan::of(&there).published().leads());
    assert!(!here.is_empty());
    assert_eq!(here.len(), there.len());
    let transform = Transform::new(Crs::LON_LAT, Crs::epsg(32649)).unwrap();
    let metres = |lead: &Lead| lead.outline.map_coords(|c| transform.point(c.x, c.y).unwrap().into());
    for lead in &here {
        let (from, mut off) = (metres(lead).bounding_rect().unwrap(), Vec::new());
        for other in there.iter().filter(|other| other.text("model") == lead.text("model")) {
            let to = metres(other).bounding_rect().unwrap();
            let (near, far) = (to.min() - from.min(), to.max() - from.max());
            off.push([near.x - 70.0, near.y + 130.0, far.x - 70.0, far.y + 130.0]);
        }
        let moved = off.iter().any(|offsets| offsets.iter().all(|metres| metres.abs() < 0.05));
        assert!(moved, "{}: off by {off:?} m", lead.text("id"));
    }
}

#[test]
fn two_scenes_of_one_day_are_as_good_as_the_whole() {
    let drawn = Drawn::new(World::touched());
    let whole = Scan::of(&drawn).published();
    let cut = drawn.path("cut");
    fs::create_dir_all(&cut).unwrap();
    // Each sees its side of the ground, and both a strip in the middle.
    for (side, hidden) in [("west", Block::new(0, 60, 96, 36)), ("east", Block::new(0, 0, 96, 40))] {
        let mut world = drawn.world.clone();
        world.clouds = world.dates.iter().map(|date| (*date, hidden)).collect();
        for date in &world.dates {
            world.draw_scene(*date, &cut.join(format!("S2_{date}_{side}.tif")));
        }
    }
    let both = Scan::of(&drawn).scenes(cut).out(drawn.path("both")).published();
    assert_eq!(both.code, whole.code);
    let ids = |published: &Published| -> Vec<String> {
        published.leads().iter().map(|lead| lead.text("id").to_owned()).collect()
    };
    assert!(!ids(&whole).is_empty());
    assert_eq!(ids(&both), ids(&whole));
}

#[test]
fn ground_under_two_red_lines_is_looked_at_as_under_one() {
    let drawn = Drawn::new(World::touched());
    let mut second = drawn.world.clone();
    second.redline = Some(Block::new(10, 10, 60, 60));
    second.draw_redline(&drawn.path("second.geojson"));
    let second = drawn.path("second.geojson");
    let one = Scan::of(&drawn).published();
    let two =
        Scan::of(&drawn).with(&format!("--redlines {}", second.display())).out(drawn.path("two")).published();
    let ids = |published: &Published| -> Vec<String> {
        published.leads().iter().map(|lead| lead.text("id").to_owned()).collect()
    };
    assert!(!one.leads().is_empty());
    assert_eq!(ids(&one), ids(&two));
}

#[test]
fn untouched_steppe_is_a_complete_run_with_no_lead() {
    let drawn = Drawn::new(World::steppe(96, 96));
    let published = Scan::of(&drawn).published();
    assert_eq!(published.code, 0);
    for layer in ["leads.geojson", "gaps.geojson"] {
        let collection = published.json(layer);
        assert_eq!(collection["type"], "FeatureCollection", "{layer}");
        assert_eq!(collection["features"].as_array().map(Vec::len), Some(0), "{layer}");
    }
}

#[test]
fn what_was_ploughed_and_mined_is_found() {
    let drawn = Drawn::new(World::touched());
    let published = Scan::of(&drawn).published();
    let leads = published.leads();
    assert_eq!(leads.len(), 2);
    // Bright rubble without a season is the likest to mining; what else it may be stands beside.
    let mined = leads.iter().find(|lead| lead.text("model") == "G2").expect("mining");
    assert_eq!((mined.text("tier"), mined.text("tblx")), ("lead", "CK"));
    assert!(mined.text("also_models").contains("G1"), "{}", mined.text("also_models"));
}
