//! The shared ledger against a real server: the same commands, the same leads; killed, stopped and tampered with.
//!
//! `scripts/postgres-server` makes the server; where none is installed these tests say that they are skipped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gdal::Dataset;
use gdal::vector::LayerAccess;
use serde_json::{Value, json};
use steppewatch::ledger::postgres::Postgres;
use steppewatch::ledger::{Place, versions};

use crate::ledger::{Drawn, FIELD, Office, PIT, openssl};
use crate::program::{Ended, ended, program, says};

/// A server with its cluster; it ends when nobody holds its input any more: at the end of this process.
pub struct Server {
    pub address: String,
    control: Vec<String>,
    folder: PathBuf,
    _process: Child,
}

impl Server {
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let told = "echo $STEPPEWATCH_POSTGRES; echo $STEPPEWATCH_POSTGRES_CONTROL; echo $STEPPEWATCH_POSTGRES_FOLDER; cat";
        let mut process = Command::new(root.join("scripts/postgres-server"))
            .args(["sh", "-c", told])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = || lines.next().map(Result::unwrap);
        let Some(address) = line() else {
            assert_eq!(
                process.wait().unwrap().code(),
                Some(77),
                "scripts/postgres-server fails; run it by hand"
            );
            return None;
        };
        let control = line().unwrap().split(' ').map(str::to_owned).collect();
        Some(Self { address, control, folder: PathBuf::from(line().unwrap()), _process: process })
    }

    fn control(&self, words: &str) {
        let (first, others) = self.control.split_first().unwrap();
        let mut command = Command::new(first);
        command.args(others).args(words.split(' ')).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.current_dir(&self.folder).status().unwrap().success(), "{words}");
    }

    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.address, postgres::NoTls).unwrap()
    }
}

/// The server that most tests share; each takes a schema of its own.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start).as_ref();
    if server.is_none() {
        println!("skipped: no PostgreSQL with PostGIS; scripts/install --test installs them");
    }
    server
}

/// An office whose ledger is in a schema of the shared server.
fn office(schema: &str) -> Option<(&'static Server, Office)> {
    let server = server()?;
    Some((server, Office::at(&format!("{}?schema={schema}", server.address))))
}

/// What a client of the database sees.
fn asked(server: &Server, question: &str) -> Vec<String> {
    let rows = server.client().simple_query(question).unwrap();
    let told = |message: &postgres::SimpleQueryMessage| match message {
        postgres::SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|place| row.get(place).unwrap_or("-")).collect::<Vec<_>>().join("|"))
        }
        _ => None,
    };
    rows.iter().filter_map(told).collect()
}

/// The same question to a file.
fn asked_file(path: &Path, question: &str) -> Vec<String> {
    let file = rusqlite::Connection::open(path).unwrap();
    let mut statement = file.prepare(question).unwrap();
    let count = statement.column_count();
    let cell = |held: rusqlite::types::ValueRef<'_>| match held {
        rusqlite::types::ValueRef::Null => "-".to_owned(),
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        rusqlite::types::ValueRef::Real(number) => number.to_string(),
        other => other.as_str().unwrap().to_owned(),
    };
    let rows = statement.query_map([], |row| {
        (0..count).map(|place| row.get_ref(place).map(cell)).collect::<Result<Vec<_>, _>>()
    });
    rows.unwrap().map(|row| row.unwrap().join("|")).collect()
}

/// A few weeks of an office: runs, steps, verdicts that differ, a look again.
fn weeks(office: &Office) {
    let (one, two) = (
        office.run("one", &[FIELD, PIT, ("eeeeeeeeee", [30.0, 33.5, 7.0, 9.25])]),
        office.run("two", &[("ffffffffff", [0.0, 6.0, 0.0, 6.0]), ("gggggggggg", [50.0, 51.0, 50.0, 51.0])]),
    );
    assert_eq!(office.record(&one).code, Some(0));
    for step in [
        "triage aaaaaaaaaa bbbbbbbbbb",
        "reject bbbbbbbbbb --cause 配准误差",
        "assign aaaaaaaaaa --to 王 --until 2026-06-30",
        "verify aaaaaaaaaa --verdict unlawful_use_found --who 王 --on 2026-06-12",
        "verify eeeeeeeeee --verdict 合法 --who Zhao",
        "verify eeeeeeeeee --verdict pseudo_change --who Li",
        "transfer aaaaaaaaaa --agency 草原局",
    ] {
        office.step(step);
    }
    assert_eq!(office.record(&two).code, Some(0));
    office.verified();
}

