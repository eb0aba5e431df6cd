//! Every sub-model on a drawn world of its own cover: it names what it is for, leaves its look-alike, and where too
//! little was seen it says so. All sub-models of a class are asked at once, so a name is the best of all that fit.

use std::sync::OnceLock;

use std::fs;

use geo::{Contains, Point};
use serde_json::{Value, json};

use crate::program::{Lead, Scan, run, says};
use crate::world::{Block, Cover, Deed, Drawn, World};

/// Two years of look-back, two of target: a warning of a second year needs both.
const BASELINE: &str = "2020-01-01/2021-12-31";
const TARGET: &str = "2022-01-01/2023-12-31";

/// Spring of the first target year.
const SPRING: u32 = 20_220_401;

/// Places for deeds: five rows of four, 13 px apart and 9 to 12 px wide.
fn place(index: usize) -> Block {
    Block::new(10 + index / 4 * 26, 10 + index % 4 * 26, 12, 12)
}

/// Where too little is seen: the last place.
const CLOUDED: usize = 15;

/// What a scan made of a drawn world, once for all tests that ask about it. A static is never dropped, so the folder
/// is gone before it is kept.
struct Ground {
    world: World,
    leads: Vec<Lead>,
    suppressed: Vec<Lead>,
    gaps: Vec<Lead>,
    /// `leads.geojson`.
    file: Value,
    code: i32,
}

impl Ground {
    fn new(world: World) -> Self {
        let mut world = world;
        let target = world.dates.iter().filter(|date| **date > 20_220_000).copied();
        // One view in six weeks is left, and none that follow each other.
        let clouded: Vec<u32> = target.filter(|date| !matches!(date % 10_000, 528 | 922)).collect();
        let block = place(CLOUDED);
        let wide = Block::new(block.row - 3, block.col - 3, block.rows + 6, block.cols + 6);
        world.clouds.extend(clouded.into_iter().map(|date| (date, wide)));
        let drawn = Drawn::new(world);
        let published = Scan::of(&drawn).periods(BASELINE, TARGET).published();
        Self {
            leads: published.leads(),
            suppressed: published.suppressed(),
            gaps: published.gaps(),
            file: published.json("leads.geojson"),
            code: published.code,
            world: drawn.world.clone(),
        }
    }

    /// Whether an outline holds the middle of a block.
    fn holds(&self, record: &Lead, block: Block) -> bool {
        let middle = (block.row as f64 + block.rows as f64 / 2.0, block.col as f64 + block.cols as f64 / 2.0);
        let [x, y] = self.world.place(middle.0, middle.1);
        record.outline.contains(&Point::new(x, y))
    }

    /// What the leads that hold a block are called, likest name first, and others that claim it.
    fn names(&self, block: Block) -> Vec<String> {
        let here = self.leads.iter().filter(|lead| self.holds(lead, block));
        here.map(|lead| format!("{} also {}", lead.text("model"), lead.text("also_models"))).collect()
    }

    /// Why patches that hold a block are no leads.
    fn aside(&self, block: Block) -> Vec<String> {
        let here = self.suppressed.iter().filter(|patch| self.holds(patch, block));
        let words = |patch: &Lead| {
            format!("{} {}: {}", patch.text("model"), patch.text("reason"), patch.text("detail"))
        };
        here.map(words).collect()
    }

    #[track_caller]
    fn fires(&self, model: &str, block: Block) -> &Lead {
        let (names, aside) = (self.names(block), self.aside(block));
        let is_named = names.len() == 1 && names[0].starts_with(&format!("{model} "));
        assert!(is_named, "{model} was expected here: leads {names:#?}, aside {aside:#?}");
        self.leads.iter().find(|lead| self.holds(lead, block)).unwrap()
    }

    #[track_caller]
    fn leaves(&self, model: &str, block: Block) {
        let names = self.names(block);
        assert!(names.iter().all(|names| !names.starts_with(model)), "{names:?}");
    }

