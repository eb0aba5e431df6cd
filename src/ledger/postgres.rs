//! The ledger that an office shares: PostgreSQL with PostGIS, the same tables as in a file.
//!
//! Law: one writer at a time, and a write is whole or it is not there. Events cannot be changed, deleted or truncated through
//!      SQL; who switches the triggers off is found by `audit`. What is read to be compared is of one moment.
//! Source: PostgreSQL 15, "Explicit Locking", "Transaction Isolation"; 13 is the oldest that it is written for.

pub mod address;
mod opening;
mod password;
mod refusal;
mod schema;
mod secure;
mod values;

use std::collections::BTreeSet;
use std::time::Duration;

use postgres::types::{FromSql, ToSql};
use postgres::{Client, Statement};

use crate::ledger::LedgerError;
use crate::ledger::event::Event;
use crate::ledger::place::Fill;
use crate::ledger::postgres::address::Address;
use crate::ledger::postgres::refusal::refused;
use crate::ledger::postgres::values::{event, held, is_held};
use crate::ledger::rows::{Comparison, Row, Table};
use crate::ledger::store::Engine;
use crate::ledger::versions::Step;
use crate::ledger::wkb;

/// A shared ledger.
pub struct Postgres {
    address: Address,
    client: Client,
    /// The schema of PostGIS, quoted.
    postgis: String,
    /// Statements that were made ready, by their words.
    ready: Vec<(String, Statement)>,
    is_begun: bool,
    is_to_read: bool,
}

impl Postgres {
    /// Makes a ledger in a schema that holds none, and writes what `fill` writes: all of it, or nothing.
    ///
    /// # Errors
    /// `Taken`, `Server`, and those of `fill`.
    pub fn create(address: &Address, fill: &mut Fill<'_>) -> Result<Self, LedgerError> {
        let mut made = Self::connect(address)?;
        made.begin()?;
        made.expect_room()?;
        made.run("make the tables", &schema::script(&made.schema(), &made.postgis))?;
        // Where this fails, the connection ends, and with it what was begun.
        fill(&mut made)?;
        made.commit()?;
        Ok(made)
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// `Missing`, and `Server` with what to do.
    pub fn open(address: &Address) -> Result<Self, LedgerError> {
        let mut opened = Self::connect(address)?;
        opened.expect_ledger()?;
        Ok(opened)
    }

    /// Opens a ledger that is there and is not to be changed: the right to read is enough, also on a standby.
    ///
    /// # Errors
    /// Those of [`Postgres::open`].
    pub fn open_to_read(address: &Address) -> Result<Self, LedgerError> {
        let mut opened = Self::open(address)?;
        opened.run("open it to read", "SET default_transaction_read_only = on")?;
        opened.is_to_read = true;
        Ok(opened)
    }

    /// The schema, quoted.
    fn schema(&self) -> String {
        format!("\"{}\"", self.address.schema)
    }

    fn run(&mut self, doing: &'static str, script: &str) -> Result<(), LedgerError> {
        self.client.batch_execute(script).map_err(|error| refused(&self.address, doing, &error))
    }

    fn one<T>(&mut self, question: &str) -> Result<Option<T>, LedgerError>
    where
        T: for<'a> FromSql<'a>,
    {
        let found = self.client.query_opt(question, &[]).and_then(|row| match row {
            Some(row) => row.try_get(0),
            None => Ok(None),
        });
        found.map_err(|error| refused(&self.address, "ask it", &error))
    }

    fn ready(&mut self, words: &str) -> Result<Statement, postgres::Error> {
        if let Some((_, statement)) = self.ready.iter().find(|(known, _)| known == words) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(words)?;
        self.ready.push((words.to_owned(), statement.clone()));
        Ok(statement)
    }

    fn write(
        &mut self,
        doing: &'static str,
        words: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), LedgerError> {
        let written = self.ready(words).and_then(|statement| self.client.execute(&statement, values));
        written.map_err(|error| refused(&self.address, doing, &error)).map(|_| ())
    }
}

impl Engine for Postgres {
    fn place(&self) -> String {
        self.address.to_string()
    }

