//! Nothing is passed over in silence: what was not seen is a gap with its reason.

use std::fs;

use crate::program::{Published, Scan};
use crate::world::{Block, Deed, Drawn, World};

fn reasons(published: &Published) -> Vec<String> {
    published.gaps().iter().map(|gap| gap.text("reason").to_owned()).collect()
}

#[test]
fn a_red_line_outside_the_scenes_is_a_gap() {
    let drawn = Drawn::new(World::touched());
    let mut far = drawn.world.clone().moved(3000, 3000);
    far.redline = Some(Block::new(0, 0, 50, 50));
    far.draw_redline(&drawn.path("far.geojson"));
    let published = Scan::of(&drawn).redlines(drawn.path("far.geojson")).published();
    assert_eq!(published.code, 3);
    assert_eq!(reasons(&published), ["outside_scenes"]);
    assert!(published.leads().is_empty());
    assert_eq!(published.gaps()[0].properties["share"], 1.0);
}

#[test]
fn a_red_line_half_outside_the_scenes_is_a_gap_for_that_half() {
    let mut world = World::touched();
    world.redline = Some(Block::new(2, 48, 92, 96));
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).published();
    assert_eq!(published.code, 3);
    assert_eq!(reasons(&published), ["outside_scenes"]);
    let share = published.gaps()[0].properties["share"].as_f64().unwrap();
    assert!((share - 0.5).abs() < 0.01, "{share}");
}

#[test]
fn a_season_after_the_last_scene_is_a_gap_of_that_season() {
    let mut world = World::touched();
    world.dates.retain(|date| *date < 20_230_601);
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).published();
    assert_eq!(published.code, 3);
    let gaps = published.gaps();
    let season =
        gaps.iter().find(|gap| gap.text("reason") == "season_without_scenes").expect("a gap of a season");
    assert!(season.text("detail").contains("bare_autumn of 2023"), "{}", season.text("detail"));
}

#[test]
fn a_red_line_that_no_asked_sub_model_looks_at_is_a_gap() {
    let drawn = Drawn::new(World::touched());
    let mut other = drawn.world.clone();
    other.redline = Some(Block::new(10, 10, 60, 60));
    other.draw_redline(&drawn.path("other.geojson"));
    let text = fs::read_to_string(drawn.path("other.geojson")).unwrap().replace("grassland", "forest");
    fs::write(drawn.path("other.geojson"), text).unwrap();
    let more = format!("--redlines {} --models G1", drawn.path("other.geojson").display());
    let published = Scan::of(&drawn).with(&more).published();
    assert_eq!(published.code, 3);
    assert_eq!(reasons(&published), ["no_sub_model"]);
}

#[test]
fn too_little_history_is_a_gap() {
    let drawn = Drawn::new(World::touched());
    let published = Scan::of(&drawn).periods("2022-01-01/2022-06-30", "2023-01-01/2023-12-31").published();
    assert_eq!(published.code, 3);
    assert!(
        reasons(&published).iter().all(|reason| reason == "too_few_baseline_views"),
        "{:?}",
        reasons(&published)
    );
    assert!(published.leads().is_empty());
}

#[test]
fn a_target_under_cloud_is_a_gap() {
    let mut world = World::touched();
    let whole = Block::new(0, 0, 96, 96);
    world.clouds = world.dates.iter().filter(|date| **date > 20_230_000).map(|date| (*date, whole)).collect();
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).published();
    assert_eq!(published.code, 3);
    assert!(published.leads().is_empty() && !published.gaps().is_empty());
}

#[test]
fn a_cloud_over_the_same_place_on_every_target_day_is_a_gap_there() {
    let mut world = World::touched();
    let block = Block::new(14, 18, 30, 30);
    world.clouds = world.dates.iter().filter(|date| **date > 20_230_000).map(|date| (*date, block)).collect();
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).published();
    assert_eq!(published.code, 3);
    assert_eq!(published.leads().len(), 1, "the mined square is in the clear");
    assert!(reasons(&published).contains(&"too_few_target_views".to_owned()), "{:?}", reasons(&published));
}

