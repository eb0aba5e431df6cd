//! Patch x red lines x permits x its own way through time -> a lead with confidence and rank,
//! or a recorded reason why not.
//!
//! In:  a patch, a closer look at its pixels (`closer`), red lines and permits in the grid's CRS.
//! Out: `Lead` or `Suppressed`.
//! Law: no patch disappears without a reason on record.

pub mod closer;

pub mod confidence;

pub mod course;

pub mod overlap;

pub mod signature;

pub mod verdict;
