//! The tables of a shared ledger in PostgreSQL, and what a database says of them.
//!
//! In:  the name of the schema. Out: a script that makes it, and lines that a new one would be described by.
//! Law: the same tables and columns as in a file; shapes are PostGIS's. Whatever the catalogue says of the schema is compared
//!      with what this file says: tables, columns, constraints, indexes, triggers and their functions, rules, policies.
//! Source: PostgreSQL 13 to 17, "System Catalogs"; PostGIS 3, "geometry".

use std::collections::BTreeSet;

use crate::ledger::rows::{self, Kind, Table};
use crate::ledger::versions::VERSION;

/// WGS 84.
pub(super) const SRS: i32 = 4326;

/// Columns of an event beside its number, in order.
pub(super) const EVENT: [&str; 12] = [
    "key", "kind", "lead", "run", "actor", "at_utc", "at_local", "reason", "body", "evidence", "previous",
    "hash",
];

/// What the triggers call: events stay as they are.
const STAY: &str = "BEGIN RAISE EXCEPTION 'events of a ledger are only ever added'; END";

/// Triggers of the events: name, occasion, and how the catalogue codes it (before, and each row or the statement).
const TRIGGERS: [(&str, &str, i16); 3] = [
    ("events_stay", "UPDATE ON {schema}.events FOR EACH ROW", 1 + 2 + 16),
    ("events_last", "DELETE ON {schema}.events FOR EACH ROW", 1 + 2 + 8),
    ("events_remain", "TRUNCATE ON {schema}.events FOR EACH STATEMENT", 2 + 32),
];

/// What QGIS makes in the schema that a style or a project is kept in.
const OF_TOOLS: [&str; 5] = [
    "relation layer_styles of kind r",
    "relation layer_styles_id_seq of kind S",
    "relation layer_styles_pkey of kind i",
    "relation qgis_projects of kind r",
    "relation qgis_projects_pkey of kind i",
];

/// Everything that a new ledger is made of. `schema` and `postgis` are quoted names.
pub(super) fn script(schema: &str, postgis: &str) -> String {
    let columns: String =
        EVENT.iter().map(|name| format!(", {name} text NOT NULL{}", column_more(name))).collect();
    let mut script = format!(
        "CREATE TABLE {schema}.events (fid bigint PRIMARY KEY{columns});
        CREATE INDEX events_of_lead ON {schema}.events (lead);
        COMMENT ON TABLE {schema}.events IS '台账事件 Events: what happened, in order; only ever added';
        CREATE FUNCTION {schema}.events_stay() RETURNS trigger LANGUAGE plpgsql AS $stay${STAY}$stay$;
        CREATE TABLE {schema}.ledger_version (version bigint NOT NULL);"
    );
    for (name, occasion, _) in TRIGGERS {
        let occasion = occasion.replace("{schema}", schema);
        // ALWAYS: a session that calls itself a replica does not get around it.
        script.push_str(&format!(
            "CREATE TRIGGER {name} BEFORE {occasion} EXECUTE FUNCTION {schema}.events_stay();
            ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER {name};"
        ));
    }
    script + &made_anew(schema, postgis, VERSION)
}

/// Tables that follow from the events, taken away and made again as a version has them.
pub(super) fn made_anew(schema: &str, postgis: &str, version: i64) -> String {
    let anew = |table: &&Table| {
        let columns = table.columns.iter().map(|(name, kind)| format!(", {name} {}", kind_of(*kind)));
        let columns: String = columns.collect();
        let shape = if table.has_shape { format!(", geom {}", shape(postgis)) } else { String::new() };
        let (name, title) = (table.name, table.title);
        format!(
            "DROP TABLE IF EXISTS {schema}.{name};
            CREATE TABLE {schema}.{name} (fid bigint PRIMARY KEY{columns}{shape});
            COMMENT ON TABLE {schema}.{name} IS '{title}';"
        )
    };
    let tables: String = rows::TABLES.iter().map(anew).collect();
    format!(
        "{tables} DELETE FROM {schema}.ledger_version; INSERT INTO {schema}.ledger_version VALUES ({version});"
    )
}

/// Keys are compared by their bytes, whatever the language of the database and its version.
fn column_more(name: &str) -> &'static str {
    match name {
        "key" => " COLLATE \"C\" UNIQUE",
        "lead" => " COLLATE \"C\"",
        _ => "",
    }
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Whole => "bigint",
        Kind::Real => "double precision",
    }
}

fn shape(postgis: &str) -> String {
    format!("{postgis}.geometry(MultiPolygon,{SRS})")
}

