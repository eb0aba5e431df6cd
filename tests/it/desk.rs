//! The review desk over its own wire: who may ask, who may write, what is refused, and what lands in the ledger.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ledger::{FIELD, Office, PIT};
use crate::program::{ended, program, says};

/// A desk that is open, ended when dropped.
struct Desk {
    child: Child,
    address: String,
    token: String,
}

impl Desk {
    /// Opens it; none where this program was built without the map library.
    fn open(office: &Office) -> Option<Self> {
        let mut command = program();
        command.args(["desk", &office.place(), "--by", "Zhao"]).current_dir(office.folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some((address, token)) =
            line.trim().strip_prefix("http://").and_then(|rest| rest.split_once("/#token="))
        else {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(said.contains("MapLibre"), "{said}");
            println!("skipped: {said}");
            child.wait().unwrap();
            return None;
        };
        let (address, token) = (address.to_owned(), token.to_owned());
        Some(Self { child, address, token })
    }

    /// A question as it is written; the answer's status, head and body.
    fn ask(&self, question: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A desk that has heard enough hangs up before the end.
        let _ = stream.write_all(question.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        (status, head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str, more: &[&str]) -> (u16, String, String) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n", self.address, lines(more)))
    }

    fn post(&self, path: &str, more: &[&str], body: &str) -> (u16, String, String) {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n{}\r\n{body}",
            self.address,
            lines(more)
        ))
    }

    /// Headers that the desk's own page sends with JSON.
    fn own(&self) -> Vec<String> {
        vec![format!("Origin: http://{}", self.address), "Content-Type: application/json".to_owned()]
    }

    /// A browser that is in: its cookie, and the state that it read.
    fn browser(&self) -> Browser<'_> {
        let own = self.own();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let (status, head, body) = self.post("/desk/enter", &own, &json!({"token": self.token}).to_string());
        assert_eq!(status, 200, "{body}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
        let (status, _, body) = self.get("/desk/state", &[&cookie]);
        assert_eq!(status, 200, "{body}");
        Browser { desk: self, cookie, state: serde_json::from_str(&body).unwrap() }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(more: &[&str]) -> String {
    more.iter().fold(String::new(), |mut all, line| {
        let _ = write!(all, "{line}\r\n");
        all
    })
}

struct Browser<'a> {
    desk: &'a Desk,
    cookie: String,
    state: Value,
}

impl Browser<'_> {
    fn seq(&self, key: &str) -> i64 {
        self.state["cases"][key]["seq"].as_i64().unwrap()
    }

    fn headers(&self) -> Vec<String> {
        let token = self.state["token"].as_str().unwrap();
        [self.desk.own(), vec![self.cookie.clone(), format!("X-Steppewatch-Desk: {token}")]].concat()
    }

    fn step(&self, body: &Value) -> (u16, Value) {
        let headers = self.headers();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let (status, _, body) = self.desk.post("/desk/step", &headers, &body.to_string());
        (status, serde_json::from_str(&body).unwrap_or_default())
    }
}

/// An office with two leads, and its desk.
fn opened() -> Option<(Office, Desk)> {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    let desk = Desk::open(&office)?;
    Some((office, desk))
}

fn key(office: &Office) -> (String, String) {
    let listed = office.leads(&["list", "--json"]).stdout;
    let mut ids = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned());
    (ids.next().unwrap(), ids.next().unwrap())
}

#[test]
fn a_verdict_at_the_desk_is_an_event_of_the_ledger_as_the_command_line_writes_it() {
    let Some((office, desk)) = opened() else { return };
    let (first, second) = key(&office);
    let browser = desk.browser();
    assert_eq!(browser.state["by"], "Zhao");
    let seq = browser.seq(&first);
    let (status, now) = browser.step(&json!({
        "key": first, "seq": seq, "action": "verify", "verdict": "unlawful_use_found", "who": "Li 李", "on": "2026-05-01", "reason": "ploughed",
    }));
    assert_eq!(
        (status, &now["case"]["state"], &now["case"]["verdict"]),
        (200, &json!("verified"), &json!("unlawful_use_found"))
    );
    let (status, _) = browser
        .step(&json!({"key": second, "seq": browser.seq(&second), "action": "reject", "cause": "season"}));
    assert_eq!(status, 200);
    let shown: Value = serde_json::from_str(office.leads(&["show", &first, "--json"]).stdout.trim()).unwrap();
    let last = shown["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["actor"], &last["kind"], &last["reason"]),
        (&json!("Zhao"), &json!("verified"), &json!("ploughed"))
    );
    assert_eq!(office.ledger(&["verify"], &[]).code, Some(0));
    says(&office.leads(&["list", "--all", "--state", "rejected"]).stdout, &[second.as_str()]);
}

