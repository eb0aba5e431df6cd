//! Pieces of an object in storage: some bytes from a place on, of the object that is known.
//!
//! Law: a piece is whole and of the object asked for, or an error.

use std::io::Read;

use ureq::http::StatusCode;

use crate::bucket::ask::{self, READ, TRIES};
use crate::bucket::web::mark::{Mark, Part, is_range};
use crate::bucket::{Address, BucketError, Client};

impl Client {
    /// At most `count` bytes of an object from a byte on: fewer only at its end.
    pub fn piece(
        &self,
        address: &Address,
        (from, count): (u64, u64),
        known: Option<&Mark>,
    ) -> Result<Part, BucketError> {
        let bucket = self.settings.bucket(address)?;
        let etag = known.and_then(|mark| mark.etag.as_deref()).map(ask::plain);
        for tried in 1.. {
            let most = usize::try_from(count).unwrap_or(usize::MAX);
            let answer = self.part(&bucket, address, (from, Some(most)), etag.as_deref())?;
            let strange = |found: String| {
                self.refused((address, READ), found, "this storage does not give pieces of an object")
            };
            let status = answer.status();
            let Some((length, expected)) = is_range(answer.headers(), (from, count)) else {
                return Err(strange(format!("status {} and another range", status.as_u16())));
            };
            let now = ask::etag(answer.headers());
            if let Some(etag) = etag.as_ref().filter(|etag| **etag != now) {
                return Err(BucketError::Changed {
                    address: Box::new(address.clone()),
                    expected: etag.clone(),
                    found: now,
                });
            }
            let mut bytes = Vec::new();
            let read = answer.into_body().into_reader().take(expected).read_to_end(&mut bytes);
            if status == StatusCode::PARTIAL_CONTENT && read.is_ok() && bytes.len() as u64 == expected {
                let etag = Some(format!("\"{now}\"")).filter(|_| !now.is_empty());
                return Ok(Part { bytes, mark: Mark { length, etag, modified: None } });
            }
            if tried == TRIES {
                let (address, found) = (Box::new(address.clone()), bytes.len() as u64);
                return Err(BucketError::Cut { address, expected, found });
            }
            ask::pause(address, tried);
        }
        Err(self.gone((address, READ), TRIES, "no answer"))
    }
}
