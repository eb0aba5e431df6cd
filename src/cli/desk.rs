//! `desk`: the map of a ledger in a browser, with verdicts that go into the ledger.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use jiff::Zoned;
use tokio::sync::Notify;

use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::cli::ledger::{By, now};
use crate::cli::place::{self, Placed};
use crate::cli::show::{self, Bar};
use crate::desk::serve::Listening;
use crate::desk::{self, Reviewer};
use crate::ledger::{Ledger, Place};
use crate::publish::Staging;
use crate::report::map::data::Page;
use crate::report::map::{self, record};
use crate::report::{Language, Material};
use crate::run::report::of_ledger;

/// Arguments of `desk`.
#[derive(Debug, Args)]
pub struct Desk {
    /// The ledger
    #[arg(value_name = place::NAME, value_parser = Placed)]
    ledger: Place,
    /// Folders of the runs that found the leads: pictures come from them, imagery and layers from the plan of the first
    #[arg(long, value_name = "OUT")]
    run: Vec<PathBuf>,
    /// Address to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// Listen on an address that other machines reach. What they see and say is not encrypted
    #[arg(long)]
    beyond_this_machine: bool,
    /// Language at first: zh, en or both
    #[arg(long = "lang", value_name = "LANG", default_value = "both")]
    language: String,
    #[command(flatten)]
    by: By,
}

impl Desk {
    /// Runs the verb, until somebody stops it.
    pub fn run(self) -> Result<Exit> {
        let Some(language) = Language::parse(&self.language) else {
            bail!("--lang {}: expected zh, en or both", self.language);
        };
        let by = self.by.name()?;
        // An address that cannot be had is told before imagery is drawn.
        let listening = Listening::on(self.bind, self.beyond_this_machine)?;
        let ledger = Ledger::open(&self.ledger)?;
        let (material, made, words) = self.made(language)?;
        for line in words.iter().chain(&material.lacking).chain(&made.told) {
            show::say(line);
        }
        let leads: BTreeMap<String, String> =
            material.leads.iter().map(|lead| (record::key(lead), lead.id.clone())).collect();
        let count = leads.len();
        let reviewer = Reviewer { by: by.clone(), now, today: || Zoned::now().date(), tell: show::say };
        let desk = Arc::new(desk::Desk::new(made.files, leads, ledger, reviewer)?);
        let ends = Arc::new(Notify::new());
        let end = Arc::clone(&ends);
        interrupt::instead(Box::new(move || end.notify_one()));
        show::say(&format!(
            "{count} leads; what is decided is written to {} by {}",
            self.ledger,
            show::plain(&by)
        ));
        show::say("open this address in a browser; who has it can write; Ctrl-C ends the desk");
        show::data(&format!("http://{}/#token={}", listening.address(), desk.token()));
        listening.serve(desk, ends)?;
        show::say("the desk is closed; what was written stands");
        Ok(Exit::Complete)
    }

    /// The map, with everything in memory: what was drawn on the way is taken away again.
    fn made(&self, language: Language) -> Result<(Material, map::Made, Vec<String>)> {
        let folder = std::env::temp_dir().join(format!("steppewatch-desk-{}", std::process::id()));
        let staging = Staging::begin(&folder)?;
        let bar = Bar::new();
        let (material, words) = of_ledger(&self.ledger, &self.run, &staging, &bar)?;
        let made = map::make(&material, Page { language, is_desk: true, is_folder: true })?;
        bar.finish();
        Ok((material, made, words))
    }
}
