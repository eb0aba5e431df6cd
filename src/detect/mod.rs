//! (being written)
pub mod pair;
