//! Twenty-four dates of scans over fields that grow, split, merge, vanish and come back, each on a grid of its own.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::ledger::Office;
use crate::program::{Scan, ended, program, rounds};
use crate::world::{Block, Deed, Drawn, World};

/// Side of the ground that every date shows, in pixels; the scenes begin a little before it.
const SIDE: usize = 88;

/// A field and what becomes of it: blocks on the ground of one date.
type Ground = Vec<Block>;

fn field(rows: usize, cols: usize) -> Block {
    Block::new(14, 14, rows, cols)
}

/// What lies there on each date, and what the digest must say: how many of each kind. A case that is as large as it was may
/// be told as changed, where the noise of another grid gives it another status or name: it is "as before" here.
fn dates() -> Vec<(Ground, &'static [(&'static str, usize)])> {
    let west = Block::new(14, 14, 16, 10);
    let east = Block::new(14, 30, 16, 10);
    let pit = Block::new(56, 56, 10, 10);
    let wide = Block::new(56, 56, 10, 14);
    let far = Block::new(60, 12, 10, 10);
    vec![
        (vec![field(12, 12)], &[("new", 1)]),
        (vec![field(12, 12)], &[("as before", 1)]),
        (vec![field(12, 16)], &[("grown", 1)]),
        (vec![field(12, 16)], &[("as before", 1)]),
        (vec![field(16, 16)], &[("grown", 1)]),
        (vec![field(16, 16), pit], &[("as before", 1), ("new", 1)]),
        (vec![field(16, 26), pit], &[("grown", 1), ("as before", 1)]),
        (vec![field(16, 26), pit], &[("as before", 2)]),
        (vec![west, east, pit], &[("shrunk", 1), ("split", 1), ("as before", 1)]),
        (vec![west, east, pit], &[("as before", 3)]),
        (vec![field(16, 26), pit], &[("grown", 1), ("merged", 1), ("as before", 1)]),
        (vec![field(16, 26), pit], &[("as before", 2)]),
        (vec![west, east, pit], &[("shrunk", 1), ("split", 1), ("as before", 1)]),
        (vec![west, east, pit], &[("as before", 3)]),
        (vec![west, east], &[("as before", 2), ("recovered", 1)]),
        (vec![west, east], &[("as before", 2)]),
        (vec![west, east, pit], &[("as before", 3)]),
        (vec![west, east, wide], &[("as before", 2), ("grown", 1)]),
        (vec![field(16, 26), wide], &[("grown", 1), ("merged", 1), ("as before", 1)]),
        (vec![field(22, 26), wide], &[("grown", 1), ("as before", 1)]),
        (vec![field(22, 26), wide], &[("as before", 2)]),
        (vec![field(22, 26), pit], &[("as before", 1), ("shrunk", 1)]),
        (vec![field(22, 26), pit, far], &[("as before", 2), ("new", 1)]),
        (vec![field(22, 26), pit, far], &[("as before", 3)]),
    ]
}

/// The ground of a date, on scenes whose corner lies some pixels off.
fn drawn(ground: &Ground, number: usize) -> Drawn {
    let (south, east) = (number * 5 % 7, number * 3 % 8);
    let mut world = World::steppe(SIDE + 8, SIDE + 8);
    world.origin.0 -= 10.0 * east as f64;
    world.origin.1 += 10.0 * south as f64;
    for block in ground {
        let block = Block::new(block.row + south, block.col + east, block.rows, block.cols);
        world = world.with(block, 20_230_401, Deed::Ploughed);
    }
    Drawn::new(world)
}

#[test]
fn over_many_dates_on_as_many_grids_every_place_keeps_its_id_and_every_digest_is_right() {
    let office = Office::new();
    let redlines = office.folder.path().join("grass.geojson");
    let whole = Drawn::new(World { dates: Vec::new(), ..World::steppe(SIDE, SIDE) });
    fs::copy(whole.path("redline.geojson"), &redlines).unwrap();
    let mut where_found: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (number, (ground, expected)) in dates().iter().take(rounds(15, 24)).enumerate() {
        let drawn = drawn(ground, number);
        let tile = [32, 48, 96, 57][number % 4];
        let scan = Scan::of(&drawn).redlines(&redlines).with(&format!("--tile-size {tile}"));
        let told = scan.run();
        assert!(matches!(told.code, Some(0 | 3)), "{number}: {}", told.stderr);
        let recorded = office.record(&scan.out);
        let digest: Value = serde_json::from_str(&recorded.stdout).unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (kind, ids) in digest["digest"].as_object().unwrap() {
            let kind = if ["changed", "unchanged"].contains(&kind.as_str()) { "as before" } else { kind };
            *counts.entry(kind).or_default() += ids.as_array().unwrap().len();
        }
        counts.retain(|_, count| *count > 0);
        let expected: BTreeMap<&str, usize> = expected.iter().copied().collect();
        assert_eq!(counts, expected, "{number}: {digest}");
        stays_where_it_was(&office, &mut where_found, number);
    }
    // The field, its piece, the pit; in a long run the one that comes last.
    assert_eq!(where_found.len(), rounds(3, 4), "{where_found:?}");
    office.verified();
}

/// No case jumps to another place: ids were not exchanged.
fn stays_where_it_was(office: &Office, known: &mut BTreeMap<String, (f64, f64)>, number: usize) {
    let mut list = program();
    list.args(["leads", "list", "--json", "--ledger"]).arg(office.path());
    for line in ended(&mut list).stdout.lines() {
        let lead: Value = serde_json::from_str(line).unwrap();
        let at = (lead["lon_deg"].as_f64().unwrap(), lead["lat_deg"].as_f64().unwrap());
        let id = lead["id"].as_str().unwrap().to_owned();
        let first = *known.entry(id.clone()).or_insert(at);
        // 150 m: what half of the field is wide.
        let away = (at.0 - first.0).abs().max((at.1 - first.1).abs()) * 111_000.0;
        assert!(away < 150.0, "{number}: {id} was at {first:?} and is at {at:?}");
    }
}
