//! A run once more, from what its manifest says: the same bytes, or exactly what differs.
//!
//! In:  a manifest, and where inputs lie now if they were moved. Out: a new folder, and a comparison file by file.
//! Law: it runs on the inputs of the run and on nothing else: an input that is gone or has other bytes ends it before anything
//!      is read, and scenes that came since stay aside. Nights of a watch and shards that were put together are runs like any
//!      other: their bytes are those of one scan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use crate::plan::{Plan, PlanFile, resolve};
use crate::provenance::causes::causes;
use crate::provenance::compare::{Pair, compare};
use crate::provenance::verify::{Asked, Verdict, What, verify};
use crate::provenance::{Kind, Manifest, ProvenanceError};
use crate::publish::Staging;
use crate::publish::digest::Digests;
use crate::publish::manifest::Input;
use crate::read::apart::{self, PATIENCE};
use crate::read::{ReadError, SetAside};
use crate::run::inputs::{self, Inputs};
use crate::run::trace::unique_folder;
use crate::run::{Progress, RunError, find, outputs, published};

/// A run that cannot be repeated.
#[derive(Debug, Error)]
pub enum ReproduceError {
    /// A folder that no scan wrote.
    #[error("{}: holds a {kind}, and a scan is what can be repeated from a manifest alone; {next}", .path.display())]
    Kind {
        /// The manifest.
        path: PathBuf,
        /// What wrote it.
        kind: &'static str,
        /// How it is made again.
        next: &'static str,
    },
    /// A manifest that was edited, or says no plan.
    #[error("{}: {reason}; a run is repeated from the manifest that it wrote", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Inputs that are not those of the run.
    #[error(
        "{} of {of} inputs are not those of the run, and nothing was read:\n  {}\ngive them as they were; --scenes, --redlines and \
         the other flags say where they lie now", .faults.len(), .faults[..(.faults.len().min(MOST_TOLD))].join("\n  ")
    )]
    Inputs {
        /// Each with what is wrong.
        faults: Vec<String>,
        /// Inputs of the run.
        of: usize,
    },
    /// A folder that must stay.
    #[error("{}: is the run itself, or lies in it; give --out another folder", .path.display())]
    Out {
        /// The folder.
        path: PathBuf,
    },
    /// The new manifest.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// The run.
    #[error(transparent)]
    Run(Box<RunError>),
}

impl From<RunError> for ReproduceError {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

/// Inputs that are told by name.
const MOST_TOLD: usize = 10;

/// A run that was repeated.
#[derive(Debug)]
pub struct Reproduced {
    /// Every file of either result.
    pub pairs: Vec<Pair>,
    /// What the two stand on and is not the same.
    pub causes: Vec<String>,
    /// Whether the digests of both results are the same.
    pub is_same_result: bool,
    /// What the reader must know.
    pub notes: Vec<String>,
}

impl Reproduced {
    /// Files that are the same byte for byte.
    pub fn identical(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.is_same).count()
    }
}

/// Repeats a run. `moved` says where inputs lie now; without `out` the new folder is taken away at the end.
///
/// # Errors
/// `Kind`, `Manifest`, `Inputs`, and those of a scan; nothing is left behind then.
pub fn reproduce(
    manifest: &Manifest,
    (moved, cores): (PlanFile, usize),
    out: Option<&Path>,
    (command, progress): (Vec<String>, &dyn Progress),
) -> Result<Reproduced, ReproduceError> {
    can_be(manifest)?;
    let scratch = if out.is_none() { Some(unique_folder()?) } else { None };
    let target = match (out, &scratch) {
        (Some(out), _) => out.to_owned(),
        (None, Some(scratch)) => scratch.join("again"),
        (None, None) => PathBuf::from("again"),
    };
    let done =
        plan(manifest, moved, (&target, cores)).and_then(|plan| again(manifest, &plan, (command, progress)));
    if let Some(scratch) = scratch {
        // What cannot be taken away is untidy and no reason to fail.
        let _ = std::fs::remove_dir_all(scratch);
    }
    done
}

/// Whether a scan wrote it, and nobody edited what it says.
fn can_be(manifest: &Manifest) -> Result<(), ReproduceError> {
    let next = match manifest.kind {
        Kind::Run => {
            let items = verify(
                &Manifest { inputs: Vec::new(), outputs: Vec::new(), ..manifest.clone() },
                &Asked::default(),
            );
            let own =
                items.iter().find(|item| item.what == What::Manifest && item.verdict == Verdict::Changed);
            return match own {
                None => Ok(()),
                Some(item) => {
                    Err(ReproduceError::Manifest { path: manifest.path(), reason: item.words.clone() })
                }
            };
        }
        Kind::LookAgain => {
            "its leads stand in a ledger or a layer: run `steppewatch look-again` with them again"
        }
        Kind::Report => "make it again from the run with `steppewatch report`",
        Kind::Package => "make it again from the ledger with `steppewatch leads package`",
    };
    Err(ReproduceError::Kind { path: manifest.path(), kind: manifest.kind.name(), next })
}