/// What PostGIS measures, GDAL measures in the file.
fn same_places(server: &Server, path: &Path) {
    let there = asked(
        server,
        "SELECT id, ST_SRID(geom), ST_NPoints(geom), to_char(ST_Area(geom) * 1e9, 'FM9999990.000000') FROM alike.leads \
         WHERE ST_IsValid(geom) ORDER BY id",
    );
    let layers = Dataset::open(path).unwrap();
    let mut leads = layers.layer_by_name("leads").unwrap();
    let mut here: Vec<String> = leads
        .features()
        .map(|lead| {
            let (id, shape) = (lead.field_as_string(0).unwrap().unwrap(), lead.geometry().unwrap());
            let points = shape.get_geometry(0).get_geometry(0).point_count();
            format!("{id}|4326|{points}|{:.6}", shape.area() * 1e9)
        })
        .collect();
    here.sort();
    assert_eq!(there, here);
    // Leads within 2 km of a point, nearest first.
    let near = "SELECT id FROM alike.leads WHERE ST_DWithin(geom::geography, ST_SetSRID(ST_MakePoint(108.03, 41.507), 4326)::geography, \
        2000) ORDER BY ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(108.03, 41.507), 4326)::geography)";
    assert_eq!(asked(server, &format!("SET search_path = public; {near}")), ["eeeeeeeeee", "bbbbbbbbbb"]);
}

#[test]
fn the_same_commands_leave_the_same_leads_query_for_query() {
    let Some((server, shared)) = office("alike") else { return };
    let file = Office::new();
    weeks(&shared);
    weeks(&file);
    let path = file.path();
    for question in [
        "SELECT count(*) FROM leads",
        "SELECT state, count(*) FROM leads GROUP BY state ORDER BY state",
        "SELECT id, state, state_zh, verdict, verdict_zh, verdict_count, contested, assigned_to, agency FROM leads ORDER BY id",
        "SELECT model, redline_name, count(*) FROM leads WHERE restored IS NULL GROUP BY model, redline_name",
        "SELECT id, leads, lead_count FROM incidents ORDER BY fid",
        "SELECT id, target, program, lead_count, digest FROM runs ORDER BY fid",
        "SELECT layer, sha256, first_run, last_run FROM redline_versions ORDER BY fid",
        "SELECT fid, key, kind, lead, run, actor, reason, body, evidence FROM events ORDER BY fid",
        "SELECT leads.id, count(*), min(events.fid), max(events.fid) FROM events JOIN leads ON leads.id = events.lead \
         GROUP BY leads.id ORDER BY leads.id",
        "SELECT count(*) FROM events LEFT JOIN events AS before ON before.fid = events.fid - 1 \
         WHERE before.hash = events.previous",
    ] {
        let there = asked(server, &format!("SET search_path = alike; {question}"));
        assert_eq!(there, asked_file(&path, question), "{question}");
        assert!(!there.is_empty() || question.contains("incidents"), "{question}");
    }
    same_places(server, &path);
    let listed = |office: &Office| office.leads(&["list", "--all", "--json"]).stdout;
    let without_clock = |listed: String| -> Vec<Value> {
        let lead = |line: &str| {
            let mut lead: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
            // The same commands are given at another second.
            lead.retain(|name, _| !name.ends_with("_utc"));
            json!(lead)
        };
        listed.lines().map(lead).collect()
    };
    assert_eq!(without_clock(listed(&shared)), without_clock(listed(&file)));
    let told = |office: &Office, words: &[&str]| office.leads(words).stdout;
    assert_eq!(told(&shared, &["statistics", "--csv"]), told(&file, &["statistics", "--csv"]));
    assert_eq!(told(&shared, &["due", "--json"]), told(&file, &["due", "--json"]));
}

