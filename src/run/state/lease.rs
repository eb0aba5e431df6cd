//! Who holds a state in object storage: an object `lock` that only the first can write.
//!
//! In:  an address, how many seconds a sign of life counts. Out: a lease that renews itself as long as it lives.
//! Law: a lock is written if there is none, or in the place of one whose owner has given no sign of life for as long as it
//!      said itself, by the clock of the storage; both only if nobody else was faster. Whoever lost it learns so and writes
//!      no more. Storage that does not keep such conditions is found out and refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bucket::{Address, Body, BucketError, Client, Condition};
use crate::run::state::StateError;

/// Seconds for which a sign of life counts: long enough for a storage that stutters, short enough to wait for.
pub const SECONDS: u64 = 300;

/// Signs of life within that time.
const SIGNS: u32 = 5;

/// What the object says.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Host, process and start: who holds the state.
    owner: String,
    /// Seconds after the last sign of life from which on nobody holds it.
    seconds: u64,
}

/// Locks that this process holds.
static HELD: Mutex<Vec<Address>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<Address>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives back what this process holds, for a process that ends at once.
pub fn give_back() {
    for lock in held().drain(..) {
        // A lock that stays is one that nobody gives signs of life of.
        let _ = Client::get().and_then(|client| client.remove(&lock));
    }
}

/// A state that this process holds.
pub struct Lease {
    client: &'static Client,
    lock: Address,
    is_lost: Arc<AtomicBool>,
    signs: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Lease {
    /// Takes a state; another process must not hold it.
    pub fn take(
        client: &'static Client,
        state: &Address,
        lock: &str,
        seconds: u64,
    ) -> Result<Self, StateError> {
        let lock = state.join(lock);
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let owner = format!("{} process {} since {}", host.trim(), std::process::id(), Timestamp::now());
        let note = serde_json::to_vec(&Note { owner, seconds }).unwrap_or_default();
        let etag = match client.write(&lock, Body::Bytes(&note), Condition::New)? {
            Some(etag) => etag,
            None => instead(client, (state, &lock), &note)?,
        };
        held().push(lock.clone());
        let lease = Self { client, lock, is_lost: Arc::default(), signs: None };
        for condition in [Condition::New, Condition::Same("0")] {
            if lease.client.write(&lease.lock, Body::Bytes(b"{}"), condition)?.is_some() {
                return Err(StateError::Unconditional { path: state.path() });
            }
        }
        Ok(lease.alive((note, etag), Duration::from_secs(seconds)))
    }

    /// Gives signs of life on a thread of its own.
    fn alive(mut self, (note, mut etag): (Vec<u8>, String), counts: Duration) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let (client, lock, is_lost) = (self.client, self.lock.clone(), self.is_lost.clone());
        let renew = move || {
            let mut last = Instant::now();
            while stopped.recv_timeout(counts / SIGNS) == Err(RecvTimeoutError::Timeout) {
                let begun = Instant::now();
                match client.write(&lock, Body::Bytes(&note), Condition::Same(&etag)) {
                    Ok(Some(now)) => (etag, last) = (now, begun),
                    Ok(None) => return is_lost.store(true, Ordering::Relaxed),
                    Err(_) if last.elapsed() > counts => return is_lost.store(true, Ordering::Relaxed),
                    Err(_) => {}
                }
            }
        };
        let thread = thread::Builder::new().name("lease".to_owned()).spawn(renew).ok();
        self.signs = thread.map(|thread| (stop, thread));
        self
    }

    /// Whether the state is still held.
    pub fn check(&self) -> Result<(), StateError> {
        if self.is_lost.load(Ordering::Relaxed) { Err(self.lost()) } else { Ok(()) }
    }

    /// That another run took the state.
    pub fn lost(&self) -> StateError {
        StateError::Lost { path: self.lock.path() }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.signs.take() {
            drop(stop);
            let _ = thread.join();
        }
        held().retain(|lock| *lock != self.lock);
        if self.check().is_ok() {
            // As above.
            let _ = self.client.remove(&self.lock);
        }
    }
}

/// Takes the place of an owner who gave no sign of life for too long. Returns the ETag of the lock.
fn instead(client: &Client, (state, lock): (&Address, &Address), note: &[u8]) -> Result<String, StateError> {
    let busy = |holder: String| StateError::Busy { path: state.path(), holder };
    let mut there = Vec::new();
    let found = match client.read(lock, &mut there) {
        Ok(found) => found,
        // It was given back meanwhile.
        Err(BucketError::Refused { .. }) if client.look(lock)?.is_none() => {
            let first = client.write(lock, Body::Bytes(note), Condition::New)?;
            return first.ok_or_else(|| busy(String::new()));
        }
        Err(fault) => return Err(fault.into()),
    };
    let unknown = Note { owner: "somebody".to_owned(), seconds: SECONDS };
    let Note { owner, seconds } = serde_json::from_slice(&there).unwrap_or(unknown);
    let silent = found.told.saturating_sub(found.modified);
    let holder = || format!(" ({owner}; last sign of life {silent} s ago, it counts {seconds} s)");
    if silent <= i64::try_from(seconds).unwrap_or(i64::MAX) {
        return Err(busy(holder()));
    }
    client.write(lock, Body::Bytes(note), Condition::Same(&found.etag))?.ok_or_else(|| busy(holder()))
}
