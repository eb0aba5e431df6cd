//! 3E: what is written, and what other programs make of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use geo::GeodesicArea;
use geo::algorithm::Validation;
use serde_json::{Value, json};

use crate::place::{Place, said};
use crate::program::Published;
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::world::{Drawn, World};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3E", number, title, work)
}

pub const CASES: &[Case] = &[
    case("93", "GeoJSON whose type does not come first", type_first),
    case("94", "CRS of outputs", longitude_latitude),
    case("95", "dates and ids that other programs take for something else", dates),
    case("96", "features of one layer with other fields", one_schema),
    case("97", "no lead at all", no_lead),
    case("98", "many features", two_formats),
    case("99", "invalid polygons", valid),
    tested(
        "3E",
        "100",
        "staircases, slivers, single pixels",
        &[("src/patch/filter/tests.rs", "a_speck_outlives_neither_filter_and_a_field_both")],
    ),
    tested(
        "3E",
        "101",
        "memory of large areas",
        &[("tests/it/faults.rs", "a_memory_bound_below_the_smallest_tile_says_what_is_needed")],
    ),
    tested(
        "3E",
        "102",
        "a lead across the border of tiles",
        &[("tests/it/laws.rs", "the_machine_changes_no_byte")],
    ),
    case("103", "areas in degrees or Web Mercator", areas),
    case("104", "locales with other decimals and encodings", locales),
    case("105", "output that exists, is a file, an input, read-only", output_places),
    case("106", "bytes of a GeoPackage from run to run", same_bytes),
    tested(
        "3E",
        "107",
        "bytes of rasters whatever the threads",
        &[("tests/it/report.rs", "the_same_run_makes_the_same_bytes_for_every_use")],
    ),
    case("108", "scene ids that are no file names", hostile_ids),
];

const LAYERS: [&str; 3] = ["leads.geojson", "gaps.geojson", "suppressed.geojson"];

fn text(published: &Published, name: &str) -> String {
    fs::read_to_string(published.out.join(name)).unwrap()
}

fn type_first(place: &Place) -> Told {
    let (published, _) = place.same(&place.scan());
    for name in LAYERS {
        let start: String =
            text(&published, name).chars().filter(|letter| !letter.is_whitespace()).take(27).collect();
        assert_eq!(start, "{\"type\":\"FeatureCollection\"", "{name}");
    }
    Told::new(Outcome::Processed, "type is the first key of every layer")
}

fn longitude_latitude(place: &Place) -> Told {
    let (published, _) = place.same(&place.scan());
    for name in LAYERS {
        let layer = published.json(name);
        assert!(layer.get("crs").is_none(), "{name} has a crs member");
        let text = text(&published, name);
        for number in
            text.split(['[', ',', ']']).filter(|part| part.contains('.') && part.parse::<f64>().is_ok())
        {
            let decimals = number.split('.').nth(1).map_or(0, str::len);
            assert!(decimals <= 7 || !number.starts_with("11"), "{name}: {number} has {decimals} decimals");
        }
    }
    for lead in published.leads() {
        let inside = lead
            .outline
            .iter()
            .flat_map(|part| part.exterior().coords())
            .all(|point| (110.0..112.0).contains(&point.x) && (41.0..42.0).contains(&point.y));
        assert!(inside, "a lead is not in longitude and latitude");
    }
    Told::new(Outcome::Processed, "longitude, latitude, 7 decimals, no crs member")
}

fn dates(place: &Place) -> Told {
    let (published, _) = place.same(&place.scan());
    for lead in published.leads() {
        let id = lead.text("id");
        let like_number = id.parse::<f64>().is_ok()
            || id.chars().all(|letter| letter.is_ascii_digit() || "-:/e".contains(letter));
        assert!(!like_number, "{id} may be taken for a number or a date");
        for key in ["before", "after", "first_seen", "last_seen"] {
            let date = lead.text(key);
            assert!(date.len() == 10 && date.as_bytes()[4] == b'-', "{key} = {date}");
        }
    }
    let raw = rusqlite::Connection::open(published.out.join("leads.gpkg")).unwrap();
    let kind: String = raw
        .query_row("SELECT type FROM pragma_table_info('leads') WHERE name = 'id'", [], |row| row.get(0))
        .unwrap();
    assert!(kind.to_ascii_uppercase().starts_with("TEXT"), "id is {kind}");
    Told::new(Outcome::Processed, "days are YYYY-MM-DD without a zone, ids are text that is no number")
}

