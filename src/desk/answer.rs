//! What the desk answers: pages, pictures, JSON, refusals; with headers that let a browser do nothing else with them.
//!
//! Law: no answer may be kept, framed, sniffed or read by another page. An error says nothing of this machine.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, SET_COOKIE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::desk::guard::Refusal;

/// Headers of every answer.
const ALWAYS: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];
/// Policy of a page, which has a stricter one of its own in it.
const OF_PAGE: &str = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'";
/// Policy of everything else.
const OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
/// The page for who is not in yet: it takes the secret from behind `#`, where no browser sends it to anybody.
const ENTRANCE: [&str; 3] = [include_str!("entrance.html"), "<script>", "</script>"];

/// An answer.
pub type Answer = Response<Full<Bytes>>;

fn made(status: StatusCode, kind: &'static str, policy: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert("content-type", HeaderValue::from_static(kind));
    headers.insert("content-security-policy", HeaderValue::from_static(policy));
    answer
}

/// A page.
pub fn page(html: &[u8]) -> Answer {
    made(StatusCode::OK, "text/html; charset=utf-8", OF_PAGE, html.to_vec())
}

/// The page for who is not in yet. It may run its own script and ask this desk, nothing else.
pub fn entrance() -> Answer {
    let [html, begin, end] = ENTRANCE;
    let script =
        html.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(script, _)| script);
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; connect-src 'self'; img-src data:; {OF_PAGE}"
    );
    let mut answer = page(html.as_bytes());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        answer.headers_mut().insert("content-security-policy", policy);
    }
    answer
}

/// A file beside the page.
pub fn file(name: &str, bytes: &[u8]) -> Answer {
    let kind = if name.ends_with(".js") { "text/javascript; charset=utf-8" } else { "image/jpeg" };
    made(StatusCode::OK, kind, OF_DATA, bytes.to_vec())
}

/// JSON.
pub fn data(status: StatusCode, value: &Value) -> Answer {
    made(status, "application/json", OF_DATA, value.to_string().into_bytes())
}

/// A refusal.
pub fn refused((status, why): Refusal) -> Answer {
    data(status, &json!({"error": why}))
}

/// The answer to who is let in: a cookie that no script reads and no other page sends.
pub fn entered(name: &str, cookie: &str) -> Answer {
    let mut answer = data(StatusCode::OK, &json!({"entered": true}));
    let text = format!("{name}={cookie}; Path=/; HttpOnly; SameSite=Strict");
    if let Ok(value) = HeaderValue::from_str(&text) {
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    answer
}
