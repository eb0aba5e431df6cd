//! `init`: a commented plan.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::show;

/// The plan with every key, filled in where a folder is given.
const TEMPLATE: &str = include_str!("init.toml");

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of scenes to write into the plan
    #[arg(long, value_name = "DIR")]
    scenes: Option<PathBuf>,
    /// Red-line layers to write into the plan
    #[arg(long, value_name = "FILE", num_args = 1..)]
    redlines: Vec<PathBuf>,
    /// Where to write the plan; `-` for stdout
    #[arg(long, default_value = "plan.toml")]
    plan: PathBuf,
}

impl Init {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let quoted = |path: &PathBuf| toml::Value::String(path.display().to_string()).to_string();
        let mut text = TEMPLATE.to_owned();
        if let Some(scenes) = &self.scenes {
            text = text.replace("\"scenes\"", &quoted(scenes));
        }
        if !self.redlines.is_empty() {
            let list: Vec<String> = self.redlines.iter().map(quoted).collect();
            text = text.replace("[\"redlines.geojson\"]", &format!("[{}]", list.join(", ")));
        }
        if self.plan.as_os_str() == "-" {
            show::data(text.trim_end());
            return Ok(Exit::Complete);
        }
        if self.plan.exists() {
            bail!("{} exists; give another name with --plan", self.plan.display());
        }
        std::fs::write(&self.plan, text).with_context(|| format!("cannot write {}", self.plan.display()))?;
        show::say(&format!("wrote {}; next: steppewatch check {0}", self.plan.display()));
        Ok(Exit::Complete)
    }
}
