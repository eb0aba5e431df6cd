//! The address of a shared ledger, as `psql` takes it: postgresql://USER@HOST:PORT/DATABASE?schema=NAME&sslmode=MODE.
//!
//! In:  words of a command line, PGPASSWORD, the password file. Out: an open connection.
//! Law: a password is never said, in an error or elsewhere.
//! Source: PostgreSQL 15, "Connection Strings", "The Password File", "Environment Variables".

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config};

use crate::ledger::LedgerError;
use crate::ledger::postgres::password;
use crate::ledger::postgres::refusal::refused;
use crate::ledger::postgres::secure::{Secure, connector};

/// The schema of a ledger unless another is named.
const SCHEMA: &str = "steppewatch";
/// How long a server may take to answer at all.
const ANSWER: Duration = Duration::from_secs(10);
/// A server that is gone without a word is found out after about a minute: `IDLE` and three times `PROBE`.
const IDLE: Duration = Duration::from_secs(30);
/// Between two questions whether it is still there.
const PROBE: Duration = Duration::from_secs(10);

/// Where a shared ledger is.
#[derive(Clone)]
pub struct Address {
    config: Config,
    /// The schema that holds it.
    pub schema: String,
    secure: Secure,
    authority: Option<PathBuf>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// `Words` for what is none.
    pub fn parse(words: &str) -> Result<Self, LedgerError> {
        let wrong = |expected: String| LedgerError::Words {
            what: "the address of a ledger",
            expected,
            found: without_secrets(words),
        };
        let (place, query) = words.split_once('?').unwrap_or((words, ""));
        let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut schema = SCHEMA.to_owned();
        let mut mode = from_environment("PGSSLMODE").unwrap_or_else(|| "prefer".to_owned());
        let mut authority = from_environment("PGSSLROOTCERT");
        let mut rest = Vec::new();
        // These three the crate does not know, or knows in part.
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "schema" => schema = decoded(value),
                "sslmode" => mode = decoded(value),
                "sslrootcert" => authority = Some(decoded(value)),
                _ => rest.push(pair),
            }
        }
        if !is_plain(&schema) {
            return Err(wrong("a schema of small letters, digits and _ (at most 63)".to_owned()));
        }
        let modes = || wrong("sslmode disable, allow, prefer, require, verify-ca or verify-full".to_owned());
        let secure = Secure::parse(&mode).ok_or_else(modes)?;
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        let expected = |error: postgres::Error| {
            wrong(format!("postgresql://USER@HOST:PORT/DATABASE?schema=NAME&sslmode=MODE ({error})"))
        };
        let mut config = Config::from_str(&format!("{place}{query}")).map_err(expected)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("the name of a server before the database".to_owned()));
        }
        let is_near = |host: &Host| matches!(host, Host::Unix(_));
        // A socket of this machine is never encrypted, whatever is asked of the network.
        let secure = if config.get_hosts().iter().all(is_near) && !config.get_hosts().is_empty() {
            Secure::Off
        } else {
            secure
        };
        config.ssl_mode(match secure {
            Secure::Off => SslMode::Disable,
            Secure::Offered => SslMode::Prefer,
            Secure::Must | Secure::Checked => SslMode::Require,
        });
        let authority = authority.filter(|file| file != "system").map(PathBuf::from);
        Ok(Self { config, schema, secure, authority })
    }

    /// Connects.
    ///
    /// # Errors
    /// `Server` with what to do: nobody answers, no such database, a password, a certificate.
    pub fn connect(&self) -> Result<Client, LedgerError> {
        let mut config = self.config.clone();
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(ANSWER));
        config.application_name(self.config.get_application_name().unwrap_or("steppewatch"));
        config.keepalives_idle(config.get_keepalives_idle().min(IDLE));
        config.keepalives_interval(config.get_keepalives_interval().unwrap_or(PROBE));
        config.keepalives_retries(config.get_keepalives_retries().unwrap_or(3));
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(IDLE + 3 * PROBE);
        }
        if config.get_password().is_none()
            && let Some(password) = password::found(&self.asked())
        {
            config.password(password);
        }
        // What a server remarks by the way (that a table is there already) is for nobody.
        config.notice_callback(|_| {});
        let secure = connector(self.secure, self.authority.as_deref()).map_err(|reason| {
            let next = "give sslrootcert=FILE with the certificate of its authority, as PEM".to_owned();
            LedgerError::Server { place: self.to_string(), doing: "check its certificate", reason, next }
        })?;
        config.connect(secure).map_err(|error| refused(self, "connect", &error))
    }

    /// What a line of the password file is compared with.
    fn asked(&self) -> password::Asked {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(folder)) => folder.display().to_string(),
            None => self.config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432).to_string();
        let user = self.user();
        let database = self.database().to_owned();
        password::Asked { host, port, database, user }
    }

    /// The database, which is that of the user's name where none is named.
    pub fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or("of the account's name")
    }

    /// The role that it connects as.
    pub fn user(&self) -> String {
        let account = || std::env::var("USER").unwrap_or_default();
        self.config.get_user().map_or_else(account, str::to_owned)
    }
}