    #[track_caller]
    fn is_gap(&self, model: &str) {
        let held: Vec<&str> = self
            .gaps
            .iter()
            .filter(|gap| self.holds(gap, place(CLOUDED)))
            .map(|gap| gap.properties["model"].as_str().unwrap_or_default())
            .collect();
        assert!(held.contains(&model), "{held:?}");
        assert_eq!(self.code, 3);
    }
}

/// A world of one cover with deeds at the places, in order.
fn world(cover: Cover, class: &'static str, deeds: &[(Deed, u32)]) -> World {
    let empty = World::of(cover, class, 112, 112);
    let with =
        |world: World, (index, (deed, from)): (usize, &(Deed, u32))| world.with(place(index), *from, *deed);
    deeds.iter().enumerate().fold(empty, with)
}

/// A small digging, 64 px.
const DUG: Block = Block { row: 90, col: 64, rows: 8, cols: 8 };

/// Grass thinned out, 28 pixels wide.
const THINNED: Block = Block { row: 88, col: 10, rows: 14, cols: 28 };

/// A track of one pixel, 480 m long, between the rows of places; and a strip four pixels wide.
const TRACK: Block = Block { row: 54, col: 8, rows: 1, cols: 48 };
const STRIP: Block = Block { row: 53, col: 64, rows: 5, cols: 40 };

fn grass() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    let deeds = [
        (Deed::Cropped, SPRING),
        (Deed::Mined, SPRING),
        (Deed::Built, SPRING),
        (Deed::Panels, SPRING),
        (Deed::BurntInJuly, SPRING),
        (Deed::Burnt, SPRING),
        (Deed::Mown, SPRING),
        (Deed::Pond, SPRING),
    ];
    GROUND.get_or_init(|| {
        let world = world(Cover::Grass, "grassland", &deeds);
        let world = world.with(THINNED, SPRING, Deed::Degraded);
        let world = world.with(DUG, SPRING, Deed::Stripped);
        Ground::new(world.with(TRACK, SPRING, Deed::Mined).with(STRIP, SPRING, Deed::Ploughed))
    })
}

fn crop() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    let deeds = [
        (Deed::Built, SPRING),
        (Deed::Orchard, SPRING),
        (Deed::Pond, SPRING),
        (Deed::Plastic, SPRING),
        (Deed::Levelled, SPRING),
        (Deed::Mined, SPRING),
        (Deed::Abandoned, SPRING),
        (Deed::FallowYear, SPRING),
        (Deed::WinterWheat, SPRING),
        (Deed::Paddy, SPRING),
        (Deed::Mulched, SPRING),
    ];
    GROUND.get_or_init(|| Ground::new(world(Cover::Crop, "farmland", &deeds)))
}

fn wetland() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    let deeds = [
        (Deed::Cropped, SPRING),
        (Deed::Filled, SPRING),
        (Deed::Drained, SPRING),
        (Deed::Pond, SPRING),
        (Deed::DrawnDown, SPRING),
        (Deed::Flooded, SPRING),
    ];
    GROUND.get_or_init(|| Ground::new(world(Cover::Wetland, "wetland", &deeds)))
}

fn forest() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    let deeds =
        [(Deed::Built, SPRING), (Deed::Cropped, SPRING), (Deed::Felled, SPRING), (Deed::Burnt, SPRING)];
    GROUND.get_or_init(|| Ground::new(world(Cover::Forest, "forest", &deeds)))
}

fn cases() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    let rubble = (Deed::Mined, 20_200_101);
    let deeds =
        [(Deed::Restored, SPRING), rubble, (Deed::Flush, SPRING), rubble, rubble, rubble, rubble, rubble];
    GROUND.get_or_init(|| Ground::new(world(Cover::Grass, "case", &deeds)))
}

/// The three tests that every sub-model has.
macro_rules! sub_models {
    ($($name:ident $model:literal on $ground:ident: fires at $fires:expr, leaves $leaves:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn it_names_what_it_is_for() {
                $ground().fires($model, $fires);
            }

            #[test]
            fn it_leaves_its_look_alike() {
                $ground().leaves($model, $leaves);
            }

            #[test]
            fn where_too_little_was_seen_is_a_gap() {
                $ground().is_gap($model);
            }
        }
    )*};
}

