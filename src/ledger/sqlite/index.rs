//! What a spatial index of QGIS needs from whoever writes: its triggers ask where a shape lies.
//!
//! In:  shapes as a GeoPackage holds them. Out: five functions of SQL.
//! Law: without them the first write after somebody made an index would be refused. A file whose tables and triggers are not
//!      those of a ledger and of known tools is not trusted with more.
//! Source: OGC GeoPackage 1.3 (12-128r17), F.3 "RTree Spatial Indexes", 2.1.3 "Geometry Encoding".

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;

use super::frame;

/// Functions by name, with the place of their edge in the box of a shape.
const EDGES: [(&str, usize); 4] = [("ST_MinX", 0), ("ST_MaxX", 1), ("ST_MinY", 2), ("ST_MaxY", 3)];

/// Lets an index follow what is written, where there is one.
pub(super) fn serve(connection: &Connection) -> rusqlite::Result<()> {
    let indexes = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'rtree\\__%\\_geom' ESCAPE '\\'";
    let count: i64 = connection.query_row(indexes, [], |row| row.get(0))?;
    if count == 0 || !frame::differences(connection)?.is_empty() {
        return Ok(());
    }
    teach(connection)?;
    // SQLite 3.40 lets no trigger of an untrusted file write into an index.
    connection.execute_batch("PRAGMA trusted_schema = ON")
}

/// Teaches a connection the functions.
fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        // Triggers of a file that is not trusted may call them: they look at their argument and at nothing else.
        | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, edge) in EDGES {
        connection.create_scalar_function(name, 1, flags, move |asked| {
            Ok(bounds(asked)?.map_or(Value::Null, |bounds| Value::Real(bounds[edge])))
        })?;
    }
    connection.create_scalar_function("ST_IsEmpty", 1, flags, |asked| Ok(i64::from(bounds(asked)?.is_none())))
}

/// The box in the head of a shape: west, east, south, north; the ledger writes it for every shape that is not empty.
fn bounds(asked: &Context<'_>) -> rusqlite::Result<Option<[f64; 4]>> {
    const HEAD: usize = 8;
    let Ok(bytes) = asked.get_raw(0).as_blob() else { return Ok(None) };
    let is_ours =
        bytes.starts_with(b"GP\x00") && bytes.get(3).is_some_and(|flags| flags & 0b0000_1111 == 0b0011);
    let mut bounds = [0.0; 4];
    for (place, edge) in bounds.iter_mut().enumerate() {
        let number =
            bytes.get(HEAD + place * 8..HEAD + place * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        match number.filter(|_| is_ours) {
            Some(number) => *edge = f64::from_le_bytes(number),
            None => return Ok(None),
        }
    }
    Ok(Some(bounds))
}

#[cfg(test)]
mod tests {
    use crate::ledger::audit::audit;
    use crate::ledger::audit::tests::{drawn, found};
    use crate::ledger::event::tests::moment;
    use crate::ledger::sqlite::Sqlite;
    use crate::ledger::store::Ledger;

    #[test]
    fn a_spatial_index_that_qgis_made_follows_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = drawn(folder.path());
        let index = "CREATE VIRTUAL TABLE \"rtree_leads_geom\" USING rtree(id, minx, maxx, miny, maxy);\
            CREATE TRIGGER \"rtree_leads_geom_insert\" AFTER INSERT ON \"leads\" WHEN (new.\"geom\" NOT NULL AND NOT \
            ST_IsEmpty(NEW.\"geom\")) BEGIN INSERT OR REPLACE INTO \"rtree_leads_geom\" VALUES (NEW.\"fid\",ST_MinX(NEW.\"geom\"), \
            ST_MaxX(NEW.\"geom\"),ST_MinY(NEW.\"geom\"), ST_MaxY(NEW.\"geom\")); END;";
        Sqlite::open(&path).unwrap().raw().execute_batch(index).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.write("Li", &moment(3), |_| Ok((vec![found("c", "")], ()))).unwrap();
        let mut engine = Sqlite::open(&path).unwrap();
        let question = "SELECT minx, maxx, miny, maxy FROM rtree_leads_geom";
        let edges: [f64; 4] = engine
            .raw()
            .query_row(question, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
            .unwrap();
        let near = |(edge, wanted): (&f64, f64)| (edge - wanted).abs() < 1e-4;
        assert!(edges.iter().zip([108.0, 108.1, 41.5, 41.6]).all(near), "{edges:?}");
        assert!(audit(&mut engine, None).unwrap().faults.is_empty());
    }
}
