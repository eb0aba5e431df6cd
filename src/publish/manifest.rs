//! `manifest.json`: what went in, what was decided, what came out, each file by SHA-256.
//!
//! In:  plan, inputs, scene uses and versions from the conductor; the files in the staging folder.
//! Out: one JSON file, written last. `result` is the same for the same inputs and machine image;
//!      `run` alone holds times and host, which the caller reads off the clock and hands in.
//! Law: file names only, outside `run`; of folders no more than tells two layers of one name apart. The file tells its own
//!      digest (`itself`). No secret of an address or of the environment stands anywhere in it.

pub mod itself;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::bucket::secret::{of_addresses, without_secrets};
use crate::date::Date;
use crate::publish::digest::Digests;
use crate::publish::staging::{GENERATOR, MANIFEST};
use crate::publish::{Outcome, PublishError, Staging, digest, geojson, gpkg};

/// One file that the run read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// `scene`, `stac`, `metadata`, `redlines`, `permits`, `cases`, `landuse`, `burns`, `verified`, `plan`.
    pub role: String,
    /// File name, with folders only where two layers of the run have files of one name.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// The scene that it is of, if it is of one.
    pub scene: Option<String>,
    /// Where it lay, for the `run` block.
    pub path: PathBuf,
    /// What it is a window of, where it was fetched from elsewhere.
    pub source: Option<Source>,
}

/// A file that lies elsewhere, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Address without what follows its path.
    pub href: String,
    /// What its server knows its content by.
    pub etag: Option<String>,
    /// Bytes of all of it.
    pub size: u64,
    /// The window in its pixels: row, column, rows, columns.
    pub window: [usize; 4],
}

impl Input {
    /// Size and SHA-256 of a file, read through unless they are known.
    pub fn of_file(role: &str, path: &Path, digests: &Digests) -> Result<Self, PublishError> {
        let (size, sha256) = digests.of(path)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            role: role.to_owned(),
            file,
            size,
            sha256,
            scene: None,
            path: path.to_owned(),
            source: None,
        })
    }
}

/// What became of one scene.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneUse {
    /// Identity of the scene.
    pub id: String,
    /// Day of acquisition.
    pub date: Date,
    /// Product in words, empty where it is none that is known.
    pub product: String,
    /// Sensor or platform, empty where nothing names it.
    pub sensor: String,
    /// How numbers became reflectance, and who says so.
    pub scaling: String,
    /// Layers that say which pixels are clear.
    pub masks: Vec<String>,
    /// Why it was not used; `None` when it was.
    pub unused: Option<String>,
}

/// A file in the folder of scenes that is no scene.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// File name without folders.
    pub file: String,
    /// Why nothing was read from it.
    pub reason: String,
}

/// Times and place of the run, from the caller: this room has no clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Start, RFC 3339.
    pub started: String,
    /// End, RFC 3339.
    pub ended: String,
    /// Name of the machine.
    pub host: String,
    /// The command as it was given.
    pub command: Vec<String>,
    /// The plan with the paths of this machine, so that a report finds scenes and layers again.
    pub plan: Value,
    /// Hardware and software of the machine.
    pub environment: Value,
    /// Names of files that lie beside the scenes and were not looked at. Viewers leave them, so they are no part of the result.
    pub beside: Vec<String>,
}

/// Everything that the manifest says and the files cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Version of the program.
    pub version: String,
    /// The plan with every default spelled out.
    pub plan: Value,
    /// Files read, in any order.
    pub inputs: Vec<Input>,
    /// Scenes, in any order.
    pub scenes: Vec<SceneUse>,
    /// Files that are no scene, in any order.
    pub skipped: Vec<Skipped>,
    /// Libraries and their versions, for example `("GDAL", "3.6.2")`.
    pub libraries: Vec<(String, String)>,
    /// Times and place.
    pub run: Run,
}

/// Writes `manifest.json` over every other file in the staging folder, and returns the digest of the result. Call it last.
pub fn write(staging: &Staging, manifest: &Manifest, outcome: &Outcome) -> Result<String, PublishError> {
    let mut files = Vec::new();
    list(&staging.path(""), "", &mut files)?;
    files.retain(|name| name != MANIFEST);
    files.sort();
    let outputs: Vec<Value> =
        files.iter().map(|name| output(staging, name, outcome)).collect::<Result<_, _>>()?;
    let result = told(result(manifest, outputs), &of_addresses);
    let result_sha256 = digest::of_bytes(result.to_string().as_bytes());
    let mut inputs: Vec<&Input> = manifest.inputs.iter().collect();
    inputs.sort();
    let run = json!({
        "started": manifest.run.started,
        "ended": manifest.run.ended,
        "host": manifest.run.host,
        "environment": manifest.run.environment,
        "command": manifest.run.command,
        "plan": manifest.run.plan,
        "not_looked_at": manifest.run.beside,
        // In the order of the inputs of the result.
        "paths": inputs.iter().map(|input| input.path.to_string_lossy()).collect::<Vec<_>>(),
        itself::OWN: itself::place(),
    });
    let whole = json!({
        "generator": generator(&manifest.version),
        "result_sha256": result_sha256,
        "result": result,
        "run": told(run, &without_secrets),
    });
    staging.write(MANIFEST, itself::text(&whole).as_bytes())?;
    Ok(result_sha256)
}

