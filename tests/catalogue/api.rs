//! STAC APIs: one that is drawn and poisoned, and a real one where `scripts/test-stac` has set it up.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use steppewatch::bucket::Patience;
use steppewatch::run::Silent;
use steppewatch::run::scenes::{self, Fetch, Root};

use crate::scan::There;
use crate::server::Server;
use crate::worlds::{Layout, World, everything, item};

fn root(server: &Server, path: &str) -> Root {
    Root::of(Path::new(&server.at(path))).unwrap()
}

fn put(server: &Server, path: &str, value: &Value) {
    server.put(path, value.to_string().into_bytes());
}

/// A landing page whose search is a GET of the first page.
fn landing(server: &Server) {
    let links = json!([{ "rel": "search", "href": server.at("/search"), "method": "GET" }]);
    put(
        server,
        "/",
        &json!({ "type": "Catalog", "id": "api", "stac_version": "1.0.0",
        "conformsTo": ["https://api.stacspec.org/v1.0.0/item-search"], "links": links }),
    );
}

fn page(items: &[Value], next: &str) -> Value {
    let links = if next.is_empty() { json!([]) } else { json!([{ "rel": "next", "href": next }]) };
    json!({ "type": "FeatureCollection", "features": items, "links": links })
}

fn red(id: &str, day: &str) -> Value {
    item(id, day, &[("red", "red", "https://cogs.example/red.tif".to_owned())])
}

fn quick() -> Patience {
    Patience {
        tries: 2,
        pause: Duration::from_millis(1),
        grace: Duration::from_secs(5),
        ..Patience::default()
    }
}

/// Case 150 of the catalogue of faults.
#[test]
fn a_poisoned_service_gives_a_list_with_reasons_and_an_end() {
    let server = Server::new();
    landing(&server);
    let other = Server::new();
    let poisoned = [
        red("good", "2023-06-01"),
        red("good", "2023-06-01"),
        red("future", "2199-06-01"),
        item("file", "2023-06-02", &[("red", "red", "file:///etc/passwd.tif".to_owned())]),
        item("script", "2023-06-02", &[("red", "red", "javascript:alert(1)//.tif".to_owned())]),
        json!({ "type": "Feature", "id": "bare" }),
        json!("no item"),
        {
            let mut item = red("far", "2023-06-03");
            item["bbox"] = json!([-70.0, -10.0, -69.0, -9.0]);
            item
        },
        {
            let mut item = red("odd", "2023-06-03");
            item["bbox"] = json!([1e308, -10.0]);
            item
        },
        {
            let mut item = red("none", "2023-06-03");
            item["assets"] = json!({});
            item
        },
        {
            let mut item = red("large", "2023-06-03");
            item["properties"]["x"] = json!("x".repeat(2 << 20));
            item
        },
    ];
    put(&server, "/search", &page(&poisoned, &server.at("/second")));
    put(&server, "/second", &page(&[red("second", "2023-06-05")], &server.at("/second")));
    let web = scenes::web(&root(&server, "/"), &[], quick()).unwrap();
    let (chosen, listed) = scenes::find(&web, &root(&server, "/"), &everything()).unwrap();
    let ids: Vec<&str> = chosen.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["good", "second"]);
    assert!(listed.unread.len() == 1 && listed.unread[0].1.contains("read already"), "{:?}", listed.unread);
    let left: Vec<&str> = chosen.left_out.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(left, ["far", "good"]);
    let mut refused: Vec<&str> = listed.refused.iter().map(|(id, _)| id.as_str()).collect();
    refused.sort_unstable();
    assert_eq!(refused, ["an item without id", "bare", "file", "future", "large", "none", "odd", "script"]);
    // A next page on another host is not asked.
    put(&server, "/search", &page(&[red("good", "2023-06-01")], &other.at("/more")));
    let said = scenes::find(&web, &root(&server, "/"), &everything()).unwrap_err().to_string();
    assert!(said.contains("nobody named") && other.log().is_empty(), "{said}");
    // 50 MB of properties are not read to their end.
    let mut item = red("huge", "2023-06-01");
    item["properties"]["x"] = json!("x".repeat(50 << 20));
    put(&server, "/search", &page(&[item], ""));
    let said = scenes::find(&web, &root(&server, "/"), &everything()).unwrap_err().to_string();
    assert!(said.contains("the limit is"), "{said}");
}

/// Case 153 of the catalogue of faults.
#[test]
fn schemas_that_items_name_are_not_asked_for() {
    let server = Server::new();
    landing(&server);
    let mut item = red("a", "2023-06-01");
    item["stac_extensions"] =
        json!([server.at("/schema.json"), "https://stac-extensions.invalid/eo/v1.1.0/schema.json"]);
    put(&server, "/search", &page(&[item], ""));
    let web = scenes::web(&root(&server, "/"), &[], quick()).unwrap();
    let (chosen, _) = scenes::find(&web, &root(&server, "/"), &everything()).unwrap();
    assert_eq!((chosen.items.len(), server.log().len()), (1, 2), "{:?}", server.log());
}

