//! The job folder: what every shard must agree on.
//!
//! In:  a plan and its inputs. Out: `plan.toml` (the plan with absolute paths), `job.json` (program, input files, shards) and,
//!      of two dates, `survey` (what is normal between them); and the same read back, with the inputs looked at again.
//! Law: `job.json` is written last, and its SHA-256 is the fingerprint that every part carries; a scene is known by name, size
//!      and time of its last change (in seconds: file systems keep no more alike), everything else by its SHA-256.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bucket::Address;
use crate::detect::pair::PairModel;
use crate::plan::file::Machine;
use crate::plan::{self, Plan, PlanFile};
use crate::publish::digest::Digests;
use crate::publish::{PublishError, digest, single};
use crate::read;
use crate::read::apart::{self, PATIENCE};
use crate::redline::named;
use crate::run::inputs::{self, Inputs};
use crate::run::pair::Survey;
use crate::run::shards::ShardError;
use crate::run::shards::cut::Shard;
use crate::run::{RunError, outputs};

/// Name of the file that makes a folder a job.
const JOB: &str = "job.json";
/// Name of the plan in it.
const PLAN: &str = "plan.toml";
/// Name of what was learned of two dates.
const SURVEY: &str = "survey";
/// Everything that a job folder may hold before `job.json`.
const OWN: [&str; 3] = [PLAN, SURVEY, "parts"];

/// What `job.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Program and libraries that planned it.
    pub program: String,
    /// The plan file that was given, for the manifest.
    pub written: Option<PathBuf>,
    /// SHA-256 of `plan.toml`.
    pub plan_sha256: String,
    /// SHA-256 of `survey`, of two dates.
    pub survey_sha256: Option<String>,
    /// The grid in words.
    pub grid: String,
    /// Every file that the run stands on, in order of role and path.
    pub files: Vec<Known>,
    /// The shards.
    pub shards: Vec<Shard>,
}

/// By what an input file is known again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// `scene`, `skipped`, `stac`, `metadata`, `redlines`, `permits`, `cases`, `landuse`, `burns`, `verified`, `plan`.
    pub role: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Time of the last change in seconds since 1970, of scenes.
    pub modified: Option<i64>,
    /// SHA-256, of everything else; of an object in storage the ETag beside the time.
    pub sha256: Option<String>,
}

/// A job that was read and whose inputs are those that were planned with.
pub struct Opened {
    /// What `job.json` says.
    pub job: Job,
    /// SHA-256 of `job.json`.
    pub fingerprint: String,
    /// The plan.
    pub plan: Plan,
    /// Its inputs.
    pub inputs: Inputs,
    /// What was learned of two dates; `None` for a series.
    pub survey: Option<Survey>,
}

/// What reads, transforms and judges: the same on every machine of a job.
pub fn program() -> String {
    let libraries = read::libraries().into_iter().map(|(name, version)| format!("{name} {version}"));
    let own = format!("steppewatch {}", env!("CARGO_PKG_VERSION"));
    std::iter::once(own).chain(libraries).collect::<Vec<_>>().join(", ")
}

/// Writes a job folder; the same job may be planned again and keeps its parts. Returns what `job.json` says.
pub fn write(
    folder: &Path,
    (file, plan, inputs): (&PlanFile, &Plan, &Inputs),
    survey: Option<&Survey>,
    shards: Vec<Shard>,
) -> Result<Job, RunError> {
    let taken = |reason: &str| ShardError::Taken { path: folder.to_owned(), reason: reason.to_owned() };
    let unwritable = |reason: String| ShardError::Unwritable { reason };
    let text = toml::to_string(file).map_err(|error| unwritable(error.to_string()))?;
    let learned = survey.map(|survey| postcard::to_allocvec(&(&survey.model, &survey.summary)));
    let learned = learned.transpose().map_err(|error| unwritable(error.to_string()))?;
    let job = Job {
        program: program(),
        written: plan.written.clone(),
        plan_sha256: digest::of_bytes(text.as_bytes()),
        survey_sha256: learned.as_deref().map(digest::of_bytes),
        grid: inputs.grid.to_string(),
        files: files(plan, inputs)?,
        shards,
    };
    let mut json = serde_json::to_string_pretty(&job).map_err(|error| unwritable(error.to_string()))?;
    json.push('\n');
    match fs::read(folder.join(JOB)) {
        Ok(there) if there == json.as_bytes() => return Ok(job),
        Ok(_) => return Err(taken("it holds another job").into()),
        Err(_) => {}
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !OWN.contains(&name.as_str()) && !single::is_partial(&name) {
            return Err(taken(&format!("it holds '{name}' and no job")).into());
        }
    }
    let parts = folder.join("parts");
    fs::create_dir_all(&parts).map_err(|source| PublishError::io("make folder", &parts, source))?;
    single::write(&folder.join(PLAN), text.as_bytes())?;
    if let Some(learned) = learned {
        single::write(&folder.join(SURVEY), &learned)?;
    }
    single::write(&folder.join(JOB), json.as_bytes())?;
    Ok(job)
}

