//! The head of the chain where nobody can reach it: signed, and stamped by an authority of time. Manifests are signed so too.
//!
//! In:  a head or a file, a key. Out: a text, its signature beside it, and a request for a time stamp.
//! Law: from within, a ledger that was cut off at its end looks whole; against a head that was signed and kept elsewhere it
//!      does not. The files are plain, so that other programs check them: `openssl pkeyutl -verify -rawin`,
//!      `openssl ts -verify`.
//! Source: RFC 8032 (Ed25519), RFC 8410 (its keys as PEM), RFC 3161 (time-stamp protocol).

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::ledger::event::Moment;

/// The first line of every sealed head.
const FORMAT: &str = "steppewatch ledger head 1";

/// SHA-256 as an algorithm identifier (RFC 5754).
const SHA256: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];

/// SM3 as one (GM/T 0006, 1.2.156.10197.1.401).
const SM3: &[u8] = &[0x30, 0x0c, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11, 0x05, 0x00];

fn wrong(path: &Path, reason: String) -> LedgerError {
    LedgerError::Seal { path: path.to_owned(), reason }
}

/// Where something that belongs to a file lies: the file's name with one more ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that was not there; `mode` are its rights.
fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), LedgerError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| wrong(path, format!("cannot be written ({error}); give a name that is free")))
}

/// Makes a key: the private half in a file that only its owner reads, the public half beside it (`.pub`).
///
/// # Errors
/// `Seal` where a file is there already or cannot be written.
pub fn make_key(path: &Path) -> Result<PathBuf, LedgerError> {
    let mut secret = [0_u8; 32];
    let source = Path::new("/dev/urandom");
    let read = File::open(source).and_then(|mut file| file.read_exact(&mut secret));
    read.map_err(|error| wrong(source, format!("gives no random numbers ({error})")))?;
    let key = SigningKey::from_bytes(&secret);
    let failed = |error: &dyn std::fmt::Display| wrong(path, format!("cannot be made ({error})"));
    let private = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(&error))?;
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| failed(&error))?;
    let other = beside(path, ".pub");
    if other.symlink_metadata().is_ok() {
        // Before the private half is written: half a pair is no key.
        return Err(wrong(&other, "is there already; give a name that is free".to_owned()));
    }
    write_new(path, 0o600, private.as_bytes())?;
    write_new(&other, 0o644, public.as_bytes())?;
    Ok(other)
}

/// The text of a head, as it is signed.
fn text(place: &str, (seq, hash): &(i64, String), at: &Moment) -> String {
    let name = Path::new(place).file_name().unwrap_or_default().to_string_lossy();
    format!("{FORMAT}\nledger {name}\nhead {seq}:{hash}\nat {} {}\n", at.utc, at.local)
}

/// Writes a head to `out`, its signature beside it (`.sig`) and a request for a time stamp (`.tsq`).
///
/// # Errors
/// `Seal` where the key cannot be read or a file is there already.
pub fn seal(
    place: &str,
    head: &(i64, String),
    at: &Moment,
    (key, out): (&Path, &Path),
) -> Result<(), LedgerError> {
    let signer = signer(key)?;
    let text = text(place, head, at);
    write_new(out, 0o644, text.as_bytes())?;
    sign_beside(text.as_bytes(), &signer, out).map(|_| ())
}

/// Signs bytes that stay where they are: the signature is `OUT.sig`, the request for a time stamp `OUT.tsq`, and where SM3 is
/// asked for, one with that digest `OUT.sm3.tsq`. Returns the files.
///
/// # Errors
/// `Seal` where the key cannot be read or a file is there already.
pub fn sign(bytes: &[u8], key: &Path, (out, with_sm3): (&Path, bool)) -> Result<Vec<PathBuf>, LedgerError> {
    let signer = signer(key)?;
    let mut made = sign_beside(bytes, &signer, out)?.to_vec();
    if with_sm3 {
        let path = beside(out, ".sm3.tsq");
        write_new(&path, 0o644, &request(SM3, &sm3::Sm3::digest(bytes)))?;
        made.push(path);
    }
    Ok(made)
}

