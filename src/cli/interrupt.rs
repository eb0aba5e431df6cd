//! What happens when somebody stops the program: what is half written goes, what was there stays.
//!
//! In:  SIGINT (Ctrl-C) or SIGTERM (a scheduler). SIGHUP keeps its meaning, so that `nohup` works.
//! Out: exit code 130, no partial folder, no lock; an earlier result under the name is untouched.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::publish::staging;
use crate::run::state::lease;

/// What ends a verb that goes on until somebody stops it.
type End = Box<dyn Fn() + Send>;

/// What the first signal does in the place of ending the process; a second one ends it.
static INSTEAD: Mutex<Option<End>> = Mutex::new(None);

/// Has the first signal end a verb that goes on until somebody stops it, in its own way.
pub fn instead(end: End) {
    *INSTEAD.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
}

/// Waits for a signal on a thread of its own, for the rest of the process.
///
/// A system that allows no handler leaves the signals as they are; a killed run is then cleared away by
/// the next one on the same folder.
pub fn watch() {
    // A file that may not grow (`ulimit -f`, LimitFSIZE) is then an error of the write, which says what to do.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let wait = move || {
        for _signal in signals.forever() {
            if let Some(end) = INSTEAD.lock().unwrap_or_else(PoisonError::into_inner).take() {
                end();
                continue;
            }
            let abandoned = staging::abandon();
            lease::give_back();
            show::say(if abandoned.any { "interrupted: nothing was published" } else { "interrupted" });
            // Workers are still reading: libraries must not be taken down under them.
            low_level::exit(i32::from(Exit::Interrupted.number()));
        }
    };
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(wait);
}
