//! Why an object cannot be read or written.

use thiserror::Error;

use crate::bucket::Address;

/// Why an object cannot be read or written, with the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BucketError {
    /// An address that names no object.
    #[error(
        "'{address}' is no address in object storage: {reason}; write s3://BUCKET/PREFIX or /vsis3/BUCKET/PREFIX"
    )]
    Name {
        /// As it was given.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// An environment variable that is missing or says something else.
    #[error(
        "object storage: expected {expected} in {name}, found {found}; set it as GDAL documents it for /vsis3"
    )]
    Setting {
        /// Name of the variable.
        name: &'static str,
        /// What it should say.
        expected: &'static str,
        /// What it says.
        found: String,
    },
    /// Nobody answers.
    #[error(
        "{address}: {endpoint} was asked {tries} times to {doing} and does not answer ({reason}); check AWS_S3_ENDPOINT, \
         AWS_HTTPS and the network, then run again"
    )]
    Unreachable {
        /// The object.
        address: Box<Address>,
        /// Who was asked.
        endpoint: String,
        /// What was asked.
        doing: &'static str,
        /// How often.
        tries: u32,
        /// What happened.
        reason: String,
    },
    /// The storage answers something else.
    #[error("{address}: asked {endpoint} to {doing}, expected success, found {found}; {next}")]
    Refused {
        /// The object.
        address: Box<Address>,
        /// Who was asked.
        endpoint: String,
        /// What was asked.
        doing: &'static str,
        /// Status and words of the storage.
        found: String,
        /// What to do about it.
        next: &'static str,
    },
    /// Fewer bytes than there should be.
    #[error(
        "{address}: expected {expected} bytes, found {found}: the answer of the storage is cut short; run again"
    )]
    Cut {
        /// The object.
        address: Box<Address>,
        /// Its size.
        expected: u64,
        /// Bytes that came.
        found: u64,
    },
    /// An object that is not the one it was a moment ago.
    #[error(
        "{address}: expected the object with ETag {expected}, found {found}: it changed during the run; run again"
    )]
    Changed {
        /// The object.
        address: Box<Address>,
        /// The ETag when it was listed.
        expected: String,
        /// The ETag now.
        found: String,
    },
    /// A file here that cannot be read or written.
    #[error("{address}: {reason}; check the disk and the rights of the folder")]
    Here {
        /// The object.
        address: Box<Address>,
        /// What the system says, with the file.
        reason: String,
    },
}
