//! Where a ledger is, as commands take it: a file or an address. A wrong address is told without its password.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

use crate::ledger::Place;

/// What a ledger is called in usage lines.
pub const NAME: &str = "FILE.gpkg|ADDRESS";

/// Reads a place. The parser's own words for a wrong value would repeat it, and with it a password.
#[derive(Debug, Clone, Copy)]
pub struct Placed;

impl TypedValueParser for Placed {
    type Value = Place;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Place, Error> {
        let wrong = |error| Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).with_cmd(command);
        Place::parse(value).map_err(wrong)
    }
}