#[test]
fn who_decides_on_an_old_view_is_told_and_nothing_is_written() {
    let Some((office, desk)) = opened() else { return };
    let (first, _) = key(&office);
    let (one, other) = (desk.browser(), desk.browser());
    let seq = one.seq(&first);
    assert_eq!(one.step(&json!({"key": first, "seq": seq, "action": "triage"})).0, 200);
    let (status, now) = other.step(&json!({"key": first, "seq": seq, "action": "reject", "cause": "season"}));
    assert_eq!((status, &now["case"]["state"]), (409, &json!("triaged")));
    // The command line writes beside the desk, and the desk sees it.
    let now = now["case"]["seq"].as_i64().unwrap();
    assert_eq!(office.leads(&["assign", &first, "--to", "Wang", "--by", "Li"]).code, Some(0));
    let (status, seen) =
        other.step(&json!({"key": first, "seq": now, "action": "reject", "cause": "season"}));
    assert_eq!(
        (status, &seen["case"]["state"], &seen["case"]["assigned"][0]),
        (409, &json!("assigned"), &json!("Wang"))
    );
    let (status, _, body) = desk.get(&format!("/desk/lead/{first}"), &[&other.cookie]);
    let fresh: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &fresh["case"]["seq"]), (200, &seen["case"]["seq"]));
    // What the state does not allow, and what is no step of the desk, is refused in words.
    let seq = &fresh["case"]["seq"];
    for wrong in [
        json!({"key": first, "seq": seq, "action": "transfer"}),
        json!({"key": first, "seq": seq, "action": "reject"}),
        json!({"key": first, "seq": seq, "action": "reopen", "reason": "x"}),
        json!({"key": first, "seq": seq, "action": "verify", "verdict": "lawful", "on": "2999-01-01"}),
        json!({"key": first, "seq": seq, "action": "verify", "verdict": "lawful", "on": "2026-05-01"}),
        json!({"key": first, "seq": seq, "action": "assign", "to": "Wang", "until": "2020-01-01"}),
    ] {
        let (status, said) = other.step(&wrong);
        assert_eq!(status, 422, "{wrong}");
        assert!(said["error"].as_str().is_some_and(|words| words.len() > 10), "{said}");
        assert!(["form", "lacking", "state", "day"].contains(&said["code"].as_str().unwrap()), "{said}");
    }
    assert_eq!(other.step(&json!({"key": "nobody", "seq": 1, "action": "triage"})).0, 404);
    assert_eq!(office.ledger(&["verify"], &[]).code, Some(0));
}

