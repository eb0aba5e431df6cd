//! Where an object lies: `s3://BUCKET/KEY`, which GDAL writes as `/vsis3/BUCKET/KEY`.
//!
//! Law: both spellings mean the same and are one path inside the program. A key is made of names as a path is: none of them
//!      empty, `.` or `..`, which addresses on the web would resolve to other objects.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::bucket::BucketError;

/// How GDAL begins such a path.
const GDAL: &str = "/vsis3/";
/// How everybody else begins it.
const URI: &str = "s3://";

/// A bucket and the key of an object or prefix in it; an empty key is the whole bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The bucket.
    pub bucket: String,
    /// The key, without slashes at its ends.
    pub key: String,
}

/// Whether a path is meant as an address in object storage.
pub fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(GDAL) || text.starts_with(URI))
}

/// Whether a path is meant as an address on the web.
pub fn is_web(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with("https://") || text.starts_with("http://"))
}

/// The one spelling of an address that the program uses inside; any other path as it is.
pub fn canonical(path: &Path) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_prefix(URI).or_else(|| text.strip_prefix(GDAL))) {
        Some(rest) => PathBuf::from(format!("{GDAL}{}", rest.trim_end_matches('/'))),
        None => path.to_owned(),
    }
}

impl Address {
    /// The address that a path is; `None` for a path on this disk.
    pub fn of(path: &Path) -> Result<Option<Self>, BucketError> {
        let text = path.to_str().unwrap_or_default();
        let Some(rest) = text.strip_prefix(GDAL).or_else(|| text.strip_prefix(URI)) else { return Ok(None) };
        let fault = |reason: &str| BucketError::Name { address: text.to_owned(), reason: reason.to_owned() };
        let rest = rest.trim_end_matches('/');
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || !bucket.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
            return Err(fault("it names no bucket"));
        }
        if !key.is_empty() && !is_key(key) {
            return Err(fault("a part of its key is empty, '.' or '..', or no text"));
        }
        Ok(Some(Self { bucket: bucket.to_owned(), key: key.to_owned() }))
    }

    /// As a path, the way GDAL wants it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("{GDAL}{}", self.words()))
    }

    /// An object below this one.
    pub fn join(&self, name: &str) -> Self {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}/{name}", self.key) };
        Self { bucket: self.bucket.clone(), key }
    }

    /// Beginning of the keys of everything below.
    pub fn prefix(&self) -> String {
        if self.key.is_empty() { String::new() } else { format!("{}/", self.key) }
    }

    fn words(&self) -> String {
        if self.key.is_empty() { self.bucket.clone() } else { format!("{}/{}", self.bucket, self.key) }
    }
}

/// Whether a key is made of names as a path is.
pub fn is_key(key: &str) -> bool {
    !key.contains(char::is_control) && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{URI}{}", self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_address() {
        let address = |text: &str| Address::of(Path::new(text)).unwrap().unwrap();
        let scenes = address("s3://county/scenes/2023/");
        assert_eq!(scenes, address("/vsis3/county/scenes/2023"));
        assert_eq!(
            (scenes.to_string().as_str(), scenes.prefix().as_str()),
            ("s3://county/scenes/2023", "scenes/2023/")
        );
        assert_eq!(scenes.join("a.tif").path(), Path::new("/vsis3/county/scenes/2023/a.tif"));
        assert_eq!(canonical(Path::new("s3://county/")), address("s3://county").path());
        assert_eq!(address("s3://county").join("a.tif").path(), Path::new("/vsis3/county/a.tif"));
        assert_eq!(canonical(Path::new("a/s3:/b/")), Path::new("a/s3:/b/"));
    }

    #[test]
    fn what_the_web_would_resolve_to_another_object_is_no_address() {
        for text in ["s3://", "/vsis3/", "s3:///a", "s3://b/../c", "s3://b/a//c", "s3://b/.", "s3://b c/d"] {
            assert!(Address::of(Path::new(text)).is_err(), "{text}");
        }
        for text in ["/vsicurl/http://x/a.tif", "http://x", "scenes", "/data/vsis3/x"] {
            assert_eq!(Address::of(Path::new(text)), Ok(None), "{text}");
        }
    }
}
