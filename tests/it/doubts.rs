//! What a run says of its own inputs: a doubt speaks when it should, on every lead and in the manifest, and not otherwise.

use crate::program::{Published, Scan};
use crate::world::{Block, Deed, Drawn, World};

const SPRING: u32 = 20_230_401;

/// Fields that were always there, and a new one.
fn settled() -> World {
    let old = [(8, 8, 14, 10), (10, 70, 12, 16), (44, 14, 10, 18), (70, 66, 16, 12), (72, 20, 9, 9)];
    let world = World::steppe(96, 96).with(Block::new(42, 52, 12, 14), SPRING, Deed::Ploughed);
    old.into_iter().fold(world, |world, (row, col, rows, cols)| {
        world.with(Block::new(row, col, rows, cols), 20_190_101, Deed::Ploughed)
    })
}

/// Names of the doubts of a run; every lead must carry the same.
fn doubts(published: &Published) -> Vec<String> {
    let names = |notes: &serde_json::Value| -> Vec<String> {
        let notes = notes.as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned());
        let name = |note: String| Some(note.strip_prefix("doubt (")?.split_once(')')?.0.to_owned());
        notes.filter_map(name).collect()
    };
    let of_run = names(&published.json("manifest.json")["result"]["plan"]["notes"]);
    for lead in published.leads() {
        // A narrow lead may have a doubt of its own beside those of the run.
        let mut of_lead = names(&lead.properties["notes"]);
        of_lead.retain(|name| name != "misregistration suspect");
        assert_eq!(of_lead, of_run);
    }
    of_run
}

fn doubts_of(drawn: &Drawn) -> Vec<String> {
    doubts_with(drawn, "")
}

fn doubts_with(drawn: &Drawn, args: &str) -> Vec<String> {
    let published = Scan::of(drawn).with(args).published();
    assert!(!published.leads().is_empty(), "no lead, so nothing was shown");
    doubts(&published)
}

#[test]
fn a_quiet_world_is_not_doubted() {
    assert_eq!(doubts_of(&Drawn::new(settled())), Vec::<String>::new());
}

#[test]
fn target_scenes_half_a_pixel_off_are_told() {
    let drawn = Drawn::new(settled());
    let mut moved = settled();
    moved.origin = (moved.origin.0 + 5.0, moved.origin.1 - 5.0);
    for date in moved.dates.iter().filter(|date| **date > 20_230_000) {
        let path = drawn.path("scenes").join(crate::world::name(*date));
        std::fs::remove_file(&path).unwrap();
        moved.draw_scene(*date, &path);
    }
    assert_eq!(doubts_with(&drawn, "--register check"), ["shifted images"]);
    assert_eq!(doubts_with(&drawn, "--register correct"), Vec::<String>::new());
}

#[test]
fn ground_that_changed_together_is_told() {
    let mut world = settled();
    for (row, col) in [(26, 8), (26, 60), (58, 40)] {
        world = world.with(Block::new(row, col, 14, 30), SPRING, Deed::Ploughed);
    }
    assert_eq!(doubts_of(&Drawn::new(world)), ["changed together"]);
}

#[test]
fn a_summer_under_cloud_is_told() {
    let mut world = settled();
    let cloud = Block::new(0, 0, 96, 96);
    world.clouds = vec![(20_230_622, cloud), (20_230_717, cloud), (20_230_811, cloud), (20_230_825, cloud)];
    assert_eq!(doubts_of(&Drawn::new(world)), ["much unseen"]);
}

#[test]
fn a_look_back_of_one_year_is_told() {
    let mut world = settled();
    world.dates.retain(|date| *date > 20_220_000);
    assert_eq!(doubts_of(&Drawn::new(world)), ["short look-back"]);
}
