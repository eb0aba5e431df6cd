//! Scenes that lie beside the others: told, put right where it is asked for, set aside where they lie too far off; the same
//! bytes however a run is carried out.

use serde_json::Value;

use crate::nights::Watch;
use crate::program::{Published, Scan, ended, says};
use crate::world::{Block, Deed, Drawn, World, name};

const SPRING: u32 = 20_230_401;
const JUNE: u32 = 20_230_622;
const AUGUST: u32 = 20_220_811;

/// Fields that were always there, whose edges tell where a scene lies, and a new one.
fn settled() -> World {
    let old = [(8, 8, 14, 10), (10, 70, 12, 16), (44, 14, 10, 18), (70, 66, 16, 12), (72, 20, 9, 9)];
    let world = World::steppe(96, 96).with(Block::new(42, 52, 12, 14), SPRING, Deed::Ploughed);
    old.into_iter().fold(world, |world, (row, col, rows, cols)| {
        world.with(Block::new(row, col, rows, cols), 20_190_101, Deed::Ploughed)
    })
}

/// Moves a scene: the ground lies so many metres further down and right than the file says.
fn displace(drawn: &Drawn, date: u32, (down, right): (f64, f64)) {
    let mut moved = settled();
    moved.origin = (moved.origin.0 + right, moved.origin.1 - down);
    let path = drawn.scene(date);
    std::fs::remove_file(&path).unwrap();
    moved.draw_scene(date, &path);
}

fn plan(published: &Published) -> Value {
    published.json("manifest.json")["result"]["plan"].clone()
}

/// What the manifest says of where a scene lies.
fn lies(published: &Published, date: u32) -> Value {
    let id = name(date).trim_end_matches(".tif").to_owned();
    let all = plan(published)["registration"].as_array().unwrap().clone();
    all.into_iter().find(|scene| scene["scene"] == id.as_str()).unwrap()
}

fn check(drawn: &Drawn) -> String {
    let ended = ended(&mut Scan::of(drawn).verb("check"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

#[test]
fn a_scene_that_lies_off_is_told_and_read_where_it_belongs_unless_it_is_only_checked() {
    let drawn = Drawn::new(settled());
    displace(&drawn, JUNE, (9.0, -4.0));
    displace(&drawn, AUGUST, (-6.0, 2.0));
    let told = check(&drawn);
    says(&told, &["2023-06-22 S2_20230622  +0.", "2 put right"]);
    let checked = Scan::of(&drawn).with("--register check").published();
    let june = lies(&checked, JUNE);
    let off = |scene: &Value, down: f64, right: f64| {
        let number = |key: &str| scene[key].as_f64().unwrap();
        (number("down_px") - down).hypot(number("right_px") - right)
    };
    assert!(off(&june, 0.9, -0.4) < 0.15, "{june}");
    assert!(off(&lies(&checked, AUGUST), -0.6, 0.2) < 0.15);
    assert_eq!(june["read"], "as it lies");
    let notes = plan(&checked)["notes"].to_string();
    assert!(notes.contains("2 of 30 scenes lie 0.5 pixels or more off"), "{notes}");
    let corrected = Scan::of(&drawn).out(drawn.path("corrected")).published();
    assert_eq!(
        (&lies(&corrected, JUNE)["read"], &plan(&corrected)["decided"]["register"]),
        (&"put right".into(), &"correct".into())
    );
    assert!(!plan(&corrected)["notes"].to_string().contains("pixels or more off"));
    assert_eq!((checked.leads().len(), corrected.leads().len()), (1, 1));
}

#[test]
fn a_scene_three_pixels_off_is_set_aside_unless_it_is_forced() {
    let drawn = Drawn::new(settled());
    displace(&drawn, JUNE, (24.0, -14.0));
    for how in ["check", "correct"] {
        let published = Scan::of(&drawn).out(drawn.path(how)).with(&format!("--register {how}")).published();
        assert_eq!(lies(&published, JUNE)["read"], "set aside");
        let scenes = published.json("manifest.json")["result"]["scenes"].as_array().unwrap().clone();
        let june = scenes.iter().find(|scene| scene["date"] == "2023-06-22").unwrap();
        assert_eq!(june["used"], false);
        says(june["reason"].as_str().unwrap(), &["pixels off the look-back", "--register off"]);
        says(&plan(&published)["notes"].to_string(), &["scene S2_20230622 lies 2.", "set aside"]);
        assert_eq!(published.leads().len(), 1);
    }
    let forced = Scan::of(&drawn).out(drawn.path("forced")).with("--register off").published();
    assert_eq!(plan(&forced)["registration"], Value::Array(Vec::new()));
    let scenes = forced.json("manifest.json")["result"]["scenes"].to_string();
    assert!(!scenes.contains("false"), "{scenes}");
}

#[test]
fn a_target_period_that_lies_elsewhere_as_a_whole_is_refused() {
    let drawn = Drawn::new(settled());
    for date in settled().dates.into_iter().filter(|date| *date > 20_230_000) {
        displace(&drawn, date, (24.0, -14.0));
    }
    let refused = Scan::of(&drawn).refused();
    says(&refused, &["no scene", "is left", "10 are set aside", "--register off"]);
}

#[test]
fn plain_ground_is_not_told_to_lie_where_it_should() {
    // One colour and its noise, no field.
    let drawn = Drawn::new(World::steppe(96, 96));
    let told = check(&drawn);
    let lines = told.lines().filter(|line| line.contains("S2_2023"));
    for line in lines.filter(|line| line.contains("px off")) {
        // The soil is a little uneven: what is told of it is true.
        let number = |after: &str| {
            line.split(after).next().unwrap().split_whitespace().last().unwrap().parse::<f64>().unwrap()
        };
        assert!(number(" down").hypot(number(" right")) < 0.5, "{line}");
    }
}

#[test]
fn nights_publish_what_a_scan_says_also_where_scenes_are_put_right_or_set_aside() {
    for how in ["check", "correct"] {
        let watch = Watch::over(settled()).with(&format!("--register {how}"));
        displace(&watch.drawn, AUGUST, (-6.0, 2.0));
        displace(&watch.drawn, JUNE, (7.0, -4.0));
        displace(&watch.drawn, 20_230_717, (24.0, -14.0));
        let rest = watch.deliver_first(2);
        for some in [&rest[..0], &rest[..2], &rest[2..]] {
            some.iter().for_each(|date| watch.deliver(*date));
            let (published, _) = watch.published();
            let scanned =
                watch.scan().out(watch.drawn.path("scanned")).with(&format!("--register {how}")).published();
            assert_eq!(published.hashes(), scanned.hashes(), "{how}");
        }
    }
}

#[test]
fn the_machine_changes_no_byte_where_scenes_are_put_right() {
    let drawn = Drawn::new(settled());
    displace(&drawn, JUNE, (7.0, -4.0));
    displace(&drawn, AUGUST, (-6.0, 2.0));
    let scan = |args: &str, out: &str| {
        Scan::of(&drawn).out(drawn.path(out)).with("--register correct").with(args).published().hashes()
    };
    let base = scan("--threads 1 --tile-size 128", "one");
    assert_eq!(base, scan("--threads 3 --tile-size 0", "three"));
}
