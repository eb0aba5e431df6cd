//! Asking addresses on the web: pieces of files, whole files, JSON. With `client` the only file that speaks to a network.
//!
//! In:  an address whose host was named. Out: bytes that are those asked for, with what the server knows the file by.
//! Law: nothing is asked of a host that nobody named, not by a redirection either. A body that is short, a page where bytes
//!      were asked for, another range or another version of the file is a fault, never bytes. No secret is in any message.

pub mod error;
pub mod mark;
pub mod place;

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::fmt::rfc2822;
use serde_json::Value;
use ureq::http::{HeaderMap, Response, StatusCode};
use url::Url;

use crate::bucket::again::{self, Patience, is_passing};

pub use error::WebError;
use error::{Fault, shown, words_of};
use mark::{Mark, Part, is_page, is_range};
use place::{Allowed, Place, Secrets};

/// Redirections that are followed one after the other.
const MAX_REDIRECTIONS: usize = 5;
/// Bytes of an answer that is JSON, or a whole file, after whose time it is given up: no answer trickles for ever.
const WAITED_FOR: [u64; 2] = [1 << 20, 256 << 20];
/// Bytes read at a time.
const PIECE: usize = 1 << 16;

/// Who asks addresses on the web. Any number of threads may ask at once.
pub struct Web {
    agent: ureq::Agent,
    allowed: Allowed,
    secrets: Secrets,
    patience: Patience,
    received: AtomicU64,
}

type Answer = Response<ureq::Body>;

impl Web {
    /// One that may ask these places, with these secrets.
    pub fn new(allowed: Allowed, secrets: Secrets, patience: Patience) -> Self {
        Self { agent: again::agent(), allowed, secrets, patience, received: AtomicU64::new(0) }
    }

    /// Places that may be asked.
    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// Bytes of bodies that came so far.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// At most `count` bytes from a byte on, fewer only at the end of the file, which is the one that is `known`.
    pub fn piece(&self, url: &Url, range: (u64, u64), known: Option<&Mark>) -> Result<Part, WebError> {
        self.again(url, || {
            let answer = self.get(&self.secrets.signed(url).map_err(Fault::Final)?, range.1, |request| {
                let (from, to) = (range.0, range.0.saturating_add(range.1).saturating_sub(1));
                let request = request.header("Range", format!("bytes={from}-{to}"));
                match known.and_then(Mark::strong) {
                    Some(etag) => request.header("If-Match", etag),
                    None => request,
                }
            })?;
            self.taken(url, answer, range, known)
        })
    }

    /// The piece that an answer holds.
    fn taken(
        &self,
        url: &Url,
        answer: Answer,
        range: (u64, u64),
        known: Option<&Mark>,
    ) -> Result<Part, Fault> {
        let status = answer.status();
        if is_page(answer.headers()) {
            return Err(Fault::passing(
                "a page for people where bytes were asked for: is there a login or a proxy?",
            ));
        }
        match status {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK if known.is_none() => {
                return Err(Fault::Final(WebError::NoRanges { address: shown(url) }));
            }
            StatusCode::PRECONDITION_FAILED if known.is_some() => {
                return Err(Fault::Final(WebError::Changed { address: shown(url) }));
            }
            StatusCode::OK => return Err(Fault::passing("the whole file where a piece was asked for")),
            _ => return Err(self.refused(url, (status, answer.headers()), known.is_some())),
        }
        let Some((length, expected)) = is_range(answer.headers(), range) else {
            return Err(Fault::passing("another range of bytes than the one asked for"));
        };
        let mark = Mark::of(answer.headers(), length);
        if known.is_some_and(|known| !known.is_same(&mark)) {
            return Err(Fault::Final(WebError::Changed { address: shown(url) }));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default().min(1 << 24));
        let read = answer.into_body().into_reader().take(expected + 1).read_to_end(&mut bytes);
        self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        match read {
            Ok(count) if count as u64 == expected => Ok(Part { bytes, mark }),
            Ok(count) => Err(Fault::passing(format!("{count} of {expected} bytes"))),
            Err(error) => Err(Fault::passing(format!("{} of {expected} bytes ({error})", bytes.len()))),
        }
    }