sub_models! {
    reclaimed_grassland "G1" on grass: fires at place(0), leaves place(6);
    mining_on_grassland "G2" on grass: fires at place(1), leaves place(4);
    construction_on_grassland "G3" on grass: fires at place(2), leaves place(0);
    solar_on_grassland "G4" on grass: fires at place(3), leaves place(5);
    track_on_grassland "G5" on grass: fires at TRACK, leaves STRIP;
    stripping_of_grassland "G6" on grass: fires at DUG, leaves place(4);
    degradation_of_grassland "G7" on grass: fires at THINNED, leaves place(6);
    building_on_farmland "F1" on crop: fires at place(0), leaves place(7);
    trees_on_farmland "F2" on crop: fires at place(1), leaves place(8);
    pond_on_farmland "F3" on crop: fires at place(2), leaves place(9);
    greenhouse_on_farmland "F4" on crop: fires at place(3), leaves place(10);
    levelled_farmland "F5" on crop: fires at place(4), leaves place(8);
    quarry_on_farmland "F6" on crop: fires at place(5), leaves place(10);
    abandoned_farmland "F7" on crop: fires at place(6), leaves place(7);
    wetland_reclaimed "W1" on wetland: fires at place(0), leaves place(4);
    wetland_filled "W2" on wetland: fires at place(1), leaves place(4);
    wetland_drained "W3" on wetland: fires at place(2), leaves place(4);
    wetland_turned_to_ponds "W4" on wetland: fires at place(3), leaves place(5);
    forest_occupied "L1" on forest: fires at place(0), leaves place(2);
    forest_turned_to_crop "L2" on forest: fires at place(1), leaves place(2);
    forest_felled "L3" on forest: fires at place(2), leaves place(3);
    restored_ground "R1" on cases: fires at place(0), leaves place(2);
}

#[test]
fn a_track_is_told_by_its_length_and_never_by_mu() {
    let track = grass().fires("G5", TRACK);
    let length = track.properties["length_m"].as_f64().unwrap();
    assert!((length - 480.0).abs() < 60.0, "{length}");
    for column in ["area_m2", "area_mu", "area_low_mu", "area_high_mu", "legal_limit_mu"] {
        assert!(track.properties[column].is_null(), "{column}: {}", track.properties[column]);
    }
    assert!(track.text("area_method").contains("length"));
}

#[test]
fn a_warning_is_no_lead_to_assess_unless_it_is_asked_for() {
    let ground = grass();
    let folder = tempfile::tempdir().unwrap();
    let (leads, truth) = (folder.path().join("leads.geojson"), folder.path().join("thinned.geojson"));
    let geometry = json!({ "type": "Polygon", "coordinates": [ground.world.ring(THINNED)] });
    let decoy = json!({ "type": "Feature", "properties": { "is_change": false }, "geometry": geometry });
    fs::write(&truth, json!({ "type": "FeatureCollection", "features": [decoy] }).to_string()).unwrap();
    fs::write(&leads, ground.file.to_string()).unwrap();
    let hit = |more: &[&str]| {
        let (leads, truth) = (leads.display().to_string(), truth.display().to_string());
        let ended = run(&[&["assess", &leads, &truth, "--json"], more].concat());
        serde_json::from_str::<Value>(&ended.stdout).unwrap()["decoys_hit"].as_u64()
    };
    assert_eq!(ground.fires("G7", THINNED).text("tier"), "warning");
    assert_eq!((hit(&[]), hit(&["--leads-where", "tier=warning"])), (Some(0), Some(1)));
}

#[test]
fn a_pit_in_thinned_grass_is_a_pit_of_its_own() {
    let (thinned, pit) = (Block::new(30, 30, 32, 32), Block::new(42, 42, 8, 8));
    let world = World::of(Cover::Grass, "grassland", 96, 96);
    let world = world.with(thinned, SPRING, Deed::Degraded).with(pit, SPRING, Deed::Mined);
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).periods(BASELINE, TARGET).published();
    let [x, y] = drawn.world.place(46.0, 46.0);
    let holds = |lead: &Lead| lead.text("tier") == "lead" && lead.outline.contains(&Point::new(x, y));
    let here: Vec<Lead> = published.leads().into_iter().filter(holds).collect();
    assert_eq!(here.len(), 1, "{here:?}");
    let area = here[0].properties["area_m2"].as_f64().unwrap();
    assert!(here[0].text("model") == "G2" && (5_000.0..9_000.0).contains(&area), "{:?}", here[0].properties);
}

