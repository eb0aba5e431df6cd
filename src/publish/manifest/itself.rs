//! A manifest that tells its own digest: nothing in it can be changed by accident without being noticed.
//!
//! In:  a manifest with a place for its digest. Out: its text; and of a text, whether the digest holds.
//! Law: the digest is the SHA-256 of all bytes of the file, with zeros where the digest itself stands. Who changes a manifest
//!      on purpose can make it fit again: against that stand signatures, time stamps and ledgers alone.

use serde_json::{Value, json};

use crate::publish::digest;

/// Name of the place.
pub const OWN: &str = "manifest_sha256";
/// How it is written.
const BEFORE: &str = "\"manifest_sha256\": \"";
/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// What stands in the place until the text is known.
pub fn place() -> Value {
    json!("0".repeat(DIGITS))
}

/// Whether the digest that a manifest tells of itself holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// It does.
    Holds,
    /// It does not.
    Differs {
        /// The one that it tells.
        stated: String,
        /// The one that it has.
        found: String,
    },
    /// It tells none.
    None,
}

/// The text of a manifest, with its digest in the place for it.
pub fn text(manifest: &Value) -> String {
    let text = format!("{manifest:#}\n");
    let own = digest::of_bytes(text.as_bytes());
    match stands_at(text.as_bytes()) {
        Some(at) => format!("{}{own}{}", &text[..at], &text[at + DIGITS..]),
        None => text,
    }
}

/// Whether the digest of a text holds.
pub fn check(bytes: &[u8]) -> Own {
    let Some(at) = stands_at(bytes) else { return Own::None };
    let stated = String::from_utf8_lossy(&bytes[at..at + DIGITS]).into_owned();
    let blank = [&bytes[..at], "0".repeat(DIGITS).as_bytes(), &bytes[at + DIGITS..]].concat();
    let found = digest::of_bytes(&blank);
    if stated == found { Own::Holds } else { Own::Differs { stated, found } }
}

/// Where the digits begin. In words of a record a quotation mark is written with a backslash before it, so that none of them
/// can look like the place; of several the last one counts.
fn stands_at(bytes: &[u8]) -> Option<usize> {
    let found = bytes.windows(BEFORE.len()).rposition(|window| window == BEFORE.as_bytes());
    found.map(|at| at + BEFORE.len()).filter(|at| at + DIGITS <= bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Value {
        json!({"words": "\"manifest_sha256\": \"", "run": {"host": "here", OWN: place()}})
    }

    #[test]
    fn every_byte_of_a_manifest_is_under_its_own_digest() {
        let text = text(&manifest());
        assert_eq!(check(text.as_bytes()), Own::Holds);
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1 << bit;
                assert_ne!(check(&changed), Own::Holds, "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn anybody_can_compute_it_again() {
        let text = text(&manifest());
        let whole: Value = serde_json::from_str(&text).unwrap();
        let own = whole["run"][OWN].as_str().unwrap();
        assert_eq!(digest::of_bytes(text.replace(own, &"0".repeat(64)).as_bytes()), own);
        assert_eq!(check(b"{}"), Own::None);
    }
}
