//! Asking the storage: lists, bytes, and writes on a condition. The only file beside `ask` that speaks to a network.
//!
//! Law: an object is written whole or not at all, which the storage promises. A read that breaks off goes on where it broke,
//!      of the same object.
//! Source: Amazon S3 API reference (ListObjectsV2, GetObject, PutObject with If-None-Match and If-Match, DeleteObject).

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use rusty_s3::Bucket;
use rusty_s3::actions::{ListObjectsV2, S3Action};
use ureq::http::StatusCode;

use crate::bucket::again;
use crate::bucket::ask::{self, Answer, NEXT_STORAGE, READ, TRIES};
use crate::bucket::{Address, BucketError, Settings};

/// How long a signature holds; only the beginning of a request must lie within.
const SIGNED: Duration = Duration::from_secs(900);
/// An object as the storage describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// What the storage knows its content by.
    pub etag: String,
    /// When it was written, in seconds since 1970 by the storage's clock.
    pub modified: i64,
    /// When this was said, by the same clock.
    pub told: i64,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// Bytes at hand.
    Bytes(&'a [u8]),
    /// A file here.
    File(&'a Path),
}

/// When an object is written.
#[derive(Debug, Clone, Copy)]
pub enum Condition<'a> {
    /// Whatever is there.
    Always,
    /// If there is none of that key.
    New,
    /// If the one there has this ETag.
    Same(&'a str),
}

/// Who asks the storage. Any number of threads may ask at once.
pub struct Client {
    pub(super) settings: Settings,
    pub(super) agent: ureq::Agent,
}

impl Client {
    /// The one client of the process, made when an address first needs it.
    pub fn get() -> Result<&'static Self, BucketError> {
        static CLIENT: OnceLock<Client> = OnceLock::new();
        if let Some(client) = CLIENT.get() {
            return Ok(client);
        }
        let client = Self::new(Settings::from_environment()?);
        Ok(CLIENT.get_or_init(|| client))
    }

    fn new(settings: Settings) -> Self {
        Self { settings, agent: again::agent() }
    }

    /// Where this client asks.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Every object below an address, by key.
    pub fn list(&self, address: &Address) -> Result<Vec<Object>, BucketError> {
        const DOING: &str = "list objects";
        let (bucket, prefix) = (self.settings.bucket(address)?, address.prefix());
        let (mut objects, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut action = ListObjectsV2::new(&bucket, self.settings.credentials.as_ref());
            action.with_prefix(prefix.as_str());
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let words = self.whole(address, DOING, || self.agent.get(action.sign(SIGNED).as_str()).call())?;
            let strange = |reason: String| self.refused((address, DOING), reason, NEXT_STORAGE);
            let page = ListObjectsV2::parse_response(&words)
                .map_err(|error| strange(format!("an answer that is no list ({error})")))?;
            for listed in page.contents {
                let modified = listed.last_modified.and_then(|text| text.parse::<Timestamp>().ok());
                let (Some(size), Some(etag), Some(modified)) = (listed.size, listed.etag, modified) else {
                    return Err(strange(format!("'{}' without size, ETag or time", listed.key)));
                };
                let modified = modified.as_second();
                let etag = ask::plain(&etag);
                objects.push(Object { key: listed.key, size, etag, modified, told: modified });
            }
            match page.next_continuation_token {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// Every object below an address, or the one that it is.
    pub fn below(&self, address: &Address) -> Result<Vec<Object>, BucketError> {
        let found = self.list(address)?;
        if found.is_empty() && !address.key.is_empty() {
            return Ok(self.look(address)?.into_iter().collect());
        }
        Ok(found)
    }

    /// What the storage says of an object; `None` where there is none.
    pub fn look(&self, address: &Address) -> Result<Option<Object>, BucketError> {
        const DOING: &str = "describe the object";
        let bucket = self.settings.bucket(address)?;
        let answer = self.ask(address, DOING, || {
            let action = bucket.head_object(self.settings.credentials.as_ref(), &address.key);
            self.agent.head(action.sign(SIGNED).as_str()).call()
        })?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => self.described(address, answer.headers()).map(Some),
            _ => Err(self.fault(address, DOING, answer)),
        }
    }

    /// The first bytes of an object: at most so many, fewer where it is shorter.
    pub fn start(&self, address: &Address, most: usize) -> Result<Vec<u8>, BucketError> {
        let bucket = self.settings.bucket(address)?;
        let answer = self.part(&bucket, address, (0, Some(most)), None)?;
        if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(most);
        let mut body = answer.into_body().into_reader().take(most as u64);
        body.read_to_end(&mut bytes).map_err(|error| self.gone((address, READ), 1, &error.to_string()))?;
        Ok(bytes)
    }

    /// Reads an object to its end. Returns what was read.
    pub fn read(&self, address: &Address, to: &mut dyn Write) -> Result<Object, BucketError> {
        let bucket = self.settings.bucket(address)?;
        let mut known: Option<Object> = None;
        let mut got = 0;
        for tried in 1.. {
            let etag = known.as_ref().map(|object| object.etag.as_str());
            let answer = self.part(&bucket, address, (got, None), etag)?;
            let object = match known.take() {
                Some(object) => object,
                None => self.described(address, answer.headers())?,
            };
            got += ask::poured(address, answer, to)?;
            if got == object.size {
                return Ok(object);
            }
            if tried == TRIES || got > object.size {
                return Err(BucketError::Cut {
                    address: Box::new(address.clone()),
                    expected: object.size,
                    found: got,
                });
            }
            known = Some(object);
            ask::pause(address, tried);
        }
        Err(self.gone((address, READ), TRIES, "no answer"))
    }

    /// Writes an object whole. Returns its ETag; `None` where the condition does not hold.
    pub fn write(
        &self,
        address: &Address,
        body: Body,
        condition: Condition,
    ) -> Result<Option<String>, BucketError> {
        const DOING: &str = "write the object";
        let bucket = self.settings.bucket(address)?;
        let answer = self.ask(address, DOING, || {
            let action = bucket.put_object(self.settings.credentials.as_ref(), &address.key);
            let request = self.agent.put(action.sign(SIGNED).as_str());
            let request = match condition {
                Condition::Always => request,
                Condition::New => request.header("If-None-Match", "*"),
                Condition::Same(etag) => request.header("If-Match", format!("\"{etag}\"")),
            };
            match body {
                Body::Bytes(bytes) => request.send(bytes),
                Body::File(path) => request.send(File::open(path)?),
            }
        })?;
        let is_conditional = !matches!(condition, Condition::Always);
        match answer.status() {
            status if status.is_success() => Ok(Some(ask::etag(answer.headers()))),
            StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT if is_conditional => {
                self.is_written(address, body)
            }
            StatusCode::NOT_FOUND if matches!(condition, Condition::Same(_)) => Ok(None),
            _ => Err(self.fault(address, DOING, answer)),
        }
    }

    /// A write whose answer was lost is refused when it is tried again: then the object is what was to be written.
    fn is_written(&self, address: &Address, body: Body) -> Result<Option<String>, BucketError> {
        let Body::Bytes(bytes) = body else { return Ok(None) };
        if self.look(address)?.is_none_or(|object| object.size != bytes.len() as u64) {
            return Ok(None);
        }
        let mut there = Vec::new();
        let object = self.read(address, &mut there)?;
        Ok((there == bytes).then_some(object.etag))
    }

    /// Removes an object; one that is gone already is no fault.
    pub fn remove(&self, address: &Address) -> Result<(), BucketError> {
        const DOING: &str = "remove the object";
        let bucket = self.settings.bucket(address)?;
        let answer = self.ask(address, DOING, || {
            let action = bucket.delete_object(self.settings.credentials.as_ref(), &address.key);
            self.agent.delete(action.sign(SIGNED).as_str()).call()
        })?;
        match answer.status() {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            _ => Err(self.fault(address, DOING, answer)),
        }
    }

    /// An object from a byte on, of the one with an ETag if that is known.
    pub(super) fn part(
        &self,
        bucket: &Bucket,
        address: &Address,
        (from, most): (u64, Option<usize>),
        etag: Option<&str>,
    ) -> Result<Answer, BucketError> {
        let answer = self.ask(address, READ, || {
            let action = bucket.get_object(self.settings.credentials.as_ref(), &address.key);
            let mut request = self.agent.get(action.sign(SIGNED).as_str());
            if from > 0 || most.is_some() {
                let to = most.map_or(String::new(), |most| (from + most as u64 - 1).to_string());
                request = request.header("Range", format!("bytes={from}-{to}"));
            }
            if let Some(etag) = etag {
                request = request.header("If-Match", format!("\"{etag}\""));
            }
            request.call()
        })?;
        match (answer.status(), etag) {
            (StatusCode::PRECONDITION_FAILED, Some(etag)) => {
                let found = "another".to_owned();
                Err(BucketError::Changed {
                    address: Box::new(address.clone()),
                    expected: etag.to_owned(),
                    found,
                })
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, None) => Ok(answer),
            (status, _) if status == StatusCode::PARTIAL_CONTENT || status.is_success() && from == 0 => {
                Ok(answer)
            }
            _ => Err(self.fault(address, READ, answer)),
        }
    }
}