#[test]
fn a_place_that_clouds_hide_all_autumn_is_a_gap_of_that_season_there() {
    let mut world = World::touched();
    let block = Block::new(70, 10, 12, 10);
    world.clouds =
        [20_230_811, 20_230_825, 20_230_905, 20_230_922, 20_231_003].map(|date| (date, block)).to_vec();
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).with("--models G1").published();
    assert_eq!(published.code, 3);
    assert_eq!(reasons(&published), ["season_not_seen", "too_few_late_views"]);
    let gap = &published.gaps()[0];
    assert_eq!((gap.text("period_from"), gap.text("period_to")), ("2023-06-15", "2023-11-30"));
    assert!(gap.text("detail").contains("bare_autumn"), "{}", gap.text("detail"));
    // The cloud and the two pixels around it that its edge hides: 16 x 14 px.
    let area = gap.properties["area_m2"].as_f64().unwrap();
    assert!((area / 22_400.0 - 1.0).abs() < 0.01, "{area}");
}

#[test]
fn a_strip_of_red_line_between_the_centres_of_pixels_is_looked_at_and_can_be_a_gap() {
    let mut world = World::touched();
    let whole = Block::new(0, 0, 96, 96);
    world.clouds = world.dates.iter().filter(|date| **date > 20_230_000).map(|date| (*date, whole)).collect();
    let drawn = Drawn::new(world);
    let corners = [(50.3, 5.0), (50.3, 85.0), (50.1, 85.0), (50.1, 5.0), (50.3, 5.0)];
    let ring: Vec<[f64; 2]> = corners.map(|(row, col)| drawn.world.place(row, col)).to_vec();
    let strip = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
    fs::write(drawn.path("strip.geojson"), crate::world::redline(&strip)).unwrap();
    let published = Scan::of(&drawn).redlines(drawn.path("strip.geojson")).published();
    assert_eq!(published.code, 3);
    let shares: Vec<f64> =
        published.gaps().iter().map(|gap| gap.properties["share"].as_f64().unwrap()).collect();
    assert!(shares.iter().any(|share| *share > 0.99), "{shares:?}");
}

#[test]
fn with_one_scene_a_year_the_years_together_name_what_stays_and_one_year_is_a_gap() {
    let mut world = World::steppe(96, 96).with(Block::new(20, 24, 12, 14), 20_200_401, Deed::Mined);
    world.dates = (2010..2024).map(|year| year * 10_000 + 622).collect();
    let drawn = Drawn::new(world);
    let scan = || Scan::of(&drawn).with("--models G2");
    let years = scan().periods("2010-01-01/2019-12-31", "2020-01-01/2023-12-31").published();
    assert_eq!(years.leads().len(), 1);
    let one = scan().periods("2010-01-01/2022-12-31", "2023-01-01/2023-12-31").published();
    assert_eq!((one.leads().len(), reasons(&one)), (0, vec!["too_few_target_views".to_owned()]));
}

#[test]
fn a_target_that_cuts_a_season_still_asks_for_what_is_left_of_it() {
    let mut world = World::touched();
    world.dates.retain(|date| *date < 20_230_801);
    let drawn = Drawn::new(world);
    let published =
        Scan::of(&drawn).with("--models G1").periods("2020-01-01/2022-12-31", "2023-01-01/2023-11-29");
    let gaps = published.published().gaps();
    let season = gaps.iter().find(|gap| gap.text("reason") == "season_without_scenes").expect("a season");
    assert!(season.text("detail").contains("bare_autumn of 2023"), "{}", season.text("detail"));
}

#[test]
fn without_periods_a_download_that_stopped_in_may_leaves_gaps() {
    let mut world = World::touched();
    world.dates.retain(|date| *date < 20_230_601);
    let drawn = Drawn::new(world);
    let mut scan = Scan::of(&drawn);
    scan.periods = None;
    let published = scan.published();
    assert_eq!(published.code, 3);
    assert!(reasons(&published).contains(&"season_without_scenes".to_owned()), "{:?}", reasons(&published));
}

#[test]
fn what_changes_in_the_last_of_years_that_speak_together_is_a_gap() {
    let mut world = World::steppe(96, 96).with(Block::new(20, 24, 12, 14), 20_230_401, Deed::Mined);
    world.dates = (2010..2024).map(|year| year * 10_000 + 622).collect();
    let drawn = Drawn::new(world);
    let scan = Scan::of(&drawn).with("--models G2").periods("2010-01-01/2019-12-31", "2020-01-01/2023-12-31");
    let published = scan.published();
    assert_eq!((published.code, published.leads().len()), (3, 0));
    assert!(reasons(&published).contains(&"too_few_late_views".to_owned()), "{:?}", reasons(&published));
}