/// Reads `job.json` alone: what it says, and its fingerprint.
pub fn read(folder: &Path) -> Result<(Job, String), RunError> {
    let no_job = |reason: String| ShardError::NoJob { path: folder.to_owned(), reason };
    let bytes = fs::read(folder.join(JOB)).map_err(|error| {
        no_job(match error.kind() {
            ErrorKind::NotFound => format!("it has no {JOB}"),
            _ => format!("{JOB} cannot be read: {error}"),
        })
    })?;
    // The program comes first: another one may write another job.
    let any: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| no_job(format!("{JOB} is no JSON: {error}")))?;
    let planned = any["program"].as_str().unwrap_or("another program").to_owned();
    if planned != program() {
        return Err(ShardError::OtherProgram { planned, found: program() }.into());
    }
    let job: Job =
        serde_json::from_slice(&bytes).map_err(|error| no_job(format!("{JOB} is no job: {error}")))?;
    if job.shards.is_empty() {
        return Err(no_job(format!("{JOB} has no shard")).into());
    }
    Ok((job, digest::of_bytes(&bytes)))
}

/// Opens a job on this machine: its plan is resolved, its inputs are gathered and must be those that were planned with.
pub fn open(folder: &Path, (machine, cores): (&Machine, usize)) -> Result<Opened, RunError> {
    let (job, fingerprint) = read(folder)?;
    whole(&folder.join(PLAN), &job.plan_sha256, folder)?;
    let flags = PlanFile { machine: machine.clone(), ..PlanFile::default() };
    let file = PlanFile::read(&folder.join(PLAN))?.overridden_by(flags);
    let plan = Plan { written: job.written.clone(), ..plan::resolve(file, cores)? };
    apart::decide(plan.isolate, PATIENCE);
    let inputs = inputs::gather(&plan)?;
    unchanged(&job.files, &files(&plan, &inputs)?)?;
    let survey = match &job.survey_sha256 {
        None => None,
        Some(expected) => {
            let bytes = whole(&folder.join(SURVEY), expected, folder)?;
            let (model, summary): (Option<PairModel>, String) =
                postcard::from_bytes(&bytes).map_err(|error| ShardError::NoJob {
                    path: folder.to_owned(),
                    reason: format!("{SURVEY} cannot be read: {error}"),
                })?;
            Some(Survey::of(&inputs, model, summary))
        }
    };
    Ok(Opened { job, fingerprint, plan, inputs, survey })
}

