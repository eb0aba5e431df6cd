//! What a server says of a file beside its bytes: which version it is, how long, and which bytes an answer holds.
//!
//! Source: RFC 9110 sections 8.8 (validators), 14 (range requests).

use ureq::http::HeaderMap;

/// What a server knows a file by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Bytes of the whole file.
    pub length: u64,
    /// ETag as it was said, with its quotes.
    pub etag: Option<String>,
    /// Time of its last change as it was said.
    pub modified: Option<String>,
}

/// Bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As many as were asked for, fewer at the end of the file.
    pub bytes: Vec<u8>,
    /// The file that they are of.
    pub mark: Mark,
}

impl Mark {
    pub(super) fn of(headers: &HeaderMap, length: u64) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { length, etag: text("etag"), modified: text("last-modified") }
    }

    /// The ETag, if it stands for every byte of the file.
    pub(super) fn strong(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| !etag.starts_with("W/"))
    }

    /// Whether two answers are of one version, as far as they say.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        self.length == other.length
            && agree(&self.etag, &other.etag)
            && agree(&self.modified, &other.modified)
    }
}

/// Length that an answer states of its body.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.trim().parse().ok()
}

/// Whether an answer is a page for people.
pub(super) fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim().to_ascii_lowercase().starts_with("text/html")
}

/// Length of the file and bytes of the answer, if it holds the range `(from, count)` cut at the end of the file.
pub fn is_range(headers: &HeaderMap, (from, count): (u64, u64)) -> Option<(u64, u64)> {
    let said = headers.get("content-range")?.to_str().ok()?.trim().strip_prefix("bytes ")?;
    let (range, length) = said.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, length): (u64, u64, u64) =
        (first.trim().parse().ok()?, last.trim().parse().ok()?, length.trim().parse().ok()?);
    let expected = from.checked_add(count)?.min(length).checked_sub(1)?;
    (first == from && last == expected && last >= first).then(|| (length, last - first + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(range: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-range", range.parse().unwrap());
        headers
    }

    #[test]
    fn only_the_range_that_was_asked_for_is_taken() {
        assert_eq!(is_range(&said("bytes 10-19/100"), (10, 10)), Some((100, 10)));
        assert_eq!(is_range(&said("bytes 90-99/100"), (90, 64)), Some((100, 10)));
        for other in [
            "bytes 0-9/100",
            "bytes 10-18/100",
            "bytes 10-19/*",
            "10-19/100",
            "bytes 19-10/100",
            "bytes */100",
        ] {
            assert_eq!(is_range(&said(other), (10, 10)), None, "{other}");
        }
    }

    #[test]
    fn another_length_or_etag_is_another_file() {
        let mark =
            |length, etag: Option<&str>| Mark { length, etag: etag.map(str::to_owned), modified: None };
        assert!(
            mark(5, Some("\"a\"")).is_same(&mark(5, Some("\"a\"")))
                && mark(5, None).is_same(&mark(5, Some("\"a\"")))
        );
        assert!(
            !mark(5, Some("\"a\"")).is_same(&mark(5, Some("\"b\"")))
                && !mark(5, None).is_same(&mark(6, None))
        );
        assert_eq!(mark(5, Some("W/\"a\"")).strong(), None);
    }
}