#[test]
fn a_pit_dug_a_year_after_the_field_around_it_is_a_lead_with_its_own_dates() {
    let (field, pit) = (Block::new(20, 20, 30, 30), Block::new(30, 30, 9, 9));
    let world =
        World::steppe(96, 96).with(field, 20_220_401, Deed::Cropped).with(pit, 20_230_401, Deed::Mined);
    let drawn = Drawn::new(world);
    let published = Scan::of(&drawn).periods("2020-01-01/2021-12-31", "2022-01-01/2023-12-31").published();
    let leads = published.leads();
    let told: Vec<(&str, &str)> =
        leads.iter().map(|lead| (lead.text("model"), &lead.text("first_seen")[..4])).collect();
    assert!(leads.len() == 2 && told.contains(&("G2", "2023")), "{told:?}");
    assert!(told.iter().any(|(model, year)| *model != "G2" && *year == "2022"), "{told:?}");
}

#[test]
fn neighbouring_fields_of_two_years_are_two_leads_with_their_own_dates() {
    let (first, second) = (Block::new(30, 20, 20, 20), Block::new(30, 40, 20, 24));
    let world = World::steppe(96, 96).with(first, 20_220_401, Deed::Ploughed);
    let drawn = Drawn::new(world.with(second, 20_230_401, Deed::Ploughed));
    let published = Scan::of(&drawn).periods("2020-01-01/2021-12-31", "2022-01-01/2023-12-31").published();
    let mut told: Vec<(String, f64)> = published
        .leads()
        .iter()
        .map(|lead| (lead.text("first_seen")[..4].to_owned(), lead.properties["area_m2"].as_f64().unwrap()))
        .collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(told.len() == 2 && told[0].0 == "2022" && told[1].0 == "2023", "{told:?}");
    assert!(
        (told[0].1 / 40_000.0 - 1.0).abs() < 0.12 && (told[1].1 / 48_000.0 - 1.0).abs() < 0.12,
        "{told:?}"
    );
}

#[test]
fn a_track_that_ends_at_a_yard_leaves_the_yard_its_area() {
    let (track, yard) = (Block::new(40, 8, 1, 50), Block::new(36, 58, 9, 9));
    let world = World::of(Cover::Grass, "grassland", 96, 96);
    let drawn = Drawn::new(world.with(track, SPRING, Deed::Mined).with(yard, SPRING, Deed::Built));
    let published = Scan::of(&drawn).periods(BASELINE, TARGET).published();
    let [x, y] = drawn.world.place(40.5, 62.5);
    let yards: Vec<Lead> =
        published.leads().into_iter().filter(|lead| lead.outline.contains(&Point::new(x, y))).collect();
    let with_area = yards.iter().filter(|lead| lead.properties["area_m2"].is_f64()).count();
    assert_eq!(with_area, 1, "{yards:?}");
}

#[test]
fn a_sub_model_that_needs_two_seasons_is_named_where_the_target_has_one() {
    let drawn = Drawn::new(World::of(Cover::Crop, "farmland", 48, 48));
    let one_year = |models: &str| {
        Scan::of(&drawn).periods(BASELINE, "2022-01-01/2022-12-31").with(&format!("--models {models}")).run()
    };
    let alone = one_year("F2,F7");
    assert!(matches!(alone.code, Some(1 | 2)), "{:?}", alone.code);
    says(&alone.stderr, &["F2 (2), F7 (2)", "too few whole growing seasons"]);
    says(&one_year("F1,F7").stderr, &["note: ", "F7 (2): not looked for", "a longer --target"]);
    let two_years = Scan::of(&drawn).periods(BASELINE, TARGET).with("--models F2,F7").run();
    assert!(!two_years.stderr.contains("too few whole growing seasons"), "{}", two_years.stderr);
}