/// Without password, and without what does not say where it is.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "postgresql://")?;
        if let Some(user) = self.config.get_user() {
            write!(out, "{user}@")?;
        }
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts();
        let mut names: Vec<String> = hosts
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(folder) => folder.display().to_string().replace('/', "%2F"),
            })
            .collect();
        if names.is_empty() {
            names.extend(self.config.get_hostaddrs().iter().map(ToString::to_string));
        }
        for (place, name) in names.iter().enumerate() {
            let port = ports.get(place).or(ports.first()).filter(|port| **port != 5432);
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            write!(out, "{}{name}{port}", if place == 0 { "" } else { "," })?;
        }
        write!(out, "/{}", self.config.get_dbname().unwrap_or_default())?;
        if self.schema != SCHEMA {
            write!(out, "?schema={}", self.schema)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

/// An address that could not be read, without what may be a password: what stands before the last `@`, and the query.
pub fn without_secrets(words: &str) -> String {
    let (scheme, rest) = words.split_once("://").unwrap_or(("", words));
    let place = rest.split('?').next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    format!("{scheme}://{place}")
}

/// A name that needs no quotes anywhere, and is none of the server's own.
fn is_plain(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    name.starts_with(is_letter)
        && name.len() <= 63
        && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit())
        && !name.starts_with("pg_")
}

/// Signs as a query spells them; what is no such sign stays.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let [first, others @ ..] = rest {
        let sign = value_of(rest);
        bytes.push(sign.unwrap_or(*first));
        rest = if sign.is_some() { rest.get(3..).unwrap_or_default() } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn value_of(rest: &[u8]) -> Option<u8> {
    let digits = rest.strip_prefix(b"%")?.get(..2)?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_said_without_its_password() {
        for (given, said) in [
            ("postgresql://li:pass@office/steppe", "postgresql://li@office/steppe"),
            ("postgres://office:5432/steppe?sslmode=require", "postgresql://office/steppe"),
            (
                "postgresql://li@%2Frun%2Fpg:5433/steppe?schema=north",
                "postgresql://li@%2Frun%2Fpg:5433/steppe?schema=north",
            ),
            (
                "postgresql:///steppe?host=%2Frun%2Fpg&user=li&password=x",
                "postgresql://li@%2Frun%2Fpg/steppe",
            ),
            ("postgresql://a:1,b:2/steppe", "postgresql://a:1,b:2/steppe"),
        ] {
            assert_eq!(Address::parse(given).unwrap().to_string(), said);
        }
        assert!(Address::parse("postgresql:///steppe").unwrap_err().to_string().contains("name of a server"));
    }

    #[test]
    fn a_mode_is_kept_and_a_socket_is_never_encrypted() {
        let secure = |words: &str| Address::parse(words).unwrap().secure;
        assert_eq!(secure("postgresql://h/d?sslmode=disable"), Secure::Off);
        assert_eq!(secure("postgresql://h/d?sslmode=prefer"), Secure::Offered);
        assert_eq!(secure("postgresql://h/d?sslmode=require"), Secure::Must);
        assert_eq!(secure("postgresql://h/d?sslmode=verify-ca"), Secure::Checked);
        assert_eq!(secure("postgresql://%2Frun/d?sslmode=require"), Secure::Off);
    }

    #[test]
    fn a_schema_is_a_plain_name() {
        for name in ["Steppe", "a b", "a\"b", "", "1a", "pg_catalog", "草原"] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("north_2026") && decoded("a%5Fb%zz%") == "a_b%zz%");
    }
}
