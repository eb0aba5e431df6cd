//! `demo`: the main job on a real forest series and on a simulated steppe whose truth is known.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::assess::{Filter, Question, assess_files};
use crate::cli::exit::Exit;
use crate::cli::scan::scan;
use crate::cli::show;
use crate::plan::{self, PlanFile};
use crate::simulate::{self, World};
use crate::units::SquareMetres;

/// Seed of the demonstrated world.
const SEED: u64 = 7;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where to write
    #[arg(long, value_name = "DIR", default_value = "demo-out")]
    out: PathBuf,
    /// The repository's fixtures
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
}

impl Demo {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        self.forest()?;
        self.steppe()?;
        let out = self.out.display();
        show::say(&format!("\nopen {out}/forest/leads.gpkg and {out}/steppe/leads.gpkg in QGIS"));
        Ok(Exit::Complete)
    }

    /// A real series: Sentinel-2, felled forest.
    fn forest(&self) -> Result<()> {
        let fixture = self.fixtures.join("romania_forest");
        if !fixture.is_dir() {
            bail!("{} is not there; run the demo in the repository or give --fixtures", fixture.display());
        }
        show::say("1. A real Sentinel-2 series: forest in Romania, 2015 to 2018\n");
        let mut file = PlanFile::default();
        file.inputs.scenes = Some(fixture.join("scenes"));
        file.inputs.redlines = vec![fixture.join("redline_forest.geojson")];
        file.inputs.class = Some("forest".to_owned());
        file.dates.baseline = Some("2015-01-01/2016-12-31".to_owned());
        file.dates.target = Some("2017-01-01/2018-12-31".to_owned());
        file.outputs.out = Some(self.out.join("forest"));
        let question = Question {
            min_area: Some(SquareMetres(1000.0)),
            truth_filter: Some(Filter::parse("cut_year=2017,2018")?),
            years: Some(2.0),
            ..Question::default()
        };
        self.show(file, &fixture.join("truth.geojson"), &fixture.join("redline_forest.geojson"), &question)
    }

    /// A simulated steppe: ploughing, mining and building among what only looks like it.
    fn steppe(&self) -> Result<()> {
        show::say("\n2. A simulated steppe: the truth is known\n");
        let folder = self.out.join("steppe-world");
        let world = World::small(SEED);
        if !folder.join("truth.geojson").is_file() {
            // A world that was interrupted halfway must not be taken for a whole one.
            let half = self.out.join("steppe-world.partial");
            if half.is_dir() {
                std::fs::remove_dir_all(&half)
                    .with_context(|| format!("cannot remove {}", half.display()))?;
            }
            let summary = simulate::write(&world, &half)?;
            std::fs::rename(&half, &folder)
                .with_context(|| format!("cannot rename {} to {}", half.display(), folder.display()))?;
            show::say(&summary.to_string());
        }
        let (baseline, target) = world.periods();
        let mut file = PlanFile::default();
        file.inputs.scenes = Some(folder.join("scenes"));
        file.inputs.redlines = vec![folder.join("redline_grassland.geojson")];
        file.dates.baseline = Some(baseline);
        file.dates.target = Some(target);
        file.outputs.out = Some(self.out.join("steppe"));
        let question =
            Question { min_area: Some(SquareMetres::from_mu(10.0)), years: Some(1.0), ..Question::default() };
        self.show(file, &folder.join("truth.geojson"), &folder.join("redline_grassland.geojson"), &question)
    }

    fn show(&self, file: PlanFile, truth: &Path, redline: &Path, question: &Question) -> Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let plan = plan::resolve(file, cores)?;
        let scanned = scan(&plan)?;
        show::say(&scanned.in_words());
        let leads = scanned.out.join("leads.geojson");
        let result = assess_files(&leads, truth, Some(redline), question)?;
        show::say("\nassessed against what is known:");
        show::data(&result.to_string());
        Ok(())
    }
}