    fn version(&mut self) -> Result<i64, LedgerError> {
        // One row; where somebody added another, `damage` tells.
        let question = format!("SELECT max(version) FROM {}.ledger_version", self.schema());
        self.one(&question)?.ok_or_else(|| LedgerError::Row {
            table: "ledger_version".to_owned(),
            row: "1".to_owned(),
            what: "is missing".to_owned(),
        })
    }

    fn take_step(&mut self, step: &Step) -> Result<(), LedgerError> {
        let script = step.postgres.replace("{schema}", &self.schema());
        self.run("bring it forward", &script)
    }

    fn make_anew(&mut self, version: i64) -> Result<(), LedgerError> {
        let script = schema::made_anew(&self.schema(), &self.postgis, version);
        self.run("make its tables anew", &script)
    }

    fn wait_at_most(&mut self, patience: Duration) -> Result<(), LedgerError> {
        self.run("say how long to wait", &format!("SET lock_timeout = '{}ms'", patience.as_millis()))
    }

    fn begin(&mut self) -> Result<(), LedgerError> {
        if self.is_to_read {
            let (place, reason) = (self.place(), "it was opened to read".to_owned());
            return Err(LedgerError::Database { place, doing: "begin to write", reason });
        }
        // Every statement after the lock sees what others wrote before it was given. The lock ends with the transaction.
        let script = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
             SELECT pg_advisory_xact_lock(hashtextextended('steppewatch ledger {}', 0))",
            self.address.schema
        );
        self.is_begun = true;
        self.run("wait for other writers", &script).inspect_err(|_| self.roll_back())
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.is_begun = false;
        let written = self.client.batch_execute("COMMIT");
        written.map_err(|error| match refused(&self.address, "write for good", &error) {
            // A server that goes away now may have written all of it, or nothing.
            LedgerError::Server { place, doing, reason, .. } if error.as_db_error().is_none() => {
                let next = "all of it was written or nothing: look before you do it again".to_owned();
                LedgerError::Server { place, doing, reason, next }
            }
            other => other,
        })
    }

    fn roll_back(&mut self) {
        self.is_begun = false;
        // Where there is nothing to take back, or nobody who could, it helps nobody to say so.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn events_after(&mut self, seq: i64) -> Result<Vec<Event>, LedgerError> {
        let question = format!(
            "SELECT fid, {} FROM {}.events WHERE fid >= $1 ORDER BY fid",
            schema::EVENT.join(", "),
            self.schema()
        );
        // The least number is a place too, where somebody may put a row.
        let from = if seq == i64::MIN { seq } else { seq.saturating_add(1) };
        let found = self.ready(&question).and_then(|statement| self.client.query(&statement, &[&from]));
        let found = found.map_err(|error| refused(&self.address, "read events", &error))?;
        found.iter().map(event).collect()
    }