fn signer(key: &Path) -> Result<SigningKey, LedgerError> {
    let pem = fs::read_to_string(key).map_err(|error| wrong(key, format!("cannot be read ({error})")))?;
    SigningKey::from_pkcs8_pem(&pem)
        .map_err(|error| wrong(key, format!("is no Ed25519 key in PEM ({error}); `ledger key` makes one")))
}

fn sign_beside(bytes: &[u8], signer: &SigningKey, out: &Path) -> Result<[PathBuf; 2], LedgerError> {
    let (signature, asks) = (beside(out, ".sig"), beside(out, ".tsq"));
    if asks.symlink_metadata().is_ok() {
        // Before the signature is written: both or none.
        return Err(wrong(&asks, "is there already; give a name that is free".to_owned()));
    }
    write_new(&signature, 0o644, &signer.sign(bytes).to_bytes())?;
    write_new(&asks, 0o644, &request(SHA256, &Sha256::digest(bytes)))?;
    Ok([signature, asks])
}

/// A request for a stamp on a digest: version 1, the digest, the authority's certificate wanted.
fn request(algorithm: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut body = vec![0x02, 1, 1];
    body.extend(sequence(&imprint(algorithm, digest)));
    body.extend([0x01, 1, 0xff]);
    sequence(&body)
}

/// A digest with its algorithm, as requests and stamps hold it.
fn imprint(algorithm: &[u8], digest: &[u8]) -> Vec<u8> {
    [algorithm, &[0x04, digest.len() as u8], digest].concat()
}

/// A sequence of fewer than 128 bytes.
fn sequence(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x30, body.len() as u8];
    bytes.extend(body);
    bytes
}

/// The head that a sealed file names, once its signature holds.
///
/// # Errors
/// `Seal` where the file was changed, or the key is another.
pub fn head(path: &Path, public: &Path) -> Result<(i64, String), LedgerError> {
    check_signature(path, &beside(path, ".sig"), public)?;
    let text = fs::read_to_string(path).map_err(|error| wrong(path, format!("cannot be read ({error})")))?;
    let line = text.lines().find_map(|line| line.strip_prefix("head ")).filter(|_| text.starts_with(FORMAT));
    let parts = line
        .and_then(|line| line.split_once(':'))
        .and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.to_owned())));
    parts.ok_or_else(|| wrong(path, format!("expected '{FORMAT}' and a line 'head', found none")))
}

/// Whether a signature on a file holds for a public key.
///
/// # Errors
/// `Seal` where the file was changed, or signature or key are of something else.
pub fn check_signature(path: &Path, side: &Path, public: &Path) -> Result<(), LedgerError> {
    let read = |path: &Path| fs::read(path).map_err(|error| wrong(path, format!("cannot be read ({error})")));
    let (signed, bytes) = (read(path)?, read(side)?);
    let pem =
        fs::read_to_string(public).map_err(|error| wrong(public, format!("cannot be read ({error})")))?;
    let key = VerifyingKey::from_public_key_pem(&pem)
        .map_err(|error| wrong(public, format!("is no public Ed25519 key in PEM ({error})")))?;
    let signature = Signature::from_slice(&bytes).map_err(|error| {
        wrong(side, format!("expected 64 bytes of a signature, found {} ({error})", bytes.len()))
    })?;
    key.verify(&signed, &signature).map_err(|error| {
        wrong(
            path,
            format!(
                "its signature does not hold ({error}): the file, {} or {} is another",
                side.display(),
                public.display()
            ),
        )
    })
}

/// What a sequence holds (DER: a tag, a length of one byte or of some, then that).
fn within(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, length, rest @ ..] if *length < 0x80 => rest.get(..usize::from(*length)),
        [0x30, length, rest @ ..] => rest.get(usize::from(*length & 0x7f)..),
        _ => None,
    }
}

