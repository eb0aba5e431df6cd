//! Every file of a folder against its manifest, and every input that is at hand.
//!
//! In:  a manifest; folders and files in which inputs lie now. Out: an item for each file, with its verdict and what differs.
//! Law: distinct verdicts, never one for another: what is gone is absent, what nobody listed is added, what cannot be told is
//!      unknown. A manifest that was changed together with its files, digests and all, looks intact from within: signatures and
//!      ledgers alone tell (`cli::manifest`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::bucket::address::is_address;
use crate::provenance::{Kind, Manifest, Stated, is_inside};
use crate::publish::digest::{self, Sums};
use crate::publish::manifest::digests_of_result;
use crate::publish::manifest::itself::{self, Own};
use crate::publish::staging::MANIFEST;

/// Larger files are no text.
const MOST_TEXT: u64 = 64 << 20;
/// Endings of files whose lines somebody may have ended in another way.
const TEXT: [&str; 12] =
    ["json", "geojson", "qml", "csv", "html", "txt", "xml", "kml", "gpx", "toml", "prj", "cpg"];
/// What databases leave beside a file that is open.
const OPEN: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is what the manifest says.
    Intact,
    /// It is there and is something else.
    Changed,
    /// It is not there.
    Absent,
    /// It is there and the manifest does not know it.
    Added,
    /// It cannot be told.
    Unknown,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 5] =
        [Verdict::Intact, Verdict::Changed, Verdict::Absent, Verdict::Added, Verdict::Unknown];

    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Intact => "intact",
            Verdict::Changed => "changed",
            Verdict::Absent => "absent",
            Verdict::Added => "added",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The manifest itself.
    Manifest,
    /// A file that was written.
    Output,
    /// A file that was read.
    Input,
    /// A signature on the manifest.
    Signature,
    /// A time stamp on the manifest.
    Stamp,
    /// What a ledger knows of the manifest.
    Ledger,
}

impl What {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            What::Manifest => "manifest",
            What::Output => "output",
            What::Input => "input",
            What::Signature => "signature",
            What::Stamp => "stamp",
            What::Ledger => "ledger",
        }
    }
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is.
    pub what: What,
    /// Of an input: what it was for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What differs, and what it may be; empty where nothing does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// SHA-256 of what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SM3 of what is there, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm3: Option<String>,
}

impl Item {
    /// An item of which only the verdict is known.
    pub fn new(what: What, name: impl Into<String>, verdict: Verdict, words: impl Into<String>) -> Self {
        let (name, words) = (name.into(), words.into());
        Self { what, role: String::new(), name, verdict, words, sha256: None, sm3: None }
    }
}

/// How it is looked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Files, and folders, in which inputs lie now; they go before where the manifest says.
    pub inputs: Vec<PathBuf>,
    /// Whether SM3 is told beside.
    pub with_sm3: bool,
    /// Whether inputs are left alone: an archive takes hours to read.
    pub only_outputs: bool,
}

/// Looks at every item: the manifest, outputs, inputs.
pub fn verify(manifest: &Manifest, asked: &Asked) -> Vec<Item> {
    let mut items = vec![of_itself(manifest, asked)];
    items.extend(outputs(manifest, asked));
    if !asked.only_outputs {
        items.extend(inputs(manifest, asked));
    }
    items
}

/// Whether the manifest is as it was written, as far as it can tell.
fn of_itself(manifest: &Manifest, asked: &Asked) -> Item {
    let item = |verdict: Verdict, words: String| Item {
        sha256: Some(digest::of_bytes(&manifest.bytes)),
        sm3: asked.with_sm3.then(|| digest::sm3_of_bytes(&manifest.bytes)),
        ..Item::new(What::Manifest, MANIFEST, verdict, words)
    };
    let of_result = match manifest.kind {
        Kind::Run | Kind::LookAgain => digests_of_result(&manifest.bytes),
        Kind::Report | Kind::Package => Ok(Default::default()),
    };
    let own = itself::check(&manifest.bytes);
    match (own, of_result) {
        (_, Err(error)) => item(Verdict::Changed, error),
        (Own::Differs { stated, found }, _) => {
            let of_lines = other_lines(&manifest.bytes);
            let is_lines = of_lines.iter().any(|bytes| itself::check(bytes) == Own::Holds);
            let why = if is_lines { "; its line endings were changed" } else { "" };
            item(Verdict::Changed, format!("its digest: states {stated}, has {found}: it was edited{why}"))
        }
        (_, Ok((stated, found))) if stated != found => {
            item(Verdict::Changed, format!("its result: states SHA-256 {stated}, has {found}: it was edited"))
        }
        (Own::Holds, Ok(_)) => item(Verdict::Intact, String::new()),
        // Every program that tells what it was made of tells the digest of the manifest too.
        (Own::None, Ok(_)) if manifest.value["generator"].get("source_sha256").is_some() => {
            item(Verdict::Changed, "the digest of itself was taken out of it".to_owned())
        }
        (Own::None, Ok(_)) => item(
            Verdict::Unknown,
            "an earlier program wrote it, which told no digest of the manifest itself".to_owned(),
        ),
    }
}

