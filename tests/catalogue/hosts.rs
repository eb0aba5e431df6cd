//! Whom the program asks, whom it does not, and what it never says or keeps.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::server::{Fault, Server};
use crate::worlds::{Layout, World, files};

const CANARY: &str = "canary-5f2c9e";

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command
}

fn mirror(world: &World, out: &str) -> Command {
    let mut command = program();
    command
        .arg("scenes")
        .arg("mirror")
        .arg(world.path("items.json"))
        .arg("--redlines")
        .arg(world.path("redline.geojson"));
    command.arg("--out").arg(world.path(out)).args(["--tries", "2"]);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Case 144 of the catalogue of faults.
#[test]
fn nobody_is_asked_who_was_not_named_not_even_by_a_redirection() {
    let (world, other) = (World::new(Layout::Deflated), Server::new());
    other.put("/secret.tif", b"II*\0 something of this machine".to_vec());
    // Without a name, not even the server of the items.
    let output = mirror(&world, "unnamed").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let words = format!("give --host http://127.0.0.1:{}", world.server.port);
    assert!(said(&output).contains(&words) && world.server.log().is_empty(), "{}", said(&output));
    let elsewhere: [&'static str; 5] = [
        Box::leak(other.at("/secret.tif").into_boxed_str()),
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a.tif",
        "file:///etc/passwd",
        "gopher://127.0.0.1/a.tif",
    ];
    for (number, place) in elsewhere.into_iter().enumerate() {
        world
            .server
            .plan(Box::new(move |path, _, _| path.contains("S2_1").then_some(Fault::Elsewhere(place))));
        let fetched = world.mirror(&format!("out{number}"));
        assert_eq!(fetched.scenes, ["S2_2"], "{place}: {fetched:?}");
        let reason = &fetched.not_fetched[0].reason;
        assert!(reason.contains("nobody named") || reason.contains("is no address"), "{place}: {reason}");
    }
    assert!(other.log().is_empty(), "{:?}", other.log());
}

/// Case 169 of the catalogue of faults.
#[test]
fn no_secret_is_printed_or_kept() {
    let world = World::new(Layout::Deflated);
    let mut items = world.items();
    for item in items["features"].as_array_mut().unwrap() {
        for asset in ["red", "swir16"] {
            let href = item["assets"][asset]["href"].as_str().unwrap();
            item["assets"][asset]["href"] = json!(format!("{href}?sig={CANARY}&se=2030"));
        }
    }
    world.write("items.json", &items);
    let place = format!("http://127.0.0.1:{}", world.server.port);
    // One file that is there, one whose signature is refused.
    world.server.plan(Box::new(|path, _, _| path.contains("S2_2").then_some(Fault::Status(403))));
    let mut command = mirror(&world, "signed");
    let output = command.args(["--host", &place]).env("STEPPEWATCH_HTTP_TOKEN", CANARY).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(world.server.log().iter().any(|line| line.contains(CANARY)), "the signature reaches the server");
    assert!(world.server.log().iter().all(|line| !line.contains("authorization")), "a signature goes alone");
    let mut all = files(&world.path("signed"));
    all.insert("what was said".to_owned(), said(&output).into_bytes());
    for (name, bytes) in &all {
        assert!(!String::from_utf8_lossy(bytes).contains(CANARY), "{name} holds the secret");
    }
    // A token as a header, and a signature for all assets.
    world.server.plan(Box::new(|_, _, _| None));
    world.write("items.json", &{
        let text = items.to_string().replace(&format!("?sig={CANARY}&se=2030"), "");
        serde_json::from_str::<Value>(&text).unwrap()
    });
    for (name, variable) in [("token", "STEPPEWATCH_HTTP_TOKEN"), ("query", "STEPPEWATCH_HTTP_QUERY")] {
        world.server.plan(Box::new(|_, _, _| None));
        let value = if name == "token" { CANARY.to_owned() } else { format!("?sig={CANARY}") };
        let output = mirror(&world, name).args(["--host", &place]).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(world.server.log().iter().all(|line| line.contains(CANARY)));
        assert!(!said(&output).contains(CANARY));
        assert!(
            files(&world.path(name)).values().all(|bytes| !String::from_utf8_lossy(bytes).contains(CANARY))
        );
    }
}

/// Cases 146 and 149 of the catalogue of faults.
#[test]
fn no_name_no_network_no_proxy_and_no_certificate_are_told_in_words() {
    let world = World::new(Layout::Deflated);
    let search = |address: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(name);
        }
        command.args([
            "scenes",
            "search",
            "--stac",
            address,
            "--bbox",
            "111,41,112,42",
            "--dates",
            "2023-01-01/2023-12-31",
        ]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), said(&output))
    };
    let (code, words) = search("https://nobody.invalid/stac", &[]);
    assert!(code == Some(1) && words.contains("nobody.invalid") && words.contains("no network"), "{words}");
    let (code, words) = search("http://127.0.0.1:9/stac", &[]);
    assert!(code == Some(1) && words.contains("nobody listens"), "{words}");
    // A server that speaks no TLS.
    let (code, words) = search(&format!("https://127.0.0.1:{}/stac?token={CANARY}", world.server.port), &[]);
    assert!(code == Some(1) && words.contains("127.0.0.1") && !words.contains(CANARY), "{words}");
    let proxy = "http://user:canary-5f2c9e@127.0.0.1:9";
    let (code, words) = search("https://stac.example/", &[("HTTPS_PROXY", proxy)]);
    assert!(code == Some(1) && !words.contains(CANARY), "{words}");
    let (code, words) = search("file:///etc/passwd", &[]);
    assert!(code == Some(2) && words.contains("https://HOST"), "{words}");
}

/// Nothing is asked of a network where only paths of this machine are given.
#[test]
fn local_paths_ask_no_network() {
    let world = World::new(Layout::Deflated);
    let mut items = world.items();
    for item in items["features"].as_array_mut().unwrap() {
        let id = item["id"].as_str().unwrap().to_owned();
        for asset in ["red", "swir16"] {
            item["assets"][asset]["href"] = json!(format!("./{id}_{asset}.tif"));
        }
    }
    world.write("items.json", &items);
    let traced = Command::new("strace")
        .args(["-f", "-e", "trace=network", "-o"])
        .arg(world.path("trace"))
        .arg("true")
        .status();
    if !traced.is_ok_and(|status| status.success()) {
        println!("skipped: strace cannot trace here");
        return;
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=network", "-o"]).arg(world.path("trace"));
    command.arg(env!("CARGO_BIN_EXE_steppewatch")).arg("scenes").arg("mirror").arg(world.path("items.json"));
    command.arg("--redlines").arg(world.path("redline.geojson")).arg("--out").arg(world.path("mirror"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let calls = fs::read_to_string(world.path("trace")).unwrap();
    let calls: Vec<&str> =
        calls.lines().filter(|line| line.contains("connect(") || line.contains("AF_INET")).collect();
    println!("{} calls to a network", calls.len());
    assert!(calls.is_empty(), "{calls:?}");
    let kept: BTreeMap<String, Vec<u8>> = files(&world.path("mirror"));
    let text = String::from_utf8_lossy(&kept["items/S2_1.json"]).into_owned();
    assert!(
        text.contains("S2_1_red.tif") && !text.contains(&*world.folder.path().to_string_lossy()),
        "{text}"
    );
}