/// The plan of the run, with what it decided spelled out and inputs where they lie now.
fn plan(manifest: &Manifest, moved: PlanFile, (out, cores): (&Path, usize)) -> Result<Plan, ReproduceError> {
    let wrong = |reason: String| ReproduceError::Manifest { path: manifest.path(), reason };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute(out).starts_with(absolute(&manifest.folder)) {
        return Err(ReproduceError::Out { path: out.to_owned() });
    }
    let file: PlanFile = serde_json::from_value(manifest.value["run"]["plan"].clone())
        .map_err(|error| wrong(format!("does not tell the plan ({error})")))?;
    let mut file = file.overridden_by(moved);
    let decided = |name: &str| manifest.value["result"]["plan"]["decided"][name].as_str().map(str::to_owned);
    (file.dates.baseline, file.dates.target) = (decided("baseline"), decided("target"));
    file.model.register = decided("register").or(file.model.register);
    file.outputs.out = Some(out.to_owned());
    let plan = resolve(file, cores).map_err(|error| wrong(error.to_string()))?;
    apart::decide(plan.isolate, PATIENCE);
    let written =
        manifest.inputs.iter().find(|input| input.role == "plan").and_then(|input| input.path.clone());
    Ok(Plan { written: written.filter(|path| path.is_file()), ..plan })
}

/// Gathers the inputs of the run, carries it out and compares.
fn again(
    manifest: &Manifest,
    plan: &Plan,
    (command, progress): (Vec<String>, &dyn Progress),
) -> Result<Reproduced, ReproduceError> {
    let started = Timestamp::now();
    let (inputs, notes) = gathered(manifest, plan)?;
    let staging = Staging::begin(&plan.out).map_err(RunError::from)?;
    let found = find(plan, &inputs, &staging.path(""), progress)?;
    let (_, _, out) = published(plan, inputs, found, (staging, started, command), progress)?;
    let new = Manifest::read(&out)?;
    let is_same_result = manifest.text("result_sha256") == new.text("result_sha256");
    Ok(Reproduced { pairs: compare(manifest, &out), causes: causes(manifest, &new), is_same_result, notes })
}

/// The inputs of the run and no others, with what the reader must know.
fn gathered(manifest: &Manifest, plan: &Plan) -> Result<(Inputs, Vec<String>), ReproduceError> {
    let known = |list: &str, key: &str| -> BTreeSet<String> {
        let all = manifest.value["result"][list].as_array().into_iter().flatten();
        all.filter_map(|one| one[key].as_str().map(str::to_owned)).collect()
    };
    let (skipped, seen) = (known("skipped", "file"), known("scenes", "id"));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut undecoded = SetAside::new();
    let (mut set_aside, mut digests, mut came) = (SetAside::new(), Digests::default(), BTreeSet::new());
    loop {
        let mut inputs = match inputs::gather_without(plan, &set_aside, digests) {
            Err(RunError::Read(error)) => match error.file() {
                // A night of a watch set it aside as well.
                Some(file) if skipped.contains(&name(file)) && !set_aside.contains_key(file) => {
                    if let ReadError::Decoder { reason, .. } = &error {
                        undecoded.insert(file.to_owned(), reason.clone());
                    }
                    set_aside.insert(file.to_owned(), error.to_string());
                    digests = Digests::default();
                    continue;
                }
                _ => return Err(RunError::Read(error).into()),
            },
            other => other?,
        };
        let files = outputs::input_files(plan, &inputs)?;
        let new: Vec<&Input> =
            files.iter().filter(|file| file.role == "scene" && !is_named(manifest, file)).collect();
        if new.is_empty() {
            check(manifest, &files)?;
            // What came since the run plays no part in its manifest either.
            inputs.skipped.retain(|(path, _)| skipped.contains(&name(path)));
            inputs.unused.retain(|scene| seen.contains(&scene.id));
            inputs.set_undecoded(&undecoded);
            return Ok((inputs, notes(manifest, &files, &came)));
        }
        for file in new {
            came.insert(file.file.clone());
            set_aside.insert(file.path.clone(), "came after the run".to_owned());
        }
        digests = Digests::new(inputs.digests.all());
    }
}

fn is_named(manifest: &Manifest, file: &Input) -> bool {
    manifest.inputs.iter().any(|input| input.role == file.role && input.file == file.file)
}

fn notes(manifest: &Manifest, files: &[Input], came: &BTreeSet<String>) -> Vec<String> {
    let mut notes = Vec::new();
    if !came.is_empty() {
        let first: Vec<&str> = came.iter().take(3).map(String::as_str).collect();
        notes.push(format!(
            "{} files of scenes came after the run and stay aside: {} ...",
            came.len(),
            first.join(", ")
        ));
    }
    if manifest.inputs.iter().any(|input| input.role == "plan")
        && files.iter().all(|file| file.role != "plan")
    {
        notes.push("the plan file is not at hand; the manifest holds the plan as it was resolved".to_owned());
    }
    notes
}

/// Whether the files are those that the manifest states; a plan file may be gone, as the manifest holds what it said.
fn check(manifest: &Manifest, files: &[Input]) -> Result<(), ReproduceError> {
    let mut left: Vec<&Input> = files.iter().collect();
    let mut faults = Vec::new();
    for stated in &manifest.inputs {
        let is_named = |file: &&Input| file.role == stated.role && file.file == stated.file;
        if let Some(at) = left.iter().position(|file| is_named(file) && file.sha256 == stated.sha256) {
            left.swap_remove(at);
            continue;
        }
        let there = files.iter().find(|file| is_named(file));
        match there {
            Some(file) => faults.push(format!(
                "{} {}: changed: states {} bytes, SHA-256 {}, has {} bytes, {} ({})",
                stated.role,
                stated.file,
                stated.size,
                stated.sha256,
                file.size,
                file.sha256,
                file.path.display()
            )),
            None if stated.role == "plan" => {}
            None => faults.push(format!("{} {}: absent", stated.role, stated.file)),
        }
    }
    let more = left.iter().filter(|file| !is_named(manifest, file));
    faults.extend(more.map(|file| format!("{} {}: the run did not read it", file.role, file.file)));
    match faults.is_empty() {
        true => Ok(()),
        false => Err(ReproduceError::Inputs { faults, of: manifest.inputs.len() }),
    }
}
