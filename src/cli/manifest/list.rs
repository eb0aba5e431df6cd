//! `manifest list`: the list of electronic data of a run, as a page, a PDF or a table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::date::parse_date;
use crate::provenance::Manifest;
use crate::provenance::verify::{Asked, Verdict, What, verify};
use crate::publish::single;
use crate::report::Language;
use crate::report::dossier;
use crate::report::evidence_list::{List as Sheet, Sm3};
use crate::run::RunError;

/// Arguments of `manifest list`.
#[derive(Debug, Args)]
pub struct List {
    /// The folder that a scan wrote
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Whose words: zh, en or both
    #[arg(long = "lang", value_name = "LANG", default_value = "zh")]
    language: String,
    /// Files to make, by their endings: .html (a page to print), .pdf, .csv; CSV to standard output unless given
    #[arg(long, value_name = "FILE", num_args = 1..)]
    out: Vec<PathBuf>,
    /// SM3 (GB/T 32905) beside SHA-256, of files that are at hand and intact
    #[arg(long)]
    sm3: bool,
    /// Folders and files in which inputs lie now, for their SM3; without it where the manifest says
    #[arg(long, value_name = "DIR|FILE", num_args = 1..)]
    inputs: Vec<PathBuf>,
    /// Font of the PDF, with Chinese letters; without it one that this machine has
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

impl List {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let manifest = Manifest::read(&self.run)?;
        let Some(language) = Language::parse(&self.language) else {
            bail!("--lang: expected zh, en or both, found {}", self.language);
        };
        let ending =
            |path: &PathBuf| path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_owned();
        if let Some(other) =
            self.out.iter().find(|path| !["html", "pdf", "csv"].contains(&ending(path).as_str()))
        {
            bail!("--out {}: expected a name that ends in .html, .pdf or .csv", other.display());
        }
        let sheet = Sheet::of(&manifest, &self.seconds(&manifest)?, language);
        for path in &self.out {
            let bytes = match ending(path).as_str() {
                "html" => sheet.html().into_bytes(),
                "csv" => sheet.csv().into_bytes(),
                _ => {
                    let day = manifest.text("run/ended").get(..10).and_then(parse_date);
                    let about = (manifest.text("result_sha256"), day);
                    dossier::list(&sheet, about, self.font.as_deref()).map_err(RunError::from)?
                }
            };
            single::write(path, &bytes)?;
            show::say(&format!(
                "{}: {} files",
                path.display(),
                manifest.inputs.len() + manifest.outputs.len() + 1
            ));
        }
        if self.out.is_empty() {
            show::data(sheet.csv().trim_end());
        }
        Ok(Exit::Complete)
    }

    /// SM3 by SHA-256 of what is intact; a manifest that was edited is listed by nobody.
    fn seconds(&self, manifest: &Manifest) -> Result<Sm3> {
        let alone = Manifest { inputs: Vec::new(), outputs: Vec::new(), ..manifest.clone() };
        let whole = if self.sm3 { manifest } else { &alone };
        let items =
            verify(whole, &Asked { inputs: self.inputs.clone(), with_sm3: self.sm3, only_outputs: false });
        let own = items.iter().find(|item| item.what == What::Manifest && item.verdict == Verdict::Changed);
        if let Some(own) = own {
            bail!("{}: {}; not listed", manifest.path().display(), own.words);
        }
        let intact = items.into_iter().filter(|item| item.verdict == Verdict::Intact);
        let all: BTreeMap<String, String> =
            intact.filter_map(|item| Some((item.sha256?, item.sm3?))).collect();
        Ok(self.sm3.then_some(all))
    }
}