/// Every value of every table, numbers bit by bit and shapes as they are held.
fn held(place: &str, server: &Server) -> Vec<String> {
    let tables = ["events", "leads", "incidents", "runs", "redline_versions"];
    let mut all = Vec::new();
    for table in tables {
        let schema = place.split_once("schema=").unwrap().1;
        let shape = if ["leads", "incidents"].contains(&table) { ", public.ST_AsEWKB(geom)" } else { "" };
        let question = format!("SELECT t.*::text{shape} FROM {schema}.{table} t ORDER BY fid");
        all.extend(asked(server, &question.replace("t.*::text", "row_to_json(t)")));
    }
    all
}

fn copied(from: &str, to: &str) -> Ended {
    ended(program().args(["ledger", "copy", from, to]))
}

#[test]
fn copied_there_and_back_a_ledger_is_the_same_byte_for_byte() {
    let Some((server, shared)) = office("source") else { return };
    weeks(&shared);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let there = |schema: &str| format!("{}?schema={schema}", server.address);
    let (first, second) = (file("first.gpkg"), file("second.gpkg"));
    let mut heads = Vec::new();
    for (from, to) in [(&shared.place(), &first), (&first, &there("back")), (&there("back"), &second)] {
        let ended = copied(from, to);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        heads.push(ended.stderr.rsplit_once("head ").unwrap().1.to_owned());
        let again = copied(from, to);
        assert_eq!(again.code, Some(1));
        says(&again.stderr, &["expected nothing there", "never written over"]);
    }
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
    assert_eq!(held(&there("source"), server), held(&there("back"), server));
    let tables = "SELECT 'events', * FROM events";
    assert_eq!(asked_file(Path::new(&first), tables), asked_file(Path::new(&second), tables));
    for table in ["leads", "incidents", "runs", "redline_versions"] {
        let rows = |path: &str| {
            let file = rusqlite::Connection::open(path).unwrap();
            let mut statement = file.prepare(&format!("SELECT * FROM {table} ORDER BY fid")).unwrap();
            let count = statement.column_count();
            let rows = statement.query_map([], |row| {
                Ok((0..count).map(|place| format!("{:?}", row.get_ref(place).unwrap())).collect::<Vec<_>>())
            });
            rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(rows(&first), rows(&second), "{table}");
    }
    let events = |place: &str| ended(program().args(["ledger", "events", place])).stdout;
    assert_eq!(events(&shared.place()), events(&second));
    // A copy goes on by itself; a ledger with a fault is not copied.
    server
        .client()
        .batch_execute("UPDATE back.leads SET area_mu = area_mu + 1 WHERE id = 'aaaaaaaaaa'")
        .unwrap();
    let refused = copied(&there("back"), &file("third.gpkg"));
    assert_eq!(refused.code, Some(1));
    says(&refused.stderr, &["1 fault", "column area_mu was changed", "ledger verify", "nothing was copied"]);
    assert!(!folder.path().join("third.gpkg").exists());
}

#[test]
fn a_copy_that_is_cut_off_leaves_nothing_that_looks_like_a_ledger() {
    let Some((server, shared)) = office("large") else { return };
    shared.record(&many(&shared, "many", 200));
    let place = shared.place();
    let there = format!("{}?schema=cut", server.address);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("cut.gpkg").display().to_string();
    let clear = || {
        let _ = fs::remove_file(&here);
        server.client().batch_execute("DROP SCHEMA IF EXISTS cut CASCADE").unwrap();
    };
    let mut cut_off = 0;
    for to in [&there, &here] {
        let begun = Instant::now();
        assert_eq!(copied(&place, to).code, Some(0));
        let whole = begun.elapsed();
        for round in 0..8_u32 {
            clear();
            let mut copy = program();
            copy.args(["ledger", "copy", &place, to]).stderr(Stdio::null()).stdout(Stdio::null());
            let mut child = copy.spawn().unwrap();
            // From early on: the machine may be quicker now than when the whole was timed.
            std::thread::sleep(whole * (round + 1) / 12);
            let _ = child.kill();
            child.wait().unwrap();
            let verified = ended(program().args(["ledger", "verify", to]));
            if verified.code == Some(0) {
                // It was quicker.
                says(&verified.stderr, &["202 events, 200 leads"]);
                continue;
            }
            says(&verified.stderr, &["no ledger is there"]);
            cut_off += 1;
        }
        clear();
        assert_eq!(copied(&place, to).code, Some(0));
    }
    println!("{cut_off} of 16 copies were cut off");
    assert!(cut_off > 2, "{cut_off}");
}

/// A run of many leads.
fn many(office: &Office, name: &str, count: u32) -> PathBuf {
    farther(office, name, count, 2)
}

/// The same, so many steps to the north, under ids of their own.
fn farther(office: &Office, name: &str, count: u32, north: u32) -> PathBuf {
    let place = |place: u32| {
        let (west, south) = (f64::from(place) * 9.0, f64::from(north) * 10.0);
        let id = if north == 2 { format!("m{place}") } else { format!("n{north}-{place}") };
        (id, [west, west + 4.0, south, south + 4.0])
    };
    let leads: Vec<(String, [f64; 4])> = (0..count).map(place).collect();
    let leads: Vec<Drawn> = leads.iter().map(|(id, place)| (id.as_str(), *place)).collect();
    office.run(name, &leads)
}

#[test]
fn eight_writers_of_a_shared_ledger_lose_nothing() {
    let Some((server, shared)) = office("eight") else { return };
    shared.record(&many(&shared, "one", 8));
    let round = &|writer: u32| {
        for round in 0..6 {
            shared.step(&format!("assign m{writer} --to person-{round}"));
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || round(writer));
        }
        // Who reads meanwhile sees whole ledgers.
        for _ in 0..3 {
            shared.verified();
        }
    });
    assert_eq!(shared.verified(), 1 + 1 + 8 + 48);
    let told = asked(
        server,
        "SELECT count(*), count(DISTINCT key), count(DISTINCT hash), max(fid) FROM eight.events",
    );
    assert_eq!(told, ["58|58|58|58"]);
}