/// Which program writes: its version, what it was made of (see `build.rs`) and, where whoever built it said so, the revision.
fn generator(version: &str) -> Value {
    let revision = env!("STEPPEWATCH_REVISION");
    json!({
        "name": GENERATOR,
        "version": version,
        "source_sha256": env!("STEPPEWATCH_SOURCE"),
        "revision": (!revision.is_empty()).then_some(revision),
    })
}

/// The manifest of a folder that is no run: what it is, every file by its digest, and the manifest's own. Returns its text.
///
/// # Errors
/// Those of reading the files and of writing.
pub fn of_files(staging: &Staging, (name, about): (&str, Value)) -> Result<String, PublishError> {
    let line = |file: &String| -> Result<Value, PublishError> {
        let (size, sha256) = digest::of_file(&staging.path(file))?;
        Ok(json!({ "file": file, "size_bytes": size, "sha256": sha256 }))
    };
    let files = staging.files()?.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let whole = json!({
        "generator": generator(env!("CARGO_PKG_VERSION")),
        name: told(about, &of_addresses),
        "files": files,
        itself::OWN: itself::place(),
    });
    let text = itself::text(&whole);
    staging.write(MANIFEST, text.as_bytes())?;
    Ok(text)
}

/// A value in which every text is said so that no secret is in it.
fn told(value: Value, say: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(words) => say(&words).into(),
        Value::Array(all) => all.into_iter().map(|value| told(value, say)).collect(),
        Value::Object(all) => {
            let all = all.into_iter().map(|(key, value)| (key, told(value, say)));
            Value::Object(all.collect())
        }
        other => other,
    }
}

/// The digest that a manifest states of its result, and the one that its result has.
///
/// # Errors
/// In words: no manifest.
pub fn digests_of_result(manifest: &[u8]) -> Result<(String, String), String> {
    #[derive(Deserialize)]
    struct Stated<'a> {
        result_sha256: String,
        #[serde(borrow)]
        result: &'a RawValue,
    }
    let stated: Stated<'_> = serde_json::from_slice(manifest).map_err(|error| error.to_string())?;
    let computed = digest::of_bytes(close_set(stated.result.get()).as_bytes());
    Ok((stated.result_sha256, computed))
}

/// JSON without the blanks between its words. Numbers stay as they are written: reading them might change the last digit.
fn close_set(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let stays = |letter: &char| {
        let in_text = is_text;
        if *letter == '"' && !is_escaped {
            is_text = !is_text;
        }
        is_escaped = in_text && *letter == '\\' && !is_escaped;
        in_text || !letter.is_ascii_whitespace()
    };
    json.chars().filter(stays).collect()
}

fn result(manifest: &Manifest, outputs: Vec<Value>) -> Value {
    let mut inputs: Vec<&Input> = manifest.inputs.iter().collect();
    inputs.sort();
    let mut scenes: Vec<&SceneUse> = manifest.scenes.iter().collect();
    scenes.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
    let mut skipped: Vec<&Skipped> = manifest.skipped.iter().collect();
    skipped.sort();
    let skipped = skipped.iter().map(|skipped| json!({ "file": skipped.file, "reason": skipped.reason }));
    let input = |input: &&Input| {
        let mut said = json!({ "role": input.role, "file": input.file, "size_bytes": input.size, "sha256": input.sha256 });
        if let Some(scene) = &input.scene {
            said["scene"] = json!(scene);
        }
        if let Some(Source { href, etag, size, window }) = &input.source {
            said["source"] = json!({ "href": href, "etag": etag, "size_bytes": size, "window": window });
        }
        said
    };
    let scene = |scene: &&SceneUse| {
        json!({
            "id": scene.id,
            "date": scene.date.to_string(),
            "product": scene.product,
            "sensor": scene.sensor,
            "scaling": scene.scaling,
            "masks": scene.masks,
            "used": scene.unused.is_none(),
            "reason": scene.unused,
        })
    };
    let libraries: serde_json::Map<String, Value> =
        manifest.libraries.iter().map(|(name, version)| (name.clone(), json!(version))).collect();
    json!({
        "plan": manifest.plan,
        "inputs": inputs.iter().map(input).collect::<Value>(),
        "scenes": scenes.iter().map(scene).collect::<Value>(),
        "skipped": skipped.collect::<Value>(),
        "outputs": outputs,
        "libraries": libraries,
    })
}

fn output(staging: &Staging, name: &str, outcome: &Outcome) -> Result<Value, PublishError> {
    let (size, sha256) = digest::of_file(&staging.path(name))?;
    let features = match name {
        geojson::LEADS | gpkg::FILE => Some(outcome.leads.len()),
        geojson::SUPPRESSED => Some(outcome.suppressed.len()),
        geojson::GAPS => Some(outcome.gaps.len()),
        _ => None,
    };
    Ok(json!({ "file": name, "size_bytes": size, "sha256": sha256, "features": features }))
}

