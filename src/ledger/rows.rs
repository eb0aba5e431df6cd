//! Tables that show what stands to programs that know no events: what QGIS opens, and SQL asks.
//!
//! In:  a [`Book`]. Out: rows of `leads`, `incidents`, `runs`, `redline_versions`.
//! Law: every row follows from the events; `audit` makes them anew and compares. People read them and never write them.

use std::collections::{BTreeMap, BTreeSet};

use geo::MultiPolygon;
use serde_json::Value;

use crate::ledger::book::{Book, Run};
use crate::ledger::case::Case;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Real,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Words.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Columns beside `fid` and, where there is one, `geom`.
    pub columns: &'static [(&'static str, Kind)],
    /// Whether its rows have a place.
    pub has_shape: bool,
}

/// A row: its number, its values in the order of the columns, its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number by which programs know it.
    pub fid: i64,
    /// Values.
    pub cells: Vec<Cell>,
    /// Longitude and latitude; empty where the table has none.
    pub shape: MultiPolygon<f64>,
}

use Kind::{Real, Text, Whole};

/// Leads as they stand.
pub const LEADS: Table = Table {
    name: "leads",
    title: "线索 Leads",
    columns: &[
        ("id", Text),
        ("found_utc", Text),
        ("county", Text),
        ("state", Text),
        ("state_zh", Text),
        ("since_utc", Text),
        ("model", Text),
        ("model_name", Text),
        ("model_name_zh", Text),
        ("confidence", Real),
        ("area_m2", Real),
        ("area_low_m2", Real),
        ("area_high_m2", Real),
        ("area_mu", Real),
        ("first_seen", Text),
        ("last_seen", Text),
        ("lon_deg", Real),
        ("lat_deg", Real),
        ("redline_id", Text),
        ("redline_name", Text),
        ("redline_class", Text),
        ("redline_layer", Text),
        ("legal_verdict", Text),
        ("assigned_to", Text),
        ("assigned_until", Text),
        ("verdict", Text),
        ("verdict_zh", Text),
        ("verdict_count", Whole),
        ("contested", Whole),
        ("agency", Text),
        ("filed", Text),
        ("due", Text),
        ("due_rule", Text),
        ("compensation_yuan", Real),
        ("restored", Whole),
        ("reason", Text),
        ("merged_into", Text),
        ("merged_from", Text),
        ("split_from", Text),
        ("split_into", Text),
        ("first_run", Text),
        ("last_run", Text),
        ("looked_run", Text),
        ("event_count", Whole),
    ],
    has_shape: true,
};

/// Neighbouring leads, added up.
pub const INCIDENTS: Table = Table {
    name: "incidents",
    title: "事件 Incidents",
    columns: &[("id", Text), ("leads", Text), ("lead_count", Whole), ("area_m2", Real), ("area_mu", Real)],
    has_shape: true,
};

/// Runs that were taken in.
pub const RUNS: Table = Table {
    name: "runs",
    title: "运行 Runs",
    columns: &[
        ("id", Text),
        ("taken_utc", Text),
        ("taken_by", Text),
        ("target", Text),
        ("program", Text),
        ("lead_count", Whole),
        ("digest", Text),
    ],
    has_shape: false,
};

/// Layers of red lines that runs looked into.
pub const REDLINES: Table = Table {
    name: "redline_versions",
    title: "红线版本 Red-line versions",
    columns: &[("layer", Text), ("sha256", Text), ("first_run", Text), ("last_run", Text)],
    has_shape: false,
};

/// Every table that follows from the events.
pub const TABLES: [&Table; 4] = [&LEADS, &INCIDENTS, &RUNS, &REDLINES];

/// All rows of a table, by number.
pub fn rows(table: &Table, book: &Book) -> Vec<Row> {
    let mut rows: Vec<Row> = match table.name {
        "leads" => book.cases.values().map(lead).collect(),
        "incidents" => incidents(book),
        "runs" => book.runs.iter().map(run).collect(),
        _ => redlines(book),
    };
    rows.sort_by_key(|row| row.fid);
    rows
}

/// Rows of some cases.
pub fn of_cases(book: &Book, ids: &BTreeSet<String>) -> Vec<Row> {
    ids.iter().filter_map(|id| book.cases.get(id)).map(lead).collect()
}