/// A text with its lines ended in the other ways.
fn other_lines(bytes: &[u8]) -> [Vec<u8>; 2] {
    let text: Vec<u8> = bytes
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte != b'\r' || bytes.get(at + 1) != Some(&b'\n'))
        .map(|(_, byte)| *byte)
        .collect();
    let carriage = text.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] });
    [carriage.collect(), text]
}

fn outputs(manifest: &Manifest, asked: &Asked) -> Vec<Item> {
    let (mut items, mut known) = (Vec::new(), BTreeSet::new());
    let (mut lost, mut by_digest) = (Vec::new(), BTreeMap::new());
    for stated in &manifest.outputs {
        by_digest.entry(stated.sha256.as_str()).or_insert(stated.file.as_str());
        let (item, is_twice) = (of_output(manifest, stated, asked), !known.insert(stated.file.as_str()));
        if item.verdict == Verdict::Absent {
            lost.push(stated);
        }
        items.push(match is_twice {
            true => {
                Item { verdict: Verdict::Changed, words: "the manifest lists it twice".to_owned(), ..item }
            }
            false => item,
        });
    }
    for item in items.iter_mut().filter(|item| item.verdict == Verdict::Changed) {
        let other = item.sha256.as_deref().and_then(|found| by_digest.get(found));
        if let Some(other) = other.filter(|other| **other != item.name) {
            item.words = format!("{}; it holds the bytes of {other}", item.words);
        }
    }
    for name in
        below(&manifest.folder).iter().filter(|name| *name != MANIFEST && !known.contains(name.as_str()))
    {
        let sums = digest::sums(&manifest.folder.join(name), asked.with_sm3).ok();
        let renamed = lost.iter().find(|lost| sums.as_ref().is_some_and(|sums| sums.sha256 == lost.sha256));
        let words = match renamed {
            Some(lost) => format!("the manifest does not list it; it holds the bytes of {}, which is absent: renamed?", lost.file),
            None if OPEN.iter().any(|end| name.ends_with(end)) => {
                "the manifest does not list it; a program that had the database open left it, and what it holds may change what \
                 is shown: close that program, and take it away".to_owned()
            }
            None => "the manifest does not list it".to_owned(),
        };
        items.push(of_sums(Item::new(What::Output, name, Verdict::Added, words), sums));
    }
    items
}

fn of_sums(item: Item, sums: Option<Sums>) -> Item {
    let (sha256, sm3) = sums.map_or((None, None), |sums| (Some(sums.sha256), sums.sm3));
    Item { sha256, sm3, ..item }
}

fn of_output(manifest: &Manifest, stated: &Stated, asked: &Asked) -> Item {
    let item = |verdict: Verdict, words: &str| Item::new(What::Output, &stated.file, verdict, words);
    if !is_inside(&stated.file) {
        return item(Verdict::Changed, "the manifest names no file of this folder; nothing was opened");
    }
    let path = manifest.folder.join(&stated.file);
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => item(Verdict::Absent, "it is gone"),
        Err(error) => item(Verdict::Unknown, &format!("cannot be looked at ({error})")),
        Ok(found) if !found.is_file() => item(Verdict::Changed, "it is a link or a folder, and was a file"),
        Ok(_) => compared(What::Output, &path, stated, asked),
    }
}

/// A file that is there, against what was stated.
fn compared(what: What, path: &Path, stated: &Stated, asked: &Asked) -> Item {
    let item = |verdict: Verdict, words: String| Item {
        role: stated.role.clone(),
        ..Item::new(what, &stated.file, verdict, words)
    };
    let sums = match digest::sums(path, asked.with_sm3) {
        Ok(sums) => sums,
        Err(error) => return item(Verdict::Unknown, error.to_string()),
    };
    if sums.size == stated.size && sums.sha256 == stated.sha256 {
        return of_sums(item(Verdict::Intact, String::new()), Some(sums));
    }
    let words = differs(path, stated, &sums);
    of_sums(item(Verdict::Changed, words), Some(sums))
}