/// Names of all files under a folder, with `/` between folder and file.
fn list(folder: &Path, before: &str, names: &mut Vec<String>) -> Result<(), PublishError> {
    let failed = |source| PublishError::io("list", folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(host: &str) -> Manifest {
        let scene = |id: &str, day, unused: Option<&str>| SceneUse {
            id: id.to_owned(),
            date: Date::constant(2022, 5, day),
            product: "Sentinel-2 L2A, baseline 05.09".to_owned(),
            sensor: "sentinel-2a".to_owned(),
            scaling: "scale 0.0001, offset -0.1".to_owned(),
            masks: vec!["scl".to_owned()],
            unused: unused.map(str::to_owned),
        };
        Manifest {
            version: "0.1.0".to_owned(),
            plan: json!({ "zeta": 1, "alpha": 2 }),
            inputs: Vec::new(),
            scenes: vec![scene("b", 9, None), scene("a", 2, Some("lies in no period"))],
            skipped: Vec::new(),
            libraries: vec![("GDAL".to_owned(), "3.6.2".to_owned())],
            run: Run { host: host.to_owned(), ..Run::default() },
        }
    }

    fn published(manifest: &Manifest) -> Value {
        let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
        let scratch = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&scratch.path().join("out")).unwrap();
        geojson::write(&staging, &nothing).unwrap();
        staging.folder("chips").unwrap();
        staging.write("chips/a_after.png", b"abc").unwrap();
        write(&staging, manifest, &nothing).unwrap();
        let out = staging.commit().unwrap();
        serde_json::from_slice(&fs::read(out.join(MANIFEST)).unwrap()).unwrap()
    }

    #[test]
    fn every_file_is_listed_with_its_digest_and_the_plan_keeps_its_order() {
        let value = published(&manifest("here"));
        let outputs = value["result"]["outputs"].as_array().unwrap();
        let names: Vec<&str> = outputs.iter().filter_map(|output| output["file"].as_str()).collect();
        assert_eq!(names, ["chips/a_after.png", "gaps.geojson", "leads.geojson", "suppressed.geojson"]);
        assert!(outputs[0]["sha256"].as_str().unwrap().starts_with("ba7816bf"));
        assert_eq!(outputs[2]["features"], 0);
        assert_eq!(value["result"]["plan"].to_string(), r#"{"zeta":1,"alpha":2}"#);
        let scenes = &value["result"]["scenes"];
        assert_eq!(
            scenes[0],
            json!({
                "id": "a", "date": "2022-05-02", "product": "Sentinel-2 L2A, baseline 05.09", "sensor": "sentinel-2a",
                "scaling": "scale 0.0001, offset -0.1", "masks": ["scl"], "used": false, "reason": "lies in no period"
            })
        );
        assert_eq!((&scenes[1]["used"], &scenes[1]["reason"]), (&json!(true), &Value::Null));
    }

    #[test]
    fn the_order_in_which_files_were_read_changes_nothing() {
        let input = |file: &str| Input {
            role: "scene".to_owned(),
            file: file.to_owned(),
            size: 3,
            sha256: "0".repeat(64),
            scene: Some("a".to_owned()),
            path: PathBuf::from("there").join(file),
            source: None,
        };
        let mut some = manifest("here");
        some.inputs = vec![input("b.tif"), input("a.tif")];
        let skipped = |file: &str| Skipped { file: file.to_owned(), reason: "has no named band".to_owned() };
        some.skipped = vec![skipped("d.tif"), skipped("c.tif")];
        let mut other = some.clone();
        other.inputs.reverse();
        other.scenes.reverse();
        other.skipped.reverse();
        let value = published(&some);
        assert_eq!(value, published(&other));
        assert_eq!(value["result"]["skipped"][0]["file"], "c.tif");
        assert_eq!(value["run"]["paths"], json!(["there/a.tif", "there/b.tif"]));
    }

    #[test]
    fn a_secret_of_an_address_stands_nowhere_and_the_manifest_tells_its_own_digest() {
        let mut manifest = manifest("here");
        let reason = "link 'https://x.cn/a.tif?sig=CANARY' lies on a server".to_owned();
        manifest.skipped = vec![Skipped { file: "i.json".to_owned(), reason }];
        manifest.run.command = vec!["--ledger".to_owned(), "postgresql://li:CANARY@host/d".to_owned()];
        let text = published(&manifest).to_string();
        assert!(
            !text.contains("CANARY") && text.contains("sig=***") && text.contains("li:***@host"),
            "{text}"
        );
        let text = format!("{:#}\n", published(&manifest));
        assert_eq!(itself::check(text.as_bytes()), itself::Own::Holds);
    }

    #[test]
    fn time_and_host_change_nothing_but_the_run_block() {
        let (mut here, mut there) = (published(&manifest("here")), published(&manifest("there")));
        assert_ne!(here["run"], there["run"]);
        here["run"] = Value::Null;
        there["run"] = Value::Null;
        assert_eq!(here, there);
    }
}