    /// A whole file of a server that gives no pieces, written to `to`; what breaks off goes on where it broke, of the same
    /// file, if the server does give them after all.
    pub fn whole(&self, url: &Url, most: u64, to: &mut std::fs::File) -> Result<Mark, WebError> {
        let (mut known, mut got) = (None::<Mark>, 0_u64);
        self.again(url, || {
            let answer = self.get(
                &self.secrets.signed(url).map_err(Fault::Final)?,
                most.min(WAITED_FOR[1]),
                |request| match (&known, got) {
                    (Some(mark), 1..) if mark.strong().is_some() => request
                        .header("Range", format!("bytes={got}-"))
                        .header("If-Match", mark.strong().unwrap_or_default()),
                    _ => request,
                },
            )?;
            if is_page(answer.headers()) {
                return Err(Fault::passing(
                    "a page for people where a file was asked for: is there a login or a proxy?",
                ));
            }
            let mark = match answer.status() {
                StatusCode::OK => {
                    got = 0;
                    let length = mark::length(answer.headers());
                    let length = length.ok_or_else(|| Fault::passing("a file whose length is not told"))?;
                    Mark::of(answer.headers(), length)
                }
                StatusCode::PARTIAL_CONTENT if got > 0 => {
                    let range = is_range(answer.headers(), (got, u64::MAX - got));
                    let (length, _) = range.ok_or_else(|| Fault::passing("another range of bytes"))?;
                    Mark::of(answer.headers(), length)
                }
                StatusCode::PRECONDITION_FAILED => {
                    return Err(Fault::Final(WebError::Changed { address: shown(url) }));
                }
                status => return Err(self.refused(url, (status, answer.headers()), known.is_some())),
            };
            if known.as_ref().is_some_and(|known| !known.is_same(&mark)) {
                return Err(Fault::Final(WebError::Changed { address: shown(url) }));
            }
            if mark.length > most {
                let (found, limit) = (mark.length, most);
                return Err(Fault::Final(WebError::TooLarge { address: shown(url), found, limit }));
            }
            let length = mark.length;
            known = Some(mark.clone());
            self.pour(url, answer, (&mut got, length), to)?;
            Ok(mark)
        })
    }

    fn pour(
        &self,
        url: &Url,
        answer: Answer,
        (got, length): (&mut u64, u64),
        to: &mut std::fs::File,
    ) -> Result<(), Fault> {
        let here = |error: std::io::Error| {
            Fault::Final(WebError::Here { address: shown(url), reason: error.to_string() })
        };
        to.seek(SeekFrom::Start(*got)).map_err(here)?;
        let (mut body, mut piece) = (answer.into_body().into_reader(), vec![0; PIECE]);
        while let Ok(count @ 1..) = body.read(&mut piece) {
            self.received.fetch_add(count as u64, Ordering::Relaxed);
            if *got + count as u64 > length {
                return Err(Fault::passing(format!("more than {length} bytes")));
            }
            to.write_all(&piece[..count]).map_err(here)?;
            *got += count as u64;
        }
        if *got == length { Ok(()) } else { Err(Fault::passing(format!("{got} of {length} bytes"))) }
    }

    /// JSON of at most so many bytes, asked for with a question as body where there is one.
    pub fn json(&self, url: &Url, question: Option<&Value>, most: u64) -> Result<Value, WebError> {
        const ACCEPTED: &str = "application/geo+json, application/json";
        self.again(url, || {
            let bytes = most.min(WAITED_FOR[0]);
            let answer = match question {
                None => self.get(url, bytes, |request| request.header("Accept", ACCEPTED))?,
                Some(question) => self.post(url, question, bytes)?,
            };
            let status = answer.status();
            if !status.is_success() {
                return Err(self.refused(url, (status, answer.headers()), false));
            }
            if is_page(answer.headers()) {
                return Err(Fault::passing(
                    "a page for people where JSON was asked for: is there a login or a proxy?",
                ));
            }
            let mut bytes = Vec::new();
            let read = answer.into_body().into_reader().take(most + 1).read_to_end(&mut bytes);
            self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            read.map_err(|error| Fault::passing(format!("an answer that breaks off ({error})")))?;
            if bytes.len() as u64 > most {
                let (found, limit) = (bytes.len() as u64, most);
                return Err(Fault::Final(WebError::TooLarge { address: shown(url), found, limit }));
            }
            serde_json::from_slice(&bytes).map_err(|error| Fault::passing(format!("no JSON ({error})")))
        })
    }

