//! How a question is put: once more where what happened may pass, and in words where it does not.
//!
//! Law: what is busy, slow or gone for a moment is asked again, a few times; no redirection is followed.

use std::io::{Read, Write};

use jiff::fmt::rfc2822;
use ureq::http::{HeaderMap, Response, StatusCode};

use crate::bucket::again::{Patience, is_passing};
use crate::bucket::{Address, BucketError, Client, Object};

/// Times that something is asked before the run gives up: as `Patience` has it.
pub(super) const TRIES: u32 = 5;
/// Bytes read at a time.
const PIECE: usize = 1 << 16;
/// Longest list or fault that is read: a thousand keys of a kilobyte, escaped.
const MOST_WORDS: u64 = 16 << 20;

/// What most questions are for.
pub(super) const READ: &str = "read the object";
/// What to do about an answer in another language.
pub(super) const NEXT_STORAGE: &str = "is this S3-compatible storage? check AWS_S3_ENDPOINT";

pub(super) type Answer = Response<ureq::Body>;

impl Client {
    /// Asks until there is an answer that does not pass.
    pub(super) fn ask(
        &self,
        address: &Address,
        doing: &'static str,
        mut send: impl FnMut() -> Result<Answer, ureq::Error>,
    ) -> Result<Answer, BucketError> {
        for tried in 1.. {
            let fault = match send() {
                Ok(answer) if !is_passing(answer.status()) => return Ok(answer),
                Ok(answer) => self.fault(address, doing, answer),
                Err(error @ (ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::BadUri(_))) => {
                    return Err(self.gone((address, doing), tried, &error.to_string()));
                }
                Err(error) => self.gone((address, doing), tried, &error.to_string()),
            };
            if tried == TRIES {
                return Err(fault);
            }
            pause(address, tried);
        }
        Err(self.gone((address, doing), TRIES, "no answer"))
    }

    /// The words of an answer, all of them.
    pub(super) fn whole(
        &self,
        address: &Address,
        doing: &'static str,
        mut send: impl FnMut() -> Result<Answer, ureq::Error>,
    ) -> Result<String, BucketError> {
        for tried in 1.. {
            let answer = self.ask(address, doing, &mut send)?;
            if !answer.status().is_success() {
                return Err(self.fault(address, doing, answer));
            }
            match answer.into_body().into_with_config().limit(MOST_WORDS).read_to_string() {
                Ok(words) => return Ok(words),
                Err(error) if tried == TRIES => {
                    return Err(self.gone((address, doing), tried, &error.to_string()));
                }
                Err(_) => pause(address, tried),
            }
        }
        Err(self.gone((address, doing), TRIES, "no answer"))
    }

    pub(super) fn described(&self, address: &Address, headers: &HeaderMap) -> Result<Object, BucketError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let time = |name: &str| Some(rfc2822::parse(text(name)?).ok()?.timestamp().as_second());
        let size = text("content-length").and_then(|size| size.parse().ok());
        match (size, etag(headers), time("last-modified")) {
            (Some(size), etag, Some(modified)) if !etag.is_empty() => {
                let told = time("date").unwrap_or(modified);
                Ok(Object { key: address.key.clone(), size, etag, modified, told })
            }
            _ => {
                let found = "an object without size, ETag or time".to_owned();
                Err(self.refused((address, READ), found, NEXT_STORAGE))
            }
        }
    }

    /// What an answer that is no success says.
    pub(super) fn fault(&self, address: &Address, doing: &'static str, answer: Answer) -> BucketError {
        let status = answer.status();
        let words =
            answer.into_body().into_with_config().limit(MOST_WORDS).read_to_string().unwrap_or_default();
        let inside = |tag: &str| {
            let rest = words.split_once(&format!("<{tag}>"))?.1;
            Some(rest.split_once(&format!("</{tag}>"))?.0.to_owned())
        };
        let said: Vec<String> = ["Code", "Message"].into_iter().filter_map(inside).collect();
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) };
        self.refused((address, doing), format!("status {}{said}", status.as_u16()), next(status))
    }

    pub(super) fn refused(
        &self,
        (address, doing): (&Address, &'static str),
        found: String,
        next: &'static str,
    ) -> BucketError {
        let endpoint = self.settings.endpoint.clone();
        BucketError::Refused { address: Box::new(address.clone()), endpoint, doing, found, next }
    }

    pub(super) fn gone(
        &self,
        (address, doing): (&Address, &'static str),
        tries: u32,
        reason: &str,
    ) -> BucketError {
        let (endpoint, reason) = (self.settings.endpoint.clone(), reason.to_owned());
        BucketError::Unreachable { address: Box::new(address.clone()), endpoint, doing, tries, reason }
    }
}

/// What to do about a status.
fn next(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the clock, and what this key may do in the bucket"
        }
        404 => "check the names of the bucket and the object",
        301 | 307 | 400 => "check AWS_REGION, AWS_S3_ENDPOINT and AWS_VIRTUAL_HOSTING",
        501 => "this storage does not know such a request; scenes may lie in it, a state may not",
        _ => "run again, and ask who runs the storage if it stays so",
    }
}

/// Waits before the next try.
pub(super) fn pause(address: &Address, tried: u32) {
    Patience::default().wait(tried, None, &address.key);
}

/// Bytes of an answer that reached `to` before it ended or broke off.
pub(super) fn poured(address: &Address, answer: Answer, to: &mut dyn Write) -> Result<u64, BucketError> {
    let mut body = answer.into_body().into_reader();
    let (mut piece, mut got) = (vec![0; PIECE], 0);
    // What broke off and what ended too early are the same: bytes are missing.
    while let Ok(count @ 1..) = body.read(&mut piece) {
        let here = |error: std::io::Error| BucketError::Here {
            address: Box::new(address.clone()),
            reason: error.to_string(),
        };
        to.write_all(&piece[..count]).map_err(here)?;
        got += count as u64;
    }
    Ok(got)
}

pub(super) fn etag(headers: &HeaderMap) -> String {
    plain(headers.get("etag").and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// An ETag without its quotes.
pub(super) fn plain(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}
