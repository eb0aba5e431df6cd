//! Ground that was put right, and ground that was not, looked at again through the program's own door.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use geo::{Contains, Point};
use serde_json::{Value, json};

use crate::program::{Ended, Published, Scan, ended, program, says};
use crate::world::{BASELINE, Block, Deed, Drawn, TARGET, World};

/// What became of ploughed ground, by name, and where.
const PLACES: [(&str, (usize, usize)); 6] = [
    ("restored", (10, 10)),
    ("bare", (10, 40)),
    ("flush", (10, 70)),
    ("maize", (60, 10)),
    ("relapse", (60, 40)),
    ("untouched", (60, 70)),
];

fn block((row, col): (usize, usize)) -> Block {
    Block::new(row, col, 12, 12)
}

/// Five fields ploughed in the spring of 2023; in 2024 one is grass again, one was green for a summer, one bears maize; one that
/// was grass is ploughed again in 2025. The sixth place is grass that nobody touched.
fn world() -> World {
    let mut world = World::steppe(96, 96).over(2020, 2025);
    for (name, place) in PLACES.into_iter().filter(|(name, _)| *name != "untouched") {
        world = world.with(block(place), 20_230_401, Deed::Ploughed);
        let after: &[(u32, Deed)] = match name {
            "restored" => &[(20_231_101, Deed::Regrown)],
            "flush" => &[(20_240_615, Deed::Regrown), (20_240_901, Deed::Ploughed)],
            "maize" => &[(20_240_401, Deed::Cropped)],
            "relapse" => &[(20_231_101, Deed::Regrown), (20_250_401, Deed::Ploughed)],
            _ => &[],
        };
        for (from, deed) in after {
            world = world.with(block(place), *from, *deed);
        }
    }
    world
}

/// The world, drawn once with the leads that a scan of 2023 would have told.
static DRAWN: LazyLock<Drawn> = LazyLock::new(|| {
    let drawn = Drawn::new(world());
    told(&drawn);
    drawn
});

/// Writes the places as leads, with the dates of their change.
fn told(drawn: &Drawn) {
    let feature = |(name, place): (&str, (usize, usize))| {
        json!({
            "type": "Feature", "id": name,
            "properties": {
                "id": name, "model": "G1", "before": "2022-10-03", "first_seen": "2023-04-08", "rectified_on": "2023-11-01",
            },
            "geometry": {"type": "Polygon", "coordinates": [drawn.world.ring(block(place))]},
        })
    };
    let leads = json!({"type": "FeatureCollection", "features": PLACES.map(feature)});
    fs::write(drawn.path("leads.geojson"), leads.to_string()).unwrap();
}

/// A look-again at the leads of a drawn world, into a folder of that name.
fn looked(drawn: &Drawn, name: &str, days: &str, more: &[&str]) -> Ended {
    let mut command = program();
    command.arg("look-again").arg("--scenes").arg(drawn.path("scenes"));
    command.arg("--redlines").arg(drawn.path("redline.geojson")).args([
        "--baseline",
        BASELINE,
        "--target",
        days,
    ]);
    command.arg("--leads").arg(drawn.path("leads.geojson")).arg("--out").arg(drawn.path(name)).args(more);
    ended(&mut command)
}

fn published(drawn: &Drawn, name: &str) -> Published {
    Published { code: 0, out: drawn.path(name) }
}

/// The records of a look-again, by lead.
fn records(out: &Path) -> BTreeMap<String, Value> {
    let text = fs::read(out.join("look_again.geojson")).unwrap();
    let layer: Value = serde_json::from_slice(&text).unwrap();
    let record =
        |feature: &Value| (feature["id"].as_str().unwrap().to_owned(), feature["properties"].clone());
    layer["features"].as_array().unwrap().iter().map(record).collect()
}

/// The answers, by lead.
fn answers(drawn: &Drawn, name: &str) -> BTreeMap<String, String> {
    let answer = |(id, record): (String, Value)| (id, record["answer"].as_str().unwrap().to_owned());
    records(&drawn.path(name)).into_iter().map(answer).collect()
}