#[test]
fn whoever_is_killed_client_or_server_the_ledger_is_whole_and_the_next_step_is_taken() {
    if server().is_none() {
        return;
    }
    // A server of its own: it is stopped in the middle.
    let server = Server::start().unwrap();
    let office = Office::at(&server.address);
    office.record(&office.run("one", &[FIELD, PIT]));
    let record = |round: u32| {
        let mut record = program();
        let run = farther(&office, &format!("run{round}"), 40, round + 3);
        record.args(["ledger", "record", &office.place()]).arg(run).args(["--by", "Li"]);
        record
    };
    let begun = Instant::now();
    assert_eq!(ended(&mut record(0)).code, Some(0));
    let whole = begun.elapsed();
    for round in 1..19_u32 {
        let mut command = match round % 4 {
            3 => office.command(&["assign", "aaaaaaaaaa", "--to", &format!("person-{round}"), "--by", "Li"]),
            _ => record(round),
        };
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(whole * (round * 7 % 19) / 16);
        let is_stopped = round % 6 == 5;
        if is_stopped {
            server.control("stop -m immediate");
        } else {
            let _ = child.kill();
        }
        let ended = child.wait_with_output().unwrap();
        if is_stopped {
            let told = String::from_utf8(ended.stderr).unwrap();
            assert!(!told.contains("panicked") && !told.contains("secret"), "{told}");
            let is_told = ended.status.success() || told.starts_with("error: postgresql://office@127.0.0.1");
            assert!(is_told, "{told}");
            server.control("start");
        }
        office.verified();
        // A run is there with all of its leads, or not at all.
        let halves = "SELECT run FROM steppewatch.events WHERE kind IN ('found', 'run_recorded') GROUP BY run \
            HAVING count(*) FILTER (WHERE kind = 'found') NOT IN (2, 40) OR count(*) FILTER (WHERE kind = 'run_recorded') <> 1";
        assert_eq!(asked(&server, halves), Vec::<String>::new(), "round {round}");
    }
    let known = office.verified();
    office.step("assign aaaaaaaaaa --to Wang");
    assert_eq!(office.verified(), known + 1);
    assert_eq!(ended(&mut record(99)).code, Some(0));
    assert_eq!(office.state("n102-7"), "confirmed");
}

/// An event that nobody wrote, with the hash of another.
const ADD: &str = "INSERT INTO events SELECT fid + 1, 'new', kind, lead, run, actor, at_utc, at_local, reason, body, evidence, hash, hash \
        FROM events ORDER BY fid DESC LIMIT 1";

