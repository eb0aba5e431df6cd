//! `manifest reproduce`: the run once more, byte for byte.

use std::path::PathBuf;

use anyhow::{Error, Result};
use clap::Args;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::scan::cores;
use crate::cli::show::{self, Bar};
use crate::plan::PlanFile;
use crate::provenance::Manifest;
use crate::run::reproduce::{ReproduceError, Reproduced, reproduce};

/// Files that are told with what differs in them.
const MOST_FILES: usize = 20;

/// Arguments of `manifest reproduce`. Inputs are looked for where the manifest says, unless a flag says where they lie now.
#[derive(Debug, Args)]
pub struct Reproduce {
    /// The folder that a scan wrote
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Where the new result stays; taken away at the end unless given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the scenes lie now
    #[arg(long, value_name = "DIR")]
    scenes: Option<PathBuf>,
    /// Where the red-line layers lie now, in their order
    #[arg(long, value_name = "FILE", num_args = 1..)]
    redlines: Vec<PathBuf>,
    /// Where the permit layers lie now
    #[arg(long, value_name = "FILE", num_args = 1..)]
    permits: Vec<PathBuf>,
    /// Where the land-use layers lie now
    #[arg(long, value_name = "FILE", num_args = 1..)]
    landuse: Vec<PathBuf>,
    /// Where the burn scars lie now
    #[arg(long, value_name = "FILE", num_args = 1..)]
    burns: Vec<PathBuf>,
    /// Where the decided cases lie now
    #[arg(long, value_name = "FILE", num_args = 1..)]
    cases: Vec<PathBuf>,
    /// Where the verified leads lie now
    #[arg(long, value_name = "FILE", num_args = 1..)]
    verified: Vec<PathBuf>,
    /// The comparison as JSON to stdout
    #[arg(long)]
    json: bool,
}

impl Reproduce {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let manifest = Manifest::read(&self.run)?;
        let mut moved = PlanFile::default();
        moved.inputs.scenes = self.scenes;
        moved.inputs.redlines = self.redlines;
        moved.inputs.permits = self.permits;
        moved.inputs.landuse = self.landuse;
        moved.inputs.burns = self.burns;
        moved.inputs.cases = self.cases;
        moved.inputs.verified = self.verified;
        let bar = Bar::new();
        let command = std::env::args().collect();
        let done = reproduce(&manifest, (moved, cores()), self.out.as_deref(), (command, &bar));
        let done = done.map_err(|error| match error {
            // A wrong plan is told as one, whichever verb meets it.
            ReproduceError::Run(error) => Error::from(*error),
            other => other.into(),
        })?;
        bar.finish();
        let exit = if done.identical() == done.pairs.len() { Exit::Complete } else { Exit::Failed };
        if self.json {
            let pair = |pair: &crate::provenance::compare::Pair| json!({"file": pair.file, "identical": pair.is_same, "differs": pair.words});
            let whole = json!({
                "identical": done.identical(), "of": done.pairs.len(), "same_result": done.is_same_result,
                "files": done.pairs.iter().map(pair).collect::<Vec<_>>(), "causes": done.causes, "notes": done.notes,
            });
            show::data(&whole.to_string());
        } else {
            tell(&done);
        }
        Ok(exit)
    }
}

fn tell(done: &Reproduced) {
    for note in &done.notes {
        show::say(&format!("note: {note}"));
    }
    let differ: Vec<_> = done.pairs.iter().filter(|pair| !pair.is_same).collect();
    for pair in differ.iter().take(MOST_FILES) {
        show::data(&show::plain(&format!("differs {}", pair.file)));
        for words in &pair.words {
            show::data(&show::plain(&format!("  {words}")));
        }
    }
    if differ.len() > MOST_FILES {
        show::data(&format!("and {} more files", differ.len() - MOST_FILES));
    }
    if !differ.is_empty() {
        show::data("what the two stand on and is not the same:");
        for cause in &done.causes {
            show::data(&show::plain(&format!("  {cause}")));
        }
        if done.causes.is_empty() {
            show::data("  nothing that the manifests show: please report it, with both folders");
        }
    }
    show::data(&format!("identical {} of {}", done.identical(), done.pairs.len()));
    if differ.is_empty() && !done.causes.is_empty() {
        show::say("the bytes are the same although not everything is that they stand on:");
        for cause in &done.causes {
            show::say(&show::plain(&format!("  {cause}")));
        }
    }
}
