//! `ledger`: begin one, take a run in, copy it, look whether it is what was written.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use jiff::Zoned;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::place::{self, Placed};
use crate::cli::show;
use crate::ledger::audit::audit;
use crate::ledger::copy::copy;
use crate::ledger::lineage::{Digest, compared};
use crate::ledger::{Ledger as Book, LedgerError, Moment, Place, RunFound, seal, state};

/// Arguments of `ledger`.
#[derive(Debug, Args)]
pub struct Ledger {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Begin a ledger in a new file, or in a database that an office shares
    Begin {
        /// The file to make, a GeoPackage; or postgresql://USER@HOST/DATABASE with PostGIS, where a schema `steppewatch` is
        /// made (?schema=NAME for another); passwords are taken from ~/.pgpass or PGPASSWORD
        #[arg(value_name = place::NAME, value_parser = Placed)]
        ledger: Place,
        #[command(flatten)]
        by: By,
    },
    /// Take in what a run found: places keep their ids
    Record {
        /// The ledger
        #[arg(value_name = place::NAME, value_parser = Placed)]
        ledger: Place,
        /// The folder that a scan or a watch wrote
        #[arg(value_name = "OUT")]
        out: PathBuf,
        #[command(flatten)]
        by: By,
        /// What changed as JSON to stdout
        #[arg(long)]
        json: bool,
    },
    /// Copy a ledger to where none is, from file to server or back: the same events and the same head
    Copy {
        /// The ledger
        #[arg(value_name = "FROM", value_parser = Placed)]
        from: Place,
        /// The file to make, or the address of a database
        #[arg(value_name = "TO", value_parser = Placed)]
        to: Place,
    },
    /// Look at every event and everything that is shown of them; ends with 1 when something was changed
    Verify {
        /// The ledger
        #[arg(value_name = place::NAME, value_parser = Placed)]
        ledger: Place,
        /// A head that was written down elsewhere: shows what was cut off at the end
        #[arg(long, value_name = "EVENT:HASH")]
        head: Option<String>,
        /// A sealed head instead: its signature must hold
        #[arg(long, value_name = "FILE", requires = "public", conflicts_with = "head")]
        sealed: Option<PathBuf>,
        /// The public key that it was signed for
        #[arg(long, value_name = "KEY.pub", requires = "sealed")]
        public: Option<PathBuf>,
        /// The answer of an authority of time to the sealed head
        #[arg(long, value_name = "FILE.tsr", requires = "sealed")]
        stamp: Option<PathBuf>,
        /// What was found as JSON to stdout
        #[arg(long)]
        json: bool,
    },
    /// Make a key for sealing: the private half here, the public one beside it
    Key {
        /// The file to make
        #[arg(value_name = "KEY")]
        key: PathBuf,
    },
    /// Write the head down, signed, with a request for a time stamp: keep them where nobody who writes can reach
    Seal {
        /// The ledger
        #[arg(value_name = place::NAME, value_parser = Placed)]
        ledger: Place,
        /// The key
        #[arg(long, value_name = "KEY")]
        key: PathBuf,
        /// The file to make; FILE.sig and FILE.tsq stand beside it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Events in order, as JSON, one a line
    Events {
        /// The ledger
        #[arg(value_name = place::NAME, value_parser = Placed)]
        ledger: Place,
        /// Only those of one lead
        #[arg(long, value_name = "ID")]
        lead: Option<String>,
    },
    /// The states of a lead and the steps between them, as a Mermaid diagram
    States,
}

/// Who writes.
#[derive(Debug, Args)]
pub struct By {
    /// Who says so; the name of the account unless given
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl By {
    /// The name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn name(&self) -> Result<String> {
        let account = || std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
        match self.by.clone().or_else(account).filter(|name| !name.trim().is_empty()) {
            Some(name) => Ok(name),
            None => bail!("expected a name for the record, found none; give --by NAME"),
        }
    }
}

/// Now, in both clocks.
pub fn now() -> Moment {
    Moment::of(&Zoned::now())
}

impl Ledger {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Begin { ledger, by } => {
                let begun = Book::begin(&ledger, &by.name()?, &now())?;
                show::say(&format!("{}: a ledger begins; {}", begun.place(), head(&begun.book().head)));
                Ok(Exit::Complete)
            }
            Verb::Record { ledger, out, by, json } => {
                let recorded = Recorder::open(&ledger, &by)?.record(&out)?;
                if json {
                    show::data(&recorded.as_json().to_string());
                }
                recorded.tell();
                Ok(Exit::Complete)
            }
            Verb::Copy { from, to } => copied(&from, &to),
            Verb::Verify { ledger, head, sealed, public, stamp, json } => {
                let known = match (&sealed, &public) {
                    (Some(sealed), Some(public)) => {
                        if let Some(stamp) = &stamp {
                            seal::check_stamp(sealed, stamp)?;
                            show::say("the stamp is on this head; whose it is, `openssl ts -verify` tells");
                        }
                        Some(seal::head(sealed, public)?)
                    }
                    _ => head.as_deref().map(given_head).transpose()?,
                };
                verified(&ledger, known, json)
            }
            Verb::Key { key } => {
                let public = seal::make_key(&key)?;
                show::say(&format!(
                    "{}: keep it secret; {}: give it to whoever verifies",
                    key.display(),
                    public.display()
                ));
                Ok(Exit::Complete)
            }
            Verb::Seal { ledger, key, out } => {
                let mut ledger = Book::open_to_read(&ledger)?;
                // A signature says that the ledger was whole.
                if let Some(fault) = audit(ledger.engine(), None)?.faults.first() {
                    bail!("{}: not sealed: {fault}; run `steppewatch ledger verify`", ledger.place());
                }
                seal::seal(&ledger.place(), &ledger.book().head, &now(), (&key, &out))?;
                show::say(&format!(
                    "{}: {}, signed; {}.tsq asks for a time stamp",
                    out.display(),
                    head(&ledger.book().head),
                    out.display()
                ));
                Ok(Exit::Complete)
            }
            Verb::Events { ledger, lead } => told(&mut Book::open_to_read(&ledger)?, lead.as_deref()),
            Verb::States => {
                show::data(state::diagram().trim_end());
                Ok(Exit::Complete)
            }
        }
    }
}

