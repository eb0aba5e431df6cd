//! Why a job cannot be shared out or put together again.
//!
//! Law: a fault names the job or the shard by its number, and the next step.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Parts named one by one; what is beyond is counted.
const NAMED: usize = 20;

/// Why a job cannot be shared out or put together again.
#[derive(Debug, Error)]
pub enum ShardError {
    /// The folder holds no job that can be read.
    #[error("{}: no job: {reason}; make one with `steppewatch plan ... --shards N --out JOB`", .path.display())]
    NoJob {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The name of the job folder is taken.
    #[error("job folder {}: {reason}; give --out a new folder, or remove this one", .path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
        /// What is there.
        reason: String,
    },
    /// A plan that no file can hold.
    #[error("the plan cannot be written down: {reason}; paths must be UTF-8")]
    Unwritable {
        /// What is wrong.
        reason: String,
    },
    /// Another program than the one that planned the job.
    #[error(
        "the job was planned by {planned}, this is {found}: use one program on every machine, or plan again into a new folder"
    )]
    OtherProgram {
        /// What planned it.
        planned: String,
        /// What runs.
        found: String,
    },
    /// An input is not the one that was planned with.
    #[error("{}: {reason} since the job was planned; plan again into a new folder", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What is different.
        reason: String,
    },
    /// A number that no shard has.
    #[error("the job has no shard {number}: its {shards} shards are counted from 0 to {}", shards - 1)]
    NoShard {
        /// The number.
        number: usize,
        /// How many there are.
        shards: usize,
    },
    /// Parts that are missing, broken, or of another plan.
    #[error("{0}")]
    Parts(Faults),
    /// A part that was whole and could not be read.
    #[error("shard {number}: its part {} cannot be read: {reason}; run `steppewatch merge` again", .path.display())]
    Unreadable {
        /// Number of the shard.
        number: usize,
        /// Its file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

/// Parts that cannot be merged.
#[derive(Debug)]
pub struct Faults {
    /// The job folder, as the user gave it.
    pub job: PathBuf,
    /// How many shards the job has.
    pub shards: usize,
    /// Number of a shard, and why its part cannot be merged.
    pub faults: Vec<(usize, String)>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, shards, faults } = self;
        write!(f, "{} of {shards} shards cannot be merged:", faults.len())?;
        for (number, fault) in faults.iter().take(NAMED) {
            write!(f, "\n  shard {number}: {fault}")?;
        }
        if faults.len() > NAMED {
            write!(f, "\n  and {} more", faults.len() - NAMED)?;
        }
        let job = job.display();
        let numbers: Vec<String> = faults.iter().map(|(number, _)| number.to_string()).collect();
        write!(
            f,
            "\nrun `steppewatch shard {job} I` for I in {}, then `steppewatch merge {job}` again; whole parts are kept, nothing was published",
            numbers.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_part_is_named_by_number_with_the_next_step() {
        let faults = Faults {
            job: "job".into(),
            shards: 40,
            faults: (5..30).map(|number| (number, "its part is missing".to_owned())).collect(),
        };
        let said = ShardError::Parts(faults).to_string();
        for words in
            ["25 of 40", "shard 5: its part is missing", "shard 24:", "and 5 more", "shard job I", "28 29,"]
        {
            assert!(said.contains(words), "'{words}' is missing in {said}");
        }
        assert!(!said.contains("shard 25:"), "{said}");
    }
}