/// Whether an answer of an authority is a stamp on a sealed file. Whose stamp it is `openssl ts -verify` tells.
///
/// # Errors
/// `Seal` where it was refused, or is about something else.
pub fn check_stamp(path: &Path, answer: &Path) -> Result<(), LedgerError> {
    let read = |path: &Path| fs::read(path).map_err(|error| wrong(path, format!("cannot be read ({error})")));
    let (bytes, answer_bytes) = (read(path)?, read(answer)?);
    // TimeStampResp: a sequence that begins with the status, a sequence that begins with a small whole number.
    let status = within(&answer_bytes).and_then(within);
    if !status.is_some_and(|status| matches!(status, [0x02, 1, 0 | 1, ..])) {
        return Err(wrong(
            answer,
            "expected an answer that grants a stamp (RFC 3161), found none".to_owned(),
        ));
    }
    let holds = |part: &[u8]| answer_bytes.windows(part.len()).any(|window| window == part);
    if holds(&imprint(SHA256, &Sha256::digest(&bytes))) || holds(&imprint(SM3, &sm3::Sm3::digest(&bytes))) {
        return Ok(());
    }
    // The signer's own digest stands elsewhere in the answer, without bytes behind it.
    let is_known = [SHA256, SM3].iter().any(|algorithm| holds(&[algorithm, &[0x04, 32][..]].concat()));
    let reason = match is_known {
        true => format!("stamps something else than {}", path.display()),
        false => "stamps by another digest than SHA-256 or SM3".to_owned(),
    };
    Err(wrong(answer, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::event::tests::moment;

    fn sealed() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        let public = make_key(&key).unwrap();
        let out = folder.path().join("head");
        seal("somewhere/l.gpkg", &(7, "ab".to_owned()), &moment(2), (&key, &out)).unwrap();
        (folder, out, public)
    }

    #[test]
    fn a_head_that_was_signed_is_read_back_and_a_changed_one_is_not() {
        let (folder, out, public) = sealed();
        assert_eq!(head(&out, &public).unwrap(), (7, "ab".to_owned()));
        assert!(!fs::read_to_string(&out).unwrap().contains("somewhere"));
        let text = fs::read_to_string(&out).unwrap();
        fs::write(&out, text.replace("head 7", "head 8")).unwrap();
        assert!(head(&out, &public).unwrap_err().to_string().contains("does not hold"));
        fs::write(&out, text).unwrap();
        let other = make_key(&folder.path().join("other.pem")).unwrap();
        assert!(head(&out, &other).is_err());
    }

    #[test]
    fn a_file_is_signed_where_it_lies_and_a_signature_is_of_one_file_and_one_key() {
        let (folder, _, public) = sealed();
        let file = folder.path().join("manifest.json");
        fs::write(&file, "{}").unwrap();
        let key = folder.path().join("key.pem");
        let made = sign(b"{}", &key, (&folder.path().join("run"), true)).unwrap();
        let names: Vec<_> = made.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
        assert_eq!(names, ["run.sig", "run.tsq", "run.sm3.tsq"]);
        check_signature(&file, &made[0], &public).unwrap();
        let other = make_key(&folder.path().join("other.pem")).unwrap();
        assert!(check_signature(&file, &made[0], &other).unwrap_err().to_string().contains("does not hold"));
        fs::write(&file, "{ }").unwrap();
        assert!(check_signature(&file, &made[0], &public).is_err());
        fs::write(&made[0], "short").unwrap();
        assert!(check_signature(&file, &made[0], &public).unwrap_err().to_string().contains("64 bytes"));
        assert!(sign(b"{}", &key, (&folder.path().join("run"), false)).is_err());
    }

    #[test]
    fn a_key_is_of_its_owner_alone_and_is_never_written_over() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, _, _) = sealed();
        let key = folder.path().join("key.pem");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(make_key(&key).unwrap_err().to_string().contains("give a name that is free"));
        // Half a pair is no key: beside a public half that is there none is made.
        fs::remove_file(&key).unwrap();
        assert!(make_key(&key).unwrap_err().to_string().contains("key.pem.pub") && !key.exists());
    }
}