/// What somebody does whom no right stops, and what is told of it.
const TAMPERED: &[(&str, &str)] = &[
    ("UPDATE events SET actor = 'x' WHERE fid = 4", "row 4: was changed"),
    ("UPDATE events SET body = body || ' ' WHERE fid = 4", "row 4: was changed"),
    ("DELETE FROM events WHERE fid = 5", "rows were taken out or put in"),
    (ADD, "was changed: its columns have hash"),
    (
        "UPDATE events SET fid = -1 WHERE fid = 7; UPDATE events SET fid = 7 WHERE fid = 8; UPDATE events SET fid = 8 WHERE fid = -1",
        "row 7",
    ),
    (
        "ALTER TABLE events ALTER body DROP NOT NULL; UPDATE events SET body = NULL WHERE fid = 4",
        "row 4: column body: expected text",
    ),
    (
        "ALTER TABLE events ALTER body TYPE bytea USING convert_to(body, 'UTF8')",
        "row 1: column body: expected text",
    ),
    (
        "UPDATE leads SET state = 'closed' WHERE id = 'aaaaaaaaaa'",
        "table leads, row 3: column state was changed",
    ),
    (
        "UPDATE leads SET area_m2 = area_m2 * (1 + 1e-15) WHERE id = 'aaaaaaaaaa'",
        "column area_m2 was changed",
    ),
    (
        "UPDATE leads SET geom = public.ST_Translate(geom, 1e-9, 0) WHERE id = 'bbbbbbbbbb'",
        "column geom was changed",
    ),
    ("UPDATE leads SET geom = public.ST_Reverse(geom)", "column geom was changed"),
    (
        "ALTER TABLE leads ALTER geom TYPE public.geometry USING public.ST_SetSRID(geom, 4490)",
        "column geom was changed",
    ),
    ("DELETE FROM leads WHERE id = 'aaaaaaaaaa'", "table leads, row 3: is missing"),
    ("INSERT INTO runs (fid) VALUES (99)", "table runs, row 99: follows from no event"),
    ("DELETE FROM redline_versions", "table redline_versions, row 1: is missing"),
    (
        "UPDATE ledger_version SET version = version; INSERT INTO ledger_version VALUES (1)",
        "expected one row",
    ),
    (
        "CREATE TRIGGER mine BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION events_stay()",
        "found trigger mine on leads",
    ),
    ("CREATE RULE mine AS ON INSERT TO events DO NOTHING", "found rule mine on events"),
    ("CREATE TABLE mine (a int)", "found relation mine"),
    ("CREATE VIEW mine AS SELECT * FROM leads", "found relation mine of kind v"),
    ("ALTER TABLE leads ADD mine text", "found column leads.mine text"),
    ("CREATE INDEX mine ON events (actor)", "found index mine on events"),
    ("DROP INDEX events_of_lead", "expected index events_of_lead"),
    ("ALTER TABLE events DROP CONSTRAINT events_key_key", "expected constraint events_key_key"),
    (
        "ALTER TABLE events ENABLE TRIGGER events_stay",
        "trigger events_stay on events at 19 calls tampered.events_stay, not always",
    ),
    (
        "CREATE OR REPLACE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "function events_stay",
    ),
    ("ALTER TABLE events ENABLE ROW LEVEL SECURITY", "events of kind r with hidden rows"),
    ("CREATE TABLE public.mine () INHERITS (leads)", "found rows of public.mine in leads"),
];

