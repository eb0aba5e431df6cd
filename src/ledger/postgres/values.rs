//! Rows of the server as the ledger knows them, and values as the server takes them.

use postgres::Row;
use postgres::types::{FromSql, ToSql, Type};

use crate::ledger::LedgerError;
use crate::ledger::event::Event;
use crate::ledger::postgres::refusal::told;
use crate::ledger::postgres::schema;
use crate::ledger::rows::{Cell, Kind};

/// The event of a row; a column of another kind than text is told with its row.
pub(super) fn event(row: &Row) -> Result<Event, LedgerError> {
    let wrong = |row: String, name: &str, found: String| LedgerError::Row {
        table: "events".to_owned(),
        row,
        what: format!("column {name}: expected text, found {found}"),
    };
    let seq: i64 = row.try_get(0).map_err(|_none| wrong("-".to_owned(), "fid", "no number".to_owned()))?;
    let mut columns: [String; 12] = Default::default();
    for ((place, name), column) in schema::EVENT.iter().enumerate().zip(&mut columns) {
        let word = row.try_get(place + 1);
        *column = word.map_err(|error| wrong(seq.to_string(), name, told(&error)))?;
    }
    Ok(Event::of(seq, columns))
}

/// The value of a cell; nothing is of the kind of its column.
pub(super) fn held(cell: &Cell, kind: Kind) -> Box<dyn ToSql + Sync> {
    match (cell, kind) {
        (Cell::Text(words), _) => Box::new(words.clone()),
        (Cell::Whole(number), _) => Box::new(*number),
        (Cell::Real(number), _) => Box::new(*number),
        (Cell::Null, Kind::Text) => Box::new(None::<String>),
        (Cell::Null, Kind::Whole) => Box::new(None::<i64>),
        (Cell::Null, Kind::Real) => Box::new(None::<f64>),
    }
}

/// Whether a column holds a cell, number for number bit by bit.
pub(super) fn is_held(row: &Row, place: usize, cell: &Cell) -> bool {
    match cell {
        Cell::Null => matches!(row.try_get::<_, Option<Anything>>(place), Ok(None)),
        Cell::Text(words) => row.try_get::<_, &str>(place).is_ok_and(|held| held == words),
        Cell::Whole(number) => row.try_get::<_, i64>(place).is_ok_and(|held| held == *number),
        Cell::Real(number) => {
            row.try_get::<_, f64>(place).is_ok_and(|held| held.to_bits() == number.to_bits())
        }
    }
}

/// A value of any kind, to ask whether there is one.
struct Anything;

impl FromSql<'_> for Anything {
    fn from_sql(_: &Type, _: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