/// What differs, in words.
fn differs(path: &Path, stated: &Stated, found: &Sums) -> String {
    if found.sha256 == stated.sha256 {
        return format!(
            "size: states {} bytes, has {}; SHA-256 is the same: the manifest was edited",
            stated.size, found.size
        );
    }
    let digests = format!("SHA-256: states {}, has {}", stated.sha256, found.sha256);
    let of_text = || {
        let is_text = path.extension().and_then(|end| end.to_str()).is_some_and(|end| TEXT.contains(&end));
        let bytes = (is_text && found.size <= MOST_TEXT).then(|| fs::read(path).ok()).flatten()?;
        let is_lines = other_lines(&bytes).iter().any(|bytes| digest::of_bytes(bytes) == stated.sha256);
        is_lines.then_some("; only its line endings were changed")
    };
    let longer = || {
        let more = found.size.checked_sub(stated.size).filter(|more| *more > 0 && found.size <= MOST_TEXT)?;
        let bytes = fs::read(path).ok()?;
        let begin = bytes.get(..usize::try_from(stated.size).ok()?)?;
        (digest::of_bytes(begin) == stated.sha256).then(|| format!("; {more} bytes were added at its end"))
    };
    let why = of_text().map(str::to_owned).or_else(longer).unwrap_or_default();
    match found.size == stated.size {
        true => format!("size is the same; {digests}{why}"),
        false => format!("size: states {} bytes, has {}; {digests}{why}", stated.size, found.size),
    }
}

fn inputs(manifest: &Manifest, asked: &Asked) -> Vec<Item> {
    let given = Given::of(&asked.inputs);
    let planned = Given::of(&planned(manifest));
    let one = |stated: &Stated| {
        let absent = |words: &str| Item {
            role: stated.role.clone(),
            ..Item::new(What::Input, &stated.file, Verdict::Absent, words)
        };
        let mut named = given.named(&stated.file);
        if named.is_empty() && stated.path.is_none() {
            named = planned.named(&stated.file);
        }
        // Files of several scenes may have one name: the one with the right bytes is it.
        let tried = named.iter().map(|path| compared(What::Input, path, stated, asked));
        let mut tried: Vec<Item> = tried.collect();
        tried.sort_by_key(|item| item.verdict);
        if let Some(best) = tried.into_iter().next() {
            return best;
        }
        match &stated.path {
            Some(path) if is_address(path) => Item {
                verdict: Verdict::Unknown,
                ..absent("it lies in object storage, which is not asked; give a copy of it with --inputs")
            },
            Some(path) if path.is_file() => compared(What::Input, path, stated, asked),
            _ => absent("it is not at hand; --inputs says where it lies now"),
        }
    };
    manifest.inputs.iter().map(one).collect()
}

/// Where the plan of a manifest says that inputs lie, for manifests of earlier programs, which do not say it of each file.
fn planned(manifest: &Manifest) -> Vec<PathBuf> {
    if manifest.inputs.iter().all(|input| input.path.is_some()) {
        return Vec::new();
    }
    let inputs = manifest.value["run"]["plan"]["inputs"].as_object().into_iter().flatten();
    let named = inputs.filter(|(name, _)| !["class", "band_order"].contains(&name.as_str()));
    let texts = named.flat_map(|(_, value)| match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        other => other.as_str().into_iter().collect(),
    });
    texts.map(PathBuf::from).filter(|path| !is_address(path) && path.exists()).collect()
}

/// Files by name, in places that were given.
pub struct Given {
    by_name: BTreeMap<String, Vec<PathBuf>>,
}

impl Given {
    /// Everything at or below the places.
    pub fn of(places: &[PathBuf]) -> Self {
        let mut by_name: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for place in places {
            let files = if place.is_dir() {
                below(place).into_iter().map(|name| place.join(name)).collect()
            } else {
                vec![place.clone()]
            };
            for file in files {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                by_name.entry(name).or_default().push(file);
            }
        }
        Self { by_name }
    }

    /// The files of a name that a manifest states, whatever folders stand before it.
    pub fn named(&self, file: &str) -> &[PathBuf] {
        let name = file.rsplit('/').next().unwrap_or(file);
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Names of everything below a folder that is no folder, sorted, with `/` between; links are not followed.
pub fn below(folder: &Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inside)).into_iter().flatten().flatten() {
            let path = inside.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else {
                names.push(path.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names
}

#[cfg(test)]
mod tests;
