//! Offsets of Sentinel-2 that are mixed up: no mix-up may make a lead.
//!
//! Of each drawn world some scenes get a thousand too much or too little, by metadata that are missing, wrong, or used twice.
//! The run is refused, or its leads are those of the right product.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use geo::BooleanOps;
use serde_json::json;

use crate::program::{Ended, Lead, Published, Scan, rounds, says};
use crate::safe::{Numbers, Planes, Safe};
use crate::world::{Block, Deed, Drawn, World, mix};

/// How numbers and metadata are mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MixUp {
    /// Case 27: files without metadata, of which some hold the added thousand.
    NoMetadata,
    /// Case 28: old days processed anew, with the metadata that belong to them.
    OldDaysAnew,
    /// Case 29: items say that the offset is applied, the pixels of some say not.
    FlagAlone,
    /// Case 30: metadata take away what somebody took away before.
    AppliedTwice,
    /// Case 33: scale declared in the file, the offset left out in some.
    OffsetLeftOut,
    /// Case 34: the offset with the wrong sign.
    WrongSign,
    /// Case 35: some scenes as shares of one.
    OtherUnit,
    /// Case 36: some scenes as pictures of 8 bit.
    Picture,
}

const ALL: [MixUp; 8] = [
    MixUp::NoMetadata,
    MixUp::OldDaysAnew,
    MixUp::FlagAlone,
    MixUp::AppliedTwice,
    MixUp::OffsetLeftOut,
    MixUp::WrongSign,
    MixUp::OtherUnit,
    MixUp::Picture,
];

/// Whether a scene is mixed up: half of them at random, the last quarter, the first half, or a fifth at random.
fn is_odd(draw: u64, at: usize, count: usize) -> bool {
    let chance = mix(draw ^ (at as u64 * 77)) % 100;
    match draw % 4 {
        0 => chance < 50,
        1 => at * 4 >= count * 3,
        2 => at * 2 < count,
        _ => chance < 20,
    }
}

/// Steppe with one or two changes somewhere.
fn world(draw: u64) -> World {
    let at = |salt: u64, room: usize| mix(draw ^ salt) as usize % room;
    let world = World { seed: draw, ..World::steppe(80, 80) };
    let world = world.with(Block::new(8 + at(1, 20), 8 + at(2, 40), 14, 16), 20_230_401, Deed::Ploughed);
    if draw.is_multiple_of(2) {
        world
    } else {
        world.with(Block::new(46 + at(3, 14), 8 + at(4, 40), 12, 13), 20_230_401, Deed::Mined)
    }
}

fn files(planes: &Planes, added: i32, (scale, offset): (Option<f64>, f64), stem: &Path) {
    for (name, plane) in &planes.bands {
        let path = stem.with_file_name(format!("{}_{name}.tif", stem.file_name().unwrap().to_string_lossy()));
        let is_class = name == "SCL";
        let plane = plane.map(|number| if is_class { number } else { number + added });
        planes.write_tif(&plane, Numbers::Unsigned, Some(0.0), &path);
        if let (Some(scale), false) = (scale, is_class) {
            planes.declare(&path, scale, offset);
        }
    }
}

fn item(planes: &Planes, added: i32, applied: bool, date: u32, folder: &Path) {
    let stem = folder.join(format!("T49TCF_{date}"));
    files(planes, added, (None, 0.0), &stem);
    let asset = |name: &String| {
        let href = format!("./T49TCF_{date}_{name}.tif");
        (name.clone(), json!({ "href": href, "type": "image/tiff; application=geotiff" }))
    };
    let assets: serde_json::Map<_, _> = planes.bands.keys().map(asset).collect();
    let day = format!("{}-{:02}-{:02}T03:40:00Z", date / 10_000, date / 100 % 100, date % 100);
    let properties = json!({
        "datetime": day, "platform": "sentinel-2a", "constellation": "sentinel-2",
        "s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": applied,
    });
    let item = json!({
        "type": "Feature", "stac_version": "1.0.0", "id": format!("S2A_49TCF_{date}_0_L2A"), "geometry": null,
        "properties": properties, "assets": assets, "links": [],
    });
    fs::write(folder.join(format!("{date}.json")), item.to_string()).unwrap();
}

