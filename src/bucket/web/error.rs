//! Why an address on the web gives nothing, in words without its secrets.

use std::io;
use std::time::Duration;

use thiserror::Error;
use url::Url;

use crate::bucket::BucketError;

/// Why an address gives nothing, with the next step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebError {
    /// No address of a file on the web.
    #[error("'{address}' {reason}; write https://HOST/PATH or s3://BUCKET/KEY")]
    Name {
        /// As it was given, without what follows a question mark.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// A host that nobody named.
    #[error("{address} lies on {place}, which nobody named; if it is to be asked, give --host {place}")]
    NotNamed {
        /// The address.
        address: String,
        /// Its place, as `--host` takes it.
        place: String,
    },
    /// A redirection that gives up encryption.
    #[error("{address} leads to {to}, which is not encrypted; ask who runs the server")]
    Unencrypted {
        /// The address.
        address: String,
        /// Where it leads.
        to: String,
    },
    /// A token or a signature and a way on which everybody could read it.
    #[error(
        "{address} is not encrypted, and the secret of STEPPEWATCH_HTTP_TOKEN or STEPPEWATCH_HTTP_QUERY would be read on the \
         way; use https"
    )]
    TokenInTheOpen {
        /// The address.
        address: String,
    },
    /// Nobody answers, or not as asked.
    #[error(
        "{address} was asked {tries} times: {reason}; check the network and run again, what is there stays"
    )]
    Unreachable {
        /// The address.
        address: String,
        /// How often.
        tries: u32,
        /// What happened last.
        reason: String,
    },
    /// A certificate that is not accepted.
    #[error(
        "{address}: its certificate is not accepted ({reason}); check the clock of this machine, its certificates, and \
         whether a proxy stands between"
    )]
    Certificate {
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server says no.
    #[error("{address}: expected an answer, found status {status}; {next}")]
    Refused {
        /// The address.
        address: String,
        /// The status.
        status: u16,
        /// What to do about it.
        next: &'static str,
    },
    /// The server gives whole files only.
    #[error("{address}: expected a piece of it, found the whole file; its server gives no pieces")]
    NoRanges {
        /// The address.
        address: String,
    },
    /// Not the file that it was a moment ago.
    #[error("{address} changed while it was read; run again")]
    Changed {
        /// The address.
        address: String,
    },
    /// Larger than is read.
    #[error("{address}: is {found} bytes or more, the limit is {limit}; is this what you want?")]
    TooLarge {
        /// The address.
        address: String,
        /// Bytes.
        found: u64,
        /// Most bytes that are read.
        limit: u64,
    },
    /// A file here that cannot be written.
    #[error("{address}: cannot be kept: {reason}; check the disk and the rights of the folder")]
    Here {
        /// The address.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// Object storage.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl WebError {
    /// Whether the file is another one now than when its first bytes were read.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Bucket(BucketError::Changed { .. }))
    }
}

/// Whether something may pass.
pub(super) enum Fault {
    Passing { reason: String, told: Option<Duration> },
    Final(WebError),
}

impl Fault {
    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self::Passing { reason: reason.into(), told: None }
    }
}

/// An address as it may be seen by anybody: without user, password and what follows the path.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail on addresses without a host, which have no user.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

/// What happened on the way to an answer.
pub(super) fn words_of(url: &Url, error: &ureq::Error) -> Fault {
    let host = url.host_str().unwrap_or_default().to_owned();
    let certificate = |reason: String| Fault::Final(WebError::Certificate { address: shown(url), reason });
    match error {
        ureq::Error::HostNotFound => {
            Fault::passing(format!("nobody knows the name {host}: no network, or no name service"))
        }
        ureq::Error::Tls(reason) => certificate((*reason).to_owned()),
        ureq::Error::Rustls(reason) => certificate(reason.to_string()),
        ureq::Error::Timeout(_) => Fault::passing(format!("{host} does not answer in time")),
        ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => Fault::passing(
            "the proxy does not let us through; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY".to_owned(),
        ),
        ureq::Error::BadUri(_) => Fault::Final(WebError::Name {
            address: shown(url),
            reason: "is no address that can be asked".to_owned(),
        }),
        ureq::Error::Io(fault) if fault.kind() == io::ErrorKind::InvalidData => {
            certificate(fault.to_string())
        }
        ureq::Error::Io(fault) => Fault::passing(match fault.kind() {
            io::ErrorKind::ConnectionRefused => {
                format!("nobody listens at {host} (or its port is another one)")
            }
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                format!("there is no way to {host}: no network?")
            }
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                "the connection broke off".to_owned()
            }
            // A name service that does not answer speaks in words of the system.
            _ if fault.to_string().contains("lookup address") => {
                format!("nobody knows the name {host}: no network, or no name service")
            }
            _ => fault.to_string(),
        }),
        other => Fault::passing(other.to_string()),
    }
}
