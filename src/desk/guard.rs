//! What a question must be before anybody looks at what it asks: from whom, to whom, of which kind.
//!
//! In:  method, address and headers. Out: what to do, or why not.
//! Law: a name that is not this desk's is refused on every route, so that no other page reaches it under a name of its own
//!      (DNS rebinding). Who writes comes from this desk's own page, says so, and brings what only that page knows.

use std::net::SocketAddr;

use hyper::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, ORIGIN};
use hyper::{Method, StatusCode, Uri};

/// Name of the cookie: that of the port too, because browsers keep cookies of one machine together whatever the port.
pub fn cookie_name(headers: &HeaderMap) -> String {
    let host = single(headers, HOST).unwrap_or_default();
    let port = host.rsplit(':').next().filter(|port| port.bytes().all(|letter| letter.is_ascii_digit()));
    format!("steppewatch_desk_{}", port.unwrap_or_default())
}

/// Header that brings what only the desk's own page knows.
pub const CSRF_HEADER: &str = "x-steppewatch-desk";

/// Why a question is refused: the status, and words without anything of the question in them.
pub type Refusal = (StatusCode, &'static str);

/// Names under which a desk is asked: those of the address that it listens on.
pub fn names(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let mut names = vec![address.to_string()];
    if address.ip().is_loopback() {
        names.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
    }
    names
}

/// A text header that stands exactly once.
fn single(headers: &HeaderMap, name: impl hyper::header::AsHeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

/// Whether the question is for this desk at all, and not from another page.
///
/// # Errors
/// 403 for another name or another page, 400 for an address that is none.
pub fn is_for(names: &[String], uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let wrong = Err((StatusCode::FORBIDDEN, "this desk goes by another name"));
    let Some(host) = single(headers, HOST) else { return wrong };
    let is_ours = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
    if !is_ours(host) || uri.authority().is_some_and(|authority| !is_ours(authority.as_str())) {
        return wrong;
    }
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err((StatusCode::FORBIDDEN, "only the desk's own page may ask")),
    }
}

/// Whether a question that writes comes from the desk's own page and is JSON.
///
/// # Errors
/// 403 where its origin is missing or another, 415 for another kind of content.
pub fn may_write(headers: &HeaderMap) -> Result<(), Refusal> {
    let host = single(headers, HOST).unwrap_or_default();
    let is_own = single(headers, ORIGIN)
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|origin| !host.is_empty() && origin.eq_ignore_ascii_case(host));
    if !is_own {
        return Err((StatusCode::FORBIDDEN, "only the desk's own page may write"));
    }
    if single(headers, CONTENT_TYPE) != Some("application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected application/json"));
    }
    Ok(())
}

/// What the cookie of the desk says.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let own = cookie_name(headers);
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == own).map(|(_, value)| value)
}

/// What a question that writes brings besides its cookie.
pub fn csrf(headers: &HeaderMap) -> Option<&str> {
    single(headers, CSRF_HEADER)
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// The page.
    Page,
    /// A picture or tiles beside it, by name.
    File(String),
    /// Where every case stands.
    State,
    /// One lead, by the page's name of it.
    Lead(String),
    /// To be let in.
    Enter,
    /// A step of a lead.
    Step,
}

/// What is asked for. A path is taken letter by letter: nothing in it is decoded, joined or looked up on a disk.
///
/// # Errors
/// 404 for what is nothing here, 405 for another method.
pub fn route(method: &Method, path: &str) -> Result<Route, Refusal> {
    let lead = path.strip_prefix("/desk/lead/");
    let (route, wanted) = match path {
        "/" => (Route::Page, Method::GET),
        "/desk/state" => (Route::State, Method::GET),
        "/desk/enter" => (Route::Enter, Method::POST),
        "/desk/step" => (Route::Step, Method::POST),
        _ if lead.is_some() => (Route::Lead(lead.unwrap_or_default().to_owned()), Method::GET),
        _ if path.starts_with("/pictures/") || path.starts_with("/tiles/") => {
            (Route::File(path[1..].to_owned()), Method::GET)
        }
        _ => return Err((StatusCode::NOT_FOUND, "there is nothing here")),
    };
    if *method == wanted { Ok(route) } else { Err((StatusCode::METHOD_NOT_ALLOWED, "not in this way")) }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn another_name_is_refused_whatever_is_asked() {
        let names = names("127.0.0.1:8080".parse().unwrap());
        let ask = |uri: &str, pairs: &[_]| is_for(&names, &uri.parse().unwrap(), &headers(pairs)).is_ok();
        assert!(ask("/", &[("host", "127.0.0.1:8080")]) && ask("/", &[("host", "LocalHost:8080")]));
        for wrong in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost.evil.example:8080",
            "",
        ] {
            assert!(!ask("/", &[("host", wrong)]), "{wrong}");
        }
        assert!(!ask("/", &[]) && !ask("/", &[("host", "127.0.0.1:8080"), ("host", "evil.example")]));
        assert!(!ask("http://evil.example/", &[("host", "127.0.0.1:8080")]));
        assert!(!ask("/", &[("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")]));
        assert!(!ask("/", &[("host", "127.0.0.1:8080"), ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn who_writes_comes_from_the_own_page_and_brings_json() {
        let host = ("host", "127.0.0.1:8080");
        let (own, json) = (("origin", "http://127.0.0.1:8080"), ("content-type", "application/json"));
        assert!(may_write(&headers(&[host, own, json])).is_ok());
        for wrong in [
            &[host, json][..],
            &[host, ("origin", "null"), json],
            &[host, ("origin", "http://evil.example"), json],
            &[host, ("origin", "https://127.0.0.1:8080"), json],
            &[host, ("origin", "http://localhost:8080"), json],
        ] {
            assert_eq!(may_write(&headers(wrong)).unwrap_err().0, StatusCode::FORBIDDEN, "{wrong:?}");
        }
        for kind in
            ["text/plain", "application/x-www-form-urlencoded", "application/json;x", "multipart/form-data"]
        {
            let refused = may_write(&headers(&[host, own, ("content-type", kind)])).unwrap_err();
            assert_eq!(refused.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
    }

    #[test]
    fn only_what_is_named_is_there() {
        let get = |path: &str| route(&Method::GET, path);
        assert_eq!(get("/").unwrap(), Route::Page);
        assert_eq!(get("/pictures/a_before.jpg").unwrap(), Route::File("pictures/a_before.jpg".to_owned()));
        for path in [
            "/../etc/passwd",
            "/%2e%2e/x",
            "//",
            "/index.html",
            "/desk",
            "/.git",
            "/..\\x",
            "",
            "/desk/enter/x",
        ] {
            assert_eq!(get(path).unwrap_err().0, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(get("/desk/step").unwrap_err().0, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(route(&Method::DELETE, "/").unwrap_err().0, StatusCode::METHOD_NOT_ALLOWED);
    }
}
