//! Why a state cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::bucket::BucketError;

/// Why a state cannot be used, with the next step.
#[derive(Debug, Error)]
pub enum StateError {
    /// Another process works on it.
    #[error("{}: another run holds this state{holder}; it goes on, and this one leaves", .path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
        /// Who holds it, in words, where that is known.
        holder: String,
    },
    /// Another process took it while this one worked on it.
    #[error(
        "{}: another run took this state, because this one gave no sign of life for too long; the state is that of the other \
         run; look at the network, then run again",
        .path.display()
    )]
    Lost {
        /// The lock.
        path: PathBuf,
    },
    /// Object storage in which two runs could write at once.
    #[error(
        "{}: this storage writes an object though If-None-Match or If-Match forbids it, so two runs could spoil each other's \
         state; keep the state on a disk, or in storage that knows conditional writes",
        .path.display()
    )]
    Unconditional {
        /// The state.
        path: PathBuf,
    },
    /// Object storage that does not give or take what was asked.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The folder holds something else.
    #[error("{}: {reason}; give an empty folder or one that `steppewatch watch` made", .path.display())]
    NotAState {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        reason: String,
    },
    /// The state and the output folder lie in each other.
    #[error("{}: a state cannot lie in, around or at the output folder {out}, which is replaced; give another --state", .path.display())]
    Within {
        /// The state.
        path: PathBuf,
        /// The output folder.
        out: String,
    },
    /// A file that was written is not what was written.
    #[error(
        "{}: is damaged ({reason}); `steppewatch state verify --mend` takes it away, and the next watch makes it again from \
         the scenes",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Two dates have nothing to remember.
    #[error("a state follows a series of scenes, and the plan compares two dates; use `steppewatch scan`")]
    Pair,
    /// A look-back that does not lie before the target period.
    #[error(
        "a state learns the look-back once and then goes on, but the look-back {baseline} does not end before the target \
         period {target} begins; mend the periods of the plan, or use `steppewatch scan`"
    )]
    Order {
        /// Look-back.
        baseline: String,
        /// Target period.
        target: String,
    },
    /// The state cannot be read or written.
    #[error("{}: {source}; check the disk and the rights of the folder", .path.display())]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl StateError {
    /// A file that could not be read: damaged where its bytes are wrong, else not accessible.
    pub fn reading(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { path: path.to_owned(), reason: source.to_string() }
            }
            _ => Self::Access { path: path.to_owned(), source },
        }
    }
}
