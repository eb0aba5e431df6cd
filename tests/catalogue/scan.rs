//! A scan of scenes that lie elsewhere says what a scan of the same scenes on this machine says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::decoders::seen_by;
use crate::looks::Deed;
use crate::server::{Fault, Server};
use crate::world::{BANDS, BASELINE, Block, Drawn, TARGET, World};

/// A drawn world whose scenes also lie on a server, each as one file of six bands.
pub struct There {
    pub drawn: Drawn,
    pub server: Server,
}

/// Names of the drawn bands by which a catalogue calls them.
const COMMON: [&str; 6] = ["blue", "green", "red", "nir", "swir16", "scl"];

impl There {
    pub fn new() -> Self {
        let world = World::steppe(96, 96).over(2022, 2023).with(
            Block::new(20, 24, 12, 14),
            20_230_401,
            Deed::Ploughed,
        );
        let there = Self { drawn: Drawn::new(world), server: Server::new() };
        for path in there.scenes() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            there.server.put(&format!("/{name}"), fs::read(&path).unwrap());
        }
        let items: Vec<Value> = there.items();
        fs::write(
            there.path("items.json"),
            json!({ "type": "FeatureCollection", "features": items }).to_string(),
        )
        .unwrap();
        there
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.drawn.path(name)
    }

    fn scenes(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> =
            fs::read_dir(self.path("scenes")).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    }

    pub fn items(&self) -> Vec<Value> {
        let one = |path: &PathBuf| {
            let id = path.file_stem().unwrap().to_str().unwrap();
            let day = &id[3..];
            let bands: Vec<Value> = BANDS
                .iter()
                .zip(COMMON)
                .map(|(name, common)| json!({ "name": name, "common_name": common }))
                .collect();
            let href = self.server.at(&format!("/{id}.tif"));
            json!({
                "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": id, "collection": "steppe",
                "bbox": [110.9, 41.4, 111.2, 41.7],
                "geometry": { "type": "Polygon", "coordinates": [[[110.9, 41.4], [111.2, 41.4], [111.2, 41.7], [110.9, 41.7], [110.9, 41.4]]] },
                "properties": { "datetime": format!("{}-{}-{}T03:30:00Z", &day[..4], &day[4..6], &day[6..]) },
                "links": [],
                "assets": { "all": { "href": href, "type": "image/tiff; application=geotiff", "roles": ["data"], "eo:bands": bands } },
            })
        };
        self.scenes().iter().map(one).collect()
    }

    fn command(&self, scenes: &Path, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").arg("scan");
        command.arg("--scenes").arg(scenes).arg("--redlines").arg(self.path("redline.geojson"));
        let (_, look_back) = BASELINE.split_once('/').unwrap();
        command.args([
            "--baseline",
            &format!("2022-01-01/{look_back}"),
            "--target",
            TARGET,
            "--models",
            "G1",
        ]);
        command.arg("--out").arg(self.path(out)).args(more);
        command
    }

    /// Runs a scan; returns its exit code and what it said.
    pub fn scan(&self, scenes: &Path, out: &str, more: &[&str]) -> (Option<i32>, String) {
        let output = self.command(scenes, out, more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub fn place(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    pub fn leads(&self, out: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(out).join("leads.geojson")).unwrap()).unwrap()
    }
}

#[test]
fn scenes_of_a_server_give_the_leads_of_scenes_on_disk() {
    let there = There::new();
    let (here, said) = there.scan(&there.path("scenes"), "here", &[]);
    let (code, words) = there.scan(
        &there.path("items.json"),
        "there",
        &["--fetch", "--host", &there.place(), "--cache", there.path("cache").to_str().unwrap()],
    );
    assert_eq!(code, here, "{said}\n{words}");
    assert!(words.contains("20 scenes in"), "{words}");
    assert_eq!(there.leads("there"), there.leads("here"));
    assert!(!there.leads("here")["features"].as_array().unwrap().is_empty(), "{said}");
    // The folder is a mirror: a scan of it is the same scan, and asks nobody.
    there.server.plan(Box::new(|_, _, _| None));
    let (code, words) = there.scan(&there.path("cache"), "cached", &[]);
    assert_eq!(code, here, "{words}");
    for name in ["leads.geojson", "leads.gpkg", "gaps.geojson", "suppressed.geojson"] {
        let of = |out: &str| fs::read(there.path(out).join(name)).unwrap();
        assert!(of("cached") == of("there"), "{name}");
    }
    assert!(there.server.log().is_empty());
    let manifest: Value =
        serde_json::from_slice(&fs::read(there.path("cached/manifest.json")).unwrap()).unwrap();
    let inputs = manifest["result"]["inputs"].as_array().unwrap();
    let source = |input: &&Value| {
        input["source"]["href"].as_str().is_some_and(|href| href.starts_with(&there.place()))
    };
    assert_eq!(inputs.iter().filter(source).count(), 20, "{manifest}");
    assert!(inputs.iter().filter(source).all(|input| input["source"]["etag"].is_string()));
    // Without leave nothing is fetched.
    let (code, words) = there.scan(&there.path("items.json"), "not", &[]);
    assert!(code == Some(1) && words.contains("--fetch"), "{words}");
}

#[test]
fn what_was_fetched_is_decoded_apart_and_what_is_ones_own_is_not() {
    let there = There::new();
    let (code, words) = there.scan(
        &there.path("items.json"),
        "there",
        &["--fetch", "--host", &there.place(), "--cache", there.path("cache").to_str().unwrap()],
    );
    assert!(matches!(code, Some(0 | 3)), "{words}");
    for (scenes, isolate, is_apart) in [
        ("cache", "--isolate=auto", true),
        ("cache", "--isolate=no", false),
        ("scenes", "--isolate=auto", false),
        ("scenes", "--isolate=yes", true),
    ] {
        let out = format!("{scenes}{isolate}");
        let found = seen_by(&mut there.command(&there.path(scenes), &out, &[isolate]));
        assert_eq!(found, (code, is_apart), "{out}");
        assert_eq!(there.leads(&out), there.leads("there"), "{out}");
    }
}

#[test]
fn scenes_that_cannot_be_had_are_gaps_by_name() {
    let there = There::new();
    there.server.plan(Box::new(|path, _, _| path.contains("20230717").then_some(Fault::Status(404))));
    let (code, words) = there.scan(&there.path("items.json"), "out", &["--fetch", "--host", &there.place()]);
    assert_eq!(code, Some(3), "{words}");
    assert!(
        words.contains("not fetched S2_20230717 of 2023-07-17") && words.contains("never \"no change\""),
        "{words}"
    );
    let gaps = fs::read_to_string(there.path("out/gaps.geojson")).unwrap();
    assert!(gaps.contains("scene_not_fetched") && gaps.contains("S2_20230717 of 2023-07-17"), "{gaps}");
    let manifest = fs::read_to_string(there.path("out/manifest.json")).unwrap();
    assert!(manifest.contains("'S2_20230717' of 2023-07-17 could not be fetched"), "{manifest}");
    // The cache lies beside the output, and whoever scans it later knows too.
    let (code, words) = there.scan(&there.path("out.scenes"), "later", &[]);
    assert!(code == Some(3) && words.contains("S2_20230717"), "{words}");
}