fn one_schema(place: &Place) -> Told {
    let mut world = World::touched();
    world.dates.retain(|date| *date > 20_210_000);
    let drawn = Drawn::new(world);
    let (published, _) = place.published(&crate::program::Scan::of(&drawn));
    for name in ["leads.geojson", "suppressed.geojson"] {
        let layer = published.json(name);
        let keys: BTreeSet<Vec<String>> = layer["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["properties"].as_object().unwrap().keys().cloned().collect())
            .collect();
        assert!(keys.len() <= 1, "{name}: features have {} sets of fields", keys.len());
    }
    assert!(published.leads().len() > 1);
    Told::new(Outcome::Processed, "every feature has every field, in one order")
}

fn no_lead(place: &Place) -> Told {
    let mut world = World::steppe(56, 56);
    world.dates.retain(|date| *date > 20_210_000);
    let drawn = Drawn::new(world);
    let (published, ended) = place.published(&crate::program::Scan::of(&drawn));
    assert_eq!((ended.code, published.leads().len()), (Some(0), 0));
    for name in LAYERS {
        assert!(published.json(name)["features"].is_array(), "{name}");
    }
    Told::new(Outcome::Processed, "empty collections and exit 0; what was not seen would be a gap and exit 3")
}

fn two_formats(place: &Place) -> Told {
    let (published, ended) = place.same(&place.scan());
    assert!(published.out.join("leads.gpkg").is_file());
    Told::new(Outcome::Processed, said(&ended.stderr, &["leads.gpkg", "QGIS"]))
}

fn valid(place: &Place) -> Told {
    let mut count = 0;
    for world in [place.drawn.world.clone(), World::touched()] {
        let drawn = Drawn::new(world);
        let (published, _) = place.published(&crate::program::Scan::of(&drawn));
        for lead in published.leads().iter().chain(&published.suppressed()).chain(&published.gaps()) {
            assert!(lead.outline.is_valid(), "{} is no valid polygon", lead.text("id"));
            count += 1;
        }
    }
    Told::new(Outcome::Processed, format!("0 of {count} polygons are invalid"))
}

fn areas(place: &Place) -> Told {
    let (published, _) = place.same(&place.scan());
    let mut worst = 0.0_f64;
    for lead in published.leads() {
        let (said, found) =
            (lead.properties["area_m2"].as_f64().unwrap(), lead.outline.geodesic_area_unsigned());
        // Corners of the published outline are rounded to 1 cm, the area is of the outline before.
        let allowed = 0.01
            * lead.outline.iter().map(|part| part.exterior().coords().count() as f64 * 10.0).sum::<f64>();
        worst = worst.max((said - found).abs() / said);
        assert!((said - found).abs() <= allowed + 0.05, "{said} m2 is said, {found} is geodesic");
    }
    Told::new(Outcome::Processed, format!("geodesic; the rounded outline differs by {worst:.1e} at most"))
}

fn locales(place: &Place) -> Told {
    for (index, locale) in ["C", "de_DE.UTF-8", "zh_CN.GBK", "ar_EG.UTF-8"].iter().enumerate() {
        place.same(&place.scan().environment("LC_ALL", locale).out(place.path(&format!("out{index}"))));
    }
    Told::new(Outcome::Processed, "the same bytes in 4 locales")
}

fn output_places(place: &Place) -> Told {
    let told = place.refused(
        &place.scan().out(place.path("redline.geojson")),
        &["redline.geojson", "a file has that name", "give --out"],
    );
    place.refused(&place.scan().out(place.path("scenes")), &["scenes", "not empty", "give --out"]);
    fs::create_dir(place.path("others")).unwrap();
    place.write("others/mine.txt", "mine");
    place.refused(&place.scan().out(place.path("others")), &["others", "never overwritten"]);
    let (published, _) = place.same(&place.scan());
    place.write("out/notes.txt", "mine");
    place.refused(&place.scan(), &["notes.txt", "not of the run"]);
    fs::remove_file(place.path("out/notes.txt")).unwrap();
    // An output inside the folder of scenes would be read by the next run.
    let inside = place.run(&place.scan().out(place.path("scenes/out")).command());
    assert!(matches!(inside.code, Some(0..=2)), "{}", inside.stderr);
    read_only(place);
    assert!(published.out.join("manifest.json").is_file());
    told
}

fn read_only(place: &Place) {
    let scan = place.scan().out(place.path("shut/out")).command();
    fs::create_dir(place.path("shut")).unwrap();
    let words: Vec<String> = std::iter::once(scan.get_program())
        .chain(scan.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let shut = place.path("shut");
    let script = format!("mount -t tmpfs -o ro tmpfs '{}' && exec {}", shut.display(), words.join(" "));
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]);
    let ended = place.run(&command);
    if !ended.stderr.contains("unshare") && !ended.stderr.contains("mount:") {
        place.is_refusal(&ended, &["shut", "ead-only file system", "nothing was published"]);
    }
}

fn same_bytes(place: &Place) -> Told {
    let (first, _) = place.same(&place.scan().out(place.path("one")));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let (second, _) = place.same(&place.scan().out(place.path("two")));
    assert_eq!(first.hashes(), second.hashes());
    Told::new(Outcome::Processed, "the same bytes a second later")
}

fn hostile_ids(place: &Place) -> Told {
    let dates = &place.drawn.world.dates;
    let odd = ["../../evil", "/etc/passwd", "CON", "a:b", "a\u{0}b", "\u{202e}x", "line\nbreak"];
    let item = |(index, date): (usize, &u32)| -> Value {
        let day = format!("{}-{:02}-{:02}T04:00:00Z", date / 10_000, date / 100 % 100, date % 100);
        let id = match odd.get(index) {
            Some(id) => (*id).to_owned(),
            None if index == odd.len() => "长".repeat(300),
            None => format!("S2_{date}"),
        };
        let bands: Vec<Value> = crate::world::BANDS.iter().map(|name| json!({ "name": name })).collect();
        let asset =
            json!({ "href": format!("scenes/S2_{date}.tif"), "type": "image/tiff", "eo:bands": bands });
        json!({ "type": "Feature", "id": id, "properties": { "datetime": day, "constellation": "sentinel-2" }, "assets": { "all": asset } })
    };
    let late_first: Vec<Value> = dates.iter().rev().enumerate().map(item).collect();
    place.write("items.json", json!({ "type": "FeatureCollection", "features": late_first }).to_string());
    let (published, ended) = place.same_places(&place.scan().scenes(place.path("items.json")));
    assert!(!ended.stderr.contains('\u{202e}') && !Path::new("/evil").exists());
    let parent = place.path("").parent().unwrap().join("evil");
    assert!(!parent.exists(), "a file was written outside");
    let names: Vec<String> = published.hashes().into_keys().collect();
    assert!(names.iter().all(|name| name.is_ascii() && name.len() < 60), "{names:?}");
    Told::new(Outcome::Processed, "no id of a scene is part of a file name")
}
