//! Patch x red lines x permits x its own way through time -> a lead with confidence and rank,
//! or a recorded reason why not.
//!
//! In:  a patch, a closer look at its pixels (`closer`), red lines and context layers.
//! Out: `Lead` or `Suppressed`; neighbouring leads added up (`incident`).
//! Law: no patch disappears without a reason on record.

pub mod calibration;

pub mod closer;

pub mod confidence;

pub mod conformal;

pub mod course;

pub mod restored;

pub mod labels;

pub mod overlap;

pub mod platt;
pub mod signature;

pub mod verdict;

pub mod lawful;

pub mod context;

pub mod incident;
