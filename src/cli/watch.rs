//! `watch`: one night of a run that goes on.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;

use crate::cli::exit::Exit;
use crate::cli::scan::{Asked, Scanned};
use crate::cli::show::{self, Bar};
use crate::run::state::store::Store;
use crate::run::state::{self, Conduct, Update};

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    asked: Asked,
    /// Output folder; written whole or not at all
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of the state; without it the output folder's name with `.state`
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Watch {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let plan = self.asked.plan(self.out.as_deref())?;
        let folder = self.state.unwrap_or_else(|| {
            let mut name = plan.out.clone().into_os_string();
            name.push(".state");
            name.into()
        });
        let mut store = Store::open(&folder)?;
        let bar = Bar::new();
        let conduct = Conduct {
            command: std::env::args().collect(),
            progress: &bar,
            now: &Timestamp::now,
            set_aside: &|file, why| show::say(&format!("set aside {}: {why}", file.display())),
        };
        let (update, report) = state::night(&plan, &mut store, &conduct)?;
        bar.finish();
        show::say(&serde_json::to_string(&report).unwrap_or_default());
        Ok(match update {
            Update::Same(_) => {
                show::say("nothing new");
                Exit::Complete
            }
            Update::Published(published) => {
                let (inputs, found, out) = *published;
                Scanned { inputs, found, out }.told(false)
            }
        })
    }
}