#[track_caller]
fn are(found: &BTreeMap<String, String>, expected: [(&str, &str); 6]) {
    let found: Vec<(&str, &str)> = found.iter().map(|(id, answer)| (id.as_str(), answer.as_str())).collect();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn grass_is_restored_and_a_flush_bare_soil_maize_and_a_relapse_are_not() {
    let drawn = &*DRAWN;
    let first = looked(drawn, "2024", "2024-01-01/2024-12-31", &[]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    are(
        &answers(drawn, "2024"),
        [
            ("restored", "restored"),
            ("bare", "not_restored"),
            ("flush", "not_restored"),
            ("maize", "not_restored"),
            ("relapse", "restored"),
            ("untouched", "restored"),
        ],
    );
    says(&first.stdout, &["restored     restored", "bare         not restored"]);
    says(&first.stderr, &["6 leads looked at again: 3 restored, 3 not restored, 0 cannot be told"]);
    let records = records(&drawn.path("2024"));
    let (grass, bare) = (&records["restored"], &records["bare"]);
    assert_eq!(grass["season"], "2024-03-15/2024-11-15");
    assert_eq!((&grass["clear_views"], &grass["look_back_views"]), (&json!(10), &json!(30)));
    assert!(grass["restored_mu"].as_f64().unwrap() > 0.9 * grass["area_mu"].as_f64().unwrap());
    assert!((grass["area_m2"].as_f64().unwrap() - 14_400.0).abs() < 50.0);
    assert!(
        bare["restored_share"].as_f64().unwrap() < 0.2 && bare["longest_out_views"].as_u64().unwrap() >= 5
    );
    assert_eq!(bare["observations"].as_array().unwrap().len(), 10);
    assert!(drawn.path("2024").join(grass["picture"].as_str().unwrap()).is_file());
    // The year after.
    let second = looked(drawn, "2025", "2025-01-01/2025-12-31", &["--lead", "relapse", "restored"]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    let later = answers(drawn, "2025");
    assert_eq!((later["relapse"].as_str(), later["restored"].as_str()), ("not_restored", "restored"));
    // Two years at once: what was ploughed again is not restored, though the year before it was.
    looked(drawn, "both", "2024-01-01/2025-06-30", &["--lead", "relapse"]);
    assert_eq!(answers(drawn, "both")["relapse"], "not_restored");
}

#[test]
fn without_a_whole_season_grass_cannot_be_told_and_bare_ground_can() {
    let drawn = &*DRAWN;
    let ended = looked(drawn, "short", "2024-04-01/2024-12-31", &[]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let found = answers(drawn, "short");
    assert_eq!((found["restored"].as_str(), found["bare"].as_str()), ("cannot_tell", "not_restored"));
    assert_eq!(records(&drawn.path("short"))["restored"]["reason"], "no_full_season");
    says(
        &ended.stdout,
        &["no_full_season: the growing season 2024-03-15/2024-11-15 is not all among the days"],
    );
}

#[test]
fn threads_and_tile_size_change_no_byte() {
    let drawn = &*DRAWN;
    for (name, more) in
        [("one", ["--threads", "1", "--tile-size", "128"]), ("three", ["--threads", "3", "--tile-size", "0"])]
    {
        let ended = looked(drawn, name, "2024-01-01/2024-12-31", &more);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    let hashes = published(drawn, "one").hashes();
    assert_eq!(hashes, published(drawn, "three").hashes());
    assert!(hashes.contains_key("chips/bare_timeline.png") && hashes.contains_key("look_again.geojson"));
    // One lead alone says what it says among the others.
    looked(drawn, "alone", "2024-01-01/2024-12-31", &["--lead", "flush"]);
    assert_eq!(records(&drawn.path("alone"))["flush"], records(&drawn.path("one"))["flush"]);
}

#[test]
fn more_cloud_makes_cannot_tell_of_an_answer_and_never_restored_of_not_restored() {
    let whole = Block::new(0, 0, 96, 96);
    // Day after day of 2024 under cloud, bare days first: those that show best that ground is not grass.
    let days =
        [20_240_408, 20_241_003, 20_240_503, 20_240_922, 20_240_717, 20_240_528, 20_240_905, 20_240_811];
    let drawn = Drawn::new(world());
    told(&drawn);
    for hidden in [2, 4, 6, 8] {
        for day in &days[..hidden] {
            let clouded = World { clouds: vec![(*day, whole)], ..world() };
            clouded.draw_scene(*day, &drawn.scene(*day));
        }
        let name = format!("hidden{hidden}");
        let ended = looked(&drawn, &name, "2024-01-01/2024-12-31", &[]);
        assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
        let found = answers(&drawn, &name);
        for lost in ["bare", "flush", "maize"] {
            assert_ne!(found[lost], "restored", "{lost} with {hidden} days hidden");
        }
        if hidden >= 6 {
            assert_eq!(ended.code, Some(3));
            assert_eq!(found["restored"], "cannot_tell");
            assert_eq!(records(&drawn.path(&name))["restored"]["reason"], "too_few_clear_views");
        }
    }
}

#[test]
fn the_trail_of_a_place_says_since_when_it_is_changed_and_since_when_it_is_back() {
    let drawn = &*DRAWN;
    let trail = |lead: &str, more: &[&str]| {
        let mut command = program();
        command.args(["trace", "--history", "--scenes"]).arg(drawn.path("scenes"));
        command.arg("--redlines").arg(drawn.path("redline.geojson")).args(["--lead", lead, "--leads"]);
        ended(command.arg(drawn.path("leads.geojson")).args(more))
    };
    let sheet = drawn.path("trail.png");
    let told = trail("relapse", &["--sheet", sheet.to_str().unwrap()]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    says(
        &told.stdout,
        &[
            "look-back 1960-01-01/2022-10-03: 30 of 30 views clear, 30 of them in the band",
            "2023-04-08 S2_20230408  out of the band",
            "2024-07-17 S2_20240717  in the band",
            "first seen on 2023-04-08 as one ground: out of the band in 10 clear views in a row while plants grow, 2023-04-08/2023-10-03",
            "out of the band still on 2025-10-03",
            "2025-03-15/2025-11-15: not restored",
        ],
    );
    assert_eq!(&fs::read(&sheet).unwrap()[1..4], b"PNG");
    says(
        &trail("restored", &[]).stdout,
        &["in the band again since 2024-04-08", "2025-03-15/2025-11-15: restored"],
    );
    says(&trail("untouched", &[]).stdout, &["never out of the band in 3 clear views in a row"]);
    let unknown = trail("nobody", &[]);
    says(&unknown.stderr, &["expected a lead nobody"]);
    // One pixel instead of a lead.
    let [lon, lat] = drawn.world.place(16.5, 46.5);
    let mut command = program();
    command.args(["trace", "--history", "--scenes"]).arg(drawn.path("scenes"));
    command.arg("--redlines").arg(drawn.path("redline.geojson")).args(["--baseline", BASELINE]);
    let told = ended(command.args(["--at", &format!("{lon:.7},{lat:.7}")]));
    says(&told.stdout, &["the pixel at", "first seen on 2023-04-08", "out of the band still on 2025-10-03"]);
}

/// The case whose outline holds the middle of a place.
fn case_at(scanned: &Published, drawn: &Drawn, (row, col): (usize, usize)) -> String {
    let [x, y] = drawn.world.place(row as f64 + 6.0, col as f64 + 6.0);
    let leads = scanned.leads();
    let lead = leads.iter().find(|lead| lead.outline.contains(&Point::new(x, y)));
    lead.unwrap().text("id").to_owned()
}

/// A ledger beside the drawn world.
struct Office {
    ledger: String,
}

impl Office {
    fn run(words: &[&str]) -> Ended {
        let ended = ended(program().args(words));
        assert!(matches!(ended.code, Some(0 | 3)), "{words:?}: {}", ended.stderr);
        ended
    }

    fn leads(&self, words: &str) -> Ended {
        Self::run(&[&["leads", "--ledger", &self.ledger], &words.split(' ').collect::<Vec<_>>()[..]].concat())
    }

    fn state(&self, id: &str) -> String {
        let shown: Value = serde_json::from_str(&self.leads(&format!("show {id} --json")).stdout).unwrap();
        shown["lead"]["state"].as_str().unwrap().to_owned()
    }

    /// A look-again at the cases of the ledger in a year.
    fn look(&self, year: &str, name: &str) -> Ended {
        let drawn = &*DRAWN;
        let paths = [drawn.path("scenes"), drawn.path("redline.geojson"), drawn.path(name)];
        let [scenes, lines, out] = paths.each_ref().map(|path| path.to_str().unwrap());
        let days = format!("{year}-01-01/{year}-12-31");
        let read = [
            "look-again",
            "--scenes",
            scenes,
            "--redlines",
            lines,
            "--baseline",
            BASELINE,
            "--target",
            &days,
        ];
        let write = ["--ledger", &self.ledger, "--out", out, "--by", "machine"];
        Self::run(&[&read[..], &write[..]].concat())
    }
}

#[test]
fn from_a_scan_to_a_closed_case_that_is_ploughed_again_every_look_stands_in_the_ledger() {
    let drawn = &*DRAWN;
    let office = Office { ledger: drawn.path("ledger.gpkg").to_str().unwrap().to_owned() };
    Office::run(&["ledger", "begin", &office.ledger, "--by", "Li"]);
    let scan = Scan::of(drawn).periods(BASELINE, TARGET).out(drawn.path("scan2023"));
    let scanned = scan.with(&format!("--ledger {} --by Li", office.ledger)).published();
    let (relapse, bare) = (case_at(&scanned, drawn, (60, 40)), case_at(&scanned, drawn, (10, 40)));
    for step in [
        "verify IDS --verdict unlawful_use_found --who Wang --by Li",
        "transfer IDS --agency bureau --by Li",
        "reply IDS --by Li",
        "rectify IDS --on 2023-11-01 --by Li",
    ] {
        office.leads(&step.replace("IDS", &format!("{relapse} {bare}")));
    }
    let first = office.look("2024", "look2024");
    says(
        &first.stderr,
        &["2 events written", &format!("{relapse} is looked again"), "100 % of the ground back"],
    );
    says(&office.look("2024", "look2024").stderr, &["0 events written", "nothing was written"]);
    // What imagery shows to be bare nobody closes.
    let close = ["leads", "--ledger", &office.ledger, "close", &bare, "--reason", "done", "--by", "Li"];
    assert_eq!(ended(program().args(close)).code, Some(2));
    office.leads(&format!("close {relapse} --reason restored --by Li"));
    assert_eq!(
        (office.state(&relapse), office.state(&bare)),
        ("closed".to_owned(), "looked_again".to_owned())
    );
    says(
        &office.look("2025", "look2025").stderr,
        &[&format!("{relapse} is reopened"), "again after it was closed"],
    );
    assert_eq!(office.state(&relapse), "reopened");
    // A reopened case is for people to take up.
    says(&office.look("2025", "again2025").stderr, &["0 events written"]);
    let events = Office::run(&["ledger", "events", &office.ledger, "--lead", &relapse]).stdout;
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((last["kind"].as_str(), last["actor"].as_str()), (Some("reopened"), Some("machine")));
    assert_eq!(last["body"]["imagery"]["season"], "2025-03-15/2025-11-15");
    assert_eq!(last["evidence"].as_array().unwrap().len(), 2);
    assert_eq!(last["run"], published(drawn, "look2025").json("manifest.json")["result_sha256"]);
    says(&Office::run(&["ledger", "verify", &office.ledger]).stderr, &["0 faults"]);
}