    fn append(&mut self, event: &Event) -> Result<(), LedgerError> {
        let marks: String = (2..=13).map(|place| format!(", ${place}")).collect();
        let statement = format!(
            "INSERT INTO {}.events (fid, {}) VALUES ($1{marks})",
            self.schema(),
            schema::EVENT.join(", ")
        );
        let words = event.words();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&event.seq];
        values.extend(words.iter().map(|word| word as &(dyn ToSql + Sync)));
        self.write("add an event", &statement, &values)
    }

    fn put(&mut self, table: &Table, row: &Row) -> Result<(), LedgerError> {
        let mut names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let mut marks: Vec<String> = (0..names.len()).map(|place| format!("${}", place + 2)).collect();
        if table.has_shape {
            marks.push(format!("{}.ST_GeomFromEWKB(${})", self.postgis, names.len() + 2));
            names.push("geom");
        }
        let anew: Vec<String> = names.iter().map(|name| format!("{name} = EXCLUDED.{name}")).collect();
        let statement = format!(
            "INSERT INTO {}.{} (fid, {}) VALUES ($1, {}) ON CONFLICT (fid) DO UPDATE SET {}",
            self.schema(),
            table.name,
            names.join(", "),
            marks.join(", "),
            anew.join(", ")
        );
        let shape = table.has_shape.then(|| wkb::polygons(&row.shape, Some(schema::SRS)));
        let cells = row.cells.iter().zip(table.columns).map(|(cell, (_, kind))| held(cell, *kind));
        let cells: Vec<Box<dyn ToSql + Sync>> = cells.collect();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&row.fid];
        values.extend(cells.iter().map(AsRef::as_ref));
        values.extend(shape.as_ref().map(|shape| shape as &(dyn ToSql + Sync)));
        self.write("show what stands", &statement, &values)
    }

    fn take(&mut self, table: &Table, fid: i64) -> Result<(), LedgerError> {
        let statement = format!("DELETE FROM {}.{} WHERE fid = $1", self.schema(), table.name);
        self.write("show what stands", &statement, &[&fid])
    }

    fn differences(&mut self, table: &Table, expected: &[Row]) -> Result<Vec<String>, LedgerError> {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let shape = if table.has_shape {
            format!(", {}.ST_AsEWKB(geom, 'NDR')", self.postgis)
        } else {
            String::new()
        };
        let question = format!(
            "SELECT fid, {}{shape} FROM {}.{} ORDER BY fid",
            names.join(", "),
            self.schema(),
            table.name
        );
        let found = self.client.query(&question, &[]);
        let refused = |error| refused(&self.address, "read what stands", &error);
        let mut comparison = Comparison::of(table, expected);
        for row in found.map_err(&refused)? {
            let fid: i64 = row.try_get(0).map_err(&refused)?;
            let Some(wanted) = comparison.found(fid) else { continue };
            for (place, (name, cell)) in names.iter().zip(&wanted.cells).enumerate() {
                if !is_held(&row, place + 1, cell) {
                    comparison.changed(fid, name);
                }
            }
            let held = || row.try_get::<_, Option<&[u8]>>(names.len() + 1).ok().flatten();
            if table.has_shape && held() != Some(wkb::polygons(&wanted.shape, Some(schema::SRS)).as_slice()) {
                comparison.changed(fid, "geom");
            }
        }
        Ok(comparison.end())
    }

    fn leads_beginning(&mut self, start: &str, most: usize) -> Result<Vec<(String, String)>, LedgerError> {
        let question = format!(
            "SELECT id, state FROM {}.leads WHERE left(id, length($1)) = $1 AND state <> 'merged' ORDER BY id LIMIT $2",
            self.schema()
        );
        let found = self.client.query(&question, &[&start, &(most as i64)]);
        let leads =
            found.and_then(|rows| rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect());
        leads.map_err(|error| refused(&self.address, "read what stands", &error))
    }

    fn hold(&mut self) -> Result<(), LedgerError> {
        // Inside of what this one has begun nobody else writes.
        if self.is_begun {
            return Ok(());
        }
        self.run("begin to read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn let_go(&mut self) {
        if !self.is_begun {
            let _ = self.client.batch_execute("COMMIT");
        }
    }

    fn damage(&mut self) -> Result<Vec<String>, LedgerError> {
        let mut found = BTreeSet::new();
        for question in schema::QUESTIONS {
            let rows = self.client.query(question, &[&self.address.schema, &schema::tables()]);
            for row in rows.map_err(|error| refused(&self.address, "look at its tables", &error))? {
                found.insert(row.get(0));
            }
        }
        let mut told = schema::differences(&found, &self.address.schema, &self.postgis);
        let question = format!("SELECT count(*) FROM {}.ledger_version", self.schema());
        if self.one::<i64>(&question)? != Some(1) {
            told.push("table ledger_version: expected one row, found others".to_owned());
        }
        Ok(told)
    }
}