fn copied(from: &Place, to: &Place) -> Result<Exit> {
    let copied = copy(from, to)?;
    let (events, cases) = (copied.events, copied.cases);
    show::say(&format!("{to}: {events} events, {cases} leads, as in {from}; {}", head(&copied.head)));
    Ok(Exit::Complete)
}

/// Events as JSON, one a line.
fn told(ledger: &mut Book, lead: Option<&str>) -> Result<Exit> {
    for event in ledger.events()?.iter().filter(|event| lead.is_none_or(|lead| lead == event.lead)) {
        show::data(&event.as_json()?.to_string());
    }
    Ok(Exit::Complete)
}

/// A ledger that is to take in what a run finds: opened before the run begins, so that a wrong name is told then.
pub struct Recorder {
    ledger: Book,
    by: String,
}

/// What was taken in.
pub struct Recorded {
    run: String,
    is_known: bool,
    digest: Digest,
    head: (i64, String),
}

impl Recorder {
    /// Opens a ledger.
    ///
    /// # Errors
    /// Those of the ledger, and where nobody is named.
    pub fn open(ledger: &Place, by: &By) -> Result<Self> {
        Ok(Self { by: by.name()?, ledger: Book::open(ledger)? })
    }

    /// Takes in a folder that a scan wrote; one that was taken in before writes nothing.
    ///
    /// # Errors
    /// Those of the folder and the ledger.
    pub fn record(mut self, out: &Path) -> Result<Recorded> {
        let run = RunFound::read(out)?;
        let say = |book: &crate::ledger::Book| match book.runs.iter().any(|known| known.id == run.id) {
            true => Ok((Vec::new(), Digest::default())),
            false => Ok(compared(book, &run)),
        };
        let (events, digest) = self.ledger.write(&self.by, &now(), say)?;
        let head = self.ledger.book().head.clone();
        Ok(Recorded { run: run.id, is_known: events.is_empty(), digest, head })
    }
}

impl Recorded {
    /// What was taken in, for machines.
    pub fn as_json(&self) -> serde_json::Value {
        let (seq, hash) = &self.head;
        json!({"run": self.run, "was_known": self.is_known, "digest": self.digest, "head": format!("{seq}:{hash}")})
    }

    /// What was taken in, for people.
    pub fn tell(&self) {
        if self.is_known {
            show::say("this run was taken in before; nothing was written");
        }
        digest_in_words(&self.digest);
        show::say(&head(&self.head));
    }
}

fn digest_in_words(digest: &Digest) {
    let lists = [
        ("new", &digest.new),
        ("grown", &digest.grown),
        ("shrunk", &digest.shrunk),
        ("changed", &digest.changed),
        ("unchanged", &digest.unchanged),
        ("recovered", &digest.recovered),
        ("reopened", &digest.reopened),
        ("merged", &digest.merged),
        ("split", &digest.split),
        ("rejected before", &digest.rejected_before),
        ("closed before", &digest.closed_before),
        ("not seen", &digest.not_seen),
    ];
    for (name, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        let first: Vec<&str> = ids.iter().take(8).map(String::as_str).collect();
        let more = if ids.len() > first.len() { " ..." } else { "" };
        show::say(&format!("{:>4} {name}: {}{more}", ids.len(), first.join(" ")));
    }
}

fn head((seq, hash): &(i64, String)) -> String {
    format!("head {seq}:{hash}")
}

/// A head as commands print it.
fn given_head(text: &str) -> Result<(i64, String), LedgerError> {
    let (seq, hash) = text.trim().trim_start_matches("head ").split_once(':').unwrap_or_default();
    seq.parse().ok().map(|seq| (seq, hash.to_owned())).ok_or_else(|| LedgerError::Words {
        what: "--head",
        expected: "EVENT:HASH as `ledger record` prints it".to_owned(),
        found: text.to_owned(),
    })
}

fn verified(place: &Place, known: Option<(i64, String)>, json: bool) -> Result<Exit> {
    let found = audit(place.open_to_read()?.as_mut(), known.as_ref())?;
    if json {
        let (seq, hash) = &found.head;
        show::data(
            &json!({"events": found.events, "cases": found.cases, "head": format!("{seq}:{hash}"), "faults": found.faults})
                .to_string(),
        );
    }
    found.faults.iter().for_each(|fault| show::say(fault));
    let faults = found.faults.len();
    show::say(&format!(
        "{} events, {} leads, {faults} faults; {}",
        found.events,
        found.cases,
        head(&found.head)
    ));
    Ok(if faults == 0 { Exit::Complete } else { Exit::Failed })
}
