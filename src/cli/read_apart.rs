//! `read-apart`: the process in which files of others are decoded. A run starts it; nobody types it.

use std::io::{BufReader, stdin, stdout};

use clap::Args;

use crate::cli::exit::Exit;
use crate::read::apart;

/// Arguments of `read-apart`.
#[derive(Debug, Args)]
pub struct ReadApart {
    /// Let object storage be asked
    #[arg(long)]
    network: bool,
}

impl ReadApart {
    /// Answers until the run that asks has ended.
    pub fn run(self) -> Exit {
        let (mut input, mut output) = (BufReader::new(stdin().lock()), stdout().lock());
        match apart::serve(self.network, &mut input, &mut output) {
            Ok(()) => Exit::Complete,
            // Nobody listens any more.
            Err(_) => Exit::Failed,
        }
    }
}
