//! The review desk: the map in a browser, from which people write what they decide into the ledger.
//!
//! In:  a map that is made, a ledger, an address to listen on. Out: answers to a browser; events in the ledger.
//! Law: what comes over the network is nobody's until `guard` has looked at it. Nothing is read from a disk for a question:
//!      what may be asked for lies in memory under its name. Who decides says on which event of the lead: an older one is told,
//!      not overruled. The only door that listens.

pub mod answer;
pub mod guard;
pub mod serve;
pub mod steps;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::date::Date;
use crate::ledger::{Ledger, LedgerError, Moment};
use crate::publish::digest::hexadecimal;

/// Bytes of a secret.
const SECRET: usize = 32;
/// Browsers that may be in at a time; the one that came in first goes out for one more.
const MOST_SESSIONS: usize = 32;
/// How long somebody before a screen waits for another program that writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// A desk that cannot be opened or goes on no more.
#[derive(Debug, Error)]
pub enum DeskError {
    /// An address that cannot be listened on.
    #[error("{address}: cannot be listened on: {reason}; {next}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What is wrong.
        reason: String,
        /// What to do.
        next: &'static str,
    },
    /// No random numbers.
    #[error("{0}: gives no random numbers: {1}; a desk without a secret is not opened")]
    Random(&'static str, std::io::Error),
    /// A ledger that cannot be set up.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The machinery that waits for browsers.
    #[error("the desk cannot go on: {0}; open it again")]
    Machinery(std::io::Error),
}

/// Who reviews, and what tells the time.
pub struct Reviewer {
    /// The name under which events are written.
    pub by: String,
    /// Now, in both clocks.
    pub now: fn() -> Moment,
    /// The day on the calendar of this machine.
    pub today: fn() -> Date,
    /// Says something to who started the desk.
    pub tell: fn(&str),
}

/// A desk.
pub struct Desk {
    files: BTreeMap<String, Vec<u8>>,
    /// Ids of leads by the name by which the page calls them.
    leads: BTreeMap<String, String>,
    ledger: Mutex<Ledger>,
    reviewer: Reviewer,
    token: String,
    sessions: Mutex<Vec<Session>>,
}

/// A browser that is in.
#[derive(Debug, Clone)]
pub struct Session {
    /// What its cookie says.
    pub cookie: String,
    /// What it has to say with everything that it writes.
    pub csrf: String,
}

impl Desk {
    /// A desk with a secret of its own. `files` are those of the map, `leads` the ids by the page's names.
    ///
    /// # Errors
    /// Where the system gives no random numbers; those of the ledger.
    pub fn new(
        files: BTreeMap<String, Vec<u8>>,
        leads: BTreeMap<String, String>,
        mut ledger: Ledger,
        reviewer: Reviewer,
    ) -> Result<Self, DeskError> {
        ledger.wait_at_most(PATIENCE)?;
        let (ledger, sessions) = (Mutex::new(ledger), Mutex::default());
        Ok(Self { files, leads, ledger, reviewer, token: secret()?, sessions })
    }

    /// What opens the desk: part of the address that is told to who started it, behind `#`, so that no browser sends it on.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Lets a browser in.
    fn enter(&self) -> Result<Session, DeskError> {
        let session = Session { cookie: secret()?, csrf: secret()? };
        let mut sessions = alone(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.remove(0);
        }
        sessions.push(session.clone());
        Ok(session)
    }

    /// The browser whose cookie this is.
    fn session(&self, cookie: &str) -> Option<Session> {
        alone(&self.sessions).iter().find(|session| same(&session.cookie, cookie)).cloned()
    }
}

fn alone<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Random letters, from the system.
fn secret() -> Result<String, DeskError> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = [0_u8; SECRET];
    let read = File::open(SOURCE).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| DeskError::Random(SOURCE, error))?;
    Ok(hexadecimal(&bytes))
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_are_never_the_same_and_a_part_of_one_is_none() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_eq!(one.len(), 2 * SECRET);
        assert!(one != other && same(&one, &one.clone()));
        assert!(!same(&one, &other) && !same(&one, &one[..10]) && !same(&one, ""));
    }
}