/// A row as JSON, by its columns.
pub fn as_json(table: &Table, row: &Row) -> Value {
    let value = |cell: &Cell| match cell {
        Cell::Null => Value::Null,
        Cell::Text(words) => words.as_str().into(),
        Cell::Whole(number) => (*number).into(),
        Cell::Real(number) => (*number).into(),
    };
    let named = table.columns.iter().zip(&row.cells);
    Value::Object(named.map(|((name, _), cell)| ((*name).to_owned(), value(cell))).collect())
}

/// Rows to put and numbers to take away so that what was shown becomes what is to be shown.
pub fn changes<'a>(shown: &[Row], wanted: &'a [Row]) -> (Vec<&'a Row>, Vec<i64>) {
    let shown: BTreeMap<i64, &Row> = shown.iter().map(|row| (row.fid, row)).collect();
    let stay: BTreeSet<i64> = wanted.iter().map(|row| row.fid).collect();
    let put = wanted.iter().filter(|row| shown.get(&row.fid) != Some(row)).collect();
    (put, shown.into_keys().filter(|fid| !stay.contains(fid)).collect())
}

/// Compares a table, row by row in the order of their numbers, with what follows from the events.
pub struct Comparison<'a> {
    table: &'a Table,
    wanted: std::iter::Peekable<std::slice::Iter<'a, Row>>,
    told: Vec<String>,
}

impl<'a> Comparison<'a> {
    /// Begins, with rows in the order of their numbers.
    pub fn of(table: &'a Table, wanted: &'a [Row]) -> Self {
        Self { table, wanted: wanted.iter().peekable(), told: Vec::new() }
    }

    /// A row is there: what it should hold, unless it should not be.
    pub fn found(&mut self, fid: i64) -> Option<&'a Row> {
        while let Some(missing) = self.wanted.next_if(|wanted| wanted.fid < fid) {
            self.tell(missing.fid, "is missing");
        }
        let wanted = self.wanted.next_if(|wanted| wanted.fid == fid);
        if wanted.is_none() {
            self.tell(fid, "follows from no event");
        }
        wanted
    }

    /// A column holds something else.
    pub fn changed(&mut self, fid: i64, column: &str) {
        self.tell(fid, &format!("column {column} was changed"));
    }

    /// All rows were there; what was found, in words.
    pub fn end(mut self) -> Vec<String> {
        while let Some(missing) = self.wanted.next() {
            self.tell(missing.fid, "is missing");
        }
        self.told
    }

    fn tell(&mut self, fid: i64, what: &str) {
        self.told.push(format!("table {}, row {fid}: {what}", self.table.name));
    }
}

fn text(words: &str) -> Cell {
    if words.is_empty() { Cell::Null } else { Cell::Text(words.to_owned()) }
}

fn joined<'a>(ids: impl IntoIterator<Item = &'a String>) -> Cell {
    text(&ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(" "))
}