/// The bytes of a file of the job, which must be those that were written.
fn whole(path: &Path, expected: &str, folder: &Path) -> Result<Vec<u8>, RunError> {
    let bytes = fs::read(path).map_err(|source| PublishError::io("read", path, source))?;
    if digest::of_bytes(&bytes) == expected {
        return Ok(bytes);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let reason = format!("{name} is not the file that was planned with");
    Err(ShardError::NoJob { path: folder.to_owned(), reason }.into())
}

/// Every file that a run stands on.
fn files(plan: &Plan, inputs: &Inputs) -> Result<Vec<Known>, RunError> {
    let mut files = Vec::new();
    let bands = |scene: &crate::scene::Scene| {
        scene.bands.values().map(|band| read::file(&band.path)).collect::<Vec<PathBuf>>()
    };
    let aside = inputs.registration.aside.iter().map(|(scene, _)| scene);
    for path in inputs.scenes.iter().chain(&inputs.unused).chain(aside).flat_map(bands) {
        files.push(by_time("scene", &path, &inputs.digests)?);
    }
    for (path, _) in &inputs.skipped {
        files.push(by_time("skipped", path, &inputs.digests)?);
    }
    for path in &inputs.described {
        files.push(by_digest(outputs::role(path), path)?);
    }
    let context = plan.context().map(|(role, paths)| (role.name(), paths));
    let own = [("redlines", plan.redlines.as_slice()), ("verified", plan.verified.as_slice())];
    for (role, paths) in own.into_iter().chain(context) {
        for path in paths.iter().flat_map(|path| named::parts(path)) {
            files.push(by_digest(role, &path)?);
        }
    }
    if let Some(path) = &plan.written {
        files.push(by_digest("plan", path)?);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn by_time(role: &str, path: &Path, digests: &Digests) -> Result<Known, RunError> {
    if let Some(address) = Address::of(path).map_err(PublishError::from)? {
        let object = digests.listed(path, &address).map_err(PublishError::from)?;
        let (role, path, modified) = (role.to_owned(), path.to_owned(), Some(object.modified));
        return Ok(Known {
            role,
            path,
            size: object.size,
            modified,
            sha256: Some(format!("ETag {}", object.etag)),
        });
    }
    let metadata = fs::metadata(path).map_err(|source| PublishError::io("look at", path, source))?;
    let (size, modified) = (metadata.len(), Some(metadata.mtime()));
    Ok(Known { role: role.to_owned(), path: path.to_owned(), size, modified, sha256: None })
}

fn by_digest(role: &str, path: &Path) -> Result<Known, RunError> {
    let (size, sha256) = digest::of_file(path)?;
    let sha256 = Some(sha256);
    Ok(Known { role: role.to_owned(), path: path.to_owned(), size, modified: None, sha256 })
}

/// Whether the files are those that were planned with; the first difference by path is told.
fn unchanged(planned: &[Known], found: &[Known]) -> Result<(), ShardError> {
    if planned == found {
        return Ok(());
    }
    let by_path = |files: &[Known]| -> BTreeMap<(PathBuf, String), Known> {
        files.iter().map(|file| ((file.path.clone(), file.role.clone()), file.clone())).collect()
    };
    let (planned, found) = (by_path(planned), by_path(found));
    let paths: std::collections::BTreeSet<_> = planned.keys().chain(found.keys()).collect();
    for key in paths {
        let reason = match (planned.get(key), found.get(key)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) if a.size != b.size => format!("its size went from {} to {} bytes", a.size, b.size),
            (Some(a), Some(b)) if a.modified != b.modified => {
                "it was written again or copied without its time (copy with `cp --preserve` or `rsync --times`)".to_owned()
            }
            (Some(_), Some(_)) => "its bytes changed".to_owned(),
            (Some(a), None) => format!("it is gone, or no {} any more,", a.role),
            (None, Some(b)) => format!("it came as a new file ({})", b.role),
            (None, None) => continue,
        };
        return Err(ShardError::Changed { path: key.0.clone(), reason });
    }
    Ok(())
}

/// The shard of that number.
pub fn shard_of(job: &Job, number: usize) -> Result<&Shard, ShardError> {
    job.shards.get(number).ok_or(ShardError::NoShard { number, shards: job.shards.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(path: &str, size: u64, modified: Option<i64>) -> Known {
        Known { role: "scene".into(), path: path.into(), size, modified, sha256: None }
    }

    #[test]
    fn an_input_that_changed_is_named_with_what_changed() {
        let planned = [known("a", 1, Some(5)), known("b", 2, Some(6))];
        assert!(unchanged(&planned, &planned.clone()).is_ok());
        let said = |found: &[Known]| unchanged(&planned, found).unwrap_err().to_string();
        assert!(
            said(&[known("a", 1, Some(5)), known("b", 3, Some(6))]).contains("b: its size went from 2 to 3")
        );
        assert!(said(&[known("a", 1, Some(7)), known("b", 2, Some(6))]).contains("a: it was written again"));
        assert!(said(&planned[..1]).contains("b: it is gone"));
        let more = [planned[0].clone(), planned[1].clone(), known("c", 1, None)];
        assert!(said(&more).contains("c: it came as a new file"));
    }

    #[test]
    fn a_folder_without_a_job_says_how_to_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let said = |folder: &Path| read(folder).unwrap_err().to_string();
        assert!(
            said(folder.path()).contains("no job.json") && said(folder.path()).contains("steppewatch plan")
        );
        fs::write(folder.path().join(JOB), b"{").unwrap();
        assert!(said(folder.path()).contains("no JSON"));
        fs::write(folder.path().join(JOB), br#"{"program":"steppewatch 9.9"}"#).unwrap();
        assert!(said(folder.path()).contains("planned by steppewatch 9.9"));
    }
}
