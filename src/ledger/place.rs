//! Where a ledger is: a file, or an address of a server. Said once; everything else asks for an [`Engine`].
//!
//! In:  words of a command line. Out: [`Place`], and the engine that is there.
//! Law: who only reads opens to read: nothing beside the ledger is made, changed or locked for that.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;
use crate::ledger::postgres::Postgres;
use crate::ledger::postgres::address::{Address, without_secrets};
use crate::ledger::sqlite::Sqlite;
use crate::ledger::store::Engine;
use crate::ledger::versions;

/// Where a ledger is or is to be.
#[derive(Debug, Clone)]
pub enum Place {
    /// A GeoPackage.
    File(PathBuf),
    /// A schema of a database.
    Server(Box<Address>),
}

/// Writes what a new ledger begins with.
pub type Fill<'a> = dyn FnMut(&mut dyn Engine) -> Result<(), LedgerError> + 'a;

impl Place {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// `Words` for an address that is none; it never says a password.
    pub fn parse(words: &OsStr) -> Result<Self, LedgerError> {
        let Some(address) = words.to_str().filter(|words| words.contains("://")) else {
            return Ok(Self::File(PathBuf::from(words)));
        };
        if ["postgresql://", "postgres://"].iter().any(|scheme| address.starts_with(scheme)) {
            return Ok(Self::Server(Box::new(Address::parse(address)?)));
        }
        Err(LedgerError::Words {
            what: "a ledger",
            expected: "a file, or postgresql://USER@HOST/DATABASE".to_owned(),
            found: without_secrets(address),
        })
    }

    /// Makes a ledger where none is and writes what it begins with: all of it, or nothing.
    ///
    /// # Errors
    /// `Taken` where something is there; those of the database and of `fill`.
    pub fn create(&self, fill: &mut Fill<'_>) -> Result<Box<dyn Engine>, LedgerError> {
        Ok(match self {
            Self::File(path) => Box::new(Sqlite::create(path, fill)?),
            Self::Server(address) => Box::new(Postgres::create(address, fill)?),
        })
    }

    /// Opens a ledger to write; one of an older version is brought forward first.
    ///
    /// # Errors
    /// `Missing`, `Foreign`, and those of the database.
    pub fn open(&self) -> Result<Box<dyn Engine>, LedgerError> {
        let mut engine: Box<dyn Engine> = match self {
            Self::File(path) => Box::new(Sqlite::open(path)?),
            Self::Server(address) => Box::new(Postgres::open(address)?),
        };
        versions::bring_forward(engine.as_mut(), versions::STEPS, versions::VERSION)?;
        Ok(engine)
    }

    /// Opens a ledger to read; it needs no right to write and leaves nothing behind.
    ///
    /// # Errors
    /// `Missing`, `Foreign`, also for an older version, and those of the database.
    pub fn open_to_read(&self) -> Result<Box<dyn Engine>, LedgerError> {
        let mut engine: Box<dyn Engine> = match self {
            Self::File(path) => Box::new(Sqlite::open_to_read(path)?),
            Self::Server(address) => Box::new(Postgres::open_to_read(address)?),
        };
        versions::expect_present(engine.as_mut())?;
        Ok(engine)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Server(address) => write!(out, "{address}"),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_file_or_an_address_and_a_wrong_address_says_no_password() {
        let place = |words: &str| Place::parse(OsStr::new(words));
        assert!(matches!(place("a/ledger.gpkg").unwrap(), Place::File(_)));
        assert!(matches!(place("postgresql.gpkg").unwrap(), Place::File(_)));
        let there = place("postgresql://li:secret@office:5433/steppe").unwrap();
        assert_eq!(there.to_string(), "postgresql://li@office:5433/steppe");
        assert!(!format!("{there:?}").contains("secret"));
        for wrong in [
            "s3://li:secret@bucket/ledger",
            "postgresql://li:secret@office:port/steppe",
            "postgresql://li:sec@ret@office/steppe?nonsense=secret",
            "postgresql://li:secret@office/steppe?sslmode=secret",
            "postgresql://li:secret@office/steppe?schema=Not%20one",
        ] {
            let error = place(wrong).unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.contains("sec@"), "{error}");
            assert!(error.contains("expected"), "{error}");
        }
    }
}
