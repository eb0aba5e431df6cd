//! Objects in S3-compatible storage, by addresses that look like paths, and files on the web. The only door to the network.
//!
//! In:  an address that the user gave (`address`), and the environment variables by which GDAL knows the storage too
//!      (`settings`).
//! Out: lists of objects, their bytes, and writes that happen whole, or only if nobody was first (`client`).
//!      Pieces of files at addresses whose hosts were named (`web`). Both wait and ask again alike (`again`).
//! Law: nothing is asked of a network before such an address was given. An answer that is cut short is an error and never
//!      the end of an object; what may pass is tried again.

pub mod address;
pub mod again;
mod ask;
mod client;
mod error;
mod ranges;
pub mod secret;
mod settings;
pub mod web;

pub use address::Address;
pub use again::Patience;
pub use client::{Body, Client, Condition, Object};
pub use error::BucketError;
pub use settings::Settings;
pub use web::{Web, WebError};