#[test]
fn whatever_a_superuser_does_behind_the_program_is_told() {
    let Some((server, shared)) = office("tampered") else { return };
    weeks(&shared);
    let mut client = server.client();
    for statement in ["UPDATE events SET actor = 'x'", "DELETE FROM events WHERE fid = 3", "TRUNCATE events"]
    {
        let refused = client.batch_execute(&format!("SET search_path = tampered; {statement}")).unwrap_err();
        let words = refused.as_db_error().unwrap().message().to_owned();
        assert!(words.contains("only ever added"), "{words}");
        // Not even a session that calls itself a replica.
        let replica =
            format!("SET session_replication_role = replica; SET search_path = tampered; {statement}");
        assert!(client.batch_execute(&replica).is_err());
        client.batch_execute("RESET session_replication_role").unwrap();
    }
    for (script, words) in TAMPERED {
        // Each in a schema of its own that is thrown away.
        let copy = copied(&shared.place(), &format!("{}?schema=trial", server.address));
        assert_eq!(copy.code, Some(0), "{}", copy.stderr);
        let off = "SET search_path = trial; ALTER TABLE events DISABLE TRIGGER USER";
        let on = ["events_stay", "events_last", "events_remain"]
            .map(|name| format!("ALTER TABLE events ENABLE ALWAYS TRIGGER {name};"))
            .concat();
        let is_trigger = script.contains("TRIGGER events_stay");
        client.batch_execute(&format!("{off}; {script}; {}", if is_trigger { "" } else { &on })).unwrap();
        let told = ended(program().args(["ledger", "verify", &format!("{}?schema=trial", server.address)]));
        assert_eq!(told.code, Some(1), "{script}: {}", told.stderr);
        says(&told.stderr, &[&words.replace("tampered.", "trial.")]);
        client.batch_execute("DROP SCHEMA trial CASCADE; DROP TABLE IF EXISTS public.mine").unwrap();
    }
    // Triggers that were switched off and stayed so, with nothing else changed.
    client.batch_execute("ALTER TABLE tampered.events DISABLE TRIGGER USER").unwrap();
    let told = shared.ledger(&["verify"], &[]);
    says(&told.stderr, &["switched off", "events_stay", "events_last", "events_remain", "6 faults"]);
}

#[test]
fn an_address_that_does_not_work_says_what_to_do_and_never_its_password() {
    let Some(server) = server() else { return };
    let address = &server.address;
    let host = address.split_once('@').unwrap().1.split_once('/').unwrap().0;
    let mut client = server.client();
    for script in [
        "CREATE ROLE reader LOGIN PASSWORD 'secret'",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    ] {
        client.batch_execute(script).unwrap();
    }
    server_with_postgis(server, "latin");
    let begin = |address: &str| ended(program().args(["ledger", "begin", address, "--by", "Li"]));
    for (wrong, words) in [
        (address.replace("/steppe", "/bare"), "run CREATE EXTENSION postgis in database bare as a superuser"),
        (
            address.replace("/steppe", "/none"),
            "make the database as a superuser: createdb --encoding=UTF8 none",
        ),
        (address.replace("/steppe", "/latin"), "expected a database with encoding UTF8, found LATIN1"),
        (address.replace(":secret", ":wrong-secret"), "put the password of office into ~/.pgpass"),
        (address.replace(":secret", ""), "put the password into ~/.pgpass"),
        (address.replace(host, "127.0.0.1:9"), "look whether the server runs"),
        (format!("{address}?sslmode=require"), "does not offer: switch ssl on there"),
        (address.replace("office:", "reader:"), "GRANT CREATE ON DATABASE steppe"),
    ] {
        let ended = begin(&wrong);
        assert_eq!(ended.code, Some(1), "{wrong}: {}", ended.stderr);
        says(&ended.stderr, &["error: postgresql://", words]);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    }
    for wrong in
        ["mysql://li:secret@office/steppe", "postgresql://li:secret@office:x/steppe", "postgresql:///steppe"]
    {
        let ended = begin(wrong);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains("expected") && !ended.stderr.contains("secret"), "{}", ended.stderr);
    }
    let missing = ended(program().args(["leads", "list", "--ledger", &format!("{address}?schema=no_such")]));
    says(&missing.stderr, &["schema=no_such: no ledger is there", "ledger begin"]);
}

