//! Missions and a day in the field, through the program's door.

use std::fs;

use crate::ledger::{FIELD, Office, PIT};
use crate::program::{Ended, ended, program, says};

fn report(office: &Office, run: &std::path::Path, out: &str, more: &[&str]) -> Ended {
    let out = office.folder.path().join(out);
    ended(program().arg("report").arg(run).args(["--for", "drone,day", "--out"]).arg(out).args(more))
}

#[test]
fn missions_and_a_day_are_made_of_a_run_and_what_is_done_gets_none() {
    let office = Office::new();
    let run = office.run("one", &[FIELD, PIT]);
    let made = report(&office, &run, "all", &["--start", "108.0,41.6", "--leave-at", "07:15"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    says(
        &made.stderr,
        &["2 leads, 4 flights", "nothing was flown", "2 leads in 1 tours", "--roads for real ones"],
    );
    let all = office.folder.path().join("all");
    for file in [
        "drone/001-aaaaaaaaaa-map-1.kmz",
        "drone/002-bbbbbbbbbb-ring.kmz",
        "drone/missions.csv",
        "day/team-1.gpx",
    ] {
        assert!(all.join(file).is_file(), "{file}");
    }
    // The ledger says that nobody needs to go to the pit.
    office.record(&run);
    office.step("reject bbbbbbbbbb --cause drought");
    let place = office.place();
    let made = report(&office, &run, "less", &["--ledger", &place]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    says(
        &made.stderr,
        &["drone: 1 leads were visited, or are closed", "day: 1 leads were visited, or are closed"],
    );
    let table = fs::read_to_string(office.folder.path().join("less/day/plan.csv")).unwrap();
    assert!(table.contains("aaaaaaaaaa") && !table.contains("bbbbbbbbbb"), "{table}");
}

#[test]
fn a_case_that_grew_goes_before_one_that_did_not() {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    let grown = office.run("two", &[("aaaaaaaaaa", [0.0, 4.0, 0.0, 6.0]), PIT]);
    office.record(&grown);
    let place = office.place();
    let made = report(&office, &grown, "grown", &["--ledger", &place]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let sheet = fs::read_to_string(office.folder.path().join("grown/day/plan.html")).unwrap();
    says(&sheet, &["(148320 → 222480 m²) 0.50×0.15", "(无历史 no history) 0×0.15"]);
}

#[test]
fn a_flag_that_cannot_be_used_is_told_and_nothing_is_made() {
    let office = Office::new();
    let run = office.run("one", &[FIELD]);
    let wrong: [(&[&str], &str); 8] = [
        (&["--drone", "Mini2"], "M3E, M3T"),
        (&["--drone-ceiling", "5"], "20 to 500 m"),
        (&["--drone-overlap", "80"], "80,70"),
        (&["--drone-per", "week"], "lead or day"),
        (&["--start", "41.5,108.5"], "LON,LAT"),
        (&["--leave-at", "25:00"], "08:30"),
        (&["--teams", "0"], "1 to 50 teams"),
        (&["--roads", "none.osm.pbf"], "none.osm.pbf"),
    ];
    for (flags, said) in wrong {
        let refused = report(&office, &run, "never", flags);
        assert!(matches!(refused.code, Some(1 | 2)), "{flags:?}: {:?}", refused.code);
        says(&refused.stderr, &[flags[0], said]);
        assert!(!office.folder.path().join("never").exists());
    }
}
