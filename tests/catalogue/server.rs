//! A web server on this machine that answers as badly as real ones do, by a seed.
//!
//! In:  files by path, a plan of faults. Out: answers; a log of what was asked.
//! Law: which fault an answer has depends on the seed, the path, the range and how often it was asked, never on time or thread.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A status without a file.
    Status(u16),
    /// A status with `Retry-After: 0`.
    Busy(u16),
    /// Half of the bytes, then the connection is closed.
    Short,
    /// The connection is closed without an answer.
    Dropped,
    /// A byte now and then.
    Slow,
    /// Other bytes, honestly described.
    OtherRange,
    /// A page for people.
    Page,
    /// The right number of zeros.
    Zeros,
    /// Zeros in the second half.
    HalfZeros,
    /// The right bytes of a version with another ETag.
    OtherVersion,
    /// The whole file.
    Whole,
    /// A redirection to some other place.
    Elsewhere(&'static str),
}

/// Faults that pass, one of which each spoiled answer has.
pub const PASSING: [Fault; 12] = [
    Fault::Busy(429),
    Fault::Busy(503),
    Fault::Status(500),
    Fault::Status(502),
    Fault::Short,
    Fault::Dropped,
    Fault::Slow,
    Fault::OtherRange,
    Fault::Page,
    Fault::Zeros,
    Fault::HalfZeros,
    Fault::OtherVersion,
];

/// Decides on the fault of an answer: path, range, how often it was asked.
pub type Plan = Box<dyn Fn(&str, &str, u64) -> Option<Fault> + Send + Sync>;

struct Shared {
    files: Mutex<BTreeMap<String, (Vec<u8>, String)>>,
    plan: Mutex<Plan>,
    asked: Mutex<BTreeMap<(String, String), u64>>,
    log: Mutex<Vec<String>>,
}

/// The server; it ends with the process.
pub struct Server {
    pub port: u16,
    shared: Arc<Shared>,
}

/// A request as far as it matters.
struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            files: Mutex::default(),
            plan: Mutex::new(Box::new(|_, _, _| None)),
            asked: Mutex::default(),
            log: Mutex::default(),
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, shared }
    }

    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        let etag = format!("\"{:x}-{}\"", crate::hash(&bytes), bytes.len());
        self.shared.files.lock().unwrap().insert(path.to_owned(), (bytes, etag));
    }

    /// Forgets what was asked and answers by another plan from now on.
    pub fn plan(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = plan;
        self.shared.asked.lock().unwrap().clear();
        self.shared.log.lock().unwrap().clear();
    }

    /// One line for each request: method, path with question, headers, body.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().clone()
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn serve(stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = request(&mut reader) {
        if !answer(&request, shared, &mut stream) {
            break;
        }
    }
}

/// Whether the connection stays.
fn answer(request: &Request, shared: &Shared, stream: &mut TcpStream) -> bool {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    let range = request.headers.get("range").cloned().unwrap_or_default();
    let line = format!("{} {} {:?} {}", request.method, request.path, request.headers, request.body);
    shared.log.lock().unwrap().push(line);
    let count = {
        let mut asked = shared.asked.lock().unwrap();
        let count = asked.entry((path.clone(), range.clone())).or_insert(0);
        *count += 1;
        *count
    };
    let fault = (shared.plan.lock().unwrap())(&request.path, &range, count);
    let Some((bytes, etag)) = shared.files.lock().unwrap().get(&path).cloned() else {
        return whole(stream, "404 Not Found", "", b"no such file", false);
    };
    match fault {
        None => piece(stream, (&bytes, &etag), request, None),
        Some(Fault::Dropped) => false,
        Some(Fault::Status(status)) => whole(stream, &format!("{status} Fault"), "", b"", false),
        Some(Fault::Busy(status)) => {
            whole(stream, &format!("{status} Busy"), "Retry-After: 0\r\n", b"", false)
        }
        Some(Fault::Page) => {
            whole(stream, "200 OK", "Content-Type: text/html\r\n", b"<html>please log in</html>", false)
        }
        Some(Fault::Whole) => whole(stream, "200 OK", "", &bytes, false),
        Some(Fault::Elsewhere(place)) => {
            whole(stream, "302 Found", &format!("Location: {place}\r\n"), b"", false)
        }
        fault => piece(stream, (&bytes, &etag), request, fault),
    }
}

fn whole(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8], is_short: bool) -> bool {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    let body = if is_short { &body[..body.len() / 2] } else { body };
    stream.write_all(head.as_bytes()).is_ok() && stream.write_all(body).is_ok() && !is_short
}

/// The bytes of a range, spoiled by a fault.
fn piece(
    stream: &mut TcpStream,
    (bytes, etag): (&[u8], &str),
    request: &Request,
    fault: Option<Fault>,
) -> bool {
    let other = "\"another\"";
    let etag = if fault == Some(Fault::OtherVersion) { other } else { etag };
    if request.headers.get("if-match").is_some_and(|wanted| wanted != etag) {
        return whole(stream, "412 Precondition Failed", "", b"", false);
    }
    let Some(range) = request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")) else {
        let head = format!("ETag: {etag}\r\n");
        let mut bytes = bytes.to_vec();
        if fault == Some(Fault::Zeros) {
            bytes.fill(0);
        }
        return whole(stream, "200 OK", &head, &bytes, fault == Some(Fault::Short));
    };
    let (from, to) = range.split_once('-').unwrap();
    let mut from: usize = from.parse().unwrap();
    let mut to = to.parse::<usize>().unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
    if from > to || bytes.is_empty() {
        return whole(stream, "416 Range Not Satisfiable", "", b"", false);
    }
    if fault == Some(Fault::OtherRange) {
        (from, to) =
            if to + 1 < bytes.len() { (from + 1, to + 1) } else { (from, to.saturating_sub(1).max(from)) };
    }
    let mut body = bytes[from..=to].to_vec();
    match fault {
        Some(Fault::Zeros) => body.fill(0),
        Some(Fault::HalfZeros) => {
            let half = body.len() / 2;
            body[half..].fill(0);
        }
        _ => {}
    }
    let head = format!("ETag: {etag}\r\nContent-Range: bytes {from}-{to}/{}\r\n", bytes.len());
    if fault == Some(Fault::Slow) {
        let head = format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\n{head}\r\n", body.len());
        stream.write_all(head.as_bytes()).ok();
        for byte in body.iter().take(3) {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(200));
        }
        return false;
    }
    whole(stream, "206 Partial Content", &head, &body, fault == Some(Fault::Short))
}