    fn post(&self, url: &Url, question: &Value, bytes: u64) -> Result<Answer, Fault> {
        let place = self.allowed.check(url).map_err(Fault::Final)?;
        let mut request = self.agent.post(url.as_str()).header("Content-Type", "application/json");
        if let Some(token) = self.secrets.token_for(url, &place).map_err(Fault::Final)? {
            request = request.header("Authorization", token);
        }
        let request = request.config().timeout_recv_body(Some(self.patience.for_bytes(bytes))).build();
        request.send(question.to_string().as_bytes()).map_err(|error| words_of(url, &error))
    }

    /// The answer to a question without a body, behind the redirections that may be followed.
    fn get(
        &self,
        url: &Url,
        bytes: u64,
        with: impl Fn(
            ureq::RequestBuilder<ureq::typestate::WithoutBody>,
        ) -> ureq::RequestBuilder<ureq::typestate::WithoutBody>,
    ) -> Result<Answer, Fault> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTIONS {
            let place = self.allowed.check(&at).map_err(Fault::Final)?;
            let mut request = self.agent.get(at.as_str()).header("Accept-Encoding", "identity");
            if let Some(token) = self.secrets.token_for(&at, &place).map_err(Fault::Final)? {
                request = request.header("Authorization", token);
            }
            let request =
                with(request).config().timeout_recv_body(Some(self.patience.for_bytes(bytes))).build();
            let answer = request.call().map_err(|error| words_of(url, &error))?;
            if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| at.join(location).ok());
            let next = next.ok_or_else(|| Fault::passing("a redirection to nowhere"))?;
            if place.is_encrypted() && !Place::of(&next).is_ok_and(|place| place.is_encrypted()) {
                return Err(Fault::Final(WebError::Unencrypted { address: shown(url), to: shown(&next) }));
            }
            at = next;
        }
        Err(Fault::passing("one redirection after the other"))
    }

    /// Asks until there is an answer that does not pass.
    fn again<T>(&self, url: &Url, mut once: impl FnMut() -> Result<T, Fault>) -> Result<T, WebError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match once() {
                Ok(answer) => return Ok(answer),
                Err(Fault::Final(error)) => return Err(error),
                Err(Fault::Passing { reason, .. }) if tried >= self.patience.tries => {
                    return Err(WebError::Unreachable { address: shown(url), tries: tried, reason });
                }
                Err(Fault::Passing { told, .. }) => self.patience.wait(tried, told, url.path()),
            }
        }
    }

    /// What a status says that is no success.
    fn refused(&self, url: &Url, (status, headers): (StatusCode, &HeaderMap), was_given: bool) -> Fault {
        if is_passing(status) {
            let reason = format!("status {}", status.as_u16());
            return Fault::Passing { reason, told: told(headers) };
        }
        let next = match status.as_u16() {
            401 | 403 if was_given => {
                "it was given a moment ago: the signature or token has ended, get a new one and run again, what is there stays"
            }
            401 | 403 => {
                "is a token needed (STEPPEWATCH_HTTP_TOKEN), or a signature (STEPPEWATCH_HTTP_QUERY)?"
            }
            404 | 410 => "it is not there any more; search again",
            _ => "ask who runs the server",
        };
        Fault::Final(WebError::Refused { address: shown(url), status: status.as_u16(), next })
    }
}

/// How long a server asks to wait: seconds, or a time by its own clock.
fn told(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let wait = text("retry-after")?;
    if let Ok(seconds) = wait.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| Some(rfc2822::parse(text).ok()?.timestamp().as_second());
    let seconds = time(wait)?.checked_sub(time(text("date")?)?)?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}
