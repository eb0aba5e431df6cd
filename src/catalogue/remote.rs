//! Where a file of a catalogue lies, and how its bytes are asked for: on the web or in object storage, by one rule.
//!
//! Law: what an item names is an address with a host or a bucket that somebody allowed, and nothing else: no path of this
//!      machine, no driver of a library, no script.

use std::fmt;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use url::Url;

use crate::bucket::web::error::shown;
use crate::bucket::web::mark::{Mark, Part};
use crate::bucket::{Address, Client, Web, WebError};

/// A file that is not on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// On the web.
    Web(Url),
    /// In object storage.
    Object(Url, Address),
}

/// Pieces of at most so many bytes are asked for when a file is wanted whole.
const PIECE: u64 = 8 << 20;

impl Remote {
    /// What an address means, seen from the file that names it.
    pub fn parse(href: &str, from: Option<&Url>) -> Result<Self, WebError> {
        let clean =
            |text: &str| text.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
        let fault = |reason: &str| WebError::Name { address: clean(href), reason: reason.to_owned() };
        if href.trim().is_empty() || href.chars().any(char::is_control) {
            return Err(fault("is no address"));
        }
        let parsed = match from {
            Some(from) => from.join(href),
            None => Url::parse(href),
        };
        let url = parsed.map_err(|_unreadable| fault("is no address"))?;
        match url.scheme() {
            "http" | "https" => Ok(Self::Web(url)),
            "s3" => {
                let address = Address::of(Path::new(href))?.filter(|address| !address.key.is_empty());
                Ok(Self::Object(url, address.ok_or_else(|| fault("names no object"))?))
            }
            _ => Err(fault("is neither on the web nor in object storage")),
        }
    }

    /// The address with everything that it needs; never shown.
    pub fn url(&self) -> &Url {
        match self {
            Self::Web(url) | Self::Object(url, _) => url,
        }
    }

    /// At most `count` bytes from a byte on.
    pub fn piece(&self, web: &Web, range: (u64, u64), known: Option<&Mark>) -> Result<Part, WebError> {
        match self {
            Self::Web(url) => web.piece(url, range, known),
            Self::Object(url, address) => {
                web.allowed().check(url)?;
                Ok(Client::get()?.piece(address, range, known)?)
            }
        }
    }

    /// All bytes, into a file.
    pub fn whole(&self, web: &Web, most: u64, to: &mut File) -> Result<Mark, WebError> {
        let here =
            |error: std::io::Error| WebError::Here { address: self.to_string(), reason: error.to_string() };
        to.rewind().map_err(here)?;
        let (mut known, mut got) = (None::<Mark>, 0);
        loop {
            let part = match self.piece(web, (got, PIECE), known.as_ref()) {
                Err(WebError::NoRanges { .. }) => return web.whole(self.url(), most, to),
                part => part?,
            };
            if part.mark.length > most {
                let (address, found) = (self.to_string(), part.mark.length);
                return Err(WebError::TooLarge { address, found, limit: most });
            }
            to.write_all(&part.bytes).map_err(here)?;
            got += part.bytes.len() as u64;
            if got >= part.mark.length {
                return Ok(part.mark);
            }
            known = Some(part.mark);
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.url()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 150 of the catalogue of faults.
    #[test]
    fn only_the_web_and_object_storage_are_addresses() {
        let from = Url::parse("https://stac.example/items/a.json?token=canary").unwrap();
        let words = |href: &str| Remote::parse(href, Some(&from)).map(|remote| remote.to_string());
        assert_eq!(words("../a/red.tif").unwrap(), "https://stac.example/a/red.tif");
        assert_eq!(words("../../../../etc/passwd").unwrap(), "https://stac.example/etc/passwd");
        assert_eq!(words("https://cogs.example/a.tif?sig=canary").unwrap(), "https://cogs.example/a.tif");
        assert_eq!(words("s3://county/a/b.tif").unwrap(), "s3://county/a/b.tif");
        for bad in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:,x",
            "vrt://x",
            "s3://county",
            "s3://county/../x",
            "",
            "a\nb",
        ] {
            assert!(words(bad).is_err(), "{bad}");
        }
        // Seen from an address, a path is a path on its server.
        assert_eq!(words("/vsicurl/http://x").unwrap(), "https://stac.example/vsicurl/http://x");
        assert!(Remote::parse("/vsis3/county/a.tif", None).is_err() && Remote::parse("a.tif", None).is_err());
        let said = words("file:///x?token=canary").unwrap_err().to_string();
        assert!(!said.contains("canary"), "{said}");
    }
}
