//! What is said between a run and the process that decodes for it.
//!
//! In:  questions and answers. Out: frames on a pipe: length of the head (4 bytes), length of the body (8 bytes), head, body.
//! Law: a reader believes no length: a head has at most 16 MiB, a body what was asked for. Numbers keep every bit.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::grid::{Grid, Window};
use crate::read::ReadError;
use crate::read::harden::Place;
use crate::read::raster::{About, Wanted};
use crate::scene::Band;

/// Largest head in bytes; metadata of a file are some kilobytes.
const MAX_HEAD: u32 = 16 << 20;

/// A file that is asked; names are bytes, as the system has them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Given {
    path: Vec<u8>,
    real: Vec<u8>,
    is_jpeg2000: bool,
    pub(super) is_object: bool,
    /// Which opening of the file this is.
    pub(super) opening: u64,
    /// The grid on which it must lie.
    pub(super) on: Option<Grid>,
}

impl Given {
    pub(super) fn new(place: &Place, opening: u64) -> Self {
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        Self {
            path: bytes(&place.path),
            real: bytes(&place.real),
            is_jpeg2000: place.is_jpeg2000,
            is_object: place.is_object,
            opening,
            on: None,
        }
    }

    pub(super) fn place(&self) -> Place {
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        Place {
            path: path(&self.path),
            real: path(&self.real),
            is_jpeg2000: self.is_jpeg2000,
            is_object: self.is_object,
        }
    }
}

/// What is asked of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    About(Given),
    Sample(Given, Band, usize),
    Window(Given, Wanted),
}

impl Question {
    pub(super) fn given(&self) -> &Given {
        match self {
            Question::About(given) | Question::Sample(given, ..) | Question::Window(given, _) => given,
        }
    }
}

/// What is answered; the numbers of a window are the body of the frame.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The process is limited, and listens.
    Ready,
    /// It cannot be limited, and ends.
    Unlimited(String),
    About(About),
    Sample(Vec<f64>),
    Window,
    Refused(Fault),
}

/// A fault of a file, without the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Fault {
    Broken(String),
    TooLarge { what: String, found: u64, limit: u64 },
    Georeference(String),
    Changed { expected: String, found: String },
    Pixels { band: Band, window: Window, reason: String },
}

impl Fault {
    pub(super) fn from(error: ReadError) -> Self {
        match error {
            ReadError::Broken { reason, .. } => Fault::Broken(reason),
            ReadError::TooLarge { what, found, limit, .. } => Fault::TooLarge { what, found, limit },
            ReadError::Georeference { reason, .. } => Fault::Georeference(reason),
            ReadError::Changed { expected, found, .. } => Fault::Changed { expected, found },
            ReadError::Pixels { band, window, reason, .. } => Fault::Pixels { band, window, reason },
            other => Fault::Broken(other.to_string()),
        }
    }

    pub(super) fn of(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            Fault::Broken(reason) => ReadError::Broken { path, reason },
            Fault::TooLarge { what, found, limit } => ReadError::TooLarge { path, what, found, limit },
            Fault::Georeference(reason) => ReadError::Georeference { path, reason },
            Fault::Changed { expected, found } => ReadError::Changed { path, expected, found },
            Fault::Pixels { band, window, reason } => ReadError::Pixels { path, band, window, reason },
        }
    }
}

fn nonsense(what: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

/// Writes one frame.
pub(super) fn put(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let head = postcard::to_allocvec(head).map_err(nonsense)?;
    let length = u32::try_from(head.len()).map_err(nonsense)?;
    let mut start = Vec::with_capacity(12 + head.len());
    start.extend(length.to_le_bytes());
    start.extend((body.len() as u64).to_le_bytes());
    start.extend(head);
    to.write_all(&start)?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame whose body has no byte or `most`; nothing at the end of the pipe.
pub(super) fn take<T: DeserializeOwned>(
    from: &mut impl Read,
    most: usize,
) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut start = [0_u8; 12];
    let mut filled = 0;
    while filled < start.len() {
        match from.read(&mut start[filled..])? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => filled += more,
        }
    }
    let [a, b, c, d, rest @ ..] = start;
    let (head, body) = (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(rest));
    if head > MAX_HEAD || (body != 0 && body != most as u64) {
        return Err(nonsense("a frame of another length than was asked for"));
    }
    let mut bytes = vec![0; head as usize];
    from.read_exact(&mut bytes)?;
    let head = postcard::from_bytes(&bytes).map_err(nonsense)?;
    let mut bytes = vec![0; body as usize];
    from.read_exact(&mut bytes)?;
    Ok(Some((head, bytes)))
}

/// Numbers of a body.
pub(super) fn numbers(body: &[u8]) -> Vec<f32> {
    body.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

/// The body of numbers.
pub(super) fn body(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_bit_by_bit() {
        let values = [0.0, -0.0, f32::NAN, f32::from_bits(0x7fc0_1234), 10_000.0, f32::MIN_POSITIVE];
        let mut pipe = Vec::new();
        put(&mut pipe, &Answer::Window, &body(&values)).unwrap();
        put(&mut pipe, &Answer::Refused(Fault::Broken("x".to_owned())), &[]).unwrap();
        let mut from = pipe.as_slice();
        let (answer, back) = take::<Answer>(&mut from, 24).unwrap().unwrap();
        assert!(matches!(answer, Answer::Window));
        assert_eq!(
            numbers(&back).iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            values.map(f32::to_bits)
        );
        assert!(matches!(
            take::<Answer>(&mut from, 24).unwrap().unwrap().0,
            Answer::Refused(Fault::Broken(_))
        ));
        assert!(take::<Answer>(&mut from, 24).unwrap().is_none());
    }

    #[test]
    fn no_length_is_believed() {
        let refused = |bytes: &[u8]| take::<Answer>(&mut &*bytes, 8).is_err();
        let mut long = vec![0xff; 4];
        long.extend([0; 8]);
        assert!(refused(&long));
        let mut other = 1_u32.to_le_bytes().to_vec();
        other.extend(9_u64.to_le_bytes());
        assert!(refused(&other));
        assert!(refused(&[1, 0, 0]));
        let mut unknown = 1_u32.to_le_bytes().to_vec();
        unknown.extend(0_u64.to_le_bytes());
        unknown.push(77);
        assert!(refused(&unknown));
    }
}
