//! A server at the door: whether it can hold a ledger, and whether one is there.
//!
//! In:  an address. Out: an open connection that is set up, or what to do first.

use super::Postgres;
use crate::ledger::LedgerError;
use crate::ledger::postgres::address::Address;
use crate::ledger::store::Engine;

/// Oldest server.
const OLDEST: i32 = 130_000;

/// Names are those of the server alone, a commit is on disk when it is said, no row is hidden; a writer waits a minute for
/// another, and one that says nothing for ten is sent away.
const SETTINGS: &str = "SET search_path = pg_catalog; SET synchronous_commit = on; SET row_security = off; \
    SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '10min'; SET extra_float_digits = 3;";

impl Postgres {
    /// Connects to a server that can hold a ledger.
    pub(super) fn connect(address: &Address) -> Result<Self, LedgerError> {
        let client = address.connect()?;
        let postgis = String::new();
        let mut connected = Self {
            address: address.clone(),
            client,
            postgis,
            ready: Vec::new(),
            is_begun: false,
            is_to_read: false,
        };
        connected.run("set it up", SETTINGS)?;
        let version: String =
            connected.one("SELECT current_setting('server_version_num')")?.unwrap_or_default();
        if version.parse().unwrap_or(0) < OLDEST {
            return Err(LedgerError::Foreign {
                place: address.to_string(),
                expected: "PostgreSQL 13 or newer".to_owned(),
                found: format!("version number {version}"),
                next: "give a newer server",
            });
        }
        connected.postgis = connected.found_postgis()?;
        Ok(connected)
    }

    /// The schema that PostGIS is in, quoted.
    fn found_postgis(&mut self) -> Result<String, LedgerError> {
        let question = "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
            WHERE e.extname = 'postgis'";
        if let Some(name) = self.one(question)? {
            return Ok(name);
        }
        let question = "SELECT name::text FROM pg_available_extensions WHERE name = 'postgis'";
        let database = self.address.database().to_owned();
        let next = match self.one::<String>(question)? {
            Some(_) => format!("run CREATE EXTENSION postgis in database {database} as a superuser"),
            None => format!(
                "install PostGIS on the server (Debian: postgresql-NN-postgis-3), then run CREATE EXTENSION postgis in \
                 database {database} as a superuser"
            ),
        };
        let reason = "expected the extension postgis in the database, found none".to_owned();
        Err(LedgerError::Server { place: self.place(), doing: "keep shapes there", reason, next })
    }

    /// Refuses a schema that holds something, and makes it where it is not there.
    pub(super) fn expect_room(&mut self) -> Result<(), LedgerError> {
        let encoding: String = self.one("SELECT current_setting('server_encoding')")?.unwrap_or_default();
        if encoding != "UTF8" {
            return Err(LedgerError::Server {
                place: self.place(),
                doing: "keep Chinese words there",
                reason: format!("expected a database with encoding UTF8, found {encoding}"),
                next: "make one: createdb --encoding=UTF8 --template=template0 NAME".to_owned(),
            });
        }
        let question = format!(
            "SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = '{}' AND c.relkind NOT IN ('i', 'S')",
            self.address.schema
        );
        match self.one::<String>(&question)? {
            None => self.make_schema(),
            Some(found) => Err(LedgerError::Taken {
                place: self.place(),
                found: format!("schema {} with {found}", self.address.schema),
            }),
        }
    }

    /// Makes the schema, unless an administrator has: a role may write in a schema and still make none.
    fn make_schema(&mut self) -> Result<(), LedgerError> {
        let question =
            format!("SELECT nspname::text FROM pg_namespace WHERE nspname = '{}'", self.address.schema);
        if self.one::<String>(&question)?.is_some() {
            return Ok(());
        }
        let script = format!("CREATE SCHEMA {}", self.schema());
        self.run("make its schema", &script)
    }

    /// Refuses a schema without a ledger.
    pub(super) fn expect_ledger(&mut self) -> Result<(), LedgerError> {
        let question = format!(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = '{}' AND c.relname = 'ledger_version'",
            self.address.schema
        );
        match self.one::<String>(&question)? {
            Some(_) => self.version().map(|_| ()),
            None => Err(LedgerError::Missing { place: self.place() }),
        }
    }
}
