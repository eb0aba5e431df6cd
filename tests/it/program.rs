//! The built program as a user starts it, and what it leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use geo::{LineString, MultiPolygon, Polygon};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::world::{BASELINE, Drawn, TARGET};

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The program without the caller's locale, zone and settings.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
    for key in ["LC_ALL", "LANG", "LANGUAGE", "TZ", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT"]
    {
        command.env_remove(key);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A shell that runs words, with a folder first on its path.
///
/// The shell sets the path itself: a `PATH` in the environment of a [`Command`] makes the standard library fork, and a fork of
/// a process whose other threads draw scenes may wait for ever for a lock of PROJ, which takes its locks in the child.
pub fn shell(first: &Path, words: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("export PATH=\"$0:$PATH\"; {words}")).arg(first).stdin(Stdio::null());
    command
}

/// Rounds of a test that may go on for long: few on every change, all in `scripts/test-long`.
pub fn rounds(few: usize, all: usize) -> usize {
    if std::env::var_os("STEPPEWATCH_LONG").is_some() { all } else { few }
}

/// Runs the program with arguments.
pub fn run(args: &[&str]) -> Ended {
    ended(program().args(args))
}

/// A scan of a drawn world, ready to be changed and started.
pub struct Scan {
    pub scenes: PathBuf,
    pub redlines: PathBuf,
    pub periods: Option<(String, String)>,
    pub out: PathBuf,
    pub more: Vec<String>,
    pub environment: Vec<(String, String)>,
}

impl Scan {
    pub fn of(drawn: &Drawn) -> Self {
        Self {
            scenes: drawn.path("scenes"),
            redlines: drawn.path("redline.geojson"),
            periods: Some((BASELINE.to_owned(), TARGET.to_owned())),
            out: drawn.path("out"),
            more: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub fn scenes(mut self, path: impl Into<PathBuf>) -> Self {
        self.scenes = path.into();
        self
    }

    pub fn redlines(mut self, path: impl Into<PathBuf>) -> Self {
        self.redlines = path.into();
        self
    }

    pub fn periods(mut self, baseline: &str, target: &str) -> Self {
        self.periods = Some((baseline.to_owned(), target.to_owned()));
        self
    }

    pub fn out(mut self, path: impl Into<PathBuf>) -> Self {
        self.out = path.into();
        self
    }

    /// More arguments, separated by blanks.
    pub fn with(mut self, args: &str) -> Self {
        self.more.extend(args.split_whitespace().map(str::to_owned));
        self
    }

    pub fn environment(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Another verb that is asked about the same inputs: `check`, `trace`.
    pub fn verb(&self, verb: &str) -> Command {
        let mut command = program();
        command.arg(verb).arg("--scenes").arg(&self.scenes).arg("--redlines").arg(&self.redlines);
        if let Some((baseline, target)) = &self.periods {
            command.args(["--baseline", baseline, "--target", target]);
        }
        command
    }

    pub fn command(&self) -> Command {
        let mut command = self.verb("scan");
        command.arg("--out").arg(&self.out).args(&self.more);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command
    }

    pub fn run(&self) -> Ended {
        ended(&mut self.command())
    }

    /// Runs to a published end.
    pub fn published(&self) -> Published {
        let ended = self.run();
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        Published { code: ended.code.unwrap_or_default(), out: self.out.clone() }
    }

    /// Runs to a refusal and returns its words. Whatever was refused, nothing lies around.
    pub fn refused(&self) -> String {
        let before = beside(&self.out);
        let ended = self.run();
        assert!(matches!(ended.code, Some(1 | 2)), "{:?}: {}", ended.code, ended.stderr);
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
        assert_eq!(beside(&self.out), before, "rubbish was left: {}", ended.stderr);
        ended.stderr
    }
}

/// Names in the folder in which an output would lie.
pub fn beside(out: &Path) -> Vec<String> {
    let entries = fs::read_dir(out.parent().unwrap()).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A text holds every one of these words; the whole text is shown when not.
#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "'{word}' is missing in:\n{text}");
    }
}

/// A published output folder.
pub struct Published {
    pub code: i32,
    pub out: PathBuf,
}

/// A lead as far as the tests look at it.
#[derive(Debug, Clone)]
pub struct Lead {
    pub properties: Value,
    pub outline: MultiPolygon<f64>,
}

impl Lead {
    pub fn text(&self, key: &str) -> &str {
        self.properties[key].as_str().unwrap_or_default()
    }
}

impl Published {
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.out.join(name)).unwrap()).unwrap()
    }

    pub fn leads(&self) -> Vec<Lead> {
        features(&self.json("leads.geojson"))
    }

    pub fn suppressed(&self) -> Vec<Lead> {
        features(&self.json("suppressed.geojson"))
    }

    pub fn gaps(&self) -> Vec<Lead> {
        features(&self.json("gaps.geojson"))
    }

    /// SHA-256 of every file by its name; of the manifest without what belongs to the run.
    pub fn hashes(&self) -> BTreeMap<String, String> {
        let mut hashes = BTreeMap::new();
        let mut folders = vec![self.out.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&self.out).unwrap().to_string_lossy().into_owned();
                let mut bytes = fs::read(&path).unwrap();
                if name == "manifest.json" {
                    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
                    manifest.as_object_mut().unwrap().remove("run").unwrap();
                    bytes = manifest.to_string().into_bytes();
                }
                hashes.insert(name, sha256(&bytes));
            }
        }
        hashes
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn features(collection: &Value) -> Vec<Lead> {
    assert_eq!(collection["type"], "FeatureCollection");
    let lead = |feature: &Value| {
        let geometry = &feature["geometry"];
        let outline = match geometry["type"].as_str() {
            Some("Polygon") => MultiPolygon(vec![polygon(&geometry["coordinates"])]),
            Some("MultiPolygon") => {
                MultiPolygon(geometry["coordinates"].as_array().unwrap().iter().map(polygon).collect())
            }
            other => panic!("a geometry of type {other:?}"),
        };
        Lead { properties: feature["properties"].clone(), outline }
    };
    collection["features"].as_array().unwrap().iter().map(lead).collect()
}

fn polygon(rings: &Value) -> Polygon<f64> {
    let ring = |ring: &Value| -> LineString<f64> {
        let point = |point: &Value| (point[0].as_f64().unwrap(), point[1].as_f64().unwrap());
        ring.as_array().unwrap().iter().map(point).collect()
    };
    let mut rings = rings.as_array().unwrap().iter().map(ring);
    Polygon::new(rings.next().unwrap(), rings.collect())
}