#[test]
fn while_another_program_writes_the_desk_still_reads_and_says_soon_that_it_cannot_write() {
    let Some((office, desk)) = opened() else { return };
    let (first, _) = key(&office);
    let browser = desk.browser();
    let writer = rusqlite::Connection::open(office.place()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    assert_eq!(desk.get("/desk/state", &[&browser.cookie]).0, 200);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let step = json!({"key": first, "seq": browser.seq(&first), "action": "triage"});
    assert_eq!(browser.step(&step).0, 503);
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(browser.step(&step).0, 200);
}

#[test]
fn without_the_address_that_was_shown_nothing_is_told_or_written() {
    let Some((office, desk)) = opened() else { return };
    let (first, _) = key(&office);
    let before = office.ledger(&["verify"], &[]).stderr;
    let (status, head, body) = desk.get("/", &[]);
    assert_eq!(status, 200);
    assert!(
        !body.contains(&first) && head.contains("frame-ancestors 'none'") && head.contains("nosniff"),
        "{head}"
    );
    for path in ["/desk/state", "/desk/lead/x", "/pictures/x.jpg", "/tiles/x.js"] {
        assert_eq!(desk.get(path, &[]).0, 401, "{path}");
        assert_eq!(desk.get(path, &["Cookie: steppewatch_desk=0000"]).0, 401, "{path}");
    }
    let own = desk.own();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    for token in ["", "0", &desk.token[..63], &desk.token.to_uppercase().replace('A', "B")] {
        assert_eq!(desk.post("/desk/enter", &own, &json!({"token": token}).to_string()).0, 403, "{token}");
    }
    let browser = desk.browser();
    let step = json!({"key": first, "seq": browser.seq(&first), "action": "triage"}).to_string();
    let headers = browser.headers();
    let all: Vec<&str> = headers.iter().map(String::as_str).collect();
    let (origin, kind, cookie, csrf) = (all[0], all[1], all[2], all[3]);
    for (wrong, status) in [
        (vec![kind, cookie, csrf], 403),
        (vec!["Origin: null", kind, cookie, csrf], 403),
        (vec!["Origin: http://evil.example", kind, cookie, csrf], 403),
        (vec![origin, cookie, csrf], 415),
        (vec![origin, "Content-Type: text/plain", cookie, csrf], 415),
        (vec![origin, kind, csrf], 401),
        (vec![origin, kind, cookie], 403),
        (vec![origin, kind, cookie, "X-Steppewatch-Desk: 00"], 403),
        (vec![origin, kind, cookie, csrf, "Sec-Fetch-Site: cross-site"], 403),
    ] {
        assert_eq!(desk.post("/desk/step", &wrong, &step).0, status, "{wrong:?}");
    }
    for broken in ["", "{", "[]", "{\"key\": 1}", &step.replace("triage\"", "triage\", \"by\": \"Li\"")] {
        assert_eq!(desk.post("/desk/step", &all, broken).0, 400, "{broken}");
    }
    assert_eq!(office.ledger(&["verify"], &[]).stderr, before);
    let cross =
        desk.get("/desk/state", &[cookie, "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"]);
    assert_eq!((cross.0, cross.1.contains("access-control")), (403, false));
}

#[test]
fn another_name_is_refused_on_every_route_and_no_path_leads_out() {
    let Some((_office, desk)) = opened() else { return };
    let cookie = desk.browser().cookie;
    let port = desk.address.split(':').nth(1).unwrap().to_owned();
    for path in ["/", "/desk/state", "/desk/enter", "/desk/step", "/pictures/a.jpg", "/nothing"] {
        for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", "0.0.0.0"] {
            let question = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\n\r\n");
            assert_eq!(desk.ask(&question).0, 403, "{host} {path}");
        }
        assert_eq!(desk.ask(&format!("GET {path} HTTP/1.0\r\n\r\n")).0, 403, "{path}");
    }
    assert_eq!(desk.ask(&format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")).0, 200);
    assert_eq!(
        desk.ask(&format!("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).0,
        403
    );
    for path in [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/pictures/../../etc/passwd",
        "/pictures/..%2f..%2fetc%2fpasswd",
        "/tiles/..\\..\\x",
        "/pictures//etc/passwd",
        "/pictures/%00",
        "//etc/passwd",
        "/index.html",
        "/ledger.gpkg",
        "/desk/lead/../state",
        "/tiles/before-natural-99-0-0.js",
        "/tiles/x-y-NaN--1-1000000000.js",
    ] {
        let (status, _, body) = desk.get(path, &[&cookie]);
        assert_eq!(status, 404, "{path}");
        assert!(!body.contains("etc") && !body.contains('/'), "{body}");
    }
    assert_eq!(desk.ask(&format!("DELETE / HTTP/1.1\r\nHost: {}\r\n\r\n", desk.address)).0, 405);
    assert_eq!(desk.ask(&format!("OPTIONS /desk/step HTTP/1.1\r\nHost: {}\r\n\r\n", desk.address)).0, 405);
}

#[test]
fn what_is_too_much_or_too_slow_is_refused_and_the_page_is_still_there() {
    let Some((_office, desk)) = opened() else { return };
    let own = desk.own();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert_eq!(desk.post("/desk/enter", &own, &"x".repeat(100_000)).0, 413);
    let many: String = (0..10_000).fold(String::new(), |all, number| all + &format!("X-{number}: 1\r\n"));
    assert!(matches!(
        desk.ask(&format!("GET / HTTP/1.1\r\nHost: {}\r\n{many}\r\n", desk.address)).0,
        0 | 431
    ));
    assert!(matches!(desk.get(&format!("/{}", "x".repeat(100_000)), &[]).0, 0 | 414 | 431));
    assert!(matches!(desk.ask("\u{0}\u{1}nonsense\r\n\r\n").0, 0 | 400));
    // Two hundred that say nothing, and one that says a letter a second: none of them keeps the others waiting.
    let silent: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&desk.address).unwrap()).collect();
    let begun = Instant::now();
    assert_eq!(desk.get("/", &[]).0, 200);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let mut slow = TcpStream::connect(&desk.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let begun = Instant::now();
    let mut letters = "GET / HTTP/1.1\r\nHost: 127.0.0.1".chars().cycle();
    while begun.elapsed() < Duration::from_secs(15) {
        let letter = letters.next().unwrap();
        if slow.write_all(letter.to_string().as_bytes()).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(begun.elapsed() < Duration::from_secs(12), "a slow question was heard for {:?}", begun.elapsed());
    drop(silent);
    assert_eq!(desk.get("/", &[]).0, 200);
}

#[test]
fn it_listens_on_this_machine_alone_unless_told_and_ends_well_when_told() {
    let Some((office, mut desk)) = opened() else { return };
    assert!(desk.address.starts_with("127.0.0.1:"), "{}", desk.address);
    for (address, words) in [("0.0.0.0:0", "every address"), ("192.0.2.1:8080", "--beyond-this-machine")] {
        let refused = ended(program().args(["desk", &office.place(), "--by", "Zhao", "--bind", address]));
        assert_ne!(refused.code, Some(0));
        says(&refused.stderr, &[words]);
    }
    let taken = ended(program().args(["desk", &office.place(), "--by", "Zhao", "--bind", &desk.address]));
    assert_eq!(taken.code, Some(1));
    says(&taken.stderr, &["another port"]);
    let id = desk.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(desk.child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    desk.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    says(&said, &["what was written stands"]);
}