fn whole(number: usize) -> Cell {
    Cell::Whole(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The row of a case.
pub fn lead(case: &Case) -> Row {
    let own = |(name, kind): &(&str, Kind)| -> Cell {
        let optional = |words: Option<&str>| words.map_or(Cell::Null, text);
        let day = |day: Option<crate::date::Date>| day.map_or(Cell::Null, |day| Cell::Text(day.to_string()));
        match *name {
            "id" => text(&case.id),
            "state" => text(case.state.code()),
            "state_zh" => text(case.state.chinese()),
            "since_utc" => text(&case.since),
            "assigned_to" => optional(case.assigned.as_ref().map(|assigned| assigned.0.as_str())),
            "assigned_until" => day(case.assigned.as_ref().and_then(|assigned| assigned.1)),
            "verdict" => optional(case.verdict().map(|verdict| verdict.code())),
            "verdict_zh" => optional(case.verdict().map(|verdict| verdict.chinese())),
            "verdict_count" => whole(case.said.len()),
            "contested" => whole(usize::from(case.is_contested())),
            "agency" => optional(case.agency.as_deref()),
            "filed" => optional(case.filed.as_deref()),
            "due" => day(case.due().map(|due| due.on)),
            "due_rule" => optional(case.due().map(|due| due.rule.as_str())),
            "found_utc" => text(&case.found),
            "county" => optional(case.county.as_deref()),
            "compensation_yuan" => case.compensation_yuan.map_or(Cell::Null, Cell::Real),
            "restored" => case.restored.map_or(Cell::Null, |restored| whole(usize::from(restored))),
            "reason" => text(&case.reason),
            "merged_into" => optional(case.lineage.into.as_deref()),
            "merged_from" => joined(&case.lineage.from),
            "split_from" => optional(case.lineage.split_from.as_deref()),
            "split_into" => joined(&case.lineage.pieces),
            "first_run" => text(&case.runs.0),
            "last_run" => text(&case.runs.1),
            "looked_run" => text(&case.looked),
            "event_count" => whole(case.events.len()),
            _ if *kind == Real => case.number_of(name).map_or(Cell::Null, Cell::Real),
            _ => text(case.text(name)),
        }
    };
    Row { fid: case.number, cells: LEADS.columns.iter().map(own).collect(), shape: case.outline.clone() }
}

/// Incidents of cases that are open, as the last run that changed them told.
fn incidents(book: &Book) -> Vec<Row> {
    let mut members: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in book.cases.values().filter(|case| !case.state.is_done()) {
        if !case.text("incident").is_empty() {
            members.entry(case.text("incident")).or_default().push(case);
        }
    }
    let of = |(id, cases): (&str, Vec<&Case>)| {
        let area: f64 =
            cases.iter().filter_map(|case| case.number_of("incident_area_m2")).fold(0.0, f64::max);
        let mu: f64 = cases.iter().filter_map(|case| case.number_of("incident_area_mu")).fold(0.0, f64::max);
        let ids: Vec<&String> = cases.iter().map(|case| &case.id).collect();
        let cells = vec![text(id), joined(ids), whole(cases.len()), Cell::Real(area), Cell::Real(mu)];
        let shape = MultiPolygon(cases.iter().flat_map(|case| case.outline.0.iter().cloned()).collect());
        let fid = cases.iter().map(|case| case.number).min().unwrap_or_default();
        Row { fid, cells, shape }
    };
    members.into_iter().map(of).collect()
}

fn run(run: &Run) -> Row {
    let words = |name: &str| text(run.body[name].as_str().unwrap_or_default());
    let count = run.body["leads"].as_i64().map_or(Cell::Null, Cell::Whole);
    let counted = |(name, ids): (&String, &Value)| {
        let count = ids.as_array().map_or(0, Vec::len);
        (count > 0).then(|| format!("{count} {}", name.replace('_', " ")))
    };
    let digest: Vec<String> =
        run.body["digest"].as_object().into_iter().flatten().filter_map(counted).collect();
    let cells = vec![
        text(&run.id),
        text(&run.taken.0),
        text(&run.taken.1),
        words("target"),
        words("program"),
        count,
        text(&digest.join(", ")),
    ];
    Row { fid: run.number, cells, shape: MultiPolygon(Vec::new()) }
}

fn redlines(book: &Book) -> Vec<Row> {
    let mut versions: Vec<(String, String, String, String)> = Vec::new();
    for run in &book.runs {
        for layer in run.body["redlines"].as_array().into_iter().flatten() {
            let words = |name: &str| layer[name].as_str().unwrap_or_default().to_owned();
            let (file, sha256) = (words("file"), words("sha256"));
            match versions.iter_mut().find(|known| (&known.0, &known.1) == (&file, &sha256)) {
                Some(known) => known.3 = run.id.clone(),
                None => versions.push((file, sha256, run.id.clone(), run.id.clone())),
            }
        }
    }
    let row = |(fid, (file, sha256, first, last)): (i64, (String, String, String, String))| Row {
        fid,
        cells: vec![text(&file), text(&sha256), text(&first), text(&last)],
        shape: MultiPolygon(Vec::new()),
    };
    (1..).zip(versions).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fid: i64, words: &str) -> Row {
        Row { fid, cells: vec![text(words)], shape: MultiPolygon(Vec::new()) }
    }

    #[test]
    fn only_rows_that_changed_are_written() {
        let (before, after) =
            ([row(1, "a"), row(2, "b"), row(3, "c")], [row(1, "a"), row(3, "d"), row(4, "e")]);
        let (put, take) = changes(&before, &after);
        assert_eq!((put, take), (vec![&after[1], &after[2]], vec![2]));
        assert_eq!(changes(&after, &after), (Vec::new(), Vec::new()));
    }
}
