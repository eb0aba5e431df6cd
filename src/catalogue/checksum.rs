//! Check sums as items state them (`file:checksum`): multihash in hexadecimal.
//!
//! Source: STAC extension `file`; multihash table (sha2-256 is 12, sha2-512 is 13).

use std::fs::File;
use std::path::Path;

use sha2::{Digest, Sha256, Sha512};

/// A digest that an item states, by a rule that is known here.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    /// The digest.
    pub digest: Vec<u8>,
    is_long: bool,
}

/// Reads a multihash: `1220` and 32 bytes of SHA-256, `1340` and 64 of SHA-512.
pub fn expected(checksum: &str) -> Option<Expected> {
    let text = checksum.trim().to_ascii_lowercase();
    let (rest, is_long) = match (text.strip_prefix("1220"), text.strip_prefix("1340")) {
        (Some(rest), _) if rest.len() == 64 => (rest, false),
        (_, Some(rest)) if rest.len() == 128 => (rest, true),
        _ => return None,
    };
    let byte = |at: usize| u8::from_str_radix(rest.get(at..at + 2)?, 16).ok();
    let digest = (0..rest.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?;
    Some(Expected { digest, is_long })
}

impl Expected {
    /// The digest of a file by the same rule.
    pub fn of_file(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        if self.is_long {
            let mut hasher = Sha512::new();
            std::io::copy(&mut file, &mut hasher)?;
            return Ok(hasher.finalize().to_vec());
        }
        let mut hasher = Sha256::new();
        std::io::copy(&mut file, &mut hasher)?;
        Ok(hasher.finalize().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rules_are_known_and_no_others() {
        let sum = format!("1220{}", "ab".repeat(32));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, b"abc").unwrap();
        // FIPS 180-4, examples for SHA-256 and SHA-512.
        let long = "1340ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        let short = "1220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for known in [long, short] {
            let expected = expected(known).unwrap();
            assert_eq!(expected.of_file(&path).unwrap(), expected.digest, "{known}");
        }
        assert_ne!(expected(&sum).unwrap().of_file(&path).unwrap(), expected(&sum).unwrap().digest);
        for unknown in
            ["", "1220ab", "d50110d41d8cd98f00b204e9800998ecf8427e", &format!("1220{}", "zz".repeat(32))]
        {
            assert_eq!(expected(unknown), None, "{unknown}");
        }
    }
}