/// Questions to the catalogue about schema $1 and the tables $2, each of which answers lines.
pub(super) const QUESTIONS: [&str; 9] = [
    "SELECT 'relation ' || c.relname || ' of kind ' || c.relkind::text || CASE WHEN c.relpersistence <> 'p' \
     THEN ' not kept' ELSE '' END || CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN ' with hidden rows' ELSE '' END \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND $2::text[] IS NOT NULL",
    "SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull \
     THEN ' not null' ELSE '' END || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ' with a default' ELSE '' END \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = ANY($2) AND a.attnum > 0 AND NOT a.attisdropped",
    // Version 18 lists NOT NULL among them; the columns say that.
    "SELECT 'constraint ' || o.conname || ' on ' || c.relname || ' of kind ' || o.contype::text || ' over ' || \
     coalesce((SELECT string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid \
     AND a.attnum = ANY(o.conkey)), '-') FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2) AND o.contype <> 'n'",
    "SELECT 'index ' || i.relname || ' on ' || c.relname || ' over ' || (SELECT string_agg(pg_get_indexdef(x.indexrelid, \
     place, false), ',' ORDER BY place) FROM generate_series(1, x.indnatts::int) place) || CASE WHEN x.indisunique THEN \
     ' unique' ELSE '' END || CASE WHEN x.indisvalid AND x.indislive AND x.indpred IS NULL THEN '' ELSE ' in part' END \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)",
    "SELECT 'trigger ' || t.tgname || ' on ' || c.relname || ' at ' || t.tgtype || ' calls ' || f.nspname || '.' || p.proname || \
     CASE t.tgenabled WHEN 'A' THEN '' WHEN 'D' THEN ', switched off' ELSE ', not always' END || \
     CASE WHEN t.tgqual IS NULL THEN '' ELSE ', under a condition' END FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid \
     JOIN pg_namespace f ON f.oid = p.pronamespace WHERE n.nspname = $1 AND c.relname = ANY($2) AND NOT t.tgisinternal",
    "SELECT 'function ' || p.proname || ' in ' || l.lanname || CASE WHEN p.prosecdef THEN ' with rights of its owner' ELSE '' END \
     || ': ' || p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang \
     WHERE n.nspname = $1 AND $2::text[] IS NOT NULL",
    "SELECT 'rule ' || r.rulename || ' on ' || c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)",
    "SELECT 'policy ' || p.polname || ' on ' || c.relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)",
    "SELECT 'rows of ' || h.inhrelid::regclass::text || ' in ' || c.relname FROM pg_inherits h JOIN pg_class c \
     ON c.oid = h.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)",
];

/// Tables of a ledger.
pub(super) fn tables() -> Vec<&'static str> {
    let shown = rows::TABLES.iter().map(|table| table.name);
    shown.chain(["events", "ledger_version"]).collect()
}

/// Where a schema is not as a new ledger's is, in words. `schema` is a bare name, `postgis` a quoted one.
pub(super) fn differences(found: &BTreeSet<String>, schema: &str, postgis: &str) -> Vec<String> {
    let expected = lines(schema, postgis);
    let lost = expected.difference(found);
    let lost = lost.map(|line| format!("expected {line}, as a new ledger has it; found none such"));
    let added = found.difference(&expected).filter(|line| !OF_TOOLS.contains(&line.as_str()));
    lost.chain(added.map(|line| format!("found {line}, which no new ledger has"))).collect()
}

/// What the questions answer about a new ledger.
fn lines(schema: &str, postgis: &str) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut say = |line: String| lines.extend([line]);
    for name in tables() {
        say(format!("relation {name} of kind r"));
    }
    let mut key = |table: &str, name: &str, kind: char, column: &str| {
        say(format!("relation {name} of kind i"));
        say(format!("constraint {name} on {table} of kind {kind} over {column}"));
        say(format!("index {name} on {table} over {column} unique"));
    };
    key("events", "events_pkey", 'p', "fid");
    key("events", "events_key_key", 'u', "key");
    rows::TABLES.iter().for_each(|table| key(table.name, &format!("{}_pkey", table.name), 'p', "fid"));
    say("relation events_of_lead of kind i".to_owned());
    say("index events_of_lead on events over lead".to_owned());
    say("column ledger_version.version bigint not null".to_owned());
    say("column events.fid bigint not null".to_owned());
    EVENT.iter().for_each(|name| say(format!("column events.{name} text not null")));
    for table in rows::TABLES {
        let name = table.name;
        say(format!("column {name}.fid bigint not null"));
        table
            .columns
            .iter()
            .for_each(|(column, kind)| say(format!("column {name}.{column} {}", kind_of(*kind))));
        if table.has_shape {
            say(format!("column {name}.geom {}", shape(postgis)));
        }
    }
    for (name, _, code) in TRIGGERS {
        say(format!("trigger {name} on events at {code} calls {schema}.events_stay"));
    }
    say(format!("function events_stay in plpgsql: {STAY}"));
    lines
}
