//! Pictures that come without a table: each finds its lead by its place, or is said to show one.
//!
//! In:  files and folders. Out: one draft a lead, and what was not linked.
//! Law: a picture that is linked already writes nothing, however often it comes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::event::Draft;
use crate::ledger::photograph::album::pictures;
use crate::ledger::photograph::{Judging, Photograph, Refused, Sorted};

/// What became of pictures.
#[derive(Debug, Default)]
pub struct Brought {
    /// Events to be written, one a lead.
    pub drafts: Vec<Draft>,
    /// Pictures that they link.
    pub linked: usize,
    /// Pictures that were linked before.
    pub known: usize,
    /// Pictures that are not linked.
    pub refused: Vec<Refused>,
}

/// Reads files, and every picture in folders.
pub fn read(places: &[PathBuf], judging: &Judging) -> Vec<Result<Photograph, Refused>> {
    let all =
        places.iter().flat_map(|place| if place.is_dir() { pictures(place) } else { vec![place.clone()] });
    all.map(|path| Photograph::read(&path, judging.now)).collect()
}

/// Links pictures to leads by place, or all of them to one.
///
/// # Errors
/// `NoSuchLead`.
pub fn linked(
    book: &Book,
    photographs: &[Result<Photograph, Refused>],
    lead: Option<&str>,
    judging: &Judging,
) -> Result<Brought, LedgerError> {
    let said = lead.map(|lead| book.whole(lead)).transpose()?;
    let (mut brought, mut of_leads) = (Brought::default(), BTreeMap::<String, Vec<_>>::new());
    for one in photographs {
        // What is linked stays with its lead, also where the lead has moved on since.
        let known = one.as_ref().ok().and_then(|photograph| book.photographs.get(&photograph.sha256));
        let known = known.filter(|_| said.is_none()).and_then(|lead| book.whole(lead).ok());
        let case = match (one, said.or(known)) {
            (_, Some(case)) => Ok(case),
            (Ok(photograph), None) => photograph.lead(book, judging.within_metres),
            (Err(refused), None) => Err(refused.clone()),
        };
        match case {
            Ok(case) => of_leads.entry(case.id.clone()).or_default().push(one.clone()),
            Err(refused) => brought.refused.push(refused),
        }
    }
    let mut batch = BTreeMap::new();
    for (lead, photographs) in of_leads {
        let sorted = Sorted::of(book, book.case(&lead)?, &photographs, (judging.within_metres, &mut batch));
        brought.linked += sorted.linked.len();
        brought.known += sorted.known;
        brought.refused.extend(sorted.refused.iter().cloned());
        brought.drafts.extend(sorted.draft(&lead));
    }
    Ok(brought)
}
