//! Whether a result is what its manifest says, where it came from, and why another one differs.
//!
//! In:  a folder that this program wrote, with its `manifest.json`; inputs as far as they are at hand.
//! Out: a verdict for every item (`verify`), what differs between two results and its likely cause (`compare`, `causes`), and
//!      the same facts as W3C PROV (`prov`).
//! Law: what is not at hand is absent and never intact; what a manifest does not say is unknown. A name in a manifest opens
//!      nothing outside its folder.

pub mod causes;
pub mod compare;
mod geopackage;
pub mod prov;
pub mod verify;

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use crate::publish::staging::MANIFEST;

/// A manifest that cannot be used.
#[derive(Debug, Error)]
pub enum ProvenanceError {
    /// There is none, or it cannot be read.
    #[error("{}: {reason}; give the folder that a scan, a look-again, a report or a package was written to", .path.display())]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
        /// What is there.
        reason: String,
    },
    /// It is not what this program writes.
    #[error("{}: expected {expected}, found {found}; the folder was not written by this program, or the manifest was changed", .path.display())]
    Form {
        /// The manifest.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

/// What wrote a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A scan, a night of a watch, or shards that were put together: their folders are the same byte by byte.
    Run,
    /// A look-again.
    LookAgain,
    /// A report.
    Report,
    /// A package for an agency.
    Package,
}

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Run => "run",
            Kind::LookAgain => "look-again",
            Kind::Report => "report",
            Kind::Package => "package",
        }
    }
}

/// One file as a manifest states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Of an input: what it was for. Empty of an output.
    pub role: String,
    /// Its name.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Of a layer: its features.
    pub features: Option<u64>,
    /// Of a file of a scene: which one.
    pub scene: Option<String>,
    /// Of an input: where it lay.
    pub path: Option<PathBuf>,
}

/// A manifest as it was read.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The folder.
    pub folder: PathBuf,
    /// What wrote it.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its value.
    pub value: Value,
    /// Files that were read.
    pub inputs: Vec<Stated>,
    /// Files that were written.
    pub outputs: Vec<Stated>,
}

impl Manifest {
    /// Reads the manifest of a folder; the manifest itself may be given too.
    ///
    /// # Errors
    /// `NoManifest`, `Form`.
    pub fn read(path: &Path) -> Result<Self, ProvenanceError> {
        let folder = match path.file_name() {
            Some(name) if name == MANIFEST => path.parent().unwrap_or(Path::new("")),
            _ => path,
        };
        let file = folder.join(MANIFEST);
        let bytes = fs::read(&file)
            .map_err(|error| ProvenanceError::NoManifest { path: file, reason: error.to_string() })?;
        Self::of(folder, bytes)
    }

    /// Reads the bytes of a manifest of a folder.
    ///
    /// # Errors
    /// `Form`.
    pub fn of(folder: &Path, bytes: Vec<u8>) -> Result<Self, ProvenanceError> {
        let wrong = |expected: &'static str, found: String| ProvenanceError::Form {
            path: folder.join(MANIFEST),
            expected,
            found,
        };
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|error| wrong("JSON", error.to_string()))?;
        let has = |key: &str| value.get(key).is_some();
        let kind = match value["result"]["plan"].get("look_again") {
            _ if has("package") => Kind::Package,
            _ if has("report") => Kind::Report,
            Some(_) => Kind::LookAgain,
            None if has("result") => Kind::Run,
            None => return Err(wrong("a result, a report or a package", "none".to_owned())),
        };
        let listed = if has("result") { &value["result"]["outputs"] } else { &value["files"] };
        let read = |list: &Value| -> Result<Vec<Stated>, ProvenanceError> {
            let list = list.as_array().ok_or_else(|| wrong("a list of files", "none".to_owned()))?;
            let line = |line: &Value| {
                stated(line).ok_or_else(|| wrong("file, size_bytes and sha256", line.to_string()))
            };
            list.iter().map(line).collect()
        };
        let outputs = read(listed)?;
        let mut inputs = if has("result") { read(&value["result"]["inputs"])? } else { Vec::new() };
        let paths = value["run"]["paths"].as_array().filter(|paths| paths.len() == inputs.len());
        for (input, path) in inputs.iter_mut().zip(paths.into_iter().flatten()) {
            input.path = path.as_str().map(PathBuf::from);
        }
        Ok(Self { folder: folder.to_owned(), kind, bytes, value, inputs, outputs })
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    /// Text at a place, `a/b/c`; empty where there is none.
    pub fn text(&self, at: &str) -> &str {
        self.value.pointer(&format!("/{at}")).and_then(Value::as_str).unwrap_or_default()
    }

    /// Names of libraries with their versions.
    pub fn libraries(&self) -> Vec<(String, String)> {
        let all = self.value["result"]["libraries"].as_object().into_iter().flatten();
        all.map(|(name, version)| (name.clone(), version.as_str().unwrap_or_default().to_owned())).collect()
    }
}

fn stated(line: &Value) -> Option<Stated> {
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    Some(Stated {
        role: text("role").unwrap_or_default(),
        file: text("file")?,
        size: line["size_bytes"].as_u64()?,
        sha256: text("sha256")?,
        features: line["features"].as_u64(),
        scene: text("scene"),
        path: None,
    })
}

/// Whether a name can be that of a file inside a folder.
pub fn is_inside(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}
