//! What a server answers when it does not do what was asked, with what to do about it.
//!
//! In:  an error of the connection. Out: a [`LedgerError`] that says no password.
//! Source: PostgreSQL 15, "PostgreSQL Error Codes".

use std::error::Error as _;

use postgres::error::SqlState;

use crate::ledger::LedgerError;
use crate::ledger::postgres::address::Address;

/// Says an error with what to do.
pub(super) fn refused(address: &Address, doing: &'static str, error: &postgres::Error) -> LedgerError {
    let place = address.to_string();
    LedgerError::Server { place, doing, reason: told(error), next: next(address, error) }
}

/// What the server said, or what happened to the connection.
pub(super) fn told(error: &postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        let more = [said.detail(), said.hint()].into_iter().flatten();
        return std::iter::once(said.message()).chain(more).collect::<Vec<_>>().join("; ");
    }
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !told.contains(&words) {
            told.push_str(&format!(": {words}"));
        }
        source = cause.source();
    }
    told
}

fn next(address: &Address, error: &postgres::Error) -> String {
    let (user, database, schema) = (address.user(), address.database(), &address.schema);
    let Some(code) = error.code() else {
        let words = told(error);
        // The crate gives these no code of their own.
        let next = if words.contains("does not support TLS") {
            "sslmode asks for encryption, which this server does not offer: switch ssl on there, or give sslmode=prefer in a \
             network that you trust"
        } else if words.contains("certificate") {
            "the server does not show who it is: give sslrootcert=FILE with the certificate of its authority"
        } else if words.contains("password missing") {
            "put the password into ~/.pgpass (mode 0600) or PGPASSWORD"
        } else {
            "what was written before stands; look whether the server runs and listens at that host and port"
        };
        return next.to_owned();
    };
    match *code {
        SqlState::INVALID_CATALOG_NAME => {
            format!("make the database as a superuser: createdb --encoding=UTF8 {database}")
        }
        SqlState::INVALID_PASSWORD => {
            format!("put the password of {user} into ~/.pgpass (mode 0600) or PGPASSWORD")
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            format!("make the role (createuser {user}) or let it in (pg_hba.conf on the server)")
        }
        SqlState::INSUFFICIENT_PRIVILEGE => format!(
            "to read, {user} needs GRANT USAGE ON SCHEMA {schema} and GRANT SELECT ON ALL TABLES IN SCHEMA {schema}; to write, \
             INSERT, UPDATE and DELETE on them besides; to begin a ledger, GRANT CREATE ON DATABASE {database}"
        ),
        SqlState::LOCK_NOT_AVAILABLE => "somebody else has been writing all that time: try again".to_owned(),
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "this server only reads: give the address of the one that writes".to_owned()
        }
        SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN => {
            "somebody changed its tables: go back to a copy that `steppewatch ledger verify` passes"
                .to_owned()
        }
        _ => "what was written before stands".to_owned(),
    }
}
