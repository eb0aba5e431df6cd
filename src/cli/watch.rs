//! `watch`: one night of a run that goes on.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::scan::{Asked, Scanned};
use crate::cli::show::{self, Bar};
use crate::read::SetAside;
use crate::run::state::store::Store;
use crate::run::state::{self, Update};

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
        let command = std::env::args().collect();
        let (update, done) = state::update((&plan, &mut store), &SetAside::new(), (command, &bar))?;
        bar.finish();
        show::say(&format!("{done:?}"));
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