#[test]
fn a_password_comes_from_its_file_and_a_role_does_what_it_may() {
    let Some(server) = server() else { return };
    let mut client = server.client();
    for role in ["reads", "clerk"] {
        client.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).unwrap();
    }
    let (_, host) = server.address.split_once('@').unwrap();
    let host = host.split_once('/').unwrap().0;
    // A password file, as psql reads it; a socket in the place of a host.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    fs::write(&file, "*:*:steppe:office:secret\n*:*:steppe:reads:secret\n*:*:steppe:clerk:secret\n").unwrap();
    assert!(Command::new("chmod").arg("600").arg(&file).status().unwrap().success());
    let port = host.split_once(':').unwrap().1;
    let socket = server.folder.display().to_string().replace('/', "%2F");
    let near = format!("postgresql://office@{socket}:{port}/steppe?schema=near&sslmode=require");
    let told = ended(program().args(["ledger", "begin", &near, "--by", "Li"]).env("PGPASSFILE", &file));
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    // Who may read reads; who may not write is told how.
    let of = |role: &str| near.replace("office@", &format!("{role}@"));
    let verify =
        |role: &str| ended(program().args(["ledger", "verify", &of(role)]).env("PGPASSWORD", "secret"));
    says(&verify("reads").stderr, &["permission denied", "GRANT USAGE ON SCHEMA near"]);
    let rights = "GRANT USAGE ON SCHEMA near TO reads, clerk; GRANT SELECT ON ALL TABLES IN SCHEMA near TO reads, clerk; \
        GRANT INSERT ON ALL TABLES IN SCHEMA near TO clerk; GRANT UPDATE, DELETE ON near.leads, near.incidents, near.runs, \
        near.redline_versions TO clerk";
    client.batch_execute(rights).unwrap();
    assert_eq!(verify("reads").code, Some(0), "{}", verify("reads").stderr);
    let office = Office::new();
    let out = office.run("one", &[FIELD]);
    let record = |role: &str| {
        let mut command = program();
        ended(
            command
                .args(["ledger", "record", &of(role)])
                .arg(&out)
                .args(["--by", "Li"])
                .env("PGPASSWORD", "secret"),
        )
    };
    let refused = record("reads");
    assert_eq!(refused.code, Some(1));
    says(&refused.stderr, &["permission denied", "INSERT, UPDATE and DELETE"]);
    assert_eq!(record("clerk").code, Some(0), "{}", record("clerk").stderr);
    // An administrator makes the schema, and a role that may make none begins a ledger there.
    client.batch_execute("CREATE SCHEMA desk AUTHORIZATION clerk").unwrap();
    let desk = of("clerk").replace("schema=near", "schema=desk");
    let begun = ended(program().args(["ledger", "begin", &desk, "--by", "Li"]).env("PGPASSWORD", "secret"));
    assert_eq!(begun.code, Some(0), "{}", begun.stderr);
}

#[test]
fn a_dump_that_is_restored_elsewhere_is_the_same_ledger() {
    let Some((server, shared)) = office("dumped") else { return };
    weeks(&shared);
    let programs = server.control.iter().find_map(|word| word.strip_suffix("/pg_ctl")).unwrap();
    server.client().batch_execute("CREATE DATABASE restored").unwrap();
    let restored = server.address.replace("/steppe", "/restored");
    let mut client = postgres::Client::connect(&restored, postgres::NoTls).unwrap();
    client.batch_execute("CREATE EXTENSION postgis").unwrap();
    let words = format!(
        "'{programs}/pg_dump' --schema=dumped '{}' | '{programs}/psql' -qX -v ON_ERROR_STOP=1 '{restored}'",
        server.address
    );
    let ended = ended(Command::new("sh").args(["-c", &words]).stdin(Stdio::null()));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let verified = |place: &str| crate::program::run(&["ledger", "verify", place]);
    let there = verified(&format!("{restored}?schema=dumped"));
    assert_eq!(there.code, Some(0), "{}", there.stderr);
    assert_eq!(there.stderr, verified(&shared.place()).stderr);
}

#[test]
fn an_older_shared_ledger_is_brought_forward_in_one_piece() {
    let Some((server, shared)) = office("older") else { return };
    weeks(&shared);
    let before = held(&shared.place(), server);
    let script = "DROP INDEX older.events_of_lead; ALTER TABLE older.leads DROP COLUMN state_zh; DELETE FROM older.runs; \
        UPDATE older.ledger_version SET version = 0";
    server.client().batch_execute(script).unwrap();
    let refused = shared.ledger(&["verify"], &[]);
    assert_eq!(refused.code, Some(1));
    says(
        &refused.stderr,
        &["expected version 1, found version 0", "a command that writes brings it forward"],
    );
    let mut place = Place::parse(std::ffi::OsStr::new(&shared.place())).unwrap();
    let Place::Server(address) = &mut place else { panic!("{place}") };
    let step = |postgres| versions::Step { from: 0, sqlite: "", postgres };
    let mut engine = Postgres::open(address).unwrap();
    let fails =
        "CREATE INDEX events_of_lead ON {schema}.events (lead); UPDATE {schema}.events SET actor = 'x'";
    let refused = versions::bring_forward(&mut engine, &[step(fails)], 1).unwrap_err().to_string();
    says(&refused, &["bring it forward", "only ever added"]);
    assert_eq!(asked(server, "SELECT version FROM older.ledger_version"), ["0"]);
    let works = "CREATE INDEX events_of_lead ON {schema}.events (lead)";
    versions::bring_forward(&mut engine, &[step(works)], 1).unwrap();
    shared.verified();
    assert_eq!(held(&shared.place(), server), before);
}