#[test]
fn a_catalogue_of_files_is_followed_once_each_and_what_is_gone_is_told() {
    let server = Server::new();
    let link = |rel: &str, href: &str| json!({ "rel": rel, "href": href });
    put(
        &server,
        "/catalog.json",
        &json!({ "type": "Catalog", "links": [
        link("child", "./steppe/collection.json"), link("child", "./catalog.json"), link("child", "./sea/collection.json"), link("child", "./gone.json")] }),
    );
    let collection = |id: &str, west: f64| {
        json!({ "type": "Collection", "id": id,
        "extent": { "spatial": { "bbox": [[west, 41.0, west + 2.0, 42.0]] } }, "links": [link("item", "./a.json"), link("parent", "../catalog.json")] })
    };
    put(&server, "/steppe/collection.json", &collection("steppe", 110.0));
    put(&server, "/sea/collection.json", &collection("sea", 10.0));
    put(&server, "/steppe/a.json", &item("a", "2023-06-01", &[("red", "red", "./a/red.tif".to_owned())]));
    let at = root(&server, "/catalog.json");
    let web = scenes::web(&at, &[], quick()).unwrap();
    let (chosen, listed) = scenes::find(&web, &at, &everything()).unwrap();
    assert_eq!(chosen.items.len(), 1);
    assert_eq!(chosen.items[0].assets[0].place.shown(), server.at("/steppe/a/red.tif"));
    assert!(listed.unread.len() == 1 && listed.unread[0].0.ends_with("/gone.json"), "{:?}", listed.unread);
    assert!(server.log().iter().all(|line| !line.contains("/sea/a.json")));
}

#[test]
fn a_mirror_needs_a_whole_list_and_names_of_collections() {
    let server = Server::new();
    let world = World::new(Layout::Deflated);
    let mirror = |address: &str, collections: &[&str]| {
        let collections = collections.iter().map(|name| (*name).to_owned()).collect();
        let at = root(&server, address);
        let asked = Fetch { root: at, collections, patience: quick(), ..world.fetch("mirror") };
        scenes::fetch(&asked, &Silent).map_err(|error| error.to_string())
    };
    landing(&server);
    put(&server, "/search", &page(world.items()["features"].as_array().unwrap(), ""));
    let said = mirror("/", &[]).unwrap_err();
    assert!(said.contains("--collection"), "{said}");
    assert_eq!(mirror("/", &["steppe"]).unwrap().scenes.len(), 2);
    let links = json!([{ "rel": "item", "href": "./gone.json" }]);
    put(&server, "/catalog.json", &json!({ "type": "Catalog", "links": links }));
    let said = mirror("/catalog.json", &[]).unwrap_err();
    assert!(said.contains("/gone.json") && said.contains("which scenes are missing"), "{said}");
    // A few pages without an item are no end of the list; many are one, and it is told.
    let again = server.at("/second");
    put(&server, "/search", &page(&[], &again));
    put(&server, "/second", &page(world.items()["features"].as_array().unwrap(), ""));
    assert_eq!(mirror("/", &["steppe"]).unwrap().kept, 2);
}

/// A real STAC API of this process: its address, and the process that is ended with it.
struct Real {
    process: std::process::Child,
    address: String,
}

impl Drop for Real {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn real(items: &Path) -> Option<Real> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/stac-server");
    let mut process =
        Command::new(script).arg(items).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().to_owned();
    if address.is_empty() {
        process.wait().unwrap();
        assert!(std::env::var_os("STEPPEWATCH_STAC").is_none(), "no STAC API");
        println!("skipped: no STAC API; scripts/test-stac sets one up");
        return None;
    }
    Some(Real { process, address })
}

#[test]
fn search_mirror_and_scan_against_a_real_api_give_the_leads_of_scenes_on_disk() {
    let there = There::new();
    let Some(real) = real(&there.path("items.json")) else { return };
    let begun = Instant::now();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").arg("scenes").args(words);
        command.output().unwrap()
    };
    let (lines, found, mirror) =
        (there.path("redline.geojson"), there.path("found.json"), there.path("mirror"));
    let (lines, found, mirror) = (lines.to_str().unwrap(), found.to_str().unwrap(), mirror.to_str().unwrap());
    let searched = run(&[
        "search",
        "--stac",
        &real.address,
        "--collection",
        "steppe",
        "--redlines",
        lines,
        "--dates",
        "2022-01-01/2023-12-31",
        "--out",
        found,
        "--json",
    ]);
    assert!(searched.status.success(), "{}", String::from_utf8_lossy(&searched.stderr));
    let said: Value = serde_json::from_slice(&searched.stdout).unwrap();
    assert_eq!(said["scenes"].as_array().unwrap().len(), 20, "{said}");
    assert_eq!(said["hosts"], json!([there.place()]));
    // The service learns a box of whole hundredths.
    for number in said["bbox"].as_array().unwrap() {
        let hundredths = number.as_f64().unwrap() * 100.0;
        assert!((hundredths - hundredths.round()).abs() < 1e-9, "{number}");
    }
    let mirrored = run(&["mirror", found, "--redlines", lines, "--out", mirror, "--host", &there.place()]);
    assert!(mirrored.status.success(), "{}", String::from_utf8_lossy(&mirrored.stderr));
    let (here, _) = there.scan(&there.path("scenes"), "here", &[]);
    let (code, words) = there.scan(Path::new(mirror), "there", &[]);
    assert_eq!(code, here, "{words}");
    assert_eq!(there.leads("there"), there.leads("here"));
    assert!(fs::metadata(found).unwrap().len() > 1000);
    println!("search, mirror and scan of 20 scenes in {:.1} s", begun.elapsed().as_secs_f64());
}