/// Writes the series of a world with the mix-up in it.
fn mixed_up(mix_up: MixUp, draw: u64, drawn: &Drawn, folder: &Path) -> std::path::PathBuf {
    fs::create_dir_all(folder).unwrap();
    let dates = drawn.world.dates.clone();
    for (at, date) in dates.iter().enumerate() {
        let (planes, is_odd) = (Planes::of(&drawn.scene(*date)), is_odd(draw, at, dates.len()));
        let stem = folder.join(format!("S2_{date}"));
        let plain = (None, 0.0);
        match (mix_up, is_odd) {
            (MixUp::NoMetadata, _) => files(&planes, if is_odd { 1000 } else { 0 }, plain, &stem),
            (MixUp::OldDaysAnew, true) => drop(Safe::l2a(*date, "05.00").write(folder, &planes.added(1000))),
            (MixUp::OldDaysAnew, false) => drop(Safe::l2a(*date, "02.14").write(folder, &planes)),
            (MixUp::FlagAlone, _) => item(&planes, if is_odd { 1000 } else { 0 }, true, *date, folder),
            (MixUp::AppliedTwice, true) => drop(Safe::l2a(*date, "05.09").write(folder, &planes)),
            (MixUp::AppliedTwice, false) => {
                drop(Safe::l2a(*date, "05.09").write(folder, &planes.added(1000)))
            }
            (MixUp::OffsetLeftOut, true) => files(&planes, 1000, (Some(1e-4), 1e-9), &stem),
            (MixUp::OffsetLeftOut, false) => files(&planes, 1000, (Some(1e-4), -0.1), &stem),
            (MixUp::WrongSign, true) => files(&planes, 1000, (Some(1e-4), 0.1), &stem),
            (MixUp::WrongSign, false) => files(&planes, 1000, (Some(1e-4), -0.1), &stem),
            (MixUp::OtherUnit, true) => planes.write_shares(&stem),
            (MixUp::Picture, true) => planes.write_picture(&stem),
            (MixUp::OtherUnit | MixUp::Picture, false) => files(&planes, 0, plain, &stem),
        }
    }
    if mix_up != MixUp::FlagAlone {
        return folder.to_owned();
    }
    let links: Vec<_> =
        dates.iter().map(|date| json!({ "rel": "item", "href": format!("./{date}.json") })).collect();
    let catalogue =
        json!({ "type": "Catalog", "id": "c", "stac_version": "1.0.0", "description": "d", "links": links });
    let path = folder.join("catalog.json");
    fs::write(&path, catalogue.to_string()).unwrap();
    path
}

/// Leads by sub-model that lie on none of the other list.
fn beside(leads: &[Lead], right: &[Lead]) -> Vec<String> {
    let lies_on =
        |lead: &Lead| right.iter().any(|other| !lead.outline.intersection(&other.outline).0.is_empty());
    leads.iter().filter(|lead| !lies_on(lead)).map(|lead| lead.text("id").to_owned()).collect()
}

/// Cases 27 to 30 and 33 to 36 of the catalogue of faults.
#[test]
fn no_mix_up_of_offsets_makes_a_lead() {
    let (mut refused, mut corrected) = (0, 0);
    let patterns = rounds(1, 4);
    for (place, mix_up) in ALL.into_iter().enumerate() {
        // Each mix-up in one of four patterns, in turn; in a long run in all.
        for turn in (0..4).filter(|turn| patterns == 4 || turn % 4 == place as u64 % 4) {
            let draw = 400 + 4 * place as u64 + turn;
            let drawn = Drawn::new(world(draw));
            let scenes = mixed_up(mix_up, draw, &drawn, &drawn.path("mixed"));
            let scan = Scan::of(&drawn).scenes(scenes).out(drawn.path("mixed_out")).with("--models G1,G2");
            let Ended { code, stderr, .. } = scan.run();
            if code == Some(1) {
                assert!(
                    stderr.contains("offset") || stderr.contains("reflectance"),
                    "{mix_up:?} draw {draw}: {stderr}"
                );
                assert!(!scan.out.exists());
                refused += 1;
                continue;
            }
            assert!(matches!(code, Some(0 | 3)), "{mix_up:?} draw {draw}: {stderr}");
            let right = Scan::of(&drawn).with("--models G1,G2").published().leads();
            assert!(!right.is_empty(), "draw {draw}");
            let leads = Published { code: 0, out: scan.out.clone() }.leads();
            let ids =
                |leads: &[Lead]| leads.iter().map(|lead| lead.text("id").to_owned()).collect::<BTreeSet<_>>();
            assert_eq!(
                ids(&leads),
                ids(&right),
                "{mix_up:?} draw {draw}: {:?} {stderr}",
                beside(&leads, &right)
            );
            assert_eq!(
                mix_up,
                MixUp::OldDaysAnew,
                "draw {draw} was neither refused nor right by its metadata"
            );
            corrected += 1;
        }
    }
    println!("{refused} mix-ups refused, {corrected} read rightly by their metadata");
    assert_eq!((refused, corrected), (7 * patterns, patterns));
}

#[test]
fn two_scenes_of_forty_a_tenth_brighter_are_set_aside_by_name_and_three_are_a_mix_up() {
    let drawn = Drawn::new(world(0).over(2020, 2023));
    let scan = |brighter: &[u32]| {
        let folder = drawn.path(&format!("scenes{}", brighter.len()));
        fs::create_dir(&folder).unwrap();
        for date in &drawn.world.dates {
            let added = if brighter.contains(date) { 1000 } else { 0 };
            let planes = Planes::of(&drawn.scene(*date));
            files(&planes, added, (None, 0.0), &folder.join(format!("S2_{date}")));
        }
        Scan::of(&drawn).with("--models G1").scenes(folder).out(drawn.path(&format!("out{}", brighter.len())))
    };
    let right = scan(&[]).published();
    let two = scan(&[20_220_811, 20_230_811]).published();
    assert!(!right.leads().is_empty());
    assert_eq!(beside(&two.leads(), &right.leads()), Vec::<String>::new());
    assert_eq!(beside(&right.leads(), &two.leads()), Vec::<String>::new());
    let manifest = two.json("manifest.json");
    assert_eq!(manifest["result"]["scenes"].as_array().unwrap().len(), 38);
    says(
        &manifest["result"]["skipped"].to_string(),
        &[
            "S2_20220811' is set aside",
            "S2_20230811' is set aside",
            "+0.098 (blue)",
            "dust that no mask knows",
        ],
    );
    let refused = scan(&[20_220_811, 20_230_811, 20_230_825]).refused();
    says(&refused, &["3 of 40 scenes differ so", "the offset is missing in some"]);
}