/// PostGIS in another database, as a superuser would.
fn server_with_postgis(server: &Server, database: &str) {
    let address = server.address.replace("/steppe", &format!("/{database}"));
    let mut client = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    client.batch_execute("CREATE SCHEMA shapes; CREATE EXTENSION postgis SCHEMA shapes").unwrap();
}

#[test]
fn postgis_may_live_in_a_schema_of_its_own() {
    let Some(server) = server() else { return };
    server.client().batch_execute("CREATE DATABASE apart").unwrap();
    server_with_postgis(server, "apart");
    let office = Office::at(&server.address.replace("/steppe", "/apart"));
    assert_eq!(office.record(&office.run("one", &[FIELD, PIT])).code, Some(0));
    office.verified();
}

/// An authority, a server's certificate that it signed, and another authority.
fn certificates(folder: &Path, server: &Server) {
    let settings = "[req]\ndistinguished_name = name\n[name]\n[authority]\nbasicConstraints = critical,CA:TRUE\n\
        [server]\nsubjectAltName = IP:127.0.0.1\n";
    fs::write(folder.join("tls.cnf"), settings).unwrap();
    for words in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 -subj /CN=authority -config tls.cnf -extensions authority",
        "req -new -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server -config tls.cnf",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile tls.cnf -extensions server -out server.crt",
        "req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 9 -subj /CN=other -config tls.cnf -extensions authority",
    ] {
        openssl(folder, words).unwrap();
    }
    let data = server.folder.join("data");
    for name in ["server.key", "server.crt"] {
        fs::copy(folder.join(name), data.join(name)).unwrap();
    }
    let like = |name: &str| Command::new("chown").arg("--reference").arg(&data).arg(data.join(name)).status();
    assert!(like("server.key").unwrap().success() && like("server.crt").unwrap().success());
    assert!(Command::new("chmod").arg("600").arg(data.join("server.key")).status().unwrap().success());
}

#[test]
fn the_way_to_the_server_is_encrypted_where_that_is_asked_for() {
    if server().is_none() {
        return;
    }
    let server = Server::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    if openssl(folder.path(), "version").is_err() {
        println!("skipped: there is no openssl on this machine");
        return;
    }
    certificates(folder.path(), &server);
    let mut client = server.client();
    let watch = "CREATE TABLE public.ways (is_secure bool); CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql \
        SECURITY DEFINER AS 'BEGIN INSERT INTO public.ways SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid(); \
        END'; CREATE EVENT TRIGGER note ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION public.note();";
    client.batch_execute(watch).unwrap();
    client.batch_execute("ALTER SYSTEM SET ssl = on").unwrap();
    server.control("reload");
    std::thread::sleep(Duration::from_millis(500));
    let ca = |name: &str| folder.path().join(name).display().to_string();
    let (ours, other) = (ca("ca.pem"), ca("other.pem"));
    for (place, (mode, is_taken, is_secure)) in [
        ("sslmode=disable".to_owned(), true, "f"),
        ("sslmode=prefer".to_owned(), true, "t"),
        ("sslmode=require".to_owned(), true, "t"),
        (format!("sslmode=verify-full&sslrootcert={ours}"), true, "t"),
        (format!("sslmode=verify-full&sslrootcert={other}"), false, "-"),
        (format!("sslmode=require&sslrootcert={other}"), false, "-"),
        ("sslmode=verify-full".to_owned(), false, "-"),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("{}?schema=way{place}&{mode}", server.address);
        let begun = ended(program().args(["ledger", "begin", &address, "--by", "Li"]));
        assert_eq!(begun.code, Some(if is_taken { 0 } else { 1 }), "{mode}: {}", begun.stderr);
        if is_taken {
            let ways = asked(&server, "SELECT is_secure FROM public.ways; DELETE FROM public.ways");
            assert_eq!(ways, [is_secure], "{mode}");
        } else {
            says(&begun.stderr, &["certificate", "sslrootcert=FILE"]);
        }
    }
}
