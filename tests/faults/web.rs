//! 3I: the desk, maps, exports.

use std::fs;
use std::process::Command;

use crate::place::{Place, said};
use crate::table::{Case, Outcome, Told, inapplicable, run_case, tested};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3I", number, title, work)
}

const DESK: &str = "tests/it/desk.rs";
const REPORT: &str = "tests/it/report.rs";

pub const CASES: &[Case] = &[
    tested(
        "3I",
        "154",
        "an address that others reach",
        &[(DESK, "it_listens_on_this_machine_alone_unless_told_and_ends_well_when_told")],
    ),
    tested(
        "3I",
        "155",
        "another name in Host",
        &[(DESK, "another_name_is_refused_on_every_route_and_no_path_leads_out")],
    ),
    tested(
        "3I",
        "156",
        "a question from another page",
        &[(DESK, "without_the_address_that_was_shown_nothing_is_told_or_written")],
    ),
    tested(
        "3I",
        "157",
        "scripts in attributes, names, notes, errors",
        &[(REPORT, "sixty_hostile_values_stay_words_in_every_file")],
    ),
    case("158", "javascript: and data: as links", links),
    tested(
        "3I",
        "159",
        "paths that lead out",
        &[(DESK, "another_name_is_refused_on_every_route_and_no_path_leads_out")],
    ),
    tested(
        "3I",
        "160",
        "huge, slow and many questions",
        &[(DESK, "what_is_too_much_or_too_slow_is_refused_and_the_page_is_still_there")],
    ),
    inapplicable(
        "3I",
        "161",
        "tiles of z = 99, NaN, -1",
        "the desk serves no tiles: the map is one page with its pictures inside",
    ),
    tested(
        "3I",
        "162",
        "two browsers decide on one lead",
        &[(DESK, "who_decides_on_an_old_view_is_told_and_nothing_is_written")],
    ),
    tested(
        "3I",
        "163",
        "a page shown while a scan writes",
        &[(
            "src/publish/staging/tests.rs",
            "an_earlier_run_is_replaced_whole_and_stays_when_the_next_one_fails",
        )],
    ),
    case("164", "formulas in CSV", formulas),
    tested(
        "3I",
        "165",
        "HTML in KML, map tips, paper",
        &[(REPORT, "sixty_hostile_values_stay_words_in_every_file")],
    ),
    case("166", "macros and actions in projects and styles", macros),
    case("167", "a map that asks other servers", asks_nobody),
    case("168", "basemaps in GCJ-02", shifted_basemap),
];

const HOSTILE: [&str; 8] = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "=HYPERLINK(\"http://x\",\"y\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\t=1",
    "\u{ff1d}1+1",
];

/// A report of a run whose red lines have hostile names; every file that is text.
fn report(place: &Place) -> Vec<(String, String)> {
    let mut layer = place.redline();
    let whole = layer["features"][0].clone();
    for value in HOSTILE {
        let mut feature = whole.clone();
        for key in ["id", "name", "authority", "link"] {
            feature["properties"][key] = value.into();
        }
        layer["features"].as_array_mut().unwrap().push(feature);
    }
    layer["features"].as_array_mut().unwrap().remove(0);
    place.same_places(&place.with_redline("hostile.geojson", layer.to_string()));
    let made = |uses: &str| place.steppewatch(&["report", "out", "--out", "report", "--for", uses]);
    let mut ended = made("qgis,phone,odk,day,map");
    if ended.stderr.contains("MapLibre") {
        ended = made("qgis,phone,odk,day");
    }
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let listed = Command::new("find")
        .arg(place.path("report"))
        .args(["-name", "*.qgz", "-o", "-name", "*.kmz", "-o", "-name", "*.zip"])
        .output()
        .unwrap();
    for archive in String::from_utf8_lossy(&listed.stdout).lines() {
        let opened = Command::new("python3")
            .args(["-m", "zipfile", "-e", archive, &format!("{archive}.opened")])
            .status()
            .unwrap();
        assert!(opened.success());
    }
    let mut found = Vec::new();
    let mut folders = vec![place.path("report")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((path.strip_prefix(place.path("report")).unwrap().display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 5, "{} files of text", found.len());
    found
}

fn links(place: &Place) -> Told {
    let files = report(place);
    for (name, text) in &files {
        for start in ["href=\"", "href='", "src=\"", "src='", "<href>", "<link>"] {
            for scheme in ["javascript:", "data:text"] {
                assert!(!text.contains(&format!("{start}{scheme}")), "{name} links to {scheme}");
            }
        }
    }
    Told::new(Outcome::Processed, format!("no link of that kind in {} files", files.len()))
}

fn formulas(place: &Place) -> Told {
    let files = report(place);
    let tables: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".csv")).collect();
    assert!(!tables.is_empty());
    for (name, text) in &tables {
        for cell in text.trim_start_matches('\u{feff}').split(['\n', ',']) {
            let cell = cell.trim_end_matches('\r').trim_matches('"');
            let is_formula =
                cell.starts_with(['=', '+', '-', '@', '\t', '\u{ff1d}']) && cell.parse::<f64>().is_err();
            assert!(!is_formula, "{name}: {cell}");
        }
    }
    Told::new(
        Outcome::Processed,
        format!("no cell of {} tables begins a formula; negative numbers stay numbers", tables.len()),
    )
}

fn macros(place: &Place) -> Told {
    let files = report(place);
    let styles: Vec<_> = files
        .iter()
        .filter(|(name, _)| [".qgs", ".qml", ".qgd"].iter().any(|end| name.ends_with(end)))
        .collect();
    assert!(!styles.is_empty());
    for (name, text) in &styles {
        for word in ["<pythonCode", "<macros", "actionsetting", "import os", "eval("] {
            assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{name} holds {word}");
        }
    }
    Told::new(Outcome::Processed, format!("no macro, no action in {} projects and styles", styles.len()))
}

fn asks_nobody(place: &Place) -> Told {
    let files = report(place);
    let pages: Vec<_> =
        files.iter().filter(|(name, text)| name.ends_with(".html") && text.contains("<script")).collect();
    if pages.is_empty() {
        return Told::new(
            Outcome::Inapplicable,
            "this program was built without the map (scripts/install lays MapLibre down)",
        );
    }
    for (name, text) in &pages {
        let policy = said(text, &["Content-Security-Policy"]);
        assert!(
            policy.contains("default-src 'none'") || text.contains("default-src 'none'"),
            "{name} may ask anybody"
        );
        for word in ["src=\"http", "src='http", "url(http", "<link rel=\"stylesheet\" href=\"http"] {
            assert!(!text.contains(word), "{name} asks another server: {word}");
        }
    }
    Told::new(Outcome::Processed, format!("{} pages hold all they show and may ask nobody", pages.len()))
}

fn shifted_basemap(place: &Place) -> Told {
    let files = report(place);
    let servers = [
        "autonavi",
        "amap.com",
        "is.autonavi",
        "map.baidu",
        "gtimg.com",
        "google.cn",
        "tile.openstreetmap",
        "arcgisonline",
    ];
    for (name, text) in &files {
        if let Some(server) = servers.iter().find(|server| text.contains(**server)) {
            panic!("{name} names a basemap of {server}");
        }
    }
    Told::new(
        Outcome::Inapplicable,
        "no basemap of a server is shipped; what phones need in GCJ-02 is a copy with that name",
    )
}
