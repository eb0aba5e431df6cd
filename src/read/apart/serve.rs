//! A process that decodes, as it sees itself: it limits itself, then answers until its input ends.
//!
//! In:  questions. Out: answers, in their order.
//! Law: nothing is read before the limits stand.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use crate::read::apart::limits;
use crate::read::apart::wire::{self, Answer, Fault, Given, Question};
use crate::read::opened::same_grid;
use crate::read::raster::Raster;
use crate::read::{ReadError, harden};

/// Files that are kept open.
const OPEN_FILES: usize = 96;

/// Answers questions from `input` until it ends. `is_network` lets object storage be asked.
///
/// # Errors
/// What the pipes refuse.
pub fn serve(is_network: bool, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    if let Err(reason) = limits::limit(is_network) {
        return wire::put(output, &Answer::Unlimited(reason), &[]);
    }
    if let Err(fault) = harden::prepare() {
        return wire::put(output, &Answer::Unlimited(fault.to_string()), &[]);
    }
    wire::put(output, &Answer::Ready, &[])?;
    let mut files = Files::default();
    while let Some(((seconds, question), _)) = wire::take::<(u64, Question)>(input, 0)? {
        limits::processor(seconds);
        let (answer, body) =
            files.answer(&question).unwrap_or_else(|error| (Answer::Refused(Fault::from(error)), Vec::new()));
        wire::put(output, &answer, &body)?;
    }
    Ok(())
}

/// Files that are open, the latest of them, by their opening.
#[derive(Default)]
struct Files {
    open: BTreeMap<u64, (u64, Raster)>,
    clock: u64,
}

impl Files {
    fn answer(&mut self, question: &Question) -> Result<(Answer, Vec<u8>), ReadError> {
        let file = self.file(question.given())?;
        match question {
            Question::About(_) => Ok((Answer::About(file.about()?), Vec::new())),
            Question::Sample(_, band, number) => {
                Ok((Answer::Sample(file.sample(*band, *number)?), Vec::new()))
            }
            Question::Window(_, wanted) => Ok((Answer::Window, wire::body(&file.window(wanted)?))),
        }
    }

    fn file(&mut self, given: &Given) -> Result<&Raster, ReadError> {
        self.clock += 1;
        if !self.open.contains_key(&given.opening) && self.open.len() >= OPEN_FILES {
            let oldest = self.open.iter().min_by_key(|(_, (used, _))| *used).map(|(opening, _)| *opening);
            oldest.map(|opening| self.open.remove(&opening));
        }
        let place = given.place();
        let (used, raster) = match self.open.entry(given.opening) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert((0, Raster::open(&place)?)),
        };
        *used = self.clock;
        if let Some(expected) = &given.on {
            same_grid(&place.path, raster.grid(), expected)?;
        }
        Ok(raster)
    }
}
