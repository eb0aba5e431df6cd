//! Which hosts may be asked, and which of them may see a secret.
//!
//! Law: a place is asked if it was named: by the address that the user gave, or by `--host`. Numbers of this machine and of
//!      private networks are named like any other, and never reached because an answer says so. A token goes to named
//!      places only, and to none in the open but this machine.

use std::collections::BTreeSet;
use std::fmt;

use url::{Host, Url};

use crate::bucket::web::error::{WebError, shown};

/// Parameters of an address that are a signature; with one of them a token would be one proof too many.
const SIGNATURES: [&str; 4] = ["sig", "x-amz-signature", "signature", "x-goog-signature"];

/// A server or a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    scheme: String,
    host: String,
    port: Option<u16>,
    is_this_machine: bool,
}

impl Place {
    /// Where an address lies.
    pub fn of(url: &Url) -> Result<Self, WebError> {
        let fault = |reason: &str| WebError::Name { address: shown(url), reason: reason.to_owned() };
        if !matches!(url.scheme(), "http" | "https" | "s3") {
            return Err(fault("is no address on the web"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| fault("names no host"))?;
        let is_this_machine = match url.host() {
            Some(Host::Ipv4(number)) => number.is_loopback(),
            Some(Host::Ipv6(number)) => number.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let (scheme, host) = (url.scheme().to_owned(), host.to_owned());
        Ok(Self { scheme, host, port: url.port_or_known_default(), is_this_machine })
    }

    /// `HOST`, `HOST:PORT` (both encrypted), `http://HOST:PORT` or `s3://BUCKET`.
    pub fn parse(text: &str) -> Result<Self, WebError> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let fault = |reason: String| WebError::Name { address: text.to_owned(), reason };
        let url = Url::parse(&whole).map_err(|error| fault(format!("names no host ({error})")))?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty() {
            return Err(fault("is more than a host".to_owned()));
        }
        Self::of(&url)
    }

    /// Whether nobody on the way can read what is said.
    pub fn is_encrypted(&self) -> bool {
        self.scheme != "http"
    }

    /// An error where a secret could be read on the way.
    fn keeps_secrets(&self, url: &Url) -> Result<(), WebError> {
        if self.is_encrypted() || self.is_this_machine {
            return Ok(());
        }
        Err(WebError::TokenInTheOpen { address: shown(url) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.scheme.as_str(), self.port) {
            ("https", Some(443)) | ("https", None) => f.write_str(&self.host),
            ("https", Some(port)) => write!(f, "{}:{port}", self.host),
            ("http", Some(80)) | (_, None) => write!(f, "{}://{}", self.scheme, self.host),
            (scheme, Some(port)) => write!(f, "{scheme}://{}:{port}", self.host),
        }
    }
}

/// Places that may be asked.
#[derive(Debug, Clone, Default)]
pub struct Allowed(BTreeSet<Place>);

impl Allowed {
    /// These.
    pub fn new(places: impl IntoIterator<Item = Place>) -> Self {
        Self(places.into_iter().collect())
    }

    /// The place of an address, if it may be asked.
    pub fn check(&self, url: &Url) -> Result<Place, WebError> {
        let place = Place::of(url)?;
        if !url.username().is_empty() || url.password().is_some() {
            let reason = "carries a user or a password; give a token in STEPPEWATCH_HTTP_TOKEN".to_owned();
            return Err(WebError::Name { address: shown(url), reason });
        }
        if self.0.contains(&place) {
            return Ok(place);
        }
        Err(WebError::NotNamed { address: shown(url), place: place.to_string() })
    }
}

/// What opens doors and is never shown: it has no `Debug` of its own and goes into no message and no file.
#[derive(Default, Clone)]
pub struct Secrets {
    token: Option<String>,
    query: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// A token for every place that was named (`STEPPEWATCH_HTTP_TOKEN`), and what is put behind the address of each asset
    /// that has nothing there (`STEPPEWATCH_HTTP_QUERY`, a signature for a whole container).
    pub fn from_environment() -> Self {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self { token: said("STEPPEWATCH_HTTP_TOKEN"), query: said("STEPPEWATCH_HTTP_QUERY") }
    }

    pub(super) fn token_for(&self, url: &Url, place: &Place) -> Result<Option<String>, WebError> {
        let Some(token) = &self.token else { return Ok(None) };
        if url.query_pairs().any(|(name, _)| SIGNATURES.contains(&name.to_ascii_lowercase().as_str())) {
            return Ok(None);
        }
        place.keeps_secrets(url)?;
        Ok(Some(format!("Bearer {}", token.trim())))
    }

    pub(super) fn signed(&self, url: &Url) -> Result<Url, WebError> {
        let (None, Some(query)) = (url.query(), &self.query) else { return Ok(url.clone()) };
        Place::of(url)?.keeps_secrets(url)?;
        let mut url = url.clone();
        url.set_query(Some(query.trim().trim_start_matches('?')));
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_named_places_are_asked() {
        let allowed = Allowed::new(
            ["cogs.example", "http://127.0.0.1:8080", "s3://county"].map(|text| Place::parse(text).unwrap()),
        );
        for good in ["https://cogs.example/a.tif", "http://127.0.0.1:8080/x?y", "s3://county/a.tif"] {
            assert!(allowed.check(&url(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://cogs.example/a.tif",
            "https://cogs.example:8443/a.tif",
            "http://127.0.0.1:9090/",
            "http://169.254.169.254/latest",
            "http://[::1]:8080/",
            "https://cogs.example.evil/a.tif",
            "https://user:word@cogs.example/a.tif",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "s3://other/a.tif",
        ] {
            assert!(allowed.check(&url(bad)).is_err(), "{bad}");
        }
        // Another writing of the same number is the same place, and no other is.
        assert!(allowed.check(&url("http://0x7f.1:8080/")).is_ok());
        let said = allowed.check(&url("https://other.example/a.tif?sig=canary")).unwrap_err().to_string();
        assert!(said.contains("--host other.example") && !said.contains("canary"), "{said}");
    }

    #[test]
    fn a_token_goes_nowhere_in_the_open_and_not_beside_a_signature() {
        let secrets = Secrets { token: Some("canary".to_owned()), query: Some("sig=canary".to_owned()) };
        let token = |text: &str| secrets.token_for(&url(text), &Place::of(&url(text)).unwrap());
        assert_eq!(token("https://a.example/x"), Ok(Some("Bearer canary".to_owned())));
        assert_eq!(token("https://a.example/x?se=1&sig=b"), Ok(None));
        assert!(token("http://a.example/x").is_err() && token("http://127.0.0.1/x").is_ok());
        let signed = |text: &str| secrets.signed(&url(text)).map(String::from);
        assert_eq!(signed("https://a.example/x").as_deref(), Ok("https://a.example/x?sig=canary"));
        assert_eq!(signed("https://a.example/x?y=1").as_deref(), Ok("https://a.example/x?y=1"));
        assert!(signed("http://a.example/x").is_err() && signed("http://127.0.0.1/x").is_ok());
        assert_eq!(format!("{secrets:?}"), "Secrets");
        assert_eq!(shown(&url("https://u:p@a.example/x?y=canary#z")), "https://a.example/x");
    }
}
