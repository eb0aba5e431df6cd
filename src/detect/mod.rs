//! Observation against baseline -> evidence, per sub-model. One engine; sub-models are data.
//!
//! In:  a pixel's (or patch's) `Series`, a sub-model, the target period.
//! Out: seasonal evidence per pixel (`evidence`), persistence of a patch (`gate`, `persistence`).
//! Law: too little history or too few views is a gap, never "no change".

pub mod seasons;

pub mod ends;

pub mod evidence;

pub mod gate;

pub mod persistence;

pub mod pair;

pub mod displacement;
